//! The rows of the table `pairs`: the cells of two dimensions.
//!
//! The tables of a day or month are packed in column blocks, in order of their numbers: small sites have one or two a day, large
//! tables have some of their own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::rc::Rc;

use rusqlite::{Connection, params};

use super::Result;
use super::packed::{CellList, grain_code};
use crate::cell::packed::{BlockPacker, CellKey, Chunk, ColumnBlock, PackedBlock, chunks, merged};
use crate::cell::{Dimension, Tally};
use crate::counts::pairs::Pair;
use crate::limits;
use crate::site::{Month, SiteId};
use crate::store::{Grain, Interrupt};

/// The pairs of one bucket, by one of those who count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PairsKey {
    pub(super) site: SiteId,
    pub(super) grain: Grain,
    pub(super) bucket: i32,
    pub(super) part: i64,
}

/// The number of a pair's table. Tables that share their second dimension repeat each other most, so they lie side by side.
pub(super) fn number(pair: Pair) -> u32 {
    u32::from(pair.second.code()) << 8 | u32::from(pair.first.code())
}

/// Whether the cells of a table lie in order of their second value. The largest tables are those of places and pages, and more
/// readers ask where a page is read than what is read in a city. Of segments most read one.
pub(super) fn is_turned(pair: Pair) -> bool {
    if pair.second == Dimension::Segment {
        return true;
    }
    let is_place = matches!(pair.first, Dimension::Region | Dimension::City);
    is_place && matches!(pair.second, Dimension::Page | Dimension::EntryPage | Dimension::ExitPage)
}

/// The number of the same table of a month in the order of its other value. Only large tables have one.
pub(super) const TURNED: u32 = 0x1_0000;

/// Column blocks of one bucket as they are read, each opened once.
pub(super) struct OpenedBlocks<'a> {
    connection: &'a Connection,
    key: PairsKey,
    interrupt: Interrupt,
    opened: RefCell<HashMap<i64, Rc<ColumnBlock>, foldhash::fast::RandomState>>,
}

impl OpenedBlocks<'_> {
    pub(super) fn of(connection: &Connection, key: PairsKey) -> OpenedBlocks<'_> {
        OpenedBlocks { connection, key, interrupt: Interrupt::default(), opened: RefCell::default() }
    }

    /// The same, until the reading is interrupted.
    pub(super) fn interrupted_by(self, interrupt: &Interrupt) -> Self {
        Self { interrupt: interrupt.clone(), ..self }
    }

    /// Hands out the cells of a table whose first number lies in `first` and which are wanted, in order. Tells whether there is such a
    /// table.
    pub(super) fn each(
        &self,
        table: u32,
        first: &RangeInclusive<u32>,
        wanted: impl Fn(CellKey) -> bool,
        mut take: impl FnMut(CellKey, Tally),
    ) -> Result<bool> {
        let ids = self.ids(table)?;
        // Blocks before the first number are not opened: of a large table, one of them has what a reader wants.
        let (mut from, mut until) = (0, ids.len());
        while from < until {
            let middle = from.midpoint(until);
            let is_before = self.opened(ids[middle])?.end() < Some((table, *first.start()));
            (from, until) = if is_before { (middle + 1, until) } else { (from, middle) };
        }
        let mut is_there = from > 0 && self.opened(ids[from - 1])?.end().is_some_and(|end| end.0 == table);
        for id in &ids[from..] {
            let block = self.opened(*id)?;
            is_there |= block.has(table);
            if block.begin() > Some((table, *first.end())) {
                break;
            }
            self.check(&block, table, first)?;
            block.each(table, first.clone(), &wanted, &mut take)?;
        }
        Ok(is_there)
    }

    /// Hands out the cells of a table that have this second number, in order.
    pub(super) fn each_of_second(&self, table: u32, second: u32, mut take: impl FnMut(CellKey, Tally)) -> Result<()> {
        for id in self.ids(table)? {
            let block = self.opened(id)?;
            self.check(&block, table, &(0..=u32::MAX))?;
            block.each_of_second(table, second, &mut take)?;
        }
        Ok(())
    }

    /// To be called before cells of a block are read.
    fn check(&self, block: &ColumnBlock, table: u32, first: &RangeInclusive<u32>) -> Result<()> {
        self.interrupt.check(block.cells_of(table, first))
    }

    /// The blocks that may hold a table, in order.
    fn ids(&self, table: u32) -> Result<Vec<i64>> {
        // SQLite would prepare the statement anew for each plain bound of a range. The table begins in the last column block that does not begin after it.
        let sql = "SELECT id, first_table FROM pairs
                   WHERE site = ? AND grain = ? AND bucket = ? AND part = ? AND first_table <= ? + 0
                   ORDER BY first_table DESC, sequence DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        let PairsKey { site, grain, bucket, part } = self.key;
        let mut rows = statement.query(params![site.0, grain_code(grain), bucket, part, table])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            ids.push(row.get(0)?);
            if row.get::<_, u32>(1)? < table {
                break;
            }
        }
        ids.reverse();
        Ok(ids)
    }

    fn opened(&self, id: i64) -> Result<Rc<ColumnBlock>> {
        let mut opened = self.opened.borrow_mut();
        if let Some(block) = opened.get(&id) {
            return Ok(block.clone());
        }
        let mut statement = self.connection.prepare_cached("SELECT cells FROM pairs WHERE id = ?")?;
        let block = statement.query_row([id], |row| Ok(ColumnBlock::open(row.get_ref(0)?.as_blob()?)))?;
        let block = Rc::new(block?);
        self.interrupt.check(block.bytes() / limits::BYTES_PER_CELL_READ)?;
        if opened.len() >= limits::OPENED_BYTES_MAX / limits::COLUMN_BLOCK_BYTES {
            opened.clear();
        }
        opened.insert(id, block.clone());
        Ok(block)
    }
}

/// The tables of a key that have at least so many cells, in order.
pub(super) fn large_tables(connection: &Connection, key: PairsKey, least: usize) -> Result<Vec<u32>> {
    let sql = "SELECT cells FROM pairs WHERE site = ? AND grain = ? AND bucket = ? AND part = ?";
    let PairsKey { site, grain, bucket, part } = key;
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![site.0, grain_code(grain), bucket, part])?;
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let block = ColumnBlock::open(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
        block.cells().for_each(|(table, cells)| *sizes.entry(table).or_default() += cells);
    }
    Ok(sizes.into_iter().filter(|(table, cells)| *table < TURNED && *cells >= least).map(|(table, _)| table).collect())
}

/// Writes the tables of a key, which come in order of their numbers.
struct BlockWriter<'a> {
    connection: &'a Connection,
    key: PairsKey,
    packer: BlockPacker,
    sequence: i64,
}

impl BlockWriter<'_> {
    fn of(connection: &Connection, key: PairsKey) -> BlockWriter<'_> {
        BlockWriter { connection, key, packer: BlockPacker::default(), sequence: 0 }
    }

    fn add(&mut self, table: u32, chunks: impl IntoIterator<Item = Chunk>) -> Result<()> {
        for chunk in chunks {
            let full = self.packer.add(table, chunk);
            self.write(full)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        let last = self.packer.finish();
        self.write(last)
    }

    fn write(&mut self, block: Option<PackedBlock>) -> Result<()> {
        let Some(block) = block else { return Ok(()) };
        insert(self.connection, self.key, self.sequence, &block)?;
        self.sequence += 1;
        Ok(())
    }
}

/// Adds a column block after those that a key has.
pub(super) fn insert(connection: &Connection, key: PairsKey, sequence: i64, block: &PackedBlock) -> Result<()> {
    let PairsKey { site, grain, bucket, part } = key;
    let sql =
        "INSERT INTO pairs (site, grain, bucket, part, first_table, sequence, cells) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let (grain, first_table) = (grain_code(grain), block.first_table);
    connection.prepare_cached(sql)?.execute(params![
        site.0,
        grain,
        bucket,
        part,
        first_table,
        sequence,
        block.bytes
    ])?;
    Ok(())
}

/// Adds tables, in order of their numbers, to those of a key. Where these are damaged they stay as they are, as in [`super::packed::add`].
pub(super) fn add(
    connection: &Connection,
    key: PairsKey,
    tables: impl IntoIterator<Item = Result<(u32, Vec<Chunk>)>>,
) -> Result<()> {
    let Some(stored) = take(connection, key)? else { return Ok(()) };
    let mut left: BTreeSet<u32> = stored.iter().flat_map(ColumnBlock::tables).collect();
    let of_stored = |table: u32| -> Result<CellList> {
        let mut cells = CellList::new();
        for block in &stored {
            block.each(table, 0..=u32::MAX, |_| true, |key, tally| cells.push((key, tally)))?;
        }
        Ok(cells)
    };
    let mut writer = BlockWriter::of(connection, key);
    for added in tables {
        let (table, added) = added?;
        while let Some(before) = left.first().copied().filter(|before| *before < table) {
            left.pop_first();
            writer.add(before, chunks(of_stored(before)?))?;
        }
        if left.remove(&table) {
            let mut cells = CellList::new();
            added.iter().try_for_each(|chunk| chunk.read(&mut cells))?;
            writer.add(table, chunks(merged(of_stored(table)?, cells)))?;
        } else {
            writer.add(table, added)?;
        }
    }
    for table in left {
        writer.add(table, chunks(of_stored(table)?))?;
    }
    writer.finish()
}

/// The columns that make a key.
const OF_KEY: &str = "site = ? AND grain = ? AND bucket = ? AND part = ?";

/// Removes all column blocks of a key.
pub(super) fn remove(connection: &Connection, key: PairsKey) -> Result<()> {
    let PairsKey { site, grain, bucket, part } = key;
    let columns = params![site.0, grain_code(grain), bucket, part];
    connection.prepare_cached(&format!("DELETE FROM pairs WHERE {OF_KEY}"))?.execute(columns)?;
    Ok(())
}

/// Takes all column blocks of a key out of the store, in order; nothing, and they stay, where one is damaged.
pub(super) fn take(connection: &Connection, key: PairsKey) -> Result<Option<Vec<ColumnBlock>>> {
    let PairsKey { site, grain, bucket, part } = key;
    let columns = params![site.0, grain_code(grain), bucket, part];
    let sql = format!("SELECT cells FROM pairs WHERE {OF_KEY} ORDER BY first_table, sequence");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(columns, |row| Ok(ColumnBlock::open(row.get_ref(0)?.as_blob()?)))?;
    let mut blocks = Vec::new();
    for block in found {
        let Ok(block) = block? else { return Ok(None) };
        blocks.push(block);
    }
    remove(connection, key)?;
    Ok(Some(blocks))
}

/// The days of a month that have pairs which are not for good.
pub(super) fn running(connection: &Connection, site: SiteId, month: Month) -> Result<Vec<i32>> {
    let sql = "SELECT DISTINCT bucket FROM pairs WHERE part <> 0 AND site = ? AND bucket BETWEEN ? AND ?";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, month.first().0, month.last().0], |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The buckets from `first` to `last` that have pairs.
pub(super) fn buckets(connection: &Connection, site: SiteId, grain: Grain, first: i32, last: i32) -> Result<Vec<i32>> {
    let sql = "SELECT DISTINCT bucket FROM pairs WHERE site = ? AND grain = ? AND bucket BETWEEN ? AND ?";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, grain_code(grain), first, last], |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
