//! In: an event and two days. Out: the keys of the properties that came with it. Forgets: the values and their sums, which are
//! not read.

use rusqlite::{Connection, params};

use super::Result;
use super::packed::PROP;
use super::write::name_id;
use crate::counts::Name;
use crate::limits;
use crate::site::{Day, SiteId};

/// Keys of properties under an event, or over all events. Each axis that the site has ever met is looked up once in the days
/// that are packed and once in those that are not, whatever it holds.
pub(super) fn of_props(
    connection: &Connection,
    site: SiteId,
    event: Option<&str>,
    [first, last]: [Day; 2],
) -> Result<Vec<Name>> {
    let event = match event {
        None => 0,
        Some(event) => match name_id(connection, site, event)? {
            Some(id) => id,
            None => return Ok(Vec::new()),
        },
    };
    let sql = "SELECT n.text FROM axes a JOIN names n ON n.id = a.key
               WHERE a.site = ?1 AND a.event = ?2 AND a.key <> 0 AND a.currency = 0 AND (
                 EXISTS (SELECT 1 FROM packed WHERE site = ?1 AND grain = 1 AND dimension = ?3 AND prop = a.id
                         AND bucket BETWEEN ?4 AND ?5)
                 OR EXISTS (SELECT 1 FROM days WHERE site = ?1 AND dimension = ?3 AND prop = a.id
                            AND bucket BETWEEN ?4 AND ?5))
               ORDER BY n.text LIMIT ?6";
    let mut statement = connection.prepare_cached(sql)?;
    let most = limits::PROP_KEYS_LISTED as i64;
    let found = statement.query_map(params![site.0, event, PROP, first.0, last.0, most], |row| {
        Ok(Name::from(row.get_ref(0)?.as_str()?))
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
