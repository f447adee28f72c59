//! The filters that act on a page, as its reader sees them.

use super::site_view::SiteView;
use crate::page::Chip;
use crate::page::words::Words;
use crate::report::choice::{Comparison, FilterKey, WrittenFilter};

impl SiteView<'_> {
    /// The filters that act.
    pub fn chips(&self) -> Vec<Chip> {
        let chip = |(place, part): (usize, &WrittenFilter)| Chip {
            key: title(&part.key, self.words),
            words: compared(part.comparison, self.words),
            values: part.values.iter().map(|value| shown(&part.key, value, self.words)).collect(),
            remove: self.with(|state| state.choice = state.choice.clone().without(place)),
        };
        self.state.choice.parts.iter().enumerate().map(chip).collect()
    }
}

fn title(key: &FilterKey, words: &Words) -> String {
    match key {
        FilterKey::Of(dimension) => words.alone(*dimension).to_owned(),
        FilterKey::Prop(key) => words.one(words.property, words.visible(key)),
        FilterKey::Goal => words.goal.to_owned(),
        FilterKey::Where => words.condition.to_owned(),
    }
}

fn compared(comparison: Comparison, words: &Words) -> &'static str {
    match comparison {
        Comparison::Is => words.filter_is,
        Comparison::IsNot => words.filter_is_not,
        Comparison::Contains => words.filter_contains,
        Comparison::ContainsNot => words.filter_contains_not,
    }
}

fn shown(key: &FilterKey, value: &str, words: &Words) -> String {
    match key {
        FilterKey::Of(dimension) => words.label(*dimension, value).to_owned(),
        FilterKey::Prop(_) | FilterKey::Goal | FilterKey::Where => value.to_owned(),
    }
}
