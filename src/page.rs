//! In: reports, as plain data. Out: HTML, CSV and JSON. Forgets: nothing more; whatever comes here may be shown.
//!
//! Pages read nothing and decide nothing: the server fills the structures below, a template in `dashboards/` says it
//! in words. All texts are escaped by askama. No page has a `style` attribute or a script within it, so that a content policy
//! of `default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'` fits all of them.

pub mod format;
pub mod keys;
pub mod names;
pub mod script;
pub mod chart;
pub mod export;
pub mod bots;
pub mod site;
pub mod tracker;
pub mod watched;

#[cfg(test)]
mod golden;

use askama::Template;

pub use chart::{Hits, Point, Progress, Series};
pub use site::{MailLine, NotCounted, Panel, PanelRow, PeriodLink, SitePage, Total};
pub use watched::{Chip, FunnelPanel, FunnelStep, GoalFigures, GoalRow};

use crate::site::AddressMode;

/// The style sheet of all pages, served at [`style_href`].
pub const STYLE: &str = include_str!("../dashboards/style.css");

/// A notice for sites whose live state did not survive a restart.
pub const VISITORS_MAY_REPEAT: &str = "headcount was restarted today. What was stored is kept, but visitors of today who \
came before may count once more.";

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

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name that the operator gave.
    pub name: String,
    /// Where the form that signs out is sent, by POST.
    pub sign_out: String,
}

/// The list of sites that somebody may read.
#[derive(Debug, Clone, Template)]
#[template(path = "sites.html")]
pub struct SitesPage {
    /// Who is signed in.
    pub account: Option<Account>,
    /// The sites, in the order in which they are listed.
    pub sites: Vec<SiteLine>,
    /// Messages of the last seven days that could be booked to no site of the list, by reason.
    pub unclaimed: Vec<NotCounted>,
}

/// A site in the list.
#[derive(Debug, Clone)]
pub struct SiteLine {
    /// Its domain.
    pub domain: String,
    /// Visitors so far today; nothing where they are not measured.
    pub visitors: Option<f64>,
    /// Pageviews so far today.
    pub pageviews: f64,
}

impl SitesPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

impl SiteLine {
    fn visitors_shown(&self) -> String {
        format::metric(crate::cell::Metric::Visitors, self.visitors)
    }

    fn pageviews_shown(&self) -> String {
        format::count(self.pageviews)
    }
}

/// How to sign in, and what became of a link that did not work.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "sign_in.html")]
pub enum SignInPage {
    /// Nobody is signed in.
    Ask,
    /// The link was used before, is too old, or was never given out.
    BadLink,
}

impl SignInPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    fn title(&self) -> &'static str {
        match self {
            SignInPage::Ask => "Sign in",
            SignInPage::BadLink => "This link does not work",
        }
    }

    fn sentence(&self) -> &'static str {
        match self {
            SignInPage::Ask => "You sign in with a link that works once. There is no password.",
            SignInPage::BadLink => "It was used before, is older than 15 minutes, or was not copied as a whole.",
        }
    }
}

/// What the visitors of a site may know.
#[derive(Debug, Clone, Template)]
#[template(path = "privacy.html")]
pub struct PrivacyPage {
    /// The site's domain.
    pub domain: String,
    /// What becomes of addresses.
    pub address: AddressMode,
    /// Whether `Sec-GPC: 1` and `DNT: 1` are honoured.
    pub is_opt_out_honoured: bool,
    /// The time zone in which the site's days end.
    pub time_zone: String,
}

impl PrivacyPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

/// What went wrong, in a title and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The status code.
    pub status: u16,
    /// What happened.
    pub title: String,
    /// What to do.
    pub sentence: String,
}

impl ErrorPage {
    /// The page for a status code.
    pub fn of(status: u16) -> ErrorPage {
        let (title, sentence) = match status {
            401 => ("Please sign in", "This page is for signed-in people."),
            403 => ("Not for this account", "You are signed in, but may not read this page."),
            404 => ("Nothing here", "There is no such page, or no such site."),
            405 => ("Not like this", "This address does not take that kind of request."),
            429 => ("Too many requests", "Please try again in a minute."),
            400..=499 => ("Not understood", "The request makes no sense here."),
            503 => ("Busy", "The server is stopping or very busy. Please try again in a moment."),
            _ => ("Something broke", "It is not your fault, and nothing counted is lost. The server's log says more."),
        };
        ErrorPage { status, title: title.to_owned(), sentence: sentence.to_owned() }
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
        assert!(STYLE.len() <= 8 * 1024, "{} bytes", STYLE.len());
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn the_page_of_a_bad_link_knows_how_long_links_work() {
        let minutes = crate::limits::SIGN_IN_LINK_MS / 60_000;
        assert!(SignInPage::BadLink.sentence().contains(&format!(" {minutes} minutes,")));
    }

    #[test]
    fn every_status_has_a_title_and_a_sentence() {
        for status in 400..600 {
            let page = ErrorPage::of(status);
            assert!(!page.title.is_empty() && page.sentence.ends_with('.'), "{status}");
        }
    }
}
