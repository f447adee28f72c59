//! In: an IANA time zone. Out: the country whose clocks it is named after. Forgets: the zone.
//!
//! Browsers that resist fingerprinting tell a zone that is not theirs: `UTC`, which has no country, and since Firefox 128 (Tor
//! Browser and Mullvad's with it) Iceland's, whose clocks always show UTC.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::Place;

/// Zones and countries of tzdata, public domain; its origin is in the first line.
const ZONES: &str = include_str!("../data/zones.tsv");

/// What hides a zone as often as it tells one; people of Iceland are known by their addresses.
const DISGUISE: &str = "Atlantic/Reykjavik";

static COUNTRIES: LazyLock<HashMap<&'static str, Arc<Place>>> = LazyLock::new(|| {
    let rows = ZONES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    rows.map(|(zone, country)| (zone, Arc::new(Place::of_country(country)))).collect()
});

/// All countries that have a zone, each at least once.
pub(super) fn countries() -> impl Iterator<Item = &'static str> {
    ZONES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| Some(line.split_once('\t')?.1))
}

/// The country of a time zone, old names included; nothing for `UTC`, `Etc/GMT+1` and such, nor for one that hides another.
pub(super) fn country(time_zone: &str) -> Option<Arc<Place>> {
    let name = time_zone.trim();
    if name == DISGUISE { None } else { COUNTRIES.get(name).cloned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_their_old_names_have_a_country() {
        for (zone, want) in [
            ("Europe/Berlin", Some("DE")),
            ("Europe/Busingen", Some("DE")),
            ("Europe/Zurich", Some("CH")),
            ("Europe/Kyiv", Some("UA")),
            ("Europe/Kiev", Some("UA")),
            ("Asia/Calcutta", Some("IN")),
            ("Asia/Saigon", Some("VN")),
            ("America/Buenos_Aires", Some("AR")),
            ("US/Pacific", Some("US")),
            ("Atlantic/Jan_Mayen", Some("SJ")),
            ("Africa/Asmera", Some("ER")),
            ("Africa/Bamako", Some("ML")),
            ("Africa/Timbuktu", Some("ML")),
            ("America/Godthab", Some("GL")),
            ("Asia/Rangoon", Some("MM")),
            ("Europe/Belfast", Some("GB")),
            ("Iceland", Some("IS")),
            (" Europe/Paris ", Some("FR")),
        ] {
            assert_eq!(country(zone).map(|place| place.country.to_string()).as_deref(), want, "{zone}");
        }
    }

    #[test]
    fn browsers_that_hide_their_zone_are_nowhere() {
        for zone in [
            "Atlantic/Reykjavik",
            " Atlantic/Reykjavik ",
            "UTC",
            "UCT",
            "GMT",
            "GMT0",
            "Greenwich",
            "Universal",
            "Zulu",
            "Etc/UTC",
            "Etc/UCT",
            "Etc/GMT",
            "Etc/GMT+1",
            "Etc/GMT-14",
            "Etc/Unknown",
            "Factory",
            "CET",
            "EST",
            "EST5EDT",
            "+02:00",
            "undefined",
            "null",
            "",
            " ",
            "Mars/Olympus",
            "europe",
        ] {
            assert!(country(zone).is_none(), "{zone:?}");
        }
    }

    #[test]
    fn every_row_is_a_zone_and_two_capitals() {
        assert!(COUNTRIES.len() > 500);
        for (zone, place) in COUNTRIES.iter() {
            assert!(!zone.is_empty() && place.country.len() == 2, "{zone}");
            assert!(place.country.bytes().all(|b| b.is_ascii_uppercase()), "{zone}");
        }
    }
}
