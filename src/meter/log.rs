//! In: lines of the log. Out: the same on a stream, from a thread of its own. Forgets: what the stream does not take; that is counted.
//!
//! A log is there to help: a full disk below it, a reader that went away, or one that stands still holds nobody up and ends nothing.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::limits;

/// Lines that the stream did not take.
static REFUSED: AtomicU64 = AtomicU64::new(0);
/// Counts lines for which there was no room among those that wait.
static NO_ROOM: OnceLock<ErrorCounter> = OnceLock::new();

/// Writes lines to a stream from now on; those that wait are written when the second value is dropped, if that takes no longer
/// than a second.
pub fn to(stream: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    let patient = NonBlockingBuilder::default().buffered_lines_limit(limits::LOG_LINES_WAITING).thread_name("log");
    let (lines, guard) = patient.finish(LineStream { stream, missed: 0 });
    let _ = NO_ROOM.set(lines.error_counter());
    (lines, guard)
}

/// Lines of the log that were never written.
pub fn lost_lines() -> u64 {
    let no_room = NO_ROOM.get().map_or(0, ErrorCounter::dropped_lines);
    REFUSED.load(Ordering::Relaxed) + no_room as u64
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
                REFUSED.fetch_add(1, Ordering::Relaxed);
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
