//! Answers GoatCounter's clients: a picture, or the JSON of the API.

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};

use super::answers::{
    AnswerShape, WireAnswer, json as told, note_days, note_reasons, overloaded, picture, reason, set,
};
use super::intake::{Bearer, Messages, receive_at_once, receive_list, refuse};
use super::{App, WholeRequest, text_of};
use crate::beacon::goatcounter::{self, RequestFault};
use crate::beacon::{Beacon, Refusal, Request};
use crate::collector::Outcome;
use crate::rejection::Rejection;
use crate::server::arriving::ArrivingBody;
use crate::server::failure::FailureCause;

/// `GET|POST /count` and `/count/SITE`. The body is never read.
pub async fn count(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> WireAnswer {
    let (parts, _) = request.into_parts();
    let client = super::client(&parts.headers, peer, app);
    let heard = super::Said::by(&parts.headers);
    let said = heard.request(parts.uri.query().unwrap_or_default(), &[], client);
    let named = parts.uri.path().strip_prefix("/count/").filter(|site| !site.is_empty());
    let outcome = match site(named, text_of(&parts.headers, "host"), &said, app) {
        None => refuse(&Refusal { reason: Rejection::UnknownSite, sites: Vec::new() }, &app.collector),
        Some(site) => match goatcounter::parse(&said, &site) {
            Ok(beacon) => receive_at_once(vec![beacon], app).outcomes.pop().unwrap_or(Outcome::Lost),
            Err(fault) => return invalid(&fault, &site, app),
        },
    };
    if let Some(answer) = overloaded(&[outcome], AnswerShape::Text) {
        return answer;
    }
    let is_unknown = outcome == Outcome::Rejected(Rejection::UnknownSite);
    let mut answer = picture(if is_unknown { StatusCode::BAD_REQUEST } else { StatusCode::OK });
    set(&mut answer, "connection", "close");
    if is_unknown {
        set(&mut answer, "x-goatcounter", "no site here has this name");
    } else if let Some(value) =
        reason(outcome).and_then(|why| HeaderValue::from_str(&format!("ignored because {why}")).ok())
    {
        answer.headers_mut().insert("x-goatcounter", value);
    }
    note_reasons(answer.headers_mut(), &[outcome]);
    answer
}

fn site(named: Option<&str>, host: &str, said: &Request<'_>, app: &App) -> Option<String> {
    let directory = app.collector.directory();
    let only = directory.only().map(|site| site.domain.as_str());
    goatcounter::site(named, host, said, |name| directory.find(name).is_some(), only)
}

fn invalid(fault: &RequestFault, site: &str, app: &App) -> WireAnswer {
    let outcome = refuse(&Refusal { reason: fault.reason, sites: vec![site.to_owned()] }, &app.collector);
    let mut answer = picture(StatusCode::BAD_REQUEST);
    set(&mut answer, "connection", "close");
    if let Ok(value) = HeaderValue::from_str(&format!("not valid: {}", fault.sentence)) {
        answer.headers_mut().insert("x-goatcounter", value);
    }
    note_reasons(answer.headers_mut(), &[outcome]);
    answer
}

/// `POST /api/v0/count`
pub async fn api(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> Result<WireAnswer, FailureCause> {
    // The body is read in any case: who is still sending hears no answer.
    let arrived = WholeRequest::whole(request, peer, app).await;
    let headers = &arrived.parts.headers;
    let bearer = match allowed(Bearer::of(headers, app).await?) {
        Ok(bearer) => bearer,
        Err(answer) => return Ok(*answer),
    };
    if !text_of(headers, "content-type").to_ascii_lowercase().starts_with("application/json") {
        let error = json!({"error": "use Content-Type: application/json"});
        return Ok(told(StatusCode::UNSUPPORTED_MEDIA_TYPE, &error));
    }
    let heard = arrived.said();
    let said = arrived.request(&heard);
    let directory = app.collector.directory();
    let own = bearer.access.site.and_then(|id| directory.get(id)).map(|site| site.domain.to_string());
    let found = own.or_else(|| site(None, text_of(&arrived.parts.headers, "host"), &said, app));
    let Some(site) = found else {
        app.collector.refuse(&[], Rejection::UnknownSite);
        let error = json!({"error": "the token is good for several sites; make one for the site"});
        return Ok(told(StatusCode::BAD_REQUEST, &error));
    };
    if arrived.body.is_err() {
        app.collector.refuse(&[], Rejection::TooLarge);
        let error = json!({"error": "the body is too large or did not arrive"});
        return Ok(told(StatusCode::PAYLOAD_TOO_LARGE, &error));
    }
    let items = match goatcounter::parse_api(&said, &site) {
        Ok(items) => items,
        Err(fault) => {
            refuse(&Refusal { reason: fault.reason, sites: vec![site] }, &app.collector);
            return Ok(told(StatusCode::BAD_REQUEST, &json!({"error": fault.sentence})));
        }
    };
    counted(items, &site, &bearer, &arrived, app).await
}

/// Counts the hits of a call, and tells which were wrong. The others are counted, so that they must not be sent again.
async fn counted(
    items: Vec<Result<Beacon, RequestFault>>,
    site: &str,
    bearer: &Bearer,
    arrived: &WholeRequest,
    app: &App,
) -> Result<WireAnswer, FailureCause> {
    let wrong = |item: &Result<Beacon, RequestFault>| item.as_ref().err().map(|fault| fault.sentence);
    let faults: Vec<Option<&str>> = items.iter().map(wrong).collect();
    let refusal = |fault: RequestFault| Refusal { reason: fault.reason, sites: vec![site.to_owned()] };
    let items: Vec<_> = items.into_iter().map(|item| item.map_err(refusal)).collect();
    let items = Messages::new(items, app);
    let received = receive_list(items, Some(bearer), bearer.batch(&arrived.parts.headers), app).await?;
    if let Some(answer) = overloaded(&received.outcomes, AnswerShape::Json) {
        return Ok(answer);
    }
    let mut errors = Map::new();
    for (index, (fault, outcome)) in faults.iter().zip(&received.outcomes).enumerate() {
        match (fault, outcome) {
            (Some(sentence), _) => drop(errors.insert(index.to_string(), json!(sentence))),
            (None, Outcome::Rejected(Rejection::BadTime | Rejection::BadUrl)) => {
                errors.insert(index.to_string(), json!("path or created_at: not valid"));
            }
            _ => {}
        }
    }
    let mut answer = match errors.is_empty() {
        true => told(StatusCode::ACCEPTED, &json!({"status": "ok"})),
        false => told(StatusCode::BAD_REQUEST, &json!({"errors": Value::Object(errors)})),
    };
    note_reasons(answer.headers_mut(), &received.outcomes);
    note_days(answer.headers_mut(), &received.repeated);
    Ok(answer)
}

/// `GET /api/v0/me` and `/api/v0/test`: whether the token is good.
pub async fn me(request: hyper::Request<ArrivingBody>, app: &App) -> Result<WireAnswer, FailureCause> {
    Ok(match allowed(Bearer::in_headers(request.headers(), app).await?) {
        Ok(_) => {
            told(StatusCode::OK, &json!({"token": {"name": "headcount", "permissions": {"count": true}}, "user": {}}))
        }
        Err(answer) => *answer,
    })
}

/// The bearer, if it may send here; else the answer.
fn allowed(bearer: Option<Bearer>) -> Result<Bearer, Box<WireAnswer>> {
    let Some(bearer) = bearer else {
        let mut answer = told(StatusCode::UNAUTHORIZED, &json!({"error": "no such token"}));
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"headcount\""));
        return Err(Box::new(answer));
    };
    if !bearer.may_send() {
        let answer = told(StatusCode::FORBIDDEN, &json!({"error": "the token needs the scope ingest"}));
        return Err(Box::new(answer));
    }
    Ok(bearer)
}
