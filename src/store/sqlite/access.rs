//! In: digests of tokens. Out: who may do what with them. Forgets: the tokens, which never reach this module.

use rusqlite::{OptionalExtension, params};

use super::{Sqlite, StoreError};
use crate::secret::Digest;
use crate::site::{Moment, SiteId};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Read figures.
    Read,
    /// Send hits whose time and address are believed.
    Ingest,
    /// Note on the chart what happened.
    Annotate,
    /// Everything.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Ingest, Scope::Annotate, Scope::Admin];

    /// The name on the command line and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Ingest => "ingest",
            Scope::Annotate => "annotate",
            Scope::Admin => "admin",
        }
    }

    /// The scope with this name.
    pub fn from_name(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// What the holder of a token may do, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The only site, or nothing for all sites.
    pub site: Option<SiteId>,
    /// What.
    pub scope: Scope,
}

impl Access {
    /// Whether figures of a site may be read.
    pub fn may_read(self, site: SiteId) -> bool {
        matches!(self.scope, Scope::Read | Scope::Admin) && self.site.is_none_or(|own| own == site)
    }

    /// Whether its holder may note something on the chart of a site.
    pub fn may_annotate(self, site: SiteId) -> bool {
        matches!(self.scope, Scope::Annotate | Scope::Admin) && self.site.is_none_or(|own| own == site)
    }

    /// Whether time, address and agent that its holder claims for hits of a site are believed.
    pub fn may_ingest(self, site: SiteId) -> bool {
        matches!(self.scope, Scope::Ingest | Scope::Admin) && self.site.is_none_or(|own| own == site)
    }
}

/// A token as it can be listed; the secret itself is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// Its number, to revoke it by.
    pub id: i64,
    /// What it may do.
    pub access: Access,
    /// When it was made.
    pub added: Moment,
}

impl Sqlite {
    /// Adds a token and says its number.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn add_token(&self, digest: Digest, access: Access, now: Moment) -> Result<i64, StoreError> {
        let writer = self.writer();
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
        Ok(self.writer().execute("DELETE FROM tokens WHERE id = ?", [id])? == 1)
    }
}

fn token(row: &rusqlite::Row) -> Result<TokenInfo, StoreError> {
    let scope: String = row.get(2)?;
    let access = Access {
        site: row.get::<_, Option<u32>>(1)?.map(SiteId),
        scope: Scope::from_name(&scope).ok_or(StoreError::Corrupt)?,
    };
    Ok(TokenInfo { id: row.get(0)?, access, added: Moment(row.get(3)?) })
}
