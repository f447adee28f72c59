//! In: the command line. Out: an exit code: 0 done, 1 failed, 2 misused. Forgets: nothing.

mod import;
mod serve;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;

use crate::clock::Clock;
use crate::collector::{Collector, Keeping};
use crate::config::{Config, ConfigError};
use crate::control::folder::{Folder, socket_of};
use crate::control::{self, Command, Refused, Reply, socket};
use crate::hit::Tools;
use crate::hit::agent::Agents;
use crate::hit::place::Places;
use crate::store::sqlite::Sqlite;
use words::{Words, Work};

/// What ended a command early.
enum Failure {
    /// The command line or the configuration is wrong.
    Misuse(String),
    /// Something else.
    Failed(String),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure::Misuse(error.to_string())
    }
}

impl From<Refused> for Failure {
    fn from(error: Refused) -> Self {
        Failure::Failed(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Failed(format!("{error:#}"))
    }
}

/// Runs the program with the words of its command line.
pub fn run() -> ExitCode {
    let words = Words::parse();
    let code = match work(words) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Misuse(sentence)) => (2, sentence),
        Err(Failure::Failed(sentence)) => (1, sentence),
    };
    eprintln!("headcount: {}", code.1);
    ExitCode::from(code.0)
}

fn work(words: Words) -> Result<(), Failure> {
    let file = words.config.clone().or_else(|| std::env::var_os("HEADCOUNT_CONFIG").map(PathBuf::from));
    let environment = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    let config = Config::load(file.as_deref(), environment, &words.flags())?;
    if let Work::Import(order) = words.work {
        print(&import::import(&config, &order)?, words.json);
        return Ok(());
    }
    match words.work.command() {
        None => Ok(serve::serve(&config, &words.sites())?),
        Some(command) => {
            let reply = carry_out(&config, command)?;
            print(&reply, words.json);
            Ok(())
        }
    }
}

/// Sends a command to the running server of the data folder, or does it here.
fn carry_out(config: &Config, command: Command) -> Result<Reply, Failure> {
    if let Some(answer) = socket::call(&socket_of(&config.data), &command) {
        let reply = answer.map_err(|e| Failure::Failed(format!("the running server did not answer: {e}")))?;
        return Ok(reply?);
    }
    let folder = Folder::take(&config.data)?;
    let (collector, keeping) = open(config, &folder, Clock::System)?;
    let reply = control::run(command, &collector, &config.base_url());
    collector.stop();
    keeping.wait();
    Ok(reply?)
}

/// Starts a collector on a data folder.
fn open(config: &Config, folder: &Folder, clock: Clock) -> Result<(Collector, Keeping)> {
    let path = folder.database();
    let store = Sqlite::open(&path).with_context(|| format!("{} can't be opened", path.display()))?;
    let places = match &config.geo {
        Some(file) => Places::open(file).with_context(|| format!("{} can't be used for places", file.display()))?,
        None => Places::none(),
    };
    let tools = Tools { agents: Agents::new(), places };
    Ok(Collector::start(Arc::new(store), tools, clock)?)
}

fn print(reply: &Reply, as_json: bool) {
    use std::io::Write;
    let text = if as_json { reply.json.to_string() } else { reply.text.trim_end().to_owned() };
    // A reader that closes the pipe early has seen enough.
    let _ = writeln!(std::io::stdout(), "{text}");
}
