//! The cards of the page of a site, with their tabs, and the question of each panel.

use std::ops::Range;

use super::answers::{AnswerKey, Answers};
use super::comparing;
use super::site_view::SiteView;
use crate::cell::{Axis, Dimension, Metric, UnknownValue, is_collected};
use crate::counts::Name;
use crate::limits;
use crate::page::cards::{Card, Tab};
use crate::page::map::{CountryOnMap, Map};
use crate::page::{CardBody, CardView, ChangeColumns, LinkTo, Panel, PanelFiles, PanelRow};
use crate::report::choice::{Scope, exit_line, met_segments, not_met};
use crate::report::comparison::ComparedLines;
use crate::report::query::NamedSegments;
use crate::report::{self, By, Line, Order, Question, Span, Sums};
use crate::store::StoreError;

/// The tabs of a card.
#[derive(Debug)]
pub(super) struct CardTabs {
    pub(super) card: Card,
    pub(super) all: Vec<Tab>,
    /// Which is seen unless another is asked for.
    usual: Tab,
    pub(super) seen: Tab,
}

/// The tabs of all cards. Those of properties are the keys that came with the events that are looked at.
pub(super) fn tabs(view: &SiteView, span: Span, sums: &dyn Sums) -> Result<Vec<CardTabs>, StoreError> {
    let cards = Card::ALL.into_iter().filter(|card| view.has_card(*card));
    let mut cards: Vec<CardTabs> = cards.map(|card| tabs_of(view, card, span, sums)).collect::<Result<_, _>>()?;
    cards.retain(|card| !card.all.is_empty());
    Ok(cards)
}

/// Whether there is anything to show: what the site does not collect has a panel where there are older sums.
fn has_values(view: &SiteView, tab: &Tab, span: Span, sums: &dyn Sums) -> Result<bool, StoreError> {
    let Some(dimension) = tab.dimension().filter(|dimension| !is_collected(view.site, *dimension)) else {
        // What is collected of pages may not tell which follow each other.
        return Ok(*tab != Tab::NextPage || is_collected(view.site, Dimension::PreviousPage));
    };
    let question = Question::new(view.site.id, span, Axis::Of(dimension), None, &[]);
    Ok(report::answers(&[question], sums)?.iter().any(|lines| !lines.is_empty()))
}

fn tabs_of(view: &SiteView, card: Card, span: Span, sums: &dyn Sums) -> Result<CardTabs, StoreError> {
    let mut all = Vec::new();
    for tab in card.tabs().into_iter().filter(|tab| view.has_tab(tab)) {
        if has_values(view, &tab, span, sums)? {
            all.push(tab);
        }
    }
    let mut usual = all.first().cloned().unwrap_or(Tab::Of(Dimension::Page));
    let asked = view.state.tabs.get(card.key()).cloned();
    if card == Card::Events && view.has_props() {
        let event = view.chosen.event();
        let keys = sums.prop_keys(view.site.id, event, span.first_day(), span.last_day())?;
        all.extend(keys.into_iter().take(limits::PROP_TABS).map(Tab::Prop));
        // Of one event the name is known: what came with it is news.
        usual = event.and_then(|_| all.get(1).cloned()).unwrap_or(usual);
        // One that came on other days only stays where it was asked for.
        all.extend(asked.clone().filter(|tab| matches!(tab, Tab::Prop(_)) && !all.contains(tab)));
    }
    let seen = asked.filter(|tab| all.contains(tab)).unwrap_or_else(|| usual.clone());
    Ok(CardTabs { card, all, usual, seen })
}

/// The question of a panel; nothing for those that are no list of values, or a third dimension beside two filters.
pub(super) fn breakdown(view: &SiteView, span: Span, tab: &Tab) -> Option<Question> {
    asked(view, span, tab, &metrics(view, tab))
}

/// The same with other metrics.
pub(super) fn asked(view: &SiteView, span: Span, tab: &Tab, metrics: &[Metric]) -> Option<Question> {
    let question = Question::new(view.site.id, span, tab.axis()?, None, metrics).with_money_of(view.site);
    let asked = if *tab == Tab::NextPage { view.chosen.next_pages(question) } else { view.chosen.ask(question) }?;
    // What is left is refused as a whole.
    Some(met_segments(asked.clone(), view.site).map_or(asked, |(met, _)| met))
}

/// Calls the lines of a list as its reader knows them: segments have names.
pub(super) fn name_lines(view: &SiteView, tab: &Tab, lines: &mut Vec<Line>) {
    if *tab == Tab::Of(Dimension::Segment) {
        NamedSegments::of(view.site).name(lines);
    }
}

/// The values of a list that were not counted in all of a span: segments that began later.
pub(super) fn uncounted(view: &SiteView, tab: &Tab, span: Option<Span>) -> Vec<Name> {
    let segments = view.site.settings.segments.iter().filter(|_| *tab == Tab::Of(Dimension::Segment));
    let begun = segments.filter(|segment| span.is_some_and(|span| segment.first_day(view.site) > span.first_day()));
    begun.map(|segment| Name::from(segment.name.as_str())).collect()
}

/// The question about those who went on to no page, where the pages are listed that others went on to.
pub(super) fn exits(view: &SiteView, tab: &Tab, question: &Question) -> Option<Question> {
    if *tab == Tab::NextPage { view.chosen.exits(question) } else { None }
}

/// What is asked for a panel. Where visitors are not measured, hits stand in their place.
pub(super) fn metrics(view: &SiteView, tab: &Tab) -> Vec<Metric> {
    let mut metrics = columns(tab, true, view.chosen.scope());
    metrics.push(if is_of_events(tab) { Metric::Events } else { view.chosen.scope().hits() });
    metrics
}

/// Says of each row what it was before, and how it changed.
pub(super) fn compare(panel: &mut Panel, compared: &ComparedLines, first: usize, columns: ChangeColumns) {
    let many = panel.metrics.len();
    for row in panel.rows.iter_mut().flatten() {
        row.compared = compared.row(&row.value).map(|row| row.part(first, many));
    }
    panel.change = columns;
}

/// Why there is no such panel under what is chosen.
pub(super) fn refused(view: &SiteView, question: Option<&Question>, tab: &Tab) -> Option<&'static str> {
    if matches!(tab, Tab::NextPage | Tab::Of(Dimension::PreviousPage)) && !view.chosen.is_of_pages() {
        return Some(view.words.no_sums_steps);
    }
    let Some(question) = question else { return tab.axis().map(|_| view.words.no_sums_third) };
    if view.chosen.scope() == Scope::PageGoal && is_of_events(tab) {
        return Some(view.words.no_sums_page_goal);
    }
    (!question.has_sums() || not_met(question, view.site).is_some()).then_some(view.words.no_sums)
}

/// Whether its values come with events.
fn is_of_events(tab: &Tab) -> bool {
    matches!(tab, Tab::Of(Dimension::Event) | Tab::Prop(_) | Tab::Missing)
}

fn is_of_ends(tab: &Tab) -> bool {
    matches!(tab, Tab::Of(Dimension::EntryPage | Dimension::ExitPage))
}

/// What the columns of a panel count.
pub(super) fn columns(tab: &Tab, is_measured: bool, scope: Scope) -> Vec<Metric> {
    match tab {
        _ if is_of_events(tab) && is_measured => vec![Metric::Events, Metric::Visitors],
        _ if is_of_events(tab) => vec![Metric::Events],
        _ if !is_measured => vec![scope.hits()],
        _ if scope.is_goal() => vec![Metric::Visitors, Metric::GroupConversionRate],
        Tab::Of(Dimension::Page | Dimension::PreviousPage | Dimension::Section) | Tab::NextPage => {
            vec![Metric::Visitors, scope.hits()]
        }
        Tab::Of(Dimension::EntryPage) if scope == Scope::Visits => vec![Metric::Visits, Metric::BounceRate],
        _ if is_of_ends(tab) => vec![Metric::Visits],
        _ => vec![Metric::Visitors],
    }
}

/// The places of what is shown among what is asked for.
pub(super) fn places(view: &SiteView, tab: &Tab, is_measured: bool) -> Range<usize> {
    let many = |is_measured: bool| columns(tab, is_measured, view.chosen.scope()).len();
    let first = if is_measured || is_of_events(tab) { 0 } else { many(true) };
    first..first + many(is_measured)
}

/// What files of pages count too; pages of 320 px have no room for it.
pub(super) fn page_rates(tab: &Tab, scope: Scope) -> &'static [Metric] {
    use Metric::{BounceRate, ExitRate, ScrollDepth, TimeOnPage, ViewsPerVisit, VisitDuration};
    match tab {
        Tab::Of(Dimension::Page) if scope == Scope::Visits => {
            &[ViewsPerVisit, BounceRate, VisitDuration, TimeOnPage, ScrollDepth, ExitRate]
        }
        Tab::Of(Dimension::Section) if scope == Scope::Visits => &[TimeOnPage, ScrollDepth],
        Tab::Of(Dimension::EntryPage) if scope == Scope::Visits => &[ViewsPerVisit, BounceRate, VisitDuration],
        Tab::Of(Dimension::ExitPage) if scope == Scope::Visits => &[ExitRate],
        _ => &[],
    }
}

/// The cards of the page. `whole` is how much the range's total is.
pub(super) fn cards(
    view: &SiteView,
    tabs: Vec<CardTabs>,
    span: Span,
    found: &Answers,
    is_measured: bool,
    whole: f64,
) -> Vec<CardView> {
    let card = |tabs: CardTabs| CardView {
        card: tabs.card,
        tabs: tabs.all.iter().map(|tab| link(view, &tabs, tab)).collect(),
        body: match &tabs.seen {
            Tab::Goals => CardBody::Goals,
            Tab::Funnels => CardBody::Funnels,
            Tab::Map => map(view, panel_of(view, &Tab::Map, span, found, is_measured, whole, usize::MAX)),
            tab => CardBody::Panel(panel_of(view, tab, span, found, is_measured, whole, limits::PANEL_ROWS)),
        },
    };
    tabs.into_iter().map(card).collect()
}

fn link(view: &SiteView, tabs: &CardTabs, tab: &Tab) -> LinkTo {
    LinkTo {
        label: tab.title(view.words),
        href: view.on_tab(tabs.card, tab, &tabs.usual),
        is_current: *tab == tabs.seen,
    }
}

fn panel_of(
    view: &SiteView,
    tab: &Tab,
    span: Span,
    found: &Answers,
    is_measured: bool,
    whole: f64,
    most: usize,
) -> Panel {
    let question = breakdown(view, span, tab);
    match refused(view, question.as_ref(), tab) {
        Some(sentence) => without(tab, sentence),
        None => {
            let mut lines = found.get(&AnswerKey::Panel(tab.clone())).cloned().unwrap_or_default();
            lines.extend(found.get(&AnswerKey::Exits).filter(|_| *tab == Tab::NextPage).cloned().and_then(exit_line));
            let mut panel = panel(view, tab, lines, (is_measured, whole));
            let metrics = metrics(view, tab);
            if let Some(compared) = comparing::lines_of(found, tab, &metrics) {
                let first = places(view, tab, is_measured).start;
                compare(&mut panel, &compared, first, ChangeColumns::Change);
            }
            if let Some(rows) = &mut panel.rows {
                rows.truncate(most);
            }
            panel
        }
    }
}

/// The countries of a panel on a map, and the first of them as a list.
fn map(view: &SiteView, mut panel: Panel) -> CardBody {
    let place =
        |row: &PanelRow| Some(CountryOnMap { code: row.value.clone(), count: row.metrics[0]?, href: row.href.clone() });
    let places = panel.rows.iter().flatten().filter_map(place);
    let metric = panel.metrics.first().copied().unwrap_or(Metric::Visitors);
    let map = Map::of(view.words, metric, places).map(Box::new);
    if let Some(rows) = &mut panel.rows {
        rows.truncate(limits::PANEL_ROWS);
    }
    panel.tab = Tab::Of(Dimension::Country);
    panel.files = panel.files.map(|_| files(view, &Tab::Of(Dimension::Country)));
    CardBody::Map(map, panel)
}

/// A panel with all its rows, most first; `whole` is what shares are taken of.
pub(super) fn panel(view: &SiteView, tab: &Tab, lines: Vec<Line>, (is_measured, whole): (bool, f64)) -> Panel {
    let scope = view.chosen.scope();
    let metrics = columns(tab, is_measured, scope);
    let mut rows = rows(tab, lines, places(view, tab, is_measured));
    let is_own_sum = is_of_events(tab) || is_of_ends(tab) && !scope.is_goal();
    let sum = if is_own_sum { rows.iter().filter_map(|row| row.metrics[0]).sum() } else { whole };
    for row in &mut rows {
        row.share = row.metrics[0].filter(|_| sum > 0.0).map(|value| (value / sum).min(1.0));
        row.href = view.of_value(tab, &row.value);
    }
    let values = rows.len();
    Panel {
        tab: tab.clone(),
        metrics,
        rows: (is_measured || !is_of_ends(tab)).then_some(rows),
        change: ChangeColumns::None,
        refused: None,
        values,
        files: Some(files(view, tab)),
    }
}

fn files(view: &SiteView, tab: &Tab) -> PanelFiles {
    PanelFiles {
        all: view.below(tab, ""),
        csv: view.below(tab, ".csv"),
        json: view.below(tab, ".json"),
        search: view.form_below(tab),
    }
}

/// A panel that says why it is empty.
pub(super) fn without(tab: &Tab, sentence: &'static str) -> Panel {
    let (metrics, rows) = (Vec::new(), Some(Vec::new()));
    Panel {
        tab: tab.clone(),
        metrics,
        rows,
        change: ChangeColumns::None,
        refused: Some(sentence),
        values: 0,
        files: None,
    }
}

/// All rows of a breakdown, most first, with the metrics at some places of their lines.
pub(super) fn rows(tab: &Tab, mut lines: Vec<Line>, places: Range<usize>) -> Vec<PanelRow> {
    if *tab == Tab::Of(Dimension::Event) {
        // Pageviews have panels of their own.
        lines.retain(|line| line.tally.events > 0);
    }
    if let Some(row) = tab.dimension().map(Dimension::row) {
        let is_news = |line: &Line| &*line.value != row.missing;
        match row.unknown {
            UnknownValue::HiddenAlone if lines.iter().any(is_news) => {}
            UnknownValue::Hidden | UnknownValue::HiddenAlone => lines.retain(is_news),
            UnknownValue::Shown => {}
        }
    }
    report::sort(&mut lines, &[Order { by: By::Metric(places.start), descending: true }]);
    let row = |line: Line| PanelRow {
        currency: None,
        bounds: line.bounds_at(places.clone()),
        value: line.value,
        metrics: line.metrics[places.clone()].to_vec(),
        compared: None,
        share: None,
        href: None,
    };
    lines.into_iter().map(row).collect()
}
