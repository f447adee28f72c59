//! Texts that are written in another way than plainly: two bytes a character, escapes, hexadecimal digits, base64, gzip.

use std::io::Read;
use std::ops::Range;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};

use super::trace::TraceForm;
use crate::hit::mask;
use crate::limits;

/// What gzip begins with: its sign, and the one method that it has (RFC 1952).
pub(super) const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// Hands out each run in which every second byte is zero and the others are printable, with where it begins. A letter of Latin-1 that is
/// not ASCII is handed out as some letter.
pub(super) fn each_wide_run(bytes: &[u8], mut take: impl FnMut(usize, &[u8])) {
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~' | 0xc0..);
    let mut at = 0;
    while let Some(zero) = bytes.get(at..).and_then(|rest| memchr::memchr(0, rest)).map(|step| at + step) {
        if zero == 0 || !is_printable(bytes[zero - 1]) {
            // Whole pages are zeros.
            at = zero + bytes[zero..].iter().take_while(|byte| **byte == 0).count();
            at = at.max(zero + 1);
            continue;
        }
        let start = zero - 1;
        let pairs = bytes[start..].chunks_exact(2).take_while(|pair| is_printable(pair[0]) && pair[1] == 0).count();
        // The last zero may be missing: another order of the two bytes.
        let last = bytes.get(start + pairs * 2).copied().filter(|byte| is_printable(*byte));
        if pairs >= limits::AUDIT_RUN_BYTES_MIN - 1 {
            let letters = bytes[start..].iter().step_by(2).take(pairs).copied().chain(last);
            let text: Vec<u8> = letters.map(|byte| if byte.is_ascii() { byte } else { b'x' }).collect();
            take(start, &text);
        }
        at = start + pairs.max(1) * 2;
    }
}

/// Hands out what gzip packed among other bytes, from a place on, as far as it is unpacked in one piece; and where it begins.
pub(super) fn each_packed(bytes: &[u8], from: usize, mut take: impl FnMut(Range<usize>, &[u8])) {
    for at in memchr::memmem::find_iter(bytes, &GZIP).filter(|at| *at >= from) {
        let mut unpacked = Vec::new();
        let stream = flate2::bufread::GzDecoder::new(&bytes[at..]);
        // Where it is damaged, or none at all, what came until then is searched.
        let _ = stream.take(limits::AUDIT_CHUNK_BYTES as u64).read_to_end(&mut unpacked);
        if unpacked.len() >= limits::AUDIT_RUN_BYTES_MIN {
            take(at..at + GZIP.len(), &unpacked);
        }
    }
}

/// A text with its escapes read: `%40`, `%u0040`, `\u0040`, `\x40`, `\/`, `&#64;`.
pub(super) struct Unescaped {
    /// What it says.
    pub(super) bytes: Vec<u8>,
    /// Where each of these bytes was written, and where the text ends.
    starts: Vec<usize>,
}

impl Unescaped {
    /// Nothing where a text has no escape.
    pub(super) fn of(text: &str) -> Option<Unescaped> {
        let bytes = text.as_bytes();
        memchr::memchr3(b'%', b'\\', b'&', bytes)?;
        let mut read =
            Unescaped { bytes: Vec::with_capacity(bytes.len()), starts: Vec::with_capacity(bytes.len() + 1) };
        let (mut at, mut has_any) = (0, false);
        while at < bytes.len() {
            let escape = matches!(bytes[at], b'%' | b'\\' | b'&').then(|| escape(text, at)).flatten();
            let (sign, length) = escape.unwrap_or((Escape::Byte(bytes[at]), 1));
            has_any |= length > 1;
            match sign {
                Escape::Byte(byte) => read.bytes.push(byte),
                Escape::Letter(letter) => read.bytes.extend(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            read.starts.resize(read.bytes.len(), at);
            at += length;
        }
        read.starts.push(at);
        has_any.then_some(read)
    }

    /// Where a part of what it says was written.
    pub(super) fn source(&self, part: Range<usize>) -> Range<usize> {
        self.starts[part.start]..self.starts[part.end]
    }
}

enum Escape {
    Byte(u8),
    Letter(char),
}

/// What an escape stands for, and how many bytes it takes.
fn escape(text: &str, at: usize) -> Option<(Escape, usize)> {
    let bytes = &text.as_bytes()[at..];
    let number = |from: usize, digits: usize| {
        let digits = bytes.get(from..from + digits)?;
        digits
            .iter()
            .all(u8::is_ascii_hexdigit)
            .then(|| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())?
    };
    match (bytes[0], *bytes.get(1)?) {
        (b'&', _) => mask::entity(text.get(at..)?).map(|(letter, length)| (Escape::Letter(letter), length)),
        (b'%' | b'\\', b'u') => Some((Escape::Letter(char::from_u32(number(2, 4)?)?), 6)),
        (b'%', _) => Some((Escape::Byte(u8::try_from(number(1, 2)?).ok()?), 3)),
        (_, b'x') => Some((Escape::Byte(u8::try_from(number(2, 2)?).ok()?), 4)),
        (_, sign @ (b'/' | b'\\' | b'"')) => Some((Escape::Byte(sign), 2)),
        (_, b'n' | b'r' | b't') => Some((Escape::Byte(b'\n'), 2)),
        _ => None,
    }
}

/// Hands out what the words of a text stand for that are hexadecimal digits or base64, where that may be a text or packed.
pub(super) fn each_decoded(text: &[u8], mut take: impl FnMut(TraceForm, Range<usize>, &[u8])) {
    let mut at = 0;
    while let Some(step) = text[at..].iter().position(|byte| is_code(*byte)) {
        let start = at + step;
        let length = text[start..].iter().take_while(|byte| is_code(**byte)).count();
        at = start + length;
        if length >= limits::AUDIT_BASE64_BYTES_MIN {
            let word = &text[start..at];
            hexadecimal(word, |range, said| take(TraceForm::Hex, start + range.start..start + range.end, said));
            base64(word, |range, said| take(TraceForm::Base64, start + range.start..start + range.end, said));
        }
    }
}

const fn is_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn hexadecimal(word: &[u8], mut take: impl FnMut(Range<usize>, &[u8])) {
    let mut at = 0;
    while let Some(step) = word[at..].iter().position(u8::is_ascii_hexdigit) {
        let start = at + step;
        let length = word[start..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        at = start + length;
        if length < limits::AUDIT_ENCODED_BYTES_MIN {
            continue;
        }
        // A digit before it may be no part of it.
        for first in [start, start + 1] {
            let range = first..at - (at - first) % 2;
            if let Ok(decoded) = HEXLOWER_PERMISSIVE.decode(&word[range.clone()]) {
                take(range.clone(), &decoded);
            }
        }
    }
}

fn base64(word: &[u8], mut take: impl FnMut(Range<usize>, &[u8])) {
    let is_url = word.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let encoding = if is_url { BASE64URL_NOPAD } else { BASE64_NOPAD };
    // Where it begins is not known: four characters stand for three bytes.
    for first in 0..4 {
        let Some(rest) = word.get(first..).filter(|rest| may_be_text(rest)) else { continue };
        // One character alone stands for nothing, and bits that are over may belong to what follows.
        let whole = rest.len() - rest.len() % 4;
        let mut padded = rest.to_vec();
        padded.resize(whole + if rest.len() % 4 > 1 { 4 } else { 0 }, b'A');
        if let Ok(decoded) = encoding.decode(&padded) {
            take(first..word.len(), &decoded);
        }
    }
}

/// The first, second and third characters of four in base64 that printable bytes have, a bit for each place.
const PRINTABLE: [u8; 128] = {
    let mut places = [0; 128];
    let mut value = 0;
    while value < 64 {
        let character = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[value] as usize;
        let first = (8 <= value && value < 32) as u8;
        let second = (2 <= value % 16 && value % 16 < 8) as u8;
        let third = (value % 4 < 2) as u8;
        places[character] = first | second << 1 | third << 2;
        value += 1;
    }
    places[b'-' as usize] = places[b'+' as usize];
    places[b'_' as usize] = places[b'/' as usize];
    places
};

/// Whether what base64 stands for may have six printable bytes side by side, or be packed, or have two bytes a character: words of
/// languages hardly do.
fn may_be_text(word: &[u8]) -> bool {
    let is_printable = |four: &[u8]| {
        (0..3).all(|place| PRINTABLE.get(usize::from(four[place])).is_some_and(|places| places >> place & 1 == 1))
    };
    let mut run = 0;
    let has_two = word.chunks_exact(4).any(|four| {
        run = if is_printable(four) { run + 1 } else { 0 };
        run == 2
    });
    let zeros = || word.iter().filter(|byte| **byte == b'A').count();
    has_two || zeros() * 5 >= word.len() || word.chunks_exact(4).any(|four| four == b"H4sI")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_read_and_placed() {
        for (text, said) in [
            ("a%40b", "a@b"),
            ("a%u0040b", "a@b"),
            (r"a\u0040b", "a@b"),
            (r"a\x40b", "a@b"),
            (r"a\/b\\", r"a/b\"),
            ("a&#64;b", "a@b"),
            ("a&#x40;b", "a@b"),
            ("a&commat;b", "a@b"),
            ("%c3%bc%zz%", "ü%zz%"),
        ] {
            let read = Unescaped::of(text).unwrap();
            assert_eq!(String::from_utf8_lossy(&read.bytes), said, "{text}");
            assert_eq!(read.source(0..read.bytes.len()), 0..text.len());
        }
        assert!(Unescaped::of("100% of a & b").is_none());
    }

    proptest! {
        #[test]
        fn base64_of_any_text_may_be_one(before in prop::sample::select(vec!["", "a", "ab", "abc"]), said in "[ -~]{7,40}") {
            let word = [before, &BASE64_NOPAD.encode(said.as_bytes())].concat();
            let mut has_it = false;
            base64(word.as_bytes(), |_, decoded| has_it |= memchr::memmem::find(decoded, said.as_bytes()).is_some());
            prop_assert!(has_it, "{}", word);
        }
    }
}
