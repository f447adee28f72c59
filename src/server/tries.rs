//! In: tries at passwords, by what is guessed and by whom. Out: when each is compared. Forgets: names and addresses at once; what stays
//! for minutes, in memory, are counts under keys that only this run of the program can tell apart.
//!
//! Wrong tries cost time and never lock anybody out. At one name, and from one network (an IPv4 /24, an IPv6 /48), one try is compared
//! after the other, with pauses that grow: that bounds how many are wrong in a day, from however many networks they come. Tries wait
//! meanwhile. Half of the turns go to those whose prefix and network were wrong least, half to any; then chance chooses a
//! prefix (an IPv4 /16, an IPv6 /32), in it a network, in that an address, a name and a try. So whoever waits long enough has a turn, and
//! many tries, addresses or networks of one prefix are one beside the owner's. A browser that was signed in before stands for itself:
//! strangers' tries do not slow it.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::quality::FixedState;
use tokio::sync::Notify;

use crate::limits;

/// Where a try comes from, as keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryOrigin {
    /// The prefix that networks are given out from: an IPv4 /16, an IPv6 /32.
    pub prefix: u64,
    /// The network in which one person easily takes other addresses.
    pub network: u64,
    /// The address, of IPv6 its /64.
    pub address: u64,
}

/// Whose try it is, as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrierKey {
    /// Anybody's, from somewhere.
    Stranger(TryOrigin),
    /// That of a browser that was signed in before.
    Browser(u64),
}

/// What is counted of a network, a browser, a prefix or a name.
#[derive(Debug, Clone, Copy, Default)]
struct TryCount {
    wrong: u32,
    /// Since when they fade.
    since_ms: u64,
    /// When the next one may be compared.
    next_ms: u64,
    /// Tries that wait or are compared.
    open: usize,
    /// Whether one of them is compared.
    is_busy: bool,
}

impl TryCount {
    fn faded(mut self, now_ms: u64) -> TryCount {
        let halves = now_ms.saturating_sub(self.since_ms) / limits::TRIES_FADE_MS;
        self.wrong = self.wrong.checked_shr(u32::try_from(halves).unwrap_or(u32::MAX)).unwrap_or_default();
        self.since_ms += halves * limits::TRIES_FADE_MS;
        self
    }

    fn add_wrong(&mut self, now_ms: u64) {
        *self = self.faded(now_ms);
        if self.wrong == 0 {
            self.since_ms = now_ms;
        }
        self.wrong = (self.wrong + 1).min(limits::TRIES_COUNTED_MAX);
    }

    /// The pause after so many.
    fn pause_ms(self, free: u32) -> u64 {
        let slowed = u64::from(self.wrong.saturating_sub(free));
        let doubled = limits::TRY_PAUSE_MS << slowed.min(limits::TRY_DOUBLINGS);
        if slowed == 0 { 0 } else { doubled + slowed * limits::TRY_PAUSE_STEP_MS }
    }
}

/// Counts, of which the least useful give way.
#[derive(Debug, Default)]
struct TryCounts(HashMap<u64, TryCount>);

impl TryCounts {
    fn of(&mut self, key: u64, now_ms: u64) -> &mut TryCount {
        if !self.0.contains_key(&key) && self.0.len() >= limits::TRIES_REMEMBERED {
            self.make_room(now_ms);
        }
        let count = self.0.entry(key).or_insert(TryCount { since_ms: now_ms, ..TryCount::default() });
        *count = count.faded(now_ms);
        count
    }

    fn wrong(&self, key: u64, now_ms: u64) -> TryCount {
        self.0.get(&key).map_or(TryCount::default(), |count| count.faded(now_ms))
    }

    fn make_room(&mut self, now_ms: u64) {
        self.0.retain(|_, count| count.open > 0 || count.faded(now_ms).wrong > 0 || count.next_ms > now_ms);
        if self.0.len() < limits::TRIES_REMEMBERED {
            return;
        }
        let least =
            self.0.iter().filter(|(_, count)| count.open == 0).min_by_key(|(_, count)| (count.wrong, count.since_ms));
        if let Some(key) = least.map(|(key, _)| *key) {
            self.0.remove(&key);
        }
    }
}

/// When tries are compared.
#[derive(Debug)]
pub struct TryTable {
    /// Of networks and of browsers.
    triers: TryCounts,
    prefixes: TryCounts,
    names: TryCounts,
    waiting: BTreeMap<u64, WaitingTry>,
    at_work: BTreeMap<u64, WaitingTry>,
    last: u64,
    /// Most that are compared at once.
    most: usize,
    /// Until when none of those that wait may be compared, as long as none comes and none ends.
    quiet_until_ms: u64,
    chance: FixedState,
    draws: u64,
}

#[derive(Debug)]
struct WaitingTry {
    trier: TrierKey,
    name: u64,
    turn: Arc<Notify>,
}

/// A try that waits or is compared.
#[derive(Debug)]
pub struct OpenTry {
    number: u64,
    /// Is told when it is its turn, and when it has to give its place up.
    pub turn: Arc<Notify>,
}

/// What a try is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryStep {
    /// It is compared now.
    Compare,
    /// It asks again then, in milliseconds, or when it is told.
    WaitUntil(u64),
    /// It has given its place up to one of those who have fewer.
    GiveUp,
}

impl TryTable {
    /// One that has so many compared at once. Chance follows from the seed.
    pub fn new(most: usize, seed: u64) -> TryTable {
        TryTable {
            triers: TryCounts::default(),
            prefixes: TryCounts::default(),
            names: TryCounts::default(),
            waiting: BTreeMap::new(),
            at_work: BTreeMap::new(),
            last: 0,
            most,
            quiet_until_ms: 0,
            chance: FixedState::with_seed(seed),
            draws: 0,
        }
    }

    /// Opens a try at a name. Nothing if there is no room for it: all of it is taken by tries from the same address, or all by those of
    /// others who have no more places than this one has.
    pub fn open(&mut self, trier: TrierKey, name: u64, now_ms: u64) -> Option<OpenTry> {
        let same = |open: &&WaitingTry| match trier {
            TrierKey::Browser(_) => open.trier == trier,
            TrierKey::Stranger(_) => open.origin().is_some(),
        };
        let held = self.waiting.values().filter(same).count();
        let has_room = match trier {
            TrierKey::Browser(_) => held < limits::TRIES_OPEN_PER_BROWSER,
            TrierKey::Stranger(origin) => held < limits::TRIES_OPEN || self.make_place(origin, now_ms),
        };
        if !has_room {
            return None;
        }
        self.triers.of(trier.key(), now_ms).open += 1;
        self.names.of(name, now_ms).open += 1;
        self.last += 1;
        let turn = Arc::<Notify>::default();
        let open = WaitingTry { trier, name, turn: turn.clone() };
        self.quiet_until_ms = self.quiet_until_ms.min(self.due_ms(&open));
        self.waiting.insert(self.last, open);
        Some(OpenTry { number: self.last, turn })
    }

    /// What an open try is to do.
    pub fn step(&mut self, open: &OpenTry, now_ms: u64) -> TryStep {
        self.give_turns(now_ms);
        if self.at_work.contains_key(&open.number) {
            return TryStep::Compare;
        }
        if !self.waiting.contains_key(&open.number) {
            return TryStep::GiveUp;
        }
        let look_ms = now_ms + limits::TRY_LOOK_MS;
        let is_full = self.at_work.len() >= self.most;
        TryStep::WaitUntil(if is_full { look_ms } else { self.quiet_until_ms.clamp(now_ms + 1, look_ms) })
    }

    /// Closes a try, which was compared and wrong, or not.
    pub fn close(&mut self, open: &OpenTry, is_wrong: bool, now_ms: u64) {
        if let Some(gone) = self.waiting.remove(&open.number) {
            self.leave(&gone, now_ms);
        } else if let Some(done) = self.at_work.remove(&open.number) {
            self.end_turn(&done, is_wrong, now_ms);
            self.leave(&done, now_ms);
        }
        self.give_turns(now_ms);
    }

    fn leave(&mut self, gone: &WaitingTry, now_ms: u64) {
        for count in [self.triers.of(gone.trier.key(), now_ms), self.names.of(gone.name, now_ms)] {
            count.open = count.open.saturating_sub(1);
        }
    }

    fn end_turn(&mut self, done: &WaitingTry, is_wrong: bool, now_ms: u64) {
        let trier = self.triers.of(done.trier.key(), now_ms);
        trier.is_busy = false;
        if is_wrong {
            trier.add_wrong(now_ms);
            trier.next_ms = now_ms + trier.pause_ms(limits::TRIES_FREE);
        }
        if let Some(origin) = done.origin() {
            let name = self.names.of(done.name, now_ms);
            name.is_busy = false;
            if is_wrong {
                name.add_wrong(now_ms);
                let pause_ms = name.pause_ms(limits::TRIES_FREE_OF_NAME).min(limits::TRY_PAUSE_OF_NAME_MS_MAX);
                name.next_ms = now_ms + pause_ms;
                self.prefixes.of(origin.prefix, now_ms).add_wrong(now_ms);
            }
        }
        self.quiet_until_ms = 0;
    }

    /// Has those compared next whose turn it is.
    fn give_turns(&mut self, now_ms: u64) {
        while self.at_work.len() < self.most && now_ms >= self.quiet_until_ms {
            let next = self.next(now_ms).and_then(|number| self.waiting.remove_entry(&number));
            let Some((number, open)) = next else {
                let next = self.waiting.values().map(|open| self.due_ms(open)).min();
                self.quiet_until_ms = next.unwrap_or(u64::MAX);
                return;
            };
            self.triers.of(open.trier.key(), now_ms).is_busy = true;
            if open.origin().is_some() {
                self.names.of(open.name, now_ms).is_busy = true;
            }
            open.turn.notify_one();
            self.at_work.insert(number, open);
        }
    }

    /// From when on it may be compared, as long as none ends.
    fn due_ms(&self, open: &WaitingTry) -> u64 {
        let free_ms = |count: Option<&TryCount>| match count {
            Some(count) if count.is_busy => u64::MAX,
            Some(count) => count.next_ms,
            None => 0,
        };
        let of_trier = free_ms(self.triers.0.get(&open.trier.key()));
        match open.trier {
            TrierKey::Stranger(_) => of_trier.max(free_ms(self.names.0.get(&open.name))),
            TrierKey::Browser(_) => of_trier,
        }
    }

    /// Which of those that wait is next, if one may be compared now.
    fn next(&mut self, now_ms: u64) -> Option<u64> {
        // Few browsers are known, and each has its own pauses.
        let ready = self.waiting.iter().filter(|(_, open)| self.due_ms(open) <= now_ms);
        let browsers = ready.filter(|(_, open)| open.origin().is_none());
        if let Some((number, _)) = browsers.min_by_key(|(_, open)| self.triers.wrong(open.trier.key(), now_ms).wrong) {
            return Some(*number);
        }
        let mut among = self.places(|open| self.due_ms(open) <= now_ms);
        if self.draw(2) == Some(0) {
            let wrong: Vec<_> = among.iter().map(|place| self.wrong(place, now_ms)).collect();
            let least = wrong.iter().min().copied();
            let mut wrong = wrong.into_iter();
            among.retain(|_| wrong.next() == least);
        }
        (0..LEVELS).for_each(|level| self.choose(&mut among, level));
        self.draw(among.len()).map(|at| among[at].number)
    }

    /// The places of strangers.
    fn places(&self, is_among: impl Fn(&WaitingTry) -> bool) -> Vec<TryPlace> {
        let among = self.waiting.iter().filter(|(_, open)| is_among(open));
        let place = |(number, open): (&u64, &WaitingTry)| {
            open.origin().map(|origin| TryPlace { number: *number, keys: origin.keys(open.name) })
        };
        among.filter_map(place).collect()
    }

    /// How often the prefix and the network of a place were wrong.
    fn wrong(&self, place: &TryPlace, now_ms: u64) -> (u32, u32) {
        let [prefix, network, ..] = place.keys;
        (self.prefixes.wrong(prefix, now_ms).wrong, self.triers.wrong(network, now_ms).wrong)
    }

    /// Leaves those that have one key of a level, which chance chooses.
    fn choose(&mut self, among: &mut Vec<TryPlace>, level: usize) {
        let mut keys: Vec<_> = among.iter().map(|place| place.keys[level]).collect();
        keys.sort_unstable();
        keys.dedup();
        let chosen = self.draw(keys.len()).map(|at| keys[at]);
        among.retain(|place| Some(place.keys[level]) == chosen);
    }

    /// Has the prefix that has most places give one up, if it has more than that for which it does; so within a prefix its networks, and
    /// their addresses.
    fn make_place(&mut self, origin: TryOrigin, now_ms: u64) -> bool {
        let (mut among, new) = (self.places(|_| true), origin.keys(0));
        let mut is_own = true;
        for (level, own) in new.into_iter().take(LEVELS - 1).enumerate() {
            let mut held = among.iter().map(|place| place.keys[level]).collect::<Vec<_>>();
            held.sort_unstable();
            let held = held.chunk_by(|one, other| one == other).map(|same| (same.len(), same[0])).collect::<Vec<_>>();
            let most = held.iter().map(|(places, _)| *places).max().unwrap_or_default();
            let heaviest = || held.iter().filter(|(places, _)| *places == most).map(|(_, key)| *key);
            is_own &= heaviest().any(|key| key == own);
            let chosen = self.draw(heaviest().count()).and_then(|at| heaviest().nth(at));
            let chosen = if is_own { Some(own) } else { chosen };
            among.retain(|place| Some(place.keys[level]) == chosen);
        }
        let given_up = self.draw(among.len()).map(|at| among[at].number).filter(|_| !is_own);
        let Some(given_up) = given_up.and_then(|number| self.waiting.remove(&number)) else { return false };
        self.leave(&given_up, now_ms);
        given_up.turn.notify_one();
        true
    }

    /// One of so many.
    fn draw(&mut self, of: usize) -> Option<usize> {
        self.draws += 1;
        usize::try_from(self.chance.hash_one(self.draws).checked_rem(of as u64)?).ok()
    }
}

/// What chance chooses one after the other: a prefix, a network, an address, a name.
const LEVELS: usize = 4;

/// The place of a stranger's try.
struct TryPlace {
    number: u64,
    keys: [u64; LEVELS],
}

impl TryOrigin {
    fn keys(self, name: u64) -> [u64; LEVELS] {
        [self.prefix, self.network, self.address, name]
    }
}

impl WaitingTry {
    fn origin(&self) -> Option<TryOrigin> {
        match self.trier {
            TrierKey::Stranger(origin) => Some(origin),
            TrierKey::Browser(_) => None,
        }
    }
}

impl TrierKey {
    fn key(self) -> u64 {
        match self {
            TrierKey::Stranger(origin) => origin.network,
            // Networks and browsers are counted apart: their keys differ by where they come from.
            TrierKey::Browser(key) => !key,
        }
    }
}

#[cfg(test)]
mod tests;
