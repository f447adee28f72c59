//! In: a connection that is going to write. Out: a mark in the database by which its log is known. Forgets: nothing.
//!
//! A log holds pages as they become, and nothing of what they were: put beside another state of a database, SQLite takes them all the
//! same, and the database is damaged. So each log says to which state it belongs. The mark is a number on the first page
//! (`PRAGMA application_id`): whoever writes first raises it by one, and each program that opens the database goes on from a random one.
//! The mark of a database is then the one before the first of its log, or one of its log's, of which some may be in the file by now.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::log_reader::word;
use crate::limits;

/// Where it is on the first page.
const PLACE: usize = 68;

/// The mark of a database that is open.
#[derive(Debug, Default)]
pub(super) struct Mark(AtomicU32);

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

impl Mark {
    /// Marks a database that is being opened.
    pub(super) fn begin(writer: &Connection) -> Mark {
        // Where it can't be read or written, what comes next tells why.
        let before: i32 = writer.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap_or_default();
        let mark = Mark(AtomicU32::new(before as u32));
        mark.raise(writer);
        let random: i64 = writer.query_row("SELECT random()", [], |row| row.get(0)).unwrap_or_default();
        mark.set(writer, (random as u32).max(1));
        mark
    }

    /// Raises the mark before something is written. Where that fails the log is known by others of its marks, or by what it holds.
    pub(super) fn raise(&self, writer: &Connection) {
        self.set(writer, next(self.0.load(Ordering::SeqCst)));
    }

    fn set(&self, writer: &Connection, mark: u32) {
        // Who waits for another program waits once, for what is to be written, which also brings the mark to the disk.
        let _ = writer.busy_timeout(Duration::ZERO);
        let _ = writer.pragma_update(None, "synchronous", "NORMAL");
        if writer.pragma_update(None, "application_id", mark as i32).is_ok() {
            self.0.store(mark, Ordering::SeqCst);
        }
        let _ = writer.pragma_update(None, "synchronous", "FULL");
        let _ = writer.busy_timeout(Duration::from_secs(limits::STORE_BUSY_S));
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
