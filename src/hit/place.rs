//! In: an address, and the time zone that the browser says it is in. Out: a [`Place`]: country, region and city. Forgets:
//! the address, and where in the city.
//!
//! The place comes from a database that the operator brings, as an MMDB file; several publishers order theirs
//! differently, so the order is found out when a file is opened. Without one the time zone still tells the country.

mod zone;

use std::borrow::Cow;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use maxminddb::{LookupResult, PathElement, Reader, WithinOptions};

use crate::cell::NOT_SET;

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

/// Where a database keeps a value: keys, and the first element of lists.
type Field = &'static [PathElement<'static>];

/// How a publisher orders a record.
struct Schema {
    country: Field,
    region_code: Field,
    region_name: Field,
    city: Field,
}

use PathElement::{Index, Key};

/// The known orders, most telling first: MaxMind and DB-IP, then ip-location-db and newer files of IPinfo, then its older.
static SCHEMAS: [Schema; 3] = [
    Schema {
        country: &[Key("country"), Key("iso_code")],
        region_code: &[Key("subdivisions"), Index(0), Key("iso_code")],
        region_name: &[Key("subdivisions"), Index(0), Key("names"), Key("en")],
        city: &[Key("city"), Key("names"), Key("en")],
    },
    Schema {
        country: &[Key("country_code")],
        region_code: &[Key("region_code")],
        region_name: &[Key("state1")],
        city: &[Key("city")],
    },
    Schema {
        country: &[Key("country")],
        region_code: &[Key("region_code")],
        region_name: &[Key("region")],
        city: &[Key("city")],
    },
];

/// Records looked at to find out the order of a database; some networks have no country.
const PROBED_RECORDS: usize = 1_000;

/// An open database.
struct Database {
    reader: Reader<Vec<u8>>,
    schema: &'static Schema,
}

/// What tells whether a file has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

/// A file that is watched for changes.
struct Watched {
    path: PathBuf,
    /// The file as it was when last read, good or not.
    seen: Mutex<Stamp>,
}

/// Finds places. Shared by all threads; a new database replaces the old one while lookups go on.
pub struct Places {
    watched: Option<Watched>,
    database: ArcSwapOption<Database>,
}

impl Place {
    /// The place, if it is in this country; else only the country is known. Nothing leaves it as it is.
    #[must_use]
    pub fn within(self, country: Option<String>) -> Place {
        match country {
            Some(country) if self.country != country => {
                Place { country: Cow::Owned(country), region: Cow::Borrowed(NOT_SET), city: Cow::Borrowed(NOT_SET) }
            }
            _ => self,
        }
    }
}

impl Places {
    /// Without a database: only time zones tell the country.
    pub fn none() -> Places {
        Places { watched: None, database: ArcSwapOption::empty() }
    }

    /// With the database in this file, which is read into memory as a whole.
    ///
    /// # Errors
    /// [`PlaceError`] when the file can't be read, is no MMDB file, or holds no countries.
    pub fn open(path: impl Into<PathBuf>) -> Result<Places, PlaceError> {
        let path = path.into();
        let seen = Mutex::new(stamp(&path)?);
        let database = Arc::new(read(&path)?);
        Ok(Places { watched: Some(Watched { path, seen }), database: ArcSwapOption::new(Some(database)) })
    }

    /// Reads the file again if it has another size or time of modification; says whether a new database serves now.
    ///
    /// # Errors
    /// As [`Places::open`]; the old database serves on. A broken file is complained about once, not at every call.
    pub fn reload_if_changed(&self) -> Result<bool, PlaceError> {
        let Some(Watched { path, seen }) = &self.watched else { return Ok(false) };
        let now = stamp(path)?;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        let fresh = read(path);
        if !matches!(fresh, Err(PlaceError::Unreadable { .. })) {
            *seen = now;
        }
        self.database.store(Some(Arc::new(fresh?)));
        Ok(true)
    }

    /// Where this address is. The database decides; without an answer from it, the country of the time zone.
    pub fn of(&self, address: IpAddr, time_zone: Option<&str>) -> Place {
        let database = self.database.load();
        let found = database.as_ref().and_then(|database| database.find(address.to_canonical()));
        found.unwrap_or_else(|| {
            let country = time_zone.and_then(zone::country).unwrap_or(NOT_SET);
            Place { country: Cow::Borrowed(country), region: Cow::Borrowed(NOT_SET), city: Cow::Borrowed(NOT_SET) }
        })
    }
}

impl Database {
    fn find(&self, address: IpAddr) -> Option<Place> {
        let record = self.reader.lookup(address).ok()?;
        let country = country(&record, self.schema)?;
        let region = text(&record, self.schema.region_code)
            .map(|code| if code.contains('-') { code.to_owned() } else { format!("{country}-{code}") })
            .or_else(|| text(&record, self.schema.region_name).map(str::to_owned));
        let city =
            text(&record, self.schema.city).map(|name| format!("{name}, {}", region.as_deref().unwrap_or(country)));
        Some(Place {
            country: Cow::Owned(country.to_owned()),
            region: region.map_or(Cow::Borrowed(NOT_SET), Cow::Owned),
            city: city.map_or(Cow::Borrowed(NOT_SET), Cow::Owned),
        })
    }
}

/// A text of a record; nothing when it is missing, empty, or no text.
fn text<'a>(record: &LookupResult<'a, Vec<u8>>, field: Field) -> Option<&'a str> {
    record.decode_path::<&str>(field).ok().flatten().filter(|text| !text.is_empty())
}

fn country<'a>(record: &LookupResult<'a, Vec<u8>>, schema: &Schema) -> Option<&'a str> {
    text(record, schema.country).filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))
}

fn stamp(path: &Path) -> Result<Stamp, PlaceError> {
    let facts = fs::metadata(path).map_err(|cause| PlaceError::Unreadable { path: path.to_owned(), cause })?;
    Ok(Stamp { modified: facts.modified().ok(), bytes: facts.len() })
}

fn read(path: &Path) -> Result<Database, PlaceError> {
    let reader = Reader::open_readfile(path).map_err(|error| match error {
        maxminddb::MaxMindDbError::Io(cause) => PlaceError::Unreadable { path: path.to_owned(), cause },
        _ => PlaceError::Broken { path: path.to_owned() },
    })?;
    let schema = probe(&reader).map_err(|_| PlaceError::Broken { path: path.to_owned() })?;
    let schema = schema.ok_or_else(|| PlaceError::NoCountries { path: path.to_owned() })?;
    Ok(Database { reader, schema })
}

/// The order in which this database keeps its records, if it is a known one.
fn probe(reader: &Reader<Vec<u8>>) -> Result<Option<&'static Schema>, maxminddb::MaxMindDbError> {
    for record in reader.networks(WithinOptions::default())?.take(PROBED_RECORDS) {
        let record = record?;
        if let Some(schema) = SCHEMAS.iter().find(|schema| country(&record, schema).is_some()) {
            return Ok(Some(schema));
        }
    }
    Ok(None)
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
        [place.country, place.region, place.city].map(Cow::into_owned)
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
        assert_eq!(of(&theirs, "192.0.2.1", None), ["DE", "Bavaria", "Munich, Bavaria"]);
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
}
