//! What one request becomes, for a terminal.

use std::fmt::Write;

use crate::page::explained::{ExplainedMessage, ExplainedRequest, ExplainedStage};
use crate::page::words::ENGLISH;

/// The stages one below the other.
pub fn text(explained: &ExplainedRequest) -> String {
    let mut text = format!("{}\n\n", shown(&explained.path));
    put_stage(&mut text, &explained.request);
    for message in &explained.messages {
        put_message(&mut text, message);
    }
    text.push_str("Nothing of this was counted, logged or kept.\n");
    text
}

fn put_message(to: &mut String, message: &ExplainedMessage) {
    let site = if message.site.is_empty() { "no known site" } else { &message.site };
    let _ = writeln!(to, "=== {} ===\n", shown(site));
    message.stages.iter().for_each(|stage| put_stage(to, stage));
    if !message.masked.is_empty() {
        to.push_str("Masked and cut\n");
        for masked in &message.masked {
            let (before, after) = (shown(&masked.before), shown(&masked.after));
            let _ = writeln!(to, "  {}: {before}\n    -> {after}  {}", shown(&masked.field), masked.masks.join(" "));
        }
        to.push('\n');
    }
    if !message.not_collected.is_empty() {
        let _ = writeln!(to, "Not collected by this site: {}\n", message.not_collected.join(", "));
    }
    if let Some(rejected) = &message.rejected {
        let bot = rejected.bot.map(|bot| format!(" ({bot})")).unwrap_or_default();
        let _ = writeln!(
            to,
            "Rejected: {}{bot}: {}\n  only this reason is counted, once, for the site's day\n",
            rejected.reason, rejected.meaning
        );
    }
    if !message.cells.is_empty() {
        put_cells(to, message);
    }
}

fn put_cells(to: &mut String, message: &ExplainedMessage) {
    let who =
        if message.is_ping { "a ping of a visit that has shown the page" } else { "the first hit of a new visitor" };
    let _ = writeln!(
        to,
        "Cells that change, as {who}\n  stored as sums by hour, day and month: {}",
        ENGLISH.explain.cells_last
    );
    let width = message.cells.iter().map(|cell| cell.axis.chars().count()).max().unwrap_or_default();
    for cell in &message.cells {
        let _ = writeln!(to, "  {:width$}  {}  {}", shown(&cell.axis), shown(&cell.value), cell.line());
    }
    if message.pair_cells > 0 {
        let _ = writeln!(to, "  and {} cells of two dimensions when the day ends", message.pair_cells);
    }
    to.push('\n');
}

fn put_stage(to: &mut String, stage: &ExplainedStage) {
    let name = stage.stage;
    let _ = writeln!(to, "{} ({})\n  {}", name.title(&ENGLISH), name.type_name(), name.lasts(&ENGLISH));
    let width = stage.holds.iter().map(|(field, _)| field.chars().count()).max().unwrap_or_default();
    for (field, value) in &stage.holds {
        let _ = writeln!(to, "  {:width$}  {}", shown(field), shown(value));
    }
    to.push('\n');
}

/// Control characters must not reach a terminal.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
