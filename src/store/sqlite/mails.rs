//! In: a site and days; the name of a key. Out: what became of the site's mails; the key that links are signed with. Forgets:
//! nothing.

use rusqlite::{OptionalExtension, params};

use super::{Sqlite, StoreError, read};
use crate::beacon::mail::MailKind;
use crate::site::{Day, SiteId};
use crate::store::MailSum;

impl Sqlite {
    /// What became of a site's mails from `first` to `last`, and the flush up to which that holds.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<(u64, Vec<MailSum>), StoreError> {
        let mut reader = self.reader();
        let transaction = reader.transaction()?;
        let sql = "SELECT campaign, day, kind, count, people FROM mails WHERE site = ? AND day BETWEEN ? AND ?";
        let mut statement = transaction.prepare_cached(sql)?;
        let mut rows = statement.query(params![site.0, first.0, last.0])?;
        let mut mails = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(kind) = MailKind::from_code(row.get(2)?) else { continue };
            let (count, people): (i64, i64) = (row.get(3)?, row.get(4)?);
            let (count, people) = (count as u64, people as u64);
            mails.push(MailSum { site, campaign: row.get(0)?, day: Day(row.get(1)?), kind, count, people });
        }
        Ok((read::last_flush(&transaction)?, mails))
    }

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
