//! What senders of messages with odd claims, ids or sizes are told.

use serde_json::{Value, json};

use crate::arriving::{WEBSITE, past, send, world};
use crate::world::World;

#[test]
fn claims_that_say_nothing_are_refused_where_they_would_be_believed() {
    let world = world();
    let bearer = format!("Bearer {}", world.token("ingest"));
    let page = json!({"n": "pageview", "u": "https://example.com/c", "d": "example.com"});
    let umami = json!({"website": WEBSITE, "url": "/c"});
    for (key, value, reason) in [
        ("timestamp", json!("yesterday"), Some("bad_time")),
        ("timestamp", json!([1]), Some("bad_time")),
        ("timestamp", json!(""), None),
        ("ip", json!("nobody"), Some("bad_field")),
        ("ip", json!("192.0.2.7:443"), None),
        ("ip", json!("[2001:db8::1]:443"), None),
    ] {
        let with = |object: &Value| {
            let mut object = object.clone();
            object[key] = value.clone();
            object
        };
        let ours = with(&page).to_string();
        let theirs = json!({"type": "event", "payload": with(&umami)}).to_string();
        for (path, body) in [("/api/event", ours), ("/api/send", theirs)] {
            let trusted = send(&world, "POST", path, &[("authorization", &bearer)], &body);
            assert_eq!(trusted.header("x-headcount-rejected"), reason, "{path} {key} {value}");
            let stranger = send(&world, "POST", path, &[], &body);
            assert_eq!(stranger.header("x-headcount-rejected"), None, "never an error: {path} {key} {value}");
        }
    }
}

#[test]
fn a_body_that_is_too_large_says_so() {
    let world = world();
    let body = "x".repeat(1_000_001);
    for path in ["/api/send", "/api/batch", "/append"] {
        let answer = send(&world, "POST", path, &[], &body);
        assert_eq!(answer.header("x-headcount-rejected"), Some("too_large"), "{path}");
    }
}

#[test]
fn a_batch_is_known_by_an_id_of_any_length_and_a_fault_by_its_place() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("other.test", "Etc/UTC")]);
    let bearer = format!("Bearer {}", world.token("admin"));
    let id = "i".repeat(1_000);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", id.as_str())];
    let mut both = past("/both", "192.0.2.1", "2026-05-30T10:00:00Z");
    both["d"] = json!("example.com,other.test");
    let list = json!([both, {"n": "pageview"}]).to_string();
    let told = send(&world, "POST", "/api/events", &headers, &list).json();
    assert_eq!((&told["counted"], &told["repeated"]), (&json!(2), &json!(false)));
    assert!(told["errors"]["1"]["errors"]["url"].is_array(), "the second message: {told}");
    assert_eq!(send(&world, "POST", "/api/events", &headers, &list).json()["counted"], 0);
}
