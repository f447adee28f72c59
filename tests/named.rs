//! Properties that an owner names: by command, form, report, API and dashboard, from the naming on.

use headcount::control::{Command, Refused, Reply, SiteChange};
use serde_json::{Value, json};

use crate::world::World;

const SITE: &str = "example.com";

fn name(world: &World, keys: &[&str]) -> Result<Reply, Refused> {
    let change = SiteChange::of("properties", keys.to_vec());
    world.command(Command::SiteSet { domain: SITE.into(), change })
}

fn report(world: &World, period: &str, by: Option<&str>, filter: &[&str]) -> Result<Reply, Refused> {
    let filter = filter.iter().map(|text| (*text).to_owned()).collect();
    let (site, period, by) = (SITE.into(), period.into(), by.map(str::to_owned));
    world.command(Command::Report { site, period, by, rows: None, filter, compare: None })
}

/// Values and events of a report, and its notes.
fn events(world: &World, period: &str, by: &str, filter: &[&str]) -> (Vec<(String, i64)>, String) {
    let mut found = report(world, period, Some(by), filter).unwrap_or_else(|e| panic!("{by} {filter:?}: {e}")).json;
    let row = |row: &Value| (row[by].as_str().unwrap().to_owned(), row["events"].as_i64().unwrap());
    (found["rows"].as_array().unwrap().iter().map(row).collect(), found["notes"].take().to_string())
}

fn sign_up(world: &World, who: &str, source: &str, page: &str, plan: &str) {
    world.pageview(page).by(who).from(&format!("https://www.{source}.com/")).ok();
    world.event("Signup", page).by(who).key("p", json!({"plan": plan, "size": "L"})).ok();
}

/// A day on which the property was named before anybody came, and the morning after.
fn named() -> World {
    let world = World::start();
    name(&world, &["plan"]).unwrap();
    world.go_to("2026-06-02T09:00:00Z");
    sign_up(&world, "ana", "google", "/a", "pro");
    sign_up(&world, "bob", "bing", "/a", "pro");
    sign_up(&world, "eve", "google", "/b", "free");
    world
}

fn pairs(of: &[(&str, i64)]) -> Vec<(String, i64)> {
    of.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
}

fn all_is_told(world: &World, period: &str) {
    let told = |by: &str, filter: &[&str]| events(world, period, by, filter).0;
    assert_eq!(told("prop:plan", &["source=Google"]), pairs(&[("free", 1), ("pro", 1)]));
    assert_eq!(told("source", &["prop:plan=pro"]), pairs(&[("Bing", 1), ("Google", 1)]));
    assert_eq!(told("page", &["prop:plan=pro"]), pairs(&[("/a", 2)]));
    assert_eq!(told("prop:plan", &["page=/b"]), pairs(&[("free", 1)]));
    let total = report(world, period, None, &["prop:plan=pro", "page=/a"]).unwrap().json;
    assert_eq!(total["rows"][0]["events"], 2, "{total}");
    let by_day = report(world, period, Some("day"), &["prop:plan=pro", "source=Google"]).unwrap().json;
    assert_eq!(by_day["rows"].as_array().unwrap().last().unwrap()["events"], 1, "{by_day}");
}

#[test]
fn a_named_property_is_a_dimension_of_its_own_from_then_on() {
    let mut world = named();
    all_is_told(&world, "today");
    world.restart();
    all_is_told(&world, "today");
    world.go_to("2026-06-03T09:00:00Z");
    world.flush();
    all_is_told(&world, "yesterday");
    world.restart();
    all_is_told(&world, "yesterday");
}

#[test]
fn the_api_answers_two_dimensions_and_says_since_when() {
    let world = named();
    world.go_to("2026-06-03T09:00:00Z");
    world.flush();
    let asked = |dimensions: Value, filters: Value, range: Value| {
        let body = json!({
            "site_id": SITE, "metrics": ["events"], "date_range": range, "dimensions": dimensions, "filters": filters,
        });
        let answer = world.query(body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let day = || json!(["2026-06-02", "2026-06-02"]);
    let both = asked(json!(["event:props:plan", "visit:source"]), json!([]), day());
    let row = |plan: &str, source: &str| json!({"metrics": [1], "dimensions": [plan, source]});
    assert_eq!(both["results"], json!([row("free", "Google"), row("pro", "Bing"), row("pro", "Google")]));
    assert_eq!(both["meta"]["metric_warnings"], Value::Null, "{both}");
    let pro = json!([["is", "event:props:plan", ["pro"]]]);
    let pages = asked(json!(["event:page"]), pro.clone(), json!(["2026-06-01", "2026-06-02"]));
    assert_eq!(pages["results"], json!([{"metrics": [2], "dimensions": ["/a"]}]));
    assert!(pages["meta"].to_string().contains("2026-06-02"), "{pages}");
    let body = json!({
        "site_id": SITE, "metrics": ["time_on_page"], "date_range": day(), "dimensions": ["event:page"], "filters": pro,
    });
    let refused = world.query(body);
    assert!(refused.status == 400 && refused.text().contains("no property"), "{}", refused.text());
    let alone = asked(json!(["event:props:plan"]), json!([]), json!(["2026-06-01", "2026-06-02"]));
    assert!(!alone["meta"].to_string().contains("2026-06-02"), "all days know it by itself: {alone}");
}

#[test]
fn what_is_not_named_is_refused_with_the_way_out() {
    let world = named();
    world.go_to("2026-06-03T09:00:00Z");
    // Of visits that are in memory it is known all the same.
    world.flush();
    for (by, filter) in [
        (Some("prop:size"), &["source=Google"][..]),
        (Some("source"), &["prop:size=L"]),
        (None, &["prop:size=L", "page=/a"]),
    ] {
        let said = report(&world, "yesterday", by, filter).unwrap_err().to_string();
        assert!(said.contains("--property size"), "{said}");
    }
    let body = json!({
        "site_id": SITE, "metrics": ["events"], "date_range": "7d", "dimensions": ["event:props:size", "visit:source"],
    });
    let answer = world.query(body);
    assert!(answer.status == 400 && answer.text().contains("--property size"), "{}", answer.text());
    assert_eq!(events(&world, "yesterday", "prop:size", &["event=Signup"]).0, pairs(&[("L", 3)]));
}

#[test]
fn naming_has_bounds_and_what_is_named_no_more_is_counted_no_more() {
    let world = named();
    let said = name(&world, &["a", "b", "c", "d", "e", "f"]).unwrap_err().to_string();
    assert!(said.contains("6 named properties are too many; the most is 5"), "{said}");
    assert!(name(&world, &["a\u{1f}b"]).is_err());
    name(&world, &["plan,size", "plan"]).unwrap();
    let directory = world.collector().directory();
    let site = directory.find(SITE).unwrap();
    let keys: Vec<&str> = site.settings.properties.iter().map(|property| property.key.as_str()).collect();
    assert_eq!(keys, ["plan", "size"]);
    let since: Vec<i64> = site.settings.properties.iter().map(|property| property.since_ms).collect();
    assert!(since[0] < since[1], "what was named before stays as it was");
    name(&world, &[]).unwrap();
    world.go_to("2026-06-03T09:00:00Z");
    world.flush();
    sign_up(&world, "ana", "google", "/a", "pro");
    assert!(report(&world, "yesterday", Some("source"), &["prop:plan=pro"]).is_err());
    name(&world, &["plan"]).unwrap();
    let (rows, notes) = events(&world, "7d", "source", &["prop:plan=pro"]);
    assert_eq!(rows, pairs(&[("Bing", 1), ("Google", 1)]), "what was counted is still there");
    assert!(notes.contains("is counted by other dimensions since 2026-06-03"), "{notes}");
}

#[test]
fn a_click_on_a_value_shows_the_whole_page_of_it() {
    let world = named();
    let (key, cookie) = world.sign_in();
    let page = |query: &str| {
        let answer = world.request("GET", &format!("/{SITE}?period=today&{query}"), &[(key, cookie.clone())], None);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    };
    let signup = page("filter=event:Signup");
    assert!(signup.contains("filter=prop:plan:pro\""), "the value leads to itself: {signup}");
    let pro = page("filter=prop:plan:pro");
    for seen in [">Google<", ">/a<", ">Bing<"] {
        assert!(pro.contains(seen), "{seen} of {pro}");
    }
    assert!(!pro.contains(">/b<"), "{pro}");
}
