//! The tables of a database, and whatever the schema of its version does not have.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::{ColumnContent, Inspection, StoreError, quoted};
use crate::store::sqlite::{allowed_table, schema};

/// A table with its meaning.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StoredTable {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub holds: &'static str,
    /// How many rows it has.
    pub rows: i64,
    /// Its columns, with the kind of their values and what they hold.
    pub columns: Vec<(String, ColumnContent, &'static str)>,
    /// Its indexes.
    pub indexes: Vec<StoredIndex>,
}

/// An index, which repeats columns of its table in another order, a row for each row.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StoredIndex {
    /// Its name.
    pub name: String,
    /// The columns that it repeats.
    pub columns: Vec<String>,
}

/// A part of the schema that is not in the allow-list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StrayPart {
    /// `table`, `column`, `index`, `view` or `trigger`.
    pub kind: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
}

/// Every part of a schema.
fn parts(connection: &Connection) -> Result<BTreeSet<StrayPart>, StoreError> {
    let mut parts = BTreeSet::new();
    let sql = "SELECT type, tbl_name, name FROM sqlite_schema";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let part = StrayPart { kind: row.get(0)?, table: row.get(1)?, name: row.get(2)? };
        if part.kind == "table" {
            let columns = columns(connection, &part.name)?;
            let of_table = |name| StrayPart { kind: "column".into(), table: part.name.clone(), name };
            parts.extend(columns.into_iter().map(of_table));
        }
        parts.insert(part);
    }
    Ok(parts)
}

/// The columns of a table, hidden ones too.
pub(super) fn columns(connection: &Connection, table: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?)")?;
    let names = statement.query_map([table], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(names)
}

impl Inspection {
    /// The tables that are allowed, as they are there.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn tables(&self) -> Result<Vec<StoredTable>, StoreError> {
        let names = self.all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", [], |r| r.get(0))?;
        let known = names.iter().filter_map(|name: &String| allowed_table(name));
        known
            .map(|table| {
                let there = columns(&self.connection, table.name)?;
                let known = there.into_iter().filter_map(|name| {
                    let column = table.column(&name)?;
                    Some((name, column.content, column.holds))
                });
                let rows = format!("SELECT count(*) FROM {}", quoted(table.name));
                Ok(StoredTable {
                    name: table.name.to_owned(),
                    holds: table.holds,
                    rows: self.connection.query_row(&rows, [], |row| row.get(0))?,
                    columns: known.collect(),
                    indexes: self.indexes(table.name)?,
                })
            })
            .collect()
    }

    fn indexes(&self, table: &str) -> Result<Vec<StoredIndex>, StoreError> {
        let names: Vec<String> = self.all("SELECT name FROM pragma_index_list(?)", [table], |row| row.get(0))?;
        let columns = |name: String| {
            let sql = "SELECT name FROM pragma_index_info(?) WHERE name IS NOT NULL";
            let columns = self.all(sql, [&name], |row| row.get(0))?;
            Ok(StoredIndex { name, columns })
        };
        names.into_iter().map(columns).collect()
    }

    /// What is there and not in the schema of its version, or not in the allow-list.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn strays(&self) -> Result<Vec<StrayPart>, StoreError> {
        let expected = parts(&schema::of_version(self.version)?)?;
        let is_allowed = |part: &StrayPart| match part.kind.as_str() {
            "table" => allowed_table(&part.name).is_some(),
            "column" => allowed_table(&part.table).is_some_and(|table| table.column(&part.name).is_some()),
            _ => true,
        };
        // SQLite makes some of its own, and the indexes of keys. Columns of a stray table go without saying.
        let is_own = |part: &StrayPart| matches!(part.table.as_str(), "sqlite_sequence" | "sqlite_stat1");
        let is_expected = |part: &StrayPart| is_allowed(part) && (expected.contains(part) || is_own(part));
        let found = parts(&self.connection)?;
        let tables: BTreeSet<&str> = found
            .iter()
            .filter(|part| part.kind == "table" && !is_expected(part))
            .map(|part| part.name.as_str())
            .collect();
        let goes_without = |part: &StrayPart| part.kind != "table" && tables.contains(part.table.as_str());
        Ok(found.iter().filter(|part| !is_expected(part) && !goes_without(part)).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::ALLOWED;

    #[test]
    fn every_table_and_column_of_every_version_is_in_the_allow_list_and_no_other() {
        let mut all = BTreeSet::new();
        for version in 1..=schema::VERSION {
            all.extend(parts(&schema::of_version(version).unwrap()).unwrap());
        }
        let named = |kind: &str| all.iter().filter(|part| part.kind == kind).cloned().collect::<Vec<_>>();
        for part in named("table") {
            assert!(allowed_table(&part.name).is_some(), "the table {} is not in the allow-list", part.name);
        }
        for part in named("column") {
            let table = allowed_table(&part.table).unwrap();
            assert!(table.column(&part.name).is_some(), "{}.{} is not in the allow-list", part.table, part.name);
        }
        for table in ALLOWED.iter().filter(|table| table.name != "sqlite_stat1") {
            for column in table.columns {
                let (kind, table, name) = ("column".to_owned(), table.name.to_owned(), column.name.to_owned());
                let part = StrayPart { kind, table, name };
                assert!(all.contains(&part), "{part:?} is in no version");
            }
        }
    }
}
