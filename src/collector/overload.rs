//! In: hits, where memory is nearly full. Out: those of whoever sends more than their share. Forgets: who sent, after some hits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::hit::Hit;
use crate::hit::token::Network;
use crate::limits;
use crate::site::SiteId;

/// Hits that were let through of late.
#[derive(Debug, Default)]
pub(super) struct SenderShares(Mutex<ShareWindow>);

#[derive(Debug, Default)]
struct ShareWindow {
    /// Hits that came, and by whoever has a share how many of them were let through.
    came: u32,
    passed: HashMap<Sharer, u32>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Sharer {
    Network(Network),
    Site(SiteId),
    /// A browser: what a flood is sent with, as a rule.
    Browser(Cow<'static, str>),
}

impl SenderShares {
    /// Whether a hit goes through: its network, its site where there are others, and its browser have not had their shares.
    pub(super) fn lets_pass(&self, hit: &Hit, sites: usize) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.came >= limits::SHARED_HITS {
            *window = ShareWindow::default();
        }
        window.came += 1;
        let of_network = hit.network.map(|network| (Sharer::Network(network), limits::SHARE_OF_NETWORK));
        let of_site = (sites > 1).then_some((Sharer::Site(hit.site), limits::SHARE_OF_SITE));
        let of_browser = (Sharer::Browser(hit.agent.browser.clone()), limits::SHARE_OF_BROWSER);
        let sharers: Vec<_> = of_network.into_iter().chain(of_site).chain([of_browser]).collect();
        let passes = sharers.iter().all(|(sharer, most)| window.passed.get(sharer).is_none_or(|passed| passed < most));
        if passes {
            sharers.into_iter().for_each(|(sharer, _)| *window.passed.entry(sharer).or_default() += 1);
        }
        passes
    }
}
