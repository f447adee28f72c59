//! What each value is a part of: a city of its region, a version of its browser, a system of the form that its devices have.

use crate::cell::{Dimension, NOT_SET, OTHER};

/// What parts may be parts of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Whole {
    /// The values of a dimension.
    Of(Dimension),
    /// Forms of devices: the program tells devices from systems, so that each system has devices of one form (`hit/agent`).
    Form,
}

/// The nearest whole of a dimension; nothing for those whose values are parts of the day alone.
pub(super) fn whole_of(dimension: Dimension) -> Option<Whole> {
    match dimension {
        Dimension::Device | Dimension::Os => Some(Whole::Form),
        _ => dimension.implies().first().copied().map(Whole::Of),
    }
}

/// The dimensions that have to be known to fold one: itself, and those that its wholes are made of, the widest first.
pub(super) fn needed(dimension: Dimension) -> Vec<Dimension> {
    let mut needed = match whole_of(dimension) {
        Some(Whole::Of(whole)) => needed(whole),
        Some(Whole::Form) if dimension != Dimension::Device => vec![Dimension::Device],
        Some(Whole::Form) | None => Vec::new(),
    };
    needed.push(dimension);
    needed
}

/// The form of a device.
pub(super) fn form_of_device(device: &str) -> &str {
    match device {
        "mobile" | "tablet" => "handheld",
        device => device,
    }
}

/// The form of the devices that run a system. Where a few have another (a television with Android), they are counted with the
/// rest of that form.
fn form_of_system(os: &str) -> Option<&'static str> {
    match os {
        "Windows" | "macOS" | "ChromeOS" | "Linux" | "BSD" => Some("desktop"),
        "Android" | "iOS" | "HarmonyOS" | "KaiOS" => Some("handheld"),
        "webOS" | "Tizen" => Some("tv"),
        "PlayStation" | "Nintendo" | "Xbox" => Some("console"),
        _ => None,
    }
}

/// The name of what a value is a part of: `Berlin, DE-BE` of `DE-BE`, that of `DE`, `Chrome 130` of `Chrome`. A city whose region is
/// not known is part of what its country has without a region, which bears the country's name. Nothing where the name does
/// not tell. `is_known` says whether a name is one of the whole's.
pub(super) fn name_of_whole(dimension: Dimension, value: &str, is_known: impl Fn(&str) -> bool) -> Option<&str> {
    if value == OTHER || value == dimension.missing() || value == NOT_SET {
        return None;
    }
    match dimension {
        Dimension::Device => Some(form_of_device(value)),
        Dimension::Os => form_of_system(value),
        Dimension::Region => value.split_once('-').map(|(country, _)| country),
        Dimension::City => value.rsplit_once(", ").map(|(_, place)| place),
        // A version is the name and more words; the name may be of several itself.
        _ => {
            let mut names =
                std::iter::successors(Some(value), |name| name.rsplit_once(' ').map(|(shorter, _)| shorter));
            names.find(|name| is_known(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_values_are_parts_of() {
        let is_known = |name: &str| ["Samsung Internet", "Samsung"].contains(&name);
        let cases = [
            (Dimension::City, "Berlin, DE-BE", Some("DE-BE")),
            (Dimension::City, "Washington, D.C., US-DC", Some("US-DC")),
            (Dimension::City, "Monaco, MC", Some("MC")),
            (Dimension::Region, "DE-BE", Some("DE")),
            (Dimension::BrowserVersion, "Samsung Internet 27", Some("Samsung Internet")),
            (Dimension::BrowserVersion, "Lynx 2", None),
            (Dimension::Device, "tablet", Some("handheld")),
            (Dimension::Os, "iOS", Some("handheld")),
            (Dimension::Os, "Plan 9", None),
            (Dimension::Region, NOT_SET, None),
            (Dimension::Device, OTHER, None),
        ];
        for (dimension, value, whole) in cases {
            assert_eq!(name_of_whole(dimension, value, is_known), whole, "{value}");
        }
    }

    #[test]
    fn wholes_come_before_their_parts() {
        use Dimension::*;
        assert_eq!(needed(City), [Country, Region, City]);
        assert_eq!(needed(OsVersion), [Device, Os, OsVersion]);
        assert_eq!((needed(Device), needed(Page)), (vec![Device], vec![Page]));
    }
}
