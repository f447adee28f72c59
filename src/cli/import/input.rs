//! The content of a file or of standard input, plain or compressed by gzip, zstd, xz or bzip2.
//!
//! The first bytes tell, not the name. What was compressed in several pieces, or put together from several files, is read to its
//! end.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use bzip2::read::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

use crate::limits;

/// How many first bytes tell the compression.
const SIGN_BYTES: usize = 6;

/// How content is compressed.
#[derive(Clone, Copy)]
enum Packing {
    Plain,
    /// RFC 1952, section 2.3.1.
    Gzip,
    /// RFC 8878, sections 3.1.1 and 3.1.2; a frame to be skipped may come first.
    Zstd,
    /// <https://tukaani.org/xz/xz-file-format.txt>, section 2.1.1.1.
    Xz,
    /// <https://sourceware.org/bzip2/>: the sign, and the size of its blocks.
    Bzip2,
}

impl Packing {
    fn of(begin: &[u8]) -> Packing {
        match begin {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Packing::Bzip2,
            _ => Packing::Plain,
        }
    }
}

/// How many bytes of all files are read, compressed as they are.
pub type ReadBytes = Rc<Cell<u64>>;

/// Content being read.
pub enum Input {
    /// A plain file, which can be read from anywhere.
    File(CountedBytes<File>),
    /// Anything else.
    InputStream(InputStream),
}

impl Input {
    /// Opens a file, or standard input if there is none.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: Option<&Path>, read: &ReadBytes) -> io::Result<Input> {
        let Some(path) = path else { return stream(CountedBytes { input: io::stdin(), read: read.clone() }) };
        let mut file = File::open(path)?;
        let mut begin = Vec::new();
        (&mut file).take(SIGN_BYTES as u64).read_to_end(&mut begin)?;
        if !matches!(Packing::of(&begin), Packing::Plain) && file.rewind().is_ok() {
            return stream(CountedBytes { input: file, read: read.clone() });
        }
        // A pipe can't be rewound, but neither can it be continued.
        match file.rewind() {
            Ok(()) => Ok(Input::File(CountedBytes { input: file, read: read.clone() })),
            Err(_) => stream(Cursor::new(begin).chain(file)),
        }
    }

    /// Skips so many bytes of content; false if there are fewer.
    ///
    /// # Errors
    /// What the system says.
    pub fn skip(&mut self, bytes: u64) -> io::Result<bool> {
        match self {
            Input::File(file) => {
                file.input.seek(SeekFrom::Start(bytes))?;
                file.read.set(file.read.get() + bytes);
                Ok(file.input.metadata()?.len() >= bytes)
            }
            Input::InputStream(stream) => Ok(io::copy(&mut stream.by_ref().take(bytes), &mut io::sink())? == bytes),
        }
    }
}

/// What can't be read from anywhere but its beginning.
fn stream(input: impl Read + 'static) -> io::Result<Input> {
    let mut input = BufReader::with_capacity(limits::LOG_CHUNK_BYTES, input);
    let mut begin = Vec::new();
    (&mut input).take(SIGN_BYTES as u64).read_to_end(&mut begin)?;
    let packing = Packing::of(&begin);
    let whole = Cursor::new(begin).chain(input);
    Ok(Input::InputStream(InputStream(match packing {
        Packing::Plain => Box::new(whole),
        Packing::Gzip => Box::new(MultiGzDecoder::new(whole)),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
            decoder.window_log_max(limits::ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
        Packing::Xz => Box::new(XzReader::new_mem_limit(whole, true, limits::XZ_KB_MAX)),
        Packing::Bzip2 => Box::new(MultiBzDecoder::new(whole)),
    })))
}

/// What is read from its beginning to its end.
pub struct InputStream(Box<dyn Read>);

impl Read for InputStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            // The words are those of `ZSTD_getErrorName`; its code does not come this far.
            let asks_too_much =
                error.kind() == io::ErrorKind::OutOfMemory || error.to_string().contains("requires too much memory");
            if asks_too_much { io::Error::new(io::ErrorKind::OutOfMemory, TooMuchMemory) } else { error }
        })
    }
}

/// Why content is not unpacked, with the way out.
#[derive(Debug, thiserror::Error)]
#[error(
    "it was compressed so that reading it takes more than {mib} MiB of memory; let another program do that, as in \
     `xz -dc FILE | headcount import -` or `zstd -dc --long=31 FILE | headcount import -`",
    mib = limits::XZ_KB_MAX / 1024
)]
struct TooMuchMemory;

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::File(file) => file.read(buffer),
            Input::InputStream(stream) => stream.read(buffer),
        }
    }
}

/// Notes how many bytes are read.
pub struct CountedBytes<R> {
    input: R,
    read: ReadBytes,
}

impl<R: Read> Read for CountedBytes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.input.read(buffer)?;
        self.read.set(self.read.get() + bytes as u64);
        Ok(bytes)
    }
}
