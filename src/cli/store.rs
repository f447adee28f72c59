//! `headcount store adopt` and `headcount store keep`: carried out by the server that has a database open, if one does.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::CliFailure;
use crate::config::Config;
use crate::control::folder::{self, Folder, Taken, socket_of};
use crate::control::store::StoreCommand;
use crate::control::{Command, Reply, socket};
use crate::limits;

/// Asks the server. One whose folder is gone takes the new one within a second.
pub fn store(config: &Config, command: StoreCommand) -> Result<Reply, CliFailure> {
    let data = &config.data;
    let is_missing = fs::symlink_metadata(data).is_err();
    if is_missing && command == StoreCommand::Keep {
        folder::make(data).map_err(|error| CliFailure::Failed(format!("{} can't be made: {error}", data.display())))?;
    }
    let until = Instant::now() + Duration::from_millis(limits::LOCK_WAIT_MS);
    loop {
        if let Some(answer) = socket::call(&socket_of(data), &Command::Store(command)) {
            return Ok(answer.map_err(|e| CliFailure::Failed(format!("the running server did not answer: {e}")))??);
        }
        if Instant::now() >= until {
            break;
        }
        std::thread::sleep(Duration::from_millis(limits::LOCK_LOOK_MS));
    }
    if is_missing {
        let _ = fs::remove_dir(data);
    } else {
        refuse_taken(data)?;
    }
    let text =
        format!("Nothing is to do: no server runs with {}; one that is started opens what is there.", data.display());
    Ok(Reply { text, json: json!({"done": false}) })
}

fn refuse_taken(data: &Path) -> Result<(), CliFailure> {
    match Folder::take(data) {
        Err(error) if error.is::<Taken>() => {
            Err(CliFailure::Failed("a server has the folder and does not answer; look into its log".to_owned()))
        }
        _ => Ok(()),
    }
}
