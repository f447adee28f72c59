//! In: blocks of memory that are given back. Out: the same blocks, zeroed, for the allocator beneath. Forgets: what stood in them, so
//! that what a request brought is gone when it is over, whichever library in Rust held it. C, which sees sums alone, frees as ever.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ffi::{c_int, c_long};
use std::hint::black_box;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use mimalloc::MiMalloc;

use crate::limits;

/// mimalloc, which never gets back a block with something in it.
///
/// Growing a block takes a new one, copies, and gives the old one back: that is what [`GlobalAlloc::realloc`] does by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct WipingAllocator;

thread_local! {
    /// Bytes that the thread has taken, less those that it has given back, whoever took them.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// How many threads want to know what they hold. A hit, all of whose allocations pass here, does not.
static NOTING: AtomicUsize = AtomicUsize::new(0);

#[inline]
fn note(more: usize) {
    if NOTING.load(Relaxed) > 0 {
        HELD.with(|held| held.set(held.get().wrapping_add(more)));
    }
}

/// Has noted what threads hold as long as it is there.
#[derive(Debug)]
pub struct HeldNotes(());

impl HeldNotes {
    /// Begins.
    pub fn begin() -> HeldNotes {
        NOTING.fetch_add(1, Relaxed);
        HeldNotes(())
    }
}

impl Drop for HeldNotes {
    fn drop(&mut self) {
        NOTING.fetch_sub(1, Relaxed);
    }
}

/// How many bytes more the current thread holds than it did when it held `before`, which is the sum for `before = 0`. Only what is
/// both taken and given back by the thread, while a [`HeldNotes`] is there, counts right: that is so for work which is begun and ended
/// on one thread.
pub fn held_since(before: usize) -> usize {
    let more = HELD.with(Cell::get).wrapping_sub(before);
    // Less than before is none.
    if more > isize::MAX as usize { 0 } else { more }
}

#[allow(unsafe_code, reason = "an allocator is; nothing else sees each freed block, whoever had it")]
// SAFETY: each call goes to mimalloc with the layout that it came with, and what is zeroed is the block that its owner gives back.
unsafe impl GlobalAlloc for WipingAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { MiMalloc.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        note(layout.size().wrapping_neg());
        unsafe {
            place.write_bytes(0, layout.size());
            // Nobody reads these zeros; no compiler may leave them out for that.
            MiMalloc.dealloc(black_box(place), layout);
        }
    }
}

// Of mimalloc 3's `mimalloc.h`; the crate knows them only with another crate beside it.
#[allow(unsafe_code, reason = "functions of C")]
unsafe extern "C" {
    fn mi_collect(force: bool);
    fn mi_option_set(option: c_int, value: c_long);
    #[cfg(test)]
    fn mi_option_get(option: c_int) -> c_long;
}

/// How long freed memory is kept, in milliseconds: `mi_option_purge_delay`.
const PURGE_DELAY: c_int = 15;

/// Has freed memory kept until [`give_back`], rather than returned to the system as it becomes free.
#[allow(unsafe_code, reason = "mimalloc has no other way to set an option while it runs")]
pub(super) fn keep_freed() {
    // SAFETY: an option is a number that mimalloc reads when it frees something.
    unsafe { mi_option_set(PURGE_DELAY, limits::FREED_KEPT_MS) };
}

/// Returns freed memory to the system.
#[allow(unsafe_code, reason = "mimalloc has no other way to be told")]
pub(super) fn give_back() {
    // SAFETY: it walks over what this thread and the whole program have freed, under locks of its own.
    unsafe { mi_collect(true) };
}

/// Leaves to other threads what this one has freed.
#[allow(unsafe_code, reason = "mimalloc has no other way to be told")]
pub fn share_freed() {
    // SAFETY: it walks over what this thread has freed.
    unsafe { mi_collect(false) };
}

#[cfg(test)]
mod tests {
    use super::{HeldNotes, held_since};

    #[test]
    fn a_thread_knows_what_it_holds() {
        let _noting = HeldNotes::begin();
        let before = held_since(0);
        let mut list = vec![1_u8; 10_000];
        assert!((10_000..11_000).contains(&held_since(before)), "{}", held_since(before));
        list.resize(50_000, 2);
        assert!((50_000..51_000).contains(&held_since(before)), "{}", held_since(before));
        std::thread::spawn(|| drop(vec![3_u8; 70_000])).join().unwrap();
        drop(list);
        assert!(held_since(before) < 1_000, "{}", held_since(before));
    }

    #[test]
    #[allow(unsafe_code, reason = "mimalloc has no other way to read an option")]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: as above.
        let default_ms = unsafe { super::mi_option_get(super::PURGE_DELAY) };
        assert_eq!(default_ms, 1_000, "mimalloc's default");
    }
}
