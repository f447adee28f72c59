//! In: sums that are not stored yet. Out: sums of cells over a range. Forgets: nothing; what never reaches this module
//! can't be read from a disk.
//!
//! [`Store`] is all that the rest of the program knows of it: sums in, sums out. Two stores of the same stream add up.

pub mod sqlite;

use std::sync::Arc;

use crate::beacon::mail::MailKind;
use crate::cell::{Axis, Tally};
use crate::counts::{Name, Sums};
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, LocalHour, SiteId};

/// Width of a bucket. Buckets are numbered by [`LocalHour::number`], [`Day`] and [`crate::site::time::Month`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grain {
    /// An hour of the site's wall clock.
    Hour,
    /// A day of the site's calendar.
    Day,
    /// A month of the site's calendar.
    Month,
}

/// A question for sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Of which site.
    pub site: SiteId,
    /// Split by what.
    pub axis: Axis<Name>,
    /// From which cells.
    pub grain: Grain,
    /// First bucket.
    pub first: i32,
    /// Last bucket, included.
    pub last: i32,
    /// Whether buckets stay apart; else each value has one row, in bucket 0.
    pub by_bucket: bool,
}

/// The sums of a value, in a bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of the bucket, or 0.
    pub bucket: i32,
    /// The value; empty for totals.
    pub value: Name,
    /// The sums.
    pub tally: Tally,
}

/// Rejections of one site and day under one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// The site, or the instance.
    pub site: SiteId,
    /// The day, at the site; in UTC for the instance.
    pub day: Day,
    /// The reason.
    pub reason: Rejection,
    /// How many.
    pub count: u64,
}

/// How far a log has been imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The site it counted for.
    pub site: SiteId,
    /// The digest of its beginning.
    pub head: Digest,
    /// How long that beginning is, in bytes.
    pub head_bytes: u64,
    /// How many bytes of its content are counted.
    pub bytes: u64,
}

/// What became of the mails of a campaign on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSum {
    /// The site.
    pub site: SiteId,
    /// The campaign, or the name of those that nobody declared.
    pub campaign: String,
    /// The day, at the site.
    pub day: Day,
    /// What happened.
    pub kind: MailKind,
    /// How often.
    pub count: u64,
    /// By how many distinct people within the day.
    pub people: u64,
}

/// What one transaction adds.
#[derive(Debug, Default)]
pub struct Flush {
    /// Number of this flush: one more than the last. A flush is applied once, however often it is tried.
    pub number: u64,
    /// Sums by site and day.
    pub sums: Vec<(SiteId, Day, Sums)>,
    /// Rejections.
    pub rejected: Vec<Rejected>,
    /// The first day of which a site keeps the hours of single dimensions; older ones are deleted.
    pub old_hours: Vec<(SiteId, Day)>,
    /// How far logs are imported with it.
    pub imported: Vec<Imported>,
    /// What became of mails.
    pub mails: Vec<MailSum>,
    /// Ids of batches of hits that are in the sums, and the day (UTC) on which they came.
    pub batches: Vec<(Digest, Day)>,
}

/// Sums as stored, and the flush up to which they hold.
#[derive(Debug, Default)]
pub struct Answer {
    /// Number of the last flush that is in them.
    pub flush: u64,
    /// For each question its rows, in no order.
    pub rows: Vec<Vec<Row>>,
}

/// What went wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another program holds the file; a later try may succeed.
    #[error("the database is in use by another program")]
    Busy,
    /// There is no room left.
    #[error("the disk is full")]
    Full,
    /// The file is damaged or no database.
    #[error("the database is damaged; restore a backup")]
    Corrupt,
    /// Anything else, in the words of the library.
    #[error("the database failed: {0}")]
    Other(String),
}

/// A place for sums.
pub trait Store: Send + Sync {
    /// Number of the last flush that was applied.
    ///
    /// # Errors
    /// [`StoreError`]
    fn last_flush(&self) -> Result<u64, StoreError>;

    /// Adds a flush, wholly or not at all. One whose number is not above [`Store::last_flush`] is not added again.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was added then.
    fn apply(&self, flush: &Flush) -> Result<(), StoreError>;

    /// Answers questions, all from the same state.
    ///
    /// # Errors
    /// [`StoreError`]
    fn read(&self, asks: &[Ask]) -> Result<Answer, StoreError>;

    /// The first day on which a site has data, and the flush up to which that holds.
    ///
    /// # Errors
    /// [`StoreError`]
    fn first_day(&self, site: SiteId) -> Result<(u64, Option<Day>), StoreError>;

    /// Rejections of a site from `first` to `last`, added up by reason, and the flush up to which they hold.
    ///
    /// # Errors
    /// [`StoreError`]
    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<(u64, Vec<(Rejection, u64)>), StoreError>;
}

impl Ask {
    /// The question for the totals of a site's day.
    pub fn totals_of_day(site: SiteId, day: Day) -> Ask {
        Ask { site, axis: Axis::Total, grain: Grain::Day, first: day.0, last: day.0, by_bucket: false }
    }

    /// The rows that sums of one day, not stored yet, add to the answer.
    pub fn rows_of(&self, day: Day, sums: &Sums) -> Vec<Row> {
        let wanted = |bucket: i32| (self.first..=self.last).contains(&bucket);
        let row = |bucket: i32, value: &Name, tally: Tally| Row {
            bucket: if self.by_bucket { bucket } else { 0 },
            value: value.clone(),
            tally,
        };
        match self.grain {
            Grain::Hour => {
                let hours = sums.hours.iter().filter(|(cell, _, _)| cell.axis == self.axis);
                hours
                    .map(|(cell, hour, tally)| (LocalHour { day, hour: *hour }.number(), cell, tally))
                    .filter(|(bucket, _, _)| wanted(*bucket))
                    .map(|(bucket, cell, tally)| row(bucket, &cell.value, *tally))
                    .collect()
            }
            Grain::Day | Grain::Month => {
                let bucket = if self.grain == Grain::Day { day.0 } else { day.month().0 };
                let days = sums.days.iter().filter(|(cell, _)| wanted(bucket) && cell.axis == self.axis);
                days.map(|(cell, tally)| row(bucket, &cell.value, *tally)).collect()
            }
        }
    }
}

/// A store that the whole program shares.
pub type Shared = Arc<dyn Store>;
