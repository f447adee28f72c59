//! Every two dimensions of random streams, as the program and as the naive walk count them. A stream that fails is printed in the
//! scenario language.

use std::collections::BTreeMap;
use std::convert::Infallible;

use headcount::cell::{Axis, Filter, Tally, Test};
use headcount::counts::pairs::{NameNumbers, Pair, PairTable};
use headcount::counts::{Name, SessionSnapshot};
use headcount::site::{Day, SiteId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::pairs::{Side, axis_of, in_walk, on_axis};
use super::streams::{Stream, config, play, stream};
use super::{Walk, watched};
use crate::scenario::depth1::{OpenDays, hits};

/// Numbers by pair and values.
pub type Tables = BTreeMap<(Pair, String, String), Tally>;

/// All pairs of a snapshot.
pub fn counted(snapshot: &SessionSnapshot, cells_max: u32) -> Tables {
    let mut tables = Tables::new();
    let pairs = snapshot.pairs(cells_max);
    // Large days are counted in parts.
    assert_eq!(in_batches(snapshot, pairs.texts.len(), cells_max), pairs.tables);
    for table in &pairs.tables {
        for ((a, b), tally) in table.cells().unwrap() {
            let text = |number: u32| pairs.texts[number as usize].to_string();
            assert!(tables.insert((table.pair, text(a), text(b)), tally).is_none(), "each cell is there once");
        }
    }
    tables
}

/// The same by the numbers that the day's names have anyway, in batches of a few rows.
fn in_batches(snapshot: &SessionSnapshot, texts: usize, cells_max: u32) -> Vec<PairTable> {
    let names = snapshot.names_in_pairs().into_iter();
    let first = texts - snapshot.joined_names().count();
    let joined = (first as u32..).zip(snapshot.joined_names()).map(|(number, _)| number).collect();
    snapshot.pairs_by(&NameNumbers::of(names.map(|name| (name, name.0))).with_joined(joined), cells_max, 5)
}

pub fn walked(walk: &Walk, site: SiteId, day: Day) -> Tables {
    let mut tables = Tables::new();
    let all = Pair::all().chain(Pair::of_money()).chain(Pair::of_properties());
    for pair in all.chain([Pair::OF_SECTIONS]) {
        let cells = walk.pair(site, day, [pair.first, pair.second]);
        tables.extend(cells.into_iter().map(|((a, b), tally)| ((pair, a.to_owned(), b.to_owned()), tally)));
    }
    tables
}

pub fn same<K: Ord + std::fmt::Debug>(
    counted: &BTreeMap<K, Tally>,
    expected: &BTreeMap<K, Tally>,
) -> Result<(), TestCaseError> {
    let keys: std::collections::BTreeSet<_> = counted.keys().chain(expected.keys()).collect();
    for key in keys {
        let [found, wanted] = [counted, expected].map(|table| table.get(key).copied().unwrap_or_default().columns());
        prop_assert_eq!(found, wanted, "counted, expected of {:?}", key);
    }
    Ok(())
}

/// What a filter lets pass of an axis, by the program, under the names of the walk.
fn filtered(snapshot: &SessionSnapshot, filter: &Filter<Name>, axis: &Axis<Name>) -> BTreeMap<String, Tally> {
    let passes = |value: &str| Ok::<_, Infallible>(filter.test.passes(value));
    let rows: Vec<(Name, Tally)> = snapshot.filtered(filter, &[axis], passes).unwrap().concat();
    rows.into_iter().map(|(value, tally)| (in_walk(axis, &value), tally)).collect()
}

/// The same by the walk.
fn met(walk: &Walk, site: SiteId, day: Day, by: Side, axis: &Axis<Name>) -> BTreeMap<String, Tally> {
    let split = axis.in_pairs().expect("a dimension");
    let of_value = |value: &str| {
        let is = |other: &str| other == value;
        walk.meeting(site, day, &[by, Side { dimension: split, passes: &is }])
    };
    let values = walk.values_of_day(site, day, split).into_iter();
    let values = values.filter(|value| on_axis(split, value).0 == *axis);
    let rows = values.map(|value| (value.to_owned(), of_value(value)));
    rows.filter(|(_, tally)| !tally.is_zero()).collect()
}

fn each_pair(
    stream: &Stream,
    check: impl Fn(&Walk, SiteId, Day, &SessionSnapshot) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut hits = hits(&stream.scenario);
    let from = hits.len() / 4;
    watched::mark(&mut hits, from);
    let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
    let (walk, _) = Walk::over(&schedules, &hits);
    let (_, days) = play(stream, &hits);
    days.snapshots().try_for_each(|(site, day, snapshot)| check(&walk, site, day, &snapshot))
}

#[test]
fn every_two_dimensions_count_as_a_naive_walk() {
    let compare = |stream: Stream| {
        each_pair(&stream, |walk, site, day, snapshot| same(&counted(snapshot, u32::MAX), &walked(walk, site, day)))
    };
    TestRunner::new(config(12)).run(&stream(), compare).unwrap_or_else(|error| panic!("{error}"));
}

/// A snapshot is taken at some hit, and looked at when the others have come.
#[test]
fn a_snapshot_stays_what_the_day_was() {
    let compare = |(stream, cut): (Stream, prop::sample::Index)| {
        let hits = hits(&stream.scenario);
        let (before, after) = hits.split_at(cut.index(hits.len()));
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let (walk, _) = Walk::over(&schedules, before);
        let mut days = OpenDays::default();
        before.iter().for_each(|hit| _ = days.take(hit));
        let snapshots: Vec<_> = days.snapshots().collect();
        after.iter().for_each(|hit| _ = days.take(hit));
        snapshots
            .iter()
            .try_for_each(|(site, day, snapshot)| same(&counted(snapshot, u32::MAX), &walked(&walk, *site, *day)))
    };
    let case = (stream(), any::<prop::sample::Index>());
    TestRunner::new(config(12)).run(&case, compare).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn memory_answers_any_filter_as_a_naive_walk() {
    let compare = |(stream, pick): (Stream, usize)| {
        each_pair(&stream, |walk, site, day, snapshot| {
            let turned = |pair: Pair| [[pair.first, pair.second], [pair.second, pair.first]];
            let pairs = Pair::all().chain(Pair::of_money()).chain(Pair::of_properties());
            for (at, [by, split]) in pairs.flat_map(turned).enumerate() {
                let values: Vec<&str> = walk.values_of_day(site, day, by).into_iter().collect();
                let Some(value) = values.get((pick + at) % values.len().max(1)) else { continue };
                let (own, plain) = on_axis(by, value);
                let is_one = |other: &str| other == *value;
                let is_other = |other: &str| other != *value && on_axis(by, other).0 == own;
                let (one, side) = (Test::Is(vec![plain]), |passes| Side { dimension: by, passes });
                let filter = |test| Filter { axis: own.clone(), test };
                let axis = axis_of(split, pick + at / 2);
                same(&filtered(snapshot, &filter(one.clone()), &axis), &met(walk, site, day, side(&is_one), &axis))?;
                let others = filtered(snapshot, &filter(Test::Not(Box::new(one))), &axis);
                same(&others, &met(walk, site, day, side(&is_other), &axis))?;
            }
            Ok(())
        })
    };
    TestRunner::new(config(3)).run(&(stream(), 0..60_usize), compare).unwrap_or_else(|error| panic!("{error}"));
}
