//! Reports over random spans are what a walk over the days is.

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
    let metrics = [Metric::Visits, Metric::BounceRate, Metric::VisitDuration, Metric::ScrollDepth, Metric::TimeOnPage];
    let span = Span::of_days(Day(START), Day(START));
    let lines = answer(&question(span, page, None, &metrics), &memory).unwrap();
    let found: Vec<_> = lines.iter().map(|line| (&*line.value, line.metrics.clone())).collect();
    let home = vec![Some(4.0), Some(50.0), Some(45.0), Some(65.0), Some(2.0)];
    assert_eq!(found, [("/", home), ("/deep", vec![Some(1.0), None, None, None, None])]);
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
