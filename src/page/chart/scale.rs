//! The scale of a chart, and numbers as a drawing needs them.

use super::PLOT_PX;
use crate::cell::Metric;
use crate::page::format::tame;

/// Steps of a scale of seconds up to an hour.
const STEPS_S: [f64; 11] = [5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0];

/// Step and top of a scale for values up to `highest`: 1, 2 or 5 times a power of ten, never less than 1, and at most
/// five steps; whole parts of minutes and hours for durations.
pub fn scale(highest: f64, metric: Metric) -> (f64, f64) {
    let rough = (tame(highest) / 4.0).max(1.0);
    let is_duration = matches!(metric, Metric::VisitDuration | Metric::TimeOnPage);
    if let Some(step) = STEPS_S.into_iter().find(|step| is_duration && *step >= rough) {
        return (step, (highest / step).ceil().max(1.0) * step);
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| *step >= rough * 0.999_999);
    let step = step.unwrap_or(rough);
    (step, (highest / step).ceil().max(1.0) * step)
}

/// Top and height of a bar; what is there is at least a pixel high.
pub fn height(value: Option<f64>, top: f64) -> Option<(String, String)> {
    let value = tame(value?);
    let height = if value > 0.0 { (value / top * PLOT_PX).max(1.0) } else { 0.0 };
    Some((px(PLOT_PX - height), px(height)))
}

/// A number of pixels.
pub fn px(value: f64) -> String {
    trim(format!("{value:.1}"))
}

/// So many percent of a drawing.
pub fn percent(value: f64) -> String {
    trim(format!("{value:.2}")) + "%"
}

fn trim(number: String) -> String {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(scale(highest, Metric::Visitors), (step, top), "{highest}");
        }
        for highest in (1..5_000).map(f64::from) {
            let (step, top) = scale(highest, Metric::Visitors);
            assert!(top >= highest && top / step <= 5.0 && top < highest + step, "{highest}: {step} {top}");
        }
    }
}
