//! In: what tells a message from others, and when it came. Out: whether the same came within seconds. Forgets: each after
//! [`limits::REPEAT_MS`].

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::hit::Hit;
use crate::limits;
use crate::site::{Moment, SiteId};

/// Site, visitor's token and the message's own mark.
type RepeatKey = (SiteId, u64, u64);

/// Messages of the last seconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct RepeatMemory {
    seen: HashMap<RepeatKey, Moment>,
    order: VecDeque<(Moment, RepeatKey)>,
}

fn key(hit: &Hit, mark: u64) -> RepeatKey {
    (hit.site, hit.token.map_or(0, |token| token.bits()), mark)
}

impl RepeatMemory {
    /// Whether this message of the hit's sender was counted not long ago.
    pub(super) fn has(&mut self, hit: &Hit, mark: u64, now: Moment) -> bool {
        self.forget_past(now);
        self.seen.contains_key(&key(hit, mark))
    }

    /// Remembers a message that is counted, which [`RepeatMemory::has`] does not know.
    pub(super) fn add(&mut self, hit: &Hit, mark: u64, now: Moment) {
        self.insert(key(hit, mark), now);
    }

    /// Forgets what is past, so that no token stays because nothing comes any more.
    pub(super) fn forget_past(&mut self, now: Moment) {
        let since = now.plus(-limits::REPEAT_MS);
        while let Some((at, old)) = self.order.front().copied() {
            let is_past = at <= since || at > now;
            if !is_past {
                break;
            }
            self.order.pop_front();
            self.seen.remove(&old);
        }
    }

    fn insert(&mut self, key: RepeatKey, now: Moment) {
        if self.order.len() >= limits::REPEATS_MAX
            && let Some((_, oldest)) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.seen.insert(key, now);
        self.order.push_back((now, key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_for_seconds() {
        let mut memory = RepeatMemory::default();
        let (one, other) = ((SiteId(1), 1, 1), (SiteId(1), 2, 1));
        let now = Moment(1_000_000);
        memory.insert(one, now);
        memory.forget_past(now.plus(limits::REPEAT_MS - 1));
        assert!(memory.seen.contains_key(&one) && !memory.seen.contains_key(&other));
        memory.forget_past(now.plus(limits::REPEAT_MS));
        assert!(memory.seen.is_empty() && memory.order.is_empty());
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut memory = RepeatMemory::default();
        for number in 0..2 * limits::REPEATS_MAX as u64 {
            memory.insert((SiteId(1), number, 0), Moment(5));
        }
        assert!(memory.seen.len() <= limits::REPEATS_MAX && memory.order.len() == memory.seen.len());
    }
}
