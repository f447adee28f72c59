//! Turns at questions about sums.
//!
//! Most questions read little and are answered at once, some at a time. One that has read [`limits::QUICK_CELLS`] or holds
//! [`limits::QUICK_BYTES`] is dear: it goes on if nobody is at work at such a one, and else it is left, and begun again when its turn
//! has come. So few dear questions are at work, whoever asks how many, and a quick one never waits for them. No question holds more
//! than [`limits::QUESTION_BYTES_MAX`]. Nothing is read any more for a client that has gone or when the server ends.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::App;
use super::asker::QuestionAsker;
use super::connections;
use super::failure::{FailureCause, blocking};
use super::fair_turns::{FairTurn, FairTurns};
use super::rooms::MemoryRooms;
use crate::collector::Collector;
use crate::journal;
use crate::limits;
use crate::memory::{self, HeldNotes};
use crate::meter::{Pressure, SharedPressure};
use crate::store::{Interrupt, ReadMeter, StoreError};

/// The questions that a server works at.
#[derive(Debug, Clone)]
pub struct QuestionTurns {
    quick: Arc<FairTurns>,
    dear: Arc<FairTurns>,
    strangers: Arc<FairTurns>,
    is_ending: Arc<AtomicBool>,
    /// What questions have held since freed memory was given back, in bytes.
    freed: Arc<AtomicUsize>,
    pressure: SharedPressure,
    bounds: QuestionBounds,
}

/// From where on a question is dear, and what it may take at the most.
#[derive(Debug, Clone, Copy)]
struct QuestionBounds {
    quick_cells: usize,
    quick_bytes: usize,
    bytes: usize,
}

impl QuestionTurns {
    /// A core is left to hits and to quick questions, if there are several. Dear ones give way under pressure.
    pub fn under(pressure: SharedPressure, rooms: MemoryRooms) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let dear = cores.saturating_sub(1).clamp(1, limits::DEAR_QUESTIONS_AT_ONCE);
        QuestionTurns {
            quick: FairTurns::of(limits::QUESTIONS_AT_ONCE, limits::QUESTIONS_WAITING, limits::PERMIT_WAIT_MS),
            dear: FairTurns::of(dear, limits::DEAR_QUESTIONS_WAITING, limits::DEAR_WAIT_MS),
            strangers: FairTurns::of(limits::STRANGERS_AT_ONCE, limits::STRANGERS_WAITING, limits::PERMIT_WAIT_MS),
            is_ending: Arc::default(),
            freed: Arc::default(),
            pressure,
            bounds: QuestionBounds {
                quick_cells: limits::QUICK_CELLS,
                quick_bytes: rooms.quick_bytes,
                bytes: rooms.question_bytes,
            },
        }
    }
}

/// A question that is being answered. It has its turns for as long as anybody works at it.
#[derive(Debug)]
struct OpenQuestion {
    turns: QuestionTurns,
    is_given_up: AtomicBool,
    cells: AtomicUsize,
    /// What the thread held before it began.
    held_before: AtomicUsize,
    quick: Mutex<Option<FairTurn>>,
    dear: Mutex<Option<FairTurn>>,
    lacks_turn: AtomicBool,
    /// The most that it was seen to hold, in bytes.
    held_most: AtomicUsize,
    is_too_large: AtomicBool,
    gives_way: AtomicBool,
}

impl OpenQuestion {
    fn new(turns: &QuestionTurns, quick: FairTurn) -> Arc<OpenQuestion> {
        Arc::new(OpenQuestion {
            turns: turns.clone(),
            is_given_up: AtomicBool::new(false),
            cells: AtomicUsize::new(0),
            held_before: AtomicUsize::new(0),
            quick: Mutex::new(Some(quick)),
            dear: Mutex::default(),
            lacks_turn: AtomicBool::new(false),
            held_most: AtomicUsize::new(0),
            is_too_large: AtomicBool::new(false),
            gives_way: AtomicBool::new(false),
        })
    }

    fn dear(&self) -> MutexGuard<'_, Option<FairTurn>> {
        self.dear.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave_quick(&self) {
        self.quick.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn is_interrupted(&self) -> bool {
        self.is_given_up.load(Relaxed) || self.turns.is_ending.load(Relaxed)
    }

    /// Does work at it, on the thread that does all of it.
    fn work<T>(&self, work: impl FnOnce() -> T) -> T {
        let noting = HeldNotes::begin();
        self.held_before.store(memory::held_since(0), Relaxed);
        let done = work();
        drop(noting);
        // The next is worked at by another thread, which can't take what this one keeps.
        let held = self.held_most.load(Relaxed);
        if held > limits::FREED_SHARED_BYTES {
            self.turns.leave_freed(held);
        }
        done
    }
}

impl ReadMeter for OpenQuestion {
    fn goes_on(&self, cells: usize, bytes: usize) -> Result<(), StoreError> {
        // Whatever is free by then: what was left out before would be missing.
        if self.is_interrupted() || self.lacks_turn.load(Relaxed) || self.gives_way.load(Relaxed) {
            return Err(StoreError::Interrupted);
        }
        if self.is_too_large.load(Relaxed) {
            return Err(StoreError::TooLarge);
        }
        let bounds = self.turns.bounds;
        let held = memory::held_since(self.held_before.load(Relaxed)).saturating_add(bytes);
        self.held_most.fetch_max(held, Relaxed);
        if held > bounds.bytes {
            self.is_too_large.store(true, Relaxed);
            return Err(StoreError::TooLarge);
        }
        let read = self.cells.fetch_add(cells, Relaxed).saturating_add(cells);
        if read <= bounds.quick_cells && held <= bounds.quick_bytes {
            return Ok(());
        }
        let mut turn = self.dear();
        // One that is at work goes on, until others would lose hits by it.
        let gives_way = if turn.is_some() { Pressure::HeavySenders } else { Pressure::DearQuestions };
        if self.turns.pressure.now() >= gives_way {
            self.gives_way.store(true, Relaxed);
            return Err(StoreError::Interrupted);
        }
        if turn.is_none() {
            *turn = self.turns.dear.try_take();
        }
        self.lacks_turn.store(turn.is_none(), Relaxed);
        if turn.is_some() { Ok(()) } else { Err(StoreError::Interrupted) }
    }
}

impl QuestionTurns {
    /// Leaves to others what a thread has freed, and to the system once that is much.
    fn leave_freed(&self, bytes: usize) {
        let freed = self.freed.fetch_add(bytes, Relaxed) + bytes;
        if freed < limits::FREED_GIVEN_BACK_BYTES {
            return memory::share_freed();
        }
        self.freed.store(0, Relaxed);
        memory::give_back(journal::memory_may_swap);
    }
}

/// Gives a question up when its client has gone, whose request is dropped then.
struct AskingClient(Arc<OpenQuestion>);

impl Drop for AskingClient {
    fn drop(&mut self) {
        self.0.is_given_up.store(true, Relaxed);
    }
}

impl QuestionTurns {
    /// The same with so many bytes for each question.
    #[cfg(test)]
    pub fn of_bytes(bytes: usize) -> Self {
        let turns = QuestionTurns::under(SharedPressure::default(), MemoryRooms::within(u64::MAX));
        QuestionTurns { bounds: QuestionBounds { bytes, ..turns.bounds }, ..turns }
    }

    /// Answers a question away from the threads that serve connections. `work` must give up when it is interrupted; what it has made
    /// by then is thrown away.
    ///
    /// # Errors
    /// No turn came in time, the answer is too large, the work panicked, or the server is ending.
    pub async fn answer<T: Send + 'static>(
        &self,
        asker: QuestionAsker,
        work: impl Fn(&Interrupt) -> T + Send + 'static,
    ) -> Result<T, FailureCause> {
        tokio::select! {
            biased;
            answer = self.answered(asker, work) => answer,
            // hyper does not notice where more than the request has come.
            () = connections::client_gone() => Err(FailureCause::NoTurn),
        }
    }

    async fn answered<T: Send + 'static>(
        &self,
        asker: QuestionAsker,
        work: impl Fn(&Interrupt) -> T + Send + 'static,
    ) -> Result<T, FailureCause> {
        let question = OpenQuestion::new(self, self.quick.take(asker).await.ok_or(FailureCause::NoTurn)?);
        let client = AskingClient(question.clone());
        let interrupt = Interrupt::by(question.clone());
        let worked = question.clone();
        let (work, interrupt, mut done) = blocking(move || {
            let done = worked.work(|| work(&interrupt));
            (work, interrupt, done)
        })
        .await?;
        if question.lacks_turn.load(Relaxed) {
            question.leave_quick();
            let turn = self.dear.take(asker).await.ok_or(FailureCause::NoTurn)?;
            *question.dear() = Some(turn);
            question.lacks_turn.store(false, Relaxed);
            let worked = question.clone();
            done = blocking(move || worked.work(|| work(&interrupt))).await?;
        }
        drop(client);
        match () {
            () if question.is_too_large.load(Relaxed) => Err(FailureCause::TooLarge),
            () if self.is_ending.load(Relaxed) || question.gives_way.load(Relaxed) => Err(FailureCause::NoTurn),
            () => Ok(done),
        }
    }

    /// Waits for a turn at something that anybody may ask for, which is held beside that of the question.
    ///
    /// # Errors
    /// None came in time.
    pub async fn of_strangers(&self, asker: QuestionAsker) -> Result<FairTurn, FailureCause> {
        self.strangers.take(asker).await.ok_or(FailureCause::NoTurn)
    }

    /// Ends work at all questions, and begins none any more.
    pub fn end(&self) {
        self.is_ending.store(true, Relaxed);
        self.quick.close();
        self.dear.close();
        self.strangers.close();
    }
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
        let work = move |interrupt: &Interrupt| work(&collector.interrupted_by(interrupt.clone()));
        self.questions.answer(QuestionAsker::current(), work).await
    }

    /// The same for what anybody may ask for: of that, less is done at once.
    ///
    /// # Errors
    /// As `QuestionTurns::answer`.
    pub async fn in_turn_of_strangers<T: Send + 'static>(
        &self,
        work: impl Fn(&Collector) -> T + Send + 'static,
    ) -> Result<T, FailureCause> {
        let _turn = self.questions.of_strangers(QuestionAsker::current()).await?;
        self.in_turn(work).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    /// One dear question at a time, which is one that has read a cell more than 10.
    fn turns() -> QuestionTurns {
        let bounds = QuestionBounds { quick_cells: 10, quick_bytes: 1 << 20, bytes: 8 << 20 };
        QuestionTurns {
            dear: FairTurns::of(1, 10, 60_000),
            bounds,
            ..QuestionTurns::under(SharedPressure::default(), MemoryRooms::within(u64::MAX))
        }
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
        let asked = tokio::spawn(async move { of.answer(QuestionAsker::Program, endless(begun)).await });
        tokio::task::spawn_blocking(move || at_work.recv()).await.unwrap().unwrap();
        asked
    }

    #[tokio::test]
    async fn a_quick_question_waits_for_no_dear_one_and_those_for_each_other() {
        let turns = turns();
        let first = asked(&turns).await;
        assert_eq!(turns.answer(QuestionAsker::Program, |interrupt| interrupt.check(10)).await, Ok(Ok(())));
        let (begun, at_work) = mpsc::channel();
        let of = turns.clone();
        let second = tokio::spawn(async move { of.answer(QuestionAsker::Program, endless(begun)).await });
        while turns.dear.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(at_work.try_recv().is_err());
        first.abort();
        tokio::task::spawn_blocking(move || at_work.recv()).await.unwrap().unwrap();
        second.abort();
        // Both clients have gone, and so has what they asked.
        assert_eq!(turns.answer(QuestionAsker::Program, |interrupt| interrupt.check(1_000)).await, Ok(Ok(())));
    }

    #[tokio::test]
    async fn a_question_whose_client_has_gone_ends() {
        let turns = turns();
        asked(&turns).await.abort();
        let _free = turns.dear.take(QuestionAsker::Program).await.unwrap();
        let all: Vec<_> = (0..limits::QUESTIONS_AT_ONCE).map(|_| turns.quick.try_take()).collect();
        assert!(all.iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn a_stop_ends_what_is_at_work_and_what_waits() {
        let turns = turns();
        let first = asked(&turns).await;
        let of = turns.clone();
        let second =
            tokio::spawn(async move { of.answer(QuestionAsker::Program, |interrupt| interrupt.check(11)).await });
        while turns.dear.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        turns.end();
        assert_eq!(first.await.unwrap(), Err(FailureCause::NoTurn));
        assert_eq!(second.await.unwrap(), Err(FailureCause::NoTurn));
        assert_eq!(turns.answer(QuestionAsker::Program, |_| 1).await, Err(FailureCause::NoTurn));
    }

    /// Takes memory by the megabyte, and tells how much of it there was room for.
    fn takes(megabytes: usize) -> impl Fn(&Interrupt) -> Result<usize, StoreError> + Send {
        move |interrupt| {
            let mut held: Vec<Vec<u8>> = Vec::new();
            for _ in 0..megabytes {
                interrupt.make_room(1 << 20)?;
                held.push(vec![1; 1 << 20]);
            }
            Ok(held.len())
        }
    }

    #[tokio::test]
    async fn a_question_has_so_much_memory_and_no_more() {
        let turns = turns();
        assert_eq!(turns.answer(QuestionAsker::Program, takes(7)).await, Ok(Ok(7)));
        assert_eq!(turns.answer(QuestionAsker::Program, takes(9)).await, Err(FailureCause::TooLarge));
        let swallowed = |interrupt: &Interrupt| interrupt.make_room(9 << 20).is_err();
        assert_eq!(
            turns.answer(QuestionAsker::Program, swallowed).await,
            Err(FailureCause::TooLarge),
            "whatever is made of it"
        );
        // What is dear by its memory waits for its turn as well.
        let first = asked(&turns).await;
        assert_eq!(turns.answer(QuestionAsker::Program, |interrupt| interrupt.make_room(1 << 19)).await, Ok(Ok(())));
        let of = turns.clone();
        let second = tokio::spawn(async move { of.answer(QuestionAsker::Program, takes(3)).await });
        while turns.dear.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        first.abort();
        assert_eq!(second.await.unwrap(), Ok(Ok(3)));
    }

    #[tokio::test]
    async fn a_question_that_was_told_to_end_is_not_answered_in_part() {
        let turns = turns();
        let turn = Mutex::new(turns.dear.try_take());
        let tries = AtomicUsize::new(0);
        let answer = turns.answer(QuestionAsker::Program, move |interrupt| {
            // What it has left out is missing, whoever ends meanwhile.
            let checks = [interrupt.check(11), {
                turn.lock().unwrap().take();
                interrupt.check(1)
            }];
            (tries.fetch_add(1, Relaxed), checks.map(|check| check.is_ok()))
        });
        assert_eq!(answer.await, Ok((1, [true, true])));
    }

    #[tokio::test]
    async fn dear_questions_give_way_where_memory_is_short() {
        let turns = turns();
        turns.pressure.set(Pressure::DearQuestions);
        assert_eq!(
            turns.answer(QuestionAsker::Program, |interrupt| interrupt.check(11)).await,
            Err(FailureCause::NoTurn)
        );
        assert_eq!(turns.answer(QuestionAsker::Program, |interrupt| interrupt.check(10)).await, Ok(Ok(())));
        turns.pressure.set(Pressure::None);
        let first = asked(&turns).await;
        turns.pressure.set(Pressure::NewVisitors);
        assert!(!first.is_finished(), "who is at work goes on");
        turns.pressure.set(Pressure::HeavySenders);
        assert_eq!(first.await.unwrap(), Err(FailureCause::NoTurn));
        assert!(turns.dear.try_take().is_some());
    }
}
