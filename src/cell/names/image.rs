//! In: the names of a running day. Out: the same for an image, and again to be counted with. Forgets: what is found out again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{DayNames, Sym};
use crate::cell::SiteHistory;

impl DayNames {
    /// All of it but what is found out again by [`DayNames::restored`].
    pub fn image(&self) -> DayNames {
        DayNames {
            texts: self.texts.clone(),
            syms: HashMap::new(),
            held: self.held.clone(),
            weights: self.weights.clone(),
            alone: self.alone.clone(),
            props: self.props.clone(),
            event_keys: self.event_keys.clone(),
            event_props: self.event_props.clone(),
            waiting: self.waiting.clone(),
            retired: self.retired.clone(),
            free: self.free.clone(),
            folding: self.folding.image(),
            tuples: self.tuples.image(),
            hit_attributes: self.hit_attributes.image(),
            ..*self
        }
    }

    /// The names of an image, to be counted with.
    pub fn restored(mut self, history: Arc<dyn SiteHistory>) -> DayNames {
        let free: HashSet<Sym> = self.free.iter().copied().collect();
        let named = self.texts.iter().cloned().zip((0..).map(Sym));
        self.syms = named.filter(|(_, sym)| !free.contains(sym)).collect();
        self.folding = self.folding.restored(history);
        (self.tuples, self.hit_attributes) = (self.tuples.restored(), self.hit_attributes.restored());
        self
    }
}
