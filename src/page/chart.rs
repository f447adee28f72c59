//! In: sums by hour, day, week or month. Out: where each bar, line and label of the chart stands. Forgets: what lies
//! between two pixels.
//!
//! Across, everything is in percent, so that one drawing fits every screen while its letters keep their size. Up and
//! down it is in pixels of a plot that is [`PLOT_PX`] high.

use super::format::tame;
use super::words::Words;
use crate::report::Interval;
use crate::site::{Day, LocalHour};

/// Height of the plot in pixels; the labels stand below it.
pub const PLOT_PX: f64 = 200.0;
/// Labels below the plot on a wide screen; a narrow one shows every other.
const LABELS_MAX: usize = 8;

/// The sums of a range over time, in order of time, without gaps.
#[derive(Debug, Clone)]
pub struct Series {
    /// Width of a bucket.
    pub interval: Interval,
    /// What hits are called that are counted beside visitors.
    pub hits: Hits,
    /// One point for each bucket of the range.
    pub points: Vec<Point>,
}

/// What is counted beside visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hits {
    /// Pageviews.
    Pageviews,
    /// Named events.
    Events,
    /// What reached a goal.
    Conversions,
}

impl Hits {
    /// What many of them are called.
    pub const fn title(self, words: &Words) -> &'static str {
        match self {
            Hits::Pageviews => words.pageviews,
            Hits::Events => words.events,
            Hits::Conversions => words.conversions,
        }
    }

    const fn counted(self, words: &Words) -> (&'static str, &'static str) {
        match self {
            Hits::Pageviews => (words.pageview_word, words.pageviews_word),
            Hits::Events => (words.event_word, words.events_word),
            Hits::Conversions => (words.conversion_word, words.conversions_word),
        }
    }
}

/// The sums of a bucket.
#[derive(Debug, Clone)]
pub struct Point {
    /// Number of the bucket: hours for [`Interval::Hour`], else days, as in [`crate::report::Line`].
    pub bucket: i32,
    /// Visitors; nothing where they are not measured.
    pub visitors: Option<f64>,
    /// Pageviews, or what [`Series::hits`] says.
    pub pageviews: Option<f64>,
    /// How far along its bucket is.
    pub progress: Progress,
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
    pub labels: Vec<Label>,
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

/// A bucket: visitors in front of pageviews, or pageviews alone where visitors are not measured.
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
    /// When, and how many.
    pub text: String,
    /// Whether it will grow.
    pub is_running: bool,
}

/// A label below the plot.
#[derive(Debug)]
pub struct Label {
    /// Its middle, in percent.
    pub x: String,
    /// A date or an hour.
    pub text: String,
    /// Whether a narrow screen leaves it out.
    pub is_minor: bool,
}

impl Point {
    /// Its numbers in full: visitors, pageviews.
    pub fn cells(&self, words: &Words) -> [String; 2] {
        [words.whole(self.visitors), words.whole(self.pageviews)]
    }
}

impl Series {
    /// Whether visitors were measured.
    pub fn has_visitors(&self) -> bool {
        self.points.is_empty() || self.points.iter().any(|point| point.visitors.is_some())
    }

    /// Whether nothing at all was counted.
    pub fn is_empty(&self) -> bool {
        self.highest() == 0.0
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

    /// When a bucket is, in full.
    pub fn when(&self, point: &Point, words: &Words) -> String {
        let brief = |day: Day| words.date(day, words.date_brief);
        match self.interval {
            Interval::Hour => {
                let hour = LocalHour::from_number(point.bucket);
                words.two(words.date_hour, brief(hour.day), format!("{:02}", hour.hour.0))
            }
            Interval::Day => brief(Day(point.bucket)),
            Interval::Week => words.one(words.date_week, brief(Day(point.bucket))),
            Interval::Month => words.date(Day(point.bucket), words.date_month),
        }
    }

    /// Where everything stands.
    pub fn chart(&self, words: &Words) -> Chart {
        let (step, top) = scale(self.highest());
        let lines = (top / step).round() as usize;
        let grid = (0..=lines)
            .map(|line| line as f64 * step)
            .map(|value| GridLine { y: px(PLOT_PX - value / top * PLOT_PX), text: words.count(value) });
        Chart {
            grid: grid.collect(),
            bars: self.bars(top, words),
            labels: self.labels(words),
            summary: self.summary(words),
        }
    }

    fn highest(&self) -> f64 {
        self.points.iter().flat_map(|point| [point.visitors, point.pageviews]).flatten().map(tame).fold(0.0, f64::max)
    }

    fn bars(&self, top: f64, words: &Words) -> Vec<Bar> {
        let slot = 100.0 / self.points.len().max(1) as f64;
        // Few wide bars look heavy, many thin ones lose themselves in gaps.
        let filled = slot * if self.points.len() <= 14 { 0.56 } else { 0.76 };
        let has_visitors = self.has_visitors();
        let bar = |(place, point): (usize, &Point)| Bar {
            slot: (percent(place as f64 * slot), percent(slot)),
            x: (percent(place as f64 * slot + (slot - filled) / 2.0), percent(filled)),
            front: height(if has_visitors { point.visitors } else { point.pageviews }, top),
            back: height(point.pageviews.filter(|_| has_visitors), top),
            text: self.tip(point, words),
            is_running: point.progress == Progress::Running,
        };
        self.points.iter().enumerate().map(bar).collect()
    }

    fn tip(&self, point: &Point, words: &Words) -> String {
        let (one, many) = self.hits.counted(words);
        let amounts = [(point.visitors, words.visitor_word, words.visitors_word), (point.pageviews, one, many)];
        let amounts = amounts.into_iter().filter_map(|(value, one, many)| Some(words.many(value?, one, many)));
        let amounts = amounts.collect::<Vec<_>>().join(", ");
        let when = self.when(point, words);
        match point.progress {
            Progress::Ahead => words.one(words.not_yet, when),
            Progress::Running => words.two(words.so_far, when, amounts),
            Progress::Over => words.two(words.bucket, when, amounts),
        }
    }

    /// The buckets where the eye looks for a date: midnights, Mondays; all of them if they are few.
    fn labels(&self, words: &Words) -> Vec<Label> {
        let spots: Vec<usize> = (0..self.points.len()).filter(|place| self.is_landmark(*place)).collect();
        let stride = spots.len().div_ceil(LABELS_MAX).max(1);
        let slot = 100.0 / self.points.len().max(1) as f64;
        let label = |(place, spot): (usize, usize)| {
            let bucket = self.points.get(spot)?.bucket;
            Some(Label {
                x: percent((spot as f64 + 0.5) * slot),
                text: self.short(bucket, spot == 0, words),
                is_minor: place % 2 == 1,
            })
        };
        spots.into_iter().step_by(stride).enumerate().filter_map(label).collect()
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
        let (name, of) = if self.has_visitors() { (words.visitors, true) } else { (self.hits.title(words), false) };
        let value = |point: &Point| tame(if of { point.visitors } else { point.pageviews }.unwrap_or(0.0));
        let by = format!("{name} {}", self.split(words));
        let best = self.begun().max_by(|a, b| value(a).total_cmp(&value(b)));
        match best.filter(|best| value(best) > 0.0) {
            Some(best) => {
                let most = format!("{}, {}", words.exact(value(best)), self.when(best, words));
                words.two(words.chart_summary, by, most)
            }
            None => words.one(words.chart_nothing, by),
        }
    }
}

/// Step and top of a scale for values up to `highest`: 1, 2 or 5 times a power of ten, never less than 1, and at most
/// five steps.
fn scale(highest: f64) -> (f64, f64) {
    let rough = (tame(highest) / 4.0).max(1.0);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| *step >= rough * 0.999_999);
    let step = step.unwrap_or(rough);
    (step, (highest / step).ceil().max(1.0) * step)
}

/// Top and height of a bar; what is there is at least a pixel high.
fn height(value: Option<f64>, top: f64) -> Option<(String, String)> {
    let value = tame(value?);
    let height = if value > 0.0 { (value / top * PLOT_PX).max(1.0) } else { 0.0 };
    Some((px(PLOT_PX - height), px(height)))
}

fn px(value: f64) -> String {
    trim(format!("{value:.1}"))
}

fn percent(value: f64) -> String {
    trim(format!("{value:.2}")) + "%"
}

fn trim(number: String) -> String {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::words::ENGLISH;

    fn series(interval: Interval, first: i32, values: &[f64]) -> Series {
        let point = |(place, value): (usize, &f64)| Point {
            bucket: first + place as i32,
            visitors: Some(*value),
            pageviews: Some(value * 2.0),
            progress: Progress::Over,
        };
        Series { interval, hits: Hits::Pageviews, points: values.iter().enumerate().map(point).collect() }
    }

    fn texts(series: &Series) -> Vec<String> {
        series.labels(&ENGLISH).into_iter().map(|label| label.text).collect()
    }

    #[test]
    fn a_scale_has_round_steps_and_room_for_the_highest() {
        let cases = [
            (0.0, 1.0, 1.0),
            (1.0, 1.0, 1.0),
            (4.0, 1.0, 4.0),
            (5.0, 2.0, 6.0),
            (11.0, 5.0, 15.0),
            (40.0, 10.0, 40.0),
            (1_900.0, 500.0, 2_000.0),
            (2_001.0, 1_000.0, 3_000.0),
            (123_456.0, 50_000.0, 150_000.0),
        ];
        for (highest, step, top) in cases {
            assert_eq!(scale(highest), (step, top), "{highest}");
        }
        for highest in (1..5_000).map(f64::from) {
            let (step, top) = scale(highest);
            assert!(top >= highest && top / step <= 5.0 && top < highest + step, "{highest}: {step} {top}");
        }
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
                assert!(series(interval, 0, &vec![1.0; buckets]).labels(&ENGLISH).len() <= LABELS_MAX);
            }
        }
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
        assert_eq!(chart.summary, "Visitors by day. The most: 1,200, Sun 22 Nov 2026.");
        assert_eq!(chart.bars[1].text, "Sun 22 Nov 2026: 1,200 visitors, 2,400 pageviews");
    }

    #[test]
    fn numbers_that_are_none_draw_nothing() {
        let mut series = series(Interval::Day, 20_778, &[f64::NAN, f64::INFINITY, -4.0]);
        series.points[0].visitors = None;
        let chart = series.chart(&ENGLISH);
        assert_eq!(chart.bars[0].front, None);
        assert_eq!(chart.bars[1].front, Some(("200".into(), "0".into())));
    }
}
