//! Asks before something is forgotten for good: on a terminal with what would go, elsewhere by `--yes`.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::ProgressBar;

use super::words::{CommandLine, SiteWork, Verb};
use super::{CliFailure, carry_out, output};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::forget::{ForgetCommand, NOTHING_NAMED};
use crate::control::{Command, Reply};
use crate::limits;

/// Carries out what forgets; nothing for other commands.
pub(super) fn forget(words: &CommandLine, config: &Config, clock: &Clock) -> Result<Option<Reply>, CliFailure> {
    let Verb::Site(work) = &words.work else { return Ok(None) };
    let (manner, order): (_, Box<dyn Fn(bool) -> Command>) = match work {
        SiteWork::Forget(words) => {
            let order = words.order();
            if order.names_nothing() {
                return Err(CliFailure::Misuse(NOTHING_NAMED.into()));
            }
            let of = move |dry_run| Command::SiteForget(ForgetCommand { dry_run, ..order.clone() });
            (words.manner(), Box::new(of))
        }
        SiteWork::Reset { domain, manner } => {
            let domain = domain.clone();
            (manner, Box::new(move |dry_run| Command::SiteReset { domain: domain.clone(), dry_run }))
        }
        _ => return Ok(None),
    };
    if manner.dry_run {
        return watched(|| carry_out(config, order(true), clock.clone())).map(Some);
    }
    if !manner.yes {
        if !io::stdin().is_terminal() {
            let sentence = "this can't be undone; say --yes, or see with --dry-run what would go";
            return Err(CliFailure::Misuse(sentence.into()));
        }
        let would = watched(|| carry_out(config, order(true), clock.clone()))?;
        if !is_confirmed(&would.text) {
            return Err(CliFailure::Failed("nothing is forgotten".into()));
        }
    }
    watched(|| carry_out(config, order(false), clock.clone())).map(Some)
}

/// Shows on a terminal that the work goes on.
fn watched<T>(work: impl FnOnce() -> T) -> T {
    let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_message("looking through all sums");
    bar.enable_steady_tick(Duration::from_millis(limits::SPINNER_MS));
    let done = work();
    bar.finish_and_clear();
    done
}

fn is_confirmed(would: &str) -> bool {
    let mut line = String::new();
    output::remark(format_args!("{would}\nForget it? Only a backup brings it back. [y/N] "));
    let asked = io::stderr().flush().and_then(|()| io::stdin().read_line(&mut line));
    asked.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}
