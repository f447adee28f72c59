//! Examples of Plausible's documentation of its Stats API v2, on a small site.

use headcount::control::Command;
use headcount::control::forget::ForgetCommand;
use serde_json::{Value, json};

use super::{SITE, goal};
use crate::world::World;

/// Two visits from a newsletter and one that bought with both currencies.
fn played() -> World {
    let world = World::start();
    goal(&world, "PurchaseUSD", None).unwrap();
    goal(&world, "PurchaseEUR", None).unwrap();
    world.pageview("/docs?utm_medium=email&utm_source=news").by("ana").ok();
    world.pageview("/pricing").by("ana").ok();
    world.pageview("/?utm_medium=email&utm_source=other").by("bob").ok();
    let paid = |currency: &str, amount: &str| json!({"currency": currency, "amount": amount});
    world.event("PurchaseUSD", "/pricing").by("ana").key("$", paid("USD", "1000")).ok();
    world.event("PurchaseEUR", "/pricing").by("ana").key("$", paid("EUR", "12.5")).ok();
    world
}

fn ask(world: &World, mut body: Value) -> Value {
    body["site_id"] = SITE.into();
    let answer = world.query(body.clone());
    assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    answer.json()
}

#[test]
fn two_dimensions_are_a_table() {
    let world = played();
    let body = json!({
        "metrics": ["visitors", "events", "pageviews"], "date_range": "day",
        "dimensions": ["visit:utm_medium", "visit:utm_source"], "include": {"total_rows": true},
        "pagination": {"limit": 3, "offset": 1},
    });
    let answer = ask(&world, body.clone());
    assert_eq!(answer["results"], json!([{"metrics": [1, 1, 1], "dimensions": ["email", "other"]}]));
    assert_eq!(answer["meta"], json!({"total_rows": 2}));
    let places = json!({
        "metrics": ["visitors", "pageviews", "bounce_rate"], "date_range": "day", "filters": [["is_not", "visit:country_name", [""]]],
        "dimensions": ["visit:country_name", "visit:city_name"],
    });
    assert_eq!(ask(&world, places)["results"], json!([]));
    let goals = json!({"metrics": ["visitors"], "date_range": "day", "dimensions": ["event:goal", "visit:utm_source"]});
    let rows = json!([
        {"metrics": [1], "dimensions": ["PurchaseEUR", "news"]},
        {"metrics": [1], "dimensions": ["PurchaseUSD", "news"]},
    ]);
    assert_eq!(ask(&world, goals)["results"], rows);
}

#[test]
fn two_filters_of_several_values_have_bounds_once_the_day_is_over() {
    let world = played();
    let mut body = json!({
        "metrics": ["visitors", "pageviews", "views_per_visit"], "date_range": ["2026-06-01", "2026-06-01"],
        "filters": [["contains", "event:page", ["/docs", "/pricing"]], ["is", "visit:utm_medium", ["email", "banner"]]],
    });
    let answer = ask(&world, body.clone());
    assert_eq!((&answer["results"], &answer["meta"]), (&json!([{"metrics": [1, 2, 2], "dimensions": []}]), &json!({})));
    world.go_to("2026-06-02T00:00:05Z");
    world.flush();
    let answer = ask(&world, body.clone());
    assert_eq!(answer["results"], json!([{"metrics": [null, 2, 2], "dimensions": []}]));
    assert_eq!(answer["meta"]["metric_warnings"]["visitors"]["code"], "at_most");
    body["include"] = json!({"estimates": true});
    let answer = ask(&world, body);
    assert_eq!(answer["results"], json!([{"metrics": [2, 2, 2], "dimensions": [], "bounds": [[1, 2], null, null]}]));
    assert_eq!(answer["query"]["include"], json!({"estimates": true}));
}

#[test]
fn money_is_written_as_people_do() {
    let world = played();
    let by_goal = json!({"metrics": ["total_revenue"], "date_range": "day", "dimensions": ["event:goal"]});
    let usd = json!({"value": 1000, "currency": "USD", "short": "$1.0K", "long": "$1,000.00"});
    let eur = json!({"value": 12.5, "currency": "EUR", "short": "€12.5", "long": "€12.50"});
    let rows =
        json!([{"metrics": [usd], "dimensions": ["PurchaseUSD"]}, {"metrics": [eur], "dimensions": ["PurchaseEUR"]}]);
    assert_eq!(ask(&world, by_goal)["results"], rows);
    let both = json!({
        "metrics": ["total_revenue"], "date_range": "day", "filters": [["is", "event:goal", ["PurchaseUSD", "PurchaseEUR"]]],
    });
    let answer = ask(&world, both);
    assert_eq!(answer["results"], json!([{"metrics": [null], "dimensions": []}]));
    assert_eq!(answer["meta"]["metric_warnings"]["total_revenue"]["code"], "no_single_revenue_currency");
    let by_source = json!({
        "metrics": ["total_revenue"], "date_range": "day", "filters": [["is", "event:goal", ["PurchaseUSD"]]],
        "dimensions": ["visit:source"],
    });
    let answer = ask(&world, by_source);
    assert_eq!(answer["results"][0]["metrics"], json!([usd]));
    assert_eq!(answer["meta"], json!({}));
    // More dimensions than sums have, of visits in memory.
    let of_today = json!({
        "metrics": ["visitors", "total_revenue"], "date_range": "day", "dimensions": ["visit:utm_source"],
        "filters": [["is", "event:goal", ["PurchaseUSD"]], ["is", "visit:utm_medium", ["email"]], ["is", "event:page", ["/pricing"]]],
    });
    assert_eq!(ask(&world, of_today)["results"], json!([{"metrics": [1, usd], "dimensions": ["news"]}]));
}

#[test]
fn money_by_source_is_compared() {
    let world = played();
    for (time, amount) in [("2026-06-02T09:00:00Z", "1000"), ("2026-06-03T09:00:00Z", "1500")] {
        world.go_to(time);
        world.pageview("/?utm_source=news").by("ana").ok();
        let paid = json!({"currency": "USD", "amount": amount});
        world.event("PurchaseUSD", "/pricing").by("ana").key("$", paid).ok();
    }
    world.go_to("2026-06-04T00:00:05Z");
    world.flush();
    let body = json!({
        "metrics": ["total_revenue", "average_revenue"], "date_range": ["2026-06-03", "2026-06-03"],
        "dimensions": ["visit:utm_source"], "filters": [["is", "event:goal", ["PurchaseUSD"]]],
        "include": {"comparisons": {"mode": "previous_period"}},
    });
    let row = ask(&world, body)["results"][0].take();
    assert_eq!((&row["dimensions"], &row["metrics"][0]["value"]), (&json!(["news"]), &json!(1500)), "{row}");
    let before = &row["comparison"];
    assert_eq!((&before["metrics"][0]["value"], &before["change"]), (&json!(1000), &json!([50, 50])), "{row}");
}

/// Of a goal: money by value of a dimension.
fn paid(world: &World, goal: &str, dimension: &str) -> Vec<(String, Value)> {
    let body = json!({
        "metrics": ["total_revenue"], "date_range": ["2026-06-01", "2026-06-01"], "dimensions": [dimension],
        "filters": [["is", "event:goal", [goal]]],
    });
    let answer = ask(world, body);
    let rows = answer["results"].as_array().unwrap().iter();
    rows.map(|row| (row["dimensions"][0].as_str().unwrap().to_owned(), row["metrics"][0]["value"].clone())).collect()
}

#[test]
fn money_goes_with_its_event_and_stays_where_something_else_goes() {
    let world = played();
    world.flush();
    for (of, value) in [("event", "PurchaseUSD"), ("page", "/pricing")] {
        let values = vec![(of.to_owned(), value.to_owned())];
        let order = ForgetCommand { domain: SITE.into(), values, days: None, dry_run: false };
        world.command(Command::SiteForget(order)).unwrap();
    }
    // The goal is still there, and what comes from now on counts.
    world.event("PurchaseUSD", "/docs").by("ana").key("$", json!({"currency": "USD", "amount": "7"})).ok();
    let row = |value: &str, sum: f64| vec![(value.to_owned(), json!(sum))];
    for is_over in [false, true] {
        if is_over {
            world.go_to("2026-06-02T00:00:05Z");
            world.flush();
        }
        assert_eq!(paid(&world, "PurchaseUSD", "visit:utm_source"), [("news".to_owned(), json!(7))], "{is_over}");
        assert_eq!(paid(&world, "PurchaseEUR", "visit:utm_source"), row("news", 12.5), "{is_over}");
        assert_eq!(paid(&world, "PurchaseEUR", "event:page"), row("(other)", 12.5), "{is_over}");
    }
}

#[test]
fn rates_of_a_page_are_those_of_the_visits_that_entered_there() {
    let world = played();
    let metrics = json!(["visits", "views_per_visit", "bounce_rate", "exit_rate"]);
    let by_page = json!({"metrics": metrics, "date_range": "day", "dimensions": ["event:page"]});
    let rows = json!([
        {"metrics": [1, 1, 100, 100], "dimensions": ["/"]},
        {"metrics": [1, 2, 0, 0], "dimensions": ["/docs"]},
        {"metrics": [1, null, null, 100], "dimensions": ["/pricing"]},
    ]);
    assert_eq!(ask(&world, by_page)["results"], rows);
    let by_exit = json!({"metrics": ["visits", "exit_rate"], "date_range": "day", "dimensions": ["visit:exit_page"]});
    let rows = json!([{"metrics": [1, 100], "dimensions": ["/"]}, {"metrics": [1, 100], "dimensions": ["/pricing"]}]);
    assert_eq!(ask(&world, by_exit)["results"], rows);
}

#[test]
fn who_has_several_values_of_a_property_is_counted_at_most_so_often() {
    let world = World::start();
    for (who, plan) in [("ana", "free"), ("ana", "pro"), ("bob", "pro")] {
        world.event("Signup", "/").by(who).key("p", json!({"plan": plan})).ok();
    }
    world.pageview("/").by("eve").ok();
    let mut body = json!({
        "metrics": ["visitors", "events"], "date_range": ["2026-06-01", "2026-06-01"],
        "filters": [["is", "event:props:plan", ["free", "pro"]]], "include": {"estimates": true},
    });
    for day in ["2026-06-01T12:00:00Z", "2026-06-02T00:00:05Z", "2026-07-01T00:00:05Z"] {
        world.go_to(day);
        world.flush();
        let row = ask(&world, body.clone())["results"][0].clone();
        assert_eq!((&row["metrics"], &row["bounds"]), (&json!([3, 3]), &json!([[2, 3], null])), "{day}");
    }
    body["include"] = json!({});
    let answer = ask(&world, body);
    assert_eq!(answer["results"], json!([{"metrics": [null, 3], "dimensions": []}]));
    assert_eq!(answer["meta"]["metric_warnings"]["visitors"]["code"], "at_most");
}
