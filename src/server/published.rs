//! In: requests for what a site publishes of its days, from anybody. Out: releases as they were made once, and their index. Forgets:
//! nothing; of a site that publishes nothing the answer is that of one that is unknown.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::failure::{self, FailureCause};
use super::{SharedApp, answers};
use crate::page::published::{ReleaseIndex, ReleasePage};
use crate::site::{Day, Site};

/// How long a release may be kept, in seconds: it never changes.
const RELEASE_AGE: &str = "public, max-age=86400";
/// The index grows once a day.
const INDEX_AGE: &str = "public, max-age=300";

/// `GET /public/DOMAIN.json`
pub async fn index(State(app): State<SharedApp>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let named = file.strip_suffix(".json");
    let Some(site) = named.and_then(|domain| publishing(&app, domain)) else { return answers::not_found(&headers) };
    let id = site.id;
    let days = app.in_turn_of_strangers(move |collector| collector.sums().published_days(id)).await;
    let days = match days.and_then(|days| days.map_err(FailureCause::from)) {
        Ok(days) => days,
        Err(cause) => return failure::page(cause, &headers),
    };
    let epsilon = site.settings.publish.epsilon;
    let index = ReleaseIndex { domain: site.domain.as_str(), epsilon, days: &days };
    for_all("application/json", index.json(), INDEX_AGE)
}

/// `GET /public/DOMAIN/YYYY-MM-DD.json` and `.csv`
pub async fn release(
    State(app): State<SharedApp>,
    Path((domain, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let named = file.rsplit_once('.').and_then(|(date, ending)| Some((day_named(date)?, ending)));
    let Some((site, (day, ending))) = publishing(&app, &domain).zip(named) else {
        return answers::not_found(&headers);
    };
    let id = site.id;
    let found = app.in_turn_of_strangers(move |collector| collector.sums().published(id, day)).await;
    let release = match found.and_then(|found| found.map_err(FailureCause::from)) {
        Ok(Some(release)) => release,
        Ok(None) => return answers::not_found(&headers),
        Err(cause) => return failure::page(cause, &headers),
    };
    let page = ReleasePage { domain: site.domain.as_str(), day, release: &release };
    match ending {
        "json" => for_all("application/json", page.json(), RELEASE_AGE),
        "csv" => for_all("text/csv; charset=utf-8", page.csv(), RELEASE_AGE),
        _ => answers::not_found(&headers),
    }
}

/// The day that is written so, and not in another way.
fn day_named(date: &str) -> Option<Day> {
    date.parse().ok().map(Day::of).filter(|day| day.to_string() == date)
}

/// The site of this name, if it publishes.
fn publishing(app: &SharedApp, name: &str) -> Option<Arc<Site>> {
    app.collector.directory().find(name).cloned().filter(|site| site.settings.publish.is_on)
}

fn for_all(kind: &'static str, body: String, age: &'static str) -> Response {
    let mut answer = answers::text(kind, body);
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(age));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    answer
}
