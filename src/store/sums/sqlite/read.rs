//! Answers questions for sums, in a transaction of the caller.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use super::compaction::tally;
use super::months::{self, is_added as is_month_added};
use super::names::{TextCache, ValueFilter};
use super::packed::{self, ALL_PARTS, FINAL, FUNNEL, PROP, PackedKey, REVENUE, part_code};
use super::pairs::{self, OpenedBlocks, PairsKey};
use super::write::{axis_id, name_id, table};
use crate::cell::packed::{CellKey, unpack};
use crate::cell::{Axis, OTHER, Tally};
use crate::counts::Name;
use crate::counts::pairs::{Pair, REST};
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, LocalHour, Month, SiteId};
use crate::store::sqlite::TALLY_COLUMNS as TALLY;
use crate::store::{
    Ask, BotCount, CellSource, CountedBy, DatabaseId, Grain, Imported, InMemory, JournalId, JournalPosition,
    JournalState, StoredSums, SumRow,
};

pub(super) fn last_flush(connection: &Connection) -> Result<u64> {
    let number: i64 = connection.prepare_cached("SELECT number FROM flushes")?.query_row([], |row| row.get(0))?;
    Ok(number.max(0) as u64)
}

pub(super) fn journal_state(connection: &Connection) -> Result<JournalState> {
    let sql = "SELECT \"database\", id, segment, \"offset\" FROM journal";
    let state = connection.prepare_cached(sql)?.query_row([], |row| {
        let journal: Option<[u8; 16]> = row.get(1)?;
        let [segment, offset] = [row.get(2)?, row.get(3)?].map(|number: i64| number.max(0) as u64);
        let position = |journal| JournalPosition { journal: JournalId(journal), segment, offset };
        Ok(JournalState { database: DatabaseId(row.get(0)?), drained: journal.map(position) })
    })?;
    Ok(state)
}

pub(super) fn journal_folder(connection: &Connection) -> Result<Option<PathBuf>> {
    let mut statement = connection.prepare_cached("SELECT folder FROM journal")?;
    let folder: Option<Vec<u8>> = statement.query_row([], |row| row.get(0))?;
    Ok(folder.map(|bytes| OsString::from_vec(bytes).into()))
}

/// The answers to questions, in a transaction that holds all flushes up to number `flush`.
pub(super) fn answer(
    connection: &Connection,
    flush: u64,
    asks: &[Ask],
    running: &[InMemory],
    texts: &TextCache,
) -> Result<StoredSums> {
    let adds = running.iter().map(|running| is_added(connection, running, flush)).collect::<Result<Vec<_>>>()?;
    let in_memory: Vec<&InMemory> = running.iter().zip(&adds).filter(|(_, adds)| **adds).map(|(r, _)| r).collect();
    let blocks = OpenedBlocks::of(connection);
    let mut rows = Vec::with_capacity(asks.len());
    for ask in asks {
        let wanted = ValueFilter::of(connection, ask, texts)?;
        let of_site = in_memory.iter().filter(|running| running.site == ask.site);
        let left_out: Vec<(i32, i64)> = of_site.map(|running| (running.day.0, part_code(running.by))).collect();
        let mut reading = Reading { connection, ask, left_out: &left_out, sums: HashMap::default() };
        match ask.source() {
            CellSource::Single(axis) => reading.single(axis, &wanted)?,
            CellSource::Pair(pair, is_by_second) => reading.pair(pair, is_by_second, &wanted, &blocks)?,
            CellSource::Nowhere => {}
        }
        wanted.check()?;
        rows.push(reading.rows(texts)?);
    }
    Ok(StoredSums { rows, adds })
}

/// Whether what is in memory of a running day is not in the store yet.
fn is_added(connection: &Connection, running: &InMemory, flush: u64) -> Result<bool> {
    if running.by == CountedBy::Import {
        return Ok(flush < running.number);
    }
    let sql = "SELECT number FROM days_closed WHERE site = ? AND day = ?";
    let closed: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row(params![running.site.0, running.day.0], |row| row.get(0))
        .optional()?;
    Ok(closed.is_none_or(|number| (number as u64) < running.number))
}

/// One question while it is answered.
struct Reading<'a> {
    connection: &'a Connection,
    ask: &'a Ask,
    /// Days and parts of pairs that the caller adds by itself.
    left_out: &'a [(i32, i64)],
    /// By bucket and number of the value.
    sums: HashMap<(i32, u32), Tally, foldhash::fast::RandomState>,
}

impl Reading<'_> {
    fn add(&mut self, bucket: i32, value: u32, tally: Tally) {
        let bucket = if self.ask.by_bucket { bucket } else { 0 };
        let value = if self.ask.axis == Axis::Total { 0 } else { value };
        *self.sums.entry((bucket, value)).or_default() += tally;
    }

    fn rows(self, texts: &TextCache) -> Result<Vec<SumRow>> {
        let mut rows = Vec::with_capacity(self.sums.len());
        for ((bucket, value), tally) in self.sums {
            let value: Name = match value {
                0 => Name::from(""),
                REST => Name::from(OTHER),
                value => texts.text(self.connection, value)?,
            };
            rows.push(SumRow { bucket, value, tally });
        }
        Ok(rows)
    }

    fn single(&mut self, axis: &Axis<Name>, wanted: &ValueFilter) -> Result<()> {
        let Ask { site, grain, first, last, .. } = *self.ask;
        let Some((dimension, prop)) = columns(self.connection, site, axis)? else {
            return self.totals();
        };
        if (dimension, prop) == UNKNOWN {
            return Ok(());
        }
        let place = PackedKey { site, grain, dimension, prop, bucket: first };
        if grain != Grain::Month {
            self.table(grain, place, (first, last), wanted)?;
        }
        match grain {
            Grain::Hour => {
                let days = [first, last].map(|hour| LocalHour::from_number(hour).day.0);
                self.packed_hours(PackedKey { bucket: days[0], ..place }, days[1], wanted)
            }
            Grain::Day => self.packed_days(place, last, &[], wanted),
            // Days that are not over are in no month yet, and months that are not added up count by their rows alone.
            Grain::Month => {
                let not_added = months::not_added(self.connection, site, first, last)?;
                self.packed_days(place, last, &not_added, wanted)?;
                for run in not_added {
                    self.table(grain, place, run, wanted)?;
                }
                let days = (Month(first).first().0, Month(last).last().0);
                self.table(Grain::Day, PackedKey { grain: Grain::Day, ..place }, days, wanted)
            }
        }
    }

    fn totals(&mut self) -> Result<()> {
        let Ask { site, grain, first, last, .. } = *self.ask;
        let sql = format!(
            "SELECT bucket, {} FROM site_totals WHERE site = ? AND grain = ? AND bucket BETWEEN ? AND ?",
            TALLY.join(", ")
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![site.0, packed::grain_code(grain), first, last])?;
        while let Some(row) = rows.next()? {
            self.add(row.get(0)?, 0, tally(row, 1)?);
        }
        Ok(())
    }

    /// Adds rows of a table; those of days that stand for a month are booked to it.
    fn table(&mut self, grain: Grain, place: PackedKey, (first, last): (i32, i32), wanted: &ValueFilter) -> Result<()> {
        let sql = format!(
            "SELECT bucket, value, {} FROM {} WHERE site = ? AND dimension = ? AND prop = ? AND bucket BETWEEN ? AND ?",
            TALLY.join(", "),
            table(grain)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![place.site.0, place.dimension, place.prop, first, last])?;
        while let Some(row) = rows.next()? {
            let (bucket, value) = (row.get(0)?, row.get(1)?);
            let bucket = if grain == self.ask.grain { bucket } else { Day(bucket).month().0 };
            if wanted.passes(value) {
                self.add(bucket, value, tally(row, 2)?);
            }
        }
        Ok(())
    }

    fn packed_hours(&mut self, place: PackedKey, last: i32, wanted: &ValueFilter) -> Result<()> {
        let ask = self.ask;
        packed::each(self.connection, place, last, |day, cells| {
            unpack(
                cells,
                0..=u32::MAX,
                |key| wanted.passes(key.0),
                |(value, hour), tally| {
                    let bucket = day * 24 + hour as i32;
                    if (ask.first..=ask.last).contains(&bucket) {
                        self.add(bucket, value, tally);
                    }
                },
            )?;
            Ok(())
        })
    }

    /// Adds packed days, or months, but for some runs of them.
    fn packed_days(
        &mut self,
        place: PackedKey,
        last: i32,
        left_out: &[(i32, i32)],
        wanted: &ValueFilter,
    ) -> Result<()> {
        packed::each(self.connection, place, last, |day, cells| {
            if left_out.iter().any(|(first, last)| (*first..=*last).contains(&day)) {
                return Ok(());
            }
            unpack(cells, 0..=u32::MAX, |key| wanted.passes(key.0), |(value, _), tally| self.add(day, value, tally))?;
            Ok(())
        })
    }

    fn pair(&mut self, pair: Pair, is_by_second: bool, wanted: &ValueFilter, blocks: &OpenedBlocks) -> Result<()> {
        let Ask { site, grain, first, last, .. } = *self.ask;
        let (table, is_by_second) = (pairs::number(pair), is_by_second != pairs::is_turned(pair));
        let read = |reading: &mut Self, (grain, bucket): (Grain, i32), parts: &[i64], shown: i32| {
            let key = PairsKey { site, grain, bucket, part: FINAL };
            reading.pair_table(key, parts, shown, (table, is_by_second), wanted, blocks)
        };
        match grain {
            // Pairs are not kept by hour.
            Grain::Hour => {}
            Grain::Day => {
                for day in pairs::buckets(self.connection, site, Grain::Day, first, last)? {
                    read(self, (Grain::Day, day), &PARTS, day)?;
                }
            }
            Grain::Month => {
                for month in (first..=last).map(Month) {
                    if is_month_added(self.connection, site, month)? {
                        read(self, (Grain::Month, month.0), &[FINAL], month.0)?;
                        // What is not for good is in no month.
                        for day in pairs::running(self.connection, site, month)? {
                            read(self, (Grain::Day, day), ALL_PARTS, month.0)?;
                        }
                        continue;
                    }
                    for day in pairs::buckets(self.connection, site, Grain::Day, month.first().0, month.last().0)? {
                        read(self, (Grain::Day, day), &PARTS, month.0)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the cells of one table, by some of those who have counted the bucket, as far as the caller does not add them.
    fn pair_table(
        &mut self,
        key: PairsKey,
        parts: &[i64],
        shown: i32,
        (table, is_by_second): (u32, bool),
        wanted: &ValueFilter,
        blocks: &OpenedBlocks,
    ) -> Result<()> {
        // A reader who wants one first value opens the chunks that hold it alone.
        let first = match wanted.single() {
            Some(id) if !is_by_second => id..=id,
            _ => 0..=u32::MAX,
        };
        let sides = |(a, b): CellKey| if is_by_second { (b, a) } else { (a, b) };
        let passes = |key: CellKey| sides(key).0 != REST && wanted.passes(sides(key).0);
        for part in parts.iter().copied().filter(|part| !self.left_out.contains(&(key.bucket, *part))) {
            let key = PairsKey { part, ..key };
            blocks.each(key, table, &first, passes, |key, tally| self.add(shown, sides(key).1, tally))?;
        }
        Ok(())
    }
}

/// Those who may have counted a day.
const PARTS: [i64; 3] = [1, 2, FINAL];

/// The columns of an axis that the store has never met.
const UNKNOWN: (u8, i64) = (0, -1);

/// The columns `dimension` and `prop` of an axis; nothing for the total.
fn columns(connection: &Connection, site: SiteId, axis: &Axis<Name>) -> Result<Option<(u8, i64)>> {
    let name = |text: &Name| name_id(connection, site, text);
    let optional = |text: &Option<Name>| text.as_ref().map_or(Ok(Some(0)), name);
    let (code, found) = match axis {
        Axis::Total => return Ok(None),
        Axis::Of(dimension) => return Ok(Some((dimension.code(), 0))),
        Axis::Funnel(funnel) => return Ok(Some((FUNNEL, i64::from(*funnel)))),
        Axis::Prop { key, event } => (PROP, [optional(event)?, name(key)?, Some(0)]),
        Axis::Revenue { event, within: None } => (REVENUE, [name(event)?, Some(0), Some(0)]),
        Axis::Revenue { event, within: Some((key, currency)) } => {
            (REVENUE, [name(event)?, name(key)?, name(currency)?])
        }
    };
    let [Some(event), Some(key), Some(currency)] = found else { return Ok(Some(UNKNOWN)) };
    Ok(Some(axis_id(connection, site, [event, key, currency])?.map_or(UNKNOWN, |id| (code, id))))
}

/// The first day of which a site has totals.
pub(super) fn first_day(connection: &Connection, site: SiteId) -> Result<Option<Day>> {
    let sql = "SELECT bucket FROM site_totals WHERE site = ? AND grain = 1 ORDER BY bucket LIMIT 1";
    let day: Option<i32> = connection.prepare_cached(sql)?.query_row([site.0], |row| row.get(0)).optional()?;
    Ok(day.map(Day))
}

pub(super) fn unvisited(connection: &Connection, site: SiteId, first: Day, last: Day) -> Result<u64> {
    let sql = "SELECT coalesce(sum(count), 0) FROM unvisited WHERE site = ? AND day BETWEEN ? AND ?";
    let mut statement = connection.prepare_cached(sql)?;
    let count: i64 = statement.query_row(params![site.0, first.0, last.0], |row| row.get(0))?;
    Ok(count.max(0) as u64)
}

pub(super) fn rejected(connection: &Connection, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>> {
    let sql = "SELECT reason, sum(count) FROM rejections WHERE site = ? AND day BETWEEN ? AND ? GROUP BY reason";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, first.0, last.0], |row| {
        Ok((Rejection::from_code(row.get(0)?), row.get::<_, i64>(1)? as u64))
    })?;
    let mut reasons = Vec::new();
    for pair in found {
        if let (Some(reason), count) = pair? {
            reasons.push((reason, count));
        }
    }
    Ok(reasons)
}

pub(super) fn bots(connection: &Connection, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>> {
    let sql = "SELECT day, family, pages, count FROM bots WHERE site = ? AND day BETWEEN ? AND ?";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, first.0, last.0], |row| {
        let (family, pages) = (row.get_ref(1)?.as_str()?.into(), row.get_ref(2)?.as_str()?.into());
        Ok(BotCount { site, day: Day(row.get(0)?), family, pages, count: row.get::<_, i64>(3)? as u64 })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn imports(connection: &Connection, site: SiteId) -> Result<Vec<Imported>> {
    let mut statement = connection.prepare_cached("SELECT head, head_bytes, bytes FROM imports WHERE site = ?")?;
    let found = statement.query_map([site.0], |row| {
        let (head_bytes, bytes): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(Imported { site, head: Digest(row.get(0)?), head_bytes: head_bytes as u64, bytes: bytes as u64 })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
