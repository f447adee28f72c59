//! In: what a store could not be told when the collector began. Out: the same, told before the next flush. Forgets: what it was told.

use std::path::PathBuf;

use super::{Flushing, Job};
use crate::store::{CountedBy, JournalPosition, StoreError, SumStore};

/// What a store is to be told at a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owed {
    /// In which folder the journal is.
    JournalFolder(PathBuf),
    /// Which journal goes on with the sums.
    Journal(Option<JournalPosition>),
    /// That nobody goes on with the snapshots of running days.
    EndCounting,
    /// That nobody knows all visitors of days that were to be published.
    EndPublishing,
}

impl Owed {
    /// Tells a store all of it, in order, until it fails.
    ///
    /// # Errors
    /// [`StoreError`]; what it was not told is left.
    pub fn pay(owed: &mut Vec<Owed>, store: &dyn SumStore) -> Result<(), StoreError> {
        while let Some(first) = owed.first() {
            match first {
                Owed::JournalFolder(folder) => store.set_journal_folder(folder)?,
                Owed::Journal(position) => store.set_journal(*position)?,
                Owed::EndCounting => store.end_counting(CountedBy::Live)?,
                Owed::EndPublishing => store.end_publishing()?,
            }
            owed.remove(0);
        }
        Ok(())
    }
}

impl Flushing {
    /// Has the store told something before the next flush.
    pub fn owe(&mut self, owed: Owed) {
        if owed == Owed::EndCounting {
            self.alone_from = self.next_number();
        }
        self.hand(Job::Owe(owed));
    }

    /// Number of the flush before which all snapshots of running days that the store has are an earlier program's; 0 if there is none.
    pub fn alone_from(&self) -> u64 {
        self.alone_from
    }
}
