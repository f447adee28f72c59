//! The keys of this installation, with which links in mails and other things are signed.

use rusqlite::{OptionalExtension, params};

use super::{Operators, StoreError};
use crate::secret::signing::SigningSeed;

impl Operators {
    /// A key by its name; `new` is kept and returned if there is none yet.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn key(&self, name: &str, new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        if let Some(known) = self.known_key(name)? {
            return Ok(known);
        }
        let writer = self.writer()?;
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

impl Operators {
    /// The seed of the key that summaries are signed with; `new` is kept and returned if there is none yet. It is wiped when it is let
    /// go of.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn instance_key(&self, new: SigningSeed) -> Result<SigningSeed, StoreError> {
        let writer = self.writer()?;
        writer.execute("INSERT OR IGNORE INTO instance_key VALUES (1, ?)", [new.reveal()])?;
        Ok(SigningSeed::of(writer.query_row("SELECT ed25519 FROM instance_key", [], |row| row.get(0))?))
    }

    /// Keeps a signed summary of an audit in the place of the last one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn keep_summary(&self, signed: &str) -> Result<(), StoreError> {
        self.writer()?.execute("INSERT OR REPLACE INTO audit_summary VALUES (1, ?)", [signed])?;
        Ok(())
    }

    /// The last signed summary that was kept.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn kept_summary(&self) -> Result<Option<String>, StoreError> {
        Ok(self.reader().query_row("SELECT signed FROM audit_summary", [], |row| row.get(0)).optional()?)
    }
}
