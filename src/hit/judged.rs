//! In: texts that senders wrote, such as user agents, and what was found out about them. Out: the same again for those that come
//! often. Forgets: the texts: their digests stay, under a key that is made at each start and never leaves the memory.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;

/// What was found out about so many texts; the commonest stay.
pub(super) struct Judged<V> {
    /// SipHash's: without it nobody can make two texts of one digest.
    key: RandomState,
    found: Cache<u64, V, UnitWeighter, BuildHasherDefault<AsItIs>>,
}

impl<V: Clone> Judged<V> {
    /// Nothing yet, with room for so many.
    pub(super) fn with_room_for(entries: usize) -> Judged<V> {
        Judged {
            key: RandomState::new(),
            found: Cache::with(entries, entries as u64, UnitWeighter, Default::default(), Default::default()),
        }
    }

    /// What was found out about a text, now or before.
    pub(super) fn of(&self, text: &(impl Hash + ?Sized), find: impl FnOnce() -> V) -> V {
        let digest = self.key.hash_one(text);
        self.found.get(&digest).unwrap_or_else(|| {
            let found = find();
            self.found.insert(digest, found.clone());
            found
        })
    }
}

/// A digest is spread evenly already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}
