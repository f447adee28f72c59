//! Sums by bucket and value while an answer is read, and what is not sure of them.

use std::collections::{BTreeMap, HashMap};

use super::Result;
use super::kept_answers::KeptRow;
use crate::cell::{Axis, Tally};
use crate::store::{AddedValues, Ask, Doubt, Grain, Interrupt, LargestValue, StoreError};

/// A bucket and the numbers of the names of two values; 0 for none.
pub(super) type RowKey = (i32, u32, u32);

type SumTable<V> = HashMap<RowKey, V, foldhash::fast::RandomState>;

/// Sums by bucket and number of the value.
pub(super) struct ValueSums<'a> {
    by_value: SumTable<Tally>,
    doubts: SumTable<Doubt>,
    interrupt: &'a Interrupt,
    /// Why no more are added.
    failed: Option<StoreError>,
}

impl ValueSums<'_> {
    pub(super) fn of(interrupt: &Interrupt) -> ValueSums<'_> {
        ValueSums { by_value: HashMap::default(), doubts: HashMap::default(), interrupt, failed: None }
    }

    /// Adds to the sum of a value, if there is room for it. A failure is kept for [`ValueSums::check`].
    pub(super) fn add(&mut self, ask: &Ask, bucket: i32, value: u32, tally: Tally) {
        self.add_both(ask, bucket, (value, 0), tally);
    }

    /// The same for two values.
    pub(super) fn add_both(&mut self, ask: &Ask, bucket: i32, (value, second): (u32, u32), tally: Tally) {
        if self.by_value.len() == self.by_value.capacity() && self.failed.is_none() {
            // A table that is full gets another of twice the size beside it.
            let next = 2 * self.by_value.capacity() * size_of::<(RowKey, Tally)>();
            self.failed = self.interrupt.make_room(next).err();
        }
        if self.failed.is_some() {
            return;
        }
        let bucket = if ask.by_bucket { bucket } else { 0 };
        let value = if ask.axis == Axis::Total { 0 } else { value };
        *self.by_value.entry((bucket, value, second)).or_default() += tally;
    }

    /// Adds what is not sure of the sum of values.
    pub(super) fn doubt(&mut self, ask: &Ask, bucket: i32, values: (u32, u32), doubt: Doubt) {
        if doubt.is_none() {
            return;
        }
        self.add_both(ask, bucket, values, Tally::ZERO);
        let bucket = if ask.by_bucket { bucket } else { 0 };
        *self.doubts.entry((bucket, values.0, values.1)).or_default() += doubt;
    }

    /// What failed meanwhile.
    pub(super) fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// The sums, in no order.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = KeptRow> {
        let doubt = |key: &RowKey| self.doubts.get(key).copied().map(Box::new);
        self.by_value.iter().map(move |(key, tally)| KeptRow { key: *key, tally: *tally, doubt: doubt(key) })
    }
}

/// What of a set of a dimension's values may have been counted again, bucket by bucket.
pub(super) struct Repeats {
    values: AddedValues,
    /// Visitors and visits of values in rows of tables, by grain, bucket and value. A value of a bucket may come from several places.
    rows: BTreeMap<(Grain, i32), HashMap<u32, [i64; 2], foldhash::fast::RandomState>>,
}

impl Repeats {
    /// Nothing for questions that add up no values.
    pub(super) fn of(ask: &Ask) -> Option<Repeats> {
        ask.adds_values_of().map(|values| Repeats { values, rows: BTreeMap::new() })
    }

    /// Whether visits in memory tell of these values.
    pub(super) fn is_told_by_memory(&self) -> bool {
        self.values.dimension().is_some()
    }

    /// Notes a value of a bucket.
    pub(super) fn note(&mut self, grain: Grain, bucket: i32, value: u32, tally: Tally) {
        let counts = self.rows.entry((grain, bucket)).or_default().entry(value).or_default();
        (counts[0], counts[1]) = (counts[0] + tally.visitors, counts[1] + tally.visits);
    }

    /// What may have been counted again in a bucket of which all values were noted.
    pub(super) fn close(&mut self, grain: Grain, bucket: i32) -> Doubt {
        let values = self.rows.remove(&(grain, bucket)).unwrap_or_default();
        let repeated = |place: usize| {
            let mut largest = LargestValue::default();
            values.values().for_each(|counts| largest.add(counts[place]));
            largest.repeated()
        };
        // A visit has one value of what visits have.
        let repeated_visits = if self.values.is_one_a_visit() { 0 } else { repeated(1) };
        Doubt { repeated_visitors: repeated(0), repeated_visits, missing: Tally::ZERO }
    }

    /// The buckets that are not closed yet.
    pub(super) fn open(&self) -> Vec<(Grain, i32)> {
        self.rows.keys().copied().collect()
    }
}
