//! In: answers to readers. Out: the same, the long ones piece by piece, as long as there is room for them. Forgets: what is sent.
//!
//! Whoever asks for much and takes it slowly must not fill the memory with answers, and what compresses a long one must not keep
//! others from the thread for long.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::Body as AnswerBody;
use axum::response::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::asker::QuestionAsker;
use crate::limits;

/// Long answers that are not sent yet.
#[derive(Debug, Clone)]
pub struct LongAnswers {
    held: Arc<Mutex<HashMap<QuestionAsker, usize>>>,
    /// Most bytes of all of them.
    most: usize,
}

/// What one of them takes; given back on drop.
#[derive(Debug)]
struct AnswerRoom {
    of: LongAnswers,
    asker: QuestionAsker,
    bytes: usize,
}

impl Drop for AnswerRoom {
    fn drop(&mut self) {
        let mut held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held.get(&self.asker).map_or(0, |bytes| bytes - self.bytes);
        match left {
            0 => _ = held.remove(&self.asker),
            left => _ = held.insert(self.asker, left),
        }
    }
}

impl LongAnswers {
    /// Room for so many bytes.
    pub fn of(most: usize) -> LongAnswers {
        LongAnswers { held: Arc::default(), most }
    }

    /// Makes room for an answer; nothing if there is none.
    ///
    /// # Errors
    /// There is none.
    pub fn held(&self, asker: QuestionAsker, answer: Response) -> Result<Response, NoRoom> {
        let bytes = answer.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
        if bytes <= limits::ANSWER_BYTES_FREE {
            return Ok(answer);
        }
        let room = self.take(asker, bytes).ok_or(NoRoom)?;
        Ok(answer.map(|body| AnswerBody::new(LongBody { body, rest: Bytes::new(), has_sent: false, _room: room })))
    }

    fn take(&self, asker: QuestionAsker, bytes: usize) -> Option<AnswerRoom> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (of_all, own) = (held.values().sum::<usize>(), held.get(&asker).copied().unwrap_or_default());
        // One has room in any case: it is no longer than a question may make it.
        let fits = |held: usize, most: usize| held == 0 || held + bytes <= most;
        let share = self.most / limits::NETWORK_SHARE;
        if !fits(of_all, self.most) || !fits(own, share) {
            return None;
        }
        held.insert(asker, own + bytes);
        Some(AnswerRoom { of: self.clone(), asker, bytes })
    }
}

/// There is no room for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

/// A body in pieces.
struct LongBody {
    body: AnswerBody,
    /// What has come of it and is not handed on.
    rest: Bytes,
    has_sent: bool,
    _room: AnswerRoom,
}

impl Body for LongBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::take(&mut self.has_sent) {
            // Others come first.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(frame))) => return Poll::Ready(Some(Ok(frame))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        self.has_sent = true;
        let piece = self.rest.len().min(limits::ANSWER_PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let of_body = self.body.size_hint().exact().unwrap_or_default();
        SizeHint::with_exact(of_body + self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn from(network: u8) -> QuestionAsker {
        QuestionAsker::Network([192, 0, network, 0].into())
    }

    fn long(bytes: usize) -> Response {
        Response::new(AnswerBody::from(vec![7; bytes]))
    }

    #[test]
    fn an_asker_has_a_share_of_the_room_and_one_answer_in_any_case() {
        let answers = LongAnswers::of(limits::ANSWERS_BYTES_MAX);
        let share = limits::ANSWERS_BYTES_MAX / limits::NETWORK_SHARE;
        let first = answers.held(from(1), long(share)).unwrap();
        assert_eq!(answers.held(from(1), long(limits::ANSWER_BYTES_FREE + 1)).err(), Some(NoRoom));
        assert!(answers.held(from(1), long(limits::ANSWER_BYTES_FREE)).is_ok(), "a short one needs none");
        let others: Vec<_> = (2..=4).map(|network| answers.held(from(network), long(share)).unwrap()).collect();
        assert_eq!(answers.held(from(5), long(limits::ANSWER_BYTES_FREE + 1)).err(), Some(NoRoom), "all is taken");
        drop((first, others));
        let largest = answers.held(from(5), long(2 * limits::ANSWERS_BYTES_MAX)).unwrap();
        assert_eq!(answers.held(from(6), long(share)).err(), Some(NoRoom));
        drop(largest);
        assert!(answers.held.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_long_answer_comes_whole_and_in_pieces() {
        let answers = LongAnswers::of(limits::ANSWERS_BYTES_MAX);
        let bytes = limits::ANSWER_BYTES_FREE + 10;
        let mut body = answers.held(from(1), long(bytes)).unwrap().into_body();
        assert_eq!(body.size_hint().exact(), Some(bytes as u64));
        let mut pieces = Vec::new();
        while let Some(frame) = body.frame().await {
            pieces.push(frame.unwrap().into_data().unwrap().len());
        }
        assert!(body.is_end_stream() && pieces.iter().sum::<usize>() == bytes);
        assert!(pieces.iter().all(|piece| *piece <= limits::ANSWER_PIECE_BYTES), "{pieces:?}");
    }
}
