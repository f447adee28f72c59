//! In: what was counted, rejected and remembered, record by record, and images of the running state. Out: the same after the
//! program ended, however it ended. Forgets: everything older than the latest image, which is overwritten with zeros.
//!
//! It lies in memory that outlives the process, a tmpfs or ramfs without swap: its salts and tokens may not reach a disk.
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
//! A record is in the file when [`Journal::append`] returns: the file's end is mapped into memory, and stays as it is after `kill -9`.
//! What was cut short was not acknowledged to anybody, and ends its segment.

mod dictionary;
mod files;
mod folder;
mod header;
mod hit_code;
mod image;
mod left;
mod place;
mod read_ahead;
mod record;
mod record_code;
mod recovered;
mod seen;
mod segment;
mod start;
#[cfg(test)]
mod tests;
mod values;
mod window;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::config::JournalPlace;
use crate::hit::Hit;
use crate::limits;
use crate::store::{DatabaseId, JournalId, JournalPosition, JournalState};
use files::JournalFiles;
use folder::JournalFolder;
use header::Belonging;
#[cfg(test)]
pub(crate) use header::VERSION;
pub use image::ImageWriter;
pub use left::{WipedJournals, of_owner};
pub use place::JournalSearch;
use place::{Candidate, Candidates, SwapFacts};
pub use record::{HitRecord, HowCounted, Record};
pub use recovered::{ReadJournal, Recovered, RecoveredRecords, Unreadable};
pub use seen::{SeenJournal, seen};
use segment::SegmentWriter;
pub use segment::records;
use start::JournalStart;

/// Whether memory of this process may be written to swap, or nobody tells whether it may.
pub fn memory_may_swap() -> bool {
    !SwapFacts::read().keeps_all()
}

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
    /// Nobody tells whether it may.
    SwapHidden,
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
    /// A day ended, and the store could not be written, so that what the journal held of it could not be left behind.
    NotForgotten,
    /// Its files were removed or cut while the program ran.
    Removed,
    /// The system refused to read or write it.
    Failed,
}

impl JournalTrouble {
    /// One sentence for operators: what it is, and what to do where something can be done.
    pub const fn sentence(self) -> &'static str {
        match self {
            JournalTrouble::SwitchedOff => "the journal is switched off (journal = \"off\")",
            JournalTrouble::NoFolder => {
                "the folder for the journal is missing or can't be used; the log of the start names it"
            }
            JournalTrouble::NotInMemory => {
                "the folder for the journal is not in memory; it must be on a tmpfs or ramfs"
            }
            JournalTrouble::MaySwap => {
                "the memory of the journal may be swapped to a disk; set MemorySwapMax=0 (systemd) or --memory-swap equal to --memory (Docker), mount its folder with noswap, or turn swap off"
            }
            JournalTrouble::SwapHidden => {
                "it can't be told whether the memory of the journal may be swapped to a disk, because /proc/swaps is hidden (ProcSubset=pid); show it, or set MemorySwapMax=0 (systemd) or --memory-swap equal to --memory (Docker)"
            }
            JournalTrouble::NotOurs => "the journal's folder is a link or belongs to another user",
            JournalTrouble::Locked => "another process uses the journal",
            JournalTrouble::OtherVersion => "another version of headcount wrote the journal",
            JournalTrouble::OtherDatabase => "the journal that was found does not belong to this database as it is",
            JournalTrouble::Broken => "the journal that was found is damaged",
            JournalTrouble::NoRoom => "the journal ran out of room; raise journal_max_mb or the size of its folder",
            JournalTrouble::NotForgotten => {
                "a day ended while the store could not be written, and nothing of it may stay in the journal"
            }
            JournalTrouble::Removed => "the journal's files were removed or cut by somebody; a restart begins new ones",
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
    /// A state to take up, before [`Journal::go_on`]. It stays on file, and is found again, until the next image is complete; without
    /// a journal to go on in, it is wiped once it is read.
    State(Recovered),
}

impl Found {
    /// Nothing was there, and nothing was asked for.
    pub const NOTHING: Found = Found::Nothing { wiped: None, without: Some(JournalTrouble::SwitchedOff) };

    /// Why there is no journal from now on; nothing if there is one.
    pub fn without(&self) -> Option<JournalTrouble> {
        match self {
            Found::Nothing { without, .. } => *without,
            Found::State(recovered) => recovered.without(),
        }
    }
}

/// The journal is given up: whatever it held is wiped, and counting goes on without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal is given up: {0}")]
pub struct GivenUp(pub JournalTrouble);

/// The open journal of a data folder, which nobody else can open meanwhile.
#[derive(Debug)]
pub struct Journal {
    files: Arc<JournalFiles>,
    /// Gone when the journal is given up; not there yet before [`Journal::go_on`].
    segment: Option<SegmentWriter>,
    /// The end of the last segment, or the beginning of the next one.
    end: JournalPosition,
}

/// Opens the journal of a database, or says why there is none. `state` is what the database knows of its journal
/// ([`crate::store::SumStore::journal_state`]). What a program has left in another folder than the one to be used is taken up too.
/// Files that can't be taken up are wiped before this returns. Before anything is stored the database has to know a new journal
/// ([`crate::store::SumStore::set_journal`]): one that it does not know, and that began before its last flush, is wiped by the next start.
pub fn open(search: &JournalSearch<'_>, state: &JournalState, bytes_max: u64) -> (Option<Journal>, Found) {
    let candidates = Candidates::of(search, state.database, runtime_directory().as_deref());
    open_among(&candidates, SwapFacts::read, state, bytes_max)
}

/// The folder of memory in which a journal would be.
pub fn memory_folder(place: &JournalPlace) -> PathBuf {
    place::memory_folder(place, runtime_directory().as_deref())
}

fn runtime_directory() -> Option<OsString> {
    std::env::var_os("RUNTIME_DIRECTORY")
}

fn open_among(
    candidates: &Candidates,
    facts: fn() -> SwapFacts,
    state: &JournalState,
    bytes_max: u64,
) -> (Option<Journal>, Found) {
    let existing = |one: &Candidate| JournalFolder::existing(&one.base, &one.name).ok().flatten();
    // One that another process uses, or another user's, is not ours to read or wipe.
    let mut others: Vec<JournalFolder> = candidates.others().filter_map(existing).collect();
    let chosen = candidates.chosen.as_ref().map_err(|why| *why);
    let without = match chosen.and_then(|chosen| chosen_folder(chosen, facts, &mut others)) {
        Ok(folder) => match open_chosen(folder, &mut others, facts, state, bytes_max) {
            Ok((journal, found)) => return (Some(journal), found),
            Err(without) => {
                others.extend(chosen.ok().and_then(existing));
                without
            }
        },
        Err(without) => without,
    };
    // What is in a folder that will not do is taken up all the same, and must not stay there.
    match left::find(others, state) {
        (Some(left), _) => (None, Found::State(Recovered::of_left(left, without))),
        (None, wiped) => (None, Found::Nothing { wiped, without: Some(without) }),
    }
}

/// The folder to use. One whose memory will not do is put to the others, for what it holds.
fn chosen_folder(
    chosen: &Candidate,
    facts: fn() -> SwapFacts,
    others: &mut Vec<JournalFolder>,
) -> Result<JournalFolder, JournalTrouble> {
    let refused = |why: JournalTrouble, error: &dyn fmt::Display| {
        let (folder, named_by) = (chosen.path(), chosen.named_by);
        let folder = folder.display();
        tracing::warn!("{folder}, which {named_by} names for the journal, can't be used: {error}");
        why
    };
    let folder = JournalFolder::make(&chosen.base, &chosen.name).map_err(|refusal| match refusal.error {
        Some(error) => refused(refusal.why, &error),
        None => refused(refusal.why, &refusal.why),
    })?;
    let mounted = folder.mounted().map_err(|error| refused(JournalTrouble::Failed, &error))?;
    match facts().check(mounted) {
        Ok(()) => Ok(folder),
        Err(why) => {
            others.insert(0, folder);
            Err(refused(why, &why))
        }
    }
}

/// Begins or resumes a journal in its folder, with what is in others if that is where it goes on.
fn open_chosen(
    folder: JournalFolder,
    others: &mut Vec<JournalFolder>,
    facts: fn() -> SwapFacts,
    state: &JournalState,
    bytes_max: u64,
) -> Result<(Journal, Found), JournalTrouble> {
    let mut wiped = match JournalStart::find(&folder, state) {
        Ok(Some(start)) => {
            others.drain(..).for_each(left::wipe);
            return Ok(Journal::resumed(folder, start, facts, bytes_max));
        }
        Ok(None) => None,
        Err(why) => Some(why),
    };
    folder.wipe_all().map_err(|_| JournalTrouble::Failed)?;
    let (left, of_others) = left::find(std::mem::take(others), state);
    wiped = wiped.or(of_others);
    if let Some(left) = left {
        if let Err(error) = left.copy_to(&folder) {
            others.push(left.folder);
            left::wipe(folder);
            return Err(files::trouble_of(&error));
        }
        left::wipe(left.folder);
        let moved = JournalStart::find(&folder, state)?.ok_or(JournalTrouble::Failed)?;
        return Ok(Journal::resumed(folder, moved, facts, bytes_max));
    }
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| JournalTrouble::Failed)?;
    let belonging = Belonging { database: state.database, journal: JournalId::beginning_on(state, random) };
    let mut journal = Journal::at(JournalFiles::new(folder, belonging, facts, (0, bytes_max), 0), 1);
    journal.begin_segment(1).map_err(|error| files::trouble_of(&error))?;
    Ok((journal, Found::Nothing { wiped, without: None }))
}

/// Wipes the journals of a database, wherever the search and the environment say that they may be, of whichever user they are.
///
/// # Errors
/// [`JournalTrouble::Locked`] where a process uses one; [`JournalTrouble::NotOurs`] and [`JournalTrouble::Failed`]. What else can be
/// wiped is wiped.
pub fn wipe(search: &JournalSearch<'_>, database: DatabaseId) -> Result<WipedJournals, JournalTrouble> {
    wipe_among(&Candidates::of(search, database, runtime_directory().as_deref()))
}

fn wipe_among(candidates: &Candidates) -> Result<WipedJournals, JournalTrouble> {
    let wiped = left::wipe_named(candidates.bases(), &candidates.names)?;
    if wiped.used > 0 { Err(JournalTrouble::Locked) } else { Ok(wiped) }
}

/// Wipes the journals of all databases that no server uses.
///
/// # Errors
/// [`JournalTrouble::NotOurs`] and [`JournalTrouble::Failed`]. What else can be wiped is wiped.
pub fn wipe_all(place: &JournalPlace) -> Result<WipedJournals, JournalTrouble> {
    left::wipe_all(place::bases_of_all(place, runtime_directory().as_deref()))
}

/// Wipes the journals of the own user that are too old to be of use to anybody, and tells how many files there were.
pub fn wipe_old(place: &JournalPlace, now: SystemTime) -> usize {
    left::wipe_old(&place::bases_of_all(place, runtime_directory().as_deref()), now)
}

impl Journal {
    /// One whose next segment has this number.
    fn at(files: JournalFiles, number: u64) -> Journal {
        let journal = files.belonging.journal;
        let end = JournalPosition { journal, segment: number, offset: header::HEADER_BYTES as u64 };
        Journal { files: Arc::new(files), segment: None, end }
    }

    fn begin_segment(&mut self, number: u64) -> io::Result<()> {
        self.files.has_room(header::HEADER_BYTES as u64)?;
        let segment = SegmentWriter::begin(&self.files.folder, number, &self.files.belonging)?;
        self.files.add(segment.offset);
        (self.end.segment, self.end.offset) = (number, segment.offset);
        if let Some(ended) = self.segment.replace(segment) {
            self.files.give_back(ended.file_bytes() - ended.offset);
        }
        Ok(())
    }

    fn resumed(
        folder: JournalFolder,
        start: JournalStart,
        facts: fn() -> SwapFacts,
        bytes_max: u64,
    ) -> (Journal, Found) {
        let image = start.image.as_ref().map(|(number, _)| *number).unwrap_or_default();
        let files = JournalFiles::new(folder, start.belonging, facts, (start.bytes, bytes_max), image);
        (Journal::at(files, start.next), Found::State(Recovered::of(start)))
    }

    /// Begins the segment behind what was found, which has to be taken up by then: where there is no room for it, the journal is
    /// given up, and what was found is wiped. Nothing for a journal that has a segment.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn go_on(&mut self) -> Result<(), GivenUp> {
        if self.segment.is_some() {
            return Ok(());
        }
        let begun = self.begin_segment(self.end.segment);
        begun.map_err(|error| self.files.failed(&error))
    }

    /// Writes a record behind those that wait. When this returns it outlives the process.
    ///
    /// # Errors
    /// [`GivenUp`], now or before; nothing of the journal is left then.
    pub fn append(&mut self, record: &Record) -> Result<(), GivenUp> {
        if let Some(segment) = &mut self.segment {
            segment.put(record);
        }
        self.write_waiting()
    }

    /// The same for a hit.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn append_hit(&mut self, hit: &Hit, how: HowCounted) -> Result<(), GivenUp> {
        self.hit_later(hit, how);
        self.write_waiting()
    }

    /// Keeps a hit for the next write. All that waits is written as one, wholly or not at all.
    pub fn hit_later(&mut self, hit: &Hit, how: HowCounted) {
        if let Some(segment) = &mut self.segment {
            segment.put_hit(hit, how);
        }
    }

    /// Gives the journal up: whatever it holds is wiped.
    pub fn give_up(&mut self, why: JournalTrouble) -> GivenUp {
        self.segment = None;
        self.files.give_up(why)
    }

    /// Keeps a record for the next write, as hits.
    pub fn append_later(&mut self, record: &Record) {
        if let Some(segment) = &mut self.segment {
            segment.put(record);
        }
    }

    /// Writes the records that wait if they are many. Whoever has more that belongs to them does not call this yet.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn write_many(&mut self) -> Result<(), GivenUp> {
        let waiting = self.segment.as_ref().map_or(0, SegmentWriter::waiting);
        if waiting < limits::JOURNAL_WAITING_BYTES { Ok(()) } else { self.write_waiting() }
    }

    /// Writes the records that wait.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn write_waiting(&mut self) -> Result<(), GivenUp> {
        if let Some(why) = self.files.lost() {
            self.segment = None;
            return Err(GivenUp(why));
        }
        let Some(segment) = &mut self.segment else { return Err(GivenUp(JournalTrouble::Failed)) };
        if segment.waiting() == 0 {
            return Ok(());
        }
        let before = segment.file_bytes();
        let written = self.files.has_room(segment.more_bytes()).and_then(|()| segment.write());
        self.files.add(segment.file_bytes() - before);
        self.end.offset = segment.offset;
        written.map_err(|error| {
            self.segment = None;
            self.files.failed(&error)
        })
    }

    /// Where the next record begins. Writes the records that wait, because they lie before it.
    pub fn position(&mut self) -> JournalPosition {
        // Of one that is given up nobody reads a position again.
        let _ = self.write_waiting();
        self.end
    }

    /// Why the journal is given up, if it is. An image that could not be written gives it up too.
    pub fn lost(&self) -> Option<JournalTrouble> {
        self.files.lost()
    }

    /// Gives it up if somebody has removed or cut its files: a start would not find what is written to them.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn look(&mut self) -> Result<(), GivenUp> {
        let is_whole = self.segment.as_ref().is_none_or(SegmentWriter::is_whole);
        if is_whole { Ok(()) } else { Err(self.give_up(JournalTrouble::Removed)) }
    }

    /// The folder of the system or the operator in which its own is.
    pub fn base(&self) -> &Path {
        &self.files.folder.base_path
    }

    /// Gives its folder the name by which the next start looks for it, after another file has become that of its database.
    ///
    /// # Errors
    /// The system refuses it.
    pub fn follow(&self, file: &Path) -> io::Result<()> {
        self.files.folder.be_called(&place::name_of(file, self.files.belonging.database)?)
    }

    /// Its own folder.
    pub fn path(&self) -> PathBuf {
        self.files.folder.path()
    }

    /// How many bytes of memory its files take.
    pub fn bytes(&self) -> u64 {
        self.files.bytes()
    }

    /// How many bytes the running segment has.
    pub fn segment_bytes(&self) -> u64 {
        self.end.offset
    }

    /// Begins a new segment. What is returned wants the state as it is now, of which the caller takes a snapshot under the same lock.
    ///
    /// # Errors
    /// [`GivenUp`]
    pub fn rotate(&mut self) -> Result<ImageWriter, GivenUp> {
        self.write_waiting()?;
        let number = self.end.segment + 1;
        self.begin_segment(number).map_err(|error| self.files.failed(&error))?;
        Ok(ImageWriter { files: Arc::clone(&self.files), number })
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // The next start reads what waits too.
        let _ = self.write_waiting();
    }
}
