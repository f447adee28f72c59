//! The networks that a name of `trusted_proxies` stands for, and the delivery network that an address belongs to, from the lists
//! in `beacon/data/`.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;

use super::Networks;

/// Rows of name and network, below a line that says where they are from.
const LISTS: [&str; 2] = [include_str!("../data/networks.tsv"), include_str!("../data/networks_own.tsv")];

/// The names: first those of no one in particular, then those of delivery networks.
pub const NAMES: [&str; 9] =
    ["loopback", "private", "cloudflare", "cloudfront", "fastly", "akamai", "google", "imperva", "sucuri"];

/// How many of [`NAMES`] are no delivery network.
const ANYBODYS: usize = 2;

/// The delivery networks, in the order of their names.
static DELIVERY: LazyLock<Vec<Networks>> =
    LazyLock::new(|| NAMES.into_iter().skip(ANYBODYS).map(|name| rows(name).collect()).collect());

/// All of them as one: nearly all addresses are in none.
static ALL: LazyLock<Networks> = LazyLock::new(|| NAMES.into_iter().skip(ANYBODYS).flat_map(rows).collect());

static CLOUDFLARE: LazyLock<Networks> = LazyLock::new(|| rows("cloudflare").collect());

/// The networks that a name stands for, in any case of letters; nothing if there is no such name.
pub fn named(name: &str) -> Option<impl Iterator<Item = IpNet>> {
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name)).map(rows)
}

fn rows(name: &'static str) -> impl Iterator<Item = IpNet> {
    let all = LISTS.into_iter().flat_map(str::lines);
    all.filter_map(move |row| row.split_once('\t').filter(|(of, _)| *of == name)?.1.parse().ok())
}

/// The name of the delivery network that the address belongs to.
pub fn delivery_network(address: IpAddr) -> Option<&'static str> {
    if !ALL.contains(address) {
        return None;
    }
    let mut of_each = NAMES.into_iter().skip(ANYBODYS).zip(DELIVERY.iter());
    of_each.find(|(_, networks)| networks.contains(address)).map(|(name, _)| name)
}

/// Whether the address is Cloudflare's.
pub(super) fn is_cloudflares(address: IpAddr) -> bool {
    CLOUDFLARE.contains(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn every_row_is_a_network_of_a_known_name() {
        for list in LISTS {
            let mut lines = list.lines();
            assert!(lines.next().is_some_and(|head| head.starts_with("# name\tnetwork · ")));
            for row in lines {
                let (name, network) = row.split_once('\t').expect("two columns");
                assert!(NAMES.contains(&name), "{row}");
                let network: IpNet = network.parse().expect(row);
                assert_eq!(network, network.trunc(), "{row}");
            }
        }
        for name in NAMES {
            assert!(rows(name).count() > 1, "{name}");
        }
    }

    #[test]
    fn names_stand_for_their_networks() {
        let cases = [
            ("loopback", "127.8.8.8", "128.0.0.1"),
            ("loopback", "::1", "::2"),
            ("private", "172.31.9.9", "172.32.0.1"),
            ("private", "100.127.0.1", "100.128.0.1"),
            ("private", "fd12::1", "2001:db8::1"),
            ("private", "fe80::1", "127.0.0.1"),
            ("Cloudflare", "172.71.255.255", "104.28.0.1"),
            ("cloudflare", "2400:cb00::1", "2400:cb01::1"),
            ("cloudfront", "13.124.199.7", "52.94.76.1"),
            ("fastly", "151.101.1.1", "151.102.0.0"),
            ("fastly", "140.248.64.1", "140.248.0.1"),
            ("akamai", "23.32.1.1", "23.64.0.1"),
            ("google", "35.191.3.4", "35.190.3.4"),
            ("imperva", "45.60.1.1", "45.61.1.1"),
            ("SUCURI", "192.88.134.1", "192.88.136.1"),
        ];
        for (name, inside, outside) in cases {
            let networks: Networks = named(name).expect(name).collect();
            assert!(networks.contains(address(inside)), "{name} {inside}");
            assert!(!networks.contains(address(outside)), "{name} {outside}");
        }
        assert!(named("cloud").is_none());
    }

    #[test]
    fn an_address_tells_its_delivery_network() {
        assert_eq!(delivery_network(address("173.245.48.1")), Some("cloudflare"));
        assert_eq!(delivery_network(address("::ffff:151.101.1.1")), Some("fastly"));
        assert_eq!(delivery_network(address("2600:9000:1000::1")), Some("cloudfront"));
        for of_nobody in ["127.0.0.1", "10.0.0.1", "192.0.2.1", "2001:db8::1"] {
            assert_eq!(delivery_network(address(of_nobody)), None, "{of_nobody}");
        }
        assert!(is_cloudflares(address("104.16.0.1")) && !is_cloudflares(address("151.101.1.1")));
    }
}
