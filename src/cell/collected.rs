//! Which dimensions a site collects. Nothing is booked under the others: their value is the empty text, which stands for no value.

use super::Dimension;
use crate::site::{Collectable, Collected, Site};

/// Whether a site collects a dimension. Of one that it does not, there may be older sums.
pub fn is_collected(site: &Site, dimension: Dimension) -> bool {
    dimension.is_collected(site.settings.collect)
}

impl Dimension {
    /// Whether it is among what is collected.
    pub fn is_collected(self, collected: Collected) -> bool {
        collected.is_all() || self.switches().iter().all(|switch| collected.has(*switch))
    }

    /// The switches that must be on for it. What a site is asked for most, its pages and events, has none.
    const fn switches(self) -> &'static [Collectable] {
        match self {
            Dimension::Source => &[Collectable::Source],
            Dimension::Referrer => &[Collectable::Referrer],
            Dimension::Channel => &[Collectable::Channel],
            Dimension::ChannelAndSource => &[Collectable::Channel, Collectable::Source],
            Dimension::UtmSource => &[Collectable::UtmSource],
            Dimension::UtmMedium => &[Collectable::UtmMedium],
            Dimension::UtmCampaign => &[Collectable::UtmCampaign],
            Dimension::UtmContent => &[Collectable::UtmContent],
            Dimension::UtmTerm => &[Collectable::UtmTerm],
            Dimension::Country => &[Collectable::Country],
            Dimension::Region => &[Collectable::Region],
            Dimension::City => &[Collectable::City],
            Dimension::Browser => &[Collectable::Browser],
            Dimension::BrowserVersion => &[Collectable::BrowserVersion],
            Dimension::Os => &[Collectable::Os],
            Dimension::OsVersion => &[Collectable::OsVersion],
            Dimension::Device => &[Collectable::Device],
            Dimension::Screen => &[Collectable::Screen],
            Dimension::Language => &[Collectable::Language],
            Dimension::EntryPage => &[Collectable::EntryPage],
            Dimension::ExitPage => &[Collectable::ExitPage],
            Dimension::Hostname => &[Collectable::Hostname],
            // Which pages follow each other tells where visits begin and end.
            Dimension::PreviousPage => &[Collectable::EntryPage, Collectable::ExitPage],
            Dimension::Page | Dimension::Event | Dimension::Pattern | Dimension::Section => &[],
            Dimension::Money => &[Collectable::Money],
            Dimension::Property => &[Collectable::Properties],
            Dimension::Segment | Dimension::ReachedStep => &[],
            #[cfg(test)]
            Dimension::OfTests => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_switch_of_a_dimension_has_its_name() {
        for what in Collectable::all() {
            let off: Vec<&str> = Dimension::COUNTED
                .into_iter()
                .filter(|dimension| dimension.switches() == [what])
                .map(Dimension::name)
                .collect();
            match what {
                Collectable::Engagement | Collectable::Properties | Collectable::Money => assert!(off.is_empty()),
                _ => assert_eq!(off, [what.name()]),
            }
        }
    }

    #[test]
    fn what_is_made_of_two_needs_both() {
        let without = |what| Collected::ALL.without([what]);
        assert!(Dimension::ChannelAndSource.is_collected(Collected::ALL));
        for what in [Collectable::Channel, Collectable::Source] {
            assert!(!Dimension::ChannelAndSource.is_collected(without(what)));
        }
        assert!(Dimension::Channel.is_collected(without(Collectable::Source)));
    }

    /// A value of one would tell that of the other.
    #[test]
    fn a_dimension_that_is_left_out_is_told_by_no_other() {
        for row in crate::cell::DIMENSIONS.listed() {
            for implied in row.implies {
                for switch in implied.switches() {
                    assert!(!row.dimension.is_collected(Collected::ALL.without([*switch])), "{}", row.name);
                }
            }
        }
    }
}
