//! Compares what should come of a story with what does, and shows both side by side where they differ.
//!
//! What is expected is written in sections, apart by two blanks or a new line. A section is one of
//!
//! - `visitors 2`: a number of the [`Tally`] over the whole story, all days and sites added: `visitors visits pageviews
//!   events bounces seconds engaged_visits engaged_ms scroll`;
//! - `entry_page / 2, /docs 1`: all rows of a dimension. They are visits for the dimensions of a visit, pageviews for `page`
//!   and `hostname`, named events for `event` and properties; `entry_page.bounces / 1` names another number;
//! - `prop:plan pro 1` for a property under any event, `prop:plan@Signup pro 1` for it under one;
//! - `hours 09 2, +1 00 1` and `days +0 2`: pageviews by local hour and by day, or `hours.visitors 09 1`; of one value with
//!   `hours:page=/a 09 2`, `days:entry_page=/a.visitors +0 1`;
//! - `rejected no_visit 1`: hits that were not counted, by reason.
//!
//! The rows must be complete: a value that is not named must be 0. A section without rows expects none.

use std::collections::BTreeMap;
use std::fmt::Write;

use headcount::cell::{Axis, Cell, Dimension, Tally};
use headcount::counts::Name;

use super::depth1::Bench;
use super::depth2::Kept;
use super::depth3::{Served, untold};
use super::{End, Scenario};

/// Something that stories can be played on: a depth of the program.
///
/// `check` makes a new stage for each story, plays the story once, and asks.
pub trait Stage {
    /// Feeds all hits of the story in their order, so that they can be asked for.
    fn play(&mut self, scenario: &Scenario);
    /// A number of the tallies of a split over the whole story, by value. A value may come in several rows, which are
    /// added up. Nothing if this depth can't tell; that is not compared.
    fn rows(&mut self, split: &Split, metric: &str) -> Option<Vec<(String, i64)>>;
    /// How many hits were rejected, by the reason's label.
    fn rejected(&mut self) -> Vec<(String, i64)>;
}

/// What a stage is asked to split by.
#[derive(Debug, Clone, PartialEq)]
pub enum Split {
    /// An axis, over all days; [`Axis::Total`] has one value, the empty text.
    Axis(Axis<Name>),
    /// The local hours of a cell, labelled by [`clock`].
    Hours(Cell<Name>),
    /// The days of a cell, labelled by [`clock`].
    Days(Cell<Name>),
}

/// The label of an hour or a day: `09`, `+1 00`; `+0`, `+1`.
pub fn clock(day: i32, hour: Option<u8>) -> String {
    match hour {
        Some(hour) if day == 0 => format!("{hour:02}"),
        Some(hour) => format!("{day:+} {hour:02}"),
        None => format!("{day:+}"),
    }
}

/// Plays a story at every depth that can tell it, and compares what comes of it with `expected`.
pub fn check(story: &str, expected: &str) {
    let scenario = Scenario::parse(story);
    let expected = sections(expected);
    let right = |depth: &str, compared: Result<(), String>| {
        compared.unwrap_or_else(|report| panic!("{depth} counts otherwise:\n{report}"));
    };
    let mut bench = Bench::default();
    bench.play(&scenario);
    right("depth 1", compare(&mut bench, &scenario, &expected));
    let mut kept = Kept::open(&scenario);
    kept.play(&scenario);
    right("depth 2, before all is stored,", compare(&mut kept, &scenario, &expected));
    kept.restart(End::Stop);
    right("depth 2, from the file alone,", compare(&mut kept, &scenario, &expected));
    for how in [End::Stop, End::Kill] {
        let scenario = scenario.ended_everywhere(how);
        let mut kept = Kept::open(&scenario);
        kept.play(&scenario);
        right("depth 2, ended before every step,", compare(&mut kept, &scenario, &expected));
    }
    let (scenario_off, of_hits) = (scenario.ended_everywhere(End::Stop), of_hits(&expected));
    let mut kept = Kept::without_journal(&scenario_off);
    kept.play(&scenario_off);
    right("depth 2, ended before every step without a journal,", compare(&mut kept, &scenario_off, &of_hits));
    if untold(&scenario).is_none() {
        let mut served = Served::start(&scenario);
        served.play(&scenario);
        right("depth 3", compare(&mut served, &scenario, &expected));
    }
}

/// What needs no memory of who was there before: pageviews and events by what each of them has itself, but for hours, because a
/// hit that is late counts at the time of the one before.
fn of_hits(expected: &[(String, Rows)]) -> Vec<(String, Rows)> {
    let is_of_hits = |(section, _): &&(String, Rows)| {
        let (split, metric) = if section == "rejected" { return false } else { question(section) };
        let (Split::Axis(axis) | Split::Days(Cell { axis, .. })) = &split else { return false };
        let is_of_hit = match axis {
            Axis::Of(dimension) => matches!(dimension, Dimension::Page | Dimension::Hostname | Dimension::Event),
            Axis::Total | Axis::Prop { .. } => true,
            Axis::Revenue { .. } | Axis::Funnel(_) => false,
        };
        is_of_hit && ["pageviews", "events"].contains(&metric.as_str())
    };
    expected.iter().filter(is_of_hits).cloned().collect()
}

/// Rows by value.
type Rows = BTreeMap<String, i64>;

fn compare(stage: &mut impl Stage, scenario: &Scenario, expected: &[(String, Rows)]) -> Result<(), String> {
    let mut report = format!("   {:<26}{:<34}found\n", "", "expected");
    let mut right = true;
    for (name, rows) in expected {
        let Some(found) = found(stage, name) else { continue };
        right &= found == *rows;
        let mark = if found == *rows { "  " } else { "! " };
        let _ = writeln!(report, " {mark}{name:<26}{:<34}{}", written(rows), written(&found));
    }
    if right { Ok(()) } else { Err(format!("{report}\n{scenario}")) }
}

fn written(rows: &Rows) -> String {
    rows.iter().map(|(value, count)| format!("{value} {count}").trim().to_owned()).collect::<Vec<_>>().join(", ")
}

/// What a stage has for a section; nothing if it can't tell.
fn found(stage: &mut impl Stage, section: &str) -> Option<Rows> {
    if section == "rejected" {
        return Some(stage.rejected().into_iter().collect());
    }
    let (split, metric) = question(section);
    let mut rows = Rows::new();
    for (value, count) in stage.rows(&split, &metric)? {
        *rows.entry(value).or_default() += count;
    }
    rows.retain(|_, count| *count != 0);
    Some(rows)
}

/// The split and the number that the name of a section asks for.
fn question(section: &str) -> (Split, String) {
    if METRICS.contains(&section) {
        return (Split::Axis(Axis::Total), section.to_owned());
    }
    let (name, metric) = match section.rsplit_once('.') {
        Some((name, metric)) => (name, Some(metric.to_owned())),
        None => (section, None),
    };
    let (split, usual) = split(name).unwrap_or_else(|| panic!("no section is {section}"));
    (split, metric.unwrap_or_else(|| usual.to_owned()))
}

/// The split of this name, and the number that it shows unless told.
fn split(name: &str) -> Option<(Split, &'static str)> {
    let total = || Cell { axis: Axis::Total, value: Name::from("") };
    let cell = |text: &str| {
        let (axis_name, value) = text.split_once('=')?;
        Some(Cell { axis: axis(axis_name)?.0, value: value.into() })
    };
    if let Some(text) = name.strip_prefix("hours") {
        let cell = text.strip_prefix(':').map_or_else(|| Some(total()), cell)?;
        return Some((Split::Hours(cell), "pageviews"));
    }
    if let Some(text) = name.strip_prefix("days") {
        let cell = text.strip_prefix(':').map_or_else(|| Some(total()), cell)?;
        return Some((Split::Days(cell), "pageviews"));
    }
    axis(name).map(|(axis, usual)| (Split::Axis(axis), usual))
}

fn axis(name: &str) -> Option<(Axis<Name>, &'static str)> {
    if let Some(prop) = name.strip_prefix("prop:") {
        let (key, event) = prop.split_once('@').map_or((prop, None), |(key, event)| (key, Some(event)));
        return Some((Axis::Prop { key: key.into(), event: event.map(Name::from) }, "events"));
    }
    let dimension = Dimension::from_name(name)?;
    let usual = match dimension {
        Dimension::Event => "events",
        Dimension::Page | Dimension::Hostname => "pageviews",
        _ => "visits",
    };
    Some((Axis::Of(dimension), usual))
}

/// The numbers of a [`Tally`], in the order of its columns.
const METRICS: [&str; 9] =
    ["visitors", "visits", "pageviews", "events", "bounces", "seconds", "engaged_visits", "engaged_ms", "scroll"];

/// A number of a tally by its name.
pub fn number(tally: &Tally, metric: &str) -> i64 {
    let place = METRICS.iter().position(|other| *other == metric).unwrap_or_else(|| panic!("no number is {metric}"));
    tally.columns()[place]
}

/// Reads what is expected: the names of the sections and their rows.
fn sections(text: &str) -> Vec<(String, Rows)> {
    let parts = text.lines().flat_map(|line| line.split("  ")).map(str::trim).filter(|part| !part.is_empty());
    parts.map(section).collect()
}

fn section(text: &str) -> (String, Rows) {
    let (name, list) = text.split_once(' ').unwrap_or((text, ""));
    let mut rows = Rows::new();
    let mut value = String::new();
    for part in list.split(", ").filter(|part| !part.is_empty()) {
        // A value may hold a comma itself, as cities do; a row ends with its number.
        value.push_str(part);
        let (label, count) = value.rsplit_once(' ').unwrap_or(("", &value));
        match count.parse::<i64>() {
            Ok(count) => {
                rows.insert(label.to_owned(), count);
                value.clear();
            }
            Err(_) => value.push_str(", "),
        }
    }
    assert!(value.is_empty(), "a row without a number: {text}");
    rows.retain(|_, count| *count != 0);
    (name.to_owned(), rows)
}

#[test]
fn sections_are_read_as_they_are_written() {
    let read =
        sections("visitors 2  city Munich, DE-BY 1, (not set) 3\n  entry_page.bounces  hours +1 00 2, 09 0  events 0");
    let written: Vec<_> = read.iter().map(|(name, rows)| format!("{name}: {}", written(rows))).collect();
    let expected =
        ["visitors: 2", "city: (not set) 3, Munich, DE-BY 1", "entry_page.bounces: ", "hours: +1 00 2", "events: "];
    assert_eq!(written, expected);
}

#[test]
fn a_wrong_number_is_shown_beside_the_right_one() {
    let scenario = Scenario::parse("09:00 ana /");
    let mut bench = Bench::default();
    bench.play(&scenario);
    let report = compare(&mut bench, &scenario, &sections("visits 2  page / 1")).unwrap_err();
    let shown: Vec<_> = report.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(shown[..3], ["expected found", "! visits 2 1", "page / 1 / 1"]);
    assert!(report.contains("09:00 ana /"));
}
