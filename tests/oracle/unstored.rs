//! Sums that are not stored stay what they were for whoever has them, while further ones come, and none is lost or doubled by it.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Cell, Dimension, Tally};
use headcount::counts::{Name, OpenDay, Room, Sums};
use headcount::hit::Hit;
use headcount::site::{Budget, Hour};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::streams::{Stream, config, stream};
use super::watched;
use crate::scenario::depth1::hits;

type Rows = BTreeMap<(Option<Hour>, Cell<Name>), Tally>;

fn rows(sums: Sums) -> Rows {
    let hours = sums.hours.into_iter().map(|(cell, hour, tally)| ((Some(hour), cell), tally));
    hours.chain(sums.days.into_iter().map(|(cell, tally)| ((None, cell), tally))).collect()
}

/// The sums of these hits, of which nobody reads any.
fn alone(hits: &[&Hit]) -> Rows {
    let mut day = open(hits[0]);
    hits.iter().for_each(|hit| _ = day.take(hit, || Room::Visitor));
    rows(day.drain())
}

fn open(hit: &Hit) -> OpenDay {
    OpenDay::new(hit.site, hit.local.day, Budget::default())
}

#[test]
fn whoever_has_sums_keeps_them_as_they_were() {
    let compare = |(stream, readers): (Stream, Vec<u8>)| {
        let mut hits = hits(&stream.scenario);
        watched::mark(&mut hits, 0);
        let first = (hits[0].site, hits[0].local.day);
        let hits: Vec<&Hit> = hits.iter().filter(|hit| (hit.site, hit.local.day) == first).collect();
        let mut day = open(hits[0]);
        let mut held = Vec::new();
        for (place, hit) in hits.iter().enumerate() {
            let _ = day.take(hit, || Room::Visitor);
            // Some go soon, some stay to the end.
            match readers.get(place).unwrap_or(&0) {
                1 => held.push((place, day.unstored())),
                2 => held.truncate(held.len() / 2),
                _ => {}
            }
        }
        let axes = [Axis::Of(Dimension::Page), Axis::Prop { key: "plan".into(), event: Some("Signup".into()) }];
        for (place, unstored) in held {
            let expected = alone(&hits[..=place]);
            prop_assert_eq!(&rows(unstored.all()), &expected);
            let of_axes = expected.into_iter().filter(|((_, cell), _)| axes.contains(&cell.axis)).collect::<Rows>();
            prop_assert_eq!(rows(unstored.of_axes(axes.iter())), of_axes);
        }
        prop_assert_eq!(rows(day.drain()), alone(&hits));
        prop_assert!(day.drain().days.is_empty() && day.pending() == 0);
        Ok(())
    };
    let case = (stream(), prop::collection::vec(0..3_u8, 0..300));
    TestRunner::new(config(24)).run(&case, compare).unwrap_or_else(|error| panic!("{error}"));
}
