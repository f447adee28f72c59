//! Names of places. Reports know the English ones, which the API has beside codes; pages have those of their languages.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::cell::filter::implied;
use crate::cell::{Dimension, NOT_SET};

/// Names by code, in English, German and French.
pub type NameList = HashMap<&'static str, [&'static str; 3]>;

static COUNTRIES: LazyLock<NameList> = LazyLock::new(|| list(include_str!("../page/data/countries.tsv")));

/// The countries that have a code of ISO 3166-1 alpha-2.
pub fn countries() -> &'static NameList {
    &COUNTRIES
}

/// Reads a list: a line for each code, in columns.
pub fn list(text: &'static str) -> NameList {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| {
        let (code, names) = line.split_once('\t')?;
        let names: Vec<&str> = names.split('\t').collect();
        Some((code, <[&str; 3]>::try_from(names).ok()?))
    };
    lines.filter_map(row).collect()
}

/// What a value of a place is called in English, as far as that is known: countries and cities have names, regions codes.
pub fn english(dimension: Dimension, value: &str) -> &str {
    match dimension {
        Dimension::Country => COUNTRIES.get(value).map_or(value, |names| names[0]),
        Dimension::City if value != NOT_SET => implied(value, Dimension::City),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_called_by_their_names() {
        for (dimension, value, name) in [
            (Dimension::Country, "DE", "Germany"),
            (Dimension::Country, "XX", "XX"),
            (Dimension::Country, NOT_SET, NOT_SET),
            (Dimension::Region, "DE-BE", "DE-BE"),
            (Dimension::City, "Berlin, DE-BE", "Berlin"),
            (Dimension::City, "Washington, D.C., US-DC", "Washington, D.C."),
            (Dimension::City, NOT_SET, NOT_SET),
        ] {
            assert_eq!(english(dimension, value), name, "{value}");
        }
    }
}
