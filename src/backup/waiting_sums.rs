//! Spilled sums that wait for a database when a copy takes its place: the copy adds them, unless it has them.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use super::restoring::give_to_owner;
use crate::store::DatabaseId;
use crate::store::copying;
use crate::store::spill::{HandedOver, SpillPlaces};

/// Where sums may wait beside the folder of the database.
#[derive(Debug, Clone, Copy)]
pub struct SpillFolders<'a> {
    /// The one that the operator wants.
    pub wanted: Option<&'a Path>,
    /// One in memory.
    pub memory: &'a Path,
}

impl SpillFolders<'_> {
    fn places(&self, file: &Path, beside: Option<&Path>, database: DatabaseId) -> SpillPlaces {
        SpillPlaces::of_file(file, beside, database, [self.wanted, Some(self.memory)])
    }
}

/// What waits for a database whose place another one takes.
#[derive(Debug, Default)]
pub(super) struct UnstoredSums {
    of_it: HandedOver,
    /// Of databases that the copy comes from; they may be in use elsewhere.
    of_ancestors: HandedOver,
    /// How many hits are in it.
    pub(super) hits: i64,
}

impl UnstoredSums {
    /// Writes what waits for `database`, and for those that `copy` comes from, for the copy that is going to take its place.
    pub(super) fn hand_over(database: &Path, copy: &Path, folders: SpillFolders) -> Result<UnstoredSums> {
        let (mut waiting, beside) = (UnstoredSums::default(), database.parent());
        // A damaged file does not tell which it is; then it most likely is the one that was copied.
        let before = copying::facts(database).ok().and_then(|facts| facts.id).map(DatabaseId);
        let unreadable = |error| anyhow!("the copy can't be read: {error}");
        let (own, origins) = (copying::sites(copy).map_err(unreadable)?, copying::origins(copy).map_err(unreadable)?);
        if let Some(before) = before {
            let sites = copying::sites(database).unwrap_or_default();
            let domain = |site| sites.iter().find(|(of, _)| *of == site).map(|(_, domain)| domain);
            let number = |site| own.iter().find(|(_, other)| Some(other) == domain(site)).map(|(new, _)| *new);
            waiting.of_it.take(&folders.places(database, beside, before), number);
        }
        for origin in origins.into_iter().filter(|origin| Some(*origin) != before) {
            waiting.of_ancestors.take(&folders.places(database, beside, origin), Some);
        }
        if waiting.of_it.is_empty() && waiting.of_ancestors.is_empty() {
            return Ok(waiting);
        }
        let id = DatabaseId(copying::told_apart(copy).map_err(unreadable)?);
        let places = folders.places(copy, beside, id);
        for part in [&mut waiting.of_it, &mut waiting.of_ancestors] {
            let written = part.write(&places);
            waiting.hits += written.map_err(|said| anyhow!("sums that wait for it can't be written: {said}"))?;
            if let Some((found, written)) = part.paths() {
                written.iter().for_each(|written| give_to_owner(found, written));
            }
        }
        Ok(waiting)
    }

    /// The copy does not take the place.
    pub(super) fn take_back(self) {
        self.of_it.take_back();
        self.of_ancestors.take_back();
    }

    /// The copy has taken the place of `database`. Tells what is left alone and why.
    pub(super) fn finish(mut self, database: &Path) -> Vec<(PathBuf, String)> {
        let troubles =
            [&mut self.of_it, &mut self.of_ancestors].map(|part| std::mem::take(&mut part.troubles)).concat();
        let left = troubles.into_iter().map(|(path, trouble)| (path, trouble.to_string()));
        let stay = self.of_it.finish(None).into_iter().chain(self.of_ancestors.finish(database.parent()));
        left.chain(stay.map(|(path, error)| (path, format!("it can't be removed: {error}")))).collect()
    }
}
