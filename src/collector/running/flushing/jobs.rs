//! In: jobs of the flusher. Out: what became of each, done by its thread or, without threads, by whoever has the collector in hand.
//! Forgets: the job.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::{Flushing, Job, Owed, Told, compact, look};
use crate::meter::Meter;
use crate::store::{Flush, StoreError, SumStore};

/// Who does what the collector has to do beside requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hands {
    /// Threads of its own.
    Threads,
    /// Whoever has it in hand, a step at a time.
    Caller,
}

/// Jobs that are done one at a time when somebody says so.
pub(super) struct JobsByHand {
    pub(super) to_do: Receiver<Job>,
    pub(super) told: Told,
    pub(super) owed: Vec<Owed>,
    /// Whether something may be made small.
    pub(super) has_more: bool,
}

impl Flushing {
    /// Does one job where no thread does it, or else makes something small if it `may_compact`; tells whether there was anything.
    pub fn work_by_hand(&mut self, may_compact: bool) -> bool {
        let Some(by_hand) = &mut self.flusher.by_hand else { return false };
        match by_hand.to_do.try_recv() {
            Ok(job) => {
                let outcome = carry_out(&*self.store, &self.meter, job, &mut by_hand.owed, &by_hand.told);
                by_hand.has_more |= outcome == JobOutcome::Stored;
                true
            }
            Err(_) if may_compact && by_hand.has_more && look(&*self.store, &self.meter).is_ok() => {
                by_hand.has_more = compact(&*self.store, &self.meter);
                true
            }
            Err(_) => false,
        }
    }
}

/// What became of a job.
#[derive(PartialEq, Eq)]
pub(super) enum JobOutcome {
    /// A flush is stored.
    Stored,
    /// Nothing was stored.
    Nothing,
    /// Whoever gave it has gone.
    NobodyListens,
}

/// Does a job.
pub(super) fn carry_out(
    store: &dyn SumStore,
    meter: &Meter,
    job: Job,
    owed: &mut Vec<Owed>,
    told: &Told,
) -> JobOutcome {
    let flush = match job {
        Job::Owe(more) => {
            owed.push(more);
            return JobOutcome::Nothing;
        }
        Job::Image(write) => {
            write();
            return JobOutcome::Nothing;
        }
        Job::Flush(flush) => flush,
    };
    let paid = store.is_in_place().and_then(|()| Owed::pay(owed, store));
    let result = paid.and_then(|()| apply(store, meter, &flush));
    // Small figures are gone from days whose totals are what they were.
    if !flush.at_rest.is_empty() {
        told.folded.clear();
    }
    let outcome = if result.is_ok() { JobOutcome::Stored } else { JobOutcome::Nothing };
    let sent = told.done.send((flush.number, result));
    if sent.is_ok() { outcome } else { JobOutcome::NobodyListens }
}

fn apply(store: &dyn SumStore, meter: &Meter, flush: &Flush) -> Result<(), StoreError> {
    #[cfg(test)]
    assert!(!super::super::tests::is_poisoned(flush), "a poisoned flush");
    let begun = Instant::now();
    store.apply(flush)?;
    meter.flushed(begun.elapsed().as_secs_f64());
    Ok(())
}
