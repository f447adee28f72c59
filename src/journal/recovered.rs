//! In: the files that an ended program left. Out: its last image, and the records since. Forgets: where there is no journal to go
//! on in, the files, which are wiped once they are read.

use std::fmt;
use std::fs::File;

use serde::de::DeserializeOwned;

use super::folder::JournalFolder;
use super::header::HEADER_BYTES;
use super::left::{self, LeftJournal};
use super::segment::SegmentReader;
use super::start::JournalStart;
use super::{JournalTrouble, Record, image};
use crate::store::{JournalId, JournalPosition, JournalState};

/// The rest of a journal can't be read: it is damaged, or names what this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal is damaged")]
pub struct Unreadable;

/// How much of a journal was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadJournal {
    begins: JournalPosition,
    /// Up to where each segment was read.
    ends: Vec<JournalPosition>,
    /// Why not more was read.
    pub trouble: Option<Unreadable>,
}

impl ReadJournal {
    /// Which it is.
    pub fn journal(&self) -> JournalId {
        self.begins.journal
    }

    /// Whether all was read that came before a position.
    pub fn has(&self, position: JournalPosition) -> bool {
        let is_read = |end: &JournalPosition| end.segment == position.segment && end.offset >= position.offset;
        position.journal == self.begins.journal && (position <= self.begins || self.ends.iter().any(is_read))
    }
}

/// What a program left that ended.
pub struct Recovered {
    journal: JournalId,
    image: Option<File>,
    segments: std::vec::IntoIter<(u64, File)>,
    begins: JournalPosition,
    read_once: Option<ReadOnce>,
}

/// Files that nobody goes on writing, and why. They are wiped with the value.
struct ReadOnce(Option<JournalFolder>, JournalTrouble);

impl Drop for ReadOnce {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(left::wipe);
    }
}

impl fmt::Debug for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recovered")
    }
}

impl Recovered {
    pub(super) fn of(start: JournalStart) -> Recovered {
        let journal = start.belonging.journal;
        let segment = start.segments.first().map(|(number, _)| *number).unwrap_or_default();
        let begins = JournalPosition { journal, segment, offset: HEADER_BYTES as u64 };
        let image = start.image.map(|(_, file)| file);
        Recovered { journal, image, segments: start.segments.into_iter(), begins, read_once: None }
    }

    /// The same where nobody goes on with the files: there is no journal from now on, for the reason given.
    pub(super) fn of_left(LeftJournal { start, folder }: LeftJournal, without: JournalTrouble) -> Recovered {
        Recovered { read_once: Some(ReadOnce(Some(folder), without)), ..Recovered::of(start) }
    }

    /// Why there is no journal from now on; nothing if there is one.
    pub fn without(&self) -> Option<JournalTrouble> {
        self.read_once.as_ref().map(|ReadOnce(_, why)| *why)
    }

    /// Where the journal begins, if the database could not be told of it.
    pub fn unknown_to(&self, state: &JournalState) -> Option<JournalPosition> {
        let is_known = state.drained.is_some_and(|drained| drained.journal == self.journal);
        let begin = JournalPosition { journal: self.journal, segment: 1, offset: HEADER_BYTES as u64 };
        (!is_known).then_some(begin)
    }

    /// Where the records behind the image begin.
    pub fn begins(&self) -> JournalPosition {
        self.begins
    }

    /// The image; nothing where the records begin with an empty state.
    ///
    /// # Errors
    /// [`Unreadable`]
    pub fn image<T: DeserializeOwned>(&self) -> Result<Option<T>, Unreadable> {
        self.image.as_ref().map(image::read).transpose()
    }

    /// The records behind the image, in order, each with the position that the journal had before it was written. A record that
    /// was cut short ends its segment; [`Unreadable`] is the last item.
    ///
    /// Whoever meets the first position at or behind that of the last stored flush has counted what is stored. That may be behind
    /// the last record.
    pub fn records(self) -> RecoveredRecords {
        let Recovered { journal, segments, read_once, begins, .. } = self;
        let read = ReadJournal { begins, ends: Vec::new(), trouble: None };
        RecoveredRecords { journal, segments, reader: None, read, _read_once: read_once }
    }
}

/// The records of a journal, one after the other.
pub struct RecoveredRecords {
    journal: JournalId,
    segments: std::vec::IntoIter<(u64, File)>,
    reader: Option<SegmentReader>,
    read: ReadJournal,
    _read_once: Option<ReadOnce>,
}

impl fmt::Debug for RecoveredRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveredRecords")
    }
}

impl RecoveredRecords {
    /// How much was read.
    pub fn end(mut self) -> ReadJournal {
        self.end_segment();
        self.read
    }

    fn end_segment(&mut self) {
        self.read.ends.extend(self.reader.take().map(|reader| reader.position()));
    }

    fn step(&mut self) -> Result<Option<(JournalPosition, Record)>, Unreadable> {
        loop {
            if let Some(reader) = &mut self.reader
                && let Some(found) = reader.next()?
            {
                return Ok(Some(found));
            }
            self.end_segment();
            let Some((number, file)) = self.segments.next() else { return Ok(None) };
            self.reader = Some(SegmentReader::of(file, self.journal, number).map_err(|_| Unreadable)?);
        }
    }
}

impl Iterator for RecoveredRecords {
    type Item = Result<(JournalPosition, Record), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.trouble.is_some() {
            return None;
        }
        let next = self.step();
        self.read.trouble = next.as_ref().err().copied();
        next.transpose()
    }
}
