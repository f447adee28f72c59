//! Chromium, Firefox and WebKit give the same numbers, and show pages as they should be, on the screen and on paper.

use std::io::Write;
use std::process::{Command as Program, Stdio};
use std::time::Instant;

use headcount::control::Command;
use serde_json::{Value, json};

use super::driver::{Browser, Engine};
use super::{Scene, WATCH, eventually};

/// Pages that are read one after the other, and how long each: far more than the few seconds that a ping out of turn may be
/// believed.
const READ: u32 = 10;
const DWELL_S: u32 = 60;

/// What a visitor does, step by step.
const VISIT: [fn(&Scene); 4] = [
    what_happens_is_told,
    reading_in_a_single_page_site_is_all_counted,
    the_last_page_is_read_until_it_is_left,
    nobody_reads_behind_another_page,
];

/// What an owner does who looks at the figures.
const LOOK: [fn(&Scene); 3] = [goals_are_on_paper, a_key_does_not_move_the_page, forms_fit_a_small_screen];

/// A browser takes seconds to start, so all steps share one.
fn used(engine: Engine) {
    if !engine.is_asked_for() {
        return;
    }
    let scene = Scene::start(Browser::of(engine));
    VISIT.iter().for_each(|step| step(&scene));
    sign_in(&scene);
    LOOK.iter().for_each(|step| step(&scene));
    let said = scene.browser.console();
    assert_eq!(said, Vec::<String>::new(), "{engine:?}: no error, no violation of a content policy");
}

#[test]
fn chromium_tells_all_and_shows_all() {
    used(Engine::Chromium);
}

#[test]
fn firefox_tells_all_and_shows_all() {
    used(Engine::Firefox);
}

#[test]
fn webkit_tells_all_and_shows_all() {
    used(Engine::WebKit);
}

fn what_happens_is_told(scene: &Scene) {
    let browser = &scene.browser;
    scene.open("/plain.html?utm_source=news&key=nightingale#frag");
    scene.counts("pageviews event:page", "/plain.html 1");
    scene.counts("visits visit:source", "news 1");
    browser.run(WATCH);
    for css in ["#event", "#outbound", "#download", "#drawn rect"] {
        browser.click(css);
    }
    scene.counts("events event:name", "File Download 1, Outbound Link: Click 2, Signup 1, pageview 1");
    let urls = "example.com/files/Report.PDF 1, other.example.test/drawn 1, other.example.test/there 1";
    scene.counts("events event:props:url", urls);
    let sent = browser.run("return sent.filter(it => it.n != 'engagement').map(it => it.u)");
    let page = scene.pages.at("example.com", "/plain.html?utm_source=news&key=nightingale");
    assert_eq!(sent, json!([page, page, page, page]), "no fragment leaves the browser");
}

/// Lets time pass for the page and for the collector.
fn dwell(scene: &Scene) {
    scene.browser.run(&format!("window.late += {DWELL_S}000"));
    scene.world.wait_ms(i64::from(DWELL_S) * 1_000);
}

/// Opens a page whose clock can be put forward. Scripts of a driver have a `Date` of their own in Firefox, so the window is named.
fn read(scene: &Scene, path: &str) {
    scene.open(path);
    scene.browser.run("window.late = 0; let now = window.Date.now; window.Date.now = () => now() + window.late");
}

/// Waits until this was read, in seconds: as long as the clock was put forward and no longer than the page was there.
fn has_read(scene: &Scene, start: &str, times: u32, since: Instant) {
    let mut found = 0;
    eventually("seconds read", &true, || {
        found = seconds(scene, start);
        // Each page's time is cut to whole seconds.
        found >= u64::from(times * (DWELL_S - 1))
    });
    let most = u64::from(times * (DWELL_S + 1)) + since.elapsed().as_secs();
    assert!(found <= most, "{found} seconds are more than {most}");
}

fn reading_in_a_single_page_site_is_all_counted(scene: &Scene) {
    let since = Instant::now();
    read(scene, "/spa.html");
    scene.counts("pageviews event:page", "/plain.html 1, /spa.html 1");
    for number in 0..READ {
        dwell(scene);
        scene.browser.run(&format!("history.pushState({{}}, '', '/read/{number}')"));
        eventually("pageviews", &(u64::from(number) + 3), || pageviews(scene));
    }
    has_read(scene, "/spa.html", 1, since);
    has_read(scene, "/read/", READ - 1, since);
}

fn the_last_page_is_read_until_it_is_left(scene: &Scene) {
    let since = Instant::now();
    read(scene, "/hash.html");
    eventually("pageviews", &(u64::from(READ) + 3), || pageviews(scene));
    dwell(scene);
    scene.browser.open("about:blank");
    has_read(scene, "/hash.html", 1, since);
}

/// A page that is opened behind another is a pageview, and nobody has looked at it.
fn nobody_reads_behind_another_page(scene: &Scene) {
    let pings = || scene.world.collector().meter().pings.get();
    let before = pings();
    scene.browser.open_aside(&scene.pages.at("example.com", "/behind.html"));
    eventually("pageviews", &(u64::from(READ) + 4), || pageviews(scene));
    // Whatever it says when it opens is said before the second page in the same place is counted.
    scene.browser.open_aside(&scene.pages.at("example.com", "/behind.html"));
    eventually("pageviews", &(u64::from(READ) + 5), || pageviews(scene));
    assert_eq!(pings(), before, "a page that nobody looks at says nothing of how long it was looked at");
    scene.browser.close_aside();
}

fn sign_in(scene: &Scene) {
    let add = Command::GoalAdd { site: "example.com".into(), target: "/read/**".into(), name: Some("Reads".into()) };
    scene.world.command(add).unwrap();
    scene.sign_in();
    scene.open_collector("/example.com");
}

fn goals_are_on_paper(scene: &Scene) {
    for across in [false, true] {
        let paper = text_of(&scene.browser.print(across));
        let after = paper.split_once("\nGoals\n").map(|(_, after)| after).unwrap_or_default();
        assert!(after.contains("Reads"), "across: {across}: {paper}");
        assert!(paper.contains("Visitors") && paper.contains("/read/3"), "across: {across}: {paper}");
    }
}

/// The text of a printed document.
fn text_of(document: &[u8]) -> String {
    let mut program = Program::new("pdftotext");
    let mut program =
        program.args(["-", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("pdftotext is there");
    program.stdin.take().unwrap().write_all(document).unwrap();
    // A new sheet is a line of its own.
    String::from_utf8(program.wait_with_output().unwrap().stdout).unwrap().replace('\u{c}', "\n")
}

fn a_key_does_not_move_the_page(scene: &Scene) {
    let open = || scene.browser.run("return document.querySelector('#keys').open");
    let at = "return Math.round(scrollY)";
    scene.browser.run("scrollTo(0, 120)");
    let before = scene.browser.run(at);
    for (key, is_open) in [("?", true), ("Escape", false)] {
        scene.browser.press(key);
        eventually(key, &json!(is_open), open);
        assert_eq!(scene.browser.run(at), before, "{key}");
    }
}

fn forms_fit_a_small_screen(scene: &Scene) {
    scene.open_collector("/example.com/settings");
    for width in [390, 320] {
        scene.browser.widen(width);
        // A scroll bar takes room of the window.
        let beyond = scene.browser.run("return document.documentElement.scrollWidth - innerWidth");
        assert!(beyond.as_i64().unwrap() <= 0, "{beyond} pixels beyond {width}");
    }
}

fn pageviews(scene: &Scene) -> u64 {
    let asked = json!({"site_id": "example.com", "date_range": "day", "metrics": ["pageviews"]});
    scene.world.query(asked).json()["results"][0]["metrics"][0].as_u64().unwrap_or_default()
}

/// How long pages were looked at whose paths begin so, all visits together.
fn seconds(scene: &Scene, start: &str) -> u64 {
    let answer: Value = scene
        .world
        .query(json!({
            "site_id": "example.com", "date_range": "day", "metrics": ["time_on_page"], "dimensions": ["event:page"],
        }))
        .json();
    let rows = answer["results"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["dimensions"][0].as_str().unwrap().starts_with(start));
    rows.map(|row| row["metrics"][0].as_u64().unwrap_or_default()).sum()
}
