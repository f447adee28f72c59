//! Two days compared by two dimensions: each line, what it was before, and how it changed, as a naive walk counts both days.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Dimension, Metric, Tally};
use headcount::report::comparison::{ComparedLines, KeptHours, RangeComparison};
use headcount::report::period::{Period, Range};
use headcount::report::{self, Line, Question, Span, change};
use headcount::site::{Day, Hour, SiteId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::Walk;
use super::streams::{Stream, config, stream};
use crate::scenario::depth1::hits;
use crate::scenario::depth2::Kept;

const PAIRS: [[Dimension; 2]; 5] = [
    [Dimension::Source, Dimension::Page],
    [Dimension::Country, Dimension::Browser],
    [Dimension::EntryPage, Dimension::ExitPage],
    [Dimension::Event, Dimension::Source],
    [Dimension::Page, Dimension::Hostname],
];
const METRICS: [Metric; 3] = [Metric::Visitors, Metric::Visits, Metric::Pageviews];

/// What a walk has of one day.
type Walked<'w> = BTreeMap<(&'w str, &'w str), Tally>;

fn numbers(tally: Option<&Tally>) -> [i64; 3] {
    tally.map_or([0; 3], |tally| [tally.visitors, tally.visits, tally.pageviews])
}

/// Whether a line is compared with what it was.
fn check(line: &Line, compared: &ComparedLines, [own, before]: [&Walked; 2]) -> Result<(), TestCaseError> {
    let name = (&*line.value, line.second.as_deref().unwrap());
    let row = compared.row_of_line(line).unwrap();
    for (place, metric) in METRICS.into_iter().enumerate() {
        let [now, then] = [own, before].map(|of| numbers(of.get(&name))[place]);
        for (found, expected, of) in [(row.own[place], now, own), (row.before[place], then, before)] {
            // Of hits without a token visitors are not measured.
            let is_unmeasured = place < 2 && of.values().any(|tally| tally.visitors == 0);
            let is_right = found == Some(expected as f64) || found.is_none() && is_unmeasured && expected == 0;
            prop_assert!(is_right, "{name:?} {metric:?}: {found:?} {expected}");
        }
        if row.own[place].is_some() && row.before[place].is_some() {
            prop_assert_eq!(row.change[place], change(Some(now as f64), Some(then as f64), metric));
        }
    }
    Ok(())
}

fn compare_days(kept: &Kept, walk: &Walk, site: SiteId, [before, own]: [Day; 2]) -> Result<(), TestCaseError> {
    for [a, b] in PAIRS {
        let span = Span::of_days(own, own);
        let question = Question::new(site, span, Axis::Of(a), None, &METRICS).by_both(&Axis::Of(b), &[]).unwrap();
        let range =
            Range { period: Period::Custom(own, own), span, is_partial: false, today: Day(own.0 + 9), hour: Hour(0) };
        let hours = KeptHours { from: own, has_one_clock: true };
        let both = RangeComparison::of(&question, &range, Span::of_days(before, before), hours).unwrap();
        let found = report::answers(&[both.own, both.before], kept.collector()).unwrap();
        let walked = [own, before].map(|day| walk.pair(site, day, [a, b]));
        prop_assert_eq!(found[0].len(), walked[0].values().filter(|tally| !tally.is_zero()).count());
        let compared = ComparedLines::of(found[0].clone(), found[1].clone(), &METRICS);
        for line in found.concat() {
            check(&line, &compared, [&walked[0], &walked[1]])?;
        }
    }
    Ok(())
}

#[test]
fn two_dimensions_are_compared_as_a_naive_walk_counts_them() {
    let compare = |stream: Stream| {
        let kept = Kept::open(&stream.scenario);
        for (place, hit) in hits(&stream.scenario).into_iter().enumerate() {
            if stream.drains[place] {
                kept.collector().flush().unwrap();
            }
            kept.take(hit);
        }
        let hits = hits(&stream.scenario);
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let (walk, _) = Walk::over(&schedules, &hits);
        for site in [SiteId(1), SiteId(2)] {
            let days: Vec<Day> = walk.days(site).into_iter().collect();
            days.windows(2).try_for_each(|both| compare_days(&kept, &walk, site, [both[0], both[1]]))?;
        }
        Ok(())
    };
    let config = ProptestConfig { max_shrink_iters: 100, ..config(24) };
    TestRunner::new(config).run(&stream(), compare).unwrap_or_else(|error| panic!("{error}"));
}
