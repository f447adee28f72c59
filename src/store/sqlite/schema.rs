//! Sets the pragmas of a connection, and brings its schema up to date.
//!
//! Days that are not over and months have one row per cell, plain enough for any SQLite tool; views named after the panels
//! spell out names and dates. Days that are over are packed ([`crate::cell::packed`]): they are most of the file.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;
use crate::cell::Dimension;
use crate::limits;

/// The version of the schema that this program writes.
pub(in crate::store) const VERSION: i64 = 14;

/// What makes each version of the schema out of the one before, as it was written then. A step that was released never
/// changes, and names nothing of the program: what it does to an old file must be what it did to all others. The version of
/// a file, kept in `user_version`, is the number of steps it has had.
const STEPS: [&str; VERSION as usize] = [
    include_str!("migrations/1.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
    include_str!("migrations/4.sql"),
    include_str!("migrations/5.sql"),
    include_str!("migrations/6.sql"),
    include_str!("migrations/7.sql"),
    include_str!("migrations/8.sql"),
    include_str!("migrations/9.sql"),
    include_str!("migrations/10.sql"),
    include_str!("migrations/11.sql"),
    include_str!("migrations/12.sql"),
    include_str!("migrations/13.sql"),
    include_str!("migrations/14.sql"),
];

/// The columns of a tally by hour and of totals, in the order of [`crate::cell::Tally::columns`].
pub(in crate::store) const HOUR_COLUMNS: [&str; 11] = [
    "visitors",
    "visits",
    "pageviews",
    "events",
    "bounces",
    "seconds",
    "engaged_visits",
    "engaged_ms",
    "scroll",
    "revenue",
    "first_visitors",
];

/// Those of days and months, of which none is about an hour.
pub(in crate::store) const TALLY_COLUMNS: [&str; 10] = {
    let [a, b, c, d, e, f, g, h, i, j, _] = HOUR_COLUMNS;
    [a, b, c, d, e, f, g, h, i, j]
};

/// Prepares a connection to an empty file, which nobody has until it is whole on the disk.
pub(super) fn begin(connection: &Connection) -> Result<(), StoreError> {
    // Only an empty file takes this one, so it comes first.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    Ok(())
}

/// Refuses a database that this program has not made, before anything is written to it.
pub(super) fn refuse_others(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(limits::STORE_BUSY_S))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    refuse_newer(version)?;
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('sites', 'flushes', 'names')";
    let tables: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if version < 1 || tables < 3 {
        let sentence = "it is a database of another program, or an empty one; put a backup in its place, or move it away to begin anew";
        return Err(StoreError::NotOurs(sentence.into()));
    }
    Ok(())
}

pub(super) fn prepare_writer(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(limits::STORE_BUSY_S))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "cache_size", -limits::STORE_CACHE_KIB)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

pub(in crate::store) fn prepare_reader(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(limits::STORE_BUSY_S))?;
    connection.pragma_update(None, "query_only", "ON")?;
    connection.pragma_update(None, "cache_size", -limits::STORE_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

/// Brings a file up to date, wholly or not at all. One that is takes no lock for it.
pub(in crate::store) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    if is_present(connection)? && has_views(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    refuse_newer(version)?;
    for step in STEPS.iter().skip(version.max(0) as usize) {
        transaction.execute_batch(step)?;
    }
    for dimension in Dimension::ALL {
        transaction.execute_batch(&view(dimension))?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Refuses the version of a file that this program does not know.
pub(in crate::store) fn refuse_newer(version: i64) -> Result<(), StoreError> {
    if version > VERSION {
        let sentence = "a newer version of headcount wrote this database; install that version or restore a backup";
        return Err(StoreError::Other(sentence.into()));
    }
    Ok(())
}

/// An empty database with the schema of a version, in memory.
pub(in crate::store) fn of_version(version: i64) -> Result<Connection, StoreError> {
    let connection = Connection::open_in_memory()?;
    for step in STEPS.iter().take(version.max(0) as usize) {
        connection.execute_batch(step)?;
    }
    // The views name tables that the first version had not.
    if version > 1 {
        for dimension in Dimension::ALL {
            connection.execute_batch(&view(dimension))?;
        }
    }
    Ok(connection)
}

/// Whether a file has the schema of this program.
pub(super) fn is_present(connection: &Connection) -> Result<bool, StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(version == STEPS.len() as i64)
}

/// Whether there is a view of each dimension.
fn has_views(connection: &Connection) -> Result<bool, StoreError> {
    let mut find = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = 'by_' || ?")?;
    Dimension::ALL.iter().try_fold(true, |all, dimension| Ok(all && find.exists([dimension.name()])?))
}

/// The view of a dimension that came after the step which made the views of the first ones. A view holds nothing, so it is no
/// step of its own.
fn view(dimension: Dimension) -> String {
    let numbers = TALLY_COLUMNS.map(|column| format!(", sum(c.{column}) AS {column}")).concat();
    let (name, code) = (dimension.name(), dimension.code());
    // Days that are not packed yet are in no month.
    format!(
        "CREATE VIEW IF NOT EXISTS by_{name} AS SELECT s.domain, c.month, n.text AS {name}{numbers} FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = {code}
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = {code}
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Tally;

    #[test]
    fn the_schema_has_what_the_program_counts() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        // One view for each dimension, that of the totals, and that of programs.
        let views: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'view'", [], |r| r.get(0)).unwrap();
        assert_eq!(views as usize, Dimension::ALL.len() + 2);
        for dimension in Dimension::ALL {
            let (name, code) = (dimension.name(), dimension.code());
            let sql = format!("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = 'by_{name}'");
            let view: String = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert!(view.contains(&format!("dimension = {code}\n")), "{view}");
        }
        assert_eq!(HOUR_COLUMNS.len(), Tally::ZERO.columns().len());
    }
}
