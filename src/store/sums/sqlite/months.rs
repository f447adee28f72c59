//! In: the packed days of months that are over. Out: these months, packed, so that reports over years need not read days. Forgets:
//! nothing.
//!
//! A month of a busy site has some fifty million cells. They are merged as streams, a few at a time, and written block by block, each in
//! a transaction of its own: whoever writes or reads meanwhile waits for none of it. How far it is stands in `months_begun`, so that
//! a program that was killed goes on there; the blocks count as soon as the month is in `months_added`. A day that changes takes its
//! month out of both ([`outdate`]), and the month is begun again.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::Result;
use super::compaction::tally;
use super::merge::{Merged, MonthMerge};
use super::packed::{self, FINAL, PackedKey, part_code};
use super::pairs::{self, PairsKey};
use super::write::AxisKey;
use crate::cell::packed::{CellKey, Effort, PackedBlock, pack};
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
    adding: Option<Addition>,
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
        for site in self.due.clone() {
            let before = self.present.get(&site).copied().unwrap_or(Month(i32::MIN));
            let found = next_month(&reader, site, before).inspect_err(|_| _ = self.due.remove(&site))?;
            match found {
                Next::Month(month) => return Addition::of(&reader, site, month).map(Some),
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

/// The first month of a site before `before` that has pairs by day and is not added up.
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
        if !is_added(connection, site, month)? {
            return Ok(Next::Month(month));
        }
        first = month.last().0 + 1;
    }
}

/// A month that is being added up.
struct Addition {
    month: PairsKey,
    stage: Stage,
}

enum Stage {
    /// What is left of it from before goes.
    Clearing,
    Pairs(Box<MonthMerge>),
    /// Cells of one dimension, those of an axis after the other; the one that was packed last.
    Singles(AxisKey),
}

impl Addition {
    fn of(connection: &Connection, site: SiteId, month: Month) -> Result<Addition> {
        let sql = "SELECT pair, first, second, blocks FROM months_begun WHERE site = ? AND month = ?";
        let progress = connection
            .prepare_cached(sql)?
            .query_row(params![site.0, month.0], |row| Ok(((row.get(0)?, (row.get(1)?, row.get(2)?)), row.get(3)?)));
        let month = PairsKey { site, grain: Grain::Month, bucket: month.0, part: FINAL };
        let stage = match progress.optional()? {
            Some((last, blocks)) => Stage::Pairs(Box::new(MonthMerge::after(month, last, blocks))),
            None => Stage::Clearing,
        };
        Ok(Addition { month, stage })
    }

    /// Does one step, and tells whether there are more. A month that was outdated meanwhile has none.
    fn step(&mut self, file: &SqliteFile) -> Result<bool> {
        match &mut self.stage {
            Stage::Clearing => self.clear(file),
            Stage::Pairs(merge) => match merge.step(&file.reader())? {
                Merged::Some => Ok(true),
                Merged::Block(block) => {
                    let number = merge.blocks;
                    merge.blocks += 1;
                    written(file, |transaction| add_block(transaction, self.month, number, &block))
                }
                Merged::All => {
                    self.stage = Stage::Singles((0, i64::MIN));
                    Ok(true)
                }
            },
            Stage::Singles(after) => {
                let Some((axis, cells)) = single(&file.reader(), self.month, *after)? else {
                    return written(file, |transaction| add(transaction, self.month)).map(|_| false);
                };
                *after = axis;
                written(file, |transaction| add_single(transaction, self.month, axis, &cells))
            }
        }
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

fn add(transaction: &Transaction, PairsKey { site, bucket, .. }: PairsKey) -> Result<bool> {
    let sql = "DELETE FROM months_begun WHERE site = ? AND month = ?";
    let is_current = transaction.prepare_cached(sql)?.execute(params![site.0, bucket])? > 0;
    if is_current {
        transaction.execute("INSERT INTO months_added VALUES (?, ?)", params![site.0, bucket])?;
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
        let packed = pack(good, Effort::Small);
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

pub(super) fn is_added(connection: &Connection, site: SiteId, month: Month) -> Result<bool> {
    let sql = "SELECT 1 FROM months_added WHERE site = ? AND month = ?";
    Ok(connection.prepare_cached(sql)?.exists(params![site.0, month.0])?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::cell::Tally;
    use crate::store::sums::sqlite::pairs::OpenedBlocks;

    const SITE: SiteId = SiteId(1);
    /// 2026-06-01.
    const FIRST: Day = Day(20_605);
    const TABLES: [u32; 3] = [300, 301, 700];

    /// Cells of some days, by day, table and key.
    type Cells = BTreeMap<(i32, u32, CellKey), Tally>;

    fn day_key(day: i32) -> PairsKey {
        PairsKey { site: SITE, grain: Grain::Day, bucket: FIRST.0 + day, part: FINAL }
    }

    fn month_key() -> PairsKey {
        PairsKey { site: SITE, grain: Grain::Month, bucket: FIRST.month().0, part: FINAL }
    }

    fn add_days(file: &SqliteFile, cells: &Cells) {
        let mut days: BTreeMap<i32, BTreeMap<u32, packed::CellList>> = BTreeMap::new();
        for ((day, table, key), tally) in cells {
            days.entry(*day).or_default().entry(*table).or_default().push((*key, *tally));
        }
        for (day, tables) in days {
            pairs::add(&file.writer(), day_key(day), tables.into_iter().map(Ok)).unwrap();
        }
    }

    /// The month, if it is added up.
    fn month_of(file: &SqliteFile) -> Option<BTreeMap<(u32, CellKey), Tally>> {
        let reader = file.reader();
        let mut cells = BTreeMap::new();
        for table in TABLES {
            let take = |key, tally| assert!(cells.insert((table, key), tally).is_none(), "{key:?} twice");
            OpenedBlocks::of(&reader).each(month_key(), table, &(0..=u32::MAX), |_| true, take).unwrap();
        }
        is_added(&reader, SITE, FIRST.month()).unwrap().then_some(cells)
    }

    /// What a walk over all cells has.
    fn walked(cells: &Cells) -> BTreeMap<(u32, CellKey), Tally> {
        let mut sums: BTreeMap<_, Tally> = BTreeMap::new();
        for ((_, table, key), tally) in cells {
            *sums.entry((*table, *key)).or_default() += *tally;
        }
        sums.retain(|_, tally| !tally.is_zero());
        sums
    }

    fn due() -> MonthWork {
        let mut work = MonthWork::default();
        work.note(&Flush { today: vec![(SITE, Day(FIRST.0 + 40))], ..Flush::default() });
        work
    }

    /// Steps until nothing is left; after so many the program is started again each time.
    fn add_up(file: &SqliteFile, restarts_after: usize) -> usize {
        let (mut work, mut steps) = (due(), 0);
        while work.step(file).unwrap() {
            steps += 1;
            assert!(steps < 10_000);
            if steps % restarts_after == 0 {
                work = due();
            }
        }
        steps
    }

    fn file() -> (tempfile::TempDir, SqliteFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteFile::open(&folder.path().join("headcount.db")).unwrap();
        (folder, file)
    }

    fn cells() -> impl Strategy<Value = Cells> {
        let key = prop_oneof![(0..4_u32, 0..6_u32), (any::<u32>(), prop_oneof![0..3_u32, Just(u32::MAX)])];
        let tally = (-1..4_i64, 0..90_i64).prop_map(|(visits, seconds)| Tally { visits, seconds, ..Tally::ZERO });
        let table = prop::sample::select(TABLES.to_vec());
        prop::collection::btree_map((0..30_i32, table, key), tally, 1..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_month_is_the_sum_of_its_days(cells in cells(), more in cells(), after in 1..9_usize) {
            let (_folder, file) = file();
            add_days(&file, &cells);
            let mut work = due();
            (0..after).for_each(|_| _ = work.step(&file).unwrap());
            let early = month_of(&file).unwrap_or_else(|| walked(&cells));
            prop_assert_eq!(early, walked(&cells));
            // Days that change while it is added up, or afterwards.
            let more: Cells = more.into_iter().filter(|(cell, _)| cell.0 == 0).collect();
            outdate(&file.writer(), SITE, FIRST.month()).unwrap();
            add_days(&file, &more);
            work.note_day(SITE, FIRST);
            while work.step(&file).unwrap() {}
            let mut all = cells;
            more.into_iter().for_each(|(cell, tally)| *all.entry(cell).or_default() += tally);
            prop_assert_eq!(month_of(&file), Some(walked(&all)));
        }
    }

    /// Three days whose tables have several blocks each.
    fn large() -> Cells {
        let cell = |number: u32| {
            let tally = Tally { visits: 1, engaged_ms: i64::from(number) << 20, revenue: 1 << 40, ..Tally::ZERO };
            (((number % 3) as i32, TABLES[(number % 2) as usize], (number / 90, number % 77)), tally)
        };
        (0..150_000).map(cell).collect()
    }

    #[test]
    fn a_large_month_is_written_block_by_block_and_goes_on_where_it_was() {
        let (_folder, file) = file();
        let cells = large();
        add_days(&file, &cells);
        let steps = add_up(&file, usize::MAX);
        let blocks = "SELECT count(*) FROM pairs WHERE grain = 2";
        let blocks: i64 = file.reader().query_row(blocks, [], |row| row.get(0)).unwrap();
        assert!(blocks > 4 && steps as i64 > blocks, "{blocks} blocks in {steps} steps");
        assert!(month_of(&file).unwrap() == walked(&cells));
        outdate(&file.writer(), SITE, FIRST.month()).unwrap();
        assert!(add_up(&file, 2) < 3 * steps);
        assert!(month_of(&file).unwrap() == walked(&cells), "after a restart in every second step");
    }

    #[test]
    fn a_month_waits_for_the_end_of_an_import() {
        let (_folder, file) = file();
        let cells = Cells::from([((0, TABLES[0], (1, 2)), Tally { visits: 1, ..Tally::ZERO })]);
        add_days(&file, &cells);
        let running = PairsKey { part: part_code(CountedBy::Import), ..day_key(1) };
        pairs::add(&file.writer(), running, [Ok((TABLES[0], vec![((1, 2), Tally { visits: 1, ..Tally::ZERO })]))])
            .unwrap();
        let mut work = due();
        assert!(!work.step(&file).unwrap() && month_of(&file).is_none());
        pairs::take(&file.writer(), running).unwrap();
        while work.step(&file).unwrap() {}
        assert!(month_of(&file).is_some());
    }
}
