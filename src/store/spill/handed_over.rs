//! In: spilled sums that wait for a database whose place a copy takes. Out: the same in one file for the copy, with its numbers of sites.
//! Forgets: sums of sites that the copy does not have.

use std::path::{Path, PathBuf};

use super::{Spill, SpillPlaces, SpillTrouble, SpilledFiles, parts_of};
use crate::limits;
use crate::site::SiteId;

/// Spilled sums that go to another database.
#[derive(Debug, Default)]
pub struct HandedOver {
    spills: Vec<Spill>,
    /// Where they were found.
    files: Vec<PathBuf>,
    /// What was found and is left alone.
    pub troubles: Vec<(PathBuf, SpillTrouble)>,
    /// The files in which they wait for the other one.
    written: Vec<PathBuf>,
}

impl HandedOver {
    /// Adds what waits in the places of a database, whose sites have these numbers in the other one.
    pub fn take(&mut self, places: &SpillPlaces, number: impl Fn(SiteId) -> Option<SiteId>) {
        let SpilledFiles { spills, paths, troubles } = places.find();
        for mut spill in spills {
            spill.parts.iter_mut().for_each(|part| part.renumber(&number));
            self.spills.push(spill);
        }
        self.files.extend(paths);
        self.troubles.extend(troubles.into_iter().filter(|(_, trouble)| *trouble != SpillTrouble::OtherDatabase));
    }

    /// Writes all of it to the places of the other one, and tells how many hits are in it.
    ///
    /// # Errors
    /// What each folder said.
    pub fn write(&mut self, places: &SpillPlaces) -> Result<i64, String> {
        let spills = std::mem::take(&mut self.spills);
        let Some(written_ms) = spills.iter().map(|spill| spill.written_ms).min() else { return Ok(0) };
        let (mut hits, mut parts) = (0, parts_of(spills).into_iter().peekable());
        while parts.peek().is_some() {
            let (mut spill, mut cells) = (Spill { written_ms, parts: Vec::new() }, 0);
            while let Some(part) = parts.next_if(|_| cells < limits::SPILL_PIECE_CELLS) {
                cells += part.cells();
                spill.parts.push(part);
            }
            let written =
                places.write(&spill).inspect_err(|_| _ = SpilledFiles::remove(std::mem::take(&mut self.written)));
            self.written.push(written?);
            hits += spill.hits();
        }
        Ok(hits)
    }

    /// Whether nothing was found that waits.
    pub fn is_empty(&self) -> bool {
        self.spills.is_empty()
    }

    /// One of the files that were found, and those that were written of them.
    pub fn paths(&self) -> Option<(&Path, &[PathBuf])> {
        self.files.first().map(|found| (&**found, &*self.written))
    }

    /// Removes what was written: the other database does not take the place.
    pub fn take_back(self) {
        // Nobody looks for it.
        SpilledFiles::remove(self.written);
    }

    /// Removes the files that were found, but for those in a folder that other databases use too, whose own they may be: only those
    /// `beside` are known to wait for nobody else. Tells which could not be removed.
    pub fn finish(self, beside: Option<&Path>) -> Vec<(PathBuf, std::io::Error)> {
        let is_ours = |path: &PathBuf| beside.is_none_or(|beside| path.parent() == Some(beside));
        SpilledFiles::remove(self.files.into_iter().filter(is_ours).collect())
    }
}
