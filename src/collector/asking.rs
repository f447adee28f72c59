//! In: questions of reports. Out: the sums that are stored and those that are not yet, as one. Forgets: nothing.

use std::collections::HashMap;

use super::Collector;
use super::message::WriterMessage;
use crate::counts::{Name, PropKey};
use crate::rejection::Rejection;
use crate::report::{self, MailSums, Records};
use crate::site::{Day, SiteId};
use crate::store::{Ask, BotCount, MailSum, Rejected, StoreError, SumRow};

impl report::Sums for Collector {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let Some(site) = asks.first().map(|ask| ask.site) else { return Ok(Vec::new()) };
        // First what is not stored, then what is: a flush in between is seen by its number.
        let pending = self.pending(site, asks)?;
        let running: Vec<_> = pending.running.iter().map(|(running, _)| *running).collect();
        let mut answer = self.0.sums.read(asks, &running)?;
        for memtable in pending.after(answer.flush) {
            for ((rows, more), ask) in answer.rows.iter_mut().zip(&memtable.rows).zip(asks) {
                rows.extend(more.iter().filter_map(|row| ask.narrowed(row)));
            }
        }
        let in_memory = pending.running.iter().zip(&answer.adds).filter(|(_, adds)| **adds);
        for ((running, snapshot), _) in in_memory {
            for (rows, ask) in answer.rows.iter_mut().zip(asks).filter(|(_, ask)| ask.site == running.site) {
                rows.extend(ask.rows_of_snapshot(running.day, snapshot));
            }
        }
        Ok(answer.rows)
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        let pending = self.pending(site, &[])?;
        let (flush, stored) = self.0.sums.first_day(site)?;
        let unsaved = pending.after(flush).filter_map(|memtable| memtable.first_day);
        Ok(unsaved.chain(stored).min())
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        // What is stored meanwhile is found by both.
        let unsaved = self.call(|reply| WriterMessage::PropKeys { site, reply })?;
        let is_wanted = |key: &PropKey| key.event.as_deref() == event && (first..=last).contains(&key.day);
        let mut keys = self.0.sums.prop_keys(site, event, first, last)?;
        keys.extend(unsaved.into_iter().filter(is_wanted).map(|found| found.key));
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}

impl Records for Collector {
    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>, StoreError> {
        let pending = self.pending(site, &[])?;
        let (flush, stored) = self.0.sums.rejected(site, first, last)?;
        let mut sums: HashMap<Rejection, u64> = stored.into_iter().collect();
        let unsaved = pending.after(flush).flat_map(|memtable| &memtable.rejected);
        let in_range = |r: &&Rejected| r.site == site && (first..=last).contains(&r.day);
        for rejected in unsaved.filter(in_range) {
            *sums.entry(rejected.reason).or_default() += rejected.count;
        }
        let mut reasons: Vec<_> = sums.into_iter().collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
        Ok(reasons)
    }

    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>, StoreError> {
        let pending = self.pending(site, &[])?;
        let (flush, mut counts) = self.0.sums.bots(site, first, last)?;
        let unsaved = pending.after(flush).flat_map(|memtable| &memtable.bots);
        counts.extend(unsaved.filter(|bot| bot.site == site && (first..=last).contains(&bot.day)).cloned());
        Ok(counts)
    }

    fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<MailSums, StoreError> {
        let pending = self.pending(site, &[])?;
        let (flush, stored) = self.0.sums.mails(site, first, last)?;
        let unsaved = pending.after(flush).flat_map(|memtable| memtable.mails.clone());
        let mut sums = MailSums::new();
        let in_range = |mail: &MailSum| mail.site == site && (first..=last).contains(&mail.day);
        for mail in stored.into_iter().chain(unsaved).filter(in_range) {
            let sum = sums.entry((mail.campaign, mail.kind)).or_default();
            *sum = (sum.0 + mail.count, sum.1 + mail.people);
        }
        Ok(sums)
    }

    fn visitors_now(&self) -> Result<HashMap<SiteId, usize>, StoreError> {
        self.call(WriterMessage::NowOfAll)
    }
}
