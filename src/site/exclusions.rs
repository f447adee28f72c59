//! What is left out of a site, and the settings of it. The address that is compared with excluded networks is not kept.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::change::{SettingContext, each};
use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};
use super::{NotSet, PathRules, fits, goal, host_pattern};
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

/// The code of a country as hits have it.
fn country(text: &str, context: &SettingContext) -> Result<String, NotSet> {
    let code = text.trim().to_uppercase();
    match (context.is_country)(&code) {
        true => Ok(code),
        false => Err(NotSet(format!("{:?} is no code of a country; write two letters like DE", text.trim()))),
    }
}

/// A page or a pattern of pages, as hits are when they are compared with it.
fn path(text: &str, rules: &PathRules, context: &SettingContext) -> Result<String, NotSet> {
    let (text, domain) = (text.trim(), context.domain);
    if !text.starts_with('/') || text.contains(char::is_control) || text.len() > limits::NAME_BYTES_MAX {
        return Err(NotSet(format!("{text:?} is no path to leave out; write it like /admin/** or /login")));
    }
    if text.contains("**") && text.trim_matches(['/', '*']).is_empty() {
        return Err(NotSet(format!("{text} is every page of {domain}; name those that are not to be counted")));
    }
    let page = (context.counted)(text, rules)?;
    // One order would silently stand for all of them.
    let stands_for_more = page != text && rules.templates.contains(&page);
    let wrong = || format!("{text} counts as {page} by the site's rules; write that if all of it is to be left out");
    if stands_for_more { Err(NotSet(wrong())) } else { Ok(page) }
}

/// The settings of exclusions.
pub(super) static SETTINGS: [SiteSetting; 4] = [
    SiteSetting {
        name: "exclude_ips",
        flag: "exclude-ip",
        value_name: "NETWORK",
        help: "A network whose hits are left out, like 203.0.113.0/24 or one address",
        title: "excluded networks",
        line: "without networks {}",
        kind: SettingKind::List {
            get: |settings| settings.exclude.networks.iter().map(ToString::to_string).collect(),
            set: |settings, texts, _| {
                settings.exclude.networks = each(texts, |text| Ok(network(text)?))?;
                Ok(())
            },
            most: limits::EXCLUDED_NETWORKS_MAX,
            none: "none",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Exclusions,
            label: Translated {
                english: "Networks of senders",
                german: "Netze der Absender",
                french: "Réseaux des expéditeurs",
            },
            help: Some(Translated {
                english: "One per line, like `203.0.113.0/24`, `2001:db8::/32` or one address. They are stored as you write them, so name your own.",
                german: "Eines pro Zeile, wie `203.0.113.0/24`, `2001:db8::/32` oder eine einzelne Adresse. Sie werden so gespeichert, wie sie hier stehen, daher nur eigene nennen.",
                french: "Un par ligne, comme `203.0.113.0/24`, `2001:db8::/32` ou une adresse seule. Ils sont enregistrés tels quels : n’indiquez que les vôtres.",
            }),
        }),
    },
    SiteSetting {
        name: "exclude_countries",
        flag: "exclude-country",
        value_name: "CODE",
        help: "A country whose hits are left out, like DE",
        title: "excluded countries",
        line: "without countries {}",
        kind: SettingKind::List {
            get: |settings| settings.exclude.countries.clone(),
            set: |settings, texts, context| {
                settings.exclude.countries = each(texts, |text| country(text, context))?;
                Ok(())
            },
            most: limits::EXCLUDED_COUNTRIES_MAX,
            none: "none",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Exclusions,
            label: Translated {
                english: "Countries of senders",
                german: "Länder der Absender",
                french: "Pays des expéditeurs",
            },
            help: Some(Translated {
                english: "Two letters each, one per line, like `DE`.",
                german: "Je zwei Buchstaben, eines pro Zeile, wie `DE`.",
                french: "Deux lettres, un pays par ligne, comme `DE`.",
            }),
        }),
    },
    SiteSetting {
        name: "exclude_paths",
        flag: "exclude-path",
        value_name: "PATH",
        help: "Pages that are left out, like /login or '/admin/**'",
        title: "excluded paths",
        line: "without paths {}",
        kind: SettingKind::List {
            get: |settings| settings.exclude.paths.clone(),
            set: |settings, texts, context| {
                settings.exclude.paths = each(texts, |text| path(text, &settings.paths, context))?;
                Ok(())
            },
            most: limits::EXCLUDED_PATHS_MAX,
            none: "none",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Exclusions,
            label: Translated { english: "Pages", german: "Seiten", french: "Pages à exclure" },
            help: Some(Translated {
                english: "One per line, like `/login` or `/admin/**`: `*` stands for anything but a slash, `**` for anything.",
                german: "Eine pro Zeile, wie `/login` oder `/admin/**`: `*` steht für alles außer einem Schrägstrich, `**` für alles.",
                french: "Une par ligne, comme `/login` ou `/admin/**` : `*` désigne tout sauf une barre oblique, `**` désigne tout.",
            }),
        }),
    },
    SiteSetting {
        name: "exclude_hosts",
        flag: "exclude-host",
        value_name: "HOST",
        help: "A host whose pages are left out, `*.example.com` for all below it",
        title: "excluded hosts",
        line: "without hosts {}",
        kind: SettingKind::List {
            get: |settings| settings.exclude.hosts.clone(),
            set: |settings, texts, _| {
                settings.exclude.hosts = each(texts, |text| Ok(host_pattern(text)?))?;
                Ok(())
            },
            most: limits::EXCLUDED_HOSTS_MAX,
            none: "none",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Exclusions,
            label: Translated { english: "Hosts of pages", german: "Hosts der Seiten", french: "Hôtes des pages" },
            help: Some(Translated {
                english: "One per line, like `staging.example.com`; `*.example.com` stands for every host below it.",
                german: "Einer pro Zeile, wie `staging.example.com`; `*.example.com` steht für alle Hosts darunter.",
                french: "Un par ligne, comme `staging.example.com` ; `*.example.com` désigne tous les hôtes en dessous.",
            }),
        }),
    },
];

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
}
