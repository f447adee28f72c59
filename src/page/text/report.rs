//! A report as a table for the terminal and as JSON.

use serde_json::{Map, Value, json};

use super::table::{self, aligned};
use crate::cell::Metric;
use crate::report::choice::Choice;
use crate::report::comparison::{ComparedLines, ComparedRow, ComparedWith};
use crate::report::money::plain;
use crate::report::period::Range;
use crate::report::{Figure, FigureBounds, Interval, Line};
use crate::site::{Day, Site};

/// A report that is made.
pub struct ReportText {
    /// Its days.
    pub range: Range,
    /// By which part of time it is split.
    pub interval: Option<Interval>,
    /// The name of the column of what it is split by; empty where it is not.
    pub column: String,
    /// Of what alone it is.
    pub choice: Choice,
    /// Its columns.
    pub metrics: Vec<Metric>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What they are compared with, if that is asked for.
    pub compared: Option<ComparedReport>,
    /// What has to be said beside them.
    pub notes: Vec<String>,
}

/// What the lines of a report are compared with.
pub struct ComparedReport {
    /// Which days.
    pub with: ComparedWith,
    /// The lines of both; nothing where there are none.
    pub lines: Option<ComparedLines>,
    /// What has no line in it, each with the first day on which it was counted.
    pub uncounted: Vec<(String, Day)>,
}

impl ReportText {
    /// What a line is compared with.
    fn compared(&self, line: &Line) -> Option<ComparedRow> {
        self.compared.as_ref()?.lines.as_ref()?.row_of_line(line)
    }

    /// For the terminal: `shown` lines of `all` that there are.
    pub fn text(&self, site: &Site, shown: usize, all: usize) -> String {
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

    /// For scripts.
    pub fn json(&self, site: &Site, all: usize) -> Value {
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
        if let Some(compared) = &self.compared {
            answer["compared"] = compared.with.json();
        }
        if all > self.lines.len() {
            answer["more"] = json!(all - self.lines.len());
        }
        answer
    }

    fn label(&self, line: &Line) -> String {
        match (self.interval, line.bucket) {
            (Some(interval), Some(bucket)) => interval.label(bucket),
            _ => line.value.to_string(),
        }
    }

    fn row(&self, line: &Line) -> Value {
        let mut row = Map::new();
        if !self.column.is_empty() {
            row.insert(self.column.clone(), self.label(line).into());
        }
        for (place, (metric, value)) in self.metrics.iter().zip(&line.metrics).enumerate() {
            let name = self.name(*metric);
            let sure = value.filter(|_| line.is_sure(place));
            let sum = if *metric == Metric::TotalRevenue { revenue(line) } else { json!(Figure(sure)) };
            row.insert(name.to_owned(), sum);
            if let Some(bounds) = line.bounds_of(place) {
                if bounds.is_estimated {
                    row.insert(format!("{name}_estimated"), json!(Figure(*value)));
                }
                row.insert(format!("{name}_at_least"), json!(Figure(Some(bounds.low))));
                row.insert(format!("{name}_at_most"), json!(Figure(Some(bounds.high))));
            }
        }
        if self.compared.is_some() {
            let compared = self.compared(line).unwrap_or_default();
            for (place, metric) in self.metrics.iter().enumerate() {
                let before = compared.before.get(place).copied().flatten();
                row.insert(format!("{}_before", self.name(*metric)), json!(Figure(before)));
                row.insert(format!("{}_change", self.name(*metric)), json!(compared.change.get(place)));
            }
        }
        Value::Object(row)
    }

    /// What a column is called. A goal is reached by each of its events.
    fn name(&self, metric: Metric) -> &'static str {
        let is_of_goals = self.metrics.iter().any(|metric| metric.is_of_goals() && !metric.is_money());
        match metric {
            Metric::Events if is_of_goals => "conversions",
            Metric::GroupConversionRate => Metric::ConversionRate.name(),
            Metric::TotalRevenue => "revenue",
            metric => metric.name(),
        }
    }

    /// What the first column was before, and its change in percent.
    fn change(&self, line: &Line) -> Vec<String> {
        if self.compared.is_none() {
            return Vec::new();
        }
        let compared = self.compared(line).unwrap_or_default();
        let before = compared.before.first().copied().flatten().map(|before| before.to_string());
        let change = compared.change.first().copied().flatten().map(|change| format!("{change:+} %"));
        vec![or_dash(before), or_dash(change)]
    }

    fn table(&self, shown: usize) -> String {
        if self.lines.is_empty() {
            return "Nothing was counted.\n".into();
        }
        let has_money = self.lines.iter().any(|line| !line.money.is_empty());
        let is_shown = |metric: &Metric| has_money || *metric != Metric::TotalRevenue;
        let heads = self.metrics.iter().filter(|metric| is_shown(metric)).map(|m| self.name(*m).replace('_', " "));
        let change = ["before", "change"].into_iter().filter(|_| self.compared.is_some()).map(str::to_owned);
        let mut rows = vec![std::iter::once(self.column.clone()).chain(heads).chain(change).collect()];
        for line in &self.lines[..shown] {
            let cells = self.metrics.iter().zip(&line.metrics).enumerate().filter(|(_, (metric, _))| is_shown(metric));
            let cells = cells.map(|(place, (metric, value))| match metric {
                Metric::TotalRevenue => money(line),
                _ if !line.is_sure(place) => or_dash(line.bounds_of(place).zip(*value).map(unsure)),
                _ => value.map_or_else(|| "-".into(), |value| value.to_string()),
            });
            rows.push(std::iter::once(self.label(line)).chain(cells).chain(self.change(line)).collect());
        }
        aligned(&rows)
    }
}

/// A number that is not sure.
fn unsure((bounds, value): (FigureBounds, f64)) -> String {
    match bounds {
        FigureBounds { low, high, is_estimated: true } => format!("~{value} ({low} to {high})"),
        FigureBounds { high, .. } => format!("<={high}"),
    }
}

/// A number, or a dash.
fn or_dash(number: Option<String>) -> String {
    number.unwrap_or_else(|| "-".into())
}

/// Money by currency, in units.
fn revenue(line: &Line) -> Value {
    let sums = line.money.iter().map(|(currency, sum, _)| (currency.to_string(), json!(*sum as f64 / 1_000.0)));
    Value::Object(sums.collect())
}

fn money(line: &Line) -> String {
    let sums = line.money.iter().map(|(currency, sum, _)| format!("{currency} {}", plain(currency, *sum)));
    let sums: Vec<String> = sums.collect();
    if sums.is_empty() { "-".into() } else { sums.join(", ") }
}
