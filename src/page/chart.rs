//! In: sums by hour, day, week or month. Out: where each bar, line and label of the chart stands. Forgets: what lies
//! between two pixels.
//!
//! Across, everything is in percent, so that one drawing fits every screen while its letters keep their size. Up and
//! down it is in pixels of a plot that is [`PLOT_PX`] high.

pub mod scale;

use super::format::tame;
use super::words::Words;
use crate::cell::Metric;
use crate::limits;
use crate::report::Interval;
use crate::site::{Day, LocalHour};
use scale::{height, percent, px, scale};

/// Height of the plot in pixels; the labels stand below it.
pub const PLOT_PX: f64 = 200.0;
/// Radius of the mark of a note, in pixels.
const NOTE_PX: usize = 8;

/// The sums of a range over time, in order of time, without gaps.
#[derive(Debug, Clone)]
pub struct Series {
    /// Width of a bucket.
    pub interval: Interval,
    /// What the dark bars count.
    pub front: Metric,
    /// What the light bars behind them count.
    pub back: Option<Metric>,
    /// Whether they are of a goal, which is reached by each of its events.
    pub is_of_goal: bool,
    /// One point for each bucket of the range.
    pub points: Vec<Point>,
    /// What the owner noted, in order of time.
    pub notes: Vec<Note>,
}

/// The sums of a bucket.
#[derive(Debug, Clone)]
pub struct Point {
    /// Number of the bucket: hours for [`Interval::Hour`], else days, as in [`crate::report::Line`].
    pub bucket: i32,
    /// Of the dark bar; nothing where it is not measured.
    pub front: Option<f64>,
    /// Of the light bar.
    pub back: Option<f64>,
    /// The bucket of the same place in what is compared, and what the dark bar was there.
    pub before: Option<(i32, Option<f64>)>,
    /// How far along its bucket is.
    pub progress: Progress,
}

/// A note on a bucket.
#[derive(Debug, Clone)]
pub struct Note {
    /// The number of its bucket.
    pub bucket: i32,
    /// Its day, and its hour if it is about one.
    pub at: (Day, Option<u8>),
    /// What the owner wrote.
    pub text: String,
}

/// How far along a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It has ended: its sums are final.
    Over,
    /// It is running: its sums will grow.
    Running,
    /// It has not begun.
    Ahead,
}

/// A drawing of a [`Series`].
#[derive(Debug)]
pub struct Chart {
    /// Lines across, from the bottom up.
    pub grid: Vec<GridLine>,
    /// One for each bucket.
    pub bars: Vec<Bar>,
    /// What stands below.
    pub labels: Vec<AxisLabel>,
    /// Where notes are: the middle of the bucket in percent, pixels from the top, and their number.
    pub notes: Vec<(String, usize, usize)>,
    /// The chart in one sentence, for those who do not see it.
    pub summary: String,
}

/// A line across, at a round number.
#[derive(Debug)]
pub struct GridLine {
    /// Pixels from the top.
    pub y: String,
    /// Its number.
    pub text: String,
}

/// A bucket.
#[derive(Debug)]
pub struct Bar {
    /// Left end and width of the bucket's slot, in percent.
    pub slot: (String, String),
    /// Left end and width of the bar itself, in percent.
    pub x: (String, String),
    /// Top and height of the dark bar, in pixels.
    pub front: Option<(String, String)>,
    /// Top and height of the light bar behind it, in pixels.
    pub back: Option<(String, String)>,
    /// Right end of the slot in percent, and pixels from the top of the mark that says what it was before.
    pub before: Option<(String, String)>,
    /// When, and how many.
    pub text: String,
    /// Whether it will grow.
    pub is_running: bool,
}

/// A label below the plot.
#[derive(Debug)]
pub struct AxisLabel {
    /// Its middle, in percent.
    pub x: String,
    /// A date or an hour.
    pub text: String,
    /// Whether a narrow screen leaves it out.
    pub is_minor: bool,
}

impl Series {
    /// What the dark bars are called.
    pub fn front_title(&self, words: &Words) -> &'static str {
        self.title(self.front, words)
    }

    /// What the light bars are called.
    pub fn back_title(&self, words: &Words) -> Option<&'static str> {
        self.back.map(|back| self.title(back, words))
    }

    /// What a metric is called here.
    fn title(&self, metric: Metric, words: &Words) -> &'static str {
        if self.is_of_goal && metric == Metric::Events { words.conversions } else { words.name(metric) }
    }

    /// A number in full, with its unit.
    fn amount(&self, metric: Metric, value: f64, words: &Words) -> String {
        let (one, many) = match metric {
            Metric::Visitors => (words.visitor_word, words.visitors_word),
            Metric::Visits => (words.visit_word, words.visits_word),
            Metric::Pageviews => (words.pageview_word, words.pageviews_word),
            Metric::Events if self.is_of_goal => (words.conversion_word, words.conversions_word),
            Metric::Events => (words.event_word, words.events_word),
            rate => return format!("{} {}", words.name(rate), words.metric(rate, Some(value))),
        };
        words.many(value, one, many)
    }

    /// A number of the table: with all its digits.
    fn cell(&self, metric: Metric, value: Option<f64>, words: &Words) -> String {
        words.full(metric, value).unwrap_or_else(|| words.metric(metric, value))
    }

    /// The numbers of a bucket in full.
    pub fn cells(&self, point: &Point, words: &Words) -> Vec<String> {
        let front = self.cell(self.front, point.front, words);
        let back = self.back.map(|back| self.cell(back, point.back, words));
        let before = self.has_before().then(|| self.cell(self.front, point.before.and_then(|(_, value)| value), words));
        std::iter::once(front).chain(back).chain(before).collect()
    }

    /// Whether it is compared with anything.
    pub fn has_before(&self) -> bool {
        self.points.iter().any(|point| point.before.is_some())
    }

    /// Whether nothing at all was counted. A rate of 0 is something.
    pub fn is_empty(&self) -> bool {
        let counted = self.points.iter().flat_map(|point| [point.front, point.back]).flatten();
        if self.front.is_count() { counted.map(tame).fold(0.0, f64::max) == 0.0 } else { counted.count() == 0 }
    }

    /// Whether a bucket is still running.
    pub fn is_running(&self) -> bool {
        self.points.iter().any(|point| point.progress == Progress::Running)
    }

    /// By what it is split.
    pub fn split(&self, words: &Words) -> &'static str {
        match self.interval {
            Interval::Hour => words.by_hour,
            Interval::Day => words.by_day,
            Interval::Week => words.by_week,
            Interval::Month => words.by_month,
        }
    }

    /// The buckets that have begun.
    pub fn begun(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|point| point.progress != Progress::Ahead)
    }

    /// When a point is, in full.
    pub fn point_when(&self, point: &Point, words: &Words) -> String {
        self.when(point.bucket, words)
    }

    /// When a bucket is, in full.
    fn when(&self, bucket: i32, words: &Words) -> String {
        let brief = |day: Day| words.date(day, words.date_brief);
        match self.interval {
            Interval::Hour => {
                let hour = LocalHour::from_number(bucket);
                words.two(words.date_hour, brief(hour.day), format!("{:02}", hour.hour.0))
            }
            Interval::Day => brief(Day(bucket)),
            Interval::Week => words.one(words.date_week, brief(Day(bucket))),
            Interval::Month => words.date(Day(bucket), words.date_month),
        }
    }

    /// Where everything stands.
    pub fn chart(&self, words: &Words) -> Chart {
        let (step, top) = scale(self.highest(), self.front);
        let lines = (top / step).round() as usize;
        let grid = (0..=lines)
            .map(|line| line as f64 * step)
            .map(|value| GridLine { y: px(PLOT_PX - value / top * PLOT_PX), text: self.level(value, words) });
        let slot = self.slot();
        let place = |note: &Note| self.points.iter().position(|point| point.bucket == note.bucket);
        // Several of one bucket stand below each other.
        let before = |at: usize| self.notes[..at].iter().filter(|note| note.bucket == self.notes[at].bucket).count();
        let note = |(at, note): (usize, &Note)| {
            let y = NOTE_PX + before(at) * 2 * NOTE_PX;
            Some((percent((place(note)? as f64 + 0.5) * slot), y, at + 1))
        };
        Chart {
            grid: grid.collect(),
            bars: self.bars(top, words),
            labels: self.labels(words),
            notes: self.notes.iter().enumerate().filter_map(note).collect(),
            summary: self.summary(words),
        }
    }

    /// The number at a line across.
    fn level(&self, value: f64, words: &Words) -> String {
        match self.front {
            Metric::ViewsPerVisit => words.count(value),
            metric => words.metric(metric, Some(value)),
        }
    }

    /// When a note is, in full.
    pub fn note_when(&self, note: &Note, words: &Words) -> String {
        let day = words.date(note.at.0, words.date_brief);
        note.at.1.map_or(day.clone(), |hour| words.two(words.date_hour, day, format!("{hour:02}")))
    }

    /// The width of a bucket, in percent.
    fn slot(&self) -> f64 {
        100.0 / self.points.len().max(1) as f64
    }

    fn highest(&self) -> f64 {
        let back = |point: &Point| point.back.filter(|_| self.back.is_some());
        let of = |point: &Point| [point.front, back(point), point.before.and_then(|(_, value)| value)];
        self.points.iter().flat_map(of).flatten().map(tame).fold(0.0, f64::max)
    }

    fn bars(&self, top: f64, words: &Words) -> Vec<Bar> {
        let slot = self.slot();
        // Few wide bars look heavy, many thin ones lose themselves in gaps.
        let filled = slot * if self.points.len() <= 14 { 0.56 } else { 0.76 };
        let mark =
            |place: usize, value: f64| (percent((place + 1) as f64 * slot), px(PLOT_PX - tame(value) / top * PLOT_PX));
        let bar = |(place, point): (usize, &Point)| Bar {
            slot: (percent(place as f64 * slot), percent(slot)),
            x: (percent(place as f64 * slot + (slot - filled) / 2.0), percent(filled)),
            front: height(point.front, top),
            back: height(point.back.filter(|_| self.back.is_some()), top),
            before: point.before.and_then(|(_, value)| Some(mark(place, value?))),
            text: self.tip(point, words),
            is_running: point.progress == Progress::Running,
        };
        self.points.iter().enumerate().map(bar).collect()
    }

    fn tip(&self, point: &Point, words: &Words) -> String {
        let amounts = [Some((self.front, point.front)), self.back.map(|back| (back, point.back))];
        let amount = |(metric, value): (Metric, Option<f64>)| Some(self.amount(metric, value?, words));
        let amounts = amounts.into_iter().flatten().filter_map(amount).collect::<Vec<_>>().join(", ");
        let amounts = if amounts.is_empty() { words.not_available.to_owned() } else { amounts };
        let when = self.when(point.bucket, words);
        let now = match point.progress {
            Progress::Ahead => words.one(words.not_yet, when),
            Progress::Running => words.two(words.so_far, when, amounts),
            Progress::Over => words.two(words.bucket, when, amounts),
        };
        match point.before {
            Some((bucket, Some(value))) => {
                let before = self.amount(self.front, value, words);
                format!("{now} · {}", words.two(words.before_bucket, self.when(bucket, words), before))
            }
            _ => now,
        }
    }

    /// The buckets where the eye looks for a date: midnights, Mondays; all of them if they are few.
    fn labels(&self, words: &Words) -> Vec<AxisLabel> {
        let landmarks: Vec<usize> = (0..self.points.len()).filter(|place| self.is_landmark(*place)).collect();
        let stride = landmarks.len().div_ceil(limits::CHART_LABELS_MAX).max(1);
        let slot = 100.0 / self.points.len().max(1) as f64;
        let label = |(place, landmark): (usize, usize)| {
            let bucket = self.points.get(landmark)?.bucket;
            Some(AxisLabel {
                x: percent((landmark as f64 + 0.5) * slot),
                text: self.short(bucket, landmark == 0, words),
                is_minor: place % 2 == 1,
            })
        };
        landmarks.into_iter().step_by(stride).enumerate().filter_map(label).collect()
    }

    fn is_landmark(&self, place: usize) -> bool {
        let Some(bucket) = self.points.get(place).map(|point| point.bucket) else { return false };
        match self.interval {
            Interval::Hour if self.points.len() <= 24 => bucket.rem_euclid(3) == 0,
            Interval::Hour => bucket.rem_euclid(24) == 0,
            Interval::Day if self.points.len() > 14 => Day(bucket).monday() == Day(bucket),
            Interval::Day | Interval::Week | Interval::Month => true,
        }
    }

    fn short(&self, bucket: i32, is_first: bool, words: &Words) -> String {
        match self.interval {
            Interval::Hour if self.points.len() <= 24 => {
                format!("{:02}:00", LocalHour::from_number(bucket).hour.0)
            }
            Interval::Hour => words.date(LocalHour::from_number(bucket).day, words.date_weekday),
            Interval::Day if self.points.len() <= 14 => words.date(Day(bucket), words.date_weekday),
            Interval::Day | Interval::Week => words.date(Day(bucket), words.date_label),
            Interval::Month => {
                let names_year = is_first || Day(bucket).date().month() == 1;
                words.date(Day(bucket), if names_year { words.date_month_short } else { words.date_month_alone })
            }
        }
    }

    fn summary(&self, words: &Words) -> String {
        let by = format!("{} {}", self.front_title(words), self.split(words));
        let value = |point: &Point| point.front.map_or(-1.0, tame);
        let best = self.begun().max_by(|a, b| value(a).total_cmp(&value(b)));
        match best.filter(|best| value(best) >= if self.front.is_count() { 1.0 } else { 0.0 }) {
            Some(best) => {
                let most = self.cell(self.front, best.front, words);
                words.two(words.chart_summary, by, format!("{most}, {}", self.when(best.bucket, words)))
            }
            None => words.one(words.chart_nothing, by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::words::ENGLISH;

    fn series(interval: Interval, first: i32, values: &[f64]) -> Series {
        let point = |(place, value): (usize, &f64)| Point {
            bucket: first + place as i32,
            front: Some(*value),
            back: Some(value * 2.0),
            before: None,
            progress: Progress::Over,
        };
        Series {
            interval,
            front: Metric::Visitors,
            back: Some(Metric::Pageviews),
            is_of_goal: false,
            points: values.iter().enumerate().map(point).collect(),
            notes: Vec::new(),
        }
    }

    fn texts(series: &Series) -> Vec<String> {
        series.labels(&ENGLISH).into_iter().map(|label| label.text).collect()
    }

    #[test]
    fn the_highest_value_of_a_full_scale_fills_the_plot() {
        let chart = series(Interval::Day, 20_000, &[0.0, 10.0, 20.0]).chart(&ENGLISH);
        let tops: Vec<_> = chart.bars.iter().map(|bar| bar.back.clone().unwrap().0).collect();
        assert_eq!(tops, ["200", "100", "0"]);
        assert_eq!(chart.grid.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["0", "10", "20", "30", "40"]);
    }

    #[test]
    fn a_single_visitor_beside_a_million_still_shows() {
        let chart = series(Interval::Day, 20_000, &[1.0, 1_000_000.0, 0.0]).chart(&ENGLISH);
        assert_eq!(chart.bars[0].front, Some(("199".into(), "1".into())));
        assert_eq!(chart.bars[2].front, Some(("200".into(), "0".into())));
    }

    #[test]
    fn labels_stand_at_landmarks_and_are_few() {
        // Day 20_778 is Saturday, 2026-11-21.
        assert_eq!(texts(&series(Interval::Day, 20_778, &[1.0; 3])), ["Sat 21", "Sun 22", "Mon 23"]);
        assert_eq!(texts(&series(Interval::Day, 20_778, &[1.0; 30])), ["23 Nov", "30 Nov", "7 Dec", "14 Dec"]);
        assert_eq!(
            texts(&series(Interval::Hour, 20_778 * 24, &[1.0; 24])),
            ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]
        );
        assert_eq!(texts(&series(Interval::Hour, 20_778 * 24, &[1.0; 48])), ["Sat 21", "Sun 22"]);
        for buckets in 0..800 {
            for interval in [Interval::Hour, Interval::Day, Interval::Week, Interval::Month] {
                assert!(series(interval, 0, &vec![1.0; buckets]).labels(&ENGLISH).len() <= limits::CHART_LABELS_MAX);
            }
        }
    }

    #[test]
    fn what_was_before_is_a_mark_of_its_own() {
        let mut series = series(Interval::Day, 20_778, &[3.0, 5.0]);
        series.points[0].before = Some((20_771, Some(20.0)));
        let chart = series.chart(&ENGLISH);
        assert_eq!(chart.bars[0].before, Some(("50%".into(), "0".into())), "the scale has room for it");
        assert_eq!(chart.bars[1].before, None);
        assert!(
            chart.bars[0].text.ends_with("6 pageviews · before, Sat 14 Nov 2026: 20 visitors"),
            "{}",
            chart.bars[0].text
        );
        assert_eq!(series.cells(&series.points[1], &ENGLISH), ["5", "10", "n/a"]);
    }

    #[test]
    fn rates_and_times_have_scales_and_units_of_their_own() {
        let mut series = series(Interval::Day, 20_778, &[30.0, 130.0]);
        (series.front, series.back) = (Metric::VisitDuration, None);
        let chart = series.chart(&ENGLISH);
        let grid: Vec<_> = chart.grid.iter().map(|line| line.text.replace('\u{a0}', " ")).collect();
        assert_eq!(grid, ["0s", "1m 0s", "2m 0s", "3m 0s"]);
        assert_eq!(chart.bars[0].text.replace('\u{a0}', " "), "Sat 21 Nov 2026: Visit duration 30s");
    }

    #[test]
    fn notes_stand_at_their_buckets() {
        let mut series = series(Interval::Day, 20_778, &[3.0, 5.0]);
        let note = |bucket| Note { bucket, at: (Day(bucket), Some(9)), text: "Version 2".into() };
        series.notes = vec![note(20_779), note(1)];
        series.notes.insert(1, series.notes[0].clone());
        let marks = [("75%".to_owned(), 8, 1), ("75%".to_owned(), 24, 2)];
        assert_eq!(series.chart(&ENGLISH).notes, marks, "one below the other");
        assert_eq!(series.note_when(&series.notes[0], &ENGLISH), "Sun 22 Nov 2026, 09:00");
    }

    #[test]
    fn a_chart_of_nothing_is_a_chart() {
        let chart = series(Interval::Day, 20_778, &[]).chart(&ENGLISH);
        assert_eq!((chart.bars.len(), chart.grid.len()), (0, 2));
        assert_eq!(chart.summary, "Visitors by day. Nothing was counted.");
    }

    #[test]
    fn the_summary_names_the_best_bucket() {
        let chart = series(Interval::Day, 20_778, &[3.0, 1_200.0, 5.0]).chart(&ENGLISH);
        assert_eq!(chart.summary, "Visitors by day. Highest: 1,200, Sun 22 Nov 2026.");
        assert_eq!(chart.bars[1].text, "Sun 22 Nov 2026: 1,200 visitors, 2,400 pageviews");
    }

    #[test]
    fn numbers_that_are_none_draw_nothing() {
        let mut series = series(Interval::Day, 20_778, &[f64::NAN, f64::INFINITY, -4.0]);
        series.points[0].front = None;
        let chart = series.chart(&ENGLISH);
        assert_eq!(chart.bars[0].front, None);
        assert_eq!(chart.bars[1].front, Some(("200".into(), "0".into())));
    }
}
