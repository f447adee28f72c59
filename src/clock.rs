//! The time: that of the system, or one that tests set. The flow never reads a clock; it is given `now`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::site::Moment;

/// Tells the time; clones of a manual clock share it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// One that goes on like the system's, so many milliseconds ahead of it: for tests of the whole program.
    Shifted(i64),
    /// One that moves when it is told to, as milliseconds since the epoch.
    Manual(Arc<AtomicI64>),
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

    /// Whether it tells the time that it really is, or a test's, which stands still, and not [`Clock::Shifted`].
    pub fn is_true(&self) -> bool {
        !matches!(self, Clock::Shifted(_))
    }

    /// The moment that it is.
    pub fn now(&self) -> Moment {
        match self {
            Clock::System => Moment(system_ms()),
            Clock::Shifted(ahead) => Moment(system_ms().saturating_add(*ahead)),
            Clock::Manual(now) => Moment(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock to `now`; others stay as they are.
    pub fn set(&self, now: Moment) {
        if let Clock::Manual(time) = self {
            time.store(now.0, Ordering::SeqCst);
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
