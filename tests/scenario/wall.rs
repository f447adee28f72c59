//! The moment that a wall clock at a site means, and back.

use std::fmt;

use headcount::site::{Moment, Schedule};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, ToSpan};

/// What a site's wall clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Wall {
    /// Days since the day +0 of the story.
    pub day: i32,
    /// Milliseconds on the clock's face since 00:00.
    pub ms: u32,
    /// 0 the first time that the clock shows this, 1 the second time, as clocks do in an autumn night.
    pub turn: usize,
}

impl Wall {
    /// What the clock of `schedule` shows at `moment`.
    pub fn of(moment: Moment, date: Date, schedule: &Schedule) -> Wall {
        let face = face(moment, schedule);
        let (day, since) = ((face.date() - date).get_days(), face.time() - Time::midnight());
        let ms = SignedDuration::try_from(since).expect("a time of day").as_millis() as u32;
        let turn =
            meanings(face, schedule).iter().position(|other| *other == moment).expect("a clock shows every moment");
        Wall { day, ms, turn }
    }

    /// The moment that this means.
    ///
    /// Panics when the clock never shows it, as 02:30 in a spring night.
    pub fn moment(self, date: Date, schedule: &Schedule) -> Moment {
        let midnight = (date + self.day.days()).to_datetime(Time::midnight());
        let meanings = meanings(midnight + SignedDuration::from_millis(self.ms.into()), schedule);
        *meanings.get(self.turn).unwrap_or_else(|| panic!("the clock never shows {self} there"))
    }

    /// Reads `HH:MM`, `HH:MM:SS` or `HH:MM:SS.mmm`, with `B` for the second turn.
    pub fn read(day: i32, text: &str) -> Option<Wall> {
        let (face, turn) = match text.strip_suffix('B') {
            Some(face) => (face, 1),
            None => (text, 0),
        };
        let (clock, ms) = face.split_once('.').unwrap_or((face, "0"));
        let parts: Vec<u32> = clock.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
        let (2 | 3) = parts.len() else { return None };
        let seconds = parts[0] * 3_600 + parts[1] * 60 + parts.get(2).unwrap_or(&0);
        Some(Wall { day, ms: seconds * 1_000 + ms.parse::<u32>().ok()?, turn })
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.day != 0 {
            write!(f, "{:+} ", self.day)?;
        }
        let (seconds, ms) = (self.ms / 1_000, self.ms % 1_000);
        write!(f, "{:02}:{:02}", seconds / 3_600, seconds / 60 % 60)?;
        if !self.ms.is_multiple_of(60_000) {
            write!(f, ":{:02}", seconds % 60)?;
        }
        if ms != 0 {
            write!(f, ".{ms:03}")?;
        }
        f.write_str(if self.turn == 0 { "" } else { "B" })
    }
}

/// Date and time on the wall at `moment`, as jiff has them; the program has an arithmetic of its own.
pub fn face(moment: Moment, schedule: &Schedule) -> DateTime {
    schedule.zone_at(moment).to_datetime(moment.timestamp())
}

/// The moments at which the wall shows `face`, in order: one as a rule, none or two when clocks are changed.
fn meanings(face_wanted: DateTime, schedule: &Schedule) -> Vec<Moment> {
    let zones = [schedule.zone_at(Moment(i64::MIN)), schedule.zone_at(Moment(i64::MAX))];
    let guesses = zones.map(|zone| zone.to_ambiguous_timestamp(face_wanted));
    let mut moments: Vec<Moment> = guesses
        .into_iter()
        .flat_map(|guess| [guess.earlier(), guess.later()])
        .map(|timestamp| Moment(timestamp.expect("a date within the calendar").as_millisecond()))
        .filter(|moment| face(*moment, schedule) == face_wanted)
        .collect();
    moments.sort();
    moments.dedup();
    moments
}

#[test]
fn clocks_show_an_autumn_hour_twice_and_a_spring_hour_never() {
    let berlin = Schedule::named("Europe/Berlin").unwrap();
    let autumn: Date = "2026-10-25".parse().unwrap();
    let [first, second] = ["02:30", "02:30B"].map(|text| Wall::read(0, text).unwrap());
    assert_eq!(second.moment(autumn, &berlin).0 - first.moment(autumn, &berlin).0, 3_600_000);
    assert_eq!(Wall::of(second.moment(autumn, &berlin), autumn, &berlin), second);
    let spring = "2026-03-29".parse().unwrap();
    assert!(std::panic::catch_unwind(|| first.moment(spring, &berlin)).is_err());
    assert_eq!(Wall::read(-1, "23:59:59.999").unwrap().to_string(), "-1 23:59:59.999");
}
