//! Cookies by https and by http, old ones, and planted ones.

use super::{PASSWORD, status, world};
use crate::world::{Answer, World};

/// The same address as a browser has it that comes by https, through a proxy.
fn by_https(world: &World) -> (&'static str, String) {
    ("origin", world.url().replace("http://", "https://"))
}

fn set(answer: &Answer) -> Vec<&str> {
    answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect()
}

fn enter(world: &World, headers: &[(&str, String)]) -> Answer {
    let body = format!("name=Ana&password={}", PASSWORD.replace(' ', "+"));
    world.request("POST", "/sign-in", headers, Some(body.as_bytes()))
}

#[test]
fn by_https_cookies_are_of_this_host_alone() {
    let world = world();
    let entered = enter(&world, &[by_https(&world)]);
    assert_eq!(entered.status, 303);
    let kept = set(&entered);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept[0].starts_with("__Host-headcount=") && kept[1].starts_with("__Host-headcount_device_"), "{kept:?}");
    for cookie in kept {
        assert!(
            cookie.contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age=") && cookie.ends_with("; Secure"),
            "{cookie}"
        );
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(status(&world, "/example.com", &entered.cookie()), 200);
    let out = world.request("POST", "/sign-out", &[by_https(&world), entered.cookie()], None);
    assert!(
        set(&out)[0].starts_with("__Host-headcount=; ") && set(&out)[0].contains("Max-Age=0; Secure"),
        "{:?}",
        set(&out)
    );
    assert_eq!(status(&world, "/example.com", &entered.cookie()), 401);

    let plain = enter(&world, &[("origin", world.url().to_owned())]);
    assert!(set(&plain).iter().all(|cookie| cookie.starts_with("headcount") && !cookie.contains("Secure")));
}

#[test]
fn a_cookie_of_an_earlier_version_signs_in_and_is_replaced_by_https() {
    let world = world();
    let old = world.sign_in_as("Ana");
    let referer = ("referer", format!("{}/", by_https(&world).1));
    let read = |cookie: &str| world.request("GET", "/example.com", &[referer.clone(), ("cookie", cookie.into())], None);
    let renewed = read(&old.1);
    let kept = set(&renewed);
    assert_eq!((renewed.status, kept.len()), (200, 2));
    assert!(kept[0].starts_with(&format!("__Host-{};", old.1)) && kept[1].starts_with("headcount=; "), "{kept:?}");
    assert_eq!(set(&read(&format!("__Host-{}", old.1))), [""; 0]);
    let wrong = read("headcount=nobodys");
    assert_eq!((wrong.status, set(&wrong).len()), (401, 0));
    assert_eq!(set(&world.request("GET", "/assets/style.css", &[referer.clone(), old.clone()], None)), [""; 0]);
    assert_eq!(set(&world.request("GET", "/example.com", &[old], None)), [""; 0], "by http it stays as it is");
}

#[test]
fn a_planted_cookie_hides_no_right_one() {
    let world = world();
    let (ana, owner) = (world.sign_in_as("Ana").1, world.sign_in().1);
    let is_owner = |cookies: &[&str]| {
        let headers: Vec<_> = cookies.iter().map(|cookie| ("cookie", (*cookie).to_owned())).collect();
        world.request("GET", "/settings", &headers, None).status == 200
    };
    for planted in
        ["headcount=x", "headcount=", "headcount", "headcount=\"", &format!("headcount={}", "x".repeat(3_000))]
    {
        assert!(
            is_owner(&[&format!("{planted}; {owner}")]) && is_owner(&[&format!("{owner}; {planted}")]),
            "{planted}"
        );
        assert!(is_owner(&[planted, &owner]), "in a line of its own: {planted}");
    }
    let own = format!("__Host-{owner}");
    assert!(
        is_owner(&[&format!("{ana}; {own}")]) && is_owner(&[&format!("{own}; {ana}")]),
        "a neighbour plants its own"
    );
    let both = ("cookie", format!("{ana}; {own}"));
    world.form("/sign-out", &[both], &[]);
    for cookie in [ana, owner] {
        assert_eq!(status(&world, "/example.com", &("cookie", cookie)), 401, "both are signed out");
    }
}

#[test]
fn languages_and_replies_are_found_among_planted_ones() {
    let world = world();
    let page = |cookie: &str| world.request("GET", "/sign-in", &[("cookie", cookie.to_owned())], None).text();
    assert!(page("headcount_language=xx; headcount_language=de").contains("Anmelden"));
    assert!(page("__Host-headcount_language=fr; headcount_language=de").contains("Se connecter"));
    let chosen = world.request("GET", "/language/de", &[by_https(&world)], None);
    assert!(set(&chosen)[0].starts_with("__Host-headcount_language=de; Path=/"), "{:?}", set(&chosen));
}
