//! The beacons of made-up visits that are due by now.
//!
//! These beacons are what the tracker would send: they take the whole way, robots and all.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use super::dice::Dice;
use super::people::{BROWSERS, ROBOTS};
use super::plan::{self, Date, PlannedStep, PlannedVisit};
use super::sites::SiteShape;
use crate::beacon::address::Way;
use crate::beacon::{Beacon, ClientIp, NO_HINTS, Request, plausible};
use crate::hit::Kind;
use crate::site::{Moment, Site};

/// Fewest visits that begin within an hour, so that a demo at night is alive too.
const VISITS_AN_HOUR_MIN: f64 = 40.0;
/// Of how many visits the visitor is a robot, and of how many one that asked not to be counted.
const ROBOT: f64 = 0.12;
const OPTED_OUT: f64 = 0.03;
/// Addresses of visitors: 198.18.0.0/15, which no network uses (RFC 2544).
const ADDRESSES: u32 = 0xc612_0000;
const ADDRESSES_MASK: u64 = 0x1_ffff;

/// The visits of a site that are under way.
#[derive(Debug)]
pub struct Live {
    shape: &'static SiteShape,
    site: Site,
    dice: Dice,
    /// When the next visit begins.
    next: Moment,
    /// What is to be sent, and when; in no order.
    waiting: Vec<(Moment, DemoMessage)>,
}

/// A beacon that is not sent yet.
#[derive(Debug, Clone)]
struct DemoMessage {
    body: String,
    address: IpAddr,
    agent: &'static str,
    opted_out: bool,
}

impl Live {
    /// A site whose first visit begins at `since`.
    pub fn new(shape: &'static SiteShape, site: Site, dice: Dice, since: Moment) -> Live {
        Live { shape, site, dice, next: since, waiting: Vec::new() }
    }

    /// The beacons that are due by `now`, in order.
    pub fn due(&mut self, now: Moment) -> Vec<Beacon> {
        while self.next <= now {
            self.begin();
        }
        let mut due: Vec<(Moment, DemoMessage)> = self.waiting.extract_if(.., |(at, _)| *at <= now).collect();
        due.sort_by_key(|(at, _)| *at);
        due.iter().flat_map(|(_, message)| message.beacons()).collect()
    }

    /// Plans the visit that begins next, and when the one after it does.
    fn begin(&mut self) {
        let (at, dice) = (self.next, &mut self.dice);
        let local = self.site.schedule.locate(at);
        let visit = plan::visit(self.shape, Date { days_ago: 0, weekday: super::weekday(local.day) }, 0, dice);
        let robot = dice.chance(ROBOT).then(|| *dice.pick(ROBOTS));
        let opted_out = robot.is_none() && dice.chance(OPTED_OUT);
        let steps = if robot.is_some() || opted_out { &visit.steps[..1] } else { &visit.steps[..] };
        for (place, step) in steps.iter().enumerate() {
            let message = DemoMessage {
                body: self.body(&visit, step, place == 0).to_string(),
                address: Ipv4Addr::from(ADDRESSES | (visit.who & ADDRESSES_MASK) as u32).into(),
                agent: robot.unwrap_or(BROWSERS[visit.browser].1.agent),
                opted_out,
            };
            self.waiting.push((at.plus(step.after_ms), message));
        }
        let gap_ms = self.gap_ms(usize::from(local.hour.0));
        self.next = at.plus(gap_ms);
    }

    /// Milliseconds until the next visit begins, by the hour of the day.
    fn gap_ms(&mut self, hour: usize) -> i64 {
        let all: u32 = self.shape.hours.iter().sum();
        let share = f64::from(self.shape.hours.get(hour).copied().unwrap_or(0)) / f64::from(all.max(1));
        let an_hour = (self.shape.visits.1 * share).max(VISITS_AN_HOUR_MIN);
        // Comings that know nothing of each other.
        let waits = -(1.0 - self.dice.unit()).ln();
        (3_600_000.0 / an_hour * waits) as i64 + 1
    }

    /// What the tracker sends for a step.
    fn body(&self, visit: &PlannedVisit, step: &PlannedStep, is_first: bool) -> Value {
        let (origin, home) = (&self.shape.origins[visit.origin], &self.shape.homes[visit.home].1);
        let query = if is_first && !origin.query.is_empty() { format!("?{}", origin.query) } else { String::new() };
        let mut body = json!({
            "d": self.shape.domain,
            "u": format!("https://{}{}{query}", self.shape.domain, step.page),
            "tz": home.zone,
            "l": home.language,
            "sc": visit.screen,
        });
        if is_first && !origin.referrer.is_empty() {
            body["r"] = origin.referrer.into();
        }
        if let Some((key, value)) = step.prop {
            body["p"] = json!({ key: value });
        }
        if let Some(amount) = step.euros {
            body["$"] = json!({"currency": "EUR", "amount": amount});
        }
        match &step.kind {
            Kind::Pageview => body["n"] = "pageview".into(),
            Kind::Event { name, interactive } => {
                body["n"] = name.as_str().into();
                body["i"] = (*interactive).into();
            }
            Kind::Engagement { ms, scroll } => {
                body["n"] = "engagement".into();
                body["e"] = (*ms).into();
                body["sd"] = (*scroll).into();
            }
        }
        body
    }
}

impl DemoMessage {
    fn beacons(&self) -> Vec<Beacon> {
        let request = Request {
            query: "",
            body: self.body.as_bytes(),
            address: ClientIp(self.address),
            way: Way::default(),
            user_agent: self.agent,
            hints: &NO_HINTS,
            accept_language: "",
            referer: "",
            origin: "",
            forwarded: "",
            opted_out: self.opted_out,
            prefetch: false,
        };
        plausible::parse(&request).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sites::SHAPES;
    use super::*;
    use crate::site::{Domain, Schedule, Settings, SiteId};

    /// 2026-06-10 12:00 UTC.
    const NOON: Moment = Moment(1_781_092_800_000);

    fn live(place: usize) -> Live {
        let shape = &SHAPES[place];
        let site = Site {
            id: SiteId(1),
            domain: Domain::parse(shape.domain).unwrap(),
            schedule: Schedule::named(shape.zone).unwrap(),
            settings: Settings::default(),
            added: Moment(0),
        };
        Live::new(shape, site, Dice::new(1, [1, 1]), NOON)
    }

    fn told(beacons: &[Beacon]) -> Vec<(String, Kind)> {
        beacons.iter().map(|beacon| (beacon.url.clone(), beacon.kind.clone())).collect()
    }

    #[test]
    fn a_few_beacons_come_each_minute_and_every_one_can_be_read() {
        for (place, shape) in SHAPES.iter().enumerate() {
            let mut live = live(place);
            let beacons = live.due(NOON.plus(3_600_000));
            assert!((100..1_200).contains(&beacons.len()), "{}", beacons.len());
            assert!(beacons.iter().all(|beacon| beacon.site == shape.domain));
            assert!(beacons.iter().any(|beacon| matches!(beacon.kind, Kind::Engagement { .. })));
            assert!(beacons.iter().any(|beacon| beacon.sender.agent.0.contains("bot")));
            let later = live.due(NOON.plus(6 * 3_600_000));
            assert!(later.iter().any(|beacon| beacon.sender.opted_out));
            assert!(live.waiting.iter().all(|(at, _)| *at > NOON.plus(6 * 3_600_000)), "what is sent is forgotten");
        }
    }

    #[test]
    fn how_often_one_asks_makes_no_difference() {
        let at_once = live(0).due(NOON.plus(600_000));
        let mut patient = live(0);
        let step_by_step: Vec<Beacon> = (0..=600).flat_map(|second| patient.due(NOON.plus(second * 1_000))).collect();
        assert_eq!(told(&at_once), told(&step_by_step));
        assert!(live(0).due(NOON.plus(-1)).is_empty());
    }
}
