//! A database that is replaced, removed or left without its log while the real program has it open, and what lies in its place at a start.

mod adopted;
mod unstored;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use headcount::site::{Domain, Moment, Schedule};
use headcount::store;

use crate::operators::Server;
use crate::restarts::lives::Lives;
use crate::restarts::senders::visit;
use crate::scenario::End;
use crate::store::file::Database;

const NOW: &str = "2026-06-01T09:00:00Z";
const DAY: &str = "2026-06-01";
const PEOPLE: std::ops::Range<u32> = 7_000_000..7_000_030;

/// Pages with their views, and whether the parts make the whole.
fn views(lives: &Lives) -> Vec<(String, i64)> {
    let rows = lives.rows(DAY, &["pageviews"], &["event:page"], json!([]));
    let total = lives.rows(DAY, &["pageviews"], &[], json!([])).get("").map_or(0, |row| row[0]);
    assert_eq!(total, rows.values().map(|row| row[0]).sum::<i64>());
    rows.into_iter().map(|(page, row)| (page, row[0])).collect()
}

/// Each of these pages, seen by all once.
fn seen(pages: &[&str]) -> Vec<(String, i64)> {
    pages.iter().map(|page| ((*page).to_owned(), PEOPLE.len() as i64)).collect()
}

fn is_reason(lives: &Lives, words: &str) {
    let health = lives.until(|| lives.health(), |health| health["status"] != "ok" && told(health, words));
    assert!(told(&health, "headcount store"), "{health}");
}

fn told(health: &Value, words: &str) -> bool {
    health["reasons"].as_array().unwrap().iter().any(|reason| reason.as_str().unwrap().contains(words))
}

fn is_well(lives: &Lives) {
    lives.until(|| lives.health(), |health| health["reasons"] == json!([]));
}

/// What lies in the data folder, but for the socket and what is kept aside.
fn files(data: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(data).unwrap().map(name).collect();
    names.retain(|name| name.starts_with("headcount.db"));
    names.sort();
    names
}

/// A program of which `/early` is in the backup, and `/late` is stored as well.
fn with_backup() -> (Lives, std::path::PathBuf) {
    let mut lives = Lives::begin(NOW, &[]);
    visit(&lives, PEOPLE, "/early");
    lives.end(End::Stop);
    assert_eq!(files(&lives.data()), ["headcount.db"], "a clean stop leaves one file");
    let backup = lives.data().with_extension("backup");
    fs::copy(lives.data().join("headcount.db"), &backup).unwrap();
    lives.start();
    visit(&lives, PEOPLE, "/late");
    lives.end(End::Stop);
    lives.start();
    // It has looked after its sites by then.
    lives.until(|| lives.log(), |log| log.contains("sign in with the link"));
    (lives, backup)
}

#[test]
fn a_database_that_is_replaced_waits_for_a_choice_and_is_kept() {
    let (mut lives, backup) = with_backup();
    fs::rename(&backup, lives.data().join("headcount.db")).unwrap();
    visit(&lives, PEOPLE, "/waits");
    is_reason(&lives, "replaced");
    let (code, said) = lives.said(&["site", "add", "two.test"]);
    assert!(code == 1 && said.contains("headcount store keep"), "{said}");
    assert_eq!(views(&lives), seen(&["/early", "/late", "/waits"]));
    let (code, said) = lives.said(&["store", "keep"]);
    assert!(code == 0 && said.contains("What lay there is kept as"), "{said}");
    is_well(&lives);
    assert!(lives.said(&["store", "keep"]).1.contains("Nothing is to do"));
    lives.command(&["site", "add", "two.test"]);
    let copy = tempfile::tempdir().unwrap();
    fs::copy(lives.data().join("headcount.db"), copy.path().join("headcount.db")).unwrap();
    let sites = Database::of(copy.path()).number("SELECT count(*) FROM sites WHERE domain = 'two.test'");
    assert_eq!(sites, 1, "what a command changed is in the file");
    visit(&lives, PEOPLE, "/z-after");
    lives.end(End::Kill);
    lives.start();
    assert_eq!(views(&lives), seen(&["/early", "/late", "/waits", "/z-after"]));
    assert!(lives.said(&["site", "list"]).1.contains("two.test"));
    let aside = files(&lives.data()).into_iter().find(|name| name.contains(".aside-") && !name.ends_with("l")).unwrap();
    fs::rename(lives.data().join(aside), lives.data().with_extension("looked-at")).unwrap();
}

#[test]
fn a_database_that_is_replaced_is_adopted_with_what_waits() {
    let (mut lives, backup) = with_backup();
    fs::rename(&backup, lives.data().join("headcount.db")).unwrap();
    visit(&lives, PEOPLE, "/waits");
    is_reason(&lives, "replaced");
    visit(&lives, PEOPLE, "/waits-too");
    let (code, said) = lives.said(&["store", "adopt"]);
    assert!(code == 0 && said.contains("60 hits that waited are added"), "{said}");
    is_well(&lives);
    let expected = seen(&["/early", "/waits", "/waits-too"]);
    assert_eq!(views(&lives), expected);
    assert!(lives.said(&["store", "adopt"]).1.contains("Nothing is to do"));
    lives.end(End::Kill);
    lives.start();
    assert_eq!(views(&lives), expected, "exactly once");
    visit(&lives, PEOPLE, "/z-after");
    lives.end(End::Stop);
    assert_eq!(files(&lives.data()), ["headcount.db"]);
    lives.start();
    assert_eq!(views(&lives), [expected, seen(&["/z-after"])].concat());
}

#[test]
fn sites_of_an_adopted_database_are_found_by_name_and_missing_ones_are_told() {
    let (mut lives, backup) = with_backup();
    fs::remove_file(&backup).unwrap();
    lives.command(&["site", "add", "only-here.test"]);
    let other = store::open(&backup).unwrap();
    for name in ["first.test", "second.test", "example.com"] {
        let domain = Domain::parse(name).unwrap();
        other.operators.add_site(&domain, &Schedule::utc(), &Default::default(), Moment(0)).unwrap();
    }
    other.sums.end().unwrap();
    fs::rename(&backup, lives.data().join("headcount.db")).unwrap();
    visit(&lives, PEOPLE, "/waits");
    let hit = json!({"n": "pageview", "u": "https://only-here.test/", "d": "only-here.test"}).to_string();
    assert!(lives.post("/api/event", &hit));
    let (code, said) = lives.said(&["store", "adopt"]);
    assert!(
        code == 0 && said.contains("30 hits that waited") && said.contains("only-here.test is not in it: 1 hit"),
        "{said}"
    );
    lives.make_token();
    assert_eq!(views(&lives), seen(&["/waits"]));
    visit(&lives, PEOPLE, "/z-after");
    lives.end(End::Kill);
    lives.start();
    assert_eq!(views(&lives)[0], seen(&["/waits"])[0]);
    lives.end(End::Stop);
    let unknown = "SELECT sum(count) FROM rejections WHERE site = 0 AND reason = 4";
    assert_eq!(Database::of(&lives.data()).number(unknown), 1);
}

#[test]
fn a_database_that_is_written_over_is_adopted_by_command_and_by_a_stop() {
    let (mut lives, backup) = with_backup();
    let file = lives.data().join("headcount.db");
    fs::copy(&backup, &file).unwrap();
    visit(&lives, PEOPLE, "/waits");
    is_reason(&lives, "was written over");
    assert_eq!(lives.said(&["store", "keep"]).0, 1, "what was there is gone");
    let (code, said) = lives.said(&["store", "adopt"]);
    assert!(code == 0 && said.contains("30 hits that waited are added"), "{said}");
    is_well(&lives);
    assert_eq!(views(&lives), seen(&["/early", "/waits"]));
    lives.end(End::Stop);
    assert_eq!(Database::of(&lives.data()).texts("PRAGMA integrity_check"), ["ok"]);
    lives.start();
    lives.until(|| lives.log(), |log| log.contains("sign in with the link"));
    assert_eq!(views(&lives), seen(&["/early", "/waits"]));
    fs::copy(&backup, &file).unwrap();
    visit(&lives, PEOPLE, "/x-waits");
    lives.end(End::Stop);
    lives.start();
    assert_eq!(views(&lives), seen(&["/early", "/x-waits"]));
}

#[test]
fn an_adopted_copy_that_lacks_what_was_stored_gets_no_figure_below_zero() {
    for over in [false, true] {
        let mut lives = Lives::begin(NOW, &[]);
        let (file, copy) = (lives.data().join("headcount.db"), lives.data().with_extension("backup"));
        lives.command(&["backup", lives.data().with_extension("first").to_str().unwrap()]);
        fs::copy(&file, &copy).unwrap();
        visit(&lives, PEOPLE, "/stored");
        lives.command(&["backup", lives.data().with_extension("second").to_str().unwrap()]);
        // With its log an older file would be what it was.
        let log = lives.data().join("headcount.db-wal");
        lives.until(|| fs::metadata(&log).map_or(0, |log| log.len()), |bytes| *bytes == 0);
        if over {
            fs::copy(&copy, &file).unwrap();
        } else {
            fs::rename(&copy, &file).unwrap();
        }
        visit(&lives, PEOPLE, "/waits");
        let (code, said) = lives.said(&["store", "adopt"]);
        assert!(code == 0 && said.contains("30 hits that waited") && said.contains("lacks what was stored"), "{said}");
        assert_eq!(lives.health()["visitors_may_repeat_today"], true);
        visit(&lives, PEOPLE, "/x-after");
        lives.end(End::Kill);
        lives.start();
        let expected = seen(&["/waits", "/x-after"]);
        assert_eq!(views(&lives), expected);
        assert_eq!(lives.health()["visitors_may_repeat_today"], true);
        let totals =
            |lives: &Lives| lives.rows(DAY, &["visitors", "visits", "bounce_rate"], &[], json!([]))[""].clone();
        // Those who were there go on with nothing, and are new when they come again.
        assert_eq!(totals(&lives), [30, 30, 100]);
        visit(&lives, PEOPLE, "/y-again");
        assert_eq!(totals(&lives), [30, 30, 0]);
        lives.end(End::Stop);
        let (code, said) = lives.said(&["check", "--full"]);
        assert_eq!(code, 0, "{said}");
        lives.start();
        assert_eq!(views(&lives), [expected, seen(&["/y-again"])].concat());
    }
}

#[test]
fn a_stop_without_a_choice_keeps_both_databases() {
    let (mut lives, backup) = with_backup();
    let file = lives.data().join("headcount.db");
    fs::copy(&backup, backup.with_extension("copy")).unwrap();
    fs::rename(backup.with_extension("copy"), &file).unwrap();
    visit(&lives, PEOPLE, "/waits");
    lives.end(End::Stop);
    assert_eq!(fs::read(&file).unwrap(), fs::read(&backup).unwrap());
    let names = files(&lives.data());
    assert!(names.len() == 2 && names[1].starts_with("headcount.db.open-"), "{names:?}");
    assert!(lives.log().contains(&names[1]), "{}", lives.log());
    fs::rename(lives.data().join(&names[1]), &file).unwrap();
    lives.start();
    assert_eq!(views(&lives), seen(&["/early", "/late", "/waits"]));
}

#[test]
fn a_database_that_is_removed_is_put_back_by_command_and_by_a_stop() {
    let (mut lives, _) = with_backup();
    fs::remove_file(lives.data().join("headcount.db")).unwrap();
    visit(&lives, PEOPLE, "/waits");
    is_reason(&lives, "was removed");
    assert_eq!(lives.said(&["store", "adopt"]).0, 1, "there is none to go on with");
    assert_eq!(lives.said(&["store", "keep"]).0, 0);
    is_well(&lives);
    fs::remove_file(lives.data().join("headcount.db")).unwrap();
    visit(&lives, PEOPLE, "/x-waits");
    lives.end(End::Stop);
    assert_eq!(files(&lives.data()), ["headcount.db"]);
    lives.start();
    assert_eq!(views(&lives), seen(&["/early", "/late", "/waits", "/x-waits"]));
}

#[test]
fn a_folder_that_is_removed_is_made_anew_and_the_server_is_found_in_it() {
    let (mut lives, _) = with_backup();
    fs::remove_dir_all(lives.data()).unwrap();
    visit(&lives, PEOPLE, "/waits");
    is_reason(&lives, "the folder of the database was removed");
    let (code, said) = lives.said(&["store", "keep"]);
    assert_eq!(code, 0, "{said}");
    is_well(&lives);
    lives.command(&["site", "add", "two.test"]);
    let second = lives.said(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(second.0 == 1 && second.1.contains("another headcount is using"), "{second:?}");
    // It went with the folder, and tells a start whose clock the figures are of.
    fs::write(lives.data().join("figures-of-tests"), "").unwrap();
    lives.end(End::Kill);
    lives.start();
    assert_eq!(views(&lives), seen(&["/early", "/late", "/waits"]));
}

#[test]
fn a_database_that_another_server_has_by_now_is_left_to_it() {
    let (mut lives, _) = with_backup();
    let (file, elsewhere) = (lives.data().join("headcount.db"), lives.data().with_extension("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("figures-of-tests"), "").unwrap();
    fs::rename(&file, elsewhere.join("headcount.db")).unwrap();
    visit(&lives, PEOPLE, "/waits");
    is_reason(&lives, "was removed");
    let other = Server::start(&elsewhere, &["--site", "example.com"]);
    other.pageview("example.com", "/other");
    let (code, said) = lives.said(&["store", "keep"]);
    assert!(code == 1 && said.contains("another program has changed"), "{said}");
    lives.end(End::Stop);
    assert!(lives.log().contains("30 hits wait in"), "{}", lives.log());
    assert_eq!(files(&lives.data()), [""; 0]);
    other.pageview("example.com", "/other");
    assert_eq!(other.stop().0, 0);
    assert_eq!(Database::of(&elsewhere).texts("PRAGMA integrity_check"), ["ok"]);
    fs::rename(elsewhere.join("headcount.db"), &file).unwrap();
    lives.start();
    let expected = [seen(&["/early", "/late"]), vec![("/other".into(), 2)], seen(&["/waits"])].concat();
    lives.until(|| views(&lives), |views| *views == expected);
    lives.end(End::Stop);
    lives.start();
    assert_eq!(views(&lives), expected, "exactly once");
}

#[test]
fn a_database_that_is_moved_away_and_back_goes_on() {
    let (mut lives, _) = with_backup();
    let (file, away) = (lives.data().join("headcount.db"), lives.data().join("away"));
    fs::rename(&file, &away).unwrap();
    visit(&lives, PEOPLE, "/waits");
    is_reason(&lives, "was removed");
    fs::rename(&away, &file).unwrap();
    is_well(&lives);
    lives.command(&["site", "add", "two.test"]);
    lives.end(End::Kill);
    lives.start();
    assert_eq!(views(&lives), seen(&["/early", "/late", "/waits"]));
}

#[test]
fn another_program_that_closes_the_database_leaves_its_log() {
    let program = crate::program::Program::start();
    let log = program.folder().join("headcount.db-wal");
    let inode = || std::fs::metadata(&log).map(|log| std::os::unix::fs::MetadataExt::ino(&log)).ok();
    program.count("/a");
    let before = inode();
    assert!(before.is_some());
    let data = program.folder().to_str().unwrap();
    crate::operators::printed(&["check", "--data", data]);
    // Whoever finds no lock takes itself for the last one, and removes the log.
    assert_eq!(inode(), before);
    crate::operators::printed(&["site", "add", "two.test", "--data", data]);
    assert!(!program.log().contains("removed or replaced"), "{}", program.log());
}

#[test]
fn nothing_is_lost_with_a_log_that_is_removed_while_the_program_runs() {
    let mut lives = Lives::begin(NOW, &[]);
    for (number, page) in ["/a", "/b", "/c"].iter().enumerate() {
        visit(&lives, PEOPLE, page);
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(lives.data().join(format!("headcount.db{ending}")));
        }
        lives.command(&["site", "add", &format!("site-{number}.test")]);
        assert!(lives.log().contains("the log of the database was removed or replaced"), "{}", lives.log());
        lives.end(End::Kill);
        lives.start();
    }
    assert_eq!(views(&lives), seen(&["/a", "/b", "/c"]));
    let sites = lives.said(&["site", "list"]).1;
    assert!((0..3).all(|number| sites.contains(&format!("site-{number}.test"))), "{sites}");
}

#[test]
fn a_backup_beside_a_log_of_later_is_not_damaged_by_it() {
    let (mut lives, backup) = with_backup();
    // Somebody reads, so that the log can't be emptied.
    let reader = Database::of(&lives.data());
    reader.run("BEGIN; SELECT count(*) FROM sites");
    lives.command(&["user", "add", "Ana"]);
    visit(&lives, PEOPLE, "/lost-by-choice");
    lives.end(End::Kill);
    let log = fs::read(lives.data().join("headcount.db-wal")).unwrap();
    assert!(!log.is_empty());
    drop(reader);
    fs::copy(&backup, lives.data().join("headcount.db")).unwrap();
    fs::write(lives.data().join("headcount.db-wal"), log).unwrap();
    lives.start();
    let aside = lives.health()["set_aside"].clone();
    assert!(aside[0].as_str().unwrap().starts_with("headcount.db-wal.aside-"), "{aside}");
    assert!(lives.log().contains("does not belong to the database"), "{}", lives.log());
    assert!(!lives.said(&["user", "list"]).1.contains("Ana"));
    visit(&lives, PEOPLE, "/z-after");
    lives.end(End::Stop);
    assert_eq!(Database::of(&lives.data()).texts("PRAGMA integrity_check"), ["ok"]);
    lives.start();
    assert_eq!(lives.health()["set_aside"], json!([]), "until the next start");
}

#[test]
fn what_is_no_database_of_ours_is_refused_with_the_way_out_and_left_alone() {
    let mut lives = Lives::begin(NOW, &[]);
    lives.end(End::Stop);
    let file = lives.data().join("headcount.db");
    let refused = |words: &str| {
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["site", "add", "two.test"]] {
            let (code, said) = lives.said(command);
            assert!(code == 1 && said.contains(words) && said.contains("headcount.db can't be opened"), "{said}");
        }
    };
    let other = tempfile::tempdir().unwrap();
    Database::of(other.path()).run("CREATE TABLE sites (id); PRAGMA user_version = 3");
    let foreign = fs::read(other.path().join("headcount.db")).unwrap();
    for (content, words) in [(&b""[..], "it is empty"), (&foreign, "of another program"), (&[b'x'; 9_000], "damaged")] {
        fs::write(&file, content).unwrap();
        refused(words);
        assert_eq!(fs::read(&file).unwrap(), content);
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let (code, said) = lives.said(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(code == 1 && said.contains("it is no file"), "{said}");
    fs::remove_dir(&file).unwrap();
    std::os::unix::fs::symlink("nowhere.db", &file).unwrap();
    let (code, said) = lives.said(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(code == 1 && said.contains("a link to a file that is not there"), "{said}");
    fs::remove_file(&file).unwrap();
    fs::write(lives.data().join("headcount.db-wal"), "changes").unwrap();
    let (code, said) = lives.said(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(code == 1 && said.contains("headcount.db-wal beside it holds changes"), "{said}");
    fs::write(lives.data().join("headcount.db-wal"), "").unwrap();
    // Where nothing is, everything begins.
    lives.start();
}

#[test]
fn what_a_command_changes_is_in_the_one_file_when_it_ends() {
    let mut lives = Lives::begin(NOW, &[]);
    lives.end(End::Stop);
    let counts = "SELECT (SELECT count(*) FROM sites) + (SELECT count(*) FROM users) + (SELECT count(*) FROM tokens)
                  + (SELECT count(*) FROM shares) + (SELECT count(*) FROM sign_in_links)";
    let mut before = (0, String::new());
    for command in [
        &["site", "add", "two.test"][..],
        &["user", "add", "Ana"],
        &["token", "create", "--scope", "read"],
        &["share", "add", "example.com", "--name", "press"],
        &["goal", "add", "example.com", "Signup"],
        &["funnel", "add", "example.com", "Way", "/a", "/b"],
        &["annotation", "add", "example.com", "hello"],
        &["site", "set", "example.com", "--counter", "true"],
        &["campaign", "set", "spring", "--site", "example.com"],
        &["user", "link"],
    ] {
        let (code, said) = lives.said(command);
        assert_eq!((code, files(&lives.data())), (0, vec!["headcount.db".to_owned()]), "{command:?}: {said}");
        let copy = tempfile::tempdir().unwrap();
        fs::copy(lives.data().join("headcount.db"), copy.path().join("headcount.db")).unwrap();
        let copy = Database::of(copy.path());
        let after = (copy.number(counts), copy.texts("SELECT settings FROM sites ORDER BY id").concat());
        assert!(after != before, "{command:?}");
        before = after;
    }
    // Who only looks leaves nothing either.
    assert_eq!(lives.said(&["explain", "--site", "two.test"]).0, 0);
    assert_eq!(files(&lives.data()), ["headcount.db"]);
    let said = lives.said(&["store", "keep"]);
    assert!(said.0 == 0 && said.1.contains("no server runs"), "{said:?}");
}
