//! In: the file of a database: of a data folder whose server may run, or a backup. Out: its tables with their meaning, what does not
//! belong there, its texts, and how small and how old its sums are. Forgets: nothing; it changes nothing, and takes no lock that
//! anybody waits for.

mod cells;
mod pages;
mod schema_strays;
mod sites;
mod values;

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags};

use super::StoreError;
pub use super::sqlite::{ALLOWED, AllowedColumn, AllowedTable, ColumnContent};
use super::sqlite::{is_of_another_kind, schema};
pub use cells::{CellCounts, ReadCells};
pub use pages::PageOwner;
pub use schema_strays::{StoredIndex, StoredTable, StrayPart};
pub use sites::{GivenShare, KeptSpan, SiteFacts};
pub use values::StoredText;

/// A database that is looked into.
pub struct Inspection {
    connection: Connection,
    path: PathBuf,
    version: i64,
    without_log: bool,
}

impl std::fmt::Debug for Inspection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inspection of {}", self.path.display())
    }
}

/// What stands in a path of SQLite as it is.
pub(super) const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// A path as names of SQLite have it, where what follows a `?` is said of the file.
pub(super) fn encoded(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    percent_encode(path.as_os_str().as_bytes(), PLAIN).to_string()
}

impl Inspection {
    /// Opens a file to look into it, and changes nothing, not even beside it.
    ///
    /// # Errors
    /// [`StoreError`]; `Corrupt` also for what is no database, `Other` for one that a newer version wrote.
    pub fn open(path: &Path) -> Result<Inspection, StoreError> {
        let beside = |ending: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let length = |path: PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
        // Whoever has the file open has made the log's index. Without one nobody writes, and SQLite need not make one.
        let has_index = length(beside("-shm")) > 0;
        let without_log = !has_index && (length(beside("-wal")) > 0 || length(beside("-journal")) > 0);
        let how = if has_index { "mode=ro&readonly_shm=1" } else { "mode=ro&immutable=1" };
        let name = format!("file:{}?{how}", encoded(path));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(name, flags)?;
        schema::prepare_reader(&connection)?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        schema::refuse_newer(version)?;
        Ok(Inspection { connection, path: path.to_owned(), version, without_log })
    }

    /// The version of its schema.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The version that this program has.
    pub const fn present_version() -> i64 {
        schema::VERSION
    }

    /// Whether a log lies beside it that can be searched, but whose changes are not read: its index is missing.
    pub fn is_without_log(&self) -> bool {
        self.without_log
    }

    /// Another look at the same file, for another thread.
    ///
    /// # Errors
    /// As [`Inspection::open`].
    pub fn again(&self) -> Result<Inspection, StoreError> {
        Inspection::open(&self.path)
    }

    /// Whether a table is there; older versions have fewer.
    fn has(&self, table: &str) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?";
        Ok(self.connection.query_row(sql, [table], |row| row.get::<_, i64>(0))? > 0)
    }

    /// All rows of a question, but those in which a value is of another kind than its column: they are found where values are looked at
    /// one by one.
    fn all<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map(parameters, read)?;
        Ok(rows.filter(|row| !row.as_ref().is_err_and(is_of_another_kind)).collect::<Result<Vec<T>, _>>()?)
    }
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
