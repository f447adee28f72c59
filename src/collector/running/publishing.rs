//! In: the days of sites that publish, as they begin and end. Out: for the store, that a day begins, and what becomes of its release
//! when it ends. Forgets: a day, when it has ended.
//!
//! Whether a day has a release depends on nothing that visitors do: not on whether anybody came, and not on how many were known when
//! the program started. A day that began while the program was not running, or before its owner had it published, has none.

use super::Running;
use crate::counts::published::ReleaseState;
use crate::site::{AddressMode, Day, Directory, Site, SiteId};
use crate::store::{PublishingDay, StoreError};

impl Running {
    /// Takes up the days that were running when the program ended.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) fn take_up_publishing(&mut self) -> Result<(), StoreError> {
        self.publishing = self.sums.publishing()?.into_iter().collect();
        Ok(())
    }

    /// Gives up the days that run: not all of their visitors are known.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) fn give_up_publishing(&mut self) -> Result<(), StoreError> {
        self.publishing.clear();
        self.closing.iter_mut().for_each(|state| state.release = None);
        self.sums.end_publishing()
    }

    /// The day of a site that begins now, if it is to be published.
    pub(super) fn begin_publishing(&mut self, site: &Site, day: Day) -> Option<PublishingDay> {
        let state = release_of(site);
        if state == ReleaseState::SwitchedOff {
            return None;
        }
        let (state, is_running) = match state {
            ReleaseState::Published => (ReleaseState::Running, true),
            without => (without, false),
        };
        if is_running {
            self.publishing.insert((site.id, day));
            self.note_end((site.id, day));
        }
        let (pages, epsilon) = (site.published_pages(day), site.settings.publish.epsilon);
        Some(PublishingDay { site: site.id, day, epsilon, pages, state })
    }

    /// What becomes of the release of a day that ends; nothing if it is not to be published.
    pub(super) fn end_publishing(&mut self, key: (SiteId, Day), directory: &Directory) -> Option<ReleaseState> {
        let is_published = self.publishing.remove(&key);
        // A site that is removed is forgotten with its releases.
        is_published.then(|| directory.get(key.0).map_or(ReleaseState::SwitchedOff, |site| release_of(site)))
    }
}

/// What becomes of the release of a day that ends with these settings.
fn release_of(site: &Site) -> ReleaseState {
    match site.settings.publish.is_on {
        false => ReleaseState::SwitchedOff,
        true if site.settings.address == AddressMode::None => ReleaseState::NoVisitors,
        true => ReleaseState::Published,
    }
}
