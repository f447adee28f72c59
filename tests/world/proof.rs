//! A world does what its verbs say, and notices what it must not miss.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::{World, person};

#[test]
fn what_was_acknowledged_is_answered_after_a_restart() {
    let mut world = World::start();
    let secret = world.canary("hidden-query");
    world.pageview("/").from(&format!("https://google.com/?q={secret}")).header("accept-language", "de").ok();
    world.wait_minutes(1);
    world.event("Signup", "/").key("p", json!({"plan": "pro"})).ok();
    world.restart();
    world.wait_ms(1);
    world.pageview("/a").by("bob").ok();
    world.go_to("2026-06-02T09:00:00Z");
    let answer = world.query(json!({
        "site_id": "example.com", "date_range": "1d", "metrics": ["events", "visitors"], "dimensions": ["visit:language"],
    }));
    assert_eq!(
        answer.json()["results"],
        json!([{"metrics": [2, 1], "dimensions": ["de"]}, {"metrics": [1, 1], "dimensions": ["(not set)"]}])
    );
}

#[test]
fn who_was_there_before_a_crash_or_a_stop_is_known_after_it() {
    let mut world = World::start();
    let secret = world.canary("hidden-query");
    world.pageview("/").from(&format!("https://google.com/?q={secret}")).ok();
    for end in [World::kill, World::restart, World::kill] {
        end(&mut world);
        world.wait_minutes(1);
        world.pageview("/a").ok();
        assert!(world.journal.holds("/a"), "the journal holds the running day");
    }
    let metrics = json!(["visitors", "visits", "pageviews", "bounce_rate", "visit_duration"]);
    let query =
        |filters| json!({"site_id": "example.com", "date_range": "day", "metrics": metrics, "filters": filters});
    let one = json!([{"metrics": [1, 1, 4, 0, 180], "dimensions": []}]);
    assert_eq!(world.query(query(json!([]))).json()["results"], one);
    assert_eq!(world.query(query(json!([["is", "visit:source", ["Google"]]]))).json()["results"], one);
    let now = world.collector().recent_activity(headcount::site::SiteId(1)).unwrap();
    assert_eq!((now.people.now, now.people.visitors, now.pageviews.iter().sum::<u32>()), (1, 1, 4));
}

#[test]
fn the_journal_forgets_a_day_that_is_over() {
    let world = World::start();
    world.pageview("/canary-of-the-day").ok();
    let held = world.journal.held();
    assert!(world.journal.holds("/canary-of-the-day"));
    world.go_to("2026-06-02T00:05:00Z");
    world.flush();
    world.pageview("/next").ok();
    // The image without the day is written beside the requests.
    let is_forgotten = || !world.journal.holds("/canary-of-the-day") && world.journal.holds("/next");
    let forgotten = (0..500).any(|_| {
        std::thread::park_timeout(std::time::Duration::from_millis(10));
        is_forgotten()
    });
    assert!(forgotten, "{:?}", world.journal.files());
    held.assert_wiped();
}

#[test]
fn readers_see_pages_and_sign_in_for_more() {
    let world = World::start();
    let page = world.page("/sign-in");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{:?}", page.headers);
    assert_ne!(world.page("/example.com").status, 200);
    assert_eq!(world.request("GET", "/example.com", &[world.sign_in()], None).status, 200);
}

#[test]
fn a_world_ends_with_a_failure_where_something_of_a_person_is_kept() {
    let ana = person("ana");
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let kept = [ana.agent.clone(), ana.address.to_string(), hex(ana.agent.as_bytes())];
    for leak in kept {
        let world = World::start();
        world.pageview("/").ok();
        std::fs::write(world.folder().join("leak"), leak).unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(world))).is_err());
    }
}
