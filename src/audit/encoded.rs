//! Texts that are written in another way than plainly: two bytes a character, hexadecimal digits, base64.

use std::ops::Range;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};

use super::trace::TraceForm;
use crate::limits;

/// Hands out each run in which every second byte is zero and the others are printable, with where it begins.
pub(super) fn each_wide_run(bytes: &[u8], mut take: impl FnMut(usize, &[u8])) {
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
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
            let text: Vec<u8> = bytes[start..].iter().step_by(2).take(pairs).copied().chain(last).collect();
            take(start, &text);
        }
        at = start + pairs.max(1) * 2;
    }
}

/// Hands out what the words of a text say that are hexadecimal digits or base64, where that is printable.
pub(super) fn each_decoded(text: &[u8], mut take: impl FnMut(TraceForm, Range<usize>, &[u8])) {
    let is_code = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let mut at = 0;
    while let Some(step) = text[at..].iter().position(is_code) {
        let start = at + step;
        let length = text[start..].iter().take_while(|byte| is_code(byte)).count();
        at = start + length;
        if length >= limits::AUDIT_ENCODED_BYTES_MIN {
            let word = &text[start..at];
            hexadecimal(word, |range, said| take(TraceForm::Hex, start + range.start..start + range.end, said));
            base64(word, |range, said| take(TraceForm::Base64, start + range.start..start + range.end, said));
        }
    }
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
                each_printable(&decoded, |_, said| take(range.clone(), said));
            }
        }
    }
}

fn base64(word: &[u8], mut take: impl FnMut(Range<usize>, &[u8])) {
    let is_url = word.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let encoding = if is_url { BASE64URL_NOPAD } else { BASE64_NOPAD };
    // Where it begins is not known: four characters stand for three bytes.
    for first in 0..4 {
        let Some(rest) = word.get(first..) else { return };
        // One character alone stands for nothing, and bits that are over may belong to what follows.
        let whole = rest.len() - rest.len() % 4;
        let mut padded = rest.to_vec();
        padded.resize(whole + if rest.len() % 4 > 1 { 4 } else { 0 }, b'A');
        if let Ok(decoded) = encoding.decode(&padded) {
            each_printable(&decoded, |_, said| take(first..word.len(), said));
        }
    }
}

fn each_printable(bytes: &[u8], mut take: impl FnMut(usize, &[u8])) {
    let mut at = 0;
    for piece in bytes.split(|byte| !matches!(byte, b' '..=b'~')) {
        if piece.len() >= limits::AUDIT_RUN_BYTES_MIN {
            take(at, piece);
        }
        at += piece.len() + 1;
    }
}
