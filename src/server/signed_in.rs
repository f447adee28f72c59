//! In: cookies, links and bearer tokens. Out: who may see what. Forgets: the secrets, right after they are compared.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::{Shared, apart, header as text_of, ingest, pages};
use crate::collector::{Collector, random};
use crate::limits;
use crate::secret::{Digest, Secret};
use crate::store::StoreError;
use crate::store::sqlite::{Access, Login};

const COOKIE: &str = "headcount";

/// Whether the request comes from a browser that is signed in.
pub async fn is_signed_in(headers: &HeaderMap, app: &Shared) -> Result<bool, StoreError> {
    let Some(secret) = cookie(headers) else { return Ok(false) };
    let collector = app.collector.clone();
    let now = collector.clock().now();
    let found = apart(move || collector.store().has_login(Login::Browser, secret.digest(), now)).await;
    found.unwrap_or(Ok(false))
}

/// What the bearer of the request's token may do; nothing without a good token.
pub async fn bearer(headers: &HeaderMap, app: &Shared) -> Result<Option<Access>, StoreError> {
    let Some((scheme, token)) = text_of(headers, "authorization").split_once(' ') else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let secret = Secret::from_text(token.trim());
    let collector = app.collector.clone();
    apart(move || collector.store().access(secret.digest())).await.unwrap_or(Ok(None))
}

fn cookie(headers: &HeaderMap) -> Option<Secret> {
    super::cookie(headers, COOKIE).map(Secret::from_text)
}

/// `GET /sign-in/SECRET`: uses up a one-time link.
pub async fn by_link(
    State(app): State<Shared>,
    Path(secret): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET || ingest::is_prefetch(&headers) {
        // Looking ahead must not use up the link.
        return pages::sign_in(&headers);
    }
    let link = Secret::from_text(&secret).digest();
    let collector = app.collector.clone();
    match apart(move || exchange(&collector, link)).await {
        Some(Ok(Some(login))) => {
            let mut answer = Redirect::to(&home(&app)).into_response();
            let age_s = limits::LOGIN_MS / 1_000;
            set_cookie(&mut answer, &app, login.reveal(), age_s);
            answer
        }
        Some(Ok(None)) => pages::bad_link(&headers),
        Some(Err(_)) | None => pages::failed(&headers),
    }
}

/// Where to go after signing in: to the site if there is only one.
fn home(app: &Shared) -> String {
    match app.collector.directory().all().as_slice() {
        [only] => format!("/{}", only.domain),
        _ => "/".to_owned(),
    }
}

/// Makes a login of a link that holds.
fn exchange(collector: &Collector, link: Digest) -> Result<Option<Secret>, StoreError> {
    let now = collector.clock().now();
    if !collector.store().end_login(Login::Link, link, now)? {
        return Ok(None);
    }
    let login = Secret::from_random(random().map_err(|e| StoreError::Other(e.to_string()))?);
    collector.store().add_login(Login::Browser, login.digest(), now, now.plus(limits::LOGIN_MS))?;
    Ok(Some(login))
}

/// `POST /sign-out`
pub async fn sign_out(State(app): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(secret) = cookie(&headers) {
        let collector = app.collector.clone();
        let now = collector.clock().now();
        let _ = apart(move || collector.store().end_login(Login::Browser, secret.digest(), now)).await;
    }
    let mut answer = Redirect::to("/sign-in").into_response();
    set_cookie(&mut answer, &app, "", 0);
    answer
}

fn set_cookie(answer: &mut Response, app: &Shared, value: &str, age_s: i64) {
    // Only a collector that is reached by https may ask browsers to insist on it.
    let secure = if app.base_url.starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().insert(header::SET_COOKIE, value);
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
