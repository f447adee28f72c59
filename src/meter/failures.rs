//! In: what failed although it should not have. Out: a line of the log, a counter, and the reasons that `/health` gives. Forgets:
//! all but the first failures of a minute; those are counted.
//!
//! What was asked is a method and the pattern of a route, or a step of the program: never what a visitor or a reader sent.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::limits;

/// How a failure tells on health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasting {
    /// Until the same succeeds.
    UntilDone,
    /// For [`limits::FAILURE_SHOWN_S`].
    AWhile,
    /// It is no reason to take the server out of service.
    Not,
}

/// Makes the enum of kinds, the list of all of them, and their rows.
macro_rules! failure_kinds {
    ($($(#[$said:meta])* $kind:ident => ($label:literal, $line:literal, $health:literal, $lasting:ident),)*) => {
        /// What can fail: a class of requests, or a step that nobody waits for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FailureKind {
            $($(#[$said])* $kind,)*
        }

        impl FailureKind {
            /// All kinds.
            pub const ALL: &[FailureKind] = &[$(FailureKind::$kind),*];

            /// The label in `/metrics`, what a line of the log says, what `/health` says, and how long.
            const fn row(self) -> (&'static str, &'static str, &'static str, Lasting) {
                match self {
                    $(FailureKind::$kind => ($label, $line, $health, Lasting::$lasting),)*
                }
            }
        }
    };
}

failure_kinds! {
    /// A page, or a file beside one.
    Page => ("page", "a page was not made", "pages could not be made", AWhile),
    /// A question or a change of the API.
    Api => ("api", "a call of the API failed", "calls of the API failed", AWhile),
    /// A message of a wire format.
    Beacon => ("beacon", "a message was not taken", "messages could not be taken", AWhile),
    /// Work of which only so much is done at once, or for which there was no room.
    Busy => ("busy", "a request was sent away because too many came", "", Not),
    /// Memory is nearly full.
    Overload => ("overload", "memory is nearly full, and hits are turned away", "", Not),
    /// A command, of the command line or of a form.
    Command => ("command", "a command failed", "commands failed", AWhile),
    /// Sums were not stored.
    Flush => (
        "flush",
        "a flush failed and will be tried again",
        "sums can't be stored; they wait in memory",
        UntilDone
    ),
    /// Another file has the name of the database that is open.
    Replaced => (
        "replaced",
        "nothing is stored until that is put right",
        "the database was replaced by another file, and sums wait in memory: `headcount store adopt` goes on with that one, `headcount store keep` puts the open one back",
        UntilDone
    ),
    /// No file has the name of the database that is open.
    Removed => (
        "removed",
        "nothing is stored until that is put right",
        "the database was removed, and sums wait in memory: `headcount store keep` puts it back",
        UntilDone
    ),
    /// Its folder is gone too.
    FolderRemoved => (
        "folder_removed",
        "nothing is stored until that is put right",
        "the folder of the database was removed, and sums wait in memory: `headcount store keep` puts both back",
        UntilDone
    ),
    /// Another database was written over the one that is open.
    Overwritten => (
        "overwritten",
        "nothing is stored until that is put right",
        "another file was written over the database that is open, and sums wait in memory: `headcount store adopt` goes on with what is there now; where that is no database of headcount, copy a backup over it first",
        UntilDone
    ),
    /// The log of the database was removed or replaced.
    StoreLog => (
        "store_log",
        "the log of the database was removed or replaced by somebody; what was in it is stored, and it is made anew",
        "",
        Not
    ),
    /// The log of the database has something that is stored and can't be brought into the file.
    LogFull => (
        "log_full",
        "the log of the database can't be emptied; what is stored is in it, and that is tried again",
        "the log of the database can't be emptied; what is stored is in it: make room, and copy headcount.db-wal with headcount.db",
        AWhile
    ),
    /// The thread that stores sums, or the one that counts, has ended.
    Writer => ("writer", "a thread that counts or stores has ended", "nothing is counted or stored", UntilDone),
    /// What makes past days and months small; figures are right without it.
    Compaction => ("compaction", "past days could not be made smaller; the next flush tries again", "", Not),
    /// What a removed site leaves on the disk.
    Erasure => (
        "erasure",
        "what a removed site left on the disk was not erased at once; the next flush tries again",
        "",
        Not
    ),
    /// What a day or a page is counted by could not be looked up.
    LookUp => ("look_up", "a look into the store failed", "the database can't be read", AWhile),
    /// The look at a site that somebody watches.
    Live => ("live", "a look at a site failed", "the live view can't be kept up to date", AWhile),
    /// What is counted could not be written to the journal in memory.
    Journal => (
        "journal",
        "the journal of the running day is given up; counting goes on without it",
        "",
        Not
    ),
    /// What the journal holds of the running day could not be taken up at the start.
    TakeUp => (
        "take_up",
        "not all that the journal holds of the running day could be taken up; counting goes on with the rest",
        "",
        Not
    ),
    /// A connection was not accepted.
    Accept => ("accept", "connections can't be accepted", "connections could not be accepted", AWhile),
    /// The socket of commands.
    Socket => ("socket", "the control socket takes no command", "commands can't be taken", AWhile),
    /// Sums that an earlier stop could not store.
    Spill => (
        "spill",
        "a file of sums that an earlier stop could not store is not as it should be",
        "a file of sums that an earlier stop could not store could not be taken up or removed",
        AWhile
    ),
    /// The clock is far ahead of what is stored.
    Clock => (
        "clock",
        "the clock is ahead of what is stored; nothing is removed for its age until that has lasted",
        "",
        Not
    ),
    /// The clock is not believed.
    ClockDoubt => ("clock_doubt", "the clock is doubted; hits count by the time that is plausible", "", Not),
    /// The clock was never set.
    ClockUnset => (
        "clock_unset",
        "the clock is not set; no hit is taken until it is",
        "the clock is not set; no hit is taken until it is",
        UntilDone
    ),
    /// A check of the database has found damage.
    Damage => ("damage", "the database is damaged; `headcount check --full` tells all of it", "", Not),
    /// The file of places was not read again.
    Places => ("places", "the file of places can't be used; the old one serves on", "", Not),
}

impl FailureKind {
    /// The label in `/metrics`.
    pub const fn label(self) -> &'static str {
        self.row().0
    }

    /// What `/health` says of it.
    pub const fn sentence(self) -> &'static str {
        self.row().2
    }

    /// Whether one line of a minute tells all.
    const fn is_said_once(self) -> bool {
        self.is_of_store() && !matches!(self, FailureKind::Flush) || matches!(self, FailureKind::Accept)
    }

    /// Whether nothing can be stored while it lasts.
    const fn is_of_store(self) -> bool {
        matches!(
            self,
            FailureKind::Flush
                | FailureKind::Replaced
                | FailureKind::Removed
                | FailureKind::FolderRemoved
                | FailureKind::Overwritten
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KindLabel {
    kind: &'static str,
}

/// What failed of late.
#[derive(Debug, Default)]
pub struct Failures {
    pub(super) counts: Family<KindLabel, Counter>,
    recent: Mutex<RecentFailures>,
}

#[derive(Debug, Default)]
struct RecentFailures {
    /// When each kind was last seen to fail.
    last: HashMap<FailureKind, Instant>,
    /// By kind and what was asked: lines of the log within a minute.
    minutes: HashMap<(FailureKind, String), LoggedMinute>,
}

#[derive(Debug)]
struct LoggedMinute {
    since: Instant,
    logged: u32,
    left_out: u64,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Failures {
    /// None yet. Each kind shows in `/metrics` from the beginning.
    pub(super) fn new() -> Failures {
        let failures = Failures::default();
        for kind in FailureKind::ALL.iter().copied() {
            let _ = failures.counts.get_or_create(&KindLabel { kind: kind.label() });
        }
        failures
    }

    /// Counts a failure and logs it, unless the same was logged [`limits::FAILURE_LINES`] times within a minute.
    pub fn note(&self, kind: FailureKind, asked: &str, reason: impl Display) {
        self.counts.get_or_create(&KindLabel { kind: kind.label() }).inc();
        let now = Instant::now();
        let Some(left_out) = self.recent().admit(kind, asked, now) else { return };
        let reason: String = reason.to_string().chars().take(limits::FAILURE_REASON_CHARS_MAX).collect();
        let (kind, sentence, _, _) = kind.row();
        let left_out = (left_out > 0).then_some(left_out);
        match asked {
            "" => tracing::error!(kind, left_out, "{sentence}: {reason}"),
            _ => tracing::error!(kind, left_out, "{sentence}: {reason} ({asked})"),
        }
    }

    /// Notes that what had failed has succeeded.
    pub fn clear(&self, kind: FailureKind) {
        let had_failed = self.recent().last.remove(&kind).is_some();
        if had_failed && kind.is_of_store() {
            // Commands failed for want of the same: what can be stored again can be changed again.
            self.recent().last.remove(&FailureKind::Command);
        }
        if had_failed && kind == FailureKind::Flush {
            tracing::info!(kind = kind.label(), "what could not be stored is stored now");
        }
    }

    /// Whether a kind has failed and has not succeeded since.
    pub fn lasts(&self, kind: FailureKind) -> bool {
        self.recent().last.contains_key(&kind)
    }

    /// Whether a kind has failed since the start.
    pub fn has_been(&self, kind: FailureKind) -> bool {
        self.counts.get_or_create(&KindLabel { kind: kind.label() }).get() > 0
    }

    /// Why something is amiss now, in sentences for everybody.
    pub fn reasons(&self) -> Vec<&'static str> {
        let recent = self.recent();
        let is_shown = |kind: &FailureKind| match (recent.last.get(kind), kind.row().3) {
            (None, _) | (_, Lasting::Not) => false,
            (Some(_), Lasting::UntilDone) => true,
            (Some(last), Lasting::AWhile) => last.elapsed().as_secs() < limits::FAILURE_SHOWN_S,
        };
        FailureKind::ALL.iter().copied().filter(is_shown).map(|kind| kind.row().2).collect()
    }

    /// Logs how many lines were left out of minutes that are over.
    pub fn tell_left_out(&self) {
        let over = self.recent().take_over(Instant::now());
        for ((kind, asked), left_out) in over {
            let kind = kind.label();
            tracing::error!(kind, asked, left_out, "{left_out} more failures of a minute are not in the log ({asked})");
        }
    }

    fn recent(&self) -> MutexGuard<'_, RecentFailures> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecentFailures {
    /// Whether a failure is to be logged, and then how many before it were not.
    fn admit(&mut self, kind: FailureKind, asked: &str, now: Instant) -> Option<u64> {
        self.last.insert(kind, now);
        let key = (kind, asked.to_owned());
        if self.minutes.len() >= limits::FAILURES_TOLD_APART && !self.minutes.contains_key(&key) {
            return None;
        }
        let minute = self.minutes.entry(key).or_insert(LoggedMinute { since: now, logged: 0, left_out: 0 });
        let mut left_out = 0;
        if now.duration_since(minute.since) >= MINUTE {
            left_out = minute.left_out;
            *minute = LoggedMinute { since: now, logged: 0, left_out: 0 };
        }
        let lines = if kind.is_said_once() { 1 } else { limits::FAILURE_LINES };
        if minute.logged >= lines {
            minute.left_out += 1;
            return None;
        }
        minute.logged += 1;
        Some(left_out)
    }

    /// Drops the minutes that are over, and hands out those of which something was left out.
    fn take_over(&mut self, now: Instant) -> Vec<((FailureKind, String), u64)> {
        let is_over = |minute: &LoggedMinute| now.duration_since(minute.since) >= MINUTE;
        let over: Vec<_> = self.minutes.extract_if(|_, minute| is_over(minute)).collect();
        over.into_iter().map(|(key, minute)| (key, minute.left_out)).filter(|(_, left_out)| *left_out > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_of_the_same_are_a_few_lines_and_a_number() {
        let (mut recent, now) = (RecentFailures::default(), Instant::now());
        let mut fail = |asked: &str, at| recent.admit(FailureKind::Page, asked, at);
        let logged = (0..1_000).filter(|_| fail("GET /{domain}", now).is_some()).count();
        assert_eq!(logged as u32, limits::FAILURE_LINES);
        assert_eq!(fail("GET /", now), Some(0), "something else is logged");
        let left_out = 1_000 - u64::from(limits::FAILURE_LINES);
        assert_eq!(fail("GET /{domain}", now + MINUTE), Some(left_out));
        assert_eq!(fail("GET /{domain}", now + MINUTE), Some(0), "said once");
        assert!(recent.take_over(now + 2 * MINUTE).is_empty() && recent.minutes.is_empty());
        for _ in 0..=limits::FAILURE_LINES {
            recent.admit(FailureKind::Page, "GET /", now);
        }
        let key = (FailureKind::Page, "GET /".to_owned());
        assert_eq!(recent.take_over(now + MINUTE), [(key, 1)], "also if it never comes again");
    }

    #[test]
    fn health_names_what_lasts_and_leaves_out_what_is_no_fault() {
        let failures = Failures::new();
        failures.note(FailureKind::Busy, "GET /share/{slug}", "too many");
        assert!(failures.reasons().is_empty());
        failures.note(FailureKind::Flush, "flush", "the disk is full");
        failures.note(FailureKind::Command, "SiteSet", "the disk is full");
        failures.note(FailureKind::Page, "GET /", "no such table");
        let commands = "commands failed";
        assert_eq!(
            failures.reasons(),
            ["pages could not be made", commands, "sums can't be stored; they wait in memory"]
        );
        failures.clear(FailureKind::Flush);
        assert_eq!(failures.reasons(), ["pages could not be made"]);
        failures.note(FailureKind::Overwritten, "flush", "it was written over");
        failures.note(FailureKind::Command, "the notice of a site", "it was written over");
        failures.clear(FailureKind::Overwritten);
        assert_eq!(failures.reasons(), ["pages could not be made"], "whatever had kept it from being stored");
    }

    #[test]
    fn every_kind_has_a_label_of_its_own_and_says_what_lasts() {
        let labels: std::collections::HashSet<_> = FailureKind::ALL.iter().map(|kind| kind.label()).collect();
        assert_eq!(labels.len(), FailureKind::ALL.len());
        for kind in FailureKind::ALL.iter().copied() {
            let (_, _, reason, lasting) = kind.row();
            assert_eq!(reason.is_empty(), lasting == Lasting::Not, "{kind:?}");
        }
    }
}
