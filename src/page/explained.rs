//! What one request becomes, stage by stage, as a page and as JSON. Nothing of it was counted.

use askama::Template;
use serde::Serialize;

use super::form::{FieldKind, Form};
use super::words::Words;
use super::{Account, rendered};
use crate::rejection::Rejection;

/// What one request becomes.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedRequest {
    /// Where it was sent: method and path.
    pub path: String,
    /// What it holds when it arrives.
    pub request: ExplainedStage,
    /// What becomes of each message in it, for each site that the message names.
    pub messages: Vec<ExplainedMessage>,
}

/// What becomes of one message.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExplainedMessage {
    /// The site; empty where none is known by the name in the message.
    pub site: String,
    /// The stages that it reaches.
    pub stages: Vec<ExplainedStage>,
    /// Texts that were masked or cut before they became part of the hit.
    pub masked: Vec<MaskedText>,
    /// What its site does not collect, by the names of the switches.
    pub not_collected: Vec<&'static str>,
    /// Why it is not counted, if it is not.
    pub rejected: Option<ExplainedRejection>,
    /// Whether it is a ping, which counts in a visit that has shown its page: here such a visit was made up.
    pub is_ping: bool,
    /// What it would change.
    pub cells: Vec<ExplainedCell>,
    /// How many cells of two dimensions the day would have of it when it ends.
    pub pair_cells: usize,
}

/// A stage and what its type holds.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedStage {
    /// Which.
    pub stage: StageName,
    /// Its fields by the names that they have in the code, and their values. What is empty is left out.
    pub holds: Vec<(String, String)>,
}

/// The stages that a request goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// The request as it arrives.
    Request,
    /// The message as its wire format is read.
    Beacon,
    /// The accepted message.
    Hit,
    /// The memory of the visitor's day.
    Visit,
    /// The opening of a mail.
    Mail,
}

/// A text before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaskedText {
    /// The field of the message.
    pub field: String,
    /// As it was sent.
    pub before: String,
    /// As it became part of the hit.
    pub after: String,
    /// What stands for what was masked, like `:email`; none where the text was only cut.
    pub masks: Vec<String>,
}

/// Why a message is not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedRejection {
    /// The label of the reason.
    pub reason: &'static str,
    /// What it means, in English.
    pub meaning: &'static str,
    /// The program that it came from.
    pub bot: Option<&'static str>,
}

impl ExplainedRejection {
    /// Of a reason.
    pub fn of(reason: Rejection, bot: Option<&'static str>) -> ExplainedRejection {
        ExplainedRejection { reason: reason.label(), meaning: reason.sentence(), bot }
    }
}

/// A cell of one dimension, and what it changes there over the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedCell {
    /// What the cell is split by: `total`, a dimension, `prop:KEY`.
    pub axis: String,
    /// The value.
    pub value: String,
    /// What changes, by the names of the columns.
    pub changes: Vec<(&'static str, i64)>,
}

impl StageName {
    /// The type in the code.
    pub const fn type_name(self) -> &'static str {
        match self {
            StageName::Request => "beacon::Request",
            StageName::Beacon => "beacon::Beacon",
            StageName::Hit => "hit::Hit",
            StageName::Visit => "visit::Visitor",
            StageName::Mail => "collector::mail::MailHit",
        }
    }

    /// What readers call it.
    pub fn title(self, words: &Words) -> &'static str {
        let words = &words.explain;
        match self {
            StageName::Request => words.request,
            StageName::Beacon => words.beacon,
            StageName::Hit => words.hit,
            StageName::Visit => words.visit,
            StageName::Mail => words.mail,
        }
    }

    /// Where it is and for how long.
    pub fn lasts(self, words: &Words) -> &'static str {
        let words = &words.explain;
        match self {
            StageName::Request => words.request_lasts,
            StageName::Beacon => words.beacon_lasts,
            StageName::Hit => words.hit_lasts,
            StageName::Visit => words.visit_lasts,
            StageName::Mail => words.mail_lasts,
        }
    }
}

impl ExplainedCell {
    /// What changes, in a line.
    pub fn line(&self) -> String {
        let change = |(name, by): &(&str, i64)| format!("{name} {by:+}");
        self.changes.iter().map(change).collect::<Vec<_>>().join(", ")
    }
}

/// The page on which owners look what a request becomes.
#[derive(Debug, Clone, Template)]
#[template(path = "explain.html")]
pub struct ExplainPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The site's domain.
    pub domain: String,
    /// The form for any request.
    pub form: Form,
    /// What was asked for.
    pub explained: Option<ExplainedRequest>,
}

impl ExplainPage {
    fn rejected(&self, rejected: &ExplainedRejection) -> String {
        let bot = rejected.bot.map(|bot| format!(", {bot}")).unwrap_or_default();
        format!("{}{bot}", rejected.reason)
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}
