//! What the dashboard's own script does in a real browser, and that pages do without it.

use headcount::control::{Command, SiteChange};
use serde_json::json;

use super::{Scene, eventually};
use crate::browser::driver::{self, Browser};

impl Scene {
    /// Opens the page of the site anew, with something in it that another reload would lose.
    fn begin(&self) {
        self.open_collector("/example.com");
        self.browser.run("window.same = 'same'");
    }

    /// Waits until so many pages are kept up to date.
    fn streams(&self, expected: i64) {
        eventually("streams", &expected, || self.world.collector().meter().streams.get());
    }

    /// Picks a period from its menu.
    fn pick(&self, period: &str) {
        self.browser.click("#period summary");
        self.browser.click(&format!("#period a[href*='period={period}']"));
    }

    /// Waits until the page shows a text, or does not.
    fn shows(&self, text: &str, expected: bool) {
        eventually(text, &expected, || self.browser.text().contains(text));
    }

    /// Waits until a script returns this.
    fn finds(&self, script: &str, expected: serde_json::Value) {
        eventually(script, &expected, || self.browser.run(&format!("return {script}")));
    }
}

/// A site with two pages and two sources, and a reader who looks at it.
fn dashboard() -> Scene {
    let scene = Scene::start(Browser::start());
    scene.world.pageview("/news?utm_source=news").by("ana").ok();
    scene.world.pageview("/other").by("bob").ok();
    scene.sign_in();
    scene.begin();
    scene
}

/// A browser takes seconds to start, so these share one.
#[test]
fn views_are_swapped_without_a_reload() {
    let scene = dashboard();
    let steps = [
        back_leads_back,
        what_is_open_stays_open,
        a_panel_is_searched,
        a_map_is_a_filter,
        who_is_signed_out_is_told_so,
    ];
    for step in steps {
        scene.begin();
        step(&scene);
    }
}

#[test]
fn keys_menus_and_bars_do_what_they_say() {
    let scene = dashboard();
    for step in [menus_close, bars_say_their_values, keys_do_what_the_sheet_says] {
        scene.begin();
        step(&scene);
    }
}

fn back_leads_back(scene: &Scene) {
    let today = scene.browser.run("return location.search");
    scene.browser.click("a[href$='filter=source:news']");
    scene.shows("/other", false);
    scene.finds("location.search.endsWith('filter=source:news') && window.same", json!("same"));
    scene.pick("7d");
    scene.finds("document.querySelector('nav [aria-current]').getAttribute('href').includes('period=7d')", json!(true));
    scene.finds("document.querySelector('#said').textContent.length > 0", json!(true));
    scene.browser.run("history.go(-2)");
    scene.shows("/other", true);
    scene.finds("location.search", today);
    scene.finds("window.same + document.querySelectorAll('main').length", json!("same1"));
    assert_eq!(scene.browser.console(), Vec::<String>::new(), "no error, no violation of the content policy");
}

fn what_is_open_stays_open(scene: &Scene) {
    let open = "document.querySelector('#chart-table').open";
    scene.browser.click("#chart-table summary");
    scene.finds(open, json!(true));
    scene.pick("7d");
    scene.finds("location.search.includes('7d') && !document.querySelector('main').ariaBusy", json!(true));
    scene.finds(open, json!(true));
}

fn a_panel_is_searched(scene: &Scene) {
    let search = "#pages-card input[type=search]";
    scene.browser.run(&format!("document.querySelector('{search}').focus()"));
    "othe".chars().for_each(|letter| scene.browser.press(&letter.to_string()));
    let rows = "[...document.querySelectorAll('#pages-card tbody bdi')].map(row => row.textContent).join()";
    scene.finds(rows, json!("/other"));
    scene.finds(&format!("document.activeElement.matches('{search}') && document.activeElement.value"), json!("othe"));
    scene.browser.press("x");
    scene.finds("document.querySelector('#pages-card .nothing')?.textContent", json!("Nothing matches."));
    for _ in 0..5 {
        scene.browser.press("Backspace");
    }
    scene.finds(rows, json!("/news,/other"));
    scene.finds("location.search.includes('search') || window.same", json!("same"));

    scene.open_collector("/example.com/page");
    scene.browser.run("window.same = 'same'; document.querySelector('#search').focus()");
    "new".chars().for_each(|letter| scene.browser.press(&letter.to_string()));
    scene.finds("[...document.querySelectorAll('tbody bdi')].map(row => row.textContent).join()", json!("/news"));
    scene.finds(
        "location.search.includes('search=new') && document.activeElement.value + window.same",
        json!("newsame"),
    );
}

/// Links of a drawing are no links of HTML to a script.
fn a_map_is_a_filter(scene: &Scene) {
    let create = Command::TokenCreate { site: Some("example.com".into()), scope: "ingest".into() };
    let token = scene.world.command(create).unwrap().text;
    let hit =
        json!({"n": "pageview", "u": "https://example.com/news", "d": "example.com", "country": "DE"}).to_string();
    let headers = [("authorization", format!("Bearer {token}")), ("user-agent", driver::AGENT.to_owned())];
    assert_eq!(scene.world.request("POST", "/api/event", &headers, Some(hit.as_bytes())).status, 202);
    scene.open_collector("/example.com?places=map");
    scene.browser.run("window.same = 'same'");
    scene.browser.click(".map a path");
    scene.finds("location.search.endsWith('filter=country:DE') && window.same", json!("same"));
    scene.shows("/other", false);
    assert_eq!(scene.browser.console(), Vec::<String>::new(), "no error of the script");
}

fn menus_close(scene: &Scene) {
    let open = "document.querySelectorAll('.menu[open]').length";
    scene.browser.press("c");
    scene.finds(open, json!(1));
    scene.browser.press("Escape");
    scene.finds(open, json!(0));
    scene.browser.click("#compare summary");
    scene.finds(open, json!(1));
    scene.browser.click("h1");
    scene.finds(open, json!(0));
    scene.browser.click("#period summary");
    scene.browser.click("#period a[href*='period=7d']");
    scene.finds("location.search.includes('period=7d') && window.same", json!("same"));
    scene.finds(open, json!(0));
}

fn who_is_signed_out_is_told_so(scene: &Scene) {
    scene.browser.forget_cookies();
    scene.pick("7d");
    scene.shows("headcount user link", true);
    scene.finds("window.same || location.search.includes('7d')", json!(true));
}

fn keys_do_what_the_sheet_says(scene: &Scene) {
    scene.browser.press("?");
    let sheet = "document.querySelector('#keys').open";
    scene.finds(sheet, json!(true));
    scene.shows("Keyboard shortcuts", true);
    scene.browser.press("Escape");
    scene.finds(sheet, json!(false));
    scene.browser.press("7");
    scene.finds("location.search.includes('period=7d') && window.same", json!("same"));
    scene.browser.press("?");
    scene.browser.click("#keys-on");
    scene.browser.click("#keys button");
    scene.finds(sheet, json!(false));
    scene.browser.press("y");
    scene.browser.press("?");
    scene.finds("document.querySelector('#keys').open || location.search.includes('yesterday')", json!(false));
    scene.browser.reload();
    scene.browser.press("?");
    scene.finds(sheet, json!(false));
    scene.browser.click("[data-sheet]");
    scene.finds(sheet, json!(true));
}

fn bars_say_their_values(scene: &Scene) {
    assert_eq!(scene.browser.run("return document.querySelectorAll('.plot [tabindex]').length"), 0);
    scene.browser.run("document.querySelector('.plot').focus()");
    scene.browser.press("Home");
    scene.finds("document.querySelector('.plot g:has(.tip)').matches('[data-on]')", json!(true));
    scene.browser.press("ArrowRight");
    let second = scene.browser.run("return document.querySelectorAll('.plot .tip')[1].textContent");
    scene.finds("document.querySelector('#said').textContent", second.clone());
    scene.finds("getComputedStyle(document.querySelector('.plot [data-on] .tip')).visibility", json!("visible"));
    scene.finds("document.querySelectorAll('.plot [data-on]').length", json!(1));
    scene.browser.run("document.activeElement.blur()");
    scene.finds("document.querySelectorAll('.plot [data-on]').length", json!(0));
}

#[test]
fn the_live_page_follows_hits_and_lets_go_when_nobody_looks() {
    let scene = dashboard();
    scene.streams(1);
    scene.browser.press("l");
    scene.finds("location.pathname", json!("/example.com/live"));
    scene.browser.run("window.same = 'same'");
    scene.streams(1);
    scene.world.pageview("/fresh").by("eve").ok();
    scene.shows("/fresh", true);
    scene.finds("window.same", json!("same"));
    scene.browser.click("[data-pause]");
    scene.streams(0);
    scene.finds("document.querySelector('[data-pause]').ariaPressed", json!("true"));
    scene.browser.click("[data-pause]");
    scene.streams(1);
    scene.browser.minimize();
    scene.streams(0);
    scene.world.pageview("/meanwhile").by("fay").ok();
    scene.browser.show();
    scene.streams(1);
    scene.shows("/meanwhile", true);
    scene.browser.open("about:blank");
    scene.streams(0);
    assert_eq!(scene.browser.console(), Vec::<String>::new(), "no error, no violation of the content policy");
}

#[test]
fn the_page_of_a_new_site_turns_live_by_itself() {
    let scene = Scene::start(Browser::start());
    let change = SiteChange::of("hosts", ["example.com"]);
    scene.world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    scene.sign_in();
    scene.browser.run("window.same = 'same'");
    scene.shows("Nothing has arrived yet", true);
    scene.world.beacon(json!({"n": "pageview", "u": "https://exmaple.com/", "d": "example.com"})).ok();
    scene.shows("1 message was not counted: wrong host; allowed are example.com.", true);
    scene.world.pageview("/first").ok();
    scene.shows("/first", true);
    scene.finds("window.same", json!("same"));
    scene.shows("1 visitor now", true);
    // The page of a site that is no longer new listens on, for something else.
    scene.world.pageview("/first").by("bob").ok();
    scene.shows("2 visitors now", true);
}

#[test]
fn live_pages_work_without_scripts() {
    let scene = dashboard();
    scene.browser.forbid_scripts();
    scene.browser.click("a[href='/example.com/live']");
    scene.shows("/other", true);
    scene.world.pageview("/fresh").by("eve").ok();
    scene.browser.click("a[href='/example.com/live']");
    scene.shows("/fresh", true);
    assert!(!scene.browser.text().contains("Pause") && !scene.browser.text().contains("Keyboard shortcuts"));
    scene.streams(0);
}
