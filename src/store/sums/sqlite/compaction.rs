//! In: the visits of a day, and a day that is over. Out: its cells packed, added to those that are packed already. Forgets: the
//! snapshot, and the rows that the day had while it ran.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::Result;
use super::at_rest::AtRest;
use super::months;
use super::packed::{self, CellList, FINAL, PackedKey, part_code};
use super::pairs::{self, PairsKey};
use super::thinning;
use super::write::{DayCells, SiteIds, add_cells, columns_of, table};
use crate::cell::packed::{CellKey, Chunk, ColumnBlock, chunks};
use crate::cell::{Sym, Tally};
use crate::counts::Name;
use crate::counts::pairs::{NameNumbers, PairTable};
use crate::limits;
use crate::site::{Day, SiteId};
use crate::store::{CountedBy, DayState, Flush, Grain, StoreError};

/// The pairs of each of a flush's days that has any. The names in them have numbers.
pub(super) fn pairs_of(flush: &Flush, ids: &SiteIds) -> Result<Vec<Option<Vec<PairTable>>>> {
    let tables = |state: &DayState| {
        let Some(snapshot) = &state.snapshot else { return Ok(None) };
        let ids = ids.get(&state.site).ok_or(StoreError::Corrupt)?;
        let names = snapshot.names_in_pairs().into_iter();
        let number = |name: Sym| {
            let id = snapshot.text(name).and_then(|text| ids.known(text)).ok_or(StoreError::Corrupt)?;
            Ok((name, u32::try_from(id).map_err(|_| StoreError::Full)?))
        };
        let of_joined = |name: &Name| {
            let id = ids.known(name).ok_or(StoreError::Corrupt)?;
            u32::try_from(id).map_err(|_| StoreError::Full)
        };
        let joined = snapshot.joined_names().map(of_joined).collect::<Result<Vec<_>>>()?;
        let numbers = NameNumbers::of(names.map(number).collect::<Result<Vec<_>>>()?).with_joined(joined);
        Ok(Some(snapshot.pairs_by(&numbers, state.pair_cells, limits::PAIR_ROWS_AT_ONCE)))
    };
    flush.days.iter().map(tables).collect()
}

/// Stores what is known of a day: its pairs, and, when it is over, everything for good, with the cells that came last.
pub(super) fn store_day(
    connection: &Connection,
    state: &DayState,
    (pairs, cells): (Option<Vec<PairTable>>, DayCells),
    at_rest: Option<&AtRest>,
    number: u64,
) -> Result<()> {
    let DayState { site, day, by, .. } = *state;
    let running = PairsKey { site, grain: Grain::Day, bucket: day.0, part: part_code(by) };
    if state.is_over {
        thinning::finish(connection, site, day.month())?;
    }
    if state.is_over || state.snapshot.is_some() {
        pairs::remove(connection, running)?;
    }
    if let Some(pairs) = pairs {
        let key = if state.is_over { PairsKey { part: FINAL, ..running } } else { running };
        store_pairs(connection, key, pairs)?;
    }
    if state.is_over {
        months::outdate(connection, site, day.month())?;
        pack_day(connection, (site, day), cells, at_rest)?;
        at_rest.map_or(Ok(()), AtRest::fold_pairs)?;
    }
    if state.is_over && by == CountedBy::Live {
        let sql = "INSERT OR REPLACE INTO days_closed VALUES (?, ?, ?)";
        connection.prepare_cached(sql)?.execute(params![site.0, day.0, number as i64])?;
    }
    Ok(())
}

fn store_pairs(connection: &Connection, key: PairsKey, mut tables: Vec<PairTable>) -> Result<()> {
    tables.sort_by_key(|table| pairs::number(table.pair));
    let added = |table: PairTable| {
        let number = pairs::number(table.pair);
        Ok((number, if pairs::is_turned(table.pair) { turned(&table)? } else { table.chunks }))
    };
    pairs::add(connection, key, tables.into_iter().map(added))
}

/// The cells of a table in the order of their second value.
fn turned(table: &PairTable) -> Result<Vec<Chunk>> {
    let cells: CellList = table.cells()?.into_iter().map(|((a, b), tally)| ((b, a), tally)).collect();
    Ok(chunks(in_order(&cells)).collect())
}

/// A row of `days` or `hours`: dimension and property, then the key it is packed by.
type OpenRow = ((u8, i64), CellKey, Tally);

/// Packs the rows that a day had while it ran and the cells that came last, and adds the day to its month.
fn pack_day(
    connection: &Connection,
    (site, day): (SiteId, Day),
    mut cells: DayCells,
    at_rest: Option<&AtRest>,
) -> Result<()> {
    for (grain, first, last) in [(Grain::Day, day.0, day.0), (Grain::Hour, day.0 * 24, day.0 * 24 + 23)] {
        for (axis, key, tally) in rows(connection, site, grain, first, last)? {
            cells.entry((grain, axis)).or_default().push((key, tally));
        }
        let sql = format!("DELETE FROM {} WHERE site = ? AND bucket BETWEEN ? AND ?", table(grain));
        connection.prepare_cached(&sql)?.execute(params![site.0, first, last])?;
    }
    for ((grain, (dimension, prop)), cells) in cells {
        let cells = added_up(cells);
        if let Some((at_rest, least)) = at_rest.and_then(|at| Some((at, at.least_of((dimension, prop))?))) {
            at_rest.add(grain, (dimension, prop), cells, least)?;
            continue;
        }
        if grain == Grain::Day {
            let keyed = cells.iter().map(|((value, _), tally)| (i64::from(*value), *tally)).collect();
            add_cells(connection, site, Grain::Month, (dimension, prop), day.month().0, keyed)?;
        }
        packed::add(connection, PackedKey { site, grain, dimension, prop, bucket: day.0 }, cells)?;
    }
    Ok(())
}

/// Cells in order of their keys, whose tallies are moved once.
fn in_order(cells: &CellList) -> CellList {
    let mut order: Vec<(CellKey, u32)> = (0..).zip(cells).map(|(at, (key, _))| (*key, at)).collect();
    order.sort_unstable();
    order.into_iter().map(|(key, at)| (key, cells[at as usize].1)).collect()
}

/// Cells in order of their keys, each key once.
fn added_up(mut cells: CellList) -> CellList {
    cells.sort_unstable_by_key(|(key, _)| *key);
    cells.dedup_by(|next, sum| {
        let is_same = next.0 == sum.0;
        if is_same {
            sum.1 += next.1;
        }
        is_same
    });
    cells
}

fn rows(connection: &Connection, site: SiteId, grain: Grain, first: i32, last: i32) -> Result<Vec<OpenRow>> {
    let columns = columns_of(grain).join(", ");
    let table = table(grain);
    let sql = format!(
        "SELECT dimension, prop, value, bucket, {columns} FROM {table} WHERE site = ? AND bucket BETWEEN ? AND ?"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params![site.0, first, last], |row| {
        let second = if grain == Grain::Hour { row.get::<_, i32>(3)?.rem_euclid(24) as u32 } else { 0 };
        Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, second), tally(row, 4)?))
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The tally whose columns begin at `from`; those that are missing at the end are 0.
pub(in crate::store) fn tally(row: &rusqlite::Row, from: usize) -> rusqlite::Result<Tally> {
    let mut columns = Tally::ZERO.columns();
    for (at, column) in (from..row.as_ref().column_count()).zip(&mut columns) {
        *column = row.get(at)?;
    }
    Ok(Tally::from_columns(columns))
}

/// Adds the snapshots that somebody who counts no more has left to the final pairs of their days. Tells which days these are.
pub(super) fn make_final(connection: &mut Connection, by: CountedBy) -> Result<Vec<(SiteId, Day)>> {
    let (transaction, part) = (connection.transaction()?, part_code(by));
    let left = left(&transaction, part)?;
    for (site, day) in left.iter().copied() {
        let key = PairsKey { site, grain: Grain::Day, bucket: day.0, part };
        thinning::finish(&transaction, site, day.month())?;
        let Some(blocks) = pairs::take(&transaction, key)? else { continue };
        months::outdate(&transaction, site, day.month())?;
        pairs::add(&transaction, PairsKey { part: FINAL, ..key }, tables_of(&blocks))?;
    }
    transaction.commit()?;
    Ok(left)
}

/// The tables of column blocks in order.
fn tables_of(blocks: &[ColumnBlock]) -> impl Iterator<Item = Result<(u32, Vec<Chunk>)>> {
    let numbers: BTreeSet<u32> = blocks.iter().flat_map(ColumnBlock::tables).collect();
    numbers.into_iter().map(move |table| {
        let mut cells = CellList::new();
        for block in blocks {
            block.each(table, 0..=u32::MAX, |_| true, |key, tally| cells.push((key, tally)))?;
        }
        Ok((table, chunks(cells).collect()))
    })
}

fn left(connection: &Connection, part: i64) -> Result<Vec<(SiteId, Day)>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT site, bucket FROM pairs WHERE part = ?")?;
    let found = statement.query_map([part], |row| Ok((SiteId(row.get(0)?), Day(row.get(1)?))))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Days that have rows as if they ran.
pub(super) fn open_days(connection: &Connection) -> Result<Vec<(SiteId, Day)>> {
    let sql = "SELECT DISTINCT site, bucket FROM days";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([], |row| Ok((SiteId(row.get(0)?), Day(row.get(1)?))))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
