//! Finds traces of persons among any bytes: in runs of printable ones, plain and encoded, one code within another, and in runs of two bytes
//! a character.
//!
//! What a trace is, is known to [`crate::hit::mask`], which takes it out of names, and to `keys.rs`. Here it may stand among bytes that are no
//! text, where chance writes short ones: there it has to be longer.

use std::ops::{Range, RangeInclusive};

use super::encoded::{self, Unescaped};
use super::keys::TraceSigns;
use super::trace::{Trace, TraceForm, TraceKind};
use crate::hit::mask;
use crate::limits;

/// What is around a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// It was stored as a text, or is long enough to be one.
    Text,
    /// Bytes of any kind.
    Bytes,
}

/// Looks for traces.
pub(super) struct Finder {
    signs: TraceSigns,
}

/// Takes a trace: its kind, how it was written, where, and what it says.
pub(super) type Take<'a> = &'a mut dyn FnMut(TraceKind, TraceForm, Range<usize>, &[u8]);

impl Finder {
    /// # Errors
    /// The list of signs is no list of patterns.
    pub(super) fn new() -> anyhow::Result<Finder> {
        Ok(Finder { signs: TraceSigns::new()? })
    }

    /// Hands out the traces in a piece of a file whose first byte has the number `first`. What a whole file packs is for the caller.
    pub(super) fn search(&self, bytes: &[u8], first: u64, take: &mut impl FnMut(Trace)) {
        let mut put = |kind, form, range: Range<usize>, value: &[u8]| {
            let at = first + range.start as u64;
            take(Trace { at, kind, form, value: value.to_vec(), bytes: range.len() });
        };
        self.bytes(bytes, usize::from(first == 0), limits::AUDIT_LAYERS_MAX, &mut put);
    }

    /// Hands out the traces in a text that was stored as one.
    pub(super) fn search_text(&self, text: &str, take: &mut impl FnMut(Trace)) {
        self.look(text, Surroundings::Text, limits::AUDIT_LAYERS_MAX, &mut |kind, form, range, value| {
            take(Trace { at: range.start as u64, kind, form, value: value.to_vec(), bytes: range.len() });
        });
    }

    /// Hands out the traces in a name, but for those that masks know: what its kind tells by a sign, and what is encoded.
    pub(super) fn search_name(&self, text: &str, take: &mut impl FnMut(Trace)) {
        let mut put = |kind, form, range: Range<usize>, value: &[u8]| {
            take(Trace { at: range.start as u64, kind, form, value: value.to_vec(), bytes: range.len() });
        };
        self.signed(text, &mut put);
        self.encoded(text, limits::AUDIT_LAYERS_MAX, &mut put);
    }

    /// Any bytes, in which so many codes may be one within another; what is packed from a place on.
    fn bytes(&self, bytes: &[u8], packed_from: usize, layers: usize, take: Take<'_>) {
        each_run(bytes, |run| {
            each_window(run, |window| {
                let surroundings = match window.len() >= limits::AUDIT_TEXT_BYTES_MIN {
                    true => Surroundings::Text,
                    false => Surroundings::Bytes,
                };
                let text = ascii(&bytes[window.clone()]);
                self.look(text, surroundings, layers, &mut |kind, form, range, value| {
                    take(kind, form, window.start + range.start..window.start + range.end, value);
                });
            });
        });
        foreign_mails(bytes, take);
        encoded::each_wide_run(bytes, |start, text| {
            each_window(0..text.len(), |window| {
                let at = |place: usize| (start + (window.start + place) * 2).min(bytes.len());
                self.look(ascii(&text[window.clone()]), Surroundings::Text, layers, &mut |kind, _, range, value| {
                    take(kind, TraceForm::Utf16, at(range.start)..at(range.end), value);
                });
            });
        });
        if let Some(layers) = layers.checked_sub(1) {
            encoded::each_packed(bytes, packed_from, |place, unpacked| {
                self.bytes(unpacked, 0, layers, &mut |kind, _, _, value| {
                    take(kind, TraceForm::Gzip, place.clone(), value);
                });
            });
        }
    }

    fn look(&self, text: &str, surroundings: Surroundings, layers: usize, take: Take<'_>) {
        self.plain(text, surroundings, take);
        self.encoded(text, layers, take);
    }

    fn encoded(&self, text: &str, layers: usize, take: Take<'_>) {
        let Some(layers) = layers.checked_sub(1) else { return };
        if let Some(read) = Unescaped::of(text) {
            self.bytes(&read.bytes, 0, layers, &mut |kind, form, range, value| {
                let source = read.source(range.clone());
                // What has no escape is found as it is.
                if source.len() > range.len() {
                    take(kind, if form == TraceForm::Plain { TraceForm::Escaped } else { form }, source, value);
                }
            });
        }
        encoded::each_decoded(text.as_bytes(), |form, range, decoded| {
            self.bytes(decoded, 0, layers, &mut |kind, _, _, value| take(kind, form, range.clone(), value));
        });
    }

    fn plain(&self, text: &str, surroundings: Surroundings, take: Take<'_>) {
        let signed = self.signed(text, take);
        let is_within = |range: &Range<usize>| signed.iter().any(|(_, sign)| sign.contains(&range.start));
        four(text, &mut |range| {
            if !is_within(&range) {
                take(TraceKind::Address, TraceForm::Plain, range.clone(), &text.as_bytes()[range]);
            }
        });
        let digests = slow_digests(text);
        mask::found(text, |mark, range| {
            let Some(kind) = TraceKind::of_mark(mark) else { return };
            let found = &text[range.clone()];
            let is_digest = kind == TraceKind::Secret && digests.iter().any(|digest| digest.contains(&range.end));
            if !is_within(&range) && !is_digest && is_sure(kind, found, surroundings) {
                take(kind, TraceForm::Plain, range.clone(), found.as_bytes());
            }
        });
    }

    /// Hands out what its kind tells by a sign, each once, and gives back where it is.
    fn signed(&self, text: &str, take: Take<'_>) -> Vec<(TraceKind, Range<usize>)> {
        let mut all = self.signs.all(text);
        for (kind, range) in &all {
            take(*kind, TraceForm::Plain, range.clone(), &text.as_bytes()[range.clone()]);
        }
        all.retain(|(kind, _)| matches!(kind, TraceKind::Agent | TraceKind::Secret));
        all
    }
}

/// Hands out mail addresses of which not all letters are ASCII, in UTF-8 among any bytes.
fn foreign_mails(bytes: &[u8], take: Take<'_>) {
    let is_part = |byte: &u8| !byte.is_ascii() || byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
    for at in memchr::memchr_iter(b'@', bytes) {
        let (before, behind) = (&bytes[..at], &bytes[at + 1..]);
        let most = limits::AUDIT_AGENT_BYTES_MAX;
        let start = at - before.iter().rev().take(most).take_while(|byte| is_part(byte)).count();
        let end = at + 1 + behind.iter().take(most).take_while(|byte| is_part(byte)).count();
        if start == at || bytes[start..end].is_ascii() || !bytes[at..end].contains(&b'.') {
            continue;
        }
        // What is next to it may be no text.
        let local = bytes[start..at].utf8_chunks().last().filter(|chunk| chunk.invalid().is_empty());
        let host = bytes[at..end].utf8_chunks().next();
        let Some((local, host)) = local.zip(host) else { continue };
        let start = at - local.valid().len();
        let text = [local.valid(), host.valid()].concat();
        mask::found(&text, |mark, range| {
            let found = &text[range.clone()];
            if mark == ":email" && !found.is_ascii() && is_mail(found, false) {
                take(TraceKind::Mail, TraceForm::Plain, start + range.start..start + range.end, found.as_bytes());
            }
        });
    }
}

/// Where slow digests of passwords are, which operators' tables have: `$argon2id$v=19$m=..$SALT$DIGEST`.
fn slow_digests(text: &str) -> Vec<RangeInclusive<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'$' | b'=' | b',' | b'+' | b'/');
    let starts = memchr::memmem::find_iter(text.as_bytes(), b"$argon2id$v=19$");
    starts.map(|at| at..=at + text.as_bytes()[at..].iter().take_while(|byte| is_part(byte)).count()).collect()
}

/// Whether a mask would only be careful, or whether it is one.
fn is_sure(kind: TraceKind, found: &str, surroundings: Surroundings) -> bool {
    let is_text = surroundings == Surroundings::Text;
    match kind {
        TraceKind::Mail => is_mail(found, is_text),
        // Those of four numbers are found by themselves; here are the others.
        TraceKind::Address => found.contains(':') && (is_text || found.len() >= limits::AUDIT_IPV6_BYTES_MIN),
        TraceKind::Secret => found.len() >= limits::AUDIT_SECRET_BYTES_MIN && is_secret(found),
        TraceKind::Card | TraceKind::Account => true,
        // Too many numbers of programs look like these.
        TraceKind::Agent | TraceKind::Identity | TraceKind::Phone => false,
    }
}

/// Whether a secret is more than words side by side: among files of any kind, one has digits among its letters.
fn is_secret(found: &str) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let bytes = found.as_bytes();
    let changes = bytes.windows(2).filter(|two| is_digit(&two[0]) != is_digit(&two[1])).count();
    let letters = bytes.iter().any(u8::is_ascii_alphabetic);
    letters && changes >= 4
}

/// A mail address whose host has a dot and ends in letters. The byte behind it may have been taken for a part of it. Among bytes that
/// are no text it is long, or ends as domains do.
fn is_mail(found: &str, is_text: bool) -> bool {
    // With its sign in code it is found as what is escaped.
    let Some((local, host)) = found.rsplit_once('@') else { return false };
    let Some((name, top)) = host.rsplit_once('.') else { return false };
    let is_known = |top: &str| psl::suffix(top.to_ascii_lowercase().as_bytes()).is_some_and(|suffix| suffix.is_known());
    let is_letters = |top: &str| top.len() >= 2 && top.chars().all(|c| c.is_alphabetic() || c == '-');
    let is_long = is_text || found.len() >= limits::AUDIT_MAIL_BYTES_SURE;
    let is_top = |top: &str| is_letters(top) && (is_long || is_known(top));
    let shorter = top.char_indices().next_back().map_or("", |(last, _)| &top[..last]);
    let is_named = |text: &str| text.chars().any(char::is_alphanumeric);
    let is_there = is_text || local.len() >= 2 && name.len() >= 2 && local.len() + name.len() >= 6;
    (is_top(top) || is_top(shorter)) && is_named(name) && is_named(local) && is_there
}

/// Hands out addresses of four numbers with dots. What stands before the first letter and what follows may be a byte that is no part of
/// the text: a row has its numbers there.
fn four(text: &str, take: &mut impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(dot) = memchr::memchr(b'.', &bytes[at..]).map(|step| at + step) {
        let digits = bytes[at..dot].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let start = if digits == 4 && dot == 4 { 1 } else { dot - digits };
        at = dot + 1;
        let Some(end) = quad_end(bytes, start) else { continue };
        let is_rows = start == 1 && bytes[0].is_ascii_alphanumeric() && !bytes[0].eq_ignore_ascii_case(&b'v');
        let before = if is_rows { 1 } else { start.saturating_sub(limits::AUDIT_TEXT_BYTES_MIN) };
        let before = (before..=start).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
        // Whether it is one, and no version, is told by what stands before it.
        let mut is_one = false;
        mask::found(&text[before..end], |mark, range| is_one |= mark == ":ip" && range.end == end - before);
        let is_glued = start > 0 && bytes[start - 1].is_ascii_alphabetic() && !is_one;
        if is_one || is_glued && is_address(&text[start..end]) {
            take(start..end);
            at = end;
        }
    }
}

/// Whether four numbers behind a letter are hardly a version, as `v1.2.3.4` is.
fn is_address(four: &str) -> bool {
    four.parse::<std::net::Ipv4Addr>().is_ok_and(|address| mask::is_hardly_a_version(address.octets()))
}

/// Where four numbers end that begin here; nothing if there are not four, or five.
fn quad_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    for place in 0..4 {
        if place > 0 {
            at += usize::from(bytes.get(at) == Some(&b'.'));
        }
        let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (1..=3).contains(&digits).then_some(())?;
        at += digits;
    }
    let is_longer = bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    (!is_longer).then_some(at)
}

const fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// Hands out each run of printable bytes that is long enough. Most others are passed over without a look at each byte.
fn each_run(bytes: &[u8], mut take: impl FnMut(Range<usize>)) {
    let least = limits::AUDIT_RUN_BYTES_MIN;
    let mut at = 0;
    while at + least <= bytes.len() {
        let probe = at + least - 1;
        if !is_printable(bytes[probe]) {
            at = probe + 1;
            continue;
        }
        let before = bytes[at..probe].iter().rev().take_while(|byte| is_printable(**byte)).count();
        let behind = bytes[probe..].iter().take_while(|byte| is_printable(**byte)).count();
        if before + behind >= least {
            take(probe - before..probe + behind);
        }
        at = probe + behind + 1;
    }
}

/// Cuts a run that is too long into pieces that overlap, so that each is looked at in bounded time.
fn each_window(run: Range<usize>, mut take: impl FnMut(Range<usize>)) {
    let (most, overlap) = (limits::AUDIT_RUN_BYTES_MAX, limits::AUDIT_AGENT_BYTES_MAX);
    let mut start = run.start;
    loop {
        let end = run.end.min(start + most);
        take(start..end);
        if end == run.end {
            return;
        }
        start = end - overlap;
    }
}

/// Printable bytes as text.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod chains;

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, HEXLOWER};
    use proptest::prelude::*;

    fn found(bytes: &[u8]) -> Vec<(TraceKind, TraceForm, String)> {
        let mut all = Vec::new();
        Finder::new().unwrap().search(bytes, 0, &mut |trace: Trace| {
            all.push((trace.kind, trace.form, String::from_utf8_lossy(&trace.value).into_owned()));
        });
        all
    }

    const TRACES: [(TraceKind, &str); 7] = [
        (TraceKind::Address, "203.0.113.77"),
        (TraceKind::Address, "2001:db8:1::42"),
        (TraceKind::Mail, "ana.example@mail.example.com"),
        (TraceKind::Agent, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        (TraceKind::Secret, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        (TraceKind::Secret, "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"),
        (TraceKind::Card, "4111111111111111"),
    ];

    #[test]
    fn every_kind_is_found_between_any_bytes_and_in_every_form() {
        for (kind, text) in TRACES {
            let wide: Vec<u8> = text.bytes().flat_map(|byte| [byte, 0]).collect();
            let (hex, base64) = (HEXLOWER.encode(text.as_bytes()), BASE64.encode(text.as_bytes()));
            let forms = [
                (TraceForm::Plain, text.as_bytes()),
                (TraceForm::Utf16, &wide),
                (TraceForm::Hex, hex.as_bytes()),
                (TraceForm::Base64, base64.as_bytes()),
            ];
            for (form, written) in forms {
                for around in [&b"\x01\x02\xff"[..], b" ", b"\"", b"=", b"\0\0\0"] {
                    let bytes = [around, written, around].concat();
                    let all = found(&bytes);
                    assert!(
                        all.iter().any(|one| one.0 == kind && one.1 == form),
                        "{kind:?} {form:?} {around:?}: {all:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_glued_bracketed_or_written_by_scripts_is_found() {
        for (kind, text) in [
            (TraceKind::Address, "v203.0.113.77"),
            (TraceKind::Address, "[203.0.113.77]"),
            (TraceKind::Address, "203.0.113.77:8080"),
            (TraceKind::Address, "[2001:db8::42]:443"),
            (TraceKind::Address, "::ffff:203.0.113.77"),
            (TraceKind::Address, "::ffff:cb00:714d"),
            (TraceKind::Address, "GET /?ip=2001%3Adb8%3A77%3A%3A42 HTTP/1.1"),
            (TraceKind::Mail, "GET /?to=ana.canary%40example.org&x=1 HTTP/1.1"),
            (TraceKind::Mail, r#"{"to":"ana\u0040example.org"}"#),
            (TraceKind::Mail, "<a>ana&#64;example.org</a>"),
            (TraceKind::Mail, "to jürgen@müller.de at noon"),
            (TraceKind::Agent, r#"{"agent":"Mozilla\/5.0 (X11)"}"#),
            (TraceKind::Agent, "ua=Mozilla%2F5.0+%28X11%3B+Linux%29"),
            (TraceKind::Secret, "key AKIAIOSFODNN7EXAMPLE"),
            (TraceKind::Secret, "Authorization: Bearer mFBnYzEnbAxuGqDrhTkW"),
            (TraceKind::Identity, "Cookie: _ga=GA1.2.123.456"),
            (TraceKind::Identity, "/?fbclid=IwAR0aB1cD2eF3"),
        ] {
            assert!(found(text.as_bytes()).iter().any(|one| one.0 == kind), "{text}: {:?}", found(text.as_bytes()));
        }
    }

    #[test]
    fn ordinary_names_have_no_trace() {
        let finder = Finder::new().unwrap();
        let mut traces = Vec::new();
        for name in include_str!("../../tests/ordinary/names.txt").lines().skip(1) {
            // What a mask takes away is counted by `tests/ordinary.rs`.
            if mask::name(name) == name {
                finder.search(name.as_bytes(), 1, &mut |trace| traces.push((trace, name)));
            }
        }
        assert!(traces.is_empty(), "{traces:?}");
    }

    #[test]
    fn ordinary_bytes_have_no_trace() {
        for text in [
            "Chrome 130",
            "release 1.2.3.4 of the program",
            "Chromium 130.0.0.0",
            "2026-11-29T21:38:20.123456Z  INFO listening",
            "SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 1",
            "CREATE TABLE sign_in_links (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL)",
            "/blog/how-we-built-the-new-storage-engine-in-2024",
            "npm/@scope/package react@18.2.0 logo@2x.png",
            "headcount-0123456789abcdef",
            "std::collections::BTreeMap",
            "12:30:45 10:20:30",
            "v1.2.3.4 r1.0.0.3 Chrome131.0.0.0",
            "/?q=100%25+wool&r=%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82",
            r#"{"path":"\/blog\/a-b","html":"&lt;b&gt;"}"#,
            "/docs/curl/ /wiki/Mozilla/about",
            "ana$argon2id$v=19$m=19456,t=2,p=1$fkE2b0c9d8e7f6a5b4cQQw$u8xq2N0b7YyX0v1m3kzQWc5hJt9sLr4eP6dGfA2oIiM",
        ] {
            assert_eq!(found(text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn a_row_between_rows_is_found_though_letters_of_the_next_follow() {
        for text in [
            "203.0.113.77B",
            "1203.0.113.77",
            "A203.0.113.77",
            "#203.0.113.77+",
            "+ana@example.com7",
            "ana@example.comC",
        ] {
            let bytes = [b"\x04\x00\x09", text.as_bytes(), b"\x01\x00"].concat();
            assert_eq!(found(&bytes).len(), 1, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_searched_and_places_lie_within(
            parts in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                "[ -~]{0,40}".prop_map(String::into_bytes),
                prop::sample::select(&TRACES[..]).prop_map(|(_, text)| text.as_bytes().to_vec()),
            ], 0..12),
        ) {
            let bytes = parts.concat();
            let finder = Finder::new().unwrap();
            finder.search(&bytes, 7, &mut |trace: Trace| {
                assert!(trace.at >= 7 && trace.at + trace.bytes as u64 <= 7 + bytes.len() as u64, "{trace:?}");
            });
            finder.search_text(&String::from_utf8_lossy(&bytes), &mut |_| {});
            finder.search_name(&String::from_utf8_lossy(&bytes), &mut |_| {});
        }
    }

    #[test]
    fn runs_are_found_whole_wherever_they_stand() {
        for before in 0..20 {
            for length in [1, 6, 7, 8, 30] {
                let bytes = [vec![0; before], vec![b'x'; length], vec![1; 9], vec![b'y'; 12]].concat();
                let mut runs = Vec::new();
                each_run(&bytes, |run| runs.push(run));
                let first = (length >= 7).then_some(before..before + length);
                let second = before + length + 9;
                assert_eq!(runs, first.into_iter().chain(std::iter::once(second..second + 12)).collect::<Vec<_>>());
            }
        }
    }
}
