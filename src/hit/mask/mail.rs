//! Finds mail addresses in a text, their sign written plainly or percent-encoded.

use std::ops::Range;

use super::{sign_bytes, tail_bytes};

/// The first mail address at or after `from`.
pub(super) fn from(text: &str, from: usize) -> Option<Range<usize>> {
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

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "._+-%'!$~*^`{}|".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// Whether what follows an at sign can be a host: letters at its end, or four numbers. `react@18.2.0-beta.x` is a version, and
/// `logo@2x.png` a picture for fine screens.
fn names_a_host(domain: &str) -> bool {
    let domain = domain.trim_end_matches(['.', '-', '_']);
    let is_number = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit());
    let first = domain.split('.').next().unwrap_or_default();
    let is_version = is_number(first.trim_start_matches('v'))
        && domain.split('.').nth(1).is_some_and(|label| label.starts_with(|c: char| c.is_ascii_digit()))
        && !domain.split('.').all(is_number);
    if is_version || first.strip_suffix('x').is_some_and(is_number) {
        return false;
    }
    let last = domain.rsplit('.').next().unwrap_or_default();
    last.chars().any(char::is_alphabetic) || domain.split('.').filter(|label| !label.is_empty()).count() == 4
}

fn head_bytes(text: &str, fits: fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}
