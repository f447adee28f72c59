//! In: the configuration. Out: a running server, until it is told to stop. Forgets: what is in memory, when it ends; sums
//! are stored before.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::Clock;
use crate::collector::{Collector, Keeping};
use crate::config::{Config, LogFormat};
use crate::control::folder::Folder;
use crate::control::{self, Command, socket};
use crate::limits;
use crate::server::{self, App};

/// Serves until SIGTERM or Ctrl-C.
pub fn serve(config: &Config, sites: &[String]) -> Result<()> {
    keep_out_of_dumps();
    log_to_stderr(config.log);
    raise_descriptor_limit();
    let folder = Folder::take(&config.data)?;
    let (collector, keeping) = super::open(config, &folder, Clock::System)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(listen(config, sites, &folder, &collector, &keeping));
    // Requests that the drain gave up on must not outlive the collector.
    runtime.shutdown_timeout(Duration::from_secs(1));
    collector.stop();
    let stored = keeping.wait().context("the last flush failed; what came since the one before is lost");
    let _ = std::fs::remove_file(folder.socket());
    if served.is_ok() && stored.is_ok() {
        tracing::info!("everything is stored; good-bye");
    }
    served.and(stored)
}

async fn listen(
    config: &Config,
    sites: &[String],
    folder: &Folder,
    collector: &Collector,
    keeping: &Keeping,
) -> Result<()> {
    // Before anything is said, so that whoever reads it may stop us at once.
    let stop = stopped()?;
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("{} can't be listened on; see --listen", config.listen))?;
    let listening = listener.local_addr()?;
    let base_url = config.url.clone().unwrap_or_else(|| format!("http://{listening}"));
    socket::listen(&folder.socket(), collector.clone(), base_url.clone())
        .context("the control socket can't be made")?;
    tracing::info!(address = %listening, data = %config.data.display(), "listening on http://{listening}");
    greet(sites, collector, &base_url)?;
    watch_places(collector.clone());
    let app = App { collector: collector.clone(), trusted_proxies: config.trusted_proxies.clone(), base_url };
    let mut has_failed = false;
    let end = async {
        tokio::select! {
            () = stop => {}
            () = ended(keeping) => has_failed = true,
        }
    };
    server::run(listener, app, end).await;
    ensure!(!has_failed, "the collector has failed; start the program again");
    Ok(())
}

/// Resolves if the keeper ends by itself: without it nothing can be counted, and a service manager should know.
async fn ended(keeping: &Keeping) {
    let mut looks = tokio::time::interval(Duration::from_secs(1));
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

/// Listens for SIGTERM, Ctrl-C and the end of the terminal; the future resolves when one comes.
fn stopped() -> Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // A terminal that is closed takes its programs along.
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
        tracing::info!("stopping: open requests are finished and everything is stored");
    })
}

/// Reads the file of places again whenever it has changed. A lasting trouble is told once.
fn watch_places(collector: Collector) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(limits::GEO_CHECK_S));
        let mut told = String::new();
        loop {
            ticks.tick().await;
            let collector = collector.clone();
            let reloaded = tokio::task::spawn_blocking(move || collector.tools().places.reload_if_changed()).await;
            match reloaded {
                Ok(Ok(true)) => tracing::info!("the file of places has changed and is in use"),
                Ok(Err(error)) if error.to_string() != told => {
                    told = error.to_string();
                    tracing::warn!(error = %told, "the file of places can't be used; the old one serves on");
                }
                _ => {}
            }
        }
    });
}

/// Salts and tokens must not end up in a core dump.
fn keep_out_of_dumps() {
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
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
