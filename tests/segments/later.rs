//! Segments that were declared after others: they alone are not compared with days before.

use headcount::control::Command;
use serde_json::{Value, json};

use super::{SITE, add};
use crate::world::World;

#[test]
fn what_begins_later_is_compared_with_nothing_and_the_rest_is() {
    let world = World::at("2026-06-28T09:00:00Z", &[(SITE, "Etc/UTC")]);
    add(&world, "Readers", "page=/pricing").unwrap();
    world.pageview("/pricing").by("ana").ok();
    world.go_to("2026-06-29T09:00:00Z");
    add(&world, "Everybody", "page~/").unwrap();
    for visitor in ["ana", "bob"] {
        world.pageview("/pricing").by(visitor).ok();
    }
    world.go_to("2026-06-30T09:00:00Z");
    world.flush();
    let body = json!({
        "site_id": SITE, "metrics": ["visitors"], "date_range": ["2026-06-29", "2026-06-29"], "dimensions": ["segment"],
        "include": {"comparisons": {"mode": "previous_period"}}, "order_by": [["segment", "asc"]],
    });
    let answer = world.query(body).json();
    let of = |place: usize| {
        (&answer["results"][place]["dimensions"][0], &answer["results"][place]["comparison"]["metrics"][0])
    };
    assert_eq!([of(0), of(1)], [(&json!("Everybody"), &Value::Null), (&json!("Readers"), &json!(1))], "{answer}");
    let told = answer["meta"]["warnings"].to_string();
    assert!(told.contains("\\\"Everybody\\\" is counted since 2026-06-29"), "{told}");
    let (site, period, by) = (SITE.into(), "yesterday".into(), Some("segment".to_owned()));
    let compare = Some(("previous".to_owned(), false));
    let report = world.command(Command::Report { site, period, by, rows: None, filter: Vec::new(), compare }).unwrap();
    assert!(
        report.text.contains("Everybody is counted since 2026-06-29, so its line is not compared"),
        "{}",
        report.text
    );
    let before = |name: &str| {
        let rows = report.json["rows"].as_array().unwrap();
        rows.iter().find(|row| row["segment"] == name).unwrap()["visitors_before"].clone()
    };
    assert_eq!((before("Everybody"), before("Readers")), (Value::Null, json!(1)));
    check_list_of_segments(&world);
}

/// The list of segments, and its file.
fn check_list_of_segments(world: &World) {
    let path = format!("/{SITE}/segment.csv?period=yesterday&lists=compared");
    let file = world.request("GET", &path, &[world.sign_in()], None).text();
    assert!(file.lines().any(|line| line.starts_with("Readers,2,2,2,2,1,100")), "{file}");
    assert!(file.lines().any(|line| line.starts_with("Everybody,2,2,2,2,,")), "{file}");
    let list = world.request("GET", &format!("/{SITE}/segment?period=yesterday"), &[world.sign_in()], None).text();
    assert!(list.contains("filter=segment:Readers"), "{list}");
}
