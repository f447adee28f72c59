//! In: flushes, one at a time. Out: the same in the store, sooner or later, and word of it to those who wait. Forgets: a
//! flush, when it is stored.
//!
//! A thread of its own writes, so that nobody who counts or asks waits for a disk. A flush that fails is kept and tried
//! again; the next one begins when it is stored.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::collector::message::Waiter;
use crate::limits;
use crate::meter::{FailureKind, Meter};
use crate::store::{Flush, Store, StoreError};

type Written = (u64, Result<(), StoreError>);

/// The flush that is being written, and the thread that writes it.
pub struct Flushing {
    store: Arc<dyn Store>,
    writer: Writer,
    /// Whether the writer ended by itself, which is a failure of the program.
    has_ended: bool,
    meter: Arc<Meter>,
    /// Number of the last flush that was begun.
    number: u64,
    writing: Option<Arc<Flush>>,
    /// Whether the writer has it, rather than a pause before the next try.
    is_in_flight: bool,
    retry: Option<Retry>,
    waiters: Vec<Waiter>,
}

/// The thread that writes.
struct Writer {
    flushes: Sender<Arc<Flush>>,
    written: Receiver<Written>,
    thread: JoinHandle<()>,
}

impl Writer {
    fn spawn(store: &Arc<dyn Store>, meter: &Arc<Meter>) -> Writer {
        let (flushes, to_write) = mpsc::channel();
        let (done, written) = mpsc::channel();
        let (store, meter) = (store.clone(), meter.clone());
        let thread = thread::spawn(move || write(&*store, &meter, &to_write, &done));
        Writer { flushes, written, thread }
    }
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
    pub fn start(store: Arc<dyn Store>, meter: Arc<Meter>) -> Result<Flushing, StoreError> {
        let number = store.last_flush()?;
        let writer = Writer::spawn(&store, &meter);
        let (writing, retry, waiters) = (None, None, Vec::new());
        Ok(Flushing { store, writer, has_ended: false, meter, number, writing, is_in_flight: false, retry, waiters })
    }

    /// Whether the writer ended by itself. Then nothing is ever stored again, and the program has to end.
    pub fn has_ended(&self) -> bool {
        self.has_ended
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
        match self.writer.written.try_recv() {
            Ok(written) => self.settle(written),
            Err(TryRecvError::Disconnected) => self.end_of_writer(),
            Err(TryRecvError::Empty) => {}
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

    /// Waits for the writer's word. Only for the end of the program. A writer that has ended has a successor for this.
    pub fn wait(&mut self) -> Result<(), StoreError> {
        if self.has_ended {
            self.writer = Writer::spawn(&self.store, &self.meter);
            self.has_ended = false;
        }
        self.try_now();
        let Ok(written) = self.writer.written.recv() else {
            self.end_of_writer();
            return gone();
        };
        let result = written.1.clone();
        self.settle(written);
        result
    }

    /// Ends the writer.
    pub fn end(self) {
        drop(self.writer.flushes);
        // That it panicked was noted when it did not answer.
        let _ = self.writer.thread.join();
    }

    fn end_of_writer(&mut self) {
        if !self.has_ended {
            self.has_ended = true;
            self.meter.failed(FailureKind::Writer, "flush", "the writer has ended");
            self.settle((self.number, gone()));
        }
    }

    fn send(&mut self) {
        if let Some(flush) = &self.writing {
            self.is_in_flight = true;
            if self.writer.flushes.send(flush.clone()).is_err() {
                self.end_of_writer();
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
        let pause = self
            .retry
            .as_ref()
            .map_or(Duration::from_secs(limits::FLUSH_RETRY_S_MIN), |retry| (retry.pause * 2).min(longest));
        self.retry = Some(Retry { at: Instant::now() + pause, pause });
        self.meter.failed(FailureKind::Flush, "flush", error);
    }
}

fn gone() -> Result<(), StoreError> {
    Err(StoreError::Other("the writer has ended".into()))
}

/// The writer: one transaction after the other.
fn write(store: &dyn Store, meter: &Meter, flushes: &Receiver<Arc<Flush>>, done: &Sender<Written>) {
    for flush in flushes {
        #[cfg(test)]
        assert!(!super::tests::is_poisoned(&flush), "a poisoned flush");
        let begun = Instant::now();
        let result = store.apply(&flush);
        if result.is_ok() {
            meter.flushed(begun.elapsed().as_secs_f64());
        }
        if done.send((flush.number, result)).is_err() {
            return;
        }
    }
}
