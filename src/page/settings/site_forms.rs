//! The forms that change the settings of a site.

use std::borrow::Cow;

use super::SiteSettingsPage;
use crate::limits;
use crate::page::form::{Field, FieldKind, Form, command};
use crate::site::{SettingField, SettingKind, SettingOption, SettingValue, SettingsForm, SiteSetting};

/// What a form of a site has that is not the same for all.
struct SiteFormParts {
    id: &'static str,
    section: &'static str,
    button: &'static str,
    fields: Vec<Field>,
    command: String,
}

impl SiteSettingsPage {
    fn form(&self, parts: SiteFormParts) -> Form {
        Form {
            id: parts.id,
            action: self.action(parts.id, parts.section),
            fields: parts.fields,
            button: parts.button,
            is_danger: false,
            command: parts.command,
            flash: self.sent.flash(parts.id),
        }
    }

    /// The form of settings that belong together.
    pub(super) fn settings_form(&self, of: SettingsForm) -> Form {
        let fields: Vec<Field> = of.settings().map(|(setting, field)| self.field(setting, field)).collect();
        let typed: Vec<Vec<String>> =
            of.settings().zip(&fields).map(|((setting, _), field)| said(setting, field)).collect();
        let mut line = vec!["site", "set", self.domain()];
        line.extend(typed.iter().flatten().map(String::as_str));
        let (id, command) = (of.name(), command(line));
        self.form(SiteFormParts { id, section: id, button: self.words.settings.save, fields, command })
    }

    fn field(&self, setting: &'static SiteSetting, field: &SettingField) -> Field {
        let words = self.words;
        let (kind, value) = match (&setting.kind, setting.value(&self.site)) {
            (SettingKind::Zone, value) => (
                FieldKind::Zone,
                self.site.schedule.next().map_or_else(|| one_line(value), |(_, zone)| zone.to_owned()),
            ),
            (SettingKind::Switch { .. }, value) => {
                (FieldKind::Tick, if value == SettingValue::Switch(true) { "true" } else { "" }.to_owned())
            }
            (SettingKind::Number { zero: Some(_), .. }, value) => (FieldKind::Line, one_line(value)),
            (SettingKind::Number { least, most, .. }, value) => {
                (FieldKind::Number { least: *least, most: *most }, one_line(value))
            }
            (SettingKind::Choice { options, .. }, value) => {
                let choice = |it: &SettingOption| (it.name.to_owned(), Cow::Borrowed(words.of(&it.label)));
                (FieldKind::Choice(options.iter().map(choice).collect()), one_line(value))
            }
            (SettingKind::Set { options, has, .. }, _) => {
                let choice = |it: &SettingOption| (it.name.to_owned(), Cow::Borrowed(words.of(&it.label)));
                let there = options.iter().map(|it| it.name).filter(|name| has(&self.site.settings, name));
                (FieldKind::Ticks(options.iter().map(choice).collect()), there.collect::<Vec<_>>().join("\n"))
            }
            (SettingKind::Aliases { .. } | SettingKind::List { .. }, value) => (FieldKind::Lines, one_line(value)),
        };
        Field {
            name: setting.name,
            label: words.of(&field.label),
            help: self.help(setting, field),
            kind,
            value: self.sent.value(field.form.name(), setting.name, value),
        }
    }

    fn help(&self, setting: &SiteSetting, field: &SettingField) -> Cow<'static, str> {
        let Some(help) = &field.help else { return "".into() };
        let help = self.words.of(help);
        match (&setting.kind, self.site.schedule.next()) {
            (SettingKind::Zone, Some((_, next))) => {
                format!("{help} {}", self.words.one(self.words.settings.time_zone_next, next)).into()
            }
            (SettingKind::Number { most, .. }, _) => self.words.one(help, self.words.exact((*most).into())).into(),
            _ => self.words.one(help, self.domain()).into(),
        }
    }

    pub(super) fn goal_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "goal-add");
        let line = |name, label, help: &'static str| Field {
            name,
            label,
            help: help.into(),
            kind: FieldKind::Line,
            value: self.sent.value(id, name, ""),
        };
        let fields = vec![
            line("target", words.goal_target, words.goal_target_help),
            line("name", words.goal_name, words.goal_name_help),
        ];
        let (target, name) = (or(&fields[0].value, "Signup"), or(&fields[1].value, "Sign-ups"));
        let line = vec!["goal", "add", self.domain(), &target, "--name", &name];
        let command = command(line);
        self.form(SiteFormParts { id, section: id, button: words.add, fields, command })
    }

    pub(super) fn funnel_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "funnel-add");
        let steps = self.words.one(words.funnel_steps_help, limits::FUNNEL_STEPS_MAX);
        let fields = vec![
            Field {
                name: "name",
                label: words.goal_name,
                help: words.funnel_name_help.into(),
                kind: FieldKind::Line,
                value: self.sent.value(id, "name", ""),
            },
            Field {
                name: "steps",
                label: words.funnel_steps,
                help: steps.into(),
                kind: FieldKind::Lines,
                value: self.sent.value(id, "steps", ""),
            },
        ];
        let (name, steps) = (or(&fields[0].value, "Checkout"), typed(&fields[1]));
        let mut line = vec!["funnel", "add", self.domain(), &name];
        match steps.as_slice() {
            [] => line.extend(["/cart", "/checkout", "Purchase"]),
            steps => line.extend(steps.iter().map(String::as_str)),
        }
        let command = command(line);
        self.form(SiteFormParts { id, section: id, button: words.add, fields, command })
    }

    pub(super) fn segment_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "segment-add");
        let line = |name, label, help: &'static str| Field {
            name,
            label,
            help: help.into(),
            kind: FieldKind::Line,
            value: self.sent.value(id, name, ""),
        };
        let fields = vec![
            line("name", words.goal_name, words.segment_name_help),
            line("condition", words.segment_condition, words.segment_condition_help),
        ];
        let (name, condition) = (or(&fields[0].value, "Phones"), or(&fields[1].value, "device=mobile and country=DE"));
        let command = command(vec!["segment", "add", self.domain(), &name, "--filter", &condition]);
        self.form(SiteFormParts { id, section: id, button: words.add, fields, command })
    }

    pub(super) fn annotation_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "annotation-add");
        let hours = (0..24).map(|hour| (format!("{hour:02}"), Cow::Owned(format!("{hour:02}:00"))));
        let hours = std::iter::once((String::new(), Cow::Borrowed(words.whole_day))).chain(hours).collect();
        let today = self.today.to_string();
        let fields = vec![
            Field {
                name: "text",
                label: words.annotation_text,
                help: self.words.one(words.annotation_text_help, limits::ANNOTATION_CHARS_MAX).into(),
                kind: FieldKind::Line,
                value: self.sent.value(id, "text", ""),
            },
            Field {
                name: "day",
                label: self.words.day,
                help: words.annotation_day_help.into(),
                kind: FieldKind::Date,
                value: self.sent.value(id, "day", today),
            },
            Field {
                name: "hour",
                label: self.words.hour,
                help: words.annotation_hour_help.into(),
                kind: FieldKind::Choice(hours),
                value: self.sent.value(id, "hour", ""),
            },
        ];
        let (text, hour) = (or(&fields[0].value, "Version 2 is out"), &fields[2].value);
        let at = format!("{}{}{hour}", fields[1].value, if hour.is_empty() { "" } else { "T" });
        let line = vec!["annotation", "add", self.domain(), &text, "--at", &at];
        let command = command(line);
        self.form(SiteFormParts { id, section: id, button: words.add, fields, command })
    }
}

/// The lines of a field that say something.
fn typed(field: &Field) -> Vec<String> {
    let lines = field.value.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// A value as it stands in a field, a line for each text of a list.
fn one_line(value: SettingValue) -> String {
    match value {
        SettingValue::Switch(is_on) => is_on.to_string(),
        SettingValue::Number(number) => number.to_string(),
        SettingValue::Word(word) => word,
        SettingValue::List(texts) => texts.join("\n"),
    }
}

/// What the command line says for a field: a list is as many flags as it has texts, or one with the word that empties it.
fn said(setting: &SiteSetting, field: &Field) -> Vec<String> {
    let values = match &setting.kind {
        SettingKind::Switch { .. } => vec![(!field.value.is_empty()).to_string()],
        SettingKind::List { none, .. } | SettingKind::Set { none, .. } => match typed(field) {
            texts if texts.is_empty() => vec![(*none).to_owned()],
            texts => texts,
        },
        SettingKind::Aliases { .. } => typed(field),
        SettingKind::Zone | SettingKind::Number { .. } | SettingKind::Choice { .. } => {
            vec![field.value.trim().to_owned()]
        }
    };
    values.into_iter().flat_map(|value| [format!("--{}", setting.flag), value]).collect()
}

fn or(typed: &str, example: &str) -> String {
    if typed.trim().is_empty() { example.to_owned() } else { typed.trim().to_owned() }
}
