//! All values that a dimension can have, for those whose values the program names itself: a list that no visitor adds to.

use std::collections::BTreeSet;

use super::{agent, place, source};
use crate::beacon::SCREEN_LABELS;
use crate::cell::{Dimension, NOT_SET};

/// The values of a dimension in alphabetical order, [`NOT_SET`] among them where it can be missing; nothing where visitors bring values of
/// their own.
pub fn values(dimension: Dimension) -> Option<BTreeSet<&'static str>> {
    let mut values: BTreeSet<&'static str> = match dimension {
        Dimension::Country => place::countries(),
        Dimension::Browser => agent::browsers(),
        Dimension::Os => agent::systems(),
        Dimension::Device => agent::DEVICES.into(),
        Dimension::Channel => return Some(source::CHANNELS.into()),
        Dimension::Screen => SCREEN_LABELS.into(),
        _ => return None,
    };
    values.insert(NOT_SET);
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::Hints;
    use crate::hit::agent::{Agents, Verdict};
    use crate::limits;

    #[test]
    fn lists_are_whole_and_short() {
        let of = |dimension| values(dimension).unwrap();
        for code in ["DE", "US", "SJ", "XK", NOT_SET] {
            assert!(of(Dimension::Country).contains(code), "{code}");
        }
        for browser in ["Chrome", "Safari", "Firefox", "Brave", "WebView", "Other", NOT_SET] {
            assert!(of(Dimension::Browser).contains(browser), "{browser}");
        }
        for system in ["Windows", "macOS", "iOS", "Android", "Linux", "HarmonyOS", "Xbox", NOT_SET] {
            assert!(of(Dimension::Os).contains(system), "{system}");
        }
        assert!(of(Dimension::Screen).contains("xxl") && of(Dimension::Channel).contains("Direct"));
        // What one network alone may bring to the smallest budget of a site that publishes.
        let share = (limits::PUBLISH_VALUES_MIN / limits::NAMES_SHARE_PER) as usize;
        for dimension in Dimension::ALL.into_iter().filter(|dimension| values(*dimension).is_some()) {
            // A file of places can hold any two capitals.
            let most = if dimension == Dimension::Country { 26 * 26 + 1 } else { of(dimension).len() };
            assert!(most <= share, "{dimension:?}: {most}");
        }
        assert!([Dimension::Language, Dimension::Page, Dimension::Source].map(values).iter().all(Option::is_none));
    }

    #[test]
    fn what_agents_are_taken_for_is_listed() {
        let (browsers, systems) = (values(Dimension::Browser).unwrap(), values(Dimension::Os).unwrap());
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (X11; FreeBSD amd64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
            "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
            "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80) Presto/2.5.25 Version/10.54",
        ] {
            let Verdict::Person(person) = Agents::new().classify(agent, &Hints::default(), false) else { continue };
            assert!(browsers.contains(&*person.browser), "{}", person.browser);
            assert!(systems.contains(&*person.os), "{}", person.os);
        }
    }
}
