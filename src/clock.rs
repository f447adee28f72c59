//! In: the system's time, or a test's. Out: the moment that it is now. Forgets: nothing. The flow never reads a clock; it
//! is given `now`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::site::Moment;

/// Tells the time; clones of a manual clock share it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// One that moves when it is told to, as milliseconds since the epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now` until it is moved.
    pub fn manual(now: Moment) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(now.0)))
    }

    /// The moment that it is.
    pub fn now(&self) -> Moment {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Clock::Manual(now) => Moment(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock to `now`; the system's stays as it is.
    pub fn set(&self, now: Moment) {
        if let Clock::Manual(time) = self {
            time.store(now.0, Ordering::SeqCst);
        }
    }
}
