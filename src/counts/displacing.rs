//! In: names that give way. Out: their sums under `(other)`, exactly. Forgets: who brought them.

use super::unknown_hits::UnknownProperty;
use super::{Counts, OpenDay};
use crate::cell::{DisplacedNames, GoneName, Sym};
use crate::limits;
use crate::visit::{Book, Negated, Relabelling};

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
    pub fn displace_again(&mut self, displaced: &DisplacedNames) {
        // What is found now is the same, but for what another version would find.
        let _ = self.names.lightest();
        self.displace_named(displaced);
    }

    fn displace_named(&mut self, displaced: &DisplacedNames) {
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
        let mut change = self.unstored.fresh();
        for place in 0..self.visitors.len() {
            // What is not changed stays shared with those who read it.
            if !self.visitors[place].is_changed_by(&by) {
                continue;
            }
            let Some(visitor) = self.visitors.entry_mut(place) else { continue };
            let before = visitor.places();
            visitor.contributions(&self.names, &mut Negated(&mut change));
            visitor.relabel(&by, &mut self.names);
            visitor.contributions(&self.names, &mut change);
            self.places = self.places + visitor.places() - before;
        }
        self.displace_unknown(&by, &mut change);
        self.unstored.add(change);
        self.has_changed = true;
    }

    fn displace_unknown(&mut self, by: &Relabelling, change: &mut Counts) {
        for place in 0..self.unknown.hits().len() {
            let (old, count) = self.unknown.hits()[place];
            let new = old.relabelled(by);
            if count > 0 && new != old {
                old.contributions(count, &self.names, &mut Negated(change));
                new.contributions(count, &self.names, change);
                self.unknown.relabel(place, new);
            }
        }
        for (old, count) in std::mem::take(&mut self.unknown.props) {
            let new = by.property(old.cell, &mut self.names);
            if new != old.cell {
                change.hour(old.cell, old.hour, -old.tally(count));
                change.hour(new, old.hour, old.tally(count));
            }
            *self.unknown.props.entry(UnknownProperty { cell: new, ..old }).or_default() += count;
        }
    }

    /// The number of a name, if it was met.
    pub fn name(&self, text: &str) -> Option<Sym> {
        self.names.find(text)
    }
}
