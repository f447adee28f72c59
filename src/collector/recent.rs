//! In: what tells a message from others, and when it came. Out: whether the same came within seconds. Forgets: each after
//! [`limits::REPEAT_MS`].

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::hit::Hit;
use crate::limits;
use crate::site::{Moment, SiteId};

/// Site, visitor's token and the message's own mark.
type RepeatKey = (SiteId, u64, u64);

/// Messages of the last seconds.
#[derive(Debug, Default)]
pub struct Recent(Mutex<RepeatMemory>);

#[derive(Debug, Default)]
struct RepeatMemory {
    seen: HashMap<RepeatKey, Moment>,
    order: VecDeque<(Moment, RepeatKey)>,
}

impl Recent {
    /// Whether this message of the hit's sender came before, not long ago.
    pub fn is_repeat(&self, hit: &Hit, mark: u64, now: Moment) -> bool {
        let key = (hit.site, hit.token.map_or(0, |token| token.bits()), mark);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(key, now)
    }

    /// Forgets what is past, so that no token stays because nothing comes any more.
    pub fn forget_past(&self, now: Moment) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).forget_past(now);
    }
}

impl RepeatMemory {
    fn forget_past(&mut self, now: Moment) {
        let since = now.plus(-limits::REPEAT_MS);
        while let Some((at, old)) = self.order.front().copied() {
            let is_past = at <= since || at > now || self.order.len() >= limits::REPEATS_MAX;
            if !is_past {
                break;
            }
            self.order.pop_front();
            self.seen.remove(&old);
        }
    }

    fn take(&mut self, key: RepeatKey, now: Moment) -> bool {
        self.forget_past(now);
        if self.seen.contains_key(&key) {
            return true;
        }
        self.seen.insert(key, now);
        self.order.push_back((now, key));
        false
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
        assert_eq!(
            [memory.take(one, now), memory.take(one, now.plus(9_999)), memory.take(other, now)],
            [false, true, false]
        );
        assert!(!memory.take(one, now.plus(limits::REPEAT_MS)), "forgotten by then");
        memory.forget_past(now.plus(2 * limits::REPEAT_MS));
        assert!(memory.seen.is_empty() && memory.order.is_empty());
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut memory = RepeatMemory::default();
        for number in 0..2 * limits::REPEATS_MAX as u64 {
            memory.take((SiteId(1), number, 0), Moment(5));
        }
        assert!(memory.seen.len() <= limits::REPEATS_MAX && memory.order.len() == memory.seen.len());
    }
}
