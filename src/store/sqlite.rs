//! In: a path. Out: the connections to the file there, with its schema up to date. Forgets: deleted rows, which are overwritten
//! with zeros (`secure_delete`).
//!
//! One file, one writing connection, a few reading ones; write-ahead log, emptied after every flush.

mod allowed;
mod pool;
mod reopening;
mod rewriting;
pub(super) mod schema;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::StoreError;
use crate::limits;

pub(super) use allowed::allowed_table;
pub use allowed::{ALLOWED, AllowedColumn, AllowedTable, ColumnContent};
pub(super) use pool::PooledConnection;
pub(super) use schema::TALLY_COLUMNS;

use pool::SnapshotPool;

/// The database of one data folder.
pub(super) struct SqliteFile {
    path: PathBuf,
    /// For snapshots. Closed before the writer, because only the writer may empty the log when it goes last.
    snapshots: SnapshotPool,
    /// For short look-ups, so that these never wait for a page.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
    /// Whether the writer can write; else it is opened anew whenever somebody wants it ([`reopening`]).
    can_write: AtomicBool,
}

impl SqliteFile {
    /// Opens the database file, makes it if there is none, and brings its schema up to date. One that can be read and not written (a
    /// full disk, a lock, a folder without the right to write) is opened too; what is to be written fails then.
    ///
    /// # Errors
    /// [`StoreError`]; `Other` also for a file that a newer version wrote.
    pub(super) fn open(path: &Path) -> Result<SqliteFile, StoreError> {
        let connections = reopening::Connections::open(path)?;
        let (snapshots, can_write) = (SnapshotPool::of(connections.snapshots), AtomicBool::new(connections.can_write));
        let (reader, writer) = (Mutex::new(connections.reader), Mutex::new(connections.writer));
        Ok(SqliteFile { path: path.to_owned(), snapshots, reader, writer, can_write })
    }

    /// Size of the file and its log, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        size(&self.path) + size(Path::new(&log))
    }

    /// A file or folder beside the database.
    pub(super) fn beside(&self, name: &str) -> Option<PathBuf> {
        self.path.parent().map(|folder| folder.join(name))
    }

    /// The connection that writes.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        if !self.can_write.load(Ordering::Acquire) {
            self.reopen();
        }
        // A panic inside a transaction rolled it back, so the connection is sound.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection for short look-ups.
    pub(super) fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection for a snapshot, when one is free.
    pub(super) fn snapshot(&self) -> PooledConnection<'_> {
        self.snapshots.take()
    }

    /// Gives back the pages that connections hold and do not use; one that is at work is left alone.
    pub(super) fn release(&self) {
        // Where it fails, pages stay for the next question.
        let release = |connection: &Connection| _ = connection.release_memory();
        self.snapshots.each_free(release);
        for connection in [&self.reader, &self.writer] {
            if let Ok(connection) = connection.try_lock() {
                release(&connection);
            }
        }
    }

    /// Empties the log wholly, and waits for whoever reads it; whoever writes does not wait meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; `Busy` when somebody reads too long.
    pub(super) fn settle_between(&self) -> Result<(), StoreError> {
        let looks = limits::STORE_BUSY_S * 1_000 / limits::SETTLE_LOOK_MS;
        for _ in 0..looks {
            let writer = self.writer();
            writer.busy_timeout(Duration::ZERO)?;
            let settled = SqliteFile::settle(&writer);
            writer.busy_timeout(Duration::from_secs(limits::STORE_BUSY_S))?;
            drop(writer);
            if !matches!(settled, Err(StoreError::Busy)) {
                return settled;
            }
            std::thread::sleep(Duration::from_millis(limits::SETTLE_LOOK_MS));
        }
        Err(StoreError::Busy)
    }

    /// Empties the log as far as nobody reads it; the next time does the rest.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) fn checkpoint(writer: &Connection) -> Result<(), StoreError> {
        // Whoever writes does not wait for whoever reads.
        writer.busy_timeout(Duration::ZERO)?;
        let done = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        writer.busy_timeout(Duration::from_secs(limits::STORE_BUSY_S))?;
        Ok(done?)
    }

    /// Empties the log wholly, and waits for whoever reads it.
    ///
    /// # Errors
    /// [`StoreError`]; `Busy` when somebody reads too long.
    pub(super) fn settle(writer: &Connection) -> Result<(), StoreError> {
        let is_busy: bool = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy { Err(StoreError::Busy) } else { Ok(()) }
    }
}

/// A connection that reads a file which another program may own, if its schema is that of this program.
///
/// # Errors
/// [`StoreError`]
pub(super) fn reader_of(path: &Path) -> Result<Connection, StoreError> {
    let reader = reader(path)?;
    match schema::is_present(&reader)? {
        true => Ok(reader),
        false => Err(StoreError::Other("its schema is of another version; the server brings it up to date".into())),
    }
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    schema::prepare_reader(&connection)?;
    Ok(connection)
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
