//! Runs a story as hits that [`OpenDay`]s take, and adds up what those hand out.
//!
//! This is the first and fastest of the depths at which a story is played: no request, no store, no clock.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use headcount::beacon::Hints;
use headcount::cell::{Cell, NOT_SET, Tally};
use headcount::counts::{Name, OpenDay, Room, SessionSnapshot};
use headcount::hit::agent::{Agent, Agents, Verdict};
use headcount::hit::place::Place;
use headcount::hit::token::{Network, Token};
use headcount::hit::{Hit, Kind, Watched, path, source};
use headcount::rejection::Rejection;
use headcount::site::{Budget, Day, HostRelation, Hour, LocalHour, Moment, SiteId};

use super::expected::{Split, Stage, clock, number};
use super::{Scenario, Step, What};
use crate::oracle::pairs::with_sections;

static AGENTS: LazyLock<Agents> = LazyLock::new(Agents::new);

/// The hits of a story, each with its moment, its site's day and hour there, and its token.
pub fn hits(scenario: &Scenario) -> Vec<Hit> {
    let schedules: Vec<_> = (0..scenario.sites.len()).map(|index| scenario.schedule(index)).collect();
    let at = scenario.moments();
    let hit = |(step, at): (&Step, Moment)| hit(scenario, step, at, schedules[step.site].locate(at));
    scenario.steps.iter().zip(at).map(hit).collect()
}

fn hit(scenario: &Scenario, step: &Step, at: Moment, local: LocalHour) -> Hit {
    let (hostname, domain) = (step.hostname(scenario), &scenario.sites[step.site].domain);
    let campaign = path::campaign(&step.query());
    let origin =
        source::origin(&campaign, &step.referrer(), |host| HostRelation::among(host, [hostname, domain.as_str()]));
    Hit {
        site: Scenario::site_id(step.site),
        at,
        local,
        token: step.who.as_deref().map(token),
        network: step.who.as_deref().map(|who| Network::from_bits(token(who).bits() as u32)),
        kind: kind(&step.what),
        page: step.page.clone(),
        hostname: hostname.to_owned(),
        props: step.props.clone(),
        agent: agent(step),
        place: Arc::new(place(step)),
        origin: origin.expect("no spammer in a story"),
        campaign,
        language: step.language.clone().unwrap_or_default(),
        screen: step.screen.as_deref().map(screen),
        watched: Watched::default(),
        collected: Default::default(),
    }
}

fn kind(what: &What) -> Kind {
    match what.clone() {
        What::Pageview => Kind::Pageview,
        What::Event { name, interactive } => Kind::Event { name, interactive },
        What::Engagement { ms, scroll } => Kind::Engagement { ms, scroll },
    }
}

/// A token that depends on nothing but the name: that days and sites are apart must not hang on their salts.
fn token(who: &str) -> Token {
    let bits = who.bytes().fold(7_u64, |bits, byte| bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(byte));
    Token::from_bits(bits)
}

fn agent(step: &Step) -> Arc<Agent> {
    match AGENTS.classify(&step.agent(0), &Hints::default(), false) {
        Verdict::Person(agent) => agent,
        other => panic!("{} is {other:?}", step.browser()),
    }
}

fn place(step: &Step) -> Place {
    let part = |index: usize| step.place.get(index).map_or(NOT_SET, String::as_str);
    let city = if step.place.len() == 3 { format!("{}, {}", part(2), part(1)) } else { NOT_SET.to_owned() };
    Place { country: part(0).to_owned().into(), region: part(1).to_owned().into(), city: city.into() }
}

fn screen(class: &str) -> &'static str {
    let classes = ["xs", "sm", "md", "lg", "xl", "xxl"];
    classes.into_iter().find(|other| *other == class).unwrap_or_else(|| panic!("no screen is {class}"))
}

/// The open days of all sites of a story, and what they have handed out so far.
#[derive(Default)]
pub struct OpenDays {
    open: BTreeMap<(SiteId, Day), OpenDay>,
    /// Sums by hour.
    pub hours: HashMap<(SiteId, Day, Hour, Cell<Name>), Tally, foldhash::fast::RandomState>,
    /// Sums by day.
    pub days: HashMap<(SiteId, Day, Cell<Name>), Tally, foldhash::fast::RandomState>,
    rejected: BTreeMap<&'static str, i64>,
    /// What a day keeps by name.
    budget: Budget,
}

impl OpenDays {
    /// Days with this budget.
    pub fn within(budget: Budget) -> OpenDays {
        OpenDays { budget, ..OpenDays::default() }
    }

    /// Gives a hit to its day.
    pub fn take(&mut self, hit: &Hit) -> Result<(), Rejection> {
        let (site, day) = (hit.site, hit.local.day);
        let taken = self.open.entry((site, day)).or_insert_with(|| OpenDay::new(site, day, self.budget));
        let taken = taken.take(hit, || Room::Visitor);
        if let Err(reason) = taken {
            *self.rejected.entry(reason.label()).or_default() += 1;
        }
        taken
    }

    /// The visits of every day.
    pub fn snapshots(&self) -> impl Iterator<Item = (SiteId, Day, SessionSnapshot)> {
        self.open.values().map(|open| (open.site, open.day, with_sections(open.snapshot(), open.site, open.day)))
    }

    /// All days.
    pub fn all(&self) -> impl Iterator<Item = &OpenDay> {
        self.open.values()
    }

    /// All days.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut OpenDay> {
        self.open.values_mut()
    }

    /// The days of a site.
    pub fn of(&self, site: SiteId) -> impl Iterator<Item = &OpenDay> {
        self.open.values().filter(move |open| open.site == site)
    }

    /// Collects what the days have not handed out yet.
    pub fn drain(&mut self) {
        for ((site, day), open) in &mut self.open {
            let sums = open.drain();
            for (cell, hour, tally) in sums.hours {
                *self.hours.entry((*site, *day, hour, cell)).or_default() += tally;
            }
            for (cell, tally) in sums.days {
                *self.days.entry((*site, *day, cell)).or_default() += tally;
            }
        }
    }
}

/// The stage of depth 1.
#[derive(Default)]
pub struct Bench {
    days: OpenDays,
    /// The day +0, from which labels count.
    first: i32,
}

impl Stage for Bench {
    fn play(&mut self, scenario: &Scenario) {
        self.first = Day::of(scenario.date).0;
        for (place, hit) in hits(scenario).iter().enumerate() {
            // The verdict is counted; a rejected hit is part of the story.
            let _ = self.days.take(hit);
            // Flushes fall between any two hits.
            if place % 3 == 2 {
                self.days.drain();
            }
        }
        self.days.drain();
    }

    fn rows(&mut self, split: &Split, metric: &str) -> Option<Vec<(String, i64)>> {
        let (days, hours, first) = (self.days.days.iter(), self.days.hours.iter(), self.first);
        Some(match split {
            Split::Hours(wanted) => hours
                .filter(|((.., cell), _)| cell == wanted)
                .map(|((_, day, hour, _), tally)| (clock(day.0 - first, Some(hour.0)), number(tally, metric)))
                .collect(),
            Split::Days(wanted) => days
                .filter(|((.., cell), _)| cell == wanted)
                .map(|((_, day, _), tally)| (clock(day.0 - first, None), number(tally, metric)))
                .collect(),
            Split::Axis(axis) => days
                .filter(|((.., cell), _)| cell.axis == *axis)
                .map(|((.., cell), tally)| (cell.value.to_string(), number(tally, metric)))
                .collect(),
        })
    }

    fn rejected(&mut self) -> Vec<(String, i64)> {
        self.days.rejected.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect()
    }
}
