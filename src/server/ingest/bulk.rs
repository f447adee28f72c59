//! In: `POST /api/events`: messages of our own format, one after the other, as they arrive. Out: what became of them, as JSON.
//! Forgets: each message, once it is a hit.
//!
//! Nothing of a request is counted unless all of it came. With an `Idempotency-Key` it is counted once, however often it is
//! sent.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answers::{AnswerShape, WireAnswer, json as told, overloaded, reason};
use super::intake::{Bearer, Gathered, Received, is_stored};
use super::{App, Said, client};
use crate::beacon::objects::{Objects, Torn};
use crate::beacon::{Refusal, Request, plausible};
use crate::collector::Outcome;
use crate::limits;
use crate::meter::Pressure;
use crate::operator::Access;
use crate::rejection::Rejection;
use crate::server::arriving::ArrivingBody;
use crate::server::body::PartRoom;
use crate::server::connections;
use crate::server::failure::{FailureCause, blocking};

/// `POST /api/events`
pub async fn bulk(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> Result<WireAnswer, FailureCause> {
    let Some(bearer) = Bearer::of(request.headers(), app).await?.filter(Bearer::may_send) else {
        return Ok(refused(StatusCode::UNAUTHORIZED, "many hits at once need a token of scope ingest"));
    };
    connections::vouch_for_sender();
    let id = bearer.batch(request.headers());
    let client = client(request.headers(), peer, app);
    let mut body = Body { frames: request.into_body(), bytes: 0, until: Instant::now() + WAIT };
    if is_stored(id, app).await.inspect_err(|_| app.collector.refuse(&[], Rejection::TooMany))? {
        app.collector.refuse(&[], Rejection::Repeat);
        body.drain().await;
        return Ok(summary(&Received { is_repeat: true, ..Received::default() }, &BTreeMap::new()));
    }
    let mut listed = Listed { gathered: Gathered::new(&app.collector), messages: 0, faults: BTreeMap::new() };
    // The sender is a server of the site: nothing of its own is the visitor's.
    let heard = Said::default();
    let said = heard.request("", &[], client);
    if let Err(torn) = listed.fill(&mut body, &said, &bearer, app).await {
        app.collector.refuse(&[], torn.reason);
        listed.gathered.failure = torn.reason;
        drop(listed);
        body.drain().await;
        let Some((status, sentence)) = torn.told else {
            let answer = overloaded(&[Outcome::Rejected(torn.reason)], AnswerShape::Json);
            return Ok(answer.unwrap_or_else(|| refused(StatusCode::REQUEST_TIMEOUT, "")));
        };
        return Ok(refused(status, sentence));
    }
    let Listed { gathered, faults, .. } = listed;
    let received = blocking(move || gathered.count(id)).await?;
    Ok(overloaded(&received.outcomes, AnswerShape::Json).unwrap_or_else(|| summary(&received, &faults)))
}

const WAIT: Duration = Duration::from_secs(limits::BULK_WAIT_S);

/// Why a list is not counted.
struct ListFailure {
    reason: Rejection,
    /// What is said of it; nothing where the sender is to try again.
    told: Option<(StatusCode, &'static str)>,
}

const TOO_LONG: ListFailure = ListFailure {
    reason: Rejection::TooLarge,
    told: Some((StatusCode::PAYLOAD_TOO_LARGE, "at most 10,000 hits of 1 MB in 32 MB; nothing is counted")),
};
const NO_LIST: ListFailure = ListFailure {
    reason: Rejection::NotJson,
    told: Some((StatusCode::BAD_REQUEST, "the body is no list of JSON objects; nothing is counted")),
};
const NO_MEMORY: ListFailure = ListFailure { reason: Rejection::Overloaded, told: None };
const LATE: ListFailure = ListFailure {
    reason: Rejection::NotJson,
    told: Some((StatusCode::REQUEST_TIMEOUT, "the hits broke off or did not arrive in time; nothing is counted")),
};

impl From<Torn> for ListFailure {
    fn from(torn: Torn) -> ListFailure {
        match torn {
            Torn::Syntax => NO_LIST,
            Torn::TooLarge => TOO_LONG,
        }
    }
}

/// A body, as it arrives.
struct Body {
    frames: ArrivingBody,
    bytes: usize,
    until: Instant,
}

impl Body {
    /// What arrived next; nothing at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, ListFailure> {
        loop {
            let until = self.until.min(Instant::now() + Duration::from_secs(limits::BULK_SILENCE_S));
            match connections::while_receiving(tokio::time::timeout_at(until, self.frames.frame())).await {
                Some(Ok(None)) => return Ok(None),
                Some(Ok(Some(Ok(frame)))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    self.bytes += data.len();
                    return if self.bytes > limits::BULK_BYTES_MAX { Err(TOO_LONG) } else { Ok(Some(data)) };
                }
                Some(Ok(Some(Err(_))) | Err(_)) | None => return Err(LATE),
            }
        }
    }

    /// Takes the rest, within its bounds: who is still sending hears no answer.
    async fn drain(&mut self) {
        while let Ok(Some(_)) = self.next().await {}
    }
}

/// Hits, and by its place in the list what is wrong with a message.
struct Listed {
    gathered: Gathered,
    /// How many messages there were; each may be a hit for several sites.
    messages: usize,
    faults: BTreeMap<usize, Value>,
}

impl Listed {
    async fn fill(
        &mut self,
        body: &mut Body,
        said: &Request<'_>,
        bearer: &Bearer,
        app: &App,
    ) -> Result<(), ListFailure> {
        let (mut objects, mut room) = (Objects::default(), PartRoom::new());
        while let Some(data) = body.next().await? {
            // What came at once is for each site to turn away.
            let is_first = body.bytes == data.len();
            if !is_first && app.collector.meter().pressure.now() >= Pressure::Beacons {
                return Err(NO_MEMORY);
            }
            let fitting = tokio::time::timeout_at(body.until, room.fit(objects.waiting_bytes() + data.len()));
            connections::while_waiting(fitting).await.and_then(Result::ok).ok_or(LATE)?;
            objects.add(&data);
            drop(data);
            while let Some(object) = objects.cut_next()? {
                if self.gathered.len() >= limits::BULK_HITS_MAX {
                    return Err(TOO_LONG);
                }
                self.add(said, &object, bearer.access);
            }
            room.fit(objects.waiting_bytes()).await;
        }
        if objects.is_done() { Ok(()) } else { Err(NO_LIST) }
    }

    fn add(&mut self, said: &Request<'_>, object: &[u8], access: Access) {
        match plausible::parse(&Request { body: object, ..*said }) {
            Ok(beacons) => beacons.into_iter().for_each(|beacon| self.gathered.add(Ok(beacon), Some(access))),
            Err(refusal) => {
                // It is JSON of our own.
                let errors = serde_json::from_str(&refusal.body()).unwrap_or_default();
                self.faults.insert(self.messages, errors);
                let refusal = Refusal { reason: refusal.rejection(), sites: refusal.sites };
                self.gathered.add(Err(refusal), Some(access));
            }
        }
        self.messages += 1;
    }
}

fn refused(status: StatusCode, sentence: &str) -> WireAnswer {
    told(status, &json!({"error": sentence}))
}

fn summary(received: &Received, faults: &BTreeMap<usize, Value>) -> WireAnswer {
    let mut rejected: BTreeMap<&str, usize> = BTreeMap::new();
    for label in received.outcomes.iter().filter_map(|outcome| reason(*outcome)) {
        *rejected.entry(label).or_default() += 1;
    }
    let counted = received.outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count();
    let body = json!({
        "counted": counted, "rejected": rejected, "errors": faults, "repeated": received.is_repeat,
        "repeated_days": received.repeated,
    });
    told(StatusCode::OK, &body)
}
