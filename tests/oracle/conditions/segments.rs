//! What segments are counted as when a day ends, as a naive walk over the list of hits has it.

use std::collections::{BTreeMap, BTreeSet};

use headcount::cell::filter::JOINT;
use headcount::cell::{Axis, Dimension, Tally};
use headcount::counts::pairs::Pair;
use headcount::counts::{DaySegments, Name, SessionSnapshot};
use headcount::site::{Day, Domain, Funnel, Moment, Schedule, Segment, Settings, Site, SiteId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Clause, clause, each_day, walked, walked_by_property, without_engagement};
use crate::oracle::any_two::same;
use crate::oracle::pairs::in_walk;
use crate::oracle::streams::{Stream, config, stream};
use crate::oracle::{Walk, watched};

/// A site that has declared these as its segments, numbered from 1.
pub fn site(id: SiteId, conditions: &[String]) -> Site {
    let segment = |(number, condition): (u32, &String)| Segment {
        number,
        name: format!("Segment {number}"),
        condition: condition.clone(),
        since_ms: 0,
    };
    let funnel = |(number, steps): &(u32, &[&str])| Funnel {
        number: *number,
        name: format!("Funnel {number}"),
        steps: steps.iter().map(|step| headcount::site::Target::read(step)).collect(),
        since_ms: 0,
    };
    let segments = (1..).zip(conditions).map(segment).collect();
    let settings = Settings { segments, funnels: watched::FUNNELS.iter().map(funnel).collect(), ..Settings::default() };
    let domain = Domain::parse("example.com").unwrap();
    Site { id, domain, schedule: Schedule::utc(), settings, added: Moment(0) }
}

/// By pair, value and segment.
pub type SegmentRows = BTreeMap<(Pair, String, String), Tally>;

pub fn of_segments(snapshot: &SessionSnapshot, cells_max: u32) -> SegmentRows {
    let pairs = snapshot.pairs(cells_max);
    let text = |number: u32| pairs.texts.get(number as usize).map_or_else(|| "(rest)".to_owned(), ToString::to_string);
    let tables = pairs.tables.iter().filter(|table| table.pair.second == Dimension::Segment);
    let cells =
        tables.flat_map(|table| table.cells().unwrap().into_iter().map(|(key, tally)| (table.pair, key, tally)));
    cells.map(|(pair, (a, b), tally)| ((pair, text(a), text(b)), tally)).collect()
}

/// What a walk has of segments, which are numbered from 1.
fn expected_segments(walk: &Walk, of: (SiteId, Day), clauses: &[&Clause]) -> SegmentRows {
    let mut expected = SegmentRows::new();
    for (number, clause) in (1..).zip(clauses) {
        let number = format!("{number}");
        let mut add = |pair: Pair, value: String, tally: Tally| expected.insert((pair, value, number.clone()), tally);
        let pairs = Dimension::in_pairs().chain([Dimension::Money]);
        let pairs = pairs.map(|first| Pair { first, second: Dimension::Segment });
        for pair in pairs.filter(|pair| pair.is_counted() && clause.knows(&Axis::Of(pair.first))) {
            let dimension = pair.first;
            for ((_, value, _), tally) in walked(walk, of, clause, &[dimension]) {
                add(pair, value, tally);
            }
        }
        for key in named_on(walk, of) {
            let axis = Axis::Prop { key: Name::from(key), event: None };
            let rows = if clause.knows(&axis) { walked_by_property(walk, of, clause, key) } else { Vec::new() };
            for (value, tally) in rows {
                add(Pair { first: Dimension::Property, second: Dimension::Segment }, in_walk(&axis, &value), tally);
            }
        }
        for tally in walked(walk, of, clause, &[]).into_values() {
            add(Pair::OF_SEGMENTS, number.clone(), tally);
        }
        for (step, tally) in walk.steps_where(of.0, of.1, |counted| clause.counts(walk, counted)) {
            add(Pair::STEPS_OF_SEGMENTS, step, tally);
        }
    }
    expected
}

/// The properties that are named by the end of a day, and came.
fn named_on<'a>(walk: &Walk<'a>, (site, day): (SiteId, Day)) -> BTreeSet<&'a str> {
    let values = walk.values_of_day(site, day, Dimension::Property).into_iter();
    values.filter_map(|value| Some(value.split_once(JOINT)?.0)).collect()
}

#[test]
fn segments_of_a_day_that_ended_count_as_a_naive_walk() {
    let compare = |(stream, clauses): (Stream, Vec<Clause>)| {
        let clauses: Vec<&Clause> = clauses.iter().filter(|clause| clause.is_of_a_segment()).collect();
        let texts: Vec<String> = clauses.iter().map(ToString::to_string).collect();
        each_day(&stream, |walk, of, snapshot| {
            let snapshot = snapshot.with_segments(DaySegments::of(&site(of.0, &texts), of.1));
            let mut found = of_segments(&snapshot, u32::MAX);
            let by_pattern = found.iter_mut().filter(|((pair, ..), _)| pair.first == Dimension::Pattern);
            by_pattern.for_each(|(_, tally)| *tally = without_engagement(*tally));
            same(&found, &expected_segments(walk, of, &clauses))?;
            parts_add_up(&found, &clauses)?;
            within_budget(&found, of_segments(&snapshot, 20))
        })
    };
    let case = (stream(), vec(clause(), 1..6));
    TestRunner::new(config(24)).run(&case, compare).unwrap_or_else(|error| panic!("{error}"));
}

/// Whether the values of each dimension add up to all that the segment lets pass, in what can be added.
fn parts_add_up(found: &SegmentRows, clauses: &[&Clause]) -> Result<(), TestCaseError> {
    for ((pair, _, segment), whole) in found.iter().filter(|((pair, ..), _)| *pair == Pair::OF_SEGMENTS) {
        prop_assert_eq!(pair.first, Dimension::Segment);
        let clause = clauses[segment.parse::<usize>().unwrap() - 1];
        let is_parted = |of: &Dimension| {
            !matches!(of, Dimension::Pattern | Dimension::PreviousPage) && clause.knows(&Axis::Of(*of))
        };
        for dimension in Dimension::in_pairs().filter(is_parted) {
            let parts = found.iter().filter(|((of, _, other), _)| of.first == dimension && other == segment);
            let sum = parts.fold(Tally::ZERO, |sum, (_, part)| sum + *part);
            // Hits without a token have no first and last page.
            let has_all = ![Dimension::EntryPage, Dimension::ExitPage].contains(&dimension);
            prop_assert!(!has_all || (sum.pageviews, sum.events) == (whole.pageviews, whole.events), "{dimension:?}");
            prop_assert!(sum.visitors >= whole.visitors - i64::from(!has_all) * whole.visitors);
            if dimension.is_of_visit() {
                prop_assert_eq!(sum.visits, whole.visits, "{:?} {}", dimension, segment);
            }
        }
    }
    Ok(())
}

/// Whether what is past a small budget is counted together: in each segment as much as before, and nobody twice.
fn within_budget(all: &SegmentRows, mut kept: SegmentRows) -> Result<(), TestCaseError> {
    let by_pattern = kept.iter_mut().filter(|((pair, ..), _)| pair.first == Dimension::Pattern);
    by_pattern.for_each(|(_, tally)| *tally = without_engagement(*tally));
    let is_rest = |value: &str| value == "(rest)" || value.ends_with(JOINT);
    for ((pair, value, segment), tally) in kept.iter().filter(|((_, value, _), _)| !is_rest(value)) {
        prop_assert_eq!(all.get(&(*pair, value.clone(), segment.clone())), Some(tally));
    }
    let sum = |rows: &SegmentRows, of: &(Pair, String)| {
        let parts = rows.iter().filter(|((pair, _, segment), _)| (*pair, segment) == (of.0, &of.1));
        parts.fold((0, 0, 0), |sum, (_, part)| (sum.0 + part.pageviews, sum.1 + part.events, sum.2 + part.visitors))
    };
    for of in all.keys().map(|(pair, _, segment)| (*pair, segment.clone())).collect::<BTreeSet<_>>() {
        let (all, kept) = (sum(all, &of), sum(&kept, &of));
        let is_exact = of.0.first != Dimension::Pattern;
        prop_assert!(!is_exact || (all.0, all.1) == (kept.0, kept.1), "{:?} {:?} {:?}", of, all, kept);
        prop_assert!(kept.2 <= all.2);
    }
    Ok(())
}
