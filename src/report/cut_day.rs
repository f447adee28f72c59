//! In: a question of whose last day only the first hours count, and the hours and the day that sums have. Out: the rows of these hours,
//! with the visitors of the day so far. Forgets: the other hours.
//!
//! Distinct visitors up to an hour are the sum of those who came first in each hour before it. That sum has not always been kept, and
//! hours of single dimensions go after a while; so all hours are held against the day, value by value, and what does not add up is
//! not told.

use std::collections::HashMap;

use super::plan::PlannedRead;
use super::{Interval, Question, Span};
use crate::cell::{Metric, Tally};
use crate::counts::Name;
use crate::site::Day;
use crate::store::{Grain, SumRow};

/// What of a day that is cut an ask is for. They are read in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayPart {
    /// The hours that count.
    Hours,
    /// All hours.
    AllHours,
    /// The day.
    Day,
}

/// What of a sum is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Gaps {
    /// Distinct visitors.
    pub(super) visitors: bool,
    /// Everything.
    pub(super) all: bool,
}

impl Gaps {
    /// What is not known of two sums together.
    pub(super) fn and(self, other: Gaps) -> Gaps {
        Gaps { visitors: self.visitors || other.visitors, all: self.all || other.all }
    }

    /// Whether all is known.
    pub(super) fn is_none(self) -> bool {
        self == Gaps::default()
    }

    /// Whether a metric is known.
    pub(super) fn knows(self, metric: Metric) -> bool {
        let is_of_visitors = matches!(
            metric,
            Metric::Visitors | Metric::Percentage | Metric::ConversionRate | Metric::GroupConversionRate
        );
        !(self.all || self.visitors && is_of_visitors)
    }
}

impl Question {
    /// What of its span is read as if nothing was cut.
    pub(super) fn uncut_span(&self) -> Span {
        let (Some(hour), Grain::Day) = (self.until, self.span.grain) else { return self.span };
        let Span { first, last, .. } = self.span;
        match self.interval {
            Some(Interval::Hour) => {
                Span { grain: Grain::Hour, first: first * 24, last: last * 24 + i32::from(hour.0) - 1 }
            }
            _ => Span::of_days(Day(first), Day(last - 1)),
        }
    }

    /// What is read of the day that is cut, if one is: grain, first and last bucket.
    pub(super) fn cut_day(&self) -> Vec<(DayPart, Grain, i32, i32)> {
        let (Some(hour), Grain::Day) = (self.until, self.span.grain) else { return Vec::new() };
        if self.interval == Some(Interval::Hour) {
            return Vec::new();
        }
        let (day, first) = (self.span.last, self.span.last * 24);
        vec![
            (DayPart::Hours, Grain::Hour, first, first + i32::from(hour.0) - 1),
            (DayPart::AllHours, Grain::Hour, first, first + 23),
            (DayPart::Day, Grain::Day, day, day),
        ]
    }
}

/// The parts of a day that were read so far.
#[derive(Default)]
pub(super) struct CutRows {
    hours: HashMap<Name, Tally>,
    all_hours: HashMap<Name, Tally>,
    /// What is not sure of the parts themselves.
    unsure: HashMap<Name, Gaps>,
}

impl CutRows {
    /// Takes the rows of a part. The last one gives the rows of the hours that count, and what is not known of each.
    pub(super) fn take(&mut self, read: &PlannedRead, part: DayPart, rows: Vec<SumRow>) -> Vec<(SumRow, Gaps)> {
        for (row, doubt) in rows.iter().filter_map(|row| Some((row, row.doubt.as_deref()?))) {
            let all = !doubt.missing.is_zero() || doubt.repeated_visits != 0;
            let gaps = Gaps { visitors: doubt.is_of_visitors(), all };
            let known = self.unsure.entry(row.value.clone()).or_default();
            *known = known.and(gaps);
        }
        match part {
            DayPart::Hours => self.hours = by_value(rows),
            DayPart::AllHours => self.all_hours = by_value(rows),
            DayPart::Day => {
                let settled = std::mem::take(self).settled(read.ask.first, by_value(rows));
                return if read.adds_values { added(read, settled) } else { settled };
            }
        }
        Vec::new()
    }

    fn settled(mut self, day: i32, mut days: HashMap<Name, Tally>) -> Vec<(SumRow, Gaps)> {
        // What has hours and no day is not known either.
        self.all_hours.keys().for_each(|value| _ = days.entry(value.clone()).or_default());
        let row = |(value, of_day): (Name, Tally)| {
            let whole = self.all_hours.get(&value).copied().unwrap_or_default().of_day();
            let rest = |tally: Tally| Tally { visitors: 0, ..tally };
            let gaps = Gaps { visitors: whole.visitors != of_day.visitors, all: rest(whole) != rest(of_day) };
            let gaps = gaps.and(self.unsure.get(&value).copied().unwrap_or_default());
            let tally = self.hours.remove(&value).unwrap_or_default().of_day();
            (SumRow::of(day, value, tally), gaps)
        };
        days.into_iter().map(row).collect()
    }
}

/// The rows of all values as one, which has what is not known of any.
fn added(read: &PlannedRead, rows: Vec<(SumRow, Gaps)>) -> Vec<(SumRow, Gaps)> {
    let gaps = rows.iter().fold(Gaps::default(), |all, (_, gaps)| all.and(*gaps));
    let rows = read.with_values_added(rows.into_iter().map(|(row, _)| row).collect());
    rows.into_iter().map(|row| (row, gaps)).collect()
}

fn by_value(rows: Vec<SumRow>) -> HashMap<Name, Tally> {
    let mut sums = HashMap::with_capacity(rows.len());
    rows.into_iter().for_each(|row| *sums.entry(row.value).or_default() += row.tally);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Axis, Dimension};
    use crate::report::memory::{Memory, SITE};
    use crate::report::{Line, answer};
    use crate::site::{Hour, LocalHour};

    const PAGE: Axis<Name> = Axis::Of(Dimension::Page);
    const DAY: Day = Day(20_605);

    fn hits(visitors: i64, first_visitors: i64, pageviews: i64) -> Tally {
        Tally { visitors, visits: first_visitors, first_visitors, pageviews, ..Tally::ZERO }
    }

    /// An hour of a page on the last day.
    fn hour(memory: Memory, hour: u8, page: &str, tally: Tally) -> Memory {
        memory.hour(PAGE, LocalHour { day: DAY, hour: Hour(hour) }, page, tally)
    }

    fn asked(memory: &Memory, first: Day, hour: u8) -> Vec<(String, Vec<Option<f64>>)> {
        let metrics = [Metric::Visitors, Metric::Pageviews];
        let question = Question::new(SITE, Span::of_days(first, DAY), PAGE, None, &metrics);
        let lines = answer(&Question { until: Some(Hour(hour)), ..question }, memory).unwrap();
        lines.into_iter().map(|Line { value, metrics, .. }| (value.to_string(), metrics)).collect()
    }

    #[test]
    fn visitors_until_an_hour_are_those_who_came_first_before_it() {
        let memory = Memory::default().day(PAGE, Day(DAY.0 - 1), "/", hits(7, 7, 9).of_day());
        let memory = memory.day(PAGE, DAY, "/", hits(3, 3, 6).of_day());
        let memory = hour(hour(memory, 9, "/", hits(2, 2, 3)), 10, "/", hits(2, 1, 3));
        let memory = hour(memory, 23, "/late", hits(1, 1, 1)).day(PAGE, DAY, "/late", hits(1, 1, 1).of_day());
        let known = |visitors: f64, pageviews: f64| vec![("/".to_owned(), vec![Some(visitors), Some(pageviews)])];
        assert_eq!(asked(&memory, DAY, 10), known(2.0, 3.0));
        assert_eq!(asked(&memory, DAY, 11), known(3.0, 6.0));
        assert_eq!(asked(&memory, Day(DAY.0 - 1), 10), known(9.0, 12.0), "the day before counts whole");
        assert_eq!(asked(&memory, DAY, 9), []);
    }

    #[test]
    fn what_hours_do_not_add_up_to_is_not_told() {
        // The first page was counted before first visitors were kept, of the second hours are gone.
        let memory = hour(Memory::default(), 9, "/", Tally { visits: 2, ..hits(2, 0, 3) });
        let memory = memory.day(PAGE, DAY, "/", hits(2, 2, 3).of_day()).day(PAGE, DAY, "/gone", hits(1, 1, 1).of_day());
        let told = [("/".to_owned(), vec![None, Some(3.0)]), ("/gone".to_owned(), vec![None, None])];
        assert_eq!(asked(&memory, DAY, 10), told);
    }
}
