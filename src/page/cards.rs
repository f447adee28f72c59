//! In: nothing. Out: which panels stand together on the page of a site, and what their tabs are called. Forgets: nothing.

use std::borrow::Cow;

use super::words::Words;
use crate::cell::{Axis, Dimension};
use crate::counts::Name;

/// The event by which pages report that they were not found, and the property that names them, as Plausible has it.
pub const MISSING: (&str, &str) = ("404", "path");

/// Panels that share a place; one of them is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Card {
    /// What visits came from.
    Sources,
    /// What they read.
    Pages,
    /// Where they were.
    Places,
    /// With what.
    Technology,
    /// What they did.
    Events,
    /// What the owner hopes for.
    Goals,
}

/// A panel of a card.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tab {
    /// A dimension.
    Of(Dimension),
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
    pub const ALL: [Card; 6] = [Card::Sources, Card::Pages, Card::Places, Card::Technology, Card::Events, Card::Goals];

    /// Its name in addresses, where it holds the name of the tab that is seen.
    pub const fn key(self) -> &'static str {
        match self {
            Card::Sources => "sources",
            Card::Pages => "pages",
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
            Card::Places => words.places_card,
            Card::Technology => words.technology_card,
            Card::Events => words.events,
            Card::Goals => words.goals,
        }
    }

    /// The tabs that are always there, the usual one first. Those of properties depend on what was sent.
    pub fn tabs(self) -> Vec<Tab> {
        use Dimension::*;
        let of = |dimensions: &[Dimension]| dimensions.iter().map(|dimension| Tab::Of(*dimension)).collect::<Vec<_>>();
        match self {
            Card::Sources => of(&[Source, Channel, Referrer, UtmCampaign, UtmSource, UtmMedium, UtmContent, UtmTerm]),
            Card::Pages => [of(&[Page, EntryPage, ExitPage]), vec![Tab::Missing], of(&[Hostname])].concat(),
            Card::Places => [of(&[Country]), vec![Tab::Map], of(&[Region, City, Language])].concat(),
            Card::Technology => of(&[Browser, BrowserVersion, Os, OsVersion, Device, Screen]),
            Card::Events => of(&[Event]),
            Card::Goals => vec![Tab::Goals, Tab::Funnels],
        }
    }
}

impl Tab {
    /// Its name in addresses.
    pub fn key(&self) -> String {
        match self {
            Tab::Of(dimension) => dimension.name().to_owned(),
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
            None => Card::ALL.into_iter().flat_map(Card::tabs).find(|tab| tab.key() == key),
        }
    }

    /// What it splits by: nothing for those that are no list of values.
    pub fn axis(&self) -> Option<Axis<Name>> {
        match self {
            Tab::Of(dimension) => Some(Axis::Of(*dimension)),
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
            Tab::Map => Some(Dimension::Country),
            Tab::Missing | Tab::Prop(_) | Tab::Goals | Tab::Funnels => None,
        }
    }

    /// What stands on it.
    pub fn title(&self, words: &Words) -> String {
        match self {
            Tab::Of(
                dimension @ (Dimension::UtmSource | Dimension::UtmMedium | Dimension::UtmContent | Dimension::UtmTerm),
            ) => dimension.name().to_owned(),
            Tab::Of(dimension) => words.title(*dimension).to_owned(),
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
            Tab::Missing => words.page.to_owned(),
            Tab::Prop(key) => words.visible(key).into_owned(),
            Tab::Map => words.country.to_owned(),
            Tab::Goals => words.goal.to_owned(),
            Tab::Funnels => words.step.to_owned(),
        }
    }

    /// What people call one of its values.
    pub fn value_label<'a>(&self, value: &'a str, words: &Words) -> Cow<'a, str> {
        words.visible(self.dimension().map_or(value, |dimension| words.label(dimension, value)))
    }

    /// What it says when there is nothing, with the way to fill it where there is one.
    pub const fn empty(&self, words: &Words) -> &'static str {
        match self {
            Tab::Of(dimension) => words.empty(*dimension),
            Tab::Missing => words.no_missing_pages,
            Tab::Map => words.no_places,
            Tab::Prop(_) | Tab::Goals | Tab::Funnels => words.nothing_here,
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
