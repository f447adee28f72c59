//! In: packed cells that could not be read. Out: which days of a site answers are without. Forgets: all of it, at the end of the program.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Result;
use crate::site::{Day, Month, SiteId};
use crate::store::{Grain, StoreError, TakenOut, TakenOutOf};

/// Days whose cells are damaged, as far as somebody has asked for them.
#[derive(Default)]
pub(super) struct DamagedDays(Mutex<BTreeSet<(SiteId, Day, Day)>>);

impl DamagedDays {
    /// Goes on without the cells of a bucket where they are damaged. Tells whether they were read.
    pub(super) fn pass(&self, site: SiteId, (grain, bucket): (Grain, i32), read: Result<()>) -> Result<bool> {
        match read {
            Ok(()) => Ok(true),
            Err(StoreError::Corrupt) => {
                let (first, last) = match grain {
                    Grain::Month => (Month(bucket).first(), Month(bucket).last()),
                    Grain::Day | Grain::Hour => (Day(bucket), Day(bucket)),
                };
                self.days().insert((site, first, last));
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Those of a range.
    pub(super) fn marks(&self, of: SiteId, first: Day, last: Day) -> Vec<TakenOut> {
        let days = self.days();
        let found = days.iter().filter(|(site, from, until)| *site == of && *from <= last && *until >= first);
        found.map(|(_, first, last)| TakenOut { first: *first, last: *last, of: TakenOutOf::Damaged }).collect()
    }

    fn days(&self) -> MutexGuard<'_, BTreeSet<(SiteId, Day, Day)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
