//! In: the path of a log, or `-` for standard input. Out: its lines, from where they are still to be counted. Forgets: what
//! was handed out.

use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::input::{Input, ReadBytes};
use super::lines::LogLines;
use crate::beacon::log::{Reader, looks_binary};
use crate::import::Start;
use crate::limits;
use crate::site::Moment;

/// A log that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{name} can't be read: {cause}")]
pub struct UnreadableLog {
    name: String,
    cause: io::Error,
}

/// A log of this import. It is open only while its lines are wanted, so that any number may be given.
pub struct OpenLog {
    /// Nothing for standard input.
    path: Option<PathBuf>,
    /// Size of the file, compressed as it is; nothing for standard input.
    pub file_bytes: Option<u64>,
    /// Where it is to be read from.
    pub start: Start,
    /// How many bytes of its content are read, those of earlier imports included.
    pub read_bytes: u64,
    /// Whether its last line is left for later, because it is not written to its end.
    pub is_unfinished: bool,
    /// Knows how it is written.
    reader: Reader,
    /// When its next line was, as far as that is known yet.
    time: Option<Moment>,
    lines: Option<LogLines<Input>>,
}

impl OpenLog {
    /// The log at a path.
    ///
    /// # Errors
    /// There is no such file.
    pub fn find(path: &Path, reader: Reader) -> Result<OpenLog, UnreadableLog> {
        let mut log = OpenLog {
            path: (path != Path::new("-")).then(|| path.to_owned()),
            file_bytes: None,
            start: Start::New,
            read_bytes: 0,
            is_unfinished: false,
            reader,
            time: None,
            lines: None,
        };
        if let Some(path) = &log.path {
            log.file_bytes = Some(std::fs::metadata(path).map_err(|cause| log.unreadable(cause))?.len());
        }
        Ok(log)
    }

    /// Where it is; nothing for standard input.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// How it is called.
    pub fn name(&self) -> String {
        self.path.as_ref().map_or("standard input".to_owned(), |path| path.display().to_string())
    }

    /// The beginning of its content; of standard input nothing, because that can't be read twice.
    ///
    /// # Errors
    /// [`UnreadableLog`]
    pub fn head(&mut self) -> Result<Vec<u8>, UnreadableLog> {
        let mut head = Vec::new();
        if let Some(path) = &self.path {
            let input = Input::open(Some(path), &ReadBytes::default());
            let read = input.and_then(|mut input| {
                head = without_zeros(&mut input)?;
                let rest = limits::LOG_HEAD_BYTES.saturating_sub(head.len());
                input.take(rest as u64).read_to_end(&mut head)
            });
            read.map_err(|cause| self.unreadable(cause))?;
        }
        self.reader.look(&head);
        self.time = head.split(|byte| *byte == b'\n').find_map(|line| self.reader.time(line));
        Ok(head)
    }

    /// When its next line was, as far as that is known; what is not known sorts before everything.
    pub fn time(&self) -> Option<Moment> {
        self.time
    }

    /// Whether [`OpenLog::take`] has lines to give.
    pub fn is_ready(&self) -> bool {
        self.lines.as_ref().is_some_and(|lines| lines.is_ready())
    }

    /// Reads on; false at the end.
    ///
    /// # Errors
    /// [`UnreadableLog`]
    pub fn fill(&mut self, read: &ReadBytes) -> Result<bool, UnreadableLog> {
        if matches!(self.start, Start::SameAs(_)) {
            return Ok(false);
        }
        self.read_on(read).map_err(|cause| self.unreadable(cause))
    }

    fn read_on(&mut self, read: &ReadBytes) -> io::Result<bool> {
        let mut lines = match self.lines.take() {
            Some(lines) => lines,
            None => {
                let start = if let Start::At(bytes) = self.start { bytes } else { 0 };
                let mut input = Input::open(self.path.as_deref(), read)?;
                self.read_bytes = start;
                if !input.skip(start)? {
                    return Ok(false);
                }
                LogLines::of(input, self.reader.clone())
            }
        };
        if !lines.fill()? && !lines.end(self.path.is_none()) {
            self.is_unfinished = lines.is_unfinished();
            return Ok(false);
        }
        self.time = lines.time().or(self.time);
        self.lines = Some(lines);
        Ok(true)
    }

    /// Hands out the lines that are ready, as long as they come `before` those of another log, but at least one.
    /// [`OpenLog::text`] has them.
    pub fn take(&mut self, before: Option<impl Fn(Moment) -> bool>) -> Range<usize> {
        let Some(lines) = &mut self.lines else { return 0..0 };
        let (bytes, taken) = lines.take(before);
        self.read_bytes += bytes;
        self.time = lines.time().or(self.time);
        taken
    }

    /// The lines that were taken last.
    pub fn text(&self, taken: Range<usize>) -> &[u8] {
        self.lines.as_ref().map_or(&[], |lines| lines.text(taken))
    }

    /// What it looks like if it is no text that has lines; of standard input nothing is left to look at.
    ///
    /// # Errors
    /// [`UnreadableLog`]
    pub fn looks_binary(&self) -> Result<Option<String>, UnreadableLog> {
        let Some(path) = &self.path else { return Ok(None) };
        let mut head = Vec::new();
        let input = Input::open(Some(path), &ReadBytes::default());
        let read = input.and_then(|input| input.take(limits::LOG_HEAD_BYTES as u64).read_to_end(&mut head));
        read.map_err(|cause| self.unreadable(cause))?;
        Ok(looks_binary(&head).map(str::to_owned))
    }

    fn unreadable(&self, cause: io::Error) -> UnreadableLog {
        UnreadableLog { name: self.name(), cause }
    }
}

/// Reads on to the first byte that is no zero: where a log was cut while its server wrote on, any number may come first, and
/// logs are known again by what follows. Hands out what of it is read.
fn without_zeros(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; limits::LOG_HEAD_BYTES];
    loop {
        match input.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(0) => return Ok(Vec::new()),
            Ok(bytes) => {
                if let Some(first) = buffer[..bytes].iter().position(|byte| *byte != 0) {
                    return Ok(buffer[first..bytes].to_vec());
                }
            }
        }
    }
}
