//! What an audit says: as text, as JSON for scripts, and as the summary that is signed.

mod text;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::database::{self, DatabaseLook, Located};
use super::disk::FileList;
use super::finding::{AuditFinding, Notice};
use super::modes::Modes;
use super::process::{self, ProcessFacts};
use super::summary::{self, AuditSummary, ServerVerdict};
use crate::journal::{JournalTrouble, SeenJournal};
use crate::limits;
use crate::site::Moment;
use crate::store::{GivenShare, Inspection, KeptSpan, ReadCells, SiteFacts, StoreError, StoredTable};

/// The outcome of an audit.
#[derive(Debug, Clone, Serialize)]
pub struct AuditReport {
    path: String,
    time: String,
    version: &'static str,
    build: Option<String>,
    schema: i64,
    tables: Vec<StoredTable>,
    files: Vec<(String, u64)>,
    searched_bytes: u64,
    blocks: u64,
    sites: Vec<AuditedSite>,
    journals: Vec<(String, Option<usize>, u64)>,
    modes: Vec<(String, String)>,
    process: Option<ProcessFacts>,
    findings: Vec<AuditFinding>,
    /// Findings by kind; those that are not listed are counted too.
    counts: BTreeMap<String, u64>,
    notices: Vec<Notice>,
}

/// What is said of a site: how small, how old, how open.
#[derive(Debug, Clone, Serialize)]
struct AuditedSite {
    domain: String,
    cells: u64,
    cells_of_one: u64,
    small_counts_k: u32,
    cells_below_k: u64,
    /// The kind of sums, the oldest and the newest.
    kept: Vec<(&'static str, String, String)>,
    /// The settings of retention, as `site show --json` has them.
    retention: Value,
    public_page: bool,
    open_links: usize,
    /// Whether everybody may read the last signed summary.
    publishes: bool,
}

impl AuditReport {
    /// What the database and the list of files say.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) fn of(
        path: &Path,
        now: Moment,
        inspection: &Inspection,
        list: &FileList,
        cells: ReadCells,
    ) -> Result<AuditReport, StoreError> {
        let (spans, shares) = (inspection.spans()?, inspection.shares()?);
        let site = |site: SiteFacts| AuditedSite::of(site, &cells, &spans, &shares, now);
        let mut report = AuditReport {
            path: path.display().to_string(),
            time: now.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            version: env!("CARGO_PKG_VERSION"),
            build: process::build(),
            schema: inspection.version(),
            tables: inspection.tables()?,
            files: list.files.iter().map(|file| (file.name.clone(), file.bytes)).collect(),
            searched_bytes: list.bytes(),
            blocks: cells.blocks,
            sites: inspection.sites()?.into_iter().map(site).collect(),
            journals: Vec::new(),
            modes: Vec::new(),
            process: None,
            findings: Vec::new(),
            counts: BTreeMap::new(),
            notices: Vec::new(),
        };
        report.note_database(inspection, cells.damaged);
        Ok(report)
    }

    fn note_database(&mut self, inspection: &Inspection, damaged: u64) {
        if damaged > 0 {
            let what = format!("{damaged} blocks of packed sums hold something else than sums");
            self.find(AuditFinding::of("damaged_cells", what));
        }
        let (found, present) = (inspection.version(), Inspection::present_version());
        if found < present {
            let what = format!("the schema is of version {found}, which a start of this program brings to {present}");
            self.notices.push(Notice::of("old_schema", what));
        }
        if inspection.is_without_log() {
            let what =
                "a log lies beside the database that nobody has open; its bytes are searched, its rows are not read";
            self.notices.push(Notice::of("log_left", what));
        }
    }

    fn find(&mut self, finding: AuditFinding) {
        *self.counts.entry(finding.kind.clone()).or_default() += 1;
        if self.findings.len() < limits::AUDIT_FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    /// Adds what the tables say. A text that was found among the bytes of its table is one finding.
    pub(super) fn take_database(&mut self, look: DatabaseLook, located: Vec<Located>) {
        look.strays.into_iter().for_each(|stray| self.find(stray));
        let of_tables: Vec<&Located> = located.iter().filter(|one| one.finding.column.is_some()).collect();
        let is_found = |table: &str, column: &str, value: &[u8]| {
            of_tables.iter().any(|one| {
                let place = (one.finding.table.as_deref(), one.finding.column.as_deref());
                place == (Some(table), Some(column)) && memchr::memmem::find(&one.trace.value, value).is_some()
            })
        };
        for (table, column, trace) in look.texts {
            if !is_found(&table, &column, &trace.value) {
                let finding = database::finding(&trace);
                self.find(AuditFinding { table: Some(table), column: Some(column), ..finding });
            }
        }
        located.into_iter().for_each(|one| self.find(one.finding));
    }

    /// Adds what could not be searched.
    pub(super) fn take_files(&mut self, failed: Vec<(usize, String)>, list: &FileList) {
        for (file, why) in failed {
            let what = format!("a file was not searched, or not to its end ({why})");
            self.find(AuditFinding::of("unread", what).in_file(&list.files[file].name));
        }
        for name in &list.passed {
            self.notices.push(Notice::of("passed", format!("{name} leads elsewhere and was not followed")));
        }
    }

    /// Adds who may read the files.
    pub(super) fn take_modes(&mut self, modes: Modes) {
        modes.findings.into_iter().for_each(|finding| self.find(finding));
        self.notices.extend(modes.notices);
        self.modes = modes.all;
    }

    /// Adds where the state of the running day is.
    pub(super) fn take_journals(&mut self, journals: &[SeenJournal], is_running: bool) {
        for journal in journals {
            let path = journal.path.display().to_string();
            match journal.trouble {
                Some(JournalTrouble::NotInMemory) => {
                    self.find(AuditFinding::of("journal_on_disk", "a journal is on a disk").in_file(&path));
                }
                Some(trouble) => {
                    self.notices.push(Notice::of("journal", format!("{path}, as seen from here: {trouble}")));
                }
                None => {}
            }
            if !is_running {
                let what = format!(
                    "{path} is left in memory by a server that no longer runs; the next start takes it up, `headcount journal wipe` overwrites it"
                );
                self.notices.push(Notice::of("journal_left", what));
            }
            if journal.files.is_none() {
                self.notices
                    .push(Notice::of("journal_closed", format!("{path} is closed to this user and was not searched")));
            }
            self.journals.push((path, journal.files, journal.bytes));
        }
    }

    /// Adds what the server says of itself.
    pub(super) fn take_process(&mut self, process: Option<ProcessFacts>) {
        if let Some(process) = &process {
            process.findings().into_iter().for_each(|finding| self.find(finding));
            self.notices.extend(process.notices());
        }
        self.process = process;
    }

    /// Whether any site publishes summaries.
    pub fn is_published(&self) -> bool {
        self.sites.iter().any(|site| site.publishes)
    }

    /// How many findings there are.
    pub fn found(&self) -> u64 {
        self.counts.values().sum()
    }

    /// What it found, as far as it is listed.
    pub fn findings(&self) -> &[AuditFinding] {
        &self.findings
    }

    /// What is worth a look.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    fn verdict(&self) -> &'static str {
        if self.counts.is_empty() { summary::CLEAN } else { "findings" }
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let tables: Vec<Value> = self.tables.iter().map(table_json).collect();
        let files: Vec<Value> = self.files.iter().map(|(name, bytes)| json!({"name": name, "bytes": bytes})).collect();
        let modes: BTreeMap<&str, &str> = self.modes.iter().map(|(name, mode)| (&**name, &**mode)).collect();
        let journals =
            self.journals.iter().map(|(path, files, bytes)| json!({"path": path, "files": files, "bytes": bytes}));
        json!({
            "path": self.path,
            "time": self.time,
            "version": self.version,
            "build": self.build,
            "verdict": self.verdict(),
            "findings": self.findings,
            "findings_by_kind": self.counts,
            "notices": self.notices,
            "schema": {"version": self.schema, "present": Inspection::present_version(), "tables": tables},
            "searched": {"bytes": self.searched_bytes, "files": files, "packed_blocks": self.blocks},
            "sites": self.sites.iter().map(AuditedSite::json).collect::<Vec<_>>(),
            "journals": journals.collect::<Vec<_>>(),
            "modes": modes,
            "process": self.process,
        })
    }

    /// What may be signed and published: counts and verdicts.
    pub fn summary(&self) -> AuditSummary {
        AuditSummary {
            what: AuditSummary::what(),
            time: self.time.clone(),
            version: self.version.to_owned(),
            build: self.build.clone(),
            schema: self.schema,
            tables: self.tables.len(),
            columns: self.tables.iter().map(|table| table.columns.len()).sum(),
            findings: self.counts.clone(),
            verdict: self.verdict().to_owned(),
            server: self.process.as_ref().map(|process| ServerVerdict {
                version: process.version.clone(),
                build: process.build.clone(),
                live_state: process.live_state.clone(),
                locks_memory: process.locked_kb.is_some_and(|kb| kb > 0),
                is_swapped: process.swapped_kb.is_some_and(|kb| kb > 0),
                may_dump: process.may_dump(),
            }),
        }
    }
}

fn table_json(table: &StoredTable) -> Value {
    let columns = table.columns.iter();
    json!({
        "name": table.name,
        "holds": table.holds,
        "rows": table.rows,
        "columns": columns
            .map(|(name, content, holds)| json!({"name": name, "content": content, "holds": holds}))
            .collect::<Vec<_>>(),
        "indexes": table.indexes,
    })
}

impl AuditedSite {
    fn of(site: SiteFacts, cells: &ReadCells, spans: &[KeptSpan], shares: &[GivenShare], now: Moment) -> AuditedSite {
        let counts = cells.sites.get(&site.id).cloned().unwrap_or_default();
        let k = site.settings.as_ref().map_or(limits::SMALL_COUNTS_K, |settings| settings.small_counts_k);
        let is_open = |share: &&GivenShare| {
            let (has_begun, goes_on) = (share.from_ms <= Some(now.0), share.until_ms.is_none_or(|until| until > now.0));
            share.site == site.id && has_begun && goes_on
        };
        let open: Vec<&GivenShare> = shares.iter().filter(is_open).collect();
        let kept = spans.iter().filter(|span| span.site == site.id);
        let publishes = site.settings.as_ref().is_some_and(|settings| settings.publish_audit);
        let retention = site.settings.map(|settings| settings.retention);
        AuditedSite {
            domain: site.domain,
            cells: counts.cells,
            cells_of_one: counts.below(2),
            small_counts_k: k,
            cells_below_k: counts.below(k),
            kept: kept.map(|span| (span.kind, span.oldest.clone(), span.newest.clone())).collect(),
            retention: serde_json::to_value(retention).unwrap_or_default(),
            public_page: open.iter().any(|share| !share.is_link),
            open_links: open.iter().filter(|share| share.is_link).count(),
            publishes,
        }
    }

    fn json(&self) -> Value {
        let kept = self.kept.iter();
        json!({
            "domain": self.domain,
            "cells": self.cells,
            "cells_of_one": self.cells_of_one,
            "small_counts_k": self.small_counts_k,
            "cells_below_k": self.cells_below_k,
            "kept": kept
                .map(|(kind, oldest, newest)| json!({"kind": kind, "oldest": oldest, "newest": newest}))
                .collect::<Vec<_>>(),
            "retention": self.retention,
            "public_page": self.public_page,
            "open_links": self.open_links,
            "publish_audit": self.publishes,
        })
    }
}
