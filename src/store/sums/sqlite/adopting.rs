//! In: a database that took the place of the open one. Out: what a collector has to know to go on with it. Forgets: what was kept of the
//! one before.

use std::path::PathBuf;
use std::sync::PoisonError;

use super::retaining::Retaining;
use super::{Result, SqliteSums, compaction};
use crate::store::{AdoptedStore, CountedBy};

impl SqliteSums {
    /// Goes on with the database that is at the path now.
    ///
    /// # Errors
    /// [`StoreError`](crate::store::StoreError); then nothing has changed.
    pub(super) fn go_on_with_adopted(&self) -> Result<AdoptedStore> {
        let _applying = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let _change = self.kept.change_all();
        let mut store = self.file.adopt(AdoptedStore::of)?;
        self.texts.clear();
        // Sums of an import that broke off there are made final by the next start, if not now.
        let _ = compaction::make_final(&mut self.writer(), CountedBy::Import);
        store.open_days = compaction::open_days(&self.reader()).unwrap_or(store.open_days);
        (*self.months(), *self.thinning()) = Default::default();
        if let Ok(retaining) = Retaining::of(&self.reader()) {
            *self.retaining() = retaining;
        }
        Ok(store)
    }

    /// Writes the open database back to its path; tells where that is kept which lay there.
    ///
    /// # Errors
    /// [`StoreError`](crate::store::StoreError)
    pub(super) fn put_back(&self) -> Result<Option<PathBuf>> {
        let _applying = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.keep()
    }

    /// Copies a database that is not in its place there or elsewhere, and goes on with that.
    ///
    /// # Errors
    /// [`StoreError`](crate::store::StoreError)
    pub(super) fn put_for_the_end(&self, folders: &[PathBuf]) -> Result<Option<PathBuf>> {
        let _applying = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.put(folders)
    }
}
