//! Which site each line of a log counts for, and which client it is, where lines name hosts or addresses behind proxies.

use std::path::Path;

use serde_json::{Value, json};

use super::{Desk, FIREFOX};
use crate::operators::{Server, printed};

/// A line of Apache's `vhost_combined`.
fn line(host: &str, who: u8, path: &str) -> String {
    format!(
        "{host} 192.0.2.{who} - - [01/Jun/2024:10:00:0{} +0000] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"{FIREFOX}\"\n",
        who % 10
    )
}

fn import(desk: &Desk, words: &[&str]) -> Value {
    let words = [&["import", "--json", "--data", &desk.data][..], words].concat();
    serde_json::from_str(&printed(&words)).unwrap()
}

fn pageviews(desk: &Desk, site: &str, by: &str) -> Value {
    let words = ["report", "--site", site, "--period", "all", "--json", "--by", by, "--data", &desk.data];
    let told: Value = serde_json::from_str(&printed(&words)).unwrap();
    let rows = told["rows"].as_array().unwrap().iter().filter(|row| row["pageviews"] != 0);
    rows.map(|row| (row[by].as_str().unwrap().to_owned(), row["pageviews"].clone())).collect()
}

fn mixed() -> String {
    [
        line("example.com:443", 1, "/a"),
        line("www.example.com:80", 2, "/b"),
        line("shop.example.org:443", 3, "/c"),
        line("alias.test:443", 4, "/d"),
        line("nobody.test:443", 5, "/e"),
        line("nobody.test:443", 6, "/e"),
        line("198.51.100.9:80", 7, "/e"),
        line("example.com:443", 8, "/a.css"),
    ]
    .concat()
}

fn with_sites() -> Desk {
    let desk = Desk::new();
    printed(&["site", "add", "example.org", "--data", &desk.data]);
    let words = ["--host", "*.example.org", "--host", "alias.test", "--alias", "alias.test"];
    printed(&[&["site", "set", "example.org", "--data", &desk.data][..], &words].concat());
    desk
}

#[test]
fn one_log_of_many_hosts_is_counted_for_all_sites_in_one_pass() {
    for with_server in [false, true] {
        let desk = with_sites();
        let server = with_server.then(|| Server::start(Path::new(&desk.data), &[]));
        let log = desk.log("access.log", &mixed());
        let log = log.to_str().unwrap();
        let told = import(&desk, &[log]);
        assert_eq!((&told["lines"], &told["counted"]), (&json!(8), &json!(4)), "{told}");
        assert_eq!(told["rejected"], json!({"asset": 1, "unknown_site": 3}));
        let by_site: Value = told["sites"]
            .as_array()
            .unwrap()
            .iter()
            .map(|site| (site["site"].as_str().unwrap().to_owned(), json!([site["lines"], site["counted"]])))
            .collect();
        assert_eq!(told["strange_hosts"], json!([["nobody.test", 2], ["(addresses)", 1]]));
        assert_eq!(by_site["example.com"], json!([3, 2]));
        assert_eq!(pageviews(&desk, "example.com", "page"), json!({"/a": 1, "/b": 1}));
        assert_eq!(pageviews(&desk, "example.org", "hostname")["shop.example.org"], 1);
        // What is known is not counted again, for no site.
        assert_eq!(import(&desk, &[log])["lines"], 0);
        assert_eq!(import(&desk, &[log, "--site", "example.com"])["counted"], 0);
        assert_eq!(pageviews(&desk, "example.com", "page"), json!({"/a": 1, "/b": 1}));
        // A site that is added later gets its lines by name.
        printed(&["site", "add", "nobody.test", "--data", &desk.data]);
        assert_eq!(import(&desk, &[log, "--site", "nobody.test"])["counted"], 2);
        assert_eq!(pageviews(&desk, "nobody.test", "page"), json!({"/e": 2}));
        if let Some(server) = server {
            assert_eq!(server.stop().0, 0);
        }
    }
}

#[test]
fn lines_of_a_site_that_was_imported_by_name_are_known_when_all_are() {
    let desk = with_sites();
    let log = desk.log("access.log", &mixed());
    let log = log.to_str().unwrap();
    assert_eq!(import(&desk, &[log, "--site", "example.com"])["counted"], 2);
    import(&desk, &[log]);
    assert_eq!(pageviews(&desk, "example.com", "page"), json!({"/a": 1, "/b": 1}));
    assert_eq!(pageviews(&desk, "example.org", "page")["/c"], 1);
}

#[test]
fn with_a_site_named_lines_of_other_hosts_are_wrong() {
    let desk = with_sites();
    let log = desk.log("access.log", &mixed());
    let told = import(&desk, &[log.to_str().unwrap(), "--site", "example.com"]);
    assert_eq!((&told["counted"], &told["rejected"]), (&json!(2), &json!({"wrong_host": 5, "asset": 1})));
    assert_eq!(told["strange_hosts"][0], json!(["nobody.test", 2]));
    printed(&["site", "set", "example.com", "--host", "example.com", "--host", "nobody.test", "--data", &desk.data]);
    let told = import(&desk, &[log.to_str().unwrap(), "--site", "example.com", "--again"]);
    assert_eq!(told["counted"], 4, "the site allows them now");
    let words = ["import", log.to_str().unwrap(), "--site", "example.com", "--again", "--data", &desk.data];
    let text = printed(&words);
    assert!(text.contains("wrong_host") && text.contains("shop.example.org"), "{text}");
}

#[test]
fn lines_without_a_host_are_of_the_only_site_or_of_none() {
    let desk = Desk::new();
    let log = desk.log("access.log", &super::line("01/Jun/2024:10:00:00", 1, "/a"));
    let log = log.to_str().unwrap();
    assert_eq!(import(&desk, &[log])["counted"], 1);
    printed(&["site", "add", "example.org", "--data", &desk.data]);
    let told = import(&desk, &[log, "--again"]);
    assert_eq!((&told["counted"], &told["rejected"]), (&json!(0), &json!({"unknown_site": 1})));
    let text = printed(&["import", log, "--again", "--data", &desk.data]);
    assert!(text.contains("--site says whose they are"), "{text}");
}

/// A log behind a proxy: many clients, one address.
fn behind_a_proxy(proxy: &str) -> String {
    let line = |who: u8| {
        format!(
            "{proxy} - - [01/Jun/2024:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 1 \"-\" \"{}\" \"192.0.2.{who}\"\n",
            FIREFOX.replace("140.0", &format!("{}.0", 100 + who))
        )
    };
    (1..=30).map(line).collect()
}

#[test]
fn clients_behind_trusted_proxies_are_found_and_one_address_with_many_agents_is_told() {
    let desk = Desk::new();
    let log = desk.log("access.log", &behind_a_proxy("10.0.0.1"));
    let log = log.to_str().unwrap();
    let told = import(&desk, &[log, "--site", "example.com"]);
    assert_eq!((&told["counted"], &told["behind_proxy"]), (&json!(30), &json!(true)));
    let text = printed(&["import", log, "--site", "example.com", "--again", "--data", &desk.data]);
    assert!(text.contains("--trusted-proxies"), "{text}");
    let told = import(&desk, &[log, "--site", "example.com", "--again", "--trusted-proxies", "10.0.0.0/8"]);
    assert_eq!(told["behind_proxy"], false);
    // This machine is trusted without a word, as for requests.
    let log = desk.log("other.log", &behind_a_proxy("127.0.0.1"));
    assert_eq!(import(&desk, &[log.to_str().unwrap(), "--site", "example.com"])["behind_proxy"], false);
}

#[test]
fn clients_with_names_in_the_place_of_addresses_are_told_apart() {
    let desk = Desk::new();
    let text = ["dsl-1.isp.test", "dsl-2.isp.test", "dsl-1.isp.test"]
        .map(|name| super::line("01/Jun/2024:10:00:00", 1, "/a").replace("192.0.2.1", name));
    let log = desk.log("access.log", &text.concat());
    assert_eq!(import(&desk, &[log.to_str().unwrap(), "--site", "example.com"])["counted"], 3);
    assert_eq!(desk.report("page"), json!({"/a": [2, 2, 3]}));
}
