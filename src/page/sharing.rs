//! In: what is open of a site. Out: the page on which owners open and close it. Forgets: secret links and passwords; a link is shown
//! once, on the answer that made it.

use std::borrow::Cow;

use askama::Template;

use super::form::{Field, FieldKind, FlashMessage, Form, SentForm, command};
use super::people::Made;
use super::words::Words;
use super::{Account, rendered};
use crate::site::Day;

/// What is open of a site.
#[derive(Debug, Clone, Template)]
#[template(path = "sharing.html")]
pub struct SharingPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The site's domain.
    pub domain: String,
    /// Fewer visitors than that are not shown by name.
    pub small_counts_k: u64,
    /// What is open.
    pub shares: Vec<ShareLine>,
    /// What was made by the form that was sent.
    pub made: Option<Made>,
    /// The form that was sent last.
    pub sent: SentForm,
}

/// A public page or a secret link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareLine {
    /// What operators call it.
    pub name: String,
    /// The address of a public page; nothing for a secret link.
    pub public: Option<String>,
    /// Whether it is read with a password.
    pub has_password: bool,
    /// The first day on which it is open, where that is still to come.
    pub from: Option<Day>,
    /// The last day on which it is open, on the site's calendar, and whether it is over.
    pub until: Option<(Day, bool)>,
    /// The hosts in whose pages it may stand.
    pub embed: Vec<String>,
    /// The name of the segment that it shows alone, or the number of one that is gone.
    pub segment: Option<String>,
}

impl ShareLine {
    /// What else there is to say.
    fn notes(&self, words: &Words) -> String {
        let texts = &words.settings;
        let kind = if self.public.is_some() { texts.share_public } else { texts.share_secret };
        let ends = |(day, is_over): (Day, bool)| {
            words.one(if is_over { texts.share_ended } else { texts.share_ends }, words.date(day, words.date_short))
        };
        let password = self.has_password.then(|| texts.share_with_password.to_owned());
        let embed = (!self.embed.is_empty()).then(|| words.one(texts.share_embedded, self.embed.join(", ")));
        let opens = self.from.map(|day| words.one(texts.share_opens, words.date(day, words.date_short)));
        let segment = self.segment.as_ref().map(|name| words.one(texts.share_of_segment, name));
        let notes = [Some(kind.to_owned()), segment, password, embed, opens, self.until.map(ends)];
        notes.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl SharingPage {
    fn action(&self, name: &str, place: &str) -> String {
        format!("/{}/settings/sharing/{name}#{place}", self.domain)
    }

    fn add_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "share-add");
        let option = |value: &str, text: &'static str| (value.to_owned(), Cow::Borrowed(text));
        let field = |name, label, help: &'static str, kind, there_is: &str| Field {
            name,
            label,
            help: help.into(),
            kind,
            value: self.sent.value(id, name, there_is),
        };
        let kinds = vec![option("secret", words.share_secret), option("public", words.share_public)];
        let fields = vec![
            field("kind", words.share_kind, "", FieldKind::Choice(kinds), "secret"),
            field("name", words.share_name, words.share_name_help, FieldKind::Line, ""),
            field("password", self.words.password, words.share_password_help, FieldKind::Secret, ""),
            field("until", words.share_until, words.share_until_help, FieldKind::Date, ""),
            field("embed", words.share_embed, words.share_embed_help, FieldKind::Lines, ""),
            field("segment", words.share_segment, words.share_segment_help, FieldKind::Line, ""),
        ];
        let command = self.add_command(&fields);
        let action = self.action(id, id);
        Form {
            id,
            action,
            fields,
            button: words.share_add_button,
            is_danger: false,
            command,
            flash: self.sent.flash(id),
        }
    }

    fn add_command(&self, fields: &[Field]) -> String {
        let value = |name: &str| fields.iter().find(|field| field.name == name).map_or("", |field| field.value.trim());
        let mut line = vec!["share", "add", &self.domain];
        match value("kind") {
            "public" => line.push("--public"),
            _ => line.extend(["--name", if value("name").is_empty() { "Board" } else { value("name") }]),
        }
        if !value("until").is_empty() {
            line.extend(["--expires", value("until")]);
        }
        if !value("segment").is_empty() {
            line.extend(["--segment", value("segment")]);
        }
        let hosts = value("embed").lines().map(str::trim).filter(|host| !host.is_empty());
        line.extend(hosts.flat_map(|host| ["--embed", host]));
        command(line)
    }

    fn flash(&self, form: &str) -> Option<FlashMessage> {
        self.sent.flash(form)
    }

    fn remove_command(&self) -> String {
        command(["share", "remove", &self.domain, self.shares.first().map_or("public", |share| &share.name)])
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}
