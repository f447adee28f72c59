//! In: changes by operators and by readers. Out: the connection that writes, once no other program has the database. Forgets: nothing.
//!
//! Whoever waits for another program leaves the connection to flushes meanwhile. Nobody waits where somebody has just waited in vain,
//! nor when the program ends.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{MutexGuard, TryLockError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::{SqliteFile, StoreError};
use crate::limits;

/// Whether it is worth waiting for another program.
#[derive(Debug, Default)]
pub(super) struct LockWait {
    /// Changes since somebody last waited in vain, with that one; 0 where nobody has.
    in_vain: AtomicU32,
    is_ending: AtomicBool,
}

impl LockWait {
    /// Whether the next change waits. Now and then one does, after somebody waited in vain.
    fn is_hopeful(&self) -> bool {
        let next = |tries| Some(if tries == 0 { 0 } else { (tries + 1) % limits::STORE_HOPELESS_TRIES });
        let tries = self.in_vain.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).unwrap_or_default();
        tries == 0 && !self.is_ending.load(Ordering::SeqCst)
    }

    fn was_in_vain(&self, is: bool) {
        self.in_vain.store(u32::from(is), Ordering::SeqCst);
    }
}

impl SqliteFile {
    /// Has nobody wait for another program any more.
    pub(in crate::store) fn end_waiting(&self) {
        self.wait.is_ending.store(true, Ordering::SeqCst);
    }

    /// The connection that writes, for a change that may be refused.
    ///
    /// # Errors
    /// [`StoreError::Busy`]
    pub(in crate::store) fn writer_for_change(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        let is_hopeful = self.wait.is_hopeful();
        if is_hopeful && !self.can_write() {
            self.reopen();
            self.wait.was_in_vain(!self.can_write());
        }
        let (mut waited_ms, mut is_locked) = (0, false);
        loop {
            if let Some(writer) = self.free_writer() {
                if !self.raise_mark(&writer).is_err_and(|error| error == StoreError::Busy) {
                    if self.can_write() {
                        self.wait.was_in_vain(false);
                    }
                    return Ok(writer);
                }
                is_locked = true;
            }
            let waits = is_hopeful && !self.wait.is_ending.load(Ordering::SeqCst);
            // A flush may have the connection, and wait itself.
            let has_time = match (waits, is_locked) {
                (true, true) => waited_ms < limits::STORE_BUSY_S * 1_000,
                (true, false) => true,
                (false, _) => !is_locked && waited_ms < limits::WRITER_WAIT_MS,
            };
            if !has_time {
                if waits {
                    self.wait.was_in_vain(true);
                }
                return Err(StoreError::Busy);
            }
            thread::sleep(Duration::from_millis(limits::WRITER_LOOK_MS));
            waited_ms += limits::WRITER_LOOK_MS;
        }
    }

    /// The connection that writes, if nobody has it.
    fn free_writer(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.writer.try_lock() {
            Ok(writer) => Some(writer),
            // A panic inside a transaction rolled it back, so the connection is sound.
            Err(TryLockError::Poisoned(writer)) => Some(writer.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn locked() -> (tempfile::TempDir, SqliteFile, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        crate::store::open(&path).unwrap();
        let (file, _) = SqliteFile::open(&path).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        (folder, file, other)
    }

    #[test]
    fn a_change_waits_for_another_program_without_the_connection_and_nobody_waits_after_it_in_vain() {
        let (_folder, file, other) = locked();
        let (done, is_done) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| done.send(file.writer_for_change().map(drop)));
            // A flush can have it meanwhile.
            (0..10).for_each(|_| drop(file.quiet_writer()));
            assert!(is_done.try_recv().is_err());
            assert_eq!(is_done.recv().unwrap(), Err(StoreError::Busy));
        });
        assert_eq!(file.writer_for_change().map(drop), Err(StoreError::Busy));
        assert!(!file.wait.is_hopeful());
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(file.writer_for_change().map(drop), Ok(()), "as soon as it can");
    }

    #[test]
    fn an_end_tells_all_who_wait_and_what_needs_no_wait_is_done() {
        let (_folder, file, other) = locked();
        file.end_waiting();
        assert_eq!(file.writer_for_change().map(drop), Err(StoreError::Busy));
        let kept = file.quiet_writer();
        assert_eq!(file.writer_for_change().map(drop), Err(StoreError::Busy), "a flush has it");
        drop(kept);
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(file.writer_for_change().map(drop), Ok(()));
    }
}
