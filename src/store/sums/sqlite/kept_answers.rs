//! Answers about days and months, kept until one of these days changes: readers ask the same about a year again and again, and it is past.
//!
//! Whoever writes says so before and after ([`KeptAnswers::change`]). An answer is kept, or one that is kept is given, only to a
//! transaction that began when none of its days was being changed and none has been since.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::value_sums::RowKey;
use crate::cell::{Tally, Test};
use crate::limits;
use crate::site::{Day, Month, SiteId};
use crate::store::{Ask, DayState, Doubt, Flush, Grain};

/// The rows of an answer.
pub(super) type KeptRows = Arc<[KeptRow]>;

/// A row of an answer: its bucket, the numbers of its values, and its sums.
#[derive(Debug, Clone)]
pub(super) struct KeptRow {
    pub(super) key: RowKey,
    pub(super) tally: Tally,
    pub(super) doubt: Option<Box<Doubt>>,
}

/// The answers of one store.
#[derive(Default)]
pub(super) struct KeptAnswers(Mutex<KeptState>);

#[derive(Default)]
struct KeptState {
    /// Counts changes.
    clock: u64,
    days: BTreeMap<(SiteId, Day), Changes>,
    all: Changes,
    answers: Vec<KeptAnswer>,
    rows: usize,
    /// Counts uses.
    used: u64,
    is_used: bool,
}

/// What is known of changes to a day.
#[derive(Debug, Clone, Copy, Default)]
struct Changes {
    /// Those that are under way.
    running: usize,
    /// When the last one ended.
    ended: u64,
}

impl Changes {
    fn is_as_since(self, clock: u64) -> bool {
        self.running == 0 && self.ended <= clock
    }
}

struct KeptAnswer {
    ask: Ask,
    rows: KeptRows,
    used: u64,
}

/// Which days are changed.
enum ChangedDays {
    Some(BTreeSet<(SiteId, Day)>),
    All,
}

/// A change that is under way, until it is dropped.
pub(super) struct RunningChange<'a> {
    kept: &'a KeptAnswers,
    days: ChangedDays,
}

impl Drop for RunningChange<'_> {
    fn drop(&mut self) {
        let mut state = self.kept.state();
        state.clock += 1;
        let ended = state.clock;
        state.each(&self.days, |changes| *changes = Changes { running: changes.running.saturating_sub(1), ended });
        state.forget_days();
    }
}

impl KeptAnswers {
    /// The present point in time, to be asked before a transaction begins.
    pub(super) fn now(&self) -> u64 {
        self.state().clock
    }

    /// To be held while a flush is written.
    pub(super) fn change_by(&self, flush: &Flush) -> RunningChange<'_> {
        let days = flush.sums.iter().map(|(site, day, _)| (*site, *day));
        // With a day that is over, what was begun for its month may be ended.
        let of_state = |state: &DayState| {
            let month = state.day.month();
            let (first, last) = if state.is_over { (month.first(), month.last()) } else { (state.day, state.day) };
            let site = state.site;
            (first.0..=last.0).map(move |day| (site, Day(day)))
        };
        let days = days.chain(flush.days.iter().flat_map(of_state));
        self.change(ChangedDays::Some(days.collect()))
    }

    /// To be held while anything may be written.
    pub(super) fn change_all(&self) -> RunningChange<'_> {
        self.change(ChangedDays::All)
    }

    fn change(&self, days: ChangedDays) -> RunningChange<'_> {
        let mut state = self.state();
        state.each(&days, |changes| changes.running += 1);
        state.drop_answers(|ask| match &days {
            ChangedDays::Some(days) => days.range(days_of(ask)).next().is_some(),
            ChangedDays::All => true,
        });
        RunningChange { kept: self, days }
    }

    /// The answer to a question in a transaction that began after `since`, if there is one.
    pub(super) fn find(&self, ask: &Ask, since: u64) -> Option<KeptRows> {
        if !is_keepable(ask) {
            return None;
        }
        let mut state = self.state();
        (state.used, state.is_used) = (state.used + 1, true);
        if !state.is_as_since(ask, since) {
            return None;
        }
        let used = state.used;
        let found = state.answers.iter_mut().find(|kept| kept.ask == *ask)?;
        found.used = used;
        Some(found.rows.clone())
    }

    /// Keeps an answer that was found in a transaction that began after `since`, unless it is very large. Those that nobody has asked
    /// for since long make room.
    pub(super) fn keep(&self, ask: &Ask, rows: impl ExactSizeIterator<Item = KeptRow>, since: u64) {
        if !is_keepable(ask) || rows.len() > limits::KEPT_ROWS_MAX / 4 {
            return;
        }
        let rows: KeptRows = rows.collect();
        let mut state = self.state();
        if !state.is_as_since(ask, since) || state.answers.iter().any(|kept| kept.ask == *ask) {
            return;
        }
        while state.rows + rows.len() > limits::KEPT_ROWS_MAX || state.answers.len() >= limits::KEPT_ANSWERS_MAX {
            let Some(oldest) = state.answers.iter().map(|kept| kept.used).min() else { break };
            state.drop_answer_of(oldest);
        }
        state.rows += rows.len();
        let used = state.used;
        state.answers.push(KeptAnswer { ask: ask.clone(), rows, used });
    }

    /// Forgets all if nobody has asked for any of them for a while.
    pub(super) fn release(&self) {
        let mut state = self.state();
        if !std::mem::take(&mut state.is_used) {
            (state.answers, state.rows) = (Vec::new(), 0);
        }
    }

    fn state(&self) -> MutexGuard<'_, KeptState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The days that a question is about.
fn days_of(ask: &Ask) -> RangeInclusive<(SiteId, Day)> {
    let (first, last) = match ask.grain {
        Grain::Month => (Month(ask.first).first(), Month(ask.last).last()),
        Grain::Day | Grain::Hour => (Day(ask.first), Day(ask.last)),
    };
    (ask.site, first)..=(ask.site, last.max(first))
}

/// Whether a question is about whole days and compared with another in no time.
fn is_keepable(ask: &Ask) -> bool {
    let bytes = |values: &[String]| values.iter().map(|value| value.len() + 1).sum::<usize>();
    let is_short = |test: &Test| {
        test.passes_all() || test.named().is_some_and(|values| bytes(values) <= limits::KEPT_FILTER_BYTES_MAX)
    };
    let mut tests = ask.filter.iter().map(|filter| &filter.test).chain(&ask.cut.kept);
    ask.grain != Grain::Hour && tests.all(is_short)
}

impl KeptState {
    fn is_as_since(&self, ask: &Ask, since: u64) -> bool {
        let mut days = self.days.range(days_of(ask)).map(|(_, changes)| changes);
        self.all.is_as_since(since) && days.all(|changes| changes.is_as_since(since))
    }

    fn each(&mut self, days: &ChangedDays, mut change: impl FnMut(&mut Changes)) {
        match days {
            ChangedDays::Some(days) => days.iter().for_each(|day| change(self.days.entry(*day).or_default())),
            ChangedDays::All => change(&mut self.all),
        }
    }

    fn drop_answers(&mut self, is_gone: impl Fn(&Ask) -> bool) {
        self.answers.retain(|kept| !is_gone(&kept.ask));
        self.rows = self.answers.iter().map(|kept| kept.rows.len()).sum();
    }

    /// Drops those that were used last at a time.
    fn drop_answer_of(&mut self, used: u64) {
        self.answers.retain(|kept| kept.used != used);
        self.rows = self.answers.iter().map(|kept| kept.rows.len()).sum();
    }

    /// Of very many days it is not told apart any more when each has changed last.
    fn forget_days(&mut self) {
        if self.days.len() > limits::KEPT_DAYS_TOLD_APART {
            self.days.retain(|_, changes| changes.running > 0);
            self.all.ended = self.clock;
            self.drop_answers(|_| true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: SiteId = SiteId(1);

    fn ask(first: i32, last: i32) -> Ask {
        Ask { grain: Grain::Month, first, last, ..Ask::totals_of_day(SITE, Day(0)) }
    }

    fn kept_row(visits: i64) -> KeptRow {
        KeptRow { key: (0, 0, 0), tally: Tally { visits, ..Tally::ZERO }, doubt: None }
    }

    fn row(visits: i64) -> std::vec::IntoIter<KeptRow> {
        vec![kept_row(visits)].into_iter()
    }

    fn flush_of(day: Day) -> Flush {
        Flush { sums: vec![(SITE, day, crate::counts::Sums::default().into())], ..Flush::default() }
    }

    fn flush(month: i32) -> Flush {
        flush_of(Month(month).last())
    }

    fn visits(kept: &KeptAnswers, ask: &Ask, since: u64) -> Option<i64> {
        kept.find(ask, since).map(|rows| rows[0].tally.visits)
    }

    #[test]
    fn an_answer_is_kept_until_one_of_its_days_changes() {
        let kept = KeptAnswers::default();
        let (year, other) = (ask(1, 12), ask(13, 24));
        let since = kept.now();
        kept.keep(&year, row(1), since);
        kept.keep(&other, row(2), since);
        assert_eq!((visits(&kept, &year, since), visits(&kept, &other, since)), (Some(1), Some(2)));
        assert_eq!(visits(&kept, &ask(1, 11), since), None);
        drop(kept.change_by(&flush(12)));
        assert_eq!((visits(&kept, &year, kept.now()), visits(&kept, &other, kept.now())), (None, Some(2)));
        let days = Ask { grain: Grain::Day, first: 10, last: 20, ..year.clone() };
        kept.keep(&days, row(3), kept.now());
        for (day, left) in [(9, Some(3)), (21, Some(3)), (20, None)] {
            drop(kept.change_by(&flush_of(Day(day))));
            assert_eq!(visits(&kept, &days, kept.now()), left);
        }
        drop(kept.change_all());
        assert_eq!(visits(&kept, &other, kept.now()), None);
    }

    #[test]
    fn what_was_read_before_or_while_a_day_changed_is_neither_kept_nor_answered() {
        let (kept, year) = (KeptAnswers::default(), ask(1, 12));
        for all in [false, true] {
            let before = kept.now();
            let change = if all { kept.change_all() } else { kept.change_by(&flush(3)) };
            let meanwhile = kept.now();
            kept.keep(&year, row(1), before);
            kept.keep(&year, row(1), meanwhile);
            assert_eq!(visits(&kept, &year, meanwhile), None);
            drop(change);
            for early in [before, meanwhile] {
                kept.keep(&year, row(1), early);
                assert_eq!(visits(&kept, &year, kept.now()), None);
            }
            let after = kept.now();
            kept.keep(&year, row(2), after);
            assert_eq!((visits(&kept, &year, before), visits(&kept, &year, after)), (None, Some(2)));
        }
    }

    #[test]
    fn what_nobody_asks_for_makes_room_and_is_released() {
        let kept = KeptAnswers::default();
        let many = limits::KEPT_ROWS_MAX / 4;
        let rows = || vec![kept_row(0); many].into_iter();
        for first in 1..=5 {
            kept.keep(&ask(first, 100), rows(), kept.now());
            assert!(kept.find(&ask(1, 100), kept.now()).is_some());
        }
        assert!(kept.find(&ask(2, 100), kept.now()).is_none(), "the oldest but for one that is asked for");
        assert!(kept.find(&ask(5, 100), kept.now()).is_some());
        kept.keep(&ask(6, 100), vec![kept_row(0); many + 1].into_iter(), kept.now());
        assert!(kept.find(&ask(6, 100), kept.now()).is_none());
        kept.release();
        assert!(kept.find(&ask(1, 100), kept.now()).is_some());
        kept.release();
        kept.release();
        assert!(kept.find(&ask(1, 100), kept.now()).is_none());
    }

    #[test]
    fn so_many_days_change_that_they_are_not_told_apart() {
        let (kept, year) = (KeptAnswers::default(), ask(1, 12));
        let before = kept.now();
        for day in 0..=limits::KEPT_DAYS_TOLD_APART as i32 {
            drop(kept.change_by(&flush_of(Day(day))));
        }
        kept.keep(&year, row(1), before);
        assert_eq!(visits(&kept, &year, before), None);
        kept.keep(&year, row(1), kept.now());
        assert_eq!(visits(&kept, &year, kept.now()), Some(1));
    }
}
