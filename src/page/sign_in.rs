//! In: what became of somebody's way in. Out: the page to sign in on. Forgets: the password that was typed; it is never shown.

use askama::Template;

use super::rendered;

/// Why the page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nobody is signed in.
    Asked,
    /// The link was used before, is too old, or was never given out.
    BadLink,
    /// No user has this name and this password.
    Wrong,
    /// There were too many tries.
    TooMany,
}

impl Why {
    /// The status code of the page.
    pub const fn status(self) -> u16 {
        match self {
            Why::Asked => 401,
            Why::BadLink => 403,
            Why::Wrong => 401,
            Why::TooMany => 429,
        }
    }
}

/// How to sign in.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Why.
    pub why: Why,
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
            Why::BadLink => "This link does not work",
            _ => "Sign in",
        }
    }

    /// What went wrong, if anything.
    fn trouble(&self) -> Option<&'static str> {
        match self.why {
            Why::Asked => None,
            Why::BadLink => Some("It was used before, is older than 15 minutes, or was not copied as a whole."),
            Why::Wrong => Some("No user has this name and this password."),
            Why::TooMany => Some("There were too many tries. Wait 15 minutes, or use a link."),
        }
    }
}
