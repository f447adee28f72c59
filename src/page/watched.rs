//! The words of filters, goals and funnels on a page.

use std::borrow::Cow;

use super::format::ShownFigure;
use super::words::Words;
use super::{LinkTo, format};
use crate::cell::Metric;
use crate::report::FigureBounds;
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
    /// The bounds of both, where they are not sure.
    pub bounds: [Option<FigureBounds>; 2],
    /// Percent of all visitors, or of those that the filter lets pass; nothing where one of them is not sure.
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

/// The segments of a site.
#[derive(Debug, Clone, Default)]
pub struct SegmentLinks {
    /// Where each is shown alone; that which is leads back to everything.
    pub all: Vec<LinkTo>,
    /// Where one is made of the filters that act.
    pub new: Option<String>,
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
    pub(super) fn text(&self, words: &Words) -> String {
        format!("{} {} {}", self.key, self.words, self.shown(words))
    }

    pub(super) fn shown(&self, words: &Words) -> String {
        let values = self.values.iter().map(|value| words.visible(value).into_owned());
        values.reduce(|all, next| words.two(words.filter_or, all, next)).unwrap_or_default()
    }
}

impl GoalRow {
    pub(super) fn label(&self, words: &Words) -> Cow<'_, str> {
        words.visible(&self.name)
    }

    pub(super) fn full(&self, words: &Words) -> Cow<'_, str> {
        words.visible(&self.target)
    }

    /// Visitors, conversions and their rate.
    pub(super) fn cells(&self, words: &Words) -> [String; 3] {
        let Some(figures) = &self.figures else { return [words.not_available; 3].map(str::to_owned) };
        let [of_visitors, of_conversions] = figures.bounds;
        let told = |shown: ShownFigure| match shown.beside {
            Some(beside) => format!("{} ({beside})", shown.shown),
            None => shown.shown,
        };
        [
            told(words.figure(Metric::Visitors, figures.visitors, of_visitors)),
            told(words.figure(Metric::Events, Some(figures.conversions), of_conversions)),
            words.metric(Metric::ConversionRate, figures.rate),
        ]
    }

    pub(super) fn money(&self, words: &Words) -> String {
        self.figures.as_ref().map_or_else(String::new, |figures| words.money(&figures.money))
    }

    /// Length of the bar, in percent.
    pub(super) fn bar(&self) -> String {
        let rate = self.figures.as_ref().and_then(|figures| figures.rate);
        format!("{:.1}%", format::tame(rate.unwrap_or(0.0)).min(100.0))
    }

    pub(super) fn since_shown(&self, words: &Words) -> Option<String> {
        self.since.map(|day| since(day, words))
    }
}

fn since(day: Day, words: &Words) -> String {
    words.one(words.counted_since, words.date(day, words.date_short))
}

impl FunnelPanel {
    pub(super) fn title(&self, words: &Words) -> Cow<'_, str> {
        words.visible(&self.name)
    }

    pub(super) fn since_shown(&self, words: &Words) -> Option<String> {
        self.since.map(|day| since(day, words))
    }
}

impl FunnelStep {
    pub(super) fn label(&self, words: &Words) -> Cow<'_, str> {
        words.visible(&self.target)
    }

    /// Visits, visitors and how many were lost on the way here.
    pub(super) fn cells(&self, words: &Words) -> [String; 3] {
        let lost = self.lost.map_or_else(|| "\u{2013}".to_owned(), |lost| words.metric(Metric::BounceRate, Some(lost)));
        [words.count(self.visits), words.count(self.visitors), lost]
    }

    /// Length of the bar, in percent.
    pub(super) fn bar(&self) -> String {
        format!("{:.1}%", format::tame(self.share).min(1.0) * 100.0)
    }
}
