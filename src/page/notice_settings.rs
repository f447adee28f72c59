//! In: what an owner has said for a notice, what it announces, what visitors have asked. Out: the page on which owners see and change it.

use askama::Template;

use super::form::{Field, FieldKind, FlashMessage, Form, SentForm, command};
use super::words::Words;
use super::{Account, rendered};
use crate::site::{Day, NoticeField, NoticeSettings};

/// What owners see of the notice of a site.
#[derive(Debug, Clone, Template)]
#[template(path = "notice_settings.html")]
pub struct NoticeSettingsPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The site's domain.
    pub domain: String,
    /// What the owner has said.
    pub settings: NoticeSettings,
    /// The language whose texts are shown; empty for those of all.
    pub language: String,
    /// The languages: code and name.
    pub languages: Vec<(String, String)>,
    /// What the notice announces.
    pub announced: Vec<AnnouncedLine>,
    /// What visitors have asked for: day, what, how often.
    pub requests: Vec<(Day, String, u64)>,
    /// The piece of HTML by which visitors opt out.
    pub snippet: String,
    /// The form that was sent last.
    pub sent: SentForm,
}

/// A change that is announced.
#[derive(Debug, Clone)]
pub struct AnnouncedLine {
    /// Its number.
    pub id: i64,
    /// What it does.
    pub what: String,
    /// The day from which on it acts.
    pub from: Day,
}

impl NoticeSettingsPage {
    fn action(&self, name: &str, place: &str) -> String {
        format!("/{}/settings/notice/{name}?language={}#{place}", self.domain, self.language)
    }

    fn flash(&self, form: &str) -> Option<FlashMessage> {
        self.sent.flash(form)
    }

    fn label(&self, field: NoticeField) -> &'static str {
        let words = &self.words.settings;
        match field {
            NoticeField::Controller => words.notice_controller,
            NoticeField::Contact => words.notice_contact,
            NoticeField::Dpo => words.notice_dpo,
            NoticeField::Purposes => words.notice_purposes,
            NoticeField::LegalBasis => words.notice_legal_basis,
            NoticeField::Host => words.notice_host,
            NoticeField::StoragePlace => words.notice_storage_place,
            NoticeField::Recipients => words.notice_recipients,
            NoticeField::Transfers => words.notice_transfers,
            NoticeField::ComplaintBody => words.notice_complaint_body,
            NoticeField::Security => words.notice_security,
            NoticeField::Minors => words.notice_minors,
        }
    }

    /// What the law asks for and is not there.
    fn missing(&self) -> String {
        let missing = self.settings.missing().filter(|field| field.is_required());
        missing.map(|field| self.label(field)).collect::<Vec<_>>().join(", ")
    }

    fn texts_form(&self) -> Form {
        let (id, own) = ("notice-texts", self.settings.texts.get(&self.language));
        let field = |field: NoticeField| Field {
            name: field.name(),
            label: self.label(field),
            help: "".into(),
            kind: FieldKind::Lines,
            value: self.sent.value(
                id,
                field.name(),
                own.and_then(|texts| texts.get(&field)).map_or("", String::as_str),
            ),
        };
        Form {
            id,
            action: self.action(id, id),
            fields: NoticeField::ALL.map(field).into(),
            button: self.words.settings.save,
            is_danger: false,
            command: self.texts_command(),
            flash: self.sent.flash(id),
        }
    }

    fn texts_command(&self) -> String {
        let mut line = vec!["notice", "set", "--site", &self.domain];
        if !self.language.is_empty() {
            line.extend(["--language", &self.language]);
        }
        line.extend(["--contact", "privacy@example.com"]);
        command(line)
    }

    fn withdraw_command(&self) -> String {
        let id = self.announced.first().map_or(1, |line| line.id).to_string();
        command(["notice", "withdraw", "--site", &self.domain, "--change", &id])
    }

    fn day(&self, day: &Day) -> String {
        self.words.date(*day, self.words.date_short)
    }

    fn requests_page(&self) -> String {
        format!("/privacy/{}/requests", self.domain)
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}
