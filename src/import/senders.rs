//! In: from which address each pageview of a log came, and with which agent. Out: whether nearly all came from one address with
//! many agents, which is then a proxy that nobody told us of. Forgets: all of them at the end of the import.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use crate::beacon::ClientIp;
use crate::limits;

/// Who has sent what was seen so far.
#[derive(Default)]
pub(super) struct Senders {
    /// The address that has the majority, if one has it (Boyer and Moore, 1981), and by how many lines.
    address: Option<IpAddr>,
    lead: u64,
    lines: u64,
    agents: HashSet<u64>,
    hasher: RandomState,
}

impl Senders {
    /// Notes a pageview.
    pub(super) fn note(&mut self, address: ClientIp, agent: &str) {
        self.lines += 1;
        if self.address == Some(address.0) {
            self.lead += 1;
            if self.agents.len() < limits::LOG_PROXY_AGENTS {
                self.agents.insert(self.hasher.hash_one(agent));
            }
        } else if self.lead == 0 {
            (self.address, self.lead) = (Some(address.0), 1);
            self.agents.clear();
            self.agents.insert(self.hasher.hash_one(agent));
        } else {
            self.lead -= 1;
        }
    }

    /// Whether nearly all came from one address with many agents. A lead of nine in ten lines is a share of 95 in a hundred.
    pub(super) fn are_one(&self) -> bool {
        let is_most = self.lead * 10 >= self.lines * 9;
        is_most && self.lines >= limits::LOG_PROXY_LINES && self.agents.len() >= limits::LOG_PROXY_AGENTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: u64, address: impl Fn(u64) -> u8, agents: u64) -> bool {
        let mut senders = Senders::default();
        for line in 0..lines {
            let agent = format!("agent {}", line % agents);
            senders.note(ClientIp(IpAddr::from([192, 0, 2, address(line)])), &agent);
        }
        senders.are_one()
    }

    #[test]
    fn one_address_of_many_agents_is_a_proxy() {
        assert!(after(100, |_| 1, 30));
        assert!(after(100, |line| if line % 25 == 0 { 9 } else { 1 }, 30), "nearly all");
        assert!(!after(100, |_| 1, 3), "a person");
        assert!(!after(100, |line| line as u8, 30), "people");
        assert!(!after(100, |line| line as u8 % 2, 30), "two proxies are not one");
        assert!(!after(10, |_| 1, 10), "too few");
    }
}
