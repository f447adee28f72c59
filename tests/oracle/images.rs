//! A day that is read back from its image goes on as if nothing had been: every further hit books the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use headcount::cell::{Cell, Folding, FoldingStart, SiteHistory, Tally};
use headcount::counts::{DayImage, Name, OpenDay, Room};
use headcount::hit::Hit;
use headcount::site::{Budget, Day, Hour, SiteId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::any_two::counted;
use super::streams::{Stream, config, stream};
use super::watched;
use crate::scenario::depth1::hits;

/// A site of which nothing is known, so that pages soon look personal.
struct NewSite;

impl SiteHistory for NewSite {
    fn is_known(&self, _: &str, _: u64) -> bool {
        false
    }

    fn may_fold(&self, _: &str, _: &str) -> bool {
        true
    }

    fn note(&self, _: &str) {}
}

fn folding() -> Folding {
    Folding::by(FoldingStart { named_children: 1, ..FoldingStart::default() }, Arc::new(NewSite))
}

type Days = BTreeMap<(SiteId, Day), OpenDay>;

/// Gives hits to days with little room, so that names wait and pages are folded. Says which hits count.
fn take(days: &mut Days, hits: &[Hit]) -> Vec<bool> {
    let budget = Budget { values: 3, ..Budget::default() };
    let count = |hit: &Hit| {
        let (site, day) = (hit.site, hit.local.day);
        let new = || OpenDay::new(site, day, budget).folding(folding());
        days.entry((site, day)).or_insert_with(new).take(hit, || Room::Visitor).is_ok()
    };
    hits.iter().map(count).collect()
}

fn read_back(day: &OpenDay) -> OpenDay {
    let written = postcard::to_extend(&day.image(), Vec::new()).unwrap();
    let image: DayImage = postcard::from_bytes(&written).unwrap();
    OpenDay::from_image(image, Arc::new(NewSite))
}

/// What a day hands out.
fn drained(day: &mut OpenDay) -> BTreeMap<(Option<Hour>, Cell<Name>), Tally> {
    let sums = day.drain();
    let hours = sums.hours.into_iter().map(|(cell, hour, tally)| ((Some(hour), cell), tally));
    hours.chain(sums.days.into_iter().map(|(cell, tally)| ((None, cell), tally))).collect()
}

/// More pages than most streams have, so that parents have many children.
fn scattered(hits: &mut [Hit]) {
    for (place, hit) in hits.iter_mut().enumerate() {
        hit.page = format!("{}/{}", hit.page, place % 7);
    }
}

#[test]
fn a_day_that_is_read_back_goes_on_as_before() {
    let compare = |(stream, cut): (Stream, prop::sample::Index)| {
        let mut hits = hits(&stream.scenario);
        scattered(&mut hits);
        watched::mark(&mut hits, 0);
        let (before, after) = hits.split_at(cut.index(hits.len()));
        let mut days = Days::default();
        take(&mut days, before);
        let mut again: Days = days.iter().map(|(key, day)| (*key, read_back(day))).collect();
        prop_assert_eq!(take(&mut days, after), take(&mut again, after));
        for (day, again) in days.values_mut().zip(again.values_mut()) {
            prop_assert_eq!((day.visitors(), day.has_changed()), (again.visitors(), again.has_changed()));
            prop_assert_eq!(counted(&day.snapshot(), u32::MAX), counted(&again.snapshot(), u32::MAX));
            prop_assert_eq!(drained(day), drained(again));
        }
        Ok(())
    };
    let case = (stream(), any::<prop::sample::Index>());
    TestRunner::new(config(64)).run(&case, compare).unwrap_or_else(|error| panic!("{error}"));
}
