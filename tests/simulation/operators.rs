//! What operators do in a world: sites come and go, and so do figures.

use std::sync::Arc;

use headcount::collector::SumsBatch;
use headcount::control::forget::ForgetCommand;
use headcount::control::{self, Command, SiteChange};
use headcount::counts::{OpenDay, Room};
use headcount::hit::agent::Agent;
use headcount::hit::place::Place;
use headcount::hit::source::Origin;
use headcount::hit::token::{Network, Token};
use headcount::hit::{Hit, Kind};
use headcount::secret::Digest;
use headcount::site::{Budget, Day, Moment, Site};
use headcount::store::{CountedBy, DayState, Imported};

use super::ledger::{Column, Figure, Key};
use super::world::{Doubt, KEPT_MONTHS, SimSite, SimWorld};

const ZONES: [&str; 5] = ["Etc/UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kolkata"];
/// Sites that there are at the most.
const SITES_MAX: usize = 4;
const NOON: i64 = 12 * 3_600_000;

impl SimWorld {
    /// One of the sites.
    pub fn any_site(&mut self) -> Option<SimSite> {
        if self.sites.is_empty() { None } else { Some(self.dice.pick(&self.sites).clone()) }
    }

    pub fn add_site(&mut self) {
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

    pub fn remove_site(&mut self) {
        let Some(site) = self.any_site() else { return };
        self.note("site removed");
        self.doubt = Some(Doubt::Removing(site.id));
        self.command(Command::SiteRemove { domain: site.domain });
    }

    pub fn reset_site(&mut self) {
        let Some(site) = self.any_site() else { return };
        self.note("site reset");
        self.doubt = Some(Doubt::Forgetting(site.id));
        let is_done = self.command(Command::SiteReset { domain: site.domain, dry_run: false });
        if is_done {
            self.ledger.forget(site.id, |_| true, |_| false);
        }
    }

    /// Some days of a site are forgotten.
    pub fn forget_days(&mut self) {
        let Some(site) = self.any_site().filter(|site| !site.is_doubtful) else { return };
        let Some(schedule) = self.collector().directory().get(site.id).map(|site| site.schedule.clone()) else {
            return;
        };
        self.note("days forgotten");
        let last = Day(schedule.locate(self.clock.now()).day.0 - self.dice.below(20) as i32);
        let first = Day(last.0 - self.dice.below(3) as i32);
        self.doubt = Some(Doubt::Forgetting(site.id));
        let (domain, days) = (site.domain, Some(format!("{}..{}", first.date(), last.date())));
        let order = ForgetCommand { domain, values: Vec::new(), days, dry_run: false };
        if self.command(Command::SiteForget(order)) {
            self.ledger.forget(site.id, |day| (first..=last).contains(&day), |_| false);
        }
    }

    /// A setting of a site is changed: its zone, or how long its figures are kept.
    pub fn change_site(&mut self) {
        let Some(site) = self.any_site() else { return };
        self.note("setting changed");
        let change = match self.dice.below(3) {
            0 => SiteChange::of("timezone", *self.dice.pick(&ZONES)),
            1 => SiteChange::of("keep", ["default"]),
            _ => SiteChange::of("keep", [format!("days={KEPT_MONTHS}m")]),
        };
        self.command(Command::SiteSet { domain: site.domain, change });
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
            self.tell(|| format!("{:?}", done.as_ref().err()));
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
    pub fn import(&mut self) {
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
        let at = site.schedule.start_of(day).plus(NOON);
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

fn hit_of(site: &Arc<Site>, at: Moment, who: u64) -> Hit {
    Hit {
        site: site.id,
        at,
        local: site.schedule.locate(at),
        token: Some(Token::from_bits(who + 1)),
        network: Some(Network::from_bits(7)),
        kind: Kind::Pageview,
        page: format!("/imported/{}", who % 3),
        hostname: site.domain.to_string(),
        props: Vec::new(),
        agent: Arc::new(Agent::unknown()),
        place: Arc::new(Place { country: "DE".into(), region: "(not set)".into(), city: "(not set)".into() }),
        origin: Origin { source: "Google".into(), referrer: "google.com".into(), channel: "Organic Search" },
        campaign: Default::default(),
        language: String::new(),
        screen: None,
        watched: Default::default(),
        collected: Default::default(),
    }
}
