//! In: a view of a site, and the collector. Out: the structures that pages are made of. Forgets: nothing.
//!
//! Everything on a page comes from one read, so that its numbers agree with each other.

mod mails;
mod notices;
mod panels;
mod rows;
mod series;
mod state;
mod view;
mod watched;

use std::collections::HashMap;

use crate::cell::{Axis, Dimension, Metric};
use crate::collector::Collector;
use crate::control::snippet;
use crate::page::bots;
use crate::page::cards::Tab;
use crate::page::{Account, Files, MailLine, NotCounted, SitePage, Total};
use crate::report::choice::Scope;
use crate::report::period::Range;
use crate::report::{self, Interval, Line, Question, Span, Sums};
use crate::server::arrived;
use crate::site::{AddressMode, Target};
use crate::store::StoreError;
use panels::Tabs;
pub use rows::{Breakdown, Wish, export, rows_page};
pub use view::{NoView, Reader, View};

/// What a question of the page is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Slot {
    Totals,
    Before,
    Series,
    SeriesBefore,
    Panel(Tab),
    /// The goals that are patterns.
    Patterns,
    /// What the goal at this place brought.
    Money(usize),
    /// The steps of the funnel at this place.
    Funnel(usize),
    /// Whether the filter's dimension has values past the budget.
    PastBudget,
}

type Found = HashMap<Slot, Vec<Line>>;

/// The totals of a page, visitors first; rates only where they exist.
fn totals(scope: Scope) -> &'static [Metric] {
    use Metric::*;
    match scope {
        Scope::Visits => &[Visitors, Visits, Pageviews, ViewsPerVisit, BounceRate, VisitDuration],
        Scope::Pages => &[Visitors, Visits, Pageviews, BounceRate, TimeOnPage, ScrollDepth],
        Scope::Hits => &[Visitors, Visits, Pageviews],
        Scope::Events => &[Visitors, Visits, Events],
        Scope::EventGoal | Scope::PageGoal => &[Visitors, Events, ConversionRate],
    }
}

/// Whether there is none of it where nothing was counted.
const fn is_mean(metric: Metric) -> bool {
    matches!(metric, Metric::VisitDuration | Metric::TimeOnPage | Metric::ScrollDepth)
}

/// The dashboard of a site.
///
/// # Errors
/// [`StoreError`]
pub fn site_page(
    view: &View,
    account: Option<Account>,
    collector: &Collector,
    sums: &dyn Sums,
    base_url: &str,
) -> Result<SitePage, StoreError> {
    let (site, now) = (view.site, collector.clock().now());
    let first_day = sums.first_day(site.id)?;
    let range = view.range(now, first_day);
    let before = compared(view, &range, sums)?;
    let tabs = panels::tabs(view, range.span, sums)?;
    let found = found(view, &range, before, &tabs, sums)?;
    let all = found.get(&Slot::Totals).and_then(|lines| lines.first());
    let visitors = all.map_or(Some(0.0), |line| line.metrics[0]);
    let is_measured = visitors.is_some() && site.settings.address != AddressMode::None || visitors > Some(0.0);
    let whole = whole_of(view, all, is_measured);
    let (first, last) = (range.span.first_day(), range.span.last_day());
    let rejected = if view.has_ledger() { collector.rejected(site.id, first, last)? } else { Vec::new() };
    let mails = if view.has_ledger() { mails::lines(site, first, last, collector)? } else { Vec::new() };
    let knows_now = view.has_ledger() && site.settings.address != AddressMode::None;
    let files = |name: &str| ["csv", "json"].map(|ending| view.file(&format!("{name}.{ending}")));
    Ok(SitePage {
        words: view.words,
        domain: view.name.clone(),
        home: view.home.clone(),
        members: Vec::new(),
        stand: view.stand(),
        time_zone: site.schedule.zone_at(now).iana_name().unwrap_or("Etc/UTC").to_owned(),
        address: site.settings.address,
        account,
        now: knows_now.then(|| collector.visitors_now(site.id)).transpose()?.map(|now| now as u64),
        period: view.period_form(&range),
        compare: view.compare_form(&range, before),
        intervals: view.intervals(&range),
        filters: view.chips(),
        everything: view.everything(),
        first,
        last,
        compared: before.map(|span| (span.first_day(), span.last_day())),
        is_running: range.is_partial,
        notices: notices::notices(view, &range, &found, collector),
        personal: if view.has_ledger() { collector.personal_parents(site) } else { Vec::new() },
        totals: totals_of(view, &found, before.is_some()),
        revenue: all.filter(|_| panels::event(view).is_some()).map_or_else(Vec::new, watched::money_of),
        series: series::series(view, &range, before, &found, now),
        goals: watched::goals(view, range.span, &found, visitors.filter(|_| is_measured)),
        funnels: if view.has_goals() { watched::funnels(view, range.span, &found) } else { Vec::new() },
        cards: panels::cards(view, tabs, range.span, &found, is_measured, whole),
        mails,
        not_counted: rejected.into_iter().map(|(reason, count)| NotCounted { reason, count }).collect(),
        bots: if view.has_ledger() { report::bots::lines(collector.bots(site.id, first, last)?) } else { Vec::new() },
        files: Files { bots: files(bots::NAME), mails: files("mail") },
        has_ledger: view.has_ledger(),
        snippet: snippet(&site.domain, base_url),
        is_new: first_day.is_none(),
        arrived: first_day.is_none().then(|| arrived::shown(site, view.words, collector)).transpose()?,
    })
}

/// What a range is compared with. A time of which a part was not counted is nothing to compare with.
fn compared(view: &View, range: &Range, sums: &dyn Sums) -> Result<Option<Span>, StoreError> {
    let since = sums.counted_since(view.site.id)?;
    let is_counted = |span: &Span| since.is_some_and(|since| since <= span.first_day()) && view.is_counted(span);
    Ok(range.compared(view.state.compare).filter(is_counted))
}

/// What shares are taken of: all visitors, or all hits where visitors are not measured.
fn whole_of(view: &View, all: Option<&Line>, is_measured: bool) -> f64 {
    let place = if is_measured { 0 } else { hits_place(view) };
    all.and_then(|line| line.metrics[place]).unwrap_or(0.0)
}

/// The place of hits among the totals.
fn hits_place(view: &View) -> usize {
    let scope = view.chosen.scope();
    totals(scope).iter().position(|metric| *metric == scope.hits()).unwrap_or(0)
}

/// What became of the mails of a site's campaigns in a period.
///
/// # Errors
/// [`StoreError`]
pub fn mails_of(view: &View, collector: &Collector) -> Result<Vec<MailLine>, StoreError> {
    let range = days(view, collector)?;
    mails::lines(view.site, range.span.first_day(), range.span.last_day(), collector)
}

/// The programs of a period, for an export.
///
/// # Errors
/// [`StoreError`]
pub fn bots(view: &View, collector: &Collector) -> Result<Vec<report::bots::BotLine>, StoreError> {
    let range = days(view, collector)?;
    Ok(report::bots::lines(collector.bots(view.site.id, range.span.first_day(), range.span.last_day())?))
}

fn days(view: &View, collector: &Collector) -> Result<Range, StoreError> {
    let first_day = collector.first_day(view.site.id)?;
    Ok(view.range(collector.clock().now(), first_day))
}

/// The answers to all that a page asks and sums can tell.
fn found(
    view: &View,
    range: &Range,
    before: Option<Span>,
    tabs: &[Tabs],
    sums: &dyn Sums,
) -> Result<Found, StoreError> {
    let ask = |span: Span, interval: Option<Interval>, metrics: &[Metric]| {
        view.chosen.ask(Question::new(view.site.id, span, Axis::Total, interval, metrics))
    };
    let span = range.span;
    let mut metrics = totals(view.chosen.scope()).to_vec();
    metrics.extend(panels::event(view).map(|_| Metric::TotalRevenue));
    let (series, interval) = (series::metrics(view), Some(view.interval(range)));
    let mut questions = vec![(Slot::Totals, ask(span, None, &metrics)), (Slot::Series, ask(span, interval, &series))];
    if let Some(before) = before {
        questions.push((Slot::Before, ask(before, None, &metrics)));
        let width = series::width_before(view, range, before);
        questions.extend(width.map(|width| (Slot::SeriesBefore, ask(before, Some(width), &series))));
    }
    for tab in needed(view, tabs) {
        let question = panels::breakdown(view, span, &tab);
        questions.extend(question.map(|question| (Slot::Panel(tab), question)));
    }
    if view.has_goals() {
        questions.extend(watched::questions(view, span));
    }
    questions.extend(view.chosen.past_budget(view.site.id, span).map(|question| (Slot::PastBudget, question)));
    questions.retain(|(_, question)| question.has_sums());
    let (slots, questions): (Vec<Slot>, Vec<Question>) = questions.into_iter().unzip();
    Ok(slots.into_iter().zip(report::answers(&questions, sums)?).collect())
}

/// The lists that are seen, and those that something else is told from.
fn needed(view: &View, tabs: &[Tabs]) -> Vec<Tab> {
    let mut needed: Vec<Tab> = tabs.iter().map(|tabs| tabs.seen.clone()).collect();
    let goals = view.site.settings.goals.iter().filter(|_| view.has_goals());
    needed.extend(goals.filter_map(|goal| match goal.target {
        Target::Event(_) => Some(Tab::Of(Dimension::Event)),
        Target::Page(_) => Some(Tab::Of(Dimension::Page)),
        Target::Pattern(_) => None,
    }));
    if view.chosen.scope() == Scope::Pages {
        needed.push(Tab::Of(Dimension::EntryPage));
    }
    let mut seen = std::collections::HashSet::new();
    needed.retain(|tab| seen.insert(tab.clone()));
    needed
}

fn totals_of(view: &View, found: &Found, is_compared: bool) -> Vec<Total> {
    let line = |slot: Slot| found.get(&slot).and_then(|lines| lines.first());
    let (line, before) = (line(Slot::Totals), is_compared.then_some(line(Slot::Before)));
    let scope = view.chosen.scope();
    let none = view.site.settings.address == AddressMode::None;
    let value = |line: Option<&Line>, metric: Metric, place: usize| match line {
        Some(line) => line.metrics[place],
        None if is_mean(metric) || none && metric != scope.hits() => None,
        None => Some(0.0),
    };
    // What no visit made is no rate to compare with.
    let had_visits = before.flatten().is_some_and(|line| line.tally.visits > 0);
    let is_rate = |metric| matches!(metric, Metric::ViewsPerVisit | Metric::BounceRate | Metric::ConversionRate);
    // Bounces of a page are those of the visits that entered there.
    let is_known = |metric| metric != Metric::BounceRate || scope != Scope::Pages || has_entries(view, found);
    let total = |(place, metric): (usize, Metric)| Total {
        metric,
        value: value(line, metric, place).filter(|_| is_known(metric)),
        before: before.filter(|_| had_visits || !is_rate(metric)).and_then(|before| value(before, metric, place)),
        is_of_goal: scope.is_goal(),
        href: (series::is_drawable(view, metric) && value(line, metric, place).is_some()).then(|| view.drawn(metric)),
        is_drawn: view.state.metric == Some(metric),
    };
    totals(scope).iter().copied().enumerate().map(total).collect()
}

/// Whether any visit entered on the pages that are chosen.
fn has_entries(view: &View, found: &Found) -> bool {
    let passes = |line: &Line| view.chosen.filter.as_ref().is_some_and(|filter| filter.test.passes(&line.value));
    found.get(&Slot::Panel(Tab::Of(Dimension::EntryPage))).is_some_and(|lines| lines.iter().any(passes))
}
