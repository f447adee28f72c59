//! All texts of the pages, in the language that a reader asks for ([`Words`]).
//!
//! A text is a field of [`Words`], declared with its English in `words/english.rs`; a language that lacks one does not compile.
//! `{0}` and `{1}` stand for what is filled in, and every other part between backticks is code. How numbers and dates are
//! written is in [`locale`].

/// Declares the texts of a part: a name, and the English.
macro_rules! texts {
    ($about:literal $part:ident { $($name:ident: $text:literal,)* }) => {
        #[doc = $about]
        #[derive(Debug, Clone, Copy)]
        pub struct $part {
            $(#[doc = $text] pub $name: &'static str,)*
        }

        /// English.
        pub const ENGLISH: $part = $part { $($name: $text,)* };

        impl $part {
            /// All texts with their names.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

mod dimensions;
mod english;
pub mod explain;
mod french;
mod german;
pub mod locale;
pub mod reasons;
pub mod settings;
pub mod values;

use std::fmt::Display;

use crate::limits;
use crate::site::Translated;

pub use english::{ENGLISH, Words};
pub use french::FRENCH;
pub use german::GERMAN;

/// A language in which pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, unless another is asked for.
    English,
    /// German.
    German,
    /// French.
    French,
}

impl Language {
    /// All languages, in the order in which they are offered.
    pub const ALL: [Language; 3] = [Language::English, Language::German, Language::French];

    /// Its code by ISO 639-1.
    pub const fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::French => "fr",
        }
    }

    /// What its speakers call it.
    pub const fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::French => "Français",
        }
    }

    /// Its texts.
    pub const fn words(self) -> &'static Words {
        match self {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
            Language::French => &FRENCH,
        }
    }

    /// The language with this code.
    pub fn from_code(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// The one that a browser likes best, by its `Accept-Language` (RFC 9110, 12.5.4); English where it names none of ours.
    pub fn accepted(header: &str) -> Language {
        let preference = |part: &str| {
            let mut pieces = part.split(';');
            let range = pieces.next().unwrap_or_default().trim();
            let language = Language::from_code(range.split('-').next().unwrap_or_default())?;
            let weight = pieces.find_map(|piece| piece.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            (weight > 0.0).then_some((language, weight))
        };
        // Of equal preferences the first counts.
        let better = |best: (Language, f32), next: (Language, f32)| if next.1 > best.1 { next } else { best };
        header
            .split(',')
            .take(limits::LANGUAGES_READ)
            .filter_map(preference)
            .reduce(better)
            .map_or(Language::English, |(language, _)| language)
    }
}

impl Words {
    /// A text that is not listed here but stands where it is used, as those of settings do.
    pub const fn of(&self, text: &Translated) -> &'static str {
        match self.language {
            Language::English => text.english,
            Language::German => text.german,
            Language::French => text.french,
        }
    }

    /// A text with one thing filled in.
    pub fn one(&self, text: &str, value: impl Display) -> String {
        text.replace("{0}", &value.to_string())
    }

    /// A text with two things filled in.
    pub fn two(&self, text: &str, first: impl Display, second: impl Display) -> String {
        // In one pass, so that what is filled in is never taken for a place to fill.
        let (first, second) = (first.to_string(), second.to_string());
        let mut filled = String::with_capacity(text.len() + first.len() + second.len());
        let mut rest = text;
        while let Some(at) = rest.find("{0}").into_iter().chain(rest.find("{1}")).min() {
            filled.push_str(&rest[..at]);
            filled.push_str(if rest[at..].starts_with("{0}") { &first } else { &second });
            rest = &rest[at + 3..];
        }
        filled + rest
    }

    /// The form for one or for many; the number is filled in with all its digits.
    pub fn many(&self, count: f64, one: &str, many: &str) -> String {
        self.one(self.form(count, one, many), self.exact(count))
    }

    /// The form for one or for many.
    pub fn form<'a>(&self, count: f64, one: &'a str, many: &'a str) -> &'a str {
        let is_one = count == 1.0 || count == 0.0 && self.locale.zero_is_one;
        if is_one { one } else { many }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{SettingKind, SiteSetting};

    #[test]
    fn browsers_get_the_language_they_like_best() {
        for (header, expected) in [
            ("", Language::English),
            ("de", Language::German),
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("nl,fr;q=0.5,en;q=0.4", Language::French),
            ("en;q=0.5, fr;q=0.9", Language::French),
            ("fr;q=0, de;q=0.1", Language::German),
            ("xx;q=abc, ;;;,*", Language::English),
            ("en,de", Language::English),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }

    /// All texts with their names: those of dimensions and of settings by the names of these.
    fn all(language: Language) -> Vec<(&'static str, &'static str)> {
        let mut all = [language.words().all(), dimensions::all(language)].concat();
        for setting in SiteSetting::all() {
            let field = setting.field.iter().flat_map(|field| [Some(field.label), field.help]).flatten();
            let options = match &setting.kind {
                SettingKind::Choice { options, .. } | SettingKind::Set { options, .. } => options,
                _ => [].as_slice(),
            };
            let texts = field.chain(options.iter().map(|option| option.label));
            all.extend(texts.map(|text| (setting.name, language.words().of(&text))));
        }
        all
    }

    #[test]
    fn every_language_fills_the_same_places() {
        for language in Language::ALL {
            for ((name, english), (_, text)) in all(Language::English).into_iter().zip(all(language)) {
                let places = |text: &str| ["{0}", "{1}"].map(|place| text.matches(place).count());
                assert_eq!(places(text), places(english), "{} {name}: {text}", language.code());
                let codes =
                    |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
                assert_eq!(codes(text), codes(english), "{} {name}: {text}", language.code());
                assert!(!text.is_empty() && text.trim() == text, "{} {name}", language.code());
            }
        }
    }

    #[test]
    fn every_language_has_its_own_marks() {
        for (name, text) in all(Language::German) {
            assert!(!text.contains(['"', '“']) || text.contains('„'), "{name}: {text}");
        }
        for (name, text) in all(Language::French) {
            let words: String = text.split('`').step_by(2).collect();
            let breaks = [" ;", " :", " !", " ?", "« ", " »"].iter().any(|mark| words.contains(mark));
            let bare = words.char_indices().any(|(at, letter)| {
                let before = words[..at].chars().next_back();
                ";!?".contains(letter) && before != Some('\u{202f}') || letter == '»' && before != Some('\u{202f}')
            });
            let typewritten = words.contains('\'') && !words.contains("headcount('");
            assert!(!breaks && !bare && !typewritten, "{name}: {text}");
        }
    }

    /// Forms of dates and numbers, which may be the same in any language.
    const FORMS: &[&str] = &[
        "date_full",
        "date_long",
        "date_day_month",
        "date_day",
        "date_short",
        "date_label",
        "date_month",
        "date_month_short",
        "date_month_alone",
        "date_weekday",
    ];

    /// Words that German writes as English does.
    const SAME_IN_GERMAN: &[&str] = &[
        "conversions",
        "filter",
        "relays",
        "live",
        "minute",
        "user_name",
        "bot",
        "site_add_domain",
        "goal_name",
        "share_name",
        "token",
        // Of dimensions.
        "region",
        "browser",
        "browser_version",
        "os",
        "os_version",
        "segment",
    ];

    /// Words that French writes as English does.
    const SAME_IN_FRENCH: &[&str] = &[
        "date_brief",
        "conversions",
        "change_point",
        "change_points",
        "pages_card",
        "sources_card",
        "conversion_word",
        "conversions_word",
        "condition",
        "pages",
        "messages",
        "together_title_one",
        "sites",
        "site",
        "minute",
        "exclusions",
        "segments",
        "annotations",
        // Of dimensions.
        "source",
        "source",
        "browser_version",
        "os_version",
        "entry_page",
        "exit_page",
        "page",
        "segment",
        "segment",
    ];

    #[test]
    fn no_language_is_left_in_english() {
        for (language, own) in [(Language::German, SAME_IN_GERMAN), (Language::French, SAME_IN_FRENCH)] {
            // Numbers are the same in all languages.
            let has_words = |text: &str| text.chars().any(char::is_alphabetic);
            let left: Vec<&str> = all(Language::English)
                .into_iter()
                .zip(all(language))
                .filter(|((name, english), (_, text))| {
                    english == text && has_words(text) && name != text && !FORMS.contains(name)
                })
                .map(|((name, _), _)| name)
                .collect();
            assert_eq!(left, own, "{}", language.code());
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(ENGLISH.two("{1} of {0}, {0}", "{1}", "{0}"), "{0} of {1}, {1}");
        assert_eq!(ENGLISH.many(1.0, "{0} visit", "{0} visits"), "1 visit");
        assert_eq!(ENGLISH.many(0.0, "{0} visit", "{0} visits"), "0 visits");
        assert_eq!(FRENCH.many(0.0, "{0} visite", "{0} visites"), "0 visite");
        assert_eq!(GERMAN.many(1_234.0, "{0} Besuch", "{0} Besuche"), "1.234 Besuche");
    }
}
