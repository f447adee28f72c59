//! Requests that real trackers sent (`tests/captures`) are read as what their page did.

pub mod others;

use std::net::{IpAddr, Ipv4Addr};

use headcount::beacon::{Beacon, ClientIp, Kind, Request, Revenue, address, plausible};
use serde_json::Value;

pub const CLASSIC: &str = include_str!("captures/plausible-classic-2021.jsonl");
pub const TRACKER: &str = include_str!("captures/plausible-npm-tracker-0.4.6.jsonl");
const HASH: &str = include_str!("captures/plausible-npm-tracker-0.4.6-hash.jsonl");
const OLD_NPM: &str = include_str!("captures/plausible-tracker-0.3.9.jsonl");

const START: &str = "http://site.example.test:8902/pl/start?utm_source=newsletter&utm_campaign=spring";
const VIRTUAL: &str = "https://example.test/virtual/page?ref=x";
const SECOND: &str = "http://site.example.test:8902/pl/second";
const HOME: &str = "http://site.example.test:8902/pl/hash#/home";
const ABOUT: &str = "http://site.example.test:8902/pl/hash#/about?x=1";
const PAGE_2021: &str = "http://site.example.test:8902/pc/2021?utm_source=a";
const OLD_PAGE: &str = "http://site.example.test:8902/pc/oldnpm?utm_medium=mail";
const GOOGLE: &str = "https://www.google.com/";
const JANE: (&str, &str) = ("author", "Jane");

/// What one request must be read as.
struct Expected {
    step: &'static str,
    kind: Kind,
    url: &'static str,
    props: &'static [(&'static str, &'static str)],
}

fn view(step: &'static str, url: &'static str, props: &'static [(&'static str, &'static str)]) -> Expected {
    Expected { step, kind: Kind::Pageview, url, props }
}

fn event(
    step: &'static str,
    name: &str,
    url: &'static str,
    props: &'static [(&'static str, &'static str)],
) -> Expected {
    Expected { step, kind: Kind::Event { name: name.to_owned(), interactive: true }, url, props }
}

fn ping(
    step: &'static str,
    (ms, scroll): (u64, u8),
    url: &'static str,
    props: &'static [(&'static str, &'static str)],
) -> Expected {
    Expected { step, kind: Kind::Engagement { ms, scroll: Some(scroll) }, url, props }
}

/// The lines of a capture, in the order of their `seq`, which starts at 1.
fn lines(capture: &str) -> Vec<Value> {
    let lines: Vec<Value> = capture.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    for (place, line) in lines.iter().enumerate() {
        assert_eq!(line["seq"], place + 1);
        assert_eq!((&line["method"], &line["path"]), (&Value::from("POST"), &Value::from("/api/event")));
    }
    lines
}

fn replay(line: &Value, body: &str) -> Vec<Beacon> {
    let header = |name: &str| line["headers"][name].as_str().unwrap_or_default();
    let request = Request {
        hints: &headcount::beacon::NO_HINTS,
        query: line["query"].as_str().unwrap_or_default(),
        body: body.as_bytes(),
        address: ClientIp(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        way: address::Way::default(),
        user_agent: header("user-agent"),
        accept_language: header("accept-language"),
        referer: header("referer"),
        origin: header("origin"),
        forwarded: "",
        opted_out: false,
        prefetch: false,
    };
    plausible::parse(&request).expect("a real tracker's request is read")
}

fn only(line: &Value) -> Beacon {
    let mut beacons = replay(line, line["body"].as_str().expect("a body"));
    assert_eq!(beacons.len(), 1);
    beacons.remove(0)
}

/// Replays a capture, compares it with the table and hands back the beacons for what the table does not hold.
fn check(capture: &str, table: &[Expected]) -> Vec<Beacon> {
    let lines = lines(capture);
    assert_eq!(lines.len(), table.len());
    let compare = |(line, expected): (&Value, &Expected)| {
        let beacon = only(line);
        let props: Vec<(&str, &str)> = beacon.props.iter().map(|(key, value)| (&**key, &**value)).collect();
        let seq = &line["seq"];
        assert_eq!(line["step"], expected.step, "{seq}");
        assert_eq!((&beacon.kind, beacon.url.as_str()), (&expected.kind, expected.url), "{seq}");
        assert_eq!(props, expected.props, "{seq}");
        assert_eq!((beacon.site.as_str(), beacon.language.as_str()), ("example.test", "en"), "{seq}");
        assert!(beacon.libraries_count && !beacon.sender.automated && !beacon.sender.touch_mac, "{seq}");
        assert!(beacon.sender.agent.0.contains("Chrome/156") && beacon.sender.time_zone.is_none(), "{seq}");
        beacon
    };
    lines.iter().zip(table).map(compare).collect()
}

fn referrers(beacons: &[Beacon]) -> Vec<&str> {
    beacons.iter().map(|beacon| beacon.referrer.as_str()).collect()
}

#[test]
fn the_script_of_2021_is_read() {
    let beacons = check(
        CLASSIC,
        &[
            view("load", PAGE_2021, &[]),
            event("event props", "Signup", PAGE_2021, &[("plan", "pro"), ("n", "3")]),
            event("event meta", "Old", PAGE_2021, &[("k", "v")]),
            event("404", "404", PAGE_2021, &[("path", "/pc/2021")]),
            view("pushState", "http://site.example.test:8902/pc/next", &[]),
        ],
    );
    assert_eq!(referrers(&beacons), [GOOGLE; 5]);
    for beacon in &beacons {
        assert_eq!((beacon.screen, beacon.hash_mode, &beacon.revenue), (Some("xl"), false, &None));
    }
}

#[test]
fn the_npm_tracker_is_read() {
    let outbound = &[JANE, ("url", "https://outbound.invalid/x?y=1")];
    let download = &[JANE, ("url", "http://site.example.test:8902/files/report.pdf")];
    let autoplay = Kind::Event { name: "Autoplay".to_owned(), interactive: false };
    let beacons = check(
        TRACKER,
        &[
            view("load", START, &[JANE]),
            event("track Signup props", "Signup", START, &[JANE, ("plan", "pro"), ("seats", "3"), ("beta", "true")]),
            event("track revenue", "Purchase", START, &[JANE, ("sku", "A-1")]),
            Expected { step: "track interactive:false", kind: autoplay, url: START, props: &[JANE] },
            ping("track url override", (2_492, 24), START, &[JANE]),
            view("track url override", VIRTUAL, &[JANE]),
            event("outbound click", "Outbound Link: Click", START, outbound),
            event("file download", "File Download", START, download),
            event("form submit", "Form: Submission", START, &[JANE]),
            ping("pushState", (2_818, 100), VIRTUAL, &[JANE]),
            view("pushState", SECOND, &[JANE]),
            ping("wait+hide", (4_477, 73), SECOND, &[JANE]),
        ],
    );
    let g = GOOGLE;
    assert_eq!(referrers(&beacons), [g, g, g, g, "", g, g, g, g, "", g, ""]);
    let price = Revenue { amount: "19.90".to_owned(), currency: "EUR".to_owned() };
    for (place, beacon) in beacons.iter().enumerate() {
        assert_eq!((beacon.screen, beacon.hash_mode), (None, false));
        assert_eq!(beacon.revenue, (place == 2).then(|| price.clone()), "{place}");
    }
}

#[test]
fn the_npm_tracker_with_fragments_is_read() {
    let beacons = check(
        HASH,
        &[
            view("load", HOME, &[]),
            ping("hashchange", (943, 24), HOME, &[]),
            view("hashchange", ABOUT, &[]),
            event("event", "Click", ABOUT, &[]),
            ping("close", (1_311, 24), ABOUT, &[]),
        ],
    );
    assert_eq!(referrers(&beacons), [GOOGLE, "", GOOGLE, GOOGLE, ""]);
    assert!(beacons.iter().all(|beacon| beacon.hash_mode && beacon.screen.is_none() && beacon.revenue.is_none()));
}

#[test]
fn the_old_npm_tracker_is_read() {
    let beacons = check(
        OLD_NPM,
        &[
            view("load", OLD_PAGE, &[]),
            event("trackEvent", "Signup", OLD_PAGE, &[("tier", "startup"), ("n", "5")]),
            view("trackPageview override", "https://example.test/x", &[]),
            event("outbound", "Outbound Link: Click", OLD_PAGE, &[("url", "https://outbound.invalid/x?y=1")]),
        ],
    );
    assert_eq!(referrers(&beacons), [GOOGLE, GOOGLE, "https://r.example/", GOOGLE]);
    let screens: Vec<_> = beacons.iter().map(|beacon| beacon.screen).collect();
    assert_eq!(screens, [Some("xl"), Some("xl"), Some("xs"), Some("xl")]);
    assert!(beacons.iter().all(|beacon| !beacon.hash_mode && beacon.revenue.is_none()));
}

/// No page of the captures names two sites, so the list is put into each request in place of the one site.
#[test]
fn a_list_of_sites_makes_a_beacon_for_each() {
    for line in [CLASSIC, TRACKER, HASH, OLD_NPM].into_iter().flat_map(lines) {
        let body = line["body"].as_str().expect("a body");
        let listed = body.replace(r#""d":"example.test""#, r#""d":"example.test, www.roll.up,example.test""#);
        assert_ne!(body, listed);
        let (beacons, alone) = (replay(&line, &listed), only(&line));
        let sites: Vec<&str> = beacons.iter().map(|beacon| beacon.site.as_str()).collect();
        assert_eq!(sites, ["example.test", "roll.up"]);
        for beacon in beacons {
            assert_eq!(
                (beacon.kind, beacon.url, beacon.props),
                (alone.kind.clone(), alone.url.clone(), alone.props.clone())
            );
        }
    }
}
