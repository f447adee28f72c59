//! What visitors of the last minutes look at, as the program and as the naive walk have it. A stream that fails is printed in the
//! scenario language.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use headcount::cell::{Dimension, NOT_SET};
use headcount::counts::recent_activity::Ranked;
use headcount::counts::{OpenDay, RecentVisitors};
use headcount::site::{Moment, SiteId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::streams::{Stream, config, play, stream};
use super::{HALF_AN_HOUR_MS, Walk};
use crate::scenario::depth1::hits;

const FIVE_MINUTES_MS: i64 = 5 * 60 * 1_000;
const ROWS: usize = 8;

impl Walk<'_> {
    /// What those of a site are at who did something after `since`: for each the page, the source and the country.
    fn people_since(&self, site: SiteId, since: Moment) -> Vec<[&str; 3]> {
        let here = self.people.iter().filter(|((of, ..), person)| *of == site && person.last_hit > since);
        let at = here.map(|(_, person)| {
            let visit = &self.visits[person.visit];
            let first = self.counted[visit.hits[0]].hit;
            let page = self.pages(visit).last().unwrap_or(NOT_SET);
            [page, first.value(Dimension::Source), first.value(Dimension::Country)]
        });
        at.collect()
    }

    fn recent_activity(&self, site: SiteId, now: Moment) -> RecentVisitors {
        let people = self.people_since(site, now.plus(-HALF_AN_HOUR_MS));
        let [pages, sources, countries] = [0, 1, 2].map(|list| ranked(people.iter().map(|person| person[list])));
        let now = self.people_since(site, now.plus(-FIVE_MINUTES_MS)).len() as u64;
        RecentVisitors { now, visitors: people.len() as u64, pages, sources, countries }
    }
}

fn ranked<'a>(values: impl Iterator<Item = &'a str>) -> Ranked {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    values.for_each(|value| *sums.entry(value).or_default() += 1);
    let values = sums.len();
    let mut rows: Vec<_> = sums.into_iter().map(|(value, visitors)| (value.into(), visitors)).collect();
    // In order of names already, and sorting keeps that among equals.
    rows.sort_by_key(|(_, visitors)| Reverse(*visitors));
    rows.truncate(ROWS);
    Ranked { rows, values }
}

#[test]
fn what_visitors_of_the_last_minutes_are_at_is_that_of_a_naive_walk() {
    let compare = |stream: Stream| {
        let all = hits(&stream.scenario);
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        for many in [all.len() / 3, all.len() * 2 / 3, all.len()] {
            let hits = &all[..many];
            let (walk, _) = Walk::over(&schedules, hits);
            let (_, days) = play(&stream, hits);
            let last = hits.iter().map(|hit| hit.at).max().unwrap_or(Moment(0));
            let later = [0, 1, FIVE_MINUTES_MS - 1, FIVE_MINUTES_MS, HALF_AN_HOUR_MS - 1, HALF_AN_HOUR_MS];
            for (now, site) in later.iter().flat_map(|ms| [1, 2].map(|site| (last.plus(*ms), SiteId(site)))) {
                let counted = RecentVisitors::of(days.of(site).map(OpenDay::snapshot), now);
                prop_assert_eq!(&counted, &walk.recent_activity(site, now), "{} hits, {:?} at {}", many, site, now.0);
                for list in [&counted.pages, &counted.sources, &counted.countries] {
                    let listed: u64 = list.rows.iter().map(|row| row.1).sum();
                    prop_assert!(listed == counted.visitors || list.values > ROWS && listed < counted.visitors);
                }
            }
        }
        Ok(())
    };
    TestRunner::new(config(128)).run(&stream(), compare).unwrap_or_else(|error| panic!("{error}"));
}
