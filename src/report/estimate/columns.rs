//! One number of a tally, for each set of some values: the least and the most of it.

use super::{SETS, TallyRange, ValueBits};
use crate::cell::Tally;

/// The least and the most, by set of values.
#[derive(Debug, Clone)]
pub(super) struct BoundedColumn {
    pub(super) low: [i64; SETS],
    pub(super) high: [i64; SETS],
}

/// What is counted more than once, by set of values, at least and at most.
#[derive(Debug, Clone)]
pub(super) struct Surplus {
    low: [i64; SETS],
    high: [i64; SETS],
}

impl Default for Surplus {
    fn default() -> Surplus {
        Surplus { low: [0; SETS], high: [i64::MAX; SETS] }
    }
}

/// The values of a set, each as a set.
pub(super) fn each(set: ValueBits) -> impl Iterator<Item = ValueBits> + Clone {
    (0..SETS.ilog2()).map(|place| 1 << place).filter(move |value| set & value != 0)
}

/// Any two values of a set.
fn twos(set: ValueBits) -> impl Iterator<Item = [ValueBits; 2]> {
    each(set).flat_map(move |x| each(set).filter(move |y| x < *y).map(move |y| [x, y]))
}

/// Any three.
fn threes(set: ValueBits) -> impl Iterator<Item = [ValueBits; 3]> {
    twos(set).flat_map(move |[x, y]| each(set).filter(move |z| y < *z).map(move |z| [x, y, z]))
}

/// All sets within a set but itself.
fn parts(set: ValueBits) -> impl Iterator<Item = ValueBits> {
    (0..set).filter(move |part| part & !set == 0)
}

impl BoundedColumn {
    /// A column of what is known.
    pub(super) fn of(known: &[Option<TallyRange>; SETS], of: fn(&Tally) -> i64) -> BoundedColumn {
        let mut column = BoundedColumn { low: [0; SETS], high: [0; SETS] };
        for (set, range) in known.iter().enumerate() {
            if let Some(range) = range {
                (column.low[set], column.high[set]) = (of(&range.low), of(&range.high));
            }
        }
        column
    }

    /// Bounds a set by its parts. All of them lie within `within`. `is_met` says of some values whether what has each of them, and the
    /// others of the set, has all of them.
    pub(super) fn meet(&mut self, set: ValueBits, within: ValueBits, is_met: impl Fn(ValueBits) -> bool) {
        let (low, high, free) = (&self.low, &self.high, set & !within);
        let mut least = 0;
        for [x, y] in twos(free).filter(|[x, y]| is_met(x | y)) {
            least = least.max(low[set & !x] + low[set & !y] - high[set & !(x | y)]);
        }
        let mut most = each(free).map(|x| high[set & !x]).min().unwrap_or(i64::MAX);
        for [x, y, z] in threes(free).filter(|[x, y, z]| is_met(x | y | z)) {
            let rest = set & !(x | y | z);
            let others = high[rest | x | y] + high[rest | x | z] + high[rest | y | z];
            most = most.min(high[rest] - low[rest | x] - low[rest | y] - low[rest | z] + others);
        }
        (self.low[set], self.high[set]) = (0, i64::MAX);
        self.narrow(set, least, most);
    }

    /// A set has at most what each of its parts has.
    pub(super) fn cap(&mut self, set: ValueBits) {
        if let Some(most) = each(set).map(|x| self.high[set & !x]).min() {
            self.narrow(set, self.low[set], most);
        }
    }

    /// Notes further bounds of a set. Figures that do not fit together, as after damage, leave the most.
    pub(super) fn narrow(&mut self, set: ValueBits, low: i64, high: i64) {
        self.high[set] = self.high[set].min(high).max(0);
        self.low[set] = self.low[set].max(low).min(self.high[set]);
    }

    /// Nothing is counted of a set.
    pub(super) fn clear(&mut self, set: ValueBits) {
        (self.low[set], self.high[set]) = (0, 0);
    }
}

impl Surplus {
    /// Notes what two columns tell of a set: `all` counts each time, `once` once.
    pub(super) fn note(&mut self, set: ValueBits, all: &BoundedColumn, once: &BoundedColumn) {
        self.high[set] = self.high[set].min(all.high[set] - once.low[set]);
        self.low[set] = self.low[set].max(all.low[set] - once.high[set]);
    }

    /// Bounds a set by its parts.
    pub(super) fn meet(&mut self, set: ValueBits, is_met: impl Fn(ValueBits) -> bool) {
        self.high[set] = parts(set).map(|part| self.high[part]).min().unwrap_or(i64::MAX);
        let (low, high) = (&self.low, &self.high);
        let met = twos(set).filter(|[x, y]| is_met(x | y));
        let least = met.map(|[x, y]| low[set & !x] + low[set & !y] - high[set & !(x | y)]).max();
        self.low[set] = least.unwrap_or(0).max(0);
    }

    /// What follows for what counts once.
    pub(super) fn bound(&self, set: ValueBits, all: &BoundedColumn, once: &mut BoundedColumn) {
        once.narrow(set, all.low[set] - self.high[set], all.high[set] - self.low[set]);
    }
}
