//! The outcome of an audit for people: what was found first, then what was looked at.

use std::fmt::Write;

use serde_json::Value;

use super::{AuditReport, AuditedSite};
use crate::audit::process::ProcessFacts;
use crate::page::text::counted;

impl AuditReport {
    /// For people.
    pub fn text(&self) -> String {
        let mut text = self.head();
        section(&mut text, "Notices", self.notices.iter().map(|notice| notice.what.clone()));
        section(&mut text, "Searched", self.files.iter().map(|(name, bytes)| format!("{name}  {}", sized(*bytes))));
        section(&mut text, "Modes", self.modes.iter().map(|(name, mode)| format!("{mode}  {name}")));
        section(&mut text, "Server", self.process.iter().flat_map(process_lines));
        section(
            &mut text,
            "Journals",
            self.journals.iter().map(|(path, _, bytes)| format!("{path}  {}", sized(*bytes))),
        );
        section(&mut text, "Sites", self.sites.iter().flat_map(site_lines));
        section(&mut text, "Tables", self.table_lines().into_iter());
        text
    }

    fn head(&self) -> String {
        let (tables, columns) = (self.tables.len(), self.tables.iter().map(|table| table.columns.len()).sum::<usize>());
        let mut text = format!("Audit of {} at {}, headcount {}\n", self.path, self.time, self.version);
        let _ = writeln!(
            text,
            "Schema {}: {tables} tables with {columns} columns are known. Searched: {} in {}. Opened: {}.",
            self.schema,
            sized(self.searched_bytes),
            counted(self.files.len() as u64, "files"),
            counted(self.blocks, "blocks of sums")
        );
        let listed = self.findings.iter().map(|finding| format!("{}: {}", finding.kind, finding.line()));
        match self.found() {
            0 => text.push_str("\nNo trace of a person, and nothing that is not declared.\n"),
            found => section(&mut text, &format!("Findings: {found}"), listed),
        }
        if self.found() > self.findings.len() as u64 {
            let _ = writeln!(text, "  ... and {} more", self.found() - self.findings.len() as u64);
        }
        text
    }

    fn table_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for table in &self.tables {
            let rows = counted(table.rows as u64, "rows");
            lines.push(format!("{} ({rows}): {}", table.name, table.holds));
            for (name, content, holds) in &table.columns {
                let content = serde_json::to_value(content).unwrap_or_default();
                lines.push(format!("  {name}  {}  {holds}", content.as_str().unwrap_or_default()));
            }
            let indexes = table.indexes.iter();
            lines.extend(indexes.map(|index| format!("  index {} of {}", index.name, index.columns.join(", "))));
        }
        lines
    }
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{title}");
        lines.iter().for_each(|line| _ = writeln!(text, "  {line}"));
    }
}

fn sized(bytes: u64) -> String {
    match bytes {
        0..=9_999 => counted(bytes, "bytes"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn site_lines(site: &AuditedSite) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} cells, of which {} have one visitor and {} fewer than k = {}",
        site.domain, site.cells, site.cells_of_one, site.cells_below_k, site.small_counts_k
    )];
    lines.extend(site.kept.iter().map(|(kind, oldest, newest)| format!("  {kind}: {oldest} to {newest}")));
    if let Value::Object(settings) = &site.retention {
        let settings: Vec<String> = settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        lines.push(format!("  retention: {} (0 is for ever)", settings.join(", ")));
    }
    let public = if site.public_page { "a public page" } else { "no public page" };
    lines.push(format!("  open: {public}, {} secret links", site.open_links));
    lines
}

fn process_lines(process: &ProcessFacts) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or("unknown".to_owned(), |kb| format!("{kb} kB"));
    let most = match process.locked_max.as_deref().map(str::parse::<u64>) {
        Some(Ok(bytes)) => format!("of at most {} kB", bytes / 1_024),
        Some(Err(_)) => "without a limit".to_owned(),
        None => "of at most unknown".to_owned(),
    };
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let dumps = match process.is_dumpable {
        Some(true) => "allowed",
        Some(false) => "switched off",
        None => "unknown",
    };
    let state = process.journal.as_ref().map_or(String::new(), |path| format!(" in {path}"));
    vec![
        format!("process {}, headcount {}, sha256 {}", process.pid, process.version, word(&process.build)),
        format!("state of the running day: {}{state}", process.live_state),
        format!("locked memory: {} {most}", number(process.locked_kb)),
        format!("swapped: {}", number(process.swapped_kb)),
        format!("core dumps: {dumps}, limit {}", word(&process.core_max)),
        format!(
            "open files: {}, without a name: {}, sockets: {}",
            process.open_files.len(),
            process.deleted_files.len(),
            process.sockets
        ),
    ]
}
