//! In: the database of a running server. Out: what is damaged in it, in the log and in `/health`. Forgets: what a check found, at the next.
//!
//! A thread of its own with the lowest priority checks at the start and every week. A start waits for it a moment: a small file is
//! looked through by then.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::give_way;
use crate::collector::Collector;
use crate::limits;
use crate::meter::FailureKind;
use crate::store::StoreError;
use crate::store::check::{self, CheckFinding, CheckReport, CheckStop};

/// Checks as long as the value lives. Then it has let go of the file.
pub(super) struct BackgroundCheck {
    stop: CheckStop,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl BackgroundCheck {
    /// Begins, and waits a moment for the first check.
    pub(super) fn begin(database: PathBuf, collector: Collector) -> BackgroundCheck {
        let stop = CheckStop::default();
        let (end, ended) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let of_thread = stop.clone();
        let work = move || run(&database, &collector, &of_thread, &ended, &done);
        let thread = std::thread::Builder::new().name("check".to_owned()).spawn(work);
        // Without a thread nobody tells, and nothing is waited for.
        let _ = is_done.recv_timeout(Duration::from_millis(limits::START_CHECK_MS));
        BackgroundCheck { stop, end: Some(end), thread: thread.ok() }
    }
}

impl Drop for BackgroundCheck {
    fn drop(&mut self) {
        self.stop.now();
        self.end = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(database: &std::path::Path, collector: &Collector, stop: &CheckStop, ended: &Receiver<()>, done: &Sender<()>) {
    give_way();
    loop {
        match check::check_until(stop, database, false, |_| {}) {
            Ok(report) => tell(collector, &report),
            Err(StoreError::Interrupted) => return,
            Err(error) => tracing::warn!(%error, "the database could not be checked: {error}"),
        }
        let _ = done.send(());
        match ended.recv_timeout(Duration::from_secs(limits::CHECK_EVERY_S)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return,
        }
    }
}

fn tell(collector: &Collector, report: &CheckReport) {
    let meter = collector.meter();
    meter.database_findings.set((report.findings.len() as u64 + report.more) as i64);
    for CheckFinding { table, site, when, what, .. } in &report.findings {
        let place: Vec<&str> = [site, when, table].into_iter().flatten().map(String::as_str).collect();
        meter.failed(FailureKind::Damage, &place.join(" "), what);
    }
    if report.findings.is_empty() {
        meter.failures.clear(FailureKind::Damage);
    }
}
