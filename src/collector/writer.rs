//! In: hits and questions, one after the other. Out: flushes, and sums that are not stored yet. Forgets: each day when it
//! has ended.
//!
//! While a flush is being written its sums stay here as a memtable of its own; a reader that finds its number in the
//! store leaves it out. The writer never waits for the flusher but at the end of the program.

mod batches;
mod closing;
mod flushing;
mod minutes;
mod unstored;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::mail::Mails;
use super::message::{BatchOutcome, Waiter, WriterMessage};
use super::personal::{self, Personal};
use super::recent::Recent;
use super::rejections::{BookedRows, RejectionCounters};
use super::salts::Salts;
use super::{Collector, SumsBatch};
use crate::clock::Clock;
use crate::counts::recent_activity::RecentActivity;
use crate::counts::{self, Newcomer, OpenDay, Shares};
use crate::hit::{Hit, Kind};
use crate::limits;
use crate::meter::Meter;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, Directory, Moment, SiteId};
use crate::store::{DayState, Flush, Imported, StoreError, SumStore};
use batches::Batches;
use flushing::Flushing;
use minutes::Minutes;

struct SumsWriter {
    days: HashMap<(SiteId, Day), OpenDay>,
    /// How visitors of all open days share their room.
    shares: Shares,
    salts: Arc<Salts>,
    recent: Arc<Recent>,
    personal: Arc<Personal>,
    rejections: Arc<RejectionCounters>,
    mails: Arc<Mails>,
    directory: Arc<ArcSwap<Directory>>,
    clock: Clock,
    meter: Arc<Meter>,
    flushing: Flushing,
    /// The number of the flush that takes what is in memory now; [`u64::MAX`] until there is one.
    next_number: Arc<AtomicU64>,
    /// Who wants everything that is counted now to be stored.
    waiters: Vec<Waiter>,
    /// Batches of imports, which wait for the flusher.
    imports: VecDeque<(SiteId, SumsBatch, Waiter)>,
    /// Pageviews of the last minutes.
    minutes: Minutes,
    /// Ids of batches that were counted lately.
    batches: Batches,
    /// How far logs are read whose hits wait for the next flush.
    imported: Vec<Imported>,
    flushed: Moment,
    /// When the gauges were last set.
    gauged: Moment,
    /// When the pairs of running days were last stored.
    checkpointed: Moment,
    /// The day of each site that the store was last told.
    told: HashMap<SiteId, Day>,
    sums: Arc<dyn SumStore>,
    /// Days that are open in the store.
    unclosed: HashSet<(SiteId, Day)>,
    /// Days that are over, until the next flush.
    closing: Vec<DayState>,
}

/// Starts the writer and its flusher.
pub(super) fn spawn(
    collector: &Collector,
    messages: Receiver<WriterMessage>,
) -> Result<JoinHandle<Result<(), StoreError>>, StoreError> {
    let inner = &collector.0;
    let writer = SumsWriter {
        days: HashMap::new(),
        shares: Shares::default(),
        salts: inner.salts.clone(),
        recent: inner.recent.clone(),
        personal: inner.personal.clone(),
        rejections: inner.rejections.clone(),
        mails: inner.mails.clone(),
        directory: inner.directory.clone(),
        clock: inner.clock.clone(),
        meter: inner.meter.clone(),
        next_number: Arc::new(AtomicU64::new(u64::MAX)),
        flushing: Flushing::start(inner.sums.clone(), inner.meter.clone())?,
        waiters: Vec::new(),
        imports: VecDeque::new(),
        minutes: Minutes::default(),
        batches: Batches::default(),
        imported: Vec::new(),
        flushed: inner.clock.now(),
        gauged: inner.clock.now(),
        checkpointed: inner.clock.now(),
        told: HashMap::new(),
        unclosed: inner.sums.open_days()?.into_iter().collect(),
        sums: inner.sums.clone(),
        closing: Vec::new(),
    };
    Ok(thread::spawn(move || writer.run(&messages)))
}

impl SumsWriter {
    fn run(mut self, messages: &Receiver<WriterMessage>) -> Result<(), StoreError> {
        loop {
            // The flusher's word is taken soon, because somebody may wait for it.
            let pause = if self.flushing.is_in_flight() { limits::GATHER_MS } else { limits::IDLE_MS };
            match messages.recv_timeout(Duration::from_millis(pause)) {
                Ok(message) => {
                    // One wake-up serves all that came with it.
                    let rest = messages.try_iter().take(limits::QUEUE_HITS_MAX);
                    let mut brings_hits = false;
                    for message in std::iter::once(message).chain(rest) {
                        brings_hits |= matches!(message, WriterMessage::Hit(_));
                        if !self.serve(message) {
                            return self.finish();
                        }
                    }
                    self.tick();
                    if self.flushing.has_ended() {
                        return self.finish();
                    }
                    // Hits may gather; who asks one question asks the next at once.
                    if brings_hits {
                        thread::sleep(Duration::from_millis(limits::GATHER_MS));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.tick();
                    if self.flushing.has_ended() {
                        return self.finish();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return self.finish(),
            }
        }
    }

    /// Serves one message; false ends the writer.
    fn serve(&mut self, message: WriterMessage) -> bool {
        match message {
            // A reason not to count it is booked.
            WriterMessage::Hit(hit) => hit.count(|hit| _ = self.count(hit)),
            WriterMessage::Batch { hits, id, imported, reply } => {
                answer(&reply, self.count_batch(&hits, id));
                self.note_read(imported);
            }
            WriterMessage::Snapshot { scope, reply } => answer(&reply, self.pending(&scope)),
            WriterMessage::RecentActivity { site, reply } => answer(&reply, self.recent_activity(site)),
            WriterMessage::Visitors(reply) => answer(&reply, self.shares.visitors()),
            WriterMessage::Import { site, batch, waiter } => self.imports.push_back((site, *batch, waiter)),
            WriterMessage::Flush(waiter) => {
                self.waiters.push(waiter);
                self.flushing.try_now();
            }
            WriterMessage::Forget(site) => self.forget_site(site),
            WriterMessage::Stop => return false,
        }
        true
    }

    fn count_batch(&mut self, hits: &[Hit], id: Option<Digest>) -> BatchOutcome {
        self.meter.queued.dec_by(hits.len() as i64);
        if id.is_some_and(|id| !self.batches.begin(id, self.clock.now())) {
            hits.iter().for_each(|hit| self.reject(hit, Rejection::Repeat));
            return BatchOutcome { is_repeat: true, outcomes: vec![Err(Rejection::Repeat); hits.len()] };
        }
        BatchOutcome { is_repeat: false, outcomes: hits.iter().map(|hit| self.count(hit)).collect() }
    }

    /// Keeps how far logs are read for the next flush; what was said of one before is past.
    fn note_read(&mut self, imported: Vec<Imported>) {
        for entry in imported {
            self.imported.retain(|known| (known.site, known.head) != (entry.site, entry.head));
            self.imported.push(entry);
        }
    }

    fn reject(&self, hit: &Hit, reason: Rejection) {
        self.meter.reject(reason);
        self.rejections.add(hit.site, hit.local.day, reason, None);
    }

    fn count(&mut self, hit: &Hit) -> Result<(), Rejection> {
        let key = (hit.site, hit.local.day);
        let is_old = || {
            let today = self.directory.load().get(hit.site).map(|site| site.schedule.locate(self.clock.now()).day);
            today.is_some_and(|today| key.1.0 < today.0 - limits::HOUR_DETAIL_DAYS)
        };
        let budget = |site| self.directory.load().get(site).map(|site| site.settings.budget).unwrap_or_default();
        let open = || {
            let day = match is_old() {
                true => OpenDay::without_hours(key.0, key.1, budget(key.0)),
                false => OpenDay::new(key.0, key.1, budget(key.0)),
            };
            day.folding(personal::folding(key.0, &self.personal, &self.directory, &self.sums, &self.meter))
        };
        let day = self.days.entry(key).or_insert_with(open);
        let before = day.visitors();
        let (shares, directory) = (&mut self.shares, &self.directory);
        let newcomer = Newcomer { day: key, network: hit.network, at: hit.at };
        let taken = day.take(hit, || shares.room(newcomer, directory.load().len()));
        match taken {
            Ok(()) => {
                if day.wants_displacement() {
                    day.displace_lightest();
                }
                if day.visitors() != before {
                    self.shares.note(key, day.visitors());
                }
                self.meter.counted.inc();
                match hit.kind {
                    Kind::Engagement { .. } => _ = self.meter.pings.inc(),
                    Kind::Pageview => self.minutes.count(hit.site, hit.at),
                    Kind::Event { .. } => {}
                }
            }
            Err(reason) => self.reject(hit, reason),
        }
        taken
    }

    fn recent_activity(&self, site: SiteId) -> RecentActivity {
        let at = self.clock.now();
        let people = counts::RecentVisitors::of(self.days.values().filter(|day| day.site == site), at);
        RecentActivity { at, pageviews: self.minutes.of(site, at), people }
    }

    /// What is to be done from time to time.
    fn tick(&mut self) {
        self.flushing.look();
        let now = self.clock.now();
        // Flushes set the gauges; while none goes through they are looked at all the same.
        if (now.0 - self.gauged.0).abs() >= limits::FLUSH_INTERVAL_S as i64 * 1_000 {
            self.gauge(now);
        }
        let has_ended = self.close_ended(now);
        self.recent.forget_past(now);
        let is_due = (now.0 - self.flushed.0).abs() >= limits::FLUSH_INTERVAL_S as i64 * 1_000;
        let wants = is_due || has_ended || !self.waiters.is_empty();
        if self.flushing.writing().is_none() && wants {
            let today = self.today(now);
            let is_hour_over = (now.0 - self.checkpointed.0).abs() >= limits::CHECKPOINT_S as i64 * 1_000;
            self.begin_flush(now, today, is_hour_over);
        }
        while self.flushing.writing().is_none()
            && let Some((site, batch, waiter)) = self.imports.pop_front()
        {
            self.begin_import(site, batch, waiter);
        }
    }

    fn gauge(&mut self, now: Moment) {
        self.gauged = now;
        self.meter.failures.tell_left_out();
        self.meter.visitors.set(self.shares.visitors() as i64);
        self.meter.cells.set(self.days.values().map(|day| day.pending() as i64).sum());
    }

    /// Drops everything of a site that the store has removed.
    fn forget_site(&mut self, site: SiteId) {
        self.days.retain(|(of, _), _| *of != site);
        self.minutes.forget_site(site);
        self.unclosed.retain(|(of, _)| *of != site);
        self.closing.retain(|state| state.site != site);
        self.shares.forget_site(site);
        for (_, day) in self.salts.days().into_iter().filter(|(of, _)| *of == site) {
            self.salts.forget(site, day);
        }
    }

    /// Hands everything that is not stored to the flusher, unless there is nothing; with `checkpoint` also the pairs of
    /// running days.
    fn begin_flush(&mut self, now: Moment, today: Vec<(SiteId, Day)>, checkpoint: bool) {
        self.flushed = now;
        self.minutes.forget_past(now);
        let directory = self.directory.load_full();
        let is_known = |site: SiteId| site == SiteId::INSTANCE || directory.get(site).is_some();
        // Sums of a site that is being removed stay here until it is clear what becomes of them.
        let waiting = self.days.values_mut().filter(|day| day.pending() > 0 && is_known(day.site));
        let sums: Vec<_> = waiting.map(|day| (day.site, day.day, day.drain())).collect();
        self.unclosed.extend(sums.iter().map(|(site, day, _)| (*site, *day)));
        let BookedRows { mut rejected, mut bots } = self.rejections.drain();
        rejected.retain(|rejected| is_known(rejected.site));
        bots.retain(|bot| is_known(bot.site));
        let batches = self.batches.drain(now);
        let is_over = |(site, day): &(SiteId, Day)| {
            directory.get(*site).is_none_or(|site| now >= site.schedule.end_of(*day).plus(limits::DAY_GRACE_MS))
        };
        let mails: Vec<_> = self.mails.drain(is_over).into_iter().filter(|mail| is_known(mail.site)).collect();
        let mut days = self.take_closing(&directory);
        if checkpoint {
            self.checkpointed = now;
            days.extend(self.checkpoint());
        }
        self.forget_empty_days();
        self.gauge(now);
        let waiters = std::mem::take(&mut self.waiters);
        let imported: Vec<_> = self.imported.drain(..).filter(|entry| is_known(entry.site)).collect();
        let is_empty = sums.is_empty() && rejected.is_empty() && today.is_empty() && days.is_empty();
        if is_empty && imported.is_empty() && batches.is_empty() && mails.is_empty() {
            return waiters.iter().for_each(|waiter| answer(waiter, Ok(())));
        }
        let number = self.flushing.next_number();
        // Whoever has a copy of these sums is told in which flush they are from now on.
        let taken = std::mem::replace(&mut self.next_number, Arc::new(AtomicU64::new(u64::MAX)));
        taken.store(number, Ordering::SeqCst);
        self.flushing.begin(Flush { number, sums, days, rejected, bots, today, imported, mails, batches }, waiters);
    }

    /// Drops days without visitors and without sums, which hold nothing but names.
    fn forget_empty_days(&mut self) {
        let shares = &mut self.shares;
        self.days.retain(|key, day| {
            let stays = day.visitors() > 0 || day.pending() > 0;
            if !stays {
                shares.forget_day(*key);
            }
            stays
        });
    }

    /// Hands a batch of an import to the flusher. It is a flush of its own, because hits that are counted now must gather
    /// as long as ever.
    fn begin_import(&mut self, site: SiteId, batch: SumsBatch, waiter: Waiter) {
        if site != SiteId::INSTANCE && self.directory.load().get(site).is_none() {
            return;
        }
        let SumsBatch { sums, days, counted, rejected, bots, imported } = batch;
        self.meter.batch(counted, rejected.iter().map(|rejected| (rejected.reason, rejected.count)));
        let number = self.flushing.next_number();
        let flush = Flush { number, sums, days, rejected, bots, imported, ..Flush::default() };
        self.flushing.begin(flush, vec![waiter]);
    }

    /// The present day of each site, said once on each.
    fn today(&mut self, now: Moment) -> Vec<(SiteId, Day)> {
        let mut new = Vec::new();
        for site in self.directory.load().all() {
            let today = site.schedule.locate(now).day;
            if self.told.insert(site.id, today) != Some(today) {
                new.push((site.id, today));
            }
        }
        new
    }

    /// Stores everything before the end, and tells if that can't be done.
    fn finish(mut self) -> Result<(), StoreError> {
        let mut result = Ok(());
        let mut tries = limits::LAST_FLUSH_TRIES;
        while tries > 0 {
            if self.flushing.writing().is_none() {
                self.begin_flush(self.clock.now(), Vec::new(), true);
            }
            if self.flushing.writing().is_none() {
                break;
            }
            result = self.flushing.wait();
            tries -= usize::from(result.is_err());
        }
        self.flushing.end();
        result
    }
}

/// Whoever asked may have gone meanwhile.
fn answer<T>(reply: &Sender<T>, value: T) {
    let _ = reply.send(value);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::hit::Tools;
    use crate::hit::agent::Agents;
    use crate::hit::place::Places;

    const POISON: Digest = Digest([0xee; 32]);

    /// Whether the flusher is to panic over a flush.
    pub(super) fn is_poisoned(flush: &Flush) -> bool {
        flush.batches.iter().any(|(id, _)| *id == POISON)
    }

    #[test]
    fn a_flusher_that_panics_ends_the_writer_too() {
        let folder = tempfile::tempdir().unwrap();
        let stores = crate::store::open(&folder.path().join("headcount.db")).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let clock = Clock::manual(Moment(1_780_315_200_000));
        let (collector, keeping) = Collector::start(stores, tools, clock).unwrap();
        collector.take_batch(Vec::new(), Some(POISON)).unwrap();
        assert!(collector.flush().is_err(), "who waits is told");
        let mut looks = 0;
        while !keeping.has_ended() {
            looks += 1;
            assert!(looks < 1_000, "the writer goes on without a flusher");
            thread::park_timeout(Duration::from_millis(10));
        }
        assert!(keeping.wait().is_err());
        assert!(collector.flush().is_err() && crate::report::Records::visitors_now(&collector).is_err());
        let reasons = collector.meter().troubles();
        assert!(reasons.contains(&"nothing is counted or stored"), "{reasons:?}");
    }
}
