//! In: keys of 32 bytes, such as the salts of days. Out: the same, for as long as somebody reads. Forgets: a key, which is zeroed in its
//! place when it is dropped.
//!
//! Keys lie together in pages of their own: a page is the least that can be locked, and a key for each of thousands of sites fits into
//! the 64 kB that any user may lock.

use std::alloc::{Layout, handle_alloc_error};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use memmap2::{Advice, MmapMut};
use zeroize::Zeroize;

use crate::limits;

/// The length of a key, in bytes.
pub const KEY_BYTES: usize = 32;

/// Keys of a page: one bit of a `u128` for each.
const PAGE_KEYS: usize = limits::KEY_PAGE_BYTES / KEY_BYTES;
const _: () = assert!(PAGE_KEYS == u128::BITS as usize);

/// Pages that were made; they are used again and never given back.
static PAGES: Mutex<Vec<PageInUse>> = Mutex::new(Vec::new());
static LOCKED: AtomicUsize = AtomicUsize::new(0);
static UNLOCKED: AtomicUsize = AtomicUsize::new(0);

struct PageInUse {
    bytes: Arc<RwLock<MmapMut>>,
    /// A bit for each key that is in use.
    used: u128,
}

/// A key in memory that is never swapped, where the system lets us lock it, and is in no core dump.
pub struct LockedKey {
    page: Arc<RwLock<MmapMut>>,
    place: usize,
}

/// How many bytes of pages of keys there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPages {
    /// Of those that are locked.
    pub locked_bytes: usize,
    /// Of those that the system did not let us lock.
    pub unlocked_bytes: usize,
}

impl KeyPages {
    /// Those there are now.
    pub fn now() -> KeyPages {
        let bytes = |pages: &AtomicUsize| pages.load(Ordering::Relaxed) * limits::KEY_PAGE_BYTES;
        KeyPages { locked_bytes: bytes(&LOCKED), unlocked_bytes: bytes(&UNLOCKED) }
    }
}

impl LockedKey {
    /// A key, as it is written in its place.
    ///
    /// # Errors
    /// That of `write`.
    pub fn make<E>(write: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<LockedKey, E> {
        let key = LockedKey::taken();
        key.write(write)?;
        Ok(key)
    }

    /// A place that nobody uses.
    fn taken() -> LockedKey {
        let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = pages.iter_mut().find(|page| page.used != u128::MAX) {
            let place = page.used.trailing_ones() as usize;
            page.used |= 1 << place;
            return LockedKey { page: page.bytes.clone(), place };
        }
        let page = Arc::new(RwLock::new(new_page()));
        pages.push(PageInUse { bytes: page.clone(), used: 1 });
        LockedKey { page, place: 0 }
    }

    fn write<T>(&self, write: impl FnOnce(&mut [u8]) -> T) -> T {
        let start = self.place * KEY_BYTES;
        write(&mut self.page.write().unwrap_or_else(PoisonError::into_inner)[start..start + KEY_BYTES])
    }

    /// Lets somebody read it.
    pub fn with<T>(&self, read: impl FnOnce(&[u8; KEY_BYTES]) -> T) -> T {
        let page = self.page.read().unwrap_or_else(PoisonError::into_inner);
        let (keys, _) = page.as_chunks();
        read(&keys[self.place])
    }
}

impl Drop for LockedKey {
    fn drop(&mut self) {
        self.write(Zeroize::zeroize);
        let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = pages.iter_mut().find(|page| Arc::ptr_eq(&page.bytes, &self.page)) {
            page.used &= !(1 << self.place);
        }
    }
}

fn new_page() -> MmapMut {
    let Ok(page) = MmapMut::map_anon(limits::KEY_PAGE_BYTES) else {
        // As where any other memory is not to be had.
        handle_alloc_error(Layout::new::<[u8; limits::KEY_PAGE_BYTES]>())
    };
    let made = if page.lock().is_ok() { &LOCKED } else { &UNLOCKED };
    made.fetch_add(1, Ordering::Relaxed);
    // Kernels that do not know this leave the program out of dumps all the same.
    let _ = page.advise(Advice::DontDump);
    page
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A key that no other test has.
    fn key(number: u8) -> ([u8; KEY_BYTES], LockedKey) {
        let mut bytes = *b"a key of the tests of locked keys";
        bytes[0] = number;
        let bytes: [u8; KEY_BYTES] = bytes[..KEY_BYTES].try_into().unwrap();
        let Ok(key) = LockedKey::make(|place| {
            place.copy_from_slice(&bytes);
            Ok::<_, Infallible>(())
        });
        (bytes, key)
    }

    #[test]
    fn keys_are_apart_and_zeroed_when_dropped() {
        let keys: Vec<_> = (0..3 * PAGE_KEYS).map(|number| key(number as u8)).collect();
        keys.iter().for_each(|(bytes, key)| key.with(|read| assert_eq!(read, bytes)));
        let (bytes, first) = &keys[0];
        let (bytes, page) = (*bytes, first.page.clone());
        let holds = || memchr::memmem::find(&page.read().unwrap()[..], &bytes).is_some();
        assert!(holds());
        drop(keys);
        assert!(!holds());
    }

    #[test]
    fn a_key_that_is_not_written_leaves_its_place() {
        let before = KeyPages::now();
        for _ in 0..10 * PAGE_KEYS {
            assert!(LockedKey::make(|_| Err(())).is_err());
        }
        let after = KeyPages::now();
        let grown = after.locked_bytes + after.unlocked_bytes - before.locked_bytes - before.unlocked_bytes;
        assert!(grown < 10 * limits::KEY_PAGE_BYTES, "{grown}");
    }
}
