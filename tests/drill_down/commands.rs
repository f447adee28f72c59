//! Commands about goals, funnels and filters, given to programs as an owner gives them.

use serde_json::{Value, json};

use super::SITE;
use crate::operators::{Server, folder, printed, refused};

/// What a command prints about a folder.
fn said(data: &str, words: &[&str]) -> String {
    printed(&[words, &["--data", data]].concat())
}

fn json(data: &str, words: &[&str]) -> Value {
    serde_json::from_str(&said(data, &[words, &["--json"]].concat())).unwrap()
}

/// A folder with a goal and a funnel that a command without a server declared.
fn declared() -> (tempfile::TempDir, String) {
    let (folder, data) = folder();
    said(&data, &["site", "add", SITE, "--values-max", "500"]);
    said(&data, &["goal", "add", SITE, "/blog/**", "--name", "Reads"]);
    said(&data, &["funnel", "add", SITE, "Way", "/", "/blog/*"]);
    (folder, data)
}

#[test]
fn commands_work_without_a_server_and_with_one() {
    let (_folder, data) = declared();
    let said = |words: &[&str]| said(&data, words);
    let json = |words: &[&str]| json(&data, words);
    {
        let server = Server::start(std::path::Path::new(&data), &[]);
        said(&["goal", "add", SITE, "/"]);
        server.pageview(SITE, "/");
        server.pageview(SITE, "/blog/a");
        let goals = json(&["report", "--site", SITE, "--period", "today", "--by", "goal"]);
        assert_eq!((&goals["rows"][0]["goal"], &goals["rows"][0]["conversions"]), (&json!("Reads"), &json!(1)));
        assert_eq!(json(&["funnel", "show", SITE, "Way", "--period", "today"])["steps"][1]["visits"], 1);
        assert_eq!(server.stop().0, 0);
    }
    let report = |words: &[&str]| json(&[&["report", "--site", SITE, "--period", "today"], words].concat());
    let filtered = report(&["--by", "source", "--filter", "page~blog", "--filter", "page!=/x"]);
    assert_eq!(filtered["rows"][0]["pageviews"], 1);
    assert_eq!(report(&["--goal", "Reads"])["rows"][0]["conversion_rate"], 100);
    assert!(said(&["funnel", "list", SITE]).contains("1. page /\n  2. pattern /blog/*"));
    assert_eq!(json(&["goal", "list", SITE]).as_array().unwrap().len(), 2);
}

#[test]
fn commands_say_what_they_refuse() {
    let (_folder, data) = declared();
    said(&data, &["goal", "add", SITE, "/"]);
    said(&data, &["goal", "remove", SITE, "Reads"]);
    said(&data, &["funnel", "remove", SITE, "Way"]);
    for (words, expected) in [
        (&["report", "--site", SITE, "--filter", "sauce=x"][..], "is nothing to filter by"),
        (&["goal", "remove", SITE, "Reads"], "did you mean"),
        (&["site", "set", SITE, "--pair-cells-max", "0"], "write a number from 1 to 20000000"),
    ] {
        let (code, said) = refused(&[words, &["--data", &data]].concat());
        assert!(code == 1 && said.contains(expected), "{words:?}: {said}");
    }
}
