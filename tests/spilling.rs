//! The end of the program while nothing can be stored: what waits is in a file, and the next start adds it once.

mod once;

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::{Program, rest_of};
use crate::store::file::Database;

/// Tries for a second.
const BRIEFLY: [&str; 2] = ["--stop-timeout", "1"];

/// What `docker stop` waits until it kills.
const DOCKER_WAITS: Duration = Duration::from_secs(10);

/// The files of sums in a data folder.
fn spilled(program: &Program) -> Vec<PathBuf> {
    let paths = fs::read_dir(program.folder()).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.to_string_lossy().contains(".spill")).collect()
}

/// A program that has stored one pageview, and the database, which another program may lock.
fn begun(options: &[&str], set: impl FnOnce(&mut Command)) -> Program {
    let mut program = Program::behind("exec \"$@\"", options, set);
    program.count("/stored");
    stop(&mut program);
    program.again(options, |_| {})
}

fn stop(program: &mut Program) {
    program.signal(Signal::TERM);
    let (status, _) = program.end();
    assert!(status.success(), "{}", program.log());
}

/// Loses the journals of a folder, as a machine that is switched off does.
fn lose(memory: &Path) {
    fs::read_dir(memory).unwrap().for_each(|entry| fs::remove_dir_all(entry.unwrap().path()).unwrap());
}

/// Pageviews and visitors in the database.
fn stored(program: &Program) -> [i64; 2] {
    let database = Database::of(program.folder());
    ["pageviews", "visitors"].map(|column| database.number(&format!("SELECT sum({column}) FROM totals")))
}

#[test]
fn what_can_not_be_stored_at_a_stop_is_added_once_however_often_it_stops() {
    let mut program = begun(&BRIEFLY, |_| {});
    let other = Database::of(program.folder());
    other.run("BEGIN IMMEDIATE");
    program.count("/first");
    stop(&mut program);
    assert!(program.log().contains("1 hits wait in"), "{}", program.log());
    let first = spilled(&program);
    assert_eq!(fs::metadata(&first[0]).unwrap().mode() & 0o777, 0o600);
    let mut program = program.again(&BRIEFLY, |_| {});
    let waits = || program.health()["cells_pending"].as_u64().filter(|cells| *cells > 0);
    program.until(waits);
    assert!(program.health()["pending_since"].is_string());
    program.count("/second");
    stop(&mut program);
    let second = spilled(&program);
    assert!(second.len() == 1 && first != second, "the new file has what was in the old one: {second:?}");
    // Somebody has kept the first one, or it could not be removed.
    fs::copy(&second[0], &first[0]).unwrap();
    other.run("ROLLBACK");
    let mut program = program.again(&BRIEFLY, |_| {});
    program.count("/third");
    program.until(|| spilled(&program).is_empty().then_some(()));
    stop(&mut program);
    assert_eq!(stored(&program)[0], 4, "{}", program.log());
}

#[test]
fn changes_that_wait_for_a_locked_database_hold_up_nobody_and_no_end() {
    let mut program = begun(&[], |_| {});
    let other = Database::of(program.folder());
    other.run("BEGIN IMMEDIATE");
    program.count("/first");
    let form = "host: h\r\norigin: http://h\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    let asks = format!("POST /privacy/example.com/requests HTTP/1.1\r\n{form}content-length: 11\r\n\r\nkind=access");
    let mut held: Vec<_> = (0..100).map(|_| program.connect()).collect();
    held.iter_mut().for_each(|stream| stream.write_all(asks.as_bytes()).unwrap());
    let link = format!("POST /sign-in/none HTTP/1.1\r\n{form}connection: close\r\ncontent-length: 0\r\n\r\n");
    assert!(program.ask(&link).starts_with("HTTP/1.1 403"), "no link is used up where there is none");
    let page = "GET /privacy/example.com/versions HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    assert!(program.ask(page).starts_with("HTTP/1.1 200"));
    program.count("/second");
    program.signal(Signal::TERM);
    let (status, took) = program.end();
    assert!(status.success() && took < DOCKER_WAITS, "{took:?} {}", program.log());
    for answer in held.iter_mut().map(rest_of) {
        assert!(answer.starts_with("HTTP/1.1 50"), "{answer}");
    }
    assert_eq!(spilled(&program).len(), 1, "{}", program.log());
    other.run("ROLLBACK");
    let mut program = program.again(&BRIEFLY, |_| {});
    program.until(|| spilled(&program).is_empty().then_some(()));
    stop(&mut program);
    assert_eq!(stored(&program)[0], 3);
}

#[test]
fn a_file_that_can_not_be_removed_is_not_added_again() {
    let mut program = begun(&BRIEFLY, |_| {});
    let other = Database::of(program.folder());
    other.run("BEGIN IMMEDIATE");
    program.count("/first");
    stop(&mut program);
    other.run("ROLLBACK");
    let path = spilled(&program).remove(0);
    let bytes = fs::read(&path).unwrap();
    for _ in 0..2 {
        program = program.again(&BRIEFLY, |_| {});
        program.until(|| spilled(&program).is_empty().then_some(()));
        stop(&mut program);
        assert_eq!(stored(&program)[0], 2);
        // It is there again.
        fs::write(&path, &bytes).unwrap();
    }
}

#[test]
fn a_damaged_file_is_kept_and_told() {
    let mut program = begun(&BRIEFLY, |_| {});
    let other = Database::of(program.folder());
    other.run("BEGIN IMMEDIATE");
    program.count("/first");
    stop(&mut program);
    other.run("ROLLBACK");
    let path = spilled(&program).remove(0);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let mut program = program.again(&BRIEFLY, |_| {});
    program.until(|| program.log().contains("it is damaged").then_some(()));
    assert_eq!(spilled(&program), [path.with_extension("spill-damaged")]);
    assert!(program.health()["warnings"].to_string().contains("a file of sums"), "{}", program.health());
    program.count("/second");
    stop(&mut program);
    assert_eq!(stored(&program)[0], 2, "nothing of it is added");
}

#[test]
fn a_start_that_can_not_write_counts_in_memory_and_stores_later() {
    let program = begun(&BRIEFLY, |_| {});
    let other = Database::of(program.folder());
    let mut program = program;
    stop(&mut program);
    other.run("BEGIN IMMEDIATE");
    let mut program = program.again(&BRIEFLY, |_| {});
    program.count("/first");
    program.until(|| (program.health()["status"] == "on a test's clock").then_some(()));
    program.until(|| (!program.health()["reasons"].as_array().unwrap().is_empty()).then_some(()));
    other.run("ROLLBACK");
    program.until(|| program.health()["reasons"].as_array().unwrap().is_empty().then_some(()));
    stop(&mut program);
    assert_eq!(stored(&program)[0], 2);
}

#[test]
fn a_site_that_can_not_be_added_at_a_start_is_added_later() {
    let mut program = begun(&BRIEFLY, |_| {});
    stop(&mut program);
    let other = Database::of(program.folder());
    other.run("BEGIN IMMEDIATE");
    let mut program = program.again(&[&BRIEFLY[..], &["--site", "two.test"]].concat(), |_| {});
    program.until(|| program.log().contains("two.test is not added yet").then_some(()));
    program.count("/first");
    other.run("ROLLBACK");
    program.until(|| program.log().contains("two.test is added").then_some(()));
    stop(&mut program);
    assert_eq!(other.number("SELECT count(*) FROM sites WHERE domain = 'two.test'"), 1);
    assert_eq!(stored(&program)[0], 2);
}

#[test]
fn what_no_folder_takes_and_the_journal_has_is_not_lost() {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let options = [&BRIEFLY[..], &["--journal", memory.path().to_str().unwrap()]].concat();
    let program = begun(&options, |_| {});
    let other = Database::of(program.folder());
    other.run("BEGIN IMMEDIATE");
    // Long enough for the records, and not for the sums, which have them by page.
    let pages = 100_i64;
    for page in 0..pages {
        program.count(&format!("/a-page-with-a-name-of-some-length-so-that-the-file-is-large/{page}"));
    }
    let bytes = fs::metadata(program.folder().join("log")).unwrap().len() + 4_096;
    program.limit_files(bytes);
    let mut program = program;
    stop(&mut program);
    assert!(program.log().contains(&format!("{pages} hits wait in {}", memory.path().display())), "{}", program.log());
    other.run("ROLLBACK");
    let mut program = program.again(&options, |_| {});
    stop(&mut program);
    assert_eq!(stored(&program), [pages + 1, 1], "{}", program.log());
}

#[test]
fn a_journal_that_goes_on_has_the_same_hits_and_its_visitors() {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let journal = memory.path().to_str().unwrap().to_owned();
    for is_lost in [false, true] {
        let options = [&BRIEFLY[..], &["--journal", &journal]].concat();
        let mut program = begun(&options, |_| {});
        let other = Database::of(program.folder());
        other.run("BEGIN IMMEDIATE");
        program.count("/first");
        stop(&mut program);
        assert_eq!(spilled(&program).len(), 1, "memory does not survive the machine");
        other.run("ROLLBACK");
        if is_lost {
            lose(memory.path());
        }
        let mut program = program.again(&options, |_| {});
        program.until(|| spilled(&program).is_empty().then_some(()));
        program.count("/second");
        stop(&mut program);
        let visitors = if is_lost { 2 } else { 1 };
        assert_eq!(stored(&program), [3, visitors], "{}", program.log());
    }
}

#[test]
fn a_journal_that_began_while_nothing_could_be_stored_survives_kills() {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let journal = memory.path().to_str().unwrap().to_owned();
    let options = [&BRIEFLY[..], &["--journal", &journal]].concat();
    let mut program = begun(&options, |_| {});
    let other = Database::of(program.folder());
    stop(&mut program);
    lose(memory.path());
    other.run("BEGIN IMMEDIATE");
    for page in ["/first", "/second"] {
        program = program.again(&options, |_| {});
        program.count(page);
        program.signal(Signal::KILL);
        program.end();
    }
    other.run("ROLLBACK");
    let mut program = program.again(&options, |_| {});
    program.count("/third");
    stop(&mut program);
    // Who was there before the journal was lost is somebody else now.
    assert_eq!(stored(&program), [4, 2], "{}", program.log());
}

#[test]
fn visits_that_can_not_be_stored_are_told() {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let journal = memory.path().to_str().unwrap().to_owned();
    for (place, said) in [(journal.as_str(), "the journal has them"), ("off", "no journal has them")] {
        let options = [&BRIEFLY[..], &["--journal", place]].concat();
        let mut program = begun(&options, |_| {});
        let other = Database::of(program.folder());
        program.count("/first");
        program.until(|| (program.health()["cells_pending"] == 0).then_some(()));
        other.run("BEGIN IMMEDIATE");
        stop(&mut program);
        assert!(program.log().contains(said), "{}", program.log());
        assert!(spilled(&program).is_empty());
    }
}

#[test]
fn where_nothing_can_be_written_the_end_says_how_much_is_lost() {
    let mut program = begun(&BRIEFLY, |_| {});
    let other = Database::of(program.folder());
    other.run("BEGIN IMMEDIATE");
    program.count("/first");
    // The log is a file too, which is as long as this by now.
    let path = program.folder().join("log");
    fs::set_permissions(&path, fs::metadata(&path).unwrap().permissions()).unwrap();
    program.limit_files(fs::metadata(&path).unwrap().len() + 4_096);
    let spill = [program.folder().to_owned(), "/dev/shm".into()];
    let before: Vec<_> = spill.iter().map(|folder| fs::read_dir(folder).unwrap().count()).collect();
    for page in 0..200 {
        program.count(&format!("/a-page-with-a-name-of-some-length-so-that-the-file-is-large/{page}"));
    }
    program.signal(Signal::TERM);
    let (status, _) = program.end();
    assert_eq!(status.code(), Some(1), "{}", program.log());
    assert!(program.log().contains("201 hits are lost"), "{}", program.log());
    let after = spill.iter().map(|folder| fs::read_dir(folder).unwrap().count());
    assert!(after.zip(before).all(|(after, before)| after <= before), "nothing half-written is left");
}

#[test]
fn the_service_manager_is_told_of_the_start_and_that_the_end_takes_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let told = || {
        let mut bytes = [0; 100];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let mut program = Program::behind("exec \"$@\"", &[], |command| _ = command.env("NOTIFY_SOCKET", &path));
    assert_eq!(told(), "READY=1");
    stop(&mut program);
    assert_eq!(told(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=80000000");
}

#[test]
fn a_removed_database_is_written_back_by_a_stop_or_called_lost() {
    for has_room in [true, false] {
        let mut program = begun(&BRIEFLY, |_| {});
        program.count("/first");
        let database = program.folder().join("headcount.db");
        fs::remove_file(&database).unwrap();
        if !has_room {
            program.limit_files(fs::metadata(program.folder().join("log")).unwrap().len() + 16_384);
        }
        program.signal(Signal::TERM);
        let (status, _) = program.end();
        let log = program.log();
        assert_eq!((status.code(), database.exists()), (Some(i32::from(!has_room)), has_room), "{log}");
        assert_eq!(log.contains("everything is stored; good-bye"), has_room, "{log}");
        assert_eq!(log.contains("the database is lost"), !has_room, "{log}");
        if has_room {
            assert_eq!(stored(&program)[0], 2);
        }
    }
}

#[test]
fn what_is_stored_is_stored_though_its_log_can_not_be_emptied() {
    let mut program = begun(&BRIEFLY, |_| {});
    let database = program.folder().join("headcount.db");
    let bytes = fs::metadata(&database).unwrap().len();
    // The log has room, and the last pages of the file can't be written.
    program.limit_files(bytes / 3);
    ["/first", "/second", "/third"].into_iter().for_each(|page| program.count(page));
    program.until(|| (program.health()["cells_pending"] == 0).then_some(()));
    program.until(|| {
        program.health()["reasons"].to_string().contains("the log of the database can't be emptied").then_some(())
    });
    // The operator moves to another disk, with a copy that has all.
    let copy = program.folder().join("copy.db");
    let headcount = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
        crate::operators::unset(&mut command);
        command.args(["--now", crate::operators::NOW]).args(words).arg("--data").arg(program.folder());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    headcount(&["backup", copy.to_str().unwrap()]);
    fs::rename(&database, program.folder().join("old.db")).unwrap();
    fs::rename(copy, &database).unwrap();
    let said = headcount(&["store", "adopt"]);
    assert!(said.contains("0 hits that waited"), "{said}");
    program.limit_files(u64::MAX);
    stop(&mut program);
    assert_eq!(stored(&program)[0], 4, "{}", program.log());
}
