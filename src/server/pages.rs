//! In: requests of browsers. Out: pages, the tracker, health and metrics. Readers are not counted.

use std::sync::Arc;

use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::answers::{file, html, no_view, not_found, text, wrong};
use super::failure::{self, FailureCause};
use super::language::words_for;
use super::signed_in::{SignedIn, admit};
use super::{App, SharedApp, locked_memory, memory_watch, share, signed_in};
use crate::cell::{Dimension, Metric};
use crate::clock::ClockBelief;
use crate::collector::{Collector, SnapshotScope};
use crate::control::snippet;
use crate::hit::place;
use crate::journal::JournalTrouble;
use crate::meter::{FailureKind, log};
use crate::operator::TokenScope;
use crate::page::cards::Tab;
use crate::page::tracker::{self, Installed, TRACKER};
use crate::page::{self, bots, export};
use crate::report::{Records, Sums, taken_out};
use crate::site::{Moment, Schedule, Site, SiteId};
use crate::store::{StoreError, TakenOutOf};
use crate::view::rows::{Breakdown, ListParams, export as breakdown, rows_page};
use crate::view::site_list::{SiteListParams, site_list};
use crate::view::site_page::{bots_of, mails_of};
use crate::view::{InstanceState, SiteView, ViewError, site_page};

/// How long browsers may keep the tracker without asking again, in seconds: an hour, so that a fix is out the same day.
const TRACKER_AGE: &str = "public, max-age=3600";
/// The same of what has another address when it changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The keys of a query in order, as often as they come.
pub type QueryPairs = Query<Vec<(String, String)>>;

/// `GET /`: all sites; straight to the only one after signing in.
pub async fn sites(State(app): State<SharedApp>, Query(asked): QueryPairs, headers: HeaderMap) -> Response {
    let account = match admit(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let (words, wanted) = (words_for(&headers), SiteListParams::read(&asked));
    let made = app.in_turn(move |collector| {
        let mut sites = collector.directory().all();
        sites.retain(|site| account.may_read(site.id));
        // What names no site is told to owners, and is booked to the instance.
        let shown = sites.iter().map(|site| site.id).chain([SiteId::INSTANCE]).collect();
        let scope = SnapshotScope { counts_visitors: true, ..SnapshotScope::totals(shown) };
        let snapshot = collector.snapshot(scope)?;
        let page = site_list(&sites, &wanted, words, account.shown(), collector.clock().now(), &snapshot)?;
        Ok::<_, StoreError>(page.html())
    });
    match made.await.and_then(|made| made.map_err(FailureCause::from)) {
        Ok(page) => html(StatusCode::OK, page),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// `GET /DOMAIN`: the dashboard of a site.
pub async fn site(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(asked): QueryPairs,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let instead = || share::instead(&domain, query.as_deref(), &headers, &app);
    let account = match admit(&headers, &app).await {
        Ok(account) => account,
        Err(failed) if failed.status().is_server_error() => return failed,
        Err(answer) => return instead().await.unwrap_or(answer),
    };
    let Some(site) = readable(&domain, &account, &app) else {
        return instead().await.unwrap_or_else(|| not_found(&headers));
    };
    if site.domain.as_str() != domain {
        return Redirect::to(&format!("/{}", site.domain)).into_response();
    }
    let words = words_for(&headers);
    let shown = app.clone();
    let made = app.in_turn(move |collector| {
        let now = collector.clock().now();
        let view = SiteView::read(&site, &asked, now, words)?;
        let scope = SnapshotScope { counts_visitors: true, ..scope(&view, None, now, vec![site.id]) };
        let page = collector.snapshot(scope).and_then(|snapshot| {
            remembered(view, now, &snapshot, |view| {
                let instance = instance(&site, now, &shown);
                Ok(site_page(view, Some(account.shown()), &snapshot, Some(&snapshot), &instance)?.html())
            })
        });
        Ok(page)
    });
    match made.await {
        Ok(Ok(Ok(Ok(page)))) => html(StatusCode::OK, page),
        Ok(Err(wrong) | Ok(Ok(Err(wrong)))) => no_view(&wrong, &headers),
        Ok(Ok(Err(error))) => failure::page(error, &headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// `GET /DOMAIN/PANEL`, and the same with `.csv` and `.json`: all rows of a panel, for people and for other programs.
pub async fn panel(
    State(app): State<SharedApp>,
    Path((domain, file)): Path<(String, String)>,
    Query(asked): QueryPairs,
    headers: HeaderMap,
) -> Response {
    let account = match admit(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(site) = readable(&domain, &account, &app) else { return not_found(&headers) };
    let (words, tab) = (words_for(&headers), named(&file));
    if tab.is_none() && !matches!(file.split_once('.'), Some(("mail" | bots::NAME, _))) {
        return not_found(&headers);
    }
    let found = app.in_turn(move |collector| {
        let now = collector.clock().now();
        let view = SiteView::read(&site, &asked, now, words)?;
        let snapshot = collector.snapshot(scope(&view, tab.as_ref().map(|(tab, _)| tab), now, vec![site.id]));
        Ok(snapshot.and_then(|snapshot| {
            remembered(view, now, &snapshot, |view| match &tab {
                Some((tab, ending)) => {
                    let made = rows_or_file(view, tab, *ending, &asked, Some(account.shown()), &snapshot, now)?;
                    Ok(Some(made.unwrap_or_else(|sentence| wrong(words.not_together, sentence, words))))
                }
                None => beside(view, &file, now, &snapshot),
            })
        }))
    });
    match found.await {
        Ok(Ok(Ok(Ok(Some(answer))))) => answer,
        Ok(Ok(Ok(Ok(None)))) => not_found(&headers),
        Ok(Err(wrong) | Ok(Ok(Err(wrong)))) => no_view(&wrong, &headers),
        Ok(Ok(Err(error))) => failure::page(error, &headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// What a view shows, as far as sums, or whole visits in memory, can tell it.
///
/// # Errors
/// [`StoreError`]
pub fn remembered<T>(
    view: SiteView,
    now: Moment,
    sums: &dyn Sums,
    show: impl FnOnce(&SiteView) -> Result<T, StoreError>,
) -> Result<Result<T, ViewError>, StoreError> {
    match view.remembered(now, sums)? {
        Ok(view) => show(&view).map(Ok),
        Err(wrong) => Ok(Err(wrong)),
    }
}

/// What a page asks of a snapshot: all of its questions are asked of one.
pub fn scope(view: &SiteView, tab: Option<&Tab>, now: Moment, sites: Vec<SiteId>) -> SnapshotScope {
    SnapshotScope { pairs_until: view.pairs_until(tab, now), ..SnapshotScope::sites(sites) }
}

/// What keeps figures from being stored.
const STORING: [FailureKind; 5] = [
    FailureKind::Replaced,
    FailureKind::Removed,
    FailureKind::FolderRemoved,
    FailureKind::Overwritten,
    FailureKind::Flush,
];

/// What the page of a site says of the collector. To be asked after a snapshot, which waits until all hits that were
/// acknowledged are counted.
pub fn instance(site: &Site, now: Moment, app: &App) -> InstanceState {
    let collector = &app.collector;
    InstanceState {
        now,
        snippet: snippet(&site.domain, &app.base_url),
        hidden_proxy: collector.hidden_proxy(),
        may_repeat: collector.may_repeat(site),
        lacks_journal: collector.journal_trouble().is_some_and(|why| why != JournalTrouble::SwitchedOff),
        storing: STORING.iter().find(|kind| collector.meter().failures.lasts(**kind)).map(|kind| kind.sentence()),
        personal_parents: collector.personal_parents(site),
    }
}

/// The site of a name, if there is one for whoever asks: what may not be read looks as if it were not there.
pub fn readable(domain: &str, account: &SignedIn, app: &SharedApp) -> Option<Arc<Site>> {
    app.collector.directory().find(domain).filter(|site| account.may_read(site.id)).cloned()
}

/// The panel that the last part of an address names, and the ending of its file, if it asks for one.
pub fn named(file: &str) -> Option<(Tab, Option<&'static str>)> {
    let ending =
        ["csv", "json"].into_iter().find(|ending| file.strip_suffix(ending).is_some_and(|it| it.ends_with('.')));
    let name = ending.map_or(file, |ending| &file[..file.len() - ending.len() - 1]);
    let tab = Tab::from_key(name).filter(|tab| tab.axis().is_some())?;
    Some((tab, ending))
}

/// All rows of a panel, as a page or as a file; nothing where sums can't tell them.
///
/// # Errors
/// [`StoreError`]
pub fn rows_or_file(
    view: &SiteView,
    tab: &Tab,
    ending: Option<&str>,
    asked: &[(String, String)],
    account: Option<page::Account>,
    sums: &dyn Sums,
    now: Moment,
) -> Result<Result<Response, &'static str>, StoreError> {
    let Some(ending) = ending else {
        let page = rows_page(view, tab, ListParams::read(asked), now, sums, account)?;
        return Ok(Ok(html(StatusCode::OK, page.html())));
    };
    let Breakdown { days, metrics, rows, compared, may_lack } =
        match breakdown(view, tab, &ListParams::read(asked), now, sums)? {
            Ok(found) => found,
            Err(sentence) => return Ok(Err(sentence)),
        };
    let name = format!("{}-{}-{}-{}.{ending}", view.name, tab.key(), days.0, days.1);
    let marks = sums.taken_out(view.site.id, days.0, days.1)?;
    sums.make_room(text_bytes(&metrics, &rows))?;
    let mut told: Vec<String> = taken_out::all_told(&marks);
    told.extend(compared.and_then(|compared| compared.partly_told()));
    told.extend(may_lack.then(|| taken_out::BEHIND_FILTER.to_owned()));
    let warning = Some(told.join(" ")).filter(|told| !told.is_empty());
    let mut answer = match ending {
        "csv" => file("text/csv; charset=utf-8", &name, export::csv(&metrics, &rows, compared.is_some())),
        _ => file(
            "application/json",
            &name,
            export::json(&tab.key(), &metrics, &rows, compared.as_ref(), warning.as_deref()),
        ),
    };
    warn(&mut answer, warning.as_deref().filter(|_| ending == "csv"));
    Ok(Ok(answer))
}

/// The memory that rows take while they become text, in bytes.
fn text_bytes(metrics: &[Metric], rows: &[page::PanelRow]) -> usize {
    // A name and a number, in JSON, and the same again while what grows is copied.
    let row = |row: &page::PanelRow| row.value.len() + 40 + metrics.len() * 32;
    2 * rows.iter().map(row).sum::<usize>()
}

/// Warns of what is missing in a file: a line that is no row would be in the way of programs that read it.
fn warn(answer: &mut Response, warning: Option<&str>) {
    if let Some(Ok(warning)) = warning.map(HeaderValue::try_from) {
        answer.headers_mut().insert("headcount-warning", warning);
    }
}

/// `GET /DOMAIN/mail.csv` and `.json`, and the same of `bots`: what became of the mails of campaigns, and what programs came.
/// Nothing where the address names neither.
///
/// # Errors
/// [`StoreError`]
fn beside(view: &SiteView, file: &str, now: Moment, records: &dyn Records) -> Result<Option<Response>, StoreError> {
    let mut answer = match file.split_once('.') {
        Some(("mail", "csv")) => csv(export::mail_csv(&mails_of(view, now, records)?)),
        Some(("mail", "json")) => json(export::mail_json(&mails_of(view, now, records)?)),
        Some((bots::NAME, "csv")) => csv(bots::csv(&bots_of(view, now, records)?)),
        Some((bots::NAME, "json")) => json(bots::json(&bots_of(view, now, records)?)),
        _ => return Ok(None),
    };
    let of = if file.starts_with(bots::NAME) { Dimension::Page } else { Dimension::UtmCampaign };
    let span = view.range(now, records.first_day(view.site.id)?).span;
    let mut marks = records.taken_out(view.site.id, span.first_day(), span.last_day())?;
    let is_of_bots = of == Dimension::Page;
    marks.retain(|mark| match mark.of {
        TakenOutOf::SetAside(None) => is_of_bots,
        TakenOutOf::Everything => true,
        other => other == TakenOutOf::Of(of),
    });
    let told = taken_out::told(&marks).into_iter().chain(taken_out::set_aside(&marks));
    let told: Vec<String> = told.collect();
    warn(&mut answer, Some(told.join(" ")).filter(|told| !told.is_empty()).as_deref());
    Ok(Some(answer))
}

fn csv(body: String) -> Response {
    text("text/csv; charset=utf-8", body)
}

fn json(body: String) -> Response {
    text("application/json", body)
}

/// `GET /health`: whether it counts and stores; for everybody, so it names no site.
pub async fn health(State(app): State<SharedApp>) -> Response {
    let collector = &app.collector;
    let reasons = collector.meter().troubles();
    let is_degraded = !reasons.is_empty();
    let is_real_time = collector.clock().is_true();
    let trouble = collector.journal_trouble();
    let (waiting, reading) = (collector.waiting(), collector.clock().reading());
    let is_doubted = reading.belief == ClockBelief::Believed && collector.meter().failures.lasts(FailureKind::Clock);
    let clock = if is_doubted { ClockBelief::Doubted } else { reading.belief }.name();
    let may_repeat = collector.directory().all().iter().any(|site| collector.may_repeat(site));
    let body = serde_json::json!({
        "status": match (is_real_time, is_degraded) {
            (false, _) => "on a test's clock",
            (true, true) => "degraded",
            (true, false) => "ok",
        },
        "reasons": reasons,
        "warnings": warnings(collector, clock),
        "version": env!("CARGO_PKG_VERSION"),
        "live_state": if trouble.is_none() { "journal" } else { "memory" },
        "live_state_reason": trouble.map(JournalTrouble::sentence),
        "visitors_may_repeat_today": may_repeat,
        // No reason to take the server out of service: it counts, and a start would only make it doubt anew.
        "clock": clock,
        "time": reading.now.timestamp().to_string(),
        "cells_pending": waiting.map(|waiting| waiting.cells),
        "pending_since": waiting.and_then(|waiting| waiting.since).map(|since| since.timestamp().to_string()),
        // Nor this: it counts, and what is whole is shown.
        "database_findings": collector.meter().database_findings.get(),
        "set_aside": collector.meter().all_set_aside(),
        "connections": app.connections.health(),
        "log_lines_lost": log::lost_lines(),
        "places": places(collector),
        "memory": locked_memory::told(),
        "overload": memory_watch::health(&app),
    });
    if is_degraded || !is_real_time { failure::unwell(body) } else { axum::Json(body).into_response() }
}

/// What somebody should see to although it counts and stores, a sentence each.
fn warnings(collector: &Collector, clock: &str) -> Vec<String> {
    let meter = collector.meter();
    let (findings, mut warnings) = (meter.database_findings.get(), Vec::new());
    if findings > 0 {
        warnings
            .push(format!("the database is damaged in {findings} places; `headcount check --full` tells all of them"));
    }
    if clock == ClockBelief::Doubted.name() {
        warnings.push("the clock is doubted; set it, or run `headcount clock confirm` if it is right".to_owned());
    }
    if let Some(trouble) = collector.journal_trouble().filter(|trouble| *trouble != JournalTrouble::SwitchedOff) {
        warnings.push(format!("a restart counts the visitors of the day again: {trouble}"));
    }
    if !meter.all_set_aside().is_empty() {
        warnings.push("what was in the way of the database was set aside; `set_aside` names it".to_owned());
    }
    if meter.failures.has_been(FailureKind::Spill) {
        let sentence =
            "a file of sums that an earlier stop could not store was not taken up or not removed; the log names it";
        warnings.push(sentence.to_owned());
    }
    warnings
}

/// What tells places, and how old it is. Old figures of networks are a reason to look, none to take the server out of service.
fn places(collector: &Collector) -> serde_json::Value {
    let today = Schedule::utc().locate(collector.clock().now()).day;
    let (teller, built) = collector.tools().places.teller();
    serde_json::json!({
        "by": teller.name(),
        "built": built.map(|day| day.to_string()),
        "is_old": built.is_some_and(|day| place::is_old(day, today)),
        "table_built": place::table().day.to_string(),
    })
}

/// `GET /metrics` in OpenMetrics, for the bearer of an admin token.
pub async fn metrics(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    match signed_in::bearer(&headers, &app).await {
        Ok(Some(access)) if access.scope == TokenScope::Admin && access.site.is_none() => {}
        Ok(_) => return (StatusCode::UNAUTHORIZED, "metrics need the bearer token of an admin\n").into_response(),
        Err(cause) => return failure::page(cause, &headers),
    }
    let meter = app.collector.meter();
    meter.database_bytes.set(app.collector.stored_bytes() as i64);
    text("application/openmetrics-text; version=1.0.0; charset=utf-8", meter.text())
}

/// `GET /js/FILE`: the tracker, which any page may load, and what answers to installed snippets of Plausible's.
pub async fn tracker(State(app): State<SharedApp>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(name) = file.strip_suffix(".js") else { return not_found(&headers) };
    match name {
        "script" => script(TRACKER.as_str()),
        "more" => script(tracker::installed(Installed::More)),
        "init" => script(tracker::installed(Installed::Init)),
        _ if name.starts_with("pa-") => {
            let site = app.collector.directory().find(name).cloned();
            script(tracker::of_site(site.as_ref().map(|site| site.domain.as_str())))
        }
        _ if name.starts_with("plausible") || name.starts_with("script.") => {
            script(tracker::installed(Installed::Plausible))
        }
        _ => not_found(&headers),
    }
}

/// `GET /script.js`, `/count.js` and the like: the tracker for installed snippets of others.
pub async fn installed(whose: Installed) -> Response {
    script(tracker::installed(whose))
}

fn script(text_of: impl Into<axum::body::Body>) -> Response {
    let mut answer = text("text/javascript; charset=utf-8", text_of);
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(TRACKER_AGE));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    answer
}

/// `GET /assets/style.css`, whose address changes with its content.
pub async fn style() -> Response {
    let mut answer = text("text/css; charset=utf-8", page::STYLE);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    answer
}

/// `GET /assets/headcount.js`, whose address changes with its content too.
pub async fn own_script() -> Response {
    let mut answer = text("text/javascript; charset=utf-8", page::script::SCRIPT);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    answer
}

/// `GET /favicon.ico`: there is none, and no page about it either.
pub async fn no_icon() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Anything else.
pub async fn no_page(headers: HeaderMap) -> Response {
    not_found(&headers)
}
