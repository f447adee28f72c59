//! Where memory is nearly full: what gives way, and what senders are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use headcount::cell::{Axis, Dimension, Filter, Test};
use headcount::limits;
use headcount::meter::Pressure;
use headcount::report::Sums;
use headcount::store::{Ask, Interrupt, ReadMeter, StoreError};
use serde_json::json;

use crate::program::{Program, pageview};
use crate::world::{Answer, World, person};

const SENT_AWAY: &str = "a request was sent away because too many came";

/// Has so much give way as if so much memory were taken.
fn press(world: &World, pressure: Pressure) {
    world.collector().meter().pressure.set(pressure);
}

/// Sends a message of each format, and gives the answers with the status that is right where nothing is counted any more.
fn one_of_each_format(world: &World) -> Vec<(&'static str, u16, Answer)> {
    let event = json!({"n": "pageview", "u": "https://example.com/x", "d": "example.com"});
    let umami = json!({"type": "event", "payload": {"website": "example.com", "hostname": "example.com", "url": "/x"}});
    let token = ("authorization", format!("Bearer {}", world.token("ingest")));
    let list = |item: &serde_json::Value| json!([item]).to_string();
    let sent: [(&str, &str, String, u16); 10] = [
        ("POST", "/api/event", event.to_string(), 503),
        ("GET", "/pixel.gif?d=example.com&u=https%3A%2F%2Fexample.com%2Fx", String::new(), 200),
        ("POST", "/api/send", umami.to_string(), 503),
        ("GET", "/count/example.com?p=%2Fx", String::new(), 503),
        ("GET", "/matomo.php?idsite=7&rec=1&url=https%3A%2F%2Fexample.com%2Fx", String::new(), 503),
        ("GET", "/collect?sid=example.com&p=%2Fx&h=https%3A%2F%2Fexample.com", String::new(), 200),
        ("GET", "/e/example.com/june.gif", String::new(), 200),
        ("POST", "/api/events", list(&event), 503),
        ("POST", "/api/batch", list(&umami), 503),
        ("POST", "/api/v0/count", json!({"no_sessions": true, "hits": [{"path": "/x"}]}).to_string(), 503),
    ];
    let ana = person("ana");
    let send = |(method, path, body, status): (&'static str, &'static str, String, u16)| {
        let mut headers = vec![("user-agent", ana.agent.clone()), ("x-forwarded-for", ana.address.to_string())];
        headers.extend((method == "POST").then(|| ("content-type", "application/json".to_owned())));
        headers.extend(["/api/events", "/api/v0/count"].contains(&path).then(|| token.clone()));
        (path, status, world.request(method, path, &headers, Some(body.as_bytes())))
    };
    sent.into_iter().map(send).collect()
}

#[test]
fn past_the_last_memory_each_format_is_told_to_try_again_and_all_is_booked() {
    let world = World::start();
    world.expect_in_log(SENT_AWAY);
    world.alias("example.com", &["7"]);
    world.pageview("/before").ok();
    press(&world, Pressure::Beacons);
    let answers = one_of_each_format(&world);
    for (path, status, answer) in &answers {
        assert_eq!(answer.status, *status, "{path}: {}", answer.text());
        assert_eq!(answer.header("x-headcount-rejected"), Some("overloaded"), "{path}");
        assert_eq!(answer.header("retry-after").is_some(), *status == 503, "{path}");
    }
    press(&world, Pressure::None);
    assert_eq!(world.rejections("example.com"), [("overloaded", answers.len() as u64)]);
    world.pageview("/after").ok();
}

#[test]
fn a_list_that_was_sent_away_counts_when_it_is_sent_again_and_then_never_more() {
    let mut world = World::start().without_journal();
    world.expect_in_log(SENT_AWAY);
    world.alias("example.com", &["7"]);
    let event = json!({"n": "pageview", "u": "https://example.com/x", "d": "example.com"});
    let umami = json!({"type": "event", "payload": {"website": "example.com", "hostname": "example.com", "url": "/x"}});
    let lists = [
        ("/api/events", json!([event])),
        ("/api/batch", json!([umami])),
        ("/api/v0/count", json!({"no_sessions": true, "hits": [{"path": "/x"}]})),
        ("/matomo.php", json!({"requests": ["?idsite=7&rec=1&url=https%3A%2F%2Fexample.com%2Fx"]})),
    ];
    let token = format!("Bearer {}", world.token("ingest"));
    let send = |world: &World, (path, list): &(&str, serde_json::Value)| {
        let agent = ("user-agent", person("ana").agent.clone());
        let named = [("authorization", token.clone()), ("idempotency-key", (*path).to_owned())];
        let headers = [named.as_slice(), &[agent, ("content-type", "application/json".to_owned())]].concat();
        world.request("POST", path, &headers, Some(list.to_string().as_bytes()))
    };
    press(&world, Pressure::Beacons);
    for list in &lists {
        assert_eq!(send(&world, list).status, 503, "{}", list.0);
    }
    press(&world, Pressure::None);
    for list in &lists {
        let answer = send(&world, list);
        assert_eq!(answer.header("x-headcount-rejected"), None, "{}: {}", list.0, answer.text());
    }
    // What is stored outlives the memory of the program.
    for step in 0..2 {
        lists.iter().for_each(|list| assert!(send(&world, list).status < 300, "{}", list.0));
        let query = json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "day"});
        assert_eq!(world.query(query).json()["results"][0]["metrics"], json!([lists.len()]), "{step}");
        world.flush();
        world.restart();
    }
}

#[test]
fn who_sends_more_than_their_share_is_turned_away_first() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("other.example", "Etc/UTC")]);
    world.expect_in_log(SENT_AWAY);
    press(&world, Pressure::HeavySenders);
    let statuses = |name: &str, many: u32| {
        let sent = (0..many).map(|number| world.pageview(&format!("/{}", number % 7)).by(name).send().status);
        let (taken, away): (Vec<u16>, Vec<u16>) = sent.partition(|status| *status == 202);
        assert!(away.iter().all(|status| *status == 503));
        (taken.len() as u32, away.len() as u32)
    };
    // One network.
    assert_eq!(statuses("ana", limits::SHARE_OF_NETWORK + 5), (limits::SHARE_OF_NETWORK, 5));
    // One site, where there is another: so many of its hits are let through, from wherever they come.
    assert_eq!(statuses("bob", limits::SHARE_OF_NETWORK), (limits::SHARE_OF_SITE - limits::SHARE_OF_NETWORK, 0));
    assert_eq!(statuses("eve", 5), (0, 5));
    let other = json!({"n": "pageview", "u": "https://other.example/", "d": "other.example"});
    world.beacon(other.clone()).by("eve").ok();
    // One browser, on whichever site.
    let left = limits::SHARE_OF_BROWSER - limits::SHARE_OF_SITE - 1;
    let others = (0..left + 5).map(|number| world.beacon(other.clone()).by(&format!("kim {}", number % 9)).send());
    assert_eq!(others.filter(|answer| answer.status == 202).count() as u32, left);
    let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15";
    world.beacon(other).by("eve").with(safari).ok();
    // Whoever sent is forgotten after so many hits.
    let window = statuses("ana", limits::SHARED_HITS);
    assert!(window.0 > 0 && window.0 <= limits::SHARE_OF_NETWORK, "{window:?}");
}

#[test]
fn new_visitors_give_way_before_hits_do() {
    let world = World::start();
    world.pageview("/").by("ana").ok();
    press(&world, Pressure::NewVisitors);
    world.pageview("/a").by("ana").ok();
    world.pageview("/b").by("bob").ok();
    let totals =
        world.query(json!({"site_id": "example.com", "metrics": ["visitors", "pageviews"], "date_range": "day"}));
    assert_eq!(totals.json()["results"][0]["metrics"], json!([1, 3]));
    assert!(world.metrics().contains("headcount_hits_without_visitor_total 1\n"));
}

#[test]
fn a_program_without_memory_left_says_so_and_goes_on() {
    let program = Program::behind("exec \"$@\"", &["--memory-max", "8M"], |_| {});
    let gives_way = || program.health()["overload"]["gives_way"].as_str().map(str::to_owned);
    program.until(|| (gives_way()? == "beacons").then_some(()));
    let answer = program.ask(&pageview("/a", "connection: close\r\n"));
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 10\r\n"), "{answer}");
    assert!(answer.contains("x-headcount-rejected: overloaded\r\n"), "{answer}");
    assert!(program.log().contains("memory is nearly full"), "{}", program.log());
    let health = program.health();
    assert!(health["overload"]["turned_away"].as_u64() >= Some(1), "{health}");
    assert!(health["overload"]["taken_mb"].as_u64() > health["overload"]["max_mb"].as_u64(), "{health}");
}

#[test]
fn a_list_that_goes_on_is_left_where_no_memory_is() {
    let world = World::start();
    world.expect_in_log(SENT_AWAY);
    let headers = [("authorization", format!("Bearer {}", world.token("ingest")))];
    let event = json!({"n": "pageview", "u": "https://example.com/x", "d": "example.com"});
    let list = vec![event.to_string(); 2_000].join("\n");
    press(&world, Pressure::Beacons);
    let answer = world.request("POST", "/api/events", &headers, Some(list.as_bytes()));
    assert_eq!((answer.status, answer.header("x-headcount-rejected")), (503, Some("overloaded")), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
}

/// Counts what is read, and ends it after so much.
struct CountingMeter {
    cells: AtomicUsize,
    most: usize,
}

impl ReadMeter for CountingMeter {
    fn goes_on(&self, cells: usize, _: usize) -> Result<(), StoreError> {
        let read = self.cells.fetch_add(cells, Relaxed) + cells;
        if read > self.most { Err(StoreError::Interrupted) } else { Ok(()) }
    }
}

/// Asks for the totals of pages that pass a test: what it takes to answer, in cells, or that it took more than `most`.
fn reads(world: &World, test: Test, most: usize) -> Result<usize, StoreError> {
    let collector = world.collector();
    let site = collector.directory().find("example.com").unwrap().clone();
    let day = site.schedule.locate(collector.clock().now()).day;
    let filter = Filter { axis: Axis::Of(Dimension::Page), test };
    let ask = Ask { filter: Some(filter), ..Ask::totals_of_day(site.id, day) };
    let meter = Arc::new(CountingMeter { cells: AtomicUsize::new(0), most });
    collector.interrupted_by(Interrupt::by(meter.clone())).read(&[ask])?;
    Ok(meter.cells.load(Relaxed))
}

#[test]
fn what_it_takes_to_match_names_counts_as_reading_and_can_be_ended() {
    let world = World::start();
    (0..40).for_each(|number| world.pageview(&format!("/page/{number}")).ok());
    let texts = |many: u32| Test::Contains((0..many).map(|number| format!("{number}x")).collect::<Vec<_>>().into());
    let long = || Test::Any(vec![texts(1_000); 10]);
    for place in ["in memory", "stored"] {
        let (short, all) = (reads(&world, texts(1), usize::MAX).unwrap(), reads(&world, long(), usize::MAX).unwrap());
        assert!(short < 400 && all >= 40 * 11, "{place}: {short} {all}");
        assert_eq!(reads(&world, long(), 400), Err(StoreError::Interrupted), "{place}");
        world.flush();
    }
}

#[test]
fn a_query_names_so_many_values_in_all() {
    let world = World::start();
    world.pageview("/").ok();
    let values: Vec<String> = (0..limits::FILTER_VALUES_MAX).map(|number| format!("/{number}")).collect();
    let asked = |filters: usize| {
        let filters = vec![json!(["contains", "event:page", values]); filters];
        world.query(json!({"site_id": "example.com", "metrics": ["visitors"], "date_range": "day", "filters": filters}))
    };
    assert_eq!(asked(limits::QUERY_VALUES_MAX / limits::FILTER_VALUES_MAX - 1).status, 200);
    let refused = asked(limits::QUERY_VALUES_MAX / limits::FILTER_VALUES_MAX);
    assert!(refused.status == 400 && refused.text().contains("2000 items in all filters"), "{}", refused.text());
}
