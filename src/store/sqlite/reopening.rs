//! A file that can be read and not written: a full disk, which has no room for the log's index, a folder or a file without the right to
//! write. It is read as it is, and opened to be written as soon as that can be done.

use std::ffi::OsString;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags};

use super::{SqliteFile, StoreError, reader, schema};
use crate::limits;

/// All connections to a file.
pub(super) struct Connections {
    pub(super) writer: Connection,
    pub(super) reader: Connection,
    pub(super) snapshots: Vec<Connection>,
    pub(super) can_write: bool,
}

impl Connections {
    /// Opens a file to be written, else to be read.
    ///
    /// # Errors
    /// [`StoreError`] of the first try where the second fails too.
    pub(super) fn open(path: &Path) -> Result<Connections, StoreError> {
        Connections::to_write(path).or_else(|why| match why {
            StoreError::Corrupt => Err(why),
            why => Connections::to_read(path).map_err(|_| why),
        })
    }

    fn to_write(path: &Path) -> Result<Connections, StoreError> {
        let mut writer = Connection::open(path)?;
        schema::prepare_writer(&writer)?;
        schema::migrate(&mut writer)?;
        let can_write = !writer.is_readonly("main")?;
        Connections::with(writer, || reader(path), can_write)
    }

    /// Reads a file whose log is empty as one that nobody changes, which the lock of its folder holds; any other needs the log's index.
    fn to_read(path: &Path) -> Result<Connections, StoreError> {
        let open = || {
            let connection = Connection::open_with_flags(unchanging(path), read_only())?;
            schema::prepare_reader(&connection)?;
            Ok(connection)
        };
        let has_log = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
        let writer = if has_log { reader(path)? } else { open()? };
        if !schema::is_present(&writer)? {
            return Err(StoreError::Other("its schema is of another version".into()));
        }
        match has_log {
            true => Connections::with(writer, || reader(path), false),
            false => Connections::with(writer, open, false),
        }
    }

    fn with(
        writer: Connection,
        read: impl Fn() -> Result<Connection, StoreError>,
        can_write: bool,
    ) -> Result<Connections, StoreError> {
        let snapshots = (0..limits::READERS).map(|_| read()).collect::<Result<Vec<_>, _>>()?;
        Ok(Connections { writer, reader: read()?, snapshots, can_write })
    }
}

impl SqliteFile {
    /// Whether the file can be written as it was opened; else it is opened anew whenever something is to be written.
    pub(in crate::store) fn can_write(&self) -> bool {
        self.can_write.load(Ordering::Acquire)
    }

    /// Opens the file to be written, if that can be done by now.
    pub(super) fn reopen(&self) {
        let Ok(connections) = Connections::to_write(&self.path) else { return };
        if !connections.can_write {
            return;
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if self.can_write.load(Ordering::Acquire) {
            return;
        }
        // Nobody reads the file as one that does not change any more when the first thing is written.
        self.snapshots.replace(connections.snapshots);
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = connections.reader;
        *writer = connections.writer;
        self.can_write.store(true, Ordering::Release);
    }
}

fn read_only() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI
}

/// The file as one that does not change: SQLite looks neither for a log nor for locks.
fn unchanging(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("file:{}?mode=ro&immutable=1", percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC))
}

fn beside(path: &Path, ending: &str) -> OsString {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_can_only_be_read_is_read_and_written_as_soon_as_it_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("100% of #a?b.db");
        drop(SqliteFile::open(&path).unwrap());
        let Connections { writer, reader, snapshots, can_write } = Connections::to_read(&path).unwrap();
        assert!(!can_write && schema::is_present(&snapshots[0]).unwrap());
        assert!(writer.execute("DELETE FROM sites", []).is_err());
        let file = SqliteFile {
            path: path.clone(),
            snapshots: super::super::SnapshotPool::of(snapshots),
            reader: reader.into(),
            writer: writer.into(),
            can_write: false.into(),
        };
        assert_eq!(file.writer().execute("DELETE FROM batches", []).unwrap(), 0, "it is opened anew");
        assert!(file.can_write());
        drop(file);
        assert!(Connections::to_read(&folder.path().join("none.db")).is_err());
    }
}
