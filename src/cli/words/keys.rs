//! The flags that are keys of the configuration.

use clap::{Arg, ArgMatches};

use crate::config::{ConfigKey, FlagOf, KEYS};

/// The flag of a key.
pub fn flag(key: &ConfigKey) -> Arg {
    let default = if key.default == "none" { String::new() } else { format!(" [default: {}]", key.default) };
    Arg::new(key.name).long(key.flag).value_name(key.value_name).help(format!("{}{default}", key.meaning))
}

/// The keys that a command line sets.
pub fn given(matches: &ArgMatches) -> Vec<(&'static str, String)> {
    let value = |key: &ConfigKey| match key.flag_of {
        FlagOf::Everything => matches.get_one::<String>(key.name).cloned(),
        FlagOf::Commands(names) => match matches.subcommand() {
            Some((name, of_it)) if names.contains(&name) => of_it.get_one::<String>(key.name).cloned(),
            _ => None,
        },
    };
    KEYS.iter().filter_map(|key| Some((key.name, value(key)?))).collect()
}
