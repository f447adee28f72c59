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
//! At a start what is stored says what is plausible: not before its last day, and no more than [`limits::CLOCK_OFF_DAYS`] days after. A
//! server may have been off for months, and a clock that nobody has set yet says so too: more than [`limits::CLOCK_FRESH_DAYS`] after it
//! hits count by the wall clock and days end by what is stored, until that has lasted for [`limits::CLOCK_CONFIRM_MS`].

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
    /// The last day that was stored at the start, and the uptime then.
    known: Option<(Day, i64)>,
    /// The difference that is looked at.
    difference: Option<ClockDifference>,
    /// The clock without steps that have not lasted yet.
    slow: Option<SlowClock>,
    /// Since which uptime the wall clock agrees with itself.
    agrees_since: Option<i64>,
    /// Whether it was known to be right: it follows what is stored closely, or has run for long.
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
    /// Whether it is made of what was stored at the start.
    is_of_start: bool,
}

impl SlowClock {
    /// How long it has to last until it is confirmed.
    const fn longest(self) -> i64 {
        if self.is_of_start { limits::CLOCK_CONFIRM_MS } else { limits::CLOCK_SETTLE_MS }
    }
}

/// What a look at the clock tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// What time it is.
    pub now: Moment,
    /// By which time days end and sums go for their age; not after `now` but where that was set back.
    pub ends: Moment,
    /// Whether the wall clock is believed.
    pub belief: ClockBelief,
    /// Whether it was ahead of what is stored at the start, which nothing has confirmed yet.
    pub is_ahead: bool,
}

impl ClockReading {
    /// Of a clock that is right.
    pub const fn right(now: Moment) -> ClockReading {
        ClockReading { now, ends: now, belief: ClockBelief::Believed, is_ahead: false }
    }
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
        let known = stored.map(|day| (day, uptime));
        let mut guard = ClockGuard { known, ..ClockGuard::default() };
        match stored {
            Some(day) if !agrees(day, limits::CLOCK_OFF_DAYS, wall, 0) && day >= RELEASED => {
                guard.anchor = Some((noon(day), uptime));
                guard.stored = Some(day);
            }
            _ if is_made(wall) => guard.begin(wall, uptime),
            _ => {}
        }
        guard
    }

    /// Takes a time as the first one.
    fn begin(&mut self, wall: Moment, uptime: i64) {
        self.anchor = Some((wall, uptime));
        let Some((day, at)) = self.known else { return };
        if agrees(day, limits::CLOCK_FRESH_DAYS, wall, uptime - at) {
            self.is_sure = true;
        } else {
            self.slow = Some(SlowClock { time: noon(day), at, since: uptime, is_of_start: true });
        }
    }

    /// Looks at the clock.
    pub fn look(&mut self, wall: Moment, uptime: i64) -> ClockReading {
        let Some((time, at)) = self.anchor else {
            if is_made(wall) {
                return self.believe(wall, uptime);
            }
            return ClockReading { belief: ClockBelief::Unset, ..ClockReading::right(wall) };
        };
        let plausible = time.plus(uptime - at);
        let ahead_ms = wall.0.saturating_sub(plausible.0);
        let is_right = match self.stored {
            Some(day) => agrees(day, limits::CLOCK_OFF_DAYS, wall, uptime - at),
            None => ahead_ms.abs() <= limits::CLOCK_NEAR_MS,
        };
        if is_right && is_made(wall) {
            if self.stored.is_some() {
                self.begin(wall, uptime);
            }
            return self.believe(wall, uptime);
        }
        self.agrees_since = None;
        if self.stored.is_none() && (0..=limits::CLOCK_STEP_MS).contains(&ahead_ms) {
            let fresh = SlowClock { time: plausible, at: uptime, since: uptime, is_of_start: false };
            let slow = self.slow.unwrap_or(fresh);
            self.slow = Some(SlowClock { since: uptime, ..slow });
            return self.believe(wall, uptime);
        }
        let same = |known: &ClockDifference| (known.ahead_ms.saturating_sub(ahead_ms)).abs() <= limits::CLOCK_NEAR_MS;
        let since = self.difference.filter(same).map_or(uptime, |known| known.since);
        self.difference = Some(ClockDifference { since, ahead_ms });
        let longest = if self.is_correction(ahead_ms, wall) { 0 } else { limits::CLOCK_CONFIRM_MS };
        if is_made(wall) && uptime - since >= longest {
            self.slow = self.slow.filter(|_| longest == 0);
            self.last_anew(wall, uptime);
            return self.believe(wall, uptime);
        }
        ClockReading { belief: ClockBelief::Doubted, ..self.ends(plausible, uptime) }
    }

    /// A start that was ahead is over where the clock follows what is stored closely by now; else it has to last anew.
    fn last_anew(&mut self, wall: Moment, uptime: i64) {
        let Some(slow) = self.slow.filter(|slow| slow.is_of_start) else { return };
        self.slow = Some(SlowClock { since: uptime, ..slow });
        if self.known.is_some_and(|(day, at)| agrees(day, limits::CLOCK_FRESH_DAYS, wall, uptime - at)) {
            self.slow = None;
        }
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

    /// Whether a difference is a clock that is put right: back by a little, or back where it was never known to be right, but not to
    /// before what is stored.
    fn is_correction(&self, ahead_ms: i64, wall: Moment) -> bool {
        let is_after = self.known.is_none_or(|(day, _)| wall.0 >= first_of(day) - limits::CLOCK_NEAR_MS);
        let is_back = ahead_ms >= -limits::CLOCK_STEP_MS || !self.is_sure && is_after;
        self.stored.is_none() && ahead_ms < 0 && is_back
    }

    fn believe(&mut self, wall: Moment, uptime: i64) -> ClockReading {
        let since = *self.agrees_since.get_or_insert(uptime);
        self.is_sure |= uptime - since >= limits::CLOCK_CONFIRM_MS;
        (self.anchor, self.stored, self.difference) = (Some((wall, uptime)), None, None);
        self.ends(wall, uptime)
    }

    /// A time that is believed, and by which time days end: without the last steps, until they have lasted or are taken back.
    fn ends(&mut self, now: Moment, uptime: i64) -> ClockReading {
        let slow = self.slow.filter(|slow| uptime - slow.since < slow.longest());
        let time = slow.map(|slow| slow.time.plus(uptime - slow.at));
        let time = time.filter(|time| now > time.plus(limits::CLOCK_NEAR_MS));
        if time.is_none() {
            self.slow = None;
        }
        let is_ahead = self.slow.is_some_and(|slow| slow.is_of_start);
        ClockReading { ends: time.unwrap_or(now), is_ahead, ..ClockReading::right(now) }
    }
}

/// Whether a time is not before the program was made, nor so late that no calendar has it.
fn is_made(wall: Moment) -> bool {
    wall.0 >= i64::from(RELEASED.0) * DAY_MS
}

/// Whether a time is on the last day that is stored, or up to so many days after it, so long after the start.
fn agrees(stored: Day, days: i32, wall: Moment, since_start_ms: i64) -> bool {
    let last = first_of(stored) + i64::from(days + 1) * DAY_MS + since_start_ms;
    (first_of(stored) - limits::CLOCK_NEAR_MS..last).contains(&wall.0)
}

const fn first_of(day: Day) -> i64 {
    day.0 as i64 * DAY_MS
}

/// The time of a day of which no other is known: most of the world has its date then.
const fn noon(day: Day) -> Moment {
    Moment(first_of(day) + DAY_MS / 2)
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
        ClockReading::right(now)
    }

    fn doubted(now: Moment) -> ClockReading {
        ClockReading { belief: ClockBelief::Doubted, ..believed(now) }
    }

    /// Hits count by it, and days end by what is stored.
    fn ahead(now: Moment, uptime: i64) -> ClockReading {
        ClockReading { ends: noon(TODAY).plus(uptime), is_ahead: true, ..believed(now) }
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
            let expected = ClockReading { ends: START.plus(uptime), ..believed(monday(uptime)) };
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
        let long_after = START.plus(i64::from(limits::CLOCK_OFF_DAYS + 2) * DAY_MS);
        for wall in [Moment(5_000), START.plus(-DAY_MS), long_after] {
            let mut guard = ClockGuard::started(Some(TODAY), wall, 7_000);
            assert_eq!(guard.look(wall.plus(1_000), 8_000), doubted(noon(TODAY).plus(1_000)));
            let set = START.plus(20 * DAY_MS);
            assert_eq!(guard.look(set, 9_000), ahead(set, 2_000), "set right");
            let near = START.plus(DAY_MS);
            assert_eq!(guard.look(near, 10_000), believed(near), "set right again");
        }
        let mut guard = ClockGuard::started(Some(TODAY), long_after, 0);
        guard.look(long_after, 0);
        let later = limits::CLOCK_CONFIRM_MS;
        assert_eq!(guard.look(long_after.plus(later), later), believed(long_after.plus(later)), "it was off for long");
        let mut early = ClockGuard::started(Some(TODAY), Moment(0), 0);
        (0..100).for_each(|hour| assert_eq!(early.look(Moment(hour * HOUR), hour * HOUR).belief, ClockBelief::Doubted));
    }

    #[test]
    fn a_start_days_ahead_counts_by_the_clock_and_ends_no_day_until_it_has_lasted() {
        let (long, short) = (START.plus(34 * DAY_MS), START.plus(2 * DAY_MS));
        for wall in [long, short] {
            let mut guard = ClockGuard::started(Some(TODAY), wall, 0);
            for uptime in [0, HOUR - 1_000] {
                assert_eq!(guard.look(wall.plus(uptime), uptime), ahead(wall.plus(uptime), uptime));
            }
            assert_eq!(guard.look(wall.plus(HOUR), HOUR), believed(wall.plus(HOUR)));
            let mut confirmed = ClockGuard::started(Some(TODAY), wall, 0);
            assert!(confirmed.look(wall, 0).is_ahead && confirmed.confirm(wall, 0));
            assert_eq!(confirmed.look(wall, 1), believed(wall));
        }
        let next_day = START.plus(DAY_MS);
        let mut guard = ClockGuard::started(Some(TODAY), next_day, 0);
        assert_eq!(guard.look(next_day, 0), believed(next_day), "a night off");
    }

    #[test]
    fn a_start_days_ahead_that_is_set_back_is_right_at_once_and_never_before_what_is_stored() {
        let wall = START.plus(34 * DAY_MS);
        let started = || {
            let mut guard = ClockGuard::started(Some(TODAY), wall, 0);
            guard.look(wall, 0);
            guard
        };
        let mut guard = started();
        let right = START.plus(DAY_MS);
        assert_eq!(guard.look(right, 15_000), believed(right));
        let mut guard = started();
        let right = START.plus(20 * DAY_MS);
        assert_eq!(guard.look(right, HOUR / 2), ahead(right, HOUR / 2));
        let later = HOUR + HOUR / 4;
        assert!(guard.look(right.plus(later - HOUR / 2), later).is_ahead, "it lasts anew");
        let mut guard = started();
        let before = START.plus(-2 * DAY_MS);
        assert_eq!(guard.look(before, 1_000).belief, ClockBelief::Doubted);
        // A small step ahead makes it no surer.
        let mut guard = started();
        let step = |uptime| wall.plus(2 * DAY_MS + uptime);
        guard.look(step(1_000), 1_000);
        let settled = limits::CLOCK_SETTLE_MS + 2_000;
        assert_eq!(guard.look(step(settled), settled), ahead(step(settled), settled));
    }
}
