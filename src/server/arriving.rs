//! In: bodies of requests. Out: the same, and whether all of them was read once they are answered. Forgets: what is passed over.
//!
//! A connection can't go on behind a request that was not read to its end, and a sender who still sends when it is closed may never see
//! the answer. So what an answer did not need is read before it is given, for a moment. Where more is left, the answer says that it is the
//! last one.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::EXPECT;

use super::connections;
use crate::limits;

/// The body of a request as it arrives.
#[derive(Debug, Clone)]
pub struct ArrivingBody(Arc<Mutex<Incoming>>);

/// What nobody may have read of a body.
#[derive(Debug)]
pub struct UnreadRest {
    body: ArrivingBody,
    /// Whether its sender sends it only if it is asked to.
    is_held_back: bool,
}

impl ArrivingBody {
    /// The request with such a body, and what is to be seen to once it is answered; nothing where it has none.
    pub fn of(request: Request<Incoming>) -> (Request<ArrivingBody>, Option<UnreadRest>) {
        let has_body = !request.body().is_end_stream();
        let is_held_back = request.headers().contains_key(EXPECT);
        let request = request.map(|incoming| ArrivingBody(Arc::new(Mutex::new(incoming))));
        let rest = has_body.then(|| UnreadRest { body: request.body().clone(), is_held_back });
        (request, rest)
    }

    fn incoming(&self) -> MutexGuard<'_, Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnreadRest {
    /// Whether something may be left.
    pub fn is_left(&self) -> bool {
        !self.body.is_end_stream()
    }

    /// Reads on without keeping anything, for [`limits::REST_WAIT_S`] at the most. True if nothing is left.
    pub async fn pass_over(mut self) -> bool {
        if self.is_held_back {
            return false;
        }
        let ends = tokio::time::timeout(Duration::from_secs(limits::REST_WAIT_S), self.ends());
        connections::while_receiving(ends).await.is_some_and(|ends| ends.unwrap_or(false))
    }

    async fn ends(&mut self) -> bool {
        loop {
            match self.body.frame().await {
                None => return true,
                Some(Err(_)) => return false,
                Some(Ok(_)) => {}
            }
        }
    }
}

impl Body for ArrivingBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut *self.incoming()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming().size_hint()
    }
}
