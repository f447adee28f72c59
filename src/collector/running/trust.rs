//! In: what the clock says. Out: whether something may be removed for its age. Forgets: nothing.
//!
//! A clock that is ahead would make everything too old. What nothing has confirmed yet is left out of the time that comes here
//! ([`ClockReading::ends`]); a jump by years is doubted behind that until a day has passed in steps, or until it is set back.

use std::collections::HashMap;

use crate::clock::{ClockBelief, ClockReading};
use crate::limits;
use crate::site::{Day, Moment, SiteId};

/// What is believed of the clock. Days are those of UTC.
#[derive(Debug)]
pub(super) struct ClockTrust {
    /// The last day that was believed; nothing where nothing is stored, so that nothing can be too old.
    believed: Option<Day>,
    /// When the clock was looked at last.
    seen: Option<Moment>,
    /// Since when it is doubted.
    doubted: Option<Moment>,
    /// Whether it was ahead at the start and is not confirmed: then the start is not over.
    is_ahead: bool,
    /// Whether an operator has said that it is right.
    is_confirmed: bool,
    /// What was last said of it.
    pub(super) belief: ClockBelief,
    /// The day of each site that the store was last told.
    pub(super) told: HashMap<SiteId, Day>,
}

/// What came of a look at the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It is doubted from now on.
    DoubtBegins,
    /// It is still doubted.
    Doubted,
    /// It was doubted, and is believed again.
    DoubtEnds,
    /// It is believed.
    Believed,
}

impl ClockTrust {
    /// With the day that the store knows as the last.
    pub(super) fn of(known: Option<Day>) -> ClockTrust {
        ClockTrust {
            believed: known,
            seen: None,
            doubted: None,
            is_ahead: false,
            is_confirmed: false,
            belief: ClockBelief::Believed,
            told: HashMap::new(),
        }
    }

    /// Looks at the clock.
    pub(super) fn look(&mut self, reading: &ClockReading) -> Trust {
        let was_ahead = std::mem::replace(&mut self.is_ahead, reading.is_ahead);
        if reading.is_ahead {
            self.seen = None;
            return if was_ahead { Trust::Doubted } else { Trust::DoubtBegins };
        }
        let now = reading.ends;
        let (today, seen) = (utc_day(now), self.seen.replace(now));
        let ahead = self.believed.map_or(0, |believed| today.0.saturating_sub(believed.0));
        let is_start = seen.is_none();
        let has_jumped =
            seen.is_some_and(|seen| now.0 - seen.0 > i64::from(limits::CLOCK_STEP_DAYS) * limits::UTC_DAY_MS);
        let was = self.doubted;
        self.doubted = match was {
            None if is_start => (ahead > limits::CLOCK_AHEAD_DAYS).then_some(now),
            None => (has_jumped && self.believed.is_some()).then_some(now),
            Some(_) if !is_start && !has_jumped && ahead <= limits::CLOCK_STEP_DAYS => None,
            Some(_) if has_jumped => Some(now),
            // Set back, and still ahead: the day begins anew.
            Some(since) if now < since => Some(now),
            Some(since) => (now.0 - since.0 < limits::UTC_DAY_MS).then_some(since),
        };
        if std::mem::take(&mut self.is_confirmed) {
            self.doubted = None;
        }
        match (was, self.doubted) {
            (None, Some(_)) => Trust::DoubtBegins,
            (Some(_), Some(_)) => Trust::Doubted,
            (was, None) => {
                self.believed = Some(today);
                if was.is_some() || was_ahead { Trust::DoubtEnds } else { Trust::Believed }
            }
        }
    }

    /// It is right: the next look believes it.
    pub(super) fn confirm(&mut self) {
        self.is_confirmed = true;
    }

    /// The last day that was believed.
    pub(super) fn believed(&self) -> Option<Day> {
        self.believed
    }

    /// Whether nothing may go for its age.
    pub(super) fn is_doubted(&self) -> bool {
        self.is_ahead || self.doubted.is_some()
    }
}

fn utc_day(now: Moment) -> Day {
    Day(now.0.div_euclid(limits::UTC_DAY_MS) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i32, hour: i64) -> Moment {
        Moment(i64::from(day) * limits::UTC_DAY_MS + hour * 3_600_000)
    }

    fn look(trust: &mut ClockTrust, now: Moment) -> Trust {
        trust.look(&ClockReading::right(now))
    }

    #[test]
    fn a_start_that_is_ahead_is_over_when_something_has_confirmed_it() {
        for (ahead, then) in [(34, Trust::DoubtEnds), (limits::CLOCK_AHEAD_DAYS + 1, Trust::DoubtBegins)] {
            let (mut trust, now) = (ClockTrust::of(Some(Day(100))), at(100 + ahead, 8));
            let reading = ClockReading { ends: at(100, 12), is_ahead: true, ..ClockReading::right(now) };
            assert_eq!((trust.look(&reading), trust.look(&reading)), (Trust::DoubtBegins, Trust::Doubted));
            assert_eq!((trust.is_doubted(), trust.believed()), (true, Some(Day(100))));
            assert_eq!(look(&mut trust, now), then, "{ahead}");
        }
    }

    #[test]
    fn a_clock_that_jumps_is_doubted_for_a_day_and_one_that_goes_on_is_not() {
        let mut trust = ClockTrust::of(Some(Day(100)));
        assert_eq!(look(&mut trust, at(100 + limits::CLOCK_AHEAD_DAYS, 8)), Trust::Believed);
        let today = 100 + limits::CLOCK_AHEAD_DAYS;
        assert_eq!(look(&mut trust, at(today + limits::CLOCK_STEP_DAYS, 8)), Trust::Believed, "a weekend asleep");
        let far = today + 1_000;
        assert_eq!(look(&mut trust, at(far, 23)), Trust::DoubtBegins);
        assert_eq!(look(&mut trust, at(far + 1, 1)), Trust::Doubted, "a midnight is no day");
        assert_eq!(trust.believed(), Some(Day(today + limits::CLOCK_STEP_DAYS)));
        assert_eq!(look(&mut trust, at(far + 1, 23)), Trust::DoubtEnds);
        assert_eq!((look(&mut trust, at(far + 2, 0)), trust.believed()), (Trust::Believed, Some(Day(far + 2))));
    }

    #[test]
    fn a_start_far_ahead_is_doubted_until_the_clock_is_set_back() {
        let mut trust = ClockTrust::of(Some(Day(100)));
        assert_eq!(look(&mut trust, at(101 + limits::CLOCK_AHEAD_DAYS, 0)), Trust::DoubtBegins);
        assert_eq!(look(&mut trust, at(101, 0)), Trust::DoubtEnds);
        assert_eq!(look(&mut ClockTrust::of(None), at(50_000, 0)), Trust::Believed, "there is nothing to lose");
        let mut trust = ClockTrust::of(Some(Day(100)));
        assert_eq!(look(&mut trust, at(5_000, 0)), Trust::DoubtBegins);
        trust.confirm();
        assert_eq!(look(&mut trust, at(5_000, 1)), Trust::DoubtEnds);
        let mut trust = ClockTrust::of(Some(Day(100)));
        assert_eq!(look(&mut trust, at(5_000, 0)), Trust::DoubtBegins);
        assert_eq!(look(&mut trust, at(9_000, 0)), Trust::Doubted, "a further jump");
        assert_eq!(look(&mut trust, at(9_000, 23)), Trust::Doubted, "begins anew");
        assert_eq!(look(&mut trust, at(4_000, 23)), Trust::Doubted, "still ahead");
    }
}
