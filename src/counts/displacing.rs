//! In: names that give way. Out: their sums under `(other)`, exactly. Forgets: who brought them.

use super::unknown_hits::UnknownProperty;
use super::{Counts, OpenDay};
use crate::cell::Sym;
use crate::visit::{Book, GoneName, Negated, Relabelling};

impl OpenDay {
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
            if new != Some(old.cell) {
                change.hour(old.cell, old.hour, -old.tally(count));
                new.into_iter().for_each(|cell| change.hour(cell, old.hour, old.tally(count)));
            }
            if let Some(cell) = new {
                *self.unknown.props.entry(UnknownProperty { cell, ..old }).or_default() += count;
            }
        }
    }

    /// The number of a name, if it was met.
    pub fn name(&self, text: &str) -> Option<Sym> {
        self.names.find(text)
    }
}
