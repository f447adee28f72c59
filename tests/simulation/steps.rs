//! What happens in a world: one step after the other, as its dice say.

use std::sync::Arc;

use headcount::cell::{Axis, Dimension};
use headcount::collector::{Outcome, SumsBatch, utc_day};
use headcount::control::{self, Command, SiteChange};
use headcount::counts::{OpenDay, Room};
use headcount::hit::token::Token;
use headcount::rejection::Rejection;
use headcount::secret::Digest;
use headcount::site::{Budget, Day, Site, SiteId};
use headcount::store::{CountedBy, DayState, Imported};

use super::disk::{Crash, Faults};
use super::ledger::{Column, Figure, Key};
use super::world::{Doubt, SimSite, SimWorld};

const ZONES: [&str; 5] = ["Etc/UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kolkata"];
/// Sites that there are at the most.
const SITES_MAX: usize = 4;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

impl SimWorld {
    /// One step.
    pub fn step(&mut self) {
        match self.dice.below(1_000) {
            0..380 => self.send_some(),
            380..480 => self.keep(),
            480..600 => self.write(),
            600..760 => self.pass_time(),
            760..810 => self.flush(),
            810..835 => self.change_faults(),
            835..875 => self.end(),
            875..905 => self.end_in_the_middle(),
            905..925 => self.add_site(),
            925..930 => self.remove_site(),
            930..935 => self.reset_site(),
            935..965 => self.import(),
            _ => self.check(),
        }
        self.die_if_killed();
    }

    /// A disk that was told to has killed the program.
    fn die_if_killed(&mut self) {
        if self.disk.disk().is_dead() {
            let how = self.any_crash();
            self.kill(how);
            self.start(how);
        }
    }

    fn any_crash(&mut self) -> Crash {
        if self.dice.percent(40) { Crash::Power } else { Crash::Process }
    }

    fn any_site(&mut self) -> Option<SimSite> {
        if self.sites.is_empty() { None } else { Some(self.dice.pick(&self.sites).clone()) }
    }

    /// Somebody sends a few messages.
    fn send_some(&mut self) {
        // Of whom nobody knows what is left, nobody can say what becomes.
        let Some(site) = self.any_site().filter(|site| !site.is_doubtful) else { return };
        for _ in 0..1 + self.dice.below(6) {
            let who = self.dice.below(self.visitors.len());
            let beacons = self.visitors[who].send(&site.domain, &mut self.dice);
            for beacon in beacons {
                self.send(beacon);
            }
            if self.dice.percent(50) {
                let ms = self.dice.below(90_000) as i64;
                self.pass(ms);
            }
        }
    }

    fn send(&mut self, beacon: headcount::beacon::Beacon) {
        self.note("messages");
        let now = self.clock.now();
        let known = self.collector().directory().find(&beacon.site).cloned();
        let made = known.as_ref().map(|site| self.collector().hit_at(beacon.clone(), site, now, now));
        // A question may have begun a flush.
        self.observe();
        let expected = match (&known, made) {
            (None, _) => self.expect_rejected(SiteId::INSTANCE, utc_day(now), Rejection::UnknownSite),
            (Some(site), Some(Err(dropped))) => {
                self.expect_rejected(site.id, site.schedule.locate(now).day, dropped.reason)
            }
            (Some(_), Some(Ok((hit, _)))) if self.ledger.take(&hit) => Outcome::Accepted,
            _ => Outcome::Rejected(Rejection::NoVisit),
        };
        let outcome = if self.dice.percent(50) {
            self.with(|life| life.collector.receive(beacon))
        } else {
            self.with(|life| match life.collector.admit(beacon, None) {
                Err(outcome) => outcome,
                Ok(made) => {
                    let hits = made.into_hit().into_iter().collect();
                    let outcomes = life.collector.take_batch(hits, None).expect("a collector").outcomes;
                    outcomes[0].map_or_else(Outcome::Rejected, |()| Outcome::Accepted)
                }
            })
        };
        self.tell(|| format!("{outcome:?} at {:?}", known.as_ref().map(|site| site.id)));
        assert_eq!(outcome, expected, "what becomes of a message, {:?} {:?}", self.clock.now(), known.map(|site| site.id));
    }

    fn expect_rejected(&mut self, site: SiteId, day: Day, reason: Rejection) -> Outcome {
        self.ledger.reject(site, day, reason);
        Outcome::Rejected(reason)
    }

    fn keep(&mut self) {
        self.with(|life| life.hand.keep());
    }

    fn write(&mut self) {
        for _ in 0..1 + self.dice.below(4) {
            if self.dice.percent(20) {
                self.with(|life| life.hand.retry());
            }
            self.with(|life| life.hand.write());
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: i64) {
        self.clock.set(self.clock.now().plus(ms));
        self.passed_ms += ms;
    }

    /// Time passes, from milliseconds to days; mostly the program does what is due meanwhile.
    fn pass_time(&mut self) {
        let days = match self.dice.below(10) {
            0 => 1 + self.dice.below(30),
            1..4 => 1,
            _ => 0,
        };
        for _ in 0..days {
            let ms = DAY - 2 * 60 * MINUTE + self.dice.below(240) as i64 * MINUTE;
            self.pass(ms);
            self.settle(80);
        }
        let span = *self.dice.pick(&[1_000, 20_000, 15 * MINUTE, 40 * MINUTE, 6 * 60 * MINUTE]);
        let ms = self.dice.below(span as usize) as i64;
        self.pass(ms);
        self.settle(60);
    }

    /// In so many of a hundred cases, what is due is done.
    fn settle(&mut self, percent: usize) {
        if self.dice.percent(percent) {
            self.keep();
            for _ in 0..40 {
                if !self.with(|life| life.hand.write()) {
                    break;
                }
            }
            self.keep();
        }
    }

    fn flush(&mut self) {
        let flushed = self.with(|life| life.collector.flush());
        if flushed.is_ok() {
            assert!(!self.ledger.has_waiting(), "all is stored");
        }
    }

    fn change_faults(&mut self) {
        if self.dice.percent(50) {
            return self.mend_disk();
        }
        self.note("faults begin");
        let bytes = self.disk.disk().bytes();
        let (read, write, sync, more) =
            (self.dice.below(20), self.dice.below(40), self.dice.below(300), self.dice.below(200_000));
        let none = Faults { lies: self.conditions.lies, ..Faults::default() };
        self.disk.disk().faults = match self.dice.below(6) {
            0 => Faults { read, ..none },
            1 => Faults { write, ..none },
            2 => Faults { sync, ..none },
            3 => Faults { room: Some(bytes + more), ..none },
            4 => Faults { slow_ms: 1 + more as i64 / 10, ..none },
            _ => Faults { read, write, sync, room: Some(bytes + more), ..none },
        };
    }

    /// The program is killed or stopped, and started again.
    fn end(&mut self) {
        let how = self.any_crash();
        if self.dice.percent(50) {
            self.note("kill");
            self.kill(how);
        } else {
            self.stop();
            self.crash(how);
        }
        if self.dice.percent(20) {
            let ms = self.dice.below(3 * DAY as usize) as i64;
            self.pass(ms);
        }
        self.start(how);
    }

    /// As a service manager stops it.
    pub fn stop(&mut self) {
        self.note("stop");
        let stopped = self.with(|life| life.hand.stop());
        if stopped.is_ok() {
            assert!(!self.ledger.has_waiting(), "a stop stores everything");
        }
        self.life = None;
    }

    /// The program is killed in the middle of something that writes.
    fn end_in_the_middle(&mut self) {
        let operations = 1 + self.dice.below(400) as u64;
        self.disk.disk().kill_in = Some(operations);
        for _ in 0..6 {
            if self.disk.disk().is_dead() {
                break;
            }
            match self.dice.below(8) {
                0 => self.add_site(),
                1 => self.remove_site(),
                2 => self.reset_site(),
                3 => self.import(),
                4 => self.pass_time(),
                5 => self.flush(),
                _ => self.settle(100),
            }
        }
        self.disk.disk().kill_in = None;
    }

    fn add_site(&mut self) {
        if self.sites.len() >= SITES_MAX {
            return;
        }
        self.note("site added");
        let domain = format!("site{}.test", self.dice.below(1_000_000));
        let mut change = SiteChange::of("timezone", *self.dice.pick(&ZONES));
        if self.dice.percent(10) {
            change = change.with("address", "none");
        }
        self.doubt = Some(Doubt::Adding(domain.clone()));
        self.command(Command::SiteAdd { domain, change });
    }

    fn remove_site(&mut self) {
        let Some(site) = self.any_site() else { return };
        self.note("site removed");
        self.doubt = Some(Doubt::Removing(site.id));
        self.command(Command::SiteRemove { domain: site.domain });
    }

    fn reset_site(&mut self) {
        let Some(site) = self.any_site() else { return };
        self.note("site reset");
        self.doubt = Some(Doubt::Forgetting(site.id));
        let is_done = self.command(Command::SiteReset { domain: site.domain, dry_run: false });
        if is_done {
            self.ledger.forget(site.id, |_| true, |_| false);
        }
    }

    /// Carries out a command. What became of it where it fails is seen afterwards.
    fn command(&mut self, command: Command) -> bool {
        let done = self.with(|life| control::run(command, &life.collector, "http://127.0.0.1"));
        if self.disk.disk().is_dead() {
            return false;
        }
        if done.is_ok() {
            self.settle_doubt(true);
        } else {
            self.note("command that failed");
            self.mend_disk();
            let read = self.with(|life| life.collector.reload());
            if self.disk.disk().is_dead() {
                return false;
            }
            read.expect("sites");
            self.settle_doubt(false);
        }
        done.is_ok()
    }

    /// Figures of days that are over are imported.
    fn import(&mut self) {
        let Some(site) = self.any_site().filter(|site| !site.is_doubtful) else { return };
        let Some(site) = self.collector().directory().get(site.id).cloned() else { return };
        self.note("import");
        self.imports += 1;
        let today = site.schedule.locate(self.clock.now()).day;
        let day = Day(today.0 - 1 - self.dice.below(20) as i32);
        let (batch, figures) = self.batch(&site, day);
        self.observe();
        self.ledger.import(self.imports, figures);
        // Where nobody is told, the flushes say what became of it.
        let _ = self.with(|life| life.collector.store_batch(site.id, batch));
    }

    /// Some pageviews of people who were there once each.
    fn batch(&mut self, site: &Arc<Site>, day: Day) -> (SumsBatch, Vec<(Key, i64)>) {
        let mut open = OpenDay::new(site.id, day, Budget::default());
        let mut figures = Vec::new();
        let at = site.schedule.start_of(day).plus(12 * 60 * MINUTE);
        for number in 0..1 + self.dice.below(5) {
            let hit = hit_of(site, at, number as u64);
            open.take(&hit, || Room::Visitor).expect("a pageview");
            let mut add = |figure| figures.push(((site.id, day, figure), 1));
            for column in [Column::Visitors, Column::Visits, Column::Pageviews, Column::Bounces] {
                add(Figure::Total(column));
            }
            for column in [Column::Visitors, Column::Pageviews] {
                add(Figure::Page(hit.page.clone(), column));
            }
            for column in [Column::Visits, Column::Pageviews] {
                add(Figure::Source(hit.origin.source.to_string(), column));
            }
        }
        let snapshot = Some(Arc::new(open.snapshot()));
        let (pair_cells, by) = (site.settings.budget.pair_cells, CountedBy::Import);
        let state = DayState { site: site.id, day, by, snapshot, pair_cells, is_over: true, release: None };
        let head = Digest([self.imports as u8; 32]);
        let imported = vec![Imported { site: site.id, head, head_bytes: self.imports, bytes: 100 }];
        let sums = vec![(site.id, day, open.drain())];
        (SumsBatch { sums, days: vec![state], counted: 1, imported, ..SumsBatch::default() }, figures)
    }
}

fn hit_of(site: &Arc<Site>, at: headcount::site::Moment, who: u64) -> headcount::hit::Hit {
    use headcount::hit::{Hit, Kind};
    Hit {
        site: site.id,
        at,
        local: site.schedule.locate(at),
        token: Some(Token::from_bits(who + 1)),
        network: Some(headcount::hit::token::Network::from_bits(7)),
        kind: Kind::Pageview,
        page: format!("/imported/{}", who % 3),
        hostname: site.domain.to_string(),
        props: Vec::new(),
        agent: Arc::new(headcount::hit::agent::Agent::unknown()),
        place: Arc::new(headcount::hit::place::Place {
            country: "DE".into(),
            region: "(not set)".into(),
            city: "(not set)".into(),
        }),
        origin: headcount::hit::source::Origin {
            source: "Google".into(),
            referrer: "google.com".into(),
            channel: "Organic Search",
        },
        campaign: Default::default(),
        language: String::new(),
        screen: None,
        watched: Default::default(),
        collected: Default::default(),
    }
}

/// The dimension of a figure, and its value.
pub fn axis_of(figure: &Figure) -> Option<(Axis<headcount::counts::Name>, &str, Column)> {
    match figure {
        Figure::Total(column) => Some((Axis::Total, "", *column)),
        Figure::Page(page, column) => Some((Axis::Of(Dimension::Page), page, *column)),
        Figure::Source(source, column) => Some((Axis::Of(Dimension::Source), source, *column)),
        Figure::Rejected(_) | Figure::Mail(_) => None,
    }
}
