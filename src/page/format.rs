//! In: numbers and days. Out: the short texts that people read, in their language. Forgets: digits nobody needs;
//! [`Words::exact`] keeps them.

use super::words::Words;
use crate::cell::Metric;
use crate::report::{FigureBounds, money};
use crate::site::Day;

/// A figure as it stands on a page.
pub struct ShownFigure {
    /// The figure.
    pub shown: String,
    /// All its digits, or its bounds with all of theirs, where it does not show them.
    pub full: Option<String>,
    /// The bounds of what is estimated.
    pub beside: Option<String>,
}

impl Words {
    /// A count to read at a glance: `1,234`, from 10,000 on `12.3k`, `4.5M`, `6.7B`.
    pub fn count(&self, value: f64) -> String {
        let value = tame(value).round();
        if value < 10_000.0 {
            return self.exact(value);
        }
        // A unit is left for the next one as soon as three digits no longer hold the rounded value.
        let sizes = [1e3, 1e6, 1e9, 1e12];
        let place = sizes.iter().position(|size| value < size * 999.5).unwrap_or(sizes.len() - 1);
        let scaled = value / sizes[place];
        let decimals = if scaled < 99.95 { 1 } else { 0 };
        self.locale.decimals(&format!("{scaled:.decimals$}")) + self.locale.units[place]
    }

    /// A count with all its digits: `12,345`.
    pub fn exact(&self, value: f64) -> String {
        self.locale.whole(&format!("{:.0}", tame(value).round()))
    }

    /// A number with so many decimals.
    fn decimals(&self, value: f64, decimals: usize) -> String {
        self.locale.decimals(&format!("{:.decimals$}", tame(value)))
    }

    /// So many percent, written with decimals.
    fn percent(&self, value: f64, decimals: usize) -> String {
        self.decimals(value, decimals) + self.locale.percent
    }

    /// A share of 1 as whole percent; what is there but rounds to nothing is `<1 %`.
    pub fn share(&self, part: f64) -> String {
        let percent = tame(part) * 100.0;
        if percent > 0.0 && percent < 0.5 { format!("<1{}", self.locale.percent) } else { self.percent(percent, 0) }
    }

    /// The value of a metric in its own unit; `n/a` where it was not measured.
    pub fn metric(&self, metric: Metric, value: Option<f64>) -> String {
        let Some(value) = value else { return self.not_available.to_owned() };
        match metric {
            Metric::ViewsPerVisit | Metric::TotalRevenue | Metric::AverageRevenue => self.decimals(value, 2),
            Metric::BounceRate | Metric::ScrollDepth => self.percent(value, 0),
            Metric::Percentage | Metric::ConversionRate | Metric::GroupConversionRate | Metric::ExitRate => {
                self.percent(value, 1)
            }
            Metric::VisitDuration | Metric::TimeOnPage => self.locale.duration(tame(value).round() as u64),
            Metric::Visitors | Metric::Visits | Metric::Pageviews | Metric::Events => self.count(value),
        }
    }

    /// The value with all its digits, where [`Words::metric`] leaves some out.
    pub fn full(&self, metric: Metric, value: Option<f64>) -> Option<String> {
        value.filter(|value| metric.is_count() && *value >= 9_999.5).map(|value| self.exact(value))
    }

    /// A metric, and what is known of it: of one that is estimated its bounds stand beside it.
    pub fn figure(&self, metric: Metric, value: Option<f64>, bounds: Option<FigureBounds>) -> ShownFigure {
        let shown = self.metric(metric, value);
        let Some(FigureBounds { low, high, is_estimated }) = bounds else {
            return ShownFigure { shown, full: self.full(metric, value), beside: None };
        };
        let exact = self.two(self.bounds, self.exact(low), self.exact(high));
        if !is_estimated {
            return ShownFigure { shown: self.one(self.at_most, shown), full: Some(exact), beside: None };
        }
        let [low, high] = [low, high].map(|bound| self.metric(metric, Some(bound)));
        let beside = Some(self.two(self.bounds, low, high));
        ShownFigure { shown: format!("\u{2248}\u{a0}{shown}"), full: Some(exact), beside }
    }

    /// A count with all its digits; `n/a` where it was not measured.
    pub fn whole(&self, value: Option<f64>) -> String {
        value.map_or_else(|| self.not_available.to_owned(), |value| self.exact(value))
    }

    /// An amount of money in its currency's unit, with its decimals: `1,234.50`.
    pub fn amount(&self, currency: &str, value: f64) -> String {
        let decimals = money::decimals(currency) as usize;
        let part = 10_f64.powi(decimals as i32);
        let parts = (value.abs() * part).round();
        let sign = if value < 0.0 && parts > 0.0 { "\u{2212}" } else { "" };
        let whole = self.exact((parts / part).floor());
        if decimals == 0 {
            return format!("{sign}{whole}");
        }
        format!("{sign}{whole}{}{:0decimals$}", self.locale.decimal, tame(parts % part) as u32)
    }

    /// An amount to read at a glance: `1,234.50`, from 10,000 on `12.3k`.
    pub fn brief_amount(&self, currency: &str, value: f64) -> String {
        if value.abs() < 10_000.0 {
            return self.amount(currency, value);
        }
        let sign = if value < 0.0 { "\u{2212}" } else { "" };
        format!("{sign}{}", self.count(value.abs()))
    }

    /// Money by currency: `EUR 1,234.50, USD 3.00`.
    pub fn money(&self, sums: &[(String, f64)]) -> String {
        self.each_money(sums, |currency, sum| self.amount(currency, sum))
    }

    /// The same to read at a glance: `EUR 12.3k`.
    pub fn brief_money(&self, sums: &[(String, f64)]) -> String {
        self.each_money(sums, |currency, sum| self.brief_amount(currency, sum))
    }

    fn each_money(&self, sums: &[(String, f64)], written: impl Fn(&str, f64) -> String) -> String {
        let sums = sums.iter().map(|(currency, sum)| self.locale.money(currency, &written(currency, *sum)));
        sums.collect::<Vec<_>>().join(", ")
    }

    /// The change from `before` to `now`, in percent of `before`; of rates in points, because percent of percent
    /// mislead. Nothing unless both were measured.
    pub fn change(&self, metric: Metric, now: Option<f64>, before: Option<f64>) -> Option<Change> {
        let (now, before) = (tame(now?), tame(before?));
        let in_points = matches!(
            metric,
            Metric::BounceRate | Metric::ScrollDepth | Metric::ConversionRate | Metric::GroupConversionRate
        );
        if !in_points && before == 0.0 && now > 0.0 {
            return Some(Change { text: self.change_new.to_owned(), tone: Tone::Good });
        }
        let whole = match (in_points, before == 0.0) {
            (true, _) => now - before,
            (false, true) => 0.0,
            (false, false) => (now - before) / before * 100.0,
        }
        .round();
        let tone = match (whole == 0.0, (whole > 0.0) != (metric == Metric::BounceRate)) {
            (true, _) => Tone::Even,
            (false, true) => Tone::Good,
            (false, false) => Tone::Bad,
        };
        let size = self.exact(whole.abs());
        let size = match (in_points, whole.abs() == 1.0) {
            (true, true) => self.one(self.change_point, size),
            (true, false) => self.one(self.change_points, size),
            (false, _) => size + self.locale.percent,
        };
        Some(Change { text: format!("{}{}", sign(whole), size.replace(' ', "\u{a0}")), tone })
    }

    /// The days of a range in words: `17 to 23 November 2026`.
    pub fn range(&self, first: Day, last: Day) -> String {
        let (from, to) = (first.date(), last.date());
        if from == to {
            return self.locale.date(to, self.date_full);
        }
        let form = match (from.year() == to.year(), from.month() == to.month()) {
            (true, true) => self.date_day,
            (true, false) => self.date_day_month,
            (false, _) => self.date_long,
        };
        self.two(self.date_range, self.locale.date(from, form), self.locale.date(to, self.date_long))
    }

    /// A day in a form of [`super::words::locale::Locale::date`].
    pub fn date(&self, day: Day, form: &str) -> String {
        self.locale.date(day.date(), form)
    }
}

const fn sign(value: f64) -> &'static str {
    if value > 0.0 {
        "+"
    } else if value < 0.0 {
        "\u{2212}"
    } else {
        ""
    }
}

/// How a change is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// What an owner hopes for.
    Good,
    /// What an owner does not.
    Bad,
    /// No change, or nothing to compare with.
    Even,
}

/// A change against the previous period, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `+12 %`, `-3 points` or `new`.
    pub text: String,
    /// How to take it.
    pub tone: Tone,
}

impl Tone {
    /// Its class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Even => "even",
        }
    }
}

/// Not a number and less than nothing are nothing: no count is either.
pub(super) fn tame(value: f64) -> f64 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::words::{ENGLISH, FRENCH, GERMAN};

    const NBSP: char = '\u{a0}';

    #[test]
    fn counts_keep_their_digits_up_to_ten_thousand() {
        let cases = [
            (0.0, "0"),
            (999.0, "999"),
            (1_234.0, "1,234"),
            (9_999.0, "9,999"),
            (10_000.0, "10.0k"),
            (12_345.0, "12.3k"),
            (99_949.0, "99.9k"),
            (99_950.0, "100k"),
            (123_456.0, "123k"),
            (999_499.0, "999k"),
            (999_500.0, "1.0M"),
            (4_520_000.0, "4.5M"),
            (7e9, "7.0B"),
            (3e12, "3.0T"),
            (f64::NAN, "0"),
            (-5.0, "0"),
        ];
        for (value, text) in cases {
            assert_eq!(ENGLISH.count(value), text, "{value}");
        }
        assert_eq!(ENGLISH.exact(1_234_567.0), "1,234,567");
        assert_eq!(ENGLISH.full(Metric::Visitors, Some(12_345.0)).as_deref(), Some("12,345"));
        assert_eq!(ENGLISH.full(Metric::Visitors, Some(345.0)), None);
        assert_eq!(ENGLISH.full(Metric::VisitDuration, Some(12_345.0)), None);
    }

    #[test]
    fn numbers_and_days_are_written_as_each_language_does() {
        let day = |text: &str| Day::of(text.parse().unwrap());
        assert_eq!(GERMAN.count(12_345.0), "12,3\u{a0}Tsd.");
        assert_eq!(FRENCH.count(1_234.0), "1\u{202f}234");
        assert_eq!(GERMAN.metric(Metric::ViewsPerVisit, Some(2.5)), "2,50");
        assert_eq!(FRENCH.metric(Metric::Percentage, Some(2.5)), "2,5\u{202f}%");
        assert_eq!(GERMAN.amount("EUR", -1_234.5), "\u{2212}1.234,50");
        assert_eq!((ENGLISH.amount("JPY", 1_234.0), ENGLISH.amount("KWD", 1.25)), ("1,234".into(), "1.250".into()));
        assert_eq!(FRENCH.date(day("2026-03-01"), FRENCH.date_brief), "dim. 1er mars 2026");
    }

    #[test]
    fn each_metric_has_its_unit() {
        let cases = [
            (Metric::ViewsPerVisit, Some(2.5), "2.50"),
            (Metric::BounceRate, Some(48.0), "48 %"),
            (Metric::Percentage, Some(3.25), "3.2 %"),
            (Metric::VisitDuration, Some(80.0), "1m 20s"),
            (Metric::Visitors, Some(1_500.0), "1,500"),
            (Metric::Visitors, None, "n/a"),
        ];
        for (what, value, text) in cases {
            assert_eq!(ENGLISH.metric(what, value).replace(NBSP, " "), text);
        }
        let shares: Vec<_> =
            [0.0, 0.001, 0.004, 0.006, 0.48, 1.0].map(|part| ENGLISH.share(part)).map(|s| s.replace(NBSP, " ")).into();
        assert_eq!(shares, ["0 %", "<1 %", "<1 %", "1 %", "48 %", "100 %"]);
    }

    #[test]
    fn a_falling_bounce_rate_is_good_and_counted_in_points() {
        let cases = [
            (Metric::Visitors, Some(112.0), Some(100.0), Some(("+12 %", Tone::Good))),
            (Metric::Visitors, Some(50.0), Some(100.0), Some(("\u{2212}50 %", Tone::Bad))),
            (Metric::Visitors, Some(100.2), Some(100.0), Some(("0 %", Tone::Even))),
            (Metric::Visitors, Some(5.0), Some(0.0), Some(("new", Tone::Good))),
            (Metric::Visitors, Some(0.0), Some(0.0), Some(("0 %", Tone::Even))),
            (Metric::Visitors, Some(250_000.0), Some(100.0), Some(("+249,900 %", Tone::Good))),
            (Metric::BounceRate, Some(40.0), Some(43.0), Some(("\u{2212}3 points", Tone::Good))),
            (Metric::BounceRate, Some(44.0), Some(43.0), Some(("+1 point", Tone::Bad))),
            (Metric::VisitDuration, None, Some(43.0), None),
            (Metric::VisitDuration, Some(43.0), None, None),
        ];
        for (metric, now, before, expected) in cases {
            let found = ENGLISH.change(metric, now, before).map(|c| (c.text.replace(NBSP, " "), c.tone));
            assert_eq!(found, expected.map(|(text, tone)| (text.to_owned(), tone)), "{metric:?} {now:?} {before:?}");
        }
    }

    #[test]
    fn a_range_names_month_and_year_once() {
        let day = |text: &str| Day::of(text.parse().unwrap());
        let cases = [
            ("2026-11-23", "2026-11-23", "Monday, 23 November 2026"),
            ("2026-11-17", "2026-11-23", "17 to 23 November 2026"),
            ("2026-10-25", "2026-11-23", "25 October to 23 November 2026"),
            ("2025-12-01", "2026-11-23", "1 December 2025 to 23 November 2026"),
        ];
        for (first, last, text) in cases {
            assert_eq!(ENGLISH.range(day(first), day(last)), text);
        }
    }
}
