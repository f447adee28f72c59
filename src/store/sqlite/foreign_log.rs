//! In: a database that is to be opened. Out: the same without a log that belongs to another one. Forgets: nothing; such a log is kept
//! under another name.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::beside::{beside, length, set_aside};
use super::log_reader::{self, LogContent};
use super::{StoreError, marks};

/// Renames a log that belongs to another database, or to another state of this one, and tells the names. What belongs to it stays.
///
/// # Errors
/// [`StoreError`]; `Corrupt` for a file that is no database.
pub(super) fn set_foreign_aside(database: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let (log, journal) = (beside(database, "-wal"), beside(database, "-journal"));
    let mut aside = Vec::new();
    if length(&log) == 0 && length(&journal) == 0 {
        return Ok(aside);
    }
    let head = FileHead::read(database)?;
    // A database with a write-ahead log has no other.
    if length(&journal) > 0 && head.has_log {
        aside.push(set_aside(&journal)?);
    }
    if length(&log) > 0
        && let Some(content) = log_reader::read(&log)?
        && !is_of(database, &head, &content)?
    {
        aside.push(set_aside(&log)?);
        // The index is of that log. Nobody reads by it: who has it open holds the log too.
        let _ = fs::remove_file(beside(database, "-shm"));
    }
    Ok(aside)
}

fn is_of(database: &Path, head: &FileHead, log: &LogContent) -> Result<bool, StoreError> {
    if log.page_bytes != head.page_bytes {
        return Ok(false);
    }
    if let Some(belongs) = marks::belong(head.mark, &log.marks) {
        return Ok(belongs);
    }
    let told = log.told_pages.unwrap_or(head.pages);
    if told != 0 && told != log.pages {
        return Ok(false);
    }
    // Another program or an earlier version wrote it. The two make a whole, or the file is whole alone.
    Ok(is_whole(database, WithLog::Yes)? || !is_whole(database, WithLog::No)?)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WithLog {
    Yes,
    No,
}

/// Whether SQLite finds nothing wrong with a database. Nothing is written to it or its log.
fn is_whole(database: &Path, with: WithLog) -> Result<bool, StoreError> {
    let name = if with == WithLog::Yes { database.to_owned() } else { super::immutable(database) };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let check = || -> rusqlite::Result<String> {
        Connection::open_with_flags(name, flags)?.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
    };
    match check().map_err(StoreError::from) {
        Ok(said) => Ok(said == "ok"),
        Err(StoreError::Busy) => Err(StoreError::Busy),
        Err(_) => Ok(false),
    }
}

/// What the first page of a file says.
struct FileHead {
    page_bytes: u32,
    mark: u32,
    pages: u32,
    has_log: bool,
}

impl FileHead {
    fn read(database: &Path) -> Result<FileHead, StoreError> {
        let mut head = [0; 100];
        match File::open(database)?.read_exact(&mut head) {
            Ok(()) if head.starts_with(b"SQLite format 3\0") => {}
            Ok(()) => return Err(StoreError::Corrupt),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(StoreError::Corrupt),
            Err(error) => return Err(error.into()),
        }
        let page_bytes = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65_536,
            bytes => u32::from(bytes),
        };
        let (mark, pages) = (marks::of_first_page(&head), log_reader::word(&head, log_reader::PAGES_PLACE));
        Ok(FileHead { page_bytes, mark, pages, has_log: head[18..20].contains(&2) })
    }
}

#[cfg(test)]
mod tests;
