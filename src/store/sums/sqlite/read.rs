//! Answers questions for sums, in a transaction of the caller.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, params};

use super::compaction::tally;
use super::damage::DamagedDays;
use super::kept_answers::{KeptRow, KeptRows};
use super::months;
use super::names::{TextCache, ValueFilter};
use super::packed::{self, FUNNEL, PROP, PackedKey, REVENUE, part_code};
use super::pair_reading::BucketPart;
use super::pairs::{OpenedBlocks, PairsKey};
use super::property_side::PropertySide;
use super::value_sums::{Repeats, ValueSums};
use super::write::{axis_id, columns_of, name_id, table};
use super::{Result, SqliteSnapshot};
use crate::cell::packed::{CellKey, is_sound, unpack};
use crate::cell::{Axis, OTHER, Tally};
use crate::counts::Name;
use crate::counts::pairs::REST;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, LocalHour, Month, SiteId};
use crate::store::sqlite::HOUR_COLUMNS;
use crate::store::{
    Ask, BotCount, CellSource, CountedBy, DatabaseId, Grain, Imported, InMemory, Interrupt, JournalId, JournalPosition,
    JournalState, RowsBy, StoredSums, SumRow,
};

pub(super) fn last_flush(connection: &Connection) -> Result<u64> {
    let number: i64 = connection.prepare_cached("SELECT number FROM flushes")?.query_row([], |row| row.get(0))?;
    Ok(number.max(0) as u64)
}

pub(super) fn journal_state(connection: &Connection) -> Result<JournalState> {
    let flush = last_flush(connection)?;
    let sql = "SELECT \"database\", id, segment, \"offset\" FROM journal";
    let state = connection.prepare_cached(sql)?.query_row([], |row| {
        let journal: Option<[u8; 16]> = row.get(1)?;
        let [segment, offset] = [row.get(2)?, row.get(3)?].map(|number: i64| number.max(0) as u64);
        let position = |journal| JournalPosition { journal: JournalId(journal), segment, offset };
        Ok(JournalState { database: DatabaseId(row.get(0)?), flush, drained: journal.map(position) })
    })?;
    Ok(state)
}

pub(super) fn has_drained(connection: &Connection, position: JournalPosition) -> Result<bool> {
    let drained = journal_state(connection)?.drained;
    if drained.is_some_and(|drained| drained.journal == position.journal && drained >= position) {
        return Ok(true);
    }
    let sql = "SELECT 1 FROM batches WHERE id BETWEEN ? AND ?";
    Ok(connection.prepare_cached(sql)?.exists([position.as_id().0, position.last().as_id().0])?)
}

pub(super) fn journal_folder(connection: &Connection) -> Result<Option<PathBuf>> {
    let mut statement = connection.prepare_cached("SELECT folder FROM journal")?;
    let folder: Option<Vec<u8>> = statement.query_row([], |row| row.get(0))?;
    Ok(folder.map(|bytes| OsString::from_vec(bytes).into()))
}

/// The answers to questions.
pub(super) fn answer(snapshot: &SqliteSnapshot, asks: &[Ask], running: &[InMemory]) -> Result<StoredSums> {
    let SqliteSnapshot { connection, texts, kept, damaged, since, flush, interrupt } = snapshot;
    let adds = running.iter().map(|running| is_added(connection, running, *flush)).collect::<Result<Vec<_>>>()?;
    let in_memory: Vec<&InMemory> = running.iter().zip(&adds).filter(|(_, adds)| **adds).map(|(r, _)| r).collect();
    let mut readings = Vec::with_capacity(asks.len());
    let tests: Vec<_> = asks.iter().map(Ask::tests_of_cells).collect();
    for (ask, [wanted, of_axis]) in asks.iter().zip(&tests) {
        let replaced = in_memory.iter().filter(|running| running.replaces(*flush));
        let of_site = replaced.filter(|running| running.site == ask.site && ask.touches(running.day));
        let left_out: Vec<_> = of_site.map(|running| (running.day.0, part_code(running.by))).collect();
        let found = if left_out.is_empty() { kept.find(ask, *since) } else { None };
        let values = |test| ValueFilter::of(connection, (ask.site, test), texts, interrupt);
        let (wanted, kept) = (values(wanted.as_ref())?, values(of_axis.as_ref())?);
        let (sums, repeats) = (ValueSums::of(interrupt), Repeats::of(ask));
        let property = PropertySide::of(connection, ask, texts)?;
        let mut reading =
            Reading { connection, ask, wanted, kept, property, left_out, found, damaged, interrupt, sums, repeats };
        match ask.source() {
            CellSource::Single(axis) if reading.found.is_none() => reading.single(axis)?,
            _ => {}
        }
        reading.sums.check()?;
        readings.push(reading);
    }
    read_pairs(connection, &mut readings)?;
    let finished = readings.into_iter().map(|reading| {
        reading.property.as_ref().map_or(Ok(()), PropertySide::check)?;
        reading.wanted.check()?;
        reading.kept.check()?;
        if reading.found.is_none() && reading.left_out.is_empty() {
            kept.keep(reading.ask, reading.sums.rows(), *since);
        }
        reading.rows(texts)
    });
    Ok(StoredSums { rows: finished.collect::<Result<_>>()?, adds })
}

/// Reads what questions want of pairs, bucket by bucket: what they share is opened once, and little of it is open at a time.
fn read_pairs(connection: &Connection, readings: &mut [Reading]) -> Result<()> {
    let mut buckets: BTreeMap<(SiteId, i64, i32), Vec<(usize, BucketPart)>> = BTreeMap::new();
    for (place, reading) in readings.iter().enumerate() {
        for part in reading.bucket_parts()? {
            let key = (reading.ask.site, packed::grain_code(part.grain), part.bucket);
            buckets.entry(key).or_default().push((place, part));
        }
    }
    for ((site, ..), of_bucket) in buckets {
        let mut blocks: BTreeMap<i64, OpenedBlocks> = BTreeMap::new();
        for (place, BucketPart { grain, bucket, shown, parts, is_turned }) in of_bucket {
            for part in parts {
                let key = PairsKey { site, grain, bucket, part: *part };
                let interrupt = readings[place].interrupt;
                let opened = || OpenedBlocks::of(connection, key).interrupted_by(interrupt);
                let blocks = blocks.entry(*part).or_insert_with(opened);
                let read = readings[place].pair(key, shown, is_turned, blocks);
                readings[place].damaged.pass(site, (grain, bucket), read)?;
                readings[place].sums.check()?;
            }
        }
    }
    Ok(())
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
pub(super) struct Reading<'a> {
    pub(super) connection: &'a Connection,
    pub(super) ask: &'a Ask,
    /// Which values of the filter's dimension are wanted.
    pub(super) wanted: ValueFilter<'a>,
    /// Which values of the axis.
    pub(super) kept: ValueFilter<'a>,
    /// The property on one side of it, where it is answered by pairs.
    pub(super) property: Option<PropertySide<'a>>,
    /// Days and parts of pairs that the caller adds by itself.
    pub(super) left_out: Vec<(i32, i64)>,
    /// The answer, if it was kept.
    pub(super) found: Option<KeptRows>,
    damaged: &'a DamagedDays,
    interrupt: &'a Interrupt,
    pub(super) sums: ValueSums<'a>,
    repeats: Option<Repeats>,
}

impl Reading<'_> {
    fn rows(self, texts: &TextCache) -> Result<Vec<SumRow>> {
        let text = |value: u32| -> Result<Name> {
            match value {
                0 => Ok(Name::from("")),
                REST => Ok(Name::from(OTHER)),
                value => texts.text(self.connection, value),
            }
        };
        let is_both = self.ask.cut.rows == RowsBy::Both;
        let row = |row: KeptRow| -> Result<Option<SumRow>> {
            self.interrupt.check(1)?;
            let (bucket, value, second) = row.key;
            let second = is_both.then(|| text(second)).transpose()?;
            let (value, second) = match &self.property {
                Some(property) => match property.shown(text(value)?, second) {
                    Some(shown) => shown,
                    None => return Ok(None),
                },
                None => (text(value)?, second),
            };
            let shown = self.ask.shown(value);
            Ok(shown.map(|value| SumRow { second, doubt: row.doubt, ..SumRow::of(bucket, value, row.tally) }))
        };
        let many = self.found.as_ref().map_or(self.sums.rows().len(), |rows| rows.len());
        self.interrupt.make_room(many * size_of::<SumRow>())?;
        match &self.found {
            Some(found) => found.iter().cloned().filter_map(|found| row(found).transpose()).collect(),
            None => self.sums.rows().filter_map(|found| row(found).transpose()).collect(),
        }
    }

    fn single(&mut self, axis: &Axis<Name>) -> Result<()> {
        let Ask { site, grain, first, last, .. } = *self.ask;
        let Some((dimension, prop)) = columns(self.connection, site, axis)? else {
            return self.totals();
        };
        if (dimension, prop) == UNKNOWN {
            return Ok(());
        }
        let place = PackedKey { site, grain, dimension, prop, bucket: first };
        if grain != Grain::Month {
            self.table(grain, place, (first, last))?;
        }
        match grain {
            Grain::Hour => {
                let days = [first, last].map(|hour| LocalHour::from_number(hour).day.0);
                self.packed_hours(PackedKey { bucket: days[0], ..place }, days[1])?;
            }
            Grain::Day => self.packed_days(place, last, &[])?,
            // Days that are not over are in no month yet, and months that are not added up count by their rows alone.
            Grain::Month => {
                let not_added = months::not_added(self.connection, site, first, last)?;
                self.packed_days(place, last, &not_added)?;
                for run in not_added {
                    self.table(grain, place, run)?;
                }
                let days = (Month(first).first().0, Month(last).last().0);
                self.table(Grain::Day, PackedKey { grain: Grain::Day, ..place }, days)?;
            }
        }
        self.repeats.as_ref().map(Repeats::open).unwrap_or_default().into_iter().for_each(|at| self.close(at));
        Ok(())
    }

    /// Notes a value that is added to others. Who asks knows days in memory better.
    fn note(&mut self, grain: Grain, bucket: i32, value: u32, tally: Tally) {
        let is_left_out = grain == Grain::Day && self.left_out.iter().any(|(day, _)| *day == bucket);
        if let Some(repeats) = self.repeats.as_mut().filter(|repeats| !(is_left_out && repeats.is_told_by_memory())) {
            repeats.note(grain, bucket, value, tally);
        }
    }

    /// All values of a bucket were noted.
    fn close(&mut self, (grain, bucket): (Grain, i32)) {
        let Some(repeats) = &mut self.repeats else { return };
        let doubt = repeats.close(grain, bucket);
        let shown = if grain == self.ask.grain { bucket } else { Day(bucket).month().0 };
        self.sums.doubt(self.ask, shown, (0, 0), doubt);
    }

    fn totals(&mut self) -> Result<()> {
        let Ask { site, grain, first, last, .. } = *self.ask;
        let sql = format!(
            "SELECT bucket, {} FROM site_totals WHERE site = ? AND grain = ? AND bucket BETWEEN ? AND ?",
            HOUR_COLUMNS.join(", ")
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![site.0, packed::grain_code(grain), first, last])?;
        while let Some(row) = rows.next()? {
            self.sums.add(self.ask, row.get(0)?, 0, tally(row, 1)?);
        }
        Ok(())
    }

    /// Adds rows of a table; those of days that stand for a month are booked to it.
    fn table(&mut self, grain: Grain, place: PackedKey, (first, last): (i32, i32)) -> Result<()> {
        let sql = format!(
            "SELECT bucket, value, {} FROM {} WHERE site = ? AND dimension = ? AND prop = ? AND bucket BETWEEN ? AND ?",
            columns_of(grain).join(", "),
            table(grain)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![place.site.0, place.dimension, place.prop, first, last])?;
        while let Some(row) = rows.next()? {
            self.interrupt.check(1)?;
            let (stored, value) = (row.get(0)?, row.get(1)?);
            let bucket = if grain == self.ask.grain { stored } else { Day(stored).month().0 };
            if self.wanted.passes(value) {
                let tally = tally(row, 2)?;
                self.sums.add(self.ask, bucket, value, tally);
                self.note(grain, stored, value, tally);
            }
        }
        Ok(())
    }

    fn packed_hours(&mut self, place: PackedKey, last: i32) -> Result<()> {
        let ask = self.ask;
        packed::each(self.connection, place, last, |day, cells| {
            self.interrupt.check(cells.len())?;
            let read = unpack(
                cells,
                0..=u32::MAX,
                |key| self.wanted.passes(key.0),
                |(value, hour), tally| {
                    let bucket = day * 24 + hour as i32;
                    if (ask.first..=ask.last).contains(&bucket) {
                        self.sums.add(ask, bucket, value, tally);
                    }
                },
            );
            self.damaged.pass(ask.site, (Grain::Hour, day), read.map_err(Into::into)).map(drop)
        })
    }

    /// Adds packed days, or months, but for some runs of them.
    fn packed_days(&mut self, place: PackedKey, last: i32, left_out: &[(i32, i32)]) -> Result<()> {
        let mut by_rows = Vec::new();
        packed::each(self.connection, place, last, |day, cells| {
            if left_out.iter().any(|(first, last)| (*first..=*last).contains(&day)) {
                return Ok(());
            }
            self.interrupt.check(cells.len())?;
            // A month has its rows too, and a block that bears its sum hands out nothing before it is known to be damaged.
            if place.grain == Grain::Month && !is_sound(cells) {
                by_rows.push(day);
                return Ok(());
            }
            let mut noted = Vec::new();
            let add = |(value, _): CellKey, tally| {
                self.sums.add(self.ask, day, value, tally);
                noted.extend(self.repeats.is_some().then_some((value, tally)));
            };
            let read = unpack(cells, 0..=u32::MAX, |key| self.wanted.passes(key.0), add);
            noted.into_iter().for_each(|(value, tally)| self.note(place.grain, day, value, tally));
            self.close((place.grain, day));
            self.damaged.pass(place.site, (place.grain, day), read.map_err(Into::into)).map(drop)
        })?;
        by_rows.into_iter().try_for_each(|month| self.table(Grain::Month, place, (month, month)))
    }
}

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
    let first = |grain: Grain| -> Result<Option<i32>> {
        let sql = "SELECT bucket FROM site_totals WHERE site = ? AND grain = ? ORDER BY bucket LIMIT 1";
        let columns = params![site.0, packed::grain_code(grain)];
        Ok(connection.prepare_cached(sql)?.query_row(columns, |row| row.get(0)).optional()?)
    };
    let (day, month) = (first(Grain::Day)?.map(Day), first(Grain::Month)?.map(Month));
    // Days may be gone of which the month is kept.
    let older = month.filter(|month| day.is_none_or(|day| *month < day.month())).map(Month::first);
    Ok(older.or(day))
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
