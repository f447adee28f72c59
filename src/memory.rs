//! In: blocks of memory that are given back, and keys that stand for people. Out: the same blocks, zeroed; pages for the keys that are
//! locked in memory, as all of the program is where the system allows it. Forgets: what stood in either.

use crate::limits;

mod allocator;
mod keys;
mod locking;

pub use allocator::{HeldNotes, WipingAllocator, held_since, share_freed};
pub use keys::{KEY_BYTES, KeyPages, LockedKey};
pub use locking::{Locking, give_back, keep_out_of_dumps, lock_all, locking};

/// Overwrites what calls that returned have left on the stack: an address would stay there until something else comes along.
#[inline(never)]
pub fn overwrite_stack() {
    std::hint::black_box(&mut [0_u8; limits::STACK_BYTES]);
}
