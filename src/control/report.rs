//! In: the words of `headcount report`. Out: a table for the terminal, and the same as JSON. Forgets: nothing.

mod asked;
mod bots;

use serde_json::{Map, Value, json};

use super::{Done, Refusal, Reply, find, goal};
use crate::cell::{Axis, Metric, OTHER};
use crate::collector::Collector;
use crate::limits;
use crate::page::text::table::{self, aligned};
use crate::report::choice::{Choice, Chosen};
use crate::report::period::{Period, Range};
use crate::report::{self, Figure, Line, Question, Sums};
use crate::site::{Site, Target};
use asked::{Split, Subject};

/// What was asked for.
pub(super) struct Words {
    pub(super) period: String,
    pub(super) by: Option<String>,
    pub(super) rows: Option<usize>,
    pub(super) filter: Vec<String>,
}

/// A report that is made.
struct Made {
    range: Range,
    split: Split,
    choice: Choice,
    metrics: Vec<Metric>,
    lines: Vec<Line>,
    notes: Vec<String>,
}

pub(super) fn report(collector: &Collector, site: &str, words: &Words) -> Done {
    let site = find(collector, site)?;
    if words.by.as_deref() == Some(asked::BOT) {
        return bots::report(collector, &site, &words.period, words.rows);
    }
    let mut made = made(collector, &site, words)?;
    let all = made.lines.len();
    made.lines.truncate(words.rows.unwrap_or(all));
    let is_of_values = words.rows.is_none() && made.split.interval.is_none();
    // A gap at the end of a time axis would look like days without visitors; values come with the greatest first.
    let shown = if is_of_values { made.lines.len().min(limits::REPORT_ROWS_SHOWN) } else { made.lines.len() };
    Ok(Reply::new(made.text(&site, shown, all), made.json(&site, all)))
}

fn made(collector: &Collector, site: &Site, words: &Words) -> Result<Made, Refusal> {
    let choice = Choice::read(words.filter.iter().map(String::as_str))?;
    let chosen = choice.made_out(site)?;
    let split = asked::split(words.by.as_deref())?;
    let range = range(collector, site, &words.period)?;
    let metrics = asked::metrics(&split, &chosen);
    let subjects = asked::subjects(site, &range, &split, &chosen, &metrics)?;
    let questions: Vec<Question> = subjects.iter().map(|subject| subject.question.clone()).collect();
    let past_budget = chosen.past_budget(site.id, range.span);
    let found = report::answers(&[questions, past_budget.into_iter().collect()].concat(), collector)?;
    let is_past_budget = found.iter().skip(subjects.len()).any(|lines| !lines.is_empty());
    let mut lines: Vec<Line> =
        subjects.iter().zip(found).flat_map(|(subject, lines)| of_subject(subject, lines, &split)).collect();
    if !split.is_goals {
        report::sort(&mut lines, &report::ORDER);
    }
    let mut notes = notes(site, &range, &chosen, &split);
    if is_past_budget || split.axis != Axis::Total && lines.iter().any(|line| &*line.value == OTHER) {
        notes.push(past_budget_note(site));
    }
    Ok(Made { range, split, choice, metrics, lines, notes })
}

/// The lines of a question; always one where nothing is split.
fn of_subject(subject: &Subject, mut lines: Vec<Line>, split: &Split) -> Vec<Line> {
    if lines.is_empty() && split.axis == Axis::Total && split.interval.is_none() {
        lines.push(report::nothing(&subject.question));
    }
    for line in &mut lines {
        if let Some(goal) = &subject.goal {
            line.value = goal.clone();
        }
        if !subject.has_sums {
            line.metrics.iter_mut().for_each(|metric| *metric = None);
        }
    }
    lines
}

fn past_budget_note(site: &Site) -> String {
    format!(
        "Values past the site's budget for a day are counted together as (other); totals are exact. Raise it with \
         `headcount site set {} --values-max N` or `--pair-cells-max N`.",
        site.domain
    )
}

fn notes(site: &Site, range: &Range, chosen: &Chosen, split: &Split) -> Vec<String> {
    let mut notes = Vec::new();
    if range.is_partial {
        notes.push("Today is still running.".to_owned());
    }
    if range.span.days() > 1 {
        notes.push("Visitors are those of each day, added: nothing connects days.".to_owned());
    }
    if chosen.is_set() {
        notes.push(
            "The filter takes several values, and visitors are added over them: who has two counts twice.".into(),
        );
    }
    let listed = if split.is_goals { site.settings.goals.as_slice() } else { &[] };
    for watched in listed.iter().chain(&chosen.goal).filter(|goal| matches!(goal.target, Target::Pattern(_))) {
        if site.schedule.locate(watched.since()).day >= range.span.first_day() {
            notes.push(format!("{} is counted since {}.", watched.name, goal::since(watched.since(), site)));
        }
    }
    notes.dedup();
    notes
}

pub(super) fn range(collector: &Collector, site: &Site, text: &str) -> Result<Range, Refusal> {
    let period = match text.split_once("..") {
        Some((from, to)) => Period::parse("custom", Some(from), Some(to))?,
        None => Period::parse(text, None, None)?,
    };
    Ok(period.range(&site.schedule, collector.clock().now(), collector.first_day(site.id)?))
}

impl Made {
    fn text(&self, site: &Site, shown: usize, all: usize) -> String {
        let span = self.range.span;
        let filters: String = self.choice.parts.iter().map(|part| format!(", {part}")).collect();
        let heading = format!("{}, {} to {}{filters}", site.domain, span.first_day(), span.last_day());
        let mut text = format!("{}\n\n{}", table::plain(&heading), self.table(shown));
        if all > shown {
            text.push_str(&format!("\n{} more; see --rows\n", all - shown));
        }
        for note in &self.notes {
            text.push_str(&format!("\n{}\n", table::plain(note)));
        }
        text
    }

    fn json(&self, site: &Site, all: usize) -> Value {
        let (from, to) = (self.range.span.first_day().to_string(), self.range.span.last_day().to_string());
        let rows: Vec<Value> = self.lines.iter().map(|line| self.row(line)).collect();
        let mut answer = json!({"site": site.domain, "from": from, "to": to, "rows": rows});
        if !self.choice.is_empty() {
            let texts: Vec<String> = self.choice.parts.iter().flat_map(|part| part.texts()).collect();
            answer["filter"] = json!(texts);
        }
        if !self.notes.is_empty() {
            answer["notes"] = json!(self.notes);
        }
        if all > self.lines.len() {
            answer["more"] = json!(all - self.lines.len());
        }
        answer
    }

    fn label(&self, line: &Line) -> String {
        match (self.split.interval, line.bucket) {
            (Some(interval), Some(bucket)) => interval.label(bucket),
            _ => line.value.to_string(),
        }
    }

    fn row(&self, line: &Line) -> Value {
        let mut row = Map::new();
        if !self.split.column.is_empty() {
            row.insert(self.split.column.clone(), self.label(line).into());
        }
        for (metric, value) in self.metrics.iter().zip(&line.metrics) {
            let value = if *metric == Metric::TotalRevenue { revenue(line) } else { json!(Figure(*value)) };
            row.insert(self.name(*metric).to_owned(), value);
        }
        Value::Object(row)
    }

    /// What a column is called. A goal is reached by each of its events.
    fn name(&self, metric: Metric) -> &'static str {
        let is_of_goals = self.metrics.iter().any(|metric| metric.is_of_goals());
        match metric {
            Metric::Events if is_of_goals => "conversions",
            Metric::GroupConversionRate => Metric::ConversionRate.name(),
            Metric::TotalRevenue => "revenue",
            metric => metric.name(),
        }
    }

    fn table(&self, shown: usize) -> String {
        if self.lines.is_empty() {
            return "Nothing was counted.\n".into();
        }
        let has_money = self.lines.iter().any(|line| !line.money.is_empty());
        let is_shown = |metric: &Metric| has_money || *metric != Metric::TotalRevenue;
        let heads = self.metrics.iter().filter(|metric| is_shown(metric)).map(|m| self.name(*m).replace('_', " "));
        let mut rows = vec![std::iter::once(self.split.column.clone()).chain(heads).collect()];
        for line in &self.lines[..shown] {
            let cells = self.metrics.iter().zip(&line.metrics).filter(|(metric, _)| is_shown(metric));
            let cells = cells.map(|(metric, value)| match metric {
                Metric::TotalRevenue => money(line),
                _ => value.map_or_else(|| "-".into(), |value| value.to_string()),
            });
            rows.push(std::iter::once(self.label(line)).chain(cells).collect());
        }
        aligned(&rows)
    }
}

/// Money by currency, in units.
fn revenue(line: &Line) -> Value {
    let sums = line.money.iter().map(|(currency, sum, _)| (currency.to_string(), json!(*sum as f64 / 1_000.0)));
    Value::Object(sums.collect())
}

fn money(line: &Line) -> String {
    let sums = line.money.iter().map(|(currency, sum, _)| format!("{currency} {:.2}", *sum as f64 / 1_000.0));
    let sums: Vec<String> = sums.collect();
    if sums.is_empty() { "-".into() } else { sums.join(", ") }
}
