//! The metrics that readers see, made from sums and rounded half up.

use serde::{Serialize, Serializer};

use crate::cell::{Metric, Tally};

/// The sums behind the metrics of one line.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// The line's own.
    pub tally: Tally,
    /// Those of the whole visits that rates of visits are taken of: the same, or by page the visits entered there.
    pub of_visits: Tally,
    /// Visits that left on the page, and its views.
    pub exits: (i64, i64),
    /// Visitors of the site over the span, or of what the question is about.
    pub all_visitors: i64,
    /// Those of them that are of the same line, goal or not.
    pub line_visitors: i64,
    /// Money, and the events that brought it; nothing where there is none.
    pub money: Option<(i64, i64)>,
}

impl Figures {
    /// One metric; nothing where it is not measured or there is nothing to take a mean of.
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        let (tally, of_visits) = (self.tally, self.of_visits);
        match metric {
            Metric::Pageviews => Some(tally.pageviews as f64),
            Metric::Events => Some((tally.pageviews + tally.events) as f64),
            Metric::ScrollDepth => ratio(tally.scroll, tally.engaged_visits, 1),
            Metric::TimeOnPage => ratio(tally.engaged_ms, tally.engaged_visits.saturating_mul(1_000), 1),
            Metric::TotalRevenue => self.money.map(|(thousandths, _)| thousandths as f64 / 1_000.0),
            Metric::AverageRevenue => self.money.map(|(thousandths, events)| mean(thousandths, events)),
            _ if !knows_visits(tally) => None,
            Metric::Visitors => Some(tally.visitors as f64),
            Metric::Visits => Some(tally.visits as f64),
            // Where nothing at all was counted, the field writes 0.
            Metric::ViewsPerVisit | Metric::BounceRate if tally.is_zero() => Some(0.0),
            Metric::ViewsPerVisit => ratio(of_visits.pageviews, of_visits.visits, 100),
            Metric::BounceRate => ratio(of_visits.bounces.saturating_mul(100), of_visits.visits, 1),
            Metric::VisitDuration => ratio(of_visits.seconds, of_visits.visits, 1),
            Metric::ExitRate => ratio(self.exits.0.saturating_mul(100), self.exits.1, 10),
            Metric::Percentage | Metric::ConversionRate => Some(share(tally.visitors, self.all_visitors)),
            Metric::GroupConversionRate => Some(share(tally.visitors, self.line_visitors)),
        }
    }
}

fn share(part: i64, whole: i64) -> f64 {
    ratio(part.saturating_mul(100), whole, 10).unwrap_or(0.0)
}

/// Thousandths over events, in units, rounded to thousandths.
fn mean(thousandths: i64, events: i64) -> f64 {
    (thousandths as f64 / events.max(1) as f64).round() / 1_000.0
}

/// Whether visitors and visits were measured: a site without tokens counts pageviews and events, and neither of them.
///
/// An hour may hold pageviews of a visit that is booked in an earlier hour; it has visitors then.
fn knows_visits(tally: Tally) -> bool {
    tally.visits != 0 || tally.visitors != 0 || tally.pageviews + tally.events == 0
}

/// `part / whole` rounded half up to one in `steps`; nothing without a whole.
pub(super) fn ratio(part: i64, whole: i64, steps: i64) -> Option<f64> {
    if whole <= 0 {
        return None;
    }
    // Whole numbers all the way, so that 0.5 is never 0.49999; wide ones, so that nothing overflows.
    let (part, whole, steps) = (i128::from(part), i128::from(whole), i128::from(steps));
    let rounded = (2 * part * steps + whole).div_euclid(2 * whole);
    Some(rounded as f64 / steps as f64)
}

/// How a figure changed: whole percent, and points for figures that are percent themselves.
///
/// From 0 to anything is 100. Halves are rounded away from 0, so that a fall reads like a rise. Nothing where one side
/// is not measured.
pub fn change(now: Option<f64>, before: Option<f64>, metric: Metric) -> Option<i64> {
    let (now, before) = (now?, before?);
    let change = match metric {
        Metric::BounceRate
        | Metric::ScrollDepth
        | Metric::ExitRate
        | Metric::Percentage
        | Metric::ConversionRate
        | Metric::GroupConversionRate => now - before,
        _ if before == 0.0 => {
            if now > 0.0 {
                100.0
            } else {
                0.0
            }
        }
        _ => (now - before) / before * 100.0,
    };
    Some(change.round() as i64)
}

/// A metric as JSON: a whole number without a fraction, or null.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure(pub Option<f64>);

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_none(),
            Some(number) if number.fract() == 0.0 => serializer.serialize_i64(number as i64),
            Some(number) => serializer.serialize_f64(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(tally: Tally) -> impl Fn(Metric) -> Option<f64> {
        let (money, exits) = (Some((2_000, 3)), if tally.is_zero() { (0, 0) } else { (3, 8) });
        move |metric| {
            Figures { tally, of_visits: tally, exits, all_visitors: 8, line_visitors: 2, money }.metric(metric)
        }
    }

    fn is_money(metric: Metric) -> bool {
        matches!(metric, Metric::TotalRevenue | Metric::AverageRevenue)
    }

    #[test]
    fn figures_are_rounded_half_up() {
        let of = figures(Tally {
            visitors: 1,
            visits: 8,
            pageviews: 9,
            events: 2,
            bounces: 1,
            seconds: 20,
            engaged_visits: 2,
            engaged_ms: 2_999,
            scroll: 81,
            ..Tally::ZERO
        });
        for (metric, expected) in [
            (Metric::Visitors, 1.0),
            (Metric::Visits, 8.0),
            (Metric::Pageviews, 9.0),
            (Metric::Events, 11.0),
            (Metric::ViewsPerVisit, 1.13),
            (Metric::BounceRate, 13.0),
            (Metric::VisitDuration, 3.0),
            (Metric::ScrollDepth, 41.0),
            (Metric::TimeOnPage, 1.0),
            (Metric::ExitRate, 37.5),
            (Metric::Percentage, 12.5),
            (Metric::ConversionRate, 12.5),
            (Metric::GroupConversionRate, 50.0),
            (Metric::TotalRevenue, 2.0),
            (Metric::AverageRevenue, 0.667),
        ] {
            assert_eq!(of(metric), Some(expected), "{metric:?}");
        }
    }

    #[test]
    fn without_visits_rates_are_zero_and_means_are_nothing() {
        let of = figures(Tally::ZERO);
        for metric in Metric::ALL.into_iter().filter(|metric| !is_money(*metric)) {
            let is_mean =
                [Metric::VisitDuration, Metric::ScrollDepth, Metric::TimeOnPage, Metric::ExitRate].contains(&metric);
            assert_eq!(of(metric), (!is_mean).then_some(0.0), "{metric:?}");
        }
    }

    #[test]
    fn without_tokens_only_hits_are_measured() {
        let of = figures(Tally { pageviews: 3, events: 1, ..Tally::ZERO });
        for metric in Metric::ALL.into_iter().filter(|metric| !is_money(*metric)) {
            let expected = match metric {
                Metric::Pageviews => Some(3.0),
                Metric::Events => Some(4.0),
                _ => None,
            };
            assert_eq!(of(metric), expected, "{metric:?}");
        }
    }

    #[test]
    fn an_hour_in_the_middle_of_a_visit_is_measured_but_for_rates_of_visits() {
        let of = figures(Tally { visitors: 1, pageviews: 3, ..Tally::ZERO });
        assert_eq!((of(Metric::Visits), of(Metric::BounceRate), of(Metric::ViewsPerVisit)), (Some(0.0), None, None));
        assert_eq!((of(Metric::Visitors), of(Metric::VisitDuration)), (Some(1.0), None));
    }

    #[test]
    fn changes_are_whole_percent_and_points_for_percents() {
        for (now, before, metric, expected) in [
            (Some(120.0), Some(100.0), Metric::Visitors, Some(20)),
            (Some(48.0), Some(50.0), Metric::BounceRate, Some(-2)),
            (Some(48.0), Some(0.0), Metric::BounceRate, Some(48)),
            (Some(5.0), Some(0.0), Metric::Visits, Some(100)),
            (Some(0.0), Some(0.0), Metric::Visits, Some(0)),
            (Some(0.0), Some(5.0), Metric::Visits, Some(-100)),
            (Some(201.0), Some(200.0), Metric::Pageviews, Some(1)),
            (Some(199.0), Some(200.0), Metric::Pageviews, Some(-1)),
            (None, Some(1.0), Metric::VisitDuration, None),
            (Some(1.0), None, Metric::VisitDuration, None),
        ] {
            assert_eq!(change(now, before, metric), expected, "{now:?} {before:?} {metric:?}");
        }
    }

    #[test]
    fn whole_numbers_have_no_fraction_in_json() {
        let figures = [Some(31.0), Some(1.5), Some(0.0), None].map(Figure);
        assert_eq!(serde_json::to_string(&figures).unwrap(), "[31,1.5,0,null]");
    }
}
