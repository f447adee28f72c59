//! In: an address as sent. Out: its parts, if it is so plain that the parser of the `url` crate would change nothing in it.
//! Forgets: the scheme.
//!
//! Nearly all addresses are plain, and cutting one costs a tenth of parsing it. A test holds the two against each other.

use memchr::{memchr, memchr_iter};

/// The parts of a plain address of the web, all as sent.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Plain<'a> {
    /// Lower case, no port.
    pub(super) host: &'a str,
    /// Begins with a slash.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

/// The parts of an address, unless any of it asks for a real parser: user, port, number, capital or foreign letter in the
/// host, dots that walk up a path, a character that has to be escaped.
pub(super) fn of(url: &str) -> Option<Plain<'_>> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (rest, fragment) = divided(rest, b'#');
    let (rest, query) = divided(rest, b'?');
    let end = memchr(b'/', rest.as_bytes()).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let all_plain = |text: &str, and: u8| text.bytes().all(|b| PLAIN[usize::from(b)] || b == and);
    let fits = is_plain_host(host)
        && all_plain(path, b'/')
        && !walks(path)
        && query.is_none_or(|query| all_plain(query, b'?'))
        && fragment.is_none_or(|fragment| all_plain(fragment, b'?'));
    fits.then_some(Plain { host, path: if path.is_empty() { "/" } else { path }, query, fragment })
}

fn divided(text: &str, sign: u8) -> (&str, Option<&str>) {
    match memchr(sign, text.as_bytes()) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Labels of small letters, digits and hyphens, the last of which begins with a letter: no address of numbers, no punycode.
fn is_plain_host(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    last.starts_with(|c: char| c.is_ascii_lowercase())
        && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        && !host.starts_with('.')
        && host.as_bytes().windows(2).all(|pair| pair != b".." && pair != b"--")
}

/// For each byte whether it is plain: one look is faster than some twenty comparisons.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] = is_plain(byte as u8);
        byte += 1;
    }
    plain
};

/// Whether a parser leaves the byte as it is, wherever it stands.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'_'
                | b'.'
                | b'~'
                | b'/'
                | b'!'
                | b'$'
                | b'&'
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
                | b'%'
        )
}

/// Whether a path may hold a segment of dots, written plainly or escaped.
fn walks(path: &str) -> bool {
    let bytes = path.as_bytes();
    memchr_iter(b'.', bytes).any(|dot| dot > 0 && bytes[dot - 1] == b'/')
        || memchr_iter(b'%', bytes).any(|at| bytes[at..].get(1..3).is_some_and(|hex| hex.eq_ignore_ascii_case(b"2e")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn agrees_with_the_parser(text: &str) {
        let Some(plain) = of(text) else { return };
        let url = Url::parse(text).expect(text);
        let parsed = (url.host_str(), url.path(), url.query(), url.fragment());
        assert_eq!((Some(plain.host), plain.path, plain.query, plain.fragment), parsed, "{text}");
        assert!(matches!(url.host(), Some(url::Host::Domain(_))), "{text}");
        assert!(url.port().is_none() && url.username().is_empty() && url.password().is_none(), "{text}");
    }

    #[test]
    fn what_needs_no_parser_is_cut() {
        let plain = of("https://docs.example.com/a/b.html?x=1&y=%20?#/route?z").expect("plain");
        assert_eq!((plain.host, plain.path), ("docs.example.com", "/a/b.html"));
        assert_eq!((plain.query, plain.fragment), (Some("x=1&y=%20?"), Some("/route?z")));
        assert_eq!(of("http://localhost").map(|plain| plain.path), Some("/"));
        let not_plain = [
            "https://Example.com/",
            "https://example.com:8080/",
            "https://ana@example.com/",
            "https://192.0.2.1/",
            "https://0x7f.1/",
            "https://xn--bcher-kva.example/",
            "https://bücher.example/",
            "https://example.com./",
            "https://a..b/",
            "https://example.com/a/../b",
            "https://example.com/%2E%2e/b",
            "https://example.com/a b",
            "https://example.com/a\\b",
            "https://example.com/ä",
            "https://example.com/?q='",
            "https:example.com/",
            "HTTPS://example.com/",
            "ftp://example.com/",
            "android-app://com.example/",
            "https://",
            "https:///a",
            "",
            " https://a.b/",
        ];
        for text in not_plain {
            assert!(of(text).is_none(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn a_plain_address_is_what_the_parser_makes_of_it(
            scheme in "https?://", host in "[a-z0-9.x-]{0,12}", rest in "[/?#]?[ -~]{0,20}", any in "\\PC{0,6}"
        ) {
            agrees_with_the_parser(&format!("{scheme}{host}{rest}"));
            agrees_with_the_parser(&format!("{scheme}{host}{rest}{any}"));
        }

        #[test]
        fn dots_and_escapes_never_mislead(path in "(/|\\.|%2e|%2E|%|a|:|@|\\\\|;|\\?|#|&|=){0,14}", host in "([a-z]|[0-9]|\\.|-|0x|xn--){1,8}") {
            agrees_with_the_parser(&format!("https://{host}{path}"));
            agrees_with_the_parser(&format!("https://{host}/{path}"));
        }
    }
}
