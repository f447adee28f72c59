//! A database as the first version wrote it answers the same today, before and after its days are packed.

use std::collections::BTreeMap;
use std::fmt::Write;

use headcount::cell::{Axis, Cell, Dimension};
use headcount::clock::Clock;
use headcount::counts::{Name, OpenDay};
use headcount::hit::{Hit, Watched};
use headcount::report::Records;
use headcount::site::{Budget, Day, LocalHour, Schedule, SiteId};
use rusqlite::{Connection, params};

use crate::drill::life::compare_singles;
use crate::drill::room::{Plan, Room};
use crate::oracle::{Figures, figures};

/// The first version's schema, its views aside.
const TABLES: &str = "
CREATE TABLE sites (id INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL UNIQUE, timezone TEXT NOT NULL,
  next_timezone TEXT, next_from_ms INTEGER, settings TEXT NOT NULL, added_ms INTEGER NOT NULL);
CREATE TABLE sign_in_links (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE logins (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tokens (id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,
  site INTEGER REFERENCES sites (id) ON DELETE CASCADE, scope TEXT NOT NULL, added_ms INTEGER NOT NULL);
CREATE TABLE flushes (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT INTO flushes VALUES (1, 77);
CREATE TABLE names (id INTEGER PRIMARY KEY, site INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (site, text));
CREATE TABLE props (id INTEGER PRIMARY KEY, site INTEGER NOT NULL, event INTEGER NOT NULL, key INTEGER NOT NULL,
  UNIQUE (site, event, key));
CREATE TABLE imports (site INTEGER NOT NULL, head BLOB NOT NULL, head_bytes INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (site, head)) WITHOUT ROWID;
CREATE TABLE rejections (site INTEGER NOT NULL, day INTEGER NOT NULL, reason INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (site, day, reason)) WITHOUT ROWID;
INSERT INTO rejections VALUES (1, 20605, 1, 3);
";

/// The columns of a tally in the first version.
const NUMBERS: [&str; 9] =
    ["visitors", "visits", "pageviews", "events", "bounces", "seconds", "engaged_visits", "engaged_ms", "scroll"];

fn schema() -> String {
    let mut sql = TABLES.to_owned();
    for table in ["hours", "days", "months"] {
        let numbers = NUMBERS.map(|column| format!("{column} INTEGER NOT NULL, ")).concat();
        let _ = writeln!(
            sql,
            "CREATE TABLE {table} (site INTEGER NOT NULL, dimension INTEGER NOT NULL, prop INTEGER NOT NULL,
               bucket INTEGER NOT NULL, value INTEGER NOT NULL, {numbers}
               PRIMARY KEY (site, dimension, prop, bucket, value)) WITHOUT ROWID;"
        );
    }
    let numbers = NUMBERS.map(|column| format!(", c.{column}")).concat();
    let view = |name: &str, code: u8, text: &str, join: &str| {
        format!(
            "CREATE VIEW {name} AS SELECT s.domain, date(c.bucket * 86400, 'unixepoch') AS day{text}{numbers}
               FROM days c JOIN sites s ON s.id = c.site {join} WHERE c.dimension = {code};\n"
        )
    };
    sql.push_str(&view("totals", 0, "", ""));
    for dimension in Dimension::ALL {
        let (name, code) = (dimension.name(), dimension.code());
        sql.push_str(&view(
            &format!("by_{name}"),
            code,
            &format!(", n.text AS {name}"),
            "JOIN names n ON n.id = c.value",
        ));
    }
    sql
}

/// Writes sums as the first version did.
struct First {
    file: Connection,
}

impl First {
    fn id(&self, sql: &str, insert: &str, key: impl rusqlite::Params + Clone) -> i64 {
        let found = self.file.query_row(sql, key.clone(), |row| row.get(0));
        found.unwrap_or_else(|_| {
            self.file.execute(insert, key).unwrap();
            self.file.last_insert_rowid()
        })
    }

    fn name(&self, site: SiteId, text: &str) -> i64 {
        let insert = "INSERT INTO names (site, text) VALUES (?, ?)";
        self.id("SELECT id FROM names WHERE site = ? AND text = ?", insert, params![site.0, text])
    }

    fn columns(&self, site: SiteId, cell: &Cell<Name>) -> (u8, i64, i64) {
        match &cell.axis {
            Axis::Total => (0, 0, 0),
            Axis::Of(dimension) => (dimension.code(), 0, self.name(site, &cell.value)),
            Axis::Prop { key, event } => {
                let event = event.as_ref().map_or(0, |event| self.name(site, event));
                let key = self.name(site, key);
                let insert = "INSERT INTO props (site, event, key) VALUES (?, ?, ?)";
                let sql = "SELECT id FROM props WHERE site = ? AND event = ? AND key = ?";
                let prop = self.id(sql, insert, params![site.0, event, key]);
                (100, prop, self.name(site, &cell.value))
            }
            other => panic!("the first version had no {other:?}"),
        }
    }

    fn add(&self, table: &str, site: SiteId, cell: &Cell<Name>, bucket: i32, tally: headcount::cell::Tally) {
        let sums = NUMBERS.map(|column| format!("{column} = {column} + excluded.{column}")).join(", ");
        let marks = vec!["?"; 14].join(", ");
        let sql = format!("INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO UPDATE SET {sums}");
        let (dimension, prop, value) = self.columns(site, cell);
        let [a, b, c, d, e, f, g, h, i, ..] = tally.columns();
        let row = params![site.0, dimension, prop, bucket, value, a, b, c, d, e, f, g, h, i];
        self.file.prepare_cached(&sql).unwrap().execute(row).unwrap();
    }

    /// Writes what days count.
    fn write(&self, hits: &[Hit]) {
        let mut days: BTreeMap<(SiteId, Day), OpenDay> = BTreeMap::new();
        for hit in hits {
            let key = (hit.site, hit.local.day);
            let day = days.entry(key).or_insert_with(|| OpenDay::new(key.0, key.1, Budget::default()));
            day.take(hit, || headcount::counts::Room::Visitor).unwrap();
        }
        for ((site, day), mut open) in days {
            let sums = open.drain();
            let is_of_first = |cell: &Cell<Name>| cell.axis != Axis::Of(Dimension::ChannelAndSource);
            for (cell, hour, tally) in sums.hours.into_iter().filter(|(cell, ..)| is_of_first(cell)) {
                self.add("hours", site, &cell, LocalHour { day, hour }.number(), tally);
            }
            for (cell, tally) in sums.days.into_iter().filter(|(cell, _)| is_of_first(cell)) {
                self.add("days", site, &cell, day.0, tally);
                self.add("months", site, &cell, day.month().0, tally);
            }
        }
    }
}

/// A hundred days of two visitors, the last of which is not over.
fn plan() -> Plan {
    let mut story = String::from("date 2026-03-01\nzone Europe/Berlin\nsite shop.test Asia/Kolkata\n");
    for day in 0..100 {
        let _ = write!(
            story,
            "+{day} 09:00 ana / from google.com in DE/DE-BY/Munich
             +{day} 09:10 ana event Signup on /a plan=pro
             +{day} 09:20 ana engages 12s 80% on /
             +{day} 21:50 bob /p{} with Firefox utm source=x speaks de
             +{day} 21:55 someone / at shop.test screen sm a=b
             ",
            day % 7
        );
    }
    Plan::told(&story)
}

/// What the first version knew of these hits.
fn known<'a>(schedules: &'a [Schedule], hits: &'a [Hit]) -> Figures<'a> {
    let mut known = figures(schedules, hits);
    let is_new = Axis::Of(Dimension::ChannelAndSource);
    known.hours.retain(|(.., cell), _| cell.axis != is_new);
    known.days.retain(|(.., cell), _| cell.axis != is_new);
    known.months.retain(|(.., cell), _| cell.axis != is_new);
    // Nor did hours say who came first in them.
    known.hours.values_mut().for_each(|tally| tally.first_visitors = 0);
    known
}

/// A folder with a database of the first version that holds these hits.
fn first_folder(hits: &[Hit]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = Connection::open(folder.path().join("headcount.db")).unwrap();
    file.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; BEGIN").unwrap();
    file.execute_batch(&schema()).unwrap();
    let settings = r#"{"address":"hash","hosts":[],"opt_out":true}"#;
    for (domain, zone) in [("example.com", "Europe/Berlin"), ("shop.test", "Asia/Kolkata")] {
        let sql = "INSERT INTO sites (domain, timezone, settings, added_ms) VALUES (?, ?, ?, 0)";
        file.execute(sql, [domain, zone, settings]).unwrap();
    }
    let first = First { file };
    first.write(hits);
    first.file.execute_batch("PRAGMA user_version = 1; COMMIT").unwrap();
    folder
}

/// Flushes until all days that are over are packed; after each flush that leaves fewer of them the figures are looked at.
fn pack_all(room: &mut Room, look: &dyn Fn(&Room)) {
    // Some days are packed with each flush.
    for most in [200, 150, 100] {
        room.flush();
        let left = room.number("SELECT count(*) FROM (SELECT DISTINCT site, bucket FROM days)");
        assert!(left <= most, "{left} days are left, {most} may be");
        look(room);
    }
    (0..8).for_each(|_| room.flush());
    let left = room.number("SELECT count(*) FROM (SELECT DISTINCT site, bucket FROM days)");
    assert!((1..=2).contains(&left), "the days that run are not packed: {left}");
    look(room);
}

#[test]
fn a_database_of_the_first_version_answers_the_same() {
    let plan = plan();
    let unwatched = || plan.hits().into_iter().map(|hit| Hit { watched: Watched::default(), ..hit });
    let hits: Vec<Hit> = unwatched().collect();
    let folder = first_folder(&hits);
    let last = hits.last().expect("a hit");
    let (now, days) = (last.at, [hits[0].local.day, last.local.day]);
    let schedules = plan.schedules();
    let expected = known(&schedules, &hits);
    // A month's first day, because months are compared whole.
    let recent = [days[1].month().first(), days[1]];
    let all = |room: &Room| {
        compare_singles(room.collector(), &expected, days, false).unwrap();
        // Hours of the last days.
        let late = |hit: &Hit| hit.local.day >= recent[0];
        let late: Vec<Hit> = unwatched().filter(late).collect();
        compare_singles(room.collector(), &known(&schedules, &late), recent, true).unwrap();
    };
    let mut room = Room::reopened(folder, Clock::manual(now), vec![SiteId(1), SiteId(2)]);
    assert!(room.number("PRAGMA user_version") > 1);
    assert!(room.number("SELECT count(DISTINCT bucket) FROM days") >= 100, "nothing is packed yet");
    let pageviews = hits.iter().filter(|hit| hit.kind == headcount::hit::Kind::Pageview).count() as i64;
    assert_eq!(room.number("SELECT sum(pageviews) FROM totals"), pageviews);
    assert_eq!(room.number("SELECT sum(pageviews) FROM by_page"), pageviews);
    all(&room);
    pack_all(&mut room, &all);
    assert_eq!(room.number("SELECT sum(pageviews) FROM by_page"), pageviews);
    room.restart();
    all(&room);
    room.close(days[1]);
    compare_singles(room.collector(), &expected, days, false).unwrap();
    assert_eq!(room.number("SELECT sum(pageviews) FROM totals"), pageviews);
    let rejected = room.collector().rejected(SiteId(1), Day(20_605), Day(20_605)).unwrap();
    assert_eq!(rejected.iter().map(|(_, count)| count).sum::<u64>(), 3);
}
