//! Wakes the thread that does what is due.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::limits;

/// A bell: whoever rings it never waits, and no ring is missed.
#[derive(Debug, Default)]
pub(super) struct Wake {
    rung: Mutex<bool>,
    condvar: Condvar,
}

impl Wake {
    /// Ends the wait that is under way, or the next one.
    pub(super) fn now(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.condvar.notify_one();
    }

    /// Waits until somebody rings, for [`limits::IDLE_MS`] at the most.
    pub(super) fn wait(&self) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = Duration::from_millis(limits::IDLE_MS);
        let waited = self.condvar.wait_timeout_while(rung, longest, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}
