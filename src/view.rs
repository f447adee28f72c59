//! In: the state in an address, a site, and a snapshot of sums. Out: what each page shows, as the structures of [`crate::page`].
//! Forgets: the cells that figures are made of.
//!
//! The address of a page holds its whole state (`url_state`); from it come the questions (`questions`), and from their answers
//! the page. Nothing here knows sockets, clocks or a running collector: what is not in the sums comes as [`InstanceState`].

mod url_state;
pub mod site_view;
mod chips;
mod answers;
mod panels;
mod comparing;
mod series;
mod goals;
mod notices;
mod mails;
mod arrivals;
mod questions;
pub mod site_page;
pub mod rows;
pub mod site_list;
pub mod site_group;
pub mod live;
pub mod counter;

pub use arrivals::Arrivals;
pub use site_page::{InstanceState, site_page};
pub use site_view::{Audience, SiteView, ViewError};
