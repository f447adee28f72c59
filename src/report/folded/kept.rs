//! Folded sums that are kept as long as their days do not change. Past a bound those unused for longest are dropped.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Totals;
use crate::cell::{Dimension, Tally};
use crate::counts::Name;
use crate::limits;
use crate::secret::small_counts::SmallCountsKey;
use crate::site::{Day, Month, SiteId};
use crate::store::{Ask, Grain};

/// Folded sums in memory, shared by all readers: folding a year takes longer than drawing it.
#[derive(Debug)]
pub struct Kept {
    cache: Cache<FoldedKey, Arc<Rows>, Weight>,
    key: SmallCountsKey,
    /// How often all was forgotten.
    cleared: AtomicU64,
}

/// What is kept: one dimension in one bucket, folded at k.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FoldedKey {
    pub(super) site: SiteId,
    pub(super) segment: Option<u32>,
    pub(super) k: u32,
    pub(super) dimension: Dimension,
    pub(super) bucket: Bucket,
}

/// Days from one to another, or a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Bucket {
    Days(i32, i32),
    Month(i32),
}

/// Folded values, and the stamp of the days that they are of.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) stamp: u64,
    pub(super) values: Vec<(Name, Tally)>,
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<FoldedKey, Arc<Rows>> for Weight {
    fn weight(&self, _: &FoldedKey, rows: &Arc<Rows>) -> u64 {
        rows.values.len() as u64 + 1
    }
}

impl Kept {
    /// Nothing kept yet of what is folded by a key.
    pub fn by(key: SmallCountsKey) -> Kept {
        let cache = Cache::with_weighter(limits::FOLDED_BUCKETS, limits::FOLDED_ROWS_MAX, Weight);
        Kept { cache, key, cleared: AtomicU64::new(0) }
    }

    /// What small counts are folded by.
    pub fn key(&self) -> &SmallCountsKey {
        &self.key
    }

    /// What is kept, if the days are what they were.
    pub(super) fn find(&self, key: FoldedKey, totals: &Totals) -> Option<Arc<Rows>> {
        self.cache.get(&key).filter(|rows| rows.stamp == key.bucket.stamp(totals))
    }

    /// Forgets all: values may be gone from days whose totals are what they were.
    pub fn clear(&self) {
        self.cleared.fetch_add(1, Ordering::SeqCst);
        self.cache.clear();
    }

    /// How often all was forgotten until now.
    pub(super) fn cleared(&self) -> u64 {
        self.cleared.load(Ordering::SeqCst)
    }

    /// Keeps what was folded of sums that were read when all had been forgotten so often.
    pub(super) fn put(&self, key: FoldedKey, rows: Arc<Rows>, cleared: u64) {
        self.cache.insert(key, rows);
        if self.cleared() != cleared {
            self.cache.remove(&key);
        }
    }
}

impl Bucket {
    /// The buckets that a question is about, of those days that have something to show.
    pub(super) fn all_of(ask: &Ask, (first, last): (i32, i32), days: impl Iterator<Item = i32>) -> BTreeSet<Bucket> {
        let bucket = |day: i32| match (ask.grain, ask.by_bucket) {
            (Grain::Month, _) => Bucket::Month(Day(day).month().0),
            (_, true) => Bucket::Days(day, day),
            (_, false) => Bucket::Days(first, last),
        };
        days.map(bucket).collect()
    }

    /// Its number as the bucket of a row.
    pub(super) fn number(self) -> i32 {
        match self {
            Bucket::Days(number, _) | Bucket::Month(number) => number,
        }
    }

    /// The months that it lies in.
    pub(super) fn months(self) -> impl Iterator<Item = Month> {
        let (first, last) = self.days();
        (Day(first).month().0..=Day(last).month().0).map(Month)
    }

    /// Its days in a month, the first and the last, if there are any.
    pub(super) fn within(self, month: Month) -> Option<(i32, i32)> {
        let (first, last) = self.days();
        let (first, last) = (first.max(month.first().0), last.min(month.last().0));
        (first <= last).then_some((first, last))
    }

    /// Its first and its last day.
    pub(super) fn days(self) -> (i32, i32) {
        match self {
            Bucket::Days(first, last) => (first, last),
            Bucket::Month(month) => (Month(month).first().0, Month(month).last().0),
        }
    }

    /// What tells its days from what they were: whatever is counted changes a total.
    pub(super) fn stamp(self, totals: &Totals) -> u64 {
        let (first, last) = self.days();
        let mut hasher = DefaultHasher::new();
        totals.range(first..=last).for_each(|day| day.hash(&mut hasher));
        hasher.finish()
    }
}
