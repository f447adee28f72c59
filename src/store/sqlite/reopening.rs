//! A file that can be read and not written: a full disk, which has no room for the log's index, a folder or a file without the right to
//! write. It is read as it is, and opened to be written as soon as that can be done.

use std::sync::atomic::Ordering;

use super::SqliteFile;
use super::connections::Connections;

impl SqliteFile {
    /// Whether the file can be written as it was opened; else it is opened anew whenever something is to be written.
    pub(in crate::store) fn can_write(&self) -> bool {
        self.can_write.load(Ordering::Acquire)
    }

    /// Opens the file to be written, if that can be done by now. What is open of it is closed before: whoever closes a file that they
    /// have open a second time loses all locks on it.
    pub(super) fn reopen(&self) {
        let open = self.open_files();
        if self.moved(&open).is_some() {
            return;
        }
        // Nobody reads the file as one that does not change any more when the first thing is written.
        let Ok(held) = self.hold() else { return };
        if self.can_write() {
            return;
        }
        let Ok(held) = Connections::none().and_then(|none| self.leave(held, none)) else { return };
        let path = self.looked_for(&open);
        match Connections::open(path).or_else(|_| Connections::to_read(path)) {
            Ok(connections) => drop(self.replace(held, connections)),
            // The next look tries again.
            Err(_) => self.change(|open| open.is_broken = true),
        }
        self.change(|of| of.put.clone_from(&open.put));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_can_only_be_read_is_read_and_written_as_soon_as_it_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("100% of #a?b.db");
        let (file, _) = SqliteFile::open(&path).unwrap();
        let held = file.hold().unwrap();
        let held = file.replace(held, Connections::none().unwrap());
        let only_read = Connections::to_read(&path).unwrap();
        assert!(!only_read.can_write && super::super::schema::is_present(&only_read.snapshots[0]).unwrap());
        assert!(only_read.writer.execute("DELETE FROM sites", []).is_err());
        drop(file.replace(held, only_read));
        assert!(!file.can_write());
        assert_eq!(file.is_in_place(), Ok(()));
        assert_eq!(file.writer().execute("DELETE FROM batches", []).unwrap(), 0, "it is opened anew");
        assert!(file.can_write());
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        let inode = std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(&path).unwrap());
        assert!(
            locks.contains(&format!(":{inode} ")),
            "no other program takes it for one that nobody has open: {locks}"
        );
        drop(file);
        assert!(Connections::to_read(&folder.path().join("none.db")).is_err());
    }

    #[test]
    fn what_is_written_over_a_file_that_can_only_be_read_is_not_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("headcount.db"), folder.path().join("other.db"));
        SqliteFile::open(&other).unwrap();
        let (file, _) = SqliteFile::open(&path).unwrap();
        let held = file.hold().unwrap();
        let held = file.replace(held, Connections::none().unwrap());
        drop(file.replace(held, Connections::to_read(&path).unwrap()));
        std::fs::write(&path, std::fs::read(&other).unwrap()).unwrap();
        assert_eq!(file.is_in_place(), Err(crate::store::StoreError::Moved(crate::store::Moved::Overwritten)));
        file.reopen();
        assert!(!file.can_write(), "nothing is written into it");
    }
}
