//! In: what a reader filters by, and what an owner watches, as plain data. Out: the words of chips, goals and funnels. Forgets:
//! nothing.

use std::borrow::Cow;

use super::format::{self, NOT_MEASURED};
use super::names;
use crate::cell::Metric;
use crate::site::Day;

/// A filter that acts on the page.
#[derive(Debug, Clone)]
pub struct Chip {
    /// By what: `Source`.
    pub key: String,
    /// How it compares: `is`.
    pub words: &'static str,
    /// Its values, as readers know them.
    pub values: Vec<String>,
    /// Where the page without it is.
    pub remove: String,
}

/// A goal and how often it was reached.
#[derive(Debug, Clone)]
pub struct GoalRow {
    /// Its name.
    pub name: String,
    /// The event, page or pattern.
    pub target: String,
    /// Where the page of those who reached it is.
    pub href: Option<String>,
    /// Its figures; nothing where sums don't know how it meets the filter.
    pub figures: Option<GoalFigures>,
    /// From which day on it is counted, where that falls into the range.
    pub since: Option<Day>,
}

/// How often a goal was reached.
#[derive(Debug, Clone, Default)]
pub struct GoalFigures {
    /// Visitors who reached it; nothing where they are not measured.
    pub visitors: Option<f64>,
    /// How often it was reached.
    pub conversions: f64,
    /// Percent of all visitors, or of those that the filter lets pass.
    pub rate: Option<f64>,
    /// Money by currency, in units, the most usual first.
    pub money: Vec<(String, f64)>,
}

/// A funnel and how far visits came.
#[derive(Debug, Clone)]
pub struct FunnelPanel {
    /// Its name.
    pub name: String,
    /// From which day on it is counted, where that falls into the range.
    pub since: Option<Day>,
    /// Its steps; nothing where it can't be told.
    pub steps: Option<Vec<FunnelStep>>,
}

/// A step of a funnel.
#[derive(Debug, Clone)]
pub struct FunnelStep {
    /// The event, page or pattern.
    pub target: String,
    /// Visits that reached it.
    pub visits: f64,
    /// Visitors.
    pub visitors: f64,
    /// Percent of the visits of the step before that did not come here; nothing for the first.
    pub lost: Option<f64>,
    /// Its visits as a part of those of the first step, 0 to 1.
    pub share: f64,
}

impl Chip {
    /// All of it in one line.
    pub(super) fn text(&self) -> String {
        format!("{} {} {}", self.key, self.words, self.shown())
    }

    pub(super) fn shown(&self) -> String {
        names::visible(&self.values.join(" or ")).into_owned()
    }
}

impl GoalRow {
    pub(super) fn label(&self) -> Cow<'_, str> {
        names::visible(&self.name)
    }

    pub(super) fn full(&self) -> Cow<'_, str> {
        names::visible(&self.target)
    }

    /// Visitors, conversions and their rate.
    pub(super) fn cells(&self) -> [String; 3] {
        let Some(figures) = &self.figures else { return [NOT_MEASURED; 3].map(str::to_owned) };
        [
            format::metric(Metric::Visitors, figures.visitors),
            format::count(figures.conversions),
            format::metric(Metric::ConversionRate, figures.rate),
        ]
    }

    pub(super) fn money(&self) -> String {
        self.figures.as_ref().map_or_else(String::new, |figures| money(&figures.money))
    }

    /// Length of the bar, in percent.
    pub(super) fn bar(&self) -> String {
        let rate = self.figures.as_ref().and_then(|figures| figures.rate);
        format!("{:.1}%", format::tame(rate.unwrap_or(0.0)).min(100.0))
    }

    pub(super) fn since_shown(&self) -> Option<String> {
        self.since.map(since)
    }
}

/// Money by currency: `EUR 1,234.50, USD 3.00`.
pub(super) fn money(sums: &[(String, f64)]) -> String {
    sums.iter()
        .map(|(currency, sum)| format!("{currency}\u{a0}{}", format::amount(*sum)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn since(day: Day) -> String {
    format!("counted since {}", format::date(day.date(), "%-d %b %Y"))
}

impl FunnelPanel {
    pub(super) fn title(&self) -> Cow<'_, str> {
        names::visible(&self.name)
    }

    pub(super) fn since_shown(&self) -> Option<String> {
        self.since.map(since)
    }
}

impl FunnelStep {
    pub(super) fn label(&self) -> Cow<'_, str> {
        names::visible(&self.target)
    }

    /// Visits, visitors and how many were lost on the way here.
    pub(super) fn cells(&self) -> [String; 3] {
        let lost =
            self.lost.map_or_else(|| "\u{2013}".to_owned(), |lost| format::metric(Metric::BounceRate, Some(lost)));
        [format::count(self.visits), format::count(self.visitors), lost]
    }

    /// Length of the bar, in percent.
    pub(super) fn bar(&self) -> String {
        format!("{:.1}%", format::tame(self.share).min(1.0) * 100.0)
    }
}
