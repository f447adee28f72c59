//! In: a site of whose sums some are gone. Out: its names without those that no cell has any more. Forgets: them.
//!
//! What is in use is looked for in one state of the file. Flushes go on meanwhile; which names they use is noted ([`NamesInUse`]), so
//! that none goes which came back. Nothing else makes a cell of a name that no cell had.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior, params};

use super::packed::{PROP, REVENUE};
use super::write::SiteIds;
use super::{Result, removal};
use crate::cell::packed::{ColumnBlock, unpack};
use crate::counts::pairs::REST;
use crate::site::SiteId;
use crate::store::StoreError;
use crate::store::sqlite::SqliteFile;

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
    let found = begun.map_err(StoreError::from).and_then(|last| Ok((last, used(&reader, site)?)));
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

/// The greatest number of a site's names.
fn last_name(connection: &Connection, site: SiteId) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) FROM names WHERE site = ?", [site.0], |row| row.get(0))
}

fn used(connection: &Connection, site: SiteId) -> Result<UsedNumbers> {
    let mut used = UsedNumbers::default();
    for table in ["hours", "days", "months"] {
        let sql = format!("SELECT dimension, prop, value FROM {table} WHERE site = ?");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([site.0])?;
        while let Some(row) = rows.next()? {
            used.note_axis(row.get(0)?, row.get(1)?);
            used.names.insert(row.get(2)?);
        }
    }
    let mut statement = connection.prepare("SELECT dimension, prop, cells FROM packed WHERE site = ?")?;
    let mut rows = statement.query([site.0])?;
    while let Some(row) = rows.next()? {
        used.note_axis(row.get(0)?, row.get(1)?);
        let cells = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let found = std::cell::RefCell::new(&mut used.names);
        let note = |(value, _): (u32, u32)| {
            found.borrow_mut().insert(value.into());
            false
        };
        unpack(cells, 0..=u32::MAX, note, |_, _| {})?;
    }
    let mut statement = connection.prepare("SELECT cells FROM pairs WHERE site = ?")?;
    let mut rows = statement.query([site.0])?;
    while let Some(row) = rows.next()? {
        let block = ColumnBlock::open(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
        used.note_block(&block)?;
    }
    Ok(used)
}

impl UsedNumbers {
    fn note_axis(&mut self, dimension: u8, prop: i64) {
        if matches!(dimension, PROP | REVENUE) {
            self.axes.insert(prop);
        }
    }

    fn note_block(&mut self, block: &ColumnBlock) -> Result<()> {
        let found = std::cell::RefCell::new(&mut self.names);
        for table in block.tables() {
            let note = |(first, second): (u32, u32)| {
                let mut found = found.borrow_mut();
                [first, second].into_iter().filter(|id| *id != REST).for_each(|id| _ = found.insert(id.into()));
                false
            };
            block.each(table, 0..=u32::MAX, note, |_, _| {})?;
        }
        Ok(())
    }
}

fn remove(connection: &Connection, site: SiteId, last: i64, used: &mut UsedNumbers) -> Result<u64> {
    let mut statement = connection.prepare("SELECT id, event, key, currency FROM axes WHERE site = ?")?;
    let axes = statement.query_map([site.0], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?])))?;
    for (axis, names) in axes.collect::<rusqlite::Result<Vec<(i64, [i64; 3])>>>()? {
        if used.axes.contains(&axis) {
            used.names.extend(names);
        } else {
            connection.prepare_cached("DELETE FROM axes WHERE id = ?")?.execute([axis])?;
        }
    }
    let mut statement = connection.prepare("SELECT id FROM names WHERE site = ? AND id <= ?")?;
    let ids = statement.query_map(params![site.0, last], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut removed = 0;
    removal::keep_last_number(connection, |connection| {
        for id in ids.into_iter().filter(|id| !used.names.contains(id)) {
            connection.prepare_cached("DELETE FROM names WHERE id = ?")?.execute([id])?;
            removed += 1;
        }
        Ok(())
    })?;
    if removed > 0 {
        for table in ["names", "bots", "mails", "released_values"] {
            rewrite(connection, table)?;
        }
    }
    Ok(removed)
}

/// Writes a table that holds texts anew. A row that goes is overwritten, but pages that were split while the table grew may hold copies
/// of rows that were moved; pages that are given up are overwritten wholly.
fn rewrite(connection: &Connection, table: &str) -> Result<()> {
    let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?";
    let made: String = connection.query_row(sql, [table], |row| row.get(0))?;
    let fresh = format!("fresh_{table}");
    let made = made.replacen(table, &fresh, 1);
    // Views that name the table find it again under its name.
    connection.execute_batch(&format!(
        "PRAGMA legacy_alter_table = ON;
         {made};
         INSERT INTO {fresh} SELECT * FROM {table};
         DROP TABLE {table};
         ALTER TABLE {fresh} RENAME TO {table};
         PRAGMA legacy_alter_table = OFF;"
    ))?;
    Ok(())
}
