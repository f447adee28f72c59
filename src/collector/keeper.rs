//! In: hits and questions, one after the other. Out: flushes, and sums that are not stored yet. Forgets: each day when it
//! has ended.
//!
//! Flushes are written by a thread of their own, so that neither hits nor questions wait for a disk. While one is being
//! written its sums stay here as the generation `writing`; a reader that finds its number in the store leaves it out.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Collector;
use super::import::{Batch, ImportError};
use super::ledger::Ledger;
use super::salts::Salts;
use crate::clock::Clock;
use crate::counts::OpenDay;
use crate::hit::{Hit, Kind};
use crate::limits;
use crate::meter::Meter;
use crate::site::{Day, Directory, Moment, SiteId};
use crate::store::{Ask, Flush, Rejected, Row, Store, StoreError};

/// What reaches the keeper.
#[derive(Debug)]
pub enum Message {
    /// A hit to count.
    Hit(Box<Hit>),
    /// A question for what is not stored.
    Ask {
        /// About which site.
        site: SiteId,
        /// What.
        asks: Vec<Ask>,
        /// Where the answer goes.
        reply: Sender<Pending>,
    },
    /// A question for the visitors of the last minutes.
    Now {
        /// Of which site.
        site: SiteId,
        /// Where the answer goes.
        reply: Sender<usize>,
    },
    /// Store what an import has added up.
    Import {
        /// For which site.
        site: SiteId,
        /// What.
        batch: Box<Batch>,
        /// Told when it is stored, or has failed to be.
        reply: Sender<Result<(), ImportError>>,
    },
    /// Store everything now.
    Flush(Sender<Result<(), StoreError>>),
    /// Store everything and end.
    Stop,
}

/// Sums that are not in the store yet, as far as they were asked for.
#[derive(Debug, Default)]
pub struct Pending(Vec<Generation>);

/// Sums that go into one flush.
#[derive(Debug, Default)]
pub struct Generation {
    number: u64,
    /// For each question its rows.
    pub rows: Vec<Vec<Row>>,
    /// All rejections.
    pub rejected: Vec<Rejected>,
    /// The first day of the site with sums in it.
    pub first_day: Option<Day>,
}

impl Pending {
    /// The generations that a store has not seen that holds all flushes up to number `flush`.
    pub fn after(&self, flush: u64) -> impl Iterator<Item = &Generation> {
        self.0.iter().filter(move |generation| generation.number > flush)
    }
}

struct Keeper {
    days: HashMap<(SiteId, Day), OpenDay>,
    /// Visitors of all open days.
    visitors: usize,
    salts: Arc<Salts>,
    ledger: Arc<Ledger>,
    collector: std::sync::Weak<super::Inner>,
    clock: Clock,
    meter: Arc<Meter>,
    writer: Sender<Job>,
    written: Receiver<Result<(), StoreError>>,
    /// The flush that is being written.
    writing: Option<Arc<Flush>>,
    /// Number of the last flush that was begun.
    number: u64,
    flushed: Moment,
    retry: Option<Retry>,
    /// Batches of imports, which wait for the writer.
    imports: VecDeque<(SiteId, Batch, Import)>,
    /// The day of each site on which its old hours were last deleted.
    pruned: HashMap<SiteId, Day>,
}

/// Where an import waits for its batch.
type Import = Sender<Result<(), ImportError>>;

/// A flush to write, and the import that waits for it.
struct Job {
    flush: Arc<Flush>,
    import: Option<Import>,
}

/// When a failed flush is tried again.
struct Retry {
    at: Instant,
    pause: Duration,
}

/// Starts the keeper and its writer.
pub(super) fn spawn(collector: &Collector, messages: Receiver<Message>) -> Result<JoinHandle<()>, StoreError> {
    let inner = &collector.0;
    let number = inner.store.last_flush()?;
    let (writer, flushes) = mpsc::channel();
    let (done, written) = mpsc::channel();
    let (store, meter) = (inner.store.clone(), inner.meter.clone());
    let writing = thread::spawn(move || write(&*store, &meter, &flushes, &done));
    let keeper = Keeper {
        days: HashMap::new(),
        visitors: 0,
        salts: inner.salts.clone(),
        ledger: inner.ledger.clone(),
        collector: Arc::downgrade(inner),
        clock: inner.clock.clone(),
        meter: inner.meter.clone(),
        writer,
        written,
        writing: None,
        number,
        flushed: inner.clock.now(),
        retry: None,
        imports: VecDeque::new(),
        pruned: HashMap::new(),
    };
    Ok(thread::spawn(move || {
        keeper.run(&messages);
        let _ = writing.join();
    }))
}

/// The writer: one transaction after the other.
fn write(store: &dyn Store, meter: &Meter, jobs: &Receiver<Job>, done: &Sender<Result<(), StoreError>>) {
    for Job { flush, import } in jobs {
        let begun = Instant::now();
        let result = store.apply(&flush);
        if result.is_ok() {
            meter.flushed(begun.elapsed().as_secs_f64());
        }
        // The keeper is told first, so that it is ready for the next batch.
        if done.send(result.clone()).is_err() {
            return;
        }
        if let Some(import) = import {
            answer(&import, result.map_err(ImportError::Store));
        }
    }
}

impl Keeper {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            match messages.recv_timeout(Duration::from_millis(500)) {
                Ok(message) => {
                    if !self.serve(message) {
                        break;
                    }
                    // One wake-up serves all that came with it.
                    for message in messages.try_iter().take(limits::QUEUE_HITS_MAX) {
                        if !self.serve(message) {
                            return self.finish();
                        }
                    }
                    self.tick();
                    thread::sleep(Duration::from_millis(limits::GATHER_MS));
                }
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.finish();
    }

    /// Serves one message; false ends the keeper.
    fn serve(&mut self, message: Message) -> bool {
        match message {
            Message::Hit(hit) => self.count(&hit),
            Message::Ask { site, asks, reply } => answer(&reply, self.pending(site, &asks)),
            Message::Now { site, reply } => answer(&reply, self.visitors_now(site)),
            Message::Import { site, batch, reply } => self.imports.push_back((site, *batch, reply)),
            Message::Flush(reply) => answer(&reply, self.flush_all()),
            Message::Stop => return false,
        }
        true
    }

    fn count(&mut self, hit: &Hit) {
        self.meter.queued.dec();
        let key = (hit.site, hit.local.day);
        let day = self.days.entry(key).or_insert_with(|| OpenDay::new(key.0, key.1));
        let before = day.visitors();
        match day.take(hit, self.visitors < limits::VISITORS_MAX) {
            Ok(()) => {
                self.visitors += day.visitors() - before;
                self.meter.counted.inc();
                if is_ping(hit) {
                    self.meter.pings.inc();
                }
            }
            Err(reason) => {
                self.meter.reject(reason);
                self.ledger.add(key.0, key.1, reason);
            }
        }
    }

    fn pending(&self, site: SiteId, asks: &[Ask]) -> Pending {
        let writing = self.writing.as_deref().map(|flush| generation_of(flush, site, asks));
        let of_site = || self.days.values().filter(|day| day.site == site);
        let rows =
            asks.iter().map(|ask| of_site().flat_map(|day| ask.rows_of(day.day, &day.peek(&ask.axis))).collect());
        let open = Generation {
            number: self.number + 1,
            rows: rows.collect(),
            rejected: self.ledger.peek(),
            first_day: of_site().filter(|day| day.pending() > 0).map(|day| day.day).min(),
        };
        Pending(writing.into_iter().chain([open]).collect())
    }

    fn visitors_now(&self, site: SiteId) -> usize {
        let now = self.clock.now();
        self.days.values().filter(|day| day.site == site).map(|day| day.visitors_now(now)).sum()
    }

    /// What is to be done from time to time.
    fn tick(&mut self) {
        if let Ok(result) = self.written.try_recv() {
            self.settle(result);
        }
        if self.retry.as_ref().is_some_and(|retry| Instant::now() >= retry.at) {
            self.send_again();
        }
        let now = self.clock.now();
        let is_due = (now.0 - self.flushed.0).abs() >= limits::FLUSH_INTERVAL_S as i64 * 1_000;
        if self.writing.is_none() && (is_due || !self.ended(now).is_empty()) {
            self.begin_flush();
        }
        while self.writing.is_none()
            && let Some((site, batch, reply)) = self.imports.pop_front()
        {
            self.begin_import(site, batch, reply);
        }
    }

    fn gauge(&self) {
        self.meter.visitors.set(self.visitors as i64);
        self.meter.cells.set(self.days.values().map(|day| day.pending() as i64).sum());
    }

    /// Days that are over, and days of sites that are no more.
    fn ended(&self, now: Moment) -> Vec<(SiteId, Day)> {
        let directory = self.directory();
        let is_over = |(site, day): &(SiteId, Day)| {
            directory.get(*site).is_none_or(|site| {
                // A day ahead of the clock was opened before the clock was set back; it waits for its end.
                now >= site.schedule.end_of(*day).plus(limits::DAY_GRACE_MS)
            })
        };
        let mut days = self.salts.days();
        days.extend(self.days.keys().copied());
        days.retain(is_over);
        days
    }

    fn directory(&self) -> Arc<Directory> {
        self.collector.upgrade().map(|inner| inner.directory.load_full()).unwrap_or_default()
    }

    /// Hands everything that is not stored to the writer, and forgets the days that are over.
    fn begin_flush(&mut self) {
        let now = self.clock.now();
        self.flushed = now;
        let closed = self.ended(now);
        let directory = self.directory();
        let waiting = self.days.values_mut().filter(|day| day.pending() > 0);
        let sums = waiting.map(|day| (day.site, day.day, day.drain()));
        // A hit of a site that was removed meanwhile must not leave sums behind.
        let sums: Vec<_> = sums.filter(|(site, _, _)| directory.get(*site).is_some()).collect();
        let rejected = self.ledger.drain();
        for key in &closed {
            self.salts.forget(key.0, key.1);
            self.visitors -= self.days.remove(key).map_or(0, |day| day.visitors());
        }
        self.gauge();
        let old_hours = self.old_hours(&directory, now);
        if sums.is_empty() && rejected.is_empty() && old_hours.is_empty() {
            return;
        }
        self.number += 1;
        let flush = Flush { number: self.number, sums, rejected, old_hours, imported: Vec::new() };
        self.send(flush, None);
    }

    /// Hands a batch of an import to the writer. It is a flush of its own, because hits that are counted now must gather
    /// as long as ever.
    fn begin_import(&mut self, site: SiteId, batch: Batch, reply: Import) {
        if self.directory().get(site).is_none() {
            return answer(&reply, Err(ImportError::Removed));
        }
        let Batch { sums, counted, rejected, imported } = batch;
        self.meter.batch(counted, rejected.iter().map(|rejected| (rejected.reason, rejected.count)));
        self.number += 1;
        let flush = Flush { number: self.number, sums, rejected, old_hours: Vec::new(), imported };
        self.send(flush, Some(reply));
    }

    fn send(&mut self, flush: Flush, import: Option<Import>) {
        let flush = Arc::new(flush);
        self.writing = Some(flush.clone());
        let _ = self.writer.send(Job { flush, import });
    }

    /// For each site, once a day, the first day of which hours are kept.
    fn old_hours(&mut self, directory: &Directory, now: Moment) -> Vec<(SiteId, Day)> {
        let mut old = Vec::new();
        for site in directory.all() {
            let today = site.schedule.locate(now).day;
            if self.pruned.insert(site.id, today) != Some(today) {
                old.push((site.id, Day(today.0 - limits::HOUR_DETAIL_DAYS)));
            }
        }
        old
    }

    /// Takes note of how a flush went.
    fn settle(&mut self, result: Result<(), StoreError>) {
        match result {
            Ok(()) => {
                self.writing = None;
                self.retry = None;
            }
            Err(error) => {
                let longest = Duration::from_secs(limits::FLUSH_RETRY_S_MAX);
                let pause = self.retry.as_ref().map_or(Duration::from_secs(1), |r| (r.pause * 2).min(longest));
                self.retry = Some(Retry { at: Instant::now() + pause, pause });
                self.meter.degraded.set(1);
                tracing::error!(error = %error, retry_s = pause.as_secs(), "a flush failed and will be tried again");
            }
        }
    }

    fn send_again(&mut self) {
        if let (Some(retry), Some(flush)) = (&mut self.retry, &self.writing) {
            // Until the answer comes there is nothing to try.
            retry.at = Instant::now() + Duration::from_secs(24 * 3_600);
            // An import that waited for it knows already that it failed.
            let _ = self.writer.send(Job { flush: flush.clone(), import: None });
        }
    }

    /// Writes everything and waits for it.
    fn flush_all(&mut self) -> Result<(), StoreError> {
        if self.writing.is_some() {
            if self.retry.is_some() {
                self.send_again();
            }
            self.await_writer()?;
        }
        self.begin_flush();
        if self.writing.is_some() { self.await_writer() } else { Ok(()) }
    }

    fn await_writer(&mut self) -> Result<(), StoreError> {
        let result = self.written.recv().unwrap_or(Err(StoreError::Other("the writer has ended".into())));
        self.settle(result.clone());
        result
    }

    fn finish(mut self) {
        if let Err(error) = self.flush_all() {
            tracing::error!(error = %error, "the last flush failed; what came since the one before is lost");
        }
    }
}

/// Whoever asked may have gone meanwhile.
fn answer<T>(reply: &Sender<T>, value: T) {
    let _ = reply.send(value);
}

/// Whether a hit is a ping, which the meter counts apart.
fn is_ping(hit: &Hit) -> bool {
    matches!(hit.kind, Kind::Engagement { .. })
}

fn generation_of(flush: &Flush, site: SiteId, asks: &[Ask]) -> Generation {
    let of_site = || flush.sums.iter().filter(move |(of, _, _)| *of == site);
    let rows = asks.iter().map(|ask| of_site().flat_map(|(_, day, sums)| ask.rows_of(*day, sums)).collect());
    Generation {
        number: flush.number,
        rows: rows.collect(),
        rejected: flush.rejected.clone(),
        first_day: of_site().map(|(_, day, _)| *day).min(),
    }
}
