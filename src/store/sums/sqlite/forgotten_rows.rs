//! In: orders to forget, in the transaction of a flush. Out: the rows of running days, totals and other counts without what is
//! forgotten. Forgets: them.
//!
//! Whoever counts has let go of the same things under its lock, and the flush brings what it had until then: what comes later is in
//! later flushes, and stays.

use std::cell::RefCell;

use rusqlite::{Connection, params, params_from_iter};

use super::compaction::tally;
use super::gone_cells::GoneCells;
use super::write::table;
use super::{Result, releases, taken_out};
use crate::cell::{Dimension, Tally};
use crate::site::{Day, Month};
use crate::store::sqlite::HOUR_COLUMNS as TALLY;
use crate::store::sums::forgetting::LostDays;
use crate::store::{Forgetting, Grain, OTHER_PAGES, RemovedCells};

/// Removes the rows, and leaves the marks.
pub(super) fn forget(connection: &Connection, orders: &[Forgetting]) -> Result<()> {
    for order in orders {
        taken_out::mark(connection, order)?;
        count_or_remove(connection, order, true)?;
        releases::take_out(connection, order)?;
    }
    Ok(())
}

/// Counts the rows that an order is about, and removes them if it `writes`.
pub(super) fn count_or_remove(
    connection: &Connection,
    order: &Forgetting,
    writes: bool,
) -> Result<(RemovedCells, LostDays)> {
    let gone = GoneCells::of(connection, order)?;
    let (first, last) = order.day_numbers();
    let cells = ForgottenRows { connection, order, gone: &gone, writes, lost: RefCell::default() };
    let mut removed = RemovedCells {
        days: cells.of(Grain::Day, first, last)?,
        hours: cells.of(Grain::Hour, first * 24, last * 24 + 23)?,
        ..RemovedCells::default()
    };
    let of_days =
        |table: &str| cells.all(&format!("{table} WHERE site = ? AND day BETWEEN ? AND ?"), "day", first, last);
    match &order.values {
        None => {
            removed.totals = cells.totals(first, last)?;
            (removed.bots, removed.mails) = (of_days("bots")?, of_days("mails")?);
            removed.rejections = of_days("rejections")? + of_days("unvisited")?;
            if order.days.is_none() && writes {
                connection.execute("DELETE FROM imports WHERE site = ?", [order.site.0])?;
            }
        }
        Some(_) => {
            removed.bots = cells.groups_of_pages(first, last)?;
            removed.mails = cells.campaigns(first, last)?;
        }
    }
    Ok((removed, cells.lost.into_inner()))
}

struct ForgottenRows<'a> {
    connection: &'a Connection,
    order: &'a Forgetting,
    gone: &'a GoneCells,
    writes: bool,
    /// Where it is only counted.
    lost: RefCell<LostDays>,
}

impl ForgottenRows<'_> {
    /// All rows of a table that are of some days; `day` tells which.
    fn all(&self, of: &str, day: &str, first: i32, last: i32) -> Result<u64> {
        let columns = params![self.order.site.0, first, last];
        if self.writes {
            return Ok(self.connection.execute(&format!("DELETE FROM {of}"), columns)? as u64);
        }
        let mut statement = self.connection.prepare(&format!("SELECT {day}, count(*) FROM {of} GROUP BY 1"))?;
        let mut rows = statement.query(columns)?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            self.lose(Day(row.get(0)?));
            count += row.get::<_, i64>(1)? as u64;
        }
        Ok(count)
    }

    fn lose(&self, day: Day) {
        self.lost.borrow_mut().days.insert(day);
    }

    /// Cells of running days.
    fn of(&self, grain: Grain, first: i32, last: i32) -> Result<u64> {
        let (site, table) = (self.order.site.0, table(grain));
        if matches!(self.gone, GoneCells::All) {
            let day = if grain == Grain::Hour { "bucket / 24" } else { "bucket" };
            return self.all(&format!("{table} WHERE site = ? AND bucket BETWEEN ? AND ?"), day, first, last);
        }
        let sql =
            format!("SELECT dimension, prop, bucket, value FROM {table} WHERE site = ? AND bucket BETWEEN ? AND ?");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![site, first, last])?;
        let mut keys: Vec<(u8, i64, i32, u32)> = Vec::new();
        while let Some(row) = rows.next()? {
            let key: (u8, i64, i32, u32) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            if self.gone.takes((key.0, key.1), key.3) {
                self.lose(Day(if grain == Grain::Hour { key.2.div_euclid(24) } else { key.2 }));
                keys.push(key);
            }
        }
        let sql =
            format!("DELETE FROM {table} WHERE site = ? AND dimension = ? AND prop = ? AND bucket = ? AND value = ?");
        let mut delete = self.connection.prepare_cached(&sql)?;
        for (dimension, prop, bucket, value) in keys.iter().filter(|_| self.writes) {
            delete.execute(params![site, dimension, prop, bucket, value])?;
        }
        Ok(keys.len() as u64)
    }

    /// Totals of days and hours; their months become smaller by them.
    fn totals(&self, first: i32, last: i32) -> Result<u64> {
        let (site, (from, to)) = (self.order.site.0, self.order.months_covered());
        if self.writes {
            for (month, tally) in self.totals_by_month(first, last)? {
                subtract_total(self.connection, self.order, month, tally)?;
            }
            let sql = "DELETE FROM site_totals WHERE site = ? AND grain = 2 AND bucket BETWEEN ? AND ?";
            self.connection.execute(sql, params![site, from.0, to.0])?;
        }
        let of = |grain| format!("site_totals WHERE site = ? AND grain = {grain} AND bucket BETWEEN ? AND ?");
        if !self.writes {
            let mut statement = self.connection.prepare(&format!("SELECT bucket FROM {}", of(2)))?;
            let months = statement.query_map(params![site, from.0, to.0], |row| row.get(0).map(Month))?;
            self.lost.borrow_mut().months.extend(months.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        Ok(self.all(&of(1), "bucket", first, last)? + self.all(&of(0), "bucket / 24", first * 24, last * 24 + 23)?)
    }

    fn totals_by_month(&self, first: i32, last: i32) -> Result<std::collections::BTreeMap<Month, Tally>> {
        let sql = format!(
            "SELECT bucket, {} FROM site_totals WHERE site = ? AND grain = 1 AND bucket BETWEEN ? AND ?",
            TALLY.join(", ")
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query(params![self.order.site.0, first, last])?;
        let mut months = std::collections::BTreeMap::<Month, Tally>::new();
        while let Some(row) = rows.next()? {
            *months.entry(Day(row.get(0)?).month()).or_default() += tally(row, 1)?;
        }
        Ok(months)
    }

    /// Groups of pages of programs that are called as a page that goes; they count as other pages.
    fn groups_of_pages(&self, first: i32, last: i32) -> Result<u64> {
        let Some(values) = &self.order.values else { return Ok(0) };
        let site = self.order.site.0;
        let sql = "SELECT day, family, pages, count FROM bots WHERE site = ? AND day BETWEEN ? AND ?";
        let mut statement = self.connection.prepare(sql)?;
        let found = statement.query_map(params![site, first, last], |row| {
            Ok((row.get::<_, i32>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
        })?;
        let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
        // A group is the first part of its pages; a pattern of what is below it means it, too.
        let takes = |pages: &str| [pages, &format!("{pages}/x")].iter().any(|page| values.takes(Dimension::Page, page));
        let gone = found.into_iter().filter(|(_, _, pages, _)| takes(pages));
        let gone: Vec<_> = gone.collect();
        gone.iter().for_each(|(day, ..)| self.lose(Day(*day)));
        for (day, family, pages, count) in gone.iter().filter(|_| self.writes) {
            let sql = "DELETE FROM bots WHERE site = ? AND day = ? AND family = ? AND pages = ?";
            self.connection.prepare_cached(sql)?.execute(params![site, day, family, pages])?;
            let sql =
                "INSERT INTO bots VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count";
            self.connection.prepare_cached(sql)?.execute(params![site, day, family, OTHER_PAGES, count])?;
        }
        Ok(gone.len() as u64)
    }

    /// Mails of campaigns that go.
    fn campaigns(&self, first: i32, last: i32) -> Result<u64> {
        let Some(values) = &self.order.values else { return Ok(0) };
        let mut statement = self.connection.prepare("SELECT DISTINCT campaign FROM mails WHERE site = ?")?;
        let found = statement.query_map([self.order.site.0], |row| row.get::<_, String>(0))?;
        let mut removed = 0;
        for campaign in found.collect::<rusqlite::Result<Vec<_>>>()? {
            if values.takes(Dimension::UtmCampaign, &campaign) {
                let of = "mails WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND campaign = ?4";
                let columns = params![self.order.site.0, first, last, campaign];
                let mut statement = self.connection.prepare(&format!("SELECT day FROM {of}"))?;
                let days = statement.query_map(columns, |row| row.get(0).map(Day))?;
                let days = days.collect::<rusqlite::Result<Vec<_>>>()?;
                removed += days.len() as u64;
                days.into_iter().for_each(|day| self.lose(day));
                if self.writes {
                    self.connection.execute(&format!("DELETE FROM {of}"), columns)?;
                }
            }
        }
        Ok(removed)
    }
}

fn subtract_total(connection: &Connection, order: &Forgetting, month: Month, tally: Tally) -> Result<()> {
    let sums = TALLY.map(|column| format!("{column} = {column} - ?")).join(", ");
    let sql = format!("UPDATE site_totals SET {sums} WHERE site = ? AND grain = 2 AND bucket = ?");
    let columns = tally.columns().into_iter().chain([order.site.0.into(), month.0.into()]);
    connection.prepare_cached(&sql)?.execute(params_from_iter(columns))?;
    // A month of which nothing is left is none.
    let nothing = TALLY.map(|column| format!("{column} = 0")).join(" AND ");
    let sql = format!("DELETE FROM site_totals WHERE site = ? AND grain = 2 AND bucket = ? AND {nothing}");
    connection.prepare_cached(&sql)?.execute(params![order.site.0, month.0])?;
    Ok(())
}
