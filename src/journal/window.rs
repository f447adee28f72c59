//! The end of a segment's file, mapped into memory: what is written there outlives the process, and costs no call of the system.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{Ordering, compiler_fence};

use memmap2::{MmapMut, MmapOptions};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::limits::JOURNAL_CHUNK_BYTES;

/// A file, and where it is mapped.
pub(super) struct Window {
    file: File,
    /// How long the file is: what is not written yet is zeros.
    bytes: u64,
    /// Where in the file the mapped part begins.
    start: u64,
    map: Option<MmapMut>,
}

impl Window {
    /// A file that nobody makes shorter while this has it.
    pub(super) fn of(file: File, bytes: u64) -> Window {
        Window { file, bytes, start: 0, map: None }
    }

    /// How long the file is.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the file still has a name and its length: somebody may have removed or cut it.
    pub(super) fn is_whole(&self) -> bool {
        self.file.metadata().is_ok_and(|file| file.nlink() > 0 && file.len() >= self.bytes)
    }

    /// How long it is once so much is written up to `end`.
    pub(super) fn bytes_until(&self, end: u64) -> u64 {
        self.bytes.max(end.next_multiple_of(JOURNAL_CHUNK_BYTES as u64))
    }

    /// Writes bytes of which the first is not zero. If the program ends on the way, that one is zero in the file.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
        let written = self.mapped(offset, bytes.len())?;
        written[1..].copy_from_slice(rest);
        // The compiler must not let the first go before the rest.
        compiler_fence(Ordering::SeqCst);
        written[0] = *first;
        Ok(())
    }

    fn mapped(&mut self, offset: u64, length: usize) -> io::Result<&mut [u8]> {
        let end = offset + length as u64;
        let has = |map: &MmapMut| self.start <= offset && end <= self.start + map.len() as u64;
        if !self.map.as_ref().is_some_and(has) {
            self.map = None;
            self.reserve(self.bytes_until(end))?;
            self.start = offset - offset % JOURNAL_CHUNK_BYTES as u64;
            self.map = Some(mapped(&self.file, self.start, (self.bytes - self.start) as usize)?);
        }
        let at = (offset - self.start) as usize;
        self.map.as_mut().and_then(|map| map.get_mut(at..at + length)).ok_or(io::ErrorKind::UnexpectedEof.into())
    }

    /// Has memory put aside, so that no write finds none.
    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        if bytes > self.bytes {
            match fallocate(&self.file, FallocateFlags::empty(), self.bytes, bytes - self.bytes) {
                Ok(()) => {}
                // A ramfs has no bound that could be met.
                Err(Errno::OPNOTSUPP) => self.file.set_len(bytes)?,
                Err(error) => return Err(error.into()),
            }
            self.bytes = bytes;
        }
        Ok(())
    }

    /// Drops what was put aside and is not written.
    pub(super) fn end(&mut self, offset: u64) {
        self.map = None;
        // Zeros do no harm where they stay.
        let _ = self.file.set_len(offset);
    }
}

/// Maps a part of a file, which must begin where a page does.
#[allow(unsafe_code, reason = "a write for each hit is 3 % of what it costs; a mapped file is none")]
fn mapped(file: &File, start: u64, length: usize) -> io::Result<MmapMut> {
    // SAFETY: a map is unsafe because another process may change the file, or make it shorter. This one lies in a folder of mode 0700,
    // in a file of mode 0600 that was made anew and is locked with its folder; whoever may write it nevertheless may do anything
    // to this process. This process writes it here alone, and overwrites it when it is wiped, which any bytes may become.
    unsafe { MmapOptions::new().offset(start).len(length).map_mut(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_in_the_file_wherever_the_map_ends() {
        let file = tempfile::tempfile().unwrap();
        let mut window = Window::of(file.try_clone().unwrap(), 0);
        let (mut offset, mut expected) = (5_u64, vec![0; 5]);
        for length in [1, 100, JOURNAL_CHUNK_BYTES - 107, 1, 3, JOURNAL_CHUNK_BYTES * 3, 7, JOURNAL_CHUNK_BYTES] {
            let bytes = vec![length as u8 | 1; length];
            window.write(offset, &bytes).unwrap();
            expected.extend(&bytes);
            offset += length as u64;
            assert_eq!(window.bytes(), file.metadata().unwrap().len());
            assert_eq!(window.bytes() % JOURNAL_CHUNK_BYTES as u64, 0);
        }
        window.end(offset);
        let mut read = Vec::new();
        io::Seek::rewind(&mut &file).unwrap();
        io::Read::read_to_end(&mut &file, &mut read).unwrap();
        assert!(read == expected);
    }
}
