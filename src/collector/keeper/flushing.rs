//! In: flushes, one at a time. Out: the same in the store, sooner or later, and word of it to those who wait. Forgets: a
//! flush, when it is stored.
//!
//! A thread of its own writes, so that nobody who counts or asks waits for a disk. A flush that fails is kept and tried
//! again; the next one begins when it is stored.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::limits;
use crate::meter::Meter;
use crate::store::{Flush, StoreError, SumStore};

/// Where somebody waits for a flush.
pub type Waiter = Sender<Result<(), StoreError>>;

type Written = (u64, Result<(), StoreError>);

/// The flush that is being written, and the thread that writes it.
pub struct Flushing {
    writer: Sender<Arc<Flush>>,
    written: Receiver<Written>,
    thread: JoinHandle<()>,
    meter: Arc<Meter>,
    /// Number of the last flush that was begun.
    number: u64,
    writing: Option<Arc<Flush>>,
    /// Whether the writer has it, rather than a pause before the next try.
    is_in_flight: bool,
    retry: Option<Retry>,
    waiters: Vec<Waiter>,
}

/// When a failed flush is tried again.
struct Retry {
    at: Instant,
    pause: Duration,
}

impl Flushing {
    /// Starts the writer of a store.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't say how far it is.
    pub fn start(store: Arc<dyn SumStore>, meter: Arc<Meter>) -> Result<Flushing, StoreError> {
        let number = store.last_flush()?;
        let (writer, flushes) = mpsc::channel();
        let (done, written) = mpsc::channel();
        let timed = meter.clone();
        let thread = thread::spawn(move || write(&*store, &timed, &flushes, &done));
        let (writing, retry, waiters) = (None, None, Vec::new());
        Ok(Flushing { writer, written, thread, meter, number, writing, is_in_flight: false, retry, waiters })
    }

    /// The flush that is not known to be stored yet.
    pub fn writing(&self) -> Option<&Flush> {
        self.writing.as_deref()
    }

    /// Whether the writer has work, so that its word will come soon.
    pub fn is_in_flight(&self) -> bool {
        self.is_in_flight
    }

    /// The number that the next flush will have.
    pub fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// Begins a flush that bears [`Flushing::next_number`]. There must be none under way.
    pub fn begin(&mut self, flush: Flush, waiters: Vec<Waiter>) {
        debug_assert!(self.writing.is_none() && flush.number == self.next_number(), "one flush after the other");
        self.number = flush.number;
        self.writing = Some(Arc::new(flush));
        self.waiters = waiters;
        self.send();
    }

    /// Takes the writer's word if it has come, and tries a failed flush again if it is time.
    pub fn look(&mut self) {
        match self.written.try_recv() {
            Ok(written) => self.settle(written),
            Err(TryRecvError::Disconnected) if self.is_in_flight => self.settle((self.number, gone())),
            Err(_) => {}
        }
        if self.retry.as_ref().is_some_and(|retry| Instant::now() >= retry.at) {
            self.try_now();
        }
    }

    /// Tries a failed flush again without a further pause.
    pub fn try_now(&mut self) {
        if self.writing.is_some() && !self.is_in_flight {
            self.send();
        }
    }

    /// Waits for the writer's word. Only for the end of the program.
    pub fn wait(&mut self) -> Result<(), StoreError> {
        self.try_now();
        let written = self.written.recv().unwrap_or((self.number, gone()));
        let result = written.1.clone();
        self.settle(written);
        result
    }

    /// Ends the writer.
    pub fn end(self) {
        drop(self.writer);
        // A panic of the writer was already logged by its hook.
        let _ = self.thread.join();
    }

    fn send(&mut self) {
        if let Some(flush) = &self.writing {
            self.is_in_flight = true;
            if self.writer.send(flush.clone()).is_err() {
                self.settle((self.number, gone()));
            }
        }
    }

    fn settle(&mut self, (number, result): Written) {
        if number != self.number {
            return;
        }
        self.is_in_flight = false;
        match &result {
            Ok(()) => (self.writing, self.retry) = (None, None),
            Err(error) => self.pause(error),
        }
        // Whoever is told of a failure finds it in `/health` too.
        for waiter in self.waiters.drain(..) {
            // Whoever waited may have gone meanwhile.
            let _ = waiter.send(result.clone());
        }
    }

    fn pause(&mut self, error: &StoreError) {
        let longest = Duration::from_secs(limits::FLUSH_RETRY_S_MAX);
        let pause = self.retry.as_ref().map_or(Duration::from_secs(1), |retry| (retry.pause * 2).min(longest));
        self.retry = Some(Retry { at: Instant::now() + pause, pause });
        self.meter.degraded.set(1);
        tracing::error!(error = %error, retry_s = pause.as_secs(), "a flush failed and will be tried again");
    }
}

fn gone() -> Result<(), StoreError> {
    Err(StoreError::Other("the writer has ended".into()))
}

/// The writer: one flush after the other, and between them what makes the past small.
fn write(store: &dyn SumStore, meter: &Meter, flushes: &Receiver<Arc<Flush>>, done: &Sender<Written>) {
    let mut has_more = false;
    loop {
        // At the end of the program nothing is left but flushes: whoever stops it waits.
        let flush = match flushes.try_recv() {
            Ok(flush) => flush,
            Err(TryRecvError::Empty) if has_more => {
                has_more = compact(store);
                continue;
            }
            Err(TryRecvError::Empty) => match flushes.recv() {
                Ok(flush) => flush,
                Err(_) => return,
            },
            Err(TryRecvError::Disconnected) => return,
        };
        let begun = Instant::now();
        let result = store.apply(&flush);
        if result.is_ok() {
            meter.flushed(begun.elapsed().as_secs_f64());
            has_more = true;
        }
        if done.send((flush.number, result)).is_err() {
            return;
        }
    }
}

/// One step; what fails is tried again after the next flush.
fn compact(store: &dyn SumStore) -> bool {
    store.compact().unwrap_or_else(|error| {
        tracing::warn!(error = %error, "past days could not be made smaller; figures are right all the same");
        false
    })
}
