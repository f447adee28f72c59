//! Reads a file of the journal in large pieces, and leaves nothing of it in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use postcard::de_flavors::Flavor;
use zeroize::Zeroizing;

use super::Unreadable;
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
    /// A text that did not lie within the buffer.
    text: Zeroizing<Vec<u8>>,
}

impl ReadAhead {
    /// So many bytes of a file from `start` on.
    pub(super) fn of(mut file: File, start: u64, length: u64) -> io::Result<ReadAhead> {
        file.seek(SeekFrom::Start(start))?;
        let (buffer, text) = (Zeroizing::default(), Zeroizing::default());
        Ok(ReadAhead { file, unread: length, buffer, at: 0, check: crc32fast::Hasher::new(), text })
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.unread + (self.buffer.len() - self.at) as u64
    }

    /// The next byte.
    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Unreadable> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        let byte = self.buffer.get(self.at).copied().ok_or(Unreadable)?;
        self.at += 1;
        Ok(byte)
    }

    /// The next bytes.
    pub(super) fn take(&mut self, mut to: &mut [u8]) -> Result<(), Unreadable> {
        while !to.is_empty() {
            if self.at == self.buffer.len() {
                self.fill()?;
            }
            let length = to.len().min(self.buffer.len() - self.at);
            let (now, later) = to.split_at_mut(length);
            now.copy_from_slice(&self.buffer[self.at..self.at + length]);
            self.at += length;
            to = later;
        }
        Ok(())
    }

    /// The file behind the part, and the checksum of the part. There is none unless all of it was read.
    pub(super) fn end(self) -> Option<(File, u32)> {
        (self.left() == 0).then(|| (self.file, self.check.finalize()))
    }

    fn fill(&mut self) -> Result<(), Unreadable> {
        let length = self.unread.min(limits::JOURNAL_CHUNK_BYTES as u64) as usize;
        if length == 0 {
            return Err(Unreadable);
        }
        self.buffer.resize(length, 0);
        self.file.read_exact(&mut self.buffer).map_err(|_| Unreadable)?;
        self.check.update(&self.buffer);
        (self.at, self.unread) = (0, self.unread - length as u64);
        Ok(())
    }
}

/// What postcard reads from. Nothing can be borrowed from a file.
impl<'de> Flavor<'de> for ReadAhead {
    type Remainder = ReadAhead;
    type Source = ();

    #[inline]
    fn pop(&mut self) -> postcard::Result<u8> {
        self.byte().map_err(|_| postcard::Error::DeserializeUnexpectedEnd)
    }

    fn try_take_n(&mut self, _: usize) -> postcard::Result<&'de [u8]> {
        Err(postcard::Error::WontImplement)
    }

    fn try_take_n_temp<'a>(&'a mut self, length: usize) -> postcard::Result<&'a [u8]>
    where
        'de: 'a,
    {
        let end = postcard::Error::DeserializeUnexpectedEnd;
        if length <= self.buffer.len() - self.at {
            self.at += length;
            return Ok(&self.buffer[self.at - length..self.at]);
        }
        if length as u64 > self.left() {
            return Err(end);
        }
        let mut text = std::mem::take(&mut self.text);
        text.resize(length, 0);
        let taken = self.take(&mut text);
        self.text = text;
        taken.map(|()| &self.text[..]).map_err(|_| end)
    }

    fn finalize(self) -> postcard::Result<ReadAhead> {
        Ok(self)
    }
}
