//! In: beacons, and the token of whoever sent them. Out: what became of each. Forgets: the beacons.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use hyper::header::{self, HeaderMap};

use super::super::failure::{FailureCause, blocking, stored};
use super::super::{App, header as text_of};
use crate::beacon::{Beacon, Refusal};
use crate::collector::{BatchId, Collector, Outcome, Uncounted};
use crate::operator::{Access, TokenScope};
use crate::rejection::Rejection;
use crate::secret::{Digest, Secret, batch};
use crate::site::{Day, SiteId};

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
    ///
    /// The message, of which nothing is known yet, is booked as rejected if the token can't be looked up, or if the client hangs
    /// up meanwhile.
    ///
    /// # Errors
    /// The token could not be looked up.
    pub async fn of(headers: &HeaderMap, app: &App) -> Result<Option<Bearer>, FailureCause> {
        let unheard = Refusal { reason: Rejection::TooMany, sites: Vec::new() };
        let mut message = Messages::new(vec![Err(unheard)], app);
        let bearer = Bearer::in_headers(headers, app).await?;
        message.items.next();
        Ok(bearer)
    }

    /// The same for a message that is held in [`Messages`] meanwhile, and for what is no message: nothing is booked here.
    ///
    /// # Errors
    /// The token could not be looked up.
    pub async fn in_headers(headers: &HeaderMap, app: &App) -> Result<Option<Bearer>, FailureCause> {
        match token_of(headers) {
            Some(token) => Bearer::with(&token, app).await,
            None => Ok(None),
        }
    }

    /// The bearer of a token.
    ///
    /// # Errors
    /// It could not be looked up.
    pub async fn with(token: &str, app: &App) -> Result<Option<Bearer>, FailureCause> {
        let secret = Secret::from_text(token);
        let (digest, collector) = (secret.digest(), app.collector.clone());
        let access = stored(move || collector.operators().access(digest)).await?;
        Ok(access.map(|access| Bearer { access, secret }))
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

/// The token that a request brings.
pub fn token_of(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = text_of(headers, header::AUTHORIZATION).split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = data_encoding::BASE64.decode(rest.trim().as_bytes()).ok()?;
    let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some(password.to_owned())
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
    hits: Vec<Uncounted>,
    /// For each beacon what became of it; nothing while that is open.
    outcomes: Vec<Option<Outcome>>,
    past: BTreeSet<(SiteId, Day)>,
}

impl Drop for Gathered {
    fn drop(&mut self) {
        self.hits.drain(..).for_each(|hit| _ = hit.reject(self.failure));
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
            Err(refusal) => Err(refuse(&refusal, &self.collector)),
        };
        match made {
            Ok(hit) => {
                self.past.extend(hit.day().filter(|_| hit.begins_past_day));
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

    /// Counts all of them at once.
    pub fn count(mut self, id: Option<Digest>) -> Received {
        let collector = self.collector.clone();
        let twice = self.past.iter().filter(|(site, day)| collector.has_visitors(*site, *day));
        let repeated = twice.map(|(_, day)| day.to_string()).collect();
        let hits = self.hits.drain(..).filter_map(Uncounted::into_hit).collect();
        let lacks_hits = self.outcomes.iter().flatten().any(|outcome| outcome.is_overload());
        let id = id.map(|digest| BatchId { digest, lacks_hits });
        let counted = collector.take_batch(hits, id);
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

/// Messages of a request that were not taken yet. Those that never are, because the client hung up, are booked as rejected.
pub struct Untaken<I: Iterator<Item = Result<Beacon, Refusal>>, C: Borrow<Collector>> {
    items: I,
    collector: C,
}

/// The messages of a list.
pub type Messages = Untaken<std::vec::IntoIter<Result<Beacon, Refusal>>, Collector>;

impl Messages {
    /// All of them.
    pub fn new(items: Vec<Result<Beacon, Refusal>>, app: &App) -> Messages {
        Untaken { items: items.into_iter(), collector: app.collector.clone() }
    }
}

impl<I: Iterator<Item = Result<Beacon, Refusal>>, C: Borrow<Collector>> Untaken<I, C> {
    /// Books those that are left under a reason.
    fn refuse_all(&mut self, reason: Rejection) -> Vec<Outcome> {
        let collector = self.collector.borrow();
        let refusal = |beacon: Beacon| Refusal { reason, sites: vec![beacon.site] };
        self.items.by_ref().map(|item| refuse(&item.map_or_else(|own| own, refusal), collector)).collect()
    }
}

impl<I: Iterator<Item = Result<Beacon, Refusal>>, C: Borrow<Collector>> Drop for Untaken<I, C> {
    fn drop(&mut self) {
        self.refuse_all(Rejection::TooMany);
    }
}

/// Takes beacons one by one, as browsers send them.
pub async fn receive(beacons: Vec<Beacon>, access: Option<Access>, app: &App) -> Received {
    receive_each(Untaken { items: beacons.into_iter().map(Ok), collector: &app.collector }, access, app).await
}

/// The same for beacons that nobody vouches for. They are all of now, so there is nothing to wait for.
pub fn receive_at_once(beacons: Vec<Beacon>, app: &App) -> Received {
    let mut untaken = Untaken { items: beacons.into_iter().map(Ok), collector: &app.collector };
    let mut received = Received { outcomes: Vec::with_capacity(untaken.items.len()), ..Received::default() };
    for item in untaken.items.by_ref() {
        let outcome =
            item.map_or_else(|refusal| refuse(&refusal, &app.collector), |beacon| app.collector.receive(beacon));
        received.outcomes.push(outcome);
    }
    received
}

/// Takes messages one by one.
pub async fn receive_each<I, C>(mut untaken: Untaken<I, C>, access: Option<Access>, app: &App) -> Received
where
    I: Iterator<Item = Result<Beacon, Refusal>>,
    C: Borrow<Collector>,
{
    let mut received = Received { outcomes: Vec::with_capacity(untaken.items.size_hint().0), ..Received::default() };
    for item in untaken.items.by_ref() {
        receive_one(item, access, app, &mut received).await;
    }
    received
}

async fn receive_one(item: Result<Beacon, Refusal>, access: Option<Access>, app: &App, received: &mut Received) {
    let admitted = match item {
        Ok(beacon) => app.collector.admit(beacon, access),
        Err(refusal) => Err(refuse(&refusal, &app.collector)),
    };
    let outcome = match admitted {
        Ok(hit) => {
            if let Some((site, day)) = hit.day().filter(|_| hit.begins_past_day) {
                note_past_day(site, day, app, received).await;
            }
            app.collector.count(hit)
        }
        Err(outcome) => outcome,
    };
    received.outcomes.push(outcome);
}

async fn note_past_day(site: SiteId, day: Day, app: &App, received: &mut Received) {
    let collector = app.collector.clone();
    // They may, where that can't be told any more.
    if blocking(move || collector.has_visitors(site, day)).await.unwrap_or(true) {
        received.repeated.push(day.to_string());
    }
}

/// Whether a list of this id is stored.
///
/// # Errors
/// It could not be looked up.
pub async fn is_stored(id: Option<Digest>, app: &App) -> Result<bool, FailureCause> {
    let Some(id) = id else { return Ok(false) };
    let collector = app.collector.clone();
    stored(move || collector.has_batch(id)).await
}

/// Takes a list of messages: those of a bearer together, others one by one.
///
/// # Errors
/// The server is ending, or the id could not be looked up.
pub async fn receive_list(
    mut messages: Messages,
    bearer: Option<&Bearer>,
    id: Option<Digest>,
    app: &App,
) -> Result<Received, FailureCause> {
    if is_stored(id, app).await? {
        let outcomes = messages.refuse_all(Rejection::Repeat);
        return Ok(Received { outcomes, is_repeat: true, ..Received::default() });
    }
    if let Some(bearer) = bearer {
        let (access, collector) = (bearer.access, app.collector.clone());
        let count = move || {
            let mut gathered = Gathered::new(&collector);
            messages.items.by_ref().for_each(|item| gathered.add(item, Some(access)));
            gathered.count(id)
        };
        return blocking(count).await;
    }
    Ok(receive_each(messages, None, app).await)
}

/// Books what was no beacon.
pub fn refuse(refusal: &Refusal, collector: &Collector) -> Outcome {
    collector.refuse(&refusal.sites, refusal.reason);
    Outcome::Rejected(refusal.reason)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::Poll;

    use super::*;
    use crate::beacon::{NO_HINTS, Request, plausible};
    use crate::clock::Clock;
    use crate::collector::WriterHandle;
    use crate::control::{self, Command, SiteChange};
    use crate::hit::Tools;
    use crate::hit::agent::Agents;
    use crate::hit::place::Places;
    use crate::site::Moment;
    use crate::store;

    fn collector() -> (Arc<App>, WriterHandle, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let stores = store::open(&folder.path().join("headcount.db")).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let clock = Clock::manual(Moment(1_780_315_200_000));
        let (collector, keeping) = Collector::start(stores, tools, clock).unwrap();
        let add = Command::SiteAdd { domain: "example.com".into(), change: SiteChange::default() };
        control::run(add, &collector, "").unwrap();
        (Arc::new(App::new(collector, Default::default(), String::new())), keeping, folder)
    }

    fn beacon(number: usize) -> Beacon {
        let body = format!(r#"{{"n":"pageview","u":"https://example.com/{number}","d":"example.com"}}"#);
        let request = Request {
            query: "",
            body: body.as_bytes(),
            address: crate::beacon::ClientIp("192.0.2.1".parse().unwrap()),
            way: Default::default(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            hints: &NO_HINTS,
            accept_language: "",
            referer: "",
            origin: "",
            forwarded: "",
            opted_out: false,
            prefetch: false,
        };
        plausible::parse(&request).unwrap().remove(0)
    }

    /// Polls a future so many times and drops it then, as a server does whose client hangs up.
    async fn hung_up_after(polls: usize, work: impl Future<Output = Received>) {
        let (mut work, mut left) = (pin!(work), polls);
        std::future::poll_fn(|context| {
            let done = left == 0 || work.as_mut().poll(context).is_ready();
            left = left.saturating_sub(1);
            if done { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    async fn request(place: usize, polls: usize, app: Arc<App>) {
        let refusal = || Refusal { reason: Rejection::BadUrl, sites: vec!["example.com".into()] };
        let list = || (0..4).map(|number| if number == 2 { Err(refusal()) } else { Ok(beacon(number)) }).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, header::HeaderValue::from_static("Bearer nobody"));
        match place % 5 {
            0 => hung_up_after(polls, receive(vec![beacon(place)], None, &app)).await,
            1 => hung_up_after(polls, receive((0..3).map(beacon).collect(), None, &app)).await,
            2 => {
                hung_up_after(polls, async {
                    receive_list(Messages::new(list(), &app), None, None, &app).await.unwrap()
                })
                .await;
            }
            3 => {
                hung_up_after(polls, async {
                    let messages = Messages::new(list(), &app);
                    let bearer = Bearer::in_headers(&headers, &app).await.unwrap();
                    receive_list(messages, bearer.as_ref(), None, &app).await.unwrap()
                })
                .await;
            }
            _ => {
                hung_up_after(polls, async {
                    let bearer = Bearer::of(&headers, &app).await.unwrap();
                    receive(vec![beacon(place)], bearer.map(|bearer| bearer.access), &app).await
                })
                .await;
            }
        }
    }

    #[test]
    fn whenever_a_client_hangs_up_each_beacon_is_counted_or_rejected() {
        let (app, keeping, _folder) = collector();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut seed = 7_u32;
            let polls = std::iter::repeat_with(|| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // What was never begun never came.
                1 + (seed >> 24) as usize % 12
            });
            let requests = polls.take(1_000).enumerate();
            let tasks: Vec<_> =
                requests.map(|(place, polls)| tokio::spawn(request(place, polls, app.clone()))).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        app.collector.stop();
        keeping.wait().unwrap();
        let meter = app.collector.meter();
        let sent = 200 * (1 + 3 + 4 + 4 + 1);
        assert_eq!((meter.received.get(), meter.lost.get()), (sent, 0));
        assert_eq!(meter.counted.get() + meter.rejected(), sent);
        let hung_up = meter.text().lines().any(|line| {
            line.starts_with("headcount_beacons_rejected_total{reason=\"too_many\"} ") && !line.ends_with(" 0")
        });
        assert!(meter.counted.get() > 0 && hung_up, "{}", meter.text());
    }

    #[test]
    fn what_comes_when_the_collector_has_ended_is_lost_and_counted_as_that() {
        let (app, keeping, _folder) = collector();
        app.collector.stop();
        keeping.wait().unwrap();
        assert_eq!(app.collector.receive(beacon(1)), Outcome::Lost);
        let mut gathered = Gathered::new(&app.collector);
        gathered.add(Ok(beacon(2)), None);
        gathered.add(Ok(beacon(3)), None);
        assert_eq!(gathered.count(None).outcomes, [Outcome::Lost, Outcome::Lost]);
        let mut half_read = Gathered::new(&app.collector);
        half_read.add(Ok(beacon(4)), None);
        drop(half_read);
        let meter = app.collector.meter();
        assert_eq!((meter.received.get(), meter.lost.get(), meter.rejected()), (4, 3, 1));
    }
}
