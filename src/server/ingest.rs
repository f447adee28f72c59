//! In: requests on the paths of wire formats. Out: the answer that each format owes. Forgets: the request, with its
//! address and agent, before the answer is sent.
//!
//! A rejected beacon answers like an accepted one unless its format says otherwise.

use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};

use super::body::{self, Unread};
use super::{App, header as text_of};
use crate::beacon::plausible::{Fault, Refusal};
use crate::beacon::{Beacon, ClientIp, Hints, Request, address, pixel, plausible};
use crate::collector::{Outcome, Waiting};
use crate::limits;
use crate::rejection::Rejection;

/// Where beacons arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /api/event`, Plausible's format and ours.
    Event,
    /// `GET /pixel.gif`.
    Pixel,
}

/// The route of a path, if beacons arrive there.
pub fn route(path: &str) -> Option<Route> {
    match path {
        "/api/event" => Some(Route::Event),
        "/pixel.gif" => Some(Route::Pixel),
        _ => None,
    }
}

/// A transparent picture of one pixel, GIF89a.
const PIXEL: [u8; 43] = [
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0x21, 0xf9, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02,
    0x01, 0x44, 0x00, 0x3b, 0x00,
];

/// The header that says why a beacon is not counted.
const REJECTED: &str = "x-headcount-rejected";

/// How long a hit waits for room in the queue before it is given up, in steps of [`ROOM_STEP_MS`].
const ROOM_STEPS: u32 = 200;
const ROOM_STEP_MS: u64 = 5;

/// An answer to a beacon: its body is small and whole.
pub type Answer = Response<Full<Bytes>>;

/// Answers a request for a beacon route.
pub async fn answer(route: Route, request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> Answer {
    match (route, request.method()) {
        (Route::Event, &Method::POST) => event(request, peer, app).await,
        (Route::Event, &Method::OPTIONS) => preflight(),
        (Route::Event, _) => plain(StatusCode::METHOD_NOT_ALLOWED, "send beacons with POST"),
        (Route::Pixel, &Method::GET | &Method::HEAD) => picture(request, peer, app).await,
        (Route::Pixel, _) => plain(StatusCode::METHOD_NOT_ALLOWED, "ask for the pixel with GET"),
    }
}

async fn event(request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> Answer {
    let (parts, body) = request.into_parts();
    let said = Said::by(&parts.headers);
    let address = client(&parts.headers, peer, app);
    if said.asks_for_address {
        return with_cors(plain(StatusCode::OK, address.0.to_string()));
    }
    let body = body::read(body, limits::BODY_BYTES_MAX).await;
    let parsed = match &body {
        Ok(body) => plausible::parse(&said.request("", &body.bytes, address)),
        Err(Unread::TooLarge) => Err(Refusal::from(Fault::BodyTooLarge)),
        Err(Unread::Late | Unread::Gone) => Err(Refusal::from(Fault::NotJson)),
    };
    let is_late = body.is_err_and(|unread| unread == Unread::Late);
    match parsed {
        Ok(beacons) => event_answer(&receive(beacons, app).await),
        Err(refusal) => {
            app.collector.refuse(&refusal.sites, refusal.rejection());
            let status = if is_late { StatusCode::REQUEST_TIMEOUT } else { StatusCode::BAD_REQUEST };
            let mut answer = plain(status, refusal.body());
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            with_cors(answer)
        }
    }
}

/// The head of the usual answers, made once: clones are cheaper than inserts.
static ACCEPTED: LazyLock<HeaderMap> =
    LazyLock::new(|| with_cors(plain(StatusCode::ACCEPTED, "ok")).into_parts().0.headers);
static PICTURE: LazyLock<HeaderMap> = LazyLock::new(|| {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("image/gif")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache, must-revalidate, private")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ])
});

fn event_answer(outcomes: &[Outcome]) -> Answer {
    let is_overloaded = |outcome: &Outcome| matches!(outcome, Outcome::Lost | Outcome::Rejected(Rejection::TooMany));
    // Whoever is told to try again counts twice for each site that took the first try.
    if outcomes.iter().any(is_overloaded) && !outcomes.contains(&Outcome::Accepted) {
        let mut answer = plain(StatusCode::SERVICE_UNAVAILABLE, "the collector is overloaded; try again later");
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        return with_cors(answer);
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
    answer
}

async fn picture(request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> Answer {
    let said = Said::by(request.headers());
    let address = client(request.headers(), peer, app);
    let outcomes = match pixel::parse(&said.request(request.uri().query().unwrap_or_default(), &[], address)) {
        Ok(beacons) => receive(beacons, app).await,
        Err(refusal) => {
            app.collector.refuse(&refusal.sites, refusal.reason);
            vec![Outcome::Rejected(refusal.reason)]
        }
    };
    let mut answer = whole(StatusCode::OK, PICTURE.clone(), Bytes::from_static(&PIXEL));
    note_reasons(answer.headers_mut(), &outcomes);
    answer
}

/// Tells the owner of a site why a beacon is not counted. Browsers show the header to scripts only where it is exposed.
fn note_reasons(headers: &mut HeaderMap, outcomes: &[Outcome]) {
    let reasons: Vec<&str> = outcomes.iter().filter_map(|outcome| reason(*outcome)).collect();
    if let Ok(value) = HeaderValue::from_str(&reasons.join(", "))
        && !reasons.is_empty()
    {
        headers.insert(HeaderName::from_static(REJECTED), value);
    }
}

fn reason(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Accepted => None,
        Outcome::Rejected(reason) => Some(reason.label()),
        Outcome::Lost => Some("lost"),
    }
}

async fn receive(beacons: Vec<Beacon>, app: &App) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(beacons.len());
    for beacon in beacons {
        outcomes.push(match app.collector.receive(beacon) {
            Ok(outcome) => outcome,
            Err(waiting) => wait_for_room(waiting, app).await,
        });
    }
    outcomes
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

/// What a request's headers say to wire formats, found in one walk over them. The first of a repeated header counts.
#[derive(Default)]
struct Said<'a> {
    user_agent: Option<&'a str>,
    hints: Hints,
    accept_language: Option<&'a str>,
    referer: Option<&'a str>,
    opted_out: bool,
    prefetch: bool,
    asks_for_address: bool,
}

impl<'a> Said<'a> {
    fn by(headers: &'a HeaderMap) -> Said<'a> {
        let mut said = Said::default();
        // The values of a repeated header come one after the other.
        for (name, value) in headers {
            let text = || Some(std::str::from_utf8(value.as_bytes()).unwrap_or_default());
            match name.as_str() {
                "user-agent" => said.user_agent = said.user_agent.or_else(text),
                "accept-language" => said.accept_language = said.accept_language.or_else(text),
                "referer" => said.referer = said.referer.or_else(text),
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
    fn request<'b>(&'b self, query: &'b str, body: &'b [u8], address: ClientIp) -> Request<'b> {
        Request {
            query,
            body,
            address,
            user_agent: self.user_agent.unwrap_or_default(),
            hints: &self.hints,
            accept_language: self.accept_language.unwrap_or_default(),
            referer: self.referer.unwrap_or_default(),
            opted_out: self.opted_out,
            prefetch: self.prefetch,
        }
    }
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

/// The address of the visitor.
pub fn client(headers: &HeaderMap, peer: IpAddr, app: &App) -> ClientIp {
    let listed = headers.get_all(&FORWARDED_FOR).iter().map(HeaderValue::as_bytes);
    let elements = headers.get_all(header::FORWARDED).iter().map(HeaderValue::as_bytes);
    let real_ip = headers.get(&REAL_IP).map(HeaderValue::as_bytes);
    address::of_client(peer, listed, elements, real_ip, &app.trusted_proxies)
}

fn preflight() -> Answer {
    let mut answer = plain(StatusCode::NO_CONTENT, "");
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "Authorization,Content-Type,Accept,Origin,User-Agent,DNT,Cache-Control,X-Requested-With",
        ),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("1728000"));
    with_cors(answer)
}

fn with_cors(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    answer
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    whole(status, HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]), text.into())
}

fn whole(status: StatusCode, headers: HeaderMap, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
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
            let answer = event_answer(outcomes);
            let told = text_of(answer.headers(), "x-plausible-dropped");
            assert_eq!((answer.status().as_u16(), told), (status, dropped.unwrap_or_default()), "{outcomes:?}");
        }
    }
}
