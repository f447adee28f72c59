//! The answer to a request that could not be served, its line of the log and its counter.
//!
//! This is the only place that makes answers of the 500s, and each takes the reason. The edge of the server ([`noted`]) looks at
//! every answer that leaves: one of the 500s is logged and counted there, once, with the method and the pattern of its route.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::Poll;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::asker::QuestionAsker;
use super::ingest::{AnswerShape, WireAnswer};
use super::language::words_for;
use super::long_answers::NoRoom;
use super::routes::{self, PageRoute};
use super::{SharedApp, answers, signed_in};
use crate::control::Refused;
use crate::limits;
use crate::meter::{FailureKind, Meter, panics};
use crate::page::ErrorPage;
use crate::store::StoreError;

/// Why something could not be done. Only the log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureCause {
    /// It failed.
    Failed(String),
    /// There is more to do than is done at once.
    NoTurn,
    /// The answer takes more memory than one question may have.
    TooLarge,
}

impl fmt::Display for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailureCause::Failed(reason) => f.write_str(reason),
            FailureCause::NoTurn => f.write_str(NO_TURN),
            FailureCause::TooLarge => f.write_str(TOO_LARGE),
        }
    }
}

impl From<StoreError> for FailureCause {
    fn from(error: StoreError) -> FailureCause {
        match error {
            StoreError::TooLarge => FailureCause::TooLarge,
            StoreError::Interrupted => FailureCause::NoTurn,
            error => FailureCause::Failed(error.to_string()),
        }
    }
}

impl From<Refused> for FailureCause {
    fn from(refused: Refused) -> FailureCause {
        FailureCause::Failed(refused.0)
    }
}

const NO_TURN: &str = "no turn came in time";
/// What programs are told.
const TOO_LARGE: &str = "the answer is too large to be made at once; ask for a shorter date_range, a longer interval, fewer dimensions \
                         or a filter";

/// What an answer of the 500s is about; [`noted`] finds it beside the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    /// Something failed.
    Failure(FailureCause),
    /// There is more to do than is done at once.
    Rush(&'static str),
    /// The answer tells how the server is, and is itself as it should be.
    Health,
}

/// Does work that waits for a disk or for the collector, away from the threads that serve connections.
///
/// # Errors
/// The work panicked, or the server is ending.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, FailureCause> {
    match tokio::task::spawn_blocking(move || panics::caught(work)).await {
        Ok(done) => done.map_err(FailureCause::Failed),
        Err(_) => Err(FailureCause::Failed("the server is ending".into())),
    }
}

/// The same for work that asks the store.
///
/// # Errors
/// The work failed or panicked, or the server is ending.
pub async fn stored<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, FailureCause> {
    Ok(blocking(work).await??)
}

/// Waits for a handler.
///
/// # Errors
/// It panicked.
pub async fn caught<T>(mut work: Pin<&mut impl Future<Output = T>>) -> Result<T, FailureCause> {
    let polled = std::future::poll_fn(|context| match panics::caught(|| work.as_mut().poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(place) => Poll::Ready(Err(FailureCause::Failed(place))),
    });
    polled.await
}

/// The page that says that something failed.
pub fn page(cause: impl Into<FailureCause>, headers: &HeaderMap) -> Response {
    let cause = cause.into();
    match cause {
        FailureCause::NoTurn => return busy(headers),
        FailureCause::TooLarge => return answers::with_status(422, ErrorPage::of(422, words_for(headers)).html()),
        FailureCause::Failed(_) => {}
    }
    let page = ErrorPage::of(500, words_for(headers)).html();
    about(About::Failure(cause), answers::html(StatusCode::INTERNAL_SERVER_ERROR, page))
}

/// The same for programs.
pub fn json_error(cause: impl Into<FailureCause>) -> Response {
    let cause = cause.into();
    if cause == FailureCause::NoTurn {
        let body = Json(json!({ "error": "too many questions are asked at once; try again" }));
        return busy_form((StatusCode::SERVICE_UNAVAILABLE, body).into_response());
    }
    if cause == FailureCause::TooLarge {
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": TOO_LARGE }))).into_response();
    }
    let body = Json(json!({ "error": "the database could not be read; try again" }));
    about(About::Failure(cause), (StatusCode::INTERNAL_SERVER_ERROR, body).into_response())
}

/// A form again whose command failed, with what was typed.
pub fn of_form(cause: FailureCause, form: Response) -> Response {
    with(StatusCode::INTERNAL_SERVER_ERROR, About::Failure(cause), form)
}

/// The same when its command got no turn.
pub fn busy_form(form: Response) -> Response {
    later(with(StatusCode::SERVICE_UNAVAILABLE, About::Rush(NO_TURN), form))
}

fn with(status: StatusCode, what: About, mut answer: Response) -> Response {
    *answer.status_mut() = status;
    about(what, answer)
}

/// The page for whoever got no turn at work of which few is done at once: to be tried again.
pub fn busy(headers: &HeaderMap) -> Response {
    let page = ErrorPage::of(503, words_for(headers)).html();
    busy_form(answers::html(StatusCode::SERVICE_UNAVAILABLE, page))
}

fn later(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(limits::PERMIT_WAIT_MS / 1_000));
    answer
}

/// The answer for one more stream than are kept up to date.
pub fn too_many_streams() -> Response {
    about(About::Rush("all streams are taken"), (StatusCode::SERVICE_UNAVAILABLE, "too many streams\n").into_response())
}

/// What `/health` says when not all is well.
pub fn unwell(body: Value) -> Response {
    about(About::Health, (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response())
}

/// The answer of a wire format when its messages could not be looked at: to be sent again.
pub fn unheard(cause: FailureCause, shape: AnswerShape) -> WireAnswer {
    again(
        About::Failure(cause),
        shape.error(StatusCode::SERVICE_UNAVAILABLE, "the message was not taken; send it again later"),
    )
}

/// The same when there was no room for them.
pub fn overloaded(shape: AnswerShape) -> WireAnswer {
    let answer = shape.error(StatusCode::SERVICE_UNAVAILABLE, "the collector is overloaded; try again later");
    again(About::Rush("nothing is counted any more"), answer)
}

fn again(what: About, answer: WireAnswer) -> WireAnswer {
    let mut answer = about(what, answer);
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    answer
}

fn about<B>(what: About, mut answer: axum::http::Response<B>) -> axum::http::Response<B> {
    answer.extensions_mut().insert(what);
    answer
}

/// The edge of the server: logs and counts an answer of the 500s.
pub fn noted<B>(
    mut answer: axum::http::Response<B>,
    kind: FailureKind,
    asked: impl FnOnce() -> String,
    meter: &Meter,
) -> axum::http::Response<B> {
    if answer.status().is_server_error() {
        match answer.extensions_mut().remove() {
            Some(About::Health) => {}
            Some(About::Rush(reason)) => meter.failed(FailureKind::Busy, &asked(), reason),
            Some(About::Failure(cause)) => meter.failed(kind, &asked(), cause),
            None => meter.failed(kind, &asked(), "no reason was given"),
        }
    }
    answer
}

/// The edge of pages and of the API. It also answers requests by methods that a path does not take.
pub async fn edge(State(app): State<SharedApp>, request: Request, next: Next) -> Response {
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let route = request.extensions().get::<MatchedPath>().and_then(|path| routes::page_at(path.as_str()));
    let is_of_no_site = routes::is_of_no_site(request.uri().path());
    let kind = route.map_or(FailureKind::Page, |route| route.kind);
    let failed = |cause| match kind {
        FailureKind::Api => json_error(cause),
        _ => page(cause, &headers),
    };
    let made = QuestionAsker::of(&request, &app).scope(async {
        let answer = caught(pin!(next.run(request))).await.unwrap_or_else(failed);
        app.long_answers.held(QuestionAsker::current(), answer).unwrap_or_else(|NoRoom| failed(FailureCause::NoTurn))
    });
    let answer = made.await;
    if let (StatusCode::METHOD_NOT_ALLOWED, Some(route)) = (answer.status(), route) {
        let is_known = !(route.path.starts_with("/{domain}") && is_of_no_site);
        return if is_known { not_allowed(route, &headers) } else { answers::not_found(&headers) };
    }
    let answer = match kind {
        FailureKind::Api => answer,
        _ => signed_in::renewed(answer, &headers, &app).await,
    };
    let path = route.map_or("no route", |route| route.path);
    noted(answer, kind, || format!("{method} {path}"), app.collector.meter())
}

fn not_allowed(route: &PageRoute, headers: &HeaderMap) -> Response {
    let mut answer = match route.kind {
        FailureKind::Api => {
            (StatusCode::METHOD_NOT_ALLOWED, Json(json!({ "error": "this path takes other methods" }))).into_response()
        }
        _ => answers::with_status(405, ErrorPage::of(405, words_for(headers)).html()),
    };
    if let Ok(methods) = HeaderValue::from_str(&route.methods.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, methods);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure_whatever_it_holds() {
        let sent = "https://example.com/?secret";
        let cause = caught(pin!(async { assert!(sent.is_empty(), "{sent}") })).await.unwrap_err();
        assert!(!cause.to_string().contains("secret"), "{cause}");
        let cause = blocking(move || assert!(sent.is_empty(), "{sent}")).await.unwrap_err();
        assert!(!cause.to_string().contains("secret"), "{cause}");
        assert_eq!(blocking(|| 1).await, Ok(1));
        assert_eq!(
            stored(|| Err::<(), _>(StoreError::Full)).await,
            Err(FailureCause::Failed("the disk is full".into()))
        );
    }

    #[test]
    fn each_answer_of_the_500s_is_counted_and_health_is_none() {
        let (meter, headers) = (Meter::new(), HeaderMap::new());
        let count = |kind: FailureKind| {
            let start = format!("headcount_failures_total{{kind=\"{}\"}} ", kind.label());
            meter.text().lines().find_map(|line| line.strip_prefix(&start)?.parse::<u64>().ok()).unwrap()
        };
        let asked = || "GET /".to_owned();
        noted(page(StoreError::Full, &headers), FailureKind::Page, asked, &meter);
        noted(json_error(StoreError::Busy), FailureKind::Api, asked, &meter);
        noted(busy(&headers), FailureKind::Page, asked, &meter);
        noted(too_many_streams(), FailureKind::Page, asked, &meter);
        noted(unheard(FailureCause::Failed(String::new()), AnswerShape::Text), FailureKind::Beacon, asked, &meter);
        noted(overloaded(AnswerShape::Json), FailureKind::Beacon, asked, &meter);
        let kinds = [FailureKind::Page, FailureKind::Api, FailureKind::Beacon, FailureKind::Busy];
        assert_eq!(kinds.map(count), [1, 1, 1, 3]);
        for no_turn in [page(FailureCause::NoTurn, &headers), json_error(FailureCause::NoTurn)] {
            assert_eq!(no_turn.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(no_turn.headers().contains_key(header::RETRY_AFTER));
            noted(no_turn, FailureKind::Api, asked, &meter);
        }
        assert_eq!(kinds.map(count), [1, 1, 1, 5]);
        noted(unwell(json!({})), FailureKind::Page, asked, &meter);
        noted(answers::not_found(&headers), FailureKind::Page, asked, &meter);
        noted(StatusCode::BAD_GATEWAY.into_response(), FailureKind::Page, asked, &meter);
        assert_eq!(kinds.map(count), [2, 1, 1, 5], "one that nobody foresaw is counted too");
    }
}
