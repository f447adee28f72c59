//! The report on programs, as a table for the terminal and as JSON.

use serde_json::{Value, json};

use crate::report::bots::BotLine;
use crate::report::period::Range;
use crate::site::Site;

/// A table of lines, of `all` that there are.
pub fn text(site: &Site, range: &Range, lines: &[BotLine], all: usize) -> String {
    let mut text = format!("{}, {} to {}\n\n", site.domain, range.span.first_day(), range.span.last_day());
    let width = lines.iter().map(|line| line.family.chars().count()).max().unwrap_or(0);
    for line in lines {
        text.push_str(&format!("{:<width$}  {:<16}  {:>9}\n", line.family, line.group, line.count));
    }
    if lines.is_empty() {
        text.push_str("No program was recognised.\n");
    }
    if all > lines.len() {
        text.push_str(&format!("\n{} more; see --rows\n", all - lines.len()));
    }
    text
}

/// The same for scripts.
pub fn json(site: &Site, range: &Range, lines: &[BotLine], all: usize) -> Value {
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
    answer
}
