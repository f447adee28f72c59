//! One-time links: who looks at one uses nothing up, and who presses its button is signed in.

use std::slice::from_ref;

use headcount::control::Command;
use headcount::limits;

use super::{PASSWORD, set_password, status, world};
use crate::world::World;

fn link(world: &World) -> String {
    let link = world.command(Command::UserLink).unwrap().text;
    link.strip_prefix(world.url()).unwrap().to_owned()
}

#[test]
fn a_look_at_a_link_uses_nothing_up_and_its_button_signs_in_once() {
    let world = world();
    let link = link(&world);
    for method in ["GET", "HEAD", "GET", "HEAD"] {
        let look = world.request(method, &link, &[("accept-language", "en".into())], None);
        assert_eq!((look.status, look.header("set-cookie")), (200, None), "{method}");
        assert_eq!(
            (look.header("cache-control"), look.header("referrer-policy")),
            (Some("no-store"), Some("same-origin"))
        );
        let text = look.text();
        assert!(!text.contains(link.strip_prefix("/sign-in/").unwrap()), "the address is nowhere in the page: {text}");
        if method == "GET" {
            assert!(text.contains("This link signs you in as owner in this browser, once."), "{text}");
            assert_eq!(text.matches("<form class").count(), 1, "{text}");
        }
    }
    let ahead = world.request("GET", &link, &[("sec-purpose", "prefetch;prerender".into())], None);
    assert_eq!(ahead.status, 200);
    let pressed = world.form(&link, &[], &[]);
    assert_eq!((pressed.status, pressed.header("location")), (303, Some("/")));
    assert_eq!(status(&world, "/example.com", &pressed.cookie()), 200);
    for used in [world.page(&link), world.form(&link, &[], &[])] {
        let text = used.text();
        assert!(used.status == 403 && text.contains("This link does not work") && text.contains("headcount user link"));
        assert!(used.header("set-cookie").is_none() && !text.contains("owner"), "{text}");
    }
}

#[test]
fn no_other_site_presses_the_button() {
    let world = world();
    let link = link(&world);
    let elsewhere: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", world.url())],
    ];
    for headers in elsewhere {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let answer = world.request("POST", &link, &headers, Some(b""));
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{headers:?}");
    }
    let own = [("sec-fetch-site", "same-origin".to_owned())];
    assert_eq!(world.request("POST", &link, &own, Some(b"")).status, 303, "nothing of it used the link up");
}

#[test]
fn a_link_ends_by_its_time_and_by_another_password() {
    let world = world();
    let (late, renounced) = (link(&world), link(&world));
    set_password(&world, "owner", PASSWORD);
    assert_eq!((world.page(&renounced).status, world.form(&renounced, &[], &[]).status), (403, 403));
    assert_eq!(world.page(&late).status, 403);
    let late = link(&world);
    world.wait_ms(limits::SIGN_IN_LINK_MS);
    assert_eq!((world.page(&late).status, world.form(&late, &[], &[]).status), (403, 403));
    for nonsense in ["x", "%00", "..%2f", &"x".repeat(5_000)] {
        assert_eq!(world.page(&format!("/sign-in/{nonsense}")).status, 403, "{nonsense}");
    }
}

#[test]
fn whoever_was_signed_in_before_is_not_any_more() {
    let world = world();
    let (ana, owner) = (world.sign_in_as("Ana"), link(&world));
    let pressed = world.form(&owner, from_ref(&ana), &[]);
    assert_ne!(pressed.cookie().1, ana.1, "the id is a new one");
    assert_eq!((status(&world, "/settings", &pressed.cookie()), status(&world, "/example.com", &ana)), (200, 401));
}
