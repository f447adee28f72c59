//! In: what an operator leaves out of a site. Out: [`Exclusions`], checked. Forgets: nothing.

use super::super::goal::counted;
use super::super::{Refusal, SiteChange, refuse};
use crate::cell::Dimension;
use crate::limits;
use crate::page::words::ENGLISH;
use crate::site::{self, Domain, Exclusions, PathRules, exclusions};

/// The exclusions of a site after a change. `paths` are its rules after that change.
pub(super) fn changed(
    before: &Exclusions,
    change: &SiteChange,
    domain: &Domain,
    paths: &PathRules,
) -> Result<Exclusions, Refusal> {
    let mut after = before.clone();
    if let Some(texts) = &change.exclude_ips {
        after.networks = each(texts, |text| Ok(exclusions::network(text)?))?;
    }
    if let Some(texts) = &change.exclude_countries {
        after.countries = each(texts, country)?;
    }
    if let Some(texts) = &change.exclude_paths {
        after.paths = each(texts, |text| path(text, domain, paths))?;
    }
    if let Some(texts) = &change.exclude_hosts {
        after.hosts = each(texts, |text| Ok(site::host_pattern(text)?))?;
    }
    after.check()?;
    Ok(after)
}

/// What is read of each text, once.
fn each<T: PartialEq>(texts: &[String], read: impl Fn(&str) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
    let mut found = Vec::with_capacity(texts.len());
    for text in texts {
        let one = read(text)?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok(found)
}

fn country(text: &str) -> Result<String, Refusal> {
    let code = text.trim().to_uppercase();
    match ENGLISH.label(Dimension::Country, &code) == code {
        true => refuse(format!("{:?} is no code of a country; write two letters like DE", text.trim())),
        false => Ok(code),
    }
}

/// A page or a pattern of pages, as hits are when they are compared with it.
fn path(text: &str, domain: &Domain, rules: &PathRules) -> Result<String, Refusal> {
    let text = text.trim();
    if !text.starts_with('/') || text.contains(char::is_control) || text.len() > limits::NAME_BYTES_MAX {
        return refuse(format!("{text:?} is no path to leave out; write it like /admin/** or /login"));
    }
    if text.contains("**") && text.trim_matches(['/', '*']).is_empty() {
        return refuse(format!("{text} is every page of {domain}; name those that are not to be counted"));
    }
    let page = counted(text, domain, rules)?;
    match page != text && rules.templates.contains(&page) {
        // One order would silently stand for all of them.
        true => {
            refuse(format!("{text} counts as {page} by the site's rules; write that if all of it is to be left out"))
        }
        false => Ok(page),
    }
}
