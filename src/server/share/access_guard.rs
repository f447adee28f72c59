//! In: the last part of a share's address, and a browser's cookies. Out: what is open there for whoever asks, or the answer that
//! keeps them out. Forgets: secret links and passwords, right after they are compared.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::failure::{self, stored};
use super::super::language::words_for;
use super::super::{App, SharedApp, answers, cookies};
use crate::collector::{Collector, random};
use crate::limits;
use crate::operator::Share;
use crate::page::share::{PasswordPage, SharePasswordReason};
use crate::secret::{self, Secret};
use crate::site::{Moment, Segment, Site};
use crate::store::StoreError;

/// The cookie of a browser whose reader knew the password; each share has its own, whose name ends with its number.
const COOKIE: &str = "headcount_share";
/// Name of the key that such cookies are signed with.
const KEY: &str = "shares";

/// A share that is there.
#[derive(Debug, Clone)]
pub struct OpenShare {
    /// Of which site.
    pub site: Arc<Site>,
    /// What an operator opened.
    pub share: Share,
    /// The segment that it shows alone; nothing for all of the site.
    pub segment: Option<Segment>,
    /// Where its page is.
    pub home: String,
}

/// What is open at an address, if it has not ended; a password may still be wanted.
///
/// # Errors
/// The answer that there is nothing, or nothing any more.
pub async fn find(slug: &str, headers: &HeaderMap, app: &SharedApp) -> Result<OpenShare, Response> {
    let (collector, name) = (app.collector.clone(), slug.to_owned());
    let found = match slug.len() {
        0..=limits::SHARE_SLUG_BYTES_MAX => stored(move || found(&collector, &name)).await,
        _ => Ok(None),
    };
    let now = app.collector.clock().now();
    match found {
        Ok(Some(open)) if !open.share.has_begun(now) => Err(answers::not_found(headers)),
        Ok(Some(open)) if open.share.has_ended(now) => Err(answers::ended(headers)),
        Ok(Some(open)) if open.share.is_public() && open.site.domain.as_str() != slug => {
            // Another name of the site, or the same in capitals.
            Err(Redirect::to(&open.home).into_response())
        }
        Ok(Some(open)) => Ok(open),
        Ok(None) => Err(answers::not_found(headers)),
        Err(cause) => Err(failure::page(cause, headers)),
    }
}

fn found(collector: &Collector, slug: &str) -> Result<Option<OpenShare>, StoreError> {
    let directory = collector.directory();
    if let Some(site) = directory.find(slug).cloned() {
        let share = collector.operators().public_share(site.id)?;
        let home = format!("/share/{}", site.domain);
        return Ok(share.map(|share| OpenShare { site, share, segment: None, home }));
    }
    let share = collector.operators().share_by_link(Secret::from_text(slug).digest())?;
    let home = format!("/share/{slug}");
    Ok(share.and_then(|share| of_link(directory.get(share.site)?.clone(), share, home)))
}

/// What a secret link shows. That of a segment shows nothing where the segment is gone, or where all of the site is counted in public.
fn of_link(site: Arc<Site>, share: Share, home: String) -> Option<OpenShare> {
    let Some(number) = share.segment else { return Some(OpenShare { site, share, segment: None, home }) };
    let segment = site.settings.segments.iter().find(|segment| segment.number == number)?.clone();
    (!site.settings.counter).then_some(OpenShare { site, share, segment: Some(segment), home })
}

/// What is open at an address for a browser that may see it.
///
/// # Errors
/// The answer: there is nothing, or a password is wanted.
pub async fn admit(slug: &str, headers: &HeaderMap, app: &SharedApp) -> Result<OpenShare, Response> {
    let open = find(slug, headers, app).await?;
    if open.share.password.is_none() {
        return Ok(open);
    }
    let (collector, id) = (app.collector.clone(), open.share.id);
    // In earlier versions all had the same name.
    let kept = [cookie_of(id), COOKIE.to_owned()].map(|name| cookies::values(headers, &name).join(" "));
    match stored(move || is_remembered(&collector, id, &kept.join(" "))).await {
        Ok(true) => Ok(open),
        Ok(false) => Err(ask(&open, SharePasswordReason::Asked, headers)),
        Err(cause) => Err(failure::page(cause, headers)),
    }
}

/// The page that asks for the password.
pub fn ask(open: &OpenShare, why: SharePasswordReason, headers: &HeaderMap) -> Response {
    let page = PasswordPage { words: words_for(headers), domain: open.site.domain.to_string(), why };
    answers::with_status(page.why.status(), page.html())
}

fn cookie_of(share: i64) -> String {
    format!("{COOKIE}_{share}")
}

/// Whether one of these cookies says that the password of a share was right, and not too long ago.
fn is_remembered(collector: &Collector, share: i64, kept: &str) -> Result<bool, StoreError> {
    let Some(key) = collector.operators().known_key(KEY)? else { return Ok(false) };
    let now = collector.clock().now();
    Ok(kept.split_whitespace().filter_map(|kept| secret::verified(&key, kept)).any(|text| {
        let until = text.strip_prefix(&format!("{share} ")).and_then(|until| until.parse().ok()).map(Moment);
        until.is_some_and(|until| until > now)
    }))
}

/// What a browser keeps when the password of a share was right.
///
/// # Errors
/// [`StoreError`]
pub fn remembered(collector: &Collector, share: i64) -> Result<String, StoreError> {
    let key = collector.operators().key(KEY, random().map_err(|e| StoreError::Other(e.to_string()))?)?;
    let until = collector.clock().now().plus(limits::SHARE_PASSWORD_MS);
    Ok(secret::signed(&key, &format!("{share} {}", until.0)))
}

/// The answer to a right password: the browser gets its cookie and asks again for the page that it wanted.
pub fn welcome(open: &OpenShare, kept: &str, wanted: &Uri, headers: &HeaderMap, app: &App) -> Response {
    let wanted = wanted.path_and_query().map_or(open.home.as_str(), |wanted| wanted.as_str());
    let mut answer = Redirect::to(wanted).into_response();
    cookies::keep(&mut answer, headers, app, &cookie_of(open.share.id), kept, limits::SHARE_PASSWORD_MS / 1_000);
    answer
}
