//! Which of the copies in a folder are kept.

use std::fs;
use std::process::Command;

use super::Places;
use crate::operators::{headcount, refused, unset};
use crate::store::file::Database;

fn keep(places: &Places, now: &str, keep: &str) -> serde_json::Value {
    let (data, target) = (places.text("data"), places.text("backups"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
    command.args(["--now", now, "backup", &target, "--keep", keep, "--data", &data, "--json"]);
    unset(&mut command);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_latest_of_this_database_are_kept_and_nobody_elses_files_go() {
    let places = Places::new();
    places.counted("data", 1);
    let others = ["headcount-20200101T000000Z-0123abcd.db", "notes.txt", "headcount-20200101T000000Z.db"];
    others.iter().for_each(|name| fs::write(places.path("backups").join(name), "mine").unwrap());
    for (hour, there) in [(1, 1), (2, 2), (3, 3), (4, 3), (5, 3)] {
        let told = keep(&places, &format!("2026-06-01T0{hour}:00:00Z"), "3");
        let made = told["path"].as_str().unwrap();
        assert!(fs::metadata(made).is_ok() && told["stays"].is_null(), "{told}");
        assert_eq!(places.names("backups").len(), there + others.len(), "{hour}");
    }
    let names = places.names("backups");
    assert!(others.iter().all(|name| names.contains(&(*name).to_owned())), "{names:?}");
    assert!(names.iter().any(|name| name.contains("T050000Z")) && !names.iter().any(|name| name.contains("T020000Z")));
    // One of that name that is no database is nobody's backup.
    let own = names.iter().find(|name| name.contains("T030000Z")).unwrap();
    fs::write(places.path("backups").join(own), "damaged").unwrap();
    keep(&places, "2026-06-01T06:00:00Z", "1");
    let names = places.names("backups");
    assert!(names.contains(own) && names.len() == others.len() + 2, "{names:?}");
    // Two within a second are two.
    keep(&places, "2026-06-01T07:00:00Z", "5");
    keep(&places, "2026-06-01T07:00:00Z", "5");
    assert_eq!(places.names("backups").len(), others.len() + 4);
}

#[test]
fn nothing_goes_when_the_clock_is_behind_or_the_new_one_fails() {
    let places = Places::new();
    places.counted("data", 1);
    for hour in 1..4 {
        keep(&places, &format!("2026-06-01T0{hour}:00:00Z"), "3");
    }
    let told = keep(&places, "1970-01-01T00:00:00Z", "1");
    assert!(told["stays"].as_str().unwrap().contains("dated after this one"), "{told}");
    assert_eq!(places.names("backups").len(), 4);
    fs::write(places.path("data/headcount.db"), "damaged").unwrap();
    let (target, data) = (places.text("backups"), places.text("data"));
    let failed = headcount(&["backup", &target, "--keep", "1", "--data", &data]).output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(places.names("backups").len(), 4);
}

#[test]
fn a_copy_that_is_not_complete_removes_none_that_is() {
    let places = Places::new();
    let server = places.serve("data");
    server.pageview("example.com", "/");
    let first = places.backup("data", "backups", &["--keep", "1"])["path"].as_str().unwrap().to_owned();
    server.pageview("example.com", "/b");
    let other = Database::of(&places.path("data"));
    other.run("BEGIN IMMEDIATE");
    let told = places.backup("data", "backups", &["--keep", "1"]);
    assert!(told["is_complete"] == false && told["stays"].as_str().unwrap().contains("not complete"), "{told}");
    assert!(fs::metadata(&first).is_ok() && places.names("backups").len() == 2);
    other.run("ROLLBACK");
    drop(other);
    // Another one is in the place of the server's.
    fs::copy(&first, places.path("data/other")).unwrap();
    fs::rename(places.path("data/other"), places.path("data/headcount.db")).unwrap();
    let (code, said) = refused(&["backup", &places.text("backups"), "--keep", "1", "--data", &places.text("data")]);
    assert!(code == 1 && said.contains("was replaced") && said.contains("nothing was copied"), "{said}");
    assert!(fs::metadata(&first).is_ok() && places.names("backups").len() == 2);
}
