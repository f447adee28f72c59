//! In: names of full budgets, and heavier ones that found no room. Out: the names that give way, by text, and the same by number
//! once they are gone. Forgets: with the next flush, the numbers of what gave way.
//!
//! A budget is full with half as much again as it says. Long before, names should give way: those that one network alone has
//! brought, as many as came in past the budget. When no such names are left, a newcomer needs twice the weight of what gives way.
//! What the owner has declared, what carries money and what is always counted stays.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use super::uses::{ATTRIBUTES, EVENT_KEYS, EVENT_PROPS, PROP_VALUES};
use super::weight::NameWeight;
use super::{DayNames, HeldName, Sym, Use};
use crate::cell::filter::JOINT;
use crate::cell::{Dimension, ForgottenValues};
use crate::limits;

/// A name that gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GoneName {
    /// In one use. Money keeps its names.
    In(Use, Sym),
    /// A value of a property.
    Property {
        /// The key.
        key: Sym,
        /// The value.
        value: Sym,
    },
}

/// Names that gave way, by text: what the journal keeps of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisplacedNames {
    /// In uses.
    pub names: Vec<(Use, Arc<str>)>,
    /// Keys and values of properties.
    pub props: Vec<(Arc<str>, Arc<str>)>,
}

impl DisplacedNames {
    /// The same as rows: what a name is of by its number, or [`u32::MAX`] for a property; the name, or the key; the value.
    pub fn rows(&self) -> Vec<(u32, String, String)> {
        let names = self.names.iter().map(|(of, name)| (of.number() as u32, name.to_string(), String::new()));
        let props = self.props.iter().map(|(key, value)| (u32::MAX, key.to_string(), value.to_string()));
        names.chain(props).collect()
    }

    /// The names of rows; what they are of must be known.
    pub fn of_rows(rows: &[(u32, String, String)]) -> DisplacedNames {
        let mut displaced = DisplacedNames::default();
        for (of, first, second) in rows {
            match Use::all().find(|known| known.number() as u32 == *of) {
                Some(of) => displaced.names.push((of, Arc::from(first.as_str()))),
                None => displaced.props.push((Arc::from(first.as_str()), Arc::from(second.as_str()))),
            }
        }
        displaced
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.props.is_empty()
    }
}

impl DayNames {
    /// Whether names should give way. Numbers of those that did are free with the next flush; past so many it is waited for.
    pub fn wants_displacement(&self) -> bool {
        self.wanting != 0 && self.retired.len() <= self.values_max as usize
    }

    /// Takes note that a budget has taken in one more name.
    pub(super) fn note_room(&mut self, place: usize) {
        let budget = self.budget(place);
        let use_ = self.budgets[place];
        if use_.taken > budget + budget / limits::NAMES_TRIM_PER && use_.lightest <= 1 && gives_way(place) {
            self.wanting |= 1 << place;
        }
    }

    /// Takes note that a name of this weight finds no room.
    pub(super) fn note_newcomer(&mut self, place: usize, weight: NameWeight) {
        let use_ = &mut self.budgets[place];
        use_.newcomer = use_.newcomer.max(weight.networks());
        if use_.newcomer >= use_.lightest * limits::NAMES_OUTWEIGH && gives_way(place) {
            self.wanting |= 1 << place;
        }
    }

    /// The names that should give way now, the lightest first: of equals those of the network that has most of them.
    pub fn lightest(&mut self) -> DisplacedNames {
        let mut displaced = DisplacedNames::default();
        for place in (0..=PROP_VALUES).filter(|place| self.wanting >> place & 1 == 1).collect::<Vec<_>>() {
            let mut names = self.weighed_names(place);
            let alone = |weight: &NameWeight| {
                weight.only().and_then(|network| self.alone.get(&(place as u8, network))).copied().unwrap_or(0)
            };
            names.sort_by_cached_key(|(weight, _, number)| {
                (weight.networks(), Reverse(alone(weight)), Reverse(*number))
            });
            let use_ = self.budgets[place];
            let lighter = use_.newcomer.max(limits::NAMES_OUTWEIGH) / limits::NAMES_OUTWEIGH;
            let most = use_.taken.saturating_sub(self.budget(place)).max(1) as usize;
            let many = names.iter().take(most).take_while(|(weight, ..)| weight.networks() <= lighter).count();
            let left = names.get(many).map_or(u32::MAX / limits::NAMES_OUTWEIGH, |(weight, ..)| weight.networks());
            for (_, name, _) in names.into_iter().take(many) {
                match name {
                    GoneName::In(of, sym) => displaced.names.push((of, self.text(sym).clone())),
                    GoneName::Property { key, value } => {
                        displaced.props.push((self.text(key).clone(), self.text(value).clone()));
                    }
                }
            }
            (self.budgets[place].lightest, self.budgets[place].newcomer) = (left, 0);
        }
        self.wanting = 0;
        displaced
    }

    /// The names of a budget that may give way.
    fn weighed_names(&self, place: usize) -> Vec<(NameWeight, GoneName, (Sym, Sym))> {
        let Some(of) = Use::all().find(|of| of.number() == place) else {
            let props = self.props.iter().filter(|(_, weight)| **weight != NameWeight::KEPT);
            let name = |(key, value)| GoneName::Property { key, value };
            return props.map(|(prop, weight)| (*weight, name(*prop), *prop)).collect();
        };
        let weighed = (0..).map(Sym).zip(&self.held).filter(|(_, held)| held.uses & !held.kept & of.bit() != 0);
        let weight = |sym: Sym, held: &HeldName| match held.weighed == Some(place as u8) {
            true => Some(held.weight),
            false => self.weights.get(&(place as u8, sym)).copied(),
        };
        weighed.filter_map(|(sym, held)| Some((weight(sym, held)?, GoneName::In(of, sym), (sym, Sym::EMPTY)))).collect()
    }

    /// The numbers of names that are to give way, as far as they have one.
    pub fn found(&self, displaced: &DisplacedNames) -> Vec<GoneName> {
        let names = displaced.names.iter().filter_map(|(of, text)| Some(GoneName::In(*of, self.find(text)?)));
        let property = |(key, value): &(Arc<str>, Arc<str>)| {
            Some(GoneName::Property { key: self.find(key)?, value: self.find(value)? })
        };
        names.chain(displaced.props.iter().filter_map(property)).collect()
    }

    /// The texts of names that are gone, until [`DayNames::free_retired`].
    pub fn texts_of(&self, gone: &[GoneName]) -> DisplacedNames {
        let mut displaced = DisplacedNames::default();
        for name in gone {
            match *name {
                GoneName::In(of, sym) => displaced.names.push((of, self.text(sym).clone())),
                GoneName::Property { key, value } => {
                    displaced.props.push((self.text(key).clone(), self.text(value).clone()));
                }
            }
        }
        displaced
    }

    /// The names that go with values which are to be forgotten.
    pub fn taken_by(&self, values: &ForgottenValues) -> DisplacedNames {
        let mut displaced = DisplacedNames::default();
        for (text, held) in self.texts.iter().zip(&self.held) {
            let takes = |of: &Use| match of {
                Use::Value(dimension) => values.takes(*dimension, text),
                Use::Key => values.takes_key(text),
                // Money goes with its event.
                Use::Currency => text.contains(JOINT) && values.takes(Dimension::Money, text),
            };
            let uses = Use::all().filter(|of| held.uses & of.bit() != 0).filter(takes);
            displaced.names.extend(uses.map(|of| (of, text.clone())));
        }
        let props = self.props.keys().map(|(key, value)| (self.text(*key), self.text(*value)));
        let props = props.filter(|(key, value)| values.takes_property(key, value));
        displaced.props.extend(props.map(|(key, value)| (key.clone(), value.clone())));
        displaced
    }

    /// Takes these names out of the table: from now on they are [`Sym::OTHER`] for whoever brings them, and wait like others. Their
    /// texts stay until [`DayNames::free_retired`], for sums that are not handed out yet.
    /// What is kept whatever comes stays, unless it goes `by_order`.
    pub fn retire(&mut self, displaced: &DisplacedNames, by_order: bool) -> Vec<GoneName> {
        let mut gone = Vec::with_capacity(displaced.names.len() + displaced.props.len());
        for (of, text) in &displaced.names {
            if let Some(sym) = self.find(text).filter(|sym| self.retire_name(*of, *sym, by_order)) {
                gone.push(GoneName::In(*of, sym));
            }
        }
        let keys: HashSet<Sym> = gone.iter().filter_map(|name| name.of(Use::Key)).collect();
        let of_keys: Vec<(Sym, Sym)> = match keys.is_empty() {
            true => Vec::new(),
            false => self.props.keys().filter(|(key, _)| keys.contains(key)).copied().collect(),
        };
        let named = displaced.props.iter().filter_map(|(key, value)| Some((self.find(key)?, self.find(value)?)));
        let named: Vec<(Sym, Sym)> = named.collect();
        for (key, value) in named.into_iter().chain(of_keys) {
            let is_kept = self.props.get(&(key, value)) == Some(&NameWeight::KEPT) && !keys.contains(&key);
            if (by_order || !is_kept) && self.retire_prop(key, value) {
                gone.push(GoneName::Property { key, value });
            }
        }
        self.retire_under_events(&gone);
        gone
    }

    /// Takes note that combinations of names that are gone have become one.
    pub fn note_merged(&mut self) {
        self.budgets[ATTRIBUTES].taken = u32::try_from(self.hit_attributes.len()).unwrap_or(u32::MAX);
    }

    fn retire_name(&mut self, of: Use, sym: Sym, by_order: bool) -> bool {
        let (bit, place) = (of.bit(), of.number() as u8);
        let held = &mut self.held[sym.0 as usize];
        if held.uses & bit == 0 || held.kept & bit != 0 && !by_order {
            return false;
        }
        held.uses &= !bit;
        held.kept &= !bit;
        let weight = match held.weighed == Some(place) {
            true => {
                held.weighed = None;
                Some(held.weight)
            }
            false => self.weights.remove(&(place, sym)),
        };
        // Currencies stay, so that this is money.
        match of {
            Use::Currency => self.budgets[of.number()].paid = self.budgets[of.number()].paid.saturating_sub(1),
            _ => self.left(place, weight),
        }
        self.retired.push(sym);
        true
    }

    fn retire_prop(&mut self, key: Sym, value: Sym) -> bool {
        let Some(weight) = self.props.remove(&(key, value)) else { return false };
        self.held[value.0 as usize].props -= 1;
        self.left(PROP_VALUES as u8, Some(weight));
        self.retired.push(value);
        true
    }

    /// Puts [`Sym::OTHER`] where events, keys and values under events are gone, so that further hits of them go where theirs went.
    fn retire_under_events(&mut self, gone: &[GoneName]) {
        let events: HashSet<Sym> = gone.iter().filter_map(|name| name.of(Use::Value(Dimension::Event))).collect();
        let keys: HashSet<Sym> = gone.iter().filter_map(|name| name.of(Use::Key)).collect();
        let props: HashSet<(Sym, Sym)> = gone.iter().filter_map(GoneName::property).collect();
        let other = |sym: Sym, is_gone: bool| if is_gone { Sym::OTHER } else { sym };
        let is_hit = |(event, key, value): &(Sym, Sym, Sym)| {
            events.contains(event) || keys.contains(key) || props.contains(&(*key, *value))
        };
        for old in self.event_props.keys().filter(|prop| is_hit(prop)).copied().collect::<Vec<_>>() {
            let weight = self.event_props.remove(&old);
            self.left(EVENT_PROPS as u8, weight);
            let (event, key) = (other(old.0, events.contains(&old.0)), other(old.1, keys.contains(&old.1)));
            let value = other(old.2, key != old.1 || props.contains(&(old.1, old.2)));
            self.put_under_event(event, (key, value));
        }
        let is_key_gone = |(event, key): &(Sym, Sym)| events.contains(event) || keys.contains(key);
        for old in self.event_keys.keys().filter(|key| is_key_gone(key)).copied().collect::<Vec<_>>() {
            let weight = self.event_keys.remove(&old);
            self.left(EVENT_KEYS as u8, weight);
        }
    }

    /// Counts a property under an event whatever the room: it takes the place of others that are gone.
    pub fn put_under_event(&mut self, event: Sym, (key, value): (Sym, Sym)) {
        for (place, before) in [
            (EVENT_KEYS, self.event_keys.insert((event, key), NameWeight::KEPT)),
            (EVENT_PROPS, self.event_props.insert((event, key, value), NameWeight::KEPT)),
        ] {
            self.budgets[place].taken += u32::from(before.is_none());
            self.shared(place as u8, before.and_then(NameWeight::only));
        }
    }

    /// Takes note that a name has left a budget.
    fn left(&mut self, place: u8, weight: Option<NameWeight>) {
        let use_ = &mut self.budgets[usize::from(place)];
        use_.taken = use_.taken.saturating_sub(1);
        self.shared(place, weight.and_then(NameWeight::only));
    }

    /// Lets new names have the numbers of those that gave way and are not there again. All sums that name them must be handed out.
    pub fn free_retired(&mut self) {
        self.hit_attributes.free_retired();
        self.tuples.free_retired();
        let mut retired = std::mem::take(&mut self.retired);
        retired.sort_unstable();
        retired.dedup();
        for sym in retired {
            let held = self.held[sym.0 as usize];
            if held.uses == 0 && held.kept == 0 && held.props == 0 {
                self.syms.remove(&self.texts[sym.0 as usize]);
                let nothing = self.texts[Sym::EMPTY.0 as usize].clone();
                self.texts.entry_mut(sym.0 as usize).into_iter().for_each(|text| text.clone_from(&nothing));
                self.free.push(sym);
            }
        }
    }
}

impl GoneName {
    /// The name, if it is gone in this use.
    fn of(&self, wanted: Use) -> Option<Sym> {
        match self {
            GoneName::In(of, sym) if *of == wanted => Some(*sym),
            _ => None,
        }
    }

    fn property(&self) -> Option<(Sym, Sym)> {
        match self {
            GoneName::Property { key, value } => Some((*key, *value)),
            GoneName::In(..) => None,
        }
    }
}

/// Whether names of a budget may give way: currencies carry money, and what lies under events is no name of its own.
fn gives_way(place: usize) -> bool {
    place <= PROP_VALUES && place != Use::Currency.number()
}
