//! A database that is adopted and is of an older version, or can't be written at once.

use std::fs;

use super::{NOW, PEOPLE, is_reason, is_well, seen, views, with_backup};
use crate::restarts::lives::Lives;
use crate::restarts::senders::visit;
use crate::store::file::Database;

#[test]
fn a_database_of_an_older_version_that_is_adopted_is_copied_before() {
    for is_replaced in [true, false] {
        let lives = Lives::begin(NOW, &[]);
        visit(&lives, PEOPLE, "/stored");
        let old = tempfile::tempdir().unwrap();
        let dump = include_str!("../store/versions/10.sql");
        Database::of(old.path()).run(&format!("PRAGMA foreign_keys = OFF;\n{dump}"));
        let (old, file) = (old.path().join("headcount.db"), lives.data().join("headcount.db"));
        if is_replaced {
            fs::remove_file(&file).unwrap();
        }
        fs::copy(&old, &file).unwrap();
        is_reason(&lives, if is_replaced { "replaced" } else { "written over" });
        let (code, said) = lives.said(&["store", "adopt"]);
        assert!(code == 0 && said.contains("is a copy of it as it was"), "{said}");
        is_well(&lives);
        let names = fs::read_dir(lives.data()).unwrap().map(|entry| entry.unwrap().path());
        let is_copy = |path: &std::path::PathBuf| path.to_str().unwrap().contains("/headcount-schema-10-");
        let copies: Vec<_> = names.filter(is_copy).collect();
        assert!(copies.len() == 1 && said.contains(copies[0].to_str().unwrap()), "{copies:?} {said}");
        assert_eq!(Database::at(copies[0].to_str().unwrap()).number("PRAGMA user_version"), 10);
        assert!(Database::of(&lives.data()).number("PRAGMA user_version") > 10);
    }
}

#[test]
fn a_database_that_is_adopted_and_locked_gets_what_waits_later() {
    let (lives, backup) = with_backup();
    fs::rename(&backup, lives.data().join("headcount.db")).unwrap();
    visit(&lives, PEOPLE, "/waits");
    is_reason(&lives, "replaced");
    let other = Database::of(&lives.data());
    other.run("BEGIN IMMEDIATE");
    let (code, said) = lives.said(&["store", "adopt"]);
    assert!(code == 0 && said.contains("30 hits wait in memory") && said.contains("in use"), "{said}");
    assert!(lives.said(&["store", "adopt"]).1.contains("Nothing is to do"));
    other.run("ROLLBACK");
    is_well(&lives);
    assert_eq!(views(&lives), seen(&["/early", "/waits"]));
}
