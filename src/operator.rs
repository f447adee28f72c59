//! In: what owners declare of those who may read and change. Out: users, tokens and shares, and what each of them may do. Forgets:
//! passwords, secrets and secret links, of which there are only digests.

mod notice;
mod share;
mod token;
mod user;

pub use notice::{AnnouncedChange, KeptNotice, RequestSum};
pub use share::{NewShare, PUBLIC, Share};
pub use token::{Access, TokenInfo, TokenScope};
pub use user::{Login, Role, User, UserId};
