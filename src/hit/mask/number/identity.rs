//! Whether a state gave a number to one person, or a maker to one machine.
//!
//! Kinds without a check digit count only in the groups that they are written in, or behind a word that names them.

use super::{Number, is_ean, luhn, word_before};

/// Words before a number that say what it is, lower case.
#[rustfmt::skip]
const WORDS: [&str; 30] = [
    "ssn", "nino", "nir", "insee", "dni", "nif", "bsn", "pesel", "cpf", "cpr", "cnp", "egn", "tfn", "svnr", "ahv", "avs", "curp", "aadhaar",
    "idnr", "steuerid", "steueridnr", "passport", "passnummer", "reisepass", "personnummer", "socialsecurity", "personalausweis",
    "taxid", "nationalid", "itin",
];

pub(super) fn is_one(number: &Number, before: &str) -> bool {
    let kind = if number.is_digits() { of_digits(number) } else { of_letters(number) };
    kind || is_announced(number, before)
}

fn is_announced(number: &Number, before: &str) -> bool {
    let digits = number.text().iter().filter(|byte| byte.is_ascii_digit()).count();
    let word = word_before(before);
    let is_day = number.groups() == [4, 2, 2] && is_date(&number.text()[2..], DateOrder::Year);
    !is_day && digits >= 7 && digits + 3 >= number.length && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn of_digits(number: &Number) -> bool {
    let (text, groups) = (number.text(), number.groups());
    let is_alone = groups.len() > 1 && !number.has_neighbours;
    match (text.len(), groups) {
        (9, [3, 2, 4]) => is_alone && number.separator != b'.' && is_ssn(text),
        (11, [11] | [2, 3, 3, 3]) => is_german(text) || groups.len() == 1 && is_of_eleven(text),
        (11, [3, 3, 3, 2]) => is_brazilian(text),
        (11, [6, 5]) => is_norwegian(text),
        (11, [2, 2, 2, 3, 2]) => is_belgian(text),
        (10, [6, 4]) | (12, [8, 4]) => is_swedish(number),
        (12, [4, 4, 4]) => is_alone && matches!(text[0], b'2'..=b'9') && verhoeff(text),
        (13, [13] | [3, 4, 4, 2]) => text.starts_with(b"756") && is_ean(text),
        (13, [6, 7]) => is_alone && is_date(&text[..6], DateOrder::Year) && matches!(text[6], b'1'..=b'8'),
        (15, _) => is_french(text, 0),
        (18, [18] | [6, 8, 4]) => is_chinese(text),
        _ => false,
    }
}

fn of_letters(number: &Number) -> bool {
    let (text, groups) = (number.text(), number.groups());
    match text.len() {
        9 => {
            matches!(groups, [9] | [2, 2, 2, 2, 1] | [2, 6, 1]) && is_british(text)
                || matches!(groups, [9] | [8, 1] | [1, 7, 1] | [1, 8]) && is_spanish(text)
        }
        10 => matches!(groups, [6, 4]) && is_finnish(text),
        12 if groups.len() == 6 => groups.iter().all(|length| *length == 2) && is_machine(number),
        12 if groups.len() == 3 => number.separator == b'.' && groups == [4, 4, 4] && is_machine(number),
        12 => is_pension(text),
        15 => is_french(text, 1),
        16 => is_italian(text),
        18 => is_chinese(text),
        _ => false,
    }
}

fn value(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum()
}

enum DateOrder {
    Year,
    Day,
}

/// Whether six digits are a date.
fn is_date(digits: &[u8], order: DateOrder) -> bool {
    let part = |at: usize| value(&digits[at..at + 2]);
    let (month, day) = match order {
        DateOrder::Year => (part(2), part(4)),
        DateOrder::Day => (part(2), part(0)),
    };
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// United States: areas, groups and serials that were never given out are none; with those of taxpayers without one (ITIN).
fn is_ssn(text: &[u8]) -> bool {
    let (area, group, serial) = (value(&text[..3]), value(&text[3..5]), value(&text[5..]));
    let is_taxpayer = area >= 900 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99);
    area > 0 && group > 0 && serial > 0 && area != 666 && (area < 900 || is_taxpayer)
}

/// United Kingdom: the National Insurance number; `QQ` is what examples have.
fn is_british(text: &[u8]) -> bool {
    let fits = |byte: u8, without: &[u8]| byte.is_ascii_uppercase() && !without.contains(&byte);
    let is_number = text[2..8].iter().all(u8::is_ascii_digit);
    let is_void = [b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].iter().any(|void| text.starts_with(*void));
    is_number
        && (text.starts_with(b"QQ") || fits(text[0], b"DFIQUV") && fits(text[1], b"DFIOQUV") && !is_void)
        && matches!(text[8], b'A'..=b'D')
}

/// Spain: eight digits, or a letter and seven, and a letter that follows from them.
fn is_spanish(text: &[u8]) -> bool {
    let mut digits = [0; 8];
    digits.copy_from_slice(&text[..8]);
    match digits[0] {
        b'X' | b'Y' | b'Z' => digits[0] -= b'X' - b'0',
        b'0'..=b'9' => {}
        _ => return false,
    }
    let is_stamp = matches!(digits[..2], [b'1', b'9'] | [b'2', b'0']) && is_date(&digits[2..], DateOrder::Year);
    digits.iter().all(u8::is_ascii_digit)
        && b"TRWAGMYFPDXBNJZSQVHLCKE"[(value(&digits) % 23) as usize] == text[8]
        && !is_stamp
}

/// France: sex, year, month, department, and a key by 97. In Corsica the department has a letter.
fn is_french(text: &[u8], letters: usize) -> bool {
    let corsica = match text[5..7] {
        [b'2', b'A'] => 19,
        [b'2', b'B'] => 18,
        _ => 0,
    };
    if text.iter().filter(|byte| !byte.is_ascii_digit()).count() != letters || (corsica > 0) != (letters > 0) {
        return false;
    }
    let mut digits = [0; 15];
    digits.copy_from_slice(text);
    if corsica > 0 {
        digits[5..7].copy_from_slice(&[b'0' + corsica / 10, b'0' + corsica % 10]);
    }
    let month = value(&digits[3..5]);
    matches!(digits[0], b'1'..=b'4' | b'7' | b'8')
        && matches!(month, 1..=12 | 20 | 30..=42 | 50..=99)
        && value(&digits[..13]) % 97 + value(&digits[13..]) == 97
}

/// Germany: the tax id. Of its first ten digits exactly one comes twice or three times (ISO 7064, mod 11,10).
fn is_german(text: &[u8]) -> bool {
    let mut counts = [0; 10];
    text[..10].iter().for_each(|digit| counts[usize::from(digit - b'0')] += 1);
    let many = counts.iter().filter(|count| **count > 1).count();
    let product = text[..10].iter().fold(10, |product, digit| {
        let sum = (u32::from(digit - b'0') + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    text[0] != b'0'
        && many == 1
        && counts.iter().all(|count| *count <= 3)
        && (11 - product) % 10 == u32::from(text[10] - b'0')
}

/// Germany: the number of the pension insurance: office, birthday, first letter of the name, serial, check digit.
fn is_pension(text: &[u8]) -> bool {
    let is_digit =
        |(place, byte): (usize, &u8)| if place == 8 { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() };
    if !text.iter().enumerate().all(is_digit) || !is_date(&text[2..8], DateOrder::Day) {
        return false;
    }
    let letter = text[8] - b'A' + 1;
    let plain = [&text[..8], &[b'0' + letter / 10, b'0' + letter % 10], &text[9..11]].concat();
    let sum: u32 = plain
        .iter()
        .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    sum % 10 == u32::from(text[11] - b'0')
}

/// Eleven digits in one: Poland, Norway, Brazil, Belgium, Turkey.
fn is_of_eleven(text: &[u8]) -> bool {
    is_polish(text) || is_norwegian(text) || is_brazilian(text) || is_belgian(text) || is_turkish(text)
}

/// Poland: a birthday whose month tells the century, and a check digit.
fn is_polish(text: &[u8]) -> bool {
    let (month, day) = (value(&text[2..4]), value(&text[4..6]));
    let sum = weighted(&text[..10], &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    matches!(month, 1..=12 | 21..=32) && (1..=31).contains(&day) && (10 - sum % 10) % 10 == u32::from(text[10] - b'0')
}

/// Norway: a birthday and two check digits.
fn is_norwegian(text: &[u8]) -> bool {
    let day = value(&text[..2]) % 40;
    (1..=31).contains(&day)
        && (1..=12).contains(&value(&text[2..4]))
        && weighted(text, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && weighted(text, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Brazil: two check digits.
fn is_brazilian(text: &[u8]) -> bool {
    let check = |sum: u32| if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
    let digit = |at: usize| u32::from(text[at] - b'0');
    text.iter().any(|byte| *byte != text[0])
        && check(weighted(&text[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2])) == digit(9)
        && check(weighted(&text[..10], &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])) == digit(10)
}

/// Belgium: a birthday, a serial, and a check by 97, of those born since 2000 with a 2 in front.
fn is_belgian(text: &[u8]) -> bool {
    let (body, check) = (value(&text[..9]), value(&text[9..]));
    is_date(&text[..6], DateOrder::Year) && (97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check)
}

/// Turkey: two check digits.
fn is_turkish(text: &[u8]) -> bool {
    let digit = |at: usize| u32::from(text[at] - b'0');
    let (odd, even): (u32, u32) = ((0..9).step_by(2).map(digit).sum(), (1..8).step_by(2).map(digit).sum());
    text[0] != b'0' && (odd * 7 + 90 - even) % 10 == digit(9) && (0..10).map(digit).sum::<u32>() % 10 == digit(10)
}

/// Sweden: a birthday, a serial and the check of cards. Four digits that are a time make it a moment.
fn is_swedish(number: &Number) -> bool {
    let text = number.text();
    let ten = &text[text.len() - 10..];
    let is_time = value(&ten[6..8]) < 24 && value(&ten[8..]) < 60;
    matches!(number.separator, b'-' | b'+')
        && !number.has_neighbours
        && !is_time
        && is_date(ten, DateOrder::Year)
        && luhn(ten)
}

/// Finland: a birthday, a serial, and a sign by 31.
fn is_finnish(text: &[u8]) -> bool {
    let is_number = text[..9].iter().all(u8::is_ascii_digit);
    is_number
        && is_date(text, DateOrder::Day)
        && b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(value(&text[..9]) % 31) as usize] == text[9]
}

/// China: region, birthday, serial, and a check (ISO 7064, mod 11-2).
fn is_chinese(text: &[u8]) -> bool {
    let is_number = text[..17].iter().all(u8::is_ascii_digit);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    is_number
        && matches!(text[6..8], [b'1', b'9'] | [b'2', b'0'])
        && is_date(&text[8..14], DateOrder::Year)
        && b"10X98765432"[(weighted(&text[..17], &weights) % 11) as usize] == text[17]
}

/// Italy: letters of the name, year, month, day, place, and a letter to check.
fn is_italian(text: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let fits = |(place, byte): (usize, &u8)| match place {
        0..6 | 11 | 15 => byte.is_ascii_uppercase(),
        8 => b"ABCDEHLMPRST".contains(byte),
        _ => byte.is_ascii_digit(),
    };
    let worth = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
    let sum = text[..15].iter().enumerate().map(|(place, byte)| {
        let worth = worth(*byte);
        if place % 2 == 0 { ODD[usize::from(worth)] } else { u32::from(worth) }
    });
    text.iter().enumerate().all(fits) && sum.sum::<u32>() % 26 == u32::from(worth(text[15]))
}

/// The address of a network card: twelve hexadecimal digits, not all of them decimal.
fn is_machine(number: &Number) -> bool {
    number.text().iter().all(u8::is_ascii_hexdigit) && matches!(number.separator, b':' | b'-' | b'.')
}

/// The check of India's Aadhaar (Verhoeff).
fn verhoeff(digits: &[u8]) -> bool {
    /// Adding in the group of the pentagon's turns and flips.
    const fn added(a: u8, b: u8) -> u8 {
        match (a < 5, b < 5) {
            (true, true) => (a + b) % 5,
            (true, false) => (a + b - 5) % 5 + 5,
            (false, true) => (a - 5 + 5 - b) % 5 + 5,
            (false, false) => (a + 5 - b) % 5,
        }
    }
    const TURN: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permuted = |digit: u8, times: usize| (0..times % 8).fold(digit, |digit, _| TURN[usize::from(digit)]);
    digits.iter().rev().enumerate().fold(0, |sum, (place, digit)| added(sum, permuted(digit - b'0', place))) == 0
}

#[cfg(test)]
mod tests {
    use super::super::super::name;

    /// Texts, and what is left of them.
    const OF_PERSONS: &[(&str, &str)] = &[
        ("/ssn/123-45-6789", "/ssn/:id"),
        ("/reset-123-45-6789", "/reset-:id"),
        ("123 45 6789", ":id"),
        ("ssn=123456789", "ssn=:id"),
        ("912-70-1234", ":id"),
        ("AB123456C", ":id"),
        ("/QQ 12 34 56 C", "/:id"),
        ("ab-12-34-56-c", ":id"),
        ("12345678Z", ":id"),
        ("12345678-Z", ":id"),
        ("X1234567L", ":id"),
        ("255081416802538", ":id"),
        ("2 55 08 14 168 025 38", ":id"),
        ("180012A00412343", ":id"),
        ("86095742719", ":id"),
        ("86 095 742 719", ":id"),
        ("65170839J003", ":id"),
        ("65 170839 J 003", ":id"),
        ("44051401359", ":id"),
        ("529.982.247-25", ":id"),
        ("52998224725", ":id"),
        ("85.07.30-033.28", ":id"),
        ("10000000146", ":id"),
        ("811218-9876", ":id"),
        ("19811218-9876", ":id"),
        ("131052-308T", ":id"),
        ("756.9217.0769.85", ":id"),
        ("11010519491231002X", ":id"),
        ("RSSMRA85T10A562S", ":id"),
        ("900101-1234567", ":id"),
        ("2341 2341 2346", ":id"),
        ("00:1a:2b:3c:4d:5e", ":id"),
        ("/mac/00-1A-2B-3C-4D-5E", "/mac/:id"),
        ("passport: C01X0006H", "passport: C01X0006H"),
        ("passport C01000065", "passport :id"),
    ];

    #[test]
    fn numbers_of_persons_never_survive() {
        for (text, want) in OF_PERSONS.iter().copied() {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "000-12-3456",
            "666-12-3456",
            "123-45-67890",
            "2024-123-45-6789",
            "GB123456A",
            "AB123456E",
            "12345678A",
            "20240315a",
            "/86095742718",
            "240315-1030",
            "20240315-1030",
            "10:20:30:40:50:60",
            "/isbn/0-306-40615-2",
            "/2024-03-15",
            "12345678901",
            "100-20-300",
            "/10.5281/zenodo.1234567",
        ] {
            assert_eq!(name(text), text);
        }
    }
}
