//! In: a database that is open. Out: whether its path still leads to it, and what can be done where it does not. Forgets: nothing.
//!
//! Who opened a file goes on with it, whatever becomes of its name: what is written to a file that was removed or replaced is gone when
//! the program ends. The same is true of the log, and whoever opens the database then does not see the changes in it.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::beside::{
    ENDINGS, FileId, beside, folder_of, free_name, length, set_aside, set_database_aside, sync_folder,
};
use super::connections::{Connections, OpenFiles};
use super::{SqliteFile, StoreError};
use crate::limits;
use crate::store::{AdoptedStore, Ended, Mended};

/// What became of a database under its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// Another file is there.
    Replaced,
    /// There is none.
    Removed,
    /// Its folder is gone too.
    FolderRemoved,
    /// It is the same file with another content, as `cp` leaves it.
    Overwritten,
}

impl Moved {
    /// One sentence for operators, with the way out.
    pub const fn sentence(self) -> &'static str {
        match self {
            Moved::Replaced => {
                "the database was replaced by another file; `headcount store adopt` goes on with that one, `headcount store keep` puts the open one back"
            }
            Moved::Removed => "the database was removed; `headcount store keep` puts it back",
            Moved::Overwritten => {
                "another database was written over the one that is open; `headcount store adopt` goes on with what is there now"
            }
            Moved::FolderRemoved => "the folder of the database was removed; `headcount store keep` puts both back",
        }
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// All connections, held by one who changes them.
pub(super) struct HeldConnections<'a> {
    snapshots: Vec<MutexGuard<'a, Connection>>,
    reader: MutexGuard<'a, Connection>,
    writer: MutexGuard<'a, Connection>,
}

impl SqliteFile {
    pub(super) fn open_files(&self) -> OpenFiles {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the path leads to the open file.
    ///
    /// # Errors
    /// [`StoreError::Moved`]
    pub(in crate::store) fn is_in_place(&self) -> Result<(), StoreError> {
        let open = self.open_files();
        self.moved(&open).filter(|_| !open.stays).map_or(Ok(()), |moved| Err(StoreError::Moved(moved)))
    }

    fn moved(&self, open: &OpenFiles) -> Option<Moved> {
        moved(&self.path, open).or_else(|| self.is_overwritten(open).then_some(Moved::Overwritten))
    }

    /// Whether the file has another mark than we have written to it. Nobody can tell while somebody writes.
    fn is_overwritten(&self, open: &OpenFiles) -> bool {
        let Ok(_writer) = self.writer.try_lock() else { return false };
        if !self.can_write() {
            return false;
        }
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let log = beside(&open.path, "-wal");
        // Of one that was removed nobody can tell what is in it.
        let is_empty = length(&log) == 0 && FileId::at(&log) == open.log[0];
        let mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner).now();
        head.as_mut().is_some_and(|head| !head.is_of(mark, is_empty))
    }

    /// The same, and whether it has its log; one that is gone is made anew.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(in crate::store) fn look(&self) -> Result<Mended, StoreError> {
        let open = self.open_files();
        if let Some(moved) = self.moved(&open) {
            // Whoever opens the other file must not take our log for its own.
            let _ = if moved == Moved::Overwritten { Ok(()) } else { self.withdraw(&open) };
            return Err(StoreError::Moved(moved));
        }
        // One that is only read makes no log.
        if !self.can_write() || log_of(&open.path) == open.log && !open.is_broken {
            return Ok(Mended::default());
        }
        let held = self.hold()?;
        if !open.is_broken {
            SqliteFile::settle(&held.writer)?;
        }
        let mut aside = Vec::new();
        let log = beside(&open.path, "-wal");
        // Whoever closes the database as the last one removes what has the name of its log.
        if length(&log) > 0 && FileId::at(&log) != open.log[0] {
            aside.push(set_aside(&log)?);
        }
        let held = self.replace(held, Connections::none()?);
        let opened = Connections::open(&self.path).inspect_err(|_| self.change(|open| open.is_broken = true))?;
        aside.extend(opened.set_aside.iter().cloned());
        self.replace(held, opened);
        Ok(Mended { log: true, set_aside: aside })
    }

    /// Empties the log of a database that is not in its place, and takes its name away.
    fn withdraw(&self, open: &OpenFiles) -> Result<(), StoreError> {
        let is_ours = |place: usize, ending| {
            open.log[place].is_some() && FileId::at(&beside(&open.path, ending)) == open.log[place]
        };
        if is_ours(0, "-wal") || is_ours(1, "-shm") {
            let writer = self.quiet_writer();
            SqliteFile::settle(&writer)?;
            for (place, ending) in ["-wal", "-shm"].into_iter().enumerate() {
                if is_ours(place, ending) {
                    fs::remove_file(beside(&open.path, ending))?;
                }
            }
        }
        Ok(())
    }

    /// Goes on with the database that has the name of the open one, once `read` has read it.
    ///
    /// # Errors
    /// [`StoreError`]; then the open one stays open.
    pub(in crate::store) fn adopt(
        &self,
        read: impl FnOnce(&Connection) -> Result<AdoptedStore, StoreError>,
    ) -> Result<AdoptedStore, StoreError> {
        let open = self.open_files();
        match self.moved(&open) {
            Some(Moved::Replaced) => {}
            Some(Moved::Overwritten) => return self.read_again(&open, read),
            Some(moved) => return Err(StoreError::Moved(moved)),
            None => return Err(StoreError::Other("the database that is open is in its place".into())),
        }
        self.withdraw(&open)?;
        let new = Connections::open(&self.path)?;
        let mut adopted = read(&new.reader)?;
        adopted.set_aside.clone_from(&new.set_aside);
        self.replace(self.hold()?, new);
        Ok(adopted)
    }

    /// Goes on with what was written over the open database. What that has in its log, and what was read of it, must not get there.
    fn read_again(
        &self,
        open: &OpenFiles,
        read: impl FnOnce(&Connection) -> Result<AdoptedStore, StoreError>,
    ) -> Result<AdoptedStore, StoreError> {
        let held = self.hold()?;
        // It is looked at first where nothing depends on it.
        let copy = beside(&self.path, ".new");
        fs::copy(&open.path, &copy)?;
        let adopted = Connections::open(&copy).and_then(|connections| read(&connections.reader));
        for path in ENDINGS.map(|ending| beside(&copy, ending)).into_iter().chain([copy]) {
            let _ = fs::remove_file(path);
        }
        let mut adopted = adopted?;
        let held = self.drop_all(held)?;
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(&open.path, ending));
        }
        let opened = Connections::open(&self.path).inspect_err(|_| self.change(|open| open.is_broken = true))?;
        adopted.set_aside.clone_from(&opened.set_aside);
        self.replace(held, opened);
        Ok(adopted)
    }

    /// Closes the connections, and leaves the file as it is.
    fn drop_all<'a>(&'a self, held: HeldConnections<'a>) -> Result<HeldConnections<'a>, StoreError> {
        for connection in held.snapshots.iter().chain([&held.reader, &held.writer]) {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        }
        Ok(self.replace(held, Connections::none()?))
    }

    /// Writes the open database to its path, and goes on with it there. What lies there is kept under another name, which is told.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(in crate::store) fn keep(&self) -> Result<Option<PathBuf>, StoreError> {
        let open = self.open_files();
        match self.moved(&open) {
            None => return Ok(None),
            Some(Moved::Overwritten) => return Err(StoreError::Moved(Moved::Overwritten)),
            Some(_) => {}
        }
        self.withdraw(&open)?;
        let held = self.hold()?;
        let aside = self.put_back(&held.writer)?;
        self.replace(held, Connections::open(&self.path)?);
        Ok(aside)
    }

    /// Writes a database to its path, whatever lies there.
    fn put_back(&self, writer: &Connection) -> Result<Option<PathBuf>, StoreError> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder_of(&self.path))?;
        let fresh = beside(&self.path, ".new");
        let copied = copy(writer, &fresh).and_then(|()| self.name(&fresh));
        copied.inspect_err(|_| drop(fs::remove_file(&fresh)))
    }

    /// Gives a whole file the name of the database.
    fn name(&self, fresh: &Path) -> Result<Option<PathBuf>, StoreError> {
        let mut aside = None;
        if fs::symlink_metadata(&self.path).is_ok() {
            aside = Some(set_database_aside(&self.path)?);
        }
        for ending in ENDINGS {
            let orphan = beside(&self.path, ending);
            if length(&orphan) > 0 {
                set_aside(&orphan)?;
            }
        }
        fs::rename(fresh, &self.path)?;
        sync_folder(&self.path);
        Ok(aside)
    }

    /// Writes to the open database from now on, wherever it is.
    pub(in crate::store) fn stay(&self) {
        self.change(|open| open.stays = true);
    }

    fn change(&self, change: impl FnOnce(&mut OpenFiles)) {
        change(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Empties the log and closes the database. One that is not in its place is written there, or beside what lies there.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(in crate::store) fn end(&self) -> Result<Ended, StoreError> {
        let open = self.open_files();
        if self.moved(&open) == Some(Moved::Overwritten) {
            self.drop_all(self.hold()?)?;
            return Ok(Ended::default());
        }
        if !self.can_write() {
            self.drop_all(self.hold()?)?;
            return Ok(Ended::default());
        }
        SqliteFile::settle(&self.quiet_writer())?;
        let held = self.hold()?;
        let put = match moved(&self.path, &open) {
            None => None,
            Some(Moved::Replaced) => Some(self.put_beside(&held.writer)?),
            Some(_) => {
                self.put_back(&held.writer)?;
                Some(self.path.clone())
            }
        };
        self.replace(held, Connections::none()?);
        let left = ["-wal", "-shm"].map(|ending| beside(&open.path, ending));
        let is_left = |path: &PathBuf| put.is_none() && fs::symlink_metadata(path).is_ok();
        Ok(Ended { left: left.into_iter().filter(is_left).collect(), put })
    }

    /// Writes a database beside the file that has its name, and tells where.
    fn put_beside(&self, writer: &Connection) -> Result<PathBuf, StoreError> {
        let written = fs::metadata(&self.path)?.modified()?;
        let to = free_name(&self.path, "open", written)?;
        copy(writer, &to).inspect_err(|_| drop(fs::remove_file(&to)))?;
        sync_folder(&to);
        Ok(to)
    }

    /// Waits for all connections, for a while.
    pub(super) fn hold(&self) -> Result<HeldConnections<'_>, StoreError> {
        let mut looks = limits::STORE_BUSY_S * 1_000 / limits::SETTLE_LOOK_MS;
        let mut held = |connection| held(connection, &mut looks);
        let snapshots = self.snapshots.all().iter().map(&mut held).collect::<Result<Vec<_>, _>>()?;
        // The writer last: whoever writes may need another one to end.
        Ok(HeldConnections { snapshots, reader: held(&self.reader)?, writer: held(&self.writer)? })
    }

    /// Closes the connections and goes on with others. The writer is closed last, because only the writer may empty the log.
    pub(super) fn replace<'a>(&'a self, mut held: HeldConnections<'a>, by: Connections) -> HeldConnections<'a> {
        for (place, new) in held.snapshots.iter_mut().zip(by.snapshots) {
            drop(std::mem::replace(&mut **place, new));
        }
        drop(std::mem::replace(&mut *held.reader, by.reader));
        drop(std::mem::replace(&mut *held.writer, by.writer));
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = by.mark;
        self.can_write.store(by.can_write, Ordering::Release);
        // Who closes a file lets go of all locks that the program has on it: this comes when nothing of it is open any more.
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = by.head;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Of a database that is closed it stays known which it was.
        match by.of.database {
            Some(_) => *open = by.of,
            None => open.log = [None; 2],
        }
        drop(open);
        held
    }
}

fn held<'a>(connection: &'a Mutex<Connection>, looks: &mut u64) -> Result<MutexGuard<'a, Connection>, StoreError> {
    loop {
        match connection.try_lock() {
            Ok(connection) => return Ok(connection),
            Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if *looks == 0 => return Err(StoreError::Busy),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(limits::SETTLE_LOOK_MS)),
        }
        *looks -= 1;
    }
}

/// What became of the file; nothing where the path leads to it, or nobody can tell.
fn moved(path: &Path, open: &OpenFiles) -> Option<Moved> {
    match fs::metadata(path) {
        Ok(file) if Some(FileId::of(&file)) == open.database => None,
        Ok(_) => Some(Moved::Replaced),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let folder = FileId::at(folder_of(path));
            Some(if folder == open.folder { Moved::Removed } else { Moved::FolderRemoved })
        }
        Err(_) => None,
    }
}

pub(super) fn log_of(database: &Path) -> [Option<FileId>; 2] {
    ["-wal", "-shm"].map(|ending| FileId::at(&beside(database, ending)))
}

/// Writes all of a database to a new file, which is on the disk then.
fn copy(from: &Connection, to: &Path) -> Result<(), StoreError> {
    let name = to.to_str().ok_or_else(|| StoreError::Other("the path of the database is no text".into()))?;
    let _ = fs::remove_file(to);
    File::options().write(true).create_new(true).mode(0o600).open(to)?;
    from.execute("VACUUM INTO ?", [name])?;
    Ok(File::open(to)?.sync_all()?)
}

#[cfg(test)]
mod tests;
