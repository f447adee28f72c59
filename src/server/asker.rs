//! In: requests for pages, files and answers of the API. Out: who asks, to share out work of which little is done at once. Forgets:
//! who asked, with the request.

use std::cell::Cell;
use std::fmt;
use std::net::IpAddr;

use axum::extract::Request;

use super::guess::Peer;
use super::{App, ingest};
use crate::hit::token;
use crate::operator::UserId;
use crate::secret::Digest;
use crate::site::AddressMode;

tokio::task_local! {
    static CURRENT: Cell<QuestionAsker>;
}

/// Whoever has a share of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuestionAsker {
    /// The program itself.
    Program,
    /// Somebody from this network: a /24 or a /48.
    Network(IpAddr),
    /// A user who is signed in.
    User(UserId),
    /// The bearer of a token.
    Bearer(Digest),
}

impl fmt::Debug for QuestionAsker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuestionAsker")
    }
}

impl QuestionAsker {
    /// Who asks, as far as a request tells before it is looked at.
    pub fn of(request: &Request, app: &App) -> QuestionAsker {
        let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() else { return QuestionAsker::Program };
        QuestionAsker::Network(token::visible(ingest::client(request.headers(), peer, app).ip, AddressMode::Truncate))
    }

    /// Who asks in the current request.
    pub fn current() -> QuestionAsker {
        CURRENT.try_with(Cell::get).unwrap_or(QuestionAsker::Program)
    }

    /// Awaits work that is done for it.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(Cell::new(self), work).await
    }

    /// Notes that the current request is this one's: a secret has told.
    pub fn is_known(self) {
        let _ = CURRENT.try_with(|current| current.set(self));
    }
}
