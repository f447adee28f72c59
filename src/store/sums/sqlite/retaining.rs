//! In: the first day of each kind that a site keeps. Out: room in the file. Forgets: what is older, and the names that nothing has any
//! more.
//!
//! It goes some rows at a time, the oldest first, between flushes; a program that was killed goes on with its next day. Pairs by day
//! are thinned out ([`thinning`](super::thinning)), so that their months are added up before; where their months go too, they go here.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, TransactionBehavior, params};

use super::Result;
use super::leftovers::{self, Leftovers};
use crate::limits;
use crate::site::{Day, RetainedKind, SiteId};
use crate::store::Flush;
use crate::store::sqlite::SqliteFile;

/// What is to go.
#[derive(Default)]
pub(super) struct Retaining {
    first_kept: BTreeMap<SiteId, Vec<(RetainedKind, Day)>>,
    /// What is to be cleared up behind it.
    pub(super) leftovers: Leftovers,
}

impl Retaining {
    /// What is left to be cleared up in a file.
    pub(super) fn of(connection: &Connection) -> Result<Retaining> {
        Ok(Retaining { first_kept: BTreeMap::new(), leftovers: Leftovers::of(connection)? })
    }

    /// Notes what a flush that was applied says, and sites that it marked in the file. What was said of a site on a day before holds no more.
    pub(super) fn note(&mut self, flush: &Flush, marked: BTreeSet<SiteId>) {
        self.leftovers.note_flush();
        marked.into_iter().filter(|site| *site != SiteId::INSTANCE).for_each(|site| self.leftovers.add_site(site));
        flush.today.iter().for_each(|(site, _)| _ = self.first_kept.remove(site));
        // Cells by hour went with the flush.
        for (site, kind, day) in flush.kept_from.iter().filter(|(_, kind, _)| *kind != RetainedKind::Hours) {
            self.first_kept.entry(*site).or_default().push((*kind, *day));
        }
    }

    /// Forgets a site that is removed.
    pub(super) fn forget(&mut self, site: SiteId) {
        self.first_kept.remove(&site);
        self.leftovers.forget(site);
    }

    /// Whether nothing is left to be removed.
    pub(super) fn is_done(&self) -> bool {
        self.first_kept.is_empty()
    }

    /// Removes the oldest of a kind, and tells whether there may be more. A site whose sums can't be removed is not in the way of
    /// others; its next day brings it back.
    pub(super) fn step(&mut self, file: &SqliteFile) -> Result<bool> {
        let Some((site, mut kinds)) = self.first_kept.pop_first() else { return Ok(false) };
        if let Some((kind, first)) = kinds.pop() {
            let removed = remove_oldest(file, site, kind, first)?;
            if removed {
                match kind {
                    RetainedKind::Rejections => {}
                    RetainedKind::Bots => self.leftovers.add_table("bots"),
                    RetainedKind::Mails => self.leftovers.add_table("mails"),
                    _ => self.leftovers.add_site(site),
                }
                kinds.push((kind, first));
            }
        }
        if !kinds.is_empty() {
            self.first_kept.insert(site, kinds);
        }
        Ok(true)
    }
}

/// Where the rows of a kind lie: table, condition, the column of time, and whether that counts hours, days or months.
struct RetainedPlace {
    table: &'static str,
    of: &'static str,
    column: &'static str,
    unit: BucketUnit,
}

#[derive(Clone, Copy)]
enum BucketUnit {
    Hour,
    Day,
    Month,
}

impl BucketUnit {
    fn number(self, day: Day) -> i32 {
        match self {
            BucketUnit::Hour => day.0 * 24,
            BucketUnit::Day => day.0,
            BucketUnit::Month => day.month().0,
        }
    }
}

const fn place(table: &'static str, of: &'static str, column: &'static str, unit: BucketUnit) -> RetainedPlace {
    RetainedPlace { table, of, column, unit }
}

const HOURS: [RetainedPlace; 1] = [place("packed", "grain = 0", "bucket", BucketUnit::Day)];
const DAYS: [RetainedPlace; 4] = [
    place("packed", "grain = 1", "bucket", BucketUnit::Day),
    place("site_totals", "grain = 0", "bucket", BucketUnit::Hour),
    place("site_totals", "grain = 1", "bucket", BucketUnit::Day),
    place("days_closed", "1", "day", BucketUnit::Day),
];
const DAY_PAIRS: [RetainedPlace; 1] = [place("pairs", "grain = 1", "bucket", BucketUnit::Day)];
const MONTHS: [RetainedPlace; 3] = [
    place("months", "1", "bucket", BucketUnit::Month),
    place("packed", "grain = 2", "bucket", BucketUnit::Month),
    place("site_totals", "grain = 2", "bucket", BucketUnit::Month),
];
/// Days of which the month is gone can't be added up again, so they go with it.
const MONTH_PAIRS: [RetainedPlace; 5] = [
    place("pairs", "grain = 1 AND part = 0", "bucket", BucketUnit::Day),
    place("pairs", "grain = 2", "bucket", BucketUnit::Month),
    place("months_begun", "1", "month", BucketUnit::Month),
    place("months_added", "1", "month", BucketUnit::Month),
    place("months_alone", "1", "month", BucketUnit::Month),
];
const BOTS: [RetainedPlace; 1] = [place("bots", "1", "day", BucketUnit::Day)];
const REJECTIONS: [RetainedPlace; 2] =
    [place("rejections", "1", "day", BucketUnit::Day), place("unvisited", "1", "day", BucketUnit::Day)];
const MAILS: [RetainedPlace; 1] = [place("mails", "1", "day", BucketUnit::Day)];

/// The places of a kind. Rows of running days stay until they are packed.
fn places(kind: RetainedKind) -> &'static [RetainedPlace] {
    match kind {
        RetainedKind::Hours => &HOURS,
        RetainedKind::Days => &DAYS,
        RetainedKind::DayPairs => &DAY_PAIRS,
        RetainedKind::Months => &MONTHS,
        RetainedKind::MonthPairs => &MONTH_PAIRS,
        RetainedKind::Bots => &BOTS,
        RetainedKind::Rejections => &REJECTIONS,
        RetainedKind::Mails => &MAILS,
    }
}

/// The first day of a site whose day and month are still there; nothing where none went.
pub(super) fn first_whole(connection: &Connection, site: SiteId) -> Result<Option<Day>> {
    let sql = "SELECT max(day) FROM kept_from WHERE site = ? AND kind IN (?, ?)";
    let kinds = [RetainedKind::Days.code(), RetainedKind::Months.code()];
    let found: Option<i32> =
        connection.prepare_cached(sql)?.query_row(params![site.0, kinds[0], kinds[1]], |row| row.get(0))?;
    Ok(found.map(Day))
}

/// Removes what is oldest of a kind, if it is older than the first day that is kept, and tells whether there was anything.
fn remove_oldest(file: &SqliteFile, site: SiteId, kind: RetainedKind, first: Day) -> Result<bool> {
    if kind == RetainedKind::DayPairs {
        return Ok(false);
    }
    let mut writer = file.writer();
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut removed = false;
    for place in places(kind) {
        removed |= remove_from(&transaction, site, place, first)?;
    }
    if removed {
        let sql = "INSERT INTO kept_from VALUES (?, ?, ?)
                   ON CONFLICT DO UPDATE SET day = max(day, excluded.day)";
        transaction.prepare_cached(sql)?.execute(params![site.0, kind.code(), first.0])?;
        match kind {
            RetainedKind::Rejections => {}
            RetainedKind::Bots => leftovers::mark_table(&transaction, "bots")?,
            RetainedKind::Mails => leftovers::mark_table(&transaction, "mails")?,
            _ => leftovers::mark(&transaction, site)?,
        }
    }
    transaction.commit()?;
    if removed {
        SqliteFile::checkpoint(&writer)?;
    }
    Ok(removed)
}

fn remove_from(connection: &Connection, site: SiteId, place: &RetainedPlace, first: Day) -> Result<bool> {
    let RetainedPlace { table, of, column, unit } = *place;
    let before = unit.number(first);
    // Large rows have numbers, by which some go at a time; of others there are few on a day.
    let removed = if matches!(table, "packed" | "pairs") {
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE site = ? AND {of} AND {column} < ? LIMIT ?)"
        );
        let most = limits::CLEARED_BLOCKS as i64;
        connection.prepare_cached(&sql)?.execute(params![site.0, before, most])?
    } else {
        let oldest = format!("SELECT min({column}) FROM {table} WHERE site = ? AND {of} AND {column} < ?");
        let oldest: Option<i32> =
            connection.prepare_cached(&oldest)?.query_row(params![site.0, before], |row| row.get(0))?;
        let Some(oldest) = oldest else { return Ok(false) };
        let last = match unit {
            BucketUnit::Hour => oldest.saturating_add(24 * limits::RETAINED_DAYS_AT_ONCE),
            BucketUnit::Day => oldest.saturating_add(limits::RETAINED_DAYS_AT_ONCE),
            BucketUnit::Month => oldest,
        };
        let sql = format!("DELETE FROM {table} WHERE site = ? AND {of} AND {column} < ? AND {column} <= ?");
        connection.prepare_cached(&sql)?.execute(params![site.0, before, last])?
    };
    Ok(removed > 0)
}

/// The kind in `kept_from`, of the instance, of the last day on which the clock was believed.
const BELIEVED: u8 = 101;

/// The last day (UTC) on which the clock was believed; where none was noted, the last one that has sums. Nothing in an empty file.
pub(super) fn believed_day(connection: &Connection) -> Result<Option<Day>> {
    let sql = "SELECT coalesce((SELECT day FROM kept_from WHERE site = ? AND kind = ?),
                               (SELECT max(bucket) FROM site_totals WHERE grain = 1))";
    let day: Option<i32> = connection.query_row(sql, params![SiteId::INSTANCE.0, BELIEVED], |row| row.get(0))?;
    Ok(day.map(Day))
}

/// Notes the last day on which the clock was believed.
pub(super) fn set_believed(connection: &Connection, day: Day) -> Result<()> {
    let sql = "INSERT INTO kept_from VALUES (?, ?, ?)
               ON CONFLICT DO UPDATE SET day = excluded.day WHERE day <> excluded.day";
    connection.prepare_cached(sql)?.execute(params![SiteId::INSTANCE.0, BELIEVED, day.0])?;
    Ok(())
}

/// The first day from which on days are there, where older ones are gone.
pub(super) fn days_from(connection: &Connection, site: SiteId) -> Result<Option<Day>> {
    let sql = "SELECT max(day) FROM kept_from WHERE site = ? AND kind = ?";
    let columns = params![site.0, RetainedKind::Days.code()];
    let day: Option<i32> = connection.prepare_cached(sql)?.query_row(columns, |row| row.get(0))?;
    Ok(day.map(Day))
}
