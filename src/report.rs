//! In: a question about a site and a range, and sums. Out: a [`Report`]. Forgets: cells that may not be shown.
//!
//! A report reads month cells for whole months and day cells for the rest, so that its cost does not grow with traffic
//! or with years. Rates are made here, from sums, and nowhere else.

use crate::cell::{Axis, Metric, Tally};
use crate::counts::Name;
use crate::site::{Day, SiteId};
use crate::store::{Ask, Grain, Row, StoreError};

/// Where a report finds sums: those that are stored and those that are not yet, as one.
pub trait Sums {
    /// The rows of each question, all from one state. A value and bucket may come in several rows, which add up.
    ///
    /// # Errors
    /// [`StoreError`]
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<Row>>, StoreError>;

    /// The first day on which a site has data.
    ///
    /// # Errors
    /// [`StoreError`]
    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError>;
}

/// A range of the site's time, whole days or whole hours, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Days or hours; never months.
    pub grain: Grain,
    /// First bucket.
    pub first: i32,
    /// Last bucket; before the first if the range is empty.
    pub last: i32,
}

/// Width of the buckets of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interval {
    /// Hours of the site's wall clock.
    Hour,
    /// Days.
    Day,
    /// Weeks, which begin on Monday; a bucket is its Monday, or the first day of the range.
    Week,
    /// Months; a bucket is its first day, or the first day of the range.
    Month,
}

/// A question as a reader asks it.
#[derive(Debug, Clone)]
pub struct Question {
    /// About which site.
    pub site: SiteId,
    /// About which range.
    pub span: Span,
    /// Split by what; [`Axis::Total`] for totals.
    pub axis: Axis<Name>,
    /// Split by time as well.
    pub interval: Option<Interval>,
    /// What to count, in the order asked.
    pub metrics: Vec<Metric>,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Number of the bucket (hours for [`Interval::Hour`], else days); nothing without an interval.
    pub bucket: Option<i32>,
    /// The value; empty for totals.
    pub value: Name,
    /// The sums.
    pub tally: Tally,
    /// The metrics in the order asked; nothing where one is not measured.
    pub metrics: Vec<Option<f64>>,
}
