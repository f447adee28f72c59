//! The [`Range`] that a chosen period means now, and the one before it.
//!
//! `7d` and its like hold today, and months and years run up to today. The API's ranges, which end yesterday, are in
//! [`super::range`].

mod over;

use std::fmt;

use super::range::date;
use super::{Interval, Span};
use crate::limits;
use crate::site::{Day, Hour, LocalHour, Moment, Schedule, time::Month};

/// Most days that are drawn by hour, by day and by week.
const DRAWN_DAYS: [(i32, Interval); 3] = [(2, Interval::Hour), (92, Interval::Day), (183, Interval::Week)];

/// A period as dashboards and the command line name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `today`, also `day`.
    Today,
    /// `yesterday`.
    Yesterday,
    /// `7d`, `28d`, `30d`, `91d`: so many days, with today.
    Days(i32),
    /// `month`: the month so far.
    Month,
    /// `last_month`: the whole month before.
    LastMonth,
    /// `year`: the year so far.
    Year,
    /// `12mo`: the current month and the eleven before it.
    TwelveMonths,
    /// `all`: from the first day with data until today.
    All,
    /// `custom`: from a day to another, both included.
    Custom(Day, Day),
}

/// A text that names no period. It tells what does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPeriod {
    /// No period has this key.
    #[error(
        "{0:?} is not a period; choose today, yesterday, 7d, 28d, 30d, 91d, month, last_month, year, 12mo, all, or custom with two dates"
    )]
    Unknown(String),
    /// The dates of `custom` are missing, out of order or too far apart.
    #[error("a custom period needs two dates like 2026-06-01, the earlier first and at most 100 years apart")]
    Dates,
}

/// What a period means at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The period.
    pub period: Period,
    /// Its days.
    pub span: Span,
    /// Whether it holds the present moment, so that its last figures will still grow.
    pub is_partial: bool,
    /// Today, when it was made.
    pub today: Day,
    /// The hour of today that was running then.
    pub hour: Hour,
}

/// What a range is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compare {
    /// Which range.
    pub with: With,
    /// Whether that is moved by up to three days, or a week, so that both begin on the same weekday.
    pub matches_weekdays: bool,
}

/// Which range another is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    /// As many days before it; the month or year before a month or year.
    Previous,
    /// The same dates a year before.
    YearBefore,
    /// As many days from a day on.
    From(Day),
    /// None.
    Nothing,
}

/// A text that names nothing to compare with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nothing to compare with; choose previous, year, none, or the first day like 2026-06-01")]
pub struct NotACompare(pub String);

impl Compare {
    /// What ranges are compared with unless another is asked for.
    pub const USUAL: Compare = Compare { with: With::Previous, matches_weekdays: false };
}

impl With {
    /// Reads what [`With::key`] writes.
    ///
    /// # Errors
    /// [`NotACompare`]
    pub fn parse(key: &str) -> Result<With, NotACompare> {
        match key {
            "previous" => Ok(With::Previous),
            "year" => Ok(With::YearBefore),
            "none" => Ok(With::Nothing),
            _ => {
                date(key).map(With::From).ok_or_else(|| NotACompare(key.chars().take(limits::ECHO_CHARS_MAX).collect()))
            }
        }
    }

    /// How it is written in addresses.
    pub fn key(self) -> String {
        match self {
            With::Previous => "previous".into(),
            With::YearBefore => "year".into(),
            With::From(day) => day.to_string(),
            With::Nothing => "none".into(),
        }
    }
}

impl Period {
    /// All periods that need no dates, in the order in which they are offered.
    pub const ALL: [Period; 11] = [
        Period::Today,
        Period::Yesterday,
        Period::Days(7),
        Period::Days(28),
        Period::Days(30),
        Period::Days(91),
        Period::Month,
        Period::LastMonth,
        Period::Year,
        Period::TwelveMonths,
        Period::All,
    ];

    /// The period with this key; `from` and `to` are read for `custom` only.
    ///
    /// # Errors
    /// [`NotAPeriod`]
    pub fn parse(key: &str, from: Option<&str>, to: Option<&str>) -> Result<Period, NotAPeriod> {
        match key {
            "day" => Ok(Period::Today),
            "custom" => {
                let days = from.and_then(date).zip(to.and_then(date));
                let fits = |(from, to): &(Day, Day)| from <= to && to.0 - from.0 < limits::RANGE_SPAN_DAYS_MAX;
                days.filter(fits).map(|(from, to)| Period::Custom(from, to)).ok_or(NotAPeriod::Dates)
            }
            _ => {
                let named = Period::ALL.into_iter().find(|period| period.key() == key);
                named.ok_or_else(|| NotAPeriod::Unknown(key.to_owned()))
            }
        }
    }

    /// The key, as it stands in addresses and on the command line.
    pub fn key(self) -> String {
        match self {
            Period::Today => "today".into(),
            Period::Yesterday => "yesterday".into(),
            Period::Days(n) => format!("{n}d"),
            Period::Month => "month".into(),
            Period::LastMonth => "last_month".into(),
            Period::Year => "year".into(),
            Period::TwelveMonths => "12mo".into(),
            Period::All => "all".into(),
            Period::Custom(..) => "custom".into(),
        }
    }

    /// The query text that leads back to it: `period=7d`, `period=custom&from=2026-06-01&to=2026-06-09`.
    pub fn query(self) -> String {
        match self {
            Period::Custom(from, to) => format!("period=custom&from={from}&to={to}"),
            _ => format!("period={}", self.key()),
        }
    }

    /// What it means at `now`. `first_day` is the first one with data, for [`Period::All`].
    pub fn range(self, schedule: &Schedule, now: Moment, first_day: Option<Day>) -> Range {
        let LocalHour { day: today, hour } = schedule.locate(now);
        let month = today.month();
        let (first, last) = match self {
            Period::Today => (today, today),
            Period::Yesterday => (Day(today.0 - 1), Day(today.0 - 1)),
            Period::Days(n) => (Day(today.0 - n.max(1) + 1), today),
            Period::Month => (month.first(), today),
            Period::LastMonth => (Month(month.0 - 1).first(), Month(month.0 - 1).last()),
            Period::Year => (Month(month.0 - month.0.rem_euclid(12)).first(), today),
            Period::TwelveMonths => (Month(month.0 - 11).first(), today),
            Period::All => (first_day.unwrap_or(today).min(today), today),
            Period::Custom(from, to) => (from, to),
        };
        let is_partial = first <= today && today <= last;
        Range { period: self, span: Span::of_days(first, last), is_partial, today, hour }
    }
}

impl fmt::Display for Period {
    /// What a reader calls it: "Last 7 days".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Today => f.write_str("Today"),
            Period::Yesterday => f.write_str("Yesterday"),
            Period::Days(n) => write!(f, "Last {n} days"),
            Period::Month => f.write_str("This month"),
            Period::LastMonth => f.write_str("Last month"),
            Period::Year => f.write_str("This year"),
            Period::TwelveMonths => f.write_str("Last 12 months"),
            Period::All => f.write_str("All time"),
            Period::Custom(from, to) if from == to => write!(f, "{}", from.date().strftime("%-d %B %Y")),
            Period::Custom(from, to) => {
                write!(f, "{} to {}", from.date().strftime("%-d %B %Y"), to.date().strftime("%-d %B %Y"))
            }
        }
    }
}

impl Range {
    /// The width of buckets that it is drawn with unless another is asked for.
    pub fn interval(&self) -> Interval {
        let days = self.span.days();
        DRAWN_DAYS.into_iter().find(|(most, _)| days <= *most).map_or(Interval::Month, |(_, interval)| interval)
    }

    /// The range that this one is compared with.
    ///
    /// A range that still runs is compared with as many days as it has begun. Nothing comes before all time, nor can a
    /// range be compared that has not begun.
    pub fn compared(&self, compare: Compare) -> Option<Span> {
        let first = self.span.first_day();
        let begun = self.span.last_day().min(self.today).0.saturating_sub(first.0);
        let (start, end) = match compare.with {
            With::Nothing => return None,
            _ if begun < 0 => return None,
            With::Previous => self.previous(begun)?,
            With::YearBefore => (months_before(first, 12), months_before(Day(first.0.saturating_add(begun)), 12)),
            With::From(day) => (day, Day(day.0.saturating_add(begun))),
        };
        let shift = if compare.matches_weekdays { self.shift(start, end, compare.with) } else { 0 };
        let (start, end) = (start.0.saturating_add(shift), end.0.saturating_add(shift));
        // What has not been, or is still going on, is nothing to compare with.
        (end < self.today.0).then(|| Span::of_days(Day(start), Day(end)))
    }

    /// As many days before this range; months and years are compared with those before them.
    fn previous(&self, begun: i32) -> Option<(Day, Day)> {
        let first = self.span.first_day();
        let months = match self.period {
            Period::All => return None,
            Period::Month | Period::LastMonth => 1,
            Period::Year | Period::TwelveMonths => 12,
            Period::Custom(from, to) => whole_months(from, to),
            _ => 0,
        };
        if months == 0 {
            let start = first.0.saturating_sub(self.span.days());
            return Some((Day(start), Day(start.saturating_add(begun))));
        }
        let here = Day(first.0.saturating_add(begun));
        // Whole months are compared with whole ones, however long; a month that runs with as many of its days.
        let is_over = here == here.month().last() && here < self.today;
        let end = months_before(here, months);
        Some((months_before(first, months), if is_over { end.month().last() } else { end }))
    }

    /// By how many days a range is moved so that it begins on the weekday on which this one does: to the nearest such day, or
    /// the one before if it would overlap with this range.
    fn shift(&self, start: Day, end: Day, with: With) -> i32 {
        let ahead = self.span.first_day().0.saturating_sub(start.0).rem_euclid(7);
        let nearest = if ahead > 3 { ahead - 7 } else { ahead };
        let overlaps = with == With::Previous && end.0.saturating_add(nearest) >= self.span.first_day().0;
        if overlaps { nearest - 7 } else { nearest }
    }

    /// The range of the same length that ends where this one begins, or begins where this one ends. Months and years move by
    /// months and years. Nothing after today.
    pub fn neighbour(&self, is_later: bool) -> Option<Period> {
        let (first, last) = (self.span.first_day(), self.span.last_day());
        let months = match self.period {
            Period::All => return None,
            Period::Month | Period::LastMonth => 1,
            Period::Year | Period::TwelveMonths => 12,
            Period::Custom(from, to) => whole_months(from, to),
            _ => 0,
        };
        let (from, to) = match (months, is_later) {
            (0, false) => (first.0.saturating_sub(self.span.days()), first.0.saturating_sub(1)),
            (0, true) => (last.0.saturating_add(1), last.0.saturating_add(self.span.days())),
            (months, _) => {
                let from = Month(first.month().0 + if is_later { months } else { -months });
                (from.first().0, Month(from.0 + months - 1).last().0)
            }
        };
        (from <= self.today.0).then_some(Period::Custom(Day(from), Day(to)))
    }

    /// The widths of buckets that it can be drawn with: few enough to see, and more than one.
    pub fn intervals(&self) -> Vec<Interval> {
        let days = self.span.days();
        let fits = |interval: &Interval| match interval {
            Interval::Hour => days <= 14,
            Interval::Day => (2..=370).contains(&days),
            Interval::Week => (14..=3_660).contains(&days),
            Interval::Month => days > 31,
        };
        [Interval::Hour, Interval::Day, Interval::Week, Interval::Month].into_iter().filter(fits).collect()
    }
}

/// The number of months that two days are the first and the last of; 0 for others.
fn whole_months(from: Day, to: Day) -> i32 {
    let is_whole = from == from.month().first() && to == to.month().last();
    if is_whole { to.month().0 - from.month().0 + 1 } else { 0 }
}

/// The same date so many months before; the last of a month that has no such date.
fn months_before(day: Day, months: i32) -> Day {
    let month = Month(day.month().0 - months);
    Day((month.first().0 + day.0 - day.month().first().0).min(month.last().0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn range(zone: &str, now: &str, key: &str) -> Range {
        let now = Moment(now.parse::<Timestamp>().unwrap().as_millisecond());
        let period = Period::parse(key, Some("2026-03-05"), Some("2026-03-14")).unwrap();
        period.range(&Schedule::named(zone).unwrap(), now, date("2024-05-17"))
    }

    fn text(span: Span) -> String {
        format!("{} {}", span.first_day(), span.last_day())
    }

    /// Zone, moment, name of a period, its days, those before it, and whether it runs still.
    const PERIODS: &[(&str, &str, &str, &str, &str, bool)] = &[
        ("Etc/UTC", "2026-03-31T12:00:00Z", "today", "2026-03-31 2026-03-31", "2026-03-30 2026-03-30", true),
        ("Etc/UTC", "2026-03-31T12:00:00Z", "day", "2026-03-31 2026-03-31", "2026-03-30 2026-03-30", true),
        ("Etc/UTC", "2026-01-01T00:00:00Z", "yesterday", "2025-12-31 2025-12-31", "2025-12-30 2025-12-30", false),
        ("Etc/UTC", "2026-03-31T12:00:00Z", "7d", "2026-03-25 2026-03-31", "2026-03-18 2026-03-24", true),
        ("Etc/UTC", "2026-03-31T12:00:00Z", "28d", "2026-03-04 2026-03-31", "2026-02-04 2026-03-03", true),
        ("Etc/UTC", "2026-03-31T12:00:00Z", "month", "2026-03-01 2026-03-31", "2026-02-01 2026-02-28", true),
        ("Etc/UTC", "2026-03-10T12:00:00Z", "month", "2026-03-01 2026-03-10", "2026-02-01 2026-02-10", true),
        ("Etc/UTC", "2024-03-30T12:00:00Z", "last_month", "2024-02-01 2024-02-29", "2024-01-01 2024-01-31", false),
        ("Etc/UTC", "2026-01-01T12:00:00Z", "last_month", "2025-12-01 2025-12-31", "2025-11-01 2025-11-30", false),
        ("Etc/UTC", "2024-12-31T12:00:00Z", "year", "2024-01-01 2024-12-31", "2023-01-01 2023-12-31", true),
        ("Etc/UTC", "2025-03-01T12:00:00Z", "year", "2025-01-01 2025-03-01", "2024-01-01 2024-03-01", true),
        ("Etc/UTC", "2026-01-01T00:00:00Z", "year", "2026-01-01 2026-01-01", "2025-01-01 2025-01-01", true),
        ("Etc/UTC", "2026-06-15T00:00:00Z", "12mo", "2025-07-01 2026-06-15", "2024-07-01 2025-06-15", true),
        ("Etc/UTC", "2026-03-20T00:00:00Z", "custom", "2026-03-05 2026-03-14", "2026-02-23 2026-03-04", false),
        // While it runs, as many days as have begun.
        ("Etc/UTC", "2026-03-07T00:00:00Z", "custom", "2026-03-05 2026-03-14", "2026-02-23 2026-02-25", true),
        ("Pacific/Auckland", "2025-12-31T12:00:00Z", "today", "2026-01-01 2026-01-01", "2025-12-31 2025-12-31", true),
        ("America/New_York", "2026-03-01T04:00:00Z", "month", "2026-02-01 2026-02-28", "2026-01-01 2026-01-28", true),
        ("Europe/Berlin", "2026-03-28T23:30:00Z", "today", "2026-03-29 2026-03-29", "2026-03-28 2026-03-28", true),
    ];

    #[test]
    fn periods_and_the_ones_before_them() {
        for (zone, now, key, expected, before, is_partial) in PERIODS.iter().copied() {
            let range = range(zone, now, key);
            assert_eq!(text(range.span), expected, "{zone} {now} {key}");
            assert_eq!(text(range.compared(Compare::USUAL).unwrap()), before, "{zone} {now} {key}");
            assert_eq!(range.is_partial, is_partial, "{zone} {now} {key}");
        }
    }

    #[test]
    fn nothing_comes_before_all_time_or_compares_with_the_future() {
        let all = range("Etc/UTC", "2026-03-31T12:00:00Z", "all");
        assert_eq!((text(all.span).as_str(), all.compared(Compare::USUAL)), ("2024-05-17 2026-03-31", None));
        let future = range("Etc/UTC", "2026-03-04T12:00:00Z", "custom");
        assert_eq!((future.is_partial, future.compared(Compare::USUAL)), (false, None));
    }

    #[test]
    fn a_range_is_compared_with_what_a_reader_asks_for() {
        let compared = |now: &str, key: &str, with: &str, matches_weekdays: bool| {
            let compare = Compare { with: With::parse(with).unwrap(), matches_weekdays };
            range("Etc/UTC", now, key).compared(compare).map_or_else(String::new, text)
        };
        // 2026-03-31 is a Tuesday, and so is 2025-04-01.
        for (key, with, matches_weekdays, expected) in [
            ("7d", "year", false, "2025-03-25 2025-03-31"),
            ("7d", "year", true, "2025-03-26 2025-04-01"),
            ("30d", "previous", true, "2026-01-26 2026-02-24"),
            ("28d", "previous", true, "2026-02-04 2026-03-03"),
            ("today", "previous", true, "2026-03-24 2026-03-24"),
            ("7d", "2026-01-01", false, "2026-01-01 2026-01-07"),
            ("7d", "2026-01-01", true, "2025-12-31 2026-01-06"),
            ("all", "year", false, "2023-05-17 2025-03-31"),
            ("7d", "2026-03-25", false, ""),
            ("7d", "2026-03-24", false, "2026-03-24 2026-03-30"),
            ("7d", "none", false, ""),
        ] {
            assert_eq!(compared("2026-03-31T12:00:00Z", key, with, matches_weekdays), expected, "{key} {with}");
        }
        assert_eq!(compared("2024-02-29T12:00:00Z", "today", "year", false), "2023-02-28 2023-02-28");
        for key in ["previous", "year", "none", "2026-01-01"] {
            assert_eq!(With::parse(key).unwrap().key(), key);
        }
        assert!(With::parse("<b>").unwrap_err().to_string().contains("is nothing to compare with"));
    }

    #[test]
    fn the_next_range_lies_beside() {
        let beside = |now: &str, key: &str, is_later: bool| {
            let neighbour = range("Etc/UTC", now, key).neighbour(is_later);
            neighbour.map_or_else(String::new, Period::query)
        };
        for (key, earlier) in [
            ("today", "period=custom&from=2026-03-30&to=2026-03-30"),
            ("7d", "period=custom&from=2026-03-18&to=2026-03-24"),
            ("month", "period=custom&from=2026-02-01&to=2026-02-28"),
            ("year", "period=custom&from=2025-01-01&to=2025-12-31"),
            ("all", ""),
        ] {
            assert_eq!(beside("2026-03-31T12:00:00Z", key, false), earlier, "{key}");
            assert_eq!(beside("2026-03-31T12:00:00Z", key, true), "", "{key}: not begun");
        }
        assert_eq!(beside("2026-03-31T12:00:00Z", "yesterday", true), "period=custom&from=2026-03-31&to=2026-03-31");
        assert_eq!(beside("2026-03-31T12:00:00Z", "last_month", true), "period=custom&from=2026-03-01&to=2026-03-31");
        let months = Period::Custom(date("2026-01-01").unwrap(), date("2026-02-28").unwrap());
        let months = months.range(&Schedule::utc(), Moment(1_774_958_400_000), None);
        assert_eq!(months.neighbour(false).unwrap().query(), "period=custom&from=2025-11-01&to=2025-12-31");
        let same = Period::LastMonth.range(&Schedule::utc(), Moment(1_773_000_000_000), None);
        let custom = Period::Custom(same.span.first_day(), same.span.last_day());
        let custom = custom.range(&Schedule::utc(), Moment(1_773_000_000_000), None);
        assert_eq!(
            custom.compared(Compare::USUAL),
            same.compared(Compare::USUAL),
            "a month is a month, however chosen"
        );
    }

    #[test]
    fn buckets_fit_the_length() {
        for (key, interval) in [
            ("today", Interval::Hour),
            ("yesterday", Interval::Hour),
            ("7d", Interval::Day),
            ("91d", Interval::Day),
            ("month", Interval::Day),
            ("year", Interval::Week),
            ("12mo", Interval::Month),
            ("all", Interval::Month),
        ] {
            assert_eq!(range("Etc/UTC", "2026-06-15T12:00:00Z", key).interval(), interval, "{key}");
        }
    }

    #[test]
    fn keys_lead_back_and_labels_are_words() {
        for period in Period::ALL {
            assert_eq!(Period::parse(&period.key(), None, None), Ok(period));
        }
        let custom = range("Etc/UTC", "2026-03-20T00:00:00Z", "custom");
        assert_eq!(custom.period.query(), "period=custom&from=2026-03-05&to=2026-03-14");
        assert_eq!(custom.period.to_string(), "5 March 2026 to 14 March 2026");
        assert_eq!(Period::Days(7).to_string(), "Last 7 days");
    }

    #[test]
    fn a_wrong_period_is_told_what_is_right() {
        let error = Period::parse("8d", None, None).unwrap_err().to_string();
        assert_eq!(
            error,
            "\"8d\" is not a period; choose today, yesterday, 7d, 28d, 30d, 91d, month, last_month, year, 12mo, all, \
             or custom with two dates"
        );
        for (from, to) in [(None, None), (Some("2026-06-02"), Some("2026-06-01")), (Some("1"), Some("2026-06-01"))] {
            assert_eq!(Period::parse("custom", from, to), Err(NotAPeriod::Dates));
        }
    }
    #[test]
    fn weeks_of_ten_years_are_enough() {
        let period = |first| Period::parse("custom", Some(first), Some("2026-03-30")).unwrap();
        let intervals = |first| period(first).range(&Schedule::utc(), Moment(0), date(first)).intervals();
        assert_eq!(intervals("2016-04-01"), [Interval::Week, Interval::Month]);
        assert_eq!(intervals("2010-04-01"), [Interval::Month]);
    }
}
