//! Where reports find sums.

use crate::cell::Condition;
use crate::counts::Name;
use crate::counts::snapshot::{MatchedRow, VisitSplit};
use crate::site::{Day, Month, SiteId};
use crate::store::{Ask, StoreError, SumRow, TakenOut};

/// Days, each with its rows by split.
pub type MatchedDays = Vec<(Day, Vec<Vec<MatchedRow>>)>;

/// Where a report finds sums: those that are stored and those that are not yet, as one.
pub trait Sums {
    /// The rows of each question, about any sites, all from one state. A value and bucket may come in several rows, which add
    /// up.
    ///
    /// # Errors
    /// [`StoreError`]
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError>;

    /// The first day on which a site has data.
    ///
    /// # Errors
    /// [`StoreError`]
    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError>;

    /// The first day from which on all of a site is counted: its first with data, or where several stand for one, the last of
    /// these days.
    ///
    /// # Errors
    /// [`StoreError`]
    fn counted_since(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        self.first_day(site)
    }

    /// The keys of properties that came with an event from `first` to `last`, or with any event: in alphabetical order, each
    /// once. Past [`crate::limits::PROP_KEYS_LISTED`] the first by name are listed.
    ///
    /// # Errors
    /// [`StoreError`]
    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError>;

    /// How many hits of a site were counted from `first` to `last` without a visitor, because there was no room for one; 0 where
    /// that is not told.
    ///
    /// # Errors
    /// [`StoreError`]
    fn unvisited(&self, _site: SiteId, _first: Day, _last: Day) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// The months from that of `first` to that of `last` of which only the whole is kept by two dimensions, not its days.
    ///
    /// # Errors
    /// [`StoreError`]
    fn months_alone(&self, _site: SiteId, _first: Day, _last: Day) -> Result<Vec<Month>, StoreError> {
        Ok(Vec::new())
    }

    /// What owners have taken out of the sums of days from `first` to `last`, in order.
    ///
    /// # Errors
    /// [`StoreError`]
    fn taken_out(&self, _site: SiteId, _first: Day, _last: Day) -> Result<Vec<TakenOut>, StoreError> {
        Ok(Vec::new())
    }

    /// The sums of what a condition lets pass on the days from `first` to `last`, each with its rows for each of some splits. Nothing where
    /// something was counted on one of them of which the visits are not all in memory.
    ///
    /// # Errors
    /// [`StoreError`]
    fn matching(
        &self,
        _site: SiteId,
        _days: (Day, Day),
        _condition: &Condition<Name>,
        _splits: &[VisitSplit],
    ) -> Result<Option<MatchedDays>, StoreError> {
        Ok(None)
    }

    /// To be called before an answer takes so many bytes more at once: there may be no room for them, or nobody waits for it.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], [`StoreError::Interrupted`]
    fn make_room(&self, _bytes: usize) -> Result<(), StoreError> {
        Ok(())
    }
}
