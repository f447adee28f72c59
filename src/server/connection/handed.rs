//! In: a connection, and what was read of it. Out: the same as one stream, for hyper.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection that begins with what was read of it before.
pub struct Handed {
    stream: TokioIo<TcpStream>,
    start: Vec<u8>,
    /// How much of that is read.
    read: usize,
    progress: Arc<AnswerProgress>,
}

/// How far the answer to a request is.
#[derive(Default)]
pub struct AnswerProgress {
    is_made: AtomicBool,
    has_begun: AtomicBool,
    goes_on: AtomicBool,
}

impl AnswerProgress {
    /// The answer is made, and written next. Whatever was written before was leave to send a body.
    pub fn made(&self) {
        self.is_made.store(true, Ordering::Relaxed);
    }

    /// Whether its head is written.
    pub fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// Whether its head tells the client that the connection goes on.
    pub fn goes_on(&self) -> bool {
        self.goes_on.load(Ordering::Relaxed)
    }

    fn writes(&self, bytes: &[u8]) {
        if self.is_made.load(Ordering::Relaxed) && !self.has_begun.swap(true, Ordering::Relaxed) {
            self.goes_on.store(goes_on_after(bytes), Ordering::Relaxed);
        }
    }
}

/// Whether a connection goes on after an answer, whose head hyper writes in one piece.
fn goes_on_after(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(bytes);
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return false };
    let mut lines = bytes[..end].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_newer = lines.next().is_some_and(|line| line.starts_with(b"HTTP/1.1 "));
    let told = lines.find_map(|line| {
        Some(line.split_at_checked(11)?.1).filter(|_| line[..11].eq_ignore_ascii_case(b"connection:"))
    });
    match told.map(<[u8]>::trim_ascii) {
        Some(told) => told.eq_ignore_ascii_case(b"keep-alive"),
        None => is_newer,
    }
}

impl Handed {
    /// The connection, of which `start` was read.
    pub fn of(stream: TcpStream, start: Vec<u8>) -> Handed {
        Handed { stream: TokioIo::new(stream), start, read: 0, progress: Arc::default() }
    }

    /// How far the answer is that is written to it.
    pub fn progress(&self) -> Arc<AnswerProgress> {
        self.progress.clone()
    }

    /// The connection, and what was read of it: `read` was read last and not used.
    pub fn into_parts(self, read: &[u8]) -> (TcpStream, Vec<u8>) {
        let start = [read, &self.start[self.read..]].concat();
        (self.stream.into_inner(), start)
    }
}

impl Read for Handed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut room: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = &this.start[this.read..];
        if rest.is_empty() {
            return Pin::new(&mut this.stream).poll_read(context, room);
        }
        let len = rest.len().min(room.remaining());
        room.put_slice(&rest[..len]);
        this.read += len;
        if this.read == this.start.len() {
            (this.start, this.read) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Handed {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.progress.writes(bytes);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_whether_its_connection_goes_on() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nconnection: close", true),
            ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", false),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n", false),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\na: b\r\n\r\n", true),
            ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\n", false),
        ] {
            assert_eq!(goes_on_after(head.as_bytes()), expected, "{head}");
        }
    }
}
