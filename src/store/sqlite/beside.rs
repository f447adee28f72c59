//! In: the path of a database. Out: which file is there, and what lies beside it. Forgets: nothing; what is in the way is renamed, and
//! never removed.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use jiff::Timestamp;

/// What SQLite may put beside a database.
pub(super) const ENDINGS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(super) fn of(file: &Metadata) -> FileId {
        FileId { device: file.dev(), inode: file.ino() }
    }

    /// The file to which a path leads, over links too; nothing if it leads to none or can't be followed.
    pub(super) fn at(path: &Path) -> Option<FileId> {
        fs::metadata(path).ok().map(|file| FileId::of(&file))
    }
}

/// The name of a database with an ending.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// How many bytes a file has; 0 if there is none.
pub(super) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// Moves a file out of the way, and tells where to: its name, with the time at which it was written last.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let to = aside_name(path)?;
    fs::rename(path, &to)?;
    sync_folder(path);
    Ok(to)
}

/// The same for a database, with what lies beside it, under names that SQLite finds together.
pub(super) fn set_database_aside(path: &Path) -> io::Result<PathBuf> {
    let to = aside_name(path)?;
    for ending in ENDINGS {
        let from = beside(path, ending);
        if fs::symlink_metadata(&from).is_ok() {
            fs::rename(from, beside(&to, ending))?;
        }
    }
    fs::rename(path, &to)?;
    sync_folder(path);
    Ok(to)
}

fn aside_name(path: &Path) -> io::Result<PathBuf> {
    free_name(path, "aside", fs::symlink_metadata(path)?.modified()?)
}

/// A name that nothing has yet: that of a file, with a word and a time.
pub(in crate::store) fn free_name(path: &Path, word: &str, time: SystemTime) -> io::Result<PathBuf> {
    let time = Timestamp::try_from(time).unwrap_or_default().strftime("%Y-%m-%dT%H-%M-%SZ");
    let first = beside(path, &format!(".{word}-{time}"));
    let others = (2..).map(|number| beside(&first, &format!("-{number}")));
    let mut names = std::iter::once(first.clone()).chain(others);
    Ok(names.find(|name| fs::symlink_metadata(name).is_err()).unwrap_or(first))
}

/// The numbers (inodes) of a database and of the files that it was before its indexes were made anew, which lie beside it: what is called by
/// the number of one is found.
///
/// # Errors
/// There is no file.
pub fn file_numbers(database: &Path) -> io::Result<Vec<u64>> {
    let file = fs::canonicalize(database)?;
    let mut numbers = vec![fs::metadata(&file)?.ino()];
    let name = beside(&file, ".aside-");
    let beginning = name.file_name().unwrap_or_default().as_encoded_bytes();
    let entries = fs::read_dir(folder_of(&file)).into_iter().flatten().flatten();
    let aside = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(beginning));
    numbers.extend(aside.filter_map(|entry| entry.metadata().ok()).map(|file| file.ino()));
    Ok(numbers)
}

/// A name for a file that is not whole yet, which nobody else has given to theirs.
pub(in crate::store) fn unfinished_name(path: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(beside(path, &format!(".unfinished-{}", HEXLOWER.encode(&random))))
}

/// Has the names in the folder of a file outlive a power loss. Not every file system can do it.
pub(in crate::store) fn sync_folder(path: &Path) {
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_stays_and_covers_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headcount.db");
        let mut names = Vec::new();
        for content in ["one", "two", "three"] {
            fs::write(&path, content).unwrap();
            fs::write(beside(&path, "-wal"), content.repeat(2)).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
            names.push((set_database_aside(&path).unwrap(), content));
        }
        assert!(!path.exists() && !beside(&path, "-wal").exists());
        assert!(names[0].0.ends_with("headcount.db.aside-1970-01-01T00-00-00Z"), "{names:?}");
        for (name, content) in names {
            assert_eq!(fs::read_to_string(&name).unwrap(), content);
            assert_eq!(fs::read_to_string(beside(&name, "-wal")).unwrap(), content.repeat(2));
        }
    }
}
