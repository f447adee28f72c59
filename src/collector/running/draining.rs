//! In: all that is counted and waits. Out: flushes. Forgets: what it hands out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::trust::Trust;
use super::{Running, Waiter, answer};
use crate::clock::{ClockBelief, ClockReading};
use crate::collector::SumsBatch;
use crate::collector::rejections::BookedRows;
use crate::limits;
use crate::meter::FailureKind;
use crate::site::{Day, Directory, LeastAtRest, Moment, RetainedKind, Retention, SiteId};
use crate::store::{DayState, Flush, JournalMark};

impl Running {
    /// Hands everything that is not stored to the flusher, unless there is nothing; with `checkpoint` also the pairs of
    /// running days.
    pub(super) fn begin_flush(&mut self, now: Moment, present: Flush, checkpoint: bool) {
        self.flushed = now;
        self.minutes.forget_past(now);
        let forgotten = self.take_forgetting();
        let directory = self.directory.load_full();
        let mut flush = self.counted(&directory, now, present);
        flush.days = self.take_days(&directory, checkpoint || !forgotten.is_empty(), now);
        flush.at_rest = at_rest_of(&flush.days, &directory);
        flush.forgotten = forgotten;
        flush.spills = self.take_settled(self.flushing.next_number());
        self.forget_empty_days();
        self.gauge(now);
        let waiters = std::mem::take(&mut self.waiters);
        if flush.is_nothing() {
            return waiters.iter().for_each(|waiter| answer(waiter, Ok(())));
        }
        flush.journal = self.journal.mark();
        if let JournalMark::UpTo(position) = flush.journal {
            self.stored = Some(position);
        }
        flush.number = self.flushing.next_number();
        // Whoever has a copy of these sums is told in which flush they are from now on.
        let taken = std::mem::replace(&mut self.next_number, Arc::new(AtomicU64::new(u64::MAX)));
        taken.store(flush.number, Ordering::SeqCst);
        self.flushing.begin(flush, waiters);
    }

    /// What was counted since the last flush. Sums of a site that is being removed stay here until it is clear what becomes of them.
    pub(super) fn counted(&mut self, directory: &Directory, now: Moment, present: Flush) -> Flush {
        let is_known = |site: SiteId| site == SiteId::INSTANCE || directory.get(site).is_some();
        let waiting = self.days.values_mut().filter(|day| day.pending() > 0 && is_known(day.site));
        let mut sums: Vec<_> = waiting.map(|day| (day.site, day.day, day.take_unstored().into())).collect();
        // The order of a table of hashes is another each time, and rows in order touch each page of the store once.
        sums.sort_unstable_by_key(|(site, day, _)| (*site, *day));
        self.unclosed.extend(sums.iter().map(|(site, day, _)| (*site, *day)));
        let BookedRows { mut rejected, mut bots, mut unvisited } = std::mem::take(&mut self.rejections).rows();
        rejected.retain(|rejected| is_known(rejected.site));
        bots.retain(|bot| is_known(bot.site));
        unvisited.retain(|(site, ..)| is_known(*site));
        let batches = self.batches.drain(now);
        let ends = self.clock.reading().ends;
        let is_over = |(site, day): &(SiteId, Day)| {
            directory.get(*site).is_none_or(|site| ends >= site.schedule.end_of(*day).plus(limits::DAY_GRACE_MS))
        };
        let mails: Vec<_> = self.mails.drain(is_over).into_iter().filter(|mail| is_known(mail.site)).collect();
        let imported: Vec<_> = self.imported.drain(..).filter(|entry| is_known(entry.site)).collect();
        Flush { sums, rejected, bots, unvisited, imported, mails, batches, ..present }
    }

    /// The states of days for a flush: of those that are over, and with `checkpoint` of those that run.
    pub(super) fn take_days(&mut self, directory: &Directory, checkpoint: bool, now: Moment) -> Vec<DayState> {
        let mut days = self.take_closing(directory);
        if checkpoint {
            self.checkpointed = now;
            days.extend(self.checkpoint());
        }
        days.sort_by_key(|state| (state.site, state.day));
        days
    }

    /// Drops days without visitors and without sums, which hold nothing but names.
    fn forget_empty_days(&mut self) {
        let shares = &mut self.shares;
        self.days.retain(|key, day| {
            let stays = day.visitors() > 0 || day.pending() > 0;
            if !stays {
                shares.forget_day(*key);
            }
            stays
        });
    }

    /// Hands a batch of an import to the flusher. It is a flush of its own, because hits that are counted now must gather
    /// as long as ever.
    pub(super) fn begin_import(&mut self, site: SiteId, batch: SumsBatch, waiter: Waiter) {
        if site != SiteId::INSTANCE && self.directory.load().get(site).is_none() {
            return;
        }
        let SumsBatch { sums, days, counted, rejected, bots, unvisited, imported } = batch;
        self.meter.batch(counted, rejected.iter().map(|rejected| (rejected.reason, rejected.count)));
        let number = self.flushing.next_number();
        let sums = sums.into_iter().map(|(site, day, sums)| (site, day, sums.into())).collect();
        let at_rest = at_rest_of(&days, &self.directory.load());
        let flush = Flush { number, sums, days, rejected, bots, unvisited, imported, at_rest, ..Flush::default() };
        self.flushing.begin(flush, vec![waiter]);
    }

    /// The present day of each site, said once on each, and with it from when on the site keeps its sums. At a start too, so that a
    /// machine that is off at every midnight removes what is due, and what a stop has interrupted goes on; but not by a setting that
    /// was changed on this day: who has mistyped it has until the end of the day. Nor by a clock that is doubted: a setting confirms no
    /// time.
    pub(super) fn present(&mut self, reading: &ClockReading) -> Flush {
        let trust = self.look_at_clock(reading);
        let (believed, is_doubted) = (self.trust.believed(), self.trust.is_doubted());
        let mut present = Flush { believed, is_doubted, ..Flush::default() };
        if reading.is_ahead {
            // The start is not over: its day is told by the time that something confirms.
            return present;
        }
        for site in self.directory.load().all() {
            let today = site.schedule.locate(reading.ends).day;
            let before = self.trust.told.insert(site.id, today);
            let is_new_day = before.is_some_and(|before| before < today);
            if is_new_day {
                present.publishing.extend(self.begin_publishing(&site, today));
            }
            let is_believed_again = trust == Trust::DoubtEnds;
            if before != Some(today) || is_believed_again {
                present.today.push((site.id, today));
            }
            let changed = site.settings.retention_changed;
            let is_start = (before.is_none() || is_believed_again) && self.journal.counts();
            let is_due = is_new_day || is_start && changed.is_none_or(|changed| changed < today);
            if is_due && !is_doubted {
                say_retention(&mut present, site.id, &site.settings.retention, today);
            }
        }
        present
    }

    /// Says once what is thought of the clock.
    pub(super) fn note_belief(&mut self, reading: &ClockReading) {
        if self.trust.belief == reading.belief {
            return;
        }
        self.trust.belief = reading.belief;
        self.meter.failures.clear(FailureKind::ClockDoubt);
        self.meter.failures.clear(FailureKind::ClockUnset);
        let (wall, plausible) = (self.clock.wall().timestamp(), reading.now.timestamp());
        match reading.belief {
            ClockBelief::Believed => tracing::info!("the clock is believed again: it is {plausible}"),
            ClockBelief::Doubted => {
                let said = format!(
                    "it says {wall}, and {plausible} is plausible; set it, or run `headcount clock confirm` if it is right"
                );
                self.meter.failed(FailureKind::ClockDoubt, "clock", said);
            }
            ClockBelief::Unset => {
                self.meter.failed(
                    FailureKind::ClockUnset,
                    "clock",
                    format!("it says {wall}, before this program was made"),
                );
            }
        }
    }

    /// An operator says that the clock is right.
    pub(in crate::collector) fn believe_clock(&mut self) {
        self.trust.confirm();
        self.flushed = Moment(0);
        self.wants_tick();
    }

    fn look_at_clock(&mut self, reading: &ClockReading) -> Trust {
        let trust = self.trust.look(reading);
        match trust {
            Trust::DoubtBegins => {
                let known = self.trust.believed().map(|day| day.to_string()).unwrap_or_default();
                let said = format!(
                    "it says {}, and what is stored goes to {known}; set it, or run `headcount clock confirm` if it is right",
                    self.clock.wall().timestamp()
                );
                self.meter.failed(FailureKind::Clock, "clock", said);
            }
            Trust::DoubtEnds => self.meter.failures.clear(FailureKind::Clock),
            Trust::Doubted | Trust::Believed => {}
        }
        trust
    }
}

/// Says what a site keeps from which day on.
fn say_retention(present: &mut Flush, site: SiteId, retention: &Retention, today: Day) {
    for kind in RetainedKind::ALL {
        match retention.first_day(kind, today) {
            Some(first) if kind == RetainedKind::DayPairs => present.day_pairs_from.push((site, first.month())),
            Some(first) => present.kept_from.push((site, kind, first)),
            None => {}
        }
    }
}

/// The least figures at rest of the sites whose days are over.
pub(super) fn at_rest_of(days: &[DayState], directory: &Directory) -> Vec<(SiteId, LeastAtRest)> {
    let sites: BTreeSet<SiteId> = days.iter().filter(|state| state.is_over).map(|state| state.site).collect();
    let known = sites.into_iter().filter_map(|site| Some((site, directory.get(site)?.settings.k_at_rest.clone())));
    known.filter(|(_, least)| !least.is_none()).collect()
}
