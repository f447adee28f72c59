//! In: what programs came to a site. Out: a table for the terminal, and the same as JSON. Forgets: nothing.

use serde_json::{Value, json};

use super::super::{Done, Reply};
use crate::collector::Collector;
use crate::limits;
use crate::report::bots::BotLine;
use crate::report::{self, Records};
use crate::site::Site;

/// Programs are no visitors: how often each family came, and for which pages.
pub(super) fn report(collector: &Collector, site: &Site, period: &str, rows: Option<usize>) -> Done {
    let range = super::range(collector, site, period)?;
    let counts = collector.bots(site.id, range.span.first_day(), range.span.last_day())?;
    let mut lines = report::bots::lines(counts);
    let all = lines.len();
    lines.truncate(rows.unwrap_or(all));
    let shown = rows.unwrap_or(limits::REPORT_ROWS_SHOWN).min(lines.len());
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
