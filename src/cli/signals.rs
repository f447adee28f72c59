//! In: signals. Out: that the program is to end, or to read its configuration again. Forgets: which signal it was.

use std::io::{self, IsTerminal};

use anyhow::Result;
use rustix::process::Signal;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::watch;

/// Whether the program has been asked to end.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Changes whenever the configuration is to be read again.
pub type Reloads = watch::Receiver<u64>;

impl Stop {
    /// Listens to SIGTERM, Ctrl-C and SIGHUP from now on. This comes before anything is said, so that whoever reads it may stop us at
    /// once.
    pub fn by_signal(runtime: &Runtime) -> Result<Stop> {
        Ok(listen(runtime, || false)?.0)
    }

    /// The same for a program that stays: SIGHUP has its configuration read again, but where it tells that the terminal is gone in
    /// which the program was started.
    pub fn and_reload(runtime: &Runtime) -> Result<(Stop, Reloads)> {
        let had_terminal = io::stdin().is_terminal();
        // A terminal that is gone is none any more.
        listen(runtime, move || !had_terminal || io::stdin().is_terminal())
    }

    /// Whether it has been asked.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when it is asked.
    pub async fn asked(mut self) {
        let _ = self.0.wait_for(|asked| *asked).await;
    }
}

/// Listens; `reloads` tells of each SIGHUP whether the program goes on.
fn listen(runtime: &Runtime, reloads: impl Fn() -> bool + Send + 'static) -> Result<(Stop, Reloads)> {
    let _context = runtime.enter();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // Whoever started us with `nohup` wants us to stay: what is ignored stays ignored.
    let mut hang_up = if is_ignored(Signal::HUP) { None } else { Some(signal(SignalKind::hangup())?) };
    // A file that may not grow any more is an error of the store, and must not end us: sums that wait in memory were lost.
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?;
    let (tell, told) = watch::channel(false);
    let (again, reload) = watch::channel(0);
    runtime.spawn(async move {
        loop {
            let goes_on = tokio::select! {
                _ = terminate.recv() => false,
                _ = interrupt.recv() => false,
                () = next(&mut hang_up) => reloads(),
            };
            if !goes_on {
                break;
            }
            again.send_modify(|times| *times += 1);
        }
        tracing::info!("stopping: open requests are finished and everything is stored");
        let _ = tell.send(true);
        // Whoever waits for reloads waits on.
        std::future::pending::<()>().await;
    });
    Ok((Stop(told), reload))
}

/// The next signal; none ever comes where it is ignored.
async fn next(signals: &mut Option<Signals>) {
    match signals {
        Some(signals) => drop(signals.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether whoever started the program has it ignore a signal. Where the kernel does not tell, nobody has.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal.as_raw() - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_ignores_broken_pipes_and_nothing_else_here() {
        assert!(is_ignored(Signal::PIPE) && !is_ignored(Signal::TERM));
    }
}
