//! The countries that the table in the program gives hits without a time zone and without a file of places.

use headcount::control::{Command, SiteChange};
use headcount::hit::place;
use headcount::site::AddressMode;
use serde_json::{Value, json};

use crate::operators::{folder, headcount, printed};
use crate::world::{Answer, World, person};

/// Addresses of registries and universities, and where they are.
const DUTCH: &str = "193.0.6.139";
const SWISS: &str = "130.59.31.80";
const GERMAN_V6: &str = "2a02:8070::1";
/// A network for documents, which is nowhere.
const NOWHERE: &str = "192.0.2.7";

fn change(world: &World, change: SiteChange) {
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
}

fn pixel(world: &World, address: &str) -> Answer {
    let headers = [("user-agent", person("ana").agent), ("x-forwarded-for", address.to_owned())];
    world.request("GET", "/pixel.gif?d=example.com&u=/letter", &headers, None)
}

fn countries(world: &World) -> Value {
    let query = json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "day",
        "dimensions": ["visit:country"]});
    let answer = world.query(query).json();
    let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    rows.map(|row| (row["dimensions"][0].as_str().unwrap().to_owned(), row["metrics"][0].clone())).collect()
}

#[test]
fn a_pixel_has_the_country_of_its_address() {
    let world = World::start();
    // The last but one is 6to4's form of the Dutch one.
    for address in [DUTCH, SWISS, GERMAN_V6, NOWHERE, "::ffff:193.0.6.139", "2002:c100:68b::1", "10.0.0.7"] {
        assert_eq!(pixel(&world, address).status, 200);
    }
    assert_eq!(countries(&world), json!({"NL": 3, "CH": 1, "DE": 1, "(not set)": 2}));
}

#[test]
fn an_address_goes_before_a_time_zone_and_a_hidden_zone_is_none() {
    let world = World::start();
    let from = |who: usize, address: &str, zone: &str| {
        // Each is a visitor of their own: a visit has the country of its first hit.
        let agent = format!("Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0", 120 + who);
        let headers = [("user-agent", agent), ("x-forwarded-for", address.to_owned())];
        let body = json!({"n": "pageview", "u": "https://example.com/", "d": "example.com", "tz": zone}).to_string();
        world.request("POST", "/api/event", &headers, Some(body.as_bytes()))
    };
    let senders = [
        (DUTCH, "Asia/Tokyo"),
        (NOWHERE, "Asia/Tokyo"),
        (DUTCH, "Atlantic/Reykjavik"),
        (NOWHERE, "Atlantic/Reykjavik"),
        (NOWHERE, "UTC"),
        ("130.208.1.1", "Atlantic/Reykjavik"),
    ];
    for (who, (address, zone)) in senders.into_iter().enumerate() {
        assert_eq!(from(who, address, zone).header("x-headcount-rejected"), None, "{address} {zone}");
    }
    assert_eq!(countries(&world), json!({"NL": 2, "JP": 1, "IS": 1, "(not set)": 2}));
}

#[test]
fn a_country_is_left_out_by_the_table_too() {
    let world = World::start();
    change(&world, SiteChange::of("exclude_countries", ["NL"]));
    assert_eq!(pixel(&world, DUTCH).header("x-headcount-rejected"), Some("excluded"));
    assert_eq!(pixel(&world, SWISS).header("x-headcount-rejected"), None);
    assert_eq!(countries(&world), json!({"CH": 1}));
}

#[test]
fn every_mode_of_addresses_knows_the_country() {
    for mode in [AddressMode::Hash, AddressMode::Truncate, AddressMode::None] {
        let world = World::start();
        change(&world, SiteChange::of("address", mode.name()));
        pixel(&world, DUTCH);
        pixel(&world, GERMAN_V6);
        assert_eq!(countries(&world), json!({"NL": 1, "DE": 1}), "{mode:?}");
    }
}

#[test]
fn lines_of_logs_have_countries() {
    let (folder, data) = folder();
    let agent = person("ana").agent;
    let line = |address: &str| {
        format!("{address} - - [01/Jun/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 123 \"-\" \"{agent}\"\n")
    };
    let log = folder.path().join("access.log");
    std::fs::write(&log, [DUTCH, SWISS, GERMAN_V6, NOWHERE].map(line).concat()).unwrap();
    let told = |place: &str, folder: &str| {
        printed(&["site", "add", "example.com", "--data", folder]);
        let mut import = headcount(&["import", "--site", "example.com", "--data", folder, log.to_str().unwrap()]);
        assert!(import.env("HEADCOUNT_PLACE", place).output().unwrap().status.success());
        let words = ["report", "--site", "example.com", "--period", "all", "--json", "--by", "country"];
        let report: Value = serde_json::from_str(&printed(&[&words[..], &["--data", folder]].concat())).unwrap();
        let rows = report["rows"].as_array().unwrap().iter();
        rows.map(|row| (row["country"].as_str().unwrap().to_owned(), row["pageviews"].clone())).collect::<Value>()
    };
    assert_eq!(told("country", &data), json!({"NL": 1, "CH": 1, "DE": 1, "(not set)": 1}));
    let other = folder.path().join("other");
    assert_eq!(told("none", other.to_str().unwrap()), json!({"(not set)": 4}));
}

#[test]
fn health_says_how_old_the_table_is() {
    let world = World::start();
    let day = place::table().day;
    let asked = |days: i32| {
        world.go_to(&format!("{}T12:00:00Z", headcount::site::Day(day.0 + days)));
        let answer = world.page("/health");
        // An old table is no reason to take the server out of service.
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("ok")));
        answer.json()["places"].clone()
    };
    let told = |is_old: bool| {
        let built = day.to_string();
        json!({"by": "table", "built": built, "is_old": is_old, "table_built": built})
    };
    assert_eq!(asked(0), told(false));
    assert_eq!(asked(366), told(false));
    assert_eq!(asked(367), told(true));
}

#[test]
fn geo_looks_up_without_a_file() {
    let told = printed(&["geo", "--address", DUTCH, "--address", NOWHERE, "--address", "2002:c100:68b::1"]);
    for part in ["193.0.6.139\n  NL", "192.0.2.7\n  (not set)", "2002:c100:68b::1\n  NL", "CC BY 4.0", "nro.net"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(told.contains(&format!("data     of {}", place::table().day)), "{told}");
    let words = ["geo", "--json", "--time-zone", "Asia/Tokyo", "--address", NOWHERE, "--address", SWISS];
    let json: Value = serde_json::from_str(&printed(&words)).unwrap();
    let found: Vec<_> = json["found"].as_array().unwrap().iter().map(|place| place["country"].clone()).collect();
    assert_eq!(found, [json!("JP"), json!("CH")]);
    assert_eq!(json["table"]["built"], json!(place::table().day.to_string()));
    let none = printed(&["geo", "--address", DUTCH, "--json"]);
    assert!(none.contains("\"file\":null"), "{none}");
}
