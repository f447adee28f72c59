//! A database that loses its place, its folder or its log while it is open.

use tempfile::TempDir;

use super::*;

struct OpenDatabase {
    folder: TempDir,
    file: SqliteFile,
}

impl OpenDatabase {
    fn new() -> OpenDatabase {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let file = SqliteFile::open(&folder.path().join("data/headcount.db")).unwrap().0;
        write(&file, "before");
        OpenDatabase { folder, file }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data/headcount.db")
    }

    fn looks(&self) -> Option<Moved> {
        match self.file.look() {
            Ok(_) => None,
            Err(StoreError::Moved(moved)) => Some(moved),
            Err(error) => panic!("{error}"),
        }
    }

    /// Another database in the place of ours, as `mv` puts it there.
    fn replace(&self) {
        let other = self.folder.path().join("other.db");
        write(&SqliteFile::open(&other).unwrap().0, "of the other");
        fs::rename(other, self.path()).unwrap();
    }

    /// What whoever opens the path finds.
    fn found(&self) -> Vec<String> {
        names(&SqliteFile::open(&self.path()).unwrap().0)
    }
}

fn write(file: &SqliteFile, name: &str) {
    file.writer().execute("INSERT INTO names (site, text) VALUES (1, ?)", [name]).unwrap();
}

fn names(file: &SqliteFile) -> Vec<String> {
    let reader = file.reader();
    let mut statement = reader.prepare("SELECT text FROM names ORDER BY id").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_file_that_comes_back_goes_on() {
    let place = OpenDatabase::new();
    let away = place.folder.path().join("away.db");
    assert_eq!(place.looks(), None);
    fs::rename(place.path(), &away).unwrap();
    let before = fs::read(&away).unwrap();
    assert_eq!(place.looks(), Some(Moved::Removed));
    // Another one lies there for a while.
    place.replace();
    assert_eq!(place.looks(), Some(Moved::Replaced));
    assert!(!beside(&place.path(), "-wal").exists(), "nobody takes our log for its own");
    assert!(fs::read(&away).unwrap() == before, "nothing is written to what is elsewhere");
    fs::rename(&away, place.path()).unwrap();
    assert!(place.file.look().unwrap().log, "it has a log again");
    assert_eq!(place.looks(), None);
    assert_eq!(fs::read_dir(folder_of(&place.path())).unwrap().count(), 3, "and only one");
    write(&place.file, "after");
    assert_eq!(names(&place.file), ["before", "after"]);
    place.file.end().unwrap();
    assert_eq!(place.found(), ["before", "after"]);
}

#[test]
fn links_and_folders_that_lead_elsewhere_are_seen() {
    let place = OpenDatabase::new();
    let (data, moved) = (place.folder.path().join("data"), place.folder.path().join("moved"));
    fs::rename(&data, &moved).unwrap();
    assert_eq!(place.looks(), Some(Moved::FolderRemoved));
    fs::create_dir(&data).unwrap();
    assert_eq!(place.looks(), Some(Moved::FolderRemoved), "it is another folder");
    fs::write(data.join("headcount.db"), "").unwrap();
    assert_eq!(place.looks(), Some(Moved::Replaced));
    fs::remove_dir_all(&data).unwrap();
    std::os::unix::fs::symlink(&moved, &data).unwrap();
    assert_eq!(place.looks(), None, "the same file on another way");
    fs::remove_file(&data).unwrap();
    fs::write(&data, "a file").unwrap();
    assert_eq!(place.looks(), Some(Moved::FolderRemoved));
}

#[test]
fn the_open_file_is_put_back_and_covers_nothing() {
    for how in [Moved::Replaced, Moved::Removed, Moved::FolderRemoved] {
        let place = OpenDatabase::new();
        match how {
            Moved::Replaced => place.replace(),
            Moved::Removed => fs::remove_file(place.path()).unwrap(),
            _ => fs::remove_dir_all(folder_of(&place.path())).unwrap(),
        }
        assert_eq!(place.looks(), Some(how));
        let aside = place.file.keep().unwrap();
        assert_eq!(aside.is_some(), how == Moved::Replaced);
        assert_eq!(place.looks(), None);
        write(&place.file, "after");
        place.file.end().unwrap();
        assert_eq!(place.found(), ["before", "after"]);
        if let Some(aside) = aside {
            assert_eq!(names(&SqliteFile::open(&aside).unwrap().0), ["of the other"]);
        }
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(place.path()).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_is_open_at_the_end_is_found_again() {
    for how in [Moved::Replaced, Moved::Removed, Moved::FolderRemoved] {
        let place = OpenDatabase::new();
        match how {
            Moved::Replaced => place.replace(),
            Moved::Removed => fs::remove_file(place.path()).unwrap(),
            _ => fs::remove_dir_all(folder_of(&place.path())).unwrap(),
        }
        assert!(place.file.is_in_place().is_err());
        let put = place.file.put(&[]).unwrap().unwrap();
        place.file.is_in_place().unwrap();
        write(&place.file, "after");
        assert_eq!(place.file.end().unwrap().put, None, "that was told");
        assert_eq!(put == place.path(), how != Moved::Replaced, "{put:?}");
        assert_eq!(names(&SqliteFile::open(&put).unwrap().0), ["before", "after"]);
        if how == Moved::Replaced {
            assert_eq!(place.found(), ["of the other"]);
        }
    }
}

#[test]
fn nothing_is_written_to_a_file_that_is_elsewhere() {
    let place = OpenDatabase::new();
    assert_eq!(place.looks(), None);
    let away = place.folder.path().join("away.db");
    fs::rename(place.path(), &away).unwrap();
    let before = fs::read(&away).unwrap();
    assert_eq!(place.looks(), Some(Moved::Removed));
    place.file.empty_log();
    assert_eq!(place.file.put(&[]).unwrap(), Some(place.path()));
    write(&place.file, "after");
    place.file.end().unwrap();
    assert!(fs::read(&away).unwrap() == before);
    assert_eq!(place.found(), ["before", "after"]);
    // Nor by a program that ends without one.
    let place = OpenDatabase::new();
    let away = place.folder.path().join("away.db");
    fs::rename(place.path(), &away).unwrap();
    let of_second = fs::read(&away).unwrap();
    drop(place.file);
    assert!(fs::read(&away).unwrap() == of_second);
}

#[test]
fn a_removed_file_is_put_where_there_is_room_and_else_it_is_lost() {
    let place = OpenDatabase::new();
    let (data, other) = (place.folder.path().join("data"), place.folder.path().join("other"));
    fs::create_dir(&other).unwrap();
    fs::remove_dir_all(&data).unwrap();
    fs::write(&data, "no folder").unwrap();
    let nowhere = place.folder.path().join("nowhere");
    assert!(matches!(place.file.put(std::slice::from_ref(&nowhere)), Err(StoreError::Lost(_))));
    let put = place.file.put(&[nowhere, other.clone()]).unwrap().unwrap();
    assert!(put.starts_with(&other), "{put:?}");
    write(&place.file, "after");
    place.file.end().unwrap();
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1, "one file is left");
    assert_eq!(names(&SqliteFile::open(&put).unwrap().0), ["before", "after"]);
}

#[test]
fn a_removed_file_that_can_only_be_read_is_put_back_too() {
    let place = OpenDatabase::new();
    let held = place.file.leave(place.file.hold().unwrap(), Connections::none().unwrap()).unwrap();
    drop(place.file.replace(held, Connections::to_read(&place.path()).unwrap()));
    fs::remove_file(place.path()).unwrap();
    assert_eq!(place.looks(), Some(Moved::Removed));
    assert_eq!(place.file.put(&[]).unwrap(), Some(place.path()));
    write(&place.file, "after");
    place.file.end().unwrap();
    assert_eq!(place.found(), ["before", "after"]);
}

#[test]
fn a_file_of_the_operator_beside_it_stays() {
    let place = OpenDatabase::new();
    let theirs = beside(&place.path(), ".new");
    SqliteFile::checkpoint(&place.file.quiet_writer()).unwrap();
    assert_eq!(place.looks(), None);
    fs::copy(place.path(), &theirs).unwrap();
    write(&place.file, "later");
    SqliteFile::checkpoint(&place.file.quiet_writer()).unwrap();
    let before = fs::read(&theirs).unwrap();
    fs::remove_file(place.path()).unwrap();
    place.file.keep().unwrap();
    assert_eq!(place.looks(), None);
    fs::copy(&theirs, place.path()).unwrap();
    assert_eq!(place.looks(), Some(Moved::Overwritten));
    place.file.adopt(|_| Ok(AdoptedStore::default())).unwrap();
    place.file.end().unwrap();
    fs::remove_file(place.path()).unwrap();
    SqliteFile::open(&place.path()).unwrap().0.end().unwrap();
    assert!(fs::read(&theirs).unwrap() == before);
    assert_eq!(fs::read_dir(folder_of(&place.path())).unwrap().count(), 2, "and nothing of ours is left");
}

#[test]
fn a_log_that_is_removed_or_replaced_loses_nothing() {
    let place = OpenDatabase::new();
    let [log, index] = ["-wal", "-shm"].map(|ending| beside(&place.path(), ending));
    let mend = |number: usize| {
        let mended = place.file.look().unwrap();
        assert!(mended.log);
        write(&place.file, &number.to_string());
        assert_eq!(place.file.look().unwrap(), Mended::default());
        mended.set_aside
    };
    fs::remove_file(&log).unwrap();
    assert!(mend(1).is_empty());
    fs::remove_file(&index).unwrap();
    assert!(mend(2).is_empty());
    fs::remove_file(&index).unwrap();
    fs::remove_file(&log).unwrap();
    fs::write(&log, "of somebody else").unwrap();
    let aside = mend(3);
    assert_eq!(fs::read_to_string(&aside[0]).unwrap(), "of somebody else");
    place.file.end().unwrap();
    assert!(!log.exists() && !index.exists(), "one file is left");
    assert_eq!(place.found(), ["before", "1", "2", "3"]);
}

#[test]
fn a_log_is_not_mended_while_somebody_reads_too_long_and_then_is() {
    let place = OpenDatabase::new();
    let snapshot = place.file.snapshot();
    snapshot.execute_batch("BEGIN; SELECT count(*) FROM names").unwrap();
    fs::remove_file(beside(&place.path(), "-wal")).unwrap();
    assert_eq!(place.file.look(), Err(StoreError::Busy));
    snapshot.execute_batch("ROLLBACK").unwrap();
    drop(snapshot);
    assert!(place.file.look().unwrap().log);
    assert_eq!(names(&place.file), ["before"]);
}

#[test]
fn a_file_that_is_written_over_is_seen_and_read_again() {
    let place = OpenDatabase::new();
    let older = place.folder.path().join("older.db");
    SqliteFile::checkpoint(&place.file.quiet_writer()).unwrap();
    assert_eq!(place.looks(), None);
    fs::copy(place.path(), &older).unwrap();
    for name in ["lost", "lost too"] {
        write(&place.file, name);
        assert_eq!(place.looks(), None);
        SqliteFile::checkpoint(&place.file.quiet_writer()).unwrap();
        assert_eq!(place.looks(), None);
    }
    write(&place.file, "in the log");
    for content in [&b""[..], b"no database"] {
        fs::write(place.path(), content).unwrap();
        assert_eq!(place.looks(), Some(Moved::Overwritten));
        let why = place.file.adopt(|_| Ok(AdoptedStore::default())).unwrap_err();
        assert!(why.to_string().contains("copy a backup over it"), "{why}");
    }
    fs::copy(&older, place.path()).unwrap();
    assert_eq!(place.looks(), Some(Moved::Overwritten));
    assert!(place.file.keep().is_err());
    let read = |reader: &Connection| {
        let count: i64 = reader.query_row("SELECT count(*) FROM names", [], |row| row.get(0))?;
        Ok(AdoptedStore { last_flush: count as u64, ..AdoptedStore::default() })
    };
    assert_eq!(place.file.adopt(read).unwrap().last_flush, 1);
    assert_eq!((place.looks(), names(&place.file)), (None, vec!["before".to_owned()]));
    write(&place.file, "after");
    place.file.end().unwrap();
    assert_eq!(place.found(), ["before", "after"]);
}

#[test]
fn the_end_writes_nothing_into_what_was_written_over() {
    let place = OpenDatabase::new();
    SqliteFile::checkpoint(&place.file.quiet_writer()).unwrap();
    assert_eq!(place.looks(), None);
    let older = fs::read(place.path()).unwrap();
    write(&place.file, "lost");
    SqliteFile::checkpoint(&place.file.quiet_writer()).unwrap();
    assert_eq!(place.looks(), None);
    write(&place.file, "in the log");
    fs::write(place.path(), &older).unwrap();
    place.file.end().unwrap();
    assert!(fs::read(place.path()).unwrap() == older);
}
