//! The running day over ends of the real program: killed, stopped, started again, beside another database, on another day.

mod kills;
pub mod lives;
pub mod senders;
mod starts;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use lives::Lives;
use senders::{Line, Sent, compare, resolved, send, visit};

use crate::scenario::{End, check};

const NOW: &str = "2026-06-01T09:00:00Z";
const DAY: &str = "2026-06-01";
/// Visitors that no sender has.
const LOYAL: std::ops::Range<u32> = 5_000_000..5_000_040;

/// Ends the program once for each pause, after so many milliseconds of load, and starts it again at once. All that was sent.
fn under_load(lives: &mut Lives, ends: &[(End, u64)]) -> Vec<Sent> {
    let (over, address) = (AtomicBool::new(false), lives.address());
    thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|number| {
                scope.spawn({
                    let (over, address) = (&over, &address);
                    move || send(number, address, over)
                })
            })
            .collect();
        for (how, pause) in ends {
            thread::park_timeout(Duration::from_millis(*pause));
            lives.end(*how);
            lives.start();
        }
        thread::park_timeout(Duration::from_millis(300));
        over.store(true, Ordering::SeqCst);
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    })
}

/// A day with visitors who come before and after all ends, compared with a naive walk over what was acknowledged.
fn lives_on(ends: &[(End, u64)]) {
    let mut lives = Lives::begin(NOW, &[]);
    let mut book = visit(&lives, LOYAL, "/loyal");
    book.extend(under_load(&mut lives, ends));
    book.extend(visit(&lives, LOYAL, "/loyal"));
    let book = resolved(&lives, DAY, &book);
    assert!(book.len() > 500, "only {} hits", book.len());
    compare(&lives, DAY, &book);
    let visitors = book.iter().map(|sent| sent.visitor).collect::<BTreeSet<_>>().len();
    assert_eq!(lives.live(), [visitors, visitors, book.len()], "the live page");
    assert_eq!(lives.health()["visitors_may_repeat_today"], false);
    assert!(!lives.whole_log().contains("does not belong"), "no log of a killed program is another's");
}

#[test]
fn a_story_goes_on_over_stops_and_kills() {
    check(
        "
        09:00 ana / from google.com
        kill
        09:10 ana /a
        09:12 bob /
        restart
        09:20 ana engages 10s 50% on /a
        kill
        kill
        09:30 bob event Signup plan=pro
        23:59 eve /
        restart
        +1 00:01 ana /                  # on another day she is somebody else
        kill
        ",
        "visitors 4  visits 4  pageviews 5  events 1  bounces 2  source Google 1, Direct / None 3  page / 4, /a 1
         exit_page / 3, /a 1  page.engaged_ms /a 10000  page.scroll /a 50  prop:plan@Signup pro 1  days +0 4, +1 1
         hours.visitors 09 2, 23 1, +1 00 1  rejected",
    );
}

#[test]
fn nothing_is_lost_or_doubled_when_the_program_is_killed() {
    lives_on(&[
        (End::Kill, 350),
        (End::Kill, 20),
        (End::Kill, 133),
        (End::Kill, 471),
        (End::Kill, 5),
        (End::Kill, 250),
    ]);
}

#[test]
fn a_stop_hands_the_day_over_to_the_next_start() {
    lives_on(&[(End::Stop, 350), (End::Stop, 20), (End::Kill, 200), (End::Stop, 133)]);
}

#[test]
fn without_a_journal_a_stop_keeps_the_sums_and_visitors_may_repeat() {
    let mut lives = Lives::begin(NOW, &["--journal", "off"]);
    let mut book = visit(&lives, LOYAL, "/loyal");
    assert_eq!(lives.journal.files(), Vec::<std::path::PathBuf>::new());
    lives.end(End::Stop);
    lives.start();
    assert_eq!(lives.health()["visitors_may_repeat_today"], true);
    book.extend(visit(&lives, LOYAL, "/loyal"));
    let counted = lives.rows(DAY, &["visitors", "visits", "pageviews"], &[], json!([]));
    let people = LOYAL.len() as i64;
    assert_eq!(counted[""], [2 * people, 2 * people, book.len() as i64], "nothing tells who was there before");
    lives.end(End::Kill);
    lives.start();
    let after = lives.rows(DAY, &["pageviews"], &[], json!([]))[""][0];
    assert!((people..=book.len() as i64).contains(&after), "what was stored is there, and no more: {after}");
}

#[test]
fn the_journal_is_private_and_holds_the_day_while_it_runs() {
    let lives = Lives::begin(NOW, &[]);
    visit(&lives, LOYAL, "/canary-in-the-journal");
    let files = lives.journal.files();
    assert!(!files.is_empty() && lives.journal.holds("/canary-in-the-journal"), "{files:?}");
    for file in &files {
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700), "{file:?}");
    }
    // Addresses and agents are in no file at all.
    assert!(!lives.journal.holds("Gecko/20100101") && !lives.journal.holds("44."));
}

#[test]
fn a_day_that_ended_while_the_program_was_down_is_closed_and_forgotten() {
    let mut lives = Lives::begin("2026-06-01T23:50:00Z", &[]);
    let mut book = visit(&lives, LOYAL, "/canary-of-the-day");
    book.extend(visit(&lives, LOYAL.step_by(3), "/again"));
    lives.end(End::Kill);
    let held = lives.journal.held();
    lives.go_to("2026-06-02T00:30:00Z");
    lives.start();
    compare(&lives, DAY, &book);
    // Nothing of a day that is over stays in the journal.
    lives.until(|| lives.journal.holds("/canary-of-the-day"), |holds| !holds);
    held.assert_wiped();
    // Who comes again is nobody who was there before, and counts on the new day.
    let next = visit(&lives, LOYAL, "/");
    compare(&lives, "2026-06-02", &next);
    compare(&lives, DAY, &book);
    lives.end(End::Stop);
    lives.start();
    compare(&lives, DAY, &book);
    assert_eq!(lives.rows("2026-06-02", &["visitors"], &[], json!([]))[""], [LOYAL.len() as i64]);
}

#[test]
fn a_journal_of_another_version_is_wiped_with_a_sentence() {
    let mut lives = Lives::begin(NOW, &[]);
    visit(&lives, LOYAL, "/loyal");
    lives.end(End::Kill);
    let held = lives.journal.held();
    for file in lives.journal.files() {
        let mut bytes = fs::read(&file).unwrap();
        // Behind the eight bytes that say what it is stands the version.
        bytes[8] ^= 0x40;
        fs::write(&file, bytes).unwrap();
    }
    lives.start();
    assert!(lives.log().contains("another version"), "{}", lives.log());
    held.assert_wiped();
    // The program goes on, with what the database has.
    visit(&lives, LOYAL, "/after");
    let views = lives.rows(DAY, &["pageviews"], &["event:page"], json!([]));
    assert_eq!(views["/after"], [LOYAL.len() as i64]);
}

#[test]
fn a_damaged_journal_is_wiped_and_never_guessed_at() {
    for cut in [false, true] {
        let mut lives = Lives::begin(NOW, &[]);
        visit(&lives, LOYAL, "/loyal");
        // Later lives begin with an image.
        lives.end(End::Stop);
        lives.start();
        lives.end(End::Kill);
        for file in lives.journal.files() {
            let mut bytes = fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            if cut {
                bytes.truncate(middle);
            } else {
                bytes[middle] ^= 1;
            }
            fs::write(&file, bytes).unwrap();
        }
        lives.start();
        visit(&lives, LOYAL, "/after");
        let views = lives.rows(DAY, &["pageviews"], &["event:page"], json!([]));
        assert_eq!(views["/after"], [LOYAL.len() as i64]);
        let before = views.get("/loyal").map_or(0, |row| row[0]);
        assert!(before <= LOYAL.len() as i64, "{before} of what was damaged");
    }
}

#[test]
fn a_journal_whose_files_are_removed_is_given_up_and_what_it_held_is_stored() {
    let mut lives = Lives::begin(NOW, &[]);
    visit(&lives, LOYAL, "/before");
    for file in lives.journal.files() {
        fs::remove_file(file).unwrap();
    }
    let health = lives.until(|| lives.health(), |health| health["live_state"] == "memory");
    let reason = health["live_state_reason"].as_str().unwrap();
    assert!(reason.contains("removed or cut by somebody"), "{reason}");
    // A backup has everything stored first.
    lives.command(&["backup", lives.data().join("copy.db").to_str().unwrap()]);
    lives.end(End::Kill);
    lives.start();
    assert_eq!(lives.rows(DAY, &["pageviews"], &[], json!([]))[""], [LOYAL.len() as i64]);
}

#[test]
fn another_database_is_not_given_the_hits_of_the_journal() {
    let mut lives = Lives::begin(NOW, &[]);
    visit(&lives, LOYAL, "/of-the-first");
    lives.end(End::Kill);
    fs::remove_dir_all(lives.data()).unwrap();
    lives.start();
    lives.make_token();
    assert_eq!(lives.rows(DAY, &["pageviews"], &["event:page"], json!([])).len(), 0);
    // What the first has left is wiped when its days are over.
    assert_eq!(lives.journal.folders(), 2);
}

#[test]
fn a_backup_that_is_put_back_is_not_given_hits_twice() {
    let mut lives = Lives::begin(NOW, &[]);
    let mut book = visit(&lives, LOYAL, "/before");
    lives.end(End::Stop);
    let (data, backup) = (lives.data(), lives.data().with_extension("backup"));
    fs::create_dir(&backup).unwrap();
    fs::copy(data.join("headcount.db"), backup.join("headcount.db")).unwrap();
    lives.start();
    book.extend(visit(&lives, LOYAL, "/between"));
    lives.end(End::Stop);
    for ending in ["db", "db-wal", "db-shm"] {
        let _ = fs::remove_file(data.join("headcount").with_extension(ending));
    }
    fs::copy(backup.join("headcount.db"), data.join("headcount.db")).unwrap();
    lives.start();
    book.extend(visit(&lives, LOYAL, "/after"));
    let views = lives.rows(DAY, &["pageviews"], &["event:page"], json!([]));
    let all = LOYAL.len() as i64;
    assert_eq!((views["/before"][0], views["/after"][0]), (all, all), "{}", lives.log());
    assert!(views.get("/between").is_none_or(|row| row[0] == all), "all of what came between, or nothing: {views:?}");
    let total = lives.rows(DAY, &["pageviews"], &[], json!([]))[""][0];
    assert_eq!(total, views.values().map(|row| row[0]).sum::<i64>());
}

#[test]
fn the_journal_is_wiped_by_command() {
    let mut lives = Lives::begin(NOW, &[]);
    visit(&lives, LOYAL, "/loyal");
    lives.end(End::Kill);
    let held = lives.journal.held();
    lives.command(&["journal", "wipe"]);
    assert_eq!(lives.journal.files(), Vec::<std::path::PathBuf>::new());
    held.assert_wiped();
    lives.start();
    assert!(Line::open(lives.address().now()).unwrap().pageview(1, "/").is_ok());
}

#[test]
fn a_data_folder_that_is_moved_takes_its_journal_along() {
    let mut lives = Lives::begin(NOW, &[]);
    let mut book = visit(&lives, LOYAL, "/loyal");
    lives.end(End::Kill);
    lives.move_data();
    lives.start();
    book.extend(visit(&lives, LOYAL, "/loyal"));
    compare(&lives, DAY, &book);
    assert_eq!(lives.journal.folders(), 1);
}

#[test]
fn a_journal_that_is_moved_or_switched_off_is_taken_up_first() {
    let mut lives = Lives::begin(NOW, &[]);
    let other = crate::world::journal::JournalFolder::make();
    let mut book = visit(&lives, LOYAL, "/loyal");
    lives.end(End::Kill);
    let held = lives.journal.held();
    let before = std::mem::replace(&mut lives.journal, other);
    lives.start();
    held.assert_wiped();
    assert_eq!((before.folders(), lives.journal.folders()), (0, 1));
    book.extend(visit(&lives, LOYAL, "/loyal"));
    lives.end(End::Kill);
    lives.set_options(&["--journal", "off"]);
    lives.start();
    assert_eq!(lives.journal.folders(), 0);
    assert_eq!(lives.health()["live_state"], "memory");
    assert_eq!(lives.health()["visitors_may_repeat_today"], false);
    book.extend(visit(&lives, LOYAL, "/loyal"));
    compare(&lives, DAY, &book);
}

#[test]
fn visitors_of_a_journal_that_had_to_be_wiped_may_repeat() {
    let mut lives = Lives::begin(NOW, &[]);
    visit(&lives, LOYAL, "/loyal");
    lives.end(End::Kill);
    for file in lives.journal.files() {
        fs::write(file, "x").unwrap();
    }
    lives.start();
    assert_eq!(lives.health()["visitors_may_repeat_today"], true);
}
