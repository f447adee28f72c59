//! The forms by which figures are forgotten: first what would go is shown, then it is confirmed.

use std::borrow::Cow;

use super::SiteSettingsPage;
use crate::cell::DIMENSIONS;
use crate::page::form::{Field, FieldKind, FlashMessage, Form, command};

/// The form for values and days.
pub const FORGET: &str = "forget";
/// The form for everything.
pub const RESET: &str = "reset";
/// The field that confirms.
pub const CONFIRMED: &str = "confirmed";

/// What would go, and the form that confirms it.
pub(super) struct ForgetConfirmation {
    pub(super) text: String,
    pub(super) form: Form,
}

impl SiteSettingsPage {
    pub(super) fn forget_form(&self) -> Form {
        let words = &self.words.settings;
        let listed = DIMENSIONS.listed();
        let mut choices = vec![(String::new(), Cow::Borrowed(words.forget_all))];
        choices.extend(listed.map(|row| (row.name.to_owned(), Cow::Borrowed(self.words.singular(row.dimension)))));
        choices.push(("prop".to_owned(), Cow::Borrowed(words.forget_property)));
        let field = |name, label, help: &'static str, kind| Field {
            name,
            label,
            help: help.into(),
            kind,
            value: self.sent.value(FORGET, name, ""),
        };
        let fields = vec![
            field("of", words.forget_of, "", FieldKind::Choice(choices)),
            field("value", words.forget_value, words.forget_value_help, FieldKind::Line),
            field("days", words.forget_days, words.forget_days_help, FieldKind::Line),
        ];
        self.asking(FORGET, fields)
    }

    pub(super) fn reset_form(&self) -> Form {
        self.asking(RESET, Vec::new())
    }

    /// A form that shows what would go.
    fn asking(&self, id: &'static str, fields: Vec<Field>) -> Form {
        Form {
            id,
            action: self.action(id, id),
            command: command(self.forget_line(id, &fields).iter().map(String::as_str)),
            fields,
            button: self.words.settings.forget_look,
            is_danger: false,
            flash: self.sent.flash(id),
        }
    }

    /// What the form that was sent last would do, and the same form to confirm it.
    pub(super) fn forget_confirmation(&self, id: &str) -> Option<ForgetConfirmation> {
        let Some(FlashMessage::Ask(text)) = self.sent.flash(id) else { return None };
        let mut form = if id == RESET { self.reset_form() } else { self.forget_form() };
        for field in &mut form.fields {
            field.kind = FieldKind::Hidden;
            field.help = "".into();
        }
        let confirmed =
            Field { name: CONFIRMED, label: "", help: "".into(), kind: FieldKind::Hidden, value: "true".to_owned() };
        form.fields.push(confirmed);
        form.command.push_str(" --yes");
        let button = self.words.settings.forget_button;
        Some(ForgetConfirmation { text, form: Form { button, is_danger: true, flash: None, ..form } })
    }

    /// The command line that does the same.
    fn forget_line(&self, id: &str, fields: &[Field]) -> Vec<String> {
        let mut line = vec!["site".to_owned(), id.to_owned(), self.domain().to_owned()];
        let typed = |name: &str| fields.iter().find(|field| field.name == name).map_or("", |field| field.value.trim());
        match (typed("of"), typed("value"), typed("days")) {
            _ if id == RESET => {}
            ("", _, "") => line.extend(["--page", "/internal/draft"].map(str::to_owned)),
            (of, value, days) => {
                if !of.is_empty() {
                    line.extend([format!("--{}", of.replace('_', "-")), value.to_owned()]);
                }
                if !days.is_empty() {
                    line.extend(["--day".to_owned(), days.to_owned()]);
                }
            }
        }
        line
    }
}
