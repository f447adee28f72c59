//! A hit on its way to be counted: if it is dropped on the way, the reason is counted.
//!
//! Wherever it is dropped, that is booked: in a request whose client hung up, in a panic.

use std::fmt;

use super::Collector;
use super::overload::SenderShares;
use super::running::MarkedHit;
use crate::rejection::Rejection;
use crate::site::{Day, SiteId};

/// What became of a beacon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is counted; the next question will see it.
    Accepted,
    /// It is not counted.
    Rejected(Rejection),
    /// It is lost: the program is ending, or has failed.
    Lost,
}

impl Outcome {
    /// Whether it is not counted because the collector can't keep up: whoever sent it should try again.
    pub fn is_overload(self) -> bool {
        match self {
            Outcome::Accepted => false,
            Outcome::Rejected(reason) => reason.is_overload(),
            Outcome::Lost => true,
        }
    }
}

/// A hit that is neither counted nor rejected yet. Dropped, it is booked under [`Rejection::TooMany`]; when it is dropped by a
/// panic of whoever counts it, as lost.
pub struct Uncounted {
    /// There until something became of it.
    hit: Option<MarkedHit>,
    collector: Collector,
    is_counted: bool,
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
        let Some(MarkedHit { hit, .. }) = self.hit.take() else { return };
        if self.is_counted {
            self.collector.meter().lost.inc();
        } else {
            self.collector.book(hit.site, hit.local.day, Rejection::TooMany, None);
        }
    }
}

impl Uncounted {
    pub(super) fn new(hit: MarkedHit, collector: &Collector) -> Uncounted {
        Uncounted { hit: Some(hit), collector: collector.clone(), is_counted: false, begins_past_day: false }
    }

    /// Its site, and the day that it is of there.
    pub fn day(&self) -> Option<(SiteId, Day)> {
        self.hit.as_ref().map(|MarkedHit { hit, .. }| (hit.site, hit.local.day))
    }

    /// Gives up on it, for a reason.
    pub fn reject(mut self, reason: Rejection) -> Outcome {
        if let Some(MarkedHit { hit, .. }) = self.hit.take() {
            self.collector.book(hit.site, hit.local.day, reason, None);
        }
        Outcome::Rejected(reason)
    }

    /// Whether those who sent it have not had their shares.
    pub(super) fn lets_pass(&self, senders: &SenderShares, sites: usize) -> bool {
        self.hit.as_ref().is_none_or(|MarkedHit { hit, .. }| senders.lets_pass(hit, sites))
    }

    /// The hit, for whom answers for it from now on.
    pub fn into_hit(mut self) -> Option<MarkedHit> {
        self.hit.take()
    }

    /// Has it counted, or booked why it is not, by `count`; nothing becomes of it where nobody counts any more.
    pub(super) fn count(mut self, count: impl FnOnce(&MarkedHit) -> Option<Result<(), Rejection>>) -> Outcome {
        self.is_counted = true;
        let counted = self.hit.as_ref().and_then(count);
        if counted.is_some() {
            self.hit = None;
        }
        match counted {
            Some(Ok(())) => Outcome::Accepted,
            Some(Err(reason)) => Outcome::Rejected(reason),
            // Dropped here, it is booked as lost.
            None => Outcome::Lost,
        }
    }
}
