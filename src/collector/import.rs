//! In: lines of logs, of any number of past days. Out: their sums and rejections, in batches, for the keeper. Forgets: each
//! line at once; each day's salt and visitors when the log is an hour past its end, and all of them at the end.
//!
//! An import has salts and open days of its own, so that those of the running day stay as they are. What it hands over is
//! stored in one transaction for each site with how far each log has been read for it: an import that ends early can go on
//! where it stopped. Lines count for the site that was named, or each for the site that has its host.

mod hosts;
mod known;
mod samples;
mod senders;
mod target;
mod terms;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::keeper::Message;
use super::ledger::Books;
use super::{Collector, utc_day};
use crate::beacon::log::{self, Line, Read, Reader};
use crate::counts::Sums;
use crate::hit::{Dropped, Hit};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Day, Moment, Site, SiteId};
use crate::store::{BotCount, DayState, Imported, Rejected};
use hosts::Hosts;
use known::{Known, Log};
pub use samples::Sample;
use samples::Samples;
use senders::Senders;
use target::Target;
pub use terms::{ImportError, LogSummary, Manner, SiteSummary, Start, Summary};

/// Sums and rejections of an import that are to be stored together.
#[derive(Debug, Default)]
pub struct Batch {
    /// Sums by day.
    pub sums: Vec<(SiteId, Day, Sums)>,
    /// Pairs by day.
    pub days: Vec<DayState>,
    /// How many hits are in them.
    pub counted: u64,
    /// Rejections.
    pub rejected: Vec<Rejected>,
    /// The programs among them.
    pub bots: Vec<BotCount>,
    /// How far the logs are read.
    pub imported: Vec<Imported>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.days.is_empty() && self.rejected.is_empty() && self.imported.is_empty()
    }
}

/// An import under way. There may be one at a time.
pub struct Import {
    collector: Collector,
    /// The site that all lines count for; nothing where each line tells.
    only: Option<Arc<Site>>,
    manner: Manner,
    /// The reader that each log begins with.
    reader: Reader,
    known: Known,
    logs: Vec<Log>,
    hosts: Hosts,
    targets: Vec<Target>,
    /// Where a site is among the targets; nothing for one that was removed meanwhile.
    places: HashMap<SiteId, Option<usize>>,
    /// Hits of a live import that are not counted yet, and whose they are.
    hits: Vec<(usize, Hit)>,
    /// When the last line was.
    at: Moment,
    /// Lines later than this are wrong.
    latest: Moment,
    visitors: usize,
    /// Lines at the last stored state, and at the last look for days that are over.
    stored: u64,
    looked: u64,
    lines: u64,
    /// What is booked for no site.
    books: Books,
    reasons: HashMap<Rejection, u64>,
    lacks_hosts: bool,
    senders: Senders,
    samples: Samples,
    _only: Option<Only>,
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Import")
    }
}

/// The right to import; given back on drop.
struct Only(Arc<AtomicBool>);

impl Drop for Only {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Import {
    /// Begins an import for a site; for all sites by the hosts of the lines if `domain` is empty.
    ///
    /// # Errors
    /// [`ImportError`]
    pub fn begin(collector: &Collector, domain: &str, manner: Manner) -> Result<Import, ImportError> {
        let reader = manner.reader()?;
        let directory = collector.directory();
        let only = match domain {
            "" if directory.all().is_empty() => return Err(ImportError::NoSite),
            "" => None,
            domain => {
                let found = directory.find(domain).cloned();
                Some(found.ok_or_else(|| ImportError::UnknownSite(domain.to_owned()))?)
            }
        };
        // A live import has no days of its own that would fill the memory; it may last for months beside others.
        let right = (!manner.live).then(|| collector.0.importing.clone());
        if right.as_ref().is_some_and(|right| right.swap(true, Ordering::SeqCst)) {
            return Err(ImportError::Running);
        }
        let right = right.map(Only);
        if !manner.dry {
            // What a live import has read may not be stored yet.
            collector.flush()?;
            // What an import before this one has left, because it did not end, is final now.
            collector.0.sums.end_imports()?;
        }
        let now = collector.clock().now();
        let mut import = Import {
            known: Known::of(collector, only.as_deref())?,
            only,
            manner,
            reader,
            logs: Vec::new(),
            hosts: Hosts::default(),
            targets: Vec::new(),
            places: HashMap::new(),
            hits: Vec::new(),
            at: now,
            latest: now.plus(limits::IMPORT_AHEAD_MS),
            visitors: 0,
            stored: 0,
            looked: 0,
            lines: 0,
            books: Books::default(),
            reasons: HashMap::new(),
            lacks_hosts: false,
            senders: Senders::default(),
            samples: Samples::default(),
            _only: right,
            collector: collector.clone(),
        };
        if let Some(site) = &import.only {
            import.places.insert(site.id, Some(0));
            import.targets.push(Target::of(site.clone(), now));
        }
        Ok(import)
    }

    /// Takes the beginning of the next log, at most [`limits::LOG_HEAD_BYTES`] of it, and says where it is to be read from.
    /// An empty beginning is of a log that is not remembered.
    pub fn open(&mut self, head: &[u8]) -> Start {
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

    /// Takes whole lines of a log. `end` is how many bytes of its content are read with them. Now and then everything is
    /// stored, and this waits for it.
    ///
    /// # Errors
    /// [`ImportError`]; the lines since the last stored state are not counted then.
    pub fn take(&mut self, log: usize, end: u64, lines: &[u8]) -> Result<(), ImportError> {
        if self.manner.live {
            self.latest = self.collector.clock().now().plus(limits::IMPORT_AHEAD_MS);
        }
        let Some(mut taken) = self.logs.get_mut(log).map(std::mem::take) else { return Ok(()) };
        taken.sees(lines);
        let begin = end.saturating_sub(lines.len() as u64);
        let mut from = 0;
        while let Some(rest) = lines.get(from..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.line(&mut taken, begin + from as u64, &rest[..length]);
            from += length + 1;
        }
        taken.stands_at(end);
        if let Some(log) = self.logs.get_mut(log) {
            *log = taken;
        }
        if self.manner.live {
            return self.count_live();
        }
        if self.lines - self.looked >= limits::IMPORT_LOOK_LINES {
            self.close_past();
        }
        let days: usize = self.targets.iter().map(Target::days).sum();
        let waiting: usize = self.targets.iter().map(Target::waiting).sum();
        let is_full = self.lines - self.stored >= limits::IMPORT_BATCH_LINES || days > limits::IMPORT_DAYS_MAX;
        if is_full || waiting > limits::IMPORT_CELLS_MAX { self.store(days > limits::IMPORT_DAYS_MAX) } else { Ok(()) }
    }

    /// Stores the rest, forgets everybody, and says what became of the lines.
    ///
    /// # Errors
    /// [`ImportError`]; the lines since the last stored state are not counted then.
    pub fn finish(mut self) -> Result<Summary, ImportError> {
        if self.manner.live {
            self.count_live()?;
            self.collector.flush()?;
        } else {
            self.store(true)?;
        }
        let mut reasons = self.reasons;
        self.targets.iter().for_each(|target| target.add_reasons(&mut reasons));
        let spans = self.targets.iter().filter_map(|target| target.span);
        let span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let repeated: BTreeSet<Day> = self.targets.iter().flat_map(|target| target.repeated.iter().copied()).collect();
        let mut sites: Vec<SiteSummary> = match self.only {
            Some(_) => Vec::new(),
            None => self.targets.iter().map(Target::summary).collect(),
        };
        sites.sort_by(|a, b| (b.lines, &a.site).cmp(&(a.lines, &b.site)));
        Ok(Summary {
            lines: self.lines,
            counted: self.targets.iter().map(|target| target.counted).sum(),
            rejected: target::by_count(&reasons),
            days: span.map(|(first, last)| (first.to_string(), last.to_string())),
            repeated: repeated.iter().map(Day::to_string).collect(),
            sites,
            strange_hosts: self.hosts.strange(),
            lacks_hosts: self.lacks_hosts,
            logs: self.logs.iter().map(Log::summary).collect(),
            is_behind_proxy: self.senders.are_one(),
            samples: self.samples.kept(),
        })
    }

    fn line(&mut self, log: &mut Log, begin: u64, line: &[u8]) {
        let read = match log.reader.read(line) {
            Read::Note => return,
            // No log is older than 1970, and no calendar reaches as far as a number can.
            Read::Line(read) if (Moment(0)..=self.latest).contains(&read.at) => read,
            Read::Line(_) | Read::Bad => {
                self.lines += 1;
                log.lines += 1;
                return self.reject_strange(None, Rejection::BadLine);
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
                self.line_of(place, &read);
            }
            Err(reason) => self.reject_strange(Some(&read), reason),
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
                let directory = self.collector.0.directory.load();
                let found = self.hosts.site(host, &directory, only.as_deref());
                let reason = if only.is_some() { Rejection::WrongHost } else { Rejection::UnknownSite };
                found.ok_or(reason)?
            }
        };
        if let Some(place) = self.places.get(&site) {
            return place.ok_or(Rejection::UnknownSite);
        }
        let found = self.collector.directory().get(site).cloned().ok_or(Rejection::UnknownSite)?;
        self.targets.push(Target::of(found, self.collector.clock().now()));
        let place = self.targets.len() - 1;
        self.places.insert(site, Some(place));
        Ok(place)
    }

    fn line_of(&mut self, place: usize, read: &Line<'_>) {
        let target = &mut self.targets[place];
        target.lines += 1;
        target.day_of(read.at);
        let beacon = read.beacon(&target.site.domain, &self.manner.rules).map_err(Dropped::from);
        let counted = beacon.and_then(|beacon| {
            let (address, agent) = read.sender();
            self.senders.note(address, agent);
            if self.manner.live {
                let now = self.collector.clock().now();
                let made = self.collector.make_at(beacon, &target.site, read.at.min(now), now)?;
                let day = made.hit.local.day;
                if made.begins_past_day && self.collector.has_visitors(target.site.id, day) {
                    target.repeated.insert(day);
                }
                self.hits.push((place, made.hit));
                return Ok(());
            }
            let hit = target.hit(beacon, read.at, self.lines, &self.collector)?;
            if self.manner.dry {
                target.note_counted(hit.local.day);
                self.samples.note(Sample::of(&hit, &target.site));
                return Ok(());
            }
            self.visitors += target.count(&hit, self.visitors < limits::VISITORS_MAX)?;
            Ok(())
        });
        if let Err(dropped) = counted {
            self.reject(place, dropped, read.at);
        }
    }

    fn reject(&mut self, place: usize, dropped: Dropped, at: Moment) {
        let target = &mut self.targets[place];
        if self.manner.dry {
            self.samples.note(Sample::rejected(dropped.reason, Some((at, &target.site))));
        }
        if self.manner.live {
            target.note(dropped.reason);
            let day = target.day_of(at);
            self.collector.turn_away(target.site.id, day, dropped);
            return;
        }
        target.reject(dropped);
    }

    /// Rejects a line that can't be read, or whose host is of no site, or not of the one that was named.
    fn reject_strange(&mut self, line: Option<&Line<'_>>, reason: Rejection) {
        if let Some(host) = line.map(Line::host).filter(|host| !host.is_empty()) {
            self.hosts.note_strange(host);
        }
        let at = line.map_or(self.at, |line| line.at);
        if self.only.is_some() {
            self.targets[0].day_of(at);
            self.targets[0].lines += 1;
            return self.reject(0, reason.into(), at);
        }
        *self.reasons.entry(reason).or_default() += 1;
        if self.manner.dry {
            self.samples.note(Sample::rejected(reason, None));
        }
        match self.manner.live {
            true => self.collector.turn_away(SiteId::INSTANCE, utc_day(at), reason.into()),
            false => self.books.add(SiteId::INSTANCE, utc_day(at), reason, None),
        }
    }

    /// Closes the days that the log is an hour past, unless lines of them still come.
    fn close_past(&mut self) {
        for target in &mut self.targets {
            self.visitors -= target.close_past(self.at, self.looked);
        }
        self.looked = self.lines;
    }

    /// Counts the hits of a live import together with how far the logs are read: the next flush stores both or neither.
    fn count_live(&mut self) -> Result<(), ImportError> {
        if self.only.as_ref().is_some_and(|site| self.collector.directory().get(site.id).is_none()) {
            return Err(ImportError::Removed);
        }
        let imported = self.logs.iter_mut().flat_map(Log::moved).collect();
        let (places, hits): (Vec<usize>, Vec<Hit>) = std::mem::take(&mut self.hits).into_iter().unzip();
        let counted = self.collector.take_lines(hits, imported)?;
        for (place, outcome) in places.into_iter().zip(counted.outcomes) {
            match outcome {
                Ok(()) => self.targets[place].counted += 1,
                Err(reason) => self.targets[place].note(reason),
            }
        }
        Ok(())
    }

    /// Hands everything to the keeper, site by site, and waits until it is stored.
    fn store(&mut self, closes_days: bool) -> Result<(), ImportError> {
        let mut imported: Vec<Imported> = self.logs.iter_mut().flat_map(Log::moved).collect();
        self.stored = self.lines;
        for place in 0..self.targets.len() {
            if closes_days {
                self.visitors -= self.targets[place].close_all();
            }
            let mut batch = self.targets[place].drain();
            let site = self.targets[place].site.id;
            let (own, others) = imported.into_iter().partition(|entry| entry.site == site);
            (batch.imported, imported) = (own, others);
            self.hand_over(site, batch)?;
        }
        if self.only.is_none() {
            let booked = std::mem::take(&mut self.books).rows();
            self.hand_over(SiteId::INSTANCE, Batch { rejected: booked.rejected, imported, ..Batch::default() })?;
        }
        Ok(())
    }

    fn hand_over(&mut self, site: SiteId, batch: Batch) -> Result<(), ImportError> {
        if self.manner.dry || batch.is_empty() && self.only.is_none() {
            return Ok(());
        }
        let stored = self.collector.call(|waiter| Message::Import { site, batch: Box::new(batch), waiter });
        match stored {
            Some(stored) => Ok(stored?),
            // Nobody answers for a site that is no more, nor when the collector has ended.
            None if site != SiteId::INSTANCE && self.collector.directory().get(site).is_none() => match self.only {
                Some(_) => Err(ImportError::Removed),
                None => {
                    self.places.insert(site, None);
                    Ok(())
                }
            },
            None => Err(ImportError::Ended),
        }
    }
}
