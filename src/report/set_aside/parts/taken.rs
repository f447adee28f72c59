//! In: a question and a dimension of which values are set aside. Out: what has to be asked for what these have of each line, and the least
//! and the most of it. Forgets: the rows.

use std::collections::HashMap;

use super::super::bounds::{TakenPart, at_least_nothing, range_of, smaller, union};
use super::super::day_ways::{DayWays, hits};
use super::{PartPlan, day_of, is_counted};
use crate::cell::filter::JOINT;
use crate::cell::{Axis, Dimension, Filter, OTHER, Tally, Test, ValueOf};
use crate::counts::Name;
use crate::report::estimate::{KnownParts, TallyRange};
use crate::site::Day;
use crate::store::{Ask, Cut, Grain, RowsBy, SumRow};

/// How it is known what values have of a question.
#[derive(Debug)]
pub(in crate::report::set_aside) enum TakenHow {
    /// By all that they have.
    Whole(usize),
    /// By the values of a dimension, of which a test tells those that are one line.
    Pair(usize, Dimension, Option<Test>),
    /// By two dimensions, of which each has its own cells with them.
    Joint(Box<JointAsks>),
    /// Money by the values, with the currency.
    Paid(usize),
    /// All that they have on a day is the most.
    Most,
}

/// What is asked of two dimensions and the one of which values are set aside.
#[derive(Debug)]
pub(in crate::report::set_aside) struct JointAsks {
    dimensions: [Dimension; 2],
    /// Which values of each are asked for; nothing for all.
    tests: [Option<Test>; 2],
    rows: RowsBy,
    /// Each of the two by itself.
    alone: [usize; 2],
    /// Each of the two with the values.
    with: [usize; 2],
}

impl TakenHow {
    pub(super) fn of(ask: &Ask, (dimension, filter): (Dimension, Filter<Name>), plan: &mut PartPlan) -> TakenHow {
        if ask.axis == Axis::Total && ask.filter.is_none() {
            // Hours are held against their whole days.
            let days = |hour: i32| hour.div_euclid(24);
            let (first, last) = match ask.grain {
                Grain::Hour => (days(ask.first) * 24, days(ask.last) * 24 + 23),
                _ => (ask.first, ask.last),
            };
            return TakenHow::Whole(plan.ask(Ask { first, last, ..by(ask, Axis::Total, Some(filter)) }));
        }
        match &ask.axis {
            _ if ask.grain == Grain::Hour => TakenHow::Most,
            Axis::Revenue { event, within: None } => {
                let test = Test::Implied(Dimension::Event, Box::new(Test::Is(vec![event.to_string()])));
                let paid = Filter { axis: Axis::Of(Dimension::Money), test };
                let cut = Cut { kept: Some(filter.test), rows: RowsBy::Both };
                TakenHow::Paid(plan.ask(Ask { cut, ..by(ask, filter.axis, Some(paid)) }))
            }
            _ => TakenHow::of_days(ask, (dimension, filter), plan),
        }
    }

    /// The same by the values of dimensions.
    fn of_days(ask: &Ask, (dimension, filter): (Dimension, Filter<Name>), plan: &mut PartPlan) -> TakenHow {
        let of = |axis: &Axis<Name>| match axis {
            Axis::Of(other) if is_counted(*other, dimension) => Some(*other),
            _ => None,
        };
        let mut pair = |axis: &Axis<Name>, test: Option<Test>| match of(axis) {
            Some(other) => TakenHow::Pair(plan.ask(by(ask, Axis::Of(other), Some(filter.clone()))), other, test),
            None => TakenHow::Most,
        };
        match (&ask.axis, &ask.filter) {
            (axis, None) => pair(axis, None),
            (axis, Some(own)) if own.axis == *axis => pair(axis, None),
            (Axis::Total, Some(own)) => pair(&own.axis, Some(own.test.clone())),
            (axis, Some(own)) => {
                let Some((one, other)) = of(axis).zip(of(&own.axis)) else { return TakenHow::Most };
                let alone = [one, other].map(|of| plan.ask(by(ask, Axis::Of(of), None)));
                let with = [one, other].map(|of| plan.ask(by(ask, Axis::Of(of), Some(filter.clone()))));
                let tests = [ask.cut.kept.clone(), Some(own.test.clone())];
                TakenHow::Joint(Box::new(JointAsks {
                    dimensions: [one, other],
                    tests,
                    rows: ask.cut.rows,
                    alone,
                    with,
                }))
            }
        }
    }
}

/// A question of the same days about something else.
fn by(ask: &Ask, axis: Axis<Name>, filter: Option<Filter<Name>>) -> Ask {
    Ask { axis, filter, cut: Cut::default(), ..ask.clone() }
}

/// Rows by bucket and value.
#[derive(Default)]
struct ValueRanges {
    ranges: HashMap<(i32, Name), TallyRange>,
    /// What may be of any value that has no row, at most.
    lack: HashMap<i32, Tally>,
}

impl ValueRanges {
    fn of(rows: &[SumRow]) -> ValueRanges {
        let mut found = ValueRanges::default();
        for row in rows {
            *found.ranges.entry((row.bucket, row.value.clone())).or_default() += range_of(row);
        }
        let other = |((bucket, value), range): (&(i32, Name), &TallyRange)| {
            (&**value == OTHER).then_some((*bucket, range.high))
        };
        found.lack = found.ranges.iter().filter_map(other).collect();
        found
    }

    /// The same of what the values that are set aside have with a dimension. Where that is not all that they have, any value may have
    /// more.
    fn held_against(mut self, dimension: Dimension, wholes: impl Iterator<Item = (i32, Tally)>) -> ValueRanges {
        use ValueOf::{PageBefore, Paid, Patterns, Segments, Steps};
        let has_all = !matches!(dimension.row().value_of, Patterns | Segments | PageBefore | Steps | Paid);
        let mut known: HashMap<i32, (Tally, bool)> = HashMap::new();
        for ((bucket, _), range) in &self.ranges {
            let sum = known.entry(*bucket).or_default();
            *sum = (sum.0 + range.low, true);
        }
        for (bucket, whole) in wholes {
            let (sum, has_rows) = known.get(&bucket).copied().unwrap_or_default();
            let lacks = match dimension.row().value_of {
                Patterns => !has_rows,
                _ => has_all && hits(sum) < hits(whole),
            };
            if lacks {
                let (visitors, visits) = (whole.visitors, whole.visits);
                let lack = Tally { visitors, visits, ..at_least_nothing(whole, sum) };
                *self.lack.entry(bucket).or_default() += lack;
            }
        }
        self
    }

    fn lack(&self, bucket: i32) -> Tally {
        self.lack.get(&bucket).copied().unwrap_or_default()
    }

    fn get(&self, bucket: i32, value: &Name, is_whole: bool) -> TallyRange {
        let found = self.ranges.get(&(bucket, value.clone())).copied();
        match found {
            Some(found) if is_whole && &**value != OTHER => found,
            Some(found) if &**value == OTHER => TallyRange { low: Tally::ZERO, high: found.high + self.lack(bucket) },
            found => {
                let TallyRange { low, high } = found.unwrap_or_default();
                TallyRange { low, high: high + self.lack(bucket) }
            }
        }
    }

    /// All that passes a test, as one.
    fn passing(&self, bucket: i32, dimension: Dimension, test: Option<&Test>) -> TallyRange {
        let passes = |value: &str| test.is_none_or(|test| test.passes(value)) && (value != OTHER || test.is_none());
        let parts =
            self.ranges.iter().filter(|((of, value), _)| *of == bucket && passes(value)).map(|(_, range)| *range);
        let mut all = union(parts, dimension.is_of_visit());
        all.high += self.lack(bucket);
        all
    }
}

/// What values that are set aside have of the lines of a question.
pub(in crate::report::set_aside) struct TakenRows<'r> {
    ask: &'r Ask,
    dimension: Dimension,
    ways: &'r DayWays<'r>,
    known: KnownRows,
}

enum KnownRows {
    Whole(HashMap<i32, TallyRange>),
    Pair(ValueRanges, Dimension, Option<Test>),
    Joint(Box<JointRows>),
    Most,
}

struct JointRows {
    asks: JointAsks,
    alone: [ValueRanges; 2],
    with: [ValueRanges; 2],
}

impl<'r> TakenRows<'r> {
    pub(super) fn of(
        (ask, dimension): (&'r Ask, Dimension),
        how: TakenHow,
        found: &[Vec<SumRow>],
        ways: &'r DayWays<'r>,
    ) -> TakenRows<'r> {
        let rows = |place: usize| found.get(place).map_or(&[][..], Vec::as_slice);
        let with = |place: usize, of: Dimension| {
            ValueRanges::of(rows(place)).held_against(of, ways.wholes_of(ask.site, dimension))
        };
        let known = match how {
            TakenHow::Whole(place) => {
                let mut sums: HashMap<i32, TallyRange> = HashMap::new();
                rows(place).iter().for_each(|row| *sums.entry(row.bucket).or_default() += range_of(row));
                KnownRows::Whole(sums)
            }
            TakenHow::Pair(place, of, test) => KnownRows::Pair(with(place, of), of, test),
            TakenHow::Joint(asks) => {
                let alone = asks.alone.map(|place| ValueRanges::of(rows(place)));
                let with = [0, 1].map(|at| with(asks.with[at], asks.dimensions[at]));
                KnownRows::Joint(Box::new(JointRows { asks: *asks, alone, with }))
            }
            TakenHow::Paid(place) => {
                let currency = |row: &SumRow| Some(Name::from(row.second.as_deref()?.rsplit_once(JOINT)?.1));
                let by_currency = |row: &SumRow| Some(SumRow { value: currency(row)?, ..row.clone() });
                let rows: Vec<SumRow> = rows(place).iter().filter_map(by_currency).collect();
                KnownRows::Pair(ValueRanges::of(&rows), Dimension::Money, None)
            }
            TakenHow::Most => KnownRows::Most,
        };
        TakenRows { ask, dimension, ways, known }
    }

    /// What of a line is set aside, of which so much was counted.
    pub(super) fn part(&self, key: (i32, &Name, Option<&Name>), all: TallyRange) -> TakenPart {
        let (bucket, value, _) = key;
        let day = day_of(self.ask, bucket);
        let whole = self.ways.whole(self.ask.site, day, self.dimension);
        let is_single = self.ways.is_single(self.ask.site, day, self.dimension);
        let range = match &self.known {
            KnownRows::Whole(sums) if self.has_whole_day(sums, bucket, whole) => {
                sums.get(&bucket).copied().unwrap_or_default()
            }
            KnownRows::Pair(rows, _, None) => rows.get(bucket, value, is_single),
            KnownRows::Pair(rows, of, Some(test)) => match test.named() {
                Some([named]) => rows.get(bucket, &Name::from(named.as_str()), is_single),
                _ => rows.passing(bucket, *of, Some(test)),
            },
            KnownRows::Joint(rows) => rows.range(self, key, all, is_single),
            // Of money the values do not tell by themselves.
            KnownRows::Whole(_) | KnownRows::Most => {
                TallyRange { low: Tally::ZERO, high: Tally { revenue: all.high.revenue, ..whole } }
            }
        };
        let high = smaller(range.high, all.high);
        TakenPart {
            range: TallyRange { low: smaller(range.low, high), high },
            is_of_visits: self.dimension.is_of_visit(),
        }
    }

    /// Whether hours are kept of all that the values have on their day.
    fn has_whole_day(&self, sums: &HashMap<i32, TallyRange>, bucket: i32, whole: Tally) -> bool {
        if self.ask.grain != Grain::Hour {
            return true;
        }
        let first = bucket.div_euclid(24) * 24;
        let of_day = (first..first + 24).filter_map(|hour| sums.get(&hour));
        of_day.map(|range| hits(range.low)).sum::<i64>() == hits(whole)
    }
}

impl JointRows {
    /// What three dimensions have together is bounded by what any two of them have.
    fn range(
        &self,
        of: &TakenRows,
        (bucket, value, second): (i32, &Name, Option<&Name>),
        all: TallyRange,
        is_single: bool,
    ) -> TallyRange {
        let JointAsks { dimensions, tests, rows, .. } = &self.asks;
        let shown = [Some(value).filter(|_| *rows != RowsBy::Nothing), second];
        let side = |ranges: &[ValueRanges; 2], at: usize, is_whole: bool| match shown[at] {
            Some(value) => ranges[at].get(bucket, value, is_whole),
            None => match tests[at].as_ref().and_then(Test::named) {
                Some([named]) => ranges[at].get(bucket, &Name::from(named.as_str()), is_whole),
                _ => ranges[at].passing(bucket, dimensions[at], tests[at].as_ref()),
            },
        };
        let with = [0, 1].map(|at| side(&self.with, at, is_single));
        // An event that brought money is the event: what both have is what the money has.
        if *rows == RowsBy::Both && dimensions[1].row().implies.contains(&dimensions[0]) {
            return with[1];
        }
        let high = smaller(smaller(with[0].high, with[1].high), all.high);
        let is_met = |dimension: &Dimension| {
            use ValueOf::{FirstHit, Hit, Joint, PageHit, VisitEnd};
            matches!(dimension.row().value_of, FirstHit(_) | Joint | VisitEnd | PageHit | Hit)
        };
        if !dimensions.iter().chain([&of.dimension]).all(is_met) {
            return TallyRange { low: Tally::ZERO, high };
        }
        let alone = [0, 1].map(|at| side(&self.alone, at, true));
        let TallyRange { low, high: most } = self.met(of, day_of(of.ask, bucket), (alone, with, all), is_single);
        TallyRange { low, high: Tally { revenue: high.revenue, ..smaller(most, high) } }
    }

    /// What three dimensions have together, by what each of the two has alone and with the values, and what they have with each other.
    fn met(
        &self,
        of: &TakenRows,
        day: Day,
        (alone, with, both): ([TallyRange; 2], [TallyRange; 2], TallyRange),
        is_single: bool,
    ) -> TallyRange {
        let [one, other] = self.asks.dimensions;
        let whole = of.ways.whole(of.ask.site, day, of.dimension);
        let mut known = KnownParts::of(&[one, other, of.dimension], of.ways.all(of.ask.site, day).into());
        known.know(&[0], alone[0]);
        known.know(&[1], alone[1]);
        known.know(&[2], TallyRange { low: if is_single { whole } else { Tally::ZERO }, high: whole });
        known.know(&[0, 1], both);
        known.know(&[0, 2], with[0]);
        known.know(&[1, 2], with[1]);
        known.bounded().range
    }
}
