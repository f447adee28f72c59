//! The last half hour, for signed-in people alone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use headcount::control::{Command, SiteChange};
use headcount::counts::recent_activity::RecentActivity;
use headcount::site::SiteId;
use serde_json::json;

use crate::world::World;

fn recent_activity(world: &World) -> RecentActivity {
    world.collector().recent_activity(SiteId(1)).unwrap()
}

fn list(rows: &[(headcount::counts::Name, u64)]) -> String {
    rows.iter().map(|(value, visitors)| format!("{value} {visitors}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_last_half_hour_is_in_memory_and_forgets_by_itself() {
    let world = World::start();
    world.pageview("/").by("ana").from("https://google.com/").ok();
    world.wait_minutes(10);
    world.pageview("/a").by("ana").ok();
    world.pageview("/a").by("bob").from("https://bing.com/").ok();
    world.event("Signup", "/a").by("bob").ok();
    let now = recent_activity(&world);
    assert_eq!((now.people.now, now.people.visitors), (2, 2));
    assert_eq!(
        (list(&now.people.pages.rows), list(&now.people.sources.rows)),
        ("/a 2".into(), "Bing 1, Google 1".into())
    );
    assert_eq!((now.pageviews[19], now.pageviews[29], now.pageviews.iter().sum::<u32>()), (1, 2, 3));
    world.wait_minutes(20);
    let later = recent_activity(&world);
    assert_eq!((later.people.now, later.people.visitors), (0, 2));
    assert_eq!((later.pageviews[9], later.pageviews.iter().sum::<u32>()), (2, 2));
    world.wait_minutes(10);
    let end = recent_activity(&world);
    assert_eq!((end.people.visitors, end.pageviews, end.people.pages.values), (0, [0; 30], 0));
}

#[test]
fn at_midnight_visitors_are_forgotten_and_pageviews_stay_numbers() {
    let world = World::at("2026-06-01T23:55:00Z", &[("example.com", "Etc/UTC")]);
    world.pageview("/old").by("ana").ok();
    world.pageview("/old").by("bob").ok();
    world.go_to("2026-06-02T00:05:00Z");
    // Closing the day is work of the writer's own, done at the latest with the next flush.
    world.flush();
    world.pageview("/new").by("ana").ok();
    let now = recent_activity(&world);
    assert_eq!((now.people.visitors, list(&now.people.pages.rows)), (1, "/new 1".into()));
    assert_eq!((now.pageviews[19], now.pageviews[29]), (2, 1));
}

#[test]
fn a_site_without_tokens_has_pageviews_alone() {
    let world = World::start();
    let change = SiteChange::of("address", "none");
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    world.pageview("/").ok();
    world.beacon(json!({"n": "engagement", "u": "https://example.com/", "d": "example.com", "e": 100})).ok();
    let now = recent_activity(&world);
    assert_eq!((now.people.now, now.people.visitors, now.people.pages.values), (0, 0, 0));
    assert_eq!((now.pageviews[29], now.pageviews.iter().sum::<u32>()), (1, 1));
}

/// Longer than any pause of a stream.
const LONGEST: Duration = Duration::from_secs(20);

/// A stream of server-sent events, as a browser has it.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(world: &World, path: &str, cookie: &str) -> Events {
        let host = world.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\naccept-encoding: gzip\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        Events(BufReader::new(stream))
    }

    /// The head of the answer.
    fn head(&mut self) -> String {
        self.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// The lines from here on. A stream has signs of life, so that one which never ends must fail a test by its age.
    fn lines(&mut self) -> impl Iterator<Item = String> {
        let begun = Instant::now();
        self.0.by_ref().lines().map(move |line| {
            assert!(begun.elapsed() < LONGEST, "the stream goes on");
            line.unwrap()
        })
    }

    /// Reads until a line contains a text; false at the end.
    fn reads(&mut self, text: &str) -> bool {
        self.lines().any(|line| line.contains(text))
    }

    /// Everything until the end.
    fn rest(mut self) -> String {
        self.lines().collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn streams_tell_what_changes_to_those_who_are_signed_in() {
    let world = World::start();
    let cookie = world.sign_in();
    for path in ["/example.com/live", "/example.com/live/events"] {
        assert_eq!(world.page(path).status, 401, "{path}");
    }
    let get = |path: &str| world.request("GET", path, std::slice::from_ref(&cookie), None);
    let page = get("/example.com/live");
    assert!(page.status == 200 && page.text().contains("Nobody just now."), "{}", page.text());
    assert_eq!(get("/other.test/live/events").status, 404);
    assert_eq!(get("/example.com/live/events?of=x").status, 400);

    let mut events = Events::open(&world, "/example.com/live/events", &cookie.1);
    let head = events.head();
    assert!(head.contains("content-type: text/event-stream") && head.contains("cache-control: no-store"), "{head}");
    assert!(!head.contains("content-encoding"), "what is compressed waits until a block is full: {head}");
    assert!(events.reads("event: part") && events.reads("Nobody just now."));
    world.pageview("/fresh").by("ana").from("https://google.com/").ok();
    assert!(events.reads("/fresh") && events.reads("Google"));

    let mut of_site = Events::open(&world, "/example.com/live/events?of=site", &cookie.1);
    assert!(of_site.reads("1 visitor now"));
    let out = world.request("POST", "/sign-out", &[cookie, ("origin", world.url().to_owned())], None);
    assert_eq!(out.status, 303, "{}", out.text());
    world.pageview("/later").by("bob").ok();
    assert!(!of_site.rest().contains("2 visitors"), "who has signed out is told no more");
}

#[test]
fn a_site_that_waits_hears_why_nothing_counts_and_of_its_first_visit() {
    let world = World::start();
    let change = SiteChange::of("hosts", ["example.com"]);
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    let cookie = world.sign_in();
    let mut events = Events::open(&world, "/example.com/live/events?of=new", &cookie.1);
    assert!(events.reads("Nothing has arrived yet"));
    world.beacon(json!({"n": "pageview", "u": "https://exmaple.com/", "d": "example.com"})).ok();
    assert!(events.reads("1 message was not counted: wrong host; allowed are <code>example.com</code>."));
    let page = world.request("GET", "/example.com", &[cookie], None).text();
    assert!(page.contains("1 message was not counted: wrong host; allowed are <code>example.com</code>."), "{page}");
    world.pageview("/").ok();
    assert!(events.reads("event: page"));
}

#[test]
fn the_end_of_the_server_waits_for_no_stream() {
    let mut world = World::start();
    let cookie = world.sign_in();
    let mut events = Events::open(&world, "/example.com/live/events", &cookie.1);
    assert!(events.reads("event: part"));
    assert_eq!(world.collector().meter().streams.get(), 1);
    let begun = Instant::now();
    world.restart();
    assert!(begun.elapsed() < Duration::from_secs(headcount::limits::DRAIN_S / 2), "{:?}", begun.elapsed());
    events.rest();
}
