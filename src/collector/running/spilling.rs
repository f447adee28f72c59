//! In: what can't be stored when the program ends. Out: a file of its sums, which the next start takes up once. Forgets: the file, when
//! the store has what is in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Ending, Running, answer};
use crate::journal::ReadJournal;
use crate::limits;
use crate::meter::FailureKind;
use crate::secret::Digest;
use crate::site::{Moment, SiteId};
use crate::store::spill::{self, Spill, SpillPart, SpillPlaces, SpilledFiles};
use crate::store::{CountedBy, DatabaseId, Flush, JournalMark, StoreError};

/// Files of an earlier program, and where the next one is to be written.
#[derive(Debug, Default)]
pub(super) struct Spilling {
    places: SpillPlaces,
    /// Files to be removed when the flush of this number is stored.
    files: Option<(u64, Vec<PathBuf>)>,
    /// Ids of parts that the journal has too; the next flush says that they are added.
    settled: Vec<Digest>,
    /// Since when the oldest of what was found waits.
    since: Option<Moment>,
    /// The flush of what waited when another database was adopted: no journal has its sums, and some may be of an import.
    adopted: Option<u64>,
}

/// What waits to be stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitingSums {
    /// How many sums, in all.
    pub cells: usize,
    /// Since when the oldest of them waits.
    pub since: Option<Moment>,
    /// Whether they wait because a flush failed.
    pub is_failing: bool,
}

/// What became of what was to be spilled.
#[derive(Debug, Default)]
struct SpillOutcome {
    files: Vec<PathBuf>,
    /// Hits that wait in them, in the journal or in files of earlier stops.
    hits: i64,
    lost: i64,
    /// What the folders said that took no file.
    said: Option<String>,
}

impl Spilling {
    /// Has files stay until the flush of this number, which has what is in them now.
    fn wait_for(&mut self, number: u64, file: Option<PathBuf>) {
        if self.files.is_some() || file.is_some() {
            let (after, files) = self.files.get_or_insert_default();
            *after = number;
            files.extend(file);
        }
    }

    /// What of a flush is spilled.
    fn part_of(&self, flush: &Flush) -> SpillPart {
        let mut part = SpillPart::of(flush);
        part.journal = part.journal.filter(|_| Some(flush.number) != self.adopted);
        part
    }
}

impl Running {
    /// Takes up what an earlier program could not store. What the journal has as well, which was `read`, is only noted; the rest is
    /// stored before everything else.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't say what it has.
    pub(super) fn take_up_spilled(&mut self, places: SpillPlaces, read: Option<ReadJournal>) -> Result<(), StoreError> {
        let SpilledFiles { spills, paths, troubles } = places.find();
        self.flushing.spilling.places = places;
        for (path, trouble) in troubles {
            let said = format!("{}: {trouble}; it is left alone", path.display());
            self.meter.failed(FailureKind::Spill, "start", said);
        }
        let oldest = spills.iter().map(|spill| Moment(spill.written_ms)).min();
        let (parts, has_settled) = self.missing_parts(spills, read)?;
        if paths.is_empty() {
            return Ok(());
        }
        let (hits, files) = (parts.iter().map(SpillPart::hits).sum::<i64>(), paths.len());
        tracing::info!(hits, files, "sums of an earlier stop that could not be stored then are taken up");
        let directory = self.looked_at.clone();
        let is_known = |site: SiteId| site == SiteId::INSTANCE || directory.get(site).is_some();
        let goes_on = self.stored.map(|stored| stored.journal);
        let of_journal = parts.iter().filter_map(|part| part.journal).filter(|of| Some(of.journal) == goes_on);
        self.stored = of_journal.chain(self.stored).max();
        let flushes = spill::flushes_of(parts, self.flushing.next_number() - 1, goes_on, is_known);
        self.unclosed.extend(flushes.iter().flat_map(|flush| &flush.sums).map(|(site, day, _)| (*site, *day)));
        let last = flushes.last().map_or(0, |flush| flush.number);
        // What the journal has is stored by the flush behind them; where all is stored, the files go at once.
        let after = if has_settled { last.max(self.flushing.next_number() - 1) + 1 } else { last };
        self.flushing.spilling.since = oldest.filter(|_| after > 0);
        self.flushing.spilling.files = Some((after, paths));
        self.flushing.take_up(flushes);
        Ok(())
    }

    /// The parts that are to be stored, and whether the journal has others, which are only noted. Where a part lies behind what was read
    /// of the journal, none of its sums are taken: the parts have all that is not stored.
    fn missing_parts(
        &mut self,
        spills: Vec<Spill>,
        read: Option<ReadJournal>,
    ) -> Result<(Vec<SpillPart>, bool), StoreError> {
        let mut parts = Vec::new();
        for part in spill::parts_of(spills) {
            if !part.is_in(&*self.sums)? {
                parts.push(part);
            }
        }
        let Some(read) = read else { return Ok((parts, false)) };
        let of_it = |part: &SpillPart| part.journal.filter(|of| of.journal == read.journal());
        if parts.iter().filter_map(of_it).any(|of| !read.has(of)) {
            self.discard_stored();
            return Ok((parts, false));
        }
        let (settled, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| of_it(part).is_some());
        let has_settled = !settled.is_empty();
        self.flushing.spilling.settled.extend(settled.iter().flat_map(SpillPart::known_by));
        Ok((parts, has_settled))
    }

    /// The ids that the flush which is made now settles.
    pub(super) fn take_settled(&mut self, number: u64) -> Vec<Digest> {
        let settled = std::mem::take(&mut self.flushing.spilling.settled);
        if let Some((after, _)) = self.flushing.spilling.files.as_mut().filter(|_| !settled.is_empty()) {
            *after = number.max(*after);
        }
        settled
    }

    /// Removes the files of an earlier program once all that is in them is stored.
    pub(super) fn remove_spilled(&mut self) {
        let stored = self.flushing.stored();
        let is_stored = self.flushing.spilling.settled.is_empty();
        let Some((_, files)) = self.flushing.spilling.files.take_if(|(after, _)| is_stored && *after <= stored) else {
            return;
        };
        self.flushing.spilling.since = None;
        for (path, error) in SpilledFiles::remove(files) {
            let said = format!("{} is stored and can't be removed: {error}", path.display());
            self.meter.failed(FailureKind::Spill, "start", said);
        }
    }

    /// Keeps in a file what waits for a database that is adopted, until it is stored: the journal has it no more.
    pub(super) fn spill_adopted(&mut self, flush: &mut Flush, database: DatabaseId) {
        let (number, id) = (flush.number, self.flushing.id_of(flush.number));
        flush.spills.extend(self.take_settled(number));
        let spilling = &mut self.flushing.spilling;
        spilling.places.belong_to(database);
        spilling.adopted = Some(number);
        let mut part = spilling.part_of(flush);
        part.ids.push(id);
        let is_wanted = !part.is_empty() && !spilling.places.is_empty();
        let spill = Spill { written_ms: self.clock.now().0, parts: vec![part] };
        let written = is_wanted.then(|| spilling.places.write(&spill));
        let file = written.and_then(|written| {
            let lost = |said: &String| tracing::warn!("until it is stored what waits is in memory alone: {said}");
            written.inspect_err(lost).ok()
        });
        // By this it is known for good, whatever becomes of the file.
        flush.spills.extend(file.is_some().then_some(id));
        spilling.wait_for(number, file);
    }

    /// Tells those who wait for a flush that none goes through.
    pub(super) fn tell_failure(&mut self) {
        if let Some(why) = self.flushing.failure().cloned() {
            self.waiters.drain(..).for_each(|waiter| answer(&waiter, Err(why.clone())));
        }
    }

    /// What waits to be stored.
    pub(in crate::collector) fn waiting(&self) -> WaitingSums {
        let of_flush = |flush: &Flush| flush.sums.iter().map(|(.., sums)| sums.len()).sum::<usize>();
        let begun = self.flushing.writing().into_iter().chain(self.flushing.queued()).map(|flush| of_flush(flush));
        let cells = begun.chain(self.days.values().map(|day| day.pending())).sum();
        let ago = self.flushing.since().map(|since| since.elapsed().as_millis() as i64);
        let begun = ago.map(|ago| self.clock.now().plus(-ago));
        let since = [self.flushing.spilling.since, begun].into_iter().flatten().min();
        let since = since.or_else(|| (cells > 0).then_some(self.flushed));
        WaitingSums { cells, since, is_failing: self.flushing.is_failing() }
    }

    /// Writes what is not stored to files.
    pub(super) fn spill(&mut self, why: StoreError) -> Result<Ending, StoreError> {
        let has_visits = self.has_unstored_visits();
        let mut begun = self.begun_parts();
        let mut outcome = SpillOutcome::default();
        for piece in self.pieces_to_spill() {
            let mut parts = std::mem::take(&mut begun);
            parts.push((SpillPart::of(&piece), false));
            drop(piece);
            parts.retain(|(part, _)| !part.is_empty());
            self.spill_parts(parts, &mut outcome);
        }
        match outcome {
            SpillOutcome { said: None, files, .. } if files.is_empty() => {
                let are_kept = self.journal.trouble().is_none();
                Ok(if has_visits { Ending::WithoutVisits { are_kept, why } } else { Ending::Stored })
            }
            SpillOutcome { said: Some(_), .. } if self.flushing.spilling.places.is_empty() => Err(why),
            SpillOutcome { said: Some(said), lost: lost @ 1.., .. } => {
                Err(StoreError::Other(format!("{why}; {lost} hits are lost, because no folder takes them: {said}")))
            }
            SpillOutcome { said, files, hits, .. } => Ok(self.spilled(files, hits, (why, said))),
        }
    }

    /// Says where what is not lost waits for the next start.
    fn spilled(&mut self, mut files: Vec<PathBuf>, hits: i64, (why, said): (StoreError, Option<String>)) -> Ending {
        let older = self.flushing.spilling.files.take().map(|(_, older)| older).unwrap_or_default();
        let why = match said {
            Some(said) => {
                files.extend(self.journal.folder().into_iter().chain(older));
                StoreError::Other(format!("{why}; and no folder takes all of it: {said}"))
            }
            None => {
                // All that is in them is in the new ones.
                for (path, error) in SpilledFiles::remove(older) {
                    tracing::warn!("{} can't be removed: {error}; what is in it is not added twice", path.display());
                }
                why
            }
        };
        files.iter().skip(1).for_each(|file| tracing::warn!("a part of what waits is in {}", file.display()));
        Ending::Spilled { file: files.into_iter().next().unwrap_or_default(), hits, why }
    }

    /// Writes parts to one file, or says what of them is to be had nowhere else: neither in the journal nor in a file of an earlier stop.
    fn spill_parts(&mut self, parts: Vec<(SpillPart, bool)>, outcome: &mut SpillOutcome) {
        if parts.is_empty() {
            return;
        }
        let journal = if let JournalMark::UpTo(of) = self.journal.mark() { Some(of.journal) } else { None };
        let is_kept = |part: &SpillPart, is_in_file: bool| {
            is_in_file || part.journal.is_some_and(|of| Some(of.journal) == journal)
        };
        let hits = |kept: bool| {
            parts.iter().filter(|(part, is_in)| is_kept(part, *is_in) == kept).map(|(part, _)| part.hits()).sum::<i64>()
        };
        let (kept, others) = (hits(true), hits(false));
        let spill = Spill { written_ms: self.clock.now().0, parts: parts.into_iter().map(|(part, _)| part).collect() };
        outcome.hits += kept;
        match self.flushing.spilling.places.write(&spill) {
            Ok(file) => {
                outcome.files.push(file);
                outcome.hits += others;
            }
            Err(said) => {
                outcome.said = Some(said);
                outcome.lost += others;
            }
        }
    }

    /// Whether visits wait that no file of sums has.
    fn has_unstored_visits(&self) -> bool {
        let begun = self.flushing.writing().into_iter().chain(self.flushing.queued()).flat_map(|flush| &flush.days);
        let of_hits = begun.filter(|state| state.by == CountedBy::Live);
        of_hits.chain(&self.closing).any(|state| state.snapshot.is_some())
    }

    /// Where a copy of the database may be put that is not in its place.
    pub(super) fn other_folders(&self) -> Vec<PathBuf> {
        self.flushing.spilling.places.folders()
    }

    /// The flush that may have been on its way and those behind it, and whether an earlier stop has them in a file. Visits of days that
    /// are over are left out.
    fn begun_parts(&self) -> Vec<(SpillPart, bool)> {
        let spilling = &self.flushing.spilling;
        let is_adopted = |flush: &Flush| Some(flush.number) == spilling.adopted;
        // Whoever imports was told that this is not stored, and imports it again.
        let is_import = |flush: &Flush| flush.days.iter().any(|state| state.by == CountedBy::Import);
        let begun = self.flushing.writing().into_iter().filter(|flush| is_adopted(flush) || !is_import(flush));
        let part = |flush: &Arc<Flush>| {
            // One that was taken up has no id of its own.
            let is_of_file = flush.id.is_none() || is_adopted(flush);
            let is_in_file = is_of_file && !flush.spills.is_empty() && spilling.files.is_some();
            (spilling.part_of(flush), is_in_file)
        };
        let mut parts: Vec<_> = begun.chain(self.flushing.queued()).map(part).collect();
        // A try that failed may have come through: where a sync fails, SQLite leaves a transaction in its log, and the next start finds
        // it. By its id it is known then.
        parts.retain(|(part, _)| !part.is_in(&*self.sums).unwrap_or(false));
        parts
    }

    /// What is in no flush yet, cut into pieces that have memory to be written and read: each is a flush of its own.
    fn pieces_to_spill(&mut self) -> impl Iterator<Item = Flush> + use<> {
        let directory = self.directory.load_full();
        let mut rest = self.counted(&directory, self.clock.now(), Flush::default());
        rest.spills = std::mem::take(&mut self.flushing.spilling.settled);
        let (journal, mut pieces) = (self.journal.mark(), cut(rest, limits::SPILL_PIECE_CELLS));
        for (number, piece) in (self.flushing.next_number()..).zip(&mut pieces) {
            (piece.number, piece.id, piece.journal) = (number, Some(self.flushing.id_of(number)), journal);
        }
        pieces.into_iter()
    }

    /// Until when a stop may try to store what waits, so that what it spills is written in time.
    pub(super) fn last_try(&self, until: Instant) -> Instant {
        let cells = self.waiting().cells as u64;
        let takes = Duration::from_millis(1_000 * cells / limits::SPILL_CELLS_PER_S);
        let least = Instant::now() + Duration::from_millis(limits::STOP_TRY_MS);
        until.checked_sub(takes).unwrap_or(least).max(least).min(until)
    }
}

/// Cuts a flush into some of about so many sums. All else is in the first.
fn cut(flush: Flush, cells: usize) -> Vec<Flush> {
    let (mut pieces, mut of_piece) = (vec![flush], 0);
    for sums in std::mem::take(&mut pieces[0].sums) {
        if of_piece >= cells {
            of_piece = 0;
            pieces.push(Flush::default());
        }
        of_piece += sums.2.len();
        let last = pieces.len() - 1;
        pieces[last].sums.push(sums);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Axis, Cell, Tally};
    use crate::counts::Sums;
    use crate::rejection::Rejection;
    use crate::site::Day;
    use crate::store::Rejected;

    #[test]
    fn pieces_have_each_sum_once_and_the_rest_once() {
        let cell = |number: usize| (Cell { axis: Axis::Total, value: number.to_string().into() }, Tally::ZERO);
        let of_site = |site, cells| {
            let sums = Sums { hours: Vec::new(), days: (0..cells).map(cell).collect() };
            (SiteId(site), Day(20_000), sums.into())
        };
        let rejected = vec![Rejected { site: SiteId(1), day: Day(20_000), reason: Rejection::Bot, count: 2 }];
        let sums = vec![of_site(1, 3), of_site(2, 1), of_site(3, 9), of_site(4, 1)];
        let pieces = cut(Flush { sums, rejected, ..Flush::default() }, 4);
        let sites = pieces.iter().map(|piece| piece.sums.iter().map(|(site, ..)| site.0).collect::<Vec<_>>());
        assert_eq!(sites.collect::<Vec<_>>(), [vec![1, 2], vec![3], vec![4]]);
        assert_eq!(pieces.iter().map(|piece| piece.rejected.len()).collect::<Vec<_>>(), [1, 0, 0]);
    }
}
