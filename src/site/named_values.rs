//! Values that conditions of a site's owner name: read once, then looked up for each hit.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// Values that an owner has named: what strangers send is looked up in them, and never put there.
pub type OwnNames = HashSet<String, foldhash::fast::RandomState>;

/// Values by what they are of.
#[derive(Debug, Default)]
pub struct NamedValues {
    /// Of dimensions, by the number of each.
    pub dimensions: Vec<(u8, OwnNames)>,
    /// Of properties, by key.
    pub properties: HashMap<String, OwnNames, foldhash::fast::RandomState>,
}

impl NamedValues {
    /// Takes in values of a dimension.
    pub fn add(&mut self, dimension: u8, values: &[String]) {
        let place = self.dimensions.iter().position(|(of, _)| *of == dimension).unwrap_or(self.dimensions.len());
        if place == self.dimensions.len() {
            self.dimensions.push((dimension, OwnNames::default()));
        }
        self.dimensions[place].1.extend(values.iter().cloned());
    }
}

/// The same, made when it is first asked for. A copy is made anew, as what it is read from may be changed.
#[derive(Debug, Default)]
pub struct NamedValuesOnce(OnceLock<NamedValues>);

impl NamedValuesOnce {
    /// The values, which `read` finds.
    pub fn get(&self, read: impl FnOnce() -> NamedValues) -> &NamedValues {
        self.0.get_or_init(read)
    }
}

impl Clone for NamedValuesOnce {
    fn clone(&self) -> Self {
        NamedValuesOnce::default()
    }
}

/// It follows from the rest of the settings.
impl PartialEq for NamedValuesOnce {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for NamedValuesOnce {}
