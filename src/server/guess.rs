//! In: somebody's try at a password. Out: whether it is right, once it was its turn. Forgets: the password; of who tried, only a count
//! stays in memory, for minutes.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::connections::while_receiving;
use super::failure::{FailureCause, stored};
use super::tries::{OpenTry, TrierKey, TryOrigin, TryStep, TryTable};
use super::{App, SharedApp, ingest};
use crate::collector::Collector;
use crate::hit::token;
use crate::limits;
use crate::meter::{Meter, TryOutcome};
use crate::secret::Digest;
use crate::store::StoreError;

/// The address at the other end of a connection, for [`Trier::stranger`] alone. It has no `Debug`.
#[derive(Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Who tries.
pub enum Trier {
    /// Anybody, by where the try comes from.
    Stranger(TryOrigin),
    /// A browser that was signed in before.
    Browser(Digest),
}

impl Trier {
    /// Whoever sends a request.
    pub fn stranger(headers: &HeaderMap, Peer(peer): Peer, app: &App) -> Trier {
        Trier::Stranger(app.tries.origin(token::networks(ingest::client(headers, peer, app).ip)))
    }
}

/// Whose password is tried.
#[derive(Debug, Clone, Copy)]
pub enum Guessed<'a> {
    /// A user's, by the name in whatever letters.
    User(&'a str),
    /// That of a secret link.
    Share(i64),
}

impl Guessed<'_> {
    const fn label(self) -> &'static str {
        match self {
            Guessed::User(_) => "user",
            Guessed::Share(_) => "share",
        }
    }
}

/// What became of a try.
pub enum Guess<T> {
    /// It was right.
    Right(T),
    /// It was wrong.
    Wrong,
    /// Too many others wait; it was not looked at and may come again after so many seconds.
    TooMany(u64),
    /// The server ends; it was not looked at.
    Busy,
}

/// The tries of all.
#[derive(Debug)]
pub struct Tries {
    /// Keyed by the system's randomness, anew at each start.
    key: RandomState,
    begun: Instant,
    table: Mutex<TryTable>,
    last_warned_minute: AtomicU64,
}

impl Default for Tries {
    /// Half of the cores are left to others: strangers decide how much of this work there is.
    fn default() -> Tries {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = (cores / 2).clamp(1, limits::PASSWORDS_AT_ONCE);
        let key = RandomState::new();
        let table = Mutex::new(TryTable::new(at_once, key.hash_one("chance")));
        Tries { key, begun: Instant::now(), table, last_warned_minute: AtomicU64::new(u64::MAX) }
    }
}

impl Tries {
    /// Where somebody is, as keys.
    fn origin(&self, [prefix, network, address]: [IpAddr; 3]) -> TryOrigin {
        let key = |level, network| self.key.hash_one((level, network));
        TryOrigin { prefix: key("prefix", prefix), network: key("network", network), address: key("address", address) }
    }

    fn open(self: &Arc<Self>, guessed: Guessed, by: &Trier) -> Option<HeldTry> {
        let trier = match by {
            Trier::Stranger(origin) => TrierKey::Stranger(*origin),
            Trier::Browser(browser) => TrierKey::Browser(self.key.hash_one(("browser", browser))),
        };
        let name = match guessed {
            Guessed::User(name) => self.key.hash_one(("user", name.to_lowercase())),
            Guessed::Share(id) => self.key.hash_one(("share", id)),
        };
        let open = self.table().open(trier, name, self.now_ms())?;
        Some(HeldTry { tries: self.clone(), open, is_wrong: false, was_held: false })
    }

    fn table(&self) -> MutexGuard<'_, TryTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Has the log told, once a minute.
    fn warn(&self, meter: &Meter) {
        let minute = self.begun.elapsed().as_secs() / 60;
        if self.last_warned_minute.swap(minute, Ordering::Relaxed) != minute {
            let (wrong, turned_away) = meter.tries_in_vain();
            tracing::warn!(wrong, turned_away, "passwords are being guessed; these are counts since the start");
        }
    }
}

/// A try that waits or is compared, until it is dropped.
struct HeldTry {
    tries: Arc<Tries>,
    open: OpenTry,
    is_wrong: bool,
    was_held: bool,
}

impl HeldTry {
    /// Waits until it is its turn; tells whether it came, rather than that the place was given up.
    async fn turn(&mut self) -> bool {
        loop {
            let now_ms = self.tries.now_ms();
            let step = self.tries.table().step(&self.open, now_ms);
            match step {
                TryStep::Compare => return true,
                TryStep::GiveUp => return false,
                TryStep::WaitUntil(until_ms) => {
                    self.was_held = true;
                    let wait = Duration::from_millis(until_ms - now_ms);
                    let _ = tokio::time::timeout(wait, self.open.turn.notified()).await;
                }
            }
        }
    }
}

impl Drop for HeldTry {
    fn drop(&mut self) {
        let now_ms = self.tries.now_ms();
        self.tries.table().close(&self.open, self.is_wrong, now_ms);
    }
}

/// Lets somebody try a password. The work looks whether it is right, and costs the same either way.
///
/// # Errors
/// The work failed.
pub async fn tried<T: Send + 'static>(
    guessed: Guessed<'_>,
    by: Trier,
    app: &SharedApp,
    work: impl FnOnce(&Collector) -> Result<Option<T>, StoreError> + Send + 'static,
) -> Result<Guess<T>, FailureCause> {
    let meter = app.collector.meter();
    let turned_away = || {
        meter.tried(guessed.label(), TryOutcome::TurnedAway);
        app.tries.warn(meter);
        Ok(Guess::TooMany(limits::TRY_AGAIN_S))
    };
    let Some(mut held) = app.tries.open(guessed, &by) else { return turned_away() };
    // Meanwhile the connection may give way to others.
    let wait = Duration::from_millis(limits::TRY_WAIT_MS);
    match while_receiving(tokio::time::timeout(wait, held.turn())).await {
        Some(Ok(true)) => {}
        Some(Ok(false) | Err(_)) => return turned_away(),
        None => return Ok(Guess::Busy),
    }
    let (collector, was_held) = (app.collector.clone(), held.was_held);
    // Its turn ends with the work, even if the client has gone: each takes 19 MiB.
    let look = move || {
        let found = work(&collector)?;
        held.is_wrong = found.is_none();
        drop(held);
        Ok(found)
    };
    let found = stored(look).await?;
    let outcome = if found.is_some() { TryOutcome::Right } else { TryOutcome::Wrong };
    meter.tried(guessed.label(), outcome);
    if found.is_none() && was_held {
        app.tries.warn(meter);
    }
    Ok(found.map_or(Guess::Wrong, Guess::Right))
}

/// Tells programs when a try that was turned away may come again.
pub fn retry_after(answer: &mut Response, wait_s: u64) {
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
}
