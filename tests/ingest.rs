//! What requests to the paths of beacons are answered, and what is counted of them.

use headcount::report::Records;
use serde_json::{Value, json};

use crate::world::{World, person};

/// `metric` by dimension over today, from the API.
fn figures(world: &World, metric: &str, dimension: &str) -> Value {
    let query = json!({"site_id": "example.com", "metrics": [metric], "date_range": "day", "dimensions": [dimension]});
    let answer = world.query(query).json();
    let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let row = |row: &Value| (row["dimensions"][0].as_str().unwrap().to_owned(), row["metrics"][0].clone());
    rows.iter().map(row).collect()
}

fn rejections(world: &World) -> Vec<(&'static str, u64)> {
    let site = world.collector().directory().find("example.com").unwrap().clone();
    let day = site.schedule.locate(world.clock.now()).day;
    let found = world.collector().rejected(site.id, day, day).unwrap();
    let mut found: Vec<_> = found.into_iter().map(|(reason, count)| (reason.label(), count)).collect();
    found.sort_unstable();
    found
}

#[test]
fn an_acknowledged_hit_is_in_the_next_answer() {
    let world = World::start();
    for (place, path) in ["/", "/a", "/b", "/a"].into_iter().enumerate() {
        world.pageview(path).ok();
        let seen = figures(&world, "pageviews", "event:page");
        let sum: i64 = seen.as_object().unwrap().values().map(|v| v.as_i64().unwrap()).sum();
        assert_eq!(sum, place as i64 + 1);
        if place == 1 {
            world.flush();
        }
    }
    assert_eq!(figures(&world, "pageviews", "event:page"), json!({"/": 1, "/a": 2, "/b": 1}));
    assert_eq!(figures(&world, "visitors", "visit:browser"), json!({"Firefox": 1}));
}

#[test]
fn the_query_and_the_secrets_of_an_address_are_not_kept() {
    let world = World::start();
    let secret = world.canary("s3cr3t-Canary-77");
    let token = world.canary("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVP");
    let mail = world.canary("canary@mail.example");
    let fragment = world.canary("fragment-canary");
    world
        .pageview(&format!("/a?key={secret}&utm_campaign=spring#{fragment}"))
        .from(&format!("https://www.google.com/search?q={secret}"))
        .ok();
    world.pageview(&format!("/reset/{token}/{mail}")).ok();
    world
        .event(&format!("Mail {mail}"), "/a")
        .key("p", json!({"to": mail, "url": format!("https://x.test/?k={secret}")}))
        .ok();
    world.pageview(&format!("/b?utm_source={mail}")).by("bob").ok();
    world.flush();
    let pages = figures(&world, "pageviews", "event:page");
    assert_eq!(pages, json!({"/a": 1, "/reset/:token/:email": 1, "/b": 1}));
    assert_eq!(figures(&world, "events", "event:name"), json!({"pageview": 3, "Mail :email": 1}));
    assert_eq!(figures(&world, "events", "event:props:to"), json!({":email": 1}));
    assert_eq!(figures(&world, "events", "event:props:url"), json!({"x.test/": 1}));
    assert_eq!(figures(&world, "visits", "visit:source"), json!({"Google": 1, ":email": 1}));
    let (name, cookie) = world.sign_in();
    let shown = world.request("GET", "/example.com", &[(name, cookie)], None);
    assert!(shown.text().contains("/reset/:token/:email"), "the dashboard shows the masked page");
}

#[test]
fn the_query_of_an_address_in_a_name_is_not_kept() {
    let world = World::start();
    let [words, jane, key] = ["private", "jane-doe", "keyword"].map(|text| world.canary(text));
    let [value, relative, encoded] = ["secretword", "relword", "encodedq"].map(|text| world.canary(text));
    let address = format!("https%3A%2F%2Fnews.example%2Fsearch%3Fq%3D{words}%2Bwords%26user%3D{jane}");
    world.pageview(&format!("/?ref={address}")).ok();
    world.pageview(&format!("/u?utm_source={address}&utm_campaign={address}&utm_term={address}")).by("bob").ok();
    world
        .event(&format!("Visit https://x.test/a?name={jane}"), "/")
        .key(
            "p",
            json!({
                format!("https://x.test/k?q={key}"): "yes",
                "seen": format!("see https://x.test/?q={value}"),
                "searched": format!("/search?q={relative}"),
            }),
        )
        .ok();
    world.event(&format!("Click /a?x={jane}"), "/").ok();
    world.pageview(&format!("/a%3Fq={encoded}")).ok();
    world.flush();
    assert_eq!(figures(&world, "visits", "visit:source"), json!({"news.example": 2}));
    assert_eq!(figures(&world, "visits", "visit:utm_campaign")["news.example/search"], json!(1));
    assert_eq!(figures(&world, "pageviews", "event:page"), json!({"/": 1, "/u": 1, "/a": 1}));
    let events = figures(&world, "events", "event:name");
    assert_eq!(events, json!({"pageview": 3, "Visit x.test/a": 1, "Click /a": 1}));
    assert_eq!(figures(&world, "events", "event:props:seen")["see x.test/"], json!(1));
    assert_eq!(figures(&world, "events", "event:props:searched")["/search"], json!(1));
}

#[test]
fn every_reason_is_counted_and_answered_like_an_accepted_beacon() {
    let world = World::start();
    world
        .command(headcount::control::Command::SiteSet {
            domain: "example.com".into(),
            change: headcount::control::SiteChange::of("hosts", ["example.com"]),
        })
        .unwrap();
    let dropped = |visit: crate::world::Visit<'_>, reason: &str| {
        let answer = visit.send();
        assert_eq!((answer.status, answer.text().as_str()), (202, "ok"), "{reason}");
        assert_eq!(answer.header("x-headcount-rejected"), Some(reason));
        assert_eq!(answer.header("x-plausible-dropped"), Some("1"));
    };
    dropped(
        world.pageview("/").with("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        "bot",
    );
    dropped(world.pageview("/").key("wd", 1), "bot");
    dropped(world.pageview("/").header("sec-purpose", "prefetch;prerender"), "prefetch");
    dropped(world.pageview("/").header("sec-gpc", "1"), "opted_out");
    dropped(world.pageview("/").header("dnt", "1"), "opted_out");
    dropped(world.pageview("/").key("u", "https://elsewhere.test/"), "wrong_host");
    dropped(world.pageview("/").key("d", "unknown.test"), "unknown_site");
    dropped(world.pageview("/").from("https://semalt.com/x"), "spam_source");
    dropped(world.pageview("/").key("n", "engagement").key("e", 1000), "no_visit");
    let expected =
        [("bot", 2), ("no_visit", 1), ("opted_out", 2), ("prefetch", 1), ("spam_source", 1), ("wrong_host", 1)];
    assert_eq!(rejections(&world), expected);
    world.flush();
    assert_eq!(rejections(&world), expected, "the same when they are stored");
}

#[test]
fn a_refused_message_says_what_is_wrong_and_is_booked_to_its_site() {
    let world = World::start();
    let cases = [
        (json!({"n": "pageview", "d": "example.com"}), r#"{"errors":{"url":["is required"]}}"#),
        (json!({"u": "https://example.com/", "d": "example.com"}), r#"{"errors":{"event_name":["can't be blank"]}}"#),
        (
            json!({"n": "pageview", "u": "data:text/html,x", "d": "example.com"}),
            r#"{"errors":{"url":["scheme is not allowed"]}}"#,
        ),
        (
            json!({"n": "pageview", "u": "https://example.com/", "d": " "}),
            r#"{"errors":{"domain":["can't be blank"]}}"#,
        ),
    ];
    for (body, expected) in cases {
        let answer = world.beacon(body).send();
        assert_eq!((answer.status, answer.text().as_str()), (400, expected));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let broken = world.request("POST", "/api/event", &[], Some(b"{\"n\":"));
    assert_eq!(broken.text(), r#"{"errors":{"request":["Unable to parse request body as json"]}}"#);
    let long = vec![b' '; 1_000_001];
    assert_eq!(world.request("POST", "/api/event", &[], Some(&long)).status, 400);
    assert_eq!(rejections(&world), [("bad_field", 1), ("bad_url", 2)]);
}

#[test]
fn one_message_counts_for_several_sites() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("roll.up", "Etc/UTC")]);
    let answer = world.pageview("/").key("d", "example.com, www.roll.up,unknown.test").send();
    assert_eq!(answer.header("x-plausible-dropped"), Some("1"));
    let total = |site: &str| {
        let query = json!({"site_id": site, "metrics": ["pageviews"], "date_range": "day"});
        world.query(query).json()["results"][0]["metrics"][0].clone()
    };
    assert_eq!((total("example.com"), total("roll.up")), (json!(1), json!(1)));
}

#[test]
fn the_pixel_is_always_a_picture_that_nobody_keeps() {
    let world = World::start();
    let sender = person("ana");
    let headers = [("user-agent", sender.agent.clone()), ("x-forwarded-for", sender.address.to_string())];
    let cases = [
        ("/pixel.gif?d=example.com&u=https%3A%2F%2Fexample.com%2Fletter&r=https%3A%2F%2Fnews.ycombinator.com%2F", None),
        ("/pixel.gif?d=example.com&u=/letter", None),
        ("/pixel.gif?d=unknown.test&u=/letter", Some("unknown_site")),
        ("/pixel.gif", Some("bad_url")),
    ];
    for (path, reason) in cases {
        let answer = world.request("GET", path, &headers, None);
        assert_eq!((answer.status, answer.body.len(), &answer.body[..6]), (200, 43, &b"GIF89a"[..]));
        assert_eq!(answer.header("content-type"), Some("image/gif"));
        assert!(answer.header("cache-control").unwrap().contains("no-store"));
        assert_eq!(answer.header("x-headcount-rejected"), reason, "{path}");
    }
    assert_eq!(figures(&world, "pageviews", "event:page"), json!({"/letter": 2}));
    assert_eq!(figures(&world, "visits", "visit:source"), json!({"Hacker News": 1}));
    let answer = world.request("GET", "/pixel.gif?d=example.com", &headers, None);
    assert_eq!(answer.header("x-headcount-rejected"), Some("bad_url"));
    assert_eq!(rejections(&world), [("bad_url", 1)], "booked to the site that it names");
}

#[test]
fn browsers_may_send_from_any_page() {
    let world = World::start();
    let answer = world.request("OPTIONS", "/api/event", &[("origin", "https://example.com".into())], None);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some("*")));
    assert_eq!(answer.header("access-control-max-age"), Some("1728000"));
    assert_eq!(world.request("GET", "/api/event", &[], None).status, 405);
    assert_eq!(world.request("POST", "/pixel.gif", &[], None).status, 405);
}

#[test]
fn only_trusted_proxies_tell_the_address() {
    let world = World::start();
    let debug = |headers: &[(&str, String)]| {
        let mut headers = headers.to_vec();
        headers.push(("x-debug-request", "true".into()));
        let answer = world.request("POST", "/api/event", &headers, Some(b"{}"));
        (answer.status, answer.text())
    };
    assert_eq!(debug(&[]), (200, "127.0.0.1".into()));
    assert_eq!(
        debug(&[("x-forwarded-for", "192.0.2.1, 198.51.100.7, 127.0.0.1".into())]),
        (200, "198.51.100.7".into())
    );
    assert_eq!(debug(&[("forwarded", "for=\"[2001:db8::1]:8080\"".into())]), (200, "2001:db8::1".into()));
    // Nobody is believed when a client may have written one of two.
    let forged = [("x-forwarded-for", "203.0.113.66".to_owned()), ("x-real-ip", "192.0.2.1".to_owned())];
    assert_eq!(debug(&forged), (200, "127.0.0.1".into()));
    // This machine is not Cloudflare's.
    let forged = [("x-forwarded-for", "192.0.2.1".to_owned()), ("cf-connecting-ip", "203.0.113.66".to_owned())];
    assert_eq!(debug(&forged), (200, "192.0.2.1".into()));
}

#[test]
fn people_are_told_apart_by_address_and_agent_and_days_are_not_connected() {
    let world = World::at("2026-06-01T23:50:00Z", &[("example.com", "Etc/UTC")]);
    world.pageview("/").by("ana").ok();
    world.pageview("/").by("bob").ok();
    world.pageview("/").by("ana").with("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36").ok();
    world.go_to("2026-06-02T00:05:00Z");
    world.pageview("/").by("ana").ok();
    let query = json!({"site_id": "example.com", "metrics": ["visitors", "visits"], "date_range": ["2026-06-01", "2026-06-02"], "dimensions": ["time:day"]});
    let answer = world.query(query).json();
    let expected = json!([
        {"metrics": [3, 3], "dimensions": ["2026-06-01"]},
        {"metrics": [1, 1], "dimensions": ["2026-06-02"]},
    ]);
    assert_eq!(answer["results"], expected);
}

#[test]
fn a_site_without_tokens_measures_no_visitors() {
    let world = World::start();
    let change = headcount::control::SiteChange::of("address", "none");
    world.command(headcount::control::Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    world.pageview("/").ok();
    world.pageview("/a").ok();
    let query = json!({"site_id": "example.com", "metrics": ["visitors", "visits", "pageviews", "bounce_rate", "visit_duration"], "date_range": "day"});
    assert_eq!(world.query(query).json()["results"][0]["metrics"], json!([null, null, 2, null, null]));
    let ping = world.pageview("/").key("n", "engagement").key("e", 1000).send();
    assert_eq!(ping.status, 202);
    assert_eq!(rejections(&world), [("no_visit", 1)]);
}
