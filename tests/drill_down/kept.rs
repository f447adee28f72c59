//! What filters, goals and funnels still tell after months and restarts, and on sites that keep no tokens.

use super::*;

/// A month later, when its first day is stored and packed.
fn a_month_later() -> World {
    let world = World::start();
    declare(&world);
    visits(&world);
    for time in ["2026-06-02T00:00:05Z", "2026-07-03T08:00:00Z"] {
        world.go_to(time);
        world.flush();
    }
    world
}

fn report(period: &str, by: &str, filter: &str) -> Command {
    let (period, by, filter) = (period.into(), Some(by.into()), vec![filter.into()]);
    Command::Report { site: SITE.into(), period, by, rows: None, filter, compare: None }
}

#[test]
fn months_tell_the_same_as_their_days() {
    let world = a_month_later();
    let reader = Reader::of(&world);
    for period in ["last_month", "12mo", "all"] {
        let page = |filter: &str| reader.get(&format!("/{SITE}?period={period}{filter}")).text();
        let google = page("&filter=source:Google");
        assert_eq!((total(&google, "Visitors"), total(&google, "Bounce rate")), ("2", "50\u{a0}%"), "{period}");
        assert_eq!(cells(panel(&google, "pages"), "/blog/one"), ["2", "2"], "{period}");
        assert_eq!(cells(panel(&google, "goals"), "Reads")[..3], ["2", "2", "100.0\u{a0}%"], "{period}");
        assert_eq!(cells(panel(&google, "goals"), "Purchase")[3], "EUR\u{a0}29.99", "{period}");
        let bought = page("&filter=goal:Purchase");
        assert_eq!(cells(panel(&bought, "sources"), "Google"), ["1", "50.0\u{a0}%"], "{period}");
        let all = page("");
        assert_eq!(cells(panel(&all, "goals"), "Purchase"), ["1", "1", "33.3\u{a0}%", "EUR\u{a0}29.99"], "{period}");
        let all = page("&goals=funnels");
        assert_eq!(cells(between(&all, "<bdi>Shop", "</table>"), "1. /**"), ["3", "3", "\u{2013}"], "{period}");
    }
    let rows = world.command(report("12mo", "source", "goal=Purchase")).unwrap().json["rows"].take();
    assert_eq!((&rows[0]["source"], &rows[0]["revenue"]), (&json!("Google"), &json!({"EUR": 29.99})), "{rows}");
    let rows = world.command(report("12mo", "month", "page=/blog/one")).unwrap().json["rows"].take();
    assert_eq!(
        (&rows[0]["visitors"], &rows[0]["bounce_rate"]),
        (&json!(2), &json!(100)),
        "eve entered there and left: {rows}"
    );
}

#[test]
fn a_day_whose_hours_are_gone_is_drawn_as_a_day() {
    let world = a_month_later();
    let reader = Reader::of(&world);
    world.go_to("2026-08-01T08:00:00Z");
    world.flush();
    let day = reader.get(&format!("/{SITE}?period=custom&from=2026-06-01&to=2026-06-01&filter=source:Google")).text();
    assert!(day.contains("Visitors by day. Highest: 2"), "{day}");
    let hours = report("2026-06-01..2026-06-01", "hour", "source=Google");
    assert!(world.command(hours).unwrap_err().to_string().contains("kept by hour for 31 days"));
}

#[test]
fn a_site_without_tokens_filters_what_it_measures() {
    let world = World::start();
    let change = SiteChange::of("address", "none");
    world.command(Command::SiteSet { domain: SITE.into(), change }).unwrap();
    declare(&world);
    visits(&world);
    let reader = Reader::of(&world);
    let all = reader.page(&[]);
    assert_eq!(cells(panel(&all, "goals"), "Purchase")[..3], ["n/a", "1", "n/a"]);
    let google = reader.page(&["source:Google"]);
    assert_eq!((total(&google, "Visitors"), total(&google, "Pageviews")), ("n/a", "2"));
    assert_eq!(cells(panel(&google, "pages"), "/blog/one"), ["1", "50\u{a0}%"]);
    let bought = reader.page(&["goal:Purchase"]);
    assert_eq!((total(&bought, "Conversions"), total(&bought, "Conversion rate")), ("1", "n/a"));
    assert_eq!(cells(panel(&bought, "pages"), "/cart"), ["1", "100\u{a0}%"]);
}

#[test]
fn a_restart_in_the_day_keeps_what_was_filtered_before_it() {
    let mut world = World::start();
    declare(&world);
    visits(&world);
    world.restart();
    assert_eq!(rows(&world, Some("page"), &["source=Google"])[0]["visitors"], 2);
    world.pageview("/blog/one").by("zoe").from("https://www.google.com/").ok();
    assert_eq!(rows(&world, Some("page"), &["source=Google"])[0]["visitors"], 3);
    world.go_to("2026-06-02T00:00:05Z");
    world.flush();
    assert_eq!(rows(&world, Some("page"), &["source=Google"])[0]["visitors"], 3);
}

/// Pages of a source by the API, and the codes of its warnings.
fn pages_of_google(world: &World, first: &str, last: &str) -> (Value, Vec<String>) {
    let answer = world.query(json!({
        "site_id": SITE, "metrics": ["visitors", "pageviews"], "date_range": [first, last],
        "dimensions": ["event:page"], "filters": [["is", "visit:source", ["Google"]]],
    }));
    let body = answer.json();
    let warnings = body["meta"]["warnings"].as_array().into_iter().flatten();
    let codes = warnings.map(|warning| warning["code"].as_str().unwrap().to_owned()).collect();
    (body["results"].clone(), codes)
}

#[test]
fn days_that_are_thinned_out_are_said_to_be_and_their_month_stays() {
    let world = World::start();
    let change = SiteChange::of("day_pairs_months", 1);
    let said = world.command(Command::SiteSet { domain: SITE.into(), change }).unwrap().text;
    assert!(said.contains("days under filters for 1 months") || said.contains("thinned out"), "{said}");
    visits(&world);
    for time in ["2026-06-02T00:00:05Z", "2026-07-03T08:00:00Z"] {
        world.go_to(time);
        world.flush();
    }
    let [whole, part] = [("2026-06-01", "2026-06-30"), ("2026-06-01", "2026-06-15")];
    let of = |(first, last)| pages_of_google(&world, first, last);
    let before = of(whole);
    assert!(of(part) == before && before.1.is_empty() && before.0[0]["metrics"][0] == 2, "{before:?}");
    // A clock that jumps is doubted for a day.
    for time in ["2026-08-01T07:00:00Z", "2026-08-02T07:00:00Z", "2026-08-03T08:00:00Z"] {
        world.go_to(time);
        world.flush();
    }
    // It is done in small steps after a flush, by whoever writes.
    let is_thin = || of(part).0 == json!([]);
    (0..1_000).take_while(|_| !is_thin()).for_each(|_| world.flush());
    assert_eq!(of(part), (json!([]), vec!["months_alone".to_owned()]));
    assert_eq!(of(whole), before, "whole months are as they were");
    let reader = Reader::of(&world);
    let page = |period: &str| reader.get(&format!("/{SITE}?period={period}&filter=source:Google")).text();
    let notice = "are kept by whole months only";
    let (part, whole) = (page("custom&from=2026-06-01&to=2026-06-15"), page("custom&from=2026-06-01&to=2026-06-30"));
    assert!(part.contains(notice) && !whole.contains(notice), "{part}");
    assert_eq!(cells(panel(&whole, "pages"), "/blog/one"), ["2", "2"]);
    let unfiltered = reader.get(&format!("/{SITE}?period=custom&from=2026-06-01&to=2026-06-15")).text();
    assert!(!unfiltered.contains(notice) && total(&unfiltered, "Visitors") == "3", "no filter needs these days");
}
