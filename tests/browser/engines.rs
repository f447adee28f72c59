//! In: one visit each in Chromium, Firefox and WebKit. Out: the same numbers. Forgets: nothing.

use serde_json::{Value, json};

use super::driver::{Browser, Engine};
use super::{Scene, WATCH, eventually};

/// Pages that are read one after the other, and how long each, in milliseconds: more than the five seconds by which a
/// collector that goes by its own clock alone would cap what comes out of turn.
const READ: u32 = 10;
const DWELL_MS: i64 = 12_000;

/// A browser takes seconds to start, so all steps share one.
fn visit(engine: Engine) {
    let scene = Scene::start(Browser::of(engine));
    what_happens_is_told(&scene);
    reading_in_a_single_page_site_is_all_counted(&scene);
    who_looks_at_nothing_is_not_reading(&scene);
    let said = scene.browser.console();
    assert_eq!(said, Vec::<String>::new(), "{engine:?}: no error, no violation of a content policy");
}

#[test]
fn chromium_tells_all() {
    visit(Engine::Chromium);
}

#[test]
fn firefox_tells_all() {
    visit(Engine::Firefox);
}

#[test]
fn webkit_tells_all() {
    visit(Engine::WebKit);
}

fn what_happens_is_told(scene: &Scene) {
    let browser = &scene.browser;
    scene.open("/plain.html?utm_source=news&key=nightingale#frag");
    scene.counts("pageviews event:page", "/plain.html 1");
    scene.counts("visits visit:source", "news 1");
    browser.run(WATCH);
    browser.click("#event");
    browser.click("#outbound");
    browser.click("#download");
    browser.click("#drawn");
    scene.counts("events event:name", "File Download 1, Outbound Link: Click 2, Signup 1, pageview 1");
    let urls = "example.com/files/Report.PDF 1, other.example.test/drawn 1, other.example.test/there 1";
    scene.counts("events event:props:url", urls);
    let sent = browser.run("return sent.filter(it => it.n != 'engagement').map(it => it.u)");
    let page = scene.pages.at("example.com", "/plain.html?utm_source=news&key=nightingale");
    assert_eq!(sent, json!([page, page, page, page]), "no fragment leaves the browser");
}

/// Time passes for the page and for the collector at once; every second of it has to be in the sum.
fn reading_in_a_single_page_site_is_all_counted(scene: &Scene) {
    let browser = &scene.browser;
    scene.open("/spa.html");
    scene.counts("pageviews event:page", "/plain.html 1, /spa.html 1");
    browser.run("window.late = 0; let now = Date.now; Date.now = () => now() + late");
    browser.run(WATCH);
    for number in 0..READ {
        browser.run(&format!("late += {DWELL_MS}"));
        scene.world.wait_ms(DWELL_MS);
        browser.run(&format!("history.pushState({{}}, '', '/read/{number}')"));
        eventually("pageview", &true, || figure(scene, "pageviews") == u64::from(number) + 3);
    }
    // What the page itself has measured is the measure: a slow machine reads longer.
    let told = || browser.run("return sent.filter(it => it.e > 0).reduce((sum, it) => sum + it.e, 0)").as_u64().unwrap();
    assert!(told() >= u64::from(READ) * DWELL_MS.unsigned_abs(), "{:?}", browser.run("return sent"));
    eventually("seconds read", &(told() / 1000), || seconds(scene, "/spa.html") + seconds(scene, "/read/"));
}

/// A page that is opened in a tab behind is a pageview, and no message says that nobody looked at it.
fn who_looks_at_nothing_is_not_reading(scene: &Scene) {
    let before = scene.world.collector().meter().pings.get();
    scene.browser.open("about:blank");
    let left = scene.world.collector().meter().pings.get();
    assert!(left >= before);
    scene.browser.open_aside(&scene.pages.at("example.com", "/aside.html"));
    eventually("pageview", &true, || figure(scene, "pageviews") == u64::from(READ) + 3);
    scene.pings(left);
}

/// A metric of the whole day.
fn figure(scene: &Scene, metric: &str) -> u64 {
    let answer = scene.world.query(json!({"site_id": "example.com", "date_range": "day", "metrics": [metric]})).json();
    answer["results"][0]["metrics"][0].as_u64().unwrap_or_default()
}

/// How long pages were looked at whose paths begin so, all visits together.
fn seconds(scene: &Scene, start: &str) -> u64 {
    let answer = scene.world.query(json!({
        "site_id": "example.com", "date_range": "day", "metrics": ["time_on_page", "visitors"],
        "dimensions": ["event:page"],
    }));
    let answer: Value = answer.json();
    let rows = answer["results"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["dimensions"][0].as_str().unwrap().starts_with(start));
    rows.map(|row| row["metrics"][0].as_u64().unwrap_or_default()).sum()
}
