//! What is no database, or a damaged one, and what lies beside it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::Places;
use crate::operators::{headcount, refused};
use crate::store::file::Database;

fn log_of(file: &Path) -> PathBuf {
    file.with_extension("db-wal")
}

/// Bytes of a log that is nobody's.
fn log() -> Vec<u8> {
    (0..20_000_u32).map(|byte| (byte * 7 % 251) as u8).collect()
}

#[test]
fn what_is_no_database_of_headcount_is_refused_with_its_log() {
    let places = Places::new();
    fs::create_dir(places.path("data")).unwrap();
    let (file, data) = (places.path("data/headcount.db"), places.text("data"));
    let (shown, copy) = (places.text("data/headcount.db"), places.text("backups/one.db"));
    Database::at(&places.text("other.db")).run("PRAGMA journal_mode = WAL; CREATE TABLE notes (text)");
    let other = fs::read(places.path("other.db")).unwrap();
    for (content, why) in [(&b""[..], "empty"), (&other, "no database of headcount")] {
        for words in [
            &["check", "--data", &data][..],
            &["check", "--full", "--data", &data],
            &["check", &shown],
            &["backup", &copy, "--data", &data],
            &["restore", &shown, "--data", &places.text("new")],
        ] {
            fs::write(&file, content).unwrap();
            // One of another program would be taken for a foreign one, and kept under another name.
            if content.is_empty() {
                fs::write(log_of(&file), log()).unwrap();
            }
            let (code, said) = refused(words);
            assert!(code == 1 && said.contains(why), "{words:?}: {code} {said}");
            assert_eq!(fs::read(&file).unwrap(), content, "{words:?}");
            assert!(!content.is_empty() || fs::read(log_of(&file)).unwrap() == log(), "{words:?}");
        }
        fs::remove_file(log_of(&file)).unwrap_or_default();
    }
    assert!(places.names("backups").is_empty() && !places.path("new").exists());
}

#[test]
fn a_backup_is_put_back_over_whatever_lies_there_and_all_of_that_is_kept() {
    let places = Places::new();
    places.counted("data", 2);
    places.backup("data", "backups/one.db", &[]);
    let (file, data) = (places.path("data/headcount.db"), places.text("data"));
    let mut damaged = fs::read(&file).unwrap();
    damaged[..4_096].fill(0xa5);
    for (content, log) in [(Some(damaged), Some(log())), (None, Some(log())), (Some(Vec::new()), Some(log()))] {
        fs::remove_file(&file).unwrap();
        content.iter().for_each(|bytes| fs::write(&file, bytes).unwrap());
        log.iter().for_each(|bytes| fs::write(log_of(&file), bytes).unwrap());
        if content.as_ref().is_some_and(|content| !content.is_empty()) {
            let output = headcount(&["check", "--data", &data]).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        }
        let told = places.restore("data", "backups/one.db");
        let kept = PathBuf::from(told["kept"].as_str().unwrap());
        let kept_log = if content.is_some() { PathBuf::from(format!("{}-wal", kept.display())) } else { kept.clone() };
        assert!(content.is_none() || fs::read(&kept).ok() == content, "{told}");
        assert_eq!(fs::read(kept_log).ok(), log, "{told}");
        assert!(!log_of(&file).exists());
        assert_eq!(places.pageviews("data"), 2);
    }
    for is_link in [false, true] {
        fs::remove_file(&file).unwrap();
        if is_link {
            symlink("nowhere.db", &file).unwrap();
        } else {
            fs::create_dir(&file).unwrap();
        }
        let kept = places.restore("data", "backups/one.db")["kept"].as_str().unwrap().to_owned();
        let found = fs::symlink_metadata(kept).unwrap();
        assert!(if is_link { found.is_symlink() } else { found.is_dir() });
        assert_eq!(places.pageviews("data"), 2);
    }
}

#[test]
fn an_audit_keeps_a_log_of_another_database_aside() {
    let places = Places::new();
    places.counted("data", 1);
    places.backup("data", "backups/one.db", &[]);
    let (file, data) = (places.path("data/headcount.db"), places.text("data"));
    let database = Database::of(&places.path("data"));
    database.run("INSERT INTO names (site, text) VALUES (1, 'of-the-other')");
    let log = fs::read(log_of(&file)).unwrap();
    drop(database);
    fs::copy(places.path("backups/one.db"), &file).unwrap();
    fs::write(log_of(&file), log).unwrap();
    let output = headcount(&["audit", "--data", &data]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("a log of another database lay beside"), "{said}");
    let is_aside = |name: &String| name.starts_with("headcount.db-wal.aside-");
    assert!(places.names("data").iter().any(is_aside) && !log_of(&file).exists());
}
