//! Owners open a site on its page of settings, and close it.

use std::slice::from_ref;

use super::settings::{follow, read, secret};
use super::{status, world};
use crate::world::{Answer, World};

const SHARING: &str = "/example.com/settings/sharing";

type Fields<'a> = &'a [(&'a str, &'a str)];

fn send(world: &World, owner: &(&'static str, String), form: &str, fields: Fields) -> Answer {
    world.form(&format!("{SHARING}/{form}"), from_ref(owner), fields)
}

fn secret_link(world: &World, owner: &(&'static str, String), name: &str, password: &str, until: &str) -> Answer {
    send(world, owner, "share-add", &[("kind", "secret"), ("name", name), ("password", password), ("until", until)])
}

#[test]
fn an_owner_opens_a_site_to_everybody_and_closes_it() {
    let world = world();
    let owner = world.sign_in();
    let send = |form: &str, fields: Fields| send(&world, &owner, form, fields);
    assert_eq!(world.page("/share/example.com").status, 404);
    let fields = [("kind", "public"), ("name", ""), ("password", ""), ("until", ""), ("embed", "")];
    assert_eq!(secret(&send("share-add", &fields)), format!("{}/share/example.com", world.url()));
    assert_eq!(world.page("/share/example.com").status, 200);
    let named = send("share-add", &[("kind", "public"), ("name", "Board")]);
    assert!(named.status == 400 && named.text().contains("A public page has no name"), "{}", named.text());
    assert!(follow(&world, &send("share-remove", &[("name", "public")]), &owner).contains("public is closed."));
    assert_eq!(world.page("/share/example.com").status, 404);
    assert_eq!(send("share-remove", &[("name", "public")]).status, 400);
    assert_eq!(send("share-eat", &[]).status, 404);
}

#[test]
fn a_secret_link_is_shown_once() {
    let world = world();
    let owner = world.sign_in();
    let fields =
        [("kind", "secret"), ("name", "<b>Board"), ("until", "2026-06-30"), ("embed", "*.shop.test\r\nexample.org")];
    let made = secret(&send(&world, &owner, "share-add", &fields));
    let link = made.lines().next().unwrap();
    assert!(
        made.contains("&#60;iframe") && world.page(link.strip_prefix(world.url()).unwrap()).status == 200,
        "{made}"
    );
    let page = read(&world, "/example.com/settings/sharing", &owner);
    assert!(
        page.contains("&#60;b&#62;Board") && page.contains("In pages of *.shop.test, example.org. Until 30 Jun 2026.")
    );
    assert!(!page.contains(link));
}

#[test]
fn links_are_made_with_a_name_a_good_password_and_a_time_to_come() {
    let world = world();
    let owner = world.sign_in();
    let secret_link = |name: &str, password: &str, until: &str| secret_link(&world, &owner, name, password, until);
    let password = world.canary("nine white swans");
    let locked = secret(&secret_link("Locked", &password, ""));
    assert_eq!(world.page(locked.strip_prefix(world.url()).unwrap()).status, 401);
    for (name, password, until, sentence) in [
        ("", "", "", "is no name of a link"),
        ("Short", "short", "", "A password needs at least 10 characters"),
        ("Past", "", "2020-01-01", "is no time to come"),
        ("Locked", "", "", "has a link &#34;Locked&#34; already"),
    ] {
        let refused = secret_link(name, password, until);
        assert!(refused.status == 400 && refused.text().contains(sentence), "{}", refused.text());
    }
}

#[test]
fn only_owners_share_and_only_by_the_form() {
    let world = world();
    let (owner, ana) = (world.sign_in(), world.sign_in_as("Ana"));
    let form = "/example.com/settings/sharing/share-add";
    assert_eq!(world.form(form, from_ref(&ana), &[("kind", "public")]).status, 403);
    assert_eq!(world.request("POST", form, from_ref(&owner), Some(b"kind=public")).status, 403, "from elsewhere");
    assert_eq!(status(&world, "/example.com/settings/sharing", &ana), 403);
    assert_eq!(status(&world, "/none.test/settings/sharing", &owner), 404);
    assert_eq!(world.page("/share/example.com").status, 404, "nothing was opened");
}
