//! In: requests of readers who are not signed in, for what an operator has opened. Out: a site's page and its files, of folded
//! sums of days that are over. Forgets: who asks; a right password is remembered by the browser itself.

mod access_guard;

use axum::Extension;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::failure;
use super::form::PostedForm;
use super::guess::{self, Guess, Guessed, Peer, Trier};
use super::language::words_for;
use super::pages::QueryPairs;
use super::{App, SharedApp, answers, pages};
use crate::collector::{Collector, SitesSnapshot, SnapshotScope};
use crate::operator::Share;
use crate::page::share::SharePasswordReason;
use crate::page::words::Words;
use crate::report::Sums;
use crate::report::folded::{Folded, SegmentSums};
use crate::secret::password::Password;
use crate::site::Moment;
use crate::store::StoreError;
use crate::view::{SiteView, ViewError, site_page};
use access_guard::OpenShare;

/// The key of a query that asks for the page without its frame, to stand in another page.
const EMBED: &str = "embed";

/// How long caches may keep a public page: its figures change once a day, but it may be closed.
const PUBLIC_AGE: &str = "public, max-age=300";

/// `GET /share/SLUG`: the page of a site.
pub async fn page(
    State(app): State<SharedApp>,
    Path(slug): Path<String>,
    Query(asked): QueryPairs,
    headers: HeaderMap,
) -> Response {
    let is_embedded = is_embedded(&asked);
    let made = made(&slug, &headers, &app, move |open, (app, collector), words| {
        let view = view(open, &asked, words)?;
        let now = collector.clock().now();
        let made = snapshot(open, now, collector).and_then(|snapshot| {
            folded(open, now, (&snapshot, collector), |sums| {
                site_page(&view, None, sums, None, &pages::instance(&open.site, now, app))
            })
        });
        Ok(made.map(|page| Some(answers::with_status(200, page.html()))))
    });
    made.await.map_or_else(|answer| answer, |(answer, share)| dressed(answer, &share, is_embedded))
}

/// `GET /share/SLUG/PANEL`, and the same with `.csv` and `.json`: all rows of a panel.
pub async fn panel(
    State(app): State<SharedApp>,
    Path((slug, file)): Path<(String, String)>,
    Query(asked): QueryPairs,
    headers: HeaderMap,
) -> Response {
    let Some((tab, ending)) = pages::named(&file) else { return answers::not_found(&headers) };
    let is_embedded = is_embedded(&asked);
    let made = made(&slug, &headers, &app, move |open, (_, collector), words| {
        let view = view(open, &asked, words)?;
        if !view.has_tab(&tab) {
            return Ok(Ok(None));
        }
        let now = collector.clock().now();
        Ok(snapshot(open, now, collector).and_then(|snapshot| {
            folded(open, now, (&snapshot, collector), |sums| {
                Ok(pages::rows_or_file(&view, &tab, ending, &asked, None, sums, now)?.ok())
            })
        }))
    });
    made.await.map_or_else(|answer| answer, |(answer, share)| dressed(answer, &share, is_embedded))
}

/// What is counted of a site that is open.
fn snapshot<'a>(open: &OpenShare, now: Moment, collector: &'a Collector) -> Result<SitesSnapshot<'a>, StoreError> {
    // Of segments pairs tell, which are in memory for a while when a day is over.
    let pairs_until = open.segment.as_ref().map(|_| open.site.schedule.locate(now).day);
    collector.snapshot(SnapshotScope { pairs_until, is_as_counted: true, ..SnapshotScope::sites(vec![open.site.id]) })
}

/// Hands out what is open of these sums, as everybody may see it.
fn folded<T>(
    open: &OpenShare,
    now: Moment,
    (sums, collector): (&dyn Sums, &Collector),
    show: impl FnOnce(&dyn Sums) -> T,
) -> T {
    let Some(segment) = &open.segment else { return show(&Folded::of(sums, &open.site, now, collector.folded())) };
    let own = SegmentSums::of(sums, &open.site, segment);
    show(&Folded::of(&own, &open.site, now, collector.folded()).of_segment(segment.number))
}

/// Where anybody who asks for a site's own page is led: to its public page, if it is open.
pub async fn instead(domain: &str, query: Option<&str>, headers: &HeaderMap, app: &SharedApp) -> Option<Response> {
    let site = app.collector.directory().find(domain)?.clone();
    let open = match access_guard::find(site.domain.as_str(), headers, app).await {
        Ok(open) => open,
        Err(answer) => return Some(answer).filter(|answer| answer.status().is_server_error()),
    };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Some(Redirect::to(&format!("{}{query}", open.home)).into_response())
}

/// What an answer is made by, away from the threads that serve connections; nothing where there is no such thing.
type SharedPage = Result<Result<Option<Response>, StoreError>, ViewError>;

/// Makes an answer for whoever may see what is open, when it is their turn.
async fn made(
    slug: &str,
    headers: &HeaderMap,
    app: &SharedApp,
    work: impl Fn(&OpenShare, (&App, &Collector), &'static Words) -> SharedPage + Send + 'static,
) -> Result<(Response, Share), Response> {
    let open = access_guard::admit(slug, headers, app).await?;
    let (share, words, shown) = (open.share.clone(), words_for(headers), app.clone());
    match app.in_turn_of_strangers(move |collector| work(&open, (&shown, collector), words)).await {
        Ok(Ok(Ok(Some(answer)))) => Ok((answer, share)),
        Ok(Ok(Ok(None))) => Err(answers::not_found(headers)),
        Ok(Err(no_view)) => Err(answers::no_view(&no_view, headers)),
        Ok(Ok(Err(error))) => Err(failure::page(error, headers)),
        Err(cause) => Err(failure::page(cause, headers)),
    }
}

fn view<'a>(open: &'a OpenShare, asked: &[(String, String)], words: &'static Words) -> Result<SiteView<'a>, ViewError> {
    let view = SiteView::public(&open.site, open.home.clone(), asked, words)?;
    let view = open.segment.iter().fold(view, |view, segment| view.of_segment(segment));
    Ok(SiteView { is_findable: open.share.is_public(), ..view })
}

fn is_embedded(asked: &[(String, String)]) -> bool {
    asked.iter().any(|(key, _)| key == EMBED)
}

/// The part of a path that names a share, whatever follows.
#[derive(Deserialize)]
pub struct SlugOfPath {
    slug: String,
}

/// `POST /share/SLUG` and `/share/SLUG/PANEL`: the password of a secret link, asked for on any of its pages.
pub async fn unlock(
    State(app): State<SharedApp>,
    Path(SlugOfPath { slug }): Path<SlugOfPath>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let open = match access_guard::find(&slug, &headers, &app).await {
        Ok(open) => open,
        Err(answer) => return answer,
    };
    let form = match PostedForm::read(request, &app).await {
        Ok(form) => form,
        Err(no_form) => return answers::no_form(no_form, &headers),
    };
    let (password, share) = (Password::from(form.exact("password").to_owned()), open.share.clone());
    let work = move |collector: &Collector| match password.is_that_of(share.password.as_ref()) {
        true => access_guard::remembered(collector, share.id).map(Some),
        false => Ok(None),
    };
    let by = Trier::stranger(&headers, peer, &app);
    match guess::tried(Guessed::Share(open.share.id), by, &app, work).await {
        Ok(Guess::Right(kept)) => access_guard::welcome(&open, &kept, &uri, &headers, &app),
        Ok(Guess::Wrong) => access_guard::ask(&open, SharePasswordReason::Wrong, &headers),
        Ok(Guess::TooMany(wait_s)) => {
            let mut answer = access_guard::ask(&open, SharePasswordReason::TooMany(wait_s), &headers);
            guess::retry_after(&mut answer, wait_s);
            answer
        }
        Ok(Guess::Busy) => failure::busy(&headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// Puts the headers on an answer that say who may keep it, find it and frame it.
fn dressed(mut answer: Response, share: &Share, is_embedded: bool) -> Response {
    let headers = answer.headers_mut();
    if share.is_public() {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(PUBLIC_AGE));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    } else {
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    }
    if is_embedded && !share.embed.is_empty() {
        answer.extensions_mut().insert(answers::Frames(share.embed.join(" ")));
    }
    answer
}
