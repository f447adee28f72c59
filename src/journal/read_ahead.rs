//! Reads a file of the journal in large pieces, and leaves nothing of it in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use zeroize::Zeroizing;

use crate::limits;

/// A part of a file that is read from its beginning to its end.
pub(super) struct ReadAhead {
    file: File,
    /// Bytes of the part that are not in the buffer yet.
    unread: u64,
    buffer: Zeroizing<Vec<u8>>,
    at: usize,
    /// Of all that was read into the buffer.
    check: crc32fast::Hasher,
}

impl ReadAhead {
    /// So many bytes of a file from `start` on.
    pub(super) fn of(mut file: File, start: u64, length: u64) -> io::Result<ReadAhead> {
        file.seek(SeekFrom::Start(start))?;
        Ok(ReadAhead { file, unread: length, buffer: Zeroizing::default(), at: 0, check: crc32fast::Hasher::new() })
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.unread + (self.buffer.len() - self.at) as u64
    }

    /// The file behind the part, and the checksum of the part. There is none unless all of it was read.
    pub(super) fn end(self) -> Option<(File, u32)> {
        (self.left() == 0).then(|| (self.file, self.check.finalize()))
    }

    fn fill(&mut self) -> io::Result<()> {
        let length = self.unread.min(limits::JOURNAL_CHUNK_BYTES as u64) as usize;
        self.buffer.resize(length, 0);
        self.file.read_exact(&mut self.buffer)?;
        self.check.update(&self.buffer);
        (self.at, self.unread) = (0, self.unread - length as u64);
        Ok(())
    }
}

impl Read for ReadAhead {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        let length = to.len().min(self.buffer.len() - self.at);
        to[..length].copy_from_slice(&self.buffer[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
