//! In: days that begin and end on sites that publish, and the visits of those that end. Out: what is published of them. Forgets: the numbers
//! without noise, before anything is written.
//!
//! A release is made in the transaction that ends its day, and never again: a second one would tell as much once more. If the transaction
//! fails, nobody has seen the numbers, and the next try draws others.

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use crate::cell::Dimension;
use crate::counts::Name;
use crate::counts::published::{BoundedCounts, Release, ReleaseState, ReleasedDimension};
use crate::limits;
use crate::secret::SystemBits;
use crate::site::{Day, Epsilon, SiteId};
use crate::store::{DayState, Forgetting, PublishingDay, ReleaseOrder, StoreError};

/// Takes note of a day that begins.
pub(super) fn begin(connection: &Connection, begun: &PublishingDay) -> Result<()> {
    let PublishingDay { site, day, epsilon, state } = *begun;
    let sql = "INSERT OR IGNORE INTO releases VALUES (?, ?, ?, ?, NULL)";
    connection.prepare_cached(sql)?.execute(params![site.0, day.0, epsilon.0, state as u8])?;
    Ok(())
}

/// Ends a day, if it has not ended before.
pub(super) fn end(connection: &Connection, day: &DayState) -> Result<()> {
    let DayState { site, day, snapshot, release: Some(order), .. } = day else { return Ok(()) };
    let sql = "SELECT epsilon FROM releases WHERE site = ? AND day = ? AND state = ?";
    let key = params![site.0, day.0, ReleaseState::Running as u8];
    let begun = connection.prepare_cached(sql)?.query_row(key, |row| Ok(Epsilon(row.get(0)?))).optional()?;
    let Some(epsilon) = begun else { return Ok(()) };
    let (state, visitors) = match order {
        ReleaseOrder::Withhold(reason) => (*reason, None),
        ReleaseOrder::Publish { pages, collected } => {
            let nobody = || BoundedCounts::nobody(pages);
            let counts = snapshot.as_ref().map_or_else(nobody, |day| BoundedCounts::of(day, pages));
            let mut bits = SystemBits::default();
            let release = counts.released(epsilon, *collected, &mut || bits.draw());
            let release = release.map_err(|error| StoreError::Other(error.to_string()))?;
            add(connection, (*site, *day), &release)?;
            (ReleaseState::Published, Some(release.visitors as i64))
        }
    };
    let sql = "UPDATE releases SET state = ?, visitors = ? WHERE site = ? AND day = ?";
    connection.prepare_cached(sql)?.execute(params![state as u8, visitors, site.0, day.0])?;
    Ok(())
}

fn add(connection: &Connection, (site, day): (SiteId, Day), release: &Release) -> Result<()> {
    let mut dimensions = connection.prepare_cached("INSERT INTO released_dimensions VALUES (?, ?, ?, ?)")?;
    let mut values = connection.prepare_cached("INSERT INTO released_values VALUES (?, ?, ?, ?, ?)")?;
    for ReleasedDimension { dimension, listed, rows } in &release.dimensions {
        dimensions.execute(params![site.0, day.0, dimension.code(), listed])?;
        for (value, visitors) in rows {
            values.execute(params![site.0, day.0, dimension.code(), &**value, *visitors as i64])?;
        }
    }
    Ok(())
}

/// Takes out what an order to forget is about: of whole days all that was published and will be, else the values. The day stays known,
/// so that it is never published again.
pub(super) fn take_out(connection: &Connection, order: &Forgetting) -> Result<()> {
    let (first, last) = order.day_numbers();
    let days = params![order.site.0, first, last];
    let Some(forgotten) = &order.values else {
        for table in ["released_values", "released_dimensions"] {
            connection.execute(&format!("DELETE FROM {table} WHERE site = ? AND day BETWEEN ? AND ?"), days)?;
        }
        let sql = "UPDATE releases SET state = ?4, visitors = NULL WHERE site = ?1 AND day BETWEEN ?2 AND ?3";
        connection.execute(sql, params![order.site.0, first, last, ReleaseState::TakenOut as u8])?;
        return Ok(());
    };
    let sql = "SELECT DISTINCT dimension, value FROM released_values WHERE site = ? AND day BETWEEN ? AND ?";
    let mut statement = connection.prepare(sql)?;
    let found = statement.query_map(days, |row| Ok((row.get::<_, u8>(0)?, row.get::<_, String>(1)?)))?;
    for row in found.collect::<rusqlite::Result<Vec<_>>>()? {
        let Some(dimension) = Dimension::from_code(row.0) else { continue };
        // What is published of pages is the first page of a visit.
        let is_page = dimension == Dimension::EntryPage && forgotten.takes(Dimension::Page, &row.1);
        if is_page || forgotten.takes(dimension, &row.1) {
            let sql =
                "DELETE FROM released_values WHERE site = ? AND day BETWEEN ? AND ? AND dimension = ? AND value = ?";
            connection.execute(sql, params![order.site.0, first, last, row.0, row.1])?;
        }
    }
    Ok(())
}

/// Days that have begun and not ended.
pub(super) fn running(connection: &Connection) -> Result<Vec<(SiteId, Day)>> {
    let mut statement = connection.prepare_cached("SELECT site, day FROM releases WHERE state = ?")?;
    let found =
        statement.query_map([ReleaseState::Running as u8], |row| Ok((SiteId(row.get(0)?), Day(row.get(1)?))))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Ends all days that have begun, without a release.
pub(super) fn give_up(connection: &Connection) -> Result<()> {
    let sql = "UPDATE releases SET state = ? WHERE state = ?";
    connection.execute(sql, [ReleaseState::VisitorsLost as u8, ReleaseState::Running as u8])?;
    Ok(())
}

/// What was published of a day.
pub(super) fn of_day(connection: &Connection, site: SiteId, day: Day) -> Result<Option<Release>> {
    let sql = "SELECT epsilon, visitors FROM releases WHERE site = ? AND day = ? AND state = ?";
    let key = params![site.0, day.0, ReleaseState::Published as u8];
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(key, |row| Ok((Epsilon(row.get(0)?), row.get::<_, i64>(1)?))).optional()?;
    let Some((epsilon, visitors)) = found else { return Ok(None) };
    let sql = "SELECT dimension, listed FROM released_dimensions WHERE site = ? AND day = ? ORDER BY dimension";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, day.0], |row| Ok((row.get::<_, u8>(0)?, row.get(1)?)))?;
    let mut dimensions = Vec::new();
    for row in found {
        let (code, listed) = row?;
        // One that a newer version has taken out of the list is no longer shown.
        let Some(dimension) = Dimension::from_code(code) else { continue };
        dimensions.push(ReleasedDimension { dimension, listed, rows: values(connection, site, day, dimension)? });
    }
    Ok(Some(Release { epsilon, visitors: visitors.max(0) as u64, dimensions }))
}

fn values(connection: &Connection, site: SiteId, day: Day, dimension: Dimension) -> Result<Vec<(Name, u64)>> {
    let sql = "SELECT value, visitors FROM released_values WHERE site = ? AND day = ? AND dimension = ? ORDER BY value";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, day.0, dimension.code()], |row| {
        Ok((row.get::<_, String>(0)?.into(), row.get::<_, i64>(1)?.max(0) as u64))
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// What became of the latest days of a site, in order.
pub(super) fn of_site(connection: &Connection, site: SiteId) -> Result<Vec<(Day, Epsilon, ReleaseState)>> {
    let sql = "SELECT day, epsilon, state FROM releases WHERE site = ? ORDER BY day DESC LIMIT ?";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, limits::RELEASES_LISTED as i64], |row| {
        Ok((Day(row.get(0)?), Epsilon(row.get(1)?), row.get::<_, u8>(2)?))
    })?;
    let mut days = Vec::new();
    for row in found {
        let (day, epsilon, code) = row?;
        days.push((day, epsilon, ReleaseState::from_code(code).ok_or(StoreError::Corrupt)?));
    }
    days.reverse();
    Ok(days)
}
