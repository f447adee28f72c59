//! What a database says of its sites: settings, how far back each kind of sums reaches, who may read; and of itself.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::{Inspection, StoreError};
use crate::site::{Day, Month, Settings, SiteId};
use crate::store::DatabaseId;

/// A site as the database has it.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// Its number.
    pub id: SiteId,
    /// Its domain.
    pub domain: String,
    /// What is set for it; nothing where this version can't read it.
    pub settings: Option<Settings>,
}

/// How far back sums of one kind reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSpan {
    /// Of which site; 0 is the instance.
    pub site: SiteId,
    /// What they are, like `days by two dimensions`.
    pub kind: &'static str,
    /// The first day or month, as ISO 8601 writes it.
    pub oldest: String,
    /// The last one.
    pub newest: String,
}

/// A page of a site for readers who are not signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenShare {
    /// Of which site.
    pub site: SiteId,
    /// Whether it is a secret link rather than the public page.
    pub is_link: bool,
    /// Whether it asks for a password.
    pub has_password: bool,
    /// When it ends, in milliseconds since the epoch.
    pub until_ms: Option<i64>,
    /// From when it is open, in milliseconds since the epoch; nothing for at once.
    pub from_ms: Option<i64>,
}

/// Of which length the buckets of a kind are.
#[derive(Clone, Copy)]
enum Buckets {
    Hours,
    Days,
    Months,
}

impl Buckets {
    fn text(self, number: i32) -> String {
        match self {
            Buckets::Hours => Day(number.div_euclid(24)).to_string(),
            Buckets::Days => Day(number).to_string(),
            Buckets::Months => Month(number).first().date().strftime("%Y-%m").to_string(),
        }
    }
}

/// Each kind of sums: its name, table, what is of it, its column of time, and how long a bucket is.
#[rustfmt::skip]
const KINDS: [(&str, &str, &str, &str, Buckets); 14] = [
    ("totals by hour", "site_totals", "grain = 0", "bucket", Buckets::Hours),
    ("totals by day", "site_totals", "grain = 1", "bucket", Buckets::Days),
    ("totals by month", "site_totals", "grain = 2", "bucket", Buckets::Months),
    ("hours by one dimension", "hours", "1", "bucket", Buckets::Hours),
    ("hours by one dimension, packed", "packed", "grain = 0", "bucket", Buckets::Days),
    ("days by one dimension", "days", "1", "bucket", Buckets::Days),
    ("days by one dimension, packed", "packed", "grain = 1", "bucket", Buckets::Days),
    ("days by two dimensions", "pairs", "grain = 1", "bucket", Buckets::Days),
    ("months by one dimension", "months", "1", "bucket", Buckets::Months),
    ("months by one dimension, packed", "packed", "grain = 2", "bucket", Buckets::Months),
    ("months by two dimensions", "pairs", "grain = 2", "bucket", Buckets::Months),
    ("rejections", "rejections", "1", "day", Buckets::Days),
    ("programs", "bots", "1", "day", Buckets::Days),
    ("mails", "mails", "1", "day", Buckets::Days),
];

impl Inspection {
    /// All sites.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn sites(&self) -> Result<Vec<SiteFacts>, StoreError> {
        if !self.has("sites")? {
            return Ok(Vec::new());
        }
        let read = |row: &rusqlite::Row<'_>| {
            let settings: String = row.get(2)?;
            let settings = serde_json::from_str(&settings).ok();
            Ok(SiteFacts { id: SiteId(row.get(0)?), domain: row.get(1)?, settings })
        };
        self.all("SELECT id, domain, settings FROM sites ORDER BY domain", [], read)
    }

    /// How far back each kind of sums reaches, for each site that has some.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn spans(&self) -> Result<Vec<KeptSpan>, StoreError> {
        let mut spans = Vec::new();
        for (kind, table, of_it, column, buckets) in KINDS {
            if !self.has(table)? {
                continue;
            }
            let sql = format!(
                "SELECT site, min({column}), max({column}) FROM {table} \
                 WHERE ({of_it}) AND typeof({column}) = 'integer' GROUP BY site"
            );
            spans.extend(self.all(&sql, [], |row| {
                let (oldest, newest) = (buckets.text(row.get(1)?), buckets.text(row.get(2)?));
                Ok(KeptSpan { site: SiteId(row.get(0)?), kind, oldest, newest })
            })?);
        }
        Ok(spans)
    }

    /// The shares of all sites.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn shares(&self) -> Result<Vec<GivenShare>, StoreError> {
        if !self.has("shares")? {
            return Ok(Vec::new());
        }
        // Both came with the same version.
        let from = if self.has("announced_changes")? { "from_ms" } else { "NULL" };
        let sql = format!("SELECT site, hash IS NOT NULL, password IS NOT NULL, until_ms, {from} FROM shares");
        self.all(&sql, [], |row| {
            Ok(GivenShare {
                site: SiteId(row.get(0)?),
                is_link: row.get(1)?,
                has_password: row.get(2)?,
                until_ms: row.get(3)?,
                from_ms: row.get(4)?,
            })
        })
    }

    /// The facts of all versions of the notices, as JSON.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn notice_facts(&self) -> Result<Vec<String>, StoreError> {
        if !self.has("notices")? {
            return Ok(Vec::new());
        }
        self.all("SELECT DISTINCT facts FROM notices", [], |row| row.get(0))
    }

    /// The commands of all announced changes, as JSON.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn announced_changes(&self) -> Result<Vec<String>, StoreError> {
        if !self.has("announced_changes")? {
            return Ok(Vec::new());
        }
        self.all("SELECT command FROM announced_changes", [], |row| row.get(0))
    }

    /// The names of those who may sign in: some are mail addresses.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn user_names(&self) -> Result<Vec<String>, StoreError> {
        if !self.has("users")? {
            return Ok(Vec::new());
        }
        self.all("SELECT name FROM users UNION SELECT folded FROM users", [], |row| row.get(0))
    }

    /// Which database it is, and the folder of its last journal. Nothing for the versions that had no journal.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn journal(&self) -> Result<Option<(DatabaseId, Option<PathBuf>)>, StoreError> {
        if !self.has("journal")? {
            return Ok(None);
        }
        let folder = if self.version >= 8 { "folder" } else { "NULL" };
        let found = self.all(&format!("SELECT \"database\", {folder} FROM journal"), [], |row| {
            let folder: Option<Vec<u8>> = row.get(1)?;
            Ok((DatabaseId(row.get(0)?), folder.map(|bytes| PathBuf::from(OsString::from_vec(bytes)))))
        })?;
        Ok(found.into_iter().next())
    }

    /// The last signed summary, as it was stored.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn signed_summary(&self) -> Result<Option<String>, StoreError> {
        if !self.has("audit_summary")? {
            return Ok(None);
        }
        Ok(self.all("SELECT signed FROM audit_summary", [], |row| row.get(0))?.into_iter().next())
    }
}
