//! In: what visitors of a site are told, and asked. Out: the versions of its notice, changes that it announces, sums of requests.
//! Forgets: who asked.

use crate::site::{Day, Moment, SiteId};

/// A version of the notice of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNotice {
    /// Its number among those of the site, from 1 on.
    pub number: u32,
    /// Since when it is in force.
    pub from: Moment,
    /// Why it was made: `first`, `settings` or `program`.
    pub cause: String,
    /// The version of the program that made it.
    pub program: String,
    /// What it tells, in no language, as JSON.
    pub facts: String,
    /// What it says in each language, as JSON.
    pub texts: String,
}

/// A change that waits until the notice has announced it for long enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncedChange {
    /// Its number, which no later one gets.
    pub id: i64,
    /// Of which site.
    pub site: SiteId,
    /// Since when it is announced.
    pub announced: Moment,
    /// When it is made.
    pub from: Moment,
    /// The command that makes it, as JSON.
    pub command: String,
}

/// How often visitors have asked for something on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSum {
    /// The day on the site's calendar.
    pub day: Day,
    /// For what, by its name.
    pub kind: String,
    /// How often.
    pub count: u64,
}
