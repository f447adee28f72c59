//! In: an answer. Out: its bytes, the same that hyper would write.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::{Body, Bytes};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::server::ingest::{UsualAnswer, WireAnswer, WireReply};

/// An answer up to its date, and from there on.
struct ReadyMade {
    before: Vec<u8>,
    after: Vec<u8>,
}

static ACCEPTED: LazyLock<ReadyMade> = LazyLock::new(|| ReadyMade::of(UsualAnswer::Accepted.answer()));
static PICTURE: LazyLock<ReadyMade> = LazyLock::new(|| ReadyMade::of(UsualAnswer::Picture.answer()));

/// Writes an answer.
pub fn write(reply: WireReply, out: &mut Vec<u8>) {
    match reply {
        WireReply::Usual(UsualAnswer::Accepted) => ACCEPTED.write(out),
        WireReply::Usual(UsualAnswer::Picture) => PICTURE.write(out),
        WireReply::Made(answer) => ReadyMade::of(answer).write(out),
    }
}

/// Tells the client that the answer that begins at `start` is the last one on its connection.
pub fn end_with(out: &mut Vec<u8>, start: usize) {
    if let Some(line) = memchr::memmem::find(&out[start..], b"\r\n") {
        let at = start + line + 2;
        out.splice(at..at, *b"connection: close\r\n");
    }
}

impl ReadyMade {
    fn of(answer: WireAnswer) -> ReadyMade {
        let (head, body) = answer.into_parts();
        let mut before = b"HTTP/1.1 ".to_vec();
        before.extend(
            [head.status.as_str(), " ", head.status.canonical_reason().unwrap_or("<none>"), "\r\n"].concat().bytes(),
        );
        for (name, value) in &head.headers {
            before.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        let body = whole(body);
        if head.status != StatusCode::NO_CONTENT {
            before.extend(format!("content-length: {}\r\n", body.len()).bytes());
        }
        before.extend(b"date: ");
        ReadyMade { before, after: [b"\r\n\r\n", &*body].concat() }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        out.extend_from_slice(&date());
        out.extend_from_slice(&self.after);
    }
}

/// The bytes of a body that is whole.
fn whole(body: Full<Bytes>) -> Bytes {
    let mut body = std::pin::pin!(body);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match body.as_mut().poll_frame(&mut context) {
        std::task::Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        _ => Bytes::new(),
    }
}

/// A moment as HTTP writes it.
type HttpDate = [u8; "Sun, 06 Nov 1994 08:49:37 GMT".len()];

thread_local! {
    /// The second that was told last, and how.
    static TOLD: Cell<(u64, HttpDate)> = const { Cell::new((0, *b"Thu, 01 Jan 1970 00:00:00 GMT")) };
}

/// The present second.
fn date() -> HttpDate {
    let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (last, told) = TOLD.get();
    if last == second {
        return told;
    }
    let written = Timestamp::from_second(second as i64)
        .and_then(|now| DateTimePrinter::new().timestamp_to_rfc9110_string(&now))
        .ok()
        .and_then(|text| text.as_bytes().try_into().ok());
    let told = written.unwrap_or(told);
    TOLD.set((second, told));
    told
}
