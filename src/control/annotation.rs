//! `headcount annotation`: adds, lists and removes the annotations of a site. The number of a removed one is never used again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{CommandRefusal, Done, Reply, find, refuse};
use crate::collector::Collector;
use crate::limits;
use crate::site::annotation::When;
use crate::site::{Annotation, Moment, Site};

/// What an operator can ask of annotations. Each names the site's domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AnnotationCommand {
    /// Adds one, unless the same is there.
    Add {
        /// The site.
        site: String,
        /// What happened.
        text: String,
        /// When: a day, an hour, a timestamp, `today` or `now`; nothing for today.
        at: Option<String>,
    },
    /// Lists the annotations of a site.
    List {
        /// The site.
        site: String,
    },
    /// Removes one.
    Remove {
        /// The site.
        site: String,
        /// Its number.
        id: u32,
    },
}

pub(super) fn run(collector: &Collector, command: AnnotationCommand) -> Done {
    match command {
        AnnotationCommand::Add { site, text, at } => add(collector, &site, &text, at.as_deref()),
        AnnotationCommand::List { site } => Ok(list(&find(collector, &site)?)),
        AnnotationCommand::Remove { site, id } => remove(collector, &site, id),
    }
}

fn add(collector: &Collector, site: &str, text: &str, at: Option<&str>) -> Done {
    let mut site = find(collector, site)?;
    let text = self::text(text)?;
    let When { day, hour } = when(at.unwrap_or_default(), &site, collector.clock().now())?;
    let known = &site.settings.annotations;
    // Whoever asks again after a broken connection means the same one.
    if let Some(same) = known.iter().find(|it| (it.day, it.hour, &it.text) == (day, hour, &text)) {
        let sentence = format!("{} has this annotation on {} already, as number {}.", site.domain, same.at(), same.id);
        return Ok(Reply::new(sentence, described(same)));
    }
    if known.len() >= limits::ANNOTATIONS_MAX {
        return refuse(format!("a site has at most {} annotations; remove one first", limits::ANNOTATIONS_MAX));
    }
    let id = known.iter().map(|it| it.id).fold(site.settings.annotations_made, u32::max) + 1;
    let annotation = Annotation { id, day, hour, text };
    site.settings.annotations_made = id;
    site.settings.annotations.push(annotation.clone());
    site.settings.annotations.sort_by_key(|it| (it.at(), it.id));
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let sentence =
        format!("The chart of {} shows {:?} on {} (number {id}).", site.domain, annotation.text, annotation.at());
    Ok(Reply::new(sentence, described(&annotation)))
}

/// The words of an annotation: the owner's own, but on one line and short enough to stand beside a chart.
fn text(text: &str) -> Result<String, CommandRefusal> {
    let text = text.trim();
    let most = limits::ANNOTATION_CHARS_MAX;
    match text.is_empty() || text.chars().count() > most || text.contains(char::is_control) {
        true => refuse(format!("an annotation is one line of 1 to {most} characters")),
        false => Ok(text.to_owned()),
    }
}

/// When something happened, on the site's clock. A timestamp names a moment wherever it was written.
fn when(text: &str, site: &Site, now: Moment) -> Result<When, CommandRefusal> {
    let hour_of = |moment: Moment| {
        let local = site.schedule.locate(moment);
        When { day: local.day, hour: Some(local.hour) }
    };
    match text.trim() {
        "" | "today" => Ok(When { hour: None, ..hour_of(now) }),
        "now" => Ok(hour_of(now)),
        text => match (text.parse::<When>(), text.parse::<Timestamp>()) {
            (Ok(when), _) => Ok(when),
            (Err(_), Ok(moment)) if moment.as_millisecond() >= 0 => Ok(hour_of(Moment(moment.as_millisecond()))),
            (Err(wrong), _) => Err(wrong.into()),
        },
    }
}

fn list(site: &Site) -> Reply {
    let annotations = &site.settings.annotations;
    let none = format!(
        "{0} has no annotation yet; add one with `headcount annotation add {0} 'Version 2 is out'`.",
        site.domain
    );
    let line = |it: &Annotation| format!("{}  {}  {}", it.id, it.at(), it.text);
    let lines: Vec<String> = annotations.iter().map(line).collect();
    let text = if lines.is_empty() { none } else { lines.join("\n") };
    Reply::new(text, Value::Array(annotations.iter().map(described).collect()))
}

fn remove(collector: &Collector, site: &str, id: u32) -> Done {
    let mut site = find(collector, site)?;
    let Some(place) = site.settings.annotations.iter().position(|it| it.id == id) else {
        return refuse(format!("{0} has no annotation {id}; `headcount annotation list {0}` shows all", site.domain));
    };
    let gone = site.settings.annotations.remove(place);
    site.settings.annotations_made = site.settings.annotations_made.max(id);
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let text = format!("The annotation {:?} of {} is removed.", gone.text, site.domain);
    Ok(Reply::new(text, json!({"removed": id})))
}

/// An annotation as scripts and the API get it.
fn described(annotation: &Annotation) -> Value {
    json!({"id": annotation.id, "at": annotation.at().to_string(), "text": annotation.text})
}
