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

    fn add_summary(&mut self, signed: &str) {
        if let Ok(summary) = summary::verified(signed, None) {
            self.texts.extend(summary.digests());
        }
    }

    /// Whether something that looks like a trace is none.
    pub(super) fn has(&self, trace: &Trace) -> bool {
        let Ok(text) = std::str::from_utf8(&trace.value) else { return false };
        match trace.kind {
            TraceKind::Address => {
                let bare = text.trim_start_matches('[').trim_end_matches(']');
                bare.split('%').next().and_then(|bare| bare.parse().ok()).is_some_and(|ip| self.has_address(ip))
            }
            // The byte behind it may have been taken for a part of it, and the one before.
            TraceKind::Mail => self.texts.iter().any(|known| {
                text.to_lowercase()
                    .find(&known.to_lowercase())
                    .is_some_and(|at| at <= 1 && text.len() <= known.len() + 2)
            }),
            TraceKind::Token => {
                let is_of = |known: &String| {
                    known.contains(text) || text.len() <= known.len() + 2 && text.contains(known.as_str())
                };
                self.texts.iter().any(|known| known.len() >= limits::SECRET_BYTES_MIN && is_of(known))
            }
            _ => false,
        }
    }

    fn has_address(&self, address: IpAddr) -> bool {
        let is_nobodys = address.is_loopback() || address.is_unspecified() || address.is_multicast();
        let is_broadcast = matches!(address, IpAddr::V4(four) if four.is_broadcast());
        let is_named = address == self.listen || self.proxies.contains(address);
        is_nobodys || is_broadcast || is_named || self.networks.iter().any(|network| network.contains(&address))
    }
}
