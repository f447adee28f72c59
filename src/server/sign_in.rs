//! In: one-time links, names and passwords. Out: browsers that are signed in, or not any more. Forgets: links and passwords,
//! right after they are compared.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::failure::{self, FailureCause, stored};
use super::form::{self, PostedForm};
use super::guess::{self, Guess, Peer};
use super::signed_in::{self, COOKIE};
use super::{App, SharedApp, answers, ingest};
use crate::collector::{Collector, random};
use crate::limits;
use crate::operator::{User, UserId};
use crate::page::sign_in::SignInReason;
use crate::secret::password::Password;
use crate::secret::{Digest, Secret};
use crate::store::StoreError;

/// `GET /sign-in`
pub async fn page(headers: HeaderMap) -> Response {
    answers::ask(&headers)
}

/// `GET /sign-in/SECRET`: uses up a one-time link.
pub async fn by_link(
    State(app): State<SharedApp>,
    Path(secret): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET || ingest::is_prefetch(&headers) {
        // Looking ahead must not use up the link.
        return answers::ask(&headers);
    }
    let link = Secret::from_text(&secret).digest();
    let (collector, before) = (app.collector.clone(), signed_in::cookie(&headers));
    match stored(move || exchange(&collector, link, before)).await {
        Ok(Some((user, login))) => welcome(&app, &user, &login, None),
        Ok(None) => answers::sign_in(SignInReason::BadLink, "", &headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// Makes a login of a link that holds.
fn exchange(collector: &Collector, link: Digest, before: Option<Secret>) -> Result<Option<(User, Secret)>, StoreError> {
    let now = collector.clock().now();
    let Some(id) = collector.operators().use_link(link, now)? else { return Ok(None) };
    let login = new_login(collector, id, before)?;
    Ok(collector.operators().signed_in(login.digest(), now)?.map(|user| (user, login)))
}

/// Signs a browser in; one that was signed in before is not any more as whoever that was.
///
/// # Errors
/// [`StoreError`]
pub fn new_login(collector: &Collector, user: UserId, before: Option<Secret>) -> Result<Secret, StoreError> {
    if let Some(before) = before {
        collector.operators().end_login(before.digest())?;
    }
    let login = Secret::from_random(random().map_err(|e| StoreError::Other(e.to_string()))?);
    collector.operators().add_login(user, login.digest(), collector.clock().now())?;
    Ok(login)
}

/// `POST /sign-in`: a name and a password.
pub async fn by_password(State(app): State<SharedApp>, Extension(peer): Extension<Peer>, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = match PostedForm::read(request, &app).await {
        Ok(form) => form,
        Err(no_form) => return answers::no_form(no_form, &headers),
    };
    let (name, password) = (form.text("name").to_owned(), Password::from(form.exact("password").to_owned()));
    let tried = compare(&name, password, &headers, peer, &app);
    match tried.await {
        Ok(Guess::Right(user)) => {
            let (collector, before, id) = (app.collector.clone(), signed_in::cookie(&headers), user.id);
            match stored(move || new_login(&collector, id, before)).await {
                Ok(login) => welcome(&app, &user, &login, came_from(&headers, &app)),
                Err(cause) => failure::page(cause, &headers),
            }
        }
        Ok(Guess::Wrong) => answers::sign_in(SignInReason::Wrong, &name, &headers),
        Ok(Guess::TooMany) => {
            let mut answer = answers::sign_in(SignInReason::TooMany, &name, &headers);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(limits::TRIES_WAIT_MS / 1_000));
            answer
        }
        Ok(Guess::Busy) => failure::busy(&headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// Lets somebody try the password of a user. The answer is the same for a name that nobody has.
///
/// # Errors
/// It could not be looked up.
pub async fn compare(
    name: &str,
    password: Password,
    headers: &HeaderMap,
    peer: Peer,
    app: &SharedApp,
) -> Result<Guess<User>, FailureCause> {
    let what = format!("user {}", name.to_lowercase());
    let name = name.to_owned();
    let work = move |collector: &Collector| {
        let user = collector.operators().user(&name)?;
        let digest = match &user {
            Some(user) => collector.operators().password(user.id)?,
            None => None,
        };
        // Compared for nobody, too, so that the time of the answer does not tell names.
        let is_right = password.is_that_of(digest.as_ref());
        Ok(user.filter(|_| is_right))
    };
    guess::tried(&what, headers, peer, app, work).await
}

/// `POST /sign-out`
pub async fn sign_out(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    if !form::is_from_here(&headers, &app) {
        return answers::no_form(form::NoForm::FromElsewhere, &headers);
    }
    if let Some(secret) = signed_in::cookie(&headers) {
        let collector = app.collector.clone();
        // Who is told that they are signed out must be.
        if let Err(cause) = stored(move || collector.operators().end_login(secret.digest())).await {
            return failure::page(cause, &headers);
        }
    }
    signed_out(&app)
}

/// The answer to a browser that is signed out.
pub fn signed_out(app: &App) -> Response {
    let mut answer = Redirect::to("/sign-in").into_response();
    set_cookie(&mut answer, app, "", 0);
    answer
}

/// The answer to a browser that is signed in: it gets its cookie and goes on to where it wanted to go.
fn welcome(app: &App, user: &User, login: &Secret, to: Option<String>) -> Response {
    let mut answer = Redirect::to(&to.unwrap_or_else(|| home(app, user))).into_response();
    keep(&mut answer, app, login);
    answer
}

/// Has a browser keep the secret of its sign-in.
pub fn keep(answer: &mut Response, app: &App, login: &Secret) {
    set_cookie(answer, app, login.reveal(), limits::LOGIN_MS / 1_000);
}

/// Where to go after signing in: to the site if there is only one.
fn home(app: &App, user: &User) -> String {
    let sites = app.collector.directory().all();
    let mut readable = sites.iter().filter(|site| user.may_read(site.id));
    match (readable.next(), readable.next()) {
        (Some(only), None) => format!("/{}", only.domain),
        _ => "/".to_owned(),
    }
}

/// The page of ours that asked to sign in, so that an address that was sent to somebody leads there. Browsers tell it whole to
/// pages of the same site alone.
fn came_from(headers: &HeaderMap, app: &App) -> Option<String> {
    let place = form::came_from(headers, &app.base_url)?;
    let path = place.split('?').next().unwrap_or_default();
    (path != "/" && !path.starts_with("/sign-")).then_some(place)
}

fn set_cookie(answer: &mut Response, app: &App, value: &str, age_s: i64) {
    // Only a collector that is reached by https may ask browsers to insist on it.
    let secure = if app.base_url.starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().insert(header::SET_COOKIE, value);
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
