//! `headcount journal wipe`: overwrites what a server has left in memory.

use serde_json::json;

use super::{CliFailure, must_be_there};
use crate::config::Config;
use crate::control::Reply;
use crate::control::folder::{Folder, Taken};
use crate::journal;

/// Wipes the journals of the data folder. A server that runs needs its own, and would go on to write one.
pub fn wipe(config: &Config) -> Result<Reply, CliFailure> {
    must_be_there(&config.data)?;
    // Nobody starts a server meanwhile.
    let _folder = Folder::take(&config.data).map_err(|error| match error.is::<Taken>() {
        true => CliFailure::Failed("a server is using the journal; stop it first, then wipe what it leaves".to_owned()),
        false => error.into(),
    })?;
    let wiped = journal::wipe(&config.journal, &config.data)
        .map_err(|why| CliFailure::Failed(format!("the journal is not wiped, or not all of it: {why}")))?;
    let text = match wiped {
        0 => "There was no journal in memory.".to_owned(),
        1 => "The journal is wiped: one file.".to_owned(),
        files => format!("The journal is wiped: {files} files."),
    };
    Ok(Reply { text, json: json!({"wiped": wiped}) })
}
