//! The copy before a database is brought up to date, where something is in its way.

use std::fs;
use std::process::Command;

use super::Places;
use crate::operators::{NOW, printed, unset};
use crate::store::file::Database;

const DUMP: &str = include_str!("../store/versions/8.sql");

/// A data folder with a database of an older version.
fn old() -> Places {
    let places = Places::new();
    fs::create_dir(places.path("data")).unwrap();
    fs::write(places.path("data/figures-of-tests"), "").unwrap();
    Database::of(&places.path("data")).run(&format!("PRAGMA foreign_keys = OFF;\n{DUMP}"));
    places
}

/// The exit code of a command that opens the database, and what it said.
fn opened(places: &Places) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
    unset(&mut command);
    let output = command.args(["--now", NOW, "site", "list", "--data", &places.text("data")]).output().unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

fn copies(places: &Places) -> Vec<String> {
    places.names("data").into_iter().filter(|name| name.starts_with("headcount-schema-8-")).collect()
}

#[test]
fn a_database_that_another_program_has_is_not_brought_up_to_date_without_its_copy() {
    let places = old();
    let other = Database::of(&places.path("data"));
    other.run("BEGIN EXCLUSIVE");
    let (code, said) = opened(&places);
    assert!(code == Some(1) && said.contains("is in use by another program; try again"), "{said}");
    other.run("ROLLBACK");
    assert_eq!((other.number("PRAGMA user_version"), copies(&places).len()), (8, 0));
    drop(other);
    assert_eq!(opened(&places).0, Some(0));
    assert_eq!(copies(&places).len(), 1);
}

#[test]
fn a_damaged_database_is_copied_as_it_is_before_it_is_brought_up_to_date() {
    let places = old();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'site_totals'";
    let page = Database::of(&places.path("data")).number(sql) as usize;
    let file = places.path("data/headcount.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0xee);
    fs::write(&file, &bytes).unwrap();
    let (_, said) = opened(&places);
    assert_eq!(copies(&places).len(), 1, "{said}");
    assert!(fs::read(places.path("data").join(&copies(&places)[0])).unwrap() == bytes, "it is another file");
}

#[test]
fn copies_of_one_second_have_names_of_their_own() {
    let places = Places::new();
    places.counted("data", 1);
    let (folder, data) = (places.text("backups"), places.text("data"));
    std::thread::scope(|scope| {
        (0..6).for_each(|_| drop(scope.spawn(|| printed(&["backup", &folder, "--data", &data]))));
    });
    assert_eq!(places.names("backups").len(), 6, "{:?}", places.names("backups"));
}
