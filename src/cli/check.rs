//! `headcount check`: looks for damage in a database, and makes anew what can be made anew.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::{CliFailure, give_way, must_be_there, print, set_known_aside};
use crate::config::Config;
use crate::control::Reply;
use crate::control::folder::{DATABASE, Folder, Taken};
use crate::limits;
use crate::page::text::counted;
use crate::store::StoreError;
use crate::store::check::{self, CheckFinding, CheckReport, Repair};

/// The exit code is 0 where nothing was found, 1 where something was or the file is no database of headcount, and 2 where the file could not be read.
#[derive(Debug, Args)]
pub struct CheckWords {
    /// A backup, or any database; that of the data folder if left out
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Reads everything: each index, each cell, and whether months are what their days have
    #[arg(long)]
    full: bool,
    /// Makes anew what can be made without a guess: months from their days, indexes from their tables. No server may run
    #[arg(long, conflicts_with = "file", requires = "full")]
    repair: bool,
}

/// Checks a database.
pub fn check(config: &Config, words: &CheckWords, as_json: bool) -> Result<(), CliFailure> {
    give_way();
    if words.file.is_none() {
        must_be_there(&config.data).map_err(unread)?;
    }
    let path = words.file.clone().unwrap_or_else(|| config.data.join(DATABASE));
    // Nobody writes between the look and the repair.
    let _folder = if words.repair { Some(taken(config)?) } else { None };
    set_known_aside(&path).map_err(|error| CliFailure::Unread(format!("{error:#}")))?;
    let look = || {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(limits::COPY_LOOK_MS));
        let done = check::check(&path, words.full, |what| bar.set_message(what.to_owned()));
        bar.finish_and_clear();
        done.map_err(|error| {
            let said = format!("{} can't be checked: {error}", path.display());
            if matches!(error, StoreError::NotOurs(_)) { CliFailure::Failed(said) } else { CliFailure::Unread(said) }
        })
    };
    let mut report = look()?;
    let repairs: BTreeSet<Repair> = report.findings.iter().filter_map(|finding| finding.repair).collect();
    if words.repair && !repairs.is_empty() {
        check::repair(&path, &repairs).map_err(|error| CliFailure::Failed(format!("nothing was repaired: {error}")))?;
        report = look()?;
    }
    let repaired = if words.repair { repairs } else { BTreeSet::new() };
    print(&reply(&report, words.full, &repaired), as_json)?;
    match report.findings.len() as u64 + report.more {
        0 => Ok(()),
        found => Err(CliFailure::Failed(format!("the check has {}", counted(found, "findings")))),
    }
}

fn unread(failure: CliFailure) -> CliFailure {
    match failure {
        CliFailure::Failed(sentence) => CliFailure::Unread(sentence),
        other => other,
    }
}

fn taken(config: &Config) -> Result<Folder, CliFailure> {
    Folder::take(&config.data).map_err(|error| match error.is::<Taken>() {
        true => CliFailure::Failed("a server is using the database; stop it first, then repair".to_owned()),
        false => error.into(),
    })
}

fn reply(report: &CheckReport, is_full: bool, repaired: &BTreeSet<Repair>) -> Reply {
    let CheckReport { findings, more, version, blocks, left_out } = report;
    let mut lines: Vec<String> = findings.iter().map(line).collect();
    if *more > 0 {
        lines.push(format!("and {more} more"));
    }
    if repaired.contains(&Repair::Indexes) {
        lines.push("Made anew: the indexes. The database as it was is kept beside it.".to_owned());
    }
    let months = repaired.iter().filter(|repair| **repair != Repair::Indexes).count();
    if months > 0 {
        lines.push(format!("Made anew: {}.", counted(months as u64, "months")));
    }
    lines.extend(left_out.iter().map(|why| format!("Left out: {why}.")));
    if findings.is_empty() {
        let how = if is_full { "Everything was read" } else { "`--full` reads everything" };
        lines.push(format!("Nothing is damaged as far as was looked: {}. {how}.", counted(*blocks, "blocks of cells")));
    } else if findings.iter().any(|finding| finding.repair.is_some()) && repaired.is_empty() {
        lines.push(
            "What is marked can be made anew: stop the server, then `headcount check --full --repair`.".to_owned(),
        );
    } else {
        lines
            .push("The rest can't be made anew from what is there: `headcount restore` puts a backup back.".to_owned());
    }
    let found: Vec<Value> = findings.iter().map(as_value).collect();
    let json = json!({
        "schema": version, "is_full": is_full, "blocks": blocks, "findings": found, "more": more,
        "repaired": repaired.len(), "left_out": left_out,
    });
    Reply { text: lines.join("\n"), json }
}

fn line(finding: &CheckFinding) -> String {
    let CheckFinding { table, site, when, what, repair } = finding;
    let place: Vec<&str> = [site, when, table].into_iter().flatten().map(String::as_str).collect();
    let mark = if repair.is_some() { " (can be made anew)" } else { "" };
    let colon = if place.is_empty() { "" } else { ": " };
    format!("{}{colon}{what}{mark}", place.join(" "))
}

fn as_value(finding: &CheckFinding) -> Value {
    let CheckFinding { table, site, when, what, repair } = finding;
    json!({"table": table, "site": site, "when": when, "what": what, "can_be_repaired": repair.is_some()})
}
