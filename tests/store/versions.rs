//! A database of each version of the schema becomes one of today, with the figures that it had. `versions/` has one dump for each
//! version before the present one; what is in it never changes.

use std::collections::BTreeMap;
use std::path::Path;

use headcount::cell::{Axis, Dimension, Filter, Test};
use headcount::counts::Name;
use headcount::secret::Digest;
use headcount::site::{Day, Moment, Sections, SiteId};
use headcount::store::{self, Ask, DatabaseId, Grain, StoreError, Stores};
use tempfile::TempDir;

use super::file::Database;

/// The dumps, the first version first.
pub const VERSIONS: [&str; 13] = [
    include_str!("versions/1.sql"),
    include_str!("versions/2.sql"),
    include_str!("versions/3.sql"),
    include_str!("versions/4.sql"),
    include_str!("versions/5.sql"),
    include_str!("versions/6.sql"),
    include_str!("versions/7.sql"),
    include_str!("versions/8.sql"),
    include_str!("versions/9.sql"),
    include_str!("versions/10.sql"),
    include_str!("versions/11.sql"),
    include_str!("versions/12.sql"),
    include_str!("versions/13.sql"),
];

/// 2026-06-01, the first of the three days in the dumps.
const FIRST: Day = Day(20_605);

pub fn folder_of(dump: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    // Tables come by name, not in the order in which they refer to each other.
    Database::of(folder.path()).run(&format!("PRAGMA foreign_keys = OFF;\n{dump}"));
    folder
}

pub fn open(folder: &Path) -> Result<Stores, StoreError> {
    store::open(&folder.join("headcount.db"))
}

/// The schema in words, without the white space.
fn schema(folder: &Path) -> Vec<String> {
    let sql = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name";
    let lines = Database::of(folder).texts(sql);
    let words = lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|line| !line.contains("sqlite_sequence")).collect()
}

/// Pageviews by value, over all three days.
fn pageviews(stores: &Stores, grain: Grain, axis: Axis<Name>, filter: Option<Filter<Name>>) -> BTreeMap<String, i64> {
    let (first, last) = match grain {
        Grain::Month => (FIRST.month().0, FIRST.month().0),
        Grain::Day => (FIRST.0, FIRST.0 + 2),
        Grain::Hour => (FIRST.0 * 24, (FIRST.0 + 3) * 24 - 1),
    };
    let ask = Ask { axis, filter, grain, first, last, ..Ask::totals_of_day(SiteId(1), Day(first)) };
    let rows = stores.sums.snapshot().unwrap().read(&[ask], &[]).unwrap().rows.remove(0);
    let shown = rows.into_iter().filter(|row| row.tally.pageviews > 0);
    shown.map(|row| (row.value.to_string(), row.tally.pageviews)).collect()
}

fn figures(found: &[(&str, i64)]) -> BTreeMap<String, i64> {
    found.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
}

/// What the dumps hold: the first version as it counts three days alike, the others of two days that were imported and one
/// that runs.
pub fn has_its_figures(stores: &Stores, version: usize) {
    let (total, pages) = match version {
        1 => (9, figures(&[("/", 9), ("/a", 3)])),
        _ => (7, figures(&[("/", 5), ("/a", 2), ("/b", 1)])),
    };
    for grain in [Grain::Hour, Grain::Day, Grain::Month] {
        assert_eq!(pageviews(stores, grain, Axis::Total, None), figures(&[("", total)]), "{version} {grain:?}");
        let found = pageviews(stores, grain, Axis::Of(Dimension::Page), None);
        // Of days that were imported late, hours have totals alone.
        let is_late = grain == Grain::Hour && version > 1;
        let expected = if is_late { figures(&[("/", 3), ("/a", 1)]) } else { pages.clone() };
        assert_eq!(found, expected, "{version} {grain:?}");
    }
    let filter = Filter { axis: Axis::Of(Dimension::Page), test: Test::Is(vec!["/".into()]) };
    let browsers = pageviews(stores, Grain::Day, Axis::Of(Dimension::Browser), Some(filter));
    let expected = if version == 1 { figures(&[]) } else { figures(&[("Chrome", 1), ("Firefox", 1)]) };
    assert_eq!(browsers, expected, "pairs are kept since version 2");
    let keys = stores.sums.snapshot().unwrap().prop_keys(SiteId(1), Some("Signup"), FIRST, Day(FIRST.0 + 2)).unwrap();
    assert_eq!(keys, [Name::from("plan")]);
    assert_eq!(stores.sums.last_flush().unwrap(), 77);
    let journal = stores.sums.journal_state().unwrap();
    assert!(journal.drained.is_none() && journal.database != DatabaseId::default());
    let shares = stores.operators.shares(SiteId(1)).unwrap();
    assert_eq!(shares.len(), usize::from(version >= 6));
    assert_eq!(stores.sums.snapshot().unwrap().rejected(SiteId(1), FIRST, FIRST).unwrap().len(), 1);
    assert_eq!(stores.sums.imports(SiteId(1)).unwrap().len(), 1);
    assert_eq!(
        stores.sums.snapshot().unwrap().bots(SiteId(1), FIRST, Day(FIRST.0 + 2)).unwrap().len(),
        usize::from(version >= 3)
    );
    assert_eq!(stores.sums.has_batch(Digest([5; 32])).unwrap(), version >= 4);
    let unvisited = stores.sums.snapshot().unwrap().unvisited(SiteId(1), FIRST, Day(FIRST.0 + 2)).unwrap();
    assert_eq!(unvisited, if version >= 8 { 4 } else { 0 });
    assert_eq!(
        stores.sums.snapshot().unwrap().mails(SiteId(1), FIRST, FIRST).unwrap().len(),
        usize::from(version >= 4)
    );
}

#[test]
fn a_database_of_any_version_becomes_one_of_today_with_its_figures() {
    let fresh = tempfile::tempdir().unwrap();
    drop(open(fresh.path()).unwrap());
    let today = Database::of(fresh.path()).number("PRAGMA user_version");
    assert_eq!(today, VERSIONS.len() as i64 + 1, "a new version needs a dump of the one before it");
    for (version, dump) in (1..).zip(VERSIONS) {
        let folder = folder_of(dump);
        assert_eq!(Database::of(folder.path()).number("PRAGMA user_version"), version);
        let stores = open(folder.path()).unwrap();
        assert_eq!(Database::of(folder.path()).number("PRAGMA user_version"), today);
        assert_eq!(schema(folder.path()), schema(fresh.path()), "from version {version}");
        has_its_figures(&stores, version as usize);
        let operators = &stores.operators;
        let sites = operators.sites().unwrap();
        assert_eq!(sites.len(), 1);
        // What is there already was counted without sections.
        assert_eq!(sites[0].settings.sections, Sections { depth: 1, since: Some(Day(FIRST.0 + 3)) });
        assert!(operators.access(Digest([3; 32])).unwrap().is_some());
        let now = Moment(1_800_000_000_000);
        let owner = operators.user("owner").unwrap().unwrap();
        assert_eq!(operators.signed_in(Digest([2; 32]), now).unwrap(), Some(owner.clone()));
        assert_eq!(operators.use_link(Digest([1; 32]), now).unwrap(), Some(owner.id));
        drop(stores);
        has_its_figures(&open(folder.path()).unwrap(), version as usize);
    }
}

#[test]
fn a_newer_database_is_refused_by_name_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    Database::of(folder.path()).run("PRAGMA user_version = 99");
    let before = schema(folder.path());
    let refused = open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("a newer version of headcount wrote this database"), "{refused}");
    assert!(refused.contains("install that version or restore a backup"), "{refused}");
    assert_eq!(Database::of(folder.path()).number("PRAGMA user_version"), 99);
    assert_eq!(schema(folder.path()), before);
}

#[test]
fn a_migration_that_fails_half_way_leaves_the_database_as_it_was() {
    let rows = |folder: &Path| {
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let file = Database::of(folder);
        let count = |table: &String| file.number(&format!("SELECT count(*) FROM {table}"));
        file.texts(tables).iter().map(|table| (table.clone(), count(table))).collect::<Vec<_>>()
    };
    for (version, dump) in (1..).zip(VERSIONS) {
        let folder = folder_of(dump);
        // The last step meets it at the latest.
        let given = "CREATE TRIGGER refused BEFORE UPDATE ON sites BEGIN SELECT raise(ABORT, 'refused'); END";
        Database::of(folder.path()).run(given);
        let before = (schema(folder.path()), rows(folder.path()));
        assert!(open(folder.path()).is_err(), "from version {version}");
        assert_eq!(Database::of(folder.path()).number("PRAGMA user_version"), version);
        assert_eq!((schema(folder.path()), rows(folder.path())), before, "from version {version}");
        Database::of(folder.path()).run("DROP TRIGGER refused");
        has_its_figures(&open(folder.path()).unwrap(), version as usize);
    }
}
