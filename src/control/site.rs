//! `headcount site`: adds, lists, changes and removes sites. A site is removed with all its figures.

use serde_json::{Value, json};

use super::goal::counted;
use super::notice::announcing;
use super::{Command, Done, Reply, SiteChange, find, refuse, snippet};
use crate::cell::Dimension;
use crate::collector::Collector;
use crate::page::text::site::{described, line, list as listed, set_to};
use crate::page::words::ENGLISH;
use crate::report::Sums;
use crate::site::{Domain, NotSet, Schedule, SettingContext, Settings, SiteSetting};

/// Adds a site.
pub(super) fn add(collector: &Collector, domain: &str, change: SiteChange, base_url: &str) -> Done {
    let domain = Domain::parse(bare(domain))?;
    let schedule = change.zone()?.map_or_else(|| Ok(Schedule::utc()), Schedule::named)?;
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

/// Whether a command would add a site that exists: no database is needed to tell.
pub(super) fn is_there(command: &Command, collector: &Collector) -> bool {
    let Command::SiteEnsure { domain } = command else { return false };
    Domain::parse(bare(domain)).is_ok_and(|domain| collector.directory().find(domain.as_str()).is_some())
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
    let snippet = snippet(&site.domain, base_url);
    let announced = announcing::Announcement::all(collector, &site)?;
    let text = announced.iter().fold(listed(&site, &snippet), |text, it| format!("{text}\n  {}", it.sentence(&site)));
    described["snippet"] = snippet.into();
    described["announced"] = announced.iter().map(|it| it.described(&site)).collect();
    Ok(Reply::new(text, described))
}

/// Lists the sites.
pub(super) fn list(collector: &Collector) -> Done {
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    for site in collector.directory().all() {
        let announced = announcing::Announcement::all(collector, &site)?;
        let mut row = described(&site);
        row["announced"] = announced.iter().map(|it| it.described(&site)).collect();
        rows.push(row);
        lines.push(announced.iter().fold(line(&site), |line, it| format!("{line}\n  {}", it.sentence(&site))));
    }
    let none = "There is no site yet; add one with `headcount site add example.com`.";
    let text = if lines.is_empty() { none.to_owned() } else { lines.join("\n") };
    Ok(Reply::new(text, Value::Array(rows)))
}

pub(super) fn changed(
    mut settings: Settings,
    change: &SiteChange,
    domain: &Domain,
    collector: &Collector,
) -> Result<Settings, NotSet> {
    let directory = collector.directory();
    let context = SettingContext {
        now: collector.clock().now(),
        domain,
        other_with: &|name| {
            let other = directory.find(name).filter(|site| site.domain != *domain);
            other.map(|site| site.domain.clone())
        },
        is_country: &|code| ENGLISH.label(Dimension::Country, code) != code,
        counted: &|path, rules| counted(path, domain, rules).map_err(|refusal| NotSet(refusal.refused.0)),
    };
    change.apply(&mut settings, &context)?;
    let unknown = settings.k_at_rest.dimensions().find(|name| Dimension::from_name(name).is_none());
    match unknown {
        Some(name) => Err(NotSet(format!("{name:?} is no dimension"))),
        None => Ok(settings),
    }
}

/// Changes a site.
pub(super) fn set(collector: &Collector, domain: &str, change: SiteChange) -> Done {
    let mut site = find(collector, domain)?;
    let now = collector.clock().now();
    let before = site.clone();
    site.settings = changed(site.settings, &change, &site.domain, collector)?;
    if site.settings.counter && !before.settings.counter {
        super::share::refuse_part(collector, &site)?;
    }
    let is_given = SiteSetting::all().any(|setting| setting.name == "keep" && change.has(setting));
    if site.settings.retention != before.settings.retention || is_given {
        site.settings.retention_changed = Some(site.schedule.locate(now).day);
    }
    if site.settings.sections.depth != before.settings.sections.depth {
        // Of a site without figures no day is counted otherwise.
        let first = collector.first_day(site.id)?;
        site.settings.sections.since = first.map(|_| site.schedule.locate(now).day);
    }
    if let Some(name) = change.zone()? {
        let zone = Schedule::named(name)?.zone_at(now).clone();
        site.schedule = site.schedule.then(zone, now);
    }
    collector.operators().set_site(&site)?;
    collector.reload()?;
    // What is as it is by itself needs no note.
    let is_set = |setting: &&SiteSetting| setting.default() != Some(setting.value(&site));
    let by_preset = |setting: &&SiteSetting| !change.has(setting) && setting.value(&before) != setting.value(&site);
    let acts = SiteSetting::all().filter(|it| change.has(it) || by_preset(it)).filter(is_set);
    let acts = acts.filter_map(|setting| setting.acts);
    let mut text = std::iter::once(line(&site).as_str()).chain(acts).collect::<Vec<_>>().join("\n");
    let made = SiteSetting::all().filter(by_preset);
    let made: Vec<String> = made.map(|it| format!("--{} {}", it.flag, set_to(it, &it.value(&site)))).collect();
    if !made.is_empty() {
        text.push_str(&format!("\nThe preset has set {}.", made.join(" ")));
    }
    Ok(Reply::new(text, described(&site)))
}

/// Removes a site with all its figures.
pub(super) fn remove(collector: &Collector, domain: &str) -> Done {
    let site = find(collector, domain)?;
    collector.remove_site(site.id)?;
    Ok(Reply::new(format!("{} and all its figures are removed.", site.domain), json!({"removed": site.domain})))
}
