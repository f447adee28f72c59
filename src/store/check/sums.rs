//! Rows against rows: names that are used, and totals against their parts.

use std::collections::BTreeMap;

use rusqlite::Row;

use super::{Check, FindingTime, Repair, site_id};
use crate::cell::Tally;
use crate::limits;
use crate::site::{Day, Month, RetainedKind};
use crate::store::StoreError;
use crate::store::sqlite::{HOUR_COLUMNS, TALLY_COLUMNS};
use crate::store::sums::sqlite::tally;

/// What is known of a bucket of a site.
pub(super) type BySite = BTreeMap<(i64, i32), Tally>;

impl Check<'_> {
    /// Every number that a row has for a value has a text, and every property its axis.
    pub(super) fn names(&mut self) -> Result<(), StoreError> {
        for (table, when, bucket, columns) in [
            ("hours", "bucket / 24", FindingTime::Day as fn(i32) -> FindingTime, &HOUR_COLUMNS[..]),
            ("days", "bucket", FindingTime::Day, &TALLY_COLUMNS),
            ("months", "bucket", FindingTime::Month, &TALLY_COLUMNS),
        ] {
            let sql = format!(
                "SELECT site, {when} FROM {table} t WHERE value <> 0
                   AND NOT EXISTS (SELECT 1 FROM names n WHERE n.id = t.value AND n.site = t.site) GROUP BY 1, 2"
            );
            self.each(&sql, table, bucket, "a value has no name")?;
            let sql = format!(
                "SELECT site, {when} FROM {table} t WHERE dimension IN (100, 101)
                   AND NOT EXISTS (SELECT 1 FROM axes a WHERE a.id = t.prop AND a.site = t.site) GROUP BY 1, 2"
            );
            self.each(&sql, table, bucket, "a property has no name")?;
            let negative = columns.iter().filter(|column| **column != "revenue").map(|column| format!("{column} < 0"));
            let negative = negative.collect::<Vec<_>>().join(" OR ");
            // What comes to a day that is packed lies beside it, and may take something back.
            let sql = format!(
                "SELECT site, {when} AS place FROM {table} t WHERE ({negative})
                   AND (site, {when}) NOT IN (SELECT site, bucket FROM packed) GROUP BY 1, 2"
            );
            self.each(&sql, table, bucket, "a figure is below zero")?;
        }
        let sql = "SELECT DISTINCT a.site, NULL FROM axes a, (VALUES (0), (1), (2)) c
                   WHERE CASE c.column1 WHEN 0 THEN a.event WHEN 1 THEN a.key ELSE a.currency END NOT IN (SELECT id FROM names UNION SELECT 0)";
        self.each(sql, "axes", FindingTime::Day, "a property has no name")
    }

    /// Totals of days against those of their hours, and of months against those of their days.
    pub(super) fn totals(&mut self) -> Result<(), StoreError> {
        let (hours, days, months) = (self.total(0)?, self.total(1)?, self.total(2)?);
        let mut of_hours = BySite::new();
        for ((site, hour), tally) in &hours {
            *of_hours.entry((*site, hour.div_euclid(24))).or_default() += *tally;
        }
        let mut whole_days = true;
        for (key, tally) in &days {
            let parts = of_hours.remove(key).unwrap_or_default();
            if !make_up(&parts, tally) {
                whole_days = false;
                let what = "the totals of the day are not those of its hours";
                self.found("site_totals", Some(key.0), FindingTime::Day(key.1), what, None);
            }
        }
        for (site, day) in of_hours.into_keys() {
            self.found(
                "site_totals",
                Some(site),
                FindingTime::Day(day),
                "hours have totals and their day has none",
                None,
            );
        }
        let mut of_days = BySite::new();
        for ((site, day), tally) in &days {
            *of_days.entry((*site, Day(*day).month().0)).or_default() += *tally;
        }
        for key in of_days.keys().chain(months.keys()).copied().collect::<std::collections::BTreeSet<_>>() {
            let (parts, whole) = [&of_days, &months].map(|map| map.get(&key).copied().unwrap_or_default()).into();
            if parts != whole && self.has_all_days(key)? {
                let repair = whole_days.then_some(Repair::MonthTotals(site_id(key.0), Month(key.1)));
                let what = "the totals of the month are not those of its days";
                self.found("site_totals", Some(key.0), FindingTime::Month(key.1), what, repair);
            }
        }
        Ok(())
    }

    /// The rows of days that are not packed against those of their hours, as long as no hour has gone for its age.
    pub(super) fn day_rows(&mut self) -> Result<(), StoreError> {
        let columns = ["visits", "pageviews", "events", "bounces", "revenue"];
        let (plain, taken) = (columns.join(", "), columns.map(|column| format!("-{column}")).join(", "));
        let differ = columns.map(|column| format!("sum({column}) <> 0")).join(" OR ");
        let (hours, lately) = (RetainedKind::Hours.code(), limits::HOURS_CHECKED_DAYS);
        let sql = format!(
            "SELECT DISTINCT site, day FROM (
               SELECT site, bucket AS day, dimension, prop, {plain} FROM days
               UNION ALL SELECT site, bucket / 24, dimension, prop, {taken} FROM hours
             ) t WHERE day >= (SELECT max(bucket) FROM site_totals WHERE grain = 1) - {lately}
               AND day >= coalesce((SELECT max(day) FROM kept_from k WHERE k.site = t.site AND kind = {hours}), day)
               AND (site, day) NOT IN (SELECT site, bucket FROM packed WHERE grain < 2)
             GROUP BY site, day, dimension, prop HAVING {differ}"
        );
        self.each(&sql, "days", FindingTime::Day, "cells of the day are not those of its hours")
    }

    fn total(&self, grain: i64) -> Result<BySite, StoreError> {
        let sql = format!("SELECT site, bucket, {} FROM site_totals WHERE grain = {grain}", HOUR_COLUMNS.join(", "));
        self.tallies(&sql)
    }

    /// Tallies by site and bucket, added up.
    pub(super) fn tallies(&self, sql: &str) -> Result<BySite, StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?), tally(row, 2)?)))?;
        let mut sums = BySite::new();
        for row in rows {
            let (key, tally): ((i64, i32), Tally) = row?;
            *sums.entry(key).or_default() += tally;
        }
        Ok(sums)
    }

    /// Whether no day and no month of a month is gone because it is old.
    pub(super) fn has_all_days(&self, (site, month): (i64, i32)) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM kept_from WHERE site = ? AND kind IN (?, ?) AND day > ?";
        let kinds = [RetainedKind::Days.code(), RetainedKind::Months.code()];
        let gone: i64 = self.connection.query_row(
            sql,
            rusqlite::params![site, kinds[0], kinds[1], Month(month).first().0],
            |row| row.get(0),
        )?;
        Ok(gone == 0)
    }
}

/// Whether the sums of hours can be those of their day. Hours of older versions have no first visitors.
fn make_up(hours: &Tally, day: &Tally) -> bool {
    let fits_visitors = (hours.first_visitors..=hours.visitors).contains(&day.visitors);
    fits_visitors && counted_once(hours) == counted_once(day)
}

/// What each hit or visit is counted for in one hour alone.
fn counted_once(tally: &Tally) -> [i64; 5] {
    [tally.visits, tally.pageviews, tally.events, tally.bounces, tally.revenue]
}
