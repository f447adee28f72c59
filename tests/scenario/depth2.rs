//! What a collector and its store say of the hits of a story.
//!
//! The clock stands still at the story's first moment, so that no day ends by itself and flushes fall where they are
//! asked for: some sums are stored when questions come, and some are not.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Tally};
use headcount::clock::Clock;
use headcount::collector::{Collector, Outcome, WriterHandle};
use headcount::counts::Name;
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::hit::{Hit, Tools};
use headcount::report::Records;
use headcount::report::Sums;
use headcount::site::{Day, Domain, Hour, LocalHour, Moment, Settings, Site, SiteId};
use headcount::store::{self, Ask, Grain, Stores, SumRow};
use tempfile::TempDir;

use super::depth1::hits;
use super::expected::{Split, Stage, clock, number};
use super::{End, Scenario};
use crate::store::file::Database;
use crate::world::journal::{self, JournalFolder};

/// The stage of depth 2.
pub struct Kept {
    folder: TempDir,
    /// Nothing where the journal is off.
    journal: Option<JournalFolder>,
    running: Option<(Collector, WriterHandle)>,
    now: Moment,
    clock: Clock,
    sites: Vec<SiteId>,
    /// The day +0, from which labels count.
    date: Day,
    /// The first and the last day of the story.
    days: [Day; 2],
}

impl Kept {
    /// A collector in an empty folder that knows the sites of the story.
    pub fn open(scenario: &Scenario) -> Kept {
        Kept::begin(scenario, Some(JournalFolder::make()))
    }

    /// The same without a journal.
    pub fn without_journal(scenario: &Scenario) -> Kept {
        Kept::begin(scenario, None)
    }

    fn begin(scenario: &Scenario, journal: Option<JournalFolder>) -> Kept {
        let mut days: Vec<Day> = hits(scenario).iter().map(|hit| hit.local.day).collect();
        let date = Day::of(scenario.date);
        days.push(date);
        let mut kept = Kept {
            folder: tempfile::tempdir().unwrap(),
            journal,
            running: None,
            now: scenario.first_moment(),
            clock: Clock::manual(scenario.first_moment()),
            sites: (0..scenario.sites.len()).map(Scenario::site_id).collect(),
            date,
            days: [*days.iter().min().unwrap(), *days.iter().max().unwrap()],
        };
        kept.add_sites(scenario);
        kept.run();
        kept
    }

    fn stores(&self) -> Stores {
        store::open(&self.folder.path().join("headcount.db")).unwrap()
    }

    fn add_sites(&self, scenario: &Scenario) {
        let operators = self.stores().operators;
        for (index, scene) in scenario.sites.iter().enumerate() {
            let (domain, schedule) = (Domain::parse(&scene.domain).unwrap(), scenario.schedule(index));
            let settings = Settings::default();
            let id = operators.add_site(&domain, &schedule, &settings, self.now).unwrap();
            assert_eq!(id, Scenario::site_id(index));
            // Only this stores the zone that follows.
            operators.set_site(&Site { id, domain, schedule, settings, added: self.now }).unwrap();
        }
    }

    fn run(&mut self) {
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        self.running = Some(journal::collector(self.folder.path(), tools, self.clock.clone(), self.journal.as_ref()));
    }

    /// Ends the collector and starts another on the same folders: what it knows then, it has read.
    pub fn restart(&mut self, how: End) {
        let before = self.rejected();
        self.end(how);
        self.run();
        assert_eq!(self.rejected(), before, "rejections are kept");
    }

    fn end(&mut self, how: End) {
        let Some((collector, keeping)) = self.running.take() else { return };
        match how {
            End::Stop => collector.stop(),
            End::Kill => journal::kill(&collector),
        }
        let ended = keeping.wait();
        assert!(how == End::Kill || ended.is_ok(), "{ended:?}");
        let meter = collector.meter();
        assert_eq!(meter.received.get(), meter.counted.get() + meter.rejected(), "a hit is counted or rejected");
        if how == End::Stop {
            assert_eq!((meter.lost.get(), meter.cells.get()), (0, 0), "nothing is left");
        }
    }

    /// The collector that runs.
    pub fn collector(&self) -> &Collector {
        &self.running.as_ref().expect("a collector").0
    }

    /// Has a hit counted at its moment, to which the clock goes on, so that days end on the way.
    pub fn take_in_time(&self, hit: Hit) {
        self.clock.set(hit.at);
        self.take(hit);
    }

    /// Has a hit counted.
    pub fn take(&self, hit: Hit) {
        // What became of it is compared with the naive walk's rejections.
        assert_ne!(self.collector().take(hit), Outcome::Lost);
    }

    /// The rows of all sites, for each grain.
    fn read<const N: usize>(&self, axis: &Axis<Name>, grains: [Grain; N], by_bucket: bool) -> [Vec<SumRow>; N] {
        let mut rows = [const { Vec::new() }; N];
        for site in &self.sites {
            let ask = |grain: Grain| {
                let [first, last] = self.buckets(grain);
                Ask { axis: axis.clone(), grain, first, last, by_bucket, ..Ask::totals_of_day(*site, Day(first)) }
            };
            let answers = self.collector().read(&grains.map(ask)).unwrap();
            assert_eq!(answers.len(), N);
            rows.iter_mut().zip(answers).for_each(|(rows, more)| rows.extend(more));
        }
        rows
    }

    fn buckets(&self, grain: Grain) -> [i32; 2] {
        let [first, last] = self.days;
        match grain {
            Grain::Hour => [(first, 0), (last, 23)].map(|(day, hour)| LocalHour { day, hour: Hour(hour) }.number()),
            Grain::Day => [first.0, last.0],
            Grain::Month => [first.month().0, last.month().0],
        }
    }
}

fn by_value(rows: &[SumRow]) -> BTreeMap<&str, Tally> {
    let mut sums: BTreeMap<&str, Tally> = BTreeMap::new();
    for row in rows {
        *sums.entry(&row.value).or_default() += row.tally;
    }
    sums
}

impl Stage for Kept {
    fn play(&mut self, scenario: &Scenario) {
        for (place, hit) in hits(scenario).into_iter().enumerate() {
            scenario.ends_before(place).for_each(|how| self.restart(how));
            self.take(hit);
            // A story of one or two hits is not stored at all when it is asked for, and of most others only a part.
            if place % 4 == 2 {
                self.collector().flush().unwrap();
            }
        }
        scenario.ends_before(scenario.steps.len()).for_each(|how| self.restart(how));
    }

    fn rows(&mut self, split: &Split, metric: &str) -> Option<Vec<(String, i64)>> {
        let of = |wanted: &Name, rows: Vec<SumRow>, label: &dyn Fn(i32) -> String| {
            let rows = rows.into_iter().filter(|row| row.value == *wanted);
            rows.map(|row| (label(row.bucket), number(&row.tally, metric))).collect()
        };
        Some(match split {
            Split::Hours(cell) => {
                let [rows] = self.read(&cell.axis, [Grain::Hour], true);
                let label = |bucket: i32| {
                    let LocalHour { day, hour } = LocalHour::from_number(bucket);
                    clock(day.0 - self.date.0, Some(hour.0))
                };
                of(&cell.value, rows, &label)
            }
            Split::Days(cell) => {
                let [rows] = self.read(&cell.axis, [Grain::Day], true);
                of(&cell.value, rows, &|bucket| clock(bucket - self.date.0, None))
            }
            Split::Axis(axis) => {
                let [days, months] = self.read(axis, [Grain::Day, Grain::Month], false);
                assert_eq!(by_value(&days), by_value(&months), "months are sums of days: {axis:?}");
                days.into_iter().map(|row| (row.value.to_string(), number(&row.tally, metric))).collect()
            }
        })
    }

    fn rejected(&mut self) -> Vec<(String, i64)> {
        let [first, last] = self.days;
        let of_site = |site: &SiteId| self.collector().rejected(*site, first, last).unwrap();
        let rejected = self.sites.iter().flat_map(of_site);
        rejected.map(|(reason, count)| (reason.label().to_owned(), count as i64)).collect()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // A test that failed already has its own message.
        if !std::thread::panicking() {
            self.end(End::Stop);
        }
    }
}

#[test]
fn questions_find_sums_that_are_stored_in_part() {
    let story = Scenario::parse("09:00 ana /\n 09:01 bob /\n 09:02 ana /a\n 09:03 bob event Signup\n 09:04 ana /b");
    let mut kept = Kept::open(&story);
    kept.play(&story);
    let pageviews = |kept: &mut Kept| kept.rows(&Split::Axis(Axis::Total), "pageviews").unwrap();
    let file = Database::of(kept.folder.path());
    let stored = ["SELECT number FROM flushes", "SELECT sum(pageviews) FROM totals"].map(|sql| file.number(sql));
    assert_eq!(stored, [1, 3]);
    assert_eq!(pageviews(&mut kept).iter().map(|(_, count)| count).sum::<i64>(), 4);
    kept.restart(End::Stop);
    assert_eq!(pageviews(&mut kept), [(String::new(), 4)]);
}
