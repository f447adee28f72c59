//! Puts a copy in the place of a database, which is kept aside.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};

use super::target::{NewFile, is_same, refuse_what_belongs_to, sync_folder};
use super::waiting_sums::{SpillFolders, UnstoredSums};
use super::{Look, fill, rotation, unreadable};
use crate::site::Moment;
use crate::store::StoreError;
use crate::store::copying::{self, FileFacts};

/// What was put back.
#[derive(Debug)]
pub struct Restored {
    /// What it holds.
    pub facts: FileFacts,
    /// Where the database is that was there before.
    pub aside: Option<PathBuf>,
    /// How many hits wait for the next start, which adds those that it does not have.
    pub waiting: i64,
    /// Files of such that are left alone, and why.
    pub left: Vec<(PathBuf, String)>,
}

/// Looks whether a file can be put back.
///
/// # Errors
/// It is damaged, of a newer version, or no database of this program.
pub fn looked_through(from: &Path) -> Result<FileFacts> {
    let shown = from.display();
    ensure!(from.is_file(), "{shown} is no file");
    copying::look_through(from).map_err(|why| match why {
        StoreError::Corrupt => anyhow!("{shown} is damaged or no database; nothing was changed"),
        why => unreadable(from, why).context("nothing was changed"),
    })
}

/// Puts a copy of `from` in the place of a database. Spilled sums that wait for that one wait for the copy then. Nobody else may have its
/// folder, whose lock the caller holds.
///
/// # Errors
/// Why it was not put back; the database is what it was then.
pub fn restore(database: &Path, from: &Path, spills: SpillFolders, now: Moment, look: Look) -> Result<Restored> {
    // A link to another disk stays one, and sums wait beside the link.
    let named = database;
    let database = &database.canonicalize().unwrap_or_else(|_| database.to_owned());
    ensure!(!is_same(from, database), "{} is the database itself", from.display());
    refuse_what_belongs_to(database, from)?;
    let file = NewFile::replacing(database, true)?;
    fill(&file, from, look)?;
    give_to_owner(file.folder(), file.part());
    // Whenever the program or the machine ends, the sums wait for whichever file is in the place.
    let waiting = UnstoredSums::hand_over(named, file.part(), spills)?;
    let facts = copying::facts(file.part())?;
    let aside = match replaced(database, file, now) {
        Ok(aside) => aside,
        Err(why) => {
            waiting.take_back();
            return Err(why);
        }
    };
    Ok(Restored { facts, aside, waiting: waiting.hits, left: waiting.finish(named) })
}

fn replaced(database: &Path, file: NewFile, now: Moment) -> Result<Option<PathBuf>> {
    let aside = set_aside(database, now)?;
    let folder = file.folder().to_owned();
    file.finish(|| None).with_context(|| format!("{} can't be written", database.display()))?;
    sync_folder(&folder).context("the folder can't be brought to the disk")?;
    Ok(aside)
}

/// Keeps what is there under a dated name, with what belongs to it. The database is there under its own name too until another takes it.
fn set_aside(database: &Path, now: Moment) -> Result<Option<PathBuf>> {
    let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let (log, rollback) = (beside(database, "-wal"), beside(database, "-journal"));
    let found = fs::symlink_metadata(database).ok();
    let holds = |path: &&PathBuf| length(path) > 0;
    if found.as_ref().is_none_or(|found| found.is_file() && found.len() == 0) && ![&log, &rollback].iter().any(holds) {
        remove_beside(database)?;
        return Ok(None);
    }
    // What can't be brought into a damaged file stays beside it.
    let is_in_use = copying::settle(database) == Err(StoreError::Busy);
    ensure!(!is_in_use, "{} is in use by another program; nothing was changed", database.display());
    let aside = rotation::free_name(database, "replaced", now);
    let kept = |error: io::Error| anyhow!("{} can't be kept as {}: {error}", database.display(), aside.display());
    // Where there are no hard links it has no name of its own for a moment.
    if found.is_some() {
        fs::hard_link(database, &aside).or_else(|_| fs::rename(database, &aside)).map_err(kept)?;
    }
    let mut left = None;
    for (path, ending) in [(&log, "-wal"), (&rollback, "-journal")] {
        if length(path) > 0 {
            let to = beside(&aside, ending);
            fs::rename(path, &to).map_err(kept)?;
            left = Some(to);
        }
    }
    remove_beside(database)?;
    Ok(found.map(|_| aside).or(left))
}

fn remove_beside(database: &Path) -> Result<()> {
    for ending in ["-wal", "-shm", "-journal"] {
        let path = beside(database, ending);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} can't be removed", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The name of a file with an ending.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Has root give a file to the user of its folder, or of another file, who could not open it otherwise.
pub fn give_to_owner(folder: &Path, path: &Path) {
    let (Ok(of_folder), Ok(of_file)) = (fs::metadata(folder), fs::metadata(path)) else { return };
    if of_folder.uid() != of_file.uid() {
        // Nobody else than root may, nor has to.
        let _ = chown(path, Some(of_folder.uid()), Some(of_folder.gid()));
    }
}
