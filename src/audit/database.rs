//! The database by its meaning: what is not in the allow-list, texts that say what no text may, and whose the place of a trace is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::disk::FileList;
use super::finder::Finder;
use super::finding::AuditFinding;
use super::known::Declared;
use super::trace::{Trace, TraceForm, TraceKind};
use crate::hit::mask;
use crate::limits;
use crate::store::{ColumnContent, Inspection, PageOwner, StoreError, StoredText};

/// What a look at the tables brings.
pub(super) struct DatabaseLook {
    /// Parts and values that do not belong there.
    pub(super) strays: Vec<AuditFinding>,
    /// Traces in texts, each with its table and column.
    pub(super) texts: BTreeSet<(String, String, Trace)>,
}

/// A trace in a file, with whose place it is.
pub(super) struct Located {
    pub(super) finding: AuditFinding,
    pub(super) trace: Trace,
}

impl DatabaseLook {
    /// Looks at each part of the schema, and at each text.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) fn of(
        inspection: &Inspection,
        finder: &Finder,
        declared: &Declared,
    ) -> Result<DatabaseLook, StoreError> {
        let mut look = DatabaseLook { strays: Vec::new(), texts: BTreeSet::new() };
        for part in inspection.strays()? {
            let (kind, name) = (part.kind, part.name);
            let what = match kind.as_str() {
                "table" | "column" => format!("a {kind} that is not in the schema"),
                _ => format!("the {kind} {name}, which is not in the schema"),
            };
            look.strays.push(AuditFinding {
                table: Some(part.table),
                column: (kind == "column").then_some(name),
                ..AuditFinding::of(&format!("stray_{kind}"), what)
            });
        }
        let mut strays: BTreeMap<(String, String), u64> = BTreeMap::new();
        inspection.each_text(|text| {
            if text.is_stray && text.content.is_some() {
                *strays.entry((text.table.to_owned(), text.column.to_owned())).or_default() += 1;
            }
            each_trace(text, finder, |trace| {
                if look.texts.len() < limits::AUDIT_FINDINGS_MAX && !declared.has(&trace) {
                    look.texts.insert((text.table.to_owned(), text.column.to_owned(), trace));
                }
            });
        })?;
        look.strays.extend(strays.into_iter().map(|((table, column), count)| AuditFinding {
            table: Some(table),
            column: Some(column),
            ..AuditFinding::of("stray_value", format!("{count} values are not of the kind of their column"))
        }));
        Ok(look)
    }
}

/// Hands out the traces in a text. Names were masked before they were stored: what a mask would take away now is one.
fn each_trace(text: StoredText<'_>, finder: &Finder, mut take: impl FnMut(Trace)) {
    if text.content == Some(ColumnContent::SlowDigest) && !text.is_stray {
        return;
    }
    // Where it stands in the text says nothing; the same value is one finding.
    let mut found = |trace: Trace| take(Trace { at: 0, ..trace });
    let Ok(words) = std::str::from_utf8(text.bytes) else {
        finder.search(text.bytes, 0, &mut found);
        return;
    };
    if text.content != Some(ColumnContent::Masked) {
        finder.search_text(words, &mut found);
        return;
    }
    finder.search_name(words, &mut found);
    // Of a name that a mask leaves alone no more has to be asked; most are so.
    if mask::name(words) != words {
        mask::found(words, |mark, range| {
            if let Some(kind) = TraceKind::of_mark(mark) {
                let (value, bytes) = (words[range.clone()].as_bytes().to_vec(), range.len());
                found(Trace { at: 0, kind, form: TraceForm::Plain, value, bytes });
            }
        });
    }
}

/// Says of each trace whose place it is: of which table and column, or of nobody's page.
///
/// # Errors
/// [`StoreError`]
pub(super) fn located(
    inspection: &Inspection,
    database: &Path,
    traces: Vec<(usize, Trace)>,
    list: &FileList,
) -> Result<Vec<Located>, StoreError> {
    let pages = pages(inspection.page_bytes()?, database, &traces, list);
    let numbers: Vec<u64> = pages.iter().flatten().copied().collect();
    let owners = if numbers.is_empty() { BTreeMap::new() } else { inspection.page_owners(&numbers)? };
    let mut located = Vec::new();
    let mut columns = BTreeMap::new();
    for ((file, trace), page) in traces.into_iter().zip(pages) {
        let mut finding = finding(&trace).in_file(&list.files[file].name);
        finding.offset = Some(trace.at);
        if let Some(owner) = page.and_then(|page| owners.get(&page)) {
            match owner {
                PageOwner::Free => finding.table = Some("(free page)".to_owned()),
                PageOwner::Table { table } => {
                    let key = (table.clone(), trace.value.clone());
                    if !columns.contains_key(&key) && columns.len() < limits::AUDIT_LOOKUPS_MAX {
                        columns.insert(key.clone(), column_of(inspection, table, &trace)?);
                    }
                    finding.column = columns.get(&key).cloned().flatten();
                    finding.table = Some(table.clone());
                }
            }
        }
        located.push(Located { finding, trace });
    }
    Ok(located)
}

/// The page of the database that each trace is on, in its file or its log.
fn pages(page_bytes: u64, database: &Path, traces: &[(usize, Trace)], list: &FileList) -> Vec<Option<u64>> {
    let log = log_of(database);
    let opened_log = File::open(&log).ok();
    let page = |(file, trace): &(usize, Trace)| match &list.files[*file].path {
        path if path == database => Some(trace.at / page_bytes + 1),
        path if *path == log => page_in_log(opened_log.as_ref()?, trace.at, page_bytes),
        _ => None,
    };
    traces.iter().map(page).collect()
}

/// A trace as a finding, without a place.
pub(super) fn finding(trace: &Trace) -> AuditFinding {
    let kind = serde_json::to_value(trace.kind).ok();
    AuditFinding {
        form: Some(trace.form),
        shape: Some(trace.shape()),
        ..AuditFinding::of(kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default(), trace.kind.words())
    }
}

/// The column that has a trace. A byte before and behind may belong to the row rather than the text.
fn column_of(inspection: &Inspection, table: &str, trace: &Trace) -> Result<Option<String>, StoreError> {
    let value = &trace.value;
    for (from, until) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let Some(part) = value.get(from..value.len().saturating_sub(until)) else { continue };
        if part.len() >= limits::AUDIT_RUN_BYTES_MIN
            && let Some(column) = inspection.column_with(table, part)?
        {
            return Ok(Some(column));
        }
    }
    Ok(None)
}

fn log_of(database: &Path) -> std::path::PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// The page that a place in SQLite's log is of: behind a head of 32 bytes, each page has one of 24, which begins with its number.
fn page_in_log(log: &File, at: u64, page_bytes: u64) -> Option<u64> {
    let frame_bytes = 24 + page_bytes;
    let frame = at.checked_sub(32)? / frame_bytes;
    let mut number = [0; 4];
    log.read_exact_at(&mut number, 32 + frame * frame_bytes).ok()?;
    Some(u32::from_be_bytes(number).into())
}
