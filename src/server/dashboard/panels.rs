//! In: the lines of a breakdown, and what it is about. Out: the panel that shows them. Forgets: rows past those shown.

use super::view::View;
use crate::cell::{Axis, Dimension, Metric};
use crate::limits;
use crate::page::{Panel, PanelRow};
use crate::report::choice::Scope;
use crate::report::{self, By, Line, Order, Question, Span};

/// The question of a panel.
pub(super) fn breakdown(view: &View, span: Span, dimension: Dimension) -> Question {
    let scope = view.chosen.scope();
    let mut metrics = columns(dimension, true, scope);
    // Where visitors are not measured, hits stand in their place.
    metrics.push(scope.hits());
    view.chosen.ask(Question::new(view.site.id, span, Axis::Of(dimension), None, &metrics))
}

/// Why there is no such panel under what is chosen.
pub(super) fn refused(view: &View, question: &Question, dimension: Dimension) -> Option<&'static str> {
    if view.chosen.scope() == Scope::PageGoal && dimension == Dimension::Event {
        return Some(view.words.no_sums_page_goal);
    }
    (!question.has_sums()).then_some(view.words.no_sums)
}

/// What the columns of a panel count.
fn columns(dimension: Dimension, is_measured: bool, scope: Scope) -> Vec<Metric> {
    match dimension {
        Dimension::Event if is_measured => vec![Metric::Events, Metric::Visitors],
        Dimension::Event => vec![Metric::Events],
        _ if !is_measured => vec![scope.hits()],
        _ if scope.is_goal() => vec![Metric::Visitors, Metric::GroupConversionRate],
        Dimension::Page => vec![Metric::Visitors, scope.hits()],
        Dimension::EntryPage if scope == Scope::Visits => vec![Metric::Visits, Metric::BounceRate],
        Dimension::EntryPage | Dimension::ExitPage => vec![Metric::Visits],
        _ => vec![Metric::Visitors],
    }
}

/// A panel whose lines were found.
pub(super) fn panel(view: &View, dimension: Dimension, lines: Vec<Line>, is_measured: bool, whole: f64) -> Panel {
    let scope = view.chosen.scope();
    let needs_visits = matches!(dimension, Dimension::EntryPage | Dimension::ExitPage);
    let mut rows = rows(dimension, lines, is_measured, scope);
    let is_own_sum = dimension == Dimension::Event || needs_visits && !scope.is_goal();
    let sum = if is_own_sum { rows.iter().filter_map(|row| row.metrics[0]).sum() } else { whole };
    let values = rows.len();
    rows.truncate(limits::PANEL_ROWS);
    for row in &mut rows {
        row.share = row.metrics[0].filter(|_| sum > 0.0).map(|value| (value / sum).min(1.0));
        row.href = view.of_value(dimension, &row.value);
    }
    Panel {
        dimension,
        metrics: columns(dimension, is_measured, scope),
        rows: (is_measured || !needs_visits).then_some(rows),
        refused: None,
        values,
        csv: Some(view.file(dimension, "csv")),
        json: Some(view.file(dimension, "json")),
    }
}

/// A panel that says why it is empty.
pub(super) fn without(dimension: Dimension, sentence: &'static str) -> Panel {
    let (metrics, rows) = (Vec::new(), Some(Vec::new()));
    Panel { dimension, metrics, rows, refused: Some(sentence), values: 0, csv: None, json: None }
}

/// What is unknown of every visit unless something is set up for it.
const MAYBE_UNKNOWN: [Dimension; 4] = [Dimension::Region, Dimension::City, Dimension::Screen, Dimension::Language];

fn is_campaign(dimension: Dimension) -> bool {
    dimension.name().starts_with("utm_")
}

/// All rows of a breakdown that a panel shows, most first.
fn rows(dimension: Dimension, mut lines: Vec<Line>, is_measured: bool, scope: Scope) -> Vec<PanelRow> {
    if dimension == Dimension::Event {
        // Pageviews have panels of their own.
        lines.retain(|line| line.tally.events > 0);
    }
    // Most visits have no campaign, and without a file of places none has a city: that is no news.
    let is_news = |line: &Line| &*line.value != dimension.missing();
    if is_campaign(dimension) || MAYBE_UNKNOWN.contains(&dimension) && !lines.iter().any(is_news) {
        lines.retain(is_news);
    }
    let is_first = is_measured || dimension == Dimension::Event;
    let first = if is_first { 0 } else { columns(dimension, true, scope).len() };
    report::sort(&mut lines, &[Order { by: By::Metric(first), descending: true }]);
    let many = columns(dimension, is_measured, scope).len();
    let row = |line: Line| PanelRow {
        value: line.value,
        metrics: line.metrics[first..first + many].to_vec(),
        share: None,
        href: None,
    };
    lines.into_iter().map(row).collect()
}
