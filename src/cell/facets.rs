//! In: the values that a visit's first hit fixes together. Out: small numbers that stand for such a combination within one
//! site and day, so that visits share them. Forgets: nothing by itself; the table is dropped with its day.

use std::collections::HashMap;

use super::dimension::{FIXED, GROUP_BOUNDS, ValueGroup};
use super::{Dimension, Sym};

/// How many facets a visit has: one for each group of values that often come together.
pub const FACETS: usize = ValueGroup::ALL.len();

/// Most values of a facet.
const VALUES_MAX: usize = {
    let (mut at, mut most) = (0, 0);
    while at < FACETS {
        let values = GROUP_BOUNDS[at + 1] - GROUP_BOUNDS[at];
        most = if values > most { values } else { most };
        at += 1;
    }
    most
};

/// A combination of values: an index into the [`Facets`] of one site and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facet(u32);

/// Which facet, and its values, filled up with empty ones.
type Combination = (usize, [Sym; VALUES_MAX]);

/// The combinations met on one day of one site. Keys are numbers that we gave out, so the hash needs no key.
#[derive(Debug, Default)]
pub struct Facets {
    /// What their numbers stand for.
    pub values: FacetValues,
    numbers: HashMap<Combination, Facet, foldhash::fast::RandomState>,
}

/// The values of facets, by number.
#[derive(Debug, Clone, Default)]
pub struct FacetValues {
    known: Vec<Combination>,
    /// For each combination its channel and source in one; empty for facets that have neither.
    joined: Vec<Sym>,
}

impl Facets {
    /// The facets of a visit with these values of [`FIXED`]. `join` makes the name of a channel and source in one.
    pub fn of(&mut self, values: &[Sym; FIXED.len()], mut join: impl FnMut(Sym, Sym) -> Sym) -> [Facet; FACETS] {
        std::array::from_fn(|which| {
            let mut padded = [Sym::EMPTY; VALUES_MAX];
            for (to, from) in padded.iter_mut().zip(&values[GROUP_BOUNDS[which]..GROUP_BOUNDS[which + 1]]) {
                *to = *from;
            }
            self.number((which, padded), &mut join)
        })
    }

    fn number(&mut self, combination: Combination, join: &mut impl FnMut(Sym, Sym) -> Sym) -> Facet {
        if let Some(facet) = self.numbers.get(&combination) {
            return *facet;
        }
        let (which, values) = combination;
        let value = |dimension: Dimension| {
            let place = dimension.place_in_fixed().and_then(|place| place.checked_sub(GROUP_BOUNDS[which]));
            place.and_then(|place| values.get(place)).copied().unwrap_or(Sym::EMPTY)
        };
        let is_joined = which == ValueGroup::Origin as usize;
        let mut joined = || join(value(Dimension::Channel), value(Dimension::Source));
        self.values.joined.push(if is_joined { joined() } else { Sym::EMPTY });
        self.values.known.push(combination);
        let facet = Facet(self.values.known.len() as u32 - 1);
        self.numbers.insert(combination, facet);
        facet
    }
}

impl FacetValues {
    /// The values of a facet, by dimension.
    pub fn of(&self, facet: Facet) -> impl Iterator<Item = (Dimension, Sym)> {
        let (which, values) = self.known[facet.0 as usize];
        let joined = (which == ValueGroup::Origin as usize)
            .then(|| (Dimension::ChannelAndSource, self.joined[facet.0 as usize]));
        FIXED[GROUP_BOUNDS[which]..GROUP_BOUNDS[which + 1]].iter().copied().zip(values).chain(joined)
    }

    /// The value that a visit with these facets has on a dimension; empty if the first hit does not fix it.
    pub fn value(&self, facets: [Facet; FACETS], dimension: Dimension) -> Sym {
        if dimension == Dimension::ChannelAndSource {
            return self.joined[facets[ValueGroup::Origin as usize].0 as usize];
        }
        let Some(place) = dimension.place_in_fixed() else { return Sym::EMPTY };
        match (0..FACETS).find(|which| place < GROUP_BOUNDS[which + 1]) {
            Some(which) => self.known[facets[which].0 as usize].1[place - GROUP_BOUNDS[which]],
            None => Sym::EMPTY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixed_dimension_is_in_one_facet() {
        let values = std::array::from_fn(|place| Sym(100 + place as u32));
        let mut facets = Facets::default();
        let of_visit = facets.of(&values, |channel, source| Sym(channel.0 * 1_000 + source.0));
        let sym = |dimension: Dimension| values[dimension.place_in_fixed().unwrap()].0;
        let joined = Sym(sym(Dimension::Channel) * 1_000 + sym(Dimension::Source));
        assert_eq!(facets.values.value(of_visit, Dimension::ChannelAndSource), joined);
        for (dimension, value) in FIXED.into_iter().zip(values) {
            assert_eq!(facets.values.value(of_visit, dimension), value);
        }
        assert_eq!(facets.values.value(of_visit, Dimension::Page), Sym::EMPTY);
        assert_eq!(of_visit.into_iter().flat_map(|facet| facets.values.of(facet)).count(), FIXED.len() + 1);
    }

    #[test]
    fn visits_that_agree_share_a_facet() {
        let mut facets = Facets::default();
        let here = [Sym(1); FIXED.len()];
        let mut elsewhere = here;
        elsewhere[Dimension::Region.place_in_fixed().unwrap()] = Sym(2);
        let mut of = |values| facets.of(values, |_, _| Sym::EMPTY);
        let (a, b) = (of(&here), of(&elsewhere));
        assert_eq!(a, of(&here));
        assert_eq!(a.map(|facet| b.contains(&facet)), [true, false, true]);
    }
}
