//! What a question asks of the sums, and in which bucket of the series each row belongs.

use std::collections::BTreeMap;

use super::cut_day::DayPart;
use super::{Interval, LineKey, Question, Span};
use crate::cell::{Axis, Dimension, Filter, Metric, Tally, Test};
use crate::counts::Name;
use crate::site::{Day, LocalHour, time::Month};
use crate::store::{Ask, CellSource, Cut, Doubt, Grain, LargestValue, RowsBy, SumRow};

/// What the rows of an ask count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowRole {
    /// The lines themselves.
    Own,
    /// The visits that entered on the page of a line, or on the page that is filtered for.
    Entered,
    /// The visits that left on it.
    Left,
    /// The views of the page on which visits left.
    Shown,
    /// What shares are taken of.
    Whole,
    /// The same, line by line.
    Lines,
    /// Money by currency.
    Money,
    /// The same by event and currency, of the values of a dimension.
    MoneyBy,
    /// How many events brought money, and of how many the sums by dimensions tell.
    MoneyBrought,
    MoneyCounted,
    /// All that a line is part of: no sum over values is more.
    Limit,
    /// What a filter that leaves values out leaves out.
    LeftOut,
}

/// One ask, and what becomes of its rows.
#[derive(Debug)]
pub(super) struct PlannedRead {
    pub(super) ask: Ask,
    pub(super) part: RowRole,
    /// Whether its values are added up, hour by hour.
    pub(super) adds_values: bool,
    /// The part of a day that is cut, if it is for one.
    pub(super) cut: Option<DayPart>,
    interval: Option<Interval>,
    first_day: Day,
}

impl PlannedRead {
    /// The bucket of the series in which a row with this bucket belongs.
    pub(super) fn bucket(&self, stored: i32) -> Option<i32> {
        let stored = if self.ask.by_bucket { stored } else { self.ask.first };
        let interval = self.interval?;
        let day = match self.ask.grain {
            Grain::Hour if interval == Interval::Hour => return Some(stored),
            Grain::Hour => LocalHour::from_number(stored).day,
            Grain::Day => Day(stored),
            Grain::Month => Month(stored).first(),
        };
        Some(interval.bucket_of(day, self.first_day).0)
    }

    /// To which line of a question a row belongs.
    pub(super) fn key(&self, question: &Question, row: &SumRow) -> LineKey {
        let is_one = question.axis == Axis::Total || question.cut.rows == RowsBy::Nothing;
        let value = if is_one || self.part == RowRole::Money { Name::from("") } else { row.value.clone() };
        // Of two dimensions of which one is the other, both have the same value.
        let second = (question.cut.rows == RowsBy::Both).then(|| row.second.clone().unwrap_or_else(|| value.clone()));
        let stored = (is_one && self.ask.by_bucket).then_some((self.ask.grain, row.bucket));
        (self.bucket(row.bucket), value, second, stored)
    }

    /// The rows of all values, hour by hour, where each value has its own.
    pub(super) fn with_values_added(&self, rows: Vec<SumRow>) -> Vec<SumRow> {
        let mut values: BTreeMap<(i32, Name), Tally> = BTreeMap::new();
        for row in rows {
            *values.entry((row.bucket, row.value)).or_default() += row.tally;
        }
        let mut added: BTreeMap<i32, (Tally, [LargestValue; 2])> = BTreeMap::new();
        for ((bucket, _), tally) in values {
            let (sum, [visitors, visits]) = added.entry(bucket).or_default();
            *sum += tally;
            visitors.add(tally.visitors);
            visits.add(tally.visits);
        }
        let is_of_visit = matches!(self.ask.axis, Axis::Of(dimension) if dimension.is_of_visit());
        let row = |(bucket, (tally, [visitors, visits])): (i32, (Tally, [LargestValue; 2]))| {
            let repeated_visits = if is_of_visit { 0 } else { visits.repeated() };
            let doubt = Doubt { repeated_visitors: visitors.repeated(), repeated_visits, missing: Tally::ZERO };
            let doubt = (!doubt.is_none()).then(|| Box::new(doubt));
            SumRow { doubt, ..SumRow::of(bucket, Name::from(""), tally) }
        };
        added.into_iter().map(row).collect()
    }
}

/// Cells of one width that lie side by side.
struct Piece {
    grain: Grain,
    first: i32,
    last: i32,
    by_bucket: bool,
}

/// Whether rates of visits are those of the visits that entered: by page or of a page, a hit's value.
pub(super) fn takes_rates_of_entries(question: &Question) -> bool {
    is_of(question, PAGE)
}

/// Whether a question is split by a dimension or filtered by it.
pub(super) fn is_of(question: &Question, dimension: Dimension) -> bool {
    let axis = Axis::Of(dimension);
    question.axis == axis || question.filter.as_ref().is_some_and(|filter| filter.axis == axis)
}

const PAGE: Dimension = Dimension::Page;

/// The same question with one dimension in the place of another.
fn turned(question: &Question, from: Dimension, to: Dimension) -> Question {
    let turned = |axis: &Axis<Name>| if *axis == Axis::Of(from) { Axis::Of(to) } else { axis.clone() };
    let filter = question.filter.as_ref().map(|filter| Filter { axis: turned(&filter.axis), ..filter.clone() });
    Question { axis: turned(&question.axis), filter, ..question.clone() }
}

/// Whether values are added up that may have visitors in common.
fn adds_values(question: &Question) -> bool {
    let is_set = |test: &Test| !test.is_single();
    let of_filter = question.filter.as_ref().is_some_and(|f| f.axis != question.axis && is_set(&f.test));
    let of_axis = question.cut.rows == RowsBy::Nothing && question.cut.kept.as_ref().is_some_and(is_set);
    question.cut.rows != RowsBy::Both && (of_filter || of_axis)
}

/// Visits that left on the page of a line, and views of that page; `left` is what the line's own sums lack of them.
pub(super) fn exits(question: &Question, own: Tally, left: i64) -> (i64, i64) {
    if is_of(question, PAGE) { (left, own.pageviews) } else { (own.visits, left) }
}

/// The filter by which a line is what another one leaves.
fn left_out(question: &Question) -> Option<Filter<Name>> {
    let filter = question.filter.as_ref().filter(|_| question.cut.rows == RowsBy::Axis)?;
    match &filter.test {
        // A list of one test is looked at value by value, so that it is known what may be missing.
        Test::Not(inner) => Some(Filter { axis: filter.axis.clone(), test: Test::Any(vec![(**inner).clone()]) }),
        _ => None,
    }
}

/// Whether sums can answer it: the two dimensions of each of its parts are kept together.
pub(super) fn has_sums(question: &Question) -> bool {
    reads(question).iter().all(|read| read.ask.source() != CellSource::Nowhere)
}

/// Whether a question needs days of two dimensions in one of these months.
pub(super) fn reads_days_of(question: &Question, months: &[Month]) -> bool {
    let is_in = |ask: &Ask| months.iter().any(|month| ask.first <= month.last().0 && ask.last >= month.first().0);
    let asks = reads(question).into_iter().map(|read| read.ask);
    asks.filter(|ask| ask.grain == Grain::Day && matches!(ask.source(), CellSource::Pair(..))).any(|ask| is_in(&ask))
}

/// All that has to be read for a question.
pub(super) fn reads(question: &Question) -> Vec<PlannedRead> {
    let Some(counted) = question.over_counted_days() else { return reads_of_days(question) };
    let mut reads = reads_of_days(&counted);
    reads.iter_mut().for_each(|read| read.first_day = question.span.first_day());
    reads
}

fn reads_of_days(question: &Question) -> Vec<PlannedRead> {
    let asks_for = |wanted: &[Metric]| question.metrics.iter().any(|metric| wanted.contains(metric));
    let mut reads = part(question, RowRole::Own);
    let of_visits = [Metric::BounceRate, Metric::VisitDuration, Metric::ViewsPerVisit];
    if takes_rates_of_entries(question) && asks_for(&of_visits) {
        reads.extend(part(&turned(question, PAGE, Dimension::EntryPage), RowRole::Entered));
    }
    if asks_for(&[Metric::ExitRate]) {
        if is_of(question, PAGE) {
            reads.extend(part(&turned(question, PAGE, Dimension::ExitPage), RowRole::Left));
        } else {
            reads.extend(part(&turned(question, Dimension::ExitPage, PAGE), RowRole::Shown));
        }
    }
    reads.extend(limits(question));
    let whole = |axis: &Axis<Name>| Question { axis: axis.clone(), ..question.all() }.under(&question.whole);
    if asks_for(&[Metric::Percentage, Metric::ConversionRate]) {
        let all = whole(&Axis::Total).map(|whole| Question { interval: None, ..whole });
        reads.extend(all.iter().flat_map(|whole| part(whole, RowRole::Whole)));
    }
    if asks_for(&[Metric::GroupConversionRate]) {
        let is_one = question.cut.rows == RowsBy::Nothing;
        let lines = whole(if is_one { &Axis::Total } else { &question.axis });
        reads.extend(lines.iter().flat_map(|lines| part(lines, RowRole::Lines)));
    }
    reads.extend(question.paid_reads());
    // Bounds are those of each day.
    let is_one = question.axis == Axis::Total || question.cut.rows == RowsBy::Nothing;
    let is_bounded = |part: RowRole| matches!(part, RowRole::Own | RowRole::Limit | RowRole::LeftOut);
    let by_day = reads.iter_mut().filter(|read| is_one && adds_values(question) && is_bounded(read.part));
    by_day.for_each(|read| read.ask.by_bucket = true);
    reads
}

/// What bounds the sums over several values.
fn limits(question: &Question) -> Vec<PlannedRead> {
    if !adds_values(question) {
        return Vec::new();
    }
    let axis = if question.cut.rows == RowsBy::Nothing { Axis::Total } else { question.axis.clone() };
    let mut reads = part(&Question { axis, ..question.all() }, RowRole::Limit);
    let others = left_out(question).map(|filter| Question { filter: Some(filter), ..question.clone() });
    reads.extend(others.iter().flat_map(|others| part(others, RowRole::LeftOut)));
    reads
}

/// The asks of a question. Filters on its own dimension are one with what is kept of it.
pub(super) fn part(question: &Question, part: RowRole) -> Vec<PlannedRead> {
    let (mut axis, mut filter, mut cut) = (question.axis.clone(), question.filter.clone(), question.cut.clone());
    if let Some(own) = filter.as_mut().filter(|filter| filter.axis == axis) {
        if let Some(kept) = cut.kept.take() {
            own.test = Test::All(vec![kept, own.test.clone()]);
        }
        axis = if cut.rows == RowsBy::Nothing { Axis::Total } else { axis };
        cut = Cut::default();
    }
    let first_day = question.span.first_day();
    let read = |piece: Piece, day: Option<DayPart>| {
        // The hours of a day that is cut are held against the day, value by value.
        let is_set = filter.as_ref().is_some_and(|filter| axis == Axis::Total && !filter.test.is_single());
        let adds_values = is_set && (piece.grain == Grain::Hour || day.is_some());
        let split = filter.as_ref().filter(|_| adds_values).map_or(&axis, |filter| &filter.axis);
        let ask = Ask {
            site: question.site,
            axis: split.clone(),
            filter: filter.clone(),
            grain: piece.grain,
            first: piece.first,
            last: piece.last,
            by_bucket: piece.by_bucket || adds_values,
            cut: cut.clone(),
        };
        PlannedRead { ask, part, adds_values, cut: day, interval: question.interval, first_day }
    };
    let whole = pieces(question.uncut_span(), question.interval).into_iter().map(|piece| read(piece, None));
    let of_day = question.cut_day().into_iter();
    let of_day =
        of_day.map(|(part, grain, first, last)| read(Piece { grain, first, last, by_bucket: false }, Some(part)));
    whole.chain(of_day).collect()
}

/// The cells that make up a span: months where they are whole, days for the rest; hours where only hours will do.
fn pieces(span: Span, interval: Option<Interval>) -> Vec<Piece> {
    if span.is_empty() {
        return Vec::new();
    }
    let Span { grain, first, last } = span;
    match (grain, interval) {
        (Grain::Hour, _) => vec![Piece { grain, first, last, by_bucket: interval.is_some() }],
        (_, Some(Interval::Hour)) => {
            let (first, last) = (first.saturating_mul(24), last.saturating_mul(24).saturating_add(23));
            vec![Piece { grain: Grain::Hour, first, last, by_bucket: true }]
        }
        (_, Some(Interval::Day | Interval::Week)) => vec![Piece { grain: Grain::Day, first, last, by_bucket: true }],
        (_, Some(Interval::Month) | None) => months(Day(first), Day(last), interval.is_some()),
    }
}

/// Month cells for the whole months from `first` to `last`, and day cells for what is left at the ends.
fn months(first: Day, last: Day, by_bucket: bool) -> Vec<Piece> {
    let days = |from: Day, to: Day| Piece { grain: Grain::Day, first: from.0, last: to.0, by_bucket: false };
    let (from, to) = (first.month(), last.month());
    let whole_from = if from.first() == first { from } else { Month(from.0 + 1) };
    let whole_to = if to.last() == last { to } else { Month(to.0 - 1) };
    if whole_from > whole_to && (from == to || !by_bucket) {
        return vec![days(first, last)];
    }
    let mut pieces = Vec::new();
    if whole_from > from {
        pieces.push(days(first, from.last()));
    }
    if whole_from <= whole_to {
        pieces.push(Piece { grain: Grain::Month, first: whole_from.0, last: whole_to.0, by_bucket });
    }
    if whole_to < to {
        pieces.push(days(to.first(), last));
    }
    pieces
}
