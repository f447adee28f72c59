//! In: what operators open of a site to readers who are not signed in. Out: the same, found by the site or by a secret link's
//! digest. Forgets: secret links and passwords, which never reach this module; with a site, all its shares.

use rusqlite::{OptionalExtension, Row, params};

use super::{Operators, StoreError};
use crate::operator::{NewShare, PUBLIC, Share};
use crate::secret::Digest;
use crate::secret::password::PasswordDigest;
use crate::site::{Moment, SiteId};

const COLUMNS: &str = "id, site, name, password, until_ms, embed, added_ms, from_ms, segment";

impl Operators {
    /// Adds a share; tells whether its name was free.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn add_share(&self, new: &NewShare, now: Moment) -> Result<bool, StoreError> {
        let sql = "INSERT INTO shares (site, name, hash, password, until_ms, embed, added_ms, from_ms, segment) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
                   ON CONFLICT DO NOTHING";
        let added = self.writer()?.execute(
            sql,
            params![
                new.site.0,
                new.name,
                new.link.map(|digest| digest.0),
                new.password.map(PasswordDigest::as_str),
                new.until.map(|until| until.0),
                new.embed.join(" "),
                now.0,
                new.from.map(|from| from.0),
                new.segment
            ],
        )?;
        self.note_change(new.site);
        Ok(added == 1)
    }

    /// The shares of a site, in the order in which they were made.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn shares(&self, site: SiteId) -> Result<Vec<Share>, StoreError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached(&format!("SELECT {COLUMNS} FROM shares WHERE site = ? ORDER BY id"))?;
        let shares = statement.query_map([site.0], share)?;
        Ok(shares.collect::<rusqlite::Result<_>>()?)
    }

    /// The share of a secret link.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn share_by_link(&self, link: Digest) -> Result<Option<Share>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("SELECT {COLUMNS} FROM shares WHERE hash = ?"))?;
        Ok(statement.query_row([link.0], share).optional()?)
    }

    /// The public page of a site.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn public_share(&self, site: SiteId) -> Result<Option<Share>, StoreError> {
        let reader = self.reader();
        let sql = format!("SELECT {COLUMNS} FROM shares WHERE site = ? AND name = ?");
        let mut statement = reader.prepare_cached(&sql)?;
        Ok(statement.query_row(params![site.0, PUBLIC], share).optional()?)
    }

    /// Removes a share; tells whether there was one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn remove_share(&self, site: SiteId, name: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM shares WHERE site = ? AND name = ?";
        let removed = self.writer()?.execute(sql, params![site.0, name])?;
        self.note_change(site);
        Ok(removed == 1)
    }
}

fn share(row: &Row) -> rusqlite::Result<Share> {
    let embed: String = row.get(5)?;
    Ok(Share {
        id: row.get(0)?,
        site: SiteId(row.get(1)?),
        name: row.get(2)?,
        password: row.get::<_, Option<String>>(3)?.map(PasswordDigest::stored),
        until: row.get::<_, Option<i64>>(4)?.map(Moment),
        embed: embed.split_whitespace().map(str::to_owned).collect(),
        added: Moment(row.get(6)?),
        from: row.get::<_, Option<i64>>(7)?.map(Moment),
        segment: row.get(8)?,
    })
}
