//! In: orders to forget. Out: what went. Forgets: it, in memory, in the journal, and on the disk.

use std::time::{Duration, Instant};

use super::{Collector, Running};
use crate::limits;
use crate::site::SiteId;
use crate::store::{Forgetting, RemovedCells, StoreError, TakenOut, TakenOutOf};

/// Why nothing is forgotten.
#[derive(Debug, thiserror::Error)]
pub enum NotForgotten {
    /// An import may bring back what goes.
    #[error("an import is under way; try again when it has ended")]
    ImportRuns,
    /// The sums of a whole month can't be made smaller by a day that is no more.
    #[error("of {month} only the whole month is kept; name all of its days, like {month}-01..{last}")]
    MonthAlone {
        /// The month.
        month: String,
        /// Its last day.
        last: String,
    },
    /// The store failed. Some of it may be gone, and it can be asked again.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl Collector {
    /// How many cells, rows and names would go.
    ///
    /// # Errors
    /// [`NotForgotten`]
    pub fn count_forgotten(&self, order: &Forgetting) -> Result<RemovedCells, NotForgotten> {
        self.check(order)?;
        Ok(self.count_stored(order)?.0)
    }

    /// Forgets, and answers when nothing is left of it: in the running state, the journal and the store.
    ///
    /// # Errors
    /// [`NotForgotten`]
    pub fn forget(&self, order: &Forgetting) -> Result<RemovedCells, NotForgotten> {
        self.check(order)?;
        let _right = self.import_right().ok_or(NotForgotten::ImportRuns)?;
        let (counted, marks) = self.count_stored(order)?;
        let order = Forgetting { marks, ..order.clone() };
        self.wait(|running, waiter| running.forget(order.clone(), waiter))??;
        let forgotten = self.0.sums.forget(&order);
        self.0.folded.clear();
        forgotten?;
        self.wait_for_journal()?;
        Ok(counted)
    }

    /// What would go of all that is counted, the pairs of the running day with it.
    fn count_stored(&self, order: &Forgetting) -> Result<(RemovedCells, Vec<TakenOut>), StoreError> {
        self.store_ended(order.site)?;
        self.wait(Running::store_pairs)??;
        self.0.sums.count_forgotten(order)
    }

    fn check(&self, order: &Forgetting) -> Result<(), NotForgotten> {
        let snapshot = self.0.sums.snapshot()?;
        for month in order.months_cut() {
            let (first, last) = (month.first(), month.last());
            let is_alone = !snapshot.months_alone(order.site, first, last)?.is_empty();
            let marks = snapshot.taken_out(order.site, first, last)?;
            if is_alone || marks.iter().any(|mark| mark.of == TakenOutOf::Days) {
                let last = last.to_string();
                return Err(NotForgotten::MonthAlone { month: last.get(..7).unwrap_or(&last).to_owned(), last });
            }
        }
        Ok(())
    }

    /// Stores all that is counted, with the visits of days that ended.
    fn store_ended(&self, site: SiteId) -> Result<(), StoreError> {
        loop {
            self.flush()?;
            let waits = self.0.running.with(|running, _| running.has_closing(site)).ok_or_else(super::ended)?;
            if !waits {
                return Ok(());
            }
        }
    }

    /// The journal leaves behind what is to be forgotten, or is given up.
    pub(super) fn wait_for_journal(&self) -> Result<(), StoreError> {
        let until = Instant::now() + Duration::from_secs(2 * limits::JOURNAL_FORGET_S);
        let is_forgetting = || self.0.running.with(|running, _| Running::is_journal_forgetting(running));
        while is_forgetting().ok_or_else(super::ended)? {
            if Instant::now() > until {
                return Err(StoreError::Other("the journal does not let go of what is to be forgotten".into()));
            }
            match self.step_until(|| (is_forgetting() != Some(true)).then_some(())) {
                Some(done) => done?,
                None => std::thread::sleep(Duration::from_millis(limits::JOURNAL_LOOK_MS)),
            }
        }
        Ok(())
    }
}
