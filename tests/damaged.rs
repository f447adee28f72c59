//! A start on a database in which a page is damaged: indexes are made anew, and else it counts as far as it can, and says what is damaged.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use crate::operators::{headcount, refused};
use crate::program::Program;
use crate::store::file::Database;

const BRIEFLY: [&str; 2] = ["--stop-timeout", "1"];

/// A program that has stored two pageviews and has ended, and the first page of a part of its database, which holds zeros now.
fn damaged(part: &str) -> Program {
    let mut program = Program::start();
    program.count("/a");
    program.count("/b");
    stop(&mut program);
    damage(&program, part);
    program
}

/// Fills the first page of a part with zeros.
fn damage(program: &Program, part: &str) {
    let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{part}'");
    let page = Database::of(program.folder()).number(&sql) as usize;
    let file = program.folder().join("headcount.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0);
    fs::write(file, bytes).unwrap();
}

fn stop(program: &mut Program) {
    program.signal(Signal::TERM);
    let (status, _) = program.end();
    assert!(status.success(), "{}", program.log());
}

fn spilled(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".spill")).count()
}

#[test]
fn damaged_indexes_are_made_anew_at_the_start() {
    for index in ["sqlite_autoindex_names_1", "sqlite_autoindex_sites_1", "pairs_key"] {
        let program = damaged(index);
        fs::write(program.folder().join("headcount.db.new"), "notes").unwrap();
        let mut program = program.again(&[], |_| {});
        program.count("/c");
        assert_eq!(fs::read_to_string(program.folder().join("headcount.db.new")).unwrap(), "notes");
        assert!(!program.log().contains("does not belong"), "{}", program.log());
        let table =
            Database::of(program.folder()).texts(&format!("SELECT tbl_name FROM sqlite_schema WHERE name = '{index}'"));
        let said = format!("indexes of {} were damaged, and are made anew", table[0]);
        assert!(program.log().contains(&said), "{index}: {}", program.log());
        let health = program.health();
        assert!(health["set_aside"][0].as_str().unwrap().starts_with("headcount.db.aside-"), "{health}");
        stop(&mut program);
        let database = Database::of(program.folder());
        assert_eq!(database.texts("PRAGMA integrity_check"), ["ok"], "{index}");
        assert_eq!(database.number("SELECT sum(pageviews) FROM site_totals WHERE grain = 1"), 3);
        assert_eq!(spilled(program.folder()), 0);
    }
}

#[test]
fn a_journal_is_found_by_a_database_whose_indexes_are_made_anew() {
    for is_repaired in [false, true] {
        let memory = tempfile::tempdir_in("/dev/shm").unwrap();
        let options = ["--journal", memory.path().to_str().unwrap()];
        let mut program = Program::behind("exec \"$@\"", &options, |_| {});
        program.count("/stored");
        stop(&mut program);
        let mut program = program.again(&options, |_| {});
        program.count("/in-the-journal");
        program.signal(Signal::KILL);
        program.end();
        damage(&program, "sqlite_autoindex_names_1");
        if is_repaired {
            checked(&["--data", program.folder().to_str().unwrap(), "--json", "--full", "--repair"]);
        }
        let mut program = program.again(&options, |_| {});
        assert_eq!(fs::read_dir(memory.path()).unwrap().count(), 1, "nothing is left under the name of before");
        stop(&mut program);
        let sums = ["pageviews", "visitors"]
            .map(|column| format!("SELECT sum({column}) FROM site_totals WHERE grain = 1"))
            .map(|sql| Database::of(program.folder()).number(&sql));
        assert_eq!(sums, [2, 1], "{is_repaired}: {}", program.log());
    }
}

#[test]
fn counting_goes_on_in_memory_where_sums_can_not_be_stored() {
    for table in ["days", "hours", "names", "kept_from"] {
        let mut program = damaged(table).again(&BRIEFLY, |_| {});
        program.count("/c");
        let said = format!("({table})");
        program.until(|| program.log().contains(&said).then_some(()));
        program.until(|| program.health()["reasons"].to_string().contains("stored").then_some(()));
        assert!(program.log().contains("restore"), "{}", program.log());
        stop(&mut program);
        assert_eq!(spilled(program.folder()), 1, "{table}: {}", program.log());
    }
}

#[test]
fn counting_goes_on_without_what_is_damaged_and_not_needed() {
    for table in ["keys", "releases"] {
        let mut program = damaged(table).again(&BRIEFLY, |_| {});
        program.count("/c");
        assert!(program.log().contains(&format!("the database is damaged in {table};")), "{}", program.log());
        stop(&mut program);
        let stored = "SELECT sum(pageviews) FROM site_totals WHERE grain = 1";
        assert_eq!(Database::of(program.folder()).number(stored), 3, "{table}");
    }
}

#[test]
fn a_site_that_is_there_needs_no_damaged_table_at_a_start() {
    let mut program = damaged("announced_changes").again(&BRIEFLY, |_| {});
    program.count("/c");
    stop(&mut program);
    assert_eq!(Database::of(program.folder()).number("SELECT sum(pageviews) FROM site_totals WHERE grain = 1"), 3);
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (code, said) = refused(&["check", pipe.to_str().unwrap()]);
    assert!(code == 1 && said.contains("it is no file"), "{said}");
}

#[test]
fn a_start_that_can_not_be_names_the_table_and_the_way_out() {
    for table in ["sites", "flushes", "journal"] {
        let program = damaged(table);
        let data = program.folder().to_str().unwrap();
        let (code, said) = refused(&["serve", "--listen", "127.0.0.1:0", "--data", data]);
        let line = format!("the database is damaged in {table}; `headcount restore` puts a backup back");
        assert!(code == 1 && said.contains(&line), "{table}: {said}");
    }
}

#[test]
fn a_damaged_index_is_named_and_made_anew() {
    let program = damaged("packed_key");
    let data = program.folder().to_str().unwrap();
    let (code, json) = checked(&["--data", data, "--json"]);
    let findings = json["findings"].as_array().unwrap();
    let is_named = |found: &Value| found["table"] == "packed" && found["can_be_repaired"] == true;
    assert!(code == 1 && findings.iter().any(is_named), "{json}");
    let (code, json) = checked(&["--data", data, "--json", "--full", "--repair"]);
    assert_eq!((code, &json["repaired"], &json["findings"]), (0, &Value::from(1), &Value::from(Vec::<Value>::new())));
    let (code, json) = checked(&["--data", damaged("hours").folder().to_str().unwrap(), "--json"]);
    let of_table = json["findings"].as_array().unwrap().iter().find(|found| found["table"] == "hours");
    assert!(code == 1 && of_table.unwrap()["what"] == "not all of its rows can be read", "{json}");
}

fn checked(words: &[&str]) -> (i32, Value) {
    let output = headcount(&[&["check"], words].concat()).output().unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), json)
}
