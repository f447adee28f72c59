//! A day that still runs is compared with the same hours of another, in the page, in lists and files, by the command and the API; and
//! what can't be compared is told.

use headcount::control::Command;
use serde_json::{Value, json};

use crate::world::World;

const SITE: &str = "example.com";

/// On Monday two people come before 11:00 and one after it; on Tuesday three before it and one later, at 11:05.
fn tuesday() -> World {
    let world = World::at("2026-06-01T09:10:00Z", &[(SITE, "Etc/UTC")]);
    world.pageview("/").by("ana").ok();
    world.go_to("2026-06-01T10:20:00Z");
    world.pageview("/docs").by("bob").ok();
    // Who came before is no further visitor.
    world.pageview("/docs").by("ana").ok();
    world.go_to("2026-06-01T15:30:00Z");
    world.pageview("/").by("eve").ok();
    world.go_to("2026-06-02T09:00:00Z");
    world.pageview("/").by("ana").ok();
    world.pageview("/").by("bob").ok();
    world.go_to("2026-06-02T10:30:00Z");
    world.pageview("/new").by("eve").ok();
    world.go_to("2026-06-02T11:05:00Z");
    world.pageview("/").by("dan").ok();
    world
}

fn get(world: &World, path: &str) -> String {
    let answer = world.request("GET", &format!("/{SITE}{path}"), &[world.sign_in()], None);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

fn report(world: &World, period: &str, by: Option<&str>, with: &str) -> Value {
    let (site, period, by, compare) = (SITE.into(), period.into(), by.map(str::to_owned), Some((with.into(), false)));
    let command = Command::Report { site, period, by, rows: None, filter: Vec::new(), compare };
    world.command(command).unwrap().json
}

#[test]
fn totals_of_a_running_day_are_compared_by_its_hours_that_are_over() {
    let world = tuesday();
    let page = get(&world, "?period=today");
    assert!(page.contains("compared with Monday, 1 June 2026, until 11:00 of the last day"), "{page}");
    let visitors = page.split("<dl class=\"totals\">").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(visitors.contains(">4</dd>") && visitors.contains(">+50\u{a0}%<"), "{visitors}");
    assert!(visitors.contains("2 in the compared period, 3 in the same part of this one"), "{visitors}");
    // Of a week the day before counts whole.
    let week = report(&world, "2026-06-01..2026-06-02", None, "2026-05-01");
    assert_eq!(week["compared"], Value::Null);
    let both = json!({"visitors": 4, "visitors_before": 2, "visitors_change": 50});
    let today = &report(&world, "today", None, "previous")["rows"][0];
    both.as_object().unwrap().iter().for_each(|(key, value)| assert_eq!(&today[key], value, "{key} of {today}"));
    assert_eq!(today["pageviews_before"], 3);
}

#[test]
fn rows_of_lists_and_files_tell_what_they_were() {
    let world = tuesday();
    let panel = get(&world, "?period=today&lists=compared");
    let pages = panel.split("id=\"pages-card\"").nth(1).unwrap().split("</table>").next().unwrap();
    assert!(pages.contains(">+100\u{a0}%</td>") && pages.contains(">new</td>"), "{pages}");
    let list = get(&world, "/page?period=today&lists=compared&sort=before");
    // Rows that only the other day has are among the others.
    let places = ["title=\"/docs\"", "title=\"/\"", "title=\"/new\""].map(|page| list.find(page).expect(page));
    assert!(places.is_sorted(), "{places:?} {list}");
    assert!(list.contains(">-100\u{a0}%<") || list.contains(">\u{2212}100\u{a0}%<"), "{list}");
    assert!(!get(&world, "/page?period=today&lists=compared").contains("title=\"/docs\""));
    let csv = get(&world, "/page.csv?period=today&lists=compared");
    let heads: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let told = |page: &str, column: &str| {
        let row = csv.lines().find(|line| line.starts_with(&format!("{page},"))).unwrap();
        let place = heads.iter().position(|head| *head == column).unwrap();
        row.split(',').nth(place).unwrap().to_owned()
    };
    let of = |page: &str| ["visitors", "visitors_before", "visitors_change"].map(|column| told(page, column));
    assert_eq!((of("/"), of("/new")), (["3", "1", "100"].map(str::to_owned), ["1", "0", "100"].map(str::to_owned)));
    assert_eq!([told("/", "pageviews_before"), told("/", "events_change")], ["1", "100"]);
    let file: Value = serde_json::from_str(&get(&world, "/page.json?period=today&lists=compared")).unwrap();
    assert_eq!(file["compared"], json!({"from": "2026-06-01", "to": "2026-06-01", "until": "11:00"}));
    assert_eq!(file["rows"][0]["visitors_before"], 1);
    let plain = get(&world, "/page.csv?period=today");
    assert!(plain.starts_with("value,visitors,visits,pageviews,events,"), "{plain}");
    assert!(!plain.contains("_before"), "{plain}");
}

#[test]
fn the_api_compares_in_the_shape_of_plausibles() {
    let world = tuesday();
    let ask = |mut body: Value| {
        body["site_id"] = json!(SITE);
        world.query(body)
    };
    let comparisons = json!({"comparisons": {"mode": "previous_period"}});
    let answer = ask(json!({
        "date_range": "day", "metrics": ["visitors", "pageviews"], "dimensions": ["event:page"], "include": comparisons,
    }))
    .json();
    assert_eq!(
        answer["results"],
        json!([
            {"metrics": [3, 3], "dimensions": ["/"], "comparison": {"dimensions": ["/"], "metrics": [1, 1], "change": [100, 100]}},
            {"metrics": [1, 1], "dimensions": ["/new"], "comparison": {"dimensions": ["/new"], "metrics": [0, 0], "change": [100, 100]}},
        ])
    );
    let until = json!(["2026-06-01T00:00:00+00:00", "2026-06-01T10:59:59+00:00"]);
    assert_eq!((&answer["query"]["comparison_date_range"], &answer["query"]["include"]), (&until, &comparisons));
    assert_eq!(answer["meta"]["warnings"][0]["code"], "compared");
    let days = ask(json!({
        "date_range": ["2026-06-02", "2026-06-02"], "metrics": ["visitors"], "dimensions": ["time:day"],
        "include": {"comparisons": {"mode": "custom", "date_range": ["2026-06-01", "2026-06-01"]}},
    }));
    assert_eq!(
        days.json()["results"][0]["comparison"],
        json!({"dimensions": ["2026-06-01"], "metrics": [2], "change": [50]})
    );
}

#[test]
fn two_dimensions_and_goals_are_compared_line_by_line() {
    let world = tuesday();
    let goal = |target: &str| {
        let (site, target, name) = (SITE.into(), target.into(), None);
        world.command(Command::GoalAdd { site, target, name }).unwrap()
    };
    goal("/");
    goal("/n*");
    world.go_to("2026-06-03T09:00:00Z");
    world.flush();
    let ask = |dimensions: Value| {
        let include = json!({"comparisons": {"mode": "previous_period"}});
        let body = json!({
            "site_id": SITE, "date_range": ["2026-06-02", "2026-06-02"], "metrics": ["visitors"], "dimensions": dimensions,
            "include": include,
        });
        let answer = world.query(body).json();
        let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        let row = |row: &Value| {
            (row["dimensions"].clone(), [row["metrics"][0].clone(), row["comparison"]["metrics"][0].clone()])
        };
        (rows.iter().map(row).collect::<Vec<_>>(), answer["meta"].to_string())
    };
    let direct = "Direct / None";
    let (rows, _) = ask(json!(["event:page", "visit:source"]));
    assert!(rows.contains(&(json!(["/", direct]), [json!(3), json!(2)])), "{rows:?}");
    assert!(rows.contains(&(json!(["/new", direct]), [json!(1), json!(0)])), "{rows:?}");
    let (rows, told) = ask(json!(["visit:source", "event:goal"]));
    assert!(rows.contains(&(json!([direct, "Visit /"]), [json!(3), json!(2)])), "{rows:?}");
    assert!(rows.iter().all(|(of, [_, before])| of[1] != "Visit /n*" || *before == Value::Null), "{rows:?}");
    assert!(told.contains("Visit /n*") && told.contains("is counted since 2026-06-03"), "{told}");
    let (rows, _) = ask(json!(["event:goal"]));
    assert!(rows.contains(&(json!(["Visit /"]), [json!(3), json!(2)])), "{rows:?}");
}

#[test]
fn a_comparison_that_is_none_is_told_or_refused() {
    let world = tuesday();
    let ask = |mut body: Value| {
        body["site_id"] = json!(SITE);
        world.query(body)
    };
    let none = ask(json!({
        "date_range": "day", "metrics": ["visitors"],
        "include": {"comparisons": {"mode": "year_over_year", "match_day_of_week": true}},
    }))
    .json();
    assert_eq!(none["results"][0]["comparison"], json!({"dimensions": [], "metrics": [null], "change": [null]}));
    assert!(none["meta"]["warnings"].to_string().contains("the site is counted since 2026-06-01"), "{none}");
    for wrong in
        [json!({"mode": "x"}), json!({}), json!({"mode": "custom"}), json!({"mode": "previous_period", "x": 1})]
    {
        let include = json!({"comparisons": wrong});
        let body = json!({"site_id": SITE, "date_range": "day", "metrics": ["visitors"], "include": include});
        let answer = world.query(body);
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
}

#[test]
fn what_can_not_be_compared_is_told() {
    let world = tuesday();
    let year = get(&world, "?period=today&compare=year");
    assert!(year.contains("not compared: Monday, 2 June 2025 was not counted, or not all of it"), "{year}");
    // Two dimensions are not kept by hour.
    let against = "Against the compared period";
    let filtered = get(&world, "?period=today&lists=compared&filter=source:Direct%20/%20None");
    let pages = filtered.split("id=\"pages-card\"").nth(1).unwrap().split("</table>").next().unwrap();
    assert!(filtered.contains("until 11:00") && !pages.contains(against), "{filtered}");
    assert!(get(&world, "?period=today&lists=compared").contains(against));
    world.go_to("2026-06-03T00:30:00Z");
    world.pageview("/").by("ana").ok();
    assert!(get(&world, "?period=today").contains("not compared: no hour of today is over yet"));
    let two = get(&world, "?period=custom&from=2026-06-02&to=2026-06-03&compare=2026-06-01&lists=compared");
    assert!(two.contains("compared with 1 to 2 June 2026, without the last day"), "{two}");
    assert!(two.contains(against), "{two}");
}
