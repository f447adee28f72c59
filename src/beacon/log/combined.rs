//! In: one line in the combined or the common format of nginx and Apache, or one that is like them. Out: its [`Line`]. Forgets:
//! size, user, protocol.
//!
//! `ADDRESS - USER [DAY/MON/YEAR:HH:MM:SS +ZONE] "METHOD TARGET PROTOCOL" STATUS SIZE "REFERRER" "AGENT"`. Quotes within fields
//! are escaped, by nginx as `\x22` and by Apache as `\"`. The address may be a list or a host's name. Before it may stand the host
//! that was asked for (Apache's `vhost_combined`, `%v:%p`), or behind it, in the place of the identity (lighttpd, `%h %V %u`).
//! Of what follows the agent, a quoted list of addresses is read: `X-Forwarded-For` of nginx's `main`
//! (<https://nginx.org/en/docs/http/ngx_http_log_module.html>, <https://httpd.apache.org/docs/2.4/mod/mod_log_config.html>).

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::{memchr, memchr_iter, memchr2};

use super::super::address::{Networks, behind, node};
use super::Line;
use super::client;
use crate::limits;
use crate::site::Moment;

/// What stands before the time.
struct Front<'a> {
    /// Nothing where a list behind the agent may still tell.
    address: Option<IpAddr>,
    host: &'a str,
}

/// Reads a line, given without its line feed.
pub(super) fn read<'a>(line: &'a [u8], trusted: &Networks) -> Option<Line<'a>> {
    let (front, at, rest) = stamped(line)?;
    let front = front_of(front, trusted)?;
    let (request, rest) = quoted(request_of(rest)?)?;
    let (status, rest) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
    let status = number(status)? as u16;
    let (mut referrer, mut agent, mut listed) = (&b""[..], None, None);
    if let Some(quote) = memchr(b'"', rest) {
        let (first, rest) = quoted(rest.get(quote + 1..)?)?;
        let (second, rest) = quoted(rest.strip_prefix(b" \"")?)?;
        (referrer, agent) = (first, Some(second));
        if front.address.is_none_or(|peer| trusted.contains(peer)) {
            listed = list_behind(rest);
        }
    }
    let address = match (front.address, listed) {
        (Some(peer), Some(list)) => behind(peer, list, b"", trusted),
        (Some(peer), None) => peer,
        (None, list) => client::of(b"", list?, trusted)?,
    };
    let (method, target) = divided(request);
    let (referrer, agent) = (text(referrer), agent.map(text));
    let line = Line { status, referrer, agent, ..Line::of(at, address, method == b"GET", text(target)) };
    Some(if front.host.is_empty() { line } else { line.at_host(Cow::Borrowed(front.host)) })
}

/// What follows the time, from behind the quote that opens the request. A number may stand between (`%D`, `%T`).
fn request_of(rest: &[u8]) -> Option<&[u8]> {
    if let Some(request) = rest.strip_prefix(b" \"") {
        return Some(request);
    }
    let quote = memchr(b'"', rest.get(..rest.len().min(limits::LOG_TIMINGS_BYTES_MAX))?)?;
    let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'-');
    rest[..quote].iter().all(is_number).then(|| &rest[quote + 1..])
}

/// Client and host of what stands before the time; nothing if that can't be the beginning of such a line.
fn front_of<'a>(front: &'a [u8], trusted: &Networks) -> Option<Front<'a>> {
    let front = front.strip_prefix(b"\"").unwrap_or(front);
    let (first, rest) = word(front)?;
    let bare = std::str::from_utf8(first).ok().and_then(|text| text.parse::<IpAddr>().ok());
    let address = bare.or_else(|| node(first));
    if address.is_some() && rest.starts_with(b"- ") {
        return Some(Front { address, host: "" });
    }
    let host_of = |word: &'a [u8]| std::str::from_utf8(word).map(client::host).unwrap_or_default();
    let (second, after) = word(rest).unwrap_or_default();
    if let Some(second) = client::of(second, b"", trusted).filter(|_| !after.is_empty()) {
        let host = host_of(first);
        match address {
            // An address that asked, behind it the list that it sent, or where lighttpd writes it the host.
            Some(peer) if bare.is_some() => {
                let word = word(rest)?.0;
                let is_list = client::is_list(word);
                let address = if is_list && trusted.contains(peer) { second } else { peer };
                return Some(Front { address: Some(address), host: if is_list { "" } else { host_of(word) } });
            }
            Some(_) => return Some(Front { address: Some(second), host }),
            None if !host.is_empty() && !after.starts_with(b"[") => {
                // A name before an address, or two names and an identity: the first is the host.
                let has_identity = word(after).is_some_and(|(_, rest)| !rest.is_empty());
                if client::is_list(word(rest)?.0) || has_identity {
                    return Some(Front { address: Some(second), host });
                }
            }
            None => {}
        }
    }
    let address = address.or_else(|| client::of(first, b"", trusted));
    let is_dash = first == b"-";
    (address.is_some() || is_dash).then_some(Front { address, host: "" })
}

/// The first word, and what follows its blank. Words that end with a comma go on: they are a list.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let end = from + memchr(b' ', text.get(from..)?)?;
        if end == 0 || text[end - 1] != b',' {
            return Some((&text[..end], &text[end + 1..]));
        }
        from = end + 1;
    }
}

/// A quoted list of addresses behind the agent.
fn list_behind(rest: &[u8]) -> Option<&[u8]> {
    let mut rest = rest;
    while let Some(quote) = memchr(b'"', rest) {
        let (field, after) = quoted(rest.get(quote + 1..)?)?;
        if client::is_list(field) {
            return Some(field);
        }
        rest = after;
    }
    None
}

/// Method and target of a request's first line.
pub(super) fn divided(request: &[u8]) -> (&[u8], &[u8]) {
    let space = memchr(b' ', request).unwrap_or(request.len());
    let (method, target) = request.split_at(space);
    (method, without_protocol(target.get(1..).unwrap_or_default()))
}

/// When a line was, without a look at the rest of it.
pub(super) fn time(line: &[u8]) -> Option<Moment> {
    stamped(line).map(|(_, at, _)| at)
}

/// Whether a last line, which no line feed ends, was written to its end: its agent is closed by a quote.
pub(super) fn is_whole(line: &[u8], trusted: &Networks) -> bool {
    line.ends_with(b"\"") && read(line, trusted).is_some_and(|line| line.agent.is_some())
}

/// What stands before the time in brackets, the time, and what follows it. A user's name before it may hold brackets too.
fn stamped(line: &[u8]) -> Option<(&[u8], Moment, &[u8])> {
    memchr_iter(b'[', line).take(limits::LOG_BRACKETS_MAX).find_map(|open| {
        let rest = line.get(open + 1..)?;
        let (stamp, rest) = rest.split_at_checked(26)?;
        Some((&line[..open], moment(stamp.try_into().ok()?)?, rest.strip_prefix(b"]")?))
    })
}

/// The moment of `10/Oct/2024:13:55:36 -0700`.
pub(super) fn moment(stamp: &[u8; 26]) -> Option<Moment> {
    let [d1, d2, b'/', m1, m2, m3, b'/', y @ .., b':', h1, h2, b':', n1, n2, b':', s1, s2, b' ', sign, z1, z2, z3, z4] =
        stamp
    else {
        return None;
    };
    let (day, year) = (number(&[*d1, *d2])?, number(y)?);
    let month = match &[*m1, *m2, *m3] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*n1, *n2])?, number(&[*s1, *s2])?);
    let offset_s = number(&[*z1, *z2])? * 3_600 + number(&[*z3, *z4])? * 60;
    let offset_s = match sign {
        b'+' => offset_s,
        b'-' => -offset_s,
        _ => return None,
    };
    // A leap second is the last one of its minute once more.
    let fits = (1..=31).contains(&day) && year >= 1970 && hour < 24 && minute < 60 && second <= 60;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second.min(59) - offset_s;
    fits.then_some(Moment(seconds * 1_000))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // Months from March on have 31, 30, 31, 30, 31 days, again and again.
    let before_month = (153 * month + 2) / 5;
    365 * year + leap_days + before_month + day - 719_469
}

/// The value of ASCII digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

/// What stands before the next quote that is not escaped, and what follows it.
pub(super) fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
        from = at + 2;
    }
}

pub(super) fn without_protocol(target: &[u8]) -> &[u8] {
    match target.iter().rposition(|byte| *byte == b' ') {
        Some(space) if target[space..].starts_with(b" HTTP/") => &target[..space],
        _ => target,
    }
}

/// A field as text: escapes resolved, `-` for nothing, bytes that are no UTF-8 replaced.
pub(super) fn text(field: &[u8]) -> Cow<'_, str> {
    if field == b"-" {
        Cow::Borrowed("")
    } else if memchr(b'\\', field).is_none() {
        std::str::from_utf8(field).map_or_else(|_| String::from_utf8_lossy(field), Cow::Borrowed)
    } else {
        Cow::Owned(String::from_utf8_lossy(&unescaped(field)).into_owned())
    }
}

fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, more @ ..] = rest {
        let (byte, after) = match (first, more) {
            (b'\\', [b'x', high, low, after @ ..]) if hex(*high, *low).is_some() => {
                (hex(*high, *low).unwrap_or_default(), after)
            }
            (b'\\', [b'n' | b't' | b'r' | b'b' | b'v' | b'f', after @ ..]) => (b' ', after),
            (b'\\', [escaped, after @ ..]) => (*escaped, after),
            _ => (*first, more),
        };
        out.push(byte);
        rest = after;
    }
    out
}

/// The byte of two hexadecimal digits.
pub(super) fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}
