//! In: a connection. Out: answers. Forgets: the connection.
//!
//! Beacons are answered on the fast path, everything else by hyper. A request without a body goes to hyper alone, so that the
//! connection comes back to the fast path after it: behind a proxy, hits share their connections with pages. With anything else
//! the connection stays with hyper, which alone knows then where the next request begins.

mod handed;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tower::ServiceExt;

use super::arriving::{ArrivingBody, UnreadRest};
use super::connections::{CURRENT, CurrentConnection};
use super::fast_path::{self, FastPathEnd, UnusualBytes};
use super::{SharedApp, StopSignal, ended, guess, ingest, routes};
use crate::limits;
use handed::Handed;

/// A connection, and its place until it is closed.
pub struct Accepted {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub place: OwnedSemaphorePermit,
}

/// Serves a connection until it is closed, until it gives way to another, or until the server ends and what has begun is answered.
pub async fn serve(accepted: Accepted, app: SharedApp, router: Router, stop: StopSignal) {
    let Accepted { stream, peer, place: _place } = accepted;
    let is_proxy = app.trust.load().proxies.contains(peer.ip());
    // Whoever finds no room is not heard: that would take as long.
    let Some(open) = app.connections.take(peer.ip(), is_proxy) else { return };
    let current = CurrentConnection { open: open.clone(), stop };
    tokio::select! {
        biased;
        () = served(stream, peer, app, router, current) => {}
        () = open.gives_way() => {}
    }
    open.close();
}

async fn served(
    mut stream: TcpStream,
    peer: SocketAddr,
    app: SharedApp,
    router: Router,
    mut current: CurrentConnection,
) {
    // Answers are small and whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let peer = peer.ip();
    if !app.has_fast_path {
        return Box::pin(by_hyper(Handed::all(stream, Vec::new(), current.clone()), peer, app, router, current)).await;
    }
    let mut start = Vec::new();
    loop {
        let FastPathEnd::Unusual(UnusualBytes { mut bytes, alone }) =
            fast_path::run(&mut stream, start, peer, &app, &mut current).await
        else {
            return;
        };
        let Some(len) = alone else {
            // A connection that brings hits alone should not be as large as hyper's.
            return Box::pin(by_hyper(Handed::all(stream, bytes, current.clone()), peer, app, router, current)).await;
        };
        start = bytes.split_off(len);
        let one = Handed::one(stream, bytes, current.clone());
        match Box::pin(one_by_hyper(one, peer, &app, &router, &mut current)).await {
            Some(again) => stream = again,
            None => return,
        }
    }
}

/// Serves all that comes.
async fn by_hyper(stream: Handed, peer: IpAddr, app: SharedApp, router: Router, current: CurrentConnection) {
    let (mut stop, open) = (current.stop.clone(), current.open.clone());
    let service = service_fn(move |request| answer(request, peer, app.clone(), router.clone(), current.clone()));
    let mut connection = pin!(builder().serve_connection(stream, service));
    // A client that goes away in the middle is no event of ours.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = ended(&mut stop) => {}
    }
    // A request that is on its way is answered, and told that it is the last one.
    let lingers = tokio::time::timeout(Duration::from_millis(limits::STOP_LINGER_MS), connection.as_mut());
    // For the rest of a head, hyper would wait much longer.
    if lingers.await.is_err() && !open.has_half_a_head() {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// Serves the one request that `stream` has. Hands the connection back if it goes on.
async fn one_by_hyper(
    stream: Handed,
    peer: IpAddr,
    app: &SharedApp,
    router: &Router,
    current: &mut CurrentConnection,
) -> Option<TcpStream> {
    let mut stop = current.stop.clone();
    let (ends, began) = (Arc::new(AtomicBool::new(true)), stream.began());
    let service = service_fn(|request| {
        let answer = answer(request, peer, app.clone(), router.clone(), current.clone());
        let ends = ends.clone();
        Box::pin(async move {
            let answer = answer.await?;
            ends.store(answer.headers().contains_key(CONNECTION), Ordering::Relaxed);
            Ok::<_, Infallible>(answer)
        })
    });
    let mut connection = builder().serve_connection(stream, service);
    let mut stopped = pin!(ended(&mut stop));
    let (mut is_last, mut is_told) = (false, false);
    let served = std::future::poll_fn(|context| {
        let polled = connection.poll_without_shutdown(context);
        if polled.is_ready() || is_told {
            return polled;
        }
        // From the first byte of the answer on, hyper may be told that it is the last one: that is not in its head then.
        is_last = stopped.as_mut().poll(context).is_ready();
        is_told = is_last || began.load(Ordering::Relaxed);
        if !is_told {
            return Poll::Pending;
        }
        Pin::new(&mut connection).graceful_shutdown();
        connection.poll_without_shutdown(context)
    });
    served.await.ok()?;
    let parts = connection.into_parts();
    let goes_on = !is_last && !ends.load(Ordering::Relaxed) && parts.read_buf.is_empty();
    parts.io.into_stream().filter(|_| goes_on)
}

fn builder() -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits::HEAD_WAIT_S))
        .max_buf_size(limits::HEAD_BYTES_MAX)
        // Answers to beacons are smaller than what the kernel spends on a list of pieces.
        .writev(false);
    builder
}

async fn answer(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    app: SharedApp,
    router: Router,
    current: CurrentConnection,
) -> Result<hyper::Response<Either<Full<Bytes>, Body>>, Infallible> {
    let open = current.open.clone();
    open.begin().await;
    let (request, rest) = ArrivingBody::of(request);
    let replied = async {
        let answer = reply(request, peer, app, router).await;
        let (answer, is_read) = match rest.filter(UnreadRest::is_left) {
            // Hardly any request has one, so it takes no room in the others.
            Some(rest) => Box::pin(async move { (answer, rest.pass_over().await) }).await,
            None => (answer, true),
        };
        (answer, is_read && CURRENT.with(|current| !*current.stop.borrow()))
    };
    let (mut answer, goes_on) = CURRENT.scope(current, replied).await;
    open.answered();
    if let Ok(answer) = &mut answer
        && !goes_on
    {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

async fn reply(
    request: hyper::Request<ArrivingBody>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn output_bytes<A, B, C, D, E, F>(_: impl Fn(A, B, C, D, E) -> F) -> usize {
        size_of::<F>()
    }

    /// hyper moves the future of each request into its connection, and keeps its room for as long as that lasts.
    #[test]
    fn the_future_of_a_request_is_small() {
        let bytes = output_bytes(answer);
        assert!(bytes <= 2_304, "{bytes}");
    }
}
