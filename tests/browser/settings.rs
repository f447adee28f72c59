//! Owners change settings with a browser that runs no scripts.

use super::driver::Browser;
use super::{ENGLISH, Scene};

#[test]
fn an_owner_declares_by_forms_and_is_told_what_came_of_it() {
    let scene = Scene::start(Browser::start());
    scene.sign_in();
    scene.browser.forbid_scripts();
    scene.open_collector("/example.com/settings");
    let form = "form[action*='goal-add'] button";
    scene.browser.fill("#goal-add-target", "https://example.com/plain.html");
    scene.browser.fill("#goal-add-name", "Plain");
    scene.browser.send(form);
    let refused = scene.browser.text();
    assert!(refused.contains("Not saved. Pages are counted by their path; write \"/plain.html\"."), "{refused}");
    assert!(scene.browser.address().ends_with("#goal-add"), "the reader is where the form is");

    // The name is still there; only the target is typed anew.
    scene.browser.fill("#goal-add-target", "/plain.html");
    scene.browser.send(form);
    let done = scene.browser.text();
    assert!(done.contains("Saved. \"Plain\" is a goal of example.com. It reaches back to all counted days."), "{done}");
    assert!(scene.browser.address().ends_with("/example.com/settings#goal-add"), "{}", scene.browser.address());
    scene.browser.reload();
    assert!(!scene.browser.text().contains(ENGLISH.settings.saved), "nothing is sent or said again");

    scene.browser.fill("#exclusions-exclude_paths", "/admin/**\n/login");
    scene.browser.send("form[action*='exclusions'] button");
    scene.browser.fill("#annotation-add-text", "Version 2 is out");
    scene.browser.send("form[action*='annotation-add'] button");
    let site = scene.world.collector().directory().find("example.com").cloned().unwrap();
    assert_eq!(site.settings.exclude.paths, ["/admin/**", "/login"]);
    assert_eq!(site.settings.annotations[0].text, "Version 2 is out");
    assert_eq!(site.settings.annotations[0].at().to_string(), "2026-06-01", "today is filled in, on the site's clock");
    scene.browser.send("button[aria-label='Remove the goal Plain']");
    assert!(scene.browser.text().contains("\"Plain\" is no goal of example.com any more."));
    assert_eq!(scene.browser.console().len(), 1, "the refusal, and no violation of the content policy");
}
