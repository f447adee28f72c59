//! In: networks. Out: whether an address is in one of them, in a few nanoseconds however many they are. Forgets: how they were
//! written; those that overlap are one.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A set of networks, kept as ranges in ascending order that do not overlap. IPv4 networks and those within IPv6
/// (`::ffff:10.0.0.0/104`) are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Networks {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Networks {
    /// Whether the address is in one of the networks.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(v4) => is_within(&self.v4, u32::from(v4)),
            IpAddr::V6(v6) => is_within(&self.v6, u128::from(v6)),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Networks {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match (network.network().to_canonical(), network.broadcast().to_canonical()) {
                (IpAddr::V4(first), IpAddr::V4(last)) => v4.push((u32::from(first), u32::from(last))),
                (first, last) => v6.push((bits(first), bits(last))),
            }
        }
        Networks { v4: merged(v4), v6: merged(v6) }
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn is_within<N: Copy + Ord>(ranges: &[(N, N)], number: N) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= number);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, last)| number <= *last)
}

/// The ranges in ascending order; those that overlap are one.
fn merged<N: Copy + Ord>(mut ranges: Vec<(N, N)>) -> Vec<(N, N)> {
    ranges.sort_unstable();
    let mut out: Vec<(N, N)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match out.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => out.push((first, last)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        texts.iter().map(|text| text.parse::<IpNet>().expect("a network")).collect()
    }

    fn is_in(set: &Networks, address: &str) -> bool {
        set.contains(address.parse().expect("an address"))
    }

    #[test]
    fn mapped_networks_and_addresses_are_those_of_ipv4() {
        for set in [networks(&["10.0.0.0/8"]), networks(&["::ffff:10.0.0.0/104"]), networks(&["::ffff:10.9.9.9/104"])] {
            assert!(is_in(&set, "10.0.0.0") && is_in(&set, "10.255.255.255") && is_in(&set, "::ffff:10.1.2.3"));
            assert!(!is_in(&set, "9.255.255.255") && !is_in(&set, "11.0.0.0") && !is_in(&set, "::a00:1"));
        }
        let all = networks(&["::/0"]);
        assert!(is_in(&all, "::1") && is_in(&all, "ffff::"), "all of IPv6");
        let mapped = networks(&["::ffff:0:0/96"]);
        assert!(is_in(&mapped, "192.0.2.1") && !is_in(&mapped, "2001:db8::1"));
        assert!(Networks::default().is_empty() && !is_in(&Networks::default(), "::1") && !mapped.is_empty());
    }

    proptest! {
        #[test]
        fn a_set_says_what_a_walk_over_its_networks_says(
            nets in prop::collection::vec((any::<u32>(), 0_u8..=32, any::<u128>(), 0_u8..=128), 0..20),
            probes in prop::collection::vec((any::<u32>(), any::<u128>()), 20),
        ) {
            let pairs = nets.iter().flat_map(|(v4, v4_bits, v6, v6_bits)| [
                IpNet::new(IpAddr::from(v4.to_be_bytes()), *v4_bits).expect("a network"),
                // Beside the space of IPv4 within IPv6, which is another set here.
                IpNet::new(IpAddr::from((v6 | 1 << 127).to_be_bytes()), (*v6_bits).max(1)).expect("a network"),
            ]);
            let list: Vec<IpNet> = pairs.collect();
            let set: Networks = list.iter().copied().collect();
            let edges = list.iter().flat_map(|net| [net.network(), net.broadcast()]);
            let random = probes.iter().flat_map(|(v4, v6)| [
                IpAddr::from(v4.to_be_bytes()),
                IpAddr::from((v6 | 1 << 127).to_be_bytes()),
            ]);
            for address in edges.chain(random) {
                let by_walk = list.iter().any(|net| net.contains(&address));
                prop_assert_eq!(set.contains(address), by_walk);
            }
        }
    }
}
