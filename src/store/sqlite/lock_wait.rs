//! In: changes by operators and by readers. Out: the connection that writes, once no other program has the database. Forgets: nothing.
//!
//! Whoever waits for another program leaves the connection to flushes meanwhile. Nobody waits where somebody has just waited in vain,
//! nor when the program ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{SqliteFile, StoreError};
use crate::limits;

/// Whether it is worth waiting for another program.
#[derive(Debug, Default)]
pub(super) struct LockWait {
    /// When somebody last waited in vain.
    in_vain: Mutex<Option<Instant>>,
    is_ending: AtomicBool,
}

impl LockWait {
    fn is_hopeless(&self) -> bool {
        let in_vain = *self.in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: Instant| at.elapsed() < Duration::from_secs(limits::STORE_HOPELESS_S);
        self.is_ending.load(Ordering::SeqCst) || in_vain.is_some_and(is_recent)
    }

    fn was_in_vain(&self, at: Option<Instant>) {
        *self.in_vain.lock().unwrap_or_else(PoisonError::into_inner) = at;
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
        let (begun, mut busy_since) = (Instant::now(), None);
        if !self.can_write() && !self.wait.is_hopeless() {
            self.reopen();
            self.wait.was_in_vain((!self.can_write()).then(Instant::now));
        }
        loop {
            if let Some(writer) = self.free_writer() {
                if !self.raise_mark(&writer).is_err_and(|error| error == StoreError::Busy) {
                    if self.can_write() {
                        self.wait.was_in_vain(None);
                    }
                    return Ok(writer);
                }
                drop(writer);
                busy_since.get_or_insert_with(Instant::now);
            }
            let is_hopeless = self.wait.is_hopeless();
            let has_time = match busy_since {
                Some(since) => !is_hopeless && since.elapsed() < Duration::from_secs(limits::STORE_BUSY_S),
                // A flush may have the connection, and wait itself.
                None => !is_hopeless || begun.elapsed() < Duration::from_millis(limits::WRITER_WAIT_MS),
            };
            if !has_time {
                if !is_hopeless {
                    self.wait.was_in_vain(Some(Instant::now()));
                }
                return Err(StoreError::Busy);
            }
            thread::sleep(Duration::from_millis(limits::WRITER_LOOK_MS));
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
        assert!(file.wait.is_hopeless());
        assert_eq!(file.writer_for_change().map(drop), Err(StoreError::Busy));
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
