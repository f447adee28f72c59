//! In: a text that came from outside and is about to become a stored name. Out: the same text, fit to be stored.
//! Forgets: what tells one person from others: mail addresses (`:email`), addresses of machines (`:ip`), numbers of cards (`:card`),
//! accounts (`:iban`), identities (`:id`) and phones (`:phone`), tokens and other secrets (`:token`); the queries of addresses,
//! characters that nobody sees, and what is longer than [`NAME_BYTES_MAX`].
//!
//! Every text that becomes a name passes [`name`]: paths, hosts, event names, keys and values of properties, campaign values. It
//! reads texts as they came, and once more as they read when entities, percent signs, and digits and signs of other scripts
//! are written plainly.

pub(in crate::hit) mod address;
mod found;
mod ip;
mod mail;
mod number;
mod phone;
mod secret;
mod written;

pub use found::found;
pub use ip::is_hardly_a_version;
pub use written::entity;

use std::borrow::Cow;
use std::ops::Range;

use crate::cell::folding::OTHER_CHILD;
use crate::limits;
use crate::limits::NAME_BYTES_MAX;

/// What stands for a mail address.
const EMAIL: &str = ":email";
/// What stands for the address of a machine.
const IP: &str = ":ip";
/// What stands for a number that calls somebody.
const PHONE: &str = ":phone";
/// What stands for a token.
const TOKEN: &str = ":token";
/// All that stands for something that was masked.
pub const PLACEHOLDERS: [&str; 7] = [EMAIL, IP, PHONE, TOKEN, number::CARD, number::IBAN, number::ID];

/// The text as it may be stored. Borrowed, without a copy, when nothing had to go.
pub fn name(text: &str) -> Cow<'_, str> {
    let signs = Signs::of(text);
    if signs.are_plain() {
        return Cow::Borrowed(bounded(text));
    }
    let mut masked = if signs.has(FOREIGN) { written::visible(text) } else { Cow::Borrowed(text) };
    if signs.has(SIGN) {
        address::cut(&mut masked);
        disown(&mut masked);
    }
    let plain = if signs.has(SIGN | FOREIGN) { written::plainly(&masked) } else { None };
    let signs = if matches!(masked, Cow::Owned(_)) { Signs::of(&masked) } else { signs };
    mask(&mut masked, &signs);
    if let Some(plain) = plain.and_then(masked_plain)
        && plain != written::plainly(&masked).as_deref().unwrap_or(&masked)
    {
        masked = Cow::Owned(plain);
    }
    match masked {
        Cow::Borrowed(kept) => Cow::Borrowed(bounded(kept)),
        Cow::Owned(mut kept) => {
            kept.truncate(bounded(&kept).len());
            Cow::Owned(kept)
        }
    }
}

/// Takes the colon from a part that reads like [`OTHER_CHILD`]: only pages that were counted together may be called so.
fn disown(text: &mut Cow<'_, str>) {
    if text.contains(OTHER_CHILD) {
        let (part, without) = (["/", OTHER_CHILD].concat(), ["/", &OTHER_CHILD[1..]].concat());
        *text = Cow::Owned(text.replace(&part, &without));
    }
}

/// A text that is written plainly, masked; nothing if nothing has to go.
fn masked_plain(text: String) -> Option<String> {
    let mut plain = Cow::Owned(text);
    address::cut(&mut plain);
    let signs = Signs::of(&plain);
    mask(&mut plain, &signs).then(|| plain.into_owned())
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

/// What a look at each byte of a text tells of it: enough to leave ordinary names alone.
struct Signs {
    classes: u8,
    colons: usize,
    /// Most digits in a run of what may stand in a number.
    digits: usize,
    /// Longest run of letters, digits and what may join them.
    run: usize,
}

/// The byte is a digit.
const DIGIT: u8 = 1;
/// The byte may belong to a sign of a mail address, of an address of the web, or to one in other words.
const SIGN: u8 = 2;
/// The byte is a control character, or part of one that is not ASCII.
const FOREIGN: u8 = 4;
/// The byte may belong to a secret, see `secret.rs`.
const JOINED: u8 = 8;
/// The byte is an at sign or a percent sign.
const AT: u8 = 16;
/// The byte is a colon.
const COLON: u8 = 32;
/// The byte may divide the groups of a number, and is not [`JOINED`].
const GAP: u8 = 64;
/// The byte is a capital.
const CAPITAL: u8 = 128;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < classes.len() {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT | JOINED,
            b'A'..=b'Z' => JOINED | CAPITAL,
            b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' | b'+' | b'|' | b'!' | b'*' | b'$' | b',' | b';' => JOINED,
            b':' => SIGN | COLON | JOINED,
            b'@' | b'%' => SIGN | AT,
            b'(' => SIGN | GAP,
            b' ' | b')' => GAP,
            b'?' | b'&' | b'[' | b'{' | b'<' | b'\\' => SIGN,
            0..0x20 | 0x7f.. => FOREIGN,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

impl Signs {
    fn of(text: &str) -> Signs {
        let mut signs = Signs { classes: 0, colons: 0, digits: 0, run: 0 };
        let (mut digits, mut run) = (0, 0);
        for byte in text.bytes() {
            let class = CLASSES[usize::from(byte)];
            signs.classes |= class;
            signs.colons += usize::from(class & COLON > 0);
            run = if class & JOINED > 0 { run + 1 } else { 0 };
            signs.run = signs.run.max(run);
            digits = if class & (JOINED | GAP) > 0 { digits + usize::from(class & DIGIT) } else { 0 };
            signs.digits = signs.digits.max(digits);
        }
        signs
    }

    const fn has(&self, classes: u8) -> bool {
        self.classes & classes != 0
    }

    /// Whether nothing can be in the text that has to go.
    const fn are_plain(&self) -> bool {
        !self.has(SIGN | FOREIGN)
            && self.digits < limits::IP_DIGITS_MIN
            && self.run < limits::SECRET_RUN_BYTES_MIN
            && !self.may_be_slashed()
    }

    /// Whether slashes may divide a secret.
    const fn may_be_slashed(&self) -> bool {
        self.has(CAPITAL) && self.has(DIGIT)
    }
}

/// Puts marks in the place of everything that must not stay; tells whether there was anything.
fn mask(text: &mut Cow<'_, str>, signs: &Signs) -> bool {
    let of = |mark: &'static str, find: fn(&str, usize) -> Option<Range<usize>>| {
        move |text: &str, from: usize| find(text, from).map(|found| (found, mark))
    };
    let mut has_any = signs.has(AT) && replace(text, of(EMAIL, mail::from));
    if signs.run >= secret::UUID_BYTES {
        has_any |= replace(text, of(TOKEN, secret::uuid_from));
    }
    if signs.digits >= limits::IP_DIGITS_MIN || signs.colons >= 2 {
        has_any |= replace(text, of(IP, ip::from));
    }
    if signs.digits >= limits::NUMBER_DIGITS_MIN || signs.colons >= 5 {
        has_any |= replace(text, number::from);
    }
    if signs.run >= limits::SECRET_RUN_BYTES_MIN {
        has_any |= replace(text, of(TOKEN, secret::from));
    }
    if signs.may_be_slashed() && text.contains('/') {
        has_any |= replace(text, of(TOKEN, secret::slashed));
    }
    if signs.digits >= limits::PHONE_DIGITS_MIN {
        has_any |= replace(text, of(PHONE, phone::from));
    }
    has_any
}

/// Puts a mark in the place of everything that `find` finds, from left to right; tells whether it found anything.
fn replace(text: &mut Cow<'_, str>, find: impl Fn(&str, usize) -> Option<(Range<usize>, &'static str)>) -> bool {
    let mut out = String::new();
    let mut kept = 0;
    while let Some((found, mark)) = find(text, kept) {
        out.push_str(&text[kept..found.start]);
        out.push_str(mark);
        kept = found.end;
    }
    if kept == 0 {
        return false;
    }
    out.push_str(&text[kept..]);
    *text = Cow::Owned(out);
    true
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

/// Whether it is a day of the last hundred years or the next, with or without signs: `2024-03-15`, `20240315`.
fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (month, day) = match bytes.len() {
        8 => (4, 6),
        10 if bytes[4] == bytes[7] && !bytes[4].is_ascii_digit() => (5, 8),
        _ => return false,
    };
    let part = |at: usize| text.get(at..at + 2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    matches!(part(0), 19 | 20) && part(2) < 100 && (1..=12).contains(&part(month)) && (1..=31).contains(&part(day))
}

fn tail_bytes(text: &str, fits: fn(char) -> bool) -> usize {
    text.len() - text.trim_end_matches(fits).len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nobody_calls_a_page_as_those_are_called_that_were_counted_together() {
        for (sent, kept) in
            [("/blog/:other", "/blog/other"), ("/:other/:other/x", "/other/other/x"), ("say :other", "say :other")]
        {
            assert_eq!(name(sent), kept);
            assert_eq!(name(kept), kept);
        }
    }

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
    fn a_text_costs_no_more_than_its_length() {
        let begun = std::time::Instant::now();
        for part in [":", "1:", "a1:", "::1", ".:", "9f:", "(at)", "[at]", "1.2.3.", "12-", "a@b", "%25", "&#"] {
            name(&part.repeat(8_000 / part.len()));
        }
        // All of it is well below a second; one that was read anew from each sign on took most of a minute.
        assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
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
            ("/s/ya29.a0AfH6SMBx3k9ZqLw7TtY2pVb", "/s/:token"),
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
