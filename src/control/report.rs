//! In: the words of `headcount report`. Out: a table for the terminal, and the same as JSON. Forgets: nothing.

use serde_json::{Value, json};

use super::{Done, Reply, find, refuse};
use crate::cell::{Axis, Dimension, Metric};
use crate::collector::Collector;
use crate::config::nearest;
use crate::counts::Name;
use crate::report::bots::BotLine;
use crate::report::period::{Period, Range};
use crate::report::{self, Figure, Interval, Line, Question, Sums};
use crate::site::Site;

/// Rows of values in the terminal, unless the operator says how many.
const ROWS_SHOWN: usize = 20;

/// What splits by programs.
const BOT: &str = "bot";

/// What a split is by, and the name of its column.
struct Split {
    axis: Axis<Name>,
    interval: Option<Interval>,
    column: String,
}

pub(super) fn report(collector: &Collector, site: &str, period: &str, by: Option<&str>, rows: Option<usize>) -> Done {
    let site = find(collector, site)?;
    if by == Some(BOT) {
        return bots(collector, &site, period, rows);
    }
    let split = split(by)?;
    let range = range(collector, &site, period)?;
    let metrics = metrics(&split);
    let question = Question::new(site.id, range.span, split.axis, split.interval, &metrics);
    let mut lines = report::answer(&question, collector)?;
    if lines.is_empty() && by.is_none() {
        lines.push(report::totals(site.id, range.span, &metrics, collector)?);
    }
    report::sort(&mut lines, &report::ORDER);
    let all = lines.len();
    lines.truncate(rows.unwrap_or(all));
    // A gap at the end of a time axis would look like days without visitors; values come with the greatest first.
    let shown = if rows.is_none() && split.interval.is_none() { lines.len().min(ROWS_SHOWN) } else { lines.len() };
    let heading = format!("{}, {} to {}", site.domain, range.span.first_day(), range.span.last_day());
    let labels: Vec<String> = lines.iter().map(|line| label(line, split.interval)).collect();
    let mut text = format!("{heading}\n\n{}", table(&split.column, &metrics, &labels[..shown], &lines[..shown]));
    if all > shown {
        text.push_str(&format!("\n{} more; see --rows\n", all - shown));
    }
    if range.is_partial {
        text.push_str("\nToday is still running.\n");
    }
    if range.span.days() > 1 {
        text.push_str("\nVisitors are those of each day, added: nothing connects days.\n");
    }
    let rows: Vec<Value> =
        labels.iter().zip(&lines).map(|(label, line)| row(&split.column, label, &metrics, line)).collect();
    let (from, to) = (range.span.first_day().to_string(), range.span.last_day().to_string());
    let mut answer = json!({"site": site.domain, "from": from, "to": to, "rows": rows});
    if all > lines.len() {
        answer["more"] = json!(all - lines.len());
    }
    Ok(Reply::new(text, answer))
}

/// Programs are no visitors: how often each family came, and for which pages.
fn bots(collector: &Collector, site: &Site, period: &str, rows: Option<usize>) -> Done {
    let range = range(collector, site, period)?;
    let counts = collector.bots(site.id, range.span.first_day(), range.span.last_day())?;
    let mut lines = report::bots::lines(counts);
    let all = lines.len();
    lines.truncate(rows.unwrap_or(all));
    let shown = rows.unwrap_or(ROWS_SHOWN).min(lines.len());
    let mut text = format!("{}, {} to {}\n\n", site.domain, range.span.first_day(), range.span.last_day());
    let width = lines.iter().take(shown).map(|line| line.family.chars().count()).max().unwrap_or(0);
    for line in &lines[..shown] {
        text.push_str(&format!("{:<width$}  {:<16}  {:>9}\n", line.family, line.group, line.count));
    }
    if lines.is_empty() {
        text.push_str("No program was recognised.\n");
    }
    if all > shown {
        text.push_str(&format!("\n{} more; see --rows\n", all - shown));
    }
    let pages = |line: &BotLine| -> Vec<Value> {
        line.pages.iter().map(|(pages, count)| json!({"pages": &**pages, "messages": count})).collect()
    };
    let row = |line: &BotLine| json!({"bot": &*line.family, "group": line.group, "messages": line.count, "pages": pages(line)});
    let rows: Vec<Value> = lines.iter().map(row).collect();
    let (from, to) = (range.span.first_day().to_string(), range.span.last_day().to_string());
    let mut answer = json!({"site": site.domain, "from": from, "to": to, "rows": rows});
    if all > lines.len() {
        answer["more"] = json!(all - lines.len());
    }
    Ok(Reply::new(text, answer))
}

fn range(collector: &Collector, site: &Site, text: &str) -> Result<Range, super::Refusal> {
    let period = match text.split_once("..") {
        Some((from, to)) => Period::parse("custom", Some(from), Some(to))?,
        None => Period::parse(text, None, None)?,
    };
    Ok(period.range(&site.schedule, collector.clock().now(), collector.first_day(site.id)?))
}

fn split(by: Option<&str>) -> Result<Split, super::Refusal> {
    let intervals =
        [("hour", Interval::Hour), ("day", Interval::Day), ("week", Interval::Week), ("month", Interval::Month)];
    let Some(by) = by else { return Ok(Split { axis: Axis::Total, interval: None, column: String::new() }) };
    if let Some((_, interval)) = intervals.iter().find(|(name, _)| *name == by) {
        return Ok(Split { axis: Axis::Total, interval: Some(*interval), column: by.to_owned() });
    }
    if let Some(key) = by.strip_prefix("prop:") {
        let axis = Axis::Prop { key: Name::from(key), event: None };
        return Ok(Split { axis, interval: None, column: by.to_owned() });
    }
    let names: Vec<&str> = Dimension::ALL
        .iter()
        .map(|d| d.name())
        .chain(intervals.iter().map(|(name, _)| *name))
        .chain([BOT, "prop:KEY"])
        .collect();
    match Dimension::from_name(by) {
        Some(dimension) => Ok(Split { axis: Axis::Of(dimension), interval: None, column: by.to_owned() }),
        None => refuse(format!(
            "{by:?} is nothing to split by; did you mean {:?}? ({})",
            nearest(by, &names),
            names.join(", ")
        )),
    }
}

/// The columns: rates only where they exist.
fn metrics(split: &Split) -> Vec<Metric> {
    let mut metrics = vec![Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Events];
    let of_hit = matches!(split.axis, Axis::Prop { .. } | Axis::Of(Dimension::Hostname | Dimension::Event));
    if !of_hit {
        metrics.extend([Metric::ViewsPerVisit, Metric::BounceRate, Metric::VisitDuration]);
    }
    if split.axis == Axis::Of(Dimension::Page) {
        metrics.extend([Metric::TimeOnPage, Metric::ScrollDepth]);
    }
    metrics
}

fn label(line: &Line, interval: Option<Interval>) -> String {
    match (interval, line.bucket) {
        (Some(interval), Some(bucket)) => interval.label(bucket),
        _ => line.value.to_string(),
    }
}

fn row(column: &str, label: &str, metrics: &[Metric], line: &Line) -> Value {
    let mut row = serde_json::Map::new();
    if !column.is_empty() {
        row.insert(column.to_owned(), label.into());
    }
    for (metric, value) in metrics.iter().zip(&line.metrics) {
        row.insert(metric.name().to_owned(), json!(Figure(*value)));
    }
    Value::Object(row)
}

/// Columns as wide as their widest text: the label to the left, numbers to the right.
fn table(column: &str, metrics: &[Metric], labels: &[String], lines: &[Line]) -> String {
    if lines.is_empty() {
        return "Nothing was counted.\n".into();
    }
    let mut rows = vec![heads(column, metrics)];
    for (label, line) in labels.iter().zip(lines) {
        // Control characters in a name must not reach a terminal.
        let label = label.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        rows.push(std::iter::once(label).chain(line.metrics.iter().map(|value| shown(*value))).collect());
    }
    let width = |place: usize| rows.iter().map(|row| row[place].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(
                |(place, (cell, width))| if place == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") },
            )
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn heads(column: &str, metrics: &[Metric]) -> Vec<String> {
    std::iter::once(column.to_owned()).chain(metrics.iter().map(|metric| metric.name().replace('_', " "))).collect()
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "-".into(), |value| value.to_string())
}
