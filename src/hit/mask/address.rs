//! In: a text that may hold addresses, of the web or of a page, plain or percent-encoded. Out: the same text with their
//! hosts and paths alone. Forgets: schemes, credentials, queries and fragments.

use std::borrow::Cow;
use std::ops::Range;

use super::{sign_bytes, tail_bytes};

/// Cuts every address in the text to its host and path. An address ends at white space, a double quote or a bracket.
pub fn cut(text: &mut Cow<'_, str>) {
    let may_hold_one = text.bytes().any(|b| matches!(b, b'?' | b':' | b'%'));
    if !may_hold_one || !text.split(is_border).any(needs_a_cut) {
        return;
    }
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_border) {
        let run = piece.trim_end_matches(is_border);
        push_bare(run, &mut out);
        out.push_str(&piece[run.len()..]);
    }
    *text = Cow::Owned(out);
}

/// Where a query begins behind a path: a question mark, with an equals sign somewhere after it. `/wiki/Who?` has none.
pub fn query_start(text: &str) -> Option<usize> {
    if !text.bytes().any(|b| matches!(b, b'?' | b'%')) {
        return None;
    }
    let mark = sign(text, 0, b'?', b"3f")?;
    let follows_path = text[..mark.start].contains(['/', '.']) || sign(&text[..mark.start], 0, b'/', b"2f").is_some();
    (follows_path && sign(text, mark.end, b'=', b"3d").is_some()).then_some(mark.start)
}

/// Whether the text begins with a scheme and `://`.
pub fn is_whole(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.chars().all(is_scheme))
}

fn is_border(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '<' | '>')
}

fn is_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

fn needs_a_cut(run: &str) -> bool {
    scheme_mark(run, 0).is_some() || query_start(run).is_some()
}

fn push_bare(run: &str, out: &mut String) {
    let run = &run[..bare_end(run)];
    let mut at = 0;
    while let Some(mark) = scheme_mark(run, at) {
        let scheme = tail_bytes(&run[at..mark.start], is_scheme);
        out.push_str(&run[at..mark.start - scheme]);
        at = mark.end + credentials_bytes(&run[mark.end..]);
    }
    out.push_str(&run[at..]);
}

/// Where the query or fragment of a run begins. Behind a scheme, every question mark begins one.
fn bare_end(run: &str) -> usize {
    let behind = scheme_mark(run, 0).and_then(|mark| {
        let query = sign(run, mark.end, b'?', b"3f").map(|sign| sign.start);
        let fragment = sign(run, mark.end, b'#', b"23").map(|sign| sign.start);
        query.into_iter().chain(fragment).min()
    });
    behind.into_iter().chain(query_start(run)).min().unwrap_or(run.len())
}

/// The first `://` at or after `from`.
fn scheme_mark(run: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    while let Some(colon) = sign(run, at, b':', b"3a") {
        let mut end = colon.end;
        let slashes = (0..2).map_while(|_| {
            end += sign_bytes(&run.as_bytes()[end..], b'/', b"2f")?;
            Some(())
        });
        if slashes.count() == 2 {
            return Some(colon.start..end);
        }
        at = colon.end;
    }
    None
}

fn credentials_bytes(text: &str) -> usize {
    let authority = &text.as_bytes()[..sign(text, 0, b'/', b"2f").map_or(text.len(), |slash| slash.start)];
    let at_sign = |at: usize| Some(at + sign_bytes(&authority[at..], b'@', b"40")?);
    (0..authority.len()).rev().find_map(at_sign).unwrap_or(0)
}

fn sign(text: &str, from: usize, plain: u8, hex: &[u8; 2]) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find_map(|at| Some(at..at + sign_bytes(&bytes[at..], plain, hex)?))
}

#[cfg(test)]
mod tests {
    use super::super::name;
    use std::borrow::Cow;

    #[test]
    fn an_address_keeps_its_host_and_path_alone() {
        for (text, want) in [
            ("Visit https://x.test/a?name=jane-doe", "Visit x.test/a"),
            ("https://x.test/k?q=keyword", "x.test/k"),
            ("see https://x.test/?q=secretword, then go", "see x.test/ then go"),
            ("say \"https://x.test/#top\" twice", "say \"x.test/\" twice"),
            ("https://x.test/?bare", "x.test/"),
            ("https://bob:hunter2@x.test/a", "x.test/a"),
            ("https://bob:pw%40x.test/a", "x.test/a"),
            ("a https://x.test/1?b=2 c http://y.test?d", "a x.test/1 c y.test"),
            ("/go/https://x.test/https://bob:pw@y.test/?q=1", "/go/x.test/y.test/"),
            ("https%3A%2F%2Fx.test%2Fa%3Fq%3Dsecret", "x.test%2Fa"),
            ("https%253a%252f%252fx.test%252fa%253fq%253dsecret", "x.test%252fa"),
            ("app://x?", "x"),
            ("://?", ""),
            ("größe:https://ü.test/ä?ö=ß é", "größe:ü.test/ä é"),
            ("Click /a?x=1&y=2 now", "Click /a now"),
            ("page.php?id=7", "page.php"),
            ("//x.test/a?b=c", "//x.test/a"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn texts_without_addresses_are_not_copied() {
        for text in ["/wiki/Who?", "Who? Me = you", "a: b", "10:30", "?", "100% : //", "/a:b", "%3", "is a?b=c so"] {
            assert!(matches!(name(text), Cow::Borrowed(kept) if kept == text), "{text} -> {}", name(text));
        }
    }
}
