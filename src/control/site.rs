//! In: the words of `headcount site`. Out: sites, added, listed, changed or removed. Forgets: with a site, all its figures.

mod excluded;
mod shown;

use serde_json::{Value, json};

use super::{Done, Refusal, Reply, SiteChange, find, refuse, snippet};
use crate::collector::Collector;
use crate::limits;
use crate::site::{self, Domain, Schedule, Settings};
use shown::{described, line};

/// Adds a site.
pub(super) fn add(collector: &Collector, domain: &str, change: SiteChange, base_url: &str) -> Done {
    let domain = Domain::parse(bare(domain))?;
    let schedule = match &change.timezone {
        Some(name) => Schedule::named(name)?,
        None => Schedule::utc(),
    };
    if let Some(other) = collector.directory().find(domain.as_str()).filter(|site| site.domain != domain) {
        return refuse(format!("{domain} is an alias of {}; take it away with `headcount site set`", other.domain));
    }
    let settings = changed(Settings::default(), &change, &domain, collector)?;
    collector.operators().add_site(&domain, &schedule, &settings, collector.clock().now())?;
    collector.reload()?;
    let snippet = snippet(&domain, base_url);
    let text = format!("{domain} is counted from now on. Paste this line into the head of its pages:\n\n  {snippet}\n");
    Ok(Reply::new(text, json!({"domain": domain, "timezone": schedule.name(), "snippet": snippet})))
}

/// The host of what people paste from the line of addresses.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// Adds a site unless it exists.
pub(super) fn ensure(collector: &Collector, domain: &str, base_url: &str) -> Done {
    let parsed = Domain::parse(bare(domain))?;
    if collector.directory().find(parsed.as_str()).is_none() {
        return add(collector, domain, SiteChange::default(), base_url);
    }
    let snippet = snippet(&parsed, base_url);
    let text = format!("{parsed} is counted already. Its line for the head of its pages:\n\n  {snippet}\n");
    Ok(Reply::new(text, json!({"domain": parsed, "snippet": snippet})))
}

/// Shows everything that is set for a site.
pub(super) fn show(collector: &Collector, domain: &str, base_url: &str) -> Done {
    let site = find(collector, domain)?;
    let mut described = described(&site);
    described["snippet"] = snippet(&site.domain, base_url).into();
    Ok(Reply::new(shown::list(&site, base_url), described))
}

/// Lists the sites.
pub(super) fn list(collector: &Collector) -> Reply {
    let sites = collector.directory().all();
    let rows: Vec<Value> = sites.iter().map(|site| described(site)).collect();
    let lines: Vec<String> = sites.iter().map(|site| line(site)).collect();
    let none = "There is no site yet; add one with `headcount site add example.com`.";
    let text = if lines.is_empty() { none.to_owned() } else { lines.join("\n") };
    Reply::new(text, Value::Array(rows))
}

fn changed(
    mut settings: Settings,
    change: &SiteChange,
    domain: &Domain,
    collector: &Collector,
) -> Result<Settings, Refusal> {
    if let Some(hosts) = &change.hosts {
        settings.hosts = hosts.iter().map(|host| site::host_pattern(host)).collect::<Result<_, _>>()?;
    }
    for name in &change.remove_aliases {
        let alias = site::fold(name);
        if !settings.aliases.contains(&alias) {
            return refuse(format!("{alias:?} is no alias of {domain}; `headcount site list` shows all"));
        }
        settings.aliases.retain(|known| *known != alias);
    }
    for name in &change.add_aliases {
        let alias = Domain::parse(name)?.as_str().to_owned();
        // No two sites share a name: a beacon must never count for the wrong one.
        if let Some(other) = collector.directory().find(&alias).filter(|site| site.domain != *domain) {
            return refuse(format!("{alias} is a name of {} already", other.domain));
        }
        if alias != domain.as_str() && !settings.aliases.contains(&alias) {
            settings.aliases.push(alias);
        }
    }
    if settings.aliases.len() > limits::ALIASES_MAX {
        return refuse(format!("{domain} has more than {} aliases", limits::ALIASES_MAX));
    }
    settings.address = change.address.unwrap_or(settings.address);
    settings.counter = change.counter.unwrap_or(settings.counter);
    settings.small_counts_k = small_counts_k(change.small_counts_k, settings.small_counts_k)?;
    settings.opt_out = change.opt_out.unwrap_or(settings.opt_out);
    settings.subdomain_referrers = change.subdomain_referrers.unwrap_or(settings.subdomain_referrers);
    let budget = &mut settings.budget;
    budget.values = within("--values-max", change.values_max, budget.values, limits::VALUES_PER_DAY_MAX)?;
    let most = limits::PAIR_CELLS_PER_DAY_MAX;
    budget.pair_cells = within("--pair-cells-max", change.pair_cells_max, budget.pair_cells, most)?;
    let paths = &mut settings.paths;
    for (list, changed) in [
        (&mut paths.templates, &change.templates),
        (&mut paths.masks, &change.masks),
        (&mut paths.query_keys, &change.query_keys),
        (&mut paths.by_name, &change.by_name),
    ] {
        list.clone_from(changed.as_ref().unwrap_or(&list.clone()));
    }
    if let Some(personal) = change.personal {
        let most = limits::PERSONAL_CHILDREN_MAX;
        paths.personal = if personal == 0 { 0 } else { within("--personal-paths", Some(personal), 0, most)? };
    }
    paths.slash = change.slash.unwrap_or(paths.slash);
    paths.case = change.case.unwrap_or(paths.case);
    paths.check()?;
    settings.exclude = excluded::changed(&settings.exclude, change, domain, &settings.paths)?;
    Ok(settings)
}

/// How many visitors a value needs, as asked for, or as it was.
fn small_counts_k(asked: Option<u32>, before: u32) -> Result<u32, Refusal> {
    let (least, most) = (limits::SMALL_COUNTS_K_MIN, limits::SMALL_COUNTS_K_MAX);
    match asked {
        Some(k) if !(least..=most).contains(&k) => {
            refuse(format!("--small-counts-k {k} is out of bounds; write a number from {least} to {most}"))
        }
        asked => Ok(asked.unwrap_or(before)),
    }
}

/// A number that was asked for, or the one that is there.
fn within(flag: &str, asked: Option<u32>, before: u32, most: u32) -> Result<u32, Refusal> {
    match asked {
        Some(number) if number == 0 || number > most => {
            refuse(format!("{flag} {number} is out of bounds; write a number from 1 to {most}"))
        }
        asked => Ok(asked.unwrap_or(before)),
    }
}

/// Changes a site.
pub(super) fn set(collector: &Collector, domain: &str, change: SiteChange) -> Done {
    let mut site = find(collector, domain)?;
    let now = collector.clock().now();
    site.settings = changed(site.settings, &change, &site.domain, collector)?;
    if let Some(name) = &change.timezone {
        let zone = Schedule::named(name)?.zone_at(now).clone();
        site.schedule = site.schedule.then(zone, now);
    }
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let mut text = line(&site);
    if change.values_max.is_some() {
        text.push_str("\nThe budget of values acts from the site's next day on: today has begun with the one before.");
    }
    if change.pair_cells_max.is_some() {
        text.push_str("\nThe budget of pair cells acts from the end of the site's present day on.");
    }
    Ok(Reply::new(text, described(&site)))
}

/// Removes a site with all its figures.
pub(super) fn remove(collector: &Collector, domain: &str) -> Done {
    let site = find(collector, domain)?;
    collector.remove_site(site.id)?;
    Ok(Reply::new(format!("{} and all its figures are removed.", site.domain), json!({"removed": site.domain})))
}
