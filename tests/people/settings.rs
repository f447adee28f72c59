//! Owners change users and tokens; analysts who try are turned away.

use std::slice::from_ref;

use headcount::control::Command;
use headcount::control::user::UserCommand;
use serde_json::Value;

use super::{status, world};
use crate::world::{Answer, World};

pub type Cookie = (&'static str, String);

pub fn read(world: &World, path: &str, who: &Cookie) -> String {
    let answer = world.request("GET", path, from_ref(who), None);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

fn users(world: &World) -> Value {
    world.command(Command::User(UserCommand::List)).unwrap().json
}

/// The secret that an answer shows.
pub fn secret(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let shown = text.split("<pre tabindex=\"0\"><code>").nth(1).unwrap_or_else(|| panic!("no secret in {text}"));
    shown.split('<').next().unwrap().to_owned()
}

/// Follows an answer as a browser does, with what it is to keep for a moment.
pub fn follow(world: &World, answer: &Answer, who: &Cookie) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let told = answer.header("set-cookie").unwrap().split(';').next().unwrap();
    let path = answer.header("location").unwrap().split('#').next().unwrap();
    read(world, path, &("cookie", format!("{}; {told}", who.1)))
}

#[test]
fn an_owner_adds_a_user_whose_link_is_shown_once() {
    let world = world();
    let owner = world.sign_in();
    let add = |fields: &[(&str, &str)]| world.form("/settings/users/user-add", from_ref(&owner), fields);
    let added = add(&[("name", "Bob"), ("may", "some"), ("sites", "shop.test\r\n\r\n example.com ")]);
    let link = secret(&added);
    assert!(added.text().contains("This link signs in as Bob, once, within 15 minutes:"), "{}", added.text());
    assert!(!read(&world, "/settings/users", &owner).contains("/sign-in/"), "it is not shown again");
    let path = link.strip_prefix(world.url()).unwrap();
    let bob = world.form(path, &[], &[]).cookie();
    assert_eq!(["/example.com", "/shop.test"].map(|page| status(&world, page, &bob)), [200, 200]);
    assert_eq!(users(&world)[2]["sites"], serde_json::json!(["example.com", "shop.test"]));

    for (fields, sentence) in [
        (&[("name", "bob"), ("may", "all"), ("sites", "")], "There is a user &#34;bob&#34; already"),
        (&[("name", "Cleo"), ("may", "some"), ("sites", " ")], "Name at least one site"),
        (&[("name", "Cleo"), ("may", ""), ("sites", "")], "Name at least one site"),
        (&[("name", "Cleo"), ("may", "some"), ("sites", "<b>.test")], "There is no site &#60;b&#62;.test"),
        (&[("name", "<script>\u{202e}"), ("may", "all"), ("sites", "")], "A name has 1 to 64 characters"),
    ] {
        let refused = add(fields);
        assert!(refused.status == 400 && refused.text().contains(sentence), "{}", refused.text());
        assert!(!refused.text().contains("<script>") && refused.text().contains("Not saved."));
    }
    assert_eq!(users(&world).as_array().unwrap().len(), 3);
    secret(&add(&[("name", "<script>alert(1)</script>"), ("may", "owner"), ("sites", "shop.test")]));
    assert_eq!((&users(&world)[3]["role"], &users(&world)[3]["sites"]), (&"owner".into(), &Value::Null));
    assert!(!read(&world, "/settings/users", &owner).contains("<script>"));
}

#[test]
fn an_owner_changes_signs_out_and_removes_a_user() {
    let world = world();
    world.add_user("A&B \"C\"/?#", "analyst", &["shop.test"]);
    let (owner, odd) = (world.sign_in(), world.sign_in_as("A&B \"C\"/?#"));
    let list = read(&world, "/settings/users", &owner);
    let href = list.split("<a href=\"/settings/user?").find(|part| part.contains("A&#38;B")).unwrap();
    let href = format!("/settings/user?{}", href.split('"').next().unwrap().replace("&#38;", "&"));
    assert!(read(&world, &href, &owner).contains("An analyst, who reads shop.test."));
    let send = |form: &str, user: &str, fields: &[(&str, &str)]| {
        let fields = [&[("user", user)], fields].concat();
        world.form(&format!("/settings/user/{form}"), from_ref(&owner), &fields)
    };
    let page = read(&world, "/settings/user?name=A%26B+%22C%22%2F%3F%23", &owner);
    let forms = page.matches("action=\"/settings/user/").count();
    assert_eq!((forms, page.matches("name=\"user\"").count()), (4, 4), "every form says of whom: {page}");
    let renamed = send("user-set", "A&B \"C\"/?#", &[("name", "Dora"), ("may", "all"), ("sites", "shop.test")]);
    assert_eq!(renamed.header("location"), Some("/settings/user?name=Dora"));
    let page = follow(&world, &renamed, &owner);
    assert!(page.contains("An analyst, who reads all sites.") && page.contains("Saved."), "{page}");
    assert!(!read(&world, "/settings/user?name=Dora", &owner).contains("Saved."), "it is told once");
    let some = send("user-set", "Dora", &[("name", "Dora"), ("may", "some"), ("sites", "shop.test")]);
    follow(&world, &some, &owner);
    assert_eq!(["/example.com", "/shop.test"].map(|path| status(&world, path, &odd)), [404, 200]);
    let none = send("user-set", "Dora", &[("name", "Dora"), ("may", "some"), ("sites", "")]);
    assert!(none.status == 400 && none.text().contains("Name at least one site"), "an empty list is never all of them");

    let link = secret(&send("user-link", "Dora", &[]));
    assert!(link.starts_with(&format!("{}/sign-in/", world.url())));
    assert!(follow(&world, &send("user-sign-out", "Dora", &[]), &owner).contains("One browser is signed out."));
    assert_eq!(status(&world, "/shop.test", &odd), 401);
    let path = link.strip_prefix(world.url()).unwrap();
    assert_eq!(world.request("GET", path, &[], None).status, 403, "a link that was not used is worthless, too");
    assert!(follow(&world, &send("user-remove", "Dora", &[]), &owner).contains("Dora is removed and signed out."));
    for (form, user, code) in [("user-remove", "owner", 400), ("user-remove", "Dora", 404), ("user-eat", "Ana", 404)] {
        assert_eq!(send(form, user, &[]).status, code, "{form} {user}");
    }
    assert_eq!(world.request("GET", "/settings/user?name=Dora", from_ref(&owner), None).status, 404);
}

#[test]
fn an_owner_makes_a_token_that_is_shown_once_and_revokes_it() {
    let world = world();
    let owner = world.sign_in();
    let send =
        |form: &str, fields: &[(&str, &str)]| world.form(&format!("/settings/tokens/{form}"), from_ref(&owner), fields);
    let token = secret(&send("token-create", &[("scope", "read"), ("site", "shop.test")]));
    let ask = |site: &str| {
        let body = serde_json::json!({"site_id": site, "metrics": ["visitors"], "date_range": "day"}).to_string();
        let bearer = ("authorization", format!("Bearer {token}"));
        world.request("POST", "/api/v2/query", &[bearer], Some(body.as_bytes())).status
    };
    assert_eq!((ask("shop.test"), ask("example.com")), (200, 401));
    let page = read(&world, "/settings/tokens", &owner);
    assert!(page.contains("Read figures") && !page.contains(&token), "{page}");
    for (fields, sentence) in [
        (&[("scope", "reed"), ("site", "")], "&#34;reed&#34; is not a scope"),
        (&[("scope", "read"), ("site", "none.test")], "There is no site none.test"),
    ] {
        let refused = send("token-create", fields);
        assert!(refused.status == 400 && refused.text().contains(sentence), "{}", refused.text());
    }
    assert!(follow(&world, &send("token-revoke", &[("id", "1")]), &owner).contains("Token 1 is revoked."));
    assert_eq!(ask("shop.test"), 401);
    for id in ["1", "", "x", "99999999999999999999"] {
        assert_eq!(send("token-revoke", &[("id", id)]).status, 400, "{id:?}");
    }
}

#[test]
fn analysts_and_strangers_get_nowhere_near() {
    let world = world();
    let ana = world.sign_in_as("Ana");
    let before = users(&world);
    for path in ["/settings", "/settings/users", "/settings/user?name=Ana", "/settings/tokens"] {
        assert_eq!((status(&world, path, &ana), world.page(path).status), (403, 401), "{path}");
    }
    let forms: [(&str, &[(&str, &str)]); 6] = [
        ("/settings/users/user-add", &[("name", "Eve"), ("may", "owner")]),
        ("/settings/user/user-set", &[("user", "Ana"), ("name", "Ana"), ("may", "owner")]),
        ("/settings/user/user-link", &[("user", "owner")]),
        ("/settings/user/user-remove", &[("user", "owner")]),
        ("/settings/tokens/token-create", &[("scope", "admin")]),
        ("/settings/tokens/token-revoke", &[("id", "1")]),
    ];
    for (path, fields) in forms {
        let refused = world.form(path, from_ref(&ana), fields);
        assert!(refused.status == 403 && !refused.text().contains("/sign-in/"), "{path}: {}", refused.text());
        assert_eq!(world.form(path, &[], fields).status, 401, "{path}");
        assert_eq!(world.request("POST", path, &[world.sign_in()], None).status, 403, "{path}: from elsewhere");
    }
    let after = users(&world);
    assert_eq!((&after[1], after.as_array().unwrap().len()), (&before[1], 2), "nothing was changed");
    let page = read(&world, "/settings/account", &ana);
    assert!(!page.contains("/settings/users") && !page.contains("/settings/tokens"), "{page}");
}
