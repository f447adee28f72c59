//! In: the content of a log. Out: whole lines, many at once, and how many bytes of the content they are. Forgets: lines
//! that are too long, one that is no line stands for each; and zeros before a line, of which there may be any number where a
//! log was cut while its server wrote on.

use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::beacon::log::Reader;
use crate::limits;
use crate::site::Moment;

/// What stands for a line that is too long.
const TOO_LONG: &[u8] = b"?\n";

/// Lines of a log, read ahead.
pub struct LogLines<R> {
    input: R,
    /// Knows when lines were.
    reader: Reader,
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

impl<R: Read> LogLines<R> {
    /// Lines of this content.
    pub fn of(input: R, reader: Reader) -> LogLines<R> {
        let buffer = vec![0; limits::LOG_CHUNK_BYTES];
        LogLines { input, reader, buffer, from: 0, ready: 0, to: 0, left_out: 0, is_closed: false, time: None }
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
            let fresh = if self.leave_out_zeros(bytes) { self.from } else { self.to - bytes };
            if let Some(end) = memrchr(b'\n', &self.buffer[fresh..self.to]) {
                self.ready = fresh + end + 1;
            }
        }
        self.look();
        Ok(true)
    }

    /// Takes so many fresh bytes, and leaves out zeros before the next line. Says whether there were any.
    fn leave_out_zeros(&mut self, fresh: usize) -> bool {
        self.to += fresh;
        let unread = &self.buffer[self.from..self.to];
        let zeros = unread.iter().position(|byte| *byte != 0).unwrap_or(unread.len());
        if zeros > 0 {
            self.buffer.copy_within(self.from + zeros..self.to, self.from);
            self.to -= zeros;
        }
        self.left_out += zeros as u64;
        zeros > 0
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
        self.buffer[..TOO_LONG.len()].copy_from_slice(TOO_LONG);
        loop {
            self.to = TOO_LONG.len();
            let read = self.read()?;
            let end = memchr(b'\n', &self.buffer[self.to..self.to + read]);
            let cut = end.map_or(read, |end| end + 1);
            bytes += cut as u64;
            if end.is_some() || read == 0 {
                self.buffer.copy_within(self.to + cut..self.to + read, self.to);
                self.to += read - cut;
                break;
            }
        }
        self.from = 0;
        self.ready = memrchr(b'\n', &self.buffer[..self.to]).map_or(0, |end| end + 1);
        self.left_out += bytes - TOO_LONG.len() as u64;
        Ok(())
    }

    /// At the end of the content: makes the last line ready although no line feed ends it, if it is whole, or if it is
    /// `all` that will ever come. Says whether there is one.
    pub fn end(&mut self, all: bool) -> bool {
        let last = &self.buffer[self.from..self.to];
        if last.is_empty() || !(all || self.reader.is_whole(last)) {
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
    /// of the content they are, and where [`LogLines::text`] has them.
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
        self.time = self.reader.time(line).or(self.time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.1.min(self.0.len()).min(buffer.len());
            buffer[..bytes].copy_from_slice(&self.0[..bytes]);
            self.0 = &self.0[bytes..];
            Ok(bytes)
        }
    }

    /// All that is handed out, and how many bytes of the content it stands for.
    fn all(text: &[u8], at_once: usize, is_all: bool) -> (Vec<u8>, u64) {
        let mut lines = LogLines::of(Slow(text, at_once), Reader::default());
        let (mut out, mut sum) = (Vec::new(), 0);
        while lines.fill().unwrap() || lines.end(is_all) {
            let (bytes, taken) = lines.take(None::<fn(Moment) -> bool>);
            out.extend_from_slice(lines.text(taken));
            sum += bytes;
        }
        (out, sum)
    }

    #[test]
    fn lines_come_whole_however_they_are_read() {
        for at_once in [1, 3, 100] {
            assert_eq!(all(b"a\n\nbc\r\nd\n", at_once, false), (b"a\n\nbc\r\nd\n".to_vec(), 9));
            assert_eq!(all(b"a\nbc", at_once, true), (b"a\nbc\n".to_vec(), 4));
            assert_eq!(all(b"a\nbc", at_once, false), (b"a\n".to_vec(), 2));
            assert_eq!(all(b"", at_once, true), (Vec::new(), 0));
        }
    }

    #[test]
    fn a_line_past_the_bound_is_one_that_is_none_and_keeps_its_place() {
        let long = "x".repeat(limits::LOG_CHUNK_BYTES * 2 + 7);
        for at_once in [4_099, limits::LOG_CHUNK_BYTES, usize::MAX] {
            let text = format!("a\n{long}\nb\n");
            assert_eq!(all(text.as_bytes(), at_once, false), (b"a\n?\nb\n".to_vec(), text.len() as u64));
            let text = format!("a\n{long}");
            assert_eq!(all(text.as_bytes(), at_once, false), (b"a\n?\n".to_vec(), text.len() as u64));
        }
    }

    #[test]
    fn zeros_before_a_line_are_left_out_and_keep_their_place() {
        let text = [vec![0; limits::LOG_CHUNK_BYTES * 3 + 5], b"a\nb\n".to_vec()].concat();
        let (lines, bytes) = all(&text, limits::LOG_CHUNK_BYTES, false);
        assert_eq!(bytes, text.len() as u64);
        assert_eq!(lines, b"a\nb\n");
        let text = [vec![0; limits::LOG_CHUNK_BYTES - 2], b"abcd\n".to_vec()].concat();
        assert_eq!(all(&text, usize::MAX, false), (b"abcd\n".to_vec(), text.len() as u64));
    }

    #[test]
    fn lines_are_taken_as_long_as_they_come_before_others() {
        let line = |second: u8| format!("192.0.2.1 - - [10/Oct/2024:13:55:{second:02} +0000] \"\n");
        let text = [line(1), line(3), "no time\n".into(), line(5), line(7)].concat();
        let mut lines = LogLines::of(text.as_bytes(), Reader::default());
        assert!(lines.fill().unwrap());
        let limit = Reader::default().time(line(5).as_bytes()).unwrap();
        let (_, taken) = lines.take(Some(|time| time < limit));
        assert_eq!(lines.text(taken), [line(1), line(3), "no time\n".into()].concat().as_bytes());
        assert_eq!(lines.time(), Some(limit));
        let (_, taken) = lines.take(Some(|time| time < limit));
        assert_eq!(lines.text(taken), line(5).as_bytes(), "one at least");
    }
}
