//! In: a query or a form as sent. Out: its keys and values, decoded. Forgets: repeated keys, those that nobody reads, and all
//! past a bound.

use std::borrow::Cow;

use super::naming;
use crate::limits;

/// Decoded keys and values that a format knows. The first of a repeated key counts.
pub(super) struct Params<'a> {
    knows: fn(&str) -> bool,
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    is_empty: bool,
}

impl<'a> Params<'a> {
    /// None yet, of a format that `knows` these keys.
    pub(super) fn new(knows: fn(&str) -> bool) -> Params<'a> {
        Params { knows, pairs: Vec::new(), is_empty: true }
    }

    /// Reads `a=b&c=d`, at most [`limits::PARAMS_MAX`] of the keys that the format `knows`.
    pub(super) fn of(query: &'a str, knows: fn(&str) -> bool) -> Params<'a> {
        let mut params = Params::new(knows);
        params.add(query);
        params
    }

    /// Adds what another text has and this one has not.
    pub(super) fn add(&mut self, query: &'a str) {
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let key = match naming::meant(&key).len() {
                same if same == key.len() => key,
                meant => Cow::Owned(key[key.len() - meant..].to_owned()),
            };
            self.put(key, || value);
        }
    }

    /// Adds one, unless its key is there or nobody reads it.
    pub(super) fn put(&mut self, key: Cow<'a, str>, value: impl FnOnce() -> Cow<'a, str>) {
        self.is_empty = false;
        let has_room = self.pairs.len() < limits::PARAMS_MAX;
        if has_room && (self.knows)(&key) && !self.pairs.iter().any(|(known, _)| *known == key) {
            self.pairs.push((key, value()));
        }
    }

    /// The value of a key, trimmed; empty when there is none.
    pub(super) fn text(&self, key: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value.trim())
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
        self.pairs.iter().map(|(key, value)| (&**key, value.trim()))
    }

    /// Whether none were sent, known or not.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_repeated_key_counts() {
        let is_letter = |key: &str| key.len() == 1;
        let mut params = Params::of("a=1&a=2&b=%20x+y%20&c&e=ON&xx=1", is_letter);
        params.add("a=3&d=4");
        assert_eq!((params.text("a"), params.text("b"), params.text("d")), ("1", "x y", "4"));
        assert_eq!((params.some("c"), params.some("z"), params.flag("e"), params.flag("b")), (None, None, true, false));
        assert_eq!(params.all().count(), 5);
        assert_eq!(Params::of("x=1&amp;a=2&amp%3Bb=3", is_letter).text("a"), "2", "written for HTML");
        let many: String = (0..2 * limits::PARAMS_MAX).map(|n| format!("k{n}=1&")).collect();
        assert_eq!(Params::of(&many, |_| true).all().count(), limits::PARAMS_MAX);
        assert_eq!(Params::of(&(many + "z=1"), is_letter).text("z"), "1", "unknown keys take no room");
        assert!(Params::of("", is_letter).is_empty() && !Params::of("unknown", is_letter).is_empty());
    }
}
