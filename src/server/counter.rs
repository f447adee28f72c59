//! In: requests for how often a page was viewed, from anybody. Out: a number of closed days, made coarse, as JSON or as a picture.
//! Forgets: the exact number.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::failure::{self, FailureCause};
use super::{SharedApp, answers};
use crate::collector::{Collector, SnapshotScope};
use crate::hit::path;
use crate::site::Day;
use crate::view::counter::{shown, svg, views};

/// How long it may be kept, in seconds: it changes once a day.
const AGE: &str = "public, max-age=3600";

/// `GET /counter/DOMAIN/PATH.json` and `.svg`
pub async fn counter(
    State(app): State<SharedApp>,
    Path((domain, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let site = app.collector.directory().find(&domain).cloned().filter(|site| site.settings.counter);
    let (Some(site), Some((page, ending))) = (site, file.rsplit_once('.')) else { return answers::not_found(&headers) };
    // The page is named as it was when it was counted.
    let url = format!("https://{}/{}", site.domain, page.trim_start_matches('/'));
    let Ok(location) = path::locate_by(&url, false, Some(&site.settings.paths)) else {
        return answers::not_found(&headers);
    };
    let last = Day(site.schedule.locate(app.collector.clock().now()).day.0 - 1);
    let work = move |collector: &Collector| {
        let scope = SnapshotScope { is_as_counted: true, ..SnapshotScope::sites(vec![site.id]) };
        let snapshot = collector.snapshot(scope)?;
        views(&site, &location.path, last, &snapshot, collector.folded().key())
    };
    let count = match app.in_turn_of_strangers(work).await.and_then(|views| views.map_err(FailureCause::from)) {
        Ok(count) => shown(count),
        Err(cause) => return failure::page(cause, &headers),
    };
    let (kind, body) = match ending {
        "json" => ("application/json", json!({ "count": count }).to_string()),
        "svg" => ("image/svg+xml", svg(&count)),
        _ => return answers::not_found(&headers),
    };
    let mut answer = (StatusCode::OK, body).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(AGE));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    answer
}
