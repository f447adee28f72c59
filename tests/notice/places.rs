//! What the configuration of a server adds to places waits until the notice has announced it.

use std::path::Path;
use std::process::Command as Program;

use serde_json::{Value, json};

use crate::operators::{AGENT, Server, folder, printed, unset};

/// The address is of the United States.
const ADDRESS: &str = "8.8.8.8";

fn program(now: &str, words: &[&str], data: &Path) -> Program {
    let mut command = Program::new(env!("CARGO_BIN_EXE_headcount"));
    unset(&mut command);
    command.args(["--now", now]).args(words).arg("--data").arg(data);
    command
}

fn serve(now: &str, data: &Path, place: &str) -> Server {
    Server::run(program(now, &["serve", "--listen", "127.0.0.1:0", "--place", place], data))
}

fn view(server: &Server) {
    let body = json!({"n": "pageview", "u": "https://example.com/", "d": "example.com"}).to_string();
    let post = ureq::post(format!("{}/api/event", server.url)).header("user-agent", AGENT);
    assert_eq!(post.header("x-forwarded-for", ADDRESS).send(body).unwrap().status(), 202);
}

fn told(server: &Server) -> Value {
    let answer = ureq::get(format!("{}/privacy/example.com/notice.json", server.url)).call();
    serde_json::from_str(&answer.unwrap().body_mut().read_to_string().unwrap()).unwrap()
}

/// The countries of all days until one.
fn countries(now: &str, data: &Path) -> String {
    let words = ["report", "--site", "example.com", "--by", "country", "--period", "all"];
    String::from_utf8(program(now, &words, data).output().unwrap().stdout).unwrap()
}

fn has_country(facts: &Value) -> bool {
    facts["dimensions"].as_array().unwrap().contains(&json!("country"))
}

#[test]
fn places_that_a_configuration_adds_are_announced_before_they_are_counted() {
    let (_folder, data) = folder();
    let (first, later) = ("2026-06-01T09:00:00Z", "2026-06-09T00:00:30Z");
    printed(&["site", "add", "example.com", "--collect", "no-utm", "--announce-days", "7", "--data", &data]);
    let server = serve(first, Path::new(&data), "none");
    view(&server);
    assert!(!has_country(&told(&server)["facts"]));
    server.stop();

    let server = serve(first, Path::new(&data), "city");
    view(&server);
    let notice = told(&server);
    assert!(!has_country(&notice["facts"]), "{notice}");
    assert!(has_country(&notice["announced"][0]["facts"]), "{notice}");
    assert_eq!(notice["announced"][0]["from"], "2026-06-09");
    server.stop();
    assert!(!countries(first, Path::new(&data)).contains("\nUS "));
    let shown = printed(&["site", "show", "example.com", "--data", &data]);
    assert!(shown.contains("--collect no-utm acts from 2026-06-09 on"), "{shown}");

    // It is held once, and acts by itself.
    let server = serve(later, Path::new(&data), "city");
    view(&server);
    let notice = told(&server);
    assert!(has_country(&notice["facts"]) && notice["announced"] == json!([]), "{notice}");
    server.stop();
    assert!(countries(later, Path::new(&data)).contains("\nUS "));
}

#[test]
fn a_site_that_announces_nothing_counts_them_at_once() {
    let (_folder, data) = folder();
    let now = "2026-06-01T09:00:00Z";
    printed(&["site", "add", "example.com", "--data", &data]);
    serve(now, Path::new(&data), "none").stop();
    let server = serve(now, Path::new(&data), "country");
    view(&server);
    assert!(has_country(&told(&server)["facts"]));
    server.stop();
    assert!(countries(now, Path::new(&data)).contains("\nUS "));
}
