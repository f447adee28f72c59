//! In: a site. Out: what is set for it, as a line, as a list and as JSON. Forgets: nothing.

use serde_json::{Value, json};

use super::super::snippet;
use crate::limits;
use crate::site::paths::PathRules;
use crate::site::{AddressMode, Budget, Exclusions, Site};

/// A site in a line: what differs from the defaults.
pub(super) fn line(site: &Site) -> String {
    let mut line = format!("{}  {}", site.domain, site.schedule.name());
    if let Some((_, zone)) = site.schedule.next() {
        line.push_str(&format!(" ({zone} from its next day on)"));
    }
    if !site.settings.hosts.is_empty() {
        line.push_str(&format!("  hosts {}", site.settings.hosts.join(", ")));
    }
    if !site.settings.aliases.is_empty() {
        line.push_str(&format!("  aliases {}", site.settings.aliases.join(", ")));
    }
    if site.settings.address != AddressMode::Hash {
        line.push_str(&format!("  address {}", site.settings.address.name()));
    }
    if site.settings.counter {
        line.push_str("  public counter");
    }
    if site.settings.small_counts_k != limits::SMALL_COUNTS_K {
        line.push_str(&format!("  small counts below {}", site.settings.small_counts_k));
    }
    if !site.settings.opt_out {
        line.push_str("  opt-out ignored");
    }
    if site.settings.subdomain_referrers {
        line.push_str("  sub-domains are referrers");
    }
    let (budget, usual) = (site.settings.budget, Budget::default());
    if budget.values != usual.values {
        line.push_str(&format!("  at most {} values a day", budget.values));
    }
    if budget.pair_cells != usual.pair_cells {
        line.push_str(&format!("  at most {} pair cells a day", budget.pair_cells));
    }
    line.extend(rules(&site.settings.paths));
    for (what, texts) in excluded(&site.settings.exclude) {
        if !texts.is_empty() {
            line.push_str(&format!("  without {what} {}", texts.join(", ")));
        }
    }
    line
}

/// The rules of paths that differ from the defaults.
fn rules(paths: &PathRules) -> impl Iterator<Item = String> {
    let usual = PathRules::default();
    let listed = |what: &str, texts: &[String]| (!texts.is_empty()).then(|| format!("  {what} {}", texts.join(", ")));
    let differs = |is_other: bool, what: &str, value: &str| is_other.then(|| format!("  {what} {value}"));
    [
        listed("path templates", &paths.templates),
        listed("path masks", &paths.masks),
        differs(paths.slash != usual.slash, "path slash", paths.slash.name()),
        differs(paths.case != usual.case, "path case", paths.case.name()),
        listed("query keys", &paths.query_keys),
        differs(paths.personal != usual.personal, "personal paths", &personal(paths.personal)),
        listed("paths by name", &paths.by_name),
    ]
    .into_iter()
    .flatten()
}

/// The kinds of exclusions and those that there are.
fn excluded(exclude: &Exclusions) -> [(&'static str, Vec<String>); 4] {
    [
        ("networks", exclude.networks.iter().map(ToString::to_string).collect()),
        ("countries", exclude.countries.clone()),
        ("paths", exclude.paths.clone()),
        ("hosts", exclude.hosts.clone()),
    ]
}

/// Everything that is set for a site, a line each.
pub(super) fn list(site: &Site, base_url: &str) -> String {
    let settings = &site.settings;
    let several = |texts: &[String], none: &str| if texts.is_empty() { none.to_owned() } else { texts.join(", ") };
    let zone = match site.schedule.next() {
        Some((_, next)) => format!("{}, {next} from its next day on", site.schedule.name()),
        None => site.schedule.name().to_owned(),
    };
    let mut rows = vec![
        ("time zone", zone),
        ("hosts", several(&settings.hosts, "any")),
        ("aliases", several(&settings.aliases, "none")),
        ("address", settings.address.name().to_owned()),
        ("opt-out", if settings.opt_out { "honoured" } else { "ignored" }.to_owned()),
        ("sub-domains", if settings.subdomain_referrers { "referrers" } else { "the site itself" }.to_owned()),
        ("public counter", if settings.counter { "yes" } else { "no" }.to_owned()),
        ("small counts", format!("below {} visitors a day", settings.small_counts_k)),
        ("values a day", settings.budget.values.to_string()),
        ("pair cells a day", settings.budget.pair_cells.to_string()),
        ("path templates", several(&settings.paths.templates, "none")),
        ("path masks", several(&settings.paths.masks, "none")),
        ("path slash", settings.paths.slash.name().to_owned()),
        ("path case", settings.paths.case.name().to_owned()),
        ("query keys", several(&settings.paths.query_keys, "none")),
        ("personal paths", personal(settings.paths.personal)),
        ("paths by name", several(&settings.paths.by_name, "none")),
    ];
    for (what, texts) in excluded(&settings.exclude) {
        let title = match what {
            "networks" => "excluded networks",
            "countries" => "excluded countries",
            "paths" => "excluded paths",
            _ => "excluded hosts",
        };
        rows.push((title, several(&texts, "none")));
    }
    rows.extend([
        ("goals", settings.goals.len().to_string()),
        ("funnels", settings.funnels.len().to_string()),
        ("annotations", settings.annotations.len().to_string()),
        ("campaigns", settings.campaigns.len().to_string()),
        ("snippet", snippet(&site.domain, base_url)),
    ]);
    let width = rows.iter().map(|(title, _)| title.len()).max().unwrap_or_default();
    let lines = rows.iter().map(|(title, value)| format!("  {title:width$}  {value}"));
    format!("{}\n\n{}", site.domain, lines.collect::<Vec<_>>().join("\n"))
}

fn personal(children: u32) -> String {
    match children {
        0 => "all by name".to_owned(),
        children => format!("past {children} children that one visitor each has seen"),
    }
}

/// What is set for a site, for scripts.
pub(super) fn described(site: &Site) -> Value {
    let exclude = &site.settings.exclude;
    json!({
        "domain": site.domain,
        "timezone": site.schedule.name(),
        "next_timezone": site.schedule.next().map(|(_, zone)| zone),
        "hosts": site.settings.hosts,
        "aliases": site.settings.aliases,
        "address": site.settings.address.name(),
        "counter": site.settings.counter,
        "small_counts_k": site.settings.small_counts_k,
        "opt_out": site.settings.opt_out,
        "subdomain_referrers": site.settings.subdomain_referrers,
        "values_max": site.settings.budget.values,
        "pair_cells_max": site.settings.budget.pair_cells,
        "paths": site.settings.paths,
        "personal_paths": site.settings.paths.personal,
        "paths_by_name": site.settings.paths.by_name,
        "exclude_ips": exclude.networks,
        "exclude_countries": exclude.countries,
        "exclude_paths": exclude.paths,
        "exclude_hosts": exclude.hosts,
    })
}
