//! In: a file or standard input, plain or compressed by gzip. Out: its content. Forgets: the compression.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use crate::limits;

/// The first bytes of what gzip made (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How many bytes of all files are read, compressed as they are.
pub type ReadBytes = Rc<Cell<u64>>;

/// Content being read.
pub enum Input {
    /// A plain file, which can be read from anywhere.
    File(Counted<File>),
    /// Anything else.
    Stream(Box<dyn Read>),
}

impl Input {
    /// Opens a file, or standard input if there is none.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: Option<&Path>, read: &ReadBytes) -> io::Result<Input> {
        let Some(path) = path else { return stream(Counted { input: io::stdin(), read: read.clone() }) };
        let mut file = File::open(path)?;
        let mut begin = Vec::new();
        (&mut file).take(GZIP.len() as u64).read_to_end(&mut begin)?;
        if begin == GZIP {
            file.rewind()?;
            return stream(Counted { input: file, read: read.clone() });
        }
        // A pipe can't be rewound, but neither can it be continued.
        match file.rewind() {
            Ok(()) => Ok(Input::File(Counted { input: file, read: read.clone() })),
            Err(_) => Ok(Input::Stream(Box::new(Cursor::new(begin).chain(file)))),
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
            Input::Stream(stream) => Ok(io::copy(&mut stream.take(bytes), &mut io::sink())? == bytes),
        }
    }
}

/// What can't be read from anywhere but its beginning.
fn stream(input: impl Read + 'static) -> io::Result<Input> {
    let mut input = BufReader::with_capacity(limits::LOG_CHUNK_BYTES, input);
    let mut begin = Vec::new();
    (&mut input).take(GZIP.len() as u64).read_to_end(&mut begin)?;
    let is_gzip = begin == GZIP;
    let whole = Cursor::new(begin).chain(input);
    Ok(Input::Stream(if is_gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) }))
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::File(file) => file.read(buffer),
            Input::Stream(stream) => stream.read(buffer),
        }
    }
}

/// Notes how many bytes are read.
pub struct Counted<R> {
    input: R,
    read: ReadBytes,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.input.read(buffer)?;
        self.read.set(self.read.get() + bytes as u64);
        Ok(bytes)
    }
}
