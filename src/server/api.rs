//! Answers queries in the shape of Plausible's Stats API v2, sent with a bearer token.

pub mod annotations;

use axum::Json;
use axum::extract::{Request as HttpRequest, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::body::{self, Unread};
use super::failure;
use super::{SharedApp, answers, signed_in};
use crate::collector::Collector;
use crate::limits;
use crate::report::Sums;
use crate::report::query::{QueryError, QueryRequest};
use crate::site::Site;
use crate::store::StoreError;

/// What a bad token gets, and a good one for another site: who may not read can't find out what exists.
const NO_ACCESS: &str = "Missing or wrong API key, or no such site. Send `Authorization: Bearer TOKEN` with a token from \
                         `headcount token create --scope read`, and the site's domain as `site_id`.";

/// `POST /api/v2/query`
pub async fn query(State(app): State<SharedApp>, request: HttpRequest) -> Response {
    // The token comes first: nobody else may make the server wait for a body.
    let access = match signed_in::bearer(request.headers(), &app).await {
        Ok(Some(access)) => access,
        Ok(None) => return refused(StatusCode::UNAUTHORIZED, NO_ACCESS),
        Err(cause) => return failure::json_error(cause),
    };
    let request = match body::read(request.into_body(), limits::QUERY_BYTES_MAX).await {
        Ok(body) => QueryRequest::parse(&body.bytes),
        Err(unread) => return unreadable(unread),
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let site = app.collector.directory().find(&request.site_id).cloned();
    let Some(site) = site.filter(|site| access.may_read(site.id)) else {
        return refused(StatusCode::UNAUTHORIZED, NO_ACCESS);
    };
    match app.in_turn(move |collector| answer(&request, &site, collector)).await {
        Ok(Ok(answer)) => answers::text("application/json", answer),
        Ok(Err(Trouble::Query(error))) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
        Ok(Err(Trouble::Store(error))) => failure::json_error(error),
        Err(cause) => failure::json_error(cause),
    }
}

enum Trouble {
    Query(QueryError),
    Store(StoreError),
}

/// The answer as JSON.
fn answer(request: &QueryRequest, site: &Site, collector: &Collector) -> Result<Vec<u8>, Trouble> {
    let first_day =
        if request.reads_first_day() { collector.first_day(site.id).map_err(Trouble::Store)? } else { None };
    let query = request.resolve(site, collector.clock().now(), first_day).map_err(Trouble::Query)?;
    let answer = query.run(collector).map_err(Trouble::Store)?;
    serde_json::to_vec(&answer).map_err(|error| Trouble::Store(StoreError::Other(error.to_string())))
}

fn unreadable(unread: Unread) -> Response {
    match unread {
        Unread::TooLarge => refused(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large"),
        Unread::Late | Unread::Gone => refused(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time"),
    }
}

fn refused(status: StatusCode, sentence: &str) -> Response {
    (status, Json(json!({ "error": sentence }))).into_response()
}
