//! Segments by day and by month are those of a naive walk: of open days, of closed ones, and of months that are added up.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Dimension, Tally};
use headcount::site::{Day, Segment, Settings, SiteId};
use headcount::store::{Ask, Grain};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::life::{Rows, ask, is, rows};
use super::room::{Plan, Room};
use crate::oracle::conditions::{AskedHit, Clause, clause, walked};
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, watched};

/// By what segments are split here: of visits, of hits, and funnels.
const SPLITS: [Dimension; 4] = [Dimension::Country, Dimension::EntryPage, Dimension::Page, Dimension::Event];

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
fn expected(walk: &Walk, site: SiteId, clause: &Clause, axis: &Axis<headcount::counts::Name>, grain: Grain) -> Rows {
    let mut rows = Rows::new();
    for day in walk.days(site) {
        let of_day: Vec<(String, Tally)> = match axis {
            Axis::Funnel(funnel) => {
                let steps = walk.steps_where(site, day, |counted| clause.holds(&AskedHit::of(walk, counted), false));
                let own = format!("{funnel}:");
                steps
                    .into_iter()
                    .filter_map(|(step, tally)| Some((step.strip_prefix(&own)?.to_owned(), tally)))
                    .collect()
            }
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
                for axis in SPLITS.map(Axis::Of).into_iter().chain(funnels).chain([Axis::Total]) {
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
        compare(&room, &walk, &clauses, [first, plan.last_day()])?;
        room.close(plan.last_day());
        compare(&room, &walk, &clauses, [first.month().first(), plan.last_day().month().last()])
    };
    let config = ProptestConfig { max_shrink_iters: 40, ..config(4) };
    let case = (long_stream(), vec(clause(), 1..6));
    TestRunner::new(config).run(&case, test).unwrap_or_else(|error| panic!("{error}"));
}
