//! Any value of any kind that tells a person, written in any code or one code within another, is found.

use std::io::Write;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use proptest::prelude::*;

use super::{Finder, Trace, TraceKind};

/// A way to write bytes. Those that only texts have leave other bytes as they are.
#[derive(Debug, Clone, Copy)]
enum Code {
    Plain,
    Percent,
    PercentAll,
    Json,
    Entities,
    Base64,
    Base64Url,
    Hex,
    UpperHex,
    Utf16,
    Gzip,
}

const CODES: [Code; 11] = [
    Code::Plain,
    Code::Percent,
    Code::PercentAll,
    Code::Json,
    Code::Entities,
    Code::Base64,
    Code::Base64Url,
    Code::Hex,
    Code::UpperHex,
    Code::Utf16,
    Code::Gzip,
];

impl Code {
    fn written(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Code::Plain => bytes.to_vec(),
            Code::Percent => percent(bytes, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')),
            Code::PercentAll => percent(bytes, |_| false),
            Code::Json => each(bytes, |c| match c {
                '/' | '"' | '\\' => format!("\\{c}"),
                '@' | '<' | '>' | '&' | '\0'..='\x1f' | '\x7f'.. => format!("\\u{:04x}", u32::from(c)),
                _ => c.to_string(),
            }),
            Code::Entities => each(bytes, |c| match c {
                '@' | '.' | '/' | ':' | '&' | '\0'..='\x1f' | '\x7f'.. => format!("&#{};", u32::from(c)),
                _ => c.to_string(),
            }),
            Code::Base64 => BASE64.encode(bytes).into_bytes(),
            Code::Base64Url => BASE64URL_NOPAD.encode(bytes).into_bytes(),
            Code::Hex => HEXLOWER.encode(bytes).into_bytes(),
            Code::UpperHex => HEXUPPER.encode(bytes).into_bytes(),
            Code::Utf16 => match std::str::from_utf8(bytes) {
                Ok(text) if !bytes.contains(&0) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                _ => bytes.to_vec(),
            },
            Code::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
        }
    }
}

/// Each character of a text written so; bytes that are no text stay.
fn each(bytes: &[u8], write: impl Fn(char) -> String) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).map(|text| text.chars().map(write).collect::<String>().into_bytes());
    text.unwrap_or_else(|_| bytes.to_vec())
}

fn percent(bytes: &[u8], is_plain: fn(u8) -> bool) -> Vec<u8> {
    let byte = |byte: &u8| if is_plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(byte).collect::<String>().into_bytes()
}

/// With the last digit that makes the sum right (ISO/IEC 7812-1, annex B).
fn card(digits: &str) -> String {
    let doubled = |(place, byte): (usize, u8)| match (byte - b'0', place % 2) {
        (digit, 0) if digit > 4 => u32::from(digit) * 2 - 9,
        (digit, 0) => u32::from(digit) * 2,
        (digit, _) => u32::from(digit),
    };
    let sum: u32 = digits.bytes().rev().enumerate().map(doubled).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

fn any_value() -> impl Strategy<Value = (TraceKind, String)> {
    let of = |kind: TraceKind, texts: &str| {
        proptest::string::string_regex(texts).unwrap().prop_map(move |text| (kind, text)).boxed()
    };
    let four = any::<[u8; 4]>().prop_filter("a version", |four| four[1..] != [0, 0, 0]);
    let six = any::<[u16; 7]>()
        .prop_map(|[a, b, c, d, e, f, g]| std::net::Ipv6Addr::new(0x2001, a, b, c, d, e, f | 1, g | 0x10));
    prop_oneof![
        four.prop_map(|four| (TraceKind::Address, std::net::Ipv4Addr::from(four).to_string())),
        six.prop_map(|address| (TraceKind::Address, address.to_string())),
        of(TraceKind::Mail, "[a-z]{3,10}[._][a-z]{2,8}@[a-z]{3,10}[.](com|de|org|co[.]uk)"),
        of(TraceKind::Mail, "[a-z]{2,8}[üéß][a-z]{1,8}@m[öü][a-z]{6,10}[.](com|de|org)"),
        of(
            TraceKind::Agent,
            "(Mozilla/5[.]0 [(]X11; Linux x86_64[)] Gecko/20100101 Firefox|curl|okhttp)/[1-9][0-9]{0,2}[.]0"
        ),
        of(TraceKind::Secret, "([a-f][0-9][a-f]{1,2}[0-9]{1,2}){6,9}"),
        of(TraceKind::Secret, "(AKIA[A-Z2-7]{16}|ghp_[0-9][a-z][A-Z0-9]{34}|Bearer [a-z][A-Z][a-zA-Z]{20})"),
        of(TraceKind::Identity, "(GA1[.][12][.][0-9]{3,10}[.]1[0-9]{9}|gclid=Cj0[a-zA-Z0-9]{20}QQ)"),
        proptest::string::string_regex("4[0-9]{14}").unwrap().prop_map(|digits| (TraceKind::Card, card(&digits))),
    ]
}

proptest! {
    #[test]
    fn any_value_in_any_two_codes_is_found(
        (kind, value) in any_value(),
        inner in prop::sample::select(&CODES[..]),
        outer in prop::sample::select(&CODES[..]),
        is_page in any::<bool>(),
    ) {
        let written = outer.written(&inner.written(value.as_bytes()));
        let (before, behind) = if is_page { (&b"\x04\x02\x81\x00"[..], &b"\0\x01\0"[..]) } else { (&b"12:00:00 INFO it says "[..], &b"\n"[..]) };
        let mut all = Vec::new();
        Finder::new().unwrap().search(&[before, &written, behind].concat(), 9, &mut |trace: Trace| all.push((trace.kind, trace.form)));
        prop_assert!(all.iter().any(|(found, _)| *found == kind), "{:?} {} in {:?} in {:?}: {:?}", kind, value, inner, outer, all);
    }
}
