//! In: the file of a database in which something can't be read. Out: which tables and indexes are damaged, and the file with its indexes made
//! anew. Forgets: nothing; the file as it was is kept.
//!
//! SQLite's `REINDEX` walks through the index that it replaces, and fails where a page of that is no page. So all tables are written to a new
//! file, without a look at any index.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use super::copying;
use super::sqlite::{begin_file, free_name, sync_folder, unfinished_name};

/// What is damaged in a file, by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DamagedParts {
    /// Tables of which not all rows can be read.
    pub tables: Vec<String>,
    /// Tables that can be read wholly, with indexes that can't.
    pub indexes: Vec<String>,
}

/// Reads all of a file, and tells what of it is damaged.
///
/// # Errors
/// [`StoreError`]; `Corrupt` where its first pages can't be read.
pub fn damaged_parts(path: &Path) -> Result<DamagedParts, StoreError> {
    damaged_in(&copying::opened(path)?)
}

/// The same of a file that is open.
pub(super) fn damaged_in(connection: &Connection) -> Result<DamagedParts, StoreError> {
    let mut parts = DamagedParts::default();
    for (table, has_rowid) in tables(connection)? {
        match read_whole(connection, &table, has_rowid) {
            Err(StoreError::Corrupt) => parts.tables.push(table),
            Err(error) => return Err(error),
            Ok(()) if has_sound_pages(connection, &table)? => {}
            Ok(()) if has_rowid => parts.indexes.push(table),
            Ok(()) => parts.tables.push(table),
        }
    }
    Ok(parts)
}

/// All tables, and whether their rows are found by a number: the others are their own indexes.
fn tables(connection: &Connection) -> Result<Vec<(String, bool)>, StoreError> {
    let sql = "SELECT name, wr = 0 FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name <> 'sqlite_schema'";
    let mut statement = connection.prepare(sql)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn read_whole(connection: &Connection, table: &str, has_rowid: bool) -> Result<(), StoreError> {
    let number = if has_rowid { "rowid" } else { "NULL" };
    let mut statement = connection.prepare(&format!("SELECT {number}, * FROM \"{table}\" NOT INDEXED"))?;
    let mut rows = statement.query([])?;
    let mut last: Option<i64> = None;
    while let Some(row) = rows.next()? {
        let number: Option<i64> = row.get(0)?;
        // A page of other rows in the place of one.
        if last.is_some() && number <= last {
            return Err(StoreError::Corrupt);
        }
        last = number;
    }
    Ok(())
}

/// Whether the pages of a table and of its indexes can be read. That entries of an index are missing says nothing of which of the two is
/// right.
fn has_sound_pages(connection: &Connection, table: &str) -> Result<bool, StoreError> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check(\"{table}\")"))?;
    let said = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>();
    match said.map_err(StoreError::from) {
        Ok(said) => Ok(!said.iter().flat_map(|said| said.lines()).any(|line| line.starts_with("Tree "))),
        Err(StoreError::Corrupt) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes all indexes of a file anew, whose tables are whole and that nobody has open. Tells where the file is kept as it was.
///
/// # Errors
/// [`StoreError`]; the file is what it was then.
pub fn make_indexes_anew(path: &Path) -> Result<PathBuf, StoreError> {
    // A link to another disk stays one.
    let path = &fs::canonicalize(path)?;
    copying::settle(path)?;
    let fresh = unfinished_name(path)?;
    let made = write_anew(path, &fresh).and_then(|()| put_in_place(path, &fresh));
    made.inspect_err(|_| {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(format!("{}{ending}", fresh.display()));
        }
    })
}

/// Writes all tables of a file to another one.
fn write_anew(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut connection = begin_file(to)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags)?;
    let name = from.to_str().ok_or_else(|| StoreError::Other("the path of the database is no text".into()))?;
    connection.execute("ATTACH ? AS old", [name])?;
    let transaction = connection.transaction()?;
    for (sql, table) in made_by(&source, "type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'")? {
        transaction.execute_batch(&sql)?;
        // With a condition SQLite copies rows, and no pages of indexes.
        let sql = format!("INSERT INTO main.\"{table}\" SELECT * FROM old.\"{table}\" NOT INDEXED WHERE 1");
        transaction.execute(&sql, [])?;
    }
    transaction.execute_batch(
        "DELETE FROM main.sqlite_sequence; INSERT INTO main.sqlite_sequence SELECT * FROM old.sqlite_sequence WHERE 1",
    )?;
    for (sql, _) in made_by(&source, "type <> 'table' AND sql IS NOT NULL")? {
        transaction.execute_batch(&sql)?;
    }
    for pragma in ["user_version", "application_id"] {
        let value: i64 = source.pragma_query_value(None, pragma, |row| row.get(0))?;
        transaction.pragma_update(Some("main"), pragma, value)?;
    }
    transaction.commit()?;
    connection.execute("DETACH old", [])?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| StoreError::from(error))?;
    Ok(fs::File::open(to)?.sync_all()?)
}

/// The statements that have made parts of a file, in order, with the names of these.
fn made_by(connection: &Connection, which: &str) -> Result<Vec<(String, String)>, StoreError> {
    let sql = format!("SELECT sql, name FROM sqlite_schema WHERE {which} ORDER BY rowid");
    let mut statement = connection.prepare(&sql)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Gives a whole file the name of the database, which has another one from then on.
fn put_in_place(path: &Path, fresh: &Path) -> Result<PathBuf, StoreError> {
    let found = fs::metadata(path)?;
    fs::set_permissions(fresh, found.permissions())?;
    // Whoever has made it may be root, and nobody else may give it away.
    let _ = chown(fresh, Some(found.uid()), Some(found.gid()));
    let aside = free_name(path, "aside", found.modified()?)?;
    // Whenever the machine ends, there is a database of that name. By this one a journal is found that a killed server has left.
    fs::hard_link(path, &aside).or_else(|_| fs::copy(path, &aside).map(drop))?;
    fs::rename(fresh, path)?;
    sync_folder(path);
    Ok(aside)
}
