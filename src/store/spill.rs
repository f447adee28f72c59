//! In: flushes that no store takes before the program ends. Out: a file of them, and the same at the next start. Forgets: visits, which
//! are in no such file; what the store has by now.
//!
//! docs/stopping.md tells the format. A file is there whole or not at all: it is written under another name, synced, and renamed.

mod place;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sums::{BotCount, DatabaseId, Flush, Imported, JournalMark, JournalPosition, MailSum, Rejected};
use super::{StoreError, SumStore};
use crate::cell::Axis;
use crate::counts::Sums;
use crate::secret::{self, Digest};
use crate::site::{Day, SiteId};
pub use place::{SpillPlaces, SpilledFiles};

/// The version of the format. It changes with every change of what a file holds.
const VERSION: u16 = 1;
const MAGIC: [u8; 8] = *b"headcntS";
/// Bytes before the sums: what it is, its version, the database.
const HEAD_BYTES: usize = 8 + 2 + 16;
const CHECK_BYTES: usize = 32;

/// What is in a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spill {
    /// When it was written, in milliseconds since 1970.
    pub written_ms: i64,
    /// What waits, in order.
    pub parts: Vec<SpillPart>,
}

/// One flush: sums alone, each by site and day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpillPart {
    /// Number that it had. Without ids this tells whether it is stored: it may have been on its way when the program ended.
    pub number: u64,
    /// Ids by which the store knows it, if it has it.
    pub ids: Vec<Digest>,
    /// Up to where the records of a journal are in it; nothing if they are in none.
    pub journal: Option<JournalPosition>,
    sums: Vec<(SiteId, Day, Sums)>,
    rejected: Vec<Rejected>,
    bots: Vec<BotCount>,
    unvisited: Vec<(SiteId, Day, u64)>,
    imported: Vec<Imported>,
    mails: Vec<MailSum>,
    batches: Vec<(Digest, Day)>,
}

/// Why a file is not taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpillTrouble {
    /// It is of a newer version of the program.
    #[error("another version of headcount wrote it")]
    OtherVersion,
    /// It is of another database.
    #[error("it belongs to another database")]
    OtherDatabase,
    /// The system refuses to read it, or others may write it.
    #[error("it can't be read, or is not a file of this user alone")]
    NotOurs,
    /// It is not as it was written.
    #[error("it is damaged")]
    Damaged,
}

impl SpillPart {
    /// What of a flush can be spilled. `ids` are those by which it is known, if it has none of its own.
    pub fn of(flush: &Flush, ids: Vec<Digest>) -> SpillPart {
        let journal = if let JournalMark::UpTo(position) = flush.journal { Some(position) } else { None };
        SpillPart {
            number: flush.number,
            ids: if flush.spills.is_empty() { ids } else { flush.spills.clone() },
            journal,
            sums: flush.sums.iter().map(|(site, day, sums)| (*site, *day, Sums::clone(sums))).collect(),
            rejected: flush.rejected.clone(),
            bots: flush.bots.clone(),
            unvisited: flush.unvisited.clone(),
            imported: flush.imported.clone(),
            mails: flush.mails.clone(),
            batches: flush.batches.clone(),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        let has_counts = !(self.sums.is_empty() && self.rejected.is_empty() && self.mails.is_empty());
        !has_counts && self.imported.is_empty() && self.batches.is_empty() && self.unvisited.is_empty()
    }

    /// How many hits are in it.
    pub fn hits(&self) -> i64 {
        let days = self.sums.iter().flat_map(|(.., sums)| &sums.days).filter(|(cell, _)| cell.axis == Axis::Total);
        days.map(|(_, tally)| tally.pageviews + tally.events).sum()
    }

    /// How many sums.
    pub fn cells(&self) -> usize {
        self.sums.iter().map(|(.., sums)| sums.hours.len() + sums.days.len()).sum()
    }

    /// Whether a store has it: by its id, by its number, or because records of the same journal are in the sums up to there.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn is_in(&self, store: &dyn SumStore, drained: Option<JournalPosition>) -> Result<bool, StoreError> {
        let is_drained =
            self.journal.zip(drained).is_some_and(|(of, drained)| of.journal == drained.journal && of <= drained);
        if is_drained || self.ids.is_empty() {
            return Ok(is_drained || store.last_flush()? >= self.number);
        }
        self.ids.iter().try_fold(false, |found, id| Ok(found || store.has_batch(*id)?))
    }

    /// The flush again, under a number that is not below its own, of the sites that still are. Its records are in no journal.
    pub fn into_flush(self, number: u64, is_known: impl Fn(SiteId) -> bool) -> Flush {
        let sums = self.sums.into_iter().filter(|(site, ..)| is_known(*site));
        Flush {
            number: number.max(self.number),
            sums: sums.map(|(site, day, sums)| (site, day, sums.into())).collect(),
            rejected: self.rejected.into_iter().filter(|row| is_known(row.site)).collect(),
            bots: self.bots.into_iter().filter(|row| is_known(row.site)).collect(),
            unvisited: self.unvisited.into_iter().filter(|(site, ..)| is_known(*site)).collect(),
            imported: self.imported.into_iter().filter(|row| is_known(row.site)).collect(),
            mails: self.mails.into_iter().filter(|row| is_known(row.site)).collect(),
            batches: self.batches,
            spills: self.ids,
            ..Flush::default()
        }
    }
}

impl Spill {
    /// The bytes of a file for a database.
    fn bytes(&self, database: DatabaseId) -> Result<Vec<u8>, postcard::Error> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&database.0);
        let mut bytes = postcard::to_extend(self, bytes)?;
        let check = secret::of_spill(&bytes);
        bytes.extend_from_slice(&check.0);
        Ok(bytes)
    }

    /// What a file of a database holds.
    fn read(bytes: &[u8], database: DatabaseId) -> Result<Spill, SpillTrouble> {
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or(SpillTrouble::Damaged)?;
        if !head.starts_with(&MAGIC) {
            return Err(SpillTrouble::Damaged);
        }
        // Nothing else of another version is looked at.
        if head[MAGIC.len()..][..2] != VERSION.to_le_bytes() {
            return Err(SpillTrouble::OtherVersion);
        }
        let whole = rest.len().checked_sub(CHECK_BYTES).map(|end| (&bytes[..HEAD_BYTES + end], &rest[..end]));
        let (checked, body) = whole.ok_or(SpillTrouble::Damaged)?;
        if secret::of_spill(checked).0 != bytes[checked.len()..] {
            return Err(SpillTrouble::Damaged);
        }
        if head[MAGIC.len() + 2..] != database.0 {
            return Err(SpillTrouble::OtherDatabase);
        }
        match postcard::take_from_bytes(body) {
            Ok((spill, [])) => Ok(spill),
            _ => Err(SpillTrouble::Damaged),
        }
    }

    /// How many hits are in it.
    pub fn hits(&self) -> i64 {
        self.parts.iter().map(SpillPart::hits).sum()
    }
}

/// The parts of several files, the newest of which comes first, each once and in order: those that are known by their number alone
/// come first, because a later number would hide them.
pub fn parts_of(spills: Vec<Spill>) -> Vec<SpillPart> {
    let mut parts: Vec<SpillPart> = Vec::new();
    for part in spills.into_iter().flat_map(|spill| spill.parts) {
        let is_known = |known: &SpillPart| known.ids.iter().any(|id| part.ids.contains(id)) || *known == part;
        if !parts.iter().any(is_known) {
            parts.push(part);
        }
    }
    parts.sort_by_key(|part| (!part.ids.is_empty(), part.number));
    parts
}

/// Flushes of parts that are to be stored after the flush of a number, in their order.
pub fn flushes_of(parts: Vec<SpillPart>, last: u64, is_known: impl Fn(SiteId) -> bool) -> Vec<Arc<Flush>> {
    let mut number = last;
    let flush = |part: SpillPart| {
        let flush = part.into_flush(number + 1, &is_known);
        number = flush.number;
        Arc::new(flush)
    };
    parts.into_iter().map(flush).collect()
}

#[cfg(test)]
mod tests;
