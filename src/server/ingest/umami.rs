//! Answers Umami's clients with the JSON that they read.
//!
//! There are no sessions to name, so the answer names the empty one. Crawlers are told so, as Umami does.

use std::net::IpAddr;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::answers::{
    AnswerShape, WireAnswer, json as told, note_days, note_reasons, overloaded, umami_error as error,
};
use super::intake::{Bearer, Messages, Received, receive_each, receive_list, refuse};
use super::{App, WholeRequest};
use crate::beacon::umami;
use crate::collector::Outcome;
use crate::rejection::Rejection;
use crate::server::arriving::ArrivingBody;
use crate::server::failure::FailureCause;

/// The UUID of no session.
const NO_SESSION: &str = "00000000-0000-0000-0000-000000000000";

/// `POST /api/send`
pub async fn send(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> Result<WireAnswer, FailureCause> {
    let arrived = WholeRequest::whole(request, peer, app).await;
    let messages = Messages::new(vec![arrived.parsed(umami::parse)], app);
    let bearer = Bearer::in_headers(&arrived.parts.headers, app).await?;
    let Received { outcomes, repeated, .. } = receive_each(messages, bearer.map(|bearer| bearer.access), app).await;
    if let Some(answer) = overloaded(&outcomes, AnswerShape::UmamiJson) {
        return Ok(answer);
    }
    let body = body_of(outcomes.first().copied().unwrap_or(Outcome::Lost));
    let status = if is_error(&body) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let mut answer = told(status, &body);
    note_reasons(answer.headers_mut(), &outcomes);
    note_days(answer.headers_mut(), &repeated);
    Ok(answer)
}

/// `POST /api/batch`
pub async fn batch(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> Result<WireAnswer, FailureCause> {
    let arrived = WholeRequest::whole(request, peer, app).await;
    let items = match arrived.parsed(umami::parse_batch) {
        Ok(items) => items,
        Err(refusal) => {
            let outcome = refuse(&refusal, &app.collector);
            let mut answer = told(StatusCode::BAD_REQUEST, &error(400, "Bad request"));
            note_reasons(answer.headers_mut(), &[outcome]);
            return Ok(answer);
        }
    };
    let messages = Messages::new(items, app);
    let bearer = Bearer::in_headers(&arrived.parts.headers, app).await?;
    let id = bearer.as_ref().and_then(|bearer| bearer.batch(&arrived.parts.headers));
    let received = receive_list(messages, bearer.as_ref(), id, app).await?;
    if let Some(answer) = overloaded(&received.outcomes, AnswerShape::UmamiJson) {
        return Ok(answer);
    }
    let mut details = Vec::new();
    for (index, outcome) in received.outcomes.iter().enumerate() {
        let response = body_of(*outcome);
        if is_error(&response) && !received.is_repeat {
            details.push(json!({"index": index, "response": response}));
        }
    }
    let size = received.outcomes.len();
    let body = json!({
        "size": size, "processed": size - details.len(), "errors": details.len(), "details": details, "cache": "",
    });
    let mut answer = told(StatusCode::OK, &body);
    note_reasons(answer.headers_mut(), &received.outcomes);
    note_days(answer.headers_mut(), &received.repeated);
    Ok(answer)
}

fn body_of(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Rejected(Rejection::Bot) => json!({"beep": "boop"}),
        Outcome::Rejected(Rejection::UnknownSite) => error(400, "Website not found."),
        Outcome::Rejected(
            Rejection::BadField | Rejection::BadUrl | Rejection::BadTime | Rejection::NotJson | Rejection::TooLarge,
        ) => error(400, "Bad request"),
        outcome if outcome.is_overload() => error(503, "The collector is overloaded; try again later."),
        _ => json!({"cache": "", "sessionId": NO_SESSION, "visitId": NO_SESSION}),
    }
}

fn is_error(body: &Value) -> bool {
    body.get("error").is_some()
}

/// `GET /api/heartbeat`
pub fn heartbeat() -> WireAnswer {
    told(StatusCode::OK, &json!({"ok": true}))
}
