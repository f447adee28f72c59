//! In: the last days of sites. Out: the list of sites, each with its line of days. Forgets: what lies between two pixels.

use askama::Template;

use super::format::Change;
use super::words::Words;
use super::{Account, LinkTo, NotCounted, rendered};
use crate::cell::Metric;

/// Width and height of a line of days, in units of its drawing; it is stretched to the room that there is.
const SPARK: (f64, f64) = (300.0, 30.0);

/// The list of sites that somebody may read.
#[derive(Debug, Clone, Template)]
#[template(path = "sites.html")]
pub struct SitesPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// Whether sites can be added by who reads this.
    pub is_owner: bool,
    /// The periods to choose from.
    pub periods: Vec<LinkTo>,
    /// The key of the one that is shown, such as `7d`.
    pub period_key: String,
    /// What the period is called.
    pub period_name: String,
    /// The sites of this part of the list, in the order in which they are listed.
    pub sites: Vec<SiteLine>,
    /// What was searched for.
    pub search: Option<String>,
    /// How many sites there are, and how many of them have what was searched for.
    pub counts: (usize, usize),
    /// Where the parts of the list before and behind this one are.
    pub around: [Option<String>; 2],
    /// Messages of the last seven days that could be booked to no site of the list, by reason.
    pub unclaimed: Vec<NotCounted>,
}

/// A site in the list.
#[derive(Debug, Clone)]
pub struct SiteLine {
    /// Its domain.
    pub domain: String,
    /// Visitors of the last minutes; nothing where they are not measured.
    pub now: Option<f64>,
    /// Whether visitors are measured; else pageviews stand in their place.
    pub is_measured: bool,
    /// Visitors of each day of the period, the running one last.
    pub days: Vec<f64>,
    /// Visitors of the period.
    pub sum: f64,
    /// Visitors of as many days before, without their last; nothing if not all of them were counted.
    pub before: Option<f64>,
}

impl SitesPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    /// What arrived for no site; every other part between backticks is code.
    fn unclaimed_shown(&self) -> String {
        let line = |line: &NotCounted| format!("{} ({})", line.name(self.words), line.shown(self.words));
        self.words.one(self.words.unclaimed, self.unclaimed.iter().map(line).collect::<Vec<_>>().join(", "))
    }

    /// Whether a list is long enough to be searched.
    fn is_searchable(&self) -> bool {
        self.counts.0 > 5 || self.search.is_some()
    }

    /// How many of the sites are listed here, unless all are.
    fn listed(&self) -> Option<String> {
        let (listed, all) = (self.sites.len(), self.counts.1);
        let shown = |count: usize| self.words.exact(count as f64);
        (listed < all).then(|| self.words.two(self.words.rows_of, shown(listed), shown(all)))
    }
}

impl SiteLine {
    fn metric(&self) -> Metric {
        if self.is_measured { Metric::Visitors } else { Metric::Pageviews }
    }

    fn now_shown(&self, words: &Words) -> String {
        words.metric(Metric::Visitors, self.now)
    }

    fn today_shown(&self, words: &Words) -> String {
        self.counted(self.days.last().copied().unwrap_or(0.0), words)
    }

    fn sum_shown(&self, words: &Words) -> String {
        self.counted(self.sum, words)
    }

    /// A count; pageviews say that they are none of visitors.
    fn counted(&self, count: f64, words: &Words) -> String {
        let shown = words.count(count);
        if self.is_measured {
            return shown;
        }
        words.one(words.form(count, words.pageview_word, words.pageviews_word), shown)
    }

    fn full(&self, words: &Words) -> Option<String> {
        words.full(self.metric(), Some(self.sum))
    }

    /// The days that are over against as many before them.
    fn change(&self, words: &Words) -> Option<Change> {
        let over = self.days.iter().rev().skip(1).sum();
        words.change(self.metric(), Some(over), self.before)
    }

    /// What the line of days says.
    fn spark_says(&self, words: &Words) -> String {
        let ends = [f64::min, f64::max].map(|end| self.days.iter().copied().reduce(end).unwrap_or(0.0));
        let text = if self.is_measured { words.spark_visitors } else { words.spark_pageviews };
        words.two(text, words.exact(ends[0]), words.exact(ends[1]))
    }

    /// The line of days: those that are over, what lies below, and the way to the running day.
    fn spark(&self) -> Spark {
        let most = self.days.iter().copied().fold(1.0, f64::max);
        let steps = self.days.len().saturating_sub(1).max(1) as f64;
        let (width, height) = SPARK;
        let point = |(at, day): (usize, &f64)| {
            let (x, y) = (at as f64 / steps * width, (1.0 - (day / most).clamp(0.0, 1.0)) * height);
            format!("{} {}", x.round(), y.round())
        };
        let points: Vec<String> = self.days.iter().enumerate().map(point).collect();
        let over = points.len().saturating_sub(1);
        Spark {
            over: format!("M{}", points[..over].join("L")),
            below: format!("M0 {height}L{}L{width} {height}z", points.join("L")),
            running: format!("M{}", points[over.saturating_sub(1)..].join("L")),
        }
    }
}

/// Paths of SVG.
struct Spark {
    over: String,
    below: String,
    running: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::words::{ENGLISH, GERMAN};

    fn line(days: &[f64]) -> SiteLine {
        let sum = days.iter().sum();
        let domain = "example.com".into();
        SiteLine { domain, now: Some(1.0), is_measured: true, days: days.to_vec(), sum, before: None }
    }

    #[test]
    fn a_line_of_days_runs_from_edge_to_edge_and_is_broken_where_today_begins() {
        let spark = line(&[0.0, 5.0, 10.0]).spark();
        assert_eq!(spark.over, "M0 30L150 15");
        assert_eq!(spark.below, "M0 30L0 30L150 15L300 0L300 30z");
        assert_eq!(spark.running, "M150 15L300 0");
        assert_eq!(line(&[0.0; 3]).spark().over, "M0 30L150 30");
        for odd in [&[][..], &[7.0], &[f64::MAX, 0.0]] {
            let Spark { over, below, running } = line(odd).spark();
            assert!([over, below, running].iter().all(|path| path.starts_with('M') && !path.contains("NaN")));
        }
    }

    #[test]
    fn a_line_of_days_is_told_in_words() {
        assert_eq!(line(&[1_200.0, 3.0]).spark_says(&ENGLISH), "Visitors by day: at least 3, at most 1,200");
        let unmeasured = SiteLine { is_measured: false, now: None, ..line(&[20_000.0]) };
        assert_eq!(unmeasured.spark_says(&ENGLISH), "Pageviews by day: at least 20,000, at most 20,000");
        assert_eq!(unmeasured.now_shown(&GERMAN), GERMAN.not_available);
        assert_eq!(unmeasured.sum_shown(&ENGLISH), "20.0k pageviews");
        assert_eq!(SiteLine { days: vec![1.0], ..unmeasured }.today_shown(&GERMAN), "1 Seitenaufruf");
    }
}
