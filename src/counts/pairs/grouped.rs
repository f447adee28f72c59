//! Rows of a batch, those of each value together, and the cells that they are in.

use super::batch::{BatchRow, NOBODY};
use crate::cell::packed::CellKey;
use crate::counts::snapshot::Small;

/// Rows by the rank of their value on one dimension, in their old order otherwise.
pub(super) struct Grouped<R> {
    rows: Vec<R>,
    /// Where the rows of each rank end.
    ends: Vec<usize>,
}

impl<R> Default for Grouped<R> {
    fn default() -> Self {
        Grouped { rows: Vec::new(), ends: Vec::new() }
    }
}

impl<R: BatchRow> Grouped<R> {
    /// Takes rows with their ranks, which lie below `many`; those of rank `many` have no value and are left out. A counting sort, in
    /// the room of the one before.
    pub(super) fn take(&mut self, ranks: &[u32], rows: &[R], many: usize) {
        self.ends.clear();
        let Some(any) = rows.first() else { return };
        let ends = &mut self.ends;
        ends.resize(many + 2, 0);
        ranks.iter().for_each(|rank| ends[*rank as usize + 1] += 1);
        for rank in 0..many {
            ends[rank + 1] += ends[rank];
        }
        self.rows.resize(rows.len(), *any);
        for (rank, row) in ranks.iter().zip(rows) {
            let place = &mut ends[*rank as usize];
            self.rows[*place] = *row;
            *place += 1;
        }
        // Rows without a value come last.
        ends.truncate(many);
    }

    /// Takes no rows.
    pub(super) fn clear(&mut self) {
        self.ends.clear();
    }

    fn groups(&self) -> impl Iterator<Item = &[R]> {
        let begins = std::iter::once(&0).chain(&self.ends);
        begins.zip(&self.ends).map(|(begin, end)| &self.rows[*begin..*end])
    }
}

/// Adds up cells of one table after the other.
#[derive(Default)]
pub(super) struct CellSums {
    firsts: Vec<u32>,
    seconds: Vec<u32>,
    by_page: bool,
    /// By rank of the second value: what the rows of one first value count.
    sums: Vec<CellSum>,
    /// The ranks that are in use.
    used: Vec<u32>,
    cells: Vec<(CellKey, Small)>,
}

/// A cell while rows are added, and the visit and visitor that were in it last.
#[derive(Clone, Copy)]
struct CellSum {
    sum: Small,
    visit: u32,
    visitor: u32,
}

/// A cell where nobody has been. No visit has this number.
const UNUSED: CellSum = CellSum { sum: Small::ZERO, visit: u32::MAX, visitor: NOBODY };

impl CellSums {
    /// Begins a table: the numbers of its dimensions' values by rank, and whether time and scrolling of pages are counted.
    pub(super) fn begin(&mut self, firsts: &[u32], seconds: &[u32], by_page: bool) {
        self.firsts.clear();
        self.firsts.extend(firsts);
        self.seconds.clear();
        self.seconds.extend(seconds);
        self.by_page = by_page;
        // One more for rows that have no second value.
        self.sums.resize((seconds.len() + 1).max(self.sums.len()), UNUSED);
        self.cells.clear();
    }

    /// The table's cells in order of their keys.
    pub(super) fn cells(&self) -> &[(CellKey, Small)] {
        &self.cells
    }

    /// Adds rows that are grouped by their first value; `seconds` tells the ranks of the second values of one.
    pub(super) fn add<R: BatchRow, I: IntoIterator<Item = u32>>(
        &mut self,
        rows: &Grouped<R>,
        seconds: impl Fn(&R) -> I,
    ) {
        for (first, rows) in rows.groups().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            for row in rows {
                for second in seconds(row) {
                    self.add_row(second, row);
                }
            }
            self.end_group(self.firsts[first]);
        }
    }

    #[inline]
    fn add_row<R: BatchRow>(&mut self, second: u32, row: &R) {
        let (visit, visitor) = (row.visit(), row.visitor());
        let cell = &mut self.sums[second as usize];
        if cell.visit == UNUSED.visit {
            self.used.push(second);
        }
        row.add_to(&mut cell.sum, self.by_page);
        // Rows of a visit, and of a visitor, come one after the other.
        if visitor != NOBODY {
            cell.sum.visits += u32::from(cell.visit != visit);
            cell.sum.visitors += u32::from(cell.visitor != visitor);
        }
        (cell.visit, cell.visitor) = (visit, visitor);
    }

    fn end_group(&mut self, first: u32) {
        self.used.sort_unstable();
        for second in self.used.drain(..) {
            let cell = std::mem::replace(&mut self.sums[second as usize], UNUSED);
            if let Some(number) = self.seconds.get(second as usize) {
                self.cells.push(((first, *number), cell.sum));
            }
        }
    }
}
