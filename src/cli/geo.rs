//! In: a file of places, and addresses to look up in it. Out: what the file is, or how to get one. Forgets: the addresses.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::words::GeoWords;
use crate::config::Config;
use crate::control::Reply;
use crate::hit::place::{self, Places};
use crate::site::Moment;

/// How to get a file. The names are those of the publishers; none of them is asked from here.
const HOW: &str = "\
Without a file, the country comes from the browser's time zone: right for most people, but for those who travel or who
blur it. With an MMDB file it comes from the address, and with a larger one region and city do too. Free ones are:

  DB-IP Lite (countries or cities)   no account, a new file each month, CC BY 4.0: link to db-ip.com on your pages
                                     https://db-ip.com/db/lite.php
  GeoLite2 (countries or cities)     a free account, new files twice a week, to be updated within 30 days
                                     https://dev.maxmind.com/geoip/geolite2-free-geolocation-data
  IPinfo Lite (countries)            a free account, a new file each day, CC BY-SA 4.0
                                     https://ipinfo.io/lite

Unpack the file, check it with `headcount geo FILE`, and name it in the configuration:

  geo = \"/var/lib/headcount/places.mmdb\"
  place = \"country\"                      # none, country, region or city; city if left out

A new file may be put in its place while the server runs. It is read within ten seconds; a broken one is refused and the old
one serves on, so move files into place rather than writing over them.
";

/// Checks the file that is named, else that of the configuration; without both it says how to get one.
pub fn geo(config: &Config, words: &GeoWords) -> Result<Reply> {
    match words.file.as_deref().or(config.geo.as_deref()) {
        Some(file) => check(file, config, words),
        None => Ok(Reply { text: HOW.to_owned(), json: json!({"file": null, "place": config.place.name()}) }),
    }
}

fn check(file: &Path, config: &Config, words: &GeoWords) -> Result<Reply> {
    let facts = place::facts(file)?;
    let places = Places::open(file)?.showing(config.place);
    let day = crate::site::Schedule::utc().locate(Moment(facts.built_s as i64 * 1_000)).day;
    let mut text = format!(
        "{} can be used.\n  kind     {}\n  built    {day}\n  tells    {}\n  knows    IPv4{}\n  counted  {} (`place`)\n",
        file.display(),
        facts.kind,
        facts.detail.name(),
        if facts.ip_version == 6 { " and IPv6" } else { "" },
        config.place.min(facts.detail).name(),
    );
    let mut found = Vec::new();
    for address in &words.addresses {
        let place = places.of(*address, None);
        text.push_str(&format!("\n{address}\n  {} · {} · {}\n", place.country, place.region, place.city));
        found.push(json!({"country": place.country, "region": place.region, "city": place.city}));
    }
    let json = json!({
        "file": file.display().to_string(),
        "kind": facts.kind,
        "built": day.to_string(),
        "tells": facts.detail.name(),
        "ip_version": facts.ip_version,
        "place": config.place.name(),
        "found": found,
    });
    Ok(Reply { text, json })
}
