//! In: what tells a message from others, and when it came. Out: whether the same came within seconds. Forgets: each after
//! [`limits::REPEAT_MS`], or when its day has ended if that is before.

use std::collections::{HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::hit::Hit;
use crate::limits;
use crate::site::{Day, Moment, SiteId};

/// Site and day, visitor's token and the message's own mark.
type RepeatKey = ((SiteId, Day), u64, u64);

/// Messages in their order: when, whose, and the mark.
type RepeatQueue = VecDeque<(Moment, u64, u64)>;

/// Messages of the last seconds. Sites share the room for them: whoever has most of it gives way.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct RepeatMemory {
    seen: HashSet<RepeatKey>,
    /// Those of each site and day.
    queues: HashMap<(SiteId, Day), RepeatQueue>,
}

fn key(hit: &Hit, mark: u64) -> RepeatKey {
    ((hit.site, hit.local.day), hit.token.map_or(0, |token| token.bits()), mark)
}

impl RepeatMemory {
    /// Whether this message of the hit's sender was counted not long ago.
    pub(super) fn has(&mut self, hit: &Hit, mark: u64, now: Moment) -> bool {
        let key = key(hit, mark);
        if let Some(queue) = self.queues.get_mut(&key.0) {
            forget_past_of(&mut self.seen, key.0, queue, now);
        }
        self.seen.contains(&key)
    }

    /// Remembers a message that is counted, which [`RepeatMemory::has`] does not know.
    pub(super) fn add(&mut self, hit: &Hit, mark: u64, now: Moment) {
        self.insert(key(hit, mark), now);
    }

    /// Forgets what is past, so that no token stays because nothing comes any more.
    pub(super) fn forget_past(&mut self, now: Moment) {
        let seen = &mut self.seen;
        self.queues.retain(|day, queue| {
            forget_past_of(seen, *day, queue, now);
            !queue.is_empty()
        });
    }

    /// Forgets the messages of days that are over: tokens are among them.
    pub(super) fn forget_days(&mut self, is_over: impl Fn(&(SiteId, Day)) -> bool) {
        let seen = &mut self.seen;
        self.queues.retain(|day, queue| {
            let stays = !is_over(day);
            if !stays {
                queue.iter().for_each(|(_, token, mark)| _ = seen.remove(&(*day, *token, *mark)));
            }
            stays
        });
    }

    fn insert(&mut self, key: RepeatKey, now: Moment) {
        if self.seen.len() >= limits::REPEATS_MAX {
            self.make_room(key.0);
        }
        self.seen.insert(key);
        self.queues.entry(key.0).or_default().push_back((now, key.1, key.2));
    }

    /// Drops the oldest message of the newcomer's site, if that has its share, or else of the one that has most.
    fn make_room(&mut self, newcomer: (SiteId, Day)) {
        let share = limits::REPEATS_MAX / self.queues.len().max(1);
        let has_share = self.queues.get(&newcomer).is_some_and(|queue| queue.len() >= share);
        let most = || self.queues.iter().max_by_key(|(_, queue)| queue.len()).map(|(day, _)| *day);
        let Some(day) = has_share.then_some(newcomer).or_else(most) else { return };
        let oldest = self.queues.get_mut(&day).and_then(VecDeque::pop_front);
        oldest.into_iter().for_each(|(_, token, mark)| _ = self.seen.remove(&(day, token, mark)));
    }
}

fn forget_past_of(seen: &mut HashSet<RepeatKey>, day: (SiteId, Day), queue: &mut RepeatQueue, now: Moment) {
    let since = now.plus(-limits::REPEAT_MS);
    while let Some((at, token, mark)) = queue.front().copied() {
        let is_past = at <= since || at > now;
        if !is_past {
            break;
        }
        queue.pop_front();
        seen.remove(&(day, token, mark));
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
        assert!(memory.seen.contains(&one) && !memory.seen.contains(&other));
        memory.forget_past(now.plus(limits::REPEAT_MS));
        assert!(memory.seen.is_empty() && memory.queues.is_empty());
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut memory = RepeatMemory::default();
        for number in 0..2 * limits::REPEATS_MAX as u64 {
            memory.insert((DAY, number, 0), Moment(5));
        }
        assert!(memory.seen.len() <= limits::REPEATS_MAX && memory.queues[&DAY].len() == memory.seen.len());
    }

    #[test]
    fn a_flood_of_one_site_leaves_the_messages_of_others() {
        let mut memory = RepeatMemory::default();
        let other = (SiteId(2), DAY.1);
        for number in 0..2 * limits::REPEATS_MAX as u64 {
            memory.insert((DAY, number, 0), Moment(5));
            if number % 100 == 0 {
                memory.insert((other, number, 0), Moment(5));
            }
        }
        let kept = (0..2 * limits::REPEATS_MAX as u64)
            .step_by(100)
            .filter(|number| memory.seen.contains(&(other, *number, 0)));
        assert_eq!(kept.count(), memory.queues[&other].len());
        assert_eq!(memory.queues[&other].len(), (2 * limits::REPEATS_MAX).div_ceil(100));
        assert_eq!(memory.seen.len(), limits::REPEATS_MAX);
    }

    #[test]
    fn a_day_that_ends_takes_its_messages_with_it() {
        let mut memory = RepeatMemory::default();
        let (next, other) = ((DAY.0, Day(20_001)), (SiteId(2), DAY.1));
        for day in [DAY, next, other] {
            memory.insert((day, 7, 7), Moment(5));
        }
        memory.forget_days(|day| *day == DAY);
        assert_eq!(memory.queues.keys().copied().collect::<HashSet<_>>(), [next, other].into());
        assert_eq!(memory.seen, [(next, 7, 7), (other, 7, 7)].into());
    }
}
