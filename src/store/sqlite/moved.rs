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
    ENDINGS, FileId, beside, folder_of, free_name, length, set_aside, set_database_aside, sync_folder, unfinished_name,
};
use super::connections::{Connections, OpenFiles};
use super::marks::OpenHead;
use super::{SqliteFile, StoreError, older};
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
                "another file was written over the database that is open, of which nothing is left; `headcount store adopt` goes on with what is there now; where that is no database of headcount, copy a backup over it first"
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

/// Why the open file is not copied where it was moved away, and what can be done.
const CHANGED: &str = "another program has changed the database that is open since it was moved away, and goes on with it there; nothing is written to it, and no copy of it would be whole";

/// Why what was written over the open database is not gone on with, and what can be done.
const UNUSABLE: &str = "what was written over the database is no database of headcount, or a damaged one, and nothing is left of what was there: copy a backup over it, and say `headcount store adopt` again; what waits is added to that";

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
        self.moved(&self.open_files()).map_or(Ok(()), |moved| Err(StoreError::Moved(moved)))
    }

    pub(super) fn moved(&self, open: &OpenFiles) -> Option<Moved> {
        moved(self.looked_for(open), open).or_else(|| self.is_overwritten(open).then_some(Moved::Overwritten))
    }

    /// Where the open file has to be.
    pub(super) fn looked_for<'a>(&'a self, open: &'a OpenFiles) -> &'a Path {
        open.put.as_deref().unwrap_or(&self.path)
    }

    /// Whether the file has another mark than we have written to it, or found on one that is only read. Nobody can tell while somebody
    /// writes.
    fn is_overwritten(&self, open: &OpenFiles) -> bool {
        self.writer.try_lock().is_ok_and(|_writer| self.is_changed(open))
    }

    /// The same, wherever the file is, for whoever holds the writer.
    fn is_changed(&self, open: &OpenFiles) -> bool {
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
            let _ = if moved == Moved::Replaced { self.withdraw(&open) } else { Ok(()) };
            return Err(StoreError::Moved(moved));
        }
        // One that is only read makes no log.
        if !self.can_write() || log_of(&open.path) == open.log && !open.is_broken {
            return Ok(Mended { full_log: self.empty_late().err(), ..Mended::default() });
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
        drop_log(&open);
        let held = self.replace(held, Connections::none()?);
        let opened = Connections::open(&self.path).inspect_err(|_| self.change(|open| open.is_broken = true))?;
        aside.extend(opened.set_aside.iter().cloned());
        self.replace(held, opened);
        Ok(Mended { log: true, set_aside: aside, full_log: None })
    }

    /// Takes our log from beside another database: whoever opens that must not take it for its own. Nothing of it is written to our
    /// file, which may be another program's by now; where that file is still to be had, the log is kept aside.
    fn withdraw(&self, open: &OpenFiles) -> Result<(), StoreError> {
        let log = beside(&open.path, "-wal");
        if is_of(&log, open.log[0]) && length(&log) > 0 && self.has_name() {
            let aside = set_aside(&log)?;
            self.change(|open| open.log_aside = Some(aside));
        }
        remove_own(open);
        Ok(())
    }

    /// Whether the open file is still to be had under some name.
    fn has_name(&self) -> bool {
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        head.as_ref().is_some_and(OpenHead::has_name)
    }

    /// Goes on with the database that has the name of the open one, once `read` has read it. Nothing is written to the open one.
    ///
    /// # Errors
    /// [`StoreError`]; then the open one stays open.
    pub(in crate::store) fn adopt(
        &self,
        read: impl FnOnce(&Connection) -> Result<AdoptedStore, StoreError>,
    ) -> Result<AdoptedStore, StoreError> {
        match self.moved(&self.open_files()) {
            Some(Moved::Replaced) => {}
            Some(Moved::Overwritten) => return self.read_again(&self.open_files(), read),
            Some(moved) => return Err(StoreError::Moved(moved)),
            None => return Err(StoreError::Other("the database that is open is in its place".into())),
        }
        self.withdraw(&self.open_files())?;
        let mut older = None;
        let new = Connections::open_after(&self.path, |found| {
            older = older::kept(found, &self.path)?;
            Ok(())
        })?;
        let mut adopted = read(&new.reader)?;
        adopted.older = older;
        adopted.set_aside.clone_from(&new.set_aside);
        adopted.set_aside.extend(self.open_files().log_aside);
        self.leave(self.hold()?, new)?;
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
        let copy = unfinished_name(&self.path)?;
        let adopted = self.copy_file(&copy).and_then(|()| {
            let mut older = None;
            let opened = Connections::open_after(&copy, |found| {
                older = older::kept(found, &self.path)?;
                Ok(())
            })?;
            Ok(AdoptedStore { older, ..read(&opened.reader)? })
        });
        for path in ENDINGS.map(|ending| beside(&copy, ending)).into_iter().chain([copy]) {
            let _ = fs::remove_file(path);
        }
        let mut adopted = adopted.map_err(|why| match why {
            StoreError::Corrupt | StoreError::NotOurs(_) => StoreError::NotOurs(UNUSABLE.into()),
            why => why,
        })?;
        let held = self.leave(held, Connections::none()?)?;
        remove_own(open);
        let opened = Connections::open(&self.path).inspect_err(|_| self.change(|open| open.is_broken = true))?;
        adopted.set_aside.clone_from(&opened.set_aside);
        self.replace(held, opened);
        Ok(adopted)
    }

    /// Copies the open file as it is. It is not opened again for this: who closes it loses all locks on it.
    fn copy_file(&self, to: &Path) -> Result<(), StoreError> {
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        head.as_ref().map_or(Err(StoreError::Corrupt), |head| Ok(head.copy(to)?))
    }

    /// Closes the connections, leaves the file and its log as they are, and goes on with others.
    pub(super) fn leave<'a>(
        &'a self,
        held: HeldConnections<'a>,
        by: Connections,
    ) -> Result<HeldConnections<'a>, StoreError> {
        for connection in held.snapshots.iter().chain([&held.reader, &held.writer]) {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        }
        Ok(self.replace(held, by))
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
        let held = self.hold()?;
        let aside = self.put_back(&held.writer, &open)?;
        self.leave(held, opened_copy(&self.path)?)?;
        Ok(aside)
    }

    /// Writes a database to its path, whatever lies there.
    fn put_back(&self, writer: &Connection, open: &OpenFiles) -> Result<Option<PathBuf>, StoreError> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder_of(&self.path))?;
        let fresh = unfinished_name(&self.path)?;
        self.copy(writer, open, &fresh)?;
        drop_log(open);
        self.name(&fresh).inspect_err(|_| drop(fs::remove_file(&fresh)))
    }

    /// Writes all of the open database to a new file, which is on the disk then. A file that another program has changed meanwhile is
    /// nothing whole with what we have of it.
    fn copy(&self, writer: &Connection, open: &OpenFiles, to: &Path) -> Result<(), StoreError> {
        let refuse_changed = || match self.is_changed(open) {
            true => Err(StoreError::NotOurs(CHANGED.into())),
            false => Ok(()),
        };
        refuse_changed()?;
        copy(writer, to).and_then(|()| refuse_changed()).inspect_err(|_| drop(fs::remove_file(to)))
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

    /// For the end of the program: copies a database that is not in its place there, or beside what lies there, or else into the first
    /// of some folders that has room, and goes on with it. Tells where it is then. Nothing is written to the open file, which may be
    /// another program's by now.
    ///
    /// # Errors
    /// [`StoreError`]; `Lost` where no folder takes it, and the open file is to be had nowhere else.
    pub(in crate::store) fn put(&self, folders: &[PathBuf]) -> Result<Option<PathBuf>, StoreError> {
        let open = self.open_files();
        let moved = match self.moved(&open) {
            None => return Ok(None),
            Some(Moved::Overwritten) => return Err(StoreError::Moved(Moved::Overwritten)),
            Some(moved) => moved,
        };
        let held = self.hold()?;
        let first = match moved {
            Moved::Replaced => self.put_into(folder_of(&self.path), &held.writer, &open),
            _ => self.put_back(&held.writer, &open).map(|_| self.path.clone()),
        };
        let others = folders.iter().filter(|folder| *folder != folder_of(&self.path));
        let put = others
            .fold(first, |put, folder| put.or_else(|why| self.put_into(folder, &held.writer, &open).map_err(|_| why)));
        let to = put.map_err(|why| if self.has_name() { why } else { StoreError::Lost(why.to_string()) })?;
        self.leave(held, opened_copy(&to)?)?;
        self.change(|open| open.put = Some(to.clone()));
        Ok(Some(to))
    }

    /// Closes the database where nothing may be written to it. Of its log nothing is left that holds nothing.
    fn let_go(&self) -> Result<(), StoreError> {
        let open = self.open_files();
        self.leave(self.hold()?, Connections::none()?)?;
        if length(&beside(&open.path, "-wal")) == 0 {
            remove_own(&open);
        }
        Ok(())
    }

    /// Writes a database into a folder, under a name that says so, and tells it.
    fn put_into(&self, folder: &Path, writer: &Connection, open: &OpenFiles) -> Result<PathBuf, StoreError> {
        let place = folder.join(self.path.file_name().unwrap_or_default());
        let modified = self.head.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(OpenHead::modified);
        let to = free_name(&place, "open", modified.transpose()?.unwrap_or(std::time::UNIX_EPOCH))?;
        self.copy(writer, open, &to)?;
        sync_folder(&to);
        drop_log(open);
        Ok(to)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut OpenFiles)) {
        change(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Empties the log and closes the database. One that is not in its place is copied there, or beside what lies there.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(in crate::store) fn end(&self) -> Result<Ended, StoreError> {
        let put = self.put(&[]);
        if put.is_err() || !self.can_write() {
            self.let_go()?;
            return match put {
                Err(StoreError::Moved(_)) => Ok(Ended::default()),
                put => Ok(Ended { put: put?, ..Ended::default() }),
            };
        }
        let put = put?;
        SqliteFile::settle(&self.quiet_writer())?;
        self.replace(self.hold()?, Connections::none()?);
        let left = ["-wal", "-shm"].map(|ending| beside(&self.open_files().path, ending));
        let left = left.into_iter().filter(|path| fs::symlink_metadata(path).is_ok()).collect();
        Ok(Ended { left, put })
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
        self.has_old_log.store(by.has_old_log, Ordering::Release);
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

impl Drop for SqliteFile {
    fn drop(&mut self) {
        // SQLite empties the log into the file when it closes it, wherever that is by now.
        if self.is_in_place().is_err() {
            let _ = self.let_go();
        }
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
pub(super) fn copy(from: &Connection, to: &Path) -> Result<(), StoreError> {
    let name = to.to_str().ok_or_else(|| StoreError::Other("the path of the database is no text".into()))?;
    File::options().write(true).create_new(true).mode(0o600).open(to)?;
    // One that can only be read refuses this else, which writes nothing to it.
    from.pragma_update(None, "query_only", "OFF")?;
    from.execute("VACUUM INTO ?", [name])?;
    Ok(File::open(to)?.sync_all()?)
}

/// Opens a copy that was made just now, at least to be read: there may be no room for its log.
fn opened_copy(path: &Path) -> Result<Connections, StoreError> {
    Connections::open(path).or_else(|why| Connections::to_read(path).map_err(|_| why))
}

/// Whether a path leads to a file of ours.
fn is_of(path: &Path, id: Option<FileId>) -> bool {
    id.is_some() && FileId::at(path) == id
}

/// Removes the log and its index where they are ours.
fn remove_own(open: &OpenFiles) {
    for (ending, id) in ["-wal", "-shm"].into_iter().zip(open.log) {
        let path = beside(&open.path, ending);
        if is_of(&path, id) {
            let _ = fs::remove_file(path);
        }
    }
}

/// The same, also under the name by which the log was kept aside: all that was in it is in the database.
fn drop_log(open: &OpenFiles) {
    remove_own(open);
    if let Some(aside) = open.log_aside.as_ref().filter(|aside| is_of(aside, open.log[0])) {
        let _ = fs::remove_file(aside);
    }
}

#[cfg(test)]
mod tests;
