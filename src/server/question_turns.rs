//! Turns at questions about sums.
//!
//! Most questions read little and are answered at once. One that has read [`limits::QUICK_CELLS`] is dear: it goes on if nobody is at work
//! at such a one, and else it is left, and begun again when its turn has come. So few dear questions are at work, whoever asks how many,
//! and a quick one never waits for them. Nothing is read any more for a client that has gone or when the server ends.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::App;
use super::failure::{FailureCause, blocking};
use crate::collector::Collector;
use crate::limits;
use crate::store::{Interrupt, ReadMeter};

/// The questions that a server works at.
#[derive(Debug, Clone)]
pub struct QuestionTurns {
    threads: Arc<Semaphore>,
    dear: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    is_ending: Arc<AtomicBool>,
    quick_cells: usize,
}

impl Default for QuestionTurns {
    /// A core is left to hits and to quick questions, if there are several.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        QuestionTurns {
            threads: Arc::new(Semaphore::new(limits::QUESTIONS_AT_ONCE)),
            dear: Arc::new(Semaphore::new(cores.saturating_sub(1).clamp(1, limits::DEAR_QUESTIONS_AT_ONCE))),
            waiting: Arc::new(Semaphore::new(limits::DEAR_QUESTIONS_WAITING)),
            is_ending: Arc::default(),
            quick_cells: limits::QUICK_CELLS,
        }
    }
}

/// A question that is being answered. It has its permits for as long as anybody works at it.
#[derive(Debug)]
struct OpenQuestion {
    turns: QuestionTurns,
    is_given_up: AtomicBool,
    cells: AtomicUsize,
    thread: Mutex<Option<OwnedSemaphorePermit>>,
    turn: Mutex<Option<OwnedSemaphorePermit>>,
    lacks_turn: AtomicBool,
}

impl OpenQuestion {
    fn turn(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave_thread(&self) {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn is_interrupted(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed) || self.turns.is_ending.load(Ordering::Relaxed)
    }
}

impl ReadMeter for OpenQuestion {
    fn goes_on(&self, cells: usize) -> bool {
        if self.is_interrupted() {
            return false;
        }
        let before = self.cells.fetch_add(cells, Ordering::Relaxed);
        if before.saturating_add(cells) <= self.turns.quick_cells {
            return true;
        }
        let mut turn = self.turn();
        if turn.is_none() {
            *turn = self.turns.dear.clone().try_acquire_owned().ok();
        }
        self.lacks_turn.store(turn.is_none(), Ordering::Relaxed);
        turn.is_some()
    }
}

/// Gives a question up when its client has gone, whose request is dropped then.
struct AskingClient(Arc<OpenQuestion>);

impl Drop for AskingClient {
    fn drop(&mut self) {
        self.0.is_given_up.store(true, Ordering::Relaxed);
    }
}

impl QuestionTurns {
    /// Answers a question away from the threads that serve connections. `work` must give up when it is interrupted; what it has made
    /// by then is thrown away.
    ///
    /// # Errors
    /// No turn came in time, the work panicked, or the server is ending.
    pub async fn answer<T: Send + 'static>(
        &self,
        work: impl Fn(&Interrupt) -> T + Send + 'static,
    ) -> Result<T, FailureCause> {
        let thread = permit(&self.threads, limits::PERMIT_WAIT_MS).await?;
        let question = Arc::new(OpenQuestion {
            turns: self.clone(),
            is_given_up: AtomicBool::new(false),
            cells: AtomicUsize::new(0),
            thread: Mutex::new(Some(thread)),
            turn: Mutex::default(),
            lacks_turn: AtomicBool::new(false),
        });
        let client = AskingClient(question.clone());
        let interrupt = Interrupt::by(question);
        let (work, interrupt, mut done) = blocking(move || {
            let done = work(&interrupt);
            (work, interrupt, done)
        })
        .await?;
        let question = &client.0;
        if question.lacks_turn.load(Ordering::Relaxed) {
            question.leave_thread();
            let place = self.waiting.clone().try_acquire_owned().map_err(|_| FailureCause::NoTurn)?;
            let turn = permit(&self.dear, limits::DEAR_WAIT_MS).await?;
            drop(place);
            *question.turn() = Some(turn);
            done = blocking(move || work(&interrupt)).await?;
        }
        if question.is_interrupted() { Err(FailureCause::NoTurn) } else { Ok(done) }
    }

    /// Ends work at all questions, and begins none any more.
    pub fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
        self.threads.close();
        self.dear.close();
    }
}

async fn permit(of: &Arc<Semaphore>, wait_ms: u64) -> Result<OwnedSemaphorePermit, FailureCause> {
    let permit = tokio::time::timeout(Duration::from_millis(wait_ms), of.clone().acquire_owned()).await;
    permit.ok().and_then(Result::ok).ok_or(FailureCause::NoTurn)
}

impl App {
    /// Answers a question about sums, of a collector whose answers are interrupted.
    ///
    /// # Errors
    /// As `QuestionTurns::answer`.
    pub async fn in_turn<T: Send + 'static>(
        &self,
        work: impl Fn(&Collector) -> T + Send + 'static,
    ) -> Result<T, FailureCause> {
        let collector = self.collector.clone();
        self.questions.answer(move |interrupt| work(&collector.interrupted_by(interrupt.clone()))).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::store::StoreError;

    /// One dear question at a time, which is one that has read a cell more than 10.
    fn turns() -> QuestionTurns {
        QuestionTurns { dear: Arc::new(Semaphore::new(1)), quick_cells: 10, ..QuestionTurns::default() }
    }

    /// Reads cell by cell until it is told to end, and tells when it has begun to be dear.
    fn endless(begun: mpsc::Sender<()>) -> impl Fn(&Interrupt) -> Result<(), StoreError> + Send {
        move |interrupt| {
            interrupt.check(11)?;
            let _ = begun.send(());
            loop {
                interrupt.check(1)?;
                thread::yield_now();
            }
        }
    }

    /// Asks a dear question that never ends by itself, and waits until it is at work.
    async fn asked(turns: &QuestionTurns) -> tokio::task::JoinHandle<Result<Result<(), StoreError>, FailureCause>> {
        let (begun, at_work) = mpsc::channel();
        let of = turns.clone();
        let asked = tokio::spawn(async move { of.answer(endless(begun)).await });
        tokio::task::spawn_blocking(move || at_work.recv()).await.unwrap().unwrap();
        asked
    }

    #[tokio::test]
    async fn a_quick_question_waits_for_no_dear_one_and_those_for_each_other() {
        let turns = turns();
        let first = asked(&turns).await;
        assert_eq!(turns.answer(|interrupt| interrupt.check(10)).await, Ok(Ok(())));
        let (begun, at_work) = mpsc::channel();
        let of = turns.clone();
        let second = tokio::spawn(async move { of.answer(endless(begun)).await });
        while turns.waiting.available_permits() == limits::DEAR_QUESTIONS_WAITING {
            tokio::task::yield_now().await;
        }
        assert!(at_work.try_recv().is_err());
        first.abort();
        tokio::task::spawn_blocking(move || at_work.recv()).await.unwrap().unwrap();
        second.abort();
        // Both clients have gone, and so has what they asked.
        assert_eq!(turns.answer(|interrupt| interrupt.check(1_000)).await, Ok(Ok(())));
    }

    #[tokio::test]
    async fn a_question_whose_client_has_gone_ends() {
        let turns = turns();
        asked(&turns).await.abort();
        let _free = turns.dear.acquire().await.unwrap();
        assert_eq!(turns.threads.available_permits(), limits::QUESTIONS_AT_ONCE);
    }

    #[tokio::test]
    async fn a_stop_ends_what_is_at_work_and_what_waits() {
        let turns = turns();
        let first = asked(&turns).await;
        let of = turns.clone();
        let second = tokio::spawn(async move { of.answer(|interrupt| interrupt.check(11)).await });
        while turns.waiting.available_permits() == limits::DEAR_QUESTIONS_WAITING {
            tokio::task::yield_now().await;
        }
        turns.end();
        assert_eq!(first.await.unwrap(), Err(FailureCause::NoTurn));
        assert_eq!(second.await.unwrap(), Err(FailureCause::NoTurn));
        assert_eq!(turns.answer(|_| 1).await, Err(FailureCause::NoTurn));
    }
}
