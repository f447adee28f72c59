//! In: the end of days and hours. Out: the states of days for the next flush, and for questions about pairs. Forgets: salts and
//! visitors of days that are over, whether or not the store can take their sums; what waits for the store has no tokens.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Running;
use crate::collector::pending::SnapshotScope;
use crate::collector::salts::Salts;
use crate::counts::{DaySegments, SessionSnapshot};
use crate::journal::Record;
use crate::limits;
use crate::site::{Day, Directory, Moment, SiteId};
use crate::store::{CountedBy, DayState, InMemory};

impl Running {
    /// Drops salts and visitors of days that are over, and keeps what is to be stored of them. Tells whether there was
    /// anything.
    pub(super) fn close_ended(&mut self, now: Moment) -> bool {
        let directory = self.directory.load_full();
        self.note_salts();
        if now < self.next_end && Arc::ptr_eq(&directory, &self.looked_at) {
            return !self.closing.is_empty();
        }
        if !Arc::ptr_eq(&directory, &self.looked_at) {
            self.looked_at = directory.clone();
            self.journal.outdate();
        }
        let salts = self.salts.clone();
        // A day ahead of the clock was opened before the clock was set back; it waits for its end. So does a site
        // that is being removed: it may stay after all.
        let is_over = |key: &(SiteId, Day)| end_of(*key, &directory, &salts).is_some_and(|end| now >= end);
        let over: BTreeSet<_> = self.open_keys().filter(is_over).collect();
        for key in &over {
            self.close_day(*key);
            self.salts.forget(key.0, key.1);
        }
        self.repeats.forget_days(is_over);
        self.mails.forget_people(is_over);
        self.find_next_end();
        !over.is_empty() || !self.closing.is_empty()
    }

    /// Days that somebody was there on, that have a salt, or whose end the store waits for.
    fn open_keys(&self) -> impl Iterator<Item = (SiteId, Day)> {
        let visited = self.days.iter().filter(|(_, day)| day.visitors() > 0).map(|(key, _)| *key);
        let stored = self.unclosed.iter().chain(&self.publishing).copied();
        visited.chain(self.salts.days()).chain(stored)
    }

    /// Forgets who was there on a day, and keeps its visits until the store has them.
    pub(super) fn close_day(&mut self, key: (SiteId, Day)) {
        self.journal.later(|| Record::Closed { site: key.0, day: key.1 });
        self.journal.forget();
        self.shares.forget_day(key);
        let visited = self.days.get_mut(&key).filter(|day| day.visitors() > 0);
        let snapshot = visited.map(|day| {
            let snapshot = Arc::new(day.snapshot());
            day.forget_visitors();
            snapshot
        });
        if snapshot.is_some() || self.unclosed.contains(&key) || self.publishing.contains(&key) {
            self.wait_for_closing(key, snapshot);
        }
    }

    /// Keeps a day that ended for the next flush.
    pub(super) fn wait_for_closing(&mut self, key: (SiteId, Day), snapshot: Option<Arc<SessionSnapshot>>) {
        self.unclosed.remove(&key);
        let directory = self.looked_at.clone();
        let release = self.end_publishing(key, &directory);
        self.closing.push(DayState { release, ..state(key, snapshot, &directory, true) });
    }

    /// Takes note of a day that is open from now on.
    pub(super) fn note_end(&mut self, key: (SiteId, Day)) {
        let end = end_of(key, &self.directory.load(), &self.salts);
        self.next_end = end.map_or(self.next_end, |end| end.min(self.next_end));
    }

    /// Finds when the next of the open days ends, so that nobody looks at all of them before.
    fn find_next_end(&mut self) {
        let ends = self.open_keys().filter_map(|key| end_of(key, &self.looked_at, &self.salts));
        self.next_end = ends.min().unwrap_or(Moment(i64::MAX));
    }

    /// The days to be closed with the next flush. Those of a site that is being removed wait.
    pub(super) fn take_closing(&mut self, directory: &Directory) -> Vec<DayState> {
        let (mut now, mut later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.closing).into_iter().partition(|state| directory.get(state.site).is_some());
        later.extend(now.split_off(now.len().min(limits::CLOSING_DAYS_MAX)));
        self.closing = later;
        // A day whose last sums go with this flush is closed by it, or by a later one.
        for state in now.iter().chain(&self.closing) {
            self.unclosed.remove(&(state.site, state.day));
        }
        for DayState { site, day, .. } in now.iter().filter(|state| state.snapshot.is_some()) {
            self.journal.later(|| Record::Flushed { site: *site, day: *day });
        }
        now
    }

    /// Whether visits of days that ended wait for the store.
    pub(super) fn has_waiting_visits(&self) -> bool {
        let writing = self.flushing.writing().into_iter().flat_map(|flush| &flush.days);
        let ended = writing.filter(|state| state.is_over && state.by == CountedBy::Live);
        self.closing.iter().chain(ended).any(|state| state.snapshot.is_some())
    }

    /// The pairs of running days as they are now, of those that have changed.
    pub(super) fn checkpoint(&mut self) -> Vec<DayState> {
        let directory = self.directory.load_full();
        let changed = self.days.iter_mut().filter(|(_, day)| day.has_changed() && day.visitors() > 0);
        let known = changed.filter(|((site, _), _)| directory.get(*site).is_some());
        let state = |(key, day): (&(SiteId, Day), &mut crate::counts::OpenDay)| {
            day.mark_stored();
            state(*key, Some(Arc::new(day.snapshot())), &directory, false)
        };
        known.map(state).collect()
    }

    /// The days whose pairs are in memory, as far as a snapshot is about them.
    pub(super) fn in_memory(&mut self, scope: &SnapshotScope) -> Vec<(InMemory, Arc<SessionSnapshot>)> {
        let wants =
            |site: SiteId, day: Day| scope.sites.contains(&site) && scope.pairs_until.is_some_and(|last| day <= last);
        let (number, alone_from) = (self.flushing.next_number(), self.flushing.alone_from());
        let mut running = Vec::new();
        for day in self.days.values_mut().filter(|day| day.visitors() > 0 && wants(day.site, day.day)) {
            running.push((
                InMemory { site: day.site, day: day.day, by: CountedBy::Live, number, alone_from },
                Arc::new(day.snapshot()),
            ));
        }
        let writing = self.flushing.writing();
        // Of a running day that is being stored there is a newer snapshot in memory.
        let of_writing = writing.into_iter().flat_map(|flush| flush.days.iter().map(|state| (state, flush.number)));
        let stored = of_writing.filter(|(state, _)| state.is_over || state.by == CountedBy::Import);
        for (state, number) in stored.chain(self.closing.iter().map(|state| (state, number))) {
            if let Some(snapshot) = state.snapshot.as_ref().filter(|_| wants(state.site, state.day)) {
                let DayState { site, day, by, .. } = *state;
                let alone_from = if by == CountedBy::Live { alone_from } else { 0 };
                running.push((InMemory { site, day, by, number, alone_from }, snapshot.clone()));
            }
        }
        // A segment that was declared just now is asked of all of them, and so are sections that were changed.
        let directory = self.directory.load();
        for (day, snapshot) in &mut running {
            if let Some(site) = directory.get(day.site) {
                let segments = DaySegments::of(site, day.day);
                *snapshot = Arc::new(SessionSnapshot::clone(snapshot).with_segments(segments));
            }
        }
        running
    }
}

/// When a day of a site that is known is over, so that nothing comes for it any more.
fn end_of((site, day): (SiteId, Day), directory: &Directory, salts: &Salts) -> Option<Moment> {
    let end = directory.get(site)?.schedule.end_of(day).plus(limits::DAY_GRACE_MS);
    Some(salts.late_until(site, day).map_or(end, |late| late.max(end)))
}

fn state(
    (site, day): (SiteId, Day),
    snapshot: Option<Arc<SessionSnapshot>>,
    directory: &Directory,
    is_over: bool,
) -> DayState {
    let budget = directory.get(site).map(|site| site.settings.budget).unwrap_or_default();
    let counted = |snapshot: Arc<SessionSnapshot>| match directory.get(site) {
        Some(site) => Arc::new(Arc::unwrap_or_clone(snapshot).with_segments(DaySegments::of(site, day))),
        None => snapshot,
    };
    let snapshot = snapshot.map(counted);
    DayState { site, day, by: CountedBy::Live, snapshot, pair_cells: budget.pair_cells, is_over, release: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::mail::MailKind;
    use crate::clock::Clock;
    use crate::collector::Collector;
    use crate::collector::running::MarkedHit;
    use crate::control::{self, Command, SiteChange};
    use crate::hit::agent::{Agent, Agents};
    use crate::hit::path::Campaign;
    use crate::hit::place::{Place, Places};
    use crate::hit::source::Origin;
    use crate::hit::token::{Network, Token};
    use crate::hit::{Hit, Kind, Tools};
    use crate::store;

    /// Two seconds before midnight.
    const NIGHT: Moment = Moment(1_780_358_398_000);
    const SITE: SiteId = SiteId(1);

    fn hit(who: u64, page: String, at: Moment) -> Hit {
        Hit {
            site: SITE,
            at,
            local: crate::site::Schedule::utc().locate(at),
            token: Some(Token::from_bits(who)),
            network: Some(Network::from_bits(!who as u32)),
            kind: Kind::Pageview,
            page,
            hostname: "example.com".into(),
            props: Vec::new(),
            agent: Arc::new(Agent::unknown()),
            place: Arc::new(Place { country: "DE".into(), region: "DE-BE".into(), city: "Berlin, DE-BE".into() }),
            origin: Origin { source: "Google".into(), referrer: "google.com".into(), channel: "Organic Search" },
            campaign: Campaign::default(),
            language: String::new(),
            screen: None,
            watched: Default::default(),
            collected: Default::default(),
        }
    }

    /// Numbers that are in a state's image: tokens, networks.
    fn found(running: &Running, numbers: &[u64]) -> Vec<u64> {
        let image = postcard::to_extend(&running.image(), Vec::new()).unwrap();
        let is_in = |number: &&u64| {
            let packed = postcard::to_extend(*number, Vec::new()).unwrap();
            memchr::memmem::find(&image, &packed).is_some()
        };
        numbers.iter().filter(is_in).copied().collect()
    }

    #[test]
    fn nothing_in_the_image_tells_who_came_on_a_day_that_ended() {
        let folder = tempfile::tempdir().unwrap();
        let stores = store::open(&folder.path().join("headcount.db")).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let clock = Clock::manual(NIGHT);
        let (collector, keeping) = Collector::start(stores, tools, clock.clone()).unwrap();
        let change = SiteChange::of("personal", 2);
        control::run(Command::SiteAdd { domain: "example.com".into(), change }, &collector, "").unwrap();
        let people: Vec<u64> = (1..=4).map(|who: u64| who.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let mail = 0xfeed_face_cafe_beef;
        let networks = people.iter().map(|who| u64::from(!*who as u32));
        let numbers: Vec<u64> = people.iter().copied().chain(networks).chain([mail]).collect();
        let with = |work: &dyn Fn(&mut Running, Moment)| collector.0.running.with(|running, now| work(running, now));
        with(&|running, now| {
            for who in &people {
                let hit = hit(*who, format!("/profile/{who}"), now);
                running.count(&MarkedHit { hit, mark: Some(7) }, now).unwrap();
            }
            let day = crate::site::Schedule::utc().locate(now).day;
            running.mail((SITE, day, "spring".into(), MailKind::ALL[0]), Some(mail));
            assert_eq!(found(running, &numbers), numbers);
        });
        clock.set(NIGHT.plus(5_000));
        with(&|running, now| {
            assert!(running.close_ended(now) && running.has_waiting_visits());
            assert_eq!(found(running, &numbers), [0; 0], "while its visits wait for the store");
        });
        with(&|running, _| {
            assert!(running.closing.is_empty());
            assert_eq!(found(running, &numbers), [0; 0], "while its visits are on their way");
        });
        collector.stop();
        keeping.wait().unwrap();
    }
}
