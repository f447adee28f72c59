//! In: requests for work of which little is done at once. Out: turns, one asker after the other. Forgets: who asked, when they have
//! had their turn or go.
//!
//! Whoever asks for much waits for itself: turns go round, so that each asker has one before any has the next. Where all places to
//! wait are taken, the asker who holds most of them gives the last of them up to one who holds fewer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::asker::QuestionAsker;

/// Turns at work of one kind.
#[derive(Debug)]
pub struct FairTurns {
    state: Mutex<TurnState>,
    most_waiting: usize,
    wait: Duration,
}

#[derive(Debug)]
struct TurnState {
    /// Turns that nobody has; then nobody waits.
    free: usize,
    /// Those who wait, each asker once; the first is next.
    lines: VecDeque<WaitingLine>,
    waiting: usize,
    last_place: u64,
    is_closed: bool,
}

#[derive(Debug)]
struct WaitingLine {
    asker: QuestionAsker,
    /// By their places; never empty.
    places: VecDeque<(u64, oneshot::Sender<FairTurn>)>,
}

/// The right to work; given back on drop.
#[derive(Debug)]
pub struct FairTurn(Option<Arc<FairTurns>>);

impl Drop for FairTurn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.hand_on();
        }
    }
}

/// A place to wait; left on drop.
struct WaitingPlace<'t> {
    turns: &'t FairTurns,
    asker: QuestionAsker,
    number: u64,
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        self.turns.state().leave(self.asker, self.number);
    }
}

impl FairTurns {
    /// So many turns at once, for which so many others wait, for so long.
    pub fn of(at_once: usize, most_waiting: usize, wait_ms: u64) -> Arc<FairTurns> {
        let state =
            TurnState { free: at_once, lines: VecDeque::new(), waiting: 0, last_place: 0, is_closed: at_once == 0 };
        Arc::new(FairTurns { state: Mutex::new(state), most_waiting, wait: Duration::from_millis(wait_ms) })
    }

    /// Takes a turn if one is free.
    pub fn try_take(self: &Arc<Self>) -> Option<FairTurn> {
        let mut state = self.state();
        state.free = state.free.checked_sub(1).filter(|_| !state.is_closed)?;
        Some(FairTurn(Some(self.clone())))
    }

    /// Waits for a turn; nothing if there is no place to wait, or if none came in time.
    pub async fn take(self: &Arc<Self>, asker: QuestionAsker) -> Option<FairTurn> {
        if let Some(turn) = self.try_take() {
            return Some(turn);
        }
        let (turn, number) = self.state().join(asker, self.most_waiting)?;
        let _place = WaitingPlace { turns: self, asker, number };
        tokio::time::timeout(self.wait, turn).await.ok()?.ok()
    }

    /// Gives no turn any more; whoever waits is told at once.
    pub fn close(&self) {
        let mut state = self.state();
        (state.is_closed, state.waiting) = (true, 0);
        state.lines.clear();
    }

    /// How many wait.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.state().waiting
    }

    /// Hands a turn on to the next who waits.
    fn hand_on(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            let Some(next) = state.next() else {
                state.free += 1;
                return;
            };
            drop(state);
            match next.send(FairTurn(Some(self.clone()))) {
                Ok(()) => return,
                // It has gone.
                Err(mut unheard) => unheard.0 = None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, TurnState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TurnState {
    fn join(&mut self, asker: QuestionAsker, most: usize) -> Option<(oneshot::Receiver<FairTurn>, u64)> {
        if self.is_closed || self.waiting >= most && !self.make_place(asker) {
            return None;
        }
        let (sender, turn) = oneshot::channel();
        self.last_place += 1;
        let place = (self.last_place, sender);
        match self.lines.iter_mut().find(|line| line.asker == asker) {
            Some(line) => line.places.push_back(place),
            None => self.lines.push_back(WaitingLine { asker, places: VecDeque::from([place]) }),
        }
        self.waiting += 1;
        Some((turn, self.last_place))
    }

    /// Has the asker who holds most places give up one, if it still holds as many then as the one for whom it does.
    fn make_place(&mut self, asker: QuestionAsker) -> bool {
        let held = self.lines.iter().find(|line| line.asker == asker).map_or(0, |line| line.places.len());
        let longest = self.lines.iter_mut().max_by_key(|line| line.places.len());
        let Some(longest) = longest.filter(|line| line.places.len() > held + 1) else { return false };
        longest.places.pop_back();
        self.waiting -= 1;
        true
    }

    fn leave(&mut self, asker: QuestionAsker, number: u64) {
        let Some(at) = self.lines.iter().position(|line| line.asker == asker) else { return };
        let places = &mut self.lines[at].places;
        let before = places.len();
        places.retain(|(place, _)| *place != number);
        self.waiting -= before - places.len();
        if places.is_empty() {
            self.lines.remove(at);
        }
    }

    fn next(&mut self) -> Option<oneshot::Sender<FairTurn>> {
        let mut line = self.lines.pop_front()?;
        let (_, next) = line.places.pop_front()?;
        self.waiting -= 1;
        if !line.places.is_empty() {
            self.lines.push_back(line);
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    fn from(network: u8) -> QuestionAsker {
        QuestionAsker::Network([192, 0, network, 0].into())
    }

    /// Waits for turns as these askers, in order, and tells in which order they had them, and which of them had none.
    async fn order_of(turns: &Arc<FairTurns>, askers: &[u8]) -> (Vec<usize>, Vec<usize>) {
        let first = turns.try_take().unwrap();
        let (told, mut order) = mpsc::unbounded_channel();
        let mut tasks = Vec::new();
        for (place, asker) in askers.iter().enumerate() {
            let (turns, told, asker) = (turns.clone(), told.clone(), from(*asker));
            tasks.push(tokio::spawn(async move {
                let turn = turns.take(asker).await;
                told.send((place, turn.is_some())).unwrap();
            }));
            tokio::task::yield_now().await;
        }
        drop((first, told));
        let mut found = (Vec::new(), Vec::new());
        while let Some((place, had)) = order.recv().await {
            if had { found.0.push(place) } else { found.1.push(place) }
        }
        found.1.sort_unstable();
        found
    }

    #[tokio::test]
    async fn each_asker_has_a_turn_before_any_has_the_next() {
        let turns = FairTurns::of(1, 100, 60_000);
        assert_eq!(order_of(&turns, &[1, 1, 1, 1, 2, 3, 2]).await, (vec![0, 4, 5, 1, 6, 2, 3], vec![]));
        assert!(turns.waiting() == 0 && turns.try_take().is_some());
    }

    #[tokio::test]
    async fn who_holds_most_places_gives_one_up_to_who_holds_fewer() {
        let turns = FairTurns::of(1, 4, 60_000);
        // The last places of the first give way to the others', until all have as many.
        assert_eq!(order_of(&turns, &[1, 1, 1, 1, 2, 2, 2, 3, 1]).await, (vec![0, 4, 7, 1], vec![2, 3, 5, 6, 8]));
        assert_eq!(turns.waiting(), 0);
    }

    #[tokio::test]
    async fn who_goes_leaves_its_place_and_its_turn() {
        let turns = FairTurns::of(1, 1, 60_000);
        let first = turns.take(from(1)).await.unwrap();
        let of = turns.clone();
        let gone = tokio::spawn(async move { of.take(from(2)).await.map(drop) });
        tokio::task::yield_now().await;
        assert!(turns.waiting() == 1 && turns.take(from(3)).await.is_none(), "there is no place");
        gone.abort();
        assert!(gone.await.is_err() && turns.waiting() == 0);
        drop(first);
        assert!(turns.try_take().is_some());
    }

    #[tokio::test]
    async fn an_end_tells_all_who_wait() {
        let turns = FairTurns::of(1, 10, 60_000);
        let _first = turns.take(from(1)).await.unwrap();
        let of = turns.clone();
        let second = tokio::spawn(async move { of.take(from(2)).await.is_some() });
        tokio::task::yield_now().await;
        turns.close();
        assert!(!second.await.unwrap());
        assert!(turns.take(from(1)).await.is_none());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let turns = FairTurns::of(1, 10, 1);
        let first = turns.take(from(1)).await;
        assert!(turns.take(from(2)).await.is_none() && turns.waiting() == 0);
        drop(first);
        assert!(turns.take(from(2)).await.is_some());
    }
}
