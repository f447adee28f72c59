//! Stores the sums of an import in one transaction with how far the logs are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Collector;
use crate::counts::Sums;
use crate::site::{Day, SiteId};
use crate::store::{BotCount, DayState, Imported, Rejected};

/// Sums and rejections of an import that are to be stored together.
#[derive(Debug, Default)]
pub struct SumsBatch {
    /// Sums by day.
    pub sums: Vec<(SiteId, Day, Sums)>,
    /// Pairs by day.
    pub days: Vec<DayState>,
    /// How many hits are in them.
    pub counted: u64,
    /// Rejections.
    pub rejected: Vec<Rejected>,
    /// The programs among them.
    pub bots: Vec<BotCount>,
    /// Hits without a visitor, by site and day.
    pub unvisited: Vec<(SiteId, Day, u64)>,
    /// How far the logs are read.
    pub imported: Vec<Imported>,
}

impl SumsBatch {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.days.is_empty() && self.rejected.is_empty() && self.imported.is_empty()
    }
}

/// The right to import logs of the past, which one import has at a time; given back on drop.
#[derive(Debug)]
pub struct ImportRight(Arc<AtomicBool>);

impl Drop for ImportRight {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Collector {
    /// The right to import logs of the past; nothing while another import has it.
    pub fn import_right(&self) -> Option<ImportRight> {
        let right = &self.0.importing;
        (!right.swap(true, Ordering::SeqCst)).then(|| ImportRight(right.clone()))
    }
}
