//! In: a site, a period, and the collector. Out: the structures that pages are made of. Forgets: nothing.
//!
//! Everything on a page comes from one read, so that its numbers agree with each other.

mod mails;

use crate::cell::{Axis, Dimension, Metric};
use crate::collector::Collector;
use crate::control::snippet;
use crate::limits;
use crate::page::bots;
use crate::page::{
    Account, MailLine, NotCounted, Panel, PanelRow, PeriodLink, Point, Progress, Series, SitePage, Total,
    VISITORS_MAY_REPEAT,
};
use crate::rejection::Rejection;
use crate::report::period::{NotAPeriod, Period, Range};
use crate::report::{self, By, Interval, Line, Order, Question, Span, Sums};
use crate::site::{AddressMode, Day, Moment, Schedule, Site, SiteId};
use crate::store::StoreError;

/// The totals of a page.
const TOTALS: [Metric; 6] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
];

/// What the series counts.
const SERIES: [Metric; 2] = [Metric::Visitors, Metric::Pageviews];

/// The age of a site up to which its page opens on today, in milliseconds: two days.
const YOUNG_MS: i64 = 2 * 86_400_000;

/// The period that a reader asked for; without one, that which fits the site's age.
///
/// # Errors
/// [`NotAPeriod`] tells which there are.
pub fn period(
    site: &Site,
    key: Option<&str>,
    from: Option<&str>,
    to: Option<&str>,
    now: Moment,
) -> Result<Period, NotAPeriod> {
    let usual = if now.0 - site.added.0 < YOUNG_MS { Period::Today } else { Period::Days(30) };
    key.map_or(Ok(usual), |key| Period::parse(key, from, to))
}

/// The dashboard of a site.
///
/// # Errors
/// [`StoreError`]
pub fn site_page(site: &Site, period: Period, collector: &Collector, base_url: &str) -> Result<SitePage, StoreError> {
    let now = collector.clock().now();
    let first_day = collector.first_day(site.id)?;
    let range = period.range(&site.schedule, now, first_day);
    // A time of which a part was not counted is nothing to compare with.
    let is_counted = |span: &Span| first_day.is_some_and(|first| first <= span.first_day());
    let before = range.previous().map(|previous| previous.span).filter(is_counted);
    let mut found = report::answers(&questions(site, &range, before), collector)?.into_iter();
    let totals = found.next().unwrap_or_default().pop();
    let earlier = found.next().unwrap_or_default().pop();
    let series = series(&range, &found.next().unwrap_or_default(), site, now);
    let total = |metric: usize| totals.as_ref().map_or(Some(0.0), |line| line.metrics[metric]);
    let is_measured = total(0).is_some() && site.settings.address != AddressMode::None || total(0) > Some(0.0);
    let whole = total(if is_measured { 0 } else { 2 }).unwrap_or(0.0);
    let panels = Dimension::ALL.into_iter().zip(found);
    let panels = panels.map(|(dimension, lines)| panel(site, &range, dimension, lines, is_measured, whole)).collect();
    let rejected = collector.rejected(site.id, range.span.first_day(), range.span.last_day())?;
    Ok(SitePage {
        domain: site.domain.to_string(),
        time_zone: site.schedule.zone_at(now).iana_name().unwrap_or("Etc/UTC").to_owned(),
        address: site.settings.address,
        account: Some(account()),
        now: (site.settings.address != AddressMode::None).then(|| collector.visitors_now(site.id) as u64),
        periods: periods(site, period),
        first: range.span.first_day(),
        last: range.span.last_day(),
        compared: before.map(|span| (span.first_day(), span.last_day())),
        is_running: range.is_partial,
        notices: notices(site, collector, first_day.is_none())?,
        totals: totals_of(site, totals.as_ref(), before.is_some().then_some(earlier.as_ref())),
        series,
        panels,
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
pub fn mails_of(site: &Site, period: Period, collector: &Collector) -> Result<Vec<MailLine>, StoreError> {
    let range = period.range(&site.schedule, collector.clock().now(), collector.first_day(site.id)?);
    mails::lines(site, range.span.first_day(), range.span.last_day(), collector)
}

/// Who is signed in. There is one operator until people have names.
pub fn account() -> Account {
    Account { name: "Signed in".into(), sign_out: "/sign-out".into() }
}

fn questions(site: &Site, range: &Range, before: Option<Span>) -> Vec<Question> {
    let totals = |span: Span| question(site.id, span, Axis::Total, None, &TOTALS);
    // Without a range to compare with, an empty one stands in its place.
    let nothing = Span { last: range.span.first - 1, ..range.span };
    let series = question(site.id, range.span, Axis::Total, Some(range.interval()), &SERIES);
    let mut questions = vec![totals(range.span), totals(before.unwrap_or(nothing)), series];
    questions.extend(Dimension::ALL.map(|dimension| breakdown(site.id, range.span, dimension)));
    questions
}

fn question(
    site: SiteId,
    span: Span,
    axis: Axis<crate::counts::Name>,
    interval: Option<Interval>,
    metrics: &[Metric],
) -> Question {
    Question::new(site, span, axis, interval, metrics)
}

fn breakdown(site: SiteId, span: Span, dimension: Dimension) -> Question {
    let mut metrics = columns(dimension, true);
    // Where visitors are not measured, pageviews stand in their place.
    metrics.push(Metric::Pageviews);
    question(site, span, Axis::Of(dimension), None, &metrics)
}

/// What the columns of a panel count.
fn columns(dimension: Dimension, is_measured: bool) -> Vec<Metric> {
    match dimension {
        Dimension::Event if is_measured => vec![Metric::Events, Metric::Visitors],
        Dimension::Event => vec![Metric::Events],
        _ if !is_measured => vec![Metric::Pageviews],
        Dimension::Page => vec![Metric::Visitors, Metric::Pageviews],
        Dimension::EntryPage => vec![Metric::Visits, Metric::BounceRate],
        Dimension::ExitPage => vec![Metric::Visits],
        _ => vec![Metric::Visitors],
    }
}

fn totals_of(site: &Site, line: Option<&Line>, before: Option<Option<&Line>>) -> Vec<Total> {
    let none = site.settings.address == AddressMode::None;
    let value = |line: Option<&Line>, place: usize| match line {
        Some(line) => line.metrics[place],
        None if TOTALS[place] == Metric::VisitDuration || none && TOTALS[place] != Metric::Pageviews => None,
        None => Some(0.0),
    };
    // What no visit made is no rate to compare with.
    let had_visits = before.flatten().is_some_and(|line| line.metrics[1] > Some(0.0));
    let comparable = |metric| had_visits || !matches!(metric, Metric::ViewsPerVisit | Metric::BounceRate);
    let places = TOTALS.into_iter().enumerate();
    places
        .map(|(place, metric)| Total {
            metric,
            value: value(line, place),
            before: before.filter(|_| comparable(metric)).and_then(|before| value(before, place)),
        })
        .collect()
}

fn series(range: &Range, lines: &[Line], site: &Site, now: Moment) -> Series {
    let interval = range.interval();
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
    Series { interval, points: buckets.into_iter().map(point).collect() }
}

fn panel(site: &Site, range: &Range, dimension: Dimension, lines: Vec<Line>, is_measured: bool, whole: f64) -> Panel {
    let needs_visits = matches!(dimension, Dimension::EntryPage | Dimension::ExitPage);
    let mut rows = rows(dimension, lines, is_measured);
    let sum = if dimension == Dimension::Event { rows.iter().filter_map(|row| row.metrics[0]).sum() } else { whole };
    let sum = if needs_visits { rows.iter().filter_map(|row| row.metrics[0]).sum() } else { sum };
    let values = rows.len();
    rows.truncate(limits::PANEL_ROWS);
    for row in &mut rows {
        row.share = row.metrics[0].filter(|_| sum > 0.0).map(|value| (value / sum).min(1.0));
    }
    let link = |ending: &str| Some(format!("/{}/{}.{ending}?{}", site.domain, dimension.name(), range.period.query()));
    Panel {
        dimension,
        metrics: columns(dimension, is_measured),
        rows: (is_measured || !needs_visits).then_some(rows),
        values,
        csv: link("csv"),
        json: link("json"),
    }
}

/// What is unknown of every visit unless something is set up for it.
const MAYBE_UNKNOWN: [Dimension; 4] = [Dimension::Region, Dimension::City, Dimension::Screen, Dimension::Language];

fn is_campaign(dimension: Dimension) -> bool {
    dimension.name().starts_with("utm_")
}

/// All rows of a breakdown that a panel shows, most first.
fn rows(dimension: Dimension, mut lines: Vec<Line>, is_measured: bool) -> Vec<PanelRow> {
    if dimension == Dimension::Event {
        // Pageviews have panels of their own.
        lines.retain(|line| line.tally.events > 0);
    }
    // Most visits have no campaign, and without a file of places none has a city: that is no news.
    let is_news = |line: &Line| &*line.value != dimension.missing();
    if is_campaign(dimension) || MAYBE_UNKNOWN.contains(&dimension) && !lines.iter().any(is_news) {
        lines.retain(is_news);
    }
    let first = if is_measured || dimension == Dimension::Event { 0 } else { columns(dimension, true).len() };
    report::sort(&mut lines, &[Order { by: By::Metric(first), descending: true }]);
    let many = columns(dimension, is_measured).len();
    let row =
        |line: Line| PanelRow { value: line.value, metrics: line.metrics[first..first + many].to_vec(), share: None };
    lines.into_iter().map(row).collect()
}

/// All rows of one breakdown, for an export.
///
/// # Errors
/// [`StoreError`]
pub fn export(
    site: &Site,
    period: Period,
    dimension: Dimension,
    collector: &Collector,
) -> Result<(Vec<Metric>, Vec<PanelRow>), StoreError> {
    let now = collector.clock().now();
    let range = period.range(&site.schedule, now, collector.first_day(site.id)?);
    let metrics = [Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Events];
    let asked = question(site.id, range.span, Axis::Of(dimension), None, &metrics);
    let mut lines = report::answer(&asked, collector)?;
    report::sort(&mut lines, &report::ORDER);
    let row = |line: Line| PanelRow { value: line.value, metrics: line.metrics, share: None };
    Ok((metrics.to_vec(), lines.into_iter().map(row).collect()))
}

/// The programs of a period, for an export.
///
/// # Errors
/// [`StoreError`]
pub fn bots(site: &Site, period: Period, collector: &Collector) -> Result<Vec<report::bots::BotLine>, StoreError> {
    let range = period.range(&site.schedule, collector.clock().now(), collector.first_day(site.id)?);
    let counts = collector.bots(site.id, range.span.first_day(), range.span.last_day())?;
    Ok(report::bots::lines(counts))
}

fn periods(site: &Site, current: Period) -> Vec<PeriodLink> {
    let link = |period: Period| PeriodLink {
        label: period.to_string(),
        href: format!("/{}?{}", site.domain, period.query()),
        is_current: period == current,
    };
    let custom = matches!(current, Period::Custom(..)).then_some(current);
    Period::ALL.into_iter().chain(custom).map(link).collect()
}

fn notices(site: &Site, collector: &Collector, is_new: bool) -> Result<Vec<String>, StoreError> {
    let mut notices = Vec::new();
    if is_new && unclaimed_lately(collector)?.iter().any(|line| line.reason == Rejection::UnknownSite) {
        // Whoever waits for a first visit should see that it came under another name.
        notices.push("Messages have arrived that name no site of this collector. Is the data-domain right?".to_owned());
    }
    let today = site.schedule.locate(collector.clock().now()).day;
    let lately = if is_new { collector.rejected(site.id, Day(today.0 - 6), today)? } else { Vec::new() };
    if lately.iter().any(|(reason, _)| *reason == Rejection::WrongHost) {
        notices.push(
            "Messages have arrived from pages of other hosts than the site's. See `headcount site set --host`."
                .to_owned(),
        );
    }
    if collector.has_hidden_proxy() {
        let sentence = "Nearly all visitors seem to come from one private address: a proxy stands in front that is not named in trusted_proxies.";
        notices.push(sentence.to_owned());
    }
    if collector.may_repeat(site) {
        notices.push(VISITORS_MAY_REPEAT.to_owned());
    }
    if collector.meter().degraded.get() != 0 {
        notices
            .push("The database can't be written to at present. Counting goes on in memory; see the log.".to_owned());
    }
    if let Some((_, zone)) = site.schedule.next().filter(|(from, _)| *from > collector.clock().now()) {
        notices.push(format!("From the next day on, days of this site begin at midnight in {zone}."));
    }
    Ok(notices)
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
