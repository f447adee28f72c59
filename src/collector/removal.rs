//! In: a site. Out: sums and declarations without it. Forgets: all that was counted for it.

use std::sync::Arc;

use super::Collector;
use crate::meter::FailureKind;
use crate::site::{Directory, SiteId};
use crate::store::{Operators, SiteError, StoreError, SumStore, unless_damaged};

/// The sites that are declared and not being removed.
pub(super) fn declared(operators: &Operators, sums: &dyn SumStore) -> Result<Directory, StoreError> {
    let going = unless_damaged(sums.announced_removals())?;
    Ok(Directory::of(operators.sites()?.into_iter().filter(|site| !going.contains(&site.id))))
}

impl Collector {
    /// Removes a site with everything that is counted for it. First its sums go, then what was declared: whatever fails, no sums
    /// are left of a site that nobody sees. A removal that is cut short is ended by the next start.
    ///
    /// # Errors
    /// [`SiteError`]; then the site is still there and goes on counting, and can be removed again.
    pub fn remove_site(&self, id: SiteId) -> Result<(), SiteError> {
        self.flush()?;
        let rest = self.directory().all().into_iter().filter(|site| site.id != id).map(|site| (*site).clone());
        self.0.directory.store(Arc::new(Directory::of(rest)));
        // A flush that began before may hold sums of the site; after this one, none does.
        let sums = &self.0.sums;
        let removed = self.flush().and_then(|()| sums.announce_removal(id, true)).and_then(|()| sums.remove_site(id));
        if removed.is_ok() {
            self.0.personal.forget_site(id);
            // A collector that has ended holds nothing of it.
            let forgotten = self.0.running.with(|running, _| running.forget_site(id));
            self.note_left(forgotten.and_then(|()| self.wait_for_journal().err()));
        }
        let removed = removed.map_err(SiteError::from).and_then(|left| Ok([left, self.0.operators.remove_site(id)?]));
        let removed = removed.map(|left| left.into_iter().for_each(|left| self.note_left(left)));
        // Where nothing was removed it was perhaps not announced.
        let ended = sums.announce_removal(id, false);
        self.note_left(ended.err().filter(|_| removed.is_ok()));
        self.reload()?;
        removed
    }

    /// Notes what is left of a site that was removed.
    fn note_left(&self, left: Option<StoreError>) {
        if let Some(error) = left {
            self.meter().failed(FailureKind::Erasure, "the removal of a site", error);
        }
    }

    /// Ends removals of sites that an earlier program began.
    pub(super) fn end_removals(&self) -> Result<(), StoreError> {
        for id in unless_damaged(self.0.sums.announced_removals())? {
            let removed = self.0.sums.remove_site(id).map_err(SiteError::from);
            let removed = removed.and_then(|left| Ok([left, self.0.operators.remove_site(id)?]));
            match removed {
                Ok(left) => {
                    left.into_iter().for_each(|left| self.note_left(left));
                    self.note_left(self.0.sums.announce_removal(id, false).err());
                }
                Err(error) => self.note_left(Some(StoreError::Other(error.to_string()))),
            }
        }
        Ok(())
    }
}
