//! In: an order to forget. Out: packed days, months and pairs without what is forgotten, some blocks at a time. Forgets: it.
//!
//! Each step is a transaction of its own, so that whoever counts or asks waits for none of it. A program that was killed has left
//! some of it: the order is given again, since nobody was told that it was done. What comes for closed days while it is at work may go
//! with the rest.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::gone_cells::GoneCells;
use super::packed::{CellList, grain_code};
use super::write::AxisKey;
use super::{Result, months};
use crate::cell::Tally;
use crate::cell::packed::{BlockPacker, ColumnBlock, PackedBlock, chunks, pack, unpack_all};
use crate::limits;
use crate::site::{Day, Month};
use crate::store::sqlite::{SqliteFile, TALLY_COLUMNS as TALLY};
use crate::store::sums::forgetting::LostDays;
use crate::store::{Forgetting, Grain, RemovedCells, StoreError};

/// An order while it is carried out, or while it is counted what it would remove.
pub(super) struct Erasing<'a> {
    file: &'a SqliteFile,
    order: &'a Forgetting,
    gone: GoneCells,
    writes: bool,
    removed: RemovedCells,
    lost: LostDays,
}

impl<'a> Erasing<'a> {
    pub(super) fn of(file: &'a SqliteFile, order: &'a Forgetting, writes: bool) -> Result<Erasing<'a>> {
        let gone = GoneCells::of(&file.reader(), order)?;
        Ok(Erasing { file, order, gone, writes, removed: RemovedCells::default(), lost: LostDays::default() })
    }

    /// Does all of it, and tells what went.
    pub(super) fn run(mut self) -> Result<(RemovedCells, LostDays)> {
        self.outdate_months()?;
        for chunk in self.packed_ids()?.chunks(limits::CLEARED_BLOCKS) {
            self.step(|erasing, connection| chunk.iter().try_for_each(|id| erasing.packed(connection, *id)))?;
        }
        self.step(|erasing, connection| erasing.month_rows(connection))?;
        for chunk in self.pair_ids()?.chunks(limits::CLEARED_BLOCKS) {
            self.step(|erasing, connection| chunk.iter().try_for_each(|id| erasing.pairs(connection, *id)))?;
        }
        self.step(|erasing, connection| erasing.state(connection))?;
        Ok((self.removed, self.lost))
    }

    /// One transaction; nothing is written where it is only counted.
    fn step(&mut self, work: impl FnOnce(&mut Self, &Connection) -> Result<()>) -> Result<()> {
        let file = self.file;
        if !self.writes {
            return work(self, &file.snapshot());
        }
        let mut writer = file.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        work(self, &transaction)?;
        transaction.commit()?;
        SqliteFile::checkpoint(&writer)
    }

    fn covers(&self, month: Month) -> bool {
        let (first, last) = self.order.months_covered();
        (first..=last).contains(&month)
    }

    /// Months that are being added up begin again, and those of which some days change are added up anew.
    fn outdate_months(&mut self) -> Result<()> {
        if !self.writes {
            return Ok(());
        }
        let cut = self.order.months_cut();
        self.step(|erasing, connection| {
            let site = erasing.order.site;
            let sql = "SELECT month FROM months_begun WHERE site = ?";
            let mut statement = connection.prepare_cached(sql)?;
            let begun = statement.query_map([site.0], |row| row.get(0).map(Month))?;
            let begun = begun.collect::<rusqlite::Result<Vec<_>>>()?;
            begun.into_iter().chain(cut).try_for_each(|month| months::outdate(connection, site, month))
        })
    }

    /// Packed tables of one dimension that may hold something.
    fn packed_ids(&self) -> Result<Vec<i64>> {
        let (first, last) = self.order.day_numbers();
        let sql = "SELECT id, grain, dimension, prop, bucket FROM packed WHERE site = ?";
        let reader = self.file.reader();
        let mut statement = reader.prepare_cached(sql)?;
        let mut rows = statement.query([self.order.site.0])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            let (grain, bucket): (i64, i32) = (row.get(1)?, row.get(4)?);
            let is_meant = match grain == grain_code(Grain::Month) {
                true => self.order.has_month(Month(bucket)),
                false => (first..=last).contains(&bucket),
            };
            if is_meant && self.gone.touches((row.get(2)?, row.get(3)?)) {
                ids.push(row.get(0)?);
            }
        }
        Ok(ids)
    }

    fn packed(&mut self, connection: &Connection, id: i64) -> Result<()> {
        let sql = "SELECT grain, dimension, prop, bucket, cells FROM packed WHERE id = ?";
        let found = connection.prepare_cached(sql)?.query_row([id], |row| {
            let axis: AxisKey = (row.get(1)?, row.get(2)?);
            Ok((row.get::<_, i64>(0)?, axis, row.get::<_, i32>(3)?, row.get::<_, Vec<u8>>(4)?))
        });
        let Some((grain, axis, bucket, cells)) = found.optional()? else { return Ok(()) };
        let is_month = grain == grain_code(Grain::Month);
        let is_outdated = is_month && !self.covers(Month(bucket));
        let (gone, kept): (CellList, CellList) =
            unpack_all(&cells)?.into_iter().partition(|((value, _), _)| is_outdated || self.gone.takes(axis, *value));
        if !is_month && !gone.is_empty() {
            self.lost.days.insert(Day(bucket));
        }
        match grain {
            // Its rows are counted.
            _ if is_month => {}
            0 => self.removed.hours += gone.len() as u64,
            _ => self.removed.days += gone.len() as u64,
        }
        if !self.writes || gone.is_empty() {
            return Ok(());
        }
        if grain == grain_code(Grain::Day) && !self.covers(Day(bucket).month()) {
            self.subtract(connection, axis, Day(bucket).month(), &gone)?;
        }
        put_back(connection, id, &pack(kept))
    }

    /// Takes cells of a day from its month.
    fn subtract(&self, connection: &Connection, axis: AxisKey, month: Month, gone: &CellList) -> Result<()> {
        let keyed = gone.iter().map(|((value, _), tally)| (i64::from(*value), Tally::ZERO - *tally)).collect();
        super::write::add_cells(connection, self.order.site, Grain::Month, axis, month.0, keyed)?;
        let nothing = TALLY.map(|column| format!("{column} = 0")).join(" AND ");
        let sql = format!(
            "DELETE FROM months WHERE site = ? AND dimension = ? AND prop = ? AND bucket = ? AND value = ? AND {nothing}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        for ((value, _), _) in gone {
            statement.execute(params![self.order.site.0, axis.0, axis.1, month.0, value])?;
        }
        Ok(())
    }

    /// The rows of months of which all days are meant.
    fn month_rows(&mut self, connection: &Connection) -> Result<()> {
        let (site, (first, last)) = (self.order.site.0, self.order.months_covered());
        let sql = "SELECT dimension, prop, bucket, value FROM months WHERE site = ? AND bucket BETWEEN ? AND ?";
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query(params![site, first.0, last.0])?;
        let mut keys: Vec<(u8, i64, i32, u32)> = Vec::new();
        while let Some(row) = rows.next()? {
            let key = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            keys.extend(self.gone.takes((key.0, key.1), key.3).then_some(key));
        }
        self.removed.months += keys.len() as u64;
        self.lost.months.extend(keys.iter().map(|(_, _, month, _)| Month(*month)));
        let sql = "DELETE FROM months WHERE site = ? AND dimension = ? AND prop = ? AND bucket = ? AND value = ?";
        let mut delete = connection.prepare_cached(sql)?;
        for (dimension, prop, bucket, value) in keys.iter().filter(|_| self.writes) {
            delete.execute(params![site, dimension, prop, bucket, value])?;
        }
        Ok(())
    }

    /// Column blocks of pairs that may hold something.
    fn pair_ids(&self) -> Result<Vec<i64>> {
        let (first, last) = self.order.day_numbers();
        let reader = self.file.reader();
        let mut statement = reader.prepare_cached("SELECT id, grain, bucket FROM pairs WHERE site = ?")?;
        let mut rows = statement.query([self.order.site.0])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            let (is_month, bucket): (bool, i32) = (row.get::<_, i64>(1)? == grain_code(Grain::Month), row.get(2)?);
            let is_meant = match is_month {
                true => self.order.has_month(Month(bucket)),
                false => (first..=last).contains(&bucket),
            };
            if is_meant {
                ids.push(row.get(0)?);
            }
        }
        Ok(ids)
    }

    fn pairs(&mut self, connection: &Connection, id: i64) -> Result<()> {
        let sql = "SELECT grain, bucket, cells FROM pairs WHERE id = ?";
        let found = connection.prepare_cached(sql)?.query_row([id], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i32>(1)?, ColumnBlock::open(row.get_ref(2)?.as_blob()?)))
        });
        let Some((grain, bucket, block)) = found.optional()? else { return Ok(()) };
        let is_month = grain == grain_code(Grain::Month);
        if is_month && !self.covers(Month(bucket)) {
            // The month is added up anew.
            return self.remove_block(connection, id);
        }
        let (gone, kept) = without(&block?, &self.gone)?;
        match is_month {
            _ if gone == 0 => {}
            true => _ = self.lost.months.insert(Month(bucket)),
            false => _ = self.lost.days.insert(Day(bucket)),
        }
        *(if is_month { &mut self.removed.month_pairs } else { &mut self.removed.day_pairs }) += gone;
        match kept {
            _ if gone == 0 || !self.writes => Ok(()),
            None => self.remove_block(connection, id),
            Some(kept) => {
                let sql = "UPDATE pairs SET first_table = ?, cells = ? WHERE id = ?";
                connection.prepare_cached(sql)?.execute(params![kept.first_table, kept.bytes, id])?;
                Ok(())
            }
        }
    }

    fn remove_block(&self, connection: &Connection, id: i64) -> Result<()> {
        if self.writes {
            connection.prepare_cached("DELETE FROM pairs WHERE id = ?")?.execute([id])?;
        }
        Ok(())
    }

    /// What is known of days and months that are no more.
    fn state(&mut self, connection: &Connection) -> Result<()> {
        if !self.writes || self.order.values.is_some() {
            return Ok(());
        }
        let (site, (from, to)) = (self.order.site.0, self.order.months_covered());
        for table in ["months_added", "months_begun", "months_alone"] {
            let sql = format!("DELETE FROM {table} WHERE site = ? AND month BETWEEN ? AND ?");
            connection.execute(&sql, params![site, from.0, to.0])?;
        }
        let (first, last) = self.order.day_numbers();
        let last = last.min(self.order.today.0 - 1);
        connection
            .execute("DELETE FROM days_closed WHERE site = ? AND day BETWEEN ? AND ?", params![site, first, last])?;
        Ok(())
    }
}

fn put_back(connection: &Connection, id: i64, cells: &[u8]) -> Result<()> {
    if cells.is_empty() {
        connection.prepare_cached("DELETE FROM packed WHERE id = ?")?.execute([id])?;
    } else {
        connection.prepare_cached("UPDATE packed SET cells = ? WHERE id = ?")?.execute(params![cells, id])?;
    }
    Ok(())
}

/// How many cells of a block go, and the block without them; nothing if it has no others.
fn without(block: &ColumnBlock, gone: &GoneCells) -> Result<(u64, Option<PackedBlock>)> {
    let tables = block.tables();
    let mut removed = 0;
    for table in &tables {
        if let Some(of_table) = gone.of_table(*table) {
            let count = std::cell::Cell::new(0);
            let counted = |key| {
                count.set(count.get() + u64::from(of_table.takes(key)));
                false
            };
            block.each(*table, 0..=u32::MAX, counted, |_, _| {})?;
            removed += count.get();
        }
    }
    if removed == 0 {
        return Ok((0, None));
    }
    let mut packer = BlockPacker::of_one_block();
    for table in tables {
        let of_table = gone.of_table(table);
        let stays = |key| of_table.as_ref().is_none_or(|of_table| !of_table.takes(key));
        let mut kept = CellList::new();
        block.each(table, 0..=u32::MAX, stays, |key, tally| kept.push((key, tally)))?;
        for chunk in chunks(kept) {
            packer.add(table, chunk).map_or(Ok(()), |_| Err(StoreError::Corrupt))?;
        }
    }
    Ok((removed, packer.finish()))
}
