//! What a visitor may ask for, and the answer that can be given at once.

use super::{LanguageTexts, NoticeFacts, NoticeLine, out_lines};
use crate::site::{AddressMode, NoticeField};

/// What a visitor asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightsRequest {
    /// Which data are held.
    Access,
    /// To put something right.
    Correction,
    /// To delete what is held.
    Deletion,
    /// Not to use what is held.
    Restriction,
    /// To hand over what is held.
    Portability,
    /// Not to be counted.
    Objection,
    /// Not to be counted by mails.
    Mail,
}

impl RightsRequest {
    /// All of them, in the order in which they are offered.
    pub const ALL: [RightsRequest; 7] = {
        use RightsRequest::*;
        [Access, Deletion, Objection, Mail, Correction, Restriction, Portability]
    };

    /// Its name, as stored, in forms and in the keys of its texts.
    pub const fn name(self) -> &'static str {
        match self {
            RightsRequest::Access => "access",
            RightsRequest::Correction => "correction",
            RightsRequest::Deletion => "deletion",
            RightsRequest::Restriction => "restriction",
            RightsRequest::Portability => "portability",
            RightsRequest::Objection => "objection",
            RightsRequest::Mail => "mail",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<RightsRequest> {
        RightsRequest::ALL.into_iter().find(|request| request.name() == name)
    }

    /// What it is called in a language.
    pub fn title(self, texts: LanguageTexts<'_>) -> String {
        texts.get(&format!("requests.{}", self.name())).to_owned()
    }

    /// The answer.
    pub fn answer(self, facts: &NoticeFacts, texts: LanguageTexts<'_>) -> Vec<NoticeLine> {
        let key = match (self, facts.address) {
            (RightsRequest::Access, AddressMode::None) => "requests.access.answer_without_number".to_owned(),
            _ => format!("requests.{}.answer", self.name()),
        };
        let mut lines = vec![NoticeLine::text(texts.get(&key).to_owned())];
        if matches!(self, RightsRequest::Objection | RightsRequest::Restriction) {
            lines.extend(out_lines(facts, texts));
        }
        let owner = facts.owner();
        let contact = owner.text(NoticeField::Contact, texts.code());
        lines.extend(contact.map(|text| NoticeLine::text(texts.filled("requests.contact", &[("text", text)]))));
        lines
    }
}
