//! A segment: a header, then frames. A frame is what was written at once: how long it is, a checksum, and one record or several.
//! Where the next would begin there is the end of the file, or a zero.

use std::fs::File;
use std::io::{self, Write};

use zeroize::{Zeroize, Zeroizing};

use super::folder::{JournalFile, JournalFolder};
use super::header::{self, Belonging, FileKind, HEADER_BYTES};
use super::read_ahead::ReadAhead;
use super::record_code::{RecordDecoder, RecordEncoder};
use super::window::Window;
use super::{HowCounted, Record, Unreadable};
use crate::cell::packed::{Bytes, put};
use crate::hit::Hit;
use crate::store::{JournalId, JournalPosition};

/// Most bytes of a number of 64 bits.
const NUMBER_BYTES: usize = 10;
/// Bytes of the checksum.
const CHECK_BYTES: usize = 4;
/// Most bytes of the head of a frame: its length and the checksum.
const HEAD_BYTES: usize = NUMBER_BYTES + CHECK_BYTES;

/// The segment that is written.
pub(super) struct SegmentWriter {
    window: Window,
    /// Where the next frame begins.
    pub(super) offset: u64,
    encoder: RecordEncoder,
    head: Vec<u8>,
    /// Room for the head of a frame, and the records that wait.
    buffer: Vec<u8>,
    holds_salt: bool,
}

impl std::fmt::Debug for SegmentWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SegmentWriter")
    }
}

impl SegmentWriter {
    /// Begins a segment.
    pub(super) fn begin(folder: &JournalFolder, number: u64, belonging: &Belonging) -> io::Result<SegmentWriter> {
        let mut file = folder.create(JournalFile::Whole(FileKind::Segment, number))?;
        file.write_all(&header::written(FileKind::Segment, number, belonging))?;
        Ok(SegmentWriter {
            window: Window::of(file, HEADER_BYTES as u64),
            offset: HEADER_BYTES as u64,
            encoder: RecordEncoder::default(),
            head: Vec::with_capacity(HEAD_BYTES),
            buffer: vec![0; HEAD_BYTES],
            holds_salt: false,
        })
    }

    /// Puts a record behind those that wait.
    pub(super) fn put(&mut self, record: &Record) {
        self.holds_salt |= matches!(record, Record::Salt { .. });
        self.encoder.put(&mut self.buffer, record);
    }

    /// The same for a hit.
    pub(super) fn put_hit(&mut self, hit: &Hit, how: HowCounted) {
        self.encoder.put_hit(&mut self.buffer, hit, how);
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.buffer.len() - HEAD_BYTES
    }

    /// How long its file is.
    pub(super) fn file_bytes(&self) -> u64 {
        self.window.bytes()
    }

    /// Whether its file is as it was written.
    pub(super) fn is_whole(&self) -> bool {
        self.window.is_whole()
    }

    /// How many bytes longer it is after [`SegmentWriter::write`], at the most.
    pub(super) fn more_bytes(&self) -> u64 {
        self.window.bytes_until(self.offset + self.buffer.len() as u64) - self.window.bytes()
    }

    /// Writes what waits as one frame.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let length = self.waiting();
        if length == 0 {
            return Ok(());
        }
        self.head.clear();
        put(&mut self.head, length as u64);
        self.head.extend_from_slice(&crc32fast::hash(&self.buffer[HEAD_BYTES..]).to_le_bytes());
        // The head ends where the records begin.
        let start = HEAD_BYTES - self.head.len();
        self.buffer[start..HEAD_BYTES].copy_from_slice(&self.head);
        let frame = &self.buffer[start..];
        self.window.write(self.offset, frame)?;
        self.offset += frame.len() as u64;
        self.forget_waiting();
        Ok(())
    }

    fn forget_waiting(&mut self) {
        if std::mem::take(&mut self.holds_salt) {
            self.buffer[HEAD_BYTES..].zeroize();
        }
        self.buffer.truncate(HEAD_BYTES);
    }
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        self.window.end(self.offset);
        self.forget_waiting();
    }
}

/// The records of the first frame of a segment, which its bytes are without length and check. For tests of what is read of a journal.
///
/// # Errors
/// [`Unreadable`]
pub fn records(frame: &[u8]) -> Result<Vec<Record>, Unreadable> {
    let (mut decoder, mut bytes, mut records) = (RecordDecoder::default(), Bytes::of(frame), Vec::new());
    while !bytes.rest().is_empty() {
        records.push(decoder.take(&mut bytes)?);
    }
    Ok(records)
}

/// A segment that is read.
pub(super) struct SegmentReader {
    bytes: ReadAhead,
    decoder: RecordDecoder,
    /// The position before the frame.
    position: JournalPosition,
    frame: Zeroizing<Vec<u8>>,
    /// How far the frame is read.
    read: usize,
    /// Where the next frame begins.
    next: u64,
}

impl SegmentReader {
    /// Reads a segment behind its header.
    pub(super) fn of(file: File, journal: JournalId, segment: u64) -> io::Result<SegmentReader> {
        let length = file.metadata()?.len().saturating_sub(HEADER_BYTES as u64);
        let offset = HEADER_BYTES as u64;
        Ok(SegmentReader {
            bytes: ReadAhead::of(file, HEADER_BYTES as u64, length)?,
            decoder: RecordDecoder::default(),
            position: JournalPosition { journal, segment, offset },
            frame: Zeroizing::default(),
            read: 0,
            next: offset,
        })
    }

    /// Before the frame that was read last or, where none was, could not be; the end of the segment once there is no more.
    pub(super) fn position(&self) -> JournalPosition {
        self.position
    }

    /// The next record, and the position before the frame that it is in. Nothing where the segment ends, which may be within a frame
    /// that was cut short.
    pub(super) fn next(&mut self) -> Result<Option<(JournalPosition, Record)>, Unreadable> {
        if self.read == self.frame.len() && !self.next_frame()? {
            return Ok(None);
        }
        let mut bytes = Bytes::of(&self.frame[self.read..]);
        let record = self.decoder.take(&mut bytes)?;
        self.read = self.frame.len() - bytes.rest().len();
        Ok(Some((self.position, record)))
    }

    fn next_frame(&mut self) -> Result<bool, Unreadable> {
        self.position.offset = self.next;
        let Some((length, number_bytes)) = self.length()? else { return Ok(false) };
        let whole = length.saturating_add(CHECK_BYTES as u64);
        if length == 0 {
            // What is put aside for more.
            return if number_bytes == 1 { Ok(false) } else { Err(Unreadable) };
        }
        if whole > self.bytes.left() {
            return Ok(false);
        }
        let mut check = [0; CHECK_BYTES];
        self.bytes.take(&mut check)?;
        self.frame.zeroize();
        self.frame.resize(length as usize, 0);
        self.bytes.take(&mut self.frame)?;
        if crc32fast::hash(&self.frame) != u32::from_le_bytes(check) {
            return Err(Unreadable);
        }
        (self.read, self.next) = (0, self.next + number_bytes + whole);
        Ok(true)
    }

    /// The length of a frame, and how many bytes it was written in; nothing at the end.
    fn length(&mut self) -> Result<Option<(u64, u64)>, Unreadable> {
        let mut written = Vec::with_capacity(NUMBER_BYTES);
        loop {
            if self.bytes.left() == 0 {
                return Ok(None);
            }
            let byte = self.bytes.byte()?;
            written.push(byte);
            if byte < 0x80 {
                let length = Bytes::of(&written).number()?;
                return Ok(Some((length, written.len() as u64)));
            }
            if written.len() == NUMBER_BYTES {
                return Err(Unreadable);
            }
        }
    }
}
