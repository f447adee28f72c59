//! In: tables of whose rows some are gone. Out: the same tables, written anew. Forgets: copies of those rows.
//!
//! A row that goes is overwritten, but pages that were split while the table grew may hold copies of rows that were moved; pages that
//! are given up are overwritten wholly.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{SqliteFile, StoreError};
use crate::limits;

impl SqliteFile {
    /// Writes tables anew, each in a transaction of its own, and gives the pages that they had back to the system. `done` is part of
    /// the transaction of each. Whoever writes waits for one table at the most.
    ///
    /// # Errors
    /// [`StoreError`]; the table at which it stopped is as it was then, and so are those behind it.
    pub(in crate::store) fn rewrite<'a>(
        &self,
        tables: impl IntoIterator<Item = &'a str>,
        done: impl Fn(&Connection, &str) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for table in tables {
            let writer = self.writer();
            let pragmas = RewritingPragmas::set(&writer)?;
            let transaction = Transaction::new_unchecked(&writer, TransactionBehavior::Immediate)?;
            rewrite(&transaction, table)?;
            done(&transaction, table)?;
            transaction.commit()?;
            pragmas.restore()?;
        }
        self.vacuum()
    }

    /// Gives free pages back, some at a time.
    fn vacuum(&self) -> Result<(), StoreError> {
        let mut before = i64::MAX;
        loop {
            let writer = self.writer();
            // There is a row for each page, and the statement must be stepped to its end.
            let mut statement =
                writer.prepare_cached(&format!("PRAGMA incremental_vacuum({})", limits::VACUUM_PAGES))?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            SqliteFile::checkpoint(&writer)?;
            let free: i64 = writer.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
            if free == 0 || free >= before {
                return Ok(());
            }
            before = free;
        }
    }
}

/// What a connection looks after while a table is written anew, as it was before when this goes.
struct RewritingPragmas<'a>(&'a Connection);

impl<'a> RewritingPragmas<'a> {
    fn set(connection: &'a Connection) -> Result<RewritingPragmas<'a>, StoreError> {
        let pragmas = RewritingPragmas(connection);
        // A table that goes takes the rows that refer to its own with it, unless nobody looks. Within a transaction nobody stops looking.
        connection.pragma_update(None, "foreign_keys", "OFF")?;
        // Views that name the table find it again under its name.
        connection.pragma_update(None, "legacy_alter_table", "ON")?;
        Ok(pragmas)
    }

    fn put_back(&self) -> Result<(), StoreError> {
        let is_on = |name| self.0.pragma_query_value(None, name, |row| row.get::<_, bool>(0));
        self.0.pragma_update(None, "legacy_alter_table", "OFF")?;
        self.0.pragma_update(None, "foreign_keys", "ON")?;
        match (is_on("legacy_alter_table")?, is_on("foreign_keys")?) {
            (false, true) => Ok(()),
            _ => Err(StoreError::Other("foreign keys are not looked after again".into())),
        }
    }

    fn restore(self) -> Result<(), StoreError> {
        self.put_back()
    }
}

impl Drop for RewritingPragmas<'_> {
    fn drop(&mut self) {
        // Whoever has no answer was told of another error.
        _ = self.put_back();
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
    connection.execute_batch(&format!(
        "{made};
         INSERT INTO {fresh} SELECT * FROM {table};
         DROP TABLE {table};
         ALTER TABLE {fresh} RENAME TO {table};"
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
        let file = SqliteFile::open(&folder.path().join("headcount.db")).unwrap().0;
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
            file.rewrite([table], |_, _| Ok(())).unwrap();
            assert_eq!(free_pages(&file), 0, "{table}");
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

    fn free_pages(file: &SqliteFile) -> i64 {
        file.writer().query_row("PRAGMA freelist_count", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn pages_are_given_back_and_foreign_keys_looked_after_whatever_happens() {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteFile::open(&folder.path().join("headcount.db")).unwrap().0;
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                   INSERT INTO names (site, text) SELECT 1, i || hex(zeroblob(60)) FROM n;
                   DELETE FROM names WHERE id > 100";
        file.writer().execute_batch(sql).unwrap();
        assert!(free_pages(&file) > 100);
        let refuse = |_: &Connection, _: &str| Err(StoreError::Full);
        for failed in [file.rewrite(["names"], refuse), file.rewrite(["nothing of this name"], |_, _| Ok(()))] {
            assert!(failed.is_err());
            let writer = file.writer();
            let is_on = |name| writer.pragma_query_value(None, name, |row| row.get::<_, bool>(0)).unwrap();
            assert!(is_on("foreign_keys") && !is_on("legacy_alter_table") && writer.is_autocommit());
        }
        file.rewrite(["names"], |_, _| Ok(())).unwrap();
        assert_eq!(free_pages(&file), 0);
        let kept: i64 = file.writer().query_row("SELECT count(*) FROM names", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 100);
    }
}
