//! Finds addresses of machines in a text.
//!
//! Four numbers may be a version too: behind a word for versions, or behind a name whose numbers are small, they are one.

use std::net::Ipv6Addr;
use std::ops::Range;

use crate::limits;

/// Words before four numbers that say they are an address, lower case.
#[rustfmt::skip]
const ADDRESS_WORDS: [&str; 18] = [
    "ip", "ipv", "ips", "addr", "address", "adresse", "host", "client", "remote", "peer", "from", "user", "visitor",
    "proxy", "dyn", "dynamic", "ec", "by",
];
/// Words before four numbers that say they are a version or a chapter, lower case.
#[rustfmt::skip]
const VERSION_WORDS: [&str; 22] = [
    "v", "ver", "version", "versions", "release", "releases", "tag", "tags", "build", "builds", "changelog", "download",
    "downloads", "doc", "docs", "section", "chapter", "update", "firmware", "chrome", "chromium", "edge",
];

/// Ends of names of files, lower case.
#[rustfmt::skip]
const FILES: [&str; 20] = [
    "html", "htm", "php", "pdf", "png", "jpg", "jpeg", "webp", "svg", "css", "js", "json", "xml", "txt", "zip", "gz", "tgz", "jar",
    "whl", "deb",
];

/// The first address at or after `from`.
pub(super) fn from(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let may_be_six = bytes.iter().filter(|byte| **byte == b':').count() >= 2;
    let six = |start| if may_be_six { six(text, from, start) } else { None };
    let mut at = from;
    while let Some(step) = bytes[at..].iter().position(|byte| byte.is_ascii_digit() || *byte == b':') {
        let start = at + step;
        let found = if bytes[start] == b':' { six(start) } else { six(start).or_else(|| four(text, start)) };
        if found.is_some() {
            return found;
        }
        at =
            start + bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len() - start).max(1);
    }
    None
}

/// An IPv4 address that begins at `start`.
fn four(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let before = start.checked_sub(1).map(|at| bytes[at]);
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let separator = bytes[start..].iter().copied().find(|byte| !byte.is_ascii_digit())?;
    if !matches!(separator, b'.' | b'-' | b'_') {
        return None;
    }
    // A fifth number before or behind makes it something else.
    let is_within = before == Some(separator) && ends_with_number(&bytes[..start - 1]);
    let (numbers, end) = quad(&bytes[start..], separator)?;
    let end = start + end;
    let behind = bytes.get(end).copied();
    let goes_on = behind == Some(separator) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    if is_within || goes_on || behind.is_some_and(|byte| byte.is_ascii_alphanumeric()) || numbers[1..] == [0, 0, 0] {
        return None;
    }
    let is_joined = before.is_some_and(|byte| matches!(byte, b'-' | b'_' | b'.' | b'+' | b'~'));
    let word = word_before(&text[..start]);
    let is_one_of = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is_one_of(&VERSION_WORDS) {
        return None;
    }
    let is_host = is_label_of_host(text, end);
    let is_address = match separator {
        b'.' => !is_joined || is_one_of(&ADDRESS_WORDS) || is_hardly_a_version(numbers),
        _ => {
            is_host
                || is_one_of(&ADDRESS_WORDS)
                || is_private(numbers) && !is_joined
                || is_hardly_a_version(numbers) && !is_joined
        }
    };
    is_address.then_some(start..end)
}

/// Whether a text ends with a number that stands by itself; `ec2` is none.
fn ends_with_number(bytes: &[u8]) -> bool {
    let digits = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && !bytes[..bytes.len() - digits].last().is_some_and(u8::is_ascii_alphabetic)
}

/// Four numbers of at most 255, and how many bytes they take.
fn quad(bytes: &[u8], separator: u8) -> Option<([u8; 4], usize)> {
    let mut numbers = [0; 4];
    let mut at = 0;
    for (place, number) in numbers.iter_mut().enumerate() {
        if place > 0 {
            at += usize::from(bytes.get(at) == Some(&separator));
        }
        let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fits = (1..=3).contains(&digits) && (digits == 1 || bytes[at] != b'0' || separator == b'.' && digits == 3);
        let text = std::str::from_utf8(bytes.get(at..at + digits)?).ok()?;
        *number = text.parse().ok().filter(|_| fits)?;
        at += digits;
    }
    Some((numbers, at))
}

const fn is_private(numbers: [u8; 4]) -> bool {
    matches!(
        numbers,
        [192, 168, ..]
            | [172, 16..=31, ..]
            | [127, 0, 0, 1]
            | [10, 0, ..]
            | [10, _, 0, _]
            | [10, 64..=255, ..]
            | [169, 254, ..]
    )
}

/// Whether four numbers are hardly a version but the address of a machine.
pub fn is_hardly_a_version(numbers: [u8; 4]) -> bool {
    let large = numbers.iter().filter(|number| **number >= 40).count();
    is_private(numbers) || large >= 2 && numbers.iter().any(|number| *number >= 100)
}

/// Whether what ends at `end` is the first label of a host, or at the end of one: `192-168-1-2.example.com`.
fn is_label_of_host(text: &str, end: usize) -> bool {
    let is_host =
        text.contains('.') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let rest = text[end..].strip_prefix('.').unwrap_or_default();
    let is_file = FILES.iter().any(|ending| rest.eq_ignore_ascii_case(ending)) || rest.starts_with("tar.");
    is_host && rest.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_file
}

/// The letters at the end of a text, one sign or a slash and a digit of `ipv4` aside.
fn word_before(text: &str) -> &str {
    let bare = text.trim_end_matches(['-', '_', '.', '/', '=', ':', ' ', '+', '(', '[']);
    let bare = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    let start = bare.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    bare.get(start..).unwrap_or_default()
}

/// An IPv6 address around `at`, where a digit or a colon is; with its brackets and its zone.
fn six(text: &str, from: usize, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let before = bytes[from..at].iter().rev().take(limits::IPV6_GROUP_BYTES_MAX + 1);
    let start = at - before.take_while(|byte| byte.is_ascii_hexdigit()).count();
    let run = bytes[at..].iter().take(limits::IPV6_BYTES_MAX);
    let mut end = at + run.take_while(|byte| is_part(byte)).count();
    let is_apart =
        |place: Option<usize>| !place.and_then(|place| bytes.get(place)).is_some_and(u8::is_ascii_alphanumeric);
    // A dot behind it may begin the rest of a host, or end a sentence.
    end -= usize::from(bytes[start..end].ends_with(b"."));
    if bytes[start..end].iter().filter(|byte| **byte == b':').count() < 2
        || !is_apart(start.checked_sub(1))
        || !is_apart(Some(end))
    {
        return None;
    }
    // What ends a sentence is no part of it, but it may end with two colons.
    let bare = start + text[start..end].trim_end_matches(['.', ':']).len();
    let candidates = [if bytes[bare..end].starts_with(b"::") { bare + 2 } else { end }, bare];
    let parsed = |end: usize| Some((text[start..end].parse::<Ipv6Addr>().ok()?, end));
    let (address, mut end) = candidates.into_iter().find_map(parsed)?;
    // `a::b` is a path in some languages of programs.
    let has_digit = bytes[start..end].iter().any(u8::is_ascii_digit);
    let is_short = address.segments().iter().filter(|segment| **segment != 0).count() < 2;
    if !has_digit || is_short && !matches!(bytes[start..end], [b':', b':', b'1']) && end - start < 5 {
        return None;
    }
    if bytes.get(end) == Some(&b'%') {
        let zone = bytes[end + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        end += 1 + zone.count();
    }
    let is_bracketed = start > from && bytes[start - 1] == b'[' && bytes.get(end) == Some(&b']');
    Some(if is_bracketed { start - 1..end + 1 } else { start..end })
}

#[cfg(test)]
mod tests {
    use super::super::name;

    #[test]
    fn addresses_of_machines_never_survive() {
        for (text, want) in [
            ("/192.168.100.200", "/:ip"),
            ("/from/203.0.113.7/x", "/from/:ip/x"),
            ("8.8.8.8", ":ip"),
            ("ip=1.2.3.4&x", "ip=:ip&x"),
            ("host 10.0.0.1:8080 down", "host :ip:8080 down"),
            ("user-203.0.113.7", "user-:ip"),
            ("/ip-10-0-0-1", "/ip-:ip"),
            ("ip-1-2-3-4", "ip-:ip"),
            ("/ip_1_2_3_4/a", "/ip_:ip/a"),
            ("ec2-203-0-113-25.compute-1.amazonaws.com", "ec2-:ip.compute-1.amazonaws.com"),
            ("192-168-1-2.example.com", ":ip.example.com"),
            ("192.168.1.2.nip.io", ":ip.nip.io"),
            ("pool-96-1-2-3.isp.example", "pool-:ip.isp.example"),
            ("7.113.0.203.in-addr.arpa", ":ip.in-addr.arpa"),
            ("/192%2E168%2E1%2E2", "/:ip"),
            ("/1%252E2%252E3%252E4", "/:ip"),
            ("\u{ff11}\u{ff19}\u{ff12}.168.1.2", ":ip"),
            ("1[.]2[.]3[.]4", ":ip"),
            ("2001:db8::1", ":ip"),
            ("[2001:db8::1]", ":ip"),
            ("[2001:db8::1]:443", ":ip:443"),
            ("/u/2001:DB8:0:0:8:800:200C:417A/x", "/u/:ip/x"),
            ("fe80::1%eth0", ":ip"),
            ("[fe80::1%25eth0]", ":ip"),
            ("::ffff:192.0.2.128", ":ip"),
            ("::1", ":ip"),
            ("seen 2001:db8::2.", "seen :ip."),
            (
                "2001:db8::1....................................................",
                ":ip....................................................",
            ),
            ("at 2001:db8:::", "at :ip:"),
            ("2001%3Adb8%3A%3A1", ":ip"),
            ("2001:0db8:85a3:0000:0000:8a2e:0370:7334", ":ip"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn versions_and_other_numbers_stay() {
        for text in [
            "/v1.2.3.4",
            "/v/1.2.3.4",
            "/version/4.8.0.1",
            "/releases/1.0.0.3",
            "chrome/130.0.0.0",
            "130.0.0.0",
            "Chrome 120.0.0.1",
            "foo_1.2.3.4-1",
            "libfoo-1.2.3.4.tar.gz",
            "/docs/section-1.2.3.4",
            "10.0.19045.3803",
            "/2024-03-15-10",
            "1.2.3.4.5",
            "10:30:00",
            "add::bad",
            "std::f64::consts",
            "a::b",
            "::",
            "/top-10-20-30-40-lists",
            "12:30",
            "1:2:3",
            "/a:b:c",
            "/iphone-15-pro-max-256-512-1024",
            "/10-9-8-7-countdown",
            "256.1.2.3",
        ] {
            assert_eq!(name(text), text);
        }
    }
}
