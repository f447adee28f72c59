//! Names of countries and languages, in the languages of the pages.

use std::sync::LazyLock;

use super::words::Language;
use crate::report::place_names::{self, NameList};

static LANGUAGES: LazyLock<NameList> = LazyLock::new(|| place_names::list(include_str!("data/languages.tsv")));

/// What a country is called; nothing for what is no code of ISO 3166-1 alpha-2 in use.
pub fn country(code: &str, language: Language) -> Option<&'static str> {
    place_names::countries().get(code).map(|names| names[language as usize])
}

/// What a language is called; nothing for what is no code of ISO 639 or has no name in all languages of the pages.
pub fn language(code: &str, language: Language) -> Option<&'static str> {
    LANGUAGES.get(code).map(|names| names[language as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Language; 3] = Language::ALL;

    #[test]
    fn places_have_the_names_people_use() {
        assert_eq!(ALL.map(|column| country("DE", column)), ["Germany", "Deutschland", "Allemagne"].map(Some));
        assert_eq!(ALL.map(|column| language("fr", column)), ["French", "Französisch", "Français"].map(Some));
        for unknown in ["", "XX", "de", "EU", "ZZ", "\t", "#"] {
            assert_eq!(country(unknown, Language::English), None, "{unknown}");
        }
        for unknown in ["", "xx", "DE", "und", "eng"] {
            assert_eq!(language(unknown, Language::German), None, "{unknown}");
        }
    }

    #[test]
    fn no_line_of_a_list_is_lost_and_none_is_double() {
        for (list, text) in [
            (place_names::countries(), include_str!("data/countries.tsv")),
            (&LANGUAGES, include_str!("data/languages.tsv")),
        ] {
            assert_eq!(list.len(), text.lines().count() - 1);
            assert!(list.values().flatten().all(|name| !name.is_empty() && !name.contains(['<', '"'])));
            assert!(text.starts_with("# ") && text.lines().next().unwrap_or_default().contains("Unicode-3.0"));
        }
        // ISO 3166-1 has 249 countries; Kosovo has a code that only its users agreed on.
        assert_eq!(place_names::countries().len(), 250);
    }
}
