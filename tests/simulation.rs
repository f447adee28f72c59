//! Everything between the queue and the disk under one seed: what nobody thought of.
//!
//! A seed makes a world (a simulated clock and disk, sites, visitors) and a life of some hundred steps in it: messages, flushes,
//! days that pass, disks that fail, kills in the middle of anything, power losses, commands. The program is the real one, down
//! to SQLite; only its threads are steps of the world (`collector::ByHand`), and only the disk under SQLite is not real. After each
//! step the figures must be those of a naive account of what was acknowledged.
//!
//! `HEADCOUNT_SIMULATION_S` says for how many seconds; a seed that fails is printed, and `HEADCOUNT_SEED` repeats it.

mod checks;
mod disk;
mod ledger;
mod operators;
mod senders;
mod shared_memory;
mod steps;
mod vfs;
mod watched_store;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use disk::Crash;
use watched_store::Broken;
use world::{Conditions, SimWorld};

/// Seeds of a run without a time of its own.
const SEEDS: u64 = 12;
/// Steps of a world.
const STEPS: usize = 150;

/// What became of a world.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    /// A digest of all operations of the disk.
    trace: u64,
    operations: u64,
    days: i64,
    done: BTreeMap<&'static str, u64>,
    faults: BTreeMap<&'static str, u64>,
}

/// Lives the life of a seed; panics where something is wrong.
fn live(conditions: Conditions) -> Outcome {
    tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
        let mut world = SimWorld::new(conditions);
        world.start(Crash::Process);
        for _ in 0..conditions.steps {
            world.step();
        }
        world.mend_disk();
        world.check();
        world.stop();
        world.crash(Crash::Power);
        world.start(Crash::Power);
        world.search_disk();
        world.kill(Crash::Process);
        let disk = world.disk.disk();
        let (trace, operations, faults) = (disk.trace, disk.operations, disk.met.clone());
        drop(disk);
        Outcome { trace, operations, days: world.passed_ms / 86_400_000, done: world.done, faults }
    })
}

/// What is wrong with the world of a seed.
fn finding(conditions: Conditions) -> Result<Outcome, String> {
    catch_unwind(AssertUnwindSafe(|| live(conditions))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
        text.unwrap_or("a panic").to_owned()
    })
}

fn honest(seed: u64) -> Conditions {
    Conditions { seed, steps: STEPS, lies: false, broken: Broken::Not, tells: false }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_seed_finds_anything() {
    let until = number("HEADCOUNT_SIMULATION_S").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let only = number("HEADCOUNT_SEED");
    let first = only.or(number("HEADCOUNT_SEED_FROM")).unwrap_or(0);
    let mut all = Outcome::default();
    let mut seeds = 0;
    for seed in first.. {
        let is_over = match (only, until) {
            (Some(only), _) => seed > only,
            (None, Some(until)) => Instant::now() >= until,
            (None, None) => seed >= first + SEEDS,
        };
        if is_over {
            break;
        }
        let lived = finding(Conditions { tells: only.is_some(), ..honest(seed) });
        let outcome = lived.unwrap_or_else(|finding| panic!("HEADCOUNT_SEED={seed}: {finding}"));
        if seed % 16 == 7 {
            assert_eq!(outcome, live(honest(seed)), "HEADCOUNT_SEED={seed}: another life each time");
        }
        add(&mut all, outcome);
        seeds += 1;
    }
    println!(
        "{seeds} seeds, {} days, {} operations of the disk\n{:?}\n{:?}",
        all.days, all.operations, all.done, all.faults
    );
}

fn add(all: &mut Outcome, one: Outcome) {
    all.days += one.days;
    all.operations += one.operations;
    one.done.into_iter().for_each(|(what, count)| *all.done.entry(what).or_default() += count);
    one.faults.into_iter().for_each(|(what, count)| *all.faults.entry(what).or_default() += count);
}

/// Lives that found something: batches that waited in a flush for long, a mark that was not synced, a stop that spilled what was stored.
const FOUND: [u64; 12] = [
    7_000_053,
    8_000_159,
    8_000_540,
    8_000_616,
    9_000_013,
    30_000_278,
    30_000_561,
    101_000_095,
    105_000_104,
    108_000_030,
    200_000_197,
    1_500_000_027,
];

#[test]
fn seeds_that_found_something_find_nothing_more() {
    for seed in FOUND {
        finding(honest(seed)).unwrap_or_else(|finding| panic!("HEADCOUNT_SEED={seed}: {finding}"));
    }
}

#[test]
fn a_seed_is_the_same_life_each_time() {
    for seed in 0..3 {
        assert_eq!(live(honest(seed)), live(honest(seed)), "{seed}");
    }
}

#[test]
fn what_is_broken_on_purpose_is_found() {
    let broken = [
        ("a disk that lies about syncs", Conditions { lies: true, ..honest(0) }),
        ("a store that forgets a flush", Conditions { broken: Broken::Forgetful, ..honest(0) }),
        ("a store that doubles a flush", Conditions { broken: Broken::Doubling, ..honest(0) }),
    ];
    for (what, conditions) in broken {
        let is_found = (0..20).any(|seed| finding(Conditions { seed, ..conditions }).is_err());
        assert!(is_found, "{what} is not found");
    }
}
