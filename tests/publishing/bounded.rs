//! How much one visitor changes what is published: days with and without them, through the collector, the end of the day and the store.
//!
//! With an epsilon past all bounds the noise is 0, so that what is published is what is counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use headcount::cell::Dimension;
use headcount::collector::MarkedHit;
use headcount::counts::published::{BoundedCounts, PUBLISHED, Release};
use headcount::counts::{OpenDay, Room};
use headcount::hit::agent::Agent;
use headcount::hit::place::Place;
use headcount::hit::token::{Network, Token};
use headcount::hit::{Hit, Kind};
use headcount::limits;
use headcount::site::{Budget, Day, Epsilon, Goal, Moment, Publishing, Schedule, Site, SiteId, Target};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::pass_to;
use crate::scenario::Scenario;
use crate::scenario::depth1::hits;
use crate::world::World;

/// 2026-06-02.
const DAY: Day = Day(20_606);
const DAY_STARTS: i64 = DAY.0 as i64 * 86_400_000;
/// So much that there is no noise.
const ALL: Epsilon = Epsilon(u32::MAX);

const COUNTRIES: [&str; 4] = ["DE", "FR", "(not set)", "QQ"];
const CHANNELS: [&str; 3] = ["Direct", "Organic Search", "Referral"];
const BROWSERS: [&str; 3] = ["Firefox", "Chrome", "Nobody's Browser"];
const DEVICES: [&str; 2] = ["desktop", "mobile"];
const SCREENS: [Option<&str>; 3] = [None, Some("xs"), Some("xl")];
/// The first two are watched.
const PAGES: [&str; 4] = ["/pricing", "/", "/personal/7", "/a"];

/// A hit: who, a number that its values are made of, and how long after the one before it comes, in minutes.
type Done = (u64, usize, i64);

/// Some hits of a few visitors, over some hours.
fn any_day() -> impl Strategy<Value = Vec<Done>> {
    prop::collection::vec((0..5_u64, 0..10_000_usize, 0..50_i64), 1..25)
}

fn hit(site: SiteId, (who, number, _): Done, at: Moment) -> Hit {
    let mut hit = hits(&Scenario::parse("09:00 ana /")).remove(0);
    (hit.site, hit.at, hit.local) = (site, at, Schedule::utc().locate(at));
    hit.token = Some(Token::from_bits((who + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    hit.network = Some(Network::from_bits(who as u32 * 7 + 1));
    if number % 5 == 0 {
        hit.kind = Kind::Event { name: "Signup".into(), interactive: true };
    }
    let page = PAGES[number % 4];
    page.clone_into(&mut hit.page);
    hit.watched.is_declared_page = PAGES[..2].contains(&page);
    let browser = BROWSERS[number / 4 % 3].into();
    hit.agent = Arc::new(Agent { browser, device: DEVICES[number / 12 % 2], ..Agent::unknown() });
    hit.place = Arc::new(Place {
        country: COUNTRIES[number / 24 % 4].into(),
        region: "(not set)".into(),
        city: "(not set)".into(),
    });
    hit.origin.channel = CHANNELS[number / 96 % 3];
    hit.screen = SCREENS[number / 288 % 3];
    hit
}

/// Hits at their moments, without those of one visitor.
fn played(site: SiteId, day: &[Done], without: Option<u64>) -> Vec<MarkedHit> {
    let mut at = Moment(DAY_STARTS + 60_000);
    let mut played = Vec::new();
    for done in day {
        at = at.plus(done.2 * 60_000);
        if Some(done.0) != without {
            played.push(MarkedHit { hit: hit(site, *done, at), mark: None });
        }
    }
    played
}

/// Has a site publish without noise, and watch two pages.
fn publish(world: &World, site: &Site) {
    let goal = |page: &str| Goal { name: page.into(), target: Target::Page(page.into()), since_ms: 0 };
    let mut site = site.clone();
    site.settings.publish = Publishing { is_on: true, epsilon: ALL };
    site.settings.goals = PAGES[..2].iter().map(|page| goal(page)).collect();
    world.collector().operators().set_site(&site).unwrap();
}

/// By how much two releases differ, in each dimension; values that are not there are 0.
fn differences(a: &Release, b: &Release) -> BTreeMap<Dimension, u64> {
    let of = |release: &Release| -> Vec<BTreeMap<String, u64>> {
        let parts = release.dimensions.iter();
        parts.map(|part| part.rows.iter().map(|(value, count)| (value.to_string(), *count)).collect()).collect()
    };
    let mut found = BTreeMap::new();
    for ((part, a), b) in a.dimensions.iter().zip(of(a)).zip(of(b)) {
        let values: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        let count = |of: &BTreeMap<String, u64>, value: &String| of.get(value).copied().unwrap_or(0);
        let differs = values.into_iter().map(|value| count(&a, value).abs_diff(count(&b, value))).sum();
        found.insert(part.dimension, differs);
    }
    found
}

#[test]
fn one_visitor_changes_the_total_by_one_and_one_value_of_each_dimension_by_one() {
    let mut runner = TestRunner::deterministic();
    let cases: Vec<Vec<Done>> = (0..40).map(|_| any_day().new_tree(&mut runner).unwrap().current()).collect();
    let names: Vec<String> = (1..=2 * cases.len()).map(|number| format!("site{number}.test")).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "Etc/UTC")).collect();
    let world = World::at("2026-06-01T23:59:50Z", &names);
    world.collector().directory().all().iter().for_each(|site| publish(&world, site));
    world.collector().reload().unwrap();
    world.flush();
    pass_to(&world, "2026-06-02T00:00:20Z");
    world.go_to("2026-06-02T23:30:00Z");
    let sites = |case: usize| [2 * case as u32 + 1, 2 * case as u32 + 2].map(SiteId);
    for (case, day) in cases.iter().enumerate() {
        let [whole, less] = sites(case);
        for played in [played(whole, day, None), played(less, day, Some(day[0].0))] {
            world.collector().meter().received.inc_by(played.len() as u64);
            let told = world.collector().take_batch(played, None).unwrap();
            assert!(told.outcomes.iter().all(Result::is_ok), "{:?}", told.outcomes);
        }
    }
    pass_to(&world, "2026-06-03T00:00:20Z");
    world.flush();
    world.flush();
    for (case, day) in cases.iter().enumerate() {
        let [whole, less] = sites(case).map(|site| world.collector().sums().published(site, DAY).unwrap().unwrap());
        assert_eq!(whole.visitors, less.visitors + 1, "{day:?}");
        for release in [&whole, &less] {
            for part in &release.dimensions {
                let all: u64 = part.rows.iter().map(|(_, visitors)| visitors).sum();
                assert_eq!(all, release.visitors, "{:?} of {day:?}", part.dimension);
            }
        }
        let wanted: BTreeMap<Dimension, u64> = PUBLISHED.map(|dimension| (dimension, 1)).into();
        assert_eq!(differences(&whole, &less), wanted, "{day:?}");
    }
}

#[test]
fn a_visitor_counts_by_their_first_visit() {
    let mut day = OpenDay::new(SiteId(1), DAY, Budget::default());
    // An event, then two pages in the same visit; other values in a visit of the evening.
    for (number, minute) in [(125, 60), (1, 61), (3, 62), (51, 1_200)] {
        day.take(&hit(SiteId(1), (1, number, 0), Moment(DAY_STARTS + minute * 60_000)), || Room::Visitor).unwrap();
    }
    let counts = BoundedCounts::of(&day.snapshot(), &["/pricing".into(), "/".into()]);
    assert_eq!(counts.visitors, 1);
    for (values, dimension) in counts.by.iter().zip(PUBLISHED) {
        assert_eq!(values.values().sum::<u64>(), 1, "{dimension:?}");
    }
    let one = |dimension: Dimension| {
        let at = PUBLISHED.iter().position(|published| *published == dimension).unwrap();
        counts.by[at].iter().find(|(_, visitors)| **visitors == 1).map(|(value, _)| value.to_string()).unwrap()
    };
    // The country is that of the event; the page is that of the first pageview.
    assert_eq!((one(Dimension::Country), one(Dimension::EntryPage)), ("FR".into(), PAGES[1].into()));
}

#[test]
fn who_fills_the_budget_of_names_changes_nobody_elses_values() {
    let counts = |without: Option<u64>| {
        let budget = Budget { values: limits::PUBLISH_VALUES_MIN, ..Budget::default() };
        let mut day = OpenDay::new(SiteId(1), DAY, budget);
        let template = hit(SiteId(1), (0, 3, 0), Moment(DAY_STARTS));
        for who in (0..6_000_u64).filter(|who| Some(*who) != without) {
            let mut hit = hit(SiteId(1), (who, (who as usize * 7) % 864, 0), Moment(DAY_STARTS + who as i64));
            hit.props.clone_from(&template.props);
            // Pages, sources and languages of their own, from many networks, fill what there is; watched pages come among them.
            if !hit.watched.is_declared_page {
                hit.page = format!("/flood/{who}");
            }
            hit.origin.source = format!("host{who}.test").into();
            hit.language = format!("{:03}", who % 1_000);
            day.take(&hit, || Room::Visitor).unwrap();
        }
        BoundedCounts::of(&day.snapshot(), &["/pricing".into(), "/".into()])
    };
    let whole = counts(None);
    assert_eq!(whole.visitors, 6_000);
    for without in [0, 3_999, 5_999] {
        let less = counts(Some(without));
        assert_eq!(less.visitors, 5_999);
        for ((whole, less), dimension) in whole.by.iter().zip(&less.by).zip(PUBLISHED) {
            let differs: u64 = whole.iter().map(|(value, count)| count.abs_diff(less[value])).sum();
            assert_eq!(differs, 1, "{dimension:?} without {without}");
        }
    }
}
