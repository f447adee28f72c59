//! A browser without scripts reaches every page and file by links and forms alone.

use headcount::control::user::UserCommand;
use headcount::control::{Command, SiteChange};
use serde_json::json;

use super::{Scene, eventually};
use crate::browser::driver::Browser;

const PASSWORD: &str = "three green geese";

/// A site with 103 pages today, and one of the day before; an owner with a password.
fn scene() -> Scene {
    let scene = Scene::start(Browser::without_scripts());
    let world = &scene.world;
    // One reader alone has seen most of them.
    let by_name = SiteChange::of("personal", 0);
    world.command(Command::SiteSet { domain: "example.com".into(), change: by_name }).unwrap();
    world.pageview("/before?utm_source=news").by("ana").ok();
    world.wait_minutes(24 * 60);
    for number in 0..100 {
        world.pageview(&format!("/page/{number:03}")).by("bob").ok();
    }
    world.pageview("/landing?utm_source=news").by("eve").ok();
    world.pageview("/other").by("eve").ok();
    world.pageview("/rare/only").by("fay").ok();
    assert_eq!(world.rejections("example.com"), []);
    world.add_user("Ana", "owner", &[]);
    let password = Some(world.canary(PASSWORD).into());
    world.command(Command::User(UserCommand::Password { name: "Ana".into(), password })).unwrap();
    scene
}

impl Scene {
    /// Waits for the page that has it.
    fn awaits(&self, css: &str) {
        let missing = || (self.count(css) == 0).then(|| self.browser.address());
        eventually(&format!("{css} is there, not missing on"), &None, missing);
    }

    /// Clicks what a selector finds, once it is there.
    fn click(&self, css: &str) {
        self.awaits(css);
        self.browser.click(css);
    }

    fn fill(&self, css: &str, text: &str) {
        self.awaits(css);
        self.browser.fill(css, text);
    }

    fn enter(&self) {
        self.fill("#name", "Ana");
        self.fill("#password", PASSWORD);
        self.click("main button");
    }

    /// Waits until a selector finds so many.
    fn finds_all(&self, css: &str, expected: usize) {
        eventually(css, &expected, || self.count(css));
    }

    /// Waits until the text of what a selector finds holds this; scripts of pages do not run, those of the driver do.
    fn has(&self, css: &str, text: &str) {
        let all = || self.browser.texts(css).join("\n");
        eventually(&format!("{text} in {css}: {}", all()), &true, || all().contains(text));
    }

    fn count(&self, css: &str) -> usize {
        self.browser.texts(css).len()
    }
}

#[test]
fn a_reader_finds_everything_by_links_and_forms() {
    let scene = scene();
    scene.open_collector("/sign-in");
    assert_eq!(scene.count("[data-script]:not([hidden])"), 0, "the script has not run");
    scene.enter();
    scene.has("h1", "example.com");
    scene.click(".home a");
    scene.click("main table a[href^='/example.com']");
    scene.has(".range", "UTC");
    period(&scene);
    parts(&scene);
    rows(&scene);
    frame(&scene);
}

/// A day by the form of dates, what it is compared with, and back to the usual days by a link.
fn period(scene: &Scene) {
    scene.click("#period summary");
    // As the fields of dates are written in English: month, day, year.
    scene.fill("#period [name=from]", "06022026");
    scene.fill("#period [name=to]", "06022026");
    scene.click("#period form button");
    scene.has(".range b", "2 June 2026");
    scene.has("#totals div:first-child .big", "3");
    scene.click("#compare summary");
    scene.click("#compare a[href*='compare=year']");
    scene.finds_all("#compare [aria-current][href*='compare=year']", 1);
    assert!(scene.browser.address().contains("from=2026-06-02"), "the day stays: {}", scene.browser.address());
    scene.click("#compare summary");
    scene.fill("#compare [name=since]", "06012026");
    scene.click("#compare form button");
    scene.has(".range", "1 June");
    scene.click("#chart-table summary");
    scene.has("#chart-table td", "103");
    scene.click("#totals dt a:not([aria-current])");
    scene.click(".step[rel=prev]");
    scene.has(".range b", "1 June 2026");
    scene.click(".step[rel=next]");
    scene.has(".range b", "2 June 2026");
}

/// Tabs, filters, and their removal.
fn parts(scene: &Scene) {
    scene.click("#pages-card .tabs a[href*='entry_page']");
    scene.has("#pages-card .tabs [aria-current]", "Entry");
    scene.click("#sources-card tbody a[href*='filter=']");
    scene.has("#filters", "Direct");
    scene.click("#filters a");
    scene.finds_all("#filters", 0);
    scene.click("#sources-card tbody tr:nth-child(2) a");
    scene.has("#filters", "news");
    scene.has("#totals div:first-child .big", "1");
    scene.click("#filters a");
    scene.click("#pages-card .tabs a");
    scene.has("#totals div:first-child .big", "3");
}

/// All rows of a panel: more of them, in another order, and those that are searched.
fn rows(scene: &Scene) {
    let browser = &scene.browser;
    scene.click("#pages-card .under a:first-of-type");
    scene.finds_all("tbody tr", 100);
    scene.click(".under a[rel=next]");
    scene.finds_all("tbody tr", 3);
    scene.click(".under a[rel=prev]");
    scene.click("thead th:first-child a");
    scene.finds_all("thead th:first-child:is([aria-sort=ascending], [aria-sort=descending])", 1);
    let names = browser.texts("tbody th");
    assert!(names.is_sorted() || names.is_sorted_by(|a, b| a >= b), "by name: {names:?}");
    scene.fill("#search", "rare");
    scene.click(".find button");
    eventually("search", &vec!["/rare/only".to_owned()], || browser.texts("tbody th"));
    for ending in ["csv", "json"] {
        assert_eq!(scene.count(&format!(".under a[href*='page.{ending}']")), 1);
    }
    scene.click("tbody th a");
    scene.has("#filters", "/rare/only");
    scene.click("#filters a");
    scene.fill("#pages-card [type=search]", "other\u{e007}");
    eventually("search", &vec!["/other".to_owned()], || browser.texts("tbody th"));
    scene.click(".home a");
    scene.has("h1", "example.com");
}

/// What stands around the figures: the live page, the sheet's absence, another language, settings, the door.
fn frame(scene: &Scene) {
    scene.click("#period summary");
    scene.click("#period a[href*='period=28d']");
    scene.click("#chart .by a:last-child:not([aria-current])");
    scene.finds_all("#chart .by a:last-child[aria-current]", 1);
    scene.click("#words summary");
    scene.has("#words", "Bounce rate");
    scene.click("a[href='/example.com/live']");
    scene.has("main", "/rare/only");
    assert_eq!(scene.count("button[data-pause]:not([hidden])"), 0, "what only a script can do is not shown");
    scene.click("footer a[hreflang=de]");
    eventually("language", &json!("de"), || scene.browser.run("return document.documentElement.lang"));
    scene.click("footer a[hreflang=en]");
    // A site is left out of /private/ by a form, whose refusal stands beside it with what was typed.
    scene.click(".account a[href='/settings']");
    scene.click("main a[href='/example.com/settings']");
    scene.fill("#exclusions-exclude_ips", "nonsense");
    scene.click("form[action*='exclusions'] button");
    scene.has("[role=alert]", "nonsense");
    scene.fill("#exclusions-exclude_ips", "192.0.2.0/24");
    scene.click("form[action*='exclusions'] button");
    scene.has("[role=status]", "192.0.2.0/24");
    scene.click(".account a[href='/settings/account']");
    scene.fill("#current", PASSWORD);
    scene.fill("#new", "three grey herons");
    scene.fill("#again", "three grey heron");
    scene.click("form[action='/settings/account'] button");
    scene.has("[role=alert]", "differ");
    scene.click(".account button");
    scene.finds_all(".account", 0);
    scene.open_collector("/example.com");
    scene.finds_all("main form[action='/sign-in'] #password", 1);
    scene.finds_all("#totals", 0);
}
