//! In: a line that something carried: syslog, the journal, a container's runtime, a collector of logs. Out: the line within, and
//! when it was carried. Forgets: names of machines, programs and containers.
//!
//! Formats: RFC 3164 and RFC 5424 with and without priority, `journalctl -o short` and what is like it, CRI
//! (<https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>), Docker's `json-file`,
//! `docker compose logs`, `docker logs --timestamps`, `kubectl logs --prefix`.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::json;
use super::parts::when;
use crate::limits;
use crate::site::Moment;

/// What carries lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrap {
    Json,
    Cri,
    Syslog5424,
    Syslog,
    /// As syslog, without a program's name.
    Host,
    Compose,
    Pod,
    Stamp,
    /// Time, level and words between tabs, then an object: Caddy's console format.
    Tabs,
}

/// A line that was opened.
pub(super) struct Opened<'a> {
    pub text: Cow<'a, [u8]>,
    pub at: Option<Moment>,
    /// Whether the next line of the same stream goes on with it.
    pub goes_on: bool,
    /// Whether it came by the stream of errors, whose lines stand among the others.
    pub is_error: bool,
}

impl<'a> Opened<'a> {
    /// A text of which nothing more is known.
    pub(super) fn plain(text: Cow<'a, [u8]>) -> Opened<'a> {
        Opened { text, at: None, goes_on: false, is_error: false }
    }
}

impl Wrap {
    /// All, in the order in which they are tried.
    pub(super) const ALL: [Wrap; 9] = [
        Wrap::Json,
        Wrap::Cri,
        Wrap::Syslog5424,
        Wrap::Syslog,
        Wrap::Host,
        Wrap::Compose,
        Wrap::Pod,
        Wrap::Tabs,
        Wrap::Stamp,
    ];

    /// Opens a line.
    pub(super) fn open(self, line: &[u8]) -> Option<Opened<'_>> {
        if self == Wrap::Json {
            return json::message(line);
        }
        let (text, at) = match self {
            Wrap::Cri => return cri(line),
            Wrap::Syslog5424 => syslog_5424(line)?,
            Wrap::Syslog => (after_program(without_priority(line))?, None),
            Wrap::Host => (after_host(without_priority(line))?, None),
            Wrap::Compose => (compose(line)?, None),
            Wrap::Pod => (pod(line)?, None),
            Wrap::Tabs => tabs(line)?,
            Wrap::Stamp | Wrap::Json => {
                let (stamp, rest) = cut(line, b" ")?;
                (rest, Some(stamp_of(stamp)?))
            }
        };
        (!text.is_empty()).then_some(Opened { at, ..Opened::plain(Cow::Borrowed(text)) })
    }
}

fn cut<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::find(text.get(..text.len().min(limits::LOG_FRONT_BYTES_MAX))?, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// A time as RFC 3339 writes it, in one word.
fn stamp_of(word: &[u8]) -> Option<Moment> {
    let text = std::str::from_utf8(word).ok().filter(|text| text.len() >= 19 && text.contains('T'))?;
    when(text)
}

/// `2024-10-10T13:55:36.123456789Z stdout F ...`; `P` says that the next line goes on.
fn cri(line: &[u8]) -> Option<Opened<'_>> {
    let (stamp, rest) = cut(line, b" ")?;
    let is_error = rest.starts_with(b"stderr ");
    let rest = rest.strip_prefix(b"stdout ").or_else(|| rest.strip_prefix(b"stderr "))?;
    let (tag, text) = cut(rest, b" ")?;
    let goes_on = match tag.split(|byte| *byte == b':').next()? {
        b"F" => false,
        b"P" => true,
        _ => return None,
    };
    Some(Opened { text: Cow::Borrowed(text), at: Some(stamp_of(stamp)?), goes_on, is_error })
}

/// A line without what syslog puts before all: `<190>`, and where it came over TCP the length (RFC 6587, section 3.4.1).
fn without_priority(line: &[u8]) -> &[u8] {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let line = match line[digits..].strip_prefix(b" ") {
        Some(counted) if digits > 0 && counted.starts_with(b"<") => counted,
        _ => line,
    };
    let inner = line.strip_prefix(b"<").and_then(|rest| cut(rest, b">"));
    match inner {
        Some((number, rest)) if number.len() <= 3 && number.iter().all(u8::is_ascii_digit) => rest,
        _ => line,
    }
}

/// `1 2024-10-10T13:55:36Z host program 123 id [data x="y"] ...` (RFC 5424, section 6).
fn syslog_5424(line: &[u8]) -> Option<(&[u8], Option<Moment>)> {
    let rest = without_priority(line).strip_prefix(b"1 ")?;
    let (stamp, mut rest) = cut(rest, b" ")?;
    for _ in 0..4 {
        rest = cut(rest, b" ")?.1;
    }
    if let Some(after) = rest.strip_prefix(b"- ") {
        rest = after;
    } else {
        while rest.first() == Some(&b'[') {
            rest = &rest[end_of_data(rest)? + 1..];
        }
        rest = rest.strip_prefix(b" ")?;
    }
    let text = rest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(rest);
    Some((text, stamp_of(stamp)))
}

/// Where the bracket is that closes an element of data.
fn end_of_data(data: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    data.iter().position(|byte| {
        let closes = *byte == b']' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        closes
    })
}

/// What follows the first colon with a blank: `Oct 10 13:55:36 host program[1]: ...`, also with other times in front, as
/// rsyslog and the journal write them.
fn after_program(line: &[u8]) -> Option<&[u8]> {
    let (front, text) = cut(line, b": ")?;
    let is_front = front.contains(&b' ') && !front.contains(&b'"') && front.iter().any(u8::is_ascii_digit);
    is_front.then(|| text.trim_ascii_start())
}

/// `Oct 10 13:55:36 host ...`
fn after_host(line: &[u8]) -> Option<&[u8]> {
    let rest = line.get(15..)?.strip_prefix(b" ")?;
    let is_time = line.get(9) == Some(&b':') && line.get(12) == Some(&b':') && line.first()?.is_ascii_uppercase();
    let (_, text) = cut(rest, b" ")?;
    is_time.then_some(text)
}

/// `web-1  | ...`, with colours on terminals.
fn compose(line: &[u8]) -> Option<&[u8]> {
    let (front, text) = cut(line, b"|")?;
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let text = text.strip_prefix(b"\x1b[0m").unwrap_or(text);
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let is_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b' ' | b'\x1b' | b'[' | b';');
    (front.len() <= limits::LOG_FRONT_NAME_BYTES_MAX && front.ends_with(b" ") && front.iter().all(is_name))
        .then_some(text)
}

/// `[pod/web-1/nginx] ...`
fn pod(line: &[u8]) -> Option<&[u8]> {
    let inner = line.strip_prefix(b"[pod/")?;
    let end = memchr(b']', inner.get(..inner.len().min(limits::LOG_FRONT_BYTES_MAX))?)?;
    inner[end + 1..].strip_prefix(b" ")
}

fn tabs(line: &[u8]) -> Option<(&[u8], Option<Moment>)> {
    let (stamp, _) = cut(line, b"\t")?;
    let object = memmem::find(line.get(..line.len().min(limits::LOG_FRONT_BYTES_MAX))?, b"\t{")?;
    Some((&line[object + 1..], when(std::str::from_utf8(stamp).ok()?)))
}
