//! Tests of queries and their answers.

use serde_json::json;

use super::*;
use crate::cell::Tally;
use crate::report::memory::{Memory, SITE};
use crate::site::{Domain, Hour, LocalHour, Settings};

fn site(zone: &str) -> Site {
    Site {
        id: SITE,
        domain: Domain::parse("shop.test").unwrap(),
        schedule: Schedule::named(zone).unwrap(),
        settings: Settings::default(),
        added: Moment(0),
    }
}

fn at(text: &str) -> Moment {
    Moment(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn day(text: &str) -> Day {
    Day::of(text.parse().unwrap())
}

fn hits(visitors: i64, pageviews: i64) -> Tally {
    Tally { visitors, visits: visitors, pageviews, ..Tally::ZERO }
}

fn resolved(body: &serde_json::Value) -> Result<Query, QueryError> {
    let request = QueryRequest::parse(body.to_string().as_bytes())?;
    request.resolve(&site("Europe/Berlin"), at("2026-06-10T12:00:00Z"), Some(day("2025-01-01")))
}

/// The JSON answer to a query about a shop in Berlin on 10 June 2026 at 14:00.
fn answered(body: &serde_json::Value, memory: &Memory) -> String {
    serde_json::to_string(&resolved(body).unwrap().run(memory).unwrap()).unwrap()
}

/// One key of the answer.
fn part(body: &serde_json::Value, memory: &Memory, key: &str) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(&answered(body, memory)).unwrap()[key].take()
}

fn sources() -> Memory {
    let source = |memory: Memory, value: &str, visitors: i64, pageviews: i64| {
        memory.day(Axis::Of(Dimension::Source), day("2026-06-05"), value, hits(visitors, pageviews))
    };
    let memory = source(source(Memory::default(), "Google", 31, 52), "Direct / None", 8, 8);
    source(source(source(memory, "Bing", 2, 2), "a.test", 1, 1), "b.test", 1, 3)
}

#[test]
fn the_example_of_the_protocol_is_answered_byte_for_byte() {
    let body = json!({
        "site_id": "shop.test", "metrics": ["visitors", "events"], "date_range": "7d",
        "dimensions": ["visit:source"], "include": {"total_rows": true}, "pagination": {"limit": 2, "offset": 0},
    });
    assert_eq!(
        answered(&body, &sources()),
        concat!(
            r#"{"results":[{"metrics":[31,52],"dimensions":["Google"]},{"metrics":[8,8],"dimensions":["Direct / None"]}],"#,
            r#""meta":{"total_rows":5},"#,
            r#""query":{"site_id":"shop.test","metrics":["visitors","events"],"#,
            r#""date_range":["2026-06-03T00:00:00+02:00","2026-06-09T23:59:59+02:00"],"#,
            r#""filters":[],"dimensions":["visit:source"],"order_by":[["visitors","desc"]],"#,
            r#""include":{"total_rows":true},"pagination":{"offset":0,"limit":2}}}"#,
        )
    );
}

#[test]
fn totals_have_one_row_even_of_nothing() {
    let body = json!({
        "site_id": "shop.test", "date_range": ["2026-06-01", "2026-06-02"],
        "metrics": ["visitors", "views_per_visit", "bounce_rate", "visit_duration"], "include": {"total_rows": false},
    });
    assert_eq!(
        answered(&body, &Memory::default()),
        concat!(
            r#"{"results":[{"metrics":[0,0,0,null],"dimensions":[]}],"meta":{},"#,
            r#""query":{"site_id":"shop.test","metrics":["visitors","views_per_visit","bounce_rate","visit_duration"],"#,
            r#""date_range":["2026-06-01T00:00:00+02:00","2026-06-02T23:59:59+02:00"],"#,
            r#""filters":[],"dimensions":[],"order_by":[["visitors","desc"]],"include":{},"#,
            r#""pagination":{"offset":0,"limit":10000}}}"#,
        )
    );
}

#[test]
fn pages_of_an_answer_never_overlap() {
    let rows = |offset: usize, order: serde_json::Value| {
        let body = json!({
            "site_id": "shop.test", "metrics": ["visitors"], "date_range": "7d", "dimensions": ["visit:source"],
            "order_by": order, "pagination": {"limit": 2, "offset": offset},
        });
        part(&body, &sources(), "results")
    };
    let row = |visitors: i64, value: &str| json!({"metrics": [visitors], "dimensions": [value]});
    assert_eq!(rows(2, json!([])), json!([row(2, "Bing"), row(1, "a.test")]));
    assert_eq!(rows(4, json!([])), json!([row(1, "b.test")]));
    assert_eq!(rows(5, json!([])), json!([]));
    let ascending = json!([["visitors", "asc"], ["visit:source", "desc"]]);
    assert_eq!(rows(0, ascending), json!([row(1, "b.test"), row(1, "a.test")]));
}

#[test]
fn series_hold_what_is_there_and_labels_hold_all() {
    let hour = |hour: u8| LocalHour { day: day("2026-03-29"), hour: Hour(hour) };
    let memory =
        Memory::default().hour(Axis::Total, hour(13), "", hits(2, 3)).hour(Axis::Total, hour(1), "", hits(1, 1));
    let body = json!({
        "site_id": "shop.test", "metrics": ["visitors"], "date_range": ["2026-03-29", "2026-03-29"],
        "dimensions": ["time"], "include": {"time_labels": true, "imports": true},
    });
    assert_eq!(
        part(&body, &memory, "results"),
        json!([
            {"metrics": [1], "dimensions": ["2026-03-29 01:00:00"]},
            {"metrics": [2], "dimensions": ["2026-03-29 13:00:00"]},
        ])
    );
    let meta = part(&body, &memory, "meta");
    let labels = meta["time_labels"].as_array().unwrap();
    // The day on which the clock is put forward has no 02:00.
    assert_eq!((labels.len(), &labels[2]), (23, &json!("2026-03-29 03:00:00")));
    assert_eq!(meta["imports_included"], json!(false));
    let query = part(&body, &memory, "query");
    assert_eq!(query["dimensions"], json!(["time:hour"]));
    assert_eq!(query["order_by"], json!([["time:hour", "asc"], ["visitors", "desc"]]));
    assert_eq!(query["include"], json!({"imports": true, "time_labels": true}));
}

#[test]
fn labels_of_a_range_that_ends_in_the_future_are_all_there() {
    let body = |dimension: &str| {
        json!({
            "site_id": "shop.test", "metrics": ["visitors"], "date_range": ["2026-05-30", "2026-07-01"],
            "dimensions": [dimension], "include": {"time_labels": true},
        })
    };
    let labels = |dimension: &str| part(&body(dimension), &Memory::default(), "meta")["time_labels"].take();
    let weeks = ["2026-05-30", "2026-06-01", "2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29"];
    assert_eq!(labels("time:week"), json!(weeks));
    assert_eq!(labels("time:month"), json!(["2026-05-30", "2026-06-01", "2026-07-01"]));
    assert_eq!(labels("time:day").as_array().unwrap().len(), 33);
}

#[test]
fn time_and_a_dimension_stand_in_the_order_asked() {
    let source = Axis::Of(Dimension::Source);
    let memory = sources().day(source, day("2026-06-04"), "Google", hits(5, 5));
    let rows = |dimensions: [&str; 2]| {
        let body = json!({
            "site_id": "shop.test", "metrics": ["visitors"], "date_range": "7d", "dimensions": dimensions,
            "pagination": {"limit": 2},
        });
        part(&body, &memory, "results")
    };
    assert_eq!(
        rows(["time:day", "visit:source"]),
        json!([
            {"metrics": [5], "dimensions": ["2026-06-04", "Google"]},
            {"metrics": [31], "dimensions": ["2026-06-05", "Google"]},
        ])
    );
    assert_eq!(rows(["visit:source", "time:day"])[0]["dimensions"], json!(["Google", "2026-06-04"]));
}

#[test]
fn visitors_of_hours_that_are_added_up_carry_a_warning() {
    let body = |range: serde_json::Value, metrics: &[&str], dimensions: &[&str]| json!({"site_id": "shop.test", "metrics": metrics, "date_range": range, "dimensions": dimensions});
    let one = json!(["2026-06-10T08:00:00+02:00", "2026-06-10T08:59:59+02:00"]);
    let two = json!(["2026-06-10T08:00:00+02:00", "2026-06-10T10:00:00+02:00"]);
    for (body, is_warned) in [
        (body(json!("24h"), &["visitors"], &[]), true),
        (body(json!("24h"), &["visitors"], &["visit:source"]), true),
        (body(json!("24h"), &["visitors"], &["time:day"]), true),
        (body(json!("24h"), &["visitors"], &["time"]), false),
        (body(json!("24h"), &["pageviews"], &[]), false),
        (body(json!("day"), &["visitors"], &["time:hour"]), false),
        (body(one, &["visitors"], &[]), false),
        (body(two, &["visitors"], &[]), true),
    ] {
        let meta = part(&body, &Memory::default(), "meta");
        let code = meta["metric_warnings"]["visitors"]["code"].as_str();
        assert_eq!(code, is_warned.then_some("summed_hours"), "{body}");
    }
    let day = part(&body(json!("24h"), &["visitors"], &[]), &Memory::default(), "query");
    assert_eq!(day["date_range"], json!(["2026-06-09T15:00:00+02:00", "2026-06-10T14:59:59+02:00"]));
}

#[test]
fn time_picks_a_width_that_fits_the_range() {
    for (range, expected) in [
        (json!("day"), "time:hour"),
        (json!("24h"), "time:hour"),
        (json!("1d"), "time:hour"),
        (json!("7d"), "time:day"),
        (json!("30d"), "time:day"),
        (json!("month"), "time:day"),
        (json!("91d"), "time:month"),
        (json!("6mo"), "time:month"),
        (json!("all"), "time:month"),
        (json!(["2026-02-01", "2026-02-28"]), "time:day"),
        (json!(["2026-02-01", "2026-03-01"]), "time:month"),
        (json!(["2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"]), "time:hour"),
        (json!(["2026-06-01T00:00:00Z", "2026-06-02T01:00:00Z"]), "time:day"),
        // A day of 25 hours on the watch, and of 24 on the clock; the last day of the calendar.
        (json!(["2026-10-24T12:00:00+02:00", "2026-10-25T12:00:00+01:00"]), "time:hour"),
        (json!(["9999-12-31", "9999-12-31"]), "time:hour"),
        (json!(["2026-06-01T00:00:00Z", "2026-06-03T00:00:00Z"]), "time:day"),
    ] {
        let body =
            json!({"site_id": "shop.test", "metrics": ["visitors"], "date_range": range, "dimensions": ["time"]});
        assert_eq!(resolved(&body).unwrap().echo.dimensions, [expected], "{range}");
    }
}

#[test]
fn hours_that_are_not_kept_are_refused() {
    let refused = |range: serde_json::Value, dimensions: &[&str]| {
        let body =
            json!({"site_id": "shop.test", "metrics": ["visitors"], "date_range": range, "dimensions": dimensions});
        resolved(&body).err().map(|error| error.to_string())
    };
    let kept = "Dimensions are kept by hour for 31 days; ask for a later range, for whole days, or for no dimension.";
    let by_hour = ["time:hour", "visit:source"];
    assert_eq!(refused(json!("31d"), &by_hour), None);
    assert_eq!(refused(json!("32d"), &by_hour).as_deref(), Some(kept));
    assert_eq!(refused(json!("32d"), &["time:hour"]), None);
    assert_eq!(refused(json!("32d"), &["visit:source"]), None);
    let hours = json!(["2026-05-01T00:00:00+02:00", "2026-05-02T00:00:00+02:00"]);
    assert_eq!(refused(hours.clone(), &["visit:source"]).as_deref(), Some(kept));
    assert_eq!(refused(hours, &[]), None);
    assert!(refused(json!(["1990-01-01", "2026-01-01"]), &["time:hour"]).unwrap().contains("5000 days"));
    let quarter = json!(["2026-06-01T00:15:00+02:00", "2026-06-01T01:00:00+02:00"]);
    assert_eq!(
        refused(quarter, &[]).unwrap(),
        "#/date_range: Invalid date range [\"2026-06-01T00:15:00+02:00\", \"2026-06-01T01:00:00+02:00\"]: begin on \
         a full hour of the site's time zone, and end on one or on its last second (15:59:59)."
    );
}

#[test]
fn a_site_without_tokens_shows_no_visitors() {
    let memory =
        Memory::default().day(Axis::Total, day("2026-06-05"), "", Tally { pageviews: 3, events: 1, ..Tally::ZERO });
    let body = json!({
        "site_id": "shop.test", "date_range": "7d", "metrics": ["visitors", "pageviews", "events", "bounce_rate"],
    });
    assert_eq!(part(&body, &memory, "results")[0]["metrics"], json!([null, 3, 4, null]));
}

#[test]
fn the_ends_of_the_calendar_are_answered() {
    for range in [["0000-01-01", "0000-02-01"], ["9999-11-15", "9999-12-31"], ["9999-12-31", "9999-12-31"]] {
        for time in ["time", "time:hour", "time:day", "time:week", "time:month"] {
            let body = json!({
                "site_id": "shop.test", "metrics": ["visitors"], "date_range": range, "dimensions": [time],
                "include": {"time_labels": true},
            });
            let labels = part(&body, &Memory::default(), "meta")["time_labels"].take();
            assert!(labels[0].as_str().unwrap().starts_with(range[0]), "{body}");
        }
    }
}

#[test]
fn only_all_reads_the_first_day() {
    for (range, reads) in [("all", true), ("7d", false)] {
        let body = json!({"site_id": "shop.test", "metrics": ["visitors"], "date_range": range}).to_string();
        assert_eq!(QueryRequest::parse(body.as_bytes()).unwrap().reads_first_day(), reads);
    }
}
