//! In: a text that came from outside and is about to become a stored name. Out: the same text, fit to be stored.
//! Forgets: mail addresses (`:email`), tokens and other long secrets (`:token`), numbers of phones (`:phone`), the queries of
//! addresses, control characters, and what is longer than [`NAME_BYTES_MAX`].
//!
//! Every text that becomes a name passes [`name`]: paths, hosts, event names, property values, campaign values. It knows
//! texts as they read decoded, and also addresses whose at sign is still percent-encoded, however often.

pub(in crate::hit) mod address;
mod phone;

use std::borrow::Cow;
use std::ops::Range;

use crate::limits::NAME_BYTES_MAX;

/// What stands for a mail address.
const EMAIL: &str = ":email";
/// What stands for a number that calls somebody.
const PHONE: &str = ":phone";
/// What stands for a token.
const TOKEN: &str = ":token";
/// Shortest run of letters and digits that can be a secret, in bytes: below it are order numbers and short hashes.
const SECRET_BYTES_MIN: usize = 20;
/// Shortest JSON in base64 that is taken for a part of a signed token, in bytes.
const JSON_BYTES_MIN: usize = 12;
/// Length of a UUID as text, in bytes.
const UUID_BYTES: usize = 36;

/// The text as it may be stored. Borrowed, without a copy, when nothing had to go.
pub fn name(text: &str) -> Cow<'_, str> {
    let mut masked = without_controls(text);
    address::cut(&mut masked);
    replace(&mut masked, EMAIL, email_from);
    replace(&mut masked, TOKEN, secret_from);
    replace(&mut masked, PHONE, phone::from);
    match masked {
        Cow::Borrowed(kept) => Cow::Borrowed(bounded(kept)),
        Cow::Owned(mut kept) => {
            kept.truncate(bounded(&kept).len());
            Cow::Owned(kept)
        }
    }
}

/// The longest beginning of a text that a name may have.
pub fn bounded(text: &str) -> &str {
    let end = (0..=text.len().min(NAME_BYTES_MAX)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// As [`name`], of a text that is there to be kept.
pub fn owned(text: String) -> String {
    let masked = match name(&text) {
        Cow::Borrowed(same) if same.len() == text.len() => None,
        other => Some(other.into_owned()),
    };
    masked.unwrap_or(text)
}

fn without_controls(text: &str) -> Cow<'_, str> {
    // All control characters are in Latin-1, in UTF-8 below 0x20, 0x7f, or after 0xc2.
    let may_hold_one = text.bytes().any(|b| b < 0x20 || matches!(b, 0x7f | 0xc2));
    if may_hold_one && text.chars().any(char::is_control) {
        Cow::Owned(text.chars().filter(|c| !c.is_control()).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Puts a mark in the place of everything that `find` finds, from left to right.
fn replace(text: &mut Cow<'_, str>, mark: &str, find: fn(&str, usize) -> Option<Range<usize>>) {
    let mut out = String::new();
    let mut kept = 0;
    while let Some(found) = find(text, kept) {
        out.push_str(&text[kept..found.start]);
        out.push_str(mark);
        kept = found.end;
    }
    if kept > 0 {
        out.push_str(&text[kept..]);
        *text = Cow::Owned(out);
    }
}

/// The first mail address at or after `from`.
fn email_from(text: &str, from: usize) -> Option<Range<usize>> {
    let (mut floor, mut at) = (from, from);
    while let Some(step) = text.as_bytes()[at..].iter().position(|b| matches!(b, b'@' | b'%')) {
        at += step;
        let Some(sign) = sign_bytes(&text.as_bytes()[at..], b'@', b"40") else {
            at += 1;
            continue;
        };
        let start = at - tail_bytes(&text[floor..at], is_local);
        let domain = head_bytes(&text[at + sign..], is_domain);
        at += sign;
        if start < at - sign && names_a_host(&text[at..at + domain]) {
            return Some(start..at + domain);
        }
        floor = at;
    }
    None
}

/// How many bytes the sign takes that the text begins with: `@`, `%40`, `%2540` and so on.
fn sign_bytes(text: &[u8], plain: u8, hex: &[u8; 2]) -> Option<usize> {
    match text.first() {
        Some(first) if *first == plain => return Some(1),
        Some(b'%') => {}
        _ => return None,
    }
    let mut at = 1;
    while text.get(at..at + 2) == Some(b"25") {
        at += 2;
    }
    text.get(at..at + 2).is_some_and(|digits| digits.eq_ignore_ascii_case(hex)).then_some(at + 2)
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "._+-%'!$~*^`{}|".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// Whether what follows an at sign can be a host: letters at its end, or four numbers. `react@18.2.0` is a version.
fn names_a_host(domain: &str) -> bool {
    let domain = domain.trim_end_matches(['.', '-', '_']);
    let last = domain.rsplit('.').next().unwrap_or_default();
    last.chars().any(char::is_alphabetic) || domain.split('.').filter(|label| !label.is_empty()).count() == 4
}

fn head_bytes(text: &str, fits: fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

fn tail_bytes(text: &str, fits: fn(char) -> bool) -> usize {
    text.len() - text.trim_end_matches(fits).len()
}

/// The first token or secret at or after `from`, which is the start of the text or the end of a masked piece.
fn secret_from(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(step) = bytes[at..].iter().position(|b| is_secret_byte(*b)) {
        let start = at + step;
        let end = start + bytes[start..].iter().position(|b| !is_secret_byte(*b)).unwrap_or(text.len() - start);
        if let Some(found) = secret_in(text, start..end) {
            return Some(found);
        }
        at = end;
    }
    None
}

const fn is_secret_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+')
}

/// The part of a run of letters, digits and `-_+` that must not stay.
fn secret_in(text: &str, run: Range<usize>) -> Option<Range<usize>> {
    let word = &text[run.clone()];
    if let Some(start) = json_start(word) {
        let rest = &text.as_bytes()[run.end..];
        let more = rest.iter().position(|b| !is_secret_byte(*b) && !matches!(b, b'.' | b'='));
        return Some(run.start + start..run.end + more.unwrap_or(rest.len()));
    }
    if word.len() < SECRET_BYTES_MIN {
        return None;
    }
    if let Some(start) = uuid_start(word.as_bytes()) {
        return Some(run.start + start..run.start + start + UUID_BYTES);
    }
    if !is_noise(word) {
        return None;
    }
    let padding = text.as_bytes()[run.end..].iter().take_while(|b| **b == b'=').count();
    Some(run.start..run.end + padding)
}

/// Where base64 of a JSON object begins, as each part of a JWT does.
fn json_start(word: &str) -> Option<usize> {
    if word.len() < JSON_BYTES_MIN {
        return None;
    }
    let start = word.find("eyJ")?;
    let stands_alone = start == 0 || !word.as_bytes()[start - 1].is_ascii_alphanumeric();
    (stands_alone && word.len() - start >= JSON_BYTES_MIN).then_some(start)
}

/// Where a UUID begins: hexadecimal digits in groups of 8, 4, 4, 4 and 12.
fn uuid_start(word: &[u8]) -> Option<usize> {
    word.windows(UUID_BYTES).position(|window| {
        window.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    })
}

/// Whether a long run mixes letters and digits, or capitals and small letters, as no writer does.
fn is_noise(word: &str) -> bool {
    let has = |fits: fn(&u8) -> bool| word.bytes().any(|b| fits(&b));
    let (capitals, small, digits) = (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase), has(u8::is_ascii_digit));
    if usize::from(capitals) + usize::from(small) + usize::from(digits) < 2 {
        return false;
    }
    let noise: usize = word.split(['-', '_', '+']).filter(|part| !is_word(part)).map(str::len).sum();
    // A slug may end with a short hash, but slugs with hashes are written in small letters.
    if capitals && small { noise > 0 } else { noise * 2 >= word.len() }
}

/// Whether one part of a slug reads like a word, a number, or a word with a number in, before or after it: `storage`,
/// `2024`, `rtx4090`, `256gb`, `ReleaseNotes2`.
fn is_word(part: &str) -> bool {
    let digit_groups = part.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).count();
    let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
    let capitals = part.bytes().filter(u8::is_ascii_uppercase).count();
    let is_long = part.len() >= SECRET_BYTES_MIN;
    match digit_groups {
        _ if letters == 0 || part.len() <= 5 => true,
        0 => !is_long || capitals == letters || capitals * 3 <= letters,
        1 if part.len() < 10 => true,
        1 if is_long => letters >= 8 && capitals * 4 <= letters + 3,
        1 => capitals == letters || capitals * 4 <= letters + 3,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_names_are_left_alone_and_not_copied() {
        for text in [
            "/",
            "",
            "/blog/2024/how-we-built-the-new-storage-engine",
            "/blog/how-we-built-the-new-storage-engine-in-2024",
            "/product/12345-silver-river",
            "/product/iphone-15-pro-max-256gb-black",
            "/vergleich/rtx4090-vs-rx7900xtx-benchmark",
            "/docs/getElementsByClassNameAndReturnThem",
            "/docs/TheLongCamelCaseNameOfPages2",
            "/donaudampfschifffahrtsgesellschaftskapitaen",
            "/Rindfleischetikettierungsüberwachungsaufgabe2024",
            "/windows11installationsanleitung",
            "/статьи/как-мы-построили-новое-хранилище-2024",
            "/記事/新しいストレージエンジンの作り方-2024",
            "/مقالات/كيف-بنينا-محرك-التخزين",
            "/assets/app.9f8a7b.js",
            "/assets/chunk-vendors.3f2a1b9c.css",
            "/img/IMG_20240315_123456789.jpg",
            "/2024/03/15/release-v1-2-3-notes",
            "/commit/9f8a7b6",
            "/@alice",
            "/npm/react@18.2.0/index.js",
            "/npm/@scope/package",
            "/100%25-wool",
            "/events/1712345678901234567890",
            "/a-story-on-medium-with-a-long-title-4f9a8b2c1d3e",
            "newsletter_2024_spring_sale_week_12",
            "meet @ noon, 5 @ 10",
            "C++ and C#",
            "covid19-vaccine-b2b-q3-report",
            "/windows-10-vs-windows-11-64bit-32bit",
            "/Upgrading-to-PostgreSQL-17-with-GraphQL",
            "/iPhone15Pro-vs-S24Ultra-vs-RTX4090Ti-2024",
            "/wiki/What_is_new_in_iOS18_and_macOS15",
        ] {
            assert!(matches!(name(text), Cow::Borrowed(kept) if kept == text), "{text} -> {}", name(text));
        }
    }

    #[test]
    fn mail_addresses_never_survive() {
        for (text, want) in [
            ("bob@example.com", ":email"),
            ("/user/bob@example.com", "/user/:email"),
            ("/user/bob@example.com/settings", "/user/:email/settings"),
            ("/user/bob%40example.com/settings", "/user/:email/settings"),
            ("/user/bob%2540example.com", "/user/:email"),
            ("/user/bob%252540example.com", "/user/:email"),
            ("mail=bob@example.com", "mail=:email"),
            ("?mail=bob@example.com&x=1", "?mail=:email&x=1"),
            ("write to bob.smith+tag@mail.example.co.uk, please", "write to :email, please"),
            ("<bob@example.com>", "<:email>"),
            ("a@b.de,c@d.de;e@f.de", ":email,:email;:email"),
            ("mailto:bob@example.com", "mailto::email"),
            ("BOB@EXAMPLE.COM", ":email"),
            ("jürgen@müller.de", ":email"),
            ("用户@例子.中国", ":email"),
            ("o'neil@example.com", ":email"),
            ("bob_smith-1@ex-ample.museum.", ":email"),
            ("/unsubscribe/bob@localhost", "/unsubscribe/:email"),
            ("bob@192.168.1.20", ":email"),
            ("/@alice@social.example", "/@:email"),
            ("#/users/bob@example.com", "#/users/:email"),
            ("bob\u{0}@exam\nple.com", ":email"),
            ("@@bob@example.com", "@@:email"),
            ("%40%40bob%40example.com", "%40%40:email"),
            ("x@1.2 bob@example.com", "x@1.2 :email"),
            ("(bob@example.com)", "(:email)"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn tokens_and_long_secrets_never_survive() {
        for (text, want) in [
            ("/reset/9f8a7b6c5d4e3f2a1b0c", "/reset/:token"),
            ("/reset/9F8A7B6C5D4E3F2A1B0C/now", "/reset/:token/now"),
            ("token=d41d8cd98f00b204e9800998ecf8427e", "token=:token"),
            ("/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.js", "/:token.js"),
            ("/order/550e8400-e29b-41d4-a716-446655440000", "/order/:token"),
            ("/order/550E8400-E29B-41D4-A716-446655440000/pay", "/order/:token/pay"),
            ("/red-shoe-550e8400-e29b-41d4-a716-446655440000", "/red-shoe-:token"),
            ("{11111111-2222-3333-4444-555555555555}", "{:token}"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", ":token"),
            ("/cb#id_token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.", "/cb#id_token=:token"),
            ("state=eyJpZCI6MX0abcd&x", "state=:token&x"),
            ("/magic/V1StGXR8Z5jdHi6BmyT3", "/magic/:token"),
            ("key sk_live_51HqLyjWDarjtT1zdp7dcXYZ is live", "key :token is live"),
            ("AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", ":token"),
            ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", ":token"),
            ("/s/ya29.a0AfH6SMBx3k9ZqLw7TtY2pVb", "/s/ya29.:token"),
            ("dGhpcyBpcyBhIHNlY3JldCB0b2tlbiE0Mg==", ":token"),
            ("/AKIAIOSFODNN7EXAMPLE42Z", "/:token"),
            ("/JBSWY3DPEHPK3PXPJBSWY3DP", "/:token"),
            ("jsessionid=1A530637289A03B07199A44E8D531427;x", "jsessionid=:token;x"),
            ("/invite/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/invite/:token"),
            ("/i/ckxq3j8s90000zq5h2f6k1d9w", "/i/:token"),
            ("a d41d8cd98f00b204e9800998ecf8427e b 9f8a7b6c5d4e3f2a1b0c", "a :token b :token"),
            ("é9f8a7b6c5d4e3f2a1b0cé", "é:tokené"),
            ("x-9f8a7b6c5d4e3f2a1b0c9f8a", ":token"),
            ("/n/V1StGXR8_Z5jdHi6B-myT", "/n/:token"),
            ("/n/rFSQQxgmodvdvyQnmkDkffXYZQW", "/n/:token"),
            ("xoxb+12ab34cd56ef78ab90cd12ef", ":token"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let text = "ü".repeat(NAME_BYTES_MAX);
        assert_eq!(name(&text).len(), NAME_BYTES_MAX);
        let odd = format!("x{text}");
        assert_eq!(name(&odd).len(), NAME_BYTES_MAX - 1);
        assert!(matches!(name(&odd), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_bounded_name_without_controls(text in "\\PC*|[a-z@%4025./=\\x00-\\x1f-]{0,80}") {
            let kept = name(&text);
            prop_assert!(kept.len() <= NAME_BYTES_MAX);
            prop_assert!(!kept.chars().any(char::is_control));
        }

        #[test]
        fn a_hexadecimal_secret_is_found_anywhere(secret in "[0-9a-f]{32}", before in "[a-z/ =.?&]{0,9}[/ =.?&]") {
            prop_assume!(secret.bytes().any(|b| b.is_ascii_digit()) && secret.bytes().any(|b| b.is_ascii_alphabetic()));
            let text = format!("{before}{secret}");
            prop_assert!(!name(&text).contains(&secret));
        }
    }
}
