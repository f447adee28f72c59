//! In: the period that a reader of a dashboard picks, and the present moment. Out: the [`Range`] it means, and the one
//! before it. Forgets: nothing.
//!
//! `7d` and its like hold today, and months and years run up to today. The API's ranges, which end yesterday, are in
//! [`super::range`].

use std::fmt;

use super::range::date;
use super::{Interval, Span};
use crate::limits;
use crate::site::{Day, Moment, Schedule, time::Month};

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
}

/// The range that a range is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Previous {
    /// Its days.
    pub span: Span,
    /// Whether it is complete while the range it is compared with holds a day that is not over.
    pub is_uneven: bool,
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
        let today = schedule.locate(now).day;
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
        Range { period: self, span: Span::of_days(first, last), is_partial: first <= today && today <= last, today }
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
    /// What a reader calls it.
    pub fn label(&self) -> String {
        self.period.to_string()
    }

    /// The width of buckets that it is drawn with unless another is asked for.
    pub fn interval(&self) -> Interval {
        let days = self.span.days();
        DRAWN_DAYS.into_iter().find(|(most, _)| days <= *most).map_or(Interval::Month, |(_, interval)| interval)
    }

    /// The range of the same length before this one; months and years are compared with those before them.
    ///
    /// A range that still runs is compared with as many days as it has begun. Nothing comes before all time, nor can a
    /// range be compared that has not begun.
    pub fn previous(&self) -> Option<Previous> {
        let (first, last) = (self.span.first_day(), self.span.last_day());
        let earlier = |months: i32| Month(first.month().0 - months).first();
        let start = match self.period {
            Period::All => return None,
            Period::Month | Period::LastMonth => earlier(1),
            Period::Year | Period::TwelveMonths => earlier(12),
            _ => Day(first.0.saturating_sub(self.span.days())),
        };
        let begun = last.min(self.today).0.saturating_sub(first.0);
        let end = match self.period {
            // A whole month is compared with a whole one, however long.
            Period::LastMonth => start.month().last(),
            Period::Month => Day(start.0 + begun).min(start.month().last()),
            _ => Day(start.0.saturating_add(begun)),
        };
        (begun >= 0).then(|| Previous { span: Span::of_days(start, end), is_uneven: self.is_partial })
    }
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

    #[test]
    fn periods_and_the_ones_before_them() {
        for (zone, now, key, expected, before, is_partial) in [
            ("Etc/UTC", "2026-03-31T12:00:00Z", "today", "2026-03-31 2026-03-31", "2026-03-30 2026-03-30", true),
            ("Etc/UTC", "2026-03-31T12:00:00Z", "day", "2026-03-31 2026-03-31", "2026-03-30 2026-03-30", true),
            ("Etc/UTC", "2026-01-01T00:00:00Z", "yesterday", "2025-12-31 2025-12-31", "2025-12-30 2025-12-30", false),
            ("Etc/UTC", "2026-03-31T12:00:00Z", "7d", "2026-03-25 2026-03-31", "2026-03-18 2026-03-24", true),
            ("Etc/UTC", "2026-03-31T12:00:00Z", "28d", "2026-03-04 2026-03-31", "2026-02-04 2026-03-03", true),
            ("Etc/UTC", "2026-03-31T12:00:00Z", "month", "2026-03-01 2026-03-31", "2026-02-01 2026-02-28", true),
            ("Etc/UTC", "2026-03-10T12:00:00Z", "month", "2026-03-01 2026-03-10", "2026-02-01 2026-02-10", true),
            ("Etc/UTC", "2024-03-30T12:00:00Z", "last_month", "2024-02-01 2024-02-29", "2024-01-01 2024-01-31", false),
            ("Etc/UTC", "2026-01-01T12:00:00Z", "last_month", "2025-12-01 2025-12-31", "2025-11-01 2025-11-30", false),
            ("Etc/UTC", "2026-01-01T00:00:00Z", "year", "2026-01-01 2026-01-01", "2025-01-01 2025-01-01", true),
            ("Etc/UTC", "2026-06-15T00:00:00Z", "12mo", "2025-07-01 2026-06-15", "2024-07-01 2025-06-15", true),
            ("Etc/UTC", "2026-03-20T00:00:00Z", "custom", "2026-03-05 2026-03-14", "2026-02-23 2026-03-04", false),
            // While it runs, as many days as have begun.
            ("Etc/UTC", "2026-03-07T00:00:00Z", "custom", "2026-03-05 2026-03-14", "2026-02-23 2026-02-25", true),
            (
                "Pacific/Auckland",
                "2025-12-31T12:00:00Z",
                "today",
                "2026-01-01 2026-01-01",
                "2025-12-31 2025-12-31",
                true,
            ),
            (
                "America/New_York",
                "2026-03-01T04:00:00Z",
                "month",
                "2026-02-01 2026-02-28",
                "2026-01-01 2026-01-28",
                true,
            ),
            ("Europe/Berlin", "2026-03-28T23:30:00Z", "today", "2026-03-29 2026-03-29", "2026-03-28 2026-03-28", true),
        ] {
            let range = range(zone, now, key);
            let previous = range.previous().unwrap();
            assert_eq!(text(range.span), expected, "{zone} {now} {key}");
            assert_eq!(text(previous.span), before, "{zone} {now} {key}");
            assert_eq!((range.is_partial, previous.is_uneven), (is_partial, is_partial), "{zone} {now} {key}");
        }
    }

    #[test]
    fn nothing_comes_before_all_time_or_compares_with_the_future() {
        let all = range("Etc/UTC", "2026-03-31T12:00:00Z", "all");
        assert_eq!((text(all.span).as_str(), all.previous()), ("2024-05-17 2026-03-31", None));
        let future = range("Etc/UTC", "2026-03-04T12:00:00Z", "custom");
        assert_eq!((future.is_partial, future.previous()), (false, None));
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
        assert_eq!(custom.label(), "5 March 2026 to 14 March 2026");
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
}
