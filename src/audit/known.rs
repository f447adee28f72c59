//! What operators have declared, and what the program itself writes: it may look like a trace of a visitor, and is none.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Value, json};

use super::summary;
use super::trace::{Trace, TraceKind};
use crate::beacon::address::Networks;
use crate::limits;
use crate::notice::NoticeFacts;
use crate::site::SiteChange;
use crate::store::{Inspection, StoreError};

/// What is no trace.
pub(super) struct Declared {
    proxies: Networks,
    listen: IpAddr,
    /// Networks whose visitors are not counted.
    networks: Vec<IpNet>,
    /// Names of sites and users, which operators chose; digests and signatures of summaries.
    texts: BTreeSet<String>,
    /// What owners have set for sites and said in their notices, each text as it is and as JSON writes it.
    said: BTreeSet<String>,
}

/// What an announced change sets.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnnouncedSetting {
    SiteSet { change: SiteChange },
    GoalAdd { target: String, name: Option<String> },
    FunnelAdd { name: String, steps: Vec<String> },
}

impl AnnouncedSetting {
    /// Its values. What is no setting is not among them.
    fn value(self) -> Value {
        match self {
            AnnouncedSetting::SiteSet { change } => json!(change.only(|_| true)),
            AnnouncedSetting::GoalAdd { target, name } => json!([target, name]),
            AnnouncedSetting::FunnelAdd { name, steps } => json!([name, steps]),
        }
    }
}

/// Hands out each text within a value.
fn each_text(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(all) => all.iter().for_each(|value| each_text(value, take)),
        Value::Object(all) => all.values().for_each(|value| each_text(value, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a text is the shape of a trace, as an audit prints it.
fn is_shape(text: &str) -> bool {
    text.chars().all(|c| !c.is_alphanumeric() || matches!(c, 'a' | 'A' | '9'))
}

impl Declared {
    /// What a database declares, beside what the configuration does.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) fn of(inspection: &Inspection, proxies: Networks, listen: IpAddr) -> Result<Declared, StoreError> {
        let (mut networks, mut said) = (Vec::new(), Vec::new());
        let mut texts: BTreeSet<String> = inspection.user_names()?.into_iter().collect();
        for site in inspection.sites()? {
            texts.insert(site.domain);
            if let Some(settings) = site.settings {
                said.push(json!(settings));
                networks.extend(settings.exclude.networks);
                texts.extend(settings.aliases);
                texts.extend(settings.hosts);
            }
        }
        // What is of no known shape declares nothing.
        let kept = inspection.notice_facts()?.into_iter();
        said.extend(kept.filter_map(|facts| Some(json!(serde_json::from_str::<NoticeFacts>(&facts).ok()?))));
        let changes = inspection.announced_changes()?.into_iter();
        said.extend(changes.filter_map(|it| Some(serde_json::from_str::<AnnouncedSetting>(&it).ok()?.value())));
        let mut declared = Declared { proxies, listen, networks, texts, said: BTreeSet::new() };
        said.iter().for_each(|value| declared.add_said(value));
        if let Some(signed) = inspection.signed_summary()? {
            declared.add_summary(&signed);
        }
        Ok(declared)
    }

    fn add_said(&mut self, value: &Value) {
        each_text(value, &mut |text| {
            let written = json!(text).to_string();
            self.said.extend([text.to_owned(), written.trim_matches('"').to_owned()]);
        });
    }

    /// Adds what the summaries say that lie in a folder: digests look like secrets.
    pub(super) fn add_summaries(&mut self, folder: &Path) {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let is_small = |entry: &std::fs::DirEntry| {
            entry.metadata().is_ok_and(|file| file.is_file() && file.len() < limits::AUDIT_SUMMARY_BYTES_MAX)
        };
        for entry in entries.filter(is_small) {
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                self.add_summary(&text);
            }
        }
    }

    /// Adds the digests of programs, which an audit prints.
    pub(super) fn add_builds(&mut self, builds: impl Iterator<Item = String>) {
        self.texts.extend(builds);
    }

    fn add_summary(&mut self, signed: &str) {
        if let Ok(summary) = summary::verified(signed, None) {
            let is_digest = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            self.texts.extend(summary.digests().filter(is_digest));
            self.texts.extend(summary::seals(signed));
        }
    }

    /// Whether something that looks like a trace is none.
    pub(super) fn has(&self, trace: &Trace) -> bool {
        let Ok(text) = std::str::from_utf8(&trace.value) else { return false };
        if is_shape(text) || self.is_said(text) {
            return true;
        }
        match trace.kind {
            TraceKind::Address => {
                let bare = text.trim_start_matches('[').trim_end_matches(']');
                bare.split('%').next().and_then(|bare| bare.parse().ok()).is_some_and(|ip| self.has_address(ip))
            }
            // Texts of a row stand side by side: a name may be followed by the same in small letters.
            TraceKind::Mail => !self.without_known(text).contains('@'),
            TraceKind::Secret => self.is_part(text) || self.without_known(text).len() < limits::AUDIT_SECRET_BYTES_MIN,
            _ => false,
        }
    }

    /// Whether an owner has said just this, by itself or among other words.
    fn is_said(&self, text: &str) -> bool {
        let is_apart = |neighbour: Option<char>| neighbour.is_none_or(|letter| !letter.is_alphanumeric());
        self.said.iter().any(|said| {
            said.match_indices(text).any(|(at, found)| {
                is_apart(said[..at].chars().next_back()) && is_apart(said[at + found.len()..].chars().next())
            })
        })
    }

    /// What is left of a text without what is declared, in small letters.
    fn without_known(&self, text: &str) -> String {
        let known = self.texts.iter().filter(|known| known.len() >= limits::AUDIT_RUN_BYTES_MIN);
        let mut known: Vec<&String> = known.collect();
        // The name of a site may be a part of another text.
        known.sort_by_key(|known| Reverse(known.len()));
        known.into_iter().fold(text.to_lowercase(), |text, known| text.replace(&known.to_lowercase(), ""))
    }

    /// Whether a text is a part of something that is declared.
    fn is_part(&self, text: &str) -> bool {
        self.texts.iter().any(|known| known.contains(text))
    }

    fn has_address(&self, address: IpAddr) -> bool {
        // IPv6 may have an IPv4 address in it.
        let address = address.to_canonical();
        let is_nobodys = address.is_loopback() || address.is_unspecified() || address.is_multicast();
        let is_broadcast = matches!(address, IpAddr::V4(four) if four.is_broadcast());
        let is_named = address == self.listen || self.proxies.contains(address);
        is_nobodys || is_broadcast || is_named || self.networks.iter().any(|network| network.contains(&address))
    }
}
