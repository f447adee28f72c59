//! `headcount set-aside`: keeps values of some days out of all figures, lists what is kept out, and takes it back. The number of what is
//! taken back is never used again.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{CommandRefusal, Done, Reply, find, refuse};
use crate::cell::condition::written;
use crate::cell::{Axis, DIMENSIONS, Dimension, Filter, Metric, OTHER, Test};
use crate::collector::{Collector, SnapshotScope};
use crate::limits;
use crate::report::choice::{Choice, Comparison, FilterKey};
use crate::report::range::date;
use crate::report::{self, Question, Span};
use crate::site::set_aside::BOT;
use crate::site::{Day, SetAside, Site};

/// What an operator can ask. Each names the site's domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SetAsideCommand {
    /// Sets something aside, unless the same is already.
    Add {
        /// The site.
        site: String,
        /// The first day, or `today`.
        first: String,
        /// The last one; nothing for the first alone.
        last: Option<String>,
        /// What, as filters are written: `source=spam.example`.
        filter: Vec<String>,
    },
    /// Lists what is set aside.
    List {
        /// The site.
        site: String,
    },
    /// Takes something back.
    Undo {
        /// The site.
        site: String,
        /// Its number.
        id: u32,
    },
}

pub(super) fn run(collector: &Collector, command: SetAsideCommand) -> Done {
    match command {
        SetAsideCommand::Add { site, first, last, filter } => add(collector, &site, (&first, last.as_deref()), &filter),
        SetAsideCommand::List { site } => Ok(list(&find(collector, &site)?)),
        SetAsideCommand::Undo { site, id } => undo(collector, &site, id),
    }
}

fn add(collector: &Collector, site: &str, (first, last): (&str, Option<&str>), filter: &[String]) -> Done {
    let mut site = find(collector, site)?;
    let today = site.schedule.locate(collector.clock().now()).day;
    let (first, last) = (day(first, today)?, last.map(|last| day(last, today)).transpose()?);
    let last = last.unwrap_or(first);
    if last < first || last.0 - first.0 >= limits::SET_ASIDE_DAYS_MAX {
        return refuse(format!("name 1 to {} days, the first one first", limits::SET_ASIDE_DAYS_MAX));
    }
    let (key, values) = named(filter)?;
    let known = &mut site.settings.set_aside;
    let is_same = |act: &&SetAside| (act.first, act.last, &act.key, &act.values) == (first, last, &key, &values);
    if let Some(same) = known.acts.iter().find(is_same) {
        return Ok(Reply::new(format!("This is set aside already, as number {}.", same.id), described(same)));
    }
    if known.acts.len() >= limits::SET_ASIDE_MAX {
        return refuse(format!("at most {} things can be set aside; take one back first", limits::SET_ASIDE_MAX));
    }
    let id = known.acts.iter().map(|act| act.id).fold(known.made, u32::max) + 1;
    let act = SetAside { id, first, last, key, values };
    known.made = id;
    known.acts.push(act.clone());
    let told = told(collector, &site, &act)?;
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let text = format!(
        "Set aside, and in no figure of {0}: {1} (number {id}). {told}`headcount set-aside undo {0} {id}` takes it back.",
        site.domain,
        line_of(&act)
    );
    Ok(Reply::new(text, described(&act)))
}

/// A day of the site's calendar.
fn day(text: &str, today: Day) -> Result<Day, CommandRefusal> {
    match text.trim() {
        "today" => Ok(today),
        "yesterday" => Ok(Day(today.0 - 1)),
        text => match date(text) {
            Some(day) => Ok(day),
            None => refuse(format!("{text:?} is no day; write it like 2026-11-20, or today or yesterday")),
        },
    }
}

/// The dimension and its values, as filters of a report are written.
fn named(filter: &[String]) -> Result<(String, Vec<String>), CommandRefusal> {
    let of_bots = |text: &String| text.strip_prefix(BOT)?.strip_prefix(['=', ':']).map(str::to_owned);
    let bots: Vec<String> = filter.iter().filter_map(of_bots).filter(|family| !family.is_empty()).collect();
    if !bots.is_empty() && bots.len() == filter.len() {
        return limited(BOT, bots);
    }
    let choice = Choice::read(filter.iter().map(String::as_str))?;
    let [part] = choice.parts.as_slice() else {
        return refuse(
            "name values of one dimension, like --source spam.example or --filter country=DE; what is of another is set aside by itself",
        );
    };
    match &part.key {
        FilterKey::Of(dimension) if part.comparison == Comparison::Is && dimension.row().is_listed() => {
            limited(dimension.name(), part.values.clone())
        }
        _ => {
            let names = DIMENSIONS.listed().map(|row| row.name).collect::<Vec<_>>().join(", ");
            refuse(format!("values of a dimension can be set aside, by =, of {names} and bot"))
        }
    }
}

fn limited(key: &str, mut values: Vec<String>) -> Result<(String, Vec<String>), CommandRefusal> {
    values.sort_unstable();
    values.dedup();
    let most = limits::SET_ASIDE_VALUES_MAX;
    if values.len() > most || values.iter().any(|value| value.len() > limits::SET_ASIDE_VALUE_BYTES_MAX) {
        return refuse(format!("at most {most} values can be set aside at once"));
    }
    if values.iter().any(|value| value == OTHER) {
        return refuse(format!("{OTHER} stands for values that have no name of their own; they can't be set aside"));
    }
    Ok((key.to_owned(), values))
}

/// How much of all it is, as far as it is counted.
fn told(collector: &Collector, site: &Site, act: &SetAside) -> Result<String, CommandRefusal> {
    let Some(dimension) = Dimension::from_name(&act.key) else { return Ok(String::new()) };
    let span = Span::of_days(act.first, act.last);
    let all = Question::new(site.id, span, Axis::Total, None, &[Metric::Pageviews]);
    let filter = Filter { axis: Axis::Of(dimension), test: Test::Is(act.values.clone()) };
    let scope = SnapshotScope { is_as_counted: true, ..SnapshotScope::sites(vec![site.id]) };
    let snapshot = collector.snapshot(scope)?;
    let of = |question: Question| Ok::<i64, CommandRefusal>(report::total(&question, &snapshot)?.tally.pageviews);
    let (part, all) = (of(all.clone().filtered(Some(filter)))?, of(all)?);
    Ok(match part {
        0 => "Nothing of it is counted on these days so far. ".to_owned(),
        part => format!("That is {part} of {all} pageviews. "),
    })
}

/// What is set aside, and of which days.
fn line_of(act: &SetAside) -> String {
    let days = if act.first == act.last { act.first.to_string() } else { format!("{} to {}", act.first, act.last) };
    format!("{days}  {}", written(&act.key, "=", &act.values))
}

fn list(site: &Site) -> Reply {
    let acts = &site.settings.set_aside.acts;
    let none = format!(
        "Nothing is set aside at {0}; `headcount set-aside {0} --day 2026-11-20 --source spam.example` would set something aside.",
        site.domain
    );
    let lines: Vec<String> = acts.iter().map(|act| format!("{}  {}", act.id, line_of(act))).collect();
    let text = if lines.is_empty() { none } else { lines.join("\n") };
    Reply::new(text, Value::Array(acts.iter().map(described).collect()))
}

fn undo(collector: &Collector, site: &str, id: u32) -> Done {
    let mut site = find(collector, site)?;
    let known = &mut site.settings.set_aside;
    let Some(place) = known.acts.iter().position(|act| act.id == id) else {
        return refuse(format!(
            "{0} has set nothing aside as {id}; `headcount set-aside list {0}` shows all",
            site.domain
        ));
    };
    let back = known.acts.remove(place);
    known.made = known.made.max(id);
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let text = format!("Taken back, and counted again at {}: {}.", site.domain, line_of(&back));
    Ok(Reply::new(text, json!({"taken_back": id})))
}

/// What is set aside, as scripts get it.
fn described(act: &SetAside) -> Value {
    json!({"id": act.id, "first": act.first.to_string(), "last": act.last.to_string(), "of": act.key, "values": act.values})
}
