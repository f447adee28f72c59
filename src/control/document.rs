//! `headcount record` and `headcount assessment`: documents about what is done with data at a site, from the configuration as it is.
//!
//! What the program can't know, such as who the controller is, the owner has to say; such facts are taken from one place
//! (the notice of the site) and named as missing where they are.

mod assessment;
mod record;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{CommandRefusal, Done, Reply, find};
use crate::cell::{DIMENSIONS, is_collected};
use crate::collector::Collector;
use crate::operator::Share;
use crate::page::document::Document;
use crate::site::{Collectable, NoticeField, Site};

/// A document that an owner asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentCommand {
    /// Which.
    pub kind: DocumentKind,
    /// The domain of the site.
    pub site: String,
    /// Whether as HTML rather than Markdown.
    pub as_html: bool,
}

/// Which documents there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// The record of processing activities (article 30 GDPR).
    Record,
    /// The self-assessment against the exemption for audience measurement.
    Assessment,
}

pub(super) fn run(collector: &Collector, command: &DocumentCommand) -> Done {
    let site = find(collector, &command.site)?;
    let facts = SiteFacts::of(collector, &site)?;
    let document = match command.kind {
        DocumentKind::Record => record::document(&facts),
        DocumentKind::Assessment => assessment::document(&facts),
    };
    Ok(answered(&document, command.as_html))
}

fn answered(document: &Document, as_html: bool) -> Reply {
    let text = if as_html { document.html() } else { document.markdown() };
    Reply::new(text, json!(document))
}

/// What the owner says of themselves; nothing of what they have not said.
#[derive(Debug, Clone, Default)]
struct OwnerFacts {
    /// Who is responsible.
    controller: Option<String>,
    /// How they are reached.
    contact: Option<String>,
    /// Who runs the machine, and where.
    hoster: Option<String>,
}

/// What the owner of a site has said of themselves.
fn owner_facts(site: &Site) -> OwnerFacts {
    // The documents are in English.
    let text = |field| site.settings.notice.text(field, "en").map(str::to_owned);
    OwnerFacts {
        controller: text(NoticeField::Controller),
        contact: text(NoticeField::Contact),
        hoster: text(NoticeField::Host),
    }
}

/// What documents are made of.
struct SiteFacts<'a> {
    site: &'a Site,
    owner: OwnerFacts,
    /// The day on the site's calendar.
    today: String,
    /// What is open to readers who are not signed in.
    shares: Vec<Share>,
    /// Users who may read its figures.
    users: usize,
    /// Tokens that are good for it.
    tokens: usize,
    keeps_journal: bool,
}

impl SiteFacts<'_> {
    fn of<'a>(collector: &Collector, site: &'a Site) -> Result<SiteFacts<'a>, CommandRefusal> {
        let (now, operators) = (collector.clock().now(), collector.operators());
        let shares = operators
            .shares(site.id)?
            .into_iter()
            .filter(|share| share.has_begun(now) && !share.has_ended(now))
            .collect();
        let is_of_site = |of: Option<crate::site::SiteId>| of.is_none_or(|of| of == site.id);
        Ok(SiteFacts {
            site,
            owner: owner_facts(site),
            today: site.schedule.locate(now).day.to_string(),
            shares,
            users: operators.users()?.iter().filter(|user| user.may_read(site.id)).count(),
            tokens: operators.tokens()?.iter().filter(|token| is_of_site(token.access.site)).count(),
            keeps_journal: collector.journal_trouble().is_none(),
        })
    }

    fn domain(&self) -> &str {
        self.site.domain.as_str()
    }

    fn collects(&self, what: Collectable) -> bool {
        self.site.settings.collect.has(what)
    }

    /// The dimensions that are collected, by their names, and what else is.
    fn collected(&self) -> Vec<&'static str> {
        let dimensions = DIMENSIONS.listed().filter(|row| is_collected(self.site, row.dimension)).map(|row| row.name);
        let further = [Collectable::Engagement, Collectable::Properties, Collectable::Money];
        dimensions.chain(further.into_iter().filter(|what| self.collects(*what)).map(Collectable::name)).collect()
    }

    /// What is not collected, as `--collect` takes it.
    fn left_out(&self) -> String {
        let words = self.site.settings.collect.words();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }

    fn show(&self) -> String {
        format!("headcount site show {}", self.domain())
    }
}

/// What the owner has said, or that it is missing.
fn said(fact: Option<&String>, what: &str) -> String {
    fact.cloned().unwrap_or_else(|| format!("Missing: {what}. The program can't know it; the owner has to say it."))
}
