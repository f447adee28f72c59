//! What a real browser tells the collector through the tracker, and what the dashboard then shows in it.
//!
//! The pages of the measured site come from another port than the collector, so CORS is real.

mod cases;
mod driver;
mod engines;
mod installed;
mod opt_out;
mod pages;
mod plain;
mod settings;
mod script;

use std::time::Duration;

use headcount::control::Command;
use headcount::page::words::ENGLISH;
use serde_json::json;

use crate::world::World;
use driver::Browser;
use pages::Pages;

/// How often, and after how many milliseconds each time, a figure is asked for until it is the one expected.
const ASKED_MAX: u32 = 100;
const PAUSE_MS: u64 = 50;

/// Keeps what the page sends from now on in `sent`.
const WATCH: &str = "let send = fetch; window.sent = [];
    window.fetch = (url, how) => { sent.push(JSON.parse(how.body)); return send(url, how) }";

/// A visitor of one site, and the collector that counts the visits. The browser is closed first, the world checked last.
struct Scene {
    browser: Browser,
    pages: Pages,
    world: World,
}

impl Scene {
    /// The site is example.com; its pages name it so.
    fn start(browser: Browser) -> Scene {
        Scene::with_pages_of("example.com", browser)
    }

    /// The pages name a domain of their own.
    fn with_pages_of(domain: &str, browser: Browser) -> Scene {
        let world = World::start();
        world.canary(&browser.agent());
        world.canary("nightingale");
        Scene { browser, pages: Pages::start(world.url(), domain), world }
    }

    /// Opens a page of the site.
    fn open(&self, path: &str) {
        self.browser.open(&self.pages.at("example.com", path));
    }

    /// Opens a page of the collector.
    fn open_collector(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.world.url()));
    }

    /// Signs the browser in by the button of a fresh link.
    fn sign_in(&self) {
        let link = self.world.command(Command::UserLink).unwrap().text;
        self.browser.open(&link);
        self.browser.click("main form button");
        eventually("who is signed in", &1, || self.browser.texts(".account").len());
    }

    /// Waits until the site's figures are these: a metric and a dimension of the v2 API, and each value with its number.
    fn counts(&self, what: &str, expected: &str) {
        eventually(what, &expected.to_owned(), || figures(&self.world, what));
    }

    /// Waits until there were as many engagement pings.
    fn pings(&self, expected: u64) {
        eventually("engagement pings", &expected, || self.world.collector().meter().pings.get());
    }

    /// Waits until as many beacons were rejected for a reason.
    fn rejects(&self, reason: &str, expected: u64) {
        let line = format!("headcount_beacons_rejected_total{{reason=\"{reason}\"}} {expected}\n");
        eventually(&line, &true, || self.world.collector().meter().text().contains(&line));
    }

    /// Waits until the tracker has said in the console that it is not counted, and why.
    fn says(&self, level: &str, why: &str) {
        let mut said = Vec::new();
        eventually(why, &true, || {
            said.extend(self.browser.console());
            let is_it = |line: &&String| line.contains("headcount: not counted,") && line.contains(why);
            said.iter().find(is_it).is_some_and(|line| line.starts_with(level))
        });
    }

    /// Beacons that arrived so far.
    fn received(&self) -> u64 {
        self.world.collector().meter().received.get()
    }
}

/// Asks until the answer is the one expected. A browser does things in its own time and tells nobody when a beacon was
/// taken, so this is the one place that sleeps, a little and not for long.
fn eventually<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, ask: impl FnMut() -> T) {
    let mut ask = ask;
    let mut found = ask();
    for _ in 0..ASKED_MAX {
        if found == *expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(PAUSE_MS));
        found = ask();
    }
    assert_eq!(found, *expected, "{what}");
}

/// The figures of a metric by a dimension, in the order of its values: `/a 1, /b 2`.
fn figures(world: &World, what: &str) -> String {
    let (metric, dimension) = what.split_once(' ').unwrap();
    let answer = world.query(json!({
        "site_id": "example.com", "date_range": "day", "metrics": [metric], "dimensions": [dimension],
        "order_by": [[dimension, "asc"]],
    }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let rows = answer["results"].as_array().unwrap().iter();
    let rows = rows.map(|row| format!("{} {}", row["dimensions"][0].as_str().unwrap(), row["metrics"][0]));
    rows.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_page_tells_what_happens_on_it() {
    let scene = Scene::start(Browser::start());
    scene.open("/plain.html?utm_source=news&key=nightingale#frag");
    scene.counts("pageviews event:page", "/plain.html 1");
    scene.counts("visitors visit:source", "news 1");
    scene.counts("visits visit:entry_page", "/plain.html 1");
    scene.browser.run(WATCH);
    scene.browser.click("#quiet");
    scene.counts("events event:name", "Autoplay 1, pageview 1");
    scene.counts("bounce_rate visit:source", "news 100");
    scene.browser.click("#event");
    scene.counts("events event:name", "Autoplay 1, Signup 1, pageview 1");
    scene.counts("bounce_rate visit:source", "news 0");
    scene.counts("events event:props:plan", "pro 1");
    scene.counts("events event:props:seats", "3 1");
    scene.browser.click("#sale");
    eventually("title", &"Sold 202".to_owned(), || scene.browser.title());
    scene.browser.click("#outbound");
    scene.browser.click("#download");
    let names = "Autoplay 1, File Download 1, Outbound Link: Click 1, Purchase 1, Signup 1, pageview 1";
    scene.counts("events event:name", names);
    scene.counts("events event:props:url", "example.com/files/Report.PDF 1, other.example.test/there 1");
    // What the collector would forget need not even be sent.
    let sent = scene.browser.run("return sent.filter(it => it.n != 'engagement')");
    let page = scene.pages.at("example.com", "/plain.html?utm_source=news&key=nightingale");
    assert!(sent.as_array().unwrap().iter().all(|it| it["u"] == *page), "no fragment leaves the browser: {sent}");
    assert_eq!(sent[2]["revenue"], json!({"amount": 19.9, "currency": "EUR"}));
    assert_eq!(sent[3]["props"]["url"], "http://other.example.test/there");
    assert_eq!(sent[4]["props"]["url"], *scene.pages.at("example.com", "/files/Report.PDF"));
    assert_eq!(scene.browser.console(), Vec::<String>::new());
}

#[test]
fn reading_a_page_is_measured_in_seconds_and_depth() {
    let scene = Scene::start(Browser::start());
    scene.open("/plain.html");
    scene.counts("pageviews event:page", "/plain.html 1");
    let depth = scene.browser.run("scrollTo(0, 1000); return Math.floor(100 * (1000 + innerHeight) / 4000)");
    // A minute passes for the page, 15 seconds for the collector, which believes 5 seconds more than its own.
    scene.browser.run("let now = Date.now; Date.now = () => now() + 60000");
    scene.world.wait_ms(15_000);
    scene.browser.minimize();
    scene.pings(1);
    scene.counts("time_on_page event:page", "/plain.html 20");
    scene.counts("scroll_depth event:page", &format!("/plain.html {depth}"));
}

#[test]
fn each_path_of_a_single_page_site_is_a_pageview_and_the_page_left_is_measured() {
    let scene = Scene::start(Browser::start());
    scene.open("/spa.html");
    scene.counts("pageviews event:page", "/spa.html 1");
    scene.browser.click("#push");
    scene.counts("pageviews event:page", "/spa.html 1, /spa/pushed 1");
    scene.pings(1);
    scene.browser.click("#replace");
    scene.counts("pageviews event:page", "/spa.html 1, /spa/pushed 1, /spa/replaced 1");
    scene.pings(2);
    let before = scene.received();
    for same in ["#same", "#query", "#fragment", "#back"] {
        scene.browser.click(same);
    }
    // That was back from the fragment; the next leaves the page.
    scene.browser.click("#back");
    scene.counts("pageviews event:page", "/spa.html 2, /spa/pushed 1, /spa/replaced 1");
    scene.pings(3);
    assert_eq!(scene.received(), before + 2, "one ping and one pageview");

    scene.open("/hash.html");
    scene.counts("pageviews visit:exit_page", "/hash.html 5");
    scene.browser.click("#about");
    scene.counts("pageviews visit:exit_page", "/hash.html#/about 6");
    scene.browser.click("#back");
    scene.counts("pageviews visit:exit_page", "/hash.html 7");

    scene.open("/missing/page");
    scene.counts("events event:props:path", "/missing/page 1");
    scene.counts("pageviews visit:exit_page", "/missing/page 8");
    scene.counts("events event:name", "404 1, pageview 8");
}

#[test]
fn a_page_that_is_loaded_ahead_counts_when_it_is_shown() {
    let scene = Scene::start(Browser::start());
    scene.open("/ahead.html");
    eventually("loaded ahead", &true, || scene.pages.has_served("/plain.html"));
    assert_eq!(scene.received(), 0, "nobody has seen it yet");
    scene.browser.click("#there");
    scene.counts("pageviews event:page", "/plain.html 1");
    let ahead = scene.browser.run("return performance.getEntriesByType('navigation')[0].activationStart > 0");
    assert_eq!(ahead, json!(true), "the page had been there before the click");
}

#[test]
fn who_is_not_counted_reads_why_in_the_console() {
    let scene = Scene::start(Browser::start());
    scene.open("/plain.html?headcount=ignore");
    scene.says("INFO", "localStorage.headcount_ignore");
    scene.open("/spa.html");
    scene.says("INFO", "localStorage.headcount_ignore");
    assert_eq!(scene.received(), 0, "nothing was sent");
    scene.open("/plain.html?headcount=count");
    scene.counts("pageviews event:page", "/plain.html 1");
    assert_eq!(scene.browser.run("return localStorage.length + document.cookie.length"), 0);

    // A developer's own machine counts like any other.
    scene.browser.open(&scene.pages.at("localhost", "/hash.html"));
    scene.counts("pageviews event:page", "/hash.html 1, /plain.html 1");
    assert_eq!(scene.browser.run("return localStorage.length + document.cookie.length"), 0);

    // What is left to say of the last page is said before the browser asks for privacy.
    scene.browser.open("about:blank");
    scene.browser.ask_for_privacy();
    scene.open("/plain.html");
    scene.says("WARNING", "opted_out");
    scene.rejects("opted_out", 1);
}

#[test]
fn a_slip_in_the_domain_and_an_automated_browser_are_rejected_and_told_so() {
    let scene = Scene::start(Browser::automated());
    scene.open("/plain.html");
    scene.says("WARNING", "bot");
    scene.rejects("bot", 1);
    let slip = Pages::start(scene.world.url(), "exmaple.com");
    scene.browser.open(&slip.at("example.com", "/plain.html"));
    scene.says("WARNING", "unknown_site");
    scene.rejects("unknown_site", 1);
    scene.counts("pageviews event:page", "");
}

#[test]
fn the_dashboard_shows_a_first_visit_and_needs_no_script() {
    let mut scene = Scene::start(Browser::start());
    scene.sign_in();
    let empty = scene.browser.text();
    let snippet =
        format!("<script defer data-domain=\"example.com\" src=\"{}/js/script.js\"></script>", scene.world.url());
    assert!(empty.contains("Waiting for the first visit") && empty.contains(&snippet), "{empty}");

    scene.open("/plain.html?utm_source=news");
    scene.counts("pageviews event:page", "/plain.html 1");
    scene.open_collector("/example.com");
    let shown = scene.browser.text();
    for words in ["1 visitor now", "Visitors\n1\n", "Pageviews\n1\n", "/plain.html", "news", "Chrome"] {
        assert!(shown.contains(words), "{words:?} is not in {shown}");
    }
    assert!(!shown.contains(ENGLISH.notice_repeat) && !shown.contains("points"), "nothing to compare with: {shown}");
    scene.browser.forbid_scripts();
    scene.browser.reload();
    let shown = shown.replace("\nKeyboard shortcuts", "");
    assert_eq!(scene.browser.text(), shown, "without scripts the dashboard is the same but for the keys");

    // Another port is the same host to a cookie.
    scene.world.restart();
    scene.open_collector("/example.com");
    let shown = scene.browser.text();
    assert!(!shown.contains(ENGLISH.notice_repeat) && shown.contains("Visitors\n1\n"), "the day goes on: {shown}");
    assert_eq!(scene.browser.console(), Vec::<String>::new(), "no error, no violation of the content policy");
}

#[test]
fn a_click_on_a_row_filters_the_page_and_a_click_on_its_chip_takes_that_back() {
    let scene = Scene::start(Browser::start());
    let add = Command::GoalAdd { site: "example.com".into(), target: "/plain.html".into(), name: None };
    scene.world.command(add).unwrap();
    scene.open("/plain.html?utm_source=news");
    scene.world.pageview("/other").by("bob").ok();
    scene.counts("pageviews event:page", "/other 1, /plain.html 1");
    scene.sign_in();
    scene.browser.forbid_scripts();
    scene.open_collector("/example.com");
    let all = scene.browser.text();
    assert!(all.contains("/other") && all.contains("Visit /plain.html\n1 1 50.0"), "{all}");

    scene.browser.click("a[href$='filter=source:news']");
    let news = scene.browser.text();
    assert!(news.contains("Source is news") && news.contains("Visitors\n1\n") && !news.contains("/other"), "{news}");
    assert!(news.contains("Visit /plain.html\n1 1 100.0"), "{news}");
    scene.browser.click("a[href$='filter=goal:Visit+/plain.html']");
    let goal = scene.browser.text();
    assert!(goal.contains("Goal is Visit /plain.html") && goal.contains("Conversions\n1\n"), "{goal}");
    assert!(goal.contains("Source is news"), "today both can be looked at together: {goal}");
    scene.browser.click(".filters a");
    let goal = scene.browser.text();
    assert!(goal.contains("Goal is Visit /plain.html") && !goal.contains("Source is news"), "{goal}");
    scene.browser.click(".filters a");
    assert_eq!(scene.browser.text(), all, "without its only filter the page is as before");
    assert_eq!(scene.browser.console(), Vec::<String>::new(), "no error, no violation of the content policy");
}
