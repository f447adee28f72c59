//! In: one line of HAProxy's HTTP log, with or without what syslog puts before it. Out: its [`Line`]. Forgets: names of
//! servers, timers and cookies.
//!
//! `ADDRESS:PORT [DAY/MON/YEAR:HH:MM:SS.mmm] ... STATUS SIZE ... {CAPTURED|HEADERS} "METHOD TARGET PROTOCOL"`. The time has no
//! zone and is taken for UTC. Agent and referrer are there only if they are captured (`capture request header`): of what is
//! captured, what begins like an address is the referrer, and what names a product with a version is the agent.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use memchr::{memchr, memmem, memrchr};

use super::Line;
use super::combined::{divided, moment, text};

pub(super) fn read(line: &[u8]) -> Option<Line<'_>> {
    let line = line.trim_ascii_end();
    let (before, rest) = cut_at(line, b" [")?;
    let address = std::str::from_utf8(before.rsplit(|byte| *byte == b' ').next()?).ok()?;
    let address: IpAddr = address.parse::<SocketAddr>().ok()?.ip();
    let (stamp, rest) = rest.split_at_checked(20)?;
    let at = moment(&[stamp, b" +0000"].concat().try_into().ok()?)?;
    let (_, rest) = cut_at(rest, b"] ")?;
    // Frontend, backend and server, timers, status.
    let mut words = rest.split(|byte| *byte == b' ').skip(3);
    let status = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let inner = rest.strip_suffix(b"\"")?;
    let quote = memrchr(b'"', inner)?;
    let (method, target) = divided(&inner[quote + 1..]);
    let (referrer, agent) = captured(&rest[..quote]);
    Some(Line { status, referrer, agent, ..Line::of(at, address, method, text(target)) })
}

fn cut_at<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::find(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// Referrer and agent among the request's captured headers.
fn captured(text_before: &[u8]) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    let (mut referrer, mut agent) = (Cow::Borrowed(""), None);
    let headers = memchr(b'{', text_before).and_then(|open| {
        let rest = &text_before[open + 1..];
        Some(&rest[..memchr(b'}', rest)?])
    });
    for value in headers.into_iter().flat_map(|headers| headers.split(|byte| *byte == b'|')) {
        let value = String::from_utf8_lossy(value);
        if value.starts_with("http://") || value.starts_with("https://") {
            referrer = value;
        } else if agent.is_none()
            && value.split('/').nth(1).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            agent = Some(value);
        }
    }
    (referrer, agent)
}
