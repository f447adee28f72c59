//! The flags of `site add` and `site set`, made of the settings of a site. In: their words. Out: what is to change. Forgets:
//! nothing.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::site::{SettingKind, SettingValue, SiteChange, SiteSetting};

/// What is to change.
#[derive(Debug)]
pub struct ChangeFlags(SiteChange);

impl ChangeFlags {
    /// The change for the collector.
    pub fn named(&self) -> SiteChange {
        self.0.clone()
    }
}

impl Args for ChangeFlags {
    fn augment_args(command: Command) -> Command {
        SiteSetting::all().fold(command, |command, setting| command.args(flags(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ChangeFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(ChangeFlags(
            SiteSetting::all().fold(SiteChange::default(), |change, setting| read(change, setting, matches)),
        ))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flags of a setting: one, but aliases are added and removed by two.
fn flags(setting: &'static SiteSetting) -> Vec<Arg> {
    let flag = Arg::new(setting.name).long(setting.flag).value_name(setting.value_name).help(help(setting));
    let flag = flag.allow_negative_numbers(matches!(setting.kind, SettingKind::Number { .. }));
    match &setting.kind {
        SettingKind::Zone => vec![flag],
        SettingKind::Switch { .. } => vec![flag.value_parser(clap::value_parser!(bool)).hide_possible_values(true)],
        SettingKind::Number { .. } => vec![flag.value_parser(digits)],
        SettingKind::Choice { options, .. } => {
            let names = options.iter().map(|option| option.name);
            vec![flag.value_parser(PossibleValuesParser::new(names)).hide_possible_values(true)]
        }
        SettingKind::List { .. } | SettingKind::Set { .. } => vec![flag.action(ArgAction::Append)],
        SettingKind::Aliases { removal_flag, removal } => {
            let remove = Arg::new(*removal_flag).long(*removal_flag).value_name(setting.value_name);
            vec![flag.action(ArgAction::Append), remove.action(ArgAction::Append).help(*removal)]
        }
    }
}

fn help(setting: &SiteSetting) -> String {
    let help = setting.help;
    match (&setting.kind, setting.default()) {
        (SettingKind::List { none, .. } | SettingKind::Set { none, .. }, _) => {
            let empty = match *none {
                "any" => "`any` for every one",
                "all" => "`all` for everything",
                _ => "`none` empties it",
            };
            format!("{help}; given once or several times it is the whole list, {empty}")
        }
        (_, Some(SettingValue::Number(number))) => format!("{help} [default: {number}]"),
        (kind, Some(SettingValue::Switch(is_on))) => format!("{help}: {} [default: {is_on}]", kind.takes()),
        (kind, Some(SettingValue::Word(name))) => format!("{help}: {} [default: {name}]", kind.takes()),
        _ => help.to_owned(),
    }
}

fn read(change: SiteChange, setting: &'static SiteSetting, matches: &ArgMatches) -> SiteChange {
    let name = setting.name;
    let texts = |id: &str| matches.get_many(id).into_iter().flatten().cloned().collect::<Vec<String>>();
    let value = match &setting.kind {
        SettingKind::Zone | SettingKind::Choice { .. } => matches.get_one(name).cloned().map(SettingValue::Word),
        SettingKind::Switch { .. } => matches.get_one(name).copied().map(SettingValue::Switch),
        SettingKind::Number { .. } => matches.get_one(name).copied().map(SettingValue::Number),
        SettingKind::List { none, .. } | SettingKind::Set { none, .. } => match texts(name) {
            texts if texts.is_empty() => None,
            texts if texts == [*none] => Some(SettingValue::EMPTY),
            texts => Some(texts.into()),
        },
        SettingKind::Aliases { removal_flag, .. } => {
            return change.add_and_remove(setting, texts(name), texts(removal_flag));
        }
    };
    match value {
        Some(value) => change.with(name, value),
        None => change,
    }
}

/// A number of things.
fn digits(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "write a whole number in digits, like 50")
}
