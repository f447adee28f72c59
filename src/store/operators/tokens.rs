//! In: digests of tokens. Out: who may do what with them. Forgets: the tokens, which never reach this module.

use rusqlite::{OptionalExtension, params};

use super::{Operators, StoreError};
use crate::operator::{Access, TokenInfo, TokenScope};
use crate::secret::Digest;
use crate::site::{Moment, SiteId};

impl Operators {
    /// Adds a token and says its number.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn add_token(&self, digest: Digest, access: Access, now: Moment) -> Result<i64, StoreError> {
        let writer = self.writer()?;
        let sql = "INSERT INTO tokens (hash, site, scope, added_ms) VALUES (?, ?, ?, ?)";
        writer.execute(sql, params![digest.0, access.site.map(|s| s.0), access.scope.name(), now.0])?;
        Ok(writer.last_insert_rowid())
    }

    /// What the holder of a token may do.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn access(&self, digest: Digest) -> Result<Option<Access>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT id, site, scope, added_ms FROM tokens WHERE hash = ?")?;
        let found = statement.query_row([digest.0], |row| Ok(token(row))).optional()?;
        Ok(found.transpose()?.map(|token| token.access))
    }

    /// All tokens.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn tokens(&self) -> Result<Vec<TokenInfo>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT id, site, scope, added_ms FROM tokens ORDER BY id")?;
        let tokens = statement.query_map([], |row| Ok(token(row)))?;
        tokens.map(|token| token?).collect()
    }

    /// Revokes a token; tells whether there was one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn revoke_token(&self, id: i64) -> Result<bool, StoreError> {
        Ok(self.writer()?.execute("DELETE FROM tokens WHERE id = ?", [id])? == 1)
    }
}

fn token(row: &rusqlite::Row) -> Result<TokenInfo, StoreError> {
    let scope: String = row.get(2)?;
    let access = Access {
        site: row.get::<_, Option<u32>>(1)?.map(SiteId),
        scope: TokenScope::from_name(&scope).ok_or(StoreError::Corrupt)?,
    };
    Ok(TokenInfo { id: row.get(0)?, access, added: Moment(row.get(3)?) })
}
