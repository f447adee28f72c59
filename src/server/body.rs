//! In: bodies of requests, as they arrive. Out: their bytes, if they are few enough, soon enough and find room. Forgets:
//! the bytes, as soon as their reader lets go of them.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::connections;
use super::rooms::MemoryRooms;
use crate::limits;

/// Room for the bodies of all requests, in bytes.
static ROOM: Semaphore = Semaphore::const_new(limits::BODIES_BYTES_MAX);

/// Room for hits of long lists, in bytes.
static BULK_ROOM: Semaphore = Semaphore::const_new(limits::BULKS_BYTES_MAX);

/// Makes the rooms as small as they are to be.
pub fn narrow(rooms: MemoryRooms) {
    ROOM.forget_permits(limits::BODIES_BYTES_MAX.saturating_sub(rooms.body_bytes));
    BULK_ROOM.forget_permits(limits::BULKS_BYTES_MAX.saturating_sub(rooms.bulk_bytes));
}

/// Room for the part of a list that waits for its rest, which grows and shrinks with it.
pub struct PartRoom {
    bytes: usize,
    room: Option<SemaphorePermit<'static>>,
    of_network: Option<OwnedSemaphorePermit>,
    share: Option<Arc<Semaphore>>,
}

impl PartRoom {
    /// None yet, for the current request.
    pub fn new() -> PartRoom {
        PartRoom { bytes: 0, room: None, of_network: None, share: connections::share_of_bodies() }
    }

    /// Has room for so many bytes: waits for more, or gives back what is too much. The largest hit needs [`limits::BODY_BYTES_MAX`].
    pub async fn fit(&mut self, bytes: usize) {
        let bytes = bytes.min(limits::BODY_BYTES_MAX).saturating_sub(limits::BODY_BYTES_FREE);
        if let Some(less) = self.bytes.checked_sub(bytes) {
            drop(self.room.as_mut().and_then(|room| room.split(less)));
            drop(self.of_network.as_mut().and_then(|room| room.split(less)));
            self.bytes = bytes;
            return;
        }
        let more = u32::try_from(bytes - self.bytes).unwrap_or(u32::MAX);
        // Neither is ever closed.
        if let Some(share) = &self.share
            && let Ok(permit) = share.clone().acquire_many_owned(more).await
        {
            match &mut self.of_network {
                Some(of_network) => of_network.merge(permit),
                None => self.of_network = Some(permit),
            }
        }
        if let Ok(permit) = BULK_ROOM.acquire_many(more).await {
            match &mut self.room {
                Some(room) => room.merge(permit),
                None => self.room = Some(permit),
            }
        }
        self.bytes = bytes;
    }
}

/// A whole body, and the room that it takes until it is dropped.
pub struct HeldBody<'r> {
    /// The bytes.
    pub bytes: Vec<u8>,
    room: Option<SemaphorePermit<'r>>,
    of_network: Option<OwnedSemaphorePermit>,
    /// What its network may have of the room.
    share: Option<Arc<Semaphore>>,
}

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It has more bytes than it may.
    TooLarge,
    /// It did not arrive in time, found no room in time, or the server ends.
    Late,
    /// The sender went away.
    Gone,
}

/// Reads a body of at most `bytes_max` bytes, for [`limits::BODY_WAIT_S`] at the most.
///
/// # Errors
/// [`Unread`]
pub async fn read<B: Body<Data = Bytes> + Unpin>(body: B, bytes_max: usize) -> Result<HeldBody<'static>, Unread> {
    let held =
        within(Duration::from_secs(limits::BODY_WAIT_S), body, bytes_max, (&ROOM, connections::share_of_bodies()));
    connections::while_receiving(held).await.unwrap_or(Err(Unread::Late))
}

async fn within<B: Body<Data = Bytes> + Unpin>(
    wait: Duration,
    body: B,
    bytes_max: usize,
    room: (&Semaphore, Option<Arc<Semaphore>>),
) -> Result<HeldBody<'_>, Unread> {
    tokio::time::timeout(wait, gathered(body, bytes_max, room)).await.unwrap_or(Err(Unread::Late))
}

async fn gathered<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    bytes_max: usize,
    (room, share): (&Semaphore, Option<Arc<Semaphore>>),
) -> Result<HeldBody<'_>, Unread> {
    let mut held = HeldBody { bytes: Vec::new(), room: None, of_network: None, share };
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Gone)?.into_data() else { continue };
        if held.bytes.len() + data.len() > bytes_max {
            return Err(Unread::TooLarge);
        }
        held.add(&data, room).await?;
    }
    Ok(held)
}

impl<'r> HeldBody<'r> {
    /// Adds bytes once there is room for them. The first of each body need none: large bodies can't keep small ones out.
    async fn add(&mut self, data: &[u8], room: &'r Semaphore) -> Result<(), Unread> {
        let counted = |len: usize| len.saturating_sub(limits::BODY_BYTES_FREE);
        let more = counted(self.bytes.len() + data.len()) - counted(self.bytes.len());
        if more > 0 {
            let more = u32::try_from(more).map_err(|_| Unread::TooLarge)?;
            // First that of the network, so that whoever waits for it keeps nothing from others.
            if let Some(share) = &self.share {
                let permit = share.clone().acquire_many_owned(more).await.map_err(|_| Unread::Gone)?;
                match &mut self.of_network {
                    Some(of_network) => of_network.merge(permit),
                    None => self.of_network = Some(permit),
                }
            }
            let permit = room.acquire_many(more).await.map_err(|_| Unread::Gone)?;
            match &mut self.room {
                Some(room) => room.merge(permit),
                None => self.room = Some(permit),
            }
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    /// A body of which nothing ever arrives.
    struct Silence;

    impl Body for Silence {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    fn awaited<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
    }

    fn body(len: usize) -> Full<Bytes> {
        Full::new(Bytes::from(vec![b' '; len]))
    }

    const SOON: Duration = Duration::from_millis(1);
    const LATER: Duration = Duration::from_secs(60);

    #[test]
    fn a_silent_sender_is_given_up() {
        let room = Semaphore::new(0);
        assert_eq!(awaited(within(SOON, Silence, 10, (&room, None))).err(), Some(Unread::Late));
    }

    #[test]
    fn a_body_has_a_bound() {
        let room = Semaphore::new(0);
        assert_eq!(awaited(within(LATER, body(11), 10, (&room, None))).err(), Some(Unread::TooLarge));
        assert_eq!(awaited(within(LATER, body(10), 10, (&room, None))).map(|held| held.bytes.len()), Ok(10));
    }

    #[test]
    fn large_bodies_wait_for_room_and_small_ones_never() {
        let (free, max) = (limits::BODY_BYTES_FREE, limits::BODY_BYTES_MAX);
        let room = Semaphore::new(100);
        awaited(async {
            let first = within(LATER, body(free + 100), max, (&room, None)).await.map_err(drop);
            assert_eq!(room.available_permits(), 0);
            assert!(within(LATER, body(free), max, (&room, None)).await.is_ok(), "a small one");
            assert_eq!(within(SOON, body(free + 1), max, (&room, None)).await.err(), Some(Unread::Late));
            drop(first);
            assert_eq!(room.available_permits(), 100);
            assert!(within(LATER, body(free + 100), max, (&room, None)).await.is_ok());
        });
    }

    #[test]
    fn the_part_of_a_list_takes_room_and_gives_it_back() {
        awaited(async {
            let share = Arc::new(Semaphore::new(limits::BODY_BYTES_MAX));
            let part = || PartRoom { bytes: 0, room: None, of_network: None, share: Some(share.clone()) };
            let (mut first, mut second) = (part(), part());
            first.fit(2 * limits::BODY_BYTES_MAX).await;
            assert_eq!(share.available_permits(), limits::BODY_BYTES_FREE, "the largest hit fits");
            second.fit(limits::BODY_BYTES_FREE).await;
            let waits = tokio::time::timeout(SOON, second.fit(3 * limits::BODY_BYTES_FREE)).await;
            assert!(waits.is_err());
            first.fit(10).await;
            assert_eq!(share.available_permits(), limits::BODY_BYTES_MAX);
            second.fit(3 * limits::BODY_BYTES_FREE).await;
            drop((first, second));
            assert_eq!(share.available_permits(), limits::BODY_BYTES_MAX);
        });
    }

    #[test]
    fn a_network_has_a_share_of_the_room() {
        let (free, max) = (limits::BODY_BYTES_FREE, limits::BODY_BYTES_MAX);
        let room = Semaphore::new(100);
        let (network, other) = (Some(Arc::new(Semaphore::new(30))), Some(Arc::new(Semaphore::new(30))));
        awaited(async {
            let first = within(LATER, body(free + 30), max, (&room, network.clone())).await.map_err(drop);
            assert_eq!(within(SOON, body(free + 1), max, (&room, network.clone())).await.err(), Some(Unread::Late));
            assert_eq!(room.available_permits(), 70, "who waits for its share keeps nothing from others");
            assert!(within(LATER, body(free + 30), max, (&room, other)).await.is_ok());
            drop(first);
            assert!(within(LATER, body(free + 1), max, (&room, network)).await.is_ok());
        });
    }
}
