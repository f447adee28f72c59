//! In: lines of logs. Out: each beacon with the site that it is of, for whoever counts it. Forgets: the line.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::hosts::Hosts;
use super::known::{ImportedLog, KnownLogs};
use super::senders::Senders;
use super::target::{self, ImportTarget};
use super::{ImportError, Manner, SiteSummary, Start, Summary};
use crate::beacon::Beacon;
use crate::beacon::log::{Line, Read, Reader};
use crate::collector::Collector;
use crate::hit::Dropped;
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Day, Moment, Site, SiteId};

/// What is done with the lines of an import.
pub(super) trait LineCounter {
    /// Counts a beacon of the site of `target`; `number` is that of its line.
    fn count(&mut self, target: &mut ImportTarget, beacon: Beacon, at: Moment, number: u64) -> Result<(), Dropped>;

    /// Books a line of a site that is not counted.
    fn reject(&mut self, target: &mut ImportTarget, dropped: Dropped, at: Moment);

    /// Books a line that is of no site.
    fn reject_unclaimed(&mut self, reason: Rejection, at: Moment);
}

/// The logs of an import, and the sites that their lines are of.
pub(super) struct LineReader {
    pub(super) collector: Collector,
    /// The site that all lines count for; nothing where each line tells.
    pub(super) only: Option<Arc<Site>>,
    manner: Manner,
    /// The reader that each log begins with.
    reader: Reader,
    known: KnownLogs,
    pub(super) logs: Vec<ImportedLog>,
    hosts: Hosts,
    pub(super) targets: Vec<ImportTarget>,
    /// Where a site is among the targets; nothing for one that was removed meanwhile.
    pub(super) places: HashMap<SiteId, Option<usize>>,
    /// When the last line was.
    pub(super) at: Moment,
    /// Lines later than this are wrong.
    pub(super) latest: Moment,
    pub(super) lines: u64,
    reasons: HashMap<Rejection, u64>,
    lacks_hosts: bool,
    senders: Senders,
}

impl LineReader {
    pub(super) fn begin(
        collector: &Collector,
        only: Option<Arc<Site>>,
        manner: Manner,
    ) -> Result<LineReader, ImportError> {
        let reader = manner.reader()?;
        let now = collector.clock().now();
        let mut lines = LineReader {
            known: KnownLogs::of(collector, only.as_deref())?,
            only,
            manner,
            reader,
            logs: Vec::new(),
            hosts: Hosts::default(),
            targets: Vec::new(),
            places: HashMap::new(),
            at: now,
            latest: now.plus(limits::IMPORT_AHEAD_MS),
            lines: 0,
            reasons: HashMap::new(),
            lacks_hosts: false,
            senders: Senders::default(),
            collector: collector.clone(),
        };
        if let Some(site) = &lines.only {
            lines.places.insert(site.id, Some(0));
            lines.targets.push(ImportTarget::of(site.clone(), now));
        }
        Ok(lines)
    }

    pub(super) fn open(&mut self, head: &[u8]) -> Start {
        let mut log = self.known.log(head, self.reader.clone());
        let start = match self.logs.iter().position(|other| log.is_same(other)) {
            Some(other) if !self.manner.again => Start::SameAs(other),
            _ => match log.start() {
                bytes if bytes > 0 && !self.manner.again => Start::At(bytes),
                _ => Start::New,
            },
        };
        if self.manner.again {
            log.forget();
        }
        self.logs.push(log);
        start
    }

    /// Takes whole lines of a log, each of which `counter` counts or rejects.
    pub(super) fn take(&mut self, log: usize, end: u64, lines: &[u8], counter: &mut impl LineCounter) {
        let Some(mut taken) = self.logs.get_mut(log).map(std::mem::take) else { return };
        taken.sees(lines);
        let begin = end.saturating_sub(lines.len() as u64);
        let mut from = 0;
        while let Some(rest) = lines.get(from..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.line(&mut taken, begin + from as u64, &rest[..length], counter);
            from += length + 1;
        }
        taken.stands_at(end);
        if let Some(log) = self.logs.get_mut(log) {
            *log = taken;
        }
    }

    fn line(&mut self, log: &mut ImportedLog, begin: u64, line: &[u8], counter: &mut impl LineCounter) {
        let read = match log.reader.read(line) {
            Read::Note => return,
            // No log is older than 1970, and no calendar reaches as far as a number can.
            Read::Line(read) if (Moment(0)..=self.latest).contains(&read.at) => read,
            Read::Line(_) | Read::Bad => {
                self.lines += 1;
                log.lines += 1;
                return self.reject_strange(None, Rejection::BadLine, counter);
            }
        };
        let place = match self.place(&read) {
            Ok(place) if log.is_known(self.targets[place].site.id, begin) => return,
            place => place,
        };
        self.lines += 1;
        (log.lines, log.read) = (log.lines + 1, log.read + 1);
        self.at = read.at;
        match place {
            Ok(place) => {
                log.touch(self.targets[place].site.id);
                self.line_of(place, &read, counter);
            }
            Err(reason) => self.reject_strange(Some(&read), reason, counter),
        }
    }

    /// Which target a line is of.
    fn place(&mut self, line: &Line<'_>) -> Result<usize, Rejection> {
        let host = line.host();
        let site = match (&self.only, host) {
            (Some(_), "") => return Ok(0),
            (None, "") => match self.collector.directory().only() {
                Some(site) => site.id,
                None => {
                    self.lacks_hosts = true;
                    return Err(Rejection::UnknownSite);
                }
            },
            (only, host) => {
                let directory = self.collector.directory();
                let found = self.hosts.site(host, &directory, only.as_deref());
                let reason = if only.is_some() { Rejection::WrongHost } else { Rejection::UnknownSite };
                found.ok_or(reason)?
            }
        };
        if let Some(place) = self.places.get(&site) {
            return place.ok_or(Rejection::UnknownSite);
        }
        let found = self.collector.directory().get(site).cloned().ok_or(Rejection::UnknownSite)?;
        self.targets.push(ImportTarget::of(found, self.collector.clock().now()));
        let place = self.targets.len() - 1;
        self.places.insert(site, Some(place));
        Ok(place)
    }

    fn line_of(&mut self, place: usize, read: &Line<'_>, counter: &mut impl LineCounter) {
        let target = &mut self.targets[place];
        target.lines += 1;
        target.day_of(read.at);
        let beacon = read.beacon(&target.site.domain, &self.manner.rules).map_err(Dropped::from);
        let counted = beacon.and_then(|beacon| {
            let (address, agent) = read.sender();
            self.senders.note(address, agent);
            counter.count(target, beacon, read.at, self.lines)
        });
        if let Err(dropped) = counted {
            counter.reject(target, dropped, read.at);
        }
    }

    /// Rejects a line that can't be read, or whose host is of no site, or not of the one that was named.
    fn reject_strange(&mut self, line: Option<&Line<'_>>, reason: Rejection, counter: &mut impl LineCounter) {
        if let Some(host) = line.map(Line::host).filter(|host| !host.is_empty()) {
            self.hosts.note_strange(host);
        }
        let at = line.map_or(self.at, |line| line.at);
        if self.only.is_some() {
            self.targets[0].day_of(at);
            self.targets[0].lines += 1;
            return counter.reject(&mut self.targets[0], reason.into(), at);
        }
        *self.reasons.entry(reason).or_default() += 1;
        counter.reject_unclaimed(reason, at);
    }

    /// What became of the lines.
    pub(super) fn summary(self) -> Summary {
        let mut reasons = self.reasons;
        self.targets.iter().for_each(|target| target.add_reasons(&mut reasons));
        let spans = self.targets.iter().filter_map(|target| target.span);
        let span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let repeated: BTreeSet<Day> = self.targets.iter().flat_map(|target| target.repeated.iter().copied()).collect();
        let mut sites: Vec<SiteSummary> = match self.only {
            Some(_) => Vec::new(),
            None => self.targets.iter().map(ImportTarget::summary).collect(),
        };
        sites.sort_by(|a, b| (b.lines, &a.site).cmp(&(a.lines, &b.site)));
        Summary {
            lines: self.lines,
            counted: self.targets.iter().map(|target| target.counted).sum(),
            rejected: target::by_count(&reasons),
            days: span.map(|(first, last)| (first.to_string(), last.to_string())),
            repeated: repeated.iter().map(Day::to_string).collect(),
            sites,
            strange_hosts: self.hosts.strange(),
            lacks_hosts: self.lacks_hosts,
            logs: self.logs.iter().map(ImportedLog::summary).collect(),
            is_behind_proxy: self.senders.are_one(),
            samples: Vec::new(),
        }
    }
}

/// The site that all lines of an import count for; nothing where each line tells.
pub(super) fn only(collector: &Collector, domain: &str) -> Result<Option<Arc<Site>>, ImportError> {
    let directory = collector.directory();
    match domain {
        "" if directory.all().is_empty() => Err(ImportError::NoSite),
        "" => Ok(None),
        domain => {
            let found = directory.find(domain).cloned();
            Ok(Some(found.ok_or_else(|| ImportError::UnknownSite(domain.to_owned()))?))
        }
    }
}
