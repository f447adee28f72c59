//! Small numbers for the values that the first hit of a visit fixes together, within one site and day, so that visits share them.
//! The table is dropped with its day.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::dimension::{FIXED, GROUP_BOUNDS, ValueGroup};
use super::{Blocks, Dimension, Sym};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AttributeTuple(u32);

/// For each tuple that lost a value, the one that takes its place.
pub type NewTuples = HashMap<AttributeTuple, AttributeTuple, foldhash::fast::RandomState>;

/// Which of a visit's tuples, and its values, filled up with empty ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct TupleKey {
    which: usize,
    values: [Sym; VALUES_MAX],
}

/// The combinations met on one day of one site. Keys are numbers that we gave out, so the hash needs no key.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct AttributeTuples {
    /// What their numbers stand for.
    pub values: TupleValues,
    #[serde(skip)]
    numbers: HashMap<TupleKey, AttributeTuple, foldhash::fast::RandomState>,
    /// Numbers of those that lost a value, and those that are free.
    retired: Vec<AttributeTuple>,
    free: Vec<AttributeTuple>,
}

/// The values of tuples, by number.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TupleValues {
    /// Each combination with its channel and source in one; that is empty where it has neither.
    known: Blocks<(TupleKey, Sym)>,
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
            self.number(TupleKey { which, values: padded }, &mut join)
        })
    }

    /// All of it but what is found out again by [`AttributeTuples::restored`].
    pub fn image(&self) -> AttributeTuples {
        let (retired, free) = (self.retired.clone(), self.free.clone());
        AttributeTuples { values: self.values.clone(), numbers: HashMap::default(), retired, free }
    }

    /// The tuples of an image, to be counted with.
    pub fn restored(mut self) -> AttributeTuples {
        let lost: HashSet<AttributeTuple> = self.retired.iter().chain(&self.free).copied().collect();
        let known = (0..).map(AttributeTuple).zip(self.values.known.iter());
        for (tuple, (combination, joined)) in known.filter(|(tuple, _)| !lost.contains(tuple)) {
            // Of two with the same values the one in use is that whose channel and source have found room.
            if *joined != Sym::OTHER || !self.numbers.contains_key(combination) {
                self.numbers.insert(*combination, tuple);
            }
        }
        self
    }

    fn number(&mut self, combination: TupleKey, join: &mut impl FnMut(Sym, Sym) -> Sym) -> AttributeTuple {
        let known = self.numbers.get(&combination).copied();
        // One whose channel and source found no room may find it by now; it is another tuple then.
        if let Some(tuple) = known.filter(|tuple| self.values.joined(*tuple) != Sym::OTHER) {
            return tuple;
        }
        let joined = combination.channel_and_source().map_or(Sym::EMPTY, |(channel, source)| join(channel, source));
        if let Some(tuple) = known.filter(|_| joined == Sym::OTHER) {
            return tuple;
        }
        self.add(combination, joined)
    }

    fn add(&mut self, combination: TupleKey, joined: Sym) -> AttributeTuple {
        let tuple = match self.free.pop() {
            Some(free) => {
                self.values.set(free, (combination, joined));
                free
            }
            None => AttributeTuple(self.values.known.push((combination, joined)) as u32),
        };
        self.numbers.insert(combination, tuple);
        tuple
    }

    /// The tuples that have a value that is gone.
    pub fn having(&self, is_gone: impl Fn(Dimension, Sym) -> bool) -> impl Iterator<Item = AttributeTuple> {
        let known = (0..).map(AttributeTuple).zip(self.values.known.iter());
        let having = known.filter(move |(_, (combination, joined))| {
            is_gone(Dimension::ChannelAndSource, *joined) || combination.without(&is_gone) != *combination
        });
        having.map(|(tuple, _)| tuple)
    }

    /// For each tuple that has a value that is gone, the one that has [`Sym::OTHER`] in its place. From now on no visit gets a
    /// tuple with one of those; what they were stays known until [`AttributeTuples::free_retired`]. `join` makes the name of a channel
    /// and source in one.
    pub fn without(
        &mut self,
        is_gone: impl Fn(Dimension, Sym) -> bool,
        mut join: impl FnMut(Sym, Sym) -> Sym,
    ) -> NewTuples {
        let mut new = NewTuples::default();
        let has_lost = |joined: Sym| is_gone(Dimension::ChannelAndSource, joined);
        // Nobody has those any more; to lose a value twice would be to be free twice.
        let retired: HashSet<AttributeTuple> = self.retired.iter().copied().collect();
        // Those that lose channel and source in one alone come first: others may become like them.
        let in_use = self.numbers.iter().map(|(combination, tuple)| (*combination, *tuple));
        let mut lost: Vec<_> = in_use.filter(|(_, tuple)| has_lost(self.values.joined(*tuple))).collect();
        // A day that is read back finds room for the same ones.
        lost.sort_unstable_by_key(|(_, tuple)| tuple.0);
        for (combination, tuple) in lost {
            new.insert(tuple, self.add(combination, Sym::OTHER));
        }
        for number in 0..self.values.known.len() as u32 {
            let tuple = AttributeTuple(number);
            if retired.contains(&tuple) {
                continue;
            }
            let (combination, joined) = self.values.known[number as usize];
            let left = combination.without(&is_gone);
            if left != combination {
                // Its values may become those of other names, and its channel and source in one would not be theirs.
                if self.numbers.get(&combination) == Some(&tuple) {
                    self.numbers.remove(&combination);
                }
                new.insert(tuple, self.number(left, &mut join));
            } else if has_lost(joined) && !new.contains_key(&tuple) {
                new.insert(tuple, self.add(combination, Sym::OTHER));
            }
        }
        let mut lost: Vec<_> = new.keys().copied().collect();
        lost.sort_unstable_by_key(|tuple| tuple.0);
        self.retired.append(&mut lost);
        new
    }

    /// Lets new tuples have the numbers of those that lost a value. Nobody may have them any more, and all sums that name them must
    /// be handed out.
    pub fn free_retired(&mut self) {
        for tuple in &self.retired {
            self.values.set(*tuple, (TupleKey { which: 0, values: [Sym::EMPTY; VALUES_MAX] }, Sym::EMPTY));
        }
        self.free.append(&mut self.retired);
    }
}

impl TupleKey {
    /// Its values, by dimension.
    fn values(&self) -> impl Iterator<Item = (Dimension, Sym)> + use<> {
        FIXED[GROUP_BOUNDS[self.which]..GROUP_BOUNDS[self.which + 1]].iter().copied().zip(self.values)
    }

    /// Channel and source, if they are among its values.
    fn channel_and_source(&self) -> Option<(Sym, Sym)> {
        let value =
            |wanted: Dimension| self.values().find(|(dimension, _)| *dimension == wanted).map(|(_, value)| value);
        Some((value(Dimension::Channel)?, value(Dimension::Source)?))
    }

    /// The same with [`Sym::OTHER`] in place of what is gone.
    fn without(&self, is_gone: &impl Fn(Dimension, Sym) -> bool) -> TupleKey {
        let mut left = *self;
        for (value, (dimension, old)) in left.values.iter_mut().zip(self.values()) {
            *value = if is_gone(dimension, old) { Sym::OTHER } else { old };
        }
        left
    }
}

impl TupleValues {
    /// The values of a tuple, by dimension.
    pub fn of(&self, tuple: AttributeTuple) -> impl Iterator<Item = (Dimension, Sym)> {
        let (combination, joined) = self.known[tuple.0 as usize];
        let has_joined = combination.which == ValueGroup::Origin as usize;
        combination.values().chain(has_joined.then_some((Dimension::ChannelAndSource, joined)))
    }

    fn set(&mut self, tuple: AttributeTuple, value: (TupleKey, Sym)) {
        self.known.entry_mut(tuple.0 as usize).into_iter().for_each(|known| *known = value);
    }

    /// Channel and source in one.
    fn joined(&self, tuple: AttributeTuple) -> Sym {
        self.known[tuple.0 as usize].1
    }

    /// The value that a visit with these tuples has on a dimension; empty if the first hit does not fix it.
    pub fn value(&self, tuples: [AttributeTuple; TUPLES_PER_VISIT], dimension: Dimension) -> Sym {
        if dimension == Dimension::ChannelAndSource {
            return self.joined(tuples[ValueGroup::Origin as usize]);
        }
        let Some((which, place)) = place_in_group(dimension) else { return Sym::EMPTY };
        self.known[tuples[which].0 as usize].0.values[place]
    }

    /// A dimension's value by tuple, and which of a visit's tuples has it; nothing if the first hit does not fix it.
    pub fn column(&self, dimension: Dimension) -> Option<(usize, Vec<Sym>)> {
        if dimension == Dimension::ChannelAndSource {
            return Some((ValueGroup::Origin as usize, self.known.iter().map(|(_, joined)| *joined).collect()));
        }
        let (which, place) = place_in_group(dimension)?;
        Some((which, self.known.iter().map(|(combination, _)| combination.values[place]).collect()))
    }
}

impl AttributeTuple {
    /// Its place in [`TupleValues::column`].
    pub fn place(self) -> usize {
        self.0 as usize
    }
}

/// Which of a visit's tuples has a dimension, and the place there.
fn place_in_group(dimension: Dimension) -> Option<(usize, usize)> {
    let place = dimension.place_in_fixed()?;
    let which = (0..TUPLES_PER_VISIT).find(|which| place < GROUP_BOUNDS[which + 1])?;
    Some((which, place - GROUP_BOUNDS[which]))
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

    /// A day that is read back has maps with other seeds, and must give tuples the same numbers.
    #[test]
    fn what_takes_the_place_of_lost_tuples_does_not_depend_on_the_order_of_a_map() {
        let of_source = |source: u32| {
            let mut values = [Sym::EMPTY; FIXED.len()];
            values[Dimension::Source.place_in_fixed().unwrap()] = Sym(source);
            values
        };
        let replaced = || {
            let mut tuples = AttributeTuples::default();
            for source in 10..40 {
                tuples.of(&of_source(source), |_, source| Sym(1_000 + source.0));
            }
            let is_joined = |dimension, sym: Sym| dimension == Dimension::ChannelAndSource && sym.0 >= 1_000;
            let new = tuples.without(is_joined, |_, _| Sym::OTHER);
            let mut new: Vec<_> = new.into_iter().map(|(old, new)| (old.0, new.0)).collect();
            new.sort_unstable();
            new
        };
        assert_eq!(replaced().len(), 30);
        assert_eq!(replaced(), replaced());
    }

    #[test]
    fn a_tuple_that_loses_one_value_after_the_other_is_free_once() {
        let mut values = [Sym::EMPTY; FIXED.len()];
        values[Dimension::Source.place_in_fixed().unwrap()] = Sym(10);
        values[Dimension::Channel.place_in_fixed().unwrap()] = Sym(20);
        let mut tuples = AttributeTuples::default();
        tuples.of(&values, |_, _| Sym(30));
        for gone in [Sym(10), Sym(20), Sym(30)] {
            tuples.without(|_, sym| sym == gone, |_, _| Sym(30));
        }
        tuples.free_retired();
        let free: HashSet<_> = tuples.free.iter().copied().collect();
        assert!(free.len() == tuples.free.len() && !free.is_empty(), "{:?}", tuples.free);
        assert!(tuples.numbers.values().all(|tuple| !free.contains(tuple)));
    }

    #[test]
    fn numbers_of_lost_tuples_are_free_when_their_sums_are_handed_out() {
        let mut tuples = AttributeTuples::default();
        let place = Dimension::Source.place_in_fixed().unwrap();
        let of = |tuples: &mut AttributeTuples, source: u32| {
            let mut values = [Sym::EMPTY; FIXED.len()];
            values[place] = Sym(source);
            tuples.of(&values, |_, source| Sym(1_000 + source.0))
        };
        for round in 0..20 {
            let visits: Vec<_> = (0..50).map(|source| of(&mut tuples, 10 + 50 * round + source)).collect();
            let new = tuples.without(|_, sym| sym.0 >= 10, |_, _| Sym::OTHER);
            assert!(visits.iter().flatten().all(|tuple| !tuples.free.contains(tuple)), "sums name them still");
            let left = visits[0].map(|tuple| new.get(&tuple).copied().unwrap_or(tuple));
            assert_eq!(tuples.values.value(left, Dimension::Source), Sym::OTHER);
            tuples.free_retired();
            let again = AttributeTuples { numbers: HashMap::default(), ..tuples.image() }.restored();
            assert_eq!(again.numbers, tuples.numbers);
        }
        assert!(tuples.values.known.len() < 150, "{} numbers", tuples.values.known.len());
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
