//! A collector without threads: whoever has it in hand does each step of what threads do else, in the order of their choice.
//!
//! Who drives it so can end it between any two steps, and the same steps have the same outcome (`tests/simulation.rs`).

use std::fmt;
use std::sync::Arc;

use super::{Collector, Ending, WriterHandle, ended, running};
use crate::clock::Clock;
use crate::hit::Tools;
use crate::journal::{Found, Journal};
use crate::store::spill::SpillPlaces;
use crate::store::{Flush, JournalState, StoreError, Stores};

/// What is called while somebody waits and nothing is to be done: it lets time pass, or tells that nobody waits any more.
pub type Idle = Box<dyn Fn() -> bool + Send + Sync>;

/// The steps of a collector that has no threads.
pub struct ByHand(Collector);

impl fmt::Debug for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByHand")
    }
}

impl ByHand {
    /// Starts a collector as [`Collector::with_spills`] does, but nothing happens unless it is said.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn start(
        stores: Stores,
        tools: Tools,
        clock: Clock,
        spills: SpillPlaces,
        open: impl FnOnce(&JournalState) -> (Option<Journal>, Found),
        idle: Idle,
    ) -> Result<(Collector, ByHand), StoreError> {
        let collector = Collector::counting(stores, tools, clock, (spills, open), Some(idle))?;
        Ok((collector.clone(), ByHand(collector)))
    }

    /// Does what is due, as the thread of the writer does from time to time.
    pub fn keep(&self) {
        // It ends by `stop` alone.
        let _ = self.0.0.running.keep();
    }

    /// Does the next job of the flusher, or else one step of what makes the past small; tells whether there was anything.
    pub fn write(&self) -> bool {
        self.0.0.running.work_by_hand()
    }

    /// Tries a failed flush again, as when its pause is over.
    pub fn retry(&self) {
        self.0.0.running.try_now();
    }

    /// The flush that is under way.
    pub fn writing(&self) -> Option<Arc<Flush>> {
        self.0.0.running.writing()
    }

    /// Ends the collector as a service manager ends the program.
    ///
    /// # Errors
    /// [`StoreError`] of the last flush; what it held is lost.
    pub fn stop(&self) -> Result<Ending, StoreError> {
        self.0.stop();
        self.0.0.running.keep().unwrap_or_else(|| Err(ended()))
    }
}

impl Collector {
    /// The same collector, with a thread that does what is due.
    pub(super) fn kept_by_a_thread(self) -> (Collector, WriterHandle) {
        let keeping = running::spawn(self.0.running.clone());
        (self, WriterHandle(keeping))
    }

    /// Does what is to be done until there is an answer, or nobody waits any more; nothing where threads do it.
    pub(super) fn step_until<T>(&self, mut answer: impl FnMut() -> Option<T>) -> Option<Result<T, StoreError>> {
        let idle = self.0.idle.as_ref()?;
        loop {
            if let Some(answered) = answer() {
                return Some(Ok(answered));
            }
            let has_ended = self.0.running.keep().is_some();
            if self.0.running.work_by_hand() {
                continue;
            }
            if has_ended || !idle() {
                return Some(Err(ended()));
            }
            // Time has passed, and the pause of a failed flush with it.
            self.0.running.try_now();
        }
    }
}
