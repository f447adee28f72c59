//! What every figure must be, found by filtering lists of accepted hits: slow, and easy to believe.
//!
//! This is docs/counting.md read aloud, written without the program's own counting. Two walks make the lists, a hit's
//! [`Counted`] and a [`Visit`]; the rest asks of each cell which of them lie in it.

pub mod pairs;
mod any_two;
mod compared;
pub mod conditions;
mod contributions;
mod images;
mod like;
mod named;
mod recent_activity;
mod states;
mod switches;
pub mod streams;
mod unstored;
pub mod watched;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use headcount::cell::filter::JOINT;
use headcount::cell::{Axis, Cell, Dimension, FIXED, NOT_SET, Tally};
use headcount::hit::{Hit, Kind};
use headcount::site::time::Month;
use headcount::site::{Day, Hour, Moment, Schedule, SiteId};

use crate::scenario::wall;

const HALF_AN_HOUR_MS: i64 = 30 * 60 * 1_000;
const GRACE_MS: i64 = 5_000;

/// A map for keys that no stranger chooses.
pub type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A pageview or event that counts.
pub struct Counted<'a> {
    hit: &'a Hit,
    day: Day,
    hour: Hour,
    /// When it counts: not before the visitor's last hit.
    at: Moment,
    /// An index into [`Walk::visits`]; nothing without a token.
    visit: Option<usize>,
}

/// One visit.
struct Visit<'a> {
    start: Hour,
    /// Indices into [`Walk::counted`].
    hits: Vec<usize>,
    pings: Vec<Ping<'a>>,
}

/// An engagement ping that counts.
struct Ping<'a> {
    page: &'a str,
    /// Where the page was shown that it is about.
    host: &'a str,
    /// When it counts.
    at: Moment,
    ms: i64,
    scroll: i64,
}

/// Somebody on one day of one site.
#[derive(Clone, Copy)]
struct Person {
    last_hit: Moment,
    visit: usize,
}

/// A walk over the hits.
pub struct Walk<'a> {
    schedules: &'a [Schedule],
    counted: Vec<Counted<'a>>,
    visits: Vec<Visit<'a>>,
    people: Table<(SiteId, Day, u64), Person>,
}

/// Every figure, by hour, day and month.
#[derive(Default)]
pub struct Figures<'a> {
    /// Whether each hit counts, in order.
    pub verdicts: Vec<bool>,
    /// Cells by hour.
    pub hours: Table<(SiteId, Day, Hour, Cell<&'a str>), Tally>,
    /// Cells by day.
    pub days: Table<(SiteId, Day, Cell<&'a str>), Tally>,
    /// Cells by month.
    pub months: Table<(SiteId, Month, Cell<&'a str>), Tally>,
}

/// Every figure of these hits; site `n` has the schedule at `n - 1`.
pub fn figures<'a>(schedules: &'a [Schedule], hits: &'a [Hit]) -> Figures<'a> {
    let (walk, verdicts) = Walk::over(schedules, hits);
    let mut figures = Figures { verdicts, ..Figures::default() };
    let mut cells: Table<(SiteId, Cell<&str>), Vec<&Counted>> = Table::default();
    for counted in &walk.counted {
        for cell in walk.cells(counted) {
            cells.entry((counted.hit.site, cell)).or_default().push(counted);
        }
    }
    for ((site, cell), inside) in cells {
        walk.book(site, cell, &inside, &mut figures);
    }
    walk.book_watched(&mut figures);
    figures
}

impl<'a> Walk<'a> {
    /// A walk over these hits, and whether each counts; site `n` has the schedule at `n - 1`.
    pub fn over(schedules: &'a [Schedule], hits: &'a [Hit]) -> (Walk<'a>, Vec<bool>) {
        let mut walk = Walk { schedules, counted: Vec::new(), visits: Vec::new(), people: Table::default() };
        let verdicts = hits.iter().map(|hit| walk.counts(hit)).collect();
        (walk, verdicts)
    }

    fn local(&self, site: SiteId, at: Moment) -> (Day, Hour) {
        let face = wall::face(at, &self.schedules[site.0 as usize - 1]);
        (Day::of(face.date()), Hour(face.hour() as u8))
    }

    /// Puts a hit on the lists; false when it does not count.
    fn counts(&mut self, hit: &'a Hit) -> bool {
        // The day is that of the arrival.
        let (day, _) = self.local(hit.site, hit.at);
        let token = hit.token.map(|token| (hit.site, day, token.bits()));
        let person = token.and_then(|token| self.people.get(&token).copied());
        // A hit older than its visitor's last one is given that last time.
        let at = person.map_or(hit.at, |person| hit.at.max(person.last_hit));
        let since = person.map(|person| at.0 - person.last_hit.0);
        let running = person.filter(|_| since <= Some(HALF_AN_HOUR_MS)).map(|person| person.visit);
        let visit = match (&hit.kind, token) {
            (Kind::Engagement { ms, scroll }, _) => {
                let Some(visit) = running.filter(|visit| self.has_shown(*visit, &hit.page)) else { return false };
                let cap = match *ms {
                    Kind::SINCE_LAST_HIT_MS => {
                        let last = person.expect("somebody with a visit").last_hit;
                        let left = self.is_next_page(visit, &hit.page, last);
                        if left { last.0 - self.told_until(visit, &hit.page).0 } else { at.0 - last.0 }
                    }
                    _ => at.0 - self.told_until(visit, &hit.page).0 + GRACE_MS,
                };
                let ms = i64::try_from(*ms).unwrap_or(i64::MAX).min(cap);
                let host = self.host_of_ping(visit, &hit.page);
                let scroll = scroll.unwrap_or(0).into();
                self.visits[visit].pings.push(Ping { page: &hit.page, host, at, ms, scroll });
                Some(visit)
            }
            (_, None) => self.list(hit, day, at, None),
            (_, Some(_)) => {
                let visit = running.unwrap_or_else(|| self.begin(hit.site, at));
                self.list(hit, day, at, Some(visit))
            }
        };
        if let (Some(token), Some(visit)) = (token, visit) {
            self.people.insert(token, Person { last_hit: at, visit });
        }
        true
    }

    fn has_shown(&self, visit: usize, page: &str) -> bool {
        let mut hits = self.visits[visit].hits.iter().map(|hit| self.counted[*hit].hit);
        hits.any(|hit| hit.kind == Kind::Pageview && hit.page == page)
    }

    /// Whether the last hit of a visit showed another page than this for the first time.
    fn is_next_page(&self, visit: usize, page: &str, last: Moment) -> bool {
        let Some(exit) = self.pages(&self.visits[visit]).last().filter(|exit| *exit != page) else { return false };
        let is_untold = self.visits[visit].pings.iter().all(|ping| ping.page != exit);
        is_untold && self.told_until(visit, exit) == last
    }

    /// Until when a page has told its time in a visit: its last ping, else its first pageview.
    fn told_until(&self, visit: usize, page: &str) -> Moment {
        let visit = &self.visits[visit];
        let ping = visit.pings.iter().rev().find(|ping| ping.page == page).map(|ping| ping.at);
        let is_first = |counted: &&Counted| counted.hit.kind == Kind::Pageview && counted.hit.page == page;
        let shown = visit.hits.iter().map(|hit| &self.counted[*hit]).find(is_first).map(|counted| counted.at);
        ping.or(shown).expect("a page that was shown")
    }

    fn begin(&mut self, site: SiteId, at: Moment) -> usize {
        let (_, start) = self.local(site, at);
        self.visits.push(Visit { start, hits: Vec::new(), pings: Vec::new() });
        self.visits.len() - 1
    }

    fn list(&mut self, hit: &'a Hit, day: Day, at: Moment, visit: Option<usize>) -> Option<usize> {
        let (_, hour) = self.local(hit.site, at);
        if let Some(visit) = visit {
            self.visits[visit].hits.push(self.counted.len());
        }
        self.counted.push(Counted { hit, day, hour, at, visit });
        visit
    }

    /// The cells that a pageview or event lies in.
    fn cells(&self, counted: &Counted<'a>) -> Vec<Cell<&'a str>> {
        let hit = counted.hit;
        let visit = counted.visit.map(|visit| &self.visits[visit]);
        // Fixed at the first hit of the visit.
        let first = visit.map_or(hit, |visit| self.counted[visit.hits[0]].hit);
        let of = |dimension, value| Cell { axis: Axis::Of(dimension), value };
        let mut cells = vec![Cell { axis: Axis::Total, value: "" }];
        cells.extend(FIXED.map(|dimension| of(dimension, first.value(dimension))));
        cells.push(of(Dimension::ChannelAndSource, joined(first)));
        if let Some(visit) = visit {
            let mut pages = self.pages(visit);
            let entry = pages.next();
            let exit = pages.last().or(entry);
            cells.push(of(Dimension::EntryPage, entry.unwrap_or(NOT_SET)));
            cells.push(of(Dimension::ExitPage, exit.unwrap_or(NOT_SET)));
        }
        let event = match &hit.kind {
            Kind::Event { name, .. } => name.as_str(),
            _ => "pageview",
        };
        cells.push(of(Dimension::Page, &hit.page));
        cells.push(of(Dimension::Hostname, &hit.hostname));
        cells.push(of(Dimension::Event, event));
        cells.extend(hit.watched.patterns.iter().map(|pattern| of(Dimension::Pattern, pattern)));
        for (key, value) in &hit.props {
            let under = |event| Cell { axis: Axis::Prop { key: key.as_str(), event }, value: value.as_str() };
            cells.extend([under(None), under(Some(event))]);
        }
        cells.retain(|cell| !matches!(cell.axis, Axis::Of(dimension) if !dimension.is_collected(hit.collected)));
        cells
    }

    fn hits(&self, visit: &Visit<'a>) -> impl Iterator<Item = &Counted<'a>> {
        visit.hits.iter().map(|hit| &self.counted[*hit])
    }

    fn pages(&self, visit: &Visit<'a>) -> impl Iterator<Item = &'a str> {
        self.hits(visit).filter(|counted| counted.hit.kind == Kind::Pageview).map(|counted| counted.hit.page.as_str())
    }

    /// Books a cell, given all pageviews and events inside.
    fn book(&self, site: SiteId, cell: Cell<&'a str>, inside: &[&Counted<'a>], figures: &mut Figures<'a>) {
        let mut hours: BTreeMap<(Day, Hour), Vec<&Counted>> = BTreeMap::new();
        let mut days: BTreeMap<Day, Vec<&Counted>> = BTreeMap::new();
        for counted in inside {
            hours.entry((counted.day, counted.hour)).or_default().push(counted);
            days.entry(counted.day).or_default().push(counted);
        }
        for ((day, hour), inside) in hours {
            *figures.hours.entry((site, day, hour, cell)).or_default() += hits_and_visitors(&inside);
        }
        for ((day, _), hour) in first_hours(inside) {
            figures.hours.entry((site, day, hour, cell)).or_default().first_visitors += 1;
        }
        for (day, inside) in days {
            let mut of_day = hits_and_visitors(&inside);
            for visit in inside.iter().filter_map(|counted| counted.visit).collect::<BTreeSet<_>>() {
                let visit = &self.visits[visit];
                let tally = self.of_visit(visit, cell);
                *figures.hours.entry((site, day, visit.start, cell)).or_default() += tally;
                of_day += tally;
            }
            figures.days.insert((site, day, cell), of_day);
            *figures.months.entry((site, day.month(), cell)).or_default() += of_day;
        }
    }

    /// What a visit brings to a cell that it has a pageview or event in.
    fn of_visit(&self, visit: &Visit<'a>, cell: Cell<&str>) -> Tally {
        let mut tally = Tally { visits: 1, ..Tally::ZERO };
        let is_whole = match cell.axis {
            Axis::Total => true,
            Axis::Of(dimension) => dimension.is_of_visit(),
            Axis::Prop { .. } => false,
            Axis::Revenue { .. } | Axis::Funnel(_) => false,
        };
        if is_whole {
            let acts = |counted: &Counted| matches!(counted.hit.kind, Kind::Event { interactive: true, .. });
            tally.bounces = (self.pages(visit).count() <= 1 && !self.hits(visit).any(acts)).into();
            let [first, last] = [visit.hits[0], visit.hits[visit.hits.len() - 1]].map(|hit| self.counted[hit].at.0);
            tally.seconds = (last - first) / 1_000;
        }
        if cell.axis == Axis::Of(Dimension::Page) {
            let pings: Vec<_> = visit.pings.iter().filter(|ping| ping.page == cell.value).collect();
            tally.engaged_visits = (!pings.is_empty()).into();
            tally.engaged_ms = pings.iter().map(|ping| ping.ms).sum();
            tally.scroll = pings.iter().map(|ping| ping.scroll).max().unwrap_or(0);
        }
        tally
    }
}

/// Channel and source in one, for as long as the test runs.
fn joined(hit: &Hit) -> &'static str {
    let text = format!("{}{JOINT}{}", hit.value(Dimension::Channel), hit.value(Dimension::Source));
    Box::leak(text.into_boxed_str())
}

/// The first hour of the clock in which each visitor was there, day by day.
fn first_hours(inside: &[&Counted]) -> BTreeMap<(Day, u64), Hour> {
    let mut first = BTreeMap::new();
    for (token, counted) in inside.iter().filter_map(|counted| Some((counted.hit.token?.bits(), counted))) {
        let hour = first.entry((counted.day, token)).or_insert(counted.hour);
        *hour = counted.hour.min(*hour);
    }
    first
}

fn hits_and_visitors(inside: &[&Counted]) -> Tally {
    let pageviews = inside.iter().filter(|counted| counted.hit.kind == Kind::Pageview).count() as i64;
    let tokens: BTreeSet<_> = inside.iter().filter_map(|counted| counted.hit.token).map(|token| token.bits()).collect();
    Tally { visitors: tokens.len() as i64, pageviews, events: inside.len() as i64 - pageviews, ..Tally::ZERO }
}
