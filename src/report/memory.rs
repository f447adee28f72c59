//! Sums of hours and days that a test makes up, read through [`Sums`] as those of a store are.

use std::cell::Cell as Counter;

use super::Sums;
use crate::cell::{Axis, Tally};
use crate::counts::Name;
use crate::site::{Day, LocalHour, SiteId};
use crate::store::{Ask, Grain, StoreError, SumRow};

/// The site that all of it is about.
pub(super) const SITE: SiteId = SiteId(1);

/// Sums in memory; months are those of the days.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) days: Vec<(Axis<Name>, Day, Name, Tally)>,
    pub(super) hours: Vec<(Axis<Name>, LocalHour, Name, Tally)>,
    /// How often it was read, and from how many cells.
    pub(super) reads: Counter<usize>,
    pub(super) asks: std::cell::RefCell<Vec<Ask>>,
}

impl Memory {
    /// Adds sums of a day.
    pub(super) fn day(mut self, axis: Axis<Name>, day: Day, value: &str, tally: Tally) -> Memory {
        self.days.push((axis, day, Name::from(value), tally));
        self
    }

    /// Adds sums of an hour.
    pub(super) fn hour(mut self, axis: Axis<Name>, hour: LocalHour, value: &str, tally: Tally) -> Memory {
        self.hours.push((axis, hour, Name::from(value), tally));
        self
    }

    fn rows(&self, ask: &Ask) -> Vec<SumRow> {
        let row = |bucket: i32, value: &Name, tally: &Tally| {
            let is_wanted = (ask.first..=ask.last).contains(&bucket);
            let bucket = if ask.by_bucket { bucket } else { 0 };
            is_wanted.then(|| SumRow::of(bucket, value.clone(), *tally))
        };
        let days = self.days.iter().filter(|(axis, ..)| *axis == ask.axis);
        match ask.grain {
            Grain::Day => days.filter_map(|(_, day, value, tally)| row(day.0, value, tally)).collect(),
            Grain::Month => days.filter_map(|(_, day, value, tally)| row(day.month().0, value, tally)).collect(),
            Grain::Hour => {
                let hours = self.hours.iter().filter(|(axis, ..)| *axis == ask.axis);
                hours.filter_map(|(_, hour, value, tally)| row(hour.number(), value, tally)).collect()
            }
        }
    }
}

impl Sums for Memory {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        self.asks.borrow_mut().extend_from_slice(asks);
        assert!(asks.iter().all(|ask| ask.site == SITE));
        Ok(asks.iter().map(|ask| self.rows(ask)).collect())
    }

    fn first_day(&self, _site: SiteId) -> Result<Option<Day>, StoreError> {
        Ok(self.days.iter().map(|(_, day, ..)| *day).min())
    }

    fn prop_keys(&self, _site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        let days = self.days.iter().filter(|(_, day, ..)| (first..=last).contains(day));
        let key = |axis: &Axis<Name>| match axis {
            Axis::Prop { key, event: under } if under.as_deref() == event => Some(key.clone()),
            _ => None,
        };
        let keys: std::collections::BTreeSet<Name> = days.filter_map(|(axis, ..)| key(axis)).collect();
        Ok(keys.into_iter().collect())
    }
}
