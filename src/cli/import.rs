//! `headcount import`: hands the lines of logs, merged by time, to the collector; shows progress and a summary.

mod follow;
mod input;
mod lines;
mod log;
mod merge;
mod outcome;

use std::io::IsTerminal;
use std::time::Instant;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::words::ImportWords;
use super::{CliFailure, Reached};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::folder::socket_of;
use crate::control::import::Intake;
use crate::control::notice::places;
use crate::control::{Refused, Reply};
use crate::import::Import;
use crate::limits;
use crate::page::words::ENGLISH;
use log::OpenLog;
use merge::Merge;

/// What is told, and of which log nothing could be read.
type ImportOutcome = (Reply, Option<String>);

/// Imports logs through the running server of the data folder, or without one.
pub fn import(config: &Config, order: &ImportWords, clock: Clock) -> Result<ImportOutcome, CliFailure> {
    let manner = order.manner(config.trust.proxies.clone());
    if order.rules {
        return Ok((Reply { text: manner.rules.told(), json: json!(manner.rules) }, None));
    }
    let reader = manner.reader().map_err(|error| CliFailure::Misuse(error.to_string()))?;
    let logs = order.files.iter().map(|file| OpenLog::find(file, reader.clone())).collect::<Result<Vec<_>, _>>();
    let logs = logs.map_err(|error| CliFailure::Failed(error.to_string()))?;
    if logs.len() > limits::LOGS_MAX {
        return Err(CliFailure::Failed(format!("{} logs are too many at once; give fewer", logs.len())));
    }
    super::must_be_there(&config.data)?;
    let there = || Intake::there(&socket_of(&config.data), &order.site, logs.len(), &manner);
    let folder = match super::reach(&config.data, there)? {
        Reached::Server(intake) => return Ok(run(logs, order, intake?)?),
        Reached::Folder(folder) => folder,
    };
    super::serve::keep_memory_to_itself();
    let (collector, keeping) = super::open(config, &folder, clock, true)?;
    let held = places::hold_all(&collector).map_err(|error| Refused(error.to_string()));
    let begun = held.and_then(|()| Import::begin(&collector, &order.site, manner).map_err(Refused::from));
    let reply = begun.and_then(|import| run(logs, order, Intake::Here(Box::new(import))));
    collector.stop();
    keeping.wait().context("the last flush failed")?;
    Ok(reply?)
}

fn run(mut logs: Vec<OpenLog>, order: &ImportWords, mut intake: Intake) -> Result<ImportOutcome, Refused> {
    let begun = Instant::now();
    for log in &mut logs {
        let head = log.head().map_err(refused)?;
        log.start = intake.open(&head)?;
    }
    let progress = ImportProgress::over(&logs);
    let mut merge = Merge::of(logs);
    let mut poured = pour(&mut merge, &mut intake, &progress);
    if order.follow && poured.is_ok() {
        progress.bar.finish_and_clear();
        poured = follow::follow(merge.logs(), &mut intake);
    }
    // A log that breaks off must not take along what came before.
    let summary = intake.finish();
    let summary = poured.and(summary)?;
    progress.bar.finish_and_clear();
    let fault = outcome::unreadable(&summary, merge.logs()).map_err(refused)?;
    Ok((outcome::reply(order, &summary, merge.logs(), begun.elapsed().as_secs_f64()), fault))
}

fn pour(merge: &mut Merge, intake: &mut Intake, progress: &ImportProgress) -> Result<(), Refused> {
    while let Some(chunk) = merge.next().map_err(refused)? {
        intake.take(chunk.log, chunk.end, chunk.lines)?;
        progress.took(chunk.lines);
        progress.stands_at(merge.read_bytes());
    }
    Ok(())
}

fn refused(error: log::UnreadableLog) -> Refused {
    Refused(error.to_string())
}

/// The bar on a terminal; nothing elsewhere.
struct ImportProgress {
    bar: ProgressBar,
    lines: std::cell::Cell<u64>,
}

impl ImportProgress {
    fn over(logs: &[OpenLog]) -> ImportProgress {
        let bytes = logs.iter().map(|log| log.file_bytes).sum::<Option<u64>>();
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(bytes, target);
        let form = match bytes {
            Some(_) => "{bar:30} {percent}%  {msg}  {eta} left",
            None => "{spinner} {bytes}  {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        ImportProgress { bar, lines: std::cell::Cell::new(0) }
    }

    /// Notes that these lines are handed over.
    fn took(&self, lines: &[u8]) {
        if !self.bar.is_hidden() {
            self.lines.set(self.lines.get() + memchr::memchr_iter(b'\n', lines).count() as u64);
        }
    }

    /// Shows how many bytes of the files are read.
    fn stands_at(&self, file_bytes: u64) {
        if self.bar.is_hidden() || self.bar.position() == file_bytes {
            return;
        }
        let rate = self.lines.get() as f64 / self.bar.elapsed().as_secs_f64().max(0.001);
        self.bar.set_position(file_bytes);
        self.bar.set_message(format!(
            "{} lines, {} lines/s",
            ENGLISH.exact(self.lines.get() as f64),
            ENGLISH.exact(rate)
        ));
    }
}
