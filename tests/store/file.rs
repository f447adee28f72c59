//! Looks into the database file of a data folder by SQL, and changes or damages it, as another program would.

use std::path::Path;

use rusqlite::Connection;

/// A database file, opened beside the program.
pub struct Database(Connection);

impl Database {
    /// That of a data folder.
    #[allow(dead_code, reason = "a bench uses this file too, and other parts of it")]
    pub fn of(folder: &Path) -> Database {
        Database(Connection::open(folder.join("headcount.db")).unwrap())
    }

    /// Any file.
    #[allow(dead_code, reason = "a bench uses this file too, and other parts of it")]
    pub fn at(path: &str) -> Database {
        Database(Connection::open(path).unwrap())
    }

    /// A new one in memory.
    #[allow(dead_code, reason = "a bench uses this file too, and other parts of it")]
    pub fn in_memory() -> Database {
        Database(Connection::open_in_memory().unwrap())
    }

    /// Runs statements.
    pub fn run(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap();
    }

    /// Runs a statement and tells how many rows it has changed.
    #[allow(dead_code, reason = "a bench uses this file too, and other parts of it")]
    pub fn change(&self, sql: &str) -> usize {
        self.0.execute(sql, []).unwrap()
    }

    /// The only number that a question finds.
    pub fn number(&self, sql: &str) -> i64 {
        self.0.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The first column of all rows, as text.
    #[allow(dead_code, reason = "a bench uses this file too, and other parts of it")]
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let mut statement = self.0.prepare(sql).unwrap();
        let texts = statement.query_map([], |row| {
            let value: rusqlite::types::Value = row.get(0)?;
            Ok(match value {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                other => format!("{other:?}"),
            })
        });
        texts.unwrap().map(Result::unwrap).collect()
    }

    /// What is read of each table of sums; nothing of one that can't be read. What notices and settings say are texts of operators, which
    /// bear no sum of their bytes.
    #[allow(dead_code, reason = "a bench uses this file too, and other parts of it")]
    pub fn sums(&self) -> Vec<Option<Vec<String>>> {
        let rows = |table: &str| {
            let mut statement = self.0.prepare(&format!("SELECT * FROM {table}")).ok()?;
            let columns = statement.column_count();
            let told = |row: &rusqlite::Row| -> rusqlite::Result<String> {
                (0..columns).map(|column| Ok(format!("{:?} ", row.get::<_, rusqlite::types::Value>(column)?))).collect()
            };
            statement.query_map([], told).ok()?.collect::<Result<Vec<_>, _>>().ok()
        };
        ["names", "axes", "packed", "pairs", "site_totals", "days", "hours"].into_iter().map(rows).collect()
    }

    /// The connection itself, for tests of the file.
    #[allow(dead_code, reason = "a bench uses this file too, and other parts of it")]
    pub fn connection(&self) -> &Connection {
        &self.0
    }
}
