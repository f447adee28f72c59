//! Which panels stand together on the page of a site, and what their tabs are called.

use std::borrow::Cow;

use super::words::Words;
use crate::cell::{Axis, DIMENSIONS, Dimension, Dimensions, NOT_SET};
use crate::counts::Name;

/// The event by which pages report that they were not found, and the property that names them, as Plausible has it.
pub const MISSING: (&str, &str) = ("404", "path");

pub use crate::cell::Card;

/// A panel of a card.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tab {
    /// A dimension.
    Of(Dimension),
    /// The pages after those that are chosen.
    NextPage,
    /// Pages that were not found.
    Missing,
    /// A property of events.
    Prop(Name),
    /// Countries on a map.
    Map,
    /// Goals.
    Goals,
    /// Funnels.
    Funnels,
}

impl Card {
    /// All cards, in the order of the page.
    pub const ALL: [Card; 7] =
        [Card::Paths, Card::Sources, Card::Pages, Card::Places, Card::Technology, Card::Events, Card::Goals];

    /// Its name in addresses, where it holds the name of the tab that is seen.
    pub const fn key(self) -> &'static str {
        match self {
            Card::Sources => "sources",
            Card::Pages => "pages",
            Card::Paths => "paths",
            Card::Places => "places",
            Card::Technology => "technology",
            Card::Events => "events",
            Card::Goals => "goals",
        }
    }

    /// Its heading.
    pub const fn title(self, words: &Words) -> &'static str {
        match self {
            Card::Sources => words.sources_card,
            Card::Pages => words.pages_card,
            Card::Paths => words.paths_card,
            Card::Places => words.places_card,
            Card::Technology => words.technology_card,
            Card::Events => words.events,
            Card::Goals => words.goals,
        }
    }

    /// The tabs that are always there, the usual one first. Those of properties depend on what was sent.
    pub fn tabs(self) -> Vec<Tab> {
        self.tabs_of(DIMENSIONS)
    }

    /// The same with these dimensions.
    pub(crate) fn tabs_of(self, dimensions: Dimensions<'_>) -> Vec<Tab> {
        let own = match self {
            Card::Pages => vec![(4, Tab::Missing), (6, Tab::Of(Dimension::Section))],
            Card::Paths => vec![(1, Tab::NextPage), (2, Tab::Of(Dimension::PreviousPage))],
            Card::Places => vec![(2, Tab::Map)],
            Card::Goals => vec![(1, Tab::Goals), (2, Tab::Funnels)],
            Card::Sources | Card::Technology | Card::Events => Vec::new(),
        };
        let of_dimensions = dimensions.tabs(self).map(|(place, row)| (place, Tab::Of(row.dimension)));
        let mut tabs: Vec<(u8, Tab)> = of_dimensions.chain(own).collect();
        tabs.sort_by_key(|(place, _)| *place);
        tabs.into_iter().map(|(_, tab)| tab).collect()
    }
}

impl Tab {
    /// Its name in addresses.
    pub fn key(&self) -> String {
        match self {
            Tab::Of(dimension) => dimension.name().to_owned(),
            Tab::NextPage => "next_page".to_owned(),
            Tab::Missing => "missing".to_owned(),
            Tab::Prop(key) => format!("prop:{key}"),
            Tab::Map => "map".to_owned(),
            Tab::Goals => "goals".to_owned(),
            Tab::Funnels => "funnels".to_owned(),
        }
    }

    /// The tab with this name.
    pub fn from_key(key: &str) -> Option<Tab> {
        match key.strip_prefix("prop:") {
            Some("") => None,
            Some(prop) => Some(Tab::Prop(Name::from(prop))),
            // Stands above the cards, as a list of links.
            None if key == Dimension::Segment.name() => Some(Tab::Of(Dimension::Segment)),
            None => Card::ALL.into_iter().flat_map(Card::tabs).find(|tab| tab.key() == key),
        }
    }

    /// What it splits by: nothing for those that are no list of values.
    pub fn axis(&self) -> Option<Axis<Name>> {
        match self {
            Tab::Of(dimension) => Some(Axis::Of(*dimension)),
            Tab::NextPage => Some(Axis::Of(Dimension::Page)),
            Tab::Missing => {
                let (event, key) = MISSING;
                Some(Axis::Prop { key: Name::from(key), event: Some(Name::from(event)) })
            }
            Tab::Prop(key) => Some(Axis::Prop { key: key.clone(), event: None }),
            Tab::Map => Some(Axis::Of(Dimension::Country)),
            Tab::Goals | Tab::Funnels => None,
        }
    }

    /// The dimension whose values it shows.
    pub const fn dimension(&self) -> Option<Dimension> {
        match self {
            Tab::Of(dimension) => Some(*dimension),
            Tab::NextPage => Some(Dimension::Page),
            Tab::Map => Some(Dimension::Country),
            Tab::Missing | Tab::Prop(_) | Tab::Goals | Tab::Funnels => None,
        }
    }

    /// What stands on it.
    pub fn title(&self, words: &Words) -> String {
        match self {
            Tab::Of(dimension) => words.tab(*dimension).to_owned(),
            Tab::NextPage => words.next_pages.to_owned(),
            Tab::Missing => words.missing_pages.to_owned(),
            Tab::Prop(key) => words.visible(key).into_owned(),
            Tab::Map => words.map.to_owned(),
            Tab::Goals => words.goals.to_owned(),
            Tab::Funnels => words.funnels.to_owned(),
        }
    }

    /// The heading of the column of its values.
    pub fn singular(&self, words: &Words) -> String {
        match self {
            Tab::Of(dimension) => words.singular(*dimension).to_owned(),
            Tab::NextPage | Tab::Missing => words.singular(Dimension::Page).to_owned(),
            Tab::Prop(key) => words.visible(key).into_owned(),
            Tab::Map => words.singular(Dimension::Country).to_owned(),
            Tab::Goals => words.goal.to_owned(),
            Tab::Funnels => words.step.to_owned(),
        }
    }

    /// What people call one of its values.
    pub fn value_label<'a>(&self, value: &'a str, words: &Words) -> Cow<'a, str> {
        words.visible(match self {
            Tab::NextPage if value == NOT_SET => words.left_here,
            Tab::Of(Dimension::PreviousPage) if value == NOT_SET => words.entered_here,
            _ => self.dimension().map_or(value, |dimension| words.label(dimension, value)),
        })
    }

    /// What it says when there is nothing, with the way to fill it where there is one.
    pub fn empty(&self, words: &Words) -> &'static str {
        match self {
            Tab::Of(dimension) => words.empty(*dimension),
            Tab::Missing => words.no_missing_pages,
            Tab::Map => words.empty(Dimension::Country),
            Tab::NextPage | Tab::Prop(_) | Tab::Goals | Tab::Funnels => words.nothing_here,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_of_readers_has_a_tab_of_its_own() {
        let tabs: Vec<Tab> = Card::ALL.into_iter().flat_map(Card::tabs).collect();
        for dimension in Dimension::ALL {
            assert_eq!(tabs.iter().filter(|tab| **tab == Tab::Of(dimension)).count(), 1, "{dimension:?}");
        }
        for tab in tabs.into_iter().chain([Tab::Prop("plan".into())]) {
            assert_eq!(Tab::from_key(&tab.key()), Some(tab));
        }
        assert_eq!((Tab::from_key("prop:"), Tab::from_key("x")), (None, None));
    }
}
