//! Finds numbers in a text that belong to one person: of cards, accounts and identities.
//!
//! Most numbers in addresses are none. So a number must have the length, the beginning, the groups and, where there is one, the
//! check digit of its kind; dates, timestamps, articles and ISBNs fail at one of them.

mod identity;

use std::ops::Range;

use crate::limits;

/// What stands for the number of a card.
pub(super) const CARD: &str = ":card";
/// What stands for the number of an account.
pub(super) const IBAN: &str = ":iban";
/// What stands for a number that a state, or a maker of machines, gave out.
pub(super) const ID: &str = ":id";
/// Words before the number of a card, lower case.
const CARD_WORDS: [&str; 6] = ["card", "cardnumber", "creditcard", "cc", "pan", "kreditkarte"];

/// A number in its groups, without what divides them, in capitals.
struct Number {
    bytes: [u8; limits::NUMBER_BYTES_MAX],
    length: usize,
    groups: [u8; limits::NUMBER_GROUPS_MAX],
    count: usize,
    /// What divides the first two groups.
    separator: u8,
    /// Whether one sign divides all groups.
    is_even: bool,
    /// Whether a digit stands before or behind it as a further group.
    has_neighbours: bool,
}

impl Number {
    fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn groups(&self) -> &[u8] {
        &self.groups[..self.count]
    }

    fn is_digits(&self) -> bool {
        self.text().iter().all(u8::is_ascii_digit)
    }
}

/// The first number at or after `from`, and its mark.
pub(super) fn from(text: &str, from: usize) -> Option<(Range<usize>, &'static str)> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(step) = bytes[at..].iter().position(u8::is_ascii_alphanumeric) {
        let start = at + step;
        // `IBANDE89 3704 ..`: the word is no part of the number.
        if bytes[start..].get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"IBAN"))
            && bytes[start + 4..].first().is_some_and(u8::is_ascii_alphanumeric)
            && let Some((length, IBAN)) = longest(text, start + 4)
        {
            return Some((start + 4..start + 4 + length, IBAN));
        }
        let is_apart = start == 0 || !bytes[start - 1].is_ascii_alphanumeric();
        if is_apart
            && begins_one(&bytes[start..])
            && let Some((length, mark)) = longest(text, start)
        {
            return Some((start..start + length, mark));
        }
        at = start + bytes[start..].iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(bytes.len() - start);
    }
    None
}

/// Whether a number can begin here: with a digit, with the letters of a country or a name, or with those of an old code.
fn begins_one(bytes: &[u8]) -> bool {
    let letters = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let next = bytes.get(letters).copied().unwrap_or(b' ');
    match letters {
        0 => true,
        1 | 2 => next.is_ascii_digit() || is_separator(next) || next == b':',
        3..=6 => next.is_ascii_digit() || is_separator(next),
        _ => false,
    }
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'_' | b'+')
}

impl Number {
    fn empty() -> Number {
        Number {
            bytes: [0; limits::NUMBER_BYTES_MAX],
            length: 0,
            groups: [0; limits::NUMBER_GROUPS_MAX],
            count: 0,
            separator: 0,
            is_even: true,
            has_neighbours: false,
        }
    }

    /// Adds a group, for which there is room.
    fn push(&mut self, group: &[u8]) {
        let place = self.length..self.length + group.len();
        self.bytes[place.clone()].copy_from_slice(group);
        self.bytes[place].make_ascii_uppercase();
        self.length += group.len();
        self.groups[self.count] = group.len() as u8;
        self.count += 1;
    }
}

/// The longest number that begins at `start`: its length in the text, and its mark.
fn longest(text: &str, start: usize) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let was_digit = start >= 2 && is_separator(bytes[start - 1]) && bytes[start - 2].is_ascii_digit();
    let mut number = Number::empty();
    let (mut at, mut found) = (start, None);
    loop {
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if length == 0 || number.length + length > limits::NUMBER_BYTES_MAX || number.count == limits::NUMBER_GROUPS_MAX
        {
            return found;
        }
        number.push(&bytes[at..at + length]);
        at += length;
        let next = bytes.get(at).copied().unwrap_or(0);
        let goes_on =
            is_separator(next) || next == b':' && (number.separator == b':' || number.count == 1 && length == 2);
        let is_digit_next = goes_on && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        number.has_neighbours = was_digit || is_digit_next;
        if let Some(mark) = mark(&number, &text[..start]) {
            found = Some((at - start, mark));
        }
        if !goes_on {
            return found;
        }
        number.is_even &= number.count == 1 || next == number.separator;
        number.separator = if number.count == 1 { next } else { number.separator };
        at += bytes[at..]
            .iter()
            .take(limits::NUMBER_GAP_BYTES_MAX)
            .take_while(|byte| **byte == next || is_separator(**byte))
            .count();
    }
}

fn mark(number: &Number, before: &str) -> Option<&'static str> {
    if number.length < 7 {
        return None;
    }
    if is_iban(number) {
        return Some(IBAN);
    }
    if number.is_digits() && is_card(number, before) {
        return Some(CARD);
    }
    identity::is_one(number, before).then_some(ID)
}

/// Lengths of the IBANs of countries (SWIFT's registry, release 98).
#[rustfmt::skip]
const IBANS: [(&[u8; 2], u8); 89] = [
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22), (b"BH", 22), (b"BI", 27),
    (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DJ", 27), (b"DK", 18), (b"DO", 28),
    (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18), (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22), (b"GE", 22), (b"GI", 23),
    (b"GL", 18), (b"GR", 27), (b"GT", 28), (b"HN", 28), (b"HR", 21), (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26),
    (b"IT", 27), (b"JO", 30), (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20), (b"LU", 20), (b"LV", 21),
    (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MN", 20), (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28),
    (b"NL", 18), (b"NO", 15), (b"OM", 23), (b"PK", 24), (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22),
    (b"RU", 33), (b"SA", 24), (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27), (b"SO", 23), (b"ST", 25),
    (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26), (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20), (b"YE", 30),
];

/// Whether it has the length of its country, and the remainder 1 by 97 (ISO 13616).
fn is_iban(number: &Number) -> bool {
    let text = number.text();
    let known = |(country, length): &(&[u8; 2], u8)| text.starts_with(*country) && text.len() == usize::from(*length);
    let rotated = || text[4..].iter().chain(&text[..4]);
    text.len() >= 15
        && text[2..4].iter().all(u8::is_ascii_digit)
        && IBANS.iter().any(known)
        && rotated().fold(0, |rest, byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        }) == 1
}

fn is_card(number: &Number, before: &str) -> bool {
    let (digits, groups) = (number.text(), number.groups());
    if !(13..=19).contains(&digits.len()) || !luhn(digits) {
        return false;
    }
    let is_announced = CARD_WORDS.iter().any(|word| word_before(before).eq_ignore_ascii_case(word));
    let is_usual = groups.len() == 1
        || groups[..groups.len() - 1].iter().all(|length| *length == 4)
        || matches!(groups, [4, 6, 4 | 5]);
    let is_divided = groups.len() > 1
        && number.is_even
        && !number.has_neighbours
        && groups.iter().all(|length| (2..=7).contains(length));
    // An article of a country whose number begins with 4 is no card of 13 digits, of which none is issued any more.
    let is_article = groups.len() == 1 && digits.len() == 13 && is_ean(digits);
    (is_usual || is_divided) && (is_announced || is_issued(digits) && !is_article)
}

/// Whether an issuer of cards has this beginning, at this length (ISO/IEC 7812, as the networks publish their ranges).
fn is_issued(digits: &[u8]) -> bool {
    let first = |count: usize| digits[..count].iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    matches!(
        (digits.len(), first(4)),
        (13 | 16 | 19, 4000..=4999)
            | (16, 5100..=5599 | 2221..=2720)
            | (15, 3400..=3499 | 3700..=3799)
            | (14 | 16, 3000..=3059 | 3095 | 3600..=3699 | 3800..=3999)
            | (16..=19, 6011 | 6440..=6599 | 6200..=6299 | 3528..=3589)
            | (16, 2200..=2204 | 5060..=5061 | 9792 | 6054..=6055 | 8100..=8171)
            | (16..=19, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 | 6771)
    )
}

/// The check of cards (ISO/IEC 7812-1, annex B). Digits all alike are no number.
fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| (place, u32::from(digit - b'0')))
        .map(|(place, digit)| if place % 2 == 1 { doubled(digit) } else { digit })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != digits[0])
}

/// The check of articles (GS1).
fn is_ean(digits: &[u8]) -> bool {
    let weighted = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 1 { 3 } else { 1 });
    weighted.sum::<u32>().is_multiple_of(10)
}

/// The letters at the end of a text, signs aside.
fn word_before(text: &str) -> &str {
    let bare = text.trim_end_matches([':', '/', '=', ' ', '-', '_', '.', '#', '+']);
    let start = bare.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    bare.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::name;

    #[test]
    fn cards_never_survive() {
        for (text, want) in [
            ("/pay/4111111111111111", "/pay/:card"),
            ("4111 1111 1111 1111", ":card"),
            ("/reset-4111-1111-1111-1111", "/reset-:card"),
            ("4111-1111-1111-1111-2024", ":card-2024"),
            ("/x/4111%201111%201111%201111/y", "/x/:card/y"),
            ("4111+1111+1111+1111", ":card"),
            ("4111.1111.1111.1111", ":card"),
            ("4111\u{a0}1111\u{a0}1111\u{a0}1111", ":card"),
            ("4111\u{2011}1111\u{2011}1111\u{2011}1111", ":card"),
            ("\u{ff14}\u{ff11}\u{ff11}\u{ff11}111111111111", ":card"),
            ("\u{664}\u{661}\u{661}\u{661}111111111111", ":card"),
            ("5555555555554444", ":card"),
            ("2223003122003222", ":card"),
            ("378282246310005", ":card"),
            ("3782 822463 10005", ":card"),
            ("30569309025904", ":card"),
            ("3056 930902 5904", ":card"),
            ("6011111111111117", ":card"),
            ("3530111333300000", ":card"),
            ("6759649826438453", ":card"),
            ("6205500000000000004", ":card"),
            ("4222222222222", ":card"),
            ("4000000000000000006", ":card"),
            ("41111-11111-111111", ":card"),
            ("card=9111111111111111", "card=9111111111111111"),
            ("card=1234567812345670", "card=:card"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn accounts_never_survive() {
        for (text, want) in [
            ("/iban/DE89370400440532013000", "/iban/:iban"),
            ("DE89 3704 0044 0532 0130 00", ":iban"),
            ("de89370400440532013000", ":iban"),
            ("/gb29-nwbk-6016-1331-9268-19/x", "/:iban/x"),
            ("to FR14 2004 1010 0505 0001 3M02 606, now", "to :iban, now"),
            ("NO9386011117947", ":iban"),
            ("MT84MALT011000012345MTLCAST001S", ":iban"),
            ("acct-CH9300762011623852957", "acct-:iban"),
            ("BE68+5390+0754+7034", ":iban"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "/item/4006381333931",
            "/isbn/9783161484100",
            "/isbn/978-3-16-148410-0",
            "1712345678901",
            "1712345678901234",
            "1712345678901234567",
            "/20240315123456",
            "/4111111111111112",
            "/de-89-tips",
            "/2024-03-15-10-30-00",
            "de893704004405",
            "0000000000000000",
            "/order/1000000000000009",
            "/no-94-860-11117947-x",
        ] {
            assert_eq!(name(text), text);
        }
    }
}
