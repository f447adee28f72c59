//! In: the cells of a day that is over, and the least figure that may be at rest. Out: the same, with smaller figures under `(other)`.
//! Forgets: the smaller figures.
//!
//! Cells of one dimension that are too small become one with `(other)`, so that sums over all values stay exact. Cells of two are
//! counted as the rest of either side, as those past the budget are; a rest that is too small loses its side too.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use super::packed::{self, CellList, FINAL, PROP, PackedKey, grain_code};
use super::pairs::{self, PairsKey};
use super::write::{self, AxisKey, add_cells};
use crate::cell::packed::{CellKey, Chunk, ColumnBlock, chunks, merged, pack, unpack_all};
use crate::cell::{Dimension, OTHER, Tally};
use crate::counts::pairs::{Pair, REST, rests_of_property};
use crate::site::{Day, LeastAtRest, SiteId};
use crate::store::sums::{is_small, least_of};
use crate::store::{Grain, StoreError};

/// What small figures of a day are folded by.
pub(super) struct AtRest<'a> {
    connection: &'a Connection,
    site: SiteId,
    day: Day,
    least: &'a LeastAtRest,
    /// The number of `(other)`.
    other: u32,
}

impl<'a> AtRest<'a> {
    pub(super) fn of(connection: &'a Connection, site: SiteId, day: Day, least: &'a LeastAtRest) -> Result<AtRest<'a>> {
        let other = u32::try_from(write::name(connection, site, OTHER)?).map_err(|_| StoreError::Full)?;
        Ok(AtRest { connection, site, day, least, other })
    }

    /// The least figure of an axis; nothing where all may be at rest.
    pub(super) fn least_of(&self, (dimension, _): AxisKey) -> Option<u32> {
        match dimension {
            PROP => self.least.of_name("prop"),
            code => Dimension::from_code(code).and_then(|dimension| least_of(self.least, dimension)),
        }
    }

    /// Adds cells that came last to those of an axis that are packed, and to the month. Those of hours have the hour as second number.
    pub(super) fn add(&self, grain: Grain, axis: AxisKey, cells: CellList, least: u32) -> Result<()> {
        let (site, bucket) = (self.site, self.day.0);
        let place = PackedKey { site, grain, dimension: axis.0, prop: axis.1, bucket };
        let sql = "SELECT cells FROM packed WHERE site = ? AND grain = ? AND dimension = ? AND prop = ? AND bucket = ?";
        let columns = params![site.0, grain_code(grain), axis.0, axis.1, bucket];
        let stored: Option<Vec<u8>> =
            self.connection.prepare_cached(sql)?.query_row(columns, |row| row.get(0)).optional()?;
        // What is damaged stays as it is, with what would be added.
        let Ok(before) = stored.map_or(Ok(CellList::new()), |stored| unpack_all(&stored)) else { return Ok(()) };
        let mut after: BTreeMap<CellKey, Tally> = BTreeMap::new();
        for ((value, second), tally) in merged(before.clone(), cells) {
            let value = if is_small(&tally, least) { self.other } else { value };
            *after.entry((value, second)).or_default() += tally;
        }
        if grain == Grain::Day {
            let mut change: BTreeMap<i64, Tally> =
                after.iter().map(|((value, _), tally)| (i64::from(*value), *tally)).collect();
            for ((value, _), tally) in &before {
                *change.entry(i64::from(*value)).or_default() += Tally::ZERO - *tally;
            }
            let change = change.into_iter().filter(|(_, tally)| !tally.is_zero()).collect();
            add_cells(self.connection, site, Grain::Month, axis, self.day.month().0, change)?;
        }
        packed::put(self.connection, place, &pack(after))
    }

    /// Folds the final pairs of the day.
    pub(super) fn fold_pairs(&self) -> Result<()> {
        if self.least.is_none() {
            return Ok(());
        }
        let key = PairsKey { site: self.site, grain: Grain::Day, bucket: self.day.0, part: FINAL };
        let Some(blocks) = pairs::take(self.connection, key)? else { return Ok(()) };
        let mut tables: Vec<u32> = blocks.iter().flat_map(ColumnBlock::tables).collect();
        tables.sort_unstable();
        tables.dedup();
        let folded = |table: u32| -> Result<(u32, Vec<Chunk>)> {
            let mut cells = CellList::new();
            for block in &blocks {
                block.each(table, 0..=u32::MAX, |_| true, |key, tally| cells.push((key, tally)))?;
            }
            Ok((table, chunks(self.folded(table, cells)?).collect()))
        };
        pairs::add(self.connection, key, tables.into_iter().map(folded))
    }

    fn folded(&self, table: u32, cells: CellList) -> Result<CellList> {
        let sides = [table & 0xff, table >> 8 & 0xff].map(|code| Dimension::from_code(code as u8));
        let least = sides.into_iter().flatten().filter_map(|dimension| least_of(self.least, dimension)).max();
        let (Some(least), [Some(first), Some(second)]) = (least, sides) else { return Ok(cells) };
        let is_turned = pairs::is_turned(Pair { first, second });
        let [first, second] = if is_turned { [second, first] } else { [first, second] };
        let of_first = self.rests(first, cells.iter().map(|((a, _), _)| *a))?;
        let of_second = self.rests(second, cells.iter().map(|((_, b), _)| *b))?;
        let rests_of = |(a, b): CellKey| (of_first.of(a).0, of_second.of(b).0);
        let (mut kept, mut rests) = (BTreeMap::<CellKey, Tally>::new(), BTreeMap::<CellKey, Tally>::new());
        for ((a, b), tally) in cells {
            let (rest_of_a, rest_of_b) = rests_of((a, b));
            if table == pairs::number(Pair::OF_SECTIONS) && is_small(&tally, least) {
                // Of one dimension, which has a line for the rest.
                *kept.entry((self.other, self.other)).or_default() += tally;
            } else if a == rest_of_a || b == rest_of_b {
                *rests.entry((a, b)).or_default() += tally;
            } else if is_small(&tally, least) {
                [(a, rest_of_b), (rest_of_a, b)].into_iter().for_each(|key| *rests.entry(key).or_default() += tally);
            } else {
                *kept.entry((a, b)).or_default() += tally;
            }
        }
        for ((a, b), tally) in rests {
            let side = |side: u32, of: &SideRests| {
                let (rest, other) = of.of(side);
                if side != rest && is_small(&tally, least) { other } else { side }
            };
            *kept.entry((side(a, &of_first), side(b, &of_second))).or_default() += tally;
        }
        Ok(kept.into_iter().collect())
    }

    /// What stands for many of a side's values.
    fn rests(&self, dimension: Dimension, values: impl Iterator<Item = u32>) -> Result<SideRests> {
        let mut of = SideRests { of_properties: BTreeMap::new(), other: self.other };
        for value in values.filter(|value| dimension == Dimension::Property && *value != REST) {
            if of.of_properties.contains_key(&value) {
                continue;
            }
            let sql = "SELECT text FROM names WHERE id = ?";
            let text: String = self.connection.prepare_cached(sql)?.query_row([value], |row| row.get(0))?;
            let [rest, other] = rests_of_property(&text);
            let number = |text: &str| -> Result<u32> {
                u32::try_from(write::name(self.connection, self.site, text)?).map_err(|_| StoreError::Full)
            };
            let rests = (number(&rest)?, number(&other)?);
            of.of_properties.extend([(value, rests), (rests.0, rests)]);
        }
        Ok(of)
    }
}

/// What stands for many values of a side, and for one that is too small.
struct SideRests {
    /// By value of a property.
    of_properties: BTreeMap<u32, (u32, u32)>,
    other: u32,
}

impl SideRests {
    fn of(&self, value: u32) -> (u32, u32) {
        self.of_properties.get(&value).copied().unwrap_or((REST, self.other))
    }
}
