//! What a SQLite file holds of flushes.

mod contract;
pub mod file;
mod first;
mod retention;
mod twins;
pub mod versions;

use std::sync::Arc;

use headcount::cell::{Axis, Cell, Dimension, Tally};
use headcount::counts::{Name, OpenDay, Room, Sums};
use headcount::rejection::Rejection;
use headcount::site::{Budget, Day, Hour, LocalHour, SiteId};
use headcount::store::{self, Ask, Flush, Grain, Operators, Rejected, StoreError, Stores, SumStore};

use crate::scenario::Scenario;
use crate::scenario::depth1::hits;
use file::Database;

const SITE: SiteId = SiteId(1);

struct File {
    folder: tempfile::TempDir,
    store: Arc<dyn SumStore>,
    operators: Arc<Operators>,
}

impl File {
    fn new() -> File {
        let folder = tempfile::tempdir().unwrap();
        let Stores { sums, operators, .. } = store::open(&folder.path().join("headcount.db")).unwrap();
        File { folder, store: sums, operators }
    }

    fn ask(&self, sql: &str) -> Vec<String> {
        Database::of(self.folder.path()).texts(sql)
    }
}

fn sums(pages: &[&str]) -> Sums {
    let tally = Tally { pageviews: 1, visitors: 1, visits: 1, ..Tally::ZERO };
    let cell = |page: &&str| Cell { axis: Axis::Of(Dimension::Page), value: Name::from(*page) };
    Sums {
        hours: pages.iter().map(|page| (cell(page), Hour(9), tally)).collect(),
        days: pages.iter().map(|page| (cell(page), tally)).collect(),
    }
}

fn flush(number: u64, day: Day, pages: &[&str]) -> Flush {
    Flush { number, sums: vec![(SITE, day, sums(pages).into())], ..Flush::default() }
}

fn pages(store: &dyn SumStore, grain: Grain, first: i32, last: i32) -> i64 {
    let axis = Axis::Of(Dimension::Page);
    let ask = Ask { axis, grain, first, last, ..Ask::totals_of_day(SITE, Day(first)) };
    store.snapshot().unwrap().read(&[ask], &[]).unwrap().rows[0].iter().map(|row| row.tally.pageviews).sum()
}

#[test]
fn a_flush_is_added_once_however_often_it_is_tried() {
    let file = File::new();
    let day = Day(20_000);
    for _ in 0..3 {
        file.store.apply(&flush(1, day, &["/", "/a"])).unwrap();
    }
    file.store.apply(&flush(2, day, &["/"])).unwrap();
    file.store.apply(&flush(1, day, &["/"])).unwrap();
    assert_eq!(file.store.last_flush().unwrap(), 2);
    let hour = LocalHour { day, hour: Hour(9) }.number();
    let found = [(Grain::Hour, hour), (Grain::Day, day.0), (Grain::Month, day.month().0)];
    assert_eq!(found.map(|(grain, bucket)| pages(&*file.store, grain, bucket, bucket)), [3, 3, 3]);
}

#[test]
fn months_are_sums_of_their_days() {
    let file = File::new();
    let first = Day::of("2026-06-01".parse().unwrap());
    for (place, day) in (first.0..first.0 + 45).enumerate() {
        file.store.apply(&flush(place as u64 + 1, Day(day), &["/"])).unwrap();
    }
    let month = first.month().0;
    assert_eq!(
        [pages(&*file.store, Grain::Month, month, month), pages(&*file.store, Grain::Month, month + 1, month + 1)],
        [30, 15]
    );
}

#[test]
fn numbers_of_names_do_not_tell_in_which_order_they_came() {
    let file = File::new();
    file.store.apply(&flush(1, Day(1), &["/c", "/a", "/b"])).unwrap();
    file.store.apply(&flush(2, Day(1), &["/z", "/a", "/y"])).unwrap();
    let names: Vec<String> = file.ask("SELECT text FROM names ORDER BY id");
    assert_eq!(names, ["/a", "/b", "/c", "/y", "/z"]);
}

#[test]
fn views_spell_out_what_the_tables_hold() {
    let file = File::new();
    let domain = headcount::site::Domain::parse("example.com").unwrap();
    let schedule = headcount::site::Schedule::utc();
    file.operators.add_site(&domain, &schedule, &Default::default(), headcount::site::Moment(0)).unwrap();
    file.store.apply(&flush(1, Day::of("2026-06-01".parse().unwrap()), &["/a"])).unwrap();
    let rows: Vec<String> = file.ask("SELECT domain || ' ' || month || ' ' || page || ' ' || pageviews FROM by_page");
    assert_eq!(rows, ["example.com 2026-06 /a 1"]);
}

#[test]
fn rejections_add_up_by_reason() {
    let file = File::new();
    let bots = |count| Rejected { site: SITE, day: Day(5), reason: Rejection::Bot, count };
    for number in 1..=3 {
        file.store.apply(&Flush { number, rejected: vec![bots(number)], ..Flush::default() }).unwrap();
    }
    assert_eq!(file.store.snapshot().unwrap().rejected(SITE, Day(5), Day(5)).unwrap(), vec![(Rejection::Bot, 6)]);
    assert_eq!(file.store.snapshot().unwrap().rejected(SITE, Day(6), Day(9)).unwrap(), vec![]);
}

#[test]
fn what_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headcount.db");
    std::fs::write(&path, "this is a letter and no database at all, however long it goes on ".repeat(40)).unwrap();
    assert_eq!(store::open(&path).err(), Some(StoreError::Corrupt));
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is a letter"));
}

#[test]
fn a_reader_does_not_wait_for_a_writer() {
    let file = File::new();
    file.store.apply(&flush(1, Day(1), &["/"])).unwrap();
    let other = Database::of(file.folder.path());
    other.run("BEGIN IMMEDIATE; DELETE FROM days;");
    assert_eq!(pages(&*file.store, Grain::Day, 1, 1), 1);
    other.run("ROLLBACK");
}

/// Tokens are in memory only. Their bits are known here, so every file can be searched for them.
#[test]
fn no_token_reaches_the_file() {
    let story =
        Scenario::parse("09:00 ana / from google.com\n09:01 bob /a\n09:02 ana event Signup plan=pro\n09:03 cem /");
    let file = File::new();
    let hits = hits(&story);
    let mut day = OpenDay::new(hits[0].site, hits[0].local.day, Budget::default());
    let mut needles = Vec::new();
    for hit in &hits {
        day.take(hit, || Room::Visitor).unwrap();
        let bits = hit.token.unwrap().bits();
        needles.extend([bits.to_le_bytes().to_vec(), bits.to_be_bytes().to_vec(), bits.to_string().into_bytes()]);
        needles.extend([format!("{bits:x}").into_bytes(), format!("{}", bits as i64).into_bytes()]);
        needles.push(data_encoding::BASE64_NOPAD.encode(&bits.to_be_bytes()).into_bytes());
        needles.push(data_encoding::BASE64_NOPAD.encode(&bits.to_le_bytes()).into_bytes());
    }
    let sums = day.drain();
    assert!(sums.days.len() > 20, "there is something to store");
    file.store.apply(&Flush { number: 1, sums: vec![(day.site, day.day, sums.into())], ..Flush::default() }).unwrap();
    for entry in std::fs::read_dir(file.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for needle in &needles {
            assert!(memchr::memmem::find(&bytes, needle).is_none(), "a token is in the file");
        }
    }
}

#[test]
fn a_removed_site_leaves_no_row_in_any_table_of_sums() {
    let file = File::new();
    // What operators declare goes with the site by a reference to it.
    let tables = file.ask(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'site'
         WHERE m.type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(m.name))",
    );
    assert!(tables.len() > 10, "{tables:?}");
    let database = Database::of(file.folder.path());
    for table in &tables {
        let columns = file.ask(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let values: Vec<&str> = columns.iter().map(|column| if column == "site" { "1" } else { "77" }).collect();
        database.run(&format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", ")));
    }
    assert!(file.store.remove_site(SITE).unwrap().is_none());
    for table in &tables {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table} WHERE site = 1")), 0, "{table}");
    }
}
