//! Answers requests for pictures that count: our pixel, Fathom Lite's, Simple Analytics'. The picture is sent whatever became of
//! the beacon.

use std::net::IpAddr;

use hyper::StatusCode;

use super::answers::{UsualAnswer, WireAnswer, WireReply, note_reasons, picture, plain, set, with_cors};
use super::intake::{receive_at_once, refuse};
use super::{App, WholeRequest};
use crate::beacon::{Beacon, Refusal, Request, fathom, pixel as own, simple as analytics};
use crate::collector::Outcome;
use crate::rejection::Rejection;
use crate::server::arriving::ArrivingBody;

/// `GET /pixel.gif`
pub fn pixel(request: &Request<'_>, app: &App) -> WireReply {
    shown(&outcomes(own::parse(request), app))
}

/// `GET /collect`. Who is no person, and who does not want to be counted, gets no picture.
pub fn collect(request: &Request<'_>, app: &App) -> WireReply {
    use Rejection::{BadUrl, Bot, OptedOut, Prefetch};
    let outcomes = outcomes(fathom::parse(request).map(one), app);
    let is_empty = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(Bot | OptedOut | Prefetch | BadUrl));
    let mut answer = if outcomes.iter().any(is_empty) { plain(StatusCode::OK, "") } else { picture(StatusCode::OK) };
    set(&mut answer, "tk", "N");
    set(&mut answer, "cache-control", "no-store, no-cache, must-revalidate, private");
    set(&mut answer, "expires", "Mon, 01 Jan 1990 00:00:00 GMT");
    note_reasons(answer.headers_mut(), &outcomes);
    WireReply::Made(answer)
}

/// `GET /simple.gif`
pub fn simple(request: &Request<'_>, app: &App) -> WireReply {
    shown(&outcomes(analytics::parse(request).map(one), app))
}

/// `POST /append`
pub async fn append(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> WireAnswer {
    let arrived = WholeRequest::whole(request, peer, app).await;
    appended(arrived.parsed(analytics::parse_append), app)
}

/// The same for a message that came whole.
pub fn append_at_once(request: &Request<'_>, app: &App) -> WireReply {
    WireReply::Made(appended(analytics::parse_append(request), app))
}

fn appended(parsed: Result<Beacon, Refusal>, app: &App) -> WireAnswer {
    let outcomes = outcomes(parsed.map(one), app);
    let mut answer = with_cors(plain(StatusCode::OK, "ok"));
    note_reasons(answer.headers_mut(), &outcomes);
    answer
}

fn one(beacon: Beacon) -> Vec<Beacon> {
    vec![beacon]
}

/// The picture, and why something is not counted if it is not.
fn shown(outcomes: &[Outcome]) -> WireReply {
    if outcomes.iter().all(|outcome| *outcome == Outcome::Accepted) {
        return WireReply::Usual(UsualAnswer::Picture);
    }
    let mut answer = picture(StatusCode::OK);
    note_reasons(answer.headers_mut(), outcomes);
    WireReply::Made(answer)
}

fn outcomes(parsed: Result<Vec<Beacon>, Refusal>, app: &App) -> Vec<Outcome> {
    match parsed {
        Ok(beacons) => receive_at_once(beacons, app).outcomes,
        Err(refusal) => vec![refuse(&refusal, &app.collector)],
    }
}
