//! In: blocks of memory that are given back, and keys that stand for people. Out: the same blocks, zeroed; pages for the keys that are
//! locked in memory. Forgets: what stood in either.

mod allocator;

pub use allocator::WipingAllocator;
