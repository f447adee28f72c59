//! In: lines by bucket, and those of what is compared. Out: the series of the chart. Forgets: nothing.

use super::view::View;
use super::{Found, Slot, is_mean, totals};
use crate::cell::Metric;
use crate::limits;
use crate::page::{Note, Point, Progress, Series};
use crate::report::period::Range;
use crate::report::{Interval, Line, Span};
use crate::site::{Annotation, Moment};

/// What the series counts, what is drawn in front first.
pub(super) fn metrics(view: &View) -> Vec<Metric> {
    match view.state.metric.filter(|metric| is_drawable(view, *metric)) {
        Some(metric) => vec![metric],
        None => vec![Metric::Visitors, view.chosen.scope().hits()],
    }
}

/// Conversion rates of a bucket would be of all visitors of the range.
pub(super) fn is_drawable(view: &View, metric: Metric) -> bool {
    metric != Metric::ConversionRate && totals(view.chosen.scope()).contains(&metric)
}

/// Whether what is compared is kept in buckets of this width.
pub(super) fn is_kept(view: &View, range: &Range, before: Span) -> bool {
    let oldest = range.today.0 - limits::HOUR_DETAIL_DAYS;
    view.interval(range) != Interval::Hour || view.chosen.is_all() || before.first_day().0 >= oldest
}

/// The series of a range.
pub(super) fn series(view: &View, range: &Range, before: Option<Span>, found: &Found, now: Moment) -> Series {
    let (interval, schedule) = (view.interval(range), &view.site.schedule);
    let metrics = metrics(view);
    let buckets = range.span.buckets(interval, schedule);
    let current = current(view, interval, &buckets, now);
    let lines = |slot: Slot| found.get(&slot).map_or(&[][..], Vec::as_slice);
    let value = |lines: &[Line], bucket: i32, place: usize| match lines.iter().find(|line| line.bucket == Some(bucket))
    {
        Some(line) => line.metrics[place],
        None => Some(0.0).filter(|_| !is_mean(metrics[place])),
    };
    // A site without tokens knows no visitors in any bucket; an empty bucket says nothing.
    let is_measured =
        lines(Slot::Series).is_empty() || lines(Slot::Series).iter().any(|line| line.metrics[0].is_some());
    let front = if is_measured { 0 } else { metrics.len() - 1 };
    let then = before.map_or_else(Vec::new, |span| span.buckets(interval, schedule));
    let has_then = found.contains_key(&Slot::SeriesBefore);
    let point = |(place, bucket): (usize, i32)| Point {
        bucket,
        front: value(lines(Slot::Series), bucket, front),
        back: (metrics.len() > 1 && front == 0).then(|| value(lines(Slot::Series), bucket, 1)).flatten(),
        before: then
            .get(place)
            .filter(|_| has_then)
            .map(|bucket| (*bucket, value(lines(Slot::SeriesBefore), *bucket, front))),
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
        points: buckets.into_iter().enumerate().map(point).collect(),
    }
}

/// The bucket of the present moment.
fn current(view: &View, interval: Interval, buckets: &[i32], now: Moment) -> i32 {
    let here = view.site.schedule.locate(now);
    match interval {
        Interval::Hour => here.number(),
        _ => buckets.iter().copied().filter(|bucket| *bucket <= here.day.0).max().unwrap_or(i32::MIN),
    }
}

/// What the owner noted of these days.
fn notes(view: &View, range: &Range, interval: Interval, buckets: &[i32]) -> Vec<Note> {
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
