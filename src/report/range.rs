//! The [`Span`] that a date range of the API means now.
//!
//! `7d` and its like end yesterday and `6mo` and its like last month, as in Plausible; the dashboard's periods, which
//! hold today, are in [`super::period`].

use jiff::Timestamp;
use jiff::civil::Date;

use super::Span;
use crate::limits;
use crate::site::{Day, LocalHour, Moment, Schedule, time::Month};

/// A range as the API's `date_range` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateRange {
    /// `day`: today.
    Day,
    /// `24h`: the last 24 hours of the clock, with the current one.
    LastHours,
    /// `<n>d`: n days up to yesterday.
    Days(i32),
    /// `month`: the whole calendar month of today.
    Month,
    /// `<n>mo`: n whole months up to the last one.
    Months(i32),
    /// `year`: the whole calendar year of today.
    Year,
    /// `all`: from the first day with data until today.
    All,
    /// Two dates, both included.
    Dates(Day, Day),
    /// Two timestamps.
    Moments(Moment, Moment),
}

/// Timestamps between which no whole number of the site's hours lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("begin on a full hour of the site's time zone, and end on one or on its last second (15:59:59)")]
pub struct NotOnHours;

impl DateRange {
    /// The range with this name.
    pub fn named(name: &str) -> Option<DateRange> {
        match name {
            "day" => return Some(DateRange::Day),
            "24h" => return Some(DateRange::LastHours),
            "month" => return Some(DateRange::Month),
            "year" => return Some(DateRange::Year),
            "all" => return Some(DateRange::All),
            _ => {}
        }
        let number = |digits: &str, max: i32| {
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|n| is_number && (1..=max).contains(n))
        };
        if let Some(digits) = name.strip_suffix("mo") {
            return number(digits, limits::RANGE_MONTHS_MAX).map(DateRange::Months);
        }
        number(name.strip_suffix('d')?, limits::RANGE_DAYS_MAX).map(DateRange::Days)
    }

    /// The range between two dates, or between two timestamps with an offset, of at most
    /// [`limits::RANGE_SPAN_DAYS_MAX`] days.
    pub fn between(first: &str, last: &str) -> Option<DateRange> {
        const DAY_MS: i64 = 24 * 3_600 * 1_000;
        if let (Some(first), Some(last)) = (date(first), date(last)) {
            let fits = first <= last && last.0 - first.0 < limits::RANGE_SPAN_DAYS_MAX;
            return fits.then_some(DateRange::Dates(first, last));
        }
        let moment = |text: &str| text.parse::<Timestamp>().ok().map(|t| Moment(t.as_millisecond()));
        let (first, last) = (moment(first)?, moment(last)?);
        let fits = first < last && last.0 - first.0 < i64::from(limits::RANGE_SPAN_DAYS_MAX) * DAY_MS;
        fits.then_some(DateRange::Moments(first, last))
    }

    /// The site's time that this range means at `now`. `first_day` is the first one with data, for [`DateRange::All`].
    ///
    /// # Errors
    /// [`NotOnHours`]
    pub fn span(self, schedule: &Schedule, now: Moment, first_day: Option<Day>) -> Result<Span, NotOnHours> {
        let here = schedule.locate(now);
        let today = here.day;
        let month = today.month();
        let year = Month(month.0 - month.0.rem_euclid(12));
        let months = |first: i32, last: i32| Span::of_days(Month(first).first(), Month(last).last());
        Ok(match self {
            DateRange::Day => Span::of_days(today, today),
            DateRange::LastHours => last_hours(schedule, here),
            DateRange::Days(n) => Span::of_days(Day(today.0 - n), Day(today.0 - 1)),
            DateRange::Month => months(month.0, month.0),
            DateRange::Months(n) => months(month.0 - n, month.0 - 1),
            DateRange::Year => months(year.0, year.0 + 11),
            DateRange::All => Span::of_days(first_day.unwrap_or(today).min(today), today),
            DateRange::Dates(first, last) => Span::of_days(first, last),
            DateRange::Moments(first, last) => hours_between(schedule, first, last).ok_or(NotOnHours)?,
        })
    }
}

/// A date of a four-digit year.
pub fn date(text: &str) -> Option<Day> {
    let is_plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse::<Date>().ok().filter(|_| is_plain).map(Day::of)
}

/// The last 24 hours that the clock has shown, `here` included.
fn last_hours(schedule: &Schedule, here: LocalHour) -> Span {
    let days = [here.day.0 - 2, here.day.0 - 1, here.day.0].map(Day);
    let shown = days.into_iter().flat_map(|day| super::bucket::hours(schedule, day));
    let mut shown: Vec<i32> = shown.filter(|hour| *hour <= here.number()).collect();
    let first = shown.split_off(shown.len().saturating_sub(24)).first().copied();
    Span::of_hours(LocalHour::from_number(first.unwrap_or(here.number() - 23)), here)
}

/// The hours from `first` to `last`, which is either the moment after them or in their last second.
fn hours_between(schedule: &Schedule, first: Moment, last: Moment) -> Option<Span> {
    let begins_hour = |moment: Moment| schedule.locate(moment) != schedule.locate(moment.plus(-1));
    let second = Moment(last.0 - last.0.rem_euclid(1_000));
    let end = [last, second.plus(1_000)].into_iter().find(|moment| begins_hour(*moment))?;
    let span = Span::of_hours(schedule.locate(first), schedule.locate(end.plus(-1)));
    (begins_hour(first) && !span.is_empty()).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::bucket::iso;

    /// What `range` means at `now` in `zone`: its first and last second.
    fn means(zone: &str, now: &str, range: DateRange) -> (String, String) {
        let schedule = Schedule::named(zone).unwrap();
        let now = Moment(now.parse::<Timestamp>().unwrap().as_millisecond());
        let first_day = date("2025-12-30");
        let (start, end) = range.span(&schedule, now, first_day).unwrap().moments(&schedule);
        (iso(&schedule, start), iso(&schedule, end.plus(-1)))
    }

    /// Zone, moment, name of a range, and its first and last second.
    const AWKWARD: &[[&str; 5]] = &[
        // The last day of February, in a year that has 29 of them and in one that has not.
        ["Etc/UTC", "2024-02-29T12:00:00Z", "day", "2024-02-29T00:00:00+00:00", "2024-02-29T23:59:59+00:00"],
        ["Etc/UTC", "2024-02-29T12:00:00Z", "month", "2024-02-01T00:00:00+00:00", "2024-02-29T23:59:59+00:00"],
        ["Etc/UTC", "2024-02-29T12:00:00Z", "12mo", "2023-02-01T00:00:00+00:00", "2024-01-31T23:59:59+00:00"],
        ["Etc/UTC", "2026-03-31T12:00:00Z", "1mo", "2026-02-01T00:00:00+00:00", "2026-02-28T23:59:59+00:00"],
        ["Etc/UTC", "2026-03-01T00:00:00Z", "1d", "2026-02-28T00:00:00+00:00", "2026-02-28T23:59:59+00:00"],
        ["Etc/UTC", "2026-03-01T00:00:00Z", "28d", "2026-02-01T00:00:00+00:00", "2026-02-28T23:59:59+00:00"],
        // New year.
        ["Etc/UTC", "2026-01-01T00:00:00Z", "7d", "2025-12-25T00:00:00+00:00", "2025-12-31T23:59:59+00:00"],
        ["Etc/UTC", "2026-01-01T00:00:00Z", "year", "2026-01-01T00:00:00+00:00", "2026-12-31T23:59:59+00:00"],
        ["Etc/UTC", "2026-01-01T00:00:00Z", "6mo", "2025-07-01T00:00:00+00:00", "2025-12-31T23:59:59+00:00"],
        ["Etc/UTC", "2026-01-01T00:00:00Z", "all", "2025-12-30T00:00:00+00:00", "2026-01-01T23:59:59+00:00"],
        ["Etc/UTC", "2026-01-01T00:30:00Z", "24h", "2025-12-31T01:00:00+00:00", "2026-01-01T00:59:59+00:00"],
        // The same moment east and west of Greenwich.
        ["Pacific/Auckland", "2025-12-31T12:00:00Z", "day", "2026-01-01T00:00:00+13:00", "2026-01-01T23:59:59+13:00"],
        ["America/New_York", "2026-01-01T04:59:00Z", "year", "2025-01-01T00:00:00-05:00", "2025-12-31T23:59:59-05:00"],
        ["Europe/Berlin", "2026-06-10T08:00:00Z", "7d", "2026-06-03T00:00:00+02:00", "2026-06-09T23:59:59+02:00"],
        ["Asia/Kolkata", "2026-01-01T00:10:00Z", "24h", "2025-12-31T06:00:00+05:30", "2026-01-01T05:59:59+05:30"],
        // Days of 23 and 25 hours.
        ["Europe/Berlin", "2026-03-29T10:00:00Z", "day", "2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00"],
        ["Europe/Berlin", "2026-03-29T10:00:00Z", "24h", "2026-03-28T12:00:00+01:00", "2026-03-29T12:59:59+02:00"],
        ["Europe/Berlin", "2026-10-25T10:00:00Z", "24h", "2026-10-24T12:00:00+02:00", "2026-10-25T11:59:59+01:00"],
        ["Europe/Berlin", "2026-10-25T10:00:00Z", "month", "2026-10-01T00:00:00+02:00", "2026-10-31T23:59:59+01:00"],
    ];

    #[test]
    fn ranges_on_awkward_days() {
        for [zone, now, name, first, last] in AWKWARD {
            let range = DateRange::named(name).unwrap();
            assert_eq!(means(zone, now, range), ((*first).into(), (*last).into()), "{zone} {now} {name}");
        }
    }

    #[test]
    fn all_is_today_where_there_is_nothing_yet() {
        let now = Moment(1_780_000_000_000);
        let utc = Schedule::utc();
        let today = utc.locate(now).day;
        assert_eq!(DateRange::All.span(&utc, now, None), Ok(Span::of_days(today, today)));
        assert_eq!(DateRange::All.span(&utc, now, Some(Day(today.0 + 5))), Ok(Span::of_days(today, today)));
    }

    #[test]
    fn timestamps_must_fall_on_hours_of_the_site() {
        let of = |zone: &str, first: &str, last: &str| {
            let schedule = Schedule::named(zone).unwrap();
            DateRange::between(first, last).unwrap().span(&schedule, Moment(0), None).map(|s| (s.first, s.last))
        };
        let june = date("2026-06-01").unwrap().0 * 24;
        for (zone, first, last, expected) in [
            ("Europe/Berlin", "2026-06-01T12:00:00+02:00", "2026-06-01T15:59:59+02:00", Ok((june + 12, june + 15))),
            ("Europe/Berlin", "2026-06-01T10:00:00Z", "2026-06-01T14:00:00Z", Ok((june + 12, june + 15))),
            ("Europe/Berlin", "2026-06-01T10:00:00Z", "2026-06-01T13:59:59.999Z", Ok((june + 12, june + 15))),
            ("Asia/Kolkata", "2026-06-01T00:30:00Z", "2026-06-01T01:30:00Z", Ok((june + 6, june + 6))),
            ("Asia/Kolkata", "2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z", Err(NotOnHours)),
            ("Etc/UTC", "2026-06-01T00:00:01Z", "2026-06-01T01:00:00Z", Err(NotOnHours)),
            ("Etc/UTC", "2026-06-01T00:00:00Z", "2026-06-01T01:30:00Z", Err(NotOnHours)),
            // The second of two hours that are one bucket.
            ("Europe/Berlin", "2026-10-25T02:00:00+01:00", "2026-10-25T05:00:00+01:00", Err(NotOnHours)),
        ] {
            assert_eq!(of(zone, first, last), expected, "{zone} {first} {last}");
        }
    }

    #[test]
    fn what_is_no_range_is_none() {
        for name in
            ["", "x", "d", "mo", "0d", "-7d", "+7d", "5001d", "101mo", "7D", "realtime", "30m", "7 d", "99999999999d"]
        {
            assert_eq!(DateRange::named(name), None, "{name}");
        }
        assert_eq!(DateRange::named("5000d"), Some(DateRange::Days(5_000)));
        assert_eq!(DateRange::named("100mo"), Some(DateRange::Months(100)));
        for (first, last) in [
            ("2026-01-02", "2026-01-01"),
            ("2026-02-29", "2026-03-01"),
            ("2026-1-1", "2026-01-02"),
            ("1900-01-01", "2026-01-01"),
            ("2026-01-01", "2026-01-02T00:00:00Z"),
            ("2026-01-01T00:00:00", "2026-01-02T00:00:00"),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("21415-00", "eee"),
        ] {
            assert_eq!(DateRange::between(first, last), None, "{first} {last}");
        }
    }
}
