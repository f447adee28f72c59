//! The piece of HTML by which visitors opt out on the site's own pages, in a real browser.

use headcount::control::Command;
use headcount::control::notice::NoticeCommand;
use serde_json::json;

use super::{Browser, Scene};

#[test]
fn the_snippet_says_whether_the_browser_is_counted_and_changes_it() {
    let scene = Scene::start(Browser::start());
    let snippet = NoticeCommand::Snippet { site: "example.com".into(), language: None };
    let printed = scene.world.command(Command::Notice(snippet)).unwrap().text;
    assert_eq!(printed, super::pages::opt_out(), "what the page below holds is what the command prints");
    let said =
        || scene.browser.run("return document.querySelector('#headcount-opt-out').innerText.replace(/\\n+/g, ' / ')");
    scene.open("/opt-out.html");
    assert_eq!(said(), json!("This browser is counted. / Don't count this browser"));
    scene.counts("pageviews event:page", "/opt-out.html 1");
    scene.browser.click("#headcount-opt-out button");
    assert_eq!(said(), json!("This browser is not counted. / Count this browser again"));
    scene.open("/spa.html");
    scene.says("INFO", "localStorage.headcount_ignore");
    scene.open("/opt-out.html");
    assert_eq!(said(), json!("This browser is not counted. / Count this browser again"));
    scene.browser.click("#headcount-opt-out button");
    assert_eq!(said(), json!("This browser is counted. / Don't count this browser"));
    scene.open("/plain.html");
    scene.counts("pageviews event:page", "/opt-out.html 1, /plain.html 1");
    assert_eq!(scene.browser.run("return localStorage.length + document.cookie.length"), 0);
}

#[test]
fn the_snippet_says_that_the_signal_of_a_browser_is_honoured() {
    let scene = Scene::start(Browser::start());
    let of_browser = [("globalPrivacyControl", "true"), ("doNotTrack", "'1'")];
    for (name, value) in of_browser {
        scene.open("/opt-out.html");
        let script = format!(
            "Object.defineProperty(navigator, '{name}', {{value: {value}, configurable: true}}); dispatchEvent(new Event('storage')); \
             return document.querySelector('#headcount-opt-out').innerText.trim()"
        );
        let said = "This browser asks sites by itself not to count it (Global Privacy Control or Do Not Track), so it is not counted.";
        assert_eq!(scene.browser.run(&script), json!(said), "{name}");
    }
}
