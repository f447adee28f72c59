//! Opens the store of a data folder, and locks the folder until the program ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};

use crate::clock::Clock;

/// Another program holds the data folder.
#[derive(Debug, thiserror::Error)]
#[error("another headcount is using {0}; stop it or give another folder with --data")]
pub struct Taken(String);

/// Name of the database in its folder.
pub const DATABASE: &str = "headcount.db";
/// What marks a folder whose figures were made under another clock than the system's.
const OTHER_CLOCK: &str = "figures-of-tests";

/// A data folder that this program owns as long as the value lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: Mutex<File>,
}

impl Folder {
    /// Makes the folder if need be, open to its owner only, and takes its lock.
    ///
    /// # Errors
    /// The folder can't be made or read, or [`Taken`]: another program holds it.
    pub fn take(path: &Path) -> Result<Folder> {
        make(path).with_context(|| format!("the data folder {} can't be made", path.display()))?;
        Ok(Folder { path: path.to_owned(), lock: Mutex::new(locked(path)?) })
    }

    /// Whether there is a folder at the path.
    pub fn is_there(&self) -> bool {
        self.path.is_dir()
    }

    /// Takes the lock again if the folder or the file of the lock is another one than before, and tells whether it was.
    ///
    /// # Errors
    /// [`Taken`], or the lock can't be made.
    pub fn hold(&self) -> Result<bool> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let id = |file: fs::Metadata| (file.dev(), file.ino());
        let found = fs::symlink_metadata(lock_of(&self.path)).ok().map(id);
        if found == lock.metadata().ok().map(id) {
            return Ok(false);
        }
        *lock = locked(&self.path)?;
        Ok(true)
    }

    /// Where the database is.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Refuses a clock that is not that of the folder's figures, so that a test's `--now` and what is really counted never
    /// meet. A folder without figures takes the clock that it is given.
    ///
    /// # Errors
    /// The folder has another clock, or can't be marked.
    pub fn keep_to(&self, clock: &Clock) -> Result<()> {
        let (mark, path) = (self.path.join(OTHER_CLOCK), self.path.display());
        match (clock.is_true(), mark.exists()) {
            (true, false) | (false, true) => Ok(()),
            (true, true) => {
                bail!("the figures in {path} were made by a test under --now; give another folder with --data")
            }
            (false, false) => {
                let is_new = fs::symlink_metadata(self.database()).is_err();
                ensure!(is_new, "--now is for tests, and {path} holds real figures; give a new folder with --data");
                fs::write(&mark, "").with_context(|| format!("{path} can't be written to"))
            }
        }
    }

    /// Where commands reach a running server.
    pub fn socket(&self) -> PathBuf {
        socket_of(&self.path)
    }
}

/// Where commands reach the server of a data folder.
pub fn socket_of(path: &Path) -> PathBuf {
    path.join("headcount.sock")
}

fn lock_of(path: &Path) -> PathBuf {
    path.join("headcount.lock")
}

/// The file of the lock, locked.
fn locked(path: &Path) -> Result<File> {
    let lock = lock_of(path);
    let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&lock);
    // A folder that is only to be read can be locked as well.
    let file = file.or_else(|error| File::open(&lock).map_err(|_| error));
    let file = file.with_context(|| format!("{} can't be opened or made", lock.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Taken(path.display().to_string()).into()),
        Err(TryLockError::Error(error)) => Err(error).context("the data folder can't be locked"),
    }
}

/// Makes a data folder, open to its owner only, unless it is there.
///
/// # Errors
/// The system refuses it.
pub fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
