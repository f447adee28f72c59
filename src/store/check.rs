//! In: the file of a database, whose server may run. Out: what is wrong with it, each in a line, and what of that can be made anew. Forgets:
//! nothing; each step reads one state of the file and changes nothing.
//!
//! Structure, then the state of the program, then sums against their parts, and last what packed cells hold. A file that can't be read is
//! an error and no finding: a disk that fails for a moment has damaged nothing.

mod cells;
mod repairing;
mod sums;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, InterruptHandle};

use super::copying;
use super::mending;
use super::sqlite::schema;
use super::{StoreError, unless_damaged};
use crate::limits;
use crate::site::{Day, Month, SiteId};

pub use repairing::repair;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFinding {
    /// In which table; nothing where it is not known.
    pub table: Option<String>,
    /// Of which site, by its domain.
    pub site: Option<String>,
    /// Of which day or month.
    pub when: Option<String>,
    /// What it is, in a few words.
    pub what: String,
    /// How it can be made anew, if that is no guess.
    pub repair: Option<Repair>,
}

/// What can be made anew from what is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// All indexes, from their tables.
    Indexes,
    /// A month that is packed, from its days.
    PackedMonth(SiteId, Month),
    /// The rows of a month, from its days.
    MonthRows(SiteId, Month),
    /// The totals of a month, from those of its days.
    MonthTotals(SiteId, Month),
}

/// What a check has found.
#[derive(Debug, Clone, Default)]
pub struct CheckReport {
    /// What is wrong, but for what is past [`limits::CHECK_FINDINGS_MAX`].
    pub findings: Vec<CheckFinding>,
    /// How many more there are.
    pub more: u64,
    /// The version of the schema.
    pub version: i64,
    /// How many blocks of packed cells were read.
    pub blocks: u64,
    /// Why figures were not looked at, if they were not.
    pub left_out: Option<String>,
}

/// A check at work.
struct Check<'a> {
    connection: &'a Connection,
    is_full: bool,
    domains: BTreeMap<i64, String>,
    report: CheckReport,
}

/// Breaks a check off, from another thread.
#[derive(Clone, Default)]
pub struct CheckStop(Arc<Mutex<Stopping>>);

#[derive(Default)]
struct Stopping {
    is_asked: bool,
    handle: Option<InterruptHandle>,
}

impl CheckStop {
    /// Breaks off the check that runs, and each one after it.
    pub fn now(&self) {
        let mut stopping = self.stopping();
        stopping.is_asked = true;
        stopping.handle.iter().for_each(InterruptHandle::interrupt);
    }

    /// Whether it was asked for.
    pub fn is_asked(&self) -> bool {
        self.stopping().is_asked
    }

    fn stopping(&self) -> MutexGuard<'_, Stopping> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks a file. `look` is told what is looked at. Structure is looked at wholly, and each packed cell is read, if it is `full`.
///
/// # Errors
/// [`StoreError`]; the file could not be read, which says nothing of what it holds.
pub fn check(path: &Path, full: bool, look: impl FnMut(&str)) -> Result<CheckReport, StoreError> {
    check_until(&CheckStop::default(), path, full, look)
}

/// The same until it is broken off.
///
/// # Errors
/// [`StoreError`]; `Interrupted` where it was.
pub fn check_until(
    stop: &CheckStop,
    path: &Path,
    full: bool,
    look: impl FnMut(&str),
) -> Result<CheckReport, StoreError> {
    let done = checked(stop, path, full, look);
    stop.stopping().handle = None;
    match done {
        _ if stop.is_asked() => Err(StoreError::Interrupted),
        // Not even its beginning could be read.
        Err(StoreError::Corrupt) => Ok(unreadable()),
        done => done,
    }
}

fn checked(stop: &CheckStop, path: &Path, full: bool, mut look: impl FnMut(&str)) -> Result<CheckReport, StoreError> {
    let connection = match copying::opened(path) {
        Ok(connection) => connection,
        Err(StoreError::Corrupt) => return Ok(unreadable()),
        Err(error) => return Err(error),
    };
    stop.stopping().handle = Some(connection.get_interrupt_handle());
    connection.pragma_update(None, "query_only", "ON")?;
    connection.execute_batch("BEGIN")?;
    let version: i64 = match connection.pragma_query_value(None, "user_version", |row| row.get(0)) {
        Ok(version) => version,
        Err(error) => return StoreError::from(error).into_finding().map(|()| unreadable()),
    };
    schema::refuse_newer(version)?;
    let report = CheckReport { version, ..CheckReport::default() };
    let mut check = Check { connection: &connection, is_full: full, domains: BTreeMap::new(), report };
    look("structure");
    check.step("", Check::structure)?;
    if version != schema::VERSION {
        check.report.left_out =
            Some(format!("figures of version {version} are looked at when it is brought up to date"));
        return Ok(check.report);
    }
    check.step("sites", Check::read_domains)?;
    for (what, table, step) in steps() {
        look(what);
        if stop.is_asked() {
            return Err(StoreError::Interrupted);
        }
        // Each step has a state of its own, so that the log of a busy server can be emptied between them.
        // Behind damage SQLite may have ended the transaction by itself.
        let again = if connection.is_autocommit() { "BEGIN" } else { "COMMIT; BEGIN" };
        connection.execute_batch(again).or_else(|error| StoreError::from(error).into_finding())?;
        check.step(table, step)?;
    }
    Ok(check.report)
}

/// How something is looked at.
type CheckStep<'a> = fn(&mut Check<'a>) -> Result<(), StoreError>;

/// What is looked at, of which table first, and how.
const fn steps<'a>() -> [(&'static str, &'static str, CheckStep<'a>); 7] {
    [
        ("references", "", Check::references),
        ("flushes", "flushes", Check::flushes),
        ("names", "names", Check::names),
        ("totals", "site_totals", Check::totals),
        ("running days", "days", Check::day_rows),
        ("cells", "packed", Check::packed),
        ("pairs", "pairs", Check::pairs),
    ]
}

fn unreadable() -> CheckReport {
    let what = "it is no database, or its first page is damaged".to_owned();
    let finding = CheckFinding { table: None, site: None, when: None, what, repair: None };
    CheckReport { findings: vec![finding], ..CheckReport::default() }
}

impl StoreError {
    /// Whether it tells of damage, rather than of a file that can't be read now.
    fn into_finding(self) -> Result<(), StoreError> {
        if self == StoreError::Corrupt { Ok(()) } else { Err(self) }
    }
}

const fn site_id(site: i64) -> SiteId {
    SiteId(site as u32)
}

/// A bucket of a table, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FindingTime {
    Never,
    Day(i32),
    Month(i32),
}

impl FindingTime {
    fn shown(self) -> Option<String> {
        Some(match self {
            FindingTime::Never => return None,
            FindingTime::Day(day) => Day(day).to_string(),
            FindingTime::Month(month) => Month(month).first().to_string()[..7].to_owned(),
        })
    }
}

impl<'a> Check<'a> {
    /// Does a step. What breaks off for damage is a finding.
    fn step(&mut self, table: &str, step: CheckStep<'a>) -> Result<(), StoreError> {
        let Err(error) = step(self) else { return Ok(()) };
        error.into_finding()?;
        self.found(table, None, FindingTime::Never, "it can't be read to its end: its structure is damaged", None);
        Ok(())
    }

    fn found(
        &mut self,
        table: &str,
        site: Option<i64>,
        when: FindingTime,
        what: impl Into<String>,
        repair: Option<Repair>,
    ) {
        if self.report.findings.len() >= limits::CHECK_FINDINGS_MAX {
            self.report.more += 1;
            return;
        }
        let domain = |site: i64| self.domains.get(&site).cloned().unwrap_or_else(|| format!("site {site}"));
        let (table, site) = ((!table.is_empty()).then(|| table.to_owned()), site.map(domain));
        self.report.findings.push(CheckFinding { table, site, when: when.shown(), what: what.into(), repair });
    }

    fn structure(&mut self) -> Result<(), StoreError> {
        let how = if self.is_full { "integrity_check" } else { "quick_check" };
        let said = self.said(&format!("PRAGMA {how}({})", limits::CHECK_FINDINGS_MAX));
        let is_broken_off = said == Err(StoreError::Corrupt);
        let said = unless_damaged(said)?;
        for line in said.iter().flat_map(|said| said.lines()).filter(|line| *line != "ok" && !line.starts_with("***")) {
            self.found("", None, FindingTime::Never, line, None);
        }
        if is_broken_off || !self.report.findings.is_empty() {
            return self.damaged_tables();
        }
        if self.is_full { Ok(()) } else { self.order() }
    }

    fn said(&self, pragma: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare(pragma)?;
        let said = statement.query_map([], |row| row.get(0))?;
        Ok(said.collect::<rusqlite::Result<_>>()?)
    }

    /// Names the tables in which the structure is damaged. Where only indexes are, they can be made anew.
    fn damaged_tables(&mut self) -> Result<(), StoreError> {
        let parts = mending::damaged_in(self.connection)?;
        for table in &parts.tables {
            self.found(table, None, FindingTime::Never, "not all of its rows can be read", None);
        }
        let repair = parts.tables.is_empty().then_some(Repair::Indexes);
        for table in &parts.indexes {
            self.found(table, None, FindingTime::Never, "an index can't be read", repair);
        }
        Ok(())
    }

    /// Whether the rows of tables that are in the order of their keys are: a page in the place of another one is sound by itself.
    fn order(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr = 1";
        let mut statement = self.connection.prepare(sql)?;
        for table in statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()? {
            let said = self.said(&format!("PRAGMA integrity_check(\"{table}\")"))?;
            // All else is said by then.
            for line in said.into_iter().filter(|line| line.starts_with("row not in PRIMARY KEY order")) {
                self.found(&table, None, FindingTime::Never, line, None);
            }
        }
        Ok(())
    }

    fn read_domains(&mut self) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare("SELECT id, domain FROM sites")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.domains.insert(row.get(0)?, row.get(1)?);
        }
        Ok(())
    }

    fn references(&mut self) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?)))?;
        for (table, parent) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
            self.found(&table, None, FindingTime::Never, format!("a row belongs to none of {parent}"), None);
        }
        for (table, when) in [
            ("names", "NULL"),
            ("axes", "NULL"),
            ("hours", "bucket / 24"),
            ("days", "bucket"),
            ("site_totals", "CASE grain WHEN 0 THEN bucket / 24 WHEN 1 THEN bucket END"),
            ("packed", "CASE grain WHEN 2 THEN NULL ELSE bucket END"),
            ("pairs", "CASE grain WHEN 2 THEN NULL ELSE bucket END"),
        ] {
            let sql = format!(
                "SELECT site, min({when}) FROM {table} WHERE site <> 0 AND site NOT IN (SELECT id FROM sites) GROUP BY 1"
            );
            self.each(&sql, table, FindingTime::Day, "it belongs to no site")?;
        }
        Ok(())
    }

    fn flushes(&mut self) -> Result<(), StoreError> {
        for table in ["flushes", "journal"] {
            let rows: i64 =
                self.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
            if rows != 1 {
                self.found(table, None, FindingTime::Never, format!("it has {rows} rows instead of one"), None);
            }
        }
        let last = "(SELECT max(number) FROM flushes)";
        let sql = format!("SELECT NULL, NULL FROM journal WHERE flush > {last}");
        self.each(&sql, "journal", FindingTime::Day, "the journal is ahead of the last flush")?;
        let sql = format!("SELECT site, day FROM days_closed WHERE number > {last}");
        self.each(&sql, "days_closed", FindingTime::Day, "it was closed by a flush that is not there")
    }

    /// A finding for each row of a question, which gives a site and a bucket.
    fn each(&mut self, sql: &str, table: &str, when: fn(i32) -> FindingTime, what: &str) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i32>>(1)?)))?;
        for (site, bucket) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
            self.found(table, site, bucket.map_or(FindingTime::Never, when), what, None);
        }
        Ok(())
    }
}
