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
        Stamp::Seconds(seconds) => Moment(ms(seconds)),
        // With slashes (`wall`) it has no zone, and is taken for UTC.
        Stamp::Text(text) => claim::moment(&text.replace('/', "-"))?,
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

/// Milliseconds since 1970 of a number of seconds, milliseconds or nanoseconds (`time_format`), as its size tells.
fn ms(number: f64) -> i64 {
    match number.abs() {
        // In milliseconds this would be 1973, in nanoseconds of 1973 it is 1e17.
        size if size < 1e11 => (number * 1e3) as i64,
        size if size < 1e17 => number as i64,
        _ => (number / 1e6) as i64,
    }
}
