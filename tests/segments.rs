//! Segments, and any filters of days whose visits are in memory: the same figures by API, command and page, while the day runs, when it
//! is over, by month and after a restart.

use headcount::control::segment::SegmentCommand;
use headcount::control::share::ShareCommand;
use headcount::control::{Command, Refused, Reply};
use serde_json::{Value, json};

use crate::world::World;

mod later;
mod past_budget;
mod shared;

const SITE: &str = "example.com";

fn segment(world: &World, command: SegmentCommand) -> Result<Reply, Refused> {
    world.command(Command::Segment(command))
}

fn add(world: &World, name: &str, condition: &str) -> Result<Reply, Refused> {
    segment(world, SegmentCommand::Add { site: SITE.into(), name: name.into(), condition: condition.into() })
}

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

fn results(world: &World, range: Value, dimensions: Value, filters: Value) -> Value {
    let metrics = json!(["visitors", "visits", "pageviews"]);
    let body =
        json!({"site_id": SITE, "metrics": metrics, "date_range": range, "dimensions": dimensions, "filters": filters});
    let answer = world.query(body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["results"].take()
}

/// Ana comes from Google, reads about prices and signs up; bob comes from Bing and reads about prices; eve comes from Google and reads
/// something else, and comes again.
fn visits(world: &World) {
    let google = "https://www.google.com/";
    world.pageview("/").by("ana").from(google).ok();
    world.pageview("/pricing").by("ana").ok();
    world.event("Signup", "/pricing").by("ana").key("p", json!({"plan": "pro"})).ok();
    world.pageview("/").by("bob").from("https://www.bing.com/").ok();
    world.pageview("/pricing").by("bob").ok();
    world.pageview("/blog").by("eve").from(google).ok();
    world.wait_minutes(40);
    world.pageview("/pricing").by("eve").ok();
}

const UNDECIDED: &str = "has_done page=/pricing and not has_done event=Signup";

#[test]
fn any_filters_are_answered_of_a_day_that_is_in_memory() {
    let world = World::start();
    visits(&world);
    let today = || json!("day");
    let of_visit = |name: &str, value: &str| json!(["is", name, [value]]);
    let (google, pricing) = (of_visit("visit:source", "Google"), of_visit("event:page", "/pricing"));
    let undecided = json!(["and", [["has_done", pricing], ["has_not_done", of_visit("event:name", "Signup")]]]);
    assert_eq!(
        results(&world, today(), json!([]), json!([google, pricing])),
        json!([{"metrics": [1, 1, 1], "dimensions": []}])
    );
    assert_eq!(
        results(&world, today(), json!([]), json!([undecided])),
        json!([{"metrics": [2, 2, 3], "dimensions": []}])
    );
    let two =
        results(&world, today(), json!(["visit:source", "event:page"]), json!([["not", of_visit("event:page", "/")]]));
    assert_eq!(two[0], json!({"metrics": [1, 1, 1], "dimensions": ["Bing", "/pricing"]}), "{two}");
    assert_eq!(two.as_array().unwrap().len(), 4, "{two}");
    let by_hour = results(&world, today(), json!(["time:hour", "visit:source"]), json!([pricing]));
    assert_eq!(by_hour.as_array().unwrap().len(), 3, "{by_hour}");
    let filters = &["source=Google", "page=/pricing"];
    assert_eq!(rows(&world, "today", None, filters)[0]["visitors"], 1);
    let written = format!("where:{UNDECIDED}");
    assert_eq!(visitors(&world, "today", "page", &[&written]), [("/pricing".into(), 2), ("/".into(), 1)]);
    // What is kept of properties is with which event and in which visit they came.
    assert_eq!(rows(&world, "today", None, &["prop:plan=pro", "source=Google"])[0]["events"], 1);
    let refused = report(&world, "today", None, &["prop:plan=pro", "page=/pricing"]).unwrap_err().to_string();
    assert!(refused.contains("headcount site set DOMAIN --property plan"), "{refused}");
}

#[test]
fn the_dashboard_of_today_takes_any_filters() {
    let world = World::start();
    visits(&world);
    let (key, cookie) = world.sign_in();
    let page =
        |query: &str| world.request("GET", &format!("/{SITE}?period=today&{query}"), &[(key, cookie.clone())], None);
    let shown = page("filter=source:Google&filter=page:/pricing");
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert!(
        shown.text().contains("settings?condition=source%3DGoogle+and+page%3D/pricing#segment-add"),
        "{}",
        shown.text()
    );
    assert_eq!(page("filter=where:has_done+page%3D/pricing").status, 200);
    assert!(page("filter=where:colour%3Dred").text().contains("is nothing to test"));
}

#[test]
fn other_days_say_what_can_be_asked() {
    let world = World::start();
    visits(&world);
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
    world.pageview("/").by("ana").ok();
    let five = &["source=Google", "page=/pricing", "browser=Firefox", "os=Linux", "country=DE"];
    let refused = report(&world, "7d", None, five).unwrap_err();
    assert!(refused.to_string().contains("headcount segment add"), "{refused}");
    let body = json!({
        "site_id": SITE, "metrics": ["visitors"], "date_range": ["2026-06-01", "2026-06-02"],
        "filters": [["has_done", ["is", "event:page", ["/pricing"]]]],
    });
    let answer = world.query(body);
    assert!(answer.status == 400 && answer.text().contains("such as today"), "{}", answer.text());
    let (key, cookie) = world.sign_in();
    let path = format!("/{SITE}?period=7d&filter=where:page%3D/");
    let answer = world.request("GET", &path, &[(key, cookie)], None);
    assert!(answer.status == 400 && answer.text().contains("such as today"), "{}", answer.text());
}

#[test]
fn what_is_wrong_with_a_question_of_visits_is_said_of_it() {
    let world = World::start();
    visits(&world);
    let said = |metric: &str, inner: Value| {
        let filters = json!([["has_done", inner]]);
        let body = json!({"site_id": SITE, "metrics": [metric], "date_range": "day", "filters": filters});
        let answer = world.query(body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        answer.text()
    };
    assert!(said("visitors", json!(["is", "event:pagee", ["/"]])).contains("event:pagee"));
    assert!(said("visitors", json!(["bogus", "event:page", ["/"]])).contains("bogus"));
    assert!(said("time_on_page", json!(["is", "event:page", ["/"]])).contains("time_on_page"));
}

/// All that must be the same while the day runs, when it is over, and after a restart.
fn check_segment(world: &World, period: &str) {
    let filter = &["segment=Undecided"][..];
    let total = rows(world, period, None, filter)[0].take();
    assert_eq!(
        (&total["visitors"], &total["visits"], &total["pageviews"]),
        (&json!(2), &json!(2), &json!(3)),
        "{total}"
    );
    assert_eq!(total["bounce_rate"], 50, "{total}");
    assert_eq!(visitors(world, period, "page", filter), [("/pricing".into(), 2), ("/".into(), 1)]);
    assert_eq!(visitors(world, period, "source", filter), [("Bing".into(), 1), ("Direct / None".into(), 1)]);
    assert_eq!(visitors(world, period, "segment", &[]), [("Undecided".into(), 2), ("Signed up".into(), 1)]);
    let goals = rows(world, period, Some("goal"), filter);
    assert_eq!((&goals[0]["goal"], &goals[0]["visitors"]), (&json!("Visit /pricing"), &json!(2)), "{goals}");
    let range = json!(["2026-06-30", "2026-06-30"]);
    let one = json!([{"metrics": [2, 2, 3], "dimensions": []}]);
    assert_eq!(results(world, range.clone(), json!([]), json!([["is", "segment", [1]]])), one);
    assert_eq!(results(world, range.clone(), json!([]), json!([["is", "segment", ["Undecided"]]])), one);
    let by_segment = json!([
        {"metrics": [2, 2, 3], "dimensions": ["Undecided"]}, {"metrics": [1, 1, 0], "dimensions": ["Signed up"]},
    ]);
    assert_eq!(results(world, range.clone(), json!(["segment"]), json!([])), by_segment);
    let of_bing = json!([{"metrics": [1, 1, 2], "dimensions": ["Undecided"]}]);
    assert_eq!(results(world, range.clone(), json!(["segment"]), json!([["is", "visit:source", ["Bing"]]])), of_bing);
    check_crossed(world, period, &range);
    check_page(world, period);
}

/// A segment beside another filter, and by another dimension.
fn check_crossed(world: &World, period: &str, range: &Value) {
    let undecided = json!(["is", "segment", [1]]);
    let of_bing = json!([undecided, ["is", "visit:source", ["Bing"]]]);
    assert_eq!(results(world, range.clone(), json!([]), of_bing), json!([{"metrics": [1, 1, 2], "dimensions": []}]));
    let on_pricing = json!([["is", "event:page", ["/pricing"]], undecided]);
    assert_eq!(results(world, range.clone(), json!([]), on_pricing), json!([{"metrics": [2, 2, 2], "dimensions": []}]));
    let by_both = results(world, range.clone(), json!(["segment", "visit:source"]), json!([]));
    let expected = json!([
        {"metrics": [1, 1, 2], "dimensions": ["Undecided", "Bing"]},
        {"metrics": [1, 1, 1], "dimensions": ["Undecided", "Direct / None"]},
        {"metrics": [1, 1, 0], "dimensions": ["Signed up", "Google"]},
    ]);
    let sorted = |rows: &Value| {
        let mut rows: Vec<String> = rows.as_array().unwrap().iter().map(Value::to_string).collect();
        rows.sort();
        rows
    };
    assert_eq!(sorted(&by_both), sorted(&expected));
    let turned = results(world, range.clone(), json!(["visit:source", "segment"]), json!([]));
    assert!(turned.to_string().contains("[\"Bing\",\"Undecided\"]"), "{turned}");
    let filter = &["segment=Undecided", "source=Bing"];
    assert_eq!(rows(world, period, None, filter)[0]["pageviews"], 2);
}

fn check_page(world: &World, period: &str) {
    let (key, cookie) = world.sign_in();
    let range = if period == "today" { "period=today".into() } else { format!("period={period}") };
    let path = format!("/{SITE}?{range}&filter=segment:Undecided&goals=funnels");
    let page = world.request("GET", &path, &[(key, cookie)], None);
    let text = page.text();
    assert_eq!(page.status, 200, "{text}");
    assert!(text.contains("<bdi>Undecided</bdi>") && text.contains("aria-current=\"page\""), "{text}");
    // Of the visits of the segment one begins at the home page, and goes on to the prices.
    let funnel = text.split_once("Way").and_then(|(_, rest)| rest.split("</table>").next()).unwrap_or_default();
    assert_eq!(funnel.matches("<td>1</td>").count(), 4, "visits and visitors of two steps: {funnel}");
}

#[test]
fn a_segment_counts_the_day_of_its_declaration_as_a_whole_and_on() {
    let mut world = World::at("2026-06-30T09:00:00Z", &[(SITE, "Etc/UTC")]);
    world.command(Command::GoalAdd { site: SITE.into(), target: "/pricing".into(), name: None }).unwrap();
    let steps = ["/", "/pricing"].map(str::to_owned).to_vec();
    world.command(Command::FunnelAdd { site: SITE.into(), name: "Way".into(), steps }).unwrap();
    visits(&world);
    let declared = add(&world, "Undecided", UNDECIDED).unwrap();
    assert!(declared.text.contains("segment 1 of example.com and counted from 2026-06-30 on"), "{}", declared.text);
    add(&world, "Signed up", "event=Signup").unwrap();
    check_segment(&world, "today");
    world.go_to("2026-07-01T09:00:00Z");
    world.flush();
    check_segment(&world, "yesterday");
    world.restart();
    check_segment(&world, "yesterday");
    world.go_to("2026-07-02T09:00:00Z");
    world.flush();
    check_segment(&world, "last_month");
    let warnings = world.query(json!({
        "site_id": SITE, "metrics": ["visitors"], "date_range": ["2026-05-01", "2026-06-30"], "filters": [["is", "segment", [1]]],
    }));
    assert!(warnings.text().contains("is counted since 2026-06-30"), "{}", warnings.text());
    let text = report(&world, "2026-05-01..2026-06-30", None, &["segment=1"]).unwrap().text;
    assert!(text.contains("is counted since 2026-06-30"), "{text}");
}

#[test]
fn segments_are_compared_with_days_on_which_they_were_counted() {
    let world = World::at("2026-06-28T09:00:00Z", &[(SITE, "Etc/UTC")]);
    add(&world, "Readers", "page=/pricing").unwrap();
    world.pageview("/pricing").by("ana").ok();
    world.pageview("/").by("ana").ok();
    world.go_to("2026-06-29T09:00:00Z");
    for visitor in ["ana", "bob", "eve"] {
        world.pageview("/pricing").by(visitor).ok();
    }
    world.go_to("2026-06-30T09:00:00Z");
    world.flush();
    let compared = |range: [&str; 2], dimensions: Value, filters: Value| {
        let body = json!({
            "site_id": SITE, "metrics": ["visitors"], "date_range": range, "dimensions": dimensions, "filters": filters,
            "include": {"comparisons": {"mode": "previous_period"}},
        });
        world.query(body).json()
    };
    let (none, readers) = (|| json!([]), || json!([["is", "segment", ["Readers"]]]));
    let later = ["2026-06-29", "2026-06-29"];
    for (dimensions, filters) in [(none(), readers()), (json!(["segment"]), none())] {
        let answer = compared(later, dimensions, filters);
        let row = &answer["results"][0];
        assert_eq!((&row["metrics"][0], &row["comparison"]["metrics"][0]), (&json!(3), &json!(1)), "{answer}");
        assert_eq!(row["comparison"]["change"], json!([200]), "{answer}");
    }
    let before = compared(["2026-06-28", "2026-06-28"], none(), readers());
    assert!(before["meta"]["warnings"].to_string().contains("not counted"), "{before}");
    let (site, period, filter) = (SITE.into(), "yesterday".into(), vec!["segment=Readers".to_owned()]);
    let compare = Some(("previous".to_owned(), false));
    let report = Command::Report { site, period, by: None, rows: None, filter, compare };
    let text = world.command(report).unwrap().text;
    assert!(text.contains("+200"), "{text}");
}

#[test]
fn a_segment_is_made_of_the_filters_as_the_page_shows_them() {
    let world = World::start();
    visits(&world);
    let new = |query: &str| {
        let page = world.request("GET", &format!("/{SITE}?period=today{query}"), &[world.sign_in()], None).text();
        let link = page.split("/settings?condition=").nth(1)?.split("#segment-add").next()?.replace("&#38;", "&");
        let query = format!("condition={link}");
        let (_, condition) = url::form_urlencoded::parse(query.as_bytes()).next()?;
        Some(condition.replace("&#34;", "\""))
    };
    assert_eq!(new("&filter=prop:plan:pro").as_deref(), Some("prop:plan=pro"));
    assert_eq!(
        new("&filter=prop:my%20plan:pro&filter=event:Signup").as_deref(),
        Some("\"prop:my plan\"=pro and event=Signup")
    );
    assert_eq!(new("&filter=source:Direct%20/%20None").as_deref(), Some("source=\"Direct / None\""));
    let goal = |target: &str| {
        let (site, target, name) = (SITE.into(), target.into(), None);
        world.command(Command::GoalAdd { site, target, name }).unwrap()
    };
    goal("/pricing");
    assert_eq!(new("&filter=goal:Visit%20/pricing").as_deref(), Some("event=pageview and page=/pricing"));
    goal("/p*");
    assert_eq!(new("&filter=goal:Visit%20/p*&filter=source:Google"), None, "no condition is a pattern");
}

#[test]
fn a_segment_of_hits_with_a_property_says_of_what_it_knows_nothing() {
    let world = World::at("2026-06-30T09:00:00Z", &[(SITE, "Etc/UTC")]);
    visits(&world);
    add(&world, "Pro", "prop:plan=pro").unwrap();
    for period in ["today", "yesterday"] {
        let filter = &["segment=Pro"];
        let total = rows(&world, period, None, filter)[0].take();
        assert_eq!((&total["visitors"], &total["events"]), (&json!(1), &json!(1)), "{total}");
        assert_eq!(visitors(&world, period, "source", filter), [("Google".into(), 1)]);
        assert_eq!(visitors(&world, period, "event", filter), [("Signup".into(), 1)]);
        let refused = report(&world, period, Some("page"), filter).unwrap_err().to_string();
        assert!(refused.contains("not on which page"), "{refused}");
        let body = json!({
            "site_id": SITE, "metrics": ["visitors"], "date_range": ["2026-06-30", "2026-06-30"],
            "dimensions": ["segment"], "filters": [["is", "event:page", ["/pricing"]]],
        });
        let answer = world.query(body);
        assert!(answer.status == 400 && answer.text().contains("\\\"Pro\\\" is of hits"), "{}", answer.text());
        let (key, cookie) = world.sign_in();
        let page = world.request("GET", &format!("/{SITE}?period={period}&filter=segment:Pro"), &[(key, cookie)], None);
        assert!(page.text().contains("Sums do not know how this meets the filter."), "{}", page.text());
        if period == "today" {
            world.go_to("2026-07-01T09:00:00Z");
            world.flush();
        }
    }
}

#[test]
fn a_segment_has_hours_of_today_alone_and_says_so() {
    let world = World::at("2026-06-30T09:00:00Z", &[(SITE, "Etc/UTC")]);
    world.command(Command::GoalAdd { site: SITE.into(), target: "Signup".into(), name: None }).unwrap();
    visits(&world);
    add(&world, "Undecided", UNDECIDED).unwrap();
    let ask = |metrics: Value, dimensions: Value, filters: Value| {
        let range = ["2026-06-30", "2026-06-30"];
        world.query(json!({
            "site_id": SITE, "metrics": metrics, "date_range": range, "dimensions": dimensions, "filters": filters,
        }))
    };
    let by_hour = || ask(json!(["pageviews"]), json!(["time:hour"]), json!([["is", "segment", ["Undecided"]]]));
    let hours = by_hour().json();
    assert_eq!(hours["results"].as_array().map(Vec::len), Some(1), "{hours}");
    assert_eq!(hours["results"][0]["metrics"], json!([3]), "{hours}");
    assert_eq!(
        rows(&world, "today", Some("hour"), &["segment=Undecided"]).to_string().matches("\"pageviews\":3").count(),
        1
    );
    world.go_to("2026-07-01T09:00:00Z");
    world.flush();
    let refused = by_hour();
    assert!(refused.status == 400 && refused.text().contains("ask for `time:day`"), "{}", refused.text());
    let refused = report(&world, "yesterday", Some("hour"), &["segment=Undecided"]).unwrap_err().to_string();
    assert!(refused.contains("--by day"), "{refused}");
}

#[test]
fn a_changed_condition_begins_anew() {
    let world = World::start();
    visits(&world);
    add(&world, "Readers", "page=/pricing").unwrap();
    let set = |new_name: Option<&str>, condition: Option<&str>| {
        let (new_name, condition) = (new_name.map(str::to_owned), condition.map(str::to_owned));
        segment(&world, SegmentCommand::Set { site: SITE.into(), name: "Readers".into(), new_name, condition }).unwrap()
    };
    assert_eq!(set(None, Some("page=/blog")).json["id"], 2);
    assert_eq!(
        set(Some("Bloggers"), None).json,
        json!({
            "id": 2, "name": "Bloggers", "condition": "page=/blog", "counted_since": "2026-06-01",
        })
    );
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
    assert_eq!(rows(&world, "yesterday", None, &["segment=Bloggers"])[0]["pageviews"], 1);
    assert!(report(&world, "yesterday", None, &["segment=1"]).is_err(), "a number is never used again");
    segment(&world, SegmentCommand::Remove { site: SITE.into(), name: "2".into() }).unwrap();
    assert_eq!(add(&world, "Bloggers", "page=/blog").unwrap().json["id"], 3);
    assert_eq!(rows(&world, "yesterday", None, &["segment=Bloggers"])[0]["pageviews"], 0, "and begins from nothing");
    for (name, condition, expected) in [
        ("Bloggers", "page=/", "has a segment \"Bloggers\" already"),
        ("7", "page=/", "segments have numbers already"),
        ("New", "page=", "is no test"),
        ("New", "prop:plan=pro and page=/", "within has_done"),
        ("New", "segment=1", "is nothing to test"),
    ] {
        let refused = add(&world, name, condition).unwrap_err().to_string();
        assert!(refused.contains(expected), "{name} {condition}: {refused}");
    }
    for number in 1..50 {
        add(&world, &format!("Segment {number}"), "has_done prop:plan=pro").unwrap();
    }
    assert!(add(&world, "One more", "page=/").unwrap_err().to_string().contains("at most 50 segments"));
}

#[test]
fn a_segment_is_made_in_the_browser_and_seen_by_nobody_else() {
    let world = World::start();
    visits(&world);
    let (key, cookie) = world.sign_in();
    let headers = [(key, cookie)];
    let path = format!("/{SITE}/settings?condition=source%3DGoogle+and+page%3D/pricing");
    let form = world.request("GET", &path, &headers, None).text();
    assert!(form.contains("value=\"source=Google and page=/pricing\""), "{form}");
    let fields = [("name", "<b>Buyers"), ("condition", "source=Google and page=/pricing")];
    assert_eq!(world.form(&format!("/{SITE}/settings/segment-add"), &headers, &fields).status, 303);
    let page = world.request("GET", &format!("/{SITE}?period=today"), &headers, None).text();
    assert!(page.contains("filter=segment:%3Cb%3EBuyers") && page.contains("&#60;b&#62;Buyers"), "{page}");
    assert_eq!(rows(&world, "today", None, &["segment=<b>Buyers"])[0]["visitors"], 1);
    let share = ShareCommand::Add {
        site: SITE.into(),
        name: None,
        password: None,
        expires: None,
        embed: Vec::new(),
        segment: None,
    };
    world.command(Command::Share(share)).unwrap();
    world.go_to("2026-06-03T09:00:00Z");
    world.flush();
    let public = world.request("GET", &format!("/share/{SITE}?period=7d"), &[], None);
    assert!(public.status == 200 && !public.text().contains("Buyers"), "{}", public.text());
    for below in ["?period=7d&filter=segment:1", "/segment.json?period=7d", "/segment.csv?period=7d"] {
        let answer = world.request("GET", &format!("/share/{SITE}{below}"), &[], None);
        assert!((400..500).contains(&answer.status), "{below}: {}", answer.status);
    }
    assert_eq!(world.form(&format!("/{SITE}/settings/segment-remove"), &headers, &[("name", "1")]).status, 303);
    assert!(report(&world, "7d", None, &["segment=1"]).is_err());
}

#[test]
fn a_day_that_is_not_all_in_memory_is_no_day_of_a_segment() {
    let mut world = World::start().without_journal();
    world.pageview("/pricing").by("ana").ok();
    world.flush();
    world.restart();
    world.pageview("/pricing").by("bob").ok();
    let declared = add(&world, "Readers", "page=/pricing").unwrap();
    assert_eq!(declared.json["counted_since"], "2026-06-02", "{}", declared.text);
    let refused = report(&world, "today", None, &["where:page=/pricing"]).unwrap_err().to_string();
    assert!(refused.contains("in memory"), "{refused}");
    assert_eq!(rows(&world, "today", None, &["segment=Readers"])[0]["visitors"], 0);
}
