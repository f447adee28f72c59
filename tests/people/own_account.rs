//! People change their own password and sign out their browsers.

use std::slice::from_ref;

use headcount::limits;

use super::{PASSWORD, enter, status, world};
use crate::world::World;

fn browsers(world: &World, cookie: &(&'static str, String)) -> usize {
    let page = world.request("GET", "/settings/account", from_ref(cookie), None);
    assert_eq!(page.status, 200);
    page.text().matches("<tr><th scope=\"row\">").count()
}

#[test]
fn a_new_password_needs_the_present_one_and_signs_all_others_out() {
    let world = world();
    let (here, there) = (world.sign_in_as("Ana"), world.sign_in_as("Ana"));
    let new = world.canary("seven grey herons");
    let set = |current: &str, new: &str, again: &str| {
        let fields = [("current", current), ("new", new), ("again", again)];
        world.form("/settings/account", from_ref(&here), &fields)
    };
    for (current, new, again, code, sentence) in [
        (PASSWORD, new.as_str(), "seven grey heron", 400, "The two new passwords differ."),
        ("wrong", new.as_str(), new.as_str(), 403, "The present password is not right."),
        (PASSWORD, "short", "short", 400, "A password needs at least 10 characters"),
    ] {
        let answer = set(current, new, again);
        assert!(answer.status == code && answer.text().contains(sentence), "{}", answer.text());
    }
    assert_eq!(browsers(&world, &there), 2, "nothing was changed");
    let done = set(PASSWORD, &new, &new);
    assert!(done.status == 200 && done.text().contains("Your password is set."), "{}", done.text());
    assert_eq!((status(&world, "/example.com", &there), status(&world, "/example.com", &here)), (401, 401));
    assert_eq!(browsers(&world, &done.cookie()), 1, "this browser goes on with another secret");
    assert_eq!(enter(&world, "Ana", PASSWORD, "203.0.113.7").status, 401);
    assert_eq!(enter(&world, "Ana", &new, "203.0.113.7").status, 303);
}

#[test]
fn guesses_in_a_browser_left_alone_slow_nobody_else() {
    let world = world();
    world.expect_in_log("passwords are being guessed");
    let here = world.sign_in_as("Ana");
    let fields = [("current", "a guess of it"), ("new", "seven grey herons"), ("again", "seven grey herons")];
    for _ in 0..limits::TRIES_FREE + 1 {
        assert_eq!(world.form("/settings/account", from_ref(&here), &fields).status, 403);
    }
    assert_eq!(enter(&world, "Ana", PASSWORD, "203.0.113.7").status, 303);
}

#[test]
fn who_has_no_password_sets_the_first_one() {
    let world = world();
    let owner = world.sign_in();
    let page = world.request("GET", "/settings/account", from_ref(&owner), None).text();
    assert!(page.contains("You have no password") && !page.contains("name=\"current\""), "{page}");
    let new = world.canary("seven grey herons");
    let done = world.form("/settings/account", &[owner], &[("new", &new), ("again", &new)]);
    assert_eq!(done.status, 200);
    assert_eq!(enter(&world, "owner", &new, "203.0.113.7").header("location"), Some("/"));
}

#[test]
fn browsers_are_signed_out_one_by_one_or_all_at_once() {
    let world = world();
    let (here, there, owner) = (world.sign_in_as("Ana"), world.sign_in_as("Ana"), world.sign_in());
    assert_eq!(browsers(&world, &here), 2);
    let page = world.request("GET", "/settings/account", from_ref(&here), None).text();
    let number = page.split("name=\"browser\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let others = world.form("/settings/sign-out", from_ref(&owner), &[("browser", &number)]);
    assert!(others.status == 400 && others.text().contains("There is no browser"), "{}", others.text());
    assert_eq!(world.form("/settings/sign-out", from_ref(&here), &[("browser", "<b>")]).status, 400);
    let one = world.form("/settings/sign-out", from_ref(&here), &[("browser", &number)]);
    assert!(one.status == 200 && one.text().contains("One browser is signed out."), "{}", one.text());
    assert_eq!((browsers(&world, &here), status(&world, "/example.com", &there)), (1, 401));
    let all = world.form("/settings/sign-out", from_ref(&here), &[]);
    assert_eq!((all.status, all.header("location")), (303, Some("/sign-in")));
    assert_eq!((status(&world, "/example.com", &here), status(&world, "/", &owner)), (401, 200));
}
