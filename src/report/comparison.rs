//! In: a question about a range, and the days that the range is compared with. Out: two questions whose answers are like. Forgets:
//! nothing.
//!
//! A day that still runs is compared by its hours that are over: of both days the same hours count. What is kept by day alone (two
//! dimensions, and single ones of days long over) is compared without that day.

use std::collections::{HashMap, HashSet};

use super::figures::change;
use super::period::Range;
use super::{Interval, Line, Question, Span, Sums};
use crate::cell::{Axis, Metric};
use crate::counts::Name;
use crate::site::{Day, Hour, Schedule, SiteId};
use crate::store::{StoreError, TakenOutOf};

/// Which part of two ranges is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// All of both, which are over.
    Whole,
    /// All but the hours from this one on of the last day of each.
    Until(Hour),
    /// All but the last day of each.
    WithoutLastDay,
}

/// Two questions whose answers are like.
#[derive(Debug, Clone)]
pub struct RangeComparison {
    /// About the range.
    pub own: Question,
    /// About the range that it is compared with.
    pub before: Question,
    /// Which part of both they are about.
    pub basis: Basis,
}

/// Up to where the hours of a site tell of a day.
#[derive(Debug, Clone, Copy)]
pub struct KeptHours {
    /// The first day of which hours of dimensions are kept.
    pub from: Day,
    /// Whether the site's day has one clock; several sites may have several.
    pub has_one_clock: bool,
}

impl RangeComparison {
    /// What the answer to a question about a range is compared with; nothing where no part of the range is like the other.
    pub fn of(question: &Question, range: &Range, before: Span, hours: KeptHours) -> Option<RangeComparison> {
        let at = |span: Span, until: Option<Hour>| Question { span, until, ..question.clone() };
        if !range.is_partial {
            let (own, before) = (question.clone(), at(before, None));
            return Some(RangeComparison { own, before, basis: Basis::Whole });
        }
        let first = range.span.first_day();
        let until = Some(range.hour).filter(|hour| *hour > Hour(0) && hours.has_one_clock);
        let own = Span::of_days(first, range.today);
        let cut = RangeComparison { own: at(own, until), before: at(before, until), basis: Basis::Until(range.hour) };
        let is_of_all = question.axis == Axis::Total && question.filter.is_none() && question.money.is_empty();
        let is_kept = is_of_all || before.last_day() >= hours.from;
        // Of hours money by dimension is not known; others are compared all the same.
        let is_known = cut.own.knows_money() || !question.asks_money_alone();
        if until.is_some() && is_kept && is_known && cut.own.has_sums() && cut.before.has_sums() {
            return Some(cut);
        }
        let [own, before] = [own, before].map(|span| Span { last: span.last - 1, ..span });
        let over = RangeComparison { own: at(own, None), before: at(before, None), basis: Basis::WithoutLastDay };
        (!own.is_empty() && over.own.has_sums()).then_some(over)
    }
}

impl RangeComparison {
    /// The questions beside that about the whole range, which tells of the part if that is all.
    pub fn questions(&self) -> Vec<Question> {
        let own = (self.basis != Basis::Whole).then(|| self.own.clone());
        [self.before.clone()].into_iter().chain(own).collect()
    }

    /// The lines that answer these, given those of the whole range.
    pub fn lines(found: Vec<Vec<Line>>, whole: &[Line], metrics: &[Metric]) -> ComparedLines {
        let mut found = found.into_iter();
        let before = found.next().unwrap_or_default();
        ComparedLines::of(found.next().unwrap_or_else(|| whole.to_vec()), before, metrics)
    }
}

/// What a range is compared with, or why it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparedWith {
    /// Nothing is asked for, or there is nothing before.
    Nothing,
    /// Another range.
    Days {
        /// Its first and last day.
        days: (Day, Day),
        /// Which part of both.
        basis: Basis,
    },
    /// A part of these days was not counted.
    NotCounted {
        /// First and last day.
        days: (Day, Day),
        /// The first day that was counted.
        since: Day,
    },
    /// These days are no longer kept, only their months.
    NotKept((Day, Day)),
    /// The range is today, in its first hour.
    NoHourOver,
    /// The range is today, and what is chosen is not kept by hour.
    NotByHour,
    /// What is chosen is asked of visits, and those of other days are not in memory.
    NotInMemory,
}

impl ComparedWith {
    /// Why days can't be compared with, if they can't: because they were not counted, or are no longer kept. `declared` is when what is
    /// asked for was declared, if it is counted from then on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn refused(
        site: SiteId,
        span: Span,
        declared: Option<Day>,
        sums: &dyn Sums,
    ) -> Result<Option<ComparedWith>, StoreError> {
        let days = (span.first_day(), span.last_day());
        let Some(since) = sums.counted_since(site)? else { return Ok(Some(ComparedWith::Nothing)) };
        let since = declared.map_or(since, |declared| since.max(Day(declared.0 + 1)));
        if since > days.0 {
            return Ok(Some(ComparedWith::NotCounted { days, since }));
        }
        let marks = sums.taken_out(site, days.0, days.1)?;
        let is_gone = marks.iter().any(|mark| mark.of == TakenOutOf::Days && mark.last >= days.0);
        let is_of_months = days.0 == days.0.month().first() && days.1 == days.1.month().last();
        Ok((is_gone && !is_of_months).then_some(ComparedWith::NotKept(days)))
    }

    /// What a range is compared with by a comparison, or why there is none.
    pub fn of(comparison: Option<&RangeComparison>, range: &Range, span: Span) -> ComparedWith {
        match comparison {
            Some(of) => ComparedWith::Days { days: (span.first_day(), span.last_day()), basis: of.basis },
            None if range.hour == Hour(0) => ComparedWith::NoHourOver,
            None => ComparedWith::NotByHour,
        }
    }
}

/// A row of a list: what is compared of it, what that was before, and how it changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ComparedRow {
    /// What of the row is compared.
    pub own: Vec<Option<f64>>,
    /// The same of the other range.
    pub before: Vec<Option<f64>>,
    /// In whole percent, of rates in points.
    pub change: Vec<Option<i64>>,
}

impl ComparedRow {
    /// So many of its metrics, from one on.
    pub fn part(self, first: usize, many: usize) -> ComparedRow {
        fn of<T>(all: Vec<T>, first: usize, many: usize) -> Vec<T> {
            all.into_iter().skip(first).take(many).collect()
        }
        let ComparedRow { own, before, change } = self;
        ComparedRow { own: of(own, first, many), before: of(before, first, many), change: of(change, first, many) }
    }
}

/// Which line of an answer: its bucket, its value and its second value.
type LineName = (Option<i32>, Name, Option<Name>);

/// The lines of two answers by value.
#[derive(Debug, Default)]
pub struct ComparedLines {
    own: LinesByName,
    before: LinesByName,
    metrics: Vec<Metric>,
    /// Buckets of the range, and those that they are compared with; nothing without time.
    buckets: Option<Vec<(i32, i32)>>,
    /// Values that were not counted in the other range, or not in all of it.
    uncounted: HashSet<Name>,
    /// Whether these are of the second dimension.
    is_second: bool,
}

#[derive(Debug, Default)]
struct LinesByName {
    lines: HashMap<LineName, Line>,
    /// Whether some values are counted together, so that one which has no line may be among them.
    has_other: bool,
    /// Whether visitors are measured.
    is_measured: bool,
}

fn name_of(line: &Line) -> LineName {
    (line.bucket, line.value.clone(), line.second.clone())
}

impl LinesByName {
    fn of(lines: Vec<Line>) -> LinesByName {
        let has_other = lines.iter().any(Line::is_rest);
        let is_measured = lines.is_empty() || lines.iter().any(|line| line.tally.visitors > 0);
        let lines = lines.into_iter().map(|line| (name_of(&line), line)).collect();
        LinesByName { lines, has_other, is_measured }
    }

    /// The metrics of a value. One that was not counted has 0 of what is counted, if it can't be among others.
    fn metrics(&self, key: &LineName, metrics: &[Metric]) -> Vec<Option<f64>> {
        let is_of_hits = |metric: Metric| matches!(metric, Metric::Pageviews | Metric::Events);
        let is_none = |metric: Metric| metric.is_count() && !self.has_other && (self.is_measured || is_of_hits(metric));
        let none = |metric: &Metric| Some(0.0).filter(|_| is_none(*metric));
        // What has bounds alone is not compared.
        let sure = |line: &Line| {
            let each = line.metrics.iter().enumerate();
            each.map(|(place, metric)| metric.filter(|_| line.is_sure(place))).collect()
        };
        self.lines.get(key).map_or_else(|| metrics.iter().map(none).collect(), sure)
    }
}

impl ComparedLines {
    /// The lines of a comparison, with the metrics that both were asked for.
    pub fn of(own: Vec<Line>, before: Vec<Line>, metrics: &[Metric]) -> ComparedLines {
        let [own, before] = [own, before].map(LinesByName::of);
        ComparedLines { own, before, metrics: metrics.to_vec(), ..ComparedLines::default() }
    }

    /// The same where some values, of the second dimension if there is one and they are of it, were not counted in the other range.
    #[must_use]
    pub fn without(self, uncounted: impl IntoIterator<Item = Name>, is_second: bool) -> ComparedLines {
        ComparedLines { uncounted: uncounted.into_iter().collect(), is_second, ..self }
    }

    /// The same by time: the first bucket of a range is compared with the first of the other.
    #[must_use]
    pub fn by_time(self, of: &RangeComparison, interval: Interval, schedule: &Schedule) -> ComparedLines {
        let [own, before] = [of.own.span, of.before.span];
        let buckets = |span: Span| span.buckets(interval, schedule).into_iter();
        // The same hour of the clock; a day may have one more or less.
        let shift = (own.first_day().0 - before.first_day().0) * 24;
        let end = of.own.until.map_or(i32::MAX, |hour| own.last_day().0 * 24 + i32::from(hour.0));
        let buckets = match interval {
            Interval::Hour => buckets(own).filter(|hour| *hour < end).map(|hour| (hour, hour - shift)).collect(),
            _ => buckets(own).zip(buckets(before)).collect(),
        };
        ComparedLines { buckets: Some(buckets), ..self }
    }

    /// The buckets of the range that have one to be compared with.
    pub fn buckets(&self) -> impl Iterator<Item = i32> {
        self.buckets.iter().flatten().map(|(own, _)| *own)
    }

    /// The bucket that one of the range is compared with.
    pub fn bucket_before(&self, bucket: Option<i32>) -> Option<i32> {
        let both = self.buckets.as_ref()?.iter().find(|(own, _)| Some(*own) == bucket)?;
        Some(both.1)
    }

    /// What is told of a value of one dimension.
    pub fn row(&self, value: &Name) -> Option<ComparedRow> {
        self.row_of((None, value.clone(), None))
    }

    /// What is told of a line; nothing where the other range has no such bucket.
    pub fn row_of_line(&self, line: &Line) -> Option<ComparedRow> {
        self.row_of(name_of(line))
    }

    fn row_of(&self, name: LineName) -> Option<ComparedRow> {
        let (bucket, value, second) = &name;
        let bucket_before = self.bucket_before(*bucket);
        let told_of = if self.is_second { second.as_ref() } else { Some(value) };
        if bucket.is_some() && bucket_before.is_none() || told_of.is_some_and(|it| self.uncounted.contains(it)) {
            return None;
        }
        let name_before = (bucket_before, value.clone(), second.clone());
        let own = self.own.metrics(&name, &self.metrics);
        let before = self.before.metrics(&name_before, &self.metrics);
        let currency =
            |line: Option<&Line>| line.and_then(|line| line.money.first()).map(|(currency, ..)| currency.clone());
        let currencies = [self.own.lines.get(&name), self.before.lines.get(&name_before)].map(currency);
        let is_like = |metric: Metric| {
            let is_money = matches!(metric, Metric::TotalRevenue | Metric::AverageRevenue);
            !is_money || currencies[0] == currencies[1]
        };
        let both = self.metrics.iter().zip(own.iter().zip(&before));
        let change =
            both.map(|(metric, (own, before))| change(*own, *before, *metric).filter(|_| is_like(*metric))).collect();
        Some(ComparedRow { own, before, change })
    }

    /// The line of the other range that one is compared with.
    pub fn line_before(&self, line: &Line) -> Option<&Line> {
        let (bucket, value, second) = name_of(line);
        self.before.lines.get(&(self.bucket_before(bucket), value, second))
    }
}
