//! Segments, conditions and lists on days with more names than there is room for: what is named is counted, and what may be missing is told.

use headcount::control::{Command, SiteChange};
use serde_json::{Value, json};

use super::{SITE, add, report};
use crate::world::World;

/// A site with room for four values of each dimension, and its next day.
fn crowded() -> World {
    let world = World::start();
    world.command(Command::SiteSet { domain: SITE.into(), change: SiteChange::of("values_max", 4) }).unwrap();
    add(&world, "Quiet", "source=quiet.test").unwrap();
    add(&world, "Others", "source!=quiet.test").unwrap();
    add(&world, "Loud", "source~loud").unwrap();
    add(&world, "Pro", "prop:plan!=free").unwrap();
    world.go_to("2026-06-02T09:00:00Z");
    for number in 0..8 {
        let (who, from) = (format!("visitor {number}"), format!("https://r{number}.test/"));
        world.pageview("/").by(&who).from(&from).ok();
        world.event("Other", "/").by(&who).key("p", json!({ format!("key{number}"): "x" })).ok();
    }
    world.pageview("/").by("ana").from("https://quiet.test/").ok();
    world.event("Join", "/").by("ana").key("p", json!({"plan": "pro"})).ok();
    world.pageview("/").by("bob").from("https://loud.test/").ok();
    world
}

fn ask(world: &World, range: Value, dimensions: Value, filters: Value) -> Value {
    let metrics = json!(["visitors", "pageviews"]);
    let body =
        json!({"site_id": SITE, "metrics": metrics, "date_range": range, "dimensions": dimensions, "filters": filters});
    let answer = world.query(body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Whether an answer warns of what was counted together, and each of its metrics does.
fn warns(answer: &Value) -> (bool, bool) {
    let meta = &answer["meta"];
    let warnings = meta["warnings"].as_array().into_iter().flatten();
    let of_metrics = ["visitors", "pageviews"].map(|metric| meta["metric_warnings"][metric]["code"] == "other");
    (warnings.into_iter().any(|warning| warning["code"] == "other"), of_metrics == [true; 2])
}

fn check_segments(world: &World, range: &Value, period: &str) {
    let of = |name: &str| ask(world, range.clone(), json!([]), json!([["is", "segment", [name]]]));
    for (name, visitors, is_sure) in [("Quiet", 1, true), ("Others", 9, true), ("Loud", 0, false), ("Pro", 1, false)] {
        let answer = of(name);
        assert_eq!(answer["results"][0]["metrics"][0], visitors, "{name}: {answer}");
        assert_eq!(warns(&answer), (!is_sure, !is_sure), "{name}: {answer}");
        let told = report(world, period, None, &[&format!("segment={name}")]).unwrap().text;
        assert_eq!(told.contains("(other)"), !is_sure, "{name}: {told}");
    }
    let all = report(world, period, Some("segment"), &[]).unwrap().text;
    assert!(all.contains("(other)"), "{all}");
}

#[test]
fn what_a_segment_names_is_counted_on_the_fullest_day() {
    let world = crowded();
    check_segments(&world, &json!("day"), "today");
    world.go_to("2026-06-03T09:00:00Z");
    world.flush();
    check_segments(&world, &json!(["2026-06-02", "2026-06-02"]), "yesterday");
    let months = report(&world, "2026-06-01..2026-06-02", None, &["segment=Quiet"]).unwrap().text;
    assert!(!months.contains("(other)"), "on the day of its declaration there was room: {months}");
}

#[test]
fn conditions_say_what_they_may_lack() {
    let world = crowded();
    let done = |value: &str| json!([["has_done", ["is", "event:page", ["/"]]], ["is", "visit:source", [value]]]);
    let hidden = ask(&world, json!("day"), json!([]), done("loud.test"));
    assert_eq!((hidden["results"][0]["metrics"][0].clone(), warns(&hidden)), (json!(0), (true, true)), "{hidden}");
    let quiet = ask(&world, json!("day"), json!([]), done("quiet.test"));
    assert_eq!((quiet["results"][0]["metrics"][0].clone(), warns(&quiet)), (json!(1), (false, false)), "{quiet}");
    let listed = json!([["has_done", ["is", "event:page", ["/"]]]]);
    let rows = ask(&world, json!("day"), json!(["visit:source"]), listed);
    assert!(rows["results"].to_string().contains("(other)"), "{rows}");
    assert_eq!(warns(&rows), (true, false), "nothing is behind a filter, and pages had room: {rows}");
    let told = |condition: &str| report(&world, "today", None, &[&format!("where:{condition}")]).unwrap().text;
    assert!(told("has_done page=/ and source=loud.test").contains("(other)"));
    assert!(!told("has_done page=/ and source=quiet.test").contains("(other)"));
    let file = format!("/{SITE}/page.csv?period=today&filter=source:loud.test");
    let file = world.request("GET", &file, &[world.sign_in()], None);
    assert!(file.header("headcount-warning").is_some_and(|told| told.contains("(other)")), "{}", file.text());
    let page = format!("/{SITE}?period=today&filter=where:has_done%20page=/%20and%20source=loud.test");
    let page = world.request("GET", &page, &[world.sign_in()], None).text();
    assert!(page.contains("(other)"), "{page}");
}

/// Past the budget of pairs, lists under two filters lack values.
#[test]
fn estimated_lists_say_what_they_may_lack() {
    let world = World::start();
    world.command(Command::SiteSet { domain: SITE.into(), change: SiteChange::of("pair_cells_max", 30) }).unwrap();
    for number in 0..60 {
        let from = format!("https://r{}.test/", number % 12);
        let path = format!("/p{}?utm_campaign=c{}", number % 15, number % 4);
        world.pageview(&path).by(&format!("visitor {number}")).from(&from).ok();
    }
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
    let body = json!({
        "site_id": SITE, "metrics": ["visitors"], "date_range": ["2026-06-01", "2026-06-01"], "dimensions": ["event:page"],
        "filters": [["is", "visit:source", ["r1.test"]], ["is", "visit:utm_campaign", ["c1"]]], "include": {"estimates": true},
    });
    let answer = world.query(body).json();
    assert!(warns(&answer).0, "{answer}");
    let rest =
        answer["results"].as_array().unwrap().iter().find(|row| row["dimensions"][0] == "(other)").unwrap().clone();
    assert!(rest["bounds"][0][1].as_i64() >= Some(5), "visitors of the two: {answer}");
    let report = report(&world, "yesterday", Some("page"), &["source=r1.test", "utm_campaign=c1"]).unwrap().text;
    assert!(report.contains("(other)"), "{report}");
}
