//! Small numbers for what is known of a hit beside its page, within one site and day. The table is dropped with its day.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Blocks, Dimension, OF_HITS, Sym};

/// A combination: an index into the [`HitAttributeTable`] of one site and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HitAttributes(u32);

/// For each combination that lost a value, the one that takes its place.
pub type NewAttributes = HashMap<HitAttributes, HitAttributes, foldhash::fast::RandomState>;

/// Values of [`OF_HITS`].
pub type HitValues = [Sym; OF_HITS.len()];

/// Host, event and what else each hit has one value of, and the patterns that it lies in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct AttributesKey {
    values: HitValues,
    patterns: Box<[Sym]>,
}

/// The combinations met on one day of one site: nearly all pageviews share one. Keys are numbers that we gave out, so the
/// hash needs no key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HitAttributeTable {
    /// What their numbers stand for.
    pub known: AttributeValues,
    #[serde(skip)]
    numbers: HashMap<AttributesKey, HitAttributes, foldhash::fast::RandomState>,
    /// Numbers of combinations that lost a value, and those that are free.
    retired: Vec<HitAttributes>,
    free: Vec<HitAttributes>,
}

/// The values of combinations, by number.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AttributeValues(Blocks<AttributesKey>);

impl AttributesKey {
    /// Its values and patterns with [`Sym::OTHER`] in place of what is gone; nothing if nothing is.
    fn without(&self, is_gone: &impl Fn(Dimension, Sym) -> bool) -> Option<(HitValues, Vec<Sym>)> {
        let left = |dimension: Dimension, value: Sym| if is_gone(dimension, value) { Sym::OTHER } else { value };
        let mut values = self.values;
        values.iter_mut().zip(OF_HITS).for_each(|(value, dimension)| *value = left(dimension, *value));
        let mut patterns: Vec<Sym> = self.patterns.iter().map(|pattern| left(Dimension::Pattern, *pattern)).collect();
        patterns.sort_unstable();
        patterns.dedup();
        ((values, &*patterns) != (self.values, &*self.patterns)).then_some((values, patterns))
    }
}

impl HitAttributeTable {
    /// The number of a combination, if it was met.
    pub fn find(&self, values: &HitValues, patterns: &[Sym]) -> Option<HitAttributes> {
        self.numbers.get(&AttributesKey { values: *values, patterns: patterns.into() }).copied()
    }

    /// The number of a combination, new if need be.
    pub fn of(&mut self, values: HitValues, patterns: Box<[Sym]>) -> HitAttributes {
        let combination = AttributesKey { values, patterns };
        if let Some(attributes) = self.numbers.get(&combination) {
            return *attributes;
        }
        let attributes = match self.free.pop() {
            Some(free) => {
                if let Some(known) = self.known.0.entry_mut(free.0 as usize) {
                    *known = combination.clone();
                }
                free
            }
            None => HitAttributes(self.known.0.push(combination.clone()) as u32),
        };
        self.numbers.insert(combination, attributes);
        attributes
    }

    /// The combinations that have a value that is gone.
    pub fn having(&self, is_gone: impl Fn(Dimension, Sym) -> bool) -> impl Iterator<Item = HitAttributes> {
        let having = self.numbers.iter().filter(move |(combination, _)| combination.without(&is_gone).is_some());
        having.map(|(_, attributes)| *attributes)
    }

    /// For each combination that has a value that is gone, the one that has [`Sym::OTHER`] in its place. What it was stays known
    /// until [`HitAttributeTable::free_retired`].
    pub fn without(&mut self, is_gone: impl Fn(Dimension, Sym) -> bool) -> NewAttributes {
        let lost = self.numbers.iter().filter_map(|(combination, attributes)| {
            let (values, patterns) = combination.without(&is_gone)?;
            Some((*attributes, values, patterns))
        });
        let mut lost: Vec<_> = lost.collect();
        lost.sort_unstable_by_key(|(attributes, ..)| *attributes);
        for (attributes, ..) in &lost {
            self.numbers.remove(&self.known.0[attributes.0 as usize]);
            self.retired.push(*attributes);
        }
        lost.into_iter().map(|(old, values, patterns)| (old, self.of(values, patterns.into()))).collect()
    }

    /// Lets new combinations have the numbers of those that lost a value. Nobody may have them any more.
    pub fn free_retired(&mut self) {
        self.free.append(&mut self.retired);
    }

    /// All of it but what is found out again by [`HitAttributeTable::restored`].
    pub fn image(&self) -> HitAttributeTable {
        let (retired, free) = (self.retired.clone(), self.free.clone());
        HitAttributeTable { known: self.known.clone(), numbers: HashMap::default(), retired, free }
    }

    /// The combinations of an image, to be counted with.
    pub fn restored(mut self) -> HitAttributeTable {
        let lost: HashSet<HitAttributes> = self.retired.iter().chain(&self.free).copied().collect();
        let known = self.known.0.iter().cloned().zip((0..).map(HitAttributes));
        self.numbers = known.filter(|(_, number)| !lost.contains(number)).collect();
        self
    }

    /// How many combinations there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The values of a combination given out by this table.
    pub fn values(&self, attributes: HitAttributes) -> &HitValues {
        self.known.values(attributes)
    }

    /// Its value on one of [`OF_HITS`]; empty on other dimensions.
    pub fn value(&self, attributes: HitAttributes, dimension: Dimension) -> Sym {
        OF_HITS.iter().position(|of| *of == dimension).map_or(Sym::EMPTY, |place| self.values(attributes)[place])
    }

    /// The patterns of a combination given out by this table.
    pub fn patterns(&self, attributes: HitAttributes) -> &[Sym] {
        self.known.patterns(attributes)
    }

    /// Whether a hit in this attributes has this value on a dimension of the hit, its page aside.
    pub fn has(&self, attributes: HitAttributes, dimension: Dimension, value: Sym) -> bool {
        match dimension {
            Dimension::Pattern => self.patterns(attributes).contains(&value),
            _ => OF_HITS.contains(&dimension) && self.value(attributes, dimension) == value,
        }
    }
}

impl AttributeValues {
    fn values(&self, attributes: HitAttributes) -> &HitValues {
        &self.0[attributes.0 as usize].values
    }

    /// The patterns of a combination.
    pub fn patterns(&self, attributes: HitAttributes) -> &[Sym] {
        &self.0[attributes.0 as usize].patterns
    }

    /// The patterns of each combination.
    pub fn all_patterns(&self) -> impl Iterator<Item = &[Sym]> + Clone {
        self.0.iter().map(|combination| &*combination.patterns)
    }

    /// The value of each combination on one of [`OF_HITS`]; nothing for other dimensions.
    pub fn column(&self, dimension: Dimension) -> Option<Vec<Sym>> {
        let place = OF_HITS.iter().position(|of| *of == dimension)?;
        Some(self.0.iter().map(|combination| combination.values[place]).collect())
    }
}

impl HitAttributes {
    /// Its place in [`AttributeValues::column`].
    pub fn place(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combination_has_one_number() {
        let mut hit_attributes = HitAttributeTable::default();
        let values = std::array::from_fn(|place| Sym(10 + place as u32));
        let view = hit_attributes.of(values, Box::default());
        let watched = hit_attributes.of(values, Box::new([Sym(7)]));
        assert_eq!(hit_attributes.of(values, Box::default()), view);
        assert_ne!(view, watched);
        for (dimension, value) in OF_HITS.into_iter().zip(values) {
            assert_eq!(hit_attributes.value(watched, dimension), value);
            assert!(hit_attributes.has(view, dimension, value) && !hit_attributes.has(view, Dimension::Page, value));
        }
        assert!(
            hit_attributes.has(watched, Dimension::Pattern, Sym(7))
                && !hit_attributes.has(view, Dimension::Pattern, Sym(7))
        );
    }
}
