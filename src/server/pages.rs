//! In: requests of browsers. Out: pages, the tracker, health and metrics. Forgets: nothing; readers are not counted.

use std::sync::Arc;

use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use super::dashboard::{Breakdown, NoView, View, Wish};
use super::form::NoForm;
use super::language::words_for;
use super::overview::{self, Wanted};
use super::signed_in::{Account, admit};
use super::{Shared, apart, dashboard, share, signed_in};
use crate::page::cards::Tab;
use crate::page::sign_in::Why;
use crate::page::tracker::{self, Installed, TRACKER};
use crate::page::words::Words;
use crate::page::{self, ErrorPage, PrivacyPage, SignInPage, bots, export};
use crate::report::Sums;
use crate::report::choice::NotAChoice;
use crate::site::{Moment, Site};
use crate::store::StoreError;
use crate::store::sqlite::Scope;

/// How long browsers may keep the tracker without asking again, in seconds: an hour, so that a fix is out the same day.
const TRACKER_AGE: &str = "public, max-age=3600";
/// The same of what has another address when it changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The keys of a query in order, as often as they come.
pub type Asked = Query<Vec<(String, String)>>;

/// `GET /`: all sites; straight to the only one after signing in.
pub async fn sites(State(app): State<Shared>, Query(asked): Asked, headers: HeaderMap) -> Response {
    let account = match admit(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let (collector, words, wanted) = (app.collector.clone(), words_for(&headers), Wanted::read(&asked));
    let made = apart(move || {
        let mut sites = collector.directory().all();
        sites.retain(|site| account.may_read(site.id));
        overview::page(&sites, &wanted, words, &account, &collector)
    });
    match made.await {
        Some(Ok(page)) => html(StatusCode::OK, page.html()),
        _ => failed(&headers),
    }
}

/// `GET /DOMAIN`: the dashboard of a site.
pub async fn site(
    State(app): State<Shared>,
    Path(domain): Path<String>,
    Query(asked): Asked,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let instead = || share::instead(&domain, query.as_deref(), &headers, &app);
    let account = match admit(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return instead().await.unwrap_or(answer),
    };
    let Some(site) = readable(&domain, &account, &app) else {
        return instead().await.unwrap_or_else(|| not_found(&headers));
    };
    if site.domain.as_str() != domain {
        return Redirect::to(&format!("/{}", site.domain)).into_response();
    }
    let words = words_for(&headers);
    let made = apart(move || match View::read(&site, &asked, app.collector.clock().now(), words) {
        Ok(view) => {
            Ok(dashboard::site_page(&view, Some(account.shown()), &app.collector, &app.collector, &app.base_url))
        }
        Err(wrong) => Err(wrong),
    });
    match made.await {
        Some(Ok(Ok(page))) => html(StatusCode::OK, page.html()),
        Some(Err(wrong)) => no_view(&wrong, &headers),
        _ => failed(&headers),
    }
}

/// `GET /DOMAIN/PANEL`, and the same with `.csv` and `.json`: all rows of a panel, for people and for other programs.
pub async fn panel(
    State(app): State<Shared>,
    Path((domain, file)): Path<(String, String)>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let account = match admit(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(site) = readable(&domain, &account, &app) else { return not_found(&headers) };
    if let Some(ending) = file.strip_prefix("mail.") {
        return mails(site, ending, asked, app, &headers).await;
    }
    if let Some((bots::NAME, ending)) = file.split_once('.') {
        return bot_lines(site, ending, asked, app, &headers).await;
    }
    let words = words_for(&headers);
    let Some((tab, ending)) = named(&file) else { return not_found(&headers) };
    let found = apart(move || {
        let now = app.collector.clock().now();
        let view = View::read(&site, &asked, now, words)?;
        Ok(rows_or_file(&view, &tab, ending, &asked, Some(account.shown()), &app.collector, now))
    });
    match found.await {
        Some(Ok(Ok(Some(answer)))) => answer,
        Some(Ok(Ok(None))) => wrong(words.not_together, words.not_counted_export, words),
        Some(Err(wrong)) => no_view(&wrong, &headers),
        _ => failed(&headers),
    }
}

/// The site of a name, if there is one for whoever asks: what may not be read looks as if it were not there.
pub fn readable(domain: &str, account: &Account, app: &Shared) -> Option<Arc<Site>> {
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
    view: &View,
    tab: &Tab,
    ending: Option<&str>,
    asked: &[(String, String)],
    account: Option<page::Account>,
    sums: &dyn Sums,
    now: Moment,
) -> Result<Option<Response>, StoreError> {
    let Some(ending) = ending else {
        let page = dashboard::rows_page(view, tab, Wish::read(asked), now, sums, account)?;
        return Ok(Some(html(StatusCode::OK, page.html())));
    };
    let Some(Breakdown { metrics, rows }) = dashboard::export(view, tab, now, sums)? else { return Ok(None) };
    Ok(Some(match ending {
        "csv" => text("text/csv; charset=utf-8", export::csv(&metrics, &rows)),
        _ => text("application/json", export::json(&tab.key(), &metrics, &rows)),
    }))
}

/// The answer to an address that leads to no view.
pub fn no_view(no_view: &NoView, headers: &HeaderMap) -> Response {
    let words = words_for(headers);
    let title = match no_view {
        NoView::Period(_) | NoView::Compare(_) => words.no_such_period,
        NoView::NotForAll => words.not_for_all,
        NoView::Filter(NotAChoice::Refused(_)) | NoView::GoalAndFilter => words.not_together,
        NoView::Filter(_) => words.no_such_filter,
    };
    wrong(title, &no_view.to_string(), words)
}

/// The answer to an address that asks for what there is not.
pub fn wrong(title: &str, sentence: &str, words: &'static Words) -> Response {
    let (title, sentence) = (title.to_owned(), whole_sentence(sentence));
    html(StatusCode::BAD_REQUEST, ErrorPage { words, status: 400, title, sentence }.html())
}

/// An error as a page says it: with a capital at its beginning and a full stop at its end.
pub fn whole_sentence(error: &str) -> String {
    let mut letters = error.trim_end_matches('.').chars();
    let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    format!("{first}{}.", letters.as_str())
}

/// `GET /DOMAIN/mail.csv` and `.json`: what became of the mails of campaigns.
async fn mails(
    site: Arc<Site>,
    ending: &str,
    asked: Vec<(String, String)>,
    app: Shared,
    headers: &HeaderMap,
) -> Response {
    let words = words_for(headers);
    let found = apart(move || match View::read(&site, &asked, app.collector.clock().now(), words) {
        Ok(view) => Ok(dashboard::mails_of(&view, &app.collector)),
        Err(wrong) => Err(wrong),
    });
    match (found.await, ending) {
        (Some(Err(wrong)), _) => no_view(&wrong, headers),
        (Some(Ok(Ok(lines))), "csv") => text("text/csv; charset=utf-8", export::mail_csv(&lines)),
        (Some(Ok(Ok(lines))), "json") => text("application/json", export::mail_json(&lines)),
        (Some(Ok(Ok(_))), _) => not_found(headers),
        _ => failed(headers),
    }
}

/// What programs came, for other programs.
async fn bot_lines(
    site: Arc<Site>,
    ending: &str,
    asked: Vec<(String, String)>,
    app: Shared,
    headers: &HeaderMap,
) -> Response {
    let words = words_for(headers);
    let found = apart(move || match View::read(&site, &asked, app.collector.clock().now(), words) {
        Ok(view) => Ok(dashboard::bots(&view, &app.collector)),
        Err(wrong) => Err(wrong),
    });
    match (found.await, ending) {
        (Some(Err(wrong)), _) => no_view(&wrong, headers),
        (Some(Ok(Ok(lines))), "csv") => text("text/csv; charset=utf-8", bots::csv(&lines)),
        (Some(Ok(Ok(lines))), "json") => text("application/json", bots::json(&lines)),
        (Some(Ok(Ok(_))), _) => not_found(headers),
        _ => failed(headers),
    }
}

/// How to sign in.
pub fn sign_in(why: Why, name: &str, headers: &HeaderMap) -> Response {
    let status = StatusCode::from_u16(why.status()).unwrap_or_default();
    html(status, SignInPage { words: words_for(headers), why, name: name.to_owned() }.html())
}

/// The page to sign in on, for whoever wants to.
pub fn ask(headers: &HeaderMap) -> Response {
    let mut answer = sign_in(Why::Asked, "", headers);
    *answer.status_mut() = StatusCode::OK;
    answer
}

/// When a form can't be taken.
pub fn no_form(no_form: NoForm, headers: &HeaderMap) -> Response {
    let words = words_for(headers);
    let (status, title, sentence) = match no_form {
        NoForm::FromElsewhere => (403, words.form_from_elsewhere, words.form_from_elsewhere_why),
        NoForm::TooLarge => (413, words.form_too_large, words.form_too_large_why),
        NoForm::Late => (408, words.form_late, words.form_late_why),
    };
    let page = ErrorPage { words, status, title: title.into(), sentence: sentence.into() };
    html(StatusCode::from_u16(status).unwrap_or_default(), page.html())
}

/// `GET /privacy/DOMAIN`: what visitors of a site may know; for everybody.
pub async fn privacy(State(app): State<Shared>, Path(domain): Path<String>, headers: HeaderMap) -> Response {
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return not_found(&headers) };
    let now = app.collector.clock().now();
    let page = PrivacyPage {
        words: words_for(&headers),
        domain: site.domain.to_string(),
        address: site.settings.address,
        is_opt_out_honoured: site.settings.opt_out,
        time_zone: site.schedule.zone_at(now).iana_name().unwrap_or("Etc/UTC").to_owned(),
    };
    html(StatusCode::OK, page.html())
}

/// `GET /health`: whether it counts and stores; for everybody, so it names no site.
pub async fn health(State(app): State<Shared>) -> Response {
    let collector = &app.collector;
    let is_degraded = collector.meter().degraded.get() != 0 || collector.meter().lost.get() != 0;
    let may_repeat = collector.directory().all().iter().any(|site| collector.may_repeat(site));
    let body = json!({
        "status": if is_degraded { "degraded" } else { "ok" },
        "version": env!("CARGO_PKG_VERSION"),
        "live_state": "memory",
        "visitors_may_repeat_today": may_repeat,
    });
    let status = if is_degraded { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, axum::Json(body)).into_response()
}

/// `GET /metrics` in OpenMetrics, for the bearer of an admin token.
pub async fn metrics(State(app): State<Shared>, headers: HeaderMap) -> Response {
    match signed_in::bearer(&headers, &app).await {
        Ok(Some(access)) if access.scope == Scope::Admin && access.site.is_none() => {}
        Ok(_) => return (StatusCode::UNAUTHORIZED, "metrics need the bearer token of an admin\n").into_response(),
        Err(_) => return failed(&headers),
    }
    let meter = app.collector.meter();
    meter.database_bytes.set(app.collector.store().bytes() as i64);
    text("application/openmetrics-text; version=1.0.0; charset=utf-8", meter.text())
}

/// `GET /js/FILE`: the tracker, which any page may load, and what answers to installed snippets of Plausible's.
pub async fn tracker(State(app): State<Shared>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(name) = file.strip_suffix(".js") else { return not_found(&headers) };
    match name {
        "script" => script(TRACKER.as_str()),
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

/// What there is not.
pub fn not_found(headers: &HeaderMap) -> Response {
    error(StatusCode::NOT_FOUND, headers)
}

/// What somebody who is signed in may not see.
pub fn forbidden(headers: &HeaderMap) -> Response {
    error(StatusCode::FORBIDDEN, headers)
}

/// When the store has failed; the log says more.
pub fn failed(headers: &HeaderMap) -> Response {
    error(StatusCode::INTERNAL_SERVER_ERROR, headers)
}

fn error(status: StatusCode, headers: &HeaderMap) -> Response {
    html(status, ErrorPage::of(status.as_u16(), words_for(headers)).html())
}

/// When a page was open for a while, and that is over.
pub fn ended(headers: &HeaderMap) -> Response {
    error(StatusCode::GONE, headers)
}

/// A page with the code of its status.
pub fn with_status(status: u16, body: String) -> Response {
    html(StatusCode::from_u16(status).unwrap_or_default(), body)
}

/// The sources of a content policy in whose pages an answer may stand; without it there are none.
#[derive(Debug, Clone)]
pub struct Frames(pub String);

/// A page.
pub fn html(status: StatusCode, body: String) -> Response {
    (status, Html(body)).into_response()
}

/// Something that is no page.
pub fn text(kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut answer = Response::new(body.into());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Puts the headers on every answer that keep pages to themselves.
pub async fn protect(mut answer: Response) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                          img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                          require-trusted-types-for 'script'; trusted-types headcount; frame-ancestors";
    let frames = answer.extensions().get::<Frames>().map_or("'none'", |frames| &frames.0);
    const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    let policy = HeaderValue::from_str(&format!("{POLICY} {frames}"));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.unwrap_or(NOTHING));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}
