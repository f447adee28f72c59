//! The first bytes of each file of the journal: what it is, whose, and in which version of the format.

use super::JournalTrouble;
use crate::store::{DatabaseId, JournalId, JournalState};

/// The version of the format. It changes with every change of what is written, in records and in images; a test holds the bytes
/// of this one.
pub(crate) const VERSION: u16 = 2;
const MAGIC: [u8; 8] = *b"headcntJ";
/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 8 + 2 + 1 + 16 + 16 + 8 + 16 + 8 + 4;

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
    /// The journal that the database knew when this one was made, and the flush by which it did.
    pub(super) before: (JournalId, u64),
}

impl Belonging {
    /// A new journal of a database.
    pub(super) fn new(journal: JournalId, state: &JournalState) -> Belonging {
        Belonging { database: state.database, journal, before: known(state) }
    }

    /// Whether the database is the one of this journal, and has gone on with no other since.
    pub(super) fn fits(&self, state: &JournalState) -> bool {
        let goes_on = state.drained.is_some_and(|(position, _)| position.journal == self.journal);
        self.database == state.database && (goes_on || self.before == known(state))
    }
}

fn known(state: &JournalState) -> (JournalId, u64) {
    state.drained.map(|(position, flush)| (position.journal, flush)).unwrap_or_default()
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
    bytes.extend_from_slice(&belonging.before.0.0);
    bytes.extend_from_slice(&belonging.before.1.to_le_bytes());
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
    let before = (JournalId(part(&mut rest)?), u64::from_le_bytes(part(&mut rest)?));
    let checked = &bytes[..HEADER_BYTES - 4];
    let is_right = u32::from_le_bytes(part(&mut rest)?) == crc32fast::hash(checked);
    let is_it = of_kind == kind as u8 && of_number == number;
    if is_right && is_it { Ok(Belonging { database, journal, before }) } else { Err(JournalTrouble::Broken) }
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

    fn state(database: u8, drained: Option<(u8, u64)>) -> JournalState {
        let position = |journal| JournalPosition { journal: JournalId([journal; 16]), segment: 1, offset: 9 };
        JournalState {
            database: DatabaseId([database; 16]),
            drained: drained.map(|(journal, flush)| (position(journal), flush)),
        }
    }

    #[test]
    fn a_journal_fits_its_database_until_another_journal_was_used() {
        let belonging = Belonging::new(JournalId([2; 16]), &state(1, Some((1, 50))));
        for (state, fits) in [
            (state(1, Some((1, 50))), true),
            (state(1, Some((2, 60))), true),
            (state(1, Some((3, 60))), false),
            (state(1, Some((1, 51))), false),
            (state(1, None), false),
            (state(9, Some((2, 60))), false),
        ] {
            assert_eq!(belonging.fits(&state), fits, "{state:?}");
        }
        assert!(Belonging::new(JournalId([2; 16]), &state(1, None)).fits(&state(1, None)));
    }

    #[test]
    fn a_header_that_is_not_as_written_is_told() {
        let belonging = Belonging::new(JournalId([2; 16]), &state(1, Some((1, 50))));
        let header = written(FileKind::Image, 7, &belonging);
        assert_eq!(read(&header, FileKind::Image, 7), Ok(belonging));
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
