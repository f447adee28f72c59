//! Clocks that are wrong, below a collector that believes them as far as they go with the time for which the machine runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use headcount::beacon::{ClientIp, NO_HINTS, Request, plausible};
use headcount::clock::{Clock, RELEASED, Uptime};
use headcount::collector::{Collector, Outcome, WriterHandle};
use headcount::control::{self, Command, SiteChange};
use headcount::hit::Tools;
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::rejection::Rejection;
use headcount::site::Moment;
use headcount::store;
use tempfile::TempDir;

use crate::store::file::Database;
use crate::world::logs;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// 2026-06-01 at 09:00 UTC.
const START: Moment = Moment(1_780_304_400_000);

/// A collector of example.com, a wall clock, and the time for which the machine runs.
struct Machine {
    folder: TempDir,
    wall: Clock,
    uptime: Arc<AtomicI64>,
    running: Option<(Collector, WriterHandle)>,
}

impl Machine {
    fn start(wall: Moment) -> Machine {
        for text in ["the clock is not set", "the clock is doubted", "the clock is ahead of what is stored"] {
            logs::expect(text);
        }
        let (folder, wall) = (tempfile::tempdir().unwrap(), Clock::manual(wall));
        let mut machine = Machine { folder, wall, uptime: Arc::default(), running: None };
        machine.begin();
        let add = Command::SiteAdd { domain: "example.com".into(), change: SiteChange::default() };
        control::run(add, machine.collector(), "").unwrap();
        machine
    }

    fn begin(&mut self) {
        let stores = store::open(&self.folder.path().join("headcount.db")).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let clock = self.wall.clone().guarded(Uptime::Manual(self.uptime.clone()));
        self.running = Some(Collector::start(stores, tools, clock).unwrap());
    }

    fn end(&mut self) {
        let (collector, keeping) = self.running.take().unwrap();
        collector.stop();
        keeping.wait().unwrap();
    }

    fn collector(&self) -> &Collector {
        &self.running.as_ref().unwrap().0
    }

    /// Time passes, and the wall clock is set to something else besides.
    fn pass(&self, ms: i64, step: i64) {
        self.uptime.fetch_add(ms, Ordering::SeqCst);
        self.wall.set(self.wall.now().plus(ms + step));
        // Whoever is due is looked at.
        let _ = self.collector().waiting();
    }

    fn hit(&self, address: &str) -> Outcome {
        let request = Request {
            query: "",
            body: br#"{"n":"pageview","u":"https://example.com/a","d":"example.com"}"#,
            address: ClientIp(address.parse().unwrap()),
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
        self.collector().receive(plausible::parse(&request).unwrap().remove(0))
    }

    /// Days with pageviews and visitors, in order.
    fn days(&self) -> Vec<String> {
        self.collector().flush().unwrap();
        let sql = "SELECT day || ' ' || pageviews || ' ' || visitors FROM totals ORDER BY day";
        Database::of(self.folder.path()).texts(sql)
    }

    fn clock(&self) -> String {
        let reply = control::run(Command::ClockShow, self.collector(), "").unwrap();
        reply.json["clock"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_jump_of_years_makes_no_day_and_ends_none() {
    let mut machine = Machine::start(START);
    assert_eq!(machine.hit("203.0.113.1"), Outcome::Accepted);
    assert_eq!(machine.days(), ["2026-06-01 1 1"]);
    machine.pass(1_000, 5 * 365 * DAY);
    assert_eq!((machine.hit("203.0.113.1"), machine.clock()), (Outcome::Accepted, "doubted".to_owned()));
    machine.pass(1_000, -5 * 365 * DAY);
    assert_eq!((machine.hit("203.0.113.1"), machine.clock()), (Outcome::Accepted, "believed".to_owned()));
    assert_eq!(machine.days(), ["2026-06-01 3 1"], "the visitor is known all the time");
    machine.end();
}

#[test]
fn a_doubted_clock_ends_the_day_when_it_is_over_and_an_operator_can_believe_it() {
    let mut machine = Machine::start(START);
    machine.hit("203.0.113.1");
    machine.days();
    // It never says the same for long, so that it is never believed.
    for _ in 0..32 {
        machine.pass(HOUR / 2, 100 * DAY);
    }
    assert_eq!((machine.clock(), machine.collector().visitors_in_memory()), ("doubted".to_owned(), 0));
    assert_eq!(machine.collector().salts_in_memory(), 0);
    machine.hit("203.0.113.1");
    assert_eq!(machine.days(), ["2026-06-01 1 1", "2026-06-02 1 1"]);
    control::run(Command::ClockConfirm, machine.collector(), "").unwrap();
    assert_eq!(machine.clock(), "believed");
    machine.hit("203.0.113.1");
    assert!(machine.days()[2].starts_with("2035"), "{:?}", machine.days());
    machine.end();
}

#[test]
fn a_step_that_is_taken_back_forgets_nobody() {
    let mut machine = Machine::start(START);
    machine.hit("203.0.113.1");
    machine.pass(1_000, DAY);
    machine.hit("203.0.113.1");
    machine.pass(15_000, -DAY);
    machine.hit("203.0.113.1");
    assert_eq!(machine.days(), ["2026-06-01 2 1", "2026-06-02 1 1"]);
    machine.pass(1_000, DAY);
    machine.pass(headcount::limits::CLOCK_SETTLE_MS, 0);
    assert_eq!(machine.collector().salts_in_memory(), 1, "it has lasted");
    machine.end();
}

#[test]
fn a_clock_that_was_never_set_takes_no_hit_until_it_is() {
    let mut machine = Machine::start(Moment(5_000));
    assert_eq!(machine.hit("203.0.113.1"), Outcome::Rejected(Rejection::TooMany));
    assert_eq!(machine.clock(), "unset");
    assert!(control::run(Command::ClockConfirm, machine.collector(), "").is_err());
    machine.pass(1_000, 0);
    assert!(machine.collector().meter().troubles()[0].contains("clock"));
    machine.pass(1_000, START.0);
    assert_eq!((machine.hit("203.0.113.1"), machine.clock()), (Outcome::Accepted, "believed".to_owned()));
    assert!(machine.collector().meter().troubles().is_empty());
    assert_eq!(machine.days(), ["2026-06-01 1 1"]);
    let all = "SELECT count(*) FROM rejections";
    assert_eq!(Database::of(machine.folder.path()).number(all), 0, "no day of 1970");
    machine.end();
}

#[test]
fn a_start_before_what_is_stored_counts_on_its_last_day() {
    let mut machine = Machine::start(START);
    machine.hit("203.0.113.1");
    machine.end();
    for wall in [Moment(5_000), Moment(i64::from(RELEASED.0) * DAY), START.plus(500 * DAY)] {
        machine.wall.set(wall);
        machine.begin();
        machine.hit("203.0.113.2");
        assert_eq!((machine.days().len(), machine.clock()), (1, "doubted".to_owned()));
        machine.end();
    }
    machine.wall.set(START.plus(10 * DAY));
    machine.begin();
    machine.hit("203.0.113.2");
    assert_eq!(machine.days(), ["2026-06-01 4 4", "2026-06-11 1 1"]);
    machine.end();
}

#[test]
fn a_machine_that_slept_over_the_weekend_goes_on_at_once() {
    let mut machine = Machine::start(START);
    machine.hit("203.0.113.1");
    machine.pass(3 * DAY, 0);
    assert_eq!((machine.clock(), machine.collector().salts_in_memory()), ("believed".to_owned(), 0));
    // One that was paused does not know for how long.
    machine.pass(1_000, 3 * DAY - HOUR);
    machine.hit("203.0.113.1");
    assert_eq!(
        (machine.days(), machine.clock()),
        (vec!["2026-06-01 1 1".into(), "2026-06-07 1 1".into()], "believed".into())
    );
    machine.end();
}

/// A database with hits on several days, kept for so many days by the owner, as of [`START`].
fn kept(days: i64, on: &[i64]) -> Machine {
    let mut machine = Machine::start(START.plus(on[0] * DAY));
    let change = SiteChange::of("keep", [format!("hours={days}d"), format!("days={days}d")]);
    control::run(Command::SiteSet { domain: "example.com".into(), change }, machine.collector(), "").unwrap();
    for day in on {
        // Off over night, so that each start is a day after the one before.
        machine.end();
        machine.wall.set(START.plus(day * DAY));
        machine.begin();
        machine.hit("203.0.113.1");
        machine.days();
    }
    machine
}

/// Days that are there after what is done between flushes was done.
fn kept_of(machine: &Machine) -> Vec<String> {
    for _ in 0..10 {
        machine.days();
        thread::park_timeout(Duration::from_millis(20));
    }
    machine.days()
}

/// Days that are there when those that are too old are gone.
fn left_of(machine: &Machine) -> Vec<String> {
    let begun = Instant::now();
    while machine.days().len() > 1 && begun.elapsed() < Duration::from_secs(60) {
        thread::park_timeout(Duration::from_millis(20));
    }
    machine.days()
}

#[test]
fn a_step_of_days_removes_nothing_until_it_has_lasted() {
    let mut machine = kept(3, &[-2, -1, 0]);
    let before = kept_of(&machine);
    assert_eq!(before.len(), 3);
    machine.pass(12_000, 69 * HOUR);
    assert_eq!(kept_of(&machine), before, "as soon as it has stepped");
    machine.pass(25_000, -69 * HOUR);
    assert_eq!(kept_of(&machine), before);
    machine.end();
    // What was noted of the day is not the step's.
    machine.begin();
    assert_eq!((kept_of(&machine), machine.clock()), (before, "believed".to_owned()));
    machine.pass(12_000, 69 * HOUR);
    machine.days();
    machine.pass(headcount::limits::CLOCK_SETTLE_MS, 0);
    assert_eq!(left_of(&machine), ["2026-06-01 1 1"], "it has lasted");
    machine.end();
}

#[test]
fn a_start_weeks_ahead_removes_nothing_and_is_set_right_at_once() {
    let mut machine = kept(31, &[-2, -1, 0]);
    let before = kept_of(&machine);
    machine.end();
    machine.wall.set(START.plus(34 * DAY));
    machine.begin();
    assert_eq!(machine.hit("203.0.113.9"), Outcome::Accepted);
    let ahead = [&before[..], &["2026-07-05 1 1".to_owned()]].concat();
    assert_eq!((kept_of(&machine), machine.clock()), (ahead, "doubted".to_owned()), "it may have been off");
    machine.pass(15_000, -33 * DAY);
    assert_eq!(machine.hit("203.0.113.9"), Outcome::Accepted);
    let right = [&before[..], &["2026-06-02 1 1".to_owned(), "2026-07-05 1 1".to_owned()]].concat();
    assert_eq!((kept_of(&machine), machine.clock()), (right.clone(), "believed".to_owned()));
    machine.end();
    machine.begin();
    assert_eq!((machine.days(), machine.clock()), (right, "believed".to_owned()), "at the next start too");
    machine.end();
}

#[test]
fn a_server_that_was_off_for_weeks_removes_what_is_due_when_that_has_lasted_or_is_confirmed() {
    for is_confirmed in [false, true] {
        let mut machine = kept(31, &[-2, -1, 0]);
        machine.end();
        machine.wall.set(START.plus(34 * DAY));
        machine.begin();
        machine.hit("203.0.113.9");
        assert_eq!((machine.days().len(), machine.clock()), (4, "doubted".to_owned()));
        if is_confirmed {
            control::run(Command::ClockConfirm, machine.collector(), "").unwrap();
        } else {
            machine.pass(headcount::limits::CLOCK_CONFIRM_MS, 0);
        }
        assert_eq!((left_of(&machine), machine.clock()), (vec!["2026-07-05 1 1".to_owned()], "believed".to_owned()));
        machine.end();
    }
}
