//! The commands about users: what they print, and who may do what afterwards.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::slice::from_ref;

use headcount::control::Command;
use headcount::control::user::{UserChange, UserCommand};
use headcount::limits;
use serde_json::{Value, json};

use super::world;
use crate::operators::{NOW, Server, folder, headcount, printed, refused};

/// Runs a command with a text on its standard input: exit code, output and errors.
fn fed(words: &[&str], text: &str) -> (i32, String, String) {
    let mut command = headcount(words);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end before it has read all.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn users_are_added_changed_and_removed_with_a_server_and_without() {
    let (_folder, data) = folder();
    printed(&["site", "add", "example.com", "--data", &data]);
    let user = |words: &[&str]| printed(&[&["--data", &data, "user"], words].concat());
    let users = || -> Value { serde_json::from_str(&user(&["list", "--json"])).unwrap() };
    assert_eq!(user(&["list"]), "owner  owner  all sites  never signed in  no password");
    let added = user(&["add", "Ana", "--site", "example.com"]);
    assert!(added.starts_with("Ana is an analyst, who reads example.com. This link signs in, once,"), "{added}");
    assert!(added.contains("/sign-in/"), "{added}");
    let server = Server::start(Path::new(&data), &[]);
    let added: Value = serde_json::from_str(&user(&["add", "Bob", "--role", "owner", "--json"])).unwrap();
    assert!(added["link"].as_str().unwrap().contains("/sign-in/") && added["minutes"] == 15, "{added}");
    assert_eq!(user(&["set", "owner", "--name", "Cleo"]), "Cleo  owner  all sites  never signed in  no password");
    assert!(user(&["link", "ana"]).contains("/sign-in/"));
    let link: Value = serde_json::from_str(&user(&["link", "--json"])).unwrap();
    assert_eq!(link["name"], "Cleo", "the first owner");
    let ana = |last: Value, browsers: u64| json!({"name": "Ana", "role": "analyst", "sites": ["example.com"], "last_sign_in": last, "has_password": false, "browsers": browsers});
    assert_eq!(users()[1], ana(Value::Null, 0));
    let link = user(&["link", "Ana"]);
    let agent: ureq::Agent = ureq::Agent::config_builder().max_redirects(0).build().into();
    let press = agent.post(&link).header("origin", link.split("/sign-in/").next().unwrap());
    assert_eq!(press.send_empty().unwrap().status(), 303);
    assert_eq!(users()[1], ana(NOW[..10].into(), 1));
    assert!(user(&["browsers", "Ana"]).starts_with("1  since 20"));
    assert_eq!(user(&["sign-out", "Ana"]), "Ana: One browser is signed out.");
    assert_eq!(user(&["browsers", "Ana"]), "Ana is signed in nowhere.");
    assert_eq!(user(&["remove", "Cleo"]), "Cleo is removed and signed out.");
    assert_eq!(users().as_array().unwrap().len(), 2);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_password_comes_by_standard_input_and_is_kept_as_a_digest() {
    let (_folder, data) = folder();
    printed(&["site", "add", "example.com", "--data", &data]);
    let set = |more: &[&str], text: &str| fed(&[&["user", "password", "owner", "--data", &data], more].concat(), text);
    let (code, said, _) = set(&["--password-stdin"], "three green geese\r\nmore\n");
    assert_eq!((code, said.as_str()), (0, "The password of owner is set. No browser was signed in."));
    assert!(printed(&["user", "list", "--data", &data]).ends_with("  password"));
    let file = std::fs::read(Path::new(&data).join("headcount.db")).unwrap();
    let holds = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    assert!(holds(b"$argon2id$") && !holds(b"three green geese"));
    let (code, _, said) = set(&["--password-stdin"], "short\n");
    assert!(code == 1 && said.contains("a password needs at least 10 characters"), "{said}");
    let (code, _, said) = set(&["--password-stdin"], &"x".repeat(2_000_000));
    assert!(code == 1 && said.contains("a password has at most 1000 bytes"), "{said}");
    let (code, _, said) = set(&[], "three green geese\n");
    assert!(code == 2 && said.contains("standard input is no terminal; write --password-stdin"), "{said}");
    let (code, said, _) = set(&["--none", "--json"], "");
    assert_eq!((code, said.contains("\"has_password\":false")), (0, true), "{said}");
    assert!(printed(&["user", "list", "--data", &data]).ends_with("  no password"));
}

#[test]
fn mistakes_end_in_a_sentence_with_the_way_out() {
    let (_folder, data) = folder();
    printed(&["site", "add", "example.com", "--data", &data]);
    printed(&["user", "add", "Ana", "--data", &data]);
    let cases: [(&[&str], i32, &str); 13] = [
        (&["add", "ANA"], 1, "there is a user \"ANA\" already; take another name"),
        (&["add", " "], 1, "a name has 1 to 64 characters"),
        (&["add", "Bob", "--role", "ownr"], 1, "\"ownr\" is not a role; write \"owner\" (there are owner, analyst)"),
        (&["add", "Bob", "--site", "none.test"], 1, "there is no site none.test; `headcount site list` shows all"),
        (&["add", "Bob", "--role", "owner", "--site", "example.com"], 1, "an owner reads all sites; leave out --site"),
        (&["set", "anna"], 1, "there is no user \"anna\"; did you mean \"Ana\"?"),
        (&["set", "Ana"], 1, "nothing is to change; give --name, --role or --site"),
        (&["set", "Ana", "--name", "Owner"], 1, "there is a user \"Owner\" already"),
        (&["set", "owner", "--role", "analyst"], 1, "\"owner\" is the only owner; make another one first"),
        (&["remove", "owner"], 1, "\"owner\" is the only owner; make another one first"),
        (&["remove", "bob"], 1, "there is no user \"bob\""),
        (
            &["sign-out", "Ana", "--browser", "7"],
            1,
            "there is no browser 7 of Ana; `headcount user browsers \"Ana\"` shows all",
        ),
        (&["password", "Ana", "--none", "--password-stdin"], 2, "cannot be used with"),
    ];
    for (words, code, sentence) in cases {
        let (found, said) = refused(&[&["--data", &data, "user"], words].concat());
        assert!(found == code && said.contains(sentence), "{words:?}: {found} {said}");
        assert!(code == 2 || said.lines().count() == 1, "{said}");
    }
    let list = printed(&["user", "list", "--data", &data]);
    let expected =
        "owner  owner  all sites  never signed in  no password\nAna  analyst  all sites  never signed in  no password";
    assert_eq!(list, expected, "nothing was changed");
}

#[test]
fn any_name_that_can_be_read_is_taken_and_shown_as_it_is() {
    let world = world();
    let add = |name: &str| {
        world.command(Command::User(UserCommand::Add { name: name.into(), role: None, sites: Vec::new() })).map(|_| ())
    };
    let hidden = ["", "  ", "a\u{202e}b", "a\u{200b}", "a\nb", "a\u{1b}[31m", "\u{feff}a", "a\0b"];
    for name in
        hidden.map(str::to_owned).into_iter().chain(["x".repeat(10_000), "x".repeat(limits::USER_NAME_CHARS_MAX + 1)])
    {
        let refused = add(&name).unwrap_err().to_string();
        assert!(refused.contains("a name has 1 to 64 characters") && refused.len() < 200, "{refused}");
    }
    let names = ["<script>alert(1)</script>", "مها", "\"><img src=x>", "Ünal & Söhne", "'; DROP TABLE users; --"];
    for name in names {
        add(name).unwrap();
        let cookie = world.sign_in_as(name);
        for path in ["/", "/example.com", "/settings/account"] {
            let page = world.request("GET", path, from_ref(&cookie), None).text();
            assert!(!page.contains("<script>") && !page.contains("<img"), "{name} on {path}");
            assert!(page.contains("<bdi>"), "{name} on {path}");
        }
    }
    let unknown = "y".repeat(10_000);
    let change = UserChange { role: Some("z".repeat(10_000)), ..UserChange::default() };
    let refused = world.command(Command::User(UserCommand::Set { name: unknown, change })).unwrap_err().to_string();
    assert!(refused.contains("there is no user") && refused.len() < 300, "{}", refused.len());
}

#[test]
fn a_password_is_digested_before_other_changes_are_waited_for() {
    let world = world();
    let (collector, password) = (world.collector().clone(), Some("short".to_owned().into()));
    let command = Command::User(UserCommand::Password { name: "owner".into(), password });
    let (told, answer) = std::sync::mpsc::channel();
    world.collector().alone(|| {
        std::thread::spawn(move || told.send(headcount::control::run(command, &collector, "")));
        let refused = answer.recv_timeout(std::time::Duration::from_secs(60)).expect("an answer amid another change");
        assert!(refused.unwrap_err().to_string().contains("at least 10 characters"));
    });
}
