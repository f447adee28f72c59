//! In: the packed days of months that are over. Out: these months, packed, so that reports over years need not read days. Forgets:
//! nothing.
//!
//! A month of a busy site has some fifty million cells. They are merged as streams, a few at a time, and written block by block, each in
//! a transaction of its own: whoever writes or reads meanwhile waits for none of it. How far it is stands in `months_begun`, so that
//! a program that was killed goes on there; the blocks count as soon as the month is in `months_added`. A day that changes takes its
//! month out of both ([`outdate`]), and the month is begun again.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::Result;
use super::compaction::tally;
use super::merge::MonthMerge;
use super::packed::{self, FINAL, PackedKey, part_code};
use super::pairs::{self, PairsKey, TURNED};
use super::table_writer::MonthStep;
use super::thinning;
use super::turn::{MonthTurn, TurnBounds};
use super::write::AxisKey;
use crate::cell::packed::{CellKey, PackedBlock, pack};
use crate::limits;
use crate::site::{Day, Month, SiteId};
use crate::store::sqlite::{SqliteFile, TALLY_COLUMNS as TALLY};
use crate::store::{CountedBy, Flush, Grain};

/// Which months are to be added up, and the one at work.
#[derive(Default)]
pub(super) struct MonthWork {
    /// The present month of each site, as far as it was told.
    present: BTreeMap<SiteId, Month>,
    /// Sites of which months before the present one may have to be added up.
    due: BTreeSet<SiteId>,
    /// A site of which something is being forgotten, so that nothing is added up.
    held: Option<SiteId>,
    adding: Option<Addition>,
    bounds: TurnBounds,
}

impl MonthWork {
    /// Notes what a flush that was applied means for months.
    pub(super) fn note(&mut self, flush: &Flush) {
        for (site, today) in &flush.today {
            self.present.insert(*site, today.month());
            self.due.insert(*site);
        }
        for state in flush.days.iter().filter(|state| state.is_over) {
            self.note_day(state.site, state.day);
        }
    }

    /// Notes that a day has changed which is over.
    pub(super) fn note_day(&mut self, site: SiteId, day: Day) {
        if self.present.get(&site).is_some_and(|present| day.month() < *present) {
            self.due.insert(site);
        }
    }

    /// Adds up nothing of a site until [`MonthWork::let_go`].
    pub(super) fn hold(&mut self, site: SiteId) {
        self.held = Some(site);
        self.adding.take_if(|addition| addition.month.site == site);
    }

    /// Goes on with a site that was held. Some of its months may have to be added up anew.
    pub(super) fn let_go(&mut self) {
        self.due.extend(self.held.take().filter(|site| self.present.contains_key(site)));
    }

    /// Forgets a site that is removed.
    pub(super) fn forget(&mut self, site: SiteId) {
        self.due.remove(&site);
        self.present.remove(&site);
        self.adding.take_if(|addition| addition.month.site == site);
    }

    /// Does one step, and tells whether there may be more. A site whose months can't be added up is not in the way of others; its next
    /// day brings it back.
    pub(super) fn step(&mut self, file: &SqliteFile) -> Result<bool> {
        let Some(mut addition) = self.next(file)? else { return Ok(false) };
        let goes_on = addition.step(file).inspect_err(|_| _ = self.due.remove(&addition.month.site))?;
        self.adding = goes_on.then_some(addition);
        Ok(true)
    }

    fn next(&mut self, file: &SqliteFile) -> Result<Option<Addition>> {
        if let Some(addition) = self.adding.take() {
            return Ok(Some(addition));
        }
        let reader = file.reader();
        for site in self.due.clone().into_iter().filter(|site| Some(*site) != self.held) {
            let before = self.present.get(&site).copied().unwrap_or(Month(i32::MIN));
            let found = next_month(&reader, site, before).inspect_err(|_| _ = self.due.remove(&site))?;
            match found {
                Next::Month(month) => return Addition::of(&reader, site, month, self.bounds).map(Some),
                Next::Later => {}
                Next::None => _ = self.due.remove(&site),
            }
        }
        Ok(None)
    }
}

enum Next {
    Month(Month),
    /// Its days change still.
    Later,
    None,
}

/// The first month of a site before `before` that has pairs by day and is not wholly done.
fn next_month(connection: &Connection, site: SiteId, before: Month) -> Result<Next> {
    // An import would have its months begun again with each of its days.
    let sql = "SELECT 1 FROM pairs WHERE site = ? AND part = ? AND part <> 0 LIMIT 1";
    if connection.prepare_cached(sql)?.exists(params![site.0, part_code(CountedBy::Import)])? {
        return Ok(Next::Later);
    }
    let sql =
        "SELECT bucket FROM pairs WHERE site = ? AND grain = 1 AND bucket >= ? AND bucket < ? ORDER BY bucket LIMIT 1";
    let mut first = i32::MIN;
    loop {
        let columns = params![site.0, first, before.first().0];
        let day: Option<i32> = connection.prepare_cached(sql)?.query_row(columns, |row| row.get(0)).optional()?;
        let Some(month) = day.map(|day| Day(day).month()) else { return Ok(Next::None) };
        let is_done = is_added_and_turned(connection, site, month)? == Some(true);
        if !is_done && !thinning::is_alone(connection, site, month)? {
            return Ok(Next::Month(month));
        }
        first = month.last().0 + 1;
    }
}

/// A month that is being added up.
struct Addition {
    month: PairsKey,
    bounds: TurnBounds,
    stage: Stage,
}

enum Stage {
    /// What is left of it from before goes.
    Clearing,
    Pairs(Box<MonthMerge>),
    /// Cells of one dimension, those of an axis after the other; the one that was packed last.
    Singles(AxisKey),
    /// The month counts, and its large tables are written in the order of their other value too.
    Turning(Box<MonthTurn>),
}

impl Addition {
    fn of(connection: &Connection, site: SiteId, month: Month, bounds: TurnBounds) -> Result<Addition> {
        let sql = "SELECT pair, first, second, blocks FROM months_begun WHERE site = ? AND month = ?";
        let progress = connection
            .prepare_cached(sql)?
            .query_row(params![site.0, month.0], |row| Ok(((row.get(0)?, (row.get(1)?, row.get(2)?)), row.get(3)?)));
        let is_added = is_added_and_turned(connection, site, month)?.is_some();
        let month = PairsKey { site, grain: Grain::Month, bucket: month.0, part: FINAL };
        let stage = match progress.optional()? {
            Some((last, blocks)) if is_added => Stage::Turning(Box::new(MonthTurn::after(month, bounds, last, blocks))),
            Some((last, blocks)) => Stage::Pairs(Box::new(MonthMerge::after(month, last, blocks))),
            None => Stage::Clearing,
        };
        Ok(Addition { month, bounds, stage })
    }

    /// Does one step, and tells whether there are more. A month that was outdated meanwhile has none.
    fn step(&mut self, file: &SqliteFile) -> Result<bool> {
        match &mut self.stage {
            Stage::Clearing => self.clear(file),
            Stage::Pairs(merge) => match merge.step(&file.reader())? {
                MonthStep::More => Ok(true),
                MonthStep::Block(block) => {
                    written(file, |transaction| add_block(transaction, self.month, merge.number(), &block))
                }
                MonthStep::All => {
                    self.stage = Stage::Singles((0, i64::MIN));
                    Ok(true)
                }
            },
            Stage::Singles(after) => {
                let Some((axis, cells)) = single(&file.reader(), self.month, *after)? else { return self.add(file) };
                *after = axis;
                written(file, |transaction| add_single(transaction, self.month, axis, &cells))
            }
            // It reads the month as often as it takes, and no look-up shall wait for that.
            Stage::Turning(turn) => match turn.step(&file.snapshot())? {
                MonthStep::More => Ok(true),
                MonthStep::Block(block) => {
                    written(file, |transaction| add_block(transaction, self.month, turn.number(), &block))
                }
                MonthStep::All => written(file, |transaction| end(transaction, self.month)).map(|_| false),
            },
        }
    }

    /// From now on the month counts.
    fn add(&mut self, file: &SqliteFile) -> Result<bool> {
        let PairsKey { site, bucket, .. } = self.month;
        let mut blocks = 0;
        let is_current = written(file, |transaction| {
            let sql = "SELECT blocks FROM months_begun WHERE site = ? AND month = ?";
            let found =
                transaction.prepare_cached(sql)?.query_row(params![site.0, bucket], |row| row.get(0)).optional()?;
            let Some(found) = found else { return Ok(false) };
            blocks = found;
            let sql = "UPDATE months_begun SET pair = ?, first = 0, second = 0 WHERE site = ? AND month = ?";
            transaction.prepare_cached(sql)?.execute(params![TURNED, site.0, bucket])?;
            transaction.execute("INSERT INTO months_added VALUES (?, ?, 0)", params![site.0, bucket])?;
            Ok(true)
        })?;
        self.stage = Stage::Turning(Box::new(MonthTurn::after(self.month, self.bounds, (TURNED, (0, 0)), blocks)));
        Ok(is_current)
    }

    /// Removes some of what an outdated month has left; what is removed is overwritten, so that much of it at once would fill the log.
    fn clear(&mut self, file: &SqliteFile) -> Result<bool> {
        let PairsKey { site, bucket, .. } = self.month;
        let sql =
            "DELETE FROM pairs WHERE id IN (SELECT id FROM pairs WHERE site = ? AND grain = 2 AND bucket = ? LIMIT ?)";
        let at_once = limits::CLEARED_BLOCKS;
        let mut cleared = 0;
        written(file, |transaction| {
            cleared = transaction.prepare_cached(sql)?.execute(params![site.0, bucket, at_once as i64])?;
            if cleared < at_once {
                outdate(transaction, site, Month(bucket))?;
                let sql = "DELETE FROM packed WHERE site = ? AND grain = 2 AND bucket = ?";
                transaction.prepare_cached(sql)?.execute(params![site.0, bucket])?;
                let sql = "INSERT INTO months_begun VALUES (?, ?, 0, 0, 0, 0)";
                transaction.prepare_cached(sql)?.execute(params![site.0, bucket])?;
            }
            Ok(true)
        })?;
        if cleared < at_once {
            self.stage = Stage::Pairs(Box::new(MonthMerge::after(self.month, (0, (0, 0)), 0)));
        }
        Ok(true)
    }
}

/// Writes in a transaction, unless `write` finds that the month is outdated.
fn written(file: &SqliteFile, write: impl FnOnce(&Transaction) -> Result<bool>) -> Result<bool> {
    let mut writer = file.writer();
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let is_written = write(&transaction)?;
    if is_written {
        transaction.commit()?;
        SqliteFile::checkpoint(&writer)?;
    }
    Ok(is_written)
}

fn add_block(transaction: &Transaction, month: PairsKey, number: i64, block: &PackedBlock) -> Result<bool> {
    let sql = "UPDATE months_begun SET pair = ?, first = ?, second = ?, blocks = blocks + 1
               WHERE site = ? AND month = ? AND blocks = ?";
    let (pair, (first, second)) = block.last;
    let columns = params![pair, first, second, month.site.0, month.bucket, number];
    let is_current = transaction.prepare_cached(sql)?.execute(columns)? > 0;
    if is_current {
        pairs::insert(transaction, month, number, block)?;
    }
    Ok(is_current)
}

fn add_single(transaction: &Transaction, month: PairsKey, (dimension, prop): AxisKey, cells: &[u8]) -> Result<bool> {
    let PairsKey { site, grain, bucket, .. } = month;
    let sql = "SELECT 1 FROM months_begun WHERE site = ? AND month = ?";
    let is_current = transaction.prepare_cached(sql)?.exists(params![site.0, bucket])?;
    if is_current {
        packed::put(transaction, PackedKey { site, grain, dimension, prop, bucket }, cells)?;
    }
    Ok(is_current)
}

/// Nothing is left to be done for a month.
fn end(transaction: &Transaction, PairsKey { site, bucket, .. }: PairsKey) -> Result<bool> {
    let sql = "DELETE FROM months_begun WHERE site = ? AND month = ?";
    let is_current = transaction.prepare_cached(sql)?.execute(params![site.0, bucket])? > 0;
    if is_current {
        let sql = "UPDATE months_added SET turned = 1 WHERE site = ? AND month = ?";
        transaction.prepare_cached(sql)?.execute(params![site.0, bucket])?;
    }
    Ok(is_current)
}

/// The first axis after another that has cells in a month, and these, packed. Its rows stay for those who read the file by SQL.
fn single(connection: &Connection, month: PairsKey, after: AxisKey) -> Result<Option<(AxisKey, Vec<u8>)>> {
    let (site, bucket) = (month.site.0, month.bucket);
    let next = "SELECT dimension, prop FROM months WHERE site = ? AND (dimension, prop) > (?, ?) LIMIT 1";
    let sql = format!(
        "SELECT value, {} FROM months WHERE site = ? AND dimension = ? AND prop = ? AND bucket = ? ORDER BY value",
        TALLY.join(", ")
    );
    let (mut next, mut rows) = (connection.prepare_cached(next)?, connection.prepare_cached(&sql)?);
    let mut axis = after;
    loop {
        let found = next.query_row(params![site, axis.0, axis.1], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some(found) = found.optional()? else { return Ok(None) };
        axis = found;
        let cells =
            rows.query_map(params![site, axis.0, axis.1, bucket], |row| Ok(((row.get(0)?, 0), tally(row, 1)?)))?;
        let mut failed = None;
        let good =
            cells.map_while(|cell: rusqlite::Result<(CellKey, _)>| cell.map_err(|error| failed = Some(error)).ok());
        let packed = pack(good);
        match failed {
            Some(error) => return Err(error.into()),
            None if !packed.is_empty() => return Ok(Some((axis, packed))),
            None => {}
        }
    }
}

/// Takes a month out of those that are added up, because a day of it changes.
pub(super) fn outdate(connection: &Connection, site: SiteId, month: Month) -> Result<()> {
    for table in ["months_added", "months_begun"] {
        let sql = format!("DELETE FROM {table} WHERE site = ? AND month = ?");
        connection.prepare_cached(&sql)?.execute(params![site.0, month.0])?;
    }
    Ok(())
}

/// The months from `first` to `last` that are not added up, as runs of neighbours.
pub(super) fn not_added(connection: &Connection, site: SiteId, first: i32, last: i32) -> Result<Vec<(i32, i32)>> {
    let sql = "SELECT month FROM months_added WHERE site = ? AND month BETWEEN ? AND ? ORDER BY month";
    let mut statement = connection.prepare_cached(sql)?;
    let added = statement.query_map(params![site.0, first, last], |row| row.get::<_, i32>(0))?;
    let (mut runs, mut begin) = (Vec::new(), first);
    for month in added {
        let month = month?;
        if begin < month {
            runs.push((begin, month - 1));
        }
        begin = month + 1;
    }
    if begin <= last {
        runs.push((begin, last));
    }
    Ok(runs)
}

/// Whether a month's large tables are there in the order of their other value too; nothing if the month is not added up.
pub(super) fn is_added_and_turned(connection: &Connection, site: SiteId, month: Month) -> Result<Option<bool>> {
    let sql = "SELECT turned FROM months_added WHERE site = ? AND month = ?";
    Ok(connection.prepare_cached(sql)?.query_row(params![site.0, month.0], |row| row.get(0)).optional()?)
}
