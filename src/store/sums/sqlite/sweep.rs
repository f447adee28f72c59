//! In: a site of whose sums some are gone. Out: its names without those that no cell has any more. Forgets: them.
//!
//! What is in use is looked for in one state of the file. Flushes go on meanwhile; which names they use is noted ([`NamesInUse`]), so
//! that none goes which came back. Nothing else makes a cell of a name that no cell had.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior, params};

use super::gone_cells::GoneCells;
use super::packed::{PROP, REVENUE, grain_code};
use super::write::{AxisKey, SiteIds};
use super::{Result, leftovers, removal};
use crate::cell::packed::{ColumnBlock, unpack};
use crate::counts::pairs::REST;
use crate::site::{Day, Month, SiteId};
use crate::store::sqlite::SqliteFile;
use crate::store::{Forgetting, Grain, StoreError};

type NumberSet = HashSet<i64, foldhash::fast::RandomState>;

/// Numbers of names and axes that are in use.
#[derive(Default)]
struct UsedNumbers {
    names: NumberSet,
    axes: NumberSet,
}

/// What flushes use while a site is swept; nothing while none is.
#[derive(Default)]
pub(super) struct NamesInUse {
    noted: Mutex<Option<(SiteId, UsedNumbers)>>,
    /// Held by who sweeps: one site after the other.
    sweeping: Mutex<()>,
}

impl NamesInUse {
    /// Takes note of a flush that was applied.
    pub(super) fn note(&self, ids: &SiteIds) {
        if let Some((site, used)) = &mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner)
            && let Some(ids) = ids.get(site)
        {
            used.names.extend(ids.names());
            used.axes.extend(ids.axes());
        }
    }

    fn begin(&self, site: SiteId) {
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = Some((site, UsedNumbers::default()));
    }

    fn end(&self) -> UsedNumbers {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner).take();
        noted.map(|(_, used)| used).unwrap_or_default()
    }
}

/// Removes the names and axes of a site that are in no cell, and tells how many names. `applying` is held by whoever stores a flush.
pub(super) fn sweep(file: &SqliteFile, applying: &Mutex<()>, in_use: &NamesInUse, site: SiteId) -> Result<u64> {
    let _sweeping = in_use.sweeping.lock().unwrap_or_else(PoisonError::into_inner);
    let reader = file.snapshot();
    let begun = {
        let _applying = applying.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.begin(site);
        reader.execute_batch("BEGIN").and_then(|()| last_name(&reader, site))
    };
    let found = begun.map_err(StoreError::from).and_then(|last| Ok((last, used(&reader, site, None)?)));
    let ended = reader.execute_batch("ROLLBACK");
    drop(reader);
    let _applying = applying.lock().unwrap_or_else(PoisonError::into_inner);
    let later = in_use.end();
    let (last, mut used) = found?;
    ended?;
    used.names.extend(later.names);
    used.axes.extend(later.axes);
    let mut writer = file.writer();
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let removed = remove(&transaction, site, last, &mut used)?;
    transaction.commit()?;
    Ok(removed)
}

/// How many names a site would be without if an order to forget were carried out.
pub(super) fn count(connection: &Connection, order: &Forgetting) -> Result<u64> {
    let last = last_name(connection, order.site)?;
    let gone = GoneCells::of(connection, order)?;
    let mut used = used(connection, order.site, Some((&gone, order)))?;
    used.add_axes(connection, order.site)?;
    Ok(unused(connection, order.site, last, &used)?.len() as u64)
}

/// The greatest number of a site's names.
fn last_name(connection: &Connection, site: SiteId) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) FROM names WHERE site = ?", [site.0], |row| row.get(0))
}

/// What goes, and on which days.
type Without<'a> = Option<(&'a GoneCells, &'a Forgetting)>;

/// What is in use, without what would go.
fn used(connection: &Connection, site: SiteId, without: Without) -> Result<UsedNumbers> {
    let mut used = UsedNumbers::default();
    used.add_rows(connection, site, without)?;
    used.add_packed(connection, site, without)?;
    let mut statement = connection.prepare("SELECT grain, bucket, cells FROM pairs WHERE site = ?")?;
    let mut rows = statement.query([site.0])?;
    while let Some(row) = rows.next()? {
        let block = ColumnBlock::open(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?;
        used.add_block(&block, meant(without, row.get(0)?, row.get(1)?))?;
    }
    Ok(used)
}

/// What may go of a day or a month; nothing if it is not meant.
fn meant<'a>(without: Without<'a>, grain: i64, bucket: i32) -> Option<&'a GoneCells> {
    let is_month = grain == grain_code(Grain::Month);
    let is_meant = |order: &Forgetting| {
        if is_month { order.has_month(Month(bucket)) } else { order.has_day(Day(bucket)) }
    };
    without.filter(|(_, order)| is_meant(order)).map(|(gone, _)| gone)
}

impl UsedNumbers {
    fn add_rows(&mut self, connection: &Connection, site: SiteId, without: Without) -> Result<()> {
        for (table, grain) in [("hours", Grain::Hour), ("days", Grain::Day), ("months", Grain::Month)] {
            let sql = format!("SELECT dimension, prop, bucket, value FROM {table} WHERE site = ?");
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([site.0])?;
            while let Some(row) = rows.next()? {
                let (axis, bucket, value) = ((row.get(0)?, row.get(1)?), row.get::<_, i32>(2)?, row.get::<_, u32>(3)?);
                let bucket = if grain == Grain::Hour { bucket.div_euclid(24) } else { bucket };
                if meant(without, grain_code(grain), bucket).is_none_or(|gone| !gone.takes(axis, value)) {
                    self.add(axis, value);
                }
            }
        }
        Ok(())
    }

    fn add_packed(&mut self, connection: &Connection, site: SiteId, without: Without) -> Result<()> {
        let sql = "SELECT dimension, prop, grain, bucket, cells FROM packed WHERE site = ?";
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([site.0])?;
        while let Some(row) = rows.next()? {
            let (axis, gone) = ((row.get(0)?, row.get(1)?), meant(without, row.get(2)?, row.get(3)?));
            let cells = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
            let found = std::cell::RefCell::new(&mut *self);
            let add = |(value, _): (u32, u32)| {
                if gone.is_none_or(|gone| !gone.takes(axis, value)) {
                    found.borrow_mut().add(axis, value);
                }
                false
            };
            unpack(cells, 0..=u32::MAX, add, |_, _| {})?;
        }
        Ok(())
    }

    fn add(&mut self, (dimension, prop): AxisKey, value: u32) {
        if matches!(dimension, PROP | REVENUE) {
            self.axes.insert(prop);
        }
        self.names.insert(value.into());
    }

    fn add_block(&mut self, block: &ColumnBlock, gone: Option<&GoneCells>) -> Result<()> {
        let found = std::cell::RefCell::new(&mut self.names);
        for table in block.tables() {
            let gone = gone.and_then(|gone| gone.of_table(table));
            let add = |key: (u32, u32)| {
                if gone.as_ref().is_none_or(|gone| !gone.takes(key)) {
                    let mut found = found.borrow_mut();
                    [key.0, key.1].into_iter().filter(|id| *id != REST).for_each(|id| _ = found.insert(id.into()));
                }
                false
            };
            block.each(table, 0..=u32::MAX, add, |_, _| {})?;
        }
        Ok(())
    }

    /// Adds the names of axes that are in use, and tells which are not.
    fn add_axes(&mut self, connection: &Connection, site: SiteId) -> Result<Vec<i64>> {
        let mut statement = connection.prepare("SELECT id, event, key, currency FROM axes WHERE site = ?")?;
        let axes = statement.query_map([site.0], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?])))?;
        let mut unused = Vec::new();
        for (axis, names) in axes.collect::<rusqlite::Result<Vec<(i64, [i64; 3])>>>()? {
            if self.axes.contains(&axis) {
                self.names.extend(names);
            } else {
                unused.push(axis);
            }
        }
        Ok(unused)
    }
}

/// The names of a site up to a number that are not in use.
fn unused(connection: &Connection, site: SiteId, last: i64, used: &UsedNumbers) -> Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT id FROM names WHERE site = ? AND id <= ?")?;
    let mut ids =
        statement.query_map(params![site.0, last], |row| row.get(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    ids.retain(|id| !used.names.contains(id));
    Ok(ids)
}

fn remove(connection: &Connection, site: SiteId, last: i64, used: &mut UsedNumbers) -> Result<u64> {
    for axis in used.add_axes(connection, site)? {
        connection.prepare_cached("DELETE FROM axes WHERE id = ?")?.execute([axis])?;
    }
    let ids = unused(connection, site, last, used)?;
    removal::keep_last_number(connection, |connection| {
        for id in &ids {
            connection.prepare_cached("DELETE FROM names WHERE id = ?")?.execute([id])?;
        }
        Ok(())
    })?;
    leftovers::unmark(connection, site)?;
    if !ids.is_empty() {
        leftovers::mark_table(connection, "names")?;
    }
    Ok(ids.len() as u64)
}
