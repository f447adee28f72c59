//! What the log and the dashboard say of proxies that nobody named, and of headers that contradict each other.

use serde_json::json;

use crate::world::{World, person};

/// Sends as many hits as it takes to notice a proxy, with these headers, and looks at the dashboard before and after.
fn noticed(logged: &'static str, shown: &str, headers: impl Fn(u32) -> Vec<(&'static str, String)>) {
    let world = World::start();
    world.expect_in_log(logged);
    let notice = || {
        let (name, cookie) = world.sign_in();
        world.request("GET", "/example.com", &[(name, cookie)], None).text().contains(shown)
    };
    assert!(!notice(), "{shown}");
    for hit in 0..200 {
        let agent = person(&format!("reader {}", hit % 20)).agent;
        let body = json!({"n": "pageview", "u": "https://example.com/", "d": "example.com"}).to_string();
        let headers: Vec<_> = headers(hit).into_iter().chain([("user-agent", agent)]).collect();
        assert_eq!(world.request("POST", "/api/event", &headers, Some(body.as_bytes())).status, 202);
    }
    assert!(notice(), "{shown}");
}

#[test]
fn a_proxy_that_nobody_named_is_noticed() {
    // Docker's bridge is not trusted unless it is named: what it says of others is not believed.
    let bridge = |_| vec![("x-forwarded-for", "192.0.2.1, 172.17.0.1".to_owned())];
    noticed("nearly all hits come from one address of a local network", "not named in trusted_proxies", bridge);
}

#[test]
fn a_delivery_network_that_nobody_named_is_noticed_by_name() {
    let edge = |hit: u32| vec![("x-forwarded-for", format!("192.0.2.{}, 162.158.1.{}", hit % 90, hit % 60))];
    noticed("add \"cloudflare\" to trusted_proxies", "“cloudflare” is not named in trusted_proxies", edge);
}

#[test]
fn public_proxies_that_nobody_named_are_noticed() {
    let balancer = |hit: u32| vec![("x-forwarded-for", format!("192.0.2.{}, 198.51.100.{}", hit % 90, hit % 3))];
    noticed("a few public addresses that send forwarding headers", "proxies stand in front", balancer);
}

#[test]
fn headers_that_contradict_each_other_are_noticed() {
    let both =
        |hit: u32| vec![("x-forwarded-for", "203.0.113.66".to_owned()), ("x-real-ip", format!("192.0.2.{}", hit % 90))];
    noticed("headers that contradict each other", "in client_ip_header", both);
}
