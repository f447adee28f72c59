//! `headcount serve`: runs the server until it is stopped. Sums are stored before it ends.

use std::fmt::Display;
use std::io::IsTerminal;
use std::net::TcpListener as StdListener;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::collector::{Collector, WriterHandle};
use crate::config::{Config, JournalPlace, LogFormat};
use crate::control::folder::Folder;
use crate::control::{self, Command, socket};
use crate::journal;
use crate::limits;
use crate::memory;
use crate::meter::{FailureKind, panics};
use crate::server::{self, App};

/// Serves until SIGTERM or Ctrl-C.
pub fn serve(config: &Config, sites: &[String], clock: Clock) -> Result<()> {
    start_up(config);
    let folder = Folder::take(&config.data)?;
    let listener = bind(config)?;
    let runtime = Runtime::new()?;
    let stop = Stop::by_signal(&runtime)?;
    run((config, clock), &folder, listener, runtime, stop, |collector, base_url| greet(sites, collector, base_url))?;
    tracing::info!("everything is stored; good-bye");
    Ok(())
}

/// What comes before everything else in a program that stays.
pub(super) fn start_up(config: &Config) {
    panics::hide_messages();
    log_to_stderr(config.log);
    keep_memory_to_itself();
    raise_descriptor_limit();
}

/// Takes the address that is to be listened on. Whoever connects waits until [`run`] is ready.
pub(super) fn bind(config: &Config) -> Result<StdListener> {
    let listener = StdListener::bind(config.listen);
    listener.with_context(|| format!("{} can't be listened on; see --listen", config.listen))
}

/// Serves a data folder until it is told to stop. `ready` is called once, as soon as requests are answered, with the
/// collector and the address at which browsers reach it.
pub(super) fn run(
    (config, clock): (&Config, Clock),
    folder: &Folder,
    listener: StdListener,
    runtime: Runtime,
    stop: Stop,
    ready: impl FnOnce(&Collector, &str) -> Result<()>,
) -> Result<()> {
    let (collector, keeping) = super::open(config, folder, clock.clone(), true)?;
    if !clock.is_true() {
        tracing::warn!("--now is for tests: days and figures are not those of the system's clock");
    }
    collector.tools().prepare();
    let served = runtime.block_on(listen(listener, config, folder, (&collector, &keeping), stop, ready));
    // Requests that the drain gave up on must not outlive the collector.
    runtime.shutdown_timeout(Duration::from_secs(limits::ABANDON_S));
    collector.stop();
    let stored = keeping.wait().context("the last flush failed; what came since the one before is lost");
    served.and(stored)
}

async fn listen(
    listener: StdListener,
    config: &Config,
    folder: &Folder,
    (collector, keeping): (&Collector, &WriterHandle),
    stop: Stop,
    ready: impl FnOnce(&Collector, &str) -> Result<()>,
) -> Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let listening = listener.local_addr()?;
    let base_url = config.url.clone().unwrap_or_else(|| format!("http://{listening}"));
    let commands = socket::listen(&folder.socket(), collector.clone(), base_url.clone())
        .context("the control socket can't be made")?;
    tracing::info!(address = %listening, data = %config.data.display(), "listening on http://{listening}");
    ready(collector, &base_url)?;
    watch_places(collector.clone());
    wipe_old_journals(config.journal.clone());
    let app = App::new(collector.clone(), config.trust.clone(), base_url);
    let mut has_failed = false;
    let end = async {
        tokio::select! {
            () = stop.asked() => {}
            () = ended(keeping) => has_failed = true,
        }
    };
    server::run(listener, app, end).await;
    drop(commands);
    if has_failed {
        collector.meter().failed(
            FailureKind::Writer,
            "serve",
            "the collector has ended by itself; so does the program",
        );
    }
    ensure!(!has_failed, "the collector has failed; start the program again");
    Ok(())
}

/// Whether SIGTERM, Ctrl-C or the end of the terminal has come.
#[derive(Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens from now on. This comes before anything is said, so that whoever reads it may stop us at once.
    pub(super) fn by_signal(runtime: &Runtime) -> Result<Stop> {
        let _context = runtime.enter();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        // A terminal that is closed takes its programs along.
        let mut hang_up = signal(SignalKind::hangup())?;
        // A file that may not grow any more is an error of the store, and must not end us: sums that wait in memory were lost.
        let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
        let (tell, told) = watch::channel(false);
        runtime.spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hang_up.recv() => {}
            }
            tracing::info!("stopping: open requests are finished and everything is stored");
            let _ = tell.send(true);
        });
        Ok(Stop(told))
    }

    /// Whether it has come already.
    pub(super) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    async fn asked(mut self) {
        let _ = self.0.wait_for(|asked| *asked).await;
    }
}

/// Resolves if the collector ends by itself: without it nothing can be counted, and a service manager should know.
async fn ended(keeping: &WriterHandle) {
    let mut looks = tokio::time::interval(Duration::from_secs(limits::TICK_S));
    while !keeping.has_ended() {
        looks.tick().await;
    }
}

/// Makes the sites, and tells whoever sits at the terminal how to go on.
fn greet(sites: &[String], collector: &Collector, base_url: &str) -> Result<()> {
    for domain in sites {
        let command = Command::SiteEnsure { domain: domain.clone() };
        println!("{}", control::run(command, collector, base_url)?.text);
    }
    if std::io::stdout().is_terminal() {
        let link = control::run(Command::UserLink, collector, base_url)?.text;
        println!("Sign in, once, within {} minutes:\n\n  {link}\n", limits::SIGN_IN_LINK_MS / 60_000);
    }
    if !std::io::stdout().is_terminal() {
        // A link in a log file would be anybody's who can read that.
        tracing::info!("sign in with the link that `headcount user link` prints");
    }
    if collector.directory().all().is_empty() {
        println!("There is no site yet; add one with `headcount site add example.com`.\n");
    }
    Ok(())
}

/// Reads the file of places again whenever it has changed. A lasting trouble is told once.
fn watch_places(collector: Collector) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(limits::GEO_CHECK_S));
        let mut told = String::new();
        loop {
            ticks.tick().await;
            let failed =
                |reason: &dyn Display| collector.meter().failed(FailureKind::Places, "the file of places", reason);
            let reads = collector.clone();
            let reloaded = tokio::task::spawn_blocking(move || reads.tools().places.reload_if_changed()).await;
            match reloaded {
                Ok(Ok(is_new)) => {
                    told.clear();
                    if is_new {
                        tracing::info!("the file of places has changed and is in use");
                    }
                }
                Ok(Err(error)) if error.to_string() == told => {}
                Ok(Err(error)) => {
                    told = error.to_string();
                    failed(&told);
                }
                Err(error) => failed(&error),
            }
        }
    });
}

/// Wipes, now and then, what servers have left in memory that nobody starts any more.
fn wipe_old_journals(place: JournalPlace) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(limits::JOURNAL_ORPHAN_LOOK_S));
        loop {
            ticks.tick().await;
            let place = place.clone();
            // Files have the times of the system, whatever our clock says.
            let wiped = tokio::task::spawn_blocking(move || journal::wipe_old(&place, SystemTime::now())).await;
            if let Some(files) = wiped.ok().filter(|files| *files > 0) {
                tracing::info!(files, "journals of days that are over, which nobody took up, are wiped");
            }
        }
    });
}

/// Salts, tokens and requests must end up in no core dump and in no swap. What can't be had is said, and in `/health` too.
pub(super) fn keep_memory_to_itself() {
    memory::keep_out_of_dumps();
    // Huge pages double what an idle collector holds, and make no hit cheaper.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    match memory::lock_all().sentence() {
        None => tracing::info!("all memory of the program is locked: none of it is ever swapped"),
        Some(why) => tracing::info!("not all memory of the program is locked: {why}"),
    }
}

/// Lets the program have as many descriptors as it may: each connection takes one, and many systems begin with 1,024.
fn raise_descriptor_limit() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    if rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).is_err() {
        tracing::warn!("the limit of open files can't be raised; fewer connections are served at once");
    }
}

fn log_to_stderr(format: LogFormat) {
    let logger = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    let _ = match format {
        LogFormat::Text => logger.with_ansi(false).try_init(),
        LogFormat::Json => logger.json().try_init(),
    };
}
