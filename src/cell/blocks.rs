//! A list that whoever reads it shares with whoever changes it: a copy costs a pointer for each thousand entries, and a change
//! afterwards copies the few entries that lie beside it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use smallvec::SmallVec;

use crate::limits::{BLOCK_ENTRIES, BRANCH_BLOCKS, BRANCH_ENTRIES};

type Block<T> = SmallVec<[T; BLOCK_ENTRIES]>;
type BlockBranch<T> = Vec<Arc<Block<T>>>;

/// A list that grows at its end, and of which copies are cheap.
#[derive(Debug)]
pub struct Blocks<T> {
    branches: Vec<Arc<BlockBranch<T>>>,
    len: usize,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Blocks { branches: Vec::new(), len: 0 }
    }
}

/// What was copied stays as it is, whatever becomes of the original.
impl<T> Clone for Blocks<T> {
    fn clone(&self) -> Self {
        Blocks { branches: self.branches.clone(), len: self.len }
    }
}

impl<T> Blocks<T> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry at a place.
    pub fn get(&self, place: usize) -> Option<&T> {
        let branch = self.branches.get(place / BRANCH_ENTRIES)?;
        branch.get(place / BLOCK_ENTRIES % BRANCH_BLOCKS)?.get(place % BLOCK_ENTRIES)
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.branches.iter().flat_map(|branch| branch.iter()).flat_map(|block| block.iter())
    }
}

impl<T> Blocks<T> {
    /// The places whose entries may have changed since a copy was made: those of blocks that the copy has no more.
    pub fn changed_since<'a>(&'a self, copy: &'a Blocks<T>) -> impl Iterator<Item = usize> + 'a {
        let branches = self.branches.iter().enumerate().map(|(at, branch)| (at, branch, copy.branches.get(at)));
        let changed = branches.filter(|(_, branch, old)| old.is_none_or(|old| !Arc::ptr_eq(branch, old)));
        let blocks = changed.flat_map(|(at, branch, old)| {
            let blocks =
                branch.iter().enumerate().map(move |(place, block)| (at * BRANCH_BLOCKS + place, place, block));
            blocks.filter(move |(_, place, block)| {
                let old = old.and_then(|old| old.get(*place));
                old.is_none_or(|old| !Arc::ptr_eq(block, old))
            })
        });
        blocks.flat_map(|(at, _, block)| at * BLOCK_ENTRIES..at * BLOCK_ENTRIES + block.len())
    }
}

impl<T: Clone> Blocks<T> {
    /// The entry at a place, to be changed.
    pub fn entry_mut(&mut self, place: usize) -> Option<&mut T> {
        let branch = Arc::make_mut(self.branches.get_mut(place / BRANCH_ENTRIES)?);
        let block = Arc::make_mut(branch.get_mut(place / BLOCK_ENTRIES % BRANCH_BLOCKS)?);
        block.get_mut(place % BLOCK_ENTRIES)
    }

    /// Adds an entry, and says at which place it is.
    pub fn push(&mut self, entry: T) -> usize {
        let place = self.len;
        if place.is_multiple_of(BRANCH_ENTRIES) {
            self.branches.push(Arc::default());
        }
        let branch = Arc::make_mut(&mut self.branches[place / BRANCH_ENTRIES]);
        if place.is_multiple_of(BLOCK_ENTRIES) {
            branch.push(Arc::new(Block::new()));
        }
        Arc::make_mut(&mut branch[place / BLOCK_ENTRIES % BRANCH_BLOCKS]).push(entry);
        self.len += 1;
        place
    }
}

impl<T> std::ops::Index<usize> for Blocks<T> {
    type Output = T;

    /// # Panics
    /// If there is no such place.
    fn index(&self, place: usize) -> &T {
        &self.branches[place / BRANCH_ENTRIES][place / BLOCK_ENTRIES % BRANCH_BLOCKS][place % BLOCK_ENTRIES]
    }
}

impl<T: Clone> FromIterator<T> for Blocks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let mut blocks = Blocks::default();
        entries.into_iter().for_each(|entry| _ = blocks.push(entry));
        blocks
    }
}

impl<T: Serialize> Serialize for Blocks<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(self.len))?;
        self.iter().try_for_each(|entry| list.serialize_element(entry))?;
        list.end()
    }
}

impl<'de, T: Clone + Deserialize<'de>> Deserialize<'de> for Blocks<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(EntriesVisitor(PhantomData))
    }
}

/// Reads entries one by one: a damaged length must not ask for memory.
struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Clone + Deserialize<'de>> de::Visitor<'de> for EntriesVisitor<T> {
    type Value = Blocks<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Blocks<T>, A::Error> {
        let mut blocks = Blocks::default();
        while let Some(entry) = list.next_element()? {
            blocks.push(entry);
        }
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Change {
        Push(u32),
        PushMany(u16),
        Set(prop::sample::Index, u32),
        Copy,
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            4 => any::<u32>().prop_map(Change::Push),
            1 => (0..700_u16).prop_map(Change::PushMany),
            4 => (any::<prop::sample::Index>(), any::<u32>()).prop_map(|(place, entry)| Change::Set(place, entry)),
            2 => Just(Change::Copy),
        ]
    }

    /// A copy tells which places of the last one may be other than its own.
    fn told(copies: &[(Vec<u32>, Blocks<u32>)]) -> Result<(), TestCaseError> {
        let (last, end) = copies.last().unwrap();
        for (list, blocks) in copies {
            let places: Vec<usize> = end.changed_since(blocks).collect();
            let is_told = |place: &usize| places.binary_search(place).is_ok();
            let differs = |place: &usize| list.get(*place) != last.get(*place);
            prop_assert!((0..last.len()).filter(differs).all(|place| is_told(&place)), "{:?}", places);
            prop_assert!(places.iter().all(|place| *place < last.len()));
            prop_assert!(end.changed_since(end).next().is_none());
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn copies_stay_as_they_are_and_the_original_is_a_list(changes in prop::collection::vec(change(), 0..60)) {
            let (mut list, mut blocks) = (Vec::new(), Blocks::default());
            let mut copies = Vec::new();
            for change in changes {
                match change {
                    Change::Push(entry) => {
                        list.push(entry);
                        prop_assert_eq!(blocks.push(entry), list.len() - 1);
                    }
                    Change::PushMany(many) => (0..many.into()).for_each(|entry| {
                        list.push(entry);
                        blocks.push(entry);
                    }),
                    Change::Set(place, entry) if !list.is_empty() => {
                        let place = place.index(list.len());
                        list[place] = entry;
                        *blocks.entry_mut(place).unwrap() = entry;
                    }
                    Change::Set(..) => {}
                    Change::Copy => copies.push((list.clone(), blocks.clone())),
                }
            }
            copies.push((list, blocks));
            told(&copies)?;
            for (list, mut blocks) in copies {
                prop_assert_eq!(blocks.len(), list.len());
                prop_assert!(blocks.iter().eq(&list));
                prop_assert!((0..list.len()).all(|place| blocks[place] == list[place] && blocks.get(place) == Some(&list[place])));
                prop_assert!(blocks.get(list.len()).is_none() && blocks.entry_mut(list.len()).is_none());
                prop_assert_eq!(blocks.is_empty(), list.is_empty());
                prop_assert!(list.into_iter().collect::<Blocks<u32>>().iter().eq(blocks.iter()));
            }
        }
    }
}
