//! In: cookies and bearer tokens. Out: who asks, and what they may see and change. Forgets: the secrets, right after they are
//! compared.

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::asker::QuestionAsker;
use super::failure::{self, FailureCause, stored};
use super::form::PostedForm;
use super::{App, SharedApp, answers, cookies, header as text_of};
use crate::limits;
use crate::meter::TryOutcome;
use crate::operator::{Access, User};
use crate::page;
use crate::page::sign_in::SignInReason;
use crate::secret::{Digest, Secret};
use crate::site::SiteId;

/// The cookie of a browser that is signed in.
pub const COOKIE: &str = "headcount";

/// Somebody who is signed in. What they may do is read anew for each request, so that a change acts at once.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// Which of their browsers.
    pub login: Digest,
}

impl SignedIn {
    /// Whether figures of a site may be read. What may not be read is, for them, not there.
    pub fn may_read(&self, site: SiteId) -> bool {
        self.user.may_read(site)
    }

    /// Whether everything may be changed.
    pub fn is_owner(&self) -> bool {
        self.user.is_owner()
    }

    /// What pages show of it.
    pub fn shown(&self) -> page::Account {
        page::Account { name: self.user.name.clone(), is_owner: self.is_owner(), sign_out: "/sign-out".into() }
    }
}

/// Who is signed in in the browser that asks, if anybody is.
///
/// # Errors
/// It could not be looked up.
pub async fn account(headers: &HeaderMap, app: &SharedApp) -> Result<Option<SignedIn>, FailureCause> {
    Ok(found(headers, app).await?.map(|(account, _)| account))
}

/// The same, and the secret by which it is known.
async fn found(headers: &HeaderMap, app: &SharedApp) -> Result<Option<(SignedIn, Secret)>, FailureCause> {
    let (collector, secrets) = (app.collector.clone(), secrets(headers));
    if secrets.is_empty() {
        return Ok(None);
    }
    let now = collector.clock().now();
    let look = move || {
        for secret in secrets {
            let login = secret.digest();
            if let Some(user) = collector.operators().signed_in(login, now)? {
                return Ok(Some((SignedIn { user, login }, secret)));
            }
        }
        Ok(None)
    };
    let found = stored(look).await?;
    if let Some((account, _)) = &found {
        QuestionAsker::User(account.user.id).is_known();
    }
    Ok(found)
}

/// Has a browser that asks by https keep its sign-in under the name of https; earlier versions had one name for both.
pub async fn renewed(mut answer: Response, headers: &HeaderMap, app: &SharedApp) -> Response {
    // What caches may keep is for nobody alone.
    let is_own = answer.status().is_success() && !answer.headers().contains_key(header::CACHE_CONTROL);
    if is_own
        && cookies::lacks_prefix(headers, app, COOKIE)
        && let Ok(Some((_, secret))) = found(headers, app).await
    {
        keep(&mut answer, headers, app, &secret);
    }
    answer
}

/// Has a browser keep the secret of its sign-in.
pub fn keep(answer: &mut Response, headers: &HeaderMap, app: &App, login: &Secret) {
    cookies::keep(answer, headers, app, COOKIE, login.reveal(), limits::LOGIN_MS / 1_000);
}

/// Lets those pass who are signed in; others get an answer that asks them to.
///
/// # Errors
/// The answer.
pub async fn admit(headers: &HeaderMap, app: &SharedApp) -> Result<SignedIn, Response> {
    match account(headers, app).await {
        Ok(Some(account)) => Ok(account),
        Ok(None) => Err(answers::sign_in(SignInReason::Asked, "", headers)),
        Err(cause) => Err(failure::page(cause, headers)),
    }
}

/// Who sends a form of a page of ours, and what it says. Every page that takes a POST from signed-in people begins with this.
///
/// # Errors
/// The answer, for others and for forms from elsewhere.
pub async fn posted(request: Request, app: &SharedApp) -> Result<(SignedIn, PostedForm), Response> {
    let headers = request.headers().clone();
    let form = PostedForm::read(request, app).await;
    let account = admit(&headers, app).await?;
    match form {
        Ok(form) => Ok((account, form)),
        Err(no_form) => Err(answers::no_form(no_form, &headers)),
    }
}

/// What the bearer of the request's token may do; nothing without a good token.
///
/// # Errors
/// It could not be looked up.
pub async fn bearer(headers: &HeaderMap, app: &SharedApp) -> Result<Option<Access>, FailureCause> {
    let Some((scheme, token)) = text_of(headers, "authorization").split_once(' ') else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let secret = Secret::from_text(token.trim());
    let (collector, token) = (app.collector.clone(), secret.digest());
    let access = stored(move || collector.operators().access(token)).await?;
    let outcome = if access.is_some() { TryOutcome::Right } else { TryOutcome::Wrong };
    app.collector.meter().tried("token", outcome);
    if access.is_some() {
        QuestionAsker::Bearer(token).is_known();
    }
    Ok(access)
}

/// The secrets of the browser that asks: one, as a rule, and others that may have been planted.
pub fn secrets(headers: &HeaderMap) -> Vec<Secret> {
    cookies::values(headers, COOKIE).into_iter().map(Secret::from_text).collect()
}
