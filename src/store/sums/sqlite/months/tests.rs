//! Tests of months: they are the sums of their days, whatever happens while they are added up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::cell::packed::chunks;
use crate::cell::{Axis, Dimension, Filter, Tally, Test};
use crate::counts::pairs::Pair;
use crate::store::sums::sqlite::pairs::OpenedBlocks;
use crate::store::sums::sqlite::{DamagedDays, KeptAnswers, SqliteSnapshot, names::TextCache};
use crate::store::{Ask, SumSnapshot};

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
        pairs::add(
            &file.writer(),
            day_key(day),
            tables.into_iter().map(|(table, cells)| Ok((table, chunks(cells).collect()))),
        )
        .unwrap();
    }
}

/// The month, if it is added up.
fn month_of(file: &SqliteFile) -> Option<BTreeMap<(u32, CellKey), Tally>> {
    let reader = file.reader();
    let is_turned = is_added_and_turned(&reader, SITE, FIRST.month()).unwrap()?;
    let blocks = OpenedBlocks::of(&reader, month_key());
    let mut cells = BTreeMap::new();
    for table in TABLES {
        let take = |key, tally| assert!(cells.insert((table, key), tally).is_none(), "{key:?} twice");
        blocks.each(table, &(0..=u32::MAX), |_| true, take).unwrap();
        let (mut turned, mut before) = (BTreeMap::new(), None);
        let take = |key: CellKey, tally| {
            assert!(before.replace(key) < Some(key), "{key:?} out of order");
            turned.insert((table, (key.1, key.0)), tally);
        };
        if blocks.each(TURNED | table, &(0..=u32::MAX), |_| true, take).unwrap() && is_turned {
            assert!(cells.range((table, (0, 0))..(table + 1, (0, 0))).eq(&turned));
        }
    }
    Some(cells)
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
    // As large as tests have them.
    let mut work = MonthWork { bounds: TurnBounds { large: 20, at_once: 7_000 }, ..MonthWork::default() };
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
    let file = SqliteFile::open(&folder.path().join("headcount.db")).unwrap().0;
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
    (0..60_000).map(cell).collect()
}

#[test]
fn a_large_month_is_written_block_by_block_and_goes_on_where_it_was() {
    let (_folder, file) = file();
    let cells = large();
    add_days(&file, &cells);
    let steps = add_up(&file, usize::MAX);
    let blocks = "SELECT count(*) FROM pairs WHERE grain = 2";
    let blocks: i64 = file.reader().query_row(blocks, [], |row| row.get(0)).unwrap();
    assert!(blocks > 6 && steps as i64 > blocks, "{blocks} blocks in {steps} steps");
    assert!(month_of(&file).unwrap() == walked(&cells));
    outdate(&file.writer(), SITE, FIRST.month()).unwrap();
    assert!(add_up(&file, 12) < 3 * steps);
    assert!(month_of(&file).unwrap() == walked(&cells), "after restarts");
}

#[test]
fn questions_are_answered_alike_by_either_order_of_a_table() {
    let (_folder, file) = file();
    let (source, city, page) = (Dimension::Source, Dimension::City, Dimension::Page);
    for name in 1..=40 {
        let sql = "INSERT INTO names (id, site, text) VALUES (?, ?, ?)";
        file.writer().execute(sql, params![name, SITE.0, format!("name {name}")]).unwrap();
    }
    let tables = [Pair::of(source, page).0, Pair::of(city, page).0].map(pairs::number);
    let tally = |number| Tally { visits: i64::from(number), ..Tally::ZERO };
    let cells: packed::CellList = (0..400).map(|n| ((1 + n / 20, 21 + n % 20), tally(n))).collect();
    pairs::add(&file.writer(), day_key(0), tables.map(|table| Ok((table, chunks(cells.clone()).collect())))).unwrap();
    add_up(&file, usize::MAX);
    let answers = || {
        let (texts, kept) = (TextCache::default(), KeptAnswers::default());
        let damaged = DamagedDays::default();
        let snapshot = SqliteSnapshot::begin(file.snapshot(), &texts, &kept, &damaged).unwrap();
        let ask = |(split, by, value): (Dimension, Dimension, u32)| {
            let filter = Filter { axis: Axis::Of(by), test: Test::Is(vec![format!("name {value}")]) };
            let (axis, filter, grain, month) = (Axis::Of(split), Some(filter), Grain::Month, Day(FIRST.month().0));
            let ask = Ask { axis, filter, grain, by_bucket: true, ..Ask::totals_of_day(SITE, month) };
            let mut rows = snapshot.read(&[ask], &[]).unwrap().rows.remove(0);
            rows.sort_by(|a, b| a.value.cmp(&b.value));
            rows
        };
        // Tables of cities lie in the order of pages.
        [(page, source, 3), (source, page, 30), (page, city, 25), (city, page, 7)].map(ask)
    };
    let found = answers();
    assert!(found.iter().all(|rows| rows.len() == 20), "{found:?}");
    assert_eq!(file.writer().execute("UPDATE months_added SET turned = 0 WHERE turned = 1", []).unwrap(), 1);
    assert_eq!(answers(), found);
}

#[test]
fn a_month_waits_for_the_end_of_an_import() {
    let (_folder, file) = file();
    let cells = Cells::from([((0, TABLES[0], (1, 2)), Tally { visits: 1, ..Tally::ZERO })]);
    add_days(&file, &cells);
    let running = PairsKey { part: part_code(CountedBy::Import), ..day_key(1) };
    pairs::add(
        &file.writer(),
        running,
        [Ok((TABLES[0], chunks([((1, 2), Tally { visits: 1, ..Tally::ZERO })]).collect()))],
    )
    .unwrap();
    let mut work = due();
    assert!(!work.step(&file).unwrap() && month_of(&file).is_none());
    pairs::take(&file.writer(), running).unwrap();
    while work.step(&file).unwrap() {}
    assert!(month_of(&file).is_some());
}
