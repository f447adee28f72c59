//! The time: that of the system, or one that tests set. The flow never reads a clock; it is given `now`.

mod guard;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::site::{Day, Moment};
pub use guard::{ClockBelief, ClockGuard, ClockReading, RELEASED};

/// Tells the time; clones of a manual clock share it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// One that goes on like the system's, so many milliseconds ahead of it: for tests of the whole program.
    Shifted(i64),
    /// One that moves when it is told to, as milliseconds since the epoch.
    Manual(Arc<AtomicI64>),
    /// One of these as far as it is believed.
    Guarded(Arc<GuardedClock>),
}

/// A clock, the time for which the machine runs, and what is believed of them.
#[derive(Debug)]
pub struct GuardedClock {
    wall: Clock,
    uptime: Uptime,
    guard: Mutex<Option<ClockGuard>>,
}

/// For how long the machine runs, sleep included.
#[derive(Debug, Clone)]
pub enum Uptime {
    /// The system's.
    System,
    /// One that tests set, in milliseconds.
    Manual(Arc<AtomicI64>),
}

impl Uptime {
    fn ms(&self) -> i64 {
        match self {
            Uptime::System => {
                let since = clock_gettime(ClockId::Boottime);
                since.tv_sec.saturating_mul(1_000).saturating_add(since.tv_nsec / 1_000_000)
            }
            Uptime::Manual(ms) => ms.load(Ordering::SeqCst),
        }
    }
}

impl GuardedClock {
    fn guard(&self) -> MutexGuard<'_, Option<ClockGuard>> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> ClockReading {
        let mut guard = self.guard();
        let (wall, uptime) = (self.wall.now(), self.uptime.ms());
        guard.as_mut().map_or(ClockReading::right(wall), |guard| guard.look(wall, uptime))
    }
}

impl Clock {
    /// A clock that stands at `now` until it is moved.
    pub fn manual(now: Moment) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(now.0)))
    }

    /// A clock that says `now` and goes on from there.
    pub fn starting_at(now: Moment) -> Clock {
        Clock::Shifted(now.0 - system_ms())
    }

    /// The same clock, which is believed as far as the time for which the machine runs goes with it ([`Clock::starts_after`]).
    pub fn guarded(self, uptime: Uptime) -> Clock {
        Clock::Guarded(Arc::new(GuardedClock { wall: self, uptime, guard: Mutex::default() }))
    }

    /// Whether it tells the time that it really is, or a test's, which stands still, and not [`Clock::Shifted`].
    pub fn is_true(&self) -> bool {
        match self {
            Clock::Guarded(guarded) => guarded.wall.is_true(),
            clock => !matches!(clock, Clock::Shifted(_)),
        }
    }

    /// From now on it is looked whether the clock can be right after this last stored day (UTC), if there is one. Clocks that are not
    /// guarded always are.
    pub fn starts_after(&self, stored: Option<Day>) {
        if let Clock::Guarded(guarded) = self {
            let started = ClockGuard::started(stored, guarded.wall.now(), guarded.uptime.ms());
            *guarded.guard() = Some(started);
        }
    }

    /// The time by which days end, and whether the clock is believed.
    pub fn reading(&self) -> ClockReading {
        match self {
            Clock::Guarded(guarded) => guarded.reading(),
            clock => ClockReading::right(clock.now()),
        }
    }

    /// What the clock says, whether it is believed or not.
    pub fn wall(&self) -> Moment {
        match self {
            Clock::Guarded(guarded) => guarded.wall.now(),
            clock => clock.now(),
        }
    }

    /// Somebody says that the clock is right; tells whether it can be.
    pub fn confirm(&self) -> bool {
        let Clock::Guarded(guarded) = self else { return true };
        let (wall, uptime) = (guarded.wall.now(), guarded.uptime.ms());
        guarded.guard().as_mut().is_none_or(|guard| guard.confirm(wall, uptime))
    }

    /// The moment that it is.
    pub fn now(&self) -> Moment {
        match self {
            Clock::System => Moment(system_ms()),
            Clock::Shifted(ahead) => Moment(system_ms().saturating_add(*ahead)),
            Clock::Manual(now) => Moment(now.load(Ordering::SeqCst)),
            Clock::Guarded(guarded) => guarded.reading().now,
        }
    }

    /// Moves a manual clock to `now`; others stay as they are.
    pub fn set(&self, now: Moment) {
        match self {
            Clock::Manual(time) => time.store(now.0, Ordering::SeqCst),
            Clock::Guarded(guarded) => guarded.wall.set(now),
            Clock::System | Clock::Shifted(_) => {}
        }
    }
}

/// Milliseconds since the epoch, as the system tells them.
fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_clock_starts_where_it_is_told_and_goes_on() {
        let clock = Clock::starting_at(Moment(1_000_000));
        let first = clock.now().0;
        assert!((1_000_000..1_060_000).contains(&first), "{first}");
        while clock.now().0 == first {
            std::thread::yield_now();
        }
        let later = clock.now().0;
        assert!(later > first, "{first}, then {later}");
        clock.set(Moment(5));
        assert!(clock.now().0 >= later && !clock.is_true(), "only a manual clock is set");
    }
}
