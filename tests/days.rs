//! What is forgotten and what stays when days pass and the collector is restarted.

use serde_json::{Value, json};

use crate::store::file::Database;
use crate::world::World;

fn days(world: &World, first: &str, last: &str) -> Value {
    let query = json!({"site_id": "example.com", "metrics": ["visitors", "visits", "pageviews"], "date_range": [first, last], "dimensions": ["time:day"]});
    world.query(query).json()["results"].clone()
}

#[test]
fn a_restart_goes_on_with_the_day_and_its_visitors() {
    let mut world = World::start();
    let (name, cookie) = world.sign_in();
    world.pageview("/").ok();
    for end in [World::restart, World::kill] {
        end(&mut world);
        world.pageview("/a").ok();
        let page = world.request("GET", "/example.com", &[(name, cookie.clone())], None).text();
        assert!(!page.contains("restarted today"));
        assert_eq!(world.page("/health").json()["visitors_may_repeat_today"], false);
    }
    assert_eq!(days(&world, "2026-06-01", "2026-06-01"), json!([{"metrics": [1, 1, 3], "dimensions": ["2026-06-01"]}]));
}

#[test]
fn without_a_journal_a_restart_keeps_every_sum_and_says_that_visitors_may_repeat() {
    let mut world = World::start().without_journal();
    let (name, cookie) = world.sign_in();
    let page = |world: &World| world.request("GET", "/example.com", &[(name, cookie.clone())], None).text();
    world.pageview("/").ok();
    world.pageview("/a").ok();
    assert!(!page(&world).contains("restarted today"));
    assert_eq!(world.page("/health").json()["visitors_may_repeat_today"], false);
    world.restart();
    assert_eq!(days(&world, "2026-06-01", "2026-06-01"), json!([{"metrics": [1, 1, 2], "dimensions": ["2026-06-01"]}]));
    assert!(page(&world).contains("restarted today"));
    assert_eq!(world.page("/health").json()["visitors_may_repeat_today"], true);
    // The salt is gone, so ana is somebody new.
    world.pageview("/").ok();
    assert_eq!(days(&world, "2026-06-01", "2026-06-01"), json!([{"metrics": [2, 2, 3], "dimensions": ["2026-06-01"]}]));
    world.go_to("2026-06-02T08:00:00Z");
    assert_eq!(world.page("/health").json()["visitors_may_repeat_today"], false);
    assert!(!page(&world).contains("restarted today"));
}

#[test]
fn a_day_that_has_ended_is_forgotten_but_its_sums() {
    let world = World::at("2026-06-01T23:59:00Z", &[("example.com", "Etc/UTC")]);
    world.pageview("/").by("ana").ok();
    world.pageview("/").by("bob").ok();
    world.flush();
    assert_eq!(world.collector().meter().visitors.get(), 2);
    world.go_to("2026-06-02T00:00:05Z");
    world.flush();
    assert_eq!(world.collector().meter().visitors.get(), 0);
    assert_eq!(days(&world, "2026-06-01", "2026-06-02"), json!([{"metrics": [2, 2, 2], "dimensions": ["2026-06-01"]}]));
    let ping = world.pageview("/").by("ana").key("n", "engagement").key("e", 500).send();
    assert_eq!(ping.status, 202);
    world.flush();
    assert_eq!(world.collector().meter().rejected(), 1, "nothing connects a visit with the next day");
}

#[test]
fn each_site_ends_its_day_by_its_own_clock() {
    let zones = [("example.com", "Pacific/Auckland"), ("example.org", "America/Los_Angeles")];
    let world = World::at("2026-06-01T11:59:30Z", &zones);
    world.pageview("/").ok();
    world.pageview("/").key("d", "example.org").ok();
    // Midnight in Auckland, four in the morning in Los Angeles.
    world.wait_ms(60_000);
    world.pageview("/").ok();
    world.pageview("/").key("d", "example.org").ok();
    world.flush();
    let visitors = |site: &str| {
        let query = json!({"site_id": site, "metrics": ["visitors"], "date_range": ["2026-06-01", "2026-06-02"]});
        world.query(query).json()["results"][0]["metrics"][0].clone()
    };
    assert_eq!((visitors("example.com"), visitors("example.org")), (json!(2), json!(1)));
}

#[test]
fn hours_of_dimensions_are_kept_for_a_month_and_those_of_totals_for_ever() {
    let world = World::at("2026-06-01T10:00:00Z", &[("example.com", "Etc/UTC")]);
    world.pageview("/").ok();
    for _ in 0..40 {
        world.wait_minutes(24 * 60);
        world.flush();
    }
    world.pageview("/").ok();
    let ask = |dimensions: Value, day: &str| {
        let query = json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": [day, day], "dimensions": dimensions});
        world.query(query)
    };
    assert_eq!(ask(json!(["time:hour"]), "2026-06-01").json()["results"][0]["metrics"], json!([1]));
    assert_eq!(ask(json!(["event:page"]), "2026-06-01").json()["results"][0]["metrics"], json!([1]));
    let refused = ask(json!(["event:page", "time:hour"]), "2026-06-01");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("31 days"), "{}", refused.text());
    let left = Database::of(world.folder())
        .number("SELECT (SELECT count(*) FROM hours) + (SELECT count(*) FROM packed WHERE grain = 0)");
    assert_eq!(left, 0, "hours of dimensions of the first day are deleted");
}

#[test]
fn a_changed_time_zone_acts_from_the_next_day() {
    use headcount::control::{Command, SiteChange};
    let world = World::at("2026-06-01T20:00:00Z", &[("example.com", "Etc/UTC")]);
    let change = SiteChange::of("timezone", "Asia/Tokyo");
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    world.pageview("/").ok();
    world.go_to("2026-06-02T00:30:00Z");
    world.pageview("/").ok();
    let query = json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": ["2026-06-01", "2026-06-02"], "dimensions": ["time:hour"]});
    let expected = json!([
        {"metrics": [1], "dimensions": ["2026-06-01 20:00:00"]},
        {"metrics": [1], "dimensions": ["2026-06-02 09:00:00"]},
    ]);
    assert_eq!(world.query(query).json()["results"], expected);
}

/// How many rows of a table are about a site.
fn rows_of(world: &World, table: &str, site: u32) -> i64 {
    let column = if table == "sites" { "id" } else { "site" };
    Database::of(world.folder()).number(&format!("SELECT count(*) FROM {table} WHERE {column} = {site}"))
}

fn assert_no_file_holds(world: &World, texts: &[&str]) {
    for entry in std::fs::read_dir(world.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for text in texts {
            assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none(), "{text} is still in a file");
        }
    }
}

#[test]
fn a_removed_site_leaves_nothing_behind() {
    use headcount::control::Command;
    let world = World::at("2026-06-01T20:00:00Z", &[("example.com", "Etc/UTC"), ("gone.test", "Etc/UTC")]);
    let site = world.collector().directory().find("gone.test").unwrap().id.0;
    let [page, key, value] = ["zqpagezq", "zqkeyzq", "zqvaluezq"];
    let visit = |path: &str| {
        let path = format!("https://gone.test/{path}");
        world.pageview("/").key("d", "gone.test").key("u", path).key("p", json!({key: value}))
    };
    let rows = |table: &str| rows_of(&world, table, site);
    let token = Command::TokenCreate { site: Some("gone.test".into()), scope: "read".into() };
    world.command(token).unwrap();
    world.pageview("/keep").ok();
    visit(page).ok();
    assert_eq!(visit(page).header("sec-gpc", "1").send().header("x-headcount-rejected"), Some("opted_out"));
    world.flush();
    let tables = ["hours", "days", "site_totals", "names", "axes", "rejections", "tokens", "sites"];
    for table in tables {
        assert!(rows(table) > 0, "{table}");
    }
    visit("zqlaterzq").by("bob").ok();
    let removed = world.command(Command::SiteRemove { domain: "gone.test".into() }).unwrap();
    assert_eq!(removed.text, "gone.test and all its figures are removed.");
    assert_eq!(world.pageview("/").key("d", "gone.test").send().header("x-headcount-rejected"), Some("unknown_site"));
    assert_eq!(world.collector().directory().all().len(), 1);
    world.flush();
    for table in tables {
        assert_eq!(rows(table), 0, "{table}");
    }
    assert_no_file_holds(&world, &[page, key, value, "zqlaterzq", "gone.test"]);
    // What was counted and removed is missing in the books that the world checks at its end.
    let file = Database::of(world.folder());
    // By hour, day and month, so that the sums fit each other.
    for (sql, rows) in
        [("UPDATE site_totals SET pageviews = pageviews + 2", 3), ("UPDATE rejections SET count = count + 1", 1)]
    {
        assert_eq!(file.change(sql), rows);
    }
}

#[test]
fn a_report_by_day_goes_up_to_the_newest() {
    use headcount::control::Command;
    let world = World::start();
    for _ in 0..25 {
        world.pageview("/").ok();
        world.wait_minutes(24 * 60);
    }
    let report = |by: &str, rows| {
        let (site, period, by) = ("example.com".into(), "30d".into(), Some(by.into()));
        world.command(Command::Report { site, period, by, rows, filter: Vec::new(), compare: None }).unwrap()
    };
    let all = report("day", None);
    let days: Vec<&str> = all.json["rows"].as_array().unwrap().iter().map(|row| row["day"].as_str().unwrap()).collect();
    assert!(days.len() >= 25 && days.contains(&"2026-06-25"), "{days:?}");
    assert!(all.text.contains("\n2026-06-25") && !all.text.contains("more; see"), "{}", all.text);
    assert_eq!(all.json.get("more"), None);
    let few = report("day", Some(3));
    assert_eq!(few.json["rows"].as_array().unwrap().len(), 3);
    assert_eq!(few.json["more"], days.len() - 3);
    assert!(few.text.contains(&format!("{} more; see --rows", days.len() - 3)), "{}", few.text);
    for page in 0..25 {
        world.pageview(&format!("/{page}")).ok();
    }
    world.wait_minutes(24 * 60);
    let pages = report("page", None);
    assert_eq!(pages.json["rows"].as_array().unwrap().len(), 26);
    assert!(pages.text.contains("6 more; see --rows"), "{}", pages.text);
}
