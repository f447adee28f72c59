//! Answers queries in the shape of Plausible's Stats API v2, sent with a bearer token.

pub mod annotations;

use std::io;

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
use crate::report::query::{ASK_MEMORY, Answer, Query, QueryError, QueryRequest, VisitRequest};
use crate::site::{Day, Moment, Site};
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
        Ok(body) => AskedQuery::read(&body.bytes),
        Err(unread) => return unreadable(unread),
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let site = app.collector.directory().find(request.site_id()).cloned();
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

/// A query as sums may answer it, and as whole visits may where sums can't.
struct AskedQuery {
    of_sums: Result<QueryRequest, QueryError>,
    of_visits: Result<VisitRequest, QueryError>,
    /// Whether it says what sums can't be asked: then what is wrong is said in the words of visits.
    is_for_visits: bool,
}

impl AskedQuery {
    /// Reads a body.
    ///
    /// # Errors
    /// What is wrong with it for sums, where it makes no sense for visits either.
    fn read(body: &[u8]) -> Result<AskedQuery, QueryError> {
        let has = |word: &str| memchr::memmem::find(body, word.as_bytes()).is_some();
        let is_for_visits = has("\"has_done\"") || has("\"has_not_done\"");
        match (QueryRequest::parse(body), VisitRequest::parse(body)) {
            (Err(of_sums), Err(of_visits)) => Err(if is_for_visits { of_visits } else { of_sums }),
            (of_sums, of_visits) => Ok(AskedQuery { of_sums, of_visits, is_for_visits }),
        }
    }

    fn site_id(&self) -> &str {
        match (&self.of_sums, &self.of_visits) {
            (Ok(request), _) => &request.site_id,
            (_, Ok(request)) => request.site_id(),
            _ => "",
        }
    }

    fn reads_first_day(&self) -> bool {
        let of_visits = self.of_visits.as_ref().is_ok_and(VisitRequest::reads_first_day);
        of_visits || self.of_sums.as_ref().is_ok_and(QueryRequest::reads_first_day)
    }

    /// The answer of sums, else that of the visits in memory.
    fn answer(&self, site: &Site, collector: &Collector) -> Result<Answer, Trouble> {
        let first_day =
            if self.reads_first_day() { collector.first_day(site.id).map_err(Trouble::Store)? } else { None };
        let now = collector.clock().now();
        let of_sums = self.of_sums.clone().and_then(|request| request.resolve(site, now, first_day));
        let refusal = match of_sums {
            Ok(query) if query.is_estimated() => return self.estimated(&query, site, collector, (now, first_day)),
            Ok(query) => return query.run(collector).map_err(Trouble::Store),
            Err(refusal) => refusal,
        };
        // What visits can't answer either is said in the words of sums, unless it is about what visits alone know.
        let Ok(of_visits) = &self.of_visits else { return Err(Trouble::Query(refusal)) };
        let query = match of_visits.resolve(site, now, first_day) {
            Ok(query) => query,
            Err(of_visits) => return Err(Trouble::Query(if self.is_for_visits { of_visits } else { refusal })),
        };
        match query.run(collector).map_err(Trouble::Store)? {
            Some(answer) => Ok(answer),
            None => Err(Trouble::Query(refusal.or_ask(ASK_MEMORY))),
        }
    }
}

impl AskedQuery {
    /// The answer to a query of which sums tell bounds: that of visits in memory, which are sure, else that of sums.
    fn estimated(
        &self,
        query: &Query,
        site: &Site,
        collector: &Collector,
        (now, first_day): (Moment, Option<Day>),
    ) -> Result<Answer, Trouble> {
        let of_visits = self.of_visits.as_ref().ok().and_then(|request| request.resolve(site, now, first_day).ok());
        let remembered = of_visits.map_or(Ok(None), |of_visits| of_visits.run(collector)).map_err(Trouble::Store)?;
        if let Some(answer) = remembered {
            return Ok(answer);
        }
        let answer = query.run(collector).map_err(Trouble::Store)?;
        match &self.of_sums {
            Ok(request) if !query.may_tell(&answer) => Err(Trouble::Query(request.is_unsure().or_ask(ASK_MEMORY))),
            _ => Ok(answer),
        }
    }
}

/// The answer as JSON.
fn answer(request: &AskedQuery, site: &Site, collector: &Collector) -> Result<Vec<u8>, Trouble> {
    let answer = request.answer(site, collector)?;
    let mut written = MeteredBytes { bytes: Vec::new(), collector };
    serde_json::to_writer(&mut written, &answer)
        .map_err(|error| Trouble::Store(StoreError::Other(error.to_string())))?;
    Ok(written.bytes)
}

/// Bytes that take memory of a question as they grow.
struct MeteredBytes<'c> {
    bytes: Vec<u8>,
    collector: &'c Collector,
}

impl io::Write for MeteredBytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            // What was there is copied.
            let more = self.bytes.capacity().max(bytes.len()).saturating_mul(2);
            self.collector.make_room(more).map_err(io::Error::other)?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::clock::Clock;
    use crate::control::{self, Command, SiteChange};
    use crate::hit::Tools;
    use crate::hit::agent::Agents;
    use crate::hit::place::Places;
    use crate::server::question_turns::QuestionTurns;
    use crate::server::{App, live, router};
    use crate::site::Moment;
    use crate::store;

    /// Sends so many events, each with a name of its own.
    fn send_events(many: usize, app: &App) {
        for number in 0..many {
            let body = format!(r#"{{"n":"Event {number}","u":"https://example.com/","d":"example.com"}}"#);
            let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
            let head = format!(
                "POST /api/event HTTP/1.1\r\nhost: h\r\nuser-agent: {agent}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let answer = app.answered(head.as_bytes(), IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 202"));
        }
    }

    #[tokio::test]
    async fn who_asks_for_too_much_is_told_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let stores = store::open(&folder.path().join("headcount.db")).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let (collector, _keeping) = Collector::start(stores, tools, Clock::manual(Moment(1_780_315_200_000))).unwrap();
        let add = Command::SiteAdd { domain: "example.com".into(), change: SiteChange::default() };
        control::run(add, &collector, "").unwrap();
        let token = Command::TokenCreate { site: None, scope: "read".into() };
        let token = control::run(token, &collector, "").unwrap().text;
        let mut app = App::new(collector, Default::default(), String::new());
        app.questions = QuestionTurns::of_bytes(400_000);
        let app = Arc::new(app);
        send_events(3_000, &app);
        let served = router(app.clone(), live::Hub::new());
        let ask = async |dimensions: &str| {
            let body = format!(
                r#"{{"site_id":"example.com","metrics":["visitors"],"date_range":"day","dimensions":{dimensions}}}"#
            );
            let request = Request::post("/api/v2/query").header("authorization", format!("Bearer {token}"));
            let answer = served.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
            let (status, body) = (answer.status().as_u16(), answer.into_body().collect().await.unwrap().to_bytes());
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        let (status, body) = ask("[]").await;
        assert!(status == 200 && body.contains("\"metrics\":[1]"), "{status} {body}");
        let (status, body) = ask(r#"["event:name"]"#).await;
        assert!(status == 422 && body.contains("ask for a shorter date_range"), "{status} {body}");
        app.collector.stop();
    }
}
