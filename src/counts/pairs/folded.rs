//! A table past the budget: its most visited cells, and the rest by either side.

use super::{Pair, REST};
use crate::cell::Tally;
use crate::cell::packed::CellKey;
use crate::counts::Fast;

/// A table that gives cells away.
pub(super) struct FoldedTable {
    pub(super) pair: Pair,
    kept: Fast<CellKey, Tally>,
    /// What is not kept, by either side.
    rests: Fast<CellKey, Tally>,
    /// How many visitors are in these, each once, and who was last.
    visitors: Fast<CellKey, (i64, Option<u32>)>,
}

/// Under which keys a cell is counted that is not kept.
fn rests_of((a, b): CellKey) -> [CellKey; 2] {
    [(a, REST), (REST, b)]
}

impl FoldedTable {
    /// A table that keeps so many cells. It is then told, by [`FoldedTable::take`], who is in its cells.
    pub(super) fn of(pair: Pair, mut cells: Vec<(CellKey, Tally)>, kept: usize) -> FoldedTable {
        // The order is that of what readers see: most visits first; something has to decide between equals.
        let rank =
            |(key, tally): &(CellKey, Tally)| (std::cmp::Reverse((tally.visits, tally.pageviews + tally.events)), *key);
        let mut others = Vec::new();
        if kept < cells.len() {
            cells.select_nth_unstable_by_key(kept, rank);
            others = cells.split_off(kept);
        }
        FoldedTable::of_parts(pair, cells, others)
    }

    /// The same of cells that it keeps, and those that it gives away.
    pub(super) fn of_parts(pair: Pair, cells: Vec<(CellKey, Tally)>, others: Vec<(CellKey, Tally)>) -> FoldedTable {
        let mut rests = Fast::<CellKey, Tally>::default();
        for (key, tally) in others {
            rests_of(key).into_iter().for_each(|key| *rests.entry(key).or_default() += tally);
        }
        FoldedTable { pair, kept: cells.into_iter().collect(), rests, visitors: Fast::default() }
    }

    /// Takes a cell that a visitor is in. Visitors come one after the other; a cell may come several times.
    pub(super) fn take(&mut self, key: CellKey, visitor: u32) {
        if self.kept.contains_key(&key) {
            return;
        }
        for key in rests_of(key) {
            let (visitors, last) = self.visitors.entry(key).or_default();
            *visitors += i64::from(*last != Some(visitor));
            *last = Some(visitor);
        }
    }

    /// The cells of the table, in order.
    pub(super) fn cells(self) -> Vec<(CellKey, Tally)> {
        let FoldedTable { kept, rests, visitors, .. } = self;
        let visitors = |key: &CellKey| visitors.get(key).map_or(0, |(visitors, _)| *visitors);
        let rests = rests.into_iter().map(|(key, tally)| (key, Tally { visitors: visitors(&key), ..tally }));
        let mut cells: Vec<(CellKey, Tally)> = kept.into_iter().chain(rests).collect();
        cells.sort_unstable_by_key(|(key, _)| *key);
        cells
    }
}
