//! In: the definitions of settings. Out: the tables of the documentation, in Markdown. Forgets: nothing.

use super::site::plain;
use crate::site::{SettingKind, SiteSetting};

/// All settings of a site: flag, name in JSON, values, default and what it does.
pub fn site_settings() -> String {
    let mut table = String::from("| flag | in JSON | takes | default | |\n|---|---|---|---|---|\n");
    for setting in SiteSetting::all() {
        let names: Vec<String> = setting.names_of_values().map(|name| format!("`{name}`")).collect();
        let default = match (setting.default(), &setting.kind) {
            (None, _) => format!("`{}`", crate::site::Schedule::utc().name()),
            (Some(value), _) if !plain(&value).is_empty() => format!("`{}`", plain(&value)),
            (Some(_), SettingKind::List { none, .. }) => format!("`{none}`"),
            (Some(_), _) => "none".to_owned(),
        };
        let (flag, takes, help) = (setting.flag, setting.kind.takes(), setting.help.replace('*', "\\*"));
        table.push_str(&format!("| `--{flag}` | {} | {takes} | {default} | {help} |\n", names.join(", ")));
    }
    table
}
