//! In: moments in UTC and the time zones a site has had. Out: the site's calendar day and hour. Forgets: the minute and
//! the second, which no cell keeps.
//!
//! A day is the site's calendar day; an hour is the hour on the site's wall clock, so that autumn's two 02:00 hours are
//! one bucket and zones off by half an hour have the same 24 buckets as others.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment(pub i64);

impl Moment {
    /// This moment, later by `ms` milliseconds.
    pub fn plus(self, ms: i64) -> Moment {
        Moment(self.0.saturating_add(ms))
    }

    /// The moment as jiff has it; moments outside of its range are cut to its ends.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }
}

/// A calendar day of a site, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(pub i32);

impl Day {
    /// The day of a date.
    pub fn of(date: Date) -> Day {
        Day((date - Date::constant(1970, 1, 1)).get_days())
    }

    /// The date of this day; days outside of the calendar are cut to its ends.
    pub fn date(self) -> Date {
        let end = if self.0 < 0 { Date::MIN } else { Date::MAX };
        let since = Span::new().try_days(self.0);
        since.and_then(|since| Date::constant(1970, 1, 1).checked_add(since)).unwrap_or(end)
    }

    /// The month of this day, as months since January of year 0.
    pub fn month(self) -> Month {
        let date = self.date();
        Month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    /// The Monday on or before this day.
    pub fn monday(self) -> Day {
        // 1970-01-01 was a Thursday, three days after its Monday.
        Day(self.0 - (self.0 + 3).rem_euclid(7))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

/// A calendar month, as months since January of year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(pub i32);

impl Month {
    /// Its first day.
    pub fn first(self) -> Day {
        let year = self.0.div_euclid(12).clamp(-9999, 9999) as i16;
        Day::of(Date::new(year, (self.0.rem_euclid(12) + 1) as i8, 1).unwrap_or(Date::MIN))
    }

    /// Its last day.
    pub fn last(self) -> Day {
        Day::of(self.first().date().last_of_month())
    }
}

/// An hour on a wall clock, 0 to 23.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hour(pub u8);

/// An hour of a day of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalHour {
    /// The day.
    pub day: Day,
    /// The hour.
    pub hour: Hour,
}

impl LocalHour {
    /// As one number, hours since 1970-01-01 00:00 on the wall clock.
    pub fn number(self) -> i32 {
        self.day.0 * 24 + i32::from(self.hour.0)
    }

    /// The hour with this number.
    pub fn from_number(number: i32) -> LocalHour {
        LocalHour { day: Day(number.div_euclid(24)), hour: Hour(number.rem_euclid(24) as u8) }
    }
}

/// The time zone of a site, and the one that takes over at the end of the day on which the owner changed it.
#[derive(Debug, Clone)]
pub struct Schedule {
    zone: TimeZone,
    next: Option<(Moment, TimeZone)>,
}

/// The names of all time zones, in order.
pub fn zone_names() -> &'static [String] {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        // Names without a place are old ones for others.
        names.retain(|name| name.contains('/') || name == "UTC");
        names.sort_unstable();
        names
    });
    &NAMES
}

/// A name that is no IANA time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone; write one like Europe/Berlin or Etc/UTC")]
pub struct NotAZone(pub String);

impl Schedule {
    /// A schedule that never changes from `zone`.
    pub fn of(zone: TimeZone) -> Schedule {
        Schedule { zone, next: None }
    }

    /// The schedule of a site whose owner never named a zone.
    pub fn utc() -> Schedule {
        Schedule::of(TimeZone::get("Etc/UTC").unwrap_or(TimeZone::UTC))
    }

    /// The schedule of the zone with this IANA name.
    ///
    /// # Errors
    /// [`NotAZone`] when the database has no such name.
    pub fn named(name: &str) -> Result<Schedule, NotAZone> {
        TimeZone::get(name).map(Schedule::of).map_err(|_| NotAZone(name.to_owned()))
    }

    /// This schedule with `zone` taking over when the day of `now` has ended.
    pub fn then(&self, zone: TimeZone, now: Moment) -> Schedule {
        let current = self.zone_at(now).clone();
        let plain = Schedule::of(current.clone());
        let until = plain.end_of(plain.locate(now).day);
        Schedule { zone: current, next: Some((until, zone)) }
    }

    /// The same as [`Schedule::then`] with the moment of change already known, as read back from a store.
    pub fn then_from(self, from: Moment, zone: TimeZone) -> Schedule {
        Schedule { zone: self.zone, next: Some((from, zone)) }
    }

    /// The zone that is to take over, and when.
    pub fn next(&self) -> Option<(Moment, &str)> {
        self.next.as_ref().map(|(from, zone)| (*from, zone_name(zone)))
    }

    /// The IANA name of the zone that holds now, before any change.
    pub fn name(&self) -> &str {
        zone_name(&self.zone)
    }

    /// The zone in force at `moment`.
    pub fn zone_at(&self, moment: Moment) -> &TimeZone {
        match &self.next {
            Some((from, zone)) if moment >= *from => zone,
            _ => &self.zone,
        }
    }

    /// The site's day and hour at `moment`.
    pub fn locate(&self, moment: Moment) -> LocalHour {
        let offset = self.zone_at(moment).to_offset(moment.timestamp());
        let local_s = moment.0.div_euclid(1_000) + i64::from(offset.seconds());
        LocalHour {
            day: Day(local_s.div_euclid(86_400) as i32),
            hour: Hour((local_s.rem_euclid(86_400) / 3_600) as u8),
        }
    }

    /// The first moment of `day`.
    pub fn start_of(&self, day: Day) -> Moment {
        let start = |zone: &TimeZone| {
            let first = day.date().to_zoned_datetime(zone.clone()).map(|z| z.timestamp().as_millisecond());
            Moment(first.unwrap_or(i64::from(day.0) * 86_400_000))
        };
        match &self.next {
            // The day on which a change falls begins where the day before it ended.
            Some((from, zone)) if start(zone) >= *from => start(zone),
            Some((from, _)) if start(&self.zone) >= *from => *from,
            _ => start(&self.zone),
        }
    }

    /// The first moment after `day`.
    pub fn end_of(&self, day: Day) -> Moment {
        self.start_of(Day(day.0 + 1))
    }
}

fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("Etc/UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn both_two_oclock_hours_of_autumn_are_one_bucket() {
        let berlin = Schedule::named("Europe/Berlin").unwrap();
        let first = berlin.locate(at("2026-10-25T00:30:00Z"));
        let second = berlin.locate(at("2026-10-25T01:30:00Z"));
        assert_eq!(first, second);
        assert_eq!(first.hour, Hour(2));
        let (start, end) = (berlin.start_of(first.day), berlin.end_of(first.day));
        assert_eq!(end.0 - start.0, 25 * 3_600_000);
    }

    #[test]
    fn spring_has_no_two_oclock_hour() {
        let berlin = Schedule::named("Europe/Berlin").unwrap();
        let before = berlin.locate(at("2026-03-29T00:59:59Z"));
        let after = berlin.locate(at("2026-03-29T01:00:00Z"));
        assert_eq!((before.hour, after.hour), (Hour(1), Hour(3)));
        assert_eq!(berlin.end_of(after.day).0 - berlin.start_of(after.day).0, 23 * 3_600_000);
    }

    #[test]
    fn half_hour_zones_use_the_local_hour() {
        let kolkata = Schedule::named("Asia/Kolkata").unwrap();
        let local = kolkata.locate(at("2026-06-01T18:40:00Z"));
        assert_eq!((local.day.to_string().as_str(), local.hour), ("2026-06-02", Hour(0)));
    }

    #[test]
    fn a_changed_zone_acts_from_the_next_day() {
        let utc = Schedule::utc();
        let now = at("2026-06-01T12:00:00Z");
        let berlin = utc.then(TimeZone::get("Europe/Berlin").unwrap(), now);
        assert_eq!(berlin.locate(at("2026-06-01T23:30:00Z")).hour, Hour(23));
        assert_eq!(berlin.locate(at("2026-06-02T00:30:00Z")).hour, Hour(2));
        assert_eq!(berlin.start_of(Day::of("2026-06-02".parse().unwrap())), at("2026-06-02T00:00:00Z"));
        assert_eq!(berlin.start_of(Day::of("2026-06-03".parse().unwrap())), at("2026-06-02T22:00:00Z"));
    }

    #[test]
    fn a_zone_changed_westwards_prolongs_the_day() {
        let now = at("2026-06-01T12:00:00Z");
        let west = Schedule::utc().then(TimeZone::get("America/New_York").unwrap(), now);
        let day = west.locate(now).day;
        assert_eq!(west.locate(at("2026-06-02T01:00:00Z")).day, day);
        assert_eq!(west.end_of(day), at("2026-06-02T04:00:00Z"));
    }

    #[test]
    fn what_lies_outside_of_the_calendar_is_cut_to_its_ends() {
        assert_eq!([Day(i32::MIN), Day(i32::MAX)].map(Day::date), [Date::MIN, Date::MAX]);
        assert_eq!(Day(i32::MAX).month().last(), Day::of(Date::MAX));
        assert_eq!(Month(i32::MAX).last().date().year(), 9999);
        assert_eq!(Month(i32::MIN).first().date().year(), -9999);
    }

    #[test]
    fn days_months_and_weeks_follow_the_calendar() {
        let day = Day::of("2026-11-23".parse().unwrap());
        assert_eq!(day.monday(), day);
        assert_eq!(Day(day.0 + 6).monday(), day);
        assert_eq!(day.month().first().to_string(), "2026-11-01");
        assert_eq!(day.month().last().to_string(), "2026-11-30");
        assert_eq!(LocalHour::from_number(LocalHour { day, hour: Hour(7) }.number()).hour, Hour(7));
    }
}
