//! Segments by day and by month are those of a naive walk: of open days, of closed ones, and of months that are added up.

use std::collections::{BTreeMap, BTreeSet};

use headcount::cell::{Axis, Dimension, Filter, Tally, Test};
use headcount::counts::Name;
use headcount::report::Sums;
use headcount::site::{Day, Segment, Settings, SiteId};
use headcount::store::{Ask, Cut, Grain, RowsBy};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::life::{Rows, ask, is, rows};
use super::room::{Plan, Room};
use crate::oracle::conditions::{Clause, clause, walked, walked_by_property};
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, watched};

/// By what segments are split here: of visits, of hits, and funnels.
const SPLITS: [Dimension; 6] =
    [Dimension::Country, Dimension::EntryPage, Dimension::Page, Dimension::Section, Dimension::Event, Dimension::Money];

fn settings(clauses: &[Clause]) -> Settings {
    let segment = |(number, clause): (u32, &Clause)| Segment {
        number,
        name: format!("Segment {number}"),
        condition: clause.to_string(),
        since_ms: 0,
    };
    Settings { segments: (1..).zip(clauses).map(segment).collect(), ..watched::settings() }
}

/// What is asked of a segment, and what a walk has of it.
fn expected(walk: &Walk, site: SiteId, clause: &Clause, axis: &Axis<Name>, grain: Grain) -> Rows {
    let mut rows = Rows::new();
    for day in walk.days(site) {
        let of_day: Vec<(String, Tally)> = match axis {
            Axis::Funnel(funnel) => {
                let steps = walk.steps_where(site, day, |counted| clause.counts(walk, counted));
                let own = format!("{funnel}:");
                steps
                    .into_iter()
                    .filter_map(|(step, tally)| Some((step.strip_prefix(&own)?.to_owned(), tally)))
                    .collect()
            }
            Axis::Prop { key, .. } => walked_by_property(walk, (site, day), clause, key),
            Axis::Of(dimension) => {
                let found = walked(walk, (site, day), clause, &[*dimension]);
                found.into_iter().map(|((_, value, _), tally)| (value, tally)).collect()
            }
            _ => walked(walk, (site, day), clause, &[]).into_values().map(|tally| (String::new(), tally)).collect(),
        };
        let bucket = if grain == Grain::Month { day.month().0 } else { day.0 };
        for (value, tally) in of_day {
            *rows.entry((bucket, value)).or_default() += tally;
        }
    }
    rows.retain(|_, tally| !tally.is_zero());
    rows
}

fn compare(room: &Room, walk: &Walk, clauses: &[Clause], days: [Day; 2]) -> Result<(), TestCaseError> {
    for site in room.sites.clone() {
        let (mut asks, mut wanted): (Vec<Ask>, Vec<Rows>) = (Vec::new(), Vec::new());
        for grain in [Grain::Day, Grain::Month] {
            let mut by_segment: BTreeMap<(i32, String), Tally> = BTreeMap::new();
            for (number, clause) in (1..).zip(clauses) {
                let number = format!("{number}");
                let funnels = watched::FUNNELS.map(|(funnel, _)| Axis::Funnel(funnel));
                let named = watched::NAMED.map(|key| Axis::Prop { key: Name::from(key), event: None });
                let axes = SPLITS.map(Axis::Of).into_iter().chain(named).chain(funnels).chain([Axis::Total]);
                for axis in axes.filter(|axis| clause.knows(axis)) {
                    wanted.push(expected(walk, site, clause, &axis, grain));
                    asks.push(ask(site, axis, Some(is(Dimension::Segment, &number)), grain, days));
                }
                let own = expected(walk, site, clause, &Axis::Total, grain);
                by_segment.extend(own.into_iter().map(|((bucket, _), tally)| ((bucket, number.clone()), tally)));
            }
            asks.push(ask(site, Axis::Of(Dimension::Segment), None, grain, days));
            wanted.push(by_segment);
        }
        for ((ask, found), wanted) in asks.iter().zip(rows(room.collector(), &asks)).zip(wanted) {
            let numbers =
                |rows: &Rows| rows.iter().map(|(key, tally)| (key.clone(), tally.columns())).collect::<Vec<_>>();
            prop_assert_eq!(numbers(&found), numbers(&wanted), "found, expected of {:?} of {:?}", ask, clauses);
        }
    }
    Ok(())
}

/// What is asked of segments and of a dimension at once: a question, and what a walk has by both values.
type Crossed = (Ask, BTreeMap<(i32, String, String), Tally>);

/// A value of a dimension, and a segment.
#[derive(Clone, Copy)]
struct Crossing<'c> {
    site: SiteId,
    days: [Day; 2],
    grain: Grain,
    dimension: Dimension,
    clauses: &'c [Clause],
}

impl Crossing<'_> {
    /// By value and segment.
    fn walked(&self, walk: &Walk) -> BTreeMap<(i32, String, String), Tally> {
        let mut crossed = BTreeMap::new();
        let known = |(_, clause): &(i32, &Clause)| clause.knows(&Axis::Of(self.dimension));
        for (number, clause) in (1..).zip(self.clauses).filter(known) {
            let rows = expected(walk, self.site, clause, &Axis::Of(self.dimension), self.grain);
            crossed
                .extend(rows.into_iter().map(|((bucket, value), tally)| ((bucket, value, format!("{number}")), tally)));
        }
        crossed
    }

    fn ask(&self, split: Dimension, kept: Option<&str>, filter: Filter<Name>, rows: RowsBy) -> Ask {
        let kept = kept.map(|value| Test::Is(vec![value.to_owned()]));
        let ask = ask(self.site, Axis::Of(split), Some(filter), self.grain, self.days);
        Ask { cut: Cut { kept, rows }, ..ask }
    }

    /// Every way to ask for a value in a segment, and for all values in all segments.
    fn asked(&self, walk: &Walk) -> Vec<Crossed> {
        let (crossed, by, segments) = (self.walked(walk), self.dimension, Dimension::Segment);
        let all = |of: Dimension| Filter { axis: Axis::Of(of), test: Test::All(Vec::new()) };
        let turned = crossed.iter().map(|((bucket, a, b), tally)| ((*bucket, b.clone(), a.clone()), *tally)).collect();
        let mut asked = vec![
            (self.ask(by, None, all(segments), RowsBy::Both), crossed.clone()),
            (self.ask(segments, None, all(by), RowsBy::Both), turned),
        ];
        let pairs: BTreeSet<(&str, &str)> = crossed.keys().map(|(_, value, number)| (&**value, &**number)).collect();
        for (value, number) in pairs.into_iter().take(4) {
            let of = |is_in: &dyn Fn(&str, &str) -> bool, names: &dyn Fn(&str, &str) -> [String; 2]| {
                let inside = crossed.iter().filter(|((_, a, b), _)| is_in(a, b));
                let row = |((bucket, a, b), tally): (&(i32, String, String), &Tally)| {
                    let [first, second] = names(a, b);
                    ((*bucket, first, second), *tally)
                };
                inside.map(row).collect::<BTreeMap<_, _>>()
            };
            let none = String::new;
            let one = of(&|a, b| (a, b) == (value, number), &|_, _| [none(), none()]);
            let by_value = of(&|a, b| (a, b) == (value, number), &|a, _| [a.to_owned(), none()]);
            let by_segment = of(&|a, _| a == value, &|_, b| [b.to_owned(), none()]);
            asked.extend([
                (self.ask(by, Some(value), is(segments, number), RowsBy::Nothing), one.clone()),
                (self.ask(segments, Some(number), is(by, value), RowsBy::Nothing), one),
                (self.ask(by, Some(value), is(segments, number), RowsBy::Axis), by_value),
                (self.ask(segments, None, is(by, value), RowsBy::Axis), by_segment),
            ]);
        }
        asked
    }
}

/// Whether segments meet dimensions as a walk has it, and sets of values lie within their bounds.
fn cross(room: &Room, walk: &Walk, clauses: &[Clause], days: [Day; 2]) -> Result<(), TestCaseError> {
    for site in room.sites.clone() {
        for (grain, dimension) in [Grain::Day, Grain::Month].into_iter().flat_map(|of| SPLITS.map(|by| (of, by))) {
            let crossing = Crossing { site, days, grain, dimension, clauses };
            let (asks, wanted): (Vec<Ask>, Vec<_>) = crossing.asked(walk).into_iter().unzip();
            for ((ask, rows), wanted) in asks.iter().zip(room.collector().read(&asks).unwrap()).zip(wanted) {
                let mut found: BTreeMap<(i32, String, String), Tally> = BTreeMap::new();
                for row in rows {
                    prop_assert!(row.doubt.is_none(), "one value in one segment is sure: {:?}", ask);
                    let second = row.second.map_or_else(String::new, |second| second.to_string());
                    *found.entry((row.bucket, row.value.to_string(), second)).or_default() += row.tally;
                }
                found.retain(|_, tally| !tally.is_zero());
                prop_assert_eq!(found, wanted, "found, expected of {:?} of {:?}", ask, clauses);
            }
            bounded(room, walk, &crossing)?;
        }
    }
    Ok(())
}

/// Two values of a dimension in a segment: hits are exact, visitors and visits lie between bounds.
fn bounded(room: &Room, walk: &Walk, crossing: &Crossing) -> Result<(), TestCaseError> {
    let crossed = crossing.walked(walk);
    let values: BTreeSet<&str> = crossed.keys().map(|(_, value, _)| &**value).collect();
    let [Some(one), Some(other)] = [values.iter().next(), values.iter().nth(1)] else { return Ok(()) };
    for (number, clause) in (1..).zip(crossing.clauses) {
        let is_one = |value: &str| Clause::Is(crossing.dimension, String::leak(value.to_owned()));
        let both = Clause::And(vec![clause.clone(), Clause::Or(vec![is_one(one), is_one(other)])]);
        if !both.is_of_a_segment() {
            continue;
        }
        let mut truth = expected(walk, crossing.site, &both, &Axis::Total, crossing.grain);
        let segment = is(Dimension::Segment, &format!("{number}"));
        let ask = crossing.ask(crossing.dimension, None, segment, RowsBy::Nothing);
        let kept = Some(Test::Is(vec![(*one).to_owned(), (*other).to_owned()]));
        let ask = Ask { cut: Cut { kept, rows: RowsBy::Nothing }, ..ask };
        let mut found: BTreeMap<i32, [Tally; 2]> = BTreeMap::new();
        for row in room.collector().read(std::slice::from_ref(&ask)).unwrap().concat() {
            let doubt = row.doubt.as_deref().copied().unwrap_or_default();
            let sum = found.entry(row.bucket).or_default();
            (sum[0], sum[1]) = (sum[0] + doubt.low(row.tally), sum[1] + doubt.high(row.tally));
        }
        for (bucket, [low, high]) in found.into_iter().filter(|(_, [_, high])| !high.is_zero()) {
            let truth = truth.remove(&(bucket, String::new())).unwrap_or_default();
            let hits = |tally: Tally| (tally.pageviews, tally.events);
            prop_assert_eq!((hits(low), hits(high)), (hits(truth), hits(truth)), "{:?} {}", ask, both);
            prop_assert!((low.visitors..=high.visitors).contains(&truth.visitors), "{:?} {}", ask, both);
            prop_assert!((low.visits..=high.visits).contains(&truth.visits), "{:?} {}", ask, both);
        }
        prop_assert!(truth.is_empty(), "{:?} {}: {:?}", ask, both, truth);
    }
    Ok(())
}

#[test]
fn segments_are_those_of_a_naive_walk_by_day_and_month() {
    let test = |(stream, clauses): (_, Vec<Clause>)| {
        let clauses: Vec<Clause> = clauses.into_iter().filter(Clause::is_of_a_segment).collect();
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let (walk, _) = Walk::over(&schedules, &hits);
        let mut room = Room::open(&plan, &settings(&clauses));
        room.play(&plan);
        room.flush();
        let first = hits.iter().map(|hit| hit.local.day).min().expect("a hit");
        let (open, whole) = ([first, plan.last_day()], [first.month().first(), plan.last_day().month().last()]);
        compare(&room, &walk, &clauses, open)?;
        cross(&room, &walk, &clauses, open)?;
        room.close(plan.last_day());
        compare(&room, &walk, &clauses, whole)?;
        cross(&room, &walk, &clauses, whole)
    };
    let config = ProptestConfig { max_shrink_iters: 40, ..config(4) };
    let case = (long_stream(), vec(clause(), 1..6));
    TestRunner::new(config).run(&case, test).unwrap_or_else(|error| panic!("{error}"));
}
