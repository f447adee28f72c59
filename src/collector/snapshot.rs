//! The sums that are stored and those that are not yet, as one state.
//!
//! The running state is asked once, for all that is not stored; then the store for a snapshot. A flush between the two is seen by its
//! number. All questions of a page are asked of one snapshot, so that its numbers agree with each other.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Collector;
use super::ended;
use super::pending::{Pending, SnapshotScope};
use super::turns::Turns;
use crate::cell::{Axis, Condition, Tally, Test};
use crate::counts::snapshot::{MatchedRow, VisitSplit, is_known};
use crate::counts::{Name, PropKey, SessionSnapshot};
use crate::limits;
use crate::rejection::Rejection;
use crate::report::set_aside::SetAsideDays;
use crate::report::{self, MailSums, MatchedDays, Records, Sums as _};
use crate::site::set_aside::BOT;
use crate::site::{Day, Moment, Month, SetAside, Site, SiteId};
use crate::store::{
    Ask, BotCount, Flush, InMemory, Interrupt, MailSum, Rejected, StoreError, SumRow, SumSnapshot, TakenOut, TakenOutOf,
};

/// What of a day's visits is in memory, by who counts them.
type VisitsOfDay = Vec<Arc<SessionSnapshot>>;

/// One state of what is counted, stored or not.
///
/// It holds one of the store's few readers: whoever has one is quick, and asks neither the collector nor the store for anything
/// else until it is dropped.
pub struct SitesSnapshot<'a> {
    stored: Box<dyn SumSnapshot + 'a>,
    pending: Pending,
    now: Moment,
    /// For walks over the visitors of days that run.
    turns: &'a Turns,
    interrupt: &'a Interrupt,
    set_aside: SetAsideDays,
    /// The sites with families of programs that are set aside.
    with_bots: Vec<Arc<Site>>,
}

/// The sums of a snapshot as they were counted.
struct AsCounted<'s, 'a>(&'s SitesSnapshot<'a>);

impl SitesSnapshot<'_> {
    /// The flushes that are not in the store's part of it.
    fn unstored(&self) -> impl Iterator<Item = &Flush> {
        let (flush, pending) = (self.stored.flush(), &self.pending);
        let writing = pending.writing.iter().map(|writing| &**writing).filter(move |writing| writing.number > flush);
        let next = (pending.next_number.load(Ordering::SeqCst) > flush).then_some(&pending.next);
        writing.chain(next)
    }
}

impl Collector {
    /// What is counted of some sites as it is now.
    ///
    /// # Errors
    /// The collector has ended, or [`StoreError`] of the store.
    pub fn snapshot(&self, scope: SnapshotScope) -> Result<SitesSnapshot<'_>, StoreError> {
        let directory = self.directory();
        let sites = || scope.sites.iter().filter_map(|site| directory.get(*site)).filter(|_| !scope.is_as_counted);
        let set_aside = SetAsideDays::of(sites().map(|site| &**site));
        let with_bots = sites().filter(|site| site.settings.set_aside.acts.iter().any(|act| act.key == BOT));
        let with_bots = with_bots.cloned().collect();
        let scope = scope.clone().less(&set_aside);
        // First what is not stored, then what is: what is stored in between is in both, and told by its number.
        let pending = self.0.running.with(|running, now| (running.pending(&scope), now));
        let (mut pending, now) = pending.ok_or_else(ended)?;
        pending.make_sums(&scope);
        self.1.check(0)?;
        let mut stored = self.0.sums.snapshot()?;
        stored.interrupted_by(self.1.clone());
        let (turns, interrupt) = (&self.0.turns, &self.1);
        Ok(SitesSnapshot { stored, pending, now, turns, interrupt, set_aside, with_bots })
    }

    /// The same collector, whose answers end when they are told to.
    pub fn interrupted_by(&self, interrupt: Interrupt) -> Collector {
        Collector(self.0.clone(), interrupt)
    }
}

/// The days in memory on which questions are about sets of values, each once, and the question for these values.
fn sets_in_memory(asks: &[Ask], in_memory: &[InMemory]) -> Vec<(usize, InMemory, Ask)> {
    let mut sets: Vec<(usize, InMemory, Ask)> = Vec::new();
    for (place, ask) in asks.iter().enumerate() {
        for day in in_memory.iter().filter(|day| day.site == ask.site) {
            let is_there = |(of, known, _): &(usize, InMemory, Ask)| *of == place && known.day == day.day;
            if !sets.iter().any(is_there) {
                sets.extend(ask.set_on(day.day).map(|of_day| (place, *day, of_day)));
            }
        }
    }
    sets
}

impl SitesSnapshot<'_> {
    /// The days from `first` to `last` on which a site counted anything, each with its visits, if all of these are in memory.
    fn visits(&self, site: SiteId, (first, last): (Day, Day)) -> Result<Option<Vec<(Day, VisitsOfDay)>>, StoreError> {
        let in_memory: Vec<_> = self.pending.in_memory.iter().map(|(day, _)| *day).collect();
        let of_days = Ask { first: first.0, last: last.0, by_bucket: true, ..Ask::totals_of_day(site, first) };
        let adds = self.stored.read(&[], &in_memory)?.adds;
        let mut totals: BTreeMap<Day, Tally> = BTreeMap::new();
        for row in self.read_as_counted(&[of_days])?.concat() {
            *totals.entry(Day(row.bucket)).or_default() += row.tally;
        }
        let mut days = Vec::new();
        for (day, total) in totals.into_iter().filter(|(_, total)| !total.is_zero()) {
            let of_day = self.pending.in_memory.iter().zip(&adds);
            let of_day = of_day.filter(|((of, _), adds)| **adds && (of.site, of.day) == (site, day));
            let visits: VisitsOfDay = of_day.map(|((_, visits), _)| visits.clone()).collect();
            let known = visits.iter().map(|visits| visits.whole()).fold(Tally::ZERO, |sum, whole| sum + whole);
            // Hits for which there was no room are in no visit, and said beside every figure.
            let missing = total.pageviews + total.events - known.pageviews - known.events;
            if total.visits != known.visits || missing != self.unvisited(site, day, day)? as i64 {
                return Ok(None);
            }
            days.push((day, visits));
        }
        Ok(Some(days))
    }
}

impl SitesSnapshot<'_> {
    fn read_as_counted(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let in_memory: Vec<_> = self.pending.in_memory.iter().map(|(day, _)| *day).collect();
        let sets = sets_in_memory(asks, &in_memory);
        let all: Vec<Ask> = asks.iter().chain(sets.iter().map(|(.., of_day)| of_day)).cloned().collect();
        let mut answer = self.stored.read(&all, &in_memory)?;
        let unstored: Vec<_> = self.unstored().flat_map(|flush| &flush.sums).collect();
        for (rows, ask) in answer.rows.iter_mut().zip(&all) {
            for (_, day, sums) in unstored.iter().filter(|(site, ..)| *site == ask.site) {
                let holds = |(of, adds): (&InMemory, &bool)| *adds && (of.site, of.day) == (ask.site, *day);
                let is_told = in_memory.iter().zip(&answer.adds).any(holds) && ask.set_on(*day).is_some();
                for row in ask.rows_of(*day, sums) {
                    let told = |row| if is_told { row } else { ask.unsure(row) };
                    rows.extend(ask.narrowed(&row, self.interrupt)?.map(told));
                }
            }
        }
        let mut cells = answer.rows.split_off(asks.len()).into_iter();
        let mut added = self.pending.in_memory.iter().zip(&answer.adds).filter(|(_, adds)| **adds).peekable();
        let _turn = added.peek().map(|_| self.turns.wait());
        for ((day, sessions), _) in added {
            let of_site: Vec<usize> = (0..asks.len()).filter(|place| asks[*place].site == day.site).collect();
            let asked: Vec<Ask> = of_site.iter().map(|place| asks[*place].clone()).collect();
            let of_pairs = Ask::rows_of_snapshot(&asked, day.day, sessions, self.interrupt)?;
            let of_visits = Ask::rows_of_visits(&asked, day.day, sessions, self.interrupt)?;
            for (place, rows) in of_site.iter().zip(of_pairs).chain(of_site.iter().zip(of_visits)) {
                answer.rows[*place].extend(rows);
            }
            self.interrupt.check(0)?;
        }
        for (place, day, _) in &sets {
            let is_of = |(of, adds): &(&InMemory, &bool)| of.site == day.site && of.day == day.day && **adds;
            let of_day = in_memory.iter().zip(&answer.adds).enumerate().filter(|(_, of)| is_of(of));
            let snapshots: Vec<&SessionSnapshot> = of_day.map(|(at, _)| &*self.pending.in_memory[at].1).collect();
            let cells = cells.next().unwrap_or_default();
            if !snapshots.is_empty() {
                answer.rows[*place].extend(asks[*place].corrected(day.day, cells, &snapshots, self.interrupt)?);
            }
        }
        Ok(answer.rows)
    }
}

impl report::Sums for AsCounted<'_, '_> {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        self.0.read_as_counted(asks)
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        self.0.first_day(site)
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        self.0.prop_keys(site, event, first, last)
    }

    fn months_alone(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<Month>, StoreError> {
        self.0.months_alone(site, first, last)
    }

    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>, StoreError> {
        self.0.stored.taken_out(site, first, last)
    }
}

impl report::Sums for SitesSnapshot<'_> {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        if self.set_aside.is_empty() {
            return self.read_as_counted(asks);
        }
        self.set_aside.read(asks, &AsCounted(self))
    }

    fn matching(
        &self,
        site: SiteId,
        days: (Day, Day),
        condition: &Condition<Name>,
        splits: &[VisitSplit],
    ) -> Result<Option<MatchedDays>, StoreError> {
        let Some(days) = self.visits(site, days)? else { return Ok(None) };
        let _turn = self.turns.wait();
        let asks_properties = condition.tests().iter().any(|filter| matches!(filter.axis, Axis::Prop { .. }))
            || splits.iter().any(|split| split.axes.iter().any(|axis| matches!(axis, Axis::Prop { .. })));
        let mut found = Vec::new();
        for (day, visits) in days {
            let condition = self.set_aside.narrowed(site, day, condition);
            if splits.iter().any(|split| !is_known(&condition, split.axes)) {
                return Ok(None);
            }
            let mut rows: Vec<Vec<MatchedRow>> = splits.iter().map(|_| Vec::new()).collect();
            for visits in visits {
                if asks_properties && visits.has_unknown() {
                    return Ok(None);
                }
                let passes = |test: &Test, value: &str| self.interrupt.passes(test, value);
                let more = visits.matching(&condition, splits, passes, |rows| self.interrupt.check(rows))?;
                rows.iter_mut().zip(more).for_each(|(rows, more)| rows.extend(more));
            }
            found.push((day, rows));
        }
        Ok(Some(found))
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        let unstored = self.unstored().flat_map(|flush| &flush.sums).filter(|(of, ..)| *of == site);
        Ok(unstored.map(|(_, day, _)| *day).chain(self.stored.first_day(site)?).min())
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        let unstored = self.unstored().flat_map(|flush| &flush.sums).filter(|(of, ..)| *of == site);
        let is_wanted = |key: &PropKey| key.event.as_deref() == event && (first..=last).contains(&key.day);
        let unstored = unstored.flat_map(|(_, day, sums)| sums.prop_keys(*day)).filter(is_wanted);
        let mut keys = self.stored.prop_keys(site, event, first, last)?;
        keys.extend(unstored.map(|found| found.key));
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(limits::PROP_KEYS_LISTED);
        Ok(keys)
    }

    fn unvisited(&self, site: SiteId, first: Day, last: Day) -> Result<u64, StoreError> {
        let in_range = |(of, day, _): &&(SiteId, Day, u64)| *of == site && (first..=last).contains(day);
        let unstored = self.unstored().flat_map(|flush| &flush.unvisited).filter(in_range);
        Ok(self.stored.unvisited(site, first, last)? + unstored.map(|(.., count)| count).sum::<u64>())
    }

    fn months_alone(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<Month>, StoreError> {
        self.stored.months_alone(site, first, last)
    }

    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>, StoreError> {
        let mut marks = self.stored.taken_out(site, first, last)?;
        marks.extend(self.set_aside.marks(site, first, last));
        let with_bots = self.with_bots.iter().filter(|of| of.id == site).flat_map(|of| &of.settings.set_aside.acts);
        let is_told = |act: &&SetAside| act.key == BOT && act.first <= last && act.last >= first;
        let mark = |act: &SetAside| TakenOut { first: act.first, last: act.last, of: TakenOutOf::SetAside(None) };
        marks.extend(with_bots.filter(is_told).map(mark));
        Ok(marks)
    }

    fn make_room(&self, bytes: usize) -> Result<(), StoreError> {
        self.interrupt.make_room(bytes)
    }
}

impl Records for SitesSnapshot<'_> {
    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>, StoreError> {
        let mut sums: HashMap<Rejection, u64> = self.stored.rejected(site, first, last)?.into_iter().collect();
        let in_range = |r: &&Rejected| r.site == site && (first..=last).contains(&r.day);
        for rejected in self.unstored().flat_map(|flush| &flush.rejected).filter(in_range) {
            *sums.entry(rejected.reason).or_default() += rejected.count;
        }
        let mut reasons: Vec<_> = sums.into_iter().collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
        Ok(reasons)
    }

    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>, StoreError> {
        let mut counts = self.stored.bots(site, first, last)?;
        let in_range = |bot: &&BotCount| bot.site == site && (first..=last).contains(&bot.day);
        counts.extend(self.unstored().flat_map(|flush| &flush.bots).filter(in_range).cloned());
        if let Some(of) = self.with_bots.iter().find(|of| of.id == site) {
            counts.retain(|count| !of.is_bot_set_aside(count.day, &count.family));
        }
        Ok(counts)
    }

    fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<MailSums, StoreError> {
        let in_range = |mail: &&MailSum| mail.site == site && (first..=last).contains(&mail.day);
        let unstored = self.unstored().flat_map(|flush| &flush.mails).filter(in_range).cloned();
        let mut sums = MailSums::new();
        for mail in self.stored.mails(site, first, last)?.into_iter().chain(unstored) {
            let sum = sums.entry((mail.campaign, mail.kind)).or_default();
            *sum = (sum.0 + mail.count, sum.1 + mail.people);
        }
        Ok(sums)
    }

    fn visitors_now(&self) -> Result<HashMap<SiteId, usize>, StoreError> {
        Ok(self.pending.visitors_now(self.now))
    }
}

/// A single question is asked of a snapshot of its own.
impl report::Sums for Collector {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        self.snapshot(SnapshotScope::of(asks))?.read(asks)
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        self.snapshot(SnapshotScope::totals(vec![site]))?.first_day(site)
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        self.snapshot(SnapshotScope::sites(vec![site]))?.prop_keys(site, event, first, last)
    }

    fn unvisited(&self, site: SiteId, first: Day, last: Day) -> Result<u64, StoreError> {
        self.snapshot(SnapshotScope::totals(vec![site]))?.unvisited(site, first, last)
    }

    fn months_alone(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<Month>, StoreError> {
        self.snapshot(SnapshotScope::totals(vec![site]))?.months_alone(site, first, last)
    }

    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>, StoreError> {
        self.snapshot(SnapshotScope::totals(vec![site]))?.taken_out(site, first, last)
    }

    fn matching(
        &self,
        site: SiteId,
        days: (Day, Day),
        condition: &Condition<Name>,
        splits: &[VisitSplit],
    ) -> Result<Option<MatchedDays>, StoreError> {
        let scope = SnapshotScope { pairs_until: Some(days.1), ..SnapshotScope::totals(vec![site]) };
        self.snapshot(scope)?.matching(site, days, condition, splits)
    }

    fn make_room(&self, bytes: usize) -> Result<(), StoreError> {
        self.1.make_room(bytes)
    }
}

impl Records for Collector {
    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>, StoreError> {
        self.snapshot(SnapshotScope::totals(vec![site]))?.rejected(site, first, last)
    }

    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>, StoreError> {
        self.snapshot(SnapshotScope::totals(vec![site]))?.bots(site, first, last)
    }

    fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<MailSums, StoreError> {
        self.snapshot(SnapshotScope::totals(vec![site]))?.mails(site, first, last)
    }

    fn visitors_now(&self) -> Result<HashMap<SiteId, usize>, StoreError> {
        let sites = self.directory().all().iter().map(|site| site.id).collect();
        let scope = SnapshotScope { counts_visitors: true, ..SnapshotScope::totals(sites) };
        self.snapshot(scope)?.visitors_now()
    }
}
