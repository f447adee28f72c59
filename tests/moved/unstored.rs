//! What waits for a database that is adopted while it can't be written: it outlives a stop and a kill, and is added once.

use std::fs;
use std::path::{Path, PathBuf};

use super::{PEOPLE, is_reason, seen, views, with_backup};
use crate::restarts::lives::Lives;
use crate::restarts::senders::visit;
use crate::scenario::End;
use crate::store::file::Database;

const BRIEFLY: &[&str] = &["--stop-timeout", "1"];
const WITHOUT_JOURNAL: &[&str] = &["--stop-timeout", "1", "--journal", "off"];

/// A program with a backup, started again with other options.
fn started(options: &'static [&'static str]) -> (Lives, PathBuf) {
    let (mut lives, backup) = with_backup();
    lives.end(End::Stop);
    lives.set_options(options);
    lives.start();
    // It has looked after its sites by then.
    lives.until(|| lives.log(), |log| log.contains("sign in with the link"));
    (lives, backup)
}

/// A copy by `headcount backup`, which has an id of its own.
fn with_own_id(lives: &Lives) -> PathBuf {
    let folder = lives.data().with_extension("copy");
    fs::create_dir(&folder).unwrap();
    let copy = folder.join("headcount.db");
    lives.command(&["backup", copy.to_str().unwrap()]);
    // Whoever has it locked can't keep a server from opening it then.
    Database::of(&folder).texts("PRAGMA journal_mode = WAL");
    copy
}

/// Puts a file in the place of the database, which another program locks, has it adopted all the same, and ends the server. The next one
/// finds no lock.
fn adopted_while_locked(lives: &mut Lives, file: &Path, after: &str, how: End) {
    fs::rename(file, lives.data().join("headcount.db")).unwrap();
    visit(lives, PEOPLE, "/waits");
    is_reason(lives, "replaced");
    let other = Database::of(&lives.data());
    other.run("BEGIN IMMEDIATE");
    // The server goes on with it, whatever becomes of the flush.
    lives.said(&["store", "adopt"]);
    visit(lives, PEOPLE, after);
    lives.end(how);
    other.run("ROLLBACK");
    drop(other);
    lives.start();
}

#[test]
fn what_waits_for_an_adopted_database_outlives_a_stop_and_a_kill() {
    for (has_own_id, how) in [(true, End::Stop), (true, End::Kill), (false, End::Stop), (false, End::Kill)] {
        let (mut lives, backup) = started(BRIEFLY);
        let file = if has_own_id { with_own_id(&lives) } else { backup };
        adopted_while_locked(&mut lives, &file, "/x-after", how);
        let mut expected = seen(if has_own_id { &["/early", "/late", "/waits"] } else { &["/early", "/waits"] });
        // With another id there is no journal, and what came last is lost with a kill.
        expected.extend(seen(&["/x-after"]).into_iter().filter(|_| !has_own_id || how == End::Stop));
        lives.until(|| views(&lives), |views| *views == expected);
        lives.end(End::Stop);
        lives.start();
        assert_eq!(views(&lives), expected, "exactly once");
        assert!(!lives.whole_log().contains("left alone"), "{}", lives.whole_log());
    }
}

#[test]
fn an_import_that_was_cut_off_hides_nothing_of_what_waits_with_it() {
    let (mut lives, backup) = started(WITHOUT_JOURNAL);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let line =
        format!("203.0.113.9 - - [20/May/2026:10:00:00 +0000] \"GET /old HTTP/1.1\" 200 512 \"-\" \"{agent}\"\n");
    let log = lives.data().with_extension("access");
    fs::write(&log, line).unwrap();
    let other = Database::of(&lives.data());
    other.run("BEGIN IMMEDIATE");
    assert_eq!(lives.said(&["import", "--site", "example.com", log.to_str().unwrap()]).0, 1);
    adopted_while_locked(&mut lives, &backup, "/x-after", End::Stop);
    let expected = seen(&["/early", "/waits", "/x-after"]);
    lives.until(|| views(&lives), |views| *views == expected);
}
