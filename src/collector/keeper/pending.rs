//! In: sums that wait for the store. Out: those that an answer of the store does not hold yet. Forgets: nothing.

use std::sync::Arc;

use super::Keeper;
use crate::collector::ledger::Booked;
use crate::counts::{Census, OpenDay, PropKey};
use crate::site::{Day, SiteId};
use crate::store::{Ask, BotCount, CellSource, Flush, InMemory, MailSum, Rejected, SumRow};

/// Sums that are not in the store yet, as far as they were asked for.
#[derive(Debug, Default)]
pub struct Pending {
    pub(super) generations: Vec<Generation>,
    /// Days whose pairs are in memory.
    pub running: Vec<(InMemory, Arc<Census>)>,
}

/// Sums that go into one flush.
#[derive(Debug, Default)]
pub struct Generation {
    pub(super) number: u64,
    /// For each question its rows.
    pub rows: Vec<Vec<SumRow>>,
    /// All rejections.
    pub rejected: Vec<Rejected>,
    /// What became of mails.
    pub mails: Vec<MailSum>,
    /// All programs.
    pub bots: Vec<BotCount>,
    /// The first day of the site with sums in it.
    pub first_day: Option<Day>,
}

impl Pending {
    /// The generations that a store has not seen that holds all flushes up to number `flush`.
    pub fn after(&self, flush: u64) -> impl Iterator<Item = &Generation> {
        self.generations.iter().filter(move |generation| generation.number > flush)
    }
}

impl Keeper {
    /// What is not stored: the rows of questions about any sites, and the first day of one.
    pub(super) fn pending(&mut self, site: SiteId, asks: &[Ask]) -> Pending {
        let writing = self.flushing.writing().map(|flush| generation_of(flush, site, asks));
        let Booked { rejected, bots } = self.ledger.peek();
        let waiting = || self.days.values().filter(|day| day.pending() > 0);
        let mut rows = vec![Vec::new(); asks.len()];
        for day in waiting() {
            let of_site = || asks.iter().enumerate().filter(|(_, ask)| ask.site == day.site);
            let axes = of_site().filter_map(|(_, ask)| match ask.source() {
                CellSource::Single(axis) => Some(axis),
                _ => None,
            });
            let sums = day.peek(axes);
            for (place, ask) in of_site() {
                rows[place].extend(ask.rows_of(day.day, &sums));
            }
        }
        let open = Generation {
            number: self.flushing.next_number(),
            rows,
            rejected,
            bots,
            mails: self.mails.peek(),
            first_day: waiting().filter(|day| day.site == site).map(|day| day.day).min(),
        };
        Pending { generations: writing.into_iter().chain([open]).collect(), running: self.running(asks) }
    }

    /// Keys of properties are named by whatever holds sums of them: a name said twice is no harm.
    pub(super) fn prop_keys(&self, site: SiteId) -> Vec<PropKey> {
        let writing = self.flushing.writing().into_iter().flat_map(|flush| &flush.sums);
        let writing = writing.filter(|(of, _, _)| *of == site).flat_map(|(_, day, sums)| sums.prop_keys(*day));
        let open = self.days.values().filter(|day| day.site == site).flat_map(OpenDay::prop_keys);
        writing.chain(open).collect()
    }
}

fn generation_of(flush: &Flush, site: SiteId, asks: &[Ask]) -> Generation {
    let of = |site: SiteId| flush.sums.iter().filter(move |(of, _, _)| *of == site);
    let rows = asks.iter().map(|ask| of(ask.site).flat_map(|(_, day, sums)| ask.rows_of(*day, sums)).collect());
    Generation {
        number: flush.number,
        rows: rows.collect(),
        rejected: flush.rejected.clone(),
        mails: flush.mails.clone(),
        bots: flush.bots.clone(),
        first_day: of(site).map(|(_, day, _)| *day).min(),
    }
}
