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
    /// Whether only the totals are kept by hour.
    without_hours: bool,
    hours: Fast<Key, (Cell<Sym>, Hour, Tally)>,
    day_visitors: Fast<Key, (Cell<Sym>, i64)>,
    facet_hours: Fast<(Facet, Hour), Tally>,
    facet_day_visitors: Fast<Facet, i64>,
}

/// A cell and an hour as one number: each hit changes a dozen sums, and numbers are found fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key(u128);

impl Key {
    fn of(cell: Cell<Sym>, hour: Hour) -> Key {
        // 2 bits tell the kinds of axes apart; the rest of each fits into 69.
        let axis = match cell.axis {
            Axis::Total => 0,
            Axis::Of(dimension) => 1 | u128::from(dimension.code()) << 2,
            Axis::Prop { key, event } => {
                let event = event.map_or(0, |event| u128::from(event.0) + 1);
                2 | u128::from(key.0) << 2 | event << 34
            }
        };
        Key(axis << 40 | u128::from(cell.value.0) << 8 | u128::from(hour.0))
    }
}

impl Book for Counts {
    fn hour(&mut self, cell: Cell<Sym>, hour: Hour, tally: Tally) {
        let hour = if cell.axis == Axis::Total { hour } else { self.kept(hour) };
        self.hours.entry(Key::of(cell, hour)).or_insert((cell, hour, Tally::ZERO)).2 += tally;
    }

    fn day_visitors(&mut self, cell: Cell<Sym>, by: i64) {
        self.day_visitors.entry(Key::of(cell, Hour(0))).or_insert((cell, 0)).1 += by;
    }

    fn facet_hour(&mut self, facet: Facet, hour: Hour, tally: Tally) {
        *self.facet_hours.entry((facet, self.kept(hour))).or_default() += tally;
    }

    fn facet_day_visitors(&mut self, facet: Facet, by: i64) {
        *self.facet_day_visitors.entry(facet).or_default() += by;
    }
}

impl Counts {
    fn new(without_hours: bool) -> Counts {
        Counts { without_hours, ..Counts::default() }
    }

    /// The hour under which a dimension is kept: where hours are not, those of a cell share one entry.
    fn kept(&self, hour: Hour) -> Hour {
        if self.without_hours { Hour(0) } else { hour }
    }

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
        let wants = |axis: Axis<Sym>| wanted.contains(&axis);
        let hours = self.hours.iter().filter(|(_, (cell, _, _))| wants(cell.axis));
        let visitors = self.day_visitors.iter().filter(|(_, (cell, _))| wants(cell.axis));
        let mut counts = Counts {
            hours: hours.map(|(key, sum)| (*key, *sum)).collect(),
            day_visitors: visitors.map(|(key, sum)| (*key, *sum)).collect(),
            ..Counts::new(self.without_hours)
        };
        counts.spread(&self.facet_hours, &self.facet_day_visitors, names, wants);
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
        let mut hours = Vec::new();
        for (cell, hour, tally) in self.hours.values() {
            // Visitors of hours do not add up to visitors of the day; those are counted beside them.
            *days.entry(*cell).or_default() += Tally { visitors: 0, ..*tally };
            let has_hours = !self.without_hours || cell.axis == Axis::Total;
            if has_hours && !tally.is_zero() {
                hours.push((named(cell), *hour, *tally));
            }
        }
        for (cell, visitors) in self.day_visitors.values() {
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

    /// The same, but only the totals are kept by hour, as for days that are long over.
    pub fn without_hours(site: SiteId, day: Day) -> OpenDay {
        OpenDay { counts: Counts::new(true), ..OpenDay::new(site, day) }
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
        let fresh = Counts::new(self.counts.without_hours);
        mem::replace(&mut self.counts, fresh).sums(&self.names)
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::cell::Dimension;

    #[test]
    fn each_cell_and_hour_has_a_key_of_its_own() {
        let syms = [0, 1, 2, 63, 64, u32::MAX].map(Sym);
        let mut axes = vec![Axis::Total];
        axes.extend(Dimension::ALL.map(Axis::Of));
        for key in syms {
            axes.push(Axis::Prop { key, event: None });
            axes.extend(syms.map(|event| Axis::Prop { key, event: Some(event) }));
        }
        let mut keys = HashSet::new();
        for axis in &axes {
            for value in syms {
                keys.extend([0, 1, 23].map(|hour| Key::of(Cell { axis: *axis, value }, Hour(hour)).0));
            }
        }
        assert_eq!(keys.len(), axes.len() * syms.len() * 3);
    }
}
