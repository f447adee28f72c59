//! What is set aside is in no figure of its days: by command, API, page and file, today and when the day is over, and it comes back.

use headcount::control::set_aside::SetAsideCommand;
use headcount::control::{Command, Refused, Reply, SiteChange};
use serde_json::{Value, json};

use crate::world::World;

const SITE: &str = "example.com";

fn add(world: &World, first: &str, last: Option<&str>, filter: &[&str]) -> Result<Reply, Refused> {
    let filter = filter.iter().map(|text| (*text).to_owned()).collect();
    let (site, first, last) = (SITE.into(), first.into(), last.map(str::to_owned));
    world.command(Command::SetAside(SetAsideCommand::Add { site, first, last, filter }))
}

fn undo(world: &World, id: u32) -> Result<Reply, Refused> {
    world.command(Command::SetAside(SetAsideCommand::Undo { site: SITE.into(), id }))
}

fn listed(world: &World) -> Reply {
    world.command(Command::SetAside(SetAsideCommand::List { site: SITE.into() })).unwrap()
}

fn report(world: &World, period: &str, by: Option<&str>, filter: &[&str]) -> Value {
    let filter = filter.iter().map(|text| (*text).to_owned()).collect();
    let (site, period, by) = (SITE.into(), period.into(), by.map(str::to_owned));
    let asked = Command::Report { site, period, by, rows: None, filter, compare: None };
    world.command(asked).unwrap_or_else(|error| panic!("{error}")).json
}

/// Visitors, visits and pageviews of a period.
fn total(world: &World, period: &str, filter: &[&str]) -> [Value; 3] {
    let rows = report(world, period, None, filter)["rows"].take();
    ["visitors", "visits", "pageviews"].map(|name| rows[0][name].clone())
}

fn visitors(world: &World, period: &str, by: &str) -> Vec<(String, Value)> {
    let rows = report(world, period, Some(by), &[])["rows"].take();
    let row = |row: &Value| (row[by].as_str().unwrap().to_owned(), row["visitors"].clone());
    rows.as_array().unwrap().iter().map(row).collect()
}

/// Four bots of a flood read `/`, and ana and bob read `/` and `/blog`. Ana comes by the flood's link too.
fn a_day_with_a_flood(world: &World) {
    let spam = "https://spam.example/";
    for number in 0..4 {
        world.pageview("/").by(&format!("flood {number}")).from(spam).ok();
    }
    for who in ["ana", "bob"] {
        world.pageview("/").by(who).from("https://www.google.com/").ok();
        world.pageview("/blog").by(who).ok();
    }
    world.wait_minutes(40);
    world.pageview("/").by("ana").from(spam).ok();
}

const SPAM: &[&str] = &["source=spam.example"];

fn numbers(of: [i64; 3]) -> [Value; 3] {
    of.map(Value::from)
}

#[test]
fn a_flood_of_the_running_day_is_set_aside_for_good_and_comes_back() {
    let mut world = World::start();
    a_day_with_a_flood(&world);
    assert_eq!(total(&world, "today", &[]), numbers([6, 7, 9]));
    let reply = add(&world, "today", None, SPAM).unwrap();
    assert!(reply.text.contains("That is 5 of 9 pageviews"), "{}", reply.text);
    assert_eq!(add(&world, "today", None, SPAM).unwrap().json["id"], 1, "it is not set aside twice");
    let check = |world: &World, period: &str| {
        assert_eq!(total(world, period, &[]), numbers([2, 2, 4]), "{period}");
        assert_eq!(visitors(world, period, "source"), [("Google".to_owned(), json!(2))], "{period}");
        assert_eq!(visitors(world, period, "page"), [("/".to_owned(), json!(2)), ("/blog".to_owned(), json!(2))]);
        assert_eq!(total(world, period, &["page=/"]), numbers([2, 2, 2]), "{period}");
        assert_eq!(total(world, period, SPAM), numbers([0, 0, 0]), "{period}");
        let notes = report(world, period, None, &[])["notes"].to_string();
        assert!(notes.contains("values of source on 2026-06-01"), "{notes}");
    };
    check(&world, "today");
    let hours = report(&world, "today", Some("hour"), &[])["rows"].take();
    let views: i64 = hours.as_array().unwrap().iter().filter_map(|hour| hour["pageviews"].as_i64()).sum();
    assert_eq!(views, 4, "{hours}");
    world.go_to("2026-06-02T00:30:00Z");
    check(&world, "yesterday");
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
    check(&world, "yesterday");
    world.restart();
    check(&world, "yesterday");
    world.go_to("2026-07-03T09:00:00Z");
    world.flush();
    check(&world, "2026-06-01..2026-06-30");
    assert!(undo(&world, 2).unwrap_err().to_string().contains("has set nothing aside as 2"));
    undo(&world, 1).unwrap();
    assert_eq!(total(&world, "2026-06-01..2026-06-30", &[]), numbers([6, 7, 9]));
    assert_eq!(add(&world, "2026-06-01", None, SPAM).unwrap().json["id"], 2, "its number is no other's");
}

#[test]
fn of_a_day_that_is_over_visitors_are_bounded_and_all_else_is_exact() {
    let world = World::start();
    a_day_with_a_flood(&world);
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
    add(&world, "2026-06-01", None, SPAM).unwrap();
    let query = |estimates: bool| {
        let body = json!({
            "site_id": SITE, "metrics": ["visitors", "visits", "pageviews", "bounce_rate"],
            "date_range": ["2026-06-01", "2026-06-01"], "include": {"estimates": estimates},
        });
        let answer = world.query(body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    // Of all 6 visitors 5 came by it, of whom ana came otherwise too: no more than the two visits that are left.
    let plain = query(false);
    assert_eq!(plain["results"][0]["metrics"], json!([null, 2, 4, 0]), "{plain}");
    assert_eq!(plain["meta"]["metric_warnings"]["visitors"]["code"], "at_most", "{plain}");
    assert_eq!(plain["meta"]["warnings"][0]["code"], "set_aside", "{plain}");
    let bounded = query(true);
    assert_eq!(bounded["results"][0]["metrics"], json!([2, 2, 4, 0]), "{bounded}");
    assert!(bounded.to_string().contains("1"), "{bounded}");
    // Who has the value has no other, so lists of the same dimension are exact.
    assert_eq!(visitors(&world, "yesterday", "source"), [("Google".to_owned(), json!(2))]);
    let pages = report(&world, "yesterday", Some("page"), &[])["rows"].take();
    let views = |row: &Value| (row["page"].as_str().unwrap().to_owned(), row["pageviews"].as_i64().unwrap());
    let views: Vec<_> = pages.as_array().unwrap().iter().map(views).collect();
    assert_eq!(views, [("/".to_owned(), 2), ("/blog".to_owned(), 2)], "{pages}");
}

/// The pageviews of June under filters, and why they are not sure.
fn views_of_june(world: &World, filters: Value) -> (Value, Value) {
    let body = json!({
        "site_id": SITE, "metrics": ["pageviews"], "date_range": ["2026-06-01", "2026-06-30"], "filters": filters,
        "include": {"estimates": true},
    });
    let answer = world.query(body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut answer = answer.json();
    (answer["results"][0]["metrics"][0].take(), answer["meta"]["metric_warnings"]["pageviews"]["code"].take())
}

#[test]
fn a_month_of_which_no_days_are_kept_says_how_much_it_may_hold() {
    let world = World::start();
    let change = SiteChange::of("day_pairs_months", 1);
    world.command(Command::SiteSet { domain: SITE.into(), change }).unwrap();
    a_day_with_a_flood(&world);
    for time in ["2026-06-02T00:00:05Z", "2026-07-03T08:00:00Z"] {
        world.go_to(time);
        world.flush();
    }
    add(&world, "2026-06-01", None, SPAM).unwrap();
    let page = || json!([["is", "event:page", ["/"]]]);
    let both = || json!([["is", "event:page", ["/"]], ["is", "visit:country", ["(not set)"]]]);
    assert_eq!(views_of_june(&world, page()), (json!(2), Value::Null));
    // A clock that jumps is doubted for a day.
    for time in ["2026-08-01T07:00:00Z", "2026-08-02T07:00:00Z", "2026-08-03T08:00:00Z"] {
        world.go_to(time);
        world.flush();
    }
    // It is done in small steps after a flush, by whoever writes.
    let is_thin = || views_of_june(&world, page()).0 != json!(2);
    (0..1_000).take_while(|_| !is_thin()).for_each(|_| world.flush());
    // All of what is set aside may have been on the page, or nothing.
    for filters in [page(), both()] {
        assert_eq!(views_of_june(&world, filters), (json!(7), json!("at_most")));
    }
    assert_eq!(views_of_june(&world, json!([])), (json!(4), Value::Null), "totals need no two dimensions");
    assert_eq!(visitors(&world, "2026-06-01..2026-06-30", "source"), [("Google".to_owned(), json!(2))]);
}

#[test]
fn pages_files_and_programs_are_without_it_and_public_pages_stay() {
    let world = World::start();
    a_day_with_a_flood(&world);
    world.wait_minutes(1);
    add(&world, "today", None, &["bot=GPTBot"]).unwrap();
    add(&world, "today", None, &["page=/blog"]).unwrap();
    let (key, cookie) = world.sign_in();
    let get = |path: &str| world.request("GET", path, &[(key, cookie.clone())], None);
    let page = get(&format!("/{SITE}?period=today"));
    let told = page.text();
    assert!(told.contains("These figures are without what is set aside: Top pages ("), "{told}");
    assert!(told.contains("Bots and AI crawlers ("), "{told}");
    assert!(
        format!("{:?}", get(&format!("/{SITE}/bots.csv?period=today")).header("headcount-warning"))
            .contains("programs on")
    );
    let file = get(&format!("/{SITE}/page.csv?period=today"));
    assert!(!file.text().contains("/blog"), "{}", file.text());
    assert!(format!("{:?}", file.header("headcount-warning")).contains("set aside"));
    let settings = get(&format!("/{SITE}/settings")).text();
    assert!(settings.contains("page=/blog") && settings.contains("bot=GPTBot"), "{settings}");
    let headers = [(key, cookie.clone())];
    let undone = world.form(&format!("/{SITE}/settings/set-aside-undo"), &headers, &[("id", "2")]);
    assert_eq!(undone.status, 303);
    let fields = [("of", "country"), ("value", "DE"), ("day", "2026-06-01"), ("last", "2026-06-03")];
    assert_eq!(world.form(&format!("/{SITE}/settings/set-aside-add"), &headers, &fields).status, 303);
    assert_eq!(listed(&world).text, "1  2026-06-01  bot=GPTBot\n3  2026-06-01 to 2026-06-03  country=DE");
}

#[test]
fn what_makes_no_sense_is_refused_with_a_way_out() {
    let world = World::start();
    for (first, last, filter, sentence) in [
        ("soon", None, SPAM, "\"soon\" is no day"),
        ("2026-06-02", Some("2026-06-01"), SPAM, "the first one first"),
        ("2026-06-02", Some("2028-06-01"), SPAM, "name 1 to 366 days"),
        ("today", None, &[], "name values of one dimension"),
        ("today", None, &["source=a", "country=DE"], "name values of one dimension"),
        ("today", None, &["source!=a"], "values of a dimension can be set aside"),
        ("today", None, &["prop:plan=pro"], "values of a dimension can be set aside"),
        ("today", None, &["source=(other)"], "stands for values that have no name"),
        ("today", None, &["colour=red"], "nothing to filter by"),
    ] {
        let refused = add(&world, first, last, filter).unwrap_err().to_string();
        assert!(refused.contains(sentence), "{refused}");
    }
    assert!(listed(&world).text.contains("Nothing is set aside at example.com"));
}

#[test]
fn money_of_what_is_set_aside_is_in_no_sum() {
    let mut world = World::start();
    let (site, target, name) = (SITE.into(), "Purchase".into(), None);
    world.command(Command::GoalAdd { site, target, name }).unwrap();
    let paid = |amount: &str| json!({"currency": "EUR", "amount": amount});
    world.pageview("/").by("ana").from("https://www.google.com/").ok();
    world.event("Purchase", "/").by("ana").key("$", paid("12.5")).ok();
    world.pageview("/").by("eve").from("https://spam.example/").ok();
    world.event("Purchase", "/").by("eve").key("$", paid("999")).ok();
    let asked = |world: &World, dimensions: Value| {
        let body = json!({
            "site_id": SITE, "metrics": ["total_revenue"], "date_range": ["2026-06-01", "2026-06-01"],
            "dimensions": dimensions, "filters": [["is", "event:goal", ["Purchase"]]],
        });
        let answer = world.query(body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let results = answer.json()["results"].take();
        let row = |row: &Value| (row["dimensions"].clone(), row["metrics"][0]["value"].clone());
        results.as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(asked(&world, json!([])), [(json!([]), json!(1011.5))]);
    add(&world, "today", None, SPAM).unwrap();
    let check = |world: &World| {
        assert_eq!(asked(world, json!([])), [(json!([]), json!(12.5))]);
        assert_eq!(asked(world, json!(["visit:source"])), [(json!(["Google"]), json!(12.5))]);
        // Which page the money of the flood was brought on is not kept with its source.
        assert_eq!(asked(world, json!(["event:page"])), [(json!(["/"]), Value::Null)]);
    };
    check(&world);
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
    check(&world);
    world.restart();
    check(&world);
}

/// What is left may be hits alone as far as bounds know, and visitors are unsure all the same.
#[test]
fn a_list_under_a_filter_is_never_told_as_sure_where_bounds_leave_no_visit() {
    let world = World::start();
    let visit = |who: &str, from: &str, pages: &[&str]| {
        world.pageview(pages[0]).by(who).from(from).ok();
        pages[1..].iter().for_each(|page| world.pageview(page).by(who).ok());
    };
    let (google, spam) = ("https://www.google.com/", "https://spam.example/");
    visit("ana", google, &["/a", "/z"]);
    visit("bob", google, &["/a", "/x", "/z"]);
    for (number, (from, page)) in
        [(spam, "/z"), (spam, "/z"), (spam, "/a"), (spam, "/a"), (google, "/q"), (google, "/q")].into_iter().enumerate()
    {
        visit(&format!("visitor {number}"), from, &[page]);
    }
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
    add(&world, "2026-06-01", None, SPAM).unwrap();
    let rows = report(&world, "yesterday", Some("exit_page"), &["entry_page=/a"])["rows"].take();
    let row = rows.as_array().unwrap().iter().find(|row| row["exit_page"] == "/z").unwrap();
    for metric in ["visitors", "visits"] {
        let [least, most] = ["at_least", "at_most"].map(|end| row[format!("{metric}_{end}")].clone());
        assert_eq!((row[metric].clone(), least, most), (Value::Null, json!(0), json!(2)), "{rows}");
    }
    assert_eq!([row["pageviews_at_least"].clone(), row["pageviews_at_most"].clone()], [json!(3), json!(5)], "{rows}");
}
