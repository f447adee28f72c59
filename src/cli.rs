//! The command line. The exit code is 0 when it is done, 1 when it failed, 2 when it was misused.

mod audit;
mod backup;
mod check;
mod checking;
mod demo;
mod explain;
mod explain_request;
mod forget;
mod geo;
mod import;
mod journal;
mod mending;
mod notify;
mod output;
mod password;
mod reach;
mod reference;
mod reload;
mod restore;
mod serve;
mod signals;
mod store;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::backup::before_migration;
use crate::clock::Clock;
use crate::collector::{Collector, WriterHandle};
use crate::config::{Config, ConfigError};
use crate::control::folder::{DATABASE, Folder, Taken, socket_of};
use crate::control::user::UserCommand;
use crate::control::{self, Command, Refused, Reply, socket};
use crate::hit::Tools;
use crate::hit::agent::Agents;
use crate::hit::place::{Detail, Places};
use crate::journal::{JournalSearch, of_owner as journal_of_owner};
use crate::limits;
use crate::meter::FailureKind;
use crate::store::{self as stored, Stores, spill::SpillPlaces};
use anyhow::{Context, Result, bail};
use words::{CommandLine, ExplainWords, JournalWork, UserWork, Verb};

/// What ended a command early.
enum CliFailure {
    /// The command line or the configuration is wrong.
    Misuse(String),
    /// Something else.
    Failed(String),
    /// What was to be looked at can't be read.
    Unread(String),
}

impl From<ConfigError> for CliFailure {
    fn from(error: ConfigError) -> Self {
        CliFailure::Misuse(error.to_string())
    }
}

impl From<Refused> for CliFailure {
    fn from(error: Refused) -> Self {
        CliFailure::Failed(error.to_string())
    }
}

impl From<anyhow::Error> for CliFailure {
    fn from(error: anyhow::Error) -> Self {
        CliFailure::Failed(format!("{error:#}"))
    }
}

/// Runs the program with the words of its command line.
pub fn run() -> ExitCode {
    let words = CommandLine::of_process();
    let code = match work(words) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(CliFailure::Misuse(sentence)) => (2, sentence),
        Err(CliFailure::Failed(sentence)) => (1, sentence),
        Err(CliFailure::Unread(sentence)) => (2, sentence),
    };
    output::remark(format_args!("headcount: {}\n", code.1));
    ExitCode::from(code.0)
}

fn work(words: CommandLine) -> Result<(), CliFailure> {
    let file = words.config.clone().or_else(|| std::env::var_os("HEADCOUNT_CONFIG").map(PathBuf::from));
    let config = configuration(file.as_deref(), words.flags())?;
    let (clock, as_json) = (words.clock(), words.json);
    if let Verb::Explain(asked) = &words.work {
        return explained(asked, &config, &clock, as_json);
    }
    if let Some(reply) = without_figures(&words.work, &config)? {
        return print(&reply, as_json);
    }
    if let Some(reply) = forget::forget(&words, &config, &clock)? {
        return print(&reply, as_json);
    }
    if let Some(command) = with_password(&words.work)?.or_else(|| words.work.command()) {
        let reply = carry_out(&config, command, clock)?;
        print(&reply, as_json)?;
        return lacking(&words.work, &reply);
    }
    match &words.work {
        Verb::Import(order) => {
            let (reply, fault) = import::import(&config, order, clock)?;
            print(&reply, as_json)?;
            fault.map_or(Ok(()), |sentence| Err(CliFailure::Failed(sentence)))
        }
        Verb::Backup(words) => print(&backup::backup(&config, words, &clock)?, as_json),
        Verb::Restore(words) => print(&restore::restore(&config, words, &clock)?, as_json),
        Verb::Check(words) => check::check(&config, words, as_json),
        Verb::Audit(audit) => audit::audit(&config, audit, as_json, clock),
        Verb::Demo(_) if words.has_data() => {
            let sentence = "demo keeps its figures in a folder of its own, which goes away with it; leave out --data";
            Err(CliFailure::Misuse(sentence.into()))
        }
        Verb::Demo(demo) => Ok(demo::demo(config, demo.seed, demo.days, clock)?),
        _ => {
            let flags = words.flags().to_vec();
            let read = Box::new(move || configuration(file.as_deref(), &flags));
            Ok(serve::serve(&config, read, &words.sites(), clock)?)
        }
    }
}

/// The configuration as it is now.
fn configuration(file: Option<&Path>, flags: &[(&'static str, String)]) -> Result<Config, ConfigError> {
    // A name of ours is always text; whether its value is, the configuration looks for itself.
    let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    Config::load(file, environment, flags)
}

/// Explains a whole request where one is given, else an agent and a referrer.
fn explained(asked: &ExplainWords, config: &Config, clock: &Clock, as_json: bool) -> Result<(), CliFailure> {
    if explain_request::is_asked(asked) {
        print(&explain_request::explain(config, asked, clock.now())?, as_json)?;
        return Ok(());
    }
    Ok(explain::explain(asked, as_json)?)
}

/// Fails where a notice that is looked through lacks what the law asks for.
fn lacking(work: &Verb, reply: &Reply) -> Result<(), CliFailure> {
    match work {
        Verb::Notice(words) if words.checks() && reply.json["is_complete"] == false => {
            Err(CliFailure::Failed("the notice is not complete; say the rest with `headcount notice set`".into()))
        }
        _ => Ok(()),
    }
}

/// What is done without looking at any figures.
fn without_figures(work: &Verb, config: &Config) -> Result<Option<Reply>, CliFailure> {
    Ok(Some(match work {
        Verb::Geo(words) => geo::geo(config, words, Clock::System.now())?,
        Verb::Journal(JournalWork::Wipe { all: false }) => journal::wipe(config)?,
        Verb::Journal(JournalWork::Wipe { all: true }) => journal::wipe_all(config)?,
        Verb::Store(work) => store::store(config, work.command())?,
        Verb::Reference { of } => {
            let table = of.table();
            Reply { json: table.clone().into(), text: table }
        }
        _ => return Ok(None),
    }))
}

/// The command for which a password has to be read first.
fn with_password(work: &Verb) -> Result<Option<Command>, CliFailure> {
    match work {
        Verb::User(UserWork::Password { name, password_stdin, none: false }) => {
            let password = Some(password::read(*password_stdin)?);
            Ok(Some(Command::User(UserCommand::Password { name: name.clone(), password })))
        }
        Verb::Share(work) => {
            let password = work.wants_password().map(password::read).transpose()?;
            Ok(Some(Command::Share(work.command(password))))
        }
        _ => Ok(None),
    }
}

/// Sends a command to the running server of the data folder, or does it here.
fn carry_out(config: &Config, command: Command, clock: Clock) -> Result<Reply, CliFailure> {
    let makes_folder = makes_folder(&command);
    // A server may have the database open that somebody has removed.
    if !makes_folder && !socket_of(&config.data).exists() {
        must_be_there(&config.data)?;
    }
    let waits = || output::remark("headcount: the running server has not answered yet; it is waited for\n");
    let ask = || socket::call_patiently(&socket_of(&config.data), &command, waits);
    let folder = match reach(&config.data, ask)? {
        Reached::Server(answer) => {
            return Ok(answer.map_err(|e| CliFailure::Failed(format!("the running server did not answer: {e}")))??);
        }
        Reached::Folder(folder) => folder,
    };
    if !makes_folder {
        must_be_there(&config.data)?;
    }
    // Commands look up no places: a missing or large file must not be in their way.
    let placeless = Config { geo: None, ..config.clone() };
    let (collector, keeping) = open(&placeless, &folder, clock, command.needs_running_day())?;
    let reply = control::run(command, &collector, &config.base_url());
    collector.stop();
    keeping.wait().context("the last flush failed")?;
    Ok(reply?)
}

/// Whether a command may be the first of a new folder. Others would only hide that the folder is not the one meant.
fn makes_folder(command: &Command) -> bool {
    matches!(command, Command::SiteAdd { .. } | Command::SiteEnsure { .. })
}

/// Gives the calling thread, and those that it starts, the lowest priority: hits and pages of a server on the same machine go first.
fn give_way() {
    // Of the calling thread alone, as Linux has it. Where it is not allowed, the work is done all the same.
    let _ = rustix::process::setpriority_process(None, 19);
}

/// Refuses a folder without a database.
fn must_be_there(data: &Path) -> Result<(), CliFailure> {
    let folder = data.display();
    let told = match std::fs::metadata(data.join(DATABASE)) {
        Ok(file) if file.is_file() => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            format!("{folder} is closed to this user; run the command as the user of the service, or as root")
        }
        _ if socket_of(data).exists() => format!(
            "there is no {DATABASE} in {folder}; if a server runs on it that has it open, `headcount --data {folder} store keep` puts it back"
        ),
        _ => format!("there is no {DATABASE} in {folder}; name its folder with --data, or start with `serve`"),
    };
    Err(CliFailure::Failed(told))
}

/// Who does the work: the running server, which has answered, or the folder is ours to do it.
enum Reached<T> {
    Server(T),
    Folder(Folder),
}

/// Asks the server, which answers nothing where none is, else takes the folder. One that starts or stops holds the lock
/// without listening, so both are tried again for a while.
fn reach<T>(data: &Path, ask: impl Fn() -> Option<T>) -> Result<Reached<T>, CliFailure> {
    let until = Instant::now() + Duration::from_millis(limits::LOCK_WAIT_MS);
    loop {
        if let Some(answer) = ask() {
            return Ok(Reached::Server(answer));
        }
        match Folder::take(data) {
            Ok(folder) => return Ok(Reached::Folder(folder)),
            Err(error) if error.is::<Taken>() && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(limits::LOCK_LOOK_MS));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Starts a collector on a data folder whose clock it is; one that `counts` hits goes on with the running day.
fn open(config: &Config, folder: &Folder, clock: Clock, counts: bool) -> Result<(Collector, WriterHandle)> {
    folder.keep_to(&clock)?;
    let path = folder.database();
    let mut set_aside = set_foreign_aside(&path)?;
    copy_older(config, &path, &clock)?;
    let (mut stores, damaged) = match counts {
        true => mending::open(&path).map(|opened| (opened.stores, opened.damaged))?,
        false => (stored::open(&path).with_context(|| format!("{} can't be opened", path.display()))?, Vec::new()),
    };
    set_aside.append(&mut stores.set_aside);
    stores.set_aside = set_aside;
    let started = match counts {
        true => counting(config, &path, stores, clock)?,
        false => Collector::idle(stores, tools(config)?, clock)?,
    };
    for table in damaged {
        started.0.meter().failed(FailureKind::Damage, &table, "it can't be read to its end");
    }
    Ok(started)
}

/// Starts a collector that goes on with the running day.
fn counting(config: &Config, path: &Path, stores: Stores, clock: Clock) -> Result<(Collector, WriterHandle)> {
    let last = stores.sums.journal_folder()?;
    let search = JournalSearch { place: &config.journal, file: path, last: last.as_deref() };
    let database = stores.sums.journal_state()?.database;
    if let Some((owner, journal)) = journal_of_owner(&search, database) {
        bail!(
            "{} belongs to user {owner}, whose journal of the running day is {}: run this as that user, who takes it up; `headcount journal wipe` gives it up",
            path.display(),
            journal.display()
        );
    }
    let memory = crate::journal::memory_folder(&config.journal);
    let spills = SpillPlaces::of(path, database, config.spill.as_deref(), Some(&memory));
    let open = |state: &_| crate::journal::open(&search, state, config.journal_bytes_max);
    Ok(Collector::with_spills(stores, tools(config)?, clock, spills, open)?)
}

/// Keeps a log aside that belongs to another database, and says so: nothing must open the database before.
fn set_foreign_aside(database: &Path) -> Result<Vec<PathBuf>> {
    let set_aside =
        stored::set_foreign_aside(database).with_context(|| format!("{} can't be opened", database.display()))?;
    for path in &set_aside {
        let (database, path) = (database.display(), path.display());
        output::remark(format_args!(
            "headcount: a log of another database lay beside {database}; it is kept as {path}\n"
        ));
    }
    Ok(set_aside)
}

/// The same for whoever looks into a file that may be damaged: of one whose first page is nobody can tell whose the log is, and it stays.
fn set_known_aside(database: &Path) -> Result<()> {
    match set_foreign_aside(database) {
        Err(error) if error.downcast_ref() == Some(&stored::StoreError::Corrupt) => Ok(()),
        done => done.map(drop),
    }
}

/// Copies a database of an older version, which the next step brings up to date.
fn copy_older(config: &Config, database: &Path, clock: &Clock) -> Result<()> {
    if config.migration_copy
        && let Some(copy) = before_migration(database, clock.now())?
    {
        let copy = copy.display();
        tracing::info!(%copy, "the database is of an older version: {copy} is a copy of it as it was");
    }
    Ok(())
}

/// The tables that hits are made with.
fn tools(config: &Config) -> Result<Tools> {
    let places = match &config.geo {
        // What is not looked up needs no file in memory.
        Some(file) if config.place != Detail::None => {
            Places::open(file).with_context(|| format!("{} can't be used for places", file.display()))?
        }
        _ => Places::none(),
    };
    Ok(Tools { agents: Agents::new(), places: places.showing(config.place) })
}

fn print(reply: &Reply, as_json: bool) -> Result<(), CliFailure> {
    let text = if as_json { reply.json.to_string() } else { reply.text.trim_end().to_owned() };
    let unwritten = |error| CliFailure::Failed(format!("the answer can't be written: {error}"));
    output::answer(text).map_err(unwritten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_gives_way_has_the_lowest_priority_with_the_threads_that_it_starts() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let of_own = std::thread::spawn(move || {
            give_way();
            (priority(), std::thread::spawn(priority).join().unwrap())
        });
        assert_eq!(of_own.join().unwrap(), (19, 19));
    }
}
