//! In: a database. Out: which journals of it there are, without a lock and a change. Forgets: nothing.

use std::fs;
use std::path::PathBuf;

use super::folder::Mounted;
use super::place::{Candidates, JournalSearch, SwapFacts};
use super::{JournalTrouble, runtime_directory};
use crate::store::DatabaseId;

/// A journal as it is seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenJournal {
    /// Its folder.
    pub path: PathBuf,
    /// How many files it has; nothing where the folder is closed to this user.
    pub files: Option<usize>,
    /// How many bytes they have.
    pub bytes: u64,
    /// Why its memory may reach a disk, if it may.
    pub trouble: Option<JournalTrouble>,
}

/// The journals of a database, wherever the search and the environment say that they may be.
pub fn seen(search: &JournalSearch<'_>, database: DatabaseId) -> Vec<SeenJournal> {
    let candidates = Candidates::of(search, database, runtime_directory().as_deref());
    let facts = SwapFacts::read();
    let mut seen: Vec<SeenJournal> = Vec::new();
    for base in candidates.bases() {
        for name in candidates.names.iter().flat_map(|name| super::folder::names_like(&base, name)) {
            let path = base.join(name);
            let Ok(folder) = fs::symlink_metadata(&path) else { continue };
            if !folder.is_dir() || seen.iter().any(|known| known.path == path) {
                continue;
            }
            let entries = fs::read_dir(&path).ok().map(|entries| entries.flatten().collect::<Vec<_>>());
            let lengths = entries.iter().flatten().filter_map(|entry| Some(entry.metadata().ok()?.len()));
            let bytes = lengths.sum();
            let mounted = Mounted::of(&path);
            let trouble = mounted.ok().and_then(|mounted| facts.check(mounted).err());
            seen.push(SeenJournal { files: entries.map(|entries| entries.len()), bytes, trouble, path });
        }
    }
    seen
}
