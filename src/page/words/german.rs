//! In: nothing. Out: the texts of pages in German. Forgets: nothing.

use super::{ENGLISH, Language, Words, locale};

/// German.
pub const GERMAN: Words = Words { language: Language::German, locale: locale::GERMAN, ..ENGLISH };
