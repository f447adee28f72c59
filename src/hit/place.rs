//! In: an address, and the time zone that the browser says it is in. Out: a [`Place`]: country, region and city, as far as the
//! operator wants to know. Forgets: the address, and where in the city.
//!
//! The place comes from a database that the operator brings, as an MMDB file; what it does not know, and everything without one,
//! from the table of countries in the program. An address that tells nothing leaves it to the time zone: an address is where
//! somebody is, a time zone where a clock was set.

mod database;
mod table;
mod zone;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwapOption;

use crate::cell::NOT_SET;
use crate::limits::PLACES_OLD_DAYS;
use crate::site::Day;
use database::Database;

pub use database::Facts;
pub use table::{TableFacts, table};

/// Where an address is; a part that is not known is [`NOT_SET`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166-1 alpha-2: `DE`.
    pub country: Cow<'static, str>,
    /// ISO 3166-2: `DE-BE`. Databases without codes give the region's name instead.
    pub region: Cow<'static, str>,
    /// `Name, REGION`: `Berlin, DE-BE`; with the country where the region is not known.
    pub city: Cow<'static, str>,
}

impl Place {
    fn of_country(country: &'static str) -> Place {
        Place { country: Cow::Borrowed(country), region: Cow::Borrowed(NOT_SET), city: Cow::Borrowed(NOT_SET) }
    }
}

/// How much of a place is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Detail {
    /// Nothing, not even by time zones.
    None,
    /// The country.
    Country,
    /// The country and the region.
    Region,
    /// All of it.
    #[default]
    City,
}

impl Detail {
    /// All of them, least first.
    pub const ALL: [Detail; 4] = [Detail::None, Detail::Country, Detail::Region, Detail::City];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Detail::None => "none",
            Detail::Country => "country",
            Detail::Region => "region",
            Detail::City => "city",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Detail> {
        Detail::ALL.into_iter().find(|detail| detail.name() == name)
    }
}

/// Why a database of places can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The file can't be read.
    #[error("the database of places {path:?} can't be read ({cause}); check the path and its permissions")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file is not in MMDB format, or damaged.
    #[error("the database of places {path:?} is no MMDB file or damaged; download it again")]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// The file holds no countries where any known publisher puts them.
    #[error("the database of places {path:?} holds no countries; use one of countries or cities")]
    NoCountries {
        /// The file.
        path: PathBuf,
    },
}

/// What tells whether a file has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

/// A file that is watched for changes.
struct WatchedFile {
    path: PathBuf,
    /// The file as it was when last read, good or not.
    seen: Mutex<Stamp>,
}

/// Finds places. Shared by all threads; a new database replaces the old one while lookups go on.
pub struct Places {
    watched: Option<WatchedFile>,
    database: ArcSwapOption<Database>,
    detail: Detail,
}

/// The place, if it is in this country; else only the country is known. Nothing leaves it as it is.
#[must_use]
pub fn within(place: Arc<Place>, country: Option<String>) -> Arc<Place> {
    match country {
        Some(country) if place.country != country => Arc::new(Place {
            country: Cow::Owned(country),
            region: Cow::Borrowed(NOT_SET),
            city: Cow::Borrowed(NOT_SET),
        }),
        _ => place,
    }
}

/// What tells the places of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// Nothing: no place is counted.
    Nobody,
    /// The table in the program.
    Table,
    /// The operator's file, before the table.
    File,
}

impl Teller {
    /// Its name, for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Teller::Nobody => "none",
            Teller::Table => "table",
            Teller::File => "file",
        }
    }
}

/// Whether what was known of networks on one day is old on another: they change hands.
pub fn is_old(built: Day, today: Day) -> bool {
    today.0 - built.0 > PLACES_OLD_DAYS
}

/// All countries that the program itself knows of: those of its table of addresses, and those that have a time zone.
pub fn countries() -> BTreeSet<&'static str> {
    table::countries().chain(zone::countries()).collect()
}

/// Where those are of whom nothing is known.
static NOWHERE: LazyLock<Arc<Place>> = LazyLock::new(|| Arc::new(Place::of_country(NOT_SET)));

impl Places {
    /// Without a file: the table and time zones tell the country.
    pub fn none() -> Places {
        Places { watched: None, database: ArcSwapOption::empty(), detail: Detail::City }
    }

    /// With the database in this file, which is read into memory as a whole.
    ///
    /// # Errors
    /// [`PlaceError`] when the file can't be read, is no MMDB file, or holds no countries.
    pub fn open(path: impl Into<PathBuf>) -> Result<Places, PlaceError> {
        let path = path.into();
        let seen = Mutex::new(stamp(&path)?);
        let database = Arc::new(Database::read(&path, Detail::City)?);
        let watched = Some(WatchedFile { path, seen });
        Ok(Places { watched, database: ArcSwapOption::new(Some(database)), detail: Detail::City })
    }

    /// With so much of a place at the most.
    pub fn showing(self, detail: Detail) -> Places {
        if let Some(database) = self.database.swap(None) {
            self.database.store(Arc::into_inner(database).map(|database| Arc::new(database.showing(detail))));
        }
        Places { detail, ..self }
    }

    /// How much of a place is told at the most.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// Reads the file again if it has another size or time of modification; says whether a new database serves now.
    ///
    /// # Errors
    /// As [`Places::open`]; the old database serves on. A broken file is complained about once, not at every call.
    pub fn reload_if_changed(&self) -> Result<bool, PlaceError> {
        let Some(WatchedFile { path, seen }) = &self.watched else { return Ok(false) };
        let now = stamp(path)?;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        let fresh = Database::read(path, self.detail);
        if !matches!(fresh, Err(PlaceError::Unreadable { .. })) {
            *seen = now;
        }
        self.database.store(Some(Arc::new(fresh?)));
        Ok(true)
    }

    /// Where this address is. The file decides, without an answer from it the table, without one from both the time zone. What
    /// counts of an address that carries an older one, such as 6to4's, is the older one.
    pub fn of(&self, address: IpAddr, time_zone: Option<&str>) -> Arc<Place> {
        if self.detail == Detail::None {
            return NOWHERE.clone();
        }
        let address = table::embedded_v4(address);
        let database = self.database.load();
        let by_file = database.as_ref().and_then(|database| database.find(address));
        let found = by_file.or_else(|| table::country(address)).or_else(|| time_zone.and_then(zone::country));
        found.unwrap_or_else(|| NOWHERE.clone())
    }

    /// What tells places now, and the day of its data.
    pub fn teller(&self) -> (Teller, Option<Day>) {
        match self.database.load().as_ref() {
            _ if self.detail == Detail::None => (Teller::Nobody, None),
            Some(database) => (Teller::File, Some(database.built())),
            None => (Teller::Table, Some(table().day)),
        }
    }
}

fn stamp(path: &Path) -> Result<Stamp, PlaceError> {
    let facts = fs::metadata(path).map_err(|cause| PlaceError::Unreadable { path: path.to_owned(), cause })?;
    Ok(Stamp { modified: facts.modified().ok(), bytes: facts.len() })
}

/// What a file of places is and holds.
///
/// # Errors
/// As [`Places::open`].
pub fn facts(path: &Path) -> Result<Facts, PlaceError> {
    Ok(Database::read(path, Detail::City)?.facts())
}

#[cfg(test)]
mod mmdb;

#[cfg(test)]
mod tests {
    use super::mmdb::Value::{List, Map, Text};
    use super::mmdb::{Value, write};
    use super::*;

    fn geolite(country: &'static str, region: &'static str, city: &'static str) -> Value {
        let named = |text| Map(vec![("names", Map(vec![("en", Text(text))]))]);
        let subdivision = Map(vec![("iso_code", Text(region))]);
        let country = ("country", Map(vec![("iso_code", Text(country))]));
        Map(vec![country, ("subdivisions", List(vec![subdivision])), ("city", named(city))])
    }

    fn flat(fields: &[(&'static str, &'static str)]) -> Value {
        Map(fields.iter().map(|(key, value)| (*key, Text(value))).collect())
    }

    fn of(places: &Places, address: &str, time_zone: Option<&str>) -> [String; 3] {
        let place = places.of(address.parse().unwrap(), time_zone);
        [&place.country, &place.region, &place.city].map(|part| part.clone().into_owned())
    }

    fn opened(networks: &[(&str, Value)]) -> Places {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("places.mmdb");
        fs::write(&path, write(networks)).unwrap();
        Places::open(path).unwrap()
    }

    #[test]
    fn a_database_in_maxminds_order_gives_country_region_and_city() {
        let places = opened(&[
            ("192.0.2.0/24", geolite("DE", "BE", "Berlin")),
            ("2001:db8::/32", geolite("FR", "IDF", "Paris")),
            ("198.51.100.0/24", Map(vec![("country", Map(vec![("iso_code", Text("SG"))]))])),
        ]);
        assert_eq!(of(&places, "192.0.2.77", None), ["DE", "DE-BE", "Berlin, DE-BE"]);
        assert_eq!(of(&places, "::ffff:192.0.2.77", None), ["DE", "DE-BE", "Berlin, DE-BE"]);
        assert_eq!(of(&places, "2001:db8:1::1", None), ["FR", "FR-IDF", "Paris, FR-IDF"]);
        assert_eq!(of(&places, "198.51.100.1", None), ["SG", NOT_SET, NOT_SET]);
        assert_eq!(of(&places, "203.0.113.1", None), [NOT_SET, NOT_SET, NOT_SET]);
    }

    #[test]
    fn flat_databases_of_both_spellings_are_read() {
        let ours = opened(&[("192.0.2.0/24", flat(&[("country_code", "DE"), ("city", "Berlin")]))]);
        assert_eq!(of(&ours, "192.0.2.1", None), ["DE", NOT_SET, "Berlin, DE"]);
        let fields = [("country", "DE"), ("region", "Bavaria"), ("city", "Munich")];
        let theirs = opened(&[("192.0.2.0/24", flat(&fields))]);
        assert_eq!(of(&theirs, "192.0.2.1", None), ["DE", "DE-Bavaria", "Munich, DE-Bavaria"]);
        let lite = opened(&[("192.0.2.0/24", flat(&[("country", "Germany"), ("country_code", "DE")]))]);
        assert_eq!(of(&lite, "192.0.2.1", None)[0], "DE");
    }

    #[test]
    fn the_time_zone_tells_the_country_when_the_database_does_not() {
        let places = opened(&[("192.0.2.0/24", geolite("DE", "BE", "Berlin"))]);
        assert_eq!(of(&places, "192.0.2.1", Some("Asia/Tokyo"))[0], "DE");
        assert_eq!(of(&places, "10.0.0.1", Some("Asia/Tokyo")), ["JP", NOT_SET, NOT_SET]);
        assert_eq!(of(&Places::none(), "192.0.2.1", Some("Europe/Kiev"))[0], "UA");
        assert_eq!(of(&Places::none(), "::1", Some("Mars/Olympus"))[0], NOT_SET);
        assert_eq!(of(&Places::none(), "::1", None)[0], NOT_SET);
    }

    #[test]
    fn the_table_tells_what_no_file_does() {
        let file = opened(&[("193.0.6.0/24", geolite("DE", "BE", "Berlin")), ("10.0.0.0/8", flat(&[]))]);
        for (address, zone, with_file, without) in [
            ("193.0.6.139", "Asia/Tokyo", "DE", "NL"),
            ("::ffff:193.0.6.139", "Asia/Tokyo", "DE", "NL"),
            ("2002:c100:68b::1", "Asia/Tokyo", "DE", "NL"),
            ("130.59.31.80", "Asia/Tokyo", "CH", "CH"),
            ("2a02:8070::1", "Asia/Tokyo", "DE", "DE"),
            ("10.1.2.3", "Asia/Tokyo", "JP", "JP"),
            ("192.0.2.1", "Asia/Tokyo", "JP", "JP"),
            ("203.0.113.9", "UTC", NOT_SET, NOT_SET),
            // People of Iceland and those who hide their zone send the same one; only addresses tell them apart.
            ("130.208.1.1", "Atlantic/Reykjavik", "IS", "IS"),
            ("141.30.1.1", "Atlantic/Reykjavik", "DE", "DE"),
            ("10.1.2.3", "Atlantic/Reykjavik", NOT_SET, NOT_SET),
        ] {
            assert_eq!(of(&file, address, Some(zone))[0], with_file, "{address}");
            assert_eq!(of(&Places::none(), address, Some(zone)), [without, NOT_SET, NOT_SET], "{address}");
            let hidden = Places::none().showing(Detail::None);
            assert_eq!(of(&hidden, address, Some(zone)), [NOT_SET, NOT_SET, NOT_SET], "{address}");
        }
    }

    #[test]
    fn who_tells_places_is_known_and_how_old_that_is() {
        let file = opened(&[("192.0.2.0/24", geolite("DE", "BE", "Berlin"))]);
        assert_eq!(file.teller(), (Teller::File, Some(Day(0))));
        assert_eq!(Places::none().teller(), (Teller::Table, Some(table().day)));
        assert_eq!(file.showing(Detail::None).teller(), (Teller::Nobody, None));
        assert!(!is_old(Day(100), Day(100 + PLACES_OLD_DAYS)) && is_old(Day(100), Day(101 + PLACES_OLD_DAYS)));
        assert!(!is_old(Day(100), Day(50)), "a clock that is behind");
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("places.mmdb");
        fs::write(&path, write(&[("192.0.2.0/24", geolite("DE", "BE", "Berlin"))])).unwrap();
        let places = Places::open(&path).unwrap();
        assert!(!places.reload_if_changed().unwrap());

        fs::write(&path, "no database").unwrap();
        assert!(matches!(places.reload_if_changed(), Err(PlaceError::Broken { .. })));
        assert!(!places.reload_if_changed().unwrap(), "complained about once");
        assert_eq!(of(&places, "192.0.2.1", None)[0], "DE");

        fs::write(&path, write(&[("192.0.2.0/24", geolite("FR", "IDF", "Paris"))])).unwrap();
        assert!(places.reload_if_changed().unwrap());
        assert_eq!(of(&places, "192.0.2.1", None)[2], "Paris, FR-IDF");

        fs::remove_file(&path).unwrap();
        assert!(matches!(places.reload_if_changed(), Err(PlaceError::Unreadable { .. })));
        assert_eq!(of(&places, "192.0.2.1", None)[0], "FR");
        assert!(!Places::none().reload_if_changed().unwrap());
    }

    #[test]
    fn a_file_without_countries_is_refused_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("asn.mmdb");
        fs::write(&path, write(&[("192.0.2.0/24", flat(&[("as_name", "EXAMPLE")]))])).unwrap();
        let refused = Places::open(&path).err().unwrap();
        assert!(matches!(&refused, PlaceError::NoCountries { .. }));
        assert!(refused.to_string().contains("asn.mmdb"));
        let missing = Places::open(folder.path().join("none.mmdb")).err().unwrap();
        assert!(matches!(missing, PlaceError::Unreadable { .. }));
    }

    #[test]
    fn no_more_is_looked_up_than_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("places.mmdb");
        fs::write(&path, write(&[("192.0.2.0/24", geolite("DE", "BE", "Berlin"))])).unwrap();
        for (detail, want) in [
            (Detail::None, [NOT_SET, NOT_SET, NOT_SET]),
            (Detail::Country, ["DE", NOT_SET, NOT_SET]),
            (Detail::Region, ["DE", "DE-BE", NOT_SET]),
            (Detail::City, ["DE", "DE-BE", "Berlin, DE-BE"]),
        ] {
            let places = Places::open(&path).unwrap().showing(detail);
            assert_eq!(of(&places, "192.0.2.1", None), want, "{detail:?}");
            let by_zone = if detail == Detail::None { NOT_SET } else { "JP" };
            assert_eq!(of(&places, "10.0.0.1", Some("Asia/Tokyo"))[0], by_zone, "{detail:?}");
            fs::write(&path, write(&[("192.0.2.0/24", geolite("FR", "IDF", "Paris")), ("10.0.0.0/8", flat(&[]))]))
                .unwrap();
            assert!(places.reload_if_changed().unwrap());
            assert_eq!(of(&places, "192.0.2.1", None)[0], if detail == Detail::None { NOT_SET } else { "FR" });
            assert_eq!(
                of(&places, "192.0.2.1", None)[2],
                if detail == Detail::City { "Paris, FR-IDF" } else { NOT_SET }
            );
            fs::write(&path, write(&[("192.0.2.0/24", geolite("DE", "BE", "Berlin"))])).unwrap();
            assert_eq!(Detail::from_name(detail.name()), Some(detail));
        }
    }

    #[test]
    fn networks_with_the_same_record_share_a_place() {
        let places = opened(&[("192.0.2.0/24", geolite("DE", "BE", "Berlin"))]);
        let [a, b] = ["192.0.2.1", "192.0.2.200"].map(|address| places.of(address.parse().unwrap(), None));
        assert!(Arc::ptr_eq(&a, &b));
    }

    #[test]
    fn a_file_tells_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("places.mmdb");
        fs::write(&path, write(&[("192.0.2.0/24", geolite("DE", "BE", "Berlin"))])).unwrap();
        let known = facts(&path).unwrap();
        assert_eq!((known.kind.as_str(), known.detail, known.built), ("headcount-test", Detail::City, Day(0)));
        fs::write(&path, write(&[("192.0.2.0/24", flat(&[("country_code", "DE")]))])).unwrap();
        assert_eq!(facts(&path).unwrap().detail, Detail::Country);
    }
}
