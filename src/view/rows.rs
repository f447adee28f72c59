//! All rows of one panel, a page at a time or as a file.

use std::collections::HashSet;

use super::comparing::Compared;
use super::panels;
use super::site_view::{Audience, SiteView};
use crate::cell::{Axis, Dimension, Metric};
use crate::counts::Name;
use crate::limits;
use crate::page::cards::Tab;
use crate::page::rows::ColumnHead;
use crate::page::{Account, ChangeColumns, LinkTo, Panel, PanelRow, RowsPage};
use crate::report::choice::exit_line;
use crate::report::comparison::{ComparedLines, ComparedWith, RangeComparison};
use crate::report::period::Range;
use crate::report::{self, Line, Question, Span, Sums};
use crate::site::{AddressMode, Day, Moment};
use crate::store::StoreError;

/// What compared rows are sorted by: what was before, and how much more there is.
const BEFORE: &str = "before";
const CHANGE: &str = "change";

/// What a reader of rows asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListParams {
    /// Only values that contain this, whatever their case.
    pub search: String,
    /// Sorted by this: `value`, or the name of a metric; by the first column otherwise.
    sort: Option<String>,
    /// Whether the least comes first.
    is_rising: bool,
    /// Which page, from 0 on.
    page: usize,
}

impl ListParams {
    /// Reads the keys `search`, `sort` and `page` of a query. `-` before a name turns the order around.
    pub fn read(query: &[(String, String)]) -> ListParams {
        let one = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let sort = one("sort").unwrap_or_default();
        ListParams {
            search: one("search").unwrap_or_default().trim().chars().take(limits::SEARCH_CHARS_MAX).collect(),
            sort: Some(sort.trim_start_matches('-').to_owned()).filter(|sort| !sort.is_empty()),
            is_rising: sort.starts_with('-'),
            page: one("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).saturating_sub(1),
        }
    }

    fn query(&self) -> String {
        let mut query = String::new();
        if !self.search.is_empty() {
            query.push_str(&format!("&search={}", report::choice::escaped(&self.search)));
        }
        if let Some(sort) = &self.sort {
            query.push_str(&format!("&sort={}{sort}", if self.is_rising { "-" } else { "" }));
        }
        if self.page > 0 {
            query.push_str(&format!("&page={}", self.page + 1));
        }
        query
    }

    /// Whether rows that only the other range has stand among the others: else they are behind all of them.
    fn sorts_by_change(&self) -> bool {
        self.sort.as_deref().is_some_and(|sort| [BEFORE, CHANGE].contains(&sort))
    }

    fn finds(&self, label: &str, value: &str) -> bool {
        let search = self.search.to_lowercase();
        search.is_empty() || label.to_lowercase().contains(&search) || value.to_lowercase().contains(&search)
    }
}

/// A page of rows of a panel.
///
/// # Errors
/// [`StoreError`]
pub fn rows_page(
    view: &SiteView,
    tab: &Tab,
    params: ListParams,
    now: Moment,
    sums: &dyn Sums,
    account: Option<Account>,
) -> Result<RowsPage, StoreError> {
    let range = range(view, now, sums)?;
    let compared = Compared::of_lists(view, &range, sums)?;
    let whole = whole_panel(view, tab, &range, (compared.as_ref(), params.sorts_by_change()), sums)?;
    let mut panel = found(whole, view, tab, &params);
    let pages = panel.values.div_ceil(limits::ROWS_OF_PAGE).max(1);
    let params = ListParams { page: params.page.min(pages - 1), ..params };
    let first = params.page * limits::ROWS_OF_PAGE;
    if let Some(rows) = &mut panel.rows {
        *rows = rows.drain(..).skip(first).take(limits::ROWS_OF_PAGE).collect();
    }
    let at = |params: ListParams| view.below(tab, "") + &params.query();
    Ok(RowsPage {
        words: view.words,
        account,
        domain: view.name.clone(),
        back: view.here(),
        embed_options: view.embed_options(),
        everything: view.everything(),
        days: (range.span.first_day(), range.span.last_day()),
        filters: view.chips(),
        not_measured: view.words.why_not_measured(view.site.settings.address),
        form: view.form_below(tab),
        heads: heads(view, tab, &panel, &params),
        compared: compared.and_then(|compared| compared.told.told(view.words)),
        first: first + 1,
        before: (params.page > 0).then(|| at(ListParams { page: params.page.saturating_sub(1), ..params.clone() })),
        after: (params.page + 1 < pages).then(|| at(ListParams { page: params.page + 1, ..params.clone() })),
        search: params.search,
        panel,
    })
}

/// The rows of a panel that a search finds, in the order that is asked for.
fn found(mut panel: Panel, view: &SiteView, tab: &Tab, params: &ListParams) -> Panel {
    if let Some(rows) = &mut panel.rows {
        rows.retain(|row| params.finds(&tab.value_label(&row.value, view.words), &row.value));
        sort(rows, &panel.metrics, params, tab, view);
    }
    panel.values = panel.rows.as_ref().map_or(0, Vec::len);
    let search = ListParams { search: params.search.clone(), ..ListParams::default() }.query();
    if let Some(files) = &mut panel.files {
        files.csv.push_str(&search);
        files.json.push_str(&search);
    }
    panel
}

fn range(view: &SiteView, now: Moment, sums: &dyn Sums) -> Result<Range, StoreError> {
    Ok(view.range(now, sums.first_day(view.site.id)?))
}

/// A panel with all its rows.
fn whole_panel(
    view: &SiteView,
    tab: &Tab,
    range: &Range,
    (compared, with_gone): (Option<&Compared>, bool),
    sums: &dyn Sums,
) -> Result<Panel, StoreError> {
    let question = panels::breakdown(view, range.span, tab);
    if let Some(sentence) = panels::refused(view, question.as_ref(), tab) {
        return Ok(panels::without(tab, sentence));
    }
    let metrics = [Metric::Visitors, view.chosen.scope().hits()];
    let total = view.chosen.ask(Question::new(view.site.id, range.span, Axis::Total, None, &metrics));
    let Some((total, question)) = total.zip(question) else { return Ok(panels::without(tab, view.words.no_sums)) };
    let uncounted = panels::uncounted(view, tab, compared.and_then(|compared| compared.days));
    let compared = compared.and_then(|compared| compared.list(view, range, &question));
    let more = compared.as_ref().map_or_else(Vec::new, RangeComparison::questions);
    let exits = panels::exits(view, tab, &question);
    let of_exits = exits.map_or(Ok(Vec::new()), |exits| report::answers(&[exits], sums))?;
    let mut found = report::answers(&[vec![total, question], more].concat(), sums)?;
    found.iter_mut().skip(1).for_each(|lines| panels::name_lines(view, tab, lines));
    let more = found.split_off(2);
    let mut lines = found.pop().unwrap_or_default();
    lines.extend(of_exits.into_iter().next().and_then(exit_line));
    let total = found.pop().and_then(|lines| lines.into_iter().next());
    let visitors = total.as_ref().map_or(Some(0.0), |line| line.metrics[0]);
    let is_measured = visitors.is_some() && view.site.settings.address != AddressMode::None || visitors > Some(0.0);
    let whole = total.and_then(|line| line.metrics[usize::from(!is_measured)]).unwrap_or(0.0);
    let compared = compared.map(|_| (more, lines.clone()));
    let mut panel = panels::panel(view, tab, lines, (is_measured, whole));
    if let Some((found, lines)) = compared {
        compare(&mut panel, view, (tab, is_measured, with_gone), (found, uncounted), &lines);
    }
    Ok(panel)
}

/// Says of each row of a panel what it was before. `found` is what [`RangeComparison::questions`] ask for, `lines` is the whole range;
/// some values were not counted before.
fn compare(
    panel: &mut Panel,
    view: &SiteView,
    (tab, is_measured, with_gone): (&Tab, bool, bool),
    (found, uncounted): (Vec<Vec<Line>>, Vec<Name>),
    lines: &[Line],
) {
    let gone = found.first().filter(|_| with_gone).cloned().unwrap_or_default();
    let lines = RangeComparison::lines(found, lines, &panels::metrics(view, tab)).without(uncounted, false);
    let places = panels::places(view, tab, is_measured);
    let (first, many) = (places.start, places.len());
    add_gone(panel, panels::rows(tab, gone, places), |row| {
        let own = lines.row(&row.value).map(|row| row.part(first, many).own);
        (own.unwrap_or_default(), view.of_value(tab, &row.value))
    });
    panels::compare(panel, &lines, first, ChangeColumns::BeforeAndChange);
}

/// Adds the rows that only the other range has.
fn add_gone(panel: &mut Panel, before: Vec<PanelRow>, of: impl Fn(&PanelRow) -> (Vec<Option<f64>>, Option<String>)) {
    let Some(rows) = &mut panel.rows else { return };
    let known: HashSet<Name> = rows.iter().map(|row| row.value.clone()).collect();
    let gone = before.into_iter().filter(|row| !known.contains(&row.value));
    let shown = |row: PanelRow| {
        let (metrics, href) = of(&row);
        PanelRow { metrics, href, share: Some(0.0), ..row }
    };
    rows.extend(gone.map(shown));
}

fn sort(rows: &mut [PanelRow], metrics: &[Metric], params: &ListParams, tab: &Tab, view: &SiteView) {
    let Some(sort) = &params.sort else { return };
    let place = metrics.iter().position(|metric| metric.name() == sort);
    if sort == "value" {
        rows.sort_by_cached_key(|row| tab.value_label(&row.value, view.words).to_lowercase());
    } else if place.is_some() || params.sorts_by_change() {
        let of = |row: &PanelRow| place.map_or_else(|| compared_by(sort, row), |place| row.metrics[place]);
        let or_least = |row: &PanelRow| of(row).unwrap_or(f64::NEG_INFINITY);
        rows.sort_by(|a, b| or_least(b).total_cmp(&or_least(a)).then_with(|| a.value.cmp(&b.value)));
    }
    if params.is_rising {
        rows.reverse();
    }
}

/// What a row is sorted by where it is compared: what was before, or how much more there is.
fn compared_by(sort: &str, row: &PanelRow) -> Option<f64> {
    let compared = row.compared.as_ref()?;
    let first = |of: &[Option<f64>]| of.first().copied().flatten();
    let before = first(&compared.before)?;
    if sort == BEFORE { Some(before) } else { first(&compared.own).map(|own| own - before) }
}

fn heads(view: &SiteView, tab: &Tab, panel: &Panel, params: &ListParams) -> Vec<ColumnHead> {
    let (metrics, words) = (&panel.metrics, view.words);
    let usual = metrics.first().map_or("", |metric| metric.name());
    let sorted = params.sort.clone().unwrap_or_else(|| usual.to_owned());
    let head = |name: &str, label: String, meaning: &'static str| {
        let is_current = sorted == name;
        // Values go up by nature, numbers down.
        let is_up = params.is_rising != (name == "value");
        let turned = ListParams {
            sort: Some(name.to_owned()),
            is_rising: is_current && !params.is_rising,
            page: 0,
            ..params.clone()
        };
        ColumnHead {
            link: LinkTo { label, href: view.below(tab, "") + &turned.query(), is_current },
            meaning,
            order: if !is_current {
                "none"
            } else if is_up {
                "ascending"
            } else {
                "descending"
            },
        }
    };
    let value = head("value", tab.singular(view.words), "");
    let metrics = metrics.iter().map(|it| head(it.name(), view.words.name(*it).to_owned(), view.words.meaning(*it)));
    let is_compared = panel.change == ChangeColumns::BeforeAndChange;
    let change = [(BEFORE, words.before), (CHANGE, words.change)].into_iter().filter(|_| is_compared);
    let change = change.map(|(name, label)| head(name, label.to_owned(), words.change_why));
    std::iter::once(value).chain(metrics).chain(change).collect()
}

/// What files of a panel count. Everybody is told events under their names alone.
fn exported(view: &SiteView, tab: &Tab, span: Span) -> Vec<Metric> {
    let mut metrics = match (view.audience != Audience::Public, tab) {
        (_, Tab::NextPage | Tab::Of(Dimension::PreviousPage)) => {
            return vec![Metric::Visitors, Metric::Visits, Metric::Pageviews];
        }
        (true, _) => vec![Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Events],
        (false, Tab::Of(Dimension::Event)) => return vec![Metric::Visitors, Metric::Visits, Metric::Events],
        (false, _) => return vec![Metric::Visitors, Metric::Visits, Metric::Pageviews],
    };
    metrics.extend(panels::page_rates(tab, view.chosen.scope()));
    if view.audience != Audience::Public && view.has_goals() {
        let money = panels::asked(view, span, tab, &[Metric::TotalRevenue]).is_some_and(|asked| asked.has_money());
        metrics.extend(money.then_some(Metric::TotalRevenue));
    }
    metrics
}

/// A whole breakdown.
#[derive(Debug)]
pub struct Breakdown {
    /// Its first and last day.
    pub days: (Day, Day),
    /// What its columns count.
    pub metrics: Vec<Metric>,
    /// Its rows.
    pub rows: Vec<PanelRow>,
    /// What they are compared with, if that is asked for.
    pub compared: Option<ComparedWith>,
    /// Whether some of what its filters let pass may be among values that are counted together.
    pub may_lack: bool,
}

/// All rows of one breakdown that a search finds, for an export; or why there are none.
///
/// # Errors
/// [`StoreError`]
pub fn export(
    view: &SiteView,
    tab: &Tab,
    params: &ListParams,
    now: Moment,
    sums: &dyn Sums,
) -> Result<Result<Breakdown, &'static str>, StoreError> {
    let range = range(view, now, sums)?;
    let mut metrics = exported(view, tab, range.span);
    let asked = panels::asked(view, range.span, tab, &metrics);
    if let Some(sentence) = panels::refused(view, asked.as_ref(), tab) {
        return Ok(Err(sentence));
    }
    let Some(asked) = asked else { return Ok(Err(view.words.not_counted_export)) };
    let compared = Compared::of_lists(view, &range, sums)?;
    let both = compared.as_ref().and_then(|of| of.list(view, &range, &asked));
    let more = both.as_ref().map_or_else(Vec::new, RangeComparison::questions);
    let exits = panels::exits(view, tab, &asked);
    let of_exits = exits.map_or(Ok(Vec::new()), |exits| report::answers(&[exits], sums))?;
    let mut found = report::answers(&[vec![asked], more].concat(), sums)?;
    found.iter_mut().for_each(|lines| panels::name_lines(view, tab, lines));
    let more = found.split_off(1);
    let mut lines = found.pop().unwrap_or_default();
    lines.extend(of_exits.into_iter().next().and_then(exit_line));
    let uncounted = panels::uncounted(view, tab, compared.as_ref().and_then(|compared| compared.days));
    let both = both.map(|_| RangeComparison::lines(more, &lines, &metrics).without(uncounted, false));
    if metrics.last().is_some_and(|metric| metric.is_money()) && lines.iter().all(|line| line.money.is_empty()) {
        metrics.pop();
    }
    lines.retain(|line| params.finds(&tab.value_label(&line.value, view.words), &line.value));
    report::sort(&mut lines, &report::ORDER);
    let past_budget = report::answers(&view.chosen.past_budget(view.site, range.span), sums)?;
    Ok(Ok(Breakdown {
        days: (range.span.first_day(), range.span.last_day()),
        rows: lines.into_iter().map(|line| exported_row(line, &metrics, both.as_ref())).collect(),
        metrics,
        compared: compared.map(|compared| compared.told),
        may_lack: past_budget.iter().any(|lines| !lines.is_empty()),
    }))
}

fn exported_row(line: Line, metrics: &[Metric], both: Option<&ComparedLines>) -> PanelRow {
    let compared = both.and_then(|both| both.row(&line.value));
    let bounds = line.bounds_at(0..line.metrics.len());
    let currency = if let [(currency, ..)] = line.money.as_slice() { Some(currency.clone()) } else { None };
    let is_told = |metric: &Metric| !metric.is_money() || currency.is_some();
    let shown = metrics.iter().zip(line.metrics).map(|(metric, value)| value.filter(|_| is_told(metric))).collect();
    PanelRow { value: line.value, metrics: shown, bounds, compared, currency, share: None, href: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> ListParams {
        ListParams::read(&query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_wished_for_stands_in_the_address() {
        assert_eq!(read(&[]).query(), "");
        assert_eq!(
            read(&[("search", " B&B "), ("sort", "-value"), ("page", "3")]).query(),
            "&search=B%26B&sort=-value&page=3"
        );
        assert_eq!(read(&[("page", "x"), ("sort", "-")]).query(), "");
        assert_eq!(read(&[("page", "0")]).page, 0);
        assert!(read(&[("search", "BLOG")]).finds("/blog", "/blog") && !read(&[("search", "x")]).finds("a", "b"));
        assert!(read(&[("search", "germ")]).finds("Germany", "DE"));
    }
}
