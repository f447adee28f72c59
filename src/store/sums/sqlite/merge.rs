//! In: the column blocks of a month's days, one after the other. Out: those of the month. Forgets: on which day it was.
//!
//! Each day is a stream of cells, in order of their tables and keys, of which a portion is unpacked. What all streams have before the
//! end of the portion that ends first is added up and goes to the month.

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use super::packed::CellList;
use super::pairs::PairsKey;
use super::table_writer::{CellPlace, MonthStep, TableWriter};
use crate::cell::Tally;
use crate::cell::packed::{BlockCursor, CellKey, ColumnBlock};
use crate::limits;
use crate::site::{Day, Month};
use crate::store::{Grain, StoreError};

/// A month whose pairs are being added up.
pub(super) struct MonthMerge {
    days: Vec<DayStream>,
    writer: TableWriter,
    cells: CellList,
}

impl MonthMerge {
    /// The cells of a month after the last that is written, in so many blocks.
    pub(super) fn after(month: PairsKey, last: CellPlace, blocks: i64) -> MonthMerge {
        let days = Month(month.bucket).first().0..=Month(month.bucket).last().0;
        let day = |bucket| DayStream::after(PairsKey { grain: Grain::Day, bucket, ..month }, last);
        MonthMerge { days: days.map(day).collect(), writer: TableWriter::after(blocks), cells: CellList::new() }
    }

    /// The place of the block that was handed out last.
    pub(super) fn number(&self) -> i64 {
        self.writer.number()
    }

    /// Adds up some cells.
    pub(super) fn step(&mut self, connection: &Connection) -> Result<MonthStep> {
        let (mut cells, mut has_more) = (0, true);
        while has_more && !self.writer.is_full() && cells < limits::MERGE_STEP_CELLS {
            let portion = self.add_portion(connection)?;
            (cells, has_more) = (cells + portion, portion > 0);
        }
        if !has_more {
            self.writer.finish();
        }
        Ok(self.writer.step(has_more))
    }

    /// Tells how many cells of days there were.
    fn add_portion(&mut self, connection: &Connection) -> Result<usize> {
        for day in &mut self.days {
            day.unpack(connection)?;
        }
        let Some(table) = self.days.iter().filter_map(DayStream::table).min() else { return Ok(0) };
        let days = || self.days.iter().filter(|day| day.table() == Some(table));
        let until = days().filter_map(DayStream::last).min().ok_or(StoreError::Corrupt)?;
        self.cells.clear();
        for day in self.days.iter_mut().filter(|day| day.table() == Some(table)) {
            self.cells.extend(day.take(until));
        }
        let mut order: Vec<(CellKey, u32)> = (0..).zip(&self.cells).map(|(at, (key, _))| (*key, at)).collect();
        // Runs in order, one of each day, which this sort is quick with.
        order.sort();
        for same in order.chunk_by(|a, b| a.0 == b.0) {
            let tally = same.iter().fold(Tally::ZERO, |sum, (_, at)| sum + self.cells[*at as usize].1);
            self.writer.add(table, same[0].0, tally);
        }
        Ok(order.len())
    }
}

/// The cells of a day, in order.
struct DayStream {
    day: PairsKey,
    /// Cells up to this one are passed over.
    after: CellPlace,
    /// The block that is read, and its place among those of the day.
    cursor: Option<BlockCursor>,
    place: Option<(u32, i64)>,
    is_over: bool,
    /// What is unpacked, how much of it is taken, and the place of the last of it.
    cells: CellList,
    taken: usize,
    table: u32,
    last: Option<CellPlace>,
}

impl DayStream {
    fn after(day: PairsKey, after: CellPlace) -> DayStream {
        let (cells, place, last) = (CellList::new(), None, None);
        DayStream { day, after, cursor: None, place, is_over: false, cells, taken: 0, table: 0, last }
    }

    /// The table of the cells that are unpacked.
    fn table(&self) -> Option<u32> {
        (self.taken < self.cells.len()).then_some(self.table)
    }

    /// The key of the last cell that is unpacked.
    fn last(&self) -> Option<CellKey> {
        self.cells.last().map(|cell| cell.0)
    }

    /// The unpacked cells up to a key.
    fn take(&mut self, until: CellKey) -> impl Iterator<Item = (CellKey, Tally)> {
        let from = self.taken;
        self.taken += self.cells[from..].partition_point(|cell| cell.0 <= until);
        self.cells[from..self.taken].iter().copied()
    }

    /// Unpacks the next portion if the last is used up.
    fn unpack(&mut self, connection: &Connection) -> Result<()> {
        while self.taken == self.cells.len() && !self.is_over {
            self.cells.clear();
            self.taken = 0;
            let Some((cursor, table)) = self.cursor.as_mut().and_then(|cursor| cursor.table().map(|t| (cursor, t)))
            else {
                self.cursor = self.next_block(connection)?;
                self.is_over = self.cursor.is_none();
                continue;
            };
            cursor.take(limits::MERGE_PORTION_CELLS, &mut self.cells)?;
            self.table = table;
            if self.cells.first().is_some_and(|cell| (table, cell.0) <= self.after) {
                self.cells.retain(|cell| (table, cell.0) > self.after);
            }
            self.check_order()?;
        }
        Ok(())
    }

    /// What is not in order can't be merged.
    fn check_order(&mut self) -> Result<()> {
        let (Some(first), Some(last)) = (self.cells.first(), self.cells.last()) else { return Ok(()) };
        if self.last.is_some_and(|before| (self.table, first.0) <= before) {
            return Err(StoreError::Corrupt);
        }
        self.last = Some((self.table, last.0));
        Ok(())
    }

    /// The next block of the day; none if the month was outdated, so that nothing is read of a day that has changed.
    fn next_block(&mut self, connection: &Connection) -> Result<Option<BlockCursor>> {
        let PairsKey { site, bucket, part, .. } = self.day;
        let month = Day(bucket).month().0;
        let place = match self.place {
            Some(place) => place,
            // The table may begin in the last block before those that begin with it.
            None => {
                let sql = "SELECT coalesce(max(first_table), 0) FROM pairs
                           WHERE site = ? AND grain = 1 AND bucket = ? AND part = ? AND first_table < ?";
                let columns = params![site.0, bucket, part, self.after.0];
                (connection.prepare_cached(sql)?.query_row(columns, |row| row.get(0))?, -1)
            }
        };
        let sql = "SELECT first_table, sequence, cells FROM pairs
                   WHERE site = ?1 AND grain = 1 AND bucket = ?2 AND part = ?3 AND (first_table, sequence) > (?4, ?5)
                   AND EXISTS (SELECT 1 FROM months_begun WHERE site = ?1 AND month = ?6)
                   ORDER BY first_table, sequence LIMIT 1";
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_row(params![site.0, bucket, part, place.0, place.1, month], |row| {
            Ok(((row.get(0)?, row.get(1)?), ColumnBlock::open(row.get_ref(2)?.as_blob()?)))
        });
        let Some((place, block)) = found.optional()? else { return Ok(None) };
        self.place = Some(place);
        Ok(Some(BlockCursor::of(block?, self.after)))
    }
}
