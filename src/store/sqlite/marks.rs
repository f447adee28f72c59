//! In: a connection that is going to write. Out: a mark in the database by which its log is known. Forgets: nothing.
//!
//! A log holds pages as they become, and nothing of what they were: put beside another state of a database, SQLite takes them all the
//! same, and the database is damaged. So each log says to which state it belongs. The mark is a number on the first page
//! (`PRAGMA application_id`): whoever writes first raises it by one, and each program that opens the database goes on from a random one.
//! The mark of a database is then the one before the first of its log, or one of its log's, of which some may be in the file by now.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::beside::FileId;
use super::log_reader::word;
use crate::limits;
use crate::store::StoreError;

/// Where it is on the first page.
const PLACE: usize = 68;

/// The mark of a database that is open.
#[derive(Debug, Default)]
pub(super) struct DatabaseMark(AtomicU32);

/// The mark on a first page; 0 if there is none.
pub(super) fn of_first_page(page: &[u8]) -> u32 {
    word(page, PLACE)
}

/// Whether a log belongs to a database, by their marks; nothing if these do not tell.
pub(super) fn belong(database: u32, log: &[u32]) -> Option<bool> {
    match log.first() {
        Some(first) if database != 0 => Some(follows(*first, database) || log.contains(&database)),
        _ => None,
    }
}

fn next(mark: u32) -> u32 {
    mark.wrapping_add(1).max(1)
}

fn follows(mark: u32, before: u32) -> bool {
    mark == next(before)
}

/// The first page of a database that is open, as it is in the file. It must not be closed before the connections.
#[derive(Debug)]
pub(super) struct OpenHead {
    file: File,
    id: FileId,
    /// The mark that was there at the last look.
    seen: Option<u32>,
}

impl OpenHead {
    pub(super) fn open(database: &Path) -> io::Result<OpenHead> {
        let file = File::open(database)?;
        let id = FileId::of(&file.metadata()?);
        open_here().push(id);
        Ok(OpenHead { file, id, seen: None })
    }

    /// Whether the file is still to be had under some name.
    pub(super) fn has_name(&self) -> bool {
        self.file.metadata().is_ok_and(|file| file.nlink() > 0)
    }

    /// When the file was written last.
    pub(super) fn modified(&self) -> io::Result<SystemTime> {
        self.file.metadata()?.modified()
    }

    /// Copies the file as it is into a new one.
    pub(super) fn copy(&self, to: &Path) -> io::Result<()> {
        let to = File::options().write(true).create_new(true).mode(0o600).open(to)?;
        let (mut block, mut place) = (vec![0; limits::COPIED_BYTES], 0);
        loop {
            match self.file.read_at(&mut block, place)? {
                0 => return Ok(()),
                read => to.write_all_at(&block[..read], place)?,
            }
            place = to.metadata()?.len();
        }
    }

    /// Whether the file has a mark that was written to it, where the last one that was written is known. All of them are in it if the
    /// log is empty; else it may have any since the last look.
    pub(super) fn is_of(&mut self, last: u32, is_log_empty: bool) -> bool {
        let mut head = [0; PLACE + 4];
        match self.file.read_exact_at(&mut head, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return false,
            // Nobody can tell.
            Err(_) => return true,
        }
        let found = of_first_page(&head);
        let is_written = match self.seen {
            // It could not be written.
            _ if found == last || last == 0 => true,
            Some(seen) if !is_log_empty => found.wrapping_sub(seen) <= last.wrapping_sub(seen),
            Some(_) => false,
            None => !is_log_empty,
        };
        if is_written {
            self.seen = Some(found);
        }
        is_written
    }
}

impl Drop for OpenHead {
    fn drop(&mut self) {
        let mut open = open_here();
        let place = open.iter().position(|id| *id == self.id);
        place.map(|place| open.swap_remove(place));
    }
}

/// The databases that this process has open, each as often as it has.
static OPEN_HERE: Mutex<Vec<FileId>> = Mutex::new(Vec::new());

fn open_here() -> MutexGuard<'static, Vec<FileId>> {
    OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this process has a database open. Then nobody but SQLite may open it and close it again: that ends all locks that the process has
/// on it (fcntl(2)), and the next program that closes the database takes itself for the last one, and removes the log.
pub(in crate::store) fn is_open_here(database: &Path) -> bool {
    FileId::at(database).is_some_and(|id| open_here().contains(&id))
}

impl DatabaseMark {
    /// The last one that was written.
    pub(super) fn now(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    /// The mark of a database that is only read.
    pub(super) fn found(reader: &Connection) -> DatabaseMark {
        // Where it can't be read or written, what comes next tells why.
        let found: i32 = reader.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap_or_default();
        DatabaseMark(AtomicU32::new(found as u32))
    }

    /// Marks a database that is being opened.
    pub(super) fn begin(writer: &Connection) -> DatabaseMark {
        let mark = DatabaseMark::found(writer);
        // The first mark of the log has to follow the one of the database; a random one that came first would be another's.
        if mark.raise(writer).is_ok() {
            let random: i64 = writer.query_row("SELECT random()", [], |row| row.get(0)).unwrap_or_default();
            let _ = mark.set(writer, (random as u32).max(1));
        }
        mark
    }

    /// Raises the mark before something is written. Where that fails the log is known by others of its marks, or by what it holds.
    ///
    /// # Errors
    /// [`StoreError`]; `Busy` when another program has the database.
    pub(super) fn raise(&self, writer: &Connection) -> Result<(), StoreError> {
        self.set(writer, next(self.0.load(Ordering::SeqCst)))
    }

    fn set(&self, writer: &Connection, mark: u32) -> Result<(), StoreError> {
        // Who waits for another program waits once, for what is to be written. The mark is synced by itself: were it not, a sync of what
        // comes behind it that fails would take it from the log, and SQLite would go on as if it were there.
        let _ = writer.busy_timeout(Duration::ZERO);
        let set = writer.pragma_update(None, "application_id", mark as i32);
        if set.is_ok() {
            self.0.store(mark, Ordering::SeqCst);
        }
        let _ = writer.busy_timeout(Duration::from_secs(limits::STORE_BUSY_S));
        Ok(set?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_known_by_the_mark_before_it_and_by_its_own() {
        assert_eq!(belong(7, &[8, 9]), Some(true), "nothing of it is in the file");
        assert_eq!(belong(9, &[8, 9]), Some(true), "all of it is");
        assert_eq!(belong(70, &[8, 9, 70, 71]), Some(true), "a program opened it meanwhile");
        assert_eq!([6, 10, 69].map(|mark| belong(mark, &[8, 9, 70])), [Some(false); 3]);
        assert_eq!(belong(7, &[0]), Some(false), "another program's");
        assert_eq!((belong(0, &[1]), belong(7, &[])), (None, None));
        assert_eq!(belong(u32::MAX, &[1]), Some(true));
    }
}
