//! The arguments of `site forget` and `site reset`, and the commands that they stand for.

use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches};

use crate::cell::DIMENSIONS;
use crate::control::forget::ForgetCommand;

/// What goes by value: a flag for each dimension.
#[derive(Debug)]
pub struct ValueFlags(Vec<(String, String)>);

impl Args for ValueFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let flag = |name: &'static str, help: String| {
            let flag = Arg::new(name).long(long(name)).value_name("VALUE").help(help).action(ArgAction::Append);
            if long(name) == name { flag } else { flag.alias(name) }
        };
        let of_dimensions = DIMENSIONS.listed().map(|row| flag(row.name, format!("A value of {}", row.name)));
        let props = flag("prop", "A property: its key, or KEY=VALUE".to_owned());
        command.args(of_dimensions).arg(props.value_name("KEY[=VALUE]"))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

/// A dimension's name as a flag. By its own name it is known too.
pub(super) fn long(name: &'static str) -> &'static str {
    match name {
        "utm_source" => "utm-source",
        "utm_medium" => "utm-medium",
        "utm_campaign" => "utm-campaign",
        "utm_content" => "utm-content",
        "utm_term" => "utm-term",
        "browser_version" => "browser-version",
        "os_version" => "os-version",
        "entry_page" => "entry-page",
        "exit_page" => "exit-page",
        other => other,
    }
}

impl FromArgMatches for ValueFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let names = DIMENSIONS.listed().map(|row| row.name).chain(["prop"]);
        let values = |name: &'static str| {
            let given = matches.get_many::<String>(name).into_iter().flatten();
            given.map(move |value| (name.to_owned(), value.clone()))
        };
        Ok(ValueFlags(names.flat_map(values).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Values go with all that would tell them: a page also as entry and exit page, a source also as referrer and utm_source of the same text,
/// a country with its regions and cities, an event with its properties. `*` stands for anything but a slash, `**` for anything. Totals
/// stay; of days without a value everything goes. The dashboard, the API and reports say that something was taken out, never what.
#[derive(Debug, Args)]
pub struct ForgetWords {
    /// The domain of the site
    domain: String,
    #[command(flatten)]
    values: ValueFlags,
    /// Only of this day, or of FIRST..LAST; alone, everything of these days
    #[arg(long = "day", value_name = "DAY")]
    days: Option<String>,
    #[command(flatten)]
    manner: ForgetManner,
}

/// How something is forgotten.
#[derive(Debug, Args)]
pub struct ForgetManner {
    /// Tells what would go, and removes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Does not ask first
    #[arg(long)]
    pub yes: bool,
}

impl ForgetWords {
    /// The order for the collector.
    pub fn order(&self) -> ForgetCommand {
        ForgetCommand {
            domain: self.domain.clone(),
            values: self.values.0.clone(),
            days: self.days.clone(),
            dry_run: self.manner.dry_run,
        }
    }

    /// How it is done.
    pub fn manner(&self) -> &ForgetManner {
        &self.manner
    }
}
