//! `headcount check`: damage is found and named, what can be made anew is, and what can't be read is no damage.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::operators::{AGENT, Server, headcount, printed, refused};
use crate::store::file::Database;

/// A data folder that has counted May, which is added up and packed, and a little of today.
struct Counted(TempDir);

impl Counted {
    fn new() -> Counted {
        let counted = Counted(tempfile::tempdir().unwrap());
        let data = counted.data();
        printed(&["site", "add", "example.com", "--data", &data]);
        let server = Server::start(counted.0.path(), &[]);
        let log = counted.0.path().join("access.log");
        let mut lines = String::new();
        for day in 1..=31 {
            for visit in 0..120 {
                let (minute, page) = (visit / 3 % 60, (visit * day) % 41);
                let address = format!("198.51.{}.{}", day, visit + 1);
                let browser =
                    if visit % 3 == 0 { AGENT.replace("Firefox/140.0", "Firefox/139.0") } else { AGENT.into() };
                writeln!(
                    lines,
                    "{address} - - [{day:02}/May/2026:1{}:{minute:02}:00 +0000] \"GET /page/{page} HTTP/1.1\" 200 9 \"https://site{}.example/\" \"{browser}\"",
                    visit % 10,
                    visit % 17,
                )
                .unwrap();
            }
        }
        fs::write(&log, lines).unwrap();
        printed(&["import", log.to_str().unwrap(), "--site", "example.com", "--data", &data]);
        fs::remove_file(log).unwrap();
        server.pageview("example.com", "/today");
        let begun = Instant::now();
        while Database::of(counted.0.path()).number("SELECT count(*) FROM months_added WHERE turned = 1") == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "May is never added up");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(counted.look(&[]).0, 0, "beside a server");
        assert_eq!(server.stop().0, 0);
        Database::of(counted.0.path()).run("PRAGMA wal_checkpoint(TRUNCATE)");
        counted
    }

    fn data(&self) -> String {
        self.0.path().to_str().unwrap().to_owned()
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("headcount.db")
    }

    /// Exit code and answer of a check.
    fn look(&self, more: &[&str]) -> (i32, Value) {
        let data = self.data();
        let output = headcount(&[&["check", "--json", "--data", &data], more].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        (output.status.code().unwrap(), json)
    }

    /// What a change of the file has a check say.
    fn changed(&self, sql: &str, more: &[&str]) -> Vec<String> {
        Database::of(self.0.path()).run(&format!("PRAGMA foreign_keys = OFF; {sql}"));
        let (code, json) = self.look(more);
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or("-").to_owned();
        let said: Vec<String> = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| ["site", "when", "table", "what"].map(|key| text(finding, key)).join(" "))
            .collect();
        assert_eq!(code, i32::from(!said.is_empty()), "{json}");
        said
    }
}

/// Pageviews of all rows of a report.
fn sum(report: &Value) -> i64 {
    report["rows"].as_array().unwrap().iter().map(|row| row["pageviews"].as_i64().unwrap()).sum()
}

fn put_back(file: &Path, whole: &[u8]) {
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", file.display()));
    }
    fs::write(file, whole).unwrap();
}

#[test]
fn damage_is_named_by_site_day_and_table() {
    let counted = Counted::new();
    let whole = fs::read(counted.file()).unwrap();
    for more in [&[][..], &["--full"]] {
        assert_eq!(counted.changed("", more), Vec::<String>::new());
        for (sql, said) in [
            (
                "UPDATE packed SET cells = CAST(substr(cells, 1, 9) || x'5aa5c3' || substr(cells, 13) AS BLOB)
                 WHERE grain = 1 AND dimension = 1 AND bucket = 20576",
                "example.com 2026-05-03 packed cells of source are damaged",
            ),
            (
                "UPDATE pairs SET cells = CAST(substr(cells, 1, 99) || x'5aa5c3' || substr(cells, 103) AS BLOB) WHERE grain = 1 AND bucket = 20576",
                "example.com 2026-05-03 pairs cells of two dimensions are damaged",
            ),
            (
                "UPDATE site_totals SET pageviews = pageviews + 1 WHERE grain = 1 AND bucket = 20576",
                "example.com 2026-05-03 site_totals the totals of the day are not those of its hours",
            ),
            ("UPDATE journal SET flush = 999999", "- - journal the journal is ahead of the last flush"),
            ("DELETE FROM flushes", "- - flushes it has 0 rows instead of one"),
            (
                "DELETE FROM names WHERE id IN (SELECT value FROM days)",
                "example.com 2026-06-01 days a value has no name",
            ),
            ("UPDATE days SET visits = -4, bucket = bucket + 1", "example.com 2026-06-02 days a figure is below zero"),
            ("DELETE FROM sites", "site 1 2026-06-01 days it belongs to no site"),
            ("INSERT INTO users_sites VALUES (9, 1)", "- - users_sites a row belongs to none of users"),
            (
                "UPDATE site_totals SET visits = 'x' WHERE grain = 1",
                "it can't be read to its end: its structure is damaged",
            ),
        ] {
            let found = counted.changed(sql, more);
            assert!(found.iter().any(|line| line.contains(said)), "{said}: {found:#?}");
            put_back(&counted.file(), &whole);
        }
    }
}

#[test]
fn cells_of_a_running_day_are_held_against_its_hours() {
    let counted = Counted::new();
    let whole = fs::read(counted.file()).unwrap();
    for sql in
        ["UPDATE days SET pageviews = pageviews + 1 WHERE dimension = 1", "DELETE FROM hours WHERE dimension = 1"]
    {
        let found = counted.changed(sql, &[]);
        assert_eq!(found, ["example.com 2026-06-01 days cells of the day are not those of its hours"], "{sql}");
        put_back(&counted.file(), &whole);
    }
}

/// Writes the last leaf of a table in the place of its first one, as a disk does that mistakes an address.
fn misplace_leaf(file: &Path, table: &str) {
    let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
    let root = Database::at(file.to_str().unwrap()).number(&sql) as usize;
    let mut bytes = fs::read(file).unwrap();
    let page = |number: usize| (number - 1) * 4096..number * 4096;
    let branch = bytes[page(root)].to_vec();
    assert_eq!(branch[0], 2, "it has leaves");
    let first = usize::from(u16::from_be_bytes([branch[12], branch[13]]));
    let [first, last] = [first, 8].map(|at| u32::from_be_bytes(branch[at..at + 4].try_into().unwrap()) as usize);
    let leaf = bytes[page(last)].to_vec();
    bytes[page(first)].copy_from_slice(&leaf);
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_page_in_the_place_of_another_one_is_found() {
    let counted = Counted::new();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)";
    Database::of(counted.0.path()).run(&format!(
        "{many} INSERT INTO rejections SELECT 1, 18000 + i, 1, 1 FROM n; PRAGMA wal_checkpoint(TRUNCATE)"
    ));
    let whole = fs::read(counted.file()).unwrap();
    for table in ["rejections", "site_totals"] {
        misplace_leaf(&counted.file(), table);
        for more in [&[][..], &["--full"]] {
            let found = counted.changed("", more);
            let said = format!("row not in PRIMARY KEY order for {table}");
            assert!(found.iter().any(|line| line.contains(&said)), "{said}: {found:#?}");
        }
        put_back(&counted.file(), &whole);
    }
}

#[test]
fn months_are_made_anew_from_their_days() {
    let counted = Counted::new();
    let whole = fs::read(counted.file()).unwrap();
    for (sql, said) in [
        (
            "UPDATE site_totals SET pageviews = pageviews + 1 WHERE grain = 2 AND bucket = 24316",
            "2026-05 site_totals the totals of the month are not those of its days",
        ),
        (
            "UPDATE months SET visits = visits + 5 WHERE dimension = 1 AND bucket = 24316",
            "2026-05 months source of the month is not what its days have",
        ),
        ("DELETE FROM packed WHERE grain = 2 AND dimension = 1", "2026-05 packed source of the month, packed, is not"),
        (
            "UPDATE packed SET cells = CAST(substr(cells, 1, 9) || x'5aa5c3' || substr(cells, 13) AS BLOB) WHERE grain = 2 AND dimension = 1",
            "2026-05 packed cells of source are damaged",
        ),
        (
            "UPDATE pairs SET cells = CAST(substr(cells, 1, 99) || x'5aa5c3' || substr(cells, 103) AS BLOB) WHERE grain = 2",
            "2026-05 pairs cells of two dimensions are damaged",
        ),
    ] {
        let found = counted.changed(sql, &["--full"]);
        assert!(found.iter().any(|line| line.contains(said)), "{said}: {found:#?}");
        let (code, json) = counted.look(&["--full", "--repair"]);
        assert!(code == 0 && json["repaired"] == 1, "{json}");
        assert_eq!(counted.changed("", &["--full"]), Vec::<String>::new(), "{said}");
        put_back(&counted.file(), &whole);
    }
    let server = Server::start(counted.0.path(), &[]);
    let (code, said) = refused(&["check", "--full", "--repair", "--data", &counted.data()]);
    assert!(code == 1 && said.contains("a server is using the database"), "{said}");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn what_can_not_be_read_is_no_damage() {
    let counted = Counted::new();
    for file in [counted.0.path().join("nothing.db"), counted.0.path().to_owned()] {
        let (code, said) = refused(&["check", file.to_str().unwrap()]);
        assert!(code == 2 && said.contains("can't be checked"), "{code} {said}");
    }
    let (code, said) = refused(&["check", "--data", "/nowhere"]);
    assert!(code == 2 && said.contains("there is no headcount.db"), "{code} {said}");
    fs::write(counted.file(), b"no database").unwrap();
    let (code, json) = counted.look(&[]);
    assert!(code == 1 && json["findings"][0]["what"].as_str().unwrap().contains("no database"), "{json}");
}

/// One byte of a page is another, so that sums are others or can't be read: 60 of them.
#[test]
fn a_byte_that_changed_is_found() {
    let counted = Counted::new();
    let whole = fs::read(counted.file()).unwrap();
    let content_of_whole = Database::of(counted.0.path()).sums();
    let (mut dice, mut found, mut missed) = (crate::dice::Dice(7), [0, 0], Vec::new());
    for _ in 0..60 {
        let place = loop {
            let place = dice.below(whole.len());
            let mut changed = whole.clone();
            changed[place] ^= 1 << dice.below(8);
            put_back(&counted.file(), &changed);
            if Database::of(counted.0.path()).sums() != content_of_whole {
                break place;
            }
        };
        for (how, found) in [&[][..], &["--full"]].iter().zip(&mut found) {
            let (code, _) = counted.look(how);
            *found += i32::from(code != 0);
            if code == 0 && !how.is_empty() {
                missed.push(place);
            }
        }
    }
    assert!(found[0] >= 40 && found[1] >= 58, "found of 60: {found:?}; not found at {missed:?} of {}", whole.len());
}

#[test]
fn a_damaged_day_is_named_and_the_rest_serves_on() {
    let counted = Counted::new();
    let data = counted.data();
    Database::of(counted.0.path()).run(
        "UPDATE packed SET cells = CAST(substr(cells, 1, 9) || x'5aa5c3' || substr(cells, 13) AS BLOB)
         WHERE dimension = 1 AND (grain = 1 AND bucket = 20576 OR grain = 2)",
    );
    let server = Server::start(counted.0.path(), &[]);
    // The check of the start has seen it, or does so in a moment.
    let health = || -> Value {
        let answer = ureq::get(format!("{}/health", server.url)).config().http_status_as_error(false).build().call();
        serde_json::from_str(&answer.unwrap().body_mut().read_to_string().unwrap()).unwrap()
    };
    let begun = Instant::now();
    while health()["database_findings"] != 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", health());
    }
    assert_eq!(health()["reasons"], serde_json::json!([]), "the rest serves on");
    assert!(health()["warnings"].to_string().contains("damaged in 2 places"), "{}", health());
    let report = |period: &str, by: &str| -> Value {
        let words = ["report", "--site", "example.com", "--period", period, "--by", by, "--json", "--data", &data];
        serde_json::from_str(&printed(&words)).unwrap()
    };
    let ten_days = report("2026-05-01..2026-05-10", "source");
    assert_eq!(sum(&ten_days), 9 * 120);
    assert!(ten_days["notes"].to_string().contains("damaged in the database, and left out: 2026-05-03"), "{ten_days}");
    // Pages are whole, and so is the month: it has its rows too.
    assert_eq!(sum(&report("2026-05-01..2026-05-10", "page")), 10 * 120);
    assert_eq!(sum(&report("2026-05-01..2026-05-31", "source")), 31 * 120);
    // What comes late for the day holds nobody up, and does not make its figures look whole.
    let late = counted.0.path().join("late.log");
    let line =
        format!("198.51.3.250 - - [03/May/2026:23:50:00 +0000] \"GET /late HTTP/1.1\" 200 9 \"-\" \"{AGENT}\"\n");
    fs::write(&late, line).unwrap();
    printed(&["import", late.to_str().unwrap(), "--site", "example.com", "--data", &data]);
    assert_eq!(sum(&report("2026-05-01..2026-05-10", "page")), 10 * 120 + 1);
    let ten_days = report("2026-05-01..2026-05-10", "source");
    assert!(sum(&ten_days) == 9 * 120 && ten_days["notes"].to_string().contains("2026-05-03"), "{ten_days}");
    assert_eq!(server.stop().0, 0);
}
