//! Carries out the commands of operators, and answers as text and as JSON.
//!
//! One program owns the data folder. While a server runs, commands travel to it through `headcount.sock` in that folder
//! ([`socket`]); otherwise the command takes the folder's lock and does the work itself. Both ways end in [`run`].

pub mod annotation;
pub mod audit;
pub mod campaign;
mod clock;
pub mod document;
pub mod folder;
pub mod forget;
mod funnel;
mod goal;
pub mod import;
pub mod notice;
mod report;
pub mod segment;
pub mod set_aside;
pub mod share;
mod site;
pub mod socket;
pub mod store;
pub mod user;

use annotation::AnnotationCommand;
use audit::AuditCommand;
use campaign::CampaignCommand;
use document::DocumentCommand;
use forget::ForgetCommand;
use notice::{NoticeCommand, announcing};
use segment::SegmentCommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use set_aside::SetAsideCommand;
use share::ShareCommand;
use store::StoreCommand;

use crate::collector::{Collector, random};
use crate::import::Manner;
use crate::meter::FailureKind;
use crate::operator::{Access, TokenScope};
use crate::secret::Secret;
use crate::secret::password::{Password, PasswordDigest};
pub use crate::site::SiteChange;
use crate::site::{Domain, Site, SiteId};
use crate::store::{SiteError, StoreError, UserError};
use user::UserCommand;

/// What an operator can ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Adds a site.
    SiteAdd {
        /// Its domain.
        domain: String,
        /// What differs from the defaults.
        change: SiteChange,
    },
    /// Adds a site unless it exists.
    SiteEnsure {
        /// Its domain.
        domain: String,
    },
    /// Lists the sites.
    SiteList,
    /// Shows everything that is set for a site.
    SiteShow {
        /// Its domain.
        domain: String,
    },
    /// Changes a site.
    SiteSet {
        /// Its domain.
        domain: String,
        /// What changes.
        change: SiteChange,
    },
    /// Removes a site and all its sums.
    SiteRemove {
        /// Its domain.
        domain: String,
    },
    /// Tells what is believed of the clock.
    ClockShow,
    /// Says that the clock is right.
    ClockConfirm,
    /// Writes a document about what is done with data at a site.
    Document(DocumentCommand),
    /// Forgets some values or days of a site.
    SiteForget(ForgetCommand),
    /// Forgets all that was counted for a site.
    SiteReset {
        /// Its domain.
        domain: String,
        /// Whether it is only told what would go.
        dry_run: bool,
    },
    /// Makes a token.
    TokenCreate {
        /// The only site it is good for; nothing for all.
        site: Option<String>,
        /// What it may do.
        scope: String,
    },
    /// Lists the tokens.
    TokenList,
    /// Revokes a token.
    TokenRevoke {
        /// Its number.
        id: i64,
    },
    /// Makes a one-time link to sign in as the first owner.
    UserLink,
    /// Changes who may sign in.
    User(UserCommand),
    /// Declares mail campaigns, and makes links for them.
    Campaign(CampaignCommand),
    /// Opens a site to readers who are not signed in.
    Share(ShareCommand),
    /// Tells the visitors of a site what is counted.
    Notice(NoticeCommand),
    /// Notes something beside the figures of a site.
    Annotation(AnnotationCommand),
    /// Keeps something out of the figures of some days.
    SetAside(SetAsideCommand),
    /// Asks for what an audit needs of whoever holds the folder.
    Audit(AuditCommand),
    /// Stores what is counted.
    Flush,
    /// Says which database to go on with.
    Store(StoreCommand),
    /// Imports logs. Their lines follow on the same connection; see [`import`].
    Import {
        /// The domain of the site they count for.
        site: String,
        /// How many logs.
        logs: usize,
        /// How.
        manner: Manner,
    },
    /// Makes a report of a site.
    Report {
        /// Its domain.
        site: String,
        /// Which period, as in `--period`.
        period: String,
        /// Split by what; nothing for totals.
        by: Option<String>,
        /// How many rows at the most.
        rows: Option<usize>,
        /// Of what alone, as in `--filter`.
        #[serde(default)]
        filter: Vec<String>,
        /// What it is compared with, as in `--compare`, and whether by the same weekdays; nothing for no comparison.
        #[serde(default)]
        compare: Option<(String, bool)>,
    },
    /// Makes a page or an event a goal.
    GoalAdd {
        /// The domain of the site.
        site: String,
        /// An event, a page, or a pattern of pages.
        target: String,
        /// What readers call it; nothing for the usual name.
        name: Option<String>,
    },
    /// Lists the goals of a site.
    GoalList {
        /// Its domain.
        site: String,
    },
    /// Takes a goal away. What was counted stays.
    GoalRemove {
        /// The domain of the site.
        site: String,
        /// The name of the goal.
        name: String,
    },
    /// Declares segments, which are counted by themselves.
    Segment(SegmentCommand),
    /// Declares a funnel.
    FunnelAdd {
        /// The domain of the site.
        site: String,
        /// What readers call it.
        name: String,
        /// Its steps in order, each written as the target of a goal.
        steps: Vec<String>,
    },
    /// Lists the funnels of a site.
    FunnelList {
        /// Its domain.
        site: String,
    },
    /// Tells how far visits came in a funnel.
    FunnelShow {
        /// The domain of the site.
        site: String,
        /// The name of the funnel.
        name: String,
        /// Which period, as in `--period`.
        period: String,
    },
    /// Takes a funnel away, and with it its figures.
    FunnelRemove {
        /// The domain of the site.
        site: String,
        /// The name of the funnel.
        name: String,
    },
}

impl Command {
    /// Which it is, without what it is about.
    fn name(&self) -> String {
        format!("{self:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
    }

    /// Whether visits of the running day may be in the way of it, so that they are taken up first where no server runs.
    pub fn needs_running_day(&self) -> bool {
        let takes_out = matches!(self, Command::SiteForget(_) | Command::SiteReset { .. } | Command::SiteRemove { .. });
        takes_out && !self.is_dry_run()
    }

    /// Whether it changes nothing, or nothing that is missed: a link to sign in.
    fn only_looks(&self) -> bool {
        let lists = matches!(self, Command::SiteList | Command::TokenList | Command::UserLink);
        let of_site = matches!(
            self,
            Command::SiteShow { .. }
                | Command::GoalList { .. }
                | Command::FunnelList { .. }
                | Command::Segment(SegmentCommand::List { .. })
                | Command::SetAside(SetAsideCommand::List { .. })
                | Command::Audit(_)
        );
        lists || of_site || self.is_dry_run()
    }

    /// Whether it only tells what would be forgotten.
    pub fn is_dry_run(&self) -> bool {
        match self {
            Command::SiteForget(command) => command.dry_run,
            Command::SiteReset { dry_run, .. } => *dry_run,
            _ => false,
        }
    }

    /// The password that it sets, which is digested before anything is done.
    pub fn password(&self) -> Option<&Password> {
        match self {
            Command::User(UserCommand::Password { password, .. }) => password.as_ref(),
            Command::Share(ShareCommand::Add { password, .. }) => password.as_ref(),
            _ => None,
        }
    }
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// For people.
    pub text: String,
    /// For scripts (`--json`).
    pub json: Value,
}

impl Reply {
    fn new(text: impl Into<String>, json: Value) -> Reply {
        Reply { text: text.into(), json }
    }
}

/// Why a command did nothing: one sentence with the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl<E: std::error::Error + 'static> From<E> for CommandRefusal {
    fn from(error: E) -> Self {
        CommandRefusal { is_failure: is_failure(&error), refused: Refused(error.to_string()) }
    }
}

/// Any error on its way to become [`Refused`].
#[derive(Debug)]
pub struct CommandRefusal {
    /// What is said of it.
    pub refused: Refused,
    /// Whether the store failed, rather than that the command made no sense.
    pub is_failure: bool,
}

fn is_failure(error: &(dyn std::error::Error + 'static)) -> bool {
    let is_store = |error: &StoreError| !matches!(error, StoreError::Moved(_));
    error.downcast_ref().is_some_and(is_store)
        || matches!(error.downcast_ref(), Some(SiteError::Store(_)))
        || matches!(error.downcast_ref(), Some(UserError::Store(_)))
}

type Done = Result<Reply, CommandRefusal>;

fn refuse<T>(sentence: impl Into<String>) -> Result<T, CommandRefusal> {
    Err(CommandRefusal { refused: Refused(sentence.into()), is_failure: false })
}

/// Carries out a command. `base_url` is how browsers reach the collector.
///
/// # Errors
/// [`Refused`]; nothing was changed then.
pub fn run(command: Command, collector: &Collector, base_url: &str) -> Result<Reply, Refused> {
    let name = command.name();
    run_unnoted(command, collector, base_url).map_err(|CommandRefusal { refused, is_failure }| {
        if is_failure {
            collector.meter().failed(FailureKind::Command, &name, &refused);
        }
        refused
    })
}

/// The same for whoever notes failures of its own.
///
/// # Errors
/// [`CommandRefusal`]; nothing was changed then.
pub fn run_unnoted(command: Command, collector: &Collector, base_url: &str) -> Result<Reply, CommandRefusal> {
    // A digest takes its time on purpose, and other changes shall not wait for it.
    let password = digest(command.password())?;
    let carry_out = |command| carry_out(command, password.as_ref(), collector, base_url);
    if command.reads_only() {
        return carry_out(command);
    }
    if site::is_there(&command, collector) {
        // What a start has written is in the file then.
        collector.empty_log();
        return carry_out(command);
    }
    if let Command::Store(_) = command {
        return collector.alone(|| carry_out(command));
    }
    let changes = !command.only_looks();
    collector.alone(|| {
        // What is changed in a file that nobody finds again is lost.
        if changes {
            collector.is_in_place()?;
        }
        notice::keeping::act_due(collector, base_url);
        let site = announcing::told_of(&command).map(str::to_owned);
        let mut reply = announcing::run(command, collector, carry_out)?;
        if let Some(site) = site {
            notice::keeping::after_command(collector, &site, &mut reply);
        }
        if changes {
            collector.is_in_place()?;
            collector.empty_log();
        }
        Ok(reply)
    })
}

impl Command {
    /// Whether it changes nothing, and can be begun again.
    pub fn reads_only(&self) -> bool {
        let asks = matches!(self, Command::Flush | Command::Audit(AuditCommand::Process));
        asks || matches!(self, Command::Report { .. } | Command::FunnelShow { .. } | Command::Document(_))
    }
}

fn digest(password: Option<&Password>) -> Result<Option<PasswordDigest>, CommandRefusal> {
    password.map(|password| Ok(password.chosen(random()?)?)).transpose()
}

fn carry_out(command: Command, password: Option<&PasswordDigest>, collector: &Collector, base_url: &str) -> Done {
    match command {
        Command::SiteAdd { domain, change } => site::add(collector, &domain, change, base_url),
        Command::SiteEnsure { domain } => site::ensure(collector, &domain, base_url),
        Command::SiteList => site::list(collector),
        Command::SiteShow { domain } => site::show(collector, &domain, base_url),
        Command::SiteSet { domain, change } => site::set(collector, &domain, change),
        Command::SiteRemove { domain } => site::remove(collector, &domain),
        Command::SiteForget(command) => forget::forget(collector, &command),
        Command::SiteReset { domain, dry_run } => forget::reset(collector, &domain, dry_run),
        Command::TokenCreate { site, scope } => token_create(collector, site.as_deref(), &scope),
        Command::ClockShow => Ok(clock::show(collector)),
        Command::ClockConfirm => clock::confirm(collector),
        Command::TokenList => token_list(collector),
        Command::TokenRevoke { id } => token_revoke(collector, id),
        Command::UserLink => user::owners_link(collector, base_url),
        Command::User(command) => user::run(collector, command, password, base_url),
        Command::Campaign(command) => campaign::run(collector, command, base_url),
        Command::Share(command) => share::run(collector, command, password, base_url),
        Command::Notice(command) => notice::run(collector, command, base_url),
        Command::Annotation(command) => annotation::run(collector, command),
        Command::Segment(command) => segment::run(collector, command),
        Command::SetAside(command) => set_aside::run(collector, command),
        Command::Audit(command) => audit::run(collector, command),
        Command::Document(command) => document::run(collector, &command),
        Command::Flush => flush(collector),
        Command::Store(command) => store::run(collector, command),
        Command::Import { .. } => refuse("the lines of a log are missing; use `headcount import`"),
        Command::Report { site, period, by, rows, filter, compare } => {
            report::report(collector, &site, &report::ReportRequest { period, by, rows, filter, compare })
        }
        Command::GoalAdd { site, target, name } => goal::add(collector, &site, &target, name.as_deref()),
        Command::GoalList { site } => goal::list(collector, &site),
        Command::GoalRemove { site, name } => goal::remove(collector, &site, &name),
        Command::FunnelAdd { site, name, steps } => funnel::add(collector, &site, &name, &steps),
        Command::FunnelList { site } => funnel::list(collector, &site),
        Command::FunnelShow { site, name, period } => funnel::show(collector, &site, &name, &period),
        Command::FunnelRemove { site, name } => funnel::remove(collector, &site, &name),
    }
}

/// The line to paste into a page.
pub fn snippet(domain: &Domain, base_url: &str) -> String {
    format!("<script defer data-domain=\"{domain}\" src=\"{base_url}/js/script.js\"></script>")
}

/// Stores what waits. Where the database that is open is not in its place, the answer says so: what is there is another one.
fn flush(collector: &Collector) -> Done {
    match collector.is_in_place().and_then(|()| collector.flush()) {
        Err(StoreError::Moved(moved)) => {
            Ok(Reply::new(format!("Nothing is stored: {moved}."), json!({"moved": moved.sentence()})))
        }
        stored => Ok(stored.map(|()| Reply::new("Everything is stored.", json!({})))?),
    }
}

fn find(collector: &Collector, name: &str) -> Result<Site, SiteError> {
    let directory = collector.directory();
    directory.find(name).map(|site| (**site).clone()).ok_or_else(|| SiteError::Unknown(name.to_owned()))
}

fn token_create(collector: &Collector, site: Option<&str>, scope: &str) -> Done {
    let Some(scope) = TokenScope::from_name(scope) else {
        let names = TokenScope::ALL.map(TokenScope::name);
        let nearest = crate::config::nearest(scope, &names);
        return refuse(format!("{scope:?} is not a scope; write {nearest:?} (there are {})", names.join(", ")));
    };
    let site = site.map(|name| find(collector, name)).transpose()?;
    let access = Access { site: site.map(|site| site.id), scope };
    let secret = Secret::from_random(random()?);
    let id = collector.operators().add_token(secret.digest(), access, collector.clock().now())?;
    Ok(Reply::new(secret.reveal(), json!({"id": id, "token": secret.reveal(), "scope": scope.name()})))
}

fn token_list(collector: &Collector) -> Done {
    let directory = collector.directory();
    let name = |id: Option<SiteId>| match id {
        None => "all sites".to_owned(),
        Some(id) => directory.get(id).map_or_else(String::new, |site| site.domain.to_string()),
    };
    let tokens = collector.operators().tokens()?;
    let line = |t: &crate::operator::TokenInfo| {
        format!("{}  {}  {}  made {}", t.id, t.access.scope.name(), name(t.access.site), t.added.timestamp())
    };
    let rows = tokens.iter().map(|t| json!({"id": t.id, "scope": t.access.scope.name(), "site": name(t.access.site)}));
    let rows = rows.collect();
    let none = "There is no token yet; make one with `headcount token create --site example.com --scope read`.";
    let lines: Vec<_> = tokens.iter().map(line).collect();
    Ok(Reply::new(if lines.is_empty() { none.into() } else { lines.join("\n") }, Value::Array(rows)))
}

fn token_revoke(collector: &Collector, id: i64) -> Done {
    if !collector.operators().revoke_token(id)? {
        return refuse(format!("there is no token {id}; `headcount token list` shows all"));
    }
    Ok(Reply::new(format!("Token {id} is revoked."), json!({"revoked": id})))
}
