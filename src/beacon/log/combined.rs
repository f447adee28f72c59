//! In: one line in the combined or the common format of nginx and Apache. Out: its [`Line`]. Forgets: size, user, protocol.
//!
//! `ADDRESS - USER [DAY/MON/YEAR:HH:MM:SS +ZONE] "METHOD TARGET PROTOCOL" STATUS SIZE "REFERRER" "AGENT"`; what follows is
//! not read. Quotes within fields are escaped, by nginx as `\x22` and by Apache as `\"`.

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::{memchr, memchr_iter, memchr2};

use super::Line;
use crate::site::Moment;

/// Reads a line, given without its line feed.
pub(super) fn read(line: &[u8]) -> Option<Line<'_>> {
    let (address, rest) = line.split_at_checked(memchr(b' ', line)?)?;
    let address: IpAddr = std::str::from_utf8(address).ok()?.parse().ok()?;
    let (at, rest) = stamped(rest)?;
    let (request, rest) = quoted(rest.strip_prefix(b" \"")?)?;
    let (status, rest) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
    let status = number(status)? as u16;
    let (referrer, agent) = match memchr(b'"', rest) {
        None => (&b""[..], None),
        Some(quote) => {
            let (referrer, rest) = quoted(rest.get(quote + 1..)?)?;
            let (agent, _) = quoted(rest.strip_prefix(b" \"")?)?;
            (referrer, Some(agent))
        }
    };
    let (method, target) = divided(request);
    let (referrer, agent) = (text(referrer), agent.map(text));
    Some(Line { status, referrer, agent, ..Line::of(at, address, method, text(target)) })
}

/// Method and target of a request's first line.
pub(super) fn divided(request: &[u8]) -> (&[u8], &[u8]) {
    let space = memchr(b' ', request).unwrap_or(request.len());
    let (method, target) = request.split_at(space);
    (method, without_protocol(target.get(1..).unwrap_or_default()))
}

/// When a line was, without a look at the rest of it.
pub(super) fn time(line: &[u8]) -> Option<Moment> {
    stamped(line).map(|(at, _)| at)
}

/// Whether a last line, which no line feed ends, was written to its end: its agent is closed by a quote.
pub(super) fn is_whole(line: &[u8]) -> bool {
    line.ends_with(b"\"") && read(line).is_some_and(|line| line.agent.is_some())
}

/// The time in brackets, and what follows it. A user's name before it may hold brackets too.
fn stamped(line: &[u8]) -> Option<(Moment, &[u8])> {
    memchr_iter(b'[', line).take(8).find_map(|open| {
        let rest = line.get(open + 1..)?;
        let (stamp, rest) = rest.split_at_checked(26)?;
        Some((moment(stamp.try_into().ok()?)?, rest.strip_prefix(b"]")?))
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

fn without_protocol(target: &[u8]) -> &[u8] {
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
            (b'\\', [b'x', high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (digit(*high) << 4 | digit(*low), after)
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

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).unwrap_or(0) as u8
}
