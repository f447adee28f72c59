//! Reads the configuration: a TOML file, environment variables `HEADCOUNT_*`, flags; later ones win. What is wrong is said in one
//! sentence that names the nearest right key.

mod keys;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use crate::beacon::address::{self, ClientHeader, Networks, Trust};
use crate::hit::place::Detail;
use crate::limits;
pub use keys::{ConfigKey, FlagOf, KEYS};

/// How log messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text each.
    Text,
    /// One JSON object each.
    Json,
}

/// Where the journal of the running day is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum JournalPlace {
    /// In `$RUNTIME_DIRECTORY`, else in `/dev/shm`.
    #[default]
    Auto,
    /// Nowhere.
    Off,
    /// In this folder.
    Folder(PathBuf),
}

/// What an operator can set for the program.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder of the database.
    pub data: PathBuf,
    /// How visitors and readers reach this collector from outside; for links and snippets.
    pub url: Option<String>,
    /// MMDB file for country, region and city.
    pub geo: Option<PathBuf>,
    /// How much of a place is looked up.
    pub place: Detail,
    /// Whose word is taken about a visitor's address: `trusted_proxies` and `client_ip_header`.
    pub trust: Trust,
    /// How log messages are written.
    pub log: LogFormat,
    /// Where the journal is kept.
    pub journal: JournalPlace,
    /// How much memory the journal may take, in bytes.
    pub journal_bytes_max: u64,
    /// How much memory the program may take, in bytes; nothing for what the system lets it have.
    pub memory_bytes_max: Option<u64>,
    /// Folder for sums that can't be stored when the program ends; the first that is tried.
    pub spill: Option<PathBuf>,
    /// How long the end of the program tries to store what waits, in seconds; nothing for what the service manager allows.
    pub stop_timeout_s: Option<u64>,
    /// Whether a database is copied before it is brought up to date.
    pub migration_copy: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("./data"),
            url: None,
            geo: None,
            place: Detail::City,
            trust: Trust::default(),
            log: LogFormat::Text,
            journal: JournalPlace::Auto,
            journal_bytes_max: limits::JOURNAL_MB << 20,
            memory_bytes_max: None,
            spill: None,
            stop_timeout_s: None,
            migration_copy: true,
        }
    }
}

/// A sentence that says what is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// The configuration of a file, the environment and flags.
    ///
    /// `flags` are pairs of key and value as given on the command line; `environment` are all variables of the process.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, OsString)>,
        flags: &[(&str, String)],
    ) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        if let Some(file) = file {
            let shown = file.display();
            let text = read(file).map_err(|e| ConfigError(format!("{shown} can't be read: {e}")))?;
            config.read_toml(&text).map_err(|e| ConfigError(format!("{shown}: {e}")))?;
        }
        for (variable, value) in environment {
            if let Some(name) = variable.strip_prefix("HEADCOUNT_").filter(|name| is_for_us(name)) {
                let set = match value.to_str() {
                    Some(value) => config.set(&name.to_lowercase(), value),
                    None => Err(ConfigError("its value is not UTF-8 text; write it in UTF-8".into())),
                };
                set.map_err(|e| ConfigError(format!("environment variable {variable}: {e}")))?;
            }
        }
        for (key, value) in flags {
            config.set(key, value).map_err(|e| ConfigError(format!("--{}: {e}", key.replace('_', "-"))))?;
        }
        Ok(config)
    }

    fn read_toml(&mut self, text: &str) -> Result<(), ConfigError> {
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| ConfigError(e.message().to_owned()))?;
        for (key, value) in &table {
            self.set(key, &plain(key, value)?)?;
        }
        Ok(())
    }

    /// Sets one key from its text; lists are separated by commas.
    fn set(&mut self, key: &str, text: &str) -> Result<(), ConfigError> {
        let known = KEYS.iter().find(|known| known.name == key).ok_or_else(|| ConfigError(unknown(key)))?;
        (known.set)(self, text.trim())
    }

    /// How browsers reach the collector, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }
}

/// Whether a variable, without `HEADCOUNT_`, is meant as a key. The file is named by a variable of its own. Kubernetes
/// describes a service called headcount to every container beside it, as `HEADCOUNT_SERVICE_HOST`, `HEADCOUNT_PORT`,
/// `HEADCOUNT_PORT_8080_TCP_ADDR` and so on; no key of ours begins like these.
fn is_for_us(name: &str) -> bool {
    name != "CONFIG" && !name.starts_with("PORT") && !name.starts_with("SERVICE_")
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(file)?.take(limits::CONFIG_BYTES_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > limits::CONFIG_BYTES_MAX { Err(io::Error::other("it is too long")) } else { Ok(text) }
}

fn plain(key: &str, value: &toml::Value) -> Result<String, ConfigError> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
            texts.map(|texts| texts.join(",")).ok_or_else(|| ConfigError(format!("{key} takes a list of texts")))
        }
        toml::Value::Integer(number) if takes_number(key) => Ok(number.to_string()),
        _ if takes_number(key) => Err(ConfigError(format!("{key} takes a number"))),
        _ if KEYS.iter().any(|known| known.name == key) => Err(ConfigError(format!("{key} takes a text"))),
        _ => Err(ConfigError(unknown(key))),
    }
}

/// Whether a key's value is a number, as its default is.
fn takes_number(key: &str) -> bool {
    let is_number = |known: &ConfigKey| known.default.parse::<u64>().is_ok() || known.value_name == "SECONDS";
    key == "memory_max" || KEYS.iter().any(|known| known.name == key && is_number(known))
}

fn parse<T: std::str::FromStr>(text: &str, what: &str, example: &str) -> Result<T, ConfigError> {
    text.parse().map_err(|_| ConfigError(format!("{text:?} is not {what}; write it like {example}")))
}

fn base_url(text: &str) -> Result<String, ConfigError> {
    let right = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !right {
        return Err(ConfigError(format!("{text:?} is not an address; write it like https://stats.example.com")));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The networks of a list that is separated by commas or blanks, for `trusted_proxies` and whatever else takes them. An item is
/// an address, a range, or a name of [`address::NAMES`].
///
/// # Errors
/// [`ConfigError`] where an item is none of these.
pub fn networks(text: &str) -> Result<Networks, ConfigError> {
    let items = text.split([',', ' ', '\t', '\n']).filter(|item| !item.is_empty());
    let lists = items.map(networks_of).collect::<Result<Vec<_>, _>>()?;
    Ok(lists.into_iter().flatten().collect())
}

fn networks_of(item: &str) -> Result<Vec<IpNet>, ConfigError> {
    if let Some(networks) = address::named(item) {
        return Ok(networks.collect());
    }
    if let Ok(address) = item.parse::<std::net::IpAddr>() {
        return Ok(vec![IpNet::from(address)]);
    }
    let is_name = !item.starts_with(|c: char| c.is_ascii_digit()) && !item.contains([':', '/', '.']);
    if is_name {
        // No nearest name here: to trust the wrong network is worse than to read a list.
        let names = address::NAMES.join(", ");
        return Err(ConfigError(format!(
            "{item:?} is no name of networks; there are {names}, and ranges like 10.0.0.0/8"
        )));
    }
    parse(item, "a network", "10.0.0.0/8").map(|network| vec![network])
}

fn client_header(text: &str) -> Result<Option<ClientHeader>, ConfigError> {
    if text.is_empty() || text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let wrong = || ConfigError(format!("{text:?} is no name of a header; write it like X-Real-IP"));
    ClientHeader::new(text).map(Some).ok_or_else(wrong)
}

fn detail(text: &str) -> Result<Detail, ConfigError> {
    let names = Detail::ALL.map(Detail::name);
    let wrong = || ConfigError(format!("{text:?} is no part of a place; write {:?}", nearest(text, &names)));
    Detail::from_name(text).ok_or_else(wrong)
}

fn log_format(text: &str) -> Result<LogFormat, ConfigError> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(ConfigError(format!("{text:?} is not a log format; write {:?}", nearest(text, &["text", "json"])))),
    }
}

fn journal_place(text: &str) -> Result<JournalPlace, ConfigError> {
    match text {
        "auto" => Ok(JournalPlace::Auto),
        "off" => Ok(JournalPlace::Off),
        folder if folder.contains('/') => Ok(JournalPlace::Folder(PathBuf::from(folder))),
        _ => {
            let nearest = nearest(text, &["auto", "off"]);
            Err(ConfigError(format!(
                "{text:?} is no place for the journal; write {nearest:?}, or a folder like /run/headcount"
            )))
        }
    }
}

fn megabytes(text: &str) -> Result<u64, ConfigError> {
    let allowed = limits::JOURNAL_MB_MIN..=limits::JOURNAL_MB_MAX;
    let wrong = || {
        ConfigError(format!(
            "{text:?} is no number of MiB from {} to {}; write it like 256",
            allowed.start(),
            allowed.end()
        ))
    };
    text.parse().ok().filter(|number| allowed.contains(number)).ok_or_else(wrong)
}

/// A size in bytes; nothing for `auto`. A number without a unit is one of MiB.
fn memory_size(text: &str) -> Result<Option<u64>, ConfigError> {
    if text == "auto" {
        return Ok(None);
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let megabytes = match text[end..].trim().to_ascii_lowercase().as_str() {
        "" | "m" | "mb" | "mib" => Some(1),
        "g" | "gb" | "gib" => Some(1024),
        _ => None,
    };
    let allowed = limits::MEMORY_MB_MIN..=limits::MEMORY_MB_MAX;
    let size = megabytes.and_then(|unit| text[..end].parse::<u64>().ok()?.checked_mul(unit));
    let Some(size) = size.filter(|size| allowed.contains(size)) else {
        let (least, most) = (allowed.start(), allowed.end());
        return Err(ConfigError(format!("{text:?} is no size from {least}M to {most}M; write it like 512M, or auto")));
    };
    Ok(Some(size << 20))
}

fn stop_seconds(text: &str) -> Result<Option<u64>, ConfigError> {
    let wrong = || {
        let longest = limits::STOP_TIMEOUT_S_MAX;
        ConfigError(format!("{text:?} is no number of seconds up to {longest}; write it like 7, or \"auto\""))
    };
    match text {
        "auto" => Ok(None),
        number => {
            let number = number.parse().ok().filter(|number| *number <= limits::STOP_TIMEOUT_S_MAX);
            number.map(Some).ok_or_else(wrong)
        }
    }
}

fn unknown(key: &str) -> String {
    let names = KEYS.map(|key| key.name);
    format!("unknown key {key:?}; did you mean {:?}?", nearest(key, &names))
}

/// The candidate that is most like `text`.
pub fn nearest<'a>(text: &str, candidates: &[&'a str]) -> &'a str {
    let alike = |candidate: &&&str| (strsim::jaro_winkler(text, candidate) * 1e6) as i64;
    candidates.iter().max_by_key(alike).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_toml(text: &str) -> Result<Config, String> {
        let mut config = Config::default();
        config.read_toml(text).map(|()| config).map_err(|e| e.to_string())
    }

    #[test]
    fn a_file_without_an_end_is_refused() {
        let refused = Config::load(Some(Path::new("/dev/zero")), std::iter::empty(), &[]).unwrap_err();
        assert!(refused.to_string().contains("it is too long"), "{refused}");
    }

    fn from_env(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let pairs = pairs.iter().map(|(k, v)| (k.to_string(), OsString::from(v)));
        Config::load(None, pairs, &[("listen", "127.0.0.1:9".into())]).map_err(|e| e.to_string())
    }

    #[test]
    fn every_key_can_be_set_and_flags_win() {
        let text = "listen = '0.0.0.0:80'\ndata = '/x'\nurl = 'https://a.test/'\ngeo = 'c.mmdb'\nplace = 'region'\n\
                    trusted_proxies = ['10.0.0.0/8', '192.0.2.1', 'Cloudflare']\n\
                    client_ip_header = 'X-Real-IP'\nlog = 'json'\njournal = '/run/x'\njournal_max_mb = 64\n\
                    spill = '/mnt/spare'\nstop_timeout = 20";
        let config = from_toml(text).unwrap();
        assert_eq!(config.base_url(), "https://a.test");
        let trusts = |address: &str| config.trust.proxies.contains(address.parse().unwrap());
        assert!(trusts("10.1.1.1") && trusts("192.0.2.1") && !trusts("192.0.2.2") && !trusts("127.0.0.1"));
        assert!(trusts("104.16.0.1") && trusts("2400:cb00::1") && !trusts("151.101.1.1"));
        assert_eq!(config.trust.header, ClientHeader::new("x-real-ip"));
        assert_eq!((config.log, config.geo, config.place), (LogFormat::Json, Some("c.mmdb".into()), Detail::Region));
        assert_eq!((config.journal, config.journal_bytes_max), (JournalPlace::Folder("/run/x".into()), 64 << 20));
        assert_eq!((config.spill, config.stop_timeout_s), (Some("/mnt/spare".into()), Some(20)));
        let config = from_env(&[("HEADCOUNT_JOURNAL", "off"), ("HEADCOUNT_JOURNAL_MAX_MB", "1")]).unwrap();
        assert_eq!((config.journal, config.journal_bytes_max), (JournalPlace::Off, 1 << 20));
        for (text, mib) in [("512M", 512), ("512", 512), ("2G", 2048), ("64 MiB", 64), ("1gb", 1024)] {
            assert_eq!(
                from_env(&[("HEADCOUNT_MEMORY_MAX", text)]).unwrap().memory_bytes_max,
                Some(mib << 20),
                "{text}"
            );
        }
        assert_eq!(from_toml("memory_max = 512"), from_toml("memory_max = '512M'"));
        let config = from_env(&[("HEADCOUNT_LISTEN", "127.0.0.1:8"), ("HOME", "/root")]).unwrap();
        assert_eq!(config.listen.port(), 9);
    }

    #[test]
    fn mistakes_are_one_sentence_with_the_nearest_right_word() {
        let cases = [
            (from_toml("lisen = 'x'"), "unknown key \"lisen\"; did you mean \"listen\"?"),
            (from_toml("geo_file = 3"), "unknown key \"geo_file\"; did you mean \"geo\"?"),
            (from_toml("data = ' '"), "data is empty; write a folder like ./data"),
            (from_toml("listen = 8080"), "listen takes a text"),
            (from_toml("listen = 'abc'"), "\"abc\" is not an address; write it like 127.0.0.1:8080"),
            (from_toml("place = 'cities'"), "\"cities\" is no part of a place; write \"city\""),
            (
                from_toml("stop_timeout = 'soon'"),
                "\"soon\" is no number of seconds up to 3600; write it like 7, or \"auto\"",
            ),
            (from_toml("log = 'jsn'"), "\"jsn\" is not a log format; write \"json\""),
            (
                from_toml("trusted_proxies = 'loopback, cloudflair'"),
                "\"cloudflair\" is no name of networks; there are loopback, private, cloudflare, cloudfront, fastly, akamai, \
                 google, imperva, sucuri, and ranges like 10.0.0.0/8",
            ),
            (
                from_toml("client_ip_header = 'X Real IP'"),
                "\"X Real IP\" is no name of a header; write it like X-Real-IP",
            ),
            (
                from_toml("client_ip_headers = 'X-Real-IP'"),
                "unknown key \"client_ip_headers\"; did you mean \"client_ip_header\"?",
            ),
            (
                from_toml("trusted_proxies = ['10.0.0.0/99']"),
                "\"10.0.0.0/99\" is not a network; write it like 10.0.0.0/8",
            ),
            (
                from_env(&[("HEADCOUNT_TRUSTED_PROXY", "10.0.0.0/8")]),
                "environment variable HEADCOUNT_TRUSTED_PROXY: unknown key \"trusted_proxy\"; did you mean \"trusted_proxies\"?",
            ),
        ];
        for (result, sentence) in cases {
            assert_eq!(result.unwrap_err(), sentence);
        }
    }

    #[test]
    fn the_journal_is_somewhere_or_off_and_its_bound_is_a_number() {
        for (text, place) in [
            ("auto", JournalPlace::Auto),
            ("off", JournalPlace::Off),
            ("/run/x", JournalPlace::Folder("/run/x".into())),
        ] {
            assert_eq!(from_toml(&format!("journal = '{text}'")).unwrap().journal, place);
        }
        assert_eq!(from_toml("journal_max_mb = '64'"), from_toml("journal_max_mb = 64"));
        for (result, sentence) in [
            (
                from_toml("journal = 'of'"),
                "\"of\" is no place for the journal; write \"off\", or a folder like /run/headcount",
            ),
            (from_toml("journal_max_mb = -1"), "\"-1\" is no number of MiB from 1 to 1048576; write it like 256"),
            (from_toml("journal_max_mb = 0.5"), "journal_max_mb takes a number"),
            (from_toml("memory_max = '80k'"), "\"80k\" is no size from 8M to 1048576M; write it like 512M, or auto"),
            (from_toml("memory_max = 1"), "\"1\" is no size from 8M to 1048576M; write it like 512M, or auto"),
        ] {
            assert_eq!(result.unwrap_err(), sentence);
        }
    }

    #[test]
    fn variables_of_a_service_manager_are_no_keys() {
        let linked = [
            ("HEADCOUNT_PORT", "tcp://10.0.0.1:80"),
            ("HEADCOUNT_SERVICE_HOST", "10.0.0.1"),
            ("HEADCOUNT_SERVICE_PORT", "80"),
            ("HEADCOUNT_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ];
        assert_eq!(from_env(&linked), from_env(&[]));
        assert!(from_env(&[("HEADCOUNT_SERVICE", "x")]).is_err());
    }

    #[test]
    fn a_value_that_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let pair = ("HEADCOUNT_DATA".to_owned(), OsString::from_vec(vec![b'/', 0xff]));
        let said = Config::load(None, [pair].into_iter(), &[]).unwrap_err().to_string();
        assert_eq!(said, "environment variable HEADCOUNT_DATA: its value is not UTF-8 text; write it in UTF-8");
    }

    #[test]
    fn networks_are_ranges_addresses_and_names() {
        let from_flag = |text: &str| Config::load(None, std::iter::empty(), &[("trusted_proxies", text.to_owned())]);
        let trusts =
            |text: &str, address: &str| from_flag(text).unwrap().trust.proxies.contains(address.parse().unwrap());
        assert!(trusts("loopback private", "172.17.0.1") && trusts("loopback, private", "::1"));
        assert!(trusts("::ffff:10.0.0.0/104", "10.1.1.1") && trusts("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(!trusts("", "127.0.0.1") && !trusts("private", "127.0.0.1"), "what is set takes the default's place");
        let told =
            from_env(&[("HEADCOUNT_TRUSTED_PROXIES", "fastly"), ("HEADCOUNT_CLIENT_IP_HEADER", "none")]).unwrap();
        assert!(told.trust.proxies.contains("151.101.1.1".parse().unwrap()) && told.trust.header.is_none());
    }

    #[test]
    fn a_key_that_is_set_to_its_default_changes_nothing() {
        for key in KEYS.iter().filter(|key| !key.default.contains(' ')) {
            let mut config = Config::default();
            assert_eq!(config.set(key.name, key.default), Ok(()), "{}", key.name);
            assert_eq!(config, Config::default(), "{}", key.name);
        }
        let networks = KEYS.iter().find(|key| key.name == "trusted_proxies").unwrap().meaning;
        assert!(address::NAMES.iter().all(|name| networks.contains(&format!("`{name}`"))), "{networks}");
    }
}
