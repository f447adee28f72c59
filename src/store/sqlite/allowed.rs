//! The allow-list of the schema: every table and column that a database may have, what it holds, and of which kind its values are.
//!
//! A migration that adds a column extends this list, or a test fails; the audit finds whatever is not in it.

mod tables;

pub use tables::ALLOWED;

/// Of which kind the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnContent {
    /// Whole numbers.
    Number,
    /// Texts that came from outside, masked before they were stored.
    Masked,
    /// Texts of operators and of the program.
    Declared,
    /// Digests and random numbers: 16 or 32 bytes.
    Digest,
    /// Slow digests of passwords.
    SlowDigest,
    /// Secret keys of the instance: 32 bytes.
    Key,
    /// Packed sums ([`crate::cell::packed`]): numbers by numbers of names.
    Cells,
}

/// A table that a database may have.
#[derive(Debug)]
pub struct AllowedTable {
    /// Its name.
    pub name: &'static str,
    /// What it holds, in one sentence.
    pub holds: &'static str,
    /// Its columns.
    pub columns: &'static [AllowedColumn],
}

/// A column of it.
#[derive(Debug)]
pub struct AllowedColumn {
    /// Its name.
    pub name: &'static str,
    /// The kind of its values.
    pub content: ColumnContent,
    /// What it holds.
    pub holds: &'static str,
}

/// The table of this name, if it is allowed.
pub(in crate::store) fn allowed_table(name: &str) -> Option<&'static AllowedTable> {
    ALLOWED.iter().find(|table| table.name == name)
}

impl AllowedTable {
    /// The column of this name.
    pub(in crate::store) fn column(&self, name: &str) -> Option<&AllowedColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}
