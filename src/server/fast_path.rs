//! In: the bytes of a connection. Out: answers to beacons that came whole and plain, and, with whatever else comes, the bytes for
//! hyper. Forgets: each request, before it looks for the next.
//!
//! A hit costs less here than in hyper: one buffer for all connections of a thread, no table of headers, no future and no timer
//! of its own, and heads of answers that are ready. Nothing is answered otherwise than on hyper's path: the adapters are the same
//! ones, and `tests/fast_path.rs` holds both against each other.

mod message;
mod reply;

use std::cell::RefCell;
use std::io;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::connections::{CurrentConnection, OpenConnection};
use super::ingest::{self, Said};
use super::{App, ended};
use crate::limits;
use message::{FastMessage, Inbound};

/// Why the fast path was left.
pub enum FastPathEnd {
    /// The connection is over.
    Closed,
    /// Something came that is hyper's.
    Unusual(UnusualBytes),
}

/// What was read and not answered.
pub struct UnusualBytes {
    /// All of it.
    pub bytes: Vec<u8>,
    /// How much of it is one request without a body, after which the fast path may go on.
    pub alone: Option<usize>,
}

thread_local! {
    /// What connections of this thread read into and write from. It is empty, and its bytes are 0, whenever it is not in use.
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers { read: vec![0; limits::FAST_REQUEST_BYTES_MAX], write: Vec::new() });
}

struct Buffers {
    read: Vec<u8>,
    write: Vec<u8>,
}

/// One connection.
struct FastPath<'c> {
    stream: &'c mut TcpStream,
    peer: IpAddr,
    app: &'c App,
    open: &'c OpenConnection,
    /// The beginning of a request.
    held: Vec<u8>,
    /// How often more of it came.
    pieces: usize,
    /// Whether only a body is missing to it.
    waits_for_body: bool,
    /// Whether `held` has to be looked at before anything is read.
    is_unseen: bool,
    /// Answers that the client does not take yet.
    unsent: Vec<u8>,
    /// What to do when they are sent.
    leaves: Option<FastPathEnd>,
    /// Until when more has to come, or the client has to take more.
    until: Instant,
    /// Whether the next answers are the last ones.
    is_last: bool,
}

/// Answers beacons until something else comes. `start` was read before.
pub async fn run(
    stream: &mut TcpStream,
    start: Vec<u8>,
    peer: IpAddr,
    app: &App,
    current: &mut CurrentConnection,
) -> FastPathEnd {
    let until = next_head();
    let is_unseen = !start.is_empty();
    let CurrentConnection { open, stop } = current;
    let (held, pieces, waits_for_body, unsent, leaves, is_last) = (start, 0, false, Vec::new(), None, false);
    let mut path =
        FastPath { stream, peer, app, open, held, pieces, waits_for_body, is_unseen, unsent, leaves, until, is_last };
    let mut timer = pin!(tokio::time::sleep_until(until));
    let mut stopped = pin!(ended(stop));
    std::future::poll_fn(|context| {
        if let Poll::Ready(left) = path.poll(context) {
            return Poll::Ready(left);
        }
        if !path.is_last && stopped.as_mut().poll(context).is_ready() {
            if path.waits_for_body && path.unsent.is_empty() {
                // What has begun is hyper's, which knows what is owed to half a request.
                return Poll::Ready(path.end());
            }
            path.take_leave();
        }
        if path.is_late(timer.as_mut(), context) {
            // Half a head is answered by nobody, and who takes no answer gets none.
            let is_owed = path.waits_for_body && path.unsent.is_empty();
            return Poll::Ready(if is_owed { path.end() } else { FastPathEnd::Closed });
        }
        Poll::Pending
    })
    .await
}

/// The length of the request at the beginning of `bytes`, in bytes, if it is one that is answered here and is whole. For tests of what
/// is read of a connection.
pub fn first_plain_request(bytes: &[u8]) -> Option<usize> {
    match message::arrived(bytes, &mut [MaybeUninit::uninit(); limits::FAST_HEADERS_MAX]) {
        Inbound::Message(message) => Some(message.len),
        Inbound::Other { alone } => alone,
        Inbound::Part { .. } => None,
    }
}

/// Until when the next head has to come.
fn next_head() -> Instant {
    Instant::now() + Duration::from_secs(limits::HEAD_WAIT_S)
}

fn answer(message: &FastMessage<'_, '_>, peer: IpAddr, app: &App, write: &mut Vec<u8>) {
    let client = ingest::client(&message.fields, peer, app);
    let said = Said::by(&message.fields);
    let request = said.request(message.query, message.body, client);
    reply::write(ingest::answer_at_once(message.route, message.method, &request, app), write);
}

/// Answers the request that these bytes are, if it is one for the fast path.
pub fn answered(bytes: &[u8], peer: IpAddr, app: &App) -> Option<Vec<u8>> {
    let mut room = [const { MaybeUninit::uninit() }; limits::FAST_HEADERS_MAX];
    let Inbound::Message(message) = message::arrived(bytes, &mut room) else { return None };
    let mut write = Vec::new();
    answer(&message, peer, app, &mut write);
    Some(write)
}

impl FastPath<'_> {
    /// Reads and answers as long as something is there.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<FastPathEnd> {
        loop {
            if !self.unsent.is_empty() {
                match ready!(Pin::new(&mut *self.stream).poll_write(context, &self.unsent)) {
                    Ok(sent) if sent == self.unsent.len() => self.unsent = Vec::new(),
                    Ok(sent @ 1..) => {
                        self.unsent.drain(..sent);
                        self.until = self.taken_by();
                    }
                    Ok(0) | Err(_) => return Poll::Ready(FastPathEnd::Closed),
                }
                continue;
            }
            if let Some(left) = self.leaves.take() {
                return Poll::Ready(left);
            }
            let is_open = ready!(BUFFERS.with_borrow_mut(|buffers| self.poll_once(buffers, context)));
            if !is_open {
                return Poll::Ready(self.end());
            }
            if self.is_unseen && self.unsent.is_empty() && self.leaves.is_none() {
                // Others come first.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Reads once, and answers what came; tells whether the connection goes on.
    fn poll_once(&mut self, buffers: &mut Buffers, context: &mut Context<'_>) -> Poll<bool> {
        let held = self.held.len();
        let Some(room) = buffers.read.get_mut(held..).filter(|room| !room.is_empty()) else {
            return Poll::Ready(false);
        };
        let mut read = 0;
        if !std::mem::take(&mut self.is_unseen) {
            let mut room = ReadBuf::new(room);
            match ready!(Pin::new(&mut *self.stream).poll_read(context, &mut room)) {
                Ok(()) if !room.filled().is_empty() => read = room.filled().len(),
                _ => return Poll::Ready(false),
            }
        }
        let Buffers { read: bytes, write } = buffers;
        let bytes = &mut bytes[..held + read];
        // What it was kept in is wiped where it is given back.
        bytes[..held].copy_from_slice(&std::mem::take(&mut self.held));
        self.answer_all(bytes, write);
        bytes.fill(0);
        if !write.is_empty() {
            if !self.is_last {
                self.until = next_head();
            }
            self.open.answered();
            self.open.set_unread(self.held.len());
            self.send(write);
            write.fill(0);
            write.clear();
        }
        Poll::Ready(true)
    }

    /// Answers all requests that are there, and keeps the rest.
    fn answer_all(&mut self, bytes: &[u8], write: &mut Vec<u8>) {
        let (mut rest, mut answered, mut last) = (bytes, 0, None);
        self.waits_for_body = false;
        while !rest.is_empty() && self.leaves.is_none() {
            if answered == limits::FAST_ANSWERS_AT_ONCE {
                self.held.extend_from_slice(rest);
                self.is_unseen = true;
                return;
            }
            let mut room = [const { MaybeUninit::uninit() }; limits::FAST_HEADERS_MAX];
            match message::arrived(rest, &mut room) {
                Inbound::Message(message) => {
                    last = Some(write.len());
                    answer(&message, self.peer, self.app, write);
                    (answered, self.pieces) = (answered + 1, 0);
                    rest = &rest[message.len..];
                }
                Inbound::Part { is_body } => {
                    self.hold(rest, is_body);
                    return;
                }
                Inbound::Other { alone } => {
                    self.leaves = Some(FastPathEnd::Unusual(UnusualBytes { bytes: rest.to_vec(), alone }));
                }
            }
        }
        if let Some(last) = last.filter(|_| self.is_last && self.leaves.is_none()) {
            reply::end_with(write, last);
            self.leaves = Some(FastPathEnd::Closed);
        }
    }

    /// Keeps the beginning of a request. What comes in many pieces, each of which makes all be read again, is hyper's.
    fn hold(&mut self, rest: &[u8], is_body: bool) {
        self.pieces += 1;
        if self.pieces > limits::FAST_PIECES_MAX {
            self.leaves = Some(FastPathEnd::Unusual(UnusualBytes { bytes: rest.to_vec(), alone: None }));
            return;
        }
        if is_body {
            self.until = Instant::now() + Duration::from_millis(limits::FAST_BODY_WAIT_MS);
        }
        self.waits_for_body = is_body;
        self.held.extend_from_slice(rest);
        self.open.touch();
        self.open.set_unread(self.held.len());
    }

    /// Sends answers; what the client does not take at once is kept.
    fn send(&mut self, write: &[u8]) {
        let sent = match self.stream.try_write(write) {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => {
                self.leaves = Some(FastPathEnd::Closed);
                return;
            }
        };
        self.unsent.extend_from_slice(&write[sent..]);
        if !self.unsent.is_empty() {
            self.until = self.taken_by();
        }
    }

    /// Until when the client has to take more.
    fn taken_by(&self) -> Instant {
        let wait = if self.is_last { limits::STOP_WRITE_WAIT_MS } else { limits::WRITE_WAIT_MS };
        Instant::now() + Duration::from_millis(wait)
    }

    /// Answers what is on its way, and tells the client that it is the last.
    fn take_leave(&mut self) {
        self.is_last = true;
        self.until = match self.unsent.is_empty() {
            true => Instant::now() + Duration::from_millis(limits::STOP_LINGER_MS),
            false => self.taken_by(),
        };
    }

    /// Whether what has to come does not.
    fn is_late(&self, mut timer: Pin<&mut Sleep>, context: &mut Context<'_>) -> bool {
        if self.until < timer.deadline() {
            timer.as_mut().reset(self.until);
        }
        while timer.as_mut().poll(context).is_ready() {
            if self.until <= Instant::now() {
                return true;
            }
            timer.as_mut().reset(self.until);
        }
        false
    }

    /// Ends it: what has begun is hyper's, which knows what is owed to half a request.
    fn end(&mut self) -> FastPathEnd {
        match std::mem::take(&mut self.held) {
            bytes if bytes.is_empty() => FastPathEnd::Closed,
            bytes => FastPathEnd::Unusual(UnusualBytes { bytes, alone: None }),
        }
    }
}
