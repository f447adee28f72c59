//! The buckets of a span of a site's time, their labels and moments.

use super::{Interval, Span};
use crate::site::{Day, Hour, LocalHour, Moment, Schedule};
use crate::store::Grain;

/// Zones are off by whole quarters of an hour, and so are their changes.
const QUARTER_MS: i64 = 15 * 60 * 1_000;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

impl Span {
    /// The span of whole days, both included.
    pub fn of_days(first: Day, last: Day) -> Span {
        Span { grain: Grain::Day, first: first.0, last: last.0 }
    }

    /// The span of whole hours, both included.
    pub fn of_hours(first: LocalHour, last: LocalHour) -> Span {
        Span { grain: Grain::Hour, first: first.number(), last: last.number() }
    }

    /// Whether it holds nothing.
    pub fn is_empty(self) -> bool {
        self.last < self.first
    }

    /// The day of its first bucket.
    pub fn first_day(self) -> Day {
        self.day(self.first)
    }

    /// The day of its last bucket.
    pub fn last_day(self) -> Day {
        self.day(self.last)
    }

    fn day(self, bucket: i32) -> Day {
        if self.grain == Grain::Hour { LocalHour::from_number(bucket).day } else { Day(bucket) }
    }

    /// How many days it touches.
    pub fn days(self) -> i32 {
        self.last_day().0.saturating_sub(self.first_day().0).saturating_add(1).max(0)
    }

    /// Its first moment, and the first moment after it.
    pub fn moments(self, schedule: &Schedule) -> (Moment, Moment) {
        if self.grain != Grain::Hour {
            return (schedule.start_of(Day(self.first)), schedule.end_of(Day(self.last)));
        }
        let (first, last) = (LocalHour::from_number(self.first), LocalHour::from_number(self.last));
        let start = quarters(schedule, first.day).find(|(_, hour)| *hour >= first).map(|(moment, _)| moment);
        let end = quarters(schedule, last.day).find(|(_, hour)| *hour > last).map(|(moment, _)| moment);
        (start.unwrap_or(schedule.end_of(first.day)), end.unwrap_or(schedule.end_of(last.day)))
    }

    /// All buckets of a series over it, the empty ones too. Hours that a change of the clock leaves out are left out.
    pub fn buckets(self, interval: Interval, schedule: &Schedule) -> Vec<i32> {
        let days = (self.first_day().0..=self.last_day().0).map(Day);
        if interval != Interval::Hour {
            let mut buckets: Vec<i32> = days.map(|day| interval.bucket_of(day, self.first_day()).0).collect();
            buckets.dedup();
            return buckets;
        }
        let is_inside = |hour: &i32| self.grain != Grain::Hour || (self.first..=self.last).contains(hour);
        days.flat_map(|day| hours(schedule, day)).filter(is_inside).collect()
    }
}

impl Interval {
    /// The bucket of a day in a series that begins on `first`: its first day, but none before `first`.
    ///
    /// Not for [`Interval::Hour`], whose buckets are hours.
    pub fn bucket_of(self, day: Day, first: Day) -> Day {
        match self {
            Interval::Hour | Interval::Day => day,
            Interval::Week => day.monday().max(first),
            Interval::Month => day.month().first().max(first),
        }
    }

    /// A bucket as the API writes it: `2026-06-01 13:00:00` for hours, else `2026-06-01`.
    pub fn label(self, bucket: i32) -> String {
        if self != Interval::Hour {
            return Day(bucket).to_string();
        }
        let LocalHour { day, hour } = LocalHour::from_number(bucket);
        format!("{day} {:02}:00:00", hour.0)
    }
}

/// The hours that a day of the site has, by number: 24, but for days on which the clock changes.
pub fn hours(schedule: &Schedule, day: Day) -> Vec<i32> {
    let (start, end) = (schedule.start_of(day), schedule.end_of(day));
    let ends_of_day = (schedule.locate(start).hour, schedule.locate(end.plus(-1)).hour);
    if end.0 - start.0 == DAY_MS && ends_of_day == (Hour(0), Hour(23)) {
        return (0..24).map(|hour| LocalHour { day, hour: Hour(hour) }.number()).collect();
    }
    let mut hours: Vec<i32> = quarters(schedule, day).map(|(_, hour)| hour.number()).collect();
    hours.sort_unstable();
    hours.dedup();
    hours
}

/// The quarters of an hour of a day, each with its hour on the clock.
fn quarters(schedule: &Schedule, day: Day) -> impl Iterator<Item = (Moment, LocalHour)> {
    let (start, end) = (schedule.start_of(day), schedule.end_of(day));
    // No day is longer than two; the bound also holds at the ends of the calendar.
    let moments = (0..192).map(move |quarter| start.plus(quarter * QUARTER_MS)).take_while(move |m| *m < end);
    moments.map(|moment| (moment, schedule.locate(moment))).filter(move |(_, hour)| hour.day == day)
}

/// A moment as ISO 8601 with the offset of the site: `2026-06-03T00:00:00+02:00`.
pub fn iso(schedule: &Schedule, moment: Moment) -> String {
    let offset = schedule.zone_at(moment).to_offset(moment.timestamp());
    let (local, offset_s) = (offset.to_datetime(moment.timestamp()), offset.seconds());
    let (sign, off) = (if offset_s < 0 { '-' } else { '+' }, offset_s.unsigned_abs());
    format!("{}{sign}{:02}:{:02}", local.strftime("%Y-%m-%dT%H:%M:%S"), off / 3_600, off / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::of(text.parse().unwrap())
    }

    #[test]
    fn days_have_the_hours_their_clock_shows() {
        for (zone, date, count, missing) in [
            ("Europe/Berlin", "2026-06-01", 24, None),
            ("Europe/Berlin", "2026-03-29", 23, Some(2)),
            ("Europe/Berlin", "2026-10-25", 24, None),
            ("America/New_York", "2026-03-08", 23, Some(2)),
            ("Asia/Kolkata", "2026-03-08", 24, None),
            ("America/Asuncion", "2023-10-01", 23, Some(0)),
            ("Australia/Lord_Howe", "2026-10-04", 24, None),
        ] {
            let hours = hours(&Schedule::named(zone).unwrap(), day(date));
            assert_eq!(hours.len(), count, "{zone} {date}");
            if let Some(missing) = missing {
                let missing = LocalHour { day: day(date), hour: Hour(missing) }.number();
                assert!(!hours.contains(&missing), "{zone} {date}");
            }
        }
    }

    #[test]
    fn moments_of_spans_carry_the_offset_of_their_day() {
        for (zone, span, first, last) in [
            (
                "Europe/Berlin",
                Span::of_days(day("2026-03-29"), day("2026-03-29")),
                "2026-03-29T00:00:00+01:00",
                "2026-03-29T23:59:59+02:00",
            ),
            (
                "Etc/UTC",
                Span::of_days(day("2024-02-29"), day("2024-03-01")),
                "2024-02-29T00:00:00+00:00",
                "2024-03-01T23:59:59+00:00",
            ),
            (
                "Asia/Kolkata",
                Span { grain: Grain::Hour, first: day("2026-01-01").0 * 24 + 5, last: day("2026-01-01").0 * 24 + 6 },
                "2026-01-01T05:00:00+05:30",
                "2026-01-01T06:59:59+05:30",
            ),
            (
                "America/St_Johns",
                Span { grain: Grain::Hour, first: day("2026-01-01").0 * 24 + 22, last: day("2026-01-02").0 * 24 - 1 },
                "2026-01-01T22:00:00-03:30",
                "2026-01-01T23:59:59-03:30",
            ),
            (
                "Europe/Berlin",
                // Both hours that the clock calls 02:00.
                Span { grain: Grain::Hour, first: day("2026-10-25").0 * 24 + 2, last: day("2026-10-25").0 * 24 + 2 },
                "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:59:59+01:00",
            ),
        ] {
            let schedule = Schedule::named(zone).unwrap();
            let (start, end) = span.moments(&schedule);
            assert_eq!(iso(&schedule, start), first, "{zone}");
            assert_eq!(iso(&schedule, end.plus(-1)), last, "{zone}");
        }
    }

    #[test]
    fn buckets_begin_with_the_range() {
        let utc = Schedule::utc();
        let span = Span::of_days(day("2026-05-28"), day("2026-06-10"));
        let labels = |interval: Interval| -> Vec<String> {
            span.buckets(interval, &utc).into_iter().map(|bucket| interval.label(bucket)).collect()
        };
        assert_eq!(labels(Interval::Week), ["2026-05-28", "2026-06-01", "2026-06-08"]);
        assert_eq!(labels(Interval::Month), ["2026-05-28", "2026-06-01"]);
        assert_eq!(labels(Interval::Day).len(), 14);
        let hours = labels(Interval::Hour);
        assert_eq!((hours.len(), hours[25].as_str()), (14 * 24, "2026-05-29 01:00:00"));
    }
}
