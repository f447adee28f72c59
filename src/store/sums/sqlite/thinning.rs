//! In: the first month whose days keep cells of two dimensions. Out: room in the file. Forgets: those cells of the days before; their
//! months keep the sums.
//!
//! A month is thinned out when it is added up in both orders, some blocks at a time. From then on it is never added up again: what comes
//! late for one of its days stays with that day and is read beside the month.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::Result;
use super::months;
use super::packed::part_code;
use crate::limits;
use crate::site::{Day, Month, SiteId};
use crate::store::sqlite::SqliteFile;
use crate::store::{CountedBy, Flush};

/// What is to be thinned out.
#[derive(Default)]
pub(super) struct Thinning {
    /// The first month of each site whose days stay as they are, where there may be others.
    first_kept: BTreeMap<SiteId, Month>,
}

impl Thinning {
    /// Notes what a flush that was applied says. What was said of a site on a day before holds no more.
    pub(super) fn note(&mut self, flush: &Flush) {
        flush.today.iter().for_each(|(site, _)| _ = self.first_kept.remove(site));
        self.first_kept.extend(flush.day_pairs_from.iter().copied());
    }

    /// Forgets a site that is removed.
    pub(super) fn forget(&mut self, site: SiteId) {
        self.first_kept.remove(&site);
    }

    /// Whether nothing is left to be done.
    pub(super) fn is_done(&self) -> bool {
        self.first_kept.is_empty()
    }

    /// Does one step, and tells whether there may be more. A site that can't be thinned out is not in the way of others; its next
    /// day brings it back.
    pub(super) fn step(&mut self, file: &SqliteFile) -> Result<bool> {
        let Some((site, kept)) = self.first_kept.pop_first() else { return Ok(false) };
        let Some(month) = next_month(&file.reader(), site, kept)? else { return Ok(true) };
        thin(file, site, month)?;
        self.first_kept.entry(site).or_insert(kept);
        Ok(true)
    }
}

/// The first month before `kept` whose days can go.
fn next_month(connection: &Connection, site: SiteId, kept: Month) -> Result<Option<Month>> {
    // What an import counts may be of any day.
    let sql = "SELECT 1 FROM pairs WHERE site = ? AND part = ? LIMIT 1";
    if connection.prepare_cached(sql)?.exists(params![site.0, part_code(CountedBy::Import)])? {
        return Ok(None);
    }
    let sql =
        "SELECT bucket FROM pairs WHERE site = ? AND grain = 1 AND bucket >= ? AND bucket < ? ORDER BY bucket LIMIT 1";
    let mut first = i32::MIN;
    loop {
        let columns = params![site.0, first, kept.first().0];
        let day: Option<i32> = connection.prepare_cached(sql)?.query_row(columns, |row| row.get(0)).optional()?;
        let Some(month) = day.map(|day| Day(day).month()) else { return Ok(None) };
        if is_whole(connection, site, month)? {
            return Ok(Some(month));
        }
        first = month.last().0 + 1;
    }
}

/// Whether a month has all that its days have, in both orders, and may still be added up.
fn is_whole(connection: &Connection, site: SiteId, month: Month) -> Result<bool> {
    let is_added = months::is_added_and_turned(connection, site, month)? == Some(true);
    Ok(is_added && !is_alone(connection, site, month)?)
}

/// Removes some of the cells of a month's days.
fn thin(file: &SqliteFile, site: SiteId, month: Month) -> Result<()> {
    let mut writer = file.writer();
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if is_whole(&transaction, site, month)? {
        let sql = "INSERT OR IGNORE INTO months_alone VALUES (?, ?, 0)";
        transaction.prepare_cached(sql)?.execute(params![site.0, month.0])?;
        remove(&transaction, site, month, Some(limits::CLEARED_BLOCKS))?;
        transaction.commit()?;
        SqliteFile::checkpoint(&writer)?;
    }
    Ok(())
}

/// Removes at most so many blocks of a month's days, or all.
fn remove(connection: &Connection, site: SiteId, month: Month, most: Option<usize>) -> Result<()> {
    let sql = "DELETE FROM pairs WHERE id IN (
                 SELECT id FROM pairs WHERE site = ? AND grain = 1 AND bucket BETWEEN ? AND ? AND part = 0 LIMIT ?)";
    let columns = params![site.0, month.first().0, month.last().0, most.map_or(-1, |most| most as i64)];
    let removed = connection.prepare_cached(sql)?.execute(columns)?;
    if most.is_none_or(|most| removed < most) {
        let sql = "UPDATE months_alone SET done = 1 WHERE site = ? AND month = ?";
        connection.prepare_cached(sql)?.execute(params![site.0, month.0])?;
    }
    Ok(())
}

/// Ends what was begun for a month, because one of its days gets something new, which shall stay.
pub(super) fn finish(connection: &Connection, site: SiteId, month: Month) -> Result<()> {
    let sql = "SELECT 1 FROM months_alone WHERE site = ? AND month = ? AND done = 0";
    if connection.prepare_cached(sql)?.exists(params![site.0, month.0])? {
        remove(connection, site, month, None)?;
    }
    Ok(())
}

/// Whether the cells of a month's days are gone, but for what came late.
pub(super) fn is_alone(connection: &Connection, site: SiteId, month: Month) -> Result<bool> {
    let sql = "SELECT 1 FROM months_alone WHERE site = ? AND month = ? AND done = 1";
    Ok(connection.prepare_cached(sql)?.exists(params![site.0, month.0])?)
}

/// The months from one to another of whose days cells are gone.
pub(super) fn months_alone(connection: &Connection, site: SiteId, first: Month, last: Month) -> Result<Vec<Month>> {
    let sql = "SELECT month FROM months_alone WHERE site = ? AND month BETWEEN ? AND ? ORDER BY month";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![site.0, first.0, last.0], |row| row.get(0).map(Month))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::packed::chunks;
    use crate::cell::{Axis, Dimension, Filter, Tally, Test};
    use crate::counts::pairs::Pair;
    use crate::store::sums::sqlite::kept_answers::KeptAnswers;
    use crate::store::sums::sqlite::months::MonthWork;
    use crate::store::sums::sqlite::names::TextCache;
    use crate::store::sums::sqlite::packed::FINAL;
    use crate::store::sums::sqlite::pairs::{self, PairsKey};
    use crate::store::sums::sqlite::{DamagedDays, SqliteSnapshot};
    use crate::store::{Ask, Grain, SumSnapshot};

    const SITE: SiteId = SiteId(1);
    /// 2026-06-01.
    const FIRST: Day = Day(20_605);
    const JULY: Day = Day(20_635);
    const AUGUST: Day = Day(20_666);

    fn add_visits(file: &SqliteFile, day: Day, visits: i64) {
        let key = PairsKey { site: SITE, grain: Grain::Day, bucket: day.0, part: FINAL };
        let table = pairs::number(Pair { first: Dimension::Source, second: Dimension::Page });
        let cells = (0..5_000).map(|page| ((7, 100 + page), Tally { visits, seconds: i64::from(page), ..Tally::ZERO }));
        finish(&file.writer(), SITE, day.month()).unwrap();
        pairs::add(&file.writer(), key, [Ok((table, chunks(cells).collect()))]).unwrap();
        months::outdate(&file.writer(), SITE, day.month()).unwrap();
    }

    /// Visits of one page from a source, over some buckets.
    fn visits(file: &SqliteFile, grain: Grain, first: i32, last: i32) -> i64 {
        let filter = Some(Filter { axis: Axis::Of(Dimension::Source), test: Test::Is(vec!["x".into()]) });
        let axis = Axis::Of(Dimension::Page);
        let ask = Ask { axis, filter, grain, first, last, ..Ask::totals_of_day(SITE, Day(0)) };
        let (texts, answers) = (TextCache::default(), KeptAnswers::default());
        let damaged = DamagedDays::default();
        let snapshot = SqliteSnapshot::begin(file.snapshot(), &texts, &answers, &damaged).unwrap();
        let rows = snapshot.read(&[ask], &[]).unwrap().rows.remove(0);
        rows.iter().find(|row| &*row.value == "/105").map_or(0, |row| row.tally.visits)
    }

    fn all_visits(file: &SqliteFile) -> [i64; 3] {
        [FIRST, JULY, AUGUST].map(|day| visits(file, Grain::Month, day.month().0, day.month().0))
    }

    fn number(file: &SqliteFile, sql: &str) -> i64 {
        file.reader().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Adds up months, and thins out those before August; after so many steps of that it breaks off.
    fn work(file: &SqliteFile, most: usize) -> usize {
        let (mut months, mut thinning) = (MonthWork::default(), Thinning::default());
        let (today, day_pairs_from) = (vec![(SITE, AUGUST)], vec![(SITE, AUGUST.month())]);
        let flush = Flush { today, day_pairs_from, ..Flush::default() };
        months.note(&flush);
        thinning.note(&flush);
        while months.step(file).unwrap() {}
        (0..most).take_while(|_| thinning.step(file).unwrap()).count()
    }

    fn file_of_three_months() -> (tempfile::TempDir, SqliteFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteFile::open(&folder.path().join("headcount.db")).unwrap().0;
        let name = "INSERT INTO names (id, site, text) VALUES (7, 1, 'x'), (205, 1, '/105')";
        file.writer().execute(name, []).unwrap();
        for day in (FIRST.0..FIRST.0 + 30).map(Day).chain([JULY, AUGUST]) {
            add_visits(&file, day, 1);
        }
        (folder, file)
    }

    #[test]
    fn days_go_and_their_months_stay() {
        let (_folder, file) = file_of_three_months();
        assert_eq!(all_visits(&file), [30, 1, 1]);
        let (pages, free) = ("PRAGMA page_count", "PRAGMA freelist_count");
        assert_eq!(work(&file, 1), 1);
        assert_eq!(all_visits(&file), [30, 1, 1], "half way");
        work(&file, 1_000);
        assert_eq!(all_visits(&file), [30, 1, 1]);
        assert_eq!(number(&file, "SELECT count(*) FROM pairs WHERE grain = 1"), 1, "August's");
        assert_eq!(visits(&file, Grain::Day, FIRST.0, JULY.0), 0);
        let alone = months_alone(&file.reader(), SITE, FIRST.month(), AUGUST.month()).unwrap();
        assert_eq!(alone, [FIRST.month(), JULY.month()]);
        // What is free takes what comes next.
        let (before, room) = (number(&file, pages), number(&file, free));
        assert!(room > 0);
        add_visits(&file, Day(AUGUST.0 + 1), 1);
        assert!(number(&file, pages) == before && number(&file, free) < room);
    }

    #[test]
    fn what_comes_late_is_counted_beside_a_month_that_stands_alone() {
        let (_folder, file) = file_of_three_months();
        work(&file, 1);
        add_visits(&file, FIRST, 5);
        assert_eq!(all_visits(&file), [35, 1, 1], "half way");
        work(&file, 1_000);
        add_visits(&file, JULY, 4);
        work(&file, 1_000);
        assert_eq!(all_visits(&file), [35, 5, 1]);
        assert_eq!(visits(&file, Grain::Day, FIRST.0, FIRST.0), 5);
    }

    #[test]
    fn what_was_said_on_a_day_holds_until_the_next() {
        let (_folder, file) = file_of_three_months();
        let mut thinning = Thinning::default();
        let said = |months: &[Month]| Flush {
            today: vec![(SITE, AUGUST)],
            day_pairs_from: months.iter().map(|month| (SITE, *month)).collect(),
            ..Flush::default()
        };
        thinning.note(&said(&[AUGUST.month()]));
        assert!(!thinning.is_done());
        // The owner keeps days for ever now.
        thinning.note(&said(&[]));
        assert!(thinning.is_done() && !thinning.step(&file).unwrap());
        assert_eq!(visits(&file, Grain::Day, FIRST.0, JULY.0), 31);
    }
}
