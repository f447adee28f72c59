//! What the connections to a database in write-ahead mode share: regions of memory, and locks on eight slots.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

/// How many slots there are to lock.
pub const SLOTS: usize = 8;
/// The size of a region, in words of eight bytes: 32 KiB.
const REGION_WORDS: usize = 4_096;

/// A region. Connections order their reads and writes of it by the locks, as SQLite says.
struct Region(Box<[AtomicU64]>);

/// The shared memory of a file.
#[derive(Default)]
pub struct SharedMemory {
    regions: Mutex<Vec<Region>>,
    /// Of each slot how many share it; -1 where one alone has it.
    slots: Mutex<[i32; SLOTS]>,
}

impl std::fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedMemory")
    }
}

impl SharedMemory {
    /// The address of a region, which stays where it is for as long as this is there; nothing if there is none and none is to be
    /// made.
    pub fn region(&self, number: usize, may_make: bool) -> Option<*mut u64> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        while may_make && regions.len() <= number {
            regions.push(Region((0..REGION_WORDS).map(|_| AtomicU64::new(0)).collect()));
        }
        regions.get(number).map(|region| region.0.as_ptr().cast::<u64>().cast_mut())
    }

    /// Locks slots for one alone or to be shared; false where somebody else is in the way.
    pub fn lock(&self, slots: std::ops::Range<usize>, is_alone: bool) -> bool {
        let mut all = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = all[slots.clone()].iter().all(|users| if is_alone { *users == 0 } else { *users >= 0 });
        if is_free {
            all[slots].iter_mut().for_each(|users| if is_alone { *users = -1 } else { *users += 1 });
        }
        is_free
    }

    /// Gives slots back.
    pub fn unlock(&self, slots: std::ops::Range<usize>, is_alone: bool) {
        let mut all = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        all[slots].iter_mut().for_each(|users| if is_alone { *users = 0 } else { *users -= 1 });
    }
}
