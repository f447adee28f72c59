//! In: questions. Out: rows of sums, all from one state of the file. Forgets: nothing.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::schema::{PROP, TALLY, TOTAL};
use super::write::{name_id, prop_id, table};
use crate::cell::{Axis, Tally};
use crate::counts::Name;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, SiteId};
use crate::store::{Answer, Ask, BotCount, Imported, Row};

type Result<T> = rusqlite::Result<T>;

pub(super) fn last_flush(connection: &Connection) -> Result<u64> {
    let number: i64 = connection.prepare_cached("SELECT number FROM flushes")?.query_row([], |row| row.get(0))?;
    Ok(number.max(0) as u64)
}

pub(super) fn answer(connection: &mut Connection, asks: &[Ask]) -> Result<Answer> {
    let transaction = connection.transaction()?;
    let flush = last_flush(&transaction)?;
    let rows = asks.iter().map(|ask| rows(&transaction, ask)).collect::<Result<_>>()?;
    Ok(Answer { flush, rows })
}

fn rows(transaction: &Transaction, ask: &Ask) -> Result<Vec<Row>> {
    let Some((dimension, prop)) = axis(transaction, ask)? else { return Ok(Vec::new()) };
    let (bucket, group) = if ask.by_bucket { ("bucket", "bucket, value") } else { ("0", "value") };
    let sums = TALLY.map(|column| format!("sum({column}) AS sum_of_{column}")).join(", ");
    let columns = TALLY.map(|column| format!("s.sum_of_{column}")).join(", ");
    // The names are looked up after the sums are made: once per value, not once per cell.
    let sql = format!(
        "SELECT s.at, coalesce(n.text, ''), {columns} FROM (
           SELECT {bucket} AS at, value, {sums} FROM {table}
           WHERE site = ? AND dimension = ? AND prop = ? AND bucket BETWEEN ? AND ? GROUP BY {group}
         ) s LEFT JOIN names n ON n.id = s.value",
        table = table(ask.grain),
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let found = statement.query_map(params![ask.site.0, dimension, prop, ask.first, ask.last], |row| {
        let mut columns = [0; TALLY.len()];
        for (at, column) in columns.iter_mut().enumerate() {
            *column = row.get(2 + at)?;
        }
        let value: Name = Name::from(row.get_ref(1)?.as_str()?);
        Ok(Row { bucket: row.get(0)?, value, tally: Tally::from_columns(columns) })
    })?;
    found.collect()
}

/// The columns `dimension` and `prop` of an axis; nothing if the store has never met it.
fn axis(transaction: &Transaction, ask: &Ask) -> Result<Option<(u8, i64)>> {
    let (key, event) = match &ask.axis {
        Axis::Total => return Ok(Some((TOTAL, 0))),
        Axis::Of(dimension) => return Ok(Some((dimension.code(), 0))),
        Axis::Prop { key, event } => (key, event),
    };
    let Some(key) = name_id(transaction, ask.site, key)? else { return Ok(None) };
    let event = match event {
        None => Some(0),
        Some(event) => name_id(transaction, ask.site, event)?,
    };
    let Some(event) = event else { return Ok(None) };
    Ok(prop_id(transaction, ask.site, event, key)?.map(|prop| (PROP, prop)))
}

pub(super) fn first_day(connection: &mut Connection, site: SiteId) -> Result<(u64, Option<Day>)> {
    let transaction = connection.transaction()?;
    let sql = "SELECT bucket FROM days WHERE site = ? AND dimension = ? AND prop = 0 ORDER BY bucket LIMIT 1";
    let day: Option<i32> =
        transaction.prepare_cached(sql)?.query_row(params![site.0, TOTAL], |row| row.get(0)).optional()?;
    Ok((last_flush(&transaction)?, day.map(Day)))
}

pub(super) fn rejected(
    connection: &mut Connection,
    site: SiteId,
    first: Day,
    last: Day,
) -> Result<(u64, Vec<(Rejection, u64)>)> {
    let transaction = connection.transaction()?;
    let sql = "SELECT reason, sum(count) FROM rejections WHERE site = ? AND day BETWEEN ? AND ? GROUP BY reason";
    let mut statement = transaction.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, first.0, last.0], |row| {
        Ok((Rejection::from_code(row.get(0)?), row.get::<_, i64>(1)? as u64))
    })?;
    let mut reasons = Vec::new();
    for pair in found {
        if let (Some(reason), count) = pair? {
            reasons.push((reason, count));
        }
    }
    drop(statement);
    Ok((last_flush(&transaction)?, reasons))
}

pub(super) fn bots(connection: &mut Connection, site: SiteId, first: Day, last: Day) -> Result<(u64, Vec<BotCount>)> {
    let transaction = connection.transaction()?;
    let sql = "SELECT day, family, pages, count FROM bots WHERE site = ? AND day BETWEEN ? AND ?";
    let mut statement = transaction.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, first.0, last.0], |row| {
        let (family, pages) = (row.get_ref(1)?.as_str()?.into(), row.get_ref(2)?.as_str()?.into());
        Ok(BotCount { site, day: Day(row.get(0)?), family, pages, count: row.get::<_, i64>(3)? as u64 })
    })?;
    let counts = found.collect::<Result<_>>()?;
    drop(statement);
    Ok((last_flush(&transaction)?, counts))
}

pub(super) fn imports(connection: &Connection, site: SiteId) -> Result<Vec<Imported>> {
    let mut statement = connection.prepare_cached("SELECT head, head_bytes, bytes FROM imports WHERE site = ?")?;
    let found = statement.query_map([site.0], |row| {
        let (head_bytes, bytes): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(Imported { site, head: Digest(row.get(0)?), head_bytes: head_bytes as u64, bytes: bytes as u64 })
    })?;
    found.collect()
}
