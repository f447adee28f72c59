//! The values of a database, each compared with the kind that its column has in the allow-list.

use rusqlite::types::ValueRef;

use super::schema_strays::columns;
use super::{ColumnContent, Inspection, StoreError, quoted};
use crate::store::sqlite::allowed_table;

/// A text, or bytes, as a row has it.
#[derive(Debug, Clone, Copy)]
pub struct StoredText<'a> {
    /// Its table.
    pub table: &'a str,
    /// Its column.
    pub column: &'a str,
    /// The kind of the column's values; nothing for a column that is not in the allow-list.
    pub content: Option<ColumnContent>,
    /// The value.
    pub bytes: &'a [u8],
    /// Whether the value is none of the column's kind, such as a text among numbers.
    pub is_stray: bool,
}

impl ColumnContent {
    /// Whether a value is of this kind. What texts say is another question.
    fn fits(self, value: ValueRef<'_>) -> bool {
        match (self, value) {
            (_, ValueRef::Null) => true,
            (ColumnContent::Number, value) => matches!(value, ValueRef::Integer(_)),
            (ColumnContent::Masked, value) => matches!(value, ValueRef::Text(_)),
            (ColumnContent::Declared, _) => true,
            (ColumnContent::Digest, ValueRef::Blob(bytes)) => matches!(bytes.len(), 16 | 32),
            (ColumnContent::Key, ValueRef::Blob(bytes)) => bytes.len() == 32,
            (ColumnContent::SlowDigest, ValueRef::Text(text)) => text.starts_with(b"$argon2id$"),
            (ColumnContent::Cells, ValueRef::Blob(_)) => true,
            (ColumnContent::Digest | ColumnContent::Key | ColumnContent::SlowDigest | ColumnContent::Cells, _) => false,
        }
    }
}

impl Inspection {
    /// Hands out each text and each value that is not of its column's kind. Packed sums and digests of their kind are left out.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn each_text(&self, mut take: impl FnMut(StoredText<'_>)) -> Result<(), StoreError> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'";
        for table in self.all(sql, [], |row| row.get::<_, String>(0))? {
            let allowed = allowed_table(&table);
            let content = |column: &str| Some(allowed?.column(column)?.content);
            for column in columns(&self.connection, &table)? {
                self.each_of_column(&table, &column, content(&column), &mut take)?;
            }
        }
        Ok(())
    }

    fn each_of_column(
        &self,
        table: &str,
        column: &str,
        content: Option<ColumnContent>,
        take: &mut impl FnMut(StoredText<'_>),
    ) -> Result<(), StoreError> {
        let (of, name) = (quoted(table), quoted(column));
        // Most values are as they should be, which SQLite tells quickest.
        let which = match content {
            Some(ColumnContent::Number) => format!("typeof({name}) NOT IN ('integer', 'null')"),
            Some(ColumnContent::Cells) => format!("typeof({name}) <> 'blob'"),
            _ => format!("{name} IS NOT NULL"),
        };
        let mut statement = self.connection.prepare(&format!("SELECT {name} FROM {of} WHERE {which}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let value = row.get_ref(0)?;
            let is_stray = content.is_none_or(|content| !content.fits(value));
            let is_silent = matches!(content, Some(ColumnContent::Digest | ColumnContent::Key)) && !is_stray;
            if let (ValueRef::Text(bytes) | ValueRef::Blob(bytes), false) = (value, is_silent) {
                take(StoredText { table, column, content, bytes, is_stray });
            } else if is_stray {
                take(StoredText { table, column, content, bytes: &[], is_stray });
            }
        }
        Ok(())
    }
}
