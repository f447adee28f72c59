//! Asks before something is forgotten for good: on a terminal with what would go, elsewhere by `--yes`.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::ProgressBar;

use super::words::{CommandLine, ForgetManner, SiteWork, Verb};
use super::{CliFailure, carry_out, output};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::forget::{ForgetCommand, NOTHING_NAMED};
use crate::control::{Command, Reply};
use crate::limits;

/// What is to go.
struct Destruction<'a> {
    manner: &'a ForgetManner,
    /// Tells what would go, and does nothing.
    would: Command,
    /// What goes besides, in a sentence.
    besides: &'static str,
    order: Command,
}

/// Carries out what forgets; nothing for other commands.
pub(super) fn forget(words: &CommandLine, config: &Config, clock: &Clock) -> Result<Option<Reply>, CliFailure> {
    let Verb::Site(work) = &words.work else { return Ok(None) };
    let Some(Destruction { manner, would, besides, order }) = destruction(work)? else { return Ok(None) };
    let tell = || -> Result<Reply, CliFailure> {
        let mut would = watched(|| carry_out(config, would, clock.clone()))?;
        would.text.push_str(besides);
        Ok(would)
    };
    if manner.dry_run {
        return tell().map(Some);
    }
    if !manner.yes {
        if !io::stdin().is_terminal() {
            let sentence = "this can't be undone; say --yes, or see with --dry-run what would go";
            return Err(CliFailure::Misuse(sentence.into()));
        }
        if !is_confirmed(&tell()?.text) {
            return Err(CliFailure::Failed("nothing is forgotten".into()));
        }
    }
    watched(|| carry_out(config, order, clock.clone())).map(Some)
}

fn destruction(work: &SiteWork) -> Result<Option<Destruction<'_>>, CliFailure> {
    let reset = |domain: &String, dry_run| Command::SiteReset { domain: domain.clone(), dry_run };
    Ok(Some(match work {
        SiteWork::Forget(words) => {
            let order = words.order();
            if order.names_nothing() {
                return Err(CliFailure::Misuse(NOTHING_NAMED.into()));
            }
            let of = |dry_run| Command::SiteForget(ForgetCommand { dry_run, ..order.clone() });
            Destruction { manner: words.manner(), would: of(true), besides: "", order: of(false) }
        }
        SiteWork::Reset { domain, manner } => {
            Destruction { manner, would: reset(domain, true), besides: "", order: reset(domain, false) }
        }
        SiteWork::Remove { domain, manner } => {
            let besides = "The site goes too, with its settings, goals, funnels, segments, annotations and shares.\n";
            Destruction { manner, would: reset(domain, true), besides, order: work.command() }
        }
        _ => return Ok(None),
    }))
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
