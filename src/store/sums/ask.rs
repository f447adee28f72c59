//! Questions for sums, and the rows that sums in memory add to an answer.

use super::{Doubt, Interrupt, StoreError};
use crate::cell::filter::JOINT;
use crate::cell::{Axis, Cell, Dimension, Filter, Tally, Test};
use crate::counts::pairs::Pair;
use crate::counts::snapshot;
use crate::counts::{MetValues, Name, SessionSnapshot, Sums};
use crate::site::{Day, LocalHour, SiteId};

const SECTIONS: Axis<Name> = Axis::Of(Dimension::Section);

/// Width of a bucket. Buckets are numbered by [`LocalHour::number`], [`Day`] and [`crate::site::time::Month`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grain {
    /// An hour of the site's wall clock.
    Hour,
    /// A day of the site's calendar.
    Day,
    /// A month of the site's calendar.
    Month,
}

/// A question for sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Of which site.
    pub site: SiteId,
    /// Split by what.
    pub axis: Axis<Name>,
    /// Of what alone; nothing for all.
    pub filter: Option<Filter<Name>>,
    /// From which cells.
    pub grain: Grain,
    /// First bucket.
    pub first: i32,
    /// Last bucket, included.
    pub last: i32,
    /// Whether buckets stay apart; else each value has one row, in bucket 0.
    pub by_bucket: bool,
    /// What becomes of the axis' values under a filter on another dimension.
    pub cut: Cut,
}

/// Which values of an axis count, and what has a row of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cut {
    /// Those that count; nothing for all.
    pub kept: Option<Test>,
    /// What has a row.
    pub rows: RowsBy,
}

/// What has a row of its own, where two dimensions meet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RowsBy {
    /// Each value of the axis.
    #[default]
    Axis,
    /// All of them together.
    Nothing,
    /// Each value of the axis with each of the filter's dimension.
    Both,
}

/// The sums of a value, in a bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct SumRow {
    /// Number of the bucket, or 0.
    pub bucket: i32,
    /// The value; empty for totals.
    pub value: Name,
    /// The value of the filter's dimension, where rows are by both.
    pub second: Option<Name>,
    /// The sums.
    pub tally: Tally,
    /// What is not sure of them.
    pub doubt: Option<Box<Doubt>>,
}

/// What a value of a pair is of the property with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValueInPair {
    /// One of its values; a text for many or none as it is.
    Value(Name),
    /// All that are past the budget.
    Rest,
    /// Another property's.
    Others,
}

impl ValueInPair {
    /// The name of all that are past the budget.
    pub(super) fn rest_of(key: &str) -> String {
        format!("{key}{JOINT}")
    }

    /// A name on the side of properties.
    pub(super) fn of(key: &str, name: &Name) -> ValueInPair {
        match name.split_once(JOINT) {
            None => ValueInPair::Value(name.clone()),
            Some((of, _)) if of != key => ValueInPair::Others,
            Some((_, "")) => ValueInPair::Rest,
            Some((_, value)) => ValueInPair::Value(Name::from(value)),
        }
    }
}

/// A test of a property's values as one of the names that these have in pairs; of another property's it says nothing.
fn joined_test(key: &str, test: &Test) -> Test {
    match test {
        test if test.passes_all() => test.clone(),
        Test::Is(values) => Test::Is(values.iter().map(|value| format!("{key}{JOINT}{value}")).collect()),
        test => Test::Implied(Dimension::Property, Box::new(test.clone())),
    }
}

impl SumRow {
    /// Sums that are sure.
    pub fn of(bucket: i32, value: Name, tally: Tally) -> SumRow {
        SumRow { bucket, value, second: None, tally, doubt: None }
    }
}

/// Where the cells are that answer a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellSource<'a> {
    /// Cells of one axis, of all its values or of those that pass a filter.
    Single(&'a Axis<Name>),
    /// Cells of two dimensions, and whether the filter is on the second of them.
    Pair(Pair, bool),
    /// There are none, but whole visits in memory can be asked.
    Visits,
    /// There are none: sums can't answer it.
    Nowhere,
}

/// What has the values that are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedValues {
    /// A dimension.
    Of(Dimension),
    /// A property. Visits in memory do not tell its sets.
    OfProperty,
}

impl AddedValues {
    /// Whether a visit has one of them.
    pub(super) fn is_one_a_visit(self) -> bool {
        matches!(self, AddedValues::Of(dimension) if dimension.is_of_visit())
    }

    /// The dimension of which visits in memory tell sets.
    pub fn dimension(self) -> Option<Dimension> {
        if let AddedValues::Of(dimension) = self { Some(dimension) } else { None }
    }
}

impl Ask {
    /// The question for the totals of a site's day.
    pub fn totals_of_day(site: SiteId, day: Day) -> Ask {
        let (grain, cut) = (Grain::Day, Cut::default());
        Ask { site, axis: Axis::Total, filter: None, grain, first: day.0, last: day.0, by_bucket: false, cut }
    }

    /// Over whose values it adds up cells of one axis, so that who has several of them counts several times.
    pub fn adds_values_of(&self) -> Option<AddedValues> {
        let filter = self.filter.as_ref().filter(|filter| self.grain != Grain::Hour && !filter.test.is_single())?;
        match filter.axis {
            Axis::Of(dimension) if self.axis == Axis::Total => Some(AddedValues::Of(dimension)),
            Axis::Prop { .. } if self.axis == Axis::Total => Some(AddedValues::OfProperty),
            _ => None,
        }
    }

    /// Whether it is about segments.
    pub(super) fn is_of_segments(&self) -> bool {
        matches!(self.source(), CellSource::Pair(pair, _) if pair.second == Dimension::Segment)
    }

    /// Which cells answer it.
    pub fn source(&self) -> CellSource<'_> {
        let segments = Axis::Of(Dimension::Segment);
        let by_segment = |filter: &Filter<Name>| filter.axis == segments;
        match (&self.filter, &self.axis) {
            (Some(filter), axis) if filter.condition().is_some() => {
                let is_known = filter.condition().is_some_and(|condition| snapshot::is_known(condition, &[axis]));
                if is_known { CellSource::Visits } else { CellSource::Nowhere }
            }
            (None, axis) if *axis == segments => CellSource::Pair(Pair::OF_SEGMENTS, true),
            (Some(filter), Axis::Funnel(_)) if by_segment(filter) => CellSource::Pair(Pair::STEPS_OF_SEGMENTS, true),
            (Some(filter), axis) if by_segment(filter) && (*axis == Axis::Total || *axis == segments) => {
                CellSource::Pair(Pair::OF_SEGMENTS, true)
            }
            (None, axis) if *axis == SECTIONS => CellSource::Pair(Pair::OF_SECTIONS, false),
            (Some(filter), axis) if filter.axis == SECTIONS && (*axis == Axis::Total || *axis == SECTIONS) => {
                CellSource::Pair(Pair::OF_SECTIONS, false)
            }
            (None, axis) => CellSource::Single(axis),
            (Some(filter), Axis::Total) => CellSource::Single(&filter.axis),
            (Some(filter), axis) if filter.axis == *axis => CellSource::Single(axis),
            (Some(Filter { axis: by, .. }), split) => match split.in_pairs().zip(by.in_pairs()) {
                Some((split, by)) => {
                    let (pair, is_turned) = Pair::of(split, by);
                    // The filter is the second of the pair unless the pair had to be turned.
                    if pair.is_counted() { CellSource::Pair(pair, !is_turned) } else { CellSource::Nowhere }
                }
                None => CellSource::Nowhere,
            },
        }
    }

    /// The value of a row by that of its cell, if it is wanted: steps of all funnels have cells beside each other.
    pub(super) fn shown(&self, value: Name) -> Option<Name> {
        match (&self.axis, &self.filter) {
            (Axis::Funnel(funnel), Some(_)) => {
                let (of, step) = value.split_once(':')?;
                (of.parse() == Ok(*funnel)).then(|| Name::from(step))
            }
            _ => Some(value),
        }
    }

    /// The tests of the filter's values and of the axis', as these stand in the cells that answer it: in pairs a property has its key
    /// before its value.
    pub(super) fn tests_of_cells(&self) -> [Option<Test>; 2] {
        let is_of_pairs = matches!(self.source(), CellSource::Pair(..));
        let joined = |axis: &Axis<Name>, test: &Test| match axis {
            Axis::Prop { key, .. } if is_of_pairs => joined_test(key, test),
            _ => test.clone(),
        };
        let wanted = self.filter.as_ref().map(|filter| joined(&filter.axis, &filter.test));
        [wanted, self.cut.kept.as_ref().map(|kept| joined(&self.axis, kept))]
    }

    /// The key of the property on one of its two sides, and whether that is the axis.
    pub(super) fn property_side(&self) -> Option<(&Name, bool)> {
        let of_filter = self.filter.as_ref().map(|filter| &filter.axis);
        match (&self.axis, of_filter) {
            _ if !matches!(self.source(), CellSource::Pair(..)) => None,
            (Axis::Prop { key, .. }, _) => Some((key, true)),
            (_, Some(Axis::Prop { key, .. })) => Some((key, false)),
            _ => None,
        }
    }

    /// The bucket of a row, by what was asked for.
    pub(super) fn bucket(&self, bucket: i32) -> i32 {
        if self.by_bucket { bucket } else { 0 }
    }

    pub(super) fn spans(&self, bucket: i32) -> bool {
        (self.first..=self.last).contains(&bucket)
    }

    /// Whether cells of a day can be part of the answer.
    pub(super) fn touches(&self, day: Day) -> bool {
        let bucket = if self.grain == Grain::Hour { day.0 * 24 } else { self.bucket_of(day) };
        let last = if self.grain == Grain::Hour { bucket + 23 } else { bucket };
        self.first <= last && bucket <= self.last
    }

    /// A row of [`Ask::rows_of`] as it belongs into the answer, if the filter lets it pass.
    ///
    /// # Errors
    /// Those of [`Interrupt::check`].
    pub fn narrowed(&self, row: &SumRow, interrupt: &Interrupt) -> Result<Option<SumRow>, StoreError> {
        let passes = self.filter.as_ref().map_or(Ok(true), |filter| interrupt.passes(&filter.test, &row.value))?;
        let value = if self.axis == Axis::Total { Name::from("") } else { row.value.clone() };
        Ok(passes.then(|| SumRow { value, ..row.clone() }))
    }

    /// The rows that sums of one day, not stored yet, add to the answer, when [`Ask::narrowed`] has looked at them: whoever
    /// counts hits has no time for a reader's expressions.
    pub fn rows_of(&self, day: Day, sums: &Sums) -> Vec<SumRow> {
        let CellSource::Single(axis) = self.source() else { return Vec::new() };
        let wanted = |cell: &Cell<Name>| cell.axis == *axis;
        let row = |bucket: i32, value: &Name, tally: Tally| SumRow::of(self.bucket(bucket), value.clone(), tally);
        if self.grain == Grain::Hour {
            let hours = sums.hours.iter().map(|(cell, hour, tally)| (LocalHour { day, hour: *hour }, cell, tally));
            let wanted = hours.filter(|(hour, cell, _)| self.spans(hour.number()) && wanted(cell));
            return wanted.map(|(hour, cell, tally)| row(hour.number(), &cell.value, *tally)).collect();
        }
        let bucket = self.bucket_of(day);
        let days = sums.days.iter().filter(|(cell, _)| self.spans(bucket) && wanted(cell));
        days.map(|(cell, tally)| row(bucket, &cell.value, *tally)).collect()
    }

    /// For each of some questions the rows that a snapshot of one day adds to the answer: those of pairs. Questions with the same
    /// filter are answered together.
    ///
    /// # Errors
    /// Those of [`Interrupt::check`].
    pub fn rows_of_snapshot(
        asks: &[Ask],
        day: Day,
        snapshot: &SessionSnapshot,
        interrupt: &Interrupt,
    ) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let mut rows = vec![Vec::new(); asks.len()];
        let open = asks.iter().enumerate().filter(|(_, ask)| ask.has_pairs_of(day));
        let (of_sections, open): (Vec<(usize, &Ask)>, Vec<_>) = open.partition(|(_, ask)| ask.is_of_sections_alone());
        for (place, ask) in of_sections {
            rows[place] = ask.rows_of_sections(day, snapshot, interrupt)?;
        }
        let (mut open, cut): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, ask)| ask.cut.rows == RowsBy::Axis);
        let mut met: Vec<(&Ask, MetValues)> = Vec::new();
        for (place, ask) in cut {
            let is_same = |of: &Ask| of.axis == ask.axis && of.filter == ask.filter && of.cut == ask.cut;
            if !met.iter().any(|(of, _)| is_same(of)) {
                met.push((ask, ask.met(snapshot, interrupt)?));
            }
            let found = met.iter().find(|(of, _)| is_same(of)).map_or(&[][..], |(_, found)| found);
            rows[place] = found.iter().map(|(values, tally)| ask.row_of_met(day, values, *tally)).collect();
        }
        while let Some((first, filter)) = open.first().and_then(|(place, ask)| Some((*place, ask.filter.as_ref()?))) {
            let is_same = |(place, ask): &(usize, &Ask)| *place == first || ask.filter.as_ref() == Some(filter);
            let (same, others): (Vec<_>, Vec<_>) = open.into_iter().partition(is_same);
            let axes: Vec<&Axis<Name>> = same.iter().map(|(_, ask)| &ask.axis).collect();
            let passes = |value: &str| interrupt.passes(&filter.test, value);
            for ((place, ask), values) in same.into_iter().zip(snapshot.filtered(filter, &axes, passes)?) {
                let bucket = ask.bucket(ask.bucket_of(day));
                for (value, tally) in values {
                    if ask.keeps(&value, interrupt)? {
                        rows[place].push(SumRow::of(bucket, value, tally));
                    }
                }
            }
            open = others;
        }
        Ok(rows)
    }

    /// Whether it is about sections by themselves.
    fn is_of_sections_alone(&self) -> bool {
        matches!(self.source(), CellSource::Pair(Pair::OF_SECTIONS, _))
    }

    /// The rows of sections by themselves, or of a set of them, in which each visitor and visit counts once.
    fn rows_of_sections(
        &self,
        day: Day,
        snapshot: &SessionSnapshot,
        interrupt: &Interrupt,
    ) -> Result<Vec<SumRow>, StoreError> {
        let test = self.filter.as_ref().map_or(Test::All(Vec::new()), |filter| filter.test.clone());
        let wanted = Filter { axis: SECTIONS, test };
        let splits = if self.axis == SECTIONS { &[&SECTIONS][..] } else { &[] };
        let met = snapshot.meeting(&[&wanted], splits, |test, value| interrupt.passes(test, value))?;
        let bucket = self.bucket(self.bucket_of(day));
        let mut rows = Vec::with_capacity(met.len());
        for ([value, _], tally) in met {
            if self.axis != SECTIONS || self.keeps(&value, interrupt)? {
                rows.push(SumRow::of(bucket, value, tally));
            }
        }
        Ok(rows)
    }

    /// What lies on both sides of a day, by what has rows.
    fn met(&self, snapshot: &SessionSnapshot, interrupt: &Interrupt) -> Result<MetValues, StoreError> {
        let test = self.cut.kept.clone().unwrap_or(Test::All(Vec::new()));
        let kept = Filter { axis: self.axis.clone(), test };
        let sides: Vec<&Filter<Name>> = std::iter::once(&kept).chain(&self.filter).collect();
        let is_split = self.cut.rows == RowsBy::Both;
        let splits: Vec<&Axis<Name>> = sides.iter().filter(|_| is_split).map(|side| &side.axis).collect();
        snapshot.meeting(&sides, &splits, |test, value| interrupt.passes(test, value))
    }

    fn row_of_met(&self, day: Day, [value, second]: &[Name; 2], tally: Tally) -> SumRow {
        let second = (self.cut.rows == RowsBy::Both).then(|| second.clone());
        SumRow { second, ..SumRow::of(self.bucket(self.bucket_of(day)), value.clone(), tally) }
    }

    /// Whether a value of the axis counts.
    ///
    /// # Errors
    /// Those of [`Interrupt::check`].
    pub fn keeps(&self, value: &str, interrupt: &Interrupt) -> Result<bool, StoreError> {
        self.cut.kept.as_ref().map_or(Ok(true), |test| interrupt.passes(test, value))
    }

    /// Whether pairs of a day are part of the answer.
    fn has_pairs_of(&self, day: Day) -> bool {
        // Segments are found out from conditions ([`Ask::rows_of_visits`]).
        let is_of_pairs = matches!(self.source(), CellSource::Pair(..));
        is_of_pairs && !self.is_of_segments() && self.grain != Grain::Hour && self.spans(self.bucket_of(day))
    }

    /// The bucket of a day, where buckets are days or months.
    pub(super) fn bucket_of(&self, day: Day) -> i32 {
        if self.grain == Grain::Month { day.month().0 } else { day.0 }
    }
}
