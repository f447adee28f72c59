//! In: tables of whose rows some are gone. Out: the same tables, written anew. Forgets: copies of those rows.
//!
//! A row that goes is overwritten, but pages that were split while the table grew may hold copies of rows that were moved; pages that
//! are given up are overwritten wholly.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{SqliteFile, StoreError};

impl SqliteFile {
    /// Writes tables anew, and gives the pages that they had back to the system.
    ///
    /// # Errors
    /// [`StoreError`]; the tables are as they were then.
    pub(in crate::store) fn rewrite<'a>(&self, tables: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
        let mut writer = self.writer();
        // A table that goes takes the rows that refer to its own with it, unless nobody looks. Within a transaction nobody stops looking.
        writer.pragma_update(None, "foreign_keys", "OFF")?;
        let written = (|| {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tables.into_iter().try_for_each(|table| rewrite(&transaction, table))?;
            transaction.commit()
        })();
        writer.pragma_update(None, "foreign_keys", "ON")?;
        written?;
        writer.execute_batch("PRAGMA incremental_vacuum")?;
        SqliteFile::checkpoint(&writer)
    }
}

fn rewrite(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?";
    let made: String = connection.query_row(sql, [table], |row| row.get(0))?;
    let sql = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let indexes = statement.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?";
    let last: Option<i64> = connection.query_row(sql, [table], |row| row.get(0)).optional()?;
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
    indexes.iter().try_for_each(|index| connection.execute_batch(index))?;
    // Numbers of rows that are gone are given to no other.
    if let Some(last) = last {
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", [table])?;
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", params![table, last])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_its_rows_its_indexes_its_numbers_and_what_refers_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteFile::open(&folder.path().join("headcount.db")).unwrap();
        let sql = "INSERT INTO sites (id, domain, timezone, settings, added_ms) VALUES (3, 'a', 'UTC', '{}', 0), (7, 'b', 'UTC', '{}', 0);
             INSERT INTO announced_changes (site, announced_ms, from_ms, command) VALUES (3, 0, 0, 'x');
             DELETE FROM sites WHERE id = 7;";
        file.writer().execute_batch(sql).unwrap();
        let dump = |table: &str| -> Vec<String> {
            let sql = format!(
                "SELECT name || ' ' || coalesce(replace(sql, '\"', ''), '') FROM sqlite_schema WHERE tbl_name = '{table}' ORDER BY name"
            );
            let writer = file.writer();
            let mut statement = writer.prepare(&sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        for table in ["sites", "announced_changes", "logins", "pairs", "names"] {
            let before = dump(table);
            file.rewrite([table]).unwrap();
            assert_eq!(dump(table), before);
        }
        let writer = file.writer();
        let changes: i64 = writer.query_row("SELECT count(*) FROM announced_changes", [], |row| row.get(0)).unwrap();
        assert_eq!(changes, 1);
        let sql = "INSERT INTO sites (domain, timezone, settings, added_ms) VALUES ('c', 'UTC', '{}', 0) RETURNING id";
        let id: i64 = writer.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(id, 8, "seven was another site's");
        writer.execute("DELETE FROM sites WHERE id = 3", []).unwrap();
        let changes: i64 = writer.query_row("SELECT count(*) FROM announced_changes", [], |row| row.get(0)).unwrap();
        assert_eq!(changes, 0, "what belongs to a site goes with it");
    }
}
