//! Tries of owners and of crowds, in a time of the test's own.

use super::*;

const NAME: u64 = 7;
/// What a comparison takes; the time goes on by it.
const TICK_MS: u64 = 50;
/// After which time somebody who was turned away comes again, who should wait for longer.
const ASK_AGAIN_MS: u64 = 500;
/// For how long others guess before the owner comes.
const GUESSED_MS: u64 = 30_000;

/// Somebody alone in a prefix.
fn stranger(number: u64) -> TrierKey {
    within(number, number, number)
}

fn within(prefix: u64, network: u64, address: u64) -> TrierKey {
    TrierKey::Stranger(TryOrigin { prefix, network, address })
}

/// Compares a try as soon as it may be, and says when that was.
fn compared(table: &mut TryTable, trier: TrierKey, name: u64, is_wrong: bool, from_ms: u64) -> u64 {
    let open = table.open(trier, name, from_ms).unwrap();
    let mut now_ms = from_ms;
    loop {
        match table.step(&open, now_ms) {
            TryStep::Compare => break,
            TryStep::WaitUntil(later_ms) => now_ms = later_ms,
            TryStep::GiveUp => panic!("there is room"),
        }
    }
    table.close(&open, is_wrong, now_ms);
    now_ms
}

#[test]
fn pauses_grow_and_fade_and_no_right_password_is_locked_out() {
    let mut table = TryTable::new(1, 1);
    let (mut now_ms, mut pauses) = (0, Vec::new());
    for _ in 0..limits::TRIES_COUNTED_MAX + 10 {
        let then_ms = compared(&mut table, stranger(1), NAME, true, now_ms);
        pauses.push(then_ms - now_ms);
        now_ms = then_ms;
    }
    assert_eq!(pauses[..limits::TRIES_FREE as usize], [0; limits::TRIES_FREE as usize]);
    assert_eq!(pauses[5..11], [0, 280, 560, 1_090, 2_120, 4_150], "the pause follows the wrong one");
    let most = *pauses.iter().max().unwrap();
    assert!(most > 8_000 && most < limits::TRY_WAIT_MS / 2, "{most}");
    let there = compared(&mut table, stranger(2), NAME, false, now_ms) - now_ms;
    let here = compared(&mut table, stranger(1), NAME, false, now_ms) - now_ms;
    assert!(here < limits::TRY_WAIT_MS / 2 && there == limits::TRY_PAUSE_OF_NAME_MS_MAX, "{here} {there}");
    let later_ms = now_ms + 10 * limits::TRIES_FADE_MS;
    assert_eq!(compared(&mut table, stranger(1), NAME, true, later_ms), later_ms, "it is forgotten");
}

#[test]
fn a_guesser_has_some_thousand_tries_a_day_and_all_together_one_a_second_at_a_name() {
    let tries_a_day = |networks: u64| {
        let mut table = TryTable::new(1, 1);
        let (mut now_ms, mut tries) = (0, 0);
        while now_ms < 24 * 3_600_000 {
            now_ms = compared(&mut table, stranger(tries % networks), NAME, true, now_ms);
            tries += 1;
        }
        tries
    };
    let (one, all) = (tries_a_day(1), tries_a_day(5_000));
    assert!((5_000..12_000).contains(&one), "{one}");
    assert!((86_000..87_000).contains(&all), "{all}");
}

#[test]
fn tries_from_one_network_and_at_one_name_are_compared_one_after_the_other() {
    let mut table = TryTable::new(9, 1);
    let mut open = |trier, name| table.open(trier, name, 0).unwrap();
    let all = [
        open(within(1, 1, 1), NAME),
        open(within(1, 1, 2), 8),
        open(within(1, 2, 3), NAME),
        open(TrierKey::Browser(1), NAME),
        open(TrierKey::Browser(1), NAME),
    ];
    let compared = |table: &mut TryTable| all.iter().filter(|open| table.step(open, 0) == TryStep::Compare).count();
    assert!((2..=3).contains(&compared(&mut table)), "one of the browser; of strangers one, or those at other names");
    for open in &all {
        table.close(open, false, 0);
    }
    assert!(table.at_work.is_empty() && table.waiting.is_empty());
    assert_eq!(table.triers.0.values().chain(table.names.0.values()).filter(|count| count.open > 0).count(), 0);
    assert_eq!(super::tests::compared(&mut table, stranger(1), NAME, false, 0), 0, "who goes away costs nothing");
}

#[tokio::test]
async fn whoever_waits_for_a_turn_is_told_even_if_the_first_has_gone() {
    let mut table = TryTable::new(1, 1);
    let mut all: Vec<_> = (1..=4).map(|number| table.open(stranger(number), NAME, 0).unwrap()).collect();
    while !all.is_empty() {
        let chosen: Vec<_> = (0..all.len()).filter(|at| table.step(&all[*at], 0) == TryStep::Compare).collect();
        assert_eq!(chosen.len(), 1);
        let chosen = all.swap_remove(chosen[0]);
        chosen.turn.notified().await;
        table.close(&chosen, false, 0);
    }
}

#[test]
fn counts_have_a_bound_and_the_heaviest_stay() {
    let mut table = TryTable::new(1, 1);
    for number in 0..50_u64 {
        (0..10).for_each(|_| _ = compared(&mut table, stranger(number), number, true, 0));
    }
    for number in 1_000..limits::TRIES_REMEMBERED as u64 + 1_500 {
        compared(&mut table, stranger(number), number, true, 600_000);
    }
    for counts in [&table.triers, &table.prefixes, &table.names] {
        assert!(counts.0.len() <= limits::TRIES_REMEMBERED);
        assert!((0..50).all(|number| counts.wrong(number, 600_000).wrong == 10));
    }
}

#[test]
fn who_holds_most_places_gives_one_up_to_who_holds_fewer() {
    let mut table = TryTable::new(0, 1);
    let mut held: Vec<_> = (0..limits::TRIES_OPEN as u64).map(|at| (at, within(1, at / 2, at))).collect();
    let mut open = |trier| table.open(trier, NAME, 0);
    let mut tries: Vec<_> = held.drain(..).map(|(at, trier)| (at, open(trier).unwrap())).collect();
    assert!(open(within(1, 0, 0)).is_none(), "no place goes from one to the same");
    let elsewhere: Vec<_> = (2..100).map(|prefix| open(stranger(prefix)).expect("a prefix without any")).collect();
    let networks = open(within(1, 9_999, 9_999)).expect("a network without any, in the heaviest prefix");
    let browser = open(TrierKey::Browser(1)).expect("strangers take no room of browsers");
    for open in elsewhere.iter().chain([&networks, &browser]) {
        assert!(matches!(table.step(open, 0), TryStep::WaitUntil(_)), "who has one alone keeps it");
    }
    tries.retain(|(_, open)| table.step(open, 0) == TryStep::GiveUp);
    assert_eq!(tries.len(), 99);
    let mut networks: Vec<_> = tries.iter().map(|(at, _)| at / 2).collect();
    networks.dedup();
    assert_eq!(networks.len(), 99, "the heaviest network first");
    assert!((1..limits::TRIES_OPEN_PER_BROWSER).all(|_| table.open(TrierKey::Browser(1), NAME, 0).is_some()));
    assert!(table.open(TrierKey::Browser(1), NAME, 0).is_none(), "each is a connection");
}

/// One who tries again and again.
struct Guesser {
    from: Box<dyn Fn(u64) -> TrierKey>,
    open: Option<OpenTry>,
    is_at_work: bool,
    opened_ms: u64,
    look_ms: u64,
    /// How many tries are wrong; those after them are right.
    wrong: u32,
    done_ms: Option<u64>,
}

impl Guesser {
    /// Somebody whose tries come from somewhere, by the time.
    fn new(from: impl Fn(u64) -> TrierKey + 'static, wrong: u32) -> Guesser {
        let from = Box::new(from);
        Guesser { from, open: None, is_at_work: false, opened_ms: 0, look_ms: 0, wrong, done_ms: None }
    }

    fn tick(&mut self, table: &mut TryTable, now_ms: u64) {
        if self.is_at_work {
            let is_wrong = self.wrong > 0;
            table.close(&self.open.take().unwrap(), is_wrong, now_ms);
            self.is_at_work = false;
            self.wrong = self.wrong.saturating_sub(1);
            self.done_ms = (!is_wrong).then_some(now_ms);
        }
        if self.done_ms.is_some() {
            return;
        }
        // Who is turned away asks again.
        if let Some(open) = self.open.take_if(|_| now_ms > self.opened_ms + limits::TRY_WAIT_MS) {
            table.close(&open, false, now_ms);
        }
        if self.open.is_none() && now_ms >= self.look_ms {
            self.open = table.open((self.from)(now_ms), NAME, now_ms);
            self.opened_ms = now_ms;
            self.look_ms = if self.open.is_none() { now_ms + ASK_AGAIN_MS } else { now_ms };
        }
        let is_told = |open: &OpenTry, table: &TryTable| !table.waiting.contains_key(&open.number);
        let Some(open) = self.open.take_if(|open| now_ms >= self.look_ms || is_told(open, table)) else { return };
        match table.step(&open, now_ms) {
            TryStep::Compare => self.is_at_work = true,
            TryStep::WaitUntil(later_ms) => self.look_ms = later_ms,
            TryStep::GiveUp => {
                self.look_ms = now_ms + ASK_AGAIN_MS;
                return;
            }
        }
        self.open = Some(open);
    }
}

/// How long somebody with some wrong tries before the right one needs while others guess.
fn time_among(mut crowd: Vec<Guesser>, mut owner: Guesser, seed: u64) -> u64 {
    let mut table = TryTable::new(1, seed);
    for now_ms in (0..4 * 3_600_000).step_by(TICK_MS as usize) {
        crowd.iter_mut().for_each(|guesser| guesser.tick(&mut table, now_ms));
        if now_ms >= GUESSED_MS {
            owner.tick(&mut table, now_ms);
        }
        if let Some(done_ms) = owner.done_ms {
            return done_ms - GUESSED_MS;
        }
        assert!(table.at_work.len() <= 1 && table.waiting.len() <= limits::TRIES_OPEN);
    }
    panic!("never")
}

fn crowd(of: u64, from: impl Fn(u64, u64) -> TrierKey + Clone + 'static) -> Vec<Guesser> {
    let guesser = |at| {
        let from = from.clone();
        Guesser::new(move |now_ms| from(at, now_ms), u32::MAX)
    };
    (0..of).map(guesser).collect()
}

/// The mean over some seeds.
fn mean(of: impl Fn(u64) -> u64) -> u64 {
    const SEEDS: u64 = 8;
    (1..=SEEDS).map(of).sum::<u64>() / SEEDS
}

#[test]
fn the_owner_gets_in_while_a_whole_prefix_guesses() {
    // Each try comes from a network that was never seen.
    let recycled = |at: u64, now_ms: u64| within(1, (at << 32) + now_ms, at);
    for seed in 1..=3 {
        let (first, mistyped) = (
            time_among(crowd(1_100, recycled), Guesser::new(|_| stranger(1 << 40), 0), seed),
            time_among(crowd(1_100, recycled), Guesser::new(|_| stranger(1 << 40), 3), seed),
        );
        assert!(first <= 5_000 && mistyped <= 30_000, "{first} {mistyped}");
    }
}

#[test]
fn the_owner_gets_in_while_others_guess_from_the_same_network() {
    let (here, other) = (within(1, 1, 1), within(1, 1, 2));
    let from_one = mean(|seed| time_among(crowd(48, move |_, _| other), Guesser::new(move |_| here, 0), seed));
    assert!(from_one <= 3 * 10_000, "another address is one beside the owner's: {from_one}");
    let alike = mean(|seed| time_among(crowd(48, move |_, _| here), Guesser::new(move |_| here, 0), seed));
    assert!(alike <= 49 * 10_000, "the same address: {alike}");
}

#[test]
fn the_owner_gets_in_while_a_thousand_networks_guess() {
    let others = |at, _| stranger(at);
    let first = time_among(crowd(1_000, others), Guesser::new(|_| stranger(1 << 40), 0), 1);
    assert!(first <= 30 * 60_000, "{first}");
    let known = time_among(crowd(1_000, others), Guesser::new(|_| TrierKey::Browser(1), 2), 1);
    assert!(known <= 8 * TICK_MS, "strangers do not slow it: {known}");
}
