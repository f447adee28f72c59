//! The commands that forms of settings pages stand for.

use super::super::form::PostedForm;
use crate::control::Command;
use crate::control::annotation::AnnotationCommand;
use crate::control::forget::ForgetCommand;
use crate::control::segment::SegmentCommand;
use crate::control::set_aside::SetAsideCommand;
use crate::page::settings::forgetting::{CONFIRMED, FORGET, RESET};
use crate::page::words::Words;
use crate::site::{self, SettingKind, SettingsForm, Site, SiteChange, SiteSetting};

/// What a form of the instance's page asks for, if there is such a form.
pub fn of_instance(name: &str, form: &PostedForm) -> Option<Command> {
    let zone = form.filled("timezone");
    let change = zone.map_or_else(SiteChange::default, |zone| SiteChange::of("timezone", zone.as_str()));
    (name == "site-add").then(|| Command::SiteAdd { domain: form.text("domain").to_owned(), change })
}

/// What a form of a site's page asks for, or why that makes no sense; nothing if there is no such form.
pub fn of_site(site: &Site, name: &str, form: &PostedForm, words: &Words) -> Option<Result<Command, String>> {
    let domain = site.domain.to_string();
    let change = |change| Ok(Command::SiteSet { domain: domain.clone(), change });
    let text = |name: &str| form.text(name).to_owned();
    if let Some(of) = SettingsForm::ALL.into_iter().find(|of| of.name() == name) {
        return Some(changes(of, site, form).and_then(change));
    }
    Some(match name {
        "personal" => change(personal(site, form)),
        "goal-add" => Ok(Command::GoalAdd { site: domain, target: text("target"), name: form.filled("name") }),
        "goal-remove" => Ok(Command::GoalRemove { site: domain, name: text("name") }),
        "funnel-add" => Ok(Command::FunnelAdd { site: domain, name: text("name"), steps: lines(form, "steps") }),
        "funnel-remove" => Ok(Command::FunnelRemove { site: domain, name: text("name") }),
        "segment-add" => {
            let (name, condition) = (text("name"), text("condition"));
            Ok(Command::Segment(SegmentCommand::Add { site: domain, name, condition }))
        }
        "segment-remove" => Ok(Command::Segment(SegmentCommand::Remove { site: domain, name: text("name") })),
        "annotation-add" => {
            let hour = form.filled("hour").map_or_else(String::new, |hour| format!("T{hour}"));
            let at = form.filled("day").map(|day| day + &hour);
            Ok(Command::Annotation(AnnotationCommand::Add { site: domain, text: text("text"), at }))
        }
        "annotation-remove" => {
            number(form, "id").map(|id| Command::Annotation(AnnotationCommand::Remove { site: domain, id }))
        }
        "set-aside-add" => {
            let (first, filter) = (text("day"), vec![format!("{}:{}", text("of"), text("value"))]);
            let add = SetAsideCommand::Add { site: domain, first, last: form.filled("last"), filter };
            Ok(Command::SetAside(add))
        }
        "set-aside-undo" => number(form, "id").map(|id| Command::SetAside(SetAsideCommand::Undo { site: domain, id })),
        FORGET => forgotten(domain, form, words).map(Command::SiteForget),
        RESET => Ok(Command::SiteReset { domain, dry_run: !is_confirmed(form) }),
        // What can't be undone needs more than one click.
        "remove" if site::fold(form.text("domain")) == domain => Ok(Command::SiteRemove { domain }),
        "remove" => Err(words.one(words.settings.remove_site_mistyped, domain)),
        _ => return None,
    })
}

/// What is to be forgotten; until that is confirmed it is only told what would go.
fn forgotten(domain: String, form: &PostedForm, words: &Words) -> Result<ForgetCommand, String> {
    let (of, value) = (form.text("of"), form.text("value"));
    let values = match (of, value) {
        ("", "") => Vec::new(),
        ("", _) => return Err(words.settings.forget_without_what.to_owned()),
        _ => vec![(of.to_owned(), value.to_owned())],
    };
    Ok(ForgetCommand { domain, values, days: form.filled("days"), dry_run: !is_confirmed(form) })
}

fn is_confirmed(form: &PostedForm) -> bool {
    form.filled(CONFIRMED).is_some()
}

/// The form beside which is said what became of one: that of the dashboard's question is not on the page that follows.
pub fn form_of(name: &str) -> &str {
    if name == "personal" { "paths" } else { name }
}

/// Where on the page a form is.
pub fn place(name: &str) -> &str {
    match name {
        "goal-remove" => "goals",
        "funnel-remove" => "funnels",
        "segment-remove" => "segments",
        "annotation-remove" => "annotations",
        "set-aside-undo" => "set-aside",
        "remove" => "main",
        "personal" => "paths",
        other => other,
    }
}

/// What a form of settings asks for. What it has as the site has it is no change.
fn changes(of: SettingsForm, site: &Site, form: &PostedForm) -> Result<SiteChange, String> {
    let all = values(of, site, form)?;
    let is_new = |setting: &SiteSetting| match setting.kind {
        SettingKind::Zone => true,
        _ => all.value(setting) != Some(&setting.value(site)),
    };
    Ok(all.only(is_new))
}

/// All values of a form of settings as they stand there.
fn values(of: SettingsForm, site: &Site, form: &PostedForm) -> Result<SiteChange, String> {
    of.settings().try_fold(SiteChange::default(), |change, (setting, _)| {
        let (name, is_sent) = (setting.name, form.all(setting.name).next().is_some());
        Ok(match setting.kind {
            // The zone that it has, or will have from its next day on, is no change.
            SettingKind::Zone if form.text(name) == site.schedule.next().map_or(site.schedule.name(), |it| it.1) => {
                change
            }
            SettingKind::Zone => change.with(name, form.text(name)),
            SettingKind::Aliases { .. } => aliases(change, setting, site, form),
            // A box that is not ticked is not sent.
            SettingKind::Switch { .. } => change.with(name, is_sent),
            SettingKind::Number { zero: Some(_), .. } | SettingKind::Choice { .. } if !is_sent => change,
            SettingKind::Number { .. } => change.with(name, number(form, name)?),
            SettingKind::Choice { .. } => change.with(name, form.text(name)),
            SettingKind::List { .. } => change.with(name, lines(form, name)),
            SettingKind::Set { .. } => change.with(name, form.all(name).map(str::to_owned).collect::<Vec<String>>()),
        })
    })
}

/// The names that are new in the field are added, and those that it lacks are removed.
fn aliases(change: SiteChange, setting: &SiteSetting, site: &Site, form: &PostedForm) -> SiteChange {
    let known = &site.settings.aliases;
    let asked: Vec<String> = lines(form, setting.name).iter().map(|alias| site::fold(alias)).collect();
    let without = |all: &[String], those: &[String]| -> Vec<String> {
        all.iter().filter(|name| !those.contains(name)).cloned().collect()
    };
    change.add_and_remove(setting, without(&asked, known), without(known, &asked))
}

/// The owner's answer to what becomes of the children of a path that look personal.
fn personal(site: &Site, form: &PostedForm) -> SiteChange {
    let rules = &site.settings.paths;
    let parent = form.text("parent").trim_end_matches('/');
    match form.text("answer") {
        "template" => {
            let template = format!("{parent}/:id");
            SiteChange::of("templates", [rules.templates.as_slice(), &[template]].concat())
        }
        _ => {
            let parent = if parent.is_empty() { "/" } else { parent };
            SiteChange::of("by_name", [rules.by_name.as_slice(), &[parent.to_owned()]].concat())
        }
    }
}

/// The lines of a field that say something.
fn lines(form: &PostedForm, name: &str) -> Vec<String> {
    form.text(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn number(form: &PostedForm, name: &str) -> Result<u32, String> {
    form.text(name).parse().map_err(|_| format!("{:?} is no number; write it in digits.", form.text(name)))
}
