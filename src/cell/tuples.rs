//! Small numbers for the values that the first hit of a visit fixes together, within one site and day, so that visits share them.
//! The table is dropped with its day.

use std::collections::HashMap;

use super::dimension::{FIXED, GROUP_BOUNDS, ValueGroup};
use super::{Dimension, Sym};

/// How many tuples a visit has: one for each group of values that often come together.
pub const TUPLES_PER_VISIT: usize = ValueGroup::ALL.len();

/// Most values of a tuple.
const VALUES_MAX: usize = {
    let (mut at, mut most) = (0, 0);
    while at < TUPLES_PER_VISIT {
        let values = GROUP_BOUNDS[at + 1] - GROUP_BOUNDS[at];
        most = if values > most { values } else { most };
        at += 1;
    }
    most
};

/// A combination of values: an index into the [`AttributeTuples`] of one site and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttributeTuple(u32);

/// Which tuple, and its values, filled up with empty ones.
type TupleKey = (usize, [Sym; VALUES_MAX]);

/// The combinations met on one day of one site. Keys are numbers that we gave out, so the hash needs no key.
#[derive(Debug, Default)]
pub struct AttributeTuples {
    /// What their numbers stand for.
    pub values: TupleValues,
    numbers: HashMap<TupleKey, AttributeTuple, foldhash::fast::RandomState>,
}

/// The values of tuples, by number.
#[derive(Debug, Clone, Default)]
pub struct TupleValues {
    known: Vec<TupleKey>,
    /// For each combination its channel and source in one; empty for tuples that have neither.
    joined: Vec<Sym>,
}

impl AttributeTuples {
    /// The tuples of a visit with these values of [`FIXED`]. `join` makes the name of a channel and source in one.
    pub fn of(
        &mut self,
        values: &[Sym; FIXED.len()],
        mut join: impl FnMut(Sym, Sym) -> Sym,
    ) -> [AttributeTuple; TUPLES_PER_VISIT] {
        std::array::from_fn(|which| {
            let mut padded = [Sym::EMPTY; VALUES_MAX];
            for (to, from) in padded.iter_mut().zip(&values[GROUP_BOUNDS[which]..GROUP_BOUNDS[which + 1]]) {
                *to = *from;
            }
            self.number((which, padded), &mut join)
        })
    }

    fn number(&mut self, combination: TupleKey, join: &mut impl FnMut(Sym, Sym) -> Sym) -> AttributeTuple {
        let known = self.numbers.get(&combination).copied();
        // One whose channel and source found no room may find it by now; it is another tuple then.
        if let Some(tuple) = known.filter(|tuple| self.values.joined[tuple.0 as usize] != Sym::OTHER) {
            return tuple;
        }
        let (which, values) = combination;
        let value = |dimension: Dimension| {
            let place = dimension.place_in_fixed().and_then(|place| place.checked_sub(GROUP_BOUNDS[which]));
            place.and_then(|place| values.get(place)).copied().unwrap_or(Sym::EMPTY)
        };
        let is_joined = which == ValueGroup::Origin as usize;
        let joined = if is_joined { join(value(Dimension::Channel), value(Dimension::Source)) } else { Sym::EMPTY };
        if let Some(tuple) = known.filter(|_| joined == Sym::OTHER) {
            return tuple;
        }
        self.values.joined.push(joined);
        self.values.known.push(combination);
        let tuple = AttributeTuple(self.values.known.len() as u32 - 1);
        self.numbers.insert(combination, tuple);
        tuple
    }
}

impl TupleValues {
    /// The values of a tuple, by dimension.
    pub fn of(&self, tuple: AttributeTuple) -> impl Iterator<Item = (Dimension, Sym)> {
        let (which, values) = self.known[tuple.0 as usize];
        let joined = (which == ValueGroup::Origin as usize)
            .then(|| (Dimension::ChannelAndSource, self.joined[tuple.0 as usize]));
        FIXED[GROUP_BOUNDS[which]..GROUP_BOUNDS[which + 1]].iter().copied().zip(values).chain(joined)
    }

    /// The value that a visit with these tuples has on a dimension; empty if the first hit does not fix it.
    pub fn value(&self, tuples: [AttributeTuple; TUPLES_PER_VISIT], dimension: Dimension) -> Sym {
        if dimension == Dimension::ChannelAndSource {
            return self.joined[tuples[ValueGroup::Origin as usize].0 as usize];
        }
        let Some(place) = dimension.place_in_fixed() else { return Sym::EMPTY };
        match (0..TUPLES_PER_VISIT).find(|which| place < GROUP_BOUNDS[which + 1]) {
            Some(which) => self.known[tuples[which].0 as usize].1[place - GROUP_BOUNDS[which]],
            None => Sym::EMPTY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixed_dimension_is_in_one_tuple() {
        let values = std::array::from_fn(|place| Sym(100 + place as u32));
        let mut tuples = AttributeTuples::default();
        let of_visit = tuples.of(&values, |channel, source| Sym(channel.0 * 1_000 + source.0));
        let sym = |dimension: Dimension| values[dimension.place_in_fixed().unwrap()].0;
        let joined = Sym(sym(Dimension::Channel) * 1_000 + sym(Dimension::Source));
        assert_eq!(tuples.values.value(of_visit, Dimension::ChannelAndSource), joined);
        for (dimension, value) in FIXED.into_iter().zip(values) {
            assert_eq!(tuples.values.value(of_visit, dimension), value);
        }
        assert_eq!(tuples.values.value(of_visit, Dimension::Page), Sym::EMPTY);
        assert_eq!(of_visit.into_iter().flat_map(|tuple| tuples.values.of(tuple)).count(), FIXED.len() + 1);
    }

    #[test]
    fn visits_that_agree_share_a_tuple() {
        let mut tuples = AttributeTuples::default();
        let here = [Sym(1); FIXED.len()];
        let mut elsewhere = here;
        elsewhere[Dimension::Region.place_in_fixed().unwrap()] = Sym(2);
        let mut of = |values| tuples.of(values, |_, _| Sym::EMPTY);
        let (a, b) = (of(&here), of(&elsewhere));
        assert_eq!(a, of(&here));
        assert_eq!(a.map(|tuple| b.contains(&tuple)), [true, false, true]);
    }
}
