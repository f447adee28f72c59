//! Makes anew what can be made of what is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};

use super::Repair;
use crate::cell::Tally;
use crate::cell::packed::unpack_all;
use crate::site::{Month, SiteId};
use crate::store::sqlite::{HOUR_COLUMNS, SqliteFile};
use crate::store::sums::sqlite::add_month_rows;
use crate::store::{StoreError, mending};

/// Does what can be done without a guess, all of it or nothing; the file with damaged indexes is kept as it was. Nobody else may write meanwhile.
///
/// # Errors
/// [`StoreError`]; nothing was changed then.
pub fn repair(path: &Path, repairs: &BTreeSet<Repair>) -> Result<(), StoreError> {
    if repairs.contains(&Repair::Indexes) {
        mending::make_indexes_anew(path)?;
    }
    let (file, _) = SqliteFile::open(path)?;
    let mut writer = file.writer();
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for repair in repairs {
        match *repair {
            Repair::Indexes => {}
            Repair::MonthTotals(site, month) => totals(&transaction, site, month)?,
            Repair::MonthRows(site, month) => {
                rows(&transaction, site, month)?;
                outdate(&transaction, site, month)?;
            }
            Repair::PackedMonth(site, month) => outdate(&transaction, site, month)?,
        }
    }
    transaction.commit()?;
    SqliteFile::settle(&writer)
}

/// The totals of a month, from those of its days.
fn totals(connection: &Connection, site: SiteId, month: Month) -> Result<(), StoreError> {
    let sums = HOUR_COLUMNS.map(|column| format!("sum({column})")).join(", ");
    connection
        .execute("DELETE FROM site_totals WHERE site = ? AND grain = 2 AND bucket = ?", params![site.0, month.0])?;
    let sql = format!(
        "INSERT INTO site_totals SELECT site, 2, ?2, {sums} FROM site_totals
         WHERE site = ?1 AND grain = 1 AND bucket BETWEEN ?3 AND ?4 GROUP BY site"
    );
    connection.execute(&sql, params![site.0, month.0, month.first().0, month.last().0])?;
    Ok(())
}

/// The rows of a month, from its packed days.
fn rows(connection: &Connection, site: SiteId, month: Month) -> Result<(), StoreError> {
    let sql = "SELECT dimension, prop, cells FROM packed WHERE site = ? AND grain = 1 AND bucket BETWEEN ? AND ?";
    let mut statement = connection.prepare(sql)?;
    let mut found = statement.query(params![site.0, month.first().0, month.last().0])?;
    let mut sums: BTreeMap<(u8, i64), BTreeMap<i64, Tally>> = BTreeMap::new();
    while let Some(row) = found.next()? {
        let of_axis = sums.entry((row.get(0)?, row.get(1)?)).or_default();
        for ((value, _), tally) in unpack_all(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)? {
            *of_axis.entry(value.into()).or_default() += tally;
        }
    }
    connection.execute("DELETE FROM months WHERE site = ? AND bucket = ?", params![site.0, month.0])?;
    for (axis, cells) in sums {
        add_month_rows(connection, site, axis, month, cells.into_iter().collect())?;
    }
    Ok(())
}

/// Takes a month out of those that are packed: the server adds it up again. One whose days have no cells of two dimensions any more keeps
/// them.
fn outdate(connection: &Connection, site: SiteId, month: Month) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM months_alone WHERE site = ? AND month = ?";
    let is_alone: i64 = connection.query_row(sql, params![site.0, month.0], |row| row.get(0))?;
    if is_alone > 0 {
        return Ok(());
    }
    for table in ["months_added", "months_begun"] {
        connection.execute(&format!("DELETE FROM {table} WHERE site = ? AND month = ?"), params![site.0, month.0])?;
    }
    let packed = "DELETE FROM packed WHERE site = ? AND grain = 2 AND bucket = ?";
    connection.execute(packed, params![site.0, month.0])?;
    connection.execute("DELETE FROM pairs WHERE site = ? AND grain = 2 AND bucket = ?", params![site.0, month.0])?;
    Ok(())
}
