//! One address, or one odd message, is counted the same in every wire format.

use headcount::beacon::address::Way;
use headcount::beacon::log::{Read, Reader, Rules};
use headcount::beacon::{
    Beacon, ClientIp, NO_HINTS, Request, fathom, goatcounter, matomo, pixel, plausible, simple, umami,
};
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::hit::token::Salt;
use headcount::hit::{Arrival, Hit, Tools, make};
use headcount::site::{Domain, Moment, Schedule, Settings, Site, SiteId};
use serde_json::{Value, json};

use crate::world::World;

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NOON: Moment = Moment(1_780_315_200_000);

fn request<'a>(query: &'a str, body: &'a [u8]) -> Request<'a> {
    Request {
        query,
        body,
        address: ClientIp("192.0.2.1".parse().unwrap()),
        way: Way::default(),
        user_agent: AGENT,
        hints: &NO_HINTS,
        accept_language: "",
        referer: "",
        origin: "https://example.com",
        forwarded: "",
        opted_out: false,
        prefetch: false,
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The pageview of `/path?query#fragment` at example.com in each format, by its name.
fn in_all_formats(target: &str, referrer: &str) -> Vec<(&'static str, Beacon)> {
    let mut beacons = by_scripts(target, referrer);
    beacons.extend(by_matomo(target, referrer));
    beacons.extend(by_query(target, referrer));
    beacons.push(("log", by_log(target, referrer)));
    beacons
}

fn whole(target: &str) -> String {
    format!("https://example.com{target}")
}

/// By scripts that send JSON.
fn by_scripts(target: &str, referrer: &str) -> Vec<(&'static str, Beacon)> {
    let whole = whole(target);
    let of_body = |body: Value| plausible::parse(&request("", body.to_string().as_bytes())).expect("ours").remove(0);
    let umami = |url: &str| {
        let payload = json!({"website": "example.com", "hostname": "example.com", "url": url, "referrer": referrer});
        let body = json!({"type": "event", "payload": payload}).to_string();
        umami::parse(&request("", body.as_bytes())).expect("umami")
    };
    vec![
        ("ours", of_body(json!({"n": "pageview", "u": whole, "d": "example.com", "r": referrer}))),
        ("ours by path", of_body(json!({"n": "pageview", "u": target, "d": "example.com", "r": referrer}))),
        ("plausible hash", of_body(json!({"n": "pageview", "u": whole, "d": "example.com", "r": referrer, "h": 1}))),
        ("umami", umami(&whole)),
        ("umami relative", umami(target)),
    ]
}

fn by_matomo(target: &str, referrer: &str) -> Vec<(&'static str, Beacon)> {
    let whole = whole(target);
    let matomo_query = form(&[("idsite", "1"), ("rec", "1"), ("url", &whole), ("urlref", referrer)]);
    let matomo = |query: &str, body: &str| {
        let mut parsed = matomo::parse(&request(query, body.as_bytes())).expect("matomo");
        Beacon { site: "example.com".into(), ..parsed.items.remove(0).expect("matomo's item") }
    };
    let bulk = json!({"requests": [format!("?{matomo_query}")]}).to_string();
    vec![
        ("matomo", matomo(&matomo_query, "")),
        ("matomo form", matomo("", &matomo_query)),
        ("matomo bulk", matomo("", &bulk)),
    ]
}

/// A line of an access log.
fn by_log(target: &str, referrer: &str) -> Beacon {
    let line = format!(
        "192.0.2.1 - - [01/Jun/2026:12:00:00 +0000] \"GET {target} HTTP/1.1\" 200 5 \"{referrer}\" \"{AGENT}\""
    );
    match Reader::default().read(line.as_bytes()) {
        Read::Line(line) => line.beacon(&Domain::parse("example.com").unwrap(), &Rules::default()).expect("logged"),
        Read::Note | Read::Bad => panic!("{line}"),
    }
}

/// By requests whose query says all.
fn by_query(target: &str, referrer: &str) -> Vec<(&'static str, Beacon)> {
    let whole = whole(target);
    let (path_query, _) = target.split_once('#').unwrap_or((target, ""));
    let (path, query) = path_query.split_once('?').unwrap_or((path_query, ""));
    let goatcounter =
        |pairs: &[(&str, &str)]| goatcounter::parse(&request(&form(pairs), b""), "example.com").expect("goatcounter");
    let pixel = |url: &str| {
        let query = form(&[("d", "example.com"), ("u", url), ("r", referrer)]);
        pixel::parse(&request(&query, b"")).expect("pixel").remove(0)
    };
    let fathom = form(&[("h", "https://example.com"), ("p", target), ("r", referrer), ("sid", "example.com")]);
    let simple = form(&[
        ("hostname", "example.com"),
        ("type", "pageview"),
        ("path", path),
        ("query", query),
        ("referrer", referrer),
    ]);
    vec![
        ("goatcounter", goatcounter(&[("p", target), ("r", referrer)])),
        ("goatcounter q", goatcounter(&[("p", path), ("q", &format!("?{query}")), ("r", referrer)])),
        ("fathom", fathom::parse(&request(&fathom, b"")).expect("fathom")),
        ("simple", simple::parse(&request(&simple, b"")).expect("simple")),
        ("pixel", pixel(&whole)),
        ("pixel relative", pixel(target)),
    ]
}

fn site(settings: Settings) -> Site {
    let domain = Domain::parse("example.com").unwrap();
    Site { id: SiteId(1), domain, schedule: Schedule::utc(), settings, added: Moment(0) }
}

fn hit(beacon: Beacon, site: &Site) -> Hit {
    let tools = Tools { agents: Agents::new(), places: Places::none() };
    let arrival = Arrival { at: NOON, local: site.schedule.locate(NOON) };
    make(beacon, site, arrival, &Salt::from_bytes(&[7; 32]), &tools).expect("a hit")
}

/// Page, source, channel and the five keys.
fn told(hit: &Hit) -> String {
    let keys = &hit.campaign;
    let fields = [&keys.utm_source, &keys.medium, &keys.campaign, &keys.content, &keys.term];
    let fields = fields.map(|field| field.as_deref().unwrap_or("-")).join(" ");
    format!("{} {} {} | {fields}", hit.page, hit.origin.source, hit.origin.channel)
}

#[test]
fn one_address_is_read_alike_whoever_sends_it() {
    let noise = "key=value&".repeat(300);
    let many: String = (0..400).map(|n| format!("k{n}=1&")).collect();
    for (target, expected) in [
        (
            "/a?utm_source=zine&utm_medium=email&utm_campaign=c&utm_content=o&utm_term=t",
            "/a zine Email | zine email c o t",
        ),
        (
            "/a?mtm_source=zine&mtm_medium=email&mtm_campaign=c&mtm_content=o&mtm_kwd=t",
            "/a zine Email | zine email c o t",
        ),
        ("/a?pk_source=zine&pk_medium=email&pk_cpn=c&pk_content=o&pk_keyword=t", "/a zine Email | zine email c o t"),
        ("/a?matomo_source=zine&matomo_campaign=c&matomo_kwd=t", "/a zine Referral | zine - c - t"),
        ("/a?piwik_source=zine&piwik_campaign=c&piwik_kwd=t", "/a zine Referral | zine - c - t"),
        ("/a?ref=producthunt", "/a Product Hunt Organic Social | - - - - -"),
        ("/a?source=google", "/a Google Organic Search | - - - - -"),
        ("/a?src=zine&campaign=c", "/a zine Referral | - - c - -"),
        ("/a?Utm_Source=zine&amp;UTM_MEDIUM=email", "/a zine Email | zine email - - -"),
        ("/a?b=1&amp%3Butm_source=zine&amp;amp;utm_campaign=c", "/a zine Referral | zine - c - -"),
        (&format!("/a?{noise}utm_source=zine"), "/a zine Referral | zine - - - -"),
        (&format!("/a?utm_source=zine&{noise}"), "/a zine Referral | zine - - - -"),
        (&format!("/a?{many}utm_source=zine"), "/a zine Referral | zine - - - -"),
    ] {
        for (format, beacon) in in_all_formats(target, "https://www.bing.com/") {
            let hit = hit(beacon, &site(Settings::default()));
            let shown: String = target.chars().take(80).collect();
            assert_eq!(told(&hit), expected, "{format}: {shown}");
            assert_eq!(hit.origin.referrer, "bing.com", "{format}: {shown}");
        }
    }
}

#[test]
fn campaign_keys_behind_a_number_sign_count_alike() {
    for (target, expected) in [
        ("/a#utm_source=zine&utm_campaign=c", "zine Referral | zine - c - -"),
        ("/a?b=1#mtm_source=zine&pk_campaign=c", "zine Referral | zine - c - -"),
        ("/a#/route?utm_source=zine", "zine Referral | zine - - - -"),
        ("/a?utm_source=zine#/route?utm_source=y", "zine Referral | zine - - - -"),
    ] {
        // Fragments of requests never reach a log, and Simple Analytics sends none.
        let sent = in_all_formats(target, "").into_iter();
        for (format, beacon) in sent.filter(|(format, _)| !matches!(*format, "log" | "simple" | "goatcounter q")) {
            let told = told(&hit(beacon, &site(Settings::default())));
            assert_eq!(told.split_once(' ').unwrap().1, expected, "{format}: {target}");
        }
    }
}

#[test]
fn own_hosts_are_no_referrers_in_any_format_unless_the_owner_says_so() {
    let direct = "Direct / None";
    let aliases = || vec!["example.net".to_owned(), "1".to_owned()];
    for (referrer, by_default, when_referrers) in [
        ("https://example.com/x", direct, direct),
        ("https://www.example.com/x", direct, direct),
        ("https://blog.example.com/x", direct, "blog.example.com"),
        ("https://a.b.example.com/", direct, "a.b.example.com"),
        ("https://shop.example.net/", direct, "shop.example.net"),
        ("https://example.net/", direct, direct),
        ("https://notexample.com/", "notexample.com", "notexample.com"),
        ("https://www.example.org/", "example.org", "example.org"),
    ] {
        for (subdomain_referrers, expected) in [(false, by_default), (true, when_referrers)] {
            let settings = || Settings { aliases: aliases(), subdomain_referrers, ..Settings::default() };
            for (format, beacon) in in_all_formats("/a", referrer) {
                let hit = hit(beacon, &site(settings()));
                assert_eq!(hit.origin.source, expected, "{format}: {referrer} {subdomain_referrers}");
            }
        }
    }
}

#[test]
fn a_page_that_was_not_found_is_told_by_its_path() {
    let sent = |entries: &str| {
        let body = format!(r#"{{"n":404,"u":"https://example.com/gone?x=1","d":"example.com"{entries}}}"#);
        let beacon = plausible::parse(&request("", body.as_bytes())).expect("a beacon").remove(0);
        hit(beacon, &site(Settings::default())).props
    };
    let path = |value: &str| ("path".to_owned(), value.to_owned());
    assert_eq!(sent(""), [path("/gone")]);
    assert_eq!(sent(r#","p":{"path":"/mine"}"#), [path("/mine")]);
    assert_eq!(sent(r#","p":{"plan":"pro"}"#), [("plan".to_owned(), "pro".to_owned()), path("/gone")]);
    let umami = json!({"type": "event", "payload": {"website": "example.com", "name": "404", "url": "/gone"}});
    let umami = umami::parse(&request("", umami.to_string().as_bytes())).expect("umami");
    assert_eq!(hit(umami, &site(Settings::default())).props, [path("/gone")]);
    let pixel = pixel::parse(&request("d=example.com&u=/gone&n=404", b"")).expect("pixel").remove(0);
    assert_eq!(hit(pixel, &site(Settings::default())).props, [path("/gone")]);
    let nowhere = json!({"type": "event", "payload": {"website": "example.com", "name": "404"}}).to_string();
    let nowhere = umami::parse(&request("", nowhere.as_bytes())).expect("umami");
    assert_eq!(hit(nowhere, &site(Settings::default())).props, []);
}

/// Odd messages of each format: nothing that is wrong with them is kept.
const ODD: [(&str, &str, &str); 12] = [
    (
        "POST",
        "/api/event",
        r#"{"n":"pageview","u":"https://example.com/a","d":"example.com","t":"\ud800","title":"x\udc00","r":7,"p":"{\"a\":\"\\ud83d\"}"}"#,
    ),
    (
        "POST",
        "/api/event",
        r#"{"n":"pageview","u":"https://example.com/a","d":"example.com","w":"wide","l":null,"\ud83d":[NaN,{"b":1e999}],"p":[1]}"#,
    ),
    (
        "POST",
        "/api/event",
        "\u{feff}{\"n\":\"pageview\",\"u\":\"https://example.com/a\",\"d\":\"example.com\",\"x\":\"a\u{0}b\tc\"}\0",
    ),
    (
        "POST",
        "/api/send",
        r#"{"type":"event","payload":{"website":"example.com","hostname":"example.com","url":"/a","title":"\ud83d","language":null,"screen":"?","referrer":7}}"#,
    ),
    (
        "POST",
        "/api/batch",
        r#"[{"type":"event","payload":{"website":"example.com","hostname":"example.com","url":"/a","data":{"\ud800":"\udfff"}}}]"#,
    ),
    (
        "POST",
        "/matomo.php",
        r#"{"requests":["?idsite=7&rec=1&url=https://example.com/a&action_name=%ff%00","idsite=7&rec=1&url=https://example.com/a&x=\ud800"]}"#,
    ),
    (
        "POST",
        "/matomo.php",
        "idsite=7&rec=1&url=https://example.com/a&action_name=\u{0}%ed%a0%80&cvar=%7B%221%22:[%22\\ud800%22,%22b%22]%7D&res=x&lang=",
    ),
    ("GET", "/count?p=/a&t=%ff%00&s=wide&q=%ff&r=%ff", ""),
    ("GET", "/collect?h=https://example.com&p=/a&sid=example.com&r=%ff&pid=%00", ""),
    (
        "GET",
        "/simple.gif?hostname=example.com&type=pageview&path=/a&viewport_width=NaN&language=&metadata=%7B%22a%22:%22%5Cud800%22%7D&timezone=%ff",
        "",
    ),
    (
        "POST",
        "/append",
        r#"{"hostname":"example.com","type":"append","path":"/a","duration":1.5,"scrolled":33.3,"x":"\ud800"}"#,
    ),
    ("GET", "/pixel.gif?d=example.com&u=/a&r=%ff%00&l=%ff&tz=%ff&sc=%ff", ""),
];

#[test]
fn what_nobody_keeps_is_no_reason_to_lose_a_hit() {
    let world = World::start();
    world.alias("example.com", &["7"]);
    let headers: Vec<(&str, String)> =
        vec![("user-agent", AGENT.to_owned()), ("origin", "https://example.com".to_owned())];
    for (method, path, body) in ODD {
        let answer = world.request(method, path, &headers, Some(body.as_bytes()));
        assert!(matches!(answer.status, 200 | 202 | 204), "{path} {body}: {} {}", answer.status, answer.text());
    }
    let long = format!("key={}&", "v".repeat(3_000));
    let page = form(&[("u", &format!("https://example.com/a?{long}utm_source=zine"))]);
    for path in [
        format!("/pixel.gif?{page}&d=example.com&{}", long.repeat(4)),
        format!("/count?{}&{long}", form(&[("p", &format!("/a?{long}"))])),
        format!("/matomo.php?{long}idsite=7&rec=1&{}&{long}", page.replacen("u=", "url=", 1)),
    ] {
        assert_eq!(world.request("GET", &path, &headers, None).status, 200, "{} bytes", path.len());
    }
    let title = json!({"n": "pageview", "u": "/a", "d": "example.com", "title": "x".repeat(900_000)}).to_string();
    assert_eq!(world.request("POST", "/api/event", &headers, Some(title.as_bytes())).status, 202);
    let query =
        json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "day", "dimensions": ["event:page"]});
    let rows = world.query(query).json()["results"].clone();
    assert_eq!(rows, json!([{"dimensions": ["/a"], "metrics": [16]}]), "{:?}", world.rejections("example.com"));
}
