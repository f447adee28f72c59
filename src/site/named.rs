//! The properties that an owner names: what carries them is counted by every dimension, as a dimension of its own would be.

use serde::{Deserialize, Serialize};

use super::change::{NotSet, SettingContext};
use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};
use super::{Day, Moment, Settings, Site};
use crate::limits;

/// A property that the owner of a site has named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedProperty {
    /// Its key.
    pub key: String,
    /// From when on it is counted by every dimension.
    pub since_ms: i64,
}

impl NamedProperty {
    /// The last day of its site on which it is not counted as a whole.
    pub fn not_counted_on(&self, site: &Site) -> Day {
        site.schedule.locate(Moment(self.since_ms)).day
    }
}

impl Site {
    /// The property that its owner has named, by its key.
    pub fn named_property(&self, key: &str) -> Option<&NamedProperty> {
        self.settings.properties.iter().find(|property| property.key == key)
    }
}

/// Names properties; those that were named before stay as they are.
fn set(settings: &mut Settings, keys: &[String], context: &SettingContext) -> Result<(), NotSet> {
    let before = std::mem::take(&mut settings.properties);
    for key in keys.iter().flat_map(|keys| keys.split(',')).map(str::trim).filter(|key| !key.is_empty()) {
        if key.len() > limits::PROP_KEY_BYTES_MAX || key.chars().any(char::is_control) {
            return Err(NotSet(format!("{key:?} is no key of a property")));
        }
        if settings.properties.iter().any(|known| known.key == key) {
            continue;
        }
        let known = before.iter().find(|known| known.key == key).cloned();
        let new = || NamedProperty { key: key.to_owned(), since_ms: context.now.0 };
        settings.properties.push(known.unwrap_or_else(new));
    }
    Ok(())
}

/// The setting of what is named.
pub(super) static SETTINGS: [SiteSetting; 1] = [SiteSetting {
    name: "properties",
    flag: "property",
    value_name: "KEY",
    help: "A property of events, like plan, that is counted by every dimension from then on, so that it can be filtered and split with any \
           of them",
    title: "named properties",
    line: "properties {}",
    kind: SettingKind::List {
        get: |settings| settings.properties.iter().map(|property| property.key.clone()).collect(),
        set,
        most: limits::NAMED_PROPERTIES_MAX,
        none: "none",
    },
    acts: Some(
        "A property is counted by every dimension from its naming on; days before know it by itself and under its events.",
    ),
    field: Some(SettingField {
        form: SettingsForm::Collect,
        label: Translated {
            english: "Properties that are counted by every dimension",
            german: "Eigenschaften, die nach jeder Dimension gezählt werden",
            french: "Propriétés comptées selon chaque dimension",
        },
        help: Some(Translated {
            english: "One key per line, such as `plan`. From then on it can be filtered by and broken down with pages, sources, places and all else.",
            german: "Ein Schlüssel pro Zeile, zum Beispiel `plan`. Von da an lässt sie sich mit Seiten, Quellen, Orten und allem anderen filtern und aufschlüsseln.",
            french: "Une clé par ligne, comme `plan`. Dès lors, elle se filtre et se ventile avec les pages, les sources, les lieux et tout le reste.",
        }),
    }),
}];
