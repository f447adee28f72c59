//! In: a view of a site, and the collector. Out: the structures that pages are made of. Forgets: nothing.
//!
//! Everything on a page comes from one read, so that its numbers agree with each other.

mod mails;
mod panels;
mod view;
mod watched;

use std::collections::HashMap;

use crate::cell::{Axis, Dimension, Metric, OTHER};
use crate::collector::Collector;
use crate::control::snippet;
use crate::page::bots;
use crate::page::{Account, Hits, MailLine, NotCounted, Panel, PanelRow, Point, Progress, Series, SitePage, Total};
use crate::rejection::Rejection;
use crate::report::choice::Scope;
use crate::report::period::Range;
use crate::report::{self, Interval, Line, Question, Span, Sums};
use crate::site::{AddressMode, Day, Moment, Schedule, Site, SiteId};
use crate::store::StoreError;
pub use view::{NoView, View};

/// What the series of all visits counts.
const SERIES: [Metric; 2] = [Metric::Visitors, Metric::Pageviews];

/// What a question of the page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Slot {
    Totals,
    Before,
    Series,
    Panel(Dimension),
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

/// The dashboard of a site.
///
/// # Errors
/// [`StoreError`]
pub fn site_page(view: &View, account: Account, collector: &Collector, base_url: &str) -> Result<SitePage, StoreError> {
    let (site, now) = (view.site, collector.clock().now());
    let first_day = collector.first_day(site.id)?;
    let range = view.period.range(&site.schedule, now, first_day);
    // A time of which a part was not counted is nothing to compare with.
    let is_counted = |span: &Span| first_day.is_some_and(|first| first <= span.first_day()) && view.is_counted(span);
    let before = range.previous().map(|previous| previous.span).filter(is_counted);
    let found = found(view, &range, before, collector)?;
    let line = |slot: Slot| found.get(&slot).and_then(|lines| lines.first());
    let (all, scope) = (line(Slot::Totals), view.chosen.scope());
    let visitors = all.map_or(Some(0.0), |line| line.metrics[0]);
    let is_measured = visitors.is_some() && site.settings.address != AddressMode::None || visitors > Some(0.0);
    let rejected = collector.rejected(site.id, range.span.first_day(), range.span.last_day())?;
    Ok(SitePage {
        words: view.words,
        domain: site.domain.to_string(),
        time_zone: site.schedule.zone_at(now).iana_name().unwrap_or("Etc/UTC").to_owned(),
        address: site.settings.address,
        account: Some(account),
        now: (site.settings.address != AddressMode::None).then(|| collector.visitors_now(site.id) as u64),
        periods: view.periods(),
        filters: view.chips(),
        everything: view.everything(),
        first: range.span.first_day(),
        last: range.span.last_day(),
        compared: before.map(|span| (span.first_day(), span.last_day())),
        is_running: range.is_partial,
        notices: notices(view, &range, &found, collector, first_day.is_none())?,
        totals: totals_of(view, &found, before.is_some()),
        revenue: all.filter(|_| scope == Scope::EventGoal).map_or_else(Vec::new, watched::money_of),
        series: series(view, &range, found.get(&Slot::Series).map_or(&[], Vec::as_slice), now),
        goals: watched::goals(view, range.span, &found, visitors.filter(|_| is_measured)),
        funnels: watched::funnels(view, range.span, &found),
        panels: panels(view, &range, found, is_measured),
        mails: mails::lines(site, range.span.first_day(), range.span.last_day(), collector)?,
        not_counted: rejected.into_iter().map(|(reason, count)| NotCounted { reason, count }).collect(),
        bots: report::bots::lines(collector.bots(site.id, range.span.first_day(), range.span.last_day())?),
        bots_csv: format!("/{}/{}.csv?{}", site.domain, bots::NAME, range.period.query()),
        bots_json: format!("/{}/{}.json?{}", site.domain, bots::NAME, range.period.query()),
        snippet: snippet(&site.domain, base_url),
        is_new: first_day.is_none(),
    })
}

/// What became of the mails of a site's campaigns in a period.
///
/// # Errors
/// [`StoreError`]
pub fn mails_of(view: &View, collector: &Collector) -> Result<Vec<MailLine>, StoreError> {
    let (site, now) = (view.site, collector.clock().now());
    let range = view.period.range(&site.schedule, now, collector.first_day(site.id)?);
    mails::lines(site, range.span.first_day(), range.span.last_day(), collector)
}

/// The answers to all that a page asks and sums can tell.
fn found(view: &View, range: &Range, before: Option<Span>, collector: &Collector) -> Result<Found, StoreError> {
    let ask = |span: Span, axis: Axis<crate::counts::Name>, interval: Option<Interval>, metrics: &[Metric]| {
        view.chosen.ask(Question::new(view.site.id, span, axis, interval, metrics))
    };
    let (scope, span) = (view.chosen.scope(), range.span);
    let mut metrics = totals(scope).to_vec();
    metrics.extend((scope == Scope::EventGoal).then_some(Metric::TotalRevenue));
    let series = [Metric::Visitors, scope.hits()];
    let mut questions = vec![
        (Slot::Totals, ask(span, Axis::Total, None, &metrics)),
        (Slot::Series, ask(span, Axis::Total, Some(view.interval(range)), &series)),
    ];
    questions.extend(before.map(|before| (Slot::Before, ask(before, Axis::Total, None, &metrics))));
    questions
        .extend(Dimension::ALL.map(|dimension| (Slot::Panel(dimension), panels::breakdown(view, span, dimension))));
    questions.extend(watched::questions(view, span));
    questions.extend(view.chosen.past_budget(view.site.id, span).map(|question| (Slot::PastBudget, question)));
    questions.retain(|(_, question)| question.has_sums());
    let (slots, questions): (Vec<Slot>, Vec<Question>) = questions.into_iter().unzip();
    Ok(slots.into_iter().zip(report::answers(&questions, collector)?).collect())
}

fn panels(view: &View, range: &Range, mut found: Found, is_measured: bool) -> Vec<Panel> {
    let scope = view.chosen.scope();
    let whole = found.get(&Slot::Totals).and_then(|lines| lines.first());
    let place = if is_measured { Some(0) } else { totals(scope).iter().position(|metric| *metric == scope.hits()) };
    let whole = whole.zip(place).and_then(|(line, place)| line.metrics[place]).unwrap_or(0.0);
    let panel = |dimension: Dimension| {
        let question = panels::breakdown(view, range.span, dimension);
        match panels::refused(view, &question, dimension) {
            Some(sentence) => panels::without(dimension, sentence),
            None => {
                let lines = found.remove(&Slot::Panel(dimension)).unwrap_or_default();
                panels::panel(view, dimension, lines, is_measured, whole)
            }
        }
    };
    Dimension::ALL.into_iter().map(panel).collect()
}

fn totals_of(view: &View, found: &Found, is_compared: bool) -> Vec<Total> {
    let line = |slot: Slot| found.get(&slot).and_then(|lines| lines.first());
    let (line, before) = (line(Slot::Totals), is_compared.then_some(line(Slot::Before)));
    let scope = view.chosen.scope();
    let none = view.site.settings.address == AddressMode::None;
    let is_mean = |metric| matches!(metric, Metric::VisitDuration | Metric::TimeOnPage | Metric::ScrollDepth);
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
    };
    totals(scope).iter().copied().enumerate().map(total).collect()
}

/// Whether any visit entered on the pages that are chosen.
fn has_entries(view: &View, found: &Found) -> bool {
    let passes = |line: &Line| view.chosen.filter.as_ref().is_some_and(|filter| filter.test.passes(&line.value));
    found.get(&Slot::Panel(Dimension::EntryPage)).is_some_and(|lines| lines.iter().any(passes))
}

fn series(view: &View, range: &Range, lines: &[Line], now: Moment) -> Series {
    let (site, interval) = (view.site, view.interval(range));
    let here = site.schedule.locate(now);
    let buckets = range.span.buckets(interval, &site.schedule);
    let current = match interval {
        Interval::Hour => here.number(),
        _ => buckets.iter().copied().filter(|bucket| *bucket <= here.day.0).max().unwrap_or(i32::MIN),
    };
    let is_running = range.is_partial;
    let point = |bucket: i32| {
        let line = lines.iter().find(|line| line.bucket == Some(bucket));
        let progress = match bucket.cmp(&current) {
            std::cmp::Ordering::Greater => Progress::Ahead,
            std::cmp::Ordering::Equal if is_running => Progress::Running,
            _ => Progress::Over,
        };
        let value = |place: usize| line.map_or(Some(0.0), |line| line.metrics[place]);
        Point { bucket, visitors: value(0), pageviews: value(1), progress }
    };
    let hits = match view.chosen.scope() {
        Scope::Visits | Scope::Pages | Scope::Hits => Hits::Pageviews,
        Scope::Events => Hits::Events,
        Scope::EventGoal | Scope::PageGoal => Hits::Conversions,
    };
    Series { interval, hits, points: buckets.into_iter().map(point).collect() }
}

/// A whole breakdown.
#[derive(Debug)]
pub struct Breakdown {
    /// What its columns count.
    pub metrics: Vec<Metric>,
    /// Its rows.
    pub rows: Vec<PanelRow>,
}

/// All rows of one breakdown, for an export; nothing where sums can't tell it.
///
/// # Errors
/// [`StoreError`]
pub fn export(view: &View, dimension: Dimension, collector: &Collector) -> Result<Option<Breakdown>, StoreError> {
    let now = collector.clock().now();
    let range = view.period.range(&view.site.schedule, now, collector.first_day(view.site.id)?);
    let metrics = [Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Events];
    let question = Question::new(view.site.id, range.span, Axis::Of(dimension), None, &metrics);
    let asked = view.chosen.ask(question);
    if panels::refused(view, &asked, dimension).is_some() {
        return Ok(None);
    }
    let mut lines = report::answer(&asked, collector)?;
    report::sort(&mut lines, &report::ORDER);
    let row = |line: Line| PanelRow { value: line.value, metrics: line.metrics, share: None, href: None };
    Ok(Some(Breakdown { metrics: metrics.to_vec(), rows: lines.into_iter().map(row).collect() }))
}

/// The programs of a period, for an export.
///
/// # Errors
/// [`StoreError`]
pub fn bots(view: &View, collector: &Collector) -> Result<Vec<report::bots::BotLine>, StoreError> {
    let site = view.site;
    let range = view.period.range(&site.schedule, collector.clock().now(), collector.first_day(site.id)?);
    let counts = collector.bots(site.id, range.span.first_day(), range.span.last_day())?;
    Ok(report::bots::lines(counts))
}

fn notices(
    view: &View,
    range: &Range,
    found: &Found,
    collector: &Collector,
    is_new: bool,
) -> Result<Vec<String>, StoreError> {
    let (site, words, mut notices) = (view.site, view.words, Vec::new());
    if is_new && unclaimed_lately(collector)?.iter().any(|line| line.reason == Rejection::UnknownSite) {
        // Whoever waits for a first visit should see that it came under another name.
        notices.push(words.notice_unknown_site.to_owned());
    }
    let today = site.schedule.locate(collector.clock().now()).day;
    let lately = if is_new { collector.rejected(site.id, Day(today.0 - 6), today)? } else { Vec::new() };
    if lately.iter().any(|(reason, _)| *reason == Rejection::WrongHost) {
        notices.push(words.notice_wrong_host.to_owned());
    }
    if collector.has_hidden_proxy() {
        notices.push(words.notice_proxy.to_owned());
    }
    if collector.may_repeat(site) {
        notices.push(words.notice_repeat.to_owned());
    }
    if collector.meter().degraded.get() != 0 {
        notices.push(words.notice_degraded.to_owned());
    }
    if let Some((_, zone)) = site.schedule.next().filter(|(from, _)| *from > collector.clock().now()) {
        notices.push(words.one(words.notice_zone, zone));
    }
    notices.extend(past_budget(view, found));
    if view.chosen.is_set() {
        notices.push(words.notice_several_values.to_owned());
    }
    if let Some(goal) = view.chosen.goal.as_ref().filter(|_| !view.is_counted(&range.span)) {
        let day = site.schedule.locate(goal.since()).day;
        notices.push(words.one(words.notice_pattern_since, words.date(day, words.date_long)));
    }
    Ok(notices)
}

/// What to say when some values were too many to be counted by name.
fn past_budget(view: &View, found: &Found) -> Option<String> {
    let has_other = |dimension: &Dimension| {
        found.get(&Slot::Panel(*dimension)).is_some_and(|l| l.iter().any(|l| &*l.value == OTHER))
    };
    let titles: Vec<&str> = Dimension::ALL.iter().filter(|d| has_other(d)).map(|d| view.words.title(*d)).collect();
    let is_behind_filter = found.get(&Slot::PastBudget).is_some_and(|lines| !lines.is_empty());
    if titles.is_empty() && !is_behind_filter {
        return None;
    }
    let keys = if view.chosen.is_all() { "--values-max N" } else { "--values-max N --pair-cells-max N" };
    let place = if titles.is_empty() { view.words.the_filter.to_owned() } else { titles.join(", ") };
    let command = format!("`headcount site set {} {keys}`", view.site.domain);
    Some(view.words.two(view.words.notice_budget, place, command))
}

/// What the list of sites shows of each: visitors and pageviews today.
///
/// # Errors
/// [`StoreError`]
pub fn today(site: &Site, collector: &Collector) -> Result<(Option<f64>, f64), StoreError> {
    let day = site.schedule.locate(collector.clock().now()).day;
    let line = report::totals(site.id, Span::of_days(day, day), &SERIES, collector)?;
    let is_measured = site.settings.address != AddressMode::None;
    Ok((line.metrics[0].filter(|_| is_measured), line.metrics[1].unwrap_or(0.0)))
}

/// Beacons of the last seven days that could be booked to no site: most likely a snippet with a typing mistake.
///
/// # Errors
/// [`StoreError`]
pub fn unclaimed_lately(collector: &Collector) -> Result<Vec<NotCounted>, StoreError> {
    let today = Schedule::utc().locate(collector.clock().now()).day;
    let found = collector.rejected(SiteId::INSTANCE, Day(today.0 - 6), today)?;
    Ok(found.into_iter().map(|(reason, count)| NotCounted { reason, count }).collect())
}
