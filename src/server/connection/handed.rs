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
    began: Arc<AtomicBool>,
}

impl Handed {
    /// The connection, of which `start` was read.
    pub fn of(stream: TcpStream, start: Vec<u8>) -> Handed {
        Handed { stream: TokioIo::new(stream), start, read: 0, began: Arc::default() }
    }

    /// Becomes true when something is written.
    pub fn began(&self) -> Arc<AtomicBool> {
        self.began.clone()
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
        self.began.store(true, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
