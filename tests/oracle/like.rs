//! A day that runs is compared up to an hour: visitors, visits and pageviews until then are those of a naive walk, over any days before
//! it, whenever it is asked.

use std::collections::{BTreeMap, BTreeSet};

use headcount::cell::{Axis, Dimension, Metric};
use headcount::counts::Name;
use headcount::report::{self, Question, Span};
use headcount::site::{Day, Hour, SiteId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::Walk;
use super::streams::{config, stream};
use crate::scenario::depth1::hits;
use crate::scenario::depth2::Kept;

const AXES: [Axis<Name>; 8] = [
    Axis::Total,
    Axis::Of(Dimension::Source),
    Axis::Of(Dimension::Browser),
    Axis::Of(Dimension::EntryPage),
    Axis::Of(Dimension::ExitPage),
    Axis::Of(Dimension::Page),
    Axis::Of(Dimension::Event),
    Axis::Of(Dimension::Hostname),
];

/// Visitors, visits and pageviews by value.
type Found = BTreeMap<String, [i64; 3]>;

/// The days from one to another, of which the last counts before an hour alone.
#[derive(Debug, Clone, Copy)]
struct Until {
    site: SiteId,
    days: (Day, Day),
    hour: Hour,
}

impl Until {
    fn has(&self, day: Day, hour: Hour) -> bool {
        (self.days.0..self.days.1).contains(&day) || day == self.days.1 && hour < self.hour
    }

    /// By a list of hits.
    fn walked(&self, walk: &Walk, axis: &Axis<Name>) -> Found {
        let mut visitors: BTreeMap<&str, BTreeSet<(Day, u64)>> = BTreeMap::new();
        let mut visits: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let mut found = Found::new();
        for counted in walk.counted.iter().filter(|counted| counted.hit.site == self.site) {
            let cells = walk.cells(counted);
            for cell in cells.iter().filter(|cell| format!("{:?}", cell.axis) == format!("{axis:?}")) {
                let is_in = self.has(counted.day, counted.hour);
                visitors
                    .entry(cell.value)
                    .or_default()
                    .extend(counted.hit.token.filter(|_| is_in).map(|token| (counted.day, token.bits())));
                // A visit counts in the hour of its start.
                let visit = counted.visit.filter(|visit| self.has(counted.day, walk.visits[*visit].start));
                visits.entry(cell.value).or_default().extend(visit);
                let is_view = is_in && counted.hit.kind == headcount::hit::Kind::Pageview;
                found.entry(cell.value.to_owned()).or_default()[2] += i64::from(is_view);
            }
        }
        for (value, numbers) in &mut found {
            (numbers[0], numbers[1]) = (visitors[value.as_str()].len() as i64, visits[value.as_str()].len() as i64);
        }
        found.retain(|_, numbers| *numbers != [0; 3]);
        found
    }

    /// By sums.
    fn asked(&self, sums: &dyn report::Sums, axis: &Axis<Name>) -> Found {
        let metrics = [Metric::Visitors, Metric::Visits, Metric::Pageviews];
        let span = Span::of_days(self.days.0, self.days.1);
        let question = Question::new(self.site, span, axis.clone(), None, &metrics);
        let lines = report::answer(&Question { until: Some(self.hour), ..question }, sums).unwrap();
        let mut found = Found::new();
        for line in lines {
            let numbers = [line.tally.visitors, line.tally.visits, line.tally.pageviews];
            // What is not measured has no visitors; everything else is known.
            let is_known = numbers[0] == 0 || line.metrics == numbers.map(|number| Some(number as f64));
            assert!(is_known && line.metrics[2].is_some(), "{self:?} {axis:?} {line:?}");
            found.insert(line.value.to_string(), numbers);
        }
        found.retain(|_, numbers| *numbers != [0; 3]);
        found
    }
}

#[test]
fn visitors_until_an_hour_are_those_of_a_naive_walk() {
    let compare = |(stream, many, asked): (_, prop::sample::Index, Vec<(i32, u8)>)| {
        let stream: super::streams::Stream = stream;
        let (kept, all) = (Kept::open(&stream.scenario), hits(&stream.scenario));
        let moment = 1 + many.index(all.len());
        let day = all[moment - 1].local.day;
        for (place, hit) in all.into_iter().take(moment).enumerate() {
            if stream.drains[place] {
                kept.collector().flush().unwrap();
            }
            kept.take(hit);
        }
        let hits = hits(&stream.scenario);
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let (walk, _) = Walk::over(&schedules, &hits[..moment]);
        for (back, hour) in asked {
            for site in [SiteId(1), SiteId(2)] {
                let until = Until { site, days: (Day(day.0 - back), day), hour: Hour(hour) };
                for axis in &AXES {
                    let found = until.asked(kept.collector(), axis);
                    prop_assert_eq!(found, until.walked(&walk, axis), "{:?} {:?}", until, axis);
                }
            }
        }
        Ok(())
    };
    let asked = prop::collection::vec((0..3_i32, 1..24_u8), 1..4);
    let config = ProptestConfig { max_shrink_iters: 100, ..config(32) };
    let case = (stream(), any::<prop::sample::Index>(), asked);
    TestRunner::new(config).run(&case, compare).unwrap_or_else(|error| panic!("{error}"));
}
