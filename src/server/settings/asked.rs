//! In: the forms of settings pages. Out: the commands that they stand for. Forgets: nothing.

use super::super::form::PostedForm;
use crate::control::annotation::AnnotationCommand;
use crate::control::{Command, SiteChange};
use crate::page::words::Words;
use crate::site::paths::{Case, Slash};
use crate::site::{self, AddressMode, Site};

/// What a form of the instance's page asks for, if there is such a form.
pub fn of_instance(name: &str, form: &PostedForm) -> Option<Command> {
    let change = SiteChange { timezone: form.filled("timezone"), ..SiteChange::default() };
    (name == "site-add").then(|| Command::SiteAdd { domain: form.text("domain").to_owned(), change })
}

/// What a form of a site's page asks for, or why that makes no sense; nothing if there is no such form.
pub fn of_site(site: &Site, name: &str, form: &PostedForm, words: &Words) -> Option<Result<Command, String>> {
    let domain = site.domain.to_string();
    let change = |change| Ok(Command::SiteSet { domain: domain.clone(), change });
    let text = |name: &str| form.text(name).to_owned();
    Some(match name {
        "site" => change(of_itself(site, form)),
        "budgets" => budgets(form).and_then(change),
        "paths" => paths(form).and_then(change),
        "personal" => change(personal(site, form)),
        "exclusions" => change(SiteChange {
            exclude_ips: Some(lines(form, "exclude_ips")),
            exclude_countries: Some(lines(form, "exclude_countries")),
            exclude_paths: Some(lines(form, "exclude_paths")),
            exclude_hosts: Some(lines(form, "exclude_hosts")),
            ..SiteChange::default()
        }),
        "goal-add" => Ok(Command::GoalAdd { site: domain, target: text("target"), name: form.filled("name") }),
        "goal-remove" => Ok(Command::GoalRemove { site: domain, name: text("name") }),
        "funnel-add" => Ok(Command::FunnelAdd { site: domain, name: text("name"), steps: lines(form, "steps") }),
        "funnel-remove" => Ok(Command::FunnelRemove { site: domain, name: text("name") }),
        "annotation-add" => {
            let hour = form.filled("hour").map_or_else(String::new, |hour| format!("T{hour}"));
            let at = form.filled("day").map(|day| day + &hour);
            Ok(Command::Annotation(AnnotationCommand::Add { site: domain, text: text("text"), at }))
        }
        "annotation-remove" => {
            number(form, "id").map(|id| Command::Annotation(AnnotationCommand::Remove { site: domain, id }))
        }
        // What can't be undone needs more than one click.
        "remove" if site::fold(form.text("domain")) == domain => Ok(Command::SiteRemove { domain }),
        "remove" => Err(words.one(words.settings.remove_site_mistyped, domain)),
        _ => return None,
    })
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
        "annotation-remove" => "annotations",
        "remove" => "main",
        "personal" => "paths",
        other => other,
    }
}

fn of_itself(site: &Site, form: &PostedForm) -> SiteChange {
    let known = &site.settings.aliases;
    let aliases: Vec<String> = lines(form, "aliases").iter().map(|alias| site::fold(alias)).collect();
    let zone = site.schedule.next().map_or_else(|| site.schedule.name(), |(_, zone)| zone);
    SiteChange {
        timezone: Some(form.text("timezone")).filter(|typed| *typed != zone).map(str::to_owned),
        hosts: Some(lines(form, "hosts")),
        add_aliases: aliases.iter().filter(|alias| !known.contains(alias)).cloned().collect(),
        remove_aliases: known.iter().filter(|alias| !aliases.contains(alias)).cloned().collect(),
        address: AddressMode::ALL.into_iter().find(|mode| mode.name() == form.text("address")),
        counter: Some(form.all("counter").next().is_some()),
        opt_out: Some(form.all("opt_out").next().is_some()),
        subdomain_referrers: Some(form.all("subdomain_referrers").next().is_some()),
        ..SiteChange::default()
    }
}

fn budgets(form: &PostedForm) -> Result<SiteChange, String> {
    let (values_max, pair_cells_max) = (Some(number(form, "values_max")?), Some(number(form, "pair_cells_max")?));
    Ok(SiteChange { values_max, pair_cells_max, ..SiteChange::default() })
}

/// The owner's answer to what becomes of the children of a path that look personal.
fn personal(site: &Site, form: &PostedForm) -> SiteChange {
    let rules = &site.settings.paths;
    let parent = form.text("parent").trim_end_matches('/');
    match form.text("answer") {
        "template" => {
            let templates = rules.templates.iter().cloned().chain([format!("{parent}/:id")]).collect();
            SiteChange { templates: Some(templates), ..SiteChange::default() }
        }
        _ => {
            let parent = if parent.is_empty() { "/" } else { parent };
            let by_name = rules.by_name.iter().cloned().chain([parent.to_owned()]).collect();
            SiteChange { by_name: Some(by_name), ..SiteChange::default() }
        }
    }
}

fn paths(form: &PostedForm) -> Result<SiteChange, String> {
    Ok(SiteChange {
        personal: form.all("personal").next().map(|_| number(form, "personal")).transpose()?,
        by_name: Some(lines(form, "by_name")),
        templates: Some(lines(form, "templates")),
        masks: Some(lines(form, "masks")),
        slash: Slash::ALL.into_iter().find(|rule| rule.name() == form.text("slash")),
        case: Case::ALL.into_iter().find(|rule| rule.name() == form.text("case")),
        query_keys: Some(lines(form, "query_keys")),
        ..SiteChange::default()
    })
}

/// The lines of a field that say something.
fn lines(form: &PostedForm, name: &str) -> Vec<String> {
    form.text(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn number(form: &PostedForm, name: &str) -> Result<u32, String> {
    form.text(name).parse().map_err(|_| format!("{:?} is no number; write it in digits.", form.text(name)))
}
