//! Prints the tables of settings and of configuration keys for the documentation, in Markdown.

use crate::config::{ConfigKey, FlagOf, KEYS};
use crate::page::text::site::plain;
use crate::site::{Schedule, SettingKind, SiteSetting};

/// What there is a table of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReferenceOf {
    /// Settings of a site.
    Sites,
    /// Keys of the configuration.
    Configuration,
}

impl ReferenceOf {
    /// The table.
    pub fn table(self) -> String {
        match self {
            ReferenceOf::Sites => sites(),
            ReferenceOf::Configuration => configuration(),
        }
    }
}

fn sites() -> String {
    let head = "| flag | in JSON | takes | default | what it does |\n|---|---|---|---|---|\n".to_owned();
    SiteSetting::all().fold(head, |table, setting| {
        let names: Vec<String> = setting.names_of_values().map(|name| format!("`{name}`")).collect();
        let default = match (setting.default(), &setting.kind) {
            (None, _) => Schedule::utc().name().to_owned(),
            (Some(value), _) if !plain(&value).is_empty() => plain(&value),
            (Some(_), SettingKind::List { none, .. } | SettingKind::Set { none, .. }) => (*none).to_owned(),
            (Some(_), _) => "none".to_owned(),
        };
        let flag = match setting.kind {
            SettingKind::Aliases { removal_flag, .. } => format!("`--{}`, `--{removal_flag}`", setting.flag),
            _ => format!("`--{}`", setting.flag),
        };
        let (takes, help) = (setting.kind.takes(), setting.help);
        table + &format!("| {flag} | {} | {takes} | `{default}` | {help} |\n", names.join(", "))
    })
}

fn configuration() -> String {
    let head = "| key | flag | variable | default | what it does |\n|---|---|---|---|---|\n".to_owned();
    KEYS.iter().fold(head, |table, key| {
        let ConfigKey { name, flag, default, meaning, .. } = key;
        let of = match key.flag_of {
            FlagOf::Everything => String::new(),
            FlagOf::Commands(names) => format!(" of {}", names.join(", ")),
        };
        let variable = format!("HEADCOUNT_{}", name.to_uppercase());
        table + &format!("| `{name}` | `--{flag}`{of} | `{variable}` | {default} | {meaning} |\n")
    })
}
