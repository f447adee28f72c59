//! In: the content of a log. Out: whole lines, many at once, and how many bytes of the content they are. Forgets: lines
//! that are too long; one that is no line stands for each.

use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::beacon::log;
use crate::limits;
use crate::site::Moment;

/// What stands for a line that is too long.
const TOO_LONG: &[u8] = b"?\n";

/// Lines of a log, read ahead.
pub struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// What was not handed out begins here.
    from: usize,
    /// Whole lines end here.
    ready: usize,
    /// What is read ends here.
    to: usize,
    /// Bytes of the content that the next line stands for, beyond its own.
    left_out: u64,
    /// Whether the last line that is ready ends with a line feed that is not in the content.
    is_closed: bool,
    /// When the next line was; if it does not tell, when the one before was.
    time: Option<Moment>,
}

impl<R: Read> Lines<R> {
    /// Lines of this content.
    pub fn of(input: R) -> Lines<R> {
        let buffer = vec![0; limits::LOG_CHUNK_BYTES];
        Lines { input, buffer, from: 0, ready: 0, to: 0, left_out: 0, is_closed: false, time: None }
    }

    /// Whether there are lines to hand out.
    pub fn is_ready(&self) -> bool {
        self.from < self.ready
    }

    /// When the next line was, or the one before.
    pub fn time(&self) -> Option<Moment> {
        self.time
    }

    /// Reads on until a line is whole; false if the content ends before.
    ///
    /// # Errors
    /// What the system says.
    pub fn fill(&mut self) -> io::Result<bool> {
        self.compact();
        while !self.is_ready() {
            if self.to == self.buffer.len() {
                self.leave_out()?;
                continue;
            }
            let bytes = self.read()?;
            if bytes == 0 {
                return Ok(false);
            }
            let fresh = self.to..self.to + bytes;
            self.to = fresh.end;
            if let Some(end) = memrchr(b'\n', &self.buffer[fresh.clone()]) {
                self.ready = fresh.start + end + 1;
            }
        }
        self.look();
        Ok(true)
    }

    fn compact(&mut self) {
        self.buffer.copy_within(self.from..self.to, 0);
        (self.to, self.ready, self.from) = (self.to - self.from, self.ready - self.from, 0);
    }

    fn read(&mut self) -> io::Result<usize> {
        loop {
            match self.input.read(&mut self.buffer[self.to..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Leaves out a line that fills the whole buffer and more.
    fn leave_out(&mut self) -> io::Result<()> {
        let mut bytes = self.to as u64;
        let rest = loop {
            self.to = 0;
            self.to = self.read()?;
            match memchr(b'\n', &self.buffer[..self.to]) {
                Some(end) => break end + 1..self.to,
                None if self.to == 0 => break 0..0,
                None => bytes += self.to as u64,
            }
        };
        bytes += rest.start as u64;
        // There is room: what is cut off in front is longer, or the buffer was not filled.
        let kept = self.buffer[rest].to_vec();
        let whole = [TOO_LONG, &kept].concat();
        self.buffer.truncate(0);
        self.buffer.extend_from_slice(&whole);
        self.buffer.resize(limits::LOG_CHUNK_BYTES.max(whole.len()), 0);
        (self.from, self.to) = (0, whole.len());
        self.ready = memrchr(b'\n', &whole).map_or(0, |end| end + 1);
        self.left_out = bytes - TOO_LONG.len() as u64;
        Ok(())
    }

    /// At the end of the content: makes the last line ready although no line feed ends it, if it is whole, or if it is
    /// `all` that will ever come. Says whether there is one.
    pub fn end(&mut self, all: bool) -> bool {
        let last = &self.buffer[self.from..self.to];
        if last.is_empty() || !(all || log::is_whole(last)) {
            return false;
        }
        self.buffer.truncate(self.to);
        self.buffer.push(b'\n');
        self.to += 1;
        self.ready = self.to;
        self.is_closed = true;
        self.look();
        true
    }

    /// Whether the content has ended within a line.
    pub fn is_unfinished(&self) -> bool {
        self.ready < self.to
    }

    /// Takes the lines that are ready, as long as they come `before` another log's, but at least one. Says how many bytes
    /// of the content they are, and where [`Lines::text`] has them.
    pub fn take(&mut self, before: Option<impl Fn(Moment) -> bool>) -> (u64, Range<usize>) {
        let from = self.from;
        match before {
            None => self.from = self.ready,
            Some(before) => loop {
                let line = &self.buffer[self.from..self.ready];
                self.from += memchr(b'\n', line).map_or(line.len(), |end| end + 1);
                self.look();
                if !self.is_ready() || !self.time.is_some_and(&before) {
                    break;
                }
            },
        }
        let mut bytes = (self.from - from) as u64 + std::mem::take(&mut self.left_out);
        if self.is_closed && !self.is_ready() {
            self.is_closed = false;
            bytes -= 1;
        }
        (bytes, from..self.from)
    }

    /// The text of lines that were taken last.
    pub fn text(&self, taken: Range<usize>) -> &[u8] {
        &self.buffer[taken]
    }

    fn look(&mut self) {
        let line = &self.buffer[self.from..self.ready];
        let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
        self.time = log::time(line).or(self.time);
    }
}
