//! Whose a page of the file is, and which column has a value.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::schema_strays::columns;
use super::{Inspection, StoreError, quoted};

/// Whose a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOwner {
    /// Of a table, with the name of it or of its index.
    Table {
        /// The table.
        table: String,
    },
    /// Nobody's: what is there was deleted, or should not be there.
    Free,
}

impl Inspection {
    /// Size of a page, in bytes.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn page_bytes(&self) -> Result<u64, StoreError> {
        Ok(self.connection.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))? as u64)
    }

    /// Whose these pages are, by number from 1. Reads the whole file.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn page_owners(&self, pages: &[u64]) -> Result<BTreeMap<u64, PageOwner>, StoreError> {
        let mut owners: BTreeMap<u64, PageOwner> = pages.iter().map(|page| (*page, PageOwner::Free)).collect();
        let sql =
            "SELECT d.pageno, coalesce(s.tbl_name, d.name) FROM dbstat d LEFT JOIN sqlite_schema s ON s.name = d.name";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(owner) = owners.get_mut(&(row.get::<_, i64>(0)? as u64)) {
                *owner = PageOwner::Table { table: row.get(1)? };
            }
        }
        Ok(owners)
    }

    /// The column of a table that has a value with these bytes in it. Nothing where they are of no row any more.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn column_with(&self, table: &str, bytes: &[u8]) -> Result<Option<String>, StoreError> {
        for column in columns(&self.connection, table)? {
            let (of, name) = (quoted(table), quoted(&column));
            let sql = format!(
                "SELECT 1 FROM {of} WHERE typeof({name}) IN ('text', 'blob') AND instr(CAST({name} AS BLOB), ?1) > 0 LIMIT 1"
            );
            if self.connection.query_row(&sql, [bytes], |_| Ok(())).optional()?.is_some() {
                return Ok(Some(column));
            }
        }
        Ok(None)
    }
}
