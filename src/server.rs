//! In: HTTP requests. Out: answers. Forgets: addresses and agents, as soon as a request is answered; there is no access
//! log.
//!
//! Beacons take the short way: hyper to `ingest`. Everything else goes through axum's router.

mod answers;
mod api;
mod arrived;
mod body;
mod counter;
mod dashboard;
mod form;
mod guess;
mod ingest;
mod language;
mod live;
mod overview;
mod own_account;
mod pages;
mod share;
mod sign_in;
mod settings;
mod signed_in;
mod told;
mod together;
mod turns;

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{delete, get, post};
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
use crate::page::tracker::Installed;

/// What every request can reach.
#[derive(Debug)]
pub struct App {
    /// The collector.
    pub collector: Collector,
    /// Whose word is taken about a visitor's address.
    pub trust: Trust,
    /// How browsers reach the collector, without a slash at the end.
    pub base_url: String,
}

type Shared = Arc<App>;

/// Serves connections until `stop` is done, then lets open requests finish, for [`limits::DRAIN_S`] at the most.
pub async fn run(listener: TcpListener, app: App, stop: impl Future<Output = ()>) {
    let app = Arc::new(app);
    let hub = live::Hub::new();
    let router = router(app.clone(), hub.clone());
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
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
                let connection = connection(stream, peer, app.clone(), router.clone());
                let connection = graceful.watch(connection);
                tokio::spawn(async move {
                    // A client that goes away in the middle is no event of ours.
                    let _ = connection.await;
                    drop(permit);
                });
            }
            // Out of descriptors, most likely: closing connections will free some.
            Err(_) => tokio::time::sleep(Duration::from_millis(limits::ACCEPT_PAUSE_MS)).await,
        }
    }
    drop(listener);
    // Streams would go on for as long as their readers like.
    hub.close();
    let _ = tokio::time::timeout(Duration::from_secs(limits::DRAIN_S), graceful.shutdown()).await;
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Shared,
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
    app: Shared,
    router: Router,
) -> Result<hyper::Response<Either<Full<Bytes>, Body>>, Infallible> {
    match ingest::route(request.method(), request.uri().path()) {
        Some(route) => Ok(ingest::answer(route, request, peer, &app).await.map(Either::Left)),
        None => {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(guess::Peer(peer));
            Ok(router.oneshot(request).await?.map(Either::Right))
        }
    }
}

fn router(app: Shared, hub: Arc<live::Hub>) -> Router {
    Router::new()
        .route("/api/v2/query", post(api::query))
        .route("/api/v1/annotations", get(api::annotations::list).post(api::annotations::add))
        .route("/api/v1/annotations/{id}", delete(api::annotations::remove))
        .route("/health", get(pages::health))
        .route("/api/health", get(pages::health))
        .route("/metrics", get(pages::metrics))
        .route("/js/{file}", get(pages::tracker))
        .route("/script.js", get(|| pages::installed(Installed::Umami)))
        .route("/umami.js", get(|| pages::installed(Installed::Umami)))
        .route("/plausible.js", get(|| pages::installed(Installed::Plausible)))
        .route("/more.js", get(|| pages::installed(Installed::More)))
        .route("/init.js", get(|| pages::installed(Installed::Init)))
        .route("/count.js", get(|| pages::installed(Installed::Goatcounter)))
        .route("/matomo.js", get(|| pages::installed(Installed::Matomo)))
        .route("/piwik.js", get(|| pages::installed(Installed::Matomo)))
        .route("/matomo-more.js", get(|| pages::installed(Installed::MatomoMore)))
        .route("/tracker.js", get(|| pages::installed(Installed::Fathom)))
        .route("/assets/style.css", get(pages::style))
        .route("/assets/headcount.js", get(pages::own_script))
        .route("/sign-in", get(sign_in::page).post(sign_in::by_password))
        .route("/sign-in/{secret}", get(sign_in::by_link))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/settings/account", get(own_account::page).post(own_account::set_password))
        .route("/settings/sign-out", post(own_account::sign_out))
        .route("/settings/users", get(settings::people::users))
        .route("/settings/users/user-add", get(settings::people::back_to_users).post(settings::people::add_user))
        .route("/settings/user", get(settings::people::user))
        .route("/settings/user/{form}", get(settings::people::back_to_users).post(settings::people::change_user))
        .route("/settings/tokens", get(settings::people::tokens))
        .route("/settings/tokens/{form}", get(settings::people::back_to_tokens).post(settings::people::change_tokens))
        .route("/settings", get(settings::instance))
        .route("/settings/{name}", get(settings::back_to_instance).post(settings::change_instance))
        .route("/{domain}/settings", get(settings::site))
        .route("/{domain}/settings/sharing", get(settings::sharing::page))
        .route("/{domain}/settings/sharing/{form}", get(settings::sharing::back).post(settings::sharing::change))
        .route("/{domain}/settings/{name}", get(settings::back_to_site).post(settings::change_site))
        .route("/privacy/{domain}", get(pages::privacy))
        .route("/", get(pages::sites))
        .route("/together", get(together::choose))
        .route("/together/{sites}", get(together::page))
        .route("/together/{sites}/{panel}", get(together::panel))
        .route("/counter/{domain}/{*file}", get(counter::counter))
        .route("/favicon.ico", get(pages::no_icon))
        .route("/share/{slug}", get(share::page).post(share::unlock))
        .route("/share/{slug}/{panel}", get(share::panel).post(share::unlock))
        .route("/{domain}/live", get(live::page))
        .route("/{domain}/live/events", get(live::events))
        .route("/{domain}", get(pages::site))
        .route("/{domain}/{panel}", get(pages::panel))
        .route("/language/{code}", get(language::choose))
        .fallback(pages::no_page)
        .layer(axum::Extension(hub))
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

/// Runs work that waits for a disk or for the keeper, away from the threads that serve connections.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
