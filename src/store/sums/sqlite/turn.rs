//! In: the column blocks of a month. Out: its large tables in the order of their other value. Forgets: nothing.
//!
//! A large table is the dearest to read for one of its second values, whose cells lie all over it. It is turned some second values at a
//! time: for each such range the table is read as a whole, which is quick where tallies are not wanted, so that few cells have to be
//! in memory.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;

use rusqlite::Connection;

use super::Result;
use super::packed::CellList;
use super::pairs::{OpenedBlocks, PairsKey, TURNED, large_tables};
use super::table_writer::{CellPlace, MonthStep, TableWriter};
use crate::limits;

/// What is turned, and how much of it at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct TurnBounds {
    /// Cells of a table that is large.
    pub(super) large: usize,
    /// Cells in memory.
    pub(super) at_once: usize,
}

impl Default for TurnBounds {
    fn default() -> Self {
        TurnBounds { large: limits::TURNED_CELLS_MIN, at_once: limits::TURNED_AT_ONCE }
    }
}

/// A month whose large tables are turned.
pub(super) struct MonthTurn {
    month: PairsKey,
    bounds: TurnBounds,
    /// Cells up to this one, turned, are written.
    last: CellPlace,
    /// Tables that are left, and ranges of second values of the first of them.
    tables: Option<VecDeque<u32>>,
    ranges: VecDeque<RangeInclusive<u32>>,
    writer: TableWriter,
}

impl MonthTurn {
    /// The cells of a month after the last that is written, in so many blocks.
    pub(super) fn after(month: PairsKey, bounds: TurnBounds, last: CellPlace, blocks: i64) -> MonthTurn {
        MonthTurn { month, bounds, last, tables: None, ranges: VecDeque::new(), writer: TableWriter::after(blocks) }
    }

    /// The place of the block that was handed out last.
    pub(super) fn number(&self) -> i64 {
        self.writer.number()
    }

    /// Reads one table once.
    pub(super) fn step(&mut self, connection: &Connection) -> Result<MonthStep> {
        if self.writer.is_full() {
            return Ok(self.writer.step(true));
        }
        let Some(tables) = &mut self.tables else {
            let large = large_tables(connection, self.month, self.bounds.large)?;
            let left = large.into_iter().filter(|table| TURNED | table >= self.last.0);
            self.tables = Some(left.collect());
            return Ok(MonthStep::More);
        };
        let Some(table) = tables.front().copied() else {
            self.writer.finish();
            return Ok(self.writer.step(false));
        };
        let blocks = OpenedBlocks::of(connection, self.month);
        match self.ranges.pop_front() {
            None => self.ranges = ranges(&blocks, table, self.first_of(table), self.bounds.at_once)?,
            Some(range) => self.turn(&blocks, table, &range)?,
        }
        if self.ranges.is_empty() {
            self.tables.as_mut().and_then(VecDeque::pop_front);
        }
        Ok(self.writer.step(true))
    }

    /// The first second value of a table of which something is left.
    fn first_of(&self, table: u32) -> u32 {
        if self.last.0 == TURNED | table { self.last.1.0 } else { 0 }
    }

    fn turn(&mut self, blocks: &OpenedBlocks, table: u32, range: &RangeInclusive<u32>) -> Result<()> {
        let mut cells = CellList::with_capacity(self.bounds.at_once);
        let is_left = |key| (TURNED | table, key) > self.last;
        let wanted = |(a, b)| range.contains(&b) && is_left((b, a));
        blocks.each(table, &(0..=u32::MAX), wanted, |(a, b), tally| cells.push(((b, a), tally)))?;
        cells.sort_unstable_by_key(|cell| cell.0);
        cells.into_iter().for_each(|(key, tally)| self.writer.add(TURNED | table, key, tally));
        Ok(())
    }
}

/// Ranges of second values from `first` on, each of which has at most so many cells, or is one value.
fn ranges(blocks: &OpenedBlocks, table: u32, first: u32, at_once: usize) -> Result<VecDeque<RangeInclusive<u32>>> {
    let counts = std::cell::RefCell::new(BTreeMap::<u32, usize>::new());
    let count = |(_, second): (u32, u32)| {
        if second >= first {
            *counts.borrow_mut().entry(second).or_default() += 1;
        }
        false
    };
    blocks.each(table, &(0..=u32::MAX), count, |_, _| {})?;
    let (mut ranges, mut cells) = (VecDeque::<RangeInclusive<u32>>::new(), 0);
    for (second, many) in counts.into_inner() {
        match ranges.back_mut().filter(|_| cells + many <= at_once) {
            Some(range) => (*range, cells) = (*range.start()..=second, cells + many),
            None => {
                ranges.push_back(second..=second);
                cells = many;
            }
        }
    }
    Ok(ranges)
}
