//! In: rejections, from any request. Out: their sums, for the next flush. Forgets: everything but site, day and reason.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::rejection::Rejection;
use crate::site::{Day, SiteId};
use crate::store::Rejected;

/// Rejections that are not stored yet.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<HashMap<(SiteId, Day, Rejection), u64>>);

impl Ledger {
    /// Adds one.
    pub fn add(&self, site: SiteId, day: Day, reason: Rejection) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *sums.entry((site, day, reason)).or_default() += 1;
    }

    /// A copy of what is there.
    pub fn peek(&self) -> Vec<Rejected> {
        list(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands out what is there, and starts anew.
    pub fn drain(&self) -> Vec<Rejected> {
        list(&std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn list(sums: &HashMap<(SiteId, Day, Rejection), u64>) -> Vec<Rejected> {
    let row = |(&(site, day, reason), &count): (&(SiteId, Day, Rejection), &u64)| Rejected { site, day, reason, count };
    sums.iter().map(row).collect()
}
