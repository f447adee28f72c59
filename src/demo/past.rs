//! Hits of made-up visits as [`crate::hit::make`] would make them, and the sums of whole days.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::people::BROWSERS;
use super::plan::{self, Date, PlannedVisit};
use super::sites::{SiteShape, VisitOrigin as From};
use super::{dice_of, weekday};
use crate::beacon::{Hints, Revenue};
use crate::cell::Axis;
use crate::counts::{DaySegments, Name, OpenDay, Room, Sums};
use crate::hit::agent::{Agent, Verdict};
use crate::hit::path::{self, Campaign};
use crate::hit::place::Place;
use crate::hit::source::{self, Origin};
use crate::hit::token::{Network, Token};
use crate::hit::{self, Hit, Tools};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Day, HostRelation, Moment, Site};
use crate::store::{BotCount, CountedBy, DayState, Rejected};

/// Which programs come, for which pages, and how often beside each other.
const BOTS: [(&str, &str, u64); 9] = [
    ("Googlebot", "/blog", 22),
    ("bingbot", "/blog", 14),
    ("GPTBot", "/docs", 19),
    ("ClaudeBot", "/docs", 13),
    ("ChatGPT-User", "/pricing", 6),
    ("Headless Chrome", "/", 9),
    ("UptimeRobot", "/", 8),
    ("AhrefsBot", "/blog", 6),
    ("Slackbot", "/blog", 3),
];

/// What the hits of a site are made of. Each part is found out once, as [`crate::hit`] does it for every beacon.
pub struct Maker<'a> {
    shape: &'static SiteShape,
    site: &'a Site,
    seed: u64,
    agents: Vec<Arc<Agent>>,
    places: Vec<Arc<Place>>,
    origins: Vec<(Origin, Campaign)>,
}

impl<'a> Maker<'a> {
    /// A maker of the hits of `site`, which is to be like `shape`.
    ///
    /// # Errors
    /// [`Rejection::SpamSource`] when the table of sources has come to list one of ours.
    pub fn new(shape: &'static SiteShape, site: &'a Site, seed: u64, tools: &Tools) -> Result<Maker<'a>, Rejection> {
        let agent = |agent: &str| match tools.agents.classify(agent, &Hints::default(), false) {
            Verdict::Person(agent) => agent,
            Verdict::Bot(_) | Verdict::Library(_) => Arc::new(Agent::unknown()),
        };
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Ok(Maker {
            shape,
            site,
            seed,
            agents: BROWSERS.iter().map(|(_, browser)| agent(browser.agent)).collect(),
            places: shape.homes.iter().map(|(_, home)| tools.places.of(nowhere, Some(home.zone))).collect(),
            origins: shape.origins.iter().map(|from| origin(from, shape.domain)).collect::<Result<_, _>>()?,
        })
    }

    /// The visits of a day, which is `days_ago` days before the last.
    pub fn visits(&self, day: Day, days_ago: i32) -> Vec<PlannedVisit> {
        let date = Date { days_ago, weekday: weekday(day) };
        plan::day(self.shape, date, &mut dice_of(self.seed, self.site.id, day))
    }

    /// Calls `take` with the hits of a visit, in order, as long as they come before `end` and on the day.
    pub fn play(&self, visit: &PlannedVisit, day: Day, end: Moment, mut take: impl FnMut(Hit)) {
        let start = self.site.schedule.start_of(day).plus(visit.start_ms);
        for step in &visit.steps {
            let at = start.plus(step.after_ms);
            let local = self.site.schedule.locate(at);
            if at >= end || local.day != day {
                return;
            }
            let props = step.prop.map(|(key, value)| (key.to_owned(), path::value(value)));
            let props: Vec<(String, String)> = props.into_iter().collect();
            let (origin, campaign) = &self.origins[visit.origin];
            take(Hit {
                site: self.site.id,
                at,
                local,
                token: Some(Token::from_bits(visit.who)),
                network: Some(Network::from_bits(visit.who as u32)),
                kind: step.kind.clone(),
                page: step.page.to_owned(),
                hostname: self.shape.domain.to_owned(),
                watched: hit::watched(self.site, (step.page, &props), &step.kind, money(step.euros).as_ref()),
                props,
                agent: self.agents[visit.browser].clone(),
                place: self.places[visit.home].clone(),
                origin: origin.clone(),
                campaign: campaign.clone(),
                language: self.shape.homes[visit.home].1.language.to_owned(),
                screen: Some(visit.screen),
                collected: self.site.settings.collect,
            });
        }
    }

    /// The sums of a whole day, and its pairs. Hours that the store would not keep are left out.
    pub fn sums(&self, day: Day, days_ago: i32) -> (Sums, DayState) {
        let budget = self.site.settings.budget;
        let mut open = OpenDay::new(self.site.id, day, budget);
        for visit in self.visits(day, days_ago) {
            // A ping without its page is not counted, here as everywhere.
            self.play(&visit, day, Moment(i64::MAX), |hit| _ = open.take(&hit, || Room::Visitor));
        }
        let mut sums = open.drain();
        if days_ago > limits::HOUR_DETAIL_DAYS {
            sums.hours.retain(|(cell, _, _)| cell.axis == Axis::Total);
        }
        let state = DayState {
            site: self.site.id,
            day,
            by: CountedBy::Import,
            snapshot: Some(Arc::new(open.snapshot().with_segments(DaySegments::of(self.site, day)))),
            pair_cells: budget.pair_cells,
            is_over: true,
            release: None,
        };
        (sums, state)
    }

    /// The programs among those who were not counted.
    pub fn bots(&self, rejected: &[Rejected]) -> Vec<BotCount> {
        let all: u64 = BOTS.iter().map(|(_, _, share)| share).sum();
        let mut bots = Vec::new();
        for rejected in rejected.iter().filter(|rejected| rejected.reason == Rejection::Bot) {
            let mut left = rejected.count;
            // From the last to the first, which gets what is left.
            for (place, (family, pages, share)) in BOTS.iter().enumerate().rev() {
                let count = if place == 0 { left } else { rejected.count * share / all };
                left -= count;
                let (family, pages) = (Name::from(*family), Name::from(*pages));
                bots.push(BotCount { site: rejected.site, day: rejected.day, family, pages, count });
            }
        }
        bots.retain(|bot| bot.count > 0);
        bots
    }

    /// What was not counted on a day: robots above all.
    pub fn rejected(&self, day: Day, days_ago: i32) -> Vec<Rejected> {
        let mut dice = dice_of(!self.seed, self.site.id, day);
        let date = Date { days_ago, weekday: weekday(day) };
        let visits = plan::visits(self.shape, date, &mut dice) as f64;
        let shares = [
            (Rejection::Bot, 0.16),
            (Rejection::OptedOut, 0.031),
            (Rejection::NoVisit, 0.012),
            (Rejection::Prefetch, 0.006),
            (Rejection::SpamSource, 0.004),
        ];
        let site = self.site.id;
        let count = |share: f64, unit: f64| (visits * share * (0.6 + 0.8 * unit)) as u64;
        let counts = shares.map(|(reason, share)| Rejected { site, day, reason, count: count(share, dice.unit()) });
        counts.into_iter().filter(|rejected| rejected.count > 0).collect()
    }
}

fn money(euros: Option<&str>) -> Option<Revenue> {
    Some(Revenue { amount: euros?.to_owned(), currency: "EUR".to_owned() })
}

fn origin(from: &From, domain: &str) -> Result<(Origin, Campaign), Rejection> {
    let campaign = path::campaign(from.query);
    Ok((source::origin(&campaign, from.referrer, |host| HostRelation::among(host, [domain]))?, campaign))
}
