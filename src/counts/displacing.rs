//! In: names that give way. Out: their sums under `(other)`, exactly. Forgets: who brought them.

use super::unknown_hits::UnknownProperty;
use super::{Counts, OpenDay};
use crate::cell::{Blocks, DisplacedNames, ForgottenValues, GoneName, Sym};
use crate::limits;
use crate::visit::{Book, GoneNames, Negated, Relabelling, Visitor};

/// Names that are to give way, and everybody who may have them. It needs the day no more.
#[derive(Debug)]
pub struct DisplacementSearch {
    names: DisplacedNames,
    gone: GoneNames,
    visitors: Blocks<Visitor>,
}

/// Names that are to give way, and who had them when the search began.
#[derive(Debug)]
pub struct Displacement {
    names: DisplacedNames,
    places: Vec<usize>,
    visitors: Blocks<Visitor>,
}

impl DisplacementSearch {
    /// Goes through all visitors.
    pub fn find(self) -> Displacement {
        let DisplacementSearch { names, gone, visitors } = self;
        let having = (0..).zip(visitors.iter()).filter(|(_, visitor)| visitor.has_any(&gone));
        let places = having.map(|(place, _)| place).collect();
        Displacement { names, places, visitors }
    }
}

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
        let found = self.begin_displacement().find();
        self.end_displacement(found)
    }

    /// Chooses the lightest names. Who has them is looked for by whoever has time, while hits go on.
    pub fn begin_displacement(&mut self) -> DisplacementSearch {
        self.displaced = Some(self.last_hit);
        let names = self.names.lightest();
        let gone = GoneNames::of(&self.names.found(&names), &self.names);
        DisplacementSearch { names, gone, visitors: self.visitors.clone() }
    }

    /// Lets the names of a search give way, and tells which.
    pub fn end_displacement(&mut self, found: Displacement) -> DisplacedNames {
        let Displacement { names, mut places, visitors } = found;
        places.extend(self.visitors.changed_since(&visitors));
        // Who came by both ways is there twice.
        places.sort_unstable();
        places.dedup();
        // Nothing that changes now needs to be copied.
        drop(visitors);
        self.displace_named(&names, places.into_iter(), false)
    }

    /// Lets names give way that did so before the day was read back.
    pub fn displace_again(&mut self, displaced: &DisplacedNames) {
        // What is found now is the same, but for what another version would find.
        let _ = self.names.lightest();
        self.displace_named(displaced, 0..self.visitors.len(), true);
    }

    /// Lets all names give way that go with values which are to be forgotten, and tells which: whoever is remembered has been at
    /// `(other)` from now on. Sums that are not handed out yet bring their rows to nothing.
    pub fn forget_values(&mut self, values: &ForgottenValues) -> DisplacedNames {
        let names = self.names.taken_by(values);
        let gone = self.displace_named(&names, 0..self.visitors.len(), true);
        self.names.folding.forget(values);
        if self.pending() == 0 {
            self.names.free_retired();
        }
        gone
    }

    /// Tells which names were there to go.
    fn displace_named(
        &mut self,
        displaced: &DisplacedNames,
        places: impl Iterator<Item = usize>,
        by_order: bool,
    ) -> DisplacedNames {
        self.displaced = Some(self.last_hit);
        let gone = self.names.retire(displaced, by_order);
        let told = self.names.texts_of(&gone);
        if !gone.is_empty() {
            self.displace_at(&gone, places);
            self.names.note_merged();
        }
        told
    }

    /// Moves all that is counted under some names to `(other)`, for everybody who is remembered, as if they had been `(other)` from
    /// the start. Money keeps its names.
    pub fn displace(&mut self, gone: &[GoneName]) {
        self.displace_at(gone, 0..self.visitors.len());
    }

    /// The same where all visitors who have these names are at some places.
    fn displace_at(&mut self, gone: &[GoneName], places: impl Iterator<Item = usize>) {
        let by = Relabelling::of(gone, &mut self.names);
        let mut change = self.unstored.fresh();
        for place in places {
            // What is not changed stays shared with those who read it.
            if !self.visitors.get(place).is_some_and(|visitor| visitor.has_any(by.gone())) {
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
            if count.hits > 0 && new != old {
                old.contributions(count.hits, &self.names, &mut Negated(change));
                new.contributions(count.hits, &self.names, change);
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
