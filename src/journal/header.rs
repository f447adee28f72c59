//! The first bytes of each file of the journal: what it is, whose, and in which version of the format.

use super::JournalTrouble;
use crate::store::{DatabaseId, JournalId, JournalState};

/// The version of the format. It changes with every change of what is written, in records and in images; a test holds the bytes
/// of this one.
pub(crate) const VERSION: u16 = 5;
const MAGIC: [u8; 8] = *b"headcntJ";
/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 8 + 2 + 1 + 16 + 16 + 8 + 4;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Records.
    Segment,
    /// A state.
    Image,
}

/// To whom a journal belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Belonging {
    /// The database.
    pub(super) database: DatabaseId,
    /// The journal.
    pub(super) journal: JournalId,
}

impl Belonging {
    /// Whether the database is the one of this journal, and goes on with it: it was told of it, or could not be told and has stored
    /// nothing since.
    pub(super) fn fits(&self, state: &JournalState) -> bool {
        let goes_on = state.drained.is_some_and(|position| position.journal == self.journal);
        self.database == state.database && (goes_on || self.journal.begins_on(state))
    }
}

/// The header of a file.
pub(super) fn written(kind: FileKind, number: u64, belonging: &Belonging) -> [u8; HEADER_BYTES] {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.push(kind as u8);
    bytes.extend_from_slice(&belonging.database.0);
    bytes.extend_from_slice(&belonging.journal.0);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    let mut header = [0; HEADER_BYTES];
    header.copy_from_slice(&bytes);
    header
}

/// Whose a file is, which has to be of this kind and number.
pub(super) fn read(bytes: &[u8], kind: FileKind, number: u64) -> Result<Belonging, JournalTrouble> {
    let mut rest = bytes;
    if part(&mut rest)? != MAGIC {
        return Err(JournalTrouble::Broken);
    }
    // Nothing else of another version is looked at.
    if u16::from_le_bytes(part(&mut rest)?) != VERSION {
        return Err(JournalTrouble::OtherVersion);
    }
    let [of_kind] = part(&mut rest)?;
    let (database, journal) = (DatabaseId(part(&mut rest)?), JournalId(part(&mut rest)?));
    let of_number = u64::from_le_bytes(part(&mut rest)?);
    let checked = &bytes[..HEADER_BYTES - 4];
    let is_right = u32::from_le_bytes(part(&mut rest)?) == crc32fast::hash(checked);
    let is_it = of_kind == kind as u8 && of_number == number;
    if is_right && is_it { Ok(Belonging { database, journal }) } else { Err(JournalTrouble::Broken) }
}

fn part<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], JournalTrouble> {
    let (part, behind) = rest.split_first_chunk().ok_or(JournalTrouble::Broken)?;
    *rest = behind;
    Ok(*part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::JournalPosition;

    const BELONGING: Belonging = Belonging { database: DatabaseId([1; 16]), journal: JournalId([2; 16]) };

    #[test]
    fn a_journal_fits_its_database_as_long_as_that_goes_on_with_it() {
        let position = |journal| JournalPosition { journal: JournalId([journal; 16]), segment: 1, offset: 9 };
        for (database, journal, fits) in
            [(1, Some(2), true), (1, Some(3), false), (1, None, false), (9, Some(2), false)]
        {
            let (database, drained) = (DatabaseId([database; 16]), journal.map(position));
            let state = JournalState { database, flush: 4, drained };
            assert_eq!(BELONGING.fits(&state), fits, "{state:?}");
        }
    }

    #[test]
    fn a_journal_of_which_a_database_was_not_told_fits_it_until_that_stores_something() {
        let state = JournalState { database: DatabaseId([1; 16]), flush: 4, drained: None };
        let belonging = Belonging { database: state.database, journal: JournalId::beginning_on(&state, [7; 8]) };
        assert!(belonging.fits(&state));
        let other = JournalPosition { journal: JournalId([3; 16]), segment: 1, offset: 9 };
        for changed in [
            JournalState { flush: 5, ..state },
            JournalState { drained: Some(other), ..state },
            JournalState { database: DatabaseId([2; 16]), ..state },
        ] {
            assert!(!belonging.fits(&changed), "{changed:?}");
        }
    }

    #[test]
    fn a_header_that_is_not_as_written_is_told() {
        let header = written(FileKind::Image, 7, &BELONGING);
        assert_eq!(read(&header, FileKind::Image, 7), Ok(BELONGING));
        assert_eq!(read(&header, FileKind::Segment, 7), Err(JournalTrouble::Broken));
        assert_eq!(read(&header, FileKind::Image, 8), Err(JournalTrouble::Broken));
        for at in 0..HEADER_BYTES {
            let mut wrong = header;
            wrong[at] ^= 4;
            let is_version = (8..10).contains(&at);
            let expected = if is_version { JournalTrouble::OtherVersion } else { JournalTrouble::Broken };
            assert_eq!(read(&wrong, FileKind::Image, 7), Err(expected), "{at}");
            assert!(read(&header[..at], FileKind::Image, 7).is_err());
        }
    }
}
