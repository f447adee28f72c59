//! The keys of this installation, with which links in mails and other things are signed.

use rusqlite::{OptionalExtension, params};

use super::{Operators, StoreError};

impl Operators {
    /// A key by its name; `new` is kept and returned if there is none yet.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn key(&self, name: &str, new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let writer = self.writer();
        writer.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", params![name, new])?;
        Ok(writer.query_row("SELECT secret FROM keys WHERE name = ?", [name], |row| row.get(0))?)
    }

    /// A key by its name, if there is one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn known_key(&self, name: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT secret FROM keys WHERE name = ?")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }
}
