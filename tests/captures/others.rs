//! The same for the formats of others: Umami, GoatCounter, Matomo, Fathom Lite, Simple Analytics.

use std::net::{IpAddr, Ipv4Addr};

use headcount::beacon::{Beacon, ClientIp, Kind, Refusal, Request, fathom, goatcounter, matomo, simple, umami};
use serde_json::Value;

use crate::world::World;

pub const UMAMI: &str = include_str!("umami-script-3.1.0.jsonl");
pub const UMAMI_NODE: &str = include_str!("umami-node-0.4.0.jsonl");
pub const GOATCOUNTER: &str = include_str!("goatcounter-count.js-2026-08.jsonl");
pub const MATOMO: &str = include_str!("matomo.js-5.2.0.jsonl");
pub const MATOMO_XHR: &str = include_str!("matomo.js-5.2.0-xhr.jsonl");
pub const MATOMO_TWICE: &str = include_str!("matomo.js-5.2.0-xhr-cors-star.jsonl");
pub const FATHOM: &str = include_str!("fathom-lite.jsonl");
pub const SIMPLE: &str = include_str!("simpleanalytics-latest.jsonl");

const WEBSITE: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

fn lines(capture: &str) -> Vec<Value> {
    capture.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// What a request is read as, one line for each message: its kind, site, page, referrer, properties, money and width.
fn read(line: &Value) -> Vec<String> {
    let header = |name: &str| line["headers"][name].as_str().unwrap_or_default();
    let request = Request {
        query: line["query"].as_str().unwrap_or_default(),
        body: line["body"].as_str().unwrap_or_default().as_bytes(),
        address: ClientIp(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        way: Default::default(),
        user_agent: header("user-agent"),
        hints: &headcount::beacon::NO_HINTS,
        accept_language: header("accept-language"),
        referer: header("referer"),
        origin: header("origin"),
        forwarded: "",
        opted_out: false,
        prefetch: false,
    };
    let items: Vec<Result<Beacon, Refusal>> = match line["path"].as_str().expect("a path") {
        _ if line["method"] == "OPTIONS" => Vec::new(),
        "/api/send" => vec![umami::parse(&request)],
        "/count" => vec![goatcounter::parse(&request, "example.test").map_err(|fault| {
            panic!("{line}: {fault:?}");
        })],
        "/matomo.php" => matomo::parse(&request).expect("a readable request").items,
        "/collect" => vec![fathom::parse(&request)],
        "/simple.gif" => vec![simple::parse(&request)],
        "/append" => vec![simple::parse_append(&request)],
        other => panic!("{other} is no path of these formats"),
    };
    items.iter().map(|item| item.as_ref().map_or_else(|refusal| refusal.reason.label().to_owned(), told)).collect()
}

fn told(beacon: &Beacon) -> String {
    let kind = match &beacon.kind {
        Kind::Pageview => "view".to_owned(),
        Kind::Event { name, interactive: true } => format!("[{name}]"),
        Kind::Event { name, .. } => format!("[{name}] quiet"),
        Kind::Engagement { ms: Kind::SINCE_LAST_HIT_MS, scroll: None } => "ping".to_owned(),
        Kind::Engagement { ms, scroll } => format!("ping {ms} {scroll:?}"),
    };
    let page = if beacon.has_page { beacon.url.strip_prefix("http://").unwrap_or(&beacon.url) } else { "-" };
    let mut told = format!("{kind} {} {page}", beacon.site.replace(WEBSITE, "UUID"));
    if !beacon.referrer.is_empty() {
        told.push_str(&format!(" < {}", beacon.referrer));
    }
    for (key, value) in &beacon.props {
        told.push_str(&format!(" {key}={value}"));
    }
    if let Some(money) = &beacon.revenue {
        told.push_str(&format!(" {} {}", money.amount, money.currency));
    }
    if let Some(screen) = beacon.screen {
        told.push_str(&format!(" {screen}"));
    }
    assert_eq!(beacon.language, "en", "{told}");
    for identifier in ["user-42", "9b25078210f036ad", "ae707992fe4ea888", "7478a463", "8cddcc89", "f9ce4141", "ORD-1"] {
        assert!(!told.contains(identifier), "{told}");
    }
    told
}

fn check(capture: &str, expected: &[(&str, &str)]) {
    let found: Vec<(String, String)> = lines(capture)
        .iter()
        .map(|line| (line["step"].as_str().expect("a step").to_owned(), read(line).join(" | ")))
        .collect();
    let expected: Vec<_> = expected.iter().map(|(step, told)| ((*step).to_owned(), (*told).to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn umamis_script_is_read() {
    const START: &str =
        "UUID site.example.test:8902/um/start?utm_source=newsletter&gclid=abc < https://www.google.com/";
    let at_start = |kind: &str, more: &str| format!("{kind} {START} {more}xl");
    let named = at_start("[signup]", "list=[1,2] nested.a=1 ok=true plan=pro seats=3 tag=v-a ");
    check(
        UMAMI,
        &[
            ("load", ""),
            ("load", &at_start("view", "tag=v-a ")),
            ("track name+data", &named),
            ("track revenue", &at_start("[checkout]", "tag=v-a 19.9 EUR ")),
            ("track fn", "view UUID https://site.example.test/virtual < https://www.google.com/ tag=v-a xl"),
            ("track object", "view UUID https://site.example.test/only-url"),
            ("data-umami-event click", &at_start("[buy-click]", "qty=2 sku=A-1 tag=v-a ")),
            ("identify", "unmeasured"),
            ("after identify", &at_start("view", "tag=v-a ")),
            ("pushState", "unmeasured"),
            ("pushState", "view UUID site.example.test:8902/um/second?x=1 tag=v-a xl"),
            ("hide", "unmeasured"),
        ],
    );
}

#[test]
fn umamis_client_for_node_is_read() {
    let mut lines = lines(UMAMI_NODE);
    // It sends `*`, which names no language; the first names its own.
    for line in &mut lines {
        line["headers"]["accept-language"] = "en".into();
    }
    let found: Vec<String> = lines.iter().map(|line| read(line).join(" | ")).collect();
    let expected = [
        "view UUID https://example.test/home < https://www.google.com/ xxl",
        "[signup] UUID - plan=pro",
        "unmeasured",
        "[evt] UUID /two n=1",
    ];
    assert_eq!(found, expected);
}

#[test]
fn goatcounters_script_is_read() {
    let page = "view example.test https://site.example.test/gc/start?utm_source=news&utm_campaign=spring&x=1";
    check(
        GOATCOUNTER,
        &[
            ("load", &format!("{page} < https://www.google.com/ xl")),
            ("click event", "[buy-button] example.test - < promo xl"),
            ("click no-session event", "[ns-button] example.test - xl"),
            (
                "count() spa",
                "view example.test https://site.example.test/spa/route?utm_source=news&utm_campaign=spring&x=1 < https://x.example/ xl",
            ),
            ("count() event", "[my-event] example.test - < https://www.google.com/ xl"),
            ("pixel", "view example.test https://site.example.test/pixel"),
        ],
    );
}

#[test]
fn matomos_script_is_read() {
    const START: &str = "7 site.example.test:8902/mt/start?mtm_campaign=spring&utm_source=x < https://www.google.com/";
    const SPA: &str =
        "7 site.example.test/mt/spa < http://site.example.test:8902/mt/start?mtm_campaign=spring&utm_source=x";
    let member = "dimension1=member xl";
    check(
        MATOMO,
        &[
            ("load", &format!("view {START} {member}")),
            ("trackEvent", &format!("[Play] {START} category=Videos label=Intro value=12.5 {member}")),
            ("trackSiteSearch", &format!("[Site Search] {START} keyword=shoes category=catalog count=3 {member}")),
            ("trackGoal", &format!("[Goal 2] {START} revenue=9.99 {member}")),
            ("outlink click", &format!("[Outbound Link: Click] {START} url=https://outbound.invalid/x?y=1 {member}")),
            (
                "download click",
                &format!("[File Download] {START} url=http://site.example.test:8902/files/report.pdf?v=2 {member}"),
            ),
            ("spa pageview", &format!("view {SPA} {member}")),
            ("ecommerce", &format!("[Order] {SPA} revenue=39.8 {member}")),
            ("ping", &format!("ping {SPA} {member}")),
            ("queueRequest x2", &format!("[one] {SPA} category=Q {member} | [two] {SPA} category=Q {member}")),
        ],
    );
}

#[test]
fn matomos_script_without_beacons_is_read() {
    const PAGE: &str = "7 site.example.test:8902/mt/xhr < https://www.google.com/";
    let view = format!("view {PAGE} xl");
    let act = format!("[Act] {PAGE} category=Cat xl");
    let queue = format!("[one] {PAGE} category=Q xl | [two] {PAGE} category=Q xl");
    check(MATOMO_XHR, &[("load", &view), ("trackEvent", &act), ("queueRequest x2", &queue)]);
    check(
        MATOMO_TWICE,
        &[("load", &view), ("load", &view), ("trackEvent", &act), ("trackEvent", &act), ("queueRequest x2", &queue)],
    );
}

#[test]
fn fathoms_and_simple_analytics_scripts_are_read() {
    check(FATHOM, &[("load", "view abcde site.example.test/fa/start?x=1 < https://www.google.com/")]);
    let start = "example.test https://site.example.test:8902/sa/start?utm_source=a < https://google.com/";
    check(
        SIMPLE,
        &[
            ("load", &format!("view {start} xl")),
            ("event", &format!("[click_buy] {start} plan=pro xl")),
            ("pushState", "ping 2000 Some(25) example.test -"),
            ("pushState", "view example.test https://site.example.test:8902/sa/second xl"),
            ("close", "ping 1000 Some(25) example.test -"),
        ],
    );
}

/// Sends a request as it was recorded, and looks at the answer.
fn send_again(world: &World, line: &serde_json::Value) {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let query = text("query");
    let path = if query.is_empty() { text("path") } else { format!("{}?{query}", text("path")) };
    let names = ["user-agent", "accept-language", "referer", "origin", "content-type"];
    let headers: Vec<(&str, String)> = names
        .into_iter()
        .filter_map(|name| Some((name, line["headers"][name].as_str()?.to_owned())))
        .chain([("x-forwarded-for", "198.18.0.9".to_owned())])
        .collect();
    let body = text("body");
    let answer = world.request(&text("method"), &path, &headers, (!body.is_empty()).then_some(body.as_bytes()));
    // The listener answered lists with a picture although they asked for none.
    let responded = if body.contains("\"requests\"") { 204 } else { line["responded"].as_u64().unwrap() };
    assert_eq!(u64::from(answer.status), responded, "{line}: {}", answer.text());
    world.wait_ms(1_000);
}

/// Every capture sent as it was recorded: what is counted in the end, and how each is answered.
#[test]
fn recorded_requests_are_counted_by_a_server() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.test", "Etc/UTC")]);
    world.alias("example.test", &[WEBSITE, "7", "ABCDE", "site.example.test"]);
    let all = [UMAMI, UMAMI_NODE, GOATCOUNTER, MATOMO, MATOMO_XHR, MATOMO_TWICE, FATHOM, SIMPLE];
    all.into_iter().flat_map(lines).for_each(|line| send_again(&world, &line));
    let counted = |metric: &str, dimension: &str| -> String {
        let query = serde_json::json!({"site_id": "example.test", "metrics": [metric], "date_range": "day",
            "dimensions": [dimension], "order_by": [[dimension, "asc"]]});
        let answer = world.query(query).json();
        let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
        let rows = rows.map(|row| format!("{} {}", row["dimensions"][0].as_str().unwrap(), row["metrics"][0]));
        rows.collect::<Vec<_>>().join(", ")
    };
    // The page that was sent twice, because its answer could not be read, counts once.
    assert_eq!(
        counted("pageviews", "event:page"),
        "(not set) 0, /fa/start 1, /gc/start 1, /home 1, /mt/spa 1, /mt/start 1, /mt/xhr 2, /only-url 1, /pixel 1, \
         /sa/second 1, /sa/start 1, /spa/route 1, /two 0, /um/second 1, /um/start 2, /virtual 1"
    );
    assert_eq!(
        counted("events", "event:name"),
        "Act 2, File Download 1, Goal 2 1, Order 1, Outbound Link: Click 1, Play 1, Site Search 1, buy-button 1, \
         buy-click 1, checkout 1, click_buy 1, evt 1, my-event 1, ns-button 1, one 3, pageview 16, signup 2, two 3"
    );
    assert_eq!(world.rejections("example.test"), [("repeat", 2), ("unmeasured", 4)]);
}
