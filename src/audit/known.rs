//! What operators have declared, and what the program itself writes: it may look like a trace of a visitor, and is none.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use super::summary;
use super::trace::{Trace, TraceKind};
use crate::beacon::address::Networks;
use crate::limits;
use crate::store::{Inspection, StoreError};

/// What is no trace.
pub(super) struct Declared {
    proxies: Networks,
    listen: IpAddr,
    /// Networks whose visitors are not counted.
    networks: Vec<IpNet>,
    /// Names of sites and users, which operators chose; digests and signatures of summaries.
    texts: BTreeSet<String>,
}

/// The words of what an owner tells visitors: mail addresses, and whatever else is as long as a secret.
fn words(told: &str) -> impl Iterator<Item = String> + '_ {
    let is_apart = |letter: char| letter.is_whitespace() || "\"\\,;:()<>[]{}".contains(letter);
    told.split(is_apart).map(|word| word.trim_end_matches('.').to_owned()).filter(|word| !word.is_empty())
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
        let mut networks = Vec::new();
        let mut texts: BTreeSet<String> = inspection.user_names()?.into_iter().collect();
        for site in inspection.sites()? {
            texts.insert(site.domain);
            if let Some(settings) = site.settings {
                networks.extend(settings.exclude.networks);
                texts.extend(settings.aliases);
                texts.extend(settings.hosts);
            }
        }
        for told in inspection.notice_texts()? {
            texts.extend(words(&told));
        }
        let mut declared = Declared { proxies, listen, networks, texts };
        if let Some(signed) = inspection.signed_summary()? {
            declared.add_summary(&signed);
        }
        Ok(declared)
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
        if is_shape(text) {
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

    /// What is left of a text without what is declared, in small letters.
    fn without_known(&self, text: &str) -> String {
        let known = self.texts.iter().filter(|known| known.len() >= limits::AUDIT_RUN_BYTES_MIN);
        known.fold(text.to_lowercase(), |text, known| text.replace(&known.to_lowercase(), ""))
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
