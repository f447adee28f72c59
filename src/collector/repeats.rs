//! In: what tells a message from others, and when it came. Out: whether the same came within seconds. Forgets: each after
//! [`limits::REPEAT_MS`], or when its day has ended if that is before.

use std::collections::{HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::hit::Hit;
use crate::limits;
use crate::site::{Day, Moment, SiteId};

/// Site and day, visitor's token and the message's own mark.
type RepeatKey = ((SiteId, Day), u64, u64);

/// Messages of the last seconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct RepeatMemory {
    seen: HashMap<RepeatKey, Moment>,
    order: VecDeque<(Moment, RepeatKey)>,
}

fn key(hit: &Hit, mark: u64) -> RepeatKey {
    ((hit.site, hit.local.day), hit.token.map_or(0, |token| token.bits()), mark)
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

    /// Forgets the messages of days that are over: tokens are among them.
    pub(super) fn forget_days(&mut self, is_over: impl Fn(&(SiteId, Day)) -> bool) {
        let mut over: HashSet<(SiteId, Day)> = self.order.iter().map(|(_, key)| key.0).collect();
        over.retain(is_over);
        if !over.is_empty() {
            self.seen.retain(|key, _| !over.contains(&key.0));
            self.order.retain(|(_, key)| !over.contains(&key.0));
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

    const DAY: (SiteId, Day) = (SiteId(1), Day(20_000));

    #[test]
    fn a_message_is_known_for_seconds() {
        let mut memory = RepeatMemory::default();
        let (one, other) = ((DAY, 1, 1), (DAY, 2, 1));
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
            memory.insert((DAY, number, 0), Moment(5));
        }
        assert!(memory.seen.len() <= limits::REPEATS_MAX && memory.order.len() == memory.seen.len());
    }

    #[test]
    fn a_day_that_ends_takes_its_messages_with_it() {
        let mut memory = RepeatMemory::default();
        let (next, other) = ((DAY.0, Day(20_001)), (SiteId(2), DAY.1));
        for day in [DAY, next, other] {
            memory.insert((day, 7, 7), Moment(5));
        }
        memory.forget_days(|day| *day == DAY);
        assert_eq!(memory.order, [(Moment(5), (next, 7, 7)), (Moment(5), (other, 7, 7))]);
        assert!(memory.seen.len() == 2 && !memory.seen.contains_key(&(DAY, 7, 7)));
    }
}
