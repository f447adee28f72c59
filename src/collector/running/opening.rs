//! In: the first hit of a site's day. Out: the day, opened with what its site says and what is known of it by then, and a record
//! of that for the journal: a day that is read back keeps it.

use std::sync::Arc;

use super::Running;
use crate::collector::personal::KnownSite;
use crate::counts::{DayOpening, OpenDay};
use crate::journal::Record;
use crate::site::{Day, Moment, SiteId};

impl Running {
    /// Opens a day on which nothing has happened yet.
    pub(super) fn open(&mut self, key: (SiteId, Day), now: Moment) {
        let opening = self.opening(key, now);
        self.journal.later(|| Record::Opened { site: key.0, day: key.1, opening: opening.clone() });
        self.open_as(key, opening);
    }

    fn opening(&self, (site, day): (SiteId, Day), now: Moment) -> DayOpening {
        let directory = self.directory.load();
        let known = directory.get(site);
        let first_hours = known.map(|site| {
            let today = site.schedule.locate(now).day;
            today.0 - site.settings.retention.hour_days(today)
        });
        DayOpening {
            values: known.map(|site| site.settings.budget).unwrap_or_default().values,
            without_hours: first_hours.is_some_and(|first| day.0 < first),
            folding: self.known_site(site).start(),
        }
    }

    /// Opens a day as it was opened before the program ended. One of which something waits for a flush stays as it is; what
    /// there is of one in the store was dropped before this.
    pub(super) fn open_again(&mut self, key: (SiteId, Day), opening: DayOpening, is_stored: bool) {
        let is_empty = |day: &OpenDay| day.visitors() == 0 && day.pending() == 0;
        if is_stored || self.days.get(&key).is_none_or(is_empty) {
            self.open_as(key, opening);
        }
    }

    fn open_as(&mut self, key: (SiteId, Day), opening: DayOpening) {
        let day = OpenDay::opened(key.0, key.1, opening, Arc::new(self.known_site(key.0)));
        self.days.insert(key, day);
        self.note_end(key);
    }

    /// What is known of a site beside its days.
    pub(super) fn known_site(&self, site: SiteId) -> KnownSite {
        KnownSite::of(site, &self.personal, &self.directory, &self.sums, &self.meter)
    }
}
