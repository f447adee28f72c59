//! Packed cells: each block has the sum of its bytes, and cells the names and the sums that they must have.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Check, FindingTime, Repair, site_id};
use crate::cell::packed::{self, ColumnBlock};
use crate::cell::{Dimension, Tally};
use crate::counts::pairs::REST;
use crate::site::{Day, Month};
use crate::store::StoreError;
use crate::store::sqlite::{HOUR_COLUMNS, TALLY_COLUMNS as TALLY};
use crate::store::sums::sqlite::tally;

/// What stands for a value that is of another kind: bytes that are no cells.
const NO_CELLS: &[u8] = &[3];

/// Of a site's axis in a month.
type AxisMonth = (i64, i64, i64, i32);

/// What packed cells are held against.
#[derive(Default)]
struct PackedSums {
    /// Of days, by month.
    days: BTreeMap<AxisMonth, Tally>,
    /// Of packed months.
    months: BTreeMap<AxisMonth, Tally>,
    /// Months of which a block can't be read.
    damaged: BTreeSet<(i64, i32)>,
}

impl Check<'_> {
    /// Cells of one dimension.
    pub(super) fn packed(&mut self) -> Result<(), StoreError> {
        let totals = self
            .tallies(&format!("SELECT site, bucket, {} FROM site_totals WHERE grain = 1", HOUR_COLUMNS.join(", ")))?;
        let (mut sums, mut names) = (PackedSums::default(), (0, HashSet::new()));
        let mut statement = self.connection.prepare(
            "SELECT site, grain, dimension, prop, bucket, cells FROM packed ORDER BY site, grain, dimension, prop, bucket",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (site, grain, axis): (i64, i64, (i64, i64)) = (row.get(0)?, row.get(1)?, (row.get(2)?, row.get(3)?));
            let (bucket, bytes): (i32, &[u8]) = (row.get(4)?, row.get_ref(5)?.as_blob().unwrap_or(NO_CELLS));
            let when = if grain == 2 { FindingTime::Month(bucket) } else { FindingTime::Day(bucket) };
            let month = if grain == 2 { bucket } else { Day(bucket).month().0 };
            self.report.blocks += 1;
            if self.is_full && names.0 != site {
                names = (site, self.names_of(site)?);
            }
            let Some((sum, has_names)) = read_table(bytes, self.is_full.then_some(&names.1)) else {
                sums.damaged.insert((site, month));
                let repair = (grain == 2).then_some(Repair::PackedMonth(site_id(site), Month(month)));
                self.found("packed", Some(site), when, format!("cells of {} are damaged", axis_name(axis.0)), repair);
                continue;
            };
            if !has_names {
                self.found("packed", Some(site), when, format!("a value of {} has no name", axis_name(axis.0)), None);
            }
            match grain {
                1 => *sums.days.entry((site, axis.0, axis.1, month)).or_default() += sum,
                2 => *sums.months.entry((site, axis.0, axis.1, month)).or_default() += sum,
                _ => {}
            }
            let total = totals.get(&(site, bucket)).copied().unwrap_or_default();
            if grain == 1 && is_of_visits(axis.0) && (sum.visits > total.visits || sum.pageviews > total.pageviews) {
                let what = format!("cells of {} are more than the totals of the day", axis_name(axis.0));
                self.found("packed", Some(site), when, what, None);
            }
        }
        if self.is_full { self.months(&sums) } else { Ok(()) }
    }

    /// The rows of months against their days and against what is packed of them.
    fn months(&mut self, sums: &PackedSums) -> Result<(), StoreError> {
        let rows = self.month_rows()?;
        let mut added = self.connection.prepare("SELECT site, month FROM months_added")?;
        let added = added
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<BTreeSet<(i64, i32)>>>()?;
        let keys: BTreeSet<AxisMonth> =
            rows.keys().chain(sums.days.keys()).chain(sums.months.keys()).copied().collect();
        for key @ (site, dimension, _, month) in keys {
            if sums.damaged.contains(&(site, month)) {
                continue;
            }
            let [rows, days, packed] =
                [&rows, &sums.days, &sums.months].map(|map| map.get(&key).copied().unwrap_or_default());
            let (id, name, when) = (site_id(site), axis_name(dimension), FindingTime::Month(month));
            if rows != days && self.has_all_days((site, month))? {
                let what = format!("{name} of the month is not what its days have");
                self.found("months", Some(site), when, what, Some(Repair::MonthRows(id, Month(month))));
            } else if added.contains(&(site, month)) && packed != rows {
                let what = format!("{name} of the month, packed, is not what its rows have");
                self.found("packed", Some(site), when, what, Some(Repair::PackedMonth(id, Month(month))));
            }
        }
        Ok(())
    }

    fn month_rows(&self) -> Result<BTreeMap<AxisMonth, Tally>, StoreError> {
        let mut statement = self.connection.prepare(&format!(
            "SELECT site, dimension, prop, bucket, {} FROM months GROUP BY 1, 2, 3, 4",
            TALLY.map(|column| format!("sum({column})")).join(", ")
        ))?;
        let rows = statement
            .query_map([], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?), tally(row, 4)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Cells of two dimensions.
    pub(super) fn pairs(&mut self) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT site, grain, bucket, part, cells FROM pairs ORDER BY site, grain, bucket")?;
        let mut names = (0, HashSet::new());
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (site, grain, bucket): (i64, i64, i32) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let bytes = row.get_ref(4)?.as_blob().unwrap_or(NO_CELLS);
            self.report.blocks += 1;
            if self.is_full && names.0 != site {
                names = (site, self.names_of(site)?);
            }
            let (when, repair) = match grain {
                2 => (FindingTime::Month(bucket), Some(Repair::PackedMonth(site_id(site), Month(bucket)))),
                _ => (FindingTime::Day(bucket), None),
            };
            match read_pairs(bytes, self.is_full.then_some(&names.1)) {
                None => self.found("pairs", Some(site), when, "cells of two dimensions are damaged", repair),
                Some(false) => self.found("pairs", Some(site), when, "a value has no name", repair),
                Some(true) => {}
            }
        }
        Ok(())
    }

    fn names_of(&self, site: i64) -> Result<HashSet<u32>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT id FROM names WHERE site = ?")?;
        let ids = statement.query_map([site], |row| row.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }
}

/// The sum of a table's cells, if it can be read, and whether all of its values have names. Without names only the sums of its bytes
/// are looked at.
fn read_table(bytes: &[u8], names: Option<&HashSet<u32>>) -> Option<(Tally, bool)> {
    let Some(names) = names else { return packed::is_sound(bytes).then_some((Tally::ZERO, true)) };
    packed::visitors(bytes, |_, _| {}).ok()?;
    let (mut sum, mut has_names) = (Tally::ZERO, true);
    let mut add = |(value, _): packed::CellKey, tally| {
        sum += tally;
        has_names &= value == 0 || names.contains(&value);
    };
    packed::unpack(bytes, 0..=u32::MAX, |_| true, &mut add).ok()?;
    Some((sum, has_names))
}

fn read_pairs(bytes: &[u8], names: Option<&HashSet<u32>>) -> Option<bool> {
    let block = ColumnBlock::open(bytes).ok()?;
    let Some(names) = names else { return Some(true) };
    block.visitors(|_, _| {}).ok()?;
    let has_names = RefCell::new(true);
    let is_named = |number: u32| number == 0 || number == REST || names.contains(&number);
    for table in block.tables() {
        let look = |(first, second): packed::CellKey| {
            *has_names.borrow_mut() &= is_named(first) && is_named(second);
            false
        };
        block.each(table, 0..=u32::MAX, look, |_, _| {}).ok()?;
    }
    Some(has_names.into_inner())
}

/// Whether each visit has one value of a dimension, so that its cells are no more than the totals.
fn is_of_visits(code: i64) -> bool {
    u8::try_from(code).ok().and_then(Dimension::from_code).is_some_and(Dimension::is_of_visit)
}

/// What the column `dimension` says.
fn axis_name(code: i64) -> String {
    match code {
        100 => "a property".to_owned(),
        101 => "revenue".to_owned(),
        102 => "a funnel".to_owned(),
        code => match u8::try_from(code).ok().and_then(Dimension::from_code) {
            Some(dimension) => dimension.name().to_owned(),
            None => format!("dimension {code}"),
        },
    }
}
