//! In: blocks of memory that are given back. Out: the same blocks, zeroed, for the allocator beneath. Forgets: what stood in them, so
//! that what a request brought is gone when it is over, whichever library held it.

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;

use mimalloc::MiMalloc;

/// mimalloc, which never gets back a block with something in it.
///
/// Growing a block takes a new one, copies, and gives the old one back: that is what [`GlobalAlloc::realloc`] does by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct WipingAllocator;

#[allow(
    unsafe_code,
    reason = "an allocator is unsafe to write; only here is each freed block seen, those of libraries among them"
)]
// SAFETY: each call goes to mimalloc with the layout that it came with, and what is zeroed is the block that its owner gives back.
unsafe impl GlobalAlloc for WipingAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { MiMalloc.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe {
            place.write_bytes(0, layout.size());
            // Nobody reads these zeros; no compiler may leave them out for that.
            MiMalloc.dealloc(black_box(place), layout);
        }
    }
}
