//! `headcount journal wipe`: overwrites what a server has left in memory.

use anyhow::Context;
use serde_json::json;

use super::{CliFailure, must_be_there};
use crate::config::Config;
use crate::control::Reply;
use crate::control::folder::{Folder, Taken};
use crate::journal::{self, JournalSearch, JournalTrouble, WipedJournals};
use crate::page::text::counted;
use crate::store;

/// Wipes the journals of the data folder. A server that runs needs its own, and would go on to write one.
pub fn wipe(config: &Config) -> Result<Reply, CliFailure> {
    must_be_there(&config.data).map_err(|failure| match failure {
        CliFailure::Failed(why) => CliFailure::Failed(format!(
            "{why}; `headcount journal wipe --all` needs none, and wipes what servers of any data folder have left"
        )),
        other => other,
    })?;
    // Nobody starts a server meanwhile.
    let folder = Folder::take(&config.data).map_err(|error| match error.is::<Taken>() {
        true => CliFailure::Failed("a server is using the journal; stop it first, then wipe what it leaves".to_owned()),
        false => error.into(),
    })?;
    let file = folder.database();
    let sums = store::open(&file).with_context(|| format!("{} can't be opened", file.display()))?.sums;
    let (state, last) =
        sums.journal_state().and_then(|state| Ok((state, sums.journal_folder()?))).context("journal")?;
    let search = JournalSearch { place: &config.journal, file: &file, last: last.as_deref() };
    Ok(reply(journal::wipe(&search, state.database).map_err(not_wiped)?))
}

/// Wipes the journals of all data folders but of those whose servers run.
pub fn wipe_all(config: &Config) -> Result<Reply, CliFailure> {
    Ok(reply(journal::wipe_all(&config.journal).map_err(not_wiped)?))
}

fn not_wiped(why: JournalTrouble) -> CliFailure {
    CliFailure::Failed(format!("the journal is not wiped, or not all of it: {why}"))
}

fn reply(wiped: WipedJournals) -> Reply {
    let WipedJournals { files, used, bases } = wiped;
    let bases: Vec<String> = bases.iter().map(|base| base.display().to_string()).collect();
    let mut text = match files {
        0 => format!("There was no journal in {}. Name another folder by --journal.", bases.join(", ")),
        files => format!("The journal is wiped: {}.", counted(files as u64, "files")),
    };
    if used > 0 {
        text.push_str(&format!(" Running servers keep theirs: {used}."));
    }
    Reply { text, json: json!({"wiped": files, "in_use": used, "folders": bases}) }
}
