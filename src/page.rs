//! Renders reports, given as plain data, as HTML, CSV and JSON.
//!
//! Pages read nothing and decide nothing: the server fills the structures below, a template in `dashboards/` says it
//! in words. All texts are escaped by askama. No page has a `style` attribute or a script within it, so that a content policy
//! of `default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'` fits all of them.

pub mod words;
pub mod form;
pub mod format;
pub mod keys;
pub mod names;
pub mod places;
pub mod script;
pub mod chart;
pub mod map;
pub mod notice;
pub mod notice_settings;
pub mod account;
pub mod export;
pub mod people;
pub mod published;
pub mod live;
pub mod sign_in;
pub mod bots;
pub mod share;
pub mod settings;
pub mod sharing;
pub mod explained;
pub mod document;
pub mod cards;
pub mod panel;
pub mod site;
pub mod sites;
pub mod rows;
pub mod tracker;
pub mod text;
pub mod watched;

#[cfg(test)]
mod golden;

use askama::Template;

pub use chart::{Note, Point, Progress, Series};
pub use panel::{CardBody, CardView, ChangeColumns, Panel, PanelFiles, PanelRow};
pub use rows::RowsPage;
pub use sign_in::SignInPage;
pub use site::{Choose, Files, LinkTo, MailLine, NotCounted, PeriodForm, SitePage, Total};
pub use sites::{SiteLine, SitesPage};
pub use watched::{Chip, FunnelPanel, FunnelStep, GoalFigures, GoalRow, SegmentLinks};

use words::{Language, Words};

/// The style sheet of all pages, served at [`style_href`].
pub const STYLE: &str = include_str!("../dashboards/style.css");

/// Where pages look for [`STYLE`]; it changes with the style sheet, so browsers may keep it for ever.
pub fn style_href() -> String {
    format!("/assets/style.css?v={}", style_version())
}

/// A text that changes whenever [`STYLE`] does: its 64-bit FNV-1a hash in hexadecimal.
pub fn style_version() -> String {
    const HASH: u64 = fnv(STYLE.as_bytes());
    format!("{HASH:016x}")
}

const fn fnv(bytes: &[u8]) -> u64 {
    let (mut hash, mut at) = (0xcbf2_9ce4_8422_2325, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x100_0000_01b3);
        at += 1;
    }
    hash
}

/// How a page stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EmbedOptions {
    /// Within another page, without header and footer.
    pub is_embedded: bool,
    /// Where search engines may list it.
    pub is_findable: bool,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name.
    pub name: String,
    /// Whether everything may be changed, not only read.
    pub is_owner: bool,
    /// Where the form that signs out is sent, by POST.
    pub sign_out: String,
}

/// What went wrong, in a title and a sentence.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// Its texts.
    pub words: &'static Words,
    /// The status code.
    pub status: u16,
    /// What happened.
    pub title: String,
    /// What to do.
    pub sentence: String,
    /// The language of the sentence: that of the page, but for what is told to programs too, which is English.
    pub spoken: Language,
}

impl ErrorPage {
    /// The page for a status code.
    pub fn of(status: u16, words: &'static Words) -> ErrorPage {
        let (title, sentence) = match status {
            401 => (words.error_401, words.error_401_why),
            403 => (words.error_403, words.error_403_why),
            404 => (words.error_404, words.error_404_why),
            410 => (words.error_410, words.error_410_why),
            405 => (words.error_405, words.error_405_why),
            422 => (words.error_422, words.error_422_why),
            429 => (words.error_429, words.error_429_why),
            400..=499 => (words.error_400, words.error_400_why),
            503 => (words.error_503, words.error_503_why),
            _ => (words.error_500, words.error_500_why),
        };
        ErrorPage { words, status, title: title.to_owned(), sentence: sentence.to_owned(), spoken: words.language }
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

/// A template as text. Writing into memory can't fail, and no template here has a step of its own that can.
fn rendered(page: &impl Template) -> String {
    page.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // Test vectors of the draft-eastlake-fnv specification.
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
        assert!(style_href().ends_with(&style_version()));
    }

    #[test]
    fn the_style_sheet_is_small_and_fetches_nothing() {
        assert!(STYLE.len() <= 17 * 1024, "{} bytes", STYLE.len());
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn every_status_has_a_title_and_a_sentence() {
        for status in 400..600 {
            let page = ErrorPage::of(status, &words::ENGLISH);
            assert!(!page.title.is_empty() && page.sentence.ends_with('.'), "{status}");
        }
    }
}
