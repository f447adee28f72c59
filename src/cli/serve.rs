//! `headcount serve`: runs the server until it is stopped. Sums are stored before it ends.

use std::fmt::Display;
use std::io::{self, IsTerminal};
use std::net::TcpListener as StdListener;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::checking::BackgroundCheck;
use super::notify;
use super::output;
use super::reach::Reach;
use super::reload::{self, Reader};
use super::signals::Stop;
use crate::clock::{Clock, Uptime};
use crate::collector::{Collector, Ending, WriterHandle};
use crate::config::{Config, JournalPlace, LogFormat};
use crate::control::folder::Folder;
use crate::control::{self, Command, CommandRefusal, Reply};
use crate::journal;
use crate::limits;
use crate::memory;
use crate::meter::log::LogGuard;
use crate::meter::{self, FailureKind, log, panics};
use crate::server::{self, App};
use crate::store::StoreError;

/// Serves until SIGTERM or Ctrl-C; with SIGHUP, `read` gives the configuration anew.
pub fn serve(config: &Config, read: Reader, sites: &[String], clock: Clock) -> Result<()> {
    let _log = start_up(config)?;
    let runtime = runtime()?;
    let (stop, reloads) = Stop::and_reload(&runtime)?;
    let folder = Folder::take(&config.data)?;
    let listener = bind(config)?;
    let (running, clock) = (config.clone(), clock.guarded(Uptime::System));
    let ending = run((config, clock), &folder, listener, runtime, stop, |collector, app| {
        tokio::spawn(reload::whenever_asked(reloads, (running, read), app.trust.clone(), collector.clone()));
        greet((sites, &config.data), collector, &app.base_url)
    })?;
    match ending {
        Ending::Stored => tracing::info!("everything is stored; good-bye"),
        Ending::WithoutVisits { are_kept: true, why } => {
            tracing::warn!(
                "the last visits could not be stored ({why}): the journal has them for the next start; good-bye"
            );
        }
        Ending::WithoutVisits { are_kept: false, why } => tracing::warn!(
            "the last visits could not be stored ({why}), and no journal has them: they are missing where dimensions are combined; good-bye"
        ),
        Ending::Spilled { file, hits, why } => tracing::warn!(
            hits,
            "not everything could be stored ({why}): {hits} hits wait in {}, and the next start adds them; good-bye",
            file.display()
        ),
    }
    Ok(())
}

/// Where all that waits is done.
pub(super) fn runtime() -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    // What requests have left on the stack of a thread is gone before the thread waits for others.
    builder.on_thread_park(memory::overwrite_stack);
    Ok(builder.enable_all().max_blocking_threads(limits::BLOCKING_THREADS).build()?)
}

/// What comes before everything else in a program that stays. The log is written until the value is dropped.
pub(super) fn start_up(config: &Config) -> Result<LogGuard> {
    panics::hide_messages();
    let log = log_to_stderr(config.log).context("there is no thread for the log")?;
    keep_memory_to_itself();
    raise_descriptor_limit();
    if let Some(folder) = config.spill.as_ref().filter(|folder| !folder.is_dir()) {
        let folder = folder.display();
        tracing::warn!(
            "{folder}, which `spill` names, is no folder now: sums that wait in it are missing until the next start"
        );
    }
    Ok(log)
}

/// Takes the address that is to be listened on. Whoever connects waits until [`run`] is ready.
pub(super) fn bind(config: &Config) -> Result<StdListener> {
    // Of those who come together, the standard library has the kernel keep few.
    let listener = StdListener::bind(config.listen).and_then(|listener| {
        rustix::net::listen(&listener, limits::LISTEN_BACKLOG)?;
        Ok(listener)
    });
    listener.with_context(|| format!("{} can't be listened on; see --listen", config.listen))
}

/// Serves a data folder until it is told to stop. `ready` is called once, as soon as requests are answered, with the
/// collector and what requests can reach.
pub(super) fn run(
    (config, clock): (&Config, Clock),
    folder: &Folder,
    listener: StdListener,
    runtime: Runtime,
    stop: Stop,
    ready: impl FnOnce(&Collector, &App) -> Result<()>,
) -> Result<Ending> {
    let (collector, keeping) = super::open(config, folder, clock.clone(), true)?;
    if !clock.is_true() {
        tracing::warn!("--now is for tests: days and figures are not those of the system's clock");
    }
    collector.tools().prepare();
    let checking = BackgroundCheck::begin(folder.database(), collector.clone());
    let served = runtime.block_on(listen(listener, config, folder, (&collector, &keeping), stop, ready));
    drop(checking);
    // Requests that the drain gave up on must not outlive the collector.
    runtime.shutdown_timeout(Duration::from_secs(limits::ABANDON_S));
    let least = Instant::now() + Duration::from_millis(limits::STOP_TRY_MS);
    let budget = Duration::from_secs(stop_seconds(config));
    collector.stop_by(served.as_ref().map_or(least, |asked| (*asked + budget).max(least)));
    let ending = keeping.wait().map_err(|why| match why {
        StoreError::Lost(_) | StoreError::Moved(_) => anyhow::Error::new(why),
        why => anyhow::Error::new(why).context("the last flush failed; what came since the one before is lost"),
    });
    served.and(ending)
}

/// How long a stop takes, from the signal on; a file is written after, if need be.
fn stop_seconds(config: &Config) -> u64 {
    let usual = if notify::is_wanted() { limits::STOP_TIMEOUT_UNIT_S } else { limits::STOP_TIMEOUT_S };
    config.stop_timeout_s.unwrap_or(usual)
}

/// How long of that requests may take to end; the rest is for what waits to be stored.
fn longest_drain(config: &Config) -> Duration {
    let half = Duration::from_secs(stop_seconds(config)) / 2;
    half.clamp(Duration::from_millis(limits::STOP_TRY_MS), Duration::from_secs(limits::DRAIN_S))
}

/// Answers requests until the program is told to stop, and tells when that was.
async fn listen(
    listener: StdListener,
    config: &Config,
    folder: &Folder,
    (collector, keeping): (&Collector, &WriterHandle),
    stop: Stop,
    ready: impl FnOnce(&Collector, &App) -> Result<()>,
) -> Result<Instant> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let listening = listener.local_addr()?;
    let base_url = config.url.clone().unwrap_or_else(|| format!("http://{listening}"));
    let mut reach = Reach::begin(folder, collector.clone(), base_url.clone());
    tracing::info!(address = %listening, data = %config.data.display(), "listening on http://{listening}");
    let memory_bytes_max = config.memory_bytes_max.unwrap_or_else(meter::memory::usual_bound);
    let mut app = App::new(collector.clone(), config.trust.clone(), base_url).within(memory_bytes_max);
    app.longest_drain = longest_drain(config);
    ready(collector, &app)?;
    watch_places(collector.clone());
    wipe_old_journals(config.journal.clone());
    notify::ready();
    let (mut has_failed, mut asked) = (false, Instant::now());
    let end = async {
        tokio::select! {
            () = stop.asked() => {}
            () = ended(keeping) => has_failed = true,
            () = reach.keep() => {}
        }
        asked = Instant::now();
        notify::stopping(stop_seconds(config) + limits::STOP_EXTRA_S);
    };
    server::run(listener, app, end).await;
    drop(reach);
    if has_failed {
        let said = "the collector has ended by itself; so does the program";
        collector.meter().failed(FailureKind::Writer, "serve", said);
    }
    ensure!(!has_failed, "the collector has failed; start the program again");
    Ok(asked)
}

/// Resolves if the collector ends by itself: without it nothing can be counted, and a service manager should know.
async fn ended(keeping: &WriterHandle) {
    let mut looks = tokio::time::interval(Duration::from_secs(limits::TICK_S));
    while !keeping.has_ended() {
        looks.tick().await;
    }
}

/// Makes the sites, and tells whoever sits at the terminal how to go on. A database that can't be written is no reason not to count.
fn greet((sites, folder): (&[String], &Path), collector: &Collector, base_url: &str) -> Result<()> {
    let mut later = Vec::new();
    for domain in sites {
        match ensure(domain, collector, base_url) {
            Ok(text) => output::say(text),
            Err(why) if why.is_failure => {
                let said = format!("{domain} is not added yet, and that is tried again: {}", why.refused);
                collector.meter().failed(FailureKind::Command, "serve", said);
                later.push(domain.clone());
            }
            Err(why) => return Err(why.refused.into()),
        }
    }
    if !later.is_empty() {
        tokio::spawn(ensure_later(later, collector.clone(), base_url.to_owned()));
    }
    let folder = folder.display();
    if io::stdout().is_terminal() {
        match control::run(Command::UserLink, collector, base_url) {
            Ok(Reply { text: link, .. }) => {
                let minutes = limits::SIGN_IN_LINK_MS / 60_000;
                output::say(format_args!("Sign in, once, within {minutes} minutes:\n\n  {link}\n"));
            }
            Err(why) => output::say(format_args!(
                "There is no link to sign in yet ({why}); `headcount --data {folder} user link` makes one later.\n"
            )),
        }
    } else {
        // A link in a log file would be anybody's who can read that.
        tracing::info!("sign in with the link that `headcount --data {folder} user link` prints");
    }
    if collector.directory().all().is_empty() {
        output::say("There is no site yet; add one with `headcount site add example.com`.\n");
    }
    Ok(())
}

fn ensure(domain: &str, collector: &Collector, base_url: &str) -> Result<String, CommandRefusal> {
    let command = Command::SiteEnsure { domain: domain.to_owned() };
    control::run_unnoted(command, collector, base_url).map(|reply| reply.text)
}

/// Makes sites as soon as that can be done.
async fn ensure_later(mut sites: Vec<String>, collector: Collector, base_url: String) {
    while !sites.is_empty() {
        tokio::time::sleep(Duration::from_secs(limits::FLUSH_INTERVAL_S)).await;
        let (collector, base_url) = (collector.clone(), base_url.clone());
        let tried = tokio::task::spawn_blocking(move || {
            sites.retain(|domain| {
                let added = ensure(domain, &collector, &base_url);
                added.inspect(|_| tracing::info!("{domain} is added, and counted from now on")).is_err()
            });
            sites
        });
        sites = tried.await.unwrap_or_default();
    }
}

/// Reads the file of places again whenever it has changed.
fn watch_places(collector: Collector) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(limits::GEO_CHECK_S));
        let mut told = String::new();
        loop {
            ticks.tick().await;
            reload_places(&collector, &mut told).await;
        }
    });
}

/// Reads the file of places again if it has changed. A trouble that was `told` before is not told again.
pub(super) async fn reload_places(collector: &Collector, told: &mut String) {
    let failed = |reason: &dyn Display| collector.meter().failed(FailureKind::Places, "the file of places", reason);
    let reads = collector.clone();
    let reloaded = tokio::task::spawn_blocking(move || reads.tools().places.reload_if_changed()).await;
    match reloaded {
        Ok(Ok(is_new)) => {
            told.clear();
            if is_new {
                tracing::info!("the file of places has changed and is in use");
            }
        }
        Ok(Err(error)) if error.to_string() == *told => {}
        Ok(Err(error)) => {
            *told = error.to_string();
            failed(told);
        }
        Err(error) => failed(&error),
    }
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

fn log_to_stderr(format: LogFormat) -> io::Result<LogGuard> {
    let (lines, log) = log::to(io::stderr())?;
    // What can't be written is counted there; said on the same stream it would end the program.
    let logger =
        tracing_subscriber::fmt().with_writer(move || lines.clone()).with_target(false).log_internal_errors(false);
    let _ = match format {
        LogFormat::Text => logger.with_ansi(false).try_init(),
        LogFormat::Json => logger.json().try_init(),
    };
    Ok(log)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_crowd_that_comes_at_once_waits_in_the_kernel() {
        let config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        let listener = bind(&config).unwrap();
        let (address, wait) = (listener.local_addr().unwrap(), Duration::from_millis(900));
        let crowd: Vec<_> = (0..400).map(|_| TcpStream::connect_timeout(&address, wait)).collect();
        assert!(crowd.iter().all(Result::is_ok), "nobody accepts them, and a second one is sent after a second");
    }
}
