//! `headcount record` and `headcount assessment`: documents about what is done with data at a site, from the configuration as it is.
//!
//! They are made of the facts that visitors are told ([`NoticeFacts`]). What the program can't know, such as who the controller is, the
//! owner says for the notice; it is named as missing where it is.

mod assessment;
mod record;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::notice::keeping::facts_of;
use super::{CommandRefusal, Done, Reply, find};
use crate::collector::Collector;
use crate::notice::NoticeFacts;
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

/// What documents are made of.
struct SiteFacts<'a> {
    site: &'a Site,
    /// What visitors are told, which is what is done.
    told: NoticeFacts,
    /// The day on the site's calendar.
    today: String,
    /// Users who may read its figures.
    users: usize,
    /// Tokens that are good for it.
    tokens: usize,
    keeps_journal: bool,
}

impl SiteFacts<'_> {
    fn of<'a>(collector: &Collector, site: &'a Site) -> Result<SiteFacts<'a>, CommandRefusal> {
        let (now, operators) = (collector.clock().now(), collector.operators());
        let is_of_site = |of: Option<crate::site::SiteId>| of.is_none_or(|of| of == site.id);
        Ok(SiteFacts {
            site,
            told: facts_of(collector, site)?,
            today: site.schedule.locate(now).day.to_string(),
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

    /// What is collected, by its names.
    fn collected(&self) -> Vec<&str> {
        let further = [
            (self.told.has_reading, Collectable::Engagement),
            (self.told.has_properties, Collectable::Properties),
            (self.told.has_money, Collectable::Money),
        ];
        let further = further.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what.name());
        self.told.dimensions.iter().map(String::as_str).chain(further).collect()
    }

    /// What is not collected, as `--collect` takes it.
    fn left_out(&self) -> String {
        let words = self.site.settings.collect.words();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }

    fn show(&self) -> String {
        format!("headcount site show {}", self.domain())
    }

    /// What the owner has said. The documents are in English.
    fn owner(&self, field: NoticeField) -> Option<String> {
        self.site.settings.notice.text(field, "en").map(str::to_owned)
    }

    /// A paragraph of what the owner has said, if they have.
    fn owner_line(&self, title: &str, field: NoticeField) -> Option<String> {
        self.owner(field).map(|text| format!("{title}: {text}"))
    }

    /// A paragraph of what the owner has said, or that it is missing.
    fn owner_must(&self, title: &str, field: NoticeField, what: &str) -> String {
        let missing =
            || format!("Missing: {what}. The program can't know it; the owner has to say it (--{}).", field.flag());
        format!("{title}: {}", self.owner(field).unwrap_or_else(missing))
    }
}
