//! In: visits, and time that passes. Out: the last half hour, for signed-in people alone. Forgets: nothing.

use headcount::collector::Lately;
use headcount::control::{Command, SiteChange};
use headcount::site::{AddressMode, SiteId};
use serde_json::json;

use crate::world::World;

fn lately(world: &World) -> Lately {
    world.collector().lately(SiteId(1)).unwrap()
}

fn list(rows: &[(headcount::counts::Name, u64)]) -> String {
    rows.iter().map(|(value, visitors)| format!("{value} {visitors}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_last_half_hour_is_in_memory_and_forgets_by_itself() {
    let world = World::start();
    world.pageview("/").by("ana").from("https://google.com/").ok();
    world.wait_minutes(10);
    world.pageview("/a").by("ana").ok();
    world.pageview("/a").by("bob").from("https://bing.com/").ok();
    world.event("Signup", "/a").by("bob").ok();
    let now = lately(&world);
    assert_eq!((now.people.now, now.people.visitors), (2, 2));
    assert_eq!(
        (list(&now.people.pages.rows), list(&now.people.sources.rows)),
        ("/a 2".into(), "Bing 1, Google 1".into())
    );
    assert_eq!((now.pageviews[19], now.pageviews[29], now.pageviews.iter().sum::<u32>()), (1, 2, 3));
    world.wait_minutes(20);
    let later = lately(&world);
    assert_eq!((later.people.now, later.people.visitors), (0, 2));
    assert_eq!((later.pageviews[9], later.pageviews.iter().sum::<u32>()), (2, 2));
    world.wait_minutes(10);
    let end = lately(&world);
    assert_eq!((end.people.visitors, end.pageviews, end.people.pages.values), (0, [0; 30], 0));
}

#[test]
fn at_midnight_visitors_are_forgotten_and_pageviews_stay_numbers() {
    let world = World::at("2026-06-01T23:55:00Z", &[("example.com", "Etc/UTC")]);
    world.pageview("/old").by("ana").ok();
    world.pageview("/old").by("bob").ok();
    world.go_to("2026-06-02T00:05:00Z");
    // Closing the day is work of the keeper's own, done at the latest with the next flush.
    world.flush();
    world.pageview("/new").by("ana").ok();
    let now = lately(&world);
    assert_eq!((now.people.visitors, list(&now.people.pages.rows)), (1, "/new 1".into()));
    assert_eq!((now.pageviews[19], now.pageviews[29]), (2, 1));
}

#[test]
fn a_site_without_tokens_has_pageviews_alone() {
    let world = World::start();
    let change = SiteChange { address: Some(AddressMode::None), ..SiteChange::default() };
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    world.pageview("/").ok();
    world.beacon(json!({"n": "engagement", "u": "https://example.com/", "d": "example.com", "e": 100})).ok();
    let now = lately(&world);
    assert_eq!((now.people.now, now.people.visitors, now.people.pages.values), (0, 0, 0));
    assert_eq!((now.pageviews[29], now.pageviews.iter().sum::<u32>()), (1, 1));
}
