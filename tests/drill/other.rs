//! On sites of small budgets what is kept is exact, and what is not kept adds up.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Dimension, Filter, OTHER, Tally, Test};
use headcount::counts::pairs::Pair;
use headcount::hit::Hit;
use headcount::site::{Budget, Day, Settings, SiteId};
use headcount::store::{Ask, Grain};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::life::{Rows, ask, is, rows};
use super::room::{Plan, Room};
use crate::oracle::Walk;
use crate::oracle::pairs::{Side, axis_of, in_walk, on_axis};
use crate::oracle::streams::{Stream, config, long_stream};
use crate::oracle::watched;

/// Gives hits many pages.
fn spread(mut hits: Vec<Hit>) -> Vec<Hit> {
    for (place, hit) in hits.iter_mut().enumerate() {
        hit.page = format!("{}{}", hit.page, (place * 7) % 11);
    }
    hits
}

fn opened(stream: Stream, budget: Budget) -> (Plan, Room) {
    let plan = Plan::of(stream, &[]);
    let room = Room::open(&plan, &Settings { budget, ..watched::settings() });
    (plan, room)
}

fn by_bucket(rows: &Rows) -> BTreeMap<i32, Tally> {
    let mut sums: BTreeMap<i32, Tally> = BTreeMap::new();
    for ((bucket, _), tally) in rows {
        *sums.entry(*bucket).or_default() += *tally;
    }
    sums
}

/// The numbers of a breakdown that add up to those of what is broken down.
fn adding_up(by: Dimension, split: Dimension, tally: Tally) -> Vec<i64> {
    let mut numbers = vec![tally.pageviews, tally.events];
    if split.is_of_visit() {
        numbers.push(tally.visits);
    }
    if by.is_of_visit() && split.is_of_visit() {
        numbers.extend([tally.bounces, tally.seconds]);
    }
    numbers
}

/// Whether every breakdown of a value adds up to the value itself.
fn adds_up(room: &Room, site: SiteId, ends: [Day; 2], grain: Grain, pick: usize) -> Result<(), TestCaseError> {
    let all: Vec<Dimension> = Dimension::in_pairs().collect();
    let asks: Vec<Ask> = all.iter().map(|by| ask(site, Axis::Of(*by), None, grain, ends)).collect();
    let singles: BTreeMap<Dimension, Rows> = all.into_iter().zip(rows(room.collector(), &asks)).collect();
    let mut asked = Vec::new();
    for (at, pair) in Pair::all().enumerate().filter(|(at, _)| at % 4 == pick % 4) {
        for (by, split) in [(pair.first, pair.second), (pair.second, pair.first)] {
            // Hits without a token have no entry and exit page, and many hits fit no pattern.
            if matches!(
                split,
                Dimension::Pattern | Dimension::EntryPage | Dimension::ExitPage | Dimension::PreviousPage
            ) {
                continue;
            }
            let singles = &singles[&by];
            let Some((_, value)) = singles.keys().nth((pick + at) % singles.len().max(1)) else { continue };
            let whole: Rows = singles.iter().filter(|((_, v), _)| v == value).map(|(k, t)| (k.clone(), *t)).collect();
            asked.push((ask(site, Axis::Of(split), Some(is(by, value)), grain, ends), by, split, whole));
        }
    }
    let asks: Vec<Ask> = asked.iter().map(|(ask, ..)| ask.clone()).collect();
    for ((ask, by, split, whole), parts) in asked.iter().zip(rows(room.collector(), &asks)) {
        let numbers = |rows: &Rows| -> Vec<(i32, Vec<i64>)> {
            let sums = by_bucket(rows).into_iter();
            let sums = sums.map(|(bucket, tally)| (bucket, adding_up(*by, *split, tally)));
            sums.filter(|(_, numbers)| numbers.iter().any(|number| *number != 0)).collect()
        };
        prop_assert_eq!(numbers(&parts), numbers(whole), "the parts, the whole of {:?}", ask);
    }
    Ok(())
}

/// Whether all rows but `(other)` are those of the walk; how many there are of each kind.
fn kept_are_exact(room: &Room, walk: &Walk, site: SiteId, ends: [Day; 2]) -> Result<[usize; 2], TestCaseError> {
    let mut count = [0, 0];
    let mut asks: Vec<(Ask, Dimension, Dimension, &str)> = Vec::new();
    for (at, pair) in Pair::all().chain(Pair::of_money()).chain(Pair::of_properties()).enumerate() {
        let (by, split) = if at % 2 == 0 { (pair.first, pair.second) } else { (pair.second, pair.first) };
        let days = walk.days(site).into_iter();
        let mut values: Vec<&str> = days.flat_map(|day| walk.values_of_day(site, day, by)).collect();
        values.sort_unstable();
        values.dedup();
        if let Some(value) = values.get(at % values.len().max(1)) {
            let (own, plain) = on_axis(by, value);
            let filter = Filter { axis: own, test: Test::Is(vec![plain]) };
            asks.push((ask(site, axis_of(split, at), Some(filter), Grain::Day, ends), by, split, *value));
        }
    }
    let found = rows(room.collector(), &asks.iter().map(|(ask, ..)| ask.clone()).collect::<Vec<_>>());
    for ((ask, by, split, wanted), rows) in asks.iter().zip(found) {
        for ((day, value), tally) in rows {
            let (is_other, value) = (value == OTHER, in_walk(&ask.axis, &value));
            count[usize::from(is_other)] += 1;
            let (is_wanted, is_value) = (|v: &str| v == *wanted, |v: &str| v == value);
            let sides = [Side { dimension: *by, passes: &is_wanted }, Side { dimension: *split, passes: &is_value }];
            if !is_other {
                let expected = walk.meeting(site, Day(day), &sides);
                prop_assert_eq!(tally.columns(), expected.columns(), "{:?} {} by {:?} {}", by, wanted, split, value);
            }
        }
    }
    Ok(count)
}

#[test]
fn past_the_budget_of_pairs_what_is_kept_is_exact_and_the_rest_adds_up() {
    let fold = |(stream, pick, pair_cells): (_, usize, u32)| {
        let (plan, mut room) = opened(stream, Budget { pair_cells, ..Budget::default() });
        let (schedules, hits) = (plan.schedules(), spread(plan.hits()));
        let (walk, _) = Walk::over(&schedules, &hits);
        for hit in spread(plan.hits()) {
            room.take(hit);
        }
        room.flush();
        let ends = [hits.iter().map(|hit| hit.local.day).min().expect("a hit"), plan.last_day()];
        let mut count = [0, 0];
        let mut look = |room: &Room, pick: usize| -> Result<(), TestCaseError> {
            for site in room.sites.clone() {
                let of_site = kept_are_exact(room, &walk, site, ends)?;
                count = [count[0] + of_site[0], count[1] + of_site[1]];
                adds_up(room, site, ends, Grain::Day, pick)?;
                adds_up(room, site, ends, Grain::Month, pick + 1)?;
            }
            Ok(())
        };
        look(&room, pick)?;
        room.close(plan.last_day());
        look(&room, pick + 2)?;
        prop_assert!(count[1] > 0, "nothing was past the budget: {count:?}");
        Ok(())
    };
    let config = ProptestConfig { max_shrink_iters: 20, ..config(1) };
    let streams = (long_stream(), 0..60_usize, prop_oneof![Just(0), 30..600_u32]);
    TestRunner::new(config).run(&streams, fold).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn past_the_budget_of_values_everything_adds_up() {
    let fold = |(stream, pick, values): (_, usize, u32)| {
        let (plan, mut room) = opened(stream, Budget { values, pair_cells: 400 });
        let hits = spread(plan.hits());
        let ends = [hits.iter().map(|hit| hit.local.day).min().expect("a hit"), plan.last_day()];
        for hit in hits {
            room.take(hit);
        }
        for is_closed in [false, true] {
            if is_closed {
                room.close(plan.last_day());
            }
            for site in room.sites.clone() {
                adds_up(&room, site, ends, Grain::Day, pick)?;
                adds_up(&room, site, ends, Grain::Month, pick + 1)?;
                let pages = rows(
                    room.collector(),
                    &[Axis::Of(Dimension::Page), Axis::Total].map(|axis| ask(site, axis, None, Grain::Day, ends)),
                );
                let hits = |rows: &Rows| -> Vec<(i32, i64, i64)> {
                    by_bucket(rows).into_iter().map(|(day, t)| (day, t.pageviews, t.events)).collect()
                };
                prop_assert_eq!(hits(&pages[0]), hits(&pages[1]));
            }
        }
        Ok(())
    };
    let config = ProptestConfig { max_shrink_iters: 20, ..config(1) };
    TestRunner::new(config)
        .run(&(long_stream(), 0..60_usize, 1..6_u32), fold)
        .unwrap_or_else(|error| panic!("{error}"));
}
