//! In: what an owner leaves out of a site. Out: [`Exclusions`], and whether an address, a country, a page or a host is among
//! them. Forgets: nothing; the networks are the owner's own words, and the address that is compared with them is not kept.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::{fits, goal};
use crate::limits;

/// What is not counted for a site, though it comes from a page of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exclusions {
    /// Networks of senders: an office, a monitor.
    pub networks: Vec<IpNet>,
    /// Countries of senders, ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// Pages as they are counted: `*` stands for anything but a slash, `**` for anything.
    pub paths: Vec<String>,
    /// Hosts of pages, folded; `*.example.com` stands for every host below.
    pub hosts: Vec<String>,
}

/// Why something can't be left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotExcluded {
    /// It is no network.
    #[error("{0:?} is no network; write it like 203.0.113.0/24, 2001:db8::/32 or 203.0.113.7")]
    Network(String),
    /// It would leave out everybody.
    #[error("{0} is every address there is; name the networks that are not to be counted")]
    Everybody(IpNet),
    /// There are too many of them.
    #[error("{0} excluded {1} are too many; the most is {2}")]
    TooMany(usize, &'static str, usize),
}

impl Exclusions {
    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        *self == Exclusions::default()
    }

    /// Whether senders at an address are left out.
    pub fn has_address(&self, address: IpAddr) -> bool {
        // Checked for every hit, and most sites name none.
        !self.networks.is_empty() && {
            let address = address.to_canonical();
            self.networks.iter().any(|network| network.contains(&address))
        }
    }

    /// Whether senders in a country are left out.
    pub fn has_country(&self, country: &str) -> bool {
        self.countries.iter().any(|known| known == country)
    }

    /// Whether a page, as it is counted, is left out.
    pub fn has_page(&self, page: &str) -> bool {
        self.paths.iter().any(|pattern| goal::matches(pattern.as_bytes(), page.as_bytes()))
    }

    /// Whether pages of a host, folded, are left out.
    pub fn has_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| fits(pattern, host))
    }

    /// Whether there are few enough of each kind, as each is tried on every hit.
    ///
    /// # Errors
    /// [`NotExcluded::TooMany`] names the first kind of which there are not.
    pub fn check(&self) -> Result<(), NotExcluded> {
        for (count, what, most) in [
            (self.networks.len(), "networks", limits::EXCLUDED_NETWORKS_MAX),
            (self.countries.len(), "countries", limits::EXCLUDED_COUNTRIES_MAX),
            (self.paths.len(), "paths", limits::EXCLUDED_PATHS_MAX),
            (self.hosts.len(), "hosts", limits::EXCLUDED_HOSTS_MAX),
        ] {
            if count > most {
                return Err(NotExcluded::TooMany(count, what, most));
            }
        }
        Ok(())
    }
}

/// Reads a network as an owner writes it: with a prefix, or one address. Bits behind the prefix are cleared, and IPv4 within
/// IPv6 becomes IPv4, as addresses of senders do.
///
/// # Errors
/// [`NotExcluded`]
pub fn network(text: &str) -> Result<IpNet, NotExcluded> {
    let text = text.trim();
    let read = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let network = read.map(|network| match network {
        IpNet::V6(v6) => of_mapped(v6).map_or(network, IpNet::V4),
        IpNet::V4(_) => network,
    });
    match network.map(|network| network.trunc()) {
        Some(network) if network.prefix_len() == 0 => Err(NotExcluded::Everybody(network)),
        Some(network) => Ok(network),
        None => Err(NotExcluded::Network(text.to_owned())),
    }
}

/// The IPv4 network that one within `::ffff:0:0/96` stands for.
fn of_mapped(network: Ipv6Net) -> Option<Ipv4Net> {
    let address: Ipv6Addr = network.addr();
    Ipv4Net::new(address.to_ipv4_mapped()?, network.prefix_len().checked_sub(96)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_owners_write_them() {
        for (text, read) in [
            ("203.0.113.0/24", "203.0.113.0/24"),
            (" 203.0.113.77/24 ", "203.0.113.0/24"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), read, "{text}");
        }
        for wrong in ["", "office", "203.0.113.0/33", "203.0.113", "203.0.113.0-9", "example.com"] {
            assert_eq!(network(wrong), Err(NotExcluded::Network(wrong.to_owned())), "{wrong}");
        }
        for all in ["0.0.0.0/0", "::/0", "::ffff:0:0/96"] {
            assert!(matches!(network(all), Err(NotExcluded::Everybody(_))), "{all}");
        }
    }

    #[test]
    fn each_kind_is_looked_for() {
        let networks = ["203.0.113.0/24", "2001:db8::/32"].map(|text| network(text).unwrap()).to_vec();
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let exclusions = Exclusions {
            networks,
            countries: owned(&["DE"]),
            paths: owned(&["/admin/**", "/login"]),
            hosts: owned(&["staging.example.com", "*.test.example"]),
        };
        for (address, expected) in [
            ("203.0.113.9", true),
            ("::ffff:203.0.113.9", true),
            ("203.0.114.9", false),
            ("2001:db8:7::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(exclusions.has_address(address.parse().unwrap()), expected, "{address}");
        }
        assert!(exclusions.has_country("DE") && !exclusions.has_country("AT"));
        assert!(exclusions.has_page("/admin/users/7") && exclusions.has_page("/login"));
        assert!(!exclusions.has_page("/admin") && !exclusions.has_page("/login/help"));
        assert!(exclusions.has_host("staging.example.com") && exclusions.has_host("a.test.example"));
        assert!(!exclusions.has_host("example.com") && !exclusions.has_host("test.example"));
        assert!(!exclusions.is_empty() && Exclusions::default().is_empty());
    }

    #[test]
    fn there_are_few_of_each() {
        let many = Exclusions { hosts: vec!["a.test".into(); 101], ..Exclusions::default() };
        assert_eq!(many.check(), Err(NotExcluded::TooMany(101, "hosts", 100)));
    }
}
