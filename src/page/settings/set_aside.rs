//! The form by which something is set aside.

use std::borrow::Cow;

use super::SiteSettingsPage;
use crate::cell::DIMENSIONS;
use crate::page::form::{Field, FieldKind, Form, command};
use crate::site::SetAside;
use crate::site::set_aside::BOT;

const ID: &str = "set-aside-add";

impl SiteSettingsPage {
    pub(super) fn set_aside_form(&self) -> Form {
        let words = &self.words.settings;
        let listed = DIMENSIONS.listed();
        let mut choices: Vec<(String, Cow<'static, str>)> = Vec::new();
        choices.extend(listed.map(|row| (row.name.to_owned(), Cow::Borrowed(self.words.singular(row.dimension)))));
        choices.push((BOT.to_owned(), Cow::Borrowed(self.words.bots)));
        let field = |name, label, help: &'static str, kind, usual: String| Field {
            name,
            label,
            help: help.into(),
            kind,
            value: self.sent.value(ID, name, usual),
        };
        let fields = vec![
            field("of", words.forget_of, "", FieldKind::Choice(choices), String::new()),
            field("value", words.forget_value, words.set_aside_value_help, FieldKind::Line, String::new()),
            field("day", words.set_aside_first, words.annotation_day_help, FieldKind::Date, self.today.to_string()),
            field("last", words.set_aside_last, words.set_aside_last_help, FieldKind::Date, String::new()),
        ];
        let command = command(self.set_aside_line(&fields).iter().map(String::as_str));
        let (id, action, flash) = (ID, self.action(ID, ID), self.sent.flash(ID));
        Form { id, action, command, fields, button: words.set_aside_add, is_danger: false, flash }
    }

    /// The command line that does the same.
    fn set_aside_line(&self, fields: &[Field]) -> Vec<String> {
        let typed = |name: &str, usual: &str| {
            let value = fields.iter().find(|field| field.name == name).map_or("", |field| field.value.trim());
            if value.is_empty() { usual.to_owned() } else { value.to_owned() }
        };
        let (first, last) = (typed("day", "today"), typed("last", ""));
        let mut line = vec!["set-aside".to_owned(), self.domain().to_owned()];
        match last.is_empty() {
            true => line.extend(["--day".to_owned(), first]),
            false => line.extend(["--from".to_owned(), first, "--to".to_owned(), last]),
        }
        line.extend([format!("--{}", typed("of", "source").replace('_', "-")), typed("value", "spam.example")]);
        line
    }

    /// What is set aside, the latest first.
    pub(super) fn acts(&self) -> impl Iterator<Item = &SetAside> {
        self.site.settings.set_aside.acts.iter().rev()
    }

    pub(super) fn days_of(&self, act: &SetAside) -> String {
        let date = |day| self.words.date(day, self.words.date_short);
        if act.first == act.last { date(act.first) } else { format!("{} – {}", date(act.first), date(act.last)) }
    }

    pub(super) fn undo_command(&self) -> String {
        let id = self.acts().next().map_or(1, |act| act.id);
        command(["set-aside", "undo", self.domain(), &id.to_string()])
    }
}
