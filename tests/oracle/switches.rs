//! Sites that do without some of their dimensions, as the program and as the naive walk count them: nothing is booked under those,
//! alone or in pairs, and everything else is as before.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Dimension};
use headcount::counts::{OpenDay, RecentVisitors};
use headcount::hit::Hit;
use headcount::site::{Collectable, Collected};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::any_two::{counted, same, walked as walked_pairs};
use super::pairs::with_sections;
use super::streams::{Stream, config, differences, play, stream, streamed, walked};
use super::{Walk, figures, watched};
use crate::scenario::Scenario;
use crate::scenario::depth1::{OpenDays, hits};

/// What two sites collect.
fn collected() -> impl Strategy<Value = [Collected; 2]> {
    let switches: Vec<Collectable> = Collectable::all().collect();
    let some = proptest::sample::subsequence(switches.clone(), 0..switches.len());
    let of_site = some.prop_map(|left_out| Collected::ALL.without(left_out));
    [of_site.clone(), of_site]
}

/// The hits as they come through the door of such sites.
fn at_door(stream: &Stream, collected: [Collected; 2]) -> Vec<Hit> {
    let mut hits = hits(&stream.scenario);
    let from = hits.len() / 4;
    watched::mark(&mut hits, from);
    for hit in &mut hits {
        hit.collected = collected[hit.site.0 as usize - 1];
        if !hit.collected.has(Collectable::Hostname) {
            hit.hostname.clear();
        }
        if !hit.collected.has(Collectable::Properties) {
            hit.props.clear();
        }
        if !hit.collected.has(Collectable::Money) {
            hit.watched.money = None;
        }
    }
    hits
}

#[test]
fn what_is_not_collected_is_booked_nowhere_and_changes_nothing_else() {
    let compare = |(stream, collected): (Stream, [Collected; 2])| {
        let hits = at_door(&stream, collected);
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let expected = figures(&schedules, &hits);
        let (verdicts, days) = play(&stream, &hits);
        prop_assert_eq!(&verdicts, &expected.verdicts);
        let counted = streamed(&days);
        for (site, .., cell) in counted.keys() {
            if let Axis::Of(dimension) = cell.axis {
                prop_assert!(dimension.is_collected(collected[site.0 as usize - 1]), "{cell:?}");
            }
        }
        differences(&counted, &walked(&expected)).map_or(Ok(()), |report| Err(TestCaseError::fail(report)))
    };
    let streams = (stream(), collected());
    TestRunner::new(config(128)).run(&streams, compare).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_is_not_collected_is_in_no_pair_and_in_no_list_of_who_is_here() {
    let compare = |(stream, collected): (Stream, [Collected; 2])| {
        let hits = at_door(&stream, collected);
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let (walk, _) = Walk::over(&schedules, &hits);
        let (_, days) = play(&stream, &hits);
        for day in days.all() {
            same(
                &counted(&with_sections(day.snapshot(), day.site, day.day), u32::MAX),
                &walked_pairs(&walk, day.site, day.day),
            )?;
            let last = hits.iter().map(|hit| hit.at).max().expect("a hit");
            let recent = RecentVisitors::of(std::iter::once(OpenDay::snapshot(day)), last);
            for (list, dimension) in [(&recent.sources, Dimension::Source), (&recent.countries, Dimension::Country)] {
                let is_shown = dimension.is_collected(collected[day.site.0 as usize - 1]);
                prop_assert!(is_shown || list.rows.is_empty(), "{:?}", list.rows);
            }
        }
        Ok(())
    };
    let streams = (stream(), collected());
    TestRunner::new(config(64)).run(&streams, compare).unwrap_or_else(|error| panic!("{error}"));
}

/// From the hit after the change on nothing is booked there, though the visit began before; what was booked stays.
#[test]
fn a_visit_that_began_before_brings_nothing_more() {
    let scenario = Scenario::parse("09:00 ana / from google.com in DE\n09:05 ana /a\n09:10 ana /b");
    let mut hits = hits(&scenario);
    let left_out = [Collectable::Country, Collectable::ExitPage, Collectable::Source];
    hits.iter_mut().skip(1).for_each(|hit| hit.collected = Collected::ALL.without(left_out));
    let mut days = OpenDays::default();
    hits.iter().for_each(|hit| days.take(hit).expect("a hit that counts"));
    days.drain();
    let mut found: BTreeMap<(Dimension, String), i64> = BTreeMap::new();
    for ((_, _, cell), tally) in &days.days {
        if let Axis::Of(dimension) = cell.axis {
            *found.entry((dimension, cell.value.to_string())).or_default() += tally.pageviews;
        }
    }
    let pageviews = |dimension: Dimension, value: &str| found.get(&(dimension, value.to_owned())).copied();
    assert_eq!(pageviews(Dimension::Country, "DE"), Some(1));
    assert_eq!(pageviews(Dimension::Source, "Google"), Some(1));
    assert_eq!(pageviews(Dimension::ChannelAndSource, "Organic Search\u{1f}Google"), Some(1));
    assert_eq!(pageviews(Dimension::Channel, "Organic Search"), Some(3));
    assert_eq!(pageviews(Dimension::EntryPage, "/"), Some(3));
    assert_eq!(found.keys().filter(|(dimension, _)| *dimension == Dimension::ExitPage).count(), 1);
}
