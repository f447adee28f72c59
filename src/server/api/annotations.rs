//! Lets programs note something beside the figures of a site, such as a release.

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::body;
use super::super::failure::{self, FailureCause};
use super::super::{SharedApp, signed_in};
use super::{refused, unreadable};
use crate::control::annotation::AnnotationCommand;
use crate::control::{self, Command, CommandRefusal, Refused, Reply};
use crate::limits;
use crate::operator::Access;
use crate::site::SiteId;

/// What a bad token gets, and a good one for another site.
const NO_ACCESS: &str = "Missing or wrong API key, or no such site. Send `Authorization: Bearer TOKEN` with a token from \
                         `headcount token create --scope annotate` (to list: also `read`), and the site's domain as `site_id`.";

/// A new annotation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAnnotation {
    site_id: String,
    text: String,
    at: Option<String>,
}

/// Which site.
#[derive(Deserialize)]
pub struct SiteQuery {
    #[serde(default)]
    site_id: String,
}

/// `POST /api/v1/annotations`
pub async fn add(State(app): State<SharedApp>, request: Request) -> Response {
    // The token comes first: nobody else may make the server wait for a body.
    let access = match signed_in::bearer(request.headers(), &app).await {
        Ok(Some(access)) => access,
        Ok(None) => return refused(StatusCode::UNAUTHORIZED, NO_ACCESS),
        Err(cause) => return failure::json_error(cause),
    };
    let note = match body::read(request.into_body(), limits::CHANGE_BYTES_MAX).await {
        Ok(body) => serde_json::from_slice::<NewAnnotation>(&body.bytes),
        Err(unread) => return unreadable(unread),
    };
    let NewAnnotation { site_id, text, at } = match note {
        Ok(note) => note,
        Err(error) => {
            let sentence =
                format!("send {{\"site_id\": \"example.com\", \"text\": \"...\", \"at\": \"2026-11-20\"}}: {error}");
            return refused(StatusCode::BAD_REQUEST, &sentence);
        }
    };
    let Some(site) = domain(&app, &site_id, |site| access.may_annotate(site)) else {
        return refused(StatusCode::UNAUTHORIZED, NO_ACCESS);
    };
    run(&app, AnnotationCommand::Add { site, text, at }, StatusCode::BAD_REQUEST).await
}

/// `GET /api/v1/annotations?site_id=DOMAIN`
pub async fn list(State(app): State<SharedApp>, Query(of): Query<SiteQuery>, headers: HeaderMap) -> Response {
    let may = |access: Access, site| access.may_annotate(site) || access.may_read(site);
    match admit(&headers, &app, &of.site_id, may).await {
        Ok(site) => run(&app, AnnotationCommand::List { site }, StatusCode::BAD_REQUEST).await,
        Err(answer) => answer,
    }
}

/// `DELETE /api/v1/annotations/ID?site_id=DOMAIN`
pub async fn remove(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    Query(of): Query<SiteQuery>,
    headers: HeaderMap,
) -> Response {
    let site = match admit(&headers, &app, &of.site_id, Access::may_annotate).await {
        Ok(site) => site,
        Err(answer) => return answer,
    };
    match id.parse() {
        Ok(id) => run(&app, AnnotationCommand::Remove { site, id }, StatusCode::NOT_FOUND).await,
        Err(_) => refused(StatusCode::BAD_REQUEST, "annotations have numbers; list them to see which"),
    }
}

/// The site, if the bearer of the request's token may do something there; else an answer.
async fn admit(
    headers: &HeaderMap,
    app: &SharedApp,
    site_id: &str,
    may: impl Fn(Access, SiteId) -> bool,
) -> Result<String, Response> {
    match signed_in::bearer(headers, app).await {
        Ok(access) => {
            let found = access.and_then(|access| domain(app, site_id, |site| may(access, site)));
            found.ok_or_else(|| refused(StatusCode::UNAUTHORIZED, NO_ACCESS))
        }
        Err(cause) => Err(failure::json_error(cause)),
    }
}

/// The domain of a site, if something may be done there.
fn domain(app: &SharedApp, site_id: &str, may: impl Fn(SiteId) -> bool) -> Option<String> {
    let directory = app.collector.directory();
    directory.find(site_id).filter(|site| may(site.id)).map(|site| site.domain.to_string())
}

async fn run(app: &SharedApp, command: AnnotationCommand, if_refused: StatusCode) -> Response {
    let is_list = matches!(command, AnnotationCommand::List { .. });
    let (collector, base_url) = (app.collector.clone(), app.base_url.clone());
    let work = move || control::run_unnoted(Command::Annotation(command), &collector, &base_url);
    match app.changing(work).await {
        Ok(Ok(Reply { json, .. })) if is_list => Json(json!({ "annotations": json })).into_response(),
        Ok(Ok(Reply { json, .. })) => Json(json).into_response(),
        Ok(Err(CommandRefusal { refused, is_failure: true })) => failure::json_error(FailureCause::from(refused)),
        Ok(Err(CommandRefusal { refused: Refused(sentence), .. })) => refused(if_refused, &sentence),
        Err(cause) => failure::json_error(cause),
    }
}
