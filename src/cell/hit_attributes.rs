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

/// Key and value of a property that the owner has named.
pub type NamedValue = (Sym, Sym);

/// Host, event and what else each hit has one value of, the patterns that it lies in, and its properties that the owner has named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct AttributesKey {
    values: HitValues,
    patterns: Box<[Sym]>,
    properties: Box<[NamedValue]>,
}

/// What is gone of combinations.
pub trait GoneValues {
    /// Whether a value of a dimension is gone.
    fn is_gone(&self, dimension: Dimension, value: Sym) -> bool;
    /// What is left of a property; nothing if its key is gone.
    fn left(&self, property: NamedValue) -> Option<NamedValue>;
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
    /// The same with [`Sym::OTHER`] in place of what is gone; nothing if nothing is.
    fn without(&self, gone: &impl GoneValues) -> Option<AttributesKey> {
        let left = |dimension: Dimension, value: Sym| if gone.is_gone(dimension, value) { Sym::OTHER } else { value };
        let mut values = self.values;
        values.iter_mut().zip(OF_HITS).for_each(|(value, dimension)| *value = left(dimension, *value));
        let mut patterns: Vec<Sym> = self.patterns.iter().map(|pattern| left(Dimension::Pattern, *pattern)).collect();
        patterns.sort_unstable();
        patterns.dedup();
        let properties = self.properties.iter().filter_map(|property| gone.left(*property)).collect();
        let left = AttributesKey { values, patterns: patterns.into(), properties };
        (left != *self).then_some(left)
    }
}

impl HitAttributeTable {
    /// The number of a combination, if it was met.
    pub fn find(&self, values: &HitValues, patterns: &[Sym], properties: &[NamedValue]) -> Option<HitAttributes> {
        let combination = AttributesKey { values: *values, patterns: patterns.into(), properties: properties.into() };
        self.numbers.get(&combination).copied()
    }

    /// The number of a combination, new if need be.
    pub fn of(&mut self, values: HitValues, patterns: Box<[Sym]>, properties: Box<[NamedValue]>) -> HitAttributes {
        self.number_of(AttributesKey { values, patterns, properties })
    }

    fn number_of(&mut self, combination: AttributesKey) -> HitAttributes {
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

    /// The combinations that have something that is gone.
    pub fn having(&self, gone: &impl GoneValues) -> impl Iterator<Item = HitAttributes> {
        let having = self.numbers.iter().filter(move |(combination, _)| combination.without(gone).is_some());
        having.map(|(_, attributes)| *attributes)
    }

    /// For each combination that has something that is gone, the one that takes its place. What it was stays known until
    /// [`HitAttributeTable::free_retired`].
    pub fn without(&mut self, gone: &impl GoneValues) -> NewAttributes {
        let lost = self.numbers.iter();
        let lost = lost.filter_map(|(combination, attributes)| Some((*attributes, combination.without(gone)?)));
        let mut lost: Vec<(HitAttributes, AttributesKey)> = lost.collect();
        lost.sort_unstable_by_key(|(attributes, _)| *attributes);
        for (attributes, _) in &lost {
            self.numbers.remove(&self.known.0[attributes.0 as usize]);
            self.retired.push(*attributes);
        }
        lost.into_iter().map(|(old, left)| (old, self.number_of(left))).collect()
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

    /// Keys and values of the named properties of a combination.
    pub fn properties(&self, attributes: HitAttributes) -> &[NamedValue] {
        &self.0[attributes.0 as usize].properties
    }

    /// The value of a named property in a combination.
    pub fn property(&self, attributes: HitAttributes, key: Sym) -> Option<Sym> {
        self.properties(attributes).iter().find(|(of, _)| *of == key).map(|(_, value)| *value)
    }

    /// Whether any combination has a named property.
    pub fn has_properties(&self) -> bool {
        self.0.iter().any(|combination| !combination.properties.is_empty())
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
        let view = hit_attributes.of(values, Box::default(), Box::default());
        let watched = hit_attributes.of(values, Box::new([Sym(7)]), Box::default());
        assert_eq!(hit_attributes.of(values, Box::default(), Box::default()), view);
        assert_ne!(view, watched);
        let pro = hit_attributes.of(values, Box::default(), Box::new([(Sym(3), Sym(4))]));
        assert_ne!(pro, view);
        assert_eq!(hit_attributes.known.property(pro, Sym(3)), Some(Sym(4)));
        assert_eq!(hit_attributes.known.property(pro, Sym(4)), None);
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
