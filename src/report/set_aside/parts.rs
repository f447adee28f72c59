//! In: a question about days of which the same is set aside. Out: what has to be asked for what is left of it, and the rows that the
//! answers come to. Forgets: the answers.

use std::collections::BTreeMap;

use super::SetAsideRun;
use super::bounds::{TakenPart, in_part, left, range_of, row, smaller};
use super::day_ways::{DayWay, DayWays};
use crate::cell::{Axis, Condition, Dimension, Filter, Tally, Test, ValueOf};
use crate::counts::Name;
use crate::counts::pairs::Pair;
use crate::counts::snapshot::is_known;
use crate::report::estimate::TallyRange;
use crate::site::{Day, LocalHour, Month};
use crate::store::{Ask, CellSource, Cut, Grain, RowsBy, SumRow};

mod taken;

use taken::{TakenHow, TakenRows};

const SEGMENTS: Axis<Name> = Axis::Of(Dimension::Segment);

/// All that has to be asked, each once.
#[derive(Debug, Default)]
pub(super) struct PartPlan {
    pub(super) asks: Vec<Ask>,
}

/// A part of an answer. Its rows are in this bucket, if there is one, else in their own or in none.
#[derive(Debug)]
pub(super) enum AnswerPart {
    /// As it was counted.
    AsCounted(usize, Option<i32>),
    /// What is left, exactly; whether it may be visits in part.
    Left(usize, Option<i32>, bool),
    /// All less what is set aside.
    Less(usize, Option<i32>, Vec<(Dimension, TakenHow)>),
    /// A month that can't be answered by its days.
    Month(usize, Month),
}

impl PartPlan {
    pub(super) fn ask(&mut self, ask: Ask) -> usize {
        self.asks.iter().position(|known| *known == ask).unwrap_or_else(|| {
            self.asks.push(ask);
            self.asks.len() - 1
        })
    }

    pub(super) fn as_counted(&mut self, ask: Ask, bucket: Option<i32>) -> AnswerPart {
        AnswerPart::AsCounted(self.ask(ask), bucket)
    }

    pub(super) fn month_alone(&mut self, ask: Ask) -> AnswerPart {
        let month = Month(ask.first);
        AnswerPart::Month(self.ask(ask), month)
    }

    /// A question by day or hour, less what is set aside.
    pub(super) fn less(&mut self, ask: Ask, bucket: Option<i32>, run: &SetAsideRun, way: DayWay) -> AnswerPart {
        let mut ask = Ask { by_bucket: true, ..ask };
        let mut others: BTreeMap<Dimension, Vec<String>> = BTreeMap::new();
        for (dimension, values) in &run.values {
            if !leaves_out(&mut ask, *dimension, values) {
                others.insert(*dimension, values.clone());
            }
        }
        if others.is_empty() {
            return AnswerPart::Left(self.ask(ask), bucket, false);
        }
        let is_in_part = others.keys().any(|dimension| !dimension.is_of_visit());
        let of_visits = || by_visits(&ask, &run.left());
        let exact = match way {
            _ if ask.filter.as_ref().is_some_and(|filter| filter.condition().is_some()) => of_visits(),
            DayWay::Memory => of_visits().or_else(|| by_left(&ask, &run.left)),
            DayWay::Counted => by_left(&ask, &run.left),
            DayWay::Pairs => None,
        };
        if let Some(exact) = exact {
            return AnswerPart::Left(self.ask(exact), bucket, is_in_part);
        }
        let taken = others.into_iter().map(|(dimension, values)| {
            let filter = Filter { axis: Axis::Of(dimension), test: Test::Is(values) };
            (dimension, TakenHow::of(&ask, (dimension, filter), self))
        });
        let taken = taken.collect();
        AnswerPart::Less(self.ask(ask), bucket, taken)
    }
}

/// Whether a question leaves values out by itself, if it is told to: it is split by their dimension, or filtered by it.
fn leaves_out(ask: &mut Ask, dimension: Dimension, values: &[String]) -> bool {
    let axis = Axis::Of(dimension);
    let own = || Test::Not(Box::new(Test::Is(values.to_vec())));
    let tells = |other: Dimension| {
        matches!(other.row().value_of, ValueOf::Joint | ValueOf::Paid) && other.row().implies.contains(&dimension)
    };
    match &mut ask.filter {
        Some(filter) if filter.condition().is_some() => return false,
        Some(filter) if filter.axis == axis => {
            filter.test = match &filter.test {
                Test::Is(named) => Test::Is(named.iter().filter(|name| !values.contains(name)).cloned().collect()),
                test => Test::All(vec![test.clone(), own()]),
            };
            return true;
        }
        Some(filter) if matches!(filter.axis, Axis::Of(other) if tells(other)) => {
            let implied = Test::Implied(dimension, Box::new(Test::Is(values.to_vec())));
            filter.test = Test::All(vec![filter.test.clone(), Test::Not(Box::new(implied))]);
            return true;
        }
        _ => {}
    }
    if ask.axis != axis {
        return false;
    }
    match &ask.filter {
        None => ask.filter = Some(Filter { axis, test: own() }),
        Some(_) => {
            let kept = ask.cut.kept.take();
            ask.cut.kept = Some(Test::All(kept.into_iter().chain([own()]).collect()));
        }
    }
    true
}

/// The question as it is asked of visits in memory.
fn by_visits(ask: &Ask, left: &Condition<Name>) -> Option<Ask> {
    let is_whole = ask.cut.rows != RowsBy::Both && !matches!(ask.axis, Axis::Revenue { .. });
    let is_asked = |axis: &Axis<Name>| match axis {
        Axis::Of(dimension) => {
            !matches!(dimension, Dimension::Segment | Dimension::ReachedStep | Dimension::Money | Dimension::Pattern)
        }
        Axis::Prop { event, .. } => event.is_none(),
        Axis::Total | Axis::Funnel(_) => true,
        Axis::Revenue { .. } => false,
    };
    let filter = ask.filter.iter().filter(|filter| filter.condition().is_none());
    if !is_whole || !filter.clone().all(|filter| is_asked(&filter.axis)) || !is_asked(&ask.axis) {
        return None;
    }
    let kept = ask.cut.kept.iter().map(|test| Filter { axis: ask.axis.clone(), test: test.clone() });
    let tests = filter.cloned().chain(kept).map(Condition::Is);
    let asked = ask.filter.iter().filter_map(|filter| filter.condition().cloned());
    let condition = Condition::all(asked.chain(tests).chain([left.clone()]));
    let axis = if ask.cut.rows == RowsBy::Nothing { Axis::Total } else { ask.axis.clone() };
    let filter = Some(Filter::of_visits(condition.clone()));
    is_known(&condition, &[&axis]).then(|| Ask { axis, filter, cut: Cut::default(), ..ask.clone() })
}

/// The question as it is asked of what was left when days ended, which is counted as a segment is.
fn by_left(ask: &Ask, name: &Name) -> Option<Ask> {
    let of_left = Some(Filter { axis: SEGMENTS, test: Test::Is(vec![name.to_string()]) });
    let (axis, cut) = match (&ask.axis, &ask.filter) {
        (axis, None) => (axis.clone(), ask.cut.clone()),
        (axis, Some(own)) if own.axis == *axis => {
            (axis.clone(), Cut { kept: Some(own.test.clone()), rows: RowsBy::Axis })
        }
        (Axis::Total, Some(other)) => {
            (other.axis.clone(), Cut { kept: Some(other.test.clone()), rows: RowsBy::Nothing })
        }
        _ => return None,
    };
    // Of properties it is only kept where they were named, and not where what is set aside is of hits.
    if matches!(axis, Axis::Prop { .. }) {
        return None;
    }
    let asked = Ask { axis, filter: of_left, cut, ..ask.clone() };
    let is_of_two = asked.axis != SEGMENTS && matches!(asked.source(), CellSource::Pair(..));
    (is_of_two && ask.grain != Grain::Hour).then_some(asked)
}

impl AnswerPart {
    /// Its rows, given the answers to all that was asked.
    pub(super) fn rows(self, ask: &Ask, found: &[Vec<SumRow>], ways: &DayWays) -> Vec<SumRow> {
        let rows = |place: usize| found.get(place).map_or(&[][..], Vec::as_slice);
        let at = |bucket: Option<i32>, own: i32| bucket.unwrap_or(if ask.by_bucket { own } else { 0 });
        let moved = |row: &SumRow, bucket: Option<i32>| SumRow { bucket: at(bucket, row.bucket), ..row.clone() };
        match self {
            AnswerPart::AsCounted(place, bucket) => rows(place).iter().map(|row| moved(row, bucket)).collect(),
            AnswerPart::Left(place, bucket, is_in_part) => {
                let row = |row: &SumRow| if is_in_part { in_part(moved(row, bucket)) } else { moved(row, bucket) };
                rows(place).iter().map(row).collect()
            }
            AnswerPart::Month(place, month) => {
                let most = ways.most_in(ask.site, month);
                rows(place).iter().filter_map(|row| of_month(row, most)).collect()
            }
            AnswerPart::Less(place, bucket, taken) => {
                let taken: Vec<TakenRows> =
                    taken.into_iter().map(|(of, how)| TakenRows::of((ask, of), how, found, ways)).collect();
                let row = |((of, value, second), all): ((i32, Name, Option<Name>), TallyRange)| {
                    let part = |taken: &TakenRows| taken.part((of, &value, second.as_ref()), all);
                    let parts: Vec<TakenPart> = taken.iter().map(part).collect();
                    row(at(bucket, of), (value, second), left(all, &parts, ask.grain == Grain::Hour))
                };
                by_key(rows(place)).into_iter().filter_map(row).collect()
            }
        }
    }
}

/// What is left of a month of which so much is set aside at most, or nobody knows how much: it may be of any of its figures.
fn of_month(found: &SumRow, most: Option<Tally>) -> Option<SumRow> {
    let all = range_of(found);
    let high = most.map_or(all.high, |most| smaller(all.high, most));
    let part = TakenPart { range: TallyRange { low: Tally::ZERO, high }, is_of_visits: false };
    row(found.bucket, (found.value.clone(), found.second.clone()), left(all, &[part], false))
}

/// Rows that add up, by bucket and values.
fn by_key(rows: &[SumRow]) -> BTreeMap<(i32, Name, Option<Name>), TallyRange> {
    let mut sums: BTreeMap<(i32, Name, Option<Name>), TallyRange> = BTreeMap::new();
    for row in rows {
        *sums.entry((row.bucket, row.value.clone(), row.second.clone())).or_default() += range_of(row);
    }
    sums
}

/// The day of a bucket.
fn day_of(ask: &Ask, bucket: i32) -> Day {
    if ask.grain == Grain::Hour { LocalHour::from_number(bucket).day } else { Day(bucket) }
}

/// Whether two dimensions are counted together.
fn is_counted(a: Dimension, b: Dimension) -> bool {
    Pair::of(a, b).0.is_counted()
}
