//! In: names that give way. Out: their sums under `(other)`, exactly. Forgets: who brought them.

use super::{Counts, Fast, OpenDay, Sums};
use crate::cell::{Cell, DisplacedNames, GoneName, Sym, Tally};
use crate::limits;
use crate::site::Hour;
use crate::visit::{Book, Negated, Relabelling, UnknownHit};

impl OpenDay {
    /// Whether names should give way now. All visitors are gone through for it, so the more there are the longer it waits.
    pub fn wants_displacement(&self) -> bool {
        self.names.wants_displacement()
            && self.displaced.is_none_or(|at| {
                let pause_ms = limits::DISPLACE_PAUSE_MS + self.visitors() as i64 / limits::DISPLACE_VISITORS_PER_MS;
                (self.last_hit.0 - at.0).abs() >= pause_ms
            })
    }

    /// Lets the lightest names give way, and tells which.
    pub fn displace_lightest(&mut self) -> DisplacedNames {
        let displaced = self.names.lightest();
        self.displace_named(&displaced);
        displaced
    }

    /// Lets names give way that did so before the day was read back.
    pub fn displace_named(&mut self, displaced: &DisplacedNames) {
        self.displaced = Some(self.last_hit);
        let gone = self.names.retire(displaced);
        if !gone.is_empty() {
            self.displace(&gone);
            self.names.note_merged();
        }
    }

    /// Moves all that is counted under some names to `(other)`, for everybody who is remembered, as if they had been `(other)` from
    /// the start. Money keeps its names.
    pub fn displace(&mut self, gone: &[GoneName]) {
        let by = Relabelling::of(gone, &mut self.names);
        let mut change = Counts::new(self.counts.without_hours);
        for visitor in self.visitors.values_mut().filter(|visitor| visitor.is_changed_by(&by)) {
            let before = visitor.places();
            visitor.contributions(&self.names, &mut Negated(&mut change));
            visitor.relabel(&by, &mut self.names);
            visitor.contributions(&self.names, &mut change);
            self.places = self.places + visitor.places() - before;
        }
        self.displace_unknown(&by, &mut change);
        self.counts.add(change);
        self.changed();
    }

    fn displace_unknown(&mut self, by: &Relabelling, change: &mut Counts) {
        let hits: Vec<UnknownHit> = self.unknown.keys().filter(|hit| hit.relabelled(by) != **hit).copied().collect();
        for old in hits {
            let (Some(count), new) = (self.unknown.remove(&old), old.relabelled(by)) else { continue };
            old.contributions(count, &self.names, &mut Negated(change));
            new.contributions(count, &self.names, change);
            *self.unknown.entry(new).or_default() += count;
        }
        for (old, count) in std::mem::take(&mut self.unknown_props) {
            let new = by.property(old.cell, &mut self.names);
            if new != old.cell {
                change.hour(old.cell, old.hour, -old.tally(count));
                change.hour(new, old.hour, old.tally(count));
            }
            *self.unknown_props.entry(UnknownProperty { cell: new, ..old }).or_default() += count;
        }
    }

    /// All that those count for who are remembered, money aside: what has been handed out and what is not stored yet add up to
    /// it, unless there was no room to remember somebody.
    pub fn contributions(&self) -> Sums {
        let mut counts = Counts::new(self.counts.without_hours);
        self.visitors.values().for_each(|visitor| visitor.contributions(&self.names, &mut counts));
        self.unknown.iter().for_each(|(hit, count)| hit.contributions(*count, &self.names, &mut counts));
        self.unknown_props.iter().for_each(|(of, count)| counts.hour(of.cell, of.hour, of.tally(*count)));
        counts.sums(&self.names)
    }

    /// The number of a name, if it was met.
    pub fn name(&self, text: &str) -> Option<Sym> {
        self.names.find(text)
    }
}

impl Counts {
    /// Adds changes, as far as they are any.
    fn add(&mut self, change: Counts) {
        change.hours.into_values().filter(|(.., tally)| !tally.is_zero()).for_each(|(cell, hour, tally)| {
            self.hour(cell, hour, tally);
        });
        change.day_visitors.into_values().filter(|(_, by)| *by != 0).for_each(|(cell, by)| self.day_visitors(cell, by));
        change.tuple_hours.into_iter().filter(|(_, tally)| !tally.is_zero()).for_each(|((tuple, hour), tally)| {
            self.tuple_hour(tuple, hour, tally);
        });
        for (tuple, by) in change.tuple_day_visitors.into_iter().filter(|(_, by)| *by != 0) {
            self.tuple_day_visitors(tuple, by);
        }
    }
}

/// What hits without a token share of one property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct UnknownProperty {
    pub(super) cell: Cell<Sym>,
    pub(super) hour: Hour,
    pub(super) is_view: bool,
}

impl UnknownProperty {
    fn tally(&self, count: u32) -> Tally {
        let (pageviews, events) = if self.is_view { (count, 0) } else { (0, count) };
        Tally { pageviews: pageviews.into(), events: events.into(), ..Tally::ZERO }
    }
}

/// How many hits without a token are alike.
pub(super) type UnknownHits = Fast<UnknownHit, u32>;
