//! In: names that found no room, and who brought them. Out: how many networks a name has waited with. Forgets: texts at once; a
//! name that nobody else brings, when there are too many.

use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::uses::PLACES;
use super::weight::NameWeight;
use crate::cell::DigestKey;
use crate::limits;

/// Digests of names.
type NameWeights = HashMap<u64, NameWeight, foldhash::fast::RandomState>;

/// Names that wait until more networks bring them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// By the place of their use.
    names: [NameWeights; PLACES],
    /// How many names wait that a network alone has brought.
    alone: HashMap<u32, u32, foldhash::fast::RandomState>,
    count: usize,
    digests: DigestKey,
}

impl Waiting {
    /// Takes note that a network brings a name; the weight of the name with that.
    pub(super) fn weigh(&mut self, place: usize, name: impl Hash, network: u32) -> NameWeight {
        let digest = self.digests.of(name);
        if let Some(weight) = self.names[place].get_mut(&digest) {
            let only = weight.only();
            weight.add(network);
            let weight = *weight;
            if let Some(only) = only.filter(|_| weight.only().is_none()) {
                self.forget_alone(only);
            }
            return weight;
        }
        // One network must not push out what others wait for.
        let alone = self.alone.get(&network).copied().unwrap_or(0);
        if alone < limits::WAITING_NAMES_PER_NETWORK {
            if self.count >= limits::WAITING_NAMES_MAX {
                self.make_room();
            }
            *self.alone.entry(network).or_default() += 1;
            self.names[place].insert(digest, NameWeight::of(network));
            self.count += 1;
        }
        NameWeight::of(network)
    }

    /// Hands out a name that gets in.
    pub(super) fn take(&mut self, place: usize, name: impl Hash) -> Option<NameWeight> {
        if self.names[place].is_empty() {
            return None;
        }
        let digest = self.digests.of(name);
        let weight = self.names[place].remove(&digest)?;
        self.count -= 1;
        if let Some(only) = weight.only() {
            self.forget_alone(only);
        }
        Some(weight)
    }

    /// Drops what a network alone has brought in the fullest use, which is flooded; the others keep what waits in them. Where that
    /// is little, everything in it goes.
    fn make_room(&mut self) {
        let Some(fullest) = (0..PLACES).max_by_key(|place| self.names[*place].len()) else { return };
        let mut names = std::mem::take(&mut self.names[fullest]);
        let before = names.len();
        for only in names.values().filter_map(|weight| weight.only()) {
            self.forget_alone(only);
        }
        names.retain(|_, weight| weight.only().is_none());
        if names.len() <= before / 2 {
            self.names[fullest] = names;
        }
        self.count -= before - self.names[fullest].len();
    }

    fn forget_alone(&mut self, network: u32) {
        if let Some(count) = self.alone.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.alone.remove(&network);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.names.iter().map(HashMap::len).sum::<usize>(), self.count);
        let of_one = self.names.iter().flat_map(HashMap::values).filter(|weight| weight.only().is_some()).count();
        assert_eq!(self.alone.values().map(|count| *count as usize).sum::<usize>(), of_one);
        self.count
    }
}
