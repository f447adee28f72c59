//! An image: a header, the state by postcard, and a checksum. It is written under another name until it is complete.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroize;

use super::files::JournalFiles;
use super::folder::{JournalFile, overwrite};
use super::header::{self, FileKind, HEADER_BYTES};
use super::read_ahead::ReadAhead;
use super::{GivenUp, Unreadable};
use crate::limits;

/// Bytes of the checksum.
const CHECK_BYTES: usize = 4;

/// Completes the image of a segment. Dropped without [`ImageWriter::write`], the image before it and the segments since remain the start.
#[derive(Debug)]
#[must_use = "old segments are wiped only when the image is written"]
pub struct ImageWriter {
    pub(super) files: Arc<JournalFiles>,
    pub(super) number: u64,
}

impl ImageWriter {
    /// Writes the state at the beginning of the segment, then wipes all older segments and images. Lists in the state must know their
    /// length.
    ///
    /// # Errors
    /// [`GivenUp`]: the image found no room, so that old files, which may have to be forgotten, could not be left behind.
    pub fn write(self, state: &impl Serialize) -> Result<(), GivenUp> {
        self.files.check_memory()?;
        let unfinished = JournalFile::Unfinished(self.number);
        let file = self.files.folder.create(unfinished).map_err(|error| self.files.failed(&error))?;
        let (chunk, check) = (Vec::new(), crc32fast::Hasher::new());
        let mut to = ChunkWriter { file, files: &self.files, chunk, check, fault: None };
        let written = self.put(state, &mut to).map_err(|error| self.files.failed(&error));
        let complete = written.and_then(|()| self.files.complete(self.number));
        if complete.is_err() {
            // Whoever wiped the rest may not have met this one, or removed it while it grew.
            let _ = overwrite(&mut to.file);
            let _ = self.files.folder.wipe(unfinished);
        }
        complete
    }

    fn put(&self, state: &impl Serialize, to: &mut ChunkWriter<'_>) -> io::Result<()> {
        to.chunk.extend_from_slice(&header::written(FileKind::Image, self.number, &self.files.belonging));
        to.write_chunk()?;
        to.check = crc32fast::Hasher::new();
        let written = postcard::serialize_with_flavor(state, &mut *to);
        // The library keeps no cause.
        written.map_err(|error| to.fault.take().unwrap_or_else(|| io::Error::other(error)))?;
        to.write_chunk()?;
        let check = to.check.clone().finalize();
        to.chunk.extend_from_slice(&check.to_le_bytes());
        to.write_chunk()
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

    #[inline]
    fn write_full_chunk(&mut self) -> postcard::Result<()> {
        if self.chunk.len() < limits::JOURNAL_CHUNK_BYTES {
            return Ok(());
        }
        self.write_chunk().map_err(|error| {
            self.fault = Some(error);
            postcard::Error::SerializeBufferFull
        })
    }
}

/// What postcard writes to.
impl Flavor for &mut ChunkWriter<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.chunk.push(byte);
        self.write_full_chunk()
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.chunk.extend_from_slice(bytes);
        self.write_full_chunk()
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
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
    let payload = length.checked_sub((HEADER_BYTES + CHECK_BYTES) as u64).ok_or(Unreadable)?;
    let bytes = ReadAhead::of(file, HEADER_BYTES as u64, payload).map_err(|_| Unreadable)?;
    let mut reader = postcard::Deserializer::from_flavor(bytes);
    let state = T::deserialize(&mut reader).map_err(|_| Unreadable)?;
    let (mut file, check) = reader.finalize().ok().and_then(ReadAhead::end).ok_or(Unreadable)?;
    let mut written = [0; CHECK_BYTES];
    file.read_exact(&mut written).map_err(|_| Unreadable)?;
    if u32::from_le_bytes(written) == check { Ok(state) } else { Err(Unreadable) }
}
