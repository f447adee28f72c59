//! In: sums that are not stored yet. Out: sums of cells over a range. Forgets: nothing; what never reaches this module
//! can't be read from a disk.
//!
//! [`Store`] is all that the rest of the program knows of it: sums in, sums out. Two stores of the same stream add up.

pub mod sqlite;

use std::sync::Arc;

use crate::beacon::mail::MailKind;
use crate::cell::{Axis, Cell, Filter, Tally};
use crate::counts::pairs::Pair;
use crate::counts::{Name, SessionSnapshot, Sums};
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, LocalHour, Month, SiteId};

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
    /// Of what alone; nothing for all.
    pub filter: Option<Filter<Name>>,
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

/// Where the cells are that answer a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source<'a> {
    /// Cells of one axis, of all its values or of those that pass a filter.
    Single(&'a Axis<Name>),
    /// Cells of two dimensions, and whether the filter is on the second of them.
    Pair(Pair, bool),
    /// There are none: sums can't answer it.
    Nowhere,
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

/// The group of those paths of programs that are no longer told apart.
pub const OTHER_PAGES: &str = "(other)";

/// What programs asked for on one day: how often those of a family came for a group of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotCount {
    /// The site.
    pub site: SiteId,
    /// The day, at the site.
    pub day: Day,
    /// The family, from the list of [`crate::hit::agent`].
    pub family: Name,
    /// The group of pages, or [`OTHER_PAGES`].
    pub pages: Name,
    /// How many messages.
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

/// Who counts a day that is not over: the pairs of each are stored as a whole, in the place of what they were before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The running collector.
    Live,
    /// An import.
    Import,
}

/// The pairs of a day, and whether it is over.
#[derive(Debug, Clone)]
pub struct DayState {
    /// The site.
    pub site: SiteId,
    /// The day.
    pub day: Day,
    /// Who counted it.
    pub part: Part,
    /// Its visits; nothing for a day of which only sums are left, because the program was restarted.
    pub snapshot: Option<Arc<SessionSnapshot>>,
    /// The most cells of pairs that are kept of it.
    pub pair_cells: u32,
    /// Whether it is over: then its cells are packed, and whatever comes later is added to them.
    pub is_over: bool,
}

/// What one transaction adds.
#[derive(Debug, Default)]
pub struct Flush {
    /// Number of this flush: one more than the last. A flush is applied once, however often it is tried.
    pub number: u64,
    /// Sums by site and day.
    pub sums: Vec<(SiteId, Day, Sums)>,
    /// The pairs of days.
    pub days: Vec<DayState>,
    /// A month that is over, whose pairs are added up.
    pub month: Option<(SiteId, Month)>,
    /// Rejections.
    pub rejected: Vec<Rejected>,
    /// The programs among them.
    pub bots: Vec<BotCount>,
    /// The first day of which a site keeps the hours of single dimensions; older ones are deleted.
    pub old_hours: Vec<(SiteId, Day)>,
    /// How far logs are imported with it.
    pub imported: Vec<Imported>,
    /// What became of mails.
    pub mails: Vec<MailSum>,
    /// Ids of batches of hits that are in the sums, and the day (UTC) on which they came.
    pub batches: Vec<(Digest, Day)>,
}

/// A day whose pairs are in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// The site.
    pub site: SiteId,
    /// The day.
    pub day: Day,
    /// Who counts it.
    pub part: Part,
    /// Number of the first flush that may hold what is in memory.
    pub number: u64,
}

/// Sums as stored, and the flush up to which they hold.
#[derive(Debug, Default)]
pub struct Answer {
    /// Number of the last flush that is in them.
    pub flush: u64,
    /// For each question its rows, in no order.
    pub rows: Vec<Vec<Row>>,
    /// For each of the running days, whether what the caller has of it is to be added.
    pub adds: Vec<bool>,
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

    /// Answers questions about any sites, all from the same state. The caller adds the pairs of running days by itself, each as it was when the
    /// next flush had the number given: what is stored of it is left out, unless that flush or a later one has closed the day.
    ///
    /// # Errors
    /// [`StoreError`]
    fn read(&self, asks: &[Ask], running: &[Running]) -> Result<Answer, StoreError>;

    /// The first day on which a site has data, and the flush up to which that holds.
    ///
    /// # Errors
    /// [`StoreError`]
    fn first_day(&self, site: SiteId) -> Result<(u64, Option<Day>), StoreError>;

    /// The keys of properties that came with an event from `first` to `last`, or with any: each once, and at most
    /// [`crate::limits::PROP_KEYS_LISTED`].
    ///
    /// # Errors
    /// [`StoreError`]
    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError>;

    /// Rejections of a site from `first` to `last`, added up by reason, and the flush up to which they hold.
    ///
    /// # Errors
    /// [`StoreError`]
    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<(u64, Vec<(Rejection, u64)>), StoreError>;

    /// Programs that came to a site from `first` to `last`, by day, and the flush up to which they hold.
    ///
    /// # Errors
    /// [`StoreError`]
    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<(u64, Vec<BotCount>), StoreError>;
}

impl Ask {
    /// The question for the totals of a site's day.
    pub fn totals_of_day(site: SiteId, day: Day) -> Ask {
        Ask { site, axis: Axis::Total, filter: None, grain: Grain::Day, first: day.0, last: day.0, by_bucket: false }
    }

    /// Which cells answer it.
    pub fn source(&self) -> Source<'_> {
        match (&self.filter, &self.axis) {
            (None, axis) => Source::Single(axis),
            (Some(filter), Axis::Total) => Source::Single(&filter.axis),
            (Some(filter), axis) if filter.axis == *axis => Source::Single(axis),
            (Some(Filter { axis: Axis::Of(by), .. }), Axis::Of(split)) => {
                let (pair, is_turned) = Pair::of(*split, *by);
                // The filter is the second of the pair unless the pair had to be turned.
                if pair.is_counted() { Source::Pair(pair, !is_turned) } else { Source::Nowhere }
            }
            _ => Source::Nowhere,
        }
    }

    /// The bucket of a row, by what was asked for.
    fn bucket(&self, bucket: i32) -> i32 {
        if self.by_bucket { bucket } else { 0 }
    }

    fn spans(&self, bucket: i32) -> bool {
        (self.first..=self.last).contains(&bucket)
    }

    /// A row of [`Ask::rows_of`] as it belongs into the answer, if the filter lets it pass.
    pub fn narrowed(&self, row: &Row) -> Option<Row> {
        let passes = self.filter.as_ref().is_none_or(|filter| filter.test.passes(&row.value));
        let value = if self.axis == Axis::Total { Name::from("") } else { row.value.clone() };
        passes.then(|| Row { value, ..row.clone() })
    }

    /// The rows that sums of one day, not stored yet, add to the answer, when [`Ask::narrowed`] has looked at them: whoever
    /// counts hits has no time for a reader's expressions.
    pub fn rows_of(&self, day: Day, sums: &Sums) -> Vec<Row> {
        let Source::Single(axis) = self.source() else { return Vec::new() };
        let wanted = |cell: &Cell<Name>| cell.axis == *axis;
        let row =
            |bucket: i32, value: &Name, tally: Tally| Row { bucket: self.bucket(bucket), value: value.clone(), tally };
        if self.grain == Grain::Hour {
            let hours = sums.hours.iter().map(|(cell, hour, tally)| (LocalHour { day, hour: *hour }, cell, tally));
            let wanted = hours.filter(|(hour, cell, _)| self.spans(hour.number()) && wanted(cell));
            return wanted.map(|(hour, cell, tally)| row(hour.number(), &cell.value, *tally)).collect();
        }
        let bucket = self.bucket_of(day);
        let days = sums.days.iter().filter(|(cell, _)| self.spans(bucket) && wanted(cell));
        days.map(|(cell, tally)| row(bucket, &cell.value, *tally)).collect()
    }

    /// The rows that a snapshot of one day adds to the answer: those of pairs.
    pub fn rows_of_snapshot(&self, day: Day, snapshot: &SessionSnapshot) -> Vec<Row> {
        let (Source::Pair(..), Some(filter)) = (self.source(), &self.filter) else { return Vec::new() };
        let bucket = self.bucket_of(day);
        if self.grain == Grain::Hour || !self.spans(bucket) {
            return Vec::new();
        }
        let row = |(value, tally)| Row { bucket: self.bucket(bucket), value, tally };
        snapshot.filtered(filter, &self.axis).into_iter().map(row).collect()
    }

    /// The bucket of a day, where buckets are days or months.
    fn bucket_of(&self, day: Day) -> i32 {
        if self.grain == Grain::Month { day.month().0 } else { day.0 }
    }
}

/// A store that the whole program shares.
pub type Shared = Arc<dyn Store>;
