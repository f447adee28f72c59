//! In: flushes that no store takes before the program ends. Out: a file of them, and the same at the next start. Forgets: visits, which
//! are in no such file; what the store has by now.
//!
//! docs/stopping.md tells the format. A file is there whole or not at all: it is written under another name, synced, and renamed.

mod first_form;
mod handed_over;
mod place;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sums::{BotCount, DatabaseId, Flush, Imported, JournalId, JournalMark, JournalPosition, MailSum, Rejected};
use super::{StoreError, SumStore};
use crate::cell::Axis;
use crate::counts::Sums;
use crate::secret::{self, Digest};
use crate::site::{Day, SiteId};
use first_form::FirstSpill;
pub use handed_over::HandedOver;
pub use place::{SpillPlaces, SpilledFiles};

/// The version of the format. It changes with every change of what a file holds.
const VERSION: u16 = 2;
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
    /// Number that it had.
    pub number: u64,
    /// Ids by which the store knows it, if it has it. Older programs wrote parts without.
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
    #[error("it belongs to another database; `headcount restore` of a copy of that one adds it")]
    OtherDatabase,
    /// The system refuses to read it, or others may write it.
    #[error("it can't be read, or is not a file of this user alone")]
    NotOurs,
    /// Nobody could have read it.
    #[error("it is larger than any that this version writes")]
    TooLarge,
    /// It is not as it was written.
    #[error("it is damaged")]
    Damaged,
}

impl SpillPart {
    /// What of a flush can be spilled.
    pub fn of(flush: &Flush) -> SpillPart {
        let journal = if let JournalMark::UpTo(position) = flush.journal { Some(position) } else { None };
        SpillPart {
            number: flush.number,
            ids: flush.known_by().copied().collect(),
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

    /// Whether a store has it: by an id, or because records of the same journal are in the sums up to there; without ids by its number, which
    /// it may have from another program.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn is_in(&self, store: &dyn SumStore) -> Result<bool, StoreError> {
        let is_drained = self.journal.map_or(Ok(false), |of| store.has_drained(of))?;
        if is_drained || self.ids.is_empty() && store.last_flush()? >= self.number {
            return Ok(true);
        }
        self.known_by().iter().try_fold(false, |found, id| Ok(found || store.has_batch(*id)?))
    }

    /// Its ids; without any, one that is made of what is in it.
    pub fn known_by(&self) -> Vec<Digest> {
        let made = || postcard::to_extend(self, Vec::new()).map(|bytes| secret::of_spilled_part(&bytes));
        if self.ids.is_empty() { made().into_iter().collect() } else { self.ids.clone() }
    }

    /// The flush again, under a number that is not below its own, of the sites that still are. It says how far it is with a journal if
    /// that is the one which `goes_on`.
    pub fn into_flush(mut self, number: u64, goes_on: Option<JournalId>, is_known: impl Fn(SiteId) -> bool) -> Flush {
        let (mark, spills) = (self.journal.filter(|of| Some(of.journal) == goes_on), self.known_by());
        self.renumber(|site| Some(site).filter(|site| is_known(*site)));
        Flush {
            number: number.max(self.number),
            sums: self.sums.into_iter().map(|(site, day, sums)| (site, day, sums.into())).collect(),
            rejected: self.rejected,
            bots: self.bots,
            unvisited: self.unvisited,
            imported: self.imported,
            mails: self.mails,
            batches: self.batches,
            spills,
            journal: mark.map_or(JournalMark::AsBefore, JournalMark::UpTo),
            ..Flush::default()
        }
    }

    /// Gives sites other numbers, and drops those without one.
    fn renumber(&mut self, number: impl Fn(SiteId) -> Option<SiteId>) {
        fn keep<T>(rows: &mut Vec<T>, of: impl Fn(&mut T) -> &mut SiteId, number: impl Fn(SiteId) -> Option<SiteId>) {
            rows.retain_mut(|row| {
                let site = of(row);
                number(*site).map(|new| *site = new).is_some()
            });
        }
        keep(&mut self.sums, |row| &mut row.0, &number);
        keep(&mut self.rejected, |row| &mut row.site, &number);
        keep(&mut self.bots, |row| &mut row.site, &number);
        keep(&mut self.unvisited, |row| &mut row.0, &number);
        keep(&mut self.imported, |row| &mut row.site, &number);
        keep(&mut self.mails, |row| &mut row.site, &number);
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
        // Nothing else of a later version is looked at.
        let version = u16::from_le_bytes([head[MAGIC.len()], head[MAGIC.len() + 1]]);
        if !(1..=VERSION).contains(&version) {
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
        let found = match version {
            1 => postcard::take_from_bytes(body).map(|(first, rest)| (FirstSpill::into(first), rest)),
            _ => postcard::take_from_bytes(body),
        };
        match found {
            Ok((spill, [])) => Ok(spill),
            _ => Err(SpillTrouble::Damaged),
        }
    }

    /// How many hits are in it.
    pub fn hits(&self) -> i64 {
        self.parts.iter().map(SpillPart::hits).sum()
    }
}

/// The parts of several files, each once and in order. Whatever their clocks said: of two that share ids, the one with more has what the other
/// has; and a file with what a journal had later has what other files have of it. Parts without ids come first, because a later number
/// would hide them.
pub fn parts_of(spills: Vec<Spill>) -> Vec<SpillPart> {
    let in_files = spills.into_iter().enumerate();
    let all = in_files.flat_map(|(file, spill)| spill.parts.into_iter().map(move |part| (file, part)));
    let mut all: Vec<_> = all.map(|(file, part)| (file, part.known_by(), part)).collect();
    let mut journals: HashMap<JournalId, JournalPosition> = HashMap::new();
    for of in all.iter().filter_map(|(.., part)| part.journal) {
        journals.entry(of.journal).and_modify(|last| *last = of.max(*last)).or_insert(of);
    }
    // What one stop has written is in several files where it is much.
    let reaches_last = |part: &SpillPart| part.journal.filter(|of| journals[&of.journal] == *of).map(|of| of.journal);
    let last: HashSet<(usize, JournalId)> =
        all.iter().filter_map(|(file, _, part)| Some((*file, reaches_last(part)?))).collect();
    let is_last = |file: usize, part: &SpillPart| part.journal.is_none_or(|of| last.contains(&(file, of.journal)));
    all.retain(|(file, _, part)| is_last(*file, part));
    all.sort_by_key(|(_, ids, _)| std::cmp::Reverse(ids.len()));
    let mut known = HashSet::new();
    all.retain(|(_, ids, _)| {
        let is_new = !ids.iter().any(|id| known.contains(id));
        known.extend(ids.iter().copied().filter(|_| is_new));
        is_new
    });
    let mut parts: Vec<_> = all.into_iter().map(|(.., part)| part).collect();
    parts.sort_by_key(|part| (!part.ids.is_empty(), part.number));
    parts
}

/// Flushes of parts that are to be stored after the flush of a number, in their order, while a journal `goes_on`.
pub fn flushes_of(
    parts: Vec<SpillPart>,
    last: u64,
    goes_on: Option<JournalId>,
    is_known: impl Fn(SiteId) -> bool,
) -> Vec<Arc<Flush>> {
    let mut number = last;
    let flush = |part: SpillPart| {
        let flush = part.into_flush(number + 1, goes_on, &is_known);
        number = flush.number;
        Arc::new(flush)
    };
    parts.into_iter().map(flush).collect()
}

#[cfg(test)]
mod tests;
