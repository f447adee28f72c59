//! In: a text in which something may be written in an unusual way. Out: the same text, written plainly. Forgets: what nobody sees,
//! such as characters without width and those that turn the direction of writing.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::beacon::cut;
use crate::limits;
use crate::limits::HOST_BYTES_MAX;

/// The text without characters that nobody sees: controls, characters without width, signs of direction, soft hyphens, tags,
/// selectors of variants (Unicode's `Cc`, and `Default_Ignorable_Code_Point` with the rest of `Cf`).
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_invisible) {
        Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}' | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The text with entities and percent signs read, digits and signs of any script in ASCII, `(at)` and `(dot)` as signs; nothing
/// when that changes nothing.
pub(super) fn plainly(text: &str) -> Option<String> {
    let mut plain = Cow::Borrowed(text);
    for _ in 0..limits::ENCODED_LAYERS_MAX {
        let Some(next) =
            [entities, percents, escapes, characters, words].iter().fold(None, |next: Option<String>, layer| {
                let now = next.as_deref().unwrap_or(&plain);
                layer(now).or(next)
            })
        else {
            break;
        };
        plain = Cow::Owned(next);
    }
    match plain {
        Cow::Owned(plain) if plain != text => Some(plain),
        _ => None,
    }
}

fn percents(text: &str) -> Option<String> {
    match percent_decode_str(text).into() {
        Cow::Owned(bytes) if text.contains('%') => Some(visible(&String::from_utf8_lossy(&bytes)).into_owned()),
        _ => None,
    }
}

/// Reads `&#64;`, `&#x40;`, `&commat;` and the like; the semicolon may be missing behind a number.
fn entities(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut has_any = false;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (sign, bytes) = entity(rest).unwrap_or(('&', 1));
        has_any |= bytes > 1;
        out.push(sign);
        rest = &rest[bytes..];
    }
    out.push_str(rest);
    has_any.then(|| visible(&out).into_owned())
}

/// The character that a text begins with as an entity, and the entity's length in bytes.
pub fn entity(text: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 18] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&lpar;", '('),
        ("&rpar;", ')'),
        ("&lsqb;", '['),
        ("&rsqb;", ']'),
        ("&commat;", '@'),
        ("&amp;", '&'),
        ("&period;", '.'),
        ("&colon;", ':'),
        ("&hyphen;", '-'),
        ("&dash;", '-'),
        ("&nbsp;", ' '),
        ("&percnt;", '%'),
        ("&num;", '#'),
        ("&lowbar;", '_'),
        ("&shy;", '\u{ad}'),
        ("&plus;", '+'),
    ];
    if let Some((name, sign)) =
        NAMED.iter().find(|(name, _)| text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))
    {
        return Some((*sign, name.len()));
    }
    let number = text.strip_prefix("&#")?;
    let (digits, radix, sign) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16, 3),
        None => (number, 10, 2),
    };
    let length = digits.chars().take(limits::ENTITY_DIGITS_MAX).take_while(|c| c.is_digit(radix)).count();
    let code = u32::from_str_radix(&digits[..length], radix).ok()?;
    // Without its semicolon, a number ends where a letter of the text may go on.
    let end = sign + length + usize::from(digits[length..].starts_with(';'));
    Some((char::from_u32(code)?, end))
}

/// Reads `\u0040`, `%u0040` and `\x40`, as scripts write characters.
fn escapes(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, sign, length)) = rest.match_indices(['\\', '%']).find_map(|(at, mark)| {
        let digits = match (mark, rest.as_bytes().get(at + 1)?) {
            (_, b'u' | b'U') => 4,
            ("\\", b'x' | b'X') => 2,
            _ => return None,
        };
        let code =
            rest.get(at + 2..at + 2 + digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        Some((at, char::from_u32(u32::from_str_radix(code, 16).ok()?)?, 2 + digits))
    }) {
        out.push_str(&rest[..at]);
        out.push(sign);
        rest = &rest[at + length..];
    }
    if rest.len() == text.len() {
        return None;
    }
    out.push_str(rest);
    Some(visible(&out).into_owned())
}

fn characters(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let plain: String = text.chars().map(ascii).collect();
    (plain != text).then_some(plain)
}

/// Where the ten digits of scripts begin (Unicode's `Nd`).
#[rustfmt::skip]
const ZEROS: [u32; 38] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090,
    0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0x2080, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0,
    0xaa50, 0xabf0, 0x104a0, 0x1fbf0,
];

fn ascii(c: char) -> char {
    let code = u32::from(c);
    match code {
        0..0x80 => c,
        0xff01..=0xff5e => char::from((code - 0xff01 + 0x21) as u8),
        0xa0 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 => ' ',
        0x2010..=0x2015 | 0x2212 | 0xfe58 | 0xfe63 => '-',
        0xfe6b => '@',
        0xb7 | 0x2022 | 0x2024 | 0x2027 | 0x3002 | 0xff61 | 0xfe52 => '.',
        0xfe55 | 0xa789 | 0x2236 => ':',
        0xb2 | 0xb3 => char::from((code - 0xb0) as u8 + b'0'),
        0xb9 => '1',
        0x2070 | 0x2074..=0x2079 => char::from((code - 0x2070) as u8 + b'0'),
        0x1d7ce..=0x1d7ff => char::from(((code - 0x1d7ce) % 10) as u8 + b'0'),
        _ => {
            let digit = ZEROS.iter().map(|zero| code.wrapping_sub(*zero)).find(|digit| *digit < 10);
            digit.map_or(c, |digit| char::from(digit as u8 + b'0'))
        }
    }
}

/// Reads `(at)`, `[dot]` and their like, and brackets around the signs themselves.
fn words(text: &str) -> Option<String> {
    const WORDS: [(&str, char); 6] = [("at", '@'), ("@", '@'), ("ät", '@'), ("dot", '.'), (".", '.'), ("punkt", '.')];
    let mut out = String::new();
    let mut rest = text;
    let mut has_any = false;
    while let Some(at) = rest.find(['(', '[', '{', '<']) {
        let inner = rest[at + 1..].trim_start();
        let known = WORDS.iter().find_map(|(word, sign)| {
            let head = inner.get(..word.len())?;
            let behind = inner[word.len()..].trim_start().strip_prefix([')', ']', '}', '>'])?;
            (head.eq_ignore_ascii_case(word) && (*sign == '.' || names_a_domain(behind))).then_some((*sign, behind))
        });
        match known {
            Some((sign, behind)) => {
                out.push_str(rest[..at].trim_end());
                out.push(sign);
                rest = behind.trim_start();
                has_any = true;
            }
            None => {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    has_any.then_some(out)
}

/// Whether a text begins with a word that has a dot in it, in whatever form. No more of it is read than a domain may have.
fn names_a_domain(text: &str) -> bool {
    let text = cut(text, HOST_BYTES_MAX);
    let word = text.split_whitespace().next().unwrap_or_default();
    let lower = text.to_lowercase();
    word.contains('.') || ["dot)", "dot]", "dot}", "punkt)", "punkt]"].iter().any(|dot| lower.contains(dot))
}

#[cfg(test)]
mod tests {
    use super::super::name;

    #[test]
    fn what_nobody_sees_is_dropped_and_hides_nothing() {
        for (text, want) in [
            ("/a\u{200b}b\u{202e}c\u{2066}d\u{feff}", "/abcd"),
            ("soft\u{ad}hyphen \u{7}bell \u{85}next \u{e0041}tag", "softhyphen bell next tag"),
            ("/reset/9f8a7b6c\u{200d}5d4e3f2a1b0c", "/reset/:token"),
            ("bob\u{2060}@exam\u{200c}ple.com", ":email"),
            ("4111\u{200b}1111\u{200b}1111\u{200b}1111", ":card"),
            ("/reset/9f8a7b6c%25E2%2580%258B5d4e3f2a1b0c", "/reset/:token"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn an_address_is_found_however_its_sign_is_written() {
        for text in [
            "bob\u{ff20}example.com",
            "bob&#64;example.com",
            "bob&#064;example.com",
            "bob&#x40;example.com",
            "bob&#X40;example.com",
            "bob&commat;example.com",
            "bob&amp;#64;example.com",
            "bob%26%2364%3Bexample.com",
            "bob%40example.com",
            "bob%2540example.com",
            "bob(at)example.com",
            "bob [at] example [dot] com",
            "bob{AT}example.com",
            "bob%28at%29example.com",
            "bob\u{fe6b}example.com",
            "bob%EF%BC%A0example.com",
            "bob&#64example.com",
            "bob(@)example(.)com",
            "\u{ff42}\u{ff4f}\u{ff42}\u{ff20}example\u{ff0e}com",
        ] {
            assert_eq!(name(text), ":email", "{text}");
        }
        for text in [
            "meet (at) noon",
            "R&D",
            "a&b",
            "AT&T",
            "(at home)",
            "fish&chips;",
            "100%",
            "\u{ff21}\u{ff22}",
            "\u{661}\u{662}",
        ] {
            assert_eq!(name(text), text);
        }
    }
}
