//! In: blocks of memory that are given back, and keys that stand for people. Out: the same blocks, zeroed; pages for the keys that are
//! locked in memory, as all of the program is where the system allows it. Forgets: what stood in either.

mod allocator;
mod keys;
mod locking;

pub use allocator::{WipingAllocator, held_since, share_freed};
pub use keys::{KEY_BYTES, KeyPages, LockedKey};
pub use locking::{Locking, give_back, keep_out_of_dumps, lock_all, locking};

/// How far below a call its own calls may have written, in bytes; much further where nothing is optimised.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 512 << 10 } else { 32 << 10 };

/// Overwrites what calls that returned have left on the stack: an address would stay there until something else comes along.
#[inline(never)]
pub fn overwrite_stack() {
    std::hint::black_box(&mut [0_u8; STACK_BYTES]);
}
