//! Starts after ends that only the state itself can be brought to: between a flush and an image, and with records that break it.

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::beacon::{ClientIp, NO_HINTS, Request, plausible};
use crate::clock::{Clock, ClockReading};
use crate::collector::running::MarkedHit;
use crate::collector::{Collector, WriterHandle};
use crate::config::JournalPlace;
use crate::hit::agent::Agents;
use crate::hit::place::Places;
use crate::hit::{Hit, Tools};
use crate::journal::JournalSearch;
use crate::report::Sums;
use crate::secret::Digest;
use crate::site::{Day, Domain, Schedule, Settings, Site};
use crate::store::{self, Flush, Imported, JournalState, Stores};

const POISON: Digest = Digest([0xee; 32]);
/// 2026-06-01 at 12:00 UTC.
const NOON: Moment = Moment(1_780_315_200_000);
const HOUR: i64 = 3_600_000;

/// Whether a start is to panic over a record.
pub(super) fn is_poisoned(record: &Record) -> bool {
    matches!(record, Record::Imported(Imported { head: POISON, .. }))
}

/// A data folder, a journal and a clock over several starts.
struct Starts {
    data: TempDir,
    memory: TempDir,
    clock: Clock,
    running: Option<(Collector, WriterHandle)>,
}

impl Starts {
    fn begin() -> Starts {
        Starts::of(&Settings::default())
    }

    fn of(settings: &Settings) -> Starts {
        let folder = |at: &str| tempfile::tempdir_in(at).unwrap();
        let (data, memory) = (tempfile::tempdir().unwrap(), folder("/dev/shm"));
        let mut starts = Starts { data, memory, clock: Clock::manual(NOON), running: None };
        let operators = starts.stores().operators;
        let domain = Domain::parse("example.com").unwrap();
        operators.add_site(&domain, &Schedule::utc(), settings, NOON).unwrap();
        starts.start();
        starts
    }

    fn stores(&self) -> Stores {
        store::open(&self.data.path().join("headcount.db")).unwrap()
    }

    fn start(&mut self) {
        let stores = self.stores();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let (place, data): (_, &Path) = (JournalPlace::Folder(self.memory.path().to_owned()), self.data.path());
        let search = JournalSearch { place: &place, file: data, last: None };
        let open = |state: &JournalState| crate::journal::open(&search, state, limits::JOURNAL_MB << 20);
        self.running = Some(Collector::with_journal(stores, tools, self.clock.clone(), open).unwrap());
    }

    fn end(&mut self, is_kill: bool) {
        let (collector, keeping) = self.running.take().unwrap();
        if is_kill {
            collector.abandon();
        } else {
            collector.stop();
        }
        let ended = keeping.wait();
        assert!(is_kill || ended.is_ok(), "{ended:?}");
    }

    fn kill(&mut self) {
        self.end(true);
        self.start();
    }

    fn collector(&self) -> &Collector {
        &self.running.as_ref().unwrap().0
    }

    fn with(&self, work: impl FnOnce(&mut Running, Moment)) {
        self.collector().0.running.with(work).unwrap();
    }

    fn site(&self) -> std::sync::Arc<Site> {
        self.collector().directory().find("example.com").unwrap().clone()
    }

    /// A pageview of somebody so long ago.
    fn hit(&self, number: u8, ago: i64) -> MarkedHit {
        let request = Request {
            query: "",
            body: br#"{"n":"pageview","u":"https://example.com/a","d":"example.com"}"#,
            address: ClientIp([192, 0, 2, number].into()),
            way: Default::default(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            hints: &NO_HINTS,
            accept_language: "",
            referer: "",
            origin: "",
            forwarded: "",
            opted_out: false,
            prefetch: false,
        };
        let (beacon, now) = (plausible::parse(&request).unwrap().remove(0), self.clock.now());
        let (hit, _): (Hit, bool) = self.collector().hit_at(beacon, &self.site(), now.plus(-ago), now).unwrap();
        MarkedHit { hit, mark: None }
    }

    fn take(&self, hit: MarkedHit) {
        self.with(|running, now| running.count(&hit, now).unwrap());
    }

    /// Visitors and pageviews of the first day.
    fn figures(&self) -> [i64; 2] {
        let day = Day(NOON.0.div_euclid(24 * HOUR) as i32);
        let rows = self.collector().read(&[Ask::totals_of_day(self.site().id, day)]).unwrap().concat();
        let tallies = rows.iter().map(|row| [row.tally.visitors, row.tally.pageviews]);
        tallies.fold([0, 0], |[visitors, views], [more, more_views]| [visitors + more, views + more_views])
    }
}

/// Has everything flushed, and then nothing more done.
fn flush_and_freeze(running: &mut Running, now: Moment) {
    running.begin_flush(now, Flush::default(), false);
    running.flushing.wait(None).unwrap();
    (running.has_ended, running.quiet) = (true, (Moment(i64::MIN), Moment(i64::MAX)));
}

#[test]
fn what_is_due_goes_at_a_start_but_by_a_setting_of_this_day_from_the_next_day_on() {
    let mut settings = Settings::default();
    settings.retention.day_pairs_months = 2;
    let today = Day(NOON.0.div_euclid(24 * HOUR) as i32);
    for (changed, at_start) in [(None, 1), (Some(Day(today.0 - 1)), 1), (Some(today), 0)] {
        settings.retention_changed = changed;
        let mut starts = Starts::of(&settings);
        starts.with(|running, now| {
            running.trust.told.clear();
            let begun = running.present(&ClockReading::right(now));
            assert_eq!((begun.today.len(), begun.day_pairs_from.len()), (1, at_start));
            let next = running.present(&ClockReading::right(now.plus(24 * HOUR)));
            // 2026-04 is the first month that stays.
            assert_eq!(next.day_pairs_from, [(next.today[0].0, crate::site::Month(2026 * 12 + 3))]);
            assert!(running.present(&ClockReading::right(now.plus(25 * HOUR))).day_pairs_from.is_empty());
        });
        starts.end(false);
    }
}

#[test]
fn late_hits_between_the_end_of_a_day_and_its_flush_are_taken_up() {
    let mut starts = Starts::begin();
    starts.take(starts.hit(1, 0));
    starts.with(|running, _| {
        starts.clock.set(NOON.plus(13 * HOUR));
        // The day is closed and waits for its flush, as while another one is being written.
        let now = starts.clock.now();
        assert!(running.close_ended(now));
        running.count(&starts.hit(2, 2 * HOUR), now).unwrap();
        flush_and_freeze(running, now);
    });
    starts.kill();
    starts.take(starts.hit(2, 2 * HOUR));
    assert_eq!(starts.figures(), [2, 3]);
    assert!(!starts.collector().may_repeat(&starts.site()));
}

#[test]
fn a_day_that_was_closed_and_not_flushed_is_flushed_after_the_start() {
    let mut starts = Starts::begin();
    starts.take(starts.hit(1, 0));
    starts.with(|running, _| {
        starts.clock.set(NOON.plus(13 * HOUR));
        assert!(running.close_ended(starts.clock.now()));
        running.journal.write();
        (running.has_ended, running.quiet) = (true, (Moment(i64::MIN), Moment(i64::MAX)));
    });
    starts.kill();
    starts.collector().flush().unwrap();
    assert_eq!(starts.figures(), [1, 1]);
    starts.with(|running, _| {
        assert!(running.closing.is_empty() && running.unclosed.is_empty() && running.days.is_empty());
    });
}

#[test]
fn records_that_break_the_state_do_not_keep_the_program_from_starting() {
    let mut starts = Starts::begin();
    starts.take(starts.hit(1, 0));
    starts.collector().flush().unwrap();
    let poison = Imported { site: starts.site().id, head: POISON, head_bytes: 1, bytes: 1 };
    starts.collector().take_lines(Vec::new(), vec![poison]).unwrap();
    starts.kill();
    assert!(starts.collector().may_repeat(&starts.site()), "who was there is not known any more");
    assert_eq!((starts.collector().visitors_in_memory(), starts.figures()), (0, [1, 1]));
    assert_eq!(starts.collector().journal_trouble(), None, "and the journal goes on");
    starts.take(starts.hit(1, 0));
    // With the end, the image of the state that was begun anew is there.
    starts.kill();
    assert_eq!((starts.collector().visitors_in_memory(), starts.figures()), (1, [2, 2]));
    starts.take(starts.hit(1, 0));
    assert_eq!(starts.figures(), [2, 3]);
    assert!(starts.collector().may_repeat(&starts.site()), "what was doubled stays doubled");
}

/// The journal's image holds visitors whose sums are missing in a database that was put back to an earlier state.
#[test]
fn a_backup_that_is_put_back_brings_no_impossible_figures() {
    let mut starts = Starts::begin();
    let data = starts.data.path().to_owned();
    let files = ["headcount.db", "headcount.db-wal"].map(|name| data.join(name));
    (1..=5).for_each(|number| starts.take(starts.hit(number, 0)));
    starts.end(false);
    let backup = std::fs::read(&files[0]).unwrap();
    starts.start();
    (6..=15).for_each(|number| starts.take(starts.hit(number, 0)));
    starts.collector().flush().unwrap();
    // With an image of all fifteen.
    starts.kill();
    (0..2).for_each(|_| starts.collector().flush().unwrap());
    starts.end(true);
    std::fs::write(&files[0], backup).unwrap();
    std::fs::remove_file(&files[1]).ok();
    std::fs::remove_file(data.join("headcount.db-shm")).ok();
    starts.start();
    assert_eq!(starts.figures(), [5, 5]);
    assert!(starts.collector().may_repeat(&starts.site()));
    (1..=15).for_each(|number| starts.take(starts.hit(number, 0)));
    assert_eq!(starts.figures(), [20, 20]);
}
