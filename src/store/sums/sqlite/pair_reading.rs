//! Reads cells of two dimensions for a question, bucket by bucket.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use super::packed::{ALL_PARTS, FINAL};
use super::pairs::{self, OpenedBlocks, PairsKey};
use super::property_side::PropertySide;
use super::read::Reading;
use super::{Result, months, thinning};
use crate::cell::packed::CellKey;
use crate::cell::{Axis, Dimension, Tally};
use crate::counts::pairs::{Pair, REST};
use crate::site::Month;
use crate::store::{Ask, CellSource, Doubt, Grain, LargestValue, RowsBy};

/// What a question wants of a bucket that has pairs.
pub(super) struct BucketPart {
    pub(super) grain: Grain,
    pub(super) bucket: i32,
    /// The bucket to which it is added.
    pub(super) shown: i32,
    pub(super) parts: &'static [i64],
    /// Whether large tables are there in the order of their other value too.
    pub(super) is_turned: bool,
}

/// Those who may have counted a day.
const PARTS: [i64; 3] = [1, 2, FINAL];

type ByValue<V> = HashMap<u32, V, foldhash::fast::RandomState>;

/// What one of those who counted a bucket has on both sides of a question.
#[derive(Default)]
struct MetCells {
    /// Whether a visit has one value of the axis, and of the filter's dimension.
    is_one_value_a_visit: [bool; 2],
    /// Visitors of cells, together or by value of the axis.
    visitors: ByValue<LargestValue>,
    /// Visits of cells that may share them.
    visits: ByValue<LargestValue>,
    /// The rest of each value of the axis that is wanted, past the budget.
    rest_of_axis: ByValue<Tally>,
    /// The rest of all values of the filter's dimension that are wanted.
    rest_of_filter: Tally,
}

impl Reading<'_> {
    /// The buckets that have pairs, if these are what the question wants.
    pub(super) fn bucket_parts(&self) -> Result<Vec<BucketPart>> {
        let Ask { site, grain, first, last, .. } = *self.ask;
        let days = |first: i32, last: i32| pairs::buckets(self.connection, site, Grain::Day, first, last);
        let day =
            |bucket: i32, shown: i32, parts| BucketPart { grain: Grain::Day, bucket, shown, parts, is_turned: false };
        let mut found = Vec::new();
        if self.found.is_some() {
            return Ok(found);
        }
        match (self.ask.source(), grain) {
            // Pairs are not kept by hour.
            (CellSource::Single(_) | CellSource::Visits | CellSource::Nowhere, _) | (_, Grain::Hour) => {}
            (CellSource::Pair(..), Grain::Day) => {
                found.extend(days(first, last)?.into_iter().map(|bucket| day(bucket, bucket, &PARTS)));
            }
            (CellSource::Pair(..), Grain::Month) => {
                for month in (first..=last).map(Month) {
                    let days = || days(month.first().0, month.last().0);
                    if thinning::is_alone(self.connection, site, month)? {
                        let parts = &[FINAL];
                        found.push(BucketPart { grain, bucket: month.0, shown: month.0, parts, is_turned: true });
                        // What came late is with its day.
                        found.extend(days()?.into_iter().map(|bucket| day(bucket, month.0, &PARTS)));
                        continue;
                    }
                    if let Some(is_turned) = months::is_added_and_turned(self.connection, site, month)? {
                        let parts = &[FINAL];
                        found.push(BucketPart { grain, bucket: month.0, shown: month.0, parts, is_turned });
                        // What is not for good is in no month.
                        let running = pairs::running(self.connection, site, month)?;
                        found.extend(running.into_iter().map(|bucket| day(bucket, month.0, ALL_PARTS)));
                        continue;
                    }
                    found.extend(days()?.into_iter().map(|bucket| day(bucket, month.0, &PARTS)));
                }
            }
        }
        Ok(found)
    }

    /// Adds the cells that one of those who have counted a bucket has, unless the caller adds them.
    pub(super) fn pair(&mut self, key: PairsKey, shown: i32, is_turned: bool, blocks: &OpenedBlocks) -> Result<()> {
        let CellSource::Pair(pair, is_by_second) = self.ask.source() else { return Ok(()) };
        if self.left_out.contains(&(key.bucket, key.part)) {
            return Ok(());
        }
        let (table, is_by_second) = (pairs::number(pair), is_by_second != pairs::is_turned(pair));
        // What is past the budget of a segment is with none of the filter's values; of a list of some values it has no line of its own.
        let is_list = self.ask.cut.rows == RowsBy::Axis && self.kept.is_all() && !is_by_segment(self.ask);
        // A reader who wants one first value opens the chunks that hold it alone.
        match self.wanted.single() {
            Some(id) if is_list && !is_by_second => _ = self.pair_table(table, &(id..=id), false, shown, blocks)?,
            Some(id) if is_list => {
                let is_read = is_turned && self.pair_table(pairs::TURNED | table, &(id..=id), false, shown, blocks)?;
                if !is_read {
                    let add = |(first, _): CellKey, tally| self.sums.add(self.ask, shown, first, tally);
                    blocks.each_of_second(table, id, add)?;
                }
            }
            _ => self.met_cells(pair, (table, is_by_second, is_turned), shown, blocks)?,
        }
        Ok(())
    }

    fn pair_table(
        &mut self,
        table: u32,
        first: &RangeInclusive<u32>,
        is_by_second: bool,
        shown: i32,
        blocks: &OpenedBlocks,
    ) -> Result<bool> {
        let sides = |(a, b): CellKey| if is_by_second { (b, a) } else { (a, b) };
        let passes = |key: CellKey| Some(sides(key).0) == self.wanted.single();
        blocks.each(table, first, passes, |key, tally| self.sums.add(self.ask, shown, sides(key).1, tally))
    }

    /// Adds the cells that are wanted on both sides, and what is not sure of their sum. Rests are there by both sides, but of segments.
    fn met_cells(
        &mut self,
        pair: Pair,
        (table, is_by_second, is_turned): (u32, bool, bool),
        shown: i32,
        blocks: &OpenedBlocks,
    ) -> Result<()> {
        let Reading { ask, wanted, kept, property, sums, .. } = self;
        let mut met = MetCells { is_one_value_a_visit: is_of_visit(pair, ask), ..MetCells::default() };
        let is_wanted = |by: u32| by != REST && wanted.passes(by);
        let is_kept = |value: u32| value != REST && kept.passes(value);
        let rows = ask.cut.rows;
        let take = |(value, by): CellKey, tally: Tally| match (is_kept(value), is_wanted(by)) {
            (true, true) => {
                let values = if rows == RowsBy::Both { (value, by) } else { (met_key(ask, value), 0) };
                sums.add_both(ask, shown, values, tally);
                met.note(ask, (value, by), tally);
            }
            (true, false) if by == REST && rows == RowsBy::Both && wanted.is_all() => {
                sums.add_both(ask, shown, (value, REST), tally);
            }
            (true, false) if by == REST => *met.rest_of_axis.entry(met_key(ask, value)).or_default() += tally,
            (false, true) if value == REST => match rows {
                RowsBy::Axis if kept.is_all() => {
                    sums.add(ask, shown, REST, tally);
                    met.note(ask, (value, by), tally);
                }
                RowsBy::Both if kept.is_all() && wanted.is_all() && pair.second != Dimension::Segment => {}
                RowsBy::Both if kept.is_all() => sums.add_both(ask, shown, (REST, by), tally),
                _ => met.rest_of_filter += tally,
            },
            _ => {}
        };
        let (property, singles) = (property.as_ref(), (kept.single(), wanted.single()));
        each_own(property, blocks, (table, is_turned), (singles, is_by_second), take)?;
        for (values, doubt) in met.doubts(ask) {
            sums.doubt(ask, shown, values, doubt);
        }
        Ok(())
    }
}

/// Hands out the cells of a table by value of the axis and of the filter's dimension: of a table of properties those of the one that is
/// asked for. Where a side wants one value alone, hardly others are looked at.
fn each_own(
    property: Option<&PropertySide>,
    blocks: &OpenedBlocks,
    table: (u32, bool),
    (singles, is_axis_first): ((Option<u32>, Option<u32>), bool),
    mut take: impl FnMut(CellKey, Tally),
) -> Result<()> {
    let rests = property.map_or((REST, REST), PropertySide::rests);
    let sides = match is_axis_first {
        true => (singles, rests),
        false => ((singles.1, singles.0), (rests.1, rests.0)),
    };
    each_met(blocks, table, sides, is_axis_first, |key, tally| {
        let own = property.map_or(Some(key), |property| property.own(key));
        own.into_iter().for_each(|key| take(key, tally));
    })
}

/// Hands out the cells of a table by value of the axis and of the filter's dimension; where a side wants one value alone, hardly others.
fn each_met(
    blocks: &OpenedBlocks,
    (table, is_turned): (u32, bool),
    (singles, rests): ((Option<u32>, Option<u32>), (u32, u32)),
    is_axis_first: bool,
    mut take: impl FnMut(CellKey, Tally),
) -> Result<()> {
    let mut stored = |(first, second): CellKey, tally: Tally| {
        take(if is_axis_first { (first, second) } else { (second, first) }, tally);
    };
    match singles {
        (Some(id), _) => {
            for first in [id, rests.0] {
                blocks.each(table, &(first..=first), |_| true, &mut stored)?;
            }
        }
        (None, Some(id)) => {
            for second in [id, rests.1] {
                let turned = |(second, first): CellKey, tally: Tally| stored((first, second), tally);
                let range = second..=second;
                if !(is_turned && blocks.each(pairs::TURNED | table, &range, |_| true, turned)?) {
                    blocks.each_of_second(table, second, &mut stored)?;
                }
            }
        }
        (None, None) => _ = blocks.each(table, &(0..=u32::MAX), |_| true, &mut stored)?,
    }
    Ok(())
}

/// Whether each segment has a row of what passes a filter on another dimension.
fn is_by_segment(ask: &Ask) -> bool {
    let segments = Axis::Of(Dimension::Segment);
    ask.axis == segments && ask.filter.as_ref().is_some_and(|filter| filter.axis != segments)
}

/// Under which value cells are added up.
fn met_key(ask: &Ask, value: u32) -> u32 {
    if ask.cut.rows == RowsBy::Axis && ask.axis != Axis::Total { value } else { 0 }
}

/// Whether a visit has one value of the axis, and of the filter's dimension.
fn is_of_visit(pair: Pair, ask: &Ask) -> [bool; 2] {
    let of_both = [pair.first, pair.second].map(Dimension::is_of_visit);
    if ask.axis.in_pairs() == Some(pair.first) { of_both } else { [of_both[1], of_both[0]] }
}

impl MetCells {
    fn note(&mut self, ask: &Ask, (value, by): CellKey, tally: Tally) {
        if ask.cut.rows == RowsBy::Both {
            return;
        }
        let key = met_key(ask, value);
        self.visitors.entry(key).or_default().add(tally.visitors);
        // Cells that share no visit are told apart.
        let group = match (self.is_one_value_a_visit, ask.cut.rows) {
            ([true, true], _) | ([_, true], RowsBy::Axis) => return,
            ([true, false], _) | (_, RowsBy::Axis) => met_key(ask, value),
            ([false, true], _) => by,
            ([false, false], _) => 0,
        };
        self.visits.entry(group).or_default().add(tally.visits);
    }

    /// What is not sure of the sums under their values.
    fn doubts(self, ask: &Ask) -> Vec<((u32, u32), Doubt)> {
        let MetCells { visitors, visits, rest_of_axis, rest_of_filter, .. } = self;
        if ask.cut.rows == RowsBy::Axis {
            let keys: HashSet<u32> = visitors.keys().chain(rest_of_axis.keys()).copied().collect();
            let repeated = |of: &ByValue<LargestValue>, key: u32| of.get(&key).map_or(0, |largest| largest.repeated());
            let doubt = |key: u32| Doubt {
                repeated_visitors: repeated(&visitors, key),
                repeated_visits: repeated(&visits, key),
                missing: rest_of_axis.get(&key).copied().unwrap_or_default(),
            };
            return keys.into_iter().map(|key| ((key, 0), doubt(key))).collect();
        }
        let repeated = |of: ByValue<LargestValue>| of.into_values().map(LargestValue::repeated).sum();
        let rest_of_axis = rest_of_axis.into_values().fold(Tally::ZERO, |sum, rest| sum + rest);
        let doubt = Doubt {
            repeated_visitors: repeated(visitors),
            repeated_visits: repeated(visits),
            missing: match ask.is_of_segments() {
                // A segment has no cells for the rest of it.
                true => rest_of_axis + rest_of_filter,
                false => rest_of_axis.least(rest_of_filter),
            },
        };
        let values = if ask.cut.rows == RowsBy::Both { (REST, REST) } else { (0, 0) };
        vec![(values, doubt)]
    }
}
