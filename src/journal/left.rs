//! In: folders in which programs have left a journal. Out: the files that somebody goes on with, in the folder where they are to be.
//! Forgets: all others, which are overwritten.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::JournalTrouble;
use super::folder::{JournalFile, JournalFolder, names_like};
use super::header::FileKind;
use super::place::{Candidates, JournalSearch, PREFIX, is_journal_name};
use super::start::JournalStart;
use crate::limits;
use crate::store::{DatabaseId, JournalState};

/// A journal that lies where none is to be.
pub(super) struct LeftJournal {
    pub(super) start: JournalStart,
    pub(super) folder: JournalFolder,
}

/// What became of journals that were to be wiped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WipedJournals {
    /// How many files there were.
    pub files: usize,
    /// Folders that a running server has locked, which stay.
    pub used: usize,
    /// Where was looked.
    pub bases: Vec<PathBuf>,
}

/// Looks for the first journal that the database goes on with, and wipes all others. Tells why the last of those was of no use.
pub(super) fn find(folders: Vec<JournalFolder>, state: &JournalState) -> (Option<LeftJournal>, Option<JournalTrouble>) {
    let (mut found, mut trouble) = (None, None);
    for folder in folders {
        match JournalStart::find(&folder, state) {
            Ok(Some(start)) if found.is_none() => found = Some(LeftJournal { start, folder }),
            Ok(_) => wipe(folder),
            Err(why) => {
                trouble = Some(why);
                wipe(folder);
            }
        }
    }
    (found, trouble)
}

/// Wipes a folder that is of no use any more.
pub(super) fn wipe(folder: JournalFolder) {
    if let Err(error) = folder.clear() {
        tracing::error!(%error, "what is left of a journal can't be wiped; run `headcount journal wipe`");
    }
}

impl LeftJournal {
    /// Copies the files to another folder, which is empty. Whenever the program ends meanwhile, either both folders have the same to
    /// go on with, or this one alone: only with the last of the new names it is a journal there.
    ///
    /// # Errors
    /// There is no room for them, say.
    pub(super) fn copy_to(&self, to: &JournalFolder) -> io::Result<()> {
        let segments = self.start.segments.iter().rev().map(|(number, _)| (FileKind::Segment, *number));
        let image = self.start.image.iter().map(|(number, _)| (FileKind::Image, *number));
        let files: Vec<(FileKind, u64)> = segments.chain(image).collect();
        for (copy, (kind, number)) in (0..).zip(&files) {
            let mut from = self.folder.open(JournalFile::Whole(*kind, *number))?;
            io::copy(&mut from, &mut to.create(JournalFile::Unfinished(copy))?)?;
        }
        for (copy, (kind, number)) in (0..).zip(&files) {
            to.rename(JournalFile::Unfinished(copy), JournalFile::Whole(*kind, *number))?;
        }
        Ok(())
    }
}

/// Wipes the journals whose folders are called by one of these names, whosever they are, and tells what else was in the way.
pub(super) fn wipe_named(bases: Vec<PathBuf>, names: &[String]) -> Result<WipedJournals, JournalTrouble> {
    let is_it = |found: &str| names.iter().any(|name| is_called(found, name));
    wipe_where(bases, is_it, JournalFolder::clear)
}

/// Whether a folder has the name, with or without that of a user.
fn is_called(found: &str, name: &str) -> bool {
    found.strip_prefix(name).is_some_and(|user| user.is_empty() || user.starts_with('-'))
}

/// The user who owns the file of a database, and where that user has a journal of it, unless it is the one of this program: whoever
/// counts something else for the database has that journal wiped by the next start.
pub fn of_owner(search: &JournalSearch<'_>, database: DatabaseId) -> Option<(u32, PathBuf)> {
    let owner = fs::metadata(search.file).ok()?.uid();
    if owner == rustix::process::geteuid().as_raw() {
        return None;
    }
    let candidates = Candidates::of(search, database, super::runtime_directory().as_deref());
    of_user(&candidates.bases(), &candidates.names, owner).map(|path| (owner, path))
}

/// The folder called by one of these names in which a user has a journal. Strangers may make such folders, which say nothing.
pub(super) fn of_user(bases: &[PathBuf], names: &[String], user: u32) -> Option<PathBuf> {
    let is_it = |found: &str| names.iter().any(|name| is_called(found, name));
    let journals = bases.iter().flat_map(|base| journals_in(base)).filter(|(_, found)| is_it(found));
    let is_of_user =
        |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == user);
    // One that can't be looked into may hold all.
    let holds = |path: &PathBuf| fs::read_dir(path).map_or(true, |mut files| files.next().is_some());
    journals.map(|(base, name)| base.join(name)).find(|path| is_of_user(path) && holds(path))
}

/// Wipes the journals of all databases that no server has locked.
pub(super) fn wipe_all(bases: Vec<PathBuf>) -> Result<WipedJournals, JournalTrouble> {
    wipe_where(bases, |_| true, |folder| if folder.is_of_journal()? { folder.clear() } else { Ok(0) })
}

fn wipe_where(
    bases: Vec<PathBuf>,
    is_meant: impl Fn(&str) -> bool,
    wipe: impl Fn(JournalFolder) -> io::Result<usize>,
) -> Result<WipedJournals, JournalTrouble> {
    let (mut files, mut used, mut trouble) = (0, 0, None);
    for (base, name) in bases.iter().flat_map(|base| journals_in(base)).filter(|(_, name)| is_meant(name)) {
        match JournalFolder::of_anybody(base, &name) {
            Ok(None) => {}
            Ok(Some(folder)) => match wipe(folder) {
                Ok(count) => files += count,
                Err(_) => trouble = Some(JournalTrouble::Failed),
            },
            Err(JournalTrouble::Locked) => used += 1,
            Err(why) => trouble = Some(why),
        }
    }
    trouble.map_or(Ok(WipedJournals { files, used, bases }), Err)
}

fn journals_in(base: &Path) -> impl Iterator<Item = (&Path, String)> {
    names_like(base, PREFIX).into_iter().filter(|name| is_journal_name(name)).map(move |name| (base, name))
}

/// Wipes journals of the own user that no server has locked, and in which nothing was written for so long that all days in them
/// are over: their data folders are gone, or never started again. Tells how many files there were.
pub(super) fn wipe_old(bases: &[PathBuf], now: SystemTime) -> usize {
    let Some(since) = now.checked_sub(Duration::from_secs(limits::JOURNAL_ORPHAN_S)) else { return 0 };
    let mut files = 0;
    for (base, name) in bases.iter().flat_map(|base| journals_in(base)) {
        let Ok(Some(folder)) = JournalFolder::existing(base, &name) else { continue };
        let is_orphan = || Ok::<bool, io::Error>(folder.is_of_journal()? && folder.is_older_than(since)?);
        if is_orphan().unwrap_or(false) {
            files += folder.clear().unwrap_or(0);
        }
    }
    files
}
