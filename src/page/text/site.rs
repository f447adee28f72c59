//! What is set for a site, as a line, as a list and as JSON.

use serde_json::{Value, json};

use super::filled;
use crate::site::{SettingKind, SettingValue, Site, SiteSetting};

/// A site in a line: what differs from the defaults.
pub fn line(site: &Site) -> String {
    let mut line = format!("{}  {}", site.domain, site.schedule.name());
    if let Some((_, zone)) = site.schedule.next() {
        line.push_str(&format!(" ({zone} from its next day on)"));
    }
    for setting in SiteSetting::all() {
        let value = setting.value(site);
        if setting.default().is_some_and(|default| default != value) {
            line.push_str("  ");
            line.push_str(&remark(setting, &value));
        }
    }
    line
}

/// What the line says of a setting.
fn remark(setting: &SiteSetting, value: &SettingValue) -> String {
    match (&setting.kind, value) {
        (SettingKind::Number { zero: Some(zero), .. }, SettingValue::Number(0)) => format!("{} {zero}", setting.title),
        (_, SettingValue::Number(number)) => filled(setting.line, *number),
        _ => setting.line.replace("{}", &plain(value)),
    }
}

/// Everything that is set for a site, a line each.
pub fn list(site: &Site, snippet: &str) -> String {
    let settings = &site.settings;
    let mut rows: Vec<(&str, String)> =
        SiteSetting::all().map(|setting| (setting.title, shown(setting, site))).collect();
    rows.extend([
        ("goals", settings.goals.len().to_string()),
        ("funnels", settings.funnels.len().to_string()),
        ("annotations", settings.annotations.len().to_string()),
        ("campaigns", settings.campaigns.len().to_string()),
        ("snippet", snippet.to_owned()),
    ]);
    let width = rows.iter().map(|(title, _)| title.len()).max().unwrap_or_default();
    let lines = rows.iter().map(|(title, value)| format!("  {title:width$}  {value}"));
    format!("{}\n\n{}", site.domain, lines.collect::<Vec<_>>().join("\n"))
}

/// What the list says of a setting.
fn shown(setting: &SiteSetting, site: &Site) -> String {
    let value = setting.value(site);
    match (&setting.kind, &value) {
        (SettingKind::Zone, _) => match site.schedule.next() {
            Some((_, next)) => format!("{}, {next} from its next day on", site.schedule.name()),
            None => site.schedule.name().to_owned(),
        },
        (SettingKind::Switch { on, .. }, SettingValue::Switch(true)) => (*on).to_owned(),
        (SettingKind::Switch { off, .. }, _) => (*off).to_owned(),
        (SettingKind::Number { zero: Some(zero), .. }, SettingValue::Number(0)) => (*zero).to_owned(),
        (SettingKind::Number { shown, .. }, SettingValue::Number(number)) => filled(shown, *number),
        (SettingKind::List { none, .. } | SettingKind::Set { none, .. }, SettingValue::List(texts))
            if texts.is_empty() =>
        {
            (*none).to_owned()
        }
        (_, SettingValue::List(texts)) if texts.is_empty() => "none".to_owned(),
        (_, value) => plain(value),
    }
}

/// A value as a flag takes it.
pub fn set_to(setting: &SiteSetting, value: &SettingValue) -> String {
    match (&setting.kind, value) {
        (SettingKind::List { none, .. } | SettingKind::Set { none, .. }, SettingValue::List(texts))
            if texts.is_empty() =>
        {
            (*none).to_owned()
        }
        _ => plain(value),
    }
}

/// A value alone.
pub fn plain(value: &SettingValue) -> String {
    match value {
        SettingValue::Switch(is_on) => is_on.to_string(),
        SettingValue::Number(number) => number.to_string(),
        SettingValue::Word(word) => word.clone(),
        SettingValue::List(texts) => texts.join(", "),
    }
}

/// What is set for a site, for scripts.
pub fn described(site: &Site) -> Value {
    let paths = &site.settings.paths;
    let mut described = json!({
        "domain": site.domain,
        "next_timezone": site.schedule.next().map(|(_, zone)| zone),
        "paths": paths,
        "personal_paths": paths.personal,
        "paths_by_name": paths.by_name,
    });
    for setting in SiteSetting::all() {
        described[setting.name] = json!(setting.value(site));
    }
    described
}
