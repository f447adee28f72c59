//! In: tries at passwords, by what is guessed and from where. Out: whether one more is allowed. Forgets: names and addresses at
//! once; what stays for minutes, in memory, are counts in slots that only this run of the program can tell apart.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::limits;
use crate::site::Moment;

/// Counts of tries. However many names and networks take part, they take the same room.
#[derive(Debug)]
pub struct RateLimit {
    /// Keyed by the system's randomness, anew at each start.
    key: RandomState,
    names: Mutex<Vec<CountSlot>>,
    networks: Mutex<Vec<CountSlot>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct CountSlot {
    since_ms: i64,
    count: u32,
}

impl Default for RateLimit {
    fn default() -> RateLimit {
        let slots = || Mutex::new(vec![CountSlot::default(); limits::TRIES_SLOTS]);
        RateLimit { key: RandomState::new(), names: slots(), networks: slots() }
    }
}

impl RateLimit {
    /// Takes one try at the password of `what`, like `user ana`, before it is compared; tells whether there was one left, for the
    /// name and for the network of whoever tries.
    pub fn take(&self, what: &str, network: IpAddr, now: Moment) -> bool {
        // A network that has none left must not use up those of names.
        self.networks_slot(network, |slot| slot.take(limits::TRIES_PER_NETWORK, now))
            && self.names_slot(what, |slot| slot.take(limits::TRIES_PER_NAME, now))
    }

    /// Gives a try back that was right.
    pub fn give_back(&self, what: &str, network: IpAddr) {
        self.networks_slot(network, CountSlot::give_back);
        self.names_slot(what, CountSlot::give_back);
    }

    fn names_slot<T>(&self, what: &str, change: impl FnOnce(&mut CountSlot) -> T) -> T {
        self.slot(&self.names, self.key.hash_one(what), change)
    }

    fn networks_slot<T>(&self, network: IpAddr, change: impl FnOnce(&mut CountSlot) -> T) -> T {
        self.slot(&self.networks, self.key.hash_one(network), change)
    }

    fn slot<T>(&self, slots: &Mutex<Vec<CountSlot>>, hash: u64, change: impl FnOnce(&mut CountSlot) -> T) -> T {
        let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut slots[hash as usize % limits::TRIES_SLOTS])
    }
}

impl CountSlot {
    fn take(&mut self, most: u32, now: Moment) -> bool {
        // A clock that was set back must not lock anybody out.
        if !(0..limits::TRIES_WAIT_MS).contains(&(now.0 - self.since_ms)) {
            *self = CountSlot { since_ms: now.0, count: 0 };
        }
        let is_left = self.count < most;
        self.count += u32::from(is_left);
        is_left
    }

    fn give_back(&mut self) {
        self.count = self.count.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ClientIp;
    use crate::hit::token;
    use crate::site::AddressMode;

    fn who(address: &str) -> IpAddr {
        token::visible(ClientIp(address.parse().unwrap()), AddressMode::Truncate)
    }

    /// How many tries are let through until one is turned away.
    fn tries_left(limit: &RateLimit, what: &str, who: IpAddr, now: i64) -> u32 {
        (0..1_000).take_while(|_| limit.take(what, who, Moment(now))).count() as u32
    }

    #[test]
    fn a_name_has_few_tries_from_wherever_they_come_and_has_them_again_later() {
        let limit = RateLimit::default();
        let start = 1_800_000_000_000;
        for number in 0..limits::TRIES_PER_NAME {
            assert!(limit.take("user ana", who(&format!("198.18.{number}.1")), Moment(start)));
        }
        assert!(!limit.take("user ana", who("198.18.200.1"), Moment(start + 1)));
        assert!(limit.take("user bob", who("198.18.200.1"), Moment(start + 1)), "others are not locked out");
        let later = start + limits::TRIES_WAIT_MS;
        assert!(!limit.take("user ana", who("198.18.201.1"), Moment(later - 1)));
        assert_eq!(tries_left(&limit, "user ana", who("198.18.202.1"), later), limits::TRIES_PER_NAME);
    }

    #[test]
    fn a_network_has_a_bound_over_all_names() {
        let limit = RateLimit::default();
        let allowed = (0..500).filter(|number| {
            let neighbour = who(&format!("2001:db8:1:{number:x}::{number:x}"));
            limit.take(&format!("user {number}"), neighbour, Moment(1_800_000_000_000))
        });
        assert_eq!(allowed.count() as u32, limits::TRIES_PER_NETWORK);
        assert!(limit.take("user 1", who("2001:db8:2::1"), Moment(1_800_000_000_000)), "another network");
        let v4 = tries_left(&limit, "user x", who("192.0.2.1"), 1_800_000_000_000);
        assert_eq!(v4, limits::TRIES_PER_NAME);
    }

    #[test]
    fn right_ones_cost_nothing() {
        let limit = RateLimit::default();
        for _ in 0..200 {
            assert!(limit.take("user ana", who("192.0.2.1"), Moment(1_800_000_000_000)));
            limit.give_back("user ana", who("192.0.2.1"));
        }
        assert_eq!(tries_left(&limit, "user ana", who("192.0.2.1"), 1_800_000_000_000), limits::TRIES_PER_NAME);
    }
}
