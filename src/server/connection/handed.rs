//! In: a connection, and what was read of it. Out: the same as one stream, for hyper.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;

/// A connection that begins with what was read of it before.
pub struct Handed {
    stream: TokioIo<TcpStream>,
    start: Vec<u8>,
    /// How much of that is read.
    read: usize,
    /// Whether nothing but that is to be read.
    is_one: bool,
    began: Arc<AtomicBool>,
}

impl Handed {
    /// All that comes.
    pub fn all(stream: TcpStream, start: Vec<u8>) -> Handed {
        Handed { stream: TokioIo::new(stream), start, read: 0, is_one: false, began: Arc::default() }
    }

    /// One request, which was read; what comes behind it stays in the stream.
    pub fn one(stream: TcpStream, request: Vec<u8>) -> Handed {
        Handed { is_one: true, ..Handed::all(stream, request) }
    }

    /// Becomes true when something is written.
    pub fn began(&self) -> Arc<AtomicBool> {
        self.began.clone()
    }

    /// The connection, if all of what was handed over is read.
    pub fn into_stream(self) -> Option<TcpStream> {
        (self.read == self.start.len()).then(|| self.stream.into_inner())
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
        if !rest.is_empty() {
            let len = rest.len().min(room.remaining());
            room.put_slice(&rest[..len]);
            this.read += len;
            return Poll::Ready(Ok(()));
        }
        if !this.is_one {
            return Pin::new(&mut this.stream).poll_read(context, room);
        }
        // Only whether the client is still there.
        let mut next = [0];
        match ready!(this.stream.inner().poll_peek(context, &mut ReadBuf::new(&mut next))) {
            Ok(0) => Poll::Ready(Ok(())),
            Ok(_) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
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
