//! Where journals of tests lie: each in a folder of its own in memory, which is removed at the end.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use headcount::clock::Clock;
use headcount::collector::{Collector, WriterHandle};
use headcount::config::JournalPlace;
use headcount::hit::Tools;
use headcount::journal::JournalSearch;
use headcount::limits;
use headcount::store::{self, JournalState};
use tempfile::TempDir;

use super::World;
use crate::scenario::End;

/// Memory that outlives a process.
const MEMORY: &str = "/dev/shm";

/// A folder for a journal.
pub struct JournalFolder(TempDir);

impl JournalFolder {
    pub fn make() -> JournalFolder {
        let memory = Path::new(MEMORY);
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        JournalFolder(folder.unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The files of the journal.
    pub fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }

    /// How many folders of journals there are.
    pub fn folders(&self) -> usize {
        fs::read_dir(self.path()).unwrap().count()
    }

    /// Whether the journal holds a text as it is. A file that is wiped meanwhile holds nothing.
    pub fn holds(&self, text: &str) -> bool {
        let holds =
            |file: &PathBuf| fs::read(file).is_ok_and(|bytes| memchr::memmem::find(&bytes, text.as_bytes()).is_some());
        self.files().iter().any(holds)
    }

    /// Whether the journal holds a number in one of the forms in which it could be written.
    pub fn holds_number(&self, number: u64) -> bool {
        let packed = postcard::to_extend(&number, Vec::new()).unwrap();
        let forms = [number.to_le_bytes().to_vec(), number.to_be_bytes().to_vec(), packed];
        let holds = |bytes: &[u8]| forms.iter().any(|form| memchr::memmem::find(bytes, form).is_some());
        self.files().iter().any(|file| fs::read(file).is_ok_and(|bytes| holds(&bytes)))
    }

    /// The files, open, so that what becomes of their bytes can be seen after they are removed.
    pub fn held(&self) -> HeldFiles {
        HeldFiles(self.files().iter().map(|file| File::open(file).unwrap()).collect())
    }
}

/// Files that are open whatever becomes of their names.
pub struct HeldFiles(Vec<File>);

impl HeldFiles {
    /// Fails unless there were files and each of them was overwritten.
    pub fn assert_wiped(self) {
        assert!(!self.0.is_empty(), "there was a journal");
        for mut file in self.0 {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            assert!(bytes.iter().all(|byte| *byte == 0), "{} bytes are left of what was wiped", bytes.len());
        }
    }
}

/// Starts a collector on a data folder, with a journal in this folder or without one.
pub fn collector(
    data: &Path,
    tools: Tools,
    clock: Clock,
    journal: Option<&JournalFolder>,
) -> (Collector, WriterHandle) {
    let stores = store::open(&data.join("headcount.db")).unwrap();
    let Some(journal) = journal else { return Collector::start(stores, tools, clock).unwrap() };
    let place = JournalPlace::Folder(journal.path().to_owned());
    let file = data.join("headcount.db");
    let search = JournalSearch { place: &place, file: &file, last: None };
    let open = |state: &JournalState| headcount::journal::open(&search, state, limits::JOURNAL_MB << 20);
    Collector::with_journal(stores, tools, clock, open).unwrap()
}

impl World {
    /// The same world without a journal, in which nothing has happened yet.
    pub fn without_journal(mut self) -> World {
        self.has_journal = false;
        self.restart();
        self
    }

    /// Ends the server as a crash does, and starts it again on the same folders.
    pub fn kill(&mut self) {
        self.kill_and(|_| {});
    }

    /// The same; in between, something happens to the journal.
    pub fn kill_and(&mut self, work: impl FnOnce(&JournalFolder)) {
        self.end(End::Kill);
        work(&self.journal);
        self.run();
    }

    /// Ends the server as SIGTERM does, and starts it again after some work.
    pub fn restart_after(&mut self, work: impl FnOnce(&World)) {
        self.end(End::Stop);
        work(self);
        self.run();
    }
}

/// Ends a collector as a crash ends the program: nothing more is stored, and the journal stays as it is.
pub fn kill(collector: &Collector) {
    collector.abandon();
}
