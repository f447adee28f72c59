//! In: what became of somebody's try at the password of a shared page. Out: the page that asks for it. Forgets: the password that
//! was typed; it is never shown.

use askama::Template;

use super::rendered;
use super::words::Words;

/// Why the page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharePasswordReason {
    /// No password was given yet, or too long ago.
    Asked,
    /// It was wrong.
    Wrong,
    /// Too many tries wait; another may come after so many seconds.
    TooMany(u64),
}

impl SharePasswordReason {
    /// The status code of the page.
    pub const fn status(self) -> u16 {
        match self {
            SharePasswordReason::Asked | SharePasswordReason::Wrong => 401,
            SharePasswordReason::TooMany(_) => 429,
        }
    }
}

/// Asks for the password of a shared page. The form is sent to where the page is.
#[derive(Debug, Clone, Template)]
#[template(path = "share_password.html")]
pub struct PasswordPage {
    /// Its texts.
    pub words: &'static Words,
    /// The site that it is about.
    pub domain: String,
    /// Why.
    pub why: SharePasswordReason,
}

impl PasswordPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    /// What went wrong, if anything.
    fn trouble(&self) -> Option<String> {
        match self.why {
            SharePasswordReason::Asked => None,
            SharePasswordReason::Wrong => Some(self.words.share_wrong.to_owned()),
            SharePasswordReason::TooMany(wait_s) => Some(self.words.one(self.words.share_too_many, wait_s)),
        }
    }
}
