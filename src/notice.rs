//! The privacy notice of a site, made of what is set for it.
//!
//! In: a site, what is open of it, and what its owner has said. Out: [`NoticeFacts`], in no language; of these a [`Notice`] in each
//! language, as HTML (`page/notice.rs`), Markdown and JSON; what came and went between two of them. Forgets: nothing; no visitor is in it.

mod cache;
mod compose;
mod described;
mod difference;
mod facts;
mod language;
mod markdown;
pub mod rights;
pub mod snippet;

pub use cache::{KnownNotice, NoticeBasis, NoticeCache};
pub use compose::{compose, out_lines};
pub use described::{GPC_PATH, described, gpc};
pub use difference::{ChangedLine, NoticeDifference};
pub use facts::{AnnouncedFacts, NoticeFacts, OpenPage, facts};
pub use language::{LanguageFault, LanguageTexts, NoticeLanguages, english_file};
pub use markdown::markdown;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::operator::KeptNotice;

/// A notice in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its title.
    pub title: String,
    /// Its parts, in order.
    pub sections: Vec<NoticeSection>,
}

/// A part of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSection {
    /// Its name, the same in every language.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it says.
    pub lines: Vec<NoticeLine>,
}

/// A paragraph of a notice, or an item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeLine {
    /// What it says; an owner's text may have line breaks.
    pub text: String,
    /// Whether it is an item of a list.
    #[serde(default, skip_serializing_if = "is_off")]
    pub is_item: bool,
    /// Where it leads: a path of the collector, or a whole address. The text is that of the link then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

fn is_off(flag: &bool) -> bool {
    !flag
}

impl NoticeLine {
    /// A paragraph.
    pub fn text(text: String) -> NoticeLine {
        NoticeLine { text, is_item: false, to: None }
    }

    /// An item of a list.
    pub fn item(text: String) -> NoticeLine {
        NoticeLine { text, is_item: true, to: None }
    }

    /// A link.
    pub fn link(text: String, to: String) -> NoticeLine {
        NoticeLine { text, is_item: false, to: Some(to) }
    }

    /// Where it leads, in front of which `base` stands where that is a path of the collector.
    pub fn href(&self, base: &str) -> Option<String> {
        let to = self.to.as_ref()?;
        Some(if to.starts_with('/') { format!("{base}{to}") } else { to.clone() })
    }
}

/// Why a version was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeCause {
    /// There was none.
    First,
    /// Something is set otherwise, or open, or over.
    Settings,
    /// The program, or a file of a language, says it in other words.
    Program,
}

impl NoticeCause {
    /// Its name, as stored and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            NoticeCause::First => "first",
            NoticeCause::Settings => "settings",
            NoticeCause::Program => "program",
        }
    }
}

/// What a version says in each language, by code.
pub type NoticeTranslations = BTreeMap<String, Notice>;

/// What a kept version says in a language, else in English; nothing where it can't be read.
pub fn kept_text(kept: &KeptNotice, language: &str) -> Option<Notice> {
    let mut all = translations(kept)?;
    all.remove(language).or_else(|| all.remove(language::ENGLISH))
}

/// What a kept version says in every language.
pub fn translations(kept: &KeptNotice) -> Option<NoticeTranslations> {
    serde_json::from_str(&kept.texts).ok()
}

/// The facts behind a kept version; nothing where they can't be read, as those of a later program.
pub fn kept_facts(kept: &KeptNotice) -> Option<NoticeFacts> {
    serde_json::from_str(&kept.facts).ok()
}
