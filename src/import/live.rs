//! In: lines of a log as they are written. Out: hits of the running day, counted together with how far the log is read. Forgets: each
//! line at once; visitors and salts are those of the collector.

use super::lines::{LineCounter, LineReader, only};
use super::target::ImportTarget;
use super::{ImportError, Manner, Summary};
use crate::beacon::Beacon;
use crate::collector::{Collector, utc_day};
use crate::hit::{Dropped, Hit};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Moment, SiteId};

use super::known::ImportedLog;

/// An import that follows a log. It has no days of its own that would fill the memory, and may last for months beside others.
pub struct LiveImport {
    pub(super) reader: LineReader,
    hits: LiveHits,
}

/// Hits that are not counted yet, and whose they are.
struct LiveHits {
    collector: Collector,
    hits: Vec<(SiteId, Hit)>,
}

impl LineCounter for LiveHits {
    fn count(&mut self, target: &mut ImportTarget, beacon: Beacon, at: Moment, _: u64) -> Result<(), Dropped> {
        let now = self.collector.clock().now();
        let (hit, begins_past_day) = self.collector.hit_at(beacon, &target.site, at.min(now), now)?;
        let day = hit.local.day;
        if begins_past_day && self.collector.has_visitors(target.site.id, day) {
            target.repeated.insert(day);
        }
        self.hits.push((target.site.id, hit));
        Ok(())
    }

    fn reject(&mut self, target: &mut ImportTarget, dropped: Dropped, at: Moment) {
        target.note(dropped.reason);
        let day = target.day_of(at);
        self.collector.turn_away(target.site.id, day, dropped);
    }

    fn reject_unclaimed(&mut self, reason: Rejection, at: Moment) {
        self.collector.turn_away(SiteId::INSTANCE, utc_day(at), reason.into());
    }
}

impl LiveImport {
    pub(super) fn begin(collector: &Collector, domain: &str, manner: Manner) -> Result<LiveImport, ImportError> {
        manner.reader()?;
        let only = only(collector, domain)?;
        // What another live import has read may not be stored yet.
        collector.flush()?;
        let hits = LiveHits { collector: collector.clone(), hits: Vec::new() };
        Ok(LiveImport { reader: LineReader::begin(collector, only, manner)?, hits })
    }

    pub(super) fn take(&mut self, log: usize, end: u64, lines: &[u8]) -> Result<(), ImportError> {
        self.reader.latest = self.hits.collector.clock().now().plus(limits::IMPORT_AHEAD_MS);
        self.reader.take(log, end, lines, &mut self.hits);
        self.count()
    }

    pub(super) fn finish(mut self) -> Result<Summary, ImportError> {
        self.count()?;
        self.hits.collector.flush()?;
        Ok(self.reader.summary())
    }

    /// Counts the hits together with how far the logs are read: the next flush stores both or neither.
    fn count(&mut self) -> Result<(), ImportError> {
        let LiveHits { collector, hits } = &mut self.hits;
        if self.reader.only.as_ref().is_some_and(|site| collector.directory().get(site.id).is_none()) {
            return Err(ImportError::Removed);
        }
        let imported = self.reader.logs.iter_mut().flat_map(ImportedLog::moved).collect();
        let (sites, hits): (Vec<SiteId>, Vec<Hit>) = std::mem::take(hits).into_iter().unzip();
        let counted = collector.take_lines(hits, imported)?;
        for (site, outcome) in sites.into_iter().zip(counted.outcomes) {
            let place = self.reader.places.get(&site).copied().flatten();
            let Some(target) = place.and_then(|place| self.reader.targets.get_mut(place)) else { continue };
            match outcome {
                Ok(()) => target.counted += 1,
                Err(reason) => target.note(reason),
            }
        }
        Ok(())
    }
}
