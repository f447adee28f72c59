//! `kill -9` at random moments: under load, around flushes, over midnight, in a migration, in an import. A few in every run of the
//! tests; `HEADCOUNT_KILLS=1000 cargo test --test all -- kills` kills a thousand times each, and prints the seed of a series that
//! fails, which `HEADCOUNT_KILLS_SEED` repeats (not its moments, which the machine has a say in).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::lives::Lives;
use super::senders::{Sent, compare, resolved, visit};
use super::{DAY, LOYAL, NOW, under_load};
use crate::dice::Dice;
use crate::operators::unset;
use crate::scenario::End;
use crate::store::versions;

/// Kills of one database.
const SERIES: usize = 25;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs something for series of kills, with dice of its own for each and how many kills it has.
fn each_series(few: usize, run: impl Fn(&mut Dice, usize)) {
    let kills = number("HEADCOUNT_KILLS").map_or(few, |kills| kills as usize);
    let first = number("HEADCOUNT_KILLS_SEED").unwrap_or(0);
    let mut left = kills;
    for seed in first.. {
        if left == 0 {
            break;
        }
        let many = left.min(SERIES);
        eprintln!("HEADCOUNT_KILLS_SEED={seed}: {many} kills");
        run(&mut Dice(seed), many);
        left -= many;
    }
}

fn kills(dice: &mut Dice, many: usize, longest_ms: usize) -> Vec<(End, u64)> {
    (0..many).map(|_| (End::Kill, dice.below(longest_ms) as u64)).collect()
}

#[test]
fn kills_at_random_moments_lose_and_double_nothing() {
    each_series(4, |dice, many| {
        let mut lives = Lives::begin(NOW, &[]);
        let mut book = visit(&lives, LOYAL, "/loyal");
        book.extend(under_load(&mut lives, &kills(dice, many, 400)));
        book.extend(visit(&lives, LOYAL, "/loyal"));
        let book = resolved(&lives, DAY, &book);
        compare(&lives, DAY, &book);
        assert_eq!(lives.health()["visitors_may_repeat_today"], false);
    });
}

/// Fails if the pageviews of two days together are not those that were acknowledged, and perhaps those that nobody saw answered.
fn count_once(lives: &Lives, book: &[Sent]) {
    let counted = |day| lives.rows(day, &["pageviews"], &["event:page"], json!([]));
    let days = [counted(DAY), counted("2026-06-02")];
    let mut pages: BTreeMap<&str, [i64; 2]> = BTreeMap::new();
    for sent in book {
        pages.entry(&sent.page).or_default()[usize::from(!sent.is_acknowledged)] += 1;
    }
    for (page, [acknowledged, open]) in pages {
        let counted: i64 = days.iter().filter_map(|rows| rows.get(page)).map(|row| row[0]).sum();
        assert!(
            (acknowledged..=acknowledged + open).contains(&counted),
            "{page}: {acknowledged} acknowledged, {open} open, {counted} counted"
        );
    }
}

#[test]
fn kills_over_midnight_lose_and_double_nothing() {
    each_series(4, |dice, many| {
        let mut lives = Lives::begin("2026-06-01T23:59:58Z", &[]);
        let mut book = visit(&lives, LOYAL, "/loyal");
        book.extend(under_load(&mut lives, &kills(dice, many, 500)));
        lives.end(End::Kill);
        lives.go_to("2026-06-02T00:10:00Z");
        lives.start();
        book.extend(visit(&lives, LOYAL, "/loyal"));
        count_once(&lives, &book);
        assert!(lives.journal.files().iter().all(|file| file.exists()));
    });
}

/// Runs the program with these words, and kills it after so long if it has not ended by then. Whether it ended well.
fn killed_after(pause: Duration, data: &Path, words: &[&str]) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
    command.args(words).arg("--data").arg(data).stdout(Stdio::null()).stderr(Stdio::null());
    unset(&mut command);
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < pause {
        if let Some(status) = child.try_wait().unwrap() {
            return status.success();
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

#[test]
fn a_migration_that_is_killed_goes_on() {
    each_series(3, |dice, many| {
        let version = dice.below(versions::VERSIONS.len());
        let folder = versions::folder_of(versions::VERSIONS[version]);
        for _ in 0..many {
            // A command migrates as a start does.
            killed_after(Duration::from_millis(dice.below(80) as u64), folder.path(), &["site", "list"]);
        }
        versions::has_its_figures(&versions::open(folder.path()).unwrap(), version + 1);
    });
}

/// A log of so many lines on one day.
fn log_of(lines: usize) -> String {
    let line = |at: usize| {
        let (second, page, last) = (at / 4, at % 37, at % 251);
        let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        format!(
            "192.0.{}.{last} - - [01/Jun/2026:{time} +0000] \"GET /page-{page} HTTP/1.1\" 200 99 \"-\" \"Mozilla/5.0 (X11; Linux \
             x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\"\n",
            at % 3
        )
    };
    (0..lines).map(line).collect()
}

/// Pageviews by page. Who is who is forgotten with the program, so that a killed import may have more visitors.
fn pageviews(data: &Path) -> BTreeMap<String, i64> {
    let mut report = Command::new(env!("CARGO_BIN_EXE_headcount"));
    report.args(["report", "--site", "example.com", "--by", "page", "--period", "2026-06-01..2026-06-01", "--json"]);
    unset(report.arg("--data").arg(data));
    let output = report.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = |row: &Value| (row["page"].to_string(), row["pageviews"].as_i64().expect("pageviews"));
    told["rows"].as_array().expect("rows").iter().map(row).collect()
}

#[test]
fn an_import_that_is_killed_counts_each_line_once_when_it_is_run_again() {
    each_series(3, |dice, many| {
        let folder = tempfile::tempdir().unwrap();
        let (log, data) = (folder.path().join("access.log"), folder.path().join("data"));
        fs::write(&log, log_of(4_000)).unwrap();
        let words = ["import", log.to_str().unwrap(), "--site", "example.com"];
        let long = Duration::from_secs(120);
        assert!(killed_after(long, &data, &["site", "add", "example.com"]));
        for _ in 0..many {
            killed_after(Duration::from_millis(dice.below(1_500) as u64), &data, &words);
        }
        assert!(killed_after(long, &data, &words));
        let mut expected = BTreeMap::new();
        (0..4_000).for_each(|at| *expected.entry(format!("\"/page-{}\"", at % 37)).or_default() += 1);
        assert_eq!(pageviews(&data), expected);
    });
}

#[test]
fn a_backup_that_is_killed_leaves_whole_copies_alone() {
    each_series(4, |dice, many| {
        let mut lives = Lives::begin(NOW, &[]);
        visit(&lives, LOYAL, "/loyal");
        let (data, copies) = (lives.data(), lives.data().join("copies"));
        let words = ["backup", copies.to_str().unwrap(), "--keep", "3"];
        fs::create_dir(&copies).unwrap();
        for _ in 0..many {
            killed_after(Duration::from_millis(dice.below(120) as u64), &data, &words);
        }
        assert!(killed_after(Duration::from_secs(60), &data, &words));
        let names = fs::read_dir(&copies).unwrap().map(|entry| entry.unwrap().path());
        let whole: Vec<_> = names.filter(|path| path.extension().is_some_and(|ending| ending == "db")).collect();
        assert!((1..=3).contains(&whole.len()), "{whole:?}");
        for path in whole {
            let words = ["check", path.to_str().unwrap(), "--full"];
            assert!(killed_after(Duration::from_secs(60), &data, &words), "{path:?}");
        }
        lives.end(End::Stop);
    });
}
