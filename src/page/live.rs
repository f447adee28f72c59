//! The page of the last half hour of a site, or of one that waits for its first visit, and the parts of it that are sent whenever
//! they have changed.

use askama::Template;

use super::chart::scale::{height, percent, px, scale};
use super::chart::{AxisLabel, Bar, GridLine, PLOT_PX};
use super::words::Words;
use super::{Account, NotCounted, rendered};
use crate::cell::{Dimension, Metric};
use crate::counts::Name;
use crate::rejection::Rejection;
use crate::site::AddressMode;

/// The last half hour of a site, as a page.
#[derive(Debug, Clone, Template)]
#[template(path = "live.html")]
pub struct LivePage {
    /// Its texts.
    pub words: &'static Words,
    /// The site's domain.
    pub domain: String,
    /// Who is signed in.
    pub account: Option<Account>,
    /// What changes by itself.
    pub half_hour: HalfHour,
}

/// What changes of the page by itself: all that has the id `half-hour`.
#[derive(Debug, Clone, Template)]
#[template(path = "half_hour.html")]
pub struct HalfHour {
    /// Its texts.
    pub words: &'static Words,
    /// What becomes of addresses: says why something was not measured.
    pub address: AddressMode,
    /// Visitors of the last five minutes; nothing where they are not measured.
    pub now: Option<u64>,
    /// The same of the half hour.
    pub visitors: Option<u64>,
    /// Pageviews by minute, each with its time at the site; the last is running.
    pub minutes: Vec<(String, u32)>,
    /// What the visitors are at.
    pub lists: Vec<LiveList>,
}

/// What the visitors of the half hour are at, by one dimension.
#[derive(Debug, Clone)]
pub struct LiveList {
    /// By what.
    pub dimension: Dimension,
    /// The first values, most visitors first.
    pub rows: Vec<LiveRow>,
    /// How many values there are in all.
    pub values: usize,
}

/// A value, and the visitors that are at it.
#[derive(Debug, Clone)]
pub struct LiveRow {
    /// The value as stored.
    pub value: Name,
    /// How many.
    pub visitors: u64,
    /// Where the site's page of today shows this value alone.
    pub href: Option<String>,
}

impl LivePage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

impl HalfHour {
    /// The part as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    fn pageviews(&self) -> f64 {
        self.minutes.iter().map(|(_, pageviews)| f64::from(*pageviews)).sum()
    }

    /// The figures: a name, what it means, and the number.
    fn figures(&self) -> [(&'static str, &'static str, String); 3] {
        let words = self.words;
        let measured = |value: Option<u64>| words.metric(Metric::Visitors, value.map(|value| value as f64));
        let why = |why| if self.address == AddressMode::None { words.why_not_measured(self.address) } else { why };
        [
            (words.live_now, why(words.now_why), measured(self.now)),
            (words.visitors, why(words.live_visitors_why), measured(self.visitors)),
            (words.pageviews, words.live_pageviews_why, words.count(self.pageviews())),
        ]
    }

    fn exact(&self, pageviews: &u32) -> String {
        self.words.exact(f64::from(*pageviews))
    }

    fn top(&self) -> (f64, f64) {
        scale(self.minutes.iter().map(|(_, pageviews)| f64::from(*pageviews)).fold(0.0, f64::max), Metric::Pageviews)
    }

    fn grid(&self) -> Vec<GridLine> {
        let (step, top) = self.top();
        let lines = (0..=(top / step).round() as usize).map(|line| line as f64 * step);
        lines.map(|value| GridLine { y: px(PLOT_PX - value / top * PLOT_PX), text: self.words.count(value) }).collect()
    }

    fn text(&self, place: usize) -> String {
        let (words, (time, pageviews)) = (self.words, &self.minutes[place]);
        let amount = words.many(f64::from(*pageviews), words.pageview_word, words.pageviews_word);
        let form = if place + 1 == self.minutes.len() { words.so_far } else { words.bucket };
        words.two(form, time, amount)
    }

    fn bars(&self) -> Vec<Bar> {
        let (_, top) = self.top();
        let slot = 100.0 / self.minutes.len().max(1) as f64;
        let bar = |(place, (_, pageviews)): (usize, &(String, u32))| Bar {
            slot: (percent(place as f64 * slot), percent(slot)),
            x: (percent((place as f64 + 0.12) * slot), percent(slot * 0.76)),
            front: height(Some(f64::from(*pageviews)), top),
            back: None,
            before: None,
            text: self.text(place),
            is_running: place + 1 == self.minutes.len(),
        };
        self.minutes.iter().enumerate().map(bar).collect()
    }

    /// Every fifth minute of the clock.
    fn labels(&self) -> Vec<AxisLabel> {
        let slot = 100.0 / self.minutes.len().max(1) as f64;
        let of_clock = self.minutes.iter().enumerate().filter(|(_, (time, _))| time.ends_with(['0', '5']));
        let label = |(number, (place, (time, _))): (usize, (usize, &(String, u32)))| AxisLabel {
            x: percent((place as f64 + 0.5) * slot),
            text: time.clone(),
            is_minor: number % 2 == 1,
        };
        of_clock.enumerate().map(label).collect()
    }

    fn summary(&self) -> String {
        let best = (0..self.minutes.len()).max_by_key(|place| self.minutes[*place].1);
        match best.filter(|best| self.minutes[*best].1 > 0) {
            Some(best) => self.words.two(self.words.chart_summary, self.words.live_by_minute, self.text(best)),
            None => self.words.one(self.words.chart_nothing, self.words.live_by_minute),
        }
    }
}

impl LiveList {
    fn title(&self, words: &Words) -> &'static str {
        match self.dimension {
            Dimension::Source => words.live_sources,
            Dimension::Country => words.live_countries,
            _ => words.live_pages,
        }
    }

    fn singular(&self, words: &Words) -> &'static str {
        words.alone(self.dimension)
    }

    fn label(&self, row: &LiveRow, words: &Words) -> String {
        words.visible(words.label(self.dimension, &row.value)).into_owned()
    }

    fn bar(&self, row: &LiveRow) -> String {
        let most = self.rows.first().map_or(1, |first| first.visitors.max(1));
        percent(row.visitors as f64 / most as f64 * 100.0)
    }

    fn hidden(&self, words: &Words) -> Option<String> {
        let hidden = self.values - self.rows.len();
        (hidden > 0).then(|| words.one(words.more, words.exact(hidden as f64)))
    }
}

impl LiveRow {
    fn shown(&self, words: &Words) -> String {
        words.exact(self.visitors as f64)
    }
}

/// How many visitors there are now, as the page of a site says it: all that has the id `now`.
#[derive(Debug, Clone, Template)]
#[template(path = "now.html")]
pub struct Now {
    /// Its texts.
    pub words: &'static Words,
    /// What becomes of addresses: says why something was not measured.
    pub address: AddressMode,
    /// Visitors of the last five minutes; nothing where they are not measured.
    pub now: Option<u64>,
}

impl Now {
    /// The part as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    fn shown(&self) -> String {
        let words = self.words;
        let many = |now: u64| words.many(now as f64, words.visitor_now, words.visitors_now);
        self.now.map_or_else(|| words.now_not_measured.to_owned(), many)
    }

    fn why(&self) -> &'static str {
        if self.now.is_some() { self.words.now_why } else { self.words.why_not_measured(self.address) }
    }
}

/// What has arrived for a site for which nothing was ever counted: all that has the id `arrived`.
#[derive(Debug, Clone, Template)]
#[template(path = "arrived.html")]
pub struct Arrived {
    /// Its texts.
    pub words: &'static Words,
    /// Messages of the last days that were not counted, most frequent reason first.
    pub not_counted: Vec<NotCounted>,
    /// The hosts whose pages count; none where all do.
    pub hosts: Vec<String>,
    /// Whether messages came that name no site at all.
    pub is_any_unclaimed: bool,
}

impl Arrived {
    /// The part as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    /// What was not counted, a sentence for each reason; every other part between backticks is code.
    fn sentences(&self) -> Vec<String> {
        let words = self.words;
        let sentence = |line: &NotCounted| {
            let amount = words.many(line.count as f64, words.message_left_out, words.messages_left_out);
            match line.reason {
                Rejection::WrongHost if !self.hosts.is_empty() => {
                    let hosts: Vec<String> = self.hosts.iter().map(|host| format!("`{host}`")).collect();
                    words.two(words.arrived_hosts, amount, hosts.join(", "))
                }
                reason => words.two(words.arrived, amount, words.rejection(reason).1),
            }
        };
        self.not_counted.iter().map(sentence).collect()
    }
}
