//! Sections of pages: everything below /blog has exact visitors, by API, command, page and file, while the day runs, when it is over, by
//! month and after a restart; and where they are not counted that is said.

use headcount::control::segment::SegmentCommand;
use headcount::control::{Command, Refused, Reply};
use headcount::site::SiteChange;
use serde_json::{Value, json};

use crate::world::World;

const SITE: &str = "example.com";

fn report(world: &World, period: &str, by: Option<&str>, filter: &[&str]) -> Result<Reply, Refused> {
    let filter = filter.iter().map(|text| (*text).to_owned()).collect();
    let (site, period, by) = (SITE.into(), period.into(), by.map(str::to_owned));
    world.command(Command::Report { site, period, by, rows: None, filter, compare: None })
}

fn rows(world: &World, period: &str, by: Option<&str>, filter: &[&str]) -> Value {
    report(world, period, by, filter).unwrap_or_else(|e| panic!("{by:?} {filter:?}: {e}")).json["rows"].take()
}

/// A row for each visitor count of a report by values.
fn visitors(world: &World, period: &str, by: &str, filter: &[&str]) -> Vec<(String, i64)> {
    let rows = rows(world, period, Some(by), filter);
    let row = |row: &Value| (row[by].as_str().unwrap().to_owned(), row["visitors"].as_i64().unwrap());
    rows.as_array().unwrap().iter().map(row).collect()
}

fn answer(world: &World, range: &Value, dimensions: Value, filters: Value) -> Value {
    let metrics = json!(["visitors", "visits", "pageviews"]);
    let body =
        json!({"site_id": SITE, "metrics": metrics, "date_range": range, "dimensions": dimensions, "filters": filters});
    let answer = world.query(body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn set_depth(world: &World, depth: u32) -> String {
    let change = SiteChange::of("section_depth", depth);
    world.command(Command::SiteSet { domain: SITE.into(), change }).unwrap().text
}

/// Ana reads three pages of the blog, one of them twice, and about prices; Bob one of the blog, and comes again later; Eve the start page.
fn visits(world: &World) {
    let google = "https://www.google.com/";
    for page in ["/blog/", "/blog/2026/a", "/blog/2026/b", "/blog/2026/a", "/pricing"] {
        world.pageview(page).by("ana").from(google).ok();
    }
    world.pageview("/blog/2026/b").by("bob").ok();
    world.pageview("/").by("eve").from(google).ok();
    world.wait_minutes(40);
    world.pageview("/blog").by("bob").ok();
}

fn pair(value: &str, visitors: i64) -> (String, i64) {
    (value.to_owned(), visitors)
}

/// All that must be the same while the day runs, when it is over, and after a restart.
fn check(world: &World, period: &str, range: &Value) {
    let all = [pair("/blog", 2), pair("/", 1), pair("/pricing", 1)];
    assert_eq!(visitors(world, period, "section", &[]), all);
    assert_eq!(visitors(world, period, "source", &["section=/blog/"]), [pair("Direct / None", 1), pair("Google", 1)]);
    assert_eq!(visitors(world, period, "section", &["source=Google"]).len(), 3);
    let total = rows(world, period, None, &["section=/blog"])[0].take();
    let counts = ["visitors", "visits", "pageviews"].map(|name| total[name].as_i64());
    assert_eq!(counts, [Some(2), Some(3), Some(6)], "{total}");
    let one = |filters: Value| answer(world, range, json!([]), filters)["results"][0]["metrics"].take();
    assert_eq!(one(json!([["is", "event:section", ["/blog/"]]])), json!([2, 3, 6]));
    let of_google = json!(["is", "visit:source", ["Google"]]);
    assert_eq!(one(json!([["is", "event:section", ["/blog"]], of_google])), json!([1, 1, 4]));
    let by_both = answer(world, range, json!(["event:section", "visit:source"]), json!([]))["results"].take();
    assert_eq!(by_both.as_array().map(Vec::len), Some(4), "{by_both}");
    let direct = json!({"metrics": [1, 2, 2], "dimensions": ["/blog", "Direct / None"]});
    assert!(by_both.as_array().is_some_and(|rows| rows.contains(&direct)), "{by_both}");
    let pages = answer(world, range, json!(["event:page"]), json!([["is", "event:section", ["/blog"]]]));
    assert_eq!(pages["results"].as_array().map(Vec::len), Some(4), "{pages}");
    let by_day = answer(world, range, json!(["time:day"]), json!([["is", "event:section", ["/blog"]]]));
    assert_eq!(by_day["results"][0]["metrics"], json!([2, 3, 6]), "{by_day}");
    assert!(by_day["meta"].get("warnings").is_none(), "{by_day}");
    check_page(world, period);
}

fn check_page(world: &World, period: &str) {
    let headers = [world.sign_in()];
    let text = |path: &str| world.request("GET", &format!("/{SITE}{path}"), &headers, None).text();
    let page = text(&format!("?period={period}&pages=section"));
    assert!(page.contains("filter=section:/blog"), "rows of sections lead to what is in them: {page}");
    let within = text(&format!("?period={period}&filter=section:/blog"));
    assert!(within.contains("/blog/2026/a") && !within.contains("<bdi>/pricing</bdi>"), "{within}");
    let csv = text(&format!("/section.csv?period={period}"));
    assert!(csv.lines().nth(1).is_some_and(|line| line.starts_with("/blog,2,3,6")), "{csv}");
    assert!(text(&format!("/section?period={period}")).contains("/pricing"));
}

#[test]
fn what_is_below_a_part_of_the_path_has_exact_visitors() {
    let mut world = World::at("2026-06-30T09:00:00Z", &[(SITE, "Etc/UTC")]);
    visits(&world);
    let day = json!(["2026-06-30", "2026-06-30"]);
    check(&world, "today", &day);
    world.go_to("2026-07-01T09:00:00Z");
    world.flush();
    check(&world, "yesterday", &day);
    world.restart();
    check(&world, "yesterday", &day);
    world.go_to("2026-07-02T09:00:00Z");
    world.flush();
    check(&world, "last_month", &json!(["2026-06-01", "2026-06-30"]));
}

#[test]
fn a_changed_depth_counts_from_its_day_on_and_says_so() {
    let world = World::at("2026-06-29T09:00:00Z", &[(SITE, "Etc/UTC")]);
    world.pageview("/blog/2025/z").by("ana").ok();
    world.go_to("2026-06-30T09:00:00Z");
    visits(&world);
    let said = set_depth(&world, 2);
    assert!(said.contains("from the site's present day on"), "{said}");
    let since = "counted since 2026-06-30";
    let deeper = [pair("/blog/2026", 2), pair("/", 1), pair("/blog", 2), pair("/pricing", 1)];
    for _ in 0..2 {
        let period = "2026-06-29..2026-06-30";
        let mut found = visitors(&world, period, "section", &[]);
        found.sort();
        let mut expected = deeper.to_vec();
        expected.sort();
        assert_eq!(found, expected, "days before are left out");
        let text = report(&world, period, Some("section"), &[]).unwrap().text;
        assert!(text.contains(since), "{text}");
        let range = json!(["2026-06-29", "2026-06-30"]);
        let told = answer(&world, &range, json!([]), json!([["is", "event:section", ["/blog/2026"]]]));
        assert_eq!(told["results"][0]["metrics"], json!([2, 2, 4]), "{told}");
        assert!(told["meta"]["warnings"].to_string().contains(since), "{told}");
        let weeks = answer(&world, &range, json!(["time:week"]), json!([["is", "event:section", ["/blog/2026"]]]));
        assert_eq!(weeks["results"][0]["dimensions"], json!(["2026-06-29"]), "{weeks}");
        let headers = [world.sign_in()];
        let page = world.request("GET", &format!("/{SITE}?period=7d&pages=section"), &headers, None).text();
        assert!(page.contains("Sections are counted since"), "{page}");
        world.go_to("2026-07-01T09:00:00Z");
        world.flush();
    }
    let compared = world.query(json!({
        "site_id": SITE, "metrics": ["visitors"], "date_range": ["2026-06-30", "2026-06-30"], "dimensions": ["event:section"],
        "include": {"comparisons": {"mode": "previous_period"}},
    }));
    assert!(compared.text().contains("was not counted, or not all of it"), "{}", compared.text());
}

#[test]
fn where_no_sections_are_counted_that_is_said() {
    let world = World::at("2026-06-30T09:00:00Z", &[(SITE, "Etc/UTC")]);
    visits(&world);
    set_depth(&world, 0);
    for (by, filter) in [(Some("section"), &[][..]), (Some("source"), &["section=/blog"])] {
        let refused = report(&world, "today", by, filter).unwrap_err().to_string();
        assert!(refused.contains("site set example.com --section-depth 1"), "{refused}");
    }
    let body = json!({
        "site_id": SITE, "metrics": ["visitors"], "date_range": "day", "dimensions": ["event:section"],
    });
    let refused = world.query(body);
    assert!(refused.status == 400 && refused.text().contains("--section-depth 1"), "{}", refused.text());
    let headers = [world.sign_in()];
    let page = world.request("GET", &format!("/{SITE}?period=today"), &headers, None).text();
    assert!(!page.contains("pages=section"), "{page}");
    // Sections that are counted again begin with the present day, which is known as a whole.
    set_depth(&world, 1);
    assert_eq!(visitors(&world, "today", "section", &[])[0], pair("/blog", 2));
}

#[test]
fn conditions_and_segments_know_sections() {
    let world = World::at("2026-06-30T09:00:00Z", &[(SITE, "Etc/UTC")]);
    visits(&world);
    let condition = "has_done section=/blog and not has_done section=/pricing";
    let add = SegmentCommand::Add { site: SITE.into(), name: "Readers".into(), condition: condition.into() };
    world.command(Command::Segment(add)).unwrap();
    let written = format!("where:{condition}");
    assert_eq!(rows(&world, "today", None, &[&written])[0]["pageviews"], 2);
    let hours = rows(&world, "today", Some("hour"), &["section=/blog"]);
    assert_eq!((hours.as_array().map(Vec::len), &hours[0]["pageviews"]), (Some(1), &json!(6)), "{hours}");
    for period in ["today", "yesterday"] {
        assert_eq!(visitors(&world, period, "section", &["segment=Readers"]), [pair("/blog", 1)]);
        assert_eq!(visitors(&world, period, "page", &["segment=Readers"]).len(), 2);
        let refused = report(&world, period, Some("bogus"), &[]).unwrap_err().to_string();
        assert!(refused.contains("section"), "{refused}");
        if period == "today" {
            world.go_to("2026-07-01T09:00:00Z");
            world.flush();
        }
    }
    let refused = report(&world, "yesterday", Some("hour"), &["section=/blog"]).unwrap_err().to_string();
    assert!(refused.contains("by day and month, not by hour"), "{refused}");
}
