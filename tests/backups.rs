//! `headcount backup` and `headcount restore`, as operators type them.

mod foreign;
mod kept;
mod older;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::operators::{NOW, Server, printed, refused, unset};
use crate::store::file::Database;

/// A data folder and room for backups.
struct Places {
    folder: TempDir,
}

impl Places {
    fn new() -> Places {
        let places = Places { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(places.path("backups")).unwrap();
        places
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A folder in which so many pages were counted, one after the other.
    fn counted(&self, data: &str, pages: u32) {
        let server = self.serve(data);
        (0..pages).for_each(|page| server.pageview("example.com", &format!("/{page}")));
        assert_eq!(server.stop().0, 0);
    }

    fn serve(&self, data: &str) -> Server {
        Server::start(&self.path(data), &["--site", "example.com"])
    }

    fn backup(&self, data: &str, target: &str, more: &[&str]) -> Value {
        let (data, target) = (self.text(data), self.text(target));
        let words = [&["backup", &target, "--data", &data, "--json"], more].concat();
        serde_json::from_str(&printed(&words)).unwrap()
    }

    fn restore(&self, data: &str, file: &str) -> Value {
        serde_json::from_str(&printed(&["restore", &self.text(file), "--data", &self.text(data), "--json"])).unwrap()
    }

    /// Pageviews of a folder, whose server may run.
    fn pageviews(&self, data: &str) -> i64 {
        let words = ["report", "--site", "example.com", "--period", "all", "--json", "--data", &self.text(data)];
        let json: Value = serde_json::from_str(&printed(&words)).unwrap();
        json["rows"][0]["pageviews"].as_i64().unwrap_or_else(|| panic!("{json}"))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_backup_holds_all_that_a_running_server_has_acknowledged() {
    let places = Places::new();
    let server = places.serve("data");
    for page in 0..5 {
        server.pageview("example.com", &format!("/{page}"));
    }
    let told = places.backup("data", "backups/one.db", &[]);
    assert_eq!((&told["is_complete"], &told["sites"]), (&true.into(), &1.into()), "{told}");
    assert_eq!(told["last_day"], "2026-06-01");
    server.pageview("example.com", "/later");
    assert_eq!(places.names("backups"), ["one.db"]);
    let mode = fs::metadata(places.path("backups/one.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(server.stop().0, 0);
    // An audit takes it as it takes a database.
    printed(&["audit", &places.text("backups/one.db")]);
    places.restore("other", "backups/one.db");
    assert_eq!((places.pageviews("other"), places.pageviews("data")), (5, 6));
}

#[test]
fn a_backup_without_a_server_says_so_and_brings_nothing_up_to_date() {
    let places = Places::new();
    places.counted("data", 3);
    Database::of(&places.path("data")).run("PRAGMA user_version = 10; PRAGMA wal_checkpoint(TRUNCATE)");
    let told = places.backup("data", "backups/one.db", &[]);
    assert!(told["missing"].as_str().unwrap().contains("no server answers"), "{told}");
    assert_eq!(told["schema"], 10);
    assert_eq!(Database::of(&places.path("data")).number("PRAGMA user_version"), 10);
}

#[test]
fn a_backup_has_what_lies_in_the_log_and_no_deleted_bytes() {
    let places = Places::new();
    places.counted("data", 3);
    let database = Database::of(&places.path("data"));
    database.run("PRAGMA secure_delete = OFF; INSERT INTO names (site, text) VALUES (1, 'deleted-deleted')");
    database.run("PRAGMA secure_delete = OFF; DELETE FROM names WHERE text = 'deleted-deleted'");
    database.run("INSERT INTO names (site, text) VALUES (1, 'only-in-the-log')");
    let has =
        |path: &Path, text: &str| fs::read(path).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes());
    places.backup("data", "backups/one.db", &[]);
    drop(database);
    assert!(has(&places.path("backups/one.db"), "only-in-the-log"));
    assert!(!has(&places.path("backups/one.db"), "deleted-deleted"));
}

#[test]
fn nothing_is_overwritten_that_is_not_meant() {
    let places = Places::new();
    places.counted("data", 1);
    let refuse = |target: &str, more: &[&str], why: &str| {
        let (before, data) = ((places.names("backups"), places.names("data")), places.text("data"));
        let words = [&["backup", target, "--data", &data], more].concat();
        let (code, said) = refused(&words);
        assert!(code == 1 && said.contains(why) && said.lines().count() == 1, "{target}: {code} {said}");
        assert_eq!((places.names("backups"), places.names("data")), before, "{target}");
    };
    let there = places.text("backups/there.db");
    fs::write(&there, "mine").unwrap();
    refuse(&there, &[], "is there already");
    for own in ["headcount.db", "headcount.db-wal", "headcount.db-shm", "headcount.lock", "headcount.sock"] {
        refuse(&places.text(&format!("data/{own}")), &["--force"], "belongs to the database itself");
    }
    fs::hard_link(places.path("data/headcount.db"), places.path("hard.db")).unwrap();
    refuse(&places.text("hard.db"), &["--force"], "belongs to the database itself");
    symlink(places.path("data/headcount.db"), places.path("soft.db")).unwrap();
    refuse(&places.text("soft.db"), &["--force"], "belongs to the database itself");
    symlink(&there, places.path("link.db")).unwrap();
    refuse(&places.text("link.db"), &["--force"], "is no file");
    refuse("/dev/null", &["--force"], "is no file");
    refuse(&places.text("nowhere/one.db"), &[], "there is no folder");
    assert_eq!(fs::read(&there).unwrap(), b"mine");
    let (code, said) = refused(&["backup", &there, "--keep", "3", "--data", &places.text("data")]);
    assert!(code == 2 && said.contains("--keep wants a folder"), "{said}");
    places.backup("data", "backups/there.db", &["--force"]);
    assert!(fs::read(&there).unwrap().starts_with(b"SQLite format 3"));
}

#[test]
fn what_can_not_be_written_or_read_leaves_nothing() {
    let places = Places::new();
    places.counted("data", 1);
    let data = places.text("data");
    let nobody = "exec setpriv --reuid 65534 --regid 65534 --clear-groups";
    // As in a full disk, no file may grow past so many blocks.
    for (line, why) in [("ulimit -f 64; exec", ""), (nobody, "closed to this user")] {
        let target = places.text("backups/one.db");
        let mut command = std::process::Command::new("sh");
        let program = env!("CARGO_BIN_EXE_headcount");
        command.args(["-c", &format!("{line} \"$@\""), "sh", program, "backup", &target, "--data", &data]);
        unset(&mut command);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {said}");
        assert!(said.contains(why) && said.starts_with("headcount: "), "{line}: {said}");
        assert_eq!(places.names("backups"), Vec::<String>::new(), "{line}");
    }
    let database = places.path("data/headcount.db");
    let whole = fs::read(&database).unwrap();
    for (bytes, why) in [
        (&whole[..whole.len() / 2], "damaged"),
        (b"no database at all, but a text that is longer than a head of SQLite is ........................... ........", "damaged"),
        (b"", "no database of headcount"),
    ] {
        fs::write(&database, bytes).unwrap();
        let (code, said) = refused(&["backup", &places.text("backups/one.db"), "--data", &data]);
        assert!(code == 1 && said.contains(why), "{said}");
        assert_eq!(places.names("backups"), Vec::<String>::new());
    }
}

#[test]
fn a_backup_is_put_back_and_what_was_there_is_kept() {
    let places = Places::new();
    places.counted("data", 2);
    places.backup("data", "backups/one.db", &[]);
    let before = fs::read(places.path("backups/one.db")).unwrap();
    places.counted("data", 3);
    assert_eq!(places.pageviews("data"), 5);
    let told = places.restore("data", "backups/one.db");
    assert_eq!((places.pageviews("data"), &told["last_day"]), (2, &"2026-06-01".into()));
    assert_eq!(fs::read(places.path("backups/one.db")).unwrap(), before, "it stays what it is");
    let kept = told["kept"].as_str().unwrap();
    fs::create_dir(places.path("third")).unwrap();
    fs::copy(kept, places.path("third/headcount.db")).unwrap();
    fs::copy(places.path("data/figures-of-tests"), places.path("third/figures-of-tests")).unwrap();
    assert_eq!(places.pageviews("third"), 5);
    // And goes on.
    places.counted("data", 4);
    assert_eq!(places.pageviews("data"), 6);
    let mode = fs::metadata(places.path("data/headcount.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_a_killed_server_has_left_stays_with_its_database() {
    let places = Places::new();
    let server = places.serve("data");
    server.pageview("example.com", "/");
    places.backup("data", "backups/one.db", &[]);
    drop(server);
    // Written and not brought into the file, as by a program that was killed.
    let database = Database::of(&places.path("data"));
    database.run("INSERT INTO names (site, text) VALUES (1, 'only-in-the-log')");
    let copies: Vec<_> = ["", "-wal", "-shm"]
        .map(|ending| places.path(&format!("data/headcount.db{ending}")))
        .into_iter()
        .filter_map(|path| Some((path.clone(), fs::read(path).ok()?)))
        .collect();
    drop(database);
    copies.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let told = places.restore("data", "backups/one.db");
    let kept = fs::read(told["kept"].as_str().unwrap()).unwrap();
    assert!(kept.windows(15).any(|bytes| bytes == b"only-in-the-log"));
    assert_eq!(places.pageviews("data"), 1);
    assert!(!fs::read(places.path("data/headcount.db")).unwrap().windows(15).any(|bytes| bytes == b"only-in-the-log"));
}

#[test]
fn nothing_is_put_back_where_a_server_runs_or_that_is_not_whole() {
    let places = Places::new();
    let server = places.serve("data");
    server.pageview("example.com", "/");
    places.backup("data", "backups/one.db", &[]);
    let (one, data) = (places.text("backups/one.db"), places.text("data"));
    let (code, said) = refused(&["restore", &one, "--data", &data]);
    assert!(code == 1 && said.contains("a server is using"), "{said}");
    server.pageview("example.com", "/b");
    assert_eq!(server.stop().0, 0);
    let whole = fs::read(&one).unwrap();
    Database::at(&one).run("PRAGMA user_version = 99");
    let newer = fs::read(&one).unwrap();
    let mut shifted = whole.clone();
    // The pages behind the first hold something else.
    shifted[4096..].iter_mut().step_by(7).for_each(|byte| *byte ^= 0x55);
    let other = b"no database".repeat(900);
    for (bytes, why) in [
        (&whole[..whole.len() - 5_000], "damaged"),
        (&whole[..100], "damaged"),
        (&[], "no database of headcount"),
        (&other, "damaged or no database"),
        (&shifted, "damaged"),
        (&newer, "a newer version of headcount wrote"),
    ] {
        fs::write(&one, bytes).unwrap();
        let (before, names) = (fs::read(places.path("data/headcount.db")).unwrap(), places.names("data"));
        let (code, said) = refused(&["restore", &one, "--data", &data]);
        assert!(code == 1 && said.contains(why) && said.contains("nothing was changed"), "{why}: {said}");
        assert!(fs::read(places.path("data/headcount.db")).unwrap() == before && places.names("data") == names);
        let (code, _) = refused(&["restore", &one, "--data", &places.text("new")]);
        assert!(code == 1 && !places.path("new").exists(), "{why}");
    }
    let (code, said) = refused(&["restore", &format!("{data}/headcount.db"), "--data", &data]);
    assert!(code == 1 && said.contains("is the database itself"), "{said}");
    assert_eq!(places.pageviews("data"), 2);
}

#[test]
fn a_damaged_database_is_replaced_and_kept_as_it_was() {
    let places = Places::new();
    places.counted("data", 2);
    places.backup("data", "backups/one.db", &[]);
    for damaged in [&b"no database"[..], &b"SQLite format 3\0 and then nothing of use"[..]] {
        fs::write(places.path("data/headcount.db"), damaged).unwrap();
        let told = places.restore("data", "backups/one.db");
        assert_eq!(fs::read(told["kept"].as_str().unwrap()).unwrap(), damaged);
        assert_eq!(places.pageviews("data"), 2);
    }
    fs::write(places.path("data/headcount.db"), "").unwrap();
    assert_eq!(places.restore("data", "backups/one.db")["kept"], Value::Null);
    assert_eq!(places.pageviews("data"), 2);
}

#[test]
fn an_older_backup_is_brought_up_to_date_at_the_next_start() {
    let places = Places::new();
    let dump = include_str!("store/versions/8.sql");
    fs::create_dir(places.path("old")).unwrap();
    Database::of(&places.path("old")).run(&format!("PRAGMA foreign_keys = OFF;\n{dump}"));
    let text = printed(&["restore", &places.text("old/headcount.db"), "--data", &places.text("data")]);
    assert!(text.contains("brings its schema from version 8"), "{text}");
    assert_eq!(places.pageviews("data"), 3);
    // What it was is kept, once.
    let copies = |places: &Places| -> Vec<String> {
        places.names("data").into_iter().filter(|name| name.starts_with("headcount-schema-8-")).collect()
    };
    assert_eq!(copies(&places).len(), 1, "{:?}", places.names("data"));
    let copy = Database::at(&places.text(&format!("data/{}", copies(&places)[0])));
    assert_eq!(copy.number("PRAGMA user_version"), 8);
    drop(copy);
    places.restore("data", "old/headcount.db");
    assert_eq!(places.pageviews("data"), 3);
    assert_eq!(copies(&places).len(), 1, "{:?}", places.names("data"));
}

#[test]
fn a_database_that_can_not_be_copied_is_not_brought_up_to_date_unless_told() {
    let places = Places::new();
    let dump = include_str!("store/versions/8.sql");
    fs::create_dir(places.path("data")).unwrap();
    fs::write(places.path("data/figures-of-tests"), "").unwrap();
    Database::of(&places.path("data")).run(&format!("PRAGMA foreign_keys = OFF;\n{dump}"));
    let run = |line: &str, more: &str| {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &format!("{line} exec \"$@\""), "sh", env!("CARGO_BIN_EXE_headcount")]);
        command.args(["--now", NOW, "site", "list", "--data", &places.text("data")]);
        unset(&mut command);
        let output = command.env("HEADCOUNT_MIGRATION_COPY", more).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    // No file may grow, as on a full disk.
    let (code, said) = run("trap '' 25; ulimit -f 1;", "true");
    assert!(code == Some(1) && said.contains("make room"), "{code:?} {said}");
    assert_eq!(Database::of(&places.path("data")).number("PRAGMA user_version"), 8);
    assert_eq!(run("", "false"), (Some(0), String::new()));
    assert!(Database::of(&places.path("data")).number("PRAGMA user_version") > 8);
    assert!(!places.names("data").iter().any(|name| name.contains("schema")), "{:?}", places.names("data"));
}
