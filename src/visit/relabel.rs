//! In: names that have to give way, and those who brought them. Out: the same visitors, as if these names had been `(other)` from
//! the start. Forgets: the names.

use std::collections::HashSet;

use super::{PageVisit, Rare, SeenProperty, Visitor};
use crate::cell::hit_attributes::NewAttributes;
use crate::cell::tuples::NewTuples;
use crate::cell::{
    AttributeTuple, Axis, Cell, DayNames, Dimension, GoneName, GoneValues, HitAttributes, NamedValue, Sym, Use,
};

type Set<T> = HashSet<T, foldhash::fast::RandomState>;

/// Names that give way, and the combinations that have one of them.
#[derive(Debug, Default)]
pub struct GoneNames {
    values: Set<(Dimension, Sym)>,
    keys: Set<Sym>,
    properties: Set<(Sym, Sym)>,
    money: Set<Sym>,
    tuples: Set<AttributeTuple>,
    attributes: Set<HitAttributes>,
}

impl GoneNames {
    /// Names that are to give way, and the combinations that have them now.
    pub fn of(gone: &[GoneName], names: &DayNames) -> GoneNames {
        let alone = GoneNames::alone(gone);
        let is_gone = |dimension: Dimension, value: Sym| alone.is_gone(dimension, value);
        let tuples = names.tuples.having(is_gone).collect();
        let attributes = names.hit_attributes.having(&alone).collect();
        GoneNames { tuples, attributes, ..alone }
    }

    fn alone(gone: &[GoneName]) -> GoneNames {
        let mut alone = GoneNames::default();
        for name in gone {
            match *name {
                GoneName::In(Use::Value(dimension), value) => _ = alone.values.insert((dimension, value)),
                GoneName::In(Use::Key, key) => _ = alone.keys.insert(key),
                GoneName::In(Use::Currency, money) => _ = alone.money.insert(money),
                GoneName::Property { key, value } => _ = alone.properties.insert((key, value)),
            }
        }
        alone
    }

    pub(super) fn has_money(&self, money: Sym) -> bool {
        self.money.contains(&money)
    }

    pub(super) fn has_page(&self, page: Sym) -> bool {
        self.is_gone(Dimension::Page, page)
    }

    pub(super) fn has_attributes(&self, attributes: HitAttributes) -> bool {
        self.attributes.contains(&attributes)
    }

    fn has_property(&self, seen: &SeenProperty) -> bool {
        self.keys.contains(&seen.key)
            || self.properties.contains(&(seen.key, seen.value))
            || seen.event.is_some_and(|event| self.is_gone(Dimension::Event, event))
    }

    fn has_place(&self, place: &PageVisit) -> bool {
        self.has_attributes(place.attributes) || self.has_page(place.page) || self.has_page(place.before)
    }
}

impl GoneValues for GoneNames {
    fn is_gone(&self, dimension: Dimension, value: Sym) -> bool {
        self.values.contains(&(dimension, value))
    }

    fn left(&self, (key, value): NamedValue) -> Option<NamedValue> {
        let value = if self.properties.contains(&(key, value)) { Sym::OTHER } else { value };
        (!self.keys.contains(&key)).then_some((key, value))
    }
}

/// What becomes of everything that has some names that give way.
#[derive(Debug)]
pub struct Relabelling {
    gone: GoneNames,
    tuples: NewTuples,
    attributes: NewAttributes,
}

impl Relabelling {
    /// What becomes of what has these names.
    pub fn of(gone: &[GoneName], names: &mut DayNames) -> Relabelling {
        let mut gone = GoneNames::alone(gone);
        let is_gone = |dimension: Dimension, value: Sym| gone.is_gone(dimension, value);
        let tuples = names.tuples_without(is_gone);
        let attributes = names.hit_attributes.without(&gone);
        (gone.tuples, gone.attributes) = (tuples.keys().copied().collect(), attributes.keys().copied().collect());
        Relabelling { gone, tuples, attributes }
    }

    /// What has such names.
    pub fn gone(&self) -> &GoneNames {
        &self.gone
    }

    pub(super) fn tuple(&self, tuple: AttributeTuple) -> AttributeTuple {
        self.tuples.get(&tuple).copied().unwrap_or(tuple)
    }

    pub(super) fn attributes(&self, attributes: HitAttributes) -> HitAttributes {
        self.attributes.get(&attributes).copied().unwrap_or(attributes)
    }

    pub(super) fn page(&self, page: Sym) -> Sym {
        if self.gone.has_page(page) { Sym::OTHER } else { page }
    }

    /// The cell that takes the place of a cell of a property.
    pub fn property(&self, cell: Cell<Sym>, names: &mut DayNames) -> Cell<Sym> {
        let Axis::Prop { key, event } = cell.axis else { return cell };
        let (new_key, value) = if self.gone.keys.contains(&key) {
            (Sym::OTHER, Sym::OTHER)
        } else if self.gone.properties.contains(&(key, cell.value)) {
            (key, Sym::OTHER)
        } else {
            (key, cell.value)
        };
        let new_event = event.map(|event| if self.gone.is_gone(Dimension::Event, event) { Sym::OTHER } else { event });
        let new = Cell { axis: Axis::Prop { key: new_key, event: new_event }, value };
        if let Some(event) = new_event.filter(|_| new != cell) {
            names.put_under_event(event, (new_key, value));
        }
        new
    }
}

impl Visitor {
    /// Whether the visitor has a name that gives way.
    pub fn has_any(&self, gone: &GoneNames) -> bool {
        // An entry or exit page is a page that the visitor has been at.
        self.page_visits.iter().any(|place| gone.has_place(place))
            || self.visits.iter().flat_map(|visit| visit.tuples).any(|tuple| gone.tuples.contains(&tuple))
            || self.rare.iter().flat_map(|rare| &rare.props).any(|seen| gone.has_property(seen))
            || self.rare.iter().flat_map(|rare| &rare.paid).any(|paid| paid.is_gone(gone))
    }

    /// Puts `(other)` in the place of what gives way; places that become alike become one. A hit that had several properties
    /// whose keys give way is counted once for each of them.
    pub fn relabel(&mut self, by: &Relabelling, names: &mut DayNames) {
        for visit in &mut self.visits {
            visit.tuples = visit.tuples.map(|tuple| by.tuple(tuple));
            (visit.entry, visit.exit) = (by.page(visit.entry), by.page(visit.exit));
        }
        if self.page_visits.iter().any(|place| by.gone.has_place(place)) {
            let mut places = std::mem::take(&mut self.page_visits).into_vec();
            for place in &mut places {
                (place.page, place.attributes) = (by.page(place.page), by.attributes(place.attributes));
                place.before = by.page(place.before);
            }
            self.page_visits = smallvec::SmallVec::from_slice(&merged(places));
        }
        if let Some(rare) = &mut self.rare {
            rare.relabel(by, names);
            rare.relabel_paid(by);
        }
    }
}

impl Rare {
    fn relabel(&mut self, by: &Relabelling, names: &mut DayNames) {
        if !self.props.iter().any(|seen| by.gone.has_property(seen)) {
            return;
        }
        let new = |seen: SeenProperty| {
            let cell = by.property(seen.cell(), names);
            SeenProperty { count: seen.count, ..SeenProperty::new(cell, seen.visit.into(), seen.hour, seen.is_view) }
        };
        let mut props: Vec<SeenProperty> = std::mem::take(&mut self.props).into_iter().map(new).collect();
        props.sort_by_key(SeenProperty::sort_key);
        props.dedup_by(|next, seen| {
            let is_same = next.sort_key() == seen.sort_key();
            seen.count += if is_same { next.count } else { 0 };
            is_same
        });
        self.props = props;
    }
}

/// The same places with those that are alike as one. Of each page and visit the first that has pings takes them all.
fn merged(mut places: Vec<PageVisit>) -> Vec<PageVisit> {
    places.sort_by_key(PageVisit::key);
    places.dedup_by(|next, place| {
        if next.key() != place.key() {
            return false;
        }
        place.count += next.count;
        if next.is_engaged() {
            place.take_pings(next);
        } else if !place.is_engaged() {
            place.told_ms = place.told_ms.min(next.told_ms);
        }
        true
    });
    let mut from = 0;
    while from < places.len() {
        let (page, visit) = (places[from].page, places[from].visit);
        let (first, later) = places[from..].split_at_mut(1);
        let same = later.iter_mut().take_while(|place| place.page == page);
        for place in same.filter(|place| place.visit == visit && place.is_engaged()) {
            if first[0].is_engaged() {
                first[0].take_pings(place);
            }
        }
        from += 1;
    }
    places
}
