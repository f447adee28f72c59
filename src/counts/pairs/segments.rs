//! In: the visits of a day and the segments of its site. Out: for each segment its sums by every dimension, how far its visits came in
//! funnels, and all that it lets pass. Forgets: which visits these were.
//!
//! The tables of segments have a budget of their own, as large as that of all other pairs. Past it the largest give: what has the
//! fewest visits is counted together in each segment, each visitor once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;

use super::hit_tables::PropertyNumbers;
use super::properties::NumbersOfProperties;
use super::{NameNumbers, Pair, PairTable, REST, share};
use crate::cell::packed::{CellKey, chunks};
use crate::cell::{Axis, Condition, Dimension, Sym, Tally, Test};
use crate::counts::Name;
use crate::counts::snapshot::{MatchedSums, SessionSnapshot, VisitSplit, is_known};

/// Cells of segments by the dimension that they are split by.
type SegmentCells = BTreeMap<Dimension, Vec<(CellKey, Tally)>>;

/// Which values of a dimension keep their names in which segment, of the dimensions that are past the budget.
type KeptValues = BTreeMap<Dimension, HashSet<CellKey>>;

/// What a segment is counted by, and under which dimension that stands in pairs.
type SegmentAxis = (Dimension, Axis<Name>);

/// What is the same for all segments of a day.
struct SegmentCounting<'a> {
    snapshot: &'a SessionSnapshot,
    numbers: &'a NameNumbers,
    /// For each name of the day the number under which it stands in pairs.
    of_names: Vec<u32>,
    properties: NumbersOfProperties,
    axes: Vec<SegmentAxis>,
}

impl SessionSnapshot {
    /// The tables of segments by each dimension, and that of segments by themselves. They have at most `cells_max` cells, those for the
    /// rest, for steps and for segments by themselves aside.
    pub(super) fn segment_tables(&self, numbers: &NameNumbers, cells_max: usize) -> Vec<PairTable> {
        if self.segments.names().is_empty() {
            return Vec::new();
        }
        let counting = SegmentCounting::of(self, numbers);
        let mut cells = counting.cells(&KeptValues::new());
        // Of these there are few.
        let has_budget = |of: &Dimension| !matches!(of, Dimension::Segment | Dimension::ReachedStep | Dimension::Money);
        let sizes = cells.iter().filter(|(of, _)| has_budget(of)).map(|(_, cells)| cells.len());
        let most = share(sizes.collect(), cells_max);
        let past = |(of, cells): &(&Dimension, &mut Vec<_>)| has_budget(of) && cells.len() > most;
        let kept = cells.iter_mut().filter(past);
        let kept: KeptValues =
            kept.map(|(of, cells)| (*of, counting.most_visited(std::mem::take(cells), most))).collect();
        if !kept.is_empty() {
            cells.extend(counting.cells(&kept).into_iter().filter(|(of, _)| kept.contains_key(of)));
        }
        cells.into_iter().map(|(dimension, cells)| table(dimension, cells)).collect()
    }
}

impl<'a> SegmentCounting<'a> {
    fn of(snapshot: &'a SessionSnapshot, numbers: &'a NameNumbers) -> SegmentCounting<'a> {
        let (of_names, properties) = (snapshot.numbers_of_names(numbers), snapshot.property_numbers(numbers));
        let of_properties = properties.iter().map(|(key, _)| {
            let key = snapshot.texts[key.0 as usize].clone();
            (Dimension::Property, Axis::Prop { key, event: None })
        });
        let counted = Dimension::in_pairs().chain([Dimension::Money]);
        let counted = counted.filter(|of| Pair::of(*of, Dimension::Segment).0.is_counted());
        let by_dimension = counted.map(|of| (of, Axis::Of(of)));
        let funnels = snapshot.segments.funnels().iter();
        let steps = funnels.map(|(funnel, _)| (Dimension::ReachedStep, Axis::Funnel(*funnel)));
        let axes = by_dimension.chain(of_properties).chain(steps).chain([(Dimension::Segment, Axis::Total)]).collect();
        SegmentCounting { snapshot, numbers, of_names, properties, axes }
    }

    /// The cells of all segments. Of a dimension in `kept` other values are counted together.
    fn cells(&self, kept: &KeptValues) -> SegmentCells {
        let mut cells = SegmentCells::new();
        for (place, (_, condition)) in self.snapshot.segments.conditions().enumerate() {
            if let Some((segment, condition)) = self.numbers.of_segment(place).zip(condition) {
                self.add_segment(segment, &condition, kept, &mut cells);
            }
        }
        cells
    }

    fn add_segment(&self, segment: u32, condition: &Condition<Name>, kept: &KeptValues, cells: &mut SegmentCells) {
        let known = self.axes.iter().filter(|(_, axis)| is_known(condition, &[axis]));
        let (of_properties, others): (Vec<&SegmentAxis>, Vec<_>) =
            known.partition(|(dimension, _)| *dimension == Dimension::Property);
        self.add_axes((segment, condition), &others, kept, cells);
        // Each looks at rows of its own.
        for axis in of_properties {
            self.add_axes((segment, condition), &[axis], kept, cells);
        }
    }

    fn add_axes(
        &self,
        (segment, condition): (u32, &Condition<Name>),
        axes: &[&SegmentAxis],
        kept: &KeptValues,
        cells: &mut SegmentCells,
    ) {
        let sums = |(dimension, axis): &&SegmentAxis| {
            let sums = self.snapshot.split_sums(condition, VisitSplit { axes: &[axis], by_hour: false });
            match kept.get(dimension) {
                Some(kept) => sums.keeping(self.names_of(segment, axis, kept)),
                None => sums,
            }
        };
        let mut splits: Vec<MatchedSums> = axes.iter().map(sums).collect();
        let mut passes = |test: &Test, text: &str| Ok::<bool, Infallible>(test.passes(text));
        let kind = splits.first().and_then(MatchedSums::kind_of_properties);
        let Ok(matching) = self.snapshot.compiled(condition, kind, &mut passes);
        if let Some(matching) = matching {
            let Ok(()) = self.snapshot.add_matching(&matching, &mut splits, &mut |_| Ok::<(), Infallible>(()));
        }
        for ((dimension, axis), sums) in axes.iter().zip(splits) {
            let names = kept.get(dimension).map(|kept| self.names_of(segment, axis, kept));
            let number = |name: Sym| match (dimension, axis) {
                (Dimension::Segment, _) => segment,
                (_, Axis::Funnel(funnel)) => self.of_step(*funnel, name.0),
                _ if names.as_ref().is_some_and(|names| !names.contains(&name)) => self.rest_of(axis),
                _ => self.number_of(axis, name),
            };
            let sums = sums.by_first().map(|(name, sum)| ((number(name), segment), sum.tally()));
            cells.entry(*dimension).or_default().extend(sums);
        }
    }

    /// The numbers of a named property, where an axis is one.
    fn of_property(&self, axis: &Axis<Name>) -> Option<&PropertyNumbers> {
        let Axis::Prop { key, .. } = axis else { return None };
        let found = self.properties.iter().find(|(of, _)| self.snapshot.texts[of.0 as usize] == *key);
        found.map(|(_, numbers)| numbers)
    }

    fn number_of(&self, axis: &Axis<Name>, name: Sym) -> u32 {
        match self.of_property(axis) {
            Some(numbers) => numbers.of_values.get(&name).copied().unwrap_or(numbers.rest),
            None => self.of_names[name.0 as usize],
        }
    }

    fn rest_of(&self, axis: &Axis<Name>) -> u32 {
        self.of_property(axis).map_or(REST, |numbers| numbers.rest)
    }

    /// The number of a step, counted from 1.
    fn of_step(&self, funnel: u32, step: u32) -> u32 {
        let first = self.snapshot.segments.funnels().iter().find(|(number, _)| *number == funnel);
        let place = first.map(|(_, place)| place + step.saturating_sub(1) as usize);
        place.and_then(|place| self.numbers.of_segment(place)).unwrap_or(REST)
    }

    /// The keys of the most visited cells. Between equals the day's order decides, not that in which a store has numbered names.
    fn most_visited(&self, mut cells: Vec<(CellKey, Tally)>, most: usize) -> HashSet<CellKey> {
        let properties = (self.of_names.len()..).zip(self.numbers.of_properties(self.snapshot));
        let properties = properties.map(|(place, number)| (*number, place));
        let names = self.numbers.in_order().map(|(name, number)| (number, name.0 as usize));
        let names: HashMap<u32, usize> = names.chain(properties).collect();
        let segments = (0..).map_while(|place| Some((self.numbers.of_segment(place)?, place)));
        let segments: HashMap<u32, usize> = segments.collect();
        let rank = |((value, segment), tally): &(CellKey, Tally)| {
            let hits = tally.pageviews + tally.events;
            (Reverse((tally.visits, hits)), names.get(value).copied(), segments.get(segment).copied())
        };
        cells.sort_unstable_by_key(rank);
        cells.truncate(most);
        cells.into_iter().map(|(key, _)| key).collect()
    }

    /// The names of an axis that are kept in a segment.
    fn names_of(&self, segment: u32, axis: &Axis<Name>, kept: &HashSet<CellKey>) -> HashSet<Sym> {
        let is_kept = |name: &Sym| kept.contains(&(self.number_of(axis, *name), segment));
        (0..self.of_names.len() as u32).map(Sym).filter(is_kept).collect()
    }
}

fn table(dimension: Dimension, mut cells: Vec<(CellKey, Tally)>) -> PairTable {
    cells.sort_unstable_by_key(|(key, _)| *key);
    let pair = Pair { first: dimension, second: Dimension::Segment };
    PairTable { pair, chunks: chunks(cells).collect() }
}
