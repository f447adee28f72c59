//! Marks of what owners have taken out of the sums.

use rusqlite::{Connection, params};

use super::{Result, retaining};
use crate::site::{Day, SiteId};
use crate::store::{Forgetting, TakenOut, TakenOutOf};

/// Leaves the marks of an order to forget.
pub(super) fn mark(connection: &Connection, order: &Forgetting) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO taken_out VALUES (?, ?, ?, ?)";
    for TakenOut { first, last, of } in &order.marks {
        connection.prepare_cached(sql)?.execute(params![order.site.0, first.0, last.0, of.code()])?;
    }
    Ok(())
}

/// The marks that days of a range have, in order.
pub(super) fn of_site(connection: &Connection, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>> {
    let sql = "SELECT first_day, last_day, dimension FROM taken_out
               WHERE site = ? AND last_day >= ? AND first_day <= ? ORDER BY first_day, last_day, dimension";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![site.0, first.0, last.0])?;
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(of) = TakenOutOf::from_code(row.get(2)?) else { continue };
        marks.push(TakenOut { first: Day(row.get(0)?), last: Day(row.get(1)?), of });
    }
    // Of a month in part, days that retention has removed are missing.
    if let Some(from) = retaining::days_from(connection, site)?.filter(|from| first < *from) {
        marks.push(TakenOut { first, last: Day(from.0 - 1), of: TakenOutOf::Days });
    }
    Ok(marks)
}
