//! `headcount explain` for a whole request: what becomes of it, stage by stage, by the settings that a data folder has. Nothing is
//! counted, and the folder is only read: a server may be running on it.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::tools;
use super::words::ExplainWords;
use crate::collector::random;
use crate::config::Config;
use crate::control::Reply;
use crate::control::folder::DATABASE;
use crate::limits;
use crate::page::text::explained::text;
use crate::server::explain::{Explainer, OpenedPage, RawRequest};
use crate::site::{Directory, Domain, Moment, Schedule, Settings, Site, SiteId};
use crate::store;

/// Whether a whole request is to be explained, rather than an agent and a referrer.
pub fn is_asked(words: &ExplainWords) -> bool {
    words.site.is_some() || words.request.is_some()
}

/// Explains it.
pub fn explain(config: &Config, words: &ExplainWords, now: Moment) -> Result<Reply> {
    let (sites, is_by_defaults) = sites(config, words.site.as_deref(), now)?;
    let raw = match &words.request {
        Some(file) => RawRequest::read(&read(file)?)?,
        None => RawRequest::of_page(&opened(words, &sites))?,
    };
    let tools = tools(config)?;
    let explainer = Explainer { sites: &sites, tools: &tools, trust: &config.trust, now, random: random()? };
    let explained = explainer.explain(&raw, words.address)?;
    let mut json = json!(explained);
    json["by_default_settings"] = is_by_defaults.into();
    let note = match is_by_defaults {
        true => format!("{} has no such site: this is by the default settings.\n\n", config.data.display()),
        false => String::new(),
    };
    Ok(Reply { text: note + &text(&explained), json })
}

/// What our tracker would send of the page.
fn opened<'a>(words: &'a ExplainWords, sites: &Directory) -> OpenedPage<'a> {
    let site = words.site.as_deref().unwrap_or_default();
    let is_own = sites.find(site).is_some() && words.url == ExplainWords::ANY_URL;
    OpenedPage {
        site,
        // A path alone is within the site's own domain.
        url: if is_own { "/" } else { &words.url },
        referrer: &words.referrer,
        agent: &words.user_agent,
        touch: words.touch,
        headers: &words.headers,
    }
}

/// The sites of the data folder; with the one that is asked about by default settings if it is none of them.
fn sites(config: &Config, asked: Option<&str>, now: Moment) -> Result<(Directory, bool)> {
    let file = config.data.join(DATABASE);
    let mut sites = match file.is_file() {
        true => store::declared_sites(&file).with_context(|| format!("{} can't be read", file.display()))?,
        false => Vec::new(),
    };
    let Some(asked) = asked else { return Ok((Directory::of(sites), false)) };
    let is_known = Directory::of(sites.iter().cloned()).find(asked).is_some();
    if !is_known {
        let (domain, schedule, settings) = (Domain::parse(asked)?, Schedule::utc(), Settings::default());
        let id = SiteId(sites.iter().map(|site| site.id.0).max().unwrap_or_default() + 1);
        sites.push(Site { id, domain, schedule, settings, added: now });
    }
    Ok((Directory::of(sites), !is_known))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let most = limits::EXPLAINED_BYTES_MAX;
    let mut bytes = Vec::new();
    let found: Result<usize, _> = match file.as_os_str() == "-" {
        true => std::io::stdin().lock().take(most as u64 + 1).read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes)),
    };
    found.with_context(|| format!("{} can't be read", file.display()))?;
    ensure!(bytes.len() <= most, "{} is larger than {most} bytes", file.display());
    Ok(bytes)
}
