//! What is not sure of a sum.

use std::ops::AddAssign;

use crate::cell::Tally;

/// How far a sum may be from what was counted. Those of two sums add up.
///
/// # What is sure
///
/// A set S of a dimension's values has as visitors on a day the union of theirs. It has at least as many as its largest value, at most
/// as many as its values together, and at most as many as the day. So with `t` the sum over the values and `m` the largest of them,
/// the true figure lies from `t - (t - m)` to `t`, and `t - m` is what may have been counted again. Days have nobody in common, so
/// their bounds add up; so do those of counters that know nothing of each other. A month's cell is the sum of its days, and the largest
/// of sums is at most the sum of the largest.
///
/// Visits have one value of a dimension of visits, so that they are counted once. Of several pages, hosts or events they are as visitors.
///
/// Of two dimensions, a day past its budget keeps cells for the rest of each value. A cell that is not there is in the rest of its first
/// and in that of its second value, so it has at most the smaller of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Doubt {
    /// Visitors that may have been counted again, at most.
    pub repeated_visitors: i64,
    /// Visits that may have been counted again, at most.
    pub repeated_visits: i64,
    /// What may be missing, at most.
    pub missing: Tally,
}

impl Doubt {
    /// Whether the sum is sure.
    pub fn is_none(&self) -> bool {
        *self == Doubt::default()
    }

    /// Whether visitors are not sure.
    pub fn is_of_visitors(&self) -> bool {
        self.repeated_visitors != 0 || self.missing.visitors != 0
    }

    /// The least that may have been counted, given the sum.
    pub fn low(&self, sum: Tally) -> Tally {
        let (visitors, visits) = (sum.visitors - self.repeated_visitors, sum.visits - self.repeated_visits);
        Tally { visitors, visits, ..sum }
    }

    /// The most.
    pub fn high(&self, sum: Tally) -> Tally {
        sum + self.missing
    }
}

impl AddAssign for Doubt {
    fn add_assign(&mut self, other: Doubt) {
        self.repeated_visitors += other.repeated_visitors;
        self.repeated_visits += other.repeated_visits;
        self.missing += other.missing;
    }
}

/// The largest of the values that a sum is of, and the sum.
#[derive(Debug, Clone, Copy, Default)]
pub struct LargestValue {
    sum: i64,
    largest: i64,
}

impl LargestValue {
    /// Adds a value.
    pub fn add(&mut self, count: i64) {
        self.sum += count;
        self.largest = self.largest.max(count);
    }

    /// What may have been counted again.
    pub fn repeated(self) -> i64 {
        self.sum - self.largest
    }
}
