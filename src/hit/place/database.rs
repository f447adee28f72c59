//! In: an MMDB file. Out: places of addresses. Forgets: what the file knows beyond country, region and city.
//!
//! Several publishers order their records differently, so the order is found out when a file is opened. Networks share
//! records: the place of each is made once and kept, as long as there is room.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use maxminddb::{LookupResult, PathElement, Reader, WithinOptions};
use quick_cache::sync::Cache;

use super::{Detail, Place, PlaceError};
use crate::cell::NOT_SET;
use crate::limits;
use crate::limits::PLACE_CACHE_ENTRIES;
use crate::site::{Day, Moment, Schedule};

/// Where a database keeps a value: keys, and the first element of lists.
type DatabaseField = &'static [PathElement<'static>];

/// How a publisher orders a record.
struct Schema {
    country: DatabaseField,
    region_code: DatabaseField,
    region_name: DatabaseField,
    city: DatabaseField,
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

/// An open database.
pub(super) struct Database {
    reader: Reader<Vec<u8>>,
    schema: &'static Schema,
    detail: Detail,
    /// Places by where their records begin in the file.
    places: Cache<usize, Arc<Place>>,
}

/// What a file of places says about itself, and what its first records hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its type, such as `GeoLite2-City`.
    pub kind: String,
    /// The day on which it was built.
    pub built: Day,
    /// 6 if it knows addresses of both versions, 4 for the older one alone.
    pub ip_version: u16,
    /// The most that its records tell.
    pub detail: Detail,
}

impl Database {
    /// Reads a file as a whole.
    pub(super) fn read(path: &Path, detail: Detail) -> Result<Database, PlaceError> {
        let reader = Reader::open_readfile(path).map_err(|error| match error {
            maxminddb::MaxMindDbError::Io(cause) => PlaceError::Unreadable { path: path.to_owned(), cause },
            _ => PlaceError::Broken { path: path.to_owned() },
        })?;
        let schema = probe(&reader).map_err(|_| PlaceError::Broken { path: path.to_owned() })?;
        let schema = schema.ok_or_else(|| PlaceError::NoCountries { path: path.to_owned() })?;
        Ok(Database { reader, schema, detail, places: Cache::new(PLACE_CACHE_ENTRIES) })
    }

    /// The same database, asked for another part of a place.
    pub(super) fn showing(self, detail: Detail) -> Database {
        Database { detail, places: Cache::new(PLACE_CACHE_ENTRIES), ..self }
    }

    /// Where an address is.
    pub(super) fn find(&self, address: IpAddr) -> Option<Arc<Place>> {
        let record = self.reader.lookup(address).ok()?;
        let offset = record.offset()?;
        if let Some(place) = self.places.get(&offset) {
            return Some(place);
        }
        let place = Arc::new(self.place(&record)?);
        self.places.insert(offset, place.clone());
        Some(place)
    }

    fn place(&self, record: &LookupResult<'_, Vec<u8>>) -> Option<Place> {
        let country = country(record, self.schema)?;
        let wanted = |field, detail| if self.detail >= detail { text(record, field) } else { None };
        let region = wanted(self.schema.region_code, Detail::Region)
            .map(|code| if code.contains('-') { code.to_owned() } else { format!("{country}-{code}") })
            // What stands before the first hyphen of a region is its country, here as in codes.
            .or_else(|| wanted(self.schema.region_name, Detail::Region).map(|name| format!("{country}-{name}")));
        let city = wanted(self.schema.city, Detail::City)
            .map(|name| format!("{name}, {}", region.as_deref().unwrap_or(country)));
        Some(Place {
            country: Cow::Owned(country.to_owned()),
            region: region.map_or(Cow::Borrowed(NOT_SET), Cow::Owned),
            city: city.map_or(Cow::Borrowed(NOT_SET), Cow::Owned),
        })
    }

    /// The day on which it was built.
    pub(super) fn built(&self) -> Day {
        let ms = self.reader.metadata().build_epoch.saturating_mul(1_000);
        Schedule::utc().locate(Moment(i64::try_from(ms).unwrap_or(i64::MAX))).day
    }

    /// What the file is.
    pub(super) fn facts(&self) -> Facts {
        let metadata = self.reader.metadata();
        Facts {
            kind: metadata.database_type.clone(),
            built: self.built(),
            ip_version: metadata.ip_version,
            detail: self.most(),
        }
    }

    /// The most that one of the first records tells.
    fn most(&self) -> Detail {
        let records =
            self.reader.networks(WithinOptions::default()).into_iter().flatten().take(limits::PLACE_RECORDS_PROBED);
        let told = records.flatten().map(|record| match self.place(&record) {
            Some(place) if place.city != NOT_SET => Detail::City,
            Some(place) if place.region != NOT_SET => Detail::Region,
            _ => Detail::Country,
        });
        told.max().unwrap_or(Detail::Country)
    }
}

/// A text of a record; nothing when it is missing, empty, or no text.
fn text<'a>(record: &LookupResult<'a, Vec<u8>>, field: DatabaseField) -> Option<&'a str> {
    record.decode_path::<&str>(field).ok().flatten().filter(|text| !text.is_empty())
}

fn country<'a>(record: &LookupResult<'a, Vec<u8>>, schema: &Schema) -> Option<&'a str> {
    text(record, schema.country).filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))
}

/// The order in which this database keeps its records, if it is a known one.
fn probe(reader: &Reader<Vec<u8>>) -> Result<Option<&'static Schema>, maxminddb::MaxMindDbError> {
    for record in reader.networks(WithinOptions::default())?.take(limits::PLACE_RECORDS_PROBED) {
        let record = record?;
        if let Some(schema) = SCHEMAS.iter().find(|schema| country(&record, schema).is_some()) {
            return Ok(Some(schema));
        }
    }
    Ok(None)
}
