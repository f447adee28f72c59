//! In: one-time links, names and passwords. Out: browsers that are signed in, or not any more. Forgets: links and passwords,
//! right after they are compared.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::device::{self, DeviceCookie};
use super::failure::{self, FailureCause, stored};
use super::form::{self, PostedForm};
use super::guess::{self, Guess, Guessed, Peer, Trier};
use super::language::words_for;
use super::signed_in::{self, COOKIE};
use super::{App, SharedApp, answers, cookies};
use crate::collector::{Collector, random};
use crate::meter::TryOutcome;
use crate::operator::{User, UserId};
use crate::page::sign_in::{LinkPage, SignInReason};
use crate::secret::password::Password;
use crate::secret::{Digest, Secret};
use crate::store::StoreError;

/// `GET /sign-in`
pub async fn page(headers: HeaderMap) -> Response {
    answers::ask(&headers)
}

/// `GET /sign-in/SECRET`: the page with the button that signs in. A look uses nothing up: programs that read mails open every link.
pub async fn link_page(State(app): State<SharedApp>, Path(secret): Path<String>, headers: HeaderMap) -> Response {
    let (collector, link) = (app.collector.clone(), Secret::from_text(&secret).digest());
    match stored(move || collector.operators().holder_of_link(link, collector.clock().now())).await {
        Ok(Some(user)) => {
            answers::html(StatusCode::OK, LinkPage { words: words_for(&headers), name: user.name }.html())
        }
        Ok(None) => answers::sign_in(SignInReason::BadLink, "", &headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// `POST /sign-in/SECRET`: uses up a one-time link.
pub async fn by_link(State(app): State<SharedApp>, Path(secret): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    if let Err(no_form) = PostedForm::read(request, &app).await {
        return answers::no_form(no_form, &headers);
    }
    let link = Secret::from_text(&secret).digest();
    let (collector, before) = (app.collector.clone(), signed_in::secrets(&headers));
    let looks = app.collector.clone();
    // What is no link does not wait for those who change something.
    let found = match stored(move || looks.operators().holder_of_link(link, looks.clock().now())).await {
        Ok(Some(_)) => app.changed(move || exchange(&collector, link, &before)).await,
        found => found.map(|_| None),
    };
    match found {
        Ok(found) => {
            let outcome = if found.is_some() { TryOutcome::Right } else { TryOutcome::Wrong };
            app.collector.meter().tried("link", outcome);
            match found {
                Some(login) => welcome(&app, &headers, &login, None),
                None => answers::sign_in(SignInReason::BadLink, "", &headers),
            }
        }
        Err(cause) => failure::page(cause, &headers),
    }
}

/// Makes a login of a link that holds.
fn exchange(collector: &Collector, link: Digest, before: &[Secret]) -> Result<Option<NewLogin>, StoreError> {
    let Some(id) = collector.operators().use_link(link, collector.clock().now())? else { return Ok(None) };
    NewLogin::of(collector, id, before)
}

/// A browser that has just signed in.
#[derive(Debug)]
pub struct NewLogin {
    /// As whom.
    pub user: User,
    /// What it is known by from now on.
    pub secret: Secret,
    device: Option<DeviceCookie>,
}

impl NewLogin {
    /// Signs a browser in; one that was signed in before is not any more as whoever that was. Nothing if the user has gone.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn of(collector: &Collector, user: UserId, before: &[Secret]) -> Result<Option<NewLogin>, StoreError> {
        let secret = new_login(collector, user, before)?;
        let device = DeviceCookie::made(collector, user)?;
        let user = collector.operators().signed_in(secret.digest(), collector.clock().now())?;
        Ok(user.map(|user| NewLogin { user, secret, device }))
    }

    /// Has the browser keep what it is known by.
    pub fn keep(&self, answer: &mut Response, headers: &HeaderMap, app: &App) {
        signed_in::keep(answer, headers, app, &self.secret);
        if let Some(device) = &self.device {
            device.keep(answer, headers, app);
        }
    }
}

fn new_login(collector: &Collector, user: UserId, before: &[Secret]) -> Result<Secret, StoreError> {
    for before in before {
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
    let tried = match device::trier(&name, &headers, peer, &app).await {
        Ok(by) => compare(&name, password, by, &app).await,
        Err(cause) => Err(cause),
    };
    match tried {
        Ok(Guess::Right(user)) => {
            let (collector, before, id) = (app.collector.clone(), signed_in::secrets(&headers), user.id);
            match app.changed(move || NewLogin::of(&collector, id, &before)).await {
                Ok(Some(login)) => welcome(&app, &headers, &login, came_from(&headers, &app)),
                Ok(None) => answers::sign_in(SignInReason::Wrong, &name, &headers),
                Err(cause) => failure::page(cause, &headers),
            }
        }
        Ok(Guess::Wrong) => answers::sign_in(SignInReason::Wrong, &name, &headers),
        Ok(Guess::TooMany(wait_s)) => {
            let mut answer = answers::sign_in(SignInReason::TooMany(wait_s), &name, &headers);
            guess::retry_after(&mut answer, wait_s);
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
pub async fn compare(name: &str, password: Password, by: Trier, app: &SharedApp) -> Result<Guess<User>, FailureCause> {
    let wanted = name.to_owned();
    let work = move |collector: &Collector| {
        let user = collector.operators().user(&wanted)?;
        let digest = match &user {
            Some(user) => collector.operators().password(user.id)?,
            None => None,
        };
        // Compared for nobody, too, so that the time of the answer does not tell names.
        let is_right = password.is_that_of(digest.as_ref());
        Ok(user.filter(|_| is_right))
    };
    guess::tried(Guessed::User(name), by, app, work).await
}

/// `POST /sign-out`
pub async fn sign_out(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    if !form::is_from_here(&headers, &app) {
        return answers::no_form(form::NoForm::FromElsewhere, &headers);
    }
    let (collector, secrets) = (app.collector.clone(), signed_in::secrets(&headers));
    // Who is told that they are signed out must be.
    let end = move || secrets.iter().try_for_each(|secret| collector.operators().end_login(secret.digest()));
    match app.changed(end).await {
        Ok(()) => signed_out(&headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// The answer to a browser that is signed out.
pub fn signed_out(headers: &HeaderMap) -> Response {
    let mut answer = Redirect::to("/sign-in").into_response();
    cookies::drop_from(&mut answer, headers, COOKIE);
    answer
}

/// The answer to a browser that is signed in: it gets its cookie and goes on to where it wanted to go.
fn welcome(app: &App, headers: &HeaderMap, login: &NewLogin, to: Option<String>) -> Response {
    let mut answer = Redirect::to(&to.unwrap_or_else(|| home(app, &login.user))).into_response();
    login.keep(&mut answer, headers, app);
    answer
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
