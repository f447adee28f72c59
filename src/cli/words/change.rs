//! In: the words that change a site. Out: what is to change. Forgets: nothing.

use clap::Args;

use crate::control::SiteChange;
use crate::site::AddressMode;
use crate::site::paths::{Case, Slash};

#[derive(Debug, Args)]
pub struct Change {
    /// Time zone like Europe/Berlin; a change acts from the site's next day on
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// A host whose pages count, `*.example.com` for all below it; given once or several times it is the whole list, `any` for every host
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// A further name by which trackers call the site: a domain, Umami's UUID, Matomo's number, a short code
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<String>,
    /// A name that is the site's no more
    #[arg(long = "no-alias", value_name = "NAME")]
    no_aliases: Vec<String>,
    /// What becomes of addresses: hash, truncate or none
    #[arg(long, value_name = "MODE")]
    address: Option<AddressMode>,
    /// Whether everybody may see how often a page was viewed, at /counter/DOMAIN/PATH.json: true or false
    #[arg(long, value_name = "YES")]
    counter: Option<bool>,
    /// How many visitors of a day a value needs to be shown to readers who are not signed in; less is (other) [default: 5]
    #[arg(long, value_name = "K", value_parser = digits, allow_negative_numbers = true)]
    small_counts_k: Option<u32>,
    /// Whether Sec-GPC and DNT are honoured: true or false
    #[arg(long, value_name = "YES")]
    opt_out: Option<bool>,
    /// Whether other hosts below the site's registered domain are referrers: true or false [default: false]
    #[arg(long, value_name = "YES")]
    subdomain_referrers: Option<bool>,
    /// How many values of each dimension are counted by name in a day, from the next day on; more are (other) [default: 10000]
    #[arg(long, value_name = "N", value_parser = digits, allow_negative_numbers = true)]
    values_max: Option<u32>,
    /// How many cells of two dimensions are kept of a day; past it the rarest are (other) [default: 2000000]
    #[arg(long, value_name = "N", value_parser = digits, allow_negative_numbers = true)]
    pair_cells_max: Option<u32>,
    /// Pages that count as one, like /order/:id or /docs/*; given once or several times it is the whole list, `none` empties it
    #[arg(long = "path-template", value_name = "PATH")]
    templates: Vec<String>,
    /// Parts of paths that become :masked, like user-* or inv# (# is a number); given once or several times it is the whole list, `none` empties it
    #[arg(long = "path-mask", value_name = "PART")]
    masks: Vec<String>,
    /// The slash at the end of paths: keep, strip or add
    #[arg(long = "path-slash", value_name = "RULE")]
    slash: Option<Slash>,
    /// Capitals in paths: keep or lower
    #[arg(long = "path-case", value_name = "RULE")]
    case: Option<Case>,
    /// A key of the query that belongs to the page; given once or several times it is the whole list, `none` empties it
    #[arg(long = "query-key", value_name = "KEY")]
    query_keys: Vec<String>,
    /// How many children of one path, each seen by one visitor, are counted by name in a day; more are /path/:other, 0 counts all by name, from the next day on [default: 50]
    #[arg(long = "personal-paths", value_name = "N", value_parser = digits, allow_negative_numbers = true)]
    personal: Option<u32>,
    /// A path whose children are counted by name however few see them; given once or several times it is the whole list, `none` empties it
    #[arg(long = "path-by-name", value_name = "PATH")]
    by_name: Vec<String>,
    /// A network whose hits are left out, like 203.0.113.0/24 or one address; given once or several times it is the whole list, `none` empties it
    #[arg(long = "exclude-ip", value_name = "NETWORK")]
    exclude_ips: Vec<String>,
    /// A country whose hits are left out, like DE; given once or several times it is the whole list, `none` empties it
    #[arg(long = "exclude-country", value_name = "CODE")]
    exclude_countries: Vec<String>,
    /// Pages that are left out, like /login or '/admin/**'; given once or several times it is the whole list, `none` empties it
    #[arg(long = "exclude-path", value_name = "PATH")]
    exclude_paths: Vec<String>,
    /// A host whose pages are left out, `*.example.com` for all below it; given once or several times it is the whole list, `none` empties it
    #[arg(long = "exclude-host", value_name = "HOST")]
    exclude_hosts: Vec<String>,
}

impl clap::ValueEnum for AddressMode {
    fn value_variants<'a>() -> &'a [Self] {
        &AddressMode::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

impl clap::ValueEnum for Slash {
    fn value_variants<'a>() -> &'a [Self] {
        &Slash::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

impl clap::ValueEnum for Case {
    fn value_variants<'a>() -> &'a [Self] {
        &Case::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

impl Change {
    /// The change for the collector.
    pub fn named(&self) -> SiteChange {
        let hosts = match self.hosts.as_slice() {
            [] => None,
            [any] if any == "any" => Some(Vec::new()),
            hosts => Some(hosts.to_vec()),
        };
        SiteChange {
            timezone: self.timezone.clone(),
            hosts,
            add_aliases: self.aliases.clone(),
            remove_aliases: self.no_aliases.clone(),
            address: self.address,
            counter: self.counter,
            small_counts_k: self.small_counts_k,
            opt_out: self.opt_out,
            subdomain_referrers: self.subdomain_referrers,
            values_max: self.values_max,
            pair_cells_max: self.pair_cells_max,
            templates: listed(&self.templates),
            masks: listed(&self.masks),
            slash: self.slash,
            case: self.case,
            query_keys: listed(&self.query_keys),
            personal: self.personal,
            by_name: listed(&self.by_name),
            exclude_ips: listed(&self.exclude_ips),
            exclude_countries: listed(&self.exclude_countries),
            exclude_paths: listed(&self.exclude_paths),
            exclude_hosts: listed(&self.exclude_hosts),
        }
    }
}

/// A number of things.
fn digits(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "write a whole number in digits, like 50")
}

/// A list as it is to be: nothing stays as it is, `none` empties it.
fn listed(given: &[String]) -> Option<Vec<String>> {
    match given {
        [] => None,
        [none] if none == "none" => Some(Vec::new()),
        some => Some(some.to_vec()),
    }
}
