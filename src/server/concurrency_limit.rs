//! Lets few requests at once do work that is costly; others wait for a permit, but not for long.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::limits;

/// A limit for work that takes much memory or reads much, so that who asks for it a thousand times at once keeps nobody out.
#[derive(Debug)]
pub struct ConcurrencyLimit {
    free: Semaphore,
    wait_ms: u64,
}

impl ConcurrencyLimit {
    /// As many at once, for which others wait [`limits::PERMIT_WAIT_MS`].
    pub const fn of(at_once: usize) -> ConcurrencyLimit {
        ConcurrencyLimit { free: Semaphore::const_new(at_once), wait_ms: limits::PERMIT_WAIT_MS }
    }

    /// Waits for a permit, which lasts until it is dropped; nothing if none came in time.
    pub async fn take(&self) -> Option<SemaphorePermit<'_>> {
        tokio::time::timeout(Duration::from_millis(self.wait_ms), self.free.acquire()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_too_long_is_told_so_and_a_turn_that_ends_is_free() {
        let limit = ConcurrencyLimit { wait_ms: 5, ..ConcurrencyLimit::of(1) };
        let permit = limit.take().await;
        assert!(permit.is_some());
        assert!(limit.take().await.is_none());
        drop(permit);
        assert!(limit.take().await.is_some());
    }
}
