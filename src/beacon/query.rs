//! In: a query or a form as sent. Out: its keys and values, decoded; an address whose campaign keys bear the names that we
//! know. Forgets: repeated keys, and all past a bound.

use std::borrow::Cow;

use crate::limits;

/// Decoded keys and values. The first of a repeated key counts.
#[derive(Default)]
pub(super) struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    /// Reads `a=b&c=d`, at most [`limits::PARAMS_MAX`] of them.
    pub(super) fn of(query: &'a str) -> Params<'a> {
        let mut params = Params::default();
        params.add(query);
        params
    }

    /// Adds what another text has and this one has not.
    pub(super) fn add(&mut self, query: &'a str) {
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if self.0.len() >= limits::PARAMS_MAX {
                return;
            }
            self.put(key, value);
        }
    }

    /// Adds one, unless its key is there.
    pub(super) fn put(&mut self, key: Cow<'a, str>, value: Cow<'a, str>) {
        if !self.0.iter().any(|(known, _)| *known == key) {
            self.0.push((key, value));
        }
    }

    /// The value of a key, trimmed; empty when there is none.
    pub(super) fn text(&self, key: &str) -> &str {
        self.0.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value.trim())
    }

    /// The value of a key, if it is not blank.
    pub(super) fn some(&self, key: &str) -> Option<&str> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    /// Whether a key has one of the words for yes.
    pub(super) fn flag(&self, key: &str) -> bool {
        matches!(self.text(key).to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes")
    }

    /// All keys and values.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, value.trim()))
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The address with keys of its query renamed, `(theirs, ours)`; one that is there under our name already stays.
pub(super) fn renamed<'a>(url: &'a str, names: &[(&str, &str)]) -> Cow<'a, str> {
    let Some((page, rest)) = url.split_once('?') else { return Cow::Borrowed(url) };
    let (query, fragment) = rest.split_once('#').map_or((rest, None), |(query, fragment)| (query, Some(fragment)));
    let has = |name: &str| query.split('&').any(|pair| key_of(pair) == name);
    let ours = |key: &str| names.iter().find(|(theirs, ours)| *theirs == key && !has(ours)).map(|(_, ours)| *ours);
    if !query.split('&').any(|pair| ours(key_of(pair)).is_some()) {
        return Cow::Borrowed(url);
    }
    let pair = |pair: &str| match (ours(key_of(pair)), pair.split_once('=')) {
        (Some(ours), Some((_, value))) => format!("{ours}={value}"),
        _ => pair.to_owned(),
    };
    let query: Vec<String> = query.split('&').map(pair).collect();
    let fragment = fragment.map_or(String::new(), |fragment| format!("#{fragment}"));
    Cow::Owned(format!("{page}?{}{fragment}", query.join("&")))
}

fn key_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_repeated_key_counts() {
        let mut params = Params::of("a=1&a=2&b=%20x+y%20&c&e=ON");
        params.add("a=3&d=4");
        assert_eq!((params.text("a"), params.text("b"), params.text("d")), ("1", "x y", "4"));
        assert_eq!((params.some("c"), params.some("z"), params.flag("e"), params.flag("b")), (None, None, true, false));
        assert_eq!(params.all().count(), 5);
        let many: String = (0..2 * limits::PARAMS_MAX).map(|n| format!("k{n}=1&")).collect();
        assert_eq!(Params::of(&many).all().count(), limits::PARAMS_MAX);
    }

    #[test]
    fn keys_of_a_query_get_our_names() {
        let names = [("mtm_campaign", "utm_campaign"), ("campaign", "utm_campaign")];
        for (url, expected) in [
            ("https://a.test/x", "https://a.test/x"),
            ("/x?mtm_campaign=a%20b&c=d#e?f", "/x?utm_campaign=a%20b&c=d#e?f"),
            ("/x?mtm_campaign=a&utm_campaign=b", "/x?mtm_campaign=a&utm_campaign=b"),
            ("/x?campaign", "/x?campaign"),
            ("/x?", "/x?"),
            ("#/x?campaign=a", "#/x?utm_campaign=a"),
        ] {
            assert_eq!(renamed(url, &names), expected, "{url}");
        }
    }
}
