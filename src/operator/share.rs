//! In: what owners open of a site. Out: its pages for readers who are not signed in. Forgets: secret links, of which only digests are
//! known.

use crate::secret::Digest;
use crate::secret::password::PasswordDigest;
use crate::site::{Moment, SiteId};

/// The name of a site's public page among its shares.
pub const PUBLIC: &str = "public";

/// A page of a site for readers who are not signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its number, which no later one gets.
    pub id: i64,
    /// Of which site.
    pub site: SiteId,
    /// What operators call it; [`PUBLIC`] is the page whose address is the site's name.
    pub name: String,
    /// What it is read with, if anything.
    pub password: Option<PasswordDigest>,
    /// From when on it is open, where the notice of the site announces it first.
    pub from: Option<Moment>,
    /// When it ends.
    pub until: Option<Moment>,
    /// The hosts in whose pages it may stand.
    pub embed: Vec<String>,
    /// The number of the segment that it shows alone; nothing for all of the site.
    pub segment: Option<u32>,
    /// When it was made.
    pub added: Moment,
}

/// A share that is to be.
#[derive(Debug)]
pub struct NewShare<'a> {
    /// Of which site.
    pub site: SiteId,
    /// Its name.
    pub name: &'a str,
    /// The digest of its secret link; nothing for the public page.
    pub link: Option<Digest>,
    /// What it is to be read with.
    pub password: Option<&'a PasswordDigest>,
    /// From when on it is open; nothing for at once.
    pub from: Option<Moment>,
    /// When it ends.
    pub until: Option<Moment>,
    /// The hosts in whose pages it may stand.
    pub embed: &'a [String],
    /// The number of the segment that it shows alone; nothing for all of the site.
    pub segment: Option<u32>,
}

impl Share {
    /// Whether everybody may find it.
    pub fn is_public(&self) -> bool {
        self.name == PUBLIC
    }

    /// Whether it is open by now: it may have ended since.
    pub fn has_begun(&self, now: Moment) -> bool {
        self.from.is_none_or(|from| from <= now)
    }

    /// Whether it has ended.
    pub fn has_ended(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}
