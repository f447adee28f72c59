//! In: from which addresses hits come. Out: whether nearly all of them come from one private address, which is then a proxy
//! that nobody told us of. Forgets: addresses of the public network at once; a private one with the next look.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::beacon::ClientIp;
use crate::hit::token::Token;

/// After how many hits it is looked, and how many of a hundred must come from the address.
const HITS: u32 = 200;
const PERCENT: u32 = 95;
/// How many agents must come from it: one person at a desk is no proxy.
const AGENTS: usize = 10;

/// What was seen since the last look.
#[derive(Debug, Default)]
pub struct Proxies {
    hits: AtomicU32,
    private: Mutex<Private>,
    is_hidden: AtomicBool,
}

#[derive(Debug, Default)]
struct Private {
    address: Option<IpAddr>,
    hits: u32,
    agents: HashSet<u64>,
}

impl Proxies {
    /// Notes where a hit came from.
    pub fn note(&self, address: ClientIp, token: Option<Token>) {
        let hits = self.hits.fetch_add(1, Ordering::Relaxed) + 1;
        let is_private = is_private(address.0);
        if !is_private && hits < HITS {
            return;
        }
        let mut private = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        if is_private {
            private.note(address.0, token);
        }
        if hits >= HITS {
            self.hits.store(0, Ordering::Relaxed);
            let is_most = private.hits * 100 >= hits * PERCENT && private.agents.len() >= AGENTS;
            if is_most && !self.is_hidden.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "nearly all hits come from one address of a local network: name the proxy's network in trusted_proxies"
                );
            }
            if private.hits * 2 < hits {
                self.is_hidden.store(false, Ordering::Relaxed);
            }
            *private = Private::default();
        }
    }

    /// Whether it seems so.
    pub fn is_hidden(&self) -> bool {
        self.is_hidden.load(Ordering::Relaxed)
    }
}

impl Private {
    fn note(&mut self, address: IpAddr, token: Option<Token>) {
        if *self.address.get_or_insert(address) != address {
            return;
        }
        self.hits += 1;
        // Without tokens agents are not told apart; each hit then stands for one.
        let agent = token.map_or(u64::from(self.hits), Token::bits);
        if self.agents.len() < AGENTS {
            self.agents.insert(agent);
        }
    }
}

/// Whether an address is of this machine or of a local network.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(hits: u32, address: impl Fn(u32) -> [u8; 4], agents: u64) -> bool {
        let proxies = Proxies::default();
        for hit in 0..hits {
            let token = Token::from_bits(u64::from(hit) % agents);
            proxies.note(ClientIp(IpAddr::from(address(hit))), Some(token));
        }
        proxies.is_hidden()
    }

    #[test]
    fn one_private_address_of_many_agents_is_a_proxy() {
        assert!(after(HITS, |_| [172, 17, 0, 1], 50));
        assert!(!after(HITS, |_| [172, 17, 0, 1], 2), "somebody who tries it out");
        assert!(!after(HITS, |_| [192, 0, 2, 1], 50), "a public address");
        assert!(!after(HITS, |hit| [10, 0, 0, hit as u8 % 20], 50), "an office");
        assert!(!after(HITS, |hit| if hit % 2 == 0 { [172, 17, 0, 1] } else { [192, 0, 2, hit as u8] }, 50));
        assert!(!after(HITS - 1, |_| [172, 17, 0, 1], 50), "too early");
    }

    #[test]
    fn it_is_over_when_the_proxy_is_known() {
        let proxies = Proxies::default();
        for hit in 0..2 * HITS {
            let address = if hit < HITS { [172, 17, 0, 1] } else { [192, 0, 2, hit as u8] };
            proxies.note(ClientIp(IpAddr::from(address)), Some(Token::from_bits(u64::from(hit))));
        }
        assert!(!proxies.is_hidden());
    }
}
