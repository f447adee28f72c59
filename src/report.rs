//! In: a question about a site and a range, and sums. Out: the [`Line`]s that answer it. Forgets: the cells summed up.
//!
//! A report reads month cells for whole months and day cells for the rest, so that its cost does not grow with traffic
//! or with years. Rates are made here, from sums, and nowhere else.

pub mod bots;
pub mod bucket;
pub mod figures;
pub mod folded;
pub mod goals;
mod order;
mod plan;
pub mod not_collected;
pub mod period;
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

use crate::cell::{Axis, Filter, Metric, Tally};
use crate::counts::Name;
use crate::site::{Month, SiteId};
use crate::store::{Ask, CellSource, Grain, StoreError, SumRow};
use figures::Figures;
use plan::{PlannedRead, RowRole};

pub use figures::{Figure, change};
pub use order::{By, ORDER, Order, sort};
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

/// A question as a reader asks it.
#[derive(Debug, Clone)]
pub struct Question {
    /// About which site.
    pub site: SiteId,
    /// About which range.
    pub span: Span,
    /// Split by what; [`Axis::Total`] for totals.
    pub axis: Axis<Name>,
    /// Of what alone; nothing for all.
    pub filter: Option<Filter<Name>>,
    /// The only value of the axis that is wanted, whose line then stands for the whole.
    pub keep: Option<Name>,
    /// What shares and conversion rates are taken of; nothing for all.
    pub whole: Option<Filter<Name>>,
    /// The event whose money is wanted.
    pub money: Option<Name>,
    /// Whether named events do not count: a page is reached by being shown.
    pub views_only: bool,
    /// Split by time as well.
    pub interval: Option<Interval>,
    /// What to count, in the order asked.
    pub metrics: Vec<Metric>,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Number of the bucket (hours for [`Interval::Hour`], else days); nothing without an interval.
    pub bucket: Option<i32>,
    /// The value; empty for totals.
    pub value: Name,
    /// The sums.
    pub tally: Tally,
    /// The metrics in the order asked; nothing where one is not measured.
    pub metrics: Vec<Option<f64>>,
    /// Money by currency: thousandths, and the events that brought it; most events first. The metrics are about the first.
    pub money: Vec<(Name, i64, i64)>,
}

impl Question {
    /// A question about all of a site.
    pub fn new(site: SiteId, span: Span, axis: Axis<Name>, interval: Option<Interval>, metrics: &[Metric]) -> Question {
        let metrics = metrics.to_vec();
        Question {
            site,
            span,
            axis,
            interval,
            metrics,
            filter: None,
            keep: None,
            whole: None,
            money: None,
            views_only: false,
        }
    }

    /// The same about what passes a filter; shares are of that too.
    pub fn filtered(self, filter: Option<Filter<Name>>) -> Question {
        Question { whole: filter.clone(), filter, ..self }
    }

    /// Whether it needs days of two dimensions in one of these months.
    pub fn reads_days_of(&self, months: &[Month]) -> bool {
        plan::reads_days_of(self, months)
    }

    /// Whether sums can answer it: they are kept of two dimensions at the most, and of two by day and month only.
    pub fn has_sums(&self) -> bool {
        plan::reads(self).iter().all(|read| match read.ask.source() {
            CellSource::Single(_) | CellSource::Visits => true,
            CellSource::Pair(..) => read.ask.grain != Grain::Hour,
            CellSource::Nowhere => false,
        })
    }
}

/// What is summed up for one line: there may be a million of them, of which few have more than their own sums.
#[derive(Default)]
struct Sum {
    own: Tally,
    entered: Option<Box<Tally>>,
    /// Visitors of the line whether or not they reached a goal.
    line: i64,
    money: Vec<(Name, i64, i64)>,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.own += other.own;
        self.line += other.line;
        if let Some(entered) = other.entered {
            **self.entered.get_or_insert_default() += *entered;
        }
        for (currency, thousandths, events) in other.money {
            match self.money.iter_mut().find(|(known, ..)| *known == currency) {
                Some(known) => (known.1, known.2) = (known.1 + thousandths, known.2 + events),
                None => self.money.push((currency, thousandths, events)),
            }
        }
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

/// By bucket and value.
type KeyedSum = ((Option<i32>, Name), Sum);

/// One sum for each bucket and value, in order. A list takes half of the room that a map does.
fn added_up(mut sums: Vec<KeyedSum>) -> Vec<KeyedSum> {
    sums.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    sums.dedup_by(|(key, sum), (before, sum_before)| {
        let is_same = key == before;
        if is_same {
            sum_before.add(std::mem::take(sum));
        }
        is_same
    });
    sums
}

fn lines<'a>(
    question: &Question,
    found: impl Iterator<Item = (&'a PlannedRead, Vec<SumRow>)>,
    room: &dyn Sums,
) -> Result<Vec<Line>, StoreError> {
    let mut sums: Vec<KeyedSum> = Vec::new();
    let mut whole = Tally::ZERO;
    let total = Name::from("");
    for (read, rows) in found {
        room.make_room((sums.len() + rows.len()) * size_of::<KeyedSum>())?;
        sums.reserve_exact(rows.len());
        for row in rows {
            let bucket = read.bucket(row.bucket);
            let value = match (&question.keep, read.part) {
                (Some(_), RowRole::Lines) | (_, RowRole::Money) => total.clone(),
                (Some(keep), RowRole::Own | RowRole::Entered) if *keep == row.value => total.clone(),
                (Some(_), RowRole::Own | RowRole::Entered) => continue,
                _ => row.value.clone(),
            };
            if read.part == RowRole::Whole {
                whole += row.tally;
                continue;
            }
            let sum = sum_of(read.part, row);
            sums.push(((bucket, value), sum));
        }
    }
    let mut sums = added_up(sums);
    if question.views_only {
        sums.iter_mut().for_each(|(_, sum)| sum.own.events = 0);
    }
    let counted = sums.into_iter().filter(|(_, sum)| !sum.own.is_zero());
    room.make_room(counted.size_hint().1.unwrap_or_default() * line_bytes(question))?;
    Ok(counted.map(|((bucket, value), sum)| line(question, bucket, value, sum, whole)).collect())
}

/// What a row adds to its line in this role; the whole is no line's.
fn sum_of(role: RowRole, row: SumRow) -> Sum {
    let (tally, none) = (row.tally, Sum::default());
    match role {
        RowRole::Whole => none,
        RowRole::Own => Sum { own: tally, ..none },
        RowRole::Entered => Sum { entered: Some(Box::new(tally)), ..none },
        RowRole::Lines => Sum { line: tally.visitors, ..none },
        RowRole::Money => Sum { money: vec![(row.value, tally.revenue, tally.events)], ..none },
    }
}

/// The memory that a line takes, but for its value, which others have too.
fn line_bytes(question: &Question) -> usize {
    size_of::<Line>() + question.metrics.len() * size_of::<Option<f64>>()
}

fn line(question: &Question, bucket: Option<i32>, value: Name, mut sum: Sum, whole: Tally) -> Line {
    let entered = sum.entered.as_deref().copied().unwrap_or_default();
    let of_visits = if plan::takes_rates_of_entries(question) { entered } else { sum.own };
    sum.money.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    let figures = Figures {
        tally: sum.own,
        of_visits,
        all_visitors: whole.visitors,
        line_visitors: sum.line,
        money: sum.money.first().map(|(_, thousandths, events)| (*thousandths, *events)),
    };
    let metrics = question.metrics.iter().map(|metric| figures.metric(*metric)).collect();
    Line { bucket, value, tally: sum.own, metrics, money: sum.money }
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
    line(question, None, Name::from(""), Sum::default(), Tally::ZERO)
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
    type Fact = (i32, u8, u8, [i64; 10]);

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
            facts in prop::collection::vec((0..110i32, 0..24u8, 0..3u8, prop::array::uniform10(0..5i64)), 0..60),
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
