//! In: a site. Out: a file without its sums. Forgets: all of them, and the names in them.

use rusqlite::Connection;

use super::{Result, leftovers};
use crate::site::SiteId;

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

pub(super) fn remove(connection: &mut Connection, site: SiteId) -> Result<()> {
    let transaction = connection.transaction()?;
    keep_last_number(&transaction, |transaction| {
        for table in TABLES {
            transaction.execute(&format!("DELETE FROM {table} WHERE site = ?"), [site.0])?;
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
