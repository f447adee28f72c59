//! In: the choice of an operator, when the database is not where it was. Out: a store that is in its place. Forgets: nothing that can be
//! kept.

use std::path::PathBuf;
use std::sync::mpsc;

use super::running::{self, Adopted};
use super::{Collector, NotForgotten, ended};
use crate::store::StoreError;

impl Collector {
    /// Whether the path of the database leads to the one that is open, which has its log then.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn is_in_place(&self) -> Result<(), StoreError> {
        running::look(&*self.0.sums, &self.0.meter)
    }

    /// Has what was declared in the file of the database, of which a copy has it then.
    pub fn empty_log(&self) {
        self.0.sums.empty_log();
    }

    /// Goes on with the database that is at the path now, and adds to it what waits, as soon as it can be written.
    ///
    /// # Errors
    /// [`NotForgotten`]: an import runs, or the store failed; then nothing has changed.
    pub fn adopt(&self) -> Result<Adopted, NotForgotten> {
        let _right = self.import_right().ok_or(NotForgotten::ImportRuns)?;
        let (waiter, answer) = mpsc::channel();
        let mut adopted = self.0.running.with(|running, now| running.adopt(waiter, now)).ok_or_else(ended)??;
        self.0.operators.note_all();
        self.0.folded.clear();
        adopted.waits = answer.recv().map_err(|_| ended())?.err();
        Ok(adopted)
    }

    /// Writes the database that is open back to its path, and stores what waits. What lay there has another name then, which is told.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn keep(&self) -> Result<Option<PathBuf>, StoreError> {
        let aside = self.0.sums.keep()?;
        self.0.running.with(|running, _| running.follow()).ok_or_else(ended)?;
        self.flush()?;
        Ok(aside)
    }
}
