//! Pages that only one visitor each sees: how they are counted, what the owner is asked, and what the answers do.

use headcount::control::{Command, SiteChange};
use serde_json::{Value, json};

use crate::world::World;

/// The values of a dimension with a metric, by name; what is not measured is 0.
fn values(world: &World, dimension: &str, metric: &str) -> Vec<(String, i64)> {
    let body = json!({"site_id": "example.com", "metrics": [metric], "date_range": "day", "dimensions": [dimension],
                      "pagination": {"limit": 1000}});
    let answer = world.query(body).json();
    let row = |row: &Value| {
        (row["dimensions"][0].as_str().unwrap().to_owned(), row["metrics"][0].as_i64().unwrap_or_default())
    };
    let mut rows: Vec<_> = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(row).collect();
    rows.sort();
    rows
}

fn pages(world: &World) -> Vec<(String, i64)> {
    values(world, "event:page", "visitors")
}

/// As many visitors as there are numbers see a page of their own each.
fn profiles(world: &World, numbers: std::ops::Range<usize>) {
    for number in numbers {
        world.pageview(&format!("/profile/member-{number}x")).by(&format!("visitor {number}")).ok();
    }
}

fn visitors_of(pages: &[(String, i64)], page: &str) -> Option<i64> {
    pages.iter().find(|(known, _)| known == page).map(|(_, visitors)| *visitors)
}

fn set(world: &World, change: SiteChange) {
    world.command(Command::SiteSet { domain: "example.com".into(), change }).expect("set");
}

#[test]
fn past_fifty_pages_of_one_visitor_each_further_ones_are_other() {
    let world = World::start();
    world
        .command(Command::GoalAdd { site: "example.com".into(), target: "/profile/*".into(), name: None })
        .expect("a goal");
    profiles(&world, 0..53);
    let counted = pages(&world);
    assert_eq!(counted.len(), 51, "{counted:?}");
    assert_eq!(visitors_of(&counted, "/profile/:other"), Some(3));
    assert_eq!(values(&world, "visit:entry_page", "visits").len(), 51);
    // A pattern is tried on the page itself.
    assert_eq!(values(&world, "event:goal", "visitors"), [("Visit /profile/*".to_owned(), 53)]);
    // Time on a page that has no name of its own is counted there.
    world.wait_ms(9_000);
    let ping = json!({"n": "engagement", "d": "example.com", "u": "https://example.com/profile/member-52x", "e": 8_000, "sd": 70});
    world.beacon(ping).by("visitor 52").ok();
    assert_eq!(visitors_of(&values(&world, "event:page", "time_on_page"), "/profile/:other"), Some(8));
    // A second visitor makes it a page like others; what was counted stays.
    world.pageview("/profile/member-52x").by("somebody else").ok();
    let counted = pages(&world);
    assert_eq!(
        (visitors_of(&counted, "/profile/:other"), visitors_of(&counted, "/profile/member-52x")),
        (Some(3), Some(1))
    );
}

#[test]
fn what_has_a_name_keeps_it_and_the_next_day_begins_folded() {
    let mut world = World::start();
    profiles(&world, 0..51);
    world.flush();
    world.wait_minutes(24 * 60);
    world.pageview("/profile/member-3x").by("visitor 3").ok();
    world.pageview("/profile/jane-roe").by("jane").ok();
    let names = ["/profile/:other", "/profile/member-3x"].map(|page| (page.to_owned(), 1));
    assert_eq!(pages(&world), names);
    world.restart();
    world.pageview("/profile/john-doe").by("john").ok();
    assert_eq!(visitors_of(&pages(&world), "/profile/:other"), Some(2));
    assert_eq!(visitors_of(&pages(&world), "/profile/john-doe"), None);
}

/// What pages count after a day on which the program may end in between, and what the owner may change of it.
fn after_a_day_with(end: fn(&mut World), before: u32) -> Vec<Vec<(String, i64)>> {
    let mut world = World::start();
    set(&world, SiteChange::of("personal", before));
    profiles(&world, 0..8);
    world.pageview("/about").by("visitor 7").ok();
    set(&world, SiteChange::of("personal", 4));
    // What is folded gets a name of its own, which the store has then.
    world.pageview("/profile/member-6x").by("somebody").ok();
    world.flush();
    end(&mut world);
    for page in ["/about", "/profile/member-6x", "/profile/member-7x"] {
        world.pageview(page).by("visitor 6").ok();
    }
    profiles(&world, 8..11);
    end(&mut world);
    profiles(&world, 11..14);
    world.flush();
    let asked = [("event:page", "visitors"), ("event:page", "pageviews"), ("visit:exit_page", "visits")];
    asked.iter().map(|(dimension, metric)| values(&world, dimension, metric)).collect()
}

#[test]
fn pages_are_folded_alike_over_every_end_of_the_program() {
    for before in [4, 0, 12] {
        let expected = after_a_day_with(|_| {}, before);
        for end in [World::kill, World::restart] {
            assert_eq!(after_a_day_with(end, before), expected, "{before}");
        }
    }
}

#[test]
fn the_owner_is_asked_once_and_both_answers_act_at_once() {
    for (answer, page) in [("name", "/profile/jane-roe"), ("template", "/profile/:id")] {
        let world = World::start();
        let cookie = [world.sign_in()];
        let asked =
            || world.request("GET", "/example.com", &cookie, None).text().matches("/settings/personal\"").count();
        profiles(&world, 0..50);
        assert_eq!(asked(), 0, "nothing is folded yet");
        profiles(&world, 50..51);
        assert_eq!(asked(), 1);
        world.add_user("reader", "analyst", &["example.com"]);
        let reader = [world.sign_in_as("reader")];
        assert!(!world.request("GET", "/example.com", &reader, None).text().contains("/settings/personal"));
        let sent = world.form("/example.com/settings/personal", &cookie, &[("parent", "/profile"), ("answer", answer)]);
        assert_eq!(sent.header("location"), Some("/example.com/settings#paths"), "{}", sent.text());
        assert_eq!(asked(), 0);
        world.pageview("/profile/jane-roe").by("jane").ok();
        assert_eq!(visitors_of(&pages(&world), page), Some(1), "{:?}", pages(&world));
        assert_eq!(visitors_of(&pages(&world), "/profile/:other"), Some(1));
    }
}

#[test]
fn the_number_is_the_owners() {
    let world = World::start();
    let change = SiteChange::of("personal", 3).with("by_name", ["/a"]);
    let told = world.command(Command::SiteSet { domain: "example.com".into(), change }).expect("set");
    assert!(told.text.contains("personal paths past 3 children"), "{}", told.text);
    assert!(told.text.ends_with("  paths by name /a"), "{}", told.text);
    profiles(&world, 0..5);
    assert_eq!(visitors_of(&pages(&world), "/profile/:other"), Some(2));
    let shown = world.command(Command::SiteShow { domain: "example.com".into() }).expect("shown");
    assert!(shown.text.contains("past 3 children that one visitor each has seen"), "{}", shown.text);
    let cookie = [world.sign_in()];
    let emptied = world.form("/example.com/settings/paths", &cookie, &[("personal", "")]);
    assert!(emptied.text().contains("is no number"), "{}", emptied.text());
    set(&world, SiteChange::of("personal", 0));
    world.wait_minutes(24 * 60);
    profiles(&world, 0..60);
    assert_eq!(pages(&world).len(), 60);
}

#[test]
fn pages_in_properties_are_folded_by_lists_of_their_own() {
    let world = World::start();
    set(&world, SiteChange::of("personal", 3));
    for number in 0..6 {
        let body = json!({"n": "404", "d": "example.com", "u": "https://example.com/lost", "p": {"path": format!("/u/name-{number}x")}});
        world.beacon(body).by(&format!("visitor {number}")).ok();
    }
    let paths = values(&world, "event:props:path", "visitors");
    assert_eq!(visitors_of(&paths, "/u/:other"), Some(3), "{paths:?}");
    assert_eq!(visitors_of(&pages(&world), "/lost"), Some(6));
}
