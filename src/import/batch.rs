//! In: lines of logs of the past. Out: sums and rejections, site by site, each with how far the logs are read for it. Forgets: each
//! line at once; each day's salt and visitors when the log is an hour past its end, and all of them at the end.

use super::known::ImportedLog;
use super::lines::{LineCounter, LineReader, only};
use super::samples::{Sample, Samples};
use super::target::ImportTarget;
use super::{ImportError, Manner, Summary};
use crate::beacon::Beacon;
use crate::collector::{Collector, ImportRight, RejectionSums, SumsBatch, utc_day};
use crate::counts::Room;
use crate::hit::Dropped;
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Moment, SiteId};
use crate::store::{CountedBy, Imported};

/// An import of the past, with salts and open days of its own.
pub struct BatchImport {
    pub(super) reader: LineReader,
    sums: PastSums,
    /// Lines at the last stored state, and at the last look for days that are over.
    stored: u64,
    looked: u64,
    _right: ImportRight,
}

/// What the lines add up to; the sums of a site are with its [`ImportTarget`].
struct PastSums {
    collector: Collector,
    visitors: usize,
    /// What is booked for no site.
    unclaimed: RejectionSums,
    /// Some lines as they would be counted; then nothing is counted.
    samples: Option<Samples>,
}

impl LineCounter for PastSums {
    fn count(&mut self, target: &mut ImportTarget, beacon: Beacon, at: Moment, number: u64) -> Result<(), Dropped> {
        let hit = target.hit(beacon, at, number, &self.collector)?;
        if let Some(samples) = &mut self.samples {
            target.note_counted(hit.local.day);
            samples.note(Sample::of(&hit, &target.site));
            return Ok(());
        }
        // An import is of one owner, who has asked for it: networks and sites need no shares.
        let room = if self.visitors < limits::VISITORS_MAX { Room::Visitor } else { Room::NoVisitor };
        self.visitors = self.visitors.saturating_add_signed(target.count(&hit, room)?);
        Ok(())
    }

    fn reject(&mut self, target: &mut ImportTarget, dropped: Dropped, at: Moment) {
        if let Some(samples) = &mut self.samples {
            samples.note(Sample::rejected(dropped.reason, Some((at, &target.site))));
        }
        target.reject(dropped);
    }

    fn reject_unclaimed(&mut self, reason: Rejection, at: Moment) {
        if let Some(samples) = &mut self.samples {
            samples.note(Sample::rejected(reason, None));
        }
        self.unclaimed.add(SiteId::INSTANCE, utc_day(at), reason, None);
    }
}

impl BatchImport {
    pub(super) fn begin(collector: &Collector, domain: &str, manner: Manner) -> Result<BatchImport, ImportError> {
        manner.reader()?;
        let only = only(collector, domain)?;
        let right = collector.import_right().ok_or(ImportError::Running)?;
        if !manner.dry {
            // What a live import has read may not be stored yet.
            collector.flush()?;
            // Pairs that an import before this one left, because it did not end, are part of their days now.
            collector.sums().end_counting(CountedBy::Import)?;
        }
        let samples = manner.dry.then(Samples::default);
        let reader = LineReader::begin(collector, only, manner)?;
        let (collector, unclaimed) = (collector.clone(), RejectionSums::default());
        let sums = PastSums { collector, visitors: 0, unclaimed, samples };
        Ok(BatchImport { reader, sums, stored: 0, looked: 0, _right: right })
    }

    pub(super) fn take(&mut self, log: usize, end: u64, lines: &[u8]) -> Result<(), ImportError> {
        self.reader.take(log, end, lines, &mut self.sums);
        let has_looked = self.reader.lines - self.looked >= limits::IMPORT_LOOK_LINES;
        if has_looked {
            self.close_past();
        }
        let of_targets = |number: fn(&ImportTarget) -> usize| self.reader.targets.iter().map(number).sum::<usize>();
        let has_many_days = of_targets(ImportTarget::days) > limits::IMPORT_DAYS_MAX;
        let waiting = of_targets(ImportTarget::waiting);
        // Days that are over wait best: one that goes on would be stored again.
        let is_good_moment = || {
            let has_much = waiting > limits::IMPORT_CELLS_MAX / 2;
            has_looked && (has_much || of_targets(ImportTarget::closed_visitors) > limits::IMPORT_VISITORS_WAITING)
        };
        let is_full = self.reader.lines - self.stored >= limits::IMPORT_BATCH_LINES
            || has_many_days
            || waiting > limits::IMPORT_CELLS_MAX;
        if is_full || is_good_moment() { self.store(has_many_days) } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> Result<Summary, ImportError> {
        self.store(true)?;
        let samples = self.sums.samples.map_or_else(Vec::new, Samples::kept);
        Ok(Summary { samples, ..self.reader.summary() })
    }

    /// Closes the days that the log is an hour past, unless lines of them still come.
    fn close_past(&mut self) {
        for target in &mut self.reader.targets {
            self.sums.visitors -= target.close_past(self.reader.at, self.looked);
        }
        self.looked = self.reader.lines;
    }

    /// Hands everything to the collector, site by site, and waits until it is stored.
    fn store(&mut self, closes_days: bool) -> Result<(), ImportError> {
        let mut imported: Vec<Imported> = self.reader.logs.iter_mut().flat_map(ImportedLog::moved).collect();
        self.stored = self.reader.lines;
        for place in 0..self.reader.targets.len() {
            let target = &mut self.reader.targets[place];
            if closes_days {
                self.sums.visitors -= target.close_all();
            }
            let (mut batch, site) = (target.drain(), target.site.id);
            let (own, others) = imported.into_iter().partition(|entry| entry.site == site);
            (batch.imported, imported) = (own, others);
            self.hand_over(site, batch)?;
        }
        if self.reader.only.is_none() {
            let rejected = std::mem::take(&mut self.sums.unclaimed).rows().rejected;
            self.hand_over(SiteId::INSTANCE, SumsBatch { rejected, imported, ..SumsBatch::default() })?;
        }
        Ok(())
    }

    fn hand_over(&mut self, site: SiteId, batch: SumsBatch) -> Result<(), ImportError> {
        let is_single = self.reader.only.is_some();
        if self.sums.samples.is_some() || batch.is_empty() && !is_single {
            return Ok(());
        }
        let collector = &self.sums.collector;
        match collector.store_batch(site, batch) {
            Ok(stored) => Ok(stored?),
            // Nobody answers for a site that is no more, nor when the collector has ended.
            Err(_) if site != SiteId::INSTANCE && collector.directory().get(site).is_none() => match is_single {
                true => Err(ImportError::Removed),
                false => {
                    self.reader.places.insert(site, None);
                    Ok(())
                }
            },
            Err(_) => Err(ImportError::Ended),
        }
    }
}
