//! Labelled agents and referrers, written by hand, are known rightly.
//!
//! The same lists are in the table of `cargo bench --bench knowing`.

use std::io::Write;
use std::process::Stdio;

use headcount::beacon::NO_HINTS;
use headcount::cell::{Dimension, NOT_SET, Test};
use headcount::hit::agent::{Agents, Verdict};
use headcount::hit::{path, source};
use headcount::site::HostRelation;
use serde_json::Value;

use crate::operators::{headcount, printed, refused};

const EDGE_CASES: &str = include_str!("../benches/knowing/edge_cases.tsv");
const REFERRERS: &str = include_str!("../benches/knowing/referrers.tsv");

fn rows(list: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split('\t').collect())
}

#[test]
fn unusual_browsers_and_programs_are_known() {
    let agents = Agents::new();
    let mut wrong = Vec::new();
    for row in rows(EDGE_CASES) {
        let (labels, is_bot) = match agents.classify(row[0], &NO_HINTS, false) {
            Verdict::Person(agent) => ([agent.browser.to_string(), agent.os.to_string(), agent.device.to_owned()], "0"),
            Verdict::Bot(_) | Verdict::Library(_) => (Default::default(), "1"),
        };
        let is_right = |(want, got): (&&str, &String)| want.is_empty() || want == got;
        if is_bot != row[4] || !row[1..4].iter().zip(&labels).all(is_right) {
            wrong.push(format!("{labels:?} {is_bot}, wanted {row:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows(EDGE_CASES).count() > 150);
}

#[test]
fn a_version_implies_what_it_is_a_version_of() {
    let agents = Agents::new();
    let implies = |dimension: Dimension, value: &str, version: &str| {
        Test::Implied(dimension, Box::new(Test::Is(vec![value.to_owned()]))).passes(version)
    };
    let mut wrong = Vec::new();
    for row in rows(EDGE_CASES) {
        let Verdict::Person(agent) = agents.classify(row[0], &NO_HINTS, false) else { continue };
        if agent.browser_version != NOT_SET && !implies(Dimension::Browser, &agent.browser, &agent.browser_version) {
            wrong.push(format!("{} of {}", agent.browser_version, agent.browser));
        }
        if agent.os_version != NOT_SET && !implies(Dimension::Os, &agent.os, &agent.os_version) {
            wrong.push(format!("{} of {}", agent.os_version, agent.os));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn referrers_have_their_source_and_channel() {
    let mut wrong = Vec::new();
    for row in rows(REFERRERS) {
        let origin = source::origin(&path::campaign(row[1]), row[0], |host| HostRelation::among(host, ["site.test"]))
            .expect("no spammer");
        if (&*origin.source, origin.channel) != (row[2], row[3]) {
            wrong.push(format!("{}, {}, wanted {row:?}", origin.source, origin.channel));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows(REFERRERS).count() > 250);
}

fn explained(words: &[&str]) -> Value {
    serde_json::from_str(&printed(&[&["explain", "--json"], words].concat())).unwrap()
}

#[test]
fn explain_says_what_is_made_of_an_agent_its_hints_and_a_referrer() {
    let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    let hints = ["--header", "Sec-CH-UA: \"Brave\";v=\"140\"", "--header", "Sec-CH-UA-Platform: \"Windows\""];
    let version = ["--header", "sec-ch-ua-platform-version: \"15.0.0\"", "--referrer", "https://chatgpt.com/"];
    let answer = explained(&[&["--user-agent", chrome][..], &hints, &version].concat());
    let want = serde_json::json!({
        "browser": "Brave", "browser_version": "140", "os": "Windows", "os_version": "11",
        "device": "desktop", "bot": null, "source": "ChatGPT", "channel": "AI Assistants",
    });
    assert_eq!(answer, want);
    let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15";
    assert_eq!(explained(&["--user-agent", mac, "--touch"])["device"], "tablet");
    let paid = explained(&["--user-agent", mac, "--url", "https://a.test/?gclid=1"]);
    assert_eq!((&paid["source"], &paid["channel"]), (&"Google".into(), &"Paid Search".into()));
    let spam = explained(&["--user-agent", mac, "--referrer", "https://semalt.com/"]);
    assert_eq!((&spam["source"], &spam["channel"]), (&Value::Null, &Value::Null));
    assert!(printed(&["explain", "--referrer", "https://semalt.com/"]).contains("rejected         spam_source"));
    let headers = explained(&["--header", "User-Agent: GPTBot/1.2", "--header", "Referer: https://www.google.com/"]);
    assert_eq!((&headers["bot"], &headers["source"]), (&"GPTBot".into(), &"Google".into()));
    let bot = explained(&["--user-agent", "GPTBot/1.2"]);
    assert_eq!((&bot["bot"], &bot["browser"], bot.as_object().unwrap().len()), (&"GPTBot".into(), &Value::Null, 8));
    assert!(printed(&["explain", "--user-agent", "GPTBot/1.2"]).contains("bot_group        AI crawler"));
    assert!(printed(&["explain", "--user-agent", "curl/8"]).contains("bot              curl"));
}

#[test]
fn explain_answers_each_line_with_a_line_of_json() {
    let mut child =
        headcount(&["explain", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program");
    let lines = b"curl/8\thttps://www.google.com/\n\nMozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\n\xff\tx\tmore\n";
    child.stdin.take().unwrap().write_all(lines).unwrap();
    let output = child.wait_with_output().unwrap();
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> =
        answers.iter().map(|a| (a["bot"].as_str(), a["browser"].as_str(), a["source"].as_str())).collect();
    assert_eq!(told[0], (Some("curl"), None, Some("Google")));
    assert_eq!(told[1], (Some("No agent"), None, Some("Direct / None")));
    assert_eq!(told[2], (None, Some("Firefox"), Some("Direct / None")));
    assert_eq!(answers.len(), 4);
}

#[test]
fn geo_tells_where_to_get_a_file_and_refuses_one_that_is_none() {
    let told = printed(&["geo"]);
    assert!(told.contains("DB-IP") && told.contains("GeoLite2") && told.contains("place ="), "{told}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("places.mmdb");
    std::fs::write(&file, "no database").unwrap();
    let (code, sentence) = refused(&["geo", file.to_str().unwrap()]);
    assert_eq!((code, sentence.contains("is no MMDB file or damaged")), (1, true), "{sentence}");
    let (code, sentence) = refused(&["geo", "/nowhere.mmdb"]);
    assert_eq!((code, sentence.contains("can't be read")), (1, true), "{sentence}");
}
