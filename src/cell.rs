//! What sums are split by ([`Dimension`]), what is counted ([`Metric`], [`Tally`]), and one place in the table of sums
//! ([`Cell`]). It has no room for anything about one person.

pub mod blocks;
pub mod collected;
pub mod digests;
pub mod hit_attributes;
pub mod dimension;
pub mod tuples;
pub mod filter;
pub mod condition;
pub mod folding;
pub mod forgotten;
pub mod names;
pub mod packed;
pub mod section;

use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

pub use blocks::Blocks;
pub use collected::is_collected;
pub use condition::{Condition, ConditionScope};
pub use digests::DigestKey;
pub use dimension::{Card, DIMENSIONS, Dimension, Dimensions, FIXED, OF_HITS, UnknownValue, ValueOf};
pub use filter::{Expression, Filter, JOINT, Test, WantedTexts};
pub use folding::{Folding, FoldingStart, SiteHistory};
pub use forgotten::{ForgottenAxis, ForgottenValue, ForgottenValues};
pub use hit_attributes::{AttributeValues, GoneValues, HitAttributeTable, HitAttributes, NamedValue};
pub use names::{Bringer, DayNames, DisplacedNames, GoneName, PAGEVIEW, Sym, Use};
pub use tuples::{AttributeTuple, AttributeTuples, TUPLES_PER_VISIT, TupleValues};

/// The label of a value that is missing, except for source, referrer and channel.
pub const NOT_SET: &str = "(not set)";
/// The label of a missing source or referrer.
pub const DIRECT_OR_NONE: &str = "Direct / None";
/// The label of a missing channel.
pub const DIRECT: &str = "Direct";
/// Stands for all values past a budget.
pub const OTHER: &str = "(other)";

/// What a cell is split by: nothing (the site's totals), a dimension, or a property.
///
/// `N` is how names are held: [`Sym`] in memory, text in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Axis<N> {
    /// The site's totals; the only value is the empty text.
    Total,
    /// One dimension.
    Of(Dimension),
    /// A property of hits by its key; under one event (pageviews are the event `pageview`), or under all of them.
    Prop {
        /// The key of the property.
        key: N,
        /// The event that carries it; nothing means any.
        event: Option<N>,
    },
    /// Money that an event brought. The value is the currency (ISO 4217), or, within one currency, that of a property.
    Revenue {
        /// The event that brought it.
        event: N,
        /// The key of the property that it is split by, and the currency.
        within: Option<(N, N)>,
    },
    /// A funnel by its number at the site; the value is a step, counted from 1, and holds the visits that reached it.
    Funnel(u32),
}

impl<N> Axis<N> {
    /// The dimension under which it is counted by others.
    pub fn in_pairs(&self) -> Option<Dimension> {
        match self {
            Axis::Of(dimension) => Some(*dimension),
            Axis::Prop { event: None, .. } => Some(Dimension::Property),
            _ => None,
        }
    }
}

/// One place in the table, its bucket aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell<N> {
    /// What it is split by.
    pub axis: Axis<N>,
    /// The value of that.
    pub value: N,
}

/// The numbers in a cell, or a change of them, which may be negative. All of them are sums: two tallies add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Tally {
    /// Distinct tokens with at least one pageview or named event.
    pub visitors: i64,
    /// Visits with at least one pageview or named event.
    pub visits: i64,
    /// Pageviews.
    pub pageviews: i64,
    /// Named events.
    pub events: i64,
    /// Visits with at most one pageview and no interactive event.
    pub bounces: i64,
    /// Whole seconds from first to last pageview or event, over visits.
    pub seconds: i64,
    /// Visits that sent an engagement ping (by page only).
    pub engaged_visits: i64,
    /// Milliseconds of visible time over those visits.
    pub engaged_ms: i64,
    /// Deepest scroll in percent, summed over those visits.
    pub scroll: i64,
    /// Money in thousandths of the currency's unit (under [`Axis::Revenue`] only).
    pub revenue: i64,
    /// Of an hour: the visitors who were in the cell for the first time of their day. Of wider buckets it is 0.
    pub first_visitors: i64,
}

impl Tally {
    /// Nothing counted, or no change.
    pub const ZERO: Tally = Tally {
        visitors: 0,
        visits: 0,
        pageviews: 0,
        events: 0,
        bounces: 0,
        seconds: 0,
        engaged_visits: 0,
        engaged_ms: 0,
        scroll: 0,
        revenue: 0,
        first_visitors: 0,
    };

    /// The numbers in the order in which they are stored.
    pub const fn columns(self) -> [i64; 11] {
        [
            self.visitors,
            self.visits,
            self.pageviews,
            self.events,
            self.bounces,
            self.seconds,
            self.engaged_visits,
            self.engaged_ms,
            self.scroll,
            self.revenue,
            self.first_visitors,
        ]
    }

    /// The tally with these numbers, in the order of [`Tally::columns`].
    pub const fn from_columns(columns: [i64; 11]) -> Tally {
        let [visitors, visits, pageviews, events, bounces, seconds, ..] = columns;
        let [.., engaged_visits, engaged_ms, scroll, revenue, first_visitors] = columns;
        let none = Tally { revenue, first_visitors, ..Tally::ZERO };
        Tally { visitors, visits, pageviews, events, bounces, seconds, engaged_visits, engaged_ms, scroll, ..none }
    }

    /// What an hour adds to its day, or to a part of the day that begins with it: there visitors count where they came first.
    pub const fn of_day(self) -> Tally {
        Tally { visitors: self.first_visitors, first_visitors: 0, ..self }
    }

    /// Of each number the smaller of two.
    #[must_use]
    pub fn least(self, other: Tally) -> Tally {
        let others = other.columns();
        let mut columns = self.columns();
        columns.iter_mut().zip(others).for_each(|(own, other)| *own = (*own).min(other));
        Tally::from_columns(columns)
    }

    /// Whether all numbers are 0.
    pub fn is_zero(self) -> bool {
        self == Tally::ZERO
    }
}

impl Add for Tally {
    type Output = Tally;
    fn add(mut self, other: Tally) -> Tally {
        self += other;
        self
    }
}

impl AddAssign for Tally {
    // Field by field: this is done a dozen times for a hit.
    fn add_assign(&mut self, other: Tally) {
        let Tally {
            visitors,
            visits,
            pageviews,
            events,
            bounces,
            seconds,
            engaged_visits,
            engaged_ms,
            scroll,
            revenue,
            first_visitors,
        } = other;
        self.visitors += visitors;
        self.visits += visits;
        self.pageviews += pageviews;
        self.events += events;
        self.bounces += bounces;
        self.seconds += seconds;
        self.engaged_visits += engaged_visits;
        self.engaged_ms += engaged_ms;
        self.scroll += scroll;
        self.revenue += revenue;
        self.first_visitors += first_visitors;
    }
}

impl Neg for Tally {
    type Output = Tally;
    fn neg(self) -> Tally {
        Tally::from_columns(self.columns().map(|n| -n))
    }
}

impl Sub for Tally {
    type Output = Tally;
    fn sub(self, other: Tally) -> Tally {
        self + -other
    }
}

/// What we count, as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Distinct visitors of each day, added over days.
    Visitors,
    /// Visits.
    Visits,
    /// Pageviews.
    Pageviews,
    /// Pageviews per visit, 2 decimals.
    ViewsPerVisit,
    /// Bounces per visit, whole percent.
    BounceRate,
    /// Mean length of a visit, whole seconds; nothing without visits.
    VisitDuration,
    /// Pageviews and named events.
    Events,
    /// Mean deepest scroll of the visits that sent any, whole percent; by page only.
    ScrollDepth,
    /// Mean visible time of the visits that sent any, whole seconds; by page only.
    TimeOnPage,
    /// Visits that ended on the page, of its pageviews, 1 decimal; by page and exit page only.
    ExitRate,
    /// Share of the visitors of the whole query, 1 decimal; needs a dimension.
    Percentage,
    /// Visitors who reached the goal, of all visitors, 1 decimal.
    ConversionRate,
    /// Visitors who reached the goal, of those of the same line, 1 decimal.
    GroupConversionRate,
    /// Money that the goal brought, in the currency's unit.
    TotalRevenue,
    /// Mean of that over the events that brought any.
    AverageRevenue,
}

impl Metric {
    /// All metrics.
    pub const ALL: [Metric; 15] = [
        Metric::Visitors,
        Metric::Visits,
        Metric::Pageviews,
        Metric::ViewsPerVisit,
        Metric::BounceRate,
        Metric::VisitDuration,
        Metric::Events,
        Metric::ScrollDepth,
        Metric::TimeOnPage,
        Metric::ExitRate,
        Metric::Percentage,
        Metric::ConversionRate,
        Metric::GroupConversionRate,
        Metric::TotalRevenue,
        Metric::AverageRevenue,
    ];

    /// Whether only goals have it.
    pub const fn is_of_goals(self) -> bool {
        matches!(
            self,
            Metric::ConversionRate | Metric::GroupConversionRate | Metric::TotalRevenue | Metric::AverageRevenue
        )
    }

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Visitors => "visitors",
            Metric::Visits => "visits",
            Metric::Pageviews => "pageviews",
            Metric::ViewsPerVisit => "views_per_visit",
            Metric::BounceRate => "bounce_rate",
            Metric::VisitDuration => "visit_duration",
            Metric::Events => "events",
            Metric::ScrollDepth => "scroll_depth",
            Metric::TimeOnPage => "time_on_page",
            Metric::ExitRate => "exit_rate",
            Metric::Percentage => "percentage",
            Metric::ConversionRate => "conversion_rate",
            Metric::GroupConversionRate => "group_conversion_rate",
            Metric::TotalRevenue => "total_revenue",
            Metric::AverageRevenue => "average_revenue",
        }
    }

    /// Whether it counts, so that it adds up, and nothing of it is a number too; others are rates, means and money.
    pub const fn is_count(self) -> bool {
        matches!(self, Metric::Visitors | Metric::Visits | Metric::Pageviews | Metric::Events)
    }

    /// The metric with this name.
    pub fn from_name(name: &str) -> Option<Metric> {
        Metric::ALL.into_iter().find(|metric| metric.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_from_a_tally_can_be_added_again() {
        let a = Tally::from_columns([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        let b = Tally { pageviews: 10, ..Tally::ZERO };
        assert_eq!(a - b + b, a);
        assert!((a - a).is_zero());
    }
}
