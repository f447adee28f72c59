//! Every log beside every state of a database, and beside others.

use std::path::Path;

use tempfile::TempDir;

use super::super::SqliteFile;
use super::*;

/// A folder as a killed program leaves it: the database and its log as they were at one moment.
fn killed(folder: &Path) -> TempDir {
    let left = tempfile::tempdir().unwrap();
    for name in ["headcount.db", "headcount.db-wal"] {
        let _ = fs::copy(folder.join(name), left.path().join(name));
    }
    left
}

fn open(folder: &Path) -> (SqliteFile, Vec<PathBuf>) {
    SqliteFile::open(&folder.join("headcount.db")).unwrap()
}

fn write(file: &SqliteFile, number: usize) {
    // Enough pages to be spread over the file.
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
               INSERT INTO names (site, text) SELECT 1, ? || '-' || i || hex(zeroblob(60)) FROM n";
    file.writer().execute(sql, [number as i64]).unwrap();
}

/// How often [`write`] was called on what is in a folder, which must be whole.
fn writes(folder: &Path) -> usize {
    let file = open(folder).0;
    let reader = file.reader();
    let said: String = reader.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    let names: i64 = reader.query_row("SELECT count(*) FROM names", [], |row| row.get(0)).unwrap();
    assert_eq!(names % 40, 0);
    names as usize / 40
}

/// Moments of one database: started twice, with logs that are emptied, half emptied, and taken over by a new one.
fn moments() -> Vec<(TempDir, usize)> {
    let folder = tempfile::tempdir().unwrap();
    let mut moments = Vec::new();
    let mut number = 0;
    for _ in 0..2 {
        let (file, aside) = open(folder.path());
        assert!(aside.is_empty());
        for round in 0..9 {
            let snapshot = (round % 3 == 1).then(|| {
                let snapshot = file.snapshot();
                snapshot.execute_batch("BEGIN; SELECT count(*) FROM names").unwrap();
                snapshot
            });
            number += 1;
            write(&file, number);
            moments.push((killed(folder.path()), number));
            if round % 3 > 0 {
                SqliteFile::checkpoint(&file.quiet_writer()).unwrap();
                moments.push((killed(folder.path()), number));
            }
            drop(snapshot.inspect(|snapshot| snapshot.execute_batch("ROLLBACK").unwrap()));
        }
    }
    moments
}

#[test]
fn a_log_that_a_killed_program_leaves_stays_with_its_database() {
    for (folder, number) in moments() {
        assert_eq!(set_foreign_aside(&folder.path().join("headcount.db")).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(writes(folder.path()), number);
    }
}

#[test]
fn a_log_beside_another_state_of_its_database_damages_nothing() {
    let moments = moments();
    let (mut kept, mut aside) = (0, 0);
    for (of_file, _) in moments.iter().step_by(2) {
        let backup = tempfile::tempdir().unwrap();
        let path = backup.path().join("headcount.db");
        fs::copy(of_file.path().join("headcount.db"), &path).unwrap();
        // One of which a part was still in the log is no backup.
        if !is_whole(&path, WithLog::No).unwrap() {
            continue;
        }
        let alone = writes(backup.path());
        for (of_log, later) in moments.iter().rev().step_by(2) {
            fs::copy(of_file.path().join("headcount.db"), &path).unwrap();
            fs::copy(of_log.path().join("headcount.db-wal"), path.with_extension("db-wal")).unwrap();
            let renamed = set_foreign_aside(&path).unwrap();
            // A log that begins where the backup ends goes on with it, wholly.
            let is_taken = writes(backup.path()) == *later && alone != *later;
            let is_alone = writes(backup.path()) == alone;
            assert!(if renamed.is_empty() { is_taken || is_alone } else { is_alone }, "{alone} {later} {renamed:?}");
            (kept, aside) = (kept + usize::from(is_taken), aside + renamed.len());
        }
    }
    assert!(kept > 2 && aside > 40, "{kept} {aside}");
}

#[test]
fn a_log_of_another_database_is_kept_aside_with_its_content() {
    let (mine, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (file, other) = (open(mine.path()).0, open(others.path()).0);
    write(&file, 1);
    SqliteFile::checkpoint(&file.quiet_writer()).unwrap();
    (2..5).for_each(|number| write(&other, number));
    let (folder, left) = (killed(mine.path()), killed(others.path()));
    let log = left.path().join("headcount.db-wal");
    let path = folder.path().join("headcount.db");
    fs::copy(&log, path.with_extension("db-wal")).unwrap();
    let renamed = set_foreign_aside(&path).unwrap();
    assert_eq!(renamed.len(), 1);
    assert!(renamed[0].to_string_lossy().contains("headcount.db-wal.aside-"), "{renamed:?}");
    assert_eq!(fs::read(&renamed[0]).unwrap(), fs::read(&log).unwrap());
    assert_eq!(writes(folder.path()), 1);
}

#[test]
fn what_carries_no_mark_is_judged_by_what_it_makes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headcount.db");
    drop(open(folder.path()));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA application_id = 0; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let old = fs::read(&path).unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
               INSERT INTO names (site, text) SELECT 1, i || hex(zeroblob(60)) FROM n";
    other.execute_batch(sql).unwrap();
    let crashed = killed(folder.path());
    let crashed_at = crashed.path().join("headcount.db");
    assert_eq!(set_foreign_aside(&crashed_at).unwrap(), Vec::<PathBuf>::new());
    assert_eq!(writes(crashed.path()), 100);
    // The next log has pages of a longer file.
    other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM names WHERE id = 2000").unwrap();
    let left = killed(folder.path());
    fs::write(left.path().join("headcount.db"), &old).unwrap();
    assert_eq!(set_foreign_aside(&left.path().join("headcount.db")).unwrap().len(), 1);
    assert_eq!(writes(left.path()), 0);
}

#[test]
fn what_sqlite_takes_nothing_from_is_left_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headcount.db");
    write(&open(folder.path()).0, 1);
    for log in [&b""[..], b"x", &[0; 5_000], "no log at all ".repeat(1_000).as_bytes()] {
        fs::write(path.with_extension("db-wal"), log).unwrap();
        assert_eq!(set_foreign_aside(&path).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(writes(folder.path()), 1);
    }
    // A rollback journal is no log of ours.
    fs::write(path.with_extension("db-journal"), "left by somebody").unwrap();
    assert_eq!(set_foreign_aside(&path).unwrap().len(), 1);
    assert_eq!(writes(folder.path()), 1);
}

/// A sync of it may have failed before the program ended: what is written behind it would go with it.
#[test]
fn nothing_is_written_behind_the_log_of_an_earlier_program() {
    let before = tempfile::tempdir().unwrap();
    let (file, _) = open(before.path());
    write(&file, 1);
    let left = killed(before.path());
    // As long as another program reads it, it can't be emptied.
    let other = Connection::open(left.path().join("headcount.db")).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM names").unwrap();
    let (file, _) = open(left.path());
    let add = || file.writer().execute("INSERT INTO names (site, text) VALUES (1, 'x')", []);
    assert!(add().is_err());
    let log = || length(&beside(&left.path().join("headcount.db"), "-wal"));
    assert!(log() > 0);
    other.execute_batch("ROLLBACK").unwrap();
    file.empty_log();
    assert_eq!(log(), 0);
    assert_eq!(add().unwrap(), 1);
}
