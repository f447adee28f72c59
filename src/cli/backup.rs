//! `headcount backup`: copies the database while a server runs, or without one.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tokio::runtime::Runtime;

use super::signals::Stop;
use super::{CliFailure, give_way, must_be_there, set_foreign_aside};
use crate::backup::{self, Backup, BackupTarget};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::folder::{DATABASE, Folder, Taken, socket_of};
use crate::control::{Command, Reply, socket};
use crate::page::text::counted;

/// A server that runs stores first what it has counted. The copy is one file, whole by itself; `headcount restore` puts it back.
#[derive(Debug, Args)]
pub struct BackupWords {
    /// A new file, or a folder, in which it gets a dated name; one that ends with / is made
    #[arg(value_name = "FILE|DIR")]
    target: PathBuf,
    /// Replaces a file that is there
    #[arg(long, conflicts_with = "keep")]
    force: bool,
    /// Removes the oldest copies of this database in the folder, but for so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

impl BackupWords {
    fn target(&self) -> Result<BackupTarget, CliFailure> {
        let ends_as_folder = self.target.as_os_str().as_encoded_bytes().ends_with(b"/");
        match self.target.is_dir() || ends_as_folder {
            true => Ok(BackupTarget::Folder(self.target.clone(), self.keep.map(|keep| keep as usize))),
            false if self.keep.is_some() => {
                Err(CliFailure::Misuse(format!("--keep wants a folder; make one, or write {}/", self.target.display())))
            }
            false => Ok(BackupTarget::File(self.target.clone(), self.force)),
        }
    }
}

/// Copies the database of the data folder.
pub fn backup(config: &Config, words: &BackupWords, clock: &Clock) -> Result<Reply, CliFailure> {
    give_way();
    must_be_there(&config.data)?;
    let mut target = words.target()?;
    let missing = missing(&config.data)?;
    let database = config.data.join(DATABASE);
    set_foreign_aside(&database)?;
    let mut stays = None;
    if missing.is_some()
        && has_server(&config.data)
        && let BackupTarget::Folder(_, keep @ Some(_)) = &mut target
    {
        *keep = None;
        stays = Some("older copies stay, because this one is not complete".to_owned());
    }
    let mut made = watched(|look| backup::make(&database, &target, clock.now(), look))?;
    made.rotated.stays = stays.or(made.rotated.stays);
    Ok(reply(&made, missing.as_deref()))
}

/// Has the server store what it has in memory. What is not in the copy, in a sentence.
///
/// # Errors
/// The server has another database open than the one that is there.
fn missing(data: &Path) -> Result<Option<String>, CliFailure> {
    Ok(match socket::call(&socket_of(data), &Command::Flush) {
        Some(Ok(Ok(told))) => match told.json["moved"].as_str() {
            Some(moved) => return Err(CliFailure::Failed(format!("{moved}; nothing was copied"))),
            None => None,
        },
        Some(Ok(Err(why))) => Some(format!("what the server has counted since its last flush is not in it: {why}")),
        Some(Err(why)) => Some(format!("the server did not answer, and what it has in memory is not in it: {why}")),
        None => Some("no server answers: what one has kept in memory is not in it".to_owned()),
    })
}

/// Whether a server has the folder, be it one that does not answer.
fn has_server(data: &Path) -> bool {
    Folder::take(data).is_err_and(|error| error.is::<Taken>())
}

/// Does work that copies, with a bar on a terminal. Ctrl-C and SIGTERM give it up.
pub(super) fn watched<T>(work: impl FnOnce(backup::Look) -> anyhow::Result<T>) -> Result<T, CliFailure> {
    let runtime = Runtime::new().context("there is no thread for signals")?;
    let stop = Stop::by_signal(&runtime)?;
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent}%  {decimal_bytes}  {eta} left") {
        bar.set_style(style);
    }
    let done = work(&mut |bytes, expected| {
        bar.set_length(expected);
        bar.set_position(bytes.min(expected));
        !stop.is_asked()
    });
    bar.finish_and_clear();
    Ok(done?)
}

fn reply(made: &Backup, missing: Option<&str>) -> Reply {
    let Backup { path, facts, bytes, rotated } = made;
    let last = facts.last_day.map_or_else(|| "no days yet".to_owned(), |day| format!("days up to {day}"));
    let (shown, sites) = (path.display(), counted(facts.sites, "sites"));
    let mut text = format!("Backed up to {shown}: {sites}, {last}, {}.", DecimalBytes(*bytes));
    if let Some(missing) = missing {
        let mut letters = missing.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
        text.push_str(&format!("\n{first}{}.", letters.as_str().trim_end_matches('.')));
    }
    rotated.removed.iter().for_each(|path| text.push_str(&format!("\nRemoved: {}", path.display())));
    rotated.stays.iter().for_each(|why| text.push_str(&format!("\n{why}.")));
    let removed: Vec<String> = rotated.removed.iter().map(|path| path.display().to_string()).collect();
    Reply {
        text,
        json: json!({
            "path": shown.to_string(),
            "bytes": bytes,
            "sites": facts.sites,
            "last_day": facts.last_day.map(|day| day.to_string()),
            "flush": facts.flush,
            "schema": facts.version,
            "is_complete": missing.is_none(),
            "missing": missing,
            "removed": removed,
            "stays": rotated.stays,
        }),
    }
}
