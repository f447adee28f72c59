//! In: who is signed in, and in which browsers. Out: the page on which people look after their own account. Forgets: passwords;
//! they are never shown.

use askama::Template;

use super::words::Words;
use super::{Account, rendered};
use crate::site::Day;

/// Somebody's own account.
#[derive(Debug, Clone, Template)]
#[template(path = "your_account.html")]
pub struct AccountPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// Whether everything may be changed, not only read.
    pub is_owner: bool,
    /// The domains of the only sites that may be read; nothing for all.
    pub sites: Option<Vec<String>>,
    /// Whether a password is set.
    pub has_password: bool,
    /// The browsers that are signed in, the last one first.
    pub browsers: Vec<BrowserLine>,
    /// What became of the form that was sent.
    pub outcome: Option<AccountOutcome>,
}

/// What became of a form, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountOutcome {
    /// It is done.
    Done(String),
    /// Nothing was changed.
    Refused(String),
}

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserLine {
    /// Its number.
    pub id: i64,
    /// The day on which it was signed in, in UTC.
    pub since: Day,
    /// The day on which it is signed out by itself.
    pub until: Day,
    /// Whether it is the one that reads this.
    pub is_this: bool,
}

impl AccountPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    fn may(&self) -> String {
        self.words.may(self.is_owner, self.sites.as_deref())
    }
}
