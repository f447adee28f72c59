//! In: the changes that hits make. Out: sums per cell, ready to be stored or asked. Forgets: the single visit; what
//! leaves this module are sums with the names of their cells.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;
use std::sync::Arc;

use crate::cell::{Axis, Cell, Facet, Names, Sym, Tally};
use crate::hit::Hit;
use crate::hit::token::Token;
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Day, Hour, Moment, SiteId};
use crate::visit::{self, Book, Visitor};

/// A name as it leaves memory.
pub type Name = Arc<str>;

/// A map by small integers that we gave out, so that the hash needs no key.
type Fast<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// Sums that are not stored yet, of one site and day. Those of facets are spread over their cells when they are asked for.
#[derive(Debug, Default)]
pub struct Counts {
    hours: Fast<(Cell<Sym>, Hour), Tally>,
    day_visitors: Fast<Cell<Sym>, i64>,
    facet_hours: Fast<(Facet, Hour), Tally>,
    facet_day_visitors: Fast<Facet, i64>,
}

impl Book for Counts {
    fn hour(&mut self, cell: Cell<Sym>, hour: Hour, tally: Tally) {
        *self.hours.entry((cell, hour)).or_default() += tally;
    }

    fn day_visitors(&mut self, cell: Cell<Sym>, by: i64) {
        *self.day_visitors.entry(cell).or_default() += by;
    }

    fn facet_hour(&mut self, facet: Facet, hour: Hour, tally: Tally) {
        *self.facet_hours.entry((facet, hour)).or_default() += tally;
    }

    fn facet_day_visitors(&mut self, facet: Facet, by: i64) {
        *self.facet_day_visitors.entry(facet).or_default() += by;
    }
}

impl Counts {
    /// Whether there is nothing to store. Whatever is in a facet is in the total too.
    pub fn is_empty(&self) -> bool {
        self.hours.is_empty() && self.day_visitors.is_empty()
    }

    /// How many sums wait to be stored.
    pub fn len(&self) -> usize {
        self.hours.len() + self.facet_hours.len()
    }

    /// A copy of the sums of some axes, facets spread.
    fn of_axes(&self, wanted: &HashSet<Axis<Sym>>, names: &Names) -> Counts {
        let hours = self.hours.iter().filter(|((cell, _), _)| wanted.contains(&cell.axis));
        let visitors = self.day_visitors.iter().filter(|(cell, _)| wanted.contains(&cell.axis));
        let mut counts = Counts {
            hours: hours.map(|(key, tally)| (*key, *tally)).collect(),
            day_visitors: visitors.map(|(cell, by)| (*cell, *by)).collect(),
            ..Counts::default()
        };
        counts.spread(&self.facet_hours, &self.facet_day_visitors, names, |axis| wanted.contains(&axis));
        counts
    }

    /// Adds the sums of facets to those of their cells, as far as `wants` asks for them.
    fn spread(
        &mut self,
        hours: &Fast<(Facet, Hour), Tally>,
        day_visitors: &Fast<Facet, i64>,
        names: &Names,
        wants: impl Fn(Axis<Sym>) -> bool,
    ) {
        let cells = |facet: Facet| {
            let cells = names.facets.values(facet).map(|(dimension, value)| Cell { axis: Axis::Of(dimension), value });
            cells.filter(|cell| wants(cell.axis))
        };
        for ((facet, hour), tally) in hours {
            cells(*facet).for_each(|cell| self.hour(cell, *hour, *tally));
        }
        for (facet, by) in day_visitors {
            cells(*facet).for_each(|cell| self.day_visitors(cell, *by));
        }
    }

    /// All sums, with their names. Cells without any change are left out.
    fn sums(mut self, names: &Names) -> Sums {
        let (facet_hours, facet_visitors) = (mem::take(&mut self.facet_hours), mem::take(&mut self.facet_day_visitors));
        self.spread(&facet_hours, &facet_visitors, names, |_| true);
        let named = |cell: &Cell<Sym>| Cell { axis: named(cell.axis, names), value: names.text(cell.value).clone() };
        let mut days: Fast<Cell<Sym>, Tally> = HashMap::default();
        let mut hours = Vec::with_capacity(self.hours.len());
        for ((cell, hour), tally) in &self.hours {
            // Visitors of hours do not add up to visitors of the day; those are counted beside them.
            *days.entry(*cell).or_default() += Tally { visitors: 0, ..*tally };
            if !tally.is_zero() {
                hours.push((named(cell), *hour, *tally));
            }
        }
        for (cell, visitors) in &self.day_visitors {
            days.entry(*cell).or_default().visitors += visitors;
        }
        let days = days.iter().filter(|(_, t)| !t.is_zero()).map(|(cell, tally)| (named(cell), *tally)).collect();
        Sums { hours, days }
    }
}

fn named(axis: Axis<Sym>, names: &Names) -> Axis<Name> {
    match axis {
        Axis::Total => Axis::Total,
        Axis::Of(dimension) => Axis::Of(dimension),
        Axis::Prop { key, event } => {
            Axis::Prop { key: names.text(key).clone(), event: event.map(|event| names.text(event).clone()) }
        }
    }
}

/// Sums of one site and day, by hour and over the day. Months are sums of days.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// By hour; visitors are those of the hour.
    pub hours: Vec<(Cell<Name>, Hour, Tally)>,
    /// Over the day; visitors are those of the day.
    pub days: Vec<(Cell<Name>, Tally)>,
}

/// One day of one site while it is open: who was there, and what is not stored yet.
#[derive(Debug)]
pub struct OpenDay {
    /// The site.
    pub site: SiteId,
    /// The day.
    pub day: Day,
    names: Names,
    /// Boxed, because a growing table is half empty.
    visitors: HashMap<Token, Box<Visitor>, BuildHasherDefault<TokenHasher>>,
    counts: Counts,
}

impl OpenDay {
    /// A day on which nothing has happened yet.
    pub fn new(site: SiteId, day: Day) -> OpenDay {
        OpenDay { site, day, names: Names::default(), visitors: HashMap::default(), counts: Counts::default() }
    }

    /// Counts a hit of this site and day. `has_room` tells whether a further visitor may be remembered.
    ///
    /// # Errors
    /// [`Rejection::NoVisit`] and [`Rejection::TooMany`]; nothing is changed then.
    pub fn take(&mut self, hit: &Hit, has_room: bool) -> Result<(), Rejection> {
        if self.names.len() >= limits::NAMES_PER_DAY_MAX {
            return Err(Rejection::TooMany);
        }
        let Some(token) = hit.token else {
            return visit::take_unknown(hit, &mut self.names, &mut self.counts);
        };
        if let Some(visitor) = self.visitors.get_mut(&token) {
            return visitor.take(hit, &mut self.names, &mut self.counts);
        }
        if !has_room {
            return Err(Rejection::TooMany);
        }
        let mut visitor = Box::new(Visitor::new());
        visitor.take(hit, &mut self.names, &mut self.counts)?;
        self.visitors.insert(token, visitor);
        Ok(())
    }

    /// How many visitors are remembered.
    pub fn visitors(&self) -> usize {
        self.visitors.len()
    }

    /// How many cells wait to be stored.
    pub fn pending(&self) -> usize {
        self.counts.len()
    }

    /// How many visitors were here within the last [`limits::NOW_WINDOW_MS`].
    pub fn visitors_now(&self, now: Moment) -> usize {
        let since = now.plus(-limits::NOW_WINDOW_MS);
        self.visitors.values().filter(|visitor| visitor.last_hit() > since).count()
    }

    /// Hands out what is not stored yet, and starts anew.
    pub fn drain(&mut self) -> Sums {
        mem::take(&mut self.counts).sums(&self.names)
    }

    /// A copy of what is not stored yet, of some axes.
    pub fn peek<'a>(&self, axes: impl Iterator<Item = &'a Axis<Name>>) -> Sums {
        let wanted: HashSet<Axis<Sym>> = axes.filter_map(|axis| self.find(axis)).collect();
        self.counts.of_axes(&wanted, &self.names).sums(&self.names)
    }

    /// Drops the visitors; sums that are not stored stay.
    pub fn forget_visitors(&mut self) {
        self.visitors = HashMap::default();
    }

    fn find(&self, axis: &Axis<Name>) -> Option<Axis<Sym>> {
        Some(match axis {
            Axis::Total => Axis::Total,
            Axis::Of(dimension) => Axis::Of(*dimension),
            Axis::Prop { key, event: None } => Axis::Prop { key: self.names.find(key)?, event: None },
            Axis::Prop { key, event: Some(event) } => {
                Axis::Prop { key: self.names.find(key)?, event: Some(self.names.find(event)?) }
            }
        })
    }
}

/// Tokens are uniform already, and nobody can choose them; their bits are the hash.
#[derive(Default)]
pub struct TokenHasher(u64);

impl Hasher for TokenHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }
}
