//! Writes what repeats within a segment once, and by number from then on.
//!
//! The one who reads makes the same dictionary of what was written, and need not know any bound: what has no room is written out
//! each time.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::Unreadable;
use crate::cell::packed::{Bytes, put};
use crate::limits;

/// An entry follows, which gets the next number.
const NEW: u64 = 0;
/// An entry follows that gets no number.
const OUTSIDE: u64 = 1;
/// The first number.
const FIRST: u64 = 2;

/// The entries that were written.
#[derive(Default)]
pub(super) struct WrittenEntries {
    numbers: HashMap<Box<[u8]>, u32, RandomState>,
    bytes: usize,
}

impl WrittenEntries {
    /// Writes an entry, or its number, which is given back if it has one.
    pub(super) fn put(&mut self, to: &mut Vec<u8>, entry: &[u8]) -> Option<u32> {
        if let Some(number) = self.numbers.get(entry) {
            put_number(to, *number);
            return Some(*number);
        }
        let has_room = self.numbers.len() < limits::JOURNAL_ENTRIES_MAX
            && self.bytes + entry.len() <= limits::JOURNAL_ENTRIES_BYTES_MAX;
        put(to, if has_room { NEW } else { OUTSIDE });
        put(to, entry.len() as u64);
        to.extend_from_slice(entry);
        let number = self.numbers.len() as u32;
        has_room.then(|| {
            self.bytes += entry.len();
            self.numbers.insert(entry.into(), number);
            number
        })
    }
}

fn put_number(to: &mut Vec<u8>, number: u32) {
    put(to, u64::from(number) + FIRST);
}

/// Entries that many hits share by their address. Each is kept alive, so that no other can have its address.
pub(super) struct SharedEntries<T> {
    entries: WrittenEntries,
    numbers: HashMap<usize, (Arc<T>, u32), RandomState>,
}

impl<T> Default for SharedEntries<T> {
    fn default() -> Self {
        SharedEntries { entries: WrittenEntries::default(), numbers: HashMap::default() }
    }
}

impl<T> SharedEntries<T> {
    /// Writes an entry, or its number. `write` writes it out.
    pub(super) fn put(&mut self, to: &mut Vec<u8>, entry: &Arc<T>, scratch: &mut Vec<u8>, write: fn(&T, &mut Vec<u8>)) {
        let address = Arc::as_ptr(entry) as usize;
        if let Some((_, number)) = self.numbers.get(&address) {
            return put_number(to, *number);
        }
        scratch.clear();
        write(entry, scratch);
        let number = self.entries.put(to, scratch);
        if let Some(number) = number.filter(|_| self.numbers.len() < limits::JOURNAL_SHARED_MAX) {
            self.numbers.insert(address, (entry.clone(), number));
        }
    }
}

/// The entries that were read.
pub(super) struct ReadEntries<T>(Vec<T>);

impl<T> Default for ReadEntries<T> {
    fn default() -> Self {
        ReadEntries(Vec::new())
    }
}

impl<T: Clone> ReadEntries<T> {
    /// Reads an entry, or its number. `read` must read all of an entry.
    pub(super) fn take(
        &mut self,
        bytes: &mut Bytes<'_>,
        read: impl FnOnce(&mut Bytes<'_>) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        let code = bytes.number()?;
        if let Some(number) = code.checked_sub(FIRST) {
            let number = usize::try_from(number).map_err(|_| Unreadable)?;
            return self.0.get(number).cloned().ok_or(Unreadable);
        }
        let length = bytes.length()?;
        let mut entry = Bytes::of(bytes.take(length)?);
        let value = read(&mut entry)?;
        if !entry.rest().is_empty() {
            return Err(Unreadable);
        }
        if code == NEW {
            self.0.push(value.clone());
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(written: &[u8]) -> Vec<Vec<u8>> {
        let (mut entries, mut bytes, mut found) = (ReadEntries::default(), Bytes::of(written), Vec::new());
        while !bytes.rest().is_empty() {
            let whole = |entry: &mut Bytes<'_>| Ok(entry.take(entry.rest().len())?.to_vec());
            found.push(entries.take(&mut bytes, whole).unwrap());
        }
        found
    }

    #[test]
    fn what_was_written_is_read_whether_there_was_room_or_not() {
        let (mut entries, mut written, mut expected) = (WrittenEntries::default(), Vec::new(), Vec::new());
        for number in 0..limits::JOURNAL_ENTRIES_MAX + 10 {
            let entry = number.to_le_bytes().to_vec();
            let kept = entries.put(&mut written, &entry);
            assert_eq!(kept.is_some(), number < limits::JOURNAL_ENTRIES_MAX);
            expected.push(entry);
        }
        let before = written.len();
        entries.put(&mut written, &7_usize.to_le_bytes());
        assert_eq!(written.len(), before + 1);
        expected.push(7_usize.to_le_bytes().to_vec());
        assert_eq!(read_all(&written), expected);
    }

    #[test]
    fn long_entries_take_no_more_than_their_share() {
        let (mut entries, mut written) = (WrittenEntries::default(), Vec::new());
        let kept = (0..100).filter(|number| {
            let entry = vec![*number as u8; limits::JOURNAL_ENTRIES_BYTES_MAX / 10];
            entries.put(&mut written, &entry).is_some()
        });
        assert_eq!(kept.count(), 10);
        assert_eq!(entries.put(&mut written, b""), Some(10), "there is room for short ones");
    }

    #[test]
    fn what_is_shared_is_found_by_its_address_or_by_its_content() {
        let (mut entries, mut written, mut scratch) = (SharedEntries::default(), Vec::new(), Vec::new());
        let write = |text: &String, to: &mut Vec<u8>| to.extend_from_slice(text.as_bytes());
        for entry in [Arc::new("a".to_owned()), Arc::new("b".to_owned()), Arc::new("a".to_owned())] {
            entries.put(&mut written, &entry, &mut scratch, write);
            entries.put(&mut written, &entry, &mut scratch, write);
        }
        assert_eq!(read_all(&written), [b"a", b"a", b"b", b"b", b"a", b"a"]);
        assert_eq!(written.len(), 3 + 1 + 3 + 1 + 1 + 1);
    }

    #[test]
    fn a_number_without_an_entry_and_an_entry_without_an_end_are_unreadable() {
        for wrong in [&[2][..], &[0, 5, 1], &[1], &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1]] {
            let mut entries = ReadEntries::default();
            assert_eq!(entries.take(&mut Bytes::of(wrong), |_| Ok(())), Err(Unreadable), "{wrong:?}");
        }
        let mut entries = ReadEntries::default();
        assert_eq!(entries.take(&mut Bytes::of(&[0, 1, 9]), |_| Ok(())), Err(Unreadable), "nobody read it");
    }
}
