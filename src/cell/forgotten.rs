//! In: values that an owner wants forgotten. Out: which names of which dimensions go with each. Forgets: nothing.
//!
//! A value goes with everything that would still tell it: a page also as entry and exit page and as the section of its
//! name, a source also as the referrer and campaign source of the same text and joined with its channel, a country with its regions and
//! cities, a browser with its versions, an event with its properties and its money.

use serde::{Deserialize, Serialize};

use super::filter::{JOINT, implied};
use super::{Dimension, OTHER};
use crate::site::goal::matches;

/// Of what a value is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForgottenAxis {
    /// A dimension.
    Of(Dimension),
    /// A property, by its key.
    Prop(String),
}

/// Values that are to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgottenValue {
    /// Of what.
    pub of: ForgottenAxis,
    /// The value, or a pattern: `*` stands for anything but a slash, `**` for anything.
    pub pattern: String,
}

impl ForgottenValue {
    fn fits(&self, text: &str) -> bool {
        matches(self.pattern.as_bytes(), text.as_bytes())
    }

    fn takes(&self, dimension: Dimension, text: &str) -> bool {
        let ForgottenAxis::Of(asked) = self.of else { return false };
        let asked = family(asked);
        if family(dimension) == asked {
            return self.fits(text);
        }
        let implied_by = || dimension.implies().iter().find(|coarser| family(**coarser) == asked);
        implied_by()
            .is_some_and(|coarser| is_value(*coarser, implied(text, *coarser)) && self.fits(implied(text, *coarser)))
    }

    fn is_of_key(&self, key: &str) -> bool {
        matches!(&self.of, ForgottenAxis::Prop(of) if of == key)
    }
}

/// What stands for dimensions whose values are the same text told once more.
fn family(dimension: Dimension) -> Dimension {
    match dimension {
        Dimension::EntryPage | Dimension::ExitPage | Dimension::PreviousPage | Dimension::Section => Dimension::Page,
        Dimension::Referrer | Dimension::UtmSource => Dimension::Source,
        other => other,
    }
}

/// Whether a text is a value, rather than a word for none or for many.
fn is_value(dimension: Dimension, text: &str) -> bool {
    let row = dimension.row();
    !text.is_empty() && text != OTHER && text != super::NOT_SET && text != row.missing && text != row.always_counted
}

/// All values that are to be forgotten at once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ForgottenValues(pub Vec<ForgottenValue>);

impl ForgottenValues {
    /// Whether a name goes as a value of a dimension.
    pub fn takes(&self, dimension: Dimension, text: &str) -> bool {
        if dimension == Dimension::Property {
            let property = text.split_once(JOINT);
            return property.is_some_and(|(key, value)| self.takes_key(key) || self.takes_property(key, value));
        }
        is_value(dimension, text) && self.0.iter().any(|value| value.takes(dimension, text))
    }

    /// Whether a property goes with all its values.
    pub fn takes_key(&self, key: &str) -> bool {
        self.0.iter().any(|value| value.is_of_key(key) && matches!(&*value.pattern, "*" | "**"))
    }

    /// Whether a value of a property goes.
    pub fn takes_property(&self, key: &str, text: &str) -> bool {
        text != OTHER && self.0.iter().any(|value| value.is_of_key(key) && value.fits(text))
    }

    /// Whether a text goes as a page, or may go as the value of some property.
    pub fn takes_page_or_property(&self, text: &str) -> bool {
        let is_property = |value: &ForgottenValue| matches!(value.of, ForgottenAxis::Prop(_)) && value.fits(text);
        self.takes(Dimension::Page, text) || self.0.iter().any(is_property)
    }

    /// Those that were asked for of a dimension; nothing stands for properties.
    pub fn of(&self, dimension: Option<Dimension>) -> ForgottenValues {
        let is_of = |value: &&ForgottenValue| match value.of {
            ForgottenAxis::Of(of) => dimension == Some(of),
            ForgottenAxis::Prop(_) => dimension.is_none(),
        };
        ForgottenValues(self.0.iter().filter(is_of).cloned().collect())
    }

    /// The dimensions that were asked for, each once, in order; nothing stands for properties.
    pub fn dimensions(&self) -> Vec<Option<Dimension>> {
        let of = |value: &ForgottenValue| match value.of {
            ForgottenAxis::Of(dimension) => Some(dimension),
            ForgottenAxis::Prop(_) => None,
        };
        let mut dimensions: Vec<_> = self.0.iter().map(of).collect();
        dimensions.sort_unstable();
        dimensions.dedup();
        dimensions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dimension: Dimension, pattern: &str) -> ForgottenValues {
        ForgottenValues(vec![ForgottenValue { of: ForgottenAxis::Of(dimension), pattern: pattern.into() }])
    }

    #[test]
    fn a_value_goes_with_all_that_would_tell_it() {
        for (asked, pattern, dimension, text, goes) in [
            (Dimension::Page, "/x", Dimension::ExitPage, "/x", true),
            (Dimension::Page, "/x", Dimension::PreviousPage, "/x", true),
            (Dimension::Page, "/x", Dimension::Section, "/x", true),
            (Dimension::Page, "/x/y", Dimension::Section, "/x", false),
            (Dimension::Page, "/x", Dimension::Page, "/x/y", false),
            (Dimension::Page, "/x/*", Dimension::Page, "/x/y", true),
            (Dimension::EntryPage, "/x/**", Dimension::Page, "/x/y/z", true),
            (Dimension::Page, "**", Dimension::EntryPage, "(not set)", false),
            (Dimension::Page, "**", Dimension::Page, OTHER, false),
            (Dimension::Source, "x.org", Dimension::Referrer, "x.org", true),
            (Dimension::UtmSource, "x", Dimension::ChannelAndSource, "Referral\u{1f}x", true),
            (Dimension::Channel, "Referral", Dimension::ChannelAndSource, "Referral\u{1f}x", true),
            (Dimension::Source, "Referral", Dimension::ChannelAndSource, "Referral\u{1f}x", false),
            (Dimension::Source, "**", Dimension::Source, "Direct / None", false),
            (Dimension::Country, "DE", Dimension::City, "Berlin, DE-BE", true),
            (Dimension::Country, "DE", Dimension::City, "Paris, FR-IDF", false),
            (Dimension::City, "Berlin, DE-BE", Dimension::Region, "DE-BE", false),
            (Dimension::Browser, "Firefox", Dimension::BrowserVersion, "Firefox 140", true),
            (Dimension::Event, "**", Dimension::Event, "pageview", false),
            (Dimension::Event, "Sign*", Dimension::Event, "Signup", true),
            (Dimension::Event, "Sign*", Dimension::Money, "Signup\u{1f}EUR", true),
            (Dimension::Event, "*EUR", Dimension::Money, "Signup\u{1f}EUR", false),
        ] {
            assert_eq!(of(asked, pattern).takes(dimension, text), goes, "{asked:?} {pattern} {dimension:?} {text}");
        }
    }

    #[test]
    fn a_property_goes_by_its_key_and_value() {
        let plan = |pattern: &str| {
            let of = ForgottenAxis::Prop("plan".into());
            ForgottenValues(vec![ForgottenValue { of, pattern: pattern.into() }])
        };
        assert!(plan("*").takes_key("plan") && !plan("pro").takes_key("plan") && !plan("*").takes_key("other"));
        assert!(
            plan("pro").takes(Dimension::Property, "plan\u{1f}pro")
                && plan("*").takes(Dimension::Property, "plan\u{1f}pro")
        );
        assert!(
            !plan("pro").takes(Dimension::Property, "size\u{1f}pro") && !plan("pro").takes(Dimension::Property, "pro")
        );
        assert!(plan("pro").takes_property("plan", "pro") && !plan("pro").takes_property("plan", "free"));
        assert_eq!(plan("pro").dimensions(), [None]);
    }
}
