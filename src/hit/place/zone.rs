//! In: an IANA time zone. Out: the country whose clocks it is named after. Forgets: the zone.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::Place;

/// Zones and countries of tzdata, public domain; its origin is in the first line.
const ZONES: &str = include_str!("../data/zones.tsv");

static COUNTRIES: LazyLock<HashMap<&'static str, Arc<Place>>> = LazyLock::new(|| {
    let rows = ZONES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    rows.map(|(zone, country)| (zone, Arc::new(Place::of_country(country)))).collect()
});

/// The country of a time zone, old names included; nothing for `UTC`, `Etc/GMT+1` and such.
pub(super) fn country(time_zone: &str) -> Option<Arc<Place>> {
    COUNTRIES.get(time_zone.trim()).cloned()
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
            ("UTC", None),
            ("Etc/GMT+1", None),
            ("CET", None),
            ("", None),
        ] {
            assert_eq!(country(zone).map(|place| place.country.to_string()).as_deref(), want, "{zone}");
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
