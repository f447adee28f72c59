//! States of a collector, each that of a naive walk in all its figures: snapshots that readers take at random moments, on threads
//! of their own, while hits are counted and stored; and what is there after the program ended on the way. A stream that fails is
//! printed in the scenario language.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use headcount::cell::{Axis, Cell, Dimension, Filter, Tally, Test};
use headcount::collector::{Collector, SnapshotScope};
use headcount::counts::Name;
use headcount::hit::Hit;
use headcount::report::Sums;
use headcount::site::{Day, LocalHour, Schedule, SiteId};
use headcount::store::{Ask, Grain};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::pairs::Side;
use super::streams::{Stream, config, stream};
use super::{Walk, figures};
use crate::scenario::End;
use crate::scenario::depth1::hits;
use crate::scenario::depth2::Kept;
use crate::scenario::expected::Stage;

const READERS: usize = 3;
const SITES: [SiteId; 2] = [SiteId(1), SiteId(2)];
const SINGLE: [Axis<Name>; 5] = [
    Axis::Total,
    Axis::Of(Dimension::Page),
    Axis::Of(Dimension::ExitPage),
    Axis::Of(Dimension::Source),
    Axis::Of(Dimension::Event),
];
/// Filters on the open day: a dimension, its value, and what is split.
const FILTERED: [(Dimension, &str, Dimension); 2] =
    [(Dimension::Page, "/", Dimension::Source), (Dimension::Browser, "Chrome", Dimension::ExitPage)];

/// Figures by a text that says of what: site, buckets, split, value.
type Shown = BTreeMap<String, [i64; 11]>;

/// A reader's snapshot, and between which numbers of hits it was taken.
struct Taken {
    between: RangeInclusive<usize>,
    shown: Shown,
}

/// How many hits were given to be counted, and how many are counted.
#[derive(Default)]
struct Progress {
    begun: AtomicUsize,
    done: AtomicUsize,
}

fn add(shown: &mut Shown, what: impl std::fmt::Debug, value: &str, tally: Tally) {
    let sum = shown.entry(format!("{what:?} {value}")).or_default();
    sum.iter_mut().zip(tally.columns()).for_each(|(sum, number)| *sum += number);
}

fn rid_of_zeros(mut shown: Shown) -> Shown {
    shown.retain(|_, numbers| numbers.iter().any(|number| *number != 0));
    shown
}

/// What a snapshot shows of all days. Half of it is read after the next hits were counted.
fn read(collector: &Collector, days: [Day; 2], progress: &Progress) -> Taken {
    let from = progress.done.load(Ordering::SeqCst);
    let scope = SnapshotScope { pairs_until: Some(days[1]), ..SnapshotScope::sites(SITES.to_vec()) };
    let snapshot = collector.snapshot(scope).unwrap();
    let until = progress.begun.load(Ordering::SeqCst);
    let mut shown = Shown::new();
    for site in SITES {
        let ask = |axis: &Axis<Name>, filter, grain, [first, last]: [i32; 2]| {
            let ask = Ask {
                axis: axis.clone(),
                filter,
                grain,
                first,
                last,
                by_bucket: true,
                ..Ask::totals_of_day(site, days[0])
            };
            snapshot.read(&[ask]).unwrap().concat()
        };
        let hours = days.map(|day| LocalHour { day, hour: headcount::site::Hour(0) }.number());
        for axis in &SINGLE {
            for row in ask(axis, None, Grain::Hour, [hours[0], hours[1] + 23]) {
                add(&mut shown, (site, "hour", row.bucket, axis), &row.value, row.tally);
            }
            thread::yield_now();
            for row in ask(axis, None, Grain::Day, days.map(|day| day.0)) {
                add(&mut shown, (site, "day", row.bucket, axis), &row.value, row.tally);
            }
        }
        for (by, value, split) in FILTERED {
            let filter = Filter { axis: Axis::Of(by), test: Test::Is(vec![value.to_owned()]) };
            for row in ask(&Axis::Of(split), Some(filter), Grain::Day, days.map(|day| day.0)) {
                add(&mut shown, (site, by, value, row.bucket, split), &row.value, row.tally);
            }
        }
    }
    Taken { between: from..=until, shown: rid_of_zeros(shown) }
}

/// The same of a naive walk over hits.
fn walked(schedules: &[Schedule], hits: &[Hit]) -> Shown {
    let (mut shown, figures) = (Shown::new(), figures(schedules, hits));
    let is_asked = |cell: &Cell<&str>| SINGLE.iter().any(|axis| format!("{axis:?}") == format!("{:?}", cell.axis));
    for ((site, day, hour, cell), tally) in figures.hours.iter().filter(|((.., cell), _)| is_asked(cell)) {
        let bucket = LocalHour { day: *day, hour: *hour }.number();
        add(&mut shown, (site, "hour", bucket, cell.axis), cell.value, *tally);
    }
    for ((site, day, cell), tally) in figures.days.iter().filter(|((.., cell), _)| is_asked(cell)) {
        add(&mut shown, (site, "day", day.0, cell.axis), cell.value, *tally);
    }
    let (walk, _) = Walk::over(schedules, hits);
    for (site, (by, value, split)) in SITES.into_iter().flat_map(|site| FILTERED.map(|filtered| (site, filtered))) {
        let is_value = |other: &str| other == value;
        for day in walk.days(site) {
            for of in walk.values_of_day(site, day, split) {
                let is_of = |other: &str| other == of;
                let sides = [Side { dimension: by, passes: &is_value }, Side { dimension: split, passes: &is_of }];
                add(&mut shown, (site, by, value, day.0, split), of, walk.meeting(site, day, &sides));
            }
        }
    }
    rid_of_zeros(shown)
}

/// The first and the last day of hits.
fn days(hits: &[Hit]) -> [Day; 2] {
    let days = hits.iter().map(|hit| hit.local.day);
    [days.clone().min().unwrap(), days.max().unwrap()]
}

/// Counts the hits while readers take snapshots: each of them when so many hits are counted.
fn play(stream: &Stream, moments: &[BTreeSet<usize>]) -> Vec<Taken> {
    let (kept, all) = (Kept::open(&stream.scenario), hits(&stream.scenario));
    let days = days(&all);
    let (progress, last) = (Progress::default(), all.len());
    let (flush, flushes) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let (kept, progress) = (&kept, &progress);
        scope.spawn(move || flushes.iter().for_each(|()| kept.collector().flush().unwrap()));
        let reader = |moments: &BTreeSet<usize>| {
            let moments: Vec<usize> = moments.iter().map(|moment| *moment.min(&last)).collect();
            scope.spawn(move || {
                let take = |moment: usize| {
                    while progress.done.load(Ordering::SeqCst) < moment {
                        thread::yield_now();
                    }
                    read(kept.collector(), days, progress)
                };
                moments.into_iter().map(take).collect::<Vec<_>>()
            })
        };
        let readers: Vec<_> = moments.iter().map(reader).collect();
        for (place, hit) in all.into_iter().enumerate() {
            if stream.drains[place] {
                flush.send(()).unwrap();
            }
            progress.begun.store(place + 1, Ordering::SeqCst);
            kept.take(hit);
            progress.done.store(place + 1, Ordering::SeqCst);
            // As long as a snapshot takes, so that it falls between few hits.
            thread::park_timeout(std::time::Duration::from_micros(200));
        }
        drop(flush);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    })
}

#[test]
fn a_snapshot_is_a_naive_walk_up_to_one_hit() {
    let compare = |(stream, moments): (Stream, Vec<BTreeSet<usize>>)| {
        let (taken, hits) = (play(&stream, &moments), hits(&stream.scenario));
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let mut walks: BTreeMap<usize, Shown> = BTreeMap::new();
        for Taken { between, shown } in taken {
            let mut walk = |many: usize| walks.entry(many).or_insert_with(|| walked(&schedules, &hits[..many])).clone();
            let is_one = between.clone().any(|many| walk(many) == shown);
            let mut differs = || {
                let expected = walk(*between.start());
                let keys: BTreeSet<_> = shown.keys().chain(expected.keys()).collect();
                let keys = keys.into_iter().filter(|key| shown.get(*key) != expected.get(*key)).take(10);
                keys.map(|key| format!("{key}: {:?}, {:?}", shown.get(key), expected.get(key))).collect::<Vec<_>>()
            };
            prop_assert!(is_one, "between {between:?}; shown, and expected of the first: {:#?}", differs());
        }
        Ok(())
    };
    let moments = vec(proptest::collection::btree_set(0..200_usize, 1..8), READERS);
    let config = ProptestConfig { max_shrink_iters: 50, ..config(12) };
    TestRunner::new(config).run(&(stream(), moments), compare).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_day_that_went_over_ends_is_a_naive_walk() {
    let compare = |(mut stream, ends): (Stream, BTreeMap<usize, bool>)| {
        let end = |(place, is_kill): (usize, bool)| (place, if is_kill { End::Kill } else { End::Stop });
        stream.scenario.ends = ends.into_iter().map(end).collect();
        let mut kept = Kept::open(&stream.scenario);
        kept.play(&stream.scenario);
        let hits = hits(&stream.scenario);
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let shown = read(kept.collector(), days(&hits), &Progress::default()).shown;
        prop_assert_eq!(shown, walked(&schedules, &hits));
        let uncounted = Walk::over(&schedules, &hits).1.iter().filter(|counts| !**counts).count() as i64;
        prop_assert_eq!(kept.rejected().iter().map(|(_, count)| count).sum::<i64>(), uncounted);
        Ok(())
    };
    over_ends(compare);
}

#[test]
fn days_that_ended_among_ends_of_the_program_are_a_naive_walk() {
    let compare = |(stream, ends): (Stream, BTreeMap<usize, bool>)| {
        let mut kept = Kept::open(&stream.scenario);
        let [hits, counted] = [(); 2].map(|()| {
            let mut hits = hits(&stream.scenario);
            hits.sort_by_key(|hit| hit.at);
            hits
        });
        for (place, hit) in counted.into_iter().enumerate() {
            if let Some(is_kill) = ends.get(&place) {
                kept.restart(if *is_kill { End::Kill } else { End::Stop });
            }
            kept.take_in_time(hit);
            if stream.drains.get(place).is_some_and(|drains| *drains) {
                kept.collector().flush().unwrap();
            }
        }
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let shown = read(kept.collector(), days(&hits), &Progress::default()).shown;
        prop_assert_eq!(shown, walked(&schedules, &hits));
        Ok(())
    };
    over_ends(compare);
}

fn over_ends(compare: impl Fn((Stream, BTreeMap<usize, bool>)) -> Result<(), TestCaseError>) {
    let ends = proptest::collection::btree_map(0..120_usize, any::<bool>(), 1..10);
    // Each try to cut a stream down takes as many starts.
    let config = ProptestConfig { max_shrink_iters: 200, ..config(12) };
    TestRunner::new(config).run(&(stream(), ends), compare).unwrap_or_else(|error| panic!("{error}"));
}
