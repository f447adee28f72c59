//! In: questions of reports. Out: the sums that are stored and those that are not yet, as one. Forgets: nothing.

use super::Collector;
use super::keeper::Message;
use crate::counts::{Name, PropKey};
use crate::report;
use crate::site::{Day, SiteId};
use crate::store::{Ask, StoreError, SumRow};

impl report::Sums for Collector {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let Some(site) = asks.first().map(|ask| ask.site) else { return Ok(Vec::new()) };
        // First what is not stored, then what is: a flush in between is seen by its number.
        let pending = self.pending(site, asks);
        let running: Vec<_> = pending.running.iter().map(|(running, _)| *running).collect();
        let mut answer = self.0.sums.read(asks, &running)?;
        for generation in pending.after(answer.flush) {
            for ((rows, more), ask) in answer.rows.iter_mut().zip(&generation.rows).zip(asks) {
                rows.extend(more.iter().filter_map(|row| ask.narrowed(row)));
            }
        }
        let in_memory = pending.running.iter().zip(&answer.adds).filter(|(_, adds)| **adds);
        for ((running, census), _) in in_memory {
            for (rows, ask) in answer.rows.iter_mut().zip(asks).filter(|(_, ask)| ask.site == running.site) {
                rows.extend(ask.rows_of_census(running.day, census));
            }
        }
        Ok(answer.rows)
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        let pending = self.pending(site, &[]);
        let (flush, stored) = self.0.sums.first_day(site)?;
        let unsaved = pending.after(flush).filter_map(|generation| generation.first_day);
        Ok(unsaved.chain(stored).min())
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        // What is stored meanwhile is found by both.
        let unsaved = self.call(|reply| Message::PropKeys { site, reply }).unwrap_or_default();
        let is_wanted = |key: &PropKey| key.event.as_deref() == event && (first..=last).contains(&key.day);
        let mut keys = self.0.sums.prop_keys(site, event, first, last)?;
        keys.extend(unsaved.into_iter().filter(is_wanted).map(|found| found.key));
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}
