//! In: the visits of a day. Out: which properties that the owner has named they came with, and the names under which these stand in
//! pairs. Forgets: who came with them.

use std::collections::BTreeSet;

use super::{Column, SessionSnapshot};
use crate::cell::filter::JOINT;
use crate::cell::{HitAttributes, NamedValue, Sym};
use crate::counts::Name;
use crate::visit::Visitor;

/// Properties that the owner has named, as they are in a day's pairs.
#[derive(Debug, Clone, Default)]
pub(in crate::counts) struct DayProperties {
    /// Keys and values; without a value, what is past the budget of pairs.
    pub(in crate::counts) known: Vec<(Sym, Option<Sym>)>,
    /// What they are called in pairs: key and value in one.
    names: Vec<Name>,
}

impl SessionSnapshot {
    /// The named properties that anybody came with.
    pub(in crate::counts) fn properties(&self) -> &DayProperties {
        self.properties.get_or_init(|| self.find_properties())
    }

    /// Names that stand in pairs and are no names of the day: of segments, of steps of funnels, and of named properties.
    pub fn joined_names(&self) -> impl Iterator<Item = &Name> {
        self.segments.names().iter().chain(&self.properties().names)
    }

    /// Keys and values of the named properties of hits with these attributes.
    pub(in crate::counts) fn properties_of(&self, attributes: HitAttributes) -> &[NamedValue] {
        self.hit_attributes.properties(attributes)
    }

    /// The values of a named property.
    pub(in crate::counts) fn property_column(&self, key: Sym) -> Column {
        Column::Property(key, self.hit_attributes.clone())
    }

    fn find_properties(&self) -> DayProperties {
        if !self.hit_attributes.has_properties() {
            return DayProperties::default();
        }
        let mut known: BTreeSet<(Sym, Option<Sym>)> = BTreeSet::new();
        self.each(
            |_| true,
            |rows| {
                for (key, value) in rows.places.iter().flat_map(|place| self.properties_of(place.attributes)) {
                    known.extend([(*key, None), (*key, Some(*value))]);
                }
            },
        );
        if !self.segments.names().is_empty() {
            // Segments know all hits of the day, also those that came before the naming.
            let keys: BTreeSet<Sym> = known.iter().map(|(key, _)| *key).collect();
            let rows = self.visitors.iter().flat_map(Visitor::properties).filter(|row| keys.contains(&row.key));
            known.extend(rows.map(|row| (row.key, Some(row.value))));
        }
        let text = |name: Sym| &self.texts[name.0 as usize];
        let joined = |(key, value): &(Sym, Option<Sym>)| {
            Name::from(format!("{}{JOINT}{}", text(*key), value.map_or("", |value| text(value))))
        };
        let names = known.iter().map(joined).collect();
        DayProperties { known: known.into_iter().collect(), names }
    }
}
