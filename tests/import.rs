//! What `headcount import` counts of logs of web servers, with a running server and without one.

mod follow;
mod hosts;
mod readable;
pub mod samples;
mod walk;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use headcount::control::Command;
use headcount::import::{Import, ImportError, Manner, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::operators::{Server, headcount, printed, refused};
use crate::world::World;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A line of a pageview by somebody at `192.0.2.who`.
fn line(time: &str, who: u8, path: &str) -> String {
    format!("192.0.2.{who} - - [{time} +0000] \"GET {path} HTTP/1.1\" 200 123 \"-\" \"{FIREFOX}\"\n")
}

/// A data folder with the site example.com, and room for logs.
struct Desk {
    folder: TempDir,
    data: String,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").to_str().unwrap().to_owned();
        printed(&["site", "add", "example.com", "--data", &data]);
        Desk { folder, data }
    }

    fn log(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn words<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["import", "--site", "example.com", "--json", "--data", &self.data], more].concat()
    }

    fn import(&self, logs: &[&Path], more: &[&str]) -> Value {
        let logs: Vec<&str> = logs.iter().map(|log| log.to_str().unwrap()).collect();
        serde_json::from_str(&printed(&self.words(&[&logs[..], more].concat()))).unwrap()
    }

    fn import_input(&self, text: &[u8]) -> Value {
        let mut command = headcount(&self.words(&["-"]));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Rows of a report over all days, as `label: [visitors, visits, pageviews]`.
    fn report(&self, by: &str) -> Value {
        let words = ["report", "--site", "example.com", "--period", "all", "--rows", "9999", "--json", "--by", by];
        let told: Value = serde_json::from_str(&printed(&[&words[..], &["--data", &self.data]].concat())).unwrap();
        let rows = told["rows"].as_array().unwrap().iter().filter(|row| row["pageviews"] != 0);
        rows.map(|row| {
            (row[by].as_str().unwrap().to_owned(), json!([row["visitors"], row["visits"], row["pageviews"]]))
        })
        .collect()
    }
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_line_is_counted_or_rejected_by_its_reason_with_a_server_and_without() {
    let text = [
        line("01/Jun/2024:23:50:00", 1, "/"),
        line("01/Jun/2024:23:55:00", 1, "/a?secret=1"),
        line("01/Jun/2024:23:56:00", 2, "/a.css?x"),
        line("01/Jun/2024:23:57:00", 2, "/a").replace("GET", "POST"),
        line("01/Jun/2024:23:58:00", 2, "/a").replace(" 200 ", " 404 "),
        line("02/Jun/2024:00:05:00", 1, "/b").replace(" 200 ", " 304 "),
        line("02/Jun/2024:00:06:00", 3, "/b").replace("Mozilla/5.0", "Googlebot"),
        line("02/Jun/2024:00:07:00", 4, "/b").replace("\"-\"", "\"https://semalt.com/\""),
        "\n".into(),
        "no line at all\n".into(),
        line("02/Jun/2999:00:07:00", 4, "/b"),
    ]
    .concat();
    for with_server in [false, true] {
        let desk = Desk::new();
        let server = with_server.then(|| Server::start(Path::new(&desk.data), &[]));
        let told = desk.import(&[&desk.log("access.log", &text)], &[]);
        let reasons = json!({"asset": 1, "bad_line": 2, "bot": 1, "method": 1, "spam_source": 1, "status": 1});
        assert_eq!((&told["lines"], &told["counted"], &told["rejected"]), (&json!(10), &json!(3), &reasons));
        assert_eq!((&told["days"], &told["repeated_days"]), (&json!(["2024-06-01", "2024-06-02"]), &json!([])));
        // Midnight ends a visit, and nothing connects the days.
        assert_eq!(desk.report("day"), json!({"2024-06-01": [1, 1, 2], "2024-06-02": [1, 1, 1]}));
        assert_eq!(desk.report("page"), json!({"/": [1, 1, 1], "/a": [1, 1, 1], "/b": [1, 1, 1]}));
        assert_eq!(desk.report("hostname"), json!({"example.com": [2, 2, 3]}));
        if let Some(server) = server {
            assert_eq!(server.stop().0, 0);
            assert_eq!(desk.report("day"), json!({"2024-06-01": [1, 1, 2], "2024-06-02": [1, 1, 1]}));
        }
    }
}

#[test]
fn several_logs_are_one_stream_by_time() {
    let desk = Desk::new();
    let first = [line("01/Jun/2024:10:00:00", 1, "/a"), line("01/Jun/2024:10:40:00", 1, "/c")].concat();
    let second = [line("01/Jun/2024:10:20:00", 1, "/b"), line("01/Jun/2024:11:00:00", 1, "/d")].concat();
    let third = line("03/Jun/2024:11:00:00", 1, "/e");
    let packed = desk.folder.path().join("access.log.2.gz");
    fs::write(&packed, gzipped(&second)).unwrap();
    let logs = [&*desk.log("access.log", &third), &packed, &*desk.log("access.log.1", &first)];
    assert_eq!(desk.import(&logs, &[])["counted"], 5);
    assert_eq!(desk.report("entry_page"), json!({"/a": [1, 1, 4], "/e": [1, 1, 1]}));
    assert_eq!(desk.report("exit_page"), json!({"/d": [1, 1, 4], "/e": [1, 1, 1]}));
}

#[test]
fn a_known_log_goes_on_where_its_last_import_ended() {
    for with_server in [false, true] {
        let desk = Desk::new();
        let _server = with_server.then(|| Server::start(Path::new(&desk.data), &[]));
        let (first, second) = (line("01/Jun/2024:10:00:00", 1, "/a"), line("01/Jun/2024:10:01:00", 2, "/b"));
        // The web server has just begun to write the second line.
        let half = second.len() / 2;
        let log = desk.log("access.log", &format!("{first}{}", &second[..half]));
        let told = desk.import(&[&log], &[]);
        assert_eq!((&told["counted"], &told["files"][0]["unfinished"]), (&json!(1), &json!(true)));
        // It is renamed, has grown, and is compressed.
        let grown = format!("{first}{second}");
        let moved = desk.folder.path().join("access.log.1.gz");
        fs::write(&moved, gzipped(&grown)).unwrap();
        let told = desk.import(&[&moved], &[]);
        assert_eq!((&told["lines"], &told["files"][0]["from_byte"]), (&json!(1), &json!(first.len())));
        assert_eq!(told["repeated_days"], json!(["2024-06-01"]));
        assert_eq!(desk.report("page"), json!({"/a": [1, 1, 1], "/b": [1, 1, 1]}));
        let log = desk.log("access.log", &grown);
        let told = desk.import(&[&log], &[]);
        assert_eq!((&told["lines"], &told["files"][0]["to_byte"]), (&json!(0), &json!(grown.len())));
        assert_eq!(desk.import(&[&log], &["--again"])["lines"], 2);
        assert_eq!(desk.import(&[&log], &[])["lines"], 0);
        assert_eq!(desk.report("page"), json!({"/a": [2, 2, 2], "/b": [2, 2, 2]}));
    }
}

#[test]
fn a_person_is_told_which_days_were_counted_or_why_none_was() {
    let desk = Desk::new();
    let told = |name: &str, text: &str| {
        let log = desk.log(name, text);
        printed(&["import", log.to_str().unwrap(), "--site", "example.com", "--data", &desk.data])
    };
    let days = [line("01/Jun/2024:10:00:00", 1, "/a"), line("03/Jun/2024:10:00:00", 1, "/a")].concat();
    assert!(told("days.log", &days).contains("Counted from 2024-06-01 to 2024-06-03; "));
    assert!(told("day.log", &line("04/Jun/2024:10:00:00", 1, "/a")).contains("Counted on 2024-06-04; "));
    let assets = told("assets.log", &line("05/Jun/2024:10:00:00", 1, "/a.css"));
    assert!(!assets.contains("Counted "), "{assets}");
}

#[test]
fn times_that_no_calendar_reaches_are_bad_lines() {
    let desk = Desk::new();
    let line = |ts: &str| {
        format!(
            "{{\"ts\":{ts},\"request\":{{\"remote_ip\":\"192.0.2.1\",\"method\":\"GET\",\"uri\":\"/a\",\"headers\":{{\"User-Agent\":[\"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\"]}}}},\"status\":200}}\n"
        )
    };
    let text: String = ["1717236000", "-1e300", "1e300", "-377705116800000", "-1"].into_iter().map(line).collect();
    let told = desk.import(&[&desk.log("caddy.log", &text)], &[]);
    assert_eq!((&told["counted"], &told["rejected"]), (&json!(1), &json!({"bad_line": 4})));
}

#[test]
fn a_last_line_without_a_line_feed_counts_once() {
    let desk = Desk::new();
    let (first, second) = (line("01/Jun/2024:10:00:00", 1, "/a"), line("01/Jun/2024:10:01:00", 2, "/b"));
    let log = desk.log("access.log", first.trim_end());
    assert_eq!(desk.import(&[&log], &[])["lines"], 1);
    let log = desk.log("access.log", &format!("{first}{second}"));
    assert_eq!(desk.import(&[&log], &[])["lines"], 1);
    assert_eq!(desk.report("page"), json!({"/a": [1, 1, 1], "/b": [1, 1, 1]}));
}

#[test]
fn the_same_log_given_twice_counts_once() {
    let desk = Desk::new();
    let text = line("01/Jun/2024:10:00:00", 1, "/a");
    let (one, other) = (desk.log("a.log", &text), desk.log("b.log", &text));
    let told = desk.import(&[&one, &other], &[]);
    assert_eq!((&told["lines"], &told["files"][1]["same_as"]), (&json!(1), &json!(0)));
}

#[test]
fn standard_input_is_read_plain_and_compressed_and_not_remembered() {
    let desk = Desk::new();
    let text = line("01/Jun/2024:10:00:00", 1, "/a") + line("01/Jun/2024:10:01:00", 2, "/b").trim_end();
    for input in [text.clone().into_bytes(), gzipped(&text), text.clone().into_bytes()] {
        assert_eq!(desk.import_input(&input)["counted"], 2);
    }
    assert_eq!(desk.import_input(b"")["lines"], 0);
    assert_eq!(desk.report("page"), json!({"/a": [3, 3, 3], "/b": [3, 3, 3]}));
}

#[test]
fn mistakes_are_told_in_one_sentence() {
    let desk = Desk::new();
    let (log, packed) = (desk.log("access.log", ""), desk.folder.path().join("broken.gz"));
    fs::write(&packed, &gzipped(&line("01/Jun/2024:10:00:00", 1, "/a"))[..20]).unwrap();
    let (log, packed) = (log.to_str().unwrap(), packed.to_str().unwrap());
    let check = |words: &[&str], said: &str| {
        let (code, told) = refused(&[&["import", "--data", &desk.data], words].concat());
        assert!(code == 1 && told.contains(said) && told.lines().count() == 1, "{words:?}: {code} {told}");
    };
    for server in [None, Some(())].map(|with| with.map(|()| Server::start(Path::new(&desk.data), &[]))) {
        check(&["missing.log", "--site", "example.com"], "missing.log can't be read: No such file");
        check(
            &[log, "--site", "example.org"],
            "there is no site example.org; `headcount site add example.org` adds it",
        );
        check(&[packed, "--site", "example.com"], "broken.gz can't be read: ");
        drop(server);
    }
    assert_eq!(refused(&["import", "--data", &desk.data]).0, 2);
    let elsewhere = desk.folder.path().join("elsewhere");
    let told = refused(&["import", log, "--site", "example.com", "--data", elsewhere.to_str().unwrap()]);
    assert!(told.0 == 1 && told.1.contains("there is no headcount.db in ") && !elsewhere.exists(), "{told:?}");
}

#[test]
fn what_a_client_sent_before_it_went_away_is_stored_with_its_place() {
    let desk = Desk::new();
    let server = Server::start(Path::new(&desk.data), &[]);
    let text = [line("01/Jun/2024:10:00:00", 1, "/a"), line("01/Jun/2024:10:01:00", 2, "/b")];
    let whole = text.concat();
    let mut stream = UnixStream::connect(Path::new(&desk.data).join("headcount.sock")).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut answer = || {
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        line
    };
    let command = json!({"import": {"site": "example.com", "logs": 1, "manner": {}}});
    stream.write_all(format!("{command}\n").as_bytes()).unwrap();
    assert_eq!(answer(), "{\"Ok\":null}\n");
    stream.write_all(&(whole.len() as u32).to_le_bytes()).unwrap();
    stream.write_all(whole.as_bytes()).unwrap();
    assert_eq!(answer(), "{\"Ok\":\"new\"}\n");
    let (length, end) = ((text[0].len() as u32).to_le_bytes(), (text[0].len() as u64).to_le_bytes());
    stream.write_all(&[&[0; 4], &length[..], &end, text[0].as_bytes()].concat()).unwrap();
    // Another one has to wait.
    let log = desk.log("access.log", &whole);
    let (code, told) = refused(&["import", log.to_str().unwrap(), "--site", "example.com", "--data", &desk.data]);
    assert!(code == 1 && told.contains("another import is running"), "{code} {told}");
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    // The server has stored it when it closes its side.
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert_eq!(desk.report("page"), json!({"/a": [1, 1, 1]}));
    let told = desk.import(&[&log], &[]);
    assert_eq!((&told["lines"], &told["files"][0]["from_byte"]), (&json!(1), &json!(text[0].len())));
    assert_eq!(server.stop().0, 0);
}

#[test]
fn an_import_leaves_the_running_day_alone_and_nothing_of_a_person_behind() {
    let world = World::start();
    world.pageview("/live").ok();
    let (address, agent) = (world.canary("198.51.100.77"), world.canary("Gecko/7654321 Firefox/140.0"));
    let secret = world.canary("hidden-query");
    let write = |time: &str| {
        let line = line(time, 1, &format!("/?q={secret}")).replace("192.0.2.1", &address);
        line.replace("Gecko/20100101 Firefox/140.0", &agent)
    };
    let text = [write("31/May/2026:10:00:00"), write("01/Jun/2026:08:00:00")].concat();
    let mut import = Import::begin(world.collector(), "example.com", Manner::default()).unwrap();
    assert_eq!(Import::begin(world.collector(), "example.com", Manner::default()).err(), Some(ImportError::Running));
    assert_eq!(import.open(text.as_bytes()), Start::New);
    import.take(0, text.len() as u64, text.as_bytes()).unwrap();
    let summary = import.finish().unwrap();
    assert_eq!((summary.counted, summary.repeated), (2, vec!["2026-06-01".to_owned()]));
    // The running day goes on with the salt that it has.
    world.wait_minutes(1);
    world.pageview("/live").ok();
    let query = json!({"site_id": "example.com", "date_range": "day", "metrics": ["visitors", "pageviews"]});
    assert_eq!(world.query(query).json()["results"][0]["metrics"], json!([2, 3]));
    let mut import = Import::begin(world.collector(), "example.com", Manner::default()).unwrap();
    assert_eq!(import.open(text.as_bytes()), Start::At(text.len() as u64));
}

#[test]
fn an_import_for_a_site_that_is_removed_counts_nothing() {
    let world = World::start();
    let text = line("31/May/2026:10:00:00", 1, "/");
    let mut import = Import::begin(world.collector(), "example.com", Manner::default()).unwrap();
    import.open(text.as_bytes());
    import.take(0, text.len() as u64, text.as_bytes()).unwrap();
    world.command(Command::SiteRemove { domain: "example.com".into() }).unwrap();
    assert_eq!(import.finish(), Err(ImportError::Removed));
}
