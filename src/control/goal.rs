//! `headcount goal`: declares, lists and removes the goals of a site. What was counted stays, and is seen again when the goal is.

use serde_json::{Value, json};

use super::notice::announcing;
use super::{Command, CommandRefusal, Done, Reply, find, refuse};
use crate::collector::Collector;
use crate::config::nearest;
use crate::hit::path;
use crate::limits;
use crate::page::text::watched::{goal_described, goal_line};
use crate::site::{Domain, Goal, Moment, PathRules, Site, Target};

/// Declares a goal.
pub(super) fn add(collector: &Collector, site: &str, target: &str, name: Option<&str>) -> Done {
    let (site, goal) = planned(&find(collector, site)?, target, name, collector.clock().now())?;
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let reach = match goal.target {
        Target::Pattern(_) => "A pattern is counted from now on",
        Target::Event(_) | Target::Page(_) => "It reaches back to all counted days",
    };
    let text = format!("{:?} is a goal of {}. {reach}.", goal.name, site.domain);
    Ok(Reply::new(text, goal_described(&goal)))
}

/// A site with one more goal, which is not stored yet.
pub(super) fn planned(
    site: &Site,
    target: &str,
    name: Option<&str>,
    now: Moment,
) -> Result<(Site, Goal), CommandRefusal> {
    let mut site = site.clone();
    let target = self::target(target, &site)?;
    let name = match name {
        Some(name) => self::name(name)?,
        None => target.usual_name(),
    };
    let goals = &mut site.settings.goals;
    if goals.iter().any(|goal| goal.name == name) {
        return refuse(format!("{} has a goal {name:?} already; give this one another --name", site.domain));
    }
    if let Some(same) = goals.iter().find(|goal| goal.target == target) {
        return refuse(format!("{} is watched already, as the goal {:?}", target.text(), same.name));
    }
    if goals.len() >= limits::GOALS_MAX {
        return refuse(format!("a site has at most {} goals; remove one first", limits::GOALS_MAX));
    }
    let goal = Goal { name, target, since_ms: now.0 };
    goals.push(goal.clone());
    Ok((site, goal))
}

/// Lists the goals of a site.
pub(super) fn list(collector: &Collector, site: &str) -> Done {
    let site = find(collector, site)?;
    let goals = &site.settings.goals;
    let none = format!("{0} has no goal yet; declare one with `headcount goal add {0} Signup`.", site.domain);
    let lines: Vec<String> = goals.iter().map(|goal| goal_line(goal, &site)).collect();
    let waiting = announcing::waiting(collector, &site, |command| matches!(command, Command::GoalAdd { .. }))?;
    let text = if lines.is_empty() { none } else { lines.join("\n") } + &waiting;
    Ok(Reply::new(text, Value::Array(goals.iter().map(goal_described).collect())))
}

/// Takes a goal away.
pub(super) fn remove(collector: &Collector, site: &str, name: &str) -> Done {
    let mut site = find(collector, site)?;
    let names: Vec<&str> = site.settings.goals.iter().map(|goal| goal.name.as_str()).collect();
    let Some(place) = names.iter().position(|known| *known == name) else {
        announcing::refuse_waiting(collector, &site, &format!("goal {name}"))?;
        return unknown("goal", name, &names, &site);
    };
    let goal = site.settings.goals.remove(place);
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let text = format!("{:?} is no goal of {} any more. What was counted stays.", goal.name, site.domain);
    Ok(Reply::new(text, json!({"removed": goal.name})))
}

/// The refusal of a name that a site has not.
pub(super) fn unknown<T>(what: &str, name: &str, names: &[&str], site: &Site) -> Result<T, CommandRefusal> {
    match names {
        [] => refuse(format!("{} has no {what}; declare one with `headcount {what} add`", site.domain)),
        names => refuse(format!(
            "{} has no {what} {name:?}; did you mean {:?}? (`headcount {what} list {}`)",
            site.domain,
            nearest(name, names),
            site.domain
        )),
    }
}

/// A name for people to read.
pub(super) fn name(text: &str) -> Result<String, CommandRefusal> {
    let name = text.trim();
    let is_short = name.chars().count() <= limits::DECLARED_NAME_CHARS_MAX;
    if name.is_empty() || !is_short || name.contains(char::is_control) {
        let most = limits::DECLARED_NAME_CHARS_MAX;
        return refuse(format!("a name has 1 to {most} characters, and none that controls a terminal"));
    }
    Ok(name.to_owned())
}

/// A page, a pattern or an event, as far as hits can ever be it.
pub(super) fn target(text: &str, site: &Site) -> Result<Target, CommandRefusal> {
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_control) {
        return refuse("a goal is an event like Signup, a page like /pricing, or pages like /blog/**");
    }
    if let Some(path) = path_of(text, site) {
        return refuse(format!("pages are counted by their path; write {path:?}"));
    }
    let target = Target::read(text);
    match &target {
        Target::Event(name) if name == "pageview" || name == "engagement" => {
            refuse(format!("{name:?} is no event of a page; write a page like / or pages like /**"))
        }
        Target::Event(name) if name.chars().count() > limits::EVENT_NAME_CHARS_MAX => {
            refuse(format!("names of events have at most {} characters", limits::EVENT_NAME_CHARS_MAX))
        }
        Target::Page(page) | Target::Pattern(page) if page.len() > limits::NAME_BYTES_MAX => {
            refuse(format!("pages are counted by at most {} bytes of their path", limits::NAME_BYTES_MAX))
        }
        Target::Event(_) => Ok(target),
        Target::Page(page) | Target::Pattern(page) => {
            Ok(Target::read(&counted(page, &site.domain, &site.settings.paths)?))
        }
    }
}

/// A path as it is counted when a hit brings it: decoded, masked and by the site's rules, with its fragment.
pub(super) fn counted(page: &str, domain: &Domain, rules: &PathRules) -> Result<String, CommandRefusal> {
    match path::locate_by(&format!("https://{domain}{page}"), true, Some(rules)) {
        Ok(location) if page.contains('?') && !location.path.contains('?') => {
            refuse("pages are counted without what stands behind their question mark; leave it out")
        }
        Ok(location) => Ok(location.path),
        Err(_) => refuse(format!("{page:?} is no path of a page")),
    }
}

/// The path that somebody means who writes a whole address, or one without its scheme.
fn path_of(text: &str, site: &Site) -> Option<String> {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    let rest =
        rest.or_else(|| text.starts_with(site.domain.as_str()).then_some(text).filter(|text| text.contains('/')))?;
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    Some(format!("/{}", path.split('?').next().unwrap_or_default()))
}
