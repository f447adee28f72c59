//! Cards with tabs, panels and rows, from the lines of breakdowns.

use std::borrow::Cow;

use super::cards::{Card, Tab};
use super::format::{Change, ShownFigure, tame};
use super::map::Map;
use super::names;
use super::site::LinkTo;
use super::words::Words;
use crate::cell::Metric;
use crate::counts::Name;
use crate::report::FigureBounds;
use crate::report::comparison::ComparedRow;

/// A card of the page.
#[derive(Debug, Clone)]
pub struct CardView {
    /// Which.
    pub card: Card,
    /// Its tabs.
    pub tabs: Vec<LinkTo>,
    /// What is seen.
    pub body: CardBody,
}

/// What is seen of a card.
#[derive(Debug, Clone)]
pub enum CardBody {
    /// A list of values.
    Panel(Panel),
    /// Countries on a map, if any can be drawn, and the list of them.
    Map(Option<Box<Map>>, Panel),
    /// The goals of the page.
    Goals,
    /// The funnels of the page.
    Funnels,
}

/// Where all rows of a panel are.
#[derive(Debug, Clone)]
pub struct PanelFiles {
    /// As a page.
    pub all: String,
    /// As CSV.
    pub csv: String,
    /// As JSON.
    pub json: String,
    /// The address of the page without its query, for the form that searches, and the query's pairs.
    pub search: (String, Vec<(String, String)>),
}

/// A breakdown.
#[derive(Debug, Clone)]
pub struct Panel {
    /// By what.
    pub tab: Tab,
    /// What the columns count; the bars show the first.
    pub metrics: Vec<Metric>,
    /// The first rows in order; nothing where the dimension is not measured.
    pub rows: Option<Vec<PanelRow>>,
    /// What its rows say of how they have changed.
    pub change: ChangeColumns,
    /// Why sums can't tell it under the filter; there are no rows then.
    pub refused: Option<&'static str>,
    /// How many values there are in all.
    pub values: usize,
    /// Where all of it can be seen, and had as CSV and as JSON.
    pub files: Option<PanelFiles>,
}

/// What rows say of how they have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangeColumns {
    /// Nothing.
    #[default]
    None,
    /// The change.
    Change,
    /// What was before too.
    BeforeAndChange,
}

/// A row of a breakdown.
#[derive(Debug, Clone)]
pub struct PanelRow {
    /// The value as stored.
    pub value: Name,
    /// One number for each metric of the panel; of counts that are not sure the most, or what is likely.
    pub metrics: Vec<Option<f64>>,
    /// The bounds of each that is not sure; empty where all are.
    pub bounds: Vec<Option<FigureBounds>>,
    /// What these are compared with, where they are.
    pub compared: Option<ComparedRow>,
    /// The currency of its money, if there is one.
    pub currency: Option<Name>,
    /// The first metric as a part of the range's total, 0 to 1.
    pub share: Option<f64>,
    /// Where the page about this value alone is.
    pub href: Option<String>,
}

impl Panel {
    pub(super) fn columns(&self, words: &Words) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.metrics.iter().map(|metric| (words.name(*metric), words.meaning(*metric)))
    }

    /// A second metric or the change takes the place of the share, which the bar shows anyway.
    pub(super) fn has_share(&self) -> bool {
        self.metrics.len() == 1 && !self.is_compared()
    }

    pub(super) fn is_compared(&self) -> bool {
        self.change != ChangeColumns::None
    }

    pub(super) fn has_before(&self) -> bool {
        self.change == ChangeColumns::BeforeAndChange
    }

    /// How the first metric of a row has changed, and what it was; nothing where that is not known.
    pub(super) fn change_of(&self, row: &PanelRow, words: &Words) -> Option<(Change, String)> {
        let (metric, compared) = (*self.metrics.first()?, row.compared.as_ref()?);
        let (own, before) = (compared.own.first().copied().flatten(), compared.before.first().copied().flatten());
        let shown = |value| words.full(metric, value).unwrap_or_else(|| words.metric(metric, value));
        let was = match row.metrics.first().copied().flatten() == own {
            true => words.one(words.before_value, shown(before)),
            false => words.two(words.before_part, shown(before), shown(own)),
        };
        Some((words.change(metric, own, before)?, was))
    }

    /// The first metric of a row before.
    pub(super) fn before(&self, row: &PanelRow, words: &Words) -> String {
        let before = row.compared.as_ref().and_then(|compared| compared.before.first().copied().flatten());
        self.metrics.first().map_or_else(String::new, |metric| words.metric(*metric, before))
    }

    /// Values past the rows shown.
    pub(super) fn hidden(&self, words: &Words) -> Option<String> {
        let shown = self.rows.as_ref().map_or(0, Vec::len);
        (self.values > shown).then(|| words.one(words.all_rows, words.exact(self.values as f64)))
    }

    pub(super) fn label<'a>(&self, row: &'a PanelRow, words: &Words) -> Cow<'a, str> {
        self.tab.value_label(&row.value, words)
    }

    /// The value as stored, for those who want to know.
    pub(super) fn full<'a>(&self, row: &'a PanelRow, words: &Words) -> Cow<'a, str> {
        words.visible(&row.value)
    }

    pub(super) fn is_rest(&self, row: &PanelRow) -> bool {
        self.tab.dimension().is_some_and(|dimension| names::is_rest(dimension, &row.value))
    }

    pub(super) fn cells(&self, row: &PanelRow, words: &Words) -> Vec<ShownFigure> {
        let cell = |(place, (metric, value)): (usize, (&Metric, &Option<f64>))| {
            words.figure(*metric, *value, row.bounds_of(place))
        };
        self.metrics.iter().zip(&row.metrics).enumerate().map(cell).collect()
    }
}

impl PanelRow {
    /// The bounds of the metric at a place, where it is not sure.
    pub(super) fn bounds_of(&self, place: usize) -> Option<FigureBounds> {
        self.bounds.get(place).copied().flatten()
    }

    pub(super) fn share_shown(&self, words: &Words) -> String {
        self.share.map_or_else(|| words.not_available.to_owned(), |share| words.share(share))
    }

    /// Length of the bar, in percent.
    pub(super) fn bar(&self) -> String {
        format!("{:.1}%", tame(self.share.unwrap_or(0.0)).min(1.0) * 100.0)
    }
}
