//! In: a question about a site and a range, and sums. Out: the [`Line`]s that answer it. Forgets: the cells summed up.
//!
//! A report reads month cells for whole months and day cells for the rest, so that its cost does not grow with traffic
//! or with years. Rates are made here, from sums, and nowhere else.

pub mod bots;
pub mod bounds;
pub mod bucket;
pub mod comparison;
mod cut_day;
pub mod estimate;
mod estimated;
mod line_sums;
pub mod figures;
pub mod folded;
pub mod goals;
mod order;
mod paid;
pub mod past_budget;
mod plan;
mod question;
pub mod money;
pub mod not_collected;
pub mod period;
pub mod place_names;
pub mod together;
pub mod overview;
mod records;
pub mod sections;
pub mod set_aside;
mod sums;
pub mod taken_out;
pub mod range;
pub mod query;
pub mod choice;
#[cfg(test)]
mod memory;

use crate::cell::{Axis, Metric, OTHER, Tally};
use crate::counts::Name;
use crate::site::SiteId;
use crate::store::{Ask, Grain, RowsBy, StoreError, SumRow};
use bounds::SumBounds;
use cut_day::{CutRows, Gaps};
use estimated::PartedQuestion;
use figures::Figures;
use line_sums::{Sum, WholeVisitors, sum_of};
use plan::PlannedRead;

pub use bounds::{FigureBounds, LineBounds};
pub use figures::{Figure, change};
pub use order::{By, ORDER, Order, sort};
pub use question::Question;
pub use records::{MailSums, Records};
pub use sums::{MatchedDays, Sums};

/// A range of the site's time, whole days or whole hours, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Days or hours; never months.
    pub grain: Grain,
    /// First bucket.
    pub first: i32,
    /// Last bucket; before the first if the range is empty.
    pub last: i32,
}

/// Width of the buckets of a series, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Interval {
    /// Hours of the site's wall clock.
    Hour,
    /// Days.
    Day,
    /// Weeks, which begin on Monday; a bucket is its Monday, or the first day of the range.
    Week,
    /// Months; a bucket is its first day, or the first day of the range.
    Month,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Number of the bucket (hours for [`Interval::Hour`], else days); nothing without an interval.
    pub bucket: Option<i32>,
    /// The value; empty for totals.
    pub value: Name,
    /// The value of the second dimension, where there are two.
    pub second: Option<Name>,
    /// The sums; where they are not sure, the most that was counted, or what is likely if that is estimated.
    pub tally: Tally,
    /// The metrics in the order asked; nothing where one is not measured. Of counts that are not sure the most, or what is likely if
    /// that is estimated, of rates nothing.
    pub metrics: Vec<Option<f64>>,
    /// Money by currency: thousandths, and the events that brought it; most events first. The metrics are about the first.
    pub money: Vec<(Name, i64, i64)>,
    /// Whether money is known, if it is asked for.
    pub is_money_known: bool,
    /// What is not sure.
    pub bounds: Option<Box<LineBounds>>,
}

impl Line {
    /// Whether it is of values that are counted together.
    pub fn is_rest(&self) -> bool {
        &*self.value == OTHER || self.second.as_deref() == Some(OTHER)
    }

    /// Whether the metric at a place is sure.
    pub fn is_sure(&self, place: usize) -> bool {
        self.low(place).is_none()
    }

    /// The bounds of each metric at some places; nothing for those that are sure.
    pub fn bounds_at(&self, places: std::ops::Range<usize>) -> Vec<Option<FigureBounds>> {
        if self.bounds.is_some() { places.map(|place| self.bounds_of(place)).collect() } else { Vec::new() }
    }

    /// The bounds of the metric at a place, where it is not sure; rates have none.
    pub fn bounds_of(&self, place: usize) -> Option<FigureBounds> {
        let (low, high) = self.low(place)?.zip(self.high(place))?;
        Some(FigureBounds { low, high, is_estimated: self.is_estimated() })
    }

    /// The most that the metric at a place may be.
    fn high(&self, place: usize) -> Option<f64> {
        let estimated = self.bounds.as_ref().and_then(|bounds| bounds.most.get(place));
        *estimated.or_else(|| self.metrics.get(place))?
    }

    /// Whether the metrics that are not sure are estimates, between the least and the most.
    pub fn is_estimated(&self) -> bool {
        self.bounds.as_ref().is_some_and(|bounds| !bounds.most.is_empty())
    }

    /// The least that the metric at a place may be, where it is not sure; rates have none.
    pub fn low(&self, place: usize) -> Option<Option<f64>> {
        self.bounds.as_ref()?.metrics.get(place).copied().flatten()
    }
}

/// Answers a question, by bucket and value. Buckets and values without any count have no line.
///
/// All sums come from one state. Over several days the visitors of the days are added; over hours, those of the hours.
///
/// # Errors
/// [`StoreError`]
pub fn answer(question: &Question, sums: &dyn Sums) -> Result<Vec<Line>, StoreError> {
    Ok(answers(std::slice::from_ref(question), sums)?.pop().unwrap_or_default())
}

/// Answers several questions about one site, all from one state.
///
/// # Errors
/// [`StoreError`]
pub fn answers(questions: &[Question], sums: &dyn Sums) -> Result<Vec<Vec<Line>>, StoreError> {
    if !questions.iter().any(Question::is_estimated) {
        return known_answers(questions, sums);
    }
    let mut parted = Vec::new();
    for question in questions {
        let alone = || sums.months_alone(question.site, question.span.first_day(), question.span.last_day());
        parted.push(if question.is_estimated() { Some(PartedQuestion::of(question, &alone()?)) } else { None });
    }
    let parts = |(question, parted): (&Question, &Option<PartedQuestion>)| match parted {
        Some(parted) => parted.questions().cloned().collect(),
        None => vec![question.clone()],
    };
    let asked: Vec<Vec<Question>> = questions.iter().zip(&parted).map(parts).collect();
    let mut found = known_answers(&asked.concat(), sums)?.into_iter();
    let lines = |((question, parted), asked): ((&Question, &Option<PartedQuestion>), &Vec<Question>)| {
        let mut found: Vec<Vec<Line>> = found.by_ref().take(asked.len()).collect();
        match parted {
            Some(parted) => parted.lines(question, found, sums),
            None => Ok(found.pop().unwrap_or_default()),
        }
    };
    questions.iter().zip(&parted).zip(&asked).map(lines).collect()
}

/// Answers questions that sums know, or bound by themselves.
fn known_answers(questions: &[Question], sums: &dyn Sums) -> Result<Vec<Vec<Line>>, StoreError> {
    let reads: Vec<Vec<PlannedRead>> = questions.iter().map(plan::reads).collect();
    let asks: Vec<Ask> = reads.iter().flatten().map(|read| read.ask.clone()).collect();
    let mut rows = sums.read(&asks)?.into_iter();
    let pairs = questions.iter().zip(&reads);
    let lines = |(question, reads): (&Question, &Vec<PlannedRead>)| {
        lines(question, reads.iter().zip(rows.by_ref().take(reads.len())), sums)
    };
    pairs.map(lines).collect()
}

/// Which line: by bucket, value and second value; and of which bucket of the store, where bounds are those of each.
type LineKey = (Option<i32>, Name, Option<Name>, Option<(Grain, i32)>);
type KeyedSum = (LineKey, Sum);

/// One sum for each key, in order. A list takes half of the room that a map does.
fn added_up(mut sums: Vec<KeyedSum>) -> Vec<KeyedSum> {
    sums.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    merge_same(&mut sums);
    // What is sure is told bucket by bucket.
    for (key, sum) in &mut sums {
        key.3 = None;
        let own = sum.own;
        sum.bounds.iter_mut().for_each(|bounds| bounds.settle(own));
    }
    merge_same(&mut sums);
    sums
}

fn merge_same(sums: &mut Vec<KeyedSum>) {
    sums.dedup_by(|(key, sum), (before, sum_before)| {
        let is_same = key == before;
        if is_same {
            sum_before.add(std::mem::take(sum));
        }
        is_same
    });
}

fn lines<'a>(
    question: &Question,
    found: impl Iterator<Item = (&'a PlannedRead, Vec<SumRow>)>,
    room: &dyn Sums,
) -> Result<Vec<Line>, StoreError> {
    let mut sums: Vec<KeyedSum> = Vec::new();
    let (mut whole, mut cut) = (WholeVisitors::default(), CutRows::default());
    for (read, rows) in found {
        room.make_room((sums.len() + rows.len()) * size_of::<KeyedSum>())?;
        sums.reserve_exact(rows.len());
        let rows = match read.cut {
            Some(part) => cut.take(read, part, rows),
            None => {
                let rows = if read.adds_values { read.with_values_added(rows) } else { rows };
                rows.into_iter().map(|row| (row, Gaps::default())).collect()
            }
        };
        for (row, gaps) in rows {
            if whole.take(read.part, &row, gaps) {
                continue;
            }
            sums.push((read.key(question, &row), Sum { gaps, ..sum_of(read.part, row) }));
        }
    }
    let mut sums = added_up(sums);
    if question.views_only {
        sums.iter_mut().for_each(|(_, sum)| sum.own.events = 0);
    }
    let counted = sums.into_iter().filter(|(_, sum)| sum.is_counted(question) || !sum.gaps.is_none());
    room.make_room(counted.size_hint().1.unwrap_or_default() * line_bytes(question))?;
    Ok(counted.map(|(key, sum)| line(question, key, sum, whole)).collect())
}

/// The memory that a line takes, but for its value, which others have too.
fn line_bytes(question: &Question) -> usize {
    size_of::<Line>() + question.metrics.len() * size_of::<Option<f64>>()
}

fn line(question: &Question, (bucket, value, second, _): LineKey, mut sum: Sum, whole: WholeVisitors) -> Line {
    let is_money_known = sum.settle_money(question.knows_money_of(&value) && whole.knows_money());
    let (mut low, mut high) = SumBounds::of(sum.bounds.as_deref(), sum.own);
    if question.views_only {
        (low.events, high.events) = (0, 0);
    }
    let is_entered = plan::takes_rates_of_entries(question);
    let figures = |tally: Tally| Figures {
        tally,
        of_visits: if is_entered { sum.entered.as_deref().copied().unwrap_or_default() } else { tally },
        exits: plan::exits(question, tally, sum.left),
        all_visitors: whole.visitors,
        line_visitors: sum.line,
        money: sum.money.first().map(|(_, thousandths, events)| (*thousandths, *events)),
    };
    let metrics = |tally: Tally| question.metrics.iter().map(move |metric| figures(tally).metric(*metric));
    let mut most: Vec<Option<f64>> = metrics(high).collect();
    let is_share = |metric: Metric| matches!(metric, Metric::Percentage | Metric::ConversionRate);
    let is_told = |metric: Metric| sum.gaps.knows(metric) && (whole.gaps.is_none() || !is_share(metric));
    for (most, metric) in most.iter_mut().zip(&question.metrics) {
        *most = most.filter(|_| is_told(*metric));
    }
    let known = sum.bounds.as_deref().copied().unwrap_or_default();
    let is_unsure = |metric: &Metric| {
        is_told(*metric) && bounds::is_unsure(*metric, (low, high), &known, (is_entered, whole.is_unsure))
    };
    let unsure: Vec<bool> = question.metrics.iter().map(is_unsure).collect();
    let mut bounds = None;
    if unsure.contains(&true) {
        // Where the least is hits without a visit, that is no visitor, and not that none was measured.
        let counted = |(value, metric): (Option<f64>, &Metric)| metric.is_count().then(|| value.unwrap_or(0.0));
        let least = metrics(low).zip(&question.metrics).map(counted);
        let least: Vec<_> = unsure.iter().zip(least).map(|(unsure, least)| unsure.then_some(least)).collect();
        for ((most, metric), unsure) in most.iter_mut().zip(&question.metrics).zip(&unsure) {
            *most = most.filter(|_| !unsure || metric.is_count());
        }
        bounds = Some(Box::new(LineBounds { low, metrics: least, most: Vec::new() }));
    }
    Line { bucket, value, second, tally: high, metrics: most, money: sum.money, is_money_known, bounds }
}

/// The line of a question that has no split, with zeros where nothing was counted.
///
/// # Errors
/// [`StoreError`]
pub fn total(question: &Question, sums: &dyn Sums) -> Result<Line, StoreError> {
    let found = answer(question, sums)?.pop();
    Ok(found.unwrap_or_else(|| nothing(question)))
}

/// The line of a question of which nothing was counted.
pub fn nothing(question: &Question) -> Line {
    line(question, (None, Name::from(""), None, None), Sum::default(), WholeVisitors::default())
}

/// The totals of a site over a span: always one line, with zeros where nothing was counted.
///
/// # Errors
/// [`StoreError`]
pub fn totals(site: SiteId, span: Span, metrics: &[Metric], sums: &dyn Sums) -> Result<Line, StoreError> {
    total(&Question::new(site, span, Axis::Total, None, metrics), sums)
}

#[cfg(test)]
mod tests;
