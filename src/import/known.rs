//! In: how far the logs of earlier imports are read for each site, and the beginnings of logs. Out: where a log is to be read
//! from, and how far it is read now. Forgets: the beginnings; a digest tells logs from others, made without the addresses.

use std::collections::{HashMap, HashSet};

use super::LogSummary;
use crate::beacon::log::{self, Reader, looks_like};
use crate::collector::Collector;
use crate::limits;
use crate::secret;
use crate::site::{Site, SiteId};
use crate::store::{Imported, StoreError};

/// The logs of earlier imports.
pub(super) struct KnownLogs {
    /// The site that all lines count for, or the instance.
    of: SiteId,
    entries: Vec<Imported>,
}

impl KnownLogs {
    pub(super) fn of(collector: &Collector, only: Option<&Site>) -> Result<KnownLogs, StoreError> {
        let of = only.map_or(SiteId::INSTANCE, |site| site.id);
        let mut entries = collector.sums().imports(of)?;
        if only.is_none() {
            for site in collector.directory().all() {
                entries.extend(collector.sums().imports(site.id)?);
            }
        }
        Ok(KnownLogs { of, entries })
    }

    /// The log with this beginning: for each site the entry with the longest beginning that agrees.
    pub(super) fn log(&self, head: &[u8], mut reader: Reader) -> ImportedLog {
        reader.look(head);
        let mut log = ImportedLog { reader, of: Some(self.of), ..ImportedLog::default() };
        if head.is_empty() {
            return log;
        }
        let mut digests = HashMap::new();
        for entry in &self.entries {
            let beginning = usize::try_from(entry.head_bytes).ok().and_then(|bytes| head.get(..bytes));
            let Some(beginning) = beginning else { continue };
            let digest = *digests.entry(entry.head_bytes).or_insert_with(|| fingerprint(beginning));
            let is_longer = log.entries.get(&entry.site).is_none_or(|known| known.head_bytes < entry.head_bytes);
            if digest == entry.head && is_longer {
                log.entries.insert(entry.site, *entry);
            }
        }
        log.new = Some(Imported { site: self.of, head: fingerprint(head), head_bytes: head.len() as u64, bytes: 0 });
        log
    }
}

/// A log as far as the import knows it.
#[derive(Default)]
pub(super) struct ImportedLog {
    /// The entry it gets where it has none; nothing for one that is not remembered.
    new: Option<Imported>,
    /// Its entries in the store by site.
    entries: HashMap<SiteId, Imported>,
    of: Option<SiteId>,
    /// Sites that lines of it are of, since the last stored state.
    touched: HashSet<SiteId>,
    end: Option<u64>,
    pub(super) reader: Reader,
    pub(super) lines: u64,
    pub(super) read: u64,
    /// Its beginning, until a line can be read.
    seen: Vec<u8>,
}

impl ImportedLog {
    fn own(&self) -> Option<Imported> {
        self.of.and_then(|of| self.entries.get(&of).copied()).or(self.new)
    }

    /// Whether both begin with the same content.
    pub(super) fn is_same(&self, other: &ImportedLog) -> bool {
        self.own().zip(other.own()).is_some_and(|(a, b)| a.head == b.head)
    }

    /// From where it is to be read.
    pub(super) fn start(&self) -> u64 {
        self.own().map_or(0, |entry| entry.bytes)
    }

    /// Forgets how far it was read.
    pub(super) fn forget(&mut self) {
        self.entries.values_mut().for_each(|entry| entry.bytes = 0);
    }

    /// Whether what begins there is counted for a site already.
    pub(super) fn is_known(&self, site: SiteId, begin: u64) -> bool {
        Some(site) != self.of && self.entries.get(&site).is_some_and(|entry| begin < entry.bytes)
    }

    /// Notes that a line of it is of a site.
    pub(super) fn touch(&mut self, site: SiteId) {
        if Some(site) != self.of && self.new.is_some() {
            self.touched.insert(site);
        }
    }

    /// Keeps its beginning as long as nothing of it can be read.
    pub(super) fn sees(&mut self, lines: &[u8]) {
        if self.lines == 0 {
            self.seen = lines[..lines.len().min(limits::LOG_UNREADABLE_BYTES_LOOKED)].to_vec();
        } else if self.read > 0 {
            self.seen = Vec::new();
        }
    }

    pub(super) fn stands_at(&mut self, end: u64) {
        self.end = Some(end);
    }

    /// How far it is read now, for each site, if that has changed. A log of which no line could be read is not remembered: its
    /// owner will describe it and come again.
    pub(super) fn moved(&mut self) -> Vec<Imported> {
        if self.read == 0 && self.start() == 0 {
            return Vec::new();
        }
        let (Some(end), Some(new)) = (self.end.take(), self.new) else { return Vec::new() };
        let sites = std::mem::take(&mut self.touched).into_iter().chain(self.of);
        let known = |site: SiteId| self.entries.get(&site).copied().unwrap_or(Imported { site, ..new });
        sites.map(|site| Imported { bytes: end, ..known(site) }).collect()
    }

    pub(super) fn summary(&self) -> LogSummary {
        let is_strange = self.lines > 0 && self.read == 0;
        LogSummary { lines: self.lines, read: self.read, looks_like: is_strange.then(|| looks_like(&self.seen)) }
    }
}

/// The digest of a log's beginning. Addresses are left out: nobody shall find one by trying.
fn fingerprint(head: &[u8]) -> secret::Digest {
    let lines = head.split_inclusive(|byte| *byte == b'\n');
    secret::fingerprint(lines.flat_map(log::without_addresses))
}
