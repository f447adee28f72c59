//! In: a flush. Out: one transaction. Forgets: the order in which names came: those that a flush brings get their
//! numbers in alphabetical order.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::schema::{PROP, TALLY, TOTAL};
use crate::cell::{Axis, Cell, Dimension, Tally};
use crate::counts::{Name, Sums};
use crate::limits;
use crate::site::{Day, LocalHour, SiteId};
use crate::store::{Flush, Grain};

type Result<T> = rusqlite::Result<T>;

pub(super) fn apply(connection: &mut Connection, flush: &Flush) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if super::read::last_flush(&transaction)? >= flush.number {
        return Ok(());
    }
    for (site, day, sums) in &flush.sums {
        add_sums(&transaction, *site, *day, sums)?;
    }
    for rejected in &flush.rejected {
        let sql = "INSERT INTO rejections VALUES (?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET count = count + excluded.count";
        let count = rejected.count as i64;
        transaction.prepare_cached(sql)?.execute(params![
            rejected.site.0,
            rejected.day.0,
            rejected.reason.code(),
            count
        ])?;
    }
    for (site, day) in &flush.old_hours {
        prune_hours(&transaction, *site, *day)?;
    }
    for imported in &flush.imported {
        let sql = "INSERT INTO imports VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes";
        let (head_bytes, bytes) = (imported.head_bytes as i64, imported.bytes as i64);
        transaction.prepare_cached(sql)?.execute(params![imported.site.0, imported.head.0, head_bytes, bytes])?;
    }
    for mail in &flush.mails {
        let sql = "INSERT INTO mails VALUES (?, ?, ?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET count = count + excluded.count, people = people + excluded.people";
        let (kind, count, people) = (mail.kind.code(), mail.count as i64, mail.people as i64);
        transaction.prepare_cached(sql)?.execute(params![
            mail.site.0,
            mail.campaign,
            mail.day.0,
            kind,
            count,
            people
        ])?;
    }
    for (id, day) in &flush.batches {
        transaction.prepare_cached("INSERT OR IGNORE INTO batches VALUES (?, ?)")?.execute(params![id.0, day.0])?;
        let old = Day(day.0 - limits::BATCH_DAYS);
        transaction.prepare_cached("DELETE FROM batches WHERE day < ?")?.execute([old.0])?;
    }
    transaction.execute("UPDATE flushes SET number = ?", [flush.number as i64])?;
    transaction.commit()
}

/// A cell by its numbers in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    dimension: u8,
    prop: i64,
    bucket: i32,
    value: i64,
}

fn add_sums(transaction: &Transaction, site: SiteId, day: Day, sums: &Sums) -> Result<()> {
    let mut ids = Ids::of(transaction, site, sums)?;
    let mut hours = Vec::with_capacity(sums.hours.len());
    for (cell, hour, tally) in &sums.hours {
        hours.push((ids.key(transaction, cell, LocalHour { day, hour: *hour }.number())?, *tally));
    }
    let mut days = Vec::with_capacity(sums.days.len());
    for (cell, tally) in &sums.days {
        days.push((ids.key(transaction, cell, day.0)?, *tally));
    }
    let month = day.month().0;
    let months = days.iter().map(|(key, tally)| (Key { bucket: month, ..*key }, *tally)).collect();
    add_cells(transaction, site, Grain::Hour, hours)?;
    add_cells(transaction, site, Grain::Day, days)?;
    add_cells(transaction, site, Grain::Month, months)
}

fn add_cells(transaction: &Transaction, site: SiteId, grain: Grain, mut cells: Vec<(Key, Tally)>) -> Result<()> {
    // Rows in key order touch each page of the tree once.
    cells.sort_unstable_by_key(|(key, _)| *key);
    let sums = TALLY.map(|column| format!("{column} = {column} + excluded.{column}")).join(", ");
    let sql = format!(
        "INSERT INTO {} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET {sums}",
        table(grain)
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    for (key, tally) in cells {
        let [a, b, c, d, e, f, g, h, i] = tally.columns();
        let numbers = params![site.0, key.dimension, key.prop, key.bucket, key.value, a, b, c, d, e, f, g, h, i];
        statement.execute(numbers)?;
    }
    Ok(())
}

/// The table of a grain.
pub(super) fn table(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "hours",
        Grain::Day => "days",
        Grain::Month => "months",
    }
}

/// Numbers of the names and properties that a flush brings for one site.
struct Ids<'a> {
    site: SiteId,
    names: HashMap<&'a str, i64>,
    props: HashMap<(i64, i64), i64>,
}

impl<'a> Ids<'a> {
    fn of(transaction: &Transaction, site: SiteId, sums: &'a Sums) -> Result<Ids<'a>> {
        let mut ids = Ids { site, names: HashMap::new(), props: HashMap::new() };
        for text in texts(sums) {
            let id = match name_id(transaction, site, text)? {
                Some(id) => id,
                None => {
                    let sql = "INSERT INTO names (site, text) VALUES (?, ?)";
                    transaction.prepare_cached(sql)?.execute(params![site.0, text])?;
                    transaction.last_insert_rowid()
                }
            };
            ids.names.insert(text, id);
        }
        Ok(ids)
    }

    fn key(&mut self, transaction: &Transaction, cell: &'a Cell<Name>, bucket: i32) -> Result<Key> {
        let value = self.name(&cell.value);
        Ok(match &cell.axis {
            Axis::Total => Key { dimension: TOTAL, prop: 0, bucket, value: 0 },
            Axis::Of(dimension) => Key { dimension: dimension.code(), prop: 0, bucket, value },
            Axis::Prop { key, event } => {
                let event = event.as_deref().map_or(0, |event| self.name(event));
                let prop = self.prop(transaction, event, self.name(key))?;
                Key { dimension: PROP, prop, bucket, value }
            }
        })
    }

    fn name(&self, text: &str) -> i64 {
        self.names.get(text).copied().unwrap_or(0)
    }

    fn prop(&mut self, transaction: &Transaction, event: i64, key: i64) -> Result<i64> {
        if let Some(id) = self.props.get(&(event, key)) {
            return Ok(*id);
        }
        let id = match prop_id(transaction, self.site, event, key)? {
            Some(id) => id,
            None => {
                let sql = "INSERT INTO props (site, event, key) VALUES (?, ?, ?)";
                transaction.prepare_cached(sql)?.execute(params![self.site.0, event, key])?;
                transaction.last_insert_rowid()
            }
        };
        self.props.insert((event, key), id);
        Ok(id)
    }
}

/// All texts of the sums, in alphabetical order.
fn texts(sums: &Sums) -> BTreeSet<&str> {
    let cells = sums.hours.iter().map(|(cell, _, _)| cell).chain(sums.days.iter().map(|(cell, _)| cell));
    let mut texts = BTreeSet::new();
    for cell in cells {
        texts.insert(&*cell.value);
        if let Axis::Prop { key, event } = &cell.axis {
            texts.insert(&**key);
            texts.extend(event.as_deref());
        }
    }
    texts
}

/// The number of a name.
pub(super) fn name_id(connection: &Connection, site: SiteId, text: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM names WHERE site = ? AND text = ?";
    connection.prepare_cached(sql)?.query_row(params![site.0, text], |row| row.get(0)).optional()
}

/// The number of a property.
pub(super) fn prop_id(connection: &Connection, site: SiteId, event: i64, key: i64) -> Result<Option<i64>> {
    let sql = "SELECT id FROM props WHERE site = ? AND event = ? AND key = ?";
    connection.prepare_cached(sql)?.query_row(params![site.0, event, key], |row| row.get(0)).optional()
}

fn prune_hours(transaction: &Transaction, site: SiteId, first: Day) -> Result<()> {
    let sql = "DELETE FROM hours WHERE site = ? AND dimension = ? AND prop = ? AND bucket < ?";
    let mut delete = transaction.prepare_cached(sql)?;
    // All leading columns of the key are given, so only rows that go are read.
    for (dimension, prop) in split_axes(transaction, site)? {
        delete.execute(params![site.0, dimension, prop, first.0 * 24])?;
    }
    Ok(())
}

/// The columns `dimension` and `prop` of every axis but the total.
fn split_axes(transaction: &Transaction, site: SiteId) -> Result<Vec<(u8, i64)>> {
    let mut props = transaction.prepare_cached("SELECT id FROM props WHERE site = ?")?;
    let props = props.query_map([site.0], |row| Ok((PROP, row.get(0)?)))?;
    Dimension::ALL.iter().map(|dimension| Ok((dimension.code(), 0))).chain(props).collect()
}
