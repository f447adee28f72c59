//! In: a [`Beacon`] and the site it names. Out: a [`Hit`], or the reason why it is not counted. Forgets: the address, the
//! user agent, the full URLs, the query, the time zone and everything else that could tell people apart; what stays are
//! values that many share, and a token that means nothing when the day's salt is gone.

pub mod agent;
pub mod mask;
pub mod path;
pub mod place;
pub mod source;
