//! In: from which addresses hits come, and by which way. Out: what seems wrong with the settings of proxies: a proxy or a delivery
//! network that nobody named as trusted, or headers that can't be believed. Forgets: the addresses, whose digests stay until the next look
//! where they tell something.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::beacon::ClientIp;
use crate::beacon::address::{HiddenProxy, NAMES, Way, delivery_network, is_local};
use crate::hit::token::Token;
use crate::limits;

/// How many of a hundred hits must come in a way.
fn percent(hidden: HiddenProxy) -> u32 {
    if hidden == HiddenProxy::Private { limits::PROXY_PRIVATE_PERCENT } else { limits::PROXY_OTHERS_PERCENT }
}

fn log(hidden: HiddenProxy) {
    match hidden {
        HiddenProxy::Private => tracing::warn!(
            "nearly all hits come from one address of a local network: name the proxy's network in trusted_proxies"
        ),
        HiddenProxy::Public => tracing::warn!(
            "most hits come through a few public addresses that send forwarding headers: name the proxies in trusted_proxies"
        ),
        HiddenProxy::Delivery(network) => tracing::warn!(
            network,
            "most hits come from machines of one delivery network: add \"{network}\" to trusted_proxies"
        ),
        HiddenProxy::Contradictory => tracing::warn!(
            "most hits come with forwarding headers that contradict each other: name the one that the proxy sets in client_ip_header"
        ),
        HiddenProxy::Unnamed => tracing::warn!(
            "most hits come from trusted proxies without the header of client_ip_header: name the one that the proxy sets"
        ),
    }
}

/// What was seen since the last look, and what was found at it.
#[derive(Debug, Default)]
pub struct Proxies {
    hits: AtomicU32,
    seen: Mutex<AddressesSeen>,
}

#[derive(Debug, Default)]
struct AddressesSeen {
    found: Option<HiddenProxy>,
    /// For digests; a new one after each look.
    key: RandomState,
    private: Suspect,
    public: Suspect,
    contradictory: Suspect,
    unnamed: Suspect,
    /// One for each of [`NAMES`].
    delivery: [Suspect; NAMES.len()],
}

/// Hits that came in one way, with digests of their addresses, and of their tokens, which stand for agents.
#[derive(Debug, Default)]
struct Suspect {
    hits: u32,
    addresses: HashSet<u64>,
    agents: HashSet<u64>,
}

impl Proxies {
    /// Notes where a hit came from.
    pub fn note(&self, address: ClientIp, way: Way, token: Option<Token>) {
        let hits = self.hits.fetch_add(1, Ordering::Relaxed) + 1;
        let (is_private, network) = (is_local(address.0), delivery_network(address.0));
        let tells_nothing = !is_private && network.is_none() && way == Way::Plain;
        if tells_nothing && hits < limits::PROXY_LOOK_HITS {
            return;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let digests = (seen.key.hash_one(address.0), token.map(|token| seen.key.hash_one(token)));
        if let Some(suspect) = seen.suspect(way, is_private, network) {
            suspect.note(digests);
        }
        if hits >= limits::PROXY_LOOK_HITS {
            self.hits.store(0, Ordering::Relaxed);
            seen.look(hits);
        }
    }

    /// What was found at the last look.
    pub fn found(&self) -> Option<HiddenProxy> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).found
    }
}

impl AddressesSeen {
    fn suspect(&mut self, way: Way, is_private: bool, network: Option<&str>) -> Option<&mut Suspect> {
        let of_network = network.and_then(|network| NAMES.iter().position(|name| *name == network));
        match (way, of_network) {
            (Way::Contradictory, _) => Some(&mut self.contradictory),
            (Way::Unnamed, _) => Some(&mut self.unnamed),
            (_, Some(at)) => self.delivery.get_mut(at),
            _ if is_private => Some(&mut self.private),
            (Way::Through, None) => Some(&mut self.public),
            (Way::Plain, None) => None,
        }
    }

    /// What is found stays until less than half of what it takes is seen: it must not come and go with every few visitors.
    fn look(&mut self, hits: u32) {
        let of_networks = self.delivery.iter().zip(NAMES).map(|(suspect, name)| (HiddenProxy::Delivery(name), suspect));
        let all: Vec<(HiddenProxy, &Suspect)> = [
            (HiddenProxy::Contradictory, &self.contradictory),
            (HiddenProxy::Unnamed, &self.unnamed),
            (HiddenProxy::Private, &self.private),
        ]
        .into_iter()
        .chain(of_networks)
        .chain([(HiddenProxy::Public, &self.public)])
        .collect();
        let share = |hidden: HiddenProxy, suspect: &Suspect| suspect.hits * 100 >= hits * percent(hidden);
        let is_found = |hidden: HiddenProxy, suspect: &Suspect| {
            let are_few = match hidden {
                HiddenProxy::Private => suspect.addresses.len() == 1,
                HiddenProxy::Public => suspect.addresses.len() <= limits::PROXY_ADDRESSES_FEW,
                _ => true,
            };
            are_few && suspect.agents.len() >= limits::PROXY_AGENTS && share(hidden, suspect)
        };
        let now = all.iter().find(|(hidden, suspect)| is_found(*hidden, suspect)).map(|(hidden, _)| *hidden);
        let is_still = |hidden: &HiddenProxy| {
            all.iter().any(|(of, suspect)| of == hidden && suspect.hits * 200 >= hits * percent(*hidden))
        };
        let found = now.or(self.found.filter(is_still));
        if let Some(hidden) = found.filter(|hidden| self.found != Some(*hidden)) {
            log(hidden);
        }
        *self = AddressesSeen { found, ..AddressesSeen::default() };
    }
}

impl Suspect {
    fn note(&mut self, (address, token): (u64, Option<u64>)) {
        self.hits += 1;
        if self.addresses.len() <= limits::PROXY_ADDRESSES_FEW {
            self.addresses.insert(address);
        }
        // Without tokens agents are not told apart; each hit then stands for one.
        let agent = token.unwrap_or(u64::from(self.hits));
        if self.agents.len() < limits::PROXY_AGENTS {
            self.agents.insert(agent);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn after(hits: u32, way: Way, address: impl Fn(u32) -> [u8; 4], agents: u64) -> Option<HiddenProxy> {
        let proxies = Proxies::default();
        for hit in 0..hits {
            let token = Token::from_bits(u64::from(hit) % agents);
            proxies.note(ClientIp(IpAddr::from(address(hit))), way, Some(token));
        }
        proxies.found()
    }

    #[test]
    fn one_private_address_of_many_agents_is_a_proxy() {
        for way in [Way::Plain, Way::Through] {
            assert_eq!(after(limits::PROXY_LOOK_HITS, way, |_| [172, 17, 0, 1], 50), Some(HiddenProxy::Private));
            assert_eq!(after(limits::PROXY_LOOK_HITS, way, |_| [172, 17, 0, 1], 2), None, "somebody who tries it out");
            assert_eq!(after(limits::PROXY_LOOK_HITS, way, |hit| [10, 0, 0, hit as u8 % 20], 50), None, "an office");
            assert_eq!(after(limits::PROXY_LOOK_HITS - 1, way, |_| [172, 17, 0, 1], 50), None, "too early");
        }
        assert_eq!(after(limits::PROXY_LOOK_HITS, Way::Plain, |_| [192, 0, 2, 1], 50), None, "a public address");
        let mixed = |hit: u32| if hit.is_multiple_of(2) { [172, 17, 0, 1] } else { [192, 0, 2, hit as u8] };
        assert_eq!(after(limits::PROXY_LOOK_HITS, Way::Plain, mixed, 50), None);
    }

    #[test]
    fn a_few_public_addresses_that_send_headers_are_proxies() {
        let few = |hit: u32| [192, 0, 2, hit as u8 % 5];
        assert_eq!(after(limits::PROXY_LOOK_HITS, Way::Through, few, 50), Some(HiddenProxy::Public));
        assert_eq!(after(limits::PROXY_LOOK_HITS, Way::Plain, few, 50), None, "without headers it is a few people");
        assert_eq!(after(limits::PROXY_LOOK_HITS, Way::Through, few, 5), None, "a few agents");
        assert_eq!(
            after(limits::PROXY_LOOK_HITS, Way::Through, |hit| [192, 0, 2, hit as u8], 50),
            None,
            "visitors behind proxies of their own"
        );
    }

    #[test]
    fn a_delivery_network_is_named() {
        let edges = |hit: u32| [162, 158, hit as u8, 1];
        for way in [Way::Plain, Way::Through] {
            assert_eq!(after(limits::PROXY_LOOK_HITS, way, edges, 50), Some(HiddenProxy::Delivery("cloudflare")));
            let most = |hit: u32| if hit.is_multiple_of(3) { [192, 0, 2, hit as u8] } else { [151, 101, 1, hit as u8] };
            assert_eq!(after(limits::PROXY_LOOK_HITS, way, most, 50), Some(HiddenProxy::Delivery("fastly")));
            let some = |hit: u32| if hit.is_multiple_of(3) { [151, 101, 1, hit as u8] } else { [192, 0, 2, hit as u8] };
            assert_eq!(after(limits::PROXY_LOOK_HITS, way, some, 50), None);
        }
    }

    #[test]
    fn headers_that_are_not_believed_are_told() {
        for (way, hidden) in [(Way::Contradictory, HiddenProxy::Contradictory), (Way::Unnamed, HiddenProxy::Unnamed)] {
            assert_eq!(after(limits::PROXY_LOOK_HITS, way, |_| [127, 0, 0, 1], 50), Some(hidden));
            assert_eq!(
                after(limits::PROXY_LOOK_HITS, way, |_| [127, 0, 0, 1], 3),
                None,
                "somebody who plays with headers"
            );
        }
    }

    #[test]
    fn it_is_over_when_the_proxy_is_known() {
        let ways = [([172, 17, 0, 1], Way::Plain), ([192, 0, 2, 1], Way::Through), ([162, 158, 1, 1], Way::Through)];
        for (proxy, way) in ways {
            let proxies = Proxies::default();
            for hit in 0..2 * limits::PROXY_LOOK_HITS {
                let (address, way) =
                    if hit < limits::PROXY_LOOK_HITS { (proxy, way) } else { ([192, 0, 2, hit as u8], Way::Plain) };
                proxies.note(ClientIp(IpAddr::from(address)), way, Some(Token::from_bits(u64::from(hit))));
                assert_eq!(
                    proxies.found().is_some(),
                    (limits::PROXY_LOOK_HITS - 1..2 * limits::PROXY_LOOK_HITS - 1).contains(&hit)
                );
            }
        }
    }
}
