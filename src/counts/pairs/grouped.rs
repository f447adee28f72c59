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
    /// Rows with their ranks, which lie below `many`; rows without one are left out. A counting sort.
    pub(super) fn by(ranks: &[Option<u32>], rows: &[R], many: usize) -> Grouped<R> {
        let Some(any) = rows.first() else { return Grouped::default() };
        let mut ends = vec![0; many + 1];
        ranks.iter().flatten().for_each(|rank| ends[*rank as usize + 1] += 1);
        for rank in 0..many {
            ends[rank + 1] += ends[rank];
        }
        let mut sorted = vec![*any; ends[many]];
        for (rank, row) in ranks.iter().zip(rows) {
            if let Some(rank) = rank {
                let place = &mut ends[*rank as usize];
                sorted[*place] = *row;
                *place += 1;
            }
        }
        ends.truncate(many);
        Grouped { rows: sorted, ends }
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
        self.sums.resize(seconds.len().max(self.sums.len()), UNUSED);
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
                let counted = row.counted(self.by_page);
                for second in seconds(row) {
                    self.add_row(second, row.visit(), row.visitor(), counted);
                }
            }
            self.end_group(self.firsts[first]);
        }
    }

    #[inline]
    fn add_row(&mut self, second: u32, visit: u32, visitor: u32, counted: Small) {
        let cell = &mut self.sums[second as usize];
        if cell.visit == UNUSED.visit {
            self.used.push(second);
        }
        cell.sum.add(counted);
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
            self.cells.push(((first, self.seconds[second as usize]), cell.sum));
        }
    }
}
