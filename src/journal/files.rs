//! The files of an open journal: how much they take, which image is the latest, and whether they are given up. Who appends and who
//! writes images share it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::folder::{JournalFile, JournalFolder};
use super::header::Belonging;
use super::place::SwapFacts;
use super::{GivenUp, JournalTrouble};

/// Why there is no journal where this happens to a file.
pub(super) fn trouble_of(error: &io::Error) -> JournalTrouble {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            JournalTrouble::NoRoom
        }
        _ => JournalTrouble::Failed,
    }
}

/// What appends and images share.
#[derive(Debug)]
pub(super) struct JournalFiles {
    pub(super) folder: JournalFolder,
    pub(super) belonging: Belonging,
    facts: fn() -> SwapFacts,
    bytes: AtomicU64,
    bytes_max: u64,
    lost: OnceLock<JournalTrouble>,
    /// The number of the latest complete image.
    image: Mutex<u64>,
}

impl JournalFiles {
    /// Files of which `bytes` are there. `facts` tells whether their memory may be swapped.
    pub(super) fn new(
        folder: JournalFolder,
        belonging: Belonging,
        facts: fn() -> SwapFacts,
        (bytes, bytes_max): (u64, u64),
        image: u64,
    ) -> JournalFiles {
        let (bytes, image) = (AtomicU64::new(bytes), Mutex::new(image));
        JournalFiles { folder, belonging, facts, bytes, bytes_max, lost: OnceLock::new(), image }
    }

    /// Gives the journal up if swap was turned on since it was opened, or if it is given up already.
    pub(super) fn check_memory(self: &Arc<Self>) -> Result<(), GivenUp> {
        if let Some(why) = self.lost() {
            return Err(GivenUp(why));
        }
        let mounted = self.folder.mounted().map_err(|error| self.failed(&error))?;
        (self.facts)().check(mounted).map_err(|why| self.give_up(why))
    }

    /// Why it is given up, if it is.
    pub(super) fn lost(&self) -> Option<JournalTrouble> {
        self.lost.get().copied()
    }

    /// What the files take, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether so many bytes more are within what the journal may take.
    pub(super) fn has_room(&self, bytes: u64) -> io::Result<()> {
        let is_within = self.bytes().saturating_add(bytes) <= self.bytes_max;
        if is_within { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    /// Notes bytes that were written.
    pub(super) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes bytes that were put aside and never written.
    pub(super) fn give_back(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Gives the journal up, because this happened to a file.
    pub(super) fn failed(self: &Arc<Self>, error: &io::Error) -> GivenUp {
        self.give_up(trouble_of(error))
    }

    /// Gives the journal up: at once it is none any more, and soon it is overwritten. That takes a while, and hits must not wait.
    pub(super) fn give_up(self: &Arc<Self>, why: JournalTrouble) -> GivenUp {
        if self.lost.set(why).is_err() {
            return GivenUp(self.lost().unwrap_or(why));
        }
        let image = self.image.lock().unwrap_or_else(PoisonError::into_inner);
        let is_renamed = self.folder.give_up().is_ok();
        drop(image);
        self.bytes.store(0, Ordering::Relaxed);
        let files = Arc::clone(self);
        let wiping = std::thread::Builder::new().name("journal".into()).spawn(move || files.wipe());
        if wiping.is_err() || !is_renamed {
            self.wipe();
        }
        GivenUp(why)
    }

    fn wipe(&self) {
        if let Err(error) = self.folder.wipe_all() {
            tracing::error!(%error, "the journal that was given up can't be wiped; run `headcount journal wipe`");
        }
        self.folder.remove();
    }

    /// Makes an image that is written the latest, and wipes all that is older.
    pub(super) fn complete(self: &Arc<Self>, number: u64) -> Result<(), GivenUp> {
        let mut image = self.image.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = self.lost() {
            return Err(GivenUp(why));
        }
        let done = self.complete_alone(&mut image, number);
        drop(image);
        done.map_err(|error| self.failed(&error))
    }

    fn complete_alone(&self, image: &mut u64, number: u64) -> io::Result<()> {
        if *image > number {
            return self.wipe_file(JournalFile::Unfinished(number));
        }
        let complete = JournalFile::Whole(super::header::FileKind::Image, number);
        self.folder.rename(JournalFile::Unfinished(number), complete)?;
        *image = number;
        for file in self.folder.files()? {
            if matches!(file, JournalFile::Whole(_, older) if older < number) {
                self.wipe_file(file)?;
            }
        }
        Ok(())
    }

    fn wipe_file(&self, file: JournalFile) -> io::Result<()> {
        let bytes = self.folder.wipe(file)?;
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        Ok(())
    }
}
