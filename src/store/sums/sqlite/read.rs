//! Answers questions for sums, in a transaction of the caller.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, params};

use super::compaction::tally;
use super::damage::DamagedDays;
use super::kept_answers::KeptRows;
use super::months;
use super::names::{TextCache, ValueFilter};
use super::packed::{self, ALL_PARTS, FINAL, FUNNEL, PROP, PackedKey, REVENUE, part_code};
use super::pairs::{self, OpenedBlocks, PairsKey};
use super::thinning;
use super::write::{axis_id, name_id, table};
use super::{Result, SqliteSnapshot};
use crate::cell::packed::{CellKey, is_sound, unpack};
use crate::cell::{Axis, OTHER, Tally};
use crate::counts::Name;
use crate::counts::pairs::REST;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, LocalHour, Month, SiteId};
use crate::store::sqlite::TALLY_COLUMNS as TALLY;
use crate::store::{
    Ask, BotCount, CellSource, CountedBy, DatabaseId, Grain, Imported, InMemory, Interrupt, JournalId, JournalPosition,
    JournalState, StoreError, StoredSums, SumRow,
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
    for ask in asks {
        let of_site = in_memory.iter().filter(|running| running.site == ask.site && ask.touches(running.day));
        let left_out: Vec<_> = of_site.map(|running| (running.day.0, part_code(running.by))).collect();
        let found = if left_out.is_empty() { kept.find(ask, *since) } else { None };
        let wanted = ValueFilter::of(connection, ask, texts, interrupt)?;
        let sums = ValueSums::of(interrupt);
        let mut reading = Reading { connection, ask, wanted, left_out, found, damaged, interrupt, sums };
        match ask.source() {
            CellSource::Single(axis) if reading.found.is_none() => reading.single(axis)?,
            _ => {}
        }
        reading.sums.check()?;
        readings.push(reading);
    }
    read_pairs(connection, &mut readings)?;
    let finished = readings.into_iter().map(|reading| {
        reading.wanted.check()?;
        if reading.found.is_none() && reading.left_out.is_empty() {
            kept.keep(
                reading.ask,
                reading.sums.by_value.iter().map(|((bucket, value), tally)| (*bucket, *value, *tally)),
                *since,
            );
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

/// What a question wants of a bucket that has pairs.
struct BucketPart {
    grain: Grain,
    bucket: i32,
    /// The bucket to which it is added.
    shown: i32,
    parts: &'static [i64],
    /// Whether large tables are there in the order of their other value too.
    is_turned: bool,
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
    wanted: ValueFilter<'a>,
    /// Days and parts of pairs that the caller adds by itself.
    left_out: Vec<(i32, i64)>,
    /// The answer, if it was kept.
    found: Option<KeptRows>,
    damaged: &'a DamagedDays,
    interrupt: &'a Interrupt,
    sums: ValueSums<'a>,
}

/// Sums by bucket and number of the value.
struct ValueSums<'a> {
    by_value: HashMap<(i32, u32), Tally, foldhash::fast::RandomState>,
    interrupt: &'a Interrupt,
    /// Why no more are added.
    failed: Option<StoreError>,
}

impl ValueSums<'_> {
    fn of(interrupt: &Interrupt) -> ValueSums<'_> {
        ValueSums { by_value: HashMap::default(), interrupt, failed: None }
    }

    /// Adds to the sum of a value, if there is room for it. A failure is kept for [`ValueSums::check`].
    fn add(&mut self, ask: &Ask, bucket: i32, value: u32, tally: Tally) {
        if self.by_value.len() == self.by_value.capacity() && self.failed.is_none() {
            // A table that is full gets another of twice the size beside it.
            let next = 2 * self.by_value.capacity() * size_of::<((i32, u32), Tally)>();
            self.failed = self.interrupt.make_room(next).err();
        }
        if self.failed.is_some() {
            return;
        }
        let bucket = if ask.by_bucket { bucket } else { 0 };
        let value = if ask.axis == Axis::Total { 0 } else { value };
        *self.by_value.entry((bucket, value)).or_default() += tally;
    }

    /// What failed meanwhile.
    fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl Reading<'_> {
    fn rows(self, texts: &TextCache) -> Result<Vec<SumRow>> {
        let row = |bucket: i32, value: u32, tally: Tally| -> Result<Option<SumRow>> {
            self.interrupt.check(1)?;
            let value: Name = match value {
                0 => Name::from(""),
                REST => Name::from(OTHER),
                value => texts.text(self.connection, value)?,
            };
            Ok(self.ask.shown(value).map(|value| SumRow { bucket, value, tally }))
        };
        let many = self.found.as_ref().map_or(self.sums.by_value.len(), |rows| rows.len());
        self.interrupt.make_room(many * size_of::<SumRow>())?;
        let mut rows = Vec::with_capacity(many);
        match &self.found {
            Some(found) => {
                for (bucket, value, tally) in found.iter() {
                    rows.extend(row(*bucket, *value, *tally)?);
                }
            }
            None => {
                for ((bucket, value), tally) in &self.sums.by_value {
                    rows.extend(row(*bucket, *value, *tally)?);
                }
            }
        }
        Ok(rows)
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
                self.packed_hours(PackedKey { bucket: days[0], ..place }, days[1])
            }
            Grain::Day => self.packed_days(place, last, &[]),
            // Days that are not over are in no month yet, and months that are not added up count by their rows alone.
            Grain::Month => {
                let not_added = months::not_added(self.connection, site, first, last)?;
                self.packed_days(place, last, &not_added)?;
                for run in not_added {
                    self.table(grain, place, run)?;
                }
                let days = (Month(first).first().0, Month(last).last().0);
                self.table(Grain::Day, PackedKey { grain: Grain::Day, ..place }, days)
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
            self.sums.add(self.ask, row.get(0)?, 0, tally(row, 1)?);
        }
        Ok(())
    }

    /// Adds rows of a table; those of days that stand for a month are booked to it.
    fn table(&mut self, grain: Grain, place: PackedKey, (first, last): (i32, i32)) -> Result<()> {
        let sql = format!(
            "SELECT bucket, value, {} FROM {} WHERE site = ? AND dimension = ? AND prop = ? AND bucket BETWEEN ? AND ?",
            TALLY.join(", "),
            table(grain)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![place.site.0, place.dimension, place.prop, first, last])?;
        while let Some(row) = rows.next()? {
            self.interrupt.check(1)?;
            let (bucket, value) = (row.get(0)?, row.get(1)?);
            let bucket = if grain == self.ask.grain { bucket } else { Day(bucket).month().0 };
            if self.wanted.passes(value) {
                self.sums.add(self.ask, bucket, value, tally(row, 2)?);
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
            let add = |(value, _): CellKey, tally| self.sums.add(self.ask, day, value, tally);
            let read = unpack(cells, 0..=u32::MAX, |key| self.wanted.passes(key.0), add);
            self.damaged.pass(place.site, (place.grain, day), read.map_err(Into::into)).map(drop)
        })?;
        by_rows.into_iter().try_for_each(|month| self.table(Grain::Month, place, (month, month)))
    }

    /// The buckets that have pairs, if these are what the question wants.
    fn bucket_parts(&self) -> Result<Vec<BucketPart>> {
        let Ask { site, grain, first, last, .. } = *self.ask;
        let days = |first: i32, last: i32| pairs::buckets(self.connection, site, Grain::Day, first, last);
        let day =
            |bucket: i32, shown: i32, parts| BucketPart { grain: Grain::Day, bucket, shown, parts, is_turned: false };
        let mut found = Vec::new();
        if self.found.is_some() {
            return Ok(found);
        }
        match (self.ask.source(), grain) {
            // Pairs are not kept by hour.
            (CellSource::Single(_) | CellSource::Visits | CellSource::Nowhere, _) | (_, Grain::Hour) => {}
            (CellSource::Pair(..), Grain::Day) => {
                found.extend(days(first, last)?.into_iter().map(|bucket| day(bucket, bucket, &PARTS)));
            }
            (CellSource::Pair(..), Grain::Month) => {
                for month in (first..=last).map(Month) {
                    let days = || days(month.first().0, month.last().0);
                    if thinning::is_alone(self.connection, site, month)? {
                        let parts = &[FINAL];
                        found.push(BucketPart { grain, bucket: month.0, shown: month.0, parts, is_turned: true });
                        // What came late is with its day.
                        found.extend(days()?.into_iter().map(|bucket| day(bucket, month.0, &PARTS)));
                        continue;
                    }
                    if let Some(is_turned) = months::is_added_and_turned(self.connection, site, month)? {
                        let parts = &[FINAL];
                        found.push(BucketPart { grain, bucket: month.0, shown: month.0, parts, is_turned });
                        // What is not for good is in no month.
                        let running = pairs::running(self.connection, site, month)?;
                        found.extend(running.into_iter().map(|bucket| day(bucket, month.0, ALL_PARTS)));
                        continue;
                    }
                    found.extend(days()?.into_iter().map(|bucket| day(bucket, month.0, &PARTS)));
                }
            }
        }
        Ok(found)
    }

    /// Adds the cells that one of those who have counted a bucket has, unless the caller adds them.
    fn pair(&mut self, key: PairsKey, shown: i32, is_turned: bool, blocks: &OpenedBlocks) -> Result<()> {
        let CellSource::Pair(pair, is_by_second) = self.ask.source() else { return Ok(()) };
        if self.left_out.contains(&(key.bucket, key.part)) {
            return Ok(());
        }
        let (table, is_by_second) = (pairs::number(pair), is_by_second != pairs::is_turned(pair));
        // A reader who wants one first value opens the chunks that hold it alone.
        match self.wanted.single() {
            Some(id) if !is_by_second => _ = self.pair_table(table, &(id..=id), false, shown, blocks)?,
            Some(id) if is_turned && self.pair_table(pairs::TURNED | table, &(id..=id), false, shown, blocks)? => {}
            Some(id) => {
                blocks.each_of_second(table, id, |(first, _), tally| self.sums.add(self.ask, shown, first, tally))?;
            }
            None => _ = self.pair_table(table, &(0..=u32::MAX), is_by_second, shown, blocks)?,
        }
        Ok(())
    }

    fn pair_table(
        &mut self,
        table: u32,
        first: &RangeInclusive<u32>,
        is_by_second: bool,
        shown: i32,
        blocks: &OpenedBlocks,
    ) -> Result<bool> {
        let sides = |(a, b): CellKey| if is_by_second { (b, a) } else { (a, b) };
        let single = self.wanted.single();
        let passes = |key: CellKey| match (sides(key).0, single) {
            (value, Some(id)) => value == id,
            (value, None) => value != REST && self.wanted.passes(value),
        };
        blocks.each(table, first, passes, |key, tally| self.sums.add(self.ask, shown, sides(key).1, tally))
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
