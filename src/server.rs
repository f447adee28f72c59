//! In: HTTP requests. Out: answers. Forgets: addresses and agents, as soon as a request is answered; there is no access
//! log.
//!
//! Beacons take the short way: hyper to `ingest`. Everything else goes through axum's router.

mod answers;
mod api;
mod body;
mod counter;
mod failure;
mod form;
mod guess;
mod ingest;
mod language;
mod live;
mod own_account;
mod pages;
mod rate_limit;
mod routes;
mod share;
mod sign_in;
mod settings;
mod signed_in;
mod flash;
mod together;
mod concurrency_limit;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;

use crate::beacon::address::Trust;
use crate::collector::Collector;
use crate::limits;
use crate::meter::{FailureKind, Meter};
use rate_limit::RateLimit;

/// What every request can reach.
#[derive(Debug)]
pub struct App {
    /// The collector.
    pub collector: Collector,
    /// Whose word is taken about a visitor's address.
    pub trust: Trust,
    /// How browsers reach the collector, without a slash at the end.
    pub base_url: String,
    /// Tries at passwords.
    password_limit: RateLimit,
}

impl App {
    /// What requests to a collector can reach.
    pub fn new(collector: Collector, trust: Trust, base_url: String) -> App {
        App { collector, trust, base_url, password_limit: RateLimit::default() }
    }
}

type SharedApp = Arc<App>;

/// Serves connections until `stop` is done, then lets open requests finish, for [`limits::DRAIN_S`] at the most.
pub async fn run(listener: TcpListener, app: App, stop: impl Future<Output = ()>) {
    let app = Arc::new(app);
    let hub = live::Hub::new();
    let router = router(app.clone(), hub.clone());
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    let mut accepting = Accepting::default();
    tokio::pin!(stop);
    loop {
        let permit = places.clone().acquire_owned();
        let next = async { (permit.await, listener.accept().await) };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                accepting = Accepting::default();
                let connection = connection(stream, peer, app.clone(), router.clone());
                let connection = graceful.watch(connection);
                tokio::spawn(async move {
                    // A client that goes away in the middle is no event of ours.
                    let _ = connection.await;
                    drop(permit);
                });
            }
            Err(error) => tokio::time::sleep(accepting.pause_after(&error, app.collector.meter())).await,
        }
    }
    drop(listener);
    // Streams would go on for as long as their readers like.
    hub.close();
    let _ = tokio::time::timeout(Duration::from_secs(limits::DRAIN_S), graceful.shutdown()).await;
}

/// Connections that could not be accepted one after the other.
#[derive(Default)]
struct Accepting {
    pause_ms: u64,
}

impl Accepting {
    /// How long to wait after an error: closing connections free descriptors, most likely. A client that went away before it was
    /// accepted is none of ours.
    fn pause_after(&mut self, error: &io::Error, meter: &Meter) -> Duration {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
            return Duration::ZERO;
        }
        meter.failed(FailureKind::Accept, "accept", error);
        self.pause_ms = (2 * self.pause_ms).clamp(limits::ACCEPT_PAUSE_MS, limits::ACCEPT_PAUSE_MS_MAX);
        Duration::from_millis(self.pause_ms)
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: SharedApp,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    // Answers are small and whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, peer.ip(), app.clone(), router.clone()));
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits::HEAD_WAIT_S))
        .max_buf_size(limits::HEAD_BYTES_MAX)
        // Answers to beacons are smaller than what the kernel spends on a list of pieces.
        .writev(false)
        .serve_connection(TokioIo::new(stream), service)
}

async fn answer(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    app: SharedApp,
    router: Router,
) -> Result<hyper::Response<Either<Full<Bytes>, Body>>, Infallible> {
    match routes::wire(request.method(), request.uri().path()) {
        Some(route) => Ok(ingest::answer(route, request, peer, &app).await.map(Either::Left)),
        None => {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(guess::Peer(peer));
            // A beacon's future should not be as large as a page's.
            Ok(Box::pin(router.oneshot(request)).await?.map(Either::Right))
        }
    }
}

fn router(app: SharedApp, hub: Arc<live::Hub>) -> Router {
    let empty = Router::new();
    let served = routes::PAGES.iter().fold(empty, |router, route| router.route(route.path, (route.handler)()));
    served
        .fallback(pages::no_page)
        .layer(axum::Extension(hub))
        .layer(axum::middleware::from_fn_with_state(app.clone(), failure::edge))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::map_response(answers::protect))
        .with_state(app)
}

/// A header's value, or an empty text where it is absent or no UTF-8.
fn header(headers: &hyper::HeaderMap, name: impl hyper::header::AsHeaderName) -> &str {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).unwrap_or_default()
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a hyper::HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = header(headers, "cookie").split(';').filter_map(|pair| pair.trim().split_once('='));
    cookies.filter(|(known, _)| *known == name).map(|(_, value)| value).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output_bytes<A, B, C, D, F>(_: impl Fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    /// hyper moves the future of each request into its connection, and keeps its room for as long as that lasts.
    #[test]
    fn the_future_of_a_request_is_small() {
        let bytes = output_bytes(answer);
        assert!(bytes <= 2_048, "{bytes}");
    }
}
