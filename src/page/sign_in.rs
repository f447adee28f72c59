//! In: what became of somebody's way in. Out: the page to sign in on. Forgets: the password that was typed; it is never shown.

use askama::Template;

use super::rendered;
use super::words::Words;

/// Why the page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInReason {
    /// Nobody is signed in.
    Asked,
    /// The link was used before, is too old, or was never given out.
    BadLink,
    /// No user has this name and this password.
    Wrong,
    /// Too many tries wait; another may come after so many seconds.
    TooMany(u64),
}

impl SignInReason {
    /// The status code of the page.
    pub const fn status(self) -> u16 {
        match self {
            SignInReason::Asked => 401,
            SignInReason::BadLink => 403,
            SignInReason::Wrong => 401,
            SignInReason::TooMany(_) => 429,
        }
    }
}

/// How to sign in.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Its texts.
    pub words: &'static Words,
    /// Why.
    pub why: SignInReason,
    /// The name that was typed.
    pub name: String,
}

impl SignInPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    fn title(&self) -> &'static str {
        match self.why {
            SignInReason::BadLink => self.words.bad_link,
            _ => self.words.sign_in,
        }
    }

    /// What went wrong, if anything.
    fn trouble(&self) -> Option<String> {
        match self.why {
            SignInReason::Asked => None,
            SignInReason::BadLink => Some(self.words.bad_link_why.to_owned()),
            SignInReason::Wrong => Some(self.words.sign_in_wrong.to_owned()),
            SignInReason::TooMany(wait_s) => Some(self.words.one(self.words.sign_in_too_many, wait_s)),
        }
    }
}

/// Asks whether a one-time link is to be used. The form is sent to where the page is.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in_link.html")]
pub struct LinkPage {
    /// Its texts.
    pub words: &'static Words,
    /// The name of whom it signs in.
    pub name: String,
}

impl LinkPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;
    use crate::page::words::Language;

    #[test]
    fn the_page_knows_how_long_links_hold_and_when_to_try_again() {
        for language in Language::ALL {
            let trouble = |why| SignInPage { words: language.words(), why, name: String::new() }.trouble();
            let minutes = |ms: i64| format!(" {} ", ms / 60_000);
            assert!(
                trouble(SignInReason::BadLink).is_some_and(|text| text.contains(&minutes(limits::SIGN_IN_LINK_MS)))
            );
            assert!(trouble(SignInReason::TooMany(17)).is_some_and(|text| text.contains(" 17 ")));
            assert!(trouble(SignInReason::Asked).is_none() && trouble(SignInReason::Wrong).is_some());
        }
    }
}
