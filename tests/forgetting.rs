//! What an owner has forgotten is in no figure and in no byte, and all else is as it was.

mod clock;
mod mistakes;

use headcount::cell::{Axis, Dimension, Metric};
use headcount::collector::SnapshotScope;
use headcount::control::forget::ForgetCommand;
use headcount::control::{Command, Refused, Reply};
use headcount::report::folded::Folded;
use headcount::report::{Question, Span, answer};
use headcount::site::{Moment, SettingValue, SiteChange};
use headcount::store::Inspection;
use serde_json::{Value, json};

use crate::store::file::Database;
use crate::world::{World, canary};

const PAGE: &str = "/canary-of-a-page";
const SOURCE: &str = "canary-of-a-source.example";
const EVENT: &str = "CanaryOfAnEvent";
const PLAN: &str = "canary-of-a-plan";

/// Visits of some days of two months, and of the running day, which is 2026-07-03.
fn world() -> World {
    let world = World::start();
    for (day, time) in
        ["2026-06-01", "2026-06-02", "2026-06-30", "2026-07-03"].into_iter().zip(["10", "11", "12", "13"])
    {
        world.go_to(&format!("{day}T{time}:00:00Z"));
        visits(&world);
        world.flush();
    }
    world
}

fn visits(world: &World) {
    world.pageview("/").by("ana").from("https://google.com/").ok();
    world.pageview("/").by("bob").from(&format!("https://{SOURCE}/x")).ok();
    world.wait_minutes(1);
    world.pageview(PAGE).by("ana").ok();
    world.pageview("/b").by("bob").ok();
    world.event(EVENT, "/b").key("p", json!({"plan": PLAN})).by("bob").ok();
    world.event("Signup", "/").key("p", json!({"plan": "pro"})).by("ana").ok();
}

fn order(values: &[(&str, &str)], days: Option<&str>) -> Command {
    Command::SiteForget(of(values, days, false))
}

fn of(values: &[(&str, &str)], days: Option<&str>, dry_run: bool) -> ForgetCommand {
    let values = values.iter().map(|(of, value)| ((*of).to_owned(), (*value).to_owned())).collect();
    ForgetCommand { domain: "example.com".into(), values, days: days.map(Into::into), dry_run }
}

fn done(world: &World, command: Command) -> Reply {
    world.command(command).unwrap()
}

fn refusal(answer: Result<Reply, Refused>) -> String {
    answer.unwrap_err().to_string()
}

fn is_held(world: &World, text: &str) -> bool {
    let forms = canary::forms(&[text.to_owned()], &[]);
    let is_clean = |folder: &std::path::Path| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| canary::search_folder(folder, &forms))).is_ok()
    };
    !(is_clean(world.folder()) && is_clean(world.journal.path()))
}

/// Whether a text is held nowhere, soon: what is to be done between flushes is done by the one who writes them, too.
fn is_gone(world: &World, text: &str) -> bool {
    (0..500).any(|_| {
        let is_gone = !is_held(world, text);
        if !is_gone {
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        is_gone
    })
}

/// Figures of all days: by a dimension, of those that a filter lets pass.
fn rows(world: &World, by: Option<&str>, filters: Value) -> Value {
    rows_of(world, "all", by, filters)
}

fn rows_of(world: &World, range: &str, by: Option<&str>, filters: Value) -> Value {
    let metrics = json!(["visitors", "visits", "pageviews", "events"]);
    let dimensions: Vec<&str> = by.into_iter().collect();
    let query = json!({
        "site_id": "example.com", "date_range": range, "metrics": metrics, "dimensions": dimensions, "filters": filters,
    });
    world.query(query).json()["results"].take()
}

fn without(rows: Value, value: &str) -> Value {
    let rows = rows
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["dimensions"][0] != value && row["dimensions"][0] != "(other)");
    rows.cloned().collect()
}

#[test]
fn a_forgotten_value_is_in_no_figure_and_no_byte() {
    let mut world = world();
    let google = || json!([["is", "visit:source", ["Google"]]]);
    let texts = [PAGE, SOURCE, EVENT, PLAN];
    let of = |world: &World| {
        let by = ["event:page", "visit:source", "event:name", "visit:exit_page"];
        let lists = by.map(|by| texts.iter().fold(rows(world, Some(by), json!([])), |rows, text| without(rows, text)));
        let filtered = without(rows(world, Some("event:page"), google()), PAGE);
        (rows(world, None, json!([])), lists, filtered)
    };
    let before = of(&world);
    assert!(texts.iter().all(|text| is_held(&world, text)));
    let plan = format!("plan={PLAN}");
    let values = [("page", PAGE), ("source", SOURCE), ("event", EVENT), ("prop", plan.as_str())];
    let would = done(&world, Command::SiteForget(super::forgetting::of(&values, None, true))).json;
    assert!(would["removed"]["cells_by_day"].as_u64().unwrap() > 20, "{would}");
    assert!(is_held(&world, PAGE), "a dry run removes nothing");
    let told = done(&world, order(&values, None));
    assert!(told.json["removed"]["cells_of_two_dimensions_by_day"].as_u64().unwrap() > 20, "{}", told.text);
    for text in texts {
        assert!(!is_held(&world, text), "{text}\n{}", told.text);
    }
    assert_eq!(of(&world), before, "all else is as it was");
    for end in [World::kill, World::restart] {
        end(&mut world);
        assert_eq!(of(&world), before);
    }
    // Whoever is there goes on, and comes to the page again.
    world.wait_minutes(1);
    world.pageview("/c").by("ana").ok();
    assert!(!is_held(&world, PAGE));
    world.pageview(PAGE).by("ana").ok();
    let again = rows(&world, Some("event:page"), json!([["is", "event:page", [PAGE]]]));
    assert_eq!(again, json!([{"metrics": [1, 1, 1, 1], "dimensions": [PAGE]}]));
    world.go_to("2026-07-04T09:00:00Z");
    world.flush();
    assert_eq!(rows(&world, Some("event:page"), json!([["is", "event:page", [PAGE]]])), again);
    let exits = rows_of(&world, "day", Some("visit:exit_page"), json!([]));
    assert_eq!(exits, json!([]));
}

#[test]
fn a_value_is_forgotten_on_some_days_alone() {
    let world = world();
    let count =
        |world: &World| rows(world, Some("event:page"), json!([["is", "event:page", [PAGE]]]))[0]["metrics"].take();
    assert_eq!(count(&world), json!([4, 4, 4, 4]));
    done(&world, order(&[("page", PAGE)], Some("2026-06-02..2026-06-30")));
    assert_eq!(count(&world), json!([2, 2, 2, 2]));
    let july = rows_of(&world, "month", Some("event:page"), json!([["is", "event:page", [PAGE]]]));
    assert_eq!(july[0]["metrics"], json!([1, 1, 1, 1]));
    let query = json!({"site_id": "example.com", "date_range": ["2026-06-01", "2026-06-30"], "metrics": ["visits"],
        "dimensions": ["event:page"], "filters": [["is", "event:page", [PAGE]]]});
    assert_eq!(world.query(query).json()["results"][0]["metrics"], json!([1]), "the month is made smaller");
}

#[test]
fn days_are_forgotten_with_everything() {
    let world = world();
    world.pageview("/bot").with("Googlebot/2.1 (+http://www.google.com/bot.html)").send();
    world.flush();
    let told = done(&world, order(&[], Some("2026-06-02")));
    world.expect_forgotten(6, 0);
    assert!(told.text.contains("totals"), "{}", told.text);
    assert_eq!(rows(&world, None, json!([])), json!([{"metrics": [6, 6, 12, 18], "dimensions": []}]));
    // The running day too: whoever is there counts anew.
    done(&world, order(&[], Some("2026-07-03")));
    world.expect_forgotten(6, 1);
    world.pageview("/").by("ana").ok();
    assert_eq!(rows_of(&world, "day", None, json!([])), json!([{"metrics": [1, 1, 1, 1], "dimensions": []}]));
    let refused = refusal(world.command(order(&[], None)));
    assert!(refused.contains("--page /x"), "{refused}");
    let refused = refusal(world.command(order(&[("pgae", "/x")], None)));
    assert!(refused.contains("\"page\""), "{refused}");
}

#[test]
fn a_site_is_reset_and_stays() {
    let mut world = world();
    done(&world, Command::SiteReset { domain: "example.com".into(), dry_run: true });
    assert!(is_held(&world, SOURCE));
    done(&world, Command::SiteReset { domain: "example.com".into(), dry_run: false });
    world.expect_forgotten(24, 0);
    for text in [PAGE, SOURCE, EVENT, PLAN, "Signup"] {
        assert!(!is_held(&world, text), "{text}");
    }
    assert_eq!(rows(&world, None, json!([])), json!([{"metrics": [0, 0, 0, 0], "dimensions": []}]));
    world.kill();
    world.pageview("/again").by("ana").ok();
    assert_eq!(rows(&world, None, json!([])), json!([{"metrics": [1, 1, 1, 1], "dimensions": []}]));
}

#[test]
fn copies_of_names_in_split_pages_go_too() {
    let world = World::start();
    for place in 0..3_000 {
        // In no order, so that pages of the index are split in the middle.
        world.pageview(&format!("/canary-{}-{}", place * 7_919 % 3_000, "x".repeat(60))).by("ana").ok();
        if place % 500 == 0 {
            world.flush();
        }
    }
    world.flush();
    _ = world.command(order(&[("page", "/canary-**")], None));
    assert!(!is_held(&world, "/canary-"));
}

fn set(world: &World, name: &str, value: &str) {
    let change = SiteChange::default().with(name, SettingValue::List(vec![value.to_owned()]));
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
}

/// All that is to be done between flushes.
fn settle(world: &World) {
    world.flush();
    while world.collector().sums().compact().unwrap() {}
}

#[test]
fn what_is_older_than_it_is_kept_goes_by_itself() {
    let world = world();
    world.pageview("/bot").with("Googlebot/2.1 (+http://www.google.com/bot.html)").send();
    set(&world, "keep", "days=1m,months=3m,bots=2d,rejections=2d,hours=7d");
    // At the start of August the days of June are too old, and their month is not.
    for day in ["2026-07-04", "2026-07-31", "2026-08-01", "2026-08-02"] {
        world.go_to(&format!("{day}T08:00:00Z"));
        world.pageview("/again").by("ana").ok();
        settle(&world);
    }
    world.expect_forgotten(18, 1);
    let june = |range: Value| {
        let query = json!({"site_id": "example.com", "date_range": range, "metrics": ["visits", "pageviews"]});
        world.query(query).json()
    };
    let whole = june(json!(["2026-06-01", "2026-06-30"]));
    assert_eq!(whole["results"][0]["metrics"], json!([6, 12]), "the month is there");
    let odd = june(json!(["2026-06-01", "2026-06-20"]));
    assert!(odd["meta"]["warnings"].to_string().contains("days_gone"), "{odd}");
    let kept = Inspection::open(&world.folder().join("headcount.db")).unwrap().spans().unwrap();
    let oldest = |kind: &str| kept.iter().filter(|span| span.kind.starts_with(kind)).map(|span| &*span.oldest).min();
    assert_eq!(oldest("days by one dimension"), Some("2026-07-03"));
    assert_eq!(oldest("months by one dimension"), Some("2026-06"));
    assert_eq!((oldest("programs"), oldest("hours by one dimension")), (None, Some("2026-07-31")));
    assert!(is_held(&world, SOURCE));
    // In November the months up to July go too, and all their names.
    for day in ["2026-11-01", "2026-11-02"] {
        world.go_to(&format!("{day}T08:00:00Z"));
        world.pageview("/again").by("ana").ok();
        settle(&world);
    }
    world.expect_forgotten(10, 0);
    for text in [PAGE, SOURCE, EVENT, PLAN] {
        assert!(is_gone(&world, text), "{text}");
    }
}

#[test]
fn figures_below_k_are_not_at_rest_when_their_day_is_over() {
    let world = World::start();
    set(&world, "k_at_rest", "3");
    for name in ["ana", "bob", "cem"] {
        world.pageview("/many").by(name).ok();
        world.pageview(&format!("/canary-only-{name}")).by(name).ok();
    }
    let totals = rows(&world, None, json!([]));
    world.flush();
    assert!(is_held(&world, "/canary-only-ana"), "the day runs");
    world.go_to("2026-06-02T09:00:00Z");
    settle(&world);
    let mut pages = rows(&world, Some("event:page"), json!([])).as_array().unwrap().clone();
    pages.sort_by_key(|row| row["dimensions"][0].to_string());
    let row = |page: &str| json!({"metrics": [3, 3, 3, 3], "dimensions": [page]});
    assert_eq!(pages, [row("(other)"), row("/many")]);
    assert!(is_gone(&world, "/canary-only-"), "nor are their names");
    assert_eq!(rows(&world, None, json!([])), totals);
    let file = Database::of(world.folder());
    assert_eq!(file.number("SELECT count(*) FROM days") + file.number("SELECT count(*) FROM hours"), 0);
    let bad = SiteChange::default().with("k_at_rest", SettingValue::List(vec!["colour=5".to_owned()]));
    let refused = refusal(world.command(Command::SiteSet { domain: "example.com".into(), change: bad }));
    assert!(refused.contains("colour"), "{refused}");
}

#[test]
fn owners_forget_in_the_browser_when_they_have_seen_what_would_go() {
    let world = world();
    let cookie = [world.sign_in()];
    let form =
        |name: &str, fields: &[(&str, &str)]| world.form(&format!("/example.com/settings/{name}"), &cookie, fields);
    let fields = [("of", "page"), ("value", PAGE), ("days", "")];
    let asked = form("forget", &fields);
    let confirms = "<input type=\"hidden\" name=\"confirmed\" value=\"true\">";
    let page = asked.text();
    assert!(asked.status == 200 && page.contains("This would go") && page.contains(confirms), "{page}");
    assert!(page.contains(&format!("name=\"value\" value=\"{PAGE}\"")) && is_held(&world, PAGE));
    let done = form("forget", &[fields.as_slice(), &[("confirmed", "true")]].concat());
    assert_eq!((done.status, done.header("location")), (303, Some("/example.com/settings#forget")));
    assert!(is_gone(&world, PAGE) && is_held(&world, SOURCE));
    for (of, value, sentence) in [
        ("", "x", "A value needs its dimension"),
        ("page", "", "--page needs a value"),
        ("", "", "what is to be forgotten: values like"),
        ("colour", "x", "is no dimension"),
    ] {
        let refused = form("forget", &[("of", of), ("value", value), ("days", ""), ("confirmed", "true")]);
        assert!(refused.status == 400 && refused.text().contains(sentence), "{}", refused.text());
    }
    let asked = form("reset", &[]);
    assert!(asked.status == 200 && asked.text().contains(confirms), "{}", asked.text());
    assert_eq!(form("reset", &[("confirmed", "true")]).status, 303);
    world.expect_forgotten(24, 0);
    assert!(is_gone(&world, SOURCE));
    world.add_user("Reader", "analyst", &["example.com"]);
    let reader = [world.sign_in_as("Reader")];
    assert_eq!(world.form("/example.com/settings/reset", &reader, &[("confirmed", "true")]).status, 403);
}

/// A page for everybody may be asked for between midnight and the flush that ends the day.
#[test]
fn what_was_folded_for_readers_before_a_day_is_at_rest_is_not_kept() {
    let world = World::start();
    set(&world, "k_at_rest", "10");
    for who in 0..12 {
        world.pageview("/twelve").by(&format!("visitor {who}")).ok();
        if who < 7 {
            world.pageview("/seven").by(&format!("visitor {who}")).ok();
        }
    }
    let site = world.collector().directory().find("example.com").unwrap().clone();
    let shown = || {
        let snapshot = world.collector().snapshot(SnapshotScope::sites(vec![site.id])).unwrap();
        let tomorrow = Moment("2026-06-02T09:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let open = Folded::of(&snapshot, &site, tomorrow, world.collector().folded());
        let today = site.schedule.locate(world.collector().started()).day;
        let pages = Axis::Of(Dimension::Page);
        let question = Question::new(site.id, Span::of_days(today, today), pages, None, &[Metric::Visitors]);
        let lines = answer(&question, &open).unwrap();
        let mut shown: Vec<(String, i64)> =
            lines.iter().map(|line| (line.value.to_string(), line.tally.visitors)).collect();
        shown.sort();
        shown
    };
    assert_eq!(shown(), [("/seven".to_owned(), 7), ("/twelve".to_owned(), 12)]);
    world.go_to("2026-06-02T09:00:00Z");
    settle(&world);
    assert_eq!(shown(), [("(other)".to_owned(), 7), ("/twelve".to_owned(), 12)]);
}

#[test]
fn what_was_taken_out_is_said_everywhere_and_never_what() {
    let world = world();
    done(&world, order(&[("page", PAGE)], Some("2026-07-03")));
    let reader = world.sign_in();
    let get = |path: &str| world.request("GET", path, std::slice::from_ref(&reader), None);
    let told = world.query(json!({"site_id": "example.com", "date_range": "day", "metrics": ["visits"]})).json();
    let warning = told["meta"]["warnings"].to_string();
    assert!(warning.contains("taken_out") && warning.contains("values of page on 2026-07-03"), "{told}");
    let page = get("/example.com?period=today").text();
    assert!(page.contains("Something was taken out"), "{page}");
    let json = get("/example.com/page.json?period=today").json();
    assert!(json["warning"].as_str().unwrap().contains("values of page"), "{json}");
    let csv = get("/example.com/page.csv?period=today");
    assert!(csv.header("headcount-warning").unwrap().contains("values of page"));
    for file in ["bots.csv", "bots.json"] {
        let told = get(&format!("/example.com/{file}?period=today"));
        assert!(told.header("headcount-warning").unwrap().contains("values of page"), "{file}");
    }
    assert!(get("/example.com/mail.csv?period=today").header("headcount-warning").is_none(), "no campaign went");
    // Who is still there counts under `(other)`, and not because of a budget.
    let pages =
        json!({"site_id": "example.com", "date_range": "day", "metrics": ["visits"], "dimensions": ["event:page"]});
    let other = world.query(pages).json()["meta"]["warnings"].to_string();
    assert!(other.contains("something was forgotten"), "{other}");
    assert!(get("/example.com?period=today").text().contains("of which something was forgotten"));
    let report = Command::Report {
        site: "example.com".into(),
        period: "today".into(),
        by: None,
        rows: None,
        filter: Vec::new(),
        compare: None,
    };
    assert!(done(&world, report).text.contains("taken out"));
    let before = world
        .query(json!({"site_id": "example.com", "date_range": ["2026-06-01", "2026-06-30"], "metrics": ["visits"]}));
    assert!(!before.text().contains("taken_out"), "{}", before.text());
}

/// What goes by the answer of an order, as numbers by their names.
fn removed(world: &World, command: Command) -> Value {
    done(world, command).json["removed"].take()
}

/// Values by their dimensions, and the days.
type ValuesOnDays = (&'static [(&'static str, &'static str)], Option<&'static str>);

#[test]
fn a_dry_run_tells_what_the_run_takes() {
    let orders: [ValuesOnDays; 5] = [
        (&[("page", PAGE), ("source", SOURCE), ("event", EVENT)], None),
        (&[("page", PAGE), ("prop", "plan")], Some("2026-06-02..2026-07-03")),
        (&[("browser", "*")], Some("2026-06-01..2026-06-30")),
        (&[], Some("2026-06-30..2026-07-03")),
        (&[], Some("2026-07-03")),
    ];
    for (values, days) in orders {
        let world = world();
        settle(&world);
        let would = removed(&world, Command::SiteForget(of(values, days, true)));
        let names = || Database::of(world.folder()).texts("SELECT text FROM names WHERE site = 1");
        let before = names();
        assert_eq!(removed(&world, order(values, days)), would, "{values:?} {days:?}");
        // What visitors who are there did counts under a name that may be new.
        let after = names();
        let gone = before.iter().filter(|name| !after.contains(name)).count();
        assert_eq!(would["names"], gone, "{values:?} {days:?}");
        let pairs = would["cells_of_two_dimensions_by_day"].as_u64().unwrap();
        assert!(pairs > 0 && would["cells_by_day"].as_u64().unwrap() > 0, "{would}");
        let again = world.command(Command::SiteForget(of(values, days, true)));
        assert_eq!(again.is_err(), !values.is_empty());
        if values.is_empty() {
            world.expect_forgotten(if days == Some("2026-07-03") { 6 } else { 12 }, 0);
        }
    }
}

#[test]
fn a_dry_run_of_a_reset_tells_what_the_reset_takes() {
    let world = world();
    settle(&world);
    let reset = |dry_run| removed(&world, Command::SiteReset { domain: "example.com".into(), dry_run });
    let would = reset(true);
    assert!(would.as_object().unwrap()["cells_by_month"].as_u64().unwrap() > 0, "{would}");
    assert_eq!(reset(false), would);
    world.expect_forgotten(24, 0);
    assert_eq!(Database::of(world.folder()).number("SELECT count(*) FROM names WHERE site = 1"), 0);
}

#[test]
fn a_site_that_is_removed_leaves_no_byte() {
    let world = World::start();
    let add = |domain: &str| world.command(Command::SiteAdd { domain: domain.into(), change: SiteChange::default() });
    add("canary-of-a-site.example").unwrap();
    let site = "canary-of-a-site.example";
    for place in 0..2_000 {
        let page = format!("https://{site}/canary-{}-{}", place * 7_919 % 2_000, "x".repeat(60));
        world.beacon(json!({"n": "pageview", "u": page, "d": site})).by("ana").ok();
        if place % 500 == 0 {
            world.flush();
        }
    }
    world
        .beacon(json!({"n": "pageview", "u": format!("https://{site}/canary-of-bots/x"), "d": site}))
        .with("Googlebot/2.1 (+http://www.google.com/bot.html)")
        .send();
    for (name, value) in [("announce_days", 9_u32.into()), ("by_name", SettingValue::from(["/canary-of-a-rule"]))] {
        let change = SiteChange::of(name, value);
        world.command(Command::SiteSet { domain: site.into(), change }).unwrap();
    }
    world.flush();
    for text in ["/canary-", "canary-of-a-site", "canary-of-bots", "canary-of-a-rule"] {
        assert!(is_held(&world, text), "{text}");
    }
    world.command(Command::SiteRemove { domain: site.into() }).unwrap();
    world.expect_forgotten(2_000, 1);
    for text in ["/canary-", "canary-of-a-site", "canary-of-bots", "canary-of-a-rule"] {
        assert!(!is_held(&world, text), "{text}");
    }
}

#[test]
fn what_is_due_goes_at_a_start_and_what_was_interrupted_goes_on() {
    let mut world = world();
    set(&world, "keep", "months=1m");
    world.go_to("2026-07-04T14:00:00Z");
    settle(&world);
    for day in ["2026-08-02", "2026-09-02"] {
        world.restart_after(|world| world.go_to(&format!("{day}T08:00:00Z")));
        settle(&world);
    }
    world.expect_forgotten(24, 0);
    world.pageview("/again").by("ana").ok();
    settle(&world);
    for text in [PAGE, SOURCE, EVENT, PLAN] {
        assert!(is_gone(&world, text), "{text}");
    }
    // It ended after sums went, and before their names did.
    world.restart_after(|world| {
        let sql =
            "INSERT INTO names (site, text) VALUES (1, '/canary-of-a-stop'); INSERT INTO kept_from VALUES (1, 100, 0)";
        Database::of(world.folder()).run(sql);
    });
    settle(&world);
    assert!(is_gone(&world, "/canary-of-a-stop"));
}
