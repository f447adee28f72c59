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

use std::sync::{Arc, MutexGuard};

use rusqlite::Connection;

use super::StoreError;
use super::sqlite::SqliteFile;

pub use sites::{SiteError, sites_of};
pub use users::UserError;

/// What operators have declared, in the file of a data folder.
pub struct Operators(Arc<SqliteFile>);

impl std::fmt::Debug for Operators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Operators")
    }
}

impl Operators {
    pub(super) fn of(file: Arc<SqliteFile>) -> Operators {
        Operators(file)
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.0.writer()
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.0.reader()
    }
}
