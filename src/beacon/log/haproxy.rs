//! In: one line of HAProxy's HTTP log, with or without what syslog puts before it. Out: its [`Line`]. Forgets: names of
//! servers, timers and cookies.
//!
//! `ADDRESS:PORT [DAY/MON/YEAR:HH:MM:SS.mmm] ... STATUS SIZE ... {CAPTURED|HEADERS} "METHOD TARGET PROTOCOL"`. The time has no
//! zone and is taken for UTC. Agent and referrer are there only if they are captured (`capture request header`): of what is
//! captured, what begins like an address is the referrer, what names a product with a version is the agent, what is a list of
//! addresses is `X-Forwarded-For`, and what else has dots is the host
//! (<https://docs.haproxy.org/3.0/configuration.html#8.2.3>).

use std::borrow::Cow;

use memchr::{memchr, memmem, memrchr};

use super::super::address::{Networks, behind, node_and_port};
use super::Line;
use super::client;
use super::combined::{divided, moment, text};

pub(super) fn read<'a>(line: &'a [u8], trusted: &Networks) -> Option<Line<'a>> {
    let line = line.trim_ascii_end();
    let (before, rest) = cut_at(line, b" [")?;
    let peer = node_and_port(before.rsplit(|byte| *byte == b' ').next()?)?;
    let (stamp, rest) = rest.split_at_checked(20)?;
    let at = moment(&[stamp, b" +0000"].concat().try_into().ok()?)?;
    let (_, rest) = cut_at(rest, b"] ")?;
    // Frontend, backend and server, timers, status.
    let mut words = rest.split(|byte| *byte == b' ').skip(3);
    let status = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    // `option httpslog` writes the name that TLS was asked for behind the request: `0/0/0/0/0 example.com/TLSv1.3/...`.
    let (inner, behind_it) = rest.split_at(memrchr(b'"', rest)?);
    let tls = match &behind_it[1..] {
        b"" => None,
        tail => Some(tail.strip_prefix(b" ")?),
    };
    let quote = memrchr(b'"', inner)?;
    let (method, target) = divided(&inner[quote + 1..]);
    let Captured { referrer, agent, host, list } = captured(&rest[..quote]);
    let address = if list.is_empty() { peer } else { behind(peer, list.as_bytes(), b"", trusted) };
    let name = tls.and_then(|tls| tls.split(|byte| *byte == b' ').nth(1)?.split(|byte| *byte == b'/').next());
    let host = if host.is_empty() { name.map(text).unwrap_or_default() } else { host };
    let line = Line { status, referrer, agent, ..Line::of(at, address, method == b"GET", text(target)) };
    Some(line.at_host(host))
}

fn cut_at<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::find(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// What is captured of a request.
#[derive(Default)]
struct Captured<'a> {
    referrer: Cow<'a, str>,
    agent: Option<Cow<'a, str>>,
    host: Cow<'a, str>,
    list: Cow<'a, str>,
}

/// What the request's captured headers are.
fn captured(text_before: &[u8]) -> Captured<'_> {
    let mut captured = Captured::default();
    let headers = memchr(b'{', text_before).and_then(|open| {
        let rest = &text_before[open + 1..];
        Some(&rest[..memchr(b'}', rest)?])
    });
    for value in headers.into_iter().flat_map(|headers| headers.split(|byte| *byte == b'|')) {
        let value = String::from_utf8_lossy(value);
        let has_version = || value.split('/').nth(1).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if value.starts_with("http://") || value.starts_with("https://") {
            captured.referrer = value;
        } else if captured.agent.is_none() && has_version() {
            captured.agent = Some(value);
        } else if client::is_list(value.as_bytes()) {
            captured.list = value;
        } else if value.contains('.') && !client::host(&value).is_empty() {
            captured.host = value;
        }
    }
    captured
}
