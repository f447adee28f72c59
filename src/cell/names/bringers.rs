//! In: the names of a day that is over. Out: the same, of which none gives way any more. Forgets: which networks brought them, and
//! which visitors saw which page.

use super::weight::NameWeight;
use super::{DayNames, NumberMap, Waiting};

impl DayNames {
    /// Forgets who brought the names. Sums that are not stored have them still.
    pub fn forget_bringers(&mut self) {
        self.folding.forget_visitors();
        (self.waiting, self.wanting) = (Waiting::default(), 0);
        (self.alone, self.weights) = (NumberMap::default(), NumberMap::default());
        for held in &mut self.held {
            held.kept |= held.uses;
            (held.weighed, held.weight) = (None, NameWeight::KEPT);
        }
        self.props.values_mut().for_each(|weight| *weight = NameWeight::KEPT);
        self.event_keys.values_mut().for_each(|weight| *weight = NameWeight::KEPT);
        self.event_props.values_mut().for_each(|weight| *weight = NameWeight::KEPT);
    }
}
