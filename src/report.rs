//! In: a question about a site and a range, and sums. Out: the [`Line`]s that answer it. Forgets: the cells summed up.
//!
//! A report reads month cells for whole months and day cells for the rest, so that its cost does not grow with traffic
//! or with years. Rates are made here, from sums, and nowhere else.

pub mod bots;
pub mod bounds;
pub mod bucket;
pub mod comparison;
mod cut_day;
mod line_sums;
pub mod figures;
pub mod folded;
pub mod goals;
mod order;
mod paid;
mod plan;
mod question;
pub mod money;
pub mod not_collected;
pub mod period;
pub mod place_names;
pub mod together;
pub mod overview;
mod records;
mod sums;
pub mod taken_out;
pub mod range;
pub mod query;
pub mod choice;
#[cfg(test)]
mod memory;

use crate::cell::{Axis, Metric, Tally};
use crate::counts::Name;
use crate::site::SiteId;
use crate::store::{Ask, Grain, RowsBy, StoreError, SumRow};
use bounds::SumBounds;
use cut_day::{CutRows, Gaps};
use figures::Figures;
use line_sums::{Sum, WholeVisitors, sum_of};
use plan::PlannedRead;

pub use bounds::LineBounds;
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
    /// The sums; where they are not sure, the most that was counted.
    pub tally: Tally,
    /// The metrics in the order asked; nothing where one is not measured. Of counts that are not sure the most, of rates nothing.
    pub metrics: Vec<Option<f64>>,
    /// Money by currency: thousandths, and the events that brought it; most events first. The metrics are about the first.
    pub money: Vec<(Name, i64, i64)>,
    /// Whether money is known, if it is asked for.
    pub is_money_known: bool,
    /// What is not sure.
    pub bounds: Option<Box<LineBounds>>,
}

impl Line {
    /// Whether the metric at a place is sure.
    pub fn is_sure(&self, place: usize) -> bool {
        self.low(place).is_none()
    }

    /// The least of each metric at some places; nothing for those that are sure.
    pub fn lows(&self, places: std::ops::Range<usize>) -> Vec<Option<f64>> {
        if self.bounds.is_some() { places.map(|place| self.low(place).flatten()).collect() } else { Vec::new() }
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
        let least = metrics(low).zip(&question.metrics).map(|(value, metric)| value.filter(|_| metric.is_count()));
        let least: Vec<_> = unsure.iter().zip(least).map(|(unsure, least)| unsure.then_some(least)).collect();
        for ((most, metric), unsure) in most.iter_mut().zip(&question.metrics).zip(&unsure) {
            *most = most.filter(|_| !unsure || metric.is_count());
        }
        bounds = Some(Box::new(LineBounds { low, metrics: least }));
    }
    let money = std::mem::take(&mut sum.money);
    Line { bucket, value, second, tally: high, metrics: most, money, is_money_known, bounds }
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
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::memory::{Memory, SITE};
    use super::*;
    use crate::cell::Dimension;
    use crate::site::{Day, Hour, LocalHour, Schedule};

    const SOURCE: Axis<Name> = Axis::Of(Dimension::Source);
    /// 2025-12-20, so that spans cross a year and a February.
    const START: i32 = 20_442;

    fn question(span: Span, axis: Axis<Name>, interval: Option<Interval>, metrics: &[Metric]) -> Question {
        Question::new(SITE, span, axis, interval, metrics)
    }

    fn tally(visitors: i64, visits: i64, pageviews: i64) -> Tally {
        Tally { visitors, visits, pageviews, ..Tally::ZERO }
    }

    /// The first day of the bucket of a day, found by walking back.
    fn bucket(day: Day, first: Day, interval: Interval) -> Day {
        let begins = |day: Day| match interval {
            Interval::Week => day.date().weekday() == jiff::civil::Weekday::Monday,
            Interval::Month => day.date().day() == 1,
            Interval::Hour | Interval::Day => true,
        };
        (0..).map(|back| Day(day.0 - back)).find(|day| *day == first || begins(*day)).unwrap()
    }

    /// One day's sums of a value: day after the start, hour, value, numbers.
    type Fact = (i32, u8, u8, [i64; 11]);

    fn memory(facts: &[Fact]) -> Memory {
        facts.iter().fold(Memory::default(), |memory, (day, hour, value, numbers)| {
            let (day, tally) = (Day(START + day), Tally::from_columns(*numbers));
            let value = ["Google", "Bing", "Direct / None"][usize::from(*value)];
            let memory = memory.day(SOURCE, day, value, tally).day(Axis::Total, day, "", tally);
            let hour = LocalHour { day, hour: Hour(*hour) };
            memory.hour(SOURCE, hour, value, tally).hour(Axis::Total, hour, "", tally)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn every_answer_is_the_plain_sum_over_its_days(
            facts in prop::collection::vec((0..110i32, 0..24u8, 0..3u8, prop::array::uniform11(0..5i64)), 0..60),
            first in -5..115i32,
            length in 0..115i32,
            begin in 0..24i32,
            end in 0..24i32,
        ) {
            let memory = memory(&facts);
            let (first, last) = (START + first, START + first + length);
            let by_day = Span::of_days(Day(first), Day(last));
            let by_hour = Span { grain: Grain::Hour, first: first * 24 + begin, last: last * 24 + end };
            for (span, axis) in [(by_day, &SOURCE), (by_hour, &SOURCE), (by_day, &Axis::Total), (by_hour, &Axis::Total)] {
                for interval in [None, Some(Interval::Hour), Some(Interval::Day), Some(Interval::Week), Some(Interval::Month)] {
                    let mut expected: BTreeMap<(Option<i32>, Name), Tally> = BTreeMap::new();
                    for (fact_axis, hour, value, tally) in memory.hours.iter().filter(|(a, ..)| a == axis) {
                        let number = if span.grain == Grain::Hour { hour.number() } else { hour.day.0 };
                        let bucket = interval.map(|interval| match interval {
                            Interval::Hour => hour.number(),
                            _ => bucket(hour.day, span.first_day(), interval).0,
                        });
                        prop_assert_eq!(fact_axis, axis);
                        if (span.first..=span.last).contains(&number) {
                            *expected.entry((bucket, value.clone())).or_default() += *tally;
                        }
                    }
                    expected.retain(|_, tally| !tally.is_zero());
                    let found = answer(&question(span, axis.clone(), interval, &[Metric::Visitors]), &memory).unwrap();
                    let found: BTreeMap<_, _> = found.into_iter().map(|l| ((l.bucket, l.value), l.tally)).collect();
                    prop_assert_eq!(found, expected);
                }
            }
            prop_assert_eq!(memory.reads.get(), 20);
        }
    }

    #[test]
    fn a_year_reads_months_and_only_its_ends_by_day() {
        let memory = Memory::default();
        let day = |text: &str| Day::of(text.parse().unwrap());
        let span = Span::of_days(day("2025-12-20"), day("2026-12-10"));
        answer(&question(span, Axis::Total, None, &[Metric::Visitors]), &memory).unwrap();
        let asks = memory.asks.take();
        let read: Vec<_> = asks.iter().map(|ask| (ask.grain, ask.last - ask.first + 1, ask.by_bucket)).collect();
        assert_eq!(read, [(Grain::Day, 12, false), (Grain::Month, 11, false), (Grain::Day, 10, false)]);
        let month = Span::of_days(day("2024-02-01"), day("2024-02-29"));
        answer(&question(month, Axis::Total, None, &[Metric::Visitors]), &memory).unwrap();
        assert_eq!(memory.asks.take().len(), 1);
        let none = Span::of_days(day("2026-01-02"), day("2026-01-01"));
        assert_eq!(answer(&question(none, Axis::Total, None, &[Metric::Visitors]), &memory), Ok(vec![]));
        assert!(memory.asks.take().is_empty());
    }

    #[test]
    fn pages_have_the_rates_of_the_visits_that_entered_there() {
        let (page, entry) = (Axis::Of(Dimension::Page), Axis::Of(Dimension::EntryPage));
        let entered = Tally { bounces: 1, seconds: 90, ..tally(2, 2, 5) };
        let memory = Memory::default()
            .day(
                page.clone(),
                Day(START),
                "/",
                Tally { engaged_visits: 2, engaged_ms: 3_000, scroll: 130, ..tally(3, 4, 6) },
            )
            .day(page.clone(), Day(START), "/deep", tally(1, 1, 1))
            .day(entry.clone(), Day(START), "/", entered)
            .day(entry, Day(START), crate::cell::NOT_SET, tally(1, 1, 0));
        let metrics =
            [Metric::Visits, Metric::BounceRate, Metric::VisitDuration, Metric::ScrollDepth, Metric::TimeOnPage];
        let span = Span::of_days(Day(START), Day(START));
        let lines = answer(&question(span, page, None, &metrics), &memory).unwrap();
        let found: Vec<_> = lines.iter().map(|line| (&*line.value, line.metrics.clone())).collect();
        let home = vec![Some(4.0), Some(50.0), Some(45.0), Some(65.0), Some(2.0)];
        assert_eq!(found, [("/", home), ("/deep", vec![Some(1.0), Some(0.0), None, None, None])]);
    }

    #[test]
    fn shares_are_of_the_visitors_of_the_whole_span() {
        let days = [Day(START), Day(START + 1)];
        let memory = days.into_iter().fold(Memory::default(), |memory, day| {
            memory.day(Axis::Total, day, "", tally(4, 4, 4)).day(SOURCE, day, "Google", tally(1, 1, 1))
        });
        let span = Span::of_days(days[0], days[1]);
        for (interval, expected) in [(None, vec![Some(25.0)]), (Some(Interval::Day), vec![Some(12.5), Some(12.5)])] {
            let lines = answer(&question(span, SOURCE, interval, &[Metric::Percentage]), &memory).unwrap();
            let shares: Vec<_> = lines.iter().map(|line| line.metrics[0]).collect();
            assert_eq!(shares, expected);
        }
    }

    #[test]
    fn totals_are_one_line_even_of_nothing() {
        let span = Span::of_days(Day(START), Day(START));
        let line = totals(SITE, span, &[Metric::Visitors, Metric::VisitDuration], &Memory::default()).unwrap();
        assert_eq!((line.metrics, line.tally, line.bucket), (vec![Some(0.0), None], Tally::ZERO, None));
    }

    #[test]
    fn hours_that_the_clock_skips_are_no_buckets() {
        let berlin = Schedule::named("Europe/Berlin").unwrap();
        let day = Day::of("2026-03-29".parse().unwrap());
        let buckets = Span::of_days(day, day).buckets(Interval::Hour, &berlin);
        assert_eq!((buckets.len(), buckets[2] - buckets[1]), (23, 2));
    }
}
