//! What waited is added once and not lost: when another program went on meanwhile, a folder was missing, an old file stayed, the journal is
//! damaged, or another file is in the place of the database.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{BRIEFLY, begun, lose, spilled, stop, stored};
use crate::operators::printed;
use crate::program::Program;
use crate::store::file::Database;

/// A folder for spilled sums and one for a journal.
struct Folders {
    spill: TempDir,
    memory: TempDir,
}

impl Folders {
    fn new() -> Folders {
        Folders { spill: tempfile::tempdir().unwrap(), memory: tempfile::tempdir_in("/dev/shm").unwrap() }
    }

    fn options(&self, has_journal: bool) -> Vec<&str> {
        let memory = self.memory.path().to_str().unwrap();
        let journal = if has_journal { memory } else { "off" };
        [&BRIEFLY[..], &["--spill", self.spill.path().to_str().unwrap(), "--journal", journal]].concat()
    }

    /// The files that wait.
    fn waiting(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.spill.path()).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Has the folder for sums missing meanwhile.
    fn without<T>(&self, work: impl FnOnce() -> T) -> T {
        let away = self.spill.path().with_extension("away");
        fs::rename(self.spill.path(), &away).unwrap();
        let done = work();
        fs::rename(&away, self.spill.path()).unwrap();
        done
    }
}

/// Counts pages while another program has the database, and stops. Whoever drops what is returned lets the database go.
fn stopped_while_locked(mut program: Program, pages: &[&str]) -> (Program, Database) {
    let other = Database::of(program.folder());
    other.run("BEGIN IMMEDIATE");
    pages.iter().for_each(|page| program.count(page));
    stop(&mut program);
    (program, other)
}

/// Starts, waits until nothing waits any more, and stops. Pageviews then.
fn taken_up(program: Program, folders: &Folders, options: &[&str]) -> (Program, i64) {
    let mut program = program.again(options, |_| {});
    program.until(|| (folders.waiting().is_empty() && spilled(&program).is_empty()).then_some(()));
    stop(&mut program);
    let views = stored(&program)[0];
    (program, views)
}

#[test]
fn another_program_that_took_the_number_hides_nothing() {
    let folders = Folders::new();
    let options = folders.options(false);
    let (program, other) = stopped_while_locked(begun(&options, |_| {}), &["/first", "/second"]);
    drop(other);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let line =
        format!("203.0.113.9 - - [20/May/2026:10:00:00 +0000] \"GET /old HTTP/1.1\" 200 512 \"-\" \"{agent}\"\n");
    let log = folders.memory.path().join("access.log");
    fs::write(&log, line).unwrap();
    let data = program.folder().to_str().unwrap();
    printed(&["import", "--site", "example.com", "--data", data, log.to_str().unwrap()]);
    assert_eq!(stored(&program)[0], 2, "it is imported");
    assert_eq!(taken_up(program, &folders, &options).1, 4);
}

#[test]
fn a_folder_that_was_missing_at_one_start_hides_nothing_and_doubles_nothing() {
    for (has_journal, is_lost) in [(false, false), (true, false), (true, true)] {
        let folders = Folders::new();
        let options = folders.options(has_journal);
        let (program, other) = stopped_while_locked(begun(&options, |_| {}), &["/first"]);
        drop(other);
        let program = folders.without(|| {
            let mut program = program.again(&options, |_| {});
            program.count("/second");
            stop(&mut program);
            program
        });
        // With a journal the hit was taken up from there already.
        assert_eq!(stored(&program)[0], if has_journal { 3 } else { 2 });
        if is_lost {
            lose(folders.memory.path());
        }
        let (program, views) = taken_up(program, &folders, &options);
        assert_eq!(views, 3, "{has_journal} {is_lost}: {}", program.log());
    }
}

#[test]
fn a_file_that_was_missing_is_not_added_beside_a_newer_one_that_has_the_same_from_the_journal() {
    let folders = Folders::new();
    let options = folders.options(true);
    let (program, other) = stopped_while_locked(begun(&options, |_| {}), &["/first"]);
    drop(other);
    let (program, other) = folders.without(|| stopped_while_locked(program.again(&options, |_| {}), &["/second"]));
    drop(other);
    assert_eq!((folders.waiting().len(), spilled(&program).len()), (1, 1));
    lose(folders.memory.path());
    let (program, views) = taken_up(program, &folders, &options);
    assert_eq!(views, 3, "{}", program.log());
}

#[test]
fn an_old_file_that_stays_is_not_added_beside_the_new_one() {
    for has_journal in [true, false] {
        let folders = Folders::new();
        let options = folders.options(has_journal);
        let (program, other) = stopped_while_locked(begun(&options, |_| {}), &["/first"]);
        drop(other);
        let path = folders.waiting().remove(0);
        let bytes = fs::read(&path).unwrap();
        lose(folders.memory.path());
        let (program, other) = stopped_while_locked(program.again(&options, |_| {}), &["/second"]);
        drop(other);
        // It could not be removed, or the program was killed before.
        fs::write(&path, &bytes).unwrap();
        assert_eq!(folders.waiting().len(), 2);
        lose(folders.memory.path());
        let (program, views) = taken_up(program, &folders, &options);
        assert_eq!(views, 3, "{has_journal}: {}", program.log());
    }
}

/// The file of the journal that was written last.
fn segment(memory: &Path) -> PathBuf {
    let folder = fs::read_dir(memory).unwrap().next().unwrap().unwrap().path();
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let number = |path: &PathBuf| path.to_string_lossy().rsplit_once("segment-")?.1.parse::<u64>().ok();
    files.filter(|path| number(path).is_some()).max_by_key(number).unwrap()
}

#[test]
fn a_journal_that_is_damaged_or_cut_hides_nothing_of_a_file() {
    for is_cut in [false, true] {
        let folders = Folders::new();
        let options = folders.options(true);
        let (program, other) = stopped_while_locked(begun(&options, |_| {}), &["/first", "/second", "/third"]);
        drop(other);
        let segment = segment(folders.memory.path());
        let mut bytes = fs::read(&segment).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() - 3;
        if is_cut {
            bytes.truncate(end);
        } else {
            bytes[end] ^= 0xff;
        }
        fs::write(&segment, bytes).unwrap();
        let mut program = program.again(&options, |_| {});
        program.until(|| folders.waiting().is_empty().then_some(()));
        // What was read of the journal is not counted beside the file after another end either.
        program.signal(Signal::KILL);
        program.end();
        let (program, views) = taken_up(program, &folders, &options);
        assert_eq!(views, 4, "{is_cut}: {}", program.log());
    }
}

/// A folder that has stored a pageview, a copy of its database, and two hits that wait in a file.
fn with_copy(folders: &Folders, options: &[&str]) -> (Program, String) {
    let mut program = begun(options, |_| {});
    stop(&mut program);
    let copy = folders.memory.path().join("copy.db").to_str().unwrap().to_owned();
    printed(&["backup", &copy, "--data", program.folder().to_str().unwrap()]);
    let (program, other) = stopped_while_locked(program.again(options, |_| {}), &["/first", "/second"]);
    drop(other);
    (program, copy)
}

fn restore(program: &Program, copy: &str, more: &[&str]) -> String {
    printed(&[&["restore", copy, "--data", program.folder().to_str().unwrap()], more].concat())
}

#[test]
fn a_copy_that_is_put_back_adds_what_waited_for_the_database_before() {
    for (is_named, is_emptied) in [(false, false), (false, true), (true, false), (true, true)] {
        let folders = Folders::new();
        let named = folders.options(false);
        let options = if is_named { named.clone() } else { BRIEFLY.to_vec() };
        let (program, copy) = with_copy(&folders, &options);
        let database = program.folder().join("headcount.db");
        if is_emptied {
            fs::write(&database, "").unwrap();
        }
        let said = restore(&program, &copy, if is_named { &named[2..4] } else { &[] });
        assert!(said.contains("2 hits that a stop could not store are added by the next start"), "{said}");
        let mut program = program.again(&options, |_| {});
        let waits = |program: &Program| program.health()["cells_pending"] != 0;
        program.until(|| (!waits(&program) && spilled(&program).is_empty()).then_some(()));
        stop(&mut program);
        assert_eq!(stored(&program)[0], 3, "{is_named} {is_emptied}: {}", program.log());
        if is_emptied {
            continue;
        }
        // The one that was there before has what it had; the hits are in one of them.
        let names = fs::read_dir(program.folder()).unwrap().map(|entry| entry.unwrap().path());
        let before = names.into_iter().find(|path| path.to_string_lossy().contains("headcount-replaced-")).unwrap();
        fs::rename(before, &database).unwrap();
        let mut program = program.again(&options, |_| {});
        stop(&mut program);
        assert_eq!(stored(&program)[0], 1, "{}", program.log());
    }
}

#[test]
fn a_copy_of_a_version_whose_databases_had_no_id_adds_what_waited() {
    let folders = Folders::new();
    let (program, other) = stopped_while_locked(begun(&BRIEFLY, |_| {}), &["/first", "/second"]);
    drop(other);
    let dump = include_str!("../store/versions/6.sql");
    Database::of(folders.memory.path()).run(&format!("PRAGMA foreign_keys = OFF;\n{dump}"));
    let said = restore(&program, folders.memory.path().join("headcount.db").to_str().unwrap(), &[]);
    assert!(said.contains("2 hits that a stop could not store are added by the next start"), "{said}");
    let before = stored(&program)[0];
    let (program, views) = taken_up(program, &folders, &BRIEFLY);
    assert_eq!(views, before + 2, "{}", program.log());
}

#[test]
fn a_copy_that_has_what_waited_adds_nothing() {
    for has_journal in [false, true] {
        let folders = Folders::new();
        let options = folders.options(has_journal);
        let (program, _) = with_copy(&folders, &options);
        let path = folders.waiting().remove(0);
        let bytes = fs::read(&path).unwrap();
        // The journal has them too, and the database knows no id of the file then.
        let program = match has_journal {
            true => folders.without(|| {
                let mut program = program.again(&options, |_| {});
                stop(&mut program);
                program
            }),
            false => taken_up(program, &folders, &options).0,
        };
        assert_eq!(stored(&program)[0], 3);
        let later = folders.memory.path().join("later.db").to_str().unwrap().to_owned();
        printed(&["backup", &later, "--data", program.folder().to_str().unwrap()]);
        fs::write(&path, bytes).unwrap();
        restore(&program, &later, &options[2..4]);
        let (program, views) = taken_up(program, &folders, &options);
        assert_eq!(views, 3, "{has_journal}: {}", program.log());
    }
}

#[test]
fn a_copy_that_is_put_there_by_hand_says_what_waits_beside_it_and_a_restore_adds_it() {
    let folders = Folders::new();
    let (program, copy) = with_copy(&folders, &BRIEFLY);
    fs::copy(&copy, program.folder().join("headcount.db")).unwrap();
    let mut program = program.again(&BRIEFLY, |_| {});
    let reasons = || program.health()["reasons"].to_string();
    program.until(|| reasons().contains("a file of sums").then_some(()));
    assert!(program.log().contains("it belongs to another database"), "{}", program.log());
    stop(&mut program);
    assert_eq!((stored(&program)[0], spilled(&program).len()), (1, 1));
    restore(&program, &copy, &[]);
    assert_eq!(taken_up(program, &folders, &BRIEFLY).1, 3);
}

#[test]
fn what_was_taken_up_is_known_by_a_database_that_is_adopted_meanwhile() {
    let folders = Folders::new();
    let options = folders.options(false);
    let (program, other) = stopped_while_locked(begun(&options, |_| {}), &["/first"]);
    let path = folders.waiting().remove(0);
    let bytes = fs::read(&path).unwrap();
    let mut program = program.again(&options, |_| {});
    program.count("/second");
    let (database, copy) = (program.folder().join("headcount.db"), program.folder().join("copy"));
    fs::copy(&database, &copy).unwrap();
    fs::rename(&copy, &database).unwrap();
    drop(other);
    printed(&["store", "adopt", "--data", program.folder().to_str().unwrap()]);
    program.until(|| folders.waiting().is_empty().then_some(()));
    stop(&mut program);
    assert_eq!(stored(&program)[0], 3, "{}", program.log());
    // It could not be removed.
    fs::write(&path, bytes).unwrap();
    assert_eq!(taken_up(program, &folders, &options).1, 3);
}

#[test]
fn the_last_word_is_what_the_last_try_said() {
    let mut program = begun(&BRIEFLY, |_| {});
    // Neither the log of the database nor the database may grow.
    program.limit_files(16_384);
    for page in 0..20 {
        program.count(&format!("/{page}"));
    }
    program.signal(Signal::TERM);
    program.end();
    let log = program.log();
    let last =
        log.lines().find(|line| line.contains("not everything could be stored")).unwrap_or_else(|| panic!("{log}"));
    assert!(!last.contains("in use by another program"), "{last}");
}
