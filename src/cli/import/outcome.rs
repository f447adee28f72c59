//! What is printed of an import, in words and in JSON, and which logs could not be read.

use indicatif::HumanDuration;
use serde_json::{Value, json};

use super::super::words::ImportWords;
use super::log::{OpenLog, UnreadableLog};
use crate::control::Reply;
use crate::import::{Sample, Start, Summary};
use crate::limits;
use crate::page::text::noun;
use crate::page::words::ENGLISH;

/// The summary of an import, for people and for programs.
pub fn reply(order: &ImportWords, summary: &Summary, logs: &[OpenLog], seconds: f64) -> Reply {
    let rate = summary.lines as f64 / seconds.max(0.001);
    let exact = |count: u64| ENGLISH.exact(count as f64);
    let took = if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        HumanDuration(std::time::Duration::from_secs_f64(seconds)).to_string()
    };
    let (lines, rate_shown) = (noun(summary.lines, "lines"), ENGLISH.exact(rate));
    let mut text = format!("{} {lines} in {took}, {rate_shown} lines/s\n\n", exact(summary.lines));
    let counted = (if order.dry_run { "would count" } else { "counted" }, summary.counted);
    let reasons = summary.rejected.iter().map(|(label, count)| (label.as_str(), *count));
    text.push_str(&table(&std::iter::once(counted).chain(reasons).collect::<Vec<_>>()));
    text.push_str(&by_site(summary));
    text.push_str(&samples(&summary.samples));
    let of_logs = logs.iter().filter_map(|log| note(log, logs));
    let notes: Vec<String> = days(summary, order.dry_run)
        .into_iter()
        .chain(of_logs)
        .chain(repeated(&summary.repeated))
        .chain(of_hosts(order, summary))
        .chain(of_proxy(summary))
        .collect();
    if !notes.is_empty() {
        text.push_str(&format!("\n{}\n", notes.join("\n")));
    }
    let files: Vec<Value> = logs.iter().map(described).collect();
    let rejected: serde_json::Map<String, Value> =
        summary.rejected.iter().map(|(label, count)| (label.clone(), json!(count))).collect();
    let json = json!({
        "site": order.site, "lines": summary.lines, "counted": summary.counted, "rejected": rejected, "files": files,
        "sites": summary.sites, "strange_hosts": summary.strange_hosts, "behind_proxy": summary.is_behind_proxy,
        "dry_run": order.dry_run, "samples": summary.samples, "logs": summary.logs,
        "days": summary.days, "repeated_days": summary.repeated, "seconds": (seconds * 1_000.0).round() / 1_000.0, "lines_per_s": rate.round(),
    });
    Reply { text, json }
}

/// Labels and their counts, below each other.
fn table(rows: &[(&str, u64)]) -> String {
    let rows: Vec<_> = rows.iter().map(|(label, count)| (label, ENGLISH.exact(*count as f64))).collect();
    let label_width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0).max(12);
    let width = rows.iter().map(|(_, count)| count.len()).max().unwrap_or(0);
    rows.iter().map(|(label, count)| format!("  {label:<label_width$}  {count:>width$}\n")).collect()
}

/// What became of the lines of each site, where each line told its own, and the hosts that belong to none.
fn by_site(summary: &Summary) -> String {
    let mut text = String::new();
    if !summary.sites.is_empty() {
        let rows: Vec<_> = summary.sites.iter().map(|site| (site.site.as_str(), site.counted)).collect();
        text = format!("\nBy site:\n{}", table(&rows));
    }
    if !summary.strange_hosts.is_empty() {
        let rows: Vec<_> = summary.strange_hosts.iter().map(|(host, lines)| (host.as_str(), *lines)).collect();
        text.push_str(&format!("\nLines of other hosts, which were not counted:\n{}", table(&rows)));
    }
    text
}

/// Lines of a dry run.
fn samples(samples: &[Sample]) -> String {
    let cells = |sample: &Sample| -> [String; 7] {
        let Sample { time, site, page, source, browser, country, reason } = sample;
        let told = if reason.is_empty() { String::new() } else { format!("not counted: {reason}") };
        let cells = [time, site, page, source, browser, country, &told];
        let mut cells: [String; 7] = cells.map(|text| {
            if text.is_empty() { "-".to_owned() } else { text.chars().take(limits::IMPORT_CELL_CHARS_MAX).collect() }
        });
        cells[6] = told;
        cells
    };
    let head = ["time", "site", "page", "source", "browser", "country", ""].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(head).chain(samples.iter().map(cells)).collect();
    if rows.len() < 2 {
        return String::new();
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("  {}\n", cells.join("  ").trim_end())
    };
    format!("\nLines as they would be counted; nothing is:\n{}", rows.iter().map(line).collect::<String>())
}

/// Which days were counted.
fn days(summary: &Summary, is_dry: bool) -> Option<String> {
    let (first, last) = summary.days.as_ref()?;
    let span = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
    Some(match is_dry {
        true => format!("The lines are {span}. Without --dry-run they are counted."),
        false => format!("Counted {span}; the dashboard shows all days with ?period=all."),
    })
}

/// What is to be done about lines of other hosts, or of none.
fn of_hosts(order: &ImportWords, summary: &Summary) -> Vec<String> {
    let mut notes = Vec::new();
    if summary.lacks_hosts {
        notes.push("Lines that name no host belong to no site; --site says whose they are.".to_owned());
    }
    if summary.strange_hosts.is_empty() {
        return notes;
    }
    notes.push(match order.site.as_str() {
        "" => "`headcount site add` adds a site for a host, `headcount site set --alias` one more host to a site; --site then counts the lines of that site alone.".to_owned(),
        site => format!(
            "Lines of other hosts are wrong_host; `headcount site set {site} --alias HOST` makes a host one of its own. Without --site each line counts for the site that has its host."
        ),
    });
    notes
}

fn of_proxy(summary: &Summary) -> Option<String> {
    summary.is_behind_proxy.then(|| {
        "Note: nearly all pageviews come from one address with many agents, which is a proxy's. Name its network with --trusted-proxies if the log has the clients' addresses too, or their field with --log-format.".to_owned()
    })
}

/// The logs of which no line could be read, in one sentence each with what they look like.
///
/// # Errors
/// [`UnreadableLog`]
pub fn unreadable(summary: &Summary, logs: &[OpenLog]) -> Result<Option<String>, UnreadableLog> {
    let mut sentences = Vec::new();
    for (log, read) in logs.iter().zip(&summary.logs) {
        let looks = match &read.looks_like {
            Some(looks) => Some(looks.clone()),
            // What has no lines at all may be no text.
            None if read.lines == 0 && log.start == Start::New => log.looks_binary()?,
            None => None,
        };
        sentences.extend(looks.map(|looks| format!("no line of {} could be read: it {looks}", log.name())));
    }
    Ok((!sentences.is_empty()).then(|| sentences.join("; ")))
}

/// What is to be said of one log.
fn note(log: &OpenLog, logs: &[OpenLog]) -> Option<String> {
    let name = log.name();
    match log.start {
        Start::SameAs(other) => {
            let other = logs.get(other).map(OpenLog::name).unwrap_or_default();
            Some(format!("{name} begins like {other} and is left out."))
        }
        Start::At(bytes) if log.read_bytes == bytes => {
            Some(format!("{name} has nothing new since the last import; --again counts it once more."))
        }
        Start::At(_) => Some(format!("{name} was continued where the last import ended.")),
        Start::New if log.is_unfinished => {
            Some(format!("{name} ends within a line, which is left for the next import."))
        }
        Start::New => None,
    }
}

fn repeated(days: &[String]) -> Option<String> {
    let (first, last) = (days.first()?, days.last()?);
    let span = if days.len() == 1 { first.clone() } else { format!("{} days from {first} to {last}", days.len()) };
    Some(format!(
        "Note: {span} had visitors before. Salts of earlier runs are gone, so visitors who are in both count twice there."
    ))
}

fn described(log: &OpenLog) -> Value {
    let (start, same_as) = match log.start {
        Start::New => (json!(0), Value::Null),
        Start::At(bytes) => (json!(bytes), Value::Null),
        Start::SameAs(other) => (Value::Null, json!(other)),
    };
    json!({"name": log.name(), "from_byte": start, "to_byte": log.read_bytes, "same_as": same_as, "unfinished": log.is_unfinished})
}
