//! In: tries at passwords, by what is guessed and by whom. Out: when each is compared. Forgets: names and addresses at once; what stays
//! for minutes, in memory, are counts under keys that only this run of the program can tell apart.
//!
//! Wrong tries cost time and never lock anybody out. Those from one network (an IPv4 /24, an IPv6 /48) are compared one after the other,
//! with pauses that grow; all at one name wait a little longer the more were wrong. A browser that was signed in before stands for itself:
//! strangers' tries do not slow it. Few are compared at once, and whoever was wrong least comes first, so that the owner's first try from
//! wherever passes all those of a crowd of guessers.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::limits;

/// Whose try it is, as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrierKey {
    /// Anybody's, from a network.
    Network(u64),
    /// That of a browser that was signed in before.
    Browser(u64),
}

/// What is counted of a network, a browser, or a name.
#[derive(Debug, Clone, Copy, Default)]
struct TryCount {
    wrong: u32,
    /// Since when they fade.
    since_ms: u64,
    /// When the next one may be compared.
    next_ms: u64,
    /// Tries that wait or are compared.
    open: usize,
    /// Whether one of them is compared, or will be as soon as there is a turn.
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
#[derive(Debug, Default)]
pub struct TryTable {
    triers: TryCounts,
    names: TryCounts,
    /// Open tries by how often their trier was wrong before.
    open: [usize; limits::TRY_LEVELS],
    /// Those that have passed all pauses, by how often their trier was wrong, and when they came.
    ready: BTreeMap<(u32, u64), Arc<Notify>>,
    last: u64,
    /// How many were compared.
    turns: u64,
    at_work: usize,
    /// Most that are compared at once.
    most: usize,
}

/// A try that waits or is compared.
#[derive(Debug)]
pub struct OpenTry {
    trier: TrierKey,
    name: u64,
    level: usize,
    from_ms: u64,
    place: Option<(u32, u64)>,
    is_at_work: bool,
    /// Is told when it may be its turn.
    pub turn: Arc<Notify>,
}

/// What a try is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryStep {
    /// It is compared now.
    Compare,
    /// It asks again then, in milliseconds.
    WaitUntil(u64),
    /// It asks again when it is told.
    WaitForTurn,
}

impl TryTable {
    /// One that has so many compared at once.
    pub fn new(most: usize) -> TryTable {
        TryTable { most, ..TryTable::default() }
    }

    /// Opens a try at a name.
    ///
    /// # Errors
    /// There are too many like it; after so many milliseconds there may be room.
    pub fn open(&mut self, trier: TrierKey, name: u64, now_ms: u64) -> Result<OpenTry, u64> {
        let of_name =
            self.names.wrong(name, now_ms).pause_ms(limits::TRIES_FREE_OF_NAME).min(limits::TRY_PAUSE_OF_NAME_MS_MAX);
        let from_ms = match trier {
            TrierKey::Network(_) => now_ms + of_name,
            TrierKey::Browser(_) => now_ms,
        };
        let before = self.triers.wrong(trier.key(), now_ms);
        let level = (before.wrong as usize).min(limits::TRY_LEVELS - 1);
        let room = if level == 0 { limits::FIRST_TRIES_OPEN } else { limits::TRIES_OPEN_PER_LEVEL };
        // Strangers must not take the room of browsers that are known.
        let is_full = matches!(trier, TrierKey::Network(_)) && self.open[level] >= room;
        if is_full || before.open >= limits::TRIES_OPEN_PER_NETWORK {
            return Err(before.next_ms.max(from_ms).saturating_sub(now_ms));
        }
        self.triers.of(trier.key(), now_ms).open += 1;
        self.open[level] += 1;
        Ok(OpenTry { trier, name, level, from_ms, place: None, is_at_work: false, turn: Arc::default() })
    }

    /// What an open try is to do.
    pub fn step(&mut self, open: &mut OpenTry, now_ms: u64) -> TryStep {
        if now_ms < open.from_ms {
            return TryStep::WaitUntil(open.from_ms);
        }
        let place = match open.place {
            Some(place) => place,
            None => {
                let count = self.triers.of(open.trier.key(), now_ms);
                if count.is_busy || now_ms < count.next_ms {
                    return TryStep::WaitUntil(count.next_ms.max(now_ms + limits::TRY_LOOK_MS));
                }
                count.is_busy = true;
                self.last += 1;
                let place = (open.trier.rank(count.wrong), self.last);
                self.ready.insert(place, open.turn.clone());
                *open.place.insert(place)
            }
        };
        if self.at_work >= self.most || self.next() != Some(place) {
            return TryStep::WaitForTurn;
        }
        self.ready.remove(&place);
        self.at_work += 1;
        self.turns += 1;
        open.is_at_work = true;
        self.tell_next();
        TryStep::Compare
    }

    /// Closes a try, which was compared and wrong, or not.
    pub fn close(&mut self, open: &OpenTry, is_wrong: bool, now_ms: u64) {
        self.open[open.level] -= 1;
        let count = self.triers.of(open.trier.key(), now_ms);
        count.open = count.open.saturating_sub(1);
        if is_wrong {
            count.add_wrong(now_ms);
            count.next_ms = now_ms + count.pause_ms(limits::TRIES_FREE);
            if let TrierKey::Network(_) = open.trier {
                self.names.of(open.name, now_ms).add_wrong(now_ms);
            }
        }
        if let Some(place) = open.place {
            self.triers.of(open.trier.key(), now_ms).is_busy = false;
            self.ready.remove(&place);
        }
        if open.is_at_work {
            self.at_work -= 1;
        }
        self.tell_next();
    }

    /// Whose turn is next. Of those who were wrong as often it is the oldest and the newest in turn: however many came together, whoever
    /// comes after them does not wait for all.
    fn next(&self) -> Option<(u32, u64)> {
        let (oldest, _) = self.ready.first_key_value()?;
        let newest = self.ready.range(..=(oldest.0, u64::MAX)).next_back().map(|(newest, _)| *newest);
        if self.turns.is_multiple_of(2) { Some(*oldest) } else { newest }
    }

    fn tell_next(&self) {
        if self.at_work < self.most
            && let Some(next) = self.next().and_then(|next| self.ready.get(&next))
        {
            next.notify_one();
        }
    }
}

impl TrierKey {
    fn key(self) -> u64 {
        match self {
            TrierKey::Network(key) => key,
            // Networks and browsers are counted apart: their keys differ by where they come from.
            TrierKey::Browser(key) => !key,
        }
    }

    fn rank(self, wrong: u32) -> u32 {
        match self {
            TrierKey::Network(_) => wrong + 1,
            TrierKey::Browser(_) => wrong.saturating_sub(limits::TRIES_FREE),
        }
    }
}

#[cfg(test)]
mod tests;
