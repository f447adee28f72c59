//! `headcount restore`: puts a backup in the place of the database.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::backup::watched;
use super::{CliFailure, Reached, reach, set_known_aside};
use crate::backup::{self, Restored, SpillFolders};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::audit::AuditCommand;
use crate::control::folder::socket_of;
use crate::control::{Command, Reply, socket};
use crate::page::text::counted;
use crate::store::Inspection;

/// No server may run meanwhile. The file stays what it is, and the database that was there is kept beside the new one.
#[derive(Debug, Args)]
pub struct RestoreWords {
    /// What `headcount backup` has written, or any whole copy of a database
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Puts a backup in the place of the database of the data folder.
pub fn restore(config: &Config, words: &RestoreWords, clock: &Clock) -> Result<Reply, CliFailure> {
    let data = &config.data;
    set_known_aside(&words.file)?;
    backup::looked_through(&words.file)?;
    let ask = || socket::call(&socket_of(data), &Command::Audit(AuditCommand::Process));
    let Reached::Folder(folder) = reach(data, ask)? else {
        let sentence = format!("a server is using {}; stop it first, nothing was changed", data.display());
        return Err(CliFailure::Failed(sentence));
    };
    let database = folder.database();
    set_known_aside(&database)?;
    let memory = crate::journal::memory_folder(&config.journal);
    let spills = SpillFolders { wanted: config.spill.as_deref(), memory: &memory };
    let restored = folder
        .keep_to(clock)
        .map_err(CliFailure::from)
        .and_then(|()| watched(|look| backup::restore(&database, &words.file, spills, clock.now(), look)));
    let restored = restored?;
    backup::give_to_owner(data, &data.join("headcount.lock"));
    Ok(reply(words, restored))
}

fn reply(words: &RestoreWords, restored: Restored) -> Reply {
    let (waiting, left) = (restored.waiting, restored.left);
    let (facts, aside) = (restored.facts, restored.aside.map(|path| path.display().to_string()));
    let last = facts.last_day.map_or_else(|| "no days yet".to_owned(), |day| format!("days up to {day}"));
    let (shown, sites) = (words.file.display(), counted(facts.sites, "sites"));
    let mut text = format!("{shown} is put back: {sites}, {last}.");
    match &aside {
        Some(path) => text.push_str(&format!("\nThe database that was there is kept: {path}")),
        None => text.push_str("\nThere was no database before."),
    }
    if facts.version < Inspection::present_version() {
        let (from, to) = (facts.version, Inspection::present_version());
        text.push_str(&format!("\nThe next start brings its schema from version {from} to {to}."));
    }
    if waiting > 0 {
        let hits = counted(waiting as u64, "hits");
        text.push_str(&format!(
            "\n{hits} that a stop could not store are added by the next start, unless they are in it."
        ));
    }
    for (path, why) in &left {
        text.push_str(&format!("\nSums of a stop are left alone in {}: {why}", path.display()));
    }
    text.push_str("\nWhat was forgotten or removed since the backup is in it again.");
    let json = json!({
        "restored": shown.to_string(),
        "sites": facts.sites,
        "last_day": facts.last_day.map(|day| day.to_string()),
        "flush": facts.flush,
        "schema": facts.version,
        "kept": aside,
        "waiting_hits": waiting,
    });
    Reply { text, json }
}
