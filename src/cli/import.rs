//! In: the words of `headcount import`. Out: the logs' lines, merged by time, handed to the collector; progress while it
//! lasts, and a summary. Forgets: the lines.

mod follow;
mod input;
mod lines;
mod log;
mod merge;

use std::io::IsTerminal;
use std::time::Instant;

use anyhow::Context;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::words::ImportWords;
use super::{Failure, Reached};
use crate::beacon::log::Reader;
use crate::clock::Clock;
use crate::collector::import::{Import, Start, Summary};
use crate::config::Config;
use crate::control::folder::socket_of;
use crate::control::import::Intake;
use crate::control::{Refused, Reply};
use crate::limits;
use crate::page::words::ENGLISH;
use crate::rejection::Rejection;
use log::Log;
use merge::Merge;

/// Imports logs through the running server of the data folder, or without one.
pub fn import(config: &Config, order: &ImportWords, clock: Clock) -> Result<Reply, Failure> {
    let manner = order.manner();
    if order.rules {
        return Ok(Reply { text: manner.rules.told(), json: json!(manner.rules) });
    }
    let reader = Reader::named(manner.format.as_deref()).map_err(|error| Failure::Misuse(error.to_string()))?;
    let logs = order.files.iter().map(|file| Log::find(file, reader.clone())).collect::<Result<Vec<_>, _>>();
    let logs = logs.map_err(|error| Failure::Failed(error.to_string()))?;
    if logs.len() > limits::LOGS_MAX {
        return Err(Failure::Failed(format!("{} logs are too many at once; give fewer", logs.len())));
    }
    super::must_be_there(&config.data)?;
    let there = || Intake::there(&socket_of(&config.data), &order.site, logs.len(), &manner);
    let folder = match super::reach(&config.data, there)? {
        Reached::Server(intake) => return Ok(run(logs, order, intake?)?),
        Reached::Folder(folder) => folder,
    };
    super::serve::keep_out_of_dumps();
    let (collector, keeping) = super::open(config, &folder, clock)?;
    let begun = Import::begin(&collector, &order.site, manner).map_err(Refused::from);
    let reply = begun.and_then(|import| run(logs, order, Intake::Here(Box::new(import))));
    collector.stop();
    keeping.wait().context("the last flush failed")?;
    Ok(reply?)
}

fn run(mut logs: Vec<Log>, order: &ImportWords, mut intake: Intake) -> Result<Reply, Refused> {
    let begun = Instant::now();
    for log in &mut logs {
        let head = log.head().map_err(refused)?;
        log.start = intake.open(&head)?;
    }
    let progress = Progress::over(&logs);
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
    Ok(told(order, &summary, merge.logs(), begun.elapsed().as_secs_f64()))
}

fn pour(merge: &mut Merge, intake: &mut Intake, progress: &Progress) -> Result<(), Refused> {
    while let Some(chunk) = merge.next().map_err(refused)? {
        intake.take(chunk.log, chunk.end, chunk.lines)?;
        progress.took(chunk.lines);
        progress.stands_at(merge.read_bytes());
    }
    Ok(())
}

fn refused(error: log::Unreadable) -> Refused {
    Refused(error.to_string())
}

/// The bar on a terminal; nothing elsewhere.
struct Progress {
    bar: ProgressBar,
    lines: std::cell::Cell<u64>,
}

impl Progress {
    fn over(logs: &[Log]) -> Progress {
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
        Progress { bar, lines: std::cell::Cell::new(0) }
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

fn told(order: &ImportWords, summary: &Summary, logs: &[Log], seconds: f64) -> Reply {
    let rate = summary.lines as f64 / seconds.max(0.001);
    let exact = |count: u64| ENGLISH.exact(count as f64);
    let took = if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        HumanDuration(std::time::Duration::from_secs_f64(seconds)).to_string()
    };
    let mut text = format!("{} lines in {took}, {} lines/s\n\n", exact(summary.lines), ENGLISH.exact(rate));
    let counted = ("counted".to_owned(), summary.counted);
    let rows: Vec<_> =
        std::iter::once(&counted).chain(&summary.rejected).map(|(label, n)| (label, exact(*n))).collect();
    let width = rows.iter().map(|(_, count)| count.len()).max().unwrap_or(0);
    for (label, count) in rows {
        text.push_str(&format!("  {label:<12}  {count:>width$}\n"));
    }
    let of_logs = logs.iter().filter_map(|log| note(log, logs));
    let notes: Vec<String> = days(summary).into_iter().chain(of_logs).chain(repeated(&summary.repeated)).collect();
    if !notes.is_empty() {
        text.push_str(&format!("\n{}\n", notes.join("\n")));
    }
    let files: Vec<Value> = logs.iter().map(described).collect();
    let rejected: serde_json::Map<String, Value> =
        summary.rejected.iter().map(|(label, count)| (label.clone(), json!(count))).collect();
    let json = json!({
        "site": order.site, "lines": summary.lines, "counted": summary.counted, "rejected": rejected, "files": files,
        "days": summary.days, "repeated_days": summary.repeated, "seconds": (seconds * 1_000.0).round() / 1_000.0, "lines_per_s": rate.round(),
    });
    Reply { text, json }
}

/// Which days were counted, or why none was.
fn days(summary: &Summary) -> Option<String> {
    if summary.lines > 0 && summary.rejected == [(Rejection::BadLine.label().to_owned(), summary.lines)] {
        return Some("No line is in a known format; --format describes others.".to_owned());
    }
    let (first, last) = summary.days.as_ref()?;
    let span = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
    Some(format!("Counted {span}; the dashboard shows all days with ?period=all."))
}

/// What is to be said of one log.
fn note(log: &Log, logs: &[Log]) -> Option<String> {
    let name = log.name();
    match log.start {
        Start::SameAs(other) => {
            let other = logs.get(other).map(Log::name).unwrap_or_default();
            Some(format!("{name} begins like {other} and is left out."))
        }
        Start::At(bytes) if log.read_bytes == bytes => {
            Some(format!("{name} has nothing new since the last import; --again counts it once more."))
        }
        Start::At(_) => Some(format!("{name} was continued where the last import ended.")),
        Start::New if log.is_unfinished => {
            Some(format!("{name} ends within a line, which is left for the next import."))
        }
        Start::New => None,
    }
}

fn repeated(days: &[String]) -> Option<String> {
    let (first, last) = (days.first()?, days.last()?);
    let span = if days.len() == 1 { first.clone() } else { format!("{} days from {first} to {last}", days.len()) };
    Some(format!(
        "Note: {span} had visitors before. Salts of earlier runs are gone, so visitors who are in both count twice there."
    ))
}

fn described(log: &Log) -> Value {
    let (start, same_as) = match log.start {
        Start::New => (json!(0), Value::Null),
        Start::At(bytes) => (json!(bytes), Value::Null),
        Start::SameAs(other) => (Value::Null, json!(other)),
    };
    json!({"name": log.name(), "from_byte": start, "to_byte": log.read_bytes, "same_as": same_as, "unfinished": log.is_unfinished})
}
