//! In: the end of the program. Out: everything in the store, and the store's file where the next start finds it; what finds no place is
//! spilled. Forgets: the store, which is closed.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::Running;
use crate::limits;
use crate::store::{Ended, Flush, Moved, StoreError, SumStore};

/// What became of the last sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// They are stored.
    Stored,
    /// They are stored, but not the last visits of days, of which combinations of dimensions are made.
    WithoutVisits {
        /// Whether the journal has them for the next start.
        are_kept: bool,
        /// Why they are not stored.
        why: StoreError,
    },
    /// They wait in a file for the next start.
    Spilled {
        /// The file.
        file: PathBuf,
        /// How many hits are in it.
        hits: i64,
        /// Why they are not stored.
        why: StoreError,
    },
}

impl Running {
    /// Stores everything before the end: it is tried `until` some moment, or a few times. What can't be stored is spilled.
    ///
    /// # Errors
    /// [`StoreError`]: it is lost, because no folder took it; or the database is, or what was written over it is of no use.
    pub(super) fn finish(&mut self, until: Option<Instant>) -> Result<Ending, StoreError> {
        self.look_at_place();
        let stored = self.store_last(until.map(|until| self.last_try(until)));
        self.flushing.end();
        // It may have lost its place meanwhile.
        let put = self.put_in_place();
        let is_of_no_use = self.sums.is_in_place() == Err(StoreError::Moved(Moved::Overwritten));
        if stored.is_ok() && put.is_ok() && end_store(&*self.sums) == self.sums.file() {
            self.follow();
        }
        self.has_ended = true;
        let ending = match stored {
            Ok(()) => {
                self.remove_spilled();
                Ok(Ending::Stored)
            }
            Err(why) => self.spill(why),
        };
        let lost = put.err().filter(|why| matches!(why, StoreError::Lost(_)));
        let Some(why) = lost.or(is_of_no_use.then_some(StoreError::Moved(Moved::Overwritten))) else { return ending };
        if let Ok(Ending::Spilled { file, hits, .. }) = &ending {
            tracing::error!(hits, "{hits} hits that were not stored are in {}", file.display());
        }
        Err(why)
    }

    /// Says what became of the file, and adopts what was written over it, if nobody has chosen by now.
    fn look_at_place(&mut self) {
        match self.sums.look() {
            Err(StoreError::Moved(moved @ Moved::Overwritten)) => {
                tracing::error!("{moved}; the program ends, and adds to that what waits");
                if let Err(error) = self.adopt(mpsc::channel().0, self.clock.now()) {
                    tracing::error!(%error, "it can't be added");
                }
            }
            Err(StoreError::Moved(moved)) => {
                tracing::error!(
                    "{moved}; the program ends, and writes a copy of the open one back, or beside what is there"
                );
            }
            _ => {}
        }
    }

    fn store_last(&mut self, until: Option<Instant>) -> Result<(), StoreError> {
        let mut tries = limits::LAST_FLUSH_TRIES;
        loop {
            let Err(error) = self.store_all(until) else { return Ok(()) };
            tries = tries.saturating_sub(1);
            let rest = until.map(|until| until.saturating_duration_since(Instant::now()));
            let has_time = rest.map_or(tries > 0, |rest| !rest.is_zero());
            if !has_time || matches!(error, StoreError::Corrupt | StoreError::NotOurs(_)) {
                return Err(error);
            }
            let pause = Duration::from_millis(limits::STOP_RETRY_MS);
            std::thread::sleep(rest.map_or(Duration::ZERO, |rest| rest.min(pause)));
        }
    }

    fn store_all(&mut self, until: Option<Instant>) -> Result<(), StoreError> {
        loop {
            self.put_in_place()?;
            if self.flushing.writing().is_none() {
                self.begin_flush(self.clock.now(), Flush::default(), true);
            }
            if self.flushing.writing().is_none() {
                return Ok(());
            }
            self.flushing.wait(until)?;
        }
    }

    /// Copies a database that is not in its place there, or where else there is room, and goes on with the copy.
    fn put_in_place(&mut self) -> Result<(), StoreError> {
        match self.sums.is_in_place() {
            Err(StoreError::Moved(moved)) if moved != Moved::Overwritten => {}
            _ => return Ok(()),
        }
        let Some(put) = self.sums.put(&self.other_folders())? else { return Ok(()) };
        tell_place(&put);
        if Some(put) == self.sums.file() {
            self.follow();
        }
        Ok(())
    }
}

fn tell_place(put: &std::path::Path) {
    tracing::error!("the database that was open is in {}", put.display());
}

/// Lets go of the store, and says what operators must know of its files. Where the file is, if it was not in its place.
fn end_store(sums: &dyn SumStore) -> Option<PathBuf> {
    let names = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    match sums.end() {
        Ok(Ended { left, .. }) if !left.is_empty() => {
            tracing::warn!("another program has the database open: {} stay, and hold nothing", names(&left));
        }
        Ok(Ended { put: Some(put), .. }) => {
            tell_place(&put);
            return Some(put);
        }
        Ok(_) => {}
        // Operators' changes are in no flush.
        Err(error) => {
            tracing::warn!(%error, "a part of the figures is in headcount.db-wal: copy that file together with headcount.db");
        }
    }
    None
}
