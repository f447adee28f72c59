//! When a store fails for a time, or many want something at once, nothing is lost, doubled or kept that should be forgotten.

use serde_json::json;

use headcount::control::{Command, SiteChange};

use crate::arriving::past;
use crate::store::file::Database;
use crate::world::World;

fn pageviews(world: &World) -> i64 {
    let query = json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "all"});
    world.query(query).json()["results"][0]["metrics"][0].as_i64().unwrap()
}

/// Holds the database as another program would, while `work` is done.
fn while_locked<T>(world: &World, work: impl FnOnce() -> T) -> T {
    // Whoever asks the API has a token already, so that no token is made under the lock.
    pageviews(world);
    let other = Database::of(world.folder());
    other.run("BEGIN IMMEDIATE");
    let done = work();
    other.run("ROLLBACK");
    done
}

#[test]
fn a_flush_that_fails_is_tried_again_and_nobody_waits_for_it() {
    let world = World::start();
    world.expect_in_log("a flush failed and will be tried again");
    while_locked(&world, || {
        world.pageview("/a").ok();
        assert!(world.collector().flush().is_err(), "the database is in use");
        assert_eq!(world.page("/health").status, 503);
        world.pageview("/b").ok();
        assert_eq!(pageviews(&world), 2, "what can't be stored is counted all the same");
    });
    world.collector().flush().unwrap();
    assert_eq!(pageviews(&world), 2);
    assert_eq!(world.page("/health").status, 200);
}

#[test]
fn a_batch_that_can_not_be_stored_for_long_counts_once() {
    let world = World::start();
    world.expect_in_log("a flush failed and will be tried again");
    let headers =
        [("authorization", format!("Bearer {}", world.token("ingest"))), ("idempotency-key", "one".to_owned())];
    let batch = past("/a", "192.0.2.1", "2026-06-01T08:00:00Z").to_string();
    let told = || world.request("POST", "/api/events", &headers, Some(batch.as_bytes())).json();
    while_locked(&world, || {
        assert_eq!(told()["counted"], 1);
        assert!(world.collector().flush().is_err(), "the database is in use");
        world.wait_minutes(30);
        world.pageview("/b").ok();
        assert_eq!(told()["repeated"], true);
    });
    world.collector().flush().unwrap();
    assert_eq!((pageviews(&world), &told()["repeated"]), (2, &json!(true)));
}

#[test]
fn a_day_is_forgotten_at_its_end_even_if_its_sums_can_not_be_stored() {
    let world = World::at("2026-06-01T23:59:00Z", &[("example.com", "Etc/UTC")]);
    world.expect_in_log("a flush failed and will be tried again");
    while_locked(&world, || {
        world.pageview("/a").by("ana").ok();
        assert!(world.collector().flush().is_err());
        assert_eq!(world.collector().visitors_in_memory(), 1);
        world.go_to("2026-06-02T00:00:10Z");
        let mut looks = 0;
        while world.collector().visitors_in_memory() > 0 {
            looks += 1;
            assert!(looks < 200_000, "yesterday's visitors are still in memory");
        }
        assert_eq!(world.collector().salts_in_memory(), 0);
    });
    world.flush();
    assert_eq!(pageviews(&world), 1);
}

#[test]
fn a_site_that_can_not_be_removed_keeps_everything() {
    let world = World::start();
    world.expect_in_log("a flush failed and will be tried again");
    world.expect_in_log("a command failed");
    while_locked(&world, || {
        world.pageview("/a").ok();
        let refused = world.command(Command::SiteRemove { domain: "example.com".into() }).unwrap_err();
        assert!(refused.to_string().contains("in use"), "{refused}");
        world.pageview("/b").ok();
    });
    world.flush();
    assert_eq!(pageviews(&world), 2);
}

#[test]
fn a_removal_that_was_cut_short_is_ended_by_the_next_start() {
    let mut world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("other.example", "Etc/UTC")]);
    world.pageview("/a").ok();
    world.flush();
    let site = world.collector().directory().find("example.com").unwrap().id;
    // As far as a removal comes before its sums go, and after.
    world.collector().sums().announce_removal(site, true).unwrap();
    world.kill();
    let names: Vec<_> = world.collector().directory().all().iter().map(|site| site.domain.to_string()).collect();
    assert_eq!(names, ["other.example"]);
    let database = Database::of(world.folder());
    for table in ["sites WHERE id", "site_totals WHERE site", "names WHERE site", "kept_from WHERE site"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table} = {}", site.0)), 0, "{table}");
    }
    world.expect_forgotten(1, 0);
}

#[test]
fn commands_at_the_same_time_all_hold() {
    let world = World::start();
    let collector = world.collector();
    std::thread::scope(|scope| {
        for place in 0..12 {
            let add = Command::SiteAdd { domain: format!("site{place}.test"), change: SiteChange::default() };
            scope.spawn(move || headcount::control::run(add, collector, "http://localhost").unwrap());
        }
    });
    assert_eq!(collector.directory().all().len(), 13);
}
