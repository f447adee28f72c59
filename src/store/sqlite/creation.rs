//! In: the path of a database. Out: the file to which it leads, made if there never was one. Forgets: nothing; what is no database of
//! ours is left alone.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::beside::{ENDINGS, beside, length, sync_folder, unfinished_name};
use super::{StoreError, schema};

/// Makes a database where nothing is: under another name until it is whole, so that an empty file was never ours.
///
/// # Errors
/// [`StoreError`], with the way out.
pub(super) fn make_if_missing(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refuse_orphans(path)?;
            make(path)
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// The file of a database, behind all links.
///
/// # Errors
/// [`StoreError`], with the way out, for what can't be ours.
pub(super) fn find(path: &Path) -> Result<PathBuf, StoreError> {
    let file = match fs::canonicalize(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return refuse(
                "it is a link to a file that is not there; put that file back, or remove the link to begin anew",
            );
        }
        Err(error) => return Err(error.into()),
    };
    let found = fs::metadata(&file)?;
    if !found.is_file() {
        return refuse("it is no file; move it away to begin anew, or put the database in its place");
    }
    if found.len() == 0 {
        return refuse("it is empty, which a database never is; put a backup in its place, or remove it to begin anew");
    }
    Ok(file)
}

/// Refuses to make a database beside what another one has left.
fn refuse_orphans(path: &Path) -> Result<(), StoreError> {
    for ending in ENDINGS {
        let left = beside(path, ending);
        // The index says nothing without its log.
        if ending != "-shm" && length(&left) > 0 {
            let name = left.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return refuse(format!(
                "it is missing, and {name} beside it holds changes of it; put the database back, or move {name} away to begin anew"
            ));
        }
        let _ = fs::remove_file(left);
    }
    Ok(())
}

fn make(path: &Path) -> Result<(), StoreError> {
    let fresh = unfinished_name(path)?;
    let made = fill(&fresh).and_then(|()| Ok(File::open(&fresh)?.sync_all()?)).and_then(|()| {
        fs::rename(&fresh, path)?;
        sync_folder(path);
        Ok(())
    });
    if made.is_err() {
        for ending in ENDINGS.into_iter().chain([""]) {
            let _ = fs::remove_file(beside(&fresh, ending));
        }
    }
    made
}

/// A new file that SQLite can fill, and that nobody has until it is whole on the disk.
///
/// # Errors
/// [`StoreError`]
pub(in crate::store) fn begin_file(path: &Path) -> Result<Connection, StoreError> {
    // SQLite would leave it to the umask who may read it. What it makes beside the file has the file's mode.
    File::options().write(true).create_new(true).mode(0o600).open(path)?;
    let connection = Connection::open(path)?;
    schema::begin(&connection)?;
    Ok(connection)
}

fn fill(path: &Path) -> Result<(), StoreError> {
    let mut connection = begin_file(path)?;
    schema::migrate(&mut connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error.into())
}

fn refuse<T>(sentence: impl Into<String>) -> Result<T, StoreError> {
    Err(StoreError::NotOurs(sentence.into()))
}
