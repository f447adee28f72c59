//! In: who would be a new visitor, of which site and network. Out: whether they get one of their own. Forgets: networks, with the
//! minute and with the day; what stays are counts in slots that several networks share.
//!
//! Memory for visitors is one room for all sites. A site uses at most half of it where there are others, and each is sure of a
//! few. Of a site's new visitors one network brings at most a share, by minute and by day. Whoever finds no room is counted without a
//! visitor: behind one address there may be a whole company, or a proxy that nobody named, so pageviews must not be lost;
//! and agents that one sender makes up must not become people.

use serde::{Deserialize, Serialize};

use super::Fast;
use crate::hit::token::Network;
use crate::limits;
use crate::site::{Day, Moment, SiteId};

/// Whether somebody new gets a visitor of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// They do.
    Visitor,
    /// Their hits count as on a site that keeps no tokens; they are not remembered, and bring no new names.
    NoVisitor,
}

/// Somebody who would be a new visitor.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer {
    /// The site and its day.
    pub day: (SiteId, Day),
    /// The network; nothing where the site keeps no tokens.
    pub network: Option<Network>,
    /// When they come, by the clock: what a client says of a hit does not matter for it.
    pub at: Moment,
}

/// What is remembered of those who came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomTaken {
    /// Visitors.
    pub visitors: usize,
    /// Where no tokens are kept: kinds of hits, and of properties.
    pub kinds: usize,
}

/// How the room for visitors is used.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Shares {
    all: RoomTaken,
    sites: Fast<SiteId, RoomTaken>,
    days: Fast<(SiteId, Day), DayShare>,
}

/// How one site and day uses it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DayShare {
    taken: RoomTaken,
    of_day: NewVisitors,
    minute: i64,
    of_minute: NewVisitors,
}

/// New visitors of a while. Networks are told apart only when there are many.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct NewVisitors {
    /// The first few of each network. The rest is no measure of how many people there are: networks that flood a site together
    /// would make room for each other.
    count: u32,
    networks: Option<Box<NetworkCounts>>,
}

impl Shares {
    /// Whether somebody gets a visitor of their own, which counts against the share of their network. There are so many `sites`.
    pub fn room(&mut self, newcomer: Newcomer, sites: usize) -> Room {
        let of_site = self.sites.get(&newcomer.day.0).copied().unwrap_or_default();
        let Some(network) = newcomer.network else {
            let has_room = has_memory(self.all.kinds, of_site.kinds, sites, limits::KINDS_MAX);
            return if has_room { Room::Visitor } else { Room::NoVisitor };
        };
        if !has_memory(self.all.visitors, of_site.visitors, sites, limits::VISITORS_MAX) {
            return Room::NoVisitor;
        }
        let share = self.days.entry(newcomer.day).or_default();
        let minute = newcomer.at.0.div_euclid(60_000);
        // Another minute, whichever way the clock was set.
        if minute != share.minute {
            (share.minute, share.of_minute) = (minute, NewVisitors::default());
        }
        let of_minute = share.of_minute.has_room(network, limits::NEW_PER_NETWORK_AND_MINUTE);
        if !of_minute || !share.of_day.has_room(network, limits::NEW_PER_NETWORK_AND_DAY) {
            return Room::NoVisitor;
        }
        share.of_minute.add(network, limits::NEW_PER_NETWORK_AND_MINUTE);
        share.of_day.add(network, limits::NEW_PER_NETWORK_AND_DAY);
        Room::Visitor
    }

    /// Takes note of what is in memory of a day.
    pub fn note(&mut self, day: (SiteId, Day), taken: RoomTaken) {
        let before = std::mem::replace(&mut self.days.entry(day).or_default().taken, taken);
        for sum in [&mut self.all, self.sites.entry(day.0).or_default()] {
            sum.visitors = sum.visitors + taken.visitors - before.visitors;
            sum.kinds = sum.kinds + taken.kinds - before.kinds;
        }
    }

    /// Takes note that a day's visitors are forgotten.
    pub fn forget_day(&mut self, day: (SiteId, Day)) {
        self.note(day, RoomTaken::default());
        self.days.remove(&day);
        if self.sites.get(&day.0) == Some(&RoomTaken::default()) {
            self.sites.remove(&day.0);
        }
    }

    /// The same of all days of a site.
    pub fn forget_site(&mut self, site: SiteId) {
        let days: Vec<_> = self.days.keys().filter(|(of, _)| *of == site).copied().collect();
        days.into_iter().for_each(|day| self.forget_day(day));
    }

    /// Visitors in memory, of all sites, and kinds of hits where no tokens are kept.
    pub fn visitors(&self) -> usize {
        self.all.visitors + self.all.kinds
    }
}

/// Whether there is memory for one more of a site that has some already, of `most` in all.
pub fn has_memory(all: usize, of_site: usize, sites: usize, most: usize) -> bool {
    if sites <= 1 {
        return all < most;
    }
    let reserved = most / limits::RESERVED_PER;
    let sure = (reserved / sites).min(limits::VISITORS_SURE);
    let is_within_share = all < most - reserved && of_site < most / 2;
    all < most && (is_within_share || of_site < sure)
}

impl NewVisitors {
    /// Whether a network may bring one more: up to `free` it may in any case, and then up to its share of all.
    fn has_room(&self, network: Network, free: u32) -> bool {
        self.brought(network) < free.max(self.count / limits::NEW_SHARE_PER)
    }

    fn brought(&self, network: Network) -> u32 {
        self.networks.as_ref().map_or(0, |networks| networks.of(network))
    }

    fn add(&mut self, network: Network, free: u32) {
        self.count += u32::from(self.brought(network) < free / limits::NEW_MEASURED_PER);
        // Fewer than that are no flood, whoever brings them.
        if self.count > free / 2 {
            self.networks.get_or_insert_default().add(network, 1);
        }
    }
}

/// How often each network was met, in fixed room. Networks share slots: a count may be too large, but only by what is small beside
/// the bounds that it is compared with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NetworkCounts([Vec<u32>; 2]);

impl Default for NetworkCounts {
    fn default() -> NetworkCounts {
        NetworkCounts(std::array::from_fn(|_| vec![0; limits::NETWORK_SLOTS]))
    }
}

impl NetworkCounts {
    /// The slots of a network: its bits are uniform, and nobody can choose them.
    fn slots(network: Network) -> [usize; 2] {
        let bits = network.bits() as usize;
        [bits % limits::NETWORK_SLOTS, (bits / limits::NETWORK_SLOTS) % limits::NETWORK_SLOTS]
    }

    /// How often a network was met, at the most.
    pub fn of(&self, network: Network) -> u32 {
        let [first, second] = NetworkCounts::slots(network);
        self.0[0][first].min(self.0[1][second])
    }

    /// Adds to a network's count.
    pub fn add(&mut self, network: Network, count: u32) {
        for (row, slot) in self.0.iter_mut().zip(NetworkCounts::slots(network)) {
            row[slot] = row[slot].saturating_add(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Moment = Moment(1_780_315_200_000);
    const FLOOD: Network = Network::from_bits(7);

    fn newcomer(site: u32, network: Network, after_ms: i64) -> Newcomer {
        Newcomer { day: (SiteId(site), Day(20_600)), network: Some(network), at: NOON.plus(after_ms) }
    }

    /// A network by its number, with bits as uniform as those of a hash.
    fn network(number: u32) -> Network {
        Network::from_bits(number.wrapping_mul(0x9e37_79b1) ^ 0x5bd1_e995)
    }

    fn admit(shares: &mut Shares, newcomer: Newcomer) -> bool {
        let has_room = shares.room(newcomer, 3) == Room::Visitor;
        let before = shares.days.get(&newcomer.day).map(|share| share.taken).unwrap_or_default();
        let more = usize::from(has_room);
        let taken = match newcomer.network {
            Some(_) => RoomTaken { visitors: before.visitors + more, ..before },
            None => RoomTaken { kinds: before.kinds + more, ..before },
        };
        shares.note(newcomer.day, taken);
        has_room
    }

    #[test]
    fn a_million_agents_of_one_address_are_few_visitors() {
        let mut shares = Shares::default();
        let flood = (0..1_000_000).filter(|agent| admit(&mut shares, newcomer(1, FLOOD, agent * 14 / 1_000))).count();
        // Some come before networks are told apart.
        let free = limits::NEW_PER_NETWORK_AND_MINUTE as usize;
        assert!((free..=free * 3 / 2).contains(&flood), "{flood}");
        // Everybody else has room, at this site and at others.
        assert!((0..10_000).all(|who| admit(&mut shares, newcomer(1, network(who), 14_000))));
        assert!((0..10_000).all(|who| admit(&mut shares, newcomer(2, network(who), 14_000))));
        assert_eq!(shares.visitors(), flood + 20_000);
    }

    #[test]
    fn a_university_is_counted_for_a_whole_day() {
        let mut shares = Shares::default();
        // 400 people in the first minute, and 4,000 in all.
        assert!((0..400).all(|_| admit(&mut shares, newcomer(1, FLOOD, 0))));
        assert!((400..4_000).all(|who| admit(&mut shares, newcomer(1, FLOOD, who * 5_000))));
        let late = (0..20_000).filter(|who| admit(&mut shares, newcomer(1, FLOOD, 20_000_000 + who * 1_000))).count();
        assert!(late < limits::NEW_PER_NETWORK_AND_DAY as usize, "{late}");
    }

    #[test]
    fn a_clock_that_is_set_back_begins_a_minute_like_any_other() {
        let mut shares = Shares::default();
        let come = |shares: &mut Shares, after_ms: i64| {
            (0..2_000).filter(|_| admit(shares, newcomer(1, FLOOD, after_ms))).count()
        };
        let first = come(&mut shares, 3_600_000);
        assert!(first < 2_000);
        assert!(come(&mut shares, 0) > 0, "an hour back");
        assert_eq!(come(&mut shares, 1_000), 0, "the same minute");
    }

    #[test]
    fn a_network_that_is_a_small_part_of_a_large_site_has_its_share() {
        let mut shares = Shares::default();
        let many = limits::NEW_PER_NETWORK_AND_DAY * 3;
        let taken = (0..many).filter(|who| {
            (0..9)
                .for_each(|other| _ = admit(&mut shares, newcomer(1, network(who * 9 + other), i64::from(*who) * 100)));
            admit(&mut shares, newcomer(1, FLOOD, i64::from(*who) * 100))
        });
        assert_eq!(taken.count(), many as usize, "a tenth of all");
    }

    /// Whoever has many networks brings what each may bring in any case, and no more: they make no room for each other.
    #[test]
    fn networks_that_flood_a_site_together_have_no_more_than_each_by_itself() {
        for networks in [2, 4, 5, 50] {
            let mut shares = Shares::default();
            let flood = (0..200_000_u32)
                .filter(|agent| admit(&mut shares, newcomer(1, network(agent % networks), i64::from(*agent) / 10)))
                .count();
            let free = limits::NEW_PER_NETWORK_AND_MINUTE * networks;
            // Some come before networks are told apart.
            assert!(flood <= free as usize * 3 / 2, "{networks}: {flood}");
            assert!((0..1_000).all(|who| admit(&mut shares, newcomer(1, network(1_000 + who), 20_000))));
        }
    }

    #[test]
    fn hits_without_tokens_take_nothing_from_visitors() {
        let mut shares = Shares::default();
        let kind = |site| Newcomer { day: (SiteId(site), Day(20_600)), network: None, at: NOON };
        for site in [1, 2, 3] {
            let taken = (0..limits::KINDS_MAX).filter(|_| admit(&mut shares, kind(site))).count();
            assert!(taken <= limits::KINDS_MAX / 2, "{taken}");
        }
        assert!((0..10_000).all(|who| admit(&mut shares, newcomer(4, network(who), 0))));
        assert!(admit(&mut shares, kind(4)), "each is sure of a few");
    }

    #[test]
    fn a_site_leaves_room_for_others() {
        let mut shares = Shares::default();
        let of = |visitors| RoomTaken { visitors, kinds: 0 };
        let reserved = limits::VISITORS_MAX / limits::RESERVED_PER;
        // However many days of a site are open, together they have its share.
        shares.note((SiteId(1), Day(20_599)), of(limits::VISITORS_MAX / 4));
        shares.note((SiteId(1), Day(20_600)), of(limits::VISITORS_MAX / 4));
        shares.note((SiteId(2), Day(20_600)), of(limits::VISITORS_MAX / 2 - reserved));
        assert!(!admit(&mut shares, newcomer(1, FLOOD, 0)) && !admit(&mut shares, newcomer(2, FLOOD, 0)));
        assert!((0..100).all(|who| admit(&mut shares, newcomer(3, network(who), 0))), "each is sure of a few");
        shares.forget_day((SiteId(1), Day(20_600)));
        assert!(admit(&mut shares, newcomer(2, FLOOD, 0)));
        shares.forget_site(SiteId(2));
        shares.forget_site(SiteId(1));
        assert_eq!((shares.visitors(), shares.sites.len()), (100, 1));
        // Alone, a site has everything.
        shares.note((SiteId(3), Day(20_600)), of(limits::VISITORS_MAX - 1));
        assert_eq!(shares.room(newcomer(3, FLOOD, 0), 1), Room::Visitor);
        shares.note((SiteId(3), Day(20_600)), of(limits::VISITORS_MAX));
        assert_eq!(shares.room(newcomer(3, FLOOD, 0), 1), Room::NoVisitor);
    }

    #[test]
    fn small_sites_cost_nothing() {
        let mut shares = Shares::default();
        assert!((0..200).all(|who| admit(&mut shares, newcomer(1, network(who), 0))));
        let share = &shares.days[&(SiteId(1), Day(20_600))];
        assert!(share.of_day.networks.is_none() && share.of_minute.networks.is_none());
    }
}
