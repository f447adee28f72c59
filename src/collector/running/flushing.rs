//! In: flushes, one at a time. Out: the same in the store, sooner or later, and word of it to those who wait. Forgets: a
//! flush, when it is stored.
//!
//! A thread of its own writes, so that nobody who counts or asks waits for a disk. A flush that fails is kept and tried
//! again; the next one begins when it is stored.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Waiter;
use super::spilling::Spilling;
use super::wake::Wake;
use crate::collector::random;
use crate::journal;
use crate::limits;
use crate::memory;
use crate::meter::{FailureKind, Meter};
use crate::report::folded::Kept;
use crate::secret::{self, Digest};
use crate::store::{Flush, Moved, StoreError, SumStore};

mod jobs;
mod owed;

pub use jobs::Hands;
use jobs::{JobOutcome, JobsByHand, carry_out};
pub use owed::Owed;

type FlushResult = (u64, Result<(), StoreError>);

/// The flush that is being written, and the thread that writes it.
pub struct Flushing {
    store: Arc<dyn SumStore>,
    flusher: Flusher,
    hands: Hands,
    /// Whether the flusher ended by itself, which is a failure of the program.
    has_ended: bool,
    meter: Arc<Meter>,
    wake: Arc<Wake>,
    /// What is forgotten when a flush folds days that are over.
    folded: Arc<Kept>,
    /// Random, for the ids of its flushes.
    program: Digest,
    /// Number of the last flush that was begun.
    number: u64,
    writing: Option<Arc<Flush>>,
    /// Those that wait for it, which an earlier program has left; [`Flushing::begin`] comes after them.
    queued: VecDeque<Arc<Flush>>,
    /// Number of the last flush that is known to be stored.
    stored: u64,
    /// When that was begun.
    since: Option<Instant>,
    /// Whether the flusher has it, rather than a pause before the next try.
    is_in_flight: bool,
    retry: Option<Retry>,
    waiters: Vec<Waiter>,
    /// Number of its first flush, if the store is told only then that nobody goes on with running days. Else 0.
    alone_from: u64,
    /// What an earlier program has left, and where the next one looks.
    pub(super) spilling: Spilling,
    /// Whether so much waits that nothing more is counted.
    pub(super) is_full: bool,
}

/// Who writes: a thread, or whoever has the collector in hand.
struct Flusher {
    jobs: Sender<Job>,
    written: Receiver<FlushResult>,
    thread: Option<JoinHandle<()>>,
    by_hand: Option<JobsByHand>,
}

impl Flusher {
    fn start(store: &Arc<dyn SumStore>, meter: &Arc<Meter>, told: (Arc<Wake>, Arc<Kept>), hands: Hands) -> Flusher {
        let (jobs, to_do) = mpsc::channel();
        let (done, written) = mpsc::channel();
        let (store, meter, (wake, folded)) = (store.clone(), meter.clone(), told);
        let told = Told { done, wake, folded };
        let (thread, by_hand) = match hands {
            Hands::Threads => (Some(thread::spawn(move || work(&*store, &meter, &to_do, &told))), None),
            Hands::Caller => (None, Some(JobsByHand { to_do, told, owed: Vec::new(), has_more: true })),
        };
        Flusher { jobs, written, thread, by_hand }
    }

    /// Waits for its end, which comes when it has no more jobs.
    fn end(self) {
        drop(self.jobs);
        // That it panicked was noted when it did not answer.
        let _ = self.thread.map(JoinHandle::join);
    }

    /// None: whoever sends it a flush is told that it has ended.
    fn none() -> Flusher {
        Flusher { jobs: mpsc::channel().0, written: mpsc::channel().1, thread: None, by_hand: None }
    }
}

/// Who is told what became of a flush, and that the flusher has ended.
struct Told {
    done: Sender<FlushResult>,
    wake: Arc<Wake>,
    /// Answers to readers, made of sums as they were.
    folded: Arc<Kept>,
}

impl Drop for Told {
    fn drop(&mut self) {
        self.wake.now();
    }
}

/// What the flusher does.
pub(super) enum Job {
    /// Tells the store something before the next flush.
    Owe(Owed),
    /// Writes a flush.
    Flush(Arc<Flush>),
    /// Writes an image for the journal.
    Image(Box<dyn FnOnce() + Send>),
}

/// When a failed flush is tried again.
struct Retry {
    at: Instant,
    pause: Duration,
    why: StoreError,
}

impl Flushing {
    /// Starts the flusher of a store.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't say how far it is, or the system gives no random bytes.
    pub fn start(
        store: Arc<dyn SumStore>,
        meter: Arc<Meter>,
        wake: Arc<Wake>,
        folded: Arc<Kept>,
        hands: Hands,
    ) -> Result<Flushing, StoreError> {
        let number = store.last_flush()?;
        let program = random().map(Digest).map_err(|error| StoreError::Other(error.to_string()))?;
        let flusher = Flusher::start(&store, &meter, (wake.clone(), folded.clone()), hands);
        let (writing, retry, waiters) = (None, None, Vec::new());
        Ok(Flushing {
            store,
            flusher,
            hands,
            has_ended: false,
            meter,
            wake,
            folded,
            program,
            number,
            writing,
            queued: VecDeque::new(),
            stored: number,
            since: None,
            is_in_flight: false,
            retry,
            waiters,
            alone_from: 0,
            spilling: Spilling::default(),
            is_full: false,
        })
    }

    /// Whether the flusher ended by itself. Then nothing is ever stored again, and the program has to end.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The flush that is not known to be stored yet.
    pub fn writing(&self) -> Option<&Arc<Flush>> {
        self.writing.as_ref()
    }

    /// The flushes that wait for it.
    pub fn queued(&self) -> impl Iterator<Item = &Arc<Flush>> {
        self.queued.iter()
    }

    /// Whether the last try failed.
    pub fn is_failing(&self) -> bool {
        self.retry.is_some()
    }

    /// Why the last try failed, until the next one begins.
    pub fn failure(&self) -> Option<&StoreError> {
        self.retry.as_ref().filter(|_| !self.is_in_flight).map(|retry| &retry.why)
    }

    /// Number of the last flush that is known to be stored.
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// Whether a batch with this id waits to be stored, which may take longer than the id is kept.
    pub fn has_batch(&self, id: Digest) -> bool {
        let waiting = self.writing.iter().chain(&self.queued);
        waiting.flat_map(|flush| &flush.batches).any(|(of, _)| *of == id)
    }

    /// Takes flushes that an earlier program has left, numbered from [`Flushing::next_number`] on, and begins with the first. There
    /// must be none under way.
    pub fn take_up(&mut self, flushes: Vec<Arc<Flush>>) {
        debug_assert!(self.writing.is_none(), "one flush after the other");
        self.number = flushes.last().map_or(self.number, |flush| flush.number);
        self.queued.extend(flushes);
        self.next();
    }

    /// Since when it is being written.
    pub fn since(&self) -> Option<Instant> {
        self.since
    }

    /// How long visits of days that ended may lie in the journal while it is: less where it fails.
    pub fn longest(&self) -> Duration {
        let is_failing = self.retry.is_some();
        Duration::from_secs(if is_failing { limits::JOURNAL_FORGET_S } else { limits::JOURNAL_SLOW_S })
    }

    /// The number that the next flush will have.
    pub fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// What tells the flush of a number from those of other programs.
    pub fn id_of(&self, number: u64) -> Digest {
        secret::of_flush(&self.program, number)
    }

    /// Begins a flush that bears [`Flushing::next_number`]. There must be none under way.
    pub fn begin(&mut self, mut flush: Flush, waiters: Vec<Waiter>) {
        debug_assert!(self.writing.is_none() && flush.number == self.next_number(), "one flush after the other");
        self.number = flush.number;
        (flush.id, flush.follows) = (Some(self.id_of(flush.number)), Some(self.id_of(self.stored)));
        (self.writing, self.since) = (Some(Arc::new(flush)), Some(Instant::now()));
        self.waiters = waiters;
        self.send();
    }

    /// Takes the flusher's word if it has come, and tries a failed flush again if it is time.
    pub fn look(&mut self) {
        match self.flusher.written.try_recv() {
            Ok(written) => self.finish_flush(written),
            Err(TryRecvError::Disconnected) => self.end_of_flusher(),
            Err(TryRecvError::Empty) => {}
        }
        // Whoever has it in hand says when a pause is over.
        let is_time = |retry: &Retry| self.hands == Hands::Threads && Instant::now() >= retry.at;
        if self.retry.as_ref().is_some_and(is_time) {
            self.try_now();
        }
    }

    /// Tries a failed flush again without a further pause.
    pub fn try_now(&mut self) {
        if self.writing.is_some() && !self.is_in_flight {
            self.send();
        }
    }

    /// Waits for the flusher's word, until some moment if there is one. Only for the end of the program. A flusher that has ended has
    /// a successor for this.
    pub fn wait(&mut self, until: Option<Instant>) -> Result<(), StoreError> {
        if self.has_ended {
            let told = (self.wake.clone(), self.folded.clone());
            self.flusher = Flusher::start(&self.store, &self.meter, told, self.hands);
            self.has_ended = false;
        }
        self.try_now();
        while self.work_by_hand(false) {}
        let longest = until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        let written = match self.flusher.written.recv_timeout(longest) {
            Ok(written) => written,
            // What the last try said that has ended.
            Err(RecvTimeoutError::Timeout) => {
                return Err(self.retry.as_ref().map_or(StoreError::Busy, |retry| retry.why.clone()));
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.end_of_flusher();
                return gone();
            }
        };
        let result = written.1.clone();
        self.finish_flush(written);
        result
    }

    /// Waits for the try that is under way, if one is.
    pub fn finish_try(&mut self) {
        while self.work_by_hand(false) {}
        if self.is_in_flight {
            match self.flusher.written.recv() {
                Ok(written) => self.finish_flush(written),
                Err(_) => self.end_of_flusher(),
            }
        }
    }

    /// Takes back what could not be stored and no store has that is asked now, also what waits behind it; an empty flush if there is
    /// none. None may be in flight.
    pub fn take_back(&mut self, is_in: impl Fn(&Flush) -> bool) -> Flush {
        (self.since, self.retry) = (None, None);
        let begun = self.writing.take().into_iter().chain(self.queued.drain(..)).filter(|flush| !is_in(flush));
        let all = begun.map(Arc::unwrap_or_clone).reduce(|mut all, later| {
            all.append(later);
            all
        });
        all.unwrap_or_default()
    }

    /// The number of the next flush, for a store that has one of this number already.
    pub fn next_above(&mut self, last: u64) -> u64 {
        self.number = self.number.max(last);
        self.next_number()
    }

    /// Ends the flusher. One that does not answer in time is left alone: the end of the program ends it.
    pub fn end(&mut self) {
        let flusher = std::mem::replace(&mut self.flusher, Flusher::none());
        if !self.is_in_flight {
            flusher.end();
        }
    }

    /// Ends the flusher, and waits for what it does: where the program goes on, it must not write beside the next one.
    pub fn abandon(&mut self) {
        std::mem::replace(&mut self.flusher, Flusher::none()).end();
    }

    /// Hands the flusher other work, which it does before the next flush.
    pub fn hand(&mut self, job: Job) {
        if self.flusher.jobs.send(job).is_err() {
            self.end_of_flusher();
        }
    }

    fn end_of_flusher(&mut self) {
        if !self.has_ended {
            self.has_ended = true;
            self.meter.failed(FailureKind::Writer, "flush", "the flusher has ended");
            let number = self.writing.as_ref().map_or(self.number, |flush| flush.number);
            self.finish_flush((number, gone()));
        }
    }

    fn send(&mut self) {
        if let Some(flush) = &self.writing {
            self.is_in_flight = true;
            if self.flusher.jobs.send(Job::Flush(flush.clone())).is_err() {
                self.end_of_flusher();
            }
        }
    }

    fn finish_flush(&mut self, (number, result): FlushResult) {
        let expected = self.writing.as_ref().map_or(self.number, |flush| flush.number);
        if number != expected {
            return;
        }
        self.is_in_flight = false;
        match &result {
            Ok(()) => {
                (self.writing, self.since, self.retry, self.stored) = (None, None, None, number);
                self.next();
            }
            Err(error) => self.pause(error),
        }
        // Whoever is told of a failure finds it in `/health` too.
        for waiter in self.waiters.drain(..) {
            // Whoever waited may have gone meanwhile.
            let _ = waiter.send(result.clone());
        }
    }

    /// Begins the next of those that wait.
    fn next(&mut self) {
        if let Some(flush) = self.queued.pop_front() {
            (self.writing, self.since) = (Some(flush), Some(Instant::now()));
            self.send();
        }
    }

    fn pause(&mut self, error: &StoreError) {
        let longest = Duration::from_secs(limits::FLUSH_RETRY_S_MAX);
        let pause = self
            .retry
            .as_ref()
            .map_or(Duration::from_secs(limits::FLUSH_RETRY_S_MIN), |retry| (retry.pause * 2).min(longest));
        // Whoever has chosen, or put the file back, does not wait; that it is gone is told by who looks after it.
        let is_moved = matches!(error, StoreError::Moved(_));
        let pause = if is_moved { Duration::from_secs(limits::FLUSH_RETRY_S_MIN) } else { pause };
        self.retry = Some(Retry { at: Instant::now() + pause, pause, why: error.clone() });
        if !is_moved {
            self.meter.failed(FailureKind::Flush, "flush", error);
        }
    }
}

fn gone() -> Result<(), StoreError> {
    Err(StoreError::Other("the flusher has ended".into()))
}

/// The flusher: one transaction after the other, and between them what makes the past small. That takes half of its time at the most,
/// so that it is never in the way of those who count and ask.
fn work(store: &dyn SumStore, meter: &Meter, jobs: &Receiver<Job>, told: &Told) {
    let (mut has_more, mut released, mut owed) = (false, Instant::now(), Vec::new());
    let rest = Duration::from_secs(limits::RELEASE_S);
    loop {
        // At the end of the program nothing is left but flushes: whoever stops it waits.
        let job = match jobs.try_recv() {
            Ok(job) => job,
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {
                let begun = Instant::now();
                let is_in_place = look(store, meter).is_ok();
                // What the store was not told at the start it is told as soon as it can be; a flush tells why it can't.
                let _ = if is_in_place { Owed::pay(&mut owed, store) } else { Ok(()) };
                if has_more && is_in_place {
                    has_more = compact(store, meter);
                } else if released.elapsed() >= rest {
                    release(store);
                    released = Instant::now();
                }
                let is_working = has_more && is_in_place;
                let pause = if is_working { begun.elapsed() } else { Duration::from_secs(limits::STORE_LOOK_S) };
                match jobs.recv_timeout(pause) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        match carry_out(store, meter, job, &mut owed, told) {
            JobOutcome::Stored => has_more = true,
            JobOutcome::Nothing => {}
            JobOutcome::NobodyListens => return,
        }
        told.wake.now();
    }
}

/// Looks whether the store writes where it will be found, and says so where it does not.
pub(in crate::collector) fn look(store: &dyn SumStore, meter: &Meter) -> Result<(), StoreError> {
    let found = store.look();
    let moved = if let Err(StoreError::Moved(moved)) = found { Some(moved) } else { None };
    for (kind, of) in MOVED_KINDS {
        match moved {
            Some(moved) if moved == of => meter.failed(kind, "the database", moved),
            _ if meter.failures.lasts(kind) => {
                meter.failures.clear(kind);
                tracing::info!(kind = kind.label(), "the database is in its place again");
            }
            _ => {}
        }
    }
    match &found {
        Ok(mended) => {
            if mended.log {
                meter.failed(FailureKind::StoreLog, "the database", "headcount.db-wal or headcount.db-shm");
            }
            mended.set_aside.iter().for_each(|path| meter.set_aside(path));
            mended.full_log.iter().for_each(|why| meter.failed(FailureKind::LogFull, "the database", why));
        }
        Err(StoreError::Moved(_)) => {}
        Err(error) => meter.failed(FailureKind::LookUp, "the log of the database", error),
    }
    found.map(drop)
}

const MOVED_KINDS: [(FailureKind, Moved); 4] = [
    (FailureKind::Replaced, Moved::Replaced),
    (FailureKind::Removed, Moved::Removed),
    (FailureKind::FolderRemoved, Moved::FolderRemoved),
    (FailureKind::Overwritten, Moved::Overwritten),
];

/// Gives back memory that is not in use.
fn release(store: &dyn SumStore) {
    store.release();
    store.empty_log();
    memory::give_back(journal::memory_may_swap);
}

/// One step; what fails is tried again after the next flush.
fn compact(store: &dyn SumStore, meter: &Meter) -> bool {
    store.compact().unwrap_or_else(|error| {
        meter.failed(FailureKind::Compaction, "compaction", error);
        false
    })
}
