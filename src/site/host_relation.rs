//! How near a host that sent a reader is to a site ([`HostRelation`]), by the names of the site.

use std::net::Ipv4Addr;

use super::{Site, fits};

/// How near a host is to a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostRelation {
    /// Its pages are the site's own: who comes from them came from nowhere.
    Own,
    /// It is below the same registered domain, and the site's owner counts it as another.
    Sibling,
    /// It is somebody else's.
    Stranger,
}

impl HostRelation {
    /// How near a folded host is to a site of which no more is known than these names.
    pub fn among<'a>(host: &str, names: impl IntoIterator<Item = &'a str>) -> HostRelation {
        if is_related(host, names) { HostRelation::Own } else { HostRelation::Stranger }
    }
}

impl Site {
    /// How near a host is; it and the host of the page that was shown are folded.
    pub fn relation(&self, host: &str, page_host: &str) -> HostRelation {
        if host == page_host || self.declares(host) {
            return HostRelation::Own;
        }
        let names = self.declared().map(|pattern| pattern.strip_prefix("*.").unwrap_or(pattern));
        match is_related(host, names.chain([self.domain.as_str(), page_host])) {
            true if self.settings.subdomain_referrers => HostRelation::Sibling,
            true => HostRelation::Own,
            false => HostRelation::Stranger,
        }
    }

    /// Whether a folded host is the site's domain, or one that its aliases or hosts name.
    pub fn declares(&self, host: &str) -> bool {
        host == self.domain.as_str() || self.declared().any(|pattern| fits(pattern, host))
    }

    fn declared(&self) -> impl Iterator<Item = &str> {
        self.settings.hosts.iter().chain(&self.settings.aliases).map(String::as_str)
    }
}

/// Whether a folded host is one of these, or below the same registered domain.
fn is_related<'a>(host: &str, names: impl IntoIterator<Item = &'a str>) -> bool {
    // Most hosts end otherwise than the site's, and the list of suffixes needs no look then.
    let mut near = names.into_iter().filter(|name| last_two(name) == last_two(host)).peekable();
    if near.peek().is_none() {
        return false;
    }
    let above = registrable(host);
    near.any(|name| name == host || above.is_some() && registrable(name) == above)
}

/// The last two labels of a host.
fn last_two(host: &str) -> &str {
    host.rmatch_indices('.').nth(1).map_or(host, |(dot, _)| &host[dot + 1..])
}

/// The part of a host that somebody registered, by the list of public suffixes; nothing for an address, and for a suffix itself.
pub fn registrable(host: &str) -> Option<&str> {
    let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
    if is_address { None } else { psl::domain_str(host) }
}

#[cfg(test)]
mod tests {
    use super::super::{Domain, Moment, Schedule, Settings, SiteId};
    use super::*;

    fn site(domain: &str, hosts: &[&str], aliases: &[&str], subdomain_referrers: bool) -> Site {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Site {
            id: SiteId(1),
            domain: Domain::parse(domain).unwrap(),
            schedule: Schedule::utc(),
            settings: Settings {
                hosts: owned(hosts),
                aliases: owned(aliases),
                subdomain_referrers,
                ..Settings::default()
            },
            added: Moment(0),
        }
    }

    #[test]
    fn hosts_below_the_registered_domain_are_own() {
        for (domain, host, expected) in [
            ("example.com", "example.com", true),
            ("example.com", "blog.example.com", true),
            ("blog.example.com", "example.com", true),
            ("blog.example.com", "a.b.example.com", true),
            ("example.com", "notexample.com", false),
            ("example.com", "example.com.evil.net", false),
            ("example.com", "com", false),
            ("example.co.uk", "shop.example.co.uk", true),
            ("example.co.uk", "other.co.uk", false),
            ("example.co.uk", "co.uk", false),
            ("me.github.io", "www.me.github.io", true),
            ("me.github.io", "you.github.io", false),
            ("me.github.io", "github.io", false),
            ("github.io", "me.github.io", false),
            ("localhost", "other", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "198.51.2.7", false),
            ("a.internal.test", "b.internal.test", true),
        ] {
            let found = site(domain, &[], &[], false).relation(host, domain);
            assert_eq!(found, if expected { HostRelation::Own } else { HostRelation::Stranger }, "{domain} {host}");
        }
    }

    #[test]
    fn aliases_allowed_hosts_and_the_page_itself_count() {
        let site = |other| site("example.com", &["*.shop.test", "example.org"], &["7", "example.net"], other);
        for (host, by_default, when_referrers) in [
            ("eu.shop.test", HostRelation::Own, HostRelation::Own),
            ("shop.test", HostRelation::Own, HostRelation::Sibling),
            ("www2.example.org", HostRelation::Own, HostRelation::Sibling),
            ("example.net", HostRelation::Own, HostRelation::Own),
            ("blog.example.net", HostRelation::Own, HostRelation::Sibling),
            ("page.host.test", HostRelation::Own, HostRelation::Own),
            ("other.host.test", HostRelation::Own, HostRelation::Sibling),
            ("example.info", HostRelation::Stranger, HostRelation::Stranger),
        ] {
            assert_eq!(site(false).relation(host, "page.host.test"), by_default, "{host}");
            assert_eq!(site(true).relation(host, "page.host.test"), when_referrers, "{host}");
        }
    }
}
