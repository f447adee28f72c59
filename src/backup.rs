//! In: a database that others may have open. Out: whole copies of it beside it or elsewhere, and one put back in its place. Forgets: no
//! file but old copies that it made itself.
//!
//! A copy is written under a name of its own, brought to the disk and only then called what it is to be called: whenever the program or
//! the machine ends, there is a whole copy under that name or none.

mod migration;
mod restoring;
mod rotation;
mod target;
mod waiting_sums;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use indicatif::DecimalBytes;

use crate::site::Moment;
use crate::store::StoreError;
use crate::store::copying::{self, FileFacts};
pub use migration::before_migration;
pub use restoring::{Restored, give_to_owner, looked_through, restore};
pub use rotation::Rotated;
use target::NewFile;
pub use waiting_sums::SpillFolders;

/// Where a copy goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupTarget {
    /// A file; whether one that is there gives way.
    File(PathBuf, bool),
    /// A folder, under a dated name; how many of this database it keeps, or all.
    Folder(PathBuf, Option<usize>),
}

/// A copy that was made.
#[derive(Debug)]
pub struct Backup {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub facts: FileFacts,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// What became of older ones.
    pub rotated: Rotated,
}

/// What is told while a copy is written: bytes so far, and those that are expected. It answers whether to go on.
pub type Look<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

/// Copies a database.
///
/// # Errors
/// Why it was not copied; then nothing is left of it, and no older copy is gone.
pub fn make(database: &Path, target: &BackupTarget, now: Moment, look: Look) -> Result<Backup> {
    let source = facts(database)?;
    let (file, free) = match target {
        BackupTarget::File(path, overwrites) => {
            target::refuse_own(database, path)?;
            (NewFile::begin(path, *overwrites)?, None)
        }
        BackupTarget::Folder(folder, _) => {
            target::make_folder(folder)?;
            let free = || rotation::name_in(folder, source.id, now);
            (NewFile::replacing(&free(), false)?, Some(free))
        }
    };
    // Another copy may have taken the name meanwhile.
    let (path, facts, bytes) = written(database, file, || free.as_ref().map(|free| free()), look)?;
    let path = match target {
        BackupTarget::File(path, _) => path.clone(),
        BackupTarget::Folder(folder, _) => folder.join(path.file_name().unwrap_or_default()),
    };
    let rotated = match target {
        BackupTarget::Folder(folder, Some(keep)) => rotation::rotate(folder, &path, source.id, *keep),
        _ => Rotated::default(),
    };
    Ok(Backup { path, facts, bytes, rotated })
}

/// What a file holds.
///
/// # Errors
/// It can't be read, or is no database of this program, in a sentence.
pub fn facts(database: &Path) -> Result<FileFacts> {
    copying::facts(database).map_err(|why| unreadable(database, why))
}

fn unreadable(database: &Path, why: StoreError) -> anyhow::Error {
    let shown = database.display();
    match why {
        StoreError::Corrupt => anyhow!("{shown} is damaged or no database; `headcount check` says more"),
        StoreError::Busy => anyhow!("{shown} is in use by another program; try again"),
        why => anyhow!("{shown} can't be used: {why}"),
    }
}

/// Copies a database into a file, and tells where it is. Where its name is taken by then it gets another one.
fn written(
    database: &Path,
    file: NewFile,
    other: impl Fn() -> Option<PathBuf>,
    look: Look,
) -> Result<(PathBuf, FileFacts, u64)> {
    let facts = fill(&file, database, look)?;
    let (bytes, shown) = (file.bytes(), file.to().display().to_string());
    let path = file.finish(other).with_context(|| format!("{shown} can't be written"))?;
    Ok((path, facts, bytes))
}

/// Fills a file that is not whole yet.
fn fill(file: &NewFile, database: &Path, look: Look) -> Result<FileFacts> {
    let expected = facts(database)?.bytes;
    file.needs(expected)?;
    let copied = copying::copy(database, file.part(), || look(file.bytes(), expected));
    copied.map_err(|why| match why {
        StoreError::Interrupted => anyhow!("given up; nothing was written"),
        StoreError::Full => {
            let (folder, needed) = (file.folder().display(), DecimalBytes(expected));
            anyhow!("there is no room in {folder}: {needed} are needed; nothing was written")
        }
        why => unreadable(database, why).context("nothing was written"),
    })
}
