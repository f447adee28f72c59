//! In: HTTP requests. Out: answers. Forgets: addresses and agents, as soon as a request is answered; there is no access
//! log.
//!
//! Beacons take the short way: the fast path or hyper to `ingest`. Everything else goes through hyper and axum's router.

mod answers;
mod api;
mod arriving;
mod asker;
mod audit;
mod body;
mod connection;
mod connections;
mod cookies;
mod counter;
mod device;
pub mod explain;
mod failure;
mod fair_turns;
mod fast_path;
mod form;
mod guess;
mod ingest;
mod language;
mod live;
mod locked_memory;
mod long_answers;
mod memory_watch;
mod notices;
mod own_account;
mod pages;
mod privacy;
mod published;
mod question_turns;
mod rooms;
mod routes;
mod share;
mod sign_in;
mod settings;
mod signed_in;
mod flash;
mod together;
mod tries;
mod concurrency_limit;

use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_http::compression::CompressionLayer;

use crate::beacon::address::Trust;
use crate::collector::Collector;
use crate::limits;
use crate::meter::FailureKind;
use crate::store::StoreError;
use asker::QuestionAsker;
use connection::Accepted;
use connections::ConnectionTable;
use failure::FailureCause;
use fair_turns::FairTurns;
pub use fast_path::first_plain_request;
use guess::Tries;
use long_answers::LongAnswers;
use question_turns::QuestionTurns;
use rooms::MemoryRooms;

/// What every request can reach.
#[derive(Debug)]
pub struct App {
    /// The collector.
    pub collector: Collector,
    /// Whose word is taken about a visitor's address.
    pub trust: Arc<ArcSwap<Trust>>,
    /// How browsers reach the collector, without a slash at the end.
    pub base_url: String,
    /// How much memory the program may take, in bytes; before that is reached, things give way.
    pub memory_bytes_max: u64,
    /// Tries at passwords.
    tries: Arc<Tries>,
    /// Requests about rights that were counted.
    request_counts: privacy::RequestCounts,
    /// Questions about sums that are being answered.
    questions: QuestionTurns,
    /// Long answers that are not sent yet.
    long_answers: LongAnswers,
    /// Connections that are open.
    connections: Arc<ConnectionTable>,
    /// How long requests may take to end when the server does.
    pub longest_drain: Duration,
    /// Changes that requests make.
    changes: Arc<FairTurns>,
    has_fast_path: bool,
}

impl App {
    /// What requests to a collector can reach.
    pub fn new(collector: Collector, trust: Trust, base_url: String) -> App {
        let rooms = MemoryRooms::within(u64::MAX);
        let connections = ConnectionTable::new(collector.meter(), rooms);
        let questions = QuestionTurns::under(collector.meter().pressure.clone(), rooms);
        App {
            collector,
            trust: Arc::new(ArcSwap::from_pointee(trust)),
            base_url,
            memory_bytes_max: u64::MAX,
            tries: Arc::default(),
            request_counts: privacy::RequestCounts::default(),
            questions,
            long_answers: LongAnswers::of(rooms.answer_bytes),
            connections,
            longest_drain: Duration::from_secs(limits::DRAIN_S),
            changes: FairTurns::of(limits::CHANGES_AT_ONCE, limits::CHANGES_WAITING, limits::PERMIT_WAIT_MS),
            has_fast_path: true,
        }
    }

    /// Does work that changes what is stored, away from the threads that serve connections. Little of it is done at once: it waits for
    /// the database, and others must not wait for that.
    ///
    /// # Errors
    /// No turn came in time, the work panicked, or the server is ending.
    async fn changing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, FailureCause> {
        let turn = self.changes.take(QuestionAsker::current()).await.ok_or(FailureCause::NoTurn)?;
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        failure::blocking(work).await
    }

    /// The same for work that is done by the store alone.
    ///
    /// # Errors
    /// As [`App::changing`], or the work failed.
    async fn changed<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, FailureCause> {
        Ok(self.changing(work).await??)
    }

    /// The same for a program that may take so much memory, in bytes. To be called before anything is served, once in a program: bodies
    /// of all its servers share one room.
    pub fn within(self, memory_bytes_max: u64) -> App {
        let rooms = MemoryRooms::within(memory_bytes_max);
        body::narrow(rooms);
        App {
            memory_bytes_max,
            questions: QuestionTurns::under(self.collector.meter().pressure.clone(), rooms),
            long_answers: LongAnswers::of(rooms.answer_bytes),
            connections: ConnectionTable::new(self.collector.meter(), rooms),
            ..self
        }
    }

    /// Answers a request that has all that the fast path wants, without a connection: a bench counts what that costs.
    #[doc(hidden)]
    pub fn answered(&self, bytes: &[u8], peer: IpAddr) -> Option<Vec<u8>> {
        fast_path::answered(bytes, peer, self)
    }

    /// The same as [`App::new`], but hyper answers beacons too: tests compare both.
    #[doc(hidden)]
    pub fn without_fast_path(self) -> App {
        App { has_fast_path: false, ..self }
    }
}

type SharedApp = Arc<App>;

/// Tells connections when the server ends.
type StopSignal = watch::Receiver<bool>;

/// Waits for the server's end.
async fn ended(stop: &mut StopSignal) {
    let _ = stop.wait_for(|is_ending| *is_ending).await;
}

/// Serves connections until `stop` is done, then answers what was sent until then, for as long as `app` says at the most.
pub async fn run(listener: TcpListener, app: App, stop: impl Future<Output = ()>) {
    let app = Arc::new(app);
    bound_send_buffers(&listener);
    // What is due acts before the first hit.
    notices::look_once(&app).await;
    let looks = [notices::look_again(app.clone()), memory_watch::look_again(app.clone())];
    let (questions, longest_drain) = (app.questions.clone(), app.longest_drain);
    let hub = live::Hub::new();
    let router = router(app.clone(), hub.clone());
    let (stopping, _) = watch::channel(false);
    let serve = |accepted| {
        tokio::spawn(connection::serve(accepted, app.clone(), router.clone(), stopping.subscribe()));
    };
    accept_until(stop, listener, &app, serve).await;
    looks.iter().for_each(JoinHandle::abort);
    // Streams would go on for as long as their readers like.
    hub.close();
    // What is asked about sums can be asked again.
    questions.end();
    // What waits for the database would wait for as long as that is locked.
    app.collector.operators().end_waiting();
    stopping.send_replace(true);
    let _ = tokio::time::timeout(longest_drain, stopping.closed()).await;
}

/// Has connections that are accepted keep no more of an answer in the kernel than a part: what is not sent waits where it is counted.
fn bound_send_buffers(listener: &TcpListener) {
    if let Err(error) = rustix::net::sockopt::set_socket_send_buffer_size(listener, limits::SEND_BUFFER_BYTES) {
        tracing::warn!(%error, "the kernel keeps as much of answers as it likes");
    }
}

/// Serves each connection that is made until `stop` is done.
async fn accept_until(stop: impl Future<Output = ()>, listener: TcpListener, app: &App, serve: impl Fn(Accepted)) {
    let mut accepting = Accepting::default();
    tokio::pin!(stop);
    loop {
        let accepted = async { (app.connections.place().await, listener.accept().await) };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                accepting = Accepting::default();
                serve(Accepted { stream, peer, place });
            }
            Err(error) => tokio::time::sleep(accepting.pause_after(&error, app)).await,
        }
    }
    // Whoever has connected before is heard.
    let soon = Duration::from_millis(limits::STOP_LINGER_MS);
    while let Ok(place) = tokio::time::timeout(soon, app.connections.place()).await
        && let Poll::Ready(accepted) = poll_fn(|context| Poll::Ready(listener.poll_accept(context))).await
    {
        match accepted {
            Ok((stream, peer)) => serve(Accepted { stream, peer, place }),
            Err(error) if is_over(&error) => {}
            Err(_) => break,
        }
    }
}

/// Whether a client went away before it was accepted.
fn is_over(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Connections that could not be accepted one after the other.
#[derive(Default)]
struct Accepting {
    pause_ms: u64,
}

impl Accepting {
    /// How long to wait after an error: closing connections free descriptors, most likely. A client that went away before it was
    /// accepted is none of ours.
    fn pause_after(&mut self, error: &io::Error, app: &App) -> Duration {
        if is_over(error) {
            return Duration::ZERO;
        }
        app.connections.give_way();
        app.collector.meter().failed(FailureKind::Accept, "accept", error);
        self.pause_ms = (2 * self.pause_ms).clamp(limits::ACCEPT_PAUSE_MS, limits::ACCEPT_PAUSE_MS_MAX);
        Duration::from_millis(self.pause_ms)
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

#[cfg(test)]
mod tests {
    use rustix::net::sockopt::socket_send_buffer_size;

    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn the_kernel_keeps_a_part_of_an_answer_that_nobody_takes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        bound_send_buffers(&listener);
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        // Twice what was asked for: the kernel keeps its own there too.
        assert_eq!(socket_send_buffer_size(&accepted).unwrap(), 2 * limits::SEND_BUFFER_BYTES);
    }
}
