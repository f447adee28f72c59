//! In: lines of the log. Out: the same on a stream, from a thread of its own. Forgets: what the stream does not take; that is counted.
//!
//! A log is there to help: a full disk below it, a reader that went away, or one that stands still holds nobody up and ends nothing.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::limits;

/// Lines that the stream did not take, or for which there was no room among those that wait.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Takes lines and never waits; each write is one line.
#[derive(Debug, Clone)]
pub struct LineQueue(SyncSender<Option<Vec<u8>>>);

/// Has lines that wait written when it is dropped, if that takes no longer than [`limits::LOG_END_MS`].
#[derive(Debug)]
pub struct LogGuard {
    lines: LineQueue,
    done: Receiver<()>,
}

/// Writes lines to a stream from now on.
///
/// # Errors
/// There is no thread for it.
pub fn to(stream: impl Write + Send + 'static) -> io::Result<(LineQueue, LogGuard)> {
    let (queue, waiting) = sync_channel::<Option<Vec<u8>>>(limits::LOG_LINES_WAITING);
    let (tell, done) = sync_channel(1);
    let mut stream = LineStream { stream, missed: 0 };
    thread::Builder::new().name("log".into()).spawn(move || {
        // Nothing is the end.
        while let Ok(Some(line)) = waiting.recv() {
            let _ = stream.write_all(&line);
        }
        let _ = stream.flush();
        let _ = tell.send(());
    })?;
    let lines = LineQueue(queue);
    Ok((lines.clone(), LogGuard { lines, done }))
}

/// Lines of the log that were never written.
pub fn lost_lines() -> u64 {
    LOST.load(Ordering::Relaxed)
}

impl Write for LineQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Some(line.to_vec())).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        if self.lines.0.try_send(None).is_ok() {
            let _ = self.done.recv_timeout(Duration::from_millis(limits::LOG_END_MS));
        }
    }
}

/// A stream that takes every line, or counts it.
struct LineStream<S> {
    stream: S,
    /// Lines that were not written since the last one that was.
    missed: u64,
}

impl<S: Write> Write for LineStream<S> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.stream.write_all(line) {
            Ok(()) => {
                let missed = std::mem::take(&mut self.missed);
                if missed > 0 {
                    tracing::warn!(missed, "lines of the log before the last one could not be written");
                }
            }
            Err(_) => {
                self.missed += 1;
                LOST.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.stream.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that takes a line when it is told to.
    struct Moody {
        takes: bool,
        taken: Vec<u8>,
    }

    impl Write for Moody {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !self.takes {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            if self.takes { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        }
    }

    #[test]
    fn lines_that_wait_are_written_at_the_end() {
        let (mut reader, writer) = io::pipe().unwrap();
        let (mut lines, guard) = to(writer).unwrap();
        for number in 0..100 {
            writeln!(lines, "{number}").unwrap();
        }
        drop(guard);
        drop(lines);
        let mut text = String::new();
        io::Read::read_to_string(&mut reader, &mut text).unwrap();
        assert!(text.starts_with("0\n1\n") && text.ends_with("99\n"), "{text}");
    }

    #[test]
    fn what_a_stream_does_not_take_is_counted_and_fails_nobody() {
        let before = lost_lines();
        let mut lines = LineStream { stream: Moody { takes: false, taken: Vec::new() }, missed: 0 };
        for line in ["one\n", "two\n"] {
            assert!(lines.write_all(line.as_bytes()).is_ok() && lines.flush().is_ok());
        }
        assert_eq!((lost_lines() - before, lines.missed), (2, 2));
        lines.stream.takes = true;
        assert!(lines.write_all(b"three\n").is_ok());
        assert_eq!((lines.missed, lines.stream.taken.as_slice()), (0, &b"three\n"[..]));
    }
}
