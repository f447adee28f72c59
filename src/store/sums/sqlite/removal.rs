//! In: a site. Out: a file without its sums. Forgets: all of them, and the names in them.

use std::sync::PoisonError;

use rusqlite::Connection;

use super::{Result, SqliteSums, leftovers};
use crate::site::SiteId;
use crate::store::StoreError;

/// The tables that hold what is counted for a site.
const TABLES: [&str; 22] = [
    "hours",
    "days",
    "months",
    "site_totals",
    "packed",
    "pairs",
    "months_added",
    "months_begun",
    "months_alone",
    "days_closed",
    "rejections",
    "unvisited",
    "bots",
    "axes",
    "names",
    "imports",
    "mails",
    "releases",
    "released_dimensions",
    "released_values",
    "taken_out",
    "kept_from",
];

/// Removes a site, and tells what kept it from being erased at once.
pub(super) fn remove_site(sums: &SqliteSums, site: SiteId) -> Result<Option<StoreError>> {
    let _applying = sums.applying.lock().unwrap_or_else(PoisonError::into_inner);
    sums.months().forget(site);
    sums.thinning().forget(site);
    sums.retaining().forget(site);
    let _change = sums.kept.change_all();
    remove(&mut sums.writer(), site)?;
    sums.texts.clear();
    // The sums are gone by now; what can't be erased at once is erased later.
    let erased = sums.rewrite(leftovers::TABLES).and_then(|()| sums.file.settle_between());
    if erased.is_err() {
        sums.retaining().leftovers.put_tables_back(leftovers::TABLES);
    }
    Ok(erased.err())
}

fn remove(connection: &mut Connection, site: SiteId) -> Result<()> {
    let transaction = connection.transaction()?;
    let is_announced = leftovers::announced_removals(&transaction)?.contains(&site);
    keep_last_number(&transaction, |transaction| {
        for table in TABLES {
            transaction.execute(&format!("DELETE FROM {table} WHERE site = ?"), [site.0])?;
        }
        if is_announced {
            leftovers::announce_removal(transaction, site, true)?;
        }
        leftovers::TABLES.into_iter().try_for_each(|table| leftovers::mark_table(transaction, table))
    })?;
    Ok(transaction.commit()?)
}

/// Removes names. Their numbers are not used again: a reader may still hold the texts that they stood for.
pub(super) fn keep_last_number(connection: &Connection, remove: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
    let last: i64 = connection.query_row("SELECT coalesce(max(id), 0) FROM names", [], |row| row.get(0))?;
    remove(connection)?;
    connection.execute("DELETE FROM names WHERE site = 0", [])?;
    connection.execute("INSERT OR IGNORE INTO names (id, site, text) VALUES (?, 0, '')", [last.max(1)])?;
    Ok(())
}
