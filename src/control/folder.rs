//! In: a data folder. Out: its store, held alone. Forgets: the lock, when the program ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A data folder that this program owns as long as the value lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, open to its owner only, and takes its lock.
    ///
    /// # Errors
    /// The folder can't be made or read, or another program holds it.
    pub fn take(path: &Path) -> Result<Folder> {
        make(path).with_context(|| format!("the data folder {} can't be made", path.display()))?;
        let lock = path.join("headcount.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&lock);
        let file = file.with_context(|| format!("the data folder {} can't be written to", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Folder { path: path.to_owned(), _lock: file }),
            Err(TryLockError::WouldBlock) => {
                bail!("another headcount is using {}; stop it or give another folder with --data", path.display())
            }
            Err(TryLockError::Error(error)) => Err(error).context("the data folder can't be locked"),
        }
    }

    /// Where the database is.
    pub fn database(&self) -> PathBuf {
        self.path.join("headcount.db")
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

fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
