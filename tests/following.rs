//! Which pages follow each other: asked by the API, the command and the page of a site, while the day runs and when it is over.

use headcount::control::Command;
use serde_json::{Value, json};

use crate::world::World;

const SITE: &str = "example.com";

/// Ana reads / /pricing /docs /pricing, Bob /pricing, Eve / /pricing and reloads it; much later Ana comes again to /pricing.
fn played() -> World {
    let world = World::at("2026-06-01T09:00:00Z", &[(SITE, "Etc/UTC")]);
    for (who, pages) in [
        ("ana", &["/", "/pricing", "/docs", "/pricing"][..]),
        ("bob", &["/pricing"]),
        ("eve", &["/", "/pricing", "/pricing"]),
    ] {
        pages.iter().for_each(|page| world.pageview(page).by(who).ok());
    }
    // An event is no step on the way.
    world.event("Signup", "/signup").by("eve").ok();
    world.go_to("2026-06-01T15:00:00Z");
    world.pageview("/pricing").by("ana").ok();
    world
}

fn ask(world: &World, dimension: &str, filter: Value) -> Value {
    let body = json!({
        "site_id": SITE, "metrics": ["visitors", "visits", "pageviews"], "date_range": ["2026-06-01", "2026-06-01"],
        "dimensions": [dimension], "filters": [filter], "order_by": [["pageviews", "desc"], [dimension, "asc"]],
    });
    let answer = world.query(body.clone());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    for key in ["dimensions", "filters", "order_by"] {
        assert_eq!(answer["query"][key], body[key], "as asked");
    }
    answer["results"].clone()
}

fn rows(of: &[(&str, [u32; 3])]) -> Value {
    of.iter().map(|(page, metrics)| json!({"metrics": metrics, "dimensions": [page]})).collect()
}

fn report(world: &World, by: &str) -> Value {
    let (site, period, by) = (SITE.into(), "2026-06-01..2026-06-01".into(), Some(by.to_owned()));
    let filter = vec!["page=/pricing".to_owned()];
    world.command(Command::Report { site, period, by, rows: None, filter, compare: None }).unwrap().json
}

fn is_told(world: &World) {
    let of_pricing = || json!(["is", "event:page", ["/pricing"]]);
    let before = [("/", [2, 2, 2]), ("(not set)", [2, 2, 2]), ("/docs", [1, 1, 1]), ("/pricing", [1, 1, 1])];
    let mut expected = before.to_vec();
    expected.sort_by_key(|(page, counts)| (3 - counts[2], *page));
    assert_eq!(ask(world, "event:previous_page", of_pricing()), rows(&expected));
    let after = [("/docs", [1, 1, 1]), ("/pricing", [1, 1, 1])];
    assert_eq!(ask(world, "event:next_page", of_pricing()), rows(&after));
    // The other way round it is the same.
    assert_eq!(ask(world, "event:page", json!(["is", "event:next_page", ["/pricing"]])), rows(&expected));
    let of_report = |by: &str| -> Vec<(String, i64)> {
        let rows = report(world, by)["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| (row[by].as_str().unwrap().to_owned(), row["pageviews"].as_i64().unwrap())).collect()
    };
    assert_eq!(of_report("previous_page").iter().map(|(_, views)| views).sum::<i64>(), 6, "all views of /pricing");
    let after = of_report("next_page");
    let exits = after.iter().find(|(page, _)| page == "(not set)").unwrap();
    assert_eq!((exits.1, after.iter().map(|(_, views)| views).sum::<i64>()), (4, 6), "who left is told too");
}

#[test]
fn pages_that_follow_each_other_are_counted_within_visits() {
    let world = played();
    is_told(&world);
    world.go_to("2026-06-02T00:00:05Z");
    world.flush();
    is_told(&world);
    world.go_to("2026-07-01T00:00:05Z");
    world.flush();
    is_told(&world);
}

#[test]
fn the_page_of_a_page_has_a_card_of_what_came_before_and_after() {
    let world = played();
    let get = |path: &str| {
        let answer = world.request("GET", &format!("/{SITE}{path}"), &[world.sign_in()], None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    };
    assert!(!get("?period=today").contains("id=\"paths-card\""), "of all pages there is none");
    let page = get("?period=today&filter=page:/pricing");
    let card = page.split("id=\"paths-card\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(card.contains("Before and after") && card.contains("Left from here"), "{card}");
    assert!(card.contains("filter=page:/docs"), "a page leads to its own: {card}");
    let before = get("?period=today&filter=page:/pricing&paths=previous_page");
    let card = before.split("id=\"paths-card\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(card.contains("Came in here") && !card.contains("Left from here"), "{card}");
    let file = get("/next_page.csv?period=today&filter=page:/pricing");
    assert!(file.lines().any(|line| line == "(not set),3,4,4"), "{file}");
    assert!(get("/previous_page?period=today&filter=page:/pricing").contains("Came in here"));
}

#[test]
fn what_is_not_counted_of_them_is_refused_with_the_way_out() {
    let world = played();
    world.go_to("2026-06-02T00:00:05Z");
    world.flush();
    let refused = |body: Value| {
        let mut all = json!({"site_id": SITE, "metrics": ["visitors"], "date_range": "7d"});
        body.as_object().unwrap().iter().for_each(|(key, value)| all[key] = value.clone());
        let answer = world.query(all);
        assert_eq!(answer.status, 400, "{body}");
        answer.text()
    };
    for dimension in ["event:previous_page", "event:next_page"] {
        assert!(refused(json!({"dimensions": [dimension]})).contains("need a filter on `event:page`"));
        let said = refused(json!({"dimensions": [dimension, "event:page", "visit:source"]}));
        assert!(said.contains(dimension), "{said}");
        let time = json!({"dimensions": [dimension, "event:page"], "metrics": ["time_on_page"]});
        assert!(refused(time).contains("visitors, visits and pageviews"));
    }
    let both = json!({"dimensions": ["event:next_page"], "filters": [["is", "event:previous_page", ["/"]]]});
    assert!(refused(both).contains("three pages"));
    let (site, period, by) = (SITE.into(), "7d".into(), Some("next_page".to_owned()));
    let alone = Command::Report { site, period, by, rows: None, filter: Vec::new(), compare: None };
    assert!(format!("{:?}", world.command(alone).unwrap_err()).contains("--filter page=/pricing"));
}

#[test]
fn that_a_visit_begins_is_no_page_before() {
    let world = played();
    let after = ask(&world, "event:next_page", json!(["is_not", "event:page", ["/docs"]]));
    assert_eq!(after, rows(&[("/pricing", [2, 2, 3]), ("/docs", [1, 1, 1])]));
    let none = ask(&world, "event:next_page", json!(["contains", "event:page", ["not"]]));
    assert_eq!(none, json!([]));
    for dimensions in [["event:page", "event:next_page"], ["event:next_page", "event:page"]] {
        let body = json!({
            "site_id": SITE, "metrics": ["pageviews"], "date_range": ["2026-06-01", "2026-06-01"], "dimensions": dimensions,
        });
        let answer = world.query(body).json();
        let views = answer["results"].as_array().unwrap().iter().map(|row| row["metrics"][0].as_i64().unwrap());
        assert_eq!(views.sum::<i64>(), 5, "of 9 views 4 were the first of a visit: {answer}");
        assert!(!answer["results"].to_string().contains("(not set)"), "{answer}");
    }
}

#[test]
fn lists_of_them_need_a_page() {
    let world = played();
    for path in ["next_page.csv", "previous_page.csv", "next_page.json?filter=source:Google"] {
        let answer = world.request("GET", &format!("/{SITE}/{path}"), &[world.sign_in()], None);
        assert!(answer.status == 400 && answer.text().contains("Filter by a page first"), "{path}: {}", answer.text());
    }
}
