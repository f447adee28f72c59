//! The arguments of `set-aside`, and the commands that they stand for.

use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Subcommand};

use super::forget::long;
use crate::cell::DIMENSIONS;
use crate::control::Command;
use crate::control::set_aside::SetAsideCommand;
use crate::site::set_aside::BOT;

/// Values, by a flag for each dimension, as filters are written.
#[derive(Debug)]
pub struct FilterFlags(Vec<String>);

impl Args for FilterFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let flag = |name: &'static str, help: String| {
            let flag = Arg::new(name).long(long(name)).value_name("VALUE").help(help).action(ArgAction::Append);
            if long(name) == name { flag } else { flag.alias(name) }
        };
        let of_dimensions = DIMENSIONS.listed().map(|row| flag(row.name, format!("A value of {}", row.name)));
        command.args(of_dimensions).arg(flag(BOT, "A family of programs".to_owned()))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for FilterFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let names = DIMENSIONS.listed().map(|row| row.name).chain([BOT]);
        let values = |name: &'static str| {
            let given = matches.get_many::<String>(name).into_iter().flatten();
            given.map(move |value| format!("{name}:{value}"))
        };
        Ok(FilterFlags(names.flat_map(values).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Keeps values of a dimension out of all figures of some days: a flood, a mistake. Nothing is removed, and it can be taken back. Public
/// pages stay as they were.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SetAsideWords {
    /// The domain of the site
    #[arg(required = true)]
    site: Option<String>,
    /// Of this day, like 2026-11-20, today or yesterday
    #[arg(long, value_name = "DAY", required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    day: Option<String>,
    /// Of the days from this one on
    #[arg(long, value_name = "DAY", requires = "to")]
    from: Option<String>,
    /// To this one
    #[arg(long, value_name = "DAY", requires = "from")]
    to: Option<String>,
    #[command(flatten)]
    values: FilterFlags,
    /// The same as a flag of a dimension, as a report takes it: source=spam.example
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
    #[command(subcommand)]
    work: Option<SetAsideWork>,
}

#[derive(Debug, Subcommand)]
pub enum SetAsideWork {
    /// Lists what is set aside at a site, with its numbers
    List {
        /// The domain of the site
        site: String,
    },
    /// Takes something back: it is counted again
    Undo {
        /// The domain of the site
        site: String,
        /// Its number in `headcount set-aside list`
        id: u32,
    },
}

impl SetAsideWords {
    /// The command for the collector.
    pub fn command(&self) -> Command {
        Command::SetAside(match &self.work {
            Some(SetAsideWork::List { site }) => SetAsideCommand::List { site: site.clone() },
            Some(SetAsideWork::Undo { site, id }) => SetAsideCommand::Undo { site: site.clone(), id: *id },
            None => SetAsideCommand::Add {
                site: self.site.clone().unwrap_or_default(),
                first: self.day.clone().or_else(|| self.from.clone()).unwrap_or_default(),
                last: self.to.clone(),
                filter: self.values.0.iter().chain(&self.filter).cloned().collect(),
            },
        })
    }
}
