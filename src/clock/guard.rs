//! In: what the wall clock says, and for how long the machine runs. Out: what time it is as far as can be believed, and by which time
//! days end. Forgets: nothing.
//!
//! A wall clock can be set; the time for which a machine runs, sleep included, only goes on. Both together from a moment that was
//! believed give the *plausible* time. Where the wall clock says otherwise:
//!
//! - up to [`limits::CLOCK_NEAR_MS`] is a correction: the wall clock is right;
//! - a step ahead of up to [`limits::CLOCK_STEP_DAYS`] days is what a machine sees that was paused: hits count by the wall clock at once,
//!   and days end by the plausible time until the step has lasted for [`limits::CLOCK_SETTLE_MS`];
//! - more is doubted: hits count and days end by the plausible time until it has lasted for [`limits::CLOCK_CONFIRM_MS`], is set right, or
//!   somebody says that it is right;
//! - back by so few days is a correction, and by more is doubted as well, unless the clock was never known to be right;
//! - a time before the program was made is never right: without a plausible time nothing can be counted.
//!
//! At a start what is stored says what is plausible: not before its last day, and no more than [`limits::CLOCK_OFF_DAYS`] days after.

use crate::limits;
use crate::site::{Day, Moment};

/// The day before which no copy of the program was made; it is moved on with a release.
pub const RELEASED: Day = Day(20_454);

const DAY_MS: i64 = limits::UTC_DAY_MS;

/// What is believed of a wall clock. Uptimes are milliseconds.
#[derive(Debug, Default)]
pub struct ClockGuard {
    /// A time that was believed, and the uptime then.
    anchor: Option<(Moment, i64)>,
    /// The last day that is stored, as long as the anchor is only made of it.
    stored: Option<Day>,
    /// The difference that is looked at.
    difference: Option<ClockDifference>,
    /// The clock without steps that have not lasted yet.
    slow: Option<SlowClock>,
    /// Since which uptime the wall clock agrees with itself.
    agrees_since: Option<i64>,
    /// Whether it was known to be right: it agrees with what is stored, or has run for long.
    is_sure: bool,
}

#[derive(Debug, Clone, Copy)]
struct ClockDifference {
    /// Since which uptime it has been the same.
    since: i64,
    ahead_ms: i64,
}

/// A time that was plausible at some uptime, without steps, the last of which came at another one.
#[derive(Debug, Clone, Copy)]
struct SlowClock {
    time: Moment,
    at: i64,
    since: i64,
}

/// What a look at the clock tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// What time it is.
    pub now: Moment,
    /// By which time days end; not after `now` but where that was set back.
    pub ends: Moment,
    /// Whether the wall clock is believed.
    pub belief: ClockBelief,
}

/// Whether a wall clock is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockBelief {
    /// It is.
    #[default]
    Believed,
    /// It is not: time goes on from when it was.
    Doubted,
    /// It is not, and nothing else tells the time.
    Unset,
}

impl ClockBelief {
    /// The word for `/health`.
    pub const fn name(self) -> &'static str {
        match self {
            ClockBelief::Believed => "believed",
            ClockBelief::Doubted => "doubted",
            ClockBelief::Unset => "unset",
        }
    }
}

impl ClockGuard {
    /// At a start, with the last day (UTC) on which something was stored and the clock believed.
    pub fn started(stored: Option<Day>, wall: Moment, uptime: i64) -> ClockGuard {
        let mut guard = ClockGuard { is_sure: stored.is_some(), ..ClockGuard::default() };
        match stored {
            Some(day) if !agrees(day, wall, 0) && day >= RELEASED => {
                // The time of the day is not known: at noon most of the world has this date.
                guard.anchor = Some((Moment(i64::from(day.0) * DAY_MS + DAY_MS / 2), uptime));
                guard.stored = Some(day);
            }
            _ if is_made(wall) => guard.anchor = Some((wall, uptime)),
            _ => {}
        }
        guard
    }

    /// Looks at the clock.
    pub fn look(&mut self, wall: Moment, uptime: i64) -> ClockReading {
        let Some((time, at)) = self.anchor else {
            if is_made(wall) {
                return self.believe(wall, uptime);
            }
            return ClockReading { now: wall, ends: wall, belief: ClockBelief::Unset };
        };
        let plausible = time.plus(uptime - at);
        let ahead_ms = wall.0.saturating_sub(plausible.0);
        let is_right = match self.stored {
            Some(day) => agrees(day, wall, uptime - at),
            None => ahead_ms.abs() <= limits::CLOCK_NEAR_MS,
        };
        if is_right && is_made(wall) {
            return self.believe(wall, uptime);
        }
        self.agrees_since = None;
        if self.stored.is_none() && (0..=limits::CLOCK_STEP_MS).contains(&ahead_ms) {
            let slow = self.slow.unwrap_or(SlowClock { time: plausible, at: uptime, since: uptime });
            self.slow = Some(SlowClock { since: uptime, ..slow });
            return self.believe(wall, uptime);
        }
        let same = |known: &ClockDifference| (known.ahead_ms.saturating_sub(ahead_ms)).abs() <= limits::CLOCK_NEAR_MS;
        let since = self.difference.filter(same).map_or(uptime, |known| known.since);
        self.difference = Some(ClockDifference { since, ahead_ms });
        let longest = if self.is_correction(ahead_ms) { 0 } else { limits::CLOCK_CONFIRM_MS };
        if is_made(wall) && uptime - since >= longest {
            self.slow = self.slow.filter(|_| longest == 0);
            return self.believe(wall, uptime);
        }
        let ends = self.ends(plausible, uptime);
        ClockReading { now: plausible, ends, belief: ClockBelief::Doubted }
    }

    /// Somebody says that the clock is right. Tells whether it can be.
    pub fn confirm(&mut self, wall: Moment, uptime: i64) -> bool {
        if is_made(wall) {
            self.slow = None;
            self.believe(wall, uptime);
            self.is_sure = true;
        }
        is_made(wall)
    }

    /// Whether a difference is a clock that is put right: back by a little, or back where it was never known to be right.
    fn is_correction(&self, ahead_ms: i64) -> bool {
        self.stored.is_none() && ahead_ms < 0 && (ahead_ms >= -limits::CLOCK_STEP_MS || !self.is_sure)
    }

    fn believe(&mut self, wall: Moment, uptime: i64) -> ClockReading {
        let since = *self.agrees_since.get_or_insert(uptime);
        self.is_sure |= uptime - since >= limits::CLOCK_CONFIRM_MS;
        (self.anchor, self.stored, self.difference) = (Some((wall, uptime)), None, None);
        ClockReading { now: wall, ends: self.ends(wall, uptime), belief: ClockBelief::Believed }
    }

    /// By which time days end: without the last steps, until they have lasted or are taken back.
    fn ends(&mut self, now: Moment, uptime: i64) -> Moment {
        let slow = self.slow.filter(|slow| uptime - slow.since < limits::CLOCK_SETTLE_MS);
        let time = slow.map(|slow| slow.time.plus(uptime - slow.at));
        let time = time.filter(|time| now > time.plus(limits::CLOCK_NEAR_MS));
        if time.is_none() {
            self.slow = None;
        }
        time.unwrap_or(now)
    }
}

/// Whether a time is not before the program was made, nor so late that no calendar has it.
fn is_made(wall: Moment) -> bool {
    wall.0 >= i64::from(RELEASED.0) * DAY_MS
}

/// Whether a time goes with the last day that is stored, so long after the start.
fn agrees(stored: Day, wall: Moment, since_start_ms: i64) -> bool {
    let first = i64::from(stored.0) * DAY_MS;
    let last = first + i64::from(limits::CLOCK_OFF_DAYS + 1) * DAY_MS + since_start_ms;
    (first - limits::CLOCK_NEAR_MS..last).contains(&wall.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const START: Moment = Moment((RELEASED.0 as i64 + 200) * DAY_MS + 9 * HOUR);
    const TODAY: Day = Day(RELEASED.0 + 200);

    /// A guard that started with what is stored of the day of [`START`], or with nothing.
    fn guard(stored: Option<Day>) -> ClockGuard {
        let mut guard = ClockGuard::started(stored, START, 0);
        assert_eq!(guard.look(START, 0), believed(START));
        guard
    }

    fn believed(now: Moment) -> ClockReading {
        ClockReading { now, ends: now, belief: ClockBelief::Believed }
    }

    fn doubted(now: Moment) -> ClockReading {
        ClockReading { now, ends: now, belief: ClockBelief::Doubted }
    }

    #[test]
    fn the_day_of_the_release_is_of_the_year_2026() {
        assert_eq!(RELEASED.to_string(), "2026-01-01");
    }

    #[test]
    fn corrections_and_sleep_are_believed_at_once() {
        let mut guard = guard(Some(TODAY));
        assert_eq!(guard.look(START.plus(HOUR / 2), 1_000), believed(START.plus(HOUR / 2)));
        assert_eq!(guard.look(START.plus(-HOUR / 4), 2_000), believed(START.plus(-HOUR / 4)));
        // A machine that slept for a month knows for how long.
        let late = START.plus(30 * DAY_MS);
        assert_eq!(guard.look(late, 30 * DAY_MS), believed(late));
        let back = late.plus(-2 * DAY_MS);
        assert_eq!(guard.look(back, 30 * DAY_MS), believed(back), "back by two days");
    }

    #[test]
    fn a_step_of_a_paused_machine_counts_at_once_and_ends_days_when_it_has_lasted() {
        let mut guard = guard(Some(TODAY));
        let monday = |uptime| START.plus(3 * DAY_MS - HOUR + uptime);
        for uptime in [1_000, limits::CLOCK_SETTLE_MS] {
            let read = guard.look(monday(uptime), uptime);
            let expected = ClockReading { now: monday(uptime), ends: START.plus(uptime), ..believed(START) };
            assert_eq!(read, expected);
        }
        let settled = limits::CLOCK_SETTLE_MS + 1_000;
        assert_eq!(guard.look(monday(settled), settled), believed(monday(settled)));
        let back = START.plus(DAY_MS);
        guard.look(monday(settled + 1_000), settled + 1_000);
        assert_eq!(guard.look(back, settled + 2_000), believed(back));
    }

    #[test]
    fn steps_one_after_the_other_count_each_and_end_days_together() {
        let mut guard = guard(Some(TODAY));
        for step in 1..=6 {
            let (wall, uptime) = (START.plus(step * 2 * DAY_MS), step * 1_000);
            let read = guard.look(wall, uptime);
            assert_eq!((read.now, read.ends, read.belief), (wall, START.plus(uptime), ClockBelief::Believed));
        }
        let uptime = 6_000 + limits::CLOCK_SETTLE_MS;
        let wall = START.plus(12 * DAY_MS + limits::CLOCK_SETTLE_MS);
        assert_eq!(guard.look(wall, uptime), believed(wall));
    }

    #[test]
    fn a_jump_is_doubted_until_it_lasts_is_set_right_or_confirmed() {
        let year = 365 * DAY_MS;
        for jump in [year, 5 * year, 500 * year, -100 * DAY_MS] {
            let wall = |uptime| START.plus(jump + uptime);
            let mut lasting = guard(Some(TODAY));
            for uptime in [1_000, HOUR / 2, limits::CLOCK_CONFIRM_MS] {
                assert_eq!(lasting.look(wall(uptime), uptime), doubted(START.plus(uptime)), "{jump}");
            }
            let later = limits::CLOCK_CONFIRM_MS + 1_000;
            assert_eq!(lasting.look(wall(later), later), believed(wall(later)));
            let mut right = guard(Some(TODAY));
            right.look(wall(1_000), 1_000);
            assert_eq!(right.look(START.plus(2_000), 2_000), believed(START.plus(2_000)));
            let mut confirmed = guard(Some(TODAY));
            confirmed.look(wall(1_000), 1_000);
            assert!(confirmed.confirm(wall(2_000), 2_000));
            assert_eq!(confirmed.look(wall(3_000), 3_000), believed(wall(3_000)));
        }
    }

    #[test]
    fn a_further_jump_has_to_last_anew_and_a_day_ends_meanwhile() {
        let mut guard = guard(Some(TODAY));
        guard.look(START.plus(1_000 * DAY_MS), 1_000);
        let uptime = limits::CLOCK_CONFIRM_MS;
        assert_eq!(guard.look(START.plus(2_000 * DAY_MS), uptime), doubted(START.plus(uptime)));
        assert_eq!(guard.look(START.plus(2_000 * DAY_MS), uptime + 1_000).belief, ClockBelief::Doubted);
        // A clock that jumps on and on is never believed, and days end all the same.
        for day in 1..50 {
            let uptime = day * DAY_MS / 24;
            let read = guard.look(START.plus(day * 100 * DAY_MS), uptime);
            assert_eq!(read, doubted(START.plus(uptime)));
        }
    }

    #[test]
    fn a_first_start_takes_any_time_since_the_release_and_no_other() {
        let mut unset = ClockGuard::started(None, Moment(5_000), 0);
        let reading = unset.look(Moment(6_000), 1_000);
        assert_eq!((reading.belief, reading.now), (ClockBelief::Unset, Moment(6_000)));
        assert!(!unset.confirm(Moment(6_000), 1_000));
        assert_eq!(unset.look(START, 2_000), believed(START));
        let mut guard = guard(None);
        let back = START.plus(-100 * DAY_MS);
        assert_eq!(guard.look(back, 1_000), believed(back), "never known to be right");
        assert_eq!(guard.look(Moment(-1), 2_000), doubted(back.plus(1_000)));
        let far = Moment(4_000_000_000_000_000);
        assert_eq!(ClockGuard::started(None, far, 0).look(far, 1), believed(far), "nothing says that it is wrong");
    }

    #[test]
    fn a_start_before_or_long_after_what_is_stored_counts_on_its_last_day() {
        let noon = Moment(i64::from(TODAY.0) * DAY_MS + DAY_MS / 2);
        let long_after = START.plus(i64::from(limits::CLOCK_OFF_DAYS + 2) * DAY_MS);
        for wall in [Moment(5_000), START.plus(-DAY_MS), long_after] {
            let mut guard = ClockGuard::started(Some(TODAY), wall, 7_000);
            assert_eq!(guard.look(wall.plus(1_000), 8_000), doubted(noon.plus(1_000)));
            let set = START.plus(20 * DAY_MS);
            assert_eq!(guard.look(set, 9_000), believed(set), "set right");
        }
        let mut guard = ClockGuard::started(Some(TODAY), long_after, 0);
        guard.look(long_after, 0);
        let later = limits::CLOCK_CONFIRM_MS;
        assert_eq!(guard.look(long_after.plus(later), later), believed(long_after.plus(later)), "it was off for long");
        let mut early = ClockGuard::started(Some(TODAY), Moment(0), 0);
        (0..100).for_each(|hour| assert_eq!(early.look(Moment(hour * HOUR), hour * HOUR).belief, ClockBelief::Doubted));
    }
}
