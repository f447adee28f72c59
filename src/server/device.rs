//! In: a browser that signs in. Out: a cookie by which it is known when somebody there tries a password, so that strangers' tries do not
//! slow it (a device cookie, as OWASP describes it). Forgets: all of it; the browser keeps it, and only a key of the instance is stored.
//!
//! It signs nobody in. It is good for one user, until its end or another password: the password's digest is part of the key.

use axum::http::HeaderMap;
use axum::response::Response;

use super::failure::{FailureCause, stored};
use super::guess::{Peer, Trier};
use super::{App, SharedApp, cookies};
use crate::collector::{Collector, random};
use crate::limits;
use crate::operator::UserId;
use crate::secret::{self, Secret};
use crate::site::Moment;
use crate::store::StoreError;

/// What the name of the cookie begins with; the number of the user follows.
const COOKIE: &str = "headcount_device";
/// Name of the key that such cookies are signed with.
const KEY: &str = "devices";

/// What a browser keeps.
#[derive(Debug)]
pub struct DeviceCookie {
    user: UserId,
    value: String,
}

impl DeviceCookie {
    /// One for a user who has a password.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn made(collector: &Collector, user: UserId) -> Result<Option<DeviceCookie>, StoreError> {
        let random = || random().map_err(|e| StoreError::Other(e.to_string()));
        let Some(password) = collector.operators().password(user)? else { return Ok(None) };
        let key = secret::key_with(&collector.operators().key(KEY, random()?)?, password.as_str());
        let until = collector.clock().now().plus(limits::DEVICE_MS);
        let text = format!("{} {} {}", user.0, until.0, Secret::from_random(random()?).reveal());
        Ok(Some(DeviceCookie { user, value: secret::signed(&key, &text) }))
    }

    /// Has a browser keep it.
    pub fn keep(&self, answer: &mut Response, headers: &HeaderMap, app: &App) {
        cookies::keep(answer, headers, app, &cookie_of(self.user), &self.value, limits::DEVICE_MS / 1_000);
    }
}

fn cookie_of(user: UserId) -> String {
    format!("{COOKIE}_{}", user.0)
}

/// Who tries the password of a name: a browser that is known for this user, else somebody in a network.
///
/// # Errors
/// It could not be looked up.
pub async fn trier(name: &str, headers: &HeaderMap, peer: Peer, app: &SharedApp) -> Result<Trier, FailureCause> {
    let stranger = Trier::stranger(headers, peer, app);
    if !cookies::has_any(headers, COOKIE) {
        return Ok(stranger);
    }
    let (collector, name, headers) = (app.collector.clone(), name.to_owned(), headers.clone());
    let known = stored(move || known(&collector, &name, &headers)).await?;
    Ok(known.map_or(stranger, |cookie| Trier::Browser(cookie.digest())))
}

fn known(collector: &Collector, name: &str, headers: &HeaderMap) -> Result<Option<Secret>, StoreError> {
    let operators = collector.operators();
    let (Some(user), Some(key)) = (operators.user(name)?, operators.known_key(KEY)?) else { return Ok(None) };
    let Some(password) = operators.password(user.id)? else { return Ok(None) };
    let (key, now) = (secret::key_with(&key, password.as_str()), collector.clock().now());
    let holds = |value: &&str| {
        let text = secret::verified(&key, value)?;
        let (id, rest) = text.split_once(' ')?;
        let until = rest.split(' ').next()?.parse().ok().map(Moment)?;
        (id == user.id.0.to_string() && until > now).then_some(())
    };
    let sent = cookies::values(headers, &cookie_of(user.id));
    Ok(sent.into_iter().find(|value| holds(value).is_some()).map(Secret::from_text))
}
