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
mod umami;

use std::net::IpAddr;
use std::pin::pin;

use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::body::{self, HeldBody, Unread};
use super::failure::{self, FailureCause};
use super::routes::WireRoute;
use super::{App, header as text_of};
use crate::beacon::address::{self, Client, Header};
use crate::beacon::plausible::{Fault, MessageRefusal};
use crate::beacon::{self, Hints, Request, plausible};
use crate::collector::Outcome;
use crate::limits;
use crate::meter::FailureKind;
use crate::rejection::Rejection;
use answers::{ACCEPTED, REJECTED, note_days, note_reasons, overloaded, plain, reason, whole, with_cors};
pub use answers::{AnswerShape, Preflight, WireAnswer};
use intake::{Bearer, Received, receive};

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

/// Answers a request for a route where beacons arrive.
pub async fn answer(route: &WireRoute, request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> WireAnswer {
    let method = request.method().clone();
    if let Some(preflight) = route.preflight.filter(|_| method == Method::OPTIONS) {
        return preflight.answer();
    }
    if !route.takes(&method) {
        return not_allowed(route);
    }
    let answered = failure::caught(pin!(adapted(route.adapter, request, peer, app))).await;
    let answer = answered.and_then(|done| done).unwrap_or_else(|cause| failure::unheard(cause, route.shape));
    failure::noted(answer, FailureKind::Beacon, || format!("{method} {}", route.path), app.collector.meter())
}

/// Each request has a future of its own: one for all would be as large as the largest, and moved for every hit.
async fn adapted(
    adapter: WireAdapter,
    request: hyper::Request<Incoming>,
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
        WireAdapter::Pixel => Ok(Box::pin(pictures::pixel(request, peer, app)).await),
        WireAdapter::Collect => Ok(Box::pin(pictures::collect(request, peer, app)).await),
        WireAdapter::Simple => Ok(Box::pin(pictures::simple(request, peer, app)).await),
        WireAdapter::Append => Ok(Box::pin(pictures::append(request, peer, app)).await),
        WireAdapter::Mail => Ok(Box::pin(mail::picture(request, peer, app)).await),
        WireAdapter::Link => Box::pin(mail::link(request, peer, app)).await,
    }
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
    async fn whole(request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> WholeRequest {
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

async fn event(request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> Result<WireAnswer, FailureCause> {
    let (parts, body) = request.into_parts();
    let said = Said::by(&parts.headers);
    let client = client(&parts.headers, peer, app);
    if said.asks_for_address {
        return Ok(with_cors(plain(StatusCode::OK, client.ip.0.to_string())));
    }
    let bearer = Bearer::of(&parts.headers, app).await?;
    let body = body::read(body, limits::BODY_BYTES_MAX).await;
    let parsed = match &body {
        Ok(body) => plausible::parse(&said.request("", &body.bytes, client)),
        Err(Unread::TooLarge) => Err(MessageRefusal::from(Fault::BodyTooLarge)),
        Err(Unread::Late | Unread::Gone) => Err(MessageRefusal::from(Fault::NotJson)),
    };
    let is_late = body.is_err_and(|unread| unread == Unread::Late);
    match parsed {
        Ok(beacons) => Ok(event_answer(&receive(beacons, bearer.map(|bearer| bearer.access), app).await)),
        Err(refusal) => {
            app.collector.refuse(&refusal.sites, refusal.rejection());
            let status = if is_late { StatusCode::REQUEST_TIMEOUT } else { StatusCode::BAD_REQUEST };
            let mut answer = plain(status, refusal.body());
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Ok(with_cors(answer))
        }
    }
}

fn event_answer(received: &Received) -> WireAnswer {
    let outcomes: &[Outcome] = &received.outcomes;
    if let Some(answer) = overloaded(outcomes) {
        return answer;
    }
    let mut answer = whole(StatusCode::ACCEPTED, ACCEPTED.clone(), Bytes::from_static(b"ok"));
    let dropped = outcomes.iter().filter(|outcome| reason(**outcome).is_some()).count();
    if dropped > 0 {
        let headers = answer.headers_mut();
        headers.insert(HeaderName::from_static("x-plausible-dropped"), HeaderValue::from(dropped));
        // The tracker writes the reason into the console of the page.
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(REJECTED));
    }
    note_reasons(answer.headers_mut(), outcomes);
    note_days(answer.headers_mut(), &received.repeated);
    answer
}

/// What a request's headers say to wire formats, found in one walk over them. The first of a repeated header counts.
#[derive(Default)]
struct Said<'a> {
    user_agent: Option<&'a str>,
    hints: Hints,
    accept_language: Option<&'a str>,
    referer: Option<&'a str>,
    origin: Option<&'a str>,
    forwarded_for: Option<&'a str>,
    plausible_ip: Option<&'a str>,
    has_authorization: bool,
    opted_out: bool,
    prefetch: bool,
    asks_for_address: bool,
}

impl<'a> Said<'a> {
    fn by(headers: &'a HeaderMap) -> Said<'a> {
        let mut said = Said::default();
        // The values of a repeated header come one after the other.
        for (name, value) in headers {
            let text = || Some(readable(value.as_bytes()));
            match name.as_str() {
                "user-agent" => said.user_agent = said.user_agent.or_else(text),
                "accept-language" => said.accept_language = said.accept_language.or_else(text),
                "referer" => said.referer = said.referer.or_else(text),
                "authorization" => said.has_authorization = true,
                "origin" => said.origin = said.origin.or_else(text),
                "x-forwarded-for" => said.forwarded_for = said.forwarded_for.or_else(text),
                "x-plausible-ip" => said.plausible_ip = said.plausible_ip.or_else(text),
                "sec-gpc" | "dnt" => said.opted_out |= text_of(headers, name) == "1",
                "x-debug-request" => said.asks_for_address = text_of(headers, name) == "true",
                "signature-agent" => _ = said.hints.add("signature-agent", text_of(headers, name)),
                hint if hint.starts_with("sec-ch-ua") => _ = said.hints.add(hint, text_of(headers, name)),
                name if PURPOSES.contains(&name) => said.prefetch = is_prefetch(headers),
                _ => {}
            }
        }
        said
    }

    /// The request as wire formats see it.
    fn request<'b>(&'b self, query: &'b str, body: &'b [u8], client: Client) -> Request<'b> {
        Request {
            query,
            body,
            address: client.ip,
            way: client.way,
            user_agent: self.user_agent.unwrap_or_default(),
            hints: &self.hints,
            accept_language: self.accept_language.unwrap_or_default(),
            referer: self.referer.unwrap_or_default(),
            origin: self.origin.unwrap_or_default(),
            // Only who has a token can be believed.
            forwarded: match self.has_authorization {
                true => self.plausible_ip.or(self.forwarded_for).unwrap_or_default(),
                false => "",
            },
            opted_out: self.opted_out,
            prefetch: self.prefetch,
        }
    }
}

/// The beginning of a header that is UTF-8: a byte of another encoding behind it is no reason to lose an agent or a page.
fn readable(value: &[u8]) -> &str {
    value.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// Headers by which browsers say that nobody looks at the page yet.
const PURPOSES: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Whether a browser fetches ahead of need.
pub fn is_prefetch(headers: &HeaderMap) -> bool {
    let purpose = ["sec-purpose", "purpose", "x-purpose"].map(|name| text_of(headers, name));
    let ahead = |value: &str| ["prefetch", "prerender", "preview", "instant"].iter().any(|word| value.contains(word));
    purpose.into_iter().any(ahead) || text_of(headers, "x-moz") == "prefetch"
}

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
static CLOUDFLARE_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");
static CLOUDFLARE_IPV6: HeaderName = HeaderName::from_static("cf-connecting-ipv6");

/// The visitor.
pub fn client(headers: &HeaderMap, peer: IpAddr, app: &App) -> Client {
    let values = |asked: Header<'_>| {
        let all = match asked {
            Header::ForwardedFor => headers.get_all(&FORWARDED_FOR),
            Header::Forwarded => headers.get_all(header::FORWARDED),
            Header::RealIp => headers.get_all(&REAL_IP),
            Header::CloudflareIp => headers.get_all(&CLOUDFLARE_IP),
            Header::CloudflareIpv6 => headers.get_all(&CLOUDFLARE_IPV6),
            Header::Named(name) => headers.get_all(name),
        };
        all.iter().map(HeaderValue::as_bytes)
    };
    address::of_client(peer, values, &app.trust)
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
            let answer = event_answer(&received);
            let told = text_of(answer.headers(), "x-plausible-dropped");
            assert_eq!((answer.status().as_u16(), told), (status, dropped.unwrap_or_default()), "{outcomes:?}");
        }
    }
}
