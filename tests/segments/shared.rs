//! Secret links that show a segment alone.

use headcount::control::segment::SegmentCommand;
use headcount::control::share::ShareCommand;
use headcount::control::{Command, Refused, Reply, SiteChange};

use super::{SITE, add, segment};
use crate::world::World;

fn share(world: &World, name: Option<&str>, segment: Option<&str>) -> Result<Reply, Refused> {
    let (name, segment) = (name.map(str::to_owned), segment.map(str::to_owned));
    let (password, expires, embed) = (None, None, Vec::new());
    world.command(Command::Share(ShareCommand::Add { site: SITE.into(), name, password, expires, embed, segment }))
}

/// A day with twelve readers, of whom seven read about prices; two of these come from Bing.
fn a_day_of_readers(world: &World) {
    for number in 0..12 {
        let who = format!("reader {number}");
        let from = if number < 2 { "https://www.bing.com/" } else { "https://www.google.com/" };
        world.pageview("/").by(&who).from(from).ok();
        if number < 7 {
            world.pageview("/pricing").by(&who).ok();
        } else {
            world.pageview("/jobs").by(&who).ok();
        }
    }
}

#[test]
fn a_secret_link_of_a_segment_shows_nothing_else() {
    let mut world = World::at("2026-06-28T09:00:00Z", &[(SITE, "Etc/UTC")]);
    a_day_of_readers(&world);
    world.go_to("2026-06-29T09:00:00Z");
    add(&world, "Readers", "has_done page=/pricing").unwrap();
    add(&world, "Pro", "prop:plan=pro").unwrap();
    a_day_of_readers(&world);
    let made = share(&world, Some("press"), Some("Readers")).unwrap();
    assert!(made.text.contains("The segment \"Readers\" of example.com is open"), "{}", made.text);
    let link = made.json["link"].as_str().unwrap().strip_prefix(world.url()).unwrap().to_owned();
    let list = |world: &World| world.command(Command::Share(ShareCommand::List { site: SITE.into() })).unwrap().text;
    assert!(list(&world).contains("press  secret link  of the segment Readers"), "{}", list(&world));
    refuse_others(&world);
    world.go_to("2026-06-30T00:30:00Z");
    // The day is over, and not stored yet; then it is, and read after a restart.
    check_link(&world, &link);
    world.go_to("2026-06-30T09:00:00Z");
    world.flush();
    check_link(&world, &link);
    world.restart();
    check_link(&world, &link);
    let counter = Command::SiteSet { domain: SITE.into(), change: SiteChange::of("counter", true) };
    let refused = world.command(counter).unwrap_err().to_string();
    assert!(refused.contains("`headcount share remove example.com \"press\"`"), "{refused}");
    assert_eq!(world.page(&link).status, 200);
    segment(&world, SegmentCommand::Remove { site: SITE.into(), name: "Readers".into() }).unwrap();
    assert_eq!(world.page(&link).status, 404);
    assert!(list(&world).contains("of the segment 1, which is gone"), "{}", list(&world));
}

/// What may not be open beside a segment, and what can't be opened at all.
fn refuse_others(world: &World) {
    for (name, segment, expected) in [
        (None, None, "can take one from the other"),
        (Some("board"), None, "can take one from the other"),
        (Some("board"), Some("Pro"), "for signed-in people alone"),
        (Some("board"), Some("Nobody"), "has no segment"),
        (None, Some("Readers"), "shows all of a site"),
    ] {
        let refused = share(world, name, segment).unwrap_err().to_string();
        assert!(refused.contains(expected), "{name:?} {segment:?}: {refused}");
    }
}

/// What the link shows of two days, of which the segment was counted on the second.
fn check_link(world: &World, link: &str) {
    let page = world.page(&format!("{link}?period=7d"));
    let text = page.text();
    assert_eq!(page.status, 200, "{text}");
    for there in ["<h1>example.com · Readers</h1>", "href=\"/privacy/example.com\""] {
        assert!(text.contains(there), "{text}");
    }
    assert!(!text.contains("/jobs") && !text.contains("<bdi>Bing</bdi>"), "{text}");
    let csv = |panel: &str| world.page(&format!("{link}/{panel}.csv?period=7d")).text();
    assert!(csv("page").contains("\r\n/,7,7,7"), "{}", csv("page"));
    assert!(csv("page").contains("\r\n/pricing,7,7,7"), "{}", csv("page"));
    assert!(!csv("source").contains("Bing") && !csv("source").contains("12"), "{}", csv("source"));
    for below in ["?period=7d&filter=page:/", "?period=today", "/segment.csv?period=7d", "/prop:plan.csv?period=7d"] {
        let answer = world.page(&format!("{link}{below}"));
        assert!((400..500).contains(&answer.status), "{below}: {}", answer.status);
    }
}
