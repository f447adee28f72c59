//! The keys of the configuration: their names, what they do, and how their values are read.

use std::path::PathBuf;

use super::{
    Config, ConfigError, base_url, client_header, detail, journal_place, log_format, megabytes, memory_size, networks,
    parse, stop_seconds,
};

/// A key of the configuration. The file, the environment, the flags and the documentation have it from here.
#[derive(Debug, Clone, Copy)]
pub struct ConfigKey {
    /// Its name in the file; in the environment it is `HEADCOUNT_` and the name in capitals.
    pub name: &'static str,
    /// Its flag, without the dashes in front.
    pub flag: &'static str,
    /// What stands for its value behind the flag.
    pub value_name: &'static str,
    /// Its default, as it would be written, or in words.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Which commands have its flag.
    pub flag_of: FlagOf,
    /// Reads its value; a list is separated by commas.
    pub(super) set: fn(&mut Config, &str) -> Result<(), ConfigError>,
}

/// Which commands have the flag of a key.
#[derive(Debug, Clone, Copy)]
pub enum FlagOf {
    /// All of them.
    Everything,
    /// Those of these names.
    Commands(&'static [&'static str]),
}

/// All keys.
pub const KEYS: [ConfigKey; 14] = [
    ConfigKey {
        name: "listen",
        flag: "listen",
        value_name: "ADDRESS",
        default: "127.0.0.1:8080",
        meaning: "Address and port to listen on",
        flag_of: FlagOf::Commands(&["serve", "demo"]),
        set: |config, text| {
            config.listen = parse(text, "an address", "127.0.0.1:8080")?;
            Ok(())
        },
    },
    ConfigKey {
        name: "data",
        flag: "data",
        value_name: "DIR",
        default: "./data",
        meaning: "Folder of the database",
        flag_of: FlagOf::Everything,
        set: |config, text| match text {
            "" => Err(ConfigError("data is empty; write a folder like ./data".into())),
            folder => {
                config.data = PathBuf::from(folder);
                Ok(())
            }
        },
    },
    ConfigKey {
        name: "url",
        flag: "url",
        value_name: "URL",
        default: "http:// and the listen address",
        meaning: "How browsers reach the collector, for links and snippets",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.url = Some(base_url(text)?);
            Ok(())
        },
    },
    ConfigKey {
        name: "geo",
        flag: "geo",
        value_name: "FILE",
        default: "none",
        meaning: "MMDB file for country, region and city; read again when it changes",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.geo = (!text.is_empty() && text != "none").then(|| PathBuf::from(text));
            Ok(())
        },
    },
    ConfigKey {
        name: "place",
        flag: "place",
        value_name: "PART",
        default: "city",
        meaning: "How much of a place is counted: `none`, `country`, `region` or `city`",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.place = detail(text)?;
            Ok(())
        },
    },
    ConfigKey {
        name: "trusted_proxies",
        flag: "trusted-proxies",
        value_name: "NETWORKS",
        default: "loopback",
        meaning: "Networks whose forwarding headers are believed, separated by commas: ranges, or `loopback`, `private`, `cloudflare`, `cloudfront`, `fastly`, `akamai`, `google`, `imperva`, `sucuri`",
        flag_of: FlagOf::Commands(&["serve", "import", "audit"]),
        set: |config, text| {
            config.trust.proxies = networks(text)?;
            Ok(())
        },
    },
    ConfigKey {
        name: "client_ip_header",
        flag: "client-ip-header",
        value_name: "HEADER",
        default: "none",
        meaning: "The one header in which they name the client, such as X-Real-IP; without it, what they usually set",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.trust.header = client_header(text)?;
            Ok(())
        },
    },
    ConfigKey {
        name: "log",
        flag: "log",
        value_name: "FORMAT",
        default: "text",
        meaning: "How log messages are written: `text` or `json`",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.log = log_format(text)?;
            Ok(())
        },
    },
    ConfigKey {
        name: "journal",
        flag: "journal",
        value_name: "DIR",
        default: "auto",
        meaning: "Folder in memory for the journal of the running day: `auto` is $RUNTIME_DIRECTORY, else /dev/shm; `off` keeps none",
        flag_of: FlagOf::Commands(&["serve", "journal", "audit"]),
        set: |config, text| {
            config.journal = journal_place(text)?;
            Ok(())
        },
    },
    ConfigKey {
        name: "journal_max_mb",
        flag: "journal-max-mb",
        value_name: "MB",
        default: "256",
        meaning: "Most memory that the journal takes, in MiB; past it the day goes on without one",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.journal_bytes_max = megabytes(text)? << 20;
            Ok(())
        },
    },
    ConfigKey {
        name: "memory_max",
        flag: "memory-max",
        value_name: "SIZE",
        default: "auto",
        meaning: "Most memory that the program takes, like 512M or 2G; `auto` is what its container or service may have, less a tenth, else three quarters of the machine's",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.memory_bytes_max = memory_size(text)?;
            Ok(())
        },
    },
    ConfigKey {
        name: "spill",
        flag: "spill",
        value_name: "DIR",
        default: "none",
        meaning: "Folder for sums that can't be stored when the server stops, until the next start; else beside the database, then in memory",
        flag_of: FlagOf::Commands(&["serve", "restore"]),
        set: |config, text| {
            config.spill = (!text.is_empty() && text != "none").then(|| PathBuf::from(text));
            Ok(())
        },
    },
    ConfigKey {
        name: "stop_timeout",
        flag: "stop-timeout",
        value_name: "SECONDS",
        default: "auto",
        meaning: "How long a stop takes at the most, with answers to open requests and tries to store what waits: `auto` is 7 seconds, and 60 where systemd is told of it",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.stop_timeout_s = stop_seconds(text)?;
            Ok(())
        },
    },
    ConfigKey {
        name: "migration_copy",
        flag: "migration-copy",
        value_name: "BOOL",
        default: "true",
        meaning: "Whether a database of an older version is copied beside it before it is brought up to date: `true` or `false`",
        flag_of: FlagOf::Commands(&["serve"]),
        set: |config, text| {
            config.migration_copy = parse(text, "true or false", "true")?;
            Ok(())
        },
    },
];
