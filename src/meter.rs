//! In: what the program does, as it does it. Out: numbers about the program. Forgets: everything but counts; no label
//! carries input.

mod failures;
pub mod log;
pub mod memory;
pub mod panics;
mod pressure;

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::rejection::Rejection;
pub use failures::{FailureKind, Failures};
pub use pressure::{Pressure, SharedPressure};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TryLabels {
    secret: &'static str,
    outcome: &'static str,
}

/// What became of a try at a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryOutcome {
    /// It was right.
    Right,
    /// It was wrong.
    Wrong,
    /// It was not looked at.
    TurnedAway,
}

impl TryOutcome {
    const fn label(self) -> &'static str {
        match self {
            TryOutcome::Right => "right",
            TryOutcome::Wrong => "wrong",
            TryOutcome::TurnedAway => "turned_away",
        }
    }
}

/// Counters of one running collector.
#[derive(Debug)]
pub struct Meter {
    registry: Registry,
    /// Beacons that arrived, one for each site that a message names; refused messages count as one.
    pub received: Counter,
    /// Hits that were counted.
    pub counted: Counter,
    /// Engagement pings among them.
    pub pings: Counter,
    /// Hits that were counted without a visitor, because there was no room for one.
    pub unvisited: Counter,
    /// Hits that should have been counted and were not. Must be 0.
    pub lost: Counter,
    rejected: Family<Reason, Counter>,
    /// Visitors of open days in memory.
    pub visitors: Gauge,
    /// Size of the journal in memory.
    pub journal_bytes: Gauge<i64, AtomicI64>,
    /// Cells that wait for the next flush.
    pub cells: Gauge,
    /// For how many seconds the oldest of them waits.
    pub oldest_pending: Gauge,
    /// Live pages that are kept up to date.
    pub streams: Gauge,
    /// Flushes done.
    pub flushes: Counter,
    /// Seconds that flushes took in all.
    pub flush_seconds: Counter<f64, AtomicU64>,
    /// Size of the database.
    pub database_bytes: Gauge<i64, AtomicI64>,
    tries: Family<TryLabels, Counter>,
    /// What the last check of it has found.
    pub database_findings: Gauge<i64, AtomicI64>,
    /// Connections that gave way to others.
    pub connections_given_way: Counter,
    /// Connections for which there was no room.
    pub connections_refused: Counter,
    /// Memory that the program has taken.
    pub memory_bytes: Gauge<i64, AtomicI64>,
    /// What gives way for want of it.
    pub pressure: SharedPressure,
    /// Lines of the log that were never written.
    log_lines_lost: Counter,
    /// 1 while something is amiss.
    degraded: Gauge,
    /// What failed.
    pub failures: Failures,
    /// Names of files that were found beside the database and are kept under other names.
    set_aside: Mutex<Vec<String>>,
}

impl Meter {
    /// A meter at zero.
    pub fn new() -> Arc<Meter> {
        let mut meter = Meter {
            registry: Registry::with_prefix("headcount"),
            received: Counter::default(),
            counted: Counter::default(),
            pings: Counter::default(),
            unvisited: Counter::default(),
            lost: Counter::default(),
            rejected: Family::default(),
            visitors: Gauge::default(),
            journal_bytes: Gauge::default(),
            cells: Gauge::default(),
            oldest_pending: Gauge::default(),
            streams: Gauge::default(),
            flushes: Counter::default(),
            flush_seconds: Counter::default(),
            database_bytes: Gauge::default(),
            tries: Family::default(),
            database_findings: Gauge::default(),
            connections_given_way: Counter::default(),
            connections_refused: Counter::default(),
            memory_bytes: Gauge::default(),
            pressure: SharedPressure::default(),
            log_lines_lost: Counter::default(),
            degraded: Gauge::default(),
            failures: Failures::new(),
            set_aside: Mutex::default(),
        };
        // A reason that never came shows as 0 rather than not at all.
        for reason in Rejection::ALL {
            let _ = meter.rejected.get_or_create(&Reason { reason: reason.label() });
        }
        meter.register();
        Arc::new(meter)
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("beacons_received", "Beacons that arrived", self.received.clone());
        registry.register("hits_counted", "Hits that were counted, pings among them", self.counted.clone());
        registry.register("pings_counted", "Engagement pings that were counted", self.pings.clone());
        let unvisited = "Hits that were counted without a visitor, because there was no room for one";
        registry.register("hits_without_visitor", unvisited, self.unvisited.clone());
        registry.register("hits_lost", "Hits not counted although they should have been", self.lost.clone());
        registry.register("beacons_rejected", "Beacons that were not counted, by reason", self.rejected.clone());
        registry.register("visitors_open", "Visitors of open days in memory", self.visitors.clone());
        registry.register("cells_pending", "Cells that wait for the next flush", self.cells.clone());
        let oldest = "For how long the oldest of them waits";
        registry.register_with_unit("oldest_pending", oldest, Unit::Seconds, self.oldest_pending.clone());
        registry.register("streams_open", "Live pages that are kept up to date", self.streams.clone());
        registry.register("flushes", "Flushes done", self.flushes.clone());
        registry.register_with_unit("flush_time", "Time that flushes took", Unit::Seconds, self.flush_seconds.clone());
        registry.register_with_unit("journal", "Size of the journal", Unit::Bytes, self.journal_bytes.clone());
        registry.register_with_unit("database", "Size of the database", Unit::Bytes, self.database_bytes.clone());
        registry.register("sign_in_tries", "Tries at passwords and other secrets", self.tries.clone());
        let found = "What the last check of the database has found";
        registry.register("database_findings", found, self.database_findings.clone());
        let gave_way = "Connections that gave way to new ones";
        registry.register("connections_given_way", gave_way, self.connections_given_way.clone());
        let refused = "Connections for which there was no room";
        registry.register("connections_refused", refused, self.connections_refused.clone());
        let taken = "Memory that the program has taken, pages of files left out";
        registry.register_with_unit("memory_taken", taken, Unit::Bytes, self.memory_bytes.clone());
        let unwritten = "Lines of the log that could not be written";
        registry.register("log_lines_lost", unwritten, self.log_lines_lost.clone());
        registry.register("degraded", "1 while something is amiss; /health says what", self.degraded.clone());
        registry.register("failures", "Requests and steps that failed, by kind", self.failures.counts.clone());
    }

    /// Notes a rejection.
    pub fn reject(&self, reason: Rejection) {
        self.rejected.get_or_create(&Reason { reason: reason.label() }).inc();
    }

    /// Notes the beacons of a batch: those counted, and how often each reason.
    pub fn batch(&self, counted: u64, rejected: impl Iterator<Item = (Rejection, u64)>) {
        self.counted.inc_by(counted);
        self.received.inc_by(counted);
        for (reason, count) in rejected {
            self.received.inc_by(count);
            self.rejected.get_or_create(&Reason { reason: reason.label() }).inc_by(count);
        }
    }

    /// Notes a try at a secret, such as the password of a `user`.
    pub fn tried(&self, secret: &'static str, outcome: TryOutcome) {
        self.tries.get_or_create(&TryLabels { secret, outcome: outcome.label() }).inc();
    }

    /// How many tries at passwords were wrong, and how many were turned away.
    pub fn tries_in_vain(&self) -> (u64, u64) {
        let of = |outcome: TryOutcome| {
            ["user", "share"]
                .map(|secret| self.tries.get_or_create(&TryLabels { secret, outcome: outcome.label() }).get())
        };
        (of(TryOutcome::Wrong).iter().sum(), of(TryOutcome::TurnedAway).iter().sum())
    }

    /// How many beacons were rejected.
    pub fn rejected(&self) -> u64 {
        Rejection::ALL.into_iter().map(|reason| self.rejected_for(reason)).sum()
    }

    /// How many of them for a reason.
    pub fn rejected_for(&self, reason: Rejection) -> u64 {
        self.rejected.get_or_create(&Reason { reason: reason.label() }).get()
    }

    /// Notes a flush and the seconds it took.
    pub fn flushed(&self, seconds: f64) {
        self.flushes.inc();
        self.flush_seconds.inc_by(seconds);
        self.failures.clear(FailureKind::Flush);
    }

    /// Notes that something failed which should not have: `asked` is a method and a route, or a step of the program.
    pub fn failed(&self, kind: FailureKind, asked: &str, reason: impl std::fmt::Display) {
        self.failures.note(kind, asked, reason);
    }

    /// Notes what was in the way of the database, by its new name: a log of another one, or its file with damaged indexes.
    pub fn set_aside(&self, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if ["-wal.", "-journal."].iter().any(|ending| name.contains(ending)) {
            tracing::error!(
                "a log that does not belong to the database lay beside it, and is kept as {}",
                path.display()
            );
        }
        self.set_aside.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }

    /// The names of all of them since the start.
    pub fn all_set_aside(&self) -> Vec<String> {
        self.set_aside.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the collector is degraded, in sentences for everybody; none if it is not.
    pub fn troubles(&self) -> Vec<&'static str> {
        let lost = (self.lost.get() > 0).then_some("hits were lost since the start");
        self.failures.reasons().into_iter().chain(lost).collect()
    }

    /// All numbers in OpenMetrics text.
    pub fn text(&self) -> String {
        self.degraded.set(i64::from(!self.troubles().is_empty()));
        self.log_lines_lost.inc_by(log::lost_lines().saturating_sub(self.log_lines_lost.get()));
        let mut text = String::new();
        // Writing to a String can't fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_show_under_their_reason() {
        let meter = Meter::new();
        meter.reject(Rejection::Bot);
        meter.reject(Rejection::Bot);
        assert_eq!(meter.rejected(), 2);
        assert!(meter.text().contains("headcount_beacons_rejected_total{reason=\"bot\"} 2"), "{}", meter.text());
    }
}
