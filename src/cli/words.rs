//! The arguments of the command line, and the commands that they stand for.

mod annotation;
mod change;
mod document;
mod explain;
mod forget;
mod keys;
mod notice;
mod segment;
mod set_aside;
mod share;
mod site;
mod store;
mod token;
mod user;
mod watched;

use std::path::PathBuf;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::audit::AuditWords;
use super::backup::BackupWords;
use super::check::CheckWords;
use super::reference::ReferenceOf;
use super::restore::RestoreWords;
use crate::beacon::address::Networks;
use crate::beacon::log::Rules;
use crate::clock::Clock;
use crate::config::{FlagOf, KEYS};
use crate::control::Command;
use crate::control::campaign::CampaignCommand;
use crate::control::document::DocumentKind;
use crate::import::Manner;
use crate::site::Moment;
use annotation::AnnotationWork;
use document::DocumentWords;
pub use explain::ExplainWords;
pub use forget::ForgetManner;
use notice::NoticeWords;
use segment::SegmentWork;
use set_aside::SetAsideWords;
use share::ShareWork;
pub use site::SiteWork;
use store::StoreWork;
use token::TokenWork;
pub use user::UserWork;
use watched::{FunnelWork, GoalWork};

/// Counts visits to web sites and forgets the visitors: how many, never who.
///
/// `headcount serve` starts the collector with its dashboard. All other commands work while it runs, and what they change
/// counts at once.
#[derive(Debug, Parser)]
#[command(name = "headcount", version, arg_required_else_help = true)]
pub struct CommandLine {
    /// The keys of the configuration that are set by flags
    #[arg(skip)]
    keys: Vec<(&'static str, String)>,
    /// TOML file with the configuration
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON for scripts
    #[arg(long, global = true)]
    pub json: bool,
    /// What time it is at the start, as RFC 3339. Hidden: it is for tests, and its figures stay in folders of their own.
    #[arg(long, global = true, value_name = "TIME", hide = true)]
    now: Option<jiff::Timestamp>,
    #[command(subcommand)]
    pub work: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Starts the collector and its dashboard
    Serve(Serve),
    /// Starts a collector with two made-up sites, a year of visits and live ones; all of it goes away at the end
    Demo(DemoWords),
    /// Adds, lists, changes and removes sites
    #[command(subcommand)]
    Site(SiteWork),
    /// Declares events and pages as goals, whose conversions are counted
    #[command(subcommand)]
    Goal(GoalWork),
    /// Declares ways through a site, and tells how far visits came
    #[command(subcommand)]
    Funnel(FunnelWork),
    /// Declares segments: visits that are looked at by themselves, from their declaration on
    #[command(subcommand)]
    Segment(SegmentWork),
    /// Notes on a site's chart what happened when: a release, a campaign
    #[command(subcommand)]
    Annotation(AnnotationWork),
    /// Keeps a flood or a mistake out of the figures of some days, until that is taken back
    SetAside(Box<SetAsideWords>),
    /// Makes and revokes tokens for the API
    #[command(subcommand, name = "token")]
    Tokens(TokenWork),
    /// Lets people sign in, by name: owners, who may change everything, and analysts, who read
    #[command(subcommand)]
    User(UserWork),
    /// Opens a site to readers who are not signed in: a public page, or secret links
    #[command(subcommand)]
    Share(ShareWork),
    /// Prints the privacy notice of a site: what its visitors are told
    Notice(NoticeWords),
    /// Declares mail campaigns, whose opens and clicks are counted
    #[command(subcommand)]
    Campaign(CampaignWork),
    /// Prints a link for the mails of a campaign: it counts the click and leads to the address
    Link(LinkWords),
    /// Counts the pageviews in logs of a web server
    Import(ImportWords),
    /// Prints the figures of a site
    Report(ReportWords),
    /// Says what is made of a user agent and a referrer, or of a whole request; nothing is counted
    Explain(ExplainWords),
    /// Copies the whole database, while a server runs too
    Backup(BackupWords),
    /// Puts a backup in the place of the database, which is kept aside
    Restore(RestoreWords),
    /// Looks for damage in the database or a backup, while a server runs too
    Check(CheckWords),
    /// Proves from the bytes what a data folder or a backup holds, and what it does not
    Audit(AuditWords),
    /// Writes the record of processing activities of a site (article 30 GDPR), as Markdown, HTML or JSON
    Record(DocumentWords),
    /// Assesses a site against the exemption from consent for audience measurement, point by point
    Assessment(DocumentWords),
    /// Tells whether the clock is believed, and says that it is right
    #[command(subcommand)]
    Clock(ClockWork),
    /// Says which database a server goes on with whose own was replaced or removed while it ran
    #[command(subcommand)]
    Store(StoreWork),
    /// Wipes the journal of the running day, which is in memory
    #[command(subcommand)]
    Journal(JournalWork),
    /// Prints a table of the documentation. Hidden: it is for those who write that.
    #[command(hide = true)]
    Reference {
        /// Of what
        of: ReferenceOf,
    },
    /// Says how old the table of countries is, looks addresses up, checks a file of places and says where to get one
    Geo(GeoWords),
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ClockWork {
    /// Tells what the clock says, and whether it is believed
    Show,
    /// Says that a clock that is doubted is right: hits count by it at once, and what is too old by it goes
    Confirm,
}

#[derive(Debug, Subcommand)]
pub enum JournalWork {
    /// Overwrites and removes what a server that no longer runs has left in memory
    Wipe {
        /// What servers of any data folder have left; those that run keep theirs
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Args)]
pub struct GeoWords {
    /// The file; that of the configuration if left out
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Addresses to look up, in it or else in the table of countries; they are not kept
    #[arg(long = "address", value_name = "ADDRESS")]
    pub addresses: Vec<std::net::IpAddr>,
    /// The time zone that a browser there would tell
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// A site to count, made if there is none of this domain; may be given several times
    #[arg(long = "site", value_name = "DOMAIN")]
    sites: Vec<String>,
}

#[derive(Debug, Args)]
pub struct DemoWords {
    /// Another number makes other visits; the same makes the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many days before today have visits. Hidden: it is for tests, which have no time for a year.
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3_650), hide = true)]
    pub days: u16,
}

#[derive(Debug, Subcommand)]
pub enum CampaignWork {
    /// Declares a campaign, or says how many mails were sent, and prints its picture for the mail
    Set {
        /// Its name
        name: String,
        /// The site
        #[arg(long, value_name = "DOMAIN")]
        site: String,
        /// How many mails were sent
        #[arg(long, value_name = "N")]
        sent: Option<u64>,
    },
    /// Lists the campaigns of a site
    List {
        /// The site
        #[arg(long, value_name = "DOMAIN")]
        site: String,
    },
    /// Takes a campaign's name away; what was counted under it stays
    Remove {
        /// Its name
        name: String,
        /// The site
        #[arg(long, value_name = "DOMAIN")]
        site: String,
    },
}

#[derive(Debug, Args)]
pub struct LinkWords {
    /// The site
    #[arg(long, value_name = "DOMAIN")]
    site: String,
    /// The campaign, as declared
    #[arg(long, value_name = "NAME")]
    campaign: String,
    /// Where the link leads; the utm keys of the campaign are added
    #[arg(long, value_name = "URL")]
    to: String,
    /// Name of the source of the visits that follow
    #[arg(long, value_name = "NAME", default_value = "newsletter")]
    source: String,
}

/// Lines of several logs are merged by time. A log that was imported before is continued where that import ended.
#[derive(Debug, Args)]
pub struct ImportWords {
    /// Logs of web servers, balancers and CDNs, also compressed by gzip, zstd, xz or bzip2; - reads standard input
    #[arg(required_unless_present = "rules", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The site that they count for; without it each line for the site that has its host
    #[arg(long, value_name = "DOMAIN", default_value = "", hide_default_value = true)]
    pub site: String,
    /// How they are written, where they do not tell: combined, json, cloudfront, haproxy, w3c, or a line of log_format
    #[arg(long, visible_alias = "log-format", value_name = "FORMAT")]
    pub format: Option<String>,
    /// Shows ten lines as they would be counted, and counts nothing
    #[arg(long, conflicts_with = "follow")]
    pub dry_run: bool,
    /// Goes on with the last of them as it grows, when it is rotated too, until Ctrl-C; its lines count as they come
    #[arg(long)]
    pub follow: bool,
    /// A further ending of paths that are no pages, like md; may be given several times
    #[arg(long = "asset", value_name = "ENDING")]
    pub assets: Vec<String>,
    /// An ending of paths that are pages all the same, like pdf
    #[arg(long = "page", value_name = "ENDING")]
    pub pages: Vec<String>,
    /// A further status that counts, like 404
    #[arg(long = "status", value_name = "CODE")]
    pub statuses: Vec<u16>,
    /// Prints what counts as a pageview, and does nothing else
    #[arg(long)]
    pub rules: bool,
    /// Count logs that were imported before once more, from their beginning
    #[arg(long)]
    pub again: bool,
}

#[derive(Debug, Args)]
pub struct ReportWords {
    /// The site
    #[arg(long, value_name = "DOMAIN")]
    site: String,
    /// Which days: today, yesterday, 7d, 28d, 30d, 91d, month, last_month, year, 12mo, all, or FIRST..LAST
    #[arg(long, default_value = "30d")]
    period: String,
    /// Split by a dimension like source, page, country, by prop:KEY, by goal, or by day, month; totals if left out
    #[arg(long, value_name = "DIMENSION")]
    by: Option<String>,
    /// Only what fits, like source=Google, page!=/, page~blog, prop:plan=pro; several values with commas
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Only what reaches a goal
    #[arg(long, value_name = "NAME")]
    goal: Option<String>,
    /// What each line is compared with: previous, year, or the first day like 2026-06-01
    #[arg(long, value_name = "WITH")]
    compare: Option<String>,
    /// Moves what is compared by a few days, so that Mondays meet Mondays
    #[arg(long, requires = "compare")]
    weekdays: bool,
    /// Only what fits a condition like 'device=mobile and has_done page=/pricing'; of days whose visits are in memory, as today
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
    /// Most rows to give [default: 20 in a table of values; all of them by hour, day, week or month, and in JSON]
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
}

impl ImportWords {
    /// How logs are to be imported, by these words and the networks of trusted proxies.
    pub fn manner(&self, trusted: Networks) -> Manner {
        let endings = |list: &[String]| list.iter().map(|it| it.trim_start_matches('.').to_lowercase()).collect();
        let rules =
            Rules { assets: endings(&self.assets), pages: endings(&self.pages), statuses: self.statuses.clone() };
        let (again, live, dry) = (self.again, self.follow, self.dry_run);
        Manner { again, format: self.format.clone(), rules, live, dry, trusted: Some(trusted) }
    }
}

impl CommandLine {
    /// What the command line of the process asks for; a wrong one ends the process.
    pub fn of_process() -> CommandLine {
        CommandLine::of(&CommandLine::grammar().get_matches()).unwrap_or_else(|error| error.exit())
    }

    /// The command line, with a flag for each key of the configuration.
    fn grammar() -> clap::Command {
        KEYS.iter().fold(CommandLine::command(), |grammar, key| match key.flag_of {
            FlagOf::Everything => grammar.arg(keys::flag(key).global(true)),
            FlagOf::Commands(names) => names.iter().fold(grammar, |grammar, name| {
                grammar.mut_subcommand(name, |command| command.arg(keys::flag(key).global(true)))
            }),
        })
    }

    fn of(matches: &ArgMatches) -> Result<CommandLine, clap::Error> {
        Ok(CommandLine { keys: keys::given(matches), ..CommandLine::from_arg_matches(matches)? })
    }

    /// The keys of the configuration that are set by flags.
    pub fn flags(&self) -> &[(&'static str, String)] {
        &self.keys
    }

    /// The clock to go by.
    pub fn clock(&self) -> Clock {
        self.now.map_or(Clock::System, |now| Clock::starting_at(Moment(now.as_millisecond())))
    }

    /// Whether `--data` was given.
    pub fn has_data(&self) -> bool {
        self.keys.iter().any(|(name, _)| *name == "data")
    }

    /// The sites that `serve` is to make.
    pub fn sites(&self) -> Vec<String> {
        match &self.work {
            Verb::Serve(serve) => serve.sites.clone(),
            _ => Vec::new(),
        }
    }
}

impl Verb {
    /// The command for the collector; nothing for those that do more than ask.
    pub fn command(&self) -> Option<Command> {
        Some(match self {
            Verb::Serve(_) | Verb::Demo(_) | Verb::Import(_) | Verb::Share(_) => return None,
            Verb::Explain(_)
            | Verb::Geo(_)
            | Verb::Journal(_)
            | Verb::Store(_)
            | Verb::Reference { .. }
            | Verb::Audit(_)
            | Verb::Backup(_)
            | Verb::Restore(_)
            | Verb::Check(_) => {
                return None;
            }
            Verb::Site(work) => work.command(),
            Verb::Clock(ClockWork::Show) => Command::ClockShow,
            Verb::Clock(ClockWork::Confirm) => Command::ClockConfirm,
            Verb::Tokens(work) => work.command(),
            Verb::Campaign(work) => Command::Campaign(work.command()),
            Verb::Link(words) => Command::Campaign(words.command()),
            Verb::User(work) => return work.command(),
            Verb::Report(words) => words.command(),
            Verb::Record(words) => words.command(DocumentKind::Record),
            Verb::Assessment(words) => words.command(DocumentKind::Assessment),
            Verb::Annotation(work) => work.command(),
            Verb::SetAside(words) => words.command(),
            Verb::Notice(words) => words.command(),
            Verb::Goal(work) => work.command(),
            Verb::Funnel(work) => work.command(),
            Verb::Segment(work) => work.command(),
        })
    }
}

impl CampaignWork {
    fn command(&self) -> CampaignCommand {
        match self {
            CampaignWork::Set { name, site, sent } => {
                CampaignCommand::Set { site: site.clone(), name: name.clone(), sent: *sent }
            }
            CampaignWork::List { site } => CampaignCommand::List { site: site.clone() },
            CampaignWork::Remove { name, site } => CampaignCommand::Remove { site: site.clone(), name: name.clone() },
        }
    }
}

impl LinkWords {
    fn command(&self) -> CampaignCommand {
        CampaignCommand::Link {
            site: self.site.clone(),
            campaign: self.campaign.clone(),
            to: self.to.clone(),
            source: self.source.clone(),
        }
    }
}

impl ReportWords {
    fn command(&self) -> Command {
        Command::Report {
            site: self.site.clone(),
            period: self.period.clone(),
            by: self.by.clone(),
            rows: self.rows,
            filter: self.filters(),
            compare: self.compare.clone().map(|with| (with, self.weekdays)),
        }
    }

    /// All filters; a goal and a condition are among them.
    fn filters(&self) -> Vec<String> {
        let goal = self.goal.iter().map(|name| format!("goal:{name}"));
        let condition = self.condition.iter().map(|condition| format!("where:{condition}"));
        self.filter.iter().cloned().chain(goal).chain(condition).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> CommandLine {
        CommandLine::of(&CommandLine::grammar().try_get_matches_from(line.split(' ')).unwrap()).unwrap()
    }

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::grammar().debug_assert();
        for key in KEYS {
            let FlagOf::Commands(names) = key.flag_of else { continue };
            assert!(names.iter().all(|name| CommandLine::command().find_subcommand(name).is_some()), "{}", key.name);
        }
    }

    #[test]
    fn the_data_folder_may_stand_before_or_after() {
        for line in ["headcount --data x site list", "headcount site list --data x", "headcount site --data x list"] {
            assert_eq!(read(line).flags(), [("data", "x".to_owned())], "{line}");
        }
    }

    #[test]
    fn flags_of_other_commands_are_no_keys() {
        assert_eq!(read("headcount explain --url https://example.com/").flags(), []);
        let set = [("listen", "127.0.0.1:9"), ("url", "https://a.test")].map(|(key, value)| (key, value.to_owned()));
        assert_eq!(read("headcount serve --url https://a.test --listen 127.0.0.1:9").flags(), set);
        assert_eq!(read("headcount journal wipe --journal /run/a").flags(), [("journal", "/run/a".to_owned())]);
    }
}
