//! Answers requests for pictures that count: our pixel, Fathom Lite's, Simple Analytics'. The picture is sent whatever became of
//! the beacon.

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::body::Incoming;

use super::answers::{WireAnswer, note_reasons, picture, plain, set, with_cors};
use super::intake::{receive, refuse};
use super::{App, Said, WholeRequest, client};
use crate::beacon::{Beacon, Refusal, Request, fathom, pixel, simple};
use crate::collector::Outcome;
use crate::rejection::Rejection;

/// `GET /pixel.gif`
pub async fn pixel(request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> WireAnswer {
    let outcomes = outcomes(&request, peer, app, pixel::parse).await;
    let mut answer = picture(StatusCode::OK);
    note_reasons(answer.headers_mut(), &outcomes);
    answer
}

/// `GET /collect`. Who is no person, and who does not want to be counted, gets no picture.
pub async fn collect(request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> WireAnswer {
    use Rejection::{BadUrl, Bot, OptedOut, Prefetch};
    let parse = |request: &Request<'_>| fathom::parse(request).map(|beacon| vec![beacon]);
    let outcomes = outcomes(&request, peer, app, parse).await;
    let is_empty = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(Bot | OptedOut | Prefetch | BadUrl));
    let mut answer = if outcomes.iter().any(is_empty) { plain(StatusCode::OK, "") } else { picture(StatusCode::OK) };
    set(&mut answer, "tk", "N");
    set(&mut answer, "cache-control", "no-store, no-cache, must-revalidate, private");
    set(&mut answer, "expires", "Mon, 01 Jan 1990 00:00:00 GMT");
    note_reasons(answer.headers_mut(), &outcomes);
    answer
}

/// `GET /simple.gif`
pub async fn simple(request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> WireAnswer {
    let parse = |request: &Request<'_>| simple::parse(request).map(|beacon| vec![beacon]);
    let outcomes = outcomes(&request, peer, app, parse).await;
    let mut answer = picture(StatusCode::OK);
    note_reasons(answer.headers_mut(), &outcomes);
    answer
}

/// `POST /append`
pub async fn append(request: hyper::Request<Incoming>, peer: IpAddr, app: &App) -> WireAnswer {
    let arrived = WholeRequest::whole(request, peer, app).await;
    let outcomes = match arrived.parsed(simple::parse_append) {
        Ok(beacon) => receive(vec![beacon], None, app).await.outcomes,
        Err(refusal) => vec![refuse(&refusal, &app.collector)],
    };
    let mut answer = with_cors(plain(StatusCode::OK, "ok"));
    note_reasons(answer.headers_mut(), &outcomes);
    answer
}

async fn outcomes(
    request: &hyper::Request<Incoming>,
    peer: IpAddr,
    app: &App,
    parse: impl Fn(&Request<'_>) -> Result<Vec<Beacon>, Refusal>,
) -> Vec<Outcome> {
    let said = Said::by(request.headers());
    let client = client(request.headers(), peer, app);
    let query = request.uri().query().unwrap_or_default();
    let parsed = parse(&said.request(query, &[], client));
    match parsed {
        Ok(beacons) => receive(beacons, None, app).await.outcomes,
        Err(refusal) => vec![refuse(&refusal, &app.collector)],
    }
}
