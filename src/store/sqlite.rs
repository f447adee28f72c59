//! In: a path. Out: the connections to the file there, with its schema up to date. Forgets: deleted rows, which are overwritten
//! with zeros (`secure_delete`).
//!
//! One file, one writing connection, a few reading ones; write-ahead log, emptied after every flush.

mod allowed;
mod beside;
mod connections;
mod creation;
mod foreign_log;
mod lock_wait;
mod log_reader;
mod marks;
mod moved;
mod older;
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
pub use beside::file_numbers;
use beside::{beside, length};
pub(super) use beside::{free_name, sync_folder, unfinished_name};
pub(super) use creation::begin_file;

pub(super) use allowed::allowed_table;
pub use allowed::{ALLOWED, AllowedColumn, AllowedTable, ColumnContent};
pub(super) use foreign_log::set_foreign_aside;
pub(super) use marks::is_open_here;
pub use moved::Moved;
pub(super) use pool::PooledConnection;
pub(super) use schema::{HOUR_COLUMNS, TALLY_COLUMNS};

use connections::{Connections, OpenFiles};
use lock_wait::LockWait;
use marks::{DatabaseMark, OpenHead};
use pool::SnapshotPool;

/// The database of one data folder.
pub(super) struct SqliteFile {
    path: PathBuf,
    /// Which files are open; taken before the connections.
    open: Mutex<OpenFiles>,
    mark: Mutex<DatabaseMark>,
    /// For snapshots. Closed before the writer, because only the writer may empty the log when it goes last.
    snapshots: SnapshotPool,
    /// For short look-ups, so that these never wait for a page.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
    /// Closed behind all of them.
    head: Mutex<Option<OpenHead>>,
    /// Whether the writer can write; else the file is opened anew whenever somebody wants it ([`reopening`]).
    can_write: AtomicBool,
    /// Whether the log could not be emptied after something was stored.
    is_log_full: AtomicBool,
    /// Whether the log holds what an earlier program wrote. Where a sync of it failed, some of it is not on the disk although the system
    /// believes so, and all that is written behind it would be lost with it when the power goes: but for what an opening writes, nothing
    /// is before it is emptied.
    has_old_log: AtomicBool,
    wait: LockWait,
}

impl SqliteFile {
    /// Opens the database file, makes it if there is none, and brings its schema up to date. One that can be read and not written (a
    /// full disk, a lock, a folder without the right to write) is opened too; what is to be written fails then. Also logs of other
    /// databases that lay beside it, by their new names.
    ///
    /// # Errors
    /// [`StoreError`]; `Other` also for a file that a newer version wrote.
    pub(super) fn open(path: &Path) -> Result<(SqliteFile, Vec<PathBuf>), StoreError> {
        let connections = Connections::open_or_make(path)?;
        let Connections { snapshots, reader, writer, mark, head, of, set_aside, can_write, has_old_log } = connections;
        let (snapshots, reader, writer) = (SnapshotPool::of(snapshots), Mutex::new(reader), Mutex::new(writer));
        let (open, mark, head) = (Mutex::new(of), Mutex::new(mark), Mutex::new(head));
        let (path, can_write) = (path.to_owned(), AtomicBool::new(can_write));
        let (is_log_full, has_old_log) = (AtomicBool::new(false), AtomicBool::new(has_old_log));
        let wait = LockWait::default();
        let file =
            SqliteFile { path, open, mark, head, snapshots, reader, writer, can_write, is_log_full, has_old_log, wait };
        file.empty_log();
        Ok((file, set_aside))
    }

    /// Size of the file and its log, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let file = self.open_files().path;
        length(&file) + length(&beside(&file, "-wal"))
    }

    /// Where the database is looked for.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder beside the database.
    pub(super) fn beside(&self, name: &str) -> Option<PathBuf> {
        self.path.parent().map(|folder| folder.join(name))
    }

    /// The connection that writes, for whoever is going to.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        if !self.can_write() {
            self.reopen();
        }
        let writer = self.quiet_writer();
        self.empty_old_log(&writer);
        let _ = self.raise_mark(&writer);
        writer
    }

    /// Raises the mark before something is written.
    fn raise_mark(&self, writer: &Connection) -> Result<(), StoreError> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner).raise(writer)
    }

    /// The same for whoever only empties the log.
    fn quiet_writer(&self) -> MutexGuard<'_, Connection> {
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
            let writer = self.quiet_writer();
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

    /// Empties the log behind what was stored. Where that fails nothing is lost: all of it is in the log, and the next
    /// [`SqliteFile::look`] tries again, and says so.
    pub(super) fn empty_behind(&self, writer: &Connection) {
        let failed = SqliteFile::checkpoint(writer).is_err();
        self.is_log_full.store(failed, Ordering::Release);
    }

    /// Empties a log that could not be emptied before.
    ///
    /// # Errors
    /// [`StoreError`]
    fn empty_late(&self) -> Result<(), StoreError> {
        if self.is_log_full.load(Ordering::Acquire)
            && let Ok(writer) = self.writer.try_lock()
        {
            SqliteFile::checkpoint(&writer)?;
            self.is_log_full.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Empties a log that has something, if nobody writes or reads now, and the file is in its place.
    pub(super) fn empty_log(&self) {
        if self.is_in_place().is_ok()
            && length(&beside(&self.open_files().path, "-wal")) > 0
            && let Ok(writer) = self.writer.try_lock()
        {
            self.empty_old_log(&writer);
            let _ = SqliteFile::checkpoint(&writer);
        }
    }

    /// Empties the log that an earlier program left; as long as that fails, so does whatever is to be written.
    fn empty_old_log(&self, writer: &Connection) {
        if !self.has_old_log.load(Ordering::Acquire) {
            return;
        }
        let _ = writer.busy_timeout(Duration::ZERO);
        let is_old = SqliteFile::settle(writer).is_err();
        let _ = writer.busy_timeout(Duration::from_secs(limits::STORE_BUSY_S));
        let _ = writer.pragma_update(None, "query_only", is_old);
        self.has_old_log.store(is_old, Ordering::Release);
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

/// Empties the log of a file wholly.
///
/// # Errors
/// [`StoreError`]; `Busy` when somebody reads.
pub(super) fn settle(connection: &Connection) -> Result<(), StoreError> {
    SqliteFile::settle(connection)
}

/// A connection that reads a file which another program may own, if its schema is that of this program.
///
/// # Errors
/// [`StoreError`]
pub(super) fn reader_of(path: &Path) -> Result<Connection, StoreError> {
    // Of one that nobody has open nothing is left beside it.
    let is_open = ["-wal", "-shm"].iter().any(|ending| length(&beside(path, ending)) > 0);
    let reader = if is_open { reader(path)? } else { reader(&immutable(path))? };
    match schema::is_present(&reader)? {
        true => Ok(reader),
        false => Err(StoreError::Other("its schema is of another version; the server brings it up to date".into())),
    }
}

/// The name of a database that nobody changes.
pub(super) fn immutable(path: &Path) -> PathBuf {
    format!("file:{}?mode=ro&immutable=1", super::inspection::encoded(path)).into()
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    schema::prepare_reader(&connection)?;
    Ok(connection)
}

/// Whether a value is of another kind than its column.
pub(super) const fn is_of_another_kind(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull => StoreError::Full,
            _ => StoreError::Other(error.to_string()),
        }
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
            None if is_of_another_kind(&error) => StoreError::Corrupt,
            None => StoreError::Other(error.to_string()),
        }
    }
}
