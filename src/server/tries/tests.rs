//! Tries of owners and of crowds, in a time of the test's own.

use super::*;

const NAME: u64 = 7;
const OWNER: TrierKey = TrierKey::Network(1 << 40);
/// What a comparison takes; the time goes on by it.
const TICK_MS: u64 = 25;

fn network(number: u64) -> TrierKey {
    TrierKey::Network(number)
}

/// Compares a try as soon as it may be, and says when that was.
fn compared(table: &mut TryTable, trier: TrierKey, is_wrong: bool, from_ms: u64) -> u64 {
    let mut open = table.open(trier, NAME, from_ms).unwrap();
    let mut now_ms = from_ms;
    loop {
        match table.step(&mut open, now_ms) {
            TryStep::Compare => break,
            TryStep::WaitUntil(later_ms) => now_ms = later_ms,
            TryStep::WaitForTurn => panic!("nobody else is there"),
        }
    }
    table.close(&open, is_wrong, now_ms);
    now_ms
}

#[test]
fn pauses_grow_and_fade_and_no_right_password_is_locked_out() {
    let mut table = TryTable::new(1);
    let (mut now_ms, mut pauses) = (0, Vec::new());
    for _ in 0..limits::TRIES_COUNTED_MAX + 10 {
        let then_ms = compared(&mut table, network(1), true, now_ms);
        pauses.push(then_ms - now_ms);
        now_ms = then_ms;
    }
    assert_eq!(pauses[..limits::TRIES_FREE as usize], [0; limits::TRIES_FREE as usize]);
    assert_eq!(pauses[5..11], [0, 280, 560, 1_090, 2_120, 4_150], "the pause follows the wrong one");
    let most = *pauses.iter().max().unwrap();
    assert!(most > 8_000 && most < limits::TRY_WAIT_MS / 2, "{most}");
    let here = compared(&mut table, network(1), false, now_ms) - now_ms;
    let there = compared(&mut table, network(2), false, now_ms) - now_ms;
    assert!(here < limits::TRY_WAIT_MS / 2 && there <= limits::TRY_PAUSE_OF_NAME_MS_MAX, "{here} {there}");
    let later_ms = now_ms + 10 * limits::TRIES_FADE_MS;
    assert_eq!(compared(&mut table, network(1), true, later_ms), later_ms, "it is forgotten");
}

#[test]
fn a_guesser_has_some_thousand_tries_a_day() {
    let mut table = TryTable::new(1);
    let (mut now_ms, mut tries) = (0, 0);
    while now_ms < 24 * 3_600_000 {
        now_ms = compared(&mut table, network(1), true, now_ms);
        tries += 1;
    }
    assert!((5_000..12_000).contains(&tries), "{tries}");
}

#[test]
fn tries_from_one_network_are_compared_one_after_the_other() {
    let mut table = TryTable::new(2);
    let mut all: Vec<_> =
        (0..limits::TRIES_OPEN_PER_NETWORK).map(|_| table.open(network(1), NAME, 0).unwrap()).collect();
    assert!(table.open(network(1), NAME, 0).is_err(), "they are connections");
    assert!(table.open(network(2), NAME, 0).is_ok() && table.open(TrierKey::Browser(1), NAME, 0).is_ok());
    let steps: Vec<_> = all.iter_mut().map(|open| table.step(open, 0)).collect();
    assert_eq!(steps.iter().filter(|step| **step == TryStep::Compare).count(), 1, "{steps:?}");
    for open in &all {
        table.close(open, false, 0);
    }
    assert_eq!((table.at_work, table.ready.len(), table.open[0]), (0, 0, 2));
    assert_eq!(compared(&mut table, network(1), false, 0), 0, "who goes away costs nothing");
}

#[tokio::test]
async fn whoever_waits_for_a_turn_is_told_even_if_the_first_has_gone() {
    let mut table = TryTable::new(1);
    let mut all: Vec<_> = (1..=4).map(|number| table.open(network(number), NAME, 0).unwrap()).collect();
    let steps: Vec<_> = all.iter_mut().map(|open| table.step(open, 0)).collect();
    assert_eq!(steps[1..], [TryStep::WaitForTurn; 3]);
    table.close(&all[1], false, 0);
    table.close(&all[0], false, 0);
    // The newest, after the oldest.
    all[3].turn.notified().await;
    table.close(&all[3], false, 0);
    all[2].turn.notified().await;
    assert_eq!(table.step(&mut all[2], 0), TryStep::Compare);
}

#[test]
fn counts_have_a_bound_and_the_heaviest_stay() {
    let mut table = TryTable::new(1);
    for number in 0..50_u64 {
        (0..10).for_each(|_| _ = compared(&mut table, network(number), true, 0));
    }
    for number in 0..limits::TRIES_REMEMBERED as u64 + 500 {
        compared(&mut table, network(1_000 + number), true, 600_000);
    }
    assert!(table.triers.0.len() <= limits::TRIES_REMEMBERED && table.names.0.len() == 1);
    assert!((0..50).all(|number| table.triers.wrong(number, 600_000).wrong == 10));
}

/// One who tries again and again.
struct Guesser {
    trier: TrierKey,
    open: Option<OpenTry>,
    is_at_work: bool,
    look_ms: u64,
    /// How many tries are wrong; those after them are right.
    wrong: u32,
    done_ms: Option<u64>,
}

impl Guesser {
    fn new(trier: TrierKey, wrong: u32) -> Guesser {
        Guesser { trier, open: None, is_at_work: false, look_ms: 0, wrong, done_ms: None }
    }

    fn tick(&mut self, table: &mut TryTable, now_ms: u64) {
        if self.is_at_work {
            let is_wrong = self.wrong > 0;
            table.close(&self.open.take().unwrap(), is_wrong, now_ms);
            self.is_at_work = false;
            self.wrong = self.wrong.saturating_sub(1);
            self.done_ms = (!is_wrong).then_some(now_ms);
        }
        if self.done_ms.is_some() || now_ms < self.look_ms {
            return;
        }
        let open = match &mut self.open {
            Some(open) => open,
            None => match table.open(self.trier, NAME, now_ms) {
                Ok(open) => self.open.insert(open),
                // Who guesses asks again at once.
                Err(_) => return,
            },
        };
        match table.step(open, now_ms) {
            TryStep::Compare => self.is_at_work = true,
            TryStep::WaitUntil(later_ms) => self.look_ms = later_ms,
            TryStep::WaitForTurn => {}
        }
    }
}

/// How long somebody with some wrong tries before the right one needs while 1,000 networks guess since so many minutes.
fn time_among_guessers(who: TrierKey, wrong: u32, minutes: u64) -> u64 {
    let mut table = TryTable::new(1);
    let mut crowd: Vec<_> = (0..1_000).map(|number| Guesser::new(network(number), u32::MAX)).collect();
    let (mut owner, begin_ms) = (Guesser::new(who, wrong), minutes * 60_000);
    for now_ms in (0..begin_ms + 300_000).step_by(TICK_MS as usize) {
        crowd.iter_mut().for_each(|guesser| guesser.tick(&mut table, now_ms));
        if now_ms >= begin_ms {
            owner.tick(&mut table, now_ms);
        }
        if let Some(done_ms) = owner.done_ms {
            return done_ms - begin_ms;
        }
        assert!(table.at_work <= 1 && table.triers.0.len() <= limits::TRIES_REMEMBERED);
    }
    panic!("never")
}

#[test]
fn the_owner_gets_in_while_a_thousand_networks_guess() {
    let first = time_among_guessers(OWNER, 0, 0);
    let (later, mistyped) = (time_among_guessers(OWNER, 0, 1), time_among_guessers(OWNER, 3, 1));
    assert!([first, later].iter().all(|ms| *ms <= 10_000), "{first} {later}");
    assert!(mistyped <= 120_000, "four tries: {mistyped}");
    let known = time_among_guessers(TrierKey::Browser(1), 2, 1);
    assert!(known <= 8 * TICK_MS, "strangers do not slow it: {known}");
}
