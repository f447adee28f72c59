//! Snippets of other trackers, of which nothing is changed but the host.

use super::{Browser, Scene};

const WEBSITE: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

#[test]
fn snippets_of_other_trackers_need_only_the_new_host() {
    let scene = Scene::start(Browser::start());
    scene.world.alias("example.com", &[WEBSITE, "7", "ABCDE", "pa-Xy12"]);
    umami(&scene);
    goatcounter_and_matomo(&scene);
    fathom_and_plausible(&scene);
    let names = "Early 1, Play 1, Sign off 1, Signup 2, buy 2, pageview 9, signup 2";
    scene.counts("events event:name", names);
    // A ping that a page sends when it is left may come before the page's own beacon; nothing else is rejected.
    let mut rejected = scene.world.rejections("example.com");
    rejected.retain(|(reason, _)| *reason != "no_visit");
    assert_eq!(rejected, []);
    let mut said = scene.browser.console();
    said.retain(|line| !line.contains("data-domains"));
    assert_eq!(said, Vec::<String>::new(), "only the page of another host is not counted");
}

fn umami(scene: &Scene) {
    scene.open("/umami.html");
    scene.counts("pageviews event:page", "/umami.html 1");
    ["#event", "#click", "#view"].iter().for_each(|css| scene.browser.click(css));
    scene.counts("pageviews event:page", "/umami.html 1, /virtual 1");
    scene.counts("events event:name", "buy 1, pageview 2, signup 1");
    scene.counts("events event:props:sku", "A-1 1");
    scene.counts("events event:props:tag", "v-a 4");
    scene.open("/away.html");
    scene.browser.click("#event");
}

/// After the page of Umami.
fn goatcounter_and_matomo(scene: &Scene) {
    scene.open("/goatcounter.html");
    scene.counts("pageviews visit:exit_page", "/goatcounter.html 3");
    ["#event", "#click"].iter().for_each(|css| scene.browser.click(css));
    scene.counts("events event:name", "buy 2, pageview 3, signup 2");
    scene.browser.click("#view");
    scene.counts("pageviews visit:exit_page", "/virtual 4");
    scene.open("/matomo.html");
    scene.counts("pageviews visit:exit_page", "/matomo.html 5");
    scene.browser.click("#event");
    scene.counts("events event:props:label", "Intro 1");
    scene.browser.click("#view");
    scene.counts("pageviews visit:exit_page", "/virtual 6");
}

/// After the pages of GoatCounter and Matomo.
fn fathom_and_plausible(scene: &Scene) {
    scene.open("/fathom.html");
    scene.counts("pageviews visit:exit_page", "/fathom.html 7");
    scene.open("/plausible.html#/part");
    scene.counts("pageviews visit:exit_page", "/plausible.html#/part 8");
    scene.browser.click("#event");
    scene.counts("events event:props:plan", "pro 2");
    scene.counts("events event:props:author", "Jane 2");
    scene.browser.click("#tagged");
    scene.counts("events event:props:plan", "free 1, pro 2");
    scene.open("/pa.html");
    scene.counts("pageviews visit:exit_page", "/pa.html 9");
    scene.browser.click("#event");
    scene.counts("events event:props:plan", "free 1, pro 3");
    scene.counts("events event:props:theme", "dark 1, light 2");
}
