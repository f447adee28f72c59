//! In: flushes, and what operators declare. Out: sums, sites, users, tokens. Forgets: deleted rows, which are overwritten
//! with zeros (`secure_delete`).
//!
//! One file, one writing connection, a few reading ones; write-ahead log, emptied after every flush.

mod access;
mod keys;
mod logins;
mod mails;
mod names;
mod packed;
mod pairs;
mod read;
mod schema;
mod settle;
mod shares;
mod sites;
mod users;
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Answer, Ask, BotCount, Flush, Imported, Running, Store, StoreError};
use crate::counts::Name;
use crate::limits;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, Month, SiteId};

pub use access::{Access, Scope, TokenInfo};
pub use logins::Login;
pub use shares::{NewShare, PUBLIC, Share};
pub use sites::SiteError;
pub use users::{Role, User, UserError, UserId};

type Result<T> = std::result::Result<T, StoreError>;

/// The store of one data folder.
pub struct Sqlite {
    path: PathBuf,
    /// Closed before the writer, because only the writer may empty the log when it goes last.
    readers: Vec<Mutex<Connection>>,
    writer: Mutex<Connection>,
    next_reader: std::sync::atomic::AtomicUsize,
    texts: names::TextCache,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sqlite")
    }
}

impl Sqlite {
    /// Opens the database file, makes it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`]; `Other` also for a file that a newer version wrote.
    pub fn open(path: &Path) -> Result<Sqlite> {
        let mut writer = Connection::open(path)?;
        schema::prepare_writer(&writer)?;
        schema::migrate(&mut writer)?;
        settle::settle_parts(&mut writer, settle::ALL_PARTS)?;
        let readers = (0..limits::READERS).map(|_| reader(path)).collect::<Result<Vec<_>>>()?;
        Ok(Sqlite {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers,
            next_reader: Default::default(),
            texts: names::TextCache::default(),
        })
    }

    /// Size of the file and its log, in bytes.
    pub fn bytes(&self) -> u64 {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        size(&self.path) + size(Path::new(&log))
    }

    /// The logs that were imported for a site.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn imports(&self, site: SiteId) -> Result<Vec<Imported>> {
        read::imports(&self.reader(), site)
    }

    /// The days that have sums and are not packed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn open_days(&self) -> Result<Vec<(SiteId, Day)>> {
        settle::open_days(&self.reader())
    }

    /// The number of the last name that was stored; 0 if there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn last_name(&self) -> Result<i64> {
        names::last(&self.reader())
    }

    /// Whether a site has a name whose number is not above `last`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn has_name(&self, site: SiteId, text: &str, last: i64) -> Result<bool> {
        Ok(write::name_id(&self.reader(), site, text)?.is_some_and(|id| id <= last))
    }

    /// The names of all sites that hold a text, each with its site. Every name is looked at.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn names_with(&self, text: &str) -> Result<Vec<(SiteId, String)>> {
        names::with(&self.reader(), text)
    }

    /// Adds pairs that an import has left as they were to those of their days.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn settle_imports(&self) -> Result<()> {
        settle::settle_parts(&mut self.writer(), &[packed::part_code(super::Part::Import)])
    }

    /// The months of a site before `before` whose pairs are not added up yet.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn months_to_add(&self, site: SiteId, before: Month) -> Result<Vec<Month>> {
        settle::months_to_add(&self.reader(), site, before)
    }

    /// Whether a batch with this id is counted.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn has_batch(&self, id: Digest) -> std::result::Result<bool, StoreError> {
        let reader = self.reader();
        let found = reader.prepare_cached("SELECT 1 FROM batches WHERE id = ?")?.exists([id.0])?;
        Ok(found)
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        // A panic inside a transaction rolled it back, so the connection is sound.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A free reader, else the next in turn.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        if let Some(free) = self.readers.iter().find_map(|reader| reader.try_lock().ok()) {
            return free;
        }
        let turn = self.next_reader.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.readers[turn % self.readers.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reader(path: &Path) -> Result<Mutex<Connection>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    schema::prepare_reader(&connection)?;
    Ok(Mutex::new(connection))
}

impl Store for Sqlite {
    fn last_flush(&self) -> Result<u64> {
        read::last_flush(&self.reader())
    }

    fn apply(&self, flush: &Flush) -> Result<()> {
        // Made before the writer is held: it takes a second for a busy day.
        let pairs = settle::pairs_of(flush);
        let mut writer = self.writer();
        write::apply(&mut writer, flush, &pairs)?;
        // Busy readers may keep the log alive; the next flush empties it.
        writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn read(&self, asks: &[Ask], running: &[Running]) -> Result<Answer> {
        read::answer(&mut self.reader(), asks, running, &self.texts)
    }

    fn first_day(&self, site: SiteId) -> Result<(u64, Option<Day>)> {
        read::first_day(&mut self.reader(), site)
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>> {
        keys::of_props(&self.reader(), site, event, [first, last])
    }

    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<(u64, Vec<(Rejection, u64)>)> {
        read::rejected(&mut self.reader(), site, first, last)
    }

    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<(u64, Vec<BotCount>)> {
        read::bots(&mut self.reader(), site, first, last)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            Some(ErrorCode::DiskFull) => StoreError::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt,
            // SQLite's own message names tables and columns, and no values; the statement behind it is left out.
            Some(code) => {
                let text = error.to_string();
                StoreError::Other(format!("{} ({code:?})", text.split(" in ").next().unwrap_or_default()))
            }
            None => StoreError::Other(error.to_string()),
        }
    }
}
