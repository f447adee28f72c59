//! In: a path. Out: connections to the database there. Forgets: nothing.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::beside::{FileId, beside, length};
use super::marks::{DatabaseMark, OpenHead};
use super::{StoreError, creation, foreign_log, schema};
use crate::limits;

/// All that this program has of a database.
pub(super) struct Connections {
    pub(super) snapshots: Vec<Connection>,
    pub(super) reader: Connection,
    pub(super) writer: Connection,
    pub(super) mark: DatabaseMark,
    pub(super) head: Option<OpenHead>,
    pub(super) of: OpenFiles,
    /// Logs of other databases that lay beside it, by their new names.
    pub(super) set_aside: Vec<PathBuf>,
    /// Whether the writer can write.
    pub(super) can_write: bool,
    /// Whether the log held something before they were.
    pub(super) has_old_log: bool,
}

/// The files that are open.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenFiles {
    /// Where the database is, behind all links.
    pub(super) path: PathBuf,
    pub(super) database: Option<FileId>,
    pub(super) folder: Option<FileId>,
    /// The log and its index.
    pub(super) log: [Option<FileId>; 2],
    /// Whether the connections are closed because they could not be opened anew.
    pub(super) is_broken: bool,
    /// Where a copy of the one before was put at the end of the program, which is this one.
    pub(super) put: Option<PathBuf>,
    /// The log under its new name, if it was in the way of another database.
    pub(super) log_aside: Option<PathBuf>,
}

impl Connections {
    /// Opens a database, makes it if there is none, and brings its schema up to date. One that can't be written is opened to be read.
    ///
    /// # Errors
    /// [`StoreError`] of the first try where the second fails too.
    pub(super) fn open_or_make(path: &Path) -> Result<Connections, StoreError> {
        creation::make_if_missing(path)?;
        Connections::open(path).or_else(|why| match why {
            StoreError::Corrupt | StoreError::NotOurs(_) => Err(why),
            why => Connections::to_read(path).map_err(|_| why),
        })
    }

    /// Opens a database that is there, and brings its schema up to date.
    pub(super) fn open(path: &Path) -> Result<Connections, StoreError> {
        Connections::open_after(path, |_| Ok(()))
    }

    /// The same, after somebody has looked at it as it is.
    pub(super) fn open_after(
        path: &Path,
        look: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<Connections, StoreError> {
        let file = creation::find(path)?;
        let set_aside = foreign_log::set_foreign_aside(&file)?;
        let has_old_log = length(&beside(&file, "-wal")) > 0;
        let mut writer = Connection::open_with_flags(&file, OpenFlags::default() - OpenFlags::SQLITE_OPEN_CREATE)?;
        schema::refuse_others(&writer)?;
        schema::prepare_writer(&writer)?;
        look(&writer)?;
        let mark = DatabaseMark::begin(&writer);
        schema::migrate(&mut writer)?;
        let can_write = !writer.is_readonly("main")?;
        let can = (can_write, has_old_log);
        Connections::with(path, file, writer, super::reader, mark, set_aside, can)
    }

    /// Opens a database to be read. One whose log is empty is read as one that nobody changes, which the lock of its folder holds; any
    /// other needs the log's index.
    pub(super) fn to_read(path: &Path) -> Result<Connections, StoreError> {
        let file = creation::find(path)?;
        let set_aside = foreign_log::set_foreign_aside(&file)?;
        let has_log = length(&beside(&file, "-wal")) > 0;
        let read = |file: &Path| if has_log { super::reader(file) } else { super::reader(&super::immutable(file)) };
        let writer = read(&file)?;
        if !schema::is_present(&writer)? {
            return Err(StoreError::Other("its schema is of another version".into()));
        }
        let mark = DatabaseMark::found(&writer);
        Connections::with(path, file, writer, read, mark, set_aside, (false, has_log))
    }

    fn with(
        path: &Path,
        file: PathBuf,
        writer: Connection,
        read: impl Fn(&Path) -> Result<Connection, StoreError>,
        mark: DatabaseMark,
        set_aside: Vec<PathBuf>,
        (can_write, has_old_log): (bool, bool),
    ) -> Result<Connections, StoreError> {
        // Some file systems have another file from the first write on.
        let (database, head) = (FileId::at(&file), OpenHead::open(&file)?);
        let snapshots = (0..limits::READERS).map(|_| read(&file)).collect::<Result<Vec<_>, _>>()?;
        let reader = read(&file)?;
        let folder = FileId::at(super::beside::folder_of(path));
        let log = super::moved::log_of(&file);
        let of = OpenFiles { path: file, database, folder, log, ..OpenFiles::default() };
        Ok(Connections { snapshots, reader, writer, mark, head: Some(head), of, set_aside, can_write, has_old_log })
    }

    /// In the place of those that are closed: nothing is found there.
    pub(super) fn none() -> Result<Connections, StoreError> {
        let snapshots = (0..limits::READERS).map(|_| Connection::open_in_memory()).collect::<Result<Vec<_>, _>>()?;
        let (reader, writer) = (Connection::open_in_memory()?, Connection::open_in_memory()?);
        let (mark, head, of, set_aside) = Default::default();
        Ok(Connections { snapshots, reader, writer, mark, head, of, set_aside, can_write: true, has_old_log: false })
    }
}
