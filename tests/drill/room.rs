//! A collector on a store of its own that counts a stream of hits, with a clock that goes along.

use headcount::clock::Clock;
use headcount::collector::{Collector, Outcome, WriterHandle};
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::hit::token::Token;
use headcount::hit::{Hit, Tools};
use headcount::site::{Day, Domain, Moment, Schedule, Settings, Site, SiteId};
use headcount::store::{self, Stores};
use tempfile::TempDir;

use crate::oracle::streams::Stream;
use crate::oracle::watched;
use crate::scenario::Scenario;
use crate::scenario::depth1::hits;
use crate::store::file::Database;

/// A collector and its folder.
pub struct Room {
    folder: TempDir,
    pub clock: Clock,
    running: Option<(Collector, WriterHandle)>,
    pub sites: Vec<SiteId>,
}

/// What a stream is, in the order in which a collector takes it.
pub struct Plan {
    scenario: Scenario,
    /// Numbers of hits.
    order: Vec<usize>,
    /// Before which of them everything is flushed.
    flushes: Vec<bool>,
    /// Before which of them the program is ended and started.
    restarts: Vec<usize>,
}

impl Plan {
    /// The hits of a stream by time, but for some that are swapped within their day.
    pub fn of(stream: Stream, restarts: &[usize]) -> Plan {
        let Stream { scenario, drains } = stream;
        let found = hits(&scenario);
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by_key(|hit| found[*hit].at);
        let is_near = |a: &Hit, b: &Hit| a.site == b.site && a.local.day == b.local.day;
        for place in (1..order.len()).step_by(3) {
            if is_near(&found[order[place - 1]], &found[order[place]]) {
                order.swap(place - 1, place);
            }
        }
        let restarts = restarts.iter().map(|place| place % order.len().max(1)).collect();
        Plan { scenario, order, flushes: drains, restarts }
    }

    /// A story as it is told.
    pub fn told(story: &str) -> Plan {
        let scenario = Scenario::parse(story);
        let hits = scenario.steps.len();
        Plan { scenario, order: (0..hits).collect(), flushes: vec![false; hits], restarts: Vec::new() }
    }

    /// The schedules of the sites.
    pub fn schedules(&self) -> Vec<Schedule> {
        (0..self.scenario.sites.len()).map(|index| self.scenario.schedule(index)).collect()
    }

    /// The hits in order. A restart loses the salt, so that everybody is somebody else then.
    pub fn hits(&self) -> Vec<Hit> {
        let mut found: Vec<Option<Hit>> = hits(&self.scenario).into_iter().map(Some).collect();
        let mut in_order: Vec<Hit> = self.order.iter().map(|hit| found[*hit].take().expect("each once")).collect();
        for (place, hit) in in_order.iter_mut().enumerate() {
            let era = self.restarts.iter().filter(|restart| **restart <= place).count() as u64;
            hit.token = hit.token.map(|token| Token::from_bits(token.bits() ^ era.wrapping_mul(0x0123_4567_89ab_cdef)));
        }
        watched::mark(&mut in_order, 0);
        in_order
    }

    /// The last day of each site.
    pub fn last_day(&self) -> Day {
        self.hits().iter().map(|hit| hit.local.day).max().expect("a hit")
    }
}

impl Room {
    /// A collector in an empty folder.
    pub fn open(plan: &Plan, settings: &Settings) -> Room {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(plan.scenario.first_moment());
        let stores = store::open(&folder.path().join("headcount.db")).unwrap();
        let mut sites = Vec::new();
        for (scene, schedule) in plan.scenario.sites.iter().zip(plan.schedules()) {
            let (domain, settings) = (Domain::parse(&scene.domain).unwrap(), settings.clone());
            let id = stores.operators.add_site(&domain, &schedule, &settings, clock.now()).unwrap();
            stores.operators.set_site(&Site { id, domain, schedule, settings, added: clock.now() }).unwrap();
            sites.push(id);
        }
        Room::on(folder, clock, sites, stores)
    }

    /// A collector on a folder that has a store.
    pub fn reopened(folder: TempDir, clock: Clock, sites: Vec<SiteId>) -> Room {
        let stores = store::open(&folder.path().join("headcount.db")).unwrap();
        Room::on(folder, clock, sites, stores)
    }

    fn on(folder: TempDir, clock: Clock, sites: Vec<SiteId>, stores: Stores) -> Room {
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let running = Some(Collector::start(stores, tools, clock.clone()).unwrap());
        Room { folder, clock, running, sites }
    }

    pub fn collector(&self) -> &Collector {
        &self.running.as_ref().expect("a collector").0
    }

    pub fn file(&self) -> Database {
        Database::of(self.folder.path())
    }

    /// A number out of the file.
    pub fn number(&self, sql: &str) -> i64 {
        self.file().number(sql)
    }

    /// Takes all hits of a plan, with its flushes and restarts.
    pub fn play(&mut self, plan: &Plan) {
        for (place, hit) in plan.hits().into_iter().enumerate() {
            if plan.restarts.contains(&place) {
                self.restart();
            } else if plan.flushes[place] {
                self.flush();
            }
            self.take(hit);
        }
    }

    /// Takes a hit when it happens.
    pub fn take(&mut self, hit: Hit) {
        let before = self.clock.now();
        self.clock.set(before.max(hit.at));
        assert_ne!(self.collector().take(hit), Outcome::Lost);
    }

    pub fn flush(&self) {
        self.collector().flush().unwrap();
    }

    /// Ends the collector and starts another on the same file.
    pub fn restart(&mut self) {
        self.end();
        let stores = store::open(&self.folder.path().join("headcount.db")).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        self.running = Some(Collector::start(stores, tools, self.clock.clone()).unwrap());
    }

    fn end(&mut self) {
        let Some((collector, keeping)) = self.running.take() else { return };
        collector.stop();
        keeping.wait().unwrap();
    }

    /// The latest day that is today at a site.
    pub fn today(&self) -> Day {
        let today = |site: &SiteId| {
            self.collector().directory().get(*site).expect("a site").schedule.locate(self.clock.now()).day
        };
        self.sites.iter().map(today).max().expect("a site")
    }

    /// Lets days pass until the month after `day` has begun and everything is packed and added up.
    pub fn close(&self, day: Day) {
        let end = day.month().last().0 + 3;
        self.flush();
        self.clock.set(self.clock.now().max(Moment(i64::from(end) * 86_400_000)));
        for _ in 0..12 {
            self.flush();
        }
        assert_eq!(
            self.number("SELECT (SELECT count(*) FROM days) + (SELECT count(*) FROM hours)"),
            0,
            "all is packed"
        );
        let parts = self.number("SELECT count(*) FROM pairs WHERE part <> 0");
        assert_eq!(parts, 0, "no pairs are left by those who count");
    }

    /// What a crash leaves: the files as they are now, in another folder.
    pub fn crashed(&self) -> Room {
        let folder = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        Room::reopened(folder, Clock::manual(self.clock.now()), self.sites.clone())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // A test that failed already has its own message.
        if !std::thread::panicking() {
            self.end();
        }
    }
}
