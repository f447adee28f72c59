//! In: requests of signed-in browsers for what happens just now. Out: a page of the last half hour, and streams of
//! server-sent events with the parts of pages that have changed. Readers are not counted.
//!
//! Streams are `text/event-stream` (HTML Living Standard, 9.2), which the layer that compresses leaves alone. An event `part`
//! holds elements with ids, which take the place of those on the page; `page` says that the whole page is to be made anew.

mod hub;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use hyper::body::{Bytes, Frame};
use serde::Deserialize;
use tokio::sync::{mpsc, watch};

use super::failure::{self, FailureCause};
use super::language::words_for;
use super::signed_in::{account, admit};
use super::{SharedApp, answers, cookies, pages};
use crate::limits;
use crate::meter::FailureKind;
use crate::page::live::LivePage;
use crate::page::words::Words;
use crate::site::Site;
use crate::store::StoreError;
use crate::view::live::{self, Pulse};
pub use hub::Hub;
use hub::pulse;

/// `GET /DOMAIN/live`: the last half hour of a site.
pub async fn page(State(app): State<SharedApp>, Path(domain): Path<String>, headers: HeaderMap) -> Response {
    let account = match admit(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(site) = pages::readable(&domain, &account, &app) else { return answers::not_found(&headers) };
    if site.domain.as_str() != domain {
        return Redirect::to(&format!("/{}/live", site.domain)).into_response();
    }
    let words = words_for(&headers);
    let made = app.in_turn(move |collector| {
        let pulse = pulse(&site, collector)?;
        let half_hour = live::half_hour(&site, &pulse, words);
        let (domain, account) = (site.domain.to_string(), Some(account.shown()));
        Ok::<_, StoreError>(LivePage { words, domain, account, half_hour }.html())
    });
    match made.await.and_then(|made| made.map_err(FailureCause::from)) {
        Ok(page) => answers::html(StatusCode::OK, page),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// What a stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StreamKind {
    /// The page of the last half hour.
    Live,
    /// The page of a site: how many visitors there are now.
    Site,
    /// The page of a site that waits for its first visit.
    New,
}

/// The query of a stream.
#[derive(Debug, Deserialize)]
pub struct StreamQuery {
    of: Option<StreamKind>,
}

/// `GET /DOMAIN/live/events`: what changes of a page, as it changes.
pub async fn events(
    State(app): State<SharedApp>,
    Extension(hub): Extension<Arc<Hub>>,
    Path(domain): Path<String>,
    Query(asked): Query<StreamQuery>,
    headers: HeaderMap,
) -> Response {
    let account = match admit(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(site) = pages::readable(&domain, &account, &app) else { return answers::not_found(&headers) };
    let Some(seat) = hub.seat() else { return failure::too_many_streams() };
    let pulses = match hub.watch(&site, &app).await {
        Ok(pulses) => pulses,
        Err(cause) => return failure::page(cause, &headers),
    };
    let (sender, receiver) = mpsc::channel(1);
    let login = cookies::alone(&headers);
    let stream =
        Stream { app, site, words: words_for(&headers), of: asked.of.unwrap_or(StreamKind::Live), login, sender };
    tokio::spawn(async move {
        let meter = stream.app.collector.clone();
        meter.meter().streams.inc();
        tokio::select! {
            () = stream.run(pulses) => {}
            () = hub.closed() => {}
            () = tokio::time::sleep(Duration::from_secs(limits::STREAM_S_MAX)) => {}
        }
        meter.meter().streams.dec();
        drop(seat);
    });
    let mut answer = Response::new(Body::new(StreamBody(receiver)));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would gather what is sent until its buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}

/// One who watches.
struct Stream {
    app: SharedApp,
    site: Arc<Site>,
    words: &'static Words,
    of: StreamKind,
    /// The cookie, by which is looked whether its reader is still signed in.
    login: HeaderMap,
    sender: mpsc::Sender<Bytes>,
}

impl Stream {
    /// Sends what changes, until its reader goes away or is no longer signed in.
    async fn run(self, mut pulses: watch::Receiver<Arc<Pulse>>) {
        let beat = Duration::from_secs(limits::STREAM_BEAT_S);
        let mut beats = tokio::time::interval_at(tokio::time::Instant::now() + beat, beat);
        let mut known = String::new();
        let mut next = format!("retry: {}\n\n", limits::STREAM_AGAIN_MS);
        loop {
            if !next.is_empty() {
                let is_welcome = match account(&self.login, &self.app).await {
                    Ok(account) => account.is_some_and(|account| account.may_read(self.site.id)),
                    Err(cause) => {
                        self.app.collector.meter().failed(FailureKind::Live, "who watches", cause);
                        false
                    }
                };
                if !is_welcome || self.sender.send(Bytes::from(std::mem::take(&mut next))).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                changed = pulses.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let event = self.event(&pulses.borrow_and_update());
                    if event != known {
                        next.clone_from(&event);
                        known = event;
                    }
                }
                _ = beats.tick() => next.push_str(":\n\n"),
                () = self.sender.closed() => return,
            }
        }
    }

    fn event(&self, pulse: &Pulse) -> String {
        // Its owner may have changed it meanwhile.
        let site = self.app.collector.directory().get(self.site.id).cloned().unwrap_or_else(|| self.site.clone());
        match (self.of, &pulse.arrivals) {
            (StreamKind::Live, _) => part(&live::half_hour(&site, pulse, self.words).html()),
            (StreamKind::New, Some(arrivals)) => part(&arrivals.clone().shown(&site, self.words).html()),
            (StreamKind::New, None) => "event: page\ndata:\n\n".to_owned(),
            (StreamKind::Site, _) => part(&live::now(&site, pulse, self.words).html()),
        }
    }
}

/// An event with the markup of parts.
fn part(html: &str) -> String {
    let mut event = "event: part\n".to_owned();
    // Each of these ends a line of a stream.
    for line in html.split(['\n', '\r']).filter(|line| !line.is_empty()) {
        event.push_str("data: ");
        event.push_str(line);
        event.push('\n');
    }
    event.push('\n');
    event
}

/// The body of a stream.
struct StreamBody(mpsc::Receiver<Bytes>);

impl hyper::body::Body for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_can_not_break_out_of_its_event() {
        let event = part("<p>a\r\revent: page\r\ndata: x\n\n</p>\n");
        assert_eq!(event, "event: part\ndata: <p>a\ndata: event: page\ndata: data: x\ndata: </p>\n\n");
    }
}
