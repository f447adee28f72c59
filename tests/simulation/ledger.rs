//! What the figures must be: a naive account of what was acknowledged, and of how much of it is in which flush.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use headcount::cell::Tally;
use headcount::hit::{Hit, Kind};
use headcount::rejection::Rejection;
use headcount::site::{Day, Moment, SiteId};

const HALF_AN_HOUR_MS: i64 = 30 * 60 * 1_000;

/// A number of a tally that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    Visitors,
    Visits,
    Pageviews,
    Events,
    Bounces,
    Seconds,
}

impl Column {
    pub const ALL: [Column; 6] =
        [Column::Visitors, Column::Visits, Column::Pageviews, Column::Events, Column::Bounces, Column::Seconds];

    /// It in a tally.
    pub fn of(self, tally: &Tally) -> i64 {
        match self {
            Column::Visitors => tally.visitors,
            Column::Visits => tally.visits,
            Column::Pageviews => tally.pageviews,
            Column::Events => tally.events,
            Column::Bounces => tally.bounces,
            Column::Seconds => tally.seconds,
        }
    }
}

/// What a figure is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// The site's total.
    Total(Column),
    /// A page: pageviews and visitors.
    Page(String, Column),
    /// A source: visits and pageviews.
    Source(String, Column),
    /// A reason for rejection.
    Rejected(Rejection),
    /// Mails that were opened.
    Mails,
    /// A batch of messages, by its number.
    Batch(u64),
}

/// A figure of a site's day.
pub type Key = (SiteId, Day, Figure);

/// Figures that are not 0.
pub type Figures = BTreeMap<Key, i64>;

/// What an entry came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameBy {
    /// A message.
    Message,
    /// An import, by its number.
    Import(u64),
    /// A message that was in no store at the end of a life, and waits in a file of sums.
    Spill,
}

/// A change of a figure that may not be stored.
#[derive(Debug, Clone)]
struct Entry {
    key: Key,
    by: i64,
    came: CameBy,
    /// The flush that holds it; nothing while it waits for one.
    flush: Option<u64>,
    /// Whether a file of sums has it as well.
    is_spilled: bool,
}

/// Somebody on one day of one site.
#[derive(Debug, Clone)]
struct Person {
    last_hit: Moment,
    visit: NaiveVisit,
    pages: BTreeSet<String>,
}

/// The last visit of somebody.
#[derive(Debug, Clone)]
struct NaiveVisit {
    start: Moment,
    last: Moment,
    pageviews: u32,
    is_interactive: bool,
    source: String,
    pages: BTreeSet<String>,
}

impl NaiveVisit {
    fn is_bounce(&self) -> bool {
        self.pageviews <= 1 && !self.is_interactive
    }

    fn seconds(&self) -> i64 {
        (self.last.0 - self.start.0) / 1_000
    }
}

/// The account.
#[derive(Debug, Default)]
pub struct Ledger {
    figures: Figures,
    waiting: Vec<Entry>,
    people: HashMap<(SiteId, Day, u64), Person>,
    /// Days whose visits are stored, until more come.
    stored_visits: BTreeSet<(SiteId, Day)>,
    /// Days of whose visits some were lost, so that their pairs are not all.
    pub lost_visits: BTreeSet<(SiteId, Day)>,
    /// The last flush that is known to be stored.
    pub confirmed: u64,
}

impl Ledger {
    /// What the figures must be now.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// What is known to be stored.
    pub fn stored(&self) -> Figures {
        let mut stored = self.figures.clone();
        self.waiting.iter().for_each(|entry| *stored.entry(entry.key.clone()).or_default() -= entry.by);
        stored
    }

    fn add(&mut self, key: Key, by: i64, came: CameBy) {
        if by != 0 {
            *self.figures.entry(key.clone()).or_default() += by;
            self.waiting.push(Entry { key, by, came, flush: None, is_spilled: false });
        }
    }

    /// A message was rejected.
    pub fn reject(&mut self, site: SiteId, day: Day, reason: Rejection) {
        self.add((site, day, Figure::Rejected(reason)), 1, CameBy::Message);
    }

    /// A mail was opened.
    pub fn mail(&mut self, site: SiteId, day: Day) {
        self.add((site, day, Figure::Mails), 1, CameBy::Message);
    }

    /// A batch of messages was counted on a day.
    pub fn note_batch(&mut self, day: Day, number: u64) {
        self.add((SiteId::INSTANCE, day, Figure::Batch(number)), 1, CameBy::Message);
    }

    /// Whether a batch is counted.
    pub fn has_batch(&self, number: u64) -> bool {
        let of_batch = |((.., figure), count): (&Key, &i64)| *figure == Figure::Batch(number) && *count > 0;
        self.figures.iter().any(of_batch)
    }

    /// Books a hit, and tells whether it is to be accepted.
    pub fn take(&mut self, hit: &Hit) -> bool {
        let (site, day) = (hit.site, hit.local.day);
        let mut changes = Vec::new();
        let Some(token) = hit.token else {
            return self.take_unknown(hit);
        };
        let key = (site, day, token.bits());
        self.stored_visits.remove(&(site, day));
        let before = self.people.get(&key).cloned();
        let at = before.as_ref().map_or(hit.at, |person| hit.at.max(person.last_hit));
        let running = before.as_ref().filter(|person| at.0 - person.last_hit.0 <= HALF_AN_HOUR_MS);
        if let Kind::Engagement { .. } = hit.kind {
            let Some(person) = running.filter(|person| person.visit.pages.contains(&hit.page)) else {
                self.reject(site, day, Rejection::NoVisit);
                return false;
            };
            let person = Person { last_hit: at, ..person.clone() };
            self.people.insert(key, person);
            return true;
        }
        let old = running.map(|person| person.visit.clone());
        let visit = visit_after(old.clone(), hit, at);
        let mut pages = before.as_ref().map(|person| person.pages.clone()).unwrap_or_default();
        changes.extend(visit_changes(old.as_ref(), &visit));
        changes.extend(hit_changes(hit, &visit));
        if before.is_none() {
            changes.push((Figure::Total(Column::Visitors), 1));
        }
        // Visitors of a page are those who saw it, or did something on it.
        if pages.insert(hit.page.clone()) {
            changes.push((Figure::Page(hit.page.clone(), Column::Visitors), 1));
        }
        changes.into_iter().for_each(|(figure, by)| self.add((site, day, figure), by, CameBy::Message));
        self.people.insert(key, Person { last_hit: at, visit, pages });
        true
    }

    /// A hit of a site that keeps no tokens.
    fn take_unknown(&mut self, hit: &Hit) -> bool {
        let (site, day) = (hit.site, hit.local.day);
        if let Kind::Engagement { .. } = hit.kind {
            self.reject(site, day, Rejection::NoVisit);
            return false;
        }
        self.lost_visits.insert((site, day));
        let column = if hit.kind == Kind::Pageview { Column::Pageviews } else { Column::Events };
        let source = hit.origin.source.to_string();
        self.add((site, day, Figure::Total(column)), 1, CameBy::Message);
        if column == Column::Pageviews {
            self.add((site, day, Figure::Page(hit.page.clone(), column)), 1, CameBy::Message);
            self.add((site, day, Figure::Source(source, column)), 1, CameBy::Message);
        }
        true
    }

    /// Figures of an import are handed over.
    pub fn import(&mut self, number: u64, figures: impl IntoIterator<Item = (Key, i64)>) {
        figures.into_iter().for_each(|(key, by)| self.add(key, by, CameBy::Import(number)));
    }

    /// What waits goes with a flush: all messages, or an import.
    pub fn begin_flush(&mut self, number: u64, of: CameBy) {
        let waits = |entry: &&mut Entry| entry.flush.is_none() && entry.came == of;
        self.waiting.iter_mut().filter(waits).for_each(|entry| entry.flush = Some(number));
    }

    /// A flush is stored for good.
    pub fn confirm(&mut self, number: u64) {
        self.confirmed = self.confirmed.max(number);
        self.waiting.retain(|entry| entry.flush.is_none_or(|flush| flush > number));
    }

    /// A life has ended, and the store has the flushes up to `stored`. What is not in them is gone, unless it is in a journal, was
    /// spilled by this end, or waits since an earlier one; imports never are.
    pub fn end_life(&mut self, stored: u64, has_journal: bool, was_spilled: bool, has_spills: bool) {
        self.confirm(stored);
        if !has_journal {
            let days = self.people.keys().map(|(site, day, _)| (*site, *day));
            self.lost_visits.extend(days.filter(|of| !self.stored_visits.contains(of)));
        }
        self.waiting.iter_mut().for_each(|entry| entry.is_spilled |= was_spilled);
        let stays = |entry: &Entry| match entry.came {
            CameBy::Message => has_journal || entry.is_spilled && has_spills,
            CameBy::Import(_) => false,
            CameBy::Spill => has_spills,
        };
        let (stay, go): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(stays);
        for entry in go {
            *self.figures.entry(entry.key).or_default() -= entry.by;
        }
        self.waiting = stay;
        for entry in &mut self.waiting {
            entry.flush = None;
            if !has_journal && entry.came == CameBy::Message {
                entry.came = CameBy::Spill;
            }
        }
        self.confirmed = stored;
    }

    /// Whether any message is not known to be stored.
    pub fn has_waiting_messages(&self) -> bool {
        self.waiting.iter().any(|entry| !matches!(entry.came, CameBy::Import(_)))
    }

    /// The visits of some days are stored.
    pub fn store_visits(&mut self, is_stored: impl Fn(Day) -> bool) {
        let days = self.people.keys().map(|(site, day, _)| (*site, *day));
        self.stored_visits.extend(days.filter(|(_, day)| is_stored(*day)));
    }

    /// Whether anything is not known to be stored.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What was counted of a site is forgotten, of some of its days.
    pub fn forget(&mut self, site: SiteId, is_meant: impl Fn(Day) -> bool, is_kept: impl Fn(&Figure) -> bool) {
        let stays = |(of, day, figure): &Key| *of != site || !is_meant(*day) || is_kept(figure);
        self.figures.retain(|key, _| stays(key));
        self.waiting.retain(|entry| stays(&entry.key));
        self.people.retain(|(of, day, _), _| *of != site || !is_meant(*day));
    }
}

fn visit_after(old: Option<NaiveVisit>, hit: &Hit, at: Moment) -> NaiveVisit {
    let mut visit = old.unwrap_or_else(|| NaiveVisit {
        start: at,
        last: at,
        pageviews: 0,
        is_interactive: false,
        source: hit.origin.source.to_string(),
        pages: BTreeSet::new(),
    });
    visit.last = at;
    match &hit.kind {
        Kind::Pageview => {
            visit.pageviews += 1;
            visit.pages.insert(hit.page.clone());
        }
        Kind::Event { interactive, .. } => visit.is_interactive |= interactive,
        Kind::Engagement { .. } => {}
    }
    visit
}

fn visit_changes(old: Option<&NaiveVisit>, new: &NaiveVisit) -> Vec<(Figure, i64)> {
    let is_new = i64::from(old.is_none());
    let bounces = i64::from(new.is_bounce()) - i64::from(old.is_some_and(NaiveVisit::is_bounce));
    let seconds = new.seconds() - old.map_or(0, NaiveVisit::seconds);
    vec![
        (Figure::Total(Column::Visits), is_new),
        (Figure::Source(new.source.clone(), Column::Visits), is_new),
        (Figure::Total(Column::Bounces), bounces),
        (Figure::Total(Column::Seconds), seconds),
    ]
}

fn hit_changes(hit: &Hit, visit: &NaiveVisit) -> Vec<(Figure, i64)> {
    match hit.kind {
        Kind::Pageview => vec![
            (Figure::Total(Column::Pageviews), 1),
            (Figure::Page(hit.page.clone(), Column::Pageviews), 1),
            (Figure::Source(visit.source.clone(), Column::Pageviews), 1),
        ],
        _ => vec![(Figure::Total(Column::Events), 1)],
    }
}
