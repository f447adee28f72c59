//! In: sums that wait for the store. Out: those that an answer of the store does not hold yet. Forgets: nothing.

use super::SumsWriter;
use crate::collector::pending::{Memtable, Pending};
use crate::collector::rejections::BookedRows;
use crate::counts::{OpenDay, PropKey};
use crate::site::SiteId;
use crate::store::{Ask, CellSource, Flush};

impl SumsWriter {
    /// What is not stored: the rows of questions about any sites, and the first day of one.
    pub(super) fn pending(&mut self, site: SiteId, asks: &[Ask]) -> Pending {
        let writing = self.flushing.writing().map(|flush| memtable_of(flush, site, asks));
        let BookedRows { rejected, bots } = self.rejections.peek();
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
        let open = Memtable {
            number: self.flushing.next_number(),
            rows,
            rejected,
            bots,
            mails: self.mails.peek(),
            first_day: waiting().filter(|day| day.site == site).map(|day| day.day).min(),
        };
        Pending { memtables: writing.into_iter().chain([open]).collect(), running: self.running(asks) }
    }

    /// Keys of properties are named by whatever holds sums of them: a name said twice is no harm.
    pub(super) fn prop_keys(&self, site: SiteId) -> Vec<PropKey> {
        let writing = self.flushing.writing().into_iter().flat_map(|flush| &flush.sums);
        let writing = writing.filter(|(of, _, _)| *of == site).flat_map(|(_, day, sums)| sums.prop_keys(*day));
        let open = self.days.values().filter(|day| day.site == site).flat_map(OpenDay::prop_keys);
        writing.chain(open).collect()
    }
}

fn memtable_of(flush: &Flush, site: SiteId, asks: &[Ask]) -> Memtable {
    let of = |site: SiteId| flush.sums.iter().filter(move |(of, _, _)| *of == site);
    let rows = asks.iter().map(|ask| of(ask.site).flat_map(|(_, day, sums)| ask.rows_of(*day, sums)).collect());
    Memtable {
        number: flush.number,
        rows: rows.collect(),
        rejected: flush.rejected.clone(),
        mails: flush.mails.clone(),
        bots: flush.bots.clone(),
        first_day: of(site).map(|(_, day, _)| *day).min(),
    }
}
