//! In: a connection, and what was read of it. Out: the same as one stream, for hyper.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use rustix::net::{Shutdown, shutdown};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use crate::limits;
use crate::server::connections::CurrentConnection;

/// A connection that begins with what was read of it before.
pub struct Handed {
    stream: TokioIo<CountingStream>,
    start: Vec<u8>,
    /// How much of that is read.
    read: usize,
    /// Whether nothing but that is to be read.
    is_one: bool,
    began: Arc<AtomicBool>,
    current: CurrentConnection,
    /// Bytes of requests since the last answer, as far as they are told.
    unread: usize,
    /// Until when the client has to take more.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Until when a client that sends nothing more is not taken for gone.
    half_closed: Option<Pin<Box<Sleep>>>,
}

impl Handed {
    /// All that comes.
    pub fn all(stream: TcpStream, start: Vec<u8>, current: CurrentConnection) -> Handed {
        let stream = Arc::new(stream);
        current.open.set_stream(&stream);
        let (stream, began) = (TokioIo::new(CountingStream { stream, last: 0 }), Arc::default());
        Handed { stream, start, read: 0, is_one: false, began, current, unread: 0, stalled: None, half_closed: None }
    }

    /// One request, which was read; what comes behind it stays in the stream.
    pub fn one(stream: TcpStream, request: Vec<u8>, current: CurrentConnection) -> Handed {
        Handed { is_one: true, ..Handed::all(stream, request, current) }
    }

    /// Becomes true when something is written.
    pub fn began(&self) -> Arc<AtomicBool> {
        self.began.clone()
    }

    /// The connection, if all of what was handed over is read.
    pub fn into_stream(self) -> Option<TcpStream> {
        let stream = self.stream.into_inner().stream;
        // Nobody looks for its client any more.
        Arc::into_inner(stream).filter(|_| self.read == self.start.len())
    }

    /// Tells of bytes that were read. Those of long bodies are counted where they are kept.
    fn took(&mut self, bytes: usize) {
        self.current.open.touch();
        self.unread = (self.unread + bytes).min(limits::HEAD_BYTES_MAX);
        self.current.open.set_unread(self.unread);
    }

    /// Waits until a client that sends nothing more is taken for gone, which is at once where nothing is owed to it. hyper gives up a
    /// request whose client has gone, and one that has closed its half alone looks the same until something is sent.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let is_owed = self.is_one || self.unread > 0 || self.current.open.is_asked();
        if !is_owed && self.half_closed.is_none() {
            return Poll::Ready(());
        }
        let wait = Duration::from_millis(limits::HALF_CLOSED_WAIT_MS);
        self.half_closed.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait))).as_mut().poll(context)
    }

    /// Fails when a client has not taken anything of an answer for too long.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let wait = Duration::from_millis(match *self.current.stop.borrow() {
            true => limits::STOP_WRITE_WAIT_MS,
            false => limits::WRITE_WAIT_MS,
        });
        let until = Instant::now() + wait;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if until < stalled.deadline() {
            stalled.as_mut().reset(until);
        }
        stalled.as_mut().poll(context).map(|()| io::ErrorKind::TimedOut.into())
    }
}

/// A stream that knows how much was read of it last; hyper does not tell. Whoever makes an answer looks whether its client is there.
struct CountingStream {
    stream: Arc<TcpStream>,
    last: usize,
}

/// Does something with a stream when it is ready for it.
fn when_ready<T>(
    context: &mut Context<'_>,
    ready: impl Fn(&mut Context<'_>) -> Poll<io::Result<()>>,
    mut does: impl FnMut() -> io::Result<T>,
) -> Poll<io::Result<T>> {
    loop {
        if let Err(error) = ready!(ready(context)) {
            return Poll::Ready(Err(error));
        }
        match does() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return Poll::Ready(done),
        }
    }
}

impl AsyncRead for CountingStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = &self.stream;
        let read = ready!(when_ready(context, |context| stream.poll_read_ready(context), || stream.try_read_buf(room)));
        self.last = *read.as_ref().unwrap_or(&0);
        Poll::Ready(read.map(drop))
    }
}

impl AsyncWrite for CountingStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let stream = &self.stream;
        when_ready(context, |context| stream.poll_write_ready(context), || stream.try_write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shutdown(&*self.stream, Shutdown::Write).map_err(Into::into))
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
            this.took(len);
            return Poll::Ready(Ok(()));
        }
        if !this.is_one {
            if this.half_closed.is_none() {
                let done = ready!(Pin::new(&mut this.stream).poll_read(context, room));
                let came = this.stream.inner().last;
                if came > 0 || done.is_err() {
                    this.took(came);
                    return Poll::Ready(done);
                }
            }
            return this.poll_gone(context).map(Ok);
        }
        // Only whether the client is still there.
        let mut next = [0];
        match ready!(this.stream.inner().stream.poll_peek(context, &mut ReadBuf::new(&mut next))) {
            Ok(0) => this.poll_gone(context).map(Ok),
            Ok(_) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Write for Handed {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.began.store(true, Ordering::Relaxed);
        this.unread = 0;
        match Pin::new(&mut this.stream).poll_write(context, bytes) {
            Poll::Ready(done) => {
                this.current.open.touch();
                this.stalled = None;
                if let Some(until) = &mut this.half_closed {
                    let wait = Duration::from_millis(limits::HALF_CLOSED_WAIT_MS);
                    until.as_mut().reset(Instant::now() + wait);
                }
                Poll::Ready(done)
            }
            Poll::Pending => this.poll_stalled(context).map(Err),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
