//! Segments on days that have more names than there is room for: what a segment names is counted by name all the same, so that it counts as a
//! naive walk over the list of hits has it.

use headcount::counts::DaySegments;
use headcount::counts::pairs::Pair;
use headcount::hit::{Kind, Watched};
use headcount::site::{Budget, SiteId};
use proptest::collection::vec;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::Walk;
use super::any_two::same;
use super::conditions::{Clause, SegmentRows, clause, of_segments, site, walked, without_engagement};
use super::streams::{Stream, config, stream};
use crate::scenario::depth1::{OpenDays, hits};

/// Of each dimension the first two values of a day have room.
const BUDGET: u32 = 2;

fn check(stream: &Stream, clauses: &[&Clause]) -> Result<(), TestCaseError> {
    let texts: Vec<String> = clauses.iter().map(ToString::to_string).collect();
    let site = site(SiteId(1), &texts);
    let mut hits = hits(&stream.scenario);
    // Time is told of pages by name.
    hits.retain(|hit| !matches!(hit.kind, Kind::Engagement { .. }));
    hits.iter_mut().for_each(|hit| hit.watched = Watched::default().with_named(hit, &site));
    let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
    let (walk, _) = Walk::over(&schedules, &hits);
    let mut days = OpenDays::within(Budget { values: BUDGET, ..Budget::default() });
    hits.iter().for_each(|hit| _ = days.take(hit));
    for (id, day, snapshot) in days.snapshots() {
        let snapshot = snapshot.with_segments(DaySegments::of(&site, day));
        let mut found = of_segments(&snapshot, u32::MAX);
        found.retain(|(pair, ..), _| *pair == Pair::OF_SEGMENTS);
        found.values_mut().for_each(|tally| *tally = without_engagement(*tally));
        let mut expected = SegmentRows::new();
        for (number, clause) in (1..).zip(clauses) {
            for tally in walked(&walk, (id, day), clause, &[]).into_values() {
                let number = format!("{number}");
                expected.insert((Pair::OF_SEGMENTS, number.clone(), number), without_engagement(tally));
            }
        }
        same(&found, &expected).map_err(|error| TestCaseError::fail(format!("{texts:?}: {error}")))?;
    }
    Ok(())
}

#[test]
fn segments_that_name_values_count_as_a_naive_walk_past_the_budget_of_names() {
    let compare = |(stream, clauses): (Stream, Vec<Clause>)| {
        let clauses: Vec<&Clause> =
            clauses.iter().filter(|clause| clause.is_of_a_segment() && clause.names_values()).collect();
        check(&stream, &clauses)
    };
    let case = (stream(), vec(clause(), 1..8));
    TestRunner::new(config(48)).run(&case, compare).unwrap_or_else(|error| panic!("{error}"));
}
