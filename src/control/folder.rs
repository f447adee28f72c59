//! Opens the store of a data folder, and locks the folder until the program ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, open to its owner only, and takes its lock.
    ///
    /// # Errors
    /// The folder can't be made or read, or [`Taken`]: another program holds it.
    pub fn take(path: &Path) -> Result<Folder> {
        make(path).with_context(|| format!("the data folder {} can't be made", path.display()))?;
        let lock = path.join("headcount.lock");
        let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&lock);
        // A folder that is only to be read can be locked as well.
        let file = file.or_else(|error| File::open(&lock).map_err(|_| error));
        let file = file.with_context(|| format!("the data folder {} can't be written to", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Taken(path.display().to_string()).into()),
            Err(TryLockError::Error(error)) => return Err(error).context("the data folder can't be locked"),
        }
        let folder = Folder { path: path.to_owned(), _lock: file };
        let database = folder.database();
        make_private(&database).with_context(|| format!("{} can't be made", database.display()))?;
        Ok(folder)
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
                let is_new = fs::metadata(self.database()).is_ok_and(|file| file.len() == 0);
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

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the database file before SQLite does, which would leave it to the umask who may read it. SQLite gives its log and
/// the log's index the mode of the file.
fn make_private(database: &Path) -> io::Result<()> {
    match File::options().write(true).create_new(true).mode(0o600).open(database) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
