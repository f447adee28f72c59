//! What is published of days with noise: by whom, when, once, and of how much of a visitor.

mod bounded;
mod utility;

use headcount::control::{Command, SiteChange};
use headcount::site::Moment;
use serde_json::{Value, json};

use crate::store::file::Database;
use crate::world::{Answer, World};

const INDEX: &str = "/public/example.com.json";

fn set(world: &World, domain: &str, change: SiteChange) {
    world.command(Command::SiteSet { domain: domain.into(), change }).unwrap();
}

/// Goes to a moment, and has all done that is due then.
fn pass_to(world: &World, now: &str) {
    world.go_to(now);
    world.flush();
}

fn release(world: &World, day: &str) -> Answer {
    world.page(&format!("/public/example.com/{day}.json"))
}

/// Each day of the index, and why it is not published, if it is not.
fn days(world: &World) -> Vec<(String, Option<String>)> {
    let index = world.page(INDEX);
    assert_eq!(index.status, 200, "{}", index.text());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let day = |day: &Value| (text(&day["date"]).unwrap(), text(&day["not_published"]));
    index.json()["days"].as_array().unwrap().iter().map(day).collect()
}

/// A world in which the site publishes, and its first day that is published has begun.
fn publishing() -> World {
    let world = World::at("2026-06-01T12:00:00Z", &[("example.com", "Etc/UTC"), ("other.test", "Etc/UTC")]);
    set(&world, "example.com", SiteChange::of("publish", true));
    pass_to(&world, "2026-06-01T23:59:50Z");
    pass_to(&world, "2026-06-02T00:00:20Z");
    world
}

#[test]
fn a_day_is_published_once_when_it_ends() {
    let mut world = publishing();
    assert_eq!(days(&world), [("2026-06-02".into(), Some("the day is not over".into()))], "the first whole day");
    for who in ["ana", "bob", "cid"] {
        world.pageview("/a").by(who).ok();
    }
    assert_eq!(release(&world, "2026-06-02").status, 404, "the day runs");
    pass_to(&world, "2026-06-03T00:00:20Z");
    let first = release(&world, "2026-06-02");
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.header("cache-control"), Some("public, max-age=86400"));
    assert_eq!((first.header("access-control-allow-origin"), first.header("set-cookie")), (Some("*"), None));
    let told = first.json();
    assert_eq!((&told["date"], &told["epsilon"], &told["delta"]), (&json!("2026-06-02"), &json!(1.0), &json!(0)));
    assert_eq!((&told["shares"]["number"], &told["shares"]["scale"]), (&json!(8), &json!(8.0)));
    assert_eq!(told["dimensions"].as_array().unwrap().len(), 7);
    let is_same = |world: &World, what: &str| assert_eq!(release(world, "2026-06-02").text(), first.text(), "{what}");
    is_same(&world, "asked again");
    world.restart();
    is_same(&world, "after a restart");
    let closed =
        |world: &World| Database::of(world.folder()).number("SELECT number FROM days_closed WHERE day = 20606");
    let closed_first = closed(&world);
    // Late hits of that day, under another salt, which close it once more.
    let bearer = format!("Bearer {}", world.token("ingest"));
    for who in ["ana", "dan"] {
        world.pageview("/a").by(who).key("timestamp", "2026-06-02T10:00:00Z").header("authorization", &bearer).ok();
    }
    world.flush();
    is_same(&world, "after late hits");
    pass_to(&world, "2026-06-03T02:00:00Z");
    assert!(closed(&world) > closed_first, "it is closed again");
    is_same(&world, "after a second close");
    let made = Database::of(world.folder()).number("SELECT count(*) FROM releases WHERE day = 20606 AND state = 1");
    assert_eq!(made, 1);
}

#[test]
fn a_day_on_which_nobody_came_is_published_like_any_other() {
    let world = publishing();
    pass_to(&world, "2026-06-03T00:00:20Z");
    pass_to(&world, "2026-06-04T00:00:20Z");
    for day in ["2026-06-02", "2026-06-03"] {
        let told = release(&world, day).json();
        // Noise of this size comes once in e^-50.
        assert!(told["visitors"].as_u64().unwrap() < 400, "{told}");
        let csv = world.page(&format!("/public/example.com/{day}.csv")).text();
        assert!(csv.starts_with("date,dimension,value,visitors,"), "{csv}");
        assert!(csv.contains(&format!("\r\n{day},,,{},24,8,1\r\n", told["visitors"])), "{csv}");
    }
    let index = world.page(INDEX).json();
    assert_eq!((&index["epsilon_per_day"], &index["epsilon_of_all_days"]), (&json!(1.0), &json!(2.0)));
}

#[test]
fn nobody_is_told_whether_a_site_is_there_that_publishes_nothing() {
    let world = publishing();
    let (site, unknown) = (world.page("/public/other.test.json"), world.page("/public/nobody.test.json"));
    assert_eq!((site.status, site.text()), (404, unknown.text()));
    for day in ["2026-06-01", "2026-06-02", "2026-06-03", "20260602", "2026-6-2", "x"] {
        let answers = ["other.test", "nobody.test", "example.com"];
        let answers = answers.map(|domain| world.page(&format!("/public/{domain}/{day}.json")));
        assert!(answers.iter().all(|answer| answer.status == 404 && answer.text() == unknown.text()), "{day}");
    }
    pass_to(&world, "2026-06-03T00:00:20Z");
    assert_eq!(release(&world, "2026-06-02").status, 200);
    assert_eq!(world.page("/public/example.com/2026-06-02.xml").status, 404);
    set(&world, "example.com", SiteChange::of("publish", false));
    assert_eq!((release(&world, "2026-06-02").status, world.page(INDEX).status), (404, 404), "switched off");
    pass_to(&world, "2026-06-04T00:00:20Z");
    set(&world, "example.com", SiteChange::of("publish", true));
    let why = "the site did not publish when the day ended".to_owned();
    assert_eq!(days(&world), [("2026-06-02".into(), None), ("2026-06-03".into(), Some(why))]);
}

#[test]
fn a_day_whose_visitors_are_not_all_known_is_not_published() {
    let mut world = publishing().without_journal();
    let lost = Some("the program forgot visitors during the day, because it was restarted".to_owned());
    // Nobody had come by then: whether there is a release must not tell that.
    assert_eq!(days(&world), [("2026-06-02".into(), lost.clone())]);
    pass_to(&world, "2026-06-02T23:00:00Z");
    pass_to(&world, "2026-06-03T00:00:20Z");
    world.pageview("/a").ok();
    pass_to(&world, "2026-06-04T00:00:20Z");
    world.restart();
    set(&world, "example.com", SiteChange::of("address", "none"));
    pass_to(&world, "2026-06-04T23:59:50Z");
    pass_to(&world, "2026-06-05T00:00:20Z");
    let none = Some("the site told no visitors apart".to_owned());
    let wanted = [("02", lost.clone()), ("03", None), ("04", lost), ("05", none)];
    assert_eq!(days(&world), wanted.map(|(day, why)| (format!("2026-06-{day}"), why)));
    let statuses = ["02", "03", "04", "05"].map(|day| release(&world, &format!("2026-06-{day}")).status);
    assert_eq!(statuses, [404, 200, 404, 404]);
}

#[test]
fn a_kill_neither_loses_nor_repeats_a_release() {
    let mut world = publishing();
    world.pageview("/a").ok();
    world.kill();
    world.flush();
    world.pageview("/a").by("bob").ok();
    pass_to(&world, "2026-06-03T00:00:20Z");
    let first = release(&world, "2026-06-02").text();
    assert_eq!(days(&world)[0], ("2026-06-02".into(), None));
    world.kill();
    world.flush();
    assert_eq!(release(&world, "2026-06-02").text(), first);
    world.pageview("/b").ok();
    let (clock, after) = (world.clock.clone(), "2026-06-04T00:00:20Z".parse::<jiff::Timestamp>().unwrap());
    world.kill_and(|_| clock.set(Moment(after.as_millisecond())));
    world.flush();
    assert_eq!(release(&world, "2026-06-03").status, 200, "the day ended while the program was down");
}

#[test]
fn what_is_published_goes_with_its_site() {
    let world = publishing();
    pass_to(&world, "2026-06-03T00:00:20Z");
    let file = Database::of(world.folder());
    let rows = |table: &str| file.number(&format!("SELECT count(*) FROM {table}"));
    assert_eq!((rows("releases"), rows("released_dimensions")), (2, 7));
    world.command(Command::SiteRemove { domain: "example.com".into() }).unwrap();
    assert_eq!((rows("releases"), rows("released_dimensions"), rows("released_values")), (0, 0, 0));
    assert_eq!((release(&world, "2026-06-02").status, world.page(INDEX).status), (404, 404));
    pass_to(&world, "2026-06-04T00:00:20Z");
    assert_eq!(rows("releases"), 0);
}

#[test]
fn a_site_that_publishes_needs_room_for_all_listed_values() {
    let world = World::start();
    let refused = |change| world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap_err().0;
    let said = "a site that publishes needs --values-max 4000 at least";
    assert!(refused(SiteChange::of("publish", true).with("values_max", 3_999)).contains(said));
    set(&world, "example.com", SiteChange::of("publish", true).with("publish_epsilon", "0.25"));
    assert!(refused(SiteChange::of("values_max", 100)).contains(said));
    assert!(refused(SiteChange::of("publish_epsilon", "3")).contains("takes 0.1, 0.25, 0.5, 1, 2 or 4"));
}

#[test]
fn a_dimension_that_is_not_collected_is_not_published() {
    let world = publishing();
    set(&world, "example.com", SiteChange::of("collect", ["no-country", "no-screen"]));
    world.pageview("/a").by("ana").ok();
    pass_to(&world, "2026-06-03T00:00:20Z");
    let told = release(&world, "2026-06-02").json();
    let mut names: Vec<&str> =
        told["dimensions"].as_array().unwrap().iter().map(|part| part["dimension"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["browser", "channel", "device", "entry_page", "os"]);
    assert_eq!((&told["shares"]["number"], &told["shares"]["scale"]), (&json!(6), &json!(6.0)), "the noise is theirs");
}
