//! In: what operators declare. Out: the same: sites, users and their sign-ins, tokens, shares, keys. Forgets: what has expired;
//! secrets never reach this module, only their digests.
//!
//! SQLite always, whatever sums are kept in.

mod keys;
mod logins;
mod notices;
mod shares;
mod sites;
mod tokens;
mod users;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::StoreError;
use super::sqlite::SqliteFile;
use crate::site::SiteId;

pub use notices::LanguageFileState;
pub use sites::{SiteError, sites_of};
pub use users::UserError;

/// What operators have declared, in the file of a data folder.
pub struct Operators {
    file: Arc<SqliteFile>,
    /// How often what is declared of a site, and told to its visitors, has changed since the program started.
    revisions: Mutex<HashMap<SiteId, u64>>,
    /// How often all of it has.
    all_changed: AtomicU64,
}

impl std::fmt::Debug for Operators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Operators")
    }
}

impl Operators {
    pub(super) fn of(file: Arc<SqliteFile>) -> Operators {
        Operators { file, revisions: Mutex::default(), all_changed: AtomicU64::new(0) }
    }

    /// How often a site, what is open of it, what it announces or its notice has changed here. Read it before you look at these.
    pub fn revision(&self, site: SiteId) -> u64 {
        let of_site = self.revisions.lock().unwrap_or_else(PoisonError::into_inner).get(&site).copied();
        of_site.unwrap_or_default() + self.all_changed.load(Ordering::SeqCst)
    }

    /// Notes a change, after it is made.
    fn note_change(&self, site: SiteId) {
        *self.revisions.lock().unwrap_or_else(PoisonError::into_inner).entry(site).or_default() += 1;
    }

    /// Notes that all of it may have changed.
    pub fn note_all(&self) {
        self.all_changed.fetch_add(1, Ordering::SeqCst);
    }

    /// Has nobody who changes something wait for another program any more: the program ends.
    pub fn end_waiting(&self) {
        self.file.end_waiting();
    }

    fn writer(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.file.writer_for_change()
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.file.reader()
    }
}
