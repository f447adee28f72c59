//! In: hits, counted by the requests that bring them; questions. Out: flushes, and sums that are not stored yet. Forgets: each day
//! when it has ended.
//!
//! Everything that is counted and not stored is one state behind one lock, held for microseconds: a request counts its hit
//! itself, and so knows what became of it before it answers. Whoever has the lock last does what is due meanwhile; a thread of
//! its own does when nobody comes.
//!
//! While a flush is being written its sums stay here as a memtable of its own; a reader that finds its number in the
//! store leaves it out. Nobody who counts waits for a disk.

mod adopting;
mod batches;
mod by_hand;
mod closing;
mod counting;
mod draining;
mod ending;
mod flushing;
mod forgetting;
mod image;
mod journaling;
mod minutes;
mod opening;
mod publishing;
mod recovery;
mod spilling;
mod trust;
mod unstored;
mod wake;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use arc_swap::ArcSwap;

use super::SumsBatch;
use super::mail::MailTallies;
use super::personal::Personal;
use super::rejections::RejectionSums;
use super::repeats::RepeatMemory;
use super::salts::Salts;
use crate::clock::{Clock, ClockBelief};
use crate::counts::{OpenDay, SessionSnapshot, Shares};
use crate::journal::{Found, Journal, JournalTrouble, Record};
use crate::limits;
use crate::meter::Meter;
use crate::report::folded::Kept;
use crate::site::{Day, Directory, Moment, SiteId};
use crate::store::spill::SpillPlaces;
use crate::store::{
    DayState, Flush, Forgetting, Imported, JournalPosition, JournalState, StoreError, SumStore, unless_damaged,
};
pub use adopting::Adopted;
use batches::Batches;
pub use counting::{BatchId, BatchOutcome, MarkedHit};
pub use ending::Ending;
use flushing::Flushing;
pub(super) use flushing::{Hands, Owed, look};
use journaling::Journaling;
use minutes::Minutes;
pub use spilling::WaitingSums;
use trust::ClockTrust;
use wake::Wake;

/// Where somebody waits for a flush.
pub type Waiter = Sender<Result<(), StoreError>>;

/// What the state is made with.
pub(super) struct Parts {
    pub(super) sums: Arc<dyn SumStore>,
    pub(super) directory: Arc<ArcSwap<Directory>>,
    pub(super) salts: Arc<Salts>,
    pub(super) personal: Arc<Personal>,
    pub(super) clock: Clock,
    pub(super) meter: Arc<Meter>,
    pub(super) folded: Arc<Kept>,
}

/// What the state begins with.
pub(super) struct Beginning {
    /// Whether hits will be counted, and days that are over closed.
    pub(super) counts: bool,
    /// Where records go.
    pub(super) journal: Option<Journal>,
    /// What was found there.
    pub(super) found: Found,
    /// How far the store is with it.
    pub(super) state: JournalState,
    /// Where it begins, if the store did not know of it.
    pub(super) begins: Option<JournalPosition>,
    /// Where what can't be stored at the end waits for the next start.
    pub(super) spills: SpillPlaces,
    /// What the store could not be told at the start.
    pub(super) owed: Vec<Owed>,
}

/// The state behind its lock.
pub(super) struct RunningLock {
    running: Mutex<Running>,
    is_stopping: AtomicBool,
    /// Until when the last flush is tried again; nothing where it is tried a few times.
    stops_at: Mutex<Option<Instant>>,
    wake: Arc<Wake>,
    clock: Clock,
}

impl RunningLock {
    /// The state as it is at the start of the program, with what was found in the journal.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't say how far it is.
    pub(super) fn new(parts: Parts, beginning: Beginning, hands: Hands) -> Result<RunningLock, StoreError> {
        let (clock, wake) = (parts.clock.clone(), Arc::new(Wake::default()));
        let now = clock.now();
        let mut running = Running::new(parts, &wake, now, hands)?;
        running.begin(beginning, now)?;
        let (running, is_stopping) = (Mutex::new(running), AtomicBool::new(false));
        Ok(RunningLock { running, is_stopping, stops_at: Mutex::default(), wake, clock })
    }

    /// Whether visitors of a site's day may be counted twice, because not all who came before are known.
    pub(super) fn may_repeat(&self, site: SiteId, day: Day) -> bool {
        self.lock().is_some_and(|running| running.repeating.get(&site) == Some(&day))
    }

    /// Works with the state, and then does what is due. Nothing once the program is ending, or when a panic has broken it.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Running, Moment) -> T) -> Option<T> {
        if self.is_stopping.load(Ordering::SeqCst) {
            return None;
        }
        let mut running = self.lock()?;
        let now = self.clock.now();
        let done = work(&mut running, now);
        if running.is_due(now) {
            running.tick(now);
        }
        Some(done)
    }

    fn lock(&self) -> Option<MutexGuard<'_, Running>> {
        self.running.lock().ok().filter(|running| !running.has_ended)
    }

    /// Does what is due. At the end of the program that is to store everything; then it tells what became of it.
    pub(super) fn keep(&self) -> Option<Result<Ending, StoreError>> {
        let Some(mut running) = self.lock() else { return Some(Err(super::ended())) };
        if self.is_stopping.load(Ordering::SeqCst) || running.flushing.has_ended() {
            let until = *self.stops_at.lock().unwrap_or_else(PoisonError::into_inner);
            return Some(running.finish(until));
        }
        running.tick(self.clock.now());
        let searches = running.begin_displacements();
        drop(running);
        for (key, search) in searches {
            let found = search.find();
            let Some(mut running) = self.lock() else { break };
            running.end_displacement(key, found);
        }
        None
    }

    /// Ends the thread of [`spawn`], which stores everything before; it tries `until` some moment, or a few times.
    pub(super) fn stop(&self, until: Option<Instant>) {
        *self.stops_at.lock().unwrap_or_else(PoisonError::into_inner) = until;
        self.is_stopping.store(true, Ordering::SeqCst);
        self.wake.now();
    }

    /// Ends that thread at once, which stores nothing then.
    pub(super) fn abandon(&self) {
        if let Some(mut running) = self.lock() {
            running.flushing.abandon();
            running.has_ended = true;
        }
        self.wake.now();
    }
}

/// Starts the thread that does what is due when no request comes.
pub(super) fn spawn(shared: Arc<RunningLock>) -> JoinHandle<Result<Ending, StoreError>> {
    thread::spawn(move || {
        loop {
            shared.wake.wait();
            if let Some(ended) = shared.keep() {
                return ended;
            }
        }
    })
}

/// What is counted and not stored.
pub(super) struct Running {
    days: HashMap<(SiteId, Day), OpenDay, foldhash::fast::RandomState>,
    /// How visitors of all open days share their room.
    shares: Shares,
    salts: Arc<Salts>,
    repeats: RepeatMemory,
    personal: Arc<Personal>,
    pub(super) rejections: RejectionSums,
    pub(super) mails: MailTallies,
    directory: Arc<ArcSwap<Directory>>,
    clock: Clock,
    meter: Arc<Meter>,
    flushing: Flushing,
    journal: Journaling,
    /// Days on which names should give way, until the thread of [`spawn`] sees to it.
    displacing: Vec<(SiteId, Day)>,
    wake: Arc<Wake>,
    /// The number of the flush that takes what is in memory now; [`u64::MAX`] until there is one.
    next_number: Arc<AtomicU64>,
    /// Who wants everything that is counted now to be stored.
    waiters: Vec<Waiter>,
    /// What is to be forgotten, and who waits for it.
    forgetting: Vec<(Forgetting, Waiter)>,
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
    /// From when to when nothing is due.
    quiet: (Moment, Moment),
    /// When the next day ends, among those of the directory that was looked at.
    next_end: Moment,
    looked_at: Arc<Directory>,
    trust: ClockTrust,
    sums: Arc<dyn SumStore>,
    /// Sites with the day on which visitors may count again, because those from before a start, or before another database was adopted,
    /// are not known.
    repeating: HashMap<SiteId, Day>,
    /// Days that are open in the store.
    unclosed: HashSet<(SiteId, Day)>,
    /// Days that run and are to be published.
    publishing: HashSet<(SiteId, Day)>,
    /// Days that are over, until the next flush.
    closing: Vec<DayState>,
    /// How far the store is with the journal once it has the flush under way.
    stored: Option<JournalPosition>,
    /// Whether everything is stored for good.
    has_ended: bool,
}

impl Running {
    fn new(parts: Parts, wake: &Arc<Wake>, now: Moment, hands: Hands) -> Result<Running, StoreError> {
        let Parts { sums, directory, salts, personal, clock, meter, folded } = parts;
        Ok(Running {
            days: HashMap::default(),
            shares: Shares::default(),
            salts,
            repeats: RepeatMemory::default(),
            personal,
            rejections: RejectionSums::default(),
            mails: MailTallies::default(),
            looked_at: directory.load_full(),
            directory,
            clock,
            flushing: Flushing::start(sums.clone(), meter.clone(), wake.clone(), folded, hands)?,
            journal: Journaling::none(meter.clone()),
            displacing: Vec::new(),
            wake: wake.clone(),
            meter,
            next_number: Arc::new(AtomicU64::new(u64::MAX)),
            waiters: Vec::new(),
            forgetting: Vec::new(),
            imports: VecDeque::new(),
            minutes: Minutes::default(),
            batches: Batches::default(),
            imported: Vec::new(),
            flushed: now,
            gauged: now,
            checkpointed: now,
            quiet: (now, now),
            next_end: now,
            trust: ClockTrust::of(unless_damaged(sums.believed_day())?),
            repeating: HashMap::new(),
            unclosed: HashSet::new(),
            publishing: HashSet::new(),
            sums,
            closing: Vec::new(),
            stored: None,
            has_ended: false,
        })
    }

    /// How many visitors are remembered.
    pub(super) fn visitors(&self) -> usize {
        self.shares.visitors()
    }

    /// Why what is counted is in no journal; nothing if it is.
    pub(super) fn journal_trouble(&self) -> Option<JournalTrouble> {
        self.journal.trouble()
    }

    /// The folder of the journal; nothing without one.
    pub(super) fn journal_folder(&self) -> Option<PathBuf> {
        self.journal.folder()
    }

    /// What is known of the last minutes of a site, for whoever looks at it: the visitors of its days, and pageviews by minute.
    pub(super) fn recent_activity(
        &self,
        site: SiteId,
        at: Moment,
    ) -> (Vec<SessionSnapshot>, [u32; limits::RECENT_MINUTES]) {
        let days = self.days.values().filter(|day| day.site == site);
        (days.map(OpenDay::snapshot).collect(), self.minutes.of(site, at))
    }

    /// Has everything stored that is counted now.
    pub(super) fn flush(&mut self, waiter: Waiter) {
        self.waiters.push(waiter);
        self.flushing.try_now();
        self.wants_tick();
    }

    /// The same, with the pairs of running days.
    pub(super) fn store_pairs(&mut self, waiter: Waiter) {
        self.checkpointed = Moment(0);
        self.flush(waiter);
    }

    /// Has the sums of an import stored.
    pub(super) fn import(&mut self, site: SiteId, batch: SumsBatch, waiter: Waiter) {
        self.imports.push_back((site, batch, waiter));
        self.wants_tick();
    }

    /// Whether something is to be done at `now`. A clock that was set back changes what is due.
    fn is_due(&self, now: Moment) -> bool {
        !(self.quiet.0..self.quiet.1).contains(&now)
    }

    fn wants_tick(&mut self) {
        self.quiet.1 = self.quiet.0;
    }

    /// What is to be done from time to time.
    fn tick(&mut self, now: Moment) {
        self.flushing.look();
        self.tell_failure();
        self.remove_spilled();
        // Flushes set the gauges; while none goes through they are looked at all the same.
        if is_past(self.gauged, limits::FLUSH_INTERVAL_S, now) {
            self.gauge(now);
        } else if self.flushing.is_failing() {
            self.look_at_room(self.waiting());
        }
        let reading = self.clock.reading();
        self.note_belief(&reading);
        let has_ended = self.close_ended(reading.ends);
        self.repeats.forget_past(now);
        self.renew_journal();
        let is_due = is_past(self.flushed, limits::FLUSH_INTERVAL_S, now);
        let wants = is_due || has_ended || !self.waiters.is_empty() || !self.forgetting.is_empty();
        if self.flushing.writing().is_none() && wants {
            let has_time = reading.belief != ClockBelief::Unset;
            let present = if has_time { self.present(&reading) } else { Flush::default() };
            let is_hour_over = is_past(self.checkpointed, limits::CHECKPOINT_S, now);
            self.begin_flush(now, present, is_hour_over);
        }
        while self.flushing.writing().is_none()
            && let Some((site, batch, waiter)) = self.imports.pop_front()
        {
            self.begin_import(site, batch, waiter);
        }
        let longest = now.plus(limits::IDLE_MS as i64);
        self.quiet = (now, if reading.ends < now { longest } else { longest.min(self.next_end) });
    }

    fn gauge(&mut self, now: Moment) {
        self.gauged = now;
        self.meter.failures.tell_left_out();
        self.meter.visitors.set(self.shares.visitors() as i64);
        self.meter.journal_bytes.set(self.journal.bytes() as i64);
        let waiting = self.waiting();
        self.meter.cells.set(waiting.cells as i64);
        self.meter.oldest_pending.set(waiting.since.map_or(0, |since| (now.0 - since.0).max(0) / 1_000));
        self.look_at_room(waiting);
    }

    fn look_at_room(&mut self, waiting: WaitingSums) {
        self.flushing.is_full = waiting.is_failing && waiting.cells > limits::CELLS_WAITING_MAX;
    }

    /// Drops everything of a site that the store has removed.
    pub(super) fn forget_site(&mut self, site: SiteId) {
        self.days.retain(|(of, _), _| *of != site);
        self.minutes.forget_site(site);
        self.repeating.remove(&site);
        self.journal.later(|| Record::Forgotten { site });
        self.journal.forget();
        self.unclosed.retain(|(of, _)| *of != site);
        self.publishing.retain(|(of, _)| *of != site);
        self.closing.retain(|state| state.site != site);
        self.repeats.forget_days(|(of, _)| *of == site);
        self.mails.forget_site(site);
        self.shares.forget_site(site);
        for (_, day) in self.salts.days().into_iter().filter(|(of, _)| *of == site) {
            self.salts.forget(site, day);
        }
    }
}

/// Whether so many seconds have passed since a moment. A clock that was set back has them passed too.
fn is_past(since: Moment, seconds: u64, now: Moment) -> bool {
    (now.0 - since.0).unsigned_abs() >= seconds * 1_000
}

/// Whoever asked may have gone meanwhile.
fn answer<T>(reply: &Sender<T>, value: T) {
    let _ = reply.send(value);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::collector::Collector;
    use crate::hit::Tools;
    use crate::hit::agent::Agents;
    use crate::hit::place::Places;
    use crate::secret::Digest;

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
        let id = super::BatchId { digest: POISON, lacks_hits: false };
        collector.take_batch(Vec::new(), Some(id)).unwrap();
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
