//! In: lines of logs, of any number of past days. Out: their sums and rejections, in batches, for the keeper. Forgets: each
//! line at once; each day's salt and visitors when the log is an hour past its end, and all of them at the end.
//!
//! An import has salts and open days of its own, so that those of the running day stay as they are. What it hands over is
//! stored in one transaction with how far each log has been read: an import that ends early can go on where it stopped.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::keeper::Message;
use super::ledger::{Booked, Books};
use super::{Collector, random};
use crate::beacon::Beacon;
use crate::beacon::log::{self, NotAFormat, Read, Reader, Rules};
use crate::counts::{OpenDay, Sums};
use crate::hit::token::Salt;
use crate::hit::{self, Arrival, Dropped, Hit};
use crate::limits;
use crate::rejection::Rejection;
use crate::report::Sums as _;
use crate::secret;
use crate::site::{Day, Moment, Site, SiteId};
use crate::store::{Ask, BotCount, DayState, Imported, Part, Rejected, StoreError};

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

/// Why an import can't begin or go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// No site has the domain.
    #[error("there is no site {0}; `headcount site add {0}` adds it, `headcount site list` shows all")]
    UnknownSite(String),
    /// There may be only one at a time.
    #[error("another import is running; try again when it has ended")]
    Running,
    /// No log is written so.
    #[error(transparent)]
    Format(#[from] NotAFormat),
    /// The site was removed meanwhile.
    #[error("the site was removed; what came after that is not counted")]
    Removed,
    /// The collector has ended.
    #[error("the collector has ended; import again to go on where it stopped")]
    Ended,
    /// A batch could not be stored.
    #[error("{0}; import again to go on where it stopped")]
    Store(#[from] StoreError),
}

/// What became of the lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All lines.
    pub lines: u64,
    /// Lines that were counted.
    pub counted: u64,
    /// The rest by reason, most frequent first.
    pub rejected: Vec<(String, u64)>,
    /// The first and the last day with a line that was counted.
    pub days: Option<(String, String)>,
    /// Days that had visitors before: those of them who are in the log too count twice.
    pub repeated: Vec<String>,
}

/// How logs are to be imported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manner {
    /// Whether known logs are read again from their beginning.
    pub again: bool,
    /// How they are written; without it each of them tells.
    pub format: Option<String>,
    /// What counts as a page.
    pub rules: Rules,
    /// Whether their lines count as they come, as hits of the running day, beside those of trackers.
    pub live: bool,
}

/// Where a log begins that is still to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// It is new, or read again on purpose.
    New,
    /// So many bytes of its content are counted already.
    At(u64),
    /// Another log of this import, by its number, begins with the same content; this one is left out.
    SameAs(usize),
}

/// A log as far as the import knows it.
struct Log {
    /// Its entry in the store; nothing for one that is not remembered.
    entry: Option<Imported>,
    has_moved: bool,
    reader: Reader,
}

/// A day of the import.
struct Open {
    salt: Salt,
    day: OpenDay,
    /// Number of the line that last used it.
    used: u64,
}

/// A day and its bounds, so that most lines need no calendar.
#[derive(Clone, Copy)]
struct Bounds {
    day: Day,
    from: Moment,
    until: Moment,
}

/// An import under way. There may be one at a time.
pub struct Import {
    collector: Collector,
    site: Arc<Site>,
    manner: Manner,
    /// The reader that each log begins with.
    reader: Reader,
    /// Hits of a live import that are not counted yet.
    hits: Vec<Hit>,
    /// The logs of earlier imports.
    known: Vec<Imported>,
    logs: Vec<Log>,
    days: HashMap<Day, Open, foldhash::fast::RandomState>,
    /// Days that were closed; one that comes again has a new salt.
    closed: HashSet<Day>,
    now: Bounds,
    /// When the last line was.
    at: Moment,
    /// Lines later than this are wrong.
    latest: Moment,
    /// The first day whose hours are kept by single dimensions.
    first_hours: Day,
    visitors: usize,
    /// What waits to be stored. Rejections wait in `books`.
    batch: Batch,
    books: Books,
    /// Lines at the last stored state, and at the last look for days that are over.
    stored: u64,
    looked: u64,
    lines: u64,
    counted: u64,
    reasons: HashMap<Rejection, u64>,
    /// The first and the last day that something was counted for.
    span: Option<(Day, Day)>,
    repeated: BTreeSet<Day>,
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
    /// Begins an import for a site.
    ///
    /// # Errors
    /// [`ImportError`]
    pub fn begin(collector: &Collector, domain: &str, manner: Manner) -> Result<Import, ImportError> {
        let reader = Reader::named(manner.format.as_deref())?;
        let directory = collector.directory();
        let site = directory.find(domain).cloned().ok_or_else(|| ImportError::UnknownSite(domain.to_owned()))?;
        // A live import has no days of its own that would fill the memory; it may last for months beside others.
        let only = (!manner.live).then(|| collector.0.importing.clone());
        if only.as_ref().is_some_and(|only| only.swap(true, Ordering::SeqCst)) {
            return Err(ImportError::Running);
        }
        let only = only.map(Only);
        // What a live import has read may not be stored yet.
        collector.flush()?;
        // Pairs that an import before this one left, because it did not end, are part of their days now.
        collector.store().settle_imports()?;
        let now = collector.clock().now();
        let today = site.schedule.locate(now).day;
        Ok(Import {
            manner,
            reader,
            hits: Vec::new(),
            known: collector.store().imports(site.id)?,
            logs: Vec::new(),
            days: HashMap::default(),
            closed: HashSet::new(),
            now: bounds(&site, today),
            at: now,
            latest: now.plus(limits::IMPORT_AHEAD_MS),
            first_hours: Day(today.0 - limits::HOUR_DETAIL_DAYS),
            visitors: 0,
            batch: Batch::default(),
            books: Books::default(),
            stored: 0,
            looked: 0,
            lines: 0,
            counted: 0,
            reasons: HashMap::new(),
            span: None,
            repeated: BTreeSet::new(),
            _only: only,
            collector: collector.clone(),
            site,
        })
    }

    /// Takes the beginning of the next log, at most [`limits::LOG_HEAD_BYTES`] of it, and says where it is to be read from.
    /// An empty beginning is of a log that is not remembered.
    pub fn open(&mut self, head: &[u8]) -> Start {
        let entry = self.entry(head);
        let is_same = |other: &Log| entry.zip(other.entry).is_some_and(|(a, b)| a.head == b.head);
        let start = match (self.logs.iter().position(is_same), entry) {
            (Some(other), _) if !self.manner.again => Start::SameAs(other),
            (_, Some(entry)) if entry.bytes > 0 && !self.manner.again => Start::At(entry.bytes),
            _ => Start::New,
        };
        let mut reader = self.reader.clone();
        reader.look(head);
        self.logs.push(Log { entry, has_moved: false, reader });
        start
    }

    /// The entry of the log with this beginning: the one with the longest beginning that agrees, or a new one.
    fn entry(&self, head: &[u8]) -> Option<Imported> {
        let agrees = |known: &&Imported| {
            let beginning = usize::try_from(known.head_bytes).ok().and_then(|bytes| head.get(..bytes));
            beginning.is_some_and(|beginning| fingerprint(beginning) == known.head)
        };
        let new = || Imported { site: self.site.id, head: fingerprint(head), head_bytes: head.len() as u64, bytes: 0 };
        let found = self.known.iter().filter(agrees).max_by_key(|known| known.head_bytes).copied();
        (!head.is_empty()).then(|| found.unwrap_or_else(new))
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
        let mut from = 0;
        let mut reader = self.logs.get_mut(log).map(|log| std::mem::take(&mut log.reader)).unwrap_or_default();
        while let Some(rest) = lines.get(from..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.line(&mut reader, &rest[..length]);
            from += length + 1;
        }
        if let Some(log) = self.logs.get_mut(log) {
            log.reader = reader;
            if let Some(entry) = &mut log.entry {
                entry.bytes = end;
                log.has_moved = true;
            }
        }
        if self.manner.live {
            return self.count_live();
        }
        if self.lines - self.looked >= limits::IMPORT_LOOK_LINES {
            self.close_past();
        }
        let is_full =
            self.lines - self.stored >= limits::IMPORT_BATCH_LINES || self.days.len() > limits::IMPORT_DAYS_MAX;
        if is_full || self.waiting() > limits::IMPORT_CELLS_MAX { self.store() } else { Ok(()) }
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
            self.close_all();
            self.store()?;
        }
        let mut reasons: Vec<_> = self.reasons.iter().map(|(reason, count)| (*reason, *count)).collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
        Ok(Summary {
            lines: self.lines,
            counted: self.counted,
            rejected: reasons.into_iter().map(|(reason, count)| (reason.label().to_owned(), count)).collect(),
            days: self.span.map(|(first, last)| (first.to_string(), last.to_string())),
            repeated: self.repeated.iter().map(Day::to_string).collect(),
        })
    }

    fn line(&mut self, reader: &mut Reader, line: &[u8]) {
        let read = match reader.read(line) {
            Read::Note => return,
            // No log is older than 1970, and no calendar reaches as far as a number can.
            Read::Line(read) if (Moment(0)..=self.latest).contains(&read.at) => read,
            Read::Line(_) | Read::Bad => {
                self.lines += 1;
                return self.reject(Rejection::BadLine.into());
            }
        };
        self.lines += 1;
        self.at = read.at;
        if read.at < self.now.from || read.at >= self.now.until {
            self.now = bounds(&self.site, self.site.schedule.locate(read.at).day);
        }
        let beacon = read.beacon(&self.site.domain, &self.manner.rules).map_err(Dropped::from);
        if let Err(dropped) = beacon.and_then(|beacon| self.count(beacon, read.at)) {
            self.reject(dropped);
        }
    }

    fn count(&mut self, beacon: Beacon, at: Moment) -> Result<(), Dropped> {
        if self.manner.live {
            let now = self.collector.clock().now();
            let made = self.collector.make_at(beacon, &self.site, at.min(now), now)?;
            let day = made.hit.local.day;
            if made.begins_past_day && self.collector.has_visitors(self.site.id, day) {
                self.repeated.insert(day);
            }
            self.hits.push(made.hit);
            return Ok(());
        }
        let local = self.site.schedule.locate(at);
        if !self.days.contains_key(&local.day) {
            self.open_day(local.day)?;
        }
        let open = self.days.get_mut(&local.day).ok_or(Rejection::TooMany)?;
        open.used = self.lines;
        let hit = hit::make(beacon, &self.site, Arrival { at, local }, &open.salt, self.collector.tools())?;
        let before = open.day.visitors();
        open.day.take(&hit, self.visitors < limits::VISITORS_MAX)?;
        self.visitors += open.day.visitors() - before;
        self.counted += 1;
        let (first, last) = self.span.unwrap_or((local.day, local.day));
        self.span = Some((first.min(local.day), last.max(local.day)));
        self.batch.counted += 1;
        Ok(())
    }

    fn open_day(&mut self, day: Day) -> Result<(), Rejection> {
        // Without randomness there can be no token, and nothing else may stand for a visitor.
        let salt = Salt::from_random(random().map_err(|_| Rejection::TooMany)?);
        let stored = self.collector.read(&[Ask::totals_of_day(self.site.id, day)]).unwrap_or_default();
        if self.closed.contains(&day) || stored.iter().flatten().any(|row| row.tally.visitors > 0) {
            self.repeated.insert(day);
        }
        let budget = self.site.settings.budget;
        let opened = match day < self.first_hours {
            true => OpenDay::without_hours(self.site.id, day, budget),
            false => OpenDay::new(self.site.id, day, budget),
        };
        let opened = opened.folding(self.collector.folding(self.site.id));
        self.days.insert(day, Open { salt, day: opened, used: self.lines });
        Ok(())
    }

    fn reject(&mut self, dropped: Dropped) {
        if self.manner.live {
            *self.reasons.entry(dropped.reason).or_default() += 1;
            return self.collector.turn_away(self.site.id, self.now.day, dropped);
        }
        self.books.add(self.site.id, self.now.day, dropped.reason, dropped.bot);
    }

    /// Closes the days that the log is an hour past, unless lines of them still come.
    fn close_past(&mut self) {
        let is_past = |day: Day| self.site.schedule.end_of(day).plus(limits::IMPORT_GRACE_MS) <= self.at;
        let unused = self.days.iter().filter(|(_, open)| open.used <= self.looked).map(|(day, _)| *day);
        let past: Vec<Day> = unused.filter(|day| is_past(*day)).collect();
        past.into_iter().for_each(|day| self.close(day));
        self.looked = self.lines;
    }

    fn close(&mut self, day: Day) {
        let Some(mut open) = self.days.remove(&day) else { return };
        self.visitors -= open.day.visitors();
        self.closed.insert(day);
        self.batch.days.push(state(&self.site, &open.day, true));
        if open.day.pending() > 0 {
            self.batch.sums.push((self.site.id, day, open.day.drain()));
        }
    }

    /// Counts the hits of a live import together with how far the logs are read: the next flush stores both or neither.
    fn count_live(&mut self) -> Result<(), ImportError> {
        let site = self.site.id;
        if self.collector.directory().get(site).is_none() {
            return Err(ImportError::Removed);
        }
        let mut imported = Vec::new();
        for log in self.logs.iter_mut().filter(|log| log.has_moved) {
            imported.extend(log.entry);
            log.has_moved = false;
        }
        let hits = std::mem::take(&mut self.hits);
        let counted = self.collector.take_lines(hits, imported)?;
        for outcome in counted.outcomes {
            match outcome {
                Ok(()) => self.counted += 1,
                Err(reason) => *self.reasons.entry(reason).or_default() += 1,
            }
        }
        Ok(())
    }

    fn close_all(&mut self) {
        let all: Vec<Day> = self.days.keys().copied().collect();
        all.into_iter().for_each(|day| self.close(day));
    }

    /// Cells that wait to be stored.
    fn waiting(&self) -> usize {
        let closed: usize = self.batch.sums.iter().map(|(_, _, sums)| sums.hours.len() + sums.days.len()).sum();
        closed + self.days.values().map(|open| open.day.pending()).sum::<usize>()
    }

    /// Hands everything to the keeper, and waits until it is stored.
    fn store(&mut self) -> Result<(), ImportError> {
        if self.days.len() > limits::IMPORT_DAYS_MAX {
            self.close_all();
        }
        let mut batch = std::mem::take(&mut self.batch);
        for open in self.days.values().filter(|open| open.day.has_changed()) {
            batch.days.push(state(&self.site, &open.day, false));
        }
        for (day, open) in self.days.iter_mut().filter(|(_, open)| open.day.pending() > 0) {
            batch.sums.push((self.site.id, *day, open.day.drain()));
            open.day.mark_stored();
        }
        let Booked { rejected, bots } = std::mem::take(&mut self.books).rows();
        for rejected in &rejected {
            *self.reasons.entry(rejected.reason).or_default() += rejected.count;
        }
        (batch.rejected, batch.bots) = (rejected, bots);
        for log in self.logs.iter_mut().filter(|log| log.has_moved) {
            batch.imported.extend(log.entry);
            log.has_moved = false;
        }
        self.stored = self.lines;
        let site = self.site.id;
        let stored = self.collector.call(|waiter| Message::Import { site, batch: Box::new(batch), waiter });
        match stored {
            Some(stored) => Ok(stored?),
            // Nobody answers for a site that is no more, nor when the collector has ended.
            None if self.collector.directory().get(site).is_none() => Err(ImportError::Removed),
            None => Err(ImportError::Ended),
        }
    }
}

/// The pairs of a day so far.
fn state(site: &Site, day: &OpenDay, is_over: bool) -> DayState {
    DayState {
        site: site.id,
        day: day.day,
        part: Part::Import,
        census: Some(Arc::new(day.census())),
        pair_cells: site.settings.budget.pair_cells,
        is_over,
    }
}

fn bounds(site: &Site, day: Day) -> Bounds {
    Bounds { day, from: site.schedule.start_of(day), until: site.schedule.end_of(day) }
}

/// The digest of a log's beginning. Addresses are left out: nobody shall find one by trying.
fn fingerprint(head: &[u8]) -> secret::Digest {
    let lines = head.split_inclusive(|byte| *byte == b'\n');
    secret::fingerprint(lines.flat_map(log::without_addresses))
}
