//! In: the days of sites that publish, as they begin and end. Out: for the store, that a day begins, and what becomes of its release
//! when it ends. Forgets: a day, when it has ended.
//!
//! Whether a day has a release depends on nothing that visitors do: not on whether anybody came, and not on how many were known when
//! the program started. A day that began while the program was not running, or before its owner had it published, has none.

use super::{Owed, Running};
use crate::counts::published::ReleaseState;
use crate::site::{AddressMode, Day, Directory, Site, SiteId};
use crate::store::{PublishingDay, ReleaseOrder, StoreError, unless_damaged};

impl Running {
    /// Takes up the days that were running when the program ended.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) fn take_up_publishing(&mut self) -> Result<(), StoreError> {
        self.publishing = unless_damaged(self.sums.publishing())?.into_iter().collect();
        Ok(())
    }

    /// Gives up the days that run: not all of their visitors are known.
    pub(super) fn give_up_publishing(&mut self, is_told: bool) {
        let runs = !std::mem::take(&mut self.publishing).is_empty();
        self.closing.iter_mut().for_each(|state| state.release = None);
        if runs {
            self.tell(Owed::EndPublishing, is_told);
        }
    }

    /// The day of a site that begins now, if the site publishes.
    pub(super) fn begin_publishing(&mut self, site: &Site, day: Day) -> Option<PublishingDay> {
        let state = withheld(site).unwrap_or(ReleaseState::Running);
        if state == ReleaseState::SwitchedOff {
            return None;
        }
        if state == ReleaseState::Running {
            self.publishing.insert((site.id, day));
            self.note_end((site.id, day));
        }
        Some(PublishingDay { site: site.id, day, epsilon: site.settings.publish.epsilon, state })
    }

    /// What becomes of the release of a day that ends; nothing if it is not to be published.
    pub(super) fn end_publishing(&mut self, key: (SiteId, Day), directory: &Directory) -> Option<ReleaseOrder> {
        let is_published = self.publishing.remove(&key);
        let site = directory.get(key.0).filter(|_| is_published)?;
        Some(match withheld(site) {
            Some(reason) => ReleaseOrder::Withhold(reason),
            None => ReleaseOrder::Publish { pages: site.published_pages(key.1), collected: site.settings.collect },
        })
    }
}

/// Why a day has no release under the present settings of its site.
fn withheld(site: &Site) -> Option<ReleaseState> {
    match site.settings.publish.is_on {
        false => Some(ReleaseState::SwitchedOff),
        true => (site.settings.address == AddressMode::None).then_some(ReleaseState::NoVisitors),
    }
}
