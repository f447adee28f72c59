//! In: requests on the paths of wire formats. Out: the answer that each format owes. Forgets: the request, with its
//! address and agent, before the answer is sent.
//!
//! A rejected beacon answers like an accepted one unless its format says otherwise.

mod answers;
mod bulk;
mod goatcounter;
mod intake;
mod mail;
mod matomo;
mod pictures;
mod said;
mod umami;

use std::net::IpAddr;
use std::pin::pin;

use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::arriving::ArrivingBody;
use super::body::{self, HeldBody, Unread};
use super::failure::{self, FailureCause};
use super::routes::WireRoute;
use super::{App, header as text_of};
use crate::beacon::address::Client;
use crate::beacon::plausible::{Fault, MessageRefusal};
use crate::beacon::{self, Request, plausible};
use crate::collector::Outcome;
use crate::limits;
use crate::meter::{FailureKind, panics};
use crate::rejection::Rejection;
pub use answers::{AnswerShape, Preflight, UsualAnswer, WireAnswer, WireReply};
use answers::{REJECTED, note_days, note_reasons, overloaded, plain, reason, with_cors};
use intake::{Bearer, Received, receive, receive_at_once};
pub use said::{HeaderFields, Said, client};

/// The wire formats, each with the requests that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireAdapter {
    /// Plausible's format and ours.
    Event,
    /// Many messages of ours at once.
    Bulk,
    /// Our pixel.
    Pixel,
    /// Umami's format.
    Send,
    /// Many of Umami's at once.
    Batch,
    /// By which Umami's clients look whether a collector is here.
    Heartbeat,
    /// GoatCounter's format.
    Count,
    /// GoatCounter's for servers.
    CountApi,
    /// By which GoatCounter's clients try their token.
    CountMe,
    /// Matomo's format.
    Matomo,
    /// By which Matomo's importer of logs asks for its site.
    MatomoApi,
    /// Fathom Lite's format.
    Collect,
    /// Simple Analytics' format.
    Simple,
    /// The same for time and depth.
    Append,
    /// The picture of a mail campaign.
    Mail,
    /// A signed link of a mail campaign.
    Link,
}

/// What answers a message that came whole and without a token, where nothing has to be waited for.
pub type AtOnce = fn(&Request<'_>, &App) -> WireReply;

impl WireAdapter {
    /// What answers messages of this format at once.
    pub fn at_once(self) -> Option<AtOnce> {
        match self {
            WireAdapter::Event => Some(event_at_once),
            WireAdapter::Pixel => Some(pictures::pixel),
            WireAdapter::Collect => Some(pictures::collect),
            WireAdapter::Simple => Some(pictures::simple),
            WireAdapter::Append => Some(pictures::append_at_once),
            _ => None,
        }
    }
}

/// Answers a message at once.
pub fn answer_at_once(
    (route, reply): (&WireRoute, AtOnce),
    method: &str,
    request: &Request<'_>,
    app: &App,
) -> WireReply {
    let done = panics::caught(|| reply(request, app));
    match done.unwrap_or_else(|place| WireReply::Made(failure::unheard(FailureCause::Failed(place), route.shape))) {
        WireReply::Made(answer) => WireReply::Made(noted(answer, method, route, app)),
        usual => usual,
    }
}

fn noted(answer: WireAnswer, method: &str, route: &WireRoute, app: &App) -> WireAnswer {
    failure::noted(answer, FailureKind::Beacon, || format!("{method} {}", route.path), app.collector.meter())
}

/// Answers a request for a route where beacons arrive.
pub async fn answer(route: &WireRoute, request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> WireAnswer {
    let method = request.method().clone();
    if let Some(preflight) = route.preflight.filter(|_| method == Method::OPTIONS) {
        return preflight.answer();
    }
    if !route.takes(&method) {
        return not_allowed(route);
    }
    let answered = failure::caught(pin!(adapted(route.adapter, request, peer, app))).await;
    let answer = answered.and_then(|done| done).unwrap_or_else(|cause| failure::unheard(cause, route.shape));
    noted(answer, method.as_str(), route, app)
}

/// Each request has a future of its own: one for all would be as large as the largest, and moved for every hit.
async fn adapted(
    adapter: WireAdapter,
    request: hyper::Request<ArrivingBody>,
    peer: IpAddr,
    app: &App,
) -> Result<WireAnswer, FailureCause> {
    match adapter {
        WireAdapter::Event => Box::pin(event(request, peer, app)).await,
        WireAdapter::Bulk => Box::pin(bulk::bulk(request, peer, app)).await,
        WireAdapter::Send => Box::pin(umami::send(request, peer, app)).await,
        WireAdapter::Batch => Box::pin(umami::batch(request, peer, app)).await,
        WireAdapter::Heartbeat => Ok(umami::heartbeat()),
        WireAdapter::Count => Ok(Box::pin(goatcounter::count(request, peer, app)).await),
        WireAdapter::CountApi => Box::pin(goatcounter::api(request, peer, app)).await,
        WireAdapter::CountMe => Box::pin(goatcounter::me(request, app)).await,
        WireAdapter::Matomo => Box::pin(matomo::track(request, peer, app)).await,
        WireAdapter::MatomoApi => Box::pin(matomo::api(request, app)).await,
        WireAdapter::Pixel => Ok(bodiless(pictures::pixel, &request, peer, app)),
        WireAdapter::Collect => Ok(bodiless(pictures::collect, &request, peer, app)),
        WireAdapter::Simple => Ok(bodiless(pictures::simple, &request, peer, app)),
        WireAdapter::Append => Ok(Box::pin(pictures::append(request, peer, app)).await),
        WireAdapter::Mail => Ok(Box::pin(mail::picture(request, peer, app)).await),
        WireAdapter::Link => Box::pin(mail::link(request, peer, app)).await,
    }
}

/// Answers a request whose body says nothing.
fn bodiless(reply: AtOnce, request: &hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> WireAnswer {
    let said = Said::by(request.headers());
    let client = client(request.headers(), peer, app);
    reply(&said.request(request.uri().query().unwrap_or_default(), &[], client), app).into_answer()
}

fn not_allowed(route: &WireRoute) -> WireAnswer {
    let mut answer = route.shape.error(StatusCode::METHOD_NOT_ALLOWED, "this path takes other methods");
    let asked = route.preflight.map(|_| "OPTIONS");
    let methods: Vec<&str> = route.methods.iter().copied().chain(asked).collect();
    if let Ok(methods) = HeaderValue::from_str(&methods.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, methods);
    }
    answer
}

/// A request whose body is read.
struct WholeRequest {
    parts: hyper::http::request::Parts,
    body: Result<HeldBody<'static>, Unread>,
    client: Client,
}

impl WholeRequest {
    async fn whole(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> WholeRequest {
        let (parts, body) = request.into_parts();
        let client = client(&parts.headers, peer, app);
        WholeRequest { parts, body: body::read(body, limits::BODY_BYTES_MAX).await, client }
    }

    /// What its headers say.
    fn said(&self) -> Said<'_> {
        Said::by(&self.parts.headers)
    }

    /// The request as wire formats see it; without what could not be read of its body.
    fn request<'a>(&'a self, said: &'a Said<'a>) -> Request<'a> {
        let body = self.body.as_ref().map_or(&[][..], |held| &held.bytes);
        said.request(self.parts.uri.query().unwrap_or_default(), body, self.client)
    }

    /// What a wire format makes of the request, unless its body is larger than it may be, or did not come.
    fn parsed<T>(&self, parse: impl FnOnce(&Request<'_>) -> Result<T, beacon::Refusal>) -> Result<T, beacon::Refusal> {
        let reason = match &self.body {
            Ok(_) => return parse(&self.request(&self.said())),
            Err(Unread::TooLarge) => Rejection::TooLarge,
            Err(Unread::Late | Unread::Gone) => Rejection::NotJson,
        };
        Err(beacon::Refusal { reason, sites: Vec::new() })
    }
}

async fn event(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> Result<WireAnswer, FailureCause> {
    let (parts, body) = request.into_parts();
    let said = Said::by(&parts.headers);
    let client = client(&parts.headers, peer, app);
    if said.asks_for_address {
        return Ok(with_cors(plain(StatusCode::OK, client.ip.0.to_string())));
    }
    let bearer = Bearer::of(&parts.headers, app).await?;
    let body = match body::read(body, limits::BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => return Ok(event_refused(&Fault::BodyTooLarge.into(), StatusCode::BAD_REQUEST, app)),
        Err(Unread::Late) => return Ok(event_refused(&Fault::NotJson.into(), StatusCode::REQUEST_TIMEOUT, app)),
        Err(Unread::Gone) => return Ok(event_refused(&Fault::NotJson.into(), StatusCode::BAD_REQUEST, app)),
    };
    let request = said.request("", &body.bytes, client);
    let Some(bearer) = bearer else { return Ok(event_at_once(&request, app).into_answer()) };
    Ok(match plausible::parse(&request) {
        Ok(beacons) => event_reply(&receive(beacons, Some(bearer.access), app).await).into_answer(),
        Err(refusal) => event_refused(&refusal, StatusCode::BAD_REQUEST, app),
    })
}

/// What a message of nobody's token is answered.
fn event_at_once(request: &Request<'_>, app: &App) -> WireReply {
    match plausible::parse(request) {
        Ok(beacons) => event_reply(&receive_at_once(beacons, app)),
        Err(refusal) => WireReply::Made(event_refused(&refusal, StatusCode::BAD_REQUEST, app)),
    }
}

fn event_refused(refusal: &MessageRefusal, status: StatusCode, app: &App) -> WireAnswer {
    app.collector.refuse(&refusal.sites, refusal.rejection());
    let mut answer = plain(status, refusal.body());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    with_cors(answer)
}

fn event_reply(received: &Received) -> WireReply {
    let outcomes: &[Outcome] = &received.outcomes;
    if let Some(answer) = overloaded(outcomes, AnswerShape::Text) {
        return WireReply::Made(answer);
    }
    let dropped = outcomes.iter().filter(|outcome| reason(**outcome).is_some()).count();
    if dropped == 0 && received.repeated.is_empty() {
        return WireReply::Usual(UsualAnswer::Accepted);
    }
    let mut answer = UsualAnswer::Accepted.answer();
    let headers = answer.headers_mut();
    if dropped > 0 {
        headers.insert(HeaderName::from_static("x-plausible-dropped"), HeaderValue::from(dropped));
        // The tracker writes the reason into the console of the page.
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(REJECTED));
    }
    note_reasons(headers, outcomes);
    note_days(headers, &received.repeated);
    WireReply::Made(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_site_took_is_to_be_sent_again() {
        let too_many = Outcome::Rejected(Rejection::TooMany);
        let bot = Outcome::Rejected(Rejection::Bot);
        let cases: [(&[Outcome], u16, Option<&str>); 6] = [
            (&[Outcome::Accepted], 202, None),
            (&[bot], 202, Some("1")),
            (&[too_many], 503, None),
            (&[Outcome::Lost, bot], 503, None),
            (&[Outcome::Accepted, too_many], 202, Some("1")),
            (&[Outcome::Lost, Outcome::Accepted, too_many], 202, Some("2")),
        ];
        for (outcomes, status, dropped) in cases {
            let received = Received { outcomes: outcomes.to_vec(), ..Received::default() };
            let answer = event_reply(&received).into_answer();
            let told = text_of(answer.headers(), "x-plausible-dropped");
            assert_eq!((answer.status().as_u16(), told), (status, dropped.unwrap_or_default()), "{outcomes:?}");
        }
    }
}
