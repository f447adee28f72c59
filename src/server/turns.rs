//! In: requests for work that is dear. Out: turns at it, a few at once, or that none came in time. Forgets: who waited.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::answers;
use super::language::words_for;
use crate::limits;
use crate::page::ErrorPage;

/// Turns at work that takes much memory or reads much, so that who asks for it a thousand times at once keeps nobody out.
#[derive(Debug)]
pub struct Turns {
    free: Semaphore,
    wait_ms: u64,
}

impl Turns {
    /// As many at once, for which others wait [`limits::TURN_WAIT_MS`].
    pub const fn of(at_once: usize) -> Turns {
        Turns { free: Semaphore::const_new(at_once), wait_ms: limits::TURN_WAIT_MS }
    }

    /// Waits for a turn, which lasts until it is dropped; nothing if none came in time.
    pub async fn take(&self) -> Option<SemaphorePermit<'_>> {
        tokio::time::timeout(Duration::from_millis(self.wait_ms), self.free.acquire()).await.ok()?.ok()
    }
}

/// The answer to whoever got no turn: 503, to be tried again.
pub fn busy(headers: &HeaderMap) -> Response {
    let mut answer = answers::with_status(503, ErrorPage::of(503, words_for(headers)).html());
    let wait = HeaderValue::from(limits::TURN_WAIT_MS / 1_000);
    answer.headers_mut().insert(header::RETRY_AFTER, wait);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_too_long_is_told_so_and_a_turn_that_ends_is_free() {
        let turns = Turns { wait_ms: 5, ..Turns::of(1) };
        let turn = turns.take().await;
        assert!(turn.is_some());
        assert!(turns.take().await.is_none());
        drop(turn);
        assert!(turns.take().await.is_some());
        let answer = busy(&HeaderMap::new());
        assert_eq!((answer.status().as_u16(), answer.headers()[header::RETRY_AFTER].as_bytes()), (503, &b"10"[..]));
    }
}
