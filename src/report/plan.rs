//! What a question asks of the sums, and in which bucket of the series each row belongs.

use super::cut_day::DayPart;
use super::{Interval, Question, Span};
use crate::cell::{Axis, Dimension, Filter, Metric};
use crate::counts::Name;
use crate::site::{Day, LocalHour, time::Month};
use crate::store::{Ask, CellSource, Grain};

/// What the rows of an ask count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowRole {
    /// The lines themselves.
    Own,
    /// The visits that entered on the page of a line, or on the page that is filtered for.
    Entered,
    /// What shares are taken of.
    Whole,
    /// The same, line by line.
    Lines,
    /// Money by currency.
    Money,
}

/// One ask, and what becomes of its rows.
#[derive(Debug)]
pub(super) struct PlannedRead {
    pub(super) ask: Ask,
    pub(super) part: RowRole,
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
}

/// Cells of one width that lie side by side.
struct Piece {
    grain: Grain,
    first: i32,
    last: i32,
    by_bucket: bool,
}

/// Whether bounces and seconds of the lines are those of the visits that entered: by page or of a page, a hit's value.
pub(super) fn takes_rates_of_entries(question: &Question) -> bool {
    question.axis == PAGE || question.filter.as_ref().is_some_and(|filter| filter.axis == PAGE)
}

const PAGE: Axis<Name> = Axis::Of(Dimension::Page);

/// What visits that entered have in the place of what hits have.
fn entered(axis: &Axis<Name>) -> Axis<Name> {
    if *axis == PAGE { Axis::Of(Dimension::EntryPage) } else { axis.clone() }
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
    let asks_for = |wanted: &[Metric]| question.metrics.iter().any(|metric| wanted.contains(metric));
    let filter = || question.filter.clone();
    let mut reads = part(question, RowRole::Own, question.axis.clone(), filter(), question.interval);
    if takes_rates_of_entries(question) && asks_for(&[Metric::BounceRate, Metric::VisitDuration]) {
        let filter = filter().map(|filter| Filter { axis: entered(&filter.axis), ..filter });
        reads.extend(part(question, RowRole::Entered, entered(&question.axis), filter, question.interval));
    }
    let whole = || question.whole.clone();
    if asks_for(&[Metric::Percentage, Metric::ConversionRate]) {
        reads.extend(part(question, RowRole::Whole, Axis::Total, whole(), None));
    }
    if asks_for(&[Metric::GroupConversionRate]) {
        let axis = if question.keep.is_some() { Axis::Total } else { question.axis.clone() };
        reads.extend(part(question, RowRole::Lines, axis, whole(), question.interval));
    }
    if let Some(event) = question.money.as_ref().filter(|_| asks_for(&[Metric::TotalRevenue, Metric::AverageRevenue])) {
        let axis = Axis::Revenue { event: event.clone(), within: None };
        reads.extend(part(question, RowRole::Money, axis, None, question.interval));
    }
    reads
}

fn part(
    question: &Question,
    part: RowRole,
    axis: Axis<Name>,
    filter: Option<Filter<Name>>,
    interval: Option<Interval>,
) -> Vec<PlannedRead> {
    let ask = |piece: Piece| Ask {
        site: question.site,
        axis: axis.clone(),
        filter: filter.clone(),
        grain: piece.grain,
        first: piece.first,
        last: piece.last,
        by_bucket: piece.by_bucket,
    };
    let read = |piece: Piece, cut: Option<DayPart>| PlannedRead {
        ask: ask(piece),
        part,
        cut,
        interval,
        first_day: question.span.first_day(),
    };
    let whole = pieces(question.uncut_span(interval), interval).into_iter().map(|piece| read(piece, None));
    let cut = question.cut_day(interval).into_iter();
    let cut = cut.map(|(part, grain, first, last)| read(Piece { grain, first, last, by_bucket: false }, Some(part)));
    whole.chain(cut).collect()
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
