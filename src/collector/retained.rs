//! In: a site. Out: how long each kind of its sums is kept, and the oldest that there is. Forgets: nothing.

use super::Collector;
use crate::site::{Day, KeptFor, RetainedKind, Site};
use crate::store::StoreError;

/// How long a kind of sums is kept at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetainedNow {
    /// The kind.
    pub kind: RetainedKind,
    /// For how long, as it is set; nothing is for ever.
    pub kept_for: Option<KeptFor>,
    /// The first day that is kept, with what is coarser looked at; nothing where all are.
    pub first_kept: Option<Day>,
    /// The first day of the oldest that is stored; nothing if there is none.
    pub oldest: Option<Day>,
}

impl Collector {
    /// What holds of each kind of a site's sums. Log files are not among it: they are written to the standard output, and kept by
    /// whoever collects them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn retained(&self, site: &Site) -> Result<Vec<RetainedNow>, StoreError> {
        let today = site.schedule.locate(self.0.clock.now()).day;
        let (retention, oldest) = (&site.settings.retention, self.0.sums.oldest(site.id)?);
        let now = |kind| RetainedNow {
            kind,
            kept_for: retention.kept_for(kind),
            first_kept: retention.first_day(kind, today),
            oldest: oldest.iter().find(|kept| kept.kind == kind).and_then(|kept| kept.day),
        };
        Ok(RetainedKind::ALL.map(now).to_vec())
    }
}
