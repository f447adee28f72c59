//! In: a site. Out: a file without its sums. Forgets: all of them, and the names in them.

use rusqlite::Connection;

use super::Result;
use crate::site::SiteId;

/// The tables that hold what is counted for a site.
const TABLES: [&str; 20] = [
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
];

pub(super) fn remove(connection: &mut Connection, site: SiteId) -> Result<()> {
    let transaction = connection.transaction()?;
    // Numbers of names are not used again: a reader may still hold the texts that they stood for.
    let last: i64 = transaction.query_row("SELECT coalesce(max(id), 0) FROM names", [], |row| row.get(0))?;
    for table in TABLES {
        transaction.execute(&format!("DELETE FROM {table} WHERE site = ?"), [site.0])?;
    }
    transaction.execute("DELETE FROM names WHERE site = 0", [])?;
    transaction.execute("INSERT OR IGNORE INTO names (id, site, text) VALUES (?, 0, '')", [last.max(1)])?;
    Ok(transaction.commit()?)
}

/// Gives freed pages back to the system and empties the log, which holds what the pages were.
pub(super) fn sweep(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA incremental_vacuum")?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
