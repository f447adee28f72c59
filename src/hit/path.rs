//! In: the address of a page as sent. Out: a [`Location`] to count, and the [`Campaign`] its query names. Forgets: the
//! scheme, the port, credentials, the fragment unless it is the route, and all of the query but campaign keys.
//!
//! No address is too long: what is kept of it is cut, and the rest is only looked through.

mod campaign;
mod rules;

use percent_encoding::percent_decode_str;
use url::Url;

use super::mask::{self, address};
use super::url_fast_path::{self, Plain};
use crate::beacon::{cut, is_document};
use crate::limits::{BOT_PATH_BYTES_MAX, PATH_BYTES_READ};
use crate::rejection::Rejection;
use crate::site::{self, PathRules};

pub use campaign::{Campaign, Click, campaign};

/// The host of a page whose address has none, such as `file:///index.html` (Plausible's label).
pub const NO_HOST: &str = "(none)";

/// Where a page is.
///
/// `query` is for [`campaign()`] only; it is never stored, and so there is no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    /// Its host, folded, to be compared and never stored; empty when the address has none.
    pub host: String,
    /// Its host, masked; [`NO_HOST`] when the address has none.
    pub hostname: String,
    /// Its path, decoded and masked; in hash mode with the fragment. Never empty, never with a query.
    pub path: String,
    /// The query as sent, without its question mark, and what of the fragment reads like one behind an ampersand.
    pub query: String,
}

/// Reads the address of a page; `hash_mode` says that the fragment belongs to the page.
///
/// # Errors
/// [`Rejection::BadUrl`] when it is no address, or holds a document itself.
pub fn locate(url: &str, hash_mode: bool) -> Result<Location, Rejection> {
    locate_by(url, hash_mode, None)
}

/// As [`locate`], by the rules of a site.
///
/// # Errors
/// As [`locate`].
pub fn locate_by(url: &str, hash_mode: bool, rules: Option<&PathRules>) -> Result<Location, Rejection> {
    let parts = |host, path, query: Option<&_>, fragment: Option<&_>| {
        location(host, path, query.unwrap_or_default(), fragment.unwrap_or_default(), hash_mode, rules)
    };
    if let Some(Plain { host, path, query, fragment }) = url_fast_path::of(url) {
        return Ok(parts(host, path, query, fragment));
    }
    let url = Url::parse(url).map_err(|_| Rejection::BadUrl)?;
    if is_document(url.scheme()) {
        return Err(Rejection::BadUrl);
    }
    let host = url.host_str().unwrap_or_default();
    Ok(parts(host, url.path(), url.query(), url.fragment()))
}

fn location(
    host: &str,
    page: &str,
    query: &str,
    fragment: &str,
    hash_mode: bool,
    rules: Option<&PathRules>,
) -> Location {
    let (route, route_query) = split_route(fragment);
    let of_page = if query.is_empty() && hash_mode { route_query } else { query };
    let path = path(page, if hash_mode { route } else { "" }, of_page, rules);
    let query = match (query, route_query) {
        (query, "") => query.to_owned(),
        ("", route_query) => route_query.to_owned(),
        both => [both.0, both.1].join("&"),
    };
    let host = site::fold(host);
    Location { hostname: hostname(&host), host, path, query }
}

/// The pages that a page is grouped with where single ones would be too many: the first part of its path.
pub fn group(path: &str) -> String {
    let bare = path.split(['?', '#']).next().unwrap_or_default();
    let first = bare.trim_start_matches('/').split('/').next().unwrap_or_default();
    let end = (0..=first.len().min(BOT_PATH_BYTES_MAX)).rev().find(|end| first.is_char_boundary(*end)).unwrap_or(0);
    format!("/{}", &first[..end])
}

fn hostname(host: &str) -> String {
    let begun = cut(host, PATH_BYTES_READ);
    if begun.is_empty() { NO_HOST.to_owned() } else { mask::name(begun).into_owned() }
}

/// Divides a fragment into the route and what is a query in all but place: `#/cart?step=2`, `#top&ref=x`, `#access_token=...`.
fn split_route(fragment: &str) -> (&str, &str) {
    let has_value = |rest: &str| rest.split(['?', '&']).next().is_some_and(|pair| pair.contains('='));
    let begins_query = |(at, sign): &(usize, &str)| *sign == "?" || has_value(&fragment[at + 1..]);
    let at = fragment.match_indices(['?', '&']).find(begins_query).map(|(at, _)| at);
    let first = &fragment[..at.unwrap_or(fragment.len())];
    match at {
        _ if first.contains('=') && !first.starts_with(['/', '!']) => ("", fragment),
        Some(at) => (first, &fragment[at + 1..]),
        None => (fragment, ""),
    }
}

/// The beginning of a path that can matter, up to the end of a part of it.
fn beginning(path: &str) -> &str {
    if path.len() <= PATH_BYTES_READ {
        return path;
    }
    let begun = cut(path, PATH_BYTES_READ);
    begun.rfind('/').filter(|end| *end > 0).map_or(begun, |end| &begun[..end])
}

fn path(path: &str, route: &str, query: &str, rules: Option<&PathRules>) -> String {
    let (path, route) = (beginning(path), beginning(route));
    let mut text = match path.contains('%') {
        true => percent_decode_str(path).decode_utf8_lossy().into_owned(),
        false => path.to_owned(),
    };
    // A question mark that was encoded begins a query too, if what follows reads like one.
    if let Some(start) = address::query_start(&text) {
        text.truncate(start);
    }
    let route = percent_decode_str(route).decode_utf8_lossy();
    // What divides that was encoded once more still begins a query here.
    let (route, _) = split_route(&route);
    if !route.is_empty() {
        text.push('#');
        text.push_str(route);
    }
    text.truncate(text.trim_end().len());
    let rules = rules.filter(|rules| !rules.is_default());
    if let Some(rules) = rules {
        text = rules::apply(rules, text);
    }
    let mut text = mask::owned(text);
    if let Some(rules) = rules {
        // Its values are masked one by one; as a whole the mask would cut the query off.
        text.push_str(&rules::kept_query(rules, query));
        text.truncate(mask::bounded(&text).len());
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

/// A value as it may be stored: an address is cut to its host and page, or to its path if it is relative; any other text
/// is masked.
pub fn value(text: &str) -> String {
    let text = text.trim_start();
    let location = if address::is_whole(text) { locate(text, false).ok() } else { None };
    match location {
        Some(location) => format!("{}{}", location.hostname, location.path),
        None if text.starts_with('/') => mask::name(text.split(['?', '#']).next().unwrap_or_default()).into_owned(),
        None => mask::name(text).into_owned(),
    }
}

/// What stands in a text for something that was masked, by the program or by a rule of the site.
pub fn placeholders(text: &str) -> impl Iterator<Item = &'static str> {
    let is_in = move |placeholder: &&'static str| {
        let ends = text.match_indices(*placeholder).map(|(at, found)| at + found.len());
        ends.into_iter().any(|end| !text[end..].starts_with(char::is_alphanumeric))
    };
    mask::PLACEHOLDERS.into_iter().chain([rules::MASKED]).filter(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str, hash_mode: bool) -> (String, String, String) {
        let Ok(place) = locate(url, hash_mode) else { panic!("{url} is an address") };
        (place.hostname, place.path, place.query)
    }

    #[test]
    fn an_address_becomes_host_and_path() {
        for (url, hostname, path) in [
            ("https://example.com", "example.com", "/"),
            ("https://example.com/", "example.com", "/"),
            ("https://www.Example.COM:8443/About/", "example.com", "/About/"),
            ("  https://example.com/a  ", "example.com", "/a"),
            ("https://example.com/a%20b%20", "example.com", "/a b"),
            ("https://example.com/caf%C3%A9", "example.com", "/café"),
            ("https://example.com/über/größe", "example.com", "/über/größe"),
            ("https://example.com/100%", "example.com", "/100%"),
            ("https://example.com/%zz/%ff", "example.com", "/%zz/\u{fffd}"),
            ("https://example.com/a%00b%0Ac", "example.com", "/abc"),
            ("https://example.com/a?secret=1#top", "example.com", "/a"),
            ("https://example.com/wiki/Who%3F", "example.com", "/wiki/Who?"),
            ("https://example.com/a%3Fq=encodedq", "example.com", "/a"),
            ("https://example.com/a%253Fq%253Dtwo%20words", "example.com", "/a"),
            ("https://bob:hunter2@example.com/a", "example.com", "/a"),
            ("https://example.com/u/bob%40example.org", "example.com", "/u/:email"),
            ("https://example.com/r/9f8a7b6c5d4e3f2a1b0c", "example.com", "/r/:token"),
            ("app://localhost/login", "localhost", "/login"),
            ("file:///index.html", "(none)", "/index.html"),
            ("ionic://WWW.App.example/x", "app.example", "/x"),
            ("mailto:bob@example.com", "(none)", ":email"),
            ("foo:", "(none)", "/"),
            ("http://[2001:db8::1]/x", ":ip", "/x"),
            ("http://192.168.1.20:8080/x", ":ip", "/x"),
            ("https://192-168-1-2.example.com/x", ":ip.example.com", "/x"),
        ] {
            let place = at(url, false);
            assert_eq!((place.0.as_str(), place.1.as_str()), (hostname, path), "{url}");
        }
    }

    #[test]
    fn in_hash_mode_the_fragment_is_the_route_without_its_query() {
        for (url, path, query) in [
            ("https://example.com/#/about", "/#/about", ""),
            ("https://example.com/#", "/", ""),
            ("https://example.com/app?a=1#/b?c=2", "/app#/b", "a=1&c=2"),
            ("https://example.com/app#/b?utm_source=x", "/app#/b", "utm_source=x"),
            ("https://example.com/app?#!/b%20c ", "/app#!/b c", ""),
            ("https://example.com/#/b%3Fsecret%3D1", "/#/b", ""),
            ("https://example.com/cb#access_token=abc&state=1", "/cb", "access_token=abc&state=1"),
            ("https://example.com/cb#access_token=abc?&state=1", "/cb", "access_token=abc?&state=1"),
            ("https://example.com/cb#access_token%3Dabc%26state%3D1", "/cb", ""),
            ("https://example.com/app#/b&utm_source=x", "/app#/b", "utm_source=x"),
            ("https://example.com/app#/r&d", "/app#/r&d", ""),
            ("https://example.com/#/u/bob@example.com", "/#/u/:email", ""),
        ] {
            let place = at(url, true);
            assert_eq!((place.1.as_str(), place.2.as_str()), (path, query), "{url}");
        }
        assert_eq!(at("https://example.com/a#/b", false).1, "/a");
    }

    #[test]
    fn campaign_keys_are_found_behind_a_number_sign() {
        for (url, query) in [
            ("https://example.com/a#utm_source=x", "utm_source=x"),
            ("https://example.com/a?b=1#?utm_source=x", "b=1&utm_source=x"),
            ("https://example.com/a#/route?utm_source=x", "utm_source=x"),
            ("https://example.com/a#top&utm_source=x", "utm_source=x"),
            ("https://example.com/a#/route&utm_source=x", "utm_source=x"),
            ("https://example.com/a#/r&d?utm_source=x", "utm_source=x"),
            ("https://example.com/a#utm_source=x&utm_content=why?", "utm_source=x&utm_content=why?"),
            ("https://example.com/a#:~:text=why?no&utm_source=x", ":~:text=why?no&utm_source=x"),
            ("https://Example.com/a#!/route?utm_source=x&y", "utm_source=x&y"),
            ("https://example.com/a?b=1#top", "b=1"),
        ] {
            for hash_mode in [false, true] {
                assert_eq!(at(url, hash_mode).2, query, "{url}");
            }
            assert_eq!(at(url, false).1, "/a");
        }
    }

    #[test]
    fn a_long_address_is_counted_under_the_beginning_of_its_path() {
        let query = "k=v&".repeat(50_000);
        assert_eq!(at(&format!("https://example.com/a?{query}"), false).1, "/a");
        for part in ["%C3%A9", "a b/", "~", "word-and-word/"] {
            let page = at(&format!("https://example.com/x/{}?{query}", part.repeat(30_000)), false).1;
            assert!(page.starts_with("/x") && page.len() <= crate::limits::NAME_BYTES_MAX, "{page}");
        }
        let hostname = at(&format!("https://{}com/a", "1-2.a.".repeat(100_000)), false).0;
        assert!(hostname.starts_with("1-2.a.") && hostname.len() <= crate::limits::NAME_BYTES_MAX, "{hostname}");
        let secret = format!("https://example.com/{}/9f8a7b6c5d4e3f2a1b0c", "9f8a7b6c5d4e3f2a1b0c/".repeat(10_000));
        let page = at(&secret, true).1;
        assert!(page.split('/').skip(1).all(|part| ":token".starts_with(part)), "{page}");
    }

    #[test]
    fn what_is_no_address_is_rejected() {
        let documents = [
            "data:text/html,x",
            "javascript:alert(1)",
            "blob:https://example.com/1",
            "DATA:,",
            "about:blank",
            "about:srcdoc",
        ];
        for url in ["", "/path", "example.com", "https://", "http://[::1", "//example.com/x"] {
            assert_eq!(locate(url, false).err(), Some(Rejection::BadUrl), "{url}");
        }
        for url in documents {
            assert_eq!(locate(url, true).err(), Some(Rejection::BadUrl), "{url}");
        }
    }

    #[test]
    fn campaign_keys_are_read_in_their_order_of_precedence() {
        let read = |query: &str| campaign(query).source;
        assert_eq!(read("ref=c&source=b&utm_source=a").as_deref(), Some("a"));
        assert_eq!(read("ref=c&source=b").as_deref(), Some("b"));
        assert_eq!(read("ref=c&source=+&utm_source=").as_deref(), Some("c"));
        assert_eq!(read("a=1&b"), None);
        assert_eq!(campaign("source=b").utm_source, None);
        assert_eq!(campaign("utm_source=b").utm_source.as_deref(), Some("b"));
    }

    #[test]
    fn campaign_values_are_decoded_trimmed_and_masked() {
        let full = campaign("UTM_Medium=e-mail&utm_campaign=+spring+sale%21&utm_content=a%2Bb&utm_term=caf%C3%A9");
        assert_eq!(full.medium.as_deref(), Some("e-mail"));
        assert_eq!(full.campaign.as_deref(), Some("spring sale!"));
        assert_eq!(full.content.as_deref(), Some("a+b"));
        assert_eq!(full.term.as_deref(), Some("café"));
        assert_eq!(campaign("utm_source=bob%2Btag%40example.com").source.as_deref(), Some(":email"));
        assert_eq!(campaign("utm_source=bob+tag@example.com").source.as_deref(), Some(":email"));
        assert_eq!(campaign("utm_term=9f8a7b6c5d4e3f2a1b0c").term.as_deref(), Some(":token"));
        assert_eq!(campaign("utm_term=%ff%zz").term.as_deref(), Some("\u{fffd}%zz"));
    }

    #[test]
    fn a_value_that_is_an_address_loses_its_query() {
        for (text, want) in [
            ("https://www.x.test/a?q=two words", "x.test/a"),
            ("see https://x.test/?q=secretword", "see x.test/"),
            ("Note: https://x.test/?q=secretword", "Note: x.test/"),
            ("/search?q=relword", "/search"),
            ("/search#relword", "/search"),
            ("/a?bare words", "/a"),
            ("Who? Me", "Who? Me"),
        ] {
            assert_eq!(value(text), want, "{text}");
        }
        for (sent, want) in [
            ("https%3A%2F%2Fnews.example%2Fsearch%3Fq%3Dprivate%2Bwords%26user%3Djane-doe", "news.example/search"),
            ("https%3A%2F%2Fnews.example%2Fsearch%3Fq%3Dprivate%20words", "news.example/search"),
            ("+%2Fsearch%3Fq%3Dprivate+words", "/search"),
            ("via+https%3A%2F%2Fx.test%2F%3Fq%3Dsecret", "via x.test/"),
        ] {
            assert_eq!(campaign(&format!("utm_term={sent}")).term.as_deref(), Some(want), "{sent}");
        }
    }

    #[test]
    fn a_click_id_is_noted_and_not_kept() {
        let google = Click { source: "google", is_paid: true };
        assert_eq!(campaign("gclid=abc123"), Campaign { click: Some(google), ..Campaign::default() });
        assert_eq!(campaign("x=1&MSCLKID=z").click.map(|click| click.source), Some("bing"));
        assert_eq!(campaign("gclid=&fbclid=abc").click.map(|click| click.is_paid), Some(false));
    }
}
