//! The pages on which owners change what is set for the program's sites.
//!
//! Each form here is a command: the server makes the same [`crate::site`] changes of it that the command line makes, and the
//! command stands below the form.

pub mod forgetting;
mod set_aside;
mod site_forms;

use std::sync::Arc;

use askama::Template;

use super::form::{Field, FieldKind, FlashMessage, Form, SentForm, command};
use super::words::Words;
use super::{Account, rendered};
use crate::cell::condition::written;
use crate::site::{Annotation, Day, Funnel, Goal, Segment, SetAside, SettingKind, SettingsForm, Site, Target};

/// The settings of the instance.
#[derive(Debug, Clone, Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The domains of all sites, in order.
    pub sites: Vec<String>,
    /// The names of all time zones.
    pub zones: &'static [String],
    /// The form that was sent last.
    pub sent: SentForm,
}

/// The settings of a site.
#[derive(Debug, Clone, Template)]
#[template(path = "site_settings.html")]
pub struct SiteSettingsPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The site.
    pub site: Arc<Site>,
    /// Its present day.
    pub today: Day,
    /// The names of all time zones.
    pub zones: &'static [String],
    /// The form that was sent last.
    pub sent: SentForm,
}

/// A part of the page of a site that is one form.
struct Section {
    id: &'static str,
    title: &'static str,
    intro: &'static str,
    form: Form,
}

impl SettingsPage {
    fn add_form(&self) -> Form {
        let words = &self.words.settings;
        let value = |field: &str| self.sent.value("site-add", field, "");
        let (domain, zone) = (value("domain"), value("timezone"));
        let shown = if domain.is_empty() { "example.com" } else { &domain };
        let mut line = vec!["site", "add", shown];
        if !zone.is_empty() {
            line.extend(["--timezone", &zone]);
        }
        let mut fields = vec![Field {
            name: "domain",
            label: words.site_add_domain,
            help: words.site_add_domain_help.into(),
            kind: FieldKind::Line,
            value: domain.clone(),
        }];
        let zones = SettingsForm::Site.settings().filter(|(setting, _)| matches!(setting.kind, SettingKind::Zone));
        fields.extend(zones.map(|(setting, field)| Field {
            name: setting.name,
            label: self.words.of(&field.label),
            help: field.help.as_ref().map_or("", |help| self.words.of(help)).into(),
            kind: FieldKind::Zone,
            value: zone.clone(),
        }));
        Form {
            id: "site-add",
            action: "/settings/site-add#site-add".into(),
            command: command(line),
            fields,
            button: words.site_add_button,
            is_danger: false,
            flash: self.sent.flash("site-add"),
        }
    }

    /// What was done by the form that was sent last, where it is on no form of this page: a site that is removed.
    fn done(&self) -> Option<String> {
        match self.sent.flash("remove") {
            Some(FlashMessage::Done(text)) => Some(text),
            _ => None,
        }
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

impl SiteSettingsPage {
    fn domain(&self) -> &str {
        self.site.domain.as_str()
    }

    /// What was done or refused by a button in a table.
    fn button(&self, form: &str) -> Option<FlashMessage> {
        self.sent.flash(form)
    }

    fn action(&self, name: &str, section: &str) -> String {
        format!("/{}/settings/{name}#{section}", self.domain())
    }

    fn sections(&self) -> [Section; SettingsForm::ALL.len()] {
        let words = &self.words.settings;
        SettingsForm::ALL.map(|form| {
            let (title, intro) = match form {
                SettingsForm::Site => (words.site_title, ""),
                SettingsForm::Budgets => (words.budgets, words.budgets_intro),
                SettingsForm::Paths => (words.paths, words.paths_intro),
                SettingsForm::Exclusions => (words.exclusions, words.exclusions_intro),
                SettingsForm::Collect => (words.collect, words.collect_intro),
                SettingsForm::Keeping => (words.keeping, words.keeping_intro),
                SettingsForm::Publishing => (words.publishing, words.publishing_intro),
            };
            Section { id: form.name(), title, intro, form: self.settings_form(form) }
        })
    }

    fn goals(&self) -> &[Goal] {
        &self.site.settings.goals
    }

    fn funnels(&self) -> &[Funnel] {
        &self.site.settings.funnels
    }

    fn segments(&self) -> &[Segment] {
        &self.site.settings.segments
    }

    /// The latest first: those are looked for.
    fn annotations(&self) -> impl Iterator<Item = &Annotation> {
        self.site.settings.annotations.iter().rev()
    }

    fn written(&self, act: &SetAside) -> String {
        written(&act.key, "=", &act.values)
    }

    fn counted(&self, goal: &Goal) -> String {
        match goal.target {
            Target::Pattern(_) => self.words.one(self.words.settings.goal_since, self.day_of(goal.since())),
            Target::Event(_) | Target::Page(_) => self.words.settings.goal_all_days.to_owned(),
        }
    }

    fn day_of(&self, moment: crate::site::Moment) -> String {
        self.words.date(self.site.schedule.locate(moment).day, self.words.date_short)
    }

    fn when(&self, annotation: &Annotation) -> String {
        let day = self.words.date(annotation.day, self.words.date_short);
        match annotation.hour {
            Some(hour) => self.words.two(self.words.date_hour, day, format_args!("{:02}", hour.0)),
            None => day,
        }
    }

    fn remove_goal_command(&self) -> String {
        let name = self.goals().first().map_or("Signup", |goal| &goal.name);
        command(["goal", "remove", self.domain(), name])
    }

    fn remove_funnel_command(&self) -> String {
        let name = self.funnels().first().map_or("Checkout", |funnel| &funnel.name);
        command(["funnel", "remove", self.domain(), name])
    }

    fn remove_segment_command(&self) -> String {
        let name = self.segments().first().map_or("Phones", |segment| &segment.name);
        command(["segment", "remove", self.domain(), name])
    }

    fn remove_annotation_command(&self) -> String {
        let id = self.annotations().next().map_or(1, |annotation| annotation.id);
        command(["annotation", "remove", self.domain(), &id.to_string()])
    }

    fn remove_form(&self) -> Form {
        let words = &self.words.settings;
        Form {
            id: "remove",
            action: self.action("remove", "remove"),
            fields: vec![Field {
                name: "domain",
                label: words.remove_site_domain,
                help: "".into(),
                kind: FieldKind::Line,
                value: self.sent.value("remove", "domain", ""),
            }],
            button: words.remove_site_button,
            is_danger: true,
            command: command(["site", "remove", self.domain()]),
            flash: self.sent.flash("remove"),
        }
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}
