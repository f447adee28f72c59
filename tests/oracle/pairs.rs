//! What any two dimensions, or one and a set of another's values, count together in a naive walk.
//!
//! A cell of two dimensions holds the hits and visits that lie in both cells: whole visits where both are of the visit, else the
//! hits that have both values, and the visits and visitors that have any of them.

use std::collections::{BTreeMap, BTreeSet};

use headcount::cell::filter::JOINT;
use headcount::cell::{Axis, Cell, Dimension, NOT_SET, Tally};
use headcount::counts::{DaySegments, Name, SessionSnapshot};
use headcount::hit::{Hit, Kind};
use headcount::site::{Day, Domain, Moment, Schedule, Settings, Site, SiteId};

use super::watched::NAMED;
use super::{Counted, Ping, Visit, Walk, hits_and_visitors, joined};

/// One side of a question: a dimension and which of its values.
#[derive(Clone, Copy)]
pub struct Side<'s> {
    pub dimension: Dimension,
    pub passes: &'s dyn Fn(&str) -> bool,
}

impl<'a> Walk<'a> {
    /// The host that a ping for a page of a visit is about: that of an earlier ping, else, of those that showed it in the
    /// visit, the one that the day showed it on first.
    pub(super) fn host_of_ping(&self, visit: usize, page: &str) -> &'a str {
        if let Some(ping) = self.visits[visit].pings.iter().find(|ping| ping.page == page) {
            return ping.host;
        }
        let shows = |counted: &&Counted<'a>| counted.hit.kind == Kind::Pageview && counted.hit.page == page;
        let shown: Vec<&Counted<'a>> = self.hits(&self.visits[visit]).filter(shows).collect();
        // A combination of host, watched patterns and named properties, on whatever page it was met.
        let of_day = self.counted.iter().filter(|other| {
            other.hit.kind == Kind::Pageview && other.hit.site == shown[0].hit.site && other.day == shown[0].day
        });
        let mut met = of_day.filter_map(|other| {
            let same = |shown: &&&Counted<'a>| {
                let parts = |hit: &'a Hit| (&hit.hostname, &hit.watched.patterns, named(hit));
                parts(shown.hit) == parts(other.hit)
            };
            shown.iter().find(same)
        });
        met.next().map_or(NOT_SET, |first| first.hit.hostname.as_str())
    }

    /// The days of a site on which something counts.
    pub fn days(&self, site: SiteId) -> BTreeSet<Day> {
        self.counted.iter().filter(|counted| counted.hit.site == site).map(|counted| counted.day).collect()
    }

    /// What one day of a site counts by pairs of values of two dimensions.
    pub fn pair(&self, site: SiteId, day: Day, [a, b]: [Dimension; 2]) -> BTreeMap<(&'a str, &'a str), Tally> {
        let mut cells: BTreeMap<(&'a str, &'a str), Vec<&Counted<'a>>> = BTreeMap::new();
        for counted in self.of_day(site, day) {
            for first in self.values(counted, a) {
                for second in self.values(counted, b) {
                    cells.entry((first, second)).or_default().push(counted);
                }
            }
        }
        let tally = |((first, second), inside): ((&'a str, &'a str), Vec<&Counted<'a>>)| {
            let (one, other) = (|value: &str| value == first, |value: &str| value == second);
            let sides = [Side { dimension: a, passes: &one }, Side { dimension: b, passes: &other }];
            ((first, second), self.tally(&inside, &sides))
        };
        cells.into_iter().map(tally).collect()
    }

    /// What one day counts in all that lies on all of these sides, each visitor, visit and hit once.
    pub fn meeting(&self, site: SiteId, day: Day, sides: &[Side]) -> Tally {
        let is_on =
            |counted: &Counted<'a>, side: &Side| self.values(counted, side.dimension).iter().any(|v| (side.passes)(v));
        let inside: Vec<_> =
            self.of_day(site, day).filter(|counted| sides.iter().all(|side| is_on(counted, side))).collect();
        self.tally(&inside, sides)
    }

    /// What a visit counts as a whole.
    pub(super) fn whole_visit(&self, visit: usize) -> Tally {
        self.of_visit(&self.visits[visit], Cell { axis: Axis::Total, value: "" })
    }

    /// The values that a day of a site has on a dimension.
    pub fn values_of_day(&self, site: SiteId, day: Day, dimension: Dimension) -> BTreeSet<&'a str> {
        self.of_day(site, day).flat_map(|counted| self.values(counted, dimension)).collect()
    }

    pub(super) fn of_day(&self, site: SiteId, day: Day) -> impl Iterator<Item = &Counted<'a>> {
        self.counted.iter().filter(move |counted| counted.hit.site == site && counted.day == day)
    }

    /// The values of a hit on a dimension: none or one, or several patterns.
    pub(super) fn values(&self, counted: &Counted<'a>, dimension: Dimension) -> Vec<&'a str> {
        let hit = counted.hit;
        let visit = counted.visit.map(|visit| &self.visits[visit]);
        match dimension {
            left_out if !left_out.is_collected(hit.collected) => Vec::new(),
            Dimension::Page => vec![&hit.page],
            Dimension::Section => vec![section(&hit.page)],
            Dimension::Hostname => vec![&hit.hostname],
            Dimension::Event => vec![hit.event()],
            Dimension::Pattern => hit.watched.patterns.iter().map(|pattern| &**pattern).collect(),
            Dimension::EntryPage => {
                visit.map(|visit| self.pages(visit).next().unwrap_or(NOT_SET)).into_iter().collect()
            }
            Dimension::ExitPage => visit.map(|visit| self.pages(visit).last().unwrap_or(NOT_SET)).into_iter().collect(),
            Dimension::Money => paid(hit).into_iter().collect(),
            Dimension::Property => named(hit),
            Dimension::PreviousPage => self.page_before(counted).into_iter().collect(),
            Dimension::ChannelAndSource => {
                vec![joined(visit.map_or(hit, |visit| self.counted[visit.hits[0]].hit))]
            }
            fixed => vec![visit.map_or(hit, |visit| self.counted[visit.hits[0]].hit).value(fixed)],
        }
    }

    /// The page of the pageview before one in its visit.
    fn page_before(&self, counted: &Counted<'a>) -> Option<&'a str> {
        let visit = &self.visits[counted.visit.filter(|_| counted.hit.kind == Kind::Pageview)?];
        let is_view = |place: &&usize| self.counted[**place].hit.kind == Kind::Pageview;
        let views = visit.hits.iter().filter(is_view);
        let earlier = views.take_while(|place| !std::ptr::eq(self.counted[**place].hit, counted.hit));
        Some(earlier.last().map_or(NOT_SET, |place| &*self.counted[*place].hit.page))
    }

    /// What hits count that are all there is on these sides.
    fn tally(&self, inside: &[&Counted<'a>], sides: &[Side]) -> Tally {
        let mut tally = hits_and_visitors(inside);
        if sides.iter().any(|side| side.dimension == Dimension::Money) {
            tally.revenue = revenue(inside);
        }
        let is_whole = sides.iter().all(|side| side.dimension.is_of_visit());
        for visit in inside.iter().filter_map(|counted| counted.visit).collect::<BTreeSet<_>>() {
            let visit = &self.visits[visit];
            // The total of a visit is the visit as a whole.
            let total = self.of_visit(visit, Cell { axis: Axis::Total, value: "" });
            tally += if is_whole { total } else { Tally { visits: 1, ..Tally::ZERO } };
            let has = |dimension: Dimension| sides.iter().any(|side| side.dimension == dimension);
            let without = [Dimension::PreviousPage, Dimension::Money, Dimension::Property];
            let has_pages = has(Dimension::Page) || has(Dimension::Section);
            if has_pages && !without.into_iter().any(has) {
                tally += engagement(visit, sides);
            }
        }
        tally
    }
}

/// The section of a page, at one part.
pub fn section(page: &str) -> &str {
    match page.split('/').collect::<Vec<_>>()[..] {
        ["", first, ..] => &page[..=first.len()],
        _ => page,
    }
}

/// A snapshot of a site of which nothing is set, so that sections are one part.
pub fn with_sections(snapshot: SessionSnapshot, site: SiteId, day: Day) -> SessionSnapshot {
    let (domain, settings) = (Domain::parse("example.com").unwrap(), Settings::default());
    let site = Site { id: site, domain, schedule: Schedule::utc(), settings, added: Moment(0) };
    snapshot.with_segments(DaySegments::of(&site, day))
}

/// The event of a hit that brought money and the currency, for as long as the test runs.
fn paid(hit: &Hit) -> Option<&'static str> {
    let money = hit.watched.money.as_ref()?;
    Some(Box::leak(format!("{}{JOINT}{}", hit.event(), money.currency).into_boxed_str()))
}

/// The named properties of a hit, each as key and value, in order, for as long as the test runs.
fn named(hit: &Hit) -> Vec<&'static str> {
    let named = hit.props.iter().filter(|(key, _)| hit.watched.properties.iter().any(|of| **of == **key));
    let named = named.map(|(key, value)| &*Box::leak(format!("{key}{JOINT}{value}").into_boxed_str()));
    let mut named: Vec<&'static str> = named.collect();
    named.sort_unstable();
    named
}

/// The axis on which a value of a walk stands, and what it is called there.
pub fn on_axis(dimension: Dimension, value: &str) -> (Axis<Name>, String) {
    match value.split_once(JOINT).filter(|_| dimension == Dimension::Property) {
        Some((key, value)) => (Axis::Prop { key: Name::from(key), event: None }, value.to_owned()),
        None => (Axis::Of(dimension), value.to_owned()),
    }
}

/// The axis of a dimension; of properties one or another.
pub fn axis_of(dimension: Dimension, turn: usize) -> Axis<Name> {
    match dimension {
        Dimension::Property => Axis::Prop { key: Name::from(NAMED[turn % NAMED.len()]), event: None },
        dimension => Axis::Of(dimension),
    }
}

/// What a value of an axis is called in a walk.
pub fn in_walk(axis: &Axis<Name>, value: &str) -> String {
    match axis {
        Axis::Prop { key, .. } => format!("{key}{JOINT}{value}"),
        _ => value.to_owned(),
    }
}

/// The money of hits.
pub(super) fn revenue(inside: &[&Counted]) -> i64 {
    inside.iter().filter_map(|counted| counted.hit.watched.money.as_ref()).map(|money| money.thousandths).sum()
}

/// What a visit's pings bring on these sides, page by page.
fn engagement(visit: &Visit, sides: &[Side]) -> Tally {
    engagement_where(visit, sides, |_, _| true)
}

/// The same of pings that pass by their page and host.
pub(super) fn engagement_where(visit: &Visit, sides: &[Side], passes: impl Fn(&str, &str) -> bool) -> Tally {
    let is_on = |ping: &Ping, side: &Side| match side.dimension {
        Dimension::Page => (side.passes)(ping.page),
        Dimension::Section => (side.passes)(section(ping.page)),
        Dimension::Hostname => (side.passes)(ping.host),
        Dimension::Event => (side.passes)("pageview"),
        _ => true,
    };
    let mut pages: BTreeMap<&str, Vec<&Ping>> = BTreeMap::new();
    let is_inside = |ping: &&Ping| passes(ping.page, ping.host) && sides.iter().all(|side| is_on(ping, side));
    for ping in visit.pings.iter().filter(is_inside) {
        pages.entry(ping.page).or_default().push(ping);
    }
    let of_page = |pings: &Vec<&Ping>| Tally {
        engaged_visits: 1,
        engaged_ms: pings.iter().map(|ping| ping.ms).sum(),
        scroll: pings.iter().map(|ping| ping.scroll).max().unwrap_or(0),
        ..Tally::ZERO
    };
    pages.values().map(of_page).fold(Tally::ZERO, |sum, tally| sum + tally)
}
