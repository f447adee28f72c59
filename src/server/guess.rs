//! In: somebody's try at a password. Out: whether it is right, as far as there are tries left. Forgets: the password; of who
//! tried, only a count stays in memory, for minutes.

use std::net::IpAddr;

use axum::http::HeaderMap;

use super::concurrency_limit::ConcurrencyLimit;
use super::failure::{FailureCause, stored};
use super::{SharedApp, ingest};
use crate::collector::Collector;
use crate::hit::token;
use crate::limits;
use crate::site::AddressMode;
use crate::store::StoreError;

/// Each comparison or digest takes 19 MiB and tens of milliseconds of a processor: strangers shall not fill the memory by it.
pub static PASSWORD_LIMIT: ConcurrencyLimit = ConcurrencyLimit::of(limits::PASSWORDS_AT_ONCE);

/// The address at the other end of a connection, for [`tried`] alone. It has no `Debug`.
#[derive(Clone, Copy)]
pub struct Peer(pub IpAddr);

/// What became of a try.
pub enum Guess<T> {
    /// It was right.
    Right(T),
    /// It was wrong.
    Wrong,
    /// There were too many before it; it was not looked at.
    TooMany,
    /// No turn came in time; it was not looked at.
    Busy,
}

/// Lets somebody try the password of `what`, like `user ana`. The work looks whether it is right, and costs the same either way.
///
/// # Errors
/// The work failed.
pub async fn tried<T: Send + 'static>(
    what: &str,
    headers: &HeaderMap,
    Peer(peer): Peer,
    app: &SharedApp,
    work: impl FnOnce(&Collector) -> Result<Option<T>, StoreError> + Send + 'static,
) -> Result<Guess<T>, FailureCause> {
    // An IPv4 /24 or an IPv6 /48: within it one person easily takes other addresses.
    let who = token::visible(ingest::client(headers, peer, app).ip, AddressMode::Truncate);
    if !app.password_limit.take(what, who, app.collector.clock().now()) {
        return Ok(Guess::TooMany);
    }
    let Some(_permit) = PASSWORD_LIMIT.take().await else {
        app.password_limit.give_back(what, who);
        return Ok(Guess::Busy);
    };
    let collector = app.collector.clone();
    let found = stored(move || work(&collector)).await?;
    Ok(match found {
        Some(found) => {
            app.password_limit.give_back(what, who);
            Guess::Right(found)
        }
        None => Guess::Wrong,
    })
}
