//! Finds phone numbers in a text.
//!
//! Most numbers in addresses are none: dates, versions, articles, ISBNs, times. So a number counts as a phone's only when it is
//! written as one: with a plus or the zeros of an international call, behind a word like `tel`, with an area code in
//! parentheses, in the groups of North America, or as eleven digits that begin with a single zero.

use std::ops::Range;

/// Fewest and most digits of a number with its country (E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Words before a number that say what it is, lower case.
const WORDS: [&str; 8] = ["tel", "phone", "mobile", "fax", "msisdn", "whatsapp", "call", "sms"];

/// The first number at or after `from`.
pub(super) fn from(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(step) = bytes[at..].iter().position(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'(')) {
        let start = at + step;
        let run = run_bytes(&bytes[start..]);
        let found = start..start + run;
        let is_apart = !bytes[..start]
            .last()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'))
            && !bytes.get(found.end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if is_apart && is_phone(&text[found.clone()], &text[..start]) {
            return Some(found);
        }
        at = start + run.max(1);
    }
    None
}

/// Length of a run of digits, in groups that one separator divides, with a plus or parentheses where phones have them.
fn run_bytes(bytes: &[u8]) -> usize {
    let (mut at, mut end) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        let is_separator = matches!(byte, b' ' | b'-' | b'.' | b'(' | b')') && (at == 0 || end + 2 > at);
        if byte.is_ascii_digit() {
            end = at + 1;
        } else if !(is_separator || *byte == b'+' && at == 0) {
            break;
        }
        at += 1;
    }
    end
}

fn is_phone(number: &str, before: &str) -> bool {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
    if !DIGITS.contains(&digits.len()) {
        return false;
    }
    let groups: Vec<usize> =
        number.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|length| *length > 0).collect();
    let begins = |start: &[u8]| digits.starts_with(start);
    let is_plain = groups.len() == 1;
    let is_international = number.starts_with('+') && number[1..].starts_with(|c: char| c.is_ascii_digit())
        || is_plain && begins(b"00") && !begins(b"000") && digits.len() >= 11;
    let has_area_code = number.starts_with("(0") || number.starts_with('(') && groups == [3, 3, 4];
    let is_american = groups == [3, 3, 4] && !number.contains(['(', ')']) || begins(b"1") && groups == [1, 3, 3, 4];
    let is_national = begins(b"0") && !begins(b"00") && (is_plain && digits.len() == 11 || is_in_two(&groups));
    is_international || has_area_code || is_american || is_national || is_announced(number, before)
}

/// An area code and a number: `0170-1234567`.
fn is_in_two(groups: &[usize]) -> bool {
    matches!(groups, [3..=5, 6..=8])
}

/// Whether the text before a number ends with a word for phones: `tel:`, `/phone/`, `?mobile=`.
fn is_announced(number: &str, before: &str) -> bool {
    let bare = before.trim_end_matches([':', '/', '=', ' ', '-', '_']);
    let start = bare.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    let word = bare.get(start..).unwrap_or_default();
    bare.len() < before.len() && !super::is_day(number) && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::super::name;

    #[test]
    fn numbers_that_call_somebody_never_survive() {
        for (text, want) in [
            ("/call/+4917012345678", "/call/:phone"),
            ("/kontakt/+49 170 1234567/x", "/kontakt/:phone/x"),
            ("+1 (555) 123-4567", ":phone"),
            ("tel:5551234567", "tel::phone"),
            ("/phone/5551234567", "/phone/:phone"),
            ("/user/555-123-4567", "/user/:phone"),
            ("/user/555.123.4567/edit", "/user/:phone/edit"),
            ("(030) 12345678", ":phone"),
            ("(555) 123-4567", ":phone"),
            ("/u/00491701234567", "/u/:phone"),
            ("/u/01701234567", "/u/:phone"),
            ("/u/0170-1234567", "/u/:phone"),
            ("1-800-555-0199", ":phone"),
            ("mobile=447911123456&x", "mobile=:phone&x"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn ordinary_slugs_and_numbers_stay() {
        for text in [
            "/2024/03/15/release-notes",
            "/2024-03-15",
            "/2024-03-15-10-30-00",
            "/blog/20240315-what-is-new",
            "/events/2024-11-25-2024-11-28",
            "/img/IMG_20240315_123456789.jpg",
            "/isbn/978-3-16-148410-0",
            "/isbn/9783161484100",
            "/isbn/0306406152",
            "/order/1234567890",
            "/order/2024-0012345",
            "/item/100200300",
            "/item/12345678-silver",
            "/v/1.2.3.4567",
            "/v/10.0.19045.3803",
            "/events/1712345678901",
            "/events/1712345678901234567890",
            "/product/iphone-15-pro-max-256-512-1024",
            "/p/0001234567",
            "/p/000012345678",
            "/maps/52.520008-13.404954",
            "/maps/@52.520008,13.404954",
            "/call-of-duty-2024",
            "/phone/iphone-15",
            "/mobile/2024",
            "/c++-11-14-17-20",
            "10 000 000 reasons",
            "100-000-subscribers",
            "/tel-aviv-2024-10",
            "room (2024)",
            "/a+b",
            "(1) first, (2) second",
            "/wiki/1914-1918-1939-1945",
        ] {
            assert_eq!(name(text), text);
        }
    }
}
