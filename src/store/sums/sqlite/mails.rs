//! What became of a site's mails.

use rusqlite::{Connection, params};

use super::Result;
use crate::beacon::mail::MailKind;
use crate::site::{Day, SiteId};
use crate::store::MailSum;

pub(super) fn of_site(connection: &Connection, site: SiteId, first: Day, last: Day) -> Result<Vec<MailSum>> {
    let sql = "SELECT campaign, day, kind, count, people FROM mails WHERE site = ? AND day BETWEEN ? AND ?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![site.0, first.0, last.0])?;
    let mut mails = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(kind) = MailKind::from_code(row.get(2)?) else { continue };
        let (count, people): (i64, i64) = (row.get(3)?, row.get(4)?);
        let (count, people) = (count as u64, people as u64);
        mails.push(MailSum { site, campaign: row.get(0)?, day: Day(row.get(1)?), kind, count, people });
    }
    Ok(mails)
}
