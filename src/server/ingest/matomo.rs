//! Answers Matomo's clients: a picture, nothing, or the JSON of a list.
//!
//! Scripts send their credentials along, and send everything twice if they may not read the answer: so it names the page's
//! own origin.

use std::net::IpAddr;

use hyper::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue, VARY};
use hyper::{Method, StatusCode};
use serde_json::json;

use super::answers::{AnswerShape, WireAnswer, json as told, note_days, note_reasons, overloaded, picture, plain, set};
use super::intake::{Bearer, Messages, Received, receive_list, refuse, token_of};
use super::{App, WholeRequest, body};
use crate::beacon::matomo::{self, Parsed};
use crate::collector::Outcome;
use crate::limits;
use crate::operator::TokenScope;
use crate::server::arriving::ArrivingBody;
use crate::server::failure::{self, FailureCause};

/// `GET|POST /matomo.php` and its other names.
pub async fn track(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> Result<WireAnswer, FailureCause> {
    let arrived = WholeRequest::whole(request, peer, app).await;
    let is_post = arrived.parts.method == Method::POST;
    let origin = arrived.parts.headers.get("origin").cloned();
    let mut answer = tracked(&arrived, app).await.unwrap_or_else(|cause| failure::unheard(cause, AnswerShape::Text));
    if is_post {
        let headers = answer.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.unwrap_or(HeaderValue::from_static("*")));
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(VARY, HeaderValue::from_static("origin"));
    }
    Ok(answer)
}

async fn tracked(arrived: &WholeRequest, app: &App) -> Result<WireAnswer, FailureCause> {
    let parsed = match arrived.parsed(matomo::parse) {
        Ok(parsed) => parsed,
        Err(refusal) => {
            refuse(&refusal, &app.collector);
            return Ok(told(StatusCode::BAD_REQUEST, &json!({"status": "error", "tracked": 0, "invalid": 0})));
        }
    };
    if parsed.is_empty && arrived.parts.method != Method::POST {
        return Ok(plain(StatusCode::OK, "headcount counts visits here, in the format of Matomo's tracking API"));
    }
    let Parsed { items, token, is_bulk, wants_picture, .. } = parsed;
    let messages = Messages::new(items, app);
    // If it can't be looked up, the messages are booked as they are dropped.
    let bearer = match token.or_else(|| token_of(&arrived.parts.headers)) {
        Some(token) => Bearer::with(&token, app).await?,
        None => None,
    };
    let id = bearer.as_ref().and_then(|bearer| bearer.batch(&arrived.parts.headers));
    let received = receive_list(messages, bearer.as_ref(), id, app).await?;
    let mut answer = match is_bulk {
        true => bulk_answer(&received, wants_picture, bearer.as_ref()),
        false => single_answer(&received, wants_picture),
    };
    note_reasons(answer.headers_mut(), &received.outcomes);
    note_days(answer.headers_mut(), &received.repeated);
    Ok(answer)
}

fn single_answer(received: &Received, wants_picture: bool) -> WireAnswer {
    match received.outcomes.first() {
        Some(outcome) if outcome.is_overload() => failure::overloaded(AnswerShape::Text),
        Some(Outcome::Rejected(reason)) if matomo::is_invalid(*reason) => {
            plain(StatusCode::BAD_REQUEST, format!("not counted: {}", reason.label()))
        }
        None => plain(StatusCode::BAD_REQUEST, "not counted: no parameters"),
        Some(_) if wants_picture => picture(StatusCode::OK),
        Some(_) => empty(),
    }
}

fn bulk_answer(received: &Received, wants_picture: bool, bearer: Option<&Bearer>) -> WireAnswer {
    let is_invalid = |outcome: &Outcome| match outcome {
        Outcome::Accepted => false,
        Outcome::Rejected(reason) => matomo::is_invalid(*reason),
        Outcome::Lost => true,
    };
    if let Some(answer) = overloaded(&received.outcomes, AnswerShape::Text) {
        return answer;
    }
    let wrong = received.outcomes.iter().enumerate().filter(|(_, outcome)| is_invalid(outcome));
    let indices: Vec<usize> = wrong.map(|(index, _)| index).collect();
    let tracked = received.outcomes.len() - indices.len();
    if !wants_picture {
        return empty();
    }
    let mut body = json!({"status": "success", "tracked": tracked, "invalid": indices.len()});
    if bearer.is_some_and(|bearer| bearer.access.scope == TokenScope::Admin) {
        body["invalid_indices"] = json!(indices);
    }
    told(StatusCode::OK, &body)
}

fn empty() -> WireAnswer {
    let mut answer = plain(StatusCode::NO_CONTENT, "");
    set(&mut answer, "cache-control", "no-store");
    answer
}

/// `POST /` and `/index.php`: the one question of Matomo's other API that the importer of logs asks, and only with a token for the site.
pub async fn api(request: hyper::Request<ArrivingBody>, app: &App) -> Result<WireAnswer, FailureCause> {
    let refused =
        || told(StatusCode::NOT_FOUND, &json!({"result": "error", "message": "there is no such method here"}));
    let (parts, body) = request.into_parts();
    let Ok(body) = body::read(body, limits::QUERY_BYTES_MAX).await else { return Ok(refused()) };
    let query = parts.uri.query().unwrap_or_default();
    let Some((name, token)) = matomo::asked_site(query, &body.bytes) else { return Ok(refused()) };
    let bearer = Bearer::with(&token, app).await?;
    let site = app.collector.directory().find(&name).cloned();
    Ok(match (site, bearer) {
        (Some(site), Some(bearer)) if bearer.access.may_ingest(site.id) => {
            let main_url = format!("https://{}", site.domain);
            let zone = site.schedule.name();
            told(StatusCode::OK, &json!({"idsite": name, "name": site.domain, "main_url": main_url, "timezone": zone}))
        }
        _ => told(StatusCode::OK, &json!({"result": "error", "message": "no such site, or no ingest token for it"})),
    })
}
