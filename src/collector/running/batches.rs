//! In: ids of batches that are counted. Out: whether one was counted before, and the ids for the next flush. Forgets: an id,
//! some time after it is in the store.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::secret::Digest;
use crate::site::{Day, Moment};

/// Ids of batches that are not known to be stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Batches {
    recent: HashMap<Digest, Moment>,
    next: Vec<(Digest, Day)>,
}

impl Batches {
    /// Whether an id was taken before.
    pub fn has(&self, id: Digest) -> bool {
        self.recent.contains_key(&id)
    }

    /// Takes an id; false if it was taken before.
    pub fn begin(&mut self, id: Digest, now: Moment) -> bool {
        if self.has(id) {
            return false;
        }
        self.recent.insert(id, now);
        self.next.push((id, Day(now.0.div_euclid(86_400_000) as i32)));
        true
    }

    /// Hands out the ids for the next flush.
    pub fn drain(&mut self, now: Moment) -> Vec<(Digest, Day)> {
        self.recent.retain(|_, at| now < at.plus(limits::BATCH_IN_MEMORY_MS));
        std::mem::take(&mut self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_once_until_the_store_surely_has_it() {
        let mut batches = Batches::default();
        let (id, now) = (Digest([7; 32]), Moment(86_400_000));
        assert!(batches.begin(id, now) && !batches.begin(id, now));
        assert_eq!(batches.drain(now), [(id, Day(1))]);
        assert!(batches.drain(now).is_empty() && !batches.begin(id, now));
        batches.drain(now.plus(limits::BATCH_IN_MEMORY_MS));
        assert!(batches.begin(id, now.plus(limits::BATCH_IN_MEMORY_MS)));
    }
}
