//! An image: a header, the state by postcard, and a checksum. It is written under another name until it is complete.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::{Zeroize, Zeroizing};

use super::files::JournalFiles;
use super::folder::{JournalFile, overwrite};
use super::header::{self, FileKind, HEADER_BYTES};
use super::read_ahead::ReadAhead;
use super::{GivenUp, Unreadable};
use crate::limits;

const CHECK_BYTES: u64 = 4;

/// Completes the image of a segment. Dropped without [`ImageWriter::write`], the image before it and the segments since remain the start.
#[derive(Debug)]
#[must_use = "old segments are wiped only when the image is written"]
pub struct ImageWriter {
    pub(super) files: Arc<JournalFiles>,
    pub(super) number: u64,
}

impl ImageWriter {
    /// Writes the state at the beginning of the segment, then wipes all older segments and images. Lists in the state must know their
    /// length, and no text may be longer than [`limits::JOURNAL_TEXT_BYTES_MAX`].
    ///
    /// # Errors
    /// [`GivenUp`]: the image found no room, so that old files, which may have to be forgotten, could not be left behind.
    pub fn write(self, state: &impl Serialize) -> Result<(), GivenUp> {
        let unfinished = JournalFile::Unfinished(self.number);
        let file = self.files.folder.create(unfinished).map_err(|error| self.files.failed(&error))?;
        let mut to =
            ChunkWriter { file, files: &self.files, chunk: Vec::new(), check: crc32fast::Hasher::new(), fault: None };
        if let Err(error) = self.put(state, &mut to) {
            // Given up or not, nothing of it may stay.
            let _ = overwrite(&mut to.file);
            return Err(self.files.failed(&error));
        }
        self.files.complete(self.number)
    }

    fn put(&self, state: &impl Serialize, to: &mut ChunkWriter<'_>) -> io::Result<()> {
        to.write_all(&header::written(FileKind::Image, self.number, &self.files.belonging))?;
        to.flush()?;
        to.check = crc32fast::Hasher::new();
        let written = postcard::to_io(state, &mut *to).map(|_| ());
        // The library keeps no cause.
        written.map_err(|error| to.fault.take().unwrap_or_else(|| io::Error::other(error)))?;
        to.flush()?;
        let check = to.check.clone().finalize();
        to.write_all(&check.to_le_bytes())?;
        to.flush()
    }
}

/// Writes in chunks, within the bounds of the journal.
struct ChunkWriter<'a> {
    file: File,
    files: &'a Arc<JournalFiles>,
    chunk: Vec<u8>,
    check: crc32fast::Hasher,
    fault: Option<io::Error>,
}

impl ChunkWriter<'_> {
    fn write_chunk(&mut self) -> io::Result<()> {
        self.files.has_room(self.chunk.len() as u64)?;
        self.check.update(&self.chunk);
        self.file.write_all(&self.chunk)?;
        self.files.add(self.chunk.len() as u64);
        self.chunk.clear();
        Ok(())
    }
}

impl Write for ChunkWriter<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= limits::JOURNAL_CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_chunk().inspect_err(|error| self.fault = Some(error.kind().into()))
    }
}

impl Drop for ChunkWriter<'_> {
    fn drop(&mut self) {
        // All of it, with what an earlier chunk left behind the end.
        let room = self.chunk.capacity();
        self.chunk.resize(room, 0);
        self.chunk.zeroize();
    }
}

/// Reads the state of an image.
pub(super) fn read<T: DeserializeOwned>(file: &File) -> Result<T, Unreadable> {
    let file = file.try_clone().map_err(|_| Unreadable)?;
    let length = file.metadata().map_err(|_| Unreadable)?.len();
    let payload = length.checked_sub(HEADER_BYTES as u64 + CHECK_BYTES).ok_or(Unreadable)?;
    let bytes = ReadAhead::of(file, HEADER_BYTES as u64, payload).map_err(|_| Unreadable)?;
    let mut texts = Zeroizing::new(vec![0; limits::JOURNAL_TEXT_BYTES_MAX]);
    let (state, (bytes, _)) = postcard::from_io((bytes, &mut texts[..])).map_err(|_| Unreadable)?;
    let (mut file, check) = bytes.end().ok_or(Unreadable)?;
    let mut written = [0; CHECK_BYTES as usize];
    file.read_exact(&mut written).map_err(|_| Unreadable)?;
    if u32::from_le_bytes(written) == check { Ok(state) } else { Err(Unreadable) }
}
