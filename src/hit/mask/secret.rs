//! Finds tokens and other secrets in a text.
//!
//! A secret is what no writer of slugs writes: letters and digits that alternate, capitals in the midst of small letters, letters
//! in an order that no language has. The order is judged by `data/letters.tsv`; `tests/ordinary.rs` states how often an
//! ordinary name is taken for a secret, and that no secret is taken for a name.

use std::ops::Range;

use crate::limits;

/// Length of a UUID as text, in bytes.
pub(super) const UUID_BYTES: usize = 36;
/// What keys of services begin with.
#[rustfmt::skip]
const KEY_SIGNS: [&str; 30] = [
    "sk_live_", "sk_test_", "pk_live_", "pk_test_", "rk_live_", "rk_test_", "whsec_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
    "github_pat_", "glpat-", "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "AKIA", "ASIA", "AIza", "ya29.", "SG.", "hf_", "npm_",
    "pypi-", "dop_v1_", "shpat_", "sk-",
];

/// The first token or secret at or after `from`, which is the start of the text or the end of a masked piece.
pub(super) fn from(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(step) = bytes[at..].iter().position(|b| is_joined(*b)) {
        let start = at + step;
        let end = start + bytes[start..].iter().position(|b| !is_joined(*b)).unwrap_or(text.len() - start);
        if end - start >= limits::TOKEN_JSON_BYTES_MIN
            && let Some(found) = in_run(text, start..end)
        {
            return Some(found);
        }
        at = end;
    }
    None
}

/// The first UUID at or after `from`: hexadecimal digits in groups of 8, 4, 4, 4 and 12.
pub(super) fn uuid_from(text: &str, from: usize) -> Option<Range<usize>> {
    let is_uuid = |window: &[u8]| {
        matches!(window[8], b'-' | b'_')
            && window.iter().enumerate().all(|(place, byte)| match place {
                8 | 13 | 18 | 23 => *byte == window[8],
                _ => byte.is_ascii_hexdigit(),
            })
    };
    let start = from + text.as_bytes()[from..].windows(UUID_BYTES).position(is_uuid)?;
    Some(start..start + UUID_BYTES)
}

const fn is_secret_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+')
}

/// What divides a secret, and is never part of one.
const DIVIDERS: [char; 9] = ['.', ':', '~', '|', '!', '*', '$', ',', ';'];

/// Whether a byte may stand within a secret that somebody divided.
const fn is_joined(byte: u8) -> bool {
    is_secret_byte(byte) || matches!(byte, b'.' | b':' | b'~' | b'|' | b'!' | b'*' | b'$' | b',' | b';')
}

/// The first secret within a run of joined bytes.
fn in_run(text: &str, run: Range<usize>) -> Option<Range<usize>> {
    let word = &text[run.clone()];
    let rest = &text.as_bytes()[run.end..];
    if let Some(start) = json_start(word) {
        let more = rest.iter().position(|b| !is_secret_byte(*b) && !matches!(b, b'.' | b'='));
        return Some(run.start + start..run.end + more.unwrap_or(rest.len()));
    }
    if !word
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| part.len() >= limits::SECRET_BYTES_MIN || is_mixed(part))
    {
        return None;
    }
    let found = [key(word), noise(word)].into_iter().flatten().min_by_key(|found| found.start)?;
    let is_at_end = found.end == word.len();
    let padding = if is_at_end { rest.iter().take_while(|b| **b == b'=').count() } else { 0 };
    Some(run.start + found.start..run.start + found.end + padding)
}

/// Where base64 of a JSON object begins, as each part of a JWT does.
fn json_start(word: &str) -> Option<usize> {
    let start = word.find("eyJ")?;
    let stands_alone = start == 0 || !word.as_bytes()[start - 1].is_ascii_alphanumeric();
    (stands_alone && word.len() - start >= limits::TOKEN_JSON_BYTES_MIN).then_some(start)
}

/// Where a key of a known service is.
fn key(word: &str) -> Option<Range<usize>> {
    let bytes = word.as_bytes();
    let starts = (0..word.len()).filter(|at| *at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
    starts
        .filter(|at| {
            matches!(bytes[*at], b's' | b'p' | b'r' | b'w' | b'g' | b'x' | b'A' | b'y' | b'S' | b'h' | b'n' | b'd')
        })
        .find_map(|at| {
            // The first byte tells most of them apart.
            let is_here = |sign: &&&str| sign.as_bytes()[0] == bytes[at] && bytes[at..].starts_with(sign.as_bytes());
            let sign = KEY_SIGNS.iter().find(is_here)?;
            let body = &word[at + sign.len()..];
            let body = &body[..body.bytes().position(|b| !is_secret_byte(b)).unwrap_or(body.len())];
            // Where the sign is a word too, the rest must be none.
            let is_key = body.len() >= limits::SECRET_KEY_BYTES_MIN
                && body.split(['-', '_', '+']).any(|part| {
                    part.len() >= 8 && is_mixed(part) && (sign.len() > 5 || kind(part) != SecretKind::Word)
                });
            is_key.then_some(at..at + sign.len() + body.len())
        })
}

/// Whether a part has letters and digits, or capitals behind its first letter and small ones.
fn is_mixed(part: &str) -> bool {
    let (mut digits, mut small, mut capitals, mut inner) = (false, false, false, false);
    for (place, byte) in part.bytes().enumerate() {
        digits |= byte.is_ascii_digit();
        small |= byte.is_ascii_lowercase();
        capitals |= byte.is_ascii_uppercase();
        inner |= place > 0 && byte.is_ascii_uppercase();
    }
    digits && (small || capitals) || inner && small
}

/// Where noise is that is long enough: a part, parts side by side, or a run that as a whole reads like no language.
fn noise(word: &str) -> Option<Range<usize>> {
    if word.len() < limits::SECRET_BYTES_MIN {
        return None;
    }
    let (mut start, mut end, mut length, mut at, mut unclear) = (0, 0, 0, 0, 0);
    for part in word.split(|c: char| !c.is_ascii_alphanumeric()) {
        let place = at;
        at += part.len() + 1;
        match kind(part) {
            SecretKind::Noise => {
                start = if length == 0 { place } else { start };
                (length, end, unclear) = (length + part.len(), place + part.len(), 0);
            }
            // Between two parts of noise one number or short piece is noise as well.
            SecretKind::Unclear if unclear == 0 => unclear += 1,
            SecretKind::Unclear | SecretKind::Word if length >= limits::SECRET_BYTES_MIN => break,
            SecretKind::Unclear | SecretKind::Word => length = 0,
        }
    }
    if length >= limits::SECRET_BYTES_MIN {
        return Some(widened(word, start..end, length));
    }
    same_groups(word).or_else(|| odd_groups(word)).or_else(|| foreign(word)).or_else(|| divided(word))
}

/// The noise with what belongs to it: signs before it such as `sk_live_`, pieces behind it. Words of a slug stay when they are more.
fn widened(word: &str, noise: Range<usize>, length: usize) -> Range<usize> {
    let bytes = word.as_bytes();
    let start = bytes[..noise.start].iter().rposition(|b| !is_secret_byte(*b)).map_or(0, |at| at + 1);
    let end = noise.end + bytes[noise.end..].iter().position(|b| !is_secret_byte(*b)).unwrap_or(word.len() - noise.end);
    let run = &bytes[start..end];
    let has_both = run.iter().any(u8::is_ascii_uppercase) && run.iter().any(u8::is_ascii_lowercase);
    if has_both || length * 2 >= run.len() { start..end } else { noise }
}

/// Runs between dots and the like that read like no language as a whole, though each part is short.
fn foreign(word: &str) -> Option<Range<usize>> {
    let mut at = 0;
    word.split(DIVIDERS).find_map(|run| {
        let place = at;
        at += run.len() + 1;
        (run.len() >= limits::SECRET_BYTES_MIN && letters::is_foreign(run) && !is_code(run))
            .then_some(place..place + run.len())
    })
}

/// A secret that somebody divided into a few long parts, one of which is noise by itself.
fn divided(word: &str) -> Option<Range<usize>> {
    let parts = || word.split(DIVIDERS);
    let has_both = word.bytes().any(|b| b.is_ascii_uppercase()) && word.bytes().any(|b| b.is_ascii_lowercase());
    let is_long = |part: &str| part.len() >= 6 && (has_both || part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let is_odd = |part: &str| kind(part) == SecretKind::Noise || is_mixed(part);
    let is_hex = word.bytes().all(|byte| !byte.is_ascii_alphanumeric() || byte.is_ascii_hexdigit());
    let fits = (2..=4).contains(&parts().count()) && parts().all(is_long) && parts().any(is_odd);
    (fits && (is_hex || letters::strangeness(word).is_some_and(|strange| strange < -5))).then_some(0..word.len())
}

/// The first secret in base64 that slashes divide, at or after `from`: pieces side by side of which none is a word.
pub(super) fn slashed(text: &str, from: usize) -> Option<Range<usize>> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=');
    let (mut start, mut end, mut odd, mut at) = (from, from, 0, from);
    for piece in text[from..].split_inclusive('/') {
        let bare = piece.strip_suffix('/').unwrap_or(piece);
        let bare_end = at + bare.len();
        let stem = bare.trim_end_matches('=');
        if odd == 0 {
            start = at;
        }
        if stem.bytes().all(is_base64) && is_mixed(stem) && stem.len() >= 3 {
            (odd, end) = (odd + 1, bare_end);
        } else if odd == 0 || stem.len() > 2 || stem.is_empty() {
            if let Some(found) = slashed_enough(text, start..end, odd) {
                return Some(found);
            }
            odd = 0;
        }
        at += piece.len();
    }
    slashed_enough(text, start..end, odd)
}

fn slashed_enough(text: &str, run: Range<usize>, odd: usize) -> Option<Range<usize>> {
    let is_secret = odd > 1 && run.len() > limits::SECRET_BYTES_MIN && letters::is_foreign(&text[run.clone()]);
    is_secret.then_some(run)
}

/// Hexadecimal digits in groups of one length, as fingerprints are written: `9f:8a:7b:..`.
fn same_groups(word: &str) -> Option<Range<usize>> {
    let separator = word.bytes().find(|b| !b.is_ascii_alphanumeric())?;
    let groups = || word.split(char::from(separator));
    let length = groups().next()?.len();
    let digits = length * groups().count();
    let is_hex = |byte: u8| byte.is_ascii_hexdigit() || byte == separator;
    let has = |fits: fn(&u8) -> bool| word.bytes().any(|b| fits(&b));
    let is_six = || groups().count() == 8 && groups().all(|group| (1..=4).contains(&group.len()));
    let fits = (2..=8).contains(&length)
        && digits >= limits::SECRET_BYTES_MIN
        && (groups().all(|group| group.len() == length) || is_six())
        && word.bytes().all(is_hex)
        && has(u8::is_ascii_digit)
        && groups().filter(|group| is_mixed(group)).count() * 3 >= groups().count();
    fits.then_some(0..word.len())
}

/// Letters and digits in groups of one length, of which many are no word with a number: `a3F9.x0Qz.7kLm.2bVt`. Groups of one shape are
/// moves of a game, or sizes.
fn odd_groups(word: &str) -> Option<Range<usize>> {
    let separator = char::from(word.bytes().find(|byte| !byte.is_ascii_alphanumeric())?);
    let groups = || word.split(separator);
    let first = groups().next()?;
    let count = groups().count();
    let fits = (4..=12).contains(&first.len())
        && count >= 3
        && first.len() * count >= limits::SECRET_BYTES_MIN
        && groups().all(|group| group.len() == first.len() && group.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if !fits {
        return None;
    }
    let shape = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    let is_alike = |group: &str| group.bytes().map(shape).eq(first.bytes().map(shape));
    let odd = groups().filter(|group| runs(group) >= 3).count();
    let mixed = groups().filter(|group| is_mixed(group)).count();
    (odd * 3 >= count && mixed * 2 >= count && !groups().all(is_alike)).then_some(0..word.len())
}

/// How many runs of digits, and of letters as words have them, a part has: `Core2` two, `x3Fq` four.
fn runs(part: &str) -> usize {
    let (mut count, mut before) = (0, b' ');
    for byte in part.bytes() {
        let goes_on = match byte {
            b'0'..=b'9' => before.is_ascii_digit(),
            b'A'..=b'Z' => before.is_ascii_uppercase(),
            _ => before.is_ascii_lowercase() || before.is_ascii_uppercase() && part.as_bytes()[0] == before,
        };
        count += usize::from(!goes_on);
        before = byte;
    }
    count
}

/// Whether a run is the code of a product, moves of a game, or a word before a short hash: `DDR5-6000-CL30-2x16GB`,
/// `M8x40-DIN912-A2`, `index-EqLNj9Fx`.
fn is_code(run: &str) -> bool {
    let parts = || run.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let is_word = |part: &&str| {
        part.len() >= 4 && part.bytes().all(|byte| byte.is_ascii_lowercase()) && letters::average(part) >= 0
    };
    let other: usize = parts().filter(|part| !is_word(part)).map(str::len).sum();
    let has_both =
        |part: &str| part.bytes().any(|b| b.is_ascii_uppercase()) && part.bytes().any(|b| b.is_ascii_lowercase());
    let is_group = |part: &str| {
        let part = UNITS.iter().find_map(|unit| part.strip_suffix(unit)).unwrap_or(part);
        let size = part.split_once('x').filter(|(before, behind)| {
            before.ends_with(|c: char| c.is_ascii_digit()) && behind.starts_with(|c: char| c.is_ascii_digit())
        });
        let lengths = size.map_or(part.len(), |(before, behind)| before.len().max(behind.len()));
        lengths <= 8
            && size.map_or(runs(part) <= if has_both(part) { 2 } else { 3 }, |(before, behind)| {
                runs(before) <= 2 && runs(behind) <= 2
            })
    };
    parts().any(|part| is_word(&part)) && other < 10 || parts().count() >= 3 && parts().all(is_group)
}

/// Units that mix capitals and small letters.
const UNITS: [&str; 6] = ["mAh", "kWh", "GHz", "MHz", "kHz", "mW"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SecretKind {
    Word,
    /// A number, or too short to tell.
    Unclear,
    Noise,
}

/// What one part of a slug reads like. Words may have a number in, before or after them: `storage`, `rtx4090`, `256gb`,
/// `ReleaseNotes2`.
fn kind(part: &str) -> SecretKind {
    let bytes = part.as_bytes();
    let Letters { letters, capitals, groups, humps } = Letters::of(bytes);
    let one_case = capitals == 0 || capitals == letters || capitals == 1 && bytes[0].is_ascii_uppercase();
    let numbers_end = part.len() - part.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let reads = |least| if letters::average(part) >= least { SecretKind::Word } else { SecretKind::Noise };
    let is_hex = || letters > 0 && bytes.iter().all(u8::is_ascii_hexdigit);
    match groups {
        _ if letters == 0 || part.len() <= 3 => SecretKind::Unclear,
        1.. if part.len() >= limits::SECRET_BYTES_MIN && is_hex() => SecretKind::Noise,
        0 if part.len() < limits::SECRET_BYTES_MIN && (one_case || humps * 3 < part.len()) => SecretKind::Word,
        0 if one_case && capitals < 2 => reads(-5),
        0 if one_case => reads(2),
        0 => reads(if is_camel(part) { -8 } else { -2 }),
        1 if part.len() <= limits::WORD_BYTES_MAX && one_case => SecretKind::Word,
        1 if part.len() <= limits::WORD_BYTES_MAX => {
            if humps > 1 {
                SecretKind::Noise
            } else {
                SecretKind::Unclear
            }
        }
        1 if letters < 8 && one_case => SecretKind::Word,
        1 if one_case && capitals < 2 && matches!(numbers_end, 1..=4) => reads(-3),
        1 if one_case && capitals < 2 && numbers_end == 8 && super::is_day(&part[part.len() - 8..]) => reads(-5),
        1 if one_case && is_joined_by_number(part) => reads(0),
        1 if numbers_end < 3 && is_camel(part) => reads(-5),
        1 if one_case || capitals * 4 <= letters + 3 => reads(2),
        2 if is_time(bytes) => SecretKind::Unclear,
        2 if letters >= 7 && one_case => {
            if has_word(part) {
                SecretKind::Word
            } else {
                reads(5)
            }
        }
        _ => SecretKind::Noise,
    }
}

/// What a part of a slug is made of.
#[derive(Default)]
struct Letters {
    letters: usize,
    capitals: usize,
    /// Groups of digits.
    groups: usize,
    /// Capitals behind small letters.
    humps: usize,
}

impl Letters {
    fn of(bytes: &[u8]) -> Letters {
        let mut of = Letters::default();
        let (mut before, mut number) = (b' ', false);
        for byte in bytes {
            of.letters += usize::from(byte.is_ascii_alphabetic());
            of.capitals += usize::from(byte.is_ascii_uppercase());
            // `27x812` is one number.
            of.groups += usize::from(byte.is_ascii_digit() && !before.is_ascii_digit() && !(number && before == b'x'));
            number = before.is_ascii_digit() || number && before == b'x' && byte.is_ascii_digit();
            of.humps += usize::from(byte.is_ascii_uppercase() && before.is_ascii_lowercase());
            before = *byte;
        }
        of
    }
}

/// Whether capitals begin words of two letters or more, as names in programs have them: `getJsonFeedHTML`.
fn is_camel(part: &str) -> bool {
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let capitals = letters.bytes().filter(u8::is_ascii_uppercase).count();
    let mut small = letters.split(|c: char| !c.is_ascii_lowercase()).filter(|run| !run.is_empty());
    small.all(|run| run.len() > 1) && capitals > 1 && capitals * 3 <= letters.len()
}

/// Whether one digit stands for a word between two: `mysql2postgresql`.
fn is_joined_by_number(part: &str) -> bool {
    part.split_once(['2', '4']).is_some_and(|(before, behind)| {
        let reads = |word: &str| word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        reads(before) && reads(behind)
    })
}

/// Whether the longest letters between numbers are a word by themselves.
fn has_word(part: &str) -> bool {
    let longest = part.split(|c: char| c.is_ascii_digit()).max_by_key(|letters| letters.len()).unwrap_or_default();
    longest.len() >= 7 && letters::average(longest) >= 5
}

/// Whether it is a moment as ISO 8601 writes it without signs: `20240315T103000Z`.
fn is_time(part: &[u8]) -> bool {
    let part = part.strip_suffix(b"Z").or_else(|| part.strip_suffix(b"z")).unwrap_or(part);
    part.len() >= 13
        && matches!(part[8], b'T' | b't')
        && part.iter().enumerate().all(|(place, byte)| place == 8 || byte.is_ascii_digit())
}

mod letters {
    //! In: letters. Out: whether they stand in an order that a language has. Forgets: nothing.

    /// For each two letters ten times the logarithm of how much oftener they come than by chance.
    static PAIRS: [[i8; 26]; 26] = read(include_bytes!("../data/letters.tsv"));

    const fn read(file: &[u8]) -> [[i8; 26]; 26] {
        let mut pairs = [[0; 26]; 26];
        let mut at = 0;
        while file[at] != b'\n' {
            at += 1;
        }
        let mut line = 0;
        while line < 26 {
            // Behind the line's end and its letter.
            at += 2;
            let mut column = 0;
            while column < 26 {
                at += 1;
                let sign: i8 = if file[at] == b'-' { -1 } else { 1 };
                at += if sign < 0 { 1 } else { 0 };
                let mut value = 0;
                while file[at].is_ascii_digit() {
                    value = value * 10 + (file[at] - b'0') as i8;
                    at += 1;
                }
                pairs[line][column] = sign * value;
                column += 1;
            }
            line += 1;
        }
        pairs
    }

    fn pair(a: u8, b: u8) -> i32 {
        let place = |byte: u8| usize::from(byte.to_ascii_lowercase() - b'a');
        i32::from(PAIRS[place(a)][place(b)])
    }

    /// How much oftener than by chance the letters of a part follow each other so, capitals and digits aside: the mean.
    pub(super) fn average(part: &str) -> i32 {
        let pairs = part.as_bytes().windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphabetic));
        let (sum, count) = pairs.fold((0, 0), |(sum, count), with| (sum + pair(with[0], with[1]), count + 1));
        sum.checked_div(count).unwrap_or(0)
    }

    /// Whether a run reads like none at all: letters in no order, and changes between capitals, small letters and digits.
    pub(super) fn is_foreign(run: &str) -> bool {
        let has = |fits: fn(&u8) -> bool| run.bytes().any(|b| fits(&b));
        has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && strangeness(run).is_some_and(|strange| strange < -7)
    }

    /// How much oftener than by chance one letter or digit of a run follows another: the mean, of at least seven pairs.
    pub(super) fn strangeness(run: &str) -> Option<i32> {
        let (mut sum, mut count) = (0, 0);
        for with in run.as_bytes().windows(2) {
            let (a, b) = (with[0], with[1]);
            if !a.is_ascii_alphanumeric() || !b.is_ascii_alphanumeric() {
                continue;
            }
            count += 1;
            sum += match (a.is_ascii_digit(), b.is_ascii_digit()) {
                (true, true) => 3,
                (false, false) if a.is_ascii_lowercase() && b.is_ascii_uppercase() => -25,
                (false, false) if a.is_ascii_uppercase() && b.is_ascii_lowercase() => pair(a, b) - 10,
                (false, false) if a.is_ascii_uppercase() => pair(a, b) - 5,
                (false, false) => pair(a, b) + 5,
                _ => -28,
            };
        }
        (count >= 7).then(|| sum / count)
    }
}
