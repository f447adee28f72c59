//! In: the texts by which a beacon names its sites and its page. Out: folded site names; the scheme and host of an
//! address. Forgets: spelling, and names given twice.
//!
//! Nothing here parses an address in full: that happens once, in the next stage.

use crate::limits::{EVENT_NAME_CHARS_MAX, SITES_OF_A_BEACON_MAX};
use crate::site::fold;

/// The sites of a comma list, folded, each once, in order. Stops one past [`SITES_OF_A_BEACON_MAX`], so that the caller
/// can tell a full list from an overlong one.
pub(super) fn sites(list: &str) -> Vec<String> {
    let mut sites: Vec<String> = Vec::with_capacity(1);
    for site in list.split(',').map(fold) {
        if !site.is_empty() && !sites.contains(&site) {
            sites.push(site);
        }
        if sites.len() > SITES_OF_A_BEACON_MAX {
            break;
        }
    }
    sites
}

/// The name of an event, cut to its bound: a long name is no reason to lose the event.
pub(super) fn event(text: &str) -> String {
    let end = text.char_indices().nth(EVENT_NAME_CHARS_MAX).map_or(text.len(), |(end, _)| end);
    text[..end].to_owned()
}

/// How an ampersand reads behind itself when an address was written into HTML and never read as such. The number sign of the
/// second form is gone where it began a fragment.
const ENTITIES: [&str; 7] = ["amp;", "38;", "#38;", "038;", "#038;", "x26;", "#x26;"];

/// A decoded key without blanks and the rest of an ampersand that was written for HTML: `?a=1&amp;b=2`.
pub(crate) fn meant(key: &str) -> &str {
    let mut meant = key.trim_start_matches([' ', '+']);
    let begins =
        |key: &str, entity: &str| key.get(..entity.len()).is_some_and(|start| start.eq_ignore_ascii_case(entity));
    while let Some(entity) = ENTITIES.iter().find(|entity| begins(meant, entity)) {
        meant = &meant[entity.len()..];
    }
    meant
}

/// The scheme of an address and what follows its colon (RFC 3986, section 3.1).
pub(super) fn scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let right = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(fits);
    right.then_some((scheme, rest))
}

/// Schemes whose addresses hold a document instead of naming one, or name what a page made for a frame.
const DOCUMENT_SCHEMES: [&str; 4] = ["about", "blob", "data", "javascript"];

/// Whether no page can have an address of this scheme: a `data:` address is the page itself, and a frame without an address of
/// its own has `about:srcdoc`, `about:blank` or `blob:`.
pub fn is_document(scheme: &str) -> bool {
    DOCUMENT_SCHEMES.iter().any(|document| scheme.eq_ignore_ascii_case(document))
}

/// The host of an address, without user and port; nothing when it has none.
pub(super) fn host(url: &str) -> Option<&str> {
    let (_, rest) = scheme(url)?;
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#', '\\']).next()?;
    let place = authority.rsplit('@').next()?;
    let end = match place.find(']') {
        Some(bracket) => bracket + 1,
        None => place.find(':').unwrap_or(place.len()),
    };
    place.get(..end).filter(|host| !host.is_empty())
}

/// The host of a `Host` header, without its port.
pub(super) fn host_of_header(header: &str) -> &str {
    match header.find(']') {
        Some(bracket) => &header[..=bracket],
        None => header.split(':').next().unwrap_or_default(),
    }
}

/// Whether an address names more than a host: browsers cut referrers of other hosts to that.
pub(super) fn has_path(url: &str) -> bool {
    let after_host = scheme(url).and_then(|(_, rest)| rest.strip_prefix("//")?.split_once('/'));
    after_host.is_some_and(|(_, path)| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_sites_is_folded_and_each_counts_once() {
        let cases: [(&str, &[&str]); 7] = [
            ("example.test", &["example.test"]),
            (" www.Example.test , roll.up", &["example.test", "roll.up"]),
            ("a.test,www.a.test,A.TEST,b.test", &["a.test", "b.test"]),
            ("www.www.a.test", &["www.a.test"]),
            (",,a.test,", &["a.test"]),
            (" , ", &[]),
            ("", &[]),
        ];
        for (list, expected) in cases {
            assert_eq!(sites(list), expected, "{list}");
        }
    }

    #[test]
    fn an_overlong_list_is_read_only_until_that_is_known() {
        let list: String = (0..500).map(|n| format!("s{n}.test,")).collect();
        assert_eq!(sites(&list).len(), SITES_OF_A_BEACON_MAX + 1);
    }

    #[test]
    fn a_scheme_is_letters_before_a_colon() {
        let cases = [
            ("https://a.test/", Some("https")),
            ("app://localhost/login", Some("app")),
            ("about:blank", Some("about")),
            ("/about", None),
            ("a.test", None),
            ("1a://x", None),
            ("/a:b", None),
            (":x", None),
        ];
        for (url, expected) in cases {
            assert_eq!(scheme(url).map(|(scheme, _)| scheme), expected, "{url}");
        }
        for document in ["DATA", "about", "Blob", "javascript"] {
            assert!(is_document(document), "{document}");
        }
        assert!(!["https", "file", "app", "abouts"].into_iter().any(is_document));
    }

    #[test]
    fn headers_name_hosts_and_sometimes_paths() {
        assert_eq!(["a.test:80", "a.test", "[::1]:80", ""].map(host_of_header), ["a.test", "a.test", "[::1]", ""]);
        let urls = ["https://a.test/x", "https://a.test/?x", "https://a.test/", "https://a.test", "", "/x"];
        assert_eq!(urls.map(has_path), [true, true, false, false, false, false]);
    }

    #[test]
    fn a_host_has_neither_user_nor_port() {
        let cases = [
            ("http://site.example.test:8902/a?b#c", Some("site.example.test")),
            ("https://u:p@a.test/x@y", Some("a.test")),
            ("https://a.test?x=1", Some("a.test")),
            ("https://a.test#x", Some("a.test")),
            ("http://[::1]:80/", Some("[::1]")),
            ("app://localhost/login", Some("localhost")),
            ("file:///tmp/x.html", None),
            ("mailto:a@b.test", None),
            ("https://:80/", None),
        ];
        for (url, expected) in cases {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}
