//! `GET /privacy/DOMAIN/audit`: the last signed summary of an audit, for everybody, where the site's owner publishes it.

use axum::extract::{Path, State};
use axum::response::Response;
use hyper::HeaderMap;

use super::SharedApp;
use super::answers::{not_found, text};
use super::failure::{self, stored};

/// The summary as it was signed: it names no site.
pub async fn summary(State(app): State<SharedApp>, Path(domain): Path<String>, headers: HeaderMap) -> Response {
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return not_found(&headers) };
    if !site.settings.publish_audit {
        return not_found(&headers);
    }
    match stored(move || app.collector.operators().kept_summary()).await {
        Ok(Some(signed)) => text("application/json", signed),
        Ok(None) => not_found(&headers),
        Err(cause) => failure::page(cause, &headers),
    }
}
