//! The series of the chart, and that of what it is compared with.

use std::collections::HashMap;

use super::answers::{AnswerKey, Answers, totals};
use super::site_view::{Audience, SiteView};
use crate::cell::Metric;
use crate::page::{Note, Point, Progress, Series};
use crate::report::period::Range;
use crate::report::{Interval, Line, Span};
use crate::site::{Annotation, Day, Moment, Month};

/// What the series counts, what is drawn in front first.
pub(super) fn metrics(view: &SiteView) -> Vec<Metric> {
    match view.state.metric.filter(|metric| is_drawable(view, *metric)) {
        Some(metric) => vec![metric],
        None => vec![Metric::Visitors, view.chosen.scope().hits()],
    }
}

/// Conversion rates of a bucket would be of all visitors of the range.
pub(super) fn is_drawable(view: &SiteView, metric: Metric) -> bool {
    metric != Metric::ConversionRate && totals(view.chosen.scope()).contains(&metric)
}

/// The width in which what is compared is read; nothing where it is not kept so. Weeks and months of two ranges seldom begin
/// on the same day, so days are read for them and gathered in the buckets of the range.
pub(super) fn width_before(view: &SiteView, range: &Range, before: Span) -> Option<Interval> {
    let oldest = range.today.0 - view.site.settings.retention.hour_days(range.today);
    match view.interval(range) {
        Interval::Hour => (view.chosen.is_all() || before.first_day().0 >= oldest).then_some(Interval::Hour),
        Interval::Month if are_months(range.span, before) => Some(Interval::Month),
        _ => Some(Interval::Day),
    }
}

/// Whether both begin with a month.
fn are_months(span: Span, before: Span) -> bool {
    [span, before].into_iter().all(|span| span.first_day() == span.first_day().month().first())
}

/// The lines of a series by bucket.
struct SeriesLines<'a> {
    lines: HashMap<i32, &'a Line>,
    metrics: &'a [Metric],
    /// Whether what has no line was left out on purpose.
    is_open: bool,
}

impl SeriesLines<'_> {
    fn of<'a>(found: &'a Answers, slot: &AnswerKey, metrics: &'a [Metric], is_open: bool) -> Option<SeriesLines<'a>> {
        let lines = found.get(slot)?.iter().filter_map(|line| Some((line.bucket?, line))).collect();
        Some(SeriesLines { lines, metrics, is_open })
    }

    /// A metric of a bucket. Of what nobody visited there is no mean and no rate.
    fn value(&self, bucket: i32, place: usize) -> Option<f64> {
        match self.lines.get(&bucket) {
            Some(line) => line.metrics[place],
            None => Some(0.0).filter(|_| self.metrics[place].is_count() && !self.is_open),
        }
    }

    /// The sum of the days from one to another; rates have none.
    fn sum(&self, days: std::ops::Range<i32>, place: usize) -> Option<f64> {
        if !self.metrics[place].is_count() {
            return None;
        }
        days.filter_map(|day| self.value(day, place)).reduce(|sum, next| sum + next)
    }

    /// Whether any bucket knows the first metric.
    fn is_measured(&self) -> bool {
        self.lines.is_empty() || self.lines.values().any(|line| line.metrics[0].is_some())
    }
}

/// What a series is compared with, and where.
struct ComparedSeries<'a> {
    lines: SeriesLines<'a>,
    span: Span,
    interval: Interval,
    range: Span,
    buckets: &'a [i32],
}

impl ComparedSeries<'_> {
    /// The compared bucket that belongs to the one at a place, and its value.
    fn at(&self, place: usize, metric: usize) -> Option<(i32, Option<f64>)> {
        let (bucket, shift) = (*self.buckets.get(place)?, self.range.first_day().0 - self.span.first_day().0);
        let (first, last) = (self.span.first_day().0, self.span.last_day().0);
        match self.interval {
            Interval::Hour => {
                let hour = bucket - shift * 24;
                (first * 24..(last + 1) * 24).contains(&hour).then(|| (hour, self.lines.value(hour, metric)))
            }
            Interval::Day => {
                let day = bucket - shift;
                (first..=last).contains(&day).then(|| (day, self.lines.value(day, metric)))
            }
            Interval::Month if are_months(self.range, self.span) => {
                let months = self.range.first_day().month().0 - self.span.first_day().month().0;
                let month = Month(Day(bucket).month().0 - months).first().0;
                (first..=last).contains(&month).then(|| (month, self.lines.value(month, metric)))
            }
            Interval::Week | Interval::Month => {
                let end = self.buckets.get(place + 1).copied().unwrap_or(self.range.last_day().0 + 1);
                let days = (bucket - shift).max(first)..(end - shift).min(last + 1);
                (!days.is_empty()).then(|| (days.start, self.lines.sum(days, metric)))
            }
        }
    }
}

/// The series of a range.
pub(super) fn series(view: &SiteView, range: &Range, before: Option<Span>, found: &Answers, now: Moment) -> Series {
    let (interval, schedule) = (view.interval(range), &view.site.schedule);
    let (metrics, is_open) = (metrics(view), view.audience == Audience::Public);
    let buckets = range.span.buckets(interval, schedule);
    let current = current(view, interval, &buckets, now);
    let lines = |slot: &AnswerKey| SeriesLines::of(found, slot, &metrics, is_open);
    let own = lines(&AnswerKey::Series).unwrap_or(SeriesLines { lines: HashMap::new(), metrics: &metrics, is_open });
    // A site without tokens knows no visitors in any bucket; an empty bucket says nothing.
    let front = if own.is_measured() { 0 } else { metrics.len() - 1 };
    let has_back = metrics.len() > 1 && front == 0;
    let before = before.zip(lines(&AnswerKey::SeriesBefore)).map(|(span, lines)| {
        let range = range.span;
        ComparedSeries { lines, span, interval, range, buckets: &buckets }
    });
    let point = |(place, bucket): (usize, i32)| Point {
        bucket,
        front: own.value(bucket, front),
        back: has_back.then(|| own.value(bucket, 1)).flatten(),
        before: before.as_ref().and_then(|before| before.at(place, front)),
        progress: match bucket.cmp(&current) {
            std::cmp::Ordering::Greater => Progress::Ahead,
            std::cmp::Ordering::Equal if range.is_partial => Progress::Running,
            _ => Progress::Over,
        },
    };
    Series {
        interval,
        front: metrics[front],
        back: metrics.get(1).copied().filter(|_| front == 0),
        is_of_goal: view.chosen.scope().is_goal(),
        notes: notes(view, range, interval, &buckets),
        points: buckets.iter().copied().enumerate().map(point).collect(),
    }
}

/// The bucket of the present moment.
fn current(view: &SiteView, interval: Interval, buckets: &[i32], now: Moment) -> i32 {
    let here = view.site.schedule.locate(now);
    match interval {
        Interval::Hour => here.number(),
        _ => buckets.iter().copied().filter(|bucket| *bucket <= here.day.0).max().unwrap_or(i32::MIN),
    }
}

/// What the owner noted of these days.
fn notes(view: &SiteView, range: &Range, interval: Interval, buckets: &[i32]) -> Vec<Note> {
    let span = range.span;
    let is_inside = |note: &&Annotation| (span.first_day()..=span.last_day()).contains(&note.day);
    let note = |note: &Annotation| {
        let bucket = match interval {
            Interval::Hour => note.day.0 * 24 + note.hour.map_or(0, |hour| i32::from(hour.0)),
            _ => interval.bucket_of(note.day, span.first_day()).0,
        };
        // An hour that a change of the clock leaves out is drawn at the one before.
        let bucket = buckets.iter().copied().filter(|known| *known <= bucket).max().unwrap_or(bucket);
        Note { bucket, at: (note.day, note.hour.map(|hour| hour.0)), text: note.text.clone() }
    };
    view.notes().iter().filter(is_inside).map(note).collect()
}
