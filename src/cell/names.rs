//! Small numbers for texts, within one site and day, as far as the budget of the day goes. The table is dropped with its day.
//!
//! Each dimension takes so many different values a day; any further one is [`OTHER`], so that totals stay exact and a flood of made-up
//! addresses fills no memory. What earns a name its place is how many networks bring it: one network alone gets a share of the
//! budget; a name that a second one brings is no chance, and gets in for half as much again; and when that is used up, the
//! lightest names give way to heavier ones (`displacement.rs`). So what people read is counted by name though somebody floods the site.

mod bringers;
mod displacement;
mod image;
mod paid;
mod uses;
mod waiting;
mod weight;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::dimension::FIXED;
use super::filter::JOINT;
use super::hit_attributes::{HitValues, NamedValue};
use super::tuples::NewTuples;
use super::{
    AttributeTuple, AttributeTuples, Blocks, Dimension, Folding, HitAttributeTable, HitAttributes, NOT_SET, OF_HITS,
    OTHER, TUPLES_PER_VISIT,
};
use crate::limits;
pub use displacement::{DisplacedNames, GoneName};
pub use uses::Use;
use uses::{ATTRIBUTES, EVENT_KEYS, EVENT_PROPS, PLACES, PROP_VALUES, UseBits};
use waiting::Waiting;
pub use weight::Bringer;
use weight::NameWeight;

/// A name in memory: an index into the [`DayNames`] of one site and day. It says nothing outside of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sym(pub u32);

impl Sym {
    /// The empty text, which every table of names holds first. As the value of a dimension it is none: nothing is booked there.
    pub const EMPTY: Sym = Sym(0);
    /// [`OTHER`], which every table of names holds second.
    pub const OTHER: Sym = Sym(1);
    /// [`NOT_SET`], which every table of names holds third; half of all values are.
    pub const NOT_SET: Sym = Sym(2);
}

/// The event that a pageview is.
pub const PAGEVIEW: &str = "pageview";

/// Most names of a site's day: those of every use, the values of properties, money, the few that count against no budget, and those that
/// gave way since the last flush.
pub const NAMES_PER_DAY_MAX: usize = (Use::COUNT * 5 / 2 + 7) * limits::VALUES_PER_DAY_MAX as usize;

/// What is known of a name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct HeldName {
    /// One bit for each [`Use`] that has taken it in.
    uses: UseBits,
    /// One bit for each use in which it never gives way.
    kept: UseBits,
    /// For how many keys of properties it is a value.
    props: u32,
    /// The use that `weight` is of; the few further ones are in [`DayNames::weights`].
    weighed: Option<u8>,
    weight: NameWeight,
}

impl HeldName {
    const NONE: HeldName = HeldName { uses: 0, kept: 0, props: 0, weighed: None, weight: NameWeight::KEPT };
}

/// What is known of a budget.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct BudgetUse {
    /// How many names it has taken in.
    taken: u32,
    /// No name in it is lighter, in networks.
    lightest: u32,
    /// The heaviest name that found no room since names gave way.
    newcomer: u32,
    /// How many names are kept because they carry money.
    paid: u32,
}

/// A map by small integers that we gave out.
type NumberMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The names met on one day of one site. Keys come from outside, so the map keeps the standard keyed hash.
#[derive(Debug, Serialize, Deserialize)]
pub struct DayNames {
    texts: Blocks<Arc<str>>,
    #[serde(skip)]
    syms: HashMap<Arc<str>, Sym>,
    held: Vec<HeldName>,
    /// Weights of names in their second use and further ones.
    weights: NumberMap<(u8, Sym), NameWeight>,
    budgets: [BudgetUse; PLACES],
    /// How many names of a budget a network alone has brought.
    alone: NumberMap<(u8, u32), u32>,
    /// Values of properties, by key.
    props: NumberMap<(Sym, Sym), NameWeight>,
    /// Keys of properties by event, and their values.
    event_keys: NumberMap<(Sym, Sym), NameWeight>,
    event_props: NumberMap<(Sym, Sym, Sym), NameWeight>,
    /// Names each use takes in.
    values_max: u32,
    /// What found no room.
    waiting: Waiting,
    /// One bit for each budget in which names should give way.
    wanting: UseBits,
    /// Numbers of names that gave way since the last flush, and those that are free.
    retired: Vec<Sym>,
    free: Vec<Sym>,
    /// Pages that look personal.
    pub folding: Folding,
    /// Combinations of values that visits share.
    pub tuples: AttributeTuples,
    /// Combinations of values that hits share.
    pub hit_attributes: HitAttributeTable,
}

impl Default for DayNames {
    fn default() -> Self {
        DayNames::with_budget(limits::VALUES_PER_DAY)
    }
}

impl DayNames {
    /// No names yet; each use takes in `values_max` of them.
    pub fn with_budget(values_max: u32) -> DayNames {
        let texts = ["", OTHER, NOT_SET].map(Arc::from);
        DayNames {
            syms: texts.iter().cloned().zip((0..).map(Sym)).collect(),
            held: vec![HeldName { kept: UseBits::MAX, ..HeldName::NONE }; texts.len()],
            texts: texts.into_iter().collect(),
            weights: NumberMap::default(),
            budgets: [BudgetUse { taken: 0, lightest: 1, newcomer: 0, paid: 0 }; PLACES],
            alone: NumberMap::default(),
            props: NumberMap::default(),
            event_keys: NumberMap::default(),
            event_props: NumberMap::default(),
            values_max,
            waiting: Waiting::default(),
            wanting: 0,
            retired: Vec::new(),
            free: Vec::new(),
            folding: Folding::default(),
            tuples: AttributeTuples::default(),
            hit_attributes: HitAttributeTable::default(),
        }
    }

    /// The number of `text` as the value of a dimension; [`Sym::OTHER`] past the budget.
    pub fn value(&mut self, dimension: Dimension, text: &str, from: Bringer) -> Sym {
        self.admit(Use::Value(dimension), text, from)
    }

    /// The number of a page's name, see [`Folding`]; [`Sym::OTHER`] past the budget.
    pub fn page(&mut self, page: &str, from: Bringer) -> Sym {
        if !from.brings {
            let [own, folded, _] = self.shown(page);
            return if own == Sym::OTHER { folded } else { own };
        }
        let name = self.folding.name("", page, from);
        self.admit(Use::Value(Dimension::Page), &name, from)
    }

    /// The numbers that a page may have been shown under: its own, that of its fold, and [`Sym::OTHER`].
    pub fn shown(&self, page: &str) -> [Sym; 3] {
        let folded = self.folding.folded(page).map_or(Sym::OTHER, |folded| self.known(Dimension::Page, &folded));
        [self.known(Dimension::Page, page), folded, Sym::OTHER]
    }

    /// The number of `text` in a use; [`Sym::OTHER`] past its budget. The empty text is what is not collected.
    pub fn admit(&mut self, of: Use, text: &str, from: Bringer) -> Sym {
        if text == NOT_SET {
            return Sym::NOT_SET;
        }
        if text.is_empty() {
            return Sym::EMPTY;
        }
        let found = self.syms.get(text).copied();
        if let Some(sym) = found
            && self.held[sym.0 as usize].uses & of.bit() != 0
        {
            self.weigh(of, sym, from.network);
            return sym;
        }
        self.admit_new(of, text, found, from)
    }

    /// The same of a name that the owner has declared: it finds room on the fullest day, and never gives way.
    pub fn admit_declared(&mut self, of: Use, text: &str, from: Bringer) -> Sym {
        let mut sym = self.admit(of, text, from);
        if sym == Sym::OTHER {
            sym = self.find(text).unwrap_or_else(|| self.add(text));
            self.held[sym.0 as usize].uses |= of.bit();
        }
        self.held[sym.0 as usize].kept |= of.bit();
        sym
    }

    /// Takes in a name that its use does not have yet, if there is room.
    fn admit_new(&mut self, of: Use, text: &str, found: Option<Sym>, from: Bringer) -> Sym {
        let place = of.number();
        let is_counted = text != of.always_counted();
        let weight = match is_counted {
            true => match self.room(place, text, from) {
                Some(weight) => weight,
                None => return Sym::OTHER,
            },
            false => NameWeight::KEPT,
        };
        let sym = found.unwrap_or_else(|| self.add(text));
        let held = &mut self.held[sym.0 as usize];
        held.uses |= of.bit();
        if weight == NameWeight::KEPT {
            held.kept |= of.bit();
        } else if held.weighed.is_none() {
            (held.weighed, held.weight) = (Some(place as u8), weight);
        } else {
            self.weights.insert((place as u8, sym), weight);
        }
        sym
    }

    /// Takes note that a network brings a name which its use has.
    fn weigh(&mut self, of: Use, sym: Sym, network: u32) {
        let held = &mut self.held[sym.0 as usize];
        if held.kept & of.bit() != 0 {
            return;
        }
        let place = of.number() as u8;
        let weight = match held.weighed == Some(place) {
            true => Some(&mut held.weight),
            false => self.weights.get_mut(&(place, sym)),
        };
        if let Some(weight) = weight.filter(|weight| !weight.has(network)) {
            let only = weight.only();
            weight.add(network);
            if *weight == NameWeight::KEPT {
                held.kept |= of.bit();
            }
            self.shared(place, only);
        }
    }

    /// Takes note that a name which one network alone had brought came from another too.
    fn shared(&mut self, place: u8, only: Option<u32>) {
        let Some(key) = only.map(|network| (place, network)) else { return };
        if let Some(count) = self.alone.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.alone.remove(&key);
            }
        }
    }

    /// The number of `text` as the value of a dimension that takes in nothing new: [`Sym::OTHER`] if it is not there yet.
    pub fn known(&self, dimension: Dimension, text: &str) -> Sym {
        if text.is_empty() {
            return Sym::EMPTY;
        }
        let is_taken = |sym: &Sym| self.held[sym.0 as usize].uses & Use::Value(dimension).bit() != 0;
        self.find(text).filter(is_taken).unwrap_or(Sym::OTHER)
    }

    /// The numbers of a property's key and value, each [`Sym::OTHER`] past its budget.
    pub fn prop(&mut self, key: &str, value: &str, from: Bringer) -> (Sym, Sym) {
        // A value may be a page, as that of a 404 is; keys keep lists of their own.
        let value = &*if from.brings { self.folding.name(key, value, from) } else { value.into() };
        let key_sym = self.admit(Use::Key, key, from);
        let found = self.syms.get(value).copied();
        if let Some(sym) = found
            && let Some(weight) = self.props.get_mut(&(key_sym, sym))
        {
            if !weight.has(from.network) {
                let only = weight.only();
                weight.add(from.network);
                self.shared(PROP_VALUES as u8, only);
            }
            return (key_sym, sym);
        }
        if key_sym == Sym::OTHER {
            return (key_sym, Sym::OTHER);
        }
        let Some(weight) = self.room(PROP_VALUES, (key, value), from) else { return (key_sym, Sym::OTHER) };
        let sym = found.unwrap_or_else(|| self.add(value));
        self.props.insert((key_sym, sym), weight);
        self.held[sym.0 as usize].props += 1;
        (key_sym, sym)
    }

    /// The same of a property that the owner has declared: it finds room on the fullest day, and never gives way.
    pub fn prop_declared(&mut self, key: &str, value: &str, from: Bringer) -> (Sym, Sym) {
        if value.is_empty() || key.is_empty() {
            return self.prop(key, value, from);
        }
        let key = self.admit_declared(Use::Key, key, from);
        let value = self.find(value).unwrap_or_else(|| self.add(value));
        let before = self.props.insert((key, value), NameWeight::KEPT);
        if before.is_none() {
            self.held[value.0 as usize].props += 1;
            self.budgets[PROP_VALUES].taken += 1;
        }
        self.shared(PROP_VALUES as u8, before.and_then(NameWeight::only));
        (key, value)
    }

    /// The number of a small number as a name, such as a funnel's step; it counts against no budget.
    pub fn number(&mut self, number: u32) -> Sym {
        let text = number.to_string();
        let sym = self.find(&text).unwrap_or_else(|| self.add(&text));
        self.held[sym.0 as usize].kept = UseBits::MAX;
        sym
    }

    /// The tuples of a visit with these values of [`FIXED`].
    pub fn tuples(&mut self, values: &[Sym; FIXED.len()], from: Bringer) -> [AttributeTuple; TUPLES_PER_VISIT] {
        let mut tuples = std::mem::take(&mut self.tuples);
        let of_visit = tuples.of(values, |channel, source| {
            let (channel, source) = (self.text(channel).clone(), self.text(source).clone());
            self.channel_and_source(&channel, &source, from)
        });
        self.tuples = tuples;
        let joined = self.tuples.values.value(of_visit, Dimension::ChannelAndSource);
        self.weigh(Use::Value(Dimension::ChannelAndSource), joined, from.network);
        of_visit
    }

    /// For each tuple that has a value that is gone, the one that has [`Sym::OTHER`] in its place.
    pub fn tuples_without(&mut self, is_gone: impl Fn(Dimension, Sym) -> bool) -> NewTuples {
        let mut tuples = std::mem::take(&mut self.tuples);
        let from = Bringer { who: 0, network: 0, brings: true };
        let new = tuples.without(is_gone, |channel, source| {
            let (channel, source) = (self.text(channel).clone(), self.text(source).clone());
            self.channel_and_source(&channel, &source, from)
        });
        self.tuples = tuples;
        new
    }

    /// The number of a channel and source in one; [`Sym::OTHER`] past the budget. A source that finds no room waits in it as well,
    /// so that both get in with the second network. Of sources past the budget each channel has one name, which is always there.
    /// Without one of both there is no name.
    pub fn channel_and_source(&mut self, channel: &str, source: &str, from: Bringer) -> Sym {
        if channel.is_empty() || source.is_empty() {
            return Sym::EMPTY;
        }
        let (of, text) = (Use::Value(Dimension::ChannelAndSource), format!("{channel}{JOINT}{source}"));
        if source == OTHER { self.admit_declared(of, &text, from) } else { self.admit(of, &text, from) }
    }

    /// The number of a combination of host, event, patterns and named properties. Past the bound, hits are of the host `(other)`, and so
    /// are the values of properties.
    pub fn attributes(
        &mut self,
        mut values: HitValues,
        patterns: Box<[Sym]>,
        mut properties: Box<[NamedValue]>,
        from: Bringer,
    ) -> HitAttributes {
        if let Some(known) = self.hit_attributes.find(&values, &patterns, &properties) {
            return known;
        }
        if self.room(ATTRIBUTES, (&values, &patterns, &properties), from).is_none() {
            let others = values.iter_mut().zip(OF_HITS).filter(|(_, dimension)| *dimension != Dimension::Event);
            others.for_each(|(value, _)| *value = Sym::OTHER);
            properties.iter_mut().for_each(|(_, value)| *value = Sym::OTHER);
        }
        self.hit_attributes.of(values, patterns, properties)
    }

    /// Whether a property is counted under its event as well as over all events together.
    pub fn is_under_event(&mut self, event: Sym, (key, value): (Sym, Sym), from: Bringer) -> bool {
        if let Some(weight) = self.event_props.get_mut(&(event, key, value)) {
            if !weight.has(from.network) {
                let only = weight.only();
                weight.add(from.network);
                self.shared(EVENT_PROPS as u8, only);
            }
            return true;
        }
        if !self.event_keys.contains_key(&(event, key)) {
            let Some(weight) = self.room(EVENT_KEYS, (event, key), from) else { return false };
            self.event_keys.insert((event, key), weight);
        }
        let Some(weight) = self.room(EVENT_PROPS, (event, key, value), from) else { return false };
        self.event_props.insert((event, key, value), weight);
        true
    }

    fn budget(&self, place: usize) -> u32 {
        let bound = |most: usize| u32::try_from(most).unwrap_or(u32::MAX);
        match place {
            EVENT_KEYS => bound(limits::EVENT_KEYS_PER_DAY),
            ATTRIBUTES => bound(limits::HIT_ATTRIBUTES_PER_DAY),
            _ if place == Use::Currency.number() => limits::CURRENCIES_PER_DAY.min(self.values_max),
            _ => self.values_max,
        }
    }

    /// The weight of a name that is taken in now; nothing if it finds no room.
    fn room(&mut self, place: usize, name: impl Hash + Copy, from: Bringer) -> Option<NameWeight> {
        if !from.brings {
            return None;
        }
        let (budget, key) = (self.budget(place), (place as u8, from.network));
        let taken = self.budgets[place].taken;
        let alone = self.alone.get(&key).copied().unwrap_or(0);
        let mut weight = match taken < budget && alone < uses::share_of(place, budget) {
            true => self.waiting.take(place, name).unwrap_or(NameWeight::of(from.network)),
            false => {
                let weight = self.waiting.weigh(place, name, from.network);
                if weight.only().is_some() || taken >= budget + budget / 2 {
                    self.note_newcomer(place, weight);
                    return None;
                }
                self.waiting.take(place, name).unwrap_or(weight)
            }
        };
        weight.add(from.network);
        let use_ = &mut self.budgets[place];
        use_.taken += 1;
        if let Some(network) = weight.only() {
            use_.lightest = 1;
            *self.alone.entry((place as u8, network)).or_default() += 1;
        }
        self.note_room(place);
        Some(weight)
    }

    fn add(&mut self, text: &str) -> Sym {
        let text: Arc<str> = Arc::from(text);
        let sym = match self.free.pop() {
            Some(sym) => {
                if let Some(free) = self.texts.entry_mut(sym.0 as usize) {
                    *free = text.clone();
                }
                self.held[sym.0 as usize] = HeldName::NONE;
                sym
            }
            None => {
                self.texts.push(text.clone());
                self.held.push(HeldName::NONE);
                Sym(u32::try_from(self.texts.len() - 1).expect("budgets keep names far below 2^32"))
            }
        };
        self.syms.insert(text, sym);
        sym
    }

    /// The number of `text`, if it was met.
    pub fn find(&self, text: &str) -> Option<Sym> {
        self.syms.get(text).copied()
    }

    /// The text of a number given out by this table.
    pub fn text(&self, sym: Sym) -> &Arc<str> {
        &self.texts[sym.0 as usize]
    }

    /// All texts, by number.
    pub fn texts(&self) -> &Blocks<Arc<str>> {
        &self.texts
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no name was taken in.
    pub fn is_empty(&self) -> bool {
        self.len() == 3
    }
}

#[cfg(test)]
mod tests;
