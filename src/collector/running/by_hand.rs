//! Steps of a collector that has no threads: what its flusher would do, when somebody says so.

use std::sync::Arc;

use super::RunningLock;
use crate::store::Flush;

impl RunningLock {
    /// Does a job of the flusher where no thread does it; tells whether there was anything.
    pub(in crate::collector) fn work_by_hand(&self) -> bool {
        self.lock().is_some_and(|mut running| running.flushing.work_by_hand(true))
    }

    /// The flush under way.
    pub(in crate::collector) fn writing(&self) -> Option<Arc<Flush>> {
        self.lock()?.flushing.writing().cloned()
    }

    /// Tries a failed flush again, as when its pause is over.
    pub(in crate::collector) fn try_now(&self) {
        if let Some(mut running) = self.lock() {
            running.flushing.try_now();
        }
    }
}
