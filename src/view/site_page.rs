//! The page of a site.

use super::Arrivals;
use super::answers::{AnswerKey, Answers, totals};
use super::comparing::Compared;
use super::panels::CardTabs;
use super::questions::{answers, days_kept_from};
use super::site_view::SiteView;
use super::{goals, mails, notices, panels, series};
use crate::beacon::address::HiddenProxy;
use crate::cell::Metric;
use crate::page::{Account, MailLine, NotCounted, SegmentLinks, SitePage, Total};
use crate::report::choice::Scope;
use crate::report::period::Range;
use crate::report::{self, Line, Records, Sums};
use crate::site::{AddressMode, Day, Moment};
use crate::store::{StoreError, TakenOut};

/// What a page says of the collector itself.
#[derive(Debug, Clone)]
pub struct InstanceState {
    /// The present moment.
    pub now: Moment,
    /// The snippet that the site's pages need.
    pub snippet: String,
    /// What seems wrong with the settings of proxies.
    pub hidden_proxy: Option<HiddenProxy>,
    /// Whether visitors of the present day may be counted twice, because the collector was restarted on it.
    pub may_repeat: bool,
    /// Whether the running day is in no journal although it should be, so that a restart would count visitors again.
    pub lacks_journal: bool,
    /// Why sums could not be stored lately.
    pub storing: Option<&'static str>,
    /// Pages whose children look personal, of which the owner has said nothing yet.
    pub personal_parents: Vec<String>,
}

/// Whether there is none of it where nothing was counted.
const fn is_mean(metric: Metric) -> bool {
    matches!(metric, Metric::VisitDuration | Metric::TimeOnPage | Metric::ScrollDepth)
}

/// The page of a site, of sums that its reader may see. `records` are nothing for readers to whom figures alone are open.
///
/// # Errors
/// [`StoreError`]
pub fn site_page(
    view: &SiteView,
    account: Option<Account>,
    sums: &dyn Sums,
    records: Option<&dyn Records>,
    instance: &InstanceState,
) -> Result<SitePage, StoreError> {
    let first_day = sums.first_day(view.site.id)?;
    let range = view.range(instance.now, first_day);
    let compared = Compared::of(view, &range, sums)?;
    let tabs = panels::tabs(view, range.span, sums)?;
    let found = answers(view, &range, &compared, &tabs, sums)?;
    let records = records.filter(|_| view.has_records());
    let is_told = records.is_some();
    let records = SiteRecords::of(view, &range, records, first_day.is_none(), instance)?;
    let (first, last) = (range.span.first_day(), range.span.last_day());
    let days_kept_from = days_kept_from(view, range.span, &tabs, sums)?;
    let marks = sums.taken_out(view.site.id, first, last)?;
    let unvisited = if is_told { sums.unvisited(view.site.id, first, last)? } else { 0 };
    let page =
        PageAnswers { range, compared, is_new: first_day.is_none(), found, unvisited, days_kept_from, marks, records };
    Ok(page.shown(view, tabs, account, instance))
}

/// All that the page of a site is made of.
struct PageAnswers {
    range: Range,
    compared: Compared,
    /// Whether nothing was ever counted.
    is_new: bool,
    found: Answers,
    /// Hits of the range without a visitor.
    unvisited: u64,
    days_kept_from: Option<Day>,
    /// What was taken out of the sums.
    marks: Vec<TakenOut>,
    records: SiteRecords,
}

impl PageAnswers {
    /// The page of these answers.
    fn shown(
        mut self,
        view: &SiteView,
        tabs: Vec<CardTabs>,
        account: Option<Account>,
        instance: &InstanceState,
    ) -> SitePage {
        let (address, span) = (view.site.settings.address, self.range.span);
        let records = std::mem::take(&mut self.records);
        let all = self.found.get(&AnswerKey::Totals).and_then(|lines| lines.first());
        let visitors = all.map_or(Some(0.0), |line| line.metrics[0]);
        let is_measured = visitors.is_some() && address != AddressMode::None || visitors > Some(0.0);
        let is_sure = all.is_none_or(|line| line.is_sure(0));
        SitePage {
            account,
            now: records.now,
            personal: records.personal,
            revenue: all.filter(|_| view.chosen.event().is_some()).map_or_else(Vec::new, goals::money_of),
            goals: goals::goals(view, span, &self.found, visitors.filter(|_| is_measured).map(|all| (all, is_sure))),
            cards: panels::cards(view, tabs, span, &self.found, is_measured, whole_of(view, all, is_measured)),
            mails: records.mails,
            not_counted: records.not_counted,
            bots: records.bots,
            arrived: records.arrivals.map(|arrivals| arrivals.shown(view.site, view.words)),
            ..self.frame(view, instance)
        }
    }

    /// The page, its lists still empty.
    fn frame(&self, view: &SiteView, instance: &InstanceState) -> SitePage {
        let PageAnswers { range, compared, is_new, found, unvisited, .. } = self;
        SitePage {
            words: view.words,
            domain: view.name.clone(),
            home: view.home.clone(),
            privacy: format!("/privacy/{}", view.site.domain),
            embed_options: view.embed_options(),
            time_zone: view.site.schedule.zone_at(instance.now).iana_name().unwrap_or("Etc/UTC").to_owned(),
            address: view.site.settings.address,
            period: view.period_form(range),
            compare: view.compare_form(range, compared.days),
            intervals: view.intervals(range),
            filters: view.chips(),
            everything: view.everything(),
            segments: SegmentLinks { all: view.segments(), new: view.new_segment() },
            days: (range.span.first_day(), range.span.last_day()),
            compared: compared.told,
            is_running: range.is_partial,
            notices: notices::notices(view, range, (found, *unvisited, self.days_kept_from), &self.marks, instance),
            totals: totals_of(view, found, compared.totals.is_some()),
            series: series::series(view, range, compared.days, found, instance.now),
            funnels: if view.has_goals() { goals::funnels(view, range.span, found) } else { Vec::new() },
            files: view.files(),
            has_records: view.has_records(),
            snippet: instance.snippet.clone(),
            is_new: *is_new,
            members: Vec::new(),
            account: None,
            now: None,
            personal: Vec::new(),
            revenue: Vec::new(),
            goals: Vec::new(),
            cards: Vec::new(),
            mails: Vec::new(),
            not_counted: Vec::new(),
            bots: Vec::new(),
            arrived: None,
        }
    }
}

/// What the page of one site tells beside its figures.
#[derive(Default)]
struct SiteRecords {
    now: Option<u64>,
    personal: Vec<String>,
    mails: Vec<MailLine>,
    not_counted: Vec<NotCounted>,
    bots: Vec<report::bots::BotLine>,
    arrivals: Option<Arrivals>,
}

impl SiteRecords {
    fn of(
        view: &SiteView,
        range: &Range,
        records: Option<&dyn Records>,
        is_new: bool,
        instance: &InstanceState,
    ) -> Result<SiteRecords, StoreError> {
        let Some(records) = records else { return Ok(SiteRecords::default()) };
        let (site, first, last) = (view.site, range.span.first_day(), range.span.last_day());
        let knows_now = site.settings.address != AddressMode::None;
        let here = if knows_now { Some(records.visitors_now()?) } else { None };
        Ok(SiteRecords {
            now: here.map(|here| here.get(&site.id).copied().unwrap_or(0) as u64),
            personal: instance.personal_parents.clone(),
            mails: mails::lines(site, first, last, records)?,
            not_counted: NotCounted::of(records.rejected(site.id, first, last)?),
            bots: report::bots::lines(records.bots(site.id, first, last)?),
            arrivals: is_new.then(|| Arrivals::of(site, instance.now, records)).transpose()?,
        })
    }
}

/// What shares are taken of: all visitors, or all hits where visitors are not measured.
fn whole_of(view: &SiteView, all: Option<&Line>, is_measured: bool) -> f64 {
    let place = if is_measured { 0 } else { hits_place(view) };
    all.and_then(|line| line.metrics[place]).unwrap_or(0.0)
}

/// The place of hits among the totals.
fn hits_place(view: &SiteView) -> usize {
    let scope = view.chosen.scope();
    totals(scope).iter().position(|metric| *metric == scope.hits()).unwrap_or(0)
}

/// What became of the mails of a site's campaigns in a period.
///
/// # Errors
/// [`StoreError`]
pub fn mails_of(view: &SiteView, now: Moment, records: &dyn Records) -> Result<Vec<MailLine>, StoreError> {
    let span = view.range(now, records.first_day(view.site.id)?).span;
    mails::lines(view.site, span.first_day(), span.last_day(), records)
}

/// The programs of a period, for an export.
///
/// # Errors
/// [`StoreError`]
pub fn bots_of(view: &SiteView, now: Moment, records: &dyn Records) -> Result<Vec<report::bots::BotLine>, StoreError> {
    let span = view.range(now, records.first_day(view.site.id)?).span;
    Ok(report::bots::lines(records.bots(view.site.id, span.first_day(), span.last_day())?))
}

fn totals_of(view: &SiteView, found: &Answers, is_compared: bool) -> Vec<Total> {
    let line = |slot: AnswerKey| found.get(&slot).and_then(|lines| lines.first());
    let own = line(if found.contains_key(&AnswerKey::Own) { AnswerKey::Own } else { AnswerKey::Totals });
    let before = is_compared.then_some(line(AnswerKey::Before));
    let line = line(AnswerKey::Totals);
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
    let is_known = |metric| metric != Metric::BounceRate || scope != Scope::Pages || has_entries(found);
    // The most of one range is nothing to compare with the most of another.
    let is_sure = |place: usize| [line, own, before.flatten()].into_iter().flatten().all(|line| line.is_sure(place));
    let total = |(place, metric): (usize, Metric)| Total {
        metric,
        value: value(line, metric, place).filter(|_| is_known(metric)),
        bounds: line.and_then(|line| line.bounds_of(place)),
        compared: value(own, metric, place).filter(|_| is_known(metric)),
        before: before
            .filter(|_| had_visits || !is_rate(metric))
            .filter(|_| is_sure(place))
            .and_then(|before| value(before, metric, place)),
        is_of_goal: scope.is_goal(),
        href: (series::is_drawable(view, metric) && value(line, metric, place).is_some()).then(|| view.drawn(metric)),
        is_drawn: view.state.metric == Some(metric),
    };
    totals(scope).iter().copied().enumerate().map(total).collect()
}

/// Whether any visit entered on the pages that are chosen.
fn has_entries(found: &Answers) -> bool {
    found.get(&AnswerKey::Entries).is_some_and(|lines| !lines.is_empty())
}
