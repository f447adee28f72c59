//! In: nothing. Out: the texts of pages in French. Forgets: nothing.

use super::{ENGLISH, Language, Words, locale};

/// French.
pub const FRENCH: Words = Words { language: Language::French, locale: locale::FRENCH, ..ENGLISH };
