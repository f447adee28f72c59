//! What people who sign in, and others who try to, may see and change, and for how long.

#[path = "people/commands.rs"]
mod commands;
#[path = "people/cookies.rs"]
mod cookies;
#[path = "people/guessing.rs"]
mod guessing;
#[path = "people/links.rs"]
mod links;
#[path = "people/own_account.rs"]
mod own_account;
#[path = "people/settings.rs"]
mod settings;
#[path = "people/sharing.rs"]
mod sharing;

use std::slice::from_ref;

use headcount::control::Command;
use headcount::control::user::{UserChange, UserCommand};
use headcount::limits;
use headcount::operator::Role;
use headcount::secret::Secret;
use headcount::site::{Moment, SiteId};
use headcount::store;

use crate::store::file::Database;
use crate::world::{Answer, World};

pub const PASSWORD: &str = "three green geese";

/// A world of two sites, an analyst who reads the first, and her password.
fn world() -> World {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("shop.test", "Etc/UTC")]);
    world.add_user("Ana", "analyst", &["example.com"]);
    set_password(&world, "Ana", PASSWORD);
    world
}

pub fn set_password(world: &World, name: &str, password: &str) {
    let password = Some(world.canary(password).into());
    world.command(Command::User(UserCommand::Password { name: name.into(), password })).unwrap();
}

/// Tries a password from an address.
fn enter(world: &World, name: &str, password: &str, from: &str) -> Answer {
    let headers = [("x-forwarded-for", world.canary(from))];
    world.form("/sign-in", &headers, &[("name", name), ("password", password)])
}

fn status(world: &World, path: &str, cookie: &(&'static str, String)) -> u16 {
    world.request("GET", path, from_ref(cookie), None).status
}

#[test]
fn who_knows_the_password_is_signed_in_and_nobody_else() {
    let world = world();
    let right = enter(&world, " ana ", PASSWORD, "203.0.113.7");
    assert_eq!((right.status, right.header("location")), (303, Some("/example.com")), "her only site");
    let cookie = right.header("set-cookie").unwrap();
    for word in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "it is reached by http: {cookie}");
    assert_eq!(status(&world, "/example.com", &right.cookie()), 200);

    let wrong = enter(&world, "Ana", "three green ducks", "203.0.113.7");
    let unknown = enter(&world, "Ann", "three green ducks", "203.0.113.7");
    let without = enter(&world, "owner", "", "203.0.113.7");
    assert_eq!((wrong.status, unknown.status, without.status), (401, 401, 401));
    assert!(wrong.header("set-cookie").is_none());
    assert_eq!(wrong.text().replace("Ana", "Ann"), unknown.text(), "a name that nobody has is told by nothing");
    assert!(
        wrong.text().contains("No user has this name and this password.") && wrong.text().contains("value=\"Ana\"")
    );
}

#[test]
fn a_password_leads_to_the_page_that_asked_for_it_and_to_no_other_host() {
    let world = world();
    let asked = format!("{}/example.com?period=7d&filter=page%3D%2Fa", world.url());
    let leads = |referer: String| {
        let fields = [("name", "Ana"), ("password", PASSWORD)];
        world.form("/sign-in", &[("referer", referer)], &fields).header("location").unwrap().to_owned()
    };
    assert_eq!(leads(asked), "/example.com?period=7d&filter=page%3D%2Fa");
    for elsewhere in ["https://evil.test/example.com", "nonsense", ""] {
        assert_eq!(leads(elsewhere.into()), "/example.com", "{elsewhere:?}");
    }
    for path in ["/sign-in", "//evil.test/x", "/\\evil.test/x", "/"] {
        assert_eq!(leads(format!("{}{path}", world.url())), "/example.com", "{path:?}");
    }
}

#[test]
fn an_analyst_sees_the_sites_given_and_of_others_not_even_that_they_are_there() {
    let world = world();
    world.pageview("/a").ok();
    world.beacon(serde_json::json!({"n": "pageview", "u": "https://nobody.test/", "d": "nobody.test"})).send();
    let (ana, owner) = (world.sign_in_as("Ana"), world.sign_in());
    for path in ["/example.com", "/example.com/page.csv", "/example.com/bots.json", "/settings/account"] {
        assert_eq!((status(&world, path, &ana), status(&world, path, &owner)), (200, 200), "{path}");
    }
    let read = |path: &str, who: &(&'static str, String)| {
        let answer = world.request("GET", path, from_ref(who), None);
        (answer.status, answer.text())
    };
    for file in ["", "/page.csv", "/page.json", "/mail.csv", "/bots.json"] {
        assert_eq!(read(&format!("/shop.test{file}"), &owner).0, 200, "{file}");
        assert_eq!(read(&format!("/shop.test{file}"), &ana), read(&format!("/none.test{file}"), &ana), "{file}");
    }
    let (hers, all) = (read("/", &ana).1, read("/", &owner).1);
    assert!(hers.contains("example.com") && !hers.contains("shop.test"), "{hers}");
    assert!(all.contains("shop.test") && all.contains("headcount site add") && all.contains("data-domain"));
    assert!(!hers.contains("headcount site add") && !hers.contains("data-domain"), "what only owners can mend");
    assert!(hers.contains("<bdi>Ana</bdi>") && all.contains("<bdi>owner</bdi>"));
}

#[test]
fn what_an_owner_changes_acts_at_once() {
    let world = world();
    let ana = world.sign_in_as("Ana");
    let set =
        |change: UserChange| world.command(Command::User(UserCommand::Set { name: "ana".into(), change })).unwrap();
    let pages = || ["/example.com", "/shop.test"].map(|path| status(&world, path, &ana));
    assert_eq!(pages(), [200, 404]);
    set(UserChange { sites: Some(vec!["shop.test".into()]), ..UserChange::default() });
    assert_eq!(pages(), [404, 200]);
    world.command(Command::SiteRemove { domain: "shop.test".into() }).unwrap();
    assert_eq!(pages(), [404, 404], "the sites she may read are none, not all");
    let page = world.request("GET", "/", from_ref(&ana), None).text();
    assert!(page.contains("There is no site that you may read yet."), "{page}");
    set(UserChange { role: Some("owner".into()), ..UserChange::default() });
    assert_eq!(pages(), [200, 404]);
    world.command(Command::User(UserCommand::Remove { name: "Ana".into() })).unwrap();
    assert_eq!(pages(), [401, 401]);
}

#[test]
fn no_other_site_can_send_a_form() {
    let world = world();
    let cookie = world.sign_in_as("Ana");
    let body = b"name=Ana&password=three+green+geese";
    let sent = |path: &str, headers: &[(&str, &str)]| {
        let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        headers.push(cookie.clone());
        world.request("POST", path, &headers, Some(body)).status
    };
    let own = world.url().to_owned();
    let elsewhere: [&[(&str, &str)]; 9] = [
        &[],
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("origin", "nonsense")],
        &[("origin", "http://127.0.0.1:1")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
        &[("sec-fetch-site", "nonsense"), ("origin", &own)],
    ];
    for headers in elsewhere {
        for path in ["/sign-in", "/sign-out", "/settings/account", "/settings/sign-out"] {
            assert_eq!(sent(path, headers), 403, "{path} {headers:?}");
        }
    }
    assert_eq!(status(&world, "/example.com", &cookie), 200, "nothing of it was done");
    assert_eq!(sent("/sign-in", &[("sec-fetch-site", "same-origin")]), 303);
    let cookie = world.sign_in_as("Ana");
    let signed_out = world.form("/sign-out", from_ref(&cookie), &[]);
    assert_eq!((signed_out.status, signed_out.header("location")), (303, Some("/sign-in")));
    assert!(signed_out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(status(&world, "/example.com", &cookie), 401);
}

#[test]
fn forms_have_a_bound() {
    let world = world();
    let long = "x".repeat(limits::FORM_BYTES_MAX);
    let answer = world.form("/sign-in", &[], &[("name", "Ana"), ("password", &long)]);
    assert_eq!(answer.status, 413);
    let long = "\u{202e}<b>\"'&".repeat(1_000);
    let answer = world.form("/sign-in", &[], &[("name", &long), ("password", &long)]);
    assert!(answer.status == 401 && !answer.text().contains("<b>\"'"), "{}", answer.status);
}

/// The tables of version 4 that version 5 changes.
const FOURTH: &str = "
CREATE TABLE sign_in_links_4 (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE logins_4 (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO sign_in_links_4 SELECT hash, until_ms FROM sign_in_links;
INSERT INTO logins_4 SELECT hash, until_ms FROM logins;
DROP TABLE sign_in_links;
DROP TABLE logins;
DROP TABLE users_sites;
DROP TABLE users;
DROP TABLE IF EXISTS shares;
DROP TABLE journal;
DROP TABLE unvisited;
DROP TABLE months_begun;
DROP TABLE months_alone;
DROP TABLE instance_key;
DROP TABLE releases;
DROP TABLE released_dimensions;
DROP TABLE released_values;
DROP TABLE audit_summary;
DROP TABLE taken_out;
DROP TABLE kept_from;
DROP TABLE notices;
DROP TABLE announced_changes;
DROP TABLE rights_requests;
ALTER TABLE months_added DROP COLUMN turned;
ALTER TABLE site_totals DROP COLUMN first_visitors;
ALTER TABLE hours DROP COLUMN first_visitors;
ALTER TABLE sign_in_links_4 RENAME TO sign_in_links;
ALTER TABLE logins_4 RENAME TO logins;
PRAGMA user_version = 4;
";

#[test]
fn what_was_given_out_before_people_had_names_belongs_to_the_first_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headcount.db");
    let now = Moment(1_800_000_000_000);
    let (link, login) = (Secret::from_text("link").digest(), Secret::from_text("login").digest());
    let store = store::open(&path).unwrap().operators;
    let owner = store.user("owner").unwrap().unwrap().id;
    store.add_link(owner, link, now).unwrap();
    store.add_login(owner, login, now).unwrap();
    drop(store);
    Database::of(folder.path()).run(FOURTH);

    let store = store::open(&path).unwrap().operators;
    let users = store.users().unwrap();
    assert_eq!(users.iter().map(|user| (user.name.as_str(), user.role)).collect::<Vec<_>>(), [("owner", Role::Owner)]);
    assert!(users[0].may_read(SiteId(7)) && !users[0].has_password);
    assert_eq!(users[0].last_day.map(|day| day.to_string()).as_deref(), Some("2027-01-15"));
    assert_eq!(store.signed_in(login, now).unwrap(), Some(users[0].clone()));
    assert_eq!(store.use_link(link, now).unwrap(), Some(users[0].id));
    let ana = store.add_user("Ana", Role::Analyst, None, now).unwrap();
    assert_ne!(ana, users[0].id);
    assert!(Database::of(folder.path()).number("PRAGMA user_version") >= 5);
}
