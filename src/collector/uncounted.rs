//! A hit on its way to be counted: if it is dropped on the way, the reason is counted.
//!
//! Wherever it is dropped, that is booked: in a request whose client hung up, in a queue whose reader has ended, in a panic.

use std::fmt;

use super::Collector;
use crate::hit::Hit;
use crate::rejection::Rejection;
use crate::site::{Day, SiteId};

/// What became of a beacon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It waits to be counted; the next question will see it.
    Accepted,
    /// It is not counted.
    Rejected(Rejection),
    /// It is lost: the program is ending, or the writer has failed.
    Lost,
}

/// A hit that is neither counted nor rejected yet. Dropped, it is booked under [`Rejection::TooMany`] while it waits for room in
/// the queue, and as lost once it was in there.
pub struct Uncounted {
    /// There until something became of it.
    hit: Option<Box<Hit>>,
    collector: Collector,
    is_queued: bool,
    /// Whether it is the first of a past day under a new salt: visitors whom an earlier salt knew count twice there.
    pub begins_past_day: bool,
}

impl fmt::Debug for Uncounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uncounted")
    }
}

impl Drop for Uncounted {
    fn drop(&mut self) {
        let Some(hit) = self.hit.take() else { return };
        if self.is_queued {
            self.collector.meter().queued.dec();
            self.collector.meter().lost.inc();
        } else {
            self.collector.book(hit.site, hit.local.day, Rejection::TooMany, None);
        }
    }
}

impl Uncounted {
    pub(super) fn new(hit: Hit, collector: &Collector) -> Uncounted {
        Uncounted { hit: Some(Box::new(hit)), collector: collector.clone(), is_queued: false, begins_past_day: false }
    }

    /// Its site, and the day that it is of there.
    pub fn day(&self) -> Option<(SiteId, Day)> {
        self.hit.as_ref().map(|hit| (hit.site, hit.local.day))
    }

    /// Gives up on it because the queue had no room in time.
    pub fn give_up(self) -> Outcome {
        self.reject(Rejection::TooMany)
    }

    /// Gives up on it, for a reason.
    pub fn reject(mut self, reason: Rejection) -> Outcome {
        if let Some(hit) = self.hit.take() {
            self.collector.book(hit.site, hit.local.day, reason, None);
        }
        Outcome::Rejected(reason)
    }

    /// The hit, for whom answers for it from now on.
    pub fn into_hit(mut self) -> Option<Hit> {
        self.hit.take().map(|hit| *hit)
    }

    /// The same, as it goes into the queue.
    pub(super) fn queued(mut self) -> Uncounted {
        self.collector.meter().queued.inc();
        self.is_queued = true;
        self
    }

    /// The same, when the queue had no room for it.
    pub(super) fn taken_back(mut self) -> Uncounted {
        self.collector.meter().queued.dec();
        self.is_queued = false;
        self
    }

    /// Has it counted, or rejected, by `count`.
    pub(super) fn count(mut self, count: impl FnOnce(&Hit)) {
        if let Some(hit) = &self.hit {
            count(hit);
            self.collector.meter().queued.dec();
        }
        self.hit = None;
    }
}
