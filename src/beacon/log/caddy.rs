//! In: one line of Caddy's access log, a JSON object. Out: its [`Line`]. Forgets: all headers but four, and everything about the
//! connection.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::super::claim;
use super::Line;
use crate::site::Moment;

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    ts: Stamp<'a>,
    #[serde(borrow)]
    request: Request<'a>,
    status: u16,
}

/// Seconds since 1970, or a text, as `time_format` has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stamp<'a> {
    Seconds(f64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    client_ip: Cow<'a, str>,
    #[serde(borrow, default)]
    remote_ip: Cow<'a, str>,
    /// Methods have no character that JSON escapes.
    method: &'a str,
    #[serde(borrow)]
    uri: Cow<'a, str>,
    #[serde(default)]
    headers: HashMap<String, Vec<String>>,
}

pub(super) fn read(line: &[u8]) -> Option<Line<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let entry: Entry<'_> = serde_json::from_slice(line).ok()?;
    let at = match entry.ts {
        Stamp::Seconds(seconds) => Moment((seconds * 1_000.0) as i64),
        Stamp::Text(text) => claim::moment(&text)?,
    };
    let Request { client_ip, remote_ip, method, uri, mut headers } = entry.request;
    // Behind a proxy that Caddy trusts they differ.
    let address = if client_ip.is_empty() { remote_ip } else { client_ip };
    let mut header = |name: &str| headers.remove(name).and_then(|values| values.into_iter().next()).unwrap_or_default();
    let opted_out = header("Sec-Gpc") == "1" || header("Dnt") == "1";
    Some(Line {
        status: entry.status,
        referrer: Cow::Owned(header("Referer")),
        agent: Some(Cow::Owned(header("User-Agent"))),
        language: Cow::Owned(header("Accept-Language")),
        opted_out,
        ..Line::of(at, address.parse().ok()?, method.as_bytes(), uri)
    })
}
