//! In: the body of a request, from hyper. Out: the same for whoever answers, and whether all of it was read, without which nobody
//! knows where the next request begins. Forgets: what nobody read.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use crate::limits;

/// A body that tells how much of it was read.
pub struct ArrivingBody {
    body: Option<Incoming>,
    is_over: bool,
    end: BodyEnd,
}

/// How the reading of a body ended.
#[derive(Clone, Default)]
pub struct BodyEnd(Arc<Mutex<ReadSoFar>>);

#[derive(Default)]
enum ReadSoFar {
    /// Somebody still has the body.
    #[default]
    Part,
    All,
    /// Nobody reads on.
    LetGo(Incoming),
}

impl ArrivingBody {
    /// A body, and what tells later how its reading ended.
    pub fn of(body: Incoming) -> (ArrivingBody, BodyEnd) {
        let end = BodyEnd::default();
        (ArrivingBody { body: Some(body), is_over: false, end: end.clone() }, end)
    }
}

impl Body for ArrivingBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = self.body.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(context));
        self.is_over |= matches!(polled, Poll::Ready(None));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl Drop for ArrivingBody {
    fn drop(&mut self) {
        let Some(body) = self.body.take() else { return };
        let ended = if self.is_over || body.is_end_stream() { ReadSoFar::All } else { ReadSoFar::LetGo(body) };
        self.end.set(ended);
    }
}

impl BodyEnd {
    fn set(&self, ended: ReadSoFar) -> ReadSoFar {
        std::mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), ended)
    }

    /// Whether all of it was read.
    pub fn was_read(&self) -> bool {
        matches!(self.set(ReadSoFar::Part), ReadSoFar::All)
    }

    /// The same; a rest that nobody read is passed over if it is there and small, as hyper does between two requests.
    pub async fn is_read(&self) -> bool {
        match self.set(ReadSoFar::Part) {
            ReadSoFar::Part => false,
            ReadSoFar::All => true,
            ReadSoFar::LetGo(rest) => is_passed_over(rest).await,
        }
    }
}

async fn is_passed_over(mut rest: Incoming) -> bool {
    let mut left = limits::BODY_BYTES_FREE;
    while let Some(next) = next_at_once(&mut rest).await {
        let Some(frame) = next else { return true };
        let len = frame.ok().and_then(|frame| Some(frame.data_ref()?.len()));
        match len.and_then(|len| left.checked_sub(len)) {
            Some(less) => left = less,
            None => return false,
        }
        if rest.is_end_stream() {
            return true;
        }
    }
    false
}

/// The next piece, if it is there. hyper looks for it when it is asked the first time, and hands it over the second time.
async fn next_at_once(rest: &mut Incoming) -> Option<Option<Result<Frame<Bytes>, hyper::Error>>> {
    let mut tries = 0;
    poll_fn(|context| match Pin::new(&mut *rest).poll_frame(context) {
        Poll::Ready(next) => Poll::Ready(Some(next)),
        Poll::Pending if tries == 2 => Poll::Ready(None),
        Poll::Pending => {
            tries += 1;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}
