//! `headcount geo`: what a file of places or the table in the program knows of addresses, and how to get a file.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::words::GeoWords;
use crate::config::Config;
use crate::control::Reply;
use crate::hit::place::{self, Places};
use crate::site::{Day, Moment, Schedule};

/// How to get a file. The names are those of the publishers; none of them is asked from here.
const HOW: &str = "\
The table knows countries alone. With an MMDB file of yours, which goes before it, region and city are known too, and what
changed since the table was made. Free ones are:

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

/// Looks addresses up in the file that is named, else in that of the configuration, else in the table; what that is.
pub fn geo(config: &Config, words: &GeoWords, now: Moment) -> Result<Reply> {
    let file = words.file.as_deref().or(config.geo.as_deref());
    let places = file.map_or_else(|| Ok(Places::none()), Places::open)?.showing(config.place);
    let (mut text, mut json) = match file {
        Some(file) => of_file(file, config)?,
        None => (String::new(), json!({"file": null})),
    };
    let (told, table) = of_table(Schedule::utc().locate(now).day);
    text.push_str(&told);
    let mut found = Vec::new();
    for address in &words.addresses {
        let place = places.of(*address, words.time_zone.as_deref());
        text.push_str(&format!("\n{address}\n  {} · {} · {}\n", place.country, place.region, place.city));
        found.push(json!({"country": place.country, "region": place.region, "city": place.city}));
    }
    if file.is_none() && words.addresses.is_empty() {
        text.push_str(&format!("\n{HOW}"));
    }
    json["place"] = config.place.name().into();
    json["table"] = table;
    json["found"] = found.into();
    Ok(Reply { text, json })
}

fn of_file(file: &Path, config: &Config) -> Result<(String, Value)> {
    let facts = place::facts(file)?;
    let text = format!(
        "{} can be used.\n  kind     {}\n  built    {}\n  tells    {}\n  knows    IPv4{}\n  counted  {} (`place`)\n\n",
        file.display(),
        facts.kind,
        facts.built,
        facts.detail.name(),
        if facts.ip_version == 6 { " and IPv6" } else { "" },
        config.place.min(facts.detail).name(),
    );
    let json = json!({
        "file": file.display().to_string(),
        "kind": facts.kind,
        "built": facts.built.to_string(),
        "tells": facts.detail.name(),
        "ip_version": facts.ip_version,
    });
    Ok((text, json))
}

fn of_table(today: Day) -> (String, Value) {
    let table = place::table();
    let is_old = place::is_old(table.day, today);
    let age = if is_old { "; more than a year old: a newer headcount or a file knows better" } else { "" };
    let text = format!(
        "The table in this program tells countries where no file does.\n  data     of {}{age}\n  knows    {} countries, IPv4 and \
         IPv6\n  from     {}\n",
        table.day, table.countries, table.origin,
    );
    let json = json!({
        "built": table.day.to_string(),
        "is_old": is_old,
        "countries": table.countries,
        "bytes": table.bytes,
        "origin": table.origin,
    });
    (text, json)
}
