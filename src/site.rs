//! What an owner declares about a site: [`Site`], which every later stage reads. Nothing here is about a visitor.

mod address;
pub mod annotation;
pub mod at_rest;
mod budget;
mod change;
mod collect;
mod direction;
pub mod exclusions;
pub mod goal;
mod host_relation;
pub mod keeping;
mod named;
mod named_values;
pub mod paths;
mod public_audit;
mod publishing;
mod preset;
mod setting;
mod settings;
pub mod telling;
mod section;
pub mod segment;
pub mod set_aside;
pub mod time;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::limits;
pub use address::AddressMode;
pub use annotation::Annotation;
pub use at_rest::LeastAtRest;
pub use budget::Budget;
pub use change::{NotSet, SettingContext, SettingValue, SiteChange};
pub use collect::{Collectable, Collected};
pub use direction::DataDirection;
pub use exclusions::Exclusions;
pub use goal::{Funnel, Goal, Target};
pub use host_relation::{HostRelation, registrable};
pub use keeping::{KeptFor, RetainedKind, Retention};
pub use named::NamedProperty;
pub use named_values::{NamedValues, NamedValuesOnce};
pub use paths::PathRules;
pub use preset::{Preset, PresetRule};
pub use publishing::{Epsilon, Publishing};
pub use section::Sections;
pub use segment::Segment;
use serde::{Deserialize, Serialize};
pub use set_aside::{SetAside, SetAsides};
pub use setting::{SettingField, SettingKind, SettingOption, SettingsForm, SiteSetting, Translated};
pub use settings::Settings;
pub use telling::{NoticeField, NoticeSettings};
pub use time::{Day, Hour, LocalHour, Moment, Month, Schedule};

/// Number of a site in this store; 0 is the instance itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SiteId(pub u32);

impl SiteId {
    /// What no site can be blamed for, such as a beacon for an unknown one, is booked here.
    pub const INSTANCE: SiteId = SiteId(0);
    /// Several sites that are read as one; nothing is ever stored under it.
    pub const TOGETHER: SiteId = SiteId(u32::MAX);
}

/// The domain that names a site: lower case, punycode, without a leading `www.`, a port or a trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Domain(String);

/// First parts of the collector's own paths. A site's page is at `/` and its name, so no site can have one of these.
#[rustfmt::skip]
pub const OWN_PATHS: [&str; 36] = [
    ".well-known", "api", "append", "assets", "collect", "count", "count.js", "counter", "e", "favicon.ico", "health", "index.php", "js", "l",
    "language", "settings",
    "matomo-more.js", "more.js", "init.js", "matomo.js", "matomo.php", "metrics", "piwik.js", "piwik.php", "pixel.gif", "privacy", "public", "script.js", "share",
    "sign-in", "sign-out", "simple.gif", "together", "tracker.js", "umami.js", "plausible.js",
];

/// Why a text is not a domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotADomain {
    /// It has not the form of one.
    #[error("{0:?} is not a domain; write it like example.com")]
    Form(String),
    /// The collector has a page of its own there.
    #[error("{0:?} is a path of the collector itself; write a whole domain like example.com")]
    OwnPath(String),
}

impl Domain {
    /// Reads a domain as an owner or a tracker writes it. Also takes `localhost` and names with a path-free port cut off.
    ///
    /// # Errors
    /// [`NotADomain`] when the text is empty, longer than 253 bytes, has a character no host name has, or names one of the
    /// collector's own pages.
    pub fn parse(text: &str) -> Result<Domain, NotADomain> {
        let folded = fold(text);
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        let right = !folded.is_empty()
            && folded.len() <= limits::HOST_BYTES_MAX
            && folded.chars().all(fits)
            && folded.split('.').all(|label| !label.is_empty() && label.len() <= limits::HOST_LABEL_BYTES_MAX);
        match right {
            true if OWN_PATHS.contains(&folded.as_str()) => Err(NotADomain::OwnPath(folded)),
            true => Ok(Domain(folded)),
            false => Err(NotADomain::Form(text.trim().to_owned())),
        }
    }

    /// The domain as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host names are compared in this form: trimmed, lower case, punycode, no `www.`, no trailing dot.
pub fn fold(host: &str) -> String {
    let host = host.trim().trim_end_matches('.');
    if host.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return host.strip_prefix("www.").unwrap_or(host).to_owned();
    }
    let mut lower = host.to_lowercase();
    if !lower.is_ascii()
        && let Ok(url::Host::Domain(ascii)) = url::Host::parse(&lower)
    {
        lower = ascii;
    }
    lower.strip_prefix("www.").map(str::to_owned).unwrap_or(lower)
}

/// A site that is measured.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its number in the store.
    pub id: SiteId,
    /// Its name.
    pub domain: Domain,
    /// Its time zone, and the one that follows if the owner has just changed it.
    pub schedule: Schedule,
    /// What its owner has set.
    pub settings: Settings,
    /// When it was added.
    pub added: Moment,
}

impl Site {
    /// Whether pages of `host` count for this site.
    pub fn allows(&self, host: &str) -> bool {
        self.settings.hosts.is_empty() || self.settings.hosts.iter().any(|pattern| fits(pattern, &fold(host)))
    }
}

/// Whether a folded host is the pattern, or below it where that begins with `*.`.
fn fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(rest) => host.strip_suffix(rest).is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => pattern == host,
    }
}

/// Reads a host as an owner allows it, `*.` in front for every host below it.
///
/// # Errors
/// [`NotADomain`]
pub fn host_pattern(text: &str) -> Result<String, NotADomain> {
    let text = text.trim();
    let (before, host) = text.strip_prefix("*.").map_or(("", text), |host| ("*.", host));
    let host = Domain::parse(host)?;
    // What has no form in ASCII is the host of no page, and can't stand in a header.
    if host.as_str().is_ascii() { Ok(format!("{before}{host}")) } else { Err(NotADomain::Form(text.to_owned())) }
}

/// All sites, found by domain, alias or number. Never changed in place: a new one replaces it.
#[derive(Debug, Default)]
pub struct Directory {
    by_name: HashMap<String, Arc<Site>, foldhash::fast::RandomState>,
    by_id: HashMap<SiteId, Arc<Site>, foldhash::fast::RandomState>,
}

impl Directory {
    /// A directory of these sites.
    pub fn of(sites: impl IntoIterator<Item = Site>) -> Directory {
        let mut directory = Directory::default();
        for site in sites.into_iter().map(Arc::new) {
            directory.by_id.insert(site.id, site);
        }
        let sites: Vec<Arc<Site>> = directory.by_id.values().cloned().collect();
        for site in &sites {
            for alias in &site.settings.aliases {
                directory.by_name.insert(alias.clone(), site.clone());
            }
        }
        // A domain is never shadowed by an alias, whatever the store holds.
        for site in sites {
            directory.by_name.insert(site.domain.as_str().to_owned(), site);
        }
        directory
    }

    /// The site that a tracker or an owner calls `name`.
    pub fn find(&self, name: &str) -> Option<&Arc<Site>> {
        self.by_name.get(name).or_else(|| self.by_name.get(&fold(name)))
    }

    /// How many sites there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The only site that there is.
    pub fn only(&self) -> Option<&Arc<Site>> {
        self.by_id.values().next().filter(|_| self.by_id.len() == 1)
    }

    /// The site with this number.
    pub fn get(&self, id: SiteId) -> Option<&Arc<Site>> {
        self.by_id.get(&id)
    }

    /// All sites by domain.
    pub fn all(&self) -> Vec<Arc<Site>> {
        let mut sites: Vec<_> = self.by_id.values().cloned().collect();
        sites.sort_by(|a, b| a.domain.cmp(&b.domain));
        sites
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_folded_and_checked() {
        assert_eq!(Domain::parse(" WWW.Example.COM. ").unwrap().as_str(), "example.com");
        assert_eq!(Domain::parse("localhost").unwrap().as_str(), "localhost");
        assert_eq!(Domain::parse("bücher.example").unwrap().as_str(), "xn--bcher-kva.example");
        for wrong in ["", "a b", "https://example.com", "example..com", "exa/mple.com", "a,b"] {
            assert!(Domain::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_site_hides_a_page_of_the_collector() {
        for own in ["metrics", "Sign-In", "www.api", "privacy."] {
            assert!(matches!(Domain::parse(own), Err(NotADomain::OwnPath(_))), "{own}");
        }
        assert!(Domain::parse("metrics.example.com").is_ok());
    }

    #[test]
    fn an_empty_host_list_allows_every_host() {
        let mut site = Site {
            id: SiteId(1),
            domain: Domain::parse("example.com").unwrap(),
            schedule: Schedule::utc(),
            settings: Settings::default(),
            added: Moment(0),
        };
        assert!(site.allows("anything.test"));
        site.settings.hosts = vec!["example.com".into()];
        assert!(site.allows("www.Example.com") && !site.allows("anything.test"));
        site.settings.hosts = vec!["*.example.com".into()];
        assert!(site.allows("a.b.example.com") && !site.allows("example.com") && !site.allows("notexample.com"));
        assert_eq!(host_pattern(" *.WWW.Example.com").unwrap(), "*.example.com");
        assert_eq!(host_pattern("*.bücher.example").unwrap(), "*.xn--bcher-kva.example");
        assert!(host_pattern("aא.example").is_err(), "letters of both directions have no form in ASCII");
        assert!(host_pattern("*.").is_err() && host_pattern("*example.com").is_err());
    }

    #[test]
    fn a_site_is_found_by_each_of_its_names() {
        let site = |id, domain: &str, aliases: &[&str]| Site {
            id: SiteId(id),
            domain: Domain::parse(domain).unwrap(),
            schedule: Schedule::utc(),
            settings: Settings { aliases: aliases.iter().map(|name| fold(name)).collect(), ..Settings::default() },
            added: Moment(0),
        };
        let directory = Directory::of([site(1, "a.test", &["7", "ABCDE", "b.test"]), site(2, "b.test", &[])]);
        let found = |name: &str| directory.find(name).map(|site| site.id.0);
        assert_eq!(
            ["a.test", "7", "abcde", "ABCDE", "b.test", "8"].map(found),
            [Some(1), Some(1), Some(1), Some(1), Some(2), None]
        );
        assert!(directory.only().is_none() && Directory::of([site(1, "a.test", &["7"])]).only().is_some());
    }
}
