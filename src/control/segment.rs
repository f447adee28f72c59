//! `headcount segment`: declares, lists, changes and removes the segments of a site. The number of a removed one is never used again, nor
//! is that of one whose condition was changed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::goal::{name, unknown};
use super::notice::announcing;
use super::{Command, CommandRefusal, Done, Reply, find, refuse};
use crate::cell::Condition;
use crate::collector::Collector;
use crate::limits;
use crate::page::text::watched::{segment_described, segment_line};
use crate::report::Sums;
use crate::site::{Moment, Segment, Site};

/// Declares, lists, changes and removes segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SegmentCommand {
    /// Declares a segment.
    Add {
        /// The domain of the site.
        site: String,
        /// What readers call it.
        name: String,
        /// What it lets pass.
        condition: String,
    },
    /// Lists the segments of a site.
    List {
        /// Its domain.
        site: String,
    },
    /// Gives a segment another name or another condition.
    Set {
        /// The domain of the site.
        site: String,
        /// Its name or its number.
        name: String,
        /// What readers call it from now on.
        new_name: Option<String>,
        /// What it lets pass from now on.
        condition: Option<String>,
    },
    /// Takes a segment away, and with it its figures.
    Remove {
        /// The domain of the site.
        site: String,
        /// Its name or its number.
        name: String,
    },
}

/// Does what is asked.
pub(super) fn run(collector: &Collector, command: SegmentCommand) -> Done {
    match command {
        SegmentCommand::Add { site, name, condition } => add(collector, &site, &name, &condition),
        SegmentCommand::List { site } => list(collector, &site),
        SegmentCommand::Set { site, name, new_name, condition } => {
            set(collector, &site, &name, new_name.as_deref(), condition.as_deref())
        }
        SegmentCommand::Remove { site, name } => remove(collector, &site, &name),
    }
}

fn add(collector: &Collector, site: &str, called: &str, condition: &str) -> Done {
    let site = find(collector, site)?;
    let (site, segment) = planned(&site, called, condition, begin(collector, &site)?)?;
    store(collector, &site)?;
    let text = format!(
        "{:?} is segment {} of {} and counted from {} on: {}",
        segment.name,
        segment.number,
        site.domain,
        segment.first_day(&site),
        segment.condition
    );
    Ok(Reply::new(text, segment_described(&segment, &site)))
}

/// A site with one more segment, which is not stored yet.
pub(super) fn planned(
    site: &Site,
    called: &str,
    condition: &str,
    since: Moment,
) -> Result<(Site, Segment), CommandRefusal> {
    let mut site = site.clone();
    let called = free_name(called, &site, None)?;
    let condition = checked(condition)?;
    if site.settings.segments.len() >= limits::SEGMENTS_MAX {
        return refuse(format!("a site has at most {} segments; remove one first", limits::SEGMENTS_MAX));
    }
    let segment = Segment { number: next_number(&mut site), name: called, condition, since_ms: since.0 };
    site.settings.segments.push(segment.clone());
    Ok((site, segment))
}

fn list(collector: &Collector, site: &str) -> Done {
    let site = find(collector, site)?;
    let segments = &site.settings.segments;
    let example =
        format!("headcount segment add {} \"Phones in Germany\" --filter 'device=mobile and country=DE'", site.domain);
    let none = format!("{} has no segment yet; declare one with `{example}`.", site.domain);
    let lines: Vec<String> = segments.iter().map(|segment| segment_line(segment, &site)).collect();
    let is_of_segments = |command: &Command| matches!(command, Command::Segment(SegmentCommand::Add { .. }));
    let waiting = announcing::waiting(collector, &site, is_of_segments)?;
    let text = if lines.is_empty() { none } else { lines.join("\n") } + &waiting;
    Ok(Reply::new(text, Value::Array(segments.iter().map(|segment| segment_described(segment, &site)).collect())))
}

fn set(collector: &Collector, site: &str, called: &str, new_name: Option<&str>, condition: Option<&str>) -> Done {
    if new_name.is_none() && condition.is_none() {
        return refuse(
            "nothing is changed: give another name by --name NAME, or another condition by --filter CONDITION",
        );
    }
    let mut site = find(collector, site)?;
    let place = place(&site, called)?;
    let mut segment = site.settings.segments[place].clone();
    if let Some(new_name) = new_name {
        segment.name = free_name(new_name, &site, Some(segment.number))?;
    }
    let condition = condition.map(checked).transpose()?.filter(|condition| *condition != segment.condition);
    let mut text = format!("Segment {} of {} is called {:?}.", segment.number, site.domain, segment.name);
    if let Some(condition) = condition {
        let old = segment.number;
        segment =
            Segment { number: next_number(&mut site), condition, since_ms: begin(collector, &site)?.0, ..segment };
        text = format!(
            "{:?} is segment {} of {} now, and counted from {} on: {}\nWhat was counted of it before, as number {old}, is not shown any \
             more.",
            segment.name,
            segment.number,
            site.domain,
            segment.first_day(&site),
            segment.condition
        );
    }
    site.settings.segments[place] = segment.clone();
    store(collector, &site)?;
    Ok(Reply::new(text, segment_described(&segment, &site)))
}

fn remove(collector: &Collector, site: &str, called: &str) -> Done {
    let mut site = find(collector, site)?;
    announcing::refuse_waiting(collector, &site, &format!("segment {called:?}"))?;
    let place = place(&site, called)?;
    let segment = site.settings.segments.remove(place);
    site.settings.segments_made = site.settings.segments_made.max(segment.number);
    store(collector, &site)?;
    let text =
        format!("The segment {:?} of {} is removed; one declared anew begins from nothing.", segment.name, site.domain);
    Ok(Reply::new(text, json!({"removed": segment.name})))
}

fn store(collector: &Collector, site: &Site) -> Result<(), CommandRefusal> {
    collector.operators().set_site(site)?;
    collector.reload()?;
    Ok(())
}

fn next_number(site: &mut Site) -> u32 {
    let settings = &mut site.settings;
    let last = settings.segments.iter().map(|segment| segment.number).fold(settings.segments_made, u32::max);
    settings.segments_made = last + 1;
    last + 1
}

/// From when on a segment is counted: the running day as a whole if all of its visits are in memory, else the next one.
fn begin(collector: &Collector, site: &Site) -> Result<Moment, CommandRefusal> {
    let now = collector.clock().now();
    let today = site.schedule.locate(now).day;
    let all = Condition::All(Vec::new());
    let is_whole = collector.matching(site.id, (today, today), &all, &[])?.is_some();
    Ok(if is_whole { now } else { site.schedule.end_of(today) })
}

/// A condition by which whole days can be counted.
fn checked(text: &str) -> Result<String, CommandRefusal> {
    let text = text.trim();
    let condition = match Condition::read(text) {
        Ok(condition) => condition,
        Err(error) => return refuse(error.to_string()),
    };
    match condition.is_known() {
        true => Ok(text.to_owned()),
        false => refuse(
            "which pages the hits with a property were on is not kept, nor which properties came together: test a property by itself, \
             beside event and what visits have, or within has_done, as in `has_done prop:plan=pro`",
        ),
    }
}

/// A name that no other segment has. One that is a number would be taken for another's.
fn free_name(text: &str, site: &Site, own: Option<u32>) -> Result<String, CommandRefusal> {
    let called = name(text)?;
    if called.parse::<u32>().is_ok() {
        return refuse("segments have numbers already; give this one a name in words");
    }
    let is_taken = |segment: &Segment| segment.name == called && Some(segment.number) != own;
    if site.settings.segments.iter().any(is_taken) {
        return refuse(format!("{} has a segment {called:?} already; give this one another name", site.domain));
    }
    Ok(called)
}

fn place(site: &Site, called: &str) -> Result<usize, CommandRefusal> {
    let segments = &site.settings.segments;
    let found = site.segment(called).map(|segment| segment.number);
    match segments.iter().position(|segment| Some(segment.number) == found) {
        Some(place) => Ok(place),
        None => {
            let names: Vec<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
            unknown("segment", called, &names, site)
        }
    }
}
