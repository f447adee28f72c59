//! In: beacons, and the token of whoever sent them. Out: what became of each. Forgets: the beacons.

use std::collections::BTreeSet;
use std::time::Duration;

use hyper::header::{self, HeaderMap};

use super::super::{App, apart, header as text_of};
use crate::beacon::{Beacon, Refusal};
use crate::collector::{Collector, Made, Outcome, Waiting};
use crate::hit::Hit;
use crate::operator::{Access, TokenScope};
use crate::rejection::Rejection;
use crate::secret::{Digest, Secret, batch};
use crate::site::{Day, SiteId};

/// How long a hit waits for room in the queue before it is given up, in steps of [`ROOM_STEP_MS`].
const ROOM_STEPS: u32 = 200;
const ROOM_STEP_MS: u64 = 5;

/// Who sent a request, by a token.
#[derive(Clone)]
pub struct Bearer {
    /// What the token is good for.
    pub access: Access,
    secret: Secret,
}

impl Bearer {
    /// The bearer of the request's token: `Authorization: Bearer TOKEN`, or `Basic` with the token as password. Tokens that
    /// nobody was given are as good as none: some clients always send one.
    pub async fn of(headers: &HeaderMap, app: &App) -> Option<Bearer> {
        let (scheme, rest) = text_of(headers, header::AUTHORIZATION).split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Bearer::with(rest.trim(), app).await;
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = data_encoding::BASE64.decode(rest.trim().as_bytes()).ok()?;
        let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
        Bearer::with(password, app).await
    }

    /// The bearer of a token.
    pub async fn with(token: &str, app: &App) -> Option<Bearer> {
        let secret = Secret::from_text(token);
        let (digest, collector) = (secret.digest(), app.collector.clone());
        let access = apart(move || collector.operators().access(digest)).await?.ok()??;
        Some(Bearer { access, secret })
    }

    /// Whether the token lets hits be sent at all.
    pub fn may_send(&self) -> bool {
        matches!(self.access.scope, TokenScope::Ingest | TokenScope::Admin)
    }

    /// The digest of the id that the bearer gave to a batch (`Idempotency-Key`).
    pub fn batch(&self, headers: &HeaderMap) -> Option<Digest> {
        let id = headers.get("idempotency-key")?.as_bytes().trim_ascii();
        (!id.is_empty()).then(|| batch(self.secret.reveal(), id))
    }
}

/// What became of beacons.
#[derive(Default)]
pub struct Received {
    /// Each in order.
    pub outcomes: Vec<Outcome>,
    /// Past days on which visitors count twice.
    pub repeated: Vec<String>,
    /// Whether a batch of the same id was counted before; then nothing of this one is.
    pub is_repeat: bool,
}

/// Hits that are to be counted together. Those that never are, because the rest of them did not come, are booked as given up.
pub struct Gathered {
    collector: Collector,
    /// Why they are given up if they are.
    pub failure: Rejection,
    hits: Vec<Hit>,
    /// For each beacon what became of it; nothing while that is open.
    outcomes: Vec<Option<Outcome>>,
    past: BTreeSet<(SiteId, Day)>,
}

impl Drop for Gathered {
    fn drop(&mut self) {
        self.hits.iter().for_each(|hit| self.collector.give_up(hit, self.failure));
    }
}

impl Gathered {
    /// None yet.
    pub fn new(collector: &Collector) -> Gathered {
        Gathered {
            collector: collector.clone(),
            failure: Rejection::NotJson,
            hits: Vec::new(),
            outcomes: Vec::new(),
            past: BTreeSet::new(),
        }
    }

    /// Adds a beacon, or what was no beacon.
    pub fn add(&mut self, item: Result<Beacon, Refusal>, access: Option<Access>) {
        let made = match item {
            Ok(beacon) => self.collector.admit(beacon, access),
            Err(refusal) => {
                self.collector.refuse(&refusal.sites, refusal.reason);
                Err(Outcome::Rejected(refusal.reason))
            }
        };
        match made {
            Ok(Made { hit, begins_past_day }) => {
                if begins_past_day {
                    self.past.insert((hit.site, hit.local.day));
                }
                self.hits.push(hit);
                self.outcomes.push(None);
            }
            Err(outcome) => self.outcomes.push(Some(outcome)),
        }
    }

    /// How many beacons were added.
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Counts all of them at once. Waits.
    pub fn count(mut self, id: Option<Digest>) -> Received {
        let collector = self.collector.clone();
        let twice = self.past.iter().filter(|(site, day)| collector.has_visitors(*site, *day));
        let repeated = twice.map(|(_, day)| day.to_string()).collect();
        let counted = collector.take_batch(std::mem::take(&mut self.hits), id);
        let is_repeat = counted.as_ref().is_ok_and(|counted| counted.is_repeat);
        let mut hits = counted.map(|counted| counted.outcomes).unwrap_or_default().into_iter();
        let mut next = || match hits.next() {
            Some(Ok(())) => Outcome::Accepted,
            Some(Err(reason)) => Outcome::Rejected(reason),
            None => Outcome::Lost,
        };
        let outcomes =
            std::mem::take(&mut self.outcomes).into_iter().map(|outcome| outcome.unwrap_or_else(&mut next)).collect();
        Received { outcomes, repeated, is_repeat }
    }
}

/// Takes beacons one by one, as browsers send them.
pub async fn receive(beacons: Vec<Beacon>, access: Option<Access>, app: &App) -> Received {
    let mut received = Received { outcomes: Vec::with_capacity(beacons.len()), ..Received::default() };
    for beacon in beacons {
        let outcome = match app.collector.admit(beacon, access) {
            Ok(made) => {
                if made.begins_past_day {
                    note_past_day(&made, app, &mut received).await;
                }
                match app.collector.queue(made.waiting()) {
                    Ok(outcome) => outcome,
                    Err(waiting) => wait_for_room(waiting, app).await,
                }
            }
            Err(outcome) => outcome,
        };
        received.outcomes.push(outcome);
    }
    received
}

async fn note_past_day(made: &Made, app: &App, received: &mut Received) {
    let (site, day, collector) = (made.hit.site, made.hit.local.day, app.collector.clone());
    if apart(move || collector.has_visitors(site, day)).await == Some(true) {
        received.repeated.push(day.to_string());
    }
}

/// Takes a list of messages: those of a bearer together, others one by one.
pub async fn receive_list(
    items: Vec<Result<Beacon, Refusal>>,
    bearer: Option<&Bearer>,
    id: Option<Digest>,
    app: &App,
) -> Received {
    if let Some(bearer) = bearer {
        let (access, collector) = (bearer.access, app.collector.clone());
        let count = move || {
            let mut gathered = Gathered::new(&collector);
            items.into_iter().for_each(|item| gathered.add(item, Some(access)));
            gathered.count(id)
        };
        return apart(count).await.unwrap_or_default();
    }
    let mut received = Received::default();
    for item in items {
        match item {
            Ok(beacon) => received.outcomes.extend(receive(vec![beacon], None, app).await.outcomes),
            Err(refusal) => received.outcomes.push(refuse(&refusal, app)),
        }
    }
    received
}

/// Books what was no beacon.
pub fn refuse(refusal: &Refusal, app: &App) -> Outcome {
    app.collector.refuse(&refusal.sites, refusal.reason);
    Outcome::Rejected(refusal.reason)
}

/// A full queue empties within milliseconds; a collector that is too slow for longer says so.
async fn wait_for_room(mut waiting: Waiting, app: &App) -> Outcome {
    for _ in 0..ROOM_STEPS {
        tokio::time::sleep(Duration::from_millis(ROOM_STEP_MS)).await;
        match app.collector.queue(waiting) {
            Ok(outcome) => return outcome,
            Err(again) => waiting = again,
        }
    }
    app.collector.overloaded(&waiting)
}
