//! In: what people want of their own account: another password, browsers signed out. Out: the page of it. Forgets: passwords,
//! right after they are compared or digested.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::failure::{self, stored};
use super::form::PostedForm;
use super::guess::{Guess, Trier};
use super::language::words_for;
use super::settings::run;
use super::sign_in::{self, NewLogin, compare};
use super::signed_in::{SignedIn, admit, posted};
use super::{SharedApp, answers};
use crate::collector::Collector;
use crate::control::Command;
use crate::control::user::UserCommand;
use crate::page::account::{AccountOutcome, AccountPage, BrowserLine};
use crate::page::words::Words;
use crate::secret::password::Password;
use crate::site::{Schedule, SiteId};
use crate::store::StoreError;

/// `GET /settings/account`
pub async fn page(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    match admit(&headers, &app).await {
        Ok(account) => shown(account, StatusCode::OK, None, &headers, &app).await,
        Err(answer) => answer,
    }
}

/// `POST /settings/account`: another password.
pub async fn set_password(State(app): State<SharedApp>, request: Request) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match may_set(&account, &form, &headers, &app).await {
        Ok(()) => {}
        Err(PasswordNotSet::SignInReason(status, sentence)) => {
            return shown(account, status, Some(AccountOutcome::Refused(sentence)), &headers, &app).await;
        }
        Err(PasswordNotSet::Answer(answer)) => return answer,
    }
    let (name, id, collector) = (account.user.name.clone(), account.user.id, app.collector.clone());
    let password = Some(Password::from(form.exact("new").to_owned()));
    let set = run(Ok(Command::User(UserCommand::Password { name, password })), &app).await;
    if let Err(not_done) = set {
        let outcome = Some(AccountOutcome::Refused(not_done.sentence()));
        return not_done.shown_on(shown(account, StatusCode::OK, outcome, &headers, &app).await);
    }
    // All browsers are signed out now; this one knows the new password.
    match app.changed(move || NewLogin::of(&collector, id, &[])).await {
        Ok(Some(login)) => {
            let account = SignedIn { user: login.user.clone(), login: login.secret.digest() };
            let done = Some(AccountOutcome::Done(words_for(&headers).password_done.to_owned()));
            let mut answer = shown(account, StatusCode::OK, done, &headers, &app).await;
            login.keep(&mut answer, &headers, &app);
            answer
        }
        Ok(None) => answers::not_found(&headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// Why a password is not set.
enum PasswordNotSet {
    /// What the page says, with which status.
    SignInReason(StatusCode, String),
    /// It could not be looked at.
    Answer(Response),
}

/// Whether somebody may set the password that a form asks for.
async fn may_set(
    account: &SignedIn,
    form: &PostedForm,
    headers: &HeaderMap,
    app: &SharedApp,
) -> Result<(), PasswordNotSet> {
    let words: &Words = words_for(headers);
    if form.exact("new") != form.exact("again") {
        return Err(PasswordNotSet::SignInReason(StatusCode::BAD_REQUEST, words.passwords_differ.to_owned()));
    }
    if !account.user.has_password {
        return Ok(());
    }
    // A browser that was left alone must not be enough to lock its owner out.
    let current = Password::from(form.exact("current").to_owned());
    match compare(&account.user.name, current, Trier::Browser(account.login), app).await {
        Ok(Guess::Right(_)) => Ok(()),
        Ok(Guess::Wrong) => Err(PasswordNotSet::SignInReason(StatusCode::FORBIDDEN, words.password_wrong.to_owned())),
        Ok(Guess::TooMany(wait_s)) => {
            let sentence = words.one(words.sign_in_too_many, wait_s);
            Err(PasswordNotSet::SignInReason(StatusCode::TOO_MANY_REQUESTS, sentence))
        }
        Ok(Guess::Busy) => Err(PasswordNotSet::Answer(failure::busy(headers))),
        Err(cause) => Err(PasswordNotSet::Answer(failure::page(cause, headers))),
    }
}

/// `POST /settings/sign-out`: one browser, or all of them.
pub async fn sign_out(State(app): State<SharedApp>, request: Request) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let browser = form.filled("browser").map(|number| number.parse().unwrap_or_default());
    let done = run(Ok(Command::User(UserCommand::SignOut { name: account.user.name.clone(), browser })), &app).await;
    match done {
        Ok(_) if browser.is_none() => sign_in::signed_out(&headers),
        Ok(reply) => shown(account, StatusCode::OK, Some(AccountOutcome::Done(reply.text)), &headers, &app).await,
        Err(not_done) => {
            let outcome = Some(AccountOutcome::Refused(not_done.sentence()));
            not_done.shown_on(shown(account, StatusCode::OK, outcome, &headers, &app).await)
        }
    }
}

async fn shown(
    account: SignedIn,
    status: StatusCode,
    outcome: Option<AccountOutcome>,
    headers: &HeaderMap,
    app: &SharedApp,
) -> Response {
    let (collector, words) = (app.collector.clone(), words_for(headers));
    match stored(move || made(&account, outcome, words, &collector)).await {
        Ok(page) => (status, Html(page.html())).into_response(),
        Err(cause) => failure::page(cause, headers),
    }
}

fn made(
    account: &SignedIn,
    outcome: Option<AccountOutcome>,
    words: &'static Words,
    collector: &Collector,
) -> Result<AccountPage, StoreError> {
    let day = |moment| Schedule::utc().locate(moment).day;
    let logins = collector.operators().logins(account.user.id, Some(account.login), collector.clock().now())?;
    let browsers = logins.into_iter().map(|login| BrowserLine {
        id: login.id,
        since: login.since,
        until: day(login.until),
        is_this: login.is_this,
    });
    let directory = collector.directory();
    let domain = |id: &SiteId| directory.get(*id).map(|site| site.domain.to_string());
    Ok(AccountPage {
        words,
        account: Some(account.shown()),
        is_owner: account.is_owner(),
        sites: account.user.sites.as_ref().map(|sites| sites.iter().filter_map(domain).collect()),
        has_password: account.user.has_password,
        browsers: browsers.collect(),
        outcome,
    })
}
