//! Bounds of figures that sums do not know exactly: of a set of values, and of what is past a budget.
//!
//! See [`Doubt`] for what is sure of a sum. Beyond that, no set has more visitors than the whole that it is part of; and it has at
//! least those of the whole that the values outside of it do not have.

use crate::cell::{Metric, Tally};
use crate::store::Doubt;

/// The least of a line's figures, where they are not sure. The line has the most.
#[derive(Debug, Clone, PartialEq)]
pub struct LineBounds {
    /// The least that was counted.
    pub low: Tally,
    /// For each metric that is not sure the least that it may be, which rates do not have.
    pub metrics: Vec<Option<Option<f64>>>,
    /// The most of each metric where the line has estimates; else the line has the most.
    pub most: Vec<Option<f64>>,
}

/// The least and the most of a figure that is not sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FigureBounds {
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// Whether the figure is what is likely between these; else it is the most.
    pub is_estimated: bool,
}

/// What is known of a sum beside its numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SumBounds {
    pub(super) doubt: Doubt,
    /// All that it is part of.
    pub(super) limit: Option<Tally>,
    /// What is left out of that, at most.
    pub(super) left_out: Option<Tally>,
    /// The least and the most, once all of this is known.
    pub(super) settled: Option<(Tally, Tally)>,
    /// Whether what rates of visits are taken of is not sure.
    pub(super) is_entered_unsure: bool,
    /// The same of exit rates.
    pub(super) is_left_unsure: bool,
    /// The same of shares of the line.
    pub(super) is_line_unsure: bool,
}

fn added(a: Option<Tally>, b: Option<Tally>) -> Option<Tally> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

impl SumBounds {
    /// The least and the most of a sum.
    pub(super) fn of(this: Option<&SumBounds>, sum: Tally) -> (Tally, Tally) {
        this.and_then(|bounds| bounds.settled).unwrap_or((sum, sum))
    }

    /// Those of two sums that are added.
    pub(super) fn add(this: Option<&SumBounds>, sum: Tally, other: Option<&SumBounds>, other_sum: Tally) -> SumBounds {
        let is_settled = [this, other].into_iter().flatten().any(|bounds| bounds.settled.is_some());
        let ((low, high), (other_low, other_high)) = (SumBounds::of(this, sum), SumBounds::of(other, other_sum));
        let (mut bounds, other) = (this.copied().unwrap_or_default(), other.copied().unwrap_or_default());
        bounds.doubt += other.doubt;
        bounds.limit = added(bounds.limit, other.limit);
        bounds.left_out = added(bounds.left_out, other.left_out);
        bounds.settled = is_settled.then_some((low + other_low, high + other_high));
        bounds.is_entered_unsure |= other.is_entered_unsure;
        bounds.is_left_unsure |= other.is_left_unsure;
        bounds.is_line_unsure |= other.is_line_unsure;
        bounds
    }

    /// Makes of all that is known the least and the most of a sum.
    pub(super) fn settle(&mut self, sum: Tally) {
        let (doubt, limit, left_out) = (self.doubt, self.limit.take(), self.left_out.take());
        self.doubt = Doubt::default();
        if doubt.is_none() {
            return;
        }
        let (mut low, mut high) = (doubt.low(sum), doubt.high(sum));
        if let Some(limit) = limit {
            high.visitors = high.visitors.min(limit.visitors);
            high.visits = high.visits.min(limit.visits);
        }
        // Where some have no value at all, as of what was not collected, nothing follows from those that are left out.
        let (hits, left_out) = (|tally: Tally| tally.pageviews + tally.events, left_out.unwrap_or_default());
        let is_whole = |all: &Tally| hits(sum) + hits(left_out) == hits(*all);
        if let Some(limit) = limit.filter(|limit| doubt.missing.is_zero() && is_whole(limit)) {
            low.visitors = low.visitors.max(limit.visitors - left_out.visitors);
            low.visits = low.visits.max(limit.visits - left_out.visits);
        }
        (low.visitors, low.visits) = (low.visitors.min(high.visitors), low.visits.min(high.visits));
        self.settled = (low != high).then_some((low, high));
        // What is sure may be less than the sum.
        if low == high && high != sum {
            self.settled = Some((low, high));
        }
    }
}

/// Whether a metric of a line is not sure, given the least and the most of it. `is_entered` says that rates are those of the visits
/// that entered.
pub(super) fn is_unsure(
    metric: Metric,
    (low, high): (Tally, Tally),
    bounds: &SumBounds,
    (is_entered, is_whole_unsure): (bool, bool),
) -> bool {
    let differs = |of: fn(Tally) -> i64| of(low) != of(high);
    let (visitors, visits) = (differs(|tally| tally.visitors), differs(|tally| tally.visits));
    let pageviews = differs(|tally| tally.pageviews);
    match metric {
        Metric::Visitors => visitors,
        Metric::Visits => visits,
        Metric::Pageviews => pageviews,
        Metric::Events => pageviews || differs(|tally| tally.events),
        Metric::ViewsPerVisit | Metric::BounceRate | Metric::VisitDuration if is_entered => bounds.is_entered_unsure,
        Metric::ViewsPerVisit => visits || pageviews,
        Metric::BounceRate => visits || differs(|tally| tally.bounces),
        Metric::VisitDuration => visits || differs(|tally| tally.seconds),
        Metric::ExitRate => bounds.is_left_unsure || visits || pageviews,
        Metric::ScrollDepth | Metric::TimeOnPage => differs(|tally| tally.engaged_visits),
        Metric::Percentage | Metric::ConversionRate => visitors || is_whole_unsure,
        Metric::GroupConversionRate => visitors || bounds.is_line_unsure,
        Metric::TotalRevenue | Metric::AverageRevenue => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(visitors: i64, visits: i64, pageviews: i64) -> Tally {
        Tally { visitors, visits, pageviews, ..Tally::ZERO }
    }

    /// The bounds of visitors and visits of a sum of which so many may be there twice.
    fn settled(sum: Tally, doubt: Doubt, limit: Option<Tally>, left_out: Option<Tally>) -> [(i64, i64); 2] {
        let mut bounds = SumBounds { doubt, limit, left_out, ..SumBounds::default() };
        bounds.settle(sum);
        let (low, high) = SumBounds::of(Some(&bounds), sum);
        [(low.visitors, high.visitors), (low.visits, high.visits)]
    }

    #[test]
    fn a_set_has_at_least_its_largest_value_and_at_most_the_sum_and_the_whole() {
        let doubt = Doubt { repeated_visitors: 5, repeated_visits: 4, missing: Tally::ZERO };
        let sum = tally(12, 13, 20);
        assert_eq!(settled(sum, Doubt::default(), Some(tally(3, 3, 3)), None), [(12, 12), (13, 13)], "it is sure");
        assert_eq!(settled(sum, doubt, None, None), [(7, 12), (9, 13)]);
        assert_eq!(settled(sum, doubt, Some(tally(10, 20, 30)), None), [(7, 10), (9, 13)]);
        // Of 10 visitors 1 has what is left out, so that 9 have something else; of 12 visits 2.
        assert_eq!(settled(sum, doubt, Some(tally(10, 12, 30)), Some(tally(1, 2, 10))), [(9, 10), (10, 12)]);
        assert_eq!(
            settled(sum, doubt, Some(tally(10, 12, 31)), Some(tally(1, 2, 10))),
            [(7, 10), (9, 12)],
            "a hit has no value"
        );
        assert_eq!(settled(sum, doubt, Some(tally(7, 9, 30)), None), [(7, 7), (9, 9)], "both bounds are the same");
        assert_eq!(settled(sum, doubt, Some(tally(11, 12, 20)), None), [(11, 11), (12, 12)], "nothing is left out");
        let missing = Doubt { missing: tally(2, 2, 2), ..doubt };
        assert_eq!(settled(sum, missing, Some(tally(13, 20, 30)), Some(tally(0, 0, 10))), [(7, 13), (9, 15)]);
    }

    #[test]
    fn bounds_of_days_add_up() {
        let doubt = Doubt { repeated_visitors: 5, ..Doubt::default() };
        let mut day = SumBounds { doubt, limit: Some(tally(10, 12, 20)), ..SumBounds::default() };
        day.settle(tally(12, 12, 12));
        let both = SumBounds::add(Some(&day), tally(12, 12, 12), None, tally(3, 3, 3));
        let (low, high) = SumBounds::of(Some(&both), tally(15, 15, 15));
        assert_eq!((low.visitors, high.visitors, low.visits), (10, 13, 15));
    }
}
