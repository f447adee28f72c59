//! In: what can't be stored when the program ends. Out: a file of its sums, which the next start takes up once. Forgets: the file, when
//! the store has what is in it.

use std::path::PathBuf;

use super::{Ending, Running, answer};
use crate::journal::ReadJournal;
use crate::meter::FailureKind;
use crate::secret::Digest;
use crate::site::{Moment, SiteId};
use crate::store::spill::{self, Spill, SpillPart, SpillPlaces, SpilledFiles};
use crate::store::{CountedBy, Flush, StoreError};

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

impl Spilling {
    /// Has files stay until the flush of this number, which has what is in them now.
    pub(super) fn wait_for(&mut self, number: u64) {
        if let Some((after, _)) = &mut self.files {
            *after = number;
        }
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

    /// Writes what is not stored to a file.
    pub(super) fn spill(&mut self, why: StoreError) -> Result<Ending, StoreError> {
        let has_visits = self.has_unstored_visits();
        let parts = self.parts_to_spill();
        if parts.is_empty() {
            let are_kept = self.journal.trouble().is_none();
            return Ok(if has_visits { Ending::WithoutVisits { are_kept, why } } else { Ending::Stored });
        }
        let spill = Spill { written_ms: self.clock.now().0, parts };
        let hits = spill.hits();
        match self.flushing.spilling.places.write(&spill) {
            Ok(file) => {
                // All that is in them is in the new one.
                let files = self.flushing.spilling.files.take().map(|(_, files)| files).unwrap_or_default();
                for (path, error) in SpilledFiles::remove(files) {
                    tracing::warn!("{} can't be removed: {error}; what is in it is not added twice", path.display());
                }
                Ok(Ending::Spilled { file, hits, why })
            }
            Err(_) if self.flushing.spilling.places.is_empty() => Err(why),
            Err(said) => {
                Err(StoreError::Other(format!("{why}; {hits} hits are lost, because no folder takes them: {said}")))
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

    /// The flush that may have been on its way, those behind it, and what is in none yet. Visits of days that are over are left out.
    fn parts_to_spill(&mut self) -> Vec<SpillPart> {
        // Whoever imports was told that this is not stored, and imports it again.
        let is_import = |flush: &Flush| flush.days.iter().any(|state| state.by == CountedBy::Import);
        // A try that failed may have come through: where a sync fails, SQLite leaves a transaction in its log, and the next start finds
        // it. By its id it is known then.
        let begun = self.flushing.writing().into_iter().filter(|flush| !is_import(flush));
        let mut parts: Vec<_> = begun.chain(self.flushing.queued()).map(|flush| SpillPart::of(flush)).collect();
        parts.retain(|part| !part.is_in(&*self.sums).unwrap_or(false));
        let directory = self.directory.load_full();
        let mut rest = self.counted(&directory, self.clock.now(), Flush::default());
        rest.number = self.flushing.next_number();
        rest.id = Some(self.flushing.id_of(rest.number));
        rest.journal = self.journal.mark();
        rest.spills = std::mem::take(&mut self.flushing.spilling.settled);
        parts.push(SpillPart::of(&rest));
        parts.retain(|part| !part.is_empty());
        parts
    }
}
